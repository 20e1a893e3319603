//! `go.mod`: the language version of `go`, which is the least that builds it, and the `toolchain`.
//!
//! Both are minimums: the go command takes a newer one of its own where there is one. Format:
//! <https://go.dev/ref/mod#go-mod-file>.

use super::{Pin, Range, Source, Wants};
use crate::spec::version::Scheme;

pub(super) fn parse(source: &Source<'_>) -> Result<Vec<Pin>, String> {
    let mut pins = Vec::new();
    let mut in_block = false;
    for (number, line) in source.lines() {
        let line = line.split("//").next().unwrap_or(line);
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [.., "("] => in_block = true,
            [")"] => in_block = false,
            _ if in_block => {}
            [directive @ ("go" | "toolchain"), rest @ ..] => {
                let written = rest.join(" ");
                pins.push(source.pin("go", wants(directive, &written), &written, number));
            }
            _ => {}
        }
    }
    Ok(pins)
}

fn wants(directive: &str, written: &str) -> Wants {
    let version = match directive {
        "toolchain" if written == "default" => {
            return Wants::NotUnderstood("is whichever toolchain runs".to_owned());
        }
        "toolchain" => written.strip_prefix("go"),
        _ => Some(written),
    };
    let is_version = |version: &&str| {
        version.starts_with(|c: char| c.is_ascii_digit())
            && !version.contains(char::is_whitespace)
            && Scheme::Go.read(version).is_some()
    };
    match version.filter(is_version) {
        Some(version) => Wants::Range(Range::AtLeast(version.to_owned())),
        None => Wants::NotUnderstood("is no version of Go".to_owned()),
    }
}
