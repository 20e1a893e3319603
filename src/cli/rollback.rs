//! `trueup rollback`: put back what applies replaced.

use super::Exit;
use super::ask::confirm;
use super::context::{Context, print, select_one};
use super::error::CliError;
use super::made;
use super::means::{means, means_for_root};
use crate::provision::apply::Fate;
use crate::provision::rollback::{self, Entry, EntryKind, Generation, Outcome, Which};
use crate::provision::view::clean;
use crate::transport::{Connection, TransportError};

/// Put back what the newest apply replaced, or several of them
#[derive(clap::Args)]
#[command(
    after_help = "Files, links, modes and settings come back byte for byte; packages stay, and are named. Each apply \
    that changed something is a generation, and they count up. Run again to go back one further.\n\n\
    Examples:\n  \
    trueup rollback vm             undo the newest apply\n  \
    trueup rollback vm --to 3      as it was after the third\n  \
    trueup rollback vm --to 0      as it was before the first\n  \
    trueup rollback vm --destroy   end the machine that `create` of the spec made, by its `destroy`\n\n\
    Exit codes: 0 put back, ended or nothing to put back, 2 not confirmed, 3 not reached or not all put back."
)]
pub(super) struct Args {
    /// The target to roll back
    #[arg(value_name = "TARGET")]
    target: String,
    /// Go back to how it was after generation N; 0 is before the first
    #[arg(long, value_name = "N")]
    to: Option<u32>,
    /// End the machine itself, where an apply made it
    #[arg(long, conflicts_with = "to")]
    destroy: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let project = context.load()?;
    let target = select_one(&project, &args.target)?;
    let surroundings = context.surroundings(&project)?;
    if args.destroy {
        made::destroy(&project, target, &surroundings, args.yes, context)?;
        return Ok(Exit::Fine);
    }
    let lost = |source: TransportError| CliError::Target { name: target.name.clone(), source };
    let mut connection = Connection::open(target, project.environment.shell, &surroundings).map_err(lost)?;
    let which = args.to.map_or(Which::Newest, Which::Behind);
    let generations = rollback::generations(&mut connection, &project.environment, which)
        .map_err(lost)?
        .map_err(|why| CliError::Generations { name: target.name.clone(), why: why.to_string() })?;
    if generations.is_empty() {
        print(&format!("nothing to roll back on {}\n", target.name))?;
        return Ok(Exit::Fine);
    }
    for generation in generations.iter().rev() {
        print(&preview(&target.name, generation))?;
    }
    confirm(context, args.yes, &format!("Roll back {}?", target.name))?;
    let needs_root = generations.iter().flat_map(|generation| &generation.entries).any(|entry| entry.root);
    let means = if needs_root {
        means_for_root(target, &mut connection, &project.environment, &surroundings, context)
    } else {
        means(&surroundings)
    };
    for generation in generations.iter().rev() {
        let outcomes = rollback::rollback(&mut connection, generation, &means).map_err(lost)?;
        print(&told(generation, &outcomes))?;
        // What an older apply replaced comes back only over what it put there.
        if outcomes.iter().any(|outcome| outcome.fate != Fate::Done) {
            return Ok(Exit::Unknown);
        }
    }
    print(&format!("{} is back where it was; see with: trueup check {0}\n", target.name))?;
    Ok(Exit::Fine)
}

/// What there is to know about what became of a generation.
fn told(generation: &Generation, outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    if let Some(Outcome { fate: Fate::Skipped(why), .. }) = outcomes.first() {
        return format!("  nothing was put back: {}\n", clean(why));
    }
    for (entry, outcome) in generation.entries.iter().zip(outcomes) {
        if let Fate::Failed { said, .. } = &outcome.fate {
            text.push_str(&format!("  failed {}: {}\n", clean(&entry.subject), clean(said)));
        }
        for line in outcome.note.lines() {
            text.push_str(&format!("  note: {}\n", clean(line)));
        }
    }
    let failed = outcomes.iter().filter(|outcome| outcome.fate != Fate::Done).count();
    if failed > 0 {
        let all = outcomes.len();
        text.push_str(&format!("{failed} of {all} not put back; when nothing stands in the way, run it again\n"));
    }
    text
}

fn preview(target: &str, generation: &Generation) -> String {
    let began = generation.began.as_ref().map_or(String::new(), |began| format!(", applied {began}"));
    let mut text = format!("{target}  generation {}{}\n", generation.number, clean(&began));
    for Entry { kind, subject, .. } in &generation.entries {
        let deed = match kind {
            EntryKind::Had | EntryKind::Setting | EntryKind::Service => "put back",
            EntryKind::New | EntryKind::Clone => "remove",
            EntryKind::Commit => "uncommit",
            EntryKind::CheckedOut => "check out",
            EntryKind::Started => "stop",
            EntryKind::Mode => "mode back",
            EntryKind::Kept => "stays",
        };
        text.push_str(&format!("  {deed:9} {}\n", clean(subject)));
    }
    text
}
