//! The two homes of the corpus: `jane` on the reference, `agent` on the target, furnished once by
//! `fixtures/repos/furnish` and kept below `target/` under a digest of all that they are made of. A second run does nothing.
//!
//! Nobody writes into them afterwards: whatever happens on a machine happens in a mount namespace of its own, where an
//! overlay lies over both homes and over the system's configuration. So every row begins with pristine machines, which costs milliseconds, and
//! rows run side by side.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{FlockOperation, flock};
use trueup::spec::Digest;

use crate::support::machine::SYSTEM_PATH;
use crate::support::mounts::own_mounts;

/// The repositories in each home's `src`.
pub(super) const REPOS: [&str; 4] = ["shop", "ledger", "forge", "plain"];

/// Where the homes are, as long as somebody looks: away from this checkout, since tools look for configuration in the
/// folders above.
const PLACE: &str = "/media";

/// Enters a namespace in which the folder `$1` is at `/media`, and does the rest of what it is given.
const MAKING: &str = r#"
mount --bind "$1" /media
shift
exec "$@"
"#;

/// Enters a namespace in which overlays over what the folder `$1` holds are at `/media`, with others over the system's
/// configuration, and does the rest of what it is given.
const PRISTINE: &str = r#"
mount -t tmpfs -o mode=0755 tmpfs /media
lay() {
    mkdir -p "$2" "/media/written/$3/upper" "/media/written/$3/work"
    mount -t overlay -o "lowerdir=$1,upperdir=/media/written/$3/upper,workdir=/media/written/$3/work" overlay "$2"
}
lay "$1/Users" /media/Users 1
lay "$1/home" /media/home 2
lay /etc /etc 3
[ ! -d /usr/local/etc ] || lay /usr/local/etc /usr/local/etc 4
mkdir /media/tmp
shift
exec "$@"
"#;

/// Both homes, furnished.
pub(super) struct Homes {
    base: PathBuf,
    rust: String,
}

impl Homes {
    /// Furnishes them unless that has been done.
    pub(super) fn furnished() -> Self {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repos");
        let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus");
        let base = all.join(&key(&sources)[..16]);
        fs::create_dir_all(&all).unwrap();
        // Tests run in processes of their own, and the first of them furnishes for all.
        let lock = File::create(all.join("lock")).unwrap();
        flock(&lock, FlockOperation::LockExclusive).unwrap();
        let ready = base.join("ready");
        if !ready.exists() {
            forget_others(&all);
            fs::create_dir(&base).unwrap();
            let mut furnish = own_mounts(MAKING, &base);
            let output = furnish.arg(sources.join("furnish")).arg(PLACE).arg(all.join("cache")).output().unwrap();
            assert!(output.status.success(), "the homes cannot be furnished:\n{}", shown(&output));
            fs::write(ready, "").unwrap();
        }
        Self { base, rust: said("rustc", &["--print", "sysroot"]) + "/bin" }
    }

    /// The reference's home.
    pub(super) fn reference(&self) -> PathBuf {
        Path::new(PLACE).join("Users/jane")
    }

    /// The target's home.
    pub(super) fn target(&self) -> PathBuf {
        Path::new(PLACE).join("home/agent")
    }

    /// A home's search path: what its user put into `bin`, the Rust tools, the system's.
    pub(super) fn path(&self, home: &Path) -> String {
        format!("{}/bin:{}:{SYSTEM_PATH}", home.display(), self.rust)
    }

    /// A spec of one repository in both homes.
    pub(super) fn spec(&self, repo: &str) -> String {
        let table = |name: &str, home: PathBuf| {
            format!("[targets.{name}]\nkind = \"local\"\nhome = {home:?}\npath = {:?}\n\n", self.path(&home))
        };
        format!(
            "version = 1\nname = \"{repo}\"\nreference = \"a\"\n\n{}{}[shell]\nlogin = false\n\n[env]\nNODE_OPTIONS = \
             \"exact\"\n\n[repos.{repo}]\npath = \"~/src/{repo}\"\n",
            table("a", self.reference()),
            table("b", self.target()),
        )
    }

    /// A command that begins with pristine homes, and whose changes to them vanish with it.
    pub(super) fn pristine(&self, words: &[&str]) -> Command {
        let mut command = own_mounts(PRISTINE, &self.base);
        command
            .args(words)
            .env_clear()
            .env("PATH", SYSTEM_PATH)
            .env("HOME", "/nonexistent")
            .env("LANG", "C.UTF-8")
            .env("TMPDIR", "/media/tmp");
        command
    }
}

/// What the homes are made of: the sources, how they are furnished, and the programs that do it.
fn key(sources: &Path) -> String {
    let mut parts = vec![said("node", &["--version"]), said("python3", &["--version"])];
    parts.push(said("rustc", &["--version"]));
    for entry in walkdir::WalkDir::new(sources).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o111;
            let digest = Digest::of(&fs::read(entry.path()).unwrap());
            parts.push(format!("{} {mode:o} {digest}", entry.path().strip_prefix(sources).unwrap().display()));
        }
    }
    Digest::of(parts.join("\n").as_bytes()).hex().to_owned()
}

/// Removes homes of earlier sources, half furnished ones too. What the registries gave stays.
fn forget_others(all: &Path) {
    for entry in fs::read_dir(all).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() && entry.file_name() != "cache" {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program} must be installed to run these tests: {error}"));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Both streams of a command that went wrong.
pub(super) fn shown(output: &std::process::Output) -> String {
    [&output.stdout, &output.stderr].map(|stream| String::from_utf8_lossy(stream)).concat()
}
