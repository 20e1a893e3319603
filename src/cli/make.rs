//! Machines that are not there, made before an apply: what is needed is told, agreed to, and then done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ask::confirm;
use super::context::{Context, PARALLEL, print, read_file};
use super::error::CliError;
use super::lines::Lines;
use super::render::write_devcontainer;
use super::side_by_side;
use crate::parity::report::printable;
use crate::provision::create::devcontainer::{self, INSTALLATION, PROGRAM, brought_up, runs_here};
use crate::spec::load::Project;
use crate::spec::{Devcontainer, Reach, Target};
use crate::transport::controller::{self, Errand, ErrandError};
use crate::transport::{Connection, Surroundings, TransportError, configuration, quote};

/// Why machines that are not there were not made, by target.
pub(super) type Unmade = BTreeMap<String, String>;

/// The engines that are asked where the spec names none.
const ENGINES: [&str; 2] = ["docker", "podman"];
/// How long a program may take to say that it is there.
const GLANCE: Duration = Duration::from_secs(20);

/// What would make one machine.
struct Making<'a> {
    target: &'a Target,
    /// Without `.` in it, as it is shown.
    workspace: PathBuf,
    /// The configuration that is there; else it is rendered.
    configuration: Option<PathBuf>,
    engine: String,
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
        let Reach::Devcontainer(devcontainer) = &target.reach else { continue };
        match plan(target, devcontainer, project, surroundings) {
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
    for making in makings.iter().filter(|making| making.configuration.is_none()) {
        write_devcontainer(project, making.target)?;
    }
    let absent: Vec<&Target> = makings.iter().map(|making| making.target).collect();
    let lines = Lines::new(&absent, context);
    let make = |making: Making<'_>| {
        let made = making.make(project.environment.limits.create, surroundings, &lines);
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
) -> Result<Option<Making<'a>>, String> {
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
    Ok(Some(Making { target, workspace, configuration, engine }))
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

impl Making<'_> {
    fn arguments(&self) -> Vec<String> {
        let found_by_itself = |path: &Path| {
            let within = path.strip_prefix(&self.workspace);
            within.is_ok_and(|path| path.parent().is_some_and(|above| above.components().count() < 2))
        };
        let named = self.configuration.as_ref().filter(|path| !found_by_itself(path));
        let named = named.map(|path| path.display().to_string());
        devcontainer::up(&self.workspace.display().to_string(), named.as_deref(), &self.engine)
    }

    /// What is done, for people.
    fn told(&self) -> Result<String, CliError> {
        let name = &self.target.name;
        let arguments = self.arguments();
        let command = quote::words([PROGRAM].into_iter().chain(arguments.iter().map(String::as_str)));
        let mut lines = vec![format!("{name} is not there. It is made by:")];
        match &self.configuration {
            None => lines.push(format!("  trueup render devcontainer {name}")),
            Some(path) => {
                if let Some(command) = runs_here(&read_file(path)?) {
                    lines.push(format!("  its initializeCommand, on this machine and not in the container: {command}"));
                }
            }
        }
        lines.push(format!("  {command}"));
        Ok(lines.join("\n") + "\n")
    }

    fn make(&self, limit: Duration, surroundings: &Surroundings, lines: &Lines) -> Result<(), String> {
        lines.tell(self.target, "being brought up");
        let arguments = self.arguments();
        let errand = Errand { program: PROGRAM, arguments: &arguments, folder: Some(&self.workspace), limit };
        let mut said = Vec::new();
        let answer = controller::run(&errand, surroundings, &mut |line| {
            lines.say(self.target, line);
            said.push(line.to_owned());
        });
        let outcome = match answer {
            Ok(answer) => brought_up(&answer),
            Err(ErrandError::Failed { answer, .. }) if !answer.trim().is_empty() => {
                brought_up(&answer).and_then(|_| Err("the devcontainer CLI failed".to_owned()))
            }
            Err(error) => Err(error.to_string()),
        };
        if outcome.is_err() {
            // What a build said last is where its fault is.
            let last = said.len().saturating_sub(LAST_LINES);
            said.drain(last..).for_each(|line| lines.tell(self.target, &line));
        }
        outcome.map(drop)
    }
}

/// How much of what was said is told where it failed.
const LAST_LINES: usize = 15;

/// The text without control characters but for the ends of its lines.
fn printable_lines(text: &str) -> String {
    text.lines().map(|line| printable(line) + "\n").collect()
}
