//! How strictly an item is held: the words a spec may use, and what they mean.

use std::fmt;

use super::suggest;
use super::threshold::Threshold;
use super::version::{Range, Version};

/// How a fact is held against the reference's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The same version, or for anything without a version the same value.
    Exact,
    /// The same first number.
    Major,
    /// The same first and second number.
    Minor,
    /// There, whatever its version.
    Present,
    /// Within a range that the spec gives.
    Range(Range),
    /// The version that the spec gives; the lock is not asked.
    Literal(String),
    /// Within a bound that the spec gives.
    Threshold(Threshold),
}

/// The words that name a policy.
const WORDS: [&str; 4] = ["exact", "major", "minor", "present"];

/// Why a text is not a policy: what is wrong, and what might have been meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// One sentence.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl Policy {
    /// Reads a policy word, a range or a literal version.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        match text {
            "exact" => return Ok(Self::Exact),
            "major" => return Ok(Self::Major),
            "minor" => return Ok(Self::Minor),
            "present" => return Ok(Self::Present),
            _ => {}
        }
        if text.starts_with(['<', '>', '=', '^', '~']) {
            return Range::parse(text).map(Self::Range).map_err(|part| PolicyError {
                message: format!("`{part}` is not a version bound"),
                help: "write bounds separated by commas, such as \">=20, <23\"".to_owned(),
            });
        }
        let literal = text.strip_prefix('v').unwrap_or(text);
        if Version::parse(literal).is_some() && !literal.contains(char::is_whitespace) {
            return Ok(Self::Literal(literal.to_owned()));
        }
        let guess = suggest::nearest(text, WORDS).map(|word| format!("did you mean \"{word}\"? ")).unwrap_or_default();
        Err(PolicyError {
            message: format!("`{text}` is not a policy"),
            help: format!(
                "{guess}a policy is \"exact\", \"major\", \"minor\", \"present\", a range such as \">=20, <23\" or a \
                 version"
            ),
        })
    }

    /// The version or range that the spec itself demands, so that the lock need not be asked.
    pub fn own_want(&self) -> Option<String> {
        match self {
            Self::Range(range) => Some(range.to_string()),
            Self::Literal(version) => Some(version.clone()),
            Self::Threshold(threshold) => Some(threshold.to_string()),
            Self::Exact | Self::Major | Self::Minor | Self::Present => None,
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact | Self::Literal(_) => f.write_str("exact"),
            Self::Major => f.write_str("major"),
            Self::Minor => f.write_str("minor"),
            Self::Present => f.write_str("present"),
            Self::Range(range) => range.fmt(f),
            Self::Threshold(threshold) => threshold.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_ranges_and_versions_are_told_apart() {
        assert_eq!(Policy::parse("minor"), Ok(Policy::Minor));
        assert_eq!(Policy::parse("v22.11.0"), Ok(Policy::Literal("22.11.0".to_owned())));
        assert!(matches!(Policy::parse(">=20, <23"), Ok(Policy::Range(_))));
    }

    #[test]
    fn a_misspelt_policy_is_met_with_the_nearest_word() {
        let error = Policy::parse("exakt").unwrap_err();
        assert_eq!(error.message, "`exakt` is not a policy");
        assert!(error.help.starts_with("did you mean \"exact\"?"), "{}", error.help);
        assert_eq!(Policy::parse(">=20 <23").unwrap_err().message, "`>=20 <23` is not a version bound");
    }
}
