//! What should be: the environment, the policies and waivers in it, and the lock that holds the reference's facts.
//!
//! Flow: `load` finds the project and reads its files; `parse` turns the spec's text into an [`Environment`] or into
//! every problem of the file at once; [`Lock`] reads and writes the captured facts. The names ([`ItemId`]) and the
//! shapes of facts ([`Fact`], [`Observed`]) that all other rooms share are defined here, because the lock keeps them.
//! Pure but for `load` and `contents`.

mod check;
mod contents;
mod dotfile;
pub mod edit;
mod environment;
mod fact;
mod gate_fact;
mod item;
mod keys;
pub mod load;
mod lock;
mod lock_comments;
pub(crate) mod package;
mod parse;
pub mod pin;
mod place;
mod policy;
mod problem;
pub(crate) mod redact;
pub(crate) mod remote_url;
mod schema;
mod scope;
mod secret_ref;
pub(crate) mod secrets;
mod section;
pub mod service;
pub mod settings;
pub(crate) mod suggest;
mod system;
mod template;
mod threshold;
pub(crate) mod variable;
mod version;
mod waiver;
mod wanted;

pub use check::{
    BehaviourCheck, Canary, CanaryCommand, Check, CheckKind, Fixture, Patch, built_in_checks, parse_check,
};
pub use contents::{at_hand, candidates, keep};
pub use dotfile::{Compare, Dotfile, Extent, glob_matcher, glob_matches, link_end};
pub use environment::{
    Behaviour, ContainerMaking, Devcontainer, Dotfiles, EnvVariable, Environment, GatePolicy, Limits, Making,
    MakingCommands, MappedPackage, PackageNames, Packages, REPO_STATES, Reach, Reference, Repo, Sandbox, Selection,
    Shell, SshAddress, SystemItem, Target, TargetKind, Tool, ToolQuestion,
};
pub use fact::{
    Account, Digest, Fact, Facts, FileFact, LeadsTo, Listed, Listing, Machine, Mode, Observed, Remote, RepoFact,
    Special, TextFact, VersionFact, Why,
};
pub use gate_fact::{GateFact, LeafDifference, Leaves};
pub use item::{Category, ItemId, ItemIdError};
pub use keys::{
    Format, KeyPath, KeyPathError, Keys, Malformed, Unmerged, Value, blank, key_digests, key_names, shown_values,
};
pub use lock::{Lock, LockError, Locked};
pub use lock_comments::keep_comments;
pub use parse::{NotADay, Vocabulary, day, is_plain, parse};
pub use place::{Place, Places};
pub use policy::{Policy, PolicyError};
pub use problem::{Problem, ProblemInSource, SpecProblems, misleads};
pub use schema::schema;
pub use scope::{MappedItem, Scope, ScopedItem, manager_of};
pub use secret_ref::SecretRef;
pub use service::{Service, ServiceFact};
pub use system::{SYSTEM_FACTS, SystemFact, arch, is_volatile, locale, timezone, umask};
pub use template::{Template, TemplateError};
pub use threshold::{Measure, Threshold};
pub use version::{Range, Scheme, Version};
pub use waiver::{Bearing, Covers, Waiver};
