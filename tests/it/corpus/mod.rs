//! The drift corpus: what real machines suffer, done one at a time to one of two identical machines, and what trueup must
//! say of it and nothing else. Beside it stand changes that are no drift, and must not be reported.
//!
//! The machines hold real repositories with real git, husky, pre-commit, lefthook and linters. `table` has the rows,
//! `homes` the machines, `audit` drives the real program, `tally` judges; `plain` is what anybody would write instead. All rows
//! with all canaries take long, and are in `corpus_all`.

pub(crate) mod audit;
mod homes;
mod plain;
pub(crate) mod table;
pub(crate) mod tally;

use audit::{Corpus, Mode};
use table::{Kind, Row};
use trueup::spec::Digest;

/// Decides which twenty rows are held with canaries besides those that a canary alone tells.
const SEED: &str = "the first twenty";

/// Every row by its facts alone; with canaries those that nothing else tells, and twenty of the others.
#[test]
fn every_mutation_is_told_and_nothing_else() {
    let rows = table::rows();
    let twenty = twenty(&rows);
    let with_canaries = |row: &Row| row.kind == Kind::Canary || twenty.contains(&row.name.as_str());
    let mut audits: Vec<(&Row, Mode)> =
        rows.iter().map(|row| (row, if with_canaries(row) { Mode::Some } else { Mode::Static })).collect();
    // What takes longest goes first. An audit with canaries looks at all facts as well.
    audits.sort_by_key(|(row, mode)| (*mode == Mode::Static, &row.repo != "shop"));
    let audits = chosen(audits);
    tally::hold(&Corpus::captured_for(&audits), &audits);
}

/// One apply mends what was done to a machine; twenty rows here, all of them in `corpus_all`.
#[test]
fn every_mutation_is_mended_by_one_apply() {
    let rows = table::rows();
    let twenty = twenty(&rows);
    let rows = rows.iter().filter(|row| twenty.contains(&row.name.as_str()));
    let applies = chosen(mendable(rows).map(|row| (row, Mode::Some)).collect());
    tally::converge(&Corpus::captured_for(&applies), &applies);
}

/// What stands in the environment of the audit itself is in no file of the machine, so no apply mends it; and what is in
/// `/etc`, which both homes have in common here, is on the reference as well.
pub(crate) fn mendable<'a>(rows: impl Iterator<Item = &'a Row>) -> impl Iterator<Item = &'a Row> {
    const OF_BOTH: [&str; 1] = ["managed-settings-switch-agents-hooks-off"];
    rows.filter(|row| row.env.is_empty() && row.kind != Kind::Silent && !OF_BOTH.contains(&row.name.as_str()))
}

/// For whoever works on some of the rows: those whose names or repositories `TRUEUP_CORPUS` matches, a regular expression.
pub(crate) fn chosen(audits: Vec<(&Row, Mode)>) -> Vec<(&Row, Mode)> {
    let Ok(pattern) = std::env::var("TRUEUP_CORPUS") else { return audits };
    let pattern = regex::Regex::new(&pattern).unwrap();
    audits.into_iter().filter(|(row, _)| pattern.is_match(&row.name) || pattern.is_match(&row.repo)).collect()
}

fn twenty(rows: &[Row]) -> Vec<&str> {
    let mut others: Vec<&Row> = rows.iter().filter(|row| row.kind != Kind::Canary).collect();
    others.sort_by_key(|row| Digest::of(format!("{SEED} {}", row.name).as_bytes()).hex().to_owned());
    others.into_iter().take(20).map(|row| row.name.as_str()).collect()
}

/// The numbers stand in ARCHITECTURE.md: whoever adds a row brings them up to date there.
#[test]
fn a_plain_comparison_misses_much_of_it_and_cries_wolf() {
    let corpus = Corpus::uncaptured();
    let plain = plain::tally(&corpus, &table::rows());
    let (recall, alarms) = ((plain.told, plain.mutations), (plain.alarms, plain.silent));
    assert_eq!((recall, alarms), ((124, 221), (21, 53)), "of a plain comparison: recall, false alarms");
}
