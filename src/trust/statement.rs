//! What an attestation says: an in-toto Statement v1 with trueup's environment-parity predicate, described for readers
//! in `docs/environment-parity.md`. Pure: a report in, a statement out, and its JSON both ways.
//!
//! Invariants: it holds no content of files and no observed value, only ids, states and digests; its subject digest
//! changes when a fact changes and not with time. Fields are added, never renamed, and unknown ones are passed over.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::dsse;
use super::identity::{KeyId, VerifierKey};
use crate::parity::{Finding, Report, State, TargetReport, Verdict};
use crate::spec::{Digest, ItemId, Machine, TargetKind};

/// The envelope's payload type.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The statement's `_type`.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// What the predicate means.
pub const PREDICATE_TYPE: &str = "https://trueup.dev/attestation/environment-parity/v0.1";

/// Numbers the attestations of one target of one environment, from 1; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counter(pub u64);

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// An in-toto Statement v1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// What it is about: one entry.
    pub subject: Vec<Subject>,
    /// [`PREDICATE_TYPE`].
    pub predicate_type: String,
    /// What it says.
    pub predicate: Predicate,
}

/// A target in an observed state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The target's name.
    pub name: String,
    /// `sha256` and the hexadecimal digest of the [`manifest`].
    pub digest: BTreeMap<String, String>,
}

/// That a machine, at a time, held a verdict against a spec and a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// The environment's name.
    pub environment: String,
    /// The target's name.
    pub target: String,
    /// What sort of machine it is.
    pub kind: TargetKind,
    /// Who answered.
    pub machine: AttestedMachine,
    /// Of the spec and every file that it names.
    pub spec_digest: Digest,
    /// Of the lock; null if there was none.
    pub lock_digest: Option<Digest>,
    /// What observed it.
    pub trueup_version: String,
    /// Over all findings, and unknown if the machine could not be observed.
    pub verdict: Verdict,
    /// How many findings are in each state.
    pub counts: Counts,
    /// The findings that are not `match`, by id.
    pub findings: Vec<AttestedFinding>,
    /// The waivers that cover the waived ones.
    pub waivers: Vec<AttestedWaiver>,
    /// When the answers came in, by the verifier's clock.
    pub observed_at: Timestamp,
    /// From this moment on it proves nothing.
    pub expires_on: Timestamp,
    /// Who signs it: for people, since only the signature proves it.
    pub verifier: Verifier,
    /// Its number among this target's attestations.
    pub counter: Counter,
}

/// The identity of the machine, as [`Machine`] has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of Machine")]
pub struct AttestedMachine {
    pub id: Option<String>,
    pub hostname: Option<String>,
    pub os: Option<String>,
    pub os_version: Option<String>,
    pub arch: Option<String>,
    pub host_key: Option<String>,
}

impl From<&Machine> for AttestedMachine {
    fn from(machine: &Machine) -> Self {
        let Machine { id, hostname, os, os_version, arch, host_key, account: _ } = machine.clone();
        Self { id, hostname, os, os_version, arch, host_key }
    }
}

/// Findings by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the states of the public contract")]
pub struct Counts {
    #[serde(rename = "match")]
    pub matching: usize,
    pub drift: usize,
    pub unknown: usize,
    pub waived: usize,
}

/// A finding that is not `match`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttestedFinding {
    /// Its id.
    pub id: ItemId,
    /// Its state.
    pub state: AttestedState,
}

/// The states that a statement lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttestedState {
    /// It differs.
    Drift,
    /// It could not be observed.
    Unknown,
    /// It differs, and that is accepted.
    Waived,
}

/// A waiver in force when the target was observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttestedWaiver {
    /// What it covers.
    pub finding: ItemId,
    /// Why.
    pub because: String,
    /// Its last day.
    pub until: Option<Date>,
}

/// Who signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verifier {
    /// The id of its key.
    pub key_id: KeyId,
}

/// What a statement needs beyond the report.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The gate's `max_age`.
    pub max_age: Duration,
    /// The observing program's version.
    pub trueup_version: &'a str,
    /// The key that will sign.
    pub verifier: KeyId,
    /// Allocated by the store.
    pub counter: Counter,
}

impl Statement {
    /// What this part of the report says.
    pub fn new(report: &Report, part: &TargetReport, context: &Context<'_>) -> Self {
        let digest = Digest::of(manifest(&part.findings).as_bytes());
        let predicate = Predicate {
            environment: report.environment.clone(),
            target: part.target.clone(),
            kind: part.kind,
            machine: AttestedMachine::from(&part.machine),
            spec_digest: report.spec_digest.clone(),
            lock_digest: report.lock_digest.clone(),
            trueup_version: context.trueup_version.to_owned(),
            verdict: part.verdict(),
            counts: counts(&part.findings),
            findings: part.findings.iter().filter_map(attested).collect(),
            waivers: part.findings.iter().filter_map(waiver).collect(),
            observed_at: part.observed_at,
            // An age beyond the end of the calendar is no limit, and that is what the spec then asks for.
            expires_on: part.observed_at.checked_add(context.max_age).unwrap_or(Timestamp::MAX),
            verifier: Verifier { key_id: context.verifier.clone() },
            counter: context.counter,
        };
        Self {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject: vec![Subject {
                name: part.target.clone(),
                digest: [("sha256".to_owned(), digest.hex().to_owned())].into(),
            }],
            predicate_type: PREDICATE_TYPE.to_owned(),
            predicate,
        }
    }

    /// The signed envelope of this statement.
    pub fn seal(&self, key: &VerifierKey) -> Vec<u8> {
        let payload = serde_json::to_vec(self).expect("every field of a statement has a JSON form");
        dsse::seal(PAYLOAD_TYPE, &payload, key)
    }
}

/// The observed state in a form that two audits of the same state share: a JSON object a line with id, state, want and
/// got of every finding, sorted by id. Only its digest leaves the verifier.
pub fn manifest(findings: &[Finding]) -> String {
    #[derive(Serialize)]
    struct Line {
        id: String,
        state: &'static str,
        want: Option<String>,
        got: Option<String>,
    }
    let mut lines: Vec<String> = findings
        .iter()
        .map(|finding| Line {
            id: finding.id.to_string(),
            state: finding.state.word(),
            want: finding.want(),
            got: finding.got(),
        })
        .map(|line| serde_json::to_string(&line).expect("strings always have a JSON form") + "\n")
        .collect();
    lines.sort_unstable();
    lines.concat()
}

fn counts(findings: &[Finding]) -> Counts {
    let mut counts = Counts::default();
    for finding in findings {
        match finding.state {
            State::Match => counts.matching += 1,
            State::Drift(_) => counts.drift += 1,
            State::Unknown => counts.unknown += 1,
            State::Waived(..) => counts.waived += 1,
        }
    }
    counts
}

fn attested(finding: &Finding) -> Option<AttestedFinding> {
    let state = match finding.state {
        State::Match => return None,
        State::Drift(_) => AttestedState::Drift,
        State::Unknown => AttestedState::Unknown,
        State::Waived(..) => AttestedState::Waived,
    };
    Some(AttestedFinding { id: finding.id.clone(), state })
}

fn waiver(finding: &Finding) -> Option<AttestedWaiver> {
    let State::Waived(_, waiver) = &finding.state else { return None };
    Some(AttestedWaiver { finding: finding.id.clone(), because: waiver.because.clone(), until: waiver.until })
}

#[cfg(test)]
pub(super) mod samples {
    //! One report part with a finding in every state, and its statement.

    use super::*;
    use crate::parity::{AppliedWaiver, Change};
    use crate::spec::{Fact, Locked, Observed, Policy};

    pub(in crate::trust) fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    pub(in crate::trust) fn finding(id: &str, state: State, want: &str, got: &str) -> Finding {
        Finding {
            id: id.parse().unwrap(),
            state,
            policy: Policy::Exact,
            locked: Some(Locked::Present(Fact::version(want))),
            observed: Some(Observed::Present(Fact::version(got))),
            reason: "a reason".to_owned(),
            detail: Some("TOKEN=hunter2".to_owned()),
            warning: None,
        }
    }

    pub(in crate::trust) fn report(findings: Vec<Finding>) -> Report {
        let machine = Machine {
            id: Some("4c4c".to_owned()),
            hostname: Some("vm-1".to_owned()),
            os: Some("linux".to_owned()),
            os_version: Some("12".to_owned()),
            arch: Some("x86_64".to_owned()),
            host_key: Some("SHA256:host".to_owned()),
            account: None,
        };
        Report {
            environment: "carmenta".to_owned(),
            spec_digest: Digest::of(b"spec"),
            lock_digest: Some(Digest::of(b"lock")),
            background: crate::parity::Background::default(),
            targets: vec![TargetReport {
                target: "vm".to_owned(),
                kind: TargetKind::Vm,
                observed_at: at("2026-05-01T12:00:00Z"),
                duration: Duration::from_millis(412),
                round_trips: 1,
                error: None,
                machine,
                findings,
                shown: BTreeMap::new(),
            }],
        }
    }

    pub(in crate::trust) fn every_state() -> Report {
        let waived = AppliedWaiver { because: "BSD there".to_owned(), until: Some(jiff::civil::date(2026, 5, 1)) };
        report(vec![
            finding("tool:git", State::Match, "2.5.1", "2.5.1"),
            finding("tool:node", State::Drift(Change::Changed), "22.11.0", "20.10.0"),
            finding("tool:rg", State::Unknown, "14.0", "?"),
            finding("tool:sed", State::Waived(Change::Changed, waived), "4.8", "9.0"),
        ])
    }

    pub(in crate::trust) fn key() -> VerifierKey {
        VerifierKey::from_seed(&[7; 32])
    }

    pub(in crate::trust) fn statement(report: &Report) -> Statement {
        let context = Context {
            max_age: Duration::from_secs(15 * 60),
            trueup_version: "0.1.0",
            verifier: key().public().id(),
            counter: Counter(5),
        };
        Statement::new(report, &report.targets[0], &context)
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{at, every_state, finding, report, statement};
    use super::*;
    use crate::parity::Change;

    #[test]
    fn the_json_is_the_documented_one() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&statement(&every_state())).unwrap());
    }

    #[test]
    fn the_documented_example_is_a_real_one() {
        let page = include_str!("../../docs/environment-parity.md");
        let example = page.split("```json").nth(1).unwrap().split("```").next().unwrap();
        assert_eq!(serde_json::from_str::<Statement>(example).unwrap(), statement(&every_state()));
    }

    #[test]
    fn it_reads_back_with_fields_of_later_versions() {
        let made = statement(&every_state());
        let mut json = serde_json::to_value(&made).unwrap();
        json["later"] = serde_json::json!(1);
        json["predicate"]["later"] = serde_json::json!({"a": [1]});
        assert_eq!(serde_json::from_value::<Statement>(json).unwrap(), made);
    }

    #[test]
    fn no_observed_value_and_no_detail_leaves_the_verifier() {
        let text = serde_json::to_string(&statement(&every_state())).unwrap();
        for hidden in ["hunter2", "20.10.0", "22.11.0", "a reason"] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }

    #[test]
    fn the_subject_changes_with_a_fact_and_not_with_time_or_order() {
        let subject = |report: &Report| statement(report).subject;
        let first = subject(&every_state());
        let mut later = every_state();
        later.targets[0].observed_at = at("2026-06-01T00:00:00Z");
        later.targets[0].findings.reverse();
        assert_eq!(subject(&later), first);
        for (state, want, got) in [
            (State::Match, "2.5.1", "2.5.2"),
            (State::Match, "2.5.2", "2.5.1"),
            (State::Drift(Change::Changed), "2.5.1", "2.5.1"),
        ] {
            let mut changed = every_state();
            changed.targets[0].findings[0] = finding("tool:git", state, want, got);
            assert_ne!(subject(&changed), first);
        }
    }

    #[test]
    fn a_machine_that_was_not_observed_is_unknown_though_nothing_differs() {
        let mut silent = report(Vec::new());
        silent.targets[0].error = Some("cannot connect".to_owned());
        assert_eq!(statement(&silent).predicate.verdict, Verdict::Unknown);
    }
}
