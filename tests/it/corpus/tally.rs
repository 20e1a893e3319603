//! Rows side by side, and what came of them: recall, false alarms, and every row that went wrong with the ids that are
//! missing and those in excess.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::audit::{Corpus, Mode};
use super::table::{Kind, Row};

/// What came of one audit of a row.
struct Outcome {
    row: usize,
    mode: Mode,
    took: Duration,
    fault: Option<String>,
}

/// Audits each of these rows, as many at a time as there are processors, in the order given.
pub(crate) fn hold(corpus: &Corpus, audits: &[(&Row, Mode)]) {
    let began = Instant::now();
    let outcomes = side_by_side(audits.len(), |number| {
        let (row, mode) = audits[number];
        let (took, fault) = judged(corpus, row, mode);
        let outcome = Outcome { row: number, mode, took, fault };
        // Told at once to whoever watches, since there may be an hour to go.
        tell(&faults(audits, std::slice::from_ref(&outcome)));
        outcome
    });
    let (told, perfect) = tally(audits, &outcomes);
    let mut all = format!("{told}{} audits in {:.0?}\n", audits.len(), began.elapsed());
    let mut slow: Vec<&Outcome> = outcomes.iter().collect();
    slow.sort_by_key(|outcome| std::cmp::Reverse(outcome.took));
    for outcome in slow.iter().take(3) {
        let _written = writeln!(all, "slow: {} ({:?}) {:.1?}", audits[outcome.row].0.name, outcome.mode, outcome.took);
    }
    // Told whether the test passes or not.
    tell(&all);
    assert!(perfect, "\n{all}");
}

/// Mends each of these rows' mutations by one apply. Those that none can mend are left out by the caller.
pub(crate) fn converge(corpus: &Corpus, applies: &[(&Row, Mode)]) {
    let faults = side_by_side(applies.len(), |number| {
        let (row, mode) = applies[number];
        let fault = corpus.converged(row, mode).err().map(|fault| format!("{} ({mode:?})\n{fault}\n", row.name));
        tell(fault.as_deref().unwrap_or_default());
        fault
    });
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    tell(&format!("converged {} of {}\n", applies.len() - faults.len(), applies.len()));
    assert!(faults.is_empty(), "\n{}", faults.concat());
}

/// Does something `count` times, as many at a time as there are processors.
pub(crate) fn side_by_side<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let result = work(number);
                    done.lock().unwrap().push((number, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

/// What is wrong with what an audit finds of a row.
fn judged(corpus: &Corpus, row: &Row, mode: Mode) -> (Duration, Option<String>) {
    let found = match corpus.audit(row, mode) {
        Ok(found) => found,
        Err(fault) => return (Duration::ZERO, Some(format!("    {fault}\n"))),
    };
    let mut wanted: BTreeSet<&String> = row.finds.iter().collect();
    if mode != Mode::Static {
        wanted.extend(&row.fires);
    }
    let got: BTreeSet<&String> = found.amiss.iter().collect();
    let mut fault = String::new();
    for id in wanted.difference(&got) {
        let _written = writeln!(fault, "    missing    {id}");
    }
    for id in got.difference(&wanted) {
        let _written = writeln!(fault, "    in excess  {id}: {}", found.reason(id));
    }
    (found.took, (!fault.is_empty()).then_some(fault))
}

fn tell(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

/// Every row that went wrong, and how.
fn faults(audits: &[(&Row, Mode)], outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        if let Some(fault) = &outcome.fault {
            let row = audits[outcome.row].0;
            let _written = writeln!(text, "{} ({:?}, {:?})\n{}", row.name, row.kind, outcome.mode, fault.trim_end());
        }
    }
    text
}

/// The faults, the counts in words, and whether they are perfect.
fn tally(audits: &[(&Row, Mode)], outcomes: &[Outcome]) -> (String, bool) {
    let mut text = faults(audits, outcomes);
    // A row counts once, however often it was audited. Facts alone do not tell those that a canary alone tells: there
    // they are to be silent.
    let names = |silent: bool, failed: bool| {
        let of_kind = outcomes.iter().filter(|outcome| {
            let row = audits[outcome.row].0;
            (row.kind == Kind::Silent) == silent && (row.kind != Kind::Canary || outcome.mode != Mode::Static || failed)
        });
        let counted = of_kind.filter(|outcome| !failed || outcome.fault.is_some());
        counted.map(|outcome| audits[outcome.row].0.name.as_str()).collect::<BTreeSet<&str>>()
    };
    let (all, missed) = (names(false, false), names(false, true));
    let (quiet, alarms) = (names(true, false).len(), names(true, true).len());
    let told = all.difference(&missed).count();
    let _written = writeln!(text, "recall {told}/{}, false alarms {alarms}/{quiet}", all.len());
    (text, missed.is_empty() && alarms == 0)
}
