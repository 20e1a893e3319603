//! What eslint would apply, by its own account (<https://eslint.org/docs/latest/integrate/nodejs-api>): the same that
//! `--print-config` prints, for all files in one process, of flat configuration and of the older kind.

use serde_json::Value;

use super::leaves::{flatten, rule};
use super::node::{self, Tool};
use super::{Asked, Gate};
use crate::observe::Answer;
use crate::spec::{GateFact, Leaves, Why};

pub(super) const GATE: Gate =
    Gate { name: "eslint", doc: "eslint's rules and settings for each kind of file", script, read };

const TOOL: Tool<'_> = Tool {
    configured: r"eslint\.config\.[cm]?[jt]s|\.eslintrc(\.(js|cjs|json|ya?ml))?",
    keys: "eslint|eslintConfig",
    program: include_str!("eslint.js"),
};

/// What eslint, with a plugin, may be made to look at.
const EXTENSIONS: &[&str] = &[
    "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte", "astro", "json", "jsonc", "json5", "md",
    "mdx", "css", "html", "yaml", "yml", "toml", "graphql", "gql",
];

/// More globals than this stand in one list.
const FEW_GLOBALS: usize = 24;

fn script(asked: &Asked<'_>) -> String {
    node::script(&TOOL, asked, asked.with_extension(EXTENSIONS))
}

fn read(_: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    node::gate("eslint", answer, applied)
}

/// What is applied to one file; a rule's severity is a leaf, and its options are another. A rule that is off is none.
fn applied(config: &Value) -> Leaves {
    let mut leaves = Leaves::new();
    for (name, value) in config.as_object().into_iter().flatten() {
        match name.as_str() {
            "rules" | "globals" | "version" | "env" | "ignorePatterns" => {}
            "configFile" => flatten("config file", value, &mut leaves),
            // What a file is told apart by stands in its own leaf only where it is so.
            "ignored" if value == &Value::Bool(false) => {}
            _ => flatten(name, value, &mut leaves),
        }
    }
    for (name, setting) in config["rules"].as_object().into_iter().flatten() {
        let (severity, options) = match setting {
            Value::Array(list) => (list.first().unwrap_or(&Value::Null), list.get(1..).unwrap_or_default()),
            one => (one, [].as_slice()),
        };
        rule(name, severity, options, &mut leaves);
    }
    let environments = config["env"].as_object().into_iter().flatten().filter(|(_, on)| **on == Value::Bool(true));
    let environments: Vec<&str> = environments.map(|(name, _)| name.as_str()).collect();
    if !environments.is_empty() {
        leaves.insert("env".to_owned(), environments.join(", "));
    }
    globals(&config["globals"], &mut leaves);
    leaves
}

/// The names that need no declaration; sets of a thousand stand in a list for each kind.
fn globals(globals: &Value, leaves: &mut Leaves) {
    let kind = |value: &Value| match value {
        Value::Bool(true) => "writable".to_owned(),
        Value::Bool(false) | Value::Null => "readonly".to_owned(),
        Value::String(word) if word == "writeable" || word == "true" => "writable".to_owned(),
        Value::String(word) if word == "readable" || word == "false" => "readonly".to_owned(),
        Value::String(word) => word.clone(),
        other => other.to_string(),
    };
    let Some(globals) = globals.as_object() else { return };
    for (name, value) in globals {
        if globals.len() <= FEW_GLOBALS {
            leaves.insert(format!("globals.{name}"), kind(value));
        } else {
            let list = leaves.entry(format!("globals that are {}", kind(value))).or_default();
            list.push_str(if list.is_empty() { "" } else { " " });
            list.push_str(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(config: &Value) -> Vec<String> {
        applied(config).iter().map(|(name, value)| format!("{name} = {value}")).collect()
    }

    #[test]
    fn a_rule_is_its_severity_and_its_options_and_one_that_is_off_is_none() {
        let config = json!({ "rules": {
            "no-console": [2, {}], "eqeqeq": ["error", "always", { "null": "ignore" }], "no-debugger": 0,
            "no-alert": "warn", "curly": ["off", "all"], "semi": [1], "no-var": 2,
        }});
        assert_eq!(
            told(&config),
            [
                "rules.eqeqeq = error",
                r#"rules.eqeqeq.options = ["always",{"null":"ignore"}]"#,
                "rules.no-alert = warn",
                "rules.no-console = error",
                "rules.no-var = error",
                "rules.semi = warn",
            ]
        );
    }

    #[test]
    fn the_order_of_keys_and_lists_without_an_order_mean_nothing() {
        let one = json!({ "plugins": { "b": "eslint-plugin-b@1.0.0", "a": null }, "env": { "node": true, "browser": false },
            "globals": { "x": "writeable", "y": false }, "settings": {} });
        let other = json!({ "globals": { "y": "readonly", "x": true }, "env": { "node": true },
            "plugins": { "a": null, "b": "eslint-plugin-b@1.0.0" } });
        assert_eq!(told(&one), told(&other));
        assert_eq!(
            told(&one),
            ["env = node", "globals.x = writable", "globals.y = readonly", "plugins.b = eslint-plugin-b@1.0.0"]
        );
    }

    #[test]
    fn a_thousand_globals_are_a_list() {
        let globals: serde_json::Map<String, Value> =
            (0..1000).map(|number| (format!("g{number:03}"), Value::Bool(number == 7))).collect();
        let told = told(&json!({ "globals": globals }));
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.contains(&"globals that are writable = g007".to_owned()));
    }
}
