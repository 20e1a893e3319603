//! What a machine could do to have a quality gate that is the reference's, as data for a plan.
//!
//! `remedy` words the smallest change for a person, who may judge; this names whole files and whole installations, since
//! whoever carries them out cannot. Pure.

use std::collections::BTreeSet;

use super::hooks::installed_by;
use crate::spec::{Category, GateFact, ItemId};

/// One thing to do. Paths are relative to the repository, begin with `~/`, or are absolute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mend {
    /// This is to be as it is on the reference, and gone if it is not there.
    Same(String),
    /// This is to be run.
    Run {
        /// The folder in the repository, or empty.
        folder: String,
        /// The program and its arguments.
        arguments: Vec<String>,
    },
}

/// What was found about a gate, and what installs a repository's packages.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The finding.
    pub id: &'a ItemId,
    /// What the reference has.
    pub want: Option<&'a GateFact>,
    /// What the machine has.
    pub got: Option<&'a GateFact>,
    /// What installs the packages of its repository: folders in it and commands.
    pub packages: &'a [(String, Vec<String>)],
}

/// What is to be done, each thing once.
pub fn mends(case: &Case<'_>) -> Vec<Mend> {
    let mut mends = match case.id.category {
        Category::Hook => hook(case),
        Category::Gate => gate(case),
        // What a canary tells besides all facts lies in what is installed.
        Category::Check => installed_anew(case),
        _ => Vec::new(),
    };
    mends.sort();
    mends.dedup();
    mends
}

fn hook(case: &Case<'_>) -> Vec<Mend> {
    let name = case.id.name.split_once('/').map_or("", |(_, name)| name);
    let name = name.strip_suffix("@worktree").unwrap_or(name);
    let install = || case.want.and_then(|want| installed_by(name, want)).map(at_top);
    let (want, got) = match (case.want, case.got) {
        (None, None) => return Vec::new(),
        (None, Some(extra)) => return extra.path.iter().cloned().map(Mend::Same).collect(),
        (Some(want), None) => return missing(want, install()),
        (Some(want), Some(got)) => (want, got),
    };
    let mut mends = Vec::new();
    if got.is_silent() && !want.is_silent() || got.does.starts_with("rejects everything") {
        mends.extend(install());
        mends.extend(files(got.path.as_deref()));
    }
    if want.does != got.does {
        mends.extend(files(got.decided.get("").map(String::as_str)));
        mends.extend(files(want.path.as_deref()).filter(|_| install().is_none()));
    }
    for difference in want.differences(got) {
        let leaf = difference.leaf.as_str();
        if is_generated(leaf) || ["manager", "configured"].contains(&leaf) {
            mends.extend(install());
        } else if leaf.ends_with(".environment") {
            mends.push(at_top(["pre-commit", "install-hooks"].map(str::to_owned).into()));
        }
        let leaf_file = leaf.strip_suffix(" is executable").unwrap_or(leaf);
        let places = [got.place(leaf, None), want.place(leaf, None), Some(leaf_file).filter(|leaf| is_path(leaf))];
        mends.extend(places.into_iter().flat_map(files));
        if difference.leaf.contains("node_modules/") {
            mends.extend(installed_anew(case));
        }
    }
    mends
}

fn missing(want: &GateFact, install: Option<Mend>) -> Vec<Mend> {
    match install {
        Some(install) => vec![install],
        None => files(want.path.as_deref()).collect(),
    }
}

fn gate(case: &Case<'_>) -> Vec<Mend> {
    let Some(want) = case.want else {
        return case.got.into_iter().flat_map(|got| files(got.path.as_deref())).collect();
    };
    let Some(got) = case.got else { return places(want).chain(installed_anew(case)).collect() };
    let mut mends = Vec::new();
    if want.does != got.does {
        mends.extend(installed_anew(case));
    }
    for difference in want.differences(got) {
        let leaf = difference.leaf.as_str();
        for list in [&difference.want, &difference.got].into_iter().flatten() {
            if leaf.starts_with("config file") || leaf == "configurations" {
                mends.extend(list.split(", ").filter(|file| *file != "none").flat_map(|file| files(Some(file))));
            }
        }
        if leaf.contains("asked for.") {
            mends.push(Mend::Same("package.json".to_owned()));
        }
        mends.extend(files(Some(leaf).filter(|leaf| is_path(leaf))));
        let about: Vec<Option<&str>> = match difference.files.as_slice() {
            [] => vec![None],
            files => files.iter().map(|file| Some(file.as_str())).collect(),
        };
        for file in about {
            for place in [got.place(leaf, file), want.place(leaf, file)].into_iter().flatten() {
                mends.extend(files(Some(place)));
                if is_installed(place) || is_installed(leaf) {
                    mends.extend(installed_anew(case));
                }
            }
        }
    }
    mends
}

/// The files in which a gate is decided.
fn places(fact: &GateFact) -> impl Iterator<Item = Mend> {
    let places: BTreeSet<&str> = fact.decided.values().map(String::as_str).chain(fact.path.as_deref()).collect();
    places.into_iter().flat_map(|place| files(Some(place))).collect::<Vec<_>>().into_iter()
}

/// The repository's packages as their lock files name them, whatever is there.
fn installed_anew(case: &Case<'_>) -> Vec<Mend> {
    let run = |(folder, arguments): &(String, Vec<String>)| Mend::Run {
        folder: folder.clone(),
        arguments: arguments.clone(),
    };
    case.packages.iter().map(run).collect()
}

fn at_top(arguments: Vec<String>) -> Mend {
    Mend::Run { folder: String::new(), arguments }
}

/// The file of a place, `FILE` or `FILE:LINE`, where it is one that can be brought: what is installed is installed, and
/// what stands in the environment is in no file.
fn files(place: Option<&str>) -> impl Iterator<Item = Mend> {
    let file = place.map(|place| match place.rsplit_once(':') {
        Some((file, line)) if !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()) => file,
        _ => place,
    });
    file.filter(|file| is_path(file) && !is_installed(file)).map(|file| Mend::Same(file.to_owned())).into_iter()
}

fn is_installed(place: &str) -> bool {
    ["node_modules/", ".venv/", "site-packages/"].iter().any(|folder| place.contains(folder))
}

/// What a hook manager has made itself.
fn is_generated(leaf: &str) -> bool {
    leaf.starts_with(".git/") || leaf.contains("/_/")
}

/// Whether a text can be a file's name rather than a sentence or a rule. One that is no file anywhere is no step of a plan.
fn is_path(text: &str) -> bool {
    let leaves_the_repository = text.split('/').any(|part| part == "..");
    text.contains(['/', '.'])
        && !text.contains(char::is_whitespace)
        && !text.ends_with('/')
        && !text.starts_with("rules.")
        && !leaves_the_repository
}
