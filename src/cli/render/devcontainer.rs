//! `trueup render devcontainer`: reads what is there, and writes what is rendered.
#![expect(clippy::disallowed_methods, reason = "IO edge: reads and writes the devcontainer's files")]

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::DevcontainerArgs;
use crate::cli::Exit;
use crate::cli::context::{Context, home, print, select_one, tell};
use crate::cli::error::CliError;
use crate::parity::report::printable;
use crate::provision::render::devcontainer::{Existing, Given, Rendered, dockerfile_path, render};
use crate::provision::render::{File, RenderError};
use crate::spec::load::{Project, replace_file};
use crate::spec::{Reach, Reference, Target};
use crate::transport::configuration;

pub(super) fn run(args: &DevcontainerArgs, context: &Context) -> Result<Exit, CliError> {
    let project = context.load()?;
    let target = select_one(&project, &args.target)?;
    let named = args.out.as_deref().filter(|out| *out != Path::new("-"));
    let folder = match named {
        Some(out) => out.to_owned(),
        None => workspace(target)?,
    };
    let rendered = rendered(&project, target, &folder)?;
    for note in &rendered.notes {
        tell(&printable(&format!("{}: {note}", target.name)));
    }
    let stale = stale(&folder, &rendered)?;
    if args.out.is_some() && named.is_none() {
        for file in &rendered.files {
            print(&format!("==> {} <==\n{}", file.path, file.text))?;
        }
    } else if args.check {
        for (file, old) in &stale {
            let diff = TextDiff::from_lines(old.as_deref().unwrap_or_default(), file.text.as_str());
            let shown = diff.unified_diff().context_radius(3).header(&file.path, "rendered").to_string();
            print(&shown)?;
        }
    } else {
        put(&folder, &stale)?;
        for file in &rendered.files {
            let is_new = stale.iter().any(|(one, _)| one.path == file.path);
            let how = if is_new { "written" } else { "up to date" };
            print(&format!("{how}: {}\n", folder.join(&file.path).display()))?;
        }
    }
    Ok(if args.check && !stale.is_empty() { Exit::Drift } else { Exit::Fine })
}

/// Renders the devcontainer of a target into its workspace folder. What the person should know is told.
pub(in crate::cli) fn write(project: &Project, target: &Target) -> Result<(), CliError> {
    let folder = workspace(target)?;
    let rendered = rendered(project, target, &folder)?;
    for note in &rendered.notes {
        tell(&printable(&format!("{}: {note}", target.name)));
    }
    let stale = stale(&folder, &rendered)?;
    put(&folder, &stale)
}

/// The folder that is opened in the container.
fn workspace(target: &Target) -> Result<PathBuf, CliError> {
    match &target.reach {
        Reach::Devcontainer(devcontainer) => Ok(devcontainer.workspace.clone()),
        Reach::Local(_) | Reach::Ssh(_) => {
            let (target, kind) = (target.name.clone(), target.kind.word());
            Err(RenderError::OtherKind { target, kind, wanted: "devcontainer" }.into())
        }
    }
}

fn rendered(project: &Project, target: &Target, folder: &Path) -> Result<Rendered, CliError> {
    let lock = &project.lock.as_ref().ok_or(RenderError::NoLock)?.lock;
    let several = |why| CliError::from(RenderError::Unmended { file: folder.display().to_string(), why });
    let existing = configuration(folder).map_err(several)?;
    let existing = existing.map(|path| {
        let within = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        Ok::<_, CliError>((read(&path)?.unwrap_or_default(), read(&folder.join(dockerfile_path(&within)))?, within))
    });
    let existing = existing.transpose()?;
    let existing =
        existing.as_ref().map(|(text, dockerfile, path)| Existing { path, text, dockerfile: dockerfile.as_deref() });
    let repo = repo_at(project, &workspace(target)?)?;
    let repo = repo.as_ref().map(|(name, place)| (name.as_str(), place.as_str()));
    Ok(render(&Given { environment: &project.environment, lock, target, repo, existing })?)
}

/// The repository of the spec that lies in a folder of the reference's, where that is this machine.
fn repo_at(project: &Project, folder: &Path) -> Result<Option<(String, String)>, CliError> {
    if project.environment.reference != Reference::Local {
        return Ok(None);
    }
    let home = home()?;
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = real(folder);
    let is_it =
        |path: &str| !path.starts_with('/') && real(&home.join(path.strip_prefix("~/").unwrap_or(path))) == folder;
    let repo = project.environment.repos.iter().find(|repo| is_it(&repo.path));
    Ok(repo.map(|repo| (repo.name.clone(), repo.path.clone())))
}

/// The files that are not there as they are rendered, each with what is.
fn stale<'a>(folder: &Path, rendered: &'a Rendered) -> Result<Vec<(&'a File, Option<String>)>, CliError> {
    let mut stale = Vec::new();
    for file in &rendered.files {
        let there = read(&folder.join(&file.path))?;
        if there.as_deref() != Some(&file.text) {
            stale.push((file, there));
        }
    }
    Ok(stale)
}

fn put(folder: &Path, files: &[(&File, Option<String>)]) -> Result<(), CliError> {
    for (file, _) in files {
        let path = folder.join(&file.path);
        let above = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(above)
            .and_then(|()| replace_file(&path, file.text.as_bytes()))
            .map_err(|source| CliError::Write { path: path.clone(), source })?;
    }
    Ok(())
}

/// A file's text, if there is one.
fn read(path: &Path) -> Result<Option<String>, CliError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CliError::Read { path: path.to_owned(), source }),
    }
}
