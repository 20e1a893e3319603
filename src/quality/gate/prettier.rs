//! What prettier would apply, by its own account (<https://prettier.io/docs/api>): the options of each file, with
//! .editorconfig and overrides, whether it is ignored, and which parser takes it.

use serde_json::Value;

use super::leaves::flatten;
use super::node::{self, Tool};
use super::{Asked, Gate};
use crate::observe::Answer;
use crate::spec::{GateFact, Leaves, Why};

pub(super) const GATE: Gate = Gate { name: "prettier", doc: "prettier's options for each kind of file", script, read };

const TOOL: Tool<'_> = Tool {
    configured: r"\.prettierrc(\.(json5?|ya?ml|toml|[cm]?[jt]s))?|prettier\.config\.[cm]?[jt]s",
    keys: "prettier",
    program: include_str!("prettier.js"),
};

fn script(asked: &Asked<'_>) -> String {
    node::script(&TOOL, asked, asked.samples.iter().map(String::as_str))
}

fn read(_: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    node::gate("prettier", answer, applied)
}

/// What is applied to one file. Its config file is a leaf, since one that is nearer takes the place of all others.
fn applied(config: &Value) -> Leaves {
    let mut leaves = Leaves::new();
    for (name, value) in config.as_object().into_iter().flatten() {
        flatten(if name == "configFile" { "config file" } else { name }, value, &mut leaves);
    }
    leaves
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_plugins_and_the_config_file_are_leaves() {
        let config = json!({ "parser": "babel", "configFile": ".prettierrc", "plugins": { "p": "p@1.0.0" },
            "options": { "semi": false, "printWidth": 100 } });
        let told: Vec<String> = applied(&config).iter().map(|(name, value)| format!("{name} = {value}")).collect();
        assert_eq!(
            told,
            [
                "config file = .prettierrc",
                "options.printWidth = 100",
                "options.semi = false",
                "parser = babel",
                "plugins.p = p@1.0.0"
            ]
        );
    }
}
