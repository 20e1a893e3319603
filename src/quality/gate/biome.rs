//! What biome would apply (<https://biomejs.dev/reference/configuration>). It does not print that itself, so its configuration
//! is found by its own rules: the nearest file, with what that extends.

use serde_json::Value;

use super::leaves::flatten;
use super::node::{self, Tool};
use super::{Asked, Gate};
use crate::observe::Answer;
use crate::spec::{GateFact, Leaves, Why};

pub(super) const GATE: Gate = Gate { name: "biome", doc: "biome's rules and options", script, read };

const TOOL: Tool<'_> =
    Tool { configured: r"\.?biome\.jsonc?", keys: "@biomejs/biome", program: include_str!("biome.js") };

fn script(asked: &Asked<'_>) -> String {
    node::script(&TOOL, asked, asked.samples.iter().map(String::as_str))
}

fn read(_: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    node::gate("biome", answer, applied)
}

fn applied(config: &Value) -> Leaves {
    let mut leaves = Leaves::new();
    for (name, value) in config.as_object().into_iter().flatten() {
        flatten(if name == "configFile" { "config file" } else { name }, &levels(value), &mut leaves);
    }
    leaves
}

/// A rule's level alone and a table that holds nothing else are the same.
fn levels(value: &Value) -> Value {
    match value {
        Value::Object(table) => match table.get("level") {
            Some(level) if table.len() == 1 => level.clone(),
            _ => Value::Object(table.iter().map(|(name, value)| (name.clone(), levels(value))).collect()),
        },
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_level_alone_and_in_a_table_are_the_same() {
        let rules = |rule: Value| applied(&json!({ "linter": { "rules": { "suspicious": { "noDebugger": rule } } } }));
        assert_eq!(rules(json!("error")), rules(json!({ "level": "error" })));
        assert_eq!(rules(json!("error"))["linter.rules.suspicious.noDebugger"], "error");
        let with_options = rules(json!({ "level": "warn", "options": { "max": 3 } }));
        assert_eq!(with_options["linter.rules.suspicious.noDebugger.options.max"], "3");
    }
}
