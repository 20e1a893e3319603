//! What the formats in TOML share: reading a document that knows its lines.

use toml_edit::{Document, Item, Key, Value};

use super::Source;

/// The document; the error is its parser's first line.
pub(super) fn document<'a>(source: &Source<'a>) -> Result<Document<&'a str>, String> {
    Document::parse(source.text).map_err(|error| {
        let message = error.message().lines().next().unwrap_or("it cannot be parsed").to_owned();
        let line = error.span().map(|span| format!(" in line {}", source.line_at(span.start)));
        format!("it is not TOML: {message}{}", line.unwrap_or_default())
    })
}

/// The line of a key or, where it is not known, of what stands behind it.
pub(super) fn line(source: &Source<'_>, key: &Key, item: &Item) -> usize {
    key.span().or_else(|| item.span()).map_or(1, |span| source.line_at(span.start))
}

/// A string, or a number as it is written: `20` and `3.10` are versions that somebody forgot to quote.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.value().clone()),
        Value::Integer(number) => Some(number.value().to_string()),
        Value::Float(number) => Some(number.value().to_string()),
        Value::Boolean(_) | Value::Datetime(_) | Value::Array(_) | Value::InlineTable(_) => None,
    }
}
