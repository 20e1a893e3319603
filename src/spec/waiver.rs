//! Waivers: drifts that someone accepted, for a reason, until a day.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::item::ItemId;

/// One `[[waivers]]` entry. It covers drift only, never an unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The finding that it covers.
    pub finding: ItemId,
    /// The targets on which it holds; none named means all.
    pub targets: Vec<String>,
    /// Why the drift is accepted.
    pub because: String,
    /// The last day on which it holds, to its end in UTC.
    pub until: Option<Date>,
    /// Which `got` it covers.
    pub covers: Covers,
}

/// Which observed value a waiver was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Covers {
    /// Whatever is there.
    Any,
    /// This value alone; none stands for "nothing is there".
    Got(Option<String>),
}

/// What a waiver means for a finding now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearing {
    /// It holds.
    Holds,
    /// Its day has passed.
    Expired,
    /// It was made for another value.
    MadeForAnother,
}

impl Waiver {
    /// Whether it names this finding on this target at all.
    pub fn concerns(&self, finding: &ItemId, target: &str) -> bool {
        self.finding == *finding && (self.targets.is_empty() || self.targets.iter().any(|name| name == target))
    }

    /// What it means for a drift that shows `got`, at a time.
    pub fn bearing(&self, got: Option<&str>, now: Timestamp) -> Bearing {
        if self.until.is_some_and(|until| now >= end_of(until)) {
            return Bearing::Expired;
        }
        match &self.covers {
            Covers::Any => Bearing::Holds,
            Covers::Got(made_for) if made_for.as_deref() == got => Bearing::Holds,
            Covers::Got(_) => Bearing::MadeForAnother,
        }
    }
}

/// The first moment after a day, in UTC.
fn end_of(day: Date) -> Timestamp {
    day.checked_add(1.day())
        .ok()
        .and_then(|next| next.to_zoned(TimeZone::UTC).ok())
        .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiver(covers: Covers) -> Waiver {
        Waiver {
            finding: "tool:sed".parse().unwrap(),
            targets: vec!["vm".to_owned()],
            because: "BSD sed there".to_owned(),
            until: Some(jiff::civil::date(2027, 3, 1)),
            covers,
        }
    }

    #[test]
    fn it_holds_to_the_end_of_its_last_day_in_utc() {
        let waiver = waiver(Covers::Any);
        let at = |text: &str| waiver.bearing(Some("4.8"), text.parse().unwrap());
        assert_eq!(at("2027-03-01T23:59:59Z"), Bearing::Holds);
        assert_eq!(at("2027-03-02T00:00:00Z"), Bearing::Expired);
    }

    #[test]
    fn it_holds_only_for_the_value_it_was_made_for() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let made = waiver(Covers::Got(Some("4.8".to_owned())));
        assert_eq!(made.bearing(Some("4.8"), now), Bearing::Holds);
        assert_eq!(made.bearing(Some("4.9"), now), Bearing::MadeForAnother);
        assert_eq!(made.bearing(None, now), Bearing::MadeForAnother);
        assert_eq!(waiver(Covers::Got(None)).bearing(None, now), Bearing::Holds);
    }

    #[test]
    fn it_concerns_only_its_targets() {
        let id = "tool:sed".parse().unwrap();
        assert!(waiver(Covers::Any).concerns(&id, "vm") && !waiver(Covers::Any).concerns(&id, "mini"));
    }
}
