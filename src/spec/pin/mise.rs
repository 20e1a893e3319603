//! `mise.toml` and its other names: the tools in `[tools]`, and the mise itself that `min_version` asks for.
//!
//! Format: <https://mise.jdx.dev/configuration.html>. `[env]`, `[tasks]`, `[settings]` and the like pin nothing. The
//! files of mise environments (`mise.<env>.toml`) apply only where one is chosen and are not read.

use toml_edit::{InlineTable, Item, Table, Value};

use super::toml::{document, line, text};
use super::{Pin, Source, Wants, canonical};
use crate::spec::pin::Range;

/// The files of a project, as mise looks for them.
pub(super) const FILES: &[&str] = &[
    "mise.toml",
    "mise.local.toml",
    ".mise.toml",
    ".mise.local.toml",
    "mise/config.toml",
    "mise/config.local.toml",
    ".mise/config.toml",
    ".mise/config.local.toml",
    ".config/mise.toml",
    ".config/mise.local.toml",
    ".config/mise/config.toml",
    ".config/mise/config.local.toml",
    ".config/mise/mise.toml",
];

/// The folder whose `.toml` files mise reads too.
pub(super) const DROP_INS: &str = ".config/mise/conf.d/";

pub(super) fn parse(source: &Source<'_>) -> Result<Vec<Pin>, String> {
    let document = document(source)?;
    let mut pins = Vec::new();
    if let Some((key, item)) = document.get_key_value("min_version") {
        let number = line(source, key, item);
        pins.push(match item.as_value().and_then(text) {
            Some(version) => source.pin("mise", Wants::Range(Range::AtLeast(version.clone())), &version, number),
            None => source.pin("mise", unknown("is not a version"), item.to_string().trim(), number),
        });
    }
    let Some(tools) = document.get("tools") else { return Ok(pins) };
    let tools = tools.as_table_like().ok_or_else(|| "its `tools` is not a table".to_owned())?;
    for (name, item) in tools.iter() {
        let number = tools.get_key_value(name).map_or(1, |(key, item)| line(source, key, item));
        let tool = tool(name);
        let mut asked: Vec<(Wants, String)> = match item {
            Item::Value(Value::Array(several)) => several.iter().map(|value| of_value(&tool, value)).collect(),
            Item::Value(value) => vec![of_value(&tool, value)],
            Item::Table(table) => vec![of_table(&tool, table)],
            Item::ArrayOfTables(several) => several.iter().map(|table| of_table(&tool, table)).collect(),
            Item::None => Vec::new(),
        };
        let written = asked.iter().map(|(_, written)| written.as_str()).collect::<Vec<_>>().join(" ");
        let wants = match asked.len() {
            0 => unknown("names no version"),
            1 => asked.remove(0).0,
            _ => Wants::Several(asked.into_iter().map(|(wants, _)| wants).collect()),
        };
        pins.push(source.pin(&tool, wants, &written, number));
    }
    Ok(pins)
}

/// Options behind a backend's name (`ubi:cli/cli[exe=gh]`) are no part of it.
pub(super) fn tool(name: &str) -> String {
    canonical(name.split_once('[').map_or(name, |(name, _)| name))
}

fn unknown(why: &str) -> Wants {
    Wants::NotUnderstood(why.to_owned())
}

fn of_value(tool: &str, value: &Value) -> (Wants, String) {
    match value {
        Value::InlineTable(table) => of_inline(tool, table),
        _ => match text(value) {
            Some(version) => (word(tool, &version), version),
            None => (unknown("is not a version"), value.to_string().trim().to_owned()),
        },
    }
}

/// The keys of a tool's table that stand for a version.
const WAYS: [&str; 8] = ["version", "prefix", "ref", "tag", "branch", "rev", "path", "sub"];

fn of_inline(tool: &str, table: &InlineTable) -> (Wants, String) {
    on(table.get("os"), of_ways(tool, |way| table.get(way).and_then(text)))
}

fn of_table(tool: &str, table: &Table) -> (Wants, String) {
    let value = |key: &str| table.get(key).and_then(Item::as_value);
    on(value("os"), of_ways(tool, |way| value(way).and_then(text)))
}

/// What is asked on some systems alone: `os = ["linux", "macos/arm64"]`.
fn on(os: Option<&Value>, (wants, written): (Wants, String)) -> (Wants, String) {
    let Some(os) = os else { return (wants, written) };
    let systems: Option<Vec<String>> = match os {
        Value::Array(several) => several.iter().map(|one| one.as_str().map(str::to_owned)).collect(),
        one => one.as_str().map(|one| vec![one.to_owned()]),
    };
    let Some(systems) = systems.filter(|systems| !systems.is_empty()) else {
        return (unknown("names systems in a way that is not understood"), written);
    };
    let written = format!("{written} on {}", systems.join(", "));
    (Wants::On { systems, wants: Box::new(wants) }, written)
}

fn of_ways(tool: &str, get: impl Fn(&str) -> Option<String>) -> (Wants, String) {
    match WAYS.iter().find_map(|way| Some((*way, get(way)?))) {
        Some(("version", version)) => (word(tool, &version), version),
        Some((way, value)) => {
            let written = format!("{way}:{value}");
            (word(tool, &written), written)
        }
        None => (unknown("names no version"), String::new()),
    }
}

fn word(tool: &str, word: &str) -> Wants {
    if word.trim().is_empty() { unknown("is empty") } else { Wants::word(tool, word.trim()) }
}
