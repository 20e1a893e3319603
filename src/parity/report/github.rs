//! `--format github`: workflow commands, which GitHub Actions shows as annotations at the lines that they name.
//!
//! A command is one line, `::error file=…,line=…,title=…::message`. What a machine says is escaped, so that it can
//! neither end the line nor begin a command of its own.

use std::fmt::Write as _;

use super::super::{Finding, Report, State, TargetReport};
use super::Format;
use super::look::misleads;
use crate::spec::Place;

pub(super) const FORMAT: Format =
    Format { name: "github", doc: "for GitHub Actions: annotations", placed: true, render: |report, _| render(report) };

const INFALLIBLE: &str = "writing to a string cannot fail";

fn render(report: &Report) -> String {
    let mut text = String::new();
    for target in &report.targets {
        render_target(&mut text, report, target);
    }
    text
}

fn render_target(text: &mut String, report: &Report, target: &TargetReport) {
    let places = &report.background.places;
    if let Some(error) = &target.error {
        let title = format!("{} could not be observed", target.target);
        let place = places.target(&target.target).or_else(|| places.start());
        command(text, "error", place.as_ref(), &title, error);
    }
    for finding in &target.findings {
        let level = match finding.state {
            // One error stands for all that a machine out of reach leaves unknown.
            State::Unknown if target.error.is_some() => continue,
            State::Drift(_) | State::Unknown => "error",
            State::Waived(..) => "notice",
            State::Match if finding.warning.is_some() => "warning",
            State::Match => continue,
        };
        let word = if finding.state == State::Match { "warning" } else { finding.state.word() };
        let title = format!("{}: {} {word}", target.target, finding.id);
        command(text, level, places.best(&finding.id).as_ref(), &title, &message(finding));
    }
}

fn message(finding: &Finding) -> String {
    if let (State::Match, Some(warning)) = (&finding.state, &finding.warning) {
        return format!("{warning}, as on the reference");
    }
    let mut message = match finding.state.change() {
        Some(change) => format!("{}: {}", change.word(), finding.reason),
        None => finding.reason.clone(),
    };
    if let Some(waiver) = finding.state.waiver() {
        write!(message, " (waived: {})", waiver.because).expect(INFALLIBLE);
    }
    message
}

fn command(text: &mut String, level: &str, place: Option<&Place>, title: &str, message: &str) {
    let place = place.map_or_else(String::new, |place| format!("file={},line={},", property(&place.file), place.line));
    writeln!(text, "::{level} {place}title={}::{}", property(title), data(message)).expect(INFALLIBLE);
}

/// As the runner's own toolkit escapes a message. Control characters would reach the log's terminal colours.
fn data(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' => escaped.push_str("%25"),
            '\r' => escaped.push_str("%0D"),
            '\n' => escaped.push_str("%0A"),
            c if misleads(c) => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::sample::report;
    use super::*;

    #[test]
    fn the_commands_are_the_documented_ones() {
        insta::assert_snapshot!(render(&report()));
    }

    #[test]
    fn what_a_machine_says_is_no_command_of_its_own() {
        let mut text = String::new();
        let place = Place { file: "a,b:c.lock".to_owned(), line: 3 };
        command(&mut text, "error", Some(&place), "vm: x,y", "50%\r\n::set-env name=A::b\u{1b}[0m");
        assert_eq!(
            text,
            "::error file=a%2Cb%3Ac.lock,line=3,title=vm%3A x%2Cy::50%25%0D%0A::set-env name=A::b\u{fffd}[0m\n"
        );
    }
}
