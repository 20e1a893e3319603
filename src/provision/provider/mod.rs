//! The providers: one file each, and this table, in the order in which their steps are carried out.

mod apt;
mod dotfile;
mod git_setting;
mod npm;
mod repo;
mod repo_file;
mod repo_state;
mod service;
mod set_up;
mod setting;
mod variable;

pub(super) use git_setting::STRUCTURE;

use super::work::{CommandWork, FileWork, RemoteUrls, RepoWork, SetUpRun};
use super::{Action, Need, Offer, Provider, Step, Work};
use crate::parity::{Change, State};
use crate::quality::lock_files::{Installs, installed_from};
use crate::quality::mend::{Case, Mend, mends, pin_mends, shadow};
use crate::spec::{Category, Fact, Locked, Observed, Policy, Scheme};

/// Every provider. Adding one is a file and a line here.
pub const PROVIDERS: &[&Provider] = &[
    &apt::PROVIDER,
    &npm::PROVIDER,
    &dotfile::PROVIDER,
    &repo::PROVIDER,
    &repo_state::PROVIDER,
    &repo_file::PROVIDER,
    &git_setting::PROVIDER,
    &set_up::PROVIDER,
    &setting::PROVIDER,
    &variable::PROVIDER,
    &service::PROVIDER,
];

/// A package that a manager is to provide.
struct PackageNeed<'a> {
    /// The manager's name for it.
    name: &'a str,
    /// The version to bring: the spec's own, else the reference's.
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

/// The package that a drift asks of `manager`: a package of its own, or one that the spec says provides a tool. Else
/// what is to be answered.
fn package_need<'a>(manager: &str, need: &Need<'a>) -> Result<PackageNeed<'a>, Offer> {
    let (name, change) = package_name(manager, need).ok_or(Offer::NotMine)?;
    let locked = match &need.finding.locked {
        Some(Locked::Present(Fact::Version(fact))) => Some(fact.version.as_str()),
        _ => None,
    };
    let scheme = Scheme::of(&need.finding.id);
    let version = match &need.finding.policy {
        _ if change == Change::Extra => None,
        Policy::Literal(version) => Some(version.as_str()),
        Policy::Range(range) => match locked {
            Some(version) if scheme.read(version).is_some_and(|version| range.contains(&version)) => locked,
            _ => {
                let has = locked.map_or("not there".to_owned(), str::to_owned);
                return Err(Offer::Cannot(format!(
                    "the spec asks for {range}, and the reference's is {has}; name a version in the spec, or bring the \
                     reference into the range and capture"
                )));
            }
        },
        Policy::Exact | Policy::Major | Policy::Minor | Policy::Present | Policy::Threshold(_) => locked,
    };
    // The reference may have it from another manager, whose version a distribution's own never is: then what the
    // distribution has is brought, and the next check tells whether it is the same upstream version.
    let by_many =
        need.environment.mapped.iter().any(|mapped| {
            mapped.names.len() > 1 && mapped.names.iter().any(|(by, known)| by == manager && known == name)
        });
    let version = version.filter(|version| !(by_many && manager == "apt") || version.contains('-'));
    Ok(PackageNeed { name, version, change })
}

fn package_name<'a>(manager: &str, need: &Need<'a>) -> Option<(&'a str, Change)> {
    let name = match need.finding.id.category {
        Category::Package => need.finding.id.name.strip_prefix(manager)?.strip_prefix('/')?,
        Category::Tool => {
            let tool = need.environment.tools.iter().find(|tool| tool.name == need.finding.id.name)?;
            &tool.install.iter().find(|(by, _)| by == manager)?.1
        }
        _ => return None,
    };
    Some((name, need.finding.state.change()?))
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
    let work =
        Work::Command(CommandWork::Command { arguments: owned(command.arguments), refresh: owned(command.refresh) });
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
        after: Vec::new(),
        at_last: false,
        tentative: need.finding.state == State::Unknown,
        diff: None,
    }
}

/// The place of the repository that a drift of its gates or pins is about, or the home, and what would mend it.
fn mends_of<'a>(need: &Need<'a>) -> Option<(&'a str, Vec<Mend>)> {
    let id = &need.finding.id;
    let (owner, _) = id.name.split_once('/')?;
    let place = match need.environment.repos.iter().find(|repo| repo.name == owner) {
        Some(repo) => repo.path.as_str(),
        // What is set up for all of a user's repositories.
        None if id.category == Category::Hook && owner == "home" => "~",
        None => return None,
    };
    let locked = match &need.finding.locked {
        Some(Locked::Present(fact)) => Some(fact),
        Some(Locked::Absent) | None => None,
    };
    let observed = match &need.finding.observed {
        Some(Observed::Present(fact)) => Some(fact),
        _ => None,
    };
    if locked.is_none() && !need.prune {
        return None;
    }
    let (want, got) = match (locked, observed) {
        (Some(Fact::Pin(want)), Some(Fact::Pin(got))) => return Some((place, pin_mends(Some(want), Some(got)))),
        (Some(Fact::Pin(want)), None) => return Some((place, pin_mends(Some(want), None))),
        (None, Some(Fact::Pin(got))) => return Some((place, pin_mends(None, Some(got)))),
        (Some(Fact::Gate(want)), Some(Fact::Gate(got))) => (Some(want), Some(got)),
        (Some(Fact::Gate(want)), None) => (Some(want), None),
        (None, Some(Fact::Gate(got))) => (None, Some(got)),
        _ => return None,
    };
    let gates = need
        .report
        .findings
        .iter()
        .filter(|one| one.id.category == Category::Gate && one.id.name.split('/').next() == Some(owner));
    let mut packages: Vec<(String, &Installs)> = Vec::new();
    let (mut shadows, mut wanted) = (Vec::new(), Vec::new());
    for gate in gates {
        let Some(Locked::Present(Fact::Gate(want))) = &gate.locked else { continue };
        wanted.push(want);
        packages.extend(installed_from(want));
        if let Some(Observed::Present(Fact::Gate(got))) = &gate.observed {
            shadows.extend(shadow(want, got).map(str::to_owned));
        }
    }
    packages.sort_by(|(one, _), (other, _)| one.cmp(other));
    packages.dedup_by(|(one, _), (other, _)| one == other);
    let is_known = need.finding.state != State::Unknown;
    let case = Case { id, want, got, is_known, shadows: &shadows, gates: &wanted, packages: &packages };
    Some((place, mends(&case)))
}
