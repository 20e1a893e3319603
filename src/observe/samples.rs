//! The files of a repository that stand for the others when its gates are asked what they would apply: one tracked file
//! per extension and folder. They are chosen once, on the reference, and kept in the lock, so that every machine is asked
//! about the same.

use std::collections::BTreeMap;

use super::probe::{NOTHING_THERE, enter};
use super::{Answer, Covers, Question};
use crate::spec::{Environment, Repo, Why};

/// How many files stand for a repository at most. Folders near the top come first.
const MOST: usize = 120;

/// Questions about the repositories whose files are not chosen yet.
pub(super) fn questions(environment: &Environment) -> Vec<(&Repo, Question)> {
    let unknown = environment.repos.iter().filter(|repo| repo.samples.is_none());
    unknown
        .map(|repo| (repo, Question::new(&repo.name, script(repo), environment.limits.probe, Covers::default())))
        .collect()
}

/// Prints the first tracked file of each extension and folder, as git lists them; names with line breaks are left out.
fn script(repo: &Repo) -> String {
    enter(repo)
        + "tu_top=$(git rev-parse --show-cdup) || return\ncd \"./$tu_top\" || return\n\
           { git -c core.quotePath=false ls-files || echo ' failed'; } | awk '
           { folder = $0; if (!sub(/\\/[^\\/]*$/, \"\", folder)) folder = \"\"
             name = substr($0, length(folder) + (folder == \"\" ? 1 : 2))
             extension = name; if (!sub(/^.*\\./, \"\", extension)) extension = \"/\" name
             if (!/^\"/ && !seen[folder, extension]++) print }'"
}

/// The files that an answer tells.
pub(super) fn read(answer: &Answer) -> Result<Vec<String>, Why> {
    let stdout = String::from_utf8_lossy(&answer.stdout);
    match answer.code {
        0 if !stdout.lines().any(|line| line == " failed") => Ok(choose(stdout.lines())),
        NOTHING_THERE => Ok(Vec::new()),
        code => {
            let message = String::from_utf8_lossy(&answer.stderr).lines().next().unwrap_or_default().to_owned();
            Err(Why::Failed { command: "git ls-files".to_owned(), code, message })
        }
    }
}

fn choose<'a>(files: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut by_depth: BTreeMap<(usize, &str), ()> = BTreeMap::new();
    by_depth.extend(files.map(|file| ((file.matches('/').count(), file), ())));
    let mut chosen: Vec<String> = by_depth.into_keys().take(MOST).map(|(_, file)| file.to_owned()).collect();
    chosen.sort();
    chosen
}
