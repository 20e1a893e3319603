//! What looks at files as they are: formatters, scanners for secrets, for large files and for the marks of merges.

use super::{Diagnostic, plain, regex};

/// prettier's `--check` and `--list-different` behind `[warn]`, and what it cannot parse.
pub(super) fn prettier(text: &str) -> Vec<Diagnostic> {
    let said = |line: &str| {
        let line = line.trim();
        if let Some(file) = line.strip_prefix("[warn] ") {
            let is_file = !file.contains(' ') && file.contains('.');
            return is_file.then(|| Diagnostic::new("prettier", plain(file), "", "not formatted"));
        }
        let said = regex!(r"^\[error\] (\S+): (\w*Error)").captures(line)?;
        Some(Diagnostic::new("prettier", plain(&said[1]), &said[2], "error"))
    };
    text.lines().filter_map(said).collect()
}

/// `detect-private-key`.
pub(super) fn private_keys(text: &str) -> Vec<Diagnostic> {
    let said = |line: &str| {
        let file = line.trim().strip_prefix("Private key found: ")?;
        Some(Diagnostic::new("detect-private-key", plain(file), "", "found"))
    };
    text.lines().filter_map(said).collect()
}

/// detect-secrets and gitleaks.
pub(super) fn secrets(text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let (mut kind, mut rule, mut file) = (String::new(), String::new(), String::new());
    for line in text.lines().map(str::trim) {
        if let Some(said) = line.strip_prefix("Secret Type:") {
            kind = said.trim().to_owned();
        } else if let Some(place) = line.strip_prefix("Location:") {
            found.push(Diagnostic::new("detect-secrets", plain(place), kind.clone(), "found"));
        } else if let Some(said) = line.strip_prefix("RuleID:") {
            rule = said.trim().to_owned();
        } else if let Some(said) = line.strip_prefix("File:") {
            file = plain(said).to_owned();
        } else if let (Some(number), false) = (line.strip_prefix("Line:"), rule.is_empty()) {
            found.push(Diagnostic::new(
                "gitleaks",
                format!("{file}:{}", number.trim()),
                std::mem::take(&mut rule),
                "found",
            ));
        }
    }
    found
}

/// `check-added-large-files`.
pub(super) fn large_files(text: &str) -> Vec<Diagnostic> {
    let said = |line: &str| {
        let said = regex!(r"^(.+) \((\d+) KB\) exceeds (\d+) KB\.?$").captures(line)?;
        Some(Diagnostic::new("check-added-large-files", plain(&said[1]), "", format!("exceeds {} KB", &said[3])))
    };
    text.lines().filter_map(said).collect()
}

/// `check-merge-conflict`, and git's own `diff --check`.
pub(super) fn merge_markers(text: &str) -> Vec<Diagnostic> {
    let said = |line: &str| {
        if let Some(said) = regex!(r"^(.+):(\d+): Merge conflict string").captures(line) {
            let place = format!("{}:{}", plain(&said[1]), &said[2]);
            return Some(Diagnostic::new("check-merge-conflict", place, "", "found"));
        }
        let said =
            regex!(r"^(.+):(\d+): (leftover conflict marker|trailing whitespace|space before tab)").captures(line)?;
        Some(Diagnostic::new("git diff --check", format!("{}:{}", plain(&said[1]), &said[2]), &said[3], "found"))
    };
    text.lines().filter_map(said).collect()
}
