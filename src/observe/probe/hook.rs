//! The hooks of a repository: git's settings, where it really looks, what is there and what that calls. What it all amounts
//! to is for `quality` to say.

use super::git::list;
use super::repo::{NOTHING_THERE, enter};
use super::{failed, text};
use crate::observe::{Answer, Covers, Probe, Question, Sighting};
use crate::quality::hooks;
use crate::spec::{Category, Environment, Listing, Repo, Why};
use crate::transport::lines_for_shells;

pub(super) const PROBE: Probe =
    Probe { name: "hook", doc: "the hooks that git would run, and what they do", manager: None, ask, read };

const LOOK: &str = include_str!("hook.sh");

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

fn script(repo: &Repo) -> String {
    let look = lines_for_shells(LOOK).collect::<Vec<_>>().join("\n");
    let names = hooks::NAMES.join(" ");
    format!("{}{}\necho '=look'\ntu_hook_names='{names}'\n{look}", enter(repo), list())
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
