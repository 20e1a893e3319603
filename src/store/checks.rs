//! What checks of behaviour brought, kept for `watch` between its own rounds of them, and so that a test run which cannot
//! end otherwise is not run again. Canaries are answered from here by `watch` alone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Store, StoreError};
use crate::spec::{Digest, Fact, GateFact, ItemId, Observed, Why};

/// The results of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptChecks {
    /// When they were made.
    pub made_at: Timestamp,
    /// What became of each.
    pub results: BTreeMap<ItemId, Observed>,
}

/// As it stands in the row.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Result {
    Fact(GateFact),
    Absent,
    Unknown(String),
}

/// What results depend on.
pub fn checks_key(spec: &Digest, lock: &Digest) -> Digest {
    Digest::of(format!("{spec}\n{lock}").as_bytes())
}

impl Store {
    /// Keeps the results of a target in place of those that it had.
    pub fn record_checks(
        &self,
        environment: &str,
        target: &str,
        key: &Digest,
        kept: &KeptChecks,
    ) -> std::result::Result<(), StoreError> {
        const ACTION: &str = "keep what checks brought";
        let results: BTreeMap<String, Result> = kept
            .results
            .iter()
            .map(|(id, observed)| {
                let result = match observed {
                    Observed::Present(Fact::Gate(fact)) => Result::Fact(fact.clone()),
                    Observed::Present(other) => Result::Unknown(format!("{} is no outcome of a check", other.shown())),
                    Observed::Absent => Result::Absent,
                    Observed::Unknown(why) => Result::Unknown(why.to_string()),
                };
                (id.to_string(), result)
            })
            .collect();
        let results = serde_json::to_string(&results).map_err(|error| self.unreadable(error.to_string()))?;
        self.write(ACTION, async |transaction| {
            sqlx::query(
                "INSERT INTO check_results (environment, target, key, made_at_ms, results) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (environment, target) DO UPDATE SET key = excluded.key, made_at_ms = excluded.made_at_ms, \
                 results = excluded.results",
            )
            .bind(environment)
            .bind(target)
            .bind(key.as_str())
            .bind(kept.made_at.as_millisecond())
            .bind(&results)
            .execute(&mut **transaction)
            .await
            .map_err(self.failed(ACTION))?;
            Ok(())
        })
    }

    /// The results of a target that were made for this key.
    pub fn kept_checks(
        &self,
        environment: &str,
        target: &str,
        key: &Digest,
    ) -> std::result::Result<Option<KeptChecks>, StoreError> {
        let query = sqlx::query(
            "SELECT made_at_ms, results FROM check_results WHERE environment = $1 AND target = $2 AND key = $3",
        );
        let query = query.bind(environment.to_owned()).bind(target.to_owned()).bind(key.as_str().to_owned());
        let rows = self.read("read what checks brought", query)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let text: String = self.column(row, "results")?;
        let results: BTreeMap<String, Result> =
            serde_json::from_str(&text).map_err(|error| self.unreadable(format!("results: {error}")))?;
        let mut kept = KeptChecks { made_at: self.time(row, "made_at_ms")?, results: BTreeMap::new() };
        for (id, result) in results {
            let id: ItemId = id.parse().map_err(|_| self.unreadable(format!("results: {id}")))?;
            let observed = match result {
                Result::Fact(fact) => Observed::Present(Fact::Gate(fact)),
                Result::Absent => Observed::Absent,
                Result::Unknown(why) => Observed::Unknown(Why::Unreachable(why)),
            };
            kept.results.insert(id, observed);
        }
        Ok(Some(kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_back_for_their_own_key_and_the_last_ones_count() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("trueup.db")).unwrap();
        let key = checks_key(&Digest::of(b"spec"), &Digest::of(b"lock"));
        let mut fact = GateFact::new("passes");
        fact.leaf("exit code", "0");
        let id = |text: &str| text.parse::<ItemId>().unwrap();
        let why = Observed::Unknown(Why::Unreachable("it hung".to_owned()));
        let results = [(id("check:shop/a"), Observed::Present(Fact::Gate(fact))), (id("check:shop/b"), why)];
        let first = KeptChecks { made_at: Timestamp::UNIX_EPOCH, results: results.into() };
        store.record_checks("dev", "vm", &key, &first).unwrap();
        assert_eq!(store.kept_checks("dev", "vm", &key).unwrap(), Some(first.clone()));
        assert_eq!(store.kept_checks("dev", "mini", &key).unwrap(), None);
        let other = checks_key(&Digest::of(b"spec"), &Digest::of(b"another lock"));
        assert_eq!(store.kept_checks("dev", "vm", &other).unwrap(), None);
        let second = KeptChecks { results: [(id("check:shop/a"), Observed::Absent)].into(), ..first };
        store.record_checks("dev", "vm", &other, &second).unwrap();
        assert_eq!(store.kept_checks("dev", "vm", &key).unwrap(), None);
        assert_eq!(store.kept_checks("dev", "vm", &other).unwrap(), Some(second));
    }
}
