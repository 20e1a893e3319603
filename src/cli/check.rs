//! `trueup check`: hold targets against the lock and report. Writes nothing anywhere.

use super::context::{Context, select};
use super::error::CliError;
use super::{Exit, audit, background, explain, formats};

/// Compare targets with the captured reference and report what differs
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    trueup check                       all targets\n  \
    trueup check vm mini               these two\n  \
    trueup check --format human --format json=report.json\n  \
    trueup check vm --explain tool:node\n\n\
    Exit codes: 0 parity, 1 drift, 2 usage or spec error, 3 something could not be observed.")]
pub(super) struct Args {
    /// The targets to check; all when none is named
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Write the report as F, to FILE if given; may be repeated. `--format help` lists the formats
    #[arg(long = "format", value_name = "F[=FILE]")]
    formats: Vec<formats::Wanted>,
    /// Show the evidence behind a finding, or behind all that a glob names, in place of the report
    #[arg(long, value_name = "FINDING")]
    explain: Option<String>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    formats::at_most_one_on_stdout(&args.formats, args.explain.is_some())?;
    let project = context.load()?;
    let targets = select(&project, &args.targets)?;
    let mut report = audit::audit(&project, &targets, context)?;
    let placed = args.explain.is_some() || formats::point_at_files(&args.formats);
    report.background = background::of(&report, placed.then_some(&project), context);
    match &args.explain {
        Some(finding) => {
            explain::print(finding, &report, &project, &targets, context)?;
            formats::write_files(&report, &args.formats, context)?;
        }
        None => formats::write(&report, &args.formats, context)?,
    }
    Ok(report.verdict().into())
}
