//! `trueup render cloud-init`: user-data with the host key that is kept for the target, which is trusted from now on.
#![expect(clippy::disallowed_methods, reason = "IO edge: writes the user-data")]

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::CloudInitArgs;
use crate::cli::Exit;
use crate::cli::context::{Context, print, select_one, tell};
use crate::cli::error::CliError;
use crate::provision::render::RenderError;
use crate::provision::render::cloud_init::{Given, render};
use crate::spec::load::Project;
use crate::spec::{Reach, Target, TargetKind};
use crate::transport::{expect_key, newcomer};
use crate::trust::HostKey;

pub(super) fn run(args: &CloudInitArgs, context: &Context) -> Result<Exit, CliError> {
    let project = context.load()?;
    let target = select_one(&project, &args.target)?;
    let text = rendered(&project, target, context)?;
    let path = match args.out.as_deref() {
        Some(out) if out == Path::new("-") => {
            print(&text)?;
            return Ok(Exit::Fine);
        }
        Some(out) => out.to_owned(),
        None => kept(&project, target, context, "user-data")?,
    };
    put_private(&path, text.as_bytes())?;
    print(&format!("{}\n", path.display()))?;
    Ok(Exit::Fine)
}

/// The user-data of a target. Its host key is made where there is none yet, and goes into known_hosts.
fn rendered(project: &Project, target: &Target, context: &Context) -> Result<String, CliError> {
    let (Reach::Ssh(address), TargetKind::Vm) = (&target.reach, target.kind) else {
        let (target, kind) = (target.name.clone(), target.kind.word());
        return Err(RenderError::OtherKind { target, kind, wanted: "vm" }.into());
    };
    let surroundings = context.surroundings(project)?;
    let lost = |source| CliError::Target { name: target.name.clone(), source };
    let newcomer = newcomer(address, &surroundings).map_err(lost)?;
    let host_key = HostKey::load_or_create(&kept(project, target, context, "pem")?)?;
    let given = Given {
        environment: &project.environment,
        target,
        user: &newcomer.user,
        keys: &newcomer.keys,
        host_key: &host_key,
    };
    let text = render(&given)?;
    if let Some(file) = expect_key(address, &target.name, &host_key.public(), &surroundings).map_err(lost)? {
        tell(&format!("{}: its host key is recorded in {}", target.name, file.display()));
    }
    Ok(text)
}

/// Where something that belongs to a target is kept, by what it is.
fn kept(project: &Project, target: &Target, context: &Context, what: &str) -> Result<PathBuf, CliError> {
    let folder = context.state_dir()?.join("hosts").join(&project.environment.name);
    Ok(folder.join(format!("{}.{what}", target.name)))
}

/// Puts a file in place whole that nobody else may read, whatever was there.
pub(in crate::cli) fn put_private(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    let write = || {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(bytes)?;
        std::fs::rename(&beside, path)
    };
    let written = write();
    if written.is_err() {
        // Best effort: the error that matters is the one returned.
        let _leftover = std::fs::remove_file(&beside);
    }
    written.map_err(|source| CliError::Write { path: path.to_owned(), source })
}
