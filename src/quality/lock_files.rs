//! The files in which a repository's packages are locked, and what installs exactly what each names.

use crate::spec::GateFact;

/// One command line, as words.
type Words = &'static [&'static str];

/// How a manager installs what its lock file says.
#[derive(Debug)]
pub(crate) struct Installs {
    /// What brings what is missing or another version.
    pub(crate) missing: &'static [Words],
    /// What brings all of it, though it looks as if it were there.
    pub(crate) anew: &'static [Words],
}

const fn always(commands: &'static [Words]) -> Installs {
    Installs { missing: commands, anew: commands }
}

/// Lock files by name.
const LOCK_FILES: &[(&str, Installs)] = &[
    ("package-lock.json", always(&[&["npm", "ci"]])),
    ("npm-shrinkwrap.json", always(&[&["npm", "ci"]])),
    (
        "pnpm-lock.yaml",
        Installs {
            missing: &[&["pnpm", "install", "--frozen-lockfile"]],
            anew: &[&["pnpm", "install", "--frozen-lockfile", "--force"]],
        },
    ),
    ("yarn.lock", always(&[&["yarn", "install", "--immutable"]])),
    (
        "bun.lock",
        Installs {
            missing: &[&["bun", "install", "--frozen-lockfile"]],
            anew: &[&["bun", "install", "--frozen-lockfile", "--force"]],
        },
    ),
    (
        "bun.lockb",
        Installs {
            missing: &[&["bun", "install", "--frozen-lockfile"]],
            anew: &[&["bun", "install", "--frozen-lockfile", "--force"]],
        },
    ),
    (
        "uv.lock",
        Installs { missing: &[&["uv", "sync", "--frozen"]], anew: &[&["uv", "sync", "--frozen", "--reinstall"]] },
    ),
    ("poetry.lock", always(&[&["poetry", "sync"]])),
    ("pdm.lock", always(&[&["pdm", "sync"]])),
    ("Pipfile.lock", always(&[&["pipenv", "sync", "--dev"]])),
    (
        "requirements.txt",
        Installs {
            missing: &[&["python3", "-m", "venv", ".venv"], REQUIRED],
            anew: &[&["python3", "-m", "venv", "--clear", ".venv"], REQUIRED],
        },
    ),
];

const REQUIRED: Words =
    &[".venv/bin/python", "-m", "pip", "install", "--disable-pip-version-check", "--requirement", "requirements.txt"];

/// What installs the packages of a lock file of this name.
pub(crate) fn installs(name: &str) -> Option<&'static Installs> {
    LOCK_FILES.iter().find(|(file, _)| *file == name).map(|(_, installs)| installs)
}

/// What installs the packages that a gate is in step with: each with its folder in the repository.
pub(crate) fn installed_from(gate: &GateFact) -> Vec<(String, &'static Installs)> {
    let words = gate.does.split(' ').map(|word| word.trim_end_matches(','));
    let mut found: Vec<(String, &Installs)> = Vec::new();
    for path in words {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(installs) = installs(name) else { continue };
        // Two lock files of one folder say the same, and the first is its manager's own.
        if found.iter().all(|(known, _)| known != folder) {
            found.push((folder.to_owned(), installs));
        }
    }
    found
}
