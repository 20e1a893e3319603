//! A first spec as text, from what was seen. Pure: whatever a name holds is written as a TOML value or key.

use toml_edit::{Key, Value};

use super::look::{Repo, Seen, Tool};
use crate::spec::{Vocabulary, is_plain};

/// The column at which the reasons stand.
const REASON_COLUMN: usize = 40;

pub(super) fn draft(name: &str, seen: &Seen, vocabulary: &Vocabulary, has_schema: bool) -> String {
    let mut text = String::new();
    if has_schema {
        text.push_str("#:schema ./trueup.schema.json\n");
    }
    text.push_str(
        "# What must be the same on every machine that agents work on. Begun by `trueup init`: keep what matters.\n",
    );
    text.push_str("version = 1\n");
    text.push_str(&format!("name = {}\n", Value::from(name)));
    text.push_str(&line("reference = \"local\"", "the machine you sit at; `trueup capture` records it"));
    text.push_str(&targets(seen));
    text.push_str(&tools(seen));
    if vocabulary.managers.contains(&"brew") && seen.has_brewfile {
        text.push_str("\n# [packages]\n");
        text.push_str(&line("# brew = \"all\"", "Brewfile: hold all that brew has here, extras are drift"));
    }
    text.push_str(&dotfiles(seen));
    text.push_str(&seen.repo.as_ref().map(repo).unwrap_or_default());
    text
}

/// A line with its reason.
fn line(what: &str, why: &str) -> String {
    if why.is_empty() { format!("{what}\n") } else { format!("{what:<width$} # {why}\n", width = REASON_COLUMN - 1) }
}

fn targets(seen: &Seen) -> String {
    let mut text = "\n".to_owned();
    text.push_str(&line("[targets.here]", "this machine, to begin with; replace it with those below or your own"));
    text.push_str("kind = \"local\"\n");
    if !seen.hosts.is_empty() {
        text.push_str("\n# From ~/.ssh/config; \"mac\" for a Mac. Once each: trueup trust NAME\n");
        for host in &seen.hosts {
            let name = target_name(host, &seen.hosts);
            text.push_str(&format!("# [targets.{}]\n# kind = \"vm\"\n# ssh = {}\n", Key::new(name), Value::from(host)));
        }
    }
    if let Some(place) = &seen.devcontainer {
        text.push_str(&format!(
            "\n# {place} is here:\n# [targets.dev]\n# kind = \"devcontainer\"\n# workspace = \".\"\n"
        ));
    }
    text
}

/// `vm` for `vm.example.com`, unless that would stand for several hosts or for an address.
fn target_name<'a>(host: &'a str, all: &[String]) -> &'a str {
    let first = |host: &'a str| host.split('.').next().unwrap_or(host);
    let short = first(host);
    let is_shared = all.iter().filter(|other| other.split('.').next() == Some(short)).count() > 1;
    let is_name = is_plain(short) && short.starts_with(|c: char| c.is_ascii_alphabetic());
    match (is_name && !is_shared, is_plain(host)) {
        (true, _) => short,
        (false, true) => host,
        (false, false) => "machine",
    }
}

fn tools(seen: &Seen) -> String {
    let mut text = "\n".to_owned();
    text.push_str(&line("[tools]", "exact | major | minor | present | \">=20, <23\" | \"22.11.0\""));
    if seen.tools.iter().all(|tool| tool.because.is_empty()) && !seen.tools.is_empty() {
        text.push_str("# No file here names a tool; these are on PATH.\n");
    }
    for Tool { name, pinned, because } in &seen.tools {
        let policy = if *pinned { "exact" } else { "minor" };
        let says = match (because.as_slice(), pinned) {
            ([], _) => String::new(),
            (files, true) => format!("pinned by {}", files.join(", ")),
            (several, false) => several.join(", "),
        };
        text.push_str(&line(&format!("{} = \"{policy}\"", Key::new(name)), &says));
    }
    for (name, because) in &seen.absent {
        text.push_str(&line(
            &format!("# {} = \"minor\"", Key::new(name)),
            &format!("{because}, but it is not on PATH here"),
        ));
    }
    text
}

fn dotfiles(seen: &Seen) -> String {
    if seen.dotfiles.is_empty() {
        return String::new();
    }
    let mut text = "\n[dotfiles]\n".to_owned();
    if !seen.dotfile_sources.is_empty() {
        let sources = seen.dotfile_sources.join(", ");
        text.push_str(&format!("# Also kept by {sources}; compared here is what lies in the home.\n"));
    }
    text.push_str("files = [\n");
    for name in &seen.dotfiles {
        text.push_str(&format!("    {},\n", Value::from(name)));
    }
    text.push_str("]\n");
    text
}

fn repo(repo: &Repo) -> String {
    let mut text = "\n".to_owned();
    let hooks = if repo.hooks.is_empty() { String::new() } else { format!("its hooks: {}", repo.hooks.join(", ")) };
    text.push_str(&line(&format!("[repos.{}]", Key::new(&repo.name)), &hooks));
    if let Some(url) = &repo.url {
        text.push_str(&format!("url = {}\n", Value::from(url)));
    }
    text.push_str(&line(
        &format!("path = {}", Value::from(&repo.path)),
        "its remotes, git settings and hooks are held",
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::vocabulary;
    use crate::spec::parse;

    fn seen() -> Seen {
        let tool = |name: &str, pinned, because: &[&str]| Tool {
            name: name.to_owned(),
            pinned,
            because: because.iter().map(|file| (*file).to_owned()).collect(),
        };
        Seen {
            tools: vec![
                tool("git", false, &[".git"]),
                tool("node", true, &[".nvmrc", ".tool-versions"]),
                tool("pnpm", true, &["package.json"]),
            ],
            absent: vec![("docker".to_owned(), "Dockerfile".to_owned())],
            dotfiles: vec![".zshrc".to_owned(), ".config/nvim".to_owned()],
            dotfile_sources: vec!["chezmoi (~/.local/share/chezmoi)".to_owned()],
            repo: Some(Repo {
                name: "a \"shop\"".to_owned(),
                path: "~/src/a \"shop\"".to_owned(),
                url: Some("git@github.com:example/shop.git".to_owned()),
                hooks: vec!["husky".to_owned()],
            }),
            hosts: vec!["mini".to_owned(), "vm.example.com".to_owned()],
            devcontainer: Some(".devcontainer/devcontainer.json".to_owned()),
            has_brewfile: true,
        }
    }

    #[test]
    fn it_reads_like_something_a_person_would_keep() {
        let text = draft("shop", &seen(), &vocabulary(), false);
        insta::assert_snapshot!(text);
    }

    /// What stands in comments is a suggestion, so it must be right when the comment signs are taken away.
    #[test]
    fn its_suggestions_are_right_too() {
        let text = draft("shop", &seen(), &vocabulary(), true);
        let environment = parse("x", &text, &vocabulary()).unwrap();
        assert_eq!((environment.targets.len(), environment.tools.len()), (1, 3));
        let is_toml = |line: &str| line.starts_with('[') || line.contains(" = ");
        let uncomment = |line: &str| match line.strip_prefix("# ") {
            Some(rest) if is_toml(rest) => rest.to_owned(),
            _ => line.to_owned(),
        };
        let all: String = text.lines().map(|line| uncomment(line) + "\n").collect();
        let environment = parse("x", &all, &vocabulary()).unwrap();
        assert_eq!((environment.targets.len(), environment.tools.len()), (4, 4), "{all}");
        assert_eq!(environment.repos[0].path, "~/src/a \"shop\"");
    }

    #[test]
    fn with_nothing_seen_it_is_still_a_spec() {
        let text = draft("dev", &Seen::default(), &vocabulary(), false);
        assert_eq!(parse("x", &text, &vocabulary()).unwrap().tools, []);
    }
}
