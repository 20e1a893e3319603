//! Commands of package managers.

use serde::{Deserialize, Serialize};

use crate::transport::quote;

/// A command that is run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum CommandWork {
    /// Run one, in the user's own name or as root.
    Command {
        /// The program and its arguments.
        arguments: Vec<String>,
        /// Run this and try once more if it fails: a manager's index may be old.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refresh: Vec<String>,
    },
}

impl CommandWork {
    pub(super) fn body(&self, subject: &str, root: bool) -> String {
        let Self::Command { arguments, refresh } = self;
        let run = |arguments: &[String]| {
            let words = quote::words(arguments.iter().map(String::as_str));
            if root { format!("tu_as_root {words}") } else { words }
        };
        let note = quote::words(["tu_record", "kept", subject, ""]);
        let command = run(arguments);
        match refresh.as_slice() {
            [] => format!("{note} && {command}"),
            refresh => format!("{note} && {{ {command} || {{ {} && {command}; }}; }}", run(refresh)),
        }
    }

    pub(super) fn deed(&self) -> String {
        let Self::Command { arguments, .. } = self;
        format!("{}; not undone by rollback", arguments.join(" "))
    }
}
