//! What a step does, exactly, as data, and how that reads in sh and in a plan: a file a kind, with the sh that it needs beside it.
//!
//! Contents are named by digest: they may be secret, and a plan may be shown and saved.

mod command;
mod file;
mod repo;

use serde::{Deserialize, Serialize};

pub use command::CommandWork;
pub use file::FileWork;
pub use repo::{RemoteUrls, RepoWork, SetUpRun};

use super::Step;
use super::program::Contents;

/// What a step does. In a plan's JSON its `do` says which of all kinds it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Work {
    /// Something in the file system.
    File(FileWork),
    /// Something in a repository, or the repository itself.
    Repo(RepoWork),
    /// A command.
    Command(CommandWork),
}

impl Work {
    /// The sh that carries it out, in the words of the kind's own text.
    pub(super) fn body(&self, step: &Step, contents: &Contents) -> String {
        match self {
            Self::File(work) => work.body(contents),
            Self::Repo(work) => work.body(&step.subject),
            Self::Command(work) => work.body(&step.subject, step.root),
        }
    }

    /// What is done, for people, in one line.
    pub fn deed(&self) -> String {
        match self {
            Self::File(work) => work.deed(),
            Self::Repo(work) => work.deed(),
            Self::Command(work) => work.deed(),
        }
    }
}

/// The sh of all kinds. A rollback may meet any of them.
pub(super) const TEXTS: &str = concat!(include_str!("file.sh"), "\n", include_str!("repo.sh"));
