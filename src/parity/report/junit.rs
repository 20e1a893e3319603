//! `--format junit`: JUnit XML, for the test views of CI systems. A suite is a target, a case a finding: drift fails,
//! unknown is an error, waived is skipped.
//!
//! There is no one standard. This is valid by Jenkins's schema, and by that of Ant but for `skipped`, which it lacks, and a
//! host's name that is not known, which it wants.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::super::{Finding, Report, State, TargetReport};
use super::Format;
use super::look::misleads;

pub(super) const FORMAT: Format = Format {
    name: "junit",
    doc: "for the test views of CI systems: JUnit XML",
    placed: false,
    render: |report, _| render(report),
};

const INFALLIBLE: &str = "writing to a string cannot fail";

fn render(report: &Report) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for (number, target) in report.targets.iter().enumerate() {
        suite(&mut text, report, number, target);
    }
    text.push_str("</testsuites>\n");
    text
}

fn suite(text: &mut String, report: &Report, number: usize, target: &TargetReport) {
    let count = |word| target.count(word);
    // A machine that was not observed is one error more, so that a suite without a case does not look fine.
    let lost = usize::from(target.error.is_some());
    let time = format!("{:.3}", target.duration.as_secs_f64());
    let at = target.observed_at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    // Only the machine itself knows it; a target's name would be a guess.
    let hostname = target.machine.hostname.as_deref();
    let hostname = hostname.map_or_else(String::new, |name| format!(" hostname=\"{}\"", escaped(name)));
    writeln!(
        text,
        "  <testsuite name=\"{}\" id=\"{number}\" package=\"{}\"{hostname} timestamp=\"{at}\" tests=\"{}\" \
         failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{time}\">",
        escaped(&target.target),
        escaped(&format!("trueup.{}", report.environment)),
        target.findings.len() + lost,
        count("drift"),
        count("unknown") + lost,
        count("waived"),
    )
    .expect(INFALLIBLE);
    properties(text, report, target);
    if let Some(error) = &target.error {
        let (class, error) = (escaped(&format!("{}.target", target.target)), escaped(error));
        writeln!(text, "    <testcase name=\"observed\" classname=\"{class}\" time=\"{time}\">").expect(INFALLIBLE);
        writeln!(text, "      <error type=\"unknown\" message=\"{error}\"/>\n    </testcase>").expect(INFALLIBLE);
    }
    for finding in &target.findings {
        case(text, target, finding);
    }
    text.push_str("    <system-out/>\n    <system-err/>\n  </testsuite>\n");
}

fn properties(text: &mut String, report: &Report, target: &TargetReport) {
    let machine = &target.machine;
    let lock = report.lock_digest.as_ref().map(ToString::to_string);
    let properties = [
        ("verdict", Some(target.verdict().word().to_owned())),
        ("spec_digest", Some(report.spec_digest.to_string())),
        ("lock_digest", lock),
        ("machine_id", machine.id.clone()),
        ("os", machine.os.clone()),
        ("os_version", machine.os_version.clone()),
        ("arch", machine.arch.clone()),
    ];
    text.push_str("    <properties>\n");
    for (name, value) in properties {
        if let Some(value) = value {
            writeln!(text, "      <property name=\"{name}\" value=\"{}\"/>", escaped(&value)).expect(INFALLIBLE);
        }
    }
    text.push_str("    </properties>\n");
}

fn case(text: &mut String, target: &TargetReport, finding: &Finding) {
    let name = escaped(&finding.id.to_string());
    let class = escaped(&format!("{}.{}", target.target, finding.id.category));
    write!(text, "    <testcase name=\"{name}\" classname=\"{class}\" time=\"0\"").expect(INFALLIBLE);
    let reason = escaped(&finding.reason);
    let body = match &finding.state {
        State::Match => return text.push_str("/>\n"),
        State::Drift(change) => {
            format!(
                "<failure type=\"{}\" message=\"{reason}\">{}</failure>",
                change.word(),
                escaped(&evidence(finding))
            )
        }
        State::Unknown => format!("<error type=\"unknown\" message=\"{reason}\"/>"),
        State::Waived(_, waiver) => {
            let because = escaped(&format!("{}; waived: {}", finding.reason, waiver.because));
            format!("<skipped>{because}</skipped>")
        }
    };
    writeln!(text, ">\n      {body}\n    </testcase>").expect(INFALLIBLE);
}

fn evidence(finding: &Finding) -> String {
    let value = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
    let mut text = format!("want: {}\ngot: {}", value(finding.want()), value(finding.got()));
    if let Some(detail) = &finding.detail {
        write!(text, "\n{detail}").expect(INFALLIBLE);
    }
    text
}

/// Text for an attribute or an element. What XML 1.0 has no place for, even escaped, becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\r' => escaped.push_str("&#13;"),
            c if misleads(c) || ('\u{fffe}'..='\u{ffff}').contains(&c) => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::sample::report;
    use super::*;

    #[test]
    fn the_document_is_the_documented_one() {
        insta::assert_snapshot!(render(&report()));
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced_and_the_rest_escaped() {
        assert_eq!(
            escaped("a\u{0}\u{1b}[31m<b>\"&'\u{ffff}\r\n"),
            "a\u{fffd}\u{fffd}[31m&lt;b&gt;&quot;&amp;'\u{fffd}&#13;&#10;"
        );
    }
}
