//! Machines that were made: where they are is remembered with trueup's state, until they are ended.
#![expect(clippy::disallowed_methods, reason = "IO edge: keeps what was made")]

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::ask::confirm;
use super::context::{Context, print, tell};
use super::error::CliError;
use super::render::put_private;
use crate::parity::report::printable;
use crate::provision::create::commands::MadeMachine;
use crate::spec::load::Project;
use crate::spec::{Making, Reach, Target};
use crate::transport::controller::{self, Errand};
use crate::transport::{Surroundings, quote};

fn place(state: &Path, environment: &str, target: &str) -> PathBuf {
    state.join("hosts").join(environment).join(format!("{target}.json"))
}

/// The machine that was made for a target, if one was.
pub(super) fn remembered(state: &Path, environment: &str, target: &Target) -> Result<Option<MadeMachine>, CliError> {
    if !matches!(target.making, Making::Commands(_)) {
        return Ok(None);
    }
    let path = place(state, environment, &target.name);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(CliError::Read { path, source }),
    };
    let bad = |error| CliError::BadArgument(format!("{} is not what was remembered: {error}", path.display()));
    serde_json::from_str(&text).map(Some).map_err(bad)
}

/// Remembers where a machine is.
pub(super) fn remember(
    state: &Path,
    environment: &str,
    target: &Target,
    machine: &MadeMachine,
) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(machine).expect("every field has a JSON form") + "\n";
    put_private(&place(state, environment, &target.name), text.as_bytes())
}

/// Has the targets that were made be reached where they are.
pub(super) fn recall(project: &mut Project, state: &Path) -> Result<(), CliError> {
    let environment = &mut project.environment;
    for target in &mut environment.targets {
        if let Some(machine) = remembered(state, &environment.name, target)?
            && let Reach::Ssh(address) = &mut target.reach
        {
            *address = machine.address(address);
        }
    }
    Ok(())
}

/// Ends the machine of a target by the spec's command, and forgets it.
pub(super) fn destroy(
    project: &Project,
    target: &Target,
    surroundings: &Surroundings,
    yes: bool,
    context: &Context,
) -> Result<(), CliError> {
    let name = &target.name;
    let commands = match &target.making {
        Making::Commands(commands) => Some(commands),
        Making::Found | Making::Container(_) => None,
    };
    let Some((commands, (program, arguments))) = commands.and_then(|one| Some((one, one.destroy.split_first()?)))
    else {
        let why = format!("{name} has no `create` and `destroy` in the spec, so it is not trueup's to end");
        return Err(CliError::BadArgument(why));
    };
    let state = context.state_dir()?;
    let Some(machine) = remembered(&state, &project.environment.name, target)? else {
        return print(&format!("nothing that was made is remembered for {name}\n"));
    };
    let command = quote::words(commands.destroy.iter().map(String::as_str));
    print(&format!("{name}, at {}, is ended with all that is on it by:\n  {}\n", machine.host, printable(&command)))?;
    confirm(context, yes, &format!("End {name}?"))?;
    let limit = project.environment.limits.create;
    let errand = Errand { program, arguments, folder: Some(&project.root), limit };
    let ended = controller::run(&errand, surroundings, &mut |line| tell(&printable(&format!("{name}: {line}"))));
    ended.map_err(|error| CliError::NotEnded { name: name.clone(), why: error.to_string() })?;
    let path = place(&state, &project.environment.name, name);
    std::fs::remove_file(&path).map_err(|source| CliError::Write { path, source })?;
    print(&format!("{name} is ended; `trueup apply {name}` makes it anew\n"))
}
