//! What commitlint would hold a message to (<https://commitlint.js.org/reference/configuration>), as `--print-config` has it:
//! what it extends is in it. How it prompts is no rule.

use serde_json::Value;

use super::leaves::{flatten, rule};
use super::node::{self, Tool};
use super::{Asked, Gate};
use crate::observe::Answer;
use crate::spec::{GateFact, Leaves, Why};

pub(super) const GATE: Gate =
    Gate { name: "commitlint", doc: "the rules that commitlint holds messages to", script, read };

const TOOL: Tool<'_> = Tool {
    configured: r"\.commitlintrc(\.(json|ya?ml|[cm]?[jt]s))?|commitlint\.config\.[cm]?[jt]s",
    keys: "commitlint|@commitlint/cli",
    program: include_str!("commitlint.js"),
};

fn script(asked: &Asked<'_>) -> String {
    node::script(&TOOL, asked, node::one_of_each_folder(asked))
}

fn read(_: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    node::gate("commitlint", answer, applied)
}

fn applied(config: &Value) -> Leaves {
    let mut leaves = Leaves::new();
    for (name, value) in config.as_object().into_iter().flatten() {
        match name.as_str() {
            "rules" => {}
            "configFile" => flatten("config file", value, &mut leaves),
            _ => flatten(name, value, &mut leaves),
        }
    }
    for (name, setting) in config["rules"].as_object().into_iter().flatten() {
        match setting {
            Value::Array(list) => {
                // Behind the level stands whether it must hold or must not, which as a rule it must.
                let mut options = list.get(1..).unwrap_or_default().to_vec();
                if options.len() == 1 && options[0] == "always" {
                    options.clear();
                }
                rule(name, list.first().unwrap_or(&Value::Null), &options, &mut leaves);
            }
            one => rule(name, one, &[], &mut leaves),
        }
    }
    leaves
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rule_is_its_level_and_what_it_asks_for() {
        let leaves = applied(
            &json!({ "extends": ["@commitlint/config-conventional@20.0.0"], "configFile": ".commitlintrc", "rules": {
                "type-enum": [2, "always", ["feat", "fix"]], "type-empty": [2, "never"], "body-leading-blank": [1, "always"],
                "subject-case": [0],
            }}),
        );
        let told: Vec<String> = leaves.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        assert_eq!(
            told,
            [
                "config file = .commitlintrc",
                r#"extends = ["@commitlint/config-conventional@20.0.0"]"#,
                "rules.body-leading-blank = warn",
                "rules.type-empty = error",
                r#"rules.type-empty.options = ["never"]"#,
                "rules.type-enum = error",
                r#"rules.type-enum.options = ["always",["feat","fix"]]"#,
            ]
        );
    }
}
