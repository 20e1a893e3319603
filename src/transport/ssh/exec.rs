//! One command line over an open connection: its stdin written and both its streams heard, side by side.
//!
//! The loop sends what it can, hears what there is, and only then waits. While a message is half sent, nothing else is
//! done on the session (see [`Wire::is_sending`]).
#![expect(clippy::disallowed_methods, reason = "IO edge: watches the clock")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use ssh2::Channel;

use super::Ssh;
use super::wire::{Broken, Wire, would_block};
use crate::transport::{Ended, Listener, Run, StdinAfter, Stream, TransportError};

/// How much output is handed on at once, at most.
pub(super) const CHUNK: usize = 64 * 1024;
/// How long an end that was not waited for may take to be told to the server.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why the conversation is over.
enum Over {
    /// The command closed its streams.
    Closed,
    /// The listener had enough.
    Stopped,
}

/// What is half sent, if anything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HalfSent {
    Nothing,
    /// A piece of stdin, or its end.
    Stdin,
    /// The news, sent while reading, that there is room for more output.
    Room,
}

impl Ssh {
    /// Runs one command line and hears it out. The limit holds for the run as a whole. After an error the connection
    /// is of no more use.
    pub(crate) fn run(&mut self, run: &Run<'_>, listener: Listener<'_>) -> Result<Ended, TransportError> {
        let begun = Instant::now();
        let deadline = run.limit.map(|limit| begun + limit);
        // A server that takes our word and never starts the command is no command that takes long.
        let start_by = begun + self.start_limit;
        let start_by = deadline.map_or(start_by, |deadline| deadline.min(start_by));
        // Outlives the channel, whose end is told to the server as well.
        let _until = self.wire.until(deadline.map(|deadline| deadline + FAREWELL));
        let opened = self.wire.settle(Some(start_by), || self.wire.session.channel_session());
        let mut channel = opened.map_err(|broken| {
            self.wire.cut();
            self.wire.failure("opening a channel", broken)
        })?;
        if let Err(broken) = self.wire.settle(Some(start_by), || channel.exec(run.command_line)) {
            self.wire.cut();
            return Err(self.wire.failure("starting a command", broken));
        }
        let heard = converse(&self.wire, &mut channel, run, deadline, listener, &mut self.buffer);
        let ended = match heard {
            Ok(Over::Closed) => conclude(&self.wire, &mut channel, deadline),
            Ok(Over::Stopped) => Ok(Ended::Stopped),
            Err(broken) => Err(broken),
        };
        match ended {
            Ok(Ended::Stopped) => {
                abandon(&self.wire, &mut channel);
                Ok(Ended::Stopped)
            }
            Err(Broken::Late) => {
                abandon(&self.wire, &mut channel);
                Ok(Ended::TimedOut)
            }
            Err(_) if self.wire.ran_late() => Ok(Ended::TimedOut),
            Ok(ended) => Ok(ended),
            Err(broken) => Err(self.wire.failure("running a command", broken)),
        }
    }
}

/// Carries stdin there and both streams here until the command has closed them.
fn converse(
    wire: &Wire,
    channel: &mut Channel,
    run: &Run<'_>,
    deadline: Option<Instant>,
    listener: Listener<'_>,
    buffer: &mut [u8],
) -> Result<Over, Broken> {
    let mut stdin = run.stdin;
    let mut end_due = run.stdin_after == StdinAfter::Ends;
    let mut half_sent = HalfSent::Nothing;
    loop {
        if half_sent != HalfSent::Room {
            let blocked = send(channel, &mut stdin, &mut end_due)?;
            half_sent = if blocked && wire.is_sending() { HalfSent::Stdin } else { HalfSent::Nothing };
        }
        let was_shut = channel.write_window().remaining == 0;
        if half_sent != HalfSent::Stdin {
            let (heard, flow) = hear(wire, channel, listener, buffer)?;
            if flow.is_break() {
                return Ok(Over::Stopped);
            }
            if channel.eof() {
                return Ok(Over::Closed);
            }
            // Reading from one stream fetches what the network holds for both, so as long as any is left in the
            // session, waiting for the network could be in vain.
            if heard && channel.read_window().available > 0 {
                continue;
            }
            half_sent = if wire.is_sending() { HalfSent::Room } else { HalfSent::Nothing };
            // Hearing takes in the news of room for stdin as well, for which nothing else would wake us.
            if half_sent == HalfSent::Nothing && was_shut && channel.write_window().remaining > 0 {
                continue;
            }
        }
        wire.wait(deadline)?;
    }
}

/// Writes stdin and then its end. True if it would have to wait.
fn send(channel: &mut Channel, stdin: &mut &[u8], end_due: &mut bool) -> Result<bool, Broken> {
    while !stdin.is_empty() {
        match channel.write(stdin) {
            Ok(0) => return Ok(true),
            Ok(written) => *stdin = &stdin[written..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
            Err(error) => {
                return Err(Broken::Lost(format!("the connection was lost while writing its stdin ({error})")));
            }
        }
    }
    if *end_due {
        match channel.send_eof() {
            Ok(()) => *end_due = false,
            Err(error) if would_block(&error) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

/// Hands on what there is of both streams, at most one chunk of each. Says whether there was any.
fn hear(
    wire: &Wire,
    channel: &Channel,
    listener: Listener<'_>,
    buffer: &mut [u8],
) -> Result<(bool, ControlFlow<()>), Broken> {
    let mut any = false;
    for (stream, id) in [(Stream::Stdout, 0), (Stream::Stderr, ssh2::EXTENDED_DATA_STDERR)] {
        match channel.stream(id).read(buffer) {
            Ok(0) => {}
            Ok(length) => {
                any = true;
                let flow = listener(stream, &buffer[..length]);
                if flow.is_break() {
                    return Ok((any, flow));
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if wire.is_sending() {
                    break;
                }
            }
            Err(error) => {
                return Err(Broken::Lost(format!("the connection was lost while reading its output ({error})")));
            }
        }
        // The first read has fetched everything, so the second is spared if nothing is left.
        if channel.read_window().available == 0 {
            break;
        }
    }
    Ok((any, ControlFlow::Continue(())))
}

/// Learns how the command ended, once its streams are closed.
fn conclude(wire: &Wire, channel: &mut Channel, deadline: Option<Instant>) -> Result<Ended, Broken> {
    wire.settle(deadline, || channel.wait_close())?;
    let signal = channel.exit_signal()?.exit_signal;
    let code = channel.exit_status()?;
    // The server has closed its side: this sends ours, and waits for nothing.
    wire.settle(Some(Instant::now() + FAREWELL), || channel.close())?;
    Ok(signal.map_or(Ended::Exited(code), Ended::Signalled))
}

/// Ends a command that is not waited for. The server then closes the command's streams; it does not end a command that
/// heeds none of them.
pub(super) fn abandon(wire: &Wire, channel: &mut Channel) {
    if wire.is_sending() {
        return wire.cut();
    }
    let deadline = Instant::now() + FAREWELL;
    let _until = wire.until(Some(deadline));
    loop {
        let closed = channel.close();
        if closed.is_ok() || !wire.is_sending() {
            // What is left is to wait for the command's end, which we do not.
            return wire.flush();
        }
        if wire.wait(Some(deadline)).is_err() {
            return wire.cut();
        }
    }
}
