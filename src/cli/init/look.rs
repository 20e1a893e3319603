//! What is there: read from files alone. What cannot be read is not there, as far as a first spec is concerned.
#![expect(clippy::disallowed_methods, reason = "IO edge: looks at this machine's files")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::evidence::{BASICS, COMMANDS, DEVCONTAINERS, DOTFILES, HOOKS, ROWS};
use crate::spec::remote_url::without_secret;

/// All that a first spec is made of.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) tools: Vec<Tool>,
    /// Tools that the repository uses and that PATH lacks, with the reason.
    pub(super) absent: Vec<(String, String)>,
    /// Relative to the home.
    pub(super) dotfiles: Vec<String>,
    /// Who else looks after the dotfiles.
    pub(super) dotfile_sources: Vec<String>,
    pub(super) repo: Option<Repo>,
    /// Hosts of `~/.ssh/config`.
    pub(super) hosts: Vec<String>,
    pub(super) devcontainer: Option<String>,
    pub(super) has_brewfile: bool,
}

/// A command on PATH that the repository uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) pinned: bool,
    /// Which files pin it, or where none does, which speak of it.
    pub(super) because: Vec<String>,
}

/// The repository of the working folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Repo {
    pub(super) name: String,
    /// With `~` for the home.
    pub(super) path: String,
    pub(super) url: Option<String>,
    /// What manages its hooks.
    pub(super) hooks: Vec<String>,
}

/// The folders in which commands are looked for.
pub(super) fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect()
}

pub(super) fn look(root: &Path, home: &Path, search_path: &[PathBuf]) -> Seen {
    let mut seen = Seen { has_brewfile: root.join("Brewfile").is_file(), ..Seen::default() };
    let runs = |name: &str| search_path.iter().any(|folder| is_command(&folder.join(name)));
    for tool in wanted(root) {
        if runs(&tool.name) {
            seen.tools.push(tool);
        } else {
            seen.absent.push((tool.name, tool.because.join(", ")));
        }
    }
    if seen.tools.is_empty() {
        let here = BASICS.iter().filter(|name| runs(name));
        let tool = |name: &&str| Tool { name: (*name).to_owned(), pinned: false, because: Vec::new() };
        seen.tools = here.map(tool).collect();
    }
    seen.dotfiles = DOTFILES.iter().filter(|name| home.join(name).exists()).map(|name| (*name).to_owned()).collect();
    seen.dotfile_sources = dotfile_sources(home);
    // Without git there is nobody to ask about a repository.
    if root.join(".git").exists() && runs("git") {
        seen.repo = Some(repo(root, home));
    }
    seen.hosts = hosts(&read(&home.join(".ssh/config")));
    seen.devcontainer = devcontainer(root);
    seen
}

fn read(path: &Path) -> String {
    const LONGEST: u64 = 1 << 20;
    match std::fs::metadata(path) {
        Ok(file) if file.is_file() && file.len() <= LONGEST => std::fs::read_to_string(path).unwrap_or_default(),
        Ok(_) | Err(_) => String::new(),
    }
}

fn is_command(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// The tools that the repository's files speak of, each once, with all that speak of it.
fn wanted(root: &Path) -> Vec<Tool> {
    let mut tools: Vec<Tool> = Vec::new();
    let mut want = |name: &str, pinned: bool, because: &str| {
        let because = because.to_owned();
        match tools.iter_mut().find(|tool| tool.name == name) {
            None => tools.push(Tool { name: name.to_owned(), pinned, because: vec![because] }),
            // What pins it says more than what merely uses it.
            Some(tool) if pinned && !tool.pinned => (tool.pinned, tool.because) = (true, vec![because]),
            Some(tool) if pinned == tool.pinned && !tool.because.contains(&because) => tool.because.push(because),
            Some(_) => {}
        }
    };
    for row in ROWS.iter().filter(|row| root.join(row.file).exists()) {
        row.tools.iter().for_each(|tool| want(tool, row.pins, row.file));
    }
    for file in ["mise.toml", ".mise.toml", ".config/mise.toml"] {
        mise_tools(&read(&root.join(file))).iter().for_each(|tool| want(tool, true, file));
    }
    asdf_tools(&read(&root.join(".tool-versions"))).iter().for_each(|tool| want(tool, true, ".tool-versions"));
    if let Some(manager) = package_manager(&read(&root.join("package.json"))) {
        want(&manager, true, "package.json");
    }
    tools
}

/// The command that a version manager's name stands for; none where it is a plugin's or a package's.
fn command_of(name: &str) -> Option<String> {
    let known = COMMANDS.iter().find(|(managed, _)| *managed == name).map(|(_, command)| *command);
    let command = known.unwrap_or(name);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!command.is_empty() && !command.starts_with('-') && command.chars().all(plain)).then(|| command.to_owned())
}

fn mise_tools(text: &str) -> Vec<String> {
    let Ok(document) = text.parse::<toml_edit::DocumentMut>() else { return Vec::new() };
    let tools = document.get("tools").and_then(toml_edit::Item::as_table_like);
    tools.map(|tools| tools.iter().filter_map(|(name, _)| command_of(name)).collect()).unwrap_or_default()
}

fn asdf_tools(text: &str) -> Vec<String> {
    let first = |line: &str| line.split('#').next()?.split_whitespace().next().map(str::to_owned);
    text.lines().filter_map(first).filter_map(|name| command_of(&name)).collect()
}

/// `"packageManager": "pnpm@9.1.0"`.
fn package_manager(text: &str) -> Option<String> {
    let package: serde_json::Value = serde_json::from_str(text).ok()?;
    let (name, _) = package.get("packageManager")?.as_str()?.split_once('@')?;
    command_of(name)
}

fn repo(root: &Path, home: &Path) -> Repo {
    let name = root.file_name().map_or_else(|| "repo".to_owned(), |name| name.to_string_lossy().into_owned());
    let name = name.chars().map(|c| if c == ':' || c.is_control() { '-' } else { c }).collect();
    let path = match root.strip_prefix(home) {
        Ok(rest) => format!("~/{}", rest.display()),
        Err(_) => root.display().to_string(),
    };
    let config = git_config(&read(&root.join(".git/config")));
    let value = |key: &str| config.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
    let mut hooks: Vec<String> =
        HOOKS.iter().filter(|(file, _)| root.join(file).exists()).map(|(_, name)| (*name).to_owned()).collect();
    hooks.extend(value("core.hookspath").map(|path| format!("core.hooksPath = {path}")));
    Repo { name, path, url: value("remote \"origin\".url").map(|url| without_secret(&url)), hooks }
}

/// The plain `key = value` lines of a git configuration, with their section before the key.
fn git_config(text: &str) -> Vec<(String, String)> {
    let mut section = String::new();
    let mut pairs = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, value)) = line.split_once('=') {
            let value: String = value.trim().trim_matches('"').chars().filter(|c| !c.is_control()).collect();
            pairs.push((format!("{section}.{}", key.trim().to_lowercase()), value));
        }
    }
    pairs
}

fn dotfile_sources(home: &Path) -> Vec<String> {
    let places = [(".local/share/chezmoi", "chezmoi"), (".dotfiles", "a folder"), (".config/yadm", "yadm")];
    let there = places.into_iter().filter(|(place, _)| home.join(place).is_dir());
    there.map(|(place, what)| format!("{what} (~/{place})")).collect()
}

/// The hosts that `~/.ssh/config` names one by one. Forges are no machines to work on.
fn hosts(config: &str) -> Vec<String> {
    const MOST: usize = 6;
    const FORGES: [&str; 5] = ["github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "ssh.dev.azure.com"];
    let mut hosts: Vec<String> = Vec::new();
    for line in config.lines().map(str::trim) {
        let mut words = line.split(|c: char| c.is_whitespace() || c == '=').filter(|word| !word.is_empty());
        if !words.next().is_some_and(|word| word.eq_ignore_ascii_case("host")) {
            continue;
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        for host in words.filter(|host| host.chars().all(plain) && !host.starts_with('-')) {
            if !FORGES.contains(&host) && !hosts.iter().any(|known| known == host) && hosts.len() < MOST {
                hosts.push(host.to_owned());
            }
        }
    }
    hosts
}

fn devcontainer(root: &Path) -> Option<String> {
    if let Some(place) = DEVCONTAINERS.iter().find(|place| root.join(place).is_file()) {
        return Some((*place).to_owned());
    }
    let entries = std::fs::read_dir(root.join(".devcontainer")).ok()?;
    let mut named: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("devcontainer.json").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    named.sort();
    named.first().map(|name| format!(".devcontainer/{name}/devcontainer.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_those_named_one_by_one() {
        let config =
            "Host *\n  User me\nHost mini vm-1 !other web-*\nhost=box\nHost github.com\n  HostName github.com\n";
        assert_eq!(hosts(config), ["mini", "vm-1", "box"]);
    }

    #[test]
    fn version_managers_files_name_commands() {
        assert_eq!(asdf_tools("# x\nnodejs 22.1.0 20.0.0 # two\n\npython system\n"), ["node", "python3"]);
        assert_eq!(
            mise_tools("[tools]\nnode = \"22\"\n\"npm:prettier\" = \"3\"\nrust = \"latest\"\n"),
            ["node", "rustc"]
        );
        assert_eq!(package_manager("{\"packageManager\": \"pnpm@9.1.0+sha512.x\"}").as_deref(), Some("pnpm"));
        assert_eq!(package_manager("{"), None);
    }

    #[test]
    fn sections_and_keys_of_a_configuration_are_told() {
        let config = "[core]\n\thooksPath = .husky/_\n[remote \"origin\"]\n\turl = git@h:a/b\n";
        assert_eq!(
            git_config(config),
            [
                ("core.hookspath".to_owned(), ".husky/_".to_owned()),
                ("remote \"origin\".url".to_owned(), "git@h:a/b".to_owned())
            ]
        );
    }
}
