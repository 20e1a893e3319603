//! Carrying out a plan over an open connection.
//!
//! The steps go as one program; each tells when it begins and how it ends. A step that fails stops no other. What is
//! true afterwards is for a fresh audit to say.

use std::ops::ControlFlow;
use std::time::Duration;

use super::contents::Gathered;
use super::program::{self, Event, Events};
use super::root::Means;
use super::{Plan, Step};
use crate::observe::audit::new_nonce;
use crate::transport::{Connection, Run, StdinAfter, Stream, TransportError};

/// How long all steps of one plan may take.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// What became of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was carried out.
    Done,
    /// It was tried and failed.
    Failed {
        /// Its exit code.
        code: i32,
        /// The end of what it printed.
        said: String,
    },
    /// It was not tried.
    Skipped(String),
    /// Whether it was carried out is not known: the machine was lost while it was at it.
    Unclear,
}

/// Carries out a plan as a part of the apply that `whole` names: what all its parts change is rolled back together. `hear` is
/// told each step's number when it begins; the fates have the steps' order.
pub fn apply(
    connection: &mut Connection,
    plan: &Plan,
    gathered: &Gathered,
    means: &Means,
    whole: &str,
    hear: &mut dyn FnMut(usize),
) -> Result<Vec<Fate>, TransportError> {
    let mut fates: Vec<Fate> = plan.steps.iter().map(|step| beforehand(step, gathered)).collect();
    let to_do: Vec<usize> = (0..fates.len()).filter(|number| fates[*number] == Fate::Unclear).collect();
    if to_do.is_empty() {
        return Ok(fates);
    }
    let nonce = new_nonce();
    let text = program::apply(&plan.steps, &to_do, &gathered.contents, means, whole, &nonce);
    let mut refused = None;
    let ended = carry_out(connection, &text, &nonce, &mut |event| match event {
        Event::Started(number) => hear(number),
        Event::Ended(number, code, said) => fates[number] = fate(code, said),
        Event::Skipped(number, why) => fates[number] = Fate::Skipped(why),
        Event::Fatal(why) => refused = Some(why),
        Event::Done => {}
    });
    if let Some(why) = refused {
        for fate in fates.iter_mut().filter(|fate| **fate == Fate::Unclear) {
            *fate = Fate::Skipped(why.clone());
        }
        return Ok(fates);
    }
    // A machine that was lost after its first step has told something worth reporting.
    match ended {
        Err(error) if fates.iter().all(|fate| matches!(fate, Fate::Unclear | Fate::Skipped(_))) => Err(error),
        Ok(()) | Err(_) => Ok(fates),
    }
}

/// What is known of a step before it is tried: nothing, unless its content is missing.
fn beforehand(step: &Step, gathered: &Gathered) -> Fate {
    let needs = step.work.needs();
    let Some((path, _)) = needs.iter().find(|(_, content)| !gathered.contents.contains_key(content)) else {
        return Fate::Unclear;
    };
    let why = gathered.refused.get(*path).map_or("its content is not at hand", String::as_str);
    Fate::Skipped(why.to_owned())
}

fn fate(code: i32, said: String) -> Fate {
    if code == 0 { Fate::Done } else { Fate::Failed { code, said } }
}

/// Runs a program of steps and passes on its events.
pub(super) fn carry_out(
    connection: &mut Connection,
    text: &str,
    nonce: &str,
    listener: &mut dyn FnMut(Event),
) -> Result<(), TransportError> {
    let command_line = connection.command_line();
    let run =
        Run { command_line: &command_line, stdin: text.as_bytes(), stdin_after: StdinAfter::Ends, limit: Some(LIMIT) };
    let mut events = Events::new(nonce);
    let mut done = false;
    let mut last_words = Vec::new();
    connection.run(&run, &mut |stream, bytes| {
        if stream == Stream::Stderr {
            last_words.extend_from_slice(bytes);
            return ControlFlow::Continue(());
        }
        for event in events.hear(bytes) {
            done |= matches!(event, Event::Done | Event::Fatal(_));
            listener(event);
        }
        if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if done {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&last_words);
    Err(TransportError::Mute { told: said.lines().next_back().unwrap_or("it was cut off").to_owned() })
}
