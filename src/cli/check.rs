//! `trueup check`: hold targets against the lock and report. Writes nothing anywhere.

use super::context::{Context, select, select_one};
use super::error::CliError;
use super::{Exit, audit, background, explain, formats};
use crate::spec::load::Project;
use crate::spec::{Reach, Sandbox, Target};

/// Compare targets with the captured reference and report what differs
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    trueup check                       all targets\n  \
    trueup check vm mini               these two\n  \
    trueup check --format human --format json=report.json\n  \
    trueup check vm --explain tool:node\n  \
    trueup check vm --here             this machine, as if it were vm\n  \
    trueup check --behaviour           fires the canaries as well, in throwaway clones\n\n\
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
    /// Hold the machine that this runs on, such as a CI runner, as the one target named
    #[arg(long)]
    here: bool,
    /// Also try, in throwaway clones, whether the quality gates reject what they reject on the reference
    #[arg(long)]
    behaviour: bool,
    #[command(flatten)]
    parallel: audit::Parallel,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    formats::at_most_one_on_stdout(&args.formats, args.explain.is_some())?;
    let mut project = context.load()?;
    if args.behaviour {
        project.run_checks(false)?;
    }
    formats::refuse_lost_files(&args.formats, &project)?;
    let here;
    let targets = if args.here {
        here = this_machine(&project, &args.targets)?;
        vec![&here]
    } else {
        select(&project, &args.targets)?
    };
    let mut report = audit::audit_with(&project, &targets, args.parallel, context)?;
    let placed = args.explain.is_some() || formats::point_at_files(&args.formats);
    report.background = background::of(&report, placed.then_some(&project), context);
    report.background.here = args.here;
    match &args.explain {
        Some(finding) => {
            explain::print(finding, &report, &project, &targets, context)?;
            formats::write_files(&report, &args.formats, context)?;
        }
        None => formats::write(&report, &args.formats, context)?,
    }
    Ok(report.verdict().into())
}

/// The one target named, reached where trueup runs. All else that the spec says of it stays: its name, its kind, and
/// with them its waivers.
fn this_machine(project: &Project, names: &[String]) -> Result<Target, CliError> {
    let [name] = names else {
        let known = project.environment.targets.iter().map(|target| target.name.clone()).collect();
        return Err(CliError::HereIsOneTarget { named: names.len(), known });
    };
    let mut target = select_one(project, name)?.clone();
    if !matches!(target.reach, Reach::Local(_)) {
        target.reach = Reach::Local(Sandbox::default());
    }
    Ok(target)
}
