//! Packages that dpkg has installed, with Debian's own version strings.

use std::collections::BTreeMap;

use super::{failed, package, text};
use crate::observe::{Answer, Context, Probe, Question, Sighting};
use crate::spec::{Environment, Why};
use crate::transport::quote;

pub(super) const PROBE: Probe =
    Probe { name: "package-apt", doc: "packages that dpkg has installed", manager: Some("apt"), ask, read };

fn ask(environment: &Environment) -> Vec<Question> {
    package::questions(environment, "apt", |names| {
        // Where there is no dpkg nothing was installed by it: an empty list, not an unknown. dpkg-query exits 1 for
        // names that it has never heard of, and still tells all others.
        format!(
            "tu_find dpkg-query >/dev/null || return 0\n\
             \"$tu_path\" -W -f '${{Package}} ${{Architecture}} ${{db:Status-Status}} ${{Version}}\\n' -- {} || [ $? -eq 1 ]",
            quote::words(names.iter().flat_map(|name| [Some(name.as_str()), bare(name)]).flatten())
        )
    })
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    if answer.code != 0 {
        return Err(failed("dpkg-query", answer));
    }
    let mut installed: BTreeMap<String, String> = BTreeMap::new();
    for line in text(&answer.stdout).lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let (name, architecture, status, version) = match fields.as_slice() {
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
                for asked in names(question).iter().filter(|asked| bare(asked) == Some(name)) {
                    installed.insert(asked.clone(), version.to_owned());
                }
            }
            if names(question).contains(&with_architecture) || installed.contains_key(name) {
                installed.insert(with_architecture, version.to_owned());
            }
            installed.entry(name.to_owned()).or_insert_with(|| version.to_owned());
        }
    }
    package::sightings(question, "apt", installed)
}

fn names(question: &Question) -> &[String] {
    match &question.context {
        Context::Names(names) => names,
        Context::None | Context::Pattern(_) | Context::Keys(_) => &[],
    }
}

/// The package's own name, where an architecture is asked for too.
fn bare(name: &str) -> Option<&str> {
    name.split_once(':').map(|(bare, _)| bare)
}
