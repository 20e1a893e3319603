//! Which steps of a plan come before which: what fails takes along what needs it, and nothing else.

use super::work::{CommandWork, FileWork, RepoWork};
use super::{Step, Work};
use crate::quality::mend::Brings;
use crate::spec::Category;

/// Tells each step those that it comes after. They stand before it already.
pub(super) fn by_need(steps: &mut [Step]) {
    for number in 0..steps.len() {
        let (before, rest) = steps.split_at_mut(number);
        let Some(step) = rest.first_mut() else { return };
        step.after = (0..number).filter(|first| needs(step, &before[*first])).collect();
    }
}

/// Whether a step cannot be carried out without an earlier one.
fn needs(step: &Step, first: &Step) -> bool {
    is_below(step, first)
        || is_of(step, first)
        || is_in_repo_of(step, first)
        || programs(step).any(|program| brings(first, program))
}

/// What lies in a folder, behind that folder.
fn is_below(step: &Step, first: &Step) -> bool {
    let Work::File(FileWork::PutFolder { path: folder, .. }) = &first.work else { return false };
    match &step.work {
        Work::File(FileWork::Remove { .. }) => false,
        Work::File(work) => work.path().strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/')),
        _ => false,
    }
}

/// What takes the place of a folder, behind its removal; what is committed, behind what brings it.
fn is_of(step: &Step, first: &Step) -> bool {
    match (&step.work, &first.work) {
        (Work::File(work), Work::File(FileWork::MoveAside { path })) => work.path() == path,
        (Work::Repo(RepoWork::Commit { repo, files }), Work::File(work)) => {
            let repo = repo.strip_prefix("~/").unwrap_or(repo);
            let inside = work.path().strip_prefix(repo).and_then(|rest| rest.strip_prefix('/'));
            inside.is_some_and(|inside| files.iter().any(|file| file.path == inside))
        }
        _ => false,
    }
}

/// What is done in a repository, behind its clone; what its packages bring, its hooks among them, behind their installation.
fn is_in_repo_of(step: &Step, first: &Step) -> bool {
    let (Some(repo), Some(other)) = (repo_of(step), repo_of(first)) else { return false };
    repo == other
        && match &first.work {
            Work::Repo(RepoWork::Clone { .. }) => true,
            // On another branch it would be another's commits.
            Work::Repo(RepoWork::Branch { .. }) => {
                matches!(step.work, Work::Repo(RepoWork::AtCommit { .. } | RepoWork::Submodules { .. }))
            }
            Work::Repo(RepoWork::AtCommit { .. }) => matches!(step.work, Work::Repo(RepoWork::Submodules { .. })),
            Work::Repo(RepoWork::SetUp { brings: Brings::Packages, .. }) => {
                matches!(step.work, Work::Repo(RepoWork::SetUp { brings: Brings::Hooks, .. }))
            }
            _ => false,
        }
}

fn repo_of(step: &Step) -> Option<&str> {
    match &step.work {
        Work::Repo(work) => Some(work.repo()),
        _ => None,
    }
}

/// The programs that a step starts.
fn programs(step: &Step) -> impl Iterator<Item = &str> {
    let arguments: Vec<&str> = match &step.work {
        Work::Command(CommandWork::Command { arguments, .. }) => {
            arguments.first().map(String::as_str).into_iter().collect()
        }
        Work::Repo(RepoWork::SetUp { runs, .. }) => {
            runs.iter().filter_map(|run| run.arguments.first()).map(String::as_str).collect()
        }
        Work::Repo(RepoWork::Lfs { .. }) => vec!["git", "git-lfs"],
        Work::Repo(_) => vec!["git"],
        Work::Service(work) => work.program().into_iter().collect(),
        _ => Vec::new(),
    };
    arguments.into_iter()
}

/// Whether a step brings a program: it is for that tool, or for the one that it comes with.
fn brings(first: &Step, program: &str) -> bool {
    let comes_with = match program {
        "npm" | "npx" => "node",
        other => other,
    };
    first.findings.iter().any(|id| id.category == Category::Tool && (id.name == program || id.name == comes_with))
}
