//! What tsc would compile by: each tsconfig with what it extends, as `tsc --showConfig` prints it
//! (<https://www.typescriptlang.org/tsconfig>). The files that it holds follow the tree, and are none of its configuration.

use serde_json::Value;

use super::leaves::flatten;
use super::node::{self, Tool};
use super::{Asked, Gate};
use crate::observe::Answer;
use crate::spec::{GateFact, Leaves, Why};

pub(super) const GATE: Gate = Gate { name: "tsc", doc: "the compiler options of each tsconfig", script, read };

const TOOL: Tool<'_> =
    Tool { configured: r"tsconfig(\..+)?\.json", keys: "typescript", program: include_str!("tsc.js") };

fn script(asked: &Asked<'_>) -> String {
    node::script(&TOOL, asked, node::one_of_each_folder(asked))
}

fn read(_: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    node::gate("typescript", answer, applied)
}

fn applied(config: &Value) -> Leaves {
    let mut leaves = Leaves::new();
    flatten("", config, &mut leaves);
    leaves
}
