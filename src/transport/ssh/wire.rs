//! The TCP connection with the SSH session on it, and the one place where anything waits for the network.
//!
//! The session never blocks by itself: libssh2's blocking calls each start a time limit of their own, so that a limit
//! for several of them together could not be kept. It says that it would block, and [`Wire::wait`] polls.
#![expect(clippy::disallowed_methods, reason = "IO edge: watches the clock")]

use std::cell::RefCell;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use ssh2::{BlockDirections, ErrorCode, MethodType, Session};

use super::Greeting;
use super::line::{Line, Stream};
use super::proxy::FarEnd;
use super::route::Route;
use super::watch::{Leash, Until, Watch};
use crate::transport::TransportError;
use crate::transport::ssh_config::{self, Family};

/// libssh2 would have to wait.
const EAGAIN: ErrorCode = ErrorCode::Session(-37);
/// Sending failed, the other side hung up, receiving failed.
const LOST: [ErrorCode; 3] = [ErrorCode::Session(-7), ErrorCode::Session(-13), ErrorCode::Session(-43)];

/// The words for a limit that has passed.
const LATE: &str = "it took longer than the time limit";
/// The words for a stranger who does not stop.
const FLOODED: &str = "it said more than 1 MiB before it was known who it is";

/// A connection and its session.
pub(super) struct Wire {
    pub(super) session: Session,
    stream: Arc<Stream>,
    /// What the session takes for the network.
    near: Arc<UnixStream>,
    line: RefCell<Line>,
    address: String,
    /// How long nothing need be heard before we ask for a sign of life, and how many such requests may go unanswered.
    quiet: Duration,
    unanswered: u32,
    /// Keeps the limits that the library itself would run past.
    watch: Watch,
    /// What carries the stream on, where it does not lead to the machine itself. Ended after the session.
    far_end: Option<FarEnd>,
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
        let deadline = route.connect_limit.map_or(deadline, |limit| deadline.min(Instant::now() + limit));
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
                Ok(stream) => {
                    // Every message of the protocol waits for its answer: collecting them would only delay each.
                    let failed = |error: std::io::Error| TransportError::Connect {
                        address: address.clone(),
                        message: error.to_string(),
                    };
                    stream.set_nodelay(true).map_err(failed)?;
                    return Self::over(Stream::Tcp(stream), route, None);
                }
                Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                    why = format!("no answer within {:.1} s", limit.as_secs_f32());
                }
                Err(error) => why = error.to_string(),
            }
        }
        Err(TransportError::Connect { address, message: why })
    }

    /// A session over what something else carries on to the machine.
    pub(super) fn behind(near: UnixStream, far_end: FarEnd, route: &Route) -> Result<Self, TransportError> {
        Self::over(Stream::Pair(near), route, Some(far_end))
    }

    fn over(stream: Stream, route: &Route, far_end: Option<FarEnd>) -> Result<Self, TransportError> {
        let address = route.address();
        let mut session = Session::new().map_err(|error| TransportError::Connect {
            address: address.clone(),
            message: error.message().to_owned(),
        })?;
        session.set_blocking(false);
        let stream = Arc::new(stream);
        let (line, near) = Line::over(Arc::clone(&stream))
            .map_err(|error| TransportError::Connect { address: address.clone(), message: error.to_string() })?;
        let near = Arc::new(near);
        session.set_tcp_stream(Arc::clone(&near));
        let watched = Arc::clone(&stream);
        // It may be cut already: then all is as wanted.
        let watch = Watch::start(move || drop(watched.shutdown()))
            .map_err(|source| TransportError::Local { program: "a thread".to_owned(), source })?;
        let (quiet, unanswered) = route.signs_of_life;
        Ok(Self { session, stream, near, line: RefCell::new(line), address, quiet, unanswered, watch, far_end })
    }

    /// Has the session use only the algorithms that the configuration leaves.
    pub(super) fn restrict(&self, route: &Route) -> Result<(), TransportError> {
        const LISTS: [(&str, &[MethodType]); 3] = [
            ("ciphers", &[MethodType::CryptCs, MethodType::CryptSc]),
            ("macs", &[MethodType::MacCs, MethodType::MacSc]),
            ("kexalgorithms", &[MethodType::Kex]),
        ];
        let failed = |error: ssh2::Error| self.failure("choosing algorithms", Broken::Failed(error));
        for (keyword, methods) in LISTS {
            let Some(list) = route.algorithms.get(keyword) else { continue };
            for method in methods {
                let left = ssh_config::leave(list, &self.session.supported_algs(*method).map_err(failed)?);
                if left.is_empty() {
                    return Err(self.no_algorithm(keyword));
                }
                self.session.method_pref(*method, &left.join(",")).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// The configuration leaves nothing that trueup could use.
    pub(super) fn no_algorithm(&self, keyword: &str) -> TransportError {
        let message = format!("ssh_config's {keyword} leaves none that trueup has");
        self.failure("choosing algorithms", Broken::Lost(message))
    }

    /// Agrees on keys and returns the host's public key.
    pub(super) fn handshake(&self, host_keys: &str, deadline: Instant) -> Result<Vec<u8>, Greeting> {
        const DOING: &str = "the SSH handshake";
        let mut session = self.session.clone();
        session
            .method_pref(MethodType::HostKey, host_keys)
            .map_err(|error| Greeting::Failed(self.failure("choosing algorithms", Broken::Failed(error))))?;
        self.settle(Some(deadline), || session.handshake()).map_err(|broken| match broken {
            Broken::Failed(_) => Greeting::Disagreed(self.failure(DOING, broken)),
            broken => Greeting::Failed(self.failure(DOING, broken)),
        })?;
        let key = session.host_key().map(|(key, _)| key.to_vec());
        let none = || self.failure(DOING, Broken::Lost("the server showed no host key".to_owned()));
        key.ok_or_else(|| Greeting::Failed(none()))
    }

    /// The server has proved who it is and let us in: from now on it may say as much as it likes.
    pub(super) fn is_known(&self) {
        self.line.borrow_mut().is_known();
    }

    /// Sends what has been said, as far as the network takes it at once.
    pub(super) fn flush(&self) {
        self.line.borrow_mut().carry_out();
    }

    /// From now on, a silent connection is asked for signs of life.
    pub(super) fn keep_alive(&self) {
        // libssh2 sends none if the last is younger than this, in seconds; when to ask is decided in `wait`.
        self.session.set_keepalive(true, if self.quiet < Duration::from_secs(6) { 1 } else { 5 });
    }

    /// Repeats `step`, which never blocks, until it is done. A server that floods keeps even such a step from ending;
    /// then the connection is cut.
    pub(super) fn settle<T>(
        &self,
        deadline: Option<Instant>,
        mut step: impl FnMut() -> Result<T, ssh2::Error>,
    ) -> Result<T, Broken> {
        let _until = self.watch.until(deadline);
        loop {
            match step() {
                Err(error) if would_block(&error) => self.wait(deadline)?,
                Err(_) if self.watch.has_cut() => return Err(Broken::Late),
                Err(_) if self.line.borrow().was_flooded() => return Err(Broken::Lost(FLOODED.to_owned())),
                done => {
                    self.flush();
                    return Ok(done?);
                }
            }
        }
    }

    /// As long as what is returned lives, whatever is done on the connection is over at `deadline`, or it is cut.
    pub(super) fn until(&self, deadline: Option<Instant>) -> Until {
        self.watch.until(deadline)
    }

    /// Whether the connection was cut because a limit had passed.
    pub(super) fn ran_late(&self) -> bool {
        self.watch.has_cut()
    }

    /// What ends the connection from another thread.
    pub(super) fn leash(&self) -> Leash {
        self.watch.share()
    }

    /// Whether a message is half out. Until the call that began it has completed it, no other may send: libssh2 turns
    /// every other message away, and before 1.11.2 it took a new message for the rest of the old one, and lost it.
    pub(super) fn is_sending(&self) -> bool {
        matches!(self.session.block_directions(), BlockDirections::Outbound | BlockDirections::Both)
    }

    /// Waits until the session can go on.
    pub(super) fn wait(&self, deadline: Option<Instant>) -> Result<(), Broken> {
        self.wait_also(deadline, true, None).map(drop)
    }

    /// Waits until the session can go on or something else is ready, and says whether that has been closed. `listening`
    /// is false where what comes in would not be taken.
    pub(super) fn wait_also(
        &self,
        deadline: Option<Instant>,
        listening: bool,
        also: Option<(BorrowedFd<'_>, PollFlags)>,
    ) -> Result<bool, Broken> {
        let mut line = self.line.borrow_mut();
        let mut unanswered = 0;
        loop {
            let limit = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                Some(Duration::ZERO) => return Err(Broken::Late),
                Some(left) => left.min(self.quiet),
                None => self.quiet,
            };
            let sending = self.is_sending();
            // What has come in meanwhile is not read before the message is out, so it must not wake us.
            let listening = listening && !sending;
            if (line.carry_out() && sending) || (listening && line.carry_in()) {
                return Ok(false);
            }
            let limit = Timespec::try_from(limit).map_err(|error| Broken::Lost(error.to_string()))?;
            // What the library has not read yet is its to read, whatever the network does.
            let unread = if listening { PollFlags::IN } else { PollFlags::empty() };
            let mut polled = Vec::with_capacity(4);
            let waited_for = [(self.near.as_fd(), unread)].into_iter().chain(line.awaits(listening)).chain(also);
            polled.extend(waited_for.map(|(fd, events)| PollFd::from_borrowed_fd(fd, events)));
            match rustix::event::poll(&mut polled, Some(&limit)) {
                Ok(0) if unanswered == self.unanswered => {
                    let silence = self.quiet.as_secs() * u64::from(self.unanswered + 1);
                    return Err(Broken::Lost(format!("no sign of life for {silence} s")));
                }
                Ok(0) => {
                    unanswered += 1;
                    if !sending {
                        self.session.keepalive_send()?;
                    }
                }
                Ok(_) => {
                    let came = |at: usize| polled.get(at).map_or(PollFlags::empty(), PollFd::revents);
                    let gone = came(1).intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
                    if gone || !came(0).is_empty() || !came(3).is_empty() {
                        return Ok(came(3).contains(PollFlags::HUP));
                    }
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(Broken::Lost(error.to_string())),
            }
        }
    }

    /// Ends the connection for good; whatever is tried on it afterwards fails.
    pub(super) fn cut(&self) {
        // It may be cut already: then all is as wanted.
        drop((self.stream.shutdown(), self.near.shutdown(Shutdown::Both)));
    }

    /// What broke, as an error that names the host.
    pub(super) fn failure(&self, doing: &'static str, broken: Broken) -> TransportError {
        let mut message = match broken {
            _ if self.ran_late() => LATE.to_owned(),
            Broken::Late => LATE.to_owned(),
            Broken::Lost(message) => message,
            Broken::Failed(error) => error.message().to_owned(),
        };
        if let Some(told) = self.far_end.as_ref().and_then(FarEnd::told) {
            message = format!("{message} ({told})");
        }
        TransportError::Session { address: self.address.clone(), doing, message }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if !self.is_sending() {
            // A goodbye spares the server a line in its log that looks like trouble. It may fail: we leave anyway.
            drop(self.session.disconnect(None, "done", None));
            self.flush();
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
    let family = |address: &SocketAddr| match route.family {
        Family::Any => true,
        Family::V4 => address.is_ipv4(),
        Family::V6 => address.is_ipv6(),
    };
    let answer = receiver.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    match answer.map(|answer| answer.map(|addresses| Vec::from_iter(addresses.into_iter().filter(family)))) {
        Ok(Ok(addresses)) if addresses.is_empty() => Err(failed("it has none".to_owned())),
        Ok(answer) => answer.map_err(|error| failed(error.to_string())),
        Err(_) => Err(failed("no answer within the time limit".to_owned())),
    }
}
