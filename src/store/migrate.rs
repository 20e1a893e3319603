//! The schema's history: numbered scripts, applied in order, each once. Append only: a script that has been released
//! never changes.
//!
//! sqlx brings a migrator, but on SQLite it takes no lock, so two processes that open an old file at once would both
//! upgrade it. Here the look at the version and all steps are one transaction that holds the write lock.

use std::path::Path;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Row as _, Sqlite, Transaction};

use super::StoreError;

/// The scripts; the first makes version 1.
pub(super) const MIGRATIONS: [&str; 5] = [
    include_str!("migrations/0001_audits.sql"),
    include_str!("migrations/0002_attestations.sql"),
    include_str!("migrations/0003_runs.sql"),
    include_str!("migrations/0004_history.sql"),
    include_str!("migrations/0005_checks.sql"),
];

/// Brings an open database to the version that the scripts lead to. One that is beyond it is refused and left as it is.
pub(super) async fn upgrade(
    connection: &mut SqliteConnection,
    path: &Path,
    scripts: &[&'static str],
) -> Result<(), StoreError> {
    let failed = |source| StoreError::Database { action: "upgrade the store", path: path.to_owned(), source };
    let known = i64::try_from(scripts.len()).expect("there are few scripts");
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let found = version(&mut transaction).await.map_err(failed)?;
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    for (version, script) in (1..).zip(scripts).filter(|(version, _)| *version > found) {
        sqlx::raw_sql(*script).execute(&mut *transaction).await.map_err(failed)?;
        sqlx::query("INSERT INTO schema_version (version) VALUES ($1)")
            .bind::<i64>(version)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

/// Whether a file has this version's schema. One that is beyond it is refused.
pub(super) async fn is_current(connection: &mut SqliteConnection, path: &Path) -> Result<bool, StoreError> {
    let failed = |source| StoreError::Database { action: "look into the store", path: path.to_owned(), source };
    let tables = sqlx::query("SELECT name FROM sqlite_master WHERE name = 'schema_version'");
    if tables.fetch_optional(&mut *connection).await.map_err(failed)?.is_none() {
        return Ok(false);
    }
    let newest = sqlx::query("SELECT coalesce(max(version), 0) FROM schema_version");
    let found: i64 = newest.fetch_one(&mut *connection).await.and_then(|row| row.try_get(0)).map_err(failed)?;
    let known = i64::try_from(MIGRATIONS.len()).expect("scripts are few");
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    Ok(found == known)
}

/// The version of the file; 0 for an empty one.
async fn version(transaction: &mut Transaction<'_, Sqlite>) -> Result<i64, sqlx::Error> {
    sqlx::query("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL PRIMARY KEY) STRICT")
        .execute(&mut **transaction)
        .await?;
    sqlx::query("SELECT coalesce(max(version), 0) FROM schema_version").fetch_one(&mut **transaction).await?.try_get(0)
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;
    use crate::store::Store;

    /// A file as an earlier or later version leaves it, with one more statement.
    fn left_by(path: &Path, scripts: &[&'static str], then: &'static str) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            upgrade(&mut connection, path, scripts).await.unwrap();
            sqlx::raw_sql(then).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        });
    }

    #[test]
    fn every_older_version_is_upgraded_with_what_it_holds() {
        for version in 1..=MIGRATIONS.len() {
            let temp = tempfile::tempdir().unwrap();
            let path = temp.path().join("store.db");
            left_by(&path, &MIGRATIONS[..version], "INSERT INTO finding_sets VALUES ('kept')");
            let looked = Store::open_to_read(&path).unwrap();
            assert_eq!(looked.is_some(), version == MIGRATIONS.len(), "looking upgraded version {version}");
            let store = Store::open(&path).unwrap();
            let kept = store.read("look", sqlx::query("SELECT digest FROM finding_sets")).unwrap();
            assert_eq!(kept[0].get::<String, _>(0), "kept");
            assert!(store.runs("carmenta").unwrap().is_empty());
        }
    }

    #[test]
    fn audits_of_before_they_had_states_are_kept() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("store.db");
        let digest = crate::spec::Digest::of(b"x");
        let row = |at: u32, error: &str| {
            format!(
                "INSERT INTO audits (environment, target, machine_id, observed_at_ms, duration_ms, verdict, spec_digest, \
                 error, findings_digest) VALUES ('e', 'vm', 'm', {at}, 7, 'drift', '{digest}', {error}, 'set');"
            )
        };
        let audits = format!(
            "INSERT INTO finding_sets VALUES ('set'); INSERT INTO finding_set_entries VALUES ('set', 'tool:a', 'drift');\
             {} {} {}",
            row(1, "NULL"),
            row(2, "NULL"),
            row(3, "'gone'")
        );
        left_by(&path, &MIGRATIONS[..3], audits.leak());
        let periods = Store::open(&path).unwrap().periods("e", "vm").unwrap();
        let told: Vec<_> = periods
            .iter()
            .map(|period| (period.audits, period.to.as_millisecond(), period.seen.error.as_deref()))
            .collect();
        assert_eq!(told, [(2, 2, None), (1, 3, Some("gone"))]);
        assert_eq!(periods[0].seen.findings.len(), 1);
    }

    #[test]
    fn many_upgrade_an_older_version_at_once() {
        for _ in 0..5 {
            let temp = tempfile::tempdir().unwrap();
            let path = temp.path().join("store.db");
            left_by(&path, &MIGRATIONS[..1], "PRAGMA journal_mode = WAL");
            let start = std::sync::Barrier::new(8);
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        start.wait();
                        Store::open(&path).unwrap();
                    });
                }
            });
        }
    }

    #[test]
    fn a_newer_version_is_refused_and_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("store.db");
        left_by(&path, &MIGRATIONS, "INSERT INTO schema_version VALUES (99)");
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 99, known: 5, .. }), "{error}");
        assert!(error.to_string().contains("update trueup"), "{error}");
    }

    #[test]
    fn a_step_that_fails_leaves_the_version_before() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("store.db");
        left_by(&path, &MIGRATIONS[..1], "CREATE TABLE attestations (in_the_way INTEGER)");
        assert!(matches!(Store::open(&path), Err(StoreError::Database { action: "upgrade the store", .. })));
        let only: [&str; 1] = [MIGRATIONS[0]];
        left_by(&path, &only, "DROP TABLE attestations");
        Store::open(&path).unwrap();
    }
}
