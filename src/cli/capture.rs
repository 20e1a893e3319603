//! `trueup capture`: observe the reference and write the lock.

use std::collections::BTreeMap;

use similar::TextDiff;

use super::Exit;
use super::ask::{Answer, confirm_or_show};
use super::audit::tried;
use super::capture_changes::changes;
use super::context::{Context, print, read_bytes, reference, tell};
use super::error::CliError;
use crate::observe::audit::{self, Stage};
use crate::parity::report::printable;
use crate::provision::keep::{self, Keeping};
use crate::spec::load::{Project, replace_file};
use crate::spec::{Facts, ItemId, Listed, Lock, Locked, Observed, ScopedItem, Why, keep_comments};

/// Observe the reference and write what it has to the lock
#[derive(clap::Args)]
#[command(
    after_help = "The lock is environments/<name>.lock; commit it. What has changed since the last capture is told, and \
    a lock that differs is overwritten only when a person agrees, or with --yes. Comments in the lock stay. An item that \
    cannot be observed keeps the old lock and exits 3. A lock that cannot be read, as after a merge, is written anew on the \
    same terms.\n\n\
    Examples:\n  \
    trueup capture          asks before it overwrites\n  \
    trueup capture --diff   shows the lines that change as well\n\n\
    Exit codes: 0 captured or up to date, 2 not confirmed or a spec error, 3 something could not be observed."
)]
pub(super) struct Args {
    /// Overwrite a lock that differs without asking
    #[arg(long)]
    yes: bool,
    /// Also show the change as a unified diff of the lock
    #[arg(long)]
    diff: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let (mut project, unreadable) = context.load_to_capture()?;
    // What stands for the others is chosen anew.
    project.environment.repos.iter_mut().for_each(|repo| repo.samples = None);
    // The spec alone says what these should be.
    project.environment.services = None;
    project.environment.settings = crate::spec::settings::Settings::default();
    let reference = reference(&project);
    let surroundings = context.surroundings(&project)?;
    project.run_checks(true)?;
    let observation = audit::audit_telling(&reference, &project.environment, &surroundings, &|stage| {
        if let Stage::Tried(name, took) = stage {
            tell(&tried(&reference.name, name, took));
        }
    });
    let facts = observation.outcome.map_err(|source| CliError::Reference { name: reference.name.clone(), source })?;
    let lock = lock_of(&project, project.environment.captured(facts))?;
    let (text, lost) = match &project.lock {
        Some(old) => keep_comments(&old.text, &lock.to_text()),
        None => (lock.to_text(), Vec::new()),
    };
    tell_weaknesses(&lock)?;
    let keeping = keep::gather(&lock, &project.environment, &reference, &surroundings)
        .map_err(|source| CliError::Reference { name: reference.name.clone(), source })?;
    if let Some(old) = &project.lock {
        if old.text == text {
            keep_contents(&keeping, &project)?;
            print(&format!("{} is up to date: {}\n", shown_path(&project), count(&lock)))?;
            return Ok(Exit::Fine);
        }
        print(&changes(&old.lock, &lock, &project.environment.scope()))?;
        for comment in lost {
            tell(&format!("note: what this comment stood at is gone, and so is the comment: {comment}"));
        }
        agree(args, context, &project, &old.text, &text)?;
    }
    if let Some(why) = &unreadable {
        print(&format!(
            "the old lock could not be read, so what changed cannot be told: {}\n",
            printable(&why.to_string())
        ))?;
        agree(args, context, &project, &String::from_utf8_lossy(&read_bytes(&project.lock_path)?), &text)?;
    }
    keep_contents(&keeping, &project)?;
    replace_file(&project.lock_path, text.as_bytes())
        .map_err(|source| CliError::Write { path: project.lock_path.clone(), source })?;
    if let Some(absent) = absent(&lock, &project) {
        print(&format!("not on the reference, and so not wanted elsewhere: {absent}\n"))?;
    }
    let who = lock.reference.hostname.as_deref().unwrap_or("the reference");
    print(&format!("captured {} of {who} into {}\n", count(&lock), shown_path(&project)))?;
    Ok(Exit::Fine)
}

/// Shows the diff where it is asked for, and goes on only if a person agrees or has agreed.
fn agree(args: &Args, context: &Context, project: &Project, old: &str, new: &str) -> Result<(), CliError> {
    let diff = || {
        let diff = TextDiff::from_lines(old, new);
        diff.unified_diff().context_radius(2).header("old lock", "new lock").to_string()
    };
    if args.diff {
        print(&diff())?;
    }
    let question = format!("Overwrite {}?", shown_path(project));
    while confirm_or_show(context, args.yes, &question)? == Answer::Show {
        print(&diff())?;
    }
    Ok(())
}

/// Keeps contents beside the lock, and says which of those that were asked for are not.
fn keep_contents(keeping: &Keeping, project: &Project) -> Result<(), CliError> {
    let Some(folder) = &project.environment.dotfiles.kept else { return Ok(()) };
    crate::spec::keep(folder, &keeping.contents).map_err(|source| CliError::Write { path: folder.clone(), source })?;
    if !keeping.contents.is_empty() {
        let shown = folder.strip_prefix(&project.root).unwrap_or(folder).display();
        let count = keeping.contents.len();
        let contents = if count == 1 { "1 content".to_owned() } else { format!("{count} contents") };
        print(&format!("kept {contents} in {shown}\n"))?;
    }
    for (path, why) in &keeping.left_out {
        print(&format!("not kept: {} ({})\n", printable(path), printable(why)))?;
    }
    Ok(())
}

fn count(lock: &Lock) -> String {
    if lock.items.len() == 1 { "1 item".to_owned() } else { format!("{} items", lock.items.len()) }
}

/// What the spec names and the reference does not have: perhaps on purpose, perhaps misspelt.
fn absent(lock: &Lock, project: &Project) -> Option<String> {
    let scope = project.environment.scope();
    let is_absent = |id: &&ItemId| lock.items.get(id) == Some(&Locked::Absent);
    let absent: Vec<String> =
        scope.items.iter().map(|item| &item.id).filter(is_absent).map(ToString::to_string).collect();
    (!absent.is_empty()).then(|| absent.join(", "))
}

/// What the reference itself is weak in: nothing that a target could be blamed for, so it is told here.
fn tell_weaknesses(lock: &Lock) -> Result<(), CliError> {
    for (id, locked) in &lock.items {
        if let Locked::Present(fact) = locked
            && let Some(weakness) = fact.weakness()
        {
            print(&format!("the reference itself is weak in {id}: {weakness}\n"))?;
        }
    }
    Ok(())
}

fn shown_path(project: &Project) -> String {
    let path = project.lock_path.strip_prefix(&project.root).unwrap_or(&project.lock_path);
    path.display().to_string()
}

/// The lock that these facts make; an unknown has no place in it.
fn lock_of(project: &Project, facts: Facts) -> Result<Lock, CliError> {
    let mut scope = project.environment.scope();
    // Of a thing that many managers have, the lock keeps what this machine's own manager tells. Where it has none of
    // them, it keeps that none has it.
    for mapped in std::mem::take(&mut scope.mapped) {
        let ids = mapped.on(&facts).map_or_else(|| mapped.ids.clone(), |id| vec![id.clone()]);
        let only = Vec::new();
        scope.items.extend(ids.into_iter().map(|id| ScopedItem {
            id,
            policy: mapped.policy.clone(),
            only: only.clone(),
        }));
    }
    let mut unknown: BTreeMap<String, String> = BTreeMap::new();
    let mut items: BTreeMap<ItemId, Locked> = BTreeMap::new();
    let named: BTreeMap<ItemId, Observed> =
        scope.items.iter().map(|item| (item.id.clone(), facts.observed(&item.id))).collect();
    let holders: Vec<_> = scope.listings.iter().map(|(listing, _)| listing.holder()).collect();
    let listed = |id: &ItemId| !named.contains_key(id) && holders.iter().any(|holds| holds(id));
    let of_sets: Vec<_> = facts.items.into_iter().filter(|(id, _)| listed(id)).collect();
    for (id, observed) in named.into_iter().chain(of_sets) {
        match observed {
            Observed::Present(fact) => {
                let kept = scope.kept(&id, fact);
                items.insert(id, Locked::Present(kept));
            }
            Observed::Absent => drop(items.insert(id, Locked::Absent)),
            Observed::Unknown(why) => drop(unknown.insert(id.to_string(), why.to_string())),
        }
    }
    for (listing, _) in &scope.listings {
        match facts.listings.get(listing) {
            Some(Listed::InFull) => {}
            Some(Listed::Unknown(why)) => drop(unknown.insert(listing.id().to_string(), why.to_string())),
            None => drop(unknown.insert(listing.id().to_string(), Why::NotAsked.to_string())),
        }
    }
    if facts.machine.os.is_none() {
        unknown.insert("system".to_owned(), "the machine did not tell who it is".to_owned());
    }
    if !unknown.is_empty() {
        return Err(CliError::NotCaptured { unknown: unknown.into_iter().collect(), had_lock: project.lock.is_some() });
    }
    // A path that is an item of its own says by that item what is below it.
    let open = scope.listings.iter().filter(|(listing, _)| !items.contains_key(&listing.id()));
    let listed = open.map(|(listing, _)| listing.to_string()).collect();
    let (environment, samples) = (project.environment.name.clone(), facts.samples);
    Ok(Lock { environment, reference: facts.machine, items, listed, samples })
}
