//! `--format human`: what a person grasps in five seconds. Worst first, by target, with the next command to run.
//!
//! A target that differs in a few things shows each in a line. Where they are many, things of one kind are folded into a
//! line that names the command which shows them all, and the more targets are in trouble, the fewer lines each may
//! take. Differences line by line come after the list, which is to be seen as a whole. Targets that are true are one
//! line, or one line together.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use unicode_width::UnicodeWidthStr as _;

use super::super::{Finding, Report, State, TargetReport, Verdict};
use super::look::{View, printable};
use super::{Format, fold};

pub(super) const FORMAT: Format =
    Format { name: "human", doc: "for people, on a terminal or in a log", placed: false, render };

const INFALLIBLE: &str = "writing to a string cannot fail";

/// So many true targets have a line each; more share one.
const TRUE_LINES: usize = 5;

/// So many lines of a diff or of a list are shown below a finding.
const DETAIL_LINES: usize = 12;

fn render(report: &Report, view: View) -> String {
    let mut text = String::new();
    let mut targets: Vec<&TargetReport> = report.targets.iter().collect();
    targets.sort_by_key(|target| std::cmp::Reverse(target.verdict()));
    let troubled = targets.iter().filter(|target| target.verdict() != Verdict::Parity).count();
    let quiet = |target: &TargetReport| target.verdict() == Verdict::Parity && rows(target).is_empty();
    let true_ones: Vec<&TargetReport> = targets.iter().copied().filter(|target| quiet(target)).collect();
    let together = true_ones.len() > TRUE_LINES;
    for target in &targets {
        if !(together && quiet(target)) {
            match fold::lines_for(troubled) {
                None => writeln!(text, "{}", brief(target, view)).expect(INFALLIBLE),
                Some(lines) => {
                    render_target(&mut text, report, target, lines, view);
                    text.push('\n');
                }
            }
        }
    }
    if fold::lines_for(troubled).is_none() {
        text.push('\n');
    }
    if together {
        let names: Vec<&str> = true_ones.iter().map(|target| target.target.as_str()).collect();
        let word = view.look.paint(verdict_style(Verdict::Parity), Verdict::Parity.word());
        let line = format!("  {} targets: {}", names.len(), names.join(", "));
        writeln!(text, "{word}{}\n", view.fit(&line, "parity".len())).expect(INFALLIBLE);
    }
    writeln!(text, "{}", summary(report, view)).expect(INFALLIBLE);
    text
}

pub(super) fn verdict_style(verdict: Verdict) -> Style {
    let colour = match verdict {
        Verdict::Parity => AnsiColor::Green,
        Verdict::Drift => AnsiColor::Red,
        Verdict::Unknown => AnsiColor::Yellow,
    };
    colour.on_default().bold()
}

/// Worst first. Matches are counted, not listed, unless they carry a warning; when a machine could not be observed at
/// all, its error stands for all of its unknowns.
fn rows(report: &TargetReport) -> Vec<&Finding> {
    let is_worth_showing = |finding: &&Finding| match finding.state {
        State::Match => finding.warning.is_some(),
        State::Unknown => report.error.is_none(),
        State::Drift(_) | State::Waived(..) => true,
    };
    let mut rows: Vec<&Finding> = report.findings.iter().filter(is_worth_showing).collect();
    rows.sort_by_key(|finding| rank(&finding.state));
    rows
}

fn render_target(text: &mut String, whole: &Report, report: &TargetReport, lines: usize, view: View) {
    writeln!(text, "{}", heading(report, view)).expect(INFALLIBLE);
    if let Some(error) = &report.error {
        let mark = view.look.paint(verdict_style(Verdict::Unknown), "!");
        writeln!(text, "  {mark} {}", view.fit(&printable(error), 4)).expect(INFALLIBLE);
    }
    let folded = fold::fold(rows(report), lines);
    let width = folded.shown.iter().map(|finding| finding.id.to_string().width()).max().unwrap_or(0);
    for (place, finding) in folded.shown.iter().enumerate() {
        render_finding(text, whole, report, finding, width, view);
        for more in folded.more.iter().filter(|more| more.behind == place + 1) {
            let command = fold::explain_command(&report.target, &more.pattern);
            let line = view.fit(&format!("… and {} more: {command}", more.count), 4);
            writeln!(text, "    {}", view.look.paint(Style::new().dimmed(), &line)).expect(INFALLIBLE);
        }
    }
    for finding in folded.shown {
        render_details(text, report, finding, view);
    }
}

fn render_details(text: &mut String, report: &TargetReport, finding: &Finding, view: View) {
    let lines = if finding.state == State::Match { Vec::new() } else { below(report, finding) };
    if lines.is_empty() {
        return;
    }
    let id = view.fit(&printable(&finding.id.to_string()), 2);
    writeln!(text, "\n  {}", view.look.paint(Style::new().bold(), &id)).expect(INFALLIBLE);
    for line in lines {
        writeln!(text, "    {}", paint_diff(&view.fit(&line, 4), view)).expect(INFALLIBLE);
    }
}

fn heading(report: &TargetReport, view: View) -> String {
    let (standing, taken) = standing(report, view);
    let machine = view.look.paint(Style::new().dimmed(), &view.fit(&machine_line(report), taken));
    format!("{standing}{machine}")
}

/// A target in one line, where there are too many in trouble to say more: what is wrong with it, by name.
fn brief(report: &TargetReport, view: View) -> String {
    let (standing, taken) = standing(report, view);
    let wrong = match &report.error {
        Some(error) => error.clone(),
        None => rows(report).iter().map(|finding| finding.id.to_string()).collect::<Vec<_>>().join(", "),
    };
    format!("{standing}{}", view.look.paint(Style::new().dimmed(), &view.fit(&printable(&wrong), taken)))
}

/// Who, how it stands, and how many findings of each state; and how many columns that takes.
fn standing(report: &TargetReport, view: View) -> (String, usize) {
    let verdict = report.verdict();
    let counts: Vec<String> = ["drift", "unknown", "waived", "match"]
        .into_iter()
        .map(|state| (report.count(state), state))
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| format!("{count} {state}"))
        .collect();
    let counts = counts.join(", ");
    let taken = report.target.width() + verdict.word().len() + counts.len() + 6;
    let name = view.look.paint(Style::new().bold(), &printable(&report.target));
    let word = view.look.paint(verdict_style(verdict), verdict.word());
    (format!("{name}  {word}  {counts}  "), taken)
}

fn render_finding(
    text: &mut String,
    whole: &Report,
    report: &TargetReport,
    finding: &Finding,
    width: usize,
    view: View,
) {
    let id = printable(&finding.id.to_string());
    let id = format!("{id}{}", " ".repeat(width.saturating_sub(id.width())));
    let taken = id.width() + 6;
    if finding.state != State::Match {
        let sentence = view.fit(&sentence(whole, report, finding), taken);
        writeln!(text, "  {} {id}  {sentence}", mark(&finding.state, view)).expect(INFALLIBLE);
    }
    if let Some(warning) = &finding.warning {
        let shared = if finding.state == State::Match { ", as on the reference" } else { "" };
        let mark = view.look.paint(AnsiColor::Yellow.on_default(), "!");
        let warning = view.fit(&printable(&format!("{warning}{shared}")), taken);
        writeln!(text, "  {mark} {id}  {warning}").expect(INFALLIBLE);
    }
}

/// A detail of several lines: a diff, or a list. One of a single line stands behind its finding's sentence.
fn below(report: &TargetReport, finding: &Finding) -> Vec<String> {
    let lines: Vec<&str> = finding.detail.as_deref().unwrap_or_default().lines().collect();
    if lines.len() < 2 {
        return Vec::new();
    }
    let mut shown: Vec<String> =
        lines.iter().take(DETAIL_LINES).map(|line| printable(&line.replace('\t', "    "))).collect();
    if lines.len() > DETAIL_LINES {
        let command = fold::explain_command(&report.target, &finding.id.to_string());
        shown.push(format!("… and {} more lines: {command}", lines.len() - DETAIL_LINES));
    }
    shown
}

pub(super) fn paint_diff(line: &str, view: View) -> String {
    let colour = match line.as_bytes().first() {
        Some(b'+') => AnsiColor::Green,
        Some(b'-') => AnsiColor::Red,
        Some(b'@') => AnsiColor::Cyan,
        _ => return view.look.paint(Style::new().dimmed(), line),
    };
    view.look.paint(colour.on_default(), line)
}

fn rank(state: &State) -> u8 {
    match state {
        State::Unknown => 0,
        State::Drift(_) => 1,
        State::Waived(..) => 2,
        State::Match => 3,
    }
}

fn mark(state: &State, view: View) -> String {
    let (mark, colour) = match state {
        State::Match => ("=", AnsiColor::Green),
        State::Drift(_) => ("x", AnsiColor::Red),
        State::Unknown => ("?", AnsiColor::Yellow),
        State::Waived(..) => ("~", AnsiColor::Cyan),
    };
    view.look.paint(colour.on_default(), mark)
}

fn sentence(whole: &Report, report: &TargetReport, finding: &Finding) -> String {
    let standing = whole.background.standing(&report.target, &finding.id);
    let age = match standing.since {
        _ if standing.newly => Some("new".to_owned()),
        Some(since) => Some(format!("for {}", age(since, report.observed_at))),
        None => None,
    };
    let change = finding.state.change().map(|change| change.word().to_owned());
    let before: Vec<String> = change.into_iter().chain(age).collect();
    let mut sentence = match before.as_slice() {
        [] => finding.reason.clone(),
        words => format!("{}: {}", words.join(", "), finding.reason),
    };
    if let Some(waiver) = finding.state.waiver() {
        write!(sentence, " (waived: {}", waiver.because).expect(INFALLIBLE);
        match waiver.until {
            Some(until) => write!(sentence, ", until {until})").expect(INFALLIBLE),
            None => sentence.push(')'),
        }
    }
    if let Some(detail) = finding.detail.as_deref() {
        let mut lines = detail.lines();
        if let (Some(only), None) = (lines.next(), lines.next()) {
            write!(sentence, "  [{only}]").expect(INFALLIBLE);
        }
    }
    printable(&sentence)
}

/// How long something lasts, in the largest unit that it fills.
pub(super) fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs().max(0);
    let (count, unit) = match seconds {
        0..120 => (seconds, "s"),
        120..7_200 => (seconds / 60, "min"),
        7_200..172_800 => (seconds / 3_600, "h"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{count} {unit}")
}

pub(super) fn machine_line(report: &TargetReport) -> String {
    let machine = &report.machine;
    let os = match (&machine.os, &machine.os_version) {
        (Some(os), Some(version)) => Some(format!("{os} {version}")),
        (os, _) => os.clone(),
    };
    let mut parts: Vec<String> = [machine.hostname.clone(), os, machine.arch.clone()].into_iter().flatten().collect();
    parts.push(format!("{} ms", report.duration.as_millis()));
    printable(&parts.join(", "))
}

fn summary(report: &Report, view: View) -> String {
    let verdict = report.verdict();
    let bad: Vec<&TargetReport> = report.targets.iter().filter(|target| target.verdict() != Verdict::Parity).collect();
    let word = view.look.paint(verdict_style(verdict), verdict.word());
    let count = report.targets.len();
    let targets = if count == 1 { "1 target".to_owned() } else { format!("{count} targets") };
    let next = match (verdict, &report.lock_digest) {
        (_, None) => "capture the reference first: trueup capture".to_owned(),
        (Verdict::Parity, _) => return format!("{word}: {targets} true to the reference"),
        (Verdict::Drift, _) if report.background.here => {
            "bring this machine true to the reference, then check again".to_owned()
        }
        // No plan brings a tool's configuration or what a gate does; what decides it is known.
        (Verdict::Drift, _) if let Some((target, finding)) = first_of_gates_alone(&bad) => {
            let command = fold::explain_command(target, &finding.id.to_string());
            format!("see what decides it, and the smallest change: {command}")
        }
        (Verdict::Drift, _) => match bad.as_slice() {
            [one] => format!("see what would change: trueup plan {}", one.target),
            _ => "see what would change: trueup plan TARGET".to_owned(),
        },
        (Verdict::Unknown, _) => match first_unknown(&bad) {
            Some((_, finding)) if finding.awaits_capture() => {
                "the spec asks for more than the lock has: trueup capture".to_owned()
            }
            Some((target, finding)) => {
                let here = if report.background.here { " --here" } else { "" };
                format!("see why nothing is known: {}{here}", fold::explain_command(target, &finding.id.to_string()))
            }
            None => "what is unknown passes no gate; make it observable, then check again".to_owned(),
        },
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

/// An unknown finding of a machine that did answer: there is more to say about it than its line does.
fn first_unknown<'a>(bad: &[&'a TargetReport]) -> Option<(&'a str, &'a Finding)> {
    let answered = bad.iter().filter(|target| target.error.is_none());
    let mut unknown = answered.flat_map(|target| {
        let of_target = target.findings.iter().filter(|finding| finding.state == State::Unknown);
        of_target.map(|finding| (target.target.as_str(), finding))
    });
    unknown.next()
}

/// The first drift, where all that drifted is a gate's configuration, or what a gate did.
fn first_of_gates_alone<'a>(bad: &[&'a TargetReport]) -> Option<(&'a str, &'a Finding)> {
    let of_target = |target: &&'a TargetReport| {
        let (name, findings) = (target.target.as_str(), target.findings.iter());
        findings.filter(|finding| matches!(finding.state, State::Drift(_))).map(move |finding| (name, finding))
    };
    let mut drifted = bad.iter().flat_map(of_target);
    let first = drifted.next()?;
    (first.1.is_of_a_gate() && drifted.all(|(_, finding)| finding.is_of_a_gate())).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::super::super::Change;
    use super::super::look::Look;
    use super::super::sample::{finding, report, target};
    use super::*;

    const NARROW: View = View { look: Look::Plain, width: Some(100) };

    fn drifted(id: &str) -> Finding {
        let reason = "it is not there, the reference has it";
        finding(id, State::Drift(Change::Missing), "1.0", None, reason)
    }

    fn of(targets: Vec<TargetReport>) -> Report {
        Report { targets, background: super::super::super::Background::default(), ..report() }
    }

    #[test]
    fn the_worst_comes_first_and_what_is_new_is_said() {
        insta::assert_snapshot!(render(&report(), NARROW));
    }

    #[test]
    fn many_findings_of_one_kind_are_folded_and_the_command_that_unfolds_them_is_named() {
        let mut findings: Vec<Finding> = (10..90).map(|number| drifted(&format!("package:apt/lib{number}"))).collect();
        findings.extend(["tool:node", "tool:rg", "dotfile:.zshrc"].map(drifted));
        let text = render(&of(vec![target("vm", findings)]), NARROW);
        insta::assert_snapshot!(text);
        assert!(text.lines().count() <= 20);
    }

    #[test]
    fn what_no_plan_brings_is_not_sent_to_plan() {
        let of_gates = vec![drifted("check:shop/lint-error"), drifted("gate:shop/eslint")];
        let text = render(&of(vec![target("vm", of_gates.clone())]), NARROW);
        let next = "the smallest change: trueup check vm --behaviour --explain check:shop/lint-error";
        assert!(text.replace('\n', " ").contains(next), "{text}");
        let with_others = [of_gates, vec![drifted("tool:node")]].concat();
        let text = render(&of(vec![target("vm", with_others)]), NARROW);
        assert!(text.contains("trueup plan vm"), "{text}");
    }

    fn fleet(in_trouble: usize) -> String {
        let git = || finding("tool:git", State::Match, "1", Some("1"), "as on the reference");
        let mut targets: Vec<TargetReport> =
            (in_trouble..40).map(|number| target(&format!("true-{number}"), vec![git()])).collect();
        let findings = || (0..9).map(|number| drifted(&format!("tool:t{number}"))).collect::<Vec<_>>();
        targets.extend((0..in_trouble).map(|number| target(&format!("vm-{number}"), findings())));
        let text = render(&of(targets), NARROW);
        assert!(text.lines().all(|line| line.width() <= 100), "{text}");
        text
    }

    #[test]
    fn forty_targets_are_still_read_at_a_glance() {
        let some = fleet(6);
        assert!(some.contains("parity  34 targets: true-6, true-7"), "{some}");
        assert!(some.contains("… and 7 more: trueup check vm-5 --explain 'tool:*'"), "{some}");
        assert!(some.lines().count() <= 40, "{some}");
        let most = fleet(30);
        assert!(most.contains("\nvm-29  drift  9 drift  tool:t0, tool:t1, tool:t2"), "{most}");
        assert!(most.lines().count() <= 40, "{most}");
    }

    #[test]
    fn a_diff_stands_below_its_finding_line_by_line() {
        let mut changed = drifted("dotfile:.zshrc");
        let mut diff = "--- reference/.zshrc\n+++ vm/.zshrc\n@@ -1,2 +1,2 @@\n-a\tb\n+c\u{1b}[31m\n".to_owned();
        changed.detail = Some(diff.clone());
        let text = render(&of(vec![target("vm", vec![changed.clone()])]), NARROW);
        assert!(text.contains("\n    @@ -1,2 +1,2 @@\n    -a    b\n    +c\u{fffd}[31m\n"), "{text}");
        diff.push_str(&" same\n".repeat(40));
        changed.detail = Some(diff);
        let text = render(&of(vec![target("vm", vec![changed])]), NARROW);
        assert!(text.contains("… and 33 more lines: trueup check vm --explain dotfile:.zshrc\n"), "{text}");
    }

    #[test]
    fn ages_are_told_in_a_unit_that_fits() {
        let now: Timestamp = "2026-05-10T12:00:00Z".parse().unwrap();
        let told = ["2026-05-10T11:59:00Z", "2026-05-10T11:00:00Z", "2026-05-09T12:00:00Z", "2026-05-01T12:00:00Z"]
            .map(|since| age(since.parse().unwrap(), now));
        assert_eq!(told, ["60 s", "60 min", "24 h", "9 days"]);
    }
}
