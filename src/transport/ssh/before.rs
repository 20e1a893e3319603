//! What a machine has to know of us, and we of it, before it is there: the keys that will be offered to it, and its host key.
#![expect(clippy::disallowed_methods, reason = "IO edge: reads key files")]

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ssh2::Session;

use super::key_file::{self, KeyFile, public_key};
use super::route::Route;
use super::{check, recorded};
use crate::spec::SshAddress;
use crate::transport::known_hosts::{self, Verdict, key_type};
use crate::transport::{Surroundings, TransportError};

/// Who will log in, and with which keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// The user's name there.
    pub user: String,
    /// Lines for `authorized_keys`, each a type and a key; none where no key is at hand.
    pub keys: Vec<String>,
}

/// The public halves of the keys that would be offered: the spec's own alone where it names one, else those of the
/// configuration, of the usual files, and of the agent.
pub fn newcomer(address: &SshAddress, surroundings: &Surroundings) -> Result<Newcomer, TransportError> {
    let route = Route::find(address, surroundings)?;
    let files: Vec<&PathBuf> = match &address.identity {
        Some(identity) => vec![identity],
        None => route.identities.iter().chain(&route.default_identities).collect(),
    };
    let mut keys: Vec<Vec<u8>> = Vec::new();
    for file in files {
        keys.extend(public_half(file)?);
    }
    if address.identity.is_none()
        && let Some(agent) = &route.agent
    {
        // An agent that does not answer has nothing to offer later, either.
        keys.extend(of_agent(agent).unwrap_or_else(|_no_answer| Vec::new()));
    }
    let mut lines: Vec<String> = Vec::new();
    for blob in keys {
        let Some(kind) = key_type(&blob) else { continue };
        let line = format!("{kind} {}", STANDARD.encode(&blob));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    Ok(Newcomer { user: route.user, keys: lines })
}

/// The public key that belongs to a key file: beside it, or in it.
fn public_half(file: &Path) -> Result<Option<Vec<u8>>, TransportError> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".pub");
    if let Some(key) = read(Path::new(&beside))?.and_then(|text| public_key(&text)) {
        return Ok(Some(key));
    }
    Ok(read(file)?.and_then(|text| match key_file::inspect(&text) {
        KeyFile::Plain(key) | KeyFile::Encrypted(key) => key,
        KeyFile::Public(key) => Some(key),
        KeyFile::Unknown => None,
    }))
}

fn read(path: &Path) -> Result<Option<String>, TransportError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TransportError::Config { place: path.display().to_string(), message: error.to_string() }),
    }
}

fn of_agent(socket: &Path) -> Result<Vec<Vec<u8>>, ssh2::Error> {
    let mut agent = Session::new()?.agent()?;
    agent.set_identity_path(socket)?;
    agent.connect()?;
    agent.list_identities()?;
    Ok(agent.identities()?.iter().map(|key| key.blob().to_vec()).collect())
}

/// The same for a key as text: its type, and the key.
pub fn expect_key_line(
    address: &SshAddress,
    target_name: &str,
    line: &str,
    surroundings: &Surroundings,
) -> Result<Option<PathBuf>, TransportError> {
    let key = public_key(line).ok_or_else(|| TransportError::Config {
        place: format!("the host key that {target_name} was made with"),
        message: "it is no public key such as `ssh-ed25519 AAAA…`".to_owned(),
    })?;
    expect_key(address, target_name, &key, surroundings)
}

/// Records the host key of a machine that is yet to show it, since whoever makes the machine gives it that key. Another key
/// that is recorded is the same error as for connecting. Says where it was recorded, or none where it was already.
pub fn expect_key(
    address: &SshAddress,
    target_name: &str,
    key: &[u8],
    surroundings: &Surroundings,
) -> Result<Option<PathBuf>, TransportError> {
    let route = Route::find(address, surroundings)?;
    let known = recorded(&route)?;
    match known.judge(key) {
        Verdict::Known => Ok(None),
        Verdict::Unknown | Verdict::Authority(_) => {
            let file = route.recording.clone().ok_or_else(|| TransportError::Config {
                place: surroundings.home.join(".ssh/config").display().to_string(),
                message: "UserKnownHostsFile names no file to record a host key in".to_owned(),
            })?;
            let kind = key_type(key).unwrap_or_default();
            known_hosts::append(&file, &known_hosts::line(&route.recorded_name(), kind, key))?;
            Ok(Some(file))
        }
        Verdict::Changed(_) | Verdict::Revoked(_) => check(&route, key, &known, target_name).map(|()| None),
    }
}
