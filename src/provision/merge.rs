//! Steps that bring the reference's keys into settings files that hold more: what they make of a file depends on what is in it, so
//! both machines are asked for it before the plan is shown.
//!
//! The plan names what comes out by its digest, and what it was made of by another: a file that has moved on since is left alone.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::contents::{LARGEST, Made, read_files};
use super::same::{self, Draft, Found, Seen};
use super::work::FileWork;
use super::{Action, Plan, Step, Unmet, Work};
use crate::spec::secrets::is_secret_path;
use crate::spec::{Compare, Digest, Environment, ItemId, Keys, Mode, Target, blank, candidates, key_digests};
use crate::transport::{Connection, Surroundings, TransportError};

/// What a step is about as long as nobody has read the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename = "merge")]
pub struct Merge {
    /// Its place, relative to the home or absolute.
    pub path: String,
    /// What the owned keys are to hold.
    pub wanted: BTreeMap<String, Digest>,
    /// The permission bits that the spec asks for.
    pub mode: Option<Mode>,
}

/// What a file is, and what it holds.
type Here = Result<(Found, Vec<u8>), String>;

/// Settles a plan's merges, and gives the contents that they make. What cannot be merged is named.
pub fn settle(
    plan: &mut Plan,
    target: Option<&mut Connection>,
    environment: &Environment,
    reference: &Target,
    surroundings: &Surroundings,
) -> Made {
    let mut made = Made::default();
    let paths: BTreeSet<String> = plan.steps.iter().filter_map(merge_of).map(|merge| merge.path.clone()).collect();
    if paths.is_empty() {
        return made;
    }
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let all = |why: String| -> BTreeMap<String, Here> {
        paths.iter().map(|path| ((*path).to_owned(), Err(why.clone()))).collect()
    };
    let there = Connection::open(reference, environment.shell, surroundings)
        .and_then(|mut connection| read(&mut connection, &paths, environment))
        .unwrap_or_else(|error| all(error.to_string()));
    let here = match target {
        Some(connection) => read(connection, &paths, environment).unwrap_or_else(|error| all(error.to_string())),
        None => all("it could not be reached".to_owned()),
    };
    for step in std::mem::take(&mut plan.steps) {
        let Some(merge) = merge_of(&step) else {
            plan.steps.push(step);
            continue;
        };
        let item = step.findings.first();
        let merged = match (item.and_then(|id| keys_of(environment, id)), there.get(&merge.path), here.get(&merge.path))
        {
            (Some(keys), Some(there), Some(here)) => merged(merge, keys, there, here, environment),
            _ => Err("its keys are not known".to_owned()),
        };
        match merged {
            Ok(None) => {}
            Ok(Some((action, work, content))) => {
                made.add(content);
                plan.steps.push(Step { action, work: Work::File(work), ..step });
            }
            Err(why) => {
                plan.unmet.extend(step.findings.into_iter().map(|finding| Unmet { finding, why: why.clone() }));
            }
        }
    }
    made
}

fn merge_of(step: &Step) -> Option<&Merge> {
    match &step.work {
        Work::Merge(merge) => Some(merge),
        _ => None,
    }
}

fn keys_of<'a>(environment: &'a Environment, id: &ItemId) -> Option<&'a Keys> {
    match &environment.dotfile(id)?.compare {
        Compare::Keys(keys) => Some(keys),
        Compare::Content | Compare::Template(_) => None,
    }
}

/// What stands at these places on a machine.
fn read(
    connection: &mut Connection,
    paths: &[&str],
    environment: &Environment,
) -> Result<BTreeMap<String, Here>, TransportError> {
    let drafts: Vec<Draft> = paths.iter().map(|path| Draft::Same { path: (*path).to_owned() }).collect();
    let seen: Seen = same::look(connection, &drafts.iter().collect(), environment)?;
    let contents = read_files(connection, paths, LARGEST, environment)?;
    let joined = drafts.iter().zip(paths).zip(contents).map(|((draft, path), content)| {
        let found = seen.get(draft).cloned().unwrap_or_else(|| Err("nothing was told of it".to_owned()));
        let here = found.and_then(|found| Ok((found.0, content?.unwrap_or_default())));
        ((*path).to_owned(), here)
    });
    Ok(joined.collect())
}

/// What a merge comes to; none where nothing is to be done.
fn merged(
    merge: &Merge,
    keys: &Keys,
    there: &Here,
    here: &Here,
    environment: &Environment,
) -> Result<Option<(Action, FileWork, Vec<u8>)>, String> {
    let is_wanted = |bytes: &[u8]| keys.read(bytes).is_ok_and(|found| key_digests(&found) == merge.wanted);
    let own = match there {
        Ok((_, bytes)) => Ok(bytes.clone()),
        Err(why) => Err(format!("its keys cannot be had from the reference: {why}")),
    };
    let known = candidates(environment, &merge.path).into_iter().find(|bytes| is_wanted(bytes));
    let reference = match (known, own) {
        (Some(bytes), _) => bytes,
        (None, Ok(bytes)) if is_wanted(&bytes) => bytes,
        (None, Ok(_)) => {
            return Err("the reference's keys are no longer what was captured; run `trueup capture`".to_owned());
        }
        (None, Err(why)) => return Err(why),
    };
    let (found, present) = here.as_ref().map_err(|why| format!("what it holds is not known: {why}"))?;
    let (action, over, mode, present) = match found {
        Found::Nothing => {
            let usual = if is_secret_path(&merge.path) { Mode(0o600) } else { Mode(0o644) };
            let mode = match there {
                Ok((Found::File { mode, .. }, _)) => *mode,
                _ => usual,
            };
            (Action::Create, None, mode, blank(keys.format))
        }
        Found::File { mode, digest } if Digest::of(present) == *digest => {
            (Action::Change, Some(digest.clone()), *mode, present.as_slice())
        }
        Found::File { .. } => return Err("it changed while it was looked at".to_owned()),
        Found::Link { to } => {
            return Err(format!("it is a link to {to} on the target; name that with these keys instead"));
        }
        Found::Folder | Found::Other => return Err("it is no file on the target; move it away".to_owned()),
    };
    let content = keys.merge(present, &reference).map_err(|why| why.to_string())?;
    let wanted_mode = merge.mode.unwrap_or(mode);
    if over.is_some() && content == present && wanted_mode == mode {
        return Ok(None);
    }
    let work = FileWork::MergeKeys { path: merge.path.clone(), mode: wanted_mode, over, digest: Digest::of(&content) };
    Ok(Some((action, work, content)))
}
