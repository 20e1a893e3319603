//! The probes: one file each, and this table.

mod agent;
mod dotfile;
mod dotfile_keys;
mod dotfile_told;
mod env;
#[cfg(test)]
mod fixtures;
mod gate;
#[cfg(test)]
mod gate_tests;
mod git;
mod hook;
mod package;
mod pin;
mod repo;
mod repo_state;
mod service;
mod setting;
mod shim;
mod system;
mod system_around;
mod tool;
mod tool_table;

use super::Probe;
use crate::quality::gate::GATES;
use crate::spec::{Vocabulary, Why};
pub(crate) use env::value_question;

pub(super) use repo::{NOTHING_THERE, enter};

/// Every probe. Adding one is a file and a line here.
pub const PROBES: &[&Probe] = &[
    &system::PROBE,
    &env::PROBE,
    &tool::PROBE,
    &package::apt::PROBE,
    &package::rpm::PROBE,
    &package::apk::PROBE,
    &package::brew::PROBE,
    &package::cask::PROBE,
    &package::tap::PROBE,
    &package::npm::PROBE,
    &package::pnpm::PROBE,
    &package::pipx::PROBE,
    &package::uv::PROBE,
    &package::pip::PROBE,
    &package::cargo::PROBE,
    &package::gem::PROBE,
    &package::go::PROBE,
    &package::mise::PROBE,
    &package::vscode::PROBE,
    &dotfile::PROBE,
    &repo::PROBE,
    &repo_state::PROBE,
    &git::PROBE,
    &pin::PROBE,
    &hook::PROBE,
    &agent::PROBE,
    &gate::PROBE,
    &service::PROBE,
    &setting::PROBE,
];

/// The words that specs may use because there is a probe for them.
pub fn vocabulary() -> Vocabulary {
    Vocabulary {
        managers: PROBES.iter().filter_map(|probe| probe.manager).collect(),
        gates: GATES.iter().map(|gate| gate.name).collect(),
    }
}

/// An answer's stdout as text. Bytes that are not UTF-8 are no reason to give up: they are shown as such.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The first line that says something, for messages.
fn first_line(bytes: &[u8]) -> String {
    const LONGEST: usize = 200;
    let text = text(bytes);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("(nothing)");
    line.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// The exit code with which the runtime refuses to start one of Apple's stand-ins.
const STAND_IN: i32 = 69;

/// Why a command's answer does not tell: its exit code and what it said about it.
fn failed(command: &str, answer: &super::Answer) -> Why {
    let said = if answer.stderr.trim_ascii().is_empty() { &answer.stdout } else { &answer.stderr };
    if command == "git" && answer.code == STAND_IN {
        return Why::Stub(first_line(said));
    }
    Why::Failed { command: command.to_owned(), code: answer.code, message: first_line(said) }
}

/// Lines that were made safe on the machine: a newline inside a name stands as byte 1.
fn restore(line: &str) -> String {
    line.replace('\u{1}', "\n")
}
