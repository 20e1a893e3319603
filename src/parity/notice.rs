//! What is told when a target is no longer as it was last told: `trueup/notice/v1`, the JSON that `trueup watch` hands to a
//! command or a webhook.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::history::{Noted, Seen};
use super::{Finding, Report, TargetReport, Verdict};
use crate::spec::ItemId;

/// The notice of one change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    schema: &'static str,
    /// The whole in one sentence, under the key that chat services read.
    pub text: String,
    environment: String,
    target: String,
    hostname: Option<String>,
    /// What kind of change it is.
    pub change: Change,
    verdict: &'static str,
    was: Option<&'static str>,
    #[serde(serialize_with = "in_seconds")]
    observed_at: Timestamp,
    error: Option<String>,
    appeared: Vec<Appeared>,
    gone: Vec<Gone>,
}

/// The kinds of changes that are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It was true to the reference, or nothing was told of it yet, and it has drifted.
    Lost,
    /// It is true to the reference again.
    Regained,
    /// It can no longer be verified.
    Unknown,
    /// It was wrong before, and is wrong in another way.
    Changed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Appeared {
    id: ItemId,
    state: &'static str,
    want: Option<String>,
    got: Option<String>,
    reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Gone {
    id: ItemId,
    state: String,
}

fn in_seconds<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.0}"))
}

/// So many ids are named in the sentence.
const NAMED: usize = 3;

impl Notice {
    /// What there is to tell of a target to someone who last heard `was` of it: a change of its verdict, or of which
    /// findings are drifted or unknown. That a drifted value became another one is not told.
    pub fn of(was: Option<&Seen>, report: &Report, part: &TargetReport) -> Option<Self> {
        let is = Seen::of(part, &report.spec_digest, report.lock_digest.as_ref());
        let change = match (was.map(|was| was.verdict), is.verdict) {
            (None | Some(Verdict::Parity), Verdict::Parity) => return None,
            (Some(_), Verdict::Parity) => Change::Regained,
            (None | Some(Verdict::Parity | Verdict::Drift), Verdict::Unknown) => Change::Unknown,
            (None | Some(Verdict::Parity), Verdict::Drift) => Change::Lost,
            (Some(_), _)
                if was.is_some_and(|was| was.wrong() == is.wrong())
                    && was.map(|was| was.verdict) == Some(is.verdict) =>
            {
                return None;
            }
            (Some(_), _) => Change::Changed,
        };
        let nothing = BTreeMap::new();
        let before = was.map_or(&nothing, |was| &was.findings);
        let wrong = |noted: &Noted| noted.state != "waived";
        let appeared = part.findings.iter().filter(|finding| {
            let state = finding.state.word();
            (state == "drift" || state == "unknown")
                && before.get(&finding.id).is_none_or(|before| before.state != state)
        });
        let gone = before
            .iter()
            .filter(|(id, noted)| wrong(noted) && is.findings.get(id).is_none_or(|now| !wrong(now)))
            .map(|(id, noted)| Gone { id: id.clone(), state: noted.state.clone() });
        let appeared: Vec<Appeared> = appeared.map(appeared_of).collect();
        let was = was.map(|was| was.verdict.word());
        Some(Self {
            schema: "trueup/notice/v1",
            text: sentence(part, change, &appeared),
            environment: report.environment.clone(),
            target: part.target.clone(),
            hostname: part.machine.hostname.clone(),
            change,
            verdict: is.verdict.word(),
            was,
            observed_at: part.observed_at,
            error: part.error.clone(),
            appeared,
            gone: gone.collect(),
        })
    }

    /// One line of JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("every field has a JSON form")
    }
}

fn appeared_of(finding: &Finding) -> Appeared {
    Appeared {
        id: finding.id.clone(),
        state: finding.state.word(),
        want: finding.want(),
        got: finding.got(),
        reason: finding.reason.clone(),
    }
}

fn sentence(part: &TargetReport, change: Change, appeared: &[Appeared]) -> String {
    let what = match change {
        Change::Lost => "is no longer true to the reference",
        Change::Regained => "is true to the reference again",
        Change::Unknown => "could not be verified",
        Change::Changed => "is wrong in another way",
    };
    let why = match (&part.error, appeared) {
        (Some(error), _) => format!(": {error}"),
        (None, []) => String::new(),
        (None, appeared) => {
            let named: Vec<String> = appeared.iter().take(NAMED).map(|one| one.id.to_string()).collect();
            let more = appeared.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!(": {}{more}", named.join(", "))
        }
    };
    super::report::printable(&format!("{} {what}{why}", part.target))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Background, State};
    use super::*;
    use crate::spec::{Digest, Machine, Policy, TargetKind};

    fn part(findings: &[(&str, State)]) -> TargetReport {
        let finding = |(id, state): &(&str, State)| Finding {
            id: id.parse().unwrap(),
            state: state.clone(),
            policy: Policy::Exact,
            locked: None,
            observed: None,
            reason: "it is so".to_owned(),
            detail: None,
            warning: None,
        };
        TargetReport {
            target: "vm".to_owned(),
            kind: TargetKind::Vm,
            observed_at: "2026-05-01T12:00:00.5Z".parse().unwrap(),
            duration: Duration::ZERO,
            round_trips: 1,
            error: None,
            machine: Machine { hostname: Some("vm-1".to_owned()), ..Machine::default() },
            findings: findings.iter().map(finding).collect(),
            shown: BTreeMap::new(),
        }
    }

    fn report() -> Report {
        Report {
            environment: "carmenta".to_owned(),
            spec_digest: Digest::of(b"spec"),
            lock_digest: None,
            targets: Vec::new(),
            background: Background::default(),
        }
    }

    fn told(was: Option<&[(&str, State)]>, is: &[(&str, State)]) -> Option<Notice> {
        let was = was.map(|was| Seen::of(&part(was), &Digest::of(b"another spec"), None));
        Notice::of(was.as_ref(), &report(), &part(is))
    }

    const DRIFT: State = State::Drift(super::super::Change::Changed);

    #[test]
    fn only_a_change_of_the_verdict_or_of_what_is_wrong_is_told() {
        let fine = [("tool:a", State::Match)];
        let one = [("tool:a", DRIFT)];
        let other = [("tool:a", State::Match), ("tool:b", DRIFT)];
        let unknown = [("tool:a", State::Unknown)];
        let change = |was: Option<&[(&str, State)]>, is: &[(&str, State)]| told(was, is).map(|notice| notice.change);
        assert_eq!(change(None, &fine), None);
        assert_eq!(change(None, &one), Some(Change::Lost));
        assert_eq!(change(Some(&fine), &fine), None);
        assert_eq!(change(Some(&fine), &one), Some(Change::Lost));
        assert_eq!(change(Some(&one), &one), None);
        assert_eq!(change(Some(&one), &other), Some(Change::Changed));
        assert_eq!(change(Some(&one), &fine), Some(Change::Regained));
        assert_eq!(change(Some(&fine), &unknown), Some(Change::Unknown));
        assert_eq!(change(Some(&one), &unknown), Some(Change::Unknown));
        assert_eq!(change(Some(&unknown), &unknown), None);
        assert_eq!(change(Some(&unknown), &one), Some(Change::Changed));
    }

    #[test]
    fn the_json_is_the_documented_one() {
        let was = [("tool:a", DRIFT), ("tool:b", State::Unknown)];
        let notice = told(Some(&was), &[("tool:a", DRIFT), ("tool:b", DRIFT), ("tool:c", DRIFT)]).unwrap();
        insta::assert_snapshot!(notice.to_json());
        let regained = told(Some(&was), &[("tool:a", State::Match)]).unwrap();
        assert_eq!(regained.text, "vm is true to the reference again");
        assert_eq!(regained.gone.len(), 2);
    }
}
