//! Finding and reading a project's files: the one place of this room that touches the disk.
#![expect(clippy::disallowed_methods, reason = "IO edge: loads the spec and its lock")]

use std::io;
use std::path::{Path, PathBuf};

use super::dotfile::{Compare, Extent};
use super::environment::{Environment, Reach};
use super::fact::Digest;
use super::lock::{Lock, LockError};
use super::parse::{self, MAX_SPEC_BYTES, Vocabulary};
use super::problem::SpecProblems;
use super::template::Template;

/// An environment with all that belongs to it.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder that holds `environments/`.
    pub root: PathBuf,
    /// The spec file, relative to the root where it can be.
    pub spec_path: PathBuf,
    /// The spec's text, for pointing at its lines.
    pub spec_text: String,
    /// The lock file, there or not.
    pub lock_path: PathBuf,
    /// What the spec says, its paths made absolute.
    pub environment: Environment,
    /// Of the spec's bytes and every file that it names.
    pub spec_digest: Digest,
    /// The captured reference, if there is one.
    pub lock: Option<LoadedLock>,
}

/// A lock with its digest.
#[derive(Clone, Debug)]
pub struct LoadedLock {
    /// What it holds.
    pub lock: Lock,
    /// Of its bytes.
    pub digest: Digest,
    /// Its text, for showing what a new capture changes.
    pub text: String,
}

/// Where to look for the project.
#[derive(Clone, Debug)]
pub struct Whereabouts {
    /// Start here and go up.
    pub start: PathBuf,
    /// The environment's name, where several are there.
    pub environment: Option<String>,
    /// The user's home, for `~` in paths of the spec.
    pub home: PathBuf,
}

/// Why a project cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No `environments/` here or above.
    #[error("no environments/ folder in {} or any folder above it", .0.display())]
    NoProject(PathBuf),
    /// The folder holds no spec.
    #[error("{} holds no environment; write one as {}/<name>.toml", .0.display(), .0.display())]
    NoEnvironment(PathBuf),
    /// Several, and none chosen.
    #[error("there are several environments ({}); choose one with --env", .0.join(", "))]
    Ambiguous(Vec<String>),
    /// The chosen one is not there.
    #[error("there is no environment `{name}`; there are: {}", .known.join(", "))]
    NoSuch {
        /// What was asked for.
        name: String,
        /// What is there.
        known: Vec<String>,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The spec is no text of a sensible size.
    #[error("{} cannot be a spec: {what}", .path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// A dotfile's template is not there, or cannot be rendered for any machine.
    #[error("the template of {dotfile} cannot be used: {why}")]
    Template {
        /// The dotfile.
        dotfile: String,
        /// What is wrong, and where.
        why: String,
    },
    /// The spec has problems.
    #[error(transparent)]
    Spec(Box<SpecProblems>),
    /// The lock cannot be understood.
    #[error(transparent)]
    Lock(#[from] LockError),
}

/// Finds and reads an environment and its lock.
pub fn load(whereabouts: &Whereabouts, vocabulary: &Vocabulary) -> Result<Project, LoadError> {
    let root = find_root(&whereabouts.start)?;
    let folder = root.join("environments");
    let name = choose(&folder, whereabouts.environment.as_deref())?;
    let spec_path = folder.join(format!("{name}.toml"));
    let lock_path = folder.join(format!("{name}.lock"));
    let text = read_text(&spec_path)?;
    let shown_path = format!("environments/{name}.toml");
    let mut environment =
        parse::parse(&shown_path, &text, vocabulary).map_err(|problems| LoadError::Spec(Box::new(problems)))?;
    make_absolute(&mut environment, &root, &whereabouts.home);
    read_templates(&mut environment)?;
    let spec_digest = spec_digest(&text, &environment)?;
    let lock = match std::fs::read_to_string(&lock_path) {
        Ok(text) => {
            let lock = Lock::parse(&format!("environments/{name}.lock"), &text)?;
            Some(LoadedLock { lock, digest: Digest::of(text.as_bytes()), text })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(LoadError::Read { path: lock_path, source }),
    };
    Ok(Project { root, spec_path, spec_text: text, lock_path, environment, spec_digest, lock })
}

fn find_root(start: &Path) -> Result<PathBuf, LoadError> {
    start
        .ancestors()
        .find(|folder| folder.join("environments").is_dir())
        .map(Path::to_owned)
        .ok_or_else(|| LoadError::NoProject(start.to_owned()))
}

fn choose(folder: &Path, wanted: Option<&str>) -> Result<String, LoadError> {
    let read = |source| LoadError::Read { path: folder.to_owned(), source };
    let mut known = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path.extension().is_some_and(|extension| extension == "toml")
            && let Some(name) = path.file_stem().and_then(|stem| stem.to_str())
        {
            known.push(name.to_owned());
        }
    }
    known.sort();
    match (wanted, known.as_slice()) {
        (_, []) => Err(LoadError::NoEnvironment(folder.to_owned())),
        (Some(name), known) if known.iter().any(|one| one == name) => Ok(name.to_owned()),
        (Some(name), _) => Err(LoadError::NoSuch { name: name.to_owned(), known }),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(LoadError::Ambiguous(known)),
    }
}

fn read_text(path: &Path) -> Result<String, LoadError> {
    let bytes = std::fs::read(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
    let not_text = |what| LoadError::NotText { path: path.to_owned(), what };
    if bytes.len() > MAX_SPEC_BYTES {
        return Err(not_text("it is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| not_text("it is not UTF-8 text"))
}

/// Paths of the spec are relative to the project, or to the user's home with `~`.
fn make_absolute(environment: &mut Environment, root: &Path, home: &Path) {
    let absolute = |path: &mut PathBuf| *path = root.join(expand_home(path, home));
    if let Some(source) = &mut environment.dotfiles.source {
        absolute(source);
    }
    for target in &mut environment.targets {
        match &mut target.reach {
            Reach::Local(sandbox) => {
                if let Some(path) = &mut sandbox.home {
                    absolute(path);
                }
                if let Some(path) = &mut sandbox.path {
                    let own_home = sandbox.home.as_deref().unwrap_or(home);
                    *path = expand_search_path(path, own_home);
                }
            }
            Reach::Ssh(address) => {
                if let Some(path) = &mut address.identity {
                    absolute(path);
                }
            }
            Reach::Devcontainer(devcontainer) => absolute(&mut devcontainer.workspace),
        }
    }
}

/// Reads the templates that the spec names, and those that the source has in place of a file: `.zshrc.tera`.
fn read_templates(environment: &mut Environment) -> Result<(), LoadError> {
    let Some(source) = &environment.dotfiles.source else { return Ok(()) };
    for entry in &mut environment.dotfiles.entries {
        if entry.extent != Extent::Path || entry.name.starts_with('/') {
            continue;
        }
        let (plain, tera) = (source.join(&entry.name), source.join(format!("{}.tera", entry.name)));
        let path = match entry.compare {
            Compare::Template(_) if !tera.is_file() => plain,
            Compare::Template(_) => tera,
            Compare::Content if tera.is_file() && !plain.exists() => tera,
            Compare::Content | Compare::Keys(_) => continue,
        };
        let unusable = |why: String| LoadError::Template { dotfile: entry.name.clone(), why };
        let file = path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|error| unusable(format!("{file}: {error}")))?;
        let template = Template { file, text };
        template.check().map_err(|error| unusable(error.to_string()))?;
        entry.compare = Compare::Template(Some(template));
    }
    Ok(())
}

fn expand_home(path: &Path, home: &Path) -> PathBuf {
    path.strip_prefix("~").map_or_else(|_| path.to_owned(), |rest| home.join(rest))
}

fn expand_search_path(path: &str, home: &Path) -> String {
    let parts = path.split(':').map(|part| expand_home(Path::new(part), home).display().to_string());
    parts.collect::<Vec<_>>().join(":")
}

/// Covers the spec's bytes and every file that it names, sorted: the contents that `[dotfiles] source` holds for the
/// dotfiles listed by path. One that is not there counts as such.
fn spec_digest(text: &str, environment: &Environment) -> Result<Digest, LoadError> {
    let mut manifest = format!("spec {}\n", Digest::of(text.as_bytes()));
    if let Some(source) = &environment.dotfiles.source {
        // The source holds what belongs into the home, nothing else.
        let entries = environment.dotfiles.entries.iter().filter(|entry| !entry.name.starts_with('/'));
        let mut names: Vec<(&str, bool)> =
            entries.map(|entry| (entry.name.as_str(), matches!(entry.compare, Compare::Template(_)))).collect();
        names.sort_unstable();
        for (name, is_template) in names {
            let tera = source.join(format!("{name}.tera"));
            let path = if is_template && tera.is_file() { tera } else { source.join(name) };
            let state = match std::fs::read(&path) {
                Ok(bytes) => Digest::of(&bytes).to_string(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => "absent".to_owned(),
                Err(error) if error.kind() == io::ErrorKind::IsADirectory => "folder".to_owned(),
                Err(source) => return Err(LoadError::Read { path, source }),
            };
            manifest.push_str(&format!("file {name:?} {state}\n"));
        }
    }
    Ok(Digest::of(manifest.as_bytes()))
}

/// Puts a file in place whole: readers see the old bytes or the new, never a part.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().map(std::ffi::OsStr::to_owned).unwrap_or_default();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // Best effort: the error that matters is the one returned.
        let _leftover = std::fs::remove_file(&beside);
    }
    written
}
