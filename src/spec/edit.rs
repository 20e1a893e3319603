//! Changing a spec in place: what a person wrote stays as it is, to the byte; only the entry in question changes.
//!
//! toml_edit tells where things stand and how values are written; the text itself is cut and joined here, so that line
//! ends, comments and layout elsewhere cannot change. Pure.

use std::collections::BTreeSet;
use std::ops::Range;

use toml_edit::{Array, Document, Item, TableLike, Value};

use super::waiver::{Covers, Waiver};

/// Why a spec cannot be edited.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It is not TOML.
    #[error("it cannot be read: {0}")]
    NotToml(String),
    /// `waivers` is something that holds no entries.
    #[error("its `waivers` is no list of tables")]
    NoList,
}

/// The text with this waiver in it. An entry for the same finding and targets is brought up to date; else a new one
/// follows the last.
pub fn waive(text: &str, waiver: &Waiver) -> Result<String, EditError> {
    let document = Document::parse(text.to_owned()).map_err(|error| EditError::NotToml(error.message().to_owned()))?;
    let new = Entry::of(waiver);
    let cuts = match document.get("waivers") {
        None => vec![appended(text, &new)],
        Some(Item::ArrayOfTables(tables)) => {
            let tables: Vec<&dyn TableLike> = tables.iter().map(|table| table as &dyn TableLike).collect();
            match (replaced(&tables, waiver), tables.last()) {
                (Some(table), _) => updated(text, *table, &new),
                (None, Some(last)) => vec![following(text, *last, &new)],
                (None, None) => vec![appended(text, &new)],
            }
        }
        Some(Item::Value(Value::Array(array))) => in_a_list(text, array, waiver, &new)?,
        Some(_) => return Err(EditError::NoList),
    };
    Ok(apply(text, cuts))
}

/// The last day that the entry has which a waiver would take the place of, as it is written.
pub fn until(text: &str, waiver: &Waiver) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let tables: Vec<&dyn TableLike> = match document.get("waivers")? {
        Item::ArrayOfTables(tables) => tables.iter().map(|table| table as &dyn TableLike).collect(),
        Item::Value(Value::Array(array)) => {
            array.iter().filter_map(Value::as_inline_table).map(|table| table as &dyn TableLike).collect()
        }
        Item::None | Item::Value(_) | Item::Table(_) => return None,
    };
    let until = replaced(&tables, waiver)?.get("until")?;
    until.as_str().map(str::to_owned).or_else(|| until.as_datetime().map(ToString::to_string))
}

/// The lines of a spec that make this waiver.
pub fn waiver_table(waiver: &Waiver) -> String {
    Entry::of(waiver).as_table("\n")
}

/// A place in the text, and what comes there instead.
type Cut = (Range<usize>, String);

fn apply(text: &str, mut cuts: Vec<Cut>) -> String {
    // From the end, so that earlier places stay true. The sort is stable: what is put at one place keeps its order
    // because it was joined before.
    cuts.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    cuts.into_iter().fold(text.to_owned(), |mut text, (range, new)| {
        text.replace_range(range, &new);
        text
    })
}

/// The keys of an entry in their order, each with its value as TOML; none for a key that the entry does not have.
struct Entry([(&'static str, Option<Value>); 6]);

impl Entry {
    fn of(waiver: &Waiver) -> Self {
        let targets: Array = waiver.targets.iter().map(String::as_str).collect();
        let until = waiver.until.map(|day| {
            let date: toml_edit::Datetime = day.to_string().parse().expect("a day is a date of TOML");
            Value::from(date)
        });
        let (got, any) = match &waiver.covers {
            Covers::Any => (None, Some(Value::from(true))),
            Covers::Got(got) => (got.as_deref().map(Value::from), None),
        };
        Self([
            ("finding", Some(Value::from(waiver.finding.to_string()))),
            ("targets", (!waiver.targets.is_empty()).then(|| Value::from(targets))),
            ("because", Some(Value::from(waiver.because.as_str()))),
            ("until", until),
            ("got", got),
            ("any", any),
        ])
    }

    fn pairs(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.0.iter().filter_map(|(key, value)| Some((*key, value.as_ref()?.to_string())))
    }

    fn as_table(&self, newline: &str) -> String {
        let lines = self.pairs().map(|(key, value)| format!("{key} = {value}{newline}"));
        format!("[[waivers]]{newline}{}", lines.collect::<String>())
    }

    fn inline(&self) -> String {
        let pairs: Vec<String> = self.pairs().map(|(key, value)| format!("{key} = {value}")).collect();
        format!("{{ {} }}", pairs.join(", "))
    }
}

fn newline_of(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        Some(_) | None => "\n",
    }
}

/// A first entry, at the end of the file.
fn appended(text: &str, new: &Entry) -> Cut {
    let newline = newline_of(text);
    let ends = text.is_empty() || text.ends_with('\n');
    let gap = if text.trim().is_empty() { "" } else { newline };
    let open = if ends { "" } else { newline };
    (text.len()..text.len(), format!("{open}{gap}{}", new.as_table(newline)))
}

/// A further entry, after the last one.
fn following(text: &str, last: &dyn TableLike, new: &Entry) -> Cut {
    let newline = newline_of(text);
    let end = end_of(text, last);
    let open = if text[..end].ends_with('\n') { "" } else { newline };
    (end..end, format!("{open}{newline}{}", new.as_table(newline)))
}

/// Where the table's last line ends, behind its line end.
fn end_of(text: &str, table: &dyn TableLike) -> usize {
    let ends = table.iter().filter_map(|(_, item)| item.span()).map(|span| span.end);
    let last = ends.max().unwrap_or_default();
    text[last..].find('\n').map_or(text.len(), |at| last + at + 1)
}

/// The entry that this waiver takes the place of: one for the same targets, else one for some of them.
fn replaced<'a, 'b>(tables: &'a [&'b dyn TableLike], waiver: &Waiver) -> Option<&'a &'b dyn TableLike> {
    let wanted: BTreeSet<&str> = waiver.targets.iter().map(String::as_str).collect();
    let finding = waiver.finding.to_string();
    let same_finding = |table: &&&dyn TableLike| table.get("finding").and_then(Item::as_str) == Some(finding.as_str());
    let candidates: Vec<(&&dyn TableLike, BTreeSet<&str>)> =
        tables.iter().filter(same_finding).map(|table| (table, targets_of(*table))).collect();
    let equal = candidates.iter().find(|(_, targets)| *targets == wanted);
    let part = || candidates.iter().find(|(_, targets)| !targets.is_empty() && targets.is_subset(&wanted));
    equal.or_else(part).map(|(table, _)| *table)
}

fn targets_of(table: &dyn TableLike) -> BTreeSet<&str> {
    match table.get("targets") {
        Some(item) => match (item.as_str(), item.as_array()) {
            (Some(one), _) => BTreeSet::from([one]),
            (None, Some(list)) => list.iter().filter_map(Value::as_str).collect(),
            (None, None) => BTreeSet::new(),
        },
        None => BTreeSet::new(),
    }
}

/// An entry under a header of its own: a changed value is put in the old one's place, a new key gets a line at the
/// end, and the line of a key that is gone goes.
fn updated(text: &str, table: &dyn TableLike, new: &Entry) -> Vec<Cut> {
    let newline = newline_of(text);
    let end = end_of(text, table);
    let mut added = String::new();
    let mut cuts = Vec::new();
    for (key, value) in &new.0 {
        let old = table.get(key).and_then(|item| Some((item, item.span()?)));
        match (old, value) {
            (Some((item, span)), Some(value)) => {
                if !same_value(item, value) {
                    cuts.push((span, value.to_string()));
                }
            }
            (Some((_, span)), None) => cuts.push((line_of(text, table, key, &span), String::new())),
            (None, Some(value)) => added.push_str(&format!("{}{key} = {value}{newline}", indent(text, table))),
            (None, None) => {}
        }
    }
    if !added.is_empty() {
        let open = if text[..end].ends_with('\n') { "" } else { newline };
        cuts.push((end..end, format!("{open}{added}")));
    }
    cuts
}

/// All lines that a key and its value stand on.
fn line_of(text: &str, table: &dyn TableLike, key: &str, value: &Range<usize>) -> Range<usize> {
    let start = table.key(key).and_then(toml_edit::Key::span).map_or(value.start, |span| span.start);
    let start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[value.end..].find('\n').map_or(text.len(), |at| value.end + at + 1);
    start..end
}

/// The white space before the entry's first key.
fn indent<'a>(text: &'a str, table: &dyn TableLike) -> &'a str {
    let first = table.iter().filter_map(|(key, _)| table.key(key)?.span()).map(|span| span.start).min();
    let Some(first) = first else { return "" };
    let before = &text[text[..first].rfind('\n').map_or(0, |at| at + 1)..first];
    if before.trim().is_empty() { before } else { "" }
}

fn same_value(old: &Item, new: &Value) -> bool {
    match new {
        Value::String(text) => old.as_str() == Some(text.value()),
        Value::Boolean(flag) => old.as_bool() == Some(*flag.value()),
        Value::Datetime(date) => {
            let date = date.value().to_string();
            old.as_str() == Some(date.as_str()) || old.as_datetime().is_some_and(|old| old.to_string() == date)
        }
        Value::Array(list) => {
            let words = |list: &Array| list.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Vec<_>>();
            match (old.as_str(), old.as_array()) {
                (Some(one), _) => words(list) == [Some(one.to_owned())],
                (None, Some(old)) => words(old) == words(list),
                (None, None) => false,
            }
        }
        Value::Integer(_) | Value::Float(_) | Value::InlineTable(_) => false,
    }
}

/// `waivers = [{ … }]`: an entry is written anew as a whole, or put behind the last.
fn in_a_list(text: &str, array: &Array, waiver: &Waiver, new: &Entry) -> Result<Vec<Cut>, EditError> {
    let tables: Option<Vec<&dyn TableLike>> =
        array.iter().map(|value| value.as_inline_table().map(|table| table as &dyn TableLike)).collect();
    let tables = tables.ok_or(EditError::NoList)?;
    let spans: Option<Vec<Range<usize>>> = array.iter().map(Value::span).collect();
    let (spans, whole) = spans.zip(array.span()).ok_or(EditError::NoList)?;
    if let Some(old) = replaced(&tables, waiver) {
        let place = tables.iter().position(|table| std::ptr::addr_eq(*table, *old));
        let span = place.and_then(|place| spans.get(place)).ok_or(EditError::NoList)?;
        let unchanged = new.0.iter().all(|(key, value)| match (old.get(key), value) {
            (Some(item), Some(value)) => same_value(item, value),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        });
        return Ok(if unchanged { Vec::new() } else { vec![(span.clone(), new.inline())] });
    }
    let Some(last) = spans.last() else {
        return Ok(vec![(whole.start + 1..whole.start + 1, new.inline())]);
    };
    let before = &text[text[..last.start].rfind('\n').map_or(0, |at| at + 1)..last.start];
    // A comment behind the last entry stays there: the new one gets a line below it.
    let line_end = text[last.end..].find('\n').map_or(text.len(), |at| last.end + at);
    let rest = text[last.end..line_end].trim();
    let (comma, comment) = rest.strip_prefix(',').map_or((false, rest), |rest| (true, rest.trim()));
    if comment.starts_with('#') && comma == array.trailing_comma() {
        let indent = if before.trim().is_empty() { before } else { "  " };
        let trail = if comma { "," } else { "" };
        let text_end = line_end - usize::from(text[..line_end].ends_with('\r'));
        let mut cuts = vec![(text_end..text_end, format!("{}{indent}{}{trail}", newline_of(text), new.inline()))];
        if !comma {
            cuts.push((last.end..last.end, ",".to_owned()));
        }
        return Ok(cuts);
    }
    let gap = if before.trim().is_empty() { format!("{}{before}", newline_of(text)) } else { " ".to_owned() };
    Ok(vec![(last.end..last.end, format!(",{gap}{}", new.inline()))])
}

#[cfg(test)]
mod tests;
