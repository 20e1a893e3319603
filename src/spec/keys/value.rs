//! What a settings file holds, whatever its format: the part of each format's model that decides whether two files say
//! the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How deep values may lie in each other. Real settings stay far below; what is deeper would only cost the stack.
pub(super) const DEEPEST: usize = 128;

/// How many values one file may hold.
pub(super) const MOST: usize = 200_000;

/// A value of a settings file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`, or a key without a value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number in its shortest form: `1`, `1.0` and `1e0` are one.
    Number(String),
    /// A string.
    Text(String),
    /// What only some formats know, such as a date, behind a word for its kind.
    Other(&'static str, String),
    /// Values in an order that counts.
    List(Vec<Value>),
    /// Values by key, in an order that does not count.
    Table(BTreeMap<String, Value>),
}

impl Value {
    /// A number as a format writes it. What is no number at all stays as it is written.
    pub(super) fn number(written: &str) -> Self {
        let plain = written.replace('_', "");
        let unsigned = plain.trim_start_matches(['+', '-']);
        let hexadecimal = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X"));
        let integer = match hexadecimal {
            Some(digits) => i128::from_str_radix(digits, 16).map(|n| if plain.starts_with('-') { -n } else { n }),
            None => plain.parse::<i128>(),
        };
        Self::Number(match (integer, plain.parse::<f64>()) {
            (Ok(integer), _) => integer.to_string(),
            (Err(_), Ok(float)) if hexadecimal.is_none() => shortest(float, &plain),
            _ => written.to_owned(),
        })
    }

    /// The text that is the same for two values exactly when they are: keys sorted, no white space, JSON where JSON has
    /// a form for it.
    pub fn canonical(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => text.push_str(number),
            Self::Text(value) => text.push_str(&quoted(value)),
            Self::Other(kind, value) => {
                let _: () = write!(text, "{kind} {}", quoted(value)).expect("writing to a string cannot fail");
            }
            Self::List(values) => {
                text.push('[');
                for (place, value) in values.iter().enumerate() {
                    text.push_str(if place == 0 { "" } else { "," });
                    value.write(text);
                }
                text.push(']');
            }
            Self::Table(values) => {
                text.push('{');
                for (place, (key, value)) in values.iter().enumerate() {
                    text.push_str(if place == 0 { "" } else { "," });
                    text.push_str(&quoted(key));
                    text.push(':');
                    value.write(text);
                }
                text.push('}');
            }
        }
    }

    /// Every value that is no table with something in it, with the keys that lead to it.
    pub fn leaves(&self) -> Vec<(Vec<&str>, &Value)> {
        let mut found = Vec::new();
        self.collect(&mut Vec::new(), &mut found);
        found
    }

    fn collect<'a>(&'a self, above: &mut Vec<&'a str>, found: &mut Vec<(Vec<&'a str>, &'a Value)>) {
        match self {
            Self::Table(values) if !values.is_empty() => {
                for (key, value) in values {
                    above.push(key);
                    value.collect(above, found);
                    above.pop();
                }
            }
            // A file without any key has none.
            Self::Table(_) if above.is_empty() => {}
            leaf => found.push((above.clone(), leaf)),
        }
    }
}

/// A number beyond what a float holds exactly keeps its digits.
fn shortest(float: f64, written: &str) -> String {
    let digits = written.chars().filter(char::is_ascii_digit).count();
    if float == 0.0 {
        "0".to_owned()
    } else if digits > 17 {
        written.to_owned()
    } else {
        float.to_string()
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for (one, other) in
            [("1", "1.0"), ("1e3", "1000"), ("-0", "0"), ("0xff", "255"), ("1_000", "1000"), (".5", "0.5")]
        {
            assert_eq!(Value::number(one), Value::number(other), "{one} {other}");
        }
        assert_ne!(Value::number("1"), Value::number("1.1"));
        assert_ne!(Value::number("9007199254740993"), Value::number("9007199254740992"));
        assert_ne!(Value::number("0.1234567890123456789"), Value::number("0.1234567890123456788"));
        assert_ne!(Value::number("1").canonical(), Value::Text("1".to_owned()).canonical());
    }

    #[test]
    fn order_counts_in_a_list_and_not_in_a_table() {
        let text = |text: &str| Value::Text(text.to_owned());
        let table = |keys: [&str; 2]| Value::Table(keys.map(|key| (key.to_owned(), text(key))).into());
        assert_eq!(table(["a", "b"]).canonical(), table(["b", "a"]).canonical());
        let list = |values: [&str; 2]| Value::List(values.map(text).into());
        assert_ne!(list(["a", "b"]).canonical(), list(["b", "a"]).canonical());
    }

    #[test]
    fn an_empty_table_is_a_leaf_unless_it_is_the_whole_file() {
        let empty = || Value::Table(BTreeMap::new());
        assert_eq!(empty().leaves(), []);
        let root = Value::Table([("a".to_owned(), empty())].into());
        assert_eq!(root.leaves(), [(vec!["a"], &empty())]);
    }
}
