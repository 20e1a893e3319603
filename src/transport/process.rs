//! A process on this machine, attended to: its stdin written, both its streams heard, its limit kept.
#![expect(clippy::disallowed_methods, reason = "IO edge: starts processes and watches the clock")]

use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{Ended, Listener, Run, StdinAfter, Stream};

/// How long a command's streams may stay open after it has ended: a daemon that it left behind may hold them.
const GRACE: Duration = Duration::from_millis(500);

enum Event {
    Chunk(Stream, Vec<u8>),
    Closed,
    Ended(io::Result<ExitStatus>),
}

/// How a run ended, and whether its process had gone by itself.
pub(super) struct Attended {
    pub(super) ended: Ended,
    pub(super) gone: bool,
}

/// Starts `command`, which leads a process group of its own, and hears it out. `run`'s command line is not looked at.
/// A command whose listener has had enough gets `linger` to end by itself: what it says meanwhile is heard by nobody.
pub(super) fn attend(
    command: &mut Command,
    run: &Run<'_>,
    linger: Duration,
    listener: Listener<'_>,
) -> io::Result<Attended> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let group = Pid::from_child(&child);
    let (sender, events) = mpsc::channel();
    let stdin = child.stdin.take().expect("stdin is piped");
    let held_open = feed(stdin, run);
    hear(Stream::Stdout, child.stdout.take().expect("stdout is piped"), sender.clone());
    hear(Stream::Stderr, child.stderr.take().expect("stderr is piped"), sender.clone());
    std::thread::spawn(move || sender.send(Event::Ended(child.wait())));
    let ended = follow(&events, run.limit, linger, listener);
    let mut held_open = Some(held_open);
    let unheard = matches!(ended, Ok(Attended { ended: Ended::Stopped | Ended::TimedOut, gone: false }));
    if run.stdin_after == StdinAfter::StaysOpen && unheard {
        // It watches its stdin to learn that nobody listens. What has left its group only it can find.
        held_open = None;
        await_end(&events);
    }
    // After the command itself is gone, whatever else of its group remains belongs to a run that is over.
    if !matches!(ended, Ok(Attended { ended: Ended::Exited(_), .. })) {
        kill_group(group);
    }
    drop(held_open);
    ended
}

/// How long a command that is told to end by its stdin may take for it: it asks what it started, and then asks no more.
const FAREWELL: Duration = Duration::from_secs(5);

fn await_end(events: &mpsc::Receiver<Event>) {
    let deadline = Instant::now() + FAREWELL;
    while let Ok(event) = events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        if matches!(event, Event::Ended(_)) {
            return;
        }
    }
}

fn kill_group(group: Pid) {
    // The only failure is that nothing of the group is left, which is what is wanted.
    let _gone = kill_process_group(group, Signal::KILL);
}

/// Writes the run's stdin on a thread of its own. What is returned keeps stdin open for as long as it lives.
fn feed(mut stdin: ChildStdin, run: &Run<'_>) -> Sender<()> {
    let bytes = run.stdin.to_owned();
    let stays_open = run.stdin_after == StdinAfter::StaysOpen;
    let (hold, held) = mpsc::channel();
    std::thread::spawn(move || {
        // A command that does not read to the end closes the pipe; its exit code tells the story.
        let _closed = stdin.write_all(&bytes).and_then(|()| stdin.flush());
        if stays_open {
            let _dropped = held.recv();
        }
    });
    hold
}

fn hear(stream: Stream, mut pipe: impl Read + Send + 'static, sender: Sender<Event>) {
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match pipe.read(&mut buffer) {
                Ok(length) if length > 0 => {
                    if sender.send(Event::Chunk(stream, buffer[..length].to_owned())).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => {
                    let _listener_gone = sender.send(Event::Closed);
                    return;
                }
            }
        }
    });
}

fn follow(
    events: &mpsc::Receiver<Event>,
    limit: Option<Duration>,
    linger: Duration,
    listener: Listener<'_>,
) -> io::Result<Attended> {
    let mut deadline = limit.map(|limit| Instant::now() + limit);
    let mut open_streams = 2;
    let mut status = None;
    let mut stopped = false;
    let over = |status: Option<ExitStatus>, stopped: bool| {
        let ended = match status {
            _ if stopped => Ended::Stopped,
            Some(status) => outcome(status),
            None => Ended::TimedOut,
        };
        Ok(Attended { ended, gone: status.is_some() })
    };
    loop {
        let event = match deadline {
            Some(deadline) => events.recv_timeout(deadline.saturating_duration_since(Instant::now())),
            None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match event {
            Ok(Event::Chunk(..)) if stopped => {}
            Ok(Event::Chunk(stream, bytes)) => {
                if listener(stream, &bytes).is_break() {
                    stopped = true;
                    let last = Instant::now() + linger;
                    deadline = Some(deadline.map_or(last, |deadline| deadline.min(last)));
                }
            }
            Ok(Event::Closed) => open_streams -= 1,
            Ok(Event::Ended(ended)) => {
                status = Some(ended?);
                let last = Instant::now() + GRACE;
                deadline = Some(deadline.map_or(last, |deadline| deadline.min(last)));
            }
            Err(_) => return over(status, stopped),
        }
        if status.is_some() && (open_streams == 0 || stopped) {
            return over(status, stopped);
        }
    }
}

fn outcome(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exited(code),
        (None, Some(signal)) => Ended::Signalled(signal_name(signal)),
        (None, None) => Ended::Signalled("unknown".to_owned()),
    }
}

fn signal_name(number: i32) -> String {
    let known = Ended::SIGNALS.iter().find(|(_, known)| *known == number);
    known.map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
}
