//! Where a secret is had from: what a spec says of it, never the secret itself.

use std::fmt;

use super::variable;

/// Where the machine on which trueup runs has a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretRef {
    /// A variable of trueup's own environment.
    Env(String),
    /// A file, by its absolute path or below the home.
    File(String),
    /// What a command prints, as of `op`, `pass`, `age` or the keychain.
    Command(String),
}

impl SecretRef {
    /// What a reference looks like, as a regular expression for the schema.
    pub const PATTERN: &str = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:(~/|/)[^\n]+|cmd:[^\n]*\S[^\n]*)$";

    /// Reads one as a spec writes it; none if it is none.
    pub fn parse(written: &str) -> Option<Self> {
        let (kind, rest) = written.split_once(':')?;
        let is_line = !rest.trim().is_empty() && !rest.contains(['\n', '\0']);
        match kind {
            "env" if variable::is_name(rest) => Some(Self::Env(rest.to_owned())),
            "file" if is_line && (rest.starts_with('/') || rest.len() > 2 && rest.starts_with("~/")) => {
                Some(Self::File(rest.to_owned()))
            }
            "cmd" if is_line => Some(Self::Command(rest.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
            Self::Command(command) => write!(f, "cmd:{command}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_as_it_is_shown_and_a_secret_is_none() {
        let pattern = regex::Regex::new(SecretRef::PATTERN).unwrap();
        for written in ["env:A_1", "file:~/.token", "file:/run/secrets/a b", "cmd:op read 'op://dev/key'"] {
            assert_eq!(SecretRef::parse(written).unwrap().to_string(), written);
            assert!(pattern.is_match(written), "{written}");
        }
        for written in [
            "",
            "A",
            "env:",
            "env:a b",
            "env:1",
            "file:a",
            "file:~/",
            "file:",
            "cmd: ",
            "cmd:a\nb",
            "sk-ant-x:y",
            "x:y",
        ] {
            assert_eq!(SecretRef::parse(written), None, "{written}");
            assert!(!pattern.is_match(written), "{written}");
        }
    }
}
