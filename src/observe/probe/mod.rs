//! The probes: one file each, and this table.

mod dotfile;
mod env;
#[cfg(test)]
mod fixtures;
mod git;
mod hook;
mod package;
mod package_apt;
mod package_npm;
mod repo;
mod shim;
mod system;
mod system_around;
mod tool;
mod tool_table;

use super::Probe;
use crate::spec::{Vocabulary, Why};

/// Every probe. Adding one is a file and a line here.
pub const PROBES: &[&Probe] = &[
    &system::PROBE,
    &env::PROBE,
    &tool::PROBE,
    &package_npm::PROBE,
    &package_apt::PROBE,
    &dotfile::PROBE,
    &repo::PROBE,
    &git::PROBE,
    &hook::PROBE,
];

/// The words that specs may use because there is a probe for them.
pub fn vocabulary() -> Vocabulary {
    Vocabulary { managers: PROBES.iter().filter_map(|probe| probe.manager).collect() }
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

/// Why a command's answer does not tell: its exit code and what it said about it.
fn failed(command: &str, answer: &super::Answer) -> Why {
    let said = if answer.stderr.trim_ascii().is_empty() { &answer.stdout } else { &answer.stderr };
    Why::Failed { command: command.to_owned(), code: answer.code, message: first_line(said) }
}

/// Lines that were made safe on the machine: a newline inside a name stands as byte 1.
fn restore(line: &str) -> String {
    line.replace('\u{1}', "\n")
}
