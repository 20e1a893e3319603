//! One command on a machine, its output streamed, under a guard that outlives no one and leaves nothing of it behind.

use std::ops::ControlFlow;

use crate::spec::Digest;
use crate::transport::{Aim, Connection, PROCESSES, Run, StdinAfter, Stream, TransportError};

const GUARD: &str = include_str!("guard.sh");

/// How many digits a mark has: more than chance would write twice.
const MARK_LENGTH: usize = 16;

/// How a command ended, as far as is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With this exit code; 128 and the signal's number if it was ended by one.
    Exited(i32),
    /// The connection ended, or nobody listened any more, before the exit code came back. The guard ends the command.
    Lost,
}

/// Runs a command in the connection's shell context and passes on what it prints. `word` must be new for each call.
pub fn execute(
    connection: &mut Connection,
    argv: &[String],
    word: &str,
    hear: &mut dyn FnMut(Stream, &[u8]) -> ControlFlow<()>,
) -> Result<Outcome, TransportError> {
    let program = format!("{PROCESSES}\n{GUARD}");
    // The command's processes can read their mark, and must not learn the word from it.
    let mark = Digest::of(format!("mark of {word}").as_bytes());
    let mark = &mark.hex()[..MARK_LENGTH];
    let mut arguments = vec![word.to_owned(), mark.to_owned()];
    arguments.extend(argv.iter().cloned());
    let command_line = connection.command_line(Aim::Inline { program: &program, arguments: &arguments });
    let run = Run { command_line: &command_line, stdin: b"", stdin_after: StdinAfter::StaysOpen, limit: None };
    let mut report = ExitReport::new(word);
    connection.run(&run, &mut |stream, bytes| match stream {
        Stream::Stdout => hear(stream, bytes),
        Stream::Stderr => {
            let passed = report.take(bytes);
            if passed.is_empty() { ControlFlow::Continue(()) } else { hear(stream, &passed) }
        }
    })?;
    let rest = report.rest();
    if !rest.is_empty() {
        // The run is over; whether anybody still listens changes nothing.
        let _over = hear(Stream::Stderr, &rest);
    }
    Ok(report.code().map_or(Outcome::Lost, Outcome::Exited))
}

/// Takes the guard's last line out of stderr. Holds back no more than what may be the beginning of it.
struct ExitReport {
    word: Vec<u8>,
    held: Vec<u8>,
}

impl ExitReport {
    fn new(word: &str) -> Self {
        Self { word: format!("{word} ").into_bytes(), held: Vec::new() }
    }

    /// What of the stream so far certainly belongs to the command.
    fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let certain = match self.position() {
            Some(start) => start,
            None => {
                let longest = (self.word.len() - 1).min(self.held.len());
                let beginning = (0..=longest).rev().find(|length| self.held.ends_with(&self.word[..*length]));
                self.held.len() - beginning.unwrap_or(0)
            }
        };
        self.held.drain(..certain).collect()
    }

    fn position(&self) -> Option<usize> {
        self.held.windows(self.word.len()).position(|window| window == self.word)
    }

    /// What was held back and turned out to be the command's own.
    fn rest(&self) -> Vec<u8> {
        if self.position().is_some() { Vec::new() } else { self.held.clone() }
    }

    fn code(&self) -> Option<i32> {
        let start = self.position()?;
        let line = self.held[start + self.word.len()..].strip_suffix(b"\n")?;
        std::str::from_utf8(line).ok().and_then(|digits| digits.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(pieces: &[&str]) -> (String, Option<i32>) {
        let mut report = ExitReport::new("w0rd");
        let mut passed = Vec::new();
        for piece in pieces {
            passed.extend(report.take(piece.as_bytes()));
        }
        passed.extend(report.rest());
        (String::from_utf8(passed).unwrap(), report.code())
    }

    #[test]
    fn the_exit_code_is_taken_out_of_the_stream_whatever_the_pieces() {
        assert_eq!(heard(&["a warning\nw0rd 3\n"]), ("a warning\n".to_owned(), Some(3)));
        assert_eq!(heard(&["no newline w0", "rd", " 1", "27\n"]), ("no newline ".to_owned(), Some(127)));
        assert_eq!(heard(&["w", "0", "r", "x"]), ("w0rx".to_owned(), None));
    }

    #[test]
    fn a_stream_that_is_cut_off_tells_no_exit_code() {
        assert_eq!(heard(&["half w0rd 12"]), ("half ".to_owned(), None));
        assert_eq!(heard(&[]), (String::new(), None));
    }
}
