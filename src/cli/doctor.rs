//! `trueup doctor`: what a newcomer needs when something does not work, a line each, with the next command.
//!
//! What lies on this machine comes first, since the rest stands on it; then all targets side by side. Nothing is
//! written, here or there: even the state folder is only looked at.

mod here;
mod there;

use anstyle::{AnsiColor, Style};

use super::Exit;
use super::context::{Context, print};
use super::error::CliError;
use crate::parity::report::Look;

/// Look for what keeps trueup from working, here and on the targets
#[derive(clap::Args)]
#[command(
    after_help = "Looks at the project, its spec and lock, the state folder and keys, the SSH agent, ~/.ssh/config \
    and known_hosts, then connects to each target. Writes nothing anywhere.\n\n\
    Examples:\n  \
    trueup doctor\n  \
    trueup doctor vm          only this target\n  \
    trueup doctor --offline   connects to nothing\n\n\
    Exit codes: 0 no problem (warnings aside), 1 a problem here, 2 a mistake in the command, 3 a target cannot be \
    reached."
)]
pub(super) struct Args {
    /// The targets to try; all when none is named
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Look at this machine alone
    #[arg(long)]
    offline: bool,
}

/// How one thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Ok,
    Warning,
    /// Something on this machine or in the project has to change.
    Problem,
    /// A target cannot be reached.
    Unreached,
}

/// One line of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    health: Health,
    subject: String,
    says: String,
    /// What to do about it, most often a command.
    next: Option<String>,
}

impl Line {
    fn new(health: Health, subject: impl Into<String>, says: impl Into<String>) -> Self {
        Self { health, subject: subject.into(), says: says.into(), next: None }
    }

    fn ok(subject: impl Into<String>, says: impl Into<String>) -> Self {
        Self::new(Health::Ok, subject, says)
    }

    fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    fn text(&self, look: Look) -> String {
        let (word, style) = match self.health {
            Health::Ok => ("ok", AnsiColor::Green.on_default()),
            Health::Warning => ("warning", AnsiColor::Yellow.on_default()),
            Health::Problem | Health::Unreached => ("problem", AnsiColor::Red.on_default().bold()),
        };
        let mark = look.paint(style, &format!("{word:7}"));
        let next = self.next.as_ref().map(|next| format!("\n         next: {next}")).unwrap_or_default();
        format!("{mark}  {}: {}{next}\n", look.paint(Style::new().bold(), &self.subject), self.says)
    }
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let look = context.stdout_look();
    let mut all = Vec::new();
    let mut tell = |lines: Vec<Line>| -> Result<(), CliError> {
        for line in lines {
            print(&line.text(look))?;
            all.push(line);
        }
        Ok(())
    };
    tell(here::program(context)?)?;
    match context.load() {
        Err(error) => {
            let is_spec = matches!(&error, CliError::Load(crate::spec::load::LoadError::Spec(_)));
            if is_spec {
                error.print(context);
            }
            tell(vec![here::no_project(&error)])?;
        }
        Ok(project) => {
            tell(here::project(&project))?;
            let targets = match (project.environment.targets.as_slice(), args.targets.as_slice()) {
                ([], []) => Vec::new(),
                _ => super::context::select(&project, &args.targets)?,
            };
            let surroundings = context.surroundings(&project)?;
            tell(here::ssh(&targets, &surroundings))?;
            if !args.offline {
                tell(there::targets(&targets, &project, &surroundings))?;
            }
        }
    }
    let count = |wanted: &[Health]| all.iter().filter(|line| wanted.contains(&line.health)).count();
    let problems = count(&[Health::Problem, Health::Unreached]);
    let summary = match (problems, count(&[Health::Warning])) {
        (0, 0) => "all is well".to_owned(),
        (0, 1) => "no problem, 1 warning".to_owned(),
        (0, warnings) => format!("no problem, {warnings} warnings"),
        (1, _) => "1 problem".to_owned(),
        (problems, _) => format!("{problems} problems"),
    };
    print(&format!("\n{summary}\n"))?;
    Ok(match (count(&[Health::Unreached]), problems) {
        (0, 0) => Exit::Fine,
        (0, _) => Exit::Drift,
        _ => Exit::Unknown,
    })
}
