//! How what needs root is done on a machine, found out before anything is changed, and what a person has to give for it.

use std::fmt;

use crate::observe::audit;
use crate::observe::{Covers, Question};
use crate::spec::{Environment, Why};
use crate::transport::{Connection, TransportError};

/// What an apply or a rollback needs besides what it does.
#[derive(Clone, Debug, Default)]
pub struct Means {
    /// Who is at it, in the words that somebody else is told who finds the machine's lock taken.
    pub holder: String,
    /// What sudo asks for.
    pub password: Option<Password>,
}

/// A password. It is in no plan, report or log, and on no command line.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// One that somebody has typed.
    pub fn new(typed: String) -> Self {
        Self(typed)
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// How a machine's user becomes root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// By being it, or by a sudo that does not ask.
    AtHand,
    /// By a sudo that wants a password.
    ByPassword,
    /// Not at all: there is no sudo.
    Without,
}

const SCRIPT: &str = "if [ \"$(id -u)\" -eq 0 ] || sudo -n true 2>/dev/null; then echo at hand\n\
                      elif command -v sudo >/dev/null; then echo by password\nelse echo without\nfi";

/// Asks a machine how its user becomes root.
pub fn ask(connection: &mut Connection, environment: &Environment) -> Result<Result<Root, Why>, TransportError> {
    let question = Question::new("root", SCRIPT.to_owned(), environment.limits.probe, Covers::default());
    let answer = audit::ask(connection, &[question])?.remove(0);
    Ok(answer.and_then(|answer| match String::from_utf8_lossy(&answer.stdout).trim() {
        "at hand" => Ok(Root::AtHand),
        "by password" => Ok(Root::ByPassword),
        "without" => Ok(Root::Without),
        other => Err(Why::NotUnderstood(format!("asked about root, it said `{other}`"))),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let means = Means { holder: "me".to_owned(), password: Some(Password::new("hunter2".to_owned())) };
        assert!(!format!("{means:?}").contains("hunter2"));
    }
}
