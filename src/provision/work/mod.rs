//! What a step does, exactly, as data, and how that reads in sh and in a plan: a file a kind, with the sh that it needs beside it.
//!
//! Contents are named by digest: they may be secret, and a plan may be shown and saved.

mod command;
mod file;
mod repo;
mod service;
mod setting;
mod variable;

use serde::{Deserialize, Serialize};

pub use command::CommandWork;
pub use file::FileWork;
pub use repo::{CommittedFile, Executable, RemoteUrls, RepoWork, SetUpRun};
pub use service::{Keep, SecretsFile, ServiceWork, Well};
pub use setting::SettingWork;
pub(super) use variable::START_UP;
pub use variable::{ValueFrom, VariableWork};

use super::Step;
use super::merge::Merge;
use super::program::Contents;
use super::same::Draft;
use crate::spec::Digest;

/// What a step does. In a plan's JSON its `do` says which of all kinds it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Work {
    /// Something in the file system.
    File(FileWork),
    /// Something in a repository, or the repository itself.
    Repo(RepoWork),
    /// A service.
    Service(ServiceWork),
    /// A setting of the machine.
    Setting(SettingWork),
    /// A variable of the environment.
    Variable(VariableWork),
    /// A command.
    Command(CommandWork),
    /// What only the two machines know; none is left in a plan that is shown.
    Draft(Draft),
    /// Keys for a file that nobody has read; none is left either.
    Merge(Merge),
}

impl Work {
    /// The sh that carries it out, in the words of the kind's own text.
    pub(super) fn body(&self, step: &Step, contents: &Contents) -> String {
        match self {
            Self::File(work) => work.body(contents),
            Self::Repo(work) => work.body(&step.subject),
            Self::Service(work) => work.body(contents),
            Self::Setting(work) => work.body(),
            Self::Variable(work) => work.body(contents),
            Self::Command(work) => work.body(&step.subject, step.root),
            // Nobody knows what it would be.
            Self::Draft(_) | Self::Merge(_) => "false".to_owned(),
        }
    }

    /// What is done, for people, in one line.
    pub fn deed(&self) -> String {
        match self {
            Self::File(work) => work.deed(),
            Self::Repo(work) => work.deed(),
            Self::Service(work) => work.deed(),
            Self::Setting(work) => work.deed(),
            Self::Variable(work) => work.deed(),
            Self::Command(work) => work.deed(),
            Self::Draft(_) | Self::Merge(_) => "as it is on the reference".to_owned(),
        }
    }

    /// The text file that it puts in place, for showing what differs.
    pub(super) fn shows(&self) -> Option<(&str, &Digest)> {
        match self {
            Self::File(FileWork::PutFile { path, digest, .. } | FileWork::MergeKeys { path, digest, .. }) => {
                Some((path, digest))
            }
            Self::Service(ServiceWork::KeepService(keep)) => {
                keep.unit.as_ref().map(|(path, digest)| (path.as_str(), digest))
            }
            _ => None,
        }
    }

    /// The contents that it needs, by what they are asked for, each with its place.
    pub(super) fn needs(&self) -> Vec<(&str, Digest)> {
        match self {
            Self::File(FileWork::PutFile { path, digest, .. } | FileWork::MergeKeys { path, digest, .. }) => {
                vec![(path, digest.clone())]
            }
            Self::Service(work) => work.needs(),
            Self::Variable(work) => vec![(work.name.as_str(), work.ticket())],
            Self::File(_) | Self::Repo(_) | Self::Setting(_) | Self::Command(_) | Self::Draft(_) | Self::Merge(_) => {
                Vec::new()
            }
        }
    }
}

/// The sh of all kinds. A rollback may meet any of them.
pub(super) const TEXTS: &str = concat!(
    include_str!("file.sh"),
    "\n",
    include_str!("root.sh"),
    "\n",
    include_str!("service.sh"),
    "\n",
    include_str!("setting.sh"),
    "\n",
    include_str!("variable.sh"),
    "\n",
    include_str!("checkout.sh"),
    "\n",
    include_str!("repo.sh")
);
