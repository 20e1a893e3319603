//! The files by which a repository's gates are decided: as they are on the reference.

use super::{Action, FileWork, Need, Offer, Provider, Work, mends_of, step};
use crate::parity::Change;
use crate::provision::plan::is_inside_missing_repo;
use crate::quality::mend::Mend;

pub(super) const PROVIDER: Provider =
    Provider { name: "repo-file", doc: "the files that decide what a repository's hooks and gates do", offer };

fn offer(need: Need<'_>) -> Offer {
    let Some((repo, mends)) = mends_of(&need) else { return Offer::NotMine };
    // With a repository that is cloned come its files.
    if is_inside_missing_repo(need.finding, need.report) {
        return Offer::NotMine;
    }
    let one = |mend: Mend| {
        let Mend::Same(file) = mend else { return None };
        let path = match (file.strip_prefix("~/"), file.starts_with('/')) {
            (Some(inside), _) => inside.to_owned(),
            (None, true) => file,
            (None, false) => format!("{}/{file}", repo.strip_prefix("~/").unwrap_or(repo)),
        };
        let subject = if path.starts_with('/') { path.clone() } else { format!("~/{path}") };
        let action = if need.finding.state.change() == Some(Change::Missing) { Action::Create } else { Action::Change };
        Some(step(&PROVIDER, &need, action, subject, Work::File(FileWork::Same { path })))
    };
    let steps: Vec<_> = mends.into_iter().filter_map(one).collect();
    if steps.is_empty() { Offer::NotMine } else { Offer::Steps(steps) }
}
