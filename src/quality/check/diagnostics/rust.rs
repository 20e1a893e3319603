//! cargo, clippy and rustfmt.

use super::{Diagnostic, plain, regex};

/// What rustc and clippy say: a line with the level, behind it one with the place, and sometimes a note with the lint.
pub(super) fn compiler(text: &str) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut said: Option<(String, String)> = None;
    for line in text.lines() {
        if let Some(head) = regex!(r"^(error|warning)(?:\[(E\d+)\])?: (.+)$").captures(line) {
            said = Some((head[1].to_owned(), head.get(2).map_or(String::new(), |code| code.as_str().to_owned())));
        } else if let Some(place) = regex!(r"^\s*--> (.+\.rs):(\d+):\d+$").captures(line) {
            if let Some((level, code)) = said.take() {
                found.push(Diagnostic::new("rustc", format!("{}:{}", plain(&place[1]), &place[2]), code, level));
            }
        } else if let Some(lint) =
            regex!(r"(?:#\[(?:deny|warn|forbid)\(|-[DW] |-(?:-deny|-warn) )((?:clippy::)?[a-z_:-]+)").captures(line)
            && let Some(last) = found.last_mut().filter(|last| last.rule.is_empty())
        {
            last.rule = lint[1].replace('-', "_");
        }
    }
    found
}

/// `rustfmt --check`: `Diff in FILE:LINE:`.
pub(super) fn rustfmt(text: &str) -> Vec<Diagnostic> {
    let said = |line: &str| {
        let said = regex!(r"^Diff in (.+?)(?: at line |:)(\d+):?$").captures(line)?;
        Some(Diagnostic::new("rustfmt", format!("{}:{}", plain(&said[1]), &said[2]), "", "not formatted"))
    };
    text.lines().filter_map(said).collect()
}
