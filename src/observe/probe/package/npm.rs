//! Packages that npm installed globally, from its own JSON, which keeps scopes and pre-releases.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::failed;
use super::{Installed, NO_MANAGER, questions, sightings, version, without_manager};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::{Environment, Why};

pub(in crate::observe::probe) const PROBE: Probe =
    Probe { name: "package-npm", doc: "packages that npm installed globally", manager: Some("npm"), ask, read };

fn ask(environment: &Environment) -> Vec<Question> {
    questions(environment, "npm", |_| {
        format!("tu_find npm >/dev/null || return {NO_MANAGER}\n\"$tu_path\" ls --global --depth=0 --json")
    })
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    dependencies: BTreeMap<String, Dependency>,
    error: Option<NpmError>,
}

#[derive(Deserialize)]
struct NpmError {
    code: Option<String>,
    summary: Option<String>,
}

impl NpmError {
    /// Whether what was listed is all there is, in spite of the error.
    fn leaves_the_list_whole(&self) -> bool {
        match self.code.as_deref() {
            // It goes with a list in which something is wrong.
            Some("ELSPROBLEMS") => true,
            // The folder of npm's prefix is not there before the first package is installed into it.
            Some("ENOENT") => self.summary.as_ref().is_some_and(|summary| summary.contains(", lstat '")),
            _ => false,
        }
    }
}

#[derive(Deserialize)]
struct Dependency {
    version: Option<String>,
    #[serde(default)]
    missing: bool,
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    if answer.code == NO_MANAGER {
        return without_manager(question, "npm");
    }
    // npm exits 1 for a tree with problems and still tells all of it, so its JSON decides.
    let parsed = serde_json::from_slice::<serde_json::Map<_, _>>(&answer.stdout)
        .and_then(|map| serde_json::from_value(serde_json::Value::Object(map)));
    let list: List = match parsed {
        Ok(list) => list,
        Err(_) if answer.code != 0 => return Err(failed("npm ls --global", answer)),
        Err(error) => return Err(Why::NotUnderstood(format!("npm's list is not the JSON expected: {error}"))),
    };
    if let Some(error) = list.error.filter(|error| !error.leaves_the_list_whole()) {
        let message = error.summary.or(error.code).unwrap_or_else(|| "it does not say why".to_owned());
        return Err(Why::Failed { command: "npm ls --global".to_owned(), code: answer.code, message });
    }
    let mut installed = Installed::new();
    for (name, dependency) in list.dependencies.into_iter().filter(|(_, dependency)| !dependency.missing) {
        let found =
            dependency.version.ok_or_else(|| Why::NotUnderstood(format!("npm lists {name} without a version")))?;
        installed.insert(name, version(found));
    }
    sightings(question, "npm", installed)
}
