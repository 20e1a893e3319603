//! A variable of the environment that agents' commands get: an assignment in a file of its own, which the user's shell reads when
//! it starts. Its value is in no plan, and reaches the machine within the program alone.

use serde::{Deserialize, Serialize};

use crate::provision::program::Contents;
use crate::spec::Digest;
use crate::transport::quote;

/// Where the assignments stand.
const FILE: &str = ".config/trueup/environment";

/// The files that shells read when they start, one of which gets a line that reads the assignments.
pub(crate) const START_UP: [&str; 6] =
    [".profile", ".bash_profile", ".bash_login", ".bashrc", ".zshenv", ".config/fish/conf.d/trueup.fish"];

/// A variable that is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename = "set-variable")]
pub struct VariableWork {
    /// Its name.
    pub name: String,
    /// Where its value is had from.
    pub value: ValueFrom,
    /// Whether agents' shells are login shells.
    pub login: bool,
    /// Those files that are held as the reference has them, so that nothing is written into them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<String>,
}

/// Where a value is had from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueFrom {
    /// A reference as the spec has it.
    Secret(String),
    /// The reference machine, whose value had this digest.
    Reference(Digest),
    /// It is set to nothing.
    Nothing,
}

impl VariableWork {
    /// By which its value is asked for. Not the value's own digest, which would be a trace of a secret.
    pub fn ticket(&self) -> Digest {
        Digest::of(format!("variable {} from {:?}", self.name, self.value).as_bytes())
    }

    pub(super) fn body(&self, contents: &Contents) -> String {
        let value = contents.get(&self.ticket()).map(|value| String::from_utf8_lossy(value)).unwrap_or_default();
        let context = if self.login { "login" } else { "interactive" };
        let words = ["tu_put_variable", &self.name, context].into_iter().chain(self.held.iter().map(String::as_str));
        // By a here-document: not every shell has a printf of its own, and what another program is given everybody sees.
        format!("{} <<'TU_END'\nexport {}={}\nTU_END", quote::words(words), self.name, quote::any_shell_word(&value))
    }

    pub(super) fn deed(&self) -> String {
        let from = match &self.value {
            ValueFrom::Secret(from) => format!("from {from}"),
            ValueFrom::Reference(digest) => format!("as on the reference, {}", digest.short()),
            ValueFrom::Nothing => "to nothing".to_owned(),
        };
        format!("set {from}, in ~/{FILE}, mode 0600, which the login shell reads when it starts")
    }
}
