//! Holding the lock against the facts: pure values in, one [`Report`] out, from which every format and the exit code
//! derive.

pub mod compare;
pub mod dotfile_detail;
pub mod history;
mod keys;
pub mod notice;
pub mod report;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::spec::{Category, Digest, Fact, ItemId, Locked, Machine, Observed, Places, Policy, TargetKind};
use history::Standing;

/// The verdict over findings, targets or the whole: unknown if any is, else drift, else parity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing differs that is not waived.
    Parity,
    /// Something differs.
    Drift,
    /// Something that matters could not be observed.
    Unknown,
}

impl Verdict {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Parity => "parity",
            Self::Drift => "drift",
            Self::Unknown => "unknown",
        }
    }
}

/// One audit of one or more targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The environment's name.
    pub environment: String,
    /// Of the spec's bytes and every file that it names.
    pub spec_digest: Digest,
    /// Of the lock; none if there is no lock.
    pub lock_digest: Option<Digest>,
    /// One entry a target, in the order of the spec.
    pub targets: Vec<TargetReport>,
    /// What helps to read it and decides nothing.
    pub background: Background,
}

/// What is known around a report: where its items stand in the files, and what earlier audits saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Background {
    /// Where the spec asks for the items, and where the lock holds them.
    pub places: Places,
    /// By target: since when its findings are so. Empty where no audit was recorded.
    pub standings: BTreeMap<String, BTreeMap<ItemId, Standing>>,
    /// Whether this very machine was held as the target, so that no command that reaches the target is of use.
    pub here: bool,
}

impl Background {
    /// Since when a finding is so, as far as recorded audits tell.
    pub fn standing(&self, target: &str, finding: &ItemId) -> Standing {
        self.standings.get(target).and_then(|standings| standings.get(finding)).copied().unwrap_or_default()
    }
}

/// One target's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetReport {
    /// As named in the spec.
    pub target: String,
    /// What sort of machine it is.
    pub kind: TargetKind,
    /// When the answers came in, by the controller's clock.
    pub observed_at: Timestamp,
    /// How long the audit of this target took.
    pub duration: Duration,
    /// How many exchanges it took beyond connecting.
    pub round_trips: u32,
    /// Why the machine as a whole could not be observed.
    pub error: Option<String>,
    /// Who answered.
    pub machine: Machine,
    /// Sorted by id.
    pub findings: Vec<Finding>,
    /// What was seen beside: facts that the environment does not hold true, and that therefore decide nothing.
    pub shown: BTreeMap<ItemId, Fact>,
}

/// A lock entry held against a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub id: ItemId,
    /// How they stand to each other.
    pub state: State,
    /// How strictly they were held against each other.
    pub policy: Policy,
    /// What should be: the lock's entry. None where the lock does not say.
    pub locked: Option<Locked>,
    /// What is. None where nothing was observed.
    pub observed: Option<Observed>,
    /// One sentence.
    pub reason: String,
    /// Path, unified diff, …: whatever else helps.
    pub detail: Option<String>,
    /// A weakness that the machine has and the reference shares: no drift, but nothing to be silent about.
    pub warning: Option<String>,
}

/// How the lock's entry and the fact stand to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Within the policy.
    Match,
    /// Not within the policy.
    Drift(Change),
    /// Nothing can be said.
    Unknown,
    /// Drift that a waiver covers.
    Waived(Change, AppliedWaiver),
}

/// In which way a fact differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Wanted, and not there.
    Missing,
    /// There, and not wanted.
    Extra,
    /// There, and different.
    Changed,
}

/// The waiver that covers a finding.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AppliedWaiver {
    /// Why the drift is accepted.
    pub because: String,
    /// Its last day.
    pub until: Option<Date>,
}

impl State {
    /// The word in reports.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Drift(_) => "drift",
            Self::Unknown => "unknown",
            Self::Waived(..) => "waived",
        }
    }

    /// In which way the fact differs, if it does.
    pub fn change(&self) -> Option<Change> {
        match self {
            Self::Drift(change) | Self::Waived(change, _) => Some(*change),
            Self::Match | Self::Unknown => None,
        }
    }

    /// The waiver that covers it, if one does.
    pub fn waiver(&self) -> Option<&AppliedWaiver> {
        match self {
            Self::Waived(_, waiver) => Some(waiver),
            Self::Match | Self::Drift(_) | Self::Unknown => None,
        }
    }

    fn verdict(&self) -> Verdict {
        match self {
            Self::Match | Self::Waived(..) => Verdict::Parity,
            Self::Drift(_) => Verdict::Drift,
            Self::Unknown => Verdict::Unknown,
        }
    }
}

impl Change {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Changed => "changed",
        }
    }
}

impl Finding {
    /// The text of what should be, as reports print it. None where nothing should be, or the lock does not say.
    pub fn want(&self) -> Option<String> {
        match &self.locked {
            Some(Locked::Present(fact)) => Some(self.policy.own_want().unwrap_or_else(|| fact.shown())),
            Some(Locked::Absent) => self.policy.own_want(),
            None => None,
        }
    }

    /// Whether it is about a tool's configuration, or what a gate does: no plan brings these.
    pub fn is_of_a_gate(&self) -> bool {
        matches!(self.id.category, Category::Gate | Category::Check)
    }

    /// Whether it is unknown only because the lock does not have it yet.
    pub fn awaits_capture(&self) -> bool {
        let was_seen = matches!(self.observed, Some(Observed::Present(_) | Observed::Absent));
        self.state == State::Unknown && self.locked.is_none() && was_seen
    }

    /// The text of what is. None where nothing is, or nothing was observed.
    pub fn got(&self) -> Option<String> {
        match &self.observed {
            Some(Observed::Present(fact)) => Some(fact.shown()),
            Some(Observed::Absent | Observed::Unknown(_)) | None => None,
        }
    }
}

impl TargetReport {
    /// The verdict over this target's findings. Where nothing was compared, nothing is known.
    pub fn verdict(&self) -> Verdict {
        let nothing_known = self.error.is_some() || self.findings.is_empty();
        let of_machine = if nothing_known { Verdict::Unknown } else { Verdict::Parity };
        self.findings.iter().map(|finding| finding.state.verdict()).fold(of_machine, Ord::max)
    }

    /// How many findings are in a state, by its word.
    pub fn count(&self, word: &str) -> usize {
        self.findings.iter().filter(|finding| finding.state.word() == word).count()
    }
}

impl Report {
    /// The verdict over all targets. Without a target there is nothing to say: unknown.
    pub fn verdict(&self) -> Verdict {
        self.targets.iter().map(TargetReport::verdict).max().unwrap_or(Verdict::Unknown)
    }
}
