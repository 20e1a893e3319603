//! `[tools]` and `[packages]`: what must be the same.

use std::ops::Range;

use toml_edit::Item;

use super::super::environment::{PackageNames, Packages, Tool, ToolQuestion};
use super::super::policy::Policy;
use super::super::problem::Problem;
use super::super::section::{Entry, Placed, Section, strings_of};
use super::super::suggest;
use super::{Vocabulary, read_policy};

pub(super) fn read_tools(entries: Vec<Entry<'_>>, vocabulary: &Vocabulary) -> Vec<Tool> {
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
    let only = read_systems(&mut table);
    table.finish();
    Some(Tool { name: entry.name.clone(), policy: policy?, ask, install, only })
}

/// `only`: the systems on which something is held.
pub(super) fn read_systems(table: &mut Section<'_>) -> Vec<String> {
    let only = table.strings("only").unwrap_or_default();
    for system in only.iter().filter(|system| !["linux", "macos"].contains(&system.value.as_str())) {
        let message = format!("`{}` is not a system", system.value);
        table.problem(Problem::new(message, system.span.clone(), "unknown").help("write \"linux\" or \"macos\""));
    }
    only.into_iter().map(|system| system.value).collect()
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
            check_package_name(&entry, name, &entry.span);
            names.push((entry.name, name.to_owned()));
        } else {
            entry.wrong_type("a package name");
        }
    }
    names
}

/// A name is neither an option nor a pattern, and its version is the policy's business: any of these would be looked for
/// to the letter, not be found on either side, and pass for a match.
fn check_package_name(entry: &Entry<'_>, name: &str, span: &Range<usize>) {
    let message = format!("`{name}` is not a package's name");
    let problem = Problem::new(message, span.clone(), "here");
    let rest = name.get(1..).unwrap_or("");
    if let Some((bare, version)) = rest.split_once('@') {
        let first = &name[..name.len() - rest.len()];
        let help =
            format!("the version goes into the policy: {{ policy = \"{version}\", names = [\"{first}{bare}\"] }}");
        entry.problem(problem.help(help));
    } else if name.is_empty() || name.starts_with('-') || name.contains(['*', '?', '[', ' ', '\t', '\n']) {
        entry.problem(problem.help("name each package as the manager lists it"));
    }
}

fn unknown_manager(entry: &Entry<'_>, vocabulary: &Vocabulary) {
    let message = format!("`{}` is not a package manager that this version of trueup knows", entry.name);
    let problem = Problem::new(message, entry.key_span.clone(), "unknown");
    entry.problem(match suggest::nearest(&entry.name, vocabulary.managers.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help(format!("known managers: {}", vocabulary.managers.join(", "))),
    });
}

pub(super) fn read_packages(mut table: Section<'_>, vocabulary: &Vocabulary) -> Vec<Packages> {
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
        return Some(Packages { manager, policy: Policy::Exact, names: package_names(entry, entry.item, names) });
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
    Some(Packages { manager, policy: policy?, names: package_names(entry, item?, names?) })
}

fn package_names(entry: &Entry<'_>, item: &Item, names: Vec<Placed<String>>) -> PackageNames {
    if item.as_str() == Some("all") {
        return PackageNames::All;
    }
    for name in &names {
        check_package_name(entry, &name.value, &name.span);
    }
    PackageNames::These(names.into_iter().map(|name| name.value).collect())
}
