//! Settings of a machine.

use serde::{Deserialize, Serialize};

use crate::transport::quote;

/// What is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum SettingWork {
    /// Have a setting be this.
    Set {
        /// Which: a function of `setting.sh` goes by its name.
        setting: String,
        /// What it is set to.
        words: Vec<String>,
    },
}

impl SettingWork {
    /// Whether it is seen only by who logs in afterwards.
    pub fn is_seen_at_next_login(&self) -> bool {
        let Self::Set { setting, .. } = self;
        ["locale", "nofile"].contains(&setting.as_str())
    }

    pub(super) fn body(&self) -> String {
        let Self::Set { setting, words } = self;
        let function = format!("tu_set_{setting}");
        quote::words(std::iter::once(function.as_str()).chain(words.iter().map(String::as_str)))
    }

    pub(super) fn deed(&self) -> String {
        let Self::Set { setting, words } = self;
        let told: Vec<String> = words
            .iter()
            .flat_map(|word| word.lines())
            .filter(|line| !line.starts_with('#'))
            .map(str::to_owned)
            .collect();
        format!("{setting}: {}", told.join(", "))
    }
}
