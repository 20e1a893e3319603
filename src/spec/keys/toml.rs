//! TOML.

use std::collections::BTreeMap;

use toml_edit::{Document, Item, TableLike};

use super::{Malformed, Value};

pub(super) fn parse(text: &str) -> Result<Value, Malformed> {
    let document = Document::parse(text).map_err(|error| {
        let line = error.span().map(|span| super::line_of(text, span.start));
        Malformed { line, message: error.message().to_owned() }
    })?;
    Ok(table(document.as_table()))
}

fn table(table: &dyn TableLike) -> Value {
    Value::Table(table.iter().map(|(key, item)| (key.to_owned(), of_item(item))).collect::<BTreeMap<_, _>>())
}

fn of_item(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Value(inner) => value(inner),
        Item::Table(inner) => table(inner),
        Item::ArrayOfTables(tables) => Value::List(tables.iter().map(|one| table(one)).collect()),
    }
}

fn value(one: &toml_edit::Value) -> Value {
    match one {
        toml_edit::Value::String(text) => Value::Text(text.value().clone()),
        toml_edit::Value::Integer(number) => Value::number(&number.value().to_string()),
        toml_edit::Value::Float(number) => Value::number(&number.value().to_string()),
        toml_edit::Value::Boolean(truth) => Value::Bool(*truth.value()),
        toml_edit::Value::Datetime(date) => Value::Other("date", date.value().to_string()),
        toml_edit::Value::Array(array) => Value::List(array.iter().map(value).collect()),
        toml_edit::Value::InlineTable(inner) => table(inner),
    }
}
