//! `--format human`: what a person grasps in five seconds. Worst first, by target, with the next command to run.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::super::{Finding, Report, State, TargetReport, Verdict};
use super::Format;

pub(super) const FORMAT: Format = Format { name: "human", doc: "for people, on a terminal or in a log", render };

/// How a text may look: whether it may use colour. It reads well without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// No escape sequences.
    Plain,
    /// ANSI colours.
    Coloured,
}

impl Look {
    /// `text` in a style, where colours are welcome.
    pub fn paint(self, style: Style, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Coloured => format!("{style}{text}{style:#}"),
        }
    }
}

const INFALLIBLE: &str = "writing to a string cannot fail";

fn render(report: &Report, look: Look) -> String {
    let mut text = String::new();
    for target in &report.targets {
        render_target(&mut text, target, look);
    }
    let _: () = writeln!(text, "{}", summary(report, look)).expect(INFALLIBLE);
    text
}

fn verdict_style(verdict: Verdict) -> Style {
    let colour = match verdict {
        Verdict::Parity => AnsiColor::Green,
        Verdict::Drift => AnsiColor::Red,
        Verdict::Unknown => AnsiColor::Yellow,
    };
    colour.on_default().bold()
}

fn render_target(text: &mut String, report: &TargetReport, look: Look) {
    let verdict = report.verdict();
    let mut heading = look.paint(Style::new().bold(), &report.target);
    write!(heading, "  {}", look.paint(verdict_style(verdict), verdict.word())).expect(INFALLIBLE);
    let counts: Vec<String> = ["drift", "unknown", "waived", "match"]
        .into_iter()
        .map(|state| (report.count(state), state))
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| format!("{count} {state}"))
        .collect();
    write!(heading, "  {}", counts.join(", ")).expect(INFALLIBLE);
    let dim = Style::new().dimmed();
    writeln!(text, "{heading}  {}", look.paint(dim, &machine_line(report))).expect(INFALLIBLE);
    if let Some(error) = &report.error {
        writeln!(text, "  {} {}", look.paint(verdict_style(Verdict::Unknown), "!"), printable(error))
            .expect(INFALLIBLE);
    }
    let mut shown: Vec<&Finding> = report.findings.iter().filter(|finding| is_worth_showing(finding, report)).collect();
    shown.sort_by_key(|finding| rank(&finding.state));
    let width = shown.iter().map(|finding| finding.id.to_string().chars().count()).max().unwrap_or(0);
    for finding in shown {
        let id = format!("{:width$}", printable(&finding.id.to_string()));
        writeln!(text, "  {} {id}  {}", mark(&finding.state, look), sentence(finding)).expect(INFALLIBLE);
    }
    text.push('\n');
}

/// Matches are counted, not listed, unless they carry a warning; when a machine could not be observed at all, its
/// error stands for all of its unknowns.
fn is_worth_showing(finding: &Finding, report: &TargetReport) -> bool {
    match finding.state {
        State::Match => finding.warning.is_some(),
        State::Unknown => report.error.is_none(),
        State::Drift(_) | State::Waived(..) => true,
    }
}

fn rank(state: &State) -> u8 {
    match state {
        State::Unknown => 0,
        State::Drift(_) => 1,
        State::Waived(..) => 2,
        State::Match => 3,
    }
}

fn mark(state: &State, look: Look) -> String {
    let (mark, colour) = match state {
        State::Match => ("=", AnsiColor::Green),
        State::Drift(_) => ("x", AnsiColor::Red),
        State::Unknown => ("?", AnsiColor::Yellow),
        State::Waived(..) => ("~", AnsiColor::Cyan),
    };
    look.paint(colour.on_default(), mark)
}

fn sentence(finding: &Finding) -> String {
    let mut sentence = match finding.state.change() {
        Some(change) => format!("{}: {}", change.word(), finding.reason),
        None => finding.reason.clone(),
    };
    if let Some(waiver) = finding.state.waiver() {
        write!(sentence, " (waived: {}", waiver.because).expect(INFALLIBLE);
        match waiver.until {
            Some(until) => write!(sentence, ", until {until})").expect(INFALLIBLE),
            None => sentence.push(')'),
        }
    }
    if let Some(detail) = finding.detail.as_deref().filter(|_| finding.state != State::Match) {
        let mut lines = detail.lines();
        if let (Some(only), None) = (lines.next(), lines.next()) {
            write!(sentence, "  [{only}]").expect(INFALLIBLE);
        }
    }
    printable(&sentence)
}

/// What machines say, file names included, may hold anything; a terminal gets to see none of its control characters.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn machine_line(report: &TargetReport) -> String {
    let machine = &report.machine;
    let os = match (&machine.os, &machine.os_version) {
        (Some(os), Some(version)) => Some(format!("{os} {version}")),
        (os, _) => os.clone(),
    };
    let mut parts: Vec<String> = [machine.hostname.clone(), os, machine.arch.clone()].into_iter().flatten().collect();
    parts.push(format!("{} ms", report.duration.as_millis()));
    printable(&parts.join(", "))
}

fn summary(report: &Report, look: Look) -> String {
    let verdict = report.verdict();
    let bad: Vec<&TargetReport> = report.targets.iter().filter(|target| target.verdict() != Verdict::Parity).collect();
    let word = look.paint(verdict_style(verdict), verdict.word());
    let count = report.targets.len();
    let targets = if count == 1 { "1 target".to_owned() } else { format!("{count} targets") };
    let next = match (verdict, &report.lock_digest) {
        (_, None) => "capture the reference first: trueup capture".to_owned(),
        (Verdict::Parity, _) => return format!("{word}: {targets} true to the reference"),
        (Verdict::Drift, _) => match bad.as_slice() {
            [one] => format!("see what would change: trueup plan {}", one.target),
            _ => "see what would change: trueup plan TARGET".to_owned(),
        },
        (Verdict::Unknown, _) => "what is unknown passes no gate; make it observable, then check again".to_owned(),
    };
    let unknown = bad.iter().filter(|target| target.verdict() == Verdict::Unknown).count();
    let standing = match (unknown, bad.len() - unknown) {
        (0, drifted) => format!("{drifted} of {targets} not true to the reference"),
        (unknown, 0) => format!("{unknown} of {targets} could not be verified"),
        (unknown, drifted) => {
            format!("{unknown} of {targets} could not be verified, {drifted} not true to the reference")
        }
    };
    format!("{word}: {standing}\nnext: {next}")
}
