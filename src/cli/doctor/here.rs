//! What lies on this machine: the program, the state and its keys, the project, and what SSH needs. Only looks.
#![expect(clippy::disallowed_methods, reason = "IO edge: looks at this machine's files")]

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::fs::{Access, access};

use super::{Health, Line};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::spec::load::{LoadError, LoadedLock, Project};
use crate::spec::{Reach, Target};
use crate::store::Store;
use crate::transport::{self, Surroundings, quote};

/// trueup itself, and where it keeps what it remembers.
pub(super) fn program(context: &Context) -> Result<Vec<Line>, CliError> {
    let state = context.state_dir()?;
    let mut lines = vec![Line::ok("trueup", env!("CARGO_PKG_VERSION")), folder(&state)];
    lines.extend(store(&state.join("trueup.db")));
    lines.extend(keys(&state.join("keys")));
    Ok(lines)
}

/// The state folder is made on first use, so what counts is the nearest folder that is there.
fn folder(state: &Path) -> Line {
    let there = state.ancestors().find(|folder| folder.symlink_metadata().is_ok());
    let shown = state.display();
    match there {
        Some(place) if !place.is_dir() => Line::new(
            Health::Problem,
            "state",
            format!("{} is in the way of {shown}: it is no folder", place.display()),
        )
        .next("move it away, or name another folder with --state"),
        Some(place) if access(place, Access::WRITE_OK | Access::EXEC_OK).is_err() => {
            Line::new(Health::Problem, "state", format!("{} cannot be written to", place.display()))
                .next("make it writable, or name another folder with --state")
        }
        Some(place) if place == state => Line::ok("state", format!("{shown} can be written to")),
        Some(_) | None => Line::ok("state", format!("{shown} will be made on first use")),
    }
}

/// Of the history, only what would keep it from being opened is told.
fn store(path: &Path) -> Option<Line> {
    if !path.exists() {
        return None;
    }
    let Err(why) = Store::open_to_read(path) else { return None };
    let says = format!("{} cannot be read as the history: {why}", path.display());
    Some(Line::new(Health::Problem, "state", says).next("move it away; trueup begins a new one"))
}

fn keys(folder: &Path) -> Vec<Line> {
    let key = folder.join("verifier.pem");
    if !key.exists() {
        return vec![Line::ok("key", "none yet; the first attestation makes one")];
    }
    let mut lines = Vec::new();
    for (path, forbidden, mode) in [(key.as_path(), 0o077, "600"), (folder, 0o022, "700")] {
        match std::fs::metadata(path) {
            Ok(found) if found.permissions().mode() & forbidden != 0 => {
                let open = format!("{} is open to others ({:03o})", path.display(), found.permissions().mode() & 0o777);
                let fix = format!("chmod {mode} {}", quote::word(&path.display().to_string()));
                lines.push(Line::new(Health::Problem, "key", open).next(fix));
            }
            Ok(_) => {}
            Err(error) => {
                lines.push(Line::new(Health::Problem, "key", format!("cannot look at {}: {error}", path.display())));
            }
        }
    }
    if lines.is_empty() {
        lines.push(Line::ok("key", format!("{} is its owner's alone", key.display())));
    }
    lines
}

/// Why there is nothing to go on with.
pub(super) fn no_project(error: &CliError) -> Line {
    let (subject, next) = match error {
        CliError::Load(LoadError::NoProject(_) | LoadError::NoEnvironment(_)) => ("project", "trueup init"),
        CliError::Load(LoadError::Ambiguous(_) | LoadError::NoSuch { .. }) => ("project", "trueup doctor --env NAME"),
        CliError::Load(LoadError::Lock(_)) => ("lock", "restore it from git, or write it anew: trueup capture"),
        _ => ("spec", "correct it; every problem is shown with its place"),
    };
    Line::new(Health::Problem, subject, error.to_string()).next(next)
}

/// The environment, its spec and its lock.
pub(super) fn project(project: &Project) -> Vec<Line> {
    let environment = &project.environment;
    let spec = project.spec_path.strip_prefix(&project.root).unwrap_or(&project.spec_path);
    let mut lines = vec![Line::ok("project", format!("{} in {}", environment.name, project.root.display()))];
    let scope = environment.scope();
    let held = scope.items.len() + scope.listings.len();
    lines.push(match held {
        0 => Line::new(Health::Warning, "spec", format!("{} holds nothing true", spec.display()))
            .next("name a tool, a package, a dotfile or a repository in it"),
        _ => Line::ok("spec", format!("{} is understood; targets: {}", spec.display(), names(&environment.targets))),
    });
    if environment.targets.is_empty() {
        lines.push(Line::new(Health::Warning, "targets", "there are none").next("add one under [targets]"));
    }
    lines.push(match &project.lock {
        None => Line::new(Health::Warning, "lock", "the reference has not been captured yet").next("trueup capture"),
        Some(lock) => self::lock(project, lock),
    });
    lines
}

fn names(targets: &[Target]) -> String {
    if targets.is_empty() {
        return "none".to_owned();
    }
    targets.iter().map(|target| target.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn lock(project: &Project, loaded: &LoadedLock) -> Line {
    const SHOWN: usize = 5;
    let path = project.lock_path.strip_prefix(&project.root).unwrap_or(&project.lock_path).display();
    let lock = &loaded.lock;
    let scope = project.environment.scope();
    let mut lacking: BTreeSet<String> =
        scope.items.iter().filter(|item| !lock.items.contains_key(&item.id)).map(|item| item.id.to_string()).collect();
    let listed = |id: &str| lock.listed.contains(id);
    for (listing, _) in &scope.listings {
        if !listed(&listing.to_string()) && !lock.items.contains_key(&listing.id()) {
            lacking.insert(listing.id().to_string());
        }
    }
    if lacking.is_empty() {
        return Line::ok("lock", format!("{path} covers the spec, {} items", lock.items.len()));
    }
    let mut shown: Vec<&str> = lacking.iter().take(SHOWN).map(String::as_str).collect();
    let more = format!("{} more", lacking.len().saturating_sub(SHOWN));
    if lacking.len() > SHOWN {
        shown.push(&more);
    }
    Line::new(Health::Warning, "lock", format!("{path} is older than the spec: it lacks {}", shown.join(", ")))
        .next("trueup capture")
}

/// The agent, and for each target reached over SSH what the configuration and known_hosts say.
pub(super) fn ssh(targets: &[&Target], surroundings: &Surroundings) -> Vec<Line> {
    let over_ssh: Vec<_> = targets
        .iter()
        .filter_map(|target| match &target.reach {
            Reach::Ssh(address) => Some((target, address)),
            Reach::Local(_) | Reach::Devcontainer(_) => None,
        })
        .collect();
    let mut lines = Vec::new();
    if !over_ssh.is_empty() {
        lines.push(agent(surroundings));
    }
    for (target, address) in over_ssh {
        lines.push(match transport::survey(address, surroundings) {
            Err(error) => Line::new(Health::Problem, &target.name, error.to_string())
                .next("correct it there; ssh may take what trueup refuses to ignore"),
            Ok(survey) if survey.recorded.is_empty() => {
                let says = format!("no host key is known for {}", survey.address);
                let command = format!("trueup trust {}", quote::word(&target.name));
                Line::new(Health::Warning, &target.name, says).next(command)
            }
            Ok(survey) => {
                let keys = survey.recorded.join(", ");
                Line::ok(&target.name, format!("{}@{}, host key known ({keys})", survey.user, survey.address))
            }
        });
    }
    let engines = targets.iter().filter_map(|target| match &target.reach {
        Reach::Devcontainer(container) => Some(container.engine.as_deref()),
        Reach::Local(_) | Reach::Ssh(_) => None,
    });
    let engines: BTreeSet<Option<&str>> = engines.collect();
    lines.extend(engines.into_iter().map(|named| engine(named, surroundings)));
    lines
}

fn agent(surroundings: &Surroundings) -> Line {
    let Some(socket) = &surroundings.ssh_agent else {
        return Line::new(Health::Warning, "ssh agent", "none (SSH_AUTH_SOCK is not set); key files alone are used")
            .next("eval \"$(ssh-agent)\" && ssh-add");
    };
    match transport::agent_keys(socket) {
        Ok(0) => Line::new(Health::Warning, "ssh agent", "it holds no keys; key files alone are used").next("ssh-add"),
        Ok(1) => Line::ok("ssh agent", "it holds 1 key"),
        Ok(keys) => Line::ok("ssh agent", format!("it holds {keys} keys")),
        Err(why) => {
            let says = format!("the one at {} does not answer: {why}", socket.display());
            Line::new(Health::Warning, "ssh agent", says).next("eval \"$(ssh-agent)\" && ssh-add")
        }
    }
}

/// What runs containers on this machine: only looked for, not started.
fn engine(named: Option<&str>, surroundings: &Surroundings) -> Line {
    let path = surroundings.env.iter().find(|(name, _)| name == "PATH").map(|(_, path)| path.clone());
    let folders: Vec<_> = path.iter().flat_map(std::env::split_paths).collect();
    let found = |name: &&str| folders.iter().any(|folder| access(folder.join(name), Access::EXEC_OK).is_ok());
    let wanted = named.map_or_else(|| vec!["docker", "podman"], |named| vec![named]);
    let there: Vec<&str> = wanted.iter().copied().filter(|name| found(name)).collect();
    if there.is_empty() {
        let says = match named {
            Some(named) => format!("{named} is not on PATH"),
            None => "neither docker nor podman is on PATH".to_owned(),
        };
        return Line::new(Health::Problem, "containers", says).next("install what runs the container");
    }
    Line::ok("containers", there.join(", "))
}
