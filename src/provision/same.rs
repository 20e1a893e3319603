//! Steps that make a file what it is on the reference, once the two machines have said what it is: a plan names what is put
//! in place by its digest, and says nothing of files that are the same.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::Selection;
use super::work::FileWork;
use super::{Action, Plan, Step, Unmet, Work};
use crate::observe::audit;
use crate::observe::{Answer, Covers, Question};
use crate::spec::{Digest, Environment, Mode, Why};
use crate::transport::{Connection, TransportError, quote};

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    File {
        mode: Mode,
        digest: Digest,
    },
    Link {
        to: String,
    },
    /// A folder, or something that is not carried.
    Other,
}

/// What a machine has at some paths; why that is not known, for each that could not be told.
pub type Seen = BTreeMap<String, Result<SeenAt, String>>;

/// What a machine has at one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenAt(Found);

/// The paths that a plan is not settled on.
pub fn paths(plan: &Plan) -> BTreeSet<&str> {
    let works = plan.steps.iter().map(|step| &step.work);
    works
        .filter_map(|work| match work {
            Work::File(FileWork::Same { path }) => Some(path.as_str()),
            _ => None,
        })
        .collect()
}

const SCRIPT: &str = include_str!("same.sh");

/// Asks a machine, in one round trip.
pub fn look(
    connection: &mut Connection,
    paths: &BTreeSet<&str>,
    environment: &Environment,
) -> Result<Seen, TransportError> {
    let question = |path: &&str| {
        let ask = format!("{SCRIPT}\n{}", quote::words(["tu_same", &quote::place(path)]));
        Question::new(*path, ask, environment.limits.probe, Covers::default())
    };
    let questions: Vec<Question> = paths.iter().map(question).collect();
    let answers = audit::ask(connection, &questions)?;
    let read = |answer: Result<Answer, Why>| answer.and_then(|answer| read(&answer)).map_err(|why| why.to_string());
    Ok(paths.iter().map(|path| (*path).to_owned()).zip(answers.into_iter().map(read)).collect())
}

fn read(answer: &Answer) -> Result<SeenAt, Why> {
    let said = String::from_utf8_lossy(&answer.stdout).into_owned();
    let (first, rest) = said.split_once('\n').unwrap_or((&said, ""));
    let not_understood = || Why::NotUnderstood(format!("asked what is there, it said `{first}`"));
    let found = match first.split(' ').collect::<Vec<_>>().as_slice() {
        ["none"] => Found::Nothing,
        ["other"] => Found::Other,
        ["link"] => Found::Link { to: rest.strip_suffix('\n').unwrap_or(rest).to_owned() },
        ["file", mode, hex] => Found::File {
            mode: Mode::parse(mode).ok_or_else(not_understood)?,
            digest: Digest::from_hex(hex).ok_or_else(not_understood)?,
        },
        _ => return Err(not_understood()),
    };
    Ok(SeenAt(found))
}

/// Settles a plan's drafts by what both machines have. What is the same is no step; what cannot be made the same is named.
pub fn settle(plan: &mut Plan, reference: &Seen, target: &Seen, selection: &Selection) {
    let mut left: Vec<(Step, Option<String>)> = Vec::new();
    plan.steps = std::mem::take(&mut plan.steps)
        .into_iter()
        .filter_map(|mut step| {
            let Work::File(FileWork::Same { path }) = &step.work else { return Some(step) };
            match settled(path, reference.get(path), target.get(path), selection) {
                Ok(Some((action, work))) => {
                    step.action = action;
                    step.work = Work::File(work);
                    Some(step)
                }
                Ok(None) => {
                    left.push((step, None));
                    None
                }
                Err(why) => {
                    left.push((step, Some(why)));
                    None
                }
            }
        })
        .collect();
    for (step, why) in left {
        for finding in step.findings {
            let is_met = plan.steps.iter().any(|step| step.findings.contains(&finding));
            if is_met || plan.unmet.iter().any(|one| one.finding == finding) {
                continue;
            }
            let why = why.clone().unwrap_or_else(|| {
                format!(
                    "the files that decide it are the reference's already; see what else does: trueup check {} --explain \
                     {finding}",
                    plan.target
                )
            });
            plan.unmet.push(Unmet { finding, why });
        }
    }
}

fn settled(
    path: &str,
    reference: Option<&Result<SeenAt, String>>,
    target: Option<&Result<SeenAt, String>>,
    selection: &Selection,
) -> Result<Option<(Action, FileWork)>, String> {
    let known = |seen: Option<&Result<SeenAt, String>>, whose: &str| match seen {
        Some(Ok(SeenAt(found))) => Ok(found.clone()),
        Some(Err(why)) => Err(format!("what {path} is on the {whose} is not known: {why}")),
        None => Err(format!("what {path} is on the {whose} is not known")),
    };
    let (want, got) = (known(reference, "reference")?, known(target, "target")?);
    if want == got {
        return Ok(None);
    }
    let action = if got == Found::Nothing { Action::Create } else { Action::Change };
    let path = path.to_owned();
    match (want, got) {
        (_, Found::Other) => Err(format!("{path} is a folder there, or nothing that is replaced; move it away")),
        (Found::Other, _) => Err(format!("{path} is a folder on the reference, or nothing that is carried")),
        (Found::File { mode, digest }, _) => Ok(Some((action, FileWork::PutFile { path, mode, digest }))),
        (Found::Link { to }, _) => Ok(Some((action, FileWork::PutLink { path, to }))),
        (Found::Nothing, _) if selection.prune => Ok(Some((Action::Remove, FileWork::Remove { path }))),
        (Found::Nothing, _) => Err(format!("the reference has no {path}; extras are removed only with --prune")),
    }
}
