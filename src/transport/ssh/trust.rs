//! Getting to know a machine: which key it shows, what known_hosts says of it so far, and adding it there.
#![expect(clippy::disallowed_methods, reason = "IO edge: watches the clock")]

use std::path::PathBuf;
use std::time::Instant;

use super::route::{Proxy, Route};
use super::{check, meet, on_the_way, recorded};
use crate::spec::SshAddress;
use crate::transport::known_hosts::{self, Verdict};
use crate::transport::{Surroundings, TransportError};

/// The key that a machine shows, which nobody need have vouched for yet.
#[derive(Clone, Debug)]
pub struct OfferedKey {
    /// Host and port.
    pub address: String,
    /// `ssh-ed25519`, …
    pub key_type: String,
    /// `SHA256:…`
    pub fingerprint: String,
    /// Whether it is recorded already.
    pub known: bool,
    /// Whether it is the target's own, not that of a machine on the way there.
    pub last: bool,
    /// The line that records it.
    pub line: String,
    /// The file that the line belongs in.
    pub file: PathBuf,
}

/// Connects as far as it takes to see the machine's key, or the first key on the way there that is not known yet: what
/// lies behind a machine can be seen only once that is trusted. A key other than the recorded one, or a revoked one, is
/// the same error as for connecting: it must be forgotten on purpose first.
pub fn offered_key(
    address: &SshAddress,
    target_name: &str,
    surroundings: &Surroundings,
) -> Result<OfferedKey, TransportError> {
    let deadline = Instant::now() + surroundings.connect_limit;
    let route = Route::find(address, surroundings)?;
    offered_on(&route, true, target_name, surroundings, deadline)
}

fn offered_on(
    route: &Route,
    last: bool,
    target_name: &str,
    surroundings: &Surroundings,
    deadline: Instant,
) -> Result<OfferedKey, TransportError> {
    if let Proxy::Jump(hop) = &route.proxy {
        let offered = offered_on(hop, false, target_name, surroundings, deadline);
        let offered = offered.map_err(|error| on_the_way(hop, error))?;
        if !offered.known {
            return Ok(offered);
        }
    }
    let file = route.recording.clone().ok_or_else(|| TransportError::Config {
        place: surroundings.home.join(".ssh/config").display().to_string(),
        message: "UserKnownHostsFile names no file to record a host key in".to_owned(),
    })?;
    let recorded = recorded(route)?;
    let (_wire, key) = meet(route, &recorded, target_name, surroundings, deadline)?;
    let verdict = recorded.judge(&key);
    if matches!(verdict, Verdict::Changed(_) | Verdict::Revoked(_)) {
        check(route, &key, &recorded, target_name)?;
    }
    let key_type = known_hosts::key_type(&key).unwrap_or_default().to_owned();
    Ok(OfferedKey {
        address: route.address(),
        fingerprint: known_hosts::fingerprint(&key),
        known: verdict == Verdict::Known,
        last,
        line: known_hosts::line(&route.recorded_name(), &key_type, &key),
        key_type,
        file,
    })
}

impl OfferedKey {
    /// Records the key, unless it is recorded already.
    pub fn trust(&self) -> Result<(), TransportError> {
        if self.known { Ok(()) } else { known_hosts::append(&self.file, &self.line) }
    }
}
