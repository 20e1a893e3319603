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

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use node::before;
pub use remedy::smallest_change;
use told::Told;

use crate::observe::Answer;
use crate::spec::{GateFact, Why};
use crate::transport::lines_for_shells;

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

/// The sh functions of the questions about tools with files of their own, and those of one tool.
fn found(of_tool: &str) -> String {
    lines_for_shells(include_str!("found.sh"))
        .chain(lines_for_shells(of_tool))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// A tool that the repository asks for and the machine does not have.
fn asked_for(tool: &str) -> GateFact {
    let mut fact = GateFact::new("is asked for and not installed");
    fact.weak = Some(format!("{tool} is asked for and not installed"));
    fact
}

/// Reads the version that `tu_hear version` heard: the word behind the tool's name. A version manager's stand-in that has
/// nothing to start is no tool, and neither is one that its toolchain lacks.
fn version(told: &Told, tool: &str) -> Result<Option<String>, Why> {
    let Some(section) = told.all("version").next() else { return Ok(None) };
    let said = match told.heard(section, &format!("{tool} --version")) {
        Err(Why::Failed { code: 127, .. }) => return Ok(None),
        Err(Why::Failed { message, .. }) if message.contains("is not installed") => return Ok(None),
        said => said?,
    };
    let mut words = said.split_whitespace().skip_while(|word| !word.eq_ignore_ascii_case(tool)).skip(1);
    let is_number = |word: &&str| word.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    let version =
        words.find(is_number).map(|word| word.trim_start_matches('v').trim_end_matches([',', ';']).to_owned());
    version.map(Some).ok_or_else(|| Why::NotUnderstood(format!("{tool} told no version")))
}

/// A fact about a tool that is there.
fn of_tool(told: &Told, tool: &str, version: &str) -> GateFact {
    let mut fact = GateFact::new(format!("is {tool} {version}"));
    fact.path = told.one("path").map(|path| told.place(path));
    fact.leaf("taken from", told.one("from").unwrap_or_default());
    fact
}

/// Says where leaves are decided: for each file in the configuration that its leaf of this name tells. What knows the lines of
/// leaves in a configuration is handed in.
fn decide_by_file(fact: &mut GateFact, line: impl Fn(&str, &str) -> Option<usize>) {
    const NAME: &str = "configuration";
    let at = |place: &str, leaf: &str| line(place, leaf).map(|line| format!("{place}:{line}"));
    let told = fact.leaves.get(NAME).into_iter().chain(fact.files.values().filter_map(|leaves| leaves.get(NAME)));
    let mut places: Vec<&str> = told.map(String::as_str).filter(|place| *place != "none").collect();
    places.sort_by_key(|place| (place.matches('/').count(), *place));
    places.dedup();
    let mut decided: Vec<(String, String)> = Vec::new();
    decided.extend(places.first().map(|place| (String::new(), (*place).to_owned())));
    for leaf in fact.leaves.keys() {
        decided.extend(places.iter().find_map(|place| at(place, leaf)).map(|at| (leaf.clone(), at)));
    }
    for (file, leaves) in &fact.files {
        let Some(place) = fact.value(file, NAME) else { continue };
        decided.extend(leaves.keys().filter_map(|leaf| Some((format!("{leaf} ({file})"), at(place, leaf)?))));
    }
    decided.into_iter().for_each(|(leaf, at)| fact.decide(leaf, at));
}

/// Files by their folders, as words that no program takes for an option: `./a.py`, and `.` or `./pkg`.
fn by_folder<'a>(files: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, Vec<String>> {
    let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files {
        let file = format!("./{file}");
        let folder = file.rsplit_once('/').map_or(".", |(folder, _)| folder);
        folders.entry(folder.to_owned()).or_default().push(file);
    }
    folders
}

/// Files of these names in the folders and all those that they lie in, within the repository.
fn candidates<'a>(folders: impl IntoIterator<Item = &'a str>, names: &[&str]) -> Vec<String> {
    let mut above: BTreeSet<&str> = BTreeSet::from(["."]);
    for folder in folders {
        above.extend(std::iter::successors(Some(folder), |folder| folder.rsplit_once('/').map(|(up, _)| up)));
    }
    above.iter().flat_map(|folder| names.iter().map(move |name| format!("{folder}/{name}"))).collect()
}

/// The folders that a file lies in, the nearest first and the repository's own, which is empty, last.
fn upward(file: &str) -> impl Iterator<Item = &str> + Clone {
    let nearest = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    std::iter::successors(Some(nearest), |folder| {
        (!folder.is_empty()).then(|| folder.rsplit_once('/').map_or("", |(up, _)| up))
    })
}

/// A name in a folder of the repository.
fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
