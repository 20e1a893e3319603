//! The ranges of npm: `>=18 <21 || ^22`, `1.2 - 2`, `20.x`, `~1.2`.
//!
//! Grammar and meaning are those of node-semver: an alternative is a list of comparisons that must all hold, and a
//! pre-release satisfies one only if a comparison names a pre-release of the same three numbers.

use std::fmt;

use semver::{Prerelease, Version};

/// A range, taken apart into comparisons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NpmRange {
    written: String,
    alternatives: Vec<Vec<Comparison>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Comparison {
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
}

/// A version of which the last numbers may be missing or `x`.
struct Partial {
    major: Option<u64>,
    minor: Option<u64>,
    patch: Option<u64>,
    pre: Prerelease,
}

impl NpmRange {
    /// None where npm itself would see no range.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let alternatives = text.split("||").map(alternative).collect::<Option<Vec<_>>>()?;
        Some(Self { written: text.trim().to_owned(), alternatives })
    }

    /// Whether a version satisfies it.
    pub(super) fn contains(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|comparisons| {
            let names_it = |comparison: &Comparison| {
                let bound = &comparison.version;
                !bound.pre.is_empty()
                    && (bound.major, bound.minor, bound.patch) == (version.major, version.minor, version.patch)
            };
            comparisons.iter().all(|comparison| comparison.holds(version))
                && (version.pre.is_empty() || comparisons.iter().any(names_it))
        })
    }
}

impl fmt::Display for NpmRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl Comparison {
    fn holds(&self, version: &Version) -> bool {
        let order = version.cmp_precedence(&self.version);
        match self.operator {
            Operator::Less => order.is_lt(),
            Operator::AtMost => order.is_le(),
            Operator::Greater => order.is_gt(),
            Operator::AtLeast => order.is_ge(),
            Operator::Equal => order.is_eq(),
        }
    }
}

fn alternative(text: &str) -> Option<Vec<Comparison>> {
    if let Some((low, high)) = text.split_once(" - ") {
        let low = Partial::parse(low.trim())?;
        let high = Partial::parse(high.trim())?;
        return Some([at_least(&low), at_most(&high)].concat());
    }
    // An operator may stand apart from its version.
    let mut comparisons = Vec::new();
    let mut operator = "";
    for word in text.split_whitespace() {
        let version = word.trim_start_matches(['<', '>', '=', '~', '^']);
        let sign = &word[..word.len() - version.len()];
        if !operator.is_empty() && !sign.is_empty() {
            return None;
        }
        if version.is_empty() {
            operator = sign;
            continue;
        }
        let sign = if operator.is_empty() { sign } else { operator };
        comparisons.extend(comparison(sign, &Partial::parse(version)?)?);
        operator = "";
    }
    operator.is_empty().then_some(comparisons)
}

fn comparison(sign: &str, partial: &Partial) -> Option<Vec<Comparison>> {
    let nothing = || vec![bound(Operator::Less, Version::new(0, 0, 0), true)];
    Some(match sign {
        "" | "=" | "==" => match partial.full() {
            Some(version) => vec![Comparison { operator: Operator::Equal, version }],
            None => [at_least(partial), at_most(partial)].concat(),
        },
        ">=" => at_least(partial),
        "<=" => at_most(partial),
        ">" => match (partial.full(), partial.next()) {
            (Some(version), _) => vec![Comparison { operator: Operator::Greater, version }],
            (None, Some(next)) => vec![bound(Operator::AtLeast, next, false)],
            (None, None) => nothing(),
        },
        "<" => match (partial.full(), partial.major) {
            (Some(version), _) => vec![Comparison { operator: Operator::Less, version }],
            (None, Some(_)) => vec![bound(Operator::Less, partial.lowest(), true)],
            (None, None) => nothing(),
        },
        "~" | "~>" => within(partial, partial.minor.map_or_else(|| partial.next(), |_| partial.next_minor())),
        "^" => within(partial, partial.next_compatible()),
        _ => return None,
    })
}

fn bound(operator: Operator, mut version: Version, before: bool) -> Comparison {
    if before {
        version.pre = Prerelease::new("0").expect("0 is a pre-release");
    }
    Comparison { operator, version }
}

fn within(low: &Partial, below: Option<Version>) -> Vec<Comparison> {
    let mut comparisons = at_least(low);
    comparisons.extend(below.map(|version| bound(Operator::Less, version, true)));
    comparisons
}

fn at_least(partial: &Partial) -> Vec<Comparison> {
    if partial.major.is_none() {
        return Vec::new();
    }
    vec![bound(Operator::AtLeast, partial.lowest(), false)]
}

fn at_most(partial: &Partial) -> Vec<Comparison> {
    match (partial.full(), partial.next()) {
        (Some(version), _) => vec![Comparison { operator: Operator::AtMost, version }],
        (None, Some(next)) => vec![bound(Operator::Less, next, true)],
        (None, None) => Vec::new(),
    }
}

impl Partial {
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix(['v', '=']).unwrap_or(text);
        let text = text.split('+').next()?;
        let (numbers, pre) = text.split_once('-').unwrap_or((text, ""));
        let mut parts = numbers.split('.').map(number);
        let (major, minor, patch) =
            (parts.next()??, parts.next().unwrap_or(Some(None))?, parts.next().unwrap_or(Some(None))?);
        let pre = Prerelease::new(pre).ok()?;
        let (minor, patch) = (minor.filter(|_| major.is_some()), patch.filter(|_| major.is_some() && minor.is_some()));
        parts.next().is_none().then_some(Self { major, minor, patch, pre })
    }

    fn full(&self) -> Option<Version> {
        self.patch.map(|_| self.lowest())
    }

    fn lowest(&self) -> Version {
        let number = |part: Option<u64>| part.unwrap_or(0);
        let mut version = Version::new(number(self.major), number(self.minor), number(self.patch));
        if self.patch.is_some() {
            version.pre = self.pre.clone();
        }
        version
    }

    /// The first version behind all that begin as this one does.
    fn next(&self) -> Option<Version> {
        match (self.major, self.minor) {
            (None, _) => None,
            (Some(major), None) => Some(Version::new(major.saturating_add(1), 0, 0)),
            (Some(_), Some(_)) => self.next_minor(),
        }
    }

    fn next_minor(&self) -> Option<Version> {
        Some(Version::new(self.major?, self.minor?.saturating_add(1), 0))
    }

    /// The first version that may break what this one promises.
    fn next_compatible(&self) -> Option<Version> {
        let major = self.major?;
        Some(match (major, self.minor, self.patch) {
            (0, Some(0), Some(patch)) => Version::new(0, 0, patch.saturating_add(1)),
            (0, Some(minor), _) => Version::new(0, minor.saturating_add(1), 0),
            _ => Version::new(major.saturating_add(1), 0, 0),
        })
    }
}

/// A number, or `x`; none for anything else.
fn number(part: &str) -> Option<Option<u64>> {
    if matches!(part, "x" | "X" | "*") {
        return Some(None);
    }
    let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| part.parse().ok()).flatten().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_mean_what_node_semver_says() {
        for (range, inside, outside) in [
            (
                ">=18 <21 || ^22",
                &["18.0.0", "20.9.9", "22.3.0"][..],
                &["17.9.9", "21.0.0", "23.0.0", "22.0.0-rc.1"][..],
            ),
            (">= 18.12", &["18.12.0", "20.0.0"], &["18.11.9"]),
            ("1.2.3 - 2", &["1.2.3", "2.9.9"], &["1.2.2", "3.0.0", "3.0.0-0"]),
            ("1.2 - 2.3.4", &["1.2.0", "2.3.4"], &["2.3.5"]),
            ("20", &["20.0.0", "20.11.1"], &["19.9.9", "21.0.0"]),
            ("20.x", &["20.1.0"], &["21.0.0"]),
            ("v20.1.*", &["20.1.9"], &["20.2.0"]),
            ("*", &["0.0.1", "9.9.9"], &["1.0.0-rc.1"]),
            ("", &["1.0.0"], &["1.0.0-rc.1"]),
            ("~1.2.3", &["1.2.9"], &["1.3.0", "1.2.2"]),
            ("~1", &["1.9.0"], &["2.0.0"]),
            ("^0.2.3", &["0.2.9"], &["0.3.0"]),
            ("^0.0.3", &["0.0.3"], &["0.0.4"]),
            ("^0.0", &["0.0.9"], &["0.1.0"]),
            ("^0", &["0.9.0"], &["1.0.0"]),
            (">1.2", &["1.3.0"], &["1.2.9"]),
            (">1", &["2.0.0"], &["1.9.9"]),
            ("<=1.2", &["1.2.9"], &["1.3.0"]),
            ("<2", &["1.9.9"], &["2.0.0", "2.0.0-rc.1"]),
            (">1.2.3-alpha.3", &["1.2.3-alpha.7", "3.4.5"], &["3.4.5-alpha.9", "1.2.3-alpha.3"]),
            ("<*", &[], &["0.0.0", "1.0.0"]),
        ] {
            let range = NpmRange::parse(range).unwrap();
            for (versions, expected) in [(inside, true), (outside, false)] {
                for version in versions {
                    assert_eq!(range.contains(&Version::parse(version).unwrap()), expected, "{range} and {version}");
                }
            }
        }
    }

    #[test]
    fn what_npm_refuses_is_no_range() {
        for text in ["banana", ">=18, <20", ">=", "1.2.3.4", "> < 1", "lts/*", "=>18", "1 ||| 2"] {
            assert_eq!(NpmRange::parse(text), None, "{text}");
        }
    }
}
