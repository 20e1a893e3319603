//! Which lints rustc and clippy would apply to each package, at which level: `[lints]` of its manifest or of the workspace's
//! (<https://doc.rust-lang.org/cargo/reference/manifest.html#the-lints-section>), the inner attributes of its crate roots,
//! which win over these, flags from cargo's configuration and the environment, and `clippy.toml`.
//!
//! To ask clippy would be to compile. What cargo's configuration says besides lints, such as a linker, is none of this.

use std::collections::BTreeMap;

use serde_json::Value;

use super::config::Config;
use super::found;
use super::leaves::flatten;
use super::told::Told;
use super::{Asked, Gate, NOT_USED};
use crate::observe::Answer;
use crate::spec::{GateFact, Leaves, Why};
use crate::transport::quote;

pub(super) const GATE: Gate =
    Gate { name: "clippy", doc: "the lints of rustc and clippy, and their levels", script, read };

/// As clippy looks for them in a folder.
const NAMES: [&str; 2] = [".clippy.toml", "clippy.toml"];

/// Where crates begin that say nothing else.
const ROOTS: [&str; 2] = ["src/lib.rs", "src/main.rs"];

fn script(asked: &Asked<'_>) -> String {
    let folders = found::by_folder(asked.with_extension(&["rs"]));
    if folders.is_empty() {
        return format!("return {NOT_USED}\n");
    }
    let words = |names: &[&str]| {
        let places = found::candidates(folders.keys().map(String::as_str), names);
        quote::words(places.iter().map(String::as_str))
    };
    let (configs, roots) = (words(&["Cargo.toml", ".clippy.toml", "clippy.toml"]), words(&ROOTS));
    found::functions(include_str!("clippy.sh"))
        + &format!(
            "tu_seek cargo-clippy || tu_clippy_asked {configs} || return {NOT_USED}\ntu_places\n\
             tu_files {configs} ./.cargo/config.toml ./.cargo/config || return\ntu_clippy_elsewhere || return\n\
             tu_attributes {roots} || return\ntu_clippy_version\n"
        )
}

fn read(asked: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    let told = Told::read(answer)?;
    let version = found::version(&told, "clippy")?;
    let mut fact =
        version.as_ref().map_or_else(|| found::asked_for("clippy"), |version| found::of_tool(&told, "clippy", version));
    let mut read = BTreeMap::new();
    for (place, text) in &told.files {
        read.insert(place.as_str(), Config::toml(place, text)?);
    }
    let mut attributes: BTreeMap<String, Vec<Attribute>> = BTreeMap::new();
    for section in told.all("attributes") {
        attributes.insert(told.place(&section.name), inner_attributes(&section.body));
    }
    let mut of_packages: BTreeMap<String, Leaves> = BTreeMap::new();
    let mut places = Vec::new();
    for file in asked.with_extension(&["rs"]) {
        let manifests = found::upward(file).map(|folder| found::joined(folder, "Cargo.toml"));
        let package = manifests.clone().find(|place| has(&read, place, "package"));
        let Some(package) = package.filter(|package| !of_packages.contains_key(package)) else { continue };
        let workspace = manifests.skip_while(|place| *place != package).find(|place| has(&read, place, "workspace"));
        let mut leaves = Leaves::new();
        let before = places.len();
        of_manifest(&read, &package, workspace.as_deref(), &mut leaves, &mut places);
        let folder = package.strip_suffix("Cargo.toml").unwrap_or_default();
        for root in ROOTS.map(|root| format!("{folder}{root}")) {
            for attribute in attributes.get(&root).into_iter().flatten() {
                // Two roots of one package are two crates.
                let leaf = if root.ends_with("main.rs") && attributes.contains_key(&format!("{folder}{}", ROOTS[0])) {
                    format!("{}@main.rs", attribute.leaf)
                } else {
                    attribute.leaf.clone()
                };
                places.push((leaf.clone(), format!("{root}:{}", attribute.line)));
                leaves.insert(leaf, attribute.level.clone());
            }
        }
        let folder = folder.trim_end_matches('/').to_owned();
        clippy_toml(&told, &read, &folder, &mut leaves, &mut places);
        let own = places.iter().skip(before).map(|(leaf, at)| (format!("{leaf} ({package})"), at.clone()));
        let own: Vec<(String, String)> = own.collect();
        places.extend(own);
        of_packages.insert(package, leaves);
    }
    fact.of_files(of_packages);
    flags(&mut fact, &told, &read);
    places.into_iter().rev().for_each(|(leaf, place)| fact.decide(leaf, place));
    Ok(fact)
}

fn has(read: &BTreeMap<&str, Config>, place: &str, table: &str) -> bool {
    read.get(place).is_some_and(|config| config.value.get(table).is_some())
}

/// The lints of a package's manifest, or those of its workspace where it takes them over.
fn of_manifest(
    read: &BTreeMap<&str, Config>,
    package: &str,
    workspace: Option<&str>,
    leaves: &mut Leaves,
    places: &mut Vec<(String, String)>,
) {
    let from_workspace =
        |value: Option<&Value>| value.and_then(|value| value.get("workspace")) == Some(&Value::Bool(true));
    let own = &read[package];
    let inherits = from_workspace(own.value.get("lints"));
    let (place, names): (&str, &[&str]) = match workspace {
        Some(workspace) if inherits => (workspace, &["workspace", "lints"]),
        _ => (package, &["lints"]),
    };
    for (group, lints) in
        read[place].below(names).iter().flat_map(|config| config.value.as_object().into_iter().flatten())
    {
        for (lint, setting) in lints.as_object().into_iter().flatten() {
            let leaf = format!("lints.{group}.{lint}");
            let line = read[place].lines.get(&format!("{}.{group}.{lint}", names.join(".")));
            places.extend(line.map(|line| (leaf.clone(), format!("{place}:{line}"))));
            let level = setting.get("level").unwrap_or(setting).as_str().unwrap_or("not a level").to_owned();
            let priority = setting.get("priority").and_then(Value::as_i64).filter(|priority| *priority != 0);
            let priority = priority.map(|priority| format!(", priority {priority}")).unwrap_or_default();
            for (key, value) in setting.as_object().into_iter().flatten() {
                if key != "level" && key != "priority" {
                    flatten(&format!("{leaf}.{key}"), value, leaves);
                }
            }
            leaves.insert(leaf, level + &priority);
        }
    }
    // Lints depend on the oldest Rust that is to be kept to.
    let rust = own.value.get("package").and_then(|package| package.get("rust-version"));
    let rust = match workspace.and_then(|workspace| read.get(workspace)) {
        Some(config) if from_workspace(rust) => {
            config.value.get("workspace").and_then(|one| one.get("package")).and_then(|one| one.get("rust-version"))
        }
        _ => rust,
    };
    leaves.extend(rust.and_then(Value::as_str).map(|rust| ("rust-version".to_owned(), rust.to_owned())));
}

/// What `clippy.toml` says: the one that a variable leads to, else the nearest.
fn clippy_toml(
    told: &Told,
    read: &BTreeMap<&str, Config>,
    folder: &str,
    leaves: &mut Leaves,
    places: &mut Vec<(String, String)>,
) {
    let named = |folder: &str| {
        NAMES.map(|name| found::joined(folder, name)).into_iter().find(|place| read.contains_key(place.as_str()))
    };
    let is_outside =
        |place: &&&str| place.starts_with(['/', '~']) && NAMES.iter().any(|name| place.ends_with(&format!("/{name}")));
    let nearest = || {
        let inside = std::iter::successors(Some(folder), |folder| {
            (!folder.is_empty()).then(|| folder.rsplit_once('/').map_or("", |(up, _)| up))
        });
        let outside = || read.keys().filter(is_outside).max_by_key(|place| place.matches('/').count());
        inside.into_iter().find_map(named).or_else(|| outside().map(|place| (*place).to_owned()))
    };
    let place = told.one("conf").map_or_else(nearest, |folder| named(&told.place(folder)));
    if let Some(place) = &place {
        let config = &read[place.as_str()];
        places.extend(config.lines.iter().map(|(key, line)| (format!("clippy.toml.{key}"), format!("{place}:{line}"))));
        leaves.extend(config.leaves().into_iter().map(|(key, value)| (format!("clippy.toml.{key}"), value)));
    }
    leaves.insert("clippy.toml".to_owned(), place.unwrap_or_else(|| "none".to_owned()));
}

/// The flags about lints that come from elsewhere. A variable takes the place of what cargo's configuration says, even where
/// it has nothing about lints.
fn flags(fact: &mut GateFact, told: &Told, read: &BTreeMap<&str, Config>) {
    let mut flagged = false;
    for (place, config) in read.iter().filter(|(place, _)| place.contains(".cargo/") || place.ends_with("/config.toml"))
    {
        let build =
            [("build.rustflags".to_owned(), config.value.get("build").and_then(|build| build.get("rustflags")))];
        let targets = config.value.get("target").and_then(Value::as_object).into_iter().flatten();
        let targets = targets.map(|(name, target)| (format!("target.{name}.rustflags"), target.get("rustflags")));
        for (key, value) in build.into_iter().chain(targets) {
            let words: Vec<String> = match value {
                Some(Value::String(flags)) => flags.split_whitespace().map(str::to_owned).collect(),
                Some(Value::Array(flags)) => flags.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                _ => continue,
            };
            let lints = lint_flags(&words);
            if !lints.is_empty() {
                flagged = true;
                let line = config.lines.get(&key).copied().unwrap_or(1);
                fact.decide(&key, format!("{place}:{line}"));
                fact.leaf(key, lints);
            }
        }
        for (name, alias) in config.value.get("alias").and_then(Value::as_object).into_iter().flatten() {
            let words = match alias {
                Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
                other => other.as_str().unwrap_or_default().to_owned(),
            };
            if words.contains("clippy") {
                fact.leaf(format!("alias.{name}"), words);
            }
        }
    }
    for name in ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CLIPPY_ARGS"] {
        let Some(value) = told.variable(name) else { continue };
        let split = |c: char| c.is_whitespace() || c == '\u{1f}';
        let separator = value.replace("__CLIPPY_HACKERY__", " ");
        let words: Vec<String> = separator.split(split).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let lints = lint_flags(&words);
        if flagged || !lints.is_empty() {
            fact.leaf(name, if lints.is_empty() { "no lints".to_owned() } else { lints });
        }
    }
}

/// Those of rustc's flags that are about lints, each in one way of writing it.
fn lint_flags(words: &[String]) -> String {
    const FLAGS: [(&str, &str); 6] = [
        ("-D", "--deny"),
        ("-W", "--warn"),
        ("-A", "--allow"),
        ("-F", "--forbid"),
        ("--force-warn", "--force-warn"),
        ("--cap-lints", "--cap-lints"),
    ];
    let (mut flags, mut words) = (Vec::new(), words.iter());
    while let Some(word) = words.next() {
        for (short, long) in FLAGS {
            let value = match word.strip_prefix(long) {
                Some("") => words.next().cloned(),
                Some(rest) => rest.strip_prefix('=').map(str::to_owned),
                None if word == short => words.next().cloned(),
                None => word.strip_prefix(short).map(str::to_owned),
            };
            if let Some(value) = value {
                flags.push(format!("{short} {value}"));
                break;
            }
        }
    }
    flags.join(" ")
}

/// A lint at a level, as an inner attribute sets it.
#[derive(Debug, PartialEq)]
struct Attribute {
    leaf: String,
    level: String,
    line: usize,
}

/// The lints in the numbered lines of a crate root's inner attributes.
fn inner_attributes(body: &str) -> Vec<Attribute> {
    let mut attributes = Vec::new();
    let (mut text, mut first) = (String::new(), 0);
    for line in body.lines() {
        let Some((number, line)) = line.split_once(' ') else { continue };
        if line.starts_with("#![") {
            text.clear();
            first = number.parse().unwrap_or(first);
        }
        text.push_str(line.split("//").next().unwrap_or(line).trim());
        if let Some(inner) = text.strip_prefix("#![").and_then(|rest| rest.rsplit_once(']')).map(|(inner, _)| inner) {
            lints_of(inner.trim(), "", first, &mut attributes);
            text.clear();
        }
    }
    attributes
}

fn lints_of(attribute: &str, condition: &str, line: usize, attributes: &mut Vec<Attribute>) {
    let Some((word, inner)) = attribute.split_once('(').map(|(word, rest)| (word.trim(), rest.trim_end_matches(')')))
    else {
        return;
    };
    match word {
        "allow" | "warn" | "deny" | "forbid" | "expect" => {
            for lint in inner.split(',').map(str::trim).filter(|lint| !lint.is_empty() && !lint.contains('=')) {
                let lint = lint
                    .split_once("::")
                    .map_or_else(|| format!("rust.{lint}"), |(tool, lint)| format!("{tool}.{lint}"));
                attributes.push(Attribute { leaf: format!("lints.{lint}{condition}"), level: word.to_owned(), line });
            }
        }
        "cfg_attr" => {
            let parts = at_commas(inner);
            let Some((condition, parts)) = parts.split_first() else { return };
            parts.iter().for_each(|part| lints_of(part, &format!(" where {condition}"), line, attributes));
        }
        _ => {}
    }
}

/// The parts between those commas that stand in no parentheses. The last closing ones may be missing.
fn at_commas(text: &str) -> Vec<String> {
    let (mut parts, mut part, mut depth) = (Vec::new(), String::new(), 0);
    for c in text.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if c == ',' && depth == 0 {
            parts.push(std::mem::take(&mut part).trim().to_owned());
        } else {
            part.push(c);
        }
    }
    parts.push(part.trim().to_owned());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(told: &str, samples: &[&str]) -> Result<GateFact, Why> {
        found::tests::read(&GATE, "/home/jane/shop", told, samples)
    }

    const VERSION: &str =
        "=from PATH\n=path /usr/bin/cargo-clippy\n=version\n|clippy 0.1.95 (59807616e1 2026-04-14)\n|\n|0\n";

    fn file(name: &str, lines: &[&str]) -> String {
        let lines: String = lines.iter().map(|line| format!("|{line}\n")).collect();
        format!("=there {name}\n=file {name}\n{lines}")
    }

    #[test]
    fn levels_come_from_the_workspace_the_manifest_and_the_crates_root() {
        let told = file(
            "./Cargo.toml",
            &[
                "[workspace]",
                "[workspace.lints.clippy]",
                "unwrap_used = \"deny\"",
                "all = { level = \"warn\", priority = -1 }",
            ],
        ) + &file(
            "./a/Cargo.toml",
            &["[package]", "rust-version = \"1.80\"", "[lints]", "workspace = true"],
        ) + &file("./b/Cargo.toml", &["[package]", "[lints.rust]", "unsafe_code = \"forbid\""])
            + "=attributes ./a/src/lib.rs\n|1 #![deny(clippy::unwrap_used, missing_docs)] // why\n|3 #![allow(\n|4     clippy::panic, // so\n\
               |5     reason = \"tests\"\n|6 )]\n|8 #![cfg_attr(all(test, unix), allow(clippy::todo, unused))]\n|9 #![no_std]\n";
        let fact = fact(&format!("{told}{VERSION}"), &["a/src/lib.rs", "a/src/x/y.rs", "b/src/main.rs"]).unwrap();
        assert_eq!(fact.does, "is clippy 0.1.95");
        let (a, b) = (&fact.files["a/Cargo.toml"], &fact.files["b/Cargo.toml"]);
        for (leaf, level) in [
            ("lints.clippy.all", "warn, priority -1"),
            ("lints.clippy.unwrap_used", "deny"),
            ("lints.rust.missing_docs", "deny"),
            ("lints.clippy.panic", "allow"),
            ("lints.clippy.todo where all(test, unix)", "allow"),
            ("lints.rust.unused where all(test, unix)", "allow"),
            ("rust-version", "1.80"),
        ] {
            assert_eq!(a.get(leaf).map(String::as_str), Some(level), "{leaf} in {a:?}");
        }
        assert_eq!(b["lints.rust.unsafe_code"], "forbid");
        assert!(!b.contains_key("lints.clippy.all"));
        assert_eq!(fact.decided["lints.clippy.panic"], "a/src/lib.rs:3");
        assert_eq!(fact.decided["lints.rust.unsafe_code"], "b/Cargo.toml:3");
    }

    #[test]
    fn the_nearest_clippy_toml_decides_unless_a_variable_leads_elsewhere() {
        let told = file("./Cargo.toml", &["[package]"])
            + &file("./clippy.toml", &["msrv = \"1.70\""])
            + &file("./lint/clippy.toml", &["msrv = \"1.60\""]);
        let near = fact(&format!("{told}{VERSION}"), &["src/lib.rs"]).unwrap();
        assert_eq!(
            (near.leaves["clippy.toml"].as_str(), near.leaves["clippy.toml.msrv"].as_str()),
            ("clippy.toml", "1.70")
        );
        let led = fact(&format!("{told}=conf ./lint\n=missing\n"), &["src/lib.rs"]).unwrap();
        assert_eq!(led.leaves["clippy.toml.msrv"], "1.60");
        assert_eq!(led.does, "is asked for and not installed");
    }

    #[test]
    fn flags_count_as_far_as_they_are_about_lints() {
        let told = file(
            "./.cargo/config.toml",
            &[
                "[build]",
                "rustflags = [\"-Dwarnings\", \"-C\", \"link-arg=-fuse-ld=mold\", \"--warn\", \"unused\"]",
                "[alias]",
                "lint = \"clippy -- -D warnings\"",
            ],
        );
        let config = fact(&format!("{told}{VERSION}"), &[]).unwrap();
        assert_eq!(config.leaves["build.rustflags"], "-D warnings -W unused");
        assert_eq!(config.leaves["alias.lint"], "clippy -- -D warnings");
        assert_eq!(config.decided["build.rustflags"], ".cargo/config.toml:2");
        let over = fact(&format!("{told}=variable RUSTFLAGS\n|-C target-cpu=native\n{VERSION}"), &[]).unwrap();
        assert_eq!(over.leaves["RUSTFLAGS"], "no lints");
        let alone = fact(&format!("=variable RUSTFLAGS\n|-C target-cpu=native\n{VERSION}"), &[]).unwrap();
        assert_eq!(alone.leaves.get("RUSTFLAGS"), None);
    }

    #[test]
    fn what_does_not_parse_is_unknown_with_its_line() {
        let why = fact(&(file("./Cargo.toml", &["[package]", "name"]) + VERSION), &["a.rs"]).unwrap_err().to_string();
        assert!(why.contains("Cargo.toml:2"), "{why}");
    }
}
