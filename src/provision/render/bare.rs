//! What a bare Linux machine would be given that is the same whoever works there: packages and tools from their managers, in
//! layers by how often they change, and what its own repository is set up by.
//!
//! It is the plan of an apply to a machine on which nothing was found, so that an image holds what an apply would bring, from
//! the same provider and in the same version.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::RenderError;
use crate::parity::compare::{Circumstances, target_report};
use crate::provision::plan::{Selection, plan};
use crate::provision::work::{CommandWork, RepoWork, SetUpRun};
use crate::provision::{Step, Unmet, Work};
use crate::quality::mend::Brings;
use crate::spec::{Category, Environment, Facts, Listed, Lock, Locked, Machine, Observed, Target};

/// What is brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bare {
    /// What stays the longest first.
    pub layers: Vec<Layer>,
    /// What sets up the repository that is there from the start.
    pub set_up: Vec<SetUpRun>,
    /// Tools and packages that no manager brings.
    pub unmet: Vec<Unmet>,
}

/// Commands of one package manager for what changes equally often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What it holds, as a person calls it.
    pub title: &'static str,
    /// The manager.
    pub manager: String,
    /// Whether root runs it.
    pub root: bool,
    /// What brings the manager's lists up to date first.
    pub refresh: Vec<String>,
    /// Each a program and its arguments, and then what it is told to bring.
    pub commands: Vec<(Vec<String>, Vec<String>)>,
}

/// Packages of the system, then languages, then what languages' own managers have; of these, packages before the tools that
/// are agents' own, which change from week to week.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    System,
    Languages,
    Packages,
    Tools,
}

impl Age {
    fn of(step: &Step) -> Self {
        let is_tool = step.findings.iter().all(|id| id.category == Category::Tool);
        match step.provider.as_str() {
            "apt" | "apk" | "rpm" | "dnf" => Self::System,
            "mise" | "rustup" => Self::Languages,
            _ if is_tool => Self::Tools,
            _ => Self::Packages,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::System => "Packages of the system",
            Self::Languages => "Languages",
            Self::Packages => "Global packages",
            Self::Tools => "Tools",
        }
    }
}

/// What a bare machine would be given for a target. One repository may be there from the start: its name, and its place.
pub fn bare(
    environment: &Environment,
    lock: &Lock,
    target: &Target,
    repo_at_hand: Option<(&str, &str)>,
) -> Result<Bare, RenderError> {
    let is_there = |name: &str| repo_at_hand.is_some_and(|(repo, _)| name.split('/').next() == Some(repo));
    let facts = Facts {
        machine: Machine { os: Some("linux".to_owned()), ..Machine::default() },
        items: lock
            .items
            .iter()
            .map(|(id, locked)| match (id.category, locked) {
                (Category::Repo | Category::Git, Locked::Present(fact)) if is_there(&id.name) => {
                    (id.clone(), Observed::Present(fact.clone()))
                }
                _ => (id.clone(), Observed::Absent),
            })
            .collect(),
        listings: environment.scope().listings.into_iter().map(|(listing, _)| (listing, Listed::InFull)).collect(),
        ..Facts::default()
    };
    let at_no_time = Circumstances { observed_at: Timestamp::UNIX_EPOCH, duration: Duration::ZERO, round_trips: 0 };
    let report = target_report(environment, Some(lock), target, at_no_time, Ok(&facts));
    let plan = plan(environment, &report, &Selection::default());
    let mut layers: BTreeMap<(Age, bool, String), Layer> = BTreeMap::new();
    let mut set_up: Vec<(Brings, SetUpRun)> = Vec::new();
    for step in &plan.steps {
        match &step.work {
            Work::Command(CommandWork::Command { arguments, refresh }) => {
                let age = Age::of(step);
                let layer = layers.entry((age, !step.root, step.provider.clone())).or_insert_with(|| Layer {
                    title: age.title(),
                    manager: step.provider.clone(),
                    root: step.root,
                    refresh: refresh.clone(),
                    commands: Vec::new(),
                });
                add(&mut layer.commands, arguments);
            }
            Work::Repo(RepoWork::SetUp { repo, runs, brings })
                if !step.at_last && repo_at_hand.is_some_and(|(_, place)| place == repo) =>
            {
                set_up.extend(runs.iter().map(|run| (*brings, run.clone())));
            }
            _ => {}
        }
    }
    set_up.sort_by_key(|(brings, _)| *brings);
    let bare = Bare {
        layers: layers.into_values().collect(),
        set_up: set_up.into_iter().map(|(_, run)| run).collect(),
        unmet: plan
            .unmet
            .into_iter()
            .filter(|one| matches!(one.finding.category, Category::Tool | Category::Package))
            .collect(),
    };
    if let Some(word) = bare.words().find(|word| word.contains(char::is_control)) {
        return Err(RenderError::Control(word.escape_debug().to_string()));
    }
    Ok(bare)
}

impl Bare {
    fn words(&self) -> impl Iterator<Item = &String> {
        let commands = self.layers.iter().flat_map(|layer| {
            let commands = layer.commands.iter().flat_map(|(command, things)| command.iter().chain(things));
            layer.refresh.iter().chain(commands)
        });
        commands.chain(self.set_up.iter().flat_map(|run| run.arguments.iter().chain([&run.folder])))
    }
}

/// One call may bring many things: those of the same command, told by its last word.
fn add(commands: &mut Vec<(Vec<String>, Vec<String>)>, arguments: &[String]) {
    let Some((thing, command)) = arguments.split_last() else { return };
    match commands.iter_mut().find(|(known, _)| known == command) {
        Some((_, things)) => {
            things.push(thing.clone());
            things.sort();
        }
        None => commands.push((command.to_vec(), vec![thing.clone()])),
    }
}
