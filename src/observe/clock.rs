//! How far a machine's clock is from the controller's.

use jiff::Timestamp;

use super::Sighting;
use crate::spec::{Category, Fact, ItemId, Observed, TextFact, Why};

/// An answer that was longer on its way than this tells too little.
const WINDOW_S: i64 = 10;

/// The machine's clock, which it read at some time between `asked` and `heard`, held against the controller's. An offset
/// that the way of the answer explains is none.
pub(super) fn offset(seconds: i64, asked: Timestamp, heard: Timestamp) -> Sighting {
    let id = ItemId::new(Category::System, "clock");
    let window = heard.as_second() - asked.as_second();
    if window > WINDOW_S {
        let why = format!("the answer took {window} s, which is too long to compare clocks");
        return Sighting::Item(id, Observed::Unknown(Why::NotUnderstood(why)));
    }
    // Seconds are cut off on both sides, so each bound is a second wide.
    let value = match (seconds.saturating_sub(heard.as_second()), seconds.saturating_sub(asked.as_second())) {
        (ahead, _) if ahead > 0 => format!("+{ahead} s"),
        (_, behind) if behind < 0 => format!("{behind} s"),
        _ => "0 s".to_owned(),
    };
    let scope = Some(format!("measured within {} s", window + 1));
    Sighting::Item(id, Observed::Present(Fact::Text(TextFact { value, scope })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(seconds: i64, asked: i64, heard: i64) -> String {
        let at = |second| Timestamp::from_second(second).unwrap();
        match offset(seconds, at(asked), at(heard)) {
            Sighting::Item(_, Observed::Present(fact)) => fact.shown(),
            Sighting::Item(_, Observed::Unknown(why)) => why.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_the_way_explains_is_no_offset() {
        assert_eq!(told(1001, 1000, 1002), "0 s");
        assert_eq!(told(1000, 1000, 1000), "0 s");
        assert_eq!(told(1005, 1000, 1002), "+3 s");
        assert_eq!(told(990, 1000, 1002), "-10 s");
        assert_eq!(told(1000 + 31_536_000, 1000, 1001), "+31535999 s");
        assert_eq!(told(i64::MAX, 1000, 1001), format!("+{} s", i64::MAX - 1001));
    }

    #[test]
    fn an_answer_that_took_long_tells_nothing() {
        let told = told(1001, 1000, 1030);
        assert!(told.ends_with("the answer took 30 s, which is too long to compare clocks"), "{told}");
    }
}
