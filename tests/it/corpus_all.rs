//! All rows of the drift corpus with all canaries, and the silence that they stand out from: identical machines, audited
//! again and again. It takes an hour, so this belongs to the long group: see `scripts/test --help`.

use crate::corpus::audit::{Corpus, Mode};
use crate::corpus::{chosen, table, tally};

#[test]
fn every_mutation_is_told_and_nothing_else() {
    let rows = table::rows();
    let audits = chosen(rows.iter().map(|row| (row, Mode::All)).collect());
    tally::hold(&Corpus::captured_for(&audits), &audits);
}

#[test]
fn identical_machines_are_silent_a_hundred_times() {
    let rows = table::unchanged();
    let with_canaries = rows.iter().flat_map(|row| [(row, Mode::All); 5]);
    let by_facts = rows.iter().flat_map(|row| [(row, Mode::Static); 100]);
    let audits: Vec<_> = with_canaries.chain(by_facts).collect();
    tally::hold(&Corpus::captured_for(&audits), &audits);
}
