//! Settings files by their keys: what two of them have to agree on although order, white space, comments and the keys
//! that nobody owns differ.
//!
//! Input: a file's bytes and the keys that the spec names. Output: each value that is not itself a table of more, by
//! the keys that lead to it; or why the file does not tell, with the line. Pure.

mod any;
mod git_config;
mod json;
mod merge;
mod path;
mod property_list;
mod toml;
mod value;
mod yaml;

use std::collections::BTreeMap;
use std::fmt;

use super::fact::Digest;
use super::redact::redact;
use super::secrets;
pub use merge::{Unmerged, blank};
pub use path::{KeyPath, KeyPathError};
pub use value::Value;

/// A format whose files have keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON, to the letter.
    Json,
    /// JSON with comments and trailing commas.
    Jsonc,
    /// TOML.
    Toml,
    /// YAML, one document.
    Yaml,
    /// git's configuration.
    GitConfig,
    /// A property list, XML or binary.
    Plist,
}

impl Format {
    /// All formats with their words in a spec.
    pub const ALL: [(&'static str, Self); 6] = [
        ("json", Self::Json),
        ("jsonc", Self::Jsonc),
        ("toml", Self::Toml),
        ("yaml", Self::Yaml),
        ("git-config", Self::GitConfig),
        ("plist", Self::Plist),
    ];

    /// The format that a file of this name most likely has.
    pub fn of_name(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        // Editors and their like read comments in files that are called JSON.
        let commented = ["tsconfig", "jsconfig", "devcontainer.json", ".devcontainer.json", ".eslintrc"];
        let editors =
            ["/Code/User/", "/Code - Insiders/User/", "/VSCodium/User/", "/Cursor/User/", ".vscode/", ".zed/", "/zed/"];
        let git = [".gitconfig", ".gitmodules", ".config/git/config", ".git/config", "/etc/gitconfig"];
        if git.iter().any(|known| path == *known || path.ends_with(&format!("/{known}")))
            || name.ends_with(".gitconfig")
        {
            return Some(Self::GitConfig);
        }
        let (_, ending) = name.rsplit_once('.')?;
        Some(match ending {
            "json" if commented.iter().any(|known| name.starts_with(known)) => Self::Jsonc,
            "json" if editors.iter().any(|folder| path.contains(folder)) => Self::Jsonc,
            "eslintrc" | "jsonc" | "code-workspace" => Self::Jsonc,
            "json" => Self::Json,
            "toml" => Self::Toml,
            "yaml" | "yml" => Self::Yaml,
            "plist" => Self::Plist,
            _ => return None,
        })
    }

    /// All that a file of this format holds.
    pub fn value(self, bytes: &[u8]) -> Result<Value, Malformed> {
        Ok(match self {
            Self::Json => json::parse(text(bytes)?, json::Dialect::Strict)?,
            Self::Jsonc => json::parse(text(bytes)?, json::Dialect::WithComments)?,
            Self::Toml => toml::parse(text(bytes)?)?,
            Self::Yaml => yaml::parse(text(bytes)?)?,
            Self::Plist => property_list::parse(bytes)?,
            Self::GitConfig => Value::Table(git_config::parse(text(bytes)?)?.into_iter().collect()),
        })
    }
}

fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        Malformed::at(line, "it is not UTF-8 text")
    })
}

/// How a dotfile is compared by its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// How the file is read.
    pub format: Format,
    /// The keys that are owned, each with all below it; none named means all.
    pub owned: Vec<KeyPath>,
}

/// Why a file does not tell its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where, counted from 1; none where the format has no lines.
    pub line: Option<usize>,
    /// In the words of the format's reader, without what the file holds.
    pub message: String,
}

impl Malformed {
    fn at(line: usize, message: impl Into<String>) -> Self {
        Self { line: Some(line), message: message.into() }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 160;
        let message = redact(self.message.lines().next().unwrap_or("it cannot be read"));
        let message: String = message.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        match self.line {
            Some(line) => write!(f, "line {line}: {message}"),
            None => f.write_str(&message),
        }
    }
}

impl Keys {
    /// The owned values of a file, each by its key as findings name it. What looks secret in a key is not in its name.
    pub fn read(&self, bytes: &[u8]) -> Result<BTreeMap<String, Value>, Malformed> {
        let mut found: BTreeMap<String, Value> = BTreeMap::new();
        for (name, value) in self.leaves(bytes)? {
            let name = redact(&name);
            match found.get_mut(&name) {
                // Two keys that differ in nothing but a secret.
                Some(known) => *known = Value::List(vec![known.clone(), value]),
                None => drop(found.insert(name, value)),
            }
        }
        Ok(found)
    }

    fn leaves(&self, bytes: &[u8]) -> Result<Vec<(String, Value)>, Malformed> {
        if self.format == Format::GitConfig {
            let settings = git_config::parse(text(bytes)?)?.into_iter();
            return Ok(settings.filter(|(name, _)| self.owns_setting(name)).collect());
        }
        let whole = self.format.value(bytes)?;
        let leaves = whole.leaves().into_iter().filter(|(path, _)| self.owns(path));
        Ok(leaves.map(|(path, value)| (KeyPath::of(&path).to_string(), value.clone())).collect())
    }

    fn owns(&self, path: &[&str]) -> bool {
        self.owned.is_empty() || self.owned.iter().any(|owned| owned.holds(path))
    }

    /// git writes a subsection with its dots, so its keys are matched as git names them.
    fn owns_setting(&self, name: &str) -> bool {
        let owns = |owned: &KeyPath| {
            let owned = owned.dotted();
            [git_config::key(&owned), git_config::section(&owned)].iter().any(|owned| {
                name.strip_prefix(owned.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        self.owned.is_empty() || self.owned.iter().any(owns)
    }
}

/// The owned keys as the lock has them.
pub fn key_names(keys: &Keys) -> Vec<String> {
    keys.owned.iter().map(ToString::to_string).collect()
}

/// The digest of each value. The key is part of it, so that equal values do not give each other away.
pub fn key_digests(found: &BTreeMap<String, Value>) -> BTreeMap<String, Digest> {
    let digest =
        |(key, value): (&String, &Value)| (key.clone(), Digest::of(format!("{key}\0{}", value.canonical()).as_bytes()));
    found.iter().map(digest).collect()
}

/// Those values of the file at `path` that may stand in a report: short ones that do not look secret, by their key or by
/// themselves; none where the path is one where secrets are.
pub fn shown_values(path: &str, found: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
    const LONGEST: usize = 60;
    if secrets::is_secret_path(path) {
        return BTreeMap::new();
    }
    let may_be_shown = |key: &str, shown: &str, value: &Value| {
        let parts: Vec<&str> = match value {
            Value::Text(text) => vec![text],
            _ => vec![shown],
        };
        shown.chars().count() <= LONGEST
            && !shown.contains(char::is_control)
            && parts.into_iter().all(|part| !secrets::is_secret_value(key, part))
    };
    let shown = found.iter().map(|(key, value)| (key, value.canonical(), value));
    shown
        .filter(|(key, shown, value)| may_be_shown(key, shown, value))
        .map(|(key, shown, _)| (key.clone(), shown))
        .collect()
}

/// The line of a byte, counted from 1.
fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
