//! Machines that are not there, made before an apply: what is needed is told, agreed to, and then done.
#![expect(clippy::disallowed_methods, reason = "IO edge: watches the clock")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::ask::confirm;
use super::context::{Context, PARALLEL, print, read_file};
use super::error::CliError;
use super::lines::Lines;
use super::made;
use super::render::write_devcontainer;
use super::side_by_side;
use crate::parity::report::printable;
use crate::provision::create::commands::MadeMachine;
use crate::provision::create::devcontainer::{self, INSTALLATION, PROGRAM, brought_up, runs_here};
use crate::spec::load::Project;
use crate::spec::{Devcontainer, Making, Reach, Target};
use crate::transport::controller::{self, Errand, ErrandError};
use crate::transport::{Connection, Surroundings, TransportError, configuration, expect_key_line, quote};

/// Why machines that are not there were not made, by target.
pub(super) type Unmade = BTreeMap<String, String>;

/// The engines that are asked where the spec names none.
const ENGINES: [&str; 2] = ["docker", "podman"];
/// How long a program may take to say that it is there.
const GLANCE: Duration = Duration::from_secs(20);

/// What would make one machine.
struct ToMake<'a> {
    target: &'a Target,
    how: How<'a>,
}

enum How<'a> {
    /// By the devcontainer CLI.
    Container {
        /// Without `.` in it, as it is shown.
        workspace: PathBuf,
        /// The configuration that is there; else it is rendered.
        configuration: Option<PathBuf>,
        engine: String,
    },
    /// By the spec's own command, run in the project's folder.
    Commands { create: &'a [String], root: &'a Path },
}

/// Makes those of the targets that are not there and that trueup can make, if that is agreed to. What cannot be made is the
/// business of its own target alone.
pub(super) fn make_absent(
    targets: &[&Target],
    project: &Project,
    surroundings: &Surroundings,
    yes: bool,
    context: &Context,
) -> Result<Unmade, CliError> {
    let mut unmade = Unmade::new();
    let mut makings = Vec::new();
    for target in targets {
        let planned = match (&target.reach, &target.making) {
            (Reach::Devcontainer(devcontainer), _) => plan(target, devcontainer, project, surroundings),
            (Reach::Ssh(_), Making::Commands(commands)) => {
                let machine = made::remembered(&context.state_dir()?, &project.environment.name, target)?;
                let how = How::Commands { create: &commands.create, root: &project.root };
                Ok(machine.is_none().then_some(ToMake { target, how }))
            }
            _ => Ok(None),
        };
        match planned {
            Ok(Some(making)) => makings.push(making),
            Ok(None) => {}
            Err(why) => drop(unmade.insert(target.name.clone(), why)),
        }
    }
    if makings.is_empty() {
        return Ok(unmade);
    }
    for making in &makings {
        print(&printable_lines(&making.told()?))?;
    }
    let count = makings.len();
    confirm(context, yes, &format!("Make {count} machine{}?", if count == 1 { "" } else { "s" }))?;
    for making in &makings {
        if let How::Container { configuration: None, .. } = making.how {
            write_devcontainer(project, making.target)?;
        }
    }
    let absent: Vec<&Target> = makings.iter().map(|making| making.target).collect();
    let lines = Lines::new(&absent, context);
    let state = context.state_dir()?;
    let make = |making: ToMake<'_>| {
        let made = making.make(project, &state, surroundings, &lines);
        lines.end(making.target);
        made.err().map(|why| (making.target.name.clone(), why))
    };
    unmade.extend(side_by_side::each(makings, PARALLEL, &make).into_iter().flatten());
    Ok(unmade)
}

/// What would bring up a devcontainer that does not run; none where it does, or is somebody's to start.
fn plan<'a>(
    target: &'a Target,
    devcontainer: &'a Devcontainer,
    project: &Project,
    surroundings: &Surroundings,
) -> Result<Option<ToMake<'a>>, String> {
    if devcontainer.container.is_some() {
        return Ok(None);
    }
    match Connection::open(target, project.environment.shell, surroundings) {
        Err(TransportError::NoContainer { .. }) => {}
        // Whatever else is in the way is told where the target is observed.
        Ok(_) | Err(_) => return Ok(None),
    }
    let workspace: PathBuf = devcontainer.workspace.components().collect();
    if !workspace.is_dir() {
        return Err(format!("its workspace {} is no folder", workspace.display()));
    }
    ask(PROGRAM, "--version", surroundings).map_err(|error| match error {
        ErrandError::Absent(_) => {
            format!("the devcontainer CLI, which brings it up, is not installed; install it with: {INSTALLATION}")
        }
        other => other.to_string(),
    })?;
    let engine = engine(devcontainer, surroundings)?;
    let configuration = configuration(&workspace)?;
    if configuration.is_none() && project.lock.is_none() {
        return Err(
            "it has no devcontainer.json, and there is no lock to render one of; run: trueup capture".to_owned()
        );
    }
    Ok(Some(ToMake { target, how: How::Container { workspace, configuration, engine } }))
}

/// The engine that answers: the spec's, else the first of those that are usual.
fn engine(devcontainer: &Devcontainer, surroundings: &Surroundings) -> Result<String, String> {
    let engines = devcontainer.engine.as_deref().map_or_else(|| ENGINES.to_vec(), |engine| vec![engine]);
    let mut told = Vec::new();
    for engine in engines {
        // Its version with that of its daemon, which may not run.
        match ask(engine, "version", surroundings) {
            Ok(_) => return Ok(engine.to_owned()),
            Err(error) => told.push(error.to_string()),
        }
    }
    Err(format!("no engine for containers answers ({}); install docker or podman, or start it", told.join("; ")))
}

fn ask(program: &str, argument: &str, surroundings: &Surroundings) -> Result<String, ErrandError> {
    let arguments = [argument.to_owned()];
    let errand = Errand { program, arguments: &arguments, folder: None, limit: GLANCE };
    controller::run(&errand, surroundings, &mut |_| {})
}

impl ToMake<'_> {
    /// The program and its arguments.
    fn command(&self) -> (String, Vec<String>) {
        match &self.how {
            How::Commands { create, .. } => {
                let (program, arguments) = create.split_first().expect("a command begins with its program");
                (program.clone(), arguments.to_vec())
            }
            How::Container { workspace, configuration, engine } => {
                let found_by_itself = |path: &Path| {
                    let within = path.strip_prefix(workspace);
                    within.is_ok_and(|path| path.parent().is_some_and(|above| above.components().count() < 2))
                };
                let named = configuration.as_ref().filter(|path| !found_by_itself(path));
                let named = named.map(|path| path.display().to_string());
                let arguments = devcontainer::up(&workspace.display().to_string(), named.as_deref(), engine);
                (PROGRAM.to_owned(), arguments)
            }
        }
    }

    /// What is done, for people.
    fn told(&self) -> Result<String, CliError> {
        let name = &self.target.name;
        let (program, arguments) = self.command();
        let command = quote::words([program.as_str()].into_iter().chain(arguments.iter().map(String::as_str)));
        let mut lines = vec![format!("{name} is not there. It is made by:")];
        match &self.how {
            How::Container { configuration: None, .. } => lines.push(format!("  trueup render devcontainer {name}")),
            How::Container { configuration: Some(path), .. } => {
                if let Some(command) = runs_here(&read_file(path)?) {
                    lines.push(format!("  its initializeCommand, on this machine and not in the container: {command}"));
                }
            }
            How::Commands { .. } => {}
        }
        lines.push(format!("  {command}"));
        Ok(lines.join("\n") + "\n")
    }

    fn make(&self, project: &Project, state: &Path, surroundings: &Surroundings, lines: &Lines) -> Result<(), String> {
        lines.tell(self.target, "being made");
        let begun = Instant::now();
        let limit = project.environment.limits.create;
        let (program, arguments) = self.command();
        let folder = match &self.how {
            How::Container { workspace, .. } => workspace.as_path(),
            How::Commands { root, .. } => root,
        };
        let errand = Errand { program: &program, arguments: &arguments, folder: Some(folder), limit };
        let mut said = Vec::new();
        let answer = controller::run(&errand, surroundings, &mut |line| {
            lines.say(self.target, line);
            said.push(line.to_owned());
        });
        let outcome = match (&self.how, answer) {
            (How::Container { .. }, Ok(answer)) => brought_up(&answer).map(drop),
            (How::Container { .. }, Err(ErrandError::Failed { answer, .. })) if !answer.trim().is_empty() => {
                brought_up(&answer).and_then(|_| Err("the devcontainer CLI failed".to_owned()))
            }
            (How::Commands { .. }, Ok(answer)) => {
                self.settle_in(&answer, limit.saturating_sub(begun.elapsed()), project, state, surroundings, lines)
            }
            (_, Err(error)) => Err(error.to_string()),
        };
        if outcome.is_err() {
            // What a build said last is where its fault is.
            let last = said.len().saturating_sub(LAST_LINES);
            said.drain(last..).for_each(|line| lines.tell(self.target, &line));
        }
        outcome
    }

    /// Remembers where a machine is, trusts the key that it was made with, and waits until it lets us in.
    fn settle_in(
        &self,
        answer: &str,
        limit: Duration,
        project: &Project,
        state: &Path,
        surroundings: &Surroundings,
        lines: &Lines,
    ) -> Result<(), String> {
        let machine = MadeMachine::read(answer)?;
        // First of all, so that it is made once and can be ended, whatever comes now.
        made::remember(state, &project.environment.name, self.target, &machine).map_err(|error| error.to_string())?;
        let Reach::Ssh(address) = &self.target.reach else { return Ok(()) };
        let address = machine.address(address);
        if let Some(key) = &machine.host_key {
            expect_key_line(&address, &self.target.name, key, surroundings).map_err(|error| error.to_string())?;
        }
        let target = Target { reach: Reach::Ssh(address), ..self.target.clone() };
        lines.say(self.target, "waiting until it lets us in");
        let begun = Instant::now();
        loop {
            let last = match Connection::open(&target, project.environment.shell, surroundings) {
                Ok(_) => return Ok(()),
                // A machine that starts refuses connections, then breaks them off, then knows no key yet.
                Err(
                    error @ (TransportError::Connect { .. }
                    | TransportError::Session { .. }
                    | TransportError::Refused { .. }
                    | TransportError::Resolve { .. }),
                ) => error,
                Err(error) => return Err(error.to_string()),
            };
            if begun.elapsed() > limit {
                return Err(format!("it was made, and does not let us in: {last}"));
            }
            std::thread::sleep(BETWEEN);
        }
    }
}

/// How long to wait before a machine that starts is tried again.
const BETWEEN: Duration = Duration::from_secs(2);
/// How much of what was said is told where it failed.
const LAST_LINES: usize = 15;

/// The text without control characters but for the ends of its lines.
fn printable_lines(text: &str) -> String {
    text.lines().map(|line| printable(line) + "\n").collect()
}
