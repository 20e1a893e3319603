//! git's configuration files, as `git config --file` reads them: sections and keys in lower case, subsections as they
//! are, includes not followed. Each key is a list of its values.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Malformed, Value};

/// Where something stands in a file.
#[derive(Debug)]
pub(super) struct Place {
    /// The section and subsection that it is in.
    pub(super) section: String,
    /// The name that git has for it.
    pub(super) name: String,
    /// A setting; else the head of a section.
    pub(super) is_setting: bool,
    /// Its bytes, without what stands before it in its line, and without a comment behind it.
    pub(super) span: Range<usize>,
}

/// Every key with its values, in the order of the file: `section.key` or `section.subsection.key`.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, Value>, Malformed> {
    let mut settings: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (place, value) in read(text)? {
        if let Some(value) = value {
            settings.entry(place.name).or_default().push(value);
        }
    }
    let one_or_all = |mut values: Vec<Value>| if values.len() == 1 { values.remove(0) } else { Value::List(values) };
    Ok(settings.into_iter().map(|(key, values)| (key, one_or_all(values))).collect())
}

/// Where everything stands, in the order of the file.
pub(super) fn places(text: &str) -> Result<Vec<Place>, Malformed> {
    Ok(read(text)?.into_iter().map(|(place, _)| place).collect())
}

/// Heads of sections, and settings with their values.
fn read(text: &str) -> Result<Vec<(Place, Option<Value>)>, Malformed> {
    // git ends a name or a value there, and what comes after would be read as something else.
    if let Some((before, _)) = text.split_once('\0') {
        return Err(Malformed::at(before.matches('\n').count() + 1, "a NUL byte"));
    }
    let mut reader = Reader { rest: text, line: 1, left_at_end: 0 };
    let mut found = Vec::new();
    let mut section: Option<String> = None;
    loop {
        reader.skip(char::is_whitespace);
        let start = text.len() - reader.rest.len();
        match reader.peek() {
            None => return Ok(found),
            Some('#' | ';') => reader.skip(|c| c != '\n'),
            Some('[') => {
                let name = reader.section()?;
                let span = start..text.len() - reader.rest.len();
                found.push((Place { section: name.clone(), name: name.clone(), is_setting: false, span }, None));
                section = Some(name);
            }
            Some(c) if c.is_ascii_alphabetic() => {
                let (key, value) = reader.setting()?;
                // git takes a key before any section for one without.
                let name = section.as_ref().map_or_else(|| key.clone(), |section| format!("{section}.{key}"));
                let section = section.clone().unwrap_or_default();
                let span = start..text.len() - reader.left_at_end;
                found.push((Place { section, name, is_setting: true, span }, Some(value)));
            }
            Some(_) => return Err(reader.wrong("neither section nor key")),
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    /// How much was left where the last setting ended, before a comment.
    left_at_end: usize,
}

impl Reader<'_> {
    fn wrong(&self, message: &str) -> Malformed {
        Malformed::at(self.line, message)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.line += usize::from(c == '\n');
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&skipped) {
            self.next();
        }
    }

    fn take(&mut self, taken: impl Fn(char) -> bool) -> String {
        let mut text = String::new();
        while let Some(c) = self.peek().filter(|c| taken(*c)) {
            self.next();
            text.push(c);
        }
        text
    }

    /// `[section]`, `[section.sub]` or `[section "sub"]`.
    fn section(&mut self) -> Result<String, Malformed> {
        self.next();
        let mut name = self.take(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.').to_lowercase();
        if name.is_empty() {
            return Err(self.wrong("a section without a name"));
        }
        self.skip(|c| c == ' ' || c == '\t');
        if self.peek() == Some('"') {
            self.next();
            name.push('.');
            loop {
                match self.next() {
                    Some('"') => break,
                    Some('\\') => name.extend(self.next()),
                    Some('\n') | None => return Err(self.wrong("a subsection does not end")),
                    Some(c) => name.push(c),
                }
            }
        }
        if self.next() == Some(']') { Ok(name) } else { Err(self.wrong("a section does not end")) }
    }

    /// `key`, which stands for true, or `key = value`.
    fn setting(&mut self) -> Result<(String, Value), Malformed> {
        let key = self.take(|c| c.is_ascii_alphanumeric() || c == '-').to_lowercase();
        self.left_at_end = self.rest.len();
        self.skip(|c| c == ' ' || c == '\t');
        match self.peek() {
            Some('=') => {
                self.next();
                Ok((key, Value::Text(self.value()?)))
            }
            None | Some('\n' | '#' | ';') => Ok((key, Value::Null)),
            Some('\r') if self.rest.starts_with("\r\n") => Ok((key, Value::Null)),
            Some(_) => Err(self.wrong("a key is followed by neither `=` nor the end of the line")),
        }
    }

    fn value(&mut self) -> Result<String, Malformed> {
        let mut value = String::new();
        // White space at the end counts only within quotes.
        let mut counted = 0;
        let mut quoted = false;
        loop {
            self.left_at_end = self.rest.len();
            match self.peek() {
                None | Some('\n') if quoted => return Err(self.wrong("a quoted value does not end")),
                None | Some('\n') => break,
                Some('\r') if self.rest.starts_with("\r\n") => drop(self.next()),
                Some('#' | ';') if !quoted => {
                    self.skip(|c| c != '\n');
                    break;
                }
                Some('"') => {
                    self.next();
                    quoted = !quoted;
                    counted = value.len();
                }
                Some('\\') => {
                    // What stands before a backslash counts, white space too, even if the line only goes on.
                    counted = value.len();
                    self.next();
                    if self.rest.starts_with("\r\n") {
                        self.next();
                    }
                    match self.next() {
                        // A file that ends after a backslash ends like one that goes on with nothing.
                        Some('\n') | None => continue,
                        Some('n') => value.push('\n'),
                        Some('t') => value.push('\t'),
                        Some('b') => value.push('\u{8}'),
                        Some(c @ ('"' | '\\')) => value.push(c),
                        _ => return Err(self.wrong("a backslash before something that needs none")),
                    }
                    counted = value.len();
                }
                Some(c) if c.is_ascii_whitespace() && !quoted && value.is_empty() => drop(self.next()),
                Some(c) => {
                    self.next();
                    value.push(c);
                    if quoted || !c.is_ascii_whitespace() {
                        counted = value.len();
                    }
                }
            }
        }
        value.truncate(counted);
        Ok(value)
    }
}

/// A key of a spec as this reader names it, if it names a key: `User.Name` is `user.name`.
pub(super) fn key(written: &str) -> String {
    let section = section(written);
    match section.rsplit_once('.') {
        Some((front, key)) => format!("{front}.{}", key.to_lowercase()),
        None => section,
    }
}

/// The same if it names a section or subsection.
pub(super) fn section(written: &str) -> String {
    match written.split_once('.') {
        Some((section, rest)) => format!("{}.{rest}", section.to_lowercase()),
        None => written.to_lowercase(),
    }
}
