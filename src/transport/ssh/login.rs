//! Proving who we are: by key files and by the agent, in the order in which ssh goes about it. Keys that need a
//! passphrase come last, so that a person is asked only where nothing else lets us in.
//!
//! What becomes of each key is kept, so that a refusal can say everything that was tried.
#![expect(clippy::disallowed_methods, reason = "IO edge: reads key files and watches the clock")]

use std::cell::RefCell;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ssh2::{Agent, ErrorCode};

use super::key_file::{self, KeyFile};
use super::passphrases::Passphrases;
use super::route::Route;
use super::wire::{Broken, Wire};
use crate::transport::{Surroundings, TransportError};

/// The server wants none of this key, or not this signature.
const REFUSED: [ErrorCode; 2] = [ErrorCode::Session(-18), ErrorCode::Session(-19)];

/// Logs in, or says what was tried.
pub(super) fn log_in(
    wire: &Wire,
    route: &Route,
    surroundings: &Surroundings,
    deadline: Instant,
) -> Result<(), TransportError> {
    let mut login = Login {
        wire,
        route,
        home: &surroundings.home,
        passphrases: &surroundings.passphrases,
        deadline,
        refused: Vec::new(),
        locked: Vec::new(),
        tried: Vec::new(),
    };
    let accepted = login.try_all().map_err(|broken| match broken {
        // Servers hang up after some refusals: what they refused is what the user needs to know.
        Broken::Lost(why) if !login.tried.is_empty() && !wire.ran_late() => TransportError::Refused {
            user: route.user.clone(),
            address: route.address(),
            tried: login.report(Some(&why)),
        },
        broken => wire.failure("logging in", broken),
    })?;
    if accepted {
        return Ok(());
    }
    Err(TransportError::Refused { user: route.user.clone(), address: route.address(), tried: login.report(None) })
}

struct Login<'a> {
    wire: &'a Wire,
    route: &'a Route,
    home: &'a Path,
    passphrases: &'a Passphrases,
    deadline: Instant,
    /// Public keys that the server has refused: the same key is not offered twice.
    refused: Vec<Vec<u8>>,
    /// Encrypted key files that no agent holds, with their text.
    locked: Vec<(PathBuf, String)>,
    /// What was tried, and what became of it.
    tried: Vec<String>,
}

impl Login<'_> {
    fn try_all(&mut self) -> Result<bool, Broken> {
        let mut agent = self.agent()?;
        for path in &self.route.identities {
            if self.try_file(path, agent.as_mut())? {
                return Ok(true);
            }
        }
        if !self.route.identities_only
            && let Some(agent) = &mut agent
        {
            for blob in agent.blobs()? {
                if !self.refused.contains(&blob) && self.try_agent(agent, &blob)? == Some(true) {
                    return Ok(true);
                }
            }
        }
        for path in &self.route.default_identities {
            if self.try_file(path, agent.as_mut())? {
                return Ok(true);
            }
        }
        for (path, text) in std::mem::take(&mut self.locked) {
            if self.unlock(&path, &text)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The agent, if there is one that answers.
    fn agent(&mut self) -> Result<Option<OpenAgent>, Broken> {
        let Some(socket) = &self.route.agent else {
            self.tried.push("agent: none is running".to_owned());
            return Ok(None);
        };
        // The library waits for an agent without a limit.
        if let Err(why) = agent_answers(socket, self.deadline) {
            self.tried.push(format!("agent at {}: {why}", self.shown(socket)));
            return Ok(None);
        }
        let mut agent = self.wire.session.agent()?;
        agent.set_identity_path(socket)?;
        let answer = agent.connect().and_then(|()| agent.list_identities());
        if let Err(error) = answer {
            self.tried.push(format!("agent at {}: {}", self.shown(socket), error.message()));
            return Ok(None);
        }
        if agent.identities()?.is_empty() {
            self.tried.push("agent: it holds no keys".to_owned());
        }
        Ok(Some(OpenAgent(agent)))
    }

    /// Offers a key of the agent. None if the agent does not hold it.
    fn try_agent(&mut self, agent: &OpenAgent, blob: &[u8]) -> Result<Option<bool>, Broken> {
        let identities = agent.0.identities()?;
        let Some(identity) = identities.iter().find(|identity| identity.blob() == blob) else { return Ok(None) };
        let what = format!("agent's key {}", identity.comment());
        let answer = self.wire.settle(Some(self.deadline), || agent.0.userauth(&self.route.user, identity));
        self.note(&what, Some(blob.to_vec()), answer).map(Some)
    }

    /// Offers the key in a file, through the agent if the file alone does not do.
    fn try_file(&mut self, path: &Path, agent: Option<&mut OpenAgent>) -> Result<bool, Broken> {
        let shown = self.shown(path);
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                self.tried.push(format!("{shown}: {error}"));
                return Ok(false);
            }
        };
        let (blob, encrypted) = match key_file::inspect(&text) {
            KeyFile::Plain(blob) => {
                if blob.as_ref().is_some_and(|blob| self.refused.contains(blob)) {
                    return Ok(false);
                }
                // An empty passphrase keeps the library from asking for one on the terminal.
                let answer = self.offer(&text, "", self.deadline);
                return self.note(&shown, blob, answer);
            }
            KeyFile::Encrypted(blob) => (blob.or_else(|| beside(path)), true),
            KeyFile::Public(blob) => (Some(blob), false),
            KeyFile::Unknown => {
                self.tried.push(format!("{shown}: not a key in a known format"));
                return Ok(false);
            }
        };
        if let (Some(blob), Some(agent)) = (&blob, agent) {
            if self.refused.contains(blob) {
                return Ok(false);
            }
            if let Some(accepted) = self.try_agent(agent, blob)? {
                return Ok(accepted);
            }
        }
        if encrypted && self.passphrases.can_ask() {
            self.locked.push((path.to_owned(), text));
        } else if encrypted {
            self.tried
                .push(format!("{shown}: needs a passphrase, and no agent holds it (ssh-add {shown} gives it to one)"));
        } else {
            self.tried.push(format!("{shown}: is a public key, and no agent holds the private one"));
        }
        Ok(false)
    }

    fn offer(&self, text: &str, passphrase: &str, deadline: Instant) -> Result<(), Broken> {
        self.wire.settle(Some(deadline), || {
            self.wire.session.userauth_pubkey_memory(&self.route.user, None, text, Some(passphrase))
        })
    }

    /// Offers the key in an encrypted file, whose passphrase a person gives now or has given before. The time that a
    /// person takes does not count.
    fn unlock(&mut self, path: &Path, text: &str) -> Result<bool, Broken> {
        let shown = self.shown(path);
        let left = self.deadline.saturating_duration_since(Instant::now());
        let last = RefCell::new(None);
        let passphrase = self.passphrases.of(path, &shown, |given| {
            let answer = self.offer(text, given, Instant::now() + left);
            // The library reads the key before it says a word to the server.
            let opens = !matches!(&answer, Err(Broken::Failed(error)) if !REFUSED.contains(&error.code()));
            last.replace(Some(answer));
            opens
        });
        self.deadline = Instant::now() + left;
        match passphrase {
            Ok(passphrase) => {
                let answer = last.take().unwrap_or_else(|| self.offer(text, &passphrase, self.deadline));
                self.note(&shown, None, answer)
            }
            Err(why) => {
                self.tried.push(format!("{shown}: {why}"));
                Ok(false)
            }
        }
    }

    /// Keeps what became of a key.
    fn note(&mut self, what: &str, blob: Option<Vec<u8>>, answer: Result<(), Broken>) -> Result<bool, Broken> {
        match answer {
            Ok(()) => return Ok(true),
            // libssh2 has one code for a refusal and for a server that hung up; only the words differ.
            Err(Broken::Failed(error)) if error.message().starts_with("Waiting for") => {
                self.tried.push(format!("{what}: refused"));
                return Err(Broken::Lost("then the server closed the connection".to_owned()));
            }
            Err(Broken::Failed(error)) if REFUSED.contains(&error.code()) => {
                self.tried.push(format!("{what}: refused"));
            }
            Err(Broken::Failed(error)) => self.tried.push(format!("{what}: {}", error.message())),
            Err(other) => return Err(other),
        }
        self.refused.extend(blob);
        Ok(false)
    }

    fn report(&self, end: Option<&str>) -> String {
        let parts: Vec<&str> = self.tried.iter().map(String::as_str).chain(end).collect();
        parts.join("; ")
    }

    /// A path with the home as `~`.
    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(self.home).map_or_else(|_| path.display().to_string(), |rest| format!("~/{}", rest.display()))
    }
}

/// Whether an agent says which keys it holds in good time: it has half of what is left, so that key files can be tried
/// after one that hangs.
fn agent_answers(socket: &Path, deadline: Instant) -> std::io::Result<()> {
    /// A message of one byte: which keys do you hold?
    const REQUEST: [u8; 5] = [0, 0, 0, 1, 11];
    let limit = deadline.saturating_duration_since(Instant::now()) / 2;
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(limit.max(Duration::from_millis(1))))?;
    stream.write_all(&REQUEST)?;
    stream.read_exact(&mut [0; 5]).map_err(|error| match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            std::io::Error::new(ErrorKind::TimedOut, format!("no answer within {:.1} s", limit.as_secs_f32()))
        }
        _ => error,
    })
}

/// An agent whose keys have been listed.
struct OpenAgent(Agent);

impl OpenAgent {
    fn blobs(&self) -> Result<Vec<Vec<u8>>, Broken> {
        Ok(self.0.identities()?.iter().map(|identity| identity.blob().to_vec()).collect())
    }
}

/// The public key in the `.pub` file that lies beside a private one, if there is one.
fn beside(path: &Path) -> Option<Vec<u8>> {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    key_file::public_key(&std::fs::read_to_string(name).ok()?)
}
