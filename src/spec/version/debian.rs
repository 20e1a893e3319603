//! Debian's versions, `[epoch:]upstream[-revision]`, ordered as Debian Policy (5.6.12) and deb-version(7) say.
//!
//! rpm's versions are read by it too: they have epoch, tilde and release in the same places.

use std::cmp::Ordering;

use super::dotted::{Dotted, by_digits, run};
use crate::spec::package;

/// A version as dpkg takes it apart.
#[derive(Clone, Debug)]
pub(super) struct Debian {
    epoch: u64,
    upstream: String,
    revision: String,
}

impl Debian {
    /// None if the upstream version does not begin with a digit, which dpkg wants too.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => (epoch.parse().ok()?, rest),
            None => (0, text),
        };
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        let begins_with_a_digit = upstream.starts_with(|c: char| c.is_ascii_digit());
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '~' | '^' | '-' | ':' | '_');
        (begins_with_a_digit && rest.chars().all(known)).then(|| Self {
            epoch,
            upstream: upstream.to_owned(),
            revision: revision.to_owned(),
        })
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// What makes it a pre-release of its upstream version; none of a release or its rebuild.
    pub(super) fn prerelease(&self) -> Option<String> {
        let text = format!("{}-{}", self.upstream, self.revision);
        package::prerelease(text.trim_end_matches('-'))
    }

    /// The upstream version's.
    pub(super) fn numbers(&self) -> Vec<u64> {
        Dotted::parse(&self.upstream).map(|dotted| dotted.numbers().to_vec()).unwrap_or_default()
    }
}

impl Ord for Debian {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| part(&self.upstream, &other.upstream))
            .then_with(|| part(&self.revision, &other.revision))
    }
}

impl PartialOrd for Debian {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Debian {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Debian {}

/// Compares by turns what is no digit and what is digits, each as far as it goes.
fn part(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one, other);
    while !one.is_empty() || !other.is_empty() {
        let ((word, rest), (other_word, other_rest)) = (run(one, false), run(other, false));
        let order = by_characters(word, other_word);
        if order.is_ne() {
            return order;
        }
        let ((digits, rest), (other_digits, other_rest)) = (run(rest, true), run(other_rest, true));
        let order = by_digits(digits, other_digits);
        if order.is_ne() {
            return order;
        }
        (one, other) = (rest, other_rest);
    }
    Ordering::Equal
}

/// A tilde is before the end, the end before letters, letters before all others.
fn by_characters(one: &str, other: &str) -> Ordering {
    let weight = |c: Option<char>| match c {
        Some('~') => (0, '~'),
        None => (1, '\0'),
        Some(letter) if letter.is_ascii_alphabetic() => (2, letter),
        Some(c) => (3, c),
    };
    let (mut one, mut other) = (one.chars(), other.chars());
    loop {
        let (c, other_c) = (one.next(), other.next());
        let order = weight(c).cmp(&weight(other_c));
        if order.is_ne() || (c.is_none() && other_c.is_none()) {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests are an IO edge: they ask dpkg where there is one")]

    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    /// What dpkg says, where this machine has it.
    fn dpkg(one: &str, other: &str) -> Option<Ordering> {
        let holds = |relation: &str| {
            let asked = Command::new("dpkg").args(["--compare-versions", one, relation, other]).output();
            asked.ok().map(|output| output.status.success())
        };
        Some(match (holds("lt")?, holds("eq")?) {
            (true, _) => Ordering::Less,
            (_, true) => Ordering::Equal,
            _ => Ordering::Greater,
        })
    }

    fn order(one: &str, other: &str) -> Ordering {
        Debian::parse(one).unwrap().cmp(&Debian::parse(other).unwrap())
    }

    #[test]
    fn the_examples_of_debian_policy() {
        let ascending = ["1.0~~", "1.0~~a", "1.0~", "1.0", "1.0a", "1.0+a", "1.0.0", "1.00.1", "1.0.2-1", "1.0.2-1.1"];
        for pair in ascending.windows(2) {
            assert_eq!(order(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(order("2:1.19.2-1+deb9u2", "2:1.19.2-1+deb9u10"), Ordering::Less);
        assert_eq!(order("7.6p2-4", "7.6-0"), Ordering::Greater);
        assert!(Debian::parse("banana").is_none() && Debian::parse("x:1").is_none() && Debian::parse("1 2").is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(150))]

        #[test]
        fn dpkg_agrees(one in "(0|1:)?[0-9][0-9a-b.+~]{0,5}(-[0-9a-b.+~]{1,4})?",
                       other in "(0|1:)?[0-9][0-9a-b.+~]{0,5}(-[0-9a-b.+~]{1,4})?") {
            if let Some(said) = dpkg(&one, &other) {
                prop_assert_eq!(order(&one, &other), said, "{} and {}", one, other);
            }
        }

        #[test]
        fn the_order_is_one(one in "[0-9][0-9a-b.+~]{0,5}", two in "[0-9][0-9a-b.+~]{0,5}", three in "[0-9][0-9a-b.+~]{0,5}") {
            let mut versions = [&one, &two, &three].map(|text| Debian::parse(text).unwrap());
            versions.sort();
            prop_assert!(versions[0] <= versions[2]);
            prop_assert_eq!(versions[0].cmp(&versions[2]).reverse(), versions[2].cmp(&versions[0]));
        }
    }
}
