//! Homebrew's taps: which are there, and where they come from. Their commit moves with each `brew update` and is not
//! compared.

use super::brew::place;
use super::{Installed, not_understood, questions, read_list};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::remote_url::normalise;
use crate::spec::{Environment, Fact, Observed, Why};

pub(in crate::observe::probe) const PROBE: Probe =
    Probe { name: "package-tap", doc: "Homebrew's taps, and where they come from", manager: Some("tap"), ask, read };

const REPOSITORIES: [&str; 3] = ["/opt/homebrew", "/usr/local/Homebrew", "/home/linuxbrew/.linuxbrew/Homebrew"];

/// Prints `USER/REPOSITORY` and the URL of the remote, a line each. /opt/homebrew may be some other folder.
fn ask(environment: &Environment) -> Vec<Question> {
    questions(environment, "tap", |_| {
        place("--repository", REPOSITORIES)
            + "tu_taps=$tu_place/Library/Taps\n\
               tu_open \"$tu_taps\" \"$tu_taps\"/* \"$tu_taps\"/*/* \"$tu_taps\"/*/*/.git || return\n\
               for tu_tap in \"$tu_place\"/Library/Taps/*/*; do\n\
               if [ ! -d \"$tu_tap\" ]; then continue; fi\n\
               printf '%s\\n' \"${tu_tap#\"$tu_place\"/Library/Taps/}\"\n\
               tu_url=\n\
               if [ -f \"$tu_tap/.git/config\" ]; then\n\
               tu_url=$(sed -n '/^\\[remote \"origin\"\\]/,/^\\[[^r]/s/^[[:blank:]]*url *= *//p' \"$tu_tap/.git/config\") || return\n\
               fi\n\
               printf '%s\\n' \"$tu_url\"\n\
               done\n"
    })
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    read_list("tap", "brew", question, answer, |stdout| {
        let mut installed = Installed::new();
        let mut lines = stdout.lines();
        while let Some(folder) = lines.next() {
            let url = lines.next().ok_or_else(|| not_understood("the list of taps", folder))?;
            if !folder.contains('/') {
                return Err(not_understood("the list of taps", folder));
            }
            let from = if url.is_empty() { "no remote".to_owned() } else { normalise(url) };
            installed.insert(folder.to_owned(), Observed::Present(Fact::text(from)));
        }
        Ok(installed)
    })
}
