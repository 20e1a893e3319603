//! Plans are made of facts alone; what they leave open is asked of the two machines before anybody is shown them.

use std::collections::BTreeSet;

use super::context::reference;
use crate::parity::TargetReport;
use crate::provision::contents::Made;
use crate::provision::plan::Selection;
use crate::provision::same::{self, Draft, Seen};
use crate::provision::{Plan, plan::order};
use crate::provision::{edited, merge};
use crate::spec::load::Project;
use crate::transport::{Connection, Surroundings};

/// Settles a plan over the connection to its target, and gives the contents that were made of what is there. Where a machine
/// cannot be asked, the plan says what it leaves.
pub(super) fn settle(
    plan: &mut Plan,
    report: &TargetReport,
    target: Option<&mut Connection>,
    project: &Project,
    selection: &Selection,
    surroundings: &Surroundings,
) -> Made {
    let mut target = target;
    let made = merge::settle(plan, target.as_deref_mut(), &project.environment, &reference(project), surroundings);
    if let Some(target) = target.as_deref_mut()
        && let Err(error) =
            edited::keep(plan, report, selection, target, &project.environment, &reference(project), surroundings)
    {
        super::context::tell(&format!("what was edited on {} cannot be told: {error}", plan.target));
    }
    let drafts = plan.clone();
    let open = same::drafts(&drafts);
    if open.is_empty() {
        same::settle(plan, &Seen::new(), &Seen::new(), selection);
        order(plan);
        return made;
    }
    let environment = &project.environment;
    let unknown = |why: String| -> Seen { open.iter().map(|draft| ((*draft).clone(), Err(why.clone()))).collect() };
    let look = |connection: &mut Connection, open: &BTreeSet<&Draft>| same::look(connection, open, environment);
    let on_reference = Connection::open(&reference(project), environment.shell, surroundings)
        .and_then(|mut connection| look(&mut connection, &open))
        .unwrap_or_else(|error| unknown(error.to_string()));
    let on_target = match target {
        Some(connection) => look(connection, &open).unwrap_or_else(|error| unknown(error.to_string())),
        None => unknown("it could not be reached".to_owned()),
    };
    same::settle(plan, &on_reference, &on_target, selection);
    order(plan);
    made
}
