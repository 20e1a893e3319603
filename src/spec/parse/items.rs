//! `[tools]` and `[packages]`: what must be the same.

use std::ops::Range;

use toml_edit::Item;

use super::super::environment::{MappedPackage, PackageNames, Packages, Tool, ToolQuestion};
use super::super::package;
use super::super::policy::Policy;
use super::super::problem::Problem;
use super::super::section::{Entry, Placed, Section, strings_of};
use super::super::suggest;
use super::surroundings::read_only;
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
    let only = read_only(&mut table);
    table.finish();
    Some(Tool { name: entry.name.clone(), policy: policy?, ask, install, only })
}

fn read_tool_question(table: &mut Section<'_>) -> Option<ToolQuestion> {
    let version = table.string("version").map(|text| text.value);
    let pattern = table.string("pattern");
    if let Some(pattern) = &pattern {
        let problem = match regex_lite::Regex::new(&pattern.value) {
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
            check_package_name(&entry, &entry.name, name, &entry.span);
            let name = package::canonical(&entry.name, name);
            names.push((entry.name, name));
        } else {
            entry.wrong_type("a package name");
        }
    }
    names
}

/// Notes what is wrong with a name that the manager would never list: it would be looked for to the letter, not be found
/// on either side, and pass for a match.
fn check_package_name(entry: &Entry<'_>, manager: &str, name: &str, span: &Range<usize>) {
    if let Some(help) = package::problem(manager, name) {
        let message = format!("`{name}` is not a package's name");
        entry.problem(Problem::new(message, span.clone(), "here").help(help));
    }
}

/// Taps have no versions: they are there, from where the reference has them, or they are not.
fn check_policy(entry: &Entry<'_>, manager: &str, policy: &Policy) {
    if manager == "tap" && !matches!(policy, Policy::Exact | Policy::Present) {
        let message = format!("`{policy}` asks for a version, and a tap has none");
        let problem = Problem::new(message, entry.key_span.clone(), "cannot be honoured");
        entry.problem(problem.help("write \"exact\" (from the same remote) or \"present\""));
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

/// `[packages]`: lists of a manager each, and packages that each manager may have a name for.
pub(super) fn read_packages(mut table: Section<'_>, vocabulary: &Vocabulary) -> (Vec<Packages>, Vec<MappedPackage>) {
    let mut packages: Vec<Packages> = Vec::new();
    let mut mapped: Vec<MappedPackage> = Vec::new();
    for entry in table.entries() {
        if vocabulary.managers.contains(&entry.name.as_str()) {
            packages.extend(read_managed(&entry));
        } else if let Some(mut names) = entry.section().filter(|_| entry.item.get("names").is_none()) {
            let policy = match names.string("policy") {
                Some(text) => read_policy(&names, text),
                None => Some(Policy::Exact),
            };
            let names = read_names_by_manager(names.entries(), vocabulary);
            if names.is_empty() {
                let message = format!("`{}` names no package of any manager", entry.name);
                let problem = Problem::new(message, entry.key_span.clone(), "here");
                entry.problem(problem.help(format!("write {} = {{ brew = \"…\", apt = \"…\" }}", entry.name)));
            }
            if let Some(policy) = policy {
                names.iter().for_each(|(manager, _)| check_policy(&entry, manager, &policy));
                mapped.push(MappedPackage { title: entry.name.clone(), policy, names });
            }
        } else {
            unknown_manager(&entry, vocabulary);
        }
    }
    (packages, mapped)
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
    if let Some(policy) = &policy {
        check_policy(entry, &manager, policy);
    }
    Some(Packages { manager, policy: policy?, names: package_names(entry, item?, names?) })
}

fn package_names(entry: &Entry<'_>, item: &Item, names: Vec<Placed<String>>) -> PackageNames {
    if let Some(word) = item.as_str() {
        if word != "all" {
            let span = names.first().map_or_else(|| entry.span.clone(), |name| name.span.clone());
            let near = suggest::nearest(word, ["all"]).map_or("", |_| "did you mean \"all\"? ");
            let help = format!("{near}`names` is a list: names = [{word:?}]");
            let message = format!("{word:?} is neither a list of packages nor \"all\"");
            entry.problem(Problem::new(message, span, "no list").help(help));
        }
        return PackageNames::All;
    }
    for name in &names {
        check_package_name(entry, &entry.name, &name.value, &name.span);
    }
    PackageNames::These(names.into_iter().map(|name| package::canonical(&entry.name, &name.value)).collect())
}
