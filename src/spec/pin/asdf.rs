//! `.tool-versions`: a tool a line, and behind it its versions; the first is used, the others are fallbacks.
//!
//! Format: <https://asdf-vm.com/manage/configuration.html>; mise reads it too.

use super::line::bare;
use super::{Pin, Source, Wants, canonical};

pub(super) fn parse(source: &Source<'_>) -> Result<Vec<Pin>, String> {
    let mut pins = Vec::new();
    for (number, line) in source.lines() {
        let mut words = bare(line).split_whitespace();
        let Some(tool) = words.next() else { continue };
        let versions: Vec<&str> = words.collect();
        let mut wants: Vec<Wants> = versions.iter().map(|version| Wants::word(&canonical(tool), version)).collect();
        let wants = match wants.len() {
            0 => Wants::NotUnderstood("names no version".to_owned()),
            1 => wants.remove(0),
            _ => Wants::Several(wants),
        };
        pins.push(source.pin(tool, wants, &versions.join(" "), number));
    }
    Ok(pins)
}
