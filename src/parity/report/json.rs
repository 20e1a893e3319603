//! `--format json`: the versioned report for programs. Fields are added, never renamed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::super::history::Standing;
use super::super::{AppliedWaiver, Change, Finding, Report, TargetReport};
use super::Format;
use crate::spec::{Category, Digest, ItemId, Machine, TargetKind};

pub(super) const FORMAT: Format = Format {
    name: "json",
    doc: "for programs: schema trueup/report/v1",
    placed: false,
    render: |report, _| render(report),
};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    environment: &'a str,
    spec_digest: &'a Digest,
    lock_digest: Option<&'a Digest>,
    verdict: &'static str,
    targets: Vec<Target<'a>>,
}

#[derive(Serialize)]
struct Target<'a> {
    target: &'a str,
    kind: TargetKind,
    verdict: &'static str,
    observed_at: Timestamp,
    duration_ms: u128,
    round_trips: u32,
    error: Option<&'a str>,
    machine: &'a Machine,
    counts: BTreeMap<&'static str, usize>,
    findings: Vec<Entry<'a>>,
    shown: BTreeMap<&'a ItemId, String>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a ItemId,
    category: Category,
    name: &'a str,
    state: &'static str,
    change: Option<Change>,
    want: Option<String>,
    got: Option<String>,
    policy: String,
    reason: &'a str,
    detail: Option<&'a str>,
    waiver: Option<&'a AppliedWaiver>,
    warning: Option<&'a str>,
    since: Option<Timestamp>,
    newly: bool,
}

fn render(report: &Report) -> String {
    let document = Document {
        schema: "trueup/report/v1",
        environment: &report.environment,
        spec_digest: &report.spec_digest,
        lock_digest: report.lock_digest.as_ref(),
        verdict: report.verdict().word(),
        targets: report.targets.iter().map(|part| target(report, part)).collect(),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("every field has a JSON form");
    text.push('\n');
    text
}

fn target<'a>(whole: &'a Report, report: &'a TargetReport) -> Target<'a> {
    let counts = ["match", "drift", "unknown", "waived"].into_iter().map(|state| (state, report.count(state)));
    Target {
        target: &report.target,
        kind: report.kind,
        verdict: report.verdict().word(),
        observed_at: whole_milliseconds(report.observed_at),
        duration_ms: report.duration.as_millis(),
        round_trips: report.round_trips,
        error: report.error.as_deref(),
        machine: &report.machine,
        counts: counts.collect(),
        findings: report
            .findings
            .iter()
            .map(|finding| entry(finding, whole.background.standing(&report.target, &finding.id)))
            .collect(),
        shown: report.shown.iter().map(|(id, fact)| (id, fact.shown())).collect(),
    }
}

/// More says nothing about when a fact was true.
fn whole_milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

fn entry(finding: &Finding, standing: Standing) -> Entry<'_> {
    Entry {
        id: &finding.id,
        category: finding.id.category,
        name: &finding.id.name,
        state: finding.state.word(),
        change: finding.state.change(),
        want: finding.want(),
        got: finding.got(),
        policy: finding.policy.to_string(),
        reason: &finding.reason,
        detail: finding.detail.as_deref(),
        waiver: finding.state.waiver(),
        warning: finding.warning.as_deref(),
        since: standing.since.map(whole_milliseconds),
        newly: standing.newly,
    }
}
