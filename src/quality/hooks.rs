//! The effective hooks of a repository: what git would run, from where, with which content.
//!
//! Input is what the `hook` probe printed: the folder in which git looks, a line for each hook there, their digests. A hook
//! of husky's (<https://typicode.github.io/husky>) is the same line everywhere, so the script that it starts counts too; one
//! that finds no script is `bare`: it lets everything pass.

use crate::spec::{Category, Digest, Fact, GateFact, ItemId, Observed, Why};

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
    let nobody_meant = found.iter().all(|(kind, _)| *kind == "bare");
    for (kind, name) in found {
        let mut digest = || {
            let line = lines.next().ok_or_else(|| Why::NotUnderstood(format!("no digest for the {name} hook")))?;
            let hex = line.trim_start_matches('\\').split(' ').next().unwrap_or(line);
            Digest::from_hex(hex).ok_or_else(|| not_understood(line))
        };
        let mut fact = GateFact::new(match kind {
            "idle" => "is not executable, so git skips it",
            "bare" => "does nothing, since the script that husky would start for it is not there",
            _ => "runs",
        });
        let path = format!("{folder}/{name}");
        fact.leaf(&path, digest()?.as_str());
        if kind == "husk" {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
            fact.leaf(format!("{}{name}", folder.strip_suffix('_').unwrap_or(folder)), digest()?.as_str());
        }
        fact.weak = match kind {
            "idle" => Some("it is not executable, so git skips it".to_owned()),
            "bare" if nobody_meant => {
                Some("it does nothing, since husky finds no script to start for any hook".to_owned())
            }
            _ => None,
        };
        fact.path = Some(path);
        hooks.push((id(name), Observed::Present(Fact::Gate(fact))));
    }
    match lines.next() {
        Some(line) => Err(not_understood(line)),
        None => Ok(hooks),
    }
}
