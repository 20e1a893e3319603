//! `--format sarif`: SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), for GitHub code scanning and its like.
//!
//! A rule is a finding category, a result a finding that is no match. It points at the line of the lock that does not
//! hold, or at the line of the spec that asks; its fingerprint is of the environment, target and finding alone, so that
//! an alert stays the same alert while values change. Waived drift is a suppressed result.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::{Finding, Report, State, TargetReport};
use super::{Format, one_line};
use crate::spec::{Category, Digest, Place};

pub(super) const FORMAT: Format =
    Format { name: "sarif", doc: "for code scanning: SARIF 2.1.0", placed: true, render: |report, _| render(report) };

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

fn render(report: &Report) -> String {
    let amiss = |target: &TargetReport| -> Vec<Finding> {
        target.findings.iter().filter(|finding| finding.state != State::Match).cloned().collect()
    };
    let findings: Vec<(&TargetReport, Finding)> = report
        .targets
        .iter()
        .flat_map(|target| amiss(target).into_iter().map(move |finding| (target, finding)))
        .collect();
    let categories: Vec<Category> =
        findings.iter().map(|(_, finding)| finding.id.category).collect::<BTreeSet<_>>().into_iter().collect();
    let results: Vec<Value> =
        findings.iter().map(|(target, finding)| result(report, target, finding, &categories)).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "trueup",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": categories.iter().copied().map(rule).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": format!("trueup/{}/", report.environment) },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { "SRCROOT": { "description": { "text": "The root of the repository." } } },
            "invocations": report.targets.iter().map(invocation).collect::<Vec<_>>(),
            "results": results,
            "properties": {
                "verdict": report.verdict().word(),
                "specDigest": report.spec_digest.as_str(),
                "lockDigest": report.lock_digest.as_ref().map(Digest::as_str),
            },
        }],
    });
    let mut text = serde_json::to_string_pretty(&document).expect("a JSON value has a text");
    text.push('\n');
    text
}

fn rule(category: Category) -> Value {
    let word = category.word();
    let noun = noun(category);
    json!({
        "id": word,
        "name": format!("{}Parity", capitalised(word)),
        "shortDescription": { "text": format!("{noun} is not as on the reference machine") },
        "fullDescription": { "text": format!(
            "The lock holds what the reference machine has. {noun} differs from it on a target, or could not be observed \
             there, and no waiver covers it."
        ) },
        "defaultConfiguration": { "level": "error" },
    })
}

/// What a finding of a category is about, as a sentence begins.
fn noun(category: Category) -> &'static str {
    match category {
        Category::Tool => "The tool",
        Category::Package => "The package",
        Category::Dotfile => "The dotfile",
        Category::Env => "The environment variable",
        Category::Service => "The service",
        Category::System => "The system fact",
        Category::Auth => "The login",
        Category::Git => "The git setting",
        Category::Repo => "The repository",
        Category::Pin => "The pinned version",
        Category::Hook => "The git hook",
        Category::Gate => "The quality gate",
        Category::Check => "The quality check",
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn invocation(target: &TargetReport) -> Value {
    let start = target.observed_at.checked_sub(jiff::SignedDuration::try_from(target.duration).unwrap_or_default());
    let notes: Vec<Value> = target.error.iter().map(|error| {
        json!({ "level": "error", "message": { "text": one_line(&format!("{}: {error}", target.target)) } })
    }).collect();
    json!({
        "executionSuccessful": target.error.is_none(),
        "startTimeUtc": format!("{:.3}", start.unwrap_or(target.observed_at)),
        "endTimeUtc": format!("{:.3}", target.observed_at),
        "toolExecutionNotifications": notes,
        "properties": { "target": target.target, "verdict": target.verdict().word(), "machine": target.machine },
    })
}

fn result(report: &Report, target: &TargetReport, finding: &Finding, categories: &[Category]) -> Value {
    let places = &report.background.places;
    let identity = format!("{}\0{}\0{}", report.environment, target.target, finding.id);
    let mut result = json!({
        "ruleId": finding.id.category.word(),
        "ruleIndex": categories.iter().position(|category| *category == finding.id.category),
        "level": "error",
        "message": { "text": message(target, finding) },
        "partialFingerprints": { "trueupFinding/v1": Digest::of(identity.as_bytes()).hex() },
        "properties": {
            "id": finding.id,
            "target": target.target,
            "state": finding.state.word(),
            "change": finding.state.change(),
            "want": finding.want(),
            "got": finding.got(),
            "policy": finding.policy.to_string(),
        },
    });
    let best = places.best(&finding.id);
    let logical = json!([{
        "name": finding.id.name,
        "fullyQualifiedName": format!("{}/{}", target.target, finding.id),
        "kind": finding.id.category.word(),
    }]);
    let mut location = json!({ "logicalLocations": logical });
    if let Some(place) = &best {
        location["physicalLocation"] = physical(place);
    }
    result["locations"] = json!([location]);
    if let Some(asked) = places.asked(&finding.id).filter(|asked| best.as_ref() != Some(asked)) {
        let message = json!({ "text": "the spec asks for it here" });
        result["relatedLocations"] = json!([{ "id": 1, "message": message, "physicalLocation": physical(&asked) }]);
    }
    if let Some(waiver) = finding.state.waiver() {
        let until = waiver.until.map(|until| until.to_string());
        let justification = one_line(&waiver.because);
        result["suppressions"] = json!([{
            "kind": "external", "status": "accepted", "justification": justification, "properties": { "until": until },
        }]);
    }
    result
}

fn physical(place: &Place) -> Value {
    json!({
        "artifactLocation": { "uri": uri(&place.file), "uriBaseId": "SRCROOT" },
        "region": { "startLine": place.line },
    })
}

/// A relative path as a URI reference: everything but plain characters in percent form.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn message(target: &TargetReport, finding: &Finding) -> String {
    let state = match finding.state.change() {
        Some(change) => format!("{}, {}", finding.state.word(), change.word()),
        None => finding.state.word().to_owned(),
    };
    one_line(&format!("{} on {} ({state}): {}", finding.id, target.target, finding.reason))
}

#[cfg(test)]
mod tests {
    use super::super::sample::report;
    use super::*;

    #[test]
    fn the_document_is_the_documented_one() {
        insta::assert_snapshot!(render(&report()));
    }

    #[test]
    fn the_standard_s_own_schema_finds_nothing_wrong() {
        let schema = include_str!("../../../fixtures/schema/sarif-2.1.0.json");
        // One pattern of the schema, for language codes, has a bracket that no strict reader of expressions takes.
        let schema: Value = serde_json::from_str(&schema.replace("]{2}]?$", "]{2}$")).unwrap();
        let validator = jsonschema::draft4::new(&schema).unwrap();
        let mut bare = report();
        bare.targets.clear();
        bare.lock_digest = None;
        for report in [report(), bare] {
            let document: Value = serde_json::from_str(&render(&report)).unwrap();
            let errors: Vec<String> =
                validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(errors.is_empty(), "{errors:#?}");
        }
        let wrong = json!({ "version": "2.1.0", "runs": [{ "results": [] }] });
        assert!(!validator.is_valid(&wrong), "the schema accepts a run without a tool");
    }

    #[test]
    fn a_fingerprint_is_of_what_a_finding_is_about_and_not_of_its_values() {
        let before = report();
        let mut after = report();
        for finding in &mut after.targets[0].findings {
            finding.reason = "something else".to_owned();
        }
        after.background = super::super::super::Background::default();
        let prints = |report: &Report| -> Vec<String> {
            let document: Value = serde_json::from_str(&render(report)).unwrap();
            let results = document["runs"][0]["results"].as_array().unwrap().clone();
            results.iter().map(|result| result["partialFingerprints"]["trueupFinding/v1"].to_string()).collect()
        };
        assert_eq!(prints(&before), prints(&after));
        let distinct: BTreeSet<String> = prints(&before).into_iter().collect();
        assert_eq!(distinct.len(), prints(&before).len());
    }

    #[test]
    fn a_path_is_a_uri_reference() {
        assert_eq!(uri("environments/a b%.lock"), "environments/a%20b%25.lock");
    }
}
