//! Variables of the environment that agents' commands get: whether they are set, and digests of what they hold.
//!
//! The digest is computed on the machine, so that no value ever leaves it.

use super::{failed, text};
use crate::observe::{Answer, Context, Covers, Probe, Question, Sighting};
use crate::spec::variable::{EMPTY, SET};
use crate::spec::{Category, Digest, Environment, Fact, ItemId, Observed, Policy, Why};
use crate::transport::quote;

pub(super) const PROBE: Probe =
    Probe { name: "env", doc: "variables of the environment, by digests of their values", manager: None, ask, read };

const SCRIPT: &str = include_str!("env.sh");

fn ask(environment: &Environment) -> Vec<Question> {
    if environment.env.is_empty() {
        return Vec::new();
    }
    let mut script = SCRIPT.to_owned();
    for variable in &environment.env {
        let how = if variable.policy == Policy::Exact { "exact" } else { "present" };
        script.push_str(&format!("tu_variable {} {how}\n", quote::word(&variable.name)));
    }
    let names: Vec<String> = environment.env.iter().map(|variable| variable.name.clone()).collect();
    let items = names.iter().map(|name| ItemId::new(Category::Env, name)).collect();
    let covers = Covers { items, listings: Vec::new() };
    let context = Context::Names(names);
    vec![Question { context, ..Question::new("env", script, environment.limits.probe, covers) }]
}

/// What a variable holds, in hexadecimal digits; a failure where it is not set. Only for what is no secret.
pub(crate) fn value_question(name: &str, limit: std::time::Duration) -> Question {
    let script =
        format!("{SCRIPT}\ntu_original {} || return\ntu_say \"$tu_value\" | od -An -v -tx1", quote::word(name));
    Question::new(name, script, limit, Covers::default())
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    let Context::Names(names) = &question.context else {
        return Err(Why::NotUnderstood("no variable was asked for".to_owned()));
    };
    let stdout = text(&answer.stdout);
    let lines: Vec<&str> = stdout.lines().collect();
    if lines.is_empty() {
        return Err(failed("sh", answer));
    }
    if lines.len() != names.len() {
        return Err(Why::NotUnderstood(format!("{} lines about {} variables", lines.len(), names.len())));
    }
    let mut sightings = Vec::new();
    for (name, line) in names.iter().zip(lines) {
        let state = line.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix(' '));
        let observed = match state {
            Some("unset") => Observed::Absent,
            Some(word @ (EMPTY | SET)) => Observed::Present(Fact::text(word)),
            Some("mute") => Observed::Unknown(Why::NotUnderstood("the machine's sh cannot tell its value".to_owned())),
            Some(hex) => match Digest::from_hex(hex) {
                Some(digest) => Observed::Present(Fact::text(digest.as_str())),
                None => Observed::Unknown(no_digest(answer)),
            },
            None => return Err(Why::NotUnderstood(format!("no line about `{name}` in its place"))),
        };
        sightings.push(Sighting::Item(ItemId::new(Category::Env, name), observed));
    }
    Ok(sightings)
}

/// Of what is wrong only the machine's complaint is told: nothing that might be a value.
fn no_digest(answer: &Answer) -> Why {
    let complaint = super::first_line(&answer.stderr);
    Why::NotUnderstood(format!("the machine could not compute a digest of the value: {complaint}"))
}
