//! Audits: what each look at a target found.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError};
use crate::parity::{Report, State, TargetReport, Verdict};
use crate::spec::{Digest, ItemId};

/// An audit as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAudit {
    /// The environment's name.
    pub environment: String,
    /// The target's name.
    pub target: String,
    /// The machine that answered, if one did and told.
    pub machine_id: Option<String>,
    /// When, to the millisecond.
    pub observed_at: Timestamp,
    /// How long it took, to the millisecond.
    pub duration: Duration,
    /// What it came to.
    pub verdict: Verdict,
    /// Of the spec.
    pub spec_digest: Digest,
    /// Of the lock, if there was one.
    pub lock_digest: Option<Digest>,
    /// Why the machine as a whole could not be observed.
    pub error: Option<String>,
    /// The findings that were not `match`, with the words of their states, by id.
    pub findings: Vec<(ItemId, String)>,
}

impl Store {
    /// Records one target's part of a report.
    pub fn record_audit(&self, report: &Report, part: &TargetReport) -> Result<(), StoreError> {
        const ACTION: &str = "record an audit";
        let mut changed: Vec<(String, &'static str)> = part
            .findings
            .iter()
            .filter(|finding| finding.state != State::Match)
            .map(|finding| (finding.id.to_string(), finding.state.word()))
            .collect();
        changed.sort_unstable();
        let lines: String = changed.iter().map(|(finding, state)| format!("{state} {finding:?}\n")).collect();
        let digest = Digest::of(lines.as_bytes());
        let duration_ms = i64::try_from(part.duration.as_millis()).unwrap_or(i64::MAX);
        self.write(ACTION, async |transaction| {
            let failed = self.failed(ACTION);
            let added = sqlx::query("INSERT INTO finding_sets (digest) VALUES ($1) ON CONFLICT DO NOTHING")
                .bind(digest.as_str())
                .execute(&mut **transaction)
                .await
                .map_err(&failed)?;
            // The same digest means the same entries, so they are there already.
            let entries: &[_] = if added.rows_affected() == 0 { &[] } else { &changed };
            for (finding, state) in entries {
                sqlx::query("INSERT INTO finding_set_entries (digest, finding, state) VALUES ($1, $2, $3)")
                    .bind(digest.as_str())
                    .bind(finding)
                    .bind(*state)
                    .execute(&mut **transaction)
                    .await
                    .map_err(&failed)?;
            }
            sqlx::query(
                "INSERT INTO audits (environment, target, machine_id, observed_at_ms, duration_ms, verdict, \
                 spec_digest, lock_digest, error, findings_digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            )
            .bind(&report.environment)
            .bind(&part.target)
            .bind(&part.machine.id)
            .bind(part.observed_at.as_millisecond())
            .bind(duration_ms)
            .bind(part.verdict().word())
            .bind(report.spec_digest.as_str())
            .bind(report.lock_digest.as_ref().map(Digest::as_str))
            .bind(&part.error)
            .bind(digest.as_str())
            .execute(&mut **transaction)
            .await
            .map_err(&failed)?;
            Ok(())
        })
    }

    /// The latest audit of every target of an environment, by target.
    pub fn latest_audits(&self, environment: &str) -> Result<Vec<StoredAudit>, StoreError> {
        let rows = self.read(
            "list audits",
            sqlx::query(
                "SELECT * FROM (SELECT audits.*, row_number() OVER (PARTITION BY target \
                 ORDER BY observed_at_ms DESC, id DESC) AS place FROM audits WHERE environment = $1) AS ranked \
                 WHERE place = 1 ORDER BY target",
            )
            .bind(environment),
        )?;
        rows.iter().map(|row| self.audit(row)).collect()
    }

    fn audit(&self, row: &SqliteRow) -> Result<StoredAudit, StoreError> {
        let digest: String = self.column(row, "findings_digest")?;
        let verdict: String = self.column(row, "verdict")?;
        let lock_digest: Option<String> = self.column(row, "lock_digest")?;
        Ok(StoredAudit {
            environment: self.column(row, "environment")?,
            target: self.column(row, "target")?,
            machine_id: self.column(row, "machine_id")?,
            observed_at: self.time(row, "observed_at_ms")?,
            duration: Duration::from_millis(self.number(row, "duration_ms")?),
            verdict: [Verdict::Parity, Verdict::Drift, Verdict::Unknown]
                .into_iter()
                .find(|known| known.word() == verdict)
                .ok_or_else(|| self.unreadable(format!("verdict: {verdict}")))?,
            spec_digest: self.digest(&self.column::<String>(row, "spec_digest")?)?,
            lock_digest: lock_digest.map(|text| self.digest(&text)).transpose()?,
            error: self.column(row, "error")?,
            findings: self.entries(&digest)?,
        })
    }

    fn entries(&self, digest: &str) -> Result<Vec<(ItemId, String)>, StoreError> {
        let sql = "SELECT finding, state FROM finding_set_entries WHERE digest = $1";
        let rows = self.read("list findings", sqlx::query(sql).bind(digest))?;
        let mut entries = Vec::new();
        for row in &rows {
            let finding: String = self.column(row, "finding")?;
            let id = finding.parse::<ItemId>().map_err(|error| self.unreadable(error.to_string()))?;
            entries.push((id, self.column(row, "state")?));
        }
        entries.sort_unstable();
        Ok(entries)
    }

    fn digest(&self, text: &str) -> Result<Digest, StoreError> {
        Digest::parse(text).ok_or_else(|| self.unreadable(format!("`{text}` is not a digest")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parity::{Change, Finding};
    use crate::spec::{Machine, Policy, TargetKind};
    use std::collections::BTreeMap;

    fn part(target: &str, observed_at: &str, states: Vec<(&str, State)>) -> TargetReport {
        let finding = |(id, state): (&str, State)| Finding {
            id: id.parse().unwrap(),
            state,
            policy: Policy::Exact,
            locked: None,
            observed: None,
            reason: String::new(),
            detail: None,
            warning: None,
        };
        TargetReport {
            target: target.to_owned(),
            kind: TargetKind::Vm,
            observed_at: observed_at.parse().unwrap(),
            duration: Duration::from_millis(412),
            round_trips: 1,
            error: None,
            machine: Machine { id: Some("4c4c".to_owned()), ..Machine::default() },
            findings: states.into_iter().map(finding).collect(),
            shown: BTreeMap::new(),
        }
    }

    fn report(lock_digest: Option<Digest>) -> Report {
        let targets = Vec::new();
        Report { environment: "carmenta".to_owned(), spec_digest: Digest::of(b"spec"), lock_digest, targets }
    }

    #[test]
    fn the_latest_of_every_target_comes_back_as_it_was() {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("store.db")).unwrap();
        let locked = report(Some(Digest::of(b"lock")));
        let drift = || {
            vec![("tool:rg", State::Unknown), ("tool:git", State::Match), ("env:A b", State::Drift(Change::Missing))]
        };
        let latest = part("vm", "2026-05-01T12:00:00.500Z", drift());
        store.record_audit(&locked, &latest).unwrap();
        store.record_audit(&locked, &part("vm", "2026-05-01T12:00:00Z", Vec::new())).unwrap();
        let mut silent = part("mini", "2026-05-01T11:00:00Z", Vec::new());
        silent.error = Some("cannot connect".to_owned());
        silent.machine = Machine::default();
        store.record_audit(&report(None), &silent).unwrap();
        let elsewhere = Report { environment: "other".to_owned(), ..report(None) };
        store.record_audit(&elsewhere, &part("vm", "2026-05-02T00:00:00Z", Vec::new())).unwrap();

        let [mini, vm] = store.latest_audits("carmenta").unwrap().try_into().unwrap();
        assert_eq!((mini.target.as_str(), mini.verdict, mini.machine_id), ("mini", Verdict::Unknown, None));
        assert_eq!((mini.error.as_deref(), mini.lock_digest), (Some("cannot connect"), None));
        let expected = StoredAudit {
            environment: "carmenta".to_owned(),
            target: "vm".to_owned(),
            machine_id: Some("4c4c".to_owned()),
            observed_at: latest.observed_at,
            duration: latest.duration,
            verdict: Verdict::Unknown,
            spec_digest: Digest::of(b"spec"),
            lock_digest: Some(Digest::of(b"lock")),
            error: None,
            findings: vec![
                ("tool:rg".parse().unwrap(), "unknown".to_owned()),
                ("env:A b".parse().unwrap(), "drift".to_owned()),
            ],
        };
        assert_eq!(vm, expected);
    }

    #[test]
    fn audits_that_found_the_same_share_one_set() {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("store.db")).unwrap();
        for (time, change) in [("10", Change::Missing), ("11", Change::Changed)] {
            let states = vec![("tool:rg", State::Drift(change)), ("tool:git", State::Match)];
            store.record_audit(&report(None), &part("vm", &format!("2026-05-01T{time}:00:00Z"), states)).unwrap();
        }
        let sets = store.read("look", sqlx::query("SELECT * FROM finding_set_entries")).unwrap();
        let audits = store.read("look", sqlx::query("SELECT * FROM audits")).unwrap();
        assert_eq!((sets.len(), audits.len()), (1, 2));
    }
}
