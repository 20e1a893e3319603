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
use crate::spec::{Digest, GateFact, Why};

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

fn script(asked: &Asked<'_>) -> String {
    node::script(&TOOL, asked, node::one_of_each_folder(asked))
}

fn read(_: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    let told = node::told("npm", answer)?;
    let Some(whole) = told.whole else { return Ok(node::fact("npm", &told)) };
    let states: BTreeMap<String, State> =
        serde_json::from_value(whole).map_err(|error| Why::NotUnderstood(error.to_string()))?;
    Ok(fact(&states))
}

/// The fact about all folders that have a lock file of their own: what is amiss in one of them comes before what is well in
/// the others.
fn fact(states: &BTreeMap<String, State>) -> GateFact {
    let mut fact = GateFact::default();
    let mut well: Vec<String> = Vec::new();
    for (folder, state) in states {
        let place = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let lock = state.locks.first().map(|lock| format!("{place}{lock}"));
        fact.path = fact.path.or_else(|| lock.clone());
        leaves(&mut fact, &place, state);
        let name = lock.as_deref().unwrap_or("package.json");
        let out_of_step: Vec<&String> = state.differs.keys().chain(state.asks.keys()).collect();
        let amiss = match (state, out_of_step.as_slice()) {
            (State { installed: false, .. }, _) => Some((
                format!("is not installed: there is no {place}node_modules"),
                format!("there is no {place}node_modules"),
            )),
            (State { unaccounted: true, .. }, _) => {
                let weak = format!("what is in {place}node_modules cannot be held against {name}");
                Some((format!("is installed, not known to be by {name}"), weak))
            }
            (State { locks, .. }, _) if locks.is_empty() => {
                Some(("is installed without a lock file".to_owned(), "no lock file says what to install".to_owned()))
            }
            (_, []) => None,
            (_, [first, others @ ..]) => {
                let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
                let weak = format!("{place}node_modules is out of step with {name}: {first}{more}");
                Some((format!("is out of step with {name}"), weak))
            }
        };
        match amiss {
            Some((does, weak)) if fact.weak.is_none() => {
                fact.does = does;
                fact.weak = Some(weak);
            }
            Some(_) => {}
            None => well.push(name.to_owned()),
        }
    }
    if fact.weak.is_none() {
        fact.does = format!("is in step with {}", well.join(" and "));
    }
    fact
}

/// What one folder holds. The versions of what it asks for stand beside what is out of step, since both may be so on the
/// reference too.
fn leaves(fact: &mut GateFact, place: &str, state: &State) {
    for (name, digest) in &state.digests {
        fact.leaf(format!("{place}{name}"), digest.get(..16).unwrap_or(digest));
    }
    if !state.installed {
        fact.leaf(format!("{place}node_modules"), "not there");
        return;
    }
    let word = |version: &Option<String>| version.clone().unwrap_or_else(|| "none".to_owned());
    for (name, (want, got)) in state.differs.iter().take(TOLD) {
        fact.leaf(format!("{place}out of step.{name}"), format!("{} wanted, {} installed", word(want), word(got)));
    }
    if state.differs.len() > TOLD {
        let rest: Vec<String> = state.differs.iter().skip(TOLD).map(|one| format!("{one:?}")).collect();
        fact.leaf(format!("{place}out of step, the rest"), Digest::of(rest.join("\n").as_bytes()).to_string());
    }
    for (name, why) in state.asks.iter().take(TOLD) {
        fact.leaf(format!("{place}asked for.{name}"), why);
    }
    for (name, version) in &state.packages {
        fact.leaf(format!("{place}packages.{name}"), version.as_deref().unwrap_or("not installed"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(states: &serde_json::Value) -> GateFact {
        let stdout = json!({ "whole": states }).to_string().into_bytes();
        read(&Asked { samples: &[] }, &Answer { code: 0, stdout, stderr: Vec::new() }).unwrap()
    }

    fn state(lock: &str, differs: &serde_json::Value) -> serde_json::Value {
        json!({ "locks": [lock], "installed": true, "differs": differs, "asks": {}, "packages": { "eslint": "9.0.0" },
            "digests": { lock: "0123456789abcdef0123" } })
    }

    #[test]
    fn what_is_amiss_in_one_folder_comes_before_what_is_well_in_the_others() {
        let well = told(&json!({ "": state("package-lock.json", &json!({})), "web": state("yarn.lock", &json!({})) }));
        assert_eq!(well.does, "is in step with package-lock.json and web/yarn.lock");
        assert_eq!(well.weak, None);
        assert_eq!(well.leaves["web/packages.eslint"], "9.0.0");
        let amiss = json!({ "ms": ["2.1.3", "2.1.2"], "left-pad": [null, "1.0.0"] });
        let amiss = told(&json!({ "": state("package-lock.json", &json!({})), "web": state("yarn.lock", &amiss) }));
        assert_eq!(amiss.does, "is out of step with web/yarn.lock");
        assert_eq!(
            amiss.weak.as_deref(),
            Some("web/node_modules is out of step with web/yarn.lock: left-pad and 1 more")
        );
        assert_eq!(amiss.leaves["web/out of step.ms"], "2.1.3 wanted, 2.1.2 installed");
        assert_eq!(amiss.leaves["web/out of step.left-pad"], "none wanted, 1.0.0 installed");
    }
}
