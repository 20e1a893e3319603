//! Where to connect, as whom, with which keys: the spec's address completed by `~/.ssh/config` and the usual defaults.
#![expect(clippy::disallowed_methods, reason = "IO edge: reads ~/.ssh/config and looks for default keys")]

use std::path::PathBuf;

use crate::spec::SshAddress;
use crate::transport::known_hosts;
use crate::transport::ssh_config::{self, HostConfig, Tokens};
use crate::transport::{Surroundings, TransportError};

/// Everything that must be known before connecting.
#[derive(Clone, Debug)]
pub(super) struct Route {
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
}

impl Route {
    /// Completes the spec's address.
    pub(super) fn find(address: &SshAddress, surroundings: &Surroundings) -> Result<Self, TransportError> {
        let folder = surroundings.home.join(".ssh");
        let config_path = folder.join("config");
        let shown = config_path.display().to_string();
        let misread = |message: String| TransportError::Config { place: shown.clone(), message };
        let text = match std::fs::read_to_string(&config_path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(misread(error.to_string())),
        };
        let config = ssh_config::resolve(&text, &address.host).map_err(|problem| TransportError::Config {
            place: format!("{shown}:{}", problem.line),
            message: problem.message,
        })?;
        Self::complete(address, &config, surroundings).map_err(misread)
    }

    fn complete(address: &SshAddress, config: &HostConfig, surroundings: &Surroundings) -> Result<Self, String> {
        let alias = &address.host;
        let host =
            config.host_name.as_deref().map_or(Ok(alias.clone()), |name| ssh_config::expand_host(name, alias))?;
        let port = address.port.or(config.port).unwrap_or(22);
        let user = address.user.as_ref().or(config.user.as_ref()).unwrap_or(&surroundings.user).clone();
        let home = surroundings.home.to_str().ok_or("the home folder's name is not UTF-8")?;
        let tokens = Tokens { home, local_user: &surroundings.user, remote_user: &user, alias, host: &host, port };
        let expand = |values: &[String]| -> Result<Vec<PathBuf>, String> {
            let named = values.iter().filter(|value| !value.eq_ignore_ascii_case("none"));
            named.map(|value| ssh_config::expand_path(value, tokens).map(PathBuf::from)).collect()
        };
        let folder = surroundings.home.join(".ssh");
        let mut identities: Vec<PathBuf> = address.identity.iter().cloned().collect();
        identities.extend(expand(&config.identity_files)?);
        // ssh does without its defaults where the configuration names a file.
        let default_identities = if config.identity_files.is_empty() {
            let usual = ["id_ed25519", "id_ecdsa", "id_rsa"].map(|name| folder.join(name));
            usual.into_iter().filter(|path| path.exists()).collect()
        } else {
            Vec::new()
        };
        let default_known_hosts = folder.join("known_hosts");
        let mut known_hosts = match &config.known_hosts_files {
            Some(files) => expand(files)?,
            None => vec![default_known_hosts.clone(), folder.join("known_hosts2")],
        };
        let recording = known_hosts.first().cloned();
        known_hosts.push(PathBuf::from("/etc/ssh/ssh_known_hosts"));
        Ok(Self {
            host,
            port,
            user,
            host_key_alias: config.host_key_alias.clone(),
            identities,
            default_identities,
            identities_only: config.identities_only.unwrap_or(false),
            agent: surroundings.ssh_agent.clone().filter(|_| config.agent.unwrap_or(true)),
            known_hosts,
            recording,
            default_known_hosts,
        })
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn complete(address: &SshAddress, config: &str) -> Route {
        let surroundings = Surroundings {
            home: PathBuf::from("/nowhere/me"),
            user: "me".to_owned(),
            ssh_agent: Some(PathBuf::from("/run/agent")),
            env: Vec::new(),
            connect_limit: Duration::from_secs(1),
        };
        let config = ssh_config::resolve(config, &address.host).unwrap();
        Route::complete(address, &config, &surroundings).unwrap()
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
  HostKeyAlias Build-Machine
  IdentityAgent none
";

    #[test]
    fn the_configuration_fills_in_what_the_spec_leaves_open() {
        let route = complete(&host("mini"), CONFIG);
        assert_eq!((route.user.as_str(), route.address().as_str()), ("dev", "mini.local:2222"));
        assert_eq!(route.recorded_name(), "build-machine");
        assert_eq!(route.identities, [PathBuf::from("/nowhere/me/.ssh/dev_mini")]);
        assert_eq!(route.known_hosts, [PathBuf::from("/etc/ssh/ssh_known_hosts")]);
        assert_eq!((route.agent, route.recording), (None, None));
    }

    #[test]
    fn the_spec_wins_over_the_configuration() {
        let key = PathBuf::from("/key");
        let spec =
            SshAddress { user: Some("ci".to_owned()), port: Some(22), identity: Some(key.clone()), ..host("mini") };
        let route = complete(&spec, CONFIG);
        assert_eq!((route.user.as_str(), route.port), ("ci", 22));
        assert_eq!(route.identities, [key, PathBuf::from("/nowhere/me/.ssh/ci_mini")]);
    }

    #[test]
    fn without_either_it_is_this_user_on_port_22() {
        let route = complete(&host("fe80::1"), "");
        assert_eq!((route.user.as_str(), route.address().as_str()), ("me", "[fe80::1]:22"));
        assert_eq!(route.recorded_name(), "fe80::1");
        assert_eq!(route.agent, Some(PathBuf::from("/run/agent")));
        let folder = PathBuf::from("/nowhere/me/.ssh");
        assert_eq!(route.known_hosts[..2], [folder.join("known_hosts"), folder.join("known_hosts2")]);
    }
}
