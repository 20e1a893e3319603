//! `environments/<name>.toml` into an [`Environment`].
//!
//! Input: the file's text and the [`Vocabulary`] of this build. Output: the environment, or every problem of the file
//! at once. Unknown keys are problems, and so are known ones that this version cannot honour: nothing that a spec says
//! is ignored.

use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use toml_edit::{Document, Item};

use super::dotfile::Dotfile;
use super::environment::{
    Dotfiles, EnvVar, Environment, GatePolicy, Limits, PackageNames, Packages, Reach, Reference, Repo, Sandbox, Shell,
    SshAddress, Target, TargetKind, Tool, ToolQuestion,
};
use super::item::ItemId;
use super::policy::Policy;
use super::problem::{Problem, SpecProblems};
use super::section::{Entry, Placed, Problems, Section, strings_of};
use super::suggest;
use super::waiver::{Covers, Waiver};

/// The words that a spec may use because this build knows them: given by the tables of the other rooms.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    /// Package managers that can be asked what they have.
    pub managers: Vec<&'static str>,
}

/// The largest spec that is read, in bytes.
pub(super) const MAX_SPEC_BYTES: usize = 1 << 20;

/// Reads a spec. `path` is used in messages alone.
pub fn parse(path: &str, text: &str, vocabulary: &Vocabulary) -> Result<Environment, SpecProblems> {
    let document = Document::parse(text.to_owned()).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        SpecProblems::new(path, text, vec![Problem::new(error.message().to_owned(), span, "here")])
    })?;
    let problems = Problems::default();
    let root = Section::new("the spec".to_owned(), document.as_table(), 0..0, &problems);
    let environment = read_environment(root, vocabulary);
    let problems = problems.into_inner();
    match environment {
        Some(environment) if problems.is_empty() => Ok(environment),
        _ => Err(SpecProblems::new(path, text, problems)),
    }
}

fn read_environment(mut root: Section<'_>, vocabulary: &Vocabulary) -> Option<Environment> {
    read_format(&mut root);
    let name = root.required_string("name", "write a name for the environment, such as name = \"carmenta\"");
    let reference = root.string("reference");
    let targets: Vec<Target> =
        root.section("targets").map(|mut table| read_targets(table.entries())).unwrap_or_default();
    let shell = root.section("shell").map(read_shell).unwrap_or_default();
    let limits = root.section("limits").map(read_limits).unwrap_or_default();
    let tools = root.section("tools").map(|mut table| read_tools(table.entries(), vocabulary)).unwrap_or_default();
    let packages = root.section("packages").map(|table| read_packages(table, vocabulary)).unwrap_or_default();
    let dotfiles = root.section("dotfiles").map(read_dotfiles).unwrap_or_default();
    let env = root.section("env").map(|mut table| read_env(table.entries())).unwrap_or_default();
    let repos = root.section("repos").map(|mut table| read_repos(table.entries())).unwrap_or_default();
    let gate = root.section("gate").map(read_gate).unwrap_or_default();
    let waivers = root.sections("waivers").into_iter().filter_map(|table| read_waiver(table, &targets)).collect();
    for later in ["system", "services"] {
        if let Some(table) = root.section(later) {
            not_yet(&table, &format!("[{later}]"));
        }
    }
    let reference = match reference {
        None => Reference::Local,
        Some(word) if word.value == "local" && !targets.iter().any(|target| target.name == "local") => Reference::Local,
        Some(word) => {
            check_target(&root, &word, &targets, "reference");
            Reference::Target(word.value)
        }
    };
    root.finish();
    Some(Environment {
        name: name?.value,
        reference,
        targets,
        shell,
        limits,
        tools,
        packages,
        dotfiles,
        env,
        repos,
        gate,
        waivers,
    })
}

fn not_yet(at: &Section<'_>, what: &str) {
    let message = format!("{what} is not supported by this version of trueup");
    at.problem(Problem::new(message, at.span.clone(), "cannot be honoured yet").help("remove it, or update trueup"));
}

fn read_format(root: &mut Section<'_>) {
    if let Some(version) = root.integer("version").filter(|version| version.value != 1) {
        let message = format!("spec version {} is not known to this version of trueup", version.value);
        root.problem(
            Problem::new(message, version.span, "only 1 is known").help("update trueup, or write version = 1"),
        );
    }
}

fn check_target(at: &Section<'_>, name: &Placed<String>, targets: &[Target], role: &str) -> bool {
    let known = targets.iter().any(|target| target.name == name.value);
    if !known {
        let names = targets.iter().map(|target| target.name.as_str());
        let problem = Problem::new(format!("no target is named `{}`", name.value), name.span.clone(), role.to_owned());
        at.problem(match suggest::nearest(&name.value, names.clone()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help(format!("targets are: {}", names.collect::<Vec<_>>().join(", "))),
        });
    }
    known
}

fn read_targets(entries: Vec<Entry<'_>>) -> Vec<Target> {
    entries.into_iter().filter_map(|entry| read_target(&entry)).collect()
}

fn read_target(entry: &Entry<'_>) -> Option<Target> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if entry.name.is_empty() || !entry.name.chars().all(plain) || entry.name.starts_with(['-', '.']) {
        let message = format!("`{}` cannot name a target", entry.name);
        entry.problem(
            Problem::new(message, entry.key_span.clone(), "here")
                .help("use letters, digits, `-`, `_` and `.`, beginning with a letter or digit"),
        );
        return None;
    }
    let Some(mut table) = entry.section() else {
        entry.wrong_type("a table such as { kind = \"vm\", ssh = \"dev@vm.example.com\" }");
        return None;
    };
    let kind = table.required_string("kind", "a kind is \"mac\", \"vm\", \"devcontainer\" or \"local\"");
    let kind = kind.and_then(|kind| {
        let known = TargetKind::ALL.into_iter().find(|(word, _)| *word == kind.value).map(|(_, known)| known);
        if known.is_none() {
            let problem = Problem::new(format!("`{}` is not a kind of target", kind.value), kind.span, "unknown kind");
            let words = TargetKind::ALL.map(|(word, _)| word);
            table.problem(match suggest::nearest(&kind.value, words) {
                Some(near) => problem.help(format!("did you mean \"{near}\"?")),
                None => problem.help("a kind is \"mac\", \"vm\", \"devcontainer\" or \"local\""),
            });
        }
        known
    });
    let labels = table.strings("labels").unwrap_or_default().into_iter().map(|label| label.value).collect();
    let reach = match kind {
        Some(TargetKind::Local) => Some(Reach::Local(read_sandbox(&mut table))),
        Some(TargetKind::Devcontainer) => {
            let workspace = table.string("workspace").map_or_else(|| ".".to_owned(), |text| text.value);
            Some(Reach::Devcontainer { workspace: PathBuf::from(workspace) })
        }
        Some(TargetKind::Mac | TargetKind::Vm) => read_ssh(&mut table).map(Reach::Ssh),
        None => {
            // What no kind of target has is a mistake whatever the kind is, above all a misspelt `kind`.
            for key in ["ssh", "identity", "home", "path", "workspace"] {
                table.item(key);
            }
            None
        }
    };
    table.finish();
    Some(Target { name: entry.name.clone(), kind: kind?, reach: reach?, labels })
}

fn read_sandbox(table: &mut Section<'_>) -> Sandbox {
    let home = table.string("home").map(|home| PathBuf::from(home.value));
    let path = table.item("path").and_then(|path| {
        let parts = strings_of(path.value, &path.span);
        if parts.is_none() {
            let message = "`path` must be a string such as \"~/bin:/usr/bin:/bin\" or a list of folders";
            table.problem(Problem::new(message, path.span.clone(), "not a search path"));
        }
        let parts = parts?.into_iter().map(|part| part.value).collect::<Vec<_>>();
        Some(parts.join(":"))
    });
    Sandbox { home, path }
}

fn read_ssh(table: &mut Section<'_>) -> Option<SshAddress> {
    let written =
        table.required_string("ssh", "write ssh = \"user@host\", \"user@host:port\" or a Host of ~/.ssh/config");
    let identity = table.string("identity").map(|path| PathBuf::from(path.value));
    let written = written?;
    match parse_ssh_address(&written.value) {
        Ok((user, host, port)) => Some(SshAddress { user, host, port, identity }),
        Err(message) => {
            table.problem(
                Problem::new(message, written.span, "not an SSH address")
                    .help("write user@host, user@host:port, user@[ipv6]:port or a Host of ~/.ssh/config"),
            );
            None
        }
    }
}

fn parse_ssh_address(text: &str) -> Result<(Option<String>, String, Option<u16>), String> {
    let (user, rest) = match text.rsplit_once('@') {
        Some((user, rest)) => (Some(user.to_owned()), rest),
        None => (None, text),
    };
    let (host, port) = match rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, after)) => (host, after.strip_prefix(':')),
        None => match rest.split_once(':') {
            Some((_, after)) if after.contains(':') => (rest, None),
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    let strange = |part: &str| part.is_empty() || part.starts_with('-') || part.contains(char::is_whitespace);
    if strange(host) || user.as_deref().is_some_and(strange) {
        return Err(format!("`{text}` is not an SSH address"));
    }
    let number = |port: &str| port.parse::<u16>().ok().filter(|port| *port != 0);
    let port = match port {
        Some(port) => Some(number(port).ok_or_else(|| format!("`{port}` is not a port"))?),
        None => None,
    };
    Ok((user, host.to_owned(), port))
}

fn read_shell(mut table: Section<'_>) -> Shell {
    let default = Shell::default();
    let shell = Shell {
        login: table.boolean("login").unwrap_or(default.login),
        interactive: table.boolean("interactive").unwrap_or(default.interactive),
    };
    table.finish();
    shell
}

fn read_limits(mut table: Section<'_>) -> Limits {
    let default = Limits::default();
    let limits = Limits {
        probe: read_duration(&mut table, "probe").unwrap_or(default.probe),
        connect: read_duration(&mut table, "connect").unwrap_or(default.connect),
    };
    table.finish();
    limits
}

fn read_duration(table: &mut Section<'_>, key: &'static str) -> Option<Duration> {
    let text = table.string(key)?;
    let parsed = text.value.parse::<SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
    if parsed.is_none_or(|duration| duration.is_zero()) {
        let message = format!("`{}` is not a duration", text.value);
        table.problem(Problem::new(message, text.span, "not a duration").help("write it as 30s, 15m, 24h or 1h30m"));
        return None;
    }
    parsed
}

fn read_policy(at: &Section<'_>, text: Placed<String>) -> Option<Policy> {
    Policy::parse(&text.value)
        .map_err(|error| at.problem(Problem::new(error.message, text.span, "unknown policy").help(error.help)))
        .ok()
}

fn read_tools(entries: Vec<Entry<'_>>, vocabulary: &Vocabulary) -> Vec<Tool> {
    entries.into_iter().filter_map(|entry| read_tool(&entry, vocabulary)).collect()
}

fn read_tool(entry: &Entry<'_>, vocabulary: &Vocabulary) -> Option<Tool> {
    let bad_name = |c: char| c == '/' || c.is_whitespace() || c.is_control();
    if entry.name.is_empty() || entry.name.starts_with('-') || entry.name.contains(bad_name) {
        let message = format!("`{}` cannot name a tool", entry.name);
        entry.problem(
            Problem::new(message, entry.key_span.clone(), "here").help("name the command as it is found on PATH"),
        );
        return None;
    }
    if let Some(word) = entry.item.as_str() {
        let policy = Policy::parse(word)
            .map_err(|error| {
                entry.problem(Problem::new(error.message, entry.span.clone(), "unknown policy").help(error.help));
            })
            .ok()?;
        return Some(Tool { name: entry.name.clone(), policy, ask: None, install: Vec::new(), only: Vec::new() });
    }
    let Some(mut table) = entry.section() else {
        entry.wrong_type("a policy such as \"exact\" or a table such as { policy = \"exact\", … }");
        return None;
    };
    let policy = match table.string("policy") {
        Some(text) => read_policy(&table, text),
        None => Some(Policy::Exact),
    };
    let ask = read_tool_question(&mut table);
    let install = match table.section("install") {
        Some(mut install) => read_names_by_manager(install.entries(), vocabulary),
        None => Vec::new(),
    };
    let only = table.strings("only").unwrap_or_default();
    for system in only.iter().filter(|system| !["linux", "macos"].contains(&system.value.as_str())) {
        let message = format!("`{}` is not a system", system.value);
        table.problem(Problem::new(message, system.span.clone(), "unknown").help("write \"linux\" or \"macos\""));
    }
    table.finish();
    let only = only.into_iter().map(|system| system.value).collect();
    Some(Tool { name: entry.name.clone(), policy: policy?, ask, install, only })
}

fn read_tool_question(table: &mut Section<'_>) -> Option<ToolQuestion> {
    let version = table.string("version").map(|text| text.value);
    let pattern = table.string("pattern");
    if let Some(pattern) = &pattern {
        let problem = match regex::Regex::new(&pattern.value) {
            Err(error) => Some(format!("`pattern` is not a regular expression: {}", last_line(&error.to_string()))),
            Ok(compiled) if compiled.captures_len() < 2 => {
                Some("`pattern` has no group to take the version from".to_owned())
            }
            Ok(_) => None,
        };
        if let Some(message) = problem {
            table.problem(
                Problem::new(message, pattern.span.clone(), "here")
                    .help("put the version in parentheses: 'tool ([0-9.]+)'"),
            );
        }
    }
    let question = ToolQuestion { version, pattern: pattern.map(|text| text.value) };
    (question != ToolQuestion::default()).then_some(question)
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or(text).trim_start_matches("error: ")
}

fn read_names_by_manager(entries: Vec<Entry<'_>>, vocabulary: &Vocabulary) -> Vec<(String, String)> {
    let mut names = Vec::new();
    for entry in entries {
        if !vocabulary.managers.contains(&entry.name.as_str()) {
            unknown_manager(&entry, vocabulary);
        } else if let Some(name) = entry.item.as_str() {
            names.push((entry.name, name.to_owned()));
        } else {
            entry.wrong_type("a package name");
        }
    }
    names
}

fn unknown_manager(entry: &Entry<'_>, vocabulary: &Vocabulary) {
    let message = format!("`{}` is not a package manager that this version of trueup knows", entry.name);
    let problem = Problem::new(message, entry.key_span.clone(), "unknown");
    entry.problem(match suggest::nearest(&entry.name, vocabulary.managers.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help(format!("known managers: {}", vocabulary.managers.join(", "))),
    });
}

fn read_packages(mut table: Section<'_>, vocabulary: &Vocabulary) -> Vec<Packages> {
    let mut packages: Vec<Packages> = Vec::new();
    for entry in table.entries() {
        if vocabulary.managers.contains(&entry.name.as_str()) {
            packages.extend(read_managed(&entry));
        } else if let Some(mut names) = entry.section().filter(|_| entry.item.get("names").is_none()) {
            let policy = match names.string("policy") {
                Some(text) => read_policy(&names, text),
                None => Some(Policy::Exact),
            };
            for (manager, name) in read_names_by_manager(names.entries(), vocabulary) {
                let policy = policy.clone().unwrap_or(Policy::Exact);
                packages.push(Packages { manager, policy, names: PackageNames::These(vec![name]) });
            }
        } else {
            unknown_manager(&entry, vocabulary);
        }
    }
    packages
}

fn read_managed(entry: &Entry<'_>) -> Option<Packages> {
    let manager = entry.name.clone();
    if let Some(names) = strings_of(entry.item, &entry.span) {
        return Some(Packages { manager, policy: Policy::Exact, names: package_names(entry.item, names) });
    }
    let Some(mut table) = entry.section() else {
        entry.wrong_type("a list of packages or a table such as { policy = \"exact\", names = [\"prettier\"] }");
        return None;
    };
    let policy = match table.string("policy") {
        Some(text) => read_policy(&table, text),
        None => Some(Policy::Exact),
    };
    let item = table.item("names").map(|names| names.value);
    let names = table.strings("names");
    if item.is_none() {
        let message = format!("{} lacks `names`", entry.title);
        table.problem(
            Problem::new(message, table.span.clone(), "here").help("write names = [\"…\"] or names = \"all\""),
        );
    }
    table.finish();
    Some(Packages { manager, policy: policy?, names: package_names(item?, names?) })
}

fn package_names(item: &Item, names: Vec<Placed<String>>) -> PackageNames {
    if item.as_str() == Some("all") {
        return PackageNames::All;
    }
    PackageNames::These(names.into_iter().map(|name| name.value).collect())
}

fn read_dotfiles(mut table: Section<'_>) -> Dotfiles {
    let source = table.string("source").map(|path| PathBuf::from(path.value));
    let files = table.strings("files").unwrap_or_default();
    let mut entries = Vec::new();
    for file in files {
        match Dotfile::parse(&file.value) {
            Ok(entry) => entries.push(entry),
            Err(message) => table.problem(Problem::new(message, file.span, "here")),
        }
    }
    if table.boolean("keep") == Some(true) {
        not_yet(&table, "`keep = true`");
    }
    for entry in table.entries() {
        if entry.name.contains('/') || entry.name.starts_with(['.', '~']) {
            let message =
                format!("settings of one dotfile (`{}`) are not supported by this version of trueup", entry.name);
            entry.problem(
                Problem::new(message, entry.key_span.clone(), "cannot be honoured yet").help("list it under `files`"),
            );
            continue;
        }
        let problem = Problem::new(
            format!("unknown key `{}` in [dotfiles]", entry.name),
            entry.key_span.clone(),
            "not known here",
        );
        entry.problem(match suggest::nearest(&entry.name, ["source", "files", "keep"]) {
            Some(known) => problem.help(format!("did you mean `{known}`?")),
            None => problem.help("known keys: source, files, keep, and paths such as \".claude/settings.json\""),
        });
    }
    Dotfiles { source, entries }
}

fn read_env(entries: Vec<Entry<'_>>) -> Vec<EnvVar> {
    entries.into_iter().filter_map(|entry| read_env_var(&entry)).collect()
}

fn read_env_var(entry: &Entry<'_>) -> Option<EnvVar> {
    let valid = entry
        .name
        .chars()
        .enumerate()
        .all(|(at, c)| c == '_' || c.is_ascii_alphabetic() || (at > 0 && c.is_ascii_digit()));
    if entry.name.is_empty() || !valid {
        let message = format!("`{}` cannot name an environment variable", entry.name);
        entry.problem(Problem::new(message, entry.key_span.clone(), "here"));
        return None;
    }
    let text = if let Some(text) = entry.item.as_str() {
        Placed { value: text.to_owned(), span: entry.span.clone() }
    } else if let Some(mut table) = entry.section() {
        let text = table.required_string("policy", "write policy = \"exact\" or policy = \"present\"");
        if let Some(secret) = table.string("secret").filter(|secret| !secret.value.contains(':')) {
            let message = "`secret` is a reference, never the secret itself";
            table.problem(
                Problem::new(message, secret.span, "here").help("write secret = \"env:NAME\" or \"file:PATH\""),
            );
        }
        table.finish();
        text?
    } else {
        entry.wrong_type("\"exact\" or \"present\"");
        return None;
    };
    let policy = match text.value.as_str() {
        "present" => Policy::Present,
        "exact" if looks_secret(&entry.name) => {
            let message = format!("`{}` looks like a secret, whose value is never compared", entry.name);
            entry.problem(Problem::new(message, text.span, "exact").help("write \"present\" instead"));
            return None;
        }
        "exact" => Policy::Exact,
        other => {
            let message = format!("`{other}` is not a policy for a variable");
            entry.problem(Problem::new(message, text.span, "unknown policy").help("write \"exact\" or \"present\""));
            return None;
        }
    };
    Some(EnvVar { name: entry.name.clone(), policy })
}

fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL"].iter().any(|word| name.contains(word))
}

fn read_repos(entries: Vec<Entry<'_>>) -> Vec<Repo> {
    entries.into_iter().filter_map(|entry| read_repo(&entry)).collect()
}

fn read_repo(entry: &Entry<'_>) -> Option<Repo> {
    if entry.name.is_empty() || entry.name.contains(['/', ':']) || entry.name.contains(char::is_control) {
        let message = format!("`{}` cannot name a repository", entry.name);
        entry.problem(
            Problem::new(message, entry.key_span.clone(), "here").help("use a plain word; the place goes in `path`"),
        );
        return None;
    }
    let Some(mut table) = entry.section() else {
        entry.wrong_type("a table such as { path = \"~/src/carmenta\" }");
        return None;
    };
    let url = table.string("url").map(|url| url.value);
    let path = table.required_string("path", "write where the working copy lies, such as path = \"~/src/carmenta\"");
    for automatic in ["gates", "checks"] {
        let item = table.item(automatic);
        if item.is_some_and(|item| item.value.as_str() != Some("auto")) {
            not_yet(&table, &format!("`{automatic}` other than \"auto\""));
        }
    }
    if table.item("commit").is_some() {
        not_yet(&table, "`commit`");
    }
    table.finish();
    Some(Repo { name: entry.name.clone(), url, path: path?.value })
}

fn read_gate(mut table: Section<'_>) -> GatePolicy {
    let default = GatePolicy::default();
    let max_age = read_duration(&mut table, "max_age").unwrap_or(default.max_age);
    let warn = table.strings("warn").unwrap_or_default();
    let warn = warn.into_iter().filter_map(|text| read_item_id(&table, &text)).collect();
    table.finish();
    GatePolicy { max_age, warn }
}

fn read_item_id(at: &Section<'_>, text: &Placed<String>) -> Option<ItemId> {
    text.value
        .parse()
        .map_err(|error: super::item::ItemIdError| {
            at.problem(Problem::new(error.to_string(), text.span.clone(), "not a finding id"));
        })
        .ok()
}

fn read_waiver(mut table: Section<'_>, targets: &[Target]) -> Option<Waiver> {
    let finding = table.required_string("finding", "name the finding that is waived, such as finding = \"tool:sed\"");
    let finding = finding.and_then(|text| read_item_id(&table, &text));
    let because = table.required_string("because", "say why: because = \"BSD sed on the reference, GNU on Linux\"");
    let names = table.strings("targets").unwrap_or_default();
    for name in &names {
        check_target(&table, name, targets, "waived here");
    }
    let until = table.item("until").and_then(|until| {
        let written =
            until.value.as_datetime().map(ToString::to_string).or_else(|| until.value.as_str().map(str::to_owned));
        let day = written.and_then(|text| text.parse::<jiff::civil::Date>().ok());
        if day.is_none() {
            let message = "`until` is not a date";
            table.problem(
                Problem::new(message, until.span.clone(), "not a date").help("write a day: until = 2027-03-01"),
            );
        }
        day
    });
    let got = table.string("got").map(|got| got.value);
    let any = table.boolean("any").unwrap_or(false);
    table.finish();
    let covers = if any { Covers::Any } else { Covers::Got(got) };
    let targets = names.into_iter().map(|name| name.value).collect();
    Some(Waiver { finding: finding?, targets, because: because?.value, until, covers })
}
