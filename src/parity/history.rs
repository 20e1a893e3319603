//! What recorded audits tell about a target over time: since when a finding is so, what is new, what changed when.
//!
//! Input: [`Period`]s, each a stretch of audits that found the same, oldest first. Output: a [`Standing`] for each
//! finding of a report, and the [`Event`]s of a timeline. Pure; `store` keeps the periods.
//!
//! An audit that could not observe the machine at all says nothing about its findings: it neither ends a drift nor
//! begins one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{State, TargetReport, Verdict};
use crate::spec::{Digest, ItemId};

/// A stretch of audits in a row that found the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first of them.
    pub from: Timestamp,
    /// The last of them.
    pub to: Timestamp,
    /// How many they were.
    pub audits: u64,
    /// What they found.
    pub seen: Seen,
}

/// What one audit of a target found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What it came to.
    pub verdict: Verdict,
    /// The machine that answered, if one did and told.
    pub machine_id: Option<String>,
    /// Of the spec.
    pub spec_digest: Digest,
    /// Of the lock, if there was one.
    pub lock_digest: Option<Digest>,
    /// Why the machine as a whole could not be observed.
    pub error: Option<String>,
    /// The findings that were not `match`, by id.
    pub findings: BTreeMap<ItemId, Noted>,
}

/// What is remembered of a finding that was not `match`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Noted {
    /// The word of its state.
    pub state: String,
    /// What was there. None where nothing was, or it was not observed, or the record is of before this was kept.
    pub got: Option<String>,
}

/// Since when a finding is so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The first audit since which it was never seen otherwise. None where no recorded audit tells.
    pub since: Option<Timestamp>,
    /// Whether the audit before saw it otherwise.
    pub newly: bool,
}

impl Seen {
    /// What an audit found, as it is remembered.
    pub fn of(part: &TargetReport, spec_digest: &Digest, lock_digest: Option<&Digest>) -> Self {
        let amiss = part.findings.iter().filter(|finding| finding.state != State::Match);
        let noted = amiss.map(|finding| {
            let state = finding.state.word().to_owned();
            (finding.id.clone(), Noted { state, got: finding.got() })
        });
        Self {
            verdict: part.verdict(),
            machine_id: part.machine.id.clone(),
            spec_digest: spec_digest.clone(),
            lock_digest: lock_digest.cloned(),
            error: part.error.clone(),
            findings: noted.collect(),
        }
    }

    /// What passes no gate: the ids of drifted and unknown findings with their states. What was waived is accepted.
    pub fn wrong(&self) -> BTreeSet<(&ItemId, &str)> {
        let wrong = self.findings.iter().filter(|(_, noted)| noted.state != "waived");
        wrong.map(|(id, noted)| (id, noted.state.as_str())).collect()
    }
}

/// Since when the findings of a report are so, held against the audits before it. Matches have no standing.
pub fn standings(periods: &[Period], part: &TargetReport) -> BTreeMap<ItemId, Standing> {
    let amiss = part.findings.iter().filter(|finding| finding.state != State::Match);
    amiss
        .map(|finding| (finding.id.clone(), standing(periods, &finding.id, finding.state.word(), part.observed_at)))
        .collect()
}

fn standing(periods: &[Period], id: &ItemId, state: &str, now: Timestamp) -> Standing {
    let mut since = None;
    for period in periods.iter().rev() {
        match period.seen.findings.get(id) {
            Some(noted) if noted.state == state => since = Some(period.from),
            // Nothing was known about it then.
            Some(noted) if noted.state == "unknown" && period.seen.error.is_some() => {}
            _ if since.is_some() => break,
            _ => return Standing { since: Some(now), newly: true },
        }
    }
    Standing { since, newly: false }
}

/// One line of a timeline: where a target stopped being as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The first audit that saw it.
    pub at: Timestamp,
    /// The last audit that still saw it.
    pub until: Timestamp,
    /// How many audits saw it.
    pub audits: u64,
    /// What they came to.
    pub verdict: Verdict,
    /// What the audit before came to, if there was one.
    pub was: Option<Verdict>,
    /// Findings that are not `match` and were not so before.
    pub appeared: BTreeMap<ItemId, Noted>,
    /// Findings that were not `match` before and are now, with what they were.
    pub gone: BTreeMap<ItemId, Noted>,
    /// What else was not as before.
    pub changed: Vec<Marked>,
    /// Why the machine as a whole could not be observed.
    pub error: Option<String>,
}

/// What may change beside the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Marked {
    /// Another machine answers under this name.
    Machine,
    /// The spec, or a file that it names.
    Spec,
    /// The reference was captured anew.
    Lock,
}

impl Marked {
    /// The word in the timeline.
    pub fn word(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Spec => "spec",
            Self::Lock => "lock",
        }
    }
}

/// The events between periods, oldest first.
pub fn events(periods: &[Period]) -> Vec<Event> {
    let before = std::iter::once(None).chain(periods.iter().map(Some));
    // A machine that did not answer told nothing about who it is; the last one that did is what counts.
    let mut known_machine: Option<&str> = None;
    let mut events = Vec::new();
    for (before, period) in before.zip(periods) {
        let machine = period.seen.machine_id.as_deref();
        let mut event = event(before, period);
        if machine.is_some() && known_machine.is_some() && machine != known_machine {
            event.changed.insert(0, Marked::Machine);
        }
        known_machine = machine.or(known_machine);
        events.push(event);
    }
    events
}

fn event(before: Option<&Period>, period: &Period) -> Event {
    let nothing = BTreeMap::new();
    let was = before.map_or(&nothing, |before| &before.seen.findings);
    let is = &period.seen.findings;
    let only = |these: &BTreeMap<ItemId, Noted>, others: &BTreeMap<ItemId, Noted>, same: fn(&Noted, &Noted) -> bool| {
        let kept = these.iter().filter(|(id, noted)| others.get(id).is_none_or(|other| !same(noted, other)));
        kept.map(|(id, noted)| (id.clone(), noted.clone())).collect::<BTreeMap<_, _>>()
    };
    let mut changed = Vec::new();
    if let Some(before) = before {
        if before.seen.spec_digest != period.seen.spec_digest {
            changed.push(Marked::Spec);
        }
        if before.seen.lock_digest != period.seen.lock_digest {
            changed.push(Marked::Lock);
        }
    }
    Event {
        at: period.from,
        until: period.to,
        audits: period.audits,
        verdict: period.seen.verdict,
        was: before.map(|before| before.seen.verdict),
        appeared: only(is, was, |one, other| one == other),
        gone: only(was, is, |_, _| true),
        changed,
        error: period.seen.error.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: &str) -> Timestamp {
        format!("2026-05-01T{hour}:00:00Z").parse().unwrap()
    }

    fn period(from: &str, to: &str, findings: &[(&str, &str)]) -> Period {
        let noted = |state: &str| Noted { state: state.to_owned(), got: None };
        let states: Vec<&str> = findings.iter().map(|(_, state)| *state).collect();
        let verdict = match states.as_slice() {
            states if states.contains(&"unknown") => Verdict::Unknown,
            states if states.contains(&"drift") => Verdict::Drift,
            _ => Verdict::Parity,
        };
        let seen = Seen {
            verdict,
            machine_id: Some("m".to_owned()),
            spec_digest: Digest::of(b"spec"),
            lock_digest: None,
            error: None,
            findings: findings.iter().map(|(id, state)| (id.parse().unwrap(), noted(state))).collect(),
        };
        Period { from: at(from), to: at(to), audits: 2, seen }
    }

    fn unreachable(hour: &str) -> Period {
        let mut period = period(hour, hour, &[("tool:rg", "unknown")]);
        period.seen.error = Some("cannot connect".to_owned());
        period.seen.machine_id = None;
        period
    }

    fn rg(periods: &[Period], state: &str) -> Standing {
        standing(periods, &"tool:rg".parse().unwrap(), state, at("23"))
    }

    #[test]
    fn a_drift_lasts_since_the_first_audit_of_the_row_that_saw_it() {
        let drift = [("tool:rg", "drift")];
        let periods = [period("01", "02", &drift), period("03", "04", &[]), period("05", "06", &drift)];
        assert_eq!(rg(&periods, "drift"), Standing { since: Some(at("05")), newly: false });
        assert_eq!(rg(&periods[..2], "drift"), Standing { since: Some(at("23")), newly: true });
        assert_eq!(rg(&[], "drift"), Standing::default());
    }

    #[test]
    fn other_findings_that_come_and_go_do_not_begin_it_anew() {
        let both = [("tool:rg", "drift"), ("tool:node", "drift")];
        let periods = [period("01", "02", &both[..1]), period("03", "04", &both)];
        assert_eq!(rg(&periods, "drift").since, Some(at("01")));
        assert!(rg(&periods, "unknown").newly, "it was drift, now it is unknown");
    }

    #[test]
    fn a_machine_that_was_out_of_reach_in_between_ends_no_drift() {
        let drift = period("01", "02", &[("tool:rg", "drift")]);
        assert_eq!(rg(&[drift.clone(), unreachable("03")], "drift").since, Some(at("01")));
        assert_eq!(rg(&[drift, unreachable("03"), unreachable("04")], "unknown").since, Some(at("03")));
        assert_eq!(rg(&[unreachable("03")], "drift"), Standing::default());
    }

    #[test]
    fn a_timeline_tells_what_came_and_went_and_what_else_changed() {
        let mut last = period("05", "06", &[("tool:node", "waived")]);
        last.seen.lock_digest = Some(Digest::of(b"lock"));
        last.seen.machine_id = Some("another".to_owned());
        let periods = [period("01", "02", &[("tool:rg", "drift")]), unreachable("03"), last];
        let [first, second, third] = events(&periods).try_into().unwrap();
        assert_eq!((first.was, first.verdict, first.appeared.len()), (None, Verdict::Drift, 1));
        assert_eq!((second.was, second.appeared.len(), second.gone.len()), (Some(Verdict::Drift), 1, 0));
        assert_eq!(third.changed, [Marked::Machine, Marked::Lock]);
        let ids = |findings: &BTreeMap<ItemId, Noted>| findings.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            (ids(&third.appeared), ids(&third.gone)),
            (vec!["tool:node".to_owned()], vec!["tool:rg".to_owned()])
        );
    }

    #[test]
    fn what_is_waived_is_not_wrong() {
        let period = period("01", "01", &[("tool:a", "waived"), ("tool:b", "drift"), ("tool:c", "unknown")]);
        let wrong: Vec<String> = period.seen.wrong().iter().map(|(id, state)| format!("{id} {state}")).collect();
        assert_eq!(wrong, ["tool:b drift", "tool:c unknown"]);
    }
}
