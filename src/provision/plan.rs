//! Findings into a plan. Pure: the same findings make the same plan.

use super::{Action, Need, Offer, PROVIDERS, Plan, Step, Unmet, Work};
use crate::parity::{Finding, State, TargetReport};
use crate::spec::{Category, Environment, Fact, Locked};

/// Which drifts a plan is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only these: finding ids, categories, or either with `*`; none named means all.
    pub only: Vec<String>,
    /// Not these.
    pub skip: Vec<String>,
    /// Also remove what the reference does not have.
    pub prune: bool,
}

impl Selection {
    fn takes(&self, finding: &Finding) -> bool {
        let named = |patterns: &[String]| patterns.iter().any(|pattern| names(pattern, finding));
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
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
    let drifts = report.findings.iter().filter(|finding| matches!(finding.state, State::Drift(_)));
    for finding in drifts.filter(|finding| selection.takes(finding)) {
        let need = Need { finding, environment, prune: selection.prune };
        let offers = PROVIDERS.iter().enumerate().map(|(rank, provider)| (rank, (provider.offer)(need)));
        match offers.into_iter().find(|(_, offer)| *offer != Offer::NotMine) {
            Some((rank, Offer::Step(step))) => steps.push((rank, *step)),
            Some((_, Offer::Cannot(why))) => unmet.push(Unmet { finding: finding.id.clone(), why }),
            Some((_, Offer::NotMine)) | None => {
                unmet.push(Unmet { finding: finding.id.clone(), why: nobody(finding) });
            }
        }
    }
    // Folders before what is put into them: ids sort that way within a provider.
    steps.sort_by_key(|(rank, step)| (*rank, step.action == Action::Remove));
    let mut steps: Vec<Step> = steps.into_iter().map(|(_, step)| step).collect();
    settle_hooks(&mut steps, &mut unmet, report);
    Plan { target: report.target.clone(), machine: report.machine.clone(), steps, unmet }
}

fn nobody(finding: &Finding) -> String {
    match finding.id.category {
        Category::Tool => {
            "no provider is named for it; say which package brings it: install = { npm = \"…\" }".to_owned()
        }
        Category::Repo => "remotes are not changed by this version of trueup".to_owned(),
        Category::Hook => "no step brings this hook; the repository's own set-up has to install it".to_owned(),
        _ => "no provider of this version of trueup brings it".to_owned(),
    }
}

/// Where a step sets `core.hooksPath`, hooks that the reference finds in that folder come with it.
fn settle_hooks(steps: &mut [Step], unmet: &mut Vec<Unmet>, report: &TargetReport) {
    for step in steps {
        let (Work::GitSetting { key, value: Some(folder), .. }, Some(repo)) =
            (&step.work, step.findings.first().and_then(|id| id.name.split_once('/')).map(|(repo, _)| repo.to_owned()))
        else {
            continue;
        };
        if !key.eq_ignore_ascii_case("core.hooksPath") {
            continue;
        }
        let comes_along = |finding: &&Finding| {
            let of_repo = finding.id.category == Category::Hook && finding.id.name.starts_with(&format!("{repo}/"));
            let in_folder = match &finding.locked {
                Some(Locked::Present(Fact::Hook(hook))) => hook.path.starts_with(folder.trim_start_matches("./")),
                Some(_) => true,
                None => false,
            };
            of_repo && in_folder
        };
        let hooks: Vec<_> = report.findings.iter().filter(comes_along).map(|finding| finding.id.clone()).collect();
        let mut settled = hooks.into_iter().filter(|id| unmet.iter().any(|one| one.finding == *id)).collect::<Vec<_>>();
        unmet.retain(|one| !settled.contains(&one.finding));
        step.findings.append(&mut settled);
    }
}
