//! Files, links and folders of the home, as the lock has them.

use super::{Action, FileWork, NOT_PRUNED, Need, Offer, Provider, Work, step};
use crate::parity::Change;
use crate::provision::merge::Merge;
use crate::spec::{Category, Fact, FileFact, Locked, Observed, link_end};

pub(super) const PROVIDER: Provider = Provider { name: "dotfile", doc: "files, links and folders of the home", offer };

fn offer(need: Need<'_>) -> Offer {
    if need.finding.id.category != Category::Dotfile {
        return Offer::NotMine;
    }
    let path = need.finding.id.name.clone();
    let observed = match &need.finding.observed {
        Some(Observed::Present(Fact::File(file))) => Some(file),
        _ => None,
    };
    if need.finding.state.change() == Some(Change::Extra) {
        return match observed {
            _ if !need.prune => Offer::Cannot(NOT_PRUNED.to_owned()),
            Some(FileFact::Folder { .. }) => {
                Offer::Cannot("folders are never removed, only the files in them".to_owned())
            }
            _ => file_step(&need, Action::Remove, Work::File(FileWork::Remove { path })),
        };
    }
    let Some(Locked::Present(Fact::File(wanted))) = &need.finding.locked else { return Offer::NotMine };
    if let (Some(FileFact::Folder { .. }), FileFact::File { .. } | FileFact::Link { .. }) = (observed, wanted) {
        return Offer::Cannot("a folder stands where a file should be; move it away".to_owned());
    }
    if let (Some(FileFact::Link { to: got, .. }), FileFact::Link { to: want, .. }) = (observed, wanted)
        && got == want
    {
        return Offer::Cannot(match link_end(&path, want) {
            Some(end) => {
                format!("the link is as it should be; what it leads to is not: list `{end}` as a dotfile too")
            }
            None => format!(
                "the link is as it should be; what it leads to, {want}, is not: list that by its absolute path as a \
                 dotfile too"
            ),
        });
    }
    let action = if observed.is_some() { Action::Change } else { Action::Create };
    match wanted.clone() {
        FileFact::File { mode, digest } => {
            file_step(&need, action, Work::File(FileWork::PutFile { path, mode, digest }))
        }
        FileFact::Link { to, .. } => file_step(&need, action, Work::File(FileWork::PutLink { path, to })),
        FileFact::Folder { .. } if observed.is_some_and(|file| !matches!(file, FileFact::Folder { .. })) => {
            Offer::Cannot("a file stands where a folder should be; move it away".to_owned())
        }
        FileFact::Folder { mode } => file_step(&need, action, Work::File(FileWork::PutFolder { path, mode })),
        FileFact::Keys { keys, mode, .. } => file_step(&need, action, Work::Merge(Merge { path, wanted: keys, mode })),
        // What it makes for this machine is what is wanted, and that is a file.
        FileFact::Template { .. } => Offer::Cannot("its template was not rendered".to_owned()),
        FileFact::Other { .. } => Offer::Cannot("it is neither file, folder nor link on the reference".to_owned()),
    }
}

fn file_step(need: &Need<'_>, action: Action, work: Work) -> Offer {
    let name = &need.finding.id.name;
    let subject = if name.starts_with('/') { name.clone() } else { format!("~/{name}") };
    Offer::Step(Box::new(step(&PROVIDER, need, action, subject, work)))
}
