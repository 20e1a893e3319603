//! `--format markdown`: for a pull request or a job summary.

use std::fmt::Write as _;

use super::super::{Finding, Report, State, TargetReport, Verdict};
use super::Format;

pub(super) const FORMAT: Format = Format {
    name: "markdown",
    doc: "for pull requests and job summaries",
    placed: false,
    render: |report, _| render(report),
};

const INFALLIBLE: &str = "writing to a string cannot fail";

/// Longer tables start folded.
const OPEN_ROWS: usize = 20;

fn render(report: &Report) -> String {
    let mut text = format!("## {}: {}\n", cell(&report.environment), report.verdict().word());
    let mut targets: Vec<&TargetReport> = report.targets.iter().collect();
    targets.sort_by_key(|target| std::cmp::Reverse(target.verdict()));
    if targets.len() > 1 {
        text.push_str("\n| target | verdict | drift | unknown | waived | match |\n|---|---|--:|--:|--:|--:|\n");
        for target in &targets {
            let counts = ["drift", "unknown", "waived", "match"].map(|state| target.count(state).to_string());
            let (name, verdict) = (cell(&target.target), target.verdict().word());
            writeln!(text, "| {name} | {verdict} | {} |", counts.join(" | ")).expect(INFALLIBLE);
        }
    }
    for target in targets {
        render_target(&mut text, report, target);
    }
    text
}

fn render_target(text: &mut String, whole: &Report, report: &TargetReport) {
    let counts = ["drift", "unknown", "waived", "match"].map(|state| format!("{} {state}", report.count(state)));
    let verdict = report.verdict().word();
    writeln!(text, "\n### {}: {verdict} ({})\n", cell(&report.target), counts.join(", ")).expect(INFALLIBLE);
    if let Some(error) = &report.error {
        // It stands for all that is unknown because of it.
        writeln!(text, "{}", cell(error)).expect(INFALLIBLE);
        return;
    }
    let notable = |finding: &&Finding| finding.state != State::Match || finding.warning.is_some();
    let mut rows: Vec<&Finding> = report.findings.iter().filter(notable).collect();
    rows.sort_by_key(|finding| match finding.state {
        State::Unknown => 0,
        State::Drift(_) => 1,
        State::Waived(..) => 2,
        State::Match => 3,
    });
    if rows.is_empty() {
        return;
    }
    let folded = rows.len() > OPEN_ROWS;
    if folded {
        writeln!(text, "<details><summary>{} findings</summary>\n", rows.len()).expect(INFALLIBLE);
    }
    text.push_str("| finding | state | want | got | reason |\n|---|---|---|---|---|\n");
    for finding in rows {
        row(text, whole, report, finding);
    }
    if folded {
        text.push_str("\n</details>\n");
    }
    if report.verdict() == Verdict::Drift {
        writeln!(text, "\nNext: `trueup plan {}`", report.target.replace('`', "")).expect(INFALLIBLE);
    }
}

fn row(text: &mut String, whole: &Report, report: &TargetReport, finding: &Finding) {
    let state = match finding.state.change() {
        Some(change) => format!("{} ({})", finding.state.word(), change.word()),
        None if finding.state == State::Match => "warning".to_owned(),
        None => finding.state.word().to_owned(),
    };
    let standing = whole.background.standing(&report.target, &finding.id);
    let since = match standing.since {
        _ if standing.newly => "; new".to_owned(),
        Some(since) => format!("; since {since:.0}"),
        None => String::new(),
    };
    let because = finding.state.waiver().map(|waiver| format!("; waived: {}", waiver.because)).unwrap_or_default();
    let value = |value: Option<String>| value.as_deref().map_or_else(|| "–".to_owned(), cell);
    let (want, got) = (value(finding.want()), value(finding.got()));
    let sentence = match (&finding.state, &finding.warning) {
        (State::Match, Some(warning)) => format!("{warning}, as on the reference"),
        _ => finding.reason.clone(),
    };
    let (id, reason) = (cell(&finding.id.to_string()), cell(&format!("{sentence}{because}{since}")));
    writeln!(text, "| {id} | {state} | {want} | {got} | {reason} |").expect(INFALLIBLE);
}

/// Text from a machine, made harmless in a table: no markup, no markers, one line.
fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '@' => cell.extend(['\\', c]),
            '<' => cell.push_str("&lt;"),
            '>' => cell.push_str("&gt;"),
            '&' => cell.push_str("&amp;"),
            c if c.is_control() => cell.push(' '),
            c => cell.push(c),
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::super::sample::report;
    use super::{cell, render};

    #[test]
    fn the_document_is_the_documented_one() {
        insta::assert_snapshot!(render(&report()));
    }

    #[test]
    fn what_a_machine_says_stays_in_its_cell() {
        assert_eq!(cell("a|b\n<script>`x`"), "a\\|b &lt;script&gt;\\`x\\`");
    }
}
