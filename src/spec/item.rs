//! The names of things: `tool:node`, `dotfile:.zshrc`, `hook:carmenta/pre-commit`.
//!
//! A lock entry, a fact and a finding about the same thing share one [`ItemId`]; it is what users type, waive and
//! read, and it is part of the public contract.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The kinds of things that are held true, in the order in which reports list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the finding categories of the public contract")]
pub enum Category {
    System,
    Tool,
    Package,
    Dotfile,
    Env,
    Git,
    Repo,
    Pin,
    Hook,
    Gate,
    Service,
    Auth,
    Check,
}

impl Category {
    /// All categories, in report order.
    pub const ALL: [Self; 13] = [
        Self::System,
        Self::Tool,
        Self::Package,
        Self::Dotfile,
        Self::Env,
        Self::Git,
        Self::Repo,
        Self::Pin,
        Self::Hook,
        Self::Gate,
        Self::Service,
        Self::Auth,
        Self::Check,
    ];

    /// The word used in finding ids and in the lock.
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Tool => "tool",
            Self::Package => "package",
            Self::Dotfile => "dotfile",
            Self::Env => "env",
            Self::Git => "git",
            Self::Repo => "repo",
            Self::Pin => "pin",
            Self::Hook => "hook",
            Self::Gate => "gate",
            Self::Service => "service",
            Self::Auth => "auth",
            Self::Check => "check",
        }
    }

    /// Whether names of this category are versions of something, so that version policies make sense.
    pub fn is_versioned(self) -> bool {
        matches!(self, Self::Tool | Self::Package)
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// `<category>:<name>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId {
    /// What kind of thing it is.
    pub category: Category,
    /// Its name within the category; never empty.
    pub name: String,
}

impl ItemId {
    /// An id from its parts.
    pub fn new(category: Category, name: impl Into<String>) -> Self {
        Self { category, name: name.into() }
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.category, self.name)
    }
}

/// Why a text is not a finding id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ItemIdError {
    /// No colon, or nothing after it.
    #[error("`{0}` is not a finding id; write <category>:<name>, such as tool:node")]
    Shape(String),
    /// The part before the colon names no category.
    #[error("`{word}` is not a finding category{}", suggest(.nearest.as_deref()))]
    Category {
        /// What was written.
        word: String,
        /// The closest category.
        nearest: Option<String>,
    },
}

fn suggest(nearest: Option<&str>) -> String {
    nearest.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default()
}

impl FromStr for ItemId {
    type Err = ItemIdError;

    fn from_str(text: &str) -> Result<Self, ItemIdError> {
        let (word, name) = text
            .split_once(':')
            .filter(|(_, name)| !name.is_empty())
            .ok_or_else(|| ItemIdError::Shape(text.to_owned()))?;
        let category = Category::ALL.into_iter().find(|category| category.word() == word).ok_or_else(|| {
            let words = Category::ALL.map(Category::word);
            ItemIdError::Category {
                word: word.to_owned(),
                nearest: super::suggest::nearest(word, words).map(str::to_owned),
            }
        })?;
        Ok(Self::new(category, name))
    }
}

impl Serialize for ItemId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ItemId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_is_written() {
        for text in ["tool:node", "package:npm/@scope/pkg", "dotfile:.config/a:b", "git:carmenta/core.hooksPath"] {
            assert_eq!(text.parse::<ItemId>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_misspelt_category_is_named_with_the_nearest_one() {
        let error = "tol:node".parse::<ItemId>().unwrap_err();
        assert_eq!(error.to_string(), "`tol` is not a finding category; did you mean `tool`?");
        assert!("tool:".parse::<ItemId>().is_err());
        assert!("tool".parse::<ItemId>().is_err());
    }
}
