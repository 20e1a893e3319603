//! The files by which a repository's gates are decided: as they are on the reference.

use std::path::Path;

use super::{Action, Need, Offer, Provider, Work, mends_of, step};
use crate::parity::Change;
use crate::provision::plan::is_inside_missing_repo;
use crate::provision::same::Draft;
use crate::quality::mend::Mend;
use crate::spec::Reach;

pub(super) const PROVIDER: Provider =
    Provider { name: "repo-file", doc: "the files that decide what a repository's hooks and gates do", offer };

fn offer(need: Need<'_>) -> Offer {
    let Some((repo, mends)) = mends_of(&need) else { return Offer::NotMine };
    // With a repository that is cloned come its files.
    if is_inside_missing_repo(need.finding, need.report) {
        return Offer::NotMine;
    }
    let action = if need.finding.state.change() == Some(Change::Missing) { Action::Create } else { Action::Change };
    let draft = |subject: &str, draft| step(&PROVIDER, &need, action, subject.to_owned(), Work::Draft(draft));
    let one = |mend: Mend| match mend {
        Mend::Same(file) => {
            let path = place(repo, file);
            Some(draft(&shown(&path), Draft::Same { path }))
        }
        Mend::Gone(file) => {
            let path = place(repo, below_home(&need, &file));
            Some(draft(&shown(&path), Draft::Gone { path }))
        }
        Mend::Committed(path) => {
            Some(draft(&format!("what {repo} has committed"), Draft::Committed { repo: repo.to_owned(), path }))
        }
        Mend::Run(_) | Mend::AtLast(_) => None,
    };
    let steps: Vec<_> = mends.into_iter().filter_map(one).collect();
    if steps.is_empty() { Offer::NotMine } else { Offer::Steps(steps) }
}

/// A program's own place is told as a whole; where the home is known, the reference is asked for it in its own.
fn below_home(need: &Need<'_>, file: &str) -> String {
    let home = need.environment.target(&need.report.target).and_then(|target| match &target.reach {
        Reach::Local(sandbox) => sandbox.home.as_deref(),
        _ => None,
    });
    let inside = home.and_then(|home| Path::new(file).strip_prefix(home).ok());
    inside.map_or_else(|| file.to_owned(), |inside| format!("~/{}", inside.display()))
}

/// Where a file of a mend lies, relative to the home or absolute.
fn place(repo: &str, file: String) -> String {
    match (file.strip_prefix("~/"), file.starts_with('/')) {
        (Some(inside), _) => inside.to_owned(),
        (None, true) => file,
        (None, false) => format!("{}/{file}", repo.strip_prefix("~/").unwrap_or(repo)),
    }
}

fn shown(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("~/{path}") }
}
