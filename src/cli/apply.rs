//! `trueup apply`: bring targets true, and prove it with a fresh audit.

use std::path::Path;

use super::ask::confirm;
use super::context::{Context, print, reference, select, tell};
use super::error::CliError;
use super::{Exit, audit};
use crate::observe::audit::audit_over;
use crate::parity::{Report, TargetReport, Verdict};
use crate::provision::Plan;
use crate::provision::apply::{Fate, apply};
use crate::provision::contents::{self, Gathered};
use crate::provision::plan::{Selection, plan};
use crate::provision::view::{self, PlanFile};
use crate::spec::Target;
use crate::spec::load::Project;
use crate::transport::Connection;

/// Bring targets true, then audit them again
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    trueup apply vm                    plan, show, ask, carry out, audit\n  \
    trueup apply vm --only dotfile     dotfiles alone\n  \
    trueup apply vm.plan.json --yes    a plan saved by `trueup plan --out`\n\n\
    Every file is backed up on the target first; `trueup rollback TARGET` puts it back.\n\n\
    Exit codes: 0 parity afterwards, 1 drift remains or the plan no longer holds, 2 not confirmed or a spec error, \
    3 something could not be observed.")]
pub(super) struct Args {
    /// Targets, or one file saved by `trueup plan --out`
    #[arg(value_name = "TARGET|PLANFILE", required = true)]
    targets: Vec<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Only these findings: ids, categories, or either with `*`
    #[arg(long, value_name = "FINDING")]
    only: Vec<String>,
    /// Not these findings
    #[arg(long, value_name = "FINDING")]
    skip: Vec<String>,
    /// Also remove what the reference does not have
    #[arg(long)]
    prune: bool,
}

/// A target with an open connection, its audit, and what is to be done.
struct Work<'a> {
    target: &'a Target,
    connection: Option<Connection>,
    before: TargetReport,
    plan: Plan,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let project = context.load()?;
    let saved = saved_plan(args, &project)?;
    let names = match &saved {
        Some(file) => file.plans.iter().map(|entry| entry.plan.target.clone()).collect(),
        None => args.targets.clone(),
    };
    let selection = Selection {
        only: args.only.clone(),
        skip: args.skip.clone(),
        prune: saved.as_ref().map_or(args.prune, |file| file.prune),
    };
    let surroundings = context.surroundings(&project)?;
    let mut work = Vec::new();
    for target in select(&project, &names)? {
        work.push(prepare(target, &project, &selection, &surroundings));
    }
    if let Some(file) = &saved {
        refuse_if_moved_on(file, &work)?;
    }
    let reports: Vec<&TargetReport> = work.iter().map(|one| &one.before).collect();
    if let Some(pattern) = selection.names_nothing(&reports) {
        return Err(CliError::NothingNamed(pattern.to_owned()));
    }
    let plans: Vec<Plan> = work.iter().map(|one| one.plan.clone()).collect();
    let gathered = contents::gather(&plans, &project.environment, &reference(&project), &surroundings);
    if work.iter().any(|one| !one.plan.steps.is_empty()) {
        show(&mut work, &gathered, &project, context)?;
        let steps: usize = work.iter().map(|one| one.plan.steps.len()).sum();
        confirm(context, args.yes, &format!("Carry out {steps} step{}?", if steps == 1 { "" } else { "s" }))?;
    }
    let mut reports = Vec::new();
    let mut all_done = true;
    for one in work {
        let (report, done) = carry_out(one, &gathered, &project, context)?;
        all_done &= done;
        reports.push(report);
    }
    let report = audit::report(&project, reports);
    finish(&report, all_done, context)
}

fn saved_plan(args: &Args, project: &Project) -> Result<Option<PlanFile>, CliError> {
    let [only] = args.targets.as_slice() else { return Ok(None) };
    if project.environment.target(only).is_some() || !Path::new(only).is_file() {
        return Ok(None);
    }
    let text = super::context::read_file(Path::new(only))?;
    let bad = |why: String| CliError::NotAPlan { path: only.clone(), why };
    let file: PlanFile = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
    if file.schema != view::SCHEMA {
        return Err(bad(format!("its schema is {}", file.schema)));
    }
    if file.plans.is_empty() {
        return Err(bad("it holds no plan for any target".to_owned()));
    }
    if !args.only.is_empty() || !args.skip.is_empty() || args.prune {
        return Err(bad(
            "a saved plan is carried out as it is; --only, --skip and --prune choose what to plan".to_owned()
        ));
    }
    let lock_digest = project.lock.as_ref().map(|loaded| &loaded.digest);
    if file.environment != project.environment.name
        || file.spec_digest != project.spec_digest
        || file.lock_digest.as_ref() != lock_digest
    {
        return Err(CliError::PlanOutdated { why: "the spec or the lock has changed since".to_owned() });
    }
    if let Some(edited) = file.plans.iter().find(|entry| entry.plan.digest() != entry.digest) {
        return Err(bad(format!("the plan for {} was edited after it was made", edited.plan.target)));
    }
    Ok(Some(file))
}

fn prepare<'a>(
    target: &'a Target,
    project: &Project,
    selection: &Selection,
    surroundings: &crate::transport::Surroundings,
) -> Work<'a> {
    let environment = &project.environment;
    match Connection::open(target, environment.shell, surroundings) {
        Ok(mut connection) => {
            let before = audit::hold(project, target, &audit_over(&mut connection, environment));
            let plan = plan(environment, &before, selection);
            Work { target, connection: Some(connection), before, plan }
        }
        Err(error) => {
            let before = audit::hold(project, target, &crate::observe::audit::Observation::failed(error));
            let plan = plan(environment, &before, selection);
            Work { target, connection: None, before, plan }
        }
    }
}

/// The plan shown is the plan executed: what would be done now must be what was planned then.
fn refuse_if_moved_on(file: &PlanFile, work: &[Work<'_>]) -> Result<(), CliError> {
    for (entry, now) in file.plans.iter().zip(work) {
        if let Some(error) = &now.before.error {
            return Err(CliError::PlanOutdated {
                why: format!("{} cannot be observed now: {error}", entry.plan.target),
            });
        }
        if entry.digest != now.plan.digest() {
            let why = format!("{} has moved on since; plan again: trueup plan {0}", entry.plan.target);
            return Err(CliError::PlanOutdated { why });
        }
    }
    Ok(())
}

fn show(work: &mut [Work<'_>], gathered: &Gathered, project: &Project, context: &Context) -> Result<(), CliError> {
    for one in work {
        if let Some(connection) = &mut one.connection
            && let Err(error) =
                contents::add_diffs(&mut one.plan, gathered, connection, &project.environment, contents::Facing::Change)
        {
            tell(&format!("no diffs for {}: {error}", one.target.name));
        }
        print(&view::human(&one.plan, context.stdout_look()))?;
    }
    print("\n")
}

/// Carries out one target's plan and audits it again. What could not be reached keeps its first report.
fn carry_out(
    one: Work<'_>,
    gathered: &Gathered,
    project: &Project,
    context: &Context,
) -> Result<(TargetReport, bool), CliError> {
    let Work { target, connection, before, plan } = one;
    let Some(mut connection) = connection.filter(|_| !plan.steps.is_empty()) else { return Ok((before, true)) };
    let look = context.stdout_look();
    let total = plan.steps.len();
    let fates = apply(&mut connection, &plan, gathered, &mut |number| {
        let step = &plan.steps[number];
        tell(&format!("{}: {}/{total} {} {}", target.name, number + 1, step.action.word(), view::clean(&step.subject)));
    });
    match fates {
        Ok(fates) => {
            print(&format!("{}\n{}\n", target.name, view::outcome(&plan, &fates, look)))?;
            let after = audit::hold(project, target, &audit_over(&mut connection, &project.environment));
            Ok((after, fates.iter().all(|fate| *fate == Fate::Done)))
        }
        Err(error) => {
            let lost = crate::observe::audit::Observation::failed(error);
            Ok((audit::hold(project, target, &lost), false))
        }
    }
}

fn finish(report: &Report, all_done: bool, context: &Context) -> Result<Exit, CliError> {
    super::formats::write(report, &[], context)?;
    Ok(match report.verdict() {
        Verdict::Parity if !all_done => Exit::Drift,
        verdict => verdict.into(),
    })
}
