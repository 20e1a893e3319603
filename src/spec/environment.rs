//! The environment: what must be the same, how strictly, and on which targets.
//!
//! These are the types that `environments/<name>.toml` is read into; `parse` does the reading.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::check::Check;
use super::dotfile::Dotfile;
use super::fact::Digest;
use super::gate_fact::GateFact;
use super::item::ItemId;
use super::policy::Policy;
use super::secret_ref::SecretRef;
use super::service::Service;
use super::settings::Settings;
use super::waiver::Waiver;

/// One spec file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its name, also that of its files.
    pub name: String,
    /// The machine that defines the truth.
    pub reference: Reference,
    /// The machines to hold true, as listed.
    pub targets: Vec<Target>,
    /// How agents run commands on a target.
    pub shell: Shell,
    /// The time limits of an audit.
    pub limits: Limits,
    /// Tools on PATH.
    pub tools: Vec<Tool>,
    /// Facts about a machine as a whole.
    pub system: Vec<SystemItem>,
    /// Variables of the environment.
    pub env: Vec<EnvVariable>,
    /// Packages of a package manager, one entry each.
    pub packages: Vec<Packages>,
    /// Packages that go by a manager's name on each machine.
    pub mapped: Vec<MappedPackage>,
    /// Files in the home.
    pub dotfiles: Dotfiles,
    /// Working copies.
    pub repos: Vec<Repo>,
    /// Programs that are kept running; none where the spec says nothing of any.
    pub services: Option<Vec<Service>>,
    /// What machines are set to.
    pub settings: Settings,
    /// When the gate allows.
    pub gate: GatePolicy,
    /// Accepted drifts.
    pub waivers: Vec<Waiver>,
    /// The checks of behaviour that there are, built in or in the project's `parity-checks/`, by name.
    pub checks: BTreeMap<String, Check>,
    /// Whether checks of behaviour run.
    pub behaviour: Behaviour,
}

/// Whether checks of behaviour run in an audit. The command line says it, not the spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// They do not, and nothing is said about them.
    #[default]
    Left,
    /// None runs, and what the last ones brought is told.
    Kept,
    /// Those run that the machine's own gates should stand: it is the reference.
    Chosen,
    /// Those run that the lock has. What it holds of hooks, gates and checks says how.
    Locked(BTreeMap<ItemId, GateFact>),
}

/// Which machine is the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The machine that trueup runs on.
    Local,
    /// One of the targets, by name.
    Target(String),
}

/// A machine to hold true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// As named in the spec and on the command line.
    pub name: String,
    /// What sort of machine it is.
    pub kind: TargetKind,
    /// How it is reached.
    pub reach: Reach,
    /// How it comes to be.
    pub making: Making,
    /// Free words that tasks may ask for.
    pub labels: Vec<String>,
}

/// How a target comes to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Making {
    /// Somebody has set it up.
    #[default]
    Found,
    /// The devcontainer CLI makes it, of an image with a user in it.
    Container(ContainerMaking),
    /// Commands of the user's own make it and end it, on this machine.
    Commands(MakingCommands),
}

/// The commands that make a machine and end it: programs and their arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MakingCommands {
    /// Answers with where the machine is, as JSON.
    pub create: Vec<String>,
    /// Empty where it is not for trueup to end.
    pub destroy: Vec<String>,
}

/// What a devcontainer is made of, as far as the spec says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerMaking {
    /// The image to begin with.
    pub image: Option<String>,
    /// Who works in it.
    pub user: Option<String>,
}

/// The sorts of machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// A Mac, over SSH.
    Mac,
    /// A virtual or real Linux machine, over SSH.
    Vm,
    /// A devcontainer on this machine.
    Devcontainer,
    /// This machine, or a sandbox on it.
    Local,
}

impl TargetKind {
    /// All kinds with their words.
    pub const ALL: [(&'static str, Self); 4] =
        [("mac", Self::Mac), ("vm", Self::Vm), ("devcontainer", Self::Devcontainer), ("local", Self::Local)];

    /// The word in spec and report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mac => "mac",
            Self::Vm => "vm",
            Self::Devcontainer => "devcontainer",
            Self::Local => "local",
        }
    }
}

/// How a target is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// On this machine.
    Local(Sandbox),
    /// Over SSH.
    Ssh(SshAddress),
    /// In a container on this machine.
    Devcontainer(Devcontainer),
}

/// Which container. Paths are absolute once loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Devcontainer {
    /// The folder that holds the devcontainer's configuration, by which its container is found.
    pub workspace: PathBuf,
    /// The container's name, where it is not found by the folder.
    pub container: Option<String>,
    /// The engine's program, where it is neither docker nor podman, or only one of them is to be asked.
    pub engine: Option<String>,
}

/// What makes a local target another place than trueup's own surroundings. Paths are absolute once loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sandbox {
    /// Replaces HOME.
    pub home: Option<PathBuf>,
    /// Replaces PATH.
    pub path: Option<String>,
}

/// Where an SSH server is, as the spec writes it; `~/.ssh/config` fills in what is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshAddress {
    /// Who to log in as.
    pub user: Option<String>,
    /// Host name, address or `Host` alias.
    pub host: String,
    /// The port.
    pub port: Option<u16>,
    /// A key file to use before all others.
    pub identity: Option<PathBuf>,
}

impl SshAddress {
    /// Reads `user@host:port`, of which user and port may be absent, and an IPv6 address stands in brackets where a port
    /// follows it. The error says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an SSH address");
        if text.starts_with("ssh://") {
            return Err(format!("{}: write it without `ssh://`", wrong()));
        }
        let (user, rest) = match text.rsplit_once('@') {
            Some((user, rest)) => (Some(user.to_owned()), rest),
            None => (None, text),
        };
        let (host, port) = match rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, after)) => (host, Some(after.strip_prefix(':').ok_or_else(wrong)?)),
            None => match rest.split_once(':') {
                Some((_, after)) if after.contains(':') => (rest, None),
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        let strange = |part: &str| {
            part.is_empty() || part.starts_with('-') || part.contains(|c: char| c == '/' || c.is_whitespace())
        };
        if strange(host) || user.as_deref().is_some_and(|user| strange(user) || user.contains(':')) {
            return Err(wrong());
        }
        let number = |port: &str| port.parse().ok().filter(|port| *port != 0);
        let port = match port {
            Some(port) => Some(number(port).ok_or_else(|| format!("`{port}` is not a port"))?),
            None => None,
        };
        Ok(Self { user, host: host.to_owned(), port, identity: None })
    }
}

/// How agents run commands on a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shell {
    /// Through the user's login shell and its profile.
    pub login: bool,
    /// As an interactive shell.
    pub interactive: bool,
}

impl Default for Shell {
    fn default() -> Self {
        Self { login: true, interactive: false }
    }
}

/// The time limits of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For one probe.
    pub probe: Duration,
    /// For reaching a machine and proving who is there.
    pub connect: Duration,
    /// For a linter that tells what it would apply.
    pub dump: Duration,
    /// For one canary or behaviour check.
    pub check: Duration,
    /// For making a machine that is not there.
    pub create: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { probe: seconds(10), connect: seconds(10), dump: seconds(60), check: seconds(300), create: seconds(1800) }
    }
}

/// A tool on PATH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// The command's name.
    pub name: String,
    /// How strictly its version is held.
    pub policy: Policy,
    /// How to ask for the version, where the tool is not built in or the spec knows better.
    pub ask: Option<ToolQuestion>,
    /// Which package provides it, by manager, in the order written.
    pub install: Vec<(String, String)>,
    /// Compare only on these systems (`linux`, `macos`); none named means everywhere.
    pub only: Vec<String>,
}

/// How a spec asks for a version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolQuestion {
    /// A command line for sh in place of `<tool> --version`.
    pub version: Option<String>,
    /// A regular expression whose first group is the version.
    pub pattern: Option<String>,
}

/// A fact about a machine as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemItem {
    /// One of [`super::SYSTEM_FACTS`].
    pub name: &'static str,
    /// What it is held to.
    pub policy: Policy,
    /// Compare only on these systems; none named means everywhere.
    pub only: Vec<String>,
}

/// A variable of the environment that agents' commands get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvVariable {
    /// Its name.
    pub name: String,
    /// `Exact` compares digests of the value, `Present` asks that it is set.
    pub policy: Policy,
    /// Where its value is had from, where it is a secret.
    pub secret: Option<SecretRef>,
    /// Compare only on these systems; none named means everywhere.
    pub only: Vec<String>,
}

/// What the spec wants of one package manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packages {
    /// The manager's name.
    pub manager: String,
    /// How strictly versions are held.
    pub policy: Policy,
    /// Which packages.
    pub names: PackageNames,
}

/// One thing that many managers have: `ripgrep = { brew = "ripgrep", apt = "ripgrep" }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedPackage {
    /// What the spec calls it.
    pub title: String,
    /// How strictly its version is held.
    pub policy: Policy,
    /// The managers and what each calls it, in the order written.
    pub names: Vec<(String, String)>,
}

/// Which packages of a manager are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackageNames {
    /// All that the reference has; extras are drift.
    All,
    /// These.
    These(Vec<String>),
}

/// `[dotfiles]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dotfiles {
    /// The folder that holds their contents, absolute once loaded.
    pub source: Option<PathBuf>,
    /// The files, folders and globs.
    pub entries: Vec<Dotfile>,
    /// Whether `capture` keeps their contents beside the lock.
    pub keep: bool,
    /// The folder of the kept contents, absolute; none before it is loaded.
    pub kept: Option<PathBuf>,
    /// The reference's home, where it is on this machine.
    pub reference_home: Option<PathBuf>,
    /// The lock's digests of those files that can be shown line by line, by path: what is not this is brought along.
    pub known: BTreeMap<String, Digest>,
}

/// A working copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repo {
    /// Its name in findings.
    pub name: String,
    /// Where it is cloned from.
    pub url: Option<String>,
    /// Where it lies: relative to the home, `~/…`, or absolute.
    pub path: String,
    /// Which objects a clone leaves out until they are needed, as git's `--filter` says it.
    pub filter: Option<String>,
    /// Which of its [`REPO_STATES`] are compared, and not merely shown.
    pub compared: Vec<&'static str>,
    /// Which of its quality gates are held.
    pub gates: Selection,
    /// Which canaries and behaviour checks its gates must stand.
    pub checks: Selection,
    /// The files that stand for the others when its gates are asked what they would apply, as the lock has them; none
    /// while there is no lock that says.
    pub samples: Option<Vec<String>>,
}

/// Which of several things are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection<T = String> {
    /// Those that looking finds.
    #[default]
    Auto,
    /// These, by name.
    These(Vec<T>),
}

impl Selection {
    /// Whether one may be meant.
    pub fn admits(&self, name: &str) -> bool {
        match self {
            Self::Auto => true,
            Self::These(names) => names.iter().any(|one| one == name),
        }
    }
}

/// The states of a working copy that are shown as `repo:<name>/<state>`, and compared where the spec asks for it under the
/// same word.
pub const REPO_STATES: [&str; 9] =
    ["branch", "commit", "default_branch", "dirty", "identity", "lfs", "signing", "stashes", "submodules"];

/// `[gate]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatePolicy {
    /// How old an attestation may be.
    pub max_age: Duration,
    /// Drifts that do not deny.
    pub warn: Vec<ItemId>,
}

impl Default for GatePolicy {
    fn default() -> Self {
        Self { max_age: Duration::from_secs(15 * 60), warn: Vec::new() }
    }
}

impl Environment {
    /// The target of this name.
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.name == name)
    }

    /// The services that are held on a machine of this system.
    pub fn services_on<'a>(&'a self, os: Option<&'a str>) -> impl Iterator<Item = &'a Service> {
        let is_held = move |service: &&Service| {
            service.only.is_empty() || os.is_none_or(|os| service.only.iter().any(|only| only == os))
        };
        self.services.iter().flatten().filter(is_held)
    }

    /// Whether the settings of agents in the home are held: where agents work in repositories, or are a tool themselves.
    /// A repository that is called as the home is in findings has the name for itself.
    pub fn holds_agents(&self) -> bool {
        let is_asked = !self.repos.is_empty() || self.tools.iter().any(|tool| tool.name == "claude");
        is_asked && self.repos.iter().all(|repo| repo.name != "home")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ssh_address_is_read_whole_or_refused() {
        let read = |text: &str| SshAddress::read(text).map(|address| (address.user, address.host, address.port));
        let is = |user: Option<&str>, host: &str, port| Ok((user.map(str::to_owned), host.to_owned(), port));
        assert_eq!(read("vm"), is(None, "vm", None));
        assert_eq!(read("dev@vm:22"), is(Some("dev"), "vm", Some(22)));
        assert_eq!(read("a@b@vm"), is(Some("a@b"), "vm", None));
        assert_eq!(read("::1"), is(None, "::1", None));
        assert_eq!(read("dev@[::1]"), is(Some("dev"), "::1", None));
        assert_eq!(read("[fe80::1%en0]:2222"), is(None, "fe80::1%en0", Some(2222)));
        for text in [
            "",
            "@vm",
            "dev@",
            ":22",
            "-oProxyCommand=x",
            "-u@vm",
            "a b",
            "dev@[]:22",
            "[::1]22",
            "[::1]x:22",
            "dev:pw@vm",
            "a/b@vm",
            "dev@vm/home",
            "sftp://dev@vm",
        ] {
            assert_eq!(read(text), Err(format!("`{text}` is not an SSH address")), "{text}");
        }
        for text in ["ssh://dev@vm", "ssh://dev@vm:22", "ssh://vm", "ssh://[::1]:22"] {
            let told = format!("`{text}` is not an SSH address: write it without `ssh://`");
            assert_eq!(read(text), Err(told), "{text}");
        }
        for (text, port) in [("vm:", ""), ("vm:0", "0"), ("vm:65536", "65536"), ("vm:ssh", "ssh"), ("[::1]:", "")] {
            assert_eq!(read(text), Err(format!("`{port}` is not a port")), "{text}");
        }
    }
}
