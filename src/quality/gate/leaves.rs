//! JSON into leaves.

use serde_json::Value;

use crate::spec::Leaves;

/// Adds what a value holds, each under its path from `prefix`, names joined by dots. A list is one leaf; a table that holds
/// nothing, and null, are none.
pub(super) fn flatten(prefix: &str, value: &Value, leaves: &mut Leaves) {
    match value {
        Value::Null => {}
        Value::Object(table) => {
            for (name, value) in table {
                let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(&path, value, leaves);
            }
        }
        Value::String(text) => drop(leaves.insert(prefix.to_owned(), text.clone())),
        other => drop(leaves.insert(prefix.to_owned(), other.to_string())),
    }
}

/// Adds a rule: its severity, and its options where it has any. A rule that is off is none, as one that nobody set.
pub(super) fn rule(name: &str, severity: &Value, options: &[Value], leaves: &mut Leaves) {
    let severity = match severity {
        Value::Number(number) if number.as_u64() == Some(0) => return,
        Value::Number(number) if number.as_u64() == Some(1) => "warn".to_owned(),
        Value::Number(number) if number.as_u64() == Some(2) => "error".to_owned(),
        Value::String(word) if word == "off" || word == "none" => return,
        Value::String(word) => word.clone(),
        other => other.to_string(),
    };
    leaves.insert(format!("rules.{name}"), severity);
    let holds_nothing = |option: &Value| option.as_object().is_some_and(serde_json::Map::is_empty);
    let end = options.iter().rposition(|option| !holds_nothing(option)).map_or(0, |last| last + 1);
    if end > 0 {
        leaves.insert(format!("rules.{name}.options"), Value::Array(options[..end].to_vec()).to_string());
    }
}
