//! Whether what is installed is in step with the lock file: that of npm, pnpm, Yarn or Bun. Tools of the same version in the
//! same configuration do otherwise where the packages below them are others.
//!
//! What is for one kind of machine only, a program for linux-x64, is installed here and not there, and never compared.
//! That the same was installed anew changes nothing.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::node::{self, Tool};
use super::{Asked, Gate};
use crate::observe::Answer;
use crate::spec::{GateFact, Why};

pub(super) const GATE: Gate =
    Gate { name: "npm", doc: "whether the installed packages are those that the lock file names", script, read };

const TOOL: Tool<'_> = Tool {
    configured: r"package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lockb?",
    keys: "dependencies|devDependencies",
    program: include_str!("npm.js"),
};

/// How many packages that are out of step are told one by one.
const TOLD: usize = 40;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    /// The lock files, the one that counts first.
    locks: Vec<String>,
    /// Whether anything is installed.
    installed: bool,
    /// Whether the manager left no account of what it installed.
    #[serde(default)]
    unaccounted: bool,
    /// What is out of step: what the lock file names, and what is there.
    differs: BTreeMap<String, (Option<String>, Option<String>)>,
    /// Where package.json asks for something else than the lock file was made for.
    asks: BTreeMap<String, String>,
    /// The versions of what package.json asks for.
    packages: BTreeMap<String, Option<String>>,
    /// The lock files' own digests, of what they say.
    digests: BTreeMap<String, String>,
}

fn script(_: &Asked<'_>) -> String {
    node::script(&TOOL, &Asked { samples: &[] }, [])
}

fn read(_: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    let told = node::told("npm", answer)?;
    let Some(whole) = told.whole else { return Ok(node::fact("npm", &told)) };
    let state: State = serde_json::from_value(whole).map_err(|error| Why::NotUnderstood(error.to_string()))?;
    Ok(fact(&state))
}

fn fact(state: &State) -> GateFact {
    let lock = state.locks.first().map_or("package.json", String::as_str);
    let out_of_step = state.differs.len() + state.asks.len();
    let mut fact = GateFact::new(match state {
        State { installed: false, .. } => "is not installed: there is no node_modules".to_owned(),
        State { unaccounted: true, .. } => format!("is installed, not known to be by {lock}"),
        _ if state.locks.is_empty() => "is installed without a lock file".to_owned(),
        _ if out_of_step > 0 => format!("is out of step with {lock}"),
        _ => format!("is in step with {lock}"),
    });
    fact.path = state.locks.first().cloned();
    for (name, digest) in &state.digests {
        fact.leaf(name, digest.get(..16).unwrap_or(digest));
    }
    if !state.installed {
        if !state.locks.is_empty() {
            fact.weak = Some("nothing that the repository asks for is installed".to_owned());
        }
        return fact;
    }
    let mut words: Vec<&str> = Vec::new();
    for (place, (want, got)) in state.differs.iter().take(TOLD) {
        let word = |version: &Option<String>, none: &str| version.clone().unwrap_or_else(|| none.to_owned());
        let value = format!("{} wanted, {} installed", word(want, "none"), word(got, "none"));
        fact.leaf(format!("out of step.{place}"), value);
        words.push(place);
    }
    if state.differs.len() > TOLD {
        let rest: Vec<String> = state.differs.iter().skip(TOLD).map(|one| format!("{one:?}")).collect();
        fact.leaf("out of step, the rest", crate::spec::Digest::of(rest.join("\n").as_bytes()).to_string());
    }
    for (name, why) in state.asks.iter().take(TOLD) {
        fact.leaf(format!("asked for.{name}"), why);
        words.push(name);
    }
    for (name, version) in &state.packages {
        fact.leaf(format!("packages.{name}"), version.as_deref().unwrap_or("not installed"));
    }
    fact.weak = match words.split_first() {
        Some((first, [])) => Some(format!("node_modules is out of step with {lock}: {first}")),
        Some((first, _)) => {
            Some(format!("node_modules is out of step with {lock}: {first} and {} more", out_of_step - 1))
        }
        None => None,
    };
    fact
}
