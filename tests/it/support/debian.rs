//! Bare Debian machines: real roots with apt and an SSH server in them, made from this machine's own package sources.
//!
//! A machine's processes live in a process namespace and a mount namespace of their own, so that all of them and all
//! mounts go when the first of them goes; that one is tied to the test that started it. The network is this machine's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::sshd::{free_port, generate_key, public_key};

/// What apt needs to reach this machine's package sources: the sources, their keys, who vouches for the servers.
const BORROWED: [&str; 5] = [
    "/etc/apt",
    "/usr/share/keyrings",
    "/etc/ssl/certs",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
];

/// A root folder, gone with its value.
pub(crate) struct DebianRoot {
    folder: TempDir,
}

/// A machine that runs in a root, and whose root user may log in.
pub(crate) struct Debian {
    // Dropped after the machine has been stopped.
    root: DebianRoot,
    process: Child,
    port: u16,
}

impl DebianRoot {
    /// The smallest Debian with apt and an SSH server, of this machine's own release, without package lists.
    pub(crate) fn make() -> Self {
        let by_root = rustix::process::geteuid().is_root();
        assert!(by_root, "a Debian root can be made and entered by root only: run these tests as root");
        let new = Self { folder: TempDir::with_prefix("debian-").unwrap() };
        let output = Command::new("mmdebstrap")
            .args(["--quiet", "--variant=minbase", "--include=openssh-server", &release()])
            .arg(new.path())
            .args(sources())
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("mmdebstrap must be installed to run these tests: {error}"));
        assert!(output.status.success(), "mmdebstrap: {}", String::from_utf8_lossy(&output.stderr));
        // Its own list of sources says the same as this machine's, which comes with the rest.
        fs::remove_dir_all(new.path().join("etc/apt")).unwrap();
        for place in BORROWED.map(Path::new).iter().filter(|place| place.exists()) {
            let inside = new.path().join(place.strip_prefix("/").unwrap());
            fs::create_dir_all(&inside).unwrap();
            copy(&place.join("."), &inside);
        }
        new
    }

    /// Another root with the same content.
    pub(crate) fn twin(&self) -> Self {
        let twin = Self { folder: TempDir::with_prefix("debian-").unwrap() };
        fs::create_dir(twin.path()).unwrap();
        copy(&self.path().join("."), &twin.path());
        twin
    }

    /// All of it, in one file.
    pub(crate) fn archive(&self, archive: &Path) {
        let tar = Command::new("tar").arg("-C").arg(self.path()).arg("-cf").arg(archive).arg(".").status().unwrap();
        assert!(tar.success(), "tar of {}", self.path().display());
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// A command in this root, which takes all that it starts with it and ends with the thread that starts it.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec"])
            .arg(
                "mount -t proc proc \"$1/proc\"\nmount -t devpts -o newinstance,ptmxmode=0666 devpts \"$1/dev/pts\"\n\
                 exec chroot \"$@\"",
            )
            .arg("sh")
            .arg(self.path())
            .args(words)
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", "/root")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .envs(proxies())
            .stdin(Stdio::null());
        command
    }

    /// Starts the machine: an identity of its own, and an SSH server on a free port of the loopback address.
    pub(crate) fn start(self) -> Debian {
        let at = |name: &str| self.path().join(name);
        let key = at("etc/ssh/ssh_host_ed25519_key");
        for file in fs::read_dir(at("etc/ssh")).unwrap().map(|entry| entry.unwrap().path()) {
            if file.file_name().unwrap().to_str().unwrap().starts_with("ssh_host_") {
                fs::remove_file(file).unwrap();
            }
        }
        generate_key("ed25519", &key, "");
        let identity = self.folder.path().join("client_key");
        generate_key("ed25519", &identity, "");
        // A digest of a key that was made just now: as unlikely to meet again as a machine id should be.
        let digest = trueup::spec::Digest::of(public_key(&identity).as_bytes());
        fs::write(at("etc/machine-id"), format!("{}\n", &digest.hex()[..32])).unwrap();
        for folder in ["run/sshd", "root/.ssh"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        fs::copy(identity.with_extension("pub"), at("root/.ssh/authorized_keys")).unwrap();
        // Between choosing a free port and listening on it, someone else may take it.
        for _ in 0..5 {
            let port = free_port();
            let environment: Vec<String> = proxies().map(|(name, value)| format!(" \"{name}={value}\"")).collect();
            let environment =
                if environment.is_empty() { String::new() } else { format!("SetEnv{}\n", environment.concat()) };
            let config = format!(
                "ListenAddress 127.0.0.1\nPort {port}\nPidFile none\nUsePAM no\nPasswordAuthentication no\n\
                 PermitRootLogin prohibit-password\n{environment}"
            );
            fs::write(at("etc/ssh/sshd_config"), config).unwrap();
            let log = fs::File::create(self.folder.path().join("log")).unwrap();
            let server = self.command(&["/usr/sbin/sshd", "-D", "-e"]).stdout(Stdio::null()).stderr(log).spawn();
            let mut process = server.unwrap();
            if listens(&mut process, &self.folder.path().join("log")) {
                return Debian { root: self, process, port };
            }
            stop(&mut process);
        }
        panic!("sshd does not start:\n{}", fs::read_to_string(self.folder.path().join("log")).unwrap());
    }
}

impl Debian {
    /// Its table in a spec.
    pub(crate) fn target(&self, name: &str) -> String {
        let identity = self.root.folder.path().join("client_key");
        format!("[targets.{name}]\nkind = \"vm\"\nssh = \"root@127.0.0.1:{}\"\nidentity = {identity:?}\n", self.port)
    }

    /// What records its host key.
    pub(crate) fn known_hosts_line(&self) -> String {
        format!("[127.0.0.1]:{} {}\n", self.port, public_key(&self.at("etc/ssh/ssh_host_ed25519_key")))
    }

    /// A place on it, as this machine sees it.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Runs a piece of sh on it, which has to succeed.
    pub(crate) fn sh(&self, script: &str) -> String {
        let output = self.root.command(&["/bin/sh", "-ec", script]).output().unwrap();
        let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert!(output.status.success(), "{script}: {}\n{stdout}\n{stderr}", output.status);
        stdout
    }
}

impl Drop for Debian {
    fn drop(&mut self) {
        stop(&mut self.process);
    }
}

/// Kills a machine and waits until nothing of it runs any more: its first process is gone only after all others.
fn stop(process: &mut Child) {
    let children = format!("/proc/{0}/task/{0}/children", process.id());
    let first: Vec<i32> =
        fs::read_to_string(children).unwrap_or_default().split(' ').filter_map(|pid| pid.parse().ok()).collect();
    for pid in first.into_iter().filter_map(rustix::process::Pid::from_raw) {
        // It may have ended by itself.
        let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
    // `unshare` ends when its child has; on its way to that child it is killed itself.
    let limit = Instant::now() + Duration::from_secs(5);
    while matches!(process.try_wait(), Ok(None)) && Instant::now() < limit {
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(process.kill());
    drop(process.wait());
}

/// Whether the server comes to listen, and not to its end.
fn listens(process: &mut Child, log: &Path) -> bool {
    let limit = Instant::now() + Duration::from_secs(10);
    while Instant::now() < limit && process.try_wait().unwrap().is_none() {
        if fs::read_to_string(log).unwrap().contains("Server listening on") {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

/// An archive of the smallest Debian with these packages, of this machine's own release.
pub(crate) fn make_archive(packages: &str, archive: &Path) {
    let output = Command::new("mmdebstrap")
        .args(["--quiet", "--variant=minbase", &format!("--include={packages}"), &release()])
        .arg(archive)
        .args(sources())
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("mmdebstrap must be installed to run these tests: {error}"));
    assert!(output.status.success(), "mmdebstrap: {}", String::from_utf8_lossy(&output.stderr));
}

/// The code name of the release that this machine runs.
fn release() -> String {
    let about = fs::read_to_string("/etc/os-release").unwrap();
    let name = about.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    name.expect("the release has a code name").trim_matches('"').to_owned()
}

/// This machine's lists of package sources.
fn sources() -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(entries) = fs::read_dir("/etc/apt/sources.list.d") {
        found.extend(entries.map(|entry| entry.unwrap().path()));
    }
    let is_list = |path: &PathBuf| path.extension().is_some_and(|end| end == "list" || end == "sources");
    found.retain(|path| is_list(path) && path.is_file());
    found.sort();
    found
}

/// How this machine's programs are told to reach the network.
fn proxies() -> impl Iterator<Item = (&'static str, String)> {
    ["http_proxy", "https_proxy", "no_proxy"].into_iter().filter_map(|name| Some((name, std::env::var(name).ok()?)))
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(copied.success(), "cp -a {} {}", from.display(), to.display());
}
