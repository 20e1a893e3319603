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
        let mut fields = line.split(' ');
        let first_five = [(); 5].map(|()| fields.next());
        let (name, architecture, status, found) = match first_five {
            [Some(name), Some(architecture), Some(status), Some(version), None] => {
                (name, architecture, status, version)
            }
            // A package that is known but was never installed has no version.
            [_, _, Some("not-installed"), None, _] => continue,
            _ => return Err(Why::NotUnderstood(format!("dpkg-query printed `{line}`"))),
        };
        // Anything between removed and installed is broken and counts as not there; one that only waits for another
        // package's trigger is configured and works.
        if matches!(status, "installed" | "triggers-pending" | "triggers-awaited") {
            // dpkg finds no `name:amd64` where the package is the same on every architecture, but apt installs it so.
            if architecture == "all" {
                for asked in names.iter().filter(|asked| bare(asked) == Some(name)) {
                    installed.insert(asked.clone(), found.to_owned());
                }
            }
            let is_asked = |asked: &String| asked.split_once(':') == Some((name, architecture));
            let has_another = installed.contains_key(name);
            if has_another || names.iter().any(is_asked) {
                installed.insert(format!("{name}:{architecture}"), found.to_owned());
            }
            if !has_another {
                installed.insert(name.to_owned(), found.to_owned());
            }
        }
    }
    let installed = installed.into_iter().map(|(name, found)| (name, version(found))).collect();
    sightings(question, "apt", installed)
}

/// The package's own name, where an architecture is asked for too.
fn bare(name: &str) -> Option<&str> {
    name.split_once(':').map(|(bare, _)| bare)
}
