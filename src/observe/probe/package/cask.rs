//! Homebrew's casks, read from its Caskroom: below `<token>/.metadata` is a folder for each version that was installed,
//! and in it one named for the moment. The latest is the one that is there.

use std::collections::BTreeMap;

use super::brew::{place, with_names};
use super::{not_understood, questions, read_list, version};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::{Environment, Why};
use crate::transport::quote;

pub(in crate::observe::probe) const PROBE: Probe =
    Probe { name: "package-cask", doc: "casks that Homebrew has installed", manager: Some("cask"), ask, read };

const CASKROOMS: [&str; 3] = ["/opt/homebrew/Caskroom", "/usr/local/Caskroom", "/home/linuxbrew/.linuxbrew/Caskroom"];

fn script(names: &[String]) -> String {
    place("--caskroom", CASKROOMS)
        // Links are what renamed casks were called before; Homebrew still knows them by it.
        + &format!("tu_asked={}\n", quote::word(&format!(" {} ", names.join(" "))))
        + "tu_open \"$tu_place\" \"$tu_place\"/* \"$tu_place\"/*/.metadata \"$tu_place\"/*/.metadata/* || return\n\
           for tu_at in \"$tu_place\"/*/.metadata/*/*; do\n\
           if [ ! -d \"$tu_at\" ]; then continue; fi\n\
           tu_token=${tu_at%/.metadata/*}\n\
           case $tu_asked in *\" ${tu_token##*/} \"*) tu_wanted=y ;; *) tu_wanted= ;; esac\n\
           if [ -n \"$tu_wanted\" ] || [ ! -L \"$tu_token\" ]; then printf '%s/%s\\n' \"${tu_token##*/}\" \"${tu_at#*/.metadata/}\"; fi\n\
           done\n"
}

fn ask(environment: &Environment) -> Vec<Question> {
    with_names(questions(environment, "cask", script), script)
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    read_list("cask", "brew", question, answer, |stdout| {
        let mut latest: BTreeMap<String, (String, String)> = BTreeMap::new();
        for line in stdout.lines() {
            // A cask of a tap has its plain name here.
            let [token, found, moment] = line.split('/').collect::<Vec<_>>()[..] else {
                return Err(not_understood("the Caskroom", line));
            };
            let seen = (moment.to_owned(), found.to_owned());
            let known = latest.entry(token.to_owned()).or_insert_with(|| seen.clone());
            if seen > *known {
                *known = seen;
            }
        }
        Ok(latest.into_iter().map(|(token, (_, found))| (token, version(found))).collect())
    })
}
