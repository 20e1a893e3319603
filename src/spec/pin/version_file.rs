//! The files that hold a version and nothing more: `.nvmrc`, `.node-version`, `.python-version`, `.ruby-version`,
//! `.java-version`, `.go-version`.
//!
//! One version is expected; pyenv alone knows several, a line each. Comments begin with `#`. A second line elsewhere is
//! a pin that is not understood, since the tools disagree about what it means.

use super::line::bare;
use super::{Pin, Source, Wants};

pub(super) fn node(source: &Source<'_>) -> Result<Vec<Pin>, String> {
    single(source, "node")
}

pub(super) fn ruby(source: &Source<'_>) -> Result<Vec<Pin>, String> {
    single(source, "ruby")
}

pub(super) fn java(source: &Source<'_>) -> Result<Vec<Pin>, String> {
    single(source, "java")
}

pub(super) fn go(source: &Source<'_>) -> Result<Vec<Pin>, String> {
    single(source, "go")
}

pub(super) fn python(source: &Source<'_>) -> Result<Vec<Pin>, String> {
    let words: Vec<(usize, &str)> = words(source);
    let versions: Vec<&str> = words.iter().map(|(_, word)| *word).collect();
    let wants = |word: &&str| {
        if word.starts_with(['<', '>', '=', '!', '~']) { Wants::pep440(word) } else { Wants::word("python", word) }
    };
    let wants = match versions.as_slice() {
        [] => return Err("it names no version".to_owned()),
        [one] => wants(one),
        several => Wants::Several(several.iter().map(wants).collect()),
    };
    Ok(vec![source.pin("python", wants, &versions.join(" "), words[0].0)])
}

fn words<'a>(source: &Source<'a>) -> Vec<(usize, &'a str)> {
    let words = source.lines().flat_map(|(number, line)| bare(line).split_whitespace().map(move |word| (number, word)));
    words.collect()
}

fn single(source: &Source<'_>, tool: &str) -> Result<Vec<Pin>, String> {
    let lines = source.lines().map(|(number, line)| (number, bare(line))).filter(|(_, line)| !line.is_empty());
    let mut pins: Vec<Pin> = Vec::new();
    for (number, line) in lines {
        let wants = if !pins.is_empty() {
            Wants::NotUnderstood("is a second line where one version is expected".to_owned())
        } else if line.contains('=') {
            Wants::NotUnderstood("is a setting, not a version".to_owned())
        } else if line.contains(char::is_whitespace) {
            Wants::NotUnderstood("is more than one word".to_owned())
        } else if tool == "node" && matches!(line, "stable" | "unstable" | "default") {
            Wants::NotUnderstood("is an alias, and what it stands for changes".to_owned())
        } else {
            Wants::word(tool, line)
        };
        pins.push(source.pin(tool, wants, line, number));
    }
    if pins.is_empty() { Err("it names no version".to_owned()) } else { Ok(pins) }
}
