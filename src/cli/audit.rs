//! Auditing targets for a verb: all at once, with a line each on a terminal, into one report.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::context::{Context, PARALLEL, TICK, tell};
use super::error::CliError;
use super::kept_checks::{self, Kept};
use crate::observe::audit::{self, Observation, Stage};
use crate::parity::compare::{Circumstances, target_report};
use crate::parity::dotfile_detail::{self, Source};
use crate::parity::report::printable;
use crate::parity::{Background, Report, TargetReport, Verdict};
use crate::spec::load::Project;
use crate::spec::{Digest, Facts, Target, at_hand, candidates};

/// How many machines are audited at once.
#[derive(Clone, Copy, clap::Args)]
pub(super) struct Parallel {
    /// Audit at most N targets at once
    #[arg(long, value_name = "N", default_value_t = PARALLEL, value_parser = at_least_one)]
    pub(super) parallel: usize,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "write a number, 1 or more".to_owned())
}

/// Audits the targets, as many at once as is usual, and holds them against the lock.
pub(super) fn audit(project: &Project, targets: &[&Target], context: &Context) -> Result<Report, CliError> {
    audit_with(project, targets, Parallel { parallel: PARALLEL }, context)
}

/// Audits the targets and holds them against the lock.
pub(super) fn audit_with(
    project: &Project,
    targets: &[&Target],
    parallel: Parallel,
    context: &Context,
) -> Result<Report, CliError> {
    audit_beside(project, targets, parallel, &Kept::new(), context)
}

/// As [`audit_with`], with results of checks that were kept.
pub(super) fn audit_beside(
    project: &Project,
    targets: &[&Target],
    parallel: Parallel,
    kept: &Kept,
    context: &Context,
) -> Result<Report, CliError> {
    let surroundings = context.surroundings(project)?;
    let lines = progress(targets, context);
    let heard = |place: usize, stage: Stage<'_>| {
        if let (None, Stage::Tried(name, took)) = (lines.get(place), stage) {
            tell(&tried(&targets[place].name, name, took));
        }
        let (Some(line), target) = (lines.get(place), targets[place]) else { return };
        match stage {
            Stage::Connecting => {
                line.set_style(style("{spinner} {msg} {elapsed}"));
                line.set_message(format!("{}: connecting", target.name));
                line.enable_steady_tick(TICK);
            }
            Stage::Asking => line.set_message(format!("{}: observing", target.name)),
            Stage::Trying(name) => line.set_message(printable(&format!("{}: {name}", target.name))),
            Stage::Tried(name, took) => line.println(tried(&target.name, name, took)),
        }
    };
    let done = |place: usize, mut observed: Observation| {
        if let Ok(facts) = &mut observed.outcome {
            kept_checks::enter(kept, project, targets[place], facts);
        }
        let mut report = hold(project, targets[place], &observed);
        if let Ok(facts) = &observed.outcome {
            explain(&mut report, facts, project);
        }
        if let Some(line) = lines.get(place) {
            line.set_style(style("{msg}"));
            line.finish_with_message(outcome(&report));
        }
        report
    };
    let reports = audit::audit_all(targets, &project.environment, &surroundings, parallel.parallel, &heard, &done);
    // Questions that come later find no progress to step aside, and the report stands below what has been shown.
    lines.iter().for_each(ProgressBar::abandon);
    Ok(report(project, reports))
}

/// What a canary took, in one line.
pub(super) fn tried(target: &str, name: &str, took: Duration) -> String {
    printable(&format!("  {target}: {name}, {:.1} s", took.as_secs_f64()))
}

/// How an audit ended, in one line.
fn outcome(report: &TargetReport) -> String {
    let (mark, told) = match report.verdict() {
        Verdict::Parity => ("✓", "parity".to_owned()),
        Verdict::Drift => ("✗", format!("drift {}", report.count("drift"))),
        Verdict::Unknown => match &report.error {
            Some(error) => ("?", format!("unknown: {error}")),
            None => ("?", format!("unknown {}, drift {}", report.count("unknown"), report.count("drift"))),
        },
    };
    // An error may quote what a machine said.
    format!("{mark} {}: {told}", report.target).chars().filter(|c| !c.is_control()).collect()
}

/// Adds what differs in dotfiles, as far as the reference's contents are on this machine.
fn explain(report: &mut TargetReport, facts: &Facts, project: &Project) {
    let environment = &project.environment;
    let exact = |name: &str, digest: &Digest| {
        let mut own = candidates(environment, name).into_iter();
        at_hand(environment, name, digest).or_else(|| own.find(|bytes| Digest::of(bytes) == *digest))
    };
    let candidates = |name: &str| candidates(environment, name);
    dotfile_detail::add(report, facts, environment, Source { exact: &exact, candidates: &candidates });
}

/// One observation held against the lock.
pub(super) fn hold(project: &Project, target: &Target, observed: &Observation) -> TargetReport {
    let lock = project.lock.as_ref().map(|loaded| &loaded.lock);
    let circumstances = Circumstances {
        observed_at: observed.observed_at,
        duration: observed.duration,
        round_trips: observed.round_trips,
    };
    let outcome = observed.outcome.as_ref().map_err(ToString::to_string);
    target_report(&project.environment, lock, target, circumstances, outcome)
}

/// A report on these targets.
pub(super) fn report(project: &Project, targets: Vec<TargetReport>) -> Report {
    Report {
        environment: project.environment.name.clone(),
        spec_digest: project.spec_digest.clone(),
        lock_digest: project.lock.as_ref().map(|loaded| loaded.digest.clone()),
        targets,
        background: Background::default(),
    }
}

/// A line for each target, where there is a terminal to draw on.
fn progress(targets: &[&Target], context: &Context) -> Vec<ProgressBar> {
    if !io::stderr().is_terminal() {
        return Vec::new();
    }
    let line = |target: &&Target| {
        let line = context.progress.add(ProgressBar::new_spinner().with_style(style("  {msg}")));
        line.set_message(format!("{}: waiting", target.name));
        line
    };
    targets.iter().map(line).collect()
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates are constants")
}
