//! The lock: the facts of the reference, as `capture` observed them, in a form that a git diff reads well.
//!
//! `environments/<name>.lock` is TOML, sorted, without times, so that the same machine captured twice gives the same
//! bytes. Absence is kept as a fact; an unknown can not be kept, the type has no place for it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::fact::{Fact, Machine, Observed};
use super::item::{Category, ItemId};

/// What one capture found on the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The environment that it belongs to.
    pub environment: String,
    /// The machine that was observed.
    pub reference: Machine,
    /// What it holds.
    pub items: BTreeMap<ItemId, Locked>,
    /// The open sets that were listed in full, as [`super::fact::Listing`] shows itself: of these, what is not in
    /// `items` was not there.
    pub listed: BTreeSet<String>,
}

/// One item of the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locked {
    /// It is there.
    Present(Fact),
    /// It is not there.
    Absent,
}

impl From<Locked> for Observed {
    fn from(locked: Locked) -> Self {
        match locked {
            Locked::Present(fact) => Self::Present(fact),
            Locked::Absent => Self::Absent,
        }
    }
}

const HEADER: &str = "\
# The facts of the reference, as `trueup capture` observed them. Commit this file; change the reference and capture
# again rather than editing it.
";

#[derive(Serialize, Deserialize)]
struct LockFile {
    version: u32,
    environment: String,
    listed: BTreeSet<String>,
    reference: MachineEntry,
    #[serde(flatten)]
    items: BTreeMap<Category, BTreeMap<String, Entry>>,
}

/// The part of a machine's identity that the lock keeps: nothing that changes while the machine stays the same.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MachineEntry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hostname: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    os: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    os_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    arch: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Entry {
    Absent(AbsentEntry),
    Present(Fact),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AbsentEntry {
    absent: bool,
}

/// Why a lock file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It is not TOML, or not of this shape.
    #[error(
        "{path} is not a lock that this version of trueup understands: {message}; restore it, or write it anew: trueup \
         capture"
    )]
    NotUnderstood {
        /// The file.
        path: String,
        /// The parser's words.
        message: String,
    },
    /// It was written by a later format.
    #[error(
        "{path} has lock version {version}, and this version of trueup knows version 1: a newer trueup wrote it; update \
         trueup"
    )]
    Version {
        /// The file.
        path: String,
        /// What it says.
        version: i64,
    },
    /// A merge left both sides in it.
    #[error("{path} holds the two sides of a merge, from line {line} on; take either side and run: trueup capture")]
    Conflict {
        /// The file.
        path: String,
        /// Where the first begins.
        line: usize,
    },
    /// It was captured for another spec.
    #[error("{path} is the lock of the environment {other}; restore its own, or write it anew: trueup capture")]
    OtherEnvironment {
        /// The file.
        path: String,
        /// What it says.
        other: String,
    },
}

impl Lock {
    /// The file's whole text.
    pub fn to_text(&self) -> String {
        let mut items: BTreeMap<Category, BTreeMap<String, Entry>> = BTreeMap::new();
        for (id, locked) in &self.items {
            let entry = match locked {
                Locked::Present(fact) => Entry::Present(fact.clone()),
                Locked::Absent => Entry::Absent(AbsentEntry { absent: true }),
            };
            items.entry(id.category).or_default().insert(id.name.clone(), entry);
        }
        let Machine { id, hostname, os, os_version, arch, host_key: _, account: _ } = self.reference.clone();
        let reference = MachineEntry { id, hostname, os, os_version, arch };
        let file = LockFile {
            version: 1,
            environment: self.environment.clone(),
            listed: self.listed.clone(),
            reference,
            items,
        };
        let body = toml_edit::ser::to_string_pretty(&file).expect("every field of a lock has a TOML form");
        format!("{HEADER}{body}")
    }

    /// Reads a lock file. `path` is used in messages alone.
    pub fn parse(path: &str, text: &str) -> Result<Self, LockError> {
        let not_understood = |message: String| LockError::NotUnderstood { path: path.to_owned(), message };
        if let Some(line) = text.lines().position(|line| line.starts_with("<<<<<<<")) {
            return Err(LockError::Conflict { path: path.to_owned(), line: line + 1 });
        }
        // Another version may have another shape, so this is looked at first.
        let version = toml_edit::Document::parse(text).ok().and_then(|lock| lock.get("version")?.as_integer());
        if let Some(version) = version.filter(|version| *version != 1) {
            return Err(LockError::Version { path: path.to_owned(), version });
        }
        let file: LockFile =
            toml_edit::de::from_str(text).map_err(|error| not_understood(error.to_string().trim().to_owned()))?;
        let mut items = BTreeMap::new();
        for (category, entries) in file.items {
            for (name, entry) in entries {
                let locked = match entry {
                    Entry::Present(fact) => Locked::Present(fact),
                    Entry::Absent(AbsentEntry { absent: true }) => Locked::Absent,
                    Entry::Absent(AbsentEntry { absent: false }) => {
                        return Err(not_understood(format!("`absent = false` says nothing in [{category}.{name:?}]")));
                    }
                };
                items.insert(ItemId::new(category, name), locked);
            }
        }
        let MachineEntry { id, hostname, os, os_version, arch } = file.reference;
        let reference = Machine { id, hostname, os, os_version, arch, ..Machine::default() };
        Ok(Self { environment: file.environment, reference, items, listed: file.listed })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fact::{Digest, FileFact, HookFact, LeadsTo, Mode, Remote, RepoFact, VersionFact};
    use super::*;

    fn sample() -> Lock {
        let digest = Digest::of(b"x");
        let remote = Remote { fetch: vec!["example.com/a".to_owned()], push: vec!["example.com/b".to_owned()] };
        let node = VersionFact { version: "22.11.0".to_owned(), product: None, path: Some("/usr/bin/node".to_owned()) };
        let facts = [
            ("tool:node", Locked::Present(Fact::Version(node))),
            ("tool:claude", Locked::Absent),
            ("package:npm/@scope/pkg", Locked::Present(Fact::version("1.0.0-rc.1"))),
            (
                "dotfile:.zshrc",
                Locked::Present(Fact::File(FileFact::File { mode: Mode(0o644), digest: digest.clone() })),
            ),
            (
                "dotfile:.config/a \"b\"",
                Locked::Present(Fact::File(FileFact::Link { to: "../x".to_owned(), leads_to: Some(LeadsTo::Nowhere) })),
            ),
            ("git:carmenta/core.hooksPath", Locked::Present(Fact::text(".husky/_"))),
            (
                "repo:carmenta",
                Locked::Present(Fact::Repo(RepoFact { remotes: [("origin".to_owned(), remote)].into() })),
            ),
            (
                "hook:carmenta/pre-commit",
                Locked::Present(Fact::Hook(HookFact {
                    runs: true,
                    hook_digest: digest,
                    without: None,
                    path: ".git/hooks/x".to_owned(),
                })),
            ),
        ];
        Lock {
            environment: "carmenta".to_owned(),
            reference: Machine { os: Some("linux".to_owned()), ..Machine::default() },
            items: facts.into_iter().map(|(id, locked)| (id.parse().unwrap(), locked)).collect(),
            listed: ["hook:carmenta/".to_owned(), "git:carmenta/".to_owned()].into(),
        }
    }

    #[test]
    fn a_lock_reads_back_as_it_was_written() {
        let lock = sample();
        assert_eq!(Lock::parse("x.lock", &lock.to_text()).unwrap(), lock);
    }

    #[test]
    fn it_reads_well_in_a_diff() {
        insta::assert_snapshot!(sample().to_text());
    }

    #[test]
    fn an_entry_of_no_known_shape_is_refused() {
        let text = "version = 1\nenvironment = \"a\"\nlisted = []\n[reference]\n[tool.node]\nvresion = \"1\"\n";
        assert!(Lock::parse("x.lock", text).is_err());
        let later = "version = 2\nenvironment = \"a\"\nlisted = []\n[reference]\n";
        assert!(matches!(Lock::parse("x.lock", later), Err(LockError::Version { version: 2, .. })));
        let merged = "version = 1\n<<<<<<< ours\nenvironment = \"a\"\n=======\n>>>>>>> theirs\n";
        let message = Lock::parse("x.lock", merged).unwrap_err().to_string();
        assert_eq!(
            message,
            "x.lock holds the two sides of a merge, from line 2 on; take either side and run: trueup capture"
        );
    }
}
