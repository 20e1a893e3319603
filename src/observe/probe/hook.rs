//! The hooks of a repository: where git really looks, and what is there. What they amount to is for `quality` to say.

use super::repo::{NOTHING_THERE, enter};
use super::{failed, text};
use crate::observe::{Answer, Covers, Probe, Question, Sighting};
use crate::quality::hooks;
use crate::spec::{Category, Environment, Listing, Repo, Why};

pub(super) const PROBE: Probe =
    Probe { name: "hook", doc: "the hooks that git would run, and their content", manager: None, ask, read };

fn ask(environment: &Environment) -> Vec<Question> {
    let question = |repo: &Repo| {
        Question::new(
            &repo.name,
            script(repo),
            environment.limits.probe,
            Covers { items: Vec::new(), listings: vec![listing(&repo.name)] },
        )
    };
    environment.repos.iter().map(question).collect()
}

fn listing(repo: &str) -> Listing {
    Listing::below(Category::Hook, format!("{repo}/"))
}

/// Prints the folder, then "runs NAME", "idle NAME" or, if it may not be read, "shut NAME" for each hook, then the
/// digests of those that may. "husk NAME" is one that runs and that husky made to start the script of that name beside its
/// own folder; behind its digest comes the script's. It is "bare NAME" where the script is not there.
fn script(repo: &Repo) -> String {
    let names = hooks::NAMES.join(" ");
    enter(repo)
        + &format!(
            "tu_top=$(git rev-parse --show-cdup) || return\ncd \"./$tu_top\" || return\n\
             tu_hooks=$(git rev-parse --git-path hooks) || return\ntu_plain \"$tu_hooks\"\n\
             tu_gone \"$tu_hooks\" || {{ echo 'the folder of the hooks may not be searched' >&2; return 1; }}\nset --\n\
             for tu_one in {names}; do\n\
             if [ -f \"$tu_hooks/$tu_one\" ] && [ ! -r \"$tu_hooks/$tu_one\" ]; then echo \"shut $tu_one\"\n\
             elif [ -f \"$tu_hooks/$tu_one\" ]; then\n\
             if [ ! -x \"$tu_hooks/$tu_one\" ]; then echo \"idle $tu_one\"\n\
             elif [ \"${{tu_hooks##*/}}\" = _ ] && [ -f \"$tu_hooks/h\" ]; then\n\
             if [ ! -f \"$tu_hooks/../$tu_one\" ]; then echo \"bare $tu_one\"\n\
             elif [ ! -r \"$tu_hooks/../$tu_one\" ]; then echo \"shut $tu_one\"; continue\n\
             else echo \"husk $tu_one\"; set -- \"$@\" \"$tu_hooks/$tu_one\" \"$tu_hooks/../$tu_one\"; continue; fi\n\
             else echo \"runs $tu_one\"; fi\n\
             set -- \"$@\" \"$tu_hooks/$tu_one\"\nfi\ndone\n\
             echo '=digests'\nif [ $# -gt 0 ]; then tu_sha256 \"$@\"; fi"
        )
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    match answer.code {
        0 => {
            let hooks = hooks::effective(&question.subject, &text(&answer.stdout))?;
            Ok(hooks.into_iter().map(|(id, observed)| Sighting::Item(id, observed)).collect())
        }
        NOTHING_THERE => Ok(Vec::new()),
        _ => Err(failed("git", answer)),
    }
}
