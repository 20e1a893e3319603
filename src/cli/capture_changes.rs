//! What a new capture changes, in words: one line an item, old value and new. Pure.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::spec::{Fact, ItemId, Lock, Locked, Machine, Scope};

/// The difference between two locks, for a person to read before agreeing to it.
pub(super) fn changes(old: &Lock, new: &Lock, scope: &Scope) -> String {
    let (mut added, mut removed, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    let ids: BTreeSet<&ItemId> = old.items.keys().chain(new.items.keys()).collect();
    for id in ids {
        match (old.items.get(id), new.items.get(id)) {
            (None, Some(now)) => added.push((id, short(now))),
            (Some(was), None) => removed.push((id, format!("{} ({})", short(was), why_gone(id, scope)))),
            (Some(was), Some(now)) if was != now => changed.push((id, from_to(was, now))),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
    let mut text = String::new();
    if let Some(line) = other_machine(&old.reference, &new.reference) {
        text.push_str(&line);
    }
    for set in new.listed.difference(&old.listed) {
        text.push_str(&format!("  + {set} is held as a whole from now on\n"));
    }
    for set in old.listed.difference(&new.listed) {
        text.push_str(&format!("  - {set} is no longer held as a whole\n"));
    }
    let longest =
        [&added, &removed, &changed].into_iter().flatten().map(|(id, _)| id.to_string().chars().count()).max();
    let width = longest.unwrap_or_default().min(40);
    for (mark, lines) in [("~", &changed), ("+", &added), ("-", &removed)] {
        for (id, what) in lines {
            text.push_str(&format!("  {mark} {:width$}  {what}\n", id.to_string()));
        }
    }
    if text.is_empty() {
        return "since the last capture: only the form of the lock changes\n".to_owned();
    }
    let count = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
    let counts = [count(changed.len(), "changed"), count(added.len(), "added"), count(removed.len(), "removed")];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let counts = if counts.is_empty() { "no item changes".to_owned() } else { counts.join(", ") };
    format!("since the last capture: {counts}\n{text}")
}

fn why_gone(id: &ItemId, scope: &Scope) -> &'static str {
    let held = scope.items.iter().any(|item| item.id == *id) || scope.listings.iter().any(|(set, _)| set.holds(id));
    if held { "it is no longer there" } else { "the spec no longer names it" }
}

fn from_to(was: &Locked, now: &Locked) -> String {
    let (before, after) = (short(was), short(now));
    if before != after {
        return format!("{before} -> {after}");
    }
    // The same at first sight: something beside the value differs, such as where it was found.
    let place = |locked: &Locked| match locked {
        Locked::Present(fact) => Fact::evidence(fact).map(str::to_owned),
        Locked::Absent => None,
    };
    match (place(was), place(now)) {
        (Some(was), Some(now)) if was != now => format!("{after}, found at {now} instead of {was}"),
        _ => format!("{after}, in its details"),
    }
}

/// The value as reports show it, with digests cut to what a person can compare.
fn short(locked: &Locked) -> String {
    static DIGEST: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(sha256:[0-9a-f]{12})[0-9a-f]{52}\b").expect("a constant expression"));
    match locked {
        Locked::Present(fact) => DIGEST.replace_all(&fact.shown(), "$1").replace('\n', " "),
        Locked::Absent => "not there".to_owned(),
    }
}

fn other_machine(old: &Machine, new: &Machine) -> Option<String> {
    let shown = |machine: &Machine| {
        let parts = [&machine.hostname, &machine.os, &machine.os_version, &machine.arch];
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    let (before, after) = (shown(old), shown(new));
    match (before == after, old.id == new.id) {
        (false, _) => Some(format!("  ~ reference: {before} -> {after}\n")),
        (true, false) => Some(format!("  ~ reference: another machine that is called {after} too\n")),
        (true, true) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "version = 1\nenvironment = \"a\"\nlisted = [\"git:x/\"]\n[reference]\nid = \"1\"\nhostname = \"laptop\"\nos = \"linux\"\n\
        [tool.node]\nversion = \"20.10.0\"\npath = \"/a/node\"\n[tool.git]\nversion = \"2.40\"\npath = \"/a/git\"\n[tool.sed]\nabsent = true\n\
        [tool.old]\nversion = \"1\"\n[dotfile.\".zshrc\"]\nkind = \"file\"\nmode = \"0644\"\n\
        digest = \"sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\"\n";

    fn lock(text: &str) -> Lock {
        Lock::parse("x", text).unwrap()
    }

    #[test]
    fn every_change_is_a_line_with_old_and_new() {
        let new = OLD
            .replace("20.10.0", "22.11.0")
            .replace("/a/git", "/b/git")
            .replace("absent = true", "version = \"4.8\"")
            .replace("[tool.old]", "[tool.new]")
            .replace("git:x/", "hook:x/")
            .replace("2d711642", "ffffffff")
            .replace("\"laptop\"", "\"tower\"");
        insta::assert_snapshot!(changes(&lock(OLD), &lock(&new), &Scope::default()));
    }

    #[test]
    fn comments_and_layout_are_no_change_of_an_item() {
        let said = changes(&lock(OLD), &lock(OLD), &Scope::default());
        assert_eq!(said, "since the last capture: only the form of the lock changes\n");
    }
}
