//! Asking before something is changed.

use std::io::{self, BufRead as _, Write as _};

use super::context::Context;
use super::error::CliError;

/// Goes on only if `--yes` was given or a person agrees. Without a terminal nothing ever asks.
pub(super) fn confirm(context: &Context, yes: bool, question: &str) -> Result<(), CliError> {
    if yes {
        return Ok(());
    }
    if !context.interactive {
        return Err(CliError::CannotAsk { question: question.to_owned() });
    }
    let reading = |source| CliError::Io { doing: "asking", source };
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question} [y/N] ").and_then(|()| stderr.flush()).map_err(reading)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(reading)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(CliError::Declined),
    }
}
