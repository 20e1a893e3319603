//! The effective hooks of a repository: what git would run, from where, with which content.
//!
//! Input is what the `hook` probe printed: the folder in which git looks, a line for each hook there, their digests. A hook
//! of husky's (<https://typicode.github.io/husky>) that finds no script to start is `bare`: it lets everything pass.

use crate::spec::{Category, Digest, Fact, HookFact, ItemId, Observed, Why, Without};

/// Every name that git runs as a hook on the client or when it receives a push.
pub const NAMES: [&str; 25] = [
    "applypatch-msg",
    "pre-applypatch",
    "post-applypatch",
    "pre-commit",
    "pre-merge-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "pre-rebase",
    "post-checkout",
    "post-merge",
    "pre-push",
    "pre-receive",
    "update",
    "proc-receive",
    "post-receive",
    "post-update",
    "reference-transaction",
    "push-to-checkout",
    "pre-auto-gc",
    "post-rewrite",
    "sendemail-validate",
    "fsmonitor-watchman",
    "p4-pre-submit",
    "post-index-change",
];

/// The hooks that stand in the folder where git looks.
pub fn effective(repo: &str, listing: &str) -> Result<Vec<(ItemId, Observed)>, Why> {
    let not_understood = |line: &str| Why::NotUnderstood(format!("unexpected line `{line}` in the list of hooks"));
    let mut lines = listing.lines();
    let folder = lines.next().ok_or_else(|| Why::NotUnderstood("the list of hooks is empty".to_owned()))?;
    let id = |name: &str| ItemId::new(Category::Hook, format!("{repo}/{name}"));
    let mut found = Vec::new();
    let mut hooks = Vec::new();
    for line in lines.by_ref().take_while(|line| *line != "=digests") {
        match line.split_once(' ') {
            Some(("shut", name)) => {
                let (command, message) = ("reading it".to_owned(), "permission denied".to_owned());
                hooks.push((id(name), Observed::Unknown(Why::Failed { command, code: 1, message })));
            }
            Some(("runs", name)) => found.push((name, true, false)),
            Some(("bare", name)) => found.push((name, true, true)),
            Some(("idle", name)) => found.push((name, false, false)),
            _ => return Err(not_understood(line)),
        }
    }
    // With a script behind one of them somebody has said which hooks are meant.
    let without = if found.iter().all(|(_, _, bare)| *bare) { Without::AnyScript } else { Without::Script };
    for (name, runs, bare) in found {
        let line = lines.next().ok_or_else(|| Why::NotUnderstood(format!("no digest for the {name} hook")))?;
        let hex = line.trim_start_matches('\\').split(' ').next().unwrap_or(line);
        let hook_digest = Digest::from_hex(hex).ok_or_else(|| not_understood(line))?;
        let fact = Fact::Hook(HookFact {
            runs,
            hook_digest,
            without: bare.then_some(without),
            path: format!("{folder}/{name}"),
        });
        hooks.push((id(name), Observed::Present(fact)));
    }
    match lines.next() {
        Some(line) => Err(not_understood(line)),
        None => Ok(hooks),
    }
}
