//! Another machine as a target: one SSH connection, and command lines run over it one after the other.
//!
//! Flow: `route` finds out from the spec and ssh's configuration where to go, as whom and through what; `wire` connects
//! and agrees on keys, through `proxy` where something lies in between; the host key is held against known_hosts *before*
//! anything about the user is said; `login` proves who we are; `exec` runs. Each hop on the way goes through the same
//! steps. `trust` stops after the second step, to show a key that is not known yet. Only `passphrases` asks anybody.
#![expect(clippy::disallowed_methods, reason = "IO edge: watches the clock")]

mod before;
mod exec;
mod key_file;
mod line;
mod login;
mod passphrases;
mod proxy;
mod route;
mod survey;
mod trust;
mod watch;
mod wire;

use std::time::{Duration, Instant};

pub use before::{Newcomer, expect_key, expect_key_line, newcomer};
pub use passphrases::{Asker, Passphrases};
pub use survey::{Survey, agent_keys, survey};
pub use trust::{OfferedKey, offered_key};

use self::route::{Proxy, Route};
use self::wire::Wire;
use super::known_hosts::{self, Recorded, Verdict};
use super::{Surroundings, TransportError, quote, ssh_config};
use crate::spec::SshAddress;

/// An SSH connection to a machine that has proved to be the recorded one.
pub(super) struct Ssh {
    wire: Wire,
    host_key: String,
    /// How long the server may take to start a command.
    start_limit: Duration,
    /// Where output lands on its way to the listener; kept, so that each run needs no new one.
    buffer: Vec<u8>,
}

impl Ssh {
    /// Connects, checks the host key, and logs in, all within the surroundings' limit.
    pub(super) fn connect(
        address: &SshAddress,
        target_name: &str,
        surroundings: &Surroundings,
    ) -> Result<Self, TransportError> {
        let deadline = Instant::now() + surroundings.connect_limit;
        let route = Route::find(address, surroundings)?;
        let (wire, key) = open(&route, target_name, surroundings, deadline)?;
        let host_key = known_hosts::fingerprint(&key);
        Ok(Self { wire, host_key, start_limit: surroundings.connect_limit, buffer: vec![0; exec::CHUNK] })
    }

    /// `SHA256:…` of the key that the machine proved to hold.
    pub(super) fn host_key(&self) -> &str {
        &self.host_key
    }
}

/// Connects, checks the host key, and logs in.
fn open(
    route: &Route,
    target_name: &str,
    surroundings: &Surroundings,
    deadline: Instant,
) -> Result<(Wire, Vec<u8>), TransportError> {
    let recorded = recorded(route)?;
    let (wire, key) = meet(route, &recorded, target_name, surroundings, deadline)?;
    check(route, &key, &recorded, target_name)?;
    login::log_in(&wire, route, surroundings, deadline)?;
    wire.is_known();
    wire.keep_alive();
    Ok((wire, key))
}

/// A connection to the machine, through what lies in between; nothing has been said over it yet.
fn reach(
    route: &Route,
    target_name: &str,
    surroundings: &Surroundings,
    deadline: Instant,
) -> Result<Wire, TransportError> {
    match &route.proxy {
        Proxy::None => Wire::connect(route, deadline),
        Proxy::Command(command_line) => proxy::command(command_line, route, surroundings),
        Proxy::Jump(hop) => {
            let way = open(hop, target_name, surroundings, deadline)
                .and_then(|(wire, _)| proxy::through(wire, hop, route, deadline));
            way.map_err(|error| on_the_way(hop, error))
        }
    }
}

/// Says that it was not the machine itself. A hop behind another hop is named already.
fn on_the_way(hop: &Route, error: TransportError) -> TransportError {
    match error {
        TransportError::Hop { .. } => error,
        error => TransportError::Hop { hop: hop.alias.clone(), source: Box::new(error) },
    }
}

/// What known_hosts says of the host.
fn recorded(route: &Route) -> Result<Recorded, TransportError> {
    known_hosts::lookup(&known_hosts::read(&route.known_hosts)?, &route.recorded_name())
}

/// A connection on which keys are agreed on, and the key that the machine shows there.
///
/// Only key types that are recorded are offered, where any are. A machine that has none of these is met once more, to
/// see which key it shows instead: that is a change, which is told and never gets any further.
fn meet(
    route: &Route,
    recorded: &Recorded,
    target_name: &str,
    surroundings: &Surroundings,
    deadline: Instant,
) -> Result<(Wire, Vec<u8>), TransportError> {
    let wire = reach(route, target_name, surroundings, deadline)?;
    match greet(&wire, route, &offer(recorded.key_types()), deadline) {
        Ok(key) => Ok((wire, key)),
        Err(Greeting::Failed(error)) => Err(error),
        Err(Greeting::Disagreed(error)) => {
            let Some((lacking, place)) = recorded.types_and_first_place() else { return Err(error) };
            drop(wire);
            let wire = reach(route, target_name, surroundings, deadline)?;
            // Where this fails as well, the first failure was about something else than key types.
            let Ok(key) = greet(&wire, route, &offer(std::iter::empty()), deadline) else { return Err(error) };
            if recorded.judge(&key) != Verdict::Changed(place.clone()) {
                check(route, &key, recorded, target_name)?;
                return Err(error);
            }
            Err(TransportError::ChangedHostKeyType {
                address: route.address(),
                lacking,
                recorded_at: place.to_string(),
                key_type: type_of(&key),
                fingerprint: known_hosts::fingerprint(&key),
                command: forget_command(route, &place.file),
            })
        }
    }
}

/// Why no keys were agreed on.
enum Greeting {
    /// The session said no, which it does where the two have no algorithm in common.
    Disagreed(TransportError),
    /// Anything else.
    Failed(TransportError),
}

/// Agrees on keys. The public key that comes back is one that the server holds the private half of; whether it is the
/// right one is not said yet.
fn greet(wire: &Wire, route: &Route, host_keys: &str, deadline: Instant) -> Result<Vec<u8>, Greeting> {
    wire.restrict(route).map_err(Greeting::Failed)?;
    let mut host_keys = host_keys.to_owned();
    if let Some(list) = route.algorithms.get("hostkeyalgorithms") {
        let all: Vec<&str> = host_keys.split(',').collect();
        let left = ssh_config::leave(list, &all).join(",");
        if left.is_empty() {
            return Err(Greeting::Failed(wire.no_algorithm("HostKeyAlgorithms")));
        }
        host_keys = left;
    }
    let limit = route.connect_limit.map_or(deadline, |limit| deadline.min(Instant::now() + limit));
    let key = wire.handshake(&host_keys, limit)?;
    match known_hosts::rsa_bits(&key) {
        Some(bits) if bits < route.rsa_bits => {
            let address = route.address();
            Err(Greeting::Failed(TransportError::WeakHostKey { address, bits, wanted: route.rsa_bits }))
        }
        _ => Ok(key),
    }
}

/// The signature algorithms to ask for: those of the recorded types, or all where none is recorded. Certificates are
/// left out: they are not checked.
fn offer<'a>(recorded: impl Iterator<Item = &'a str>) -> String {
    const TYPES: [(&str, &str); 5] = [
        ("ssh-ed25519", "ssh-ed25519"),
        ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"),
        ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"),
        ("ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"),
        // A key of type ssh-rsa; the algorithm of that name signs with SHA-1, and is asked for by nobody any more.
        ("ssh-rsa", "rsa-sha2-512,rsa-sha2-256"),
    ];
    let recorded: Vec<&str> = recorded.collect();
    let is_recorded = |key_type: &str| recorded.contains(&key_type);
    // Types that trueup cannot check, such as those of security tokens, are as good as not recorded.
    let any = TYPES.iter().any(|(key_type, _)| is_recorded(key_type));
    let offered = TYPES.into_iter().filter(|(key_type, _)| !any || is_recorded(key_type));
    offered.map(|(_, algorithms)| algorithms).collect::<Vec<_>>().join(",")
}

/// The type that a key names itself, for messages.
fn type_of(key: &[u8]) -> String {
    known_hosts::key_type(key).unwrap_or("a key of no known type").to_owned()
}

/// Refuses every key that is not recorded as the host's.
fn check(route: &Route, key: &[u8], recorded: &Recorded, target_name: &str) -> Result<(), TransportError> {
    let address = route.address();
    let fingerprint = known_hosts::fingerprint(key);
    let key_type = type_of(key);
    Err(match recorded.judge(key) {
        Verdict::Known => return Ok(()),
        Verdict::Authority(place) => TransportError::Authority {
            address,
            key_type,
            fingerprint,
            place: place.to_string(),
            command: format!("trueup trust {}", quote::word(target_name)),
        },
        Verdict::Unknown => TransportError::UnknownHostKey {
            address,
            key_type,
            fingerprint,
            command: format!("trueup trust {}", quote::word(target_name)),
        },
        Verdict::Changed(place) => TransportError::ChangedHostKey {
            address,
            key_type,
            fingerprint,
            recorded_at: place.to_string(),
            command: forget_command(route, &place.file),
        },
        Verdict::Revoked(place) => {
            TransportError::RevokedHostKey { address, fingerprint, recorded_at: place.to_string() }
        }
    })
}

/// What removes a host's keys. `ssh-keygen` looks into `~/.ssh/known_hosts` unless told otherwise.
fn forget_command(route: &Route, file: &str) -> String {
    let name = route.recorded_name();
    if route.default_known_hosts.as_os_str() == file {
        format!("ssh-keygen -R {}", quote::word(&name))
    } else {
        format!("ssh-keygen -R {} -f {}", quote::word(&name), quote::word(file))
    }
}

#[cfg(test)]
mod tests {
    use super::offer;

    #[test]
    fn recorded_types_alone_are_asked_for_and_certificates_never() {
        let recorded = ["ssh-rsa", "ecdsa-sha2-nistp384"];
        assert_eq!(offer(recorded.into_iter()), "ecdsa-sha2-nistp384,rsa-sha2-512,rsa-sha2-256");
        for none in [&[][..], &["sk-ssh-ed25519@openssh.com"]] {
            let all =
                "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256";
            assert_eq!(offer(none.iter().copied()), all);
        }
    }
}
