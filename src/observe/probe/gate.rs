//! What a repository's tools would apply: a question for each tool. What the answers amount to is for `quality` to say.

use super::failed;
use super::repo::{NOTHING_THERE, enter};
use crate::observe::{Answer, Context, Covers, Probe, Question, Sighting};
use crate::quality::gate::{Asked, GATES, Gate, NOT_USED};
use crate::spec::{Category, Environment, Fact, ItemId, Listing, Observed, Repo, Why};

pub(super) const PROBE: Probe =
    Probe { name: "gate", doc: "what a repository's linters and compilers would apply", manager: None, ask, read };

fn ask(environment: &Environment) -> Vec<Question> {
    let mut questions = Vec::new();
    for repo in &environment.repos {
        questions.push(whole(repo, environment));
        let held = GATES.iter().filter(|gate| repo.gates.admits(gate.name));
        questions.extend(held.map(|gate| question(repo, gate, environment)));
    }
    questions
}

/// Each tool is asked by a question of its own, so that all of them have been is known beforehand; whether there is a
/// repository is not.
fn whole(repo: &Repo, environment: &Environment) -> Question {
    let listing = Listing::below(Category::Gate, format!("{}/", repo.name));
    let covers = Covers { items: Vec::new(), listings: vec![listing] };
    Question::new(&repo.name, enter(repo), environment.limits.probe, covers)
}

fn question(repo: &Repo, gate: &Gate, environment: &Environment) -> Question {
    let samples = repo.samples.clone().unwrap_or_default();
    let script = enter(repo) + &(gate.script)(&Asked { samples: &samples });
    let covers = Covers { items: vec![id(&repo.name, gate)], listings: Vec::new() };
    let question = Question::new(format!("{}/{}", repo.name, gate.name), script, environment.limits.dump, covers);
    Question { context: Context::Names(samples), ..question }
}

fn id(repo: &str, gate: &Gate) -> ItemId {
    ItemId::new(Category::Gate, format!("{repo}/{}", gate.name))
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    let Some((repo, gate)) = question.subject.rsplit_once('/') else {
        return match answer.code {
            0 | NOTHING_THERE => Ok(Vec::new()),
            _ => Err(failed("git", answer)),
        };
    };
    let gate = GATES.iter().find(|one| one.name == gate).ok_or(Why::NotAsked)?;
    let samples = match &question.context {
        Context::Names(samples) => samples.as_slice(),
        _ => &[],
    };
    let id = id(repo, gate);
    match answer.code {
        0 => {
            let fact = (gate.read)(&Asked { samples }, answer)?;
            Ok(vec![Sighting::Item(id, Observed::Present(Fact::Gate(fact)))])
        }
        NOT_USED | NOTHING_THERE => Ok(vec![Sighting::NotThere(id)]),
        // git, which says where the repository is, fails before the tool is asked.
        _ if answer.stderr.trim_ascii().starts_with(b"fatal: ") => Err(failed("git", answer)),
        _ => Err(failed(gate.name, answer)),
    }
}
