//! The drift corpus: what real machines suffer, done one at a time to one of two identical machines, and what trueup must
//! say of it and nothing else. Beside it stand changes that are no drift, and must not be reported.
//!
//! The machines hold real repositories with real git, husky, pre-commit, lefthook and linters. `table` has the rows,
//! `homes` the machines, `audit` drives the real program, `tally` judges. All rows with `--behaviour` take long, and are in
//! `corpus_all`.

pub(crate) mod audit;
mod homes;
pub(crate) mod table;
pub(crate) mod tally;

use audit::{Corpus, Mode};

/// Every row by its facts alone.
#[test]
fn every_mutation_is_told_and_nothing_else() {
    let corpus = Corpus::captured();
    let rows = table::rows();
    let audits: Vec<_> = rows.iter().map(|row| (row, Mode::Static)).collect();
    tally::hold(&corpus, &audits);
}
