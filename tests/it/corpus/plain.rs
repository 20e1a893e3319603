//! What the corpus looks like to a plain comparison, as anybody would write one: `git config --list`, and the digests of
//! the tracked files and of `.git/hooks`. It is given every advantage: what differs between two identical machines (who the
//! user is, the paths in generated hooks) is set aside, or it would never be silent.

use std::collections::{BTreeMap, BTreeSet};

use super::audit::Corpus;
use super::homes::shown;
use super::table::{Kind, Row};

/// Prints a line for each setting and each file: a name, a tab, and what it holds.
const LOOK: &str = r#"
git config --list | sed 's/=/	/; s/^/config /'
git ls-files | while read -r file; do
    [ ! -f "$file" ] || printf '%s	%s\n' "$file" "$(sha256sum <"$file")"
done
for hook in .git/hooks/*; do
    [ ! -f "$hook" ] || printf '%s	%s\n' "$hook" "$(sha256sum <"$hook")"
done
"#;

/// How many mutations a plain comparison tells, and how often it cries wolf.
pub(super) struct Tally {
    pub(super) told: usize,
    pub(super) mutations: usize,
    pub(super) alarms: usize,
    pub(super) silent: usize,
}

/// Holds every row against the reference as it is.
pub(super) fn tally(corpus: &Corpus, rows: &[Row]) -> Tally {
    let mut references = BTreeMap::new();
    let mut aside: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for repo in super::homes::REPOS {
        let reference = look(corpus.unchanged(&corpus.homes.reference(), repo, LOOK));
        let target = look(corpus.unchanged(&corpus.homes.target(), repo, LOOK));
        aside.insert(repo, differing(&reference, &target));
        references.insert(repo, reference);
    }
    let tells = |row: &Row| {
        let target = look(corpus.changed(row, &["sh", "-euc", LOOK]));
        let differing = differing(&references[row.repo.as_str()], &target);
        differing.difference(&aside[row.repo.as_str()]).next().is_some()
    };
    let told = super::tally::side_by_side(rows.len(), |number| tells(&rows[number]));
    let count = |silent: bool, told_too: bool| {
        let of_kind = rows.iter().zip(&told).filter(|(row, _)| (row.kind == Kind::Silent) == silent);
        of_kind.filter(|(_, told)| !told_too || **told).count()
    };
    Tally {
        told: count(false, true),
        mutations: count(false, false),
        alarms: count(true, true),
        silent: count(true, false),
    }
}

/// A repository of two machines that do not hold the same under these names.
fn differing(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> BTreeSet<String> {
    one.keys().chain(other.keys()).filter(|name| one.get(*name) != other.get(*name)).cloned().collect()
}

fn look(mut command: std::process::Command) -> BTreeMap<String, String> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "a plain comparison cannot look: {}", shown(&output));
    let lines = String::from_utf8(output.stdout).unwrap();
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in lines.lines().map(|line| line.split_once('\t').unwrap_or((line, ""))) {
        // A setting may have several values.
        let held = found.entry(name.to_owned()).or_default();
        held.push_str(value);
        held.push('\n');
    }
    found
}
