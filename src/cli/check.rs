//! `trueup check`: hold targets against the lock and report. Writes nothing anywhere.

use super::context::{Context, select, select_one};
use super::error::CliError;
use super::kept_checks::{self, Kept};
use super::vouch::now;
use super::{Exit, audit, background, explain, formats};
use crate::spec::load::Project;
use crate::spec::{Reach, Sandbox, Target};
use crate::store::Store;

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
    let targets: Vec<Target> = if args.here {
        vec![this_machine(&project, &args.targets)?]
    } else {
        select(&project, &args.targets)?.into_iter().cloned().collect()
    };
    let targets: Vec<&Target> = targets.iter().collect();
    // Only where a command's outcome may be kept is there a store.
    let store = match kept_checks::any_runs(&project) {
        true => Some(Store::open(&context.state_dir()?.join("trueup.db"))?),
        false => None,
    };
    let kept = match &store {
        Some(store) => kept_checks::spare_runs(&mut project, &targets, store)?,
        None => Kept::new(),
    };
    let mut report = audit::audit_beside(&project, &targets, args.parallel, &kept, context)?;
    if let Some(store) = &store {
        kept_checks::record(&project, &report, store, now())?;
    }
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
