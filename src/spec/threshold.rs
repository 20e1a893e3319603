//! Bounds of amounts, such as `>=10 GB` or `<5 s`: for facts that are never twice the same, so that the spec holds them
//! within a bound and the lock keeps that bound instead of a value.

use std::fmt;

use super::policy::PolicyError;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Bytes, written with a unit: `10 GB`, `512 MiB`.
    Bytes,
    /// Seconds, written with a unit: `5 s`, `2 min`. The sign of what is observed does not matter.
    Seconds,
    /// Things, written as a plain number.
    Count,
}

/// A bound of an amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threshold {
    written: String,
    sign: Sign,
    bound: u64,
    measure: Measure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    AtLeast,
    AtMost,
    Greater,
    Less,
}

const SIGNS: [(&str, Sign); 4] = [(">=", Sign::AtLeast), ("<=", Sign::AtMost), (">", Sign::Greater), ("<", Sign::Less)];

/// The units that may be written, each in the measure's smallest. Bytes are counted in powers of ten but for the `i`s.
const BYTES: [(&str, u64); 9] = [
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KIB", 1 << 10),
    ("MIB", 1 << 20),
    ("GIB", 1 << 30),
    ("TIB", 1 << 40),
];
const SECONDS: [(&str, u64); 4] = [("S", 1), ("SEC", 1), ("MIN", 60), ("H", 3600)];

impl Measure {
    /// How a bound of it is written, for messages.
    pub fn example(self) -> &'static str {
        match self {
            Self::Bytes => "\">=10 GB\"",
            Self::Seconds => "\"<5 s\"",
            Self::Count => "\">=4096\"",
        }
    }

    /// An amount as a spec or a fact writes it. More than can be counted is as much as there can be.
    pub(super) fn amount(self, text: &str) -> Option<u64> {
        let text = text.trim();
        if self == Self::Count && text == "unlimited" {
            return Some(u64::MAX);
        }
        let text = if self == Self::Seconds { text.trim_start_matches(['+', '-']) } else { text };
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = (&text[..digits], text[digits..].trim().to_ascii_uppercase());
        let units: &[(&str, u64)] = match self {
            Self::Bytes => &BYTES,
            Self::Seconds => &SECONDS,
            Self::Count => &[("", 1)],
        };
        let size = units.iter().find(|(word, _)| *word == unit).map(|(_, size)| *size)?;
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let whole: u128 = whole.parse().ok()?;
        let digit = |c: char| c.to_digit(10).map(u128::from);
        let mut amount = whole.checked_mul(u128::from(size))?;
        let mut place = u128::from(size);
        for c in part.chars() {
            place /= 10;
            amount += digit(c)? * place;
        }
        Some(u64::try_from(amount).unwrap_or(u64::MAX))
    }
}

impl Threshold {
    /// Reads a bound: a sign, then an amount in the measure's units.
    pub fn parse(text: &str, measure: Measure) -> Result<Self, PolicyError> {
        let error = || PolicyError {
            message: format!("`{text}` is not a bound"),
            help: format!("write a bound such as {}", measure.example()),
        };
        let (mark, sign) = SIGNS.iter().find(|(mark, _)| text.starts_with(mark)).ok_or_else(error)?;
        let rest = text[mark.len()..].trim();
        let bound = measure.amount(rest).filter(|_| rest.starts_with(|c: char| c.is_ascii_digit()));
        Ok(Self { written: format!("{mark}{rest}"), sign: *sign, bound: bound.ok_or_else(error)?, measure })
    }

    /// Whether an observed amount is within; none if it is no amount.
    pub fn holds(&self, observed: &str) -> Option<bool> {
        let amount = self.measure.amount(observed)?;
        Some(match self.sign {
            Sign::AtLeast => amount >= self.bound,
            Sign::AtMost => amount <= self.bound,
            Sign::Greater => amount > self.bound,
            Sign::Less => amount < self.bound,
        })
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(bound: &str, measure: Measure, observed: &str) -> Option<bool> {
        Threshold::parse(bound, measure).unwrap().holds(observed)
    }

    #[test]
    fn bounds_hold_in_their_own_units() {
        assert_eq!(holds(">=10 GB", Measure::Bytes, "10.000 GB"), Some(true));
        assert_eq!(holds(">= 10GB", Measure::Bytes, "9.999 GB"), Some(false));
        assert_eq!(holds(">10GiB", Measure::Bytes, "10.700 GB"), Some(false));
        assert_eq!(holds(">=1.5 GB", Measure::Bytes, "1.500 GB"), Some(true));
        assert_eq!(holds("<5 s", Measure::Seconds, "-4 s"), Some(true));
        assert_eq!(holds("<5 s", Measure::Seconds, "+5 s"), Some(false));
        assert_eq!(holds("<=2 min", Measure::Seconds, "-31536000 s"), Some(false));
        assert_eq!(holds(">=4096", Measure::Count, "1024"), Some(false));
        assert_eq!(holds(">=4096", Measure::Count, "unlimited"), Some(true));
        assert_eq!(holds("<=4096", Measure::Count, "unlimited"), Some(false));
    }

    #[test]
    fn what_is_no_amount_is_within_no_bound() {
        assert_eq!(holds(">=10 GB", Measure::Bytes, "plenty"), None);
        assert_eq!(holds(">=10 GB", Measure::Bytes, ""), None);
        for text in [">=10", ">=-1 GB", "10 GB", ">=ten GB", ">=1.2.3 GB", ">=. GB", ""] {
            let error = Threshold::parse(text, Measure::Bytes).unwrap_err();
            assert_eq!(error.help, "write a bound such as \">=10 GB\"", "{text}");
        }
        assert!(Threshold::parse("<5", Measure::Seconds).is_err());
        assert!(Threshold::parse(">=10 GB", Measure::Count).is_err());
    }
}
