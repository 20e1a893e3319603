//! Files, links and folders, in the home or at an absolute path.

use serde::{Deserialize, Serialize};

use crate::provision::program::Contents;
use crate::spec::{Digest, Mode};
use crate::transport::quote;

/// What is done in the file system. Paths are relative to the home, or absolute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum FileWork {
    /// Put a regular file in place.
    PutFile {
        /// Its place.
        path: String,
        /// Its permission bits.
        mode: Mode,
        /// Of its content.
        digest: Digest,
    },
    /// Put a settings file in place that has the reference's keys and is otherwise as it was.
    MergeKeys {
        /// Its place.
        path: String,
        /// Its permission bits.
        mode: Mode,
        /// Of what it was made of; none where nothing was there.
        over: Option<Digest>,
        /// Of what comes out.
        digest: Digest,
    },
    /// Put a symbolic link in place.
    PutLink {
        /// Its place.
        path: String,
        /// Where it points.
        to: String,
    },
    /// Make a folder, or give it its mode.
    PutFolder {
        /// Its place.
        path: String,
        /// Its permission bits.
        mode: Mode,
    },
    /// Move a folder out of the way, with all that is in it.
    MoveAside {
        /// Its place.
        path: String,
    },
    /// Remove a file or link.
    Remove {
        /// Its place.
        path: String,
    },
}

impl FileWork {
    /// What it is done to.
    pub fn path(&self) -> &str {
        let (Self::PutFile { path, .. }
        | Self::MergeKeys { path, .. }
        | Self::PutLink { path, .. }
        | Self::PutFolder { path, .. }
        | Self::MoveAside { path }
        | Self::Remove { path }) = self;
        path
    }

    pub(super) fn body(&self, contents: &Contents) -> String {
        let place = quote::place(self.path());
        match self {
            Self::PutFile { mode, digest, .. } => {
                let content = contents.get(digest).map_or(&[][..], Vec::as_slice);
                let put = quote::words(["tu_put_file", &place, &mode.to_string(), digest.hex()]);
                format!("{} | {put}", quote::printf_of(content))
            }
            Self::MergeKeys { mode, over, digest, .. } => {
                let content = contents.get(digest).map_or(&[][..], Vec::as_slice);
                let over = over.as_ref().map_or("none".to_owned(), |over| format!("file {}", over.hex()));
                let put = quote::words(["tu_put_over", &place, &mode.to_string(), digest.hex(), &over]);
                format!("{} | {put}", quote::printf_of(content))
            }
            Self::PutLink { to, .. } => quote::words(["tu_put_link", &place, to]),
            Self::PutFolder { mode, .. } => quote::words(["tu_put_folder", &place, &mode.to_string()]),
            Self::Remove { .. } => quote::words(["tu_remove", &place]),
            Self::MoveAside { .. } => quote::words(["tu_move_aside", &place]),
        }
    }

    pub(super) fn deed(&self) -> String {
        match self {
            Self::PutFile { mode, digest, .. } => format!("file, mode {mode}, {}", digest.short()),
            Self::MergeKeys { mode, over: Some(_), .. } => format!("only its owned keys, mode {mode}"),
            Self::MergeKeys { mode, over: None, .. } => format!("file with its owned keys alone, mode {mode}"),
            Self::PutLink { to, .. } => format!("link to {to}"),
            Self::PutFolder { mode, .. } => format!("folder, mode {mode}"),
            Self::Remove { .. } => "remove it; a backup stays".to_owned(),
            Self::MoveAside { .. } => "move the folder into the backup, with all that is in it".to_owned(),
        }
    }
}
