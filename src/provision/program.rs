//! Steps as one sh program, and the events that it sends back.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Step;
use super::root::Means;
use super::work::TEXTS;
use crate::spec::Digest;
use crate::transport::{STARTED, quote};

/// Sets `tu_state`, where the generations lie.
pub(super) const STATE: &str = include_str!("state.sh");
const RUNTIME: &str = include_str!("runtime.sh");
const ROLLBACK: &str = include_str!("rollback.sh");
const INFALLIBLE: &str = "writing to a string cannot fail";

/// The contents that steps need, by digest.
pub(super) type Contents = BTreeMap<Digest, Vec<u8>>;

/// The program that carries out these steps. Each step's content is there: the caller has left out the others. `whole` names the
/// apply that they are a part of.
pub(super) fn apply(
    plan: &[Step],
    to_do: &[usize],
    contents: &Contents,
    means: &Means,
    whole: &str,
    nonce: &str,
) -> String {
    let mut text = opening(nonce, &means.holder);
    if let Some(password) = &means.password {
        writeln!(text, "tu_password={}", quote::word(password.reveal())).expect(INFALLIBLE);
    }
    let steps = || to_do.iter().map(|number| (*number, &plan[*number]));
    let left_out = (0..plan.len()).filter(|number| !to_do.contains(number)).map(|number| number.to_string());
    writeln!(text, "tu_undone=' {} '", left_out.collect::<Vec<_>>().join(" ")).expect(INFALLIBLE);
    if steps().any(|(_, step)| step.root) {
        text.push_str("tu_root_check\n");
    }
    writeln!(text, "tu_generation_begin {}", quote::word(whole)).expect(INFALLIBLE);
    for (number, step) in steps() {
        let body = step.work.body(step, contents);
        let carry_out = if step.root { "tu_root_step" } else { "tu_step" };
        let mut needs = vec!["tu_needs".to_owned(), number.to_string()];
        needs.extend(step.after.iter().flat_map(|first| [first.to_string(), plan[*first].subject.clone()]));
        let needs = quote::words(needs.iter().map(String::as_str));
        write!(text, "tu_do{number}() {{\n{body}\n}}\n{needs} && {carry_out} {number} tu_do{number}\n")
            .expect(INFALLIBLE);
    }
    text.push_str("tu_generation_end\n");
    closing(text)
}

/// The program that undoes these entries of a generation, the newest first.
pub(super) fn rollback(generation: &str, entries: &[&str], root: bool, means: &Means, nonce: &str) -> String {
    let mut text = opening(nonce, &means.holder);
    if let Some(password) = &means.password {
        writeln!(text, "tu_password={}", quote::word(password.reveal())).expect(INFALLIBLE);
    }
    if root {
        text.push_str("tu_root_check\n");
    }
    text.push_str(ROLLBACK);
    for (number, entry) in entries.iter().enumerate() {
        let restore = quote::words(["tu_restore", generation, entry]);
        write!(text, "tu_do{number}() {{\n{restore}\n}}\ntu_step {number} tu_do{number}\n").expect(INFALLIBLE);
    }
    // Only a generation that is wholly undone stops being the newest one.
    let mark = quote::words([generation]);
    writeln!(text, "if [ -z \"$tu_failed\" ]; then : >\"$tu_state/\"{mark}/rolled-back; fi").expect(INFALLIBLE);
    closing(text)
}

/// What every program is made of.
#[cfg(test)]
pub(super) fn texts() -> String {
    [RUNTIME, TEXTS].concat()
}

fn opening(nonce: &str, holder: &str) -> String {
    let hold = quote::words(["tu_hold", holder]);
    format!(
        "{{\ntu_nonce={nonce}\n{STATE}\n{STARTED}\n{RUNTIME}\n{TEXTS}\ncd || exit 1\nexec 9>&1 </dev/null\n{hold}\n"
    )
}

fn closing(mut text: String) -> String {
    text.push_str("tu_let_go\nprintf '%s done 0 0\\n\\n' \"$tu_nonce\" >&9\nexit 0\n}\n");
    text
}

/// What the program tells while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A step begins.
    Started(usize),
    /// A step has ended, with its exit code and the end of what it printed.
    Ended(usize, i32, String),
    /// A step is left out, for this reason.
    Skipped(usize, String),
    /// Nothing was changed, for this reason.
    Fatal(String),
    /// All steps were carried out.
    Done,
}

/// Events out of a stream of bytes, as they become whole.
#[derive(Debug)]
pub(super) struct Events {
    nonce: String,
    pending: Vec<u8>,
}

impl Events {
    pub(super) fn new(nonce: &str) -> Self {
        Self { nonce: nonce.to_owned(), pending: Vec::new() }
    }

    /// Takes in more bytes and gives the events that are whole now.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.pending.extend_from_slice(bytes);
        let mut events = Vec::new();
        while let Some((event, length)) = self.next() {
            events.extend(event);
            self.pending.drain(..length);
        }
        events
    }

    /// The first whole event and how many bytes it and what stands before it take; lines without the nonce are what
    /// start-up files print, and carry none.
    fn next(&self) -> Option<(Option<Event>, usize)> {
        let line_end = self.pending.iter().position(|byte| *byte == b'\n')?;
        let line = String::from_utf8_lossy(&self.pending[..line_end]).into_owned();
        let Some(at) = line.find(&format!("{} ", self.nonce)) else { return Some((None, line_end + 1)) };
        let words: Vec<&str> = line[at..].split(' ').collect();
        let [_, kind, number, length] = words.as_slice() else { return Some((None, line_end + 1)) };
        let (Ok(number), Ok(length)) = (number.parse::<usize>(), length.parse::<usize>()) else {
            return Some((None, line_end + 1));
        };
        let body_end = line_end + 1 + length;
        let body = self.pending.get(line_end + 1..body_end)?;
        self.pending.get(body_end)?;
        let said = String::from_utf8_lossy(body).into_owned();
        let event = match *kind {
            "start" => Event::Started(number),
            "end" => {
                let (said, code) = said.rsplit_once('\n').unwrap_or(("", &said));
                Event::Ended(number, code.parse().unwrap_or(1), said.trim().to_owned())
            }
            "skip" => Event::Skipped(number, said),
            "fatal" => Event::Fatal(said),
            _ => Event::Done,
        };
        Some((Some(event), body_end + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_whole_whatever_the_pieces() {
        let stream = b"motd\nn0 start 0 0\n\nn0 end 0 14\nn0 done 0 0\n\n3\nn0 done 0 0\n\n";
        let mut events = Events::new("n0");
        let mut heard = Vec::new();
        for byte in stream {
            heard.extend(events.hear(&[*byte]));
        }
        let said = Event::Ended(0, 3, "n0 done 0 0".to_owned());
        assert_eq!(heard, [Event::Started(0), said, Event::Done]);
    }
}
