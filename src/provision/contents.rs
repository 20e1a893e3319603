//! The contents of files: those that steps need, from the spec's `source` or the reference, and those that a target
//! has now, for showing what would change.
//!
//! A content is taken only if its digest is still the lock's. Contents never go into a plan.
#![expect(clippy::disallowed_methods, reason = "IO edge: reads the files that are to be put in place")]

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use similar::TextDiff;

use super::program::Contents;
use super::{Plan, Work};
use crate::observe::{Context, Covers, Question, audit};
use crate::spec::redact::{is_secret_path, redact};
use crate::spec::{Digest, Environment, Target, Why};
use crate::transport::{Connection, Surroundings, TransportError, quote};

/// What could be gathered for a plan.
#[derive(Debug, Default)]
pub struct Gathered {
    pub(super) contents: Contents,
    /// By path, why its content is not there.
    pub(super) refused: BTreeMap<String, String>,
}

/// Gathers the contents that the plans' steps need.
pub fn gather(plans: &[Plan], environment: &Environment, reference: &Target, surroundings: &Surroundings) -> Gathered {
    let mut gathered = Gathered::default();
    let mut wanted: BTreeMap<String, Digest> = BTreeMap::new();
    for step in plans.iter().flat_map(|plan| &plan.steps) {
        if let Work::PutFile { path, digest, .. } = &step.work {
            wanted.insert(path.clone(), digest.clone());
        }
    }
    if let Some(source) = &environment.dotfiles.source {
        wanted.retain(|path, digest| match from_source(source, path) {
            Ok(bytes) if Digest::of(&bytes) == *digest => gathered.contents.insert(digest.clone(), bytes).is_some(),
            // The reference's own file may still be what was captured.
            Ok(_) | Err(_) => true,
        });
        wanted.retain(|_, digest| !gathered.contents.contains_key(digest));
    }
    if !wanted.is_empty() {
        from_reference(&mut gathered, &wanted, environment, reference, surroundings);
    }
    gathered
}

fn from_source(source: &Path, path: &str) -> io::Result<Vec<u8>> {
    std::fs::read(source.join(path))
}

fn from_reference(
    gathered: &mut Gathered,
    wanted: &BTreeMap<String, Digest>,
    environment: &Environment,
    reference: &Target,
    surroundings: &Surroundings,
) {
    let paths: Vec<&str> = wanted.keys().map(String::as_str).collect();
    let read = Connection::open(reference, environment.shell, surroundings)
        .and_then(|mut connection| read_files(&mut connection, &paths, environment));
    let answers = match read {
        Ok(answers) => answers,
        Err(error) => {
            let why = format!("its content cannot be had from the reference: {error}");
            gathered.refused.extend(wanted.keys().map(|path| (path.clone(), why.clone())));
            return;
        }
    };
    for ((path, digest), answer) in wanted.iter().zip(answers) {
        match answer {
            Ok(Some(bytes)) if Digest::of(&bytes) == *digest => {
                gathered.contents.insert(digest.clone(), bytes);
            }
            Ok(_) => {
                let why = "the reference's file is no longer what was captured; run `trueup capture`";
                gathered.refused.insert(path.clone(), why.to_owned());
            }
            Err(why) => {
                gathered.refused.insert(path.clone(), format!("its content cannot be had from the reference: {why}"));
            }
        }
    }
}

/// The exit code with which a question says that no regular file is there.
const NO_FILE: i32 = 44;

/// What a file holds; none if there is no regular file.
type FileContent = Result<Option<Vec<u8>>, Why>;

/// The contents of files on a machine, in one round trip; none where there is no regular file. They travel as
/// hexadecimal digits, which every shell and every stream keeps as they are.
fn read_files(
    connection: &mut Connection,
    paths: &[&str],
    environment: &Environment,
) -> Result<Vec<FileContent>, TransportError> {
    let question = |path: &&str| {
        let place = if path.starts_with('/') { (*path).to_owned() } else { format!("./{path}") };
        let place = quote::word(&place);
        Question {
            subject: (*path).to_owned(),
            script: format!("cd || return\n[ -f {place} ] || return {NO_FILE}\nod -An -v -tx1 {place}"),
            limit: environment.limits.probe,
            covers: Covers::default(),
            context: Context::None,
        }
    };
    let questions: Vec<Question> = paths.iter().map(question).collect();
    let answers = audit::ask(connection, &questions)?;
    Ok(answers
        .into_iter()
        .map(|answer| {
            let answer = answer?;
            match answer.code {
                0 => hexadecimal(&answer.stdout).map(Some),
                NO_FILE => Ok(None),
                code => {
                    let message = String::from_utf8_lossy(&answer.stderr).trim().to_owned();
                    Err(Why::Failed { command: "od".to_owned(), code, message })
                }
            }
        })
        .collect())
}

fn hexadecimal(digits: &[u8]) -> Result<Vec<u8>, Why> {
    let text = String::from_utf8_lossy(digits);
    text.split_ascii_whitespace()
        .map(|pair| u8::from_str_radix(pair, 16).map_err(|_| Why::NotUnderstood(format!("`{pair}` is not a byte"))))
        .collect()
}

/// Adds to each step that puts a text file in place what it changes there, secrets redacted.
pub fn add_diffs(
    plan: &mut Plan,
    gathered: &Gathered,
    connection: &mut Connection,
    environment: &Environment,
) -> Result<(), TransportError> {
    let mut shown: Vec<(usize, String)> = Vec::new();
    for (place, step) in plan.steps.iter().enumerate() {
        if let Work::PutFile { path, .. } = &step.work
            && !is_secret_path(path)
        {
            shown.push((place, path.clone()));
        }
    }
    if shown.is_empty() {
        return Ok(());
    }
    let paths: Vec<&str> = shown.iter().map(|(_, path)| path.as_str()).collect();
    let now = read_files(connection, &paths, environment)?;
    for ((place, path), now) in shown.iter().zip(now) {
        let step = &mut plan.steps[*place];
        let Work::PutFile { digest, .. } = &step.work else { continue };
        let (Ok(now), Some(new)) = (now, gathered.contents.get(digest)) else { continue };
        let (Ok(now), Ok(new)) = (String::from_utf8(now.unwrap_or_default()), String::from_utf8(new.clone())) else {
            continue;
        };
        let (now, new) = (redact(&now), redact(&new));
        let diff = TextDiff::from_lines(&now, &new);
        let text =
            diff.unified_diff().context_radius(3).header(&format!("now/{path}"), &format!("new/{path}")).to_string();
        step.diff = Some(text).filter(|text| !text.is_empty());
    }
    Ok(())
}
