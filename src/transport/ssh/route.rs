//! Where to connect, as whom, with which keys and through which machines: the spec's address completed by
//! `~/.ssh/config`, the system's configuration and the usual defaults.
#![expect(clippy::disallowed_methods, reason = "IO edge: reads ssh's configuration and looks for default keys")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::spec::SshAddress;
use crate::transport::known_hosts;
use crate::transport::ssh_config::{self, Asked, Family, HostConfig, ProxyConfig, Source, Tokens};
use crate::transport::{Surroundings, TransportError};

/// How many machines a way may lead through.
const MAX_HOPS: usize = 8;

/// Everything that must be known before connecting.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// The host as the spec or a `ProxyJump` names it.
    pub(super) alias: String,
    /// Host name or address.
    pub(super) host: String,
    /// The port.
    pub(super) port: u16,
    /// Who to log in as.
    pub(super) user: String,
    /// The machine's name in known_hosts, where it is not host and port.
    host_key_alias: Option<String>,
    /// Key files to try before the agent: the spec's, then the configuration's.
    pub(super) identities: Vec<PathBuf>,
    /// Key files to try after the agent, where the configuration names none; those that exist.
    pub(super) default_identities: Vec<PathBuf>,
    /// The agent offers only keys that are named by files.
    pub(super) identities_only: bool,
    /// The agent's socket, if it may be asked.
    pub(super) agent: Option<PathBuf>,
    /// The known_hosts files, whether they exist or not.
    pub(super) known_hosts: Vec<PathBuf>,
    /// The first of the user's own among them, where a key may be added; none if the configuration wants none.
    pub(super) recording: Option<PathBuf>,
    /// `~/.ssh/known_hosts`.
    pub(super) default_known_hosts: PathBuf,
    /// What to go through.
    pub(super) proxy: Proxy,
    /// How long the connection itself may take, if that is less than the whole.
    pub(super) connect_limit: Option<Duration>,
    /// How long nothing need be heard before a sign of life is asked for, and how many may be missing.
    pub(super) signs_of_life: (Duration, u32),
    /// The addresses to use, where not all.
    pub(super) family: Family,
    /// How long an RSA host key must be.
    pub(super) rsa_bits: u32,
    /// Lists of algorithms, by their keyword in small letters.
    pub(super) algorithms: BTreeMap<String, String>,
}

/// What a connection goes through.
#[derive(Clone, Debug)]
pub(super) enum Proxy {
    /// Nothing.
    None,
    /// Another machine, which may itself be behind one.
    Jump(Box<Route>),
    /// A command whose stdin and stdout are the connection.
    Command(String),
}

/// How long nothing need be heard, and how often no answer is no matter, unless the configuration says otherwise.
const SIGNS_OF_LIFE: (Duration, u32) = (Duration::from_secs(15), 4);

/// The shortest RSA key that ssh accepts by default.
const RSA_BITS: u32 = 1024;

impl Route {
    /// Completes the spec's address.
    pub(super) fn find(address: &SshAddress, surroundings: &Surroundings) -> Result<Self, TransportError> {
        Self::find_behind(address, None, &mut Vec::new(), surroundings)
    }

    /// Completes an address. `nearer` are the hops that come before it where a `ProxyJump` has said so already; `seen`
    /// are the hosts that lie behind it.
    fn find_behind(
        address: &SshAddress,
        nearer: Option<&str>,
        seen: &mut Vec<String>,
        surroundings: &Surroundings,
    ) -> Result<Self, TransportError> {
        let shown = surroundings.home.join(".ssh/config").display().to_string();
        let misread = |message: String| TransportError::Config { place: shown.clone(), message };
        let config = read_configuration(address, surroundings)?;
        let mut route = Self::complete(address, &config, surroundings).map_err(misread)?;
        seen.push(address.host.clone());
        let proxy = match nearer {
            Some(hops) => Some(ProxyConfig::Jump(hops.to_owned())),
            None => config.proxy.clone(),
        };
        let names = Names::of(surroundings).map_err(misread)?;
        route.proxy = match proxy {
            None | Some(ProxyConfig::None) => Proxy::None,
            Some(ProxyConfig::Command(command)) => {
                let tokens = route.tokens(&names, "", surroundings);
                Proxy::Command(ssh_config::expand_command(&command, tokens).map_err(misread)?)
            }
            Some(ProxyConfig::Jump(hops)) => {
                // The last hop is the one that reaches the machine; the others lead to it.
                let (nearer, last) = match hops.rsplit_once(',') {
                    Some((nearer, last)) => (Some(nearer), last),
                    None => (None, hops.as_str()),
                };
                let last = ssh_config::expand_jump(last, route.tokens(&names, &hops, surroundings));
                let hop = last.and_then(|last| hop_address(&last)).map_err(misread)?;
                if seen.contains(&hop.host) || seen.len() > MAX_HOPS {
                    let way: Vec<&str> = seen.iter().chain([&hop.host]).map(String::as_str).collect();
                    let message = format!("ProxyJump goes round in a circle: {}", way.join(" through "));
                    return Err(misread(message));
                }
                Proxy::Jump(Box::new(Self::find_behind(&hop, nearer, seen, surroundings)?))
            }
        };
        Ok(route)
    }

    fn complete(address: &SshAddress, config: &HostConfig, surroundings: &Surroundings) -> Result<Self, String> {
        let alias = &address.host;
        let host =
            config.host_name.as_deref().map_or(Ok(alias.clone()), |name| ssh_config::expand_host(name, alias))?;
        let folder = surroundings.home.join(".ssh");
        let default_known_hosts = folder.join("known_hosts");
        let interval = config.alive_interval.filter(|interval| !interval.is_zero());
        let mut route = Self {
            alias: alias.clone(),
            host,
            port: address.port.or(config.port).unwrap_or(22),
            user: address.user.as_ref().or(config.user.as_ref()).unwrap_or(&surroundings.user).clone(),
            host_key_alias: config.host_key_alias.clone(),
            identities: address.identity.iter().cloned().collect(),
            default_identities: Vec::new(),
            identities_only: config.identities_only.unwrap_or(false),
            agent: None,
            known_hosts: Vec::new(),
            recording: None,
            default_known_hosts,
            proxy: Proxy::None,
            connect_limit: config.connect_limit.filter(|limit| !limit.is_zero()),
            signs_of_life: (
                interval.unwrap_or(SIGNS_OF_LIFE.0),
                config.alive_count.unwrap_or(if interval.is_some() { 3 } else { SIGNS_OF_LIFE.1 }),
            ),
            family: config.family.unwrap_or(Family::Any),
            rsa_bits: config.rsa_bits.unwrap_or(RSA_BITS),
            algorithms: config.algorithms.clone(),
        };
        let names = Names::of(surroundings)?;
        let jump = match &config.proxy {
            Some(ProxyConfig::Jump(hops)) => hops.as_str(),
            _ => "",
        };
        let tokens = route.tokens(&names, jump, surroundings);
        let expand = |values: &[String]| -> Result<Vec<PathBuf>, String> {
            let named = values.iter().filter(|value| !value.eq_ignore_ascii_case("none"));
            named.map(|value| ssh_config::expand_path(value, tokens).map(PathBuf::from)).collect()
        };
        let identities = expand(&config.identity_files)?;
        let user_files = match &config.known_hosts_files {
            Some(files) => expand(files)?,
            None => vec![route.default_known_hosts.clone(), folder.join("known_hosts2")],
        };
        let global_files = match &config.global_known_hosts_files {
            Some(files) => expand(files)?,
            None => ["ssh_known_hosts", "ssh_known_hosts2"].map(|name| surroundings.system_ssh.join(name)).into(),
        };
        let agent = match config.agent.as_deref() {
            None | Some("SSH_AUTH_SOCK") => surroundings.ssh_agent.clone(),
            Some(none) if none.eq_ignore_ascii_case("none") => None,
            Some(value) => Some(PathBuf::from(match value.strip_prefix('$').filter(|name| !name.starts_with('{')) {
                Some(name) => tokens.variable(name).map_err(|message| format!("IdentityAgent {value}: {message}"))?,
                None => ssh_config::expand_path(value, tokens)?,
            })),
        };
        // ssh does without its defaults where the configuration names a file.
        if config.identity_files.is_empty() {
            let usual = ["id_ed25519", "id_ecdsa", "id_rsa"].map(|name| folder.join(name));
            route.default_identities = usual.into_iter().filter(|path| path.exists()).collect();
        }
        route.identities.extend(identities);
        route.agent = agent;
        // What is written to /dev/null is recorded nowhere.
        route.recording = user_files.first().filter(|path| *path != Path::new("/dev/null")).cloned();
        route.known_hosts = user_files.into_iter().chain(global_files).collect();
        Ok(route)
    }

    fn tokens<'a>(&'a self, names: &'a Names, jump: &'a str, surroundings: &'a Surroundings) -> Tokens<'a> {
        Tokens {
            home: &names.home,
            local_user: &surroundings.user,
            uid: rustix::process::getuid().as_raw(),
            local_host: &names.local_host,
            remote_user: &self.user,
            alias: &self.alias,
            host: &self.host,
            port: self.port,
            host_key_alias: self.host_key_alias.as_deref(),
            jump,
            env: &surroundings.env,
        }
    }

    /// Host and port, for messages.
    pub(super) fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The name that known_hosts has for the machine.
    pub(super) fn recorded_name(&self) -> String {
        match &self.host_key_alias {
            Some(alias) => known_hosts::recorded_name(alias, 22),
            None => known_hosts::recorded_name(&self.host, self.port),
        }
    }
}

/// Names that tokens stand for, as text.
struct Names {
    home: String,
    local_host: String,
}

impl Names {
    fn of(surroundings: &Surroundings) -> Result<Self, String> {
        let home = surroundings.home.to_str().ok_or("the home folder's name is not UTF-8")?.to_owned();
        let local_host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Ok(Self { home, local_host })
    }
}

/// What the user's and the system's files say of a host.
fn read_configuration(address: &SshAddress, surroundings: &Surroundings) -> Result<HostConfig, TransportError> {
    let failed = |place: String, message: String| TransportError::Config { place, message };
    let folder = surroundings.home.join(".ssh");
    let mut sources = Vec::new();
    for (path, folder) in
        [(folder.join("config"), &folder), (surroundings.system_ssh.join("ssh_config"), &surroundings.system_ssh)]
    {
        let source = read_source(&path, folder).map_err(|message| failed(path.display().to_string(), message))?;
        sources.extend(source);
    }
    let asked = Asked { alias: &address.host, user: address.user.as_deref(), local_user: &surroundings.user };
    let open = |pattern: &str, folder: &str| included(pattern, folder, &asked, surroundings);
    ssh_config::resolve(&sources, asked, &open).map_err(|problem| failed(problem.place, problem.message))
}

/// The files that an `Include` names; one that is not there includes nothing.
fn included(
    pattern: &str,
    folder: &str,
    asked: &Asked<'_>,
    surroundings: &Surroundings,
) -> Result<Vec<Source>, String> {
    let names = Names::of(surroundings)?;
    let tokens = Tokens {
        home: &names.home,
        local_user: asked.local_user,
        uid: rustix::process::getuid().as_raw(),
        local_host: &names.local_host,
        remote_user: asked.user.unwrap_or(asked.local_user),
        alias: asked.alias,
        host: asked.alias,
        port: 22,
        host_key_alias: None,
        jump: "",
        env: &surroundings.env,
    };
    let folder = Path::new(folder);
    let pattern = folder.join(ssh_config::expand_path(pattern, tokens)?);
    let mut sources = Vec::new();
    for path in ssh_config::glob(&pattern)? {
        let source = read_source(&path, folder).map_err(|message| format!("{}: {message}", path.display()))?;
        sources.extend(source);
    }
    Ok(sources)
}

fn read_source(path: &Path, folder: &Path) -> Result<Option<Source>, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let (shown, folder) = (path.display().to_string(), folder.display().to_string());
            Ok(Some(Source { shown, text, folder }))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// `user@host:port` or `ssh://user@host:port`, as `ProxyJump` writes a hop.
fn hop_address(text: &str) -> Result<SshAddress, String> {
    let written = text.strip_prefix("ssh://").unwrap_or(text).trim_end_matches('/');
    SshAddress::read(written).map_err(|_| format!("ProxyJump {text} is no user@host:port"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings(home: &Path) -> Surroundings {
        Surroundings {
            home: home.to_owned(),
            user: "me".to_owned(),
            ssh_agent: Some(PathBuf::from("/run/agent")),
            env: vec![("AGENT".into(), "/run/other".into())],
            connect_limit: Duration::from_secs(1),
            system_ssh: home.join("etc"),
            passphrases: std::sync::Arc::default(),
        }
    }

    fn route(config: &str, address: &SshAddress) -> Result<Route, String> {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join(".ssh/conf.d")).unwrap();
        std::fs::create_dir_all(home.path().join("etc")).unwrap();
        std::fs::write(home.path().join(".ssh/config"), config).unwrap();
        std::fs::write(home.path().join(".ssh/conf.d/work"), "Host work\n  Port 2200\n").unwrap();
        std::fs::write(home.path().join("etc/ssh_config"), "Include more\nHost *\n  User everybody\n").unwrap();
        std::fs::write(home.path().join("etc/more"), "Host m*\n  Port 2244\n").unwrap();
        let found = Route::find(address, &surroundings(home.path()));
        found.map_err(|error| error.to_string().replace(&home.path().display().to_string(), "~"))
    }

    fn host(host: &str) -> SshAddress {
        SshAddress { user: None, host: host.to_owned(), port: None, identity: None }
    }

    const CONFIG: &str = "\
Host mini
  HostName %h.local
  User dev
  Port 2222
  IdentityFile ~/.ssh/%r_%n
  UserKnownHostsFile none
  GlobalKnownHostsFile /etc/kh1 /etc/kh2
  HostKeyAlias Build-Machine
  IdentityAgent none
";

    #[test]
    fn the_configuration_fills_in_what_the_spec_leaves_open() {
        let route = route(CONFIG, &host("mini")).unwrap();
        assert_eq!((route.user.as_str(), route.address().as_str()), ("dev", "mini.local:2222"));
        assert_eq!(route.recorded_name(), "build-machine");
        assert!(route.identities[0].ends_with(".ssh/dev_mini"), "{:?}", route.identities);
        assert_eq!(route.known_hosts, [PathBuf::from("/etc/kh1"), PathBuf::from("/etc/kh2")]);
        assert_eq!((route.agent, route.recording), (None, None));
    }

    #[test]
    fn the_spec_wins_over_the_configuration() {
        let key = PathBuf::from("/key");
        let spec =
            SshAddress { user: Some("ci".to_owned()), port: Some(22), identity: Some(key.clone()), ..host("mini") };
        let route = route(CONFIG, &spec).unwrap();
        assert_eq!((route.user.as_str(), route.port), ("ci", 22));
        assert_eq!(route.identities[0], key);
        assert!(route.identities[1].ends_with("ci_mini"));
    }

    #[test]
    fn without_either_it_is_this_user_on_port_22() {
        let found = Route::complete(&host("fe80::1"), &HostConfig::default(), &surroundings(Path::new("/me"))).unwrap();
        assert_eq!((found.user.as_str(), found.address().as_str()), ("me", "[fe80::1]:22"));
        assert_eq!(found.recorded_name(), "fe80::1");
        assert_eq!(found.agent, Some(PathBuf::from("/run/agent")));
        let expected = ["/me/.ssh/known_hosts", "/me/.ssh/known_hosts2", "/me/etc/ssh_known_hosts"];
        assert_eq!(found.known_hosts[..3], expected.map(PathBuf::from));
        assert_eq!(found.signs_of_life, SIGNS_OF_LIFE);
    }

    #[test]
    fn included_files_and_the_systems_fill_in_what_is_left() {
        let included = |alias: &str| route("Include conf.d/*\nInclude ~/.ssh/absent\n", &host(alias)).unwrap();
        assert_eq!((included("work").port, included("work").user.as_str()), (2200, "everybody"));
        assert_eq!((included("mini").port, included("vm").port), (2244, 22));
        let agent = |value: &str| route(&format!("IdentityAgent {value}"), &host("vm")).map(|route| route.agent);
        assert_eq!(agent("$AGENT").unwrap(), Some(PathBuf::from("/run/other")));
        assert_eq!(agent("${AGENT}/%n").unwrap(), Some(PathBuf::from("/run/other/vm")));
        assert_eq!(agent("SSH_AUTH_SOCK").unwrap(), Some(PathBuf::from("/run/agent")));
        assert_eq!(agent("$GONE").unwrap_err(), "~/.ssh/config: IdentityAgent $GONE: the variable GONE is not set");
    }

    fn way(route: &Route) -> String {
        match &route.proxy {
            Proxy::None => format!("{}@{}", route.user, route.address()),
            Proxy::Jump(hop) => format!("{} > {}@{}", way(hop), route.user, route.address()),
            Proxy::Command(command) => format!("({command}) > {}@{}", route.user, route.address()),
        }
    }

    #[test]
    fn jumps_are_resolved_hop_by_hop() {
        let config = "\
Host inner
  ProxyJump ops@outer:2022,middle
Host middle
  HostName 10.0.0.5
  Port 23
  User mid
  ProxyJump never-used
Host outer
  ProxyJump first
Host first
  ProxyCommand connect '%h' %p
Host none
  ProxyJump none
Host circle
  ProxyJump inside
Host inside
  ProxyJump circle
Host odd
  ProxyJump a@:22
";
        assert_eq!(
            way(&route(config, &host("inner")).unwrap()),
            "(connect 'first' 22) > everybody@first:22 > ops@outer:2022 > mid@10.0.0.5:23 > everybody@inner:22"
        );
        assert_eq!(way(&route(config, &host("none")).unwrap()), "everybody@none:22");
        assert_eq!(
            route(config, &host("circle")).unwrap_err(),
            "~/.ssh/config: ProxyJump goes round in a circle: circle through inside through circle"
        );
        assert_eq!(route(config, &host("odd")).unwrap_err(), "~/.ssh/config: ProxyJump a@:22 is no user@host:port");
    }
}
