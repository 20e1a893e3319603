//! Real SSH servers on loopback, each a machine of its own: own host keys, own home, own PATH. All of them log in the
//! user that the tests run as; nothing of that user's own `~/.ssh` is read or written.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const SSHD: &str = "/usr/sbin/sshd";

/// A server to be.
#[must_use]
pub(crate) struct SshServerBuilder {
    key_types: Vec<&'static str>,
    path: Option<String>,
    entrance: Option<(String, String, String)>,
    options: Vec<String>,
}

/// A running server, killed with its value.
pub(crate) struct SshServer {
    folder: TempDir,
    process: Child,
    port: u16,
    key_types: Vec<&'static str>,
}

impl SshServerBuilder {
    /// The host keys it has, as `ssh-keygen -t` names them.
    pub(crate) fn key_types(mut self, key_types: &[&'static str]) -> Self {
        self.key_types = key_types.to_vec();
        self
    }

    /// The PATH of its commands.
    pub(crate) fn path(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// Has a root of its own behind it: its home, its login shell, and the command line that enters it.
    pub(crate) fn entrance(mut self, home: &str, shell: &str, command: String) -> Self {
        self.entrance = Some((home.to_owned(), shell.to_owned(), command));
        self
    }

    /// A line more for sshd_config; it wins over the usual one of the same keyword.
    pub(crate) fn option(mut self, line: &str) -> Self {
        self.options.push(line.to_owned());
        self
    }

    /// Starts it, and returns once it listens.
    pub(crate) fn start(self) -> SshServer {
        assert!(Path::new(SSHD).exists(), "{SSHD} is missing: openssh-server must be installed to run the tests");
        if rustix::process::geteuid().is_root() {
            // Where sshd locks itself in before login; without it, it does not start.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let folder = TempDir::with_prefix("sshd-").unwrap();
        for name in ["home", "client/.ssh"] {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder.path().join(name)).unwrap();
        }
        for key_type in &self.key_types {
            generate_key(key_type, &folder.path().join(format!("host_{key_type}")), "");
        }
        generate_key("ed25519", &folder.path().join("client_key"), "");
        fs::copy(folder.path().join("client_key.pub"), folder.path().join("authorized_keys")).unwrap();
        // Between choosing a free port and listening on it, someone else may take it.
        for _ in 0..5 {
            let port = free_port();
            fs::write(folder.path().join("sshd_config"), self.config(folder.path(), port)).unwrap();
            if let Some(process) = launch(folder.path()) {
                let server = SshServer { folder, process, port, key_types: self.key_types };
                server.record(&server.known_hosts_line());
                return server;
            }
        }
        let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        panic!("sshd does not start:\n{log}");
    }

    fn config(&self, folder: &Path, port: u16) -> String {
        let at = |name: &str| folder.join(name).display().to_string();
        let path = self.path.as_deref().unwrap_or("/usr/local/bin:/usr/bin:/bin");
        let (home, shell, command) = self.entrance.clone().unwrap_or_else(|| {
            // sshd enters the user's real home, whatever HOME says.
            let command = r#"cd "$HOME" && exec /bin/sh -c "$SSH_ORIGINAL_COMMAND""#;
            (at("home"), "/bin/sh".to_owned(), command.to_owned())
        });
        // sshd goes by the first line of a keyword.
        let mut lines = self.options.clone();
        lines.extend([
            "ListenAddress 127.0.0.1".to_owned(),
            format!("Port {port}"),
            "PidFile none".to_owned(),
            "StrictModes no".to_owned(),
            "UsePAM no".to_owned(),
            "PasswordAuthentication no".to_owned(),
            "KbdInteractiveAuthentication no".to_owned(),
            "PermitRootLogin prohibit-password".to_owned(),
            "MaxStartups 200".to_owned(),
            "PrintMotd no".to_owned(),
            format!("AuthorizedKeysFile {}", at("authorized_keys")),
            format!("SetEnv HOME={home} PATH={path} SHELL={shell}"),
            format!("ForceCommand {command}"),
        ]);
        lines.extend(self.key_types.iter().map(|key_type| format!("HostKey {}", at(&format!("host_{key_type}")))));
        lines.join("\n") + "\n"
    }
}

impl SshServer {
    /// A server with an ed25519 host key, to be changed before it starts.
    pub(crate) fn builder() -> SshServerBuilder {
        SshServerBuilder { key_types: vec!["ed25519"], path: None, entrance: None, options: Vec::new() }
    }

    /// The usual server.
    pub(crate) fn start() -> Self {
        Self::builder().start()
    }

    /// The machine's home.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> (String, u16) {
        (Ipv4Addr::LOCALHOST.to_string(), self.port)
    }

    /// The private key that it lets in.
    pub(crate) fn identity(&self) -> PathBuf {
        self.folder.path().join("client_key")
    }

    /// A home for the client, whose `.ssh/known_hosts` knows the server.
    pub(crate) fn client_home(&self) -> PathBuf {
        self.folder.path().join("client")
    }

    /// A file in the client's `.ssh`.
    pub(crate) fn client_file(&self, name: &str) -> PathBuf {
        self.client_home().join(".ssh").join(name)
    }

    /// What records the server's first host key.
    pub(crate) fn known_hosts_line(&self) -> String {
        self.known_hosts_line_of(self.key_types[0])
    }

    /// What records one of its host keys.
    pub(crate) fn known_hosts_line_of(&self, key_type: &str) -> String {
        format!("[127.0.0.1]:{} {}", self.port, public_key(&self.host_key(key_type)))
    }

    /// Replaces the client's known_hosts.
    pub(crate) fn record(&self, lines: &str) {
        fs::write(self.client_file("known_hosts"), format!("{lines}\n")).unwrap();
    }

    /// The file of one of its host keys.
    pub(crate) fn host_key(&self, key_type: &str) -> PathBuf {
        self.folder.path().join(format!("host_{key_type}"))
    }

    /// The fingerprint of one of its host keys, as `ssh-keygen` prints it.
    pub(crate) fn fingerprint(&self, key_type: &str) -> String {
        let output = Command::new("ssh-keygen").arg("-lf").arg(self.host_key(key_type)).output().unwrap();
        String::from_utf8(output.stdout).unwrap().split(' ').nth(1).unwrap().to_owned()
    }

    /// Ends the connections that it serves, as a lost network does; it stays itself.
    pub(crate) fn hangs_up(&self) {
        let sessions = Command::new("pkill").args(["-KILL", "-P", &self.process.id().to_string()]).status().unwrap();
        assert!(sessions.success(), "the server served nobody");
    }

    /// From now on those that serve the connections neither hear nor answer; the network is in order.
    pub(crate) fn stands_still(&self) {
        let sessions = Command::new("pkill").args(["-STOP", "-P", &self.process.id().to_string()]).status().unwrap();
        assert!(sessions.success(), "the server served nobody");
    }

    /// What the server logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        // Those that stand still cannot see that the connection is gone. There may be none.
        drop(Command::new("pkill").args(["-KILL", "-P", &self.process.id().to_string()]).status());
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The name of the user that the tests run as, and that the servers let in.
pub(crate) fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A key pair in `path` and `path.pub`.
pub(crate) fn generate_key(key_type: &str, path: &Path, passphrase: &str) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", key_type, "-C", "made-for-a-test", "-N", passphrase, "-f"])
        .arg(path)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success(), "ssh-keygen -t {key_type}");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Type and key of a pair, without the comment.
pub(crate) fn public_key(path: &Path) -> String {
    let text = fs::read_to_string(path.with_extension("pub")).unwrap();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Starts sshd; none if it ends instead of listening.
fn launch(folder: &Path) -> Option<Child> {
    let log = folder.join("log");
    fs::write(&log, "").unwrap();
    let mut process = Command::new(SSHD)
        .arg("-D")
        .arg("-f")
        .arg(folder.join("sshd_config"))
        .arg("-E")
        .arg(&log)
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let limit = Instant::now() + Duration::from_secs(10);
    while Instant::now() < limit {
        if fs::read_to_string(&log).unwrap().contains("Server listening on") {
            return Some(process);
        }
        if process.try_wait().unwrap().is_some() {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    None
}
