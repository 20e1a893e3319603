//! The package managers: a file each, and what they share.
//!
//! Where a manager keeps its list in files of a known shape, those are read and the manager is not started: `pipx`
//! writes a log whenever it runs, `uv` makes its cache, `mise` tracks what it read, `rpm` makes a database where there
//! is none, `go` counts its use, `pnpm` tries whether it may write, a `cargo` that is rustup's may fetch a toolchain, and
//! `brew` and `code` take seconds. Looking must not write, and a list in files is there for shells whose PATH lacks the
//! manager too. npm, pip, gem and rpm are asked, because only they know where they install.
//!
//! What a manager left half installed counts as not there, as with dpkg. Without the manager nothing was installed by it:
//! the script says so with [`NO_MANAGER`], and everything that was asked for is absent.

pub(super) mod apk;
pub(super) mod apt;
pub(super) mod brew;
pub(super) mod cargo;
pub(super) mod cask;
pub(super) mod gem;
pub(super) mod go;
pub(super) mod mise;
pub(super) mod npm;
pub(super) mod pip;
pub(super) mod pipx;
pub(super) mod pnpm;
pub(super) mod rpm;
#[cfg(test)]
mod shell_tests;
pub(super) mod tap;
pub(super) mod uv;
pub(super) mod vscode;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::{failed, text};
use crate::observe::{Answer, Context, Covers, Question, Sighting};
use crate::spec::package::canonical;
use crate::spec::{Category, Environment, Fact, ItemId, Listing, Observed, PackageNames, Why};

/// The exit code with which a script says that the manager is not on the machine, and nothing that it left either.
const NO_MANAGER: i32 = 44;

/// What a manager has: its packages by name.
type Installed = BTreeMap<String, Observed>;

/// The id of a package: `package:<manager>/<name>`.
fn id(manager: &str, name: &str) -> ItemId {
    ItemId::new(Category::Package, format!("{manager}/{name}"))
}

/// One question to `manager` for everything that the spec asks of it; none if it asks nothing. `script` is given the
/// names, or none of them where the whole list is wanted.
fn questions(
    environment: &Environment,
    manager: &'static str,
    script: fn(names: &[String]) -> String,
) -> Vec<Question> {
    let mut names: Vec<String> = Vec::new();
    let mut all = false;
    let mut asked = false;
    for packages in environment.packages.iter().filter(|packages| packages.manager == manager) {
        asked = true;
        match &packages.names {
            PackageNames::All => all = true,
            PackageNames::These(these) => names.extend(these.iter().cloned()),
        }
    }
    let through_tools = environment.tools.iter().flat_map(|tool| &tool.install);
    let through_maps = environment.mapped.iter().flat_map(|mapped| &mapped.names);
    for (_, name) in through_tools.chain(through_maps).filter(|(by, _)| by == manager) {
        asked = true;
        names.push(name.clone());
    }
    if !asked {
        return Vec::new();
    }
    names.sort();
    names.dedup();
    let listings = if all { vec![Listing::below(Category::Package, format!("{manager}/"))] } else { Vec::new() };
    vec![Question {
        subject: manager.to_owned(),
        script: script(if all { &[] } else { &names }),
        command: None,
        limit: environment.limits.probe,
        covers: Covers { items: names.iter().map(|name| id(manager, name)).collect(), listings },
        context: Context::Names(names),
        settled: None,
    }]
}

/// What the answer of `manager` says, whose whole list `parse` reads out of its stdout. `command` names in messages what
/// was run or read.
fn read_list(
    manager: &'static str,
    command: &str,
    question: &Question,
    answer: &Answer,
    parse: impl FnOnce(&str) -> Result<Installed, Why>,
) -> Result<Vec<Sighting>, Why> {
    match answer.code {
        0 => sightings(question, manager, parse(&text(&answer.stdout))?),
        NO_MANAGER => without_manager(question, manager),
        _ => Err(failed(command, answer)),
    }
}

/// Everything is absent, and so is the manager.
fn without_manager(question: &Question, manager: &'static str) -> Result<Vec<Sighting>, Why> {
    let mut all = sightings(question, manager, Installed::new())?;
    all.push(Sighting::NoManager(manager));
    Ok(all)
}

/// Sightings from a manager's list. A name that was asked for and is not in it is absent; one that was not asked for
/// counts only where all are listed. The list's names may be spelt in any way that the manager takes.
fn sightings(question: &Question, manager: &str, installed: Installed) -> Result<Vec<Sighting>, Why> {
    let names = asked(question)?;
    let installed: Installed =
        installed.into_iter().map(|(name, observed)| (canonical(manager, &name), observed)).collect();
    let all = !question.covers.listings.is_empty();
    let mut sightings: Vec<Sighting> = names
        .iter()
        .filter(|name| !installed.contains_key(*name))
        .map(|name| Sighting::Item(id(manager, name), Observed::Absent))
        .collect();
    for (name, observed) in installed.into_iter().filter(|(name, _)| all || names.contains(name)) {
        sightings.push(Sighting::Item(id(manager, &name), observed));
    }
    Ok(sightings)
}

/// The names that the spec asks for.
fn asked(question: &Question) -> Result<&[String], Why> {
    match &question.context {
        Context::Names(names) => Ok(names),
        Context::None | Context::Pattern(_) | Context::Keys(_) => {
            Err(Why::NotUnderstood("the question names no packages".to_owned()))
        }
    }
}

fn version(version: impl Into<String>) -> Observed {
    Observed::Present(Fact::version(version))
}

fn not_understood(what: &str, line: &str) -> Why {
    Why::NotUnderstood(format!("{what} says `{}`", line.chars().take(200).collect::<String>().escape_debug()))
}

/// Packages with the set of their versions, as one version each: all of them count, the newest comes first.
fn several(versions: BTreeMap<String, BTreeSet<String>>) -> Installed {
    versions.into_iter().map(|(name, versions)| (name, version(newest_first(&versions)))).collect()
}

fn newest_first(versions: &BTreeSet<String>) -> String {
    let mut sorted: Vec<&str> = versions.iter().map(String::as_str).collect();
    // What is no number (`ref-main`, a link's name) tells no age, and comes last.
    let is_word = |version: &str| !version.starts_with(|c: char| c.is_ascii_digit());
    sorted.sort_by(|one, other| is_word(one).cmp(&is_word(other)).then_with(|| by_number(other, one)));
    sorted.join(", ")
}

/// Runs of digits by their number, all else by its characters; what goes on is the newer one.
fn by_number(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one, other);
    loop {
        let (one_run, one_rest) = run(one);
        let (other_run, other_rest) = run(other);
        if one_run.is_empty() || other_run.is_empty() {
            return one_run.len().cmp(&other_run.len());
        }
        let order = match (one_run.parse::<u64>(), other_run.parse::<u64>()) {
            (Ok(one), Ok(other)) => one.cmp(&other),
            _ => one_run.cmp(other_run),
        };
        if order.is_ne() {
            return order;
        }
        (one, other) = (one_rest, other_rest);
    }
}

/// The digits, or the other characters, that a text begins with, and the rest.
fn run(text: &str) -> (&str, &str) {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    text.split_at(text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first() {
        let versions = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
        assert_eq!(newest_first(&versions(&["9.1", "10.0", "10.0.1"])), "10.0.1, 10.0, 9.1");
        assert_eq!(newest_first(&versions(&["13.0.6"])), "13.0.6");
    }
}
