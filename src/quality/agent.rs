//! What Claude Code is held to: its settings as it merges them, with the hooks, permissions and servers in them, and the files of
//! instructions that it reads (<https://code.claude.com/docs/en/settings>, <https://code.claude.com/docs/en/hooks>).
//!
//! Managed settings come before those of the local file, the project's and the user's; lists of rules and hooks are joined. A
//! file that is no JSON counts for nothing there, and is named here. Variables stand by their values' digests, those that look
//! secret by their names alone, and those that switch git's hooks off as they are. Input is what the `agent` probe printed. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::spec::{Digest, Format, GateFact, Value, Why, variable};

/// Whose settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Those that hold in any folder.
    Home,
    /// Those that hold in a repository.
    Repository,
}

/// What stands in place of a repository's name for the home.
pub const HOME: &str = "home";

/// Folders in which an organisation's own settings lie.
const MANAGED: [&str; 2] = ["/etc/claude-code", "/Library/Application Support/ClaudeCode"];

/// The files that are looked for, as text of double quotes of the shell: the user's own folder is `$tu_agent_config`.
pub fn files(place: Place) -> Vec<String> {
    let mut files: Vec<String> = Vec::new();
    for folder in MANAGED {
        files.extend(["managed-settings.json", "managed-mcp.json", "CLAUDE.md"].map(|name| format!("{folder}/{name}")));
    }
    files.push("$tu_agent_config/settings.json".to_owned());
    match place {
        Place::Home => files.extend(["$tu_agent_config/CLAUDE.md", "$tu_agent_state"].map(str::to_owned)),
        Place::Repository => files.extend(OF_REPOSITORY.map(str::to_owned)),
    }
    files
}

/// The files of a repository at its top.
const OF_REPOSITORY: [&str; 7] = [
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".mcp.json",
    "CLAUDE.md",
    ".claude/CLAUDE.md",
    "CLAUDE.local.md",
    "AGENTS.md",
];

/// What else git may track of instructions: those of folders, and of subagents, commands and skills.
pub const TRACKED: [&str; 5] =
    ["*/CLAUDE.md", "*/AGENTS.md", ".claude/agents/*.md", ".claude/commands/*.md", ".claude/skills/*.md"];

#[derive(Debug, Default)]
struct Seen {
    homes: Vec<String>,
    roots: Vec<String>,
    config: Option<String>,
    digests: BTreeMap<String, Digest>,
    texts: BTreeMap<String, String>,
    able: BTreeSet<String>,
    have: BTreeSet<String>,
    shut: Vec<String>,
}

impl Seen {
    /// A text with the repository's folder and the home as on any machine.
    fn anywhere(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (places, short) in [(&self.roots, "."), (&self.homes, "~")] {
            for place in places.iter().filter(|place| place.len() > 1 && (short == "~" || !self.homes.contains(place)))
            {
                text = text.replace(&format!("{place}/"), &format!("{short}/"));
            }
        }
        text
    }

    fn shown(&self, path: &str) -> String {
        let shown = self.anywhere(path);
        match &self.config {
            // It is the same folder wherever a variable puts it.
            Some(config) => shown.replace(self.anywhere(config).as_str(), "~/.claude"),
            None => shown,
        }
    }
}

/// What it comes to; none where there is nothing that says anything.
pub fn effective(place: Place, listing: &str) -> Result<Option<GateFact>, Why> {
    let seen = read(listing)?;
    if let Some(path) = seen.shut.first() {
        let message = "permission denied".to_owned();
        return Err(Why::Failed { command: format!("reading {}", seen.shown(path)), code: 1, message });
    }
    let own = |path: &String| match place {
        Place::Home => true,
        Place::Repository => !path.starts_with('/'),
    };
    if !seen.digests.keys().any(own) {
        return Ok(None);
    }
    let mut fact = GateFact::new("is set up");
    let layers = layers(&seen, &mut fact);
    settings(&seen, &layers, &mut fact);
    servers(&seen, place, &mut fact);
    let imported = imported(&seen);
    for (path, digest) in &seen.digests {
        if path.ends_with(".md") || imported.contains(path) {
            let shown = seen.shown(path);
            let digest =
                seen.texts.get(path).map_or_else(|| digest.clone(), |text| Digest::of(seen.anywhere(text).as_bytes()));
            fact.leaf(&shown, digest.as_str());
            fact.decide(&shown, &shown);
        }
    }
    if fact.leaves.is_empty() && fact.weak.is_none() { Ok(None) } else { Ok(Some(fact)) }
}

/// What texts of instructions take in: `@` and a path, from their own folder, the home or the root.
fn imported(seen: &Seen) -> BTreeSet<String> {
    let home = seen.homes.first().map_or("", String::as_str);
    let mut imported = BTreeSet::new();
    for (path, text) in seen.texts.iter().filter(|(path, _)| path.ends_with(".md")) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let words = text.split_whitespace().filter_map(|word| word.strip_prefix('@'));
        imported.extend(words.map(|word| {
            let word = word.trim_end_matches([',', ';', ':', ')']);
            let bare = word.trim_start_matches("./");
            match word.strip_prefix("~/") {
                Some(rest) => format!("{home}/{rest}"),
                None if word.starts_with('/') || folder.is_empty() => bare.to_owned(),
                None => format!("{folder}/{bare}"),
            }
        }));
    }
    imported
}

/// A settings file, the one that counts most first.
#[derive(Debug)]
struct Layer {
    shown: String,
    text: String,
    value: Value,
}

fn rank(path: &str) -> Option<usize> {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name {
        "managed-settings.json" => Some(0),
        "settings.local.json" => Some(1),
        "settings.json" if path == ".claude/settings.json" => Some(2),
        "settings.json" => Some(3),
        _ => None,
    }
}

fn layers(seen: &Seen, fact: &mut GateFact) -> Vec<Layer> {
    let mut ranked: Vec<(usize, &String, &String)> =
        seen.texts.iter().filter_map(|(path, text)| Some((rank(path)?, path, text))).collect();
    ranked.sort();
    let mut layers = Vec::new();
    for (_, path, text) in ranked {
        let shown = seen.shown(path);
        match Format::Json.value(text.as_bytes()) {
            Ok(value) => layers.push(Layer { shown, text: text.clone(), value }),
            Err(malformed) => {
                fact.leaf(&shown, "is not read");
                fact.decide(&shown, &shown);
                fact.weak.get_or_insert(format!("{shown} is no JSON ({malformed}), so that nothing in it counts"));
            }
        }
    }
    layers
}

impl Layer {
    fn get(&self, key: &str) -> Option<&Value> {
        get(&self.value, key)
    }

    fn place(&self, word: &str) -> String {
        let quoted = serde_json::Value::from(word).to_string();
        let line = self.text.lines().position(|line| line.contains(&quoted));
        line.map_or_else(|| self.shown.clone(), |line| format!("{}:{}", self.shown, line + 1))
    }
}

fn get<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Table(table) => table.get(key),
        _ => None,
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        value => value.canonical(),
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::List(values)) => values,
        _ => &[],
    }
}

/// Keys of which the first that is set counts.
const SINGLE: [&str; 4] =
    ["disableAllHooks", "allowManagedHooksOnly", "enableAllProjectMcpServers", "allowManagedPermissionRulesOnly"];

/// Keys whose lists are joined.
const JOINED: [&str; 4] = ["enabledMcpjsonServers", "disabledMcpjsonServers", "allowedMcpServers", "deniedMcpServers"];

/// Tables of which each value counts by itself.
const TABLES: [&str; 2] = ["sandbox", "enabledPlugins"];

fn settings(seen: &Seen, layers: &[Layer], fact: &mut GateFact) {
    // The last to speak is the one that counts.
    for layer in layers.iter().rev() {
        for key in SINGLE {
            if let Some(value) = layer.get(key) {
                fact.leaf(key, text(value));
                fact.decide(key, layer.place(key));
            }
        }
        for key in JOINED {
            for value in list(layer.get(key)) {
                one_of(fact, layer, key, &text(value));
            }
        }
        for key in TABLES {
            for (path, value) in layer.get(key).map(Value::leaves).unwrap_or_default() {
                let name = [&[key], path.as_slice()].concat().join(".");
                fact.leaf(&name, seen.anywhere(&text(value)));
                fact.decide(name, layer.place(path.last().unwrap_or(&key)));
            }
        }
        if let Some(Value::Table(variables)) = layer.get("env") {
            for (name, value) in variables {
                fact.leaves.insert(format!("env.{name}"), held(name, &seen.anywhere(&text(value))));
                fact.decide(format!("env.{name}"), layer.place(name));
            }
        }
        permissions(seen, layer, fact);
        hooks(seen, layer, fact);
    }
    if let Some((name, value)) = switched_off(fact) {
        let place = fact.decided.get(&format!("env.{name}")).cloned().unwrap_or_default();
        fact.weak.get_or_insert(format!("{name}={value} in {place} switches git's hooks off, or some of them"));
    }
    if fact.leaves.get("disableAllHooks").is_some_and(|value| value == "true") {
        fact.does = "has all its hooks switched off by disableAllHooks".to_owned();
        let place = fact.decided.get("disableAllHooks").cloned().unwrap_or_default();
        fact.decide("", place);
        fact.weak.get_or_insert("it has all its hooks switched off by disableAllHooks".to_owned());
    }
}

/// Variables by which git's hooks are left out, and with which values they are not.
const SWITCHES: [(&str, &[&str]); 8] = [
    ("HUSKY", &["1"]),
    ("SKIP", &[]),
    ("PREK_SKIP", &[]),
    ("PRE_COMMIT_ALLOW_NO_CONFIG", &[]),
    ("LEFTHOOK", &["1", "true"]),
    ("LEFTHOOK_EXCLUDE", &[]),
    ("SKIP_SIMPLE_GIT_HOOKS", &["0"]),
    ("GIT_CONFIG_COUNT", &["0"]),
];

/// What stands for a variable's value.
fn held(name: &str, value: &str) -> String {
    if SWITCHES.iter().any(|(switch, _)| *switch == name) {
        value.to_owned()
    } else if variable::looks_secret(name) {
        variable::SET.to_owned()
    } else {
        Digest::of(value.as_bytes()).short().to_owned()
    }
}

/// A variable in the settings that leaves git's hooks out.
fn switched_off(fact: &GateFact) -> Option<(&'static str, &String)> {
    SWITCHES.iter().find_map(|(name, harmless)| {
        let value = fact.leaves.get(&format!("env.{name}"))?;
        (!value.is_empty() && !harmless.contains(&value.as_str())).then_some((*name, value))
    })
}

/// A value of a list whose order means nothing is a leaf of its own, so that a difference names it.
fn one_of(fact: &mut GateFact, layer: &Layer, key: &str, value: &str) {
    let leaf = format!("{key} {value}");
    fact.leaf(&leaf, "yes");
    fact.decide(leaf, layer.place(value));
}

fn permissions(seen: &Seen, layer: &Layer, fact: &mut GateFact) {
    let Some(Value::Table(permissions)) = layer.get("permissions") else { return };
    for (key, value) in permissions {
        let name = format!("permissions.{key}");
        match value {
            Value::List(rules) => rules.iter().for_each(|rule| one_of(fact, layer, &name, &seen.anywhere(&text(rule)))),
            value => {
                fact.leaf(&name, text(value));
                fact.decide(name, layer.place(key));
            }
        }
    }
}

fn hooks(seen: &Seen, layer: &Layer, fact: &mut GateFact) {
    let Some(Value::Table(events)) = layer.get("hooks") else { return };
    for (event, groups) in events {
        for group in list(Some(groups)) {
            let matcher = get(group, "matcher").map(text).filter(|matcher| !matcher.is_empty());
            let name = format!("hooks.{event}[{}]", matcher.as_deref().unwrap_or("*"));
            for hook in list(get(group, "hooks")) {
                let Some(command) = get(hook, "command").map(text) else {
                    let leaf = format!("{name} {}", Digest::of(hook.canonical().as_bytes()).short());
                    fact.leaf(&leaf, "yes");
                    fact.decide(leaf, layer.place(event));
                    continue;
                };
                let told = seen.anywhere(&command);
                let leaf = format!("{name} {}", shortened(&told));
                let timeout = get(hook, "timeout").map(|timeout| format!(", timeout {}", text(timeout)));
                fact.leaf(&leaf, format!("{}{}", Digest::of(told.as_bytes()).short(), timeout.unwrap_or_default()));
                fact.decide(leaf, layer.place(&command));
                program(seen, &command, fact);
            }
        }
    }
}

/// A command as far as a name holds it.
fn shortened(command: &str) -> String {
    const LONGEST: usize = 80;
    let line = command.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST { line } else { line.chars().take(LONGEST).chain(['…']).collect() }
}

/// Whether what a hook's command starts is there, and the scripts that it names.
fn program(seen: &Seen, command: &str, fact: &mut GateFact) {
    let home = seen.homes.first().map_or("", String::as_str);
    let mut command = command.to_owned();
    for (name, folder) in [("CLAUDE_PROJECT_DIR", "."), ("HOME", home)] {
        for form in [format!("\"${name}\""), format!("\"${{{name}}}\""), format!("${{{name}}}"), format!("${name}")] {
            command = command.replace(&form, folder);
        }
    }
    let words: Vec<String> = command
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '|' | '&' | '(' | ')'))
        .filter(|word| !word.is_empty())
        .map(|word| word.strip_prefix("~/").map_or_else(|| word.to_owned(), |rest| format!("{home}/{rest}")))
        .collect();
    let path = |word: &str| word.trim_start_matches("./").to_owned();
    for word in &words {
        let path = path(word);
        if let Some(digest) = seen.digests.get(&path) {
            let shown = seen.shown(&path);
            fact.leaf(&shown, digest.as_str());
            fact.decide(&shown, &shown);
        }
    }
    let Some(first) = words.iter().find(|word| !word.contains('=')) else { return };
    if first.contains('$') {
        return;
    }
    let (shown, is_there) = match first.contains('/') {
        true => (seen.shown(&path(first)), seen.able.contains(&path(first))),
        false => (first.clone(), seen.have.contains(first)),
    };
    fact.leaf(format!("program {shown}"), if is_there { "there" } else { "not there" });
    if !is_there {
        fact.weak.get_or_insert(format!("a hook's program {shown} is not there, or is not executable"));
    }
}

/// Servers by name, wherever they are set up.
fn servers(seen: &Seen, place: Place, fact: &mut GateFact) {
    for (path, text) in &seen.texts {
        let is_one = [".mcp.json", "managed-mcp.json", ".claude.json"].iter().any(|name| path.ends_with(name));
        if !is_one {
            continue;
        }
        let shown = seen.shown(path);
        let Ok(value) = Format::Json.value(text.as_bytes()) else {
            fact.leaf(&shown, "is not read");
            fact.weak.get_or_insert(format!("{shown} is no JSON, so that nothing in it counts"));
            continue;
        };
        let mut tell = |servers: Option<&Value>, of: &str| {
            if let Some(Value::Table(servers)) = servers {
                for name in servers.keys() {
                    let leaf = format!("mcpServers{of}.{name}");
                    fact.leaf(&leaf, "set up");
                    fact.decide(leaf, &shown);
                }
            }
        };
        tell(get(&value, "mcpServers"), "");
        if let (Place::Home, Some(Value::Table(projects))) = (place, get(&value, "projects")) {
            for (project, about) in projects {
                tell(get(about, "mcpServers"), &format!("[{}]", seen.anywhere(project)));
            }
        }
    }
}

fn read(listing: &str) -> Result<Seen, Why> {
    let mut seen = Seen::default();
    let mut lines = listing.split('\n');
    let mut files: Vec<String> = Vec::new();
    let mut current: Option<String> = None;
    let mut ended = false;
    while let Some(line) = lines.next() {
        let not_understood = || Why::NotUnderstood(format!("unexpected line `{}` about an agent", line.escape_debug()));
        if let (Some(path), Some(shown)) = (&current, line.strip_prefix('|')) {
            let text = seen.texts.entry(path.clone()).or_default();
            text.push_str(shown);
            text.push('\n');
            continue;
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let value = rest.to_owned();
        match word {
            "home" => seen.homes.push(value.replace('\u{1}', "\n")),
            "root" => seen.roots.push(value.replace('\u{1}', "\n")),
            "config" => seen.config = Some(value),
            "file" => files.push(value),
            "shut" => seen.shut.push(value),
            "able" => drop(seen.able.insert(value)),
            "have" => drop(seen.have.insert(value)),
            "=digests" => {
                for path in files.drain(..) {
                    let line = lines.next().unwrap_or("");
                    let hex = line.trim_start_matches('\\').split(' ').next().unwrap_or(line);
                    let digest =
                        Digest::from_hex(hex).ok_or_else(|| Why::NotUnderstood(format!("no digest for {path}")))?;
                    seen.digests.insert(path, digest);
                }
            }
            "=text" => current = Some(value),
            "=end" => current = None,
            "done" if !ended => ended = true,
            "" => {}
            _ => return Err(not_understood()),
        }
    }
    if !ended || seen.homes.is_empty() {
        return Err(Why::NotUnderstood("what was told about an agent is cut off".to_owned()));
    }
    let shorter = |(path, text): (String, String)| {
        let without = text.strip_suffix('\n').unwrap_or(&text);
        let is_without = seen.digests.get(&path) == Some(&Digest::of(without.as_bytes()));
        let text = if is_without { without.to_owned() } else { text };
        (path, text)
    };
    seen.texts = std::mem::take(&mut seen.texts).into_iter().map(shorter).collect();
    Ok(seen)
}

#[cfg(test)]
mod tests;
