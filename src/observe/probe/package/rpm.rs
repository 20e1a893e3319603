//! Packages in an rpm database, with rpm's own version strings: `[epoch:]version-release`.

use std::collections::{BTreeMap, BTreeSet};

use super::{NO_MANAGER, asked, not_understood, questions, read_list, several};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::{Environment, Why};

pub(in crate::observe::probe) const PROBE: Probe =
    Probe { name: "package-rpm", doc: "packages that rpm has installed", manager: Some("rpm"), ask, read };

/// A Debian machine may have rpm to look into packages, and no database: it is not made by looking.
fn script(_: &[String]) -> String {
    format!(
        "tu_find rpm >/dev/null || return {NO_MANAGER}\n\
         tu_db=$(\"$tu_path\" --eval '%{{_dbpath}}') || return\n\
         tu_some=\n\
         for tu_file in \"$tu_db\"/rpmdb.sqlite \"$tu_db\"/Packages \"$tu_db\"/Packages.db; do\n\
         if [ -e \"$tu_file\" ]; then tu_some=1; fi\n\
         done\n\
         [ -n \"$tu_some\" ] || return {NO_MANAGER}\n\
         \"$tu_path\" -qa --qf '%{{NAME}} %{{ARCH}} %|EPOCH?{{%{{EPOCH}}:}}|%{{VERSION}}-%{{RELEASE}}\\n'"
    )
}

fn ask(environment: &Environment) -> Vec<Question> {
    questions(environment, "rpm", script)
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    let names = asked(question)?;
    read_list("rpm", "rpm -qa", question, answer, |stdout| {
        let mut installed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in stdout.lines() {
            let fields: Vec<&str> = line.split(' ').collect();
            let [name, architecture, version] = fields.as_slice() else { return Err(not_understood("rpm", line)) };
            // Keys that signatures are checked with stand in the list, and are no packages.
            if *name == "gpg-pubkey" {
                continue;
            }
            let with_architecture = format!("{name}.{architecture}");
            if names.contains(&with_architecture) {
                installed.entry(with_architecture).or_default().insert((*version).to_owned());
            }
            installed.entry((*name).to_owned()).or_default().insert((*version).to_owned());
        }
        Ok(several(installed))
    })
}
