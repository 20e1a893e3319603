//! Packages that dpkg has installed, with Debian's own version strings.

use std::collections::BTreeMap;

use super::super::{failed, text};
use super::{NO_MANAGER, asked, questions, sightings, version, without_manager};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::{Environment, Why};
use crate::transport::quote;

pub(in crate::observe::probe) const PROBE: Probe =
    Probe { name: "package-apt", doc: "packages that dpkg has installed", manager: Some("apt"), ask, read };

fn ask(environment: &Environment) -> Vec<Question> {
    questions(environment, "apt", |names| {
        // dpkg-query exits 1 for names that it has never heard of, and still tells all others.
        format!(
            "tu_find dpkg-query >/dev/null || return {NO_MANAGER}\n\
             \"$tu_path\" -W -f '${{Package}} ${{Architecture}} ${{db:Status-Status}} ${{Version}}\\n' -- {} || [ $? -eq 1 ]",
            quote::words(names.iter().flat_map(|name| [Some(name.as_str()), bare(name)]).flatten())
        )
    })
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    match answer.code {
        0 => {}
        NO_MANAGER => return without_manager(question, "apt"),
        _ => return Err(failed("dpkg-query", answer)),
    }
    let names = asked(question)?;
    let mut installed: BTreeMap<String, String> = BTreeMap::new();
    for line in text(&answer.stdout).lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let (name, architecture, status, found) = match fields.as_slice() {
            [name, architecture, status, version] => (*name, *architecture, *status, *version),
            // A package that is known but was never installed has no version.
            [_, _, "not-installed"] => continue,
            _ => return Err(Why::NotUnderstood(format!("dpkg-query printed `{line}`"))),
        };
        // Anything between removed and installed is broken and counts as not there; one that only waits for another
        // package's trigger is configured and works.
        if matches!(status, "installed" | "triggers-pending" | "triggers-awaited") {
            let with_architecture = format!("{name}:{architecture}");
            // dpkg finds no `name:amd64` where the package is the same on every architecture, but apt installs it so.
            if architecture == "all" {
                for asked in names.iter().filter(|asked| bare(asked) == Some(name)) {
                    installed.insert(asked.clone(), found.to_owned());
                }
            }
            if names.contains(&with_architecture) || installed.contains_key(name) {
                installed.insert(with_architecture, found.to_owned());
            }
            installed.entry(name.to_owned()).or_insert_with(|| found.to_owned());
        }
    }
    let installed = installed.into_iter().map(|(name, found)| (name, version(found))).collect();
    sightings(question, "apt", installed)
}

/// The package's own name, where an architecture is asked for too.
fn bare(name: &str) -> Option<&str> {
    name.split_once(':').map(|(bare, _)| bare)
}
