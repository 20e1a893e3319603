//! Findings into a plan. Pure: the same findings make the same plan.

use std::collections::BTreeMap;

use super::work::{FileWork, RepoWork};
use serde::{Deserialize, Serialize};

use super::{Action, Need, Offer, PROVIDERS, Plan, STRUCTURE, Step, Unmet, Work, order};
use crate::parity::{Finding, State, TargetReport};
use crate::quality::mend::Brings;
use crate::quality::remedy::remedy;
use crate::spec::{Category, Digest, Environment, Fact, FileFact, GateFact, ItemId, Locked, Observed, TextFact};

/// Which drifts a plan is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Only these: finding ids, categories, or either with `*`; none named means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Not these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skip: Vec<String>,
    /// Also remove what the reference does not have.
    pub prune: bool,
    /// Also replace files that were edited on the target since an apply wrote them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overwrite: bool,
    /// Also try whether the quality gates reject what they reject on the reference.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub behaviour: bool,
}

impl Selection {
    fn takes(&self, finding: &Finding) -> bool {
        let named = |patterns: &[String]| patterns.iter().any(|pattern| names(pattern, finding));
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }

    /// The first of `only` that names nothing in any of these reports.
    pub fn names_nothing<'a>(&'a self, reports: &[&TargetReport]) -> Option<&'a str> {
        let found =
            |pattern: &str| reports.iter().flat_map(|report| &report.findings).any(|finding| names(pattern, finding));
        self.only.iter().map(String::as_str).find(|pattern| !found(pattern))
    }
}

/// `tool:node` is named by itself, by `tool`, and by `tool:n*`.
fn names(pattern: &str, finding: &Finding) -> bool {
    let id = finding.id.to_string();
    pattern == finding.id.category.word()
        || match pattern.split_once('*') {
            Some((front, back)) => id.len() >= front.len() + back.len() && id.starts_with(front) && id.ends_with(back),
            None => pattern == id,
        }
}

/// The plan that would remove this report's drift.
pub fn plan(environment: &Environment, report: &TargetReport, selection: &Selection) -> Plan {
    let mut steps: Vec<(usize, Step)> = Vec::new();
    let mut unmet = Vec::new();
    let drifts = report.findings.iter().filter(|finding| may_be_mended(finding, report));
    let drifts = drifts.filter(|finding| selection.takes(finding));
    // What is in a repository that is not there can be brought once it is cloned.
    let (inside, others): (Vec<&Finding>, Vec<&Finding>) =
        drifts.partition(|finding| is_inside_missing_repo(finding, report));
    for finding in others.into_iter().chain(inside) {
        if is_inside_missing_repo(finding, report) && !steps.iter().any(|(_, step)| clones(step, owner(finding))) {
            let why = "the repository is not there; clone it first".to_owned();
            unmet.push(Unmet { finding: finding.id.clone(), why });
            continue;
        }
        let need = Need { finding, environment, report, prune: selection.prune };
        let planned = steps.len();
        let mut cannot = None;
        for (rank, provider) in PROVIDERS.iter().enumerate() {
            match (provider.offer)(need) {
                Offer::Step(step) => steps.push((rank, *step)),
                Offer::Steps(several) => steps.extend(several.into_iter().map(|step| (rank, step))),
                Offer::Cannot(why) => cannot = cannot.or(Some(why)),
                Offer::NotMine => {}
            }
        }
        if steps.len() == planned && finding.state != State::Unknown {
            let why = cannot.unwrap_or_else(|| nobody(finding, environment));
            unmet.push(Unmet { finding: finding.id.clone(), why });
        }
    }
    // Folders before what is put into them: ids sort that way within a provider.
    let is_of_hooks = |step: &Step| matches!(step.work, Work::Repo(RepoWork::SetUp { brings: Brings::Hooks, .. }));
    steps.sort_by_key(|(rank, step)| (*rank, step.action == Action::Remove, is_of_hooks(step)));
    let mut steps: Vec<Step> = steps.into_iter().map(|(_, step)| step).collect();
    leave_out_what_has_no_folder(&mut steps, &mut unmet, report);
    merge_same_work(&mut steps);
    settle(&mut steps, &mut unmet, report);
    order::by_need(&mut steps);
    for step in &mut steps {
        step.seen = step.findings.iter().map(|id| (id.clone(), seen(id, report))).collect();
    }
    Plan { target: report.target.clone(), machine: report.machine.clone(), steps, unmet, edits: BTreeMap::new() }
}

/// Drift is; so is a gate that a machine cannot tell, if the files that decide it are not the reference's.
fn may_be_mended(finding: &Finding, report: &TargetReport) -> bool {
    let is_of_files = matches!(finding.id.category, Category::Gate | Category::Hook) && want(finding).is_some();
    match finding.state {
        State::Drift(_) => true,
        State::Unknown => is_of_files && report.error.is_none(),
        _ => false,
    }
}

/// Tells each step anew which come before it, once some have gone.
pub fn order(plan: &mut Plan) {
    merge_same_work(&mut plan.steps);
    order::by_need(&mut plan.steps);
}

/// What the report has for a finding: a plan made for one content is not to be carried out on another.
fn seen(id: &ItemId, report: &TargetReport) -> Option<Digest> {
    let finding = report.findings.iter().find(|finding| finding.id == *id)?;
    finding.got().map(|got| Digest::of(got.as_bytes()))
}

/// What would be put below a path that does not become a folder would be put elsewhere, through a link, or nowhere.
fn leave_out_what_has_no_folder(steps: &mut Vec<Step>, unmet: &mut Vec<Unmet>, report: &TargetReport) {
    let mut left_out = Vec::new();
    steps.retain(|step| {
        let Work::File(work) = &step.work else { return true };
        let path = work.path();
        let above = report.findings.iter().filter(|finding| {
            finding.id.category == Category::Dotfile
                && path.strip_prefix(&finding.id.name).is_some_and(|rest| rest.starts_with('/'))
        });
        let why = above.into_iter().find_map(|folder| {
            let is_unmet = unmet.iter().any(|one| one.finding == folder.id);
            let wants_folder = matches!(&folder.locked, Some(Locked::Present(Fact::File(FileFact::Folder { .. }))));
            let name = &folder.id.name;
            match &folder.observed {
                Some(Observed::Present(Fact::File(FileFact::Link { .. }))) if is_unmet || wants_folder => {
                    Some(format!("its folder {name} is a link on the target; move it away"))
                }
                Some(Observed::Present(Fact::File(FileFact::File { .. } | FileFact::Other { .. })))
                    if is_unmet || wants_folder =>
                {
                    Some(format!("its folder {name} is no folder on the target; move it away"))
                }
                _ if is_unmet => Some(format!("{name}, in which it lies, cannot be brought")),
                _ => None,
            }
        });
        left_out.extend(
            why.iter().flat_map(|why| step.findings.iter().map(|id| Unmet { finding: id.clone(), why: why.clone() })),
        );
        why.is_none()
    });
    unmet.extend(left_out);
}

/// Settings and hooks of a repository cannot be brought to where it is not.
pub(super) fn is_inside_missing_repo(finding: &Finding, report: &TargetReport) -> bool {
    let is_inside = match finding.id.category {
        Category::Git | Category::Hook | Category::Gate | Category::Pin | Category::Check => true,
        Category::Repo => finding.id.name.contains('/'),
        _ => false,
    };
    is_inside
        && report.findings.iter().any(|other| {
            other.id.category == Category::Repo && other.id.name == owner(finding) && other.got().is_none()
        })
}

/// The repository that a finding is about.
fn owner(finding: &Finding) -> &str {
    finding.id.name.split('/').next().unwrap_or(&finding.id.name)
}

/// Whether a step clones this repository.
fn clones(step: &Step, repo: &str) -> bool {
    matches!(step.work, Work::Repo(RepoWork::Clone { .. }))
        && step.findings.iter().any(|id| id.category == Category::Repo && id.name == repo)
}

/// Two findings may ask for the same package; it is brought once, for both.
fn merge_same_work(steps: &mut Vec<Step>) {
    let mut merged: Vec<Step> = Vec::new();
    for step in steps.drain(..) {
        match merged.iter_mut().find(|known| known.work == step.work) {
            Some(known) => {
                known.at_last &= step.at_last;
                known.tentative &= step.tentative;
                known
                    .findings
                    .extend(step.findings.into_iter().filter(|id| !known.findings.contains(id)).collect::<Vec<_>>());
            }
            None => merged.push(step),
        }
    }
    *steps = merged;
}

fn nobody(finding: &Finding, environment: &Environment) -> String {
    match finding.id.category {
        Category::Repo if finding.id.name.contains('/') => {
            "the state of a working copy is not changed by this version of trueup".to_owned()
        }
        Category::Tool => {
            "no provider is named for it; say which package brings it: install = { npm = \"…\" }".to_owned()
        }
        Category::Hook => match remedy(environment, &finding.id, want(finding), got(finding)) {
            Some(change) => format!("no step brings it; {change}"),
            None => "no step brings this hook; the repository's own set-up has to install it".to_owned(),
        },
        _ => "no provider of this version of trueup brings it".to_owned(),
    }
}

fn want_text(finding: &Finding) -> Option<&TextFact> {
    match &finding.locked {
        Some(Locked::Present(Fact::Text(fact))) => Some(fact),
        _ => None,
    }
}

fn got_text(finding: &Finding) -> Option<&TextFact> {
    match &finding.observed {
        Some(Observed::Present(Fact::Text(fact))) => Some(fact),
        _ => None,
    }
}

/// Whether git has a setting from this file of the home; an old git does not tell which file its global settings are in.
fn stands_in(setting: &TextFact, path: &str) -> bool {
    match setting.scope.as_deref().and_then(|scope| scope.split_once(", ")) {
        Some((_, file)) => file.strip_prefix("~/").unwrap_or(file) == path,
        None => setting.scope_word() == Some("global") && [".gitconfig", ".config/git/config"].contains(&path),
    }
}

fn want(finding: &Finding) -> Option<&GateFact> {
    match &finding.locked {
        Some(Locked::Present(Fact::Gate(fact))) => Some(fact),
        _ => None,
    }
}

fn got(finding: &Finding) -> Option<&GateFact> {
    match &finding.observed {
        Some(Observed::Present(Fact::Gate(fact))) => Some(fact),
        _ => None,
    }
}

/// A drift that no provider removes may still go with a step that is there for another one. The step then names it.
fn settle(steps: &mut Vec<Step>, unmet: &mut Vec<Unmet>, report: &TargetReport) {
    // A setting of a wider configuration is written only where no step brings the whole file.
    let is_draft = |step: &&Step| {
        matches!(step.work, Work::Draft(_) | Work::Merge(_) | Work::Repo(RepoWork::GitSetting { file: Some(_), .. }))
    };
    let drafted: Vec<ItemId> = steps.iter().filter(is_draft).flat_map(|step| step.findings.clone()).collect();
    let mut brought = Vec::new();
    for step in steps.iter_mut().filter(|step| !is_draft(&&**step)) {
        let is_open = |id: &ItemId| unmet.iter().any(|one| one.finding == *id) || drafted.contains(id);
        let open = report.findings.iter().filter(|finding| is_open(&finding.id) && brings(step, finding));
        let settled: Vec<ItemId> =
            open.map(|finding| finding.id.clone()).filter(|id| !step.findings.contains(id)).collect();
        unmet.retain(|one| !settled.contains(&one.finding));
        brought.extend(settled.iter().cloned());
        step.findings.extend(settled);
    }
    steps.retain(|step| {
        let is_setting = matches!(step.work, Work::Repo(RepoWork::GitSetting { file: Some(_), .. }));
        !(is_setting && step.findings.iter().all(|id| brought.contains(id)))
    });
}

/// Whether a step brings what the reference has for a finding of another category.
fn brings(step: &Step, finding: &Finding) -> bool {
    match (&step.work, &finding.locked) {
        // With a repository come its files, and what git itself writes when it makes one.
        (Work::Repo(RepoWork::Clone { .. }), _) if clones(step, owner(finding)) => match finding.id.category {
            Category::Pin | Category::Gate | Category::Check => true,
            Category::Hook => matches!(&finding.locked, Some(Locked::Present(Fact::Gate(_)))),
            Category::Git => {
                let key = finding.id.name.split_once('/').map_or("", |(_, key)| key);
                STRUCTURE.iter().any(|own| own.eq_ignore_ascii_case(key))
            }
            _ => false,
        },
        // Hooks come with the folder in which git is told to look for them.
        (Work::Repo(RepoWork::GitSetting { key, values, .. }), locked)
            if key.eq_ignore_ascii_case("core.hooksPath") && !values.is_empty() =>
        {
            let folder = &values[0];
            let same_repo = step.findings.first().is_some_and(|id| {
                id.name.split('/').next() == finding.id.name.split('/').next() && finding.id.category == Category::Hook
            });
            same_repo
                && match locked {
                    Some(Locked::Present(Fact::Gate(hook))) => {
                        let folder = folder.trim_start_matches("./");
                        hook.path.as_ref().is_some_and(|path| path.starts_with(folder))
                    }
                    // A hook that the reference does not have stands in the folder that is left.
                    Some(_) => true,
                    None => false,
                }
        }
        // Settings come with the file that the reference has them from.
        (Work::File(FileWork::PutFile { path, .. } | FileWork::PutLink { path, .. }), _)
            if finding.id.category == Category::Git =>
        {
            [want_text(finding), got_text(finding)].into_iter().flatten().any(|setting| stands_in(setting, path))
        }
        // A tool that is itself one of the files.
        (
            Work::File(FileWork::PutFile { path, .. } | FileWork::PutLink { path, .. }),
            Some(Locked::Present(Fact::Version(tool))),
        ) => {
            let place = tool.path.as_deref().and_then(|path| path.split(" -> ").next());
            finding.id.category == Category::Tool && place.is_some_and(|place| place.ends_with(&format!("/{path}")))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
