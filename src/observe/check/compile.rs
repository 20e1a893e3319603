//! What is to be tried, as one sh program.

use std::fmt::Write as _;
use std::time::Duration;

use crate::quality::check::{Change, Content, Pair, Trial, Written};
use crate::spec::{BehaviourCheck, CanaryCommand, Digest, Repo};
use crate::transport::{PROCESSES, STARTED, lines_for_shells, quote};

const RUNTIME: &str = include_str!("../check.sh");

/// What is tried in one place of a repository.
pub(super) struct Lane {
    /// The changes with the numbers of the bad and of the good one.
    pub(super) pairs: Vec<(Pair, usize, usize)>,
    /// The number of a commit of all good changes that can share one.
    pub(super) shared: Option<usize>,
}

/// What is tried in one repository.
pub(super) struct Plan<'a> {
    pub(super) repo: &'a Repo,
    pub(super) main: Lane,
    pub(super) worktree: Lane,
    pub(super) runs: Vec<Command<'a>>,
    /// The message that is committed with, and the branch that is worked on, where the lock says which: commits and branches
    /// may differ, what hooks make of them must not.
    pub(super) message: Option<String>,
    pub(super) branch: Option<String>,
}

/// A check of behaviour that is run.
pub(super) struct Command<'a> {
    /// Its name.
    pub(super) check: &'a str,
    pub(super) behaviour: &'a BehaviourCheck,
    /// The commit, where the lock says which.
    pub(super) commit: Option<String>,
    /// The number of the first attempt; those of further ones follow.
    pub(super) first: usize,
}

impl Plan<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.main.pairs.is_empty() && self.worktree.pairs.is_empty() && self.runs.is_empty()
    }

    /// How many tries there are at most.
    pub(super) fn tries(&self) -> usize {
        let runs = self.runs.iter().map(|run| run.behaviour.retries as usize + 1).sum::<usize>();
        2 * (self.main.pairs.len() + self.worktree.pairs.len()) + runs + 2
    }
}

impl Lane {
    /// Numbers what is tried, from `next` on.
    pub(super) fn new(pairs: Vec<Pair>, next: &mut usize) -> Self {
        let mut number = || {
            *next += 1;
            *next
        };
        let shared = (pairs.iter().filter(|pair| pair.shares()).count() > 1).then(&mut number);
        let pairs = pairs.into_iter().map(|pair| (pair, number(), number())).collect();
        Self { pairs, shared }
    }
}

impl Pair {
    /// Whether its good change may be part of a commit with others.
    pub(super) fn shares(&self) -> bool {
        self.good.command == CanaryCommand::Commit && matches!(self.good.change, Change::Files(_))
    }
}

const INFALLIBLE: &str = "writing to a string cannot fail";

/// The program; `nonce` must be new for each.
pub(super) fn compile(plans: &[Plan<'_>], limit: Duration, nonce: &str) -> String {
    let mark = Digest::of(format!("mark of {nonce}").as_bytes());
    let mark = &mark.hex()[..16];
    let limit = limit.as_secs() + u64::from(limit.subsec_nanos() > 0);
    let mut text = format!("{{\ntu_nonce={nonce}\ntu_mark={mark}.$$\ntu_limit={limit}\n");
    for line in [PROCESSES, STARTED, RUNTIME].into_iter().flat_map(lines_for_shells) {
        writeln!(text, "{line}").expect(INFALLIBLE);
    }
    text.push_str("tu_everywhere() {\n:\n");
    for plan in plans.iter().filter(|plan| !plan.is_empty()) {
        let path = place(plan.repo);
        writeln!(text, "if cd && tu_parent {path}; then tu_forget \"$tu_above\" own; fi").expect(INFALLIBLE);
    }
    text.push_str("tu_forget \"${TMPDIR:-/tmp}\" own\n}\n");
    for (number, plan) in plans.iter().enumerate() {
        write_lane(&mut text, &plan.main, &format!("tu_main{number}"));
        write_lane(&mut text, &plan.worktree, &format!("tu_tree{number}"));
        write_runs(&mut text, &plan.runs, &format!("tu_runs{number}"), limit);
    }
    text.push_str("cd || cd /\nexec 8<&0 9>&1 </dev/null\n");
    text.push_str("tu_guard <&8 >/dev/null 2>&1 8<&- 9>&- &\ntu_keeper=$!\nexec 8<&-\n");
    for (number, plan) in plans.iter().enumerate().filter(|(_, plan)| !plan.is_empty()) {
        let name =
            |lane: &Lane, name: &str| if lane.pairs.is_empty() { ":".to_owned() } else { format!("tu_{name}{number}") };
        let (main, tree) = (name(&plan.main, "main"), name(&plan.worktree, "tree"));
        let runs = if plan.runs.is_empty() { ":".to_owned() } else { format!("tu_runs{number}") };
        let kept = |kept: &Option<String>| quote::word(kept.as_deref().unwrap_or_default());
        let (message, branch) = (kept(&plan.message), kept(&plan.branch));
        writeln!(text, "tu_repo {number} {} {main} {tree} {runs} {message} {branch}", place(plan.repo))
            .expect(INFALLIBLE);
    }
    text.push_str("tu_sweep \"$tu_mark.\" 9>&-\nkill \"$tu_keeper\" 2>/dev/null\n");
    text.push_str("echo \"$tu_nonce end 0 0\" >&9\necho >&9\nexit 0\n}\n");
    text
}

fn place(repo: &Repo) -> String {
    quote::word(&quote::place(&repo.path))
}

/// The functions that make the changes of a lane, and the one that tries them, in order: the bad ones, then the good.
fn write_lane(text: &mut String, lane: &Lane, name: &str) {
    if lane.pairs.is_empty() {
        return;
    }
    let mut tries = String::new();
    let mut singly = String::new();
    let mut good_files: Vec<&Written> = Vec::new();
    for (pair, bad, good) in &lane.pairs {
        write_change(text, *bad, &pair.bad);
        write_change(text, *good, &pair.good);
        tries.push_str(&attempt(*bad, &pair.bad));
        let shares = lane.shared.is_some() && pair.shares();
        if let (true, Change::Files(files)) = (shares, &pair.good.change) {
            let new = files.iter().filter(|file| !good_files.iter().any(|known| known.path == file.path));
            good_files.extend(new.collect::<Vec<_>>());
        }
        if shares { &mut singly } else { &mut tries }.push_str(&attempt(*good, &pair.good));
    }
    if let Some(shared) = lane.shared {
        writeln!(text, "tu_make{shared}() {{").expect(INFALLIBLE);
        write_files(text, good_files.into_iter());
        text.push_str("}\n");
        writeln!(tries, "tu_try {shared} commit tu_make{shared} '' || {{\n{singly}}}").expect(INFALLIBLE);
    }
    writeln!(text, "{name}() {{\n{tries}:\n}}").expect(INFALLIBLE);
}

/// The function that runs a repository's checks of behaviour, again where they fail.
fn write_runs(text: &mut String, runs: &[Command<'_>], name: &str, usual: u64) {
    if runs.is_empty() {
        return;
    }
    writeln!(text, "{name}() {{").expect(INFALLIBLE);
    for Command { behaviour, commit, first, .. } in runs {
        let limit = behaviour.limit.map_or(usual, |limit| limit.as_secs().max(1));
        let commit = quote::word(commit.as_deref().unwrap_or_default());
        let report = quote::word(behaviour.junit.as_deref().unwrap_or_default());
        let command = quote::word(&behaviour.command);
        for attempt in 0..=behaviour.retries as usize {
            writeln!(text, "tu_run {} {commit} {limit} {report} {command} ||", first + attempt).expect(INFALLIBLE);
        }
        text.push_str(":\n");
    }
    text.push_str("}\n");
}

fn attempt(number: usize, trial: &Trial) -> String {
    let message = quote::word(trial.message.as_deref().unwrap_or_default());
    let own = match &trial.command {
        CanaryCommand::Commit | CanaryCommand::Push => String::new(),
        CanaryCommand::Shell(text) => format!(" {}", quote::word(text)),
    };
    format!("tu_try {number} {} tu_make{number} {message}{own}\n", kind(&trial.command))
}

/// What the program calls a command.
pub(super) fn kind(command: &CanaryCommand) -> &'static str {
    match command {
        CanaryCommand::Commit => "commit",
        CanaryCommand::Push => "push",
        CanaryCommand::Shell(_) => "run",
    }
}

fn write_change(text: &mut String, number: usize, trial: &Trial) {
    writeln!(text, "tu_make{number}() {{").expect(INFALLIBLE);
    if let Some(setup) = &trial.setup {
        writeln!(text, "tu_set_up {} &&", quote::word(setup)).expect(INFALLIBLE);
    }
    match &trial.change {
        Change::Files(files) => write_files(text, files.iter()),
        Change::Patch(patch) => {
            writeln!(text, "{} | tu_patch", quote::printf_of(patch.as_bytes())).expect(INFALLIBLE);
        }
    }
    text.push_str("}\n");
}

fn write_files<'a>(text: &mut String, files: impl Iterator<Item = &'a Written>) {
    let mut paths = Vec::new();
    for file in files {
        let path = quote::word(&quote::place(&file.path));
        let content = match &file.content {
            Content::Text(content) => quote::printf_of(content.as_bytes()),
            Content::Size(size) => format!("tu_fill {size}"),
        };
        writeln!(text, "tu_write {} && {content} >{path} &&", quote::word(&file.path)).expect(INFALLIBLE);
        paths.push(path);
    }
    writeln!(text, "tu_add {}", paths.join(" ")).expect(INFALLIBLE);
}
