//! The gate: whether work may run on a target now. Pure, so that the store can call it inside the transaction in which
//! the work is written down.
//!
//! It reads the newest recorded attestation and nothing else, and it fails closed: what is absent, old, broken, about
//! another machine or merely odd denies. All reasons are given, not just the first.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::decision::{Decision, Reason, Ruling, Summary};
use super::identity::Roots;
use super::statement::{AttestedMachine, AttestedState, Counter, Predicate};
use super::verify::{Counters, Expected, Invalid, Verification, verify};
use crate::parity::Verdict;
use crate::spec::{Covers, Digest, GatePolicy, ItemId, Machine, Waiver};

/// The newest attestation that the store has for the target.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// The number under which it is recorded.
    pub counter: Counter,
    /// As it was signed.
    pub envelope: &'a [u8],
}

/// What is asked of the gate.
#[derive(Clone, Copy, Debug)]
pub struct GateQuestion<'a> {
    /// The environment at hand.
    pub environment: &'a str,
    /// Where the work is to run.
    pub target: &'a str,
    /// Of the spec as it is now.
    pub spec_digest: &'a Digest,
    /// Of the lock as it is now; none if there is no lock.
    pub lock_digest: Option<&'a Digest>,
    /// The environment's `[gate]`.
    pub policy: &'a GatePolicy,
    /// Whose signatures count.
    pub roots: &'a Roots,
    /// Who answers at the target now, where the asker has looked. The gate itself never observes.
    pub machine: Option<&'a Machine>,
    /// The latest run there after which the machine was not seen again.
    pub unsettled: Option<UnsettledRun>,
}

/// A run after which the machine was not seen: what was attested before it proves nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsettledRun {
    /// The attestation that it was allowed on.
    pub allowed_on: Counter,
    /// When it began.
    pub started_at: Timestamp,
}

/// Decides from the newest recorded attestation of the target.
pub fn decide(newest: Option<Recorded<'_>>, question: &GateQuestion<'_>, now: Timestamp) -> Decision {
    let mut decision = Decision {
        environment: question.environment.to_owned(),
        target: question.target.to_owned(),
        ruling: Ruling::Allow,
        warnings: Vec::new(),
        attestation: None,
    };
    let reasons = match newest {
        None => vec![Reason::Absent { target: question.target.to_owned() }],
        Some(recorded) => {
            let expected = Expected {
                environment: question.environment,
                target: Some(question.target),
                spec_digest: question.spec_digest,
                lock_digest: question.lock_digest,
                counters: Counters::Recorded(recorded.counter),
            };
            let verification = verify(recorded.envelope, question.roots, &expected, now);
            decision.attestation = verification.statement.as_ref().map(|statement| summary(&statement.predicate));
            judge(verification, question, now, &mut decision.warnings)
        }
    };
    if !reasons.is_empty() {
        decision.ruling = Ruling::Deny(reasons);
    }
    decision
}

fn summary(predicate: &Predicate) -> Summary {
    let Predicate { observed_at, expires_on, counter, verdict, .. } = *predicate;
    Summary { observed_at, expires_on, counter, verdict }
}

fn judge(
    verification: Verification,
    question: &GateQuestion<'_>,
    now: Timestamp,
    warnings: &mut Vec<ItemId>,
) -> Vec<Reason> {
    // What is said about another place would only mislead here.
    let elsewhere = verification
        .reasons
        .iter()
        .any(|reason| matches!(reason, Invalid::OtherEnvironment { .. } | Invalid::OtherTarget { .. }));
    let expired = verification.reasons.iter().any(|reason| matches!(reason, Invalid::Expired { .. }));
    let mut reasons: Vec<Reason> = verification.reasons.into_iter().map(Reason::Invalid).collect();
    if let Some(statement) = verification.statement.filter(|_| !elsewhere) {
        let predicate = statement.predicate;
        if !expired && is_too_old(&predicate, question.policy, now) {
            reasons.push(Reason::TooOld { observed_at: predicate.observed_at });
        }
        if let Some(run) = question.unsettled.filter(|run| predicate.counter <= run.allowed_on) {
            reasons.push(Reason::RunUnsettled { started_at: run.started_at });
        }
        reasons.extend(question.machine.and_then(|machine| other_machine(machine, &predicate.machine)));
        reasons.extend(differences(&predicate, &question.policy.warn, now, warnings));
    }
    reasons
}

/// An attestation carries the end that was due when it was made; a `max_age` shortened since counts too.
fn is_too_old(predicate: &Predicate, policy: &GatePolicy, now: Timestamp) -> bool {
    predicate.observed_at.checked_add(policy.max_age).is_ok_and(|end| now >= end)
}

fn differences(predicate: &Predicate, warn: &[ItemId], now: Timestamp, warnings: &mut Vec<ItemId>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let ended: BTreeSet<(&ItemId, Date)> = predicate
        .waivers
        .iter()
        .filter_map(|waiver| waiver.until.map(|until| (&waiver.finding, until)))
        .filter(|(finding, until)| has_ended(finding, *until, now))
        .collect();
    for finding in &predicate.findings {
        let id = || finding.id.clone();
        let until = ended.iter().find(|(waived, _)| *waived == &finding.id).map(|(_, until)| *until);
        match (finding.state, until) {
            (AttestedState::Unknown, _) => reasons.push(Reason::Unknown { finding: id() }),
            (AttestedState::Waived, None) => {}
            _ if warn.contains(&finding.id) => warnings.push(id()),
            (AttestedState::Drift, _) => reasons.push(Reason::Drift { finding: id() }),
            (AttestedState::Waived, Some(until)) => reasons.push(Reason::WaiverEnded { finding: id(), until }),
        }
    }
    if predicate.verdict == Verdict::Unknown && predicate.counts.unknown == 0 {
        reasons.push(Reason::NotObserved);
    }
    reasons
}

/// Whether a waiver's last day is over, by the same rule as in the spec.
fn has_ended(finding: &ItemId, until: Date, now: Timestamp) -> bool {
    let waiver = Waiver {
        finding: finding.clone(),
        targets: Vec::new(),
        because: String::new(),
        until: Some(until),
        covers: Covers::Any,
    };
    waiver.bearing(None, now) == crate::spec::Bearing::Expired
}

/// Whether the machine that answers is another than the attested one. Identities that only one side shows say nothing:
/// a local machine proves no host key, a container may have no machine id. The host name, which anyone can set, counts
/// only where there is nothing better.
fn other_machine(found: &Machine, attested: &AttestedMachine) -> Option<Reason> {
    let compare = |what: &'static str, found: &Option<String>, attested: &Option<String>| {
        found.clone().zip(attested.clone()).map(|(found, attested)| (what, found, attested))
    };
    let mut shared: Vec<_> =
        [compare("machine id", &found.id, &attested.id), compare("SSH host key", &found.host_key, &attested.host_key)]
            .into_iter()
            .flatten()
            .collect();
    if shared.is_empty() {
        shared.extend(compare("host name", &found.hostname, &attested.hostname));
    }
    if shared.is_empty() {
        return Some(Reason::MachineNotIdentified);
    }
    shared
        .into_iter()
        .find(|(_, found, attested)| found != attested)
        .map(|(what, found, attested)| Reason::OtherMachine { what, found, attested })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::identity::VerifierKey;
    use super::super::statement::samples::{at, every_state, finding, key, report, statement};
    use super::super::statement::{Context, Statement};
    use super::*;
    use crate::parity::{AppliedWaiver, Change, Report, State};

    const NOW: &str = "2026-05-01T12:05:00Z";

    /// The gate's answer for a report's first target, attested by the trusted key.
    struct Case {
        report: Report,
        policy: GatePolicy,
        machine: Option<Machine>,
        unsettled: Option<UnsettledRun>,
        now: &'static str,
    }

    impl Case {
        fn of(report: Report) -> Self {
            let machine = Some(report.targets[0].machine.clone());
            Self { report, policy: GatePolicy::default(), machine, unsettled: None, now: NOW }
        }

        fn decide_on(&self, newest: Option<Recorded<'_>>) -> Decision {
            let roots = Roots::new([key().public()]);
            let question = GateQuestion {
                environment: "carmenta",
                target: "vm",
                spec_digest: &Digest::of(b"spec"),
                lock_digest: Some(&Digest::of(b"lock")),
                policy: &self.policy,
                roots: &roots,
                machine: self.machine.as_ref(),
                unsettled: self.unsettled,
            };
            decide(newest, &question, at(self.now))
        }

        fn decide(&self) -> Decision {
            let envelope = statement(&self.report).seal(&key());
            self.decide_on(Some(Recorded { counter: Counter(5), envelope: &envelope }))
        }
    }

    fn codes(decision: &Decision) -> Vec<&'static str> {
        decision.reasons().iter().map(Reason::code).collect()
    }

    fn parity() -> Report {
        report(vec![finding("tool:git", State::Match, "2.5.1", "2.5.1")])
    }

    fn drift() -> Report {
        report(vec![
            finding("tool:git", State::Match, "2.5.1", "2.5.1"),
            finding("tool:node", State::Drift(Change::Changed), "22", "20"),
        ])
    }

    #[test]
    fn parity_is_allowed() {
        let decision = Case::of(parity()).decide();
        assert_eq!((&decision.ruling, decision.exit_code()), (&Ruling::Allow, 0));
        assert_eq!(decision.attestation.unwrap().expires_on, at("2026-05-01T12:15:00Z"));
    }

    #[test]
    fn drift_and_unknown_deny_and_together_count_as_unknown() {
        let decision = Case::of(drift()).decide();
        assert_eq!((codes(&decision), decision.exit_code()), (vec!["drift"], 1));
        let decision = Case::of(every_state()).decide();
        assert_eq!((codes(&decision), decision.exit_code()), (vec!["drift", "unknown"], 3));
    }

    #[test]
    fn a_named_drift_passes_as_a_warning_and_a_named_unknown_does_not() {
        let mut case = Case::of(drift());
        case.policy.warn = vec!["tool:node".parse().unwrap()];
        let decision = case.decide();
        assert!(decision.is_allowed());
        assert_eq!(decision.warnings, ["tool:node".parse().unwrap()]);
        let mut case = Case::of(report(vec![finding("tool:node", State::Unknown, "22", "?")]));
        case.policy.warn = vec!["tool:node".parse().unwrap()];
        assert_eq!(codes(&case.decide()), ["unknown"]);
    }

    #[test]
    fn without_an_attestation_it_denies_and_says_how_to_get_one() {
        let decision = Case::of(parity()).decide_on(None);
        assert_eq!((codes(&decision), decision.exit_code()), (vec!["absent"], 3));
        assert!(decision.reasons()[0].to_string().contains("trueup attest vm"));
        assert_eq!(decision.attestation, None);
    }

    #[test]
    fn a_stale_one_is_unknown_and_an_invalid_one_is_not() {
        let mut case = Case::of(parity());
        case.now = "2026-05-01T12:15:00Z";
        assert_eq!((codes(&case.decide()), case.decide().exit_code()), (vec!["expired"], 3));
        case.now = "2026-05-01T11:00:00Z";
        assert_eq!((codes(&case.decide()), case.decide().exit_code()), (vec!["from-the-future"], 1));
        let mut case = Case::of(parity());
        case.report.spec_digest = Digest::of(b"older spec");
        assert_eq!((codes(&case.decide()), case.decide().exit_code()), (vec!["spec-changed"], 1));
        let forged = statement(&parity()).seal(&VerifierKey::from_seed(&[8; 32]));
        let decision = case.decide_on(Some(Recorded { counter: Counter(5), envelope: &forged }));
        assert_eq!((codes(&decision), decision.exit_code()), (vec!["not-trusted"], 1));
        assert_eq!(decision.attestation, None, "what nobody trusted signed is not shown");
    }

    #[test]
    fn an_older_envelope_under_a_newer_number_is_denied() {
        let case = Case::of(parity());
        let envelope = statement(&parity()).seal(&key());
        let decision = case.decide_on(Some(Recorded { counter: Counter(6), envelope: &envelope }));
        assert_eq!((codes(&decision), decision.exit_code()), (vec!["other-counter"], 1));
    }

    #[test]
    fn after_a_run_whose_end_nobody_saw_only_a_newer_attestation_counts() {
        let mut case = Case::of(parity());
        let run = |allowed_on| Some(UnsettledRun { allowed_on: Counter(allowed_on), started_at: at(NOW) });
        case.unsettled = run(5);
        assert_eq!((codes(&case.decide()), case.decide().exit_code()), (vec!["run-unsettled"], 3));
        case.unsettled = run(4);
        assert!(case.decide().is_allowed());
    }

    #[test]
    fn a_shorter_max_age_counts_at_once() {
        let mut case = Case::of(parity());
        case.policy.max_age = Duration::from_secs(300);
        assert_eq!((codes(&case.decide()), case.decide().exit_code()), (vec!["too-old"], 3));
        case.policy.max_age = Duration::from_secs(301);
        assert!(case.decide().is_allowed());
    }

    #[test]
    fn a_waiver_that_ends_between_audit_and_gate_stops_covering() {
        let waived = AppliedWaiver { because: "x".to_owned(), until: Some(jiff::civil::date(2026, 4, 30)) };
        let mut case = Case::of(report(vec![finding("tool:sed", State::Waived(Change::Changed, waived), "4", "9")]));
        case.report.targets[0].observed_at = at("2026-04-30T23:55:00Z");
        case.now = "2026-04-30T23:59:59Z";
        assert!(case.decide().is_allowed());
        case.now = "2026-05-01T00:00:00Z";
        assert_eq!((codes(&case.decide()), case.decide().exit_code()), (vec!["waiver-ended"], 1));
        case.policy.warn = vec!["tool:sed".parse().unwrap()];
        assert_eq!(case.decide().warnings, ["tool:sed".parse().unwrap()]);
    }

    #[test]
    fn a_silent_machine_and_an_empty_comparison_are_unknown() {
        let mut silent = report(Vec::new());
        silent.targets[0].error = Some("cannot connect".to_owned());
        assert_eq!(codes(&Case::of(silent).decide()), ["not-observed"]);
        let decision = Case::of(report(Vec::new())).decide();
        assert_eq!((codes(&decision), decision.exit_code()), (vec!["not-observed"], 3));
    }

    #[test]
    fn another_machine_at_the_target_is_denied() {
        let mut case = Case::of(parity());
        let attested = case.machine.clone().unwrap();
        let mut with = |edit: fn(&mut Machine)| {
            let mut machine = attested.clone();
            edit(&mut machine);
            case.machine = Some(machine);
            codes(&case.decide())
        };
        assert_eq!(with(|machine| machine.id = Some("other".to_owned())), ["other-machine"]);
        assert_eq!(with(|machine| machine.host_key = Some("SHA256:other".to_owned())), ["other-machine"]);
        assert!(with(|machine| machine.host_key = None).is_empty(), "a local machine proves no host key");
        assert!(with(|machine| machine.hostname = Some("renamed".to_owned())).is_empty());
        assert_eq!(with(|machine| *machine = Machine::default()), ["machine-not-identified"]);
    }

    #[test]
    fn containers_without_an_id_are_told_apart_by_host_name() {
        let mut container = parity();
        let named = |name: &str| Machine { hostname: Some(name.to_owned()), ..Machine::default() };
        container.targets[0].machine = named("3f2a");
        let mut case = Case::of(container);
        assert!(case.decide().is_allowed());
        case.machine = Some(named("77b1"));
        assert_eq!(codes(&case.decide()), ["other-machine"]);
    }

    #[test]
    fn findings_of_another_target_are_not_told_as_this_ones() {
        let mut case = Case::of(every_state());
        case.report.targets[0].target = "mini".to_owned();
        assert_eq!(codes(&case.decide()), ["other-target"]);
    }

    #[test]
    fn the_json_is_the_documented_one() {
        let mut case = Case::of(every_state());
        insta::assert_snapshot!(serde_json::to_string_pretty(&case.decide().view()).unwrap());
        case.policy.warn = vec!["tool:node".parse().unwrap()];
        case.report = drift();
        insta::assert_snapshot!(serde_json::to_string_pretty(&case.decide().view()).unwrap());
    }

    #[test]
    fn a_limit_beyond_the_calendar_is_no_limit() {
        let part = &parity().targets[0];
        let context = Context {
            max_age: Duration::MAX,
            trueup_version: "0.1.0",
            verifier: key().public().id(),
            counter: Counter(5),
        };
        let envelope = Statement::new(&parity(), part, &context).seal(&key());
        let mut case = Case::of(parity());
        case.policy.max_age = Duration::MAX;
        assert!(case.decide_on(Some(Recorded { counter: Counter(5), envelope: &envelope })).is_allowed());
    }
}
