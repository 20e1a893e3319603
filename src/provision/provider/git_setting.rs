//! Settings of git, above all `core.hooksPath`, written where the machine has them, else into the kind of file that the
//! reference has them from: a repository's own configuration, the user's, the system's.

use super::{Action, NOT_PRUNED, Need, Offer, Provider, RepoWork, Work, step};
use crate::parity::Change;
use crate::spec::{Category, Digest, Fact, Locked, Observed, TextFact};

pub(super) const PROVIDER: Provider =
    Provider { name: "git-setting", doc: "git's settings, such as core.hooksPath", offer };

/// What git itself writes when it makes a repository, by the filesystem and the clone that it finds. It is not to be
/// carried from one machine to another: git would misread the working files, or the repository as a whole.
pub(in crate::provision) const STRUCTURE: [&str; 8] = [
    "core.bare",
    "core.worktree",
    "core.fileMode",
    "core.symlinks",
    "core.ignoreCase",
    "core.precomposeUnicode",
    "core.repositoryFormatVersion",
    "core.logAllRefUpdates",
];

/// Those of them that tell what the filesystem can do, so that a new repository beside this one tells what is right.
const BY_FILESYSTEM: [&str; 4] = ["core.fileMode", "core.symlinks", "core.ignoreCase", "core.precomposeUnicode"];

/// Sections whose settings are lists of values.
const LISTS: [&str; 3] = ["url.", "include.", "includeif."];

fn offer(need: Need<'_>) -> Offer {
    if need.finding.id.category != Category::Git {
        return Offer::NotMine;
    }
    let Some((name, key)) = need.finding.id.name.split_once('/') else { return Offer::NotMine };
    let Some(repo) = need.environment.repos.iter().find(|repo| repo.name == name) else { return Offer::NotMine };
    let is = |known: &&str| known.eq_ignore_ascii_case(key);
    let change = need.finding.state.change();
    if STRUCTURE.iter().any(is) {
        let wanted = setting(locked(&need)).map(|setting| setting.value.clone());
        if BY_FILESYSTEM.iter().any(is) && change == Some(Change::Changed) {
            let work = RepoWork::AsGitFinds {
                repo: repo.path.clone(),
                key: key.to_owned(),
                value: wanted.unwrap_or_default(),
            };
            let subject = format!("{key} in {name}, as git finds the filesystem");
            return Offer::Step(Box::new(step(&PROVIDER, &need, Action::Change, subject, Work::Repo(work))));
        }
        return Offer::Cannot(format!(
            "git itself writes {key} by the filesystem and the clone that it finds, so it is not carried over; clone \
             the repository again, set it by hand, or waive it"
        ));
    }
    let (want, got) = (setting(locked(&need)), setting(observed(&need)));
    let (action, values, place) = match (change, want, got) {
        (Some(Change::Extra), _, _) if !need.prune => return Offer::Cannot(NOT_PRUNED.to_owned()),
        (Some(Change::Extra), _, Some(got)) => (Action::Remove, Vec::new(), place(got)),
        (_, Some(want), got) => {
            let Some(values) = values(key, &want.value) else {
                return Offer::Cannot(format!(
                    "{key} is a list of values that cannot be told apart; set it by hand where the reference has it"
                ));
            };
            let action = if got.is_some() { Action::Change } else { Action::Create };
            (action, values, place(got.unwrap_or(want)))
        }
        _ => return Offer::NotMine,
    };
    let file = match place {
        Place::Own => None,
        Place::File(file) => Some(file),
        Place::Nowhere => {
            return Offer::Cannot(format!("{key} comes from the environment there, and stands in no file; mend that"));
        }
    };
    if values.iter().any(|value| Digest::parse(value).is_some()) {
        return Offer::Cannot(format!(
            "the value of {key} looks like a secret and is known by its digest; set it by hand"
        ));
    }
    let whose = file.as_deref().unwrap_or(name);
    let subject = match values.as_slice() {
        [] => format!("{key} in {whose}"),
        values => format!("{key} = {} in {whose}", values.join(", ")),
    };
    let root = file.as_ref().is_some_and(|file| file.starts_with('/'));
    let work = RepoWork::GitSetting { repo: repo.path.clone(), key: key.to_owned(), values, file };
    let step = step(&PROVIDER, &need, action, subject, Work::Repo(work));
    Offer::Step(Box::new(super::Step { root, ..step }))
}

fn locked<'a>(need: &Need<'a>) -> Option<&'a Fact> {
    match &need.finding.locked {
        Some(Locked::Present(fact)) => Some(fact),
        _ => None,
    }
}

fn observed<'a>(need: &Need<'a>) -> Option<&'a Fact> {
    match &need.finding.observed {
        Some(Observed::Present(fact)) => Some(fact),
        _ => None,
    }
}

fn setting(fact: Option<&Fact>) -> Option<&TextFact> {
    match fact {
        Some(Fact::Text(setting)) => Some(setting),
        _ => None,
    }
}

/// Where a setting is written.
enum Place {
    /// In the repository's own configuration.
    Own,
    /// In this file: relative to the repository, below the home (`~/`), or absolute.
    File(String),
    /// In no file.
    Nowhere,
}

fn place(setting: &TextFact) -> Place {
    let file = setting.scope.as_deref().and_then(|scope| scope.split_once(", ")).map(|(_, file)| file.to_owned());
    match (setting.scope_word(), file) {
        (Some("global" | "system" | "worktree"), Some(file)) => Place::File(file),
        (Some("global"), None) => Place::File("~/.gitconfig".to_owned()),
        // What the repository's own file includes stands in a file of its own.
        (Some("local"), Some(file)) if !file.ends_with(".git/config") => Place::File(file),
        (Some("command" | "submodule" | "system"), _) => Place::Nowhere,
        _ => Place::Own,
    }
}

/// The values that a fact's text stands for.
fn values(key: &str, value: &str) -> Option<Vec<String>> {
    if LISTS.iter().any(|list| key.starts_with(list)) && value.starts_with('[') {
        return serde_json::from_str(value).ok();
    }
    Some(vec![value.to_owned()])
}
