//! `trueup check --explain`: the evidence behind findings, with what differs between contents.

use std::collections::BTreeMap;

use super::context::{self, Context, reference, tell};
use super::error::CliError;
use crate::parity::report::{Evidence, Selected, explain, selected};
use crate::parity::{Report, State};
use crate::provision::contents;
use crate::provision::plan::{Selection, plan};
use crate::spec::load::Project;
use crate::spec::{Behaviour, Category, ItemId, Target};
use crate::transport::Connection;

/// Prints the evidence behind the findings that `pattern` names.
pub(super) fn print(
    pattern: &str,
    report: &Report,
    project: &Project,
    targets: &[&Target],
    context: &Context,
) -> Result<(), CliError> {
    let selected = selected(report, pattern).map_err(|nearest| {
        let name = pattern.to_owned();
        match project.environment.behaviour {
            Behaviour::Left if pattern.starts_with("check:") => CliError::NotFired { name },
            _ => CliError::NoSuchFinding { name, nearest },
        }
    })?;
    let evidence = Evidence {
        report,
        environment: &project.environment,
        lock: project.lock.as_ref().map(|loaded| &loaded.lock),
        diffs: &diffs(&selected, project, targets, context)?,
    };
    context::print(&explain(&evidence, &selected, context.stdout_view()))
}

/// What differs in the files among the findings, unless it looks secret: one more look at the reference and at each target, only
/// for files, and only here. A content that cannot be had costs its diff alone.
fn diffs(
    selected: &Selected<'_>,
    project: &Project,
    targets: &[&Target],
    context: &Context,
) -> Result<BTreeMap<(String, ItemId), String>, CliError> {
    let mut diffs = BTreeMap::new();
    let surroundings = context.surroundings(project)?;
    for target in targets {
        let drifted = selected.findings.iter().filter(|(of, finding)| {
            of.target == target.name
                && finding.id.category == Category::Dotfile
                && matches!(finding.state, State::Drift(_))
        });
        let ids: Vec<&ItemId> = drifted.map(|(_, finding)| &finding.id).collect();
        let Some((report, _)) = selected.findings.iter().find(|(of, _)| of.target == target.name && !ids.is_empty())
        else {
            continue;
        };
        let mut plan = plan(&project.environment, report, &Selection::default());
        plan.steps.retain(|step| step.findings.iter().any(|id| ids.contains(&id)));
        if plan.steps.is_empty() {
            continue;
        }
        let plans = std::slice::from_ref(&plan);
        let gathered = contents::gather(plans, &project.environment, &reference(project), &surroundings);
        let shown = Connection::open(target, project.environment.shell, &surroundings).and_then(|mut connection| {
            contents::add_diffs(
                &mut plan,
                &gathered,
                &mut connection,
                &project.environment,
                contents::Facing::Difference,
            )
        });
        if let Err(error) = shown {
            tell(&format!("no diffs for {}: {error}", target.name));
        }
        for step in plan.steps {
            if let Some(diff) = step.diff {
                let named = step.findings.into_iter().filter(|id| ids.contains(&id));
                diffs.extend(named.map(|id| ((target.name.clone(), id), diff.clone())));
            }
        }
    }
    Ok(diffs)
}
