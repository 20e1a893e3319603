//! `trueup plan`: what would bring targets true, as data.

use std::path::PathBuf;

use clap::ValueEnum;

use super::context::{Context, print, reference, select};
use super::error::CliError;
use super::settle::settle;
use super::{Exit, audit};
use crate::parity::TargetReport;
use crate::parity::Verdict;
use crate::provision::Plan;
use crate::provision::contents::{self, Facing, Gathered};
use crate::provision::plan::{Selection, plan};
use crate::provision::view::{self, PlanEntry, PlanFile};
use crate::spec::load::{Project, replace_file};
use crate::spec::{ItemId, Target};
use crate::transport::{Connection, Surroundings};

/// Show what would bring targets true, without changing anything
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    trueup plan vm\n  \
    trueup plan vm --only dotfile --skip 'dotfile:.config/*'\n  \
    trueup plan vm --behaviour         also what only the canaries tell\n  \
    trueup plan vm --out vm.plan.json && trueup apply vm.plan.json\n\n\
    Exit codes: 0 nothing to do, 1 changes needed, 2 usage or spec error, 3 something could not be observed.")]
pub(super) struct Args {
    /// The targets to plan for
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,
    /// Write the plan as human or json
    #[arg(long, value_name = "F", default_value = "human")]
    format: PlanFormat,
    /// Save the plan, to be carried out by `trueup apply FILE`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    parallel: audit::Parallel,
}

/// Which findings a plan is about.
#[derive(clap::Args)]
pub(super) struct Chosen {
    /// Only these findings: ids, categories, or either with `*`
    #[arg(long, value_name = "FINDING")]
    only: Vec<String>,
    /// Not these findings
    #[arg(long, value_name = "FINDING")]
    skip: Vec<String>,
    /// Also remove what the reference does not have
    #[arg(long)]
    prune: bool,
    /// Also replace files that were edited on the target since an apply wrote them
    #[arg(long)]
    overwrite: bool,
    /// Also fire the canaries, and mend what only they tell
    #[arg(long)]
    behaviour: bool,
}

impl Chosen {
    pub(super) fn selection(&self) -> Selection {
        Selection {
            only: self.only.clone(),
            skip: self.skip.clone(),
            prune: self.prune,
            overwrite: self.overwrite,
            behaviour: self.behaviour,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PlanFormat {
    Human,
    Json,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let mut project = context.load()?;
    let selection = args.chosen.selection();
    if selection.behaviour {
        project.run_checks(false)?;
    }
    let targets = select(&project, &args.targets)?;
    if let Some(path) = &args.out {
        super::formats::refuse_own_file(path, &project)?;
    }
    let surroundings = context.surroundings(&project)?;
    let report = audit::audit_with(&project, &targets, args.parallel, context)?;
    if let Some(pattern) = selection.names_nothing(&report.targets.iter().collect::<Vec<_>>()) {
        return Err(CliError::NothingNamed(pattern.to_owned()));
    }
    let mut plans: Vec<Plan> =
        report.targets.iter().map(|target| plan(&project.environment, target, &selection)).collect();
    let mut made = Vec::new();
    for ((target, report), plan) in targets.iter().zip(&report.targets).zip(&mut plans) {
        if plan.steps.is_empty() {
            continue;
        }
        // A target that is lost meanwhile leaves what was not settled, and the plan says so.
        let mut connection = Connection::open(target, project.environment.shell, &surroundings).ok();
        made.push(settle(plan, report, connection.as_mut(), &project, &selection, &surroundings));
    }
    let gathered = contents::gather(&plans, &project.environment, &reference(&project), &surroundings).and(&made);
    for (target, plan) in targets.iter().zip(&mut plans) {
        add_diffs(target, plan, &gathered, &project, &surroundings);
    }
    let file = plan_file(&project, plans, selection);
    let json = to_json(&file);
    match args.format {
        PlanFormat::Json => print(&json)?,
        PlanFormat::Human => show(&file, &report.targets, context)?,
    }
    if let Some(path) = &args.out {
        replace_file(path, json.as_bytes()).map_err(|source| CliError::Write { path: path.clone(), source })?;
    }
    Ok(match report.verdict() {
        Verdict::Unknown => Exit::Unknown,
        Verdict::Parity => Exit::Fine,
        // Drift that was not chosen is nobody's business here.
        Verdict::Drift if file.plans.iter().all(|entry| entry.plan.steps.is_empty() && entry.plan.unmet.is_empty()) => {
            Exit::Fine
        }
        Verdict::Drift => Exit::Drift,
    })
}

/// Diffs help a person decide; a target that is lost meanwhile only loses them.
fn add_diffs(target: &Target, plan: &mut Plan, gathered: &Gathered, project: &Project, surroundings: &Surroundings) {
    if plan.steps.is_empty() {
        return;
    }
    let shown = Connection::open(target, project.environment.shell, surroundings).and_then(|mut connection| {
        contents::add_diffs(plan, gathered, &mut connection, &project.environment, Facing::Change)
    });
    if let Err(error) = shown {
        super::context::tell(&format!("no diffs for {}: {error}", target.name));
    }
}

pub(super) fn plan_file(project: &Project, plans: Vec<Plan>, selection: Selection) -> PlanFile {
    PlanFile {
        schema: view::SCHEMA.to_owned(),
        environment: project.environment.name.clone(),
        spec_digest: project.spec_digest.clone(),
        lock_digest: project.lock.as_ref().map(|loaded| loaded.digest.clone()),
        selection,
        plans: plans.into_iter().map(|plan| PlanEntry { digest: plan.digest(), plan }).collect(),
    }
}

fn to_json(file: &PlanFile) -> String {
    let mut json = serde_json::to_string_pretty(file).expect("every field has a JSON form");
    json.push('\n');
    json
}

fn show(file: &PlanFile, reports: &[TargetReport], context: &Context) -> Result<(), CliError> {
    let look = context.stdout_look();
    for (entry, report) in file.plans.iter().zip(reports) {
        print(&view::human(&entry.plan, look))?;
        if let Some(error) = &report.error {
            print(&format!("  ? {}\n", view::clean(error)))?;
        }
        let unknown = report.findings.iter().filter(|finding| finding.state.word() == "unknown");
        let is_planned = |id: &ItemId| entry.plan.steps.iter().any(|step| step.findings.contains(id));
        for finding in unknown.filter(|finding| report.error.is_none() && !is_planned(&finding.id)) {
            let line = view::clean(&format!("nothing planned for {}: {}", finding.id, finding.reason));
            print(&format!("  ? {line}\n"))?;
        }
    }
    let todo: Vec<&str> = file
        .plans
        .iter()
        .filter(|entry| !entry.plan.steps.is_empty())
        .map(|entry| entry.plan.target.as_str())
        .collect();
    if !todo.is_empty() {
        print(&format!("\nnext: trueup apply {}\n", todo.join(" ")))?;
    }
    Ok(())
}
