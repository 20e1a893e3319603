//! `trueup run`: a command on a target that is verified to be true: audited before, gated, and audited after.

use std::io::{self, Write as _};
use std::ops::ControlFlow;

use anstyle::AnsiColor;

use super::context::{Context, select_one, tell};
use super::error::CliError;
use super::vouch::{Records, now, question, say_what_was_lost};
use super::{Exit, audit, gate};
use crate::dispatch::execute::{Outcome, execute};
use crate::observe::audit::{Observation, audit_over, new_nonce};
use crate::parity::report::FORMATS;
use crate::parity::{Report, Verdict};
use crate::spec::Target;
use crate::spec::load::Project;
use crate::store::{Controller, Ending, NewRun, StoredAttestation, process};
use crate::transport::{Connection, Stream};
use crate::trust::Decision;
use crate::trust::gate::decide;

/// Run a command on a target, only if it is verified to be true
#[derive(clap::Args)]
#[command(after_help = "The target is audited before the command starts and after it ends. The exit code is the \
    command's own; 125 if the gate denies.\n\nExample:\n  trueup run vm -- make test\n\n\
    Exit codes: that of the command, 255 if it was lost; before the command starts: 125 denied, 2 usage or spec error, \
    3 trueup's own records or the machine failed.")]
pub(super) struct Args {
    /// The target to run on
    #[arg(value_name = "TARGET")]
    target: String,
    /// The command and its arguments
    #[arg(value_name = "COMMAND", required = true, last = true)]
    command: Vec<String>,
}

/// What `run` returns when the machine was lost before the command's own exit code came back, as ssh does.
const LOST: u8 = 255;

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let project = context.load()?;
    let target = select_one(&project, &args.target)?;
    let records = Records::open(context)?;
    say_what_was_lost(&records.store)?;
    let surroundings = context.surroundings(&project)?;
    let (mut connection, before) = match Connection::open(target, project.environment.shell, &surroundings) {
        Ok(mut connection) => {
            let observation = audit_over(&mut connection, &project.environment);
            (Some(connection), observation)
        }
        Err(error) => (None, Observation::failed(error)),
    };
    let report = held(&project, target, &before);
    records.attest(&project, &report)?;
    let controller = this_process()?;
    let started_at = now();
    let new = NewRun {
        environment: &project.environment.name,
        target: &target.name,
        argv: &args.command,
        controller: &controller,
        started_at,
    };
    let mut question = question(&project, &target.name, &records.roots);
    question.machine = Some(&report.targets[0].machine);
    let begun = records
        .store
        .begin_run(&new, |newest| decide(newest.map(StoredAttestation::recorded), &question, started_at))?;
    let Some(connection) = connection.as_mut().filter(|_| begun.decision.is_allowed()) else {
        deny(&report, &begun.decision, context);
        return Ok(Exit::Denied);
    };
    let (code, ending) = match execute(connection, &args.command, &new_nonce(), &mut pass_on) {
        Ok(Outcome::Exited(code)) => {
            let after = audit_over(connection, &project.environment);
            let after = held(&project, target, &after);
            records.attest(&project, &after)?;
            (Some(code), ending(&after))
        }
        Ok(Outcome::Lost) => (None, Ending::Unverified("its exit code never came back".to_owned())),
        Err(error) => (None, Ending::Unverified(error.to_string())),
    };
    records.store.end_run(&begun.id, code, &ending, now())?;
    if let Ending::Unverified(why) = &ending {
        tell(&format!("warning: the run is unverified: {why}"));
    }
    Ok(Exit::Command(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(LOST)))
}

fn held(project: &Project, target: &Target, observation: &Observation) -> Report {
    audit::report(project, vec![audit::hold(project, target, observation)])
}

fn this_process() -> Result<Controller, CliError> {
    let pid = std::process::id();
    let token =
        process::process_token(pid).map_err(|source| CliError::Io { doing: "looking at this process", source })?;
    Ok(Controller { pid, token: token.unwrap_or_default() })
}

/// Says why nothing was run: what differs, where that is the reason, else the gate's own reasons.
fn deny(report: &Report, decision: &Decision, context: &Context) {
    let look = context.stderr_look();
    if report.verdict() == Verdict::Parity {
        tell(gate::shown(decision, look).trim_end());
    } else {
        tell((FORMATS[0].render)(report, look.into()).trim_end());
    }
    let denied = look.paint(AnsiColor::Red.on_default().bold(), "denied:");
    tell(&format!("{denied} the command was not run on {}", decision.target));
}

/// The command's output goes out as it comes. When nobody reads it any more, the command is ended.
fn pass_on(stream: Stream, bytes: &[u8]) -> ControlFlow<()> {
    let written = match stream {
        Stream::Stdout => {
            let mut stdout = io::stdout().lock();
            stdout.write_all(bytes).and_then(|()| stdout.flush())
        }
        Stream::Stderr => io::stderr().lock().write_all(bytes),
    };
    if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

/// Whether the machine was still true after the command.
fn ending(after: &Report) -> Ending {
    let part = &after.targets[0];
    match part.verdict() {
        Verdict::Parity => Ending::Verified,
        Verdict::Drift => {
            let drifted = part.findings.iter().filter(|finding| finding.state.word() == "drift");
            let ids: Vec<String> = drifted.map(|finding| finding.id.to_string()).collect();
            Ending::Unverified(format!("{} drifted while the command ran: {}", part.target, ids.join(", ")))
        }
        Verdict::Unknown => {
            let why = part.error.clone().unwrap_or_else(|| "some items could not be observed".to_owned());
            Ending::Unverified(format!("{} could not be verified after the command: {why}", part.target))
        }
    }
}
