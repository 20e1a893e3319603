//! What golangci-lint would apply: the first of its configurations that it finds from the folder of the sources upwards, else
//! in the home (<https://golangci-lint.run/docs/configuration/file/>). Asking it would have it write a cache, so its
//! rules for what is enabled are applied here: those of version 1, and those of version 2, which a file names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::config::Config;
use super::found;
use super::leaves::flatten;
use super::told::Told;
use super::{Asked, Gate};
use crate::observe::Answer;
use crate::spec::{GateFact, Leaves, Why};
use crate::transport::quote;

pub(super) const GATE: Gate =
    Gate { name: "golangci-lint", doc: "golangci-lint's linters and their settings", script, read };

/// In a folder, in the order in which it tries them.
const NAMES: [&str; 4] = [".golangci.json", ".golangci.toml", ".golangci.yaml", ".golangci.yml"];

/// What is enabled where nothing is said.
const STANDARD_1: [&str; 6] = ["errcheck", "gosimple", "govet", "ineffassign", "staticcheck", "unused"];
const STANDARD_2: [&str; 5] = ["errcheck", "govet", "ineffassign", "staticcheck", "unused"];

fn script(asked: &Asked<'_>) -> String {
    let folders = found::by_folder(asked.with_extension(&["go"]));
    if folders.is_empty() {
        return format!("return {}\n", super::NOT_USED);
    }
    let configs = found::candidates(folders.keys().map(String::as_str), &NAMES);
    let configs = quote::words(configs.iter().map(String::as_str));
    found::functions(include_str!("golangci.sh"))
        + &format!(
            "tu_golangci_used {configs} || return {}\ntu_places\ntu_files {configs} || return\ntu_above '{names}' || return\n\
             for tu_one in {names}; do tu_files ~/\"$tu_one\" || return; done\n\
             tu_hush\ntu_nothing_new\nif tu_inside golangci-lint; then tu_hear version \"$tu_path\" --version; fi\n",
            super::NOT_USED,
            names = NAMES.join(" ")
        )
}

fn read(asked: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    let told = Told::read(answer)?;
    let version = found::version(&told, "golangci-lint")?;
    let mut fact = version
        .as_ref()
        .map_or_else(|| found::asked_for("golangci-lint"), |version| found::of_tool(&told, "golangci-lint", version));
    let mut read: BTreeMap<&str, (Leaves, Config)> = BTreeMap::new();
    for (place, text) in &told.files {
        let config = if place.ends_with(".toml") { Config::toml(place, text)? } else { Config::yaml(place, text)? };
        read.insert(place, (leaves(&config.value, version.as_deref()), config));
    }
    let mut outside: Vec<&str> = read.keys().copied().filter(|place| place.starts_with(['/', '~'])).collect();
    // Of the folders around the repository the nearest, and the home behind them.
    outside.sort_by_key(|place| {
        let at_home = place.strip_prefix("~/").is_some_and(|name| !name.contains('/'));
        let name = NAMES.iter().position(|name| place.ends_with(name));
        (at_home, std::cmp::Reverse(place.matches('/').count()), name)
    });
    let mut of_files = Vec::new();
    for file in asked.with_extension(&["go"]) {
        let inside = found::upward(file)
            .flat_map(|folder| NAMES.iter().map(move |name| found::joined(folder, name)))
            .find(|place| read.contains_key(place.as_str()));
        let place = inside.or_else(|| outside.first().map(|place| (*place).to_owned()));
        let mut leaves = match &place {
            Some(place) => read[place.as_str()].0.clone(),
            None => leaves(&Value::Null, version.as_deref()),
        };
        leaves.insert("configuration".to_owned(), place.unwrap_or_else(|| "none".to_owned()));
        of_files.push((file.to_owned(), leaves));
    }
    fact.of_files(of_files);
    found::decide_by_file(&mut fact, |place, leaf| {
        let lines = &read.get(place)?.1.lines;
        match leaf.strip_prefix("linters.").filter(|name| !name.contains('.')) {
            Some(_) => ["linters.enable", "linters.disable", "linters"].iter().find_map(|key| lines.get(*key)),
            None => lines.get(leaf),
        }
        .copied()
    });
    Ok(fact)
}

/// Names in a list.
fn names<'a>(value: &'a Value, key: &str) -> BTreeSet<&'a str> {
    value.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What a configuration amounts to: each linter that is enabled, and all settings behind that. A file without a version is
/// read by the rules of the golangci-lint that is there.
fn leaves(config: &Value, version: Option<&str>) -> Leaves {
    let mut leaves = Leaves::new();
    let linters = config.get("linters").unwrap_or(&Value::Null);
    let second = match config.get("version") {
        Some(Value::String(text)) => text.starts_with('2'),
        Some(Value::Number(number)) => number.as_u64() == Some(2),
        _ => version.is_some_and(|version| !version.starts_with("1.")),
    };
    let is = |key: &str| linters.get(key).and_then(Value::as_bool).unwrap_or(false);
    let start = match (second, linters.get("default").and_then(Value::as_str)) {
        (true, Some("none")) => Vec::new(),
        (true, Some(of @ ("all" | "fast"))) => vec![of],
        (true, _) => STANDARD_2.to_vec(),
        (false, _) if is("disable-all") => Vec::new(),
        (false, _) if is("enable-all") => vec!["all"],
        (false, _) => STANDARD_1.to_vec(),
    };
    let all = start == ["all"] || start == ["fast"];
    let mut enabled: BTreeMap<String, &str> = BTreeMap::new();
    for name in start {
        enabled.insert(if all { format!("({name})") } else { name.to_owned() }, "on");
    }
    enabled.extend(names(linters, "enable").into_iter().map(|name| (name.to_owned(), "on")));
    for name in names(linters, "disable") {
        if all {
            enabled.insert(name.to_owned(), "disabled");
        } else {
            enabled.remove(name);
        }
    }
    leaves.extend(enabled.into_iter().map(|(name, state)| (format!("linters.{name}"), state.to_owned())));
    let said: BTreeSet<&str> = BTreeSet::from(["enable", "disable", "default", "enable-all", "disable-all"]);
    for (key, value) in config.as_object().into_iter().flatten() {
        match key.as_str() {
            "linters" => {
                let others = value.as_object().into_iter().flatten().filter(|(key, _)| !said.contains(key.as_str()));
                others.for_each(|(key, value)| flatten(&format!("linters.{key}"), &ordered(value), &mut leaves));
            }
            "formatters" => {
                for name in names(value, "enable") {
                    leaves.insert(format!("formatters.{name}"), "on".to_owned());
                }
                let others = value.as_object().into_iter().flatten().filter(|(key, _)| *key != "enable");
                others.for_each(|(key, value)| flatten(&format!("formatters.{key}"), &ordered(value), &mut leaves));
            }
            // How results are shown decides nothing.
            "output" => {}
            _ => flatten(key, &ordered(value), &mut leaves),
        }
    }
    leaves
}

/// Lists of words in one order: golangci-lint takes them as sets.
fn ordered(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(ordered).collect();
            items.sort_by_key(ToString::to_string);
            Value::Array(items)
        }
        Value::Object(table) => Value::Object(table.iter().map(|(key, value)| (key.clone(), ordered(value))).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(told: &str, samples: &[&str]) -> Result<GateFact, Why> {
        found::tests::read(&GATE, "/home/jane/shop", told, samples)
    }

    fn on(leaves: &Leaves) -> Vec<&str> {
        leaves.iter().filter(|(_, value)| *value == "on").map(|(name, _)| name.as_str()).collect()
    }

    const VERSION_1: &str = "=from PATH\n=path /home/jane/go/bin/golangci-lint\n=version\n\
        |golangci-lint has version 1.62.2 built with go1.23.3 from 89476e7a on 2024-11-25T14:16:01Z\n|\n|0\n";

    #[test]
    fn version_1_enables_by_its_own_rules() {
        let file = "=there ./.golangci.yml\n=file ./.golangci.yml\n|linters:\n|  enable: [revive, gosec]\n|  disable:\n|    - unused\n\
                    |linters-settings:\n|  revive:\n|    severity: error\n|run:\n|  timeout: 5m\n";
        let fact = fact(&format!("{file}{VERSION_1}"), &["a.go"]).unwrap();
        assert_eq!(fact.does, "is golangci-lint 1.62.2");
        let expected = ["errcheck", "gosec", "gosimple", "govet", "ineffassign", "revive", "staticcheck"];
        assert_eq!(on(&fact.leaves), expected.map(|name| format!("linters.{name}")));
        assert_eq!(fact.leaves["linters-settings.revive.severity"], "error");
        assert_eq!(fact.decided["linters-settings.revive.severity"], ".golangci.yml:7");
        assert_eq!(fact.decided["linters.gosec"], ".golangci.yml:2");
    }

    #[test]
    fn version_2_enables_by_its_own_rules() {
        let toml = Config::toml("", "version = \"2\"\n[linters]\ndefault = \"none\"\nenable = [\"govet\"]\n[formatters]\nenable = [\"gofmt\"]\n").unwrap();
        assert_eq!(on(&leaves(&toml.value, Some("1.62.2"))), ["formatters.gofmt", "linters.govet"]);
        let all = Config::yaml("", "version: \"2\"\nlinters:\n  default: all\n  disable: [wsl]\n").unwrap();
        let all = leaves(&all.value, None);
        assert_eq!((all["linters.(all)"].as_str(), all["linters.wsl"].as_str()), ("on", "disabled"));
        assert_eq!(on(&leaves(&Value::Null, Some("2.1.0"))).len(), STANDARD_2.len());
    }

    #[test]
    fn order_and_comments_are_nothing() {
        let one = Config::yaml("", "linters:\n  enable: [a, b]\nissues:\n  exclude-dirs: [x, y]\n").unwrap();
        let other = Config::yaml(
            "",
            "# why\nissues:\n  exclude-dirs:\n    - y\n    - x\nlinters:\n  enable:\n    - b # so\n    - a\n",
        )
        .unwrap();
        assert_eq!(leaves(&one.value, None), leaves(&other.value, None));
    }

    #[test]
    fn the_nearest_configuration_decides_and_json_comes_first_in_a_folder() {
        let files = "=there ./.golangci.json\n=there ./.golangci.yml\n=there ./cmd/.golangci.toml\n=file ./.golangci.json\n|{\"linters\": {\"enable\": [\"a\"]}}\n\
                     =file ./.golangci.yml\n|run: {}\n=file ./cmd/.golangci.toml\n|[linters]\n|disable-all = true\n=missing\n";
        let fact = fact(files, &["a.go", "cmd/b.go"]).unwrap();
        assert_eq!(fact.does, "is asked for and not installed");
        assert_eq!(fact.files["a.go"]["configuration"], ".golangci.json");
        assert_eq!(fact.files["cmd/b.go"]["configuration"], "cmd/.golangci.toml");
        assert_eq!(on(&fact.files["cmd/b.go"]), Vec::<&str>::new());
    }

    #[test]
    fn what_does_not_parse_is_unknown_with_its_line() {
        let why = fact("=there ./.golangci.yml\n=file ./.golangci.yml\n|run:\n|  a: [\n=missing\n", &[]).unwrap_err();
        assert!(why.to_string().contains(".golangci.yml:"), "{why}");
    }
}
