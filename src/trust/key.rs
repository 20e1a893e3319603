//! Keys in files. The keys folder is the verifier's alone: `verifier.pem` (its key, mode 0600), `verifier.pub.pem`
//! (what others are given), and `trusted/*.pub.pem` (the keys of other verifiers that are believed here).
//!
//! The host keys of machines that trueup makes lie in files of their own, wherever the caller says.
//!
//! Invariants: a key appears whole or not at all, and two processes that create it at once end with the same one. What
//! others could read or replace is refused, not repaired: who knows who has read it already.
#![expect(clippy::disallowed_methods, reason = "IO edge: keeps the keys in files")]

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::TrustError;
use super::host_key::HostKey;
use super::identity::{PublicKey, Roots, VerifierKey};

const PRIVATE: &str = "verifier.pem";
const PUBLIC: &str = "verifier.pub.pem";
const TRUSTED: &str = "trusted";
const PUBLIC_SUFFIX: &str = ".pub.pem";

/// What nobody but the owner may do with a key or with the folder: anything.
const CLOSED_TO_OTHERS: u32 = 0o077;
/// What nobody but the owner may do with a trusted public key: replace it.
const NOT_WRITABLE_BY_OTHERS: u32 = 0o022;

impl VerifierKey {
    /// The key of this folder; made, and the folder with it, where there is none yet.
    pub fn load_or_create(keys_dir: &Path) -> Result<Self, TrustError> {
        DirBuilder::new().recursive(true).mode(0o700).create(keys_dir).map_err(failed("create", keys_dir))?;
        refuse_if_open(keys_dir, NOT_WRITABLE_BY_OTHERS, 0o700)?;
        let path = keys_dir.join(PRIVATE);
        if !path.try_exists().map_err(failed("look for", &path))? {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).map_err(TrustError::Randomness)?;
            create_whole(&path, Self::from_seed(&seed).to_pem().as_bytes(), 0o600)?;
        }
        let key = Self::load(&path)?;
        publish(&keys_dir.join(PUBLIC), &key.public())?;
        Ok(key)
    }

    fn load(path: &Path) -> Result<Self, TrustError> {
        refuse_if_open(path, CLOSED_TO_OTHERS, 0o600)?;
        let pem = fs::read_to_string(path).map_err(failed("read", path))?;
        Self::from_pem(&pem).map_err(|message| TrustError::NotAKey { path: path.to_owned(), message })
    }
}

impl HostKey {
    /// The key that this file holds; made, and its folder with it, where there is none yet.
    pub fn load_or_create(path: &Path) -> Result<Self, TrustError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed("create", folder))?;
        refuse_if_open(folder, NOT_WRITABLE_BY_OTHERS, 0o700)?;
        if !path.try_exists().map_err(failed("look for", path))? {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).map_err(TrustError::Randomness)?;
            create_whole(path, Self::from_seed(&seed).to_pem().as_bytes(), 0o600)?;
        }
        refuse_if_open(path, CLOSED_TO_OTHERS, 0o600)?;
        let pem = fs::read_to_string(path).map_err(failed("read", path))?;
        Self::from_pem(&pem).map_err(|message| TrustError::NotAKey { path: path.to_owned(), message })
    }
}

impl Roots {
    /// The folder's own key, if it has one, and all keys of its `trusted` folder. A file there that is not a key is an
    /// error: a trust decision that someone believes to have made would else be ignored.
    pub fn load(keys_dir: &Path) -> Result<Self, TrustError> {
        let mut keys = Vec::new();
        let own = keys_dir.join(PRIVATE);
        if own.try_exists().map_err(failed("look for", &own))? {
            refuse_if_open(keys_dir, NOT_WRITABLE_BY_OTHERS, 0o700)?;
            keys.push(VerifierKey::load(&own)?.public());
        }
        for path in trusted_files(&keys_dir.join(TRUSTED))? {
            refuse_if_open(&path, NOT_WRITABLE_BY_OTHERS, 0o600)?;
            keys.push(read_public(&path)?);
        }
        Ok(Self::new(keys))
    }
}

/// The public key files of the `trusted` folder, sorted. No folder, no keys.
fn trusted_files(folder: &Path) -> Result<Vec<PathBuf>, TrustError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("list", folder)(error)),
    };
    refuse_if_open(folder, NOT_WRITABLE_BY_OTHERS, 0o700)?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed("list", folder))?.path();
        if path.as_os_str().as_encoded_bytes().ends_with(PUBLIC_SUFFIX.as_bytes()) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read_public(path: &Path) -> Result<PublicKey, TrustError> {
    let pem = fs::read_to_string(path).map_err(failed("read", path))?;
    PublicKey::from_pem(&pem).map_err(|message| TrustError::NotAKey { path: path.to_owned(), message })
}

/// Puts the public half beside the key, for its owner to give to others.
fn publish(path: &Path, key: &PublicKey) -> Result<(), TrustError> {
    if !path.try_exists().map_err(failed("look for", path))? {
        create_whole(path, key.to_pem().as_bytes(), 0o644)?;
    }
    if read_public(path)? == *key { Ok(()) } else { Err(TrustError::OtherPublicKey { path: path.to_owned() }) }
}

/// Creates a file with its whole content at once, and leaves one that is already there as it is: it is written under
/// another name and then linked, because a link, unlike a rename, never replaces.
fn create_whole(path: &Path, content: &[u8], mode: u32) -> Result<(), TrustError> {
    let mut unique = [0; 8];
    getrandom::fill(&mut unique).map_err(TrustError::Randomness)?;
    let draft = path.with_extension(format!("{:016x}.draft", u64::from_ne_bytes(unique)));
    let written =
        write_new(&draft, content, mode).map_err(failed("write", &draft)).and_then(|()| {
            match fs::hard_link(&draft, path) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed("create", path)(error)),
                Ok(()) | Err(_) => Ok(()),
            }
        });
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", &draft)(error)),
        Ok(()) | Err(_) => written,
    }
}

fn write_new(path: &Path, content: &[u8], mode: u32) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn refuse_if_open(path: &Path, forbidden: u32, closed: u32) -> Result<(), TrustError> {
    let mode = fs::metadata(path).map_err(failed("look at", path))?.mode() & 0o7777;
    if mode & forbidden == 0 { Ok(()) } else { Err(TrustError::Open { path: path.to_owned(), mode, closed }) }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> TrustError + use<> {
    let path = path.to_owned();
    move |source| TrustError::Io { action, path, source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Barrier;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_key_is_made_once_and_closed_to_others() {
        let temp = tempfile::tempdir().unwrap();
        let keys = temp.path().join("state/keys");
        let made = VerifierKey::load_or_create(&keys).unwrap();
        assert_eq!(VerifierKey::load_or_create(&keys).unwrap().public(), made.public());
        assert_eq!((mode(&keys), mode(&keys.join(PRIVATE))), (0o700, 0o600));
        assert_eq!(read_public(&keys.join(PUBLIC)).unwrap(), made.public());
        let names: Vec<_> = fs::read_dir(&keys).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "no draft is left behind: {names:?}");
    }

    #[test]
    fn many_that_create_it_at_once_end_with_one_key() {
        let temp = tempfile::tempdir().unwrap();
        let keys = temp.path().join("keys");
        let start = Barrier::new(8);
        let made: Vec<PublicKey> = std::thread::scope(|scope| {
            let create = || {
                start.wait();
                VerifierKey::load_or_create(&keys).unwrap().public()
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(made.iter().all(|key| *key == made[0]), "{made:?}");
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_with_the_way_out() {
        let temp = tempfile::tempdir().unwrap();
        let keys = temp.path().join("keys");
        VerifierKey::load_or_create(&keys).unwrap();
        let path = keys.join(PRIVATE);
        for open in [0o640, 0o604] {
            set_mode(&path, open);
            let message = VerifierKey::load_or_create(&keys).unwrap_err().to_string();
            assert!(message.contains(&format!("mode {open:04o}")), "{message}");
            assert!(message.ends_with(&format!("chmod 600 {}", path.display())), "{message}");
            assert!(Roots::load(&keys).is_err());
        }
    }

    #[test]
    fn a_folder_or_trusted_key_that_others_can_replace_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let keys = temp.path().join("keys");
        VerifierKey::load_or_create(&keys).unwrap();
        fs::create_dir(keys.join(TRUSTED)).unwrap();
        set_mode(&keys.join(TRUSTED), 0o700);
        let friend = keys.join(TRUSTED).join("ci.pub.pem");
        fs::write(&friend, VerifierKey::from_seed(&[1; 32]).public().to_pem()).unwrap();
        for path in [&friend, &keys.join(TRUSTED), &keys] {
            let before = mode(path);
            set_mode(path, before | 0o020);
            assert!(matches!(Roots::load(&keys), Err(TrustError::Open { .. })), "{}", path.display());
            set_mode(path, before & !0o022);
        }
        assert_eq!(Roots::load(&keys).unwrap().keys().len(), 2);
    }

    #[test]
    fn roots_are_the_own_key_and_the_trusted_ones() {
        let temp = tempfile::tempdir().unwrap();
        let keys = temp.path().join("keys");
        assert_eq!(Roots::load(&keys).unwrap(), Roots::default());
        let own = VerifierKey::load_or_create(&keys).unwrap().public();
        let friend = VerifierKey::from_seed(&[1; 32]).public();
        fs::create_dir(keys.join(TRUSTED)).unwrap();
        fs::write(keys.join(TRUSTED).join("ci.pub.pem"), friend.to_pem()).unwrap();
        fs::write(keys.join(TRUSTED).join("README"), "not a key").unwrap();
        for path in [keys.join(TRUSTED), keys.join(TRUSTED).join("ci.pub.pem")] {
            let private = mode(&path) & !0o022;
            set_mode(&path, private);
        }
        assert_eq!(Roots::load(&keys).unwrap().keys(), [own, friend]);
        let broken = keys.join(TRUSTED).join("broken.pub.pem");
        write_new(&broken, b"-----BEGIN NOTHING-----", 0o600).unwrap();
        assert!(matches!(Roots::load(&keys), Err(TrustError::NotAKey { path, .. }) if path == broken));
    }

    #[test]
    fn the_public_file_of_another_key_is_noticed() {
        let temp = tempfile::tempdir().unwrap();
        let keys = temp.path().join("keys");
        VerifierKey::load_or_create(&keys).unwrap();
        fs::write(keys.join(PUBLIC), VerifierKey::from_seed(&[1; 32]).public().to_pem()).unwrap();
        assert!(matches!(VerifierKey::load_or_create(&keys), Err(TrustError::OtherPublicKey { .. })));
    }
}
