//! Versions as programs print them, and the ranges that a spec may ask for.
//!
//! A version is read leniently: numbers separated by dots, then whatever is attached (`2.5.1p57`, `18.03.0-ce`,
//! `1.8.0_192`). Equality is of the whole text; order and ranges look at the numbers and, as semver does, treat a
//! suffix that names a pre-release (`-rc.1`, `a2`, `-beta`) as older than the release.

use std::cmp::Ordering;
use std::fmt;

/// A version read for comparing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    numbers: Vec<u64>,
    suffix: String,
}

impl Version {
    /// Reads a version token; none if it does not begin with a number. A leading `v` is no part of a version.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut rest = text;
        let mut numbers = Vec::new();
        loop {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            if digits == 0 {
                break;
            }
            numbers.push(rest[..digits].parse().ok()?);
            rest = &rest[digits..];
            match rest.strip_prefix('.') {
                Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => rest = after,
                _ => break,
            }
        }
        (!numbers.is_empty()).then(|| Self { numbers, suffix: rest.to_owned() })
    }

    /// The first number.
    pub fn major(&self) -> u64 {
        self.numbers[0]
    }

    /// The second number, where there is one.
    pub fn minor(&self) -> Option<u64> {
        self.numbers.get(1).copied()
    }

    fn is_prerelease(&self) -> bool {
        let word = self.suffix.trim_start_matches(['-', '.', '_', '~']).to_ascii_lowercase();
        ["a", "alpha", "b", "beta", "c", "rc", "pre", "preview", "dev", "nightly", "canary", "next"].iter().any(
            |stage| word.strip_prefix(stage).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic())),
        )
    }

    /// Compares numbers, missing ones being zero, then pre-releases before releases.
    fn order(&self, other: &Self) -> Ordering {
        let places = self.numbers.len().max(other.numbers.len());
        let number = |version: &Self, place: usize| version.numbers.get(place).copied().unwrap_or(0);
        (0..places)
            .map(|place| number(self, place).cmp(&number(other, place)))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| other.is_prerelease().cmp(&self.is_prerelease()))
    }
}

/// A range such as `>=20, <23`: comparisons that must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    written: String,
    bounds: Vec<Bound>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Bound {
    operator: Operator,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
    /// `^1.2`: at least this, and the first non-zero number unchanged.
    Compatible,
    /// `~1.2`: at least this, and the second number unchanged.
    Patch,
}

impl Range {
    /// Reads a range; the error is the part that is not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bounds = text.split(',').map(|part| Bound::parse(part.trim())).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { written: text.trim().to_owned(), bounds })
    }

    /// Whether a version lies within. A pre-release lies in a range only if a bound names one, as with semver.
    pub fn contains(&self, version: &Version) -> bool {
        let prerelease_wanted = self.bounds.iter().any(|bound| bound.version.is_prerelease());
        (prerelease_wanted || !version.is_prerelease()) && self.bounds.iter().all(|bound| bound.holds(version))
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl Bound {
    fn parse(part: &str) -> Result<Self, String> {
        const OPERATORS: [(&str, Operator); 8] = [
            (">=", Operator::AtLeast),
            ("<=", Operator::AtMost),
            (">", Operator::Greater),
            ("<", Operator::Less),
            ("==", Operator::Equal),
            ("=", Operator::Equal),
            ("^", Operator::Compatible),
            ("~", Operator::Patch),
        ];
        let (operator, rest) = OPERATORS
            .iter()
            .find_map(|(sign, operator)| part.strip_prefix(sign).map(|rest| (*operator, rest.trim())))
            .ok_or_else(|| part.to_owned())?;
        let whole = |version: &Version| version.suffix.is_empty() || !version.suffix.contains([' ', '*', '<', '>']);
        let version = Version::parse(rest).filter(whole).ok_or_else(|| part.to_owned())?;
        Ok(Self { operator, version })
    }

    fn holds(&self, version: &Version) -> bool {
        let order = version.order(&self.version);
        let same_up_to = |place: usize| {
            (0..=place).all(|at| {
                let number = |of: &Version| of.numbers.get(at).copied().unwrap_or(0);
                number(version) == number(&self.version)
            })
        };
        match self.operator {
            Operator::Less => order.is_lt(),
            Operator::AtMost => order.is_le(),
            Operator::Greater => order.is_gt(),
            Operator::AtLeast => order.is_ge(),
            Operator::Equal => order.is_eq(),
            Operator::Compatible => {
                let first_significant = self.version.numbers.iter().position(|number| *number != 0).unwrap_or(0);
                order.is_ge() && same_up_to(first_significant)
            }
            Operator::Patch => order.is_ge() && same_up_to(1.min(self.version.numbers.len() - 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(range: &str, version: &str) -> bool {
        Range::parse(range).unwrap().contains(&Version::parse(version).unwrap())
    }

    #[test]
    fn ranges_hold_what_they_say() {
        assert!(within(">=20, <23", "20.0.0") && within(">=20, <23", "22.99.1"));
        assert!(!within(">=20, <23", "23.0.0") && !within(">=20, <23", "19.9"));
        assert!(within("^1.2.3", "1.9.0") && !within("^1.2.3", "2.0.0") && !within("^1.2.3", "1.2.2"));
        assert!(within("^0.2.3", "0.2.9") && !within("^0.2.3", "0.3.0"));
        assert!(within("~1.2", "1.2.9") && !within("~1.2", "1.3.0"));
        assert!(within("=9.2", "9.2.0") && within(">9.1", "9.2p1"));
    }

    #[test]
    fn a_prerelease_is_older_than_its_release_and_outside_ranges_that_name_none() {
        assert!(!within(">=20", "20.0.0-rc.1"));
        assert!(!within(">=19", "20.0.0-rc.1"));
        assert!(within(">=20.0.0-rc.1", "20.0.0"));
        assert!(within(">=19", "2.5.1p57") == within(">=19", "2.5.1"));
    }

    #[test]
    fn what_is_no_range_is_named() {
        assert_eq!(Range::parse(">=20, banana").unwrap_err(), "banana");
        assert_eq!(Range::parse(">=").unwrap_err(), ">=");
        assert_eq!(Range::parse(">=1 <2").unwrap_err(), ">=1 <2");
        assert!(Version::parse("banana").is_none());
    }
}
