//! "Did you mean …?": the nearest known word to a misspelt one.

/// The known word that `written` most likely stood for, or none when nothing is close.
pub(crate) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let longest_slip = (written.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&written.to_lowercase(), &word.to_lowercase()), word))
        .filter(|(distance, _)| *distance <= longest_slip)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}
