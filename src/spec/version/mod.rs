//! Versions, read and compared by the scheme that their makers follow.
//!
//! A [`Scheme`] is chosen by what is compared ([`Scheme::of`], one table). It turns a version token into a [`Version`],
//! which knows its order, its numbers and whether it is a pre-release. A token that does not follow its scheme is read
//! as dotted numbers with a suffix, which nearly every version is; what does not even begin with a number is none.
//!
//! What the words of a policy mean by scheme:
//!
//! | | |
//! |---|---|
//! | `exact` | the same text, in every scheme: `1.0` and `1.0.0` are two releases of many things |
//! | `major` | the same first number, with the same epoch where there is one. Semver's `0.y` promises nothing from one `y` to the next, so there the second number counts too. Java's `1.8` is 8; a calendar's major is the year |
//! | `minor` | the same first two numbers, a missing one being zero |
//! | | neither takes a pre-release for a release, nor for one of another stage (`rc` for `alpha`) |
//! | ranges | the scheme's own order. A pre-release lies in a range only if a bound names one; a Debian version is no pre-release, since there the tilde already orders it |

mod debian;
mod dotted;
mod gem;
mod go;
mod java;
mod range;
mod scheme;

use std::cmp::Ordering;

use debian::Debian;
use dotted::Dotted;
use gem::Gem;
use go::Go;
use java::Java;
pub use range::Range;
pub use scheme::Scheme;

/// A version read for comparing.
#[derive(Clone, Debug)]
pub struct Version {
    /// Without a leading `v`.
    text: String,
    parts: Parts,
}

#[derive(Clone, Debug)]
enum Parts {
    Semver(semver::Version),
    Pep440(Box<pep440_rs::Version>),
    Debian(Debian),
    Dotted(Dotted),
    Go(Go),
    Java(Java),
    Gem(Gem),
}

impl Version {
    /// Reads a version token that follows no known scheme; none if it does not begin with a number.
    pub fn parse(text: &str) -> Option<Self> {
        Scheme::Dotted.read(text)
    }

    /// Another token, read by the scheme by which this one could be read.
    fn read_alike(&self, text: &str) -> Option<Self> {
        let scheme = match &self.parts {
            Parts::Semver(_) => Scheme::Semver,
            Parts::Pep440(_) => Scheme::Pep440,
            Parts::Debian(_) => Scheme::Debian,
            Parts::Dotted(_) => Scheme::Dotted,
            Parts::Go(_) => Scheme::Go,
            Parts::Java(_) => Scheme::Java,
            Parts::Gem(_) => Scheme::Gem,
        };
        scheme.read(text)
    }

    /// Whether both have the same epoch and the same major version, as the module's table says.
    pub fn same_major(&self, other: &Self) -> bool {
        let zero_decides = |version: &Self| matches!(version.parts, Parts::Semver(_)) && version.number(0) == 0;
        let places = if zero_decides(self) && zero_decides(other) { 2 } else { 1 };
        self.same_numbers(other, places) && self.stage() == other.stage()
    }

    /// As it was read, without a leading `v`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it stands for all releases of its first two numbers, as Go's `1.22` does.
    fn names_a_line(&self) -> bool {
        matches!(self.parts, Parts::Go(_)) && !self.is_prerelease() && self.text.split('.').count() == 2
    }

    /// Whether both have the same epoch and the same first two numbers.
    pub fn same_minor(&self, other: &Self) -> bool {
        self.same_numbers(other, 2) && self.stage() == other.stage()
    }

    /// The word that says which sort of pre-release it is (`rc`, `alpha`); none of a release. A Debian version is one by
    /// its tilde.
    fn stage(&self) -> Option<String> {
        let text = match &self.parts {
            Parts::Debian(version) => version.prerelease()?,
            _ if !self.is_prerelease() => return None,
            // As Python itself writes it: `alpha1` is `a1`.
            Parts::Pep440(version) => version.to_string(),
            _ => self.text.clone(),
        };
        let word = text.chars().skip_while(|c| !c.is_ascii_alphabetic()).take_while(char::is_ascii_alphabetic);
        Some(word.collect::<String>().to_ascii_lowercase())
    }

    /// Whether it comes before a release of the same numbers.
    pub fn is_prerelease(&self) -> bool {
        match &self.parts {
            Parts::Semver(version) => !version.pre.is_empty(),
            Parts::Pep440(version) => version.any_prerelease(),
            Parts::Debian(_) => false,
            Parts::Dotted(version) => version.is_prerelease(),
            Parts::Go(version) => version.is_prerelease(),
            Parts::Java(version) => version.is_prerelease(),
            Parts::Gem(version) => version.is_prerelease(),
        }
    }

    /// Its order by their scheme; two that were not read by the same one are compared as dotted numbers. Versions may
    /// be equal although they are written differently (`1.0` and `1.0.0`).
    pub fn order(&self, other: &Self) -> Ordering {
        match (&self.parts, &other.parts) {
            // Builds do not count.
            (Parts::Semver(one), Parts::Semver(other)) => one.cmp_precedence(other),
            (Parts::Pep440(one), Parts::Pep440(other)) => one.cmp(other),
            (Parts::Debian(one), Parts::Debian(other)) => one.cmp(other),
            (Parts::Dotted(one), Parts::Dotted(other)) => one.order(other),
            (Parts::Go(one), Parts::Go(other)) => one.cmp(other),
            (Parts::Java(one), Parts::Java(other)) => one.order(other),
            (Parts::Gem(one), Parts::Gem(other)) => one.order(other),
            _ => match (Dotted::parse(&self.text), Dotted::parse(&other.text)) {
                (Some(one), Some(other)) => one.order(&other),
                // A scheme that reads what does not begin with a number; the text is all there is.
                _ => self.text.cmp(&other.text),
            },
        }
    }

    /// Its numbers, from the most significant on. A missing one counts as zero.
    pub fn numbers(&self) -> Vec<u64> {
        match &self.parts {
            Parts::Semver(version) => vec![version.major, version.minor, version.patch],
            Parts::Pep440(version) => version.release().to_vec(),
            Parts::Debian(version) => version.numbers(),
            Parts::Dotted(version) => version.numbers().to_vec(),
            Parts::Go(version) => version.numbers(),
            Parts::Java(version) => version.numbers().to_vec(),
            Parts::Gem(version) => version.numbers(),
        }
    }

    fn epoch(&self) -> u64 {
        match &self.parts {
            Parts::Pep440(version) => version.epoch(),
            Parts::Debian(version) => version.epoch(),
            Parts::Semver(_) | Parts::Dotted(_) | Parts::Go(_) | Parts::Java(_) | Parts::Gem(_) => 0,
        }
    }

    fn number(&self, place: usize) -> u64 {
        self.numbers().get(place).copied().unwrap_or(0)
    }

    fn same_numbers(&self, other: &Self, places: usize) -> bool {
        self.epoch() == other.epoch() && (0..places).all(|place| self.number(place) == other.number(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(scheme: Scheme, versions: &[&str]) {
        let read: Vec<Version> = versions.iter().map(|text| scheme.read(text).unwrap()).collect();
        for (at, one) in read.iter().enumerate() {
            for (other_at, other) in read.iter().enumerate() {
                assert_eq!(one.order(other), at.cmp(&other_at), "{} and {}", versions[at], versions[other_at]);
            }
        }
    }

    fn equal(scheme: Scheme, one: &str, other: &str) {
        assert_eq!(scheme.read(one).unwrap().order(&scheme.read(other).unwrap()), Ordering::Equal, "{one} {other}");
    }

    #[test]
    fn each_scheme_has_its_own_order() {
        sorted(
            Scheme::Semver,
            &["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.0.1", "1.10"],
        );
        sorted(Scheme::Pep440, &["1.0.dev1", "1.0a2", "1.0rc1", "1.0", "1.0.post1", "1.1", "1.10", "1!0.1"]);
        sorted(Scheme::Debian, &["1.0~rc1-1", "1.0-1", "1.0-1+b1", "1.0-1.1", "1.0-10", "1.0a", "1.0+dfsg-1", "1:0.1"]);
        sorted(Scheme::Calendar, &["2023.12.30", "2024.2.1", "2024.10.1", "2024-10-02", "2025.01.01"]);
        sorted(Scheme::Dotted, &["1.1.1-rc1", "1.1.1", "1.1.1a", "1.1.1w", "1.1.2", "9.2", "9.2p1", "9.2p2", "9.10"]);
        sorted(Scheme::Dotted, &["7.0.0", "7.0.0-3", "7.0.0-10", "7.0.1"]);
        sorted(Scheme::Go, &["1.20rc1", "1.20", "1.21", "1.21rc1", "1.21rc2", "1.21.0", "1.21.1", "1.22"]);
        sorted(Scheme::Java, &["1.7.0_80", "1.8.0_9", "8u192", "11.0.2", "21-ea", "21", "21.0.1+12", "21.0.10"]);
        sorted(Scheme::Gem, &["1.0.0.a", "1.0.0.rc1", "1.0.0", "1.0.0.1", "1.1"]);
    }

    #[test]
    fn what_is_written_differently_may_be_the_same_version() {
        equal(Scheme::Semver, "v1.2.3+build", "1.2.3");
        equal(Scheme::Semver, "1.2", "1.2.0");
        equal(Scheme::Pep440, "1.0", "1.0.0");
        equal(Scheme::Pep440, "1.0-RC1", "1.0rc1");
        equal(Scheme::Debian, "0:1.0-1", "1.0-1");
        equal(Scheme::Debian, "1.0", "1.0-0");
        equal(Scheme::Java, "1.8.0_192", "8u192");
        equal(Scheme::Java, "21.0.1+12", "21.0.1");
        equal(Scheme::Go, "go1.20", "1.20.0");
        equal(Scheme::Dotted, "18.03.0-ce", "18.03.0");
        equal(Scheme::Gem, "1.0.0", "1");
    }

    #[test]
    fn major_and_minor_by_scheme() {
        let same = |scheme: Scheme, one: &str, other: &str| {
            let (one, other) = (scheme.read(one).unwrap(), scheme.read(other).unwrap());
            (one.same_major(&other), one.same_minor(&other))
        };
        assert_eq!(same(Scheme::Semver, "22.11.0", "22.0.1"), (true, false));
        assert_eq!(same(Scheme::Semver, "0.4.1", "0.5.0"), (false, false));
        assert_eq!(same(Scheme::Semver, "0.4.1", "0.4.9"), (true, true));
        assert_eq!(same(Scheme::Semver, "0.4.1", "1.4.1"), (false, false));
        assert_eq!(same(Scheme::Dotted, "0.4", "0.5"), (true, false));
        assert_eq!(same(Scheme::Debian, "1:2.3-1", "2:2.3-1"), (false, false));
        assert_eq!(same(Scheme::Debian, "1:2.3-1", "1:2.9~rc1"), (false, false));
        assert_eq!(same(Scheme::Pep440, "1!2.0", "2.0"), (false, false));
        assert_eq!(same(Scheme::Java, "1.8.0_192", "8u202"), (true, true));
        assert_eq!(same(Scheme::Java, "1.8.0_192", "11.0.1"), (false, false));
        assert_eq!(same(Scheme::Go, "1.22.1", "1.22.4"), (true, true));
        assert_eq!(same(Scheme::Calendar, "2024.10.1", "2024-12-01"), (true, false));
        assert_eq!(same(Scheme::Dotted, "22", "22.0"), (true, true));
    }

    #[test]
    fn a_pre_release_is_not_of_the_line_of_its_release() {
        for (scheme, one, other, expected) in [
            (Scheme::Semver, "2.0.0", "2.0.0-alpha.1", false),
            (Scheme::Semver, "22.0.0", "22.0.0-rc.1", false),
            (Scheme::Semver, "22.0.0-rc.2", "22.0.0-rc.1", true),
            (Scheme::Semver, "22.0.0-alpha.1", "22.0.0-rc.1", false),
            (Scheme::Dotted, "1.7.1", "1.7rc1", false),
            (Scheme::Dotted, "1.0-SNAPSHOT", "1.0", false),
            (Scheme::Dotted, "1.0-M5", "1.0", false),
            (Scheme::Dotted, "1.0-milestone-1", "1.0", false),
            (Scheme::Dotted, "1.0-devel", "1.0", false),
            (Scheme::Dotted, "1.0.2m", "1.0.2", true),
            (Scheme::Dotted, "1.0.2a-fips", "1.0.2", true),
            (Scheme::Go, "1.22rc1", "1.22.4", false),
            (Scheme::Java, "21-ea", "21", false),
            (Scheme::Gem, "1.0.0.rc1", "1.0.0", false),
            (Scheme::Pep440, "1.0a1", "1.0.1", false),
            (Scheme::Pep440, "1.0alpha2", "1.0a1", true),
            (Scheme::Debian, "1.7~rc1-1", "1.7.1-1", false),
            (Scheme::Debian, "1.7~bpo12-1", "1.7.1-1", true),
        ] {
            let (one_read, other_read) = (scheme.read(one).unwrap(), scheme.read(other).unwrap());
            assert_eq!(one_read.same_minor(&other_read), expected, "{one} {other}");
            assert_eq!(other_read.same_major(&one_read), expected, "{one} {other}");
        }
    }

    #[test]
    fn a_token_that_does_not_follow_its_scheme_is_still_compared_by_its_numbers() {
        let (old, new) = (Scheme::Semver.read("18.03.0-ce").unwrap(), Scheme::Semver.read("20.10.0").unwrap());
        assert_eq!(old.order(&new), Ordering::Less);
        assert!(Scheme::Semver.read("banana").is_none());
        assert!(Scheme::Pep440.read("").is_none());
        assert!(Scheme::Java.read("openjdk").is_none());
    }

    mod properties {
        use proptest::prelude::*;

        use super::*;

        const SCHEMES: [Scheme; 8] = [
            Scheme::Semver,
            Scheme::Pep440,
            Scheme::Debian,
            Scheme::Calendar,
            Scheme::Dotted,
            Scheme::Go,
            Scheme::Java,
            Scheme::Gem,
        ];

        proptest! {
            /// Whatever is printed, reading it ends, and an order goes both ways.
            #[test]
            fn any_text_is_read_and_ordered(one in "\\PC{0,12}", other in "[0-9a-z.~+:_-]{0,12}") {
                for scheme in SCHEMES {
                    if let (Some(one), Some(other)) = (scheme.read(&one), scheme.read(&other)) {
                        prop_assert_eq!(one.order(&other), other.order(&one).reverse());
                        prop_assert_eq!(one.order(&one), Ordering::Equal);
                    }
                }
            }

            /// With numbers alone all schemes agree on what is later.
            #[test]
            fn plain_numbers_are_ordered_alike(one in [1_u64..40, 0..40, 0..40], other in [1_u64..40, 0..40, 0..40]) {
                let text = |[a, b, c]: [u64; 3]| format!("{a}.{b}.{c}");
                for scheme in SCHEMES.into_iter().filter(|scheme| *scheme != Scheme::Java) {
                    let (read, read_other) = (scheme.read(&text(one)).unwrap(), scheme.read(&text(other)).unwrap());
                    prop_assert_eq!(read.order(&read_other), one.cmp(&other), "{:?}", scheme);
                }
            }
        }
    }
}
