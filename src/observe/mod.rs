//! Asking a machine what it is and has, in one round trip.
//!
//! A [`Probe`] turns the environment into [`Question`]s; `program` compiles all questions into one sh program; `audit`
//! sends it over a [`crate::transport::Connection`]; `frame` takes the answers out of what comes back; each probe's
//! `read` turns its answers into facts. Whatever goes wrong on the way becomes `unknown` with its reason for exactly
//! the items that the question covers. Pure but for `audit`.

pub mod audit;
mod check;
mod clock;
mod digits;
mod frame;
#[cfg(test)]
mod hook_tests;
mod pattern;
mod probe;
mod program;
#[cfg(test)]
mod program_tests;
#[cfg(test)]
mod question_tests;
mod samples;
mod version_token;

use std::time::Duration;

pub(crate) use digits::from_od;
pub use frame::{Answer, Reply};
pub(crate) use probe::value_question;
pub use probe::{PROBES, vocabulary};
use program::BRIEF_CAP;
pub use program::{Program, compile};

use crate::spec::pin::Pin;
use crate::spec::{Account, Environment, ItemId, Listing, Machine, Observed, Why};

/// A kind of question, with the reader of its answers. Adding one is a file and a line in [`PROBES`].
#[derive(Debug)]
pub struct Probe {
    /// Its name in messages and fixtures.
    pub name: &'static str,
    /// What it finds out.
    pub doc: &'static str,
    /// The key of `[packages]` that it answers for, if it lists a package manager.
    pub manager: Option<&'static str>,
    /// What must be asked for this environment.
    pub ask: fn(&Environment) -> Vec<Question>,
    /// What an answer means.
    pub read: fn(&Question, &Answer) -> Result<Vec<Sighting>, Why>,
}

/// One thing to find out on the machine: a stage of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What it is about, in the probe's own terms: a tool's name, a repository's.
    pub subject: String,
    /// sh commands that print the answer. They may use the functions of the runtime, and `return`, never `exit`.
    pub script: String,
    /// A command that tells the rest of the answer, a version: on stdout or, where it fails or no digit stands there, on
    /// stderr, for which it may be run once more. It may use what `script` has set, and takes the place of its shell.
    pub command: Option<String>,
    /// How long it may take.
    pub limit: Duration,
    /// What is unknown when the question goes unanswered.
    pub covers: Covers,
    /// What the reader needs to know of the spec.
    pub context: Context,
    /// A test by the shell's own means that, where it is true, settles the question: the answer is nothing, and no
    /// process is started for it.
    pub settled: Option<String>,
}

impl Question {
    /// A question whose reader needs no context, and which is always asked.
    pub fn new(subject: impl Into<String>, script: String, limit: Duration, covers: Covers) -> Self {
        let subject = subject.into();
        Self { subject, script, command: None, limit, covers, context: Context::None, settled: None }
    }
}

/// The items and open sets that a question answers for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covers {
    /// Items that are known by name beforehand.
    pub items: Vec<ItemId>,
    /// Sets that the question lists in full.
    pub listings: Vec<Listing>,
}

/// What a reader needs to know of the spec besides the subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Context {
    /// Nothing.
    #[default]
    None,
    /// The expression whose first group is the version.
    Pattern(String),
    /// The names asked for.
    Names(Vec<String>),
    /// The keys that count.
    Keys(crate::spec::Keys),
}

/// One thing that an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// About an item.
    Item(ItemId, Observed),
    /// That an item was looked for and is nothing here: as if it had not been asked for.
    NotThere(ItemId),
    /// That a set could not be listed although the question was answered.
    Unlisted(Listing, Why),
    /// That the machine does not have this package manager.
    NoManager(&'static str),
    /// What the files of a repository pin.
    Pins(String, Vec<Pin>),
    /// Who the machine is.
    Machine(Machine),
    /// Who the user on it is.
    Account(Account),
    /// What a file holds whose digest is not the lock's.
    Content(ItemId, Vec<u8>),
    /// What its clock says, in seconds since 1970.
    Clock(i64),
}
