//! What differs within a dotfile: a unified diff of a text, or the values of keys, where the reference's content is at
//! hand and neither side looks secret.

use std::collections::BTreeMap;

use similar::TextDiff;

use super::report::misleads;
use super::{Finding, State, TargetReport};
use crate::spec::redact::redact;
use crate::spec::{
    Compare, Digest, Environment, Fact, Facts, FileFact, Locked, Observed, key_digests, secrets, shown_values,
};

/// Lines of a diff beyond these say little more.
const MOST_LINES: usize = 60;

/// Texts larger than this are not compared line by line, in bytes.
const LARGEST: usize = 256 << 10;

/// Where the reference's contents come from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The content of a path that has this digest.
    pub exact: &'a dyn Fn(&str, &Digest) -> Option<Vec<u8>>,
    /// What may be the reference's content of a path.
    pub candidates: &'a dyn Fn(&str) -> Vec<Vec<u8>>,
}

/// Adds to each dotfile that has drifted what differs in it.
pub fn add(report: &mut TargetReport, facts: &Facts, environment: &Environment, source: Source<'_>) {
    let target = report.target.clone();
    for finding in &mut report.findings {
        if !matches!(finding.state, State::Drift(_) | State::Waived(..)) {
            continue;
        }
        let (Some(Locked::Present(Fact::File(want))), Some(Observed::Present(Fact::File(got)))) =
            (&finding.locked, &finding.observed)
        else {
            continue;
        };
        let detail = match (want, got) {
            (FileFact::File { digest: want, .. }, FileFact::File { digest: got, .. })
                if want != got && secrets::is_secret_path(&finding.id.name) =>
            {
                Some("its path is one where secrets are, so no difference is shown".to_owned())
            }
            (FileFact::File { digest: want, .. }, FileFact::File { digest: got, .. }) if want != got => {
                let content = facts.contents.get(&finding.id).filter(|content| Digest::of(content) == *got);
                content.and_then(|content| {
                    let reference = (source.exact)(&finding.id.name, want)?;
                    diff(&finding.id.name, &target, &reference, content)
                })
            }
            (FileFact::Keys { keys: want, .. }, FileFact::Keys { keys: got, values, .. }) => {
                let known = reference_values(finding, environment, want, source);
                super::keys::detail(want, &known, got, values)
            }
            _ => None,
        };
        if detail.is_some() {
            finding.detail = detail;
        }
    }
}

/// What changes from the reference's text to the target's.
fn diff(name: &str, target: &str, reference: &[u8], got: &[u8]) -> Option<String> {
    if reference.len() > LARGEST || got.len() > LARGEST {
        return None;
    }
    let (Ok(reference), Ok(got)) = (std::str::from_utf8(reference), std::str::from_utf8(got)) else {
        return Some("it is not text, so no difference is shown".to_owned());
    };
    if reference.contains('\0') || got.contains('\0') {
        return Some("it is not text, so no difference is shown".to_owned());
    }
    if secrets::of_file(name, reference.as_bytes()).or_else(|| secrets::of_file(name, got.as_bytes())).is_some() {
        return Some("what it holds looks secret, so no difference is shown".to_owned());
    }
    let (reference, got) = (redact(reference), redact(got));
    let diff = TextDiff::from_lines(&reference, &got);
    let (from, to) = (format!("reference/{name}"), format!("{target}/{name}"));
    let text = diff.unified_diff().context_radius(3).header(&visible(&from), &visible(&to)).to_string();
    let lines: Vec<String> = text.lines().map(visible).collect();
    let more = lines.len().saturating_sub(MOST_LINES);
    let mut shown = lines[..lines.len() - more].join("\n");
    if more > 0 {
        shown.push_str(&format!("\n… and {more} more lines"));
    }
    Some(shown).filter(|shown| !shown.is_empty())
}

/// A line without what a terminal would act upon.
fn visible(line: &str) -> String {
    line.chars().map(|c| if misleads(c) && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// The reference's values that may be shown, each seen to be what was captured.
fn reference_values(
    finding: &Finding,
    environment: &Environment,
    want: &BTreeMap<String, Digest>,
    source: Source<'_>,
) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    let Some(Compare::Keys(keys)) = environment.dotfile(&finding.id).map(|entry| &entry.compare) else { return known };
    for content in (source.candidates)(&finding.id.name) {
        // What does not parse is not what was captured.
        let Ok(found) = keys.read(&content) else { continue };
        let (digests, values) = (key_digests(&found), shown_values(&finding.id.name, &found));
        known.extend(values.into_iter().filter(|(key, _)| digests.get(key) == want.get(key)));
    }
    known
}
