//! The contents of files: those that steps need, made by templates, kept, from the spec's `source` or from the reference,
//! and those that a target has now, for showing what would change.
//!
//! A content is taken only if its digest is still the lock's. Contents never go into a plan.

use std::collections::BTreeMap;

use similar::TextDiff;

use super::program::Contents;
use super::services;
use super::work::FileWork;
use super::{Plan, Work};
use crate::observe::{Answer, Covers, Question, audit, from_od};
use crate::spec::secrets::{is_secret_path, of_file};
use crate::spec::{Compare, Digest, Environment, Target, Why, at_hand};
use crate::transport::{Connection, Surroundings, TransportError, quote};

/// What could be gathered for a plan.
#[derive(Debug, Default)]
pub struct Gathered {
    pub(super) contents: Contents,
    /// By path, why its content is not there.
    pub(super) refused: BTreeMap<String, String>,
}

/// Contents that were made of what the target has.
#[derive(Clone, Debug, Default)]
pub struct Made(Contents);

impl Made {
    pub(super) fn add(&mut self, content: Vec<u8>) {
        self.0.insert(Digest::of(&content), content);
    }
}

impl Gathered {
    /// With what was made before.
    pub fn and<'a>(mut self, made: impl IntoIterator<Item = &'a Made>) -> Self {
        self.contents.extend(made.into_iter().flat_map(|made| made.0.clone()));
        self
    }
}

/// Gathers the contents that the plans' steps need.
pub fn gather(plans: &[Plan], environment: &Environment, reference: &Target, surroundings: &Surroundings) -> Gathered {
    let mut gathered = Gathered::default();
    let mut wanted: BTreeMap<String, Digest> = BTreeMap::new();
    for step in plans.iter().flat_map(|plan| &plan.steps) {
        if let Work::File(FileWork::PutFile { path, digest, .. }) = &step.work {
            wanted.insert(path.clone(), digest.clone());
        }
    }
    for plan in plans {
        gathered.contents.extend(made_by_templates(environment, plan));
        services::gather(&mut gathered, plan, environment);
    }
    wanted.retain(|path, digest| {
        if !gathered.contents.contains_key(digest)
            && let Some(bytes) = at_hand(environment, path, digest)
        {
            gathered.contents.insert(digest.clone(), bytes);
        }
        !gathered.contents.contains_key(digest)
    });
    if !wanted.is_empty() {
        from_reference(&mut gathered, &wanted, environment, reference, surroundings);
    }
    gathered
}

/// The files that templates make for a plan's machine.
fn made_by_templates(environment: &Environment, plan: &Plan) -> Contents {
    let Some(target) = environment.target(&plan.target) else { return Contents::new() };
    let templates = environment.dotfiles.entries.iter().filter_map(|entry| match &entry.compare {
        Compare::Template(template) => template.as_ref(),
        Compare::Content | Compare::Keys(_) => None,
    });
    // One that cannot be rendered wants nothing either: its finding is unknown.
    let made = templates.filter_map(|template| template.render(target, &plan.machine).ok()).map(String::into_bytes);
    made.map(|bytes| (Digest::of(&bytes), bytes)).collect()
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
        .and_then(|mut connection| read_files(&mut connection, &paths, LARGEST, environment));
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
pub(super) type FileContent = Result<Option<Vec<u8>>, String>;

/// How much of a file is asked for by one question: as hexadecimal digits it stays below what one question may print.
const PIECE: usize = 256 << 10;

/// How much is asked for in one round trip, to stay below what one machine may print.
const PIECES_AT_ONCE: usize = 48;

/// Files larger than this are not carried.
pub(super) const LARGEST: usize = 16 << 20;

/// Files larger than this are not compared line by line.
pub(super) const LARGEST_SHOWN: usize = 1 << 20;

/// The contents of files on a machine; none where there is no regular file. One round trip tells their sizes, the next
/// ones bring them in pieces. They travel as hexadecimal digits, which every shell and every stream keeps as they are.
pub(super) fn read_files(
    connection: &mut Connection,
    paths: &[&str],
    largest: usize,
    environment: &Environment,
) -> Result<Vec<FileContent>, TransportError> {
    let question = |path: &str, command: String| {
        Question::new(
            path,
            format!("cd || return\n[ -f {} ] || return {NO_FILE}\n{command}", quote::word(&quote::place(path))),
            environment.limits.probe,
            Covers::default(),
        )
    };
    let sizes: Vec<Question> =
        paths.iter().map(|path| question(path, format!("wc -c <{}", quote::word(&quote::place(path))))).collect();
    let mut contents: Vec<FileContent> = Vec::new();
    let mut pieces: Vec<(usize, Question)> = Vec::new();
    for (file, (path, answer)) in paths.iter().zip(audit::ask(connection, &sizes)?).enumerate() {
        let size = said(answer, "wc").and_then(|said| said.map(|said| size(&said)).transpose());
        contents.push(match size {
            Ok(Some(size)) if size > largest => Err(format!("it is larger than {} MiB", largest >> 20)),
            Ok(Some(size)) => {
                pieces.extend((0..size.div_ceil(PIECE)).map(|piece| {
                    let input = quote::word(&format!("if={}", quote::place(path)));
                    let command = format!("dd {input} bs={PIECE} skip={piece} count=1 2>/dev/null | od -An -v -tx1");
                    (file, question(path, command))
                }));
                Ok(Some(Vec::with_capacity(size)))
            }
            Ok(None) => Ok(None),
            Err(why) => Err(why),
        });
    }
    for some in pieces.chunks(PIECES_AT_ONCE) {
        let questions: Vec<Question> = some.iter().map(|(_, question)| question.clone()).collect();
        for ((file, _), answer) in some.iter().zip(audit::ask(connection, &questions)?) {
            let piece = said(answer, "od").and_then(|said| said.map(|said| hexadecimal(&said)).transpose());
            let content = &mut contents[*file];
            match (content.as_mut(), piece) {
                (Ok(Some(bytes)), Ok(Some(piece))) => bytes.extend(piece),
                (Ok(_), Ok(None)) => *content = Err("it went away while it was read".to_owned()),
                (Ok(_), Err(why)) => *content = Err(why),
                (Ok(None) | Err(_), _) => {}
            }
        }
    }
    Ok(contents)
}

/// What a question about a file was answered; none where there is no file.
fn said(answer: Result<Answer, Why>, command: &str) -> FileContent {
    let answer = answer.map_err(|why| why.to_string())?;
    match answer.code {
        0 => Ok(Some(answer.stdout)),
        NO_FILE => Ok(None),
        code => {
            let message = String::from_utf8_lossy(&answer.stderr).trim().to_owned();
            Err(Why::Failed { command: command.to_owned(), code, message }.to_string())
        }
    }
}

fn size(said: &[u8]) -> Result<usize, String> {
    let said = String::from_utf8_lossy(said);
    said.trim().parse().map_err(|_| format!("`{}` is not a size", said.trim()))
}

fn hexadecimal(digits: &[u8]) -> Result<Vec<u8>, String> {
    from_od(digits).ok_or_else(|| "what od printed is not hexadecimal".to_owned())
}

/// Which way a diff is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facing {
    /// From what is there now to what will be: what a step changes.
    Change,
    /// From the reference to the machine: what `check` tells.
    Difference,
}

/// In place of the diff of what nobody is to see. `check` says the same, by the same judge.
pub(super) const WITHHELD: &str = "what it holds looks secret, so no difference is shown\n";

/// Adds to each step that puts a text file in place what differs there, unless either side looks secret.
pub fn add_diffs(
    plan: &mut Plan,
    gathered: &Gathered,
    connection: &mut Connection,
    environment: &Environment,
    facing: Facing,
) -> Result<(), TransportError> {
    let target = plan.target.clone();
    let mut shown: Vec<(usize, String)> = Vec::new();
    for (place, step) in plan.steps.iter_mut().enumerate() {
        let Some((path, _)) = step.work.shows() else { continue };
        if is_secret_path(path) {
            step.diff = Some(WITHHELD.to_owned());
        } else {
            shown.push((place, path.to_owned()));
        }
    }
    if shown.is_empty() {
        return Ok(());
    }
    let paths: Vec<&str> = shown.iter().map(|(_, path)| path.as_str()).collect();
    let now = read_files(connection, &paths, LARGEST_SHOWN, environment)?;
    for ((place, path), now) in shown.iter().zip(now) {
        let step = &mut plan.steps[*place];
        let Some((_, digest)) = step.work.shows() else { continue };
        let (Ok(now), Some(new)) = (now, gathered.contents.get(digest)) else { continue };
        let now = now.unwrap_or_default();
        if of_file(path, &now).or_else(|| of_file(path, new)).is_some() {
            step.diff = Some(WITHHELD.to_owned());
            continue;
        }
        let (Ok(now), Ok(new)) = (std::str::from_utf8(&now), std::str::from_utf8(new)) else { continue };
        let (old, old_name, new, new_name) = match facing {
            Facing::Change => (now, format!("now/{path}"), new, format!("new/{path}")),
            Facing::Difference => (new, format!("reference/{path}"), now, format!("{target}/{path}")),
        };
        let diff = TextDiff::from_lines(old, new);
        let text = diff.unified_diff().context_radius(3).header(&old_name, &new_name).to_string();
        step.diff = Some(text).filter(|text| !text.is_empty());
    }
    Ok(())
}
