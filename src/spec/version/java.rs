//! Java's versions of before and after JEP 223: `1.8.0_192` and `8u192` are one, `21.0.1+12-LTS` is 21.0.1.
//!
//! The build and what follows it do not count; of the words after a `-` only those that name an early build do.

use std::cmp::Ordering;

use super::dotted::{Dotted, by_numbers};

/// Feature, interim, update, patch, and whether it came before the release.
#[derive(Clone, Debug)]
pub(super) struct Java {
    numbers: Vec<u64>,
    is_early: bool,
}

impl Java {
    /// None if the text does not begin with a number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let without_build = text.split(['+', ' ']).next()?;
        let (release, word) = without_build.split_once('-').unwrap_or((without_build, ""));
        let is_early = ["ea", "internal", "beta"].iter().any(|stage| word.starts_with(stage));
        let numbers = match release.split_once('u') {
            // 8u192
            Some((feature, update)) => vec![feature.parse().ok()?, 0, update.parse().ok()?],
            None => Dotted::separated(release, &['.', '_'])?.numbers().to_vec(),
        };
        let numbers = match numbers.as_slice() {
            [1, feature @ 1..=8, ..] => [&[*feature], &numbers[2..]].concat(),
            _ => numbers,
        };
        Some(Self { numbers, is_early })
    }

    pub(super) fn numbers(&self) -> &[u64] {
        &self.numbers
    }

    pub(super) fn is_prerelease(&self) -> bool {
        self.is_early
    }

    pub(super) fn order(&self, other: &Self) -> Ordering {
        by_numbers(&self.numbers, &other.numbers).then(other.is_early.cmp(&self.is_early))
    }
}
