//! Homebrew's formulae, read from its Cellar.
//!
//! `brew list --versions` and `brew info --json` start Ruby, load hundreds of formulae and may fetch their list; the
//! Cellar says the same at once. What counts is the keg that `opt/<name>` leads to, since that link is made last and is
//! what other formulae use: a rack without it was not installed to its end, and older kegs beside it are leftovers.

use super::{Installed, NO_MANAGER, not_understood, questions, read_list, version};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::{Environment, Why};

pub(in crate::observe::probe) const PROBE: Probe =
    Probe { name: "package-brew", doc: "formulae that Homebrew has installed", manager: Some("brew"), ask, read };

/// sh commands that set `tu_place` to a folder of Homebrew: what `brew <option>` prints, else `folder` in the usual
/// places, for shells on whose PATH there is no brew. All that `brew` does for these options is done in its shell part.
pub(super) fn place(option: &str, folders: [&str; 3]) -> String {
    let [silicon, intel, linux] = folders;
    format!(
        "tu_place=\n\
         if tu_find brew >/dev/null; then\n\
         tu_place=$(\"$tu_path\" {option}) || return\n\
         else\n\
         for tu_at in {silicon} {intel} {linux}; do\n\
         tu_open \"$tu_at\" || return\n\
         if [ -z \"$tu_place\" ] && [ -d \"$tu_at\" ]; then tu_place=$tu_at; fi\n\
         done\n\
         [ -n \"$tu_place\" ] || return {NO_MANAGER}\n\
         fi\n"
    )
}

const CELLARS: [&str; 3] = ["/opt/homebrew/Cellar", "/usr/local/Cellar", "/home/linuxbrew/.linuxbrew/Cellar"];

/// Prints `keg NAME VERSION` a line, and for names that say their tap `tap NAME TAP` too. Links in the Cellar are old
/// names of renamed formulae.
fn script(names: &[String]) -> String {
    let with_taps = names.iter().any(|name| name.contains('/'));
    let taps = "[ $# -eq 0 ] || awk 'match($0, /\"tap\": *\"[^\"]*\"/) {\n\
                split(substr($0, RSTART, RLENGTH), word, \"\\\"\")\n\
                count = split(FILENAME, part, \"/\")\n\
                print \"tap\", part[count - 2], word[4]\n\
                }' \"$@\"\n";
    place("--cellar", CELLARS)
        + "tu_open \"$tu_place\" \"${tu_place%/*}/opt\" || return\n\
           set --\n\
           for tu_rack in \"$tu_place\"/*; do\n\
           if [ ! -d \"$tu_rack\" ] || [ -L \"$tu_rack\" ]; then continue; fi\n\
           tu_name=${tu_rack##*/}\n\
           tu_open \"${tu_place%/*}/opt/$tu_name\" || return\n\
           if cd -P \"${tu_place%/*}/opt/$tu_name\" 2>/dev/null; then\n\
           case $PWD in\n\
           */\"$tu_name\"/*) printf 'keg %s %s\\n' \"$tu_name\" \"${PWD##*/}\" ;;\n\
           esac\n\
           if [ -f \"$PWD/INSTALL_RECEIPT.json\" ]; then set -- \"$@\" \"$PWD/INSTALL_RECEIPT.json\"; fi\n\
           fi\n\
           done\n"
        + if with_taps { taps } else { "" }
}

fn ask(environment: &Environment) -> Vec<Question> {
    questions(environment, "brew", script)
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    read_list("brew", "brew", question, answer, |stdout| {
        let mut installed = Installed::new();
        for line in stdout.lines() {
            match line.split(' ').collect::<Vec<_>>().as_slice() {
                ["keg", name, found] => drop(installed.insert((*name).to_owned(), version(*found))),
                ["tap", name, tap] => {
                    // Asked for as `user/repository/name`, only the formula of that tap is meant.
                    if let Some(observed) = installed.get(*name).cloned() {
                        installed.insert(format!("{tap}/{name}"), observed);
                    }
                }
                _ => return Err(not_understood("the Cellar", line)),
            }
        }
        Ok(installed)
    })
}
