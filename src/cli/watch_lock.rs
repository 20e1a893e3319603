//! One watcher for each environment of a state folder: two would tell everything twice.
#![expect(clippy::disallowed_methods, reason = "IO edge: makes and locks a file in the state folder")]

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use super::error::CliError;
use super::vouch::now;

/// Held as long as it lives. The system lets go of it when the process ends, however it ends.
pub(super) struct WatchLock {
    _file: File,
}

impl WatchLock {
    /// Takes the lock of an environment in a state folder, or says who holds it.
    pub(super) fn take(state: &Path, environment: &str) -> Result<Self, CliError> {
        let path = state.join(format!("watch-{environment}.lock"));
        let failed = |source| CliError::Write { path: path.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(state).map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                // Who it is only helps to find it.
                let _unread = file.read_to_string(&mut holder);
                return Err(CliError::AlreadyWatched {
                    environment: environment.to_owned(),
                    state: state.to_owned(),
                    holder: holder.trim().to_owned(),
                });
            }
            Err(error) => return Err(failed(error.into())),
        }
        let text = format!("process {}, since {:.0}\n", std::process::id(), now());
        file.set_len(0).and_then(|()| file.write_all(text.as_bytes())).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_watcher_is_told_who_the_first_is() {
        let temp = tempfile::tempdir().unwrap();
        let state = temp.path().join("state");
        let first = WatchLock::take(&state, "dev").unwrap();
        let message = WatchLock::take(&state, "dev").err().unwrap().to_string();
        assert!(message.contains(&format!("process {}, since ", std::process::id())), "{message}");
        WatchLock::take(&state, "other").unwrap();
        drop(first);
        WatchLock::take(&state, "dev").unwrap();
    }
}
