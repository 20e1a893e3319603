//! `trueup check`: hold targets against the lock and report. Writes nothing anywhere.

use super::context::{Context, select};
use super::error::CliError;
use super::{Exit, audit, formats};

/// Compare targets with the captured reference and report what differs
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    trueup check                       all targets\n  \
    trueup check vm mini               these two\n  \
    trueup check --format human --format json=report.json\n\n\
    Exit codes: 0 parity, 1 drift, 2 usage or spec error, 3 something could not be observed.")]
pub(super) struct Args {
    /// The targets to check; all when none is named
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Write the report as F, to FILE if given; may be repeated. `--format help` lists the formats
    #[arg(long = "format", value_name = "F[=FILE]")]
    formats: Vec<formats::Wanted>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    formats::at_most_one_on_stdout(&args.formats)?;
    let project = context.load()?;
    let targets = select(&project, &args.targets)?;
    let report = audit::audit(&project, &targets, context)?;
    formats::write(&report, &args.formats, context)?;
    Ok(report.verdict().into())
}
