//! Versions of tools, told by the tools themselves, with the path that each name really resolves to.
//!
//! The tool is run, never merely looked for: a half-downloaded folder is no version. Absent means that nothing
//! executable of that name is on PATH in the shell context of the spec.

use std::time::Duration;

use regex::Regex;

use super::shim::{self, Found};
use super::tool_table::{self, Row};
use super::{STAND_IN, failed, text};
use crate::observe::version_token;
use crate::observe::{Answer, Context, Covers, Probe, Question, Sighting};
use crate::spec::{Category, Environment, Fact, ItemId, Observed, Tool, VersionFact, Why};
use crate::transport::quote;

pub(super) const PROBE: Probe =
    Probe { name: "tool", doc: "versions of tools on PATH, and where they resolve to", manager: None, ask, read };

fn ask(environment: &Environment) -> Vec<Question> {
    environment.tools.iter().map(|tool| question(tool, environment.limits.probe)).collect()
}

/// Asks one tool.
pub(super) fn question(tool: &Tool, limit: Duration) -> Question {
    let row = tool_table::find(&tool.name);
    let own = tool.ask.as_ref();
    let command = match (own.and_then(|ask| ask.version.as_ref()), row) {
        // Behind eval, so that a command that is no sh fails alone instead of making the whole program a syntax error.
        (Some(command), _) => format!("(eval {})", quote::word(command)),
        (None, Some(row)) => format!("{} \"$tu_path\" {}", row.quietly, row.arguments).trim_start().to_owned(),
        (None, None) => "\"$tu_path\" --version".to_owned(),
    };
    let pattern = own.and_then(|ask| ask.pattern.clone());
    Question {
        subject: tool.name.clone(),
        script: format!("tu_tool {} || return\n{command}", quote::word(&tool.name)),
        limit,
        covers: Covers { items: vec![ItemId::new(Category::Tool, &tool.name)], listings: Vec::new() },
        context: pattern.map_or(Context::None, Context::Pattern),
        settled: None,
    }
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    let id = ItemId::new(Category::Tool, &question.subject);
    let stdout = text(&answer.stdout);
    let Some((path, rest)) = stdout.split_once('\n') else {
        return match answer.code {
            127 => Ok(vec![Sighting::Item(id, Observed::Absent)]),
            _ => Err(failed(&question.subject, answer)),
        };
    };
    let (resolved, told) = rest.split_once('\n').unwrap_or((rest, ""));
    let found = Found::read(path, resolved);
    let path = found.path;
    if answer.code == STAND_IN && told.is_empty() {
        return Err(Why::Stub(format!("{path} is Apple's stand-in for the developer tools, which are not installed")));
    }
    let stderr = text(&answer.stderr);
    let read = match &question.context {
        Context::Pattern(pattern) => by_pattern(pattern, &question.subject, told, &stderr, answer),
        Context::None | Context::Names(_) | Context::Keys(_) => match tool_table::find(&question.subject) {
            Some(row) => by_row(row, told, &stderr, answer),
            None => by_first_token(told, &stderr, &question.subject, answer),
        },
    };
    let (version, product) = read.map_err(|why| shim::explain(&found, &question.subject, why))?;
    let path = Some(found.evidence());
    Ok(vec![Sighting::Item(id, Observed::Present(Fact::Version(VersionFact { version, product, path })))])
}

/// A version and, where another product answers, its name.
type Told = (String, Option<String>);

/// What a pattern finds; the version is empty where the pattern has no group for one.
fn matched(pattern: &str, stdout: &str, stderr: &str) -> Result<Option<String>, Why> {
    let pattern = Regex::new(pattern).map_err(|error| Why::NotUnderstood(error.to_string()))?;
    let Some(groups) = pattern.captures(stdout).or_else(|| pattern.captures(stderr)) else { return Ok(None) };
    if pattern.captures_len() == 1 {
        return Ok(Some(String::new()));
    }
    Ok(groups.iter().skip(1).flatten().next().and_then(|group| version_token::clean(group.as_str())))
}

/// A spec's own pattern is asked first, but another product that is known under the name is still said to be one.
fn by_pattern(pattern: &str, tool: &str, stdout: &str, stderr: &str, answer: &Answer) -> Result<Told, Why> {
    match matched(pattern, stdout, stderr)? {
        Some(version) if may_be_believed(pattern, tool, stdout, stderr, answer) => {
            let others = tool_table::find(tool).map_or(&[][..], |row| row.others);
            let is_this = |other: &&tool_table::Other| matches!(matched(other.pattern, stdout, stderr), Ok(Some(_)));
            Ok((version, others.iter().find(is_this).map(|other| other.product.to_owned())))
        }
        _ => Err(unclear(tool, stdout, stderr, answer)),
    }
}

fn by_row(row: &Row, stdout: &str, stderr: &str, answer: &Answer) -> Result<Told, Why> {
    // Asked for an option that they do not know, some products name themselves and fail.
    let may_be = |other: &&tool_table::Other| answer.code == 0 || (other.refuses && (1..126).contains(&answer.code));
    for other in row.others.iter().filter(may_be) {
        if let Some(version) = matched(other.pattern, stdout, stderr)? {
            return Ok((version, Some(other.product.to_owned())));
        }
    }
    match matched(row.pattern, stdout, stderr)? {
        Some(version) if may_be_believed(row.pattern, row.name, stdout, stderr, answer) => Ok((version, None)),
        _ => {
            bare(stdout, answer).map(|version| (version, None)).ok_or_else(|| unclear(row.name, stdout, stderr, answer))
        }
    }
}

/// Whether what a pattern found is the tool's version. Of a tool that failed, only its version line is: the first line of
/// all, which the pattern matches from its start and which ends behind the version, or goes on with a remark; and only if
/// nothing that it said is a complaint. `git version 2.39.5` before `fatal: …` is none, nor `Terraform v1.5.0 is not
/// installed`. One that a signal ended, or that could not be started, has not said anything.
fn may_be_believed(pattern: &str, tool: &str, stdout: &str, stderr: &str, answer: &Answer) -> bool {
    match answer.code {
        0 => true,
        1..126 => {
            let said = if stdout.trim().is_empty() { stderr } else { stdout };
            let line = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
            let begins = |groups: regex::Captures<'_>| {
                let whole = groups.get(0)?;
                let token = groups.iter().skip(1).flatten().next().unwrap_or(whole);
                let behind = line[token.end()..].trim_start();
                Some(whole.start() == 0 && (behind.is_empty() || behind.starts_with(['(', '[', ','])))
            };
            let matches = Regex::new(pattern).ok().and_then(|pattern| pattern.captures(line).and_then(begins));
            (matches == Some(true) || version_token::of_version_line(line, tool).is_some())
                && !complains(stdout)
                && !complains(stderr)
        }
        _ => false,
    }
}

/// Whether a text says that something went wrong.
fn complains(text: &str) -> bool {
    let text = text.to_lowercase();
    ["fatal", "error", "not installed", "no version is set"].iter().any(|words| text.contains(words))
}

/// A version that is all that a tool said: some builds, and most wrappers, print nothing else.
fn bare(stdout: &str, answer: &Answer) -> Option<String> {
    let word = stdout.trim();
    let is_alone = answer.code == 0 && !word.is_empty() && !word.contains(char::is_whitespace);
    version_token::clean(word).filter(|_| is_alone)
}

/// Of a tool that says it failed, a number anywhere could be part of the complaint (`needs node 18.0`), so only a line
/// that is the tool's version line is believed. Some tools exit with 1 for every option that does no work, and print
/// their version all the same. One that a signal ended, or that could not be started, has not said anything.
fn by_first_token(stdout: &str, stderr: &str, tool: &str, answer: &Answer) -> Result<Told, Why> {
    let said = if stdout.trim().is_empty() { stderr } else { stdout };
    let found = match answer.code {
        0 => version_token::first(stdout).or_else(|| version_token::first(stderr)),
        1..126 if !complains(stdout) && !complains(stderr) => version_token::of_version_line(said, tool),
        _ => None,
    };
    found.map(|version| (version, None)).ok_or_else(|| unclear(tool, stdout, stderr, answer))
}

/// A tool that failed is said to have failed; one that did not is said to be not understood.
fn unclear(tool: &str, stdout: &str, stderr: &str, answer: &Answer) -> Why {
    if answer.code == 0 {
        return not_understood(stdout, stderr);
    }
    let told = Answer { code: answer.code, stdout: stdout.as_bytes().to_owned(), stderr: answer.stderr.clone() };
    failed(tool, &told)
}

fn not_understood(stdout: &str, stderr: &str) -> Why {
    let said = if stdout.trim().is_empty() { stderr } else { stdout };
    Why::NotUnderstood(format!("no version in `{}`", super::first_line(said.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tool: &str, code: i32, stdout: &str, stderr: &str) -> Option<String> {
        let answer = Answer { code, stdout: stdout.as_bytes().to_owned(), stderr: stderr.as_bytes().to_owned() };
        let row = tool_table::find(tool).unwrap();
        by_row(row, stdout, stderr, &answer).ok().map(|(version, _)| version)
    }

    #[test]
    fn a_number_in_what_a_failing_tool_says_is_no_version() {
        let shim = "No version is set for command ruby\nConsider adding one of the following versions\nruby 3.2.2\n";
        assert_eq!(told("ruby", 126, "", shim), None);
        assert_eq!(told("ruby", 1, shim, ""), None);
        assert_eq!(told("terraform", 1, "Terraform v1.5.0 is not installed\n", ""), None);
        assert_eq!(told("git", 128, "git version 2.39.5\n", "fatal: broken install\n"), None);
        assert_eq!(told("git", 1, "git version 2.39.5\nfatal: broken install\n", ""), None);
        assert_eq!(told("git", 139, "git version 2.39.5\n", ""), None);
        assert_eq!(told("git", 0, "git version 2.39.5\n", "").as_deref(), Some("2.39.5"));
        assert_eq!(told("screen", 1, "Screen version 4.09.00 (GNU) 30-Jan-22\n", "").as_deref(), Some("4.09.00"));
        assert_eq!(told("sed", 1, "", "sed: illegal option -- -\nusage: sed\n").as_deref(), Some(""));
        assert_eq!(told("sed", 139, "", "sed: illegal option -- -\nusage: sed\n"), None);
    }

    #[test]
    fn a_pattern_of_the_spec_is_held_to_the_same() {
        let found = |code, stdout: &str| {
            let answer = Answer { code, stdout: stdout.as_bytes().to_owned(), stderr: Vec::new() };
            by_pattern(r"mytool (\S+)", "mytool", stdout, "", &answer).ok().map(|(version, _)| version)
        };
        assert_eq!(found(0, "this is mytool 1.2 for you\n").as_deref(), Some("1.2"));
        assert_eq!(found(1, "mytool 1.2\n").as_deref(), Some("1.2"));
        assert_eq!(found(1, "mytool 1.2 is needed\n"), None);
        assert_eq!(found(126, "mytool 1.2\n"), None);
    }
}
