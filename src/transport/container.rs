//! A running container as a target: command lines run in it by `docker exec` or `podman exec`, whichever engine has it.
//!
//! A devcontainer is found by the label that its tools give it. Everything that concerns reaching the engine
//! (`DOCKER_HOST`, contexts, rootless sockets) is the engine's own program's business, which gets trueup's environment.
//! That program only relays: ending it leaves the command in the container running. So a command gets a name there, by
//! which a run that is over can be ended with all that it started (`leave.sh`).
#![expect(
    clippy::disallowed_methods,
    reason = "IO edge: starts processes, reads devcontainer.json and watches the clock"
)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::os::unix::process::CommandExt as _;
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde::Deserialize;

use super::devcontainer::{self, FILE_LABEL, FOLDER_LABEL, METADATA_LABEL};
use super::{Ended, Listener, PROCESSES, Run, StdinAfter, Stream, Surroundings, TransportError, process, quote};
use crate::spec::Devcontainer;

/// The engines that are asked where the spec names none.
const ENGINES: [&str; 2] = ["docker", "podman"];
/// How much of an engine's answer is read.
const ANSWER_LIMIT: usize = 16 << 20;
/// How long a command that is not listened to any more may take to end by itself.
const LINGER: Duration = Duration::from_secs(1);
/// How long ending a run that is over may take.
const FAREWELL: Duration = Duration::from_secs(5);

pub(super) const ENTER: &str = include_str!("enter.sh");
const LEAVE: &str = include_str!("leave.sh");

/// A way into a running container.
pub(super) struct Container {
    engine: Engine,
    id: String,
    user: Option<String>,
}

/// An engine's program, with trueup's environment.
struct Engine {
    program: String,
    env: Vec<(OsString, OsString)>,
}

/// Why an engine did not answer.
enum Mute {
    /// There is no such program.
    Absent,
    /// What it said instead.
    Said(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    id: String,
    created: String,
    state: State,
    config: Config,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    running: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    labels: Option<BTreeMap<String, String>>,
}

impl Container {
    /// Finds the container, and who works in it.
    pub(super) fn find(target: &Devcontainer, surroundings: &Surroundings) -> Result<Self, TransportError> {
        let deadline = Instant::now() + surroundings.connect_limit;
        let engines: Vec<&str> = match &target.engine {
            Some(engine) => vec![engine],
            None => ENGINES.to_vec(),
        };
        let workspace = normal(&target.workspace);
        let mut told = Vec::new();
        for program in engines {
            let engine = Engine { program: program.to_owned(), env: surroundings.env.clone() };
            let found = match &target.container {
                Some(name) => engine.named(name, deadline),
                None => engine.of_workspace(&workspace, deadline),
            };
            match found {
                Ok(Some(found)) => {
                    let user = user_of(&found, &workspace)?;
                    return Ok(Self { engine, id: found.id, user });
                }
                Ok(None) => told.push(format!("{program} has none")),
                Err(Mute::Absent) => told.push(format!("{program} is not installed")),
                Err(Mute::Said(said)) => told.push(format!("{program} says `{said}`")),
            }
        }
        let (wanted, command) = match &target.container {
            Some(name) => {
                let engine = target.engine.as_deref().unwrap_or("docker");
                (format!("running container {name}"), format!("{engine} start {}", quote::word(name)))
            }
            None => {
                let folder = workspace.display().to_string();
                (
                    format!("running container with the label {FOLDER_LABEL}={folder}"),
                    format!("devcontainer up --workspace-folder {}", quote::word(&folder)),
                )
            }
        };
        Err(TransportError::NoContainer { wanted, told: told.join("; "), command })
    }

    /// Runs one command line and hears it out.
    pub(super) fn run(&self, run: &Run<'_>, listener: Listener<'_>) -> Result<Ended, TransportError> {
        let name = new_name();
        // A shell stays at the head of the command line, so that its name can be found.
        let program = format!("{ENTER}\n{}\nexit $?", run.command_line);
        let mut command = self.exec(&["/bin/sh", "-c", &program, &name]);
        let failed = |source| TransportError::Local { program: self.engine.program.clone(), source };
        // A command whose answer is complete mostly ends by itself, which spares a call of the engine.
        let linger = if run.stdin_after == StdinAfter::Ends { LINGER } else { Duration::ZERO };
        let attended = process::attend(&mut command, run, linger, listener).map_err(failed)?;
        if !attended.gone {
            self.end(&name);
        }
        Ok(attended.ended)
    }

    /// Ends what runs under this name, if anything still does. What cannot be ended ends with the container.
    fn end(&self, name: &str) {
        let program = leave(name);
        let run =
            Run { command_line: "", stdin: program.as_bytes(), stdin_after: StdinAfter::Ends, limit: Some(FAREWELL) };
        let mut command = self.exec(&["/bin/sh", "-s"]);
        let _nothing_left_to_try =
            process::attend(&mut command, &run, Duration::ZERO, &mut |_, _| ControlFlow::Continue(()));
    }

    fn exec(&self, words: &[&str]) -> Command {
        let mut command = self.engine.command(&["exec", "-i"]);
        if let Some(user) = &self.user {
            command.args(["-u", user]);
        }
        command.arg(&self.id).args(words);
        command
    }
}

/// The program that ends what runs under this name. The name comes with its text: as an argument, it would be found as
/// the program's own.
pub(super) fn leave(name: &str) -> String {
    format!("{PROCESSES}\nset -- {}\n{LEAVE}", quote::word(name))
}

impl Engine {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        let env = self.env.iter().map(|(name, value)| (name, value));
        command.args(arguments).env_clear().envs(env).process_group(0);
        command
    }

    /// The newest running container of a workspace folder.
    fn of_workspace(&self, workspace: &Path, deadline: Instant) -> Result<Option<Inspected>, Mute> {
        let filter = format!("label={FOLDER_LABEL}={}", workspace.display());
        let ids = self.ask(&["ps", "--quiet", "--no-trunc", "--filter", &filter], deadline)?;
        let ids: Vec<&str> = ids.split_ascii_whitespace().collect();
        if ids.is_empty() {
            return Ok(None);
        }
        let mut found = self.inspect(&ids, deadline)?;
        // One that has ended meanwhile is as good as none.
        found.retain(|container| container.state.running);
        let mut newest: Option<(Timestamp, Inspected)> = None;
        for container in found {
            let created: Timestamp = container
                .created
                .parse()
                .map_err(|error| Mute::Said(format!("Created {}: {error}", container.created)))?;
            if newest.as_ref().is_none_or(|(known, _)| *known < created) {
                newest = Some((created, container));
            }
        }
        Ok(newest.map(|(_, container)| container))
    }

    /// The running container of this name.
    fn named(&self, name: &str, deadline: Instant) -> Result<Option<Inspected>, Mute> {
        let found = self.inspect(&[name], deadline)?;
        Ok(found.into_iter().find(|container| container.state.running))
    }

    fn inspect(&self, containers: &[&str], deadline: Instant) -> Result<Vec<Inspected>, Mute> {
        let answer = self.ask(&[&["inspect", "--type", "container"], containers].concat(), deadline)?;
        serde_json::from_str(&answer).map_err(|error| Mute::Said(format!("what is not understood: {error}")))
    }

    /// What a command of the engine prints.
    fn ask(&self, arguments: &[&str], deadline: Instant) -> Result<String, Mute> {
        let limit = deadline.saturating_duration_since(Instant::now());
        let run = Run { command_line: "", stdin: b"", stdin_after: StdinAfter::Ends, limit: Some(limit) };
        let (mut answer, mut complaint) = (Vec::new(), Vec::new());
        let attended = process::attend(&mut self.command(arguments), &run, Duration::ZERO, &mut |stream, bytes| {
            let heard = if stream == Stream::Stdout { &mut answer } else { &mut complaint };
            heard.extend_from_slice(bytes);
            if heard.len() > ANSWER_LIMIT { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match attended.map(|attended| attended.ended) {
            Ok(Ended::Exited(0)) => Ok(String::from_utf8_lossy(&answer).into_owned()),
            Ok(Ended::TimedOut) => Err(Mute::Said("nothing within the time limit".to_owned())),
            Ok(_) => {
                let complaint = String::from_utf8_lossy(&complaint);
                let line = complaint.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("nothing");
                Err(Mute::Said(line.chars().filter(|c| !c.is_control()).take(300).collect()))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Err(Mute::Absent),
            Err(error) => Err(Mute::Said(error.to_string())),
        }
    }
}

/// Who works in the container; none leaves it to the image.
fn user_of(container: &Inspected, workspace: &Path) -> Result<Option<String>, TransportError> {
    let place = |path: Option<&Path>| path.unwrap_or(workspace).display().to_string();
    let labels = container.config.labels.as_ref();
    let label = |name: &str| labels.and_then(|labels| labels.get(name)).map(String::as_str);
    let misread = |place: String, message: String| TransportError::Config { place, message };
    // A container that no devcontainer tool made has no configuration that it came from.
    let path = match (label(FILE_LABEL), label(FOLDER_LABEL)) {
        (Some(path), _) => Some(PathBuf::from(path)),
        (None, Some(_)) => configuration(workspace).map_err(|message| misread(place(None), message))?,
        (None, None) => None,
    };
    let text = match path.as_deref().map(std::fs::read_to_string) {
        Some(Ok(text)) => Some(text),
        // The folder may have moved since; the label still says who works there.
        Some(Err(error)) if error.kind() == ErrorKind::NotFound => None,
        Some(Err(error)) => return Err(misread(place(path.as_deref()), error.to_string())),
        None => None,
    };
    devcontainer::remote_user(label(METADATA_LABEL), text.as_deref())
        .map_err(|message| misread(place(path.as_deref()), message))
}

/// The devcontainer.json of a workspace folder: one of three places. The error is a sentence.
pub fn configuration(workspace: &Path) -> Result<Option<PathBuf>, String> {
    let folder = workspace.join(".devcontainer");
    for path in [folder.join("devcontainer.json"), workspace.join(".devcontainer.json")] {
        if path.is_file() {
            return Ok(Some(path));
        }
    }
    // A folder that cannot be listed holds none.
    let Ok(entries) = std::fs::read_dir(&folder) else { return Ok(None) };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path().join("devcontainer.json")));
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.is_file()).collect();
    paths.sort();
    match paths.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only.clone())),
        several => {
            let names: Vec<String> = several.iter().map(|path| path.display().to_string()).collect();
            Err(format!(
                "there are several configurations, and nothing tells which of these is meant: {}",
                names.join(", ")
            ))
        }
    }
}

/// The folder without `.` and `..`, as devcontainer tools write it into the label.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(normal.pop()),
            other => normal.push(other),
        }
    }
    normal
}

/// A name for a command that no other has, here or on another controller.
fn new_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    format!("trueup-{}-{since}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_found_in_three_places() {
        let workspace = tempfile::tempdir().unwrap();
        let at = |name: &str| workspace.path().join(name);
        let put = |name: &str| {
            std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            std::fs::write(at(name), "{}").unwrap();
        };
        assert_eq!(configuration(workspace.path()), Ok(None));
        put(".devcontainer/web/devcontainer.json");
        assert_eq!(configuration(workspace.path()), Ok(Some(at(".devcontainer/web/devcontainer.json"))));
        put(".devcontainer/api/devcontainer.json");
        assert!(configuration(workspace.path()).unwrap_err().contains("api/devcontainer.json, "));
        put(".devcontainer.json");
        assert_eq!(configuration(workspace.path()), Ok(Some(at(".devcontainer.json"))));
        put(".devcontainer/devcontainer.json");
        assert_eq!(configuration(workspace.path()), Ok(Some(at(".devcontainer/devcontainer.json"))));
    }

    #[test]
    fn a_folder_is_named_as_devcontainer_tools_name_it() {
        assert_eq!(normal(Path::new("/home/me/project/./../other/.")), Path::new("/home/me/other"));
    }
}
