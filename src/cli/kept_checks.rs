//! Results of checks of behaviour that were kept: which are asked for, and how they stand in for a run.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::error::CliError;
use crate::parity::Report;
use crate::spec::load::Project;
use crate::spec::{Behaviour, Category, CheckKind, Digest, Facts, ItemId, Listed, Listing, Observed, Target};
use crate::store::{KeptChecks, Store, checks_key};

/// Results by target.
pub(super) type Kept = BTreeMap<String, BTreeMap<ItemId, Observed>>;

/// What results of this project depend on; none without a lock.
fn key(project: &Project) -> Option<Digest> {
    project.lock.as_ref().map(|lock| checks_key(&project.spec_digest, &lock.digest))
}

/// Whether a check is one of behaviour, and no canary.
fn is_run(project: &Project, id: &ItemId) -> bool {
    let name = id.name.split_once('/').map_or("", |(_, name)| name);
    let check = project.environment.checks.get(name);
    check.is_some_and(|check| matches!(check.kind, CheckKind::Behaviour(_)))
}

/// Whether any check of behaviour is to run: only then is there anything to keep.
pub(super) fn any_runs(project: &Project) -> bool {
    matches!(&project.environment.behaviour, Behaviour::Locked(gates) if gates.keys().any(|id| {
        id.category == Category::Check && is_run(project, id)
    }))
}

/// Spares the checks of behaviour, though no canary, whose results all of these targets have already.
pub(super) fn spare_runs(project: &mut Project, targets: &[&Target], store: &Store) -> Result<Kept, CliError> {
    let mut spared = Kept::new();
    let Some(key) = key(project) else { return Ok(spared) };
    for target in targets {
        let kept = store.kept_checks(&project.environment.name, &target.name, &key)?;
        let results = kept.map(|kept| kept.results).unwrap_or_default();
        let known = |(id, observed): &(ItemId, Observed)| is_run(project, id) && observed.present().is_some();
        spared.insert(target.name.clone(), results.into_iter().filter(known).collect());
    }
    let in_all = |id: &ItemId| spared.values().all(|results| results.contains_key(id));
    let sparing: Vec<ItemId> =
        spared.values().next().into_iter().flat_map(BTreeMap::keys).filter(|id| in_all(id)).cloned().collect();
    spared.values_mut().for_each(|results| results.retain(|id, _| sparing.contains(id)));
    if let Behaviour::Locked(gates) = &mut project.environment.behaviour {
        gates.retain(|id, _| !sparing.contains(id));
    }
    Ok(spared)
}

/// What `watch` shows between two rounds of checks: all that the last one brought, where every target has had one that is
/// not older than `every`.
pub(super) fn of_last_round(
    project: &Project,
    targets: &[&Target],
    store: &Store,
    every: Duration,
    now: Timestamp,
) -> Result<Option<Kept>, CliError> {
    let Some(key) = key(project) else { return Ok(None) };
    let mut all = Kept::new();
    for target in targets {
        let Some(kept) = store.kept_checks(&project.environment.name, &target.name, &key)? else { return Ok(None) };
        let age = Duration::try_from(now.duration_since(kept.made_at)).unwrap_or_default();
        if age >= every {
            return Ok(None);
        }
        all.insert(target.name.clone(), kept.results);
    }
    Ok(Some(all))
}

/// Enters kept results into what was observed on a target.
pub(super) fn enter(kept: &Kept, project: &Project, target: &Target, facts: &mut Facts) {
    let Some(results) = kept.get(&target.name) else { return };
    for (id, observed) in results {
        match observed {
            Observed::Absent => {}
            observed => drop(facts.items.insert(id.clone(), observed.clone())),
        }
    }
    for repo in &project.environment.repos {
        let listing = Listing::below(Category::Check, format!("{}/", repo.name));
        facts.listings.entry(listing).or_insert(Listed::InFull);
    }
}

/// Keeps what the checks of a report brought.
pub(super) fn record(project: &Project, report: &Report, store: &Store, now: Timestamp) -> Result<(), CliError> {
    let Some(key) = key(project) else { return Ok(()) };
    for part in report.targets.iter().filter(|part| part.error.is_none()) {
        let checks = part.findings.iter().filter(|finding| finding.id.category == Category::Check);
        let results = checks.filter_map(|finding| Some((finding.id.clone(), finding.observed.clone()?))).collect();
        store.record_checks(&report.environment, &part.target, &key, &KeptChecks { made_at: now, results })?;
    }
    Ok(())
}
