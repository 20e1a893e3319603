//! The files in which a repository's packages are locked, and what installs exactly what each names.

use crate::spec::GateFact;

/// Lock files by name, and how their managers install what they say.
const LOCK_FILES: &[(&str, &[&str])] = &[
    ("package-lock.json", &["npm", "ci"]),
    ("npm-shrinkwrap.json", &["npm", "ci"]),
    ("pnpm-lock.yaml", &["pnpm", "install", "--frozen-lockfile"]),
    ("yarn.lock", &["yarn", "install", "--immutable"]),
    ("bun.lock", &["bun", "install", "--frozen-lockfile"]),
    ("bun.lockb", &["bun", "install", "--frozen-lockfile"]),
    ("uv.lock", &["uv", "sync", "--frozen"]),
    ("poetry.lock", &["poetry", "sync"]),
    ("pdm.lock", &["pdm", "sync"]),
    ("Pipfile.lock", &["pipenv", "sync", "--dev"]),
];

/// What installs the packages of a lock file of this name.
pub(crate) fn installs(name: &str) -> Option<&'static [&'static str]> {
    LOCK_FILES.iter().find(|(file, _)| *file == name).map(|(_, command)| *command)
}

/// What installs the packages that a gate is in step with: each with its folder in the repository.
pub(crate) fn installed_from(gate: &GateFact) -> Vec<(String, Vec<String>)> {
    let words = gate.does.split(' ').map(|word| word.trim_end_matches(','));
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for path in words {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(command) = installs(name) else { continue };
        let run = (folder.to_owned(), command.iter().map(|word| (*word).to_owned()).collect());
        if !found.contains(&run) {
            found.push(run);
        }
    }
    found
}
