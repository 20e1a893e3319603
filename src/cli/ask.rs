//! Asking before something is changed.

use std::io::{self, BufRead as _, Write as _};

use super::context::Context;
use super::error::CliError;

/// What a person may answer where there is more to see before agreeing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Go on.
    Yes,
    /// Show it first.
    Show,
}

/// Goes on only if `--yes` was given or a person agrees. Without a terminal nothing ever asks.
pub(super) fn confirm(context: &Context, yes: bool, question: &str) -> Result<(), CliError> {
    if yes {
        return Ok(());
    }
    match ask(context, question, "y/N")?.as_str() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(CliError::Declined),
    }
}

/// The same, where a diff can be shown before the answer.
pub(super) fn confirm_or_show(context: &Context, yes: bool, question: &str) -> Result<Answer, CliError> {
    if yes {
        return Ok(Answer::Yes);
    }
    match ask(context, question, "y/N, d shows the diff")?.as_str() {
        "y" | "Y" | "yes" => Ok(Answer::Yes),
        "d" | "D" | "diff" => Ok(Answer::Show),
        _ => Err(CliError::Declined),
    }
}

fn ask(context: &Context, question: &str, answers: &str) -> Result<String, CliError> {
    if !context.interactive {
        return Err(CliError::CannotAsk { question: question.to_owned() });
    }
    let reading = |source| CliError::Io { doing: "asking", source };
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question} [{answers}] ").and_then(|()| stderr.flush()).map_err(reading)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(reading)?;
    Ok(answer.trim().to_owned())
}
