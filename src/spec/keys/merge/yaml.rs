//! Keys into YAML, by lines: what belongs to a key of a block mapping are the lines down to the next one that is no deeper. A
//! mapping that is written any other way, as `{a: 1}`, is written anew with what it is to hold.

use std::ops::Range;

use super::{Edit, Unmerged, Value, at, no_table};

pub(super) fn merge(present: &str, got: &Value, edits: &[Edit]) -> Result<String, Unmerged> {
    let mut lines: Vec<String> = present.split_inclusive('\n').map(str::to_owned).collect();
    let newline = if present.contains("\r\n") { "\r\n" } else { "\n" };
    let mut whole = got.clone();
    for edit in edits {
        whole = with(&whole, &edit.path, edit.value.as_ref()).ok_or_else(|| no_table(&edit.path))?;
        apply(&mut lines, &edit.path, &whole, newline).ok_or_else(|| {
            Unmerged::Cannot("its YAML is written in a way that is not changed; set its keys by hand".to_owned())
        })?;
    }
    Ok(lines.concat())
}

/// A value with a change made to it; none where no table leads there.
fn with(value: &Value, path: &[String], new: Option<&Value>) -> Option<Value> {
    let Some((key, below)) = path.split_first() else { return new.cloned() };
    let Value::Table(inside) = value else { return None };
    let mut inside = inside.clone();
    let changed = match (below, inside.get(key)) {
        ([], _) => new.cloned(),
        (_, None) if new.is_none() => None,
        (_, None) => Some(with(&Value::Table(std::collections::BTreeMap::new()), below, new)?),
        (_, Some(inner)) => Some(with(inner, below, new)?),
    };
    match changed {
        Some(value) => drop(inside.insert(key.clone(), value)),
        None => drop(inside.remove(key)),
    }
    Some(Value::Table(inside))
}

/// Writes what `whole` has at a path, at the deepest mapping of blocks that leads there.
fn apply(lines: &mut Vec<String>, path: &[String], whole: &Value, newline: &str) -> Option<()> {
    let mut extent = body(lines);
    let mut indent = entries(lines, &extent, None).first().map_or(0, |entry| entry.indent);
    for (depth, key) in path.iter().enumerate() {
        let found = entries(lines, &extent, Some(indent));
        let wanted = at(whole, &path[..=depth]);
        let Some(entry) = found.into_iter().find(|entry| entry.key == *key) else {
            let Some(value) = wanted else { return Some(()) };
            let end = last_line_of_substance(lines, &extent);
            if let Some(last) = end.checked_sub(1).and_then(|last| lines.get_mut(last))
                && !last.ends_with('\n')
            {
                last.push_str(newline);
            }
            let text = written(key, value, indent, newline);
            lines.splice(end..end, text);
            return Some(());
        };
        let inner = entries(lines, &(entry.lines.start + 1..entry.lines.end), None);
        let is_block = entry.rest.trim().is_empty() || entry.rest.trim_start().starts_with('#');
        let goes_deeper =
            depth + 1 < path.len() && is_block && matches!(wanted, Some(Value::Table(inside)) if !inside.is_empty());
        match inner.first().filter(|first| goes_deeper && first.indent > indent) {
            Some(first) => {
                indent = first.indent;
                extent = entry.lines.start + 1..entry.lines.end;
            }
            None => {
                let text = match wanted {
                    Some(value) => {
                        let mut text = written(key, value, indent, newline);
                        keep_comment(&mut text, &entry, newline);
                        text
                    }
                    None => Vec::new(),
                };
                lines.splice(entry.lines, text);
                return Some(());
            }
        }
    }
    None
}

/// A key of a mapping with the lines that belong to it.
#[derive(Debug)]
struct Entry {
    key: String,
    indent: usize,
    lines: Range<usize>,
    /// What stands behind the colon.
    rest: String,
}

/// The lines of the document, between its marks.
fn body(lines: &[String]) -> Range<usize> {
    let is_mark = |line: &String| line.trim_end() == "---" || line.starts_with('%');
    let start = lines.iter().rposition(is_mark).map_or(0, |mark| mark + 1);
    let end = lines.iter().skip(start).position(|line| line.trim_end() == "...").map_or(lines.len(), |end| start + end);
    start..end
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_substance(line: &str) -> bool {
    let text = line.trim();
    !text.is_empty() && !text.starts_with('#')
}

/// Behind the last line that is neither empty nor a comment.
fn last_line_of_substance(lines: &[String], extent: &Range<usize>) -> usize {
    extent.clone().rev().find(|number| is_substance(&lines[*number])).map_or(extent.start, |last| last + 1)
}

/// The entries of the mapping that an extent holds; none if it is no mapping of blocks.
fn entries(lines: &[String], extent: &Range<usize>, indent: Option<usize>) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    let mut own = indent;
    for number in extent.clone() {
        let line = &lines[number];
        if !is_substance(line) {
            continue;
        }
        let here = indent_of(line);
        let own = *own.get_or_insert(here);
        // What is deeper belongs to the entry before; so does a list at the same depth.
        if here > own || (here == own && line[here..].starts_with("- ")) || line[here..].trim_end() == "-" {
            continue;
        }
        let Some((key, rest)) = (here == own).then(|| key_of(&line[here..])).flatten() else { return Vec::new() };
        if let Some(before) = found.last_mut() {
            before.lines.end = last_line_of_substance(lines, &(before.lines.start..number));
        }
        found.push(Entry { key, indent: own, lines: number..number + 1, rest });
    }
    if let Some(last) = found.last_mut() {
        last.lines.end = last_line_of_substance(lines, &(last.lines.start..extent.end));
    }
    found
}

/// The key that a line begins with, and what stands behind its colon.
fn key_of(line: &str) -> Option<(String, String)> {
    let (key, rest) = if let Some(quoted) = line.strip_prefix('"') {
        let end = quoted.char_indices().scan(false, |escaped, (at, c)| {
            let ends = c == '"' && !*escaped;
            *escaped = c == '\\' && !*escaped;
            Some((at, ends))
        });
        let (at, _) = end.into_iter().find(|(_, ends)| *ends)?;
        (serde_json::from_str::<String>(&line[..at + 2]).ok()?, &line[at + 2..])
    } else if let Some(quoted) = line.strip_prefix('\'') {
        let mut at = 0;
        loop {
            at += quoted[at..].find('\'')?;
            if !quoted[at + 1..].starts_with('\'') {
                break;
            }
            at += 2;
        }
        (quoted[..at].replace("''", "'"), &quoted[at + 1..])
    } else {
        if line.starts_with(['[', '{', '&', '*', '!', '|', '>', '?', '%', '@', '`', ',']) {
            return None;
        }
        let at = line.match_indices(':').find(|(at, _)| line[at + 1..].chars().next().is_none_or(char::is_whitespace));
        let (at, _) = at?;
        (line[..at].trim_end().to_owned(), &line[at..])
    };
    let rest = rest.trim_start_matches(' ').strip_prefix(':')?;
    Some((key, rest.trim_end_matches(['\n', '\r']).to_owned()))
}

/// The comment behind a plain value of one line goes on behind the value that takes its place.
fn keep_comment(text: &mut [String], entry: &Entry, newline: &str) {
    let rest = entry.rest.trim_start();
    let is_plain = !rest.starts_with(['"', '\'', '|', '>', '[', '{', '&', '*', '!']);
    if let (true, Some((_, comment)), Some(first)) = (is_plain, entry.rest.split_once(" #"), text.first_mut()) {
        first.truncate(first.trim_end().len());
        first.push_str(&format!(" #{comment}{newline}"));
    }
}

/// An entry in blocks.
pub(super) fn written(key: &str, value: &Value, indent: usize, newline: &str) -> Vec<String> {
    let key = scalar(key);
    let lines = match block(value) {
        Block::Inline(text) => vec![format!("{key}: {text}")],
        Block::Lines(lines) => {
            std::iter::once(format!("{key}:")).chain(lines.into_iter().map(|line| format!("  {line}"))).collect()
        }
    };
    lines.into_iter().map(|line| format!("{}{line}{newline}", " ".repeat(indent))).collect()
}

enum Block {
    Inline(String),
    Lines(Vec<String>),
}

fn block(value: &Value) -> Block {
    match value {
        Value::Text(text) => Block::Inline(scalar(text)),
        Value::List(values) if !values.is_empty() => {
            let item = |value: &Value| match block(value) {
                Block::Inline(text) => vec![format!("- {text}")],
                Block::Lines(lines) => {
                    let marked = lines.into_iter().enumerate();
                    marked.map(|(number, line)| format!("{} {line}", if number == 0 { "-" } else { " " })).collect()
                }
            };
            Block::Lines(values.iter().flat_map(item).collect())
        }
        Value::Table(inside) if !inside.is_empty() => {
            Block::Lines(inside.iter().flat_map(|(key, value)| written(key, value, 0, "")).collect())
        }
        // What is left has the form that JSON has for it.
        other => Block::Inline(other.canonical()),
    }
}

/// A text as it is where that can be taken for nothing else, else in quotes.
fn scalar(text: &str) -> String {
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " ./_-+@".contains(c))
        && !text.ends_with(' ');
    // What some version of YAML has a meaning for.
    let special = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if is_word && !special.contains(&text.to_ascii_lowercase().as_str()) {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}
