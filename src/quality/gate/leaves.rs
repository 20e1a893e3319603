//! JSON into leaves.

use serde_json::Value;

use crate::spec::Leaves;

/// Adds what a value holds, each under its path from `prefix`, names joined by dots. A list is one leaf, as is a table that
/// holds nothing.
pub(super) fn flatten(prefix: &str, value: &Value, leaves: &mut Leaves) {
    match value {
        Value::Object(table) if !table.is_empty() => {
            for (name, value) in table {
                let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(&path, value, leaves);
            }
        }
        Value::String(text) => drop(leaves.insert(prefix.to_owned(), text.clone())),
        other => drop(leaves.insert(prefix.to_owned(), other.to_string())),
    }
}
