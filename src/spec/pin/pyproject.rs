//! `pyproject.toml`: `requires-python` of `[project]`, and what `[tool.uv]` asks of uv itself.
//!
//! Format: <https://packaging.python.org/en/latest/specifications/pyproject-toml/>.

use toml_edit::{Item, TableLike};

use super::toml::{document, line, text};
use super::{Pin, Source, Wants};

pub(super) fn parse(source: &Source<'_>) -> Result<Vec<Pin>, String> {
    let document = document(source)?;
    let uv = document.get("tool").and_then(Item::as_table_like).and_then(|tool| tool.get("uv"));
    let places = [
        ("python", document.get("project").and_then(Item::as_table_like), "requires-python"),
        ("uv", uv.and_then(Item::as_table_like), "required-version"),
    ];
    Ok(places.into_iter().filter_map(|(tool, table, key)| pin(source, tool, table?, key)).collect())
}

fn pin(source: &Source<'_>, tool: &str, table: &dyn TableLike, key: &str) -> Option<Pin> {
    let (key, item) = table.get_key_value(key)?;
    let number = line(source, key, item);
    Some(match item.as_value().and_then(text) {
        Some(range) => source.pin(tool, Wants::pep440(&range), range.trim(), number),
        None => {
            let written = item.to_string();
            source.pin(tool, Wants::NotUnderstood("is not a text".to_owned()), written.trim(), number)
        }
    })
}
