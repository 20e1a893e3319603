//! What the probes of package managers share: which question a spec's `[packages]` asks of one manager.

use std::collections::BTreeMap;

use crate::observe::{Context, Covers, Question, Sighting};
use crate::spec::{Category, Environment, Fact, ItemId, Listing, Observed, PackageNames, Why};

/// The id of a package: `package:<manager>/<name>`.
fn id(manager: &str, name: &str) -> ItemId {
    ItemId::new(Category::Package, format!("{manager}/{name}"))
}

/// One question to `manager` for everything that the spec asks of it; none if it asks nothing. `script` is given the
/// names, or none of them where the whole list is wanted.
pub(super) fn questions(
    environment: &Environment,
    manager: &'static str,
    script: fn(names: &[String]) -> String,
) -> Vec<Question> {
    let mut names: Vec<String> = Vec::new();
    let mut all = false;
    let mut asked = false;
    for packages in environment.packages.iter().filter(|packages| packages.manager == manager) {
        asked = true;
        match &packages.names {
            PackageNames::All => all = true,
            PackageNames::These(these) => names.extend(these.iter().cloned()),
        }
    }
    let through_tools = environment.tools.iter().flat_map(|tool| &tool.install);
    for (_, name) in through_tools.filter(|(by, _)| by == manager) {
        asked = true;
        names.push(name.clone());
    }
    if !asked {
        return Vec::new();
    }
    names.sort();
    names.dedup();
    let listings = if all { vec![Listing::below(Category::Package, format!("{manager}/"))] } else { Vec::new() };
    vec![Question {
        subject: manager.to_owned(),
        script: script(if all { &[] } else { &names }),
        limit: environment.limits.probe,
        covers: Covers { items: names.iter().map(|name| id(manager, name)).collect(), listings },
        context: Context::Names(names),
        settled: None,
    }]
}

/// Sightings from a manager's list of installed versions. A name that was asked for and is not in it is absent; one
/// that was not asked for counts only where all are listed.
pub(super) fn sightings(
    question: &Question,
    manager: &str,
    installed: BTreeMap<String, String>,
) -> Result<Vec<Sighting>, Why> {
    let Context::Names(names) = &question.context else {
        return Err(Why::NotUnderstood("the question names no packages".to_owned()));
    };
    let all = !question.covers.listings.is_empty();
    let mut sightings: Vec<Sighting> = names
        .iter()
        .filter(|name| !installed.contains_key(*name))
        .map(|name| Sighting::Item(id(manager, name), Observed::Absent))
        .collect();
    for (name, version) in installed.into_iter().filter(|(name, _)| all || names.contains(name)) {
        sightings.push(Sighting::Item(id(manager, &name), Observed::Present(Fact::version(version))));
    }
    Ok(sightings)
}
