//! What an agent is held to by its own settings: the hooks, permissions, servers and instructions of Claude Code, in a repository
//! and in the home (<https://code.claude.com/docs/en/settings>). What they amount to is for `quality` to say.

use super::repo::NOTHING_THERE;
use super::{failed, text};
use crate::observe::{Answer, Covers, Probe, Question, Sighting};
use crate::quality::agent::{self, Place};
use crate::spec::{Category, Environment, Fact, ItemId, Listing, Observed, Repo, Why};
use crate::transport::{lines_for_shells, quote};

pub(super) const PROBE: Probe =
    Probe { name: "agent", doc: "the hooks and permissions of agents' own settings", manager: None, ask, read };

const LOOK: &str = include_str!("agent.sh");

/// The subject of the question about the home, which no repository can have for a name.
const HOME: &str = "~";

fn ask(environment: &Environment) -> Vec<Question> {
    let limit = environment.limits.probe;
    let mut questions: Vec<Question> = Vec::new();
    if environment.holds_agents() {
        let listing = Listing::below(Category::Hook, format!("{}/", agent::HOME));
        let covers = Covers { items: vec![id(agent::HOME)], listings: vec![listing] };
        questions.push(Question::new(HOME, format!("cd || return\n{}", script(Place::Home)), limit, covers));
    }
    questions.extend(environment.repos.iter().map(|repo| {
        let covers = Covers { items: vec![id(&repo.name)], listings: Vec::new() };
        Question::new(&repo.name, go_into(repo) + &script(Place::Repository), limit, covers)
    }));
    questions
}

fn go_into(repo: &Repo) -> String {
    let path = quote::word(&quote::place(&repo.path));
    format!(
        "cd || return\nif [ ! -e {path} ] && tu_gone {path}; then return {NOTHING_THERE}; fi\ncd {path} || return\n"
    )
}

fn script(place: Place) -> String {
    let look = lines_for_shells(LOOK).collect::<Vec<_>>().join("\n");
    let tracked = match place {
        Place::Home => String::new(),
        Place::Repository => format!(
            "if tu_repository >/dev/null 2>&1 && tu_more=$(git -c core.quotePath=false ls-files -- {} ':(exclude).claude/CLAUDE.md' 2>/dev/null) && [ -n \"$tu_more\" ]; then\n\
             tu_agent_files=$tu_agent_files$tu_newline$tu_more\nfi\n",
            agent::TRACKED.map(quote::word).join(" ")
        ),
    };
    format!(
        "tu_agent_config=${{CLAUDE_CONFIG_DIR:-$HOME/.claude}}\ntu_agent_state=${{CLAUDE_CONFIG_DIR:-$HOME}}/.claude.json\n\
         tu_agent_files=\"{}\"\n{tracked}{look}",
        agent::files(place).join("\n")
    )
}

fn id(owner: &str) -> ItemId {
    ItemId::new(Category::Hook, format!("{owner}/claude"))
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    let (owner, place) = match question.subject.as_str() {
        HOME => (agent::HOME, Place::Home),
        repo => (repo, Place::Repository),
    };
    match answer.code {
        0 => Ok(vec![match agent::effective(place, &text(&answer.stdout))? {
            Some(fact) => Sighting::Item(id(owner), Observed::Present(Fact::Gate(fact))),
            None => Sighting::NotThere(id(owner)),
        }]),
        NOTHING_THERE => Ok(vec![Sighting::NotThere(id(owner))]),
        _ => Err(failed("sh", answer)),
    }
}
