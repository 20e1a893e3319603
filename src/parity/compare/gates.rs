//! In which way two quality gates differ, said with the target's name: the first difference, how many there are, and all.

use std::fmt::Write as _;

use crate::parity::{Finding, State};
use crate::spec::{Fact, GateFact, Locked, Observed};

/// How many differences a finding lists.
const LISTED: usize = 200;

/// Says of a finding about a gate what differs.
pub(super) fn say(finding: &mut Finding, target: &str) {
    let (State::Drift(_), Some(Locked::Present(Fact::Gate(want))), Some(Observed::Present(Fact::Gate(got)))) =
        (&finding.state, &finding.locked, &finding.observed)
    else {
        return;
    };
    let told = told(want, got, target);
    let Some((first, others)) = told.split_first() else { return };
    let more = match others.len() {
        0 => String::new(),
        1 => ", and one more difference".to_owned(),
        more => format!(", and {more} more differences"),
    };
    finding.reason = format!("{first}{more}");
    let mut detail = told.iter().take(LISTED).fold(String::new(), |text, line| text + line + "\n");
    if told.len() > LISTED {
        writeln!(detail, "and {} more", told.len() - LISTED).expect("writing to a string cannot fail");
    }
    if !others.is_empty() {
        finding.detail = Some(detail);
    }
}

fn told(want: &GateFact, got: &GateFact, target: &str) -> Vec<String> {
    let mut told = Vec::new();
    if want.does != got.does {
        told.push(format!("on {target} it {}; on the reference it {}", got.does, want.does));
        // What has nothing to say for itself, because it is not installed, would differ in everything.
        if [want, got].iter().any(|fact| fact.leaves.is_empty() && fact.files.is_empty()) {
            return told;
        }
    }
    let mut differences = want.differences(got);
    // Where git looks for hooks decides what else differs.
    differences.sort_by_key(|difference| difference.leaf != "core.hooksPath");
    told.extend(differences.iter().map(|difference| difference.told(target)));
    told
}
