//! What the linters, formatters and compilers of a repository would apply: a tool a file, and this table.
//!
//! A tool is asked in the repository's top folder about the files that stand for the others, and says itself what it would
//! apply to them; where it cannot say, its configuration is found by its own rules. What it says is made into leaves that
//! are the same on any machine: paths relative to the repository or the home, lists in one order where order means nothing.

mod biome;
mod clippy;
mod commitlint;
mod config;
mod editorconfig;
mod eslint;
mod found;
mod golangci;
mod leaves;
mod lint_staged;
mod mypy;
mod node;
mod npm;
mod prettier;
mod python;
mod remedy;
mod ruff;
mod rustfmt;
mod shellcheck;
mod told;
mod tsc;

pub(crate) use node::before;
pub use remedy::smallest_change;

use crate::observe::Answer;
use crate::spec::{GateFact, Why};

/// A tool whose effective configuration can be asked for. Adding one is a file and a line in [`GATES`].
#[derive(Debug)]
pub struct Gate {
    /// Its name, also in findings.
    pub name: &'static str,
    /// What is held.
    pub doc: &'static str,
    /// sh commands that print the answer, run in the repository's top folder. They may use the functions of the runtime and
    /// end with [`NOT_USED`].
    pub script: fn(&Asked<'_>) -> String,
    /// What the answer amounts to.
    pub read: fn(&Asked<'_>, &Answer) -> Result<GateFact, Why>,
}

/// What a tool is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The files that stand for the others, relative to the repository.
    pub samples: &'a [String],
}

impl<'a> Asked<'a> {
    /// Those with one of these extensions.
    pub fn with_extension(&self, extensions: &'a [&str]) -> impl Iterator<Item = &'a str> {
        let has =
            move |file: &&str| file.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension));
        self.samples.iter().map(String::as_str).filter(has)
    }
}

/// The exit code of a script that finds that the repository does not use the tool.
pub const NOT_USED: i32 = 45;

/// Every tool.
pub const GATES: &[&Gate] = &[
    &biome::GATE,
    &clippy::GATE,
    &commitlint::GATE,
    &editorconfig::GATE,
    &eslint::GATE,
    &golangci::GATE,
    &lint_staged::GATE,
    &mypy::GATE,
    &npm::GATE,
    &prettier::GATE,
    &python::GATE,
    &ruff::GATE,
    &rustfmt::GATE,
    &shellcheck::GATE,
    &tsc::GATE,
];
