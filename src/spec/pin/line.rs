//! What the formats of plain lines share.

/// A line without its comment and what surrounds it. A `#` begins a comment at the start of a word.
pub(super) fn bare(line: &str) -> &str {
    let begins = |at: usize| line[..at].chars().next_back().is_none_or(char::is_whitespace);
    let end = line.match_indices('#').map(|(at, _)| at).find(|at| begins(*at)).unwrap_or(line.len());
    line[..end].trim()
}
