//! Repositories: cloned where they are not, with all remotes that the reference has; one that is there gets its remotes, and
//! keeps whatever else is in it.

use super::{Action, NOT_PRUNED, Need, Offer, Provider, RemoteUrls, RepoWork, Work, step};
use crate::parity::Change;
use crate::spec::remote_url::{address, without_secret};
use crate::spec::{Category, Fact, Locked, Observed, Remote, Repo, RepoFact};

pub(super) const PROVIDER: Provider = Provider { name: "repo", doc: "repositories and their remotes", offer };

/// The remote that git clones from unless it is told another.
const ORIGIN: &str = "origin";

fn offer(need: Need<'_>) -> Offer {
    if need.finding.id.category != Category::Repo || need.finding.id.name.contains('/') {
        return Offer::NotMine;
    }
    let Some(repo) = need.environment.repos.iter().find(|repo| repo.name == need.finding.id.name) else {
        return Offer::NotMine;
    };
    let Some(Locked::Present(Fact::Repo(wanted))) = &need.finding.locked else {
        return match need.finding.state.change() {
            Some(Change::Extra) => Offer::Cannot("the reference does not have it; nobody's work is removed".to_owned()),
            _ => Offer::NotMine,
        };
    };
    match &need.finding.observed {
        Some(Observed::Present(Fact::Repo(found))) => remotes(&need, repo.url.as_deref(), &repo.path, wanted, found),
        _ => clone(&need, repo, wanted),
    }
}

fn clone(need: &Need<'_>, repo: &Repo, wanted: &RepoFact) -> Offer {
    let (url, path) = (repo.url.as_deref(), repo.path.as_str());
    let like = url.or(wanted.written.as_deref());
    let mut remotes = match written(wanted.remotes.iter(), like) {
        Ok(remotes) => remotes,
        Err(why) => return Offer::Cannot(why),
    };
    // One that is listed with a URL and has no remote on the reference is still cloned from somewhere.
    if remotes.is_empty() {
        let Some(url) = url else {
            return Offer::Cannot(
                "the reference has no remote of it, and the spec no `url`; bring it by hand".to_owned(),
            );
        };
        remotes.push(RemoteUrls { name: ORIGIN.to_owned(), fetch: vec![without_secret(url)], push: Vec::new() });
    }
    remotes.sort_by_key(|remote| remote.name != ORIGIN);
    let subject = format!("repository {path}");
    Offer::Step(Box::new(step(
        &PROVIDER,
        need,
        Action::Create,
        subject,
        Work::Repo(RepoWork::Clone { repo: path.to_owned(), filter: repo.filter.clone(), remotes }),
    )))
}

fn remotes(need: &Need<'_>, url: Option<&str>, path: &str, wanted: &RepoFact, found: &RepoFact) -> Offer {
    let differ = wanted.remotes.iter().filter(|(name, remote)| found.remotes.get(*name) != Some(remote));
    let like = url.or(wanted.written.as_deref()).or(found.written.as_deref());
    let set = match written(differ, like) {
        Ok(remotes) => remotes,
        Err(why) => return Offer::Cannot(why),
    };
    let mut remove: Vec<String> =
        found.remotes.keys().filter(|name| !wanted.remotes.contains_key(*name)).cloned().collect();
    if !need.prune {
        if set.is_empty() {
            return Offer::Cannot(NOT_PRUNED.to_owned());
        }
        remove.clear();
    }
    let work = Work::Repo(RepoWork::Remotes { repo: path.to_owned(), set, remove });
    Offer::Step(Box::new(step(&PROVIDER, need, Action::Change, format!("remotes of {path}"), work)))
}

/// The remotes in a form that git understands, that of the spec's own URL.
fn written<'a>(
    remotes: impl Iterator<Item = (&'a String, &'a Remote)>,
    like: Option<&str>,
) -> Result<Vec<RemoteUrls>, String> {
    let all = |places: &[String]| -> Result<Vec<String>, String> {
        let one = |place: &String| {
            address(place, like).ok_or_else(|| {
                format!("the reference has it from {place}; say in which form with `url = …` in the spec")
            })
        };
        places.iter().map(one).collect()
    };
    remotes
        .map(|(name, remote)| {
            let push = if remote.push == remote.fetch { Vec::new() } else { all(&remote.push)? };
            Ok(RemoteUrls { name: name.clone(), fetch: all(&remote.fetch)?, push })
        })
        .collect()
}
