//! Configuration files as values, each with the line that it stands in: TOML, YAML and the INI that Python reads.
//!
//! Comments, the order of keys and how a value is written are gone. A file that does not parse is an error with its line.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use toml_edit::{Document, Item, TableLike};

use super::leaves::flatten;
use crate::spec::{Leaves, Why};

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Config {
    /// All of it.
    pub(super) value: Value,
    /// The lines of its keys, by their names joined by dots.
    pub(super) lines: BTreeMap<String, usize>,
}

fn malformed(place: &str, line: Option<usize>, message: &str) -> Why {
    let line = line.map(|line| format!(":{line}")).unwrap_or_default();
    Why::NotUnderstood(format!("{place}{line}: {}", message.lines().next().unwrap_or_default()))
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

impl Config {
    /// Reads TOML.
    pub(super) fn toml(place: &str, text: &str) -> Result<Self, Why> {
        let document = Document::parse(text)
            .map_err(|error| malformed(place, error.span().map(|span| line_at(text, span.start)), error.message()))?;
        let mut lines = BTreeMap::new();
        let value = of_table(document.as_table(), "", text, &mut lines);
        Ok(Self { value, lines })
    }

    /// Reads YAML of one document, and JSON, which is YAML too.
    pub(super) fn yaml(place: &str, text: &str) -> Result<Self, Why> {
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! { max_depth: 64, max_nodes: 200_000, max_documents: 1 },
            alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 200_000, max_replay_stack_depth: 64 },
            strict_booleans: true,
            with_snippet: false,
        };
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(Self { value: Value::Object(Map::new()), lines: BTreeMap::new() });
        }
        let value = serde_saphyr::from_str_with_options::<Value>(text, options).map_err(|error| {
            let line = error.location().and_then(|place| usize::try_from(place.line()).ok());
            malformed(place, line, &error.without_snippet().to_string())
        })?;
        let mut lines = BTreeMap::new();
        lines_of_yaml(&value, "", text, 0, &mut lines);
        Ok(Self { value, lines })
    }

    /// Reads INI as Python's `configparser` does: sections of keys, which are the same in any case, and values that go on
    /// in lines that are indented. What stands in a section's brackets is one name, whatever dots it holds.
    pub(super) fn ini(place: &str, text: &str) -> Result<Self, Why> {
        let mut sections: Map<String, Value> = Map::new();
        let mut lines = BTreeMap::new();
        let mut open: Option<(String, String, usize)> = None;
        for (number, line) in text.lines().enumerate().map(|(number, line)| (number + 1, line)) {
            let bare = line.trim();
            if bare.is_empty() || bare.starts_with(['#', ';']) {
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            if let Some((section, key, _)) = open.as_ref().filter(|(_, _, of_key)| indent > *of_key) {
                let entry = sections.get_mut(section).and_then(|keys| keys.get_mut(key));
                if let Some(Value::String(value)) = entry {
                    value.push_str(if value.is_empty() { "" } else { "\n" });
                    value.push_str(bare);
                }
                continue;
            }
            if let Some(name) = bare.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name) {
                sections.entry(name.to_owned()).or_insert_with(|| Value::Object(Map::new()));
                lines.insert(name.to_owned(), number);
                open = Some((name.to_owned(), String::new(), usize::MAX));
                continue;
            }
            let Some((section, ..)) = open.clone() else {
                return Err(malformed(place, Some(number), "there is a key before the first section"));
            };
            let at = bare.find(['=', ':']);
            let at =
                at.ok_or_else(|| malformed(place, Some(number), "it is neither a section nor a key with a value"))?;
            let key = bare[..at].trim().to_lowercase();
            if let Some(Value::Object(keys)) = sections.get_mut(&section) {
                keys.insert(key.clone(), Value::String(bare[at + 1..].trim().to_owned()));
            }
            lines.insert(format!("{section}.{key}"), number);
            open = Some((section, key, indent));
        }
        Ok(Self { value: Value::Object(sections), lines })
    }

    /// The table that stands under these names, and its lines by the names behind them.
    pub(super) fn below(&self, names: &[&str]) -> Option<Self> {
        let value = names.iter().try_fold(&self.value, |value, name| value.get(name))?.clone();
        let prefix = names.join(".") + ".";
        let lines = self.lines.iter();
        let lines = lines.filter_map(|(name, line)| Some((name.strip_prefix(&prefix)?.to_owned(), *line))).collect();
        Some(Self { value, lines })
    }

    /// What it says, leaf by leaf.
    pub(super) fn leaves(&self) -> Leaves {
        let mut leaves = Leaves::new();
        if self.value.as_object().is_none_or(|table| !table.is_empty()) {
            flatten("", &self.value, &mut leaves);
        }
        leaves
    }
}

fn of_table(table: &dyn TableLike, prefix: &str, text: &str, lines: &mut BTreeMap<String, usize>) -> Value {
    let mut values = Map::new();
    for (name, item) in table.iter() {
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        let span = table.get_key_value(name).and_then(|(key, item)| key.span().or_else(|| item.span()));
        if let Some(span) = span {
            lines.insert(path.clone(), line_at(text, span.start));
        }
        values.insert(name.to_owned(), of_item(item, &path, text, lines));
    }
    Value::Object(values)
}

fn of_item(item: &Item, path: &str, text: &str, lines: &mut BTreeMap<String, usize>) -> Value {
    if let Some(table) = item.as_table_like() {
        return of_table(table, path, text, lines);
    }
    match item {
        Item::ArrayOfTables(tables) => {
            Value::Array(tables.iter().map(|table| of_table(table, path, text, lines)).collect())
        }
        Item::Value(value) => of_value(value, path, text, lines),
        Item::None | Item::Table(_) => Value::Null,
    }
}

fn of_value(value: &toml_edit::Value, path: &str, text: &str, lines: &mut BTreeMap<String, usize>) -> Value {
    use toml_edit::Value as Toml;
    match value {
        Toml::String(text) => Value::String(text.value().clone()),
        Toml::Integer(number) => Value::from(*number.value()),
        Toml::Float(number) => Value::from(*number.value()),
        Toml::Boolean(truth) => Value::Bool(*truth.value()),
        Toml::Datetime(time) => Value::String(time.value().to_string()),
        Toml::Array(array) => Value::Array(array.iter().map(|value| of_value(value, path, text, lines)).collect()),
        Toml::InlineTable(table) => of_table(table, path, text, lines),
    }
}

/// Finds the lines of a mapping's keys: below the line of the key above, indented as its first key is.
fn lines_of_yaml(value: &Value, prefix: &str, text: &str, from: usize, lines: &mut BTreeMap<String, usize>) {
    let Value::Object(table) = value else { return };
    let indent = |line: &str| line.len() - line.trim_start().len();
    let says = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let own = text.lines().skip(from).find(says).map_or(0, indent);
    for (name, value) in table {
        let is_of_key = |line: &str| {
            let line = line.trim_start().trim_start_matches(['{', ',', ' ']);
            let line = line.strip_prefix(['"', '\'']).unwrap_or(line);
            let behind = line.strip_prefix(name.as_str()).map(|rest| rest.strip_prefix(['"', '\'']).unwrap_or(rest));
            behind.is_some_and(|rest| rest.trim_start().starts_with(':'))
        };
        let mut below = text.lines().skip(from);
        let at = below.position(|line| indent(line) == own && is_of_key(line));
        // What stands in braces is indented as one likes.
        let Some(at) = at.or_else(|| text.lines().skip(from).position(is_of_key)) else { continue };
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        lines.insert(path.clone(), from + at + 1);
        lines_of_yaml(value, &path, text, from + at + 1, lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_otherwise_says_the_same() {
        let one = Config::toml("a", "# why\n[tool.x]\nb = 1\na = [\"p\", \"q\"]\n").unwrap();
        let other = Config::toml("a", "tool.x.a = ['p', # because\n 'q']\ntool.x.b = 1\n").unwrap();
        assert_eq!(one.leaves(), other.leaves());
        assert_eq!(one.lines["tool.x.b"], 3);
        assert_eq!(other.below(&["tool", "x"]).unwrap().lines["a"], 1);
        let one = Config::yaml("a", "x:\n  b: 1\n  a: [p, q]\n").unwrap();
        let other = Config::yaml("a", "{\"x\": {\"a\": [\"p\", \"q\"],\n\"b\": 1}}").unwrap();
        assert_eq!(one.leaves(), other.leaves());
        assert_eq!((one.lines["x.b"], other.lines["x.b"]), (2, 2));
        let nested = Config::yaml("a", "x:\n  y:\n    b: 1\n  b: 2\n").unwrap();
        assert_eq!((nested.lines["x.y.b"], nested.lines["x.b"]), (3, 4));
    }

    #[test]
    fn ini_is_as_python_reads_it() {
        let text = "# top\n[mypy]\nStrict = True\nplugins =\n  a.b,\n  c\n; more\n[mypy-foo.*]\nignore_errors: yes\n";
        let config = Config::ini("mypy.ini", text).unwrap();
        assert_eq!(config.value["mypy"]["strict"], "True");
        assert_eq!(config.value["mypy"]["plugins"], "a.b,\nc");
        assert_eq!(config.value["mypy-foo.*"]["ignore_errors"], "yes");
        assert_eq!(config.lines["mypy-foo.*.ignore_errors"], 9);
    }

    #[test]
    fn what_does_not_parse_is_said_with_its_line() {
        let said = |read: Result<Config, Why>| read.unwrap_err().to_string();
        assert!(
            said(Config::toml("ruff.toml", "a = 1\nb = = 2\n")).starts_with("answer not understood: ruff.toml:2: ")
        );
        assert!(
            said(Config::yaml(".golangci.yml", "a: 1\nb: [\n")).starts_with("answer not understood: .golangci.yml:")
        );
        assert!(said(Config::ini("mypy.ini", "[mypy]\nstrict\n")).starts_with("answer not understood: mypy.ini:2: "));
        assert!(said(Config::ini("mypy.ini", "strict = True\n")).starts_with("answer not understood: mypy.ini:1: "));
    }
}
