//! Steps that make something what it is on the reference, once the two machines have said what it is: a plan names what is put
//! in place by its digest, and says nothing of what is the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::plan::Selection;
use super::work::{CommittedFile, Executable, FileWork, RepoWork};
use super::{Action, Plan, Step, Unmet, Work};
use crate::observe::audit;
use crate::observe::{Answer, Covers, Question};
use crate::spec::{Digest, Environment, ItemId, Mode, Why};
use crate::transport::{Connection, TransportError, quote};

/// What a step is about as long as nobody has asked the two machines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Draft {
    /// It is to be what it is on the reference, and gone if it is not there.
    Same {
        /// Its place, relative to the home or absolute.
        path: String,
    },
    /// It is to be gone if it is not on the reference.
    Gone {
        /// Its place, relative to the home or absolute.
        path: String,
    },
    /// What is committed is to be what is committed on the reference.
    Committed {
        /// The repository's place.
        repo: String,
        /// The file in it.
        path: String,
    },
}

/// What is at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    File {
        mode: Mode,
        digest: Digest,
    },
    Link {
        to: String,
    },
    Folder,
    /// Something that is not carried.
    Other,
}

/// What a machine has where drafts are about it; why that is not known, for each that could not be told.
pub type Seen = BTreeMap<Draft, Result<SeenAt, String>>;

/// What a machine has at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenAt(pub(super) Found);

/// What a plan is not settled on.
pub fn drafts(plan: &Plan) -> BTreeSet<&Draft> {
    plan.steps.iter().filter_map(|step| draft_of(step)).collect()
}

fn draft_of(step: &Step) -> Option<&Draft> {
    match &step.work {
        Work::Draft(draft) => Some(draft),
        _ => None,
    }
}

const SCRIPT: &str = include_str!("same.sh");

/// Asks a machine, in one round trip.
pub fn look(
    connection: &mut Connection,
    drafts: &BTreeSet<&Draft>,
    environment: &Environment,
) -> Result<Seen, TransportError> {
    let question = |draft: &&Draft| {
        let (subject, ask) = match draft {
            Draft::Same { path } | Draft::Gone { path } => (path, quote::words(["tu_same", &quote::place(path)])),
            Draft::Committed { repo, path } => (path, quote::words(["tu_same_commit", &quote::place(repo), path])),
        };
        Question::new(subject, format!("{SCRIPT}\n{ask}"), environment.limits.probe, Covers::default())
    };
    let questions: Vec<Question> = drafts.iter().map(question).collect();
    let answers = audit::ask(connection, &questions)?;
    let read = |answer: Result<Answer, Why>| answer.and_then(|answer| read(&answer)).map_err(|why| why.to_string());
    Ok(drafts.iter().map(|draft| (*draft).clone()).zip(answers.into_iter().map(read)).collect())
}

fn read(answer: &Answer) -> Result<SeenAt, Why> {
    let said = String::from_utf8_lossy(&answer.stdout).into_owned();
    let (first, rest) = said.split_once('\n').unwrap_or((&said, ""));
    let not_understood = || Why::NotUnderstood(format!("asked what is there, it said `{first}`"));
    let found = match first.split(' ').collect::<Vec<_>>().as_slice() {
        ["none"] => Found::Nothing,
        ["other"] => Found::Other,
        ["folder"] => Found::Folder,
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
    let mut steps: Vec<Step> = Vec::new();
    for step in std::mem::take(&mut plan.steps) {
        let Some(draft) = draft_of(&step) else {
            steps.push(step);
            continue;
        };
        match settled(draft, reference.get(draft), target.get(draft), selection) {
            Ok(works) if works.is_empty() => left.push((step, None)),
            Ok(works) => {
                steps.extend(works.into_iter().map(|(action, work)| Step { action, work, ..step.clone() }));
            }
            Err(why) => left.push((step, Some(why))),
        }
    }
    one_commit_each(&mut steps);
    leave_out_what_comes_at_last(&mut steps);
    plan.steps = steps;
    for (step, why) in left {
        if step.tentative {
            continue;
        }
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

/// All files that one repository commits go into one commit, behind what brings them.
fn one_commit_each(steps: &mut Vec<Step>) {
    let (commits, mut others): (Vec<Step>, Vec<Step>) =
        std::mem::take(steps).into_iter().partition(|step| matches!(step.work, Work::Repo(RepoWork::Commit { .. })));
    let mut joint: Vec<Step> = Vec::new();
    for step in commits {
        let known = joint.iter_mut().find(|known| known.subject == step.subject);
        match (known, step) {
            (Some(Step { work: Work::Repo(RepoWork::Commit { files, .. }), findings, .. }), step) => {
                findings.extend(step.findings.into_iter().filter(|id| !findings.contains(id)).collect::<Vec<_>>());
                let Work::Repo(RepoWork::Commit { files: more, .. }) = step.work else { continue };
                files.extend(more.into_iter().filter(|file| !files.contains(file)).collect::<Vec<_>>());
            }
            (_, step) => joint.push(step),
        }
    }
    others.append(&mut joint);
    *steps = others;
}

/// What a repository's packages are made of is brought anew only where nothing else is to be done in it.
fn leave_out_what_comes_at_last(steps: &mut Vec<Step>) {
    let place = |step: &Step| match &step.work {
        Work::Repo(work) => Some(work.repo().trim_start_matches("~/").to_owned()),
        Work::File(work) => Some(work.path().to_owned()),
        _ => None,
    };
    let others: Vec<(Option<String>, Vec<ItemId>)> =
        steps.iter().filter(|step| !step.at_last).map(|step| (place(step), step.findings.clone())).collect();
    steps.retain(|step| {
        let Some(repo) = place(step).filter(|_| step.at_last) else { return true };
        let is_in_repo =
            |path: &String| path.strip_prefix(&repo).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        !others.iter().any(|(path, findings)| {
            path.as_ref().is_some_and(is_in_repo) || findings.iter().any(|id| step.findings.contains(id))
        })
    });
}

fn settled(
    draft: &Draft,
    reference: Option<&Result<SeenAt, String>>,
    target: Option<&Result<SeenAt, String>>,
    selection: &Selection,
) -> Result<Vec<(Action, Work)>, String> {
    let (Draft::Same { path } | Draft::Gone { path } | Draft::Committed { path, .. }) = draft;
    let known = |seen: Option<&Result<SeenAt, String>>, whose: &str| match seen {
        Some(Ok(SeenAt(found))) => Ok(found.clone()),
        Some(Err(why)) => Err(format!("what {path} is on the {whose} is not known: {why}")),
        None => Err(format!("what {path} is on the {whose} is not known")),
    };
    let (want, got) = (known(reference, "reference")?, known(target, "target")?);
    if want == got {
        return Ok(Vec::new());
    }
    let action = match (&want, &got) {
        (Found::Nothing, _) => Action::Remove,
        (_, Found::Nothing) => Action::Create,
        _ => Action::Change,
    };
    if want == Found::Nothing && !selection.prune {
        return Err(format!("the reference has no {path}; extras are removed only with --prune"));
    }
    match draft {
        Draft::Committed { repo, path } => {
            let content = match want {
                Found::Nothing => None,
                Found::File { mode, digest } => Some((Executable(mode.0 & 0o111 != 0), digest)),
                _ => return Err(format!("{path} is no plain file in what the reference has committed")),
            };
            let files = vec![CommittedFile { path: path.clone(), content }];
            Ok(vec![(Action::Change, Work::Repo(RepoWork::Commit { repo: repo.clone(), files }))])
        }
        Draft::Gone { .. } if want != Found::Nothing => Ok(Vec::new()),
        Draft::Same { path } | Draft::Gone { path } => placed(path, want, &got, action),
    }
}

/// What puts something in place of what is there.
fn placed(path: &str, want: Found, got: &Found, action: Action) -> Result<Vec<(Action, Work)>, String> {
    let path = path.to_owned();
    let aside = match got {
        Found::Other => return Err(format!("{path} is nothing there that is replaced; move it away")),
        Found::Folder => Some((Action::Remove, Work::File(FileWork::MoveAside { path: path.clone() }))),
        _ => None,
    };
    let put = match want {
        Found::File { mode, digest } => FileWork::PutFile { path, mode, digest },
        Found::Link { to } => FileWork::PutLink { path, to },
        Found::Nothing if aside.is_some() => return Ok(aside.into_iter().collect()),
        Found::Nothing => FileWork::Remove { path },
        Found::Folder | Found::Other => return Err(format!("{path} is nothing on the reference that is carried")),
    };
    Ok(aside.into_iter().chain([(action, Work::File(put))]).collect())
}
