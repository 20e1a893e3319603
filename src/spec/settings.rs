//! Settings of a machine that the spec itself gives: who may log in and how, what keeps a Mac awake, its preferences.
//!
//! Each is a finding `system:<name>` and a text that the machine is held to, which no lock has. What is a fact about the
//! machine anyway (its time zone, its name, its locale, how many files may be open) stands in `[system]`.

use super::fact::Digest;
use super::item::{Category, ItemId};

/// `[settings]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Who may log in as the user, a line of `authorized_keys` each. Others stay.
    pub authorized_keys: Vec<String>,
    /// How one may log in.
    pub sshd: Option<Sshd>,
    /// What keeps a Mac awake, by pmset's names.
    pub pmset: Vec<(String, u32)>,
    /// Preferences on a Mac.
    pub defaults: Vec<Preference>,
}

/// How one may log in over SSH; what is not said is left to sshd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sshd {
    /// By a password.
    pub passwords: Option<bool>,
    /// As root.
    pub root_login: Option<bool>,
}

/// One preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preference {
    /// The program's, by its identifier.
    pub domain: String,
    /// Its name.
    pub key: String,
    /// What it is.
    pub value: PreferenceValue,
}

/// What a preference is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum PreferenceValue {
    Flag(bool),
    Number(i64),
    Text(String),
}

/// One setting that a machine is held to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its finding.
    pub id: ItemId,
    /// What it should be, as reports show it.
    pub want: String,
    /// What it is.
    pub setting: Setting,
}

/// A setting with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Lines of `authorized_keys`.
    Keys(Vec<String>),
    /// What sshd reads before its own settings.
    Sshd(String),
    /// A setting of pmset's.
    Pmset(String, u32),
    /// A preference.
    Preference(Preference),
}

impl Settings {
    /// The settings that a machine of this system has.
    pub fn asked(&self, os: Option<&str>) -> Vec<Asked> {
        let mut asked = Vec::new();
        let mut ask = |name: String, want: String, setting| {
            asked.push(Asked { id: ItemId::new(Category::System, name), want, setting });
        };
        if !self.authorized_keys.is_empty() {
            let count = self.authorized_keys.len();
            ask("authorized_keys".to_owned(), keys_shown(count, count), Setting::Keys(self.authorized_keys.clone()));
        }
        if let Some(sshd) = self.sshd {
            let text = sshd.text();
            let digest = Digest::of(format!("{text}\n").as_bytes());
            ask("sshd".to_owned(), digest.as_str().to_owned(), Setting::Sshd(text));
        }
        if os.is_none_or(|os| os == "macos") {
            for (key, value) in &self.pmset {
                ask(format!("pmset/{key}"), value.to_string(), Setting::Pmset(key.clone(), *value));
            }
            for preference in &self.defaults {
                let name = format!("defaults/{}/{}", preference.domain, preference.key);
                ask(name, preference.value.shown(), Setting::Preference(preference.clone()));
            }
        }
        asked
    }
}

/// How many of the spec's keys are there, as facts say it.
pub(crate) fn keys_shown(there: usize, all: usize) -> String {
    format!("{there} of {all} keys")
}

impl Sshd {
    /// The file that sshd reads first, without its last line break.
    fn text(self) -> String {
        let word = |yes: bool| if yes { "yes" } else { "no" };
        let mut lines = vec!["# Kept by trueup: edit the spec, then `trueup apply`.".to_owned()];
        if let Some(passwords) = self.passwords {
            lines.push(format!("PasswordAuthentication {}", word(passwords)));
            // PAM asks for passwords by this name.
            lines.push(format!("KbdInteractiveAuthentication {}", word(passwords)));
        }
        if let Some(root_login) = self.root_login {
            lines.push(format!("PermitRootLogin {}", word(root_login)));
        }
        lines.join("\n")
    }
}

impl PreferenceValue {
    /// The words of `defaults write`: its option for the type, and the value.
    pub fn words(&self) -> (&'static str, String) {
        match self {
            Self::Flag(flag) => ("bool", flag.to_string()),
            Self::Number(number) => ("int", number.to_string()),
            Self::Text(text) => ("string", text.clone()),
        }
    }

    /// As `defaults read-type` and `defaults read` tell it.
    fn shown(&self) -> String {
        match self {
            Self::Flag(flag) => format!("boolean {}", u8::from(*flag)),
            Self::Number(number) => format!("integer {number}"),
            Self::Text(text) => format!("string {text}"),
        }
    }
}
