//! `mise.lock`: the versions that mise chose, a list of tables a tool; older ones have one table.
//!
//! Beside `version` stand the backend, checksums and platforms, these as tables or as quoted keys
//! (`"platforms.linux-x64"`); they pin nothing more. Format: <https://mise.jdx.dev/dev-tools/mise-lock-reference.html>.

use toml_edit::{Item, TableLike, Value};

use super::toml::{document, line, text};
use super::{Pin, Source, Wants, mise};

pub(super) fn parse(source: &Source<'_>) -> Result<Vec<Pin>, String> {
    let document = document(source)?;
    let Some(tools) = document.get("tools") else { return Ok(Vec::new()) };
    let tools = tools.as_table_like().ok_or_else(|| "its `tools` is not a table".to_owned())?;
    let mut pins = Vec::new();
    for (name, item) in tools.iter() {
        let tables: Vec<&dyn TableLike> = match item {
            Item::ArrayOfTables(several) => several.iter().map(|table| table as &dyn TableLike).collect(),
            Item::Value(Value::Array(several)) => several
                .iter()
                .filter_map(|value| value.as_inline_table().map(|table| table as &dyn TableLike))
                .collect(),
            _ => item.as_table_like().into_iter().collect(),
        };
        let tool = mise::tool(name);
        let number = tools.get_key_value(name).map_or(1, |(key, item)| line(source, key, item));
        let mut versions: Vec<(String, usize)> = Vec::new();
        for table in tables {
            let Some((key, version)) = table.get_key_value("version") else { continue };
            if let Some(text) = version.as_value().and_then(text) {
                versions.push((text, line(source, key, version)));
            }
        }
        let exact = |version: &str| match Wants::word(&tool, version) {
            // A lock names versions in full, however short they are.
            Wants::Prefix(version) => Wants::Exact(version),
            wants => wants,
        };
        pins.push(match versions.as_slice() {
            [] => source.pin(&tool, Wants::NotUnderstood("names no version".to_owned()), "", number),
            [(version, number)] => source.pin(&tool, exact(version), version, *number),
            several => {
                let written = several.iter().map(|(version, _)| version.as_str()).collect::<Vec<_>>().join(" ");
                let wants = several.iter().map(|(version, _)| exact(version)).collect();
                source.pin(&tool, Wants::Several(wants), &written, several[0].1)
            }
        });
    }
    Ok(pins)
}
