//! What a machine could do to have a quality gate that is the reference's, as data for a plan.
//!
//! `remedy` words the smallest change for a person, who may judge; this names whole files and whole installations, since
//! whoever carries them out cannot. Pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::hooks::installed_by;
use super::lock_files::Installs;
use crate::spec::pin::{Holds, PinFact};
use crate::spec::{Category, GateFact, ItemId};

/// One thing to do. Paths are relative to the repository, begin with `~/`, or are absolute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mend {
    /// This is to be as it is on the reference, and gone if it is not there.
    Same(String),
    /// This is to be gone if it is not on the reference.
    Gone(String),
    /// What is committed of this is to be what is committed on the reference.
    Committed(String),
    /// This is to be run.
    Run(Runs),
    /// This is to be run if all that is to be the same is so already.
    AtLast(Runs),
}

/// Commands in one folder of the repository, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Runs {
    /// What they bring; packages come first.
    pub brings: Brings,
    /// Relative to the repository, or empty.
    pub folder: String,
    /// Each a program and its arguments.
    pub commands: Vec<Vec<String>>,
}

/// What a repository is set up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Brings {
    Packages,
    Hooks,
}

impl Brings {
    /// The word in plans.
    pub fn word(self) -> &'static str {
        match self {
            Self::Packages => "packages",
            Self::Hooks => "hooks",
        }
    }
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
    /// Whether the machine told what it has.
    pub is_known: bool,
    /// The programs of the home that its repository's gates are, and on the reference are not.
    pub shadows: &'a [String],
    /// The gates of its repository, as the reference has them.
    pub gates: &'a [&'a GateFact],
    /// What installs the packages of its repository, by folder.
    pub(crate) packages: &'a [(String, &'static Installs)],
}

/// What is to be done, each thing once.
pub fn mends(case: &Case<'_>) -> Vec<Mend> {
    let mut mends: Vec<Mend> = match case.id.category {
        // A tool that cannot tell what it applies is kept from it by a file, or by what it is made of.
        _ if !case.is_known => case.want.into_iter().flat_map(places).chain(all_anew(case).map(Mend::AtLast)).collect(),
        Category::Hook => hook(case),
        Category::Gate => gate(case),
        // What a canary tells besides all facts lies in what is installed, or stands before it.
        Category::Check => {
            let shadows = case.shadows.iter().cloned().map(Mend::Gone);
            all_anew(case).map(Mend::Run).chain(shadows).collect()
        }
        _ => Vec::new(),
    };
    if case.id.name.ends_with("@worktree") {
        let of_repository = |file: &String| !file.starts_with(['/', '~']) && !file.starts_with(".git/");
        // A canary tells that something is let through, and no file: it is one of those in which the gates are decided.
        let decided = case.gates.iter().filter(|_| case.id.category == Category::Check).flat_map(|gate| places(gate));
        let committed = mends.iter().cloned().chain(decided).filter_map(|mend| match mend {
            Mend::Same(file) if of_repository(&file) => Some(Mend::Committed(file)),
            _ => None,
        });
        let committed: Vec<Mend> = committed.collect();
        mends.extend(committed);
    }
    mends.sort();
    mends.dedup();
    mends
}

/// What is to be done about a version that a repository asks for. The files that ask for it are brought; so goes a program that
/// stands before the one that keeps it.
pub fn pin_mends(want: Option<&PinFact>, got: Option<&PinFact>) -> Vec<Mend> {
    let asked = |pin: Option<&PinFact>| -> BTreeSet<(String, String)> {
        let pinned = pin.into_iter().flat_map(|pin| &pin.pinned);
        pinned.map(|pinned| (pinned.file.clone(), pinned.wants.clone())).collect()
    };
    let files: BTreeSet<String> = asked(want).symmetric_difference(&asked(got)).map(|(file, _)| file.clone()).collect();
    let mut mends: Vec<Mend> = files.into_iter().map(Mend::Same).collect();
    if let (Some(want), Some(got)) = (want, got)
        && want.holds == Holds::Kept
        && got.holds != Holds::Kept
        && got.path != want.path
    {
        let program = got.path.as_deref().and_then(|path| path.split([';', ' ']).next());
        let of_the_system = |path: &str| ["/usr/", "/bin/", "/sbin/", "/opt/"].iter().any(|top| path.starts_with(top));
        mends.extend(program.filter(|path| !of_the_system(path)).map(|path| Mend::Gone(path.to_owned())));
    }
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
    // What a manager writes names the machine that it was written on, so only the manager brings it.
    let by_hand = |mend: &Mend| !matches!(mend, Mend::Same(path) if install().is_some() && is_generated(path) && !path.ends_with(".legacy"));
    let mut mends = Vec::new();
    if got.is_silent() && !want.is_silent() || got.does.starts_with("rejects everything") {
        mends.extend(install());
        mends.extend(files(got.path.as_deref()));
    }
    if want.does != got.does {
        mends.extend(files(got.decided.get("").map(String::as_str)));
        mends.extend(files(want.path.as_deref()));
    }
    for difference in want.differences(got) {
        let leaf = difference.leaf.as_str();
        if is_generated(leaf) || ["manager", "configured"].contains(&leaf) {
            mends.extend(install());
        } else if leaf.ends_with(".environment") {
            mends.push(at_top(["pre-commit", "install-hooks"].map(str::to_owned).into()));
        }
        let leaf_file = file_of(leaf);
        let places = [got.place(leaf, None), want.place(leaf, None), Some(leaf_file).filter(|leaf| is_path(leaf))];
        mends.extend(places.into_iter().flat_map(files));
        if is_installed(leaf) {
            mends.extend(what_is_missing(case));
            mends.extend(all_anew(case).map(Mend::AtLast));
        }
    }
    mends.retain(by_hand);
    mends
}

fn missing(want: &GateFact, install: Option<Mend>) -> Vec<Mend> {
    match install {
        Some(install) => vec![install],
        None => places(want).collect(),
    }
}

fn gate(case: &Case<'_>) -> Vec<Mend> {
    let Some(want) = case.want else {
        return case.got.into_iter().flat_map(|got| files(got.path.as_deref())).collect();
    };
    let Some(got) = case.got else { return places(want).chain(what_is_missing(case)).collect() };
    let mut mends = Vec::new();
    if want.does != got.does {
        mends.extend(what_is_missing(case));
        mends.extend(shadow(want, got).map(|program| Mend::Gone(program.to_owned())));
    }
    for difference in want.differences(got) {
        let leaf = difference.leaf.as_str();
        for list in [&difference.want, &difference.got].into_iter().flatten() {
            if leaf.starts_with("config file") || leaf.starts_with("configuration") {
                mends.extend(list.split(", ").filter(|file| *file != "none").flat_map(|file| files(Some(file))));
            }
        }
        if leaf.contains("asked for.") {
            mends.push(Mend::Same("package.json".to_owned()));
        }
        mends.extend(files(Some(leaf).filter(|leaf| is_path(leaf))));
        if leaf == "ignored" {
            mends.extend(ignores(&case.id.name).map(|file| Mend::Same(file.to_owned())));
        }
        let about: Vec<Option<&str>> = match difference.files.as_slice() {
            [] => vec![None],
            files => files.iter().map(|file| Some(file.as_str())).collect(),
        };
        for file in about {
            for place in [got.place(leaf, file), want.place(leaf, file)].into_iter().flatten() {
                mends.extend(files(Some(place)));
                if is_installed(place) || is_installed(leaf) {
                    mends.extend(what_is_missing(case));
                }
            }
        }
    }
    // Where all files are the same, it is what the tool itself is made of.
    mends.extend(all_anew(case).map(Mend::AtLast));
    mends
}

/// A program of the home that stands before the one that the reference has.
pub fn shadow<'a>(want: &GateFact, got: &'a GateFact) -> Option<&'a str> {
    got.path.as_deref().filter(|program| program.starts_with("~/") && want.path.as_deref() != Some(*program))
}

/// The files in which it is written what a tool leaves alone, where its own answer does not tell.
fn ignores(gate: &str) -> impl Iterator<Item = &'static str> {
    const IGNORES: [(&str, &str); 3] =
        [("prettier", ".prettierignore"), ("eslint", ".eslintignore"), ("stylelint", ".stylelintignore")];
    let tool = gate.split_once('/').map_or(gate, |(_, tool)| tool).to_owned();
    IGNORES.into_iter().filter(move |(name, _)| tool == *name).map(|(_, file)| file)
}

/// The files in which a gate is decided, and those that it is made of.
fn places(fact: &GateFact) -> impl Iterator<Item = Mend> {
    let decided = fact.decided.values().map(String::as_str);
    let leaves = fact.leaves.keys().map(|leaf| file_of(leaf)).filter(|leaf| is_path(leaf));
    let places: BTreeSet<&str> = decided.chain(leaves).chain(fact.path.as_deref()).collect();
    places.into_iter().flat_map(|place| files(Some(place))).collect::<Vec<_>>().into_iter()
}

/// The repository's packages as their lock files name them, where they are not so.
fn what_is_missing(case: &Case<'_>) -> impl Iterator<Item = Mend> {
    case.packages.iter().map(|(folder, installs)| Mend::Run(runs(folder, installs.missing)))
}

/// The same, whatever is there.
fn all_anew(case: &Case<'_>) -> impl Iterator<Item = Runs> {
    case.packages.iter().map(|(folder, installs)| runs(folder, installs.anew))
}

fn runs(folder: &str, commands: &[&[&str]]) -> Runs {
    let owned = |words: &&[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Runs { brings: Brings::Packages, folder: folder.to_owned(), commands: commands.iter().map(owned).collect() }
}

fn at_top(command: Vec<String>) -> Mend {
    Mend::Run(Runs { brings: Brings::Hooks, folder: String::new(), commands: vec![command] })
}

/// The file that a leaf is about, where it is about one.
fn file_of(leaf: &str) -> &str {
    let leaf = leaf.strip_prefix("program ").unwrap_or(leaf);
    leaf.strip_suffix(" is executable").unwrap_or(leaf)
}

/// The file of a place, `FILE` or `FILE:LINE`, where it is one that can be brought: what is installed is installed, and
/// what stands in the environment is in no file.
fn files(place: Option<&str>) -> impl Iterator<Item = Mend> {
    let file = place.map(|place| match place.rsplit_once(':') {
        Some((file, line)) if !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()) => file,
        _ => place,
    });
    file.filter(|file| is_path(file) && !is_installed(file) && !is_git_configuration(file))
        .map(|file| Mend::Same(file.to_owned()))
        .into_iter()
}

fn is_installed(place: &str) -> bool {
    ["node_modules/", ".venv/", "site-packages/"].iter().any(|folder| place.contains(folder))
}

/// git's own settings are findings of their own, and the files hold much else: who the user is, where remotes are.
fn is_git_configuration(file: &str) -> bool {
    [".git/config", ".git/config.worktree", "~/.gitconfig", "~/.config/git/config"].contains(&file)
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
