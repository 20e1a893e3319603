//! Machines of three shapes: this Debian as it is, one that has nothing but busybox, and a Mac as far as trueup can tell.
//!
//! The last two are roots of their own behind a real SSH server, so that `/bin`, `/usr/bin` and the others hold just what such
//! a system has. A connection enters its root in a mount namespace of its own: what the root borrows from this machine is
//! mounted there, and is gone when the last process of the connection is. Root makes the namespace by itself, anybody else
//! within a user namespace.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A root folder, its user and what it borrows. Gone with its value.
pub(crate) struct Shape {
    folder: TempDir,
    /// The user's home, as seen within.
    home: &'static str,
    /// The user's login shell.
    shell: &'static str,
    /// The PATH that the SSH server gives.
    path: &'static str,
    /// Where a test's own tools are put.
    tools: &'static str,
}

/// Enters the root: `$1` is the folder that holds it.
const ENTER: &str = r#"set -e
cd "$1"
while read -r from to; do /bin/mount --rbind "$from" "root$to"; done <mounts
cd root
exec /usr/sbin/chroot . /bin/sh -c 'cd "$HOME" && exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"'
"#;

impl Shape {
    /// An empty root.
    pub(super) fn new(home: &'static str, shell: &'static str, path: &'static str, tools: &'static str) -> Self {
        let folder = TempDir::with_prefix("shape-").unwrap();
        let shape = Self { folder, home, shell, path, tools };
        fs::write(shape.folder.path().join("enter"), ENTER).unwrap();
        for place in ["dev", ".shape", &home[1..], &tools[1..]] {
            shape.folder(place);
        }
        shape.borrow("/dev", "/dev");
        shape
    }

    /// The root folder.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// A place in the root.
    pub(crate) fn at(&self, place: &str) -> PathBuf {
        self.root().join(place.trim_start_matches('/'))
    }

    /// The home, as seen within.
    pub(crate) fn home(&self) -> &'static str {
        self.home
    }

    /// The login shell, as seen within.
    pub(crate) fn shell(&self) -> &'static str {
        self.shell
    }

    /// The PATH that the SSH server gives.
    pub(crate) fn path(&self) -> &'static str {
        self.path
    }

    /// Where a test's own tools are put.
    pub(crate) fn tools(&self) -> PathBuf {
        self.at(self.tools)
    }

    /// The same folder, as seen within.
    pub(crate) fn tools_within(&self) -> &'static str {
        self.tools
    }

    /// The command line that enters it.
    pub(crate) fn entrance(&self) -> String {
        let own = if rustix::process::geteuid().is_root() { "" } else { "--user --map-root-user " };
        let folder = self.folder.path().display();
        format!("exec /usr/bin/unshare --mount {own}--propagation private /bin/sh '{folder}/enter' '{folder}'")
    }

    /// Whether a process runs within.
    pub(crate) fn holds(&self, process: &Path) -> bool {
        let about = |path: &Path| fs::metadata(path).map(|about| (about.dev(), about.ino())).ok();
        let root = about(&process.join("root/."));
        root.is_some() && root == about(&self.root())
    }

    /// Makes a folder.
    pub(super) fn folder(&self, place: &str) {
        fs::create_dir_all(self.at(place)).unwrap();
    }

    /// Puts a file there.
    pub(crate) fn put(&self, place: &str, content: impl AsRef<[u8]>) {
        self.folder(Path::new(place).parent().unwrap().to_str().unwrap());
        fs::write(self.at(place), content).unwrap();
    }

    /// Puts a program there.
    pub(super) fn program(&self, place: &str, content: impl AsRef<[u8]>) {
        self.put(place, content);
        fs::set_permissions(self.at(place), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts a link there.
    pub(super) fn link(&self, place: &str, to: &str) {
        self.folder(Path::new(place).parent().unwrap().to_str().unwrap());
        symlink(to, self.at(place)).unwrap();
    }

    /// Mounts a folder of this machine there, for as long as a connection lasts.
    pub(super) fn borrow(&self, from: &str, to: &str) {
        self.folder(to);
        let mounts = self.folder.path().join("mounts");
        let so_far = fs::read_to_string(&mounts).unwrap_or_default();
        fs::write(mounts, format!("{so_far}{from} {to}\n")).unwrap();
    }

    /// A program of this machine, by the name that a search of PATH finds.
    pub(super) fn copy(&self, name: &str, place: &str) {
        self.program(place, fs::read(found(name)).unwrap());
    }

    /// What dynamically linked programs need, and what git and perl bring with them.
    pub(super) fn borrow_libraries(&self) {
        let linked = Command::new("ldd").arg(found("git")).output().unwrap();
        for word in String::from_utf8(linked.stdout).unwrap().split_whitespace().filter(|word| word.starts_with('/')) {
            // The name that the program asks for, and the place that it leads to.
            for file in [PathBuf::from(word), fs::canonicalize(word).unwrap()] {
                self.borrow_once(file.parent().unwrap());
            }
        }
        let helpers = Command::new("git").arg("--exec-path").output().unwrap();
        self.borrow_once(Path::new(String::from_utf8(helpers.stdout).unwrap().trim()));
        for place in ["/usr/share/perl", "/usr/share/perl5", "/usr/share/git-core", "/usr/local/share/git-core"] {
            if Path::new(place).is_dir() {
                self.borrow_once(Path::new(place));
            }
        }
    }

    fn borrow_once(&self, folder: &Path) {
        let mounts = fs::read_to_string(self.folder.path().join("mounts")).unwrap();
        let line = format!("{0} {0}", folder.display());
        if !mounts.lines().any(|known| known == line) {
            self.borrow(folder.to_str().unwrap(), folder.to_str().unwrap());
        }
    }
}

/// Where a program of this machine is.
pub(super) fn found(name: &str) -> PathBuf {
    let places = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"].map(|place| Path::new(place).join(name));
    let place = places.into_iter().find(|place| place.is_file());
    place.unwrap_or_else(|| panic!("{name} must be installed to run these tests: see scripts/test --setup"))
}
