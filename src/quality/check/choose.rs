//! Which checks apply to a repository, and what exactly is tried.
//!
//! On the reference the hooks and gates decide, and words that their configuration has; the lock then says by its items and
//! their leaves which of all that could be tried was, and nothing else is tried elsewhere.

use std::collections::BTreeMap;

use regex::Regex;

use super::{Change, Content, Trial, Written};
use crate::spec::{
    Behaviour, Canary, CanaryCommand, Category, Check, CheckKind, Fixture, GateFact, ItemId, Repo, Selection,
    glob_matches,
};

/// A change that must be rejected, and its twin that must pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The check's name.
    pub check: String,
    /// The name under which the finding tells of it, and by which the lock knows it.
    pub label: String,
    /// Of what a rejection must speak to have been made for the canary's own reason.
    pub expect: Vec<String>,
    /// What must be rejected.
    pub bad: Trial,
    /// What must pass.
    pub good: Trial,
}

/// At how many kinds of files one fixture is tried at most.
const MOST_KINDS: usize = 4;

/// What is known of a repository.
struct Known<'a> {
    repo: &'a Repo,
    samples: &'a [String],
    gates: &'a BTreeMap<ItemId, GateFact>,
    /// The words that its hooks or their configuration have, where that was looked for.
    words: Option<&'a [String]>,
}

/// What is to be tried in a repository: in its checkout, or in a fresh worktree. `words` are those of
/// [`words_to_look_for`] that were found, for a repository that is not in a lock yet; `facts` is what was just observed there.
/// Names of checks that apply to nothing although the spec lists them come second.
pub fn chosen(
    repo: &Repo,
    samples: &[String],
    checks: &BTreeMap<String, Check>,
    behaviour: &Behaviour,
    facts: &BTreeMap<ItemId, GateFact>,
    words: &[String],
    worktree: bool,
) -> (Vec<Pair>, Vec<String>) {
    let (gates, words) = match behaviour {
        Behaviour::Left => return (Vec::new(), Vec::new()),
        Behaviour::Chosen => (facts, Some(words)),
        Behaviour::Locked(gates) => (gates, None),
    };
    let known = Known { repo, samples, gates, words };
    let mut pairs = Vec::new();
    let mut lost = Vec::new();
    for check in checks.values() {
        let CheckKind::Canary(canary) = &check.kind else { continue };
        let id = check_id(&repo.name, &check.name, worktree);
        let listed = matches!(&repo.checks, Selection::These(names) if names.contains(&check.name));
        let admitted = match known.words {
            _ if !repo.checks.admits(&check.name) => false,
            Some(_) => listed || (known.hook_acts(&canary.hook) && known.has_word(&canary.words)),
            None => gates.contains_key(&id),
        };
        if !admitted {
            continue;
        }
        let mut found = pairs_of(check, canary, &known, listed);
        if known.words.is_none() {
            found.retain(|pair| gates.get(&id).is_some_and(|fact| fact.leaves.contains_key(&pair.label)));
        }
        if found.is_empty() && (listed || known.words.is_none()) {
            lost.push(check.name.clone());
        }
        pairs.append(&mut found);
    }
    (pairs, lost)
}

/// The item of a check.
pub(crate) fn check_id(repo: &str, check: &str, worktree: bool) -> ItemId {
    let place = if worktree { "@worktree" } else { "" };
    ItemId::new(Category::Check, format!("{repo}/{check}{place}"))
}

/// The words that decide whether canaries apply.
pub fn words_to_look_for(checks: &BTreeMap<String, Check>) -> Vec<String> {
    let mut words: Vec<String> = checks
        .values()
        .filter_map(|check| match &check.kind {
            CheckKind::Canary(canary) => Some(canary),
            CheckKind::Behaviour(_) => None,
        })
        .flat_map(|canary| canary.words.iter().chain(canary.fixtures.iter().flat_map(|fixture| &fixture.words)))
        .cloned()
        .collect();
    words.sort();
    words.dedup();
    words
}

impl Known<'_> {
    fn gate(&self, gate: &str) -> Option<&GateFact> {
        self.gates.get(&ItemId::new(Category::Gate, format!("{}/{gate}", self.repo.name)))
    }

    /// Whether there is such a hook and git would run it for something.
    fn hook_acts(&self, hook: &str) -> bool {
        let id = ItemId::new(Category::Hook, format!("{}/{hook}", self.repo.name));
        self.gates.get(&id).is_some_and(|fact| fact.does.starts_with("runs"))
    }

    /// Whether one of the words was found, or stands in what is known of the hooks.
    fn has_word(&self, words: &[String]) -> bool {
        let Some(found) = self.words else { return true };
        words.is_empty() || words.iter().any(|word| found.contains(word) || self.hooks_mention(word))
    }

    fn hooks_mention(&self, word: &str) -> bool {
        let Ok(word) = Regex::new(&format!(r"(?i)\b{}\b", regex::escape(word))) else { return false };
        let of_repo = |id: &ItemId| {
            id.category == Category::Hook
                && id.name.strip_prefix(self.repo.name.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        let hooks = self.gates.iter().filter(|(id, _)| of_repo(id));
        hooks.flat_map(|(_, fact)| &fact.leaves).any(|(name, value)| word.is_match(name) || word.is_match(value))
    }
}

fn pairs_of(check: &Check, canary: &Canary, known: &Known<'_>, listed: bool) -> Vec<Pair> {
    let pair = |label: String, expect: Vec<String>, bad: Change, good: Change| {
        let trial = |change, message: Option<String>| Trial {
            change,
            message,
            setup: canary.setup.clone(),
            command: canary.command.clone(),
        };
        let expect = if canary.expect.is_empty() { expect } else { canary.expect.clone() };
        Pair {
            check: check.name.clone(),
            label,
            expect,
            bad: trial(bad, canary.message.clone()),
            good: trial(good, None),
        }
    };
    if let Some(patch) = &canary.patch {
        let (bad, good) = (Change::Patch(patch.bad.clone()), Change::Patch(patch.good.clone()));
        return vec![pair("the patch".to_owned(), Vec::new(), bad, good)];
    }
    let mut files: Vec<(&Fixture, Written, Written)> = Vec::new();
    for fixture in &canary.fixtures {
        let has_gate = fixture.gate.as_ref().is_none_or(|gate| known.gate(gate).is_some());
        if !has_gate || !(listed || known.has_word(&fixture.words)) {
            continue;
        }
        files.extend(instances(fixture, known).into_iter().map(|(bad, good)| (fixture, bad, good)));
    }
    // Without any of its gates a check that the spec lists is tried all the same.
    if files.is_empty() && listed {
        for fixture in &canary.fixtures {
            files.extend(instances(fixture, known).into_iter().map(|(bad, good)| (fixture, bad, good)));
        }
    }
    if canary.together || matches!(canary.command, CanaryCommand::Push) {
        if files.is_empty() {
            return Vec::new();
        }
        let (bad, good): (Vec<Written>, Vec<Written>) = files.into_iter().map(|(_, bad, good)| (bad, good)).unzip();
        return vec![pair("the change".to_owned(), Vec::new(), Change::Files(bad), Change::Files(good))];
    }
    files
        .into_iter()
        .map(|(fixture, bad, good)| {
            let label = if canary.message.is_some() { "the message".to_owned() } else { bad.path.clone() };
            let expect = fixture.gate.iter().cloned().collect();
            pair(label, expect, Change::Files(vec![bad]), Change::Files(vec![good]))
        })
        .collect()
}

/// The files that a fixture puts into this repository: the bad ones and their twins.
fn instances(fixture: &Fixture, known: &Known<'_>) -> Vec<(Written, Written)> {
    if fixture.beside.is_empty() {
        return filled(fixture, None, known).map(|bad| both(fixture, fixture.file.clone(), bad)).into_iter().collect();
    }
    let mut found: Vec<(Written, Written)> = Vec::new();
    for glob in &fixture.beside {
        let mut kin: Vec<&String> = known.samples.iter().filter(|sample| is_of(glob, sample)).collect();
        kin.sort_by_key(|sample| stands_apart(sample));
        let first = kin.into_iter().find_map(|sample| Some((sample, filled(fixture, Some(sample), known)?)));
        let Some((sample, bad)) = first else { continue };
        let path = place(&fixture.file, sample);
        if !found.iter().any(|(known, _)| known.path == path) {
            found.push(both(fixture, path, bad));
        }
        // A linter may have other rules for each kind of file; for the rest one stands for all.
        if found.len() == if fixture.rules.is_empty() { 1 } else { MOST_KINDS } {
            break;
        }
    }
    found
}

fn both(fixture: &Fixture, path: String, bad: Content) -> (Written, Written) {
    let good = Written { path: path.clone(), content: Content::Text(fixture.good.clone()) };
    (Written { path, content: bad }, good)
}

/// Globs without a folder are about names.
fn is_of(glob: &str, sample: &str) -> bool {
    let name = sample.rsplit('/').next().unwrap_or(sample);
    glob_matches(glob, if glob.contains('/') { sample } else { name })
}

/// What stands for the others least well comes last: configuration, declarations, tests, what is not in a folder.
fn stands_apart(sample: &str) -> (bool, bool, bool) {
    let name = sample.rsplit('/').next().unwrap_or(sample);
    let odd = name.contains(".config.") || name.ends_with(".d.ts") || name.starts_with('.') || name.contains(".min.");
    let test = name.contains("test") || sample.split('/').any(|part| part.starts_with("test"));
    (odd, test, !sample.contains('/'))
}

fn place(file: &str, sample: &str) -> String {
    let (folder, name) = sample.rsplit_once('/').map_or(("", sample), |(folder, name)| (folder, name));
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let file = file.replace('*', ending);
    if folder.is_empty() { file } else { format!("{folder}/{file}") }
}

/// The bad content for a file of this kind; none where none of the rules that it would break is an error there.
fn filled(fixture: &Fixture, sample: Option<&str>, known: &Known<'_>) -> Option<Content> {
    if let Some(size) = fixture.size {
        return Some(Content::Size(size));
    }
    let fact = fixture.gate.as_ref().and_then(|gate| known.gate(gate));
    let holds = |rule: &str| {
        let value = fact.map(|fact| fact.value(sample.unwrap_or(""), &format!("rules.{rule}")).map(String::as_str));
        match value {
            None => !rule.contains('/'),
            Some(value) => value == Some("error"),
        }
    };
    let pieces: Vec<&str> =
        fixture.rules.iter().filter(|(rule, _)| holds(rule)).map(|(_, piece)| piece.as_str()).collect();
    if pieces.is_empty() && !fixture.rules.is_empty() {
        return None;
    }
    Some(Content::Text(format!("{}{}{}", fixture.bad, pieces.concat(), fixture.end)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::built_in_checks;

    fn repo(checks: Selection) -> Repo {
        let (name, path) = ("shop".to_owned(), "shop".to_owned());
        Repo { name, url: None, path, compared: Vec::new(), gates: Selection::Auto, checks, samples: None }
    }

    fn gates() -> BTreeMap<ItemId, GateFact> {
        let mut eslint = GateFact::new("is eslint 9.0.0");
        let rules = |console: &str| {
            [("rules.no-console", console), ("rules.no-debugger", "error"), ("rules.eqeqeq", "off")]
                .map(|(rule, severity)| (rule.to_owned(), severity.to_owned()))
                .into()
        };
        eslint.of_files([("src/a.ts".to_owned(), rules("error")), ("lib/b.js".to_owned(), rules("warn"))]);
        let id = |text: &str| text.parse::<ItemId>().unwrap();
        [
            (id("gate:shop/eslint"), eslint),
            (id("hook:shop/pre-commit"), GateFact::new("runs")),
            (id("hook:shop/commit-msg"), GateFact::new("does nothing, since its script is not there")),
        ]
        .into()
    }

    fn on_reference(checks: Selection, words: &[&str]) -> Vec<Pair> {
        let samples = ["eslint.config.js", "lib/b.js", "src/a.ts"].map(str::to_owned);
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let built_in = built_in_checks().unwrap();
        chosen(&repo(checks), &samples, &built_in, &Behaviour::Chosen, &gates(), &words, false).0
    }

    fn text(trial: &Trial) -> String {
        match &trial.change {
            Change::Files(files) => match &files[0].content {
                Content::Text(text) => text.clone(),
                Content::Size(size) => size.to_string(),
            },
            Change::Patch(patch) => patch.clone(),
        }
    }

    #[test]
    fn the_lint_canary_breaks_the_rules_that_are_errors_for_each_kind_of_file() {
        let pairs = on_reference(Selection::Auto, &[]);
        let labels: Vec<&str> = pairs.iter().map(|pair| pair.label.as_str()).collect();
        assert_eq!(labels, ["lib/trueup-canary.js", "src/trueup-canary.ts"]);
        let (js, ts) = (text(&pairs[0].bad), text(&pairs[1].bad));
        assert!(js.contains("debugger") && !js.contains("console") && !js.contains("=="));
        assert!(ts.contains("debugger") && ts.contains("console") && !ts.contains("=="));
    }

    #[test]
    fn a_canary_applies_where_its_hook_acts_and_its_words_were_found() {
        let names = |words: &[&str]| -> Vec<String> {
            let mut names: Vec<String> = on_reference(Selection::Auto, words).into_iter().map(|p| p.check).collect();
            names.dedup();
            names
        };
        assert_eq!(names(&["gitleaks"]), ["lint-error", "secret"]);
        assert_eq!(names(&["maxkb", "jest"]), ["large-file", "lint-error"], "there is no test to put one beside");
        let listed = Selection::These(vec!["commit-message".to_owned()]);
        assert_eq!(on_reference(listed, &[])[0].label, "the message");
    }

    #[test]
    fn elsewhere_exactly_what_the_lock_has_is_tried() {
        let on_reference = on_reference(Selection::Auto, &["gitleaks"]);
        let mut held = gates();
        let mut fact = GateFact::new("rejects it");
        fact.leaf("src/trueup-canary.ts", "rejected");
        held.insert(check_id("shop", "lint-error", false), fact);
        let samples = ["eslint.config.js", "lib/b.js", "src/a.ts"].map(str::to_owned);
        let built_in = built_in_checks().unwrap();
        let behaviour = Behaviour::Locked(held);
        let facts = BTreeMap::new();
        let (pairs, lost) = chosen(&repo(Selection::Auto), &samples, &built_in, &behaviour, &facts, &[], false);
        assert_eq!((pairs.len(), lost.len()), (1, 0));
        assert!(on_reference.contains(&pairs[0]));
        let (pairs, _) = chosen(&repo(Selection::Auto), &samples, &built_in, &behaviour, &facts, &[], true);
        assert_eq!(pairs, []);
    }
}
