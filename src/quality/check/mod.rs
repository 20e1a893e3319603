//! Checks of behaviour. Canaries: changes that the quality gates of a repository must reject, and what became of them; and
//! commands that must end alike on both machines, test by test (`behaviour`).
//!
//! `choose` makes trials of the checks that apply to a repository, a pure function of what is known of its hooks and gates,
//! so that every machine tries the same; `outcome` says what the answers amount to, with what the gates said taken apart by
//! `diagnostics`.

mod behaviour;
mod choose;
mod diagnostics;
mod outcome;

pub use behaviour::{Attempt, behaved};
pub(crate) use choose::check_id;
pub use choose::{Evidence, Pair, USUAL_FOLDERS, chosen, could_apply, files_to_look_in, words_to_look_for};
pub use diagnostics::Places;
pub use outcome::{Told, Tried, outcome, read_told};

use crate::spec::CanaryCommand;

/// One change to be tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// What is changed.
    pub change: Change,
    /// The message to commit with, where it is not the checkout's own last subject.
    pub message: Option<String>,
    /// sh commands that come before it.
    pub setup: Option<String>,
    /// What is run then.
    pub command: CanaryCommand,
}

/// A change of a repository's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// These are written.
    Files(Vec<Written>),
    /// This unified diff is applied.
    Patch(String),
}

/// A file that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Relative to the repository's top folder.
    pub path: String,
    /// What it then holds.
    pub content: Content,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// This.
    Text(String),
    /// So many bytes.
    Size(u64),
}
