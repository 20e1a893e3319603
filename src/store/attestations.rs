//! Attestations: signed envelopes under numbers that are never given out twice.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, Transaction};

use super::{Store, StoreError};
use crate::trust::{Counter, KeyId, KnownCounters, Recorded};

/// What is recorded beside the envelope.
#[derive(Clone, Copy, Debug)]
pub struct NewAttestation<'a> {
    /// The environment's name.
    pub environment: &'a str,
    /// The target's name.
    pub target: &'a str,
    /// The key that signs it.
    pub verifier: &'a KeyId,
    /// When.
    pub recorded_at: Timestamp,
}

/// An attestation as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAttestation {
    /// Its number among those of its target.
    pub counter: Counter,
    /// As it was signed.
    pub envelope: Vec<u8>,
}

impl StoredAttestation {
    /// As the gate reads it.
    pub fn recorded(&self) -> Recorded<'_> {
        Recorded { counter: self.counter, envelope: &self.envelope }
    }
}

impl Store {
    /// Allocates the next number of the target, has `seal` sign an envelope that carries it, and records that, all in
    /// one transaction.
    pub fn record_attestation(
        &self,
        new: &NewAttestation<'_>,
        seal: impl FnOnce(Counter) -> Vec<u8>,
    ) -> Result<StoredAttestation, StoreError> {
        const ACTION: &str = "record an attestation";
        self.write(ACTION, async |transaction| {
            let failed = self.failed(ACTION);
            let row = sqlx::query(
                "INSERT INTO counters (environment, target, last) VALUES ($1, $2, 1) \
                 ON CONFLICT (environment, target) DO UPDATE SET last = counters.last + 1 RETURNING last",
            )
            .bind(new.environment)
            .bind(new.target)
            .fetch_one(&mut **transaction)
            .await
            .map_err(&failed)?;
            let last: i64 = row.try_get(0).map_err(&failed)?;
            let counter = Counter(self.number(&row, "last")?);
            let envelope = seal(counter);
            sqlx::query(
                "INSERT INTO attestations (environment, target, counter, verifier, recorded_at_ms, envelope) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(new.environment)
            .bind(new.target)
            .bind(last)
            .bind(new.verifier.as_str())
            .bind(new.recorded_at.as_millisecond())
            .bind(&envelope)
            .execute(&mut **transaction)
            .await
            .map_err(&failed)?;
            Ok(StoredAttestation { counter, envelope })
        })
    }

    /// The newest attestation of a target.
    pub fn newest_attestation(&self, environment: &str, target: &str) -> Result<Option<StoredAttestation>, StoreError> {
        let rows = self.read("read an attestation", sqlx::query(NEWEST).bind(environment).bind(target))?;
        rows.first().map(|row| self.attestation(row)).transpose()
    }

    /// The same within a transaction.
    pub(super) async fn newest_within(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        environment: &str,
        target: &str,
    ) -> Result<Option<StoredAttestation>, StoreError> {
        let row = sqlx::query(NEWEST)
            .bind(environment)
            .bind(target)
            .fetch_optional(&mut **transaction)
            .await
            .map_err(self.failed("read an attestation"))?;
        row.as_ref().map(|row| self.attestation(row)).transpose()
    }

    fn attestation(&self, row: &SqliteRow) -> Result<StoredAttestation, StoreError> {
        Ok(StoredAttestation {
            counter: Counter(self.number(row, "counter")?),
            envelope: self.column(row, "envelope")?,
        })
    }

    /// What this store knows about the numbers of an environment's targets, to hold an envelope from elsewhere against.
    pub fn known_counters(&self, environment: &str) -> Result<BTreeMap<String, KnownCounters>, StoreError> {
        let rows = self.read(
            "read the counters",
            sqlx::query(
                "SELECT DISTINCT counters.target, counters.last, attestations.verifier FROM counters \
                 JOIN attestations USING (environment, target) WHERE environment = $1",
            )
            .bind(environment),
        )?;
        let mut known: BTreeMap<String, KnownCounters> = BTreeMap::new();
        for row in &rows {
            let newest = Counter(self.number(row, "last")?);
            let verifier = KeyId::claimed(self.column::<String>(row, "verifier")?);
            known
                .entry(self.column(row, "target")?)
                .or_insert_with(|| KnownCounters { newest, verifiers: [].into() })
                .verifiers
                .insert(verifier);
        }
        Ok(known)
    }
}

const NEWEST: &str = "SELECT counter, envelope FROM attestations WHERE environment = $1 AND target = $2 \
                      ORDER BY counter DESC LIMIT 1";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn record(store: &Store, environment: &str, target: &str, verifier: &str) -> StoredAttestation {
        let new = NewAttestation {
            environment,
            target,
            verifier: &KeyId::claimed(verifier),
            recorded_at: "2026-05-01T12:00:00Z".parse().unwrap(),
        };
        store.record_attestation(&new, |counter| format!("{environment}/{target}/{counter}").into_bytes()).unwrap()
    }

    #[test]
    fn every_target_counts_from_one_and_the_newest_comes_back() {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("store.db")).unwrap();
        assert_eq!(store.newest_attestation("a", "vm").unwrap(), None);
        for (environment, target, counter) in [("a", "vm", 1), ("a", "vm", 2), ("a", "mini", 1), ("b", "vm", 1)] {
            assert_eq!(record(&store, environment, target, "k1").counter, Counter(counter));
        }
        let newest = store.newest_attestation("a", "vm").unwrap().unwrap();
        assert_eq!(newest, StoredAttestation { counter: Counter(2), envelope: b"a/vm/2".to_vec() });
        record(&store, "a", "vm", "k2");
        let known = store.known_counters("a").unwrap();
        assert_eq!(known["vm"].newest, Counter(3));
        assert_eq!(known["vm"].verifiers, [KeyId::claimed("k1"), KeyId::claimed("k2")].into());
        assert_eq!(known.keys().collect::<Vec<_>>(), ["mini", "vm"]);
    }

    #[test]
    fn a_number_is_not_given_out_again_after_envelopes_are_removed() {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("store.db")).unwrap();
        record(&store, "a", "vm", "k");
        store.read("prune", sqlx::query("DELETE FROM attestations")).unwrap();
        assert_eq!(record(&store, "a", "vm", "k").counter, Counter(2));
    }

    #[test]
    fn a_signer_that_fails_uses_up_nothing_and_the_store_goes_on() {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("store.db")).unwrap();
        let new = NewAttestation {
            environment: "a",
            target: "vm",
            verifier: &KeyId::claimed("k"),
            recorded_at: "2026-05-01T12:00:00Z".parse().unwrap(),
        };
        let failing = std::panic::AssertUnwindSafe(|| store.record_attestation(&new, |_| panic!("no key")));
        assert!(std::panic::catch_unwind(failing).is_err());
        assert_eq!(record(&store, "a", "vm", "k").counter, Counter(1));
    }

    #[test]
    fn counters_never_repeat_over_threads_and_connections() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("store.db");
        let shared = Store::open(&path).unwrap();
        let given: Vec<Counter> = std::thread::scope(|scope| {
            let work = |index: usize| {
                let own = Store::open(&path).unwrap();
                let store = if index.is_multiple_of(2) { &shared } else { &own };
                (0..10).map(|_| record(store, "a", "vm", "k").counter).collect::<Vec<_>>()
            };
            let threads: Vec<_> = (0..8).map(|index| scope.spawn(move || work(index))).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(given.iter().copied().collect::<BTreeSet<_>>(), (1..=80).map(Counter).collect());
        assert_eq!(given.len(), 80);
    }
}
