//! What every verb starts from: the surroundings, read once.
#![expect(clippy::disallowed_methods, reason = "IO edge: the CLI reads the environment")]

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use indicatif::MultiProgress;

use super::error::CliError;
use super::made;
use crate::observe;
use crate::parity::report::{Look, View};
use crate::spec::load::{self, Project, Whereabouts};
use crate::spec::{LockError, Making, Reach, Reference, Sandbox, Target, TargetKind};
use crate::transport::{Asker, Passphrases, Surroundings};

/// The options that every verb takes.
#[derive(Args)]
pub(super) struct GlobalOptions {
    /// Look for the environments/ folder here instead of in the working folder
    #[arg(long, global = true, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// Choose an environment, where there are several
    #[arg(long, global = true, value_name = "NAME")]
    env: Option<String>,
    /// Keep history and keys here [default: $TRUEUP_STATE, else $XDG_STATE_HOME/trueup]
    #[arg(long, global = true, value_name = "FOLDER")]
    state: Option<PathBuf>,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Colour,
}

#[derive(Clone, Copy, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

/// What every verb starts from.
#[derive(Clone)]
pub(super) struct Context {
    dir: Option<PathBuf>,
    environment: Option<String>,
    state: Option<PathBuf>,
    colour: Colour,
    /// Whether there is a person to ask.
    pub(super) interactive: bool,
    /// Where progress is drawn, which steps aside for questions.
    pub(super) progress: MultiProgress,
    passphrases: Arc<Passphrases>,
}

impl Context {
    pub(super) fn new(options: GlobalOptions) -> Self {
        let interactive = io::stdin().is_terminal() && io::stderr().is_terminal();
        let progress = MultiProgress::new();
        let passphrases = if interactive { Passphrases::from(asker(progress.clone())) } else { Passphrases::default() };
        Self {
            dir: options.dir,
            environment: options.env,
            state: options.state,
            colour: options.color,
            interactive,
            progress,
            passphrases: Arc::new(passphrases),
        }
    }

    /// Finds and reads the project.
    pub(super) fn load(&self) -> Result<Project, CliError> {
        let mut project = load::load(&self.whereabouts()?, &observe::vocabulary())?;
        self.recall(&mut project)?;
        Ok(project)
    }

    /// The same for a new capture: a lock that cannot be read is told and left out.
    pub(super) fn load_to_capture(&self) -> Result<(Project, Option<LockError>), CliError> {
        let (mut project, error) = load::load_to_capture(&self.whereabouts()?, &observe::vocabulary())?;
        self.recall(&mut project)?;
        Ok((project, error))
    }

    /// Has the machines that were made be reached where they are.
    pub(super) fn recall(&self, project: &mut Project) -> Result<(), CliError> {
        let is_made = |target: &Target| matches!(target.making, Making::Commands(_));
        if project.environment.targets.iter().any(is_made) { made::recall(project, &self.state_dir()?) } else { Ok(()) }
    }

    fn whereabouts(&self) -> Result<Whereabouts, CliError> {
        Ok(Whereabouts { start: self.start()?, environment: self.environment.clone(), home: home()? })
    }

    /// The folder to start from: the one that `--dir` names, else the working folder.
    pub(super) fn start(&self) -> Result<PathBuf, CliError> {
        let here =
            std::env::current_dir().map_err(|source| CliError::Io { doing: "finding the working folder", source })?;
        Ok(self.dir.as_ref().map_or_else(|| here.clone(), |dir| here.join(dir)))
    }

    /// What trueup's own surroundings contribute to reaching this project's machines.
    pub(super) fn surroundings(&self, project: &Project) -> Result<Surroundings, CliError> {
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        Ok(Surroundings {
            home: home()?,
            user: variable("USER").or_else(|| variable("LOGNAME")).map_or_else(own_name, Ok)?,
            ssh_agent: variable("SSH_AUTH_SOCK").map(PathBuf::from),
            env: std::env::vars_os().collect(),
            connect_limit: project.environment.limits.connect,
            system_ssh: PathBuf::from("/etc/ssh"),
            passphrases: Arc::clone(&self.passphrases),
        })
    }

    /// Where history and keys are kept.
    pub(super) fn state_dir(&self) -> Result<PathBuf, CliError> {
        let named = std::env::var_os("TRUEUP_STATE").filter(|state| !state.is_empty()).map(PathBuf::from);
        if let Some(state) = self.state.clone().or(named) {
            return Ok(state);
        }
        let xdg = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        Ok(match xdg {
            Some(state) => state.join("trueup"),
            None => home()?.join(".local/state/trueup"),
        })
    }

    /// How text on stdout may look.
    pub(super) fn stdout_look(&self) -> Look {
        self.look(anstream::AutoStream::choice(&io::stdout()))
    }

    /// What reports on stdout are shown on.
    pub(super) fn stdout_view(&self) -> View {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
        // A terminal that does not tell its size says zero.
        let width = size.map(|size| usize::from(size.ws_col)).filter(|width| *width > 0);
        View { look: self.stdout_look(), width }
    }

    /// How text on stderr may look.
    pub(super) fn stderr_look(&self) -> Look {
        self.look(anstream::AutoStream::choice(&io::stderr()))
    }

    fn look(&self, terminal: anstream::ColorChoice) -> Look {
        match (self.colour, terminal) {
            (Colour::Never, _) | (Colour::Auto, anstream::ColorChoice::Never) => Look::Plain,
            (Colour::Always | Colour::Auto, _) => Look::Coloured,
        }
    }
}

/// Asks on the terminal, unseen, while the progress steps aside.
fn asker(progress: MultiProgress) -> Asker {
    Box::new(move |question| progress.suspend(|| rpassword::prompt_password(question)))
}

/// The user's name where the environment does not tell, as under cron and in containers.
fn own_name() -> Result<String, CliError> {
    let asked = std::process::Command::new("id").arg("-un").output();
    let told = asked.map_err(|source| CliError::Io { doing: "asking who the user is", source })?;
    Ok(String::from_utf8_lossy(&told.stdout).trim().to_owned())
}

/// The user's home.
pub(super) fn home() -> Result<PathBuf, CliError> {
    std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute()).ok_or(CliError::NoHome)
}

/// The targets named, or all of them. An empty selection is an error.
pub(super) fn select<'a>(project: &'a Project, names: &[String]) -> Result<Vec<&'a Target>, CliError> {
    let all = &project.environment.targets;
    if all.is_empty() {
        return Err(CliError::NoTargets(project.environment.name.clone()));
    }
    if names.is_empty() {
        return Ok(all.iter().collect());
    }
    let mut selected: Vec<&Target> = Vec::new();
    for name in names {
        let target = project.environment.target(name).ok_or_else(|| CliError::NoSuchTarget {
            name: name.clone(),
            known: all.iter().map(|target| target.name.clone()).collect(),
        })?;
        if !selected.iter().any(|known| known.name == target.name) {
            selected.push(target);
        }
    }
    Ok(selected)
}

/// The one target of a verb that takes one.
pub(super) fn select_one<'a>(project: &'a Project, name: &str) -> Result<&'a Target, CliError> {
    let selected = select(project, std::slice::from_ref(&name.to_owned()))?;
    Ok(selected[0])
}

/// The reference as a machine that can be audited.
pub(super) fn reference(project: &Project) -> Target {
    match &project.environment.reference {
        Reference::Local => Target {
            name: "local".to_owned(),
            kind: TargetKind::Local,
            reach: Reach::Local(Sandbox::default()),
            making: Making::Found,
            labels: Vec::new(),
        },
        Reference::Target(name) => project
            .environment
            .target(name)
            .cloned()
            .expect("the spec's reader has seen that the reference is a target"),
    }
}

/// Prints the result. A reader that has gone away wants no more of it.
pub(super) fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => {
            Err(CliError::Io { doing: "writing the result", source })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Reads a file that the user names.
pub(super) fn read_file(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.to_owned(), source })
}

/// Reads a file that the user names, whatever it holds.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|source| CliError::Read { path: path.to_owned(), source })
}

/// Says something beside the result.
pub(super) fn tell(text: &str) {
    // There is nowhere left to say that stderr cannot be written to.
    let _unsaid = writeln!(io::stderr().lock(), "{text}");
}

/// How many machines are audited at once: a thread each that mostly waits, so that a hundred, however many of them do
/// not answer, are no longer on their way than one.
pub(super) const PARALLEL: usize = 128;

/// A moment's length, for progress that is redrawn.
pub(super) const TICK: Duration = Duration::from_millis(100);
