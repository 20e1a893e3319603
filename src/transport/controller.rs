//! Commands of the machine that trueup runs on, by which other machines are made and ended.
//!
//! They are started without a shell, in trueup's own environment. What they say on stdout is their answer, and may be as long
//! as an engine's; what they say on stderr is told line by line.

use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::{Ended, Run, StdinAfter, Stream, Surroundings, process};

/// A command with its limits.
#[derive(Clone, Copy, Debug)]
pub struct Errand<'a> {
    /// The program, by its name or its place.
    pub program: &'a str,
    /// Its arguments.
    pub arguments: &'a [String],
    /// The folder that it starts in, where that matters.
    pub folder: Option<&'a Path>,
    /// How long it may take.
    pub limit: Duration,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErrandError {
    /// There is no such program.
    #[error("{0} is not installed")]
    Absent(String),
    /// It took too long.
    #[error("{program} did not end within {} s", .limit.as_secs())]
    TimedOut {
        /// The program.
        program: String,
        /// How long it was given.
        limit: Duration,
    },
    /// It said more than is read.
    #[error("{0} answered with more than 16 MiB")]
    TooMuch(String),
    /// It could not be started, or heard.
    #[error("{program} cannot be run: {message}")]
    Broken {
        /// The program.
        program: String,
        /// The system's words.
        message: String,
    },
    /// It failed.
    #[error("{program} ended with {}{}", .ended, .complaint.as_deref().map(|line| format!(": {line}")).unwrap_or_default())]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        ended: String,
        /// The last line of its stderr.
        complaint: Option<String>,
        /// What it said on stdout.
        answer: String,
    },
}

/// How much of an answer is read.
const ANSWER_LIMIT: usize = 16 << 20;
/// How much of a line is told.
const LINE_LIMIT: usize = 300;

/// Runs a command to its end, and brings its answer.
pub fn run(
    errand: &Errand<'_>,
    surroundings: &Surroundings,
    told: &mut dyn FnMut(&str),
) -> Result<String, ErrandError> {
    let name = || errand.program.to_owned();
    let mut command = command(errand.program);
    let env = surroundings.env.iter().map(|(name, value)| (name, value));
    command.args(errand.arguments).env_clear().envs(env).process_group(0);
    if let Some(folder) = errand.folder {
        command.current_dir(folder);
    }
    let run = Run { command_line: "", stdin: b"", stdin_after: StdinAfter::Ends, limit: Some(errand.limit) };
    let (mut answer, mut line, mut last) = (Vec::new(), Vec::new(), None);
    let attended = process::attend(&mut command, &run, Duration::ZERO, &mut |stream, bytes| {
        match stream {
            Stream::Stdout => answer.extend_from_slice(bytes),
            Stream::Stderr => {
                for byte in bytes {
                    match byte {
                        b'\n' | b'\r' => tell(&mut line, &mut last, told),
                        _ if line.len() < LINE_LIMIT => line.push(*byte),
                        _ => {}
                    }
                }
            }
        }
        if answer.len() > ANSWER_LIMIT { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    tell(&mut line, &mut last, told);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let failed =
        |ended: String| ErrandError::Failed { program: name(), ended, complaint: last, answer: answer.clone() };
    match attended.map(|attended| attended.ended) {
        Ok(Ended::Exited(0)) => Ok(answer),
        Ok(Ended::Exited(code)) => Err(failed(format!("exit code {code}"))),
        Ok(Ended::Signalled(signal)) => Err(failed(format!("signal {signal}"))),
        Ok(Ended::TimedOut) => Err(ErrandError::TimedOut { program: name(), limit: errand.limit }),
        Ok(Ended::Stopped) => Err(ErrandError::TooMuch(name())),
        Err(error) if error.kind() == ErrorKind::NotFound && errand.folder.is_none_or(Path::is_dir) => {
            Err(ErrandError::Absent(name()))
        }
        Err(error) => Err(ErrandError::Broken { program: name(), message: error.to_string() }),
    }
}

#[expect(clippy::disallowed_methods, reason = "IO edge: starts processes")]
fn command(program: &str) -> Command {
    Command::new(program)
}

/// A line that is complete; its colours and other control characters are left out.
fn tell(line: &mut Vec<u8>, last: &mut Option<String>, told: &mut dyn FnMut(&str)) {
    let text = without_escapes(&String::from_utf8_lossy(line));
    line.clear();
    if !text.is_empty() {
        told(&text);
        *last = Some(text);
    }
}

fn without_escapes(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            // `ESC [ parameters letter`; any other escape is one character more.
            if chars.next() == Some('[') {
                chars.by_ref().find(|c| ('@'..='~').contains(c));
            }
        } else if !c.is_control() {
            plain.push(c);
        }
    }
    plain.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn sh(script: &str, limit: Duration) -> (Result<String, ErrandError>, Vec<String>) {
        let surroundings = Surroundings {
            home: PathBuf::from("/"),
            user: "me".to_owned(),
            ssh_agent: None,
            env: vec![("PATH".into(), "/usr/bin:/bin".into())],
            connect_limit: limit,
            system_ssh: PathBuf::from("/nowhere"),
            passphrases: std::sync::Arc::default(),
        };
        let arguments = ["-c".to_owned(), script.to_owned()];
        let errand = Errand { program: "sh", arguments: &arguments, folder: Some(Path::new("/")), limit };
        let mut lines = Vec::new();
        let answer = run(&errand, &surroundings, &mut |line| lines.push(line.to_owned()));
        (answer, lines)
    }

    #[test]
    fn the_answer_is_stdout_and_stderr_is_told_by_lines() {
        let second = Duration::from_secs(20);
        let script = "echo '{\"a\": 1}'; printf '\\033[1mone\\033[0m\\n\\n  two\\rthree' >&2; pwd";
        let (answer, lines) = sh(script, second);
        assert_eq!(answer, Ok("{\"a\": 1}\n/\n".to_owned()));
        assert_eq!(lines, ["one", "two", "three"]);
        let (answer, _) = sh("echo no; echo 'it broke' >&2; exit 3", second);
        assert_eq!(answer.unwrap_err().to_string(), "sh ended with exit code 3: it broke");
        let (answer, _) = sh("kill -9 $$", second);
        assert_eq!(answer.unwrap_err().to_string(), "sh ended with signal KILL");
        let (answer, _) = sh("sleep 30", Duration::from_millis(300));
        assert!(matches!(answer, Err(ErrandError::TimedOut { .. })), "{answer:?}");
    }
}
