//! Test runners: the names of the tests that failed.

use super::{Diagnostic, plain, regex};

fn failed(tool: &str, name: &str) -> Diagnostic {
    Diagnostic::new(tool, "", plain(name), "failed")
}

/// node:test in its own style, jest and vitest.
pub(super) fn javascript(text: &str) -> Vec<Diagnostic> {
    let said = |line: &str| {
        if let Some(said) = regex!(r"^\s*✖ (.+?) \(\d[\d.]*ms\)$").captures(line) {
            return Some(failed("test", &said[1]));
        }
        if let Some(said) = regex!(r"^\s*FAIL\s+(\S.*?)(?: \([\d.]+ m?s\))?(?: \[.*\])?$").captures(line) {
            return Some(failed("test", &said[1]));
        }
        let said = regex!(r"^\s+● (.+)$").captures(line)?;
        Some(failed("test", &said[1]))
    };
    text.lines().filter_map(said).collect()
}

/// pytest's short summary.
pub(super) fn pytest(text: &str) -> Vec<Diagnostic> {
    let said = |line: &str| {
        let said = regex!(r"^(?:FAILED|ERROR) (\S+\.py(?:::\S+)?)(?: - .*)?$").captures(line)?;
        Some(failed("pytest", &said[1]))
    };
    text.lines().filter_map(said).collect()
}

/// The Test Anything Protocol, as of node:test into a pipe.
pub(super) fn tap(text: &str) -> Vec<Diagnostic> {
    let said = |line: &str| {
        let said = regex!(r"^\s*not ok \d+(?: -)? (.+?)(?: # (?:time|duration).*)?$").captures(line)?;
        (!said[1].contains("# TODO") && !said[1].contains("# SKIP")).then(|| failed("test", &said[1]))
    };
    text.lines().filter_map(said).collect()
}

/// cargo test, and cargo nextest.
pub(super) fn cargo(text: &str) -> Vec<Diagnostic> {
    let said = |line: &str| {
        if let Some(said) = regex!(r"^test (.+) \.\.\. FAILED$").captures(line) {
            return Some(failed("cargo test", &said[1]));
        }
        let said = regex!(r"^\s+FAIL \[\s*[\d.]+s\] (.+)$").captures(line)?;
        Some(failed("cargo test", &said[1]))
    };
    text.lines().filter_map(said).collect()
}
