//! What a repository is set up by: its packages as its lock files name them, its hooks as their manager installs them.

use super::{Action, Need, Offer, Provider, RepoWork, SetUpRun, Step, Work, mends_of, step};
use crate::parity::Change;
use crate::quality::mend::{Mend, Runs};

pub(super) const PROVIDER: Provider =
    Provider { name: "set-up", doc: "a repository's packages and hooks, by its own managers", offer };

fn offer(need: Need<'_>) -> Offer {
    let Some((repo, mends)) = mends_of(&need) else { return Offer::NotMine };
    let action = if need.finding.state.change() == Some(Change::Missing) { Action::Create } else { Action::Change };
    let one = |mend: Mend| {
        let (Runs { brings, folder, commands }, at_last) = match mend {
            Mend::Run(runs) => (runs, false),
            Mend::AtLast(runs) => (runs, true),
            Mend::Same(_) | Mend::Gone(_) | Mend::Committed(_) => return None,
        };
        let run = |words| SetUpRun { folder: folder.clone(), arguments: with_environments(words) };
        let work = Work::Repo(RepoWork::SetUp {
            repo: repo.to_owned(),
            brings,
            runs: commands.into_iter().map(run).collect(),
        });
        let step = step(&PROVIDER, &need, action, format!("{} of {repo}", brings.word()), work);
        Some(Step { undone_by_rollback: false, at_last, ..step })
    };
    let steps: Vec<_> = mends.into_iter().filter_map(one).collect();
    if steps.is_empty() { Offer::NotMine } else { Offer::Steps(steps) }
}

/// What a hook needs is brought now: the first commit may be made where there is no network.
fn with_environments(mut arguments: Vec<String>) -> Vec<String> {
    if let [manager, "install", ..] = arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice()
        && ["pre-commit", "prek"].contains(manager)
    {
        arguments.push("--install-hooks".to_owned());
    }
    arguments
}
