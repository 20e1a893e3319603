//! What gates say when they reject a change, taken apart: a tool a file, and this table.
//!
//! Input: a hook's output, capped, and the places that mean the same on any machine. Output: diagnostics that two machines
//! agree on exactly when their gates do: tool, file and line, rule. Where no reader finds anything, the text without all
//! that differs from run to run is the diagnostic.

mod commit;
mod files;
mod hooks;
mod lint;
mod rust;
mod tests_failed;
mod types;

use std::sync::LazyLock;

use regex::Regex;

/// One thing that a gate says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Diagnostic {
    /// Who says it.
    pub(super) tool: String,
    /// Where, as `FILE:LINE` or `FILE`; empty where it is about no file.
    pub(super) place: String,
    /// By which rule; may be empty.
    pub(super) rule: String,
    /// What it says.
    pub(super) value: String,
}

impl Diagnostic {
    pub(super) fn new(tool: &str, place: impl Into<String>, rule: impl Into<String>, value: impl Into<String>) -> Self {
        Self { tool: tool.to_owned(), place: place.into(), rule: rule.into(), value: value.into() }
    }

    /// Under its name.
    pub(super) fn into_leaf(self) -> (String, String) {
        let parts = [self.tool, self.place, self.rule];
        (parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "), self.value)
    }
}

/// Where things lie on the machine, for telling them in words that are the same elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The home.
    pub home: String,
    /// The repository.
    pub top: String,
    /// The folder of the clones.
    pub room: String,
    /// The message that is committed with.
    pub subject: String,
    /// What git calls its user.
    pub name: String,
    /// Their address.
    pub email: String,
    /// What the machine calls them.
    pub user: String,
}

/// Names of users that are words of what tools say, so that they tell nothing about who runs them.
const USUAL: [&str; 9] = ["root", "node", "git", "test", "user", "users", "admin", "build", "lint"];

/// A reader of what one kind of tool says.
type Reader = fn(&str) -> Vec<Diagnostic>;

/// All readers. Adding one is a file and a line here.
const READERS: &[Reader] = &[
    lint::eslint,
    lint::ruff,
    lint::shellcheck,
    lint::biome,
    types::tsc,
    types::mypy,
    files::prettier,
    files::private_keys,
    files::secrets,
    files::large_files,
    files::merge_markers,
    commit::commitlint,
    hooks::pre_commit,
    hooks::lefthook,
    rust::compiler,
    rust::rustfmt,
    tests_failed::javascript,
    tests_failed::pytest,
    tests_failed::tap,
    tests_failed::cargo,
];

/// What the gates said.
pub(super) fn diagnostics(output: &str, places: &Places) -> Vec<Diagnostic> {
    let text = steady(output, places);
    let mut found: Vec<Diagnostic> = READERS.iter().flat_map(|read| read(&text)).collect();
    found.sort();
    found.dedup();
    if found.is_empty() {
        let text = without_noise(&text);
        found.push(Diagnostic::new("output", "", "", if text.is_empty() { "nothing".to_owned() } else { text }));
    }
    found
}

/// What was said, free of all that differs from run to run and from machine to machine.
pub(super) fn spoken(output: &str, places: &Places) -> String {
    without_noise(&steady(output, places))
}

macro_rules! regex {
    ($text:expr) => {{
        static REGEX: std::sync::LazyLock<regex::Regex> =
            std::sync::LazyLock::new(|| regex::Regex::new($text).expect("the pattern is a constant"));
        &*REGEX
    }};
}
use regex;

/// The text without colours and without places that differ from machine to machine.
fn steady(output: &str, places: &Places) -> String {
    let text = regex!("\u{1b}(\\[[0-9;?]*[ -/]*[@-~]|\\][^\u{7}\u{1b}]*(\u{7}|\u{1b}\\\\)|[@-Z\\\\-_])")
        .replace_all(output, "");
    let mut text = text.replace('\r', "\n").replace('\0', "");
    let mut replace = |from: &str, to: &str| {
        if !from.is_empty() && from != "/" {
            text = text.replace(from, to);
        }
    };
    let base = places.top.rsplit('/').next().unwrap_or_default();
    if !places.room.is_empty() {
        for room in [format!("/private{}", places.room), places.room.clone()] {
            for tree in ["main", "worktree/tree", "worktree"] {
                replace(&format!("{room}/{tree}/{base}/"), "");
                replace(&format!("{room}/{tree}/{base}"), ".");
            }
            replace(&room, "<room>");
        }
    }
    if !places.top.is_empty() {
        replace(&format!("{}/", places.top), "");
        replace(&places.top, ".");
    }
    replace(&places.home, "~");
    if places.subject.chars().count() > 3 {
        replace(&places.subject, "<subject>");
    }
    for (from, to) in [(&places.email, "<email>"), (&places.name, "<name>"), (&places.user, "<user>")] {
        if from.chars().count() >= 3 && !USUAL.contains(&from.as_str()) {
            text = without_word(&text, from, to);
        }
    }
    text
}

/// The text with another for this one, where no word goes on beside it.
fn without_word(text: &str, from: &str, to: &str) -> String {
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in text.match_indices(from) {
        let end = at + from.len();
        let inside = text[..at].ends_with(goes_on) || text[end..].starts_with(goes_on);
        if !inside {
            out.push_str(&text[done..at]);
            out.push_str(to);
            done = end;
        }
    }
    out.push_str(&text[done..]);
    out
}

/// What is left of a text when times, temporary names, ids and empty lines are gone. What runs side by side says its lines
/// in any order, so they are sorted.
fn without_noise(text: &str) -> String {
    static NOISE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let rules = [
            (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?", "<time>"),
            (r"\b\d\d:\d\d:\d\d(\.\d+)?\b", "<time>"),
            (r"\b\d+(\.\d+)?\s?(ns|µs|us|ms|s|sec|secs|seconds?|minutes?|m)\b", "<time>"),
            (r"\b(0x)?[0-9a-f]{7,64}\b", "<id>"),
            (r"(/private)?/(var/)?tmp/[^\s:'\x22]+", "<temporary>"),
            (r"/var/folders/[^\s:'\x22]+", "<temporary>"),
            (r"\bpid[ =:]\s*\d+", "<process>"),
            (r"\b(sh|bash|dash|zsh): (line )?\d+: ", "sh: "),
            (r"(?i)\b(x86[_-]64|amd64|aarch64|arm64)\b", "<processor>"),
        ];
        rules.into_iter().map(|(rule, to)| (Regex::new(rule).expect("the pattern is a constant"), to)).collect()
    });
    let mut text = text.to_owned();
    for (noise, name) in NOISE.iter() {
        text = noise.replace_all(&text, *name).into_owned();
    }
    // What git advises is not what a hook says.
    let is_said = |line: &&str| !line.is_empty() && !line.starts_with("hint:");
    let mut lines: Vec<&str> = text.lines().map(str::trim).filter(is_said).collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// A file's name as tools write it.
fn plain(path: &str) -> &str {
    let path = path.trim().trim_matches(['"', '\'', '`']);
    path.strip_prefix("./").unwrap_or(path)
}

#[cfg(test)]
mod tests;
