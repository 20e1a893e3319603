//! Packages of Alpine's apk, read from its database, a text: a line a field, an empty line between packages.

use super::{Installed, NO_MANAGER, not_understood, questions, read_list, version};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::{Environment, Why};

pub(in crate::observe::probe) const PROBE: Probe =
    Probe { name: "package-apk", doc: "packages that apk has installed", manager: Some("apk"), ask, read };

/// Newer Alpines keep the database below /usr.
fn ask(environment: &Environment) -> Vec<Question> {
    questions(environment, "apk", |_| {
        format!(
            "for tu_db in /lib/apk/db/installed /usr/lib/apk/db/installed; do\n\
             if [ -e \"$tu_db\" ]; then grep -e '^[PVf]:' -e '^$' \"$tu_db\" || [ $? -eq 1 ]; return; fi\n\
             done\n\
             tu_find apk >/dev/null || return {NO_MANAGER}\n\
             echo 'its list of what is installed is not there' >&2\n\
             return 1"
        )
    })
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    read_list("apk", "apk", question, answer, |stdout| {
        let mut installed = Installed::new();
        let (mut name, mut found, mut broken) = (None, None, false);
        for line in stdout.lines().chain([""]) {
            match line.split_once(':') {
                Some(("P", value)) => name = Some(value),
                Some(("V", value)) => found = Some(value),
                // Its files (`f`) or its script (`s`) were not installed in full.
                Some(("f", value)) => broken |= value.contains(['f', 's']),
                None if line.is_empty() => {
                    match (name.take(), found.take()) {
                        (Some(name), Some(found)) if !broken => drop(installed.insert(name.to_owned(), version(found))),
                        (Some(_), Some(_)) | (None, None) => {}
                        (name, found) => return Err(not_understood("apk's list", name.or(found).unwrap_or(""))),
                    }
                    broken = false;
                }
                _ => return Err(not_understood("apk's list", line)),
            }
        }
        Ok(installed)
    })
}
