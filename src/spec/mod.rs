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
mod keys;
pub mod load;
mod lock;
mod parse;
pub mod pin;
mod place;
mod policy;
mod problem;
pub(crate) mod redact;
mod scope;
pub(crate) mod secrets;
mod section;
pub(crate) mod suggest;
mod template;
mod version;
mod waiver;
mod wanted;

pub use dotfile::{Compare, Dotfile, Extent, glob_matches};
pub use environment::{
    Devcontainer, Dotfiles, Environment, GatePolicy, Limits, PackageNames, Packages, Reach, Reference, Repo, Sandbox,
    Shell, SshAddress, Target, TargetKind, Tool, ToolQuestion,
};
pub use fact::{
    Account, Digest, Fact, Facts, FileFact, HookFact, LeadsTo, Listed, Listing, Machine, Mode, Observed, Remote,
    RepoFact, TextFact, VersionFact, Why,
};
pub use item::{Category, ItemId, ItemIdError};
pub use keys::{Format, KeyPath, KeyPathError, Keys, Malformed, Value, key_digests, key_names, shown_values};
pub use lock::{Lock, LockError, Locked};
pub use parse::{Vocabulary, parse};
pub use place::{Place, Places};
pub use policy::{Policy, PolicyError};
pub use problem::{Problem, ProblemInSource, SpecProblems};
pub use scope::{Scope, ScopedItem};
pub use template::{Template, TemplateError};
pub use version::{Range, Scheme, Version};
pub use waiver::{Bearing, Covers, Waiver};
