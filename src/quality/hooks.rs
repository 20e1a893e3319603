//! The effective hooks of a repository: what git would run, from where, with which content.
//!
//! Input is what the `hook` probe printed: the folder in which git looks, a line for each hook there, their digests. A hook
//! of husky's (<https://typicode.github.io/husky>) is the same line everywhere, so the script that it starts counts too; one
//! that finds no script is `bare`: it lets everything pass.

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
            Some((kind @ ("runs" | "husk" | "bare" | "idle"), name)) => found.push((kind, name)),
            _ => return Err(not_understood(line)),
        }
    }
    // With a script behind one of them somebody has said which hooks are meant.
    let without = if found.iter().all(|(kind, _)| *kind == "bare") { Without::AnyScript } else { Without::Script };
    for (kind, name) in found {
        let mut digest = || {
            let line = lines.next().ok_or_else(|| Why::NotUnderstood(format!("no digest for the {name} hook")))?;
            let hex = line.trim_start_matches('\\').split(' ').next().unwrap_or(line);
            Digest::from_hex(hex).ok_or_else(|| not_understood(line))
        };
        let hook_digest = digest()?;
        let script_digest = if kind == "husk" { Some(digest()?) } else { None };
        let fact = Fact::Hook(HookFact {
            runs: kind != "idle",
            hook_digest,
            script_digest,
            without: (kind == "bare").then_some(without),
            path: format!("{folder}/{name}"),
        });
        hooks.push((id(name), Observed::Present(fact)));
    }
    match lines.next() {
        Some(line) => Err(not_understood(line)),
        None => Ok(hooks),
    }
}
