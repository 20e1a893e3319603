//! Canaries on a machine: a second program over the same connection, which carries each repository into a throwaway clone
//! and tries there what the gates must reject and what they must let pass.
//!
//! Which changes are tried is said by `quality::check`, from what is known of the hooks and gates. The program
//! (`check.sh`) tells of each try as soon as it is over, in a frame of its own, so that what a try costs others is nothing
//! but time. What was not told of is unknown.
#![expect(clippy::disallowed_methods, reason = "IO edge: watches the clock while canaries are tried")]

mod compile;
#[cfg(test)]
mod shell_tests;
mod stream;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use self::compile::{Command, Lane, Plan, compile, kind};
use self::stream::{Event, Frames, Word};
use super::audit::{Stage, ask, new_nonce};
use super::probe::{NOTHING_THERE, enter};
use super::{Covers, Question};
use crate::quality::check::{
    Attempt, Evidence, Pair, Places, Tried, USUAL_FOLDERS, behaved, check_id, chosen, could_apply, files_to_look_in,
    outcome, read_told, words_to_look_for,
};
use crate::spec::redact::looks_secret;
use crate::spec::{
    Behaviour, CanaryCommand, Category, CheckKind, Environment, Fact, Facts, GateFact, ItemId, Listed, Listing,
    Observed, Repo, Selection, Why,
};
use crate::transport::{Connection, Run, StdinAfter, Stream, TransportError, quote};

/// How many bytes the program may tell.
const OUTPUT_LIMIT: usize = 64 << 20;

/// Tries what the environment's repositories must stand, and enters what became of it. Tells how many exchanges it took.
pub(super) fn fire(
    connection: &mut Connection,
    environment: &Environment,
    facts: &mut Facts,
    heard: &dyn Fn(Stage<'_>),
) -> Result<u32, TransportError> {
    let mut exchanges = 0;
    let gates: BTreeMap<ItemId, GateFact> = facts
        .items
        .iter()
        .filter_map(|(id, observed)| match observed.present() {
            Some(Fact::Gate(fact)) => Some((id.clone(), fact.clone())),
            _ => None,
        })
        .collect();
    let looks = |repo: &Repo| environment.behaviour == Behaviour::Chosen && could_apply(repo, &gates);
    let words = if environment.repos.iter().any(looks) {
        exchanges += 1;
        words_found(connection, environment, &gates, facts)?
    } else {
        vec![Evidence::default(); environment.repos.len()]
    };
    let mut plans: Vec<Plan<'_>> = Vec::new();
    let mut next = 0;
    for (repo, words) in environment.repos.iter().zip(&words) {
        let mut lane = |worktree| {
            let samples = repo.samples.as_deref().unwrap_or_default();
            let (pairs, lost) =
                chosen(repo, samples, &environment.checks, &environment.behaviour, &gates, words, worktree);
            for check in lost {
                let why = "the repository has no file of the kinds that it is about, or not those of the last capture";
                facts
                    .items
                    .insert(check_id(&repo.name, &check, worktree), Observed::Unknown(Why::NotTried(why.to_owned())));
            }
            Lane::new(pairs, &mut next)
        };
        let (main, worktree) = (lane(false), lane(true));
        let runs = runs(repo, environment, &mut next);
        let message = kept(repo, environment, MESSAGE);
        let branch = kept(repo, environment, BRANCH);
        plans.push(Plan { repo, main, worktree, runs, message, branch });
    }
    if plans.iter().any(|plan| !plan.is_empty()) {
        exchanges += 1;
        let told = exchange(connection, environment, &plans, heard)?;
        for (number, plan) in plans.iter().enumerate() {
            enter_outcomes(facts, environment, plan, number, &told);
        }
    }
    for plan in &plans {
        let listing = Listing::below(Category::Check, format!("{}/", plan.repo.name));
        facts.listings.entry(listing).or_insert(Listed::InFull);
    }
    Ok(exchanges)
}

/// The checks of behaviour that the spec lists for a repository. Elsewhere than on the reference they run at the commit that
/// the lock has.
fn runs<'a>(repo: &Repo, environment: &'a Environment, next: &mut usize) -> Vec<Command<'a>> {
    let Selection::These(names) = &repo.checks else { return Vec::new() };
    let mut runs = Vec::new();
    for (check, behaviour) in environment.checks.values().filter_map(|check| match &check.kind {
        CheckKind::Behaviour(behaviour) if names.contains(&check.name) => Some((check, behaviour)),
        _ => None,
    }) {
        let commit = match &environment.behaviour {
            Behaviour::Locked(gates) => match gates.get(&check_id(&repo.name, &check.name, false)) {
                Some(fact) => fact.decided.get(COMMIT).cloned(),
                None => continue,
            },
            _ => None,
        };
        let first = *next + 1;
        *next += 1 + behaviour.retries as usize;
        runs.push(Command { check: &check.name, behaviour, commit, first });
    }
    runs
}

/// Under which name the fact of a check of behaviour keeps the commit that it was run at.
const COMMIT: &str = "commit";

/// Under which names the facts of canaries keep the message that was committed with, and the branch that was worked on.
const MESSAGE: &str = "message";
const BRANCH: &str = "branch";

/// What the lock's canaries of a repository were tried with.
fn kept(repo: &Repo, environment: &Environment, name: &str) -> Option<String> {
    let Behaviour::Locked(gates) = &environment.behaviour else { return None };
    let below = format!("{}/", repo.name);
    let of_repo = |id: &&ItemId| id.category == Category::Check && id.name.starts_with(&below);
    gates.iter().filter(|(id, _)| of_repo(id)).find_map(|(_, fact)| fact.decided.get(name).cloned())
}

/// The words of canaries that each repository's hooks and their configuration have.
fn words_found(
    connection: &mut Connection,
    environment: &Environment,
    gates: &BTreeMap<ItemId, GateFact>,
    facts: &mut Facts,
) -> Result<Vec<Evidence>, TransportError> {
    let words = words_to_look_for(&environment.checks);
    let question = |repo: &Repo| {
        let script = look_for(repo, &words, &files_to_look_in(repo, gates));
        Question::new(&repo.name, script, environment.limits.probe, Covers::default())
    };
    let questions: Vec<Question> = environment.repos.iter().map(question).collect();
    let mut all = Vec::new();
    for (repo, answer) in environment.repos.iter().zip(ask(connection, &questions)?) {
        let found = answer.and_then(|answer| match answer.code {
            0 | NOTHING_THERE if !answer.stdout.split(|byte| *byte == b'\n').any(|line| line == b"failed") => {
                Ok(Evidence::read(&String::from_utf8_lossy(&answer.stdout)))
            }
            code => Err(Why::Failed { command: "git grep".to_owned(), code, message: String::new() }),
        });
        all.push(found.unwrap_or_else(|why| {
            facts.listings.insert(Listing::below(Category::Check, format!("{}/", repo.name)), Listed::Unknown(why));
            Evidence::default()
        }));
    }
    Ok(all)
}

/// Prints which of the words stand in which files: in the hooks, in what lists the hooks of their managers, in what they
/// start, and in what is usually started.
fn look_for(repo: &Repo, words: &[String], files: &[&str]) -> String {
    let escaped = |word: &String| {
        let special = |c: char| ".[]()*+?{}|^$\\".contains(c);
        word.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect::<String>()
    };
    let pattern = quote::word(&words.iter().map(escaped).collect::<Vec<_>>().join("|"));
    let tops = [".pre-commit-config.y*", "prek.toml", "lefthook*", ".lefthook*", ".lintstaged*", "lint-staged*"];
    let folders = USUAL_FOLDERS.iter().map(|folder| format!("{folder}/*"));
    let places = tops.iter().map(|file| (*file).to_owned()).chain(folders).map(|place| format!(":(glob){place}"));
    let places = places.chain(files.iter().map(|file| format!(":(literal){file}")));
    let places: Vec<String> = places.map(|place| quote::word(&place)).collect();
    enter(repo)
        + &format!(
            "tu_top=$(git rev-parse --show-cdup) || return\ncd \"./$tu_top\" || return\n\
             [ \"$(git rev-parse --is-bare-repository)\" = false ] || return {NOTHING_THERE}\n\
             {{ git grep -IoiwE -e {pattern} -- {} || [ \"$?\" -eq 1 ] || echo failed\n\
             for tu_file in \"$(git rev-parse --git-path hooks)\"/*; do\n\
             [ -f \"$tu_file\" ] || continue\n\
             case $tu_file in *.sample) ;; *) grep -HoiwE -e {pattern} \"$tu_file\" 2>/dev/null ;; esac\ndone; }} | \
             sort -u\n",
            places.join(" ")
        )
}

/// What the program told, by what it is about.
#[derive(Default)]
struct ToldAll {
    by_word: BTreeMap<(Word, String), Vec<u8>>,
}

impl ToldAll {
    fn of(&self, word: Word, number: &(impl ToString + ?Sized)) -> Option<&[u8]> {
        self.by_word.get(&(word, number.to_string())).map(Vec::as_slice)
    }
}

fn exchange(
    connection: &mut Connection,
    environment: &Environment,
    plans: &[Plan<'_>],
    heard: &dyn Fn(Stage<'_>),
) -> Result<ToldAll, TransportError> {
    let nonce = new_nonce();
    let names = names(plans);
    let tries: usize = plans.iter().map(Plan::tries).sum();
    let text = compile(plans, environment.limits.check, &nonce);
    let command_line = connection.command_line();
    let longest = plans.iter().flat_map(|plan| &plan.runs).filter_map(|run| run.behaviour.limit).max();
    let each = environment.limits.check.max(longest.unwrap_or_default()) + Duration::from_secs(20);
    let limit = each * u32::try_from(2 * tries + 4 * plans.len()).unwrap_or(u32::MAX);
    let run = Run {
        command_line: &command_line,
        stdin: text.as_bytes(),
        stdin_after: StdinAfter::StaysOpen,
        limit: Some(limit),
    };
    let mut frames = Frames::new(&nonce);
    let mut told = ToldAll::default();
    let mut begun: BTreeMap<String, Instant> = BTreeMap::new();
    let mut size = 0;
    let ended = connection.run(&run, &mut |stream, bytes| {
        if stream == Stream::Stderr {
            return ControlFlow::Continue(());
        }
        size += bytes.len();
        let mut over = size > OUTPUT_LIMIT;
        for event in frames.feed(bytes) {
            let Event { word, number, body } = event;
            let name = names.get(&number).map_or("", String::as_str);
            match word {
                Word::End => over = true,
                Word::Begins => {
                    begun.insert(number, Instant::now());
                    heard(Stage::Trying(name));
                    continue;
                }
                Word::Told | Word::Broken => {
                    let took = begun.get(&number).map_or(Duration::ZERO, Instant::elapsed);
                    heard(Stage::Tried(name, took));
                }
                _ => {}
            }
            told.by_word.insert((word, number), body);
        }
        if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    // What was not told of stays unknown by itself; that nothing was told at all has a reason that can be told.
    if told.by_word.is_empty() {
        let told = format!("the program of the canaries ended without a word ({ended:?})");
        return Err(TransportError::Mute { told });
    }
    Ok(told)
}

/// What each try is called while it runs.
fn names(plans: &[Plan<'_>]) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for plan in plans {
        for (lane, place) in [(&plan.main, ""), (&plan.worktree, "@worktree")] {
            let repo = &plan.repo.name;
            if let Some(number) = lane.shared {
                names.insert(number.to_string(), format!("{repo}{place}: good changes"));
            }
            for (pair, bad, good) in &lane.pairs {
                names.insert(bad.to_string(), format!("{repo}/{}{place}: {}", pair.check, pair.label));
                names.insert(
                    good.to_string(),
                    format!("{repo}/{}{place}: the good change of {}", pair.check, pair.label),
                );
            }
        }
        for run in &plan.runs {
            for attempt in 0..=run.behaviour.retries as usize {
                names.insert((run.first + attempt).to_string(), format!("{}/{}", plan.repo.name, run.check));
            }
        }
    }
    names
}

fn enter_outcomes(facts: &mut Facts, environment: &Environment, plan: &Plan<'_>, number: usize, told: &ToldAll) {
    if told.of(Word::Absent, &number).is_some() {
        return;
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    let place = told.of(Word::Place, &number).map(text).unwrap_or_default();
    let mut lines = place.lines().map(str::to_owned);
    let mut line = || lines.next().unwrap_or_default();
    let (home, top, room, subject, tip, branch) = (line(), line(), line(), line(), line(), line());
    let places = Places { home, top, room, subject, name: line(), email: line(), user: line() };
    let outside = told.of(Word::Outside, &number).map(text).unwrap_or_default();
    let refused = told.of(Word::Refused, &number).map(text);
    let seen = Seen { places: &places, refused: refused.as_deref(), tip: &tip };
    enter_runs(facts, environment, plan, told, &seen);
    for (lane, worktree) in [(&plan.main, false), (&plan.worktree, true)] {
        let name = if worktree { "worktree" } else { "main" };
        let stuck = told.of(Word::Stuck, &format!("{number}-{name}")).map(text);
        let tried = |number: usize, shared: Option<usize>| {
            if let Some(bytes) = told.of(Word::Told, &number) {
                return read_told(bytes).map_or_else(Tried::Not, Tried::Told);
            }
            if let Some(bytes) = told.of(Word::Broken, &number) {
                return Tried::Not(seen.why(&text(bytes)));
            }
            match shared.and_then(|shared| told.of(Word::Told, &shared)).map(read_told) {
                Some(Ok(told)) if told.code == Some(0) && told.moved => Tried::Passed,
                Some(Err(why)) => Tried::Not(why),
                Some(Ok(_)) | None => Tried::Not(stuck.as_deref().map_or(Why::NoAnswer, |told| seen.why(told))),
            }
        };
        let mut checks: BTreeMap<&str, Vec<(&Pair, Tried, Tried)>> = BTreeMap::new();
        for (pair, bad, good) in &lane.pairs {
            let shared = lane.shared.filter(|_| pair.shares());
            checks.entry(&pair.check).or_default().push((pair, tried(*bad, None), tried(*good, shared)));
        }
        for (check, tried) in checks {
            let command = match environment.checks.get(check).map(|check| &check.kind) {
                Some(CheckKind::Canary(canary)) => &canary.command,
                Some(CheckKind::Behaviour(_)) | None => &CanaryCommand::Commit,
            };
            let blamed = blamed(command, &plan.repo.name, facts);
            let outside = outside_of(&outside, name, command);
            let came_out = || outcome(&tried, &places, &blamed, &outside, environment.limits.check);
            let fact = seen.refusal().unwrap_or_else(came_out);
            let observed = fact.map_or_else(Observed::Unknown, |mut fact| {
                for (name, value) in [(MESSAGE, &places.subject), (BRANCH, &branch)] {
                    if !value.is_empty() && !looks_secret(value) {
                        fact.decide(name, value);
                    }
                }
                Observed::Present(Fact::Gate(fact))
            });
            facts.items.insert(check_id(&plan.repo.name, check, worktree), observed);
        }
    }
}

/// What was found to be written in the repository itself whenever a command of this kind is tried in this lane.
fn outside_of(told: &str, lane: &str, command: &CanaryCommand) -> Vec<String> {
    let begins = format!("{lane} {} ", kind(command));
    let named: BTreeSet<&str> = told.lines().filter_map(|line| line.strip_prefix(&begins)).collect();
    named.into_iter().map(str::to_owned).collect()
}

/// The hooks that a command sets off, those that are known to run; else all of them.
fn blamed(command: &CanaryCommand, repo: &str, facts: &Facts) -> String {
    let hooks: &[&str] = match command {
        CanaryCommand::Commit => &["pre-commit", "prepare-commit-msg", "commit-msg", "post-commit"],
        CanaryCommand::Push => &["pre-push"],
        CanaryCommand::Shell(_) => return "what the check runs".to_owned(),
    };
    let runs = |hook: &&&str| {
        let id = ItemId::new(Category::Hook, format!("{repo}/{hook}"));
        let fact = facts.items.get(&id).and_then(Observed::present);
        matches!(fact, Some(Fact::Gate(fact)) if fact.does.starts_with("runs"))
    };
    let known: Vec<&str> = hooks.iter().filter(runs).copied().collect();
    let named = if known.is_empty() { hooks } else { &known };
    format!("the {} hook", named.join(" or "))
}

/// What became of a check of behaviour.
fn enter_runs(facts: &mut Facts, environment: &Environment, plan: &Plan<'_>, told: &ToldAll, seen: &Seen<'_>) {
    for run in &plan.runs {
        let mut attempts = Vec::new();
        let mut broken = None;
        for number in (0..=run.behaviour.retries as usize).map(|attempt| run.first + attempt) {
            if let Some(bytes) = told.of(Word::Told, &number) {
                let left = told.of(Word::Left, &number).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                attempts.push(read_told(bytes).map(|told| Attempt { told, report: left }));
            } else if let Some(bytes) = told.of(Word::Broken, &number) {
                broken = Some(seen.why(&String::from_utf8_lossy(bytes)));
            }
        }
        let limit = run.behaviour.limit.unwrap_or(environment.limits.check);
        let attempts: Result<Vec<Attempt>, Why> = attempts.into_iter().collect();
        let came_out = || match (attempts, broken) {
            (Ok(attempts), None) if attempts.is_empty() => Err(Why::NoAnswer),
            (Ok(attempts), None) => behaved(run.behaviour, &attempts, seen.places, limit),
            (Err(why), _) | (Ok(_), Some(why)) => Err(why),
        };
        let fact = seen.refusal().unwrap_or_else(came_out);
        let observed = fact.map_or_else(Observed::Unknown, |mut fact| {
            fact.decide(COMMIT, run.commit.as_deref().unwrap_or(seen.tip));
            Observed::Present(Fact::Gate(fact))
        });
        facts.items.insert(check_id(&plan.repo.name, run.check, false), observed);
    }
}

/// What is known of a repository beside its tries.
struct Seen<'a> {
    places: &'a Places,
    refused: Option<&'a str>,
    tip: &'a str,
}

impl Seen<'_> {
    /// What there is to say of any check where the repository as a whole was refused.
    fn refusal(&self) -> Option<Result<GateFact, Why>> {
        Some(match self.refused? {
            "bare" => Ok(nothing_to_try("the repository is bare")),
            "unborn" => Ok(nothing_to_try("the repository has no commit yet")),
            other => Err(self.why(other)),
        })
    }

    fn why(&self, told: &str) -> Why {
        let told = told.replace(&self.places.room, "<room>");
        let line = told.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing was said about it");
        Why::NotTried(line.chars().filter(|c| !c.is_control()).take(200).collect())
    }
}

fn nothing_to_try(because: &str) -> GateFact {
    let mut fact = GateFact::new(format!("cannot be tried, since {because}"));
    fact.weak = Some(format!("no canary can be tried, since {because}"));
    fact
}
