//! Versions of tools, told by the tools themselves, with the path that each name really resolves to.
//!
//! The tool is run, never merely looked for: a half-downloaded folder is no version. Absent means that nothing
//! executable of that name is on PATH in the shell context of the spec.

use regex::Regex;

use super::tool_table::{ROWS, Row};
use super::{failed, text};
use crate::observe::version_token;
use crate::observe::{Answer, Context, Covers, Probe, Question, Sighting};
use crate::spec::{Category, Environment, Fact, ItemId, Observed, Tool, VersionFact, Why};
use crate::transport::quote;

pub(super) const PROBE: Probe =
    Probe { name: "tool", doc: "versions of tools on PATH, and where they resolve to", manager: None, ask, read };

/// The exit code with which the runtime refuses to start one of Apple's stand-ins.
const STAND_IN: i32 = 69;

fn ask(environment: &Environment) -> Vec<Question> {
    environment.tools.iter().map(|tool| question(tool, environment)).collect()
}

fn question(tool: &Tool, environment: &Environment) -> Question {
    let row = ROWS.iter().find(|row| row.name == tool.name);
    let own = tool.ask.as_ref();
    let command = match (own.and_then(|ask| ask.version.as_ref()), row) {
        // Behind eval, so that a command that is no sh fails alone instead of making the whole program a syntax error.
        (Some(command), _) => format!("(eval {})", quote::word(command)),
        (None, Some(row)) => format!("\"$tu_path\" {}", row.arguments),
        (None, None) => "\"$tu_path\" --version".to_owned(),
    };
    let pattern = own.and_then(|ask| ask.pattern.clone());
    Question {
        subject: tool.name.clone(),
        script: format!("tu_tool {} || return\n{command}", quote::word(&tool.name)),
        limit: environment.limits.probe,
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
    if answer.code == STAND_IN && told.is_empty() {
        return Err(Why::Stub(format!("{path} is Apple's stand-in for the developer tools, which are not installed")));
    }
    let stderr = text(&answer.stderr);
    let (version, product) = match &question.context {
        Context::Pattern(pattern) => (by_pattern(pattern, told, &stderr)?, None),
        Context::None | Context::Names(_) | Context::Keys(_) => {
            match ROWS.iter().find(|row| row.name == question.subject) {
                Some(row) => by_row(row, told, &stderr, answer)?,
                None => (by_first_token(told, &stderr, &question.subject, answer)?, None),
            }
        }
    };
    let path = Some(if resolved == path { path.to_owned() } else { format!("{path} -> {resolved}") });
    Ok(vec![Sighting::Item(id, Observed::Present(Fact::Version(VersionFact { version, product, path })))])
}

fn matched(pattern: &str, stdout: &str, stderr: &str) -> Result<Option<String>, Why> {
    let pattern = Regex::new(pattern).map_err(|error| Why::NotUnderstood(error.to_string()))?;
    let found = pattern.captures(stdout).or_else(|| pattern.captures(stderr));
    Ok(found.and_then(|groups| groups.get(1)).and_then(|group| version_token::clean(group.as_str())))
}

fn by_pattern(pattern: &str, stdout: &str, stderr: &str) -> Result<String, Why> {
    matched(pattern, stdout, stderr)?.ok_or_else(|| not_understood(stdout, stderr))
}

fn by_row(row: &Row, stdout: &str, stderr: &str, answer: &Answer) -> Result<(String, Option<String>), Why> {
    if let Some(version) = matched(row.pattern, stdout, stderr)? {
        return Ok((version, None));
    }
    for other in row.others {
        if let Some(version) = matched(other.pattern, stdout, stderr)? {
            return Ok((version, Some(other.product.to_owned())));
        }
    }
    Err(unclear(row.name, stdout, stderr, answer))
}

fn by_first_token(stdout: &str, stderr: &str, tool: &str, answer: &Answer) -> Result<String, Why> {
    let found = (answer.code == 0).then(|| version_token::first(stdout).or_else(|| version_token::first(stderr)));
    found.flatten().ok_or_else(|| unclear(tool, stdout, stderr, answer))
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
