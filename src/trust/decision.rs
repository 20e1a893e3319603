//! What the gate says: allow or deny, every reason as data with its sentence, the exit code, and the JSON view. All of
//! them derive from one [`Decision`], so they cannot disagree. Pure.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::statement::Counter;
use super::verify::Invalid;
use crate::parity::Verdict;
use crate::spec::ItemId;

/// What the gate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The environment that was asked for.
    pub environment: String,
    /// The target that was asked for.
    pub target: String,
    /// Allow or deny.
    pub ruling: Ruling,
    /// Drifts that `[gate] warn` lets pass.
    pub warnings: Vec<ItemId>,
    /// What the decision rests on; none without an attestation that a trusted key signed.
    pub attestation: Option<Summary>,
}

/// Allow or deny.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Work may run.
    Allow,
    /// It may not; never without a reason.
    Deny(Vec<Reason>),
}

/// The part of an attestation that a decision shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// When the machine was observed.
    pub observed_at: Timestamp,
    /// From when on it proves nothing.
    pub expires_on: Timestamp,
    /// Its number.
    pub counter: Counter,
    /// What it says.
    pub verdict: Verdict,
}

/// Whether a reason speaks of a difference or of not knowing; the exit code follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Drift, or an attestation that is not valid: exit code 1.
    Drift,
    /// Absent, stale or unknown: exit code 3.
    Unknown,
}

/// Why the gate denies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Nothing is recorded.
    #[error("`{target}` has no attestation; make one with `trueup attest {target}`")]
    Absent {
        /// Where the work was to run.
        target: String,
    },
    /// What is recorded may not be believed.
    #[error("{0}")]
    Invalid(Invalid),
    /// `max_age` is now shorter than when the attestation was made.
    #[error("the machine was last observed at {observed_at}, longer ago than the gate's max_age")]
    TooOld {
        /// When.
        observed_at: Timestamp,
    },
    /// A command ran since, and nobody saw the machine after it.
    #[error("a command was begun at {started_at:.0} and the machine was not verified after it; attest it again")]
    RunUnsettled {
        /// When it began.
        started_at: Timestamp,
    },
    /// A finding differs.
    #[error("{finding} has drifted")]
    Drift {
        /// Its id.
        finding: ItemId,
    },
    /// A finding was waived, and the waiver has ended since.
    #[error("{finding} has drifted, and its waiver ended with {until}")]
    WaiverEnded {
        /// Its id.
        finding: ItemId,
        /// The waiver's last day.
        until: Date,
    },
    /// A finding could not be observed.
    #[error("{finding} could not be observed")]
    Unknown {
        /// Its id.
        finding: ItemId,
    },
    /// The machine as a whole could not be observed, or nothing on it was to be compared.
    #[error("nothing was compared on the machine, so nothing is known about it")]
    NotObserved,
    /// Another machine answers at the target.
    #[error("another machine answers at the target: its {what} is `{found}`, the attested one's is `{attested}`")]
    OtherMachine {
        /// Which part of the identity.
        what: &'static str,
        /// What the machine that answers shows.
        found: String,
        /// What the attestation says.
        attested: String,
    },
    /// Nothing tells whether the machine that answers is the attested one.
    #[error("the machine that answers and the attested one share nothing by which to tell them apart")]
    MachineNotIdentified,
}

impl Reason {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Absent { .. } => "absent",
            Self::Invalid(invalid) => invalid.code(),
            Self::TooOld { .. } => "too-old",
            Self::RunUnsettled { .. } => "run-unsettled",
            Self::Drift { .. } => "drift",
            Self::WaiverEnded { .. } => "waiver-ended",
            Self::Unknown { .. } => "unknown",
            Self::NotObserved => "not-observed",
            Self::OtherMachine { .. } => "other-machine",
            Self::MachineNotIdentified => "machine-not-identified",
        }
    }

    /// Whether it speaks of a difference or of not knowing.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Invalid(Invalid::Expired { .. } | Invalid::NoLock | Invalid::MadeWithoutLock)
            | Self::Absent { .. }
            | Self::TooOld { .. }
            | Self::RunUnsettled { .. }
            | Self::Unknown { .. }
            | Self::NotObserved
            | Self::MachineNotIdentified => Severity::Unknown,
            Self::Invalid(_) | Self::Drift { .. } | Self::WaiverEnded { .. } | Self::OtherMachine { .. } => {
                Severity::Drift
            }
        }
    }
}

impl Decision {
    /// Whether work may run.
    pub fn is_allowed(&self) -> bool {
        self.reasons().is_empty()
    }

    /// Why it may not; empty if it may.
    pub fn reasons(&self) -> &[Reason] {
        match &self.ruling {
            Ruling::Allow => &[],
            Ruling::Deny(reasons) => reasons,
        }
    }

    /// How bad the worst reason is; none if work may run. Reasons of both sorts together count as unknown, as a verdict
    /// over findings does.
    pub fn severity(&self) -> Option<Severity> {
        match &self.ruling {
            Ruling::Allow => None,
            Ruling::Deny(reasons) => Some(reasons.iter().map(Reason::severity).max().unwrap_or(Severity::Unknown)),
        }
    }

    /// The process's exit code: 0, 1 or 3.
    pub fn exit_code(&self) -> u8 {
        match self.severity() {
            None => 0,
            Some(Severity::Drift) => 1,
            Some(Severity::Unknown) => 3,
        }
    }

    /// As JSON, for `--format json` and the store.
    pub fn view(&self) -> DecisionView {
        DecisionView {
            schema: "trueup/gate/v1",
            environment: self.environment.clone(),
            target: self.target.clone(),
            decision: if self.is_allowed() { "allow" } else { "deny" },
            reasons: self.reasons().iter().map(ReasonView::from).collect(),
            warnings: self.warnings.iter().map(ReasonView::of_warning).collect(),
            attestation: self.attestation.clone(),
        }
    }
}

/// A decision as programs read it. Fields are added, never renamed.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the decision")]
pub struct DecisionView {
    pub schema: &'static str,
    pub environment: String,
    pub target: String,
    pub decision: &'static str,
    pub reasons: Vec<ReasonView>,
    pub warnings: Vec<ReasonView>,
    pub attestation: Option<Summary>,
}

/// A reason or warning as programs read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct ReasonView {
    /// A stable word.
    pub code: String,
    /// One sentence.
    pub message: String,
}

impl From<&Reason> for ReasonView {
    fn from(reason: &Reason) -> Self {
        Self { code: reason.code().to_owned(), message: reason.to_string() }
    }
}

impl ReasonView {
    fn of_warning(finding: &ItemId) -> Self {
        Self { code: "drift".to_owned(), message: format!("{finding} has drifted, and `[gate] warn` lets it pass") }
    }
}
