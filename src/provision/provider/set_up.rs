//! What a repository is set up by: its packages as its lock files name them, its hooks as their manager installs them.

use super::{Action, Need, Offer, Provider, RepoWork, SetUpRun, Work, step};
use crate::parity::Change;
use crate::quality::hooks::installed_by;
use crate::quality::lock_files::installed_from;
use crate::spec::{Category, Fact, GateFact, Locked, Observed};

pub(super) const PROVIDER: Provider =
    Provider { name: "set-up", doc: "a repository's packages and hooks, by its own managers", offer };

fn offer(need: Need<'_>) -> Offer {
    let Some((owner, name)) = need.finding.id.name.split_once('/') else { return Offer::NotMine };
    let Some(repo) = need.environment.repos.iter().find(|repo| repo.name == owner) else { return Offer::NotMine };
    let Some(Locked::Present(Fact::Gate(want))) = &need.finding.locked else { return Offer::NotMine };
    let runs = match need.finding.id.category {
        Category::Gate => installed_from(want),
        Category::Hook => hook(name, want, got(&need)),
        _ => Vec::new(),
    };
    if runs.is_empty() {
        return Offer::NotMine;
    }
    let action = if need.finding.state.change() == Some(Change::Missing) { Action::Create } else { Action::Change };
    let what = if need.finding.id.category == Category::Gate { "packages" } else { "hooks" };
    let runs = runs.into_iter().map(|(folder, arguments)| SetUpRun { folder, arguments }).collect();
    let work = Work::Repo(RepoWork::SetUp { repo: repo.path.clone(), runs });
    let mut step = step(&PROVIDER, &need, action, format!("{what} of {}", repo.path), work);
    step.undone_by_rollback = false;
    Offer::Step(Box::new(step))
}

fn got<'a>(need: &Need<'a>) -> Option<&'a GateFact> {
    match &need.finding.observed {
        Some(Observed::Present(Fact::Gate(got))) => Some(got),
        _ => None,
    }
}

/// How a hook is brought that is not there, or that does nothing. One that does something else is changed where that is
/// decided, which is no matter of setting up.
fn hook(name: &str, want: &GateFact, got: Option<&GateFact>) -> Vec<(String, Vec<String>)> {
    let name = name.strip_suffix("@worktree").unwrap_or(name);
    match got {
        Some(got) if !got.is_silent() => Vec::new(),
        _ => installed_by(name, want).into_iter().map(with_environments).collect(),
    }
}

/// What a hook needs is brought now: the first commit may be made where there is no network.
fn with_environments(mut arguments: Vec<String>) -> (String, Vec<String>) {
    if matches!(arguments.first().map(String::as_str), Some("pre-commit" | "prek")) {
        arguments.push("--install-hooks".to_owned());
    }
    (String::new(), arguments)
}
