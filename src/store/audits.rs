//! Audits: what each look at a target found.
//!
//! An audit is one short row that points to a state: what was found, by whom, against which spec and lock. States and
//! sets of findings are kept once and shared, so an audit that finds what an earlier one found costs a few integers.

use std::collections::BTreeMap;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, Transaction};

use super::{Store, StoreError};
use crate::parity::history::{Noted, Period, Seen};
use crate::parity::{Report, TargetReport, Verdict};
use crate::spec::{Digest, ItemId};

/// Names what an audit found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateId(i64);

impl Store {
    /// Records one target's part of a report.
    pub fn record_audit(&self, report: &Report, part: &TargetReport) -> Result<StateId, StoreError> {
        const ACTION: &str = "record an audit";
        let seen = Seen::of(part, &report.spec_digest, report.lock_digest.as_ref());
        let duration_ms = i64::try_from(part.duration.as_millis()).unwrap_or(i64::MAX);
        self.write(ACTION, async |transaction| {
            let subject = subject(transaction, &report.environment, &part.target).await.map_err(self.failed(ACTION))?;
            let findings = findings(transaction, &seen).await.map_err(self.failed(ACTION))?;
            let state = state(transaction, subject, &seen, &findings).await.map_err(self.failed(ACTION))?;
            sqlx::query("INSERT INTO audit_log (subject, state, observed_at_ms, duration_ms) VALUES ($1, $2, $3, $4)")
                .bind(subject)
                .bind(state)
                .bind(part.observed_at.as_millisecond())
                .bind(duration_ms)
                .execute(&mut **transaction)
                .await
                .map_err(self.failed(ACTION))?;
            Ok(StateId(state))
        })
    }

    /// The targets of an environment of which audits were recorded, by name.
    pub fn audited_targets(&self, environment: &str) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT target FROM subjects WHERE environment = $1 ORDER BY target";
        let rows = self.read("list targets", sqlx::query(sql).bind(environment))?;
        rows.iter().map(|row| self.column(row, "target")).collect()
    }

    /// The audits of a target, oldest first, those in a row that found the same taken together.
    pub fn periods(&self, environment: &str, target: &str) -> Result<Vec<Period>, StoreError> {
        // Counting the changes up to each audit numbers the stretches that are without one.
        let rows = self.read(
            "read the history",
            sqlx::query(
                "SELECT state, min(observed_at_ms) AS from_ms, max(observed_at_ms) AS to_ms, count(*) AS audits FROM ( \
                   SELECT state, observed_at_ms, id, \
                     sum(changed) OVER (ORDER BY observed_at_ms, id ROWS UNBOUNDED PRECEDING) AS stretch FROM ( \
                     SELECT audit_log.id, state, observed_at_ms, CASE WHEN state = \
                       lag(state) OVER (ORDER BY observed_at_ms, audit_log.id) THEN 0 ELSE 1 END AS changed \
                     FROM audit_log JOIN subjects ON subjects.id = audit_log.subject \
                     WHERE environment = $1 AND target = $2) AS marked) AS numbered \
                 GROUP BY stretch, state ORDER BY stretch",
            )
            .bind(environment)
            .bind(target),
        )?;
        let mut states: BTreeMap<i64, Seen> = BTreeMap::new();
        let mut periods = Vec::new();
        for row in &rows {
            let state: i64 = self.column(row, "state")?;
            let seen = match states.get(&state) {
                Some(seen) => seen.clone(),
                None => states.entry(state).or_insert(self.seen(StateId(state))?).clone(),
            };
            let (from, to) = (self.time(row, "from_ms")?, self.time(row, "to_ms")?);
            periods.push(Period { from, to, audits: self.number(row, "audits")?, seen });
        }
        Ok(periods)
    }

    /// What a channel was last told about a target.
    pub fn last_told(&self, environment: &str, target: &str, channel: &str) -> Result<Option<Seen>, StoreError> {
        let sql = "SELECT state FROM told JOIN subjects ON subjects.id = told.subject \
                   WHERE environment = $1 AND target = $2 AND channel = $3";
        let query = sqlx::query(sql).bind(environment).bind(target).bind(channel);
        let rows = self.read("look up what was told", query)?;
        let state = rows.first().map(|row| self.column(row, "state")).transpose()?;
        state.map(|state| self.seen(StateId(state))).transpose()
    }

    /// Keeps in mind that a channel knows this state of a target.
    pub fn set_told(&self, channel: &str, state: StateId) -> Result<(), StoreError> {
        const ACTION: &str = "keep in mind what was told";
        self.write(ACTION, async |transaction| {
            sqlx::query(
                "INSERT INTO told (subject, channel, state) SELECT subject, $1, id FROM audit_states WHERE id = $2 \
                 ON CONFLICT (subject, channel) DO UPDATE SET state = excluded.state",
            )
            .bind(channel)
            .bind(state.0)
            .execute(&mut **transaction)
            .await
            .map_err(self.failed(ACTION))?;
            Ok(())
        })
    }

    fn seen(&self, state: StateId) -> Result<Seen, StoreError> {
        let rows = self.read("read an audit", sqlx::query("SELECT * FROM audit_states WHERE id = $1").bind(state.0))?;
        let row = rows.first().ok_or_else(|| self.unreadable(format!("audit state: {} is gone", state.0)))?;
        let digest: String = self.column(row, "findings_digest")?;
        let verdict: String = self.column(row, "verdict")?;
        let lock_digest: Option<String> = self.column(row, "lock_digest")?;
        Ok(Seen {
            verdict: [Verdict::Parity, Verdict::Drift, Verdict::Unknown]
                .into_iter()
                .find(|known| known.word() == verdict)
                .ok_or_else(|| self.unreadable(format!("verdict: {verdict}")))?,
            machine_id: self.column(row, "machine_id")?,
            spec_digest: self.digest(&self.column::<String>(row, "spec_digest")?)?,
            lock_digest: lock_digest.map(|text| self.digest(&text)).transpose()?,
            error: self.column(row, "error")?,
            findings: self.entries(&digest)?,
        })
    }

    fn entries(&self, digest: &str) -> Result<BTreeMap<ItemId, Noted>, StoreError> {
        let sql = "SELECT finding, state, got FROM finding_set_entries WHERE digest = $1";
        let rows = self.read("list findings", sqlx::query(sql).bind(digest))?;
        rows.iter().map(|row| self.entry(row)).collect()
    }

    fn entry(&self, row: &SqliteRow) -> Result<(ItemId, Noted), StoreError> {
        let finding: String = self.column(row, "finding")?;
        let id = finding.parse::<ItemId>().map_err(|error| self.unreadable(error.to_string()))?;
        Ok((id, Noted { state: self.column(row, "state")?, got: self.column(row, "got")? }))
    }

    fn digest(&self, text: &str) -> Result<Digest, StoreError> {
        Digest::parse(text).ok_or_else(|| self.unreadable(format!("`{text}` is not a digest")))
    }
}

async fn subject(
    transaction: &mut Transaction<'_, Sqlite>,
    environment: &str,
    target: &str,
) -> Result<i64, sqlx::Error> {
    sqlx::query("INSERT INTO subjects (environment, target) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(environment)
        .bind(target)
        .execute(&mut **transaction)
        .await?;
    sqlx::query("SELECT id FROM subjects WHERE environment = $1 AND target = $2")
        .bind(environment)
        .bind(target)
        .fetch_one(&mut **transaction)
        .await?
        .try_get(0)
}

/// Keeps a set of findings under its digest, unless it is there already.
async fn findings(transaction: &mut Transaction<'_, Sqlite>, seen: &Seen) -> Result<Digest, sqlx::Error> {
    let line = |(id, noted): (&ItemId, &Noted)| format!("{} {:?} {:?}\n", noted.state, id.to_string(), noted.got);
    let manifest: String = seen.findings.iter().map(line).collect();
    let digest = Digest::of(manifest.as_bytes());
    let added = sqlx::query("INSERT INTO finding_sets (digest) VALUES ($1) ON CONFLICT DO NOTHING")
        .bind(digest.as_str())
        .execute(&mut **transaction)
        .await?;
    if added.rows_affected() == 0 {
        return Ok(digest);
    }
    for (id, noted) in &seen.findings {
        sqlx::query("INSERT INTO finding_set_entries (digest, finding, state, got) VALUES ($1, $2, $3, $4)")
            .bind(digest.as_str())
            .bind(id.to_string())
            .bind(&noted.state)
            .bind(&noted.got)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(digest)
}

/// The state that says exactly this, which is made where there is none yet.
async fn state(
    transaction: &mut Transaction<'_, Sqlite>,
    subject: i64,
    seen: &Seen,
    findings: &Digest,
) -> Result<i64, sqlx::Error> {
    let lock_digest = seen.lock_digest.as_ref().map(Digest::as_str);
    let known = sqlx::query(
        "SELECT id FROM audit_states WHERE subject = $1 AND findings_digest = $2 AND verdict = $3 \
         AND spec_digest = $4 AND lock_digest IS NOT DISTINCT FROM $5 AND machine_id IS NOT DISTINCT FROM $6 \
         AND error IS NOT DISTINCT FROM $7",
    )
    .bind(subject)
    .bind(findings.as_str())
    .bind(seen.verdict.word())
    .bind(seen.spec_digest.as_str())
    .bind(lock_digest)
    .bind(&seen.machine_id)
    .bind(&seen.error)
    .fetch_optional(&mut **transaction)
    .await?;
    if let Some(row) = known {
        return row.try_get(0);
    }
    sqlx::query(
        "INSERT INTO audit_states (subject, findings_digest, verdict, spec_digest, lock_digest, machine_id, error) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
    )
    .bind(subject)
    .bind(findings.as_str())
    .bind(seen.verdict.word())
    .bind(seen.spec_digest.as_str())
    .bind(lock_digest)
    .bind(&seen.machine_id)
    .bind(&seen.error)
    .fetch_one(&mut **transaction)
    .await?
    .try_get(0)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test looks at the size of the file")]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::parity::{Background, Change, Finding, State};
    use crate::spec::{Fact, Machine, Observed, Policy, TargetKind};

    fn part(target: &str, observed_at: &str, states: Vec<(&str, State)>) -> TargetReport {
        let finding = |(id, state): (&str, State)| Finding {
            id: id.parse().unwrap(),
            state,
            policy: Policy::Exact,
            locked: None,
            observed: Some(Observed::Present(Fact::version("1.0"))),
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
        Report {
            environment: "carmenta".to_owned(),
            spec_digest: Digest::of(b"spec"),
            lock_digest,
            targets: Vec::new(),
            background: Background::default(),
        }
    }

    fn drift() -> Vec<(&'static str, State)> {
        vec![("tool:rg", State::Unknown), ("tool:git", State::Match), ("env:A b", State::Drift(Change::Missing))]
    }

    #[test]
    fn what_was_recorded_comes_back_in_the_order_of_time() {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("store.db")).unwrap();
        let locked = report(Some(Digest::of(b"lock")));
        store.record_audit(&locked, &part("vm", "2026-05-01T12:00:00.500Z", drift())).unwrap();
        // Recorded later, observed before.
        store.record_audit(&locked, &part("vm", "2026-05-01T12:00:00Z", Vec::new())).unwrap();
        store.record_audit(&locked, &part("vm", "2026-05-01T12:05:00Z", drift())).unwrap();
        let mut silent = part("mini", "2026-05-01T11:00:00Z", Vec::new());
        silent.error = Some("cannot connect".to_owned());
        silent.machine = Machine::default();
        store.record_audit(&report(None), &silent).unwrap();
        let elsewhere = Report { environment: "other".to_owned(), ..report(None) };
        store.record_audit(&elsewhere, &part("vm", "2026-05-02T00:00:00Z", Vec::new())).unwrap();

        assert_eq!(store.audited_targets("carmenta").unwrap(), ["mini", "vm"]);
        let [mini] = store.periods("carmenta", "mini").unwrap().try_into().unwrap();
        assert_eq!((mini.seen.verdict, mini.seen.machine_id, mini.seen.lock_digest), (Verdict::Unknown, None, None));
        assert_eq!(mini.seen.error.as_deref(), Some("cannot connect"));
        let [before, vm] = store.periods("carmenta", "vm").unwrap().try_into().unwrap();
        assert_eq!((before.audits, before.seen.findings.len()), (1, 0));
        let noted = |state: &str| Noted { state: state.to_owned(), got: Some("1.0".to_owned()) };
        let seen = Seen {
            verdict: Verdict::Unknown,
            machine_id: Some("4c4c".to_owned()),
            spec_digest: Digest::of(b"spec"),
            lock_digest: Some(Digest::of(b"lock")),
            error: None,
            findings: [("tool:rg".parse().unwrap(), noted("unknown")), ("env:A b".parse().unwrap(), noted("drift"))]
                .into(),
        };
        let at = |text: &str| text.parse().unwrap();
        let (from, to) = (at("2026-05-01T12:00:00.500Z"), at("2026-05-01T12:05:00Z"));
        assert_eq!(vm, Period { from, to, audits: 2, seen });
    }

    #[test]
    fn audits_that_found_the_same_share_one_state() {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("store.db")).unwrap();
        for (time, change) in [("10", Change::Missing), ("11", Change::Changed)] {
            let states = vec![("tool:rg", State::Drift(change)), ("tool:git", State::Match)];
            store.record_audit(&report(None), &part("vm", &format!("2026-05-01T{time}:00:00Z"), states)).unwrap();
        }
        let count = |sql: &'static str| store.read("look", sqlx::query(sql)).unwrap().len();
        assert_eq!(count("SELECT * FROM finding_set_entries"), 1);
        assert_eq!((count("SELECT * FROM audit_states"), count("SELECT * FROM audit_log")), (1, 2));
    }

    #[test]
    fn ten_thousand_unchanged_audits_cost_less_than_200_bytes_each() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("store.db");
        let store = Store::open(&path).unwrap();
        let mut one = part("vm", "2026-05-01T12:00:00Z", drift());
        store.record_audit(&report(None), &one).unwrap();
        let size = || {
            store.read("look", sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")).unwrap();
            std::fs::metadata(&path).unwrap().len()
        };
        // Durability costs time and no space.
        store.read("look", sqlx::query("PRAGMA synchronous = OFF")).unwrap();
        let before = size();
        for _ in 0..10_000 {
            one.observed_at += Duration::from_secs(300);
            one.duration += Duration::from_millis(1);
            store.record_audit(&report(None), &one).unwrap();
        }
        let each = (size() - before) / 10_000;
        assert!(each < 200, "{each} bytes an audit");
        let [all] = store.periods("carmenta", "vm").unwrap().try_into().unwrap();
        assert_eq!((all.audits, all.to), (10_001, one.observed_at));
    }

    #[test]
    fn each_channel_remembers_what_it_was_told() {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("store.db")).unwrap();
        let first = store.record_audit(&report(None), &part("vm", "2026-05-01T12:00:00Z", Vec::new())).unwrap();
        let second = store.record_audit(&report(None), &part("vm", "2026-05-01T12:05:00Z", drift())).unwrap();
        let told = |channel: &str| store.last_told("carmenta", "vm", channel).unwrap().map(|seen| seen.findings.len());
        assert_eq!(told("webhook"), None);
        store.set_told("webhook", first).unwrap();
        assert_eq!((told("webhook"), told("command")), (Some(0), None));
        store.set_told("webhook", second).unwrap();
        assert_eq!(told("webhook"), Some(2));
        assert_eq!(store.last_told("other", "vm", "webhook").unwrap(), None);
    }
}
