//! Linters.

use super::{Diagnostic, plain, regex};

/// eslint: `stylish`, `compact`, `unix`.
pub(super) fn eslint(text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut file = "";
    for line in text.lines() {
        if let Some(said) = regex!(r"^\s+(\d+):\d+\s+(error|warning)\s+(.*)$").captures(line) {
            let (message, rule) = said[3].trim_end().rsplit_once("  ").unwrap_or((&said[3], ""));
            let rule = rule.trim();
            let rule = if rule.contains(' ') || message.starts_with("Parsing error") { "" } else { rule };
            let rule = if rule.is_empty() { "cannot parse it" } else { rule };
            if !file.is_empty() {
                found.push(Diagnostic::new("eslint", format!("{file}:{}", &said[1]), rule, &said[2]));
            }
        } else if let Some(said) =
            regex!(r"^(.+): line (\d+), col \d+, (Error|Warning) - .*\(([^()]+)\)$").captures(line)
        {
            let place = format!("{}:{}", plain(&said[1]), &said[2]);
            found.push(Diagnostic::new("eslint", place, &said[4], said[3].to_lowercase()));
        } else if let Some(said) = regex!(r"^(.+?):(\d+):\d+: .*\[(Error|Warning)/([^\]]+)\]$").captures(line) {
            let place = format!("{}:{}", plain(&said[1]), &said[2]);
            found.push(Diagnostic::new("eslint", place, &said[4], said[3].to_lowercase()));
        } else if regex!(r"^[^\s].*\.[A-Za-z]+$").is_match(line) {
            file = plain(line);
        }
    }
    found
}

/// ruff's linter, `concise` and `full`, and its formatter.
pub(super) fn ruff(text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut code = None;
    for line in text.lines() {
        if let Some(said) =
            regex!(r"^(\S.*?\.\w+):(\d+):\d+: ([A-Z]{1,5}\d{2,4}|SyntaxError|invalid-syntax):? ").captures(line)
        {
            found.push(Diagnostic::new("ruff", format!("{}:{}", plain(&said[1]), &said[2]), &said[3], "error"));
        } else if let Some(said) = regex!(r"^([A-Z]{1,5}\d{2,4}|invalid-syntax):? ").captures(line) {
            code = Some(said[1].to_owned());
        } else if let (Some(said), Some(code)) = (regex!(r"^\s*--> (.+):(\d+):\d+$").captures(line), code.take()) {
            found.push(Diagnostic::new("ruff", format!("{}:{}", plain(&said[1]), &said[2]), code, "error"));
        } else if let Some(said) = regex!(r"^(?i)would reformat:? (.+)$").captures(line) {
            found.push(Diagnostic::new("formatter", plain(&said[1]), "", "would change it"));
        } else if let Some(said) = regex!(r"^reformatted (\S+)$").captures(line) {
            found.push(Diagnostic::new("formatter", plain(&said[1]), "", "changed it"));
        }
    }
    found
}

/// shellcheck: `tty` and `gcc`.
pub(super) fn shellcheck(text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut place = String::new();
    for line in text.lines() {
        if let Some(said) = regex!(r"^In (.+) line (\d+):$").captures(line) {
            place = format!("{}:{}", plain(&said[1]), &said[2]);
        } else if let Some(said) = regex!(r"\^-*\^? (SC\d+) \((\w+)\)").captures(line) {
            found.push(Diagnostic::new("shellcheck", &place, &said[1], &said[2]));
        } else if let Some(said) = regex!(r"^(.+?):(\d+):\d+: (\w+): .*\[(SC\d+)\]$").captures(line) {
            let place = format!("{}:{}", plain(&said[1]), &said[2]);
            found.push(Diagnostic::new("shellcheck", place, &said[4], &said[3]));
        }
    }
    found
}

/// biome: `FILE:LINE:COLUMN lint/GROUP/RULE ━━━`, and `FILE format ━━━`.
pub(super) fn biome(text: &str) -> Vec<Diagnostic> {
    let said = |line: &str| {
        if let Some(said) = regex!(r"^(\S+?):(\d+):\d+ ((?:lint|assist|parse|syntax)[\w/]*)\b.*━").captures(line) {
            return Some(Diagnostic::new("biome", format!("{}:{}", plain(&said[1]), &said[2]), &said[3], "error"));
        }
        let said = regex!(r"^(\S+) (format|organizeImports) ━").captures(line)?;
        Some(Diagnostic::new("biome", plain(&said[1]), &said[2], "error"))
    };
    text.lines().filter_map(said).collect()
}
