//! Ways to a machine through something else: a channel of another SSH connection, or a command's stdin and stdout.
//!
//! libssh2 speaks over a socket only. So the session gets one end of a socket pair, and what is behind the other end,
//! the [`FarEnd`], carries the bytes on: a thread that owns the connection to the hop, or one that feeds the command.
//! It ends with the session, and remembers why it ended before that.
#![expect(clippy::disallowed_methods, reason = "IO edge: starts the command and watches the clock")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::ops::ControlFlow;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, Signal, kill_process_group};
use ssh2::Channel;

use super::exec::abandon;
use super::route::Route;
use super::watch::Leash;
use super::wire::{Broken, Wire};
use crate::transport::{Surroundings, TransportError};

/// How much is carried at once.
const PIECE: usize = 64 * 1024;
/// How much may wait to be heard here. More than a channel's window: only then what goes out can never wait for what
/// comes in, and that for what goes out.
const BACKLOG: usize = 8 << 20;
/// How long a hop may take to hear that it is no longer needed.
const HOP_FAREWELL: Duration = Duration::from_millis(1500);
/// How long a command that has ended may take to say why.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// What carries a session's bytes on.
pub(super) enum FarEnd {
    /// A channel of another machine's connection.
    Hop(Hop),
    /// A command of the user's.
    Command(Box<ProxyCommand>),
}

impl FarEnd {
    /// Why it ended by itself, if it did and told.
    pub(super) fn told(&self) -> Option<String> {
        match self {
            Self::Hop(hop) => hop.ended.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Self::Command(command) => command.told(),
        }
    }
}

/// The thread that carries bytes over a hop.
pub(super) struct Hop {
    thread: Option<JoinHandle<()>>,
    leash: Leash,
    ended: Arc<Mutex<Option<String>>>,
}

impl Drop for Hop {
    fn drop(&mut self) {
        // The session's end is closed by now, and the thread ends with it, unless the hop floods it.
        self.leash.pull(HOP_FAREWELL);
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// Opens a way from the hop to the machine. The connection to the hop is used for nothing else from then on.
pub(super) fn through(hop: Wire, hop_route: &Route, route: &Route, deadline: Instant) -> Result<Wire, TransportError> {
    const DOING: &str = "opening a way onward";
    let channel = hop
        .settle(Some(deadline), || hop.session.channel_direct_tcpip(&route.host, route.port, None))
        .map_err(|broken| match broken {
            Broken::Failed(error) => {
                let message = format!("it does not reach {}: {}", route.address(), error.message());
                hop.failure(DOING, Broken::Lost(message))
            }
            broken => hop.failure(DOING, broken),
        })?;
    let failed = |error: std::io::Error| hop.failure(DOING, Broken::Lost(error.to_string()));
    let (near, far) = UnixStream::pair().map_err(failed)?;
    far.set_nonblocking(true).map_err(failed)?;
    let ended = Arc::new(Mutex::new(None));
    let leash = hop.leash();
    let (remember, name) = (Arc::clone(&ended), hop_route.address());
    let carrying = std::thread::Builder::new().name("hop".to_owned());
    let thread = carrying.spawn(move || {
        if let Err(broken) = carry(&hop, channel, &far) {
            let told = hop.failure("carrying bytes", broken).to_string();
            *remember.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("jump host {name}: {told}"));
        }
        // Only now, so that whoever sees the end finds the reason. It may be closed already, which is as good.
        drop(far.shutdown(Shutdown::Both));
    });
    let thread = thread.map_err(|source| TransportError::Local { program: "a thread".to_owned(), source })?;
    Wire::behind(near, FarEnd::Hop(Hop { thread: Some(thread), leash, ended }), route)
}

/// Carries bytes between a channel and the far end of the pair until either is closed.
fn carry(hop: &Wire, mut channel: Channel, far: &UnixStream) -> Result<(), Broken> {
    let done = carry_all(hop, &mut channel, far);
    if done.is_ok() {
        abandon(hop, &mut channel);
    }
    done
}

/// What is half sent over the hop. Until it is out, nothing else may be done there; see [`Wire::is_sending`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum HalfSent {
    Nothing,
    Piece,
    Room,
}

fn carry_all(hop: &Wire, channel: &mut Channel, far: &UnixStream) -> Result<(), Broken> {
    let mut piece = vec![0; PIECE];
    let mut outward = 0..0;
    let mut heard = vec![0; PIECE];
    let mut inward: Vec<u8> = Vec::new();
    let mut half_sent = HalfSent::Nothing;
    loop {
        if half_sent != HalfSent::Room {
            half_sent = HalfSent::Nothing;
            loop {
                if outward.is_empty() {
                    match (&*far).read(&mut piece) {
                        Ok(0) => return Ok(()),
                        Ok(length) => outward = 0..length,
                        Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                        Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                        Err(_) => return Ok(()),
                    }
                }
                match channel.write(&piece[outward.clone()]) {
                    Ok(0) => break,
                    Ok(written) => outward.start += written,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        if hop.is_sending() {
                            half_sent = HalfSent::Piece;
                        }
                        break;
                    }
                    Err(error) => return Err(Broken::Lost(error.to_string())),
                }
            }
        }
        let was_shut = channel.write_window().remaining == 0;
        if half_sent != HalfSent::Piece && inward.len() < BACKLOG {
            half_sent = HalfSent::Nothing;
            match channel.read(&mut heard) {
                Ok(length) => inward.extend_from_slice(&heard[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if hop.is_sending() {
                        half_sent = HalfSent::Room;
                    }
                }
                Err(error) => return Err(Broken::Lost(error.to_string())),
            }
        }
        if hand_over(far, &mut inward).is_break() {
            return Ok(());
        }
        if channel.eof() && inward.is_empty() {
            return Ok(());
        }
        let room = inward.len() < BACKLOG;
        if half_sent == HalfSent::Nothing && room && channel.read_window().available > 0 {
            continue;
        }
        // Reading takes in the news of room for what goes out as well, for which nothing else would wake us.
        if half_sent == HalfSent::Nothing && was_shut && channel.write_window().remaining > 0 {
            continue;
        }
        let mut events = PollFlags::empty();
        if outward.is_empty() {
            events |= PollFlags::IN;
        }
        if !inward.is_empty() {
            events |= PollFlags::OUT;
        }
        if hop.wait_also(None, room || !outward.is_empty(), Some((far.as_fd(), events)))? {
            // The session is over, whatever of it is still to be sent.
            return Ok(());
        }
    }
}

/// Hands on what there is, as far as there is room; breaks off if nobody takes it any more.
fn hand_over(mut to: &UnixStream, bytes: &mut Vec<u8>) -> ControlFlow<()> {
    let mut handed = 0;
    let mut flow = ControlFlow::Continue(());
    while handed < bytes.len() {
        match to.write(&bytes[handed..]) {
            Ok(length) => handed += length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => {
                flow = ControlFlow::Break(());
                handed = bytes.len();
            }
        }
    }
    bytes.drain(..handed);
    flow
}

/// A running `ProxyCommand`, and the thread that feeds it.
pub(super) struct ProxyCommand {
    child: Child,
    group: Pid,
    thread: Option<JoinHandle<()>>,
    complaints: Mutex<Receiver<String>>,
}

impl ProxyCommand {
    fn told(&self) -> Option<String> {
        let complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        let said = complaints.recv_timeout(LAST_WORDS).ok()?;
        let line = said.lines().map(str::trim).rfind(|line| !line.is_empty())?;
        let line: String = line.chars().filter(|c| !c.is_control()).take(200).collect();
        Some(format!("ProxyCommand said `{line}`"))
    }
}

impl Drop for ProxyCommand {
    fn drop(&mut self) {
        // All that it has started ends with it. The only failure is that nothing is left, which is as wanted.
        let _gone = kill_process_group(self.group, Signal::KILL);
        // It may have left its group.
        drop(self.child.kill());
        drop(self.child.wait());
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// Starts the command and speaks over its stdin and stdout.
pub(super) fn command(command_line: &str, route: &Route, surroundings: &Surroundings) -> Result<Wire, TransportError> {
    let failed = |source: std::io::Error| TransportError::Local { program: "ProxyCommand".to_owned(), source };
    let (near, far) = UnixStream::pair().map_err(failed)?;
    let (inner, outer) = UnixStream::pair().map_err(failed)?;
    far.set_nonblocking(true).and_then(|()| inner.set_nonblocking(true)).map_err(failed)?;
    let stdout: OwnedFd = outer.try_clone().map_err(failed)?.into();
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", &format!("exec {command_line}")])
        .env_clear()
        .envs(surroundings.env.iter().map(|(name, value)| (name, value)))
        .stdin(OwnedFd::from(outer))
        .stdout(stdout)
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = command.spawn().map_err(failed)?;
    // The other end must be the command's alone: else nobody would see it close.
    drop(command);
    let group = Pid::from_child(&child);
    let complaints = Mutex::new(listen(child.stderr.take().expect("stderr is piped")));
    let feeding = std::thread::Builder::new().name("proxy".to_owned());
    let thread = feeding.spawn(move || {
        relay(&far, &inner);
        // Either may be closed already, which is as good.
        drop((far.shutdown(Shutdown::Both), inner.shutdown(Shutdown::Both)));
    });
    let mut far_end = ProxyCommand { child, group, thread: None, complaints };
    far_end.thread = Some(thread.map_err(failed)?);
    Wire::behind(near, FarEnd::Command(Box::new(far_end)), route)
}

/// Carries bytes between two sockets until one is closed. What the command says is taken from it whether or not the
/// session listens: while a message is half out the session does not, and a command that waits to be heard may not
/// listen either.
fn relay(far: &UnixStream, inner: &UnixStream) {
    let mut outward: Vec<u8> = Vec::new();
    let mut inward: Vec<u8> = Vec::new();
    let mut closed = false;
    while !(closed && inward.is_empty()) {
        let mut wanted = [PollFlags::empty(); 2];
        if outward.is_empty() {
            wanted[0] |= PollFlags::IN;
        } else {
            wanted[1] |= PollFlags::OUT;
        }
        if !inward.is_empty() {
            wanted[0] |= PollFlags::OUT;
        }
        if inward.len() < BACKLOG && !closed {
            wanted[1] |= PollFlags::IN;
        }
        let mut polled = [PollFd::new(far, wanted[0]), PollFd::new(inner, wanted[1])];
        // One that has ended has nothing to wait for; it would wake us again and again.
        let polled = if closed { &mut polled[..1] } else { &mut polled[..] };
        match rustix::event::poll(polled, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
        if outward.is_empty() && take(far, &mut outward).is_break() {
            return;
        }
        if !closed && inward.len() < BACKLOG {
            closed = take(inner, &mut inward).is_break();
        }
        if hand_over(inner, &mut outward).is_break() {
            closed = true;
        }
        if hand_over(far, &mut inward).is_break() {
            return;
        }
    }
}

/// Takes what there is; breaks off if that was all.
fn take(mut from: &UnixStream, into: &mut Vec<u8>) -> ControlFlow<()> {
    let mut piece = [0; 16 * 1024];
    match from.read(&mut piece) {
        Ok(0) => ControlFlow::Break(()),
        Ok(length) => {
            into.extend_from_slice(&piece[..length]);
            ControlFlow::Continue(())
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            ControlFlow::Continue(())
        }
        Err(_) => ControlFlow::Break(()),
    }
}

/// Hears a command's complaints out, which come once they have ended.
fn listen(mut stderr: ChildStderr) -> Receiver<String> {
    const ENOUGH: usize = 4096;
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut said, mut piece) = (Vec::new(), [0; 1024]);
        while let Ok(length @ 1..) = stderr.read(&mut piece) {
            // Read on, whatever it is: a command that cannot complain any more would stop.
            let room = ENOUGH.saturating_sub(said.len()).min(length);
            said.extend_from_slice(&piece[..room]);
        }
        // Nobody may want to know.
        drop(sender.send(String::from_utf8_lossy(&said).into_owned()));
    });
    receiver
}
