//! Debian hosts with systemd as their first process, in podman. The image is made once and kept below `target/`, and so is the
//! engine's storage, which all tests of the group share; each host is a container of its own, gone with its value.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::debian::make_archive;
use super::sshd::{generate_key, public_key};
use super::trueup::{Project, Trueup};

const IMAGE: &str = "trueup-systemd:2";

/// What the hosts have beside the smallest Debian.
const PACKAGES: &str =
    "systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,sudo,nftables,locales,tzdata,procps,adduser";

const CONTAINERS_CONF: &str = "[engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n\
     [network]\nnetwork_backend = \"netavark\"\n\
     [containers]\ndefault_ulimits = [\"nofile=1024:2000\", \"nproc=1000:1000\"]\n";

/// How long a host may take to start.
const STARTS: Duration = Duration::from_secs(60);

/// A host with a user `dev`, who may become root by sudo without a password.
pub(crate) struct DebianHost {
    name: String,
}

impl DebianHost {
    /// One that runs.
    pub(crate) fn start(test: &str) -> Self {
        prepare();
        let host = Self { name: format!("trueup-{test}-{}", std::process::id()) };
        let user = "devcontainer.metadata=[{\"remoteUser\":\"dev\"}]";
        let how = ["run", "-d", "--network=none", "--systemd=always", "--privileged", "--label", user, "--name"];
        run(&[&how[..], &[&host.name, IMAGE, "/sbin/init"]].concat());
        let begun = Instant::now();
        loop {
            let state = podman(&["exec", &host.name, "systemctl", "is-system-running"]).output().unwrap();
            let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
            if ["running", "degraded"].contains(&state.as_str()) {
                break;
            }
            assert!(begun.elapsed() < STARTS, "the host does not come up: it is {state}");
            std::thread::sleep(Duration::from_millis(200));
        }
        host.sh("useradd -m -s /bin/bash dev; echo 'dev ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/dev");
        host
    }

    /// Its table in a spec, where it is reached as `dev` or as root.
    pub(crate) fn target(&self, name: &str) -> String {
        format!("[targets.{name}]\nkind = \"devcontainer\"\ncontainer = {:?}\nengine = \"podman\"\n", self.name)
    }

    /// A project that holds this host true to a sandbox on this machine. `rest` is the spec's other tables.
    pub(crate) fn project(&self, rest: &str) -> Project {
        let project = Project::empty();
        project.spec(&self.spec(rest));
        project
    }

    /// A project that reaches this host over SSH, by a server of the connection's own.
    pub(crate) fn project_over_ssh(&self, rest: &str) -> Project {
        let project = Project::empty();
        let identity = project.home().join(".ssh/id_ed25519");
        generate_key("ed25519", &identity, "");
        let key = public_key(&identity);
        self.sh(&format!(
            "cd /home/dev && mkdir -p -m 0700 .ssh && echo '{key}' >.ssh/authorized_keys && chown -R dev: .ssh"
        ));
        let proxy = format!("podman exec -i {} /usr/sbin/sshd -i", self.name);
        let config = format!("Host host\n  User dev\n  ProxyCommand {proxy}\n  IdentityFile {}\n", identity.display());
        fs::write(project.home().join(".ssh/config"), config).unwrap();
        let host_key = self.sh("cat /etc/ssh/ssh_host_ed25519_key.pub");
        fs::write(project.known_hosts(), format!("host {host_key}")).unwrap();
        project.spec(&format!(
            "version = 1\nname = \"dev\"\n[targets.host]\nkind = \"vm\"\nssh = \"host\"\n[shell]\nlogin = false\n[system]\nos = \
             \"exact\"\n{rest}\n"
        ));
        project
    }

    /// The spec of such a project.
    pub(crate) fn spec(&self, rest: &str) -> String {
        format!(
            "version = 1\nname = \"dev\"\n{}[shell]\nlogin = false\n[system]\nos = \"exact\"\n{rest}\n",
            self.target("host")
        )
    }

    /// The command within the engine's own storage.
    pub(crate) fn within(&self, trueup: Trueup) -> Trueup {
        env().into_iter().fold(trueup, |trueup, (name, value)| trueup.env(name, &value))
    }

    /// Runs a piece of sh on it as root, which has to succeed.
    pub(crate) fn sh(&self, script: &str) -> String {
        let output = self.try_sh(script);
        let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert!(output.status.success(), "{script}: {}\n{stdout}\n{stderr}", output.status);
        stdout
    }

    /// Runs a piece of sh on it as root, whatever comes of it.
    pub(crate) fn try_sh(&self, script: &str) -> Output {
        podman(&["exec", &self.name, "/bin/sh", "-c", script]).output().unwrap()
    }

    /// Waits until a piece of sh succeeds on it.
    pub(crate) fn comes_to(&self, script: &str) {
        let begun = Instant::now();
        while !self.try_sh(script).status.success() {
            assert!(begun.elapsed() < STARTS, "it does not come to this: {script}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for DebianHost {
    fn drop(&mut self) {
        drop(podman(&["rm", "-f", "-t", "0", &self.name]).output());
    }
}

/// Where the image and the storage are kept from run to run.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("systemd-host")
}

fn env() -> Vec<(&'static str, String)> {
    let at = |name: &str| folder().join(name).display().to_string();
    vec![("CONTAINERS_CONF", at("containers.conf")), ("CONTAINERS_STORAGE_CONF", at("storage.conf"))]
}

/// Makes the image where it is not there, one test for all.
fn prepare() {
    let folder = folder();
    fs::create_dir_all(&folder).unwrap();
    let lock = fs::File::create(folder.join("lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let at = |name: &str| folder.join(name).display().to_string();
    fs::write(folder.join("containers.conf"), CONTAINERS_CONF).unwrap();
    let storage = format!("[storage]\ndriver = \"vfs\"\nrunroot = {:?}\ngraphroot = {:?}\n", at("run"), at("graph"));
    fs::write(folder.join("storage.conf"), storage).unwrap();
    if podman(&["image", "exists", IMAGE]).status().unwrap().success() {
        return;
    }
    let archive = folder.join("root.tar");
    make_archive(PACKAGES, &archive);
    run(&["import", archive.to_str().unwrap(), IMAGE]);
    fs::remove_file(archive).unwrap();
}

fn run(words: &[&str]) {
    let output = podman(words).output().unwrap();
    assert!(output.status.success(), "podman {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn podman(words: &[&str]) -> Command {
    let mut command = Command::new("podman");
    command.args(words).envs(env()).stdin(Stdio::null());
    command
}
