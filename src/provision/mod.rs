//! From findings to a plan, and from a plan to a machine at parity.
//!
//! `plan` is pure: each drift is offered to the [`PROVIDERS`], and what they make of it is data. `apply` compiles the
//! steps into one sh program, sends it and hears how each step ended. Every file is backed up on the target before it
//! is replaced; `rollback` puts the newest generation of backups back.

pub mod apply;
pub mod contents;
pub mod create;
pub mod edited;
pub mod keep;
pub mod merge;
mod order;
pub mod plan;
pub mod preflight;
mod program;
#[cfg(test)]
mod program_tests;
mod provider;
pub mod render;
pub mod rollback;
pub mod root;
pub mod same;
pub mod schedule;
mod services;
pub mod values;
pub mod view;
pub mod work;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use provider::PROVIDERS;
use provider::STRUCTURE;
pub use work::Work;

use crate::parity::{Finding, TargetReport};
use crate::spec::{Digest, Environment, ItemId, Machine};

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
    /// What somebody did to a file that therefore stays, and what would be done to it; for people, as a step's diff is.
    #[serde(skip)]
    pub edits: BTreeMap<ItemId, String>,
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
    /// Whether it is tried only where the two machines' files leave nothing else to do. A plan that is shown has settled that.
    #[serde(skip)]
    pub at_last: bool,
    /// Whether what it is about could not be observed: if nothing is to be done there, that is no news.
    #[serde(skip)]
    pub tentative: bool,
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
    /// All that was found on its target.
    pub report: &'a TargetReport,
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
    /// These would, together.
    Steps(Vec<Step>),
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
