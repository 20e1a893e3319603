//! One command on a machine, its output streamed, under a guard that outlives no one and leaves nothing of it behind.

use std::ops::ControlFlow;

use crate::spec::Digest;
use crate::transport::{Connection, PROCESSES, Run, StdinAfter, Stream, TransportError, lines_for_shells, quote};

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
    // The command's processes can read their mark, and must not learn the word from it.
    let mark = Digest::of(format!("mark of {word}").as_bytes());
    let program = guarded(word, &mark.hex()[..MARK_LENGTH], argv);
    let command_line = connection.command_line();
    let run =
        Run { command_line: &command_line, stdin: program.as_bytes(), stdin_after: StdinAfter::StaysOpen, limit: None };
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

/// The guard of a command as a program for stdin, which has room for arguments of any length, and whose end is the end of
/// whoever listens. It is one brace group, so that a shell reads it whole before it starts.
pub(super) fn guarded(word: &str, mark: &str, argv: &[String]) -> String {
    let arguments = [word, mark].into_iter().chain(argv.iter().map(String::as_str));
    let mut program = format!("{{\nset -- {}\n", quote::words(arguments));
    for line in lines_for_shells(PROCESSES).chain(lines_for_shells(GUARD)) {
        program.push_str(line);
        program.push('\n');
    }
    program + "}\n"
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

    /// The report's line without the word, and what somebody wrote behind it.
    fn line(&self) -> Option<(&[u8], &[u8])> {
        let told = &self.held[self.position()? + self.word.len()..];
        let end = told.iter().position(|byte| *byte == b'\n')?;
        Some((&told[..end], &told[end + 1..]))
    }

    /// What was held back and turned out to be no report.
    fn rest(&self) -> Vec<u8> {
        match self.line() {
            Some((_, behind)) => behind.to_owned(),
            None if self.position().is_some() => Vec::new(),
            None => self.held.clone(),
        }
    }

    fn code(&self) -> Option<i32> {
        std::str::from_utf8(self.line()?.0).ok().and_then(|digits| digits.parse().ok())
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
        assert_eq!(heard(&["w0rd 3\nlate", "\n"]), ("late\n".to_owned(), Some(3)));
    }

    #[test]
    fn a_stream_that_is_cut_off_tells_no_exit_code() {
        assert_eq!(heard(&["half w0rd 12"]), ("half ".to_owned(), None));
        assert_eq!(heard(&[]), (String::new(), None));
    }
}
