//! Opening the store's file: made closed to other users, brought to this version's schema, and safe when several
//! processes do so at once.
#![expect(clippy::disallowed_methods, reason = "IO edge: makes the store's folder and file")]

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{Connection as _, Row as _};

use super::{Store, StoreError, migrate};

/// How long a statement waits for another process to finish its own.
const BUSY_LIMIT: Duration = Duration::from_secs(15);
/// The switch to the write-ahead log does not wait by itself: it is tried this often …
const WAL_TRIES: u32 = 300;
/// … with this pause between.
const WAL_PAUSE: Duration = Duration::from_millis(50);

impl Store {
    /// Opens the store at this path; makes it, and the folder around it, where there is none yet.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        create_closed(path)?;
        // Its connection works on a thread of its own and needs neither timers nor sockets.
        let runtime =
            tokio::runtime::Builder::new_current_thread().build().map_err(failed("start a runtime for", path))?;
        let connection = runtime.block_on(connect(path))?;
        Ok(Self { path: path.to_owned(), runtime, connection: Mutex::new(connection) })
    }
}

impl Store {
    /// Opens the store to look things up, and writes nothing. None where there is no store yet, or one that no command
    /// has brought to this version's schema.
    pub fn open_to_read(path: &Path) -> Result<Option<Self>, StoreError> {
        if !path.try_exists().map_err(failed("look for", path))? {
            return Ok(None);
        }
        let runtime =
            tokio::runtime::Builder::new_current_thread().build().map_err(failed("start a runtime for", path))?;
        let refused = |source| StoreError::Database { action: "open the store", path: path.to_owned(), source };
        let options =
            SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY_LIMIT).foreign_keys(true);
        let opened = runtime.block_on(async {
            let mut connection = SqliteConnection::connect_with(&options).await.map_err(refused)?;
            let current = migrate::is_current(&mut connection, path).await?;
            Ok::<_, StoreError>(current.then_some(connection))
        })?;
        Ok(opened.map(|connection| Self { path: path.to_owned(), runtime, connection: Mutex::new(connection) }))
    }
}

async fn connect(path: &Path) -> Result<SqliteConnection, StoreError> {
    let failed = |source| StoreError::Database { action: "open the store", path: path.to_owned(), source };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(BUSY_LIMIT)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(failed)?;
    write_ahead(&mut connection).await.map_err(failed)?;
    migrate::upgrade(&mut connection, path, &migrate::MIGRATIONS).await?;
    Ok(connection)
}

/// Turns the write-ahead log on, so that readers and a writer do not hinder each other. SQLite answers "locked" at once
/// where another process is just switching, whatever the busy limit.
async fn write_ahead(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut tries = 0;
    loop {
        match sqlx::query("PRAGMA journal_mode = WAL").fetch_one(&mut *connection).await {
            Ok(row) if row.try_get::<String, _>(0)? == "wal" => return Ok(()),
            Ok(row) => {
                let mode: String = row.try_get(0)?;
                let message = format!("the file system allows no write-ahead log (journal mode stays `{mode}`)");
                return Err(sqlx::Error::Configuration(message.into()));
            }
            Err(error) if tries < WAL_TRIES && is_busy(&error) => {
                tries += 1;
                std::thread::sleep(WAL_PAUSE);
            }
            Err(error) => return Err(error),
        }
    }
}

/// SQLITE_BUSY and SQLITE_LOCKED, whose extended codes share the low byte.
fn is_busy(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .and_then(|code| code.parse::<u32>().ok())
        .is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

/// Makes the folder (mode 0700) and an empty file (mode 0600); SQLite gives its side files the same mode. The file is
/// made under another name and linked: closing a handle on the file itself would drop the locks that SQLite holds on it
/// in this process.
fn create_closed(path: &Path) -> Result<(), StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed("create", folder))?;
    }
    if path.try_exists().map_err(failed("look for", path))? {
        return Ok(());
    }
    let mut unique = [0; 8];
    getrandom::fill(&mut unique).map_err(StoreError::Randomness)?;
    let draft = path.with_extension(format!("{:016x}.draft", u64::from_ne_bytes(unique)));
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(failed("create", &draft))?;
    let linked = match fs::hard_link(&draft, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed("create", path)(error)),
        Ok(()) | Err(_) => Ok(()),
    };
    fs::remove_file(&draft).map_err(failed("remove", &draft))?;
    linked
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |source| StoreError::Io { action, path, source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;
    use std::sync::Barrier;

    use super::*;
    use crate::store::NewAttestation;
    use crate::trust::KeyId;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn the_folder_and_all_files_are_closed_to_others() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("state/trueup/store.db");
        let store = Store::open(&path).unwrap();
        store.read("look", sqlx::query("SELECT 1")).unwrap();
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        let modes: Vec<_> = fs::read_dir(path.parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|file| (file.file_name().unwrap().to_owned(), mode(&file)))
            .collect();
        assert!(modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
        assert_eq!(modes.len(), 3, "the file, its write-ahead log and index, no draft: {modes:?}");
    }

    #[test]
    fn looking_makes_no_store_and_writes_to_none() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("state/store.db");
        assert!(Store::open_to_read(&path).unwrap().is_none());
        assert!(!path.parent().unwrap().exists());
        Store::open(&path).unwrap();
        let store = Store::open_to_read(&path).unwrap().unwrap();
        assert!(store.audited_targets("carmenta").unwrap().is_empty());
        let written = store.write("try to write in", async |transaction| {
            let refused = sqlx::query("DELETE FROM subjects").execute(&mut **transaction).await;
            refused.map(|_| ()).map_err(store.failed("try to write in"))
        });
        assert!(written.is_err());
        let path = temp.path().join("empty.db");
        fs::write(&path, "").unwrap();
        assert!(Store::open_to_read(&path).unwrap().is_none(), "an empty file has no schema");
    }

    #[test]
    fn what_is_promised_of_the_connection_holds() {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("store.db")).unwrap();
        let pragma = |sql: &'static str| store.read("look", sqlx::query(sql)).unwrap().remove(0);
        assert_eq!(pragma("PRAGMA journal_mode").get::<String, _>(0), "wal");
        assert_eq!(pragma("PRAGMA synchronous").get::<i64, _>(0), 2);
        assert_eq!(pragma("PRAGMA foreign_keys").get::<i64, _>(0), 1);
        assert!(pragma("PRAGMA busy_timeout").get::<i64, _>(0) >= 10_000);
    }

    #[test]
    fn many_open_and_upgrade_it_at_once() {
        for _ in 0..10 {
            let temp = tempfile::tempdir().unwrap();
            let path = temp.path().join("state/store.db");
            let start = Barrier::new(8);
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        start.wait();
                        let store = Store::open(&path).unwrap();
                        let new = NewAttestation {
                            environment: "carmenta",
                            target: "vm",
                            verifier: &KeyId::claimed("SHA256:x"),
                            recorded_at: "2026-05-01T12:00:00Z".parse().unwrap(),
                        };
                        store.record_attestation(&new, |_| Vec::new()).unwrap();
                    });
                }
            });
            let store = Store::open(&path).unwrap();
            assert_eq!(store.newest_attestation("carmenta", "vm").unwrap().unwrap().counter.0, 8);
        }
    }

    #[test]
    fn a_file_that_is_no_store_is_refused_and_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("store.db");
        let text = "dear diary, ".repeat(400);
        fs::write(&path, &text).unwrap();
        let message = Store::open(&path).unwrap_err().to_string();
        assert!(message.starts_with(&format!("cannot open the store in {}", path.display())), "{message}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}
