//! For tests: programs run in real shells. A shell that is not there fails the test by name; `scripts/test` installs all.
#![expect(clippy::disallowed_methods, reason = "tests are an IO edge: they start shells and watch the clock")]

use std::io::{Read as _, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

/// A shell that may stand behind `/bin/sh` or be somebody's login shell.
#[derive(Debug)]
pub(crate) struct RealShell {
    /// Its name in messages.
    pub(crate) name: &'static str,
    /// The program and the options that make it an sh.
    command: &'static [&'static str],
    /// Whether PATH holds nothing but busybox's own commands, as on Alpine.
    bare: bool,
}

const fn shell(name: &'static str, command: &'static [&'static str]) -> RealShell {
    RealShell { name, command, bare: false }
}

/// The shells that stand behind `/bin/sh` somewhere. macOS has no busybox. yash keeps characters, not bytes, and loses what
/// is no text in its locale; programs that need more start it anew in a locale of bytes, see [`YASH`].
pub(crate) const SHELLS: &[RealShell] = &[
    shell("dash", &["dash"]),
    shell("bash", &["bash"]),
    shell("bash --posix", &["bash", "--posix"]),
    shell("zsh as sh", &["zsh", "--emulate", "sh"]),
    shell("mksh", &["mksh"]),
    shell("ksh93", &["ksh93"]),
    #[cfg(target_os = "linux")]
    shell("busybox sh", &["busybox", "sh"]),
    #[cfg(target_os = "linux")]
    RealShell { name: "busybox sh with busybox's commands", command: &["busybox", "sh"], bare: true },
];

/// yash, for the programs that it can run.
pub(crate) static YASH: RealShell = shell("yash", &["yash"]);

/// Text made of what shells treat in a special way, of letters, and of any character at all.
pub(crate) fn awkward() -> impl Strategy<Value = String> {
    const SPECIAL: &str = "'\"\\\n$`();&|<>*?[]{}~!#%-= \t\r^@:,.\u{1}\u{7f}\u{80}\u{81}\u{88}\u{ff}é日😀\0";
    const WHOLE: [&str; 14] =
        ["", "-n", "-e", "--", "-", "$(id)", "`id`", "%s%n", "\\n\\0", "!!", "~root", "a b", "'", "\n\n"];
    let c = prop_oneof![
        3 => select(SPECIAL.chars().collect::<Vec<_>>()),
        1 => proptest::char::range('a', 'f'),
        1 => any::<char>(),
    ];
    prop_oneof![4 => vec(c, 0..12).prop_map(String::from_iter), 1 => select(WHOLE.to_vec()).prop_map(str::to_owned)]
}

/// What a run brought.
#[derive(Debug)]
pub(crate) struct Ran {
    /// As a shell would report it.
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Ran {
    pub(crate) fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

/// Folders of its own for one run: a home, a TMPDIR, and busybox's commands for the shells that want them.
#[derive(Debug)]
pub(crate) struct Room {
    folder: TempDir,
}

/// How long any run in a test may take before the test fails.
const LIMIT: Duration = Duration::from_secs(90);

impl Room {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        for name in ["home", "tmp", "applets"] {
            std::fs::create_dir(folder.path().join(name)).expect("the temporary folder can be written");
        }
        Self { folder }
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub(crate) fn tmp(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The shell with these arguments in a cleared environment whose locale is UTF-8, as people's are.
    pub(crate) fn command(&self, shell: &RealShell, arguments: &[&str]) -> Command {
        let mut command = Command::new(shell.command[0]);
        command.args(&shell.command[1..]).args(arguments);
        let search = if shell.bare { self.applets() } else { std::env::var("PATH").expect("PATH is set") };
        if shell.bare {
            command = Command::new(which(shell.command[0]));
            command.args(&shell.command[1..]).args(arguments);
        }
        command
            .env_clear()
            .env("PATH", search)
            .env("HOME", self.home())
            .env("TMPDIR", self.tmp())
            .env("LANG", "C.UTF-8")
            .env("LC_CTYPE", "C.UTF-8")
            .current_dir(self.home());
        command
    }

    /// Runs a program in a shell.
    pub(crate) fn run(&self, shell: &RealShell, arguments: &[&str], stdin: &[u8]) -> Ran {
        run(self.command(shell, arguments), stdin, shell.name)
    }

    fn applets(&self) -> String {
        let folder = self.folder.path().join("applets");
        if !folder.join("sh").exists() {
            let busybox = which("busybox");
            let made = Command::new(&busybox).args(["--install", "-s"]).arg(&folder).status();
            assert!(made.is_ok_and(|status| status.success()), "busybox cannot install its commands into a folder");
        }
        folder.to_str().expect("a temporary folder's name is text").to_owned()
    }
}

/// Where a program of PATH lies.
pub(crate) fn which(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").expect("PATH is set");
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{program} is not on PATH; scripts/test --setup installs it"))
}

/// Starts a command with piped streams in a process group of its own.
pub(crate) fn start(mut command: Command, name: &str) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    command
        .spawn()
        .unwrap_or_else(|error| panic!("{name} cannot be started ({error}); scripts/test --setup installs it"))
}

/// Runs a command to its end and hears both streams; one that takes too long fails the test.
pub(crate) fn run(command: Command, stdin: &[u8], name: &str) -> Ran {
    hear_out(command, stdin, false, name)
}

/// The same, with a stdin that has no end before the command has one: whoever listens is still there.
pub(crate) fn run_attended(command: Command, stdin: &[u8], name: &str) -> Ran {
    hear_out(command, stdin, true, name)
}

fn hear_out(command: Command, stdin: &[u8], attended: bool, name: &str) -> Ran {
    let mut child = start(command, name);
    let group = Pid::from_child(&child);
    let mut input = child.stdin.take().expect("stdin is piped");
    let (mut out, mut err) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    let bytes = stdin.to_owned();
    // A shell that stops reading has an exit code to show for it.
    let (leave, left) = mpsc::channel::<()>();
    std::thread::spawn(move || input.write_all(&bytes).is_ok() && attended && left.recv().is_err());
    let (sender, finished) = mpsc::channel();
    std::thread::spawn(move || {
        let errors = std::thread::spawn(move || {
            let mut stderr = Vec::new();
            err.read_to_end(&mut stderr).map(|_| stderr)
        });
        let mut stdout = Vec::new();
        let read = out.read_to_end(&mut stdout).map(|_| stdout);
        sender.send((read, errors.join(), child.wait())).is_ok()
    });
    let Ok((stdout, stderr, status)) = finished.recv_timeout(LIMIT) else {
        let _gone = kill_process_group(group, Signal::KILL);
        panic!("{name} did not end within {LIMIT:?}");
    };
    drop(leave);
    let status = status.expect("the shell can be waited for");
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).expect("it ended somehow");
    Ran {
        code,
        stdout: stdout.expect("stdout can be read"),
        stderr: stderr.expect("the reader does not panic").expect("stderr can be read"),
    }
}

/// Runs a test in every shell, side by side, and fails with the names of the shells in which it failed.
pub(crate) fn in_every_shell(test: impl Fn(&'static RealShell) + Sync) {
    let failed: Vec<&str> = std::thread::scope(|scope| {
        let runs: Vec<_> = SHELLS.iter().map(|shell| (shell.name, scope.spawn(|| test(shell)))).collect();
        runs.into_iter().filter_map(|(name, run)| run.join().is_err().then_some(name)).collect()
    });
    assert!(failed.is_empty(), "failed in: {}", failed.join(", "));
}

/// The processes that carry `mark` in their environment.
pub(crate) fn processes_marked(mark: &str) -> Vec<String> {
    let table = Command::new("ps").args(["axeww", "-o", "pid=,command="]).output().expect("ps can be run");
    let text = String::from_utf8_lossy(&table.stdout).into_owned();
    text.lines().filter(|line| line.contains(mark)).map(|line| line.chars().take(200).collect()).collect()
}
