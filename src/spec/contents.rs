//! The contents of dotfiles that are on this machine: kept beside the lock, in the spec's `source`, in a reference's own
//! home if that is here.
//!
//! A content goes by its digest: one whose bytes have another is not taken, and among the kept ones it is an error.
#![expect(clippy::disallowed_methods, reason = "IO edge: reads and writes contents")]

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::dotfile::{Compare, Extent};
use super::environment::Environment;
use super::fact::{Digest, Fact, FileFact};
use super::item::Category;
use super::load::{LoadError, replace_file};
use super::lock::{Lock, Locked};
use super::secrets::is_secret_path;

/// Files larger than this are not looked at for being shown or compared by their keys, in bytes.
const LARGEST_SHOWN: u64 = 1 << 20;

/// The folder of the kept contents of the lock at this path: `dev.contents` beside `dev.lock`.
pub(super) fn folder(lock: &Path) -> PathBuf {
    lock.with_extension("contents")
}

fn place(folder: &Path, digest: &Digest) -> PathBuf {
    folder.join("sha256").join(digest.hex())
}

/// The content with this digest, if it is kept or in the source. The reference's own files are for the caller to ask for.
pub fn at_hand(environment: &Environment, name: &str, digest: &Digest) -> Option<Vec<u8>> {
    let kept = environment.dotfiles.kept.as_deref().map(|folder| place(folder, digest));
    kept.into_iter().chain(in_source(environment, name)).find_map(|path| {
        // What cannot be read is not at hand; the next place may have it.
        std::fs::read(path).ok().filter(|bytes| Digest::of(bytes) == *digest)
    })
}

/// What stands in the source, and in the reference's home on this machine, whatever its digest.
pub fn candidates(environment: &Environment, name: &str) -> Vec<Vec<u8>> {
    let small = |path: &PathBuf| path.metadata().is_ok_and(|found| found.is_file() && found.len() <= LARGEST_SHOWN);
    // What cannot be read is not at hand.
    places(environment, name).into_iter().filter(small).filter_map(|path| std::fs::read(path).ok()).collect()
}

/// The source holds what belongs into the home, nothing else.
fn in_source(environment: &Environment, name: &str) -> Option<PathBuf> {
    environment.dotfiles.source.as_ref().filter(|_| !name.starts_with('/')).map(|source| source.join(name))
}

fn places(environment: &Environment, name: &str) -> Vec<PathBuf> {
    // Joined with an absolute path, the home gives way to it.
    let own = environment.dotfiles.reference_home.as_ref().map(|home| home.join(name));
    in_source(environment, name).into_iter().chain(own).collect()
}

/// The files of which a difference could be shown, with the lock's digests.
pub(super) fn known(environment: &Environment, lock: &Lock) -> BTreeMap<String, Digest> {
    let mut known = BTreeMap::new();
    for entry in &environment.dotfiles.entries {
        if entry.extent != Extent::Path || entry.compare != Compare::Content || is_secret_path(&entry.name) {
            continue;
        }
        let id = super::item::ItemId::new(Category::Dotfile, &entry.name);
        let Some(Locked::Present(Fact::File(FileFact::File { digest, .. }))) = lock.items.get(&id) else { continue };
        let kept = environment.dotfiles.kept.as_deref().map(|folder| place(folder, digest));
        if kept.into_iter().chain(places(environment, &entry.name)).any(|path| path.is_file()) {
            known.insert(entry.name.clone(), digest.clone());
        }
    }
    known
}

/// What is kept, every content seen to be what its name says.
pub(super) fn verified(folder: &Path) -> Result<BTreeSet<Digest>, LoadError> {
    let folder = folder.join("sha256");
    let read = |path: &Path| {
        let path = path.to_owned();
        move |source| LoadError::Read { path, source }
    };
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(source) => return Err(LoadError::Read { path: folder, source }),
    };
    let mut kept = BTreeSet::new();
    for entry in entries {
        let entry = entry.map_err(read(&folder))?;
        let (path, name) = (entry.path(), entry.file_name());
        // What a desktop leaves in every folder, and what a capture was writing when it ended.
        let name = name.to_string_lossy();
        if name.starts_with('.') || name.ends_with(".new") {
            continue;
        }
        let bytes = std::fs::read(&path).map_err(read(&path))?;
        let digest = Digest::from_hex(&name).filter(|digest| *digest == Digest::of(&bytes));
        kept.insert(digest.ok_or(LoadError::Kept(path))?);
    }
    Ok(kept)
}

/// Of the lock's bytes and the kept contents.
pub(super) fn lock_digest(text: &str, kept: &BTreeSet<Digest>) -> Digest {
    let lock = Digest::of(text.as_bytes());
    if kept.is_empty() {
        return lock;
    }
    let kept: String = kept.iter().map(|digest| format!("kept {digest}\n")).collect();
    Digest::of(format!("lock {lock}\n{kept}").as_bytes())
}

/// Keeps these contents and no others. A folder that nothing is in goes.
pub fn keep(folder: &Path, contents: &BTreeMap<Digest, Vec<u8>>) -> io::Result<()> {
    let below = folder.join("sha256");
    if !contents.is_empty() {
        std::fs::create_dir_all(&below)?;
    }
    for (digest, bytes) in contents {
        let path = place(folder, digest);
        if !path.exists() {
            replace_file(&path, bytes)?;
        }
    }
    let entries = match std::fs::read_dir(&below) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let wanted = Digest::from_hex(&name).is_some_and(|digest| contents.contains_key(&digest));
        if !wanted && !name.starts_with('.') {
            std::fs::remove_file(path)?;
        }
    }
    if contents.is_empty() {
        // They stay if something else is in them.
        let _not_empty = std::fs::remove_dir(&below).and_then(|()| std::fs::remove_dir(folder));
    }
    Ok(())
}
