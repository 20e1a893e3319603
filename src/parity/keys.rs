//! In which way the owned keys of two settings files differ, in words.

use std::collections::{BTreeMap, BTreeSet};

use crate::spec::{Digest, Mode};

type Keys = BTreeMap<String, Digest>;
type Values = BTreeMap<String, String>;

/// One sentence: the first key that differs, and how many more do.
pub(super) fn difference((want, want_mode): (&Keys, Option<Mode>), (got, got_mode): (&Keys, Option<Mode>)) -> String {
    let keys = differing(want, got);
    let mode = (want_mode != got_mode).then(|| {
        let shown = |mode: Option<Mode>| mode.map_or("not observed".to_owned(), |mode| mode.to_string());
        format!("its mode is {}, {} is asked", shown(got_mode), shown(want_mode))
    });
    let Some(first) = keys.first() else { return mode.unwrap_or_else(|| "its keys differ".to_owned()) };
    let verb = match (want.contains_key(*first), got.contains_key(*first)) {
        (true, false) => "is not there",
        (false, _) => "is extra",
        (true, true) => "differs",
    };
    let more = match keys.len() - 1 {
        0 => String::new(),
        1 => " and 1 more key".to_owned(),
        more => format!(" and {more} more keys"),
    };
    let verb = if more.is_empty() { verb } else { "differ" };
    format!("{first}{more} {verb}{}", mode.map(|mode| format!(", and {mode}")).unwrap_or_default())
}

/// A line for each key that differs, with the values that may be shown; none where none does.
pub(super) fn detail(want: &Keys, want_values: &Values, got: &Keys, got_values: &Values) -> Option<String> {
    /// Lines beyond these say nothing that the count does not.
    const MOST: usize = 200;
    let keys = differing(want, got);
    let shown = |digests: &Keys, values: &Values, key: &str| match (digests.get(key), values.get(key)) {
        (None, _) => "not there".to_owned(),
        (Some(_), Some(value)) => value.clone(),
        (Some(digest), None) => digest.short().to_owned(),
    };
    let line = |key: &&str| {
        format!("{key}: {} on the reference, {} here", shown(want, want_values, key), shown(got, got_values, key))
    };
    let mut lines: Vec<String> = keys.iter().take(MOST).map(line).collect();
    if keys.len() > MOST {
        lines.push(format!("… and {} more keys", keys.len() - MOST));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn differing<'a>(want: &'a Keys, got: &'a Keys) -> Vec<&'a str> {
    let all: BTreeSet<&str> = want.keys().chain(got.keys()).map(String::as_str).collect();
    all.into_iter().filter(|key| want.get(*key) != got.get(*key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(keys: &[(&str, &str)]) -> Keys {
        keys.iter().map(|(key, value)| ((*key).to_owned(), Digest::of(value.as_bytes()))).collect()
    }

    #[test]
    fn the_first_key_is_named_and_the_others_are_counted() {
        let want = keys(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let said = |got: &[(&str, &str)]| difference((&want, None), (&keys(got), None));
        assert_eq!(said(&[("a", "1"), ("b", "x"), ("c", "3")]), "b differs");
        assert_eq!(said(&[("a", "1"), ("b", "2")]), "c is not there");
        assert_eq!(said(&[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]), "d is extra");
        assert_eq!(said(&[("a", "x"), ("d", "4")]), "a and 3 more keys differ");
        let modes = difference((&want, Some(Mode(0o600))), (&want, Some(Mode(0o644))));
        assert_eq!(modes, "its mode is 0644, 0600 is asked");
    }

    #[test]
    fn values_are_shown_where_they_are_given_and_digests_where_not() {
        let (want, got) = (keys(&[("a", "1"), ("b", "2")]), keys(&[("a", "2"), ("c", "3")]));
        let values = Values::from([("a".to_owned(), "2".to_owned())]);
        let detail = detail(&want, &Values::new(), &got, &values).unwrap();
        let (a, b, c) = (Digest::of(b"1"), Digest::of(b"2"), Digest::of(b"3"));
        assert_eq!(
            detail,
            format!(
                "a: {} on the reference, 2 here\nb: {} on the reference, not there here\nc: not there on the reference, \
                 {} here",
                a.short(),
                b.short(),
                c.short()
            )
        );
    }
}
