//! From findings to a plan, and from a plan to a machine at parity.
//!
//! `plan` is pure: each drift is offered to the [`PROVIDERS`], and what they make of it is data. `apply` compiles the
//! steps into one sh program, sends it and hears how each step ended. Every file is backed up on the target before it
//! is replaced; `rollback` puts the newest generation of backups back.

pub mod apply;
pub mod contents;
pub mod keep;
mod order;
pub mod plan;
mod program;
#[cfg(test)]
mod program_tests;
mod provider;
pub mod rollback;
pub mod schedule;
pub mod view;

use serde::{Deserialize, Serialize};

pub use provider::PROVIDERS;
use provider::STRUCTURE;

use crate::parity::Finding;
use crate::spec::{Digest, Environment, ItemId, Machine, Mode};

/// What would change on one target, and what cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The target's name.
    pub target: String,
    /// The machine that was observed; another one under the same name is not what was planned for.
    pub machine: Machine,
    /// In the order in which they are carried out.
    pub steps: Vec<Step>,
    /// Drift that no step removes.
    pub unmet: Vec<Unmet>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The provider that offers it.
    pub provider: String,
    /// What it does to the thing.
    pub action: Action,
    /// The thing, as a person names it.
    pub subject: String,
    /// The findings that it removes.
    pub findings: Vec<ItemId>,
    /// What was seen for each of them, as a digest: it may be secret. None where nothing was there.
    pub seen: Vec<(ItemId, Option<Digest>)>,
    /// Why, one sentence.
    pub why: String,
    /// What is done, exactly.
    pub work: Work,
    /// Whether it needs root.
    pub root: bool,
    /// Whether `rollback` undoes it.
    pub undone_by_rollback: bool,
    /// The steps that come first, by their place in the plan: without them this one is not tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<usize>,
    /// What changes in a text, for people: it never goes into a file, since not every secret looks like one.
    #[serde(skip)]
    pub diff: Option<String>,
}

/// What a step does to its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Action {
    Create,
    Change,
    Remove,
}

/// What a step does, exactly. Contents are named by digest: they may be secret, and a plan may be shown and saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Work {
    /// Put a regular file in place.
    PutFile {
        /// Relative to the home, or absolute.
        path: String,
        /// Its permission bits.
        mode: Mode,
        /// Of its content.
        digest: Digest,
    },
    /// Put a symbolic link in place.
    PutLink {
        /// Relative to the home, or absolute.
        path: String,
        /// Where it points.
        to: String,
    },
    /// Make a folder, or give it its mode.
    PutFolder {
        /// Relative to the home, or absolute.
        path: String,
        /// Its permission bits.
        mode: Mode,
    },
    /// Remove a file or link.
    Remove {
        /// Relative to the home, or absolute.
        path: String,
    },
    /// Change one setting of a repository; none removes it.
    GitSetting {
        /// The repository's place, relative to the home or absolute.
        repo: String,
        /// The setting's key.
        key: String,
        /// Its value.
        value: Option<String>,
    },
    /// Clone a repository, with all of its remotes.
    Clone {
        /// Its place, relative to the home or absolute.
        repo: String,
        /// The remotes, the one to clone from first.
        remotes: Vec<RemoteUrls>,
    },
    /// Give a repository its remotes; what it holds is not touched.
    Remotes {
        /// Its place, relative to the home or absolute.
        repo: String,
        /// Those that are made or changed.
        set: Vec<RemoteUrls>,
        /// The names of those that go.
        remove: Vec<String>,
    },
    /// Run what a repository itself is set up by, in folders of it.
    SetUp {
        /// The repository's place, relative to the home or absolute.
        repo: String,
        /// What is run, in this order.
        runs: Vec<SetUpRun>,
    },
    /// Run a command.
    Command {
        /// The program and its arguments.
        arguments: Vec<String>,
        /// Run this and try once more if it fails: a manager's index may be old.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refresh: Vec<String>,
    },
}

/// One remote, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteUrls {
    /// Its name.
    pub name: String,
    /// Where fetches come from.
    pub fetch: Vec<String>,
    /// Where pushes go, where that is somewhere else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub push: Vec<String>,
}

/// One command by which a repository is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetUpRun {
    /// Relative to the repository, or empty.
    pub folder: String,
    /// The program, one of the folder's own or of PATH, and its arguments.
    pub arguments: Vec<String>,
}

/// Drift that no step removes, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmet {
    /// The finding.
    pub finding: ItemId,
    /// One sentence.
    pub why: String,
}

/// A drift that a provider is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Need<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// The environment.
    pub environment: &'a Environment,
    /// Whether what the reference does not have is to be removed.
    pub prune: bool,
}

/// What a provider makes of a drift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It is not of its kind.
    NotMine,
    /// This would remove it.
    Step(Box<Step>),
    /// It is of its kind, but cannot be removed.
    Cannot(String),
}

/// Something that can remove drift. Adding one is a file and a line in [`PROVIDERS`].
#[derive(Debug)]
pub struct Provider {
    /// Its name in plans.
    pub name: &'static str,
    /// What it provides.
    pub doc: &'static str,
    /// What it makes of a drift.
    pub offer: fn(Need<'_>) -> Offer,
}

impl Plan {
    /// Names all that would be done, to whom, and to what: two plans with the same digest do the same to the same.
    pub fn digest(&self) -> Digest {
        let machine = (&self.machine.id, &self.machine.host_key);
        let works: Vec<_> = self.steps.iter().map(|step| (&step.work, step.root, &step.seen)).collect();
        let canonical = serde_json::to_vec(&(&self.target, machine, works)).expect("every field has a JSON form");
        Digest::of(&canonical)
    }
}

impl Action {
    /// The word in plans.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Remove => "remove",
        }
    }
}
