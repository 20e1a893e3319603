//! The command line: one file a verb, and what they share.
//!
//! This is the only room that reads the environment, touches the terminal and decides exit codes. stdout carries the
//! result, stderr the progress and the errors.

mod apply;
mod ask;
mod attest;
mod audit;
mod background;
mod capture;
mod capture_changes;
mod check;
mod completions;
mod context;
mod doctor;
mod error;
mod explain;
mod formats;
mod gate;
mod history;
mod init;
mod kept_checks;
mod lines;
mod made;
mod make;
mod man;
mod means;
mod notify;
mod plan;
mod render;
mod rollback;
mod run;
mod schema;
mod settle;
mod side_by_side;
mod step_summary;
mod trust;
mod unit;
mod verify;
mod vouch;
mod waive;
mod watch;
mod watch_lock;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use context::{Context, GlobalOptions};

/// How a command ended, as its exit code tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Parity, nothing to do, allowed, valid, done.
    Fine,
    /// Drift, changes needed, denied, invalid.
    Drift,
    /// A mistake in the command or the spec.
    Usage,
    /// Something that matters could not be observed.
    Unknown,
    /// `run` did not start its command.
    Denied,
    /// A command's own exit code.
    Command(u8),
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Drift => 1,
            Self::Usage => 2,
            Self::Unknown => 3,
            Self::Denied => 125,
            Self::Command(code) => code,
        }
    }
}

impl From<crate::parity::Verdict> for Exit {
    fn from(verdict: crate::parity::Verdict) -> Self {
        match verdict {
            crate::parity::Verdict::Parity => Self::Fine,
            crate::parity::Verdict::Drift => Self::Drift,
            crate::parity::Verdict::Unknown => Self::Unknown,
        }
    }
}

#[derive(Parser)]
#[command(
    name = "trueup",
    version,
    about = "Bring every machine your agents run on true to yours, and run nothing on one that isn't.",
    after_help = "Exit codes: 0 parity, 1 drift, 2 usage or spec error, 3 something could not be observed.\n\
                  Start with: trueup init, then: trueup capture, then: trueup check"
)]
struct Cli {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Init(init::Args),
    Capture(capture::Args),
    Trust(trust::Args),
    Check(check::Args),
    Waive(waive::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Rollback(rollback::Args),
    Render(render::Args),
    Attest(attest::Args),
    Verify(verify::Args),
    Gate(gate::Args),
    Run(run::Args),
    Watch(watch::Args),
    History(history::Args),
    Doctor(doctor::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Parses the command line, does what it says, prints an error once, and tells the exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let context = Context::new(cli.global);
    let result = match cli.verb {
        Verb::Init(args) => init::run(&args, &context),
        Verb::Capture(args) => capture::run(&args, &context),
        Verb::Trust(args) => trust::run(&args, &context),
        Verb::Check(args) => check::run(&args, &context),
        Verb::Waive(args) => waive::run(&args, &context),
        Verb::Plan(args) => plan::run(&args, &context),
        Verb::Apply(args) => apply::run(&args, &context),
        Verb::Rollback(args) => rollback::run(&args, &context),
        Verb::Render(args) => render::run(&args, &context),
        Verb::Attest(args) => attest::run(&args, &context),
        Verb::Verify(args) => verify::run(&args, &context),
        Verb::Gate(args) => gate::run(&args, &context),
        Verb::Run(args) => run::run(&args, &context),
        Verb::Watch(args) => watch::run(&args, &context),
        Verb::History(args) => history::run(&args, &context),
        Verb::Doctor(args) => doctor::run(&args, &context),
        Verb::Schema(args) => schema::run(&args),
        Verb::Completions(args) => completions::run(&args, Cli::command()),
        Verb::Man(args) => man::run(&args, Cli::command()),
    };
    match result {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(error) => {
            error.print(&context);
            ExitCode::from(error.exit().code())
        }
    }
}
