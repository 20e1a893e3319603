//! What ruff would apply, by its own account (`ruff check --show-settings`, <https://docs.astral.sh/ruff/settings/>): the
//! rules, the formatter's settings and which files they are for.
//!
//! It is asked once for all files below the same nearest configuration. The text that it prints is for people: `key = value`,
//! lists and tables in brackets over several lines. Where ruff is not installed, its configuration is read instead.

use std::collections::BTreeMap;

use super::config::Config;
use super::found;
use super::told::Told;
use super::{Asked, Gate};
use crate::observe::Answer;
use crate::spec::{GateFact, Leaves, Why};
use crate::transport::quote;

pub(super) const GATE: Gate =
    Gate { name: "ruff", doc: "ruff's rules and settings for each kind of file", script, read };

const EXTENSIONS: &[&str] = &["py", "pyi", "ipynb"];

/// As ruff looks for them in a folder.
const NAMES: &[&str] = &[".ruff.toml", "ruff.toml", "pyproject.toml"];

const ASK: &str = include_str!("ruff.sh");

fn script(asked: &Asked<'_>) -> String {
    let folders = found::by_folder(asked.with_extension(EXTENSIONS));
    let configs = found::candidates(folders.keys().map(String::as_str), NAMES);
    let configs = quote::words(configs.iter().map(String::as_str));
    let mut script = found::functions(ASK);
    script += &format!("tu_ruff_used {configs} || return {}\n", super::NOT_USED);
    script += &format!("tu_places\ntu_files {configs} || return\ntu_ruff_elsewhere\ntu_ruff_version || return 0\n");
    for (folder, files) in &folders {
        let words = std::iter::once(folder).chain(files).map(String::as_str);
        script += &format!("tu_group '{}' tu_ruff_settings {}\n", NAMES.join(" "), quote::words(words));
    }
    script
}

fn read(asked: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    let told = Told::read(answer)?;
    let Some(version) = found::version(&told, "ruff")? else { return not_installed(asked, &told) };
    let mut fact = found::of_tool(&told, "ruff", &version);
    let mut of_files = Vec::new();
    let mut by_group: BTreeMap<&str, Settings> = BTreeMap::new();
    for section in told.all("settings") {
        by_group.insert(&section.name, settings(&told, told.heard(section, "ruff check --show-settings")?)?);
    }
    for group in told.all("group") {
        for file in group.body.lines().map(|file| told.place(file)) {
            let leaves = by_group.get(group.name.as_str()).map(|settings| {
                let mut leaves = settings.leaves.clone();
                // ruff tells the last of those that one extends.
                let nearest = nearest(&file, |place| told.files.get(place).is_some_and(|text| is_of_ruff(place, text)));
                leaves.extend(nearest.map(|place| ("configuration".to_owned(), place)));
                leaves
            });
            // Nothing that the configuration would be for is there.
            let none = || Leaves::from([("file".to_owned(), "is not there".to_owned())]);
            of_files.push((file, leaves.unwrap_or_else(none)));
        }
    }
    fact.of_files(of_files);
    decide(&mut fact, &told);
    Ok(fact)
}

/// What the configuration says, where there is no ruff to read it.
fn not_installed(asked: &Asked<'_>, told: &Told) -> Result<GateFact, Why> {
    let mut fact = found::asked_for("ruff");
    let mut read: BTreeMap<&str, Config> = BTreeMap::new();
    for (place, text) in &told.files {
        let config = Config::toml(place, text)?;
        let config = if place.ends_with("pyproject.toml") { config.below(&["tool", "ruff"]) } else { Some(config) };
        read.extend(config.map(|config| (place.as_str(), config)));
    }
    let mut of_files = Vec::new();
    for file in asked.with_extension(EXTENSIONS) {
        let found = nearest(file, |place| read.contains_key(place));
        let mut leaves = Leaves::new();
        if let Some(place) = found {
            leaves = read[place.as_str()].leaves();
            leaves.insert("configuration".to_owned(), place);
        }
        of_files.push((file.to_owned(), leaves));
    }
    fact.of_files(of_files);
    decide(&mut fact, told);
    Ok(fact)
}

/// The configuration that is nearest to a file.
fn nearest(file: &str, is_one: impl Fn(&str) -> bool) -> Option<String> {
    let places = found::upward(file).flat_map(|folder| NAMES.iter().map(move |name| found::joined(folder, name)));
    places.into_iter().find(|place| is_one(place))
}

/// Whether a file has something for ruff; one that does not parse is for ruff to complain of.
fn is_of_ruff(place: &str, text: &str) -> bool {
    !place.ends_with("pyproject.toml")
        || Config::toml(place, text).map_or(true, |config| config.below(&["tool", "ruff"]).is_some())
}

/// Says which lines of the configurations decide.
fn decide(fact: &mut GateFact, told: &Told) {
    let mut configs: BTreeMap<&str, Config> = BTreeMap::new();
    for (place, text) in &told.files {
        // One that does not parse decides nothing: ruff has told its settings without it.
        if let Ok(config) = Config::toml(place, text) {
            let of_ruff =
                if place.ends_with("pyproject.toml") { config.below(&["tool", "ruff"]) } else { Some(config) };
            configs.extend(of_ruff.map(|config| (place.as_str(), config)));
        }
    }
    found::decide_by_file(fact, |place, leaf| {
        let config = configs.get(place)?;
        let known = |key: &str| config.lines.get(key).copied();
        match leaf.strip_prefix("rules.") {
            Some(rule) => known(&rule_key(config, rule)?),
            // What a linter's option was called before it stood below `lint`.
            None => known(leaf).or_else(|| known(leaf.strip_prefix("lint.")?)),
        }
    });
}

/// The key whose list has the longest prefix of a rule.
fn rule_key(config: &Config, rule: &str) -> Option<String> {
    let mut found: Option<(usize, String)> = None;
    for key in ["select", "extend-select", "ignore", "extend-ignore", "unfixable"] {
        for (path, table) in [(format!("lint.{key}"), config.value.get("lint")), (key.to_owned(), Some(&config.value))]
        {
            let list = table.and_then(|table| table.get(key)).and_then(serde_json::Value::as_array);
            for prefix in list.into_iter().flatten().filter_map(serde_json::Value::as_str) {
                let matches = prefix == "ALL" || rule.starts_with(prefix);
                let length = if prefix == "ALL" { 0 } else { prefix.len() };
                if matches && found.as_ref().is_none_or(|(longest, _)| length >= *longest) {
                    found = Some((length, path.clone()));
                }
            }
        }
    }
    found.map(|(_, path)| path)
}

/// What ruff told about one file.
struct Settings {
    /// The file that decides, where it is not ruff's own defaults.
    config: Option<String>,
    leaves: Leaves,
}

/// Lists of which the order is of account.
const ORDERED: &[&str] = &["linter.src", "linter.isort.section_order", "linter.isort.forced_separate"];

/// What says nothing about what is applied: where things are, and how they are shown.
const DROPPED: &[&str] = &["cache_dir", "file_resolver.project_root", "linter.project_root"];

fn settings(told: &Told, text: &str) -> Result<Settings, Why> {
    let mut settings = Settings { config: None, leaves: Leaves::new() };
    let (mut enabled, mut fixed) = (None, Vec::new());
    for (key, value) in entries(text)? {
        let value = match value {
            Entry::Line(value) => Entry::Line(told.normal(&value)),
            Entry::Lines(lines) => Entry::Lines(lines.iter().map(|line| told.normal(line)).collect()),
        };
        match (key.as_str(), value) {
            ("Settings path", Entry::Line(path)) => settings.config = Some(path.trim_matches('"').to_owned()),
            ("Resolved settings for", _) => {}
            ("linter.rules.enabled", Entry::Lines(rules)) => enabled = Some(items(&rules)),
            ("linter.rules.should_fix", Entry::Lines(rules)) => fixed = items(&rules),
            ("linter.rules.enabled", Entry::Line(none)) if none == "[]" => enabled = Some(Vec::new()),
            ("linter.rules.should_fix", Entry::Line(_)) => {}
            (key, _) if DROPPED.contains(&key) => {}
            (key, Entry::Line(value)) => drop(settings.leaves.insert(leaf(key), value)),
            (key, Entry::Lines(lines)) => several(key, &lines, &mut settings.leaves),
        }
    }
    let enabled = enabled.ok_or_else(|| Why::NotUnderstood("ruff told no rules".to_owned()))?;
    for rule in enabled {
        let value = if fixed.contains(&rule) { "on" } else { "on, never fixed" };
        settings.leaves.insert(format!("rules.{}", code(&rule)), value.to_owned());
    }
    let config = settings.config.clone().unwrap_or_else(|| "none".to_owned());
    settings.leaves.insert("configuration".to_owned(), config);
    Ok(settings)
}

/// The code of `unused-import (F401)`; versions that tell none tell a name.
fn code(rule: &str) -> &str {
    rule.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')).map_or(rule, |(_, code)| code)
}

/// The name that a setting has in a configuration.
fn leaf(key: &str) -> String {
    let name = match key.split_once('.') {
        Some(("linter", "line_length")) => "line_length".to_owned(),
        Some(("linter", "target_version" | "unresolved_target_version")) => "target_version".to_owned(),
        Some(("linter", rest)) => format!("lint.{rest}"),
        Some(("formatter", rest)) => format!("format.{rest}"),
        Some(("file_resolver", rest)) => rest.to_owned(),
        _ => key.to_owned(),
    };
    name.replace('_', "-")
}

enum Entry {
    Line(String),
    Lines(Vec<String>),
}

/// The settings in ruff's text, those in brackets with the lines between these.
fn entries(text: &str) -> Result<Vec<(String, Entry)>, Why> {
    let not_understood = |line: &str| Why::NotUnderstood(format!("`{line}` among ruff's settings"));
    let mut entries: Vec<(String, Entry)> = Vec::new();
    let is_key = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    // Keys inside brackets may stand at the line's beginning too, but have no dot.
    let goes_on = |line: &str| {
        !line.starts_with("# ") && line.split_once(" = ").is_none_or(|(key, _)| !is_key(key) || !key.contains('.'))
    };
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        if line.starts_with("# ") {
            continue;
        }
        let told = line.split_once(" = ").filter(|(key, _)| is_key(key));
        let told = told.or_else(|| line.split_once(": ").filter(|(key, _)| key.starts_with(['R', 'S'])));
        match (told, entries.last_mut()) {
            (Some((key, open @ ("[" | "{"))), _) => {
                let close = if open == "[" { "]" } else { "}" };
                let is_end = |at: &usize| lines[*at] == close && lines.get(at + 1).is_none_or(|next| !goes_on(next));
                let end = (at..lines.len()).find(is_end).ok_or_else(|| not_understood(line))?;
                let within = lines[at..end].iter().map(|line| (*line).to_owned());
                entries.push((key.to_owned(), Entry::Lines(within.collect())));
                at = end + 1;
            }
            (Some((key, value)), _) => entries.push((key.to_owned(), Entry::Line(value.to_owned()))),
            // A value may have several lines.
            (None, Some((_, Entry::Line(value)))) => value.push_str(&format!("\n{line}")),
            (None, _) => return Err(not_understood(line)),
        }
    }
    Ok(entries)
}

fn items(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| line.trim().trim_end_matches(',').to_owned()).filter(|item| !item.is_empty()).collect()
}

/// A list, a table, or what is told by pattern.
fn several(key: &str, lines: &[String], leaves: &mut Leaves) {
    let is_quoted = |line: &String, name: &str| line.trim_start().starts_with(name);
    if lines.iter().any(|line| is_quoted(line, "basename_matcher = ") || line.contains("absolute = GlobMatcher")) {
        by_pattern(&leaf(key), lines, leaves);
        return;
    }
    let mut items = items(lines);
    let split = |item: &str| {
        let (name, value) = item.split_once(" => ").or_else(|| item.split_once(" = "))?;
        Some((name.to_owned(), value.to_owned()))
    };
    let table: Option<Vec<(String, String)>> = items.iter().map(|item| split(item)).collect();
    // Items of a list may look so too, but then they are all tables of their own.
    if let Some(table) = table.filter(|_| !items.iter().any(|item| item.contains('{'))) {
        leaves.extend(table.into_iter().map(|(name, value)| (format!("{}.{name}", leaf(key)), value)));
        return;
    }
    if !ORDERED.contains(&key) {
        items.sort();
    }
    leaves.insert(leaf(key), format!("[{}]", items.join(", ")));
}

/// Settings for the files of a pattern: the pattern as it is written, `!` where it is for all others, and what holds there.
fn by_pattern(name: &str, lines: &[String], leaves: &mut Leaves) {
    let (mut pattern, mut negated, mut data, mut in_rules) = (String::new(), "", Vec::new(), false);
    let mut by_pattern: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in lines.iter().map(|line| line.trim()).chain(["absolute_matcher"]) {
        // Versions before 0.2 tell how the pattern is matched too, in which the path is spelt out byte by byte.
        let glob = line.strip_prefix("glob: \"").and_then(|rest| rest.strip_suffix("\","));
        if line.starts_with("absolute_matcher") || line.contains("absolute = GlobMatcher") {
            if !pattern.is_empty() {
                let pattern = format!("{name}.{negated}{}", std::mem::take(&mut pattern));
                by_pattern.entry(pattern).or_default().append(&mut data);
            }
            negated = "";
            data.clear();
        } else if let Some(rest) = line.strip_prefix("basename_matcher = ") {
            pattern = rest.trim_matches('"').to_owned();
        } else if let Some(glob) = glob {
            pattern = glob.to_owned();
        } else if line == "negated = true" {
            negated = "!";
        } else if let Some(value) = line.strip_prefix("data = ").filter(|value| *value != "[") {
            data.push(value.to_owned());
        } else if let Some(rule) = line.strip_suffix(',').filter(|rule| rule.ends_with(')') && rule.contains(" (")) {
            data.push(code(rule).to_owned());
        } else if line.starts_with("}, rules = [") {
            in_rules = true;
        } else if line.starts_with(']') {
            in_rules = false;
        } else if in_rules {
            data.push(line.trim_end_matches(',').to_owned());
        }
    }
    for (pattern, mut values) in by_pattern {
        values.sort();
        leaves.insert(pattern, values.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Leaves;

    const PLACES: &str = "=repo /home/jane/shop\n=home /home/jane\n";

    /// As `found.sh` prints it, for one file of the repository's top folder.
    fn answer(settings: &str, code: i32, stderr: &str) -> Answer {
        let barred: String = settings.lines().map(|line| format!("|{line}\n")).collect();
        let stdout = format!(
            "{PLACES}=there ./pyproject.toml\n=file ./pyproject.toml\n|[tool.ruff]\n|line-length = 100\n|[tool.ruff.lint]\n\
             |select = [\"E\", \"F\"]\n|ignore = [\"E5\"]\n=from .venv\n=version\n|ruff 0.17.6\n|\n|0\n\
             =group ./pyproject.toml\n|./a.py\n=settings ./pyproject.toml\n{barred}|\n|{code}\n"
        );
        Answer { code: 0, stdout: stdout.into(), stderr: stderr.into() }
    }

    fn fact(settings: &str) -> Result<GateFact, Why> {
        read(&Asked { samples: &["a.py".to_owned()] }, &answer(settings, 0, ""))
    }

    fn value<'a>(leaves: &'a Leaves, name: &str) -> &'a str {
        leaves.get(name).map_or("-", String::as_str)
    }

    const SETTINGS: &str = "Resolved settings for: \"/home/jane/shop/a.py\"\nSettings path: \"/home/jane/shop/pyproject.toml\"\n\n\
        # General Settings\ncache_dir = \"/home/jane/shop/.ruff_cache\"\nfix = false\n\n# Linter Settings\n\
        linter.project_root = \"/home/jane/shop\"\nlinter.rules.enabled = [\n\tmixed-spaces-and-tabs (E101),\n\
        \tunused-import (F401),\n]\nlinter.rules.should_fix = [\n\tmixed-spaces-and-tabs (E101),\n]\n\
        linter.per_file_ignores = {\n\tabsolute_matcher = \"/home/jane/shop/tests/*\"\nbasename_matcher = \"tests/*\"\n\
        negated = false\ndata = [\n\tassert (S101),\n\tunused-import (F401),\n]\n\n\tabsolute_matcher = \"/home/jane/shop/x\"\n\
        basename_matcher = \"x\"\nnegated = true\ndata = 3.10\n\n}\nlinter.line_length = 100\n\
        linter.src = [\n\t\"/home/jane/shop\",\n\t\"/home/jane/shop/src\",\n]\n\
        linter.flake8_import_conventions.aliases = {\n\tnumpy = np,\n\txml.etree.ElementTree = ET,\n}\n\
        linter.isort.known_modules = {\n\tdjango => UserDefined(\"django\"),\n}\nlinter.flake8_self.ignore_names = [\n\tb,\n\ta,\n]\n\
        linter.isort.section_order = [\n\tknown { type = future },\n\tknown { type = a },\n]\nformatter.quote_style = double\n";

    #[test]
    fn what_ruff_tells_becomes_leaves_under_the_names_of_its_configuration() {
        let fact = fact(SETTINGS).unwrap();
        assert_eq!(fact.does, "is ruff 0.17.6");
        for (leaf, expected) in [
            ("rules.E101", "on"),
            ("rules.F401", "on, never fixed"),
            ("line-length", "100"),
            ("configuration", "pyproject.toml"),
            ("taken from", ".venv"),
            ("lint.per-file-ignores.tests/*", "F401, S101"),
            ("lint.per-file-ignores.!x", "3.10"),
            ("lint.src", "[\".\", \"src\"]"),
            ("lint.flake8-import-conventions.aliases.xml.etree.ElementTree", "ET"),
            ("lint.isort.known-modules.django", "UserDefined(\"django\")"),
            ("lint.flake8-self.ignore-names", "[a, b]"),
            ("lint.isort.section-order", "[known { type = future }, known { type = a }]"),
            ("format.quote-style", "double"),
        ] {
            assert_eq!(value(&fact.leaves, leaf), expected, "{leaf}");
        }
        assert!(!format!("{fact:?}").contains("jane"), "{fact:?}");
        assert_eq!(fact.decided[""], "pyproject.toml");
        assert_eq!(fact.decided["line-length"], "pyproject.toml:2");
        assert_eq!(fact.decided["rules.F401"], "pyproject.toml:4");
    }

    /// As 0.1.15 tells them, shortened: how a pattern is matched stands between its two forms.
    #[test]
    fn patterns_that_are_spelt_out_are_read_too() {
        let settings = "linter.rules.enabled = [\n\tUnusedImport,\n]\nlinter.per_file_ignores = {\n\t{ absolute = GlobMatcher {\n    pat: Glob {\n\
                        glob: \"/home/jane/shop/tests/*\",\n        tokens: Tokens(\n            [\n            ],\n        ),\n    },\n\
            }, basename = GlobMatcher {\n    pat: Glob {\n        glob: \"tests/*\",\n    },\n}, rules = [\n\tAssert,\n] },\n}\nlinter.tab_size = 4\n";
        let fact = fact(settings).unwrap();
        assert_eq!(value(&fact.leaves, "lint.per-file-ignores.tests/*"), "Assert");
        assert_eq!(value(&fact.leaves, "rules.UnusedImport"), "on, never fixed");
        assert_eq!(value(&fact.leaves, "lint.tab-size"), "4");
    }

    #[test]
    fn what_is_cut_off_or_without_rules_is_no_answer() {
        assert!(matches!(fact("linter.rules.enabled = [\n\ta (F401),\n"), Err(Why::NotUnderstood(_))));
        assert!(matches!(fact("Settings { rules: 1 }"), Err(Why::NotUnderstood(_))));
        assert!(matches!(fact("fix = false\n"), Err(Why::NotUnderstood(_))));
    }

    #[test]
    fn a_configuration_that_ruff_refuses_is_said_with_its_place() {
        let stderr = "ruff failed\n  Cause: Failed to parse /home/jane/shop/ruff.toml\n  Cause: TOML parse error at line 1, column 15\n  |\n";
        let why = read(&Asked { samples: &[] }, &answer("", 2, stderr)).unwrap_err().to_string();
        assert!(why.contains("Failed to parse ruff.toml; Cause: TOML parse error at line 1"), "{why}");
    }

    #[test]
    fn without_ruff_its_configuration_still_counts() {
        let stdout = format!(
            "{PLACES}=there ./pyproject.toml\n=there ./pkg/ruff.toml\n=file ./pyproject.toml\n|[tool.ruff]\n|line-length = 100\n\
             =file ./pkg/ruff.toml\n|line-length = 80\n=missing\n"
        );
        let samples = ["a.py".to_owned(), "pkg/b.py".to_owned()];
        let answer = Answer { code: 0, stdout: stdout.into(), stderr: Vec::new() };
        let fact = read(&Asked { samples: &samples }, &answer).unwrap();
        assert_eq!(fact.does, "is asked for and not installed");
        assert_eq!(value(&fact.files["a.py"], "line-length"), "100");
        assert_eq!(value(&fact.files["pkg/b.py"], "configuration"), "pkg/ruff.toml");
    }
}
