//! `trueup init`: look at this machine and this repository, and write a first spec that a person would keep.
//!
//! `look` finds out what is there, by reading files alone; `draft` makes the text. Nothing is started, nothing is
//! overwritten, and what is written has been read back before.
#![expect(clippy::disallowed_methods, reason = "IO edge: writes the new spec")]

mod draft;
mod evidence;
mod look;

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::Exit;
use super::context::{Context, home, print};
use super::error::CliError;
use crate::observe;
use crate::spec::load::LoadError;
use crate::spec::{Environment, is_plain, parse};

/// Write a first spec from what this machine and this repository have
#[derive(clap::Args)]
#[command(after_help = "Looks at the repository of the working folder (its pins, lock files, hooks, devcontainer, \
    Brewfile), at well-known dotfiles in the home, at ~/.ssh/config and at PATH, and writes environments/NAME.toml with \
    the reason beside each line. A spec that is there already is never overwritten. Nothing is started, and no file's \
    content goes into the spec but names.\n\n\
    Examples:\n  \
    trueup init\n  \
    trueup init --name agents --dir ~/src/shop\n\n\
    Exit codes: 0 written, 2 there already or the name cannot be used, 3 it could not be written.")]
pub(super) struct Args {
    /// The environment's name [default: that of the folder]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let start = context.start()?;
    // Without links and `..`, so that what lies in the home is known to lie there.
    let real = |path: &Path| std::fs::canonicalize(path).ok().filter(|path| path.is_dir());
    let Some(start) = real(&start) else {
        return Err(CliError::BadArgument(format!("{} is no folder", start.display())));
    };
    let home = home()?;
    let home = real(&home).unwrap_or(home);
    let root = root_of(&start, &home);
    let name = match &args.name {
        Some(name) if !is_plain(name) => return Err(CliError::BadName(name.clone())),
        Some(name) => name.clone(),
        None => name_of(&root),
    };
    let folder = root.join("environments");
    let path = folder.join(format!("{name}.toml"));
    if path.symlink_metadata().is_ok() {
        return Err(CliError::SpecExists(path));
    }
    let seen = look::look(&root, &home, &look::search_path());
    let vocabulary = observe::vocabulary();
    let has_schema = folder.join("trueup.schema.json").is_file();
    let text = draft::draft(&name, &seen, &vocabulary, has_schema);
    let shown = format!("environments/{name}.toml");
    let environment = parse(&shown, &text, &vocabulary).map_err(|problems| LoadError::Spec(Box::new(problems)))?;
    write_new(&folder, &path, &text)?;
    print(&summary(&shown, &environment, others(&folder, &name).then_some(name.as_str())))?;
    Ok(Exit::Fine)
}

/// Where `environments/` belongs: where there is one, else at the top of the repository, else here. A home that is a
/// repository is none of this folder's, unless one stands in it.
fn root_of(start: &Path, home: &Path) -> PathBuf {
    let within = || start.ancestors().take_while(|folder| *folder != home || *folder == start);
    let with = |name: &str| within().find(|folder| folder.join(name).exists()).map(Path::to_owned);
    with("environments").or_else(|| with(".git")).unwrap_or_else(|| start.to_owned())
}

fn name_of(root: &Path) -> String {
    let folder = root.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let name: String = folder.chars().map(plain).collect();
    let name = name.trim_matches(['-', '.']).to_owned();
    if is_plain(&name) { name } else { "dev".to_owned() }
}

/// Writes a file that must not be there yet, also when somebody else makes it at the same moment.
fn write_new(folder: &Path, path: &Path, text: &str) -> Result<(), CliError> {
    std::fs::create_dir_all(folder).map_err(|source| CliError::Write { path: folder.to_owned(), source })?;
    let made = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    made.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => CliError::SpecExists(path.to_owned()),
        _ => CliError::Write { path: path.to_owned(), source },
    })
}

/// Whether there are other environments, so that each has to be named.
fn others(folder: &Path, name: &str) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        path.extension().is_some_and(|extension| extension == "toml") && path.file_stem() != Some(name.as_ref())
    })
}

fn summary(shown: &str, environment: &Environment, choose: Option<&str>) -> String {
    let count = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {many}")),
    };
    let held = [
        count(environment.tools.len(), "tool", "tools"),
        count(environment.dotfiles.entries.len(), "dotfile", "dotfiles"),
        count(environment.repos.len(), "repository", "repositories"),
    ];
    let held: Vec<String> = held.into_iter().flatten().collect();
    let option = choose.map(|name| format!(" --env {name}")).unwrap_or_default();
    if held.is_empty() {
        return format!(
            "wrote {shown}; nothing was found that it could hold true\n\
             next: name a tool or a file in it, then: trueup capture{option}\n"
        );
    }
    format!(
        "wrote {shown}: {}\n\
         next: read it, then make this machine the reference: trueup capture{option}\n\
         then hold the targets against it: trueup check{option}\n\
         for your editor: trueup schema > environments/trueup.schema.json, and as the spec's first line: \
         #:schema ./trueup.schema.json\n",
        held.join(", ")
    )
}
