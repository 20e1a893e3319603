//! What a working copy stands at, where the spec asks that it be as on the reference: its branch and commit, the remote's
//! default branch, git-lfs, submodules. Nobody's commits or changes are lost for it; what only a person can judge is said.

use super::{Action, NOT_PRUNED, Need, Offer, Provider, RepoWork, Work, step};
use crate::parity::Change;
use crate::provision::plan::is_inside_missing_repo;
use crate::spec::{Category, Fact, Locked, Observed, Repo};

pub(super) const PROVIDER: Provider = Provider {
    name: "repo-state",
    doc: "branch, commit, default branch, git-lfs and submodules of a working copy",
    offer,
};

/// What the lock says of a working copy in which no branch is checked out.
const DETACHED: &str = "detached";

fn offer(need: Need<'_>) -> Offer {
    if need.finding.id.category != Category::Repo {
        return Offer::NotMine;
    }
    let Some((name, state)) = need.finding.id.name.split_once('/') else { return Offer::NotMine };
    let Some(repo) = need.environment.repos.iter().find(|repo| repo.name == name) else { return Offer::NotMine };
    let is_cloned = is_inside_missing_repo(need.finding, need.report);
    let wanted = match &need.finding.locked {
        Some(Locked::Present(Fact::Text(fact))) => Some(fact.value.as_str()),
        _ => None,
    };
    let path = repo.path.clone();
    let (subject, work) = match (state, wanted) {
        // They come with the clone.
        ("default_branch" | "submodules" | "dirty" | "stashes" | "identity" | "signing", _) if is_cloned => {
            return Offer::NotMine;
        }
        ("branch", Some(branch)) => {
            let branch = Some(branch).filter(|branch| *branch != DETACHED).map(str::to_owned);
            let subject = branch.as_ref().map_or("no branch".to_owned(), |branch| format!("branch {branch}"));
            (subject, RepoWork::Branch { repo: path, branch })
        }
        ("commit", Some(commit)) => {
            (format!("commit {commit:.12}"), RepoWork::AtCommit { repo: path, commit: commit.to_owned() })
        }
        ("default_branch", branch) => {
            if branch.is_none() && !need.prune {
                return Offer::Cannot(NOT_PRUNED.to_owned());
            }
            (
                "the default branch of origin".to_owned(),
                RepoWork::DefaultBranch { repo: path, branch: branch.map(str::to_owned) },
            )
        }
        ("lfs", Some(wanted)) => {
            if let Some(why) = why_no_lfs(&need, repo, wanted) {
                return Offer::Cannot(why);
            }
            ("git-lfs".to_owned(), RepoWork::Lfs { repo: path })
        }
        ("submodules", Some(wanted)) => {
            if let Some(odd) = wanted.split(", ").find(|one| one.ends_with("recorded") || one.ends_with("conflicts")) {
                return Offer::Cannot(format!(
                    "the reference has {odd}, which no commit says; mend that there and capture again"
                ));
            }
            if wanted.contains(" not initialised") {
                return Offer::Cannot(
                    "the reference has not initialised all of them; a submodule that is there may hold work, so it stays"
                        .to_owned(),
                );
            }
            ("submodules".to_owned(), RepoWork::Submodules { repo: path })
        }
        ("dirty" | "stashes", _) => {
            return Offer::Cannot("it is somebody's work, which nobody but a person brings or removes".to_owned());
        }
        ("identity" | "signing", _) => {
            let keys =
                if state == "identity" { "user.name and user.email" } else { "commit.gpgSign and user.signingKey" };
            return Offer::Cannot(format!(
                "it is what git's settings there come to; set {keys} there, or list ~/.gitconfig in [dotfiles]"
            ));
        }
        _ => return Offer::Cannot("the reference has none, and what is there stays".to_owned()),
    };
    let action = match need.finding.state.change() {
        Some(Change::Missing) => Action::Create,
        Some(Change::Extra) => Action::Remove,
        Some(Change::Changed) | None => Action::Change,
    };
    // What git-lfs has fetched may stay; nothing is lost by it.
    Offer::Step(Box::new(step(&PROVIDER, &need, action, format!("{subject} in {}", repo.path), Work::Repo(work))))
}

/// Why git-lfs cannot be set up there.
fn why_no_lfs(need: &Need<'_>, repo: &Repo, wanted: &str) -> Option<String> {
    let is_listed = need.environment.tools.iter().any(|tool| tool.name == "git-lfs")
        || need.report.findings.iter().any(|finding| {
            finding.id.category == Category::Package && finding.id.name.rsplit('/').next() == Some("git-lfs")
        });
    let has_none = match &need.finding.observed {
        Some(Observed::Present(Fact::Text(fact))) => fact.value.contains("not on PATH"),
        _ => false,
    };
    if wanted != "needed and set up" {
        return Some(format!("on the reference it is {wanted}; what files {} has decides that", repo.name));
    }
    (has_none && !is_listed)
        .then(|| "git-lfs is not on PATH there; list it to have it brought: [tools] git-lfs = \"present\"".to_owned())
}
