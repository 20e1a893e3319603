//! The lock: the facts of the reference, as `capture` observed them, in a form that a git diff reads well.
//!
//! `environments/<name>.lock` is TOML, sorted, without times, so that the same machine captured twice gives the same
//! bytes. Absence is kept as a fact; an unknown can not be kept, the type has no place for it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

use super::fact::{Fact, FileFact, Machine, Observed, RepoFact, TextFact, VersionFact};
use super::gate_fact::GateFact;
use super::item::{Category, ItemId};
use super::pin::PinFact;

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
    /// By repository, the files that stand for the others when its gates are asked what they would apply.
    pub samples: BTreeMap<String, Vec<String>>,
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

#[derive(Serialize)]
struct LockFile {
    #[serde(flatten)]
    head: Head,
    #[serde(flatten)]
    items: BTreeMap<Category, BTreeMap<String, Entry>>,
}

/// What stands in a lock beside the items.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    version: u32,
    environment: String,
    listed: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    samples: BTreeMap<String, Vec<String>>,
    reference: MachineEntry,
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

#[derive(Serialize)]
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
        let head = Head {
            version: 1,
            environment: self.environment.clone(),
            listed: self.listed.clone(),
            samples: self.samples.clone(),
            reference,
        };
        let file = LockFile { head, items };
        let body = toml_edit::ser::to_string_pretty(&file).expect("every field of a lock has a TOML form");
        format!("{HEADER}{body}")
    }

    /// Reads a lock file. `path` is used in messages alone.
    pub fn parse(path: &str, text: &str) -> Result<Self, LockError> {
        let not_understood = |message: String| LockError::NotUnderstood { path: path.to_owned(), message };
        if let Some(line) = text.lines().position(|line| line.starts_with("<<<<<<<")) {
            return Err(LockError::Conflict { path: path.to_owned(), line: line + 1 });
        }
        let mut table = DeTable::parse(text).map_err(|error| not_understood(said(&error)))?;
        // Another version may have another shape, so this is looked at first.
        let version =
            table.get_ref().get("version").and_then(|value| value.get_ref().as_integer()?.as_str().parse().ok());
        if let Some(version) = version.filter(|version: &i64| *version != 1) {
            return Err(LockError::Version { path: path.to_owned(), version });
        }
        let read =
            read_items(table.get_mut()).and_then(|items| Ok((items, Head::deserialize(Deserializer::from(table))?)));
        let (items, head) = read.map_err(|mut error| {
            error.set_input(Some(text));
            not_understood(said(&error))
        })?;
        let MachineEntry { id, hostname, os, os_version, arch } = head.reference;
        let reference = Machine { id, hostname, os, os_version, arch, ..Machine::default() };
        Ok(Self { environment: head.environment, reference, items, listed: head.listed, samples: head.samples })
    }
}

fn said(error: &Error) -> String {
    error.to_string().trim().to_owned()
}

/// Takes the items out of a lock's table.
fn read_items(table: &mut DeTable<'_>) -> Result<BTreeMap<ItemId, Locked>, Error> {
    let mut items = Vec::new();
    for category in Category::ALL {
        if let Some(entries) = table.remove(category.word()) {
            let entries = table_of(entries).map_err(|error| at(category.word(), error))?;
            for (name, entry) in entries.into_inner() {
                let name = name.into_inner();
                let locked = table_of(entry).and_then(read_entry);
                let locked = locked.map_err(|error| at(&format!("{}.{name:?}", category.word()), error))?;
                items.push((ItemId::new(category, name), locked));
            }
        }
    }
    Ok(items.into_iter().collect())
}

/// An error with the table that it is about, unless it has a line of its own to show.
fn at(table: &str, error: Error) -> Error {
    match error.span() {
        Some(_) => error,
        None => serde::de::Error::custom(format!("[{table}]: {}", error.message())),
    }
}

/// Each shape of an entry has a key that no other has. Letting serde try one shape after the other takes several times
/// as long, and a lock may hold ten thousands.
fn read_entry(entry: Spanned<DeTable<'_>>) -> Result<Locked, Error> {
    let has = |key: &str| entry.get_ref().contains_key(key);
    let fact = if has("version") {
        Fact::Version(VersionFact::deserialize(Deserializer::from(entry))?)
    } else if has("kind") {
        Fact::File(FileFact::deserialize(Deserializer::from(entry))?)
    } else if has("pinned") {
        Fact::Pin(PinFact::deserialize(Deserializer::from(entry))?)
    } else if has("remotes") {
        Fact::Repo(RepoFact::deserialize(Deserializer::from(entry))?)
    } else if has("does") {
        Fact::Gate(GateFact::deserialize(Deserializer::from(entry))?)
    } else if has("value") {
        Fact::Text(TextFact::deserialize(Deserializer::from(entry))?)
    } else if AbsentEntry::deserialize(Deserializer::from(entry))?.absent {
        return Ok(Locked::Absent);
    } else {
        return Err(serde::de::Error::custom("`absent = false` says nothing"));
    };
    Ok(Locked::Present(fact))
}

fn table_of(value: Spanned<DeValue<'_>>) -> Result<Spanned<DeTable<'_>>, Error> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Table(table) => Ok(Spanned::new(span, table)),
        other => Err(serde::de::Error::custom(format!("{} where a table is to be", other.type_str()))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fact::{Digest, FileFact, LeadsTo, Mode, Remote, RepoFact, Special, VersionFact};
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
                Locked::Present(Fact::File(FileFact::Link {
                    to: "../x".to_owned(),
                    leads_to: Some(LeadsTo::Nowhere),
                    mode: None,
                })),
            ),
            ("git:carmenta/core.hooksPath", Locked::Present(Fact::text(".husky/_"))),
            (
                "repo:carmenta",
                Locked::Present(Fact::Repo(RepoFact {
                    remotes: [("origin".to_owned(), remote)].into(),
                    written: None,
                })),
            ),
            (
                "hook:carmenta/pre-commit",
                Locked::Present(Fact::Gate(GateFact {
                    path: Some(".git/hooks/x".to_owned()),
                    leaves: [("hook".to_owned(), digest.to_string())].into(),
                    ..GateFact::new("runs")
                })),
            ),
        ];
        Lock {
            environment: "carmenta".to_owned(),
            reference: Machine { os: Some("linux".to_owned()), ..Machine::default() },
            items: facts.into_iter().map(|(id, locked)| (id.parse().unwrap(), locked)).collect(),
            listed: ["hook:carmenta/".to_owned(), "git:carmenta/".to_owned()].into(),
            samples: [("carmenta".to_owned(), vec!["src/a.ts".to_owned()])].into(),
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

    /// Modes behind links, and which special file it is, came later.
    #[test]
    fn files_read_back_as_they_were_and_so_do_those_of_a_lock_of_before() {
        let file = |text: &str| {
            let text = format!("version = 1\nenvironment = \"a\"\nlisted = []\n[reference]\n[dotfile.x]\n{text}\n");
            let lock = Lock::parse("x.lock", &text).unwrap();
            assert_eq!(Lock::parse("x.lock", &lock.to_text()).unwrap(), lock);
            match lock.items.into_values().next().unwrap() {
                Locked::Present(Fact::File(file)) => file,
                other => panic!("{other:?}"),
            }
        };
        let link = |leads_to, mode| FileFact::Link { to: "y".to_owned(), leads_to, mode };
        let to = "kind = \"link\"\nto = \"y\"";
        assert_eq!(file(to), link(None, None));
        assert_eq!(file(&format!("{to}\nleads_to = \"other\"")), link(Some(LeadsTo::Other), None));
        for (word, special) in [
            ("socket", Special::Socket),
            ("fifo", Special::Fifo),
            ("character-device", Special::CharacterDevice),
            ("block-device", Special::BlockDevice),
        ] {
            assert_eq!(file(&format!("{to}\nleads_to = \"{word}\"")), link(Some(LeadsTo::Special(special)), None));
            let other = FileFact::Other { special: Some(special) };
            assert_eq!(file(&format!("kind = \"other\"\nspecial = \"{word}\"")), other);
        }
        assert_eq!(file("kind = \"other\""), FileFact::Other { special: None });
        let digest = Digest::of(b"x");
        let text = format!("{to}\nleads_to = \"{digest}\"\nmode = \"0600\"");
        assert_eq!(file(&text), link(Some(LeadsTo::File(digest)), Some(Mode(0o600))));
    }

    #[test]
    fn an_entry_of_no_known_shape_is_refused() {
        let text = "version = 1\nenvironment = \"a\"\nlisted = []\n[reference]\n[tool.node]\nvresion = \"1\"\n";
        assert!(Lock::parse("x.lock", text).is_err());
        for (items, told) in [
            ("[tool.node]\nabsent = false\n", "[tool.\"node\"]: `absent = false` says nothing"),
            ("[tool]\nnode = 3\n", "[tool.\"node\"]: integer where a table is to be"),
            ("", "[tool]: string where a table is to be"),
        ] {
            let tool = if items.is_empty() { "tool = \"x\"\n" } else { "" };
            let text = format!("version = 1\nenvironment = \"a\"\nlisted = []\n{tool}[reference]\n{items}");
            let message = Lock::parse("x.lock", &text).unwrap_err().to_string();
            assert!(message.contains(&format!("understands: {told};")), "{message}");
        }
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
