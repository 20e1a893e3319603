//! `--format markdown`: for a pull request or a job summary.

use std::fmt::Write as _;

use super::super::{Report, State, TargetReport};
use super::Format;

pub(super) const FORMAT: Format = Format {
    name: "markdown",
    doc: "for pull requests and job summaries",
    placed: false,
    render: |report, _| render(report),
};

const INFALLIBLE: &str = "writing to a string cannot fail";

fn render(report: &Report) -> String {
    let mut text = format!("## {}: {}\n", cell(&report.environment), report.verdict().word());
    for target in &report.targets {
        render_target(&mut text, target);
    }
    text
}

fn render_target(text: &mut String, report: &TargetReport) {
    let counts = ["drift", "unknown", "waived", "match"].map(|state| format!("{} {state}", report.count(state)));
    let verdict = report.verdict().word();
    writeln!(text, "\n### {}: {verdict} ({})\n", cell(&report.target), counts.join(", ")).expect(INFALLIBLE);
    if let Some(error) = &report.error {
        writeln!(text, "{}\n", cell(error)).expect(INFALLIBLE);
    }
    let mut notable = report.findings.iter().filter(|finding| finding.state != State::Match).peekable();
    if notable.peek().is_none() {
        return;
    }
    text.push_str("| finding | state | want | got | reason |\n|---|---|---|---|---|\n");
    for finding in notable {
        let state = match finding.state.change() {
            Some(change) => format!("{} ({})", finding.state.word(), change.word()),
            None => finding.state.word().to_owned(),
        };
        let value = |value: Option<String>| value.as_deref().map_or_else(|| "–".to_owned(), cell);
        let (want, got) = (value(finding.want()), value(finding.got()));
        let (id, reason) = (cell(&finding.id.to_string()), cell(&finding.reason));
        writeln!(text, "| {id} | {state} | {want} | {got} | {reason} |").expect(INFALLIBLE);
    }
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
    use super::cell;

    #[test]
    fn what_a_machine_says_stays_in_its_cell() {
        assert_eq!(cell("a|b\n<script>`x`"), "a\\|b &lt;script&gt;\\`x\\`");
    }
}
