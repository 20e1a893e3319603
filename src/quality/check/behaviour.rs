//! Checks of behaviour: the same command at the same commit, its outcome compared test by test.
//!
//! Tests are read from a JUnit report or from the Test Anything Protocol on the output; without either the exit code and the
//! output, free of what differs from run to run, are the outcome. A run that fails is tried again: what then ends otherwise
//! is flaky, counts as what it ended as last, and is named.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::diagnostics::{Places, spoken};
use super::outcome::Told;
use crate::spec::{BehaviourCheck, GateFact, Why};

/// One run of the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// How it ended.
    pub told: Told,
    /// What it left as its report.
    pub report: Option<String>,
}

/// Outcomes by test.
type Tests = BTreeMap<String, &'static str>;

/// How many tests stand by name in a fact; of more than these those that passed are only counted.
const NAMED: usize = 400;

/// What the runs of a check amount to: the first, and those that were made because the one before failed.
pub fn behaved(
    check: &BehaviourCheck,
    attempts: &[Attempt],
    places: &Places,
    limit: Duration,
) -> Result<GateFact, Why> {
    let mut seen: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    let mut last: Option<(Tests, i32, String)> = None;
    for attempt in attempts {
        let code = attempt.told.code.ok_or_else(|| Why::TookLonger { what: format!("`{}`", check.command), limit })?;
        let tests = match (&check.junit, &attempt.report) {
            (Some(_), Some(report)) => junit(report)?,
            // A command that ends before it has written its report has an exit code all the same.
            (Some(_), None) => Tests::new(),
            (None, _) => tap(&attempt.told.output),
        };
        for (name, outcome) in &tests {
            seen.entry(name.clone()).or_default().insert(outcome);
        }
        last = Some((tests, code, spoken(&attempt.told.output, places)));
    }
    let (tests, code, output) = last.ok_or(Why::NoAnswer)?;
    let failed = tests.values().filter(|outcome| **outcome == FAILED).count();
    let mut fact = GateFact::new(match (code, failed) {
        (0, 0) => "passes".to_owned(),
        (code, 0) => format!("ends with exit code {code}"),
        (_, failed) => format!("fails in {failed} of {} tests", tests.len()),
    });
    fact.leaf("exit code", code.to_string());
    let counted = tests.len() > NAMED;
    if counted {
        let passed = tests.values().filter(|outcome| **outcome == PASSED).count();
        fact.leaf("tests that passed", passed.to_string());
    }
    for (name, outcome) in tests.iter().filter(|(_, outcome)| !counted || **outcome != PASSED) {
        fact.leaf(format!("test {name}"), *outcome);
    }
    if tests.is_empty() {
        fact.leaf("output", output);
    }
    let flaky: Vec<&str> = seen
        .iter()
        .filter(|(_, outcomes)| outcomes.contains(PASSED) && outcomes.contains(FAILED))
        .map(|(name, _)| name.as_str())
        .collect();
    let (first, more) = (attempts.first().and_then(|attempt| attempt.told.code), attempts.len() - 1);
    fact.weak = match flaky.as_slice() {
        [] if more > 0 && first != Some(code) => {
            Some(format!("it is flaky: it failed at first, and not when run {more} more times"))
        }
        [] => None,
        names => Some(format!("flaky: {} passed only when run again", names.join(", "))),
    };
    Ok(fact)
}

const PASSED: &str = "passed";
const FAILED: &str = "failed";
const SKIPPED: &str = "skipped";

/// A name that is there already gets a number.
fn enter(tests: &mut Tests, name: &str, outcome: &'static str) {
    let mut unique = name.to_owned();
    for number in 2.. {
        if !tests.contains_key(&unique) {
            break;
        }
        unique = format!("{name} #{number}");
    }
    tests.insert(unique, outcome);
}

/// The test cases of a JUnit report, as its many writers have it: `testcase` with `classname` and `name`, and in it
/// `failure`, `error` or `skipped`.
fn junit(report: &str) -> Result<Tests, Why> {
    let broken = |why: String| Why::NotUnderstood(format!("the JUnit report cannot be read: {why}"));
    let mut reader = Reader::from_str(report);
    let mut tests = Tests::new();
    let mut current: Option<(String, &'static str)> = None;
    let mut depth = 0_usize;
    loop {
        match reader.read_event().map_err(|error| broken(error.to_string()))? {
            Event::Start(tag) => {
                depth += 1;
                match tag.local_name().as_ref() {
                    "testcase" => current = Some((case_name(&tag).map_err(broken)?, PASSED)),
                    other => judge(other, &mut current),
                }
            }
            Event::Empty(tag) => match tag.local_name().as_ref() {
                "testcase" => enter(&mut tests, &case_name(&tag).map_err(broken)?, PASSED),
                other => judge(other, &mut current),
            },
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                if tag.local_name().as_ref() == "testcase"
                    && let Some((name, outcome)) = current.take()
                {
                    enter(&mut tests, &name, outcome);
                }
            }
            Event::Eof if depth == 0 => return Ok(tests),
            Event::Eof => return Err(broken("it ends in the middle".to_owned())),
            _ => {}
        }
    }
}

fn judge(tag: &str, current: &mut Option<(String, &'static str)>) {
    if let Some((_, outcome)) = current {
        match tag {
            "failure" | "error" => *outcome = FAILED,
            "skipped" if *outcome == PASSED => *outcome = SKIPPED,
            _ => {}
        }
    }
}

fn case_name(tag: &BytesStart<'_>) -> Result<String, String> {
    let mut parts = ["", ""].map(str::to_owned);
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let place = match attribute.key.local_name().as_ref() {
            "classname" => 0,
            "name" => 1,
            _ => continue,
        };
        parts[place] =
            attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?.into_owned();
    }
    let named = parts.iter().filter(|part| !part.is_empty()).map(String::as_str);
    Ok(named.collect::<Vec<_>>().join(" > "))
}

/// The points of the Test Anything Protocol (<https://testanything.org>), those of subtests too, where the output has a plan
/// or a version of it.
fn tap(output: &str) -> Tests {
    let mut tests = Tests::new();
    let is_tap = output.lines().any(|line| {
        let line = line.trim();
        line.starts_with("TAP version ") || line.strip_prefix("1..").is_some_and(|end| end.parse::<u32>().is_ok())
    });
    if !is_tap {
        return tests;
    }
    for line in output.lines() {
        let line = line.trim_start();
        let (passed, rest) = match (line.strip_prefix("ok "), line.strip_prefix("not ok ")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => continue,
        };
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        let rest = rest.strip_prefix("- ").unwrap_or(rest);
        let (name, directive) = rest.split_once(" # ").unwrap_or((rest, ""));
        let directive = directive.to_ascii_uppercase();
        let outcome = match passed {
            _ if directive.starts_with("SKIP") || directive.starts_with("TODO") => SKIPPED,
            true => PASSED,
            false => FAILED,
        };
        enter(&mut tests, name.trim(), outcome);
    }
    tests
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(junit: Option<&str>) -> BehaviourCheck {
        let junit = junit.map(str::to_owned);
        BehaviourCheck { command: "make test".to_owned(), junit, retries: 1, limit: None }
    }

    fn attempt(code: i32, output: &str, report: Option<&str>) -> Attempt {
        let told =
            Told { code: Some(code), moved: false, gone: false, changed: BTreeMap::new(), output: output.to_owned() };
        Attempt { told, report: report.map(str::to_owned) }
    }

    fn fact(check: &BehaviourCheck, attempts: &[Attempt]) -> Result<GateFact, Why> {
        behaved(check, attempts, &Places::default(), Duration::from_secs(5))
    }

    fn leaves(fact: &GateFact) -> Vec<String> {
        fact.leaves.iter().map(|(name, value)| format!("{name} = {value}")).collect()
    }

    #[test]
    fn a_junit_report_is_read_test_by_test() {
        let report = "<?xml version=\"1.0\"?><testsuites><testsuite name=\"s\"><testcase classname=\"a.B\" name=\"one &lt;x&gt;\" \
                      time=\"0.1\"/><testcase name=\"two\"><failure message=\"m\">t</failure></testcase><testcase \
                      name=\"two\"><skipped/></testcase></testsuite></testsuites>";
        let fact = fact(&check(Some("r.xml")), &[attempt(1, "whatever", Some(report))]).unwrap();
        assert_eq!(fact.does, "fails in 1 of 3 tests");
        assert_eq!(
            leaves(&fact),
            ["exit code = 1", "test a.B > one <x> = passed", "test two = failed", "test two #2 = skipped"]
        );
    }

    #[test]
    fn a_report_that_is_cut_off_is_unknown_and_a_missing_one_leaves_the_exit_code() {
        let broken = fact(&check(Some("r.xml")), &[attempt(0, "", Some("<testsuite><testcase name=\"a\">"))]);
        assert!(matches!(broken, Err(Why::NotUnderstood(_))), "{broken:?}");
        let missing = fact(&check(Some("r.xml")), &[attempt(2, "no such file\n", None)]).unwrap();
        assert_eq!(
            (missing.does.as_str(), leaves(&missing)),
            ("ends with exit code 2", vec!["exit code = 2".to_owned(), "output = no such file".to_owned()])
        );
    }

    #[test]
    fn tap_is_read_where_there_is_a_plan() {
        let output = "TAP version 13\n# Subtest: x\n    ok 1 - inner\nok 1 - x # time=3ms\nnot ok 2 y\nok 3 - z # SKIP no\n1..3\n";
        let fact = fact(&check(None), &[attempt(1, output, None)]).unwrap();
        assert_eq!(
            leaves(&fact),
            ["exit code = 1", "test inner = passed", "test x = passed", "test y = failed", "test z = skipped"]
        );
    }

    #[test]
    fn what_passes_only_when_run_again_is_named_and_counts_as_passed() {
        let runs = [attempt(1, "1..1\nnot ok 1 - a\n", None), attempt(0, "1..1\nok 1 - a\n", None)];
        let flaky = fact(&check(None), &runs).unwrap();
        assert_eq!(
            (flaky.does.as_str(), flaky.weak.as_deref()),
            ("passes", Some("flaky: a passed only when run again"))
        );
        let steady = fact(&check(None), &runs[1..]).unwrap();
        assert_eq!(steady.shown(), flaky.shown());
        let silent = fact(&check(None), &[attempt(1, "x", None), attempt(0, "y", None)]).unwrap();
        assert!(silent.weak.unwrap().contains("flaky"));
    }
}
