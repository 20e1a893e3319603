//! Which checks apply to a repository, and what exactly is tried.
//!
//! On the reference the hooks and gates decide, and words that their configuration has; the lock then says by its items and
//! their leaves which of all that could be tried was, and nothing else is tried elsewhere.

use std::collections::BTreeMap;

use regex::Regex;

use super::{Change, Content, Trial, Written};
use crate::spec::{
    Behaviour, Canary, CanaryCommand, Category, Check, CheckKind, Digest, Fixture, GateFact, ItemId, Repo, Selection,
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
    words: Option<&'a Evidence>,
}

/// Words of canaries that were found in the files of a repository, by what they say something about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// In the script of a hook, by the hook's name.
    of_hook: BTreeMap<String, Vec<String>>,
    /// In what lists the hooks of a manager.
    of_manager: Vec<String>,
    /// In what hooks usually start, or read.
    of_any: Vec<String>,
    /// In each file, by its path.
    of_file: BTreeMap<String, Vec<String>>,
}

impl Evidence {
    /// Reads lines of a file and a word that stands in it: `FILE:WORD`.
    pub fn read(text: &str) -> Self {
        let mut found = Self::default();
        for (file, word) in text.lines().filter_map(|line| line.split_once(':')) {
            let name = file.rsplit('/').next().unwrap_or(file);
            let word = word.to_lowercase();
            found.of_file.entry(file.to_owned()).or_default().push(word.clone());
            let first = file.split_once('/').map(|(first, _)| first);
            // The folder of git's hooks may be anywhere.
            let in_folder =
                first.is_some_and(|first| matches!(first, "" | ".." | ".git") || USUAL_FOLDERS.contains(&first));
            if HOOKS.contains(&name) {
                found.of_hook.entry(name.to_owned()).or_default().push(word);
            } else if MANAGERS.iter().any(|manager| name.trim_start_matches('.').starts_with(manager)) {
                found.of_manager.push(word);
            } else if in_folder || name.contains("lintstaged") || name.contains("lint-staged") {
                found.of_any.push(word);
            }
        }
        found
    }
}

/// The hooks that canaries are for.
const HOOKS: [&str; 5] = ["pre-commit", "prepare-commit-msg", "commit-msg", "pre-push", "pre-merge-commit"];

/// Folders in which what hooks start usually is.
pub const USUAL_FOLDERS: [&str; 10] =
    [".husky", ".githooks", ".git-hooks", ".hooks", "hooks", "githooks", "scripts", "tools", "bin", "ci"];

/// How files begin that list the hooks of a manager.
const MANAGERS: [&str; 3] = ["pre-commit-config", "prek", "lefthook"];

/// What is to be tried in a repository: in its checkout, or in a fresh worktree. `words` are those of
/// [`words_to_look_for`] that were found, for a repository that is not in a lock yet; `facts` is what was just observed there.
/// Names of checks that apply to nothing although the spec lists them come second.
pub fn chosen(
    repo: &Repo,
    samples: &[String],
    checks: &BTreeMap<String, Check>,
    behaviour: &Behaviour,
    facts: &BTreeMap<ItemId, GateFact>,
    words: &Evidence,
    worktree: bool,
) -> (Vec<Pair>, Vec<String>) {
    let (gates, words) = match behaviour {
        Behaviour::Left | Behaviour::Kept => return (Vec::new(), Vec::new()),
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
            Some(_) => listed || (known.hook_acts(&canary.hook) && known.has_word(&canary.hook, &canary.words)),
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

/// Whether any canary could apply by itself or is listed: else there is nothing to look for.
pub fn could_apply(repo: &Repo, facts: &BTreeMap<ItemId, GateFact>) -> bool {
    let evidence = Evidence::default();
    let known = Known { repo, samples: &[], gates: facts, words: Some(&evidence) };
    repo.checks != Selection::Auto || HOOKS.iter().any(|hook| known.hook_acts(hook))
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

    /// Whether one of the words was found for this hook.
    fn has_word(&self, hook: &str, words: &[String]) -> bool {
        let Some(found) = self.words else { return true };
        let fact = self.gates.get(&ItemId::new(Category::Hook, format!("{}/{hook}", self.repo.name)));
        // Where the hook's fact says what its manager would run, that is more than what the manager's files have.
        let listed = fact.and_then(|fact| fact.leaves.get("manager"));
        let listed = listed.is_some_and(|manager| MANAGERS.iter().any(|known| known.starts_with(manager.as_str())));
        let holds = |word: &String| {
            let word = word.to_lowercase();
            found.of_any.contains(&word)
                || found.of_hook.get(hook).is_some_and(|words| words.contains(&word))
                || (!listed && found.of_manager.contains(&word))
                || fact.is_some_and(|fact| mentions(fact, &word) || starts(fact, &word, &found.of_file))
        };
        words.is_empty() || words.iter().any(holds)
    }
}

/// Whether a word stands in one of the files that a hook starts.
fn starts(fact: &GateFact, word: &String, of_file: &BTreeMap<String, Vec<String>>) -> bool {
    followed(fact).any(|file| of_file.get(file).is_some_and(|words| words.contains(word)))
}

/// The files of the repository that a hook starts, all of which count: of files of recipes the hook's fact has those that
/// are made.
fn followed(fact: &GateFact) -> impl Iterator<Item = &str> {
    let is_file = |(leaf, value): &(&String, &String)| {
        Digest::parse(value).is_some() && !["/", "~", "../", ".git/"].iter().any(|start| leaf.starts_with(start))
    };
    let files = fact.leaves.iter().filter(is_file).map(|(leaf, _)| leaf.as_str());
    files.filter(|file| !fact.leaves.keys().any(|leaf| leaf.starts_with(&format!("{file} "))))
}

/// The files of a repository in which words of canaries are looked for because its hooks start them.
pub fn files_to_look_in<'a>(repo: &Repo, facts: &'a BTreeMap<ItemId, GateFact>) -> Vec<&'a str> {
    let of_repo = format!("{}/", repo.name);
    let hooks = facts.iter().filter(|(id, _)| id.category == Category::Hook && id.name.starts_with(&of_repo));
    let mut files: Vec<&str> = hooks.flat_map(|(_, fact)| followed(fact)).collect();
    files.sort_unstable();
    files.dedup();
    files
}

fn mentions(fact: &GateFact, word: &str) -> bool {
    let Ok(word) = Regex::new(&format!(r"(?i)(^|\W){}(\W|$)", regex::escape(word))) else { return false };
    fact.leaves.iter().any(|(name, value)| word.is_match(name) || word.is_match(value))
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
        if !has_gate || !known.has_word(&canary.hook, &fixture.words) {
            continue;
        }
        files.extend(instances(fixture, known).into_iter().map(|(bad, good)| (fixture, bad, good)));
    }
    // Without any of its gates and words a check that the spec lists is tried all the same.
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
    let hidden = sample.split('/').any(|part| part.starts_with('.'));
    let odd = hidden || name.contains(".config.") || name.ends_with(".d.ts") || name.contains(".min.");
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
        Repo {
            name,
            url: None,
            path,
            filter: None,
            compared: Vec::new(),
            gates: Selection::Auto,
            checks,
            samples: None,
        }
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
        let words = Evidence::read(&words.iter().map(|word| format!(".husky/pre-commit:{word}\n")).collect::<String>());
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
    fn of_a_check_that_is_listed_what_has_no_word_is_tried_only_where_nothing_else_is() {
        let labels = |words: &[&str]| -> Vec<String> {
            let (repo, built_in) = (repo(Selection::These(vec!["formatting".to_owned()])), built_in_checks().unwrap());
            let samples = ["a.sh", "b.go"].map(str::to_owned);
            let words: String = words.iter().map(|word| format!(".husky/pre-commit:{word}\n")).collect();
            let words = Evidence::read(&words);
            let pairs = chosen(&repo, &samples, &built_in, &Behaviour::Chosen, &gates(), &words, false).0;
            pairs.into_iter().map(|pair| pair.label).collect()
        };
        assert_eq!(labels(&["gofmt"]), ["trueup_canary_style.go"]);
        assert_eq!(labels(&[]), ["trueup_canary_style.go", "trueup-canary-style.sh"]);
    }

    #[test]
    fn a_word_counts_for_the_hook_that_it_was_found_for() {
        let found = |text: &str, manager: &str| {
            let mut facts = gates();
            let fact = facts.get_mut(&"hook:shop/pre-commit".parse::<ItemId>().unwrap()).unwrap();
            fact.leaf("manager", manager);
            fact.leaf("typos.entry", "typos --write");
            fact.leaf("dev/all.sh", Digest::of(b"").to_string());
            fact.leaf("Makefile", Digest::of(b"").to_string());
            fact.leaf("Makefile lint", "ruff check .");
            let known =
                Known { repo: &repo(Selection::Auto), samples: &[], gates: &facts, words: Some(&Evidence::read(text)) };
            ["jest", "typos"].map(|word| known.has_word("pre-commit", &[word.to_owned()]))
        };
        assert_eq!(found(".husky/pre-commit:Jest", "husky"), [true, true]);
        assert_eq!(found(".husky/pre-push:jest\npackage.json:jest", "husky"), [false, true]);
        assert_eq!(found("lefthook.yml:jest", "husky"), [true, true]);
        assert_eq!(found("lefthook.yml:jest", "lefthook"), [false, true]);
        assert_eq!(found("scripts/check.sh:jest", "lefthook"), [true, true]);
        // In a file of another folder where the hook starts it; of recipes those that are made.
        assert_eq!(found("dev/all.sh:jest", "lefthook"), [true, true]);
        assert_eq!(found("dev/other.sh:jest\nMakefile:jest", "lefthook"), [false, true]);
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
        let (pairs, lost) =
            chosen(&repo(Selection::Auto), &samples, &built_in, &behaviour, &facts, &Evidence::default(), false);
        assert_eq!((pairs.len(), lost.len()), (1, 0));
        assert!(on_reference.contains(&pairs[0]));
        let (pairs, _) =
            chosen(&repo(Selection::Auto), &samples, &built_in, &behaviour, &facts, &Evidence::default(), true);
        assert_eq!(pairs, []);
    }
}
