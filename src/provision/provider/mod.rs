//! The providers: one file each, and this table, in the order in which their steps are carried out.

mod apt;
mod dotfile;
mod git_setting;
mod npm;

use super::{Action, Need, Offer, Provider, Step, Work};
use crate::parity::Change;
use crate::spec::{Category, Fact, Locked};

/// Every provider. Adding one is a file and a line here.
pub const PROVIDERS: &[&Provider] = &[&apt::PROVIDER, &npm::PROVIDER, &dotfile::PROVIDER, &git_setting::PROVIDER];

/// A package that a manager is to provide.
struct PackageNeed<'a> {
    /// The manager's name for it.
    name: &'a str,
    /// The version that the reference has.
    version: Option<&'a str>,
    /// In which way it differs.
    change: Change,
}

/// How a manager is run.
struct PackageCommand<'a> {
    arguments: &'a [&'a str],
    /// What brings the manager's index up to date.
    refresh: &'a [&'a str],
    root: bool,
}

/// The package that a drift asks of `manager`: a package of its own, or one that the spec says provides a tool.
fn package_need<'a>(manager: &str, need: &Need<'a>) -> Option<PackageNeed<'a>> {
    let change = need.finding.state.change()?;
    let name = match need.finding.id.category {
        Category::Package => need.finding.id.name.strip_prefix(manager)?.strip_prefix('/')?,
        Category::Tool => {
            let tool = need.environment.tools.iter().find(|tool| tool.name == need.finding.id.name)?;
            &tool.install.iter().find(|(by, _)| by == manager)?.1
        }
        _ => return None,
    };
    let version = match &need.finding.locked {
        Some(Locked::Present(Fact::Version(fact))) => Some(fact.version.as_str()),
        _ => None,
    };
    Some(PackageNeed { name, version, change })
}

/// Why something extra stays.
const NOT_PRUNED: &str = "the reference does not have it; extras are removed only with --prune";

/// The step that runs a package manager.
fn package_step(provider: &Provider, need: &Need<'_>, subject: String, command: &PackageCommand<'_>) -> Offer {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let action = match need.finding.state.change() {
        Some(Change::Missing) => Action::Create,
        Some(Change::Extra) => Action::Remove,
        Some(Change::Changed) | None => Action::Change,
    };
    let work = Work::Command { arguments: owned(command.arguments), refresh: owned(command.refresh) };
    let step = step(provider, need, action, subject, work);
    Offer::Step(Box::new(Step { root: command.root, undone_by_rollback: false, ..step }))
}

/// A step for a need, in the user's own name and undone by a rollback.
fn step(provider: &Provider, need: &Need<'_>, action: Action, subject: String, work: Work) -> Step {
    Step {
        provider: provider.name.to_owned(),
        action,
        subject,
        findings: vec![need.finding.id.clone()],
        seen: Vec::new(),
        why: need.finding.reason.clone(),
        work,
        root: false,
        undone_by_rollback: true,
        diff: None,
    }
}
