//! Real containers, each test with a podman storage of its own below a temporary folder: nothing of the machine's own
//! containers is seen or touched. The image is busybox and two users, so that nothing has to be fetched.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};

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
default_ulimits = ["nofile=1024:2000", "nproc=1000:1000"]
"#;

/// A podman with an image, and no containers yet.
pub(crate) struct Podman {
    folder: TempDir,
}

impl Podman {
    pub(crate) fn new() -> Self {
        for program in ["podman", "runc", "busybox"] {
            let found =
                Command::new("sh").args(["-c", &format!("command -v {program}")]).stdout(Stdio::null()).status();
            assert!(found.unwrap().success(), "{program} is missing: scripts/test --all --setup installs it");
        }
        let folder = TempDir::with_prefix("podman-").unwrap();
        fs::write(folder.path().join("containers.conf"), CONTAINERS_CONF).unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let storage =
            format!("[storage]\ndriver = \"vfs\"\nrunroot = {:?}\ngraphroot = {:?}\n", at("run"), at("graph"));
        fs::write(folder.path().join("storage.conf"), storage).unwrap();
        let podman = Self { folder };
        podman.import();
        podman
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
        self.run(&["import", "-q", archive.to_str().unwrap(), IMAGE]);
    }

    /// What points podman, and whoever starts it, to this storage.
    pub(crate) fn env(&self) -> [(&'static str, String); 2] {
        [("CONTAINERS_CONF", "containers.conf"), ("CONTAINERS_STORAGE_CONF", "storage.conf")]
            .map(|(name, file)| (name, self.at(file).display().to_string()))
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

    /// Runs podman, and tells what it printed.
    pub(crate) fn run(&self, words: &[&str]) -> String {
        let output = Command::new("podman").args(words).envs(self.env()).stdin(Stdio::null()).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "podman {words:?}: {complaint}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        // What a failed test has left must not live on.
        drop(Command::new("podman").args(["rm", "-f", "-a", "-t", "0"]).envs(self.env()).output());
    }
}
