//! Finding and reading a project's files: the one place of this room that touches the disk.
#![expect(clippy::disallowed_methods, reason = "IO edge: loads the spec and its lock")]

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::check;
use super::contents;
use super::dotfile::{Compare, Extent};
use super::environment::{Behaviour, Environment, Reach, Reference, Selection};
use super::fact::{Digest, Fact};
use super::lock::{Lock, LockError, Locked};
use super::parse::{self, MAX_SPEC_BYTES, Vocabulary};
use super::problem::{Problem, SpecProblems};
use super::suggest;
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

impl Project {
    /// Has the checks of behaviour run: those of the lock, or on the reference those that its gates should stand.
    pub fn run_checks(&mut self, on_reference: bool) -> Result<(), LoadError> {
        let built_in = check::built_in_checks().map_err(|problems| LoadError::Spec(Box::new(problems)))?;
        for (name, check) in built_in {
            self.environment.checks.entry(name).or_insert(check);
        }
        let of_lock = |lock: &LoadedLock| {
            let gates = lock.lock.items.iter().filter_map(|(id, locked)| match locked {
                Locked::Present(Fact::Gate(fact)) => Some((id.clone(), fact.clone())),
                _ => None,
            });
            gates.collect()
        };
        self.environment.behaviour = if on_reference {
            Behaviour::Chosen
        } else {
            Behaviour::Locked(self.lock.as_ref().map(of_lock).unwrap_or_default())
        };
        Ok(())
    }
}

/// A lock with its digest.
#[derive(Clone, Debug)]
pub struct LoadedLock {
    /// What it holds.
    pub lock: Lock,
    /// Of its bytes and the contents that are kept with it.
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
    /// A check is a link, or a folder.
    #[error("{} is no plain file; a check is a file of its own", .0.display())]
    NoPlainCheck(PathBuf),
    /// A kept content is not what its name says.
    #[error("{} is not the content that was kept under that name; restore it, or remove it and capture again", .0.display())]
    Kept(PathBuf),
    /// The spec has problems.
    #[error(transparent)]
    Spec(Box<SpecProblems>),
    /// The lock cannot be understood.
    #[error(transparent)]
    Lock(#[from] LockError),
}

/// Finds and reads an environment and its lock.
pub fn load(whereabouts: &Whereabouts, vocabulary: &Vocabulary) -> Result<Project, LoadError> {
    let mut project = load_spec(whereabouts, vocabulary)?;
    read_lock(&mut project)?;
    Ok(project)
}

/// The same for a new capture, to which a lock that cannot be read is no obstacle: it is told, and there is none.
pub fn load_to_capture(
    whereabouts: &Whereabouts,
    vocabulary: &Vocabulary,
) -> Result<(Project, Option<LockError>), LoadError> {
    let mut project = load_spec(whereabouts, vocabulary)?;
    match read_lock(&mut project) {
        Ok(()) => Ok((project, None)),
        Err(LoadError::Lock(error)) => Ok((project, Some(error))),
        Err(error) => Err(error),
    }
}

fn load_spec(whereabouts: &Whereabouts, vocabulary: &Vocabulary) -> Result<Project, LoadError> {
    let root = find_root(&whereabouts.start)?;
    let folder = root.join("environments");
    let name = choose(&folder, whereabouts.environment.as_deref())?;
    let spec_path = folder.join(format!("{name}.toml"));
    let lock_path = folder.join(format!("{name}.lock"));
    let text = read_text(&spec_path)?;
    let shown_path = format!("environments/{name}.toml");
    let mut environment =
        parse::parse(&shown_path, &text, vocabulary).map_err(|problems| LoadError::Spec(Box::new(problems)))?;
    if environment.name != name {
        return Err(LoadError::Spec(Box::new(other_name(&shown_path, &text, &environment.name, &name))));
    }
    make_absolute(&mut environment, &root, &whereabouts.home);
    read_templates(&mut environment)?;
    environment.dotfiles.kept = Some(contents::folder(&lock_path));
    environment.dotfiles.reference_home = reference_home(&environment, &whereabouts.home);
    let own_checks = own_checks(&root)?;
    for (path, name, text) in &own_checks {
        let check = check::parse_check(path, name, text).map_err(|problems| LoadError::Spec(Box::new(problems)))?;
        environment.checks.insert(name.clone(), check);
    }
    refuse_unknown_checks(&shown_path, &text, &environment)?;
    let spec_digest = spec_digest(&text, &environment, &own_checks)?;
    Ok(Project { root, spec_path, spec_text: text, lock_path, environment, spec_digest, lock: None })
}

/// A project's own checks, sorted: how each file is called, the check's name, and its text.
fn own_checks(root: &Path) -> Result<Vec<(String, String, String)>, LoadError> {
    let folder = root.join("parity-checks");
    let read = |path: &Path| {
        let path = path.to_owned();
        |source| LoadError::Read { path, source }
    };
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(read(&folder)(error)),
    };
    let mut checks = Vec::new();
    for entry in entries {
        let entry = entry.map_err(read(&folder))?;
        let path = entry.path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
        let (Some(name), Some("toml")) = (name, path.extension().and_then(|ending| ending.to_str())) else { continue };
        if !entry.file_type().map_err(read(&path))?.is_file() {
            return Err(LoadError::NoPlainCheck(path));
        }
        checks.push((format!("parity-checks/{name}.toml"), name, read_text(&path)?));
    }
    checks.sort();
    Ok(checks)
}

/// Names that `checks` lists and that are neither built in nor the project's.
fn refuse_unknown_checks(path: &str, text: &str, environment: &Environment) -> Result<(), LoadError> {
    let own = environment.checks.keys().map(String::as_str);
    let mut known: Vec<&str> = check::built_in_names().collect();
    known.extend(own);
    let named = environment.repos.iter().filter_map(|repo| match &repo.checks {
        Selection::These(names) => Some(names),
        Selection::Auto => None,
    });
    let problem = |name: &String| {
        let span = text.find(&format!("{name:?}")).map_or(0..0, |start| start..start + name.len() + 2);
        let near = suggest::nearest(name, check::built_in_names());
        let help = near
            .map_or_else(|| format!("there are {}", known.join(", ")), |nearest| format!("did you mean `{nearest}`?"));
        Problem::new(format!("there is no check `{name}`"), span, "unknown").help(help)
    };
    let problems: Vec<Problem> = named.flatten().filter(|name| !known.contains(&name.as_str())).map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(LoadError::Spec(Box::new(SpecProblems::new(path, text, problems)))) }
}

/// Reads the lock, if there is one.
fn read_lock(project: &mut Project) -> Result<(), LoadError> {
    let path = &project.lock_path;
    let text = match std::fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(LoadError::Read { path: path.clone(), source }),
    };
    let environment = &mut project.environment;
    let lock = Lock::parse(&format!("environments/{}.lock", environment.name), &text)?;
    if lock.environment != environment.name {
        let path = format!("environments/{}.lock", environment.name);
        return Err(LockError::OtherEnvironment { path, other: lock.environment }.into());
    }
    let digest = contents::lock_digest(&text, &contents::verified(&contents::folder(path))?);
    environment.dotfiles.known = contents::known(environment, &lock);
    for repo in &mut environment.repos {
        repo.samples = lock.samples.get(&repo.name).cloned();
    }
    project.lock = Some(LoadedLock { lock, digest, text });
    Ok(())
}

/// A spec is found by its file's name and told by its own: they have to be one.
fn other_name(path: &str, text: &str, says: &str, file: &str) -> SpecProblems {
    let document = toml_edit::Document::parse(text).ok();
    let span = document.as_ref().and_then(|document| document.get("name")?.span()).unwrap_or(0..0);
    let problem = Problem::new(format!("`name` says {says:?}, the file is {file}.toml"), span, "another name");
    SpecProblems::new(path, text, vec![problem.help(format!("write name = {file:?}, or rename the file"))])
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
    // One byte beyond the limit tells that there is more, however much that may be.
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_SPEC_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
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

fn reference_home(environment: &Environment, home: &Path) -> Option<PathBuf> {
    match &environment.reference {
        Reference::Local => Some(home.to_owned()),
        Reference::Target(name) => match &environment.target(name)?.reach {
            Reach::Local(sandbox) => Some(sandbox.home.clone().unwrap_or_else(|| home.to_owned())),
            Reach::Ssh(_) | Reach::Devcontainer { .. } => None,
        },
    }
}

fn expand_home(path: &Path, home: &Path) -> PathBuf {
    path.strip_prefix("~").map_or_else(|_| path.to_owned(), |rest| home.join(rest))
}

fn expand_search_path(path: &str, home: &Path) -> String {
    let parts = path.split(':').map(|part| expand_home(Path::new(part), home).display().to_string());
    parts.collect::<Vec<_>>().join(":")
}

/// Covers the spec's bytes and every file that it names, sorted: the contents that `[dotfiles] source` holds for the
/// dotfiles listed by path, and the project's own checks. One that is not there counts as such.
fn spec_digest(
    text: &str,
    environment: &Environment,
    own_checks: &[(String, String, String)],
) -> Result<Digest, LoadError> {
    let mut manifest = format!("spec {}\n", Digest::of(text.as_bytes()));
    for (_, name, text) in own_checks {
        manifest.push_str(&format!("check {name:?} {}\n", Digest::of(text.as_bytes())));
    }
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

/// Puts a file in place whole: readers see the old bytes or the new, never a part. What was there keeps its mode, and
/// a link keeps leading to it. What is there and is no file, such as a pipe or a device, is written to and stays.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = end_of_links(path);
    match path.to_str() {
        // Opened anew, these would begin again at the start of whatever file they lead to.
        Some("/dev/fd/1" | "/proc/self/fd/1") => return write_through(io::stdout().lock(), bytes),
        Some("/dev/fd/2" | "/proc/self/fd/2") => return write_through(io::stderr().lock(), bytes),
        Some(_) | None => {}
    }
    let old = std::fs::metadata(&path);
    if old.as_ref().is_ok_and(|old| is_held_open(&path) || !old.is_file()) {
        return write_through(std::fs::OpenOptions::new().append(true).open(&path)?, bytes);
    }
    let mut name = path.file_name().map(std::ffi::OsStr::to_owned).unwrap_or_default();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let same_mode = || match &old {
        Ok(old) => std::fs::set_permissions(&beside, old.permissions()),
        // Nothing is there yet, or what cannot be looked at: the rename will tell.
        Err(_) => Ok(()),
    };
    let written =
        std::fs::write(&beside, bytes).and_then(|()| same_mode()).and_then(|()| std::fs::rename(&beside, &path));
    if written.is_err() {
        // Best effort: the error that matters is the one returned.
        let _leftover = std::fs::remove_file(&beside);
    }
    written
}

fn write_through(mut out: impl io::Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes)?;
    out.flush()
}

/// Whether a path names what a process holds open, file or not.
fn is_held_open(path: &Path) -> bool {
    path.starts_with("/proc") || path.starts_with("/dev/fd")
}

/// Where a path leads, be there something or not.
fn end_of_links(path: &Path) -> PathBuf {
    const MOST: usize = 40;
    let mut end = path.to_owned();
    for _ in 0..MOST {
        if is_held_open(&end) {
            break;
        }
        let Ok(next) = std::fs::read_link(&end) else { break };
        end = end.with_file_name("").join(next);
    }
    end
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};

    use super::*;

    #[test]
    fn a_file_is_replaced_through_its_links_and_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a"), folder.path().join("link"));
        std::os::unix::fs::symlink("a", &link).unwrap();
        replace_file(&link, b"one").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"one");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        replace_file(&link, b"two").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"two");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(link.symlink_metadata().unwrap().is_symlink());
    }

    #[test]
    fn what_is_no_file_is_written_to_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (fifo, link) = (folder.path().join("fifo"), folder.path().join("link"));
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        std::os::unix::fs::symlink(&fifo, &link).unwrap();
        for path in [fifo.clone(), link] {
            let reader = std::thread::spawn({
                let fifo = fifo.clone();
                move || std::fs::read(fifo).unwrap()
            });
            replace_file(&path, b"report").unwrap();
            assert_eq!(reader.join().unwrap(), b"report");
            assert!(fifo.symlink_metadata().unwrap().file_type().is_fifo());
        }
        replace_file(Path::new("/dev/null"), b"report").unwrap();
        assert!(Path::new("/dev/null").metadata().unwrap().file_type().is_char_device());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing was left beside them");
    }
}
