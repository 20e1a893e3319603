//! Hook managers: which of their hooks failed.

use super::{Diagnostic, regex};

/// pre-commit and prek: `- hook id: x`, with what became of it below.
pub(super) fn pre_commit(text: &str) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for line in text.lines() {
        if let Some(id) = line.strip_prefix("- hook id: ") {
            found.push(Diagnostic::new("pre-commit", "", id.trim(), "failed"));
        } else if let (Some(code), Some(last)) = (line.strip_prefix("- exit code: "), found.last_mut()) {
            last.value = format!("failed with exit code {}", code.trim());
        } else if let ("- files were modified by this hook", Some(last)) = (line.trim_end(), found.last_mut()) {
            last.value.push_str(", and changed files");
        }
    }
    found
}

/// lefthook: `🥊 name` or `✗ name` in its summary.
pub(super) fn lefthook(text: &str) -> Vec<Diagnostic> {
    let Some((_, summary)) = text.split_once("summary:") else { return Vec::new() };
    let said = |line: &str| {
        let said = regex!(r"^\s*(?:🥊|✗)\s*([^\s(][^(]*?)\s*(?:\(.*)?$").captures(line)?;
        let name = said[1].split(": ").next().unwrap_or_default().trim();
        Some(Diagnostic::new("lefthook", "", name, "failed"))
    };
    summary.lines().filter_map(said).collect()
}
