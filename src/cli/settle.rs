//! Plans are made of facts alone; what they leave open is asked of the two machines before anybody is shown them.

use std::collections::BTreeSet;

use super::context::reference;
use crate::provision::plan::Selection;
use crate::provision::same::{self, Seen};
use crate::provision::{Plan, plan::order};
use crate::spec::load::Project;
use crate::transport::{Connection, Surroundings};

/// Settles a plan over the connection to its target. Where a machine cannot be asked, the plan says what it leaves.
pub(super) fn settle(
    plan: &mut Plan,
    target: Option<&mut Connection>,
    project: &Project,
    selection: &Selection,
    surroundings: &Surroundings,
) {
    let drafts = plan.clone();
    let paths = same::paths(&drafts);
    if paths.is_empty() {
        return;
    }
    let environment = &project.environment;
    let unknown = |why: String| -> Seen { paths.iter().map(|path| ((*path).to_owned(), Err(why.clone()))).collect() };
    let look = |connection: &mut Connection, paths: &BTreeSet<&str>| same::look(connection, paths, environment);
    let on_reference = Connection::open(&reference(project), environment.shell, surroundings)
        .and_then(|mut connection| look(&mut connection, &paths))
        .unwrap_or_else(|error| unknown(error.to_string()));
    let on_target = match target {
        Some(connection) => look(connection, &paths).unwrap_or_else(|error| unknown(error.to_string())),
        None => unknown("it could not be reached".to_owned()),
    };
    same::settle(plan, &on_reference, &on_target, selection);
    order(plan);
}
