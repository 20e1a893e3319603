//! The audit of machines: one program each, all machines side by side.
#![expect(clippy::disallowed_methods, reason = "IO edge: watches the clock while machines answer")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Answer, Probe, Program, Question, Reply, Sighting, check, clock, compile, frame, probe::PROBES, samples};
use crate::quality::pins;
use crate::spec::{Behaviour, Category, Environment, Facts, Listed, Listing, Machine, Observed, Target, Why};
use crate::transport::{Connection, Ended, Run, StdinAfter, Stream, Surroundings, TransportError};

/// What one audit of one machine brought.
#[derive(Debug)]
pub struct Observation {
    /// When the answers were in.
    pub observed_at: Timestamp,
    /// How long it took, connecting included.
    pub duration: Duration,
    /// Exchanges beyond connecting.
    pub round_trips: u32,
    /// The facts, or why the machine as a whole could not be observed.
    pub outcome: Result<Facts, TransportError>,
}

impl Observation {
    /// A machine that was not reached, or was lost.
    pub fn failed(error: TransportError) -> Self {
        finish(Instant::now(), Err(error))
    }
}

/// How many bytes of answers are read from one machine.
const OUTPUT_LIMIT: usize = 64 << 20;

/// How far the audit of one machine has come.
#[derive(Clone, Copy, Debug)]
pub enum Stage<'a> {
    /// It is being reached.
    Connecting,
    /// It was reached, and is asked.
    Asking,
    /// A canary or a check of this name begins.
    Trying(&'a str),
    /// It took so long.
    Tried(&'a str, Duration),
}

/// Audits a machine over a connection of its own.
pub fn audit(target: &Target, environment: &Environment, surroundings: &Surroundings) -> Observation {
    audit_telling(target, environment, surroundings, &|_| ())
}

/// As [`audit`], telling of each stage.
pub fn audit_telling(
    target: &Target,
    environment: &Environment,
    surroundings: &Surroundings,
    heard: &dyn Fn(Stage<'_>),
) -> Observation {
    let started = Instant::now();
    heard(Stage::Connecting);
    let outcome = Connection::open(target, environment.shell, surroundings).and_then(|mut connection| {
        heard(Stage::Asking);
        observe(&mut connection, environment, heard)
    });
    finish(started, outcome)
}

/// Audits a machine over an open connection.
pub fn audit_over(connection: &mut Connection, environment: &Environment) -> Observation {
    let started = Instant::now();
    let outcome = observe(connection, environment, &|_| ());
    finish(started, outcome)
}

fn finish(started: Instant, outcome: Result<(Facts, u32), TransportError>) -> Observation {
    let round_trips = outcome.as_ref().map_or(0, |(_, round_trips)| *round_trips);
    let outcome = outcome.map(|(facts, _)| facts);
    Observation { observed_at: Timestamp::now(), duration: started.elapsed(), round_trips, outcome }
}

/// Audits many machines, at most `parallel` at a time. `heard` is told of each stage, and `done` makes something of each
/// observation as soon as it is there; the result has the order of the targets.
pub fn audit_all<T: Send>(
    targets: &[&Target],
    environment: &Environment,
    surroundings: &Surroundings,
    parallel: usize,
    heard: &(dyn Fn(usize, Stage<'_>) + Sync),
    done: &(dyn Fn(usize, Observation) -> T + Sync),
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let results: Mutex<BTreeMap<usize, T>> = Mutex::new(BTreeMap::new());
    let work = || {
        while let Some((place, target)) = claim(&next, targets) {
            let observation = audit_telling(target, environment, surroundings, &|stage| heard(place, stage));
            let result = done(place, observation);
            results.lock().unwrap_or_else(PoisonError::into_inner).insert(place, result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..parallel.clamp(1, targets.len().max(1)) {
            scope.spawn(work);
        }
        // This thread is one of them: mostly there is one target, and memory of a thread's own comes dear.
        work();
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

fn claim<'a>(next: &AtomicUsize, targets: &[&'a Target]) -> Option<(usize, &'a Target)> {
    let place = next.fetch_add(1, Ordering::Relaxed);
    targets.get(place).map(|target| (place, *target))
}

fn observe(
    connection: &mut Connection,
    environment: &Environment,
    heard: &dyn Fn(Stage<'_>),
) -> Result<(Facts, u32), TransportError> {
    let mut facts = Facts::default();
    let chosen;
    let environment = if environment.repos.iter().any(|repo| repo.samples.is_none()) {
        chosen = with_samples(connection, environment, &mut facts)?;
        &chosen
    } else {
        environment
    };
    let (probes, questions) = questions(environment);
    let asked = Timestamp::now();
    let (answers, first) = ask_and_hear(connection, &questions)?;
    for ((probe, question), answer) in probes.iter().zip(&questions).zip(answers) {
        let mut sightings = answer.and_then(|answer| (probe.read)(question, &answer));
        for sighting in sightings.iter_mut().flatten() {
            if let Sighting::Clock(seconds) = *sighting {
                *sighting = clock::offset(seconds, asked, first);
            }
        }
        enter(&mut facts, question, sightings);
    }
    pins::settle(&mut facts, &environment.repos);
    facts.machine.host_key = connection.host_key().map(str::to_owned);
    let mut round_trips = 1;
    if matches!(environment.behaviour, Behaviour::Chosen | Behaviour::Locked(_)) {
        round_trips += check::fire(connection, environment, &mut facts, heard)?;
    }
    Ok((facts, round_trips))
}

/// The environment with files chosen for the repositories that have none yet, which takes a round trip of its own.
fn with_samples(
    connection: &mut Connection,
    environment: &Environment,
    facts: &mut Facts,
) -> Result<Environment, TransportError> {
    let (repos, questions): (Vec<_>, Vec<_>) = samples::questions(environment).into_iter().unzip();
    for (repo, answer) in repos.into_iter().zip(ask(connection, &questions)?) {
        match answer.and_then(|answer| samples::read(&answer)) {
            Ok(files) => drop(facts.samples.insert(repo.name.clone(), files)),
            Err(why) => {
                let listing = Listing::below(Category::Gate, format!("{}/", repo.name));
                facts.listings.insert(listing, Listed::Unknown(why));
            }
        }
    }
    let mut environment = environment.clone();
    for repo in &mut environment.repos {
        if repo.samples.is_none() {
            repo.samples = Some(facts.samples.get(&repo.name).cloned().unwrap_or_default());
        }
    }
    Ok(environment)
}

/// Asks all questions in one round trip; the answers have their order.
pub fn ask(connection: &mut Connection, questions: &[Question]) -> Result<Vec<Result<Answer, Why>>, TransportError> {
    Ok(ask_and_hear(connection, questions)?.0)
}

/// As [`ask`], with the time at which the first question's answer had come.
fn ask_and_hear(
    connection: &mut Connection,
    questions: &[Question],
) -> Result<(Vec<Result<Answer, Why>>, Timestamp), TransportError> {
    let program = compile(questions, &new_nonce());
    let (output, ended, heard) = exchange(connection, &program)?;
    let mut frames = frame::read(&output, &program.nonce);
    if frames.replies.is_empty() && !frames.complete {
        return Err(TransportError::Mute { told: told(&output, &ended) });
    }
    let answer = |(number, question): (usize, &Question)| match frames.replies.remove(&number) {
        Some(Reply::Answered(answer)) => Ok(answer),
        Some(Reply::TooMuch) => Err(Why::TooMuch(super::program::cap(question))),
        // Stages are only ever ended by the watch that keeps their time.
        Some(Reply::CutShort) => Err(Why::TimedOut(question.limit)),
        None if ended == Ended::TimedOut => Err(Why::TimedOut(program.limit)),
        None => Err(Why::NoAnswer),
    };
    Ok((questions.iter().enumerate().map(answer).collect(), heard))
}

fn questions(environment: &Environment) -> (Vec<&'static Probe>, Vec<Question>) {
    PROBES.iter().flat_map(|probe| (probe.ask)(environment).into_iter().map(move |question| (*probe, question))).unzip()
}

/// A word that nothing but the program of this very exchange can know.
pub fn new_nonce() -> String {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).expect("the system has randomness");
    format!("trueup-{}", random.map(|byte| format!("{byte:02x}")).concat())
}

fn exchange(connection: &mut Connection, program: &Program) -> Result<(Vec<u8>, Ended, Timestamp), TransportError> {
    let first = format!("{} 0 ", program.nonce).into_bytes();
    let mut heard = None;
    let mut output = Vec::new();
    let mut complaints = Vec::new();
    let end = frame::end_mark(&program.nonce);
    let command_line = connection.command_line();
    let run = Run {
        command_line: &command_line,
        stdin: program.text.as_bytes(),
        // Its end tells the program that nobody listens any more.
        stdin_after: StdinAfter::StaysOpen,
        limit: Some(program.limit),
    };
    let ended = connection.run(&run, &mut |stream, bytes| {
        match stream {
            Stream::Stdout => {
                let from = output.len().saturating_sub(first.len());
                output.extend_from_slice(bytes);
                if heard.is_none() && memchr::memmem::find(&output[from..], &first).is_some() {
                    heard = Some(Timestamp::now());
                }
            }
            Stream::Stderr if complaints.len() < 4096 => complaints.extend_from_slice(bytes),
            Stream::Stderr => {}
        }
        if output.ends_with(&end) || output.len() > OUTPUT_LIMIT {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    if output.is_empty() {
        output = complaints;
    }
    Ok((output, ended, heard.unwrap_or_else(Timestamp::now)))
}

/// What a machine said instead of answering.
fn told(output: &[u8], ended: &Ended) -> String {
    let text = String::from_utf8_lossy(output);
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty());
    let how = match ended {
        Ended::Exited(code) => format!("its shell ended with exit code {code}"),
        Ended::Signalled(name) => format!("its shell was ended by SIG{name}"),
        Ended::TimedOut => "its shell did not answer in time".to_owned(),
        Ended::Stopped => "it printed too much".to_owned(),
    };
    match line {
        Some(line) => {
            let line: String = line.chars().filter(|c| !c.is_control()).take(200).collect();
            format!("{how}, saying `{line}`")
        }
        None => how,
    }
}

/// Enters what a question brought into the facts; what it failed to bring is unknown for all that it covers.
pub(super) fn enter(facts: &mut Facts, question: &Question, answer: Result<Vec<Sighting>, Why>) {
    match answer {
        Ok(sightings) => {
            let mut not_there = Vec::new();
            for listing in &question.covers.listings {
                facts.listings.entry(listing.clone()).or_insert(Listed::InFull);
            }
            for sighting in sightings {
                match sighting {
                    Sighting::Item(id, observed) => drop(facts.items.insert(id, observed)),
                    Sighting::NotThere(id) => not_there.push(id),
                    Sighting::Unlisted(listing, why) => drop(facts.listings.insert(listing, Listed::Unknown(why))),
                    Sighting::NoManager(manager) => drop(facts.without.insert(manager.to_owned())),
                    Sighting::Pins(repo, pins) => drop(facts.pins.insert(repo, pins)),
                    Sighting::Machine(machine) => {
                        let account = facts.machine.account.take();
                        facts.machine = Machine { account, ..machine };
                    }
                    Sighting::Account(account) => facts.machine.account = Some(account),
                    Sighting::Content(id, bytes) => drop(facts.contents.insert(id, bytes)),
                    // What it means is said where the time of the exchange is known.
                    Sighting::Clock(_) => {}
                }
            }
            for id in question.covers.items.iter().filter(|id| !not_there.contains(id)) {
                facts.items.entry(id.clone()).or_insert(Observed::Unknown(Why::NoAnswer));
            }
        }
        Err(why) => {
            for id in &question.covers.items {
                facts.items.insert(id.clone(), Observed::Unknown(why.clone()));
            }
            for listing in &question.covers.listings {
                facts.listings.insert(listing.clone(), Listed::Unknown(why.clone()));
            }
        }
    }
}
