//! Numbers separated by dots, then whatever is attached: `2.5.1p57`, `1.1.1w`, `18.03.0-ce`, `7.0.0-3`.
//!
//! After the numbers, a suffix that names a stage (`-rc.1`, `a2`, `~beta`) is older than the release; a word of its own
//! (`-ce`, `-LTS`) names an edition and has no order; anything else is a patch upon the release, and later.

use std::cmp::Ordering;

/// A version of no stricter scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dotted {
    numbers: Vec<u64>,
    suffix: String,
}

/// What a suffix makes of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Before,
    Release,
    Patched,
}

const STAGES: [&str; 16] = [
    "a",
    "alpha",
    "b",
    "beta",
    "c",
    "rc",
    "pre",
    "preview",
    "dev",
    "devel",
    "nightly",
    "canary",
    "next",
    "snapshot",
    "milestone",
    "m",
];

impl Dotted {
    /// None if the text does not begin with a number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::separated(text, &['.'])
    }

    /// The same where other characters separate numbers too, as in dates.
    pub(super) fn separated(text: &str, separators: &[char]) -> Option<Self> {
        let mut rest = text;
        let mut numbers = Vec::new();
        loop {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            if digits == 0 {
                break;
            }
            numbers.push(rest[..digits].parse().ok()?);
            rest = &rest[digits..];
            match rest.strip_prefix(separators) {
                Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => rest = after,
                _ => break,
            }
        }
        (!numbers.is_empty()).then(|| Self { numbers, suffix: rest.to_owned() })
    }

    pub(super) fn numbers(&self) -> &[u64] {
        &self.numbers
    }

    pub(super) fn is_prerelease(&self) -> bool {
        self.stage() == Stage::Before
    }

    fn stage(&self) -> Stage {
        let suffix = self.suffix.to_ascii_lowercase();
        let word = suffix.trim_start_matches(['-', '.', '_', '~']);
        let is_attached = word.len() == suffix.len();
        let is_stage = |stage: &str| {
            word.strip_prefix(stage).is_some_and(|rest| match (stage, rest.chars().next()) {
                (_, Some(next)) if next.is_ascii_alphabetic() => false,
                // `1.0-M5` is a milestone, `1.0.2m` a patch of OpenSSL.
                ("m", next) => !is_attached && next.is_some_and(|next| next.is_ascii_digit()),
                // `1.1.1a` and `1.0.2a-fips` are patches, `1.0a2` an alpha: a letter counts with its number alone.
                ("a" | "b" | "c", next) => !is_attached || next.is_some_and(|next| next.is_ascii_digit()),
                _ => true,
            })
        };
        let is_word = !is_attached && word.chars().all(|c| c.is_ascii_alphabetic());
        if suffix.starts_with('~') || (STAGES.iter().any(|stage| is_stage(stage))) {
            Stage::Before
        } else if suffix.is_empty() || is_word {
            Stage::Release
        } else {
            Stage::Patched
        }
    }

    /// Compares numbers, missing ones being zero, then what the suffixes make of them.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let stage = self.stage();
        let by_suffix = || if stage == Stage::Release { Ordering::Equal } else { natural(&self.suffix, &other.suffix) };
        by_numbers(&self.numbers, &other.numbers).then(stage.cmp(&other.stage())).then_with(by_suffix)
    }
}

/// Numbers from the most significant on, missing ones being zero.
pub(super) fn by_numbers(one: &[u64], other: &[u64]) -> Ordering {
    let number = |of: &[u64], place: usize| of.get(place).copied().unwrap_or(0);
    (0..one.len().max(other.len()))
        .map(|place| number(one, place).cmp(&number(other, place)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Texts by their runs of digits, as numbers, and of anything else, as text.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one, other);
    loop {
        match (one.is_empty(), other.is_empty()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        let (word, word_rest) = run(one, false);
        let (other_word, other_word_rest) = run(other, false);
        let (digits, rest) = run(word_rest, true);
        let (other_digits, other_rest) = run(other_word_rest, true);
        let order = word.cmp(other_word).then_with(|| by_digits(digits, other_digits));
        if order.is_ne() {
            return order;
        }
        (one, other) = (rest, other_rest);
    }
}

/// Splits off the digits, or all that are none.
pub(super) fn run(text: &str, digits: bool) -> (&str, &str) {
    text.split_at(text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len()))
}

/// Digits as a number of any length.
pub(super) fn by_digits(one: &str, other: &str) -> Ordering {
    let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}
