//! Machines to hold true: a home and a search path of their own, on this machine or behind a real SSH server.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::shape::Shape;
use super::sshd::{SshServer, SshServerBuilder, user};

/// Where every machine finds the system's own tools, behind those of its own.
pub(crate) const SYSTEM_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The commands by which files are changed.
const CHANGING: [&str; 6] = ["mkdir", "chmod", "cp", "mv", "rm", "ln"];

/// A machine, gone with its value.
pub(crate) struct Machine {
    folder: TempDir,
    server: Option<SshServer>,
    shape: Option<Shape>,
}

impl Machine {
    /// A sandbox on this machine.
    pub(crate) fn local() -> Self {
        let folder = TempDir::with_prefix("machine-").unwrap();
        for name in ["home", "bin"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder, server: None, shape: None }
    }

    /// A machine behind an SSH server.
    pub(crate) fn over_ssh() -> Self {
        let mut machine = Self::local();
        machine.server = Some(SshServer::builder().path(&machine.path()).start());
        machine
    }

    /// A machine behind an SSH server of a special kind.
    pub(crate) fn behind(special: impl FnOnce(SshServerBuilder) -> SshServerBuilder) -> Self {
        let mut machine = Self::local();
        machine.server = Some(special(SshServer::builder().path(&machine.path())).start());
        machine
    }

    /// A machine of another shape than this one, behind an SSH server.
    pub(crate) fn shaped(shape: Shape) -> Self {
        let builder = SshServer::builder().path(shape.path());
        let server = builder.entrance(shape.home(), shape.shell(), shape.entrance()).start();
        let mut machine = Self::local();
        machine.server = Some(server);
        machine.shape = Some(shape);
        machine
    }

    /// Its shape, where that is not this machine's.
    pub(crate) fn shape(&self) -> Option<&Shape> {
        self.shape.as_ref()
    }

    /// The SSH server in front of it.
    pub(crate) fn server(&self) -> &SshServer {
        self.server.as_ref().expect("the machine is reached over SSH")
    }

    pub(crate) fn home(&self) -> PathBuf {
        if let Some(shape) = &self.shape {
            return shape.at(shape.home());
        }
        self.server.as_ref().map_or_else(|| self.folder.path().join("home"), SshServer::home)
    }

    /// Its home, as it knows it.
    pub(crate) fn home_within(&self) -> PathBuf {
        self.shape.as_ref().map_or_else(|| self.home(), |shape| PathBuf::from(shape.home()))
    }

    /// Where its own tools are.
    pub(crate) fn tools(&self) -> PathBuf {
        self.shape.as_ref().map_or_else(|| self.folder.path().join("bin"), Shape::tools)
    }

    /// The same folder, as it knows it.
    pub(crate) fn tools_within(&self) -> PathBuf {
        self.shape.as_ref().map_or_else(|| self.tools(), |shape| PathBuf::from(shape.tools_within()))
    }

    /// A place in its home.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.home().join(name)
    }

    pub(crate) fn path(&self) -> String {
        format!("{}:{SYSTEM_PATH}", self.folder.path().join("bin").display())
    }

    /// Its table in a spec.
    pub(crate) fn target(&self, name: &str) -> String {
        let Some(server) = &self.server else {
            let (home, path) = (self.home(), self.path());
            return format!("[targets.{name}]\nkind = \"local\"\nhome = {home:?}\npath = {path:?}\n");
        };
        let (host, port) = server.address();
        let (user, identity) = (user(), server.identity());
        format!("[targets.{name}]\nkind = \"vm\"\nssh = \"{user}@{host}:{port}\"\nidentity = {identity:?}\n")
    }

    /// Puts a file into its home, and the folders that lead to it.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Gives a place in its home a mode.
    pub(crate) fn mode(&self, name: &str, mode: u32) -> &Self {
        fs::set_permissions(self.at(name), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    /// Puts a link into its home.
    pub(crate) fn link(&self, name: &str, to: &str) -> &Self {
        fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        symlink(to, self.at(name)).unwrap();
        self
    }

    /// What a file in its home holds, as text.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    /// Puts a command on its PATH: a piece of sh.
    pub(crate) fn tool(&self, name: &str, script: &str) -> &Self {
        let path = self.tools().join(name);
        // Writing beside it and moving it there: a script that is just being run stays as it is.
        let beside = path.with_extension("new");
        fs::write(&beside, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&beside, fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(beside, path).unwrap();
        self
    }

    /// Puts a command on its PATH that prints this whatever it is asked.
    pub(crate) fn says(&self, name: &str, text: &str) -> &Self {
        self.tool(name, &format!("echo '{text}'"))
    }

    /// Takes a command off its PATH.
    pub(crate) fn without(&self, name: &str) -> &Self {
        fs::remove_file(self.tools().join(name)).unwrap();
        self
    }

    /// A repository in its home with a remote and a commit.
    pub(crate) fn repo(&self, name: &str) -> &Self {
        self.git(&["init", "--quiet", "--initial-branch=main", name]);
        self.git(&["-C", name, "remote", "add", "origin", "git@github.com:example/carmenta.git"]);
        self.file(&format!("{name}/README"), "hello\n");
        self.git(&["-C", name, "add", "."]);
        self.commit(name, &["-qm", "first"]);
        self
    }

    /// Puts an executable hook into a repository's own hooks folder.
    pub(crate) fn hook(&self, repo: &str, name: &str, script: &str) -> &Self {
        let path = format!("{repo}/.git/hooks/{name}");
        self.file(&path, format!("#!/bin/sh\n{script}\n")).mode(&path, 0o755)
    }

    /// Commits in a repository, as somebody of whom no configuration speaks.
    pub(crate) fn commit(&self, repo: &str, arguments: &[&str]) -> &Self {
        let commit = ["-C", repo, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit"];
        self.git(&[&commit, arguments].concat());
        self
    }

    /// Runs git in its home, with none of this user's own configuration.
    pub(crate) fn git(&self, arguments: &[&str]) {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(self.home())
            .env_clear()
            .env("PATH", SYSTEM_PATH)
            .env("HOME", self.home())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Everything in its home, by path: kind, mode, times and content.
    pub(crate) fn listing(&self) -> BTreeMap<String, String> {
        listing(&self.home())
    }

    /// What an interrupted apply put beside its place and left there.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        self.listing().into_keys().filter(|name| name.contains(".trueup-new.")).collect()
    }

    /// The processes that run on it: those that have its home for HOME, wherever they moved in the process tree.
    pub(crate) fn processes(&self) -> Vec<String> {
        let home = format!("HOME={}", self.home().display());
        if cfg!(target_os = "linux") {
            return linux_processes(|process| match &self.shape {
                Some(shape) => shape.holds(process),
                None => has_variable(process, &home),
            });
        }
        // BSD ps shows the environment behind the command.
        let output = Command::new("ps").args(["-A", "-E", "-ww", "-o", "pid=,command="]).output().unwrap();
        let table = String::from_utf8_lossy(&output.stdout);
        table.lines().filter(|line| line.contains(&home)).map(str::to_owned).collect()
    }

    /// Kills all that runs on it.
    pub(crate) fn loses_power(&self) {
        for process in self.processes() {
            let pid = process.split(' ').next().and_then(|pid| pid.parse().ok());
            if let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) {
                // It may have ended by itself.
                let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }

    /// Waits until no process runs on it any more.
    pub(crate) fn falls_silent(&self, within: Duration) {
        let limit = Instant::now() + within;
        loop {
            let processes = self.processes();
            if processes.is_empty() {
                return;
            }
            assert!(Instant::now() < limit, "still running after {within:?}: {processes:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// From now on the machine stands still after the `number`th change that a command makes there. Then `stopped`
    /// appears beside its home.
    pub(crate) fn stands_still_at(&self, number: usize) -> &Self {
        let folder = self.folder.path().display().to_string();
        let _absent = fs::remove_file(self.folder.path().join("changes"));
        let _absent = fs::remove_file(self.stopped());
        for name in CHANGING {
            let count = format!("echo {name} >>'{folder}/changes'; n=$(wc -l <'{folder}/changes')");
            let stop = format!("if [ \"$n\" -eq {number} ]; then : >'{folder}/stopped'; exec sleep 60; fi");
            self.tool(name, &format!("{count}\nPATH={SYSTEM_PATH} {name} \"$@\" || exit\n{stop}"));
        }
        self
    }

    /// Undoes `stands_still_at`.
    pub(crate) fn moves_on(&self) -> &Self {
        for name in CHANGING {
            self.without(name);
        }
        self
    }

    /// What appears when the machine stands still.
    pub(crate) fn stopped(&self) -> PathBuf {
        self.folder.path().join("stopped")
    }

    /// Waits until a file appears in its home.
    pub(crate) fn shows(&self, name: &str) {
        let limit = Instant::now() + Duration::from_secs(10);
        while !self.at(name).exists() {
            assert!(Instant::now() < limit, "{name} does not appear");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // What a failed test left running must not outlive it. Most often there is nothing.
        self.loses_power();
    }
}

fn linux_processes(runs_there: impl Fn(&Path) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let folder = entry.path();
        if runs_there(&folder) {
            let command = fs::read(folder.join("cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            let shown: String = command.chars().take(120).collect();
            found.push(format!("{} {shown}", entry.file_name().display()));
        }
    }
    found
}

fn has_variable(process: &Path, variable: &str) -> bool {
    // A process may end while it is looked at.
    let environment = fs::read(process.join("environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|one| one == variable.as_bytes())
}

/// Everything below a folder, by path: kind, mode, times and content.
pub(crate) fn listing(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        found.insert(folder.display().to_string(), described(&folder));
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else {
                found.insert(path.display().to_string(), described(&path));
            }
        }
    }
    found
}

fn described(path: &Path) -> String {
    let about = fs::symlink_metadata(path).unwrap();
    let times =
        format!("mtime {}.{:09} ctime {}.{:09}", about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec());
    let content = match about.file_type() {
        kind if kind.is_symlink() => format!("link to {}", fs::read_link(path).unwrap().display()),
        kind if kind.is_file() => format!("file {:?}", String::from_utf8_lossy(&fs::read(path).unwrap())),
        kind if kind.is_dir() => "folder".to_owned(),
        _ => "other".to_owned(),
    };
    format!("{:04o} inode {} {times} {content}", about.mode() & 0o7777, about.ino())
}

/// What is below a folder, by path relative to it: kind, mode and content, without times. For telling whether
/// something came back as it was.
pub(crate) fn contents(root: &Path) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for path in listing(root).into_keys() {
        let about = fs::symlink_metadata(&path).unwrap();
        let content = match about.file_type() {
            kind if kind.is_symlink() => fs::read_link(&path).unwrap().as_os_str().as_bytes().to_owned(),
            kind if kind.is_file() => fs::read(&path).unwrap(),
            _ => Vec::new(),
        };
        let name = Path::new(&path).strip_prefix(root).unwrap().display().to_string();
        found.insert(name, (about.mode(), content));
    }
    found
}
