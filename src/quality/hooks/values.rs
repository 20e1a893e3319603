//! Looking into the configuration files of hook managers.

use crate::spec::{GateFact, Value};

/// What stands under a key of a table.
pub(super) fn get<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Table(table) => table.get(key),
        _ => None,
    }
}

/// A text as it is.
pub(super) fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// The texts of a list, or the one that stands in its place.
pub(super) fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::List(values)) => values.iter().filter_map(text_of).collect(),
        Some(Value::Text(text)) => vec![text],
        _ => Vec::new(),
    }
}

/// The values of a list.
pub(super) fn list(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::List(values)) => values,
        _ => &[],
    }
}

/// A value as a leaf shows it.
pub(super) fn shown(value: &Value) -> String {
    text_of(value).map_or_else(|| value.canonical(), str::to_owned)
}

/// A leaf for each value below a name.
pub(super) fn leaves(name: &str, value: &Value, fact: &mut GateFact) {
    each(name, value, |name, value| fact.leaf(name, value));
}

/// A leaf for each value below a key of something that has a name.
pub(super) fn parts(owner: &str, key: &str, value: &Value, fact: &mut GateFact) {
    each(key, value, |key, value| fact.part(owner, key, value));
}

fn each(name: &str, value: &Value, mut tell: impl FnMut(&str, String)) {
    match value {
        Value::Table(_) => {
            for (path, value) in value.leaves() {
                tell(&format!("{name}.{}", path.join(".")), shown(value));
            }
        }
        value => tell(name, shown(value)),
    }
}
