//! Settings of a repository, above all `core.hooksPath`, written into its own configuration. What the reference has
//! from a wider configuration is that file's business.

use super::{Action, NOT_PRUNED, Need, Offer, Provider, RepoWork, Work, step};
use crate::parity::Change;
use crate::spec::{Category, Digest, Fact, Locked, Observed};

pub(super) const PROVIDER: Provider =
    Provider { name: "git-setting", doc: "a repository's settings, such as core.hooksPath", offer };

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

fn offer(need: Need<'_>) -> Offer {
    if need.finding.id.category != Category::Git {
        return Offer::NotMine;
    }
    let Some((name, key)) = need.finding.id.name.split_once('/') else { return Offer::NotMine };
    let Some(repo) = need.environment.repos.iter().find(|repo| repo.name == name) else { return Offer::NotMine };
    if ["url.", "include.", "includeif."].iter().any(|list| key.starts_with(list)) {
        return Offer::Cannot(format!("{key} is a list of values; set it by hand where the reference has it"));
    }
    if STRUCTURE.iter().any(|own| own.eq_ignore_ascii_case(key)) {
        return Offer::Cannot(format!(
            "git itself writes {key} by the filesystem and the clone that it finds, so it is not carried over; clone \
             the repository again, set it by hand, or waive it"
        ));
    }
    if need.finding.state.change() == Some(Change::Extra)
        && let Some(Observed::Present(Fact::Text(setting))) = &need.finding.observed
        && let Some(scope) = setting.scope_word()
        && !is_own(scope)
    {
        return Offer::Cannot(format!(
            "the target has it from its {scope} configuration, which is not the repository's own; remove it there"
        ));
    }
    if let Some(Locked::Present(Fact::Text(setting))) = &need.finding.locked
        && let Some(scope) = setting.scope_word()
        && !is_own(scope)
    {
        return Offer::Cannot(format!(
            "the reference has it from its {scope} configuration; list that file as a dotfile"
        ));
    }
    let (action, value) = match (need.finding.state.change(), &need.finding.locked) {
        (Some(Change::Extra), _) if !need.prune => return Offer::Cannot(NOT_PRUNED.to_owned()),
        (Some(Change::Extra), _) => (Action::Remove, None),
        (Some(Change::Missing), Some(Locked::Present(Fact::Text(text)))) => (Action::Create, Some(text.value.clone())),
        (_, Some(Locked::Present(Fact::Text(text)))) => (Action::Change, Some(text.value.clone())),
        _ => return Offer::NotMine,
    };
    if value.as_deref().is_some_and(|value| Digest::parse(value).is_some()) {
        return Offer::Cannot(format!(
            "the value of {key} looks like a secret and is known by its digest; set it by hand"
        ));
    }
    let subject = match &value {
        Some(value) => format!("{key} = {value} in {name}"),
        None => format!("{key} in {name}"),
    };
    let work = Work::Repo(RepoWork::GitSetting { repo: repo.path.clone(), key: key.to_owned(), value });
    Offer::Step(Box::new(step(&PROVIDER, &need, action, subject, work)))
}

/// Whether a scope is the repository's own configuration.
fn is_own(scope: &str) -> bool {
    matches!(scope, "local" | "worktree" | "unknown")
}
