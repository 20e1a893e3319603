//! Auditing targets for a verb: all at once, with a line each on a terminal, into one report.

use std::io::{self, IsTerminal as _};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::context::{Context, PARALLEL, TICK};
use super::error::CliError;
use crate::observe::audit::{self, Observation};
use crate::parity::compare::{Circumstances, target_report};
use crate::parity::dotfile_detail::{self, Source};
use crate::parity::{Report, TargetReport};
use crate::spec::load::Project;
use crate::spec::{Digest, Facts, Target, at_hand, candidates};

/// Audits the targets and holds them against the lock.
pub(super) fn audit(project: &Project, targets: &[&Target], context: &Context) -> Result<Report, CliError> {
    let surroundings = context.surroundings(project)?;
    let lines = progress(targets);
    let done = |place: usize, _: &Observation| {
        if let Some(line) = lines.get(place) {
            line.finish_and_clear();
        }
    };
    let observations = audit::audit_all(targets, &project.environment, &surroundings, PARALLEL, &done);
    let reports = targets.iter().zip(&observations).map(|(target, observed)| {
        let mut report = hold(project, target, observed);
        if let Ok(facts) = &observed.outcome {
            explain(&mut report, facts, project);
        }
        report
    });
    Ok(report(project, reports.collect()))
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
    }
}

/// A line with a spinner for each target, where there is a terminal to draw on.
fn progress(targets: &[&Target]) -> Vec<ProgressBar> {
    if !io::stderr().is_terminal() {
        return Vec::new();
    }
    let all = MultiProgress::new();
    let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}").expect("a constant template");
    let line = |target: &&Target| {
        let line = all.add(ProgressBar::new_spinner().with_style(style.clone()));
        line.set_message(format!("observing {}", target.name));
        line.enable_steady_tick(TICK);
        line
    };
    targets.iter().map(line).collect()
}
