//! Keys as a spec writes them and as findings name them: `permissions.allow`, `mcpServers."my.server".command`.

use std::fmt;

/// The keys that lead to a value, from the outside in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPath(pub(super) Vec<String>);

/// Why a text is not a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyPathError {
    /// Nothing stands before, between or after dots.
    #[error("`{0}` has a part that is empty")]
    Empty(String),
    /// A quote opens and does not close, or stands within a part.
    #[error("the quotes of `{0}` do not close around a whole part")]
    Quotes(String),
}

impl KeyPath {
    /// The path of these keys.
    pub(super) fn of(keys: &[&str]) -> Self {
        Self(keys.iter().map(|key| (*key).to_owned()).collect())
    }

    /// Reads keys that are separated by dots; one that holds a dot stands in double quotes, in which `\"` and `\\` stand
    /// for themselves.
    pub fn parse(written: &str) -> Result<Self, KeyPathError> {
        let quotes = || KeyPathError::Quotes(written.to_owned());
        let mut parts = Vec::new();
        let mut rest = written;
        loop {
            let (part, after) = match rest.strip_prefix('"') {
                Some(quoted) => unquote(quoted).ok_or_else(quotes)?,
                None => {
                    let end = rest.find('.').unwrap_or(rest.len());
                    (rest[..end].to_owned(), &rest[end..])
                }
            };
            if part.is_empty() && !rest.starts_with('"') {
                return Err(KeyPathError::Empty(written.to_owned()));
            }
            if part.contains('"') && !rest.starts_with('"') {
                return Err(quotes());
            }
            parts.push(part);
            match (after.strip_prefix('.'), after) {
                (Some(more), _) => rest = more,
                (None, "") => return Ok(Self(parts)),
                (None, _) => return Err(quotes()),
            }
        }
    }

    /// Whether a value lies at this key or below it.
    pub(super) fn holds(&self, path: &[&str]) -> bool {
        path.len() >= self.0.len() && self.0.iter().zip(path).all(|(own, key)| own == key)
    }

    /// The parts with dots between them, none quoted.
    pub(super) fn dotted(&self) -> String {
        self.0.join(".")
    }
}

/// What stands before the closing quote, and what follows it.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut part = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((part, &quoted[at + 1..])),
            '\\' => part.push(letters.next()?.1),
            _ => part.push(letter),
        }
    }
    None
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the whole file");
        }
        for (place, part) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(".")?;
            }
            let strange = |c: char| matches!(c, '.' | '"' | '\\') || c.is_whitespace() || c.is_control();
            if part.is_empty() || part.contains(strange) {
                let escaped: String = part
                    .chars()
                    .flat_map(|c| match c {
                        '"' | '\\' => vec!['\\', c],
                        c if c.is_control() => vec!['\u{fffd}'],
                        c => vec![c],
                    })
                    .collect();
                write!(f, "\"{escaped}\"")?;
            } else {
                f.write_str(part)?;
            }
        }
        Ok(())
    }
}
