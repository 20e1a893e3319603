//! Settings into git's configuration: the lines of a setting go, and new ones stand where the first of them stood, else at
//! the end of its section, else in a section of its own.

use super::super::git_config::{Place, places};
use super::{Edit, Unmerged, Value};

pub(super) fn merge(present: &str, edits: &[Edit]) -> Result<String, Unmerged> {
    let mut text = present.to_owned();
    for edit in edits {
        let [name] = edit.path.as_slice() else { return Err(super::no_table(&edit.path)) };
        text = with(&text, name, edit.value.as_ref())?;
    }
    Ok(text)
}

fn with(text: &str, name: &str, value: Option<&Value>) -> Result<String, Unmerged> {
    let unread = |_| Unmerged::Cannot("it cannot be read a second time".to_owned());
    let places = places(text).map_err(unread)?;
    let (section, key) = name.rsplit_once('.').ok_or_else(|| super::no_table(&[name.to_owned()]))?;
    let values: Vec<Option<&str>> = match value {
        None => Vec::new(),
        Some(Value::List(values)) => values.iter().map(word).collect(),
        Some(one) => vec![word(one)],
    };
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let lines: String =
        values.iter().map(|value| format!("\t{key}{}{newline}", value.map_or(String::new(), written))).collect();
    let own: Vec<&Place> = places.iter().filter(|place| place.name == name && place.is_setting).collect();
    let end = places.iter().rfind(|place| place.section == section).map(|place| line_end(text, place.span.end));
    let mut out = String::with_capacity(text.len() + lines.len());
    let mut copied = 0;
    for (number, place) in own.iter().enumerate() {
        // What shares the line, a section's head before it or a comment behind it, stays.
        let start = line_start(text, place.span.start);
        let is_alone = text[start..place.span.start].trim().is_empty();
        let from = if is_alone { start } else { place.span.start };
        let rest = line_end(text, place.span.end);
        let behind = text[place.span.end..rest].trim();
        out.push_str(&text[copied..from]);
        if !is_alone {
            out.truncate(out.trim_end_matches([' ', '\t']).len());
            out.push_str(newline);
        }
        if number == 0 {
            match (lines.strip_suffix(newline), behind.is_empty()) {
                (Some(lines), false) => out.push_str(&format!("{lines} {behind}{newline}")),
                _ => out.push_str(&lines),
            }
        }
        copied = rest;
    }
    if own.is_empty() && !lines.is_empty() {
        let end = end.unwrap_or(text.len());
        out.push_str(&text[..end]);
        if !out.is_empty() && !out.ends_with('\n') {
            out.push_str(newline);
        }
        if !places.iter().any(|place| place.section == section) {
            out.push_str(&format!("{}{newline}", head(section)));
        }
        out.push_str(&lines);
        copied = end;
    }
    out.push_str(&text[copied..]);
    Ok(out)
}

/// A setting's value; none if it has none.
fn word(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Behind the line break.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// `[section]` or `[section "subsection"]`.
fn head(section: &str) -> String {
    match section.split_once('.') {
        Some((section, sub)) => format!("[{section} \"{}\"]", sub.replace('\\', "\\\\").replace('"', "\\\"")),
        None => format!("[{section}]"),
    }
}

fn written(value: &str) -> String {
    let mut text = String::new();
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            c => text.push(c),
        }
    }
    let space = |c: char| c.is_ascii_whitespace();
    let needs_quotes =
        value.contains(['#', ';']) || value.starts_with(space) || value.ends_with(space) || value.contains('\r');
    if needs_quotes { format!(" = \"{text}\"") } else { format!(" = {text}") }
}
