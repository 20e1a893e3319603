//! A repository's pins of one tool as a fact: what is asked, what is there, and whether the one keeps the other.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a repository's files ask of one tool, and what a machine has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinFact {
    /// What is asked and where, in the order of the formats; never empty.
    pub pinned: Vec<Pinned>,
    /// Whether the machine keeps it.
    pub holds: Holds,
    /// The version that the tool tells inside the repository; none where it is not there or was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub got: Option<String>,
    /// Why it is broken or unchecked, as a sentence without its full stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Where the tool really resolves to; evidence, never compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// Whether a machine keeps a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holds {
    /// The tool has a version that every pin allows.
    Kept,
    /// It has one that a pin does not allow, or is not there.
    Broken,
    /// It cannot be decided.
    Unchecked,
}

/// What one line of a file asks; in the lock `22.11.0 in .nvmrc:1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// As written.
    pub wants: String,
    /// The file, relative to the repository; evidence, never compared.
    pub file: String,
    /// Its line; evidence, never compared.
    pub line: usize,
}

impl PinFact {
    /// What is asked, each wish once: what two machines must have in common.
    pub fn wants(&self) -> String {
        let mut wants: Vec<&str> = Vec::new();
        for pinned in &self.pinned {
            if !wants.contains(&pinned.wants.as_str()) {
                wants.push(&pinned.wants);
            }
        }
        wants.join(", ")
    }

    /// `22.11.0`, where that is broken `20.10.0 (pinned 22.11.0 in .nvmrc)`, where it was not decided `lts/* (has 20.10.0)`.
    pub fn shown(&self) -> String {
        if let (Holds::Unchecked, Some(got)) = (self.holds, &self.got) {
            return format!("{} (has {got})", self.wants());
        }
        if self.holds != Holds::Broken {
            return self.wants();
        }
        let pinned: Vec<String> =
            self.pinned.iter().map(|pinned| format!("{} in {}", pinned.wants, pinned.file)).collect();
        format!("{} (pinned {})", self.got.as_deref().unwrap_or("not there"), pinned.join(", "))
    }

    /// In which way a machine's pin differs from the reference's, `self`. A pin that both break is no difference, nor is
    /// one that only the reference breaks.
    pub fn difference(&self, got: &Self) -> Option<String> {
        if self.wants() != got.wants() {
            let of = |fact: &Self| fact.pinned.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Some(format!("it is pinned to {}, on the reference to {}", of(got), of(self)));
        }
        let because = || got.because.clone().unwrap_or_else(|| "it breaks its pin".to_owned());
        let reference = self.got.as_deref().map_or_else(|| "does not have it".to_owned(), |has| format!("has {has}"));
        match (self.holds, got.holds) {
            (_, Holds::Kept) => None,
            (_, Holds::Broken | Holds::Unchecked) if self.got.is_some() && got.got.is_none() => {
                Some(format!("{}; the reference {reference}", because()))
            }
            (Holds::Broken, Holds::Broken) => None,
            // What was not decided on either is the same only where both tell the same.
            (Holds::Unchecked, Holds::Unchecked) => match (&self.got, &got.got) {
                (Some(want), Some(has)) if want != has => Some(format!(
                    "pinned to {}, which is not decided here; it has {has}, the reference has {want}",
                    self.wants()
                )),
                _ => None,
            },
            (Holds::Kept | Holds::Unchecked, Holds::Broken) | (Holds::Kept | Holds::Broken, Holds::Unchecked) => {
                Some(format!("{}; the reference {reference}", because()))
            }
        }
    }
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}:{}", self.wants, self.file, self.line)
    }
}

impl Serialize for Pinned {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pinned {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = || {
            let (wants, place) = text.rsplit_once(" in ")?;
            let (file, line) = place.rsplit_once(':')?;
            Some(Self { wants: wants.to_owned(), file: file.to_owned(), line: line.parse().ok()? })
        };
        read().ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a pin such as `22.11.0 in .nvmrc:1`")))
    }
}
