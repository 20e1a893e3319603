//! Versions of tools, told by the tools themselves, with the path that each name really resolves to.
//!
//! The tool is run, never merely looked for: a half-downloaded folder is no version. Absent means that nothing
//! executable of that name is on PATH in the shell context of the spec.

use std::time::Duration;

use super::shim::{self, Found};
use super::tool_table::{self, Row};
use super::{STAND_IN, failed, text};
use crate::observe::pattern::compiled;
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
    let mut script = format!("tu_tool {} || return\n", quote::word(&tool.name));
    let pattern = own.and_then(|ask| ask.pattern.clone());
    let command = match (own.and_then(|ask| ask.version.as_ref()), row) {
        // Behind eval, so that a command that is no sh fails alone instead of making the whole program a syntax error.
        (Some(command), _) => {
            script += &format!("(eval {})", quote::word(command));
            None
        }
        (None, row) => {
            let (quietly, arguments) = row.map_or(("", "--version"), |row| (row.quietly, row.arguments));
            let command = format!("{quietly} \"$tu_path\" {arguments}").trim_start().to_owned();
            // A pattern of the spec's is looked for on both streams whatever stands on stdout.
            if pattern.is_none() && row.is_none_or(|row| !row.needs_both && row.quietly.is_empty()) {
                Some(command)
            } else {
                script += &command;
                None
            }
        }
    };
    Question {
        subject: tool.name.clone(),
        script,
        command,
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
    let heard = Heard::new(&question.subject, answer.code, told, &stderr);
    let read = match &question.context {
        Context::Pattern(pattern) => by_pattern(pattern, &heard),
        Context::None | Context::Names(_) | Context::Keys(_) => match tool_table::find(&question.subject) {
            Some(row) => by_row(row, &heard),
            None => by_first_token(&heard),
        },
    };
    let (version, product) = read.map_err(|why| shim::explain(&found, &question.subject, why))?;
    let path = Some(found.evidence());
    Ok(vec![Sighting::Item(id, Observed::Present(Fact::Version(VersionFact { version, product, path })))])
}

/// A version and, where another product answers, its name.
type Told = (String, Option<String>);

/// What a tool said, and how it ended.
struct Heard<'a> {
    tool: &'a str,
    code: i32,
    stdout: &'a str,
    stderr: &'a str,
    /// The stream on which it said something, first stdout.
    said: &'a str,
}

impl<'a> Heard<'a> {
    fn new(tool: &'a str, code: i32, stdout: &'a str, stderr: &'a str) -> Self {
        Self { tool, code, stdout, stderr, said: if stdout.trim().is_empty() { stderr } else { stdout } }
    }

    /// What a pattern finds; the version is empty where the pattern has no group for one.
    fn matched(&self, pattern: &str) -> Result<Option<String>, Why> {
        let pattern = compiled(pattern).map_err(|error| Why::NotUnderstood(error.to_string()))?;
        let Some(groups) = pattern.captures(self.stdout).or_else(|| pattern.captures(self.stderr)) else {
            return Ok(None);
        };
        if pattern.captures_len() == 1 {
            return Ok(Some(String::new()));
        }
        Ok(groups.iter().skip(1).flatten().next().and_then(|group| version_token::clean(group.as_str())))
    }

    /// Whether what a pattern found is the tool's version. Of a tool that failed, only its version line is: the first line
    /// of all, which the pattern matches from its start and which ends behind the version, or goes on with a remark; and
    /// only if nothing that it said is a complaint. `git version 2.39.5` before `fatal: …` is none, nor `Terraform v1.5.0
    /// is not installed`. One that a signal ended, or that could not be started, has not said anything.
    fn may_be_believed(&self, pattern: &str) -> bool {
        match self.code {
            0 => true,
            1..126 => {
                let line = self.said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
                let begins = |groups: regex_lite::Captures<'_>| {
                    let whole = groups.get(0)?;
                    let token = groups.iter().skip(1).flatten().next().unwrap_or(whole);
                    let behind = line[token.end()..].trim_start();
                    Some(whole.start() == 0 && (behind.is_empty() || behind.starts_with(['(', '[', ','])))
                };
                let matches = compiled(pattern).ok().and_then(|pattern| pattern.captures(line).and_then(begins));
                (matches == Some(true) || version_token::of_version_line(line, self.tool).is_some())
                    && !self.complains()
            }
            _ => false,
        }
    }

    /// Whether it says that something went wrong.
    fn complains(&self) -> bool {
        [self.stdout, self.stderr].iter().any(|text| {
            let text = text.to_lowercase();
            ["fatal", "error", "not installed", "no version is set"].iter().any(|words| text.contains(words))
        })
    }

    /// A version that is all that the tool said: some builds, and most wrappers, print nothing else.
    fn bare(&self) -> Option<String> {
        let word = self.stdout.trim();
        let is_alone = self.code == 0 && !word.is_empty() && !word.contains(char::is_whitespace);
        version_token::clean(word).filter(|_| is_alone)
    }

    /// A tool that failed is said to have failed; one that did not is said to be not understood.
    fn unclear(&self) -> Why {
        if self.code == 0 {
            return Why::NotUnderstood(format!("no version in `{}`", super::first_line(self.said.as_bytes())));
        }
        let bytes = |text: &str| text.as_bytes().to_owned();
        failed(self.tool, &Answer { code: self.code, stdout: bytes(self.stdout), stderr: bytes(self.stderr) })
    }
}

/// A spec's own pattern is asked first, but another product that is known under the name is still said to be one.
fn by_pattern(pattern: &str, heard: &Heard<'_>) -> Result<Told, Why> {
    match heard.matched(pattern)? {
        Some(version) if heard.may_be_believed(pattern) => {
            let others = tool_table::find(heard.tool).map_or(&[][..], |row| row.others);
            let is_this = |other: &&tool_table::Other| matches!(heard.matched(other.pattern), Ok(Some(_)));
            Ok((version, others.iter().find(is_this).map(|other| other.product.to_owned())))
        }
        _ => Err(heard.unclear()),
    }
}

fn by_row(row: &Row, heard: &Heard<'_>) -> Result<Told, Why> {
    // Asked for an option that they do not know, some products name themselves and fail.
    let may_be = |other: &&tool_table::Other| heard.code == 0 || (other.refuses && (1..126).contains(&heard.code));
    for other in row.others.iter().filter(may_be) {
        if let Some(version) = heard.matched(other.pattern)? {
            return Ok((version, Some(other.product.to_owned())));
        }
    }
    match heard.matched(row.pattern)? {
        Some(version) if heard.may_be_believed(row.pattern) => Ok((version, None)),
        _ => heard.bare().map(|version| (version, None)).ok_or_else(|| heard.unclear()),
    }
}

/// Of a tool that says it failed, a number anywhere could be part of the complaint (`needs node 18.0`), so only a line
/// that is the tool's version line is believed. Some tools exit with 1 for every option that does no work, and print
/// their version all the same. One that a signal ended, or that could not be started, has not said anything.
fn by_first_token(heard: &Heard<'_>) -> Result<Told, Why> {
    let found = match heard.code {
        0 => version_token::first(heard.stdout).or_else(|| version_token::first(heard.stderr)),
        1..126 if !heard.complains() => version_token::of_version_line(heard.said, heard.tool),
        _ => None,
    };
    found.map(|version| (version, None)).ok_or_else(|| heard.unclear())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tool: &str, code: i32, stdout: &str, stderr: &str) -> Option<String> {
        by_row(tool_table::find(tool).unwrap(), &Heard::new(tool, code, stdout, stderr))
            .ok()
            .map(|(version, _)| version)
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
            by_pattern(r"mytool (\S+)", &Heard::new("mytool", code, stdout, "")).ok().map(|(version, _)| version)
        };
        assert_eq!(found(0, "this is mytool 1.2 for you\n").as_deref(), Some("1.2"));
        assert_eq!(found(1, "mytool 1.2\n").as_deref(), Some("1.2"));
        assert_eq!(found(1, "mytool 1.2 is needed\n"), None);
        assert_eq!(found(126, "mytool 1.2\n"), None);
    }
}
