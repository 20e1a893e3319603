//! The ranges that a spec may ask for: `>=20, <23`.
//!
//! A range is read before it is known whose versions it is about; its bounds are read by the scheme of the version that
//! is held against it.

use std::fmt;

use super::Version;

/// A range such as `>=20, <23`: comparisons that must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    written: String,
    bounds: Vec<Bound>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Bound {
    operator: Operator,
    version: String,
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

    /// Whether a version lies within, by its own scheme. A pre-release lies in a range only if a bound names one.
    pub fn contains(&self, version: &Version) -> bool {
        self.contains_as(|_| Some(version.clone()))
    }

    /// The same for a version that is read for each bound, by the bound's text.
    pub(crate) fn contains_as(&self, read: impl Fn(&str) -> Option<Version>) -> bool {
        let pair = |bound: &Bound| {
            let version = read(&bound.version)?;
            let against = version.read_alike(&bound.version)?;
            Some((bound.operator, version, against))
        };
        let pairs: Option<Vec<(Operator, Version, Version)>> = self.bounds.iter().map(pair).collect();
        let Some(pairs) = pairs else { return false };
        let prerelease_wanted = pairs.iter().any(|(_, _, bound)| bound.is_prerelease());
        pairs.iter().all(|(operator, version, bound)| {
            (prerelease_wanted || !version.is_prerelease()) && operator.holds(version, bound)
        })
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
        let is_whole = !rest.contains([' ', '*', '<', '>']) && Version::parse(rest).is_some();
        is_whole.then(|| Self { operator, version: rest.to_owned() }).ok_or_else(|| part.to_owned())
    }
}

impl Operator {
    fn holds(self, version: &Version, bound: &Version) -> bool {
        let order = version.order(bound);
        if bound.names_a_line() && version.same_numbers(bound, 2) && !version.is_prerelease() {
            return !matches!(self, Self::Less | Self::Greater);
        }
        match self {
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
            Self::Equal => order.is_eq(),
            Self::Compatible => {
                let first_significant = bound.numbers().iter().position(|number| *number != 0).unwrap_or(0);
                order.is_ge() && version.same_numbers(bound, first_significant + 1)
            }
            Self::Patch => {
                let written = bound.text.split('.').count().min(2);
                order.is_ge() && version.same_numbers(bound, written)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Scheme;
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
    fn bounds_are_read_by_the_scheme_of_the_version() {
        let within = |scheme: Scheme, range: &str, version: &str| {
            Range::parse(range).unwrap().contains(&scheme.read(version).unwrap())
        };
        assert!(within(Scheme::Debian, ">=1:2.0, <1:3", "1:2.3-1~deb12u1"));
        assert!(!within(Scheme::Debian, ">=1:2.0", "2.3-1"));
        assert!(within(Scheme::Java, ">=8, <11", "1.8.0_192") && !within(Scheme::Java, ">=11", "1.8.0_192"));
        assert!(within(Scheme::Pep440, ">=1.0", "1.0.post1") && !within(Scheme::Pep440, ">=1.0", "2.0rc1"));
        assert!(within(Scheme::Go, "<=1.22", "1.22.0") && within(Scheme::Go, "<=1.20", "1.20.7"));
        assert!(within(Scheme::Go, "=1.22", "1.22.3") && !within(Scheme::Go, ">1.22", "1.22.3"));
        assert!(!within(Scheme::Go, "<1.22", "1.22.0") && !within(Scheme::Go, "<=1.22", "1.23.0"));
        assert!(within(Scheme::Go, ">=1.21", "1.21.0") && !within(Scheme::Go, ">=1.21", "1.22rc1"));
        assert!(within(Scheme::Dotted, ">=1.1.1k", "1.1.1w") && !within(Scheme::Dotted, ">=1.1.1k", "1.1.1a"));
    }

    #[test]
    fn what_is_no_range_is_named() {
        assert_eq!(Range::parse(">=20, banana").unwrap_err(), "banana");
        assert_eq!(Range::parse(">=").unwrap_err(), ">=");
        assert_eq!(Range::parse(">=1 <2").unwrap_err(), ">=1 <2");
        assert!(Version::parse("banana").is_none());
    }
}
