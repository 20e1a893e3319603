//! What lint-staged would run on staged files, by pattern (<https://github.com/lint-staged/lint-staged>): of every
//! configuration that is nearest to some of the files. A configuration that is a program is loaded, as lint-staged does.

use serde_json::Value;

use super::node::{self, Tool};
use super::{Asked, Gate};
use crate::observe::Answer;
use crate::spec::{GateFact, Leaves, Why};

pub(super) const GATE: Gate = Gate { name: "lint-staged", doc: "what lint-staged runs on staged files", script, read };

const TOOL: Tool<'_> = Tool {
    configured: r"\.lintstagedrc(\.(json|ya?ml|[cm]?[jt]s))?|lint-staged\.config\.[cm]?[jt]s",
    keys: "lint-staged",
    program: include_str!("lint_staged.js"),
};

fn script(asked: &Asked<'_>) -> String {
    node::script(&TOOL, asked, node::one_of_each_folder(asked))
}

fn read(_: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    node::gate("lint-staged", answer, applied)
}

/// The commands of each pattern, in their order, which is that in which they run.
fn applied(config: &Value) -> Leaves {
    let command = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let commands = |value: &Value| match value {
        Value::Array(list) => list.iter().map(command).collect::<Vec<_>>().join(", then "),
        one => command(one),
    };
    if let Some(names) = config["configurations"].as_str() {
        return Leaves::from([("configurations".to_owned(), names.to_owned())]);
    }
    let tasks = config["tasks"].as_object().into_iter().flatten();
    tasks.map(|(pattern, value)| (pattern.clone(), commands(value))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_command_and_a_list_of_one_are_the_same() {
        let one = applied(&json!({ "tasks": { "*.js": "eslint --fix" } }));
        assert_eq!(one, applied(&json!({ "tasks": { "*.js": ["eslint --fix"] } })));
        let two = applied(&json!({ "tasks": { "*.js": ["eslint --fix", "prettier --write"] } }));
        assert_eq!(two["*.js"], "eslint --fix, then prettier --write");
    }
}
