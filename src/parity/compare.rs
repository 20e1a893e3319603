//! The comparison: what the environment holds true, as the lock has it, against what a machine showed.
//!
//! Every item that is named or found gets a finding of its own. An item that was not observed is unknown, whatever the
//! lock says; a waiver covers drift and nothing else.

mod gates;
mod links;
mod packages;
mod services;
mod text;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::{AppliedWaiver, Change, Finding, State, TargetReport};
use crate::spec::pin::Holds;
use crate::spec::{
    Bearing, Category, Covers, Environment, Fact, Facts, FileFact, ItemId, Listed, Listing, Lock, Locked, Machine,
    Observed, Policy, Scheme, Scope, Target, Version, VersionFact, Waiver, Why,
};

/// How an audit went, beside what it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// When the answers were in, by the controller's clock.
    pub observed_at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// Exchanges beyond connecting.
    pub round_trips: u32,
}

/// The report on one target: its facts held against the lock, or why there are none.
pub fn target_report(
    environment: &Environment,
    lock: Option<&Lock>,
    target: &Target,
    circumstances: Circumstances,
    outcome: Result<&Facts, String>,
) -> TargetReport {
    let Circumstances { observed_at, duration, round_trips } = circumstances;
    let (machine, error, findings, shown) = match outcome {
        Ok(facts) => {
            let findings = findings(environment, lock, &target.name, facts, observed_at);
            let error = match (&facts.machine.os, findings.as_slice()) {
                (None, _) => Some("the machine did not tell who it is".to_owned()),
                (_, []) => Some("the environment holds nothing true here, so nothing is known".to_owned()),
                _ => None,
            };
            let shown = shown(facts, &findings);
            (facts.machine.clone(), error, findings, shown)
        }
        Err(error) => {
            let why = Why::Unreachable(error.clone());
            (Machine::default(), Some(error), unobserved(environment, lock, &why), BTreeMap::new())
        }
    };
    let (target, kind) = (target.name.clone(), target.kind);
    TargetReport { target, kind, observed_at, duration, round_trips, error, machine, findings, shown }
}

/// What was seen and is in none of the findings, which are sorted.
fn shown(facts: &Facts, findings: &[Finding]) -> BTreeMap<ItemId, Fact> {
    let is_held = |id: &ItemId| findings.binary_search_by(|finding| finding.id.cmp(id)).is_ok();
    let beside = facts.items.iter().filter(|(id, _)| !is_held(id));
    beside.filter_map(|(id, observed)| Some((id.clone(), observed.present()?.clone()))).collect()
}

/// All findings about one machine, sorted by id.
pub fn findings(
    environment: &Environment,
    lock: Option<&Lock>,
    target: &str,
    facts: &Facts,
    now: Timestamp,
) -> Vec<Finding> {
    let scope = environment.scope();
    let mut findings: BTreeMap<ItemId, Finding> = BTreeMap::new();
    let target_named = environment.target(target);
    let wanted = |id: &ItemId, locked| environment.wanted(id, locked, target_named, &facts.machine);
    for item in scope.items.iter().filter(|item| is_held(&item.only, &facts.machine)) {
        let observed = facts.observed(&item.id);
        let entry = lock.and_then(|lock| lock.items.get(&item.id)).map(|locked| wanted(&item.id, locked));
        let finding = match entry.transpose() {
            Ok(entry) => judge(&item.id, None, &item.policy, Wanted::of(lock, entry.as_deref()), observed),
            Err(why) => unclear(&item.id, &item.policy, observed, why),
        };
        findings.insert(item.id.clone(), finding);
    }
    // What an entry of its own holds elsewhere is not held here by a set that it also belongs to.
    let named: BTreeSet<&ItemId> = scope.items.iter().map(|item| &item.id).collect();
    for (listing, policy) in scope.listings.iter().filter(|(listing, _)| environment.is_held(listing, &facts.machine)) {
        for finding in judge_listing(listing, policy, lock, facts, &wanted) {
            if !named.contains(&finding.id) {
                findings.entry(finding.id.clone()).or_insert(finding);
            }
        }
    }
    packages::gather(&mut findings, lock, facts, target);
    for mapped in &scope.mapped {
        let finding = packages::judge_mapped(mapped, lock, facts, target);
        findings.entry(finding.id.clone()).or_insert(finding);
    }
    findings.values_mut().for_each(|finding| packages::offer_waiver(finding, lock, facts, target));
    findings.values_mut().for_each(|finding| gates::say(finding, target));
    // What the spec itself gives is not asked of the lock; without any, nothing is held true.
    for asked in environment.settings.asked(facts.machine.os.as_deref()) {
        let wanted = if lock.is_some() { Wanted::Locked(&Locked::Absent) } else { Wanted::NoLock };
        let policy = Policy::Literal(asked.want);
        findings.insert(asked.id.clone(), judge(&asked.id, None, &policy, wanted, facts.observed(&asked.id)));
    }
    for finding in services::judge_all(environment, lock.is_some(), facts) {
        findings.insert(finding.id.clone(), finding);
    }
    links::say_what_is_not_compared(&mut findings, environment);
    let mut findings: Vec<Finding> = findings.into_values().collect();
    for finding in &mut findings {
        apply_waivers(finding, &environment.waivers, target, now);
    }
    findings
}

/// Findings for a machine that could not be observed: everything that should hold there is unknown.
pub fn unobserved(environment: &Environment, lock: Option<&Lock>, why: &Why) -> Vec<Finding> {
    let Scope { items, mapped, listings } = environment.scope();
    let mut facts = Facts::default();
    facts.items.extend(mapped.into_iter().flat_map(|one| one.ids).map(|id| (id, Observed::Unknown(why.clone()))));
    facts.items.extend(items.into_iter().map(|item| (item.id, Observed::Unknown(why.clone()))));
    facts.listings.extend(listings.into_iter().map(|(listing, _)| (listing, Listed::Unknown(why.clone()))));
    // No waiver can cover an unknown, so neither the target nor the time matters.
    findings(environment, lock, "", &facts, Timestamp::UNIX_EPOCH)
}

/// What was observed stands, but what it should be is not known.
fn unclear(id: &ItemId, policy: &Policy, observed: Observed, reason: String) -> Finding {
    let reason = match &observed {
        Observed::Unknown(why) => why.to_string(),
        Observed::Present(_) | Observed::Absent => reason,
    };
    Finding {
        id: id.clone(),
        state: State::Unknown,
        policy: policy.clone(),
        locked: None,
        observed: Some(observed),
        reason,
        detail: None,
        warning: None,
    }
}

/// An item bound to certain systems is held on a machine of such a system, and on one that did not say what it is.
fn is_held(only: &[String], machine: &Machine) -> bool {
    only.is_empty() || machine.os.as_ref().is_none_or(|os| only.contains(os))
}

/// What the lock says about an item.
enum Wanted<'a> {
    Locked(&'a Locked),
    NoLock,
    NotInLock,
}

impl<'a> Wanted<'a> {
    fn of(lock: Option<&Lock>, entry: Option<&'a Locked>) -> Self {
        match (lock, entry) {
            (_, Some(locked)) => Self::Locked(locked),
            (Some(_), None) => Self::NotInLock,
            (None, None) => Self::NoLock,
        }
    }
}

/// What the lock says as the spec has it for this target, or why that is not clear.
type Clear<'a> = Result<Cow<'a, Locked>, String>;

fn judge_listing<'a>(
    listing: &Listing,
    policy: &Policy,
    lock: Option<&'a Lock>,
    facts: &Facts,
    wanted: &dyn Fn(&ItemId, &'a Locked) -> Clear<'a>,
) -> Vec<Finding> {
    let listed = facts.listings.get(listing).cloned().unwrap_or(Listed::Unknown(Why::NotAsked));
    let was_captured =
        lock.is_some_and(|lock| lock.listed.contains(&listing.to_string()) || lock.items.contains_key(&listing.id()));
    let holds = listing.holder();
    let of_lock = lock.into_iter().flat_map(|lock| lock.items.keys());
    let mut ids: Vec<&ItemId> = facts.items.keys().chain(of_lock).filter(|id| holds(id)).collect();
    ids.sort();
    ids.dedup();
    let mut findings: Vec<Finding> = Vec::new();
    for id in ids {
        let observed = facts.items.get(id).cloned().unwrap_or_else(|| listed.of_unseen());
        let entry = lock.and_then(|lock| lock.items.get(id)).map(|locked| wanted(id, locked));
        findings.push(match entry.transpose() {
            // The reference was listed in full and did not have it.
            Ok(None) if was_captured => judge(id, None, policy, Wanted::Locked(&Locked::Absent), observed),
            Ok(entry) => judge(id, None, policy, Wanted::of(lock, entry.as_deref()), observed),
            Err(why) => unclear(id, policy, observed, why),
        });
    }
    // What else may be in the set is unknown, even where some of it was seen.
    let is_said = findings.iter().any(|finding| finding.state == State::Unknown);
    let whole = match &listed {
        Listed::Unknown(why) => Some(Observed::Unknown(why.clone())),
        // A set of which nothing was captured says nothing, even where this machine has nothing in it.
        Listed::InFull => (!was_captured).then_some(Observed::Absent),
    };
    if let (Some(observed), false) = (whole, is_said) {
        findings.push(judge(&listing.id(), None, policy, Wanted::of(lock, None), observed));
    }
    findings
}

/// `locked_as` is the id under which the lock has it, where that is another one.
fn judge(id: &ItemId, locked_as: Option<&ItemId>, policy: &Policy, wanted: Wanted<'_>, observed: Observed) -> Finding {
    let ids = (locked_as.unwrap_or(id), id);
    let locked = match wanted {
        Wanted::Locked(locked) => Some(locked.clone()),
        Wanted::NoLock | Wanted::NotInLock => None,
    };
    let observed = match (observed, &locked) {
        (Observed::Present(got), Some(Locked::Present(want))) => Observed::Present(got.as_told_in(want)),
        (observed, _) => observed,
    };
    let (state, reason) = match (&observed, wanted) {
        (Observed::Unknown(why), _) => (State::Unknown, why.to_string()),
        (Observed::Absent, Wanted::Locked(Locked::Present(Fact::Gate(want)))) if want.is_silent() => {
            (State::Match, "not there, and on the reference nothing comes of it".to_owned())
        }
        (Observed::Present(Fact::Gate(got)), Wanted::Locked(Locked::Absent)) if got.is_silent() => {
            (State::Match, format!("it {}; the reference does not have it", got.does))
        }
        (_, Wanted::NoLock) => (State::Unknown, "there is no lock to compare with; run `trueup capture`".to_owned()),
        (_, Wanted::NotInLock) => (State::Unknown, "the lock does not have it yet; run `trueup capture`".to_owned()),
        (Observed::Absent, wanted) => judge_absent(policy, &wanted),
        (Observed::Present(got), Wanted::Locked(Locked::Present(want))) => judge_present(ids, policy, Some(want), got),
        (Observed::Present(_), Wanted::Locked(Locked::Absent)) if policy.own_want().is_none() => judge_unwanted(policy),
        (Observed::Present(got), _) => judge_present(ids, policy, None, got),
    };
    let detail = match &observed {
        Observed::Present(Fact::File(FileFact::Keys { keys: got, values, .. })) => match &locked {
            Some(Locked::Present(Fact::File(FileFact::Keys { keys: want, .. }))) => {
                super::keys::detail(want, &BTreeMap::new(), got, values)
            }
            _ => None,
        },
        Observed::Present(fact) => fact.evidence().map(str::to_owned),
        Observed::Absent | Observed::Unknown(_) => None,
    };
    let weakness = observed.present().and_then(Fact::weakness).filter(|_| state == State::Match);
    let reason = match &weakness {
        Some(weakness) => format!("{reason}, which shares its weakness: {weakness}"),
        None => reason,
    };
    let (id, policy) = (id.clone(), policy.clone());
    Finding { id, state, policy, locked, observed: Some(observed), reason, detail, warning: weakness }
}

fn judge_absent(policy: &Policy, wanted: &Wanted<'_>) -> (State, String) {
    match (wanted, policy) {
        (_, Policy::Range(_) | Policy::Literal(_) | Policy::Threshold(_)) => {
            (State::Drift(Change::Missing), "it is not there".to_owned())
        }
        (Wanted::Locked(Locked::Absent), _) => (State::Match, "not there, as on the reference".to_owned()),
        _ => (State::Drift(Change::Missing), "it is not there, the reference has it".to_owned()),
    }
}

fn judge_unwanted(policy: &Policy) -> (State, String) {
    if *policy == Policy::Present {
        return (State::Match, "there, which is all that is asked; the reference does not have it".to_owned());
    }
    (State::Drift(Change::Extra), "the reference does not have it".to_owned())
}

/// `ids` are those of the lock's entry and of what is there.
fn judge_present(ids: (&ItemId, &ItemId), policy: &Policy, want: Option<&Fact>, got: &Fact) -> (State, String) {
    let (want_id, id) = ids;
    let scheme = Scheme::of(id);
    let difference = match (want, got) {
        (Some(Fact::Version(want)), Fact::Version(got)) if id.category == Category::Package => {
            packages::difference(policy, Some((want_id, want)), (id, got))
        }
        (None, Fact::Version(got)) if id.category == Category::Package => packages::difference(policy, None, (id, got)),
        (Some(Fact::Version(want)), Fact::Version(got)) => version_difference(scheme, policy, Some(want), got),
        (None, Fact::Version(got)) => version_difference(scheme, policy, None, got),
        (want, Fact::Text(got)) => text::difference(policy, want, got),
        (Some(_), _) if *policy == Policy::Present => None,
        (Some(want), got) => fact_difference(want, got),
        (None, _) => Some("the lock does not say what it should be".to_owned()),
    };
    match difference {
        Some(reason) => (State::Drift(Change::Changed), reason),
        None => (State::Match, better_than_reference(want, got).unwrap_or_else(|| match_reason(policy))),
    }
}

/// What is said of a machine that keeps a pin which the reference breaks.
fn better_than_reference(want: Option<&Fact>, got: &Fact) -> Option<String> {
    match (want, got) {
        (Some(Fact::Pin(want)), Fact::Pin(got)) if want.holds == Holds::Broken && got.holds == Holds::Kept => Some(
            format!("it keeps the pin, which the reference breaks with {}", want.got.as_deref().unwrap_or("nothing")),
        ),
        _ => None,
    }
}

fn match_reason(policy: &Policy) -> String {
    match policy {
        Policy::Exact => "as on the reference".to_owned(),
        Policy::Major => "the same major version as on the reference".to_owned(),
        Policy::Minor => "the same minor version as on the reference".to_owned(),
        Policy::Present => "there, which is all that is asked".to_owned(),
        Policy::Range(range) => format!("within {range}"),
        Policy::Literal(version) => format!("{version}, as the spec says"),
        Policy::Threshold(threshold) => format!("within {threshold}"),
    }
}

/// In which way a version is not within the policy.
fn version_difference(
    scheme: Scheme,
    policy: &Policy,
    want: Option<&VersionFact>,
    got: &VersionFact,
) -> Option<String> {
    let name = |product: &Option<String>| product.clone().unwrap_or_else(|| "the usual product".to_owned());
    if let Some(want) = want.filter(|want| want.product != got.product) {
        return Some(format!("it is {}, the reference has {}", name(&got.product), name(&want.product)));
    }
    if want.is_none() && got.product.is_some() {
        return Some(format!("it is {}", name(&got.product)));
    }
    // A product without a version is compared by its name alone.
    let has_no_version = |fact: &VersionFact| fact.version.is_empty();
    if want.is_some_and(has_no_version) && has_no_version(got) && policy.own_want().is_none() {
        return None;
    }
    let version = scheme.read(&got.version);
    let same = |part: fn(&Version, &Version) -> bool| {
        let wanted = want.and_then(|want| scheme.read(&want.version));
        matches!((&version, &wanted), (Some(got), Some(want)) if part(got, want))
    };
    let (holds, asked) = match policy {
        Policy::Present => (true, ""),
        Policy::Threshold(threshold) => return Some(format!("it is {}, the spec says {threshold}", got.version)),
        Policy::Exact => (want.is_some_and(|want| want.version == got.version), ""),
        Policy::Major => (same(Version::same_major), "; the same major version is asked"),
        Policy::Minor => (same(Version::same_minor), "; the same minor version is asked"),
        Policy::Literal(literal) => {
            return (*literal != got.version).then(|| format!("it is {}, the spec says {literal}", got.version));
        }
        Policy::Range(range) => {
            let within = version.is_some_and(|version| range.contains(&version));
            return (!within).then(|| format!("it is {}, the spec says {range}", got.version));
        }
    };
    let reference = want.map_or("nothing", |want| want.version.as_str());
    (!holds).then(|| format!("it is {}, the reference has {reference}{asked}", got.version))
}

/// In which way two facts without a version differ. Evidence, such as a path, is no difference.
fn fact_difference(want: &Fact, got: &Fact) -> Option<String> {
    if let (Fact::Pin(want), Fact::Pin(got)) = (want, got) {
        return want.difference(got);
    }
    if want.shown() == got.shown() {
        return None;
    }
    Some(match (want, got) {
        (
            Fact::File(FileFact::File { mode: want_mode, digest: want_digest }),
            Fact::File(FileFact::File { mode: got_mode, digest: got_digest }),
        ) => match (want_digest == got_digest, want_mode == got_mode) {
            (false, true) => "its content differs".to_owned(),
            (true, _) => format!("its mode is {got_mode}, {want_mode} on the reference"),
            (false, false) => format!("its content differs, and its mode is {got_mode}, {want_mode} on the reference"),
        },
        (
            Fact::File(FileFact::Link { to: want_to, leads_to: want, mode: want_mode }),
            Fact::File(FileFact::Link { to: got_to, leads_to: got, mode: got_mode }),
        ) if want_to == got_to => links::difference((want.as_ref(), *want_mode), (got.as_ref(), *got_mode)),
        (
            Fact::File(FileFact::Keys { keys: want, mode: want_mode, .. }),
            Fact::File(FileFact::Keys { keys: got, mode: got_mode, .. }),
        ) => super::keys::difference((want, *want_mode), (got, *got_mode)),
        (Fact::Repo(_), Fact::Repo(_)) => format!("it has {}, the reference has {}", got.shown(), want.shown()),
        _ => format!("it is {}, the reference has {}", got.shown(), want.shown()),
    })
}

fn apply_waivers(finding: &mut Finding, waivers: &[Waiver], target: &str, now: Timestamp) {
    let State::Drift(change) = finding.state else { return };
    let got = finding.got();
    let concerning = || waivers.iter().filter(|waiver| waiver.concerns(&finding.id, target));
    let bearings: Vec<_> = concerning().map(|waiver| (waiver, waiver.bearing(got.as_deref(), now))).collect();
    // Where one holds, nothing is said of the others.
    if let Some((waiver, _)) = bearings.iter().find(|(_, bearing)| *bearing == Bearing::Holds) {
        let applied = AppliedWaiver { because: waiver.because.clone(), until: waiver.until };
        finding.state = State::Waived(change, applied);
        return;
    }
    let is_live = bearings.iter().any(|(_, bearing)| *bearing != Bearing::Expired);
    for (waiver, bearing) in bearings {
        match bearing {
            Bearing::Holds => {}
            Bearing::Expired if is_live => {}
            Bearing::Expired => finding.reason.push_str("; its waiver has expired"),
            Bearing::MadeForAnother if waiver.covers == Covers::Got(None) => {
                finding
                    .reason
                    .push_str("; its waiver names no `got` and not `any = true`, so it covers only what is missing");
            }
            Bearing::MadeForAnother => finding.reason.push_str("; its waiver was made for another value"),
        }
    }
}

#[cfg(test)]
mod tests;
