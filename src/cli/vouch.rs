//! Recording what an audit found, signed: what `attest` and `run` share.

use jiff::Timestamp;

use super::context::{Context, tell};
use super::error::CliError;
use crate::parity::Report;
use crate::spec::load::Project;
use crate::store::{NewAttestation, Store, StoredAttestation, process};
use crate::trust::{self, GateQuestion, Roots, Statement, VerifierKey};

/// The store and the keys of this user.
pub(super) struct Records {
    pub(super) store: Store,
    pub(super) key: VerifierKey,
    pub(super) roots: Roots,
}

impl Records {
    /// Opens them; the key is made on first use.
    pub(super) fn open(context: &Context) -> Result<Self, CliError> {
        let state = context.state_dir()?;
        let store = Store::open(&state.join("trueup.db"))?;
        let keys = state.join("keys");
        let key = VerifierKey::load_or_create(&keys)?;
        Ok(Self { store, key, roots: Roots::load(&keys)? })
    }

    /// Records a report on one target and an attestation of it. Failures are attested too.
    pub(super) fn attest(&self, project: &Project, report: &Report) -> Result<StoredAttestation, CliError> {
        let part = &report.targets[0];
        self.store.record_audit(report, part)?;
        let verifier = self.key.public().id();
        let new = NewAttestation {
            environment: &report.environment,
            target: &part.target,
            verifier: &verifier,
            recorded_at: part.observed_at,
        };
        let max_age = project.environment.gate.max_age;
        let trueup_version = env!("CARGO_PKG_VERSION");
        Ok(self.store.record_attestation(&new, |counter| {
            let verifier = verifier.clone();
            let context = trust::Context { max_age, trueup_version, verifier, counter };
            Statement::new(report, part, &context).seal(&self.key)
        })?)
    }
}

/// Runs whose trueup was killed are nobody's any more; the guard on the machine has ended their commands.
pub(super) fn say_what_was_lost(store: &Store) -> Result<(), CliError> {
    for lost in store.close_lost_runs(process::is_alive, now())? {
        let (program, target, started) = (&lost.program, &lost.target, lost.started_at);
        tell(&format!("note: a run of {program} on {target}, begun {started:.0}, was killed; it is recorded as lost"));
    }
    Ok(())
}

/// What the gate is asked about a target.
pub(super) fn question<'a>(project: &'a Project, target: &'a str, roots: &'a Roots) -> GateQuestion<'a> {
    GateQuestion {
        environment: &project.environment.name,
        target,
        spec_digest: &project.spec_digest,
        lock_digest: project.lock.as_ref().map(|loaded| &loaded.digest),
        policy: &project.environment.gate,
        roots,
        machine: None,
        unsettled: None,
    }
}

/// The time, for decisions that are given it.
#[expect(clippy::disallowed_methods, reason = "IO edge: the CLI reads the clock")]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}
