//! The TCP connection with the SSH session on it, and the one place where anything waits for the network.
//!
//! The session never blocks by itself: libssh2's blocking calls each start a time limit of their own, so that a limit
//! for several of them together could not be kept. It says that it would block, and [`Wire::wait`] polls.
#![expect(clippy::disallowed_methods, reason = "IO edge: watches the clock")]

use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use ssh2::{BlockDirections, ErrorCode, MethodType, Session};

use super::route::Route;
use crate::transport::TransportError;

/// libssh2 would have to wait.
const EAGAIN: ErrorCode = ErrorCode::Session(-37);
/// Sending failed, the other side hung up, receiving failed.
const LOST: [ErrorCode; 3] = [ErrorCode::Session(-7), ErrorCode::Session(-13), ErrorCode::Session(-43)];
/// How long nothing need be heard before we ask for a sign of life.
const QUIET: Duration = Duration::from_secs(15);
/// How many such requests may go unanswered.
const UNANSWERED: u32 = 4;

/// A connection and its session.
pub(super) struct Wire {
    pub(super) session: Session,
    stream: Arc<TcpStream>,
    address: String,
}

/// Why something could not be carried to its end.
#[derive(Debug)]
pub(super) enum Broken {
    /// The time was up.
    Late,
    /// The connection is gone.
    Lost(String),
    /// The session or the other side said no.
    Failed(ssh2::Error),
}

impl From<ssh2::Error> for Broken {
    fn from(error: ssh2::Error) -> Self {
        if LOST.contains(&error.code()) {
            Self::Lost("the connection was closed by the other side or the network".to_owned())
        } else {
            Self::Failed(error)
        }
    }
}

/// Whether a step only has to wait.
pub(super) fn would_block(error: &ssh2::Error) -> bool {
    error.code() == EAGAIN
}

impl Wire {
    /// Connects to the first address of the host that answers.
    pub(super) fn connect(route: &Route, deadline: Instant) -> Result<Self, TransportError> {
        let address = route.address();
        let addresses = resolve(route, deadline)?;
        let mut why = "no time left".to_owned();
        for (index, candidate) in addresses.iter().enumerate() {
            // An address that swallows everything must leave time for the next.
            let share = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
            let limit = deadline.saturating_duration_since(Instant::now()) / share;
            if limit.is_zero() {
                break;
            }
            match TcpStream::connect_timeout(candidate, limit) {
                Ok(stream) => return Self::over(stream, address),
                Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                    why = format!("no answer within {:.1} s", limit.as_secs_f32());
                }
                Err(error) => why = error.to_string(),
            }
        }
        Err(TransportError::Connect { address, message: why })
    }

    fn over(stream: TcpStream, address: String) -> Result<Self, TransportError> {
        let failed = |message: String| TransportError::Connect { address: address.clone(), message };
        // Every message of the protocol waits for its answer: collecting them would only delay each.
        stream.set_nodelay(true).map_err(|error| failed(error.to_string()))?;
        let mut session = Session::new().map_err(|error| failed(error.message().to_owned()))?;
        session.set_blocking(false);
        let stream = Arc::new(stream);
        session.set_tcp_stream(Arc::clone(&stream));
        Ok(Self { session, stream, address })
    }

    /// Agrees on keys and returns the host's public key.
    pub(super) fn handshake(&self, host_keys: &str, deadline: Instant) -> Result<Vec<u8>, TransportError> {
        const DOING: &str = "the SSH handshake";
        let mut session = self.session.clone();
        session
            .method_pref(MethodType::HostKey, host_keys)
            .map_err(|error| self.failure(DOING, Broken::Failed(error)))?;
        self.settle(Some(deadline), || session.handshake()).map_err(|broken| self.failure(DOING, broken))?;
        let key = session.host_key().map(|(key, _)| key.to_vec());
        key.ok_or_else(|| self.failure(DOING, Broken::Lost("the server showed no host key".to_owned())))
    }

    /// From now on, a silent connection is asked for signs of life.
    pub(super) fn keep_alive(&self) {
        // libssh2 sends none if the last is younger than this; when to ask is decided in `wait`.
        self.session.set_keepalive(true, 5);
    }

    /// Repeats `step`, which never blocks, until it is done.
    pub(super) fn settle<T>(
        &self,
        deadline: Option<Instant>,
        mut step: impl FnMut() -> Result<T, ssh2::Error>,
    ) -> Result<T, Broken> {
        loop {
            match step() {
                Err(error) if would_block(&error) => self.wait(deadline)?,
                done => return Ok(done?),
            }
        }
    }

    /// Whether a message is half out. Until the call that began it has completed it, no other may send: libssh2 turns
    /// every other message away, and before 1.11.2 it took a new message for the rest of the old one, and lost it.
    pub(super) fn is_sending(&self) -> bool {
        matches!(self.session.block_directions(), BlockDirections::Outbound | BlockDirections::Both)
    }

    /// Waits until the session can go on.
    pub(super) fn wait(&self, deadline: Option<Instant>) -> Result<(), Broken> {
        let mut unanswered = 0;
        loop {
            let limit = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                Some(Duration::ZERO) => return Err(Broken::Late),
                Some(left) => left.min(QUIET),
                None => QUIET,
            };
            let sending = self.is_sending();
            // What has come in meanwhile is not read before the message is out, so it must not wake us.
            let events = if sending { PollFlags::OUT } else { PollFlags::IN };
            let limit = Timespec::try_from(limit).map_err(|error| Broken::Lost(error.to_string()))?;
            match rustix::event::poll(&mut [PollFd::new(&*self.stream, events)], Some(&limit)) {
                Ok(0) if unanswered == UNANSWERED => {
                    let silence = QUIET.as_secs() * u64::from(UNANSWERED + 1);
                    return Err(Broken::Lost(format!("no sign of life for {silence} s")));
                }
                Ok(0) => {
                    unanswered += 1;
                    if !sending {
                        self.session.keepalive_send()?;
                    }
                }
                Ok(_) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(Broken::Lost(error.to_string())),
            }
        }
    }

    /// Ends the connection for good; whatever is tried on it afterwards fails.
    pub(super) fn cut(&self) {
        // It may be cut already: then all is as wanted.
        drop(self.stream.shutdown(Shutdown::Both));
    }

    /// What broke, as an error that names the host.
    pub(super) fn failure(&self, doing: &'static str, broken: Broken) -> TransportError {
        let message = match broken {
            Broken::Late => "it took longer than the time limit".to_owned(),
            Broken::Lost(message) => message,
            Broken::Failed(error) => error.message().to_owned(),
        };
        TransportError::Session { address: self.address.clone(), doing, message }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if !self.is_sending() {
            // A goodbye spares the server a line in its log that looks like trouble. It may fail: we leave anyway.
            drop(self.session.disconnect(None, "done", None));
        }
        // libssh2 frees a channel that the server has not closed yet only in blocking mode, and then waits for the
        // server, which waits for the command. With the connection cut first, it frees at once.
        self.cut();
        self.session.set_timeout(1000);
        self.session.set_blocking(true);
    }
}

/// The host's addresses. The system's resolver knows no time limit, so it works in a thread of its own, which is left
/// behind if it takes too long.
fn resolve(route: &Route, deadline: Instant) -> Result<Vec<SocketAddr>, TransportError> {
    if let Ok(address) = route.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, route.port)]);
    }
    let failed = |message: String| TransportError::Resolve { host: route.host.clone(), message };
    let (sender, receiver) = mpsc::channel();
    let question = (route.host.clone(), route.port);
    std::thread::Builder::new()
        .name("resolve".to_owned())
        .spawn(move || {
            // Nobody listens any more if it took too long.
            drop(sender.send(question.to_socket_addrs().map(Vec::from_iter)));
        })
        .map_err(|error| failed(error.to_string()))?;
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(Ok(addresses)) if addresses.is_empty() => Err(failed("it has none".to_owned())),
        Ok(answer) => answer.map_err(|error| failed(error.to_string())),
        Err(_) => Err(failed("no answer within the time limit".to_owned())),
    }
}
