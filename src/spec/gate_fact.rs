//! What a quality gate amounts to on one machine, leaf by leaf: an effective hook, a tool's effective configuration, or
//! what became of a canary.
//!
//! A leaf is one thing that could differ, under the name that a person would look for it by: `rules.no-console`. What a
//! tool would apply depends on the file, so that some leaves hold for some of the files asked about and not for others; they
//! stand by file, and those on which all files agree stand once. Where a leaf is decided is evidence, never compared.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::fact::Digest;
use super::redact::{looks_secret, redact};

/// What leaves are: names and values.
pub type Leaves = BTreeMap<String, String>;

/// Longer values than this stand as their digest.
const LONGEST: usize = 400;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateFact {
    /// In a few words what it does, as a clause behind "it": `runs`, `does nothing`, `is eslint 9.17.0`, `rejects it`.
    pub does: String,
    /// What is weak about it on any machine; evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weak: Option<String>,
    /// The file that it stands in, relative to the repository where it lies inside it; evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The leaves on which all files agree, and those that are about none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub leaves: Leaves,
    /// The other leaves, by file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Leaves>,
    /// Where leaves are decided, as `FILE` or `FILE:LINE`, by leaf, or as `LEAF (FILE)` for one file; under the empty name what
    /// decides the rest. Evidence.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub decided: BTreeMap<String, String>,
}

/// One way in which two gates differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafDifference {
    /// The leaf's name.
    pub leaf: String,
    /// What it is wanted to be, where it is wanted at all.
    pub want: Option<String>,
    /// What it is.
    pub got: Option<String>,
    /// The files for which it is so, where it is not so for all.
    pub files: Vec<String>,
}

/// A value as it may be kept and shown: what looks secret, and what is long, stands as its digest.
fn public(leaf: &str, value: String) -> String {
    let secret = looks_secret(&value) || looks_secret(&format!("{leaf}={value}"));
    if secret || value.chars().count() > LONGEST { Digest::of(value.as_bytes()).to_string() } else { value }
}

impl GateFact {
    /// One that does this.
    pub fn new(does: impl Into<String>) -> Self {
        Self { does: does.into(), ..Self::default() }
    }

    /// Adds a leaf that is about no file.
    pub fn leaf(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let name = redact(&name.into());
        let value = public(&name, value.into());
        self.leaves.insert(name, value);
    }

    /// Adds the leaf `owner.key`. What somebody called its owner does not make a secret of it.
    pub fn part(&mut self, owner: &str, key: &str, value: impl Into<String>) {
        let value = public(key, value.into());
        self.leaves.insert(redact(&format!("{owner}.{key}")), value);
    }

    /// Says where a leaf is decided.
    pub fn decide(&mut self, leaf: impl Into<String>, place: impl Into<String>) {
        self.decided.insert(leaf.into(), place.into());
    }

    /// Whether a leaf is set, for any file.
    pub fn has(&self, leaf: &str) -> bool {
        self.names().any(|name| name == leaf)
    }

    /// Where a leaf is decided for a file, or for all, as far as it is known: by its own name, by the name that it stands below,
    /// by what decides the rest, else by the file that the gate stands in.
    pub fn place(&self, leaf: &str, file: Option<&str>) -> Option<&str> {
        let own = file.and_then(|file| self.decided.get(&format!("{leaf} ({file})")));
        let mut name = leaf;
        let mut place = own.or_else(|| self.decided.get(name));
        while let (None, Some(end)) = (place, name.rfind(['.', ' '])) {
            name = &name[..end];
            place = self.decided.get(name);
        }
        place.or_else(|| self.decided.get("")).or(self.path.as_ref()).map(String::as_str)
    }

    /// Adds what each file has. Leaves on which all agree are kept once.
    pub fn of_files(&mut self, files: impl IntoIterator<Item = (String, Leaves)>) {
        let mut files: BTreeMap<String, Leaves> = files
            .into_iter()
            .map(|(file, leaves)| {
                let leaves = leaves.into_iter().map(|(name, value)| {
                    let value = public(&name, value);
                    (name, value)
                });
                (file, leaves.collect())
            })
            .collect();
        let Some(first) = files.values().next().cloned() else { return };
        for (name, value) in first {
            if files.values().all(|leaves| leaves.get(&name) == Some(&value)) {
                files.values_mut().for_each(|leaves| drop(leaves.remove(&name)));
                self.leaves.insert(name, value);
            }
        }
        self.files = files;
    }

    /// Whether it is a hook of which nothing comes: not being there at all would be no different.
    pub fn is_silent(&self) -> bool {
        ["does not fire", "does nothing", "is not installed"].iter().any(|word| self.does.starts_with(word))
    }

    /// The text that stands as `want` or `got`: two gates are equal exactly when it is.
    pub fn shown(&self) -> String {
        if self.leaves.is_empty() && self.files.is_empty() {
            return self.does.clone();
        }
        let mut listed = String::new();
        let mut list = |file: &str, leaves: &Leaves| {
            leaves.iter().for_each(|(name, value)| listed.push_str(&format!("{file:?} {name:?} {value:?}\n")));
        };
        list("", &self.leaves);
        self.files.iter().for_each(|(file, leaves)| list(file, leaves));
        format!("{} {}", self.does, Digest::of(listed.as_bytes()))
    }

    /// The value of a leaf for a file.
    pub fn value(&self, file: &str, leaf: &str) -> Option<&String> {
        self.files.get(file).and_then(|leaves| leaves.get(leaf)).or_else(|| self.leaves.get(leaf))
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        self.leaves.keys().chain(self.files.values().flat_map(BTreeMap::keys))
    }

    /// In which leaves `got` differs, by name; a difference that all files share names none.
    pub fn differences(&self, got: &Self) -> Vec<LeafDifference> {
        let names: BTreeSet<&String> = self.names().chain(got.names()).collect();
        let files: BTreeSet<&str> = self.files.keys().chain(got.files.keys()).map(String::as_str).collect();
        let files: Vec<&str> = if files.is_empty() { vec![""] } else { files.into_iter().collect() };
        let mut differences: Vec<LeafDifference> = Vec::new();
        for name in names {
            let first = differences.len();
            for file in &files {
                let (want, got) = (self.value(file, name), got.value(file, name));
                if want == got {
                    continue;
                }
                let same = |one: &&mut LeafDifference| (one.want.as_ref(), one.got.as_ref()) == (want, got);
                match differences[first..].iter_mut().find(same) {
                    Some(difference) => difference.files.push((*file).to_owned()),
                    None => differences.push(LeafDifference {
                        leaf: name.clone(),
                        want: want.cloned(),
                        got: got.cloned(),
                        files: vec![(*file).to_owned()],
                    }),
                }
            }
            // It holds for all where no other file has the rule at all: a linter has none for what it does not look at.
            let having = files.iter().filter(|file| self.value(file, name).is_some()).count();
            for difference in &mut differences[first..] {
                let is_rule = name.starts_with("rules.") && difference.want.is_some();
                if is_rule && having > 1 && difference.files.len() == having || difference.files.len() == files.len() {
                    difference.files.clear();
                }
            }
        }
        // What is in force comes before what it is read from, and what can be read before what merely differs.
        differences.sort_by_key(|difference| {
            let digest = |value: &Option<String>| value.as_ref().is_some_and(|value| Digest::parse(value).is_some());
            let is_place = difference.leaf.starts_with("config file") || difference.leaf == "configurations";
            (is_place, digest(&difference.want) && digest(&difference.got))
        });
        differences
    }
}

impl LeafDifference {
    /// As one reads it: `rules.no-console: error on the reference, off on vm`.
    pub fn told(&self, target: &str) -> String {
        // A linter's rule that nobody sets is off, and so is whatever else is on elsewhere.
        let is_rule = self.leaf.starts_with("rules.") && !self.leaf.ends_with(".options");
        let is_on = [&self.want, &self.got].into_iter().flatten().any(|value| value == "on");
        let unset = if is_rule || is_on { "off" } else { "not set" };
        let value = |value: &Option<String>| value.clone().map_or_else(|| unset.to_owned(), shortened);
        let place = match self.files.as_slice() {
            [] => String::new(),
            [file] => format!(" ({file})"),
            [file, others @ ..] => format!(" ({file} and {} more)", others.len()),
        };
        let name = &self.leaf;
        match (&self.want, &self.got) {
            (Some(want), Some(got)) if Digest::parse(want).is_some() && Digest::parse(got).is_some() => {
                format!("{name}{place} differs on {target}")
            }
            (want, got) => format!("{name}{place}: {} on the reference, {} on {target}", value(want), value(got)),
        }
    }
}

/// A digest as one tells it from another, and a value as far as a line holds it.
fn shortened(value: String) -> String {
    const SHOWN: usize = 80;
    match Digest::parse(&value) {
        Some(digest) => digest.short().to_owned(),
        None if value.is_empty() => "empty".to_owned(),
        None if value.chars().count() > SHOWN => value.chars().take(SHOWN).chain(['…']).collect(),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(of: &[(&str, &str)]) -> Leaves {
        of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn eslint(files: &[(&str, &[(&str, &str)])]) -> GateFact {
        let mut fact = GateFact::new("is eslint 9.17.0");
        fact.of_files(files.iter().map(|(file, of)| ((*file).to_owned(), leaves(of))));
        fact
    }

    fn told(want: &GateFact, got: &GateFact) -> Vec<String> {
        want.differences(got).iter().map(|difference| difference.told("vm")).collect()
    }

    #[test]
    fn leaves_on_which_all_files_agree_are_kept_once() {
        let fact = eslint(&[
            ("a.ts", &[("rules.no-console", "error"), ("rules.eqeqeq", "off")]),
            ("b.ts", &[("rules.no-console", "error"), ("rules.eqeqeq", "error")]),
        ]);
        assert_eq!(fact.leaves, leaves(&[("rules.no-console", "error")]));
        assert_eq!(fact.files["a.ts"], leaves(&[("rules.eqeqeq", "off")]));
    }

    #[test]
    fn a_difference_names_the_leaf_and_the_files_unless_it_holds_for_all() {
        let want = eslint(&[("a.ts", &[("rules.no-console", "error")]), ("b.ts", &[("rules.no-console", "error")])]);
        let all_off = eslint(&[("a.ts", &[("rules.no-console", "off")]), ("b.ts", &[("rules.no-console", "off")])]);
        assert_eq!(told(&want, &all_off), ["rules.no-console: error on the reference, off on vm"]);
        let one_off = eslint(&[("a.ts", &[("rules.no-console", "off")]), ("b.ts", &[("rules.no-console", "error")])]);
        assert_eq!(told(&want, &one_off), ["rules.no-console (a.ts): error on the reference, off on vm"]);
        let gone = eslint(&[("a.ts", &[]), ("b.ts", &[])]);
        assert_eq!(told(&want, &gone), ["rules.no-console: error on the reference, off on vm"]);
        assert_eq!(told(&gone, &want), ["rules.no-console: off on the reference, error on vm"]);
        let with_more = |of: &[(&str, &str)], more: &[(&str, &str)]| {
            eslint(&[("a.ts", of), ("b.ts", of), ("c.md", &[]), ("d.ts", more)])
        };
        let (want, off) = (with_more(&[("rules.x", "warn")], &[]), with_more(&[], &[]));
        assert_eq!(told(&want, &off), ["rules.x: warn on the reference, off on vm"]);
        assert_eq!(told(&off, &want), ["rules.x (a.ts and 1 more): off on the reference, warn on vm"]);
        let one = with_more(&[], &[("rules.x", "warn")]);
        assert_eq!(told(&one, &off), ["rules.x (d.ts): warn on the reference, off on vm"]);
    }

    #[test]
    fn gates_are_equal_exactly_when_they_show_the_same() {
        let one = eslint(&[("a.ts", &[("x", "1")]), ("b.ts", &[("x", "2")])]);
        let swapped = eslint(&[("a.ts", &[("x", "2")]), ("b.ts", &[("x", "1")])]);
        assert_ne!(one.shown(), swapped.shown());
        let mut evidence = one.clone();
        evidence.decide("x", "eslint.config.js:3");
        evidence.weak = Some("weak".to_owned());
        assert_eq!(one.shown(), evidence.shown());
        assert!(one.differences(&evidence).is_empty());
    }

    #[test]
    fn a_leaf_is_decided_where_it_or_what_it_stands_below_is() {
        let mut fact = GateFact::new("is eslint 9.17.0");
        assert_eq!(fact.place("rules.x", None), None);
        fact.path = Some("package.json".to_owned());
        assert_eq!(fact.place("rules.x", None), Some("package.json"));
        fact.decide("rules.x", "eslint.config.js:3");
        fact.decide("rules.x (src/a.js)", "src/eslint.config.js:9");
        fact.decide("", "eslint.config.js");
        for (leaf, file, place) in [
            ("rules.x", None, "eslint.config.js:3"),
            ("rules.x", Some("b.js"), "eslint.config.js:3"),
            ("rules.x", Some("src/a.js"), "src/eslint.config.js:9"),
            ("rules.x.options", None, "eslint.config.js:3"),
            ("rules.xy", None, "eslint.config.js"),
            (".hidden", None, "eslint.config.js"),
        ] {
            assert_eq!(fact.place(leaf, file), Some(place), "{leaf} for {file:?}");
        }
    }

    #[test]
    fn secrets_and_long_values_stand_as_digests() {
        let mut fact = GateFact::new("runs");
        fact.leaf("env.API_TOKEN", "abc123");
        fact.leaf("long", "x".repeat(LONGEST + 1));
        assert!(fact.leaves.values().all(|value| Digest::parse(value).is_some()), "{fact:?}");
    }
}
