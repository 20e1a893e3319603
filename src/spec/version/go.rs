//! Go's versions: `1.22.0`, `1.22rc1`, and `1.22`, which names the language.
//!
//! From Go 1.21 on the language version comes before all releases of it (`1.21 < 1.21rc1 < 1.21.0`); before, `1.20`
//! was the release itself. What follows a `-`, `+` or a space (`1.21.0-custom`, `1.22.1 X:boringcrypto`) does not count.

/// The parts, in the order in which they are compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Go {
    major: u64,
    minor: u64,
    point: Point,
}

/// Which one of a minor version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Point {
    /// The language, no release.
    Language,
    Beta(u64),
    Candidate(u64),
    Release(u64),
}

/// The first minor version whose first release is written with a zero.
const ZERO_IS_WRITTEN: u64 = 21;

impl Go {
    /// None for anything that `go version` would not call a release.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("go").unwrap_or(text);
        let text = text.split(['-', '+', ' ']).next()?;
        let mut parts = text.splitn(3, '.');
        let major = number(parts.next()?)?;
        let Some(second) = parts.next() else { return Some(Self { major, minor: 0, point: Point::Language }) };
        if let Some(patch) = parts.next() {
            return Some(Self { major, minor: number(second)?, point: Point::Release(number(patch)?) });
        }
        let staged = |stage: &str| second.split_once(stage);
        let (minor, point) = if let Some((minor, beta)) = staged("beta") {
            (number(minor)?, Point::Beta(number(beta)?))
        } else if let Some((minor, candidate)) = staged("rc") {
            (number(minor)?, Point::Candidate(number(candidate)?))
        } else {
            let minor = number(second)?;
            (minor, if (major, minor) < (1, ZERO_IS_WRITTEN) { Point::Release(0) } else { Point::Language })
        };
        Some(Self { major, minor, point })
    }

    pub(super) fn is_prerelease(&self) -> bool {
        matches!(self.point, Point::Beta(_) | Point::Candidate(_))
    }

    pub(super) fn numbers(&self) -> Vec<u64> {
        match self.point {
            Point::Release(patch) => vec![self.major, self.minor, patch],
            Point::Language | Point::Beta(_) | Point::Candidate(_) => vec![self.major, self.minor],
        }
    }
}

fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}
