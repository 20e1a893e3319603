//! Whether an attestation may be believed now, here, for this spec and lock; and if not, every reason. Pure: bytes,
//! keys and the time in, a [`Verification`] out.
//!
//! Invariant: [`Verification::statement`] is there only if a trusted key signed it. What it says may still be old or
//! about something else, which is what the reasons are for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::dsse::{self, DsseError};
use super::identity::{KeyId, PublicKey, Roots};
use super::statement::{
    AttestedState, Counter, Counts, PAYLOAD_TYPE, PREDICATE_TYPE, Predicate, STATEMENT_TYPE, Statement,
};
use crate::parity::Verdict;
use crate::spec::Digest;

/// How far two machines' clocks may lie apart before "observed in the future" means something.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// What the attestation must be about.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The environment at hand.
    pub environment: &'a str,
    /// The target, where only one will do.
    pub target: Option<&'a str>,
    /// Of the spec as it is now.
    pub spec_digest: &'a Digest,
    /// Of the lock as it is now; none if there is no lock.
    pub lock_digest: Option<&'a Digest>,
    /// What is known about the counters.
    pub counters: Counters<'a>,
}

/// What is known here about the counters of attestations.
#[derive(Clone, Copy, Debug)]
pub enum Counters<'a> {
    /// Nothing.
    NotKnown,
    /// The envelope comes out of the record, where it stands under this number.
    Recorded(Counter),
    /// The envelope comes from elsewhere; these are the records of the environment, by target.
    History(&'a BTreeMap<String, KnownCounters>),
}

/// What one store knows about one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCounters {
    /// The newest number given out.
    pub newest: Counter,
    /// The keys that signed this store's attestations. Another verifier counts in a store of its own, so that its
    /// numbers say nothing here.
    pub verifiers: BTreeSet<KeyId>,
}

/// The outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// What a trusted key signed; none if none did, or if it is not an environment-parity statement.
    pub statement: Option<Statement>,
    /// The trusted keys that signed.
    pub signers: Vec<PublicKey>,
    /// Why it may not be believed now; empty if it may.
    pub reasons: Vec<Invalid>,
}

impl Verification {
    /// Whether it may be believed now. What it then says may still be drift.
    pub fn is_valid(&self) -> bool {
        self.statement.is_some() && self.reasons.is_empty()
    }
}

/// Why an attestation may not be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the sentence above each variant says what it is, and its fields are named in it")]
pub enum Invalid {
    #[error("the file is not an attestation: {0}")]
    BadEnvelope(String),
    #[error(
        "no key that is trusted here has signed the attestation as it stands ({signatures} signature(s) looked at)"
    )]
    NotTrusted { signatures: usize },
    #[error("the signed content is of the type `{found}`, not an in-toto statement")]
    OtherPayloadType { found: String },
    #[error("the signed content is not a statement that this version of trueup understands: {0}")]
    NotAStatement(String),
    #[error("the statement is of the type `{found}`, not `{STATEMENT_TYPE}`")]
    OtherStatementType { found: String },
    #[error("the statement says something of the type `{found}`, not `{PREDICATE_TYPE}`")]
    OtherPredicateType { found: String },
    #[error("the statement contradicts itself: {0}")]
    Contradiction(&'static str),
    #[error("the attestation is for the environment `{found}`, not `{expected}`")]
    OtherEnvironment { found: String, expected: String },
    #[error("the attestation is for the target `{found}`, not `{expected}`")]
    OtherTarget { found: String, expected: String },
    #[error("the spec has changed since: it was {}, it is now {}", found.short(), expected.short())]
    OtherSpec { found: Digest, expected: Digest },
    #[error("the lock has changed since: it was {}, it is now {}", found.short(), expected.short())]
    OtherLock { found: Digest, expected: Digest },
    #[error("there is no lock to hold the machine against; make one with `trueup capture`")]
    NoLock,
    #[error("the attestation was made without a lock, so the machine was held against nothing")]
    MadeWithoutLock,
    #[error("the attestation expired at {expires_on}")]
    Expired { expires_on: Timestamp },
    #[error("it says that the machine was observed at {observed_at}, which is still to come; are both clocks right?")]
    FromTheFuture { observed_at: Timestamp },
    #[error("it has number {found}, but number {newest} was already given out: an old one is shown for a new one")]
    RolledBack { found: Counter, newest: Counter },
    #[error("it has number {found}, but is recorded as number {recorded}: the record has been tampered with")]
    OtherCounter { found: Counter, recorded: Counter },
}

impl Invalid {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadEnvelope(_) => "bad-envelope",
            Self::NotTrusted { .. } => "not-trusted",
            Self::OtherPayloadType { .. } => "other-payload-type",
            Self::NotAStatement(_) => "not-a-statement",
            Self::OtherStatementType { .. } => "other-statement-type",
            Self::OtherPredicateType { .. } => "other-predicate-type",
            Self::Contradiction(_) => "contradiction",
            Self::OtherEnvironment { .. } => "other-environment",
            Self::OtherTarget { .. } => "other-target",
            Self::OtherSpec { .. } => "spec-changed",
            Self::OtherLock { .. } => "lock-changed",
            Self::NoLock => "no-lock",
            Self::MadeWithoutLock => "made-without-lock",
            Self::Expired { .. } => "expired",
            Self::FromTheFuture { .. } => "from-the-future",
            Self::RolledBack { .. } => "rolled-back",
            Self::OtherCounter { .. } => "other-counter",
        }
    }
}

/// Holds an envelope against what is expected, at a time.
pub fn verify(envelope: &[u8], roots: &Roots, expected: &Expected<'_>, now: Timestamp) -> Verification {
    let opened = match dsse::open(envelope, roots) {
        Ok(opened) => opened,
        Err(DsseError::NotAnEnvelope(message)) => return refused(Vec::new(), Invalid::BadEnvelope(message)),
        Err(DsseError::NotTrusted { signatures }) => return refused(Vec::new(), Invalid::NotTrusted { signatures }),
    };
    let signers = opened.signers;
    if opened.payload_type != PAYLOAD_TYPE {
        return refused(signers, Invalid::OtherPayloadType { found: opened.payload_type });
    }
    let statement = match read(&opened.payload) {
        Ok(statement) => statement,
        Err(reason) => return refused(signers, reason),
    };
    let mut reasons = contradictions(&statement);
    reasons.extend(about_another(&statement.predicate, expected));
    reasons.extend(out_of_time(&statement.predicate, now));
    reasons.extend(miscounted(&statement.predicate, &signers, expected.counters));
    Verification { statement: Some(statement), signers, reasons }
}

fn refused(signers: Vec<PublicKey>, reason: Invalid) -> Verification {
    Verification { statement: None, signers, reasons: vec![reason] }
}

/// The types are read first, so that a statement of another kind is called that and not broken.
fn read(payload: &[u8]) -> Result<Statement, Invalid> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Types {
        #[serde(rename = "_type")]
        statement_type: String,
        predicate_type: String,
    }
    let not_a_statement = |error: serde_json::Error| Invalid::NotAStatement(error.to_string());
    let types: Types = serde_json::from_slice(payload).map_err(not_a_statement)?;
    if types.statement_type != STATEMENT_TYPE {
        return Err(Invalid::OtherStatementType { found: types.statement_type });
    }
    if types.predicate_type != PREDICATE_TYPE {
        return Err(Invalid::OtherPredicateType { found: types.predicate_type });
    }
    serde_json::from_slice(payload).map_err(not_a_statement)
}

/// A signature makes it the verifier's statement, not a sound one: a verdict that its own findings deny is no proof.
fn contradictions(statement: &Statement) -> Vec<Invalid> {
    let Predicate { target, verdict, counts, findings, waivers, observed_at, expires_on, .. } = &statement.predicate;
    let listed = |state: AttestedState| findings.iter().filter(|finding| finding.state == state).count();
    let ids: BTreeSet<_> = findings.iter().map(|finding| &finding.id).collect();
    let waived: BTreeSet<_> =
        findings.iter().filter(|finding| finding.state == AttestedState::Waived).map(|finding| &finding.id).collect();
    let listed = Counts {
        matching: counts.matching,
        drift: listed(AttestedState::Drift),
        unknown: listed(AttestedState::Unknown),
        waived: listed(AttestedState::Waived),
    };
    let borne_out = match verdict {
        Verdict::Parity => counts.drift == 0 && counts.unknown == 0,
        Verdict::Drift => counts.drift > 0 && counts.unknown == 0,
        // Without an unknown finding it is the machine as a whole that could not be observed.
        Verdict::Unknown => true,
    };
    [
        (statement.subject.iter().all(|subject| subject.name == *target), "its subject is another target"),
        (statement.subject.len() == 1, "it has not exactly one subject"),
        (ids.len() == findings.len(), "it lists a finding twice"),
        (listed == *counts, "its counts are not those of the findings that it lists"),
        (borne_out, "its verdict is not that of its findings"),
        (
            waivers.iter().map(|waiver| &waiver.finding).collect::<BTreeSet<_>>() == waived,
            "its waivers are not those of its waived findings",
        ),
        (observed_at <= expires_on, "it expires before it was observed"),
    ]
    .into_iter()
    .filter(|(holds, _)| !holds)
    .map(|(_, sentence)| Invalid::Contradiction(sentence))
    .collect()
}

fn about_another(predicate: &Predicate, expected: &Expected<'_>) -> Vec<Invalid> {
    let mut reasons = Vec::new();
    if predicate.environment != expected.environment {
        reasons.push(Invalid::OtherEnvironment {
            found: predicate.environment.clone(),
            expected: expected.environment.to_owned(),
        });
    }
    if let Some(target) = expected.target.filter(|target| *target != predicate.target) {
        reasons.push(Invalid::OtherTarget { found: predicate.target.clone(), expected: target.to_owned() });
    }
    if predicate.spec_digest != *expected.spec_digest {
        reasons
            .push(Invalid::OtherSpec { found: predicate.spec_digest.clone(), expected: expected.spec_digest.clone() });
    }
    match (&predicate.lock_digest, expected.lock_digest) {
        (Some(found), Some(expected)) if found == expected => {}
        (Some(found), Some(expected)) => {
            reasons.push(Invalid::OtherLock { found: found.clone(), expected: expected.clone() });
        }
        (_, None) => reasons.push(Invalid::NoLock),
        (None, Some(_)) => reasons.push(Invalid::MadeWithoutLock),
    }
    reasons
}

fn out_of_time(predicate: &Predicate, now: Timestamp) -> Vec<Invalid> {
    let mut reasons = Vec::new();
    let latest = now.checked_add(CLOCK_SKEW).unwrap_or(Timestamp::MAX);
    if predicate.observed_at > latest {
        reasons.push(Invalid::FromTheFuture { observed_at: predicate.observed_at });
    }
    if now >= predicate.expires_on {
        reasons.push(Invalid::Expired { expires_on: predicate.expires_on });
    }
    reasons
}

fn miscounted(predicate: &Predicate, signers: &[PublicKey], counters: Counters<'_>) -> Option<Invalid> {
    let found = predicate.counter;
    match counters {
        Counters::NotKnown => None,
        Counters::Recorded(recorded) => (found != recorded).then_some(Invalid::OtherCounter { found, recorded }),
        Counters::History(targets) => {
            let KnownCounters { newest, verifiers } = targets.get(&predicate.target)?;
            let ours = signers.iter().any(|signer| verifiers.contains(&signer.id()));
            (ours && found < *newest).then_some(Invalid::RolledBack { found, newest: *newest })
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use serde_json::{Value, json};

    use super::super::identity::VerifierKey;
    use super::super::statement::samples::{at, every_state, key, statement};
    use super::*;

    const NOW: &str = "2026-05-01T12:05:00Z";

    struct Here {
        spec: Digest,
        lock: Digest,
        roots: Roots,
    }

    impl Here {
        fn new() -> Self {
            Self { spec: Digest::of(b"spec"), lock: Digest::of(b"lock"), roots: Roots::new([key().public()]) }
        }

        fn expected(&self) -> Expected<'_> {
            Expected {
                environment: "carmenta",
                target: Some("vm"),
                spec_digest: &self.spec,
                lock_digest: Some(&self.lock),
                counters: Counters::NotKnown,
            }
        }

        fn reasons(&self, envelope: &[u8], now: &str) -> Vec<Invalid> {
            let verification = verify(envelope, &self.roots, &self.expected(), at(now));
            assert_eq!(verification.is_valid(), verification.reasons.is_empty());
            verification.reasons
        }

        /// Why a statement edited before the trusted key signs it is not believed.
        fn of_edited(&self, edit: impl FnOnce(&mut Value)) -> Vec<Invalid> {
            let mut json = serde_json::to_value(statement(&every_state())).unwrap();
            edit(&mut json);
            self.reasons(&dsse::seal(PAYLOAD_TYPE, json.to_string().as_bytes(), &key()), NOW)
        }
    }

    fn codes(reasons: &[Invalid]) -> Vec<&'static str> {
        reasons.iter().map(Invalid::code).collect()
    }

    #[test]
    fn a_fresh_one_for_this_spec_and_lock_is_valid_even_if_it_says_drift() {
        let made = statement(&every_state());
        let here = Here::new();
        let verification = verify(&made.seal(&key()), &here.roots, &here.expected(), at(NOW));
        let expected = Verification { statement: Some(made), signers: vec![key().public()], reasons: Vec::new() };
        assert_eq!(verification, expected);
    }

    #[test]
    fn nothing_is_read_that_no_trusted_key_signed() {
        let here = Here::new();
        let stranger = statement(&every_state()).seal(&VerifierKey::from_seed(&[8; 32]));
        let verification = verify(&stranger, &here.roots, &here.expected(), at(NOW));
        assert_eq!(verification.statement, None);
        assert_eq!(verification.reasons, [Invalid::NotTrusted { signatures: 1 }]);
        let mut edited: Value = serde_json::from_slice(&statement(&every_state()).seal(&key())).unwrap();
        let payload = serde_json::to_string(&statement(&every_state())).unwrap().replace("drift", "match");
        edited["payload"] = json!(base64::Engine::encode(&base64::prelude::BASE64_STANDARD, payload));
        assert_eq!(here.reasons(edited.to_string().as_bytes(), NOW), [Invalid::NotTrusted { signatures: 1 }]);
        assert_eq!(codes(&here.reasons(b"{", NOW)), ["bad-envelope"]);
        assert_eq!(codes(&here.reasons(b"", NOW)), ["bad-envelope"]);
    }

    #[test]
    fn it_ends_exactly_when_it_says() {
        let here = Here::new();
        let envelope = statement(&every_state()).seal(&key());
        assert_eq!(here.reasons(&envelope, "2026-05-01T12:14:59.999Z"), []);
        let expired = [Invalid::Expired { expires_on: at("2026-05-01T12:15:00Z") }];
        assert_eq!(here.reasons(&envelope, "2026-05-01T12:15:00Z"), expired);
        assert_eq!(here.reasons(&envelope, "2026-05-01T12:15:01Z"), expired);
        assert_eq!(expired[0].to_string(), "the attestation expired at 2026-05-01T12:15:00Z");
    }

    #[test]
    fn clocks_may_differ_by_a_minute_and_no_more() {
        let here = Here::new();
        let envelope = statement(&every_state()).seal(&key());
        let observed_at = at("2026-05-01T12:00:00Z");
        assert_eq!(here.reasons(&envelope, &(observed_at - 60.seconds()).to_string()), []);
        assert_eq!(
            here.reasons(&envelope, &(observed_at - 61.seconds()).to_string()),
            [Invalid::FromTheFuture { observed_at }]
        );
    }

    #[test]
    fn all_that_it_is_about_must_be_what_is_at_hand() {
        let here = Here::new();
        let envelope = statement(&every_state()).seal(&key());
        let (spec, lock) = (Digest::of(b"new spec"), Digest::of(b"new lock"));
        let other = Expected {
            environment: "other",
            target: Some("mini"),
            spec_digest: &spec,
            lock_digest: Some(&lock),
            counters: Counters::NotKnown,
        };
        let all = verify(&envelope, &here.roots, &other, at("2026-05-02T00:00:00Z")).reasons;
        assert_eq!(codes(&all), ["other-environment", "other-target", "spec-changed", "lock-changed", "expired"]);
        assert!(all[2].to_string().starts_with("the spec has changed since: "), "{}", all[2]);

        let any_target = Expected { target: None, ..here.expected() };
        assert!(verify(&envelope, &here.roots, &any_target, at(NOW)).is_valid());
        let no_lock = Expected { lock_digest: None, ..here.expected() };
        assert_eq!(verify(&envelope, &here.roots, &no_lock, at(NOW)).reasons, [Invalid::NoLock]);
        let without = here.of_edited(|json| json["predicate"]["lockDigest"] = json!(null));
        assert_eq!(without, [Invalid::MadeWithoutLock]);
    }

    #[test]
    fn a_signature_over_something_else_is_no_attestation() {
        let here = Here::new();
        let statement = serde_json::to_vec(&statement(&every_state())).unwrap();
        assert_eq!(codes(&here.reasons(&dsse::seal("text/plain", &statement, &key()), NOW)), ["other-payload-type"]);
        assert_eq!(codes(&here.of_edited(|json| json["_type"] = json!("x"))), ["other-statement-type"]);
        assert_eq!(codes(&here.of_edited(|json| json["predicateType"] = json!("x"))), ["other-predicate-type"]);
        for (field, value) in [("verdict", json!("fine")), ("specDigest", json!("sha256:1")), ("counter", json!(-1))] {
            assert_eq!(codes(&here.of_edited(|json| json["predicate"][field] = value)), ["not-a-statement"], "{field}");
        }
    }

    #[test]
    fn a_statement_that_contradicts_itself_is_no_proof() {
        let here = Here::new();
        let one = |edit: fn(&mut Value)| codes(&here.of_edited(edit));
        assert_eq!(one(|json| json["predicate"]["verdict"] = json!("parity")), ["contradiction"]);
        assert_eq!(one(|json| json["predicate"]["verdict"] = json!("drift")), ["contradiction"]);
        assert_eq!(one(|json| json["predicate"]["counts"]["drift"] = json!(0)), ["contradiction"]);
        assert_eq!(one(|json| json["predicate"]["waivers"] = json!([])), ["contradiction"]);
        assert_eq!(
            one(|json| json["predicate"]["expiresOn"] = json!("2026-05-01T11:00:00Z")),
            ["contradiction", "expired"]
        );
        assert_eq!(one(|json| json["subject"] = json!([])), ["contradiction"]);
        assert_eq!(one(|json| json["subject"][0]["name"] = json!("mini")), ["contradiction"]);
        // The same finding as drift and as waived.
        let doubled = one(|json| {
            json["predicate"]["findings"][2]["id"] = json!("tool:node");
            json["predicate"]["waivers"][0]["finding"] = json!("tool:node");
        });
        assert_eq!(doubled, ["contradiction"]);
    }

    #[test]
    fn an_older_one_of_the_same_verifier_is_a_rollback() {
        let here = Here::new();
        let envelope = statement(&every_state()).seal(&key());
        let held = |counters: Counters<'_>| {
            verify(&envelope, &here.roots, &Expected { counters, ..here.expected() }, at(NOW)).reasons
        };
        let known = |target: &str, newest: u64, verifier: KeyId| {
            [(target.to_owned(), KnownCounters { newest: Counter(newest), verifiers: [verifier].into() })].into()
        };
        let own = key().public().id();
        let rolled_back = Invalid::RolledBack { found: Counter(5), newest: Counter(6) };
        assert_eq!(held(Counters::History(&known("vm", 6, own.clone()))), [rolled_back]);
        assert_eq!(held(Counters::History(&known("vm", 5, own.clone()))), []);
        assert_eq!(held(Counters::History(&known("mini", 6, own))), [], "every target counts for itself");
        assert_eq!(held(Counters::History(&known("vm", 6, KeyId::claimed("SHA256:other")))), []);
        assert_eq!(held(Counters::Recorded(Counter(5))), []);
        for recorded in [Counter(4), Counter(6)] {
            assert_eq!(held(Counters::Recorded(recorded)), [Invalid::OtherCounter { found: Counter(5), recorded }]);
        }
    }
}
