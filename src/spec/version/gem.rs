//! RubyGems' versions: parts of digits or letters. A part of letters makes a pre-release and comes before any number.

use std::cmp::Ordering;

use super::dotted::{by_digits, run};

/// A gem's version.
#[derive(Clone, Debug)]
pub(super) struct Gem {
    parts: Vec<String>,
}

impl Gem {
    /// None if the text does not begin with a number, or holds what RubyGems refuses.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        if !text.starts_with(|c: char| c.is_ascii_digit()) || !text.chars().all(is_known) {
            return None;
        }
        let mut parts = Vec::new();
        // RubyGems reads a dash as `.pre.`.
        for piece in text.replace('-', ".pre.").split('.') {
            let mut rest = piece;
            while let Some(first) = rest.chars().next() {
                let (part, after) = run(rest, first.is_ascii_digit());
                parts.push(part.to_owned());
                rest = after;
            }
        }
        Some(Self { parts })
    }

    pub(super) fn numbers(&self) -> Vec<u64> {
        self.parts.iter().map_while(|part| part.parse().ok()).collect()
    }

    pub(super) fn is_prerelease(&self) -> bool {
        self.parts.iter().any(|part| is_word(part))
    }

    pub(super) fn order(&self, other: &Self) -> Ordering {
        let part = |of: &Self, place: usize| of.parts.get(place).map_or_else(|| "0".to_owned(), Clone::clone);
        (0..self.parts.len().max(other.parts.len()))
            .map(|place| by_part(&part(self, place), &part(other, place)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

fn is_word(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn by_part(one: &str, other: &str) -> Ordering {
    match (is_word(one), is_word(other)) {
        (true, true) => one.cmp(other),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => by_digits(one, other),
    }
}
