//! Programs that are kept running on a target: what the spec says of them, what the unit is that says so to the machine's own
//! manager, and what a machine tells of them.
//!
//! The spec defines a service wholly, so no lock has it: what a target should have is the [`Unit`] rendered with the target's own
//! facts.
mod unit;

use std::fmt;
use std::time::Duration;

use super::environment::Environment;
use super::fact::{Digest, Machine};

pub use unit::{Manager, Unit, UnitError, secrets_file};
pub(crate) use unit::{systemd_word, xml};

/// One service of the spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name in findings.
    pub name: String,
    /// The command line, for the shell in which agents' commands run.
    pub run: String,
    /// Whose manager keeps it.
    pub scope: ServiceScope,
    /// Whether it is started again whenever it ends.
    pub keep_alive: bool,
    /// How long after its end it is started again.
    pub restart: Duration,
    /// Its variables, in the order written.
    pub environment: Vec<(String, ServiceValue)>,
    /// Where it runs: absolute, or `~/…`; none is the home.
    pub working_directory: Option<String>,
    /// At how many bytes its log begins anew, where the manager itself does not see to that.
    pub logs: Option<u64>,
    /// What tells whether it is well.
    pub health: Option<Health>,
    /// The systems on which it is held; none named means all.
    pub only: Vec<String>,
}

/// Whose manager keeps a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceScope {
    /// The user's own, who need not be logged in.
    User,
    /// The machine's, which runs it as this user.
    System {
        /// A login name.
        user: String,
    },
}

/// What a variable of a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceValue {
    /// This, for everybody to see.
    Plain(String),
    /// A secret, by reference: it stands in a file of its own and never in the unit.
    Secret(String),
}

/// A command that succeeds where a service is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The command line, for sh.
    pub run: String,
    /// How long it may take; after a start, how long the service has until it must be well.
    pub limit: Duration,
    /// After a start, how long from one try to the next.
    pub every: Duration,
}

/// What a machine tells of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceFact {
    /// There is nobody who could keep it; why, as a sentence.
    Unmanaged(String),
    /// It can be kept there.
    Managed(ManagedFact),
}

/// What a machine that can keep a service tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedFact {
    /// Whose unit this is about.
    pub manager: Manager,
    /// Whether the user has a session on the screen, where launchd keeps agents.
    pub on_screen: bool,
    /// Of the unit; none where there is none.
    pub unit: Option<Digest>,
    /// Whether its secrets are there, for their owner alone.
    pub secrets: bool,
    /// Whether the machine starts it by itself.
    pub enabled: bool,
    /// Whether the user's manager runs without the user; always so where there is no such question.
    pub lingers: bool,
    /// What it does.
    pub activity: Activity,
    /// The program that its command line begins with, where that is not found.
    pub lacks: Option<String>,
    /// Since when, and how often it was started again: shown, never compared.
    pub told: String,
}

/// What a service does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// It runs.
    Running,
    /// It has done its work.
    Done,
    /// It ends soon after each start.
    Restarting(String),
    /// It does not run; in which way, as a clause.
    Stopped(String),
}

impl fmt::Display for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running => f.write_str("running"),
            Self::Done => f.write_str("done"),
            Self::Restarting(how) => write!(f, "restarting over and over ({how})"),
            Self::Stopped(how) => write!(f, "not running ({how})"),
        }
    }
}

impl ServiceFact {
    /// The text that stands as `want` or `got` in a report.
    pub fn shown(&self) -> String {
        match self {
            Self::Unmanaged(why) => why.clone(),
            Self::Managed(fact) => fact.shown(),
        }
    }

    /// Since when and how often; evidence.
    pub fn evidence(&self) -> Option<&str> {
        match self {
            Self::Unmanaged(_) => None,
            Self::Managed(fact) => Some(fact.told.as_str()).filter(|told| !told.is_empty()),
        }
    }
}

impl ManagedFact {
    fn shown(&self) -> String {
        let unit = self.unit.as_ref().map_or("no unit".to_owned(), |unit| format!("{} {unit}", self.manager.noun()));
        let enabled = if self.enabled { "enabled" } else { "not enabled" };
        let mut parts = vec![unit, enabled.to_owned()];
        if !self.lingers {
            parts.push("only while its user is logged in".to_owned());
        }
        if !self.secrets {
            parts.push("without its secrets".to_owned());
        }
        parts.push(self.activity.to_string());
        if let Some(program) = &self.lacks {
            parts.push(format!("`{program}` is not found"));
        }
        parts.join(", ")
    }

    /// Whether nothing of it is there.
    pub fn is_absent(&self) -> bool {
        self.unit.is_none() && !self.enabled && self.activity != Activity::Running
    }

    /// In which ways it is not what is wanted, as clauses, the first that a person would look at first.
    pub fn differences(&self, want: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        if let Some(program) = &self.lacks {
            differences.push(format!("its command `{program}` is not found there"));
        }
        match &self.unit {
            None => differences.push("it has no unit".to_owned()),
            Some(_) if self.unit != want.unit || self.manager != want.manager => {
                differences.push("its unit says something else".to_owned());
            }
            Some(_) => {}
        }
        if !self.secrets {
            differences.push("its secrets are not there for its user alone".to_owned());
        }
        if !self.enabled {
            differences.push("it is not enabled".to_owned());
        }
        if !self.lingers {
            differences.push("it runs only while its user is logged in".to_owned());
        }
        if self.activity != want.activity {
            differences.push(format!("it is {}", self.activity));
        }
        differences
    }
}

impl Service {
    /// Its secret variables, each with where its value is had from.
    pub fn secrets(&self) -> Vec<(&str, &str)> {
        let mut secrets = Vec::new();
        for (name, value) in &self.environment {
            if let ServiceValue::Secret(reference) = value {
                secrets.push((name.as_str(), reference.as_str()));
            }
        }
        secrets
    }

    /// The program that its command line begins with, where that is a plain word.
    pub fn program(&self) -> Option<&str> {
        let first = self.run.split_whitespace().next()?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+@:".contains(c);
        (first.chars().all(plain) && !first.starts_with('-')).then_some(first)
    }

    /// What a machine should tell that tells `got`. The error is a sentence.
    pub fn wanted(
        &self,
        environment: &Environment,
        machine: &Machine,
        got: &ManagedFact,
    ) -> Result<(ManagedFact, Unit), UnitError> {
        let manager = self.manager(got);
        let unit = self.unit(environment, machine, manager)?;
        let is_done = !self.keep_alive && got.activity == Activity::Done;
        let want = ManagedFact {
            manager,
            on_screen: got.on_screen,
            unit: Some(Digest::of(unit.text.as_bytes())),
            secrets: true,
            enabled: true,
            lingers: true,
            activity: if is_done { Activity::Done } else { Activity::Running },
            lacks: None,
            told: String::new(),
        };
        Ok((want, unit))
    }

    /// Who is to keep it: on a Mac that nobody sits at, the machine's own manager does, since the user's is there with the
    /// screen alone.
    fn manager(&self, got: &ManagedFact) -> Manager {
        match (got.manager, &self.scope) {
            (Manager::SystemdUser | Manager::SystemdSystem, ServiceScope::User) => Manager::SystemdUser,
            (Manager::SystemdUser | Manager::SystemdSystem, ServiceScope::System { .. }) => Manager::SystemdSystem,
            (Manager::LaunchdAgent | Manager::LaunchdDaemon, ServiceScope::System { .. }) => Manager::LaunchdDaemon,
            (Manager::LaunchdDaemon, ServiceScope::User) if got.unit.is_some() => Manager::LaunchdDaemon,
            (_, ServiceScope::User) if got.on_screen => Manager::LaunchdAgent,
            (_, ServiceScope::User) => Manager::LaunchdDaemon,
        }
    }
}
