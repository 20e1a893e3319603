//! `trueup capture`: observe the reference and write the lock.

use std::collections::BTreeMap;

use similar::TextDiff;

use super::Exit;
use super::ask::confirm;
use super::context::{Context, print, reference};
use super::error::CliError;
use crate::observe::audit;
use crate::spec::load::{Project, replace_file};
use crate::spec::{Facts, ItemId, Listed, Lock, Locked, Observed, Why};

/// Observe the reference and write what it has to the lock
#[derive(clap::Args)]
#[command(
    after_help = "The lock is environments/<name>.lock; commit it. An item that cannot be observed keeps the old \
    lock and exits 3."
)]
pub(super) struct Args {
    /// Overwrite a lock that differs without asking
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let project = context.load()?;
    let reference = reference(&project);
    let surroundings = context.surroundings(&project)?;
    let observation = audit::audit(&reference, &project.environment, &surroundings);
    let facts = observation.outcome.map_err(|source| CliError::Reference { name: reference.name.clone(), source })?;
    let lock = lock_of(&project, project.environment.captured(facts))?;
    let text = lock.to_text();
    let old = project.lock.as_ref().map(|loaded| loaded.text.as_str());
    if old == Some(text.as_str()) {
        print(&format!("{} is up to date: {}\n", shown_path(&project), count(&lock)))?;
        return Ok(Exit::Fine);
    }
    if let Some(old) = old {
        let diff = TextDiff::from_lines(old, &text);
        print(&diff.unified_diff().context_radius(2).header("old lock", "new lock").to_string())?;
        confirm(context, args.yes, &format!("Overwrite {}?", shown_path(&project)))?;
    }
    replace_file(&project.lock_path, text.as_bytes())
        .map_err(|source| CliError::Write { path: project.lock_path.clone(), source })?;
    if let Some(absent) = absent(&lock, &project) {
        print(&format!("not on the reference, and so not wanted elsewhere: {absent}\n"))?;
    }
    let who = lock.reference.hostname.as_deref().unwrap_or("the reference");
    print(&format!("captured {} of {who} into {}\n", count(&lock), shown_path(&project)))?;
    Ok(Exit::Fine)
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

fn shown_path(project: &Project) -> String {
    let path = project.lock_path.strip_prefix(&project.root).unwrap_or(&project.lock_path);
    path.display().to_string()
}

/// The lock that these facts make; an unknown has no place in it.
fn lock_of(project: &Project, facts: Facts) -> Result<Lock, CliError> {
    let scope = project.environment.scope();
    let mut unknown: BTreeMap<String, String> = BTreeMap::new();
    let mut items: BTreeMap<ItemId, Locked> = BTreeMap::new();
    let named = |id: &ItemId| scope.items.iter().any(|item| item.id == *id);
    let listed = |id: &ItemId| scope.listings.iter().any(|(listing, _)| listing.holds(id));
    for (id, observed) in facts.items.into_iter().filter(|(id, _)| named(id) || listed(id)) {
        match observed {
            Observed::Present(fact) => drop(items.insert(id, Locked::Present(fact))),
            Observed::Absent => drop(items.insert(id, Locked::Absent)),
            Observed::Unknown(why) => drop(unknown.insert(id.to_string(), why.to_string())),
        }
    }
    for item in &scope.items {
        if !items.contains_key(&item.id) && !unknown.contains_key(&item.id.to_string()) {
            unknown.insert(item.id.to_string(), Why::NotAsked.to_string());
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
    Ok(Lock { environment: project.environment.name.clone(), reference: facts.machine, items, listed })
}
