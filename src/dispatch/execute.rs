//! One command on a machine, its output streamed, under a guard that outlives no one.

use std::ops::ControlFlow;

use crate::transport::{Aim, Connection, Ended, PROCESSES, Run, StdinAfter, Stream, TransportError};

const GUARD: &str = include_str!("guard.sh");

/// Runs a command in the connection's shell context and passes on what it prints. The guard on the machine ends it
/// when this process or the connection is gone.
pub fn execute(
    connection: &mut Connection,
    argv: &[String],
    hear: &mut dyn FnMut(Stream, &[u8]) -> ControlFlow<()>,
) -> Result<Ended, TransportError> {
    let program = format!("{PROCESSES}\n{GUARD}");
    let command_line = connection.command_line(Aim::Inline { program: &program, arguments: argv });
    let run = Run { command_line: &command_line, stdin: b"", stdin_after: StdinAfter::StaysOpen, limit: None };
    connection.run(&run, hear)
}
