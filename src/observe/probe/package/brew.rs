//! Homebrew's formulae, read from its Cellar.
//!
//! `brew list --versions` and `brew info --json` start Ruby, load hundreds of formulae and may fetch their list; the
//! Cellar says the same at once. What counts is the keg that `opt/<name>` leads to, since that link is made last and is
//! what other formulae use: a rack without it was not installed to its end, and older kegs beside it are leftovers.

use super::{Installed, NO_MANAGER, not_understood, questions, read_list, version};
use crate::observe::{Answer, Context, Probe, Question, Sighting};
use crate::spec::{Environment, Why, package};
use crate::transport::quote;

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
/// names of renamed formulae, and what is in `opt` alone is an alias: Homebrew knows a formula by these too, so those
/// that are asked for are there.
fn script(names: &[String]) -> String {
    let with_taps = names.iter().any(|name| name.contains('/'));
    let taps = "[ $# -eq 0 ] || awk 'match($0, /\"tap\": *\"[^\"]*\"/) {\n\
                split(substr($0, RSTART, RLENGTH), word, \"\\\"\")\n\
                count = split(FILENAME, part, \"/\")\n\
                print \"tap\", part[count - 2], word[4]\n\
                }' \"$@\"\n";
    let old = format!(
        "for tu_name in {}; do\n\
         if [ -L \"$tu_place/$tu_name\" ] || [ ! -d \"$tu_place/$tu_name\" ]; then\n\
         tu_open \"${{tu_place%/*}}/opt/$tu_name\" || return\n\
         if cd -P \"${{tu_place%/*}}/opt/$tu_name\" 2>/dev/null; then\n\
         printf 'keg %s %s\\n' \"$tu_name\" \"${{PWD##*/}}\"\n\
         fi\n\
         fi\n\
         done\n",
        words(names.iter().filter(|name| !name.contains('/')))
    );
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
        + &old
        + if with_taps { taps } else { "" }
}

/// Names as words of a shell.
pub(super) fn words<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(|name| quote::word(name)).collect::<Vec<_>>().join(" ")
}

/// The tap that a receipt names: older ones have the repository's whole name, the formula's behind it, or what the core
/// was called when it was all there was.
fn tap(named: &str) -> String {
    let named = named.to_lowercase();
    let mut parts = named.splitn(3, '/');
    let (user, repository) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match (user, repository) {
        ("mxcl", "master") | ("homebrew" | "mxcl", "homebrew") => "homebrew/core".to_owned(),
        (user, repository) => package::tap(&format!("{user}/{repository}")),
    }
}

fn ask(environment: &Environment) -> Vec<Question> {
    with_names(questions(environment, "brew", script), script)
}

/// Beside the whole list too, some may be asked for by their tap, an alias or an old name.
pub(super) fn with_names(mut questions: Vec<Question>, script: fn(names: &[String]) -> String) -> Vec<Question> {
    for question in &mut questions {
        if let Context::Names(names) = &question.context {
            question.script = script(names);
        }
    }
    questions
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    read_list("brew", "brew", question, answer, |stdout| {
        let mut installed = Installed::new();
        for line in stdout.lines() {
            match line.split(' ').collect::<Vec<_>>().as_slice() {
                ["keg", name, found] => drop(installed.insert((*name).to_owned(), version(*found))),
                ["tap", name, named] => {
                    // Asked for as `user/repository/name`, only the formula of that tap is meant.
                    if let Some(observed) = installed.get(*name).cloned() {
                        installed.insert(format!("{}/{name}", tap(named)), observed);
                    }
                }
                _ => return Err(not_understood("the Cellar", line)),
            }
        }
        Ok(installed)
    })
}

#[cfg(test)]
mod tests {
    use super::tap;

    #[test]
    fn a_tap_is_told_by_receipts_of_every_age() {
        for (named, is) in [
            ("homebrew/core", "homebrew/core"),
            ("Homebrew/homebrew", "homebrew/core"),
            ("mxcl/master", "homebrew/core"),
            ("websharks/homebrew-formulas", "websharks/formulas"),
            ("nissy/mg/mg", "nissy/mg"),
            ("apple/apple", "apple/apple"),
        ] {
            assert_eq!(tap(named), is);
        }
    }
}
