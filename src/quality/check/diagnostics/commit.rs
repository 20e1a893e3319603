//! What looks at commit messages.

use super::{Diagnostic, regex};

/// commitlint: `✖   type may not be empty [type-empty]`.
pub(super) fn commitlint(text: &str) -> Vec<Diagnostic> {
    let said = |line: &str| {
        let said = regex!(r"^\s*([✖⚠])\s+.*\[([a-z-]+)\]\s*$").captures(line)?;
        Some(Diagnostic::new("commitlint", "", &said[2], if &said[1] == "✖" { "error" } else { "warning" }))
    };
    text.lines().filter_map(said).collect()
}
