//! The effective hooks of a repository: what git would run, in the checkout and in a worktree made from HEAD just now, who manages
//! it, and what it comes to.
//!
//! Input is what the `hook` probe printed (`raw`): git's settings, what stands where git looks, and the files of a walk from
//! there, as they lie and as HEAD has them (`checkout`). `folder` says where git looks, a file per manager what a hook of its
//! making does, `script` what that calls, `bypass` what passes it over. Pure.

mod bypass;
mod checkout;
mod configured;
mod folder;
mod husky;
mod install;
mod lefthook;
mod lefthook_config;
mod modules;
mod named;
mod pre_commit;
mod prek;
mod raw;
mod script;
mod simple_git_hooks;
mod startup;
#[cfg(test)]
mod tests;
mod values;

pub use install::installed_by;

use checkout::{Checkout, Found, collapse, is_of_checkout};
use raw::Standing;

use crate::spec::{Category, Fact, GateFact, ItemId, Observed, Why};

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

/// What is said of a hook of husky's that has no script.
const NO_SCRIPT: &str = "does nothing, since the script that husky would start for it is not there";

/// What is said of a hook that nothing runs in a fresh worktree.
const NOT_THERE: &str = "does not fire in a fresh worktree";

/// One hook, while it is described.
#[derive(Debug)]
struct Hook<'a> {
    checkout: Checkout<'a>,
    name: &'a str,
    /// The file that git starts.
    path: String,
    fact: GateFact,
}

impl Hook<'_> {
    /// It is there, and something keeps it from doing anything; what was said first stays.
    fn is_off(&mut self, how: &str, place: &str) {
        if self.fact.does == RUNS {
            self.fact.does = format!("is switched off by {how}");
            self.fact.decide("", place);
        }
        self.is_weak(format!("it is switched off by {how}"));
    }

    /// It is there and cannot do what it is for.
    fn fails(&mut self, does: String) {
        self.is_weak(format!("it {does}"));
        if self.fact.does == RUNS {
            self.fact.does = does;
        }
    }

    fn is_weak(&mut self, why: String) {
        self.fact.weak.get_or_insert(why);
    }
}

const RUNS: &str = "runs";

/// The hooks of a repository, each in the checkout and, as `…@worktree`, in a fresh worktree.
pub fn effective(repo: &str, listing: &str) -> Result<Vec<(ItemId, Observed)>, Why> {
    let raw = raw::read(listing)?;
    let id = |name: &str| ItemId::new(Category::Hook, format!("{repo}/{name}"));
    let (here, there) = (Checkout { raw: &raw, fresh: false }, Checkout { raw: &raw, fresh: true });
    let (here_in, there_in) = (folder::of_checkout(&raw, false), folder::of_checkout(&raw, true));
    let mut found = Vec::new();
    for name in NAMES {
        let observed = configured::add(here, name, one(here, name, &here_in)).or_else(|| missing(here, name, &here_in));
        let in_worktree = match (configured::add(there, name, one(there, name, &there_in)), &observed) {
            (None, Some(Observed::Present(Fact::Gate(fact)))) if fact.does == RUNS => {
                Some(Observed::Present(Fact::Gate(silent(there, name, &there_in))))
            }
            (None, Some(Observed::Unknown(_))) => Some(Observed::Present(Fact::Gate(silent(there, name, &there_in)))),
            (Some(Observed::Present(Fact::Gate(fact))), None) if fact.does.starts_with("does nothing") => None,
            (in_worktree, _) => in_worktree,
        };
        found.extend(observed.map(|observed| (id(name), observed)));
        found.extend(in_worktree.map(|observed| (id(&format!("{name}@worktree")), observed)));
    }
    Ok(found)
}

/// A hook that stands where git looks.
fn one(checkout: Checkout<'_>, name: &str, folder: &str) -> Option<Observed> {
    let path = collapse(&format!("{folder}/{name}"));
    let described = match checkout.standing(&path)? {
        Standing::Shut => Err(shut(&checkout.shown(&path))),
        Standing::Folder => Ok(inert(checkout, &path, "is a folder, which git cannot start")),
        Standing::Special => Ok(inert(checkout, &path, "is neither a file nor a folder, so git cannot start it")),
        Standing::Idle => {
            let mut fact = inert(checkout, &path, "is not executable, so git skips it");
            if let Some(file) = checkout.find(&path) {
                fact.leaf(checkout.shown(&path), checkout.digest(&file, generated));
            }
            Ok(fact)
        }
        Standing::Runs => running(checkout, name, folder, path),
    };
    Some(match described {
        Ok(fact) => Observed::Present(Fact::Gate(fact)),
        Err(why) => Observed::Unknown(why),
    })
}

fn shut(path: &str) -> Why {
    let message = "permission denied".to_owned();
    Why::Failed { command: format!("reading {path}"), code: 1, message }
}

/// One of which git makes nothing.
fn inert(checkout: Checkout<'_>, path: &str, does: &str) -> GateFact {
    let mut fact = GateFact::new(does);
    fact.weak = Some(format!("it {does}"));
    fact.path = Some(checkout.shown(path));
    place(checkout, &mut fact);
    fact
}

/// Says what decides where git looks.
fn place(checkout: Checkout<'_>, fact: &mut GateFact) {
    if let Some(setting) = folder::setting(checkout.raw) {
        fact.leaf("core.hooksPath", checkout.shown(setting));
        let origin = checkout.raw.origin.as_deref().unwrap_or("git's settings");
        fact.decide("core.hooksPath", checkout.shown(origin));
    }
}

/// A hook that manager of any kind made, as it would be on any machine.
fn generated(text: &str) -> String {
    if lefthook::is_one(text) {
        lefthook::without_program(text)
    } else if pre_commit::made(text).is_some() {
        pre_commit::without_program(text)
    } else {
        text.to_owned()
    }
}

/// A hook that git starts.
fn running(checkout: Checkout<'_>, name: &str, folder: &str, path: String) -> Result<GateFact, Why> {
    let file: Found<'_> =
        checkout.find(&path).ok_or_else(|| Why::NotUnderstood(format!("the content of {path} is not told")))?;
    let shown = checkout.shown(&path);
    let mut hook = Hook { checkout, name, path, fact: GateFact::new(RUNS) };
    hook.fact.path = Some(shown.clone());
    hook.fact.leaf(&shown, checkout.digest(&file, generated));
    hook.fact.decide("", &shown);
    hook.fact.decide(&shown, &shown);
    place(checkout, &mut hook.fact);
    // A worktree has the file as HEAD has it, which may ask for another.
    let asks = |interpreter: &&String| {
        let first = file.text.and_then(|text| text.split('\n').next());
        first.is_none_or(|line| line.contains(interpreter.as_str()))
    };
    if let Some(interpreter) = checkout.raw.lacks.get(&file.path).filter(asks) {
        hook.fails(match interpreter.strip_suffix('\r') {
            Some(name) => format!("cannot start, since a carriage return ends its first line, behind {name}"),
            None => format!("cannot start, since its interpreter {interpreter} is not there"),
        });
    }
    let text = file.text.unwrap_or("");
    if let Some(made) = pre_commit::made(text) {
        pre_commit::describe(&mut hook, text, made)?;
    } else if lefthook::is_one(text) {
        lefthook::describe(&mut hook, text)?;
    } else if simple_git_hooks::is_one(text) {
        simple_git_hooks::describe(&mut hook, text)?;
    } else if husky::is_one(checkout, folder, text) {
        husky::describe(&mut hook, folder)?;
        if hook.fact.does == NO_SCRIPT {
            if !husky::has_scripts(checkout, folder, &NAMES) {
                hook.fact.weak = Some("it does nothing, since husky finds no script to start for any hook".to_owned());
            }
            return Ok(hook.fact);
        }
    } else if husky::is_old(text) {
        husky::describe_old(&mut hook, folder, text)?;
    } else {
        let path = hook.path.clone();
        let mut trail = script::Trail::new(checkout);
        trail.follow(text, &path, &mut hook.fact)?;
        trail.end(&mut hook.fact);
    }
    bypass::describe(&mut hook);
    if folder::setting(checkout.raw).is_some() && name == "pre-commit" && pre_commit::made(text).is_none() {
        pre_commit::is_inert(checkout, folder, &mut hook.fact);
    }
    Ok(hook.fact)
}

/// What is said where git finds no hook that a manager's configuration asks for.
fn missing(checkout: Checkout<'_>, name: &str, folder: &str) -> Option<Observed> {
    let husky = format!(".husky/{name}");
    let (asked_by, manager) = if checkout.find(&husky).is_some() {
        (husky, "husky")
    } else if let Some(file) = lefthook::asks(checkout, name) {
        (file, "lefthook")
    } else if let Some((_, file)) = simple_git_hooks::configured(checkout, name) {
        (file.to_owned(), "simple-git-hooks")
    } else if let Some((file, manager)) = pre_commit::asks(checkout, name) {
        (file.to_owned(), manager)
    } else {
        return None;
    };
    let path = collapse(&format!("{folder}/{name}"));
    let mut fact = inert(checkout, &path, "is not installed");
    fact.leaf("manager", manager);
    fact.weak = Some(format!("it is not installed, although {asked_by} asks for it"));
    let looked_for_there = checkout.raw.origin.as_ref().filter(|_| folder::setting(checkout.raw).is_some());
    fact.decide("", looked_for_there.map_or(asked_by, |origin| checkout.shown(origin)));
    Some(Observed::Present(Fact::Gate(fact)))
}

/// What is said of a hook that fires in the checkout and not in a fresh worktree.
fn silent(checkout: Checkout<'_>, name: &str, folder: &str) -> GateFact {
    let mut fact = GateFact::new(NOT_THERE);
    let shown = checkout.shown(folder);
    let is_tracked =
        checkout.raw.tree.keys().any(|path| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')));
    fact.weak = Some(match folder {
        _ if folder.starts_with("../") => {
            format!(
                "it does not fire in a fresh worktree, since core.hooksPath is {shown}, which is another folder for each"
            )
        }
        _ if is_of_checkout(folder) && !is_tracked => format!(
            "it does not fire in a fresh worktree, since core.hooksPath is {shown}, which is relative, and git does not track that folder"
        ),
        _ => format!("it does not fire in a fresh worktree, since {shown}/{name} is not there"),
    });
    if let Some(origin) = &checkout.raw.origin {
        fact.decide("", checkout.shown(origin));
    }
    fact
}
