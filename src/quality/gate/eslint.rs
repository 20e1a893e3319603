//! What eslint would apply, by its own account (<https://eslint.org/docs/latest/integrate/nodejs-api>): the same that
//! `--print-config` prints, for all files in one process.

use serde_json::Value;

use super::leaves::flatten;
use super::{Asked, Gate};
use crate::observe::Answer;
use crate::spec::{GateFact, Leaves, Why};
use crate::transport::quote;

pub(super) const GATE: Gate =
    Gate { name: "eslint", doc: "eslint's rules and settings for each kind of file", script, read };

const ASK: &str = include_str!("eslint.js");

const EXTENSIONS: &[&str] = &["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte"];

fn script(asked: &Asked<'_>) -> String {
    let files = quote::words(asked.with_extension(EXTENSIONS));
    format!(
        "[ -e node_modules/eslint ] || return {}\ntu_hush\nnode -e {} -- {files}",
        super::NOT_USED,
        quote::word(ASK)
    )
}

fn read(_: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    let not_understood = |why: String| Why::NotUnderstood(why);
    let told: Value = serde_json::from_slice(&answer.stdout).map_err(|error| not_understood(error.to_string()))?;
    let version = told["version"].as_str().ok_or_else(|| not_understood("eslint told no version".to_owned()))?;
    let mut fact = GateFact::new(format!("is eslint {version}"));
    let files = told["files"].as_object().ok_or_else(|| not_understood("eslint told of no files".to_owned()))?;
    fact.of_files(files.iter().map(|(file, config)| (file.clone(), applied(config))));
    Ok(fact)
}

/// What is applied to one file; a rule's severity is a leaf, and its options are another.
fn applied(config: &Value) -> Leaves {
    let mut leaves = Leaves::new();
    for (name, value) in config.as_object().into_iter().flatten() {
        if name != "rules" {
            flatten(name, value, &mut leaves);
        }
    }
    for (rule, setting) in config["rules"].as_object().into_iter().flatten() {
        let (severity, options) = match setting {
            Value::Array(list) => (list.first().unwrap_or(&Value::Null), list.get(1..).unwrap_or_default()),
            one => (one, [].as_slice()),
        };
        let severity = match severity {
            Value::Number(number) if number.as_u64() == Some(0) => "off".to_owned(),
            Value::Number(number) if number.as_u64() == Some(1) => "warn".to_owned(),
            Value::Number(number) if number.as_u64() == Some(2) => "error".to_owned(),
            Value::String(word) => word.clone(),
            other => other.to_string(),
        };
        leaves.insert(format!("rules.{rule}"), severity);
        if !options.is_empty() {
            leaves.insert(format!("rules.{rule}.options"), Value::Array(options.to_vec()).to_string());
        }
    }
    leaves
}
