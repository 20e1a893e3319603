//! What should be: the environment, the policies and waivers in it, and the lock that holds the reference's facts.
//!
//! Flow: `load` finds the project and reads its files; `parse` turns the spec's text into an [`Environment`] or into
//! every problem of the file at once; [`Lock`] reads and writes the captured facts. The names ([`ItemId`]) and the
//! shapes of facts ([`Fact`], [`Observed`]) that all other rooms share are defined here, because the lock keeps them.
//! Pure but for `load`.

mod dotfile;
mod environment;
mod fact;
mod item;
pub mod load;
mod lock;
mod parse;
mod policy;
mod problem;
pub(crate) mod redact;
mod scope;
mod section;
mod suggest;
mod system;
mod threshold;
pub(crate) mod variable;
mod version;
mod waiver;

pub use dotfile::{Dotfile, Extent, glob_matches};
pub use environment::{
    Dotfiles, EnvVariable, Environment, GatePolicy, Limits, PackageNames, Packages, Reach, Reference, Repo, Sandbox,
    Shell, SshAddress, SystemItem, Target, TargetKind, Tool, ToolQuestion,
};
pub use fact::{
    Digest, Fact, Facts, FileFact, HookFact, LeadsTo, Listed, Listing, Machine, Mode, Observed, Remote, RepoFact,
    TextFact, VersionFact, Why,
};
pub use item::{Category, ItemId, ItemIdError};
pub use lock::{Lock, LockError, Locked};
pub use parse::{Vocabulary, parse};
pub use policy::{Policy, PolicyError};
pub use problem::{Problem, ProblemInSource, SpecProblems};
pub use scope::{Scope, ScopedItem};
pub use system::{SYSTEM_FACTS, SystemFact, arch, is_volatile, locale, timezone, umask};
pub use threshold::{Measure, Threshold};
pub use version::{Range, Version};
pub use waiver::{Bearing, Covers, Waiver};
