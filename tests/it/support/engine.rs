//! Real containers, each test with an engine's storage of its own below a temporary folder: nothing of the machine's own
//! containers is seen or touched. The image is busybox and two users, so that nothing has to be fetched.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const IMAGE: &str = "trueup-test:latest";

/// Restricted machines let nobody raise these limits, and have no cgroups to manage by systemd.
const CONTAINERS_CONF: &str = r#"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
[containers]
netns = "host"
default_ulimits = ["nofile=1024:2000", "nproc=1000:1000"]
"#;

/// The same for docker, whose containers have no network here.
const DOCKERD: [&str; 9] = [
    "--storage-driver=vfs",
    "--exec-opt=native.cgroupdriver=cgroupfs",
    "--default-ulimit=nofile=1024:2000",
    "--bridge=none",
    "--iptables=false",
    "--ip6tables=false",
    "--ip-forward=false",
    "--ip-masq=false",
    "--log-level=warn",
];

/// How long a docker daemon may take to answer.
const STARTS: Duration = Duration::from_secs(60);

/// Whose containers they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Docker,
    Podman,
}

/// An engine with an image, and no containers yet.
pub(crate) struct Engine {
    kind: Kind,
    folder: TempDir,
    daemon: Option<Child>,
}

impl Engine {
    pub(crate) fn new(kind: Kind) -> Self {
        let own: &[&str] = match kind {
            Kind::Docker => &["docker", "dockerd"],
            Kind::Podman => &["podman"],
        };
        for program in own.iter().chain(&["runc", "busybox"]) {
            let found =
                Command::new("sh").args(["-c", &format!("command -v {program}")]).stdout(Stdio::null()).status();
            assert!(found.unwrap().success(), "{program} is missing: scripts/test --all --setup installs it");
        }
        let mut engine = Self { kind, folder: TempDir::with_prefix("engine-").unwrap(), daemon: None };
        match kind {
            Kind::Docker => engine.start_daemon(),
            Kind::Podman => engine.configure(),
        }
        engine.import();
        engine
    }

    /// podman needs no daemon.
    fn configure(&self) {
        fs::write(self.at("containers.conf"), CONTAINERS_CONF).unwrap();
        let at = |name: &str| self.at(name).display().to_string();
        let storage =
            format!("[storage]\ndriver = \"vfs\"\nrunroot = {:?}\ngraphroot = {:?}\n", at("run"), at("graph"));
        fs::write(self.at("storage.conf"), storage).unwrap();
    }

    /// docker's listens on a socket of its own, and starts its containerd itself.
    fn start_daemon(&mut self) {
        let log = fs::File::create(self.at("log")).unwrap();
        let at = |option: &str, name: &str| format!("--{option}={}", self.at(name).display());
        let daemon = Command::new("dockerd")
            .args(DOCKERD)
            .args([at("data-root", "data"), at("exec-root", "exec"), at("pidfile", "pid")])
            .arg(format!("--host=unix://{}", self.at("sock").display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.daemon = Some(daemon);
        let start = Instant::now();
        let answers = || {
            let mut version = Command::new("docker");
            version.arg("version").envs(self.env()).stdout(Stdio::null()).stderr(Stdio::null());
            version.status().unwrap().success()
        };
        while !answers() {
            let log = fs::read_to_string(self.at("log")).unwrap();
            assert!(start.elapsed() < STARTS, "dockerd does not answer: {log}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// The engine's program.
    pub(crate) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Docker => "docker",
            Kind::Podman => "podman",
        }
    }

    fn import(&self) {
        let root = self.folder.path().join("root");
        for name in ["bin", "etc", "root", "tmp", "home/dev"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        let which = Command::new("sh").args(["-c", "command -v busybox"]).output().unwrap();
        let busybox = String::from_utf8(which.stdout).unwrap();
        fs::copy(busybox.trim(), root.join("bin/busybox")).unwrap();
        let applets = Command::new(busybox.trim()).arg("--list").output().unwrap();
        for applet in String::from_utf8(applets.stdout).unwrap().lines().filter(|applet| *applet != "busybox") {
            symlink("busybox", root.join("bin").join(applet)).unwrap();
        }
        fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\ndev:x:1000:1000::/home/dev:/bin/ash\n")
            .unwrap();
        fs::write(root.join("etc/group"), "root:x:0:\ndev:x:1000:\n").unwrap();
        std::os::unix::fs::chown(root.join("home/dev"), Some(1000), Some(1000)).unwrap();
        let archive = self.folder.path().join("image.tar");
        let tar = Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&archive).arg(".").status().unwrap();
        assert!(tar.success());
        self.import_archive(&archive, IMAGE);
    }

    /// Makes an image of an archive of a root.
    pub(crate) fn import_archive(&self, archive: &Path, name: &str) {
        self.run(&["import", archive.to_str().unwrap(), name]);
    }

    /// What points the engine's program, and whoever starts it, to this storage.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        let at = |name: &str| self.at(name).display().to_string();
        match self.kind {
            Kind::Docker => vec![("DOCKER_HOST", format!("unix://{}", at("sock"))), ("DOCKER_CONFIG", at("config"))],
            Kind::Podman => {
                vec![("CONTAINERS_CONF", at("containers.conf")), ("CONTAINERS_STORAGE_CONF", at("storage.conf"))]
            }
        }
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts a container that does nothing, with these labels; its name is what it is called by.
    pub(crate) fn start(&self, name: &str, labels: &[(&str, &str)]) {
        let mut words = vec!["run".to_owned(), "-d".to_owned(), "--network=none".to_owned(), "--name".to_owned()];
        words.push(name.to_owned());
        for (label, value) in labels {
            words.extend(["--label".to_owned(), format!("{label}={value}")]);
        }
        words.extend([IMAGE, "sleep", "100000"].map(str::to_owned));
        self.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// Runs a piece of sh in a container.
    pub(crate) fn sh(&self, name: &str, user: &str, script: &str) -> String {
        self.run(&["exec", "-u", user, name, "/bin/sh", "-c", script])
    }

    /// Runs the engine's program, and tells what it printed.
    pub(crate) fn run(&self, words: &[&str]) -> String {
        let output = self.command(words).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} {words:?}: {complaint}", self.name());
        String::from_utf8(output.stdout).unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.name());
        command.args(words).envs(self.env()).stdin(Stdio::null());
        command
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // What a failed test has left must not live on.
        let ids = self.command(&["ps", "-aq"]).output().map(|output| output.stdout).unwrap_or_default();
        for id in String::from_utf8_lossy(&ids).split_ascii_whitespace() {
            drop(self.command(&["rm", "-f", id]).output());
        }
        // Told to end, the daemon ends its containerd; killed, it would leave it.
        if let Some(mut daemon) = self.daemon.take() {
            drop(Command::new("kill").arg(daemon.id().to_string()).status());
            drop(daemon.wait());
        }
    }
}
