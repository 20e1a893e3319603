//! Reaching a machine: run one command line there with something on its stdin, and hear both streams.
//!
//! A [`Connection`] is a shell on this machine, one in a container or an SSH session; nothing above this room knows
//! which. Every value that meets a shell is quoted by [`quote`], and every run has a time limit and an output limit. The
//! room knows nothing of probes, plans or tasks.

mod container;
#[cfg(test)]
mod container_tests;
pub mod controller;
mod devcontainer;
mod known_hosts;
mod local;
mod process;
pub mod quote;
mod shell;
#[cfg(test)]
mod shell_tests;
mod ssh;
mod ssh_config;
#[cfg(test)]
pub(crate) mod test_shells;

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use container::configuration;
pub use ssh::{
    Asker, Newcomer, OfferedKey, Passphrases, Survey, agent_keys, expect_key, expect_key_line, newcomer, offered_key,
    survey,
};

use crate::spec::{Reach, Sandbox, Shell, Target};

/// sh functions about the process tree, for programs that end what they have started.
pub const PROCESSES: &str = include_str!("processes.sh");

/// An sh function that tells whether a process is still the one that it was.
pub const STARTED: &str = include_str!("started.sh");

/// The lines of a shell text that are not for readers alone. Some shells read a program byte by byte.
pub fn lines_for_shells(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| {
        let line = line.trim_start();
        !line.is_empty() && (!line.starts_with('#') || line.starts_with("# shellcheck "))
    })
}

/// What trueup's own surroundings contribute to reaching machines: read once by the CLI.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The user's home.
    pub home: PathBuf,
    /// The user's name, for SSH targets that name none.
    pub user: String,
    /// The socket of the SSH agent, if one runs.
    pub ssh_agent: Option<PathBuf>,
    /// trueup's own environment, which local targets start from.
    pub env: Vec<(OsString, OsString)>,
    /// How long reaching a machine may take.
    pub connect_limit: Duration,
    /// The folder of the system's own SSH configuration, `/etc/ssh`.
    pub system_ssh: PathBuf,
    /// Who knows the passphrases of key files.
    pub passphrases: Arc<Passphrases>,
}

/// One command line to run on a machine.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// For the machine's shell; every value in it already quoted.
    pub command_line: &'a str,
    /// What the command reads.
    pub stdin: &'a [u8],
    /// Whether stdin ends after that, or stays open until the run is over. A command that watches its stdin learns in
    /// this way that trueup is gone.
    pub stdin_after: StdinAfter,
    /// How long it may take as a whole; none for a command of the user's own.
    pub limit: Option<Duration>,
}

/// What becomes of the command's stdin once everything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StdinAfter {
    /// It ends.
    Ends,
    /// It stays open until the command ends.
    StaysOpen,
}

/// Which of a command's streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Stream {
    Stdout,
    Stderr,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With an exit code.
    Exited(i32),
    /// By a signal, named without its `SIG`.
    Signalled(String),
    /// It did not end within its limit; what it started is ended where that is in trueup's hands.
    TimedOut,
    /// The listener had heard enough.
    Stopped,
}

impl Ended {
    /// The signals that end commands, by the names that SSH and shells use.
    const SIGNALS: [(&'static str, i32); 11] = [
        ("HUP", 1),
        ("INT", 2),
        ("QUIT", 3),
        ("ILL", 4),
        ("ABRT", 6),
        ("FPE", 8),
        ("KILL", 9),
        ("SEGV", 11),
        ("PIPE", 13),
        ("ALRM", 14),
        ("TERM", 15),
    ];

    /// As a shell would report it.
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::Exited(code) => *code,
            Self::Signalled(name) => {
                128 + Self::SIGNALS.iter().find(|(known, _)| known == name).map_or(0, |(_, number)| *number)
            }
            Self::TimedOut => 124,
            Self::Stopped => 0,
        }
    }
}

/// Hears a run's output as it comes; breaking off ends the run.
pub type Listener<'a> = &'a mut dyn FnMut(Stream, &[u8]) -> ControlFlow<()>;

/// Why a machine could not be reached, or was lost. The message is for the person who owns the machine: it names the
/// host and what to do.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Nothing could be found in it, and a shell that starts elsewhere would answer for another.
    #[error("the home {} does not exist", .0.display())]
    NoHome(PathBuf),
    /// The host name means nothing.
    #[error("cannot find the address of {host}: {message}")]
    Resolve {
        /// As configured.
        host: String,
        /// The resolver's words.
        message: String,
    },
    /// No connection within the limit, or none at all.
    #[error("cannot connect to {address}: {message}")]
    Connect {
        /// Host and port.
        address: String,
        /// The system's words.
        message: String,
    },
    /// The server is not in known_hosts.
    #[error(
        "the host key of {address} is not known: it shows {key_type} {fingerprint}; if that is the machine's own, trust \
         it with: {command}"
    )]
    UnknownHostKey {
        /// Host and port.
        address: String,
        /// `ssh-ed25519`, …
        key_type: String,
        /// `SHA256:…`
        fingerprint: String,
        /// What would add it to known_hosts.
        command: String,
    },
    /// The server shows another key than the recorded one.
    #[error(
        "the host key of {address} has CHANGED: it shows {key_type} {fingerprint}, but {recorded_at} records another; \
         someone may be in between. If the machine was set up anew, forget the old key with: {command}"
    )]
    ChangedHostKey {
        /// Host and port.
        address: String,
        /// `ssh-ed25519`, …
        key_type: String,
        /// `SHA256:…` of what the server shows.
        fingerprint: String,
        /// File and line of the recorded key.
        recorded_at: String,
        /// What would remove the recorded key.
        command: String,
    },
    /// The server has no key of a recorded type, which alone are asked for.
    #[error(
        "the host key of {address} has CHANGED: it has none of the recorded type {lacking} ({recorded_at}) any more and \
         shows {key_type} {fingerprint}; someone may be in between. If the machine was set up anew, forget the old key \
         with: {command}"
    )]
    ChangedHostKeyType {
        /// Host and port.
        address: String,
        /// The recorded types.
        lacking: String,
        /// File and line of the first recorded key.
        recorded_at: String,
        /// `ssh-ed25519`, …
        key_type: String,
        /// `SHA256:…` of what the server shows.
        fingerprint: String,
        /// What would remove the recorded keys.
        command: String,
    },
    /// The key is marked as revoked.
    #[error("the host key of {address} ({fingerprint}) is revoked in {recorded_at}")]
    RevokedHostKey {
        /// Host and port.
        address: String,
        /// `SHA256:…`
        fingerprint: String,
        /// File and line.
        recorded_at: String,
    },
    /// Only an authority vouches for the server.
    #[error(
        "the host key of {address} ({key_type} {fingerprint}) is not recorded itself: {place} leaves it to a \
         @cert-authority, which trueup does not support yet; if the key is the machine's own, trust it with: {command}"
    )]
    Authority {
        /// Host and port.
        address: String,
        /// `ssh-ed25519`, …
        key_type: String,
        /// `SHA256:…`
        fingerprint: String,
        /// File and line.
        place: String,
        /// What would add the key to known_hosts.
        command: String,
    },
    /// The server's key is shorter than the configuration allows.
    #[error("the host key of {address} has {bits} bits; RequiredRSASize wants {wanted}")]
    WeakHostKey {
        /// Host and port.
        address: String,
        /// Its length.
        bits: u32,
        /// What is wanted.
        wanted: u32,
    },
    /// A machine on the way could not be passed.
    #[error("jump host {hop}: {source}")]
    Hop {
        /// As `ProxyJump` names it.
        hop: String,
        /// What went wrong there.
        source: Box<TransportError>,
    },
    /// The server accepts none of the keys at hand.
    #[error("{user}@{address} accepts none of these: {tried}")]
    Refused {
        /// Who tried.
        user: String,
        /// Host and port.
        address: String,
        /// What was tried and what became of each.
        tried: String,
    },
    /// Something in a configuration file that would be ignored otherwise.
    #[error("{place}: {message}")]
    Config {
        /// File and line.
        place: String,
        /// What is wrong or not supported.
        message: String,
    },
    /// The SSH conversation failed.
    #[error("{doing} on {address} failed: {message}")]
    Session {
        /// Host and port.
        address: String,
        /// What was under way.
        doing: &'static str,
        /// The library's words.
        message: String,
    },
    /// A local command could not be started or heard.
    #[error("cannot run {program}: {source}")]
    Local {
        /// What was to be run.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// The machine was reached, but no answer of the program came back.
    #[error("the machine was reached but did not answer: {told}")]
    Mute {
        /// What came instead.
        told: String,
    },
    /// It is not there, and could not be made.
    #[error("it is not there, and cannot be made: {0}")]
    NotMade(String),
    /// The container does not run, or no engine knows of it.
    #[error("there is no {wanted} ({told}); start it with: {command}")]
    NoContainer {
        /// What was looked for.
        wanted: String,
        /// What each engine says.
        told: String,
        /// What would start it.
        command: String,
    },
}

/// A way to a machine, open, together with the shell context that the spec asks for there.
pub struct Connection {
    way: Way,
    shell: Shell,
    path: Option<String>,
}

enum Way {
    Container(container::Container),
    Local(local::Local),
    Ssh(Box<ssh::Ssh>),
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.way {
            Way::Container(_) => "Connection into a container",
            Way::Local(_) => "Connection to this machine",
            Way::Ssh(_) => "Connection over SSH",
        })
    }
}

impl Connection {
    /// Opens the way to a target.
    pub fn open(target: &Target, shell: Shell, surroundings: &Surroundings) -> Result<Self, TransportError> {
        match &target.reach {
            Reach::Local(Sandbox { home: Some(home), .. }) if !home.is_dir() => {
                Err(TransportError::NoHome(home.clone()))
            }
            Reach::Local(sandbox) => Ok(Self::local(sandbox, shell, surroundings)),
            Reach::Ssh(address) => {
                let ssh = ssh::Ssh::connect(address, &target.name, surroundings)?;
                Ok(Self { way: Way::Ssh(Box::new(ssh)), shell, path: None })
            }
            Reach::Devcontainer(devcontainer) => {
                let container = container::Container::find(devcontainer, surroundings)?;
                Ok(Self { way: Way::Container(container), shell, path: None })
            }
        }
    }

    /// The way to this machine.
    pub fn local(sandbox: &Sandbox, shell: Shell, surroundings: &Surroundings) -> Self {
        let local = local::Local::new(sandbox, shell, surroundings);
        Self { way: Way::Local(local), shell, path: sandbox.path.clone() }
    }

    /// The command line that runs the sh program of its stdin in this connection's shell context.
    pub fn command_line(&self) -> String {
        shell::command_line(self.shell, self.path.as_deref())
    }

    /// Runs one command line and hears it out.
    pub fn run(&mut self, run: &Run<'_>, listener: Listener<'_>) -> Result<Ended, TransportError> {
        match &mut self.way {
            Way::Container(container) => container.run(run, listener),
            Way::Local(local) => local.run(run, listener),
            Way::Ssh(ssh) => ssh.run(run, listener),
        }
    }

    /// `SHA256:…` of the key that the machine proved to hold; none where there is no SSH.
    pub fn host_key(&self) -> Option<&str> {
        match &self.way {
            Way::Container(_) | Way::Local(_) => None,
            Way::Ssh(ssh) => Some(ssh.host_key()),
        }
    }
}
