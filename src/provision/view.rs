//! Plans as people and programs read them.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde::{Deserialize, Serialize};

use super::apply::Fate;
use super::plan::Selection;
use super::{Action, Plan, Step};
use crate::parity::report::{Look, misleads};
use crate::parity::{State, TargetReport};
use crate::spec::{Digest, ItemId};
use crate::transport::quote;

const INFALLIBLE: &str = "writing to a string cannot fail";

/// The plans of one command as a file: `--format json` and `--out`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanFile {
    /// `trueup/plan/v1`.
    pub schema: String,
    /// The environment's name.
    pub environment: String,
    /// Of the spec that was planned for.
    pub spec_digest: Digest,
    /// Of the lock that was planned for.
    pub lock_digest: Option<Digest>,
    /// What was chosen.
    #[serde(flatten)]
    pub selection: Selection,
    /// One entry a target.
    pub plans: Vec<PlanEntry>,
}

/// One target's plan with its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanEntry {
    /// Of all that would be done: what `apply` of a saved plan compares.
    pub digest: Digest,
    /// The plan.
    #[serde(flatten)]
    pub plan: Plan,
}

/// The only schema that this version writes and reads.
pub const SCHEMA: &str = "trueup/plan/v1";

/// One plan for people, in the manner of a good diff.
pub fn human(plan: &Plan, look: Look) -> String {
    let mut text = String::new();
    let heading = look.paint(Style::new().bold(), &plan.target);
    writeln!(text, "{heading}  {}", counts(plan)).expect(INFALLIBLE);
    for (number, step) in plan.steps.iter().enumerate() {
        let mark = mark(step.action, look);
        let root = if step.root { "  (root)" } else { "" };
        let subject = clean(&step.subject);
        writeln!(text, "  {mark} {:>2}. {} {subject}{root}", number + 1, step.action.word()).expect(INFALLIBLE);
        let findings: Vec<String> = step.findings.iter().map(ToString::to_string).collect();
        let dim = Style::new().dimmed();
        let why = format!("       {}: {}", findings.join(", "), step.why);
        writeln!(text, "{}", look.paint(dim, &clean(&why))).expect(INFALLIBLE);
        writeln!(text, "{}", look.paint(dim, &clean(&format!("       {}", step.work.deed())))).expect(INFALLIBLE);
        for line in step.diff.iter().flat_map(|diff| diff.lines()) {
            writeln!(text, "       {}", paint_diff(&clean(line), look)).expect(INFALLIBLE);
        }
    }
    for unmet in &plan.unmet {
        let mark = look.paint(AnsiColor::Yellow.on_default(), "!");
        let line = clean(&format!("no step for {}: {}", unmet.finding, unmet.why));
        writeln!(text, "  {mark} {line}").expect(INFALLIBLE);
        for line in plan.edits.get(&unmet.finding).iter().flat_map(|diff| diff.lines()) {
            writeln!(text, "       {}", paint_diff(&clean(line), look)).expect(INFALLIBLE);
        }
    }
    text
}

fn counts(plan: &Plan) -> String {
    let count = |action| plan.steps.iter().filter(|step| step.action == action).count();
    let parts: Vec<String> = [Action::Create, Action::Change, Action::Remove]
        .into_iter()
        .map(|action| (count(action), action.word()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} to {word}"))
        .collect();
    match (parts.is_empty(), plan.unmet.len()) {
        (true, 0) => "nothing to do".to_owned(),
        (true, unmet) => format!("nothing that can be done, {unmet} left as it is"),
        (false, 0) => parts.join(", "),
        (false, unmet) => format!("{}, {unmet} left as it is", parts.join(", ")),
    }
}

fn mark(action: Action, look: Look) -> String {
    let (mark, colour) = match action {
        Action::Create => ("+", AnsiColor::Green),
        Action::Change => ("~", AnsiColor::Yellow),
        Action::Remove => ("-", AnsiColor::Red),
    };
    look.paint(colour.on_default(), mark)
}

fn paint_diff(line: &str, look: Look) -> String {
    let colour = match line.as_bytes().first() {
        Some(b'+') => AnsiColor::Green,
        Some(b'-') => AnsiColor::Red,
        Some(b'@') => AnsiColor::Cyan,
        _ => return line.to_owned(),
    };
    look.paint(colour.on_default(), line)
}

/// A value from a target may hold anything; a terminal gets to see none of its control characters but tabs. It is
/// cleaned before it is painted, since afterwards its escapes could not be told from ours.
pub fn clean(value: &str) -> String {
    value.chars().map(|c| if misleads(c) && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// The table at the end of an apply: what became of each step, in the eyes of the audit that came after it, and how to go on.
pub fn outcome(plan: &Plan, fates: &[Fate], after: &TargetReport, look: Look) -> String {
    let mut text = String::new();
    for (step, fate) in plan.steps.iter().zip(fates) {
        let (word, colour, why) = match (fate, remains(step, after)) {
            (Fate::Done, None) => ("done", AnsiColor::Green, String::new()),
            (Fate::Done, Some(why)) => ("done", AnsiColor::Yellow, format!("  and yet {why}")),
            (Fate::Failed { code, said }, _) => {
                ("failed", AnsiColor::Red, format!("  exit code {code}: {}", telling_lines(said)))
            }
            (Fate::Skipped(why), _) => ("skipped", AnsiColor::Yellow, format!("  {why}")),
            (Fate::Unclear, _) => ("unclear", AnsiColor::Yellow, "  the machine was lost meanwhile".to_owned()),
        };
        let word = look.paint(colour.on_default(), &format!("{word:7}"));
        let line = clean(&format!("{} {}{why}", step.action.word(), step.subject));
        writeln!(text, "  {word} {line}").expect(INFALLIBLE);
    }
    let left: Vec<&Step> =
        plan.steps.iter().zip(fates).filter(|(_, fate)| **fate != Fate::Done).map(|(step, _)| step).collect();
    if !left.is_empty() {
        writeln!(text, "{}", clean(&again(&plan.target, &left))).expect(INFALLIBLE);
    }
    text
}

/// What a step was to remove and has not, by the audit after it.
fn remains(step: &Step, after: &TargetReport) -> Option<String> {
    let left = step.findings.iter().filter_map(|id| after.findings.iter().find(|finding| finding.id == *id));
    let mut left = left.filter(|finding| matches!(finding.state, State::Drift(_) | State::Unknown));
    left.next().map(|finding| format!("{}: {}", finding.id, finding.reason))
}

/// The command that does again what was not done, and nothing else.
fn again(target: &str, left: &[&Step]) -> String {
    const FEW: usize = 3;
    let findings: Vec<&ItemId> = left.iter().filter_map(|step| step.findings.first()).collect();
    let only = if findings.len() > FEW {
        String::new()
    } else {
        findings.iter().map(|id| format!(" --only {}", shell_words(id))).collect()
    };
    let count = left.len();
    format!("{count} not done; when what stood in the way is mended: trueup apply {target}{only}")
}

/// A finding's name as it is typed.
fn shell_words(id: &ItemId) -> String {
    quote::word(&id.to_string())
}

/// What tells what went wrong: the first lines that say error, since a manager's last one is about its log.
fn telling_lines(said: &str) -> String {
    const ENOUGH: usize = 3;
    let says_error = |line: &&str| {
        // apt's way of saying it is `E: …`.
        line.starts_with("E: ")
            || line
                .split(|c: char| !c.is_ascii_alphabetic())
                .any(|word| word.eq_ignore_ascii_case("err") || word.eq_ignore_ascii_case("error"))
    };
    let telling: Vec<&str> = said.lines().filter(says_error).take(ENOUGH).collect();
    match (telling.is_empty(), said.lines().next_back()) {
        (false, _) => telling.join("; "),
        (true, Some(last)) => last.to_owned(),
        (true, None) => "it said nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_from_a_target_does_not_reach_the_terminal() {
        assert_eq!(clean("a\u{1b}]0;x\u{7}b\nc\td"), "a\u{fffd}]0;x\u{fffd}b\u{fffd}c\td");
    }

    #[test]
    fn a_failure_is_told_by_the_lines_that_say_error() {
        let said = "npm warn terror\nnpm error code E404\nnpm error 404 Not Found\nA complete log of this run: /x";
        assert_eq!(telling_lines(said), "npm error code E404; npm error 404 Not Found");
        assert_eq!(telling_lines("npm ERR! code E404\nA complete log"), "npm ERR! code E404");
        assert_eq!(telling_lines("one\ntwo"), "two");
        assert_eq!(telling_lines(""), "it said nothing");
    }
}
