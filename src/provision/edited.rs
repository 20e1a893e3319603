//! Files that somebody has edited on the target since an apply wrote them: they stay as they are unless the plan is told to
//! overwrite them, and what was last written, what is there now and what is wanted are held side by side.
//!
//! Each entry of a generation knows the digest of what was left, and the generation has a copy of it. A file that no apply has
//! written is replaced as ever; it is backed up in either case.

use std::collections::BTreeMap;

use similar::TextDiff;

use super::contents::{self, FileContent, LARGEST_SHOWN, WITHHELD, read_files};
use super::plan::Selection;
use super::program::STATE;
use super::work::FileWork;
use super::{Plan, Step, Unmet, Work};
use crate::observe::{Answer, Covers, Question, audit};
use crate::parity::TargetReport;
use crate::spec::secrets::{is_secret_path, of_file};
use crate::spec::{Category, Digest, Environment, Fact, FileFact, Observed, Target, Why};
use crate::transport::{Connection, Surroundings, TransportError, quote};

const SCRIPT: &str = include_str!("edited.sh");

/// What an apply left at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Written {
    digest: Digest,
    /// Where a copy of it is.
    copy: Option<String>,
    /// Of what was there before, which the generation has too.
    before: Option<Digest>,
}

/// Takes the steps out of a plan that would write over somebody's edits, unless it is to.
pub fn keep(
    plan: &mut Plan,
    report: &TargetReport,
    selection: &Selection,
    target: &mut Connection,
    environment: &Environment,
    reference: &Target,
    surroundings: &Surroundings,
) -> Result<(), TransportError> {
    let now: BTreeMap<String, Digest> = plan.steps.iter().filter_map(|step| present(step, report)).collect();
    if now.is_empty() || selection.overwrite {
        return Ok(());
    }
    let places: Vec<String> = now.keys().map(|path| quote::place(path)).collect();
    let words = std::iter::once("tu_last_written").chain(places.iter().map(String::as_str));
    let script = format!("{STATE}\n{SCRIPT}\n{}", quote::words(words));
    let question = Question::new("edits", script, environment.limits.probe, Covers::default());
    let answer = audit::ask(target, &[question])?.remove(0);
    let written = match answer.and_then(|answer| read(&answer)) {
        Ok(written) => written,
        Err(why) => {
            // Rather than write over what may be somebody's work, it is left.
            let is_left = |step: &Step| present(step, report).is_some();
            leave(plan, &is_left, &format!("whether it was edited there is not known: {why}"));
            return Ok(());
        }
    };
    let edited: BTreeMap<&String, &Written> = now
        .iter()
        .filter_map(|(path, digest)| {
            let written = written.get(&quote::place(path))?.as_ref()?;
            // An apply that was killed may not have come to write it.
            (written.digest != *digest && written.before.as_ref() != Some(digest)).then_some((path, written))
        })
        .collect();
    if edited.is_empty() {
        return Ok(());
    }
    let is_edited = |step: &Step| present(step, report).is_some_and(|(path, _)| edited.contains_key(&path));
    let steps: Vec<Step> = plan.steps.iter().filter(|step| is_edited(step)).cloned().collect();
    let wanted = Plan { steps: steps.clone(), unmet: Vec::new(), ..plan.clone() };
    let gathered = contents::gather(std::slice::from_ref(&wanted), environment, reference, surroundings);
    let mut asked: Vec<&str> = edited.keys().map(|path| path.as_str()).collect();
    asked.extend(edited.values().filter_map(|written| written.copy.as_deref()));
    let texts = read_files(target, &asked, LARGEST_SHOWN, environment)?;
    let texts: BTreeMap<&str, FileContent> = asked.into_iter().zip(texts).collect();
    for step in &steps {
        let (Some((path, _)), Some(id)) = (present(step, report), step.findings.first()) else { continue };
        let text = |place: &str| texts.get(place).and_then(|text| text.clone().ok().flatten());
        let last = edited.get(&path).and_then(|written| written.copy.as_deref()).and_then(text);
        let wanted = step.work.shows().and_then(|(_, digest)| gathered.contents.get(digest).cloned());
        plan.edits.insert(id.clone(), three_ways(&path, last, text(&path), wanted));
    }
    let why = format!(
        "it was edited on {0} since the last apply, and stays; --overwrite replaces it (a backup is kept), and \
         `trueup adopt {0} ",
        plan.target
    );
    for step in &steps {
        let findings = step.findings.iter();
        plan.unmet.extend(
            findings.map(|id| Unmet { finding: id.clone(), why: format!("{why}{id}` makes it the reference's") }),
        );
    }
    plan.steps.retain(|step| !steps.contains(step));
    Ok(())
}

fn leave(plan: &mut Plan, is_left: &dyn Fn(&Step) -> bool, why: &str) {
    let (left, steps): (Vec<Step>, Vec<Step>) =
        std::mem::take(&mut plan.steps).into_iter().partition(|step| is_left(step));
    plan.steps = steps;
    let findings = left.into_iter().flat_map(|step| step.findings);
    plan.unmet.extend(findings.map(|finding| Unmet { finding, why: why.to_owned() }));
}

/// The dotfile that a step replaces, and the digest of what is there.
fn present(step: &Step, report: &TargetReport) -> Option<(String, Digest)> {
    let Work::File(FileWork::PutFile { path, .. } | FileWork::PutLink { path, .. }) = &step.work else { return None };
    let id = step.findings.iter().find(|id| id.category == Category::Dotfile && id.name == *path)?;
    let finding = report.findings.iter().find(|finding| finding.id == *id)?;
    match &finding.observed {
        // Where only the mode is another, nothing is lost.
        Some(Observed::Present(Fact::File(FileFact::File { digest, .. }))) if !matches!(&step.work, Work::File(FileWork::PutFile { digest: wanted, .. }) if wanted == digest) => {
            Some((path.clone(), digest.clone()))
        }
        _ => None,
    }
}

/// What was written last, by place; none where something else was done to it last.
fn read(answer: &Answer) -> Result<BTreeMap<String, Option<Written>>, Why> {
    if answer.code != 0 {
        let message = String::from_utf8_lossy(&answer.stderr).trim().to_owned();
        return Err(Why::Failed { command: "looking at what was written".to_owned(), code: answer.code, message });
    }
    let text = String::from_utf8_lossy(&answer.stdout);
    let mut lines = text.lines();
    let mut written = BTreeMap::new();
    while let Some(kind) = lines.next() {
        let (Some(place), Some(left), Some(copy), Some(before)) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(Why::NotUnderstood("what was written is told in part".to_owned()));
        };
        let digest = left.strip_prefix("file ").and_then(Digest::from_hex).filter(|_| matches!(kind, "had" | "new"));
        let copy = Some(copy.to_owned()).filter(|copy| !copy.is_empty());
        written
            .insert(place.to_owned(), digest.map(|digest| Written { digest, copy, before: Digest::from_hex(before) }));
    }
    Ok(written)
}

/// What somebody did, and what would be done.
fn three_ways(path: &str, last: Option<Vec<u8>>, now: Option<Vec<u8>>, wanted: Option<Vec<u8>>) -> String {
    let is_secret = |bytes: &Option<Vec<u8>>| bytes.as_ref().is_some_and(|bytes| of_file(path, bytes).is_some());
    if is_secret_path(path) || [&last, &now, &wanted].into_iter().any(is_secret) {
        return WITHHELD.to_owned();
    }
    let text = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let (last, now, wanted) = (text(last), text(now), text(wanted));
    let diff = |old: &Option<String>, old_name: &str, new: &Option<String>, new_name: &str| match (old, new) {
        (Some(old), Some(new)) => {
            let (old_name, new_name) = (format!("{old_name}/{path}"), format!("{new_name}/{path}"));
            TextDiff::from_lines(old, new).unified_diff().context_radius(3).header(&old_name, &new_name).to_string()
        }
        _ => String::new(),
    };
    diff(&last, "last-written", &now, "now") + &diff(&now, "now", &wanted, "wanted")
}
