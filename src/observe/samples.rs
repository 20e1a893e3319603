//! The files of a repository that stand for the others when its gates are asked what they would apply: one tracked file
//! per kind and folder, an ordinary one where there is any. They are chosen once, on the reference, and kept in the lock, so
//! that every machine is asked about the same.

use std::collections::BTreeSet;

use super::probe::{NOTHING_THERE, enter};
use super::{Answer, Covers, Question};
use crate::spec::{Environment, Repo, Why};

/// How many files stand for a repository at most.
const MOST: usize = 120;

/// Questions about the repositories whose files are not chosen yet.
pub(super) fn questions(environment: &Environment) -> Vec<(&Repo, Question)> {
    let unknown = environment.repos.iter().filter(|repo| repo.samples.is_none());
    unknown
        .map(|repo| (repo, Question::new(&repo.name, script(repo), environment.limits.probe, Covers::default())))
        .collect()
}

/// Prints for each folder and kind of file the one that stands for it, behind its rank: git's first of those with the lowest.
///
/// A kind is an extension; tests, stories, declarations and configurations are kinds of their own, since tools are told to
/// treat them otherwise. A rank says how ordinary a file is: a source, a file that a tool knows by name, a dotfile, what a
/// program wrote. Links, submodules and names with line breaks stand for nothing.
fn script(repo: &Repo) -> String {
    enter(repo)
        + "tu_top=$(git rev-parse --show-cdup) || return\ncd \"./$tu_top\" || return\n\
           { git -c core.quotePath=false ls-files -s || echo ' failed'; } | awk -F '\\t' '
           $1 == \" failed\" { print; next }
           $1 ~ /^100/ && $2 !~ /^\"/ {
             folder = $2; if (!sub(/\\/[^\\/]*$/, \"\", folder)) folder = \"\"
             name = substr($2, length(folder) + (folder == \"\" ? 1 : 2))
             parts = split(name, part, \".\")
             kind = parts == 1 ? \"/\" name : part[parts]
             if (parts > 2 && part[parts - 1] ~ /^(test|spec|stories|config|d|cy|e2e|bench)$/) kind = part[parts - 1] \".\" kind
             else if (name ~ /_test\\.[a-z]+$/ || name ~ /^test_.*\\.[a-z]+$/) kind = \"test.\" kind
             rank = 0
             if (name ~ /^(package|[tj]sconfig.*|biome|turbo|nx|lerna|renovate|deno|composer|vercel)\\.jsonc?$/) rank = 1
             if (name ~ /^(setup|conftest|noxfile|__init__)\\.py$/ || name == \"build.rs\" || name ~ /^pyproject\\.toml$/) rank = 1
             if (name ~ /^\\./) rank = 2
             if (name ~ /[-.]lock(\\.[a-z]+)?$/ || name ~ /^(npm-shrinkwrap\\.json|go\\.sum)$/) rank = 3
             if (name ~ /[-._](min|generated|gen|bundle|pb|pb2)\\.[a-z]+$/ || name ~ /^generated[-._]/) rank = 3
             if (($2 \"/\") ~ /(^|\\/)(dist|build|vendor|third_party|node_modules|generated|__generated__|__snapshots__)\\//) rank = 3
             if (!((folder, kind) in ranks) || rank < ranks[folder, kind]) {
               ranks[folder, kind] = rank
               best[folder, kind] = $2
             }
           }
           END { for (one in best) print ranks[one] \" \" best[one] }'"
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

/// Those that stand for the repository, out of lines with a rank and a file: first one of each extension that is as ordinary
/// and as near the top as there is, then the others in that order.
fn choose<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut files: Vec<(&str, usize, &str)> = lines
        .filter_map(|line| line.split_once(' '))
        .map(|(rank, file)| (rank, file.matches('/').count(), file))
        .collect();
    files.sort_unstable();
    let mut seen = BTreeSet::new();
    let (first, rest): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|(_, _, file)| seen.insert(file.rsplit_once('.').map_or(*file, |(_, end)| end)));
    let mut chosen: Vec<String> =
        first.into_iter().chain(rest).take(MOST).map(|(_, _, file)| file.to_owned()).collect();
    chosen.sort();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_extension_has_a_file_before_a_folder_has_two() {
        let mut lines: Vec<String> = (0..MOST * 2).map(|number| format!("0 d{number:03}/a.ts")).collect();
        lines.push("0 deep/down/below/x.py".to_owned());
        lines.push("3 package-lock.json".to_owned());
        let chosen = choose(lines.iter().map(String::as_str));
        assert_eq!(chosen.len(), MOST);
        for file in ["deep/down/below/x.py", "package-lock.json", "d000/a.ts", "d117/a.ts"] {
            assert!(chosen.iter().any(|one| one == file), "{file} is not among {chosen:?}");
        }
        // Another file of a folder that comes late pushes none of them out.
        lines.push("0 z/late.ts".to_owned());
        assert_eq!(choose(lines.iter().map(String::as_str)), chosen);
    }
}
