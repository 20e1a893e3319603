//! All rows of the drift corpus with all canaries, and the silence that they stand out from: identical machines, audited
//! again and again. It takes an hour, so this belongs to the long group: see `scripts/test --help`.

use crate::corpus::audit::{Corpus, Mode};
use crate::corpus::{chosen, mendable, table, tally};

#[test]
fn every_mutation_is_told_and_nothing_else() {
    let rows = table::rows();
    let audits = chosen(rows.iter().map(|row| (row, Mode::All)).collect());
    tally::hold(&Corpus::captured_for(&audits), &audits);
}

/// `TRUEUP_STATIC` leaves the canaries out, for whoever looks for what facts alone leave unmended.
#[test]
fn every_mutation_is_mended_by_one_apply() {
    let mode = if std::env::var_os("TRUEUP_STATIC").is_some() { Mode::Static } else { Mode::Some };
    let rows = table::rows();
    let applies = chosen(mendable(rows.iter()).map(|row| (row, mode)).collect());
    tally::converge(&Corpus::captured_for(&applies), &applies);
}

#[test]
fn identical_machines_are_silent_a_hundred_times() {
    let rows = table::unchanged();
    let with_canaries = rows.iter().flat_map(|row| [(row, Mode::All); 5]);
    let by_facts = rows.iter().flat_map(|row| [(row, Mode::Static); 100]);
    let audits: Vec<_> = with_canaries.chain(by_facts).collect();
    tally::hold(&Corpus::captured_for(&audits), &audits);
}
