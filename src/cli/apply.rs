//! `trueup apply`: bring targets true, and prove it with a fresh audit.

use std::path::Path;

use super::ask::confirm;
use super::context::{Context, PARALLEL, print, reference, select, tell};
use super::error::CliError;
use super::lines::Lines;
use super::make::{Unmade, make_absent};
use super::means::{means, means_for_root};
use super::plan::Chosen;
use super::settle::settle;
use super::{Exit, audit, side_by_side};
use crate::observe::audit::{Observation, audit_over, new_nonce};
use crate::parity::TargetReport;
use crate::provision::apply::{Fate, apply};
use crate::provision::contents::{self, Gathered, Made};
use crate::provision::plan::{Selection, order, plan};
use crate::provision::preflight::{self, Standing};
use crate::provision::root::Means;
use crate::provision::values::Values;
use crate::provision::view::{self, PlanFile};
use crate::provision::{self, Plan, Step};
use crate::spec::load::Project;
use crate::spec::{Target, TargetKind};
use crate::transport::{Connection, Surroundings, TransportError};

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
    #[command(flatten)]
    chosen: Chosen,
}

/// A target with an open connection, its audit, and what is to be done.
struct Work<'a> {
    target: &'a Target,
    connection: Option<Connection>,
    /// What the newest audit found.
    report: TargetReport,
    plan: Plan,
    /// The contents that were made of what is there.
    made: Made,
    means: Means,
    /// What has been tried, and whether it was done.
    tried: Vec<(provision::Work, Fate)>,
}

/// What one apply brings may show what it hid: a repository that was not there has hooks. This often the plan is made anew.
const ROUNDS: usize = 4;

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let mut project = context.load()?;
    let saved = saved_plan(args, &project)?;
    let names = match &saved {
        Some(file) => file.plans.iter().map(|entry| entry.plan.target.clone()).collect(),
        None => args.targets.clone(),
    };
    let selection = saved.as_ref().map_or_else(|| args.chosen.selection(), |file| file.selection.clone());
    if selection.behaviour {
        project.run_checks(false)?;
    }
    let surroundings = context.surroundings(&project)?;
    // A saved plan is for a machine that was there.
    let unmade = match &saved {
        Some(_) => Unmade::default(),
        None => {
            let targets = select(&project, &names)?;
            make_absent(&targets, &project, &surroundings, args.yes, context)?
        }
    };
    // What was made just now has an address of its own.
    context.recall(&mut project)?;
    let targets = select(&project, &names)?;
    let lines = Lines::new(&targets, context);
    let prepare = |target| prepare(target, &project, &selection, &surroundings, &unmade, &lines);
    let mut work = side_by_side::each(targets.clone(), PARALLEL, &prepare);
    drop(lines);
    if let Some(file) = &saved {
        refuse_if_moved_on(file, &work)?;
    }
    let reports: Vec<&TargetReport> = work.iter().map(|one| &one.report).collect();
    if let Some(pattern) = selection.names_nothing(&reports) {
        return Err(CliError::NothingNamed(pattern.to_owned()));
    }
    tell_chores(&mut work, &project);
    let mut reports: Vec<TargetReport> = work.iter().map(|one| one.report.clone()).collect();
    let mut values = Values::default();
    let whole = new_nonce();
    let rounds = if saved.is_some() { 1 } else { ROUNDS };
    for round in 1..=rounds {
        let plans: Vec<Plan> = work.iter().map(|one| one.plan.clone()).collect();
        let gathered = contents::gather(&plans, &project.environment, &reference(&project), &surroundings);
        let mut gathered = gathered.and(work.iter().map(|one| &one.made));
        if work.iter().any(|one| !one.plan.steps.is_empty()) {
            if round > 1 {
                print("what could be seen only now:\n\n")?;
            }
            show(&mut work, &gathered, &project, context)?;
            let steps: usize = work.iter().map(|one| one.plan.steps.len()).sum();
            confirm(context, args.yes, &format!("Carry out {steps} step{}?", if steps == 1 { "" } else { "s" }))?;
        }
        values.gather(&mut gathered, &plans, &project.environment, &reference(&project), &surroundings);
        for one in &mut work {
            one.means = one.means(&project, &surroundings, context);
        }
        let busy: Vec<&Target> = work.iter().map(|one| one.target).collect();
        let lines = Lines::new(&busy, context);
        let carry_out = |one| carry_out(one, &whole, &gathered, &project, &lines, context);
        let ended = side_by_side::each(work, PARALLEL, &carry_out);
        work = Vec::new();
        for end in ended {
            let mut one = end?;
            if let Some(known) = reports.iter_mut().find(|report| report.target == one.target.name) {
                known.clone_from(&one.report);
            }
            if round < rounds && one.is_left_with_something_new(&project, &selection, &surroundings) {
                work.push(one);
            }
        }
        drop(lines);
        if work.is_empty() {
            break;
        }
    }
    let report = audit::report(&project, reports);
    super::formats::write(&report, &[], context)?;
    Ok(report.verdict().into())
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
    if args.chosen.selection() != Selection::default() {
        return Err(bad(
            "a saved plan is carried out as it is; --only, --skip, --prune, --overwrite and --behaviour choose what to plan"
                .to_owned(),
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
    surroundings: &Surroundings,
    unmade: &Unmade,
    lines: &Lines,
) -> Work<'a> {
    let environment = &project.environment;
    lines.say(target, "connecting");
    let opened = match unmade.get(&target.name) {
        Some(why) => Err(TransportError::NotMade(why.clone())),
        None => Connection::open(target, environment.shell, surroundings),
    };
    lines.say(target, "observing");
    let (mut connection, observation) = match opened {
        Ok(mut connection) => {
            let observation = audit_over(&mut connection, environment);
            (Some(connection), observation)
        }
        Err(error) => (None, Observation::failed(error)),
    };
    let report = audit::hold(project, target, &observation);
    let mut plan = plan(environment, &report, selection);
    let made = settle(&mut plan, &report, connection.as_mut(), project, selection, surroundings);
    lines.end(target);
    Work { target, connection, report, plan, made, means: Means::default(), tried: Vec::new() }
}

impl Work<'_> {
    fn means(&mut self, project: &Project, surroundings: &Surroundings, context: &Context) -> Means {
        match &mut self.connection {
            Some(connection) if self.plan.steps.iter().any(|step| step.root) => {
                means_for_root(self.target, connection, &project.environment, surroundings, context)
            }
            _ => means(surroundings),
        }
    }

    /// Plans anew, and tells whether that leads anywhere.
    fn is_left_with_something_new(
        &mut self,
        project: &Project,
        selection: &Selection,
        surroundings: &Surroundings,
    ) -> bool {
        let Some(connection) = self.connection.as_mut().filter(|_| !self.plan.steps.is_empty()) else { return false };
        self.plan = plan(&project.environment, &self.report, selection);
        // What was done and did not help is not done again, so that what comes at last has its turn.
        self.plan.steps.retain(|step| !self.tried.contains(&(step.work.clone(), Fate::Done)));
        self.made = settle(&mut self.plan, &self.report, Some(connection), project, selection, surroundings);
        self.plan.steps.retain(|step| !self.tried.contains(&(step.work.clone(), Fate::Done)));
        order(&mut self.plan);
        self.plan.steps.iter().any(|step| !self.tried.iter().any(|(work, _)| *work == step.work))
    }
}

/// What only a person can do on those Macs where something is about to be done.
fn tell_chores(work: &mut [Work<'_>], project: &Project) {
    let macs = work.iter_mut().filter(|one| one.target.kind == TargetKind::Mac && !one.plan.steps.is_empty());
    for one in macs {
        let Some(connection) = &mut one.connection else { continue };
        // What is in the way of asking is in the way of all that follows, and told there.
        let Ok(Ok(standings)) = preflight::ask(connection, &project.environment, one.target) else { continue };
        for (chore, standing) in standings {
            if standing == Standing::Open {
                tell(&format!(
                    "{}: for a person: {}: {}\n  {}",
                    one.target.name, chore.name, chore.matters, chore.steps
                ));
            }
        }
    }
}

/// The plan shown is the plan executed: what would be done now must be what was planned then.
fn refuse_if_moved_on(file: &PlanFile, work: &[Work<'_>]) -> Result<(), CliError> {
    for (entry, now) in file.plans.iter().zip(work) {
        if let Some(error) = &now.report.error {
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
fn carry_out<'a>(
    mut one: Work<'a>,
    whole: &str,
    gathered: &Gathered,
    project: &Project,
    lines: &Lines,
    context: &Context,
) -> Result<Work<'a>, CliError> {
    let (target, plan) = (one.target, &one.plan);
    let Some(connection) = one.connection.as_mut().filter(|_| !plan.steps.is_empty()) else { return Ok(one) };
    let total = plan.steps.len();
    let fates = apply(connection, plan, gathered, &one.means, whole, &mut |number| {
        let step = &plan.steps[number];
        let subject = view::clean(&step.subject);
        lines.tell(target, &format!("{}/{total} {} {subject}", number + 1, step.action.word()));
    });
    let fates = match fates {
        Ok(fates) => fates,
        Err(error) => {
            lines.end(target);
            one.report = audit::hold(project, target, &Observation::failed(error));
            one.connection = None;
            return Ok(one);
        }
    };
    // What only a new login has would be seen on no connection of before.
    let is_seen_later =
        |step: &Step| matches!(&step.work, provision::Work::Setting(work) if work.is_seen_at_next_login());
    if plan.steps.iter().any(is_seen_later) {
        let surroundings = context.surroundings(project)?;
        if let Ok(fresh) = Connection::open(target, project.environment.shell, &surroundings) {
            *connection = fresh;
        }
    }
    lines.say(target, "observing");
    one.report = audit::hold(project, target, &audit_over(connection, &project.environment));
    lines.end(target);
    let outcome = view::outcome(plan, &fates, &one.report, context.stdout_look());
    context.progress.suspend(|| print(&format!("{}\n{outcome}\n", target.name)))?;
    one.tried.extend(plan.steps.iter().map(|step| step.work.clone()).zip(fates));
    Ok(one)
}
