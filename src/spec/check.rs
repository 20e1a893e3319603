//! Checks of behaviour as data: `parity-checks/<name>.toml`, one a file.
//!
//! A canary is a change that the quality gates of a repository must reject, with its twin that they must let pass. A
//! behaviour check is a command whose outcome must be the same on both machines. Input: a file's text; output: the check,
//! or every problem of the file at once. The built-in ones are this project's own `parity-checks/`.

use std::collections::BTreeMap;
use std::time::Duration;

use toml_edit::Document;

use super::dotfile::compile as compile_glob;
use super::parse::is_plain;
use super::problem::{Problem, SpecProblems};
use super::section::{Placed, Problems, Section};
use super::suggest;

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name, also that of its file.
    pub name: String,
    /// What it is about, in a few words.
    pub doc: String,
    /// What happens.
    pub kind: CheckKind,
}

/// The kinds of checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckKind {
    /// A change that must be rejected.
    Canary(Canary),
    /// A command whose outcome must be the same.
    Behaviour(BehaviourCheck),
}

/// A deliberately bad change, and its good twin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary {
    /// The hook that has to catch it.
    pub hook: String,
    /// Words of which the repository's hooks, or what they read, must have one for the canary to apply by itself; none means
    /// that the hook alone is reason enough.
    pub words: Vec<String>,
    /// The changes, each tried by itself unless `together`.
    pub fixtures: Vec<Fixture>,
    /// Whether all fixtures make one change.
    pub together: bool,
    /// A change as a unified diff, in place of fixtures.
    pub patch: Option<Patch>,
    /// The message to commit with, where it is not the checkout's own last subject.
    pub message: Option<String>,
    /// sh commands that run in the clone before the change is made.
    pub setup: Option<String>,
    /// What is tried.
    pub command: CanaryCommand,
    /// What of a rejection must name one of these words for the canary to have been rejected for its own reason; none means
    /// the gates of its fixtures.
    pub expect: Vec<String>,
}

/// What is run once the change is staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CanaryCommand {
    /// `git commit`.
    Commit,
    /// `git push`, of a commit that no hook has seen.
    Push,
    /// A command of the check's own, for sh.
    Shell(String),
}

/// Files that make a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixture {
    /// The gate that the repository must have for it, by the name of its finding.
    pub gate: Option<String>,
    /// Words of which the repository's hooks must have one.
    pub words: Vec<String>,
    /// Globs of tracked files: beside the first that each of them matches the file is put. None means a path from the
    /// repository's top.
    pub beside: Vec<String>,
    /// The file's name, `*` standing for the ending of the file that it is put beside.
    pub file: String,
    /// What the bad file begins with, or all of it.
    pub bad: String,
    /// Pieces of the bad file by the rule that each breaks: those whose rule is switched off stay out.
    pub rules: Vec<(String, String)>,
    /// What follows these pieces.
    pub end: String,
    /// How many bytes the bad file has, where its size is what is bad about it.
    pub size: Option<u64>,
    /// The good file.
    pub good: String,
}

/// A change as a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// What must be rejected.
    pub bad: String,
    /// What must pass.
    pub good: String,
}

/// A command whose outcome must be the same on both machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BehaviourCheck {
    /// For sh, in the clone.
    pub command: String,
    /// The file that it leaves, with a JUnit report; else its output is looked at.
    pub junit: Option<String>,
    /// How many more times it runs where it fails.
    pub retries: u32,
    /// How long it may take, where that is not the environment's own limit.
    pub limit: Option<Duration>,
}

/// The checks that come with trueup, by name.
const BUILT_IN: &[(&str, &str)] = &[
    ("commit-message", include_str!("../../parity-checks/commit-message.toml")),
    ("failing-test", include_str!("../../parity-checks/failing-test.toml")),
    ("formatting", include_str!("../../parity-checks/formatting.toml")),
    ("large-file", include_str!("../../parity-checks/large-file.toml")),
    ("lint-error", include_str!("../../parity-checks/lint-error.toml")),
    ("merge-marker", include_str!("../../parity-checks/merge-marker.toml")),
    ("pre-push", include_str!("../../parity-checks/pre-push.toml")),
    ("secret", include_str!("../../parity-checks/secret.toml")),
    ("type-error", include_str!("../../parity-checks/type-error.toml")),
];

/// The names of the checks that come with trueup.
pub(super) fn built_in_names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// The checks that come with trueup.
pub fn built_in_checks() -> Result<BTreeMap<String, Check>, SpecProblems> {
    BUILT_IN
        .iter()
        .map(|(name, text)| Ok(((*name).to_owned(), parse_check(&format!("parity-checks/{name}.toml"), name, text)?)))
        .collect()
}

/// Reads a check. `path` is used in messages alone; `stem` is the file's name without its ending.
pub fn parse_check(path: &str, stem: &str, text: &str) -> Result<Check, SpecProblems> {
    let document = Document::parse(text.to_owned()).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        SpecProblems::new(path, text, vec![Problem::new(error.message().to_owned(), span, "here")])
    })?;
    let problems = Problems::default();
    let root = Section::new("the check".to_owned(), document.as_table(), 0..0, &problems);
    let check = read(root, stem);
    let problems = problems.into_inner();
    match check {
        Some(check) if problems.is_empty() => Ok(check),
        _ => Err(SpecProblems::new(path, text, problems)),
    }
}

fn read(mut root: Section<'_>, stem: &str) -> Option<Check> {
    let name = root.required_string("name", &format!("write name = {stem:?}"));
    if let Some(name) = name.as_ref().filter(|name| name.value != stem || !is_plain(&name.value)) {
        let message = format!("`name` says {:?}, the file is {stem}.toml", name.value);
        let help = "give the file and the check one plain name: letters, digits, `-`, `_` and `.`";
        root.problem(Problem::new(message, name.span.clone(), "another name").help(help));
    }
    let doc = root.string("doc").map(|doc| doc.value).unwrap_or_default();
    let kind = root.string("kind");
    let kind = match kind.as_ref().map_or("canary", |kind| kind.value.as_str()) {
        "canary" => read_canary(&mut root).map(CheckKind::Canary),
        "behaviour" => read_behaviour(&mut root).map(CheckKind::Behaviour),
        other => {
            let span = kind.as_ref().map_or(0..0, |kind| kind.span.clone());
            let message = format!("`{other}` is no kind of check");
            root.problem(Problem::new(message, span, "unknown").help("write \"canary\" or \"behaviour\""));
            return None;
        }
    };
    root.finish();
    Some(Check { name: name?.value, doc, kind: kind? })
}

/// The hooks that what a canary does can set off.
const HOOKS: [&str; 5] = ["pre-commit", "prepare-commit-msg", "commit-msg", "pre-push", "pre-merge-commit"];

fn read_canary(root: &mut Section<'_>) -> Option<Canary> {
    let command = match root.string("command") {
        None => CanaryCommand::Commit,
        Some(command) => match command.value.trim() {
            "git commit" => CanaryCommand::Commit,
            "git push" => CanaryCommand::Push,
            "" => {
                root.problem(Problem::new("`command` says nothing", command.span, "is empty"));
                return None;
            }
            other => CanaryCommand::Shell(other.to_owned()),
        },
    };
    let hook = root.string("hook");
    if let Some(hook) = hook.as_ref().filter(|hook| !HOOKS.contains(&hook.value.as_str())) {
        let message = format!("no canary can set off a hook `{}`", hook.value);
        let help = suggest::nearest(&hook.value, HOOKS.iter().copied()).map_or_else(
            || format!("name one of {}", HOOKS.join(", ")),
            |nearest| format!("did you mean `{nearest}`?"),
        );
        root.problem(Problem::new(message, hook.span.clone(), "here").help(help));
    }
    let default = if command == CanaryCommand::Push { "pre-push" } else { "pre-commit" };
    let hook = hook.map_or_else(|| default.to_owned(), |hook| hook.value);
    let words = plain(root.strings("words"));
    let expect = plain(root.strings("expect"));
    let together = root.boolean("together").unwrap_or(false);
    let message = root.string("message");
    if let Some(message) = message.as_ref().filter(|message| message.value.trim().is_empty()) {
        root.problem(Problem::new("`message` says nothing", message.span.clone(), "is empty"));
    }
    let setup = root.string("setup").map(|setup| setup.value);
    let patch = read_patch(root);
    // Where the message is what is bad, or a command decides, the files may be as good as they are.
    let may_be_good = message.is_some() || matches!(command, CanaryCommand::Shell(_));
    let sections = root.sections("fixture").into_iter();
    let mut fixtures: Vec<Fixture> = sections.filter_map(|table| read_fixture(table, may_be_good)).collect();
    if fixtures.is_empty() && patch.is_none() {
        if message.is_none() && !matches!(command, CanaryCommand::Shell(_)) {
            let help = "add [[fixture]] with `file` and `bad`, or a `patch`";
            root.problem(Problem::new("the canary makes no change", 0..0, "nothing bad in it").help(help));
            return None;
        }
        fixtures.push(harmless());
    } else if let (Some(_), false) = (&patch, fixtures.is_empty()) {
        let help = "keep one of them, or write two checks";
        root.problem(Problem::new("the canary has both fixtures and a patch", 0..0, "here").help(help));
    }
    let message = message.map(|message| message.value);
    Some(Canary { hook, words, fixtures, together, patch, message, setup, command, expect })
}

/// A change for a canary in which something else is bad.
fn harmless() -> Fixture {
    let good = "A change that every quality gate lets pass.\n".to_owned();
    Fixture {
        gate: None,
        words: Vec::new(),
        beside: Vec::new(),
        file: "trueup-canary.txt".to_owned(),
        bad: good.clone(),
        rules: Vec::new(),
        end: String::new(),
        size: None,
        good,
    }
}

fn read_patch(root: &mut Section<'_>) -> Option<Patch> {
    let bad = root.string("patch");
    let good = root.string("good_patch");
    let bad = match (bad, &good) {
        (Some(bad), _) => bad,
        (None, Some(good)) => {
            let problem = Problem::new("`good_patch` stands without `patch`", good.span.clone(), "here");
            root.problem(problem.help("add the `patch` that must be rejected"));
            return None;
        }
        (None, None) => return None,
    };
    let Some(good) = good else {
        let problem = Problem::new("`patch` has no twin", bad.span, "alone");
        root.problem(problem.help("add `good_patch`: a change of the same kind that must pass"));
        return None;
    };
    if bad.value == good.value {
        let problem = Problem::new("the patch and its twin are the same", good.span.clone(), "so is `patch`");
        root.problem(problem.help("write in `patch` what must be rejected"));
    }
    for patch in [&bad, &good] {
        let named = patch
            .value
            .lines()
            .filter_map(|line| line.strip_prefix("+++ ").or_else(|| line.strip_prefix("--- ")).map(str::trim_end));
        let mut named = named.filter(|path| *path != "/dev/null").peekable();
        if named.peek().is_none() {
            let problem = Problem::new("this is no unified diff", patch.span.clone(), "names no file");
            root.problem(problem.help("write it as `git diff` prints it"));
        }
        for path in named {
            let inner = path.strip_prefix("a/").or_else(|| path.strip_prefix("b/")).unwrap_or(path);
            refuse_escape(root, inner, patch);
        }
    }
    Some(Patch { bad: bad.value, good: good.value })
}

fn read_fixture(mut table: Section<'_>, may_be_good: bool) -> Option<Fixture> {
    let gate = table.string("gate").map(|gate| gate.value);
    let words = plain(table.strings("words"));
    let beside = table.strings("beside").unwrap_or_default();
    for glob in &beside {
        if let Err(why) = compile_glob(&glob.value) {
            let message = format!("`{}` is not a glob: {why}", glob.value);
            table.problem(Problem::new(message, glob.span.clone(), "here"));
        }
    }
    let file = table.required_string("file", "name the file, such as file = \"trueup-canary.js\"");
    if let Some(file) = &file {
        refuse_escape(&table, &file.value, file);
        if beside.is_empty() && file.value.contains('*') {
            let problem = Problem::new("`*` in `file` needs `beside`", file.span.clone(), "stands for an ending");
            table.problem(problem.help("add `beside`, or write the whole name"));
        }
    }
    let size = table.integer("size");
    if let Some(size) = size.as_ref().filter(|size| !(1..=1 << 30).contains(&size.value)) {
        let problem = Problem::new(format!("{} bytes is no size for a file", size.value), size.span.clone(), "here");
        table.problem(problem.help("write a number of bytes, at most 1 GiB"));
    }
    // In pieces where a scanner would take the file itself for what it warns of.
    let bad = table.strings("bad").map(|pieces| plain(Some(pieces)).concat());
    let good = table.string("good");
    let good_span = good.as_ref().map_or(0..0, |good| good.span.clone());
    let good = good.map(|good| good.value);
    let end = table.string("end").map(|end| end.value).unwrap_or_default();
    let rules = table.sections("rule").into_iter().filter_map(read_rule).collect::<Vec<_>>();
    if bad.is_none() && rules.is_empty() && size.is_none() {
        let problem = Problem::new("the fixture holds nothing bad", table.span.clone(), "here");
        table.problem(problem.help("add `bad`, `size`, or [[fixture.rule]] with `name` and `bad`"));
    }
    let whole = bad.as_ref().filter(|_| rules.is_empty() && size.is_none()).map(|bad| format!("{bad}{end}"));
    if !may_be_good && whole.is_some() && whole == good {
        let problem = Problem::new("the bad file and its twin are the same", good_span, "so is `bad`");
        table.problem(problem.help("write in `bad` what must be rejected"));
    }
    if good.is_none() {
        let problem = Problem::new("the fixture has no twin", table.span.clone(), "`good` is missing here");
        table.problem(problem.help("add `good`: a file of the same kind that must pass"));
    }
    table.finish();
    Some(Fixture {
        gate,
        words,
        beside: plain(Some(beside)),
        file: file?.value,
        bad: bad.unwrap_or_default(),
        rules,
        end,
        size: size.and_then(|size| u64::try_from(size.value).ok()),
        good: good?,
    })
}

fn read_rule(mut table: Section<'_>) -> Option<(String, String)> {
    let name = table.required_string("name", "name the rule, such as name = \"no-console\"");
    let bad = table.required_string("bad", "write the lines that break it");
    table.finish();
    Some((name?.value, bad?.value))
}

/// What is written stays in the clone. Links that lead out of it are met on the machine.
fn refuse_escape(at: &Section<'_>, path: &str, placed: &Placed<String>) {
    let leaves = path.starts_with('/') || path.split('/').any(|part| part == "..");
    let inside_git = path.split('/').any(|part| part.eq_ignore_ascii_case(".git"));
    let message = match (leaves, inside_git) {
        (true, _) => format!("`{path}` leads out of the repository"),
        (_, true) => format!("`{path}` is in git's own folder"),
        _ if path.is_empty() || path.contains(['\n', '\0']) => format!("{path:?} is no path"),
        _ => return,
    };
    at.problem(Problem::new(message, placed.span.clone(), "refused").help("name a file below the repository's top"));
}

fn read_behaviour(root: &mut Section<'_>) -> Option<BehaviourCheck> {
    let command = root.required_string("command", "write the command that runs the tests");
    let junit = root.string("junit");
    if let Some(junit) = &junit {
        refuse_escape(root, &junit.value, junit);
    }
    let retries = root.integer("retries");
    if let Some(retries) = retries.as_ref().filter(|retries| !(0..=5).contains(&retries.value)) {
        let problem = Problem::new(format!("{} retries cannot be meant", retries.value), retries.span.clone(), "here");
        root.problem(problem.help("write a number from 0 to 5"));
    }
    let limit = super::parse::read_duration(root, "limit");
    Some(BehaviourCheck {
        command: command?.value,
        junit: junit.map(|junit| junit.value),
        retries: retries.and_then(|retries| u32::try_from(retries.value).ok()).unwrap_or(1),
        limit,
    })
}

fn plain(list: Option<Vec<Placed<String>>>) -> Vec<String> {
    list.unwrap_or_default().into_iter().map(|one| one.value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let problems = parse_check("parity-checks/x.toml", "x", text).map(|_| ()).unwrap_err().problems;
        problems.into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn every_built_in_check_can_be_read_and_says_what_it_is_about() {
        let checks = built_in_checks().unwrap_or_else(|problems| panic!("{problems}: {:?}", problems.problems));
        assert_eq!(checks.len(), BUILT_IN.len());
        assert!(checks.values().all(|check| !check.doc.is_empty()));
    }

    #[test]
    fn a_change_that_would_leave_the_clone_is_refused() {
        for path in ["../x", "/etc/x", "a/../../x", ".git/hooks/x", ".GIT/x"] {
            let text = format!("name = \"x\"\n[[fixture]]\nfile = {path:?}\nbad = \"b\"\ngood = \"g\"\n");
            let told = told(&text);
            assert!(told.len() == 1 && told[0].contains(path), "{told:?}");
        }
        let patch = "name = \"x\"\npatch = \"--- a/../x\\n+++ b/../x\\n\"\ngood_patch = \"+++ b/y\\n\"\n";
        assert!(told(patch)[0].contains("leads out"));
    }

    #[test]
    fn a_bad_change_that_is_its_own_twin_is_refused_unless_something_else_is_bad() {
        let fixture = "[[fixture]]\nfile = \"a\"\nbad = \"x\\n\"\ngood = \"x\\n\"\n";
        assert_eq!(told(&format!("name = \"x\"\n{fixture}")), ["the bad file and its twin are the same"]);
        let patch = "patch = \"+++ b/y\\n\"\ngood_patch = \"+++ b/y\\n\"\n";
        assert_eq!(told(&format!("name = \"x\"\n{patch}")), ["the patch and its twin are the same"]);
        let text = format!("name = \"x\"\nmessage = \"no\"\n{fixture}");
        assert!(parse_check("parity-checks/x.toml", "x", &text).is_ok());
    }

    #[test]
    fn what_a_check_lacks_and_what_nobody_knows_is_told_all_at_once() {
        let text = "name = \"y\"\nhok = \"pre-commit\"\n[[fixture]]\nfile = \"a.js\"\n";
        let told = told(text);
        for part in ["`name` says \"y\"", "nothing bad", "no twin", "unknown key `hok`"] {
            assert!(told.iter().any(|one| one.contains(part)), "{part}: {told:?}");
        }
    }
}
