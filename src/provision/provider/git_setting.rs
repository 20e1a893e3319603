//! Settings of a repository, above all `core.hooksPath`, written into its own configuration. What the reference has
//! from a wider configuration is that file's business.

use super::{Action, NOT_PRUNED, Need, Offer, Provider, Work, step};
use crate::parity::Change;
use crate::spec::{Category, Fact, Locked, TextFact};

pub(super) const PROVIDER: Provider =
    Provider { name: "git-setting", doc: "a repository's settings, such as core.hooksPath", offer };

fn offer(need: Need<'_>) -> Offer {
    if need.finding.id.category != Category::Git {
        return Offer::NotMine;
    }
    let Some((name, key)) = need.finding.id.name.split_once('/') else { return Offer::NotMine };
    let Some(repo) = need.environment.repos.iter().find(|repo| repo.name == name) else { return Offer::NotMine };
    if ["url.", "include.", "includeif."].iter().any(|list| key.starts_with(list)) {
        return Offer::Cannot(format!("{key} is a list of values; set it by hand where the reference has it"));
    }
    if let Some(Locked::Present(Fact::Text(TextFact { scope: Some(scope), .. }))) = &need.finding.locked
        && !matches!(scope.as_str(), "local" | "worktree" | "unknown")
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
    let subject = match &value {
        Some(value) => format!("{key} = {value} in {name}"),
        None => format!("{key} in {name}"),
    };
    let work = Work::GitSetting { repo: repo.path.clone(), key: key.to_owned(), value };
    Offer::Step(Box::new(step(&PROVIDER, &need, action, subject, work)))
}
