//! Type checkers.

use super::{Diagnostic, plain, regex};

/// tsc, plain and pretty.
pub(super) fn tsc(text: &str) -> Vec<Diagnostic> {
    let said = |line: &str| {
        let said = regex!(r"^(.+?)(?:\((\d+),\d+\)|:(\d+):\d+)(?::| -) (error|warning) (TS\d+):").captures(line)?;
        let number = said.get(2).or_else(|| said.get(3))?.as_str();
        Some(Diagnostic::new("tsc", format!("{}:{number}", plain(&said[1])), &said[5], &said[4]))
    };
    let global = text.lines().filter_map(|line| {
        let said = regex!(r"^error (TS\d+):").captures(line)?;
        Some(Diagnostic::new("tsc", "", &said[1], "error"))
    });
    text.lines().filter_map(said).chain(global).collect()
}

/// mypy, and pyright in its words.
pub(super) fn mypy(text: &str) -> Vec<Diagnostic> {
    let said = |line: &str| {
        if let Some(said) = regex!(r"^(\S.*?):(\d+):(?:\d+:)? error: .*?(?:\s+\[([\w-]+)\])?$").captures(line) {
            let rule = said.get(3).map_or("", |rule| rule.as_str());
            // A compiler of C writes its errors in the same way, without a rule.
            let place = format!("{}:{}", plain(&said[1]), &said[2]);
            let tool = if said[1].ends_with(".py") || said[1].ends_with(".pyi") { "mypy" } else { "error" };
            return Some(Diagnostic::new(tool, place, rule, "error"));
        }
        let said = regex!(r"^\s*(\S.*?):(\d+):\d+ - error: .*?(?:\((report\w+)\))?$").captures(line)?;
        let rule = said.get(3).map_or("", |rule| rule.as_str());
        Some(Diagnostic::new("pyright", format!("{}:{}", plain(&said[1]), &said[2]), rule, "error"))
    };
    text.lines().filter_map(said).collect()
}
