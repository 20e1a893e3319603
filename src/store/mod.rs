//! What is remembered between commands: audits, attestations and runs, in one SQLite file.
//!
//! Flow: [`Store::open`] brings the file to this version's schema; `audits`, `attestations` and `runs` each hold the
//! statements of their tables. The façade blocks: callers are synchronous, and a command that opens no store starts no
//! runtime. Statements use `$1` parameters and SQL that a second database would understand too.
//!
//! Invariants: whatever must hold together is read and written in one transaction that takes the write lock first;
//! counters are never given out twice; arguments of commands are never stored; rows that cannot be read are errors.

mod attestations;
mod audits;
mod checks;
mod migrate;
mod open;
pub mod process;
mod runs;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Connection as _, Row as _, Sqlite, Transaction};
use tokio::runtime::Runtime;

pub use attestations::{NewAttestation, StoredAttestation};
pub use audits::StateId;
pub use checks::{KeptChecks, checks_key};
pub use runs::{Begun, Controller, Ending, NewRun, Outcome, RunId, StoredRun, program_of};

/// The store. It may be shared between threads; they take turns.
pub struct Store {
    path: PathBuf,
    runtime: Runtime,
    connection: Mutex<SqliteConnection>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The database refused something.
    #[error("cannot {action} in {}: {source}", path.display())]
    Database {
        /// What was tried, as a verb.
        action: &'static str,
        /// The database's file.
        path: PathBuf,
        /// The database's words.
        source: sqlx::Error,
    },
    /// A later trueup has upgraded the file.
    #[error(
        "{} was last used by a newer trueup (its format is {found}, this one knows formats up to {known}); update \
         trueup, or name another folder with --state",
        path.display()
    )]
    Newer {
        /// The database's file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// A row holds what this program did not write.
    #[error("{} holds a row that cannot be read: {what}", path.display())]
    Unreadable {
        /// The database's file.
        path: PathBuf,
        /// Which value.
        what: String,
    },
    /// A run was to be ended that is not running.
    #[error("the run {0} is not running; it was ended already, or its controller was taken for lost")]
    NotRunning(RunId),
    /// The system has no randomness to make an id from.
    #[error("cannot get random bytes from the system: {0}")]
    Randomness(getrandom::Error),
}

impl Store {
    /// What a failed statement becomes.
    fn failed(&self, action: &'static str) -> impl Fn(sqlx::Error) -> StoreError + use<'_> {
        move |source| StoreError::Database { action, path: self.path.clone(), source }
    }

    fn unreadable(&self, what: impl Into<String>) -> StoreError {
        StoreError::Unreadable { path: self.path.clone(), what: what.into() }
    }

    /// The connection, for this thread alone. A panic elsewhere leaves at most an open transaction, which rolls back.
    fn connection(&self) -> MutexGuard<'_, SqliteConnection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` in a transaction that holds the write lock from its start, so that what it reads stays true until it
    /// has written. It commits if `work` succeeds and rolls back if not.
    fn write<T>(
        &self,
        action: &'static str,
        work: impl AsyncFnOnce(&mut Transaction<'_, Sqlite>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection();
        self.runtime.block_on(async {
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(self.failed(action))?;
            let done = work(&mut transaction).await?;
            transaction.commit().await.map_err(self.failed(action))?;
            Ok(done)
        })
    }

    /// Runs one reading statement.
    fn read(
        &self,
        action: &'static str,
        query: sqlx::query::Query<'_, Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let mut connection = self.connection();
        self.runtime.block_on(query.fetch_all(&mut *connection)).map_err(self.failed(action))
    }

    /// A column's value; the wrong type is an error, not a default.
    fn column<'r, T>(&self, row: &'r SqliteRow, name: &'static str) -> Result<T, StoreError>
    where
        T: sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite>,
    {
        row.try_get(name).map_err(|error| self.unreadable(error.to_string()))
    }

    fn time(&self, row: &SqliteRow, name: &'static str) -> Result<Timestamp, StoreError> {
        let ms: i64 = self.column(row, name)?;
        Timestamp::from_millisecond(ms).map_err(|error| self.unreadable(format!("{name}: {error}")))
    }

    fn number<T: TryFrom<i64>>(&self, row: &SqliteRow, name: &'static str) -> Result<T, StoreError> {
        let value: i64 = self.column(row, name)?;
        T::try_from(value).map_err(|_| self.unreadable(format!("{name}: {value}")))
    }
}
