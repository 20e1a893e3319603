//! Packages across managers and systems.
//!
//! A Mac as the reference and Linux as the target is the normal case. One thing that goes by a name under each manager is
//! held by the manager that each machine has, and by the version that its authors gave it. What one system's manager
//! brought cannot be there on a machine that has no such manager: that is one finding, not one a package.

use std::collections::BTreeMap;

use super::{Wanted, judge, version_difference};
use crate::parity::{Change, Finding, State};
use crate::spec::edit::waiver_table;
use crate::spec::package::{SYSTEM_MANAGERS, as_precise_as, can_exist, upstream};
use crate::spec::{
    Category, Covers, Fact, Facts, ItemId, Lock, Locked, Machine, MappedItem, Observed, Policy, Scheme, VersionFact,
    Waiver, Why, manager_of,
};

/// In which way a package's version is not within the policy. Full versions are compared where both are the same
/// manager's, by its own order, and a bound as precisely as it is written; else a manager's own additions say nothing.
pub(super) fn difference(
    policy: &Policy,
    want: Option<(&ItemId, &VersionFact)>,
    (id, got): (&ItemId, &VersionFact),
) -> Option<String> {
    let same_manager = want.is_none_or(|(want_id, _)| manager_of(want_id) == manager_of(id));
    let scheme = if same_manager { Scheme::of(id) } else { Scheme::Dotted };
    match policy {
        Policy::Exact if same_manager => return version_difference(scheme, policy, want.map(|(_, fact)| fact), got),
        Policy::Major | Policy::Minor if same_manager => {
            // Where several are installed, the newest comes first, and is the one that counts.
            let newest = |fact: &VersionFact| VersionFact {
                version: fact.version.split(", ").next().unwrap_or_default().to_owned(),
                ..fact.clone()
            };
            let wanted = want.map(|(_, fact)| newest(fact));
            return version_difference(scheme, policy, wanted.as_ref(), &newest(got));
        }
        Policy::Range(range) if same_manager => {
            let within = range.contains_as(|bound| scheme.read(&as_precise_as(bound, manager_of(id), &got.version)));
            return (!within).then(|| format!("it is {}, the spec says {range}", got.version));
        }
        Policy::Literal(literal) if *literal == got.version => return None,
        Policy::Present => return version_difference(scheme, policy, want.map(|(_, fact)| fact), got),
        _ => {}
    }
    let as_released = |id: &ItemId, fact: &VersionFact| VersionFact {
        version: upstream(manager_of(id), &fact.version),
        ..fact.clone()
    };
    let wanted = want.map(|(id, fact)| as_released(id, fact));
    let reason = version_difference(scheme, policy, wanted.as_ref(), &as_released(id, got))?;
    let Some((want_id, want)) = want.filter(|_| !same_manager) else { return Some(reason) };
    let (here, there) = (manager_of(id), manager_of(want_id));
    Some(format!("{reason} ({here} {} here, {there} {} there)", got.version, want.version))
}

/// The finding about a thing that many managers have.
pub(super) fn judge_mapped(mapped: &MappedItem, lock: Option<&Lock>, facts: &Facts, target: &str) -> Finding {
    let entries = || mapped.ids.iter().filter_map(|id| Some((id, lock?.items.get(id)?)));
    let present = entries().find(|(_, locked)| matches!(locked, Locked::Present(_)));
    let entry = present.or_else(|| entries().next());
    if let Some(id) = mapped.on(facts) {
        let observed = facts.items.get(id).cloned().unwrap_or(Observed::Unknown(Why::NotAsked));
        return judge(
            id,
            entry.map(|(id, _)| id),
            &mapped.policy,
            Wanted::of(lock, entry.map(|(_, one)| one)),
            observed,
        );
    }
    let id = entry.map_or(&mapped.ids[0], |(id, _)| id);
    let wanted = Wanted::of(lock, entry.map(|(_, locked)| locked));
    let mut finding = judge(id, None, &mapped.policy, wanted, Observed::Absent);
    if let State::Drift(Change::Missing) = finding.state {
        let managers: Vec<&str> = mapped.ids.iter().map(manager_of).collect();
        finding.reason = format!(
            "the spec knows it by {}, and this machine has none of these; name it under a manager that is here, or waive it",
            managers.join(", ")
        );
        let because = format!("no package of it on {}", os_of(&facts.machine));
        finding.detail = Some(waiver_to_paste(id, target, &because));
    }
    finding
}

/// Puts one finding in the place of many, where the reference or the target cannot have a manager.
pub(super) fn gather(findings: &mut BTreeMap<ItemId, Finding>, lock: Option<&Lock>, facts: &Facts, target: &str) {
    let Some(lock) = lock else { return };
    for manager in SYSTEM_MANAGERS {
        if cannot_say(manager, &lock.reference) {
            demand_what_is_named(findings, manager);
            gather_as(findings, manager, Change::Extra, &lock.reference, facts, target);
        }
        if cannot_have(manager, &lock.reference, facts) {
            gather_as(findings, manager, Change::Missing, &lock.reference, facts, target);
        }
    }
}

/// Whether a manager is not on the target, and is not merely uninstalled: a Mac without Homebrew can be given it.
fn cannot_have(manager: &str, reference: &Machine, facts: &Facts) -> bool {
    let belongs_to_distribution = matches!(manager, "apt" | "rpm" | "apk");
    facts.lacks_manager(manager) && (belongs_to_distribution || reference.os != facts.machine.os)
}

/// Whether a manager cannot be on the reference, so that absence there says nothing.
fn cannot_say(manager: &str, reference: &Machine) -> bool {
    reference.os.as_deref().is_some_and(|os| !can_exist(manager, os))
}

/// What is to be there whatever its version is not there only because the reference cannot have it either.
fn demand_what_is_named(findings: &mut BTreeMap<ItemId, Finding>, manager: &str) {
    let of_manager = |id: &ItemId| id.category == Category::Package && manager_of(id) == manager;
    for finding in findings.values_mut().filter(|finding| of_manager(&finding.id)) {
        let is_absent = finding.state == State::Match && finding.observed == Some(Observed::Absent);
        if is_absent && finding.policy == Policy::Present {
            finding.state = State::Drift(Change::Missing);
            finding.reason = format!("it is not there, and the spec asks for it; the reference cannot have {manager}");
        }
    }
}

/// How many names stand in a reason.
const NAMED: usize = 5;

fn gather_as(
    findings: &mut BTreeMap<ItemId, Finding>,
    manager: &str,
    change: Change,
    reference: &Machine,
    facts: &Facts,
    target: &str,
) {
    let belongs = |finding: &Finding| {
        finding.id.category == Category::Package
            && finding.id.name.strip_prefix(manager).is_some_and(|rest| rest.starts_with('/'))
            && finding.state == State::Drift(change)
            // A version that the spec itself asks for needs no reference.
            && (change == Change::Missing || finding.policy.own_want().is_none())
            && !(change == Change::Missing && finding.locked == Some(Locked::Absent))
    };
    let gathered: Vec<Finding> = findings.values().filter(|finding| belongs(finding)).cloned().collect();
    if gathered.is_empty() {
        return;
    }
    gathered.iter().for_each(|finding| drop(findings.remove(&finding.id)));
    let names: Vec<&str> =
        gathered.iter().filter_map(|finding| finding.id.name.split_once('/').map(|(_, name)| name)).collect();
    let more = names.len().saturating_sub(NAMED);
    let first = names[..names.len() - more].join(", ");
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    let count = if names.len() == 1 { "1 package".to_owned() } else { format!("{} packages", names.len()) };
    let summary = Fact::text(format!("{count}: {first}{rest}"));
    let (here, there) = (os_of(&facts.machine), os_of(reference));
    let (locked, observed, reason, because) = match change {
        Change::Missing => (
            Locked::Present(summary),
            Observed::Absent,
            format!(
                "this machine ({here}) has no {manager}, from which the reference ({there}) has {count}: {first}{rest}"
            ),
            format!("no {manager} on {here}"),
        ),
        Change::Extra | Change::Changed => (
            Locked::Absent,
            Observed::Present(summary),
            format!(
                "the reference ({there}) cannot have {manager}, and so does not say what {count} here should be: {first}{rest}"
            ),
            format!("no {manager} on {there}, the reference"),
        ),
    };
    let id = ItemId::new(Category::Package, manager);
    let lines = gathered.iter().map(|finding| {
        let version = finding.want().or_else(|| finding.got()).unwrap_or_default();
        format!("{} {version}", finding.id).trim_end().to_owned() + "\n"
    });
    let detail = lines.collect::<String>() + "\n" + &waiver_to_paste(&id, target, &because);
    let finding = Finding {
        id: id.clone(),
        state: State::Drift(change),
        policy: Policy::Exact,
        locked: Some(locked),
        observed: Some(observed),
        reason,
        detail: Some(detail),
        warning: None,
    };
    findings.insert(id, finding);
}

fn os_of(machine: &Machine) -> &str {
    machine.os.as_deref().unwrap_or("an unknown system")
}

/// The lines of a spec that accept a drift on one target, whatever is there.
pub(super) fn waiver_to_paste(id: &ItemId, target: &str, because: &str) -> String {
    waiver_table(&Waiver {
        finding: id.clone(),
        targets: vec![target.to_owned()],
        because: because.to_owned(),
        until: None,
        covers: Covers::Any,
    })
}

/// Another product under the same name is what another system has: the line that accepts it goes with the finding.
pub(super) fn offer_waiver(finding: &mut Finding, lock: Option<&Lock>, facts: &Facts, target: &str) {
    let (Some(Locked::Present(Fact::Version(want))), Some(Observed::Present(Fact::Version(got)))) =
        (&finding.locked, &finding.observed)
    else {
        return;
    };
    let other_system = lock.is_some_and(|lock| lock.reference.os != facts.machine.os);
    let is_drift = matches!(finding.state, State::Drift(_));
    if finding.id.category == Category::Tool && is_drift && other_system && want.product != got.product {
        let shown = |fact: &VersionFact| fact.product.clone().unwrap_or_else(|| "the usual product".to_owned());
        let because = format!("{} on the reference, {} on {}", shown(want), shown(got), os_of(&facts.machine));
        let waiver = waiver_to_paste(&finding.id, target, &because);
        finding.detail = Some(match finding.detail.take() {
            Some(detail) => format!("{detail}\n\n{waiver}"),
            None => waiver,
        });
    }
}

#[cfg(test)]
mod tests;
