//! `trueup watch --print-unit`: this very watch as a scheduler of the system runs it.
#![expect(clippy::disallowed_methods, reason = "IO edge: finds this program and the project's folder")]

use std::time::Duration;

use clap::ValueEnum;

use super::Exit;
use super::context::{self, Context, select};
use super::error::CliError;
use super::watch::Args;
use crate::provision::schedule::{Schedule, Scheduler, render};

/// What to print.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum UnitKind {
    /// The service that audits once
    SystemdService,
    /// The timer that starts the service
    SystemdTimer,
    /// A property list for macOS
    Launchd,
    /// A line for crontab
    Cron,
}

impl From<UnitKind> for Scheduler {
    fn from(kind: UnitKind) -> Self {
        match kind {
            UnitKind::SystemdService => Self::SystemdService,
            UnitKind::SystemdTimer => Self::SystemdTimer,
            UnitKind::Launchd => Self::Launchd,
            UnitKind::Cron => Self::Cron,
        }
    }
}

/// Prints the unit. The project has to be there and its targets known, so that what is printed works.
pub(super) fn print(kind: UnitKind, every: Duration, args: &Args, context: &Context) -> Result<Exit, CliError> {
    let project = context.load()?;
    select(&project, &args.targets)?;
    let io = |doing| move |source| CliError::Io { doing, source };
    let program = std::env::current_exe().map_err(io("finding this program"))?;
    let dir = std::fs::canonicalize(&project.root).map_err(io("finding the project's folder"))?;
    let mut words = vec![program.display().to_string(), "watch".to_owned(), "--once".to_owned()];
    words.extend(["--env".to_owned(), project.environment.name.clone()]);
    let state = std::path::absolute(context.state_dir()?).map_err(io("finding the state folder"))?;
    words.extend(["--state".to_owned(), state.display().to_string()]);
    if let Some(every) = args.behaviour_every {
        words.extend(["--behaviour-every".to_owned(), format!("{}s", every.as_secs())]);
    }
    if let Some(command) = &args.notify {
        words.extend(["--notify".to_owned(), command.clone()]);
    }
    match &args.webhook {
        // The address is a secret, and these files are no place for one.
        Some(webhook) if !webhook.starts_with("env:") => {
            let why = "name the variable that holds the address, --webhook env:NAME, to keep it out of the unit";
            return Err(CliError::Webhook(why.to_owned()));
        }
        Some(webhook) => words.extend(["--webhook".to_owned(), webhook.clone()]),
        None => {}
    }
    words.extend(args.targets.clone());
    let environment = project.environment.name.clone();
    let log = match kind {
        // launchd makes no folder for it, and this one is always there.
        UnitKind::Launchd => context::home()?.join(format!("Library/Logs/trueup-watch-{environment}.log")),
        UnitKind::SystemdService | UnitKind::SystemdTimer | UnitKind::Cron => {
            state.join(format!("watch-{environment}.log"))
        }
    };
    let log = log.display().to_string();
    let schedule = Schedule { environment, words, dir: dir.display().to_string(), log, every, jitter: args.jitter };
    context::print(&render(kind.into(), &schedule)?)?;
    Ok(Exit::Fine)
}
