//! What can be said about the way to a machine before anything is connected: for `doctor`.

use std::path::Path;

use ssh2::Session;

use super::recorded;
use super::route::Route;
use crate::spec::SshAddress;
use crate::transport::{Surroundings, TransportError};

/// Where the spec and `~/.ssh/config` lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Host and port.
    pub address: String,
    /// Who to log in as.
    pub user: String,
    /// The types of the host keys that known_hosts has for it.
    pub recorded: Vec<String>,
}

/// Reads `~/.ssh/config` and known_hosts as connecting would; connects to nothing.
pub fn survey(address: &SshAddress, surroundings: &Surroundings) -> Result<Survey, TransportError> {
    let route = Route::find(address, surroundings)?;
    let recorded = recorded(&route)?.key_types().map(str::to_owned).collect();
    Ok(Survey { address: route.address(), user: route.user, recorded })
}

/// How many keys the agent at this socket holds. The error is a sentence.
pub fn agent_keys(socket: &Path) -> Result<usize, String> {
    let count = || {
        let mut agent = Session::new()?.agent()?;
        agent.set_identity_path(socket)?;
        agent.connect()?;
        agent.list_identities()?;
        Ok(agent.identities()?.len())
    };
    count().map_err(|error: ssh2::Error| error.message().to_owned())
}
