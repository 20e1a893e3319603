//! `trueup rollback`: put back what the newest apply replaced.

use super::Exit;
use super::ask::confirm;
use super::context::{Context, print, select_one};
use super::error::CliError;
use crate::provision::apply::Fate;
use crate::provision::rollback::{self, Entry, EntryKind, Generation};
use crate::provision::view::clean;
use crate::transport::Connection;

/// Put back the files that the newest apply replaced
#[derive(clap::Args)]
#[command(after_help = "Files, links, modes and settings come back byte for byte; packages stay, and are named. Run \
    again to go back one apply further.\n\n\
    Example:\n  trueup rollback vm\n\n\
    Exit codes: 0 put back or nothing to put back, 2 not confirmed, 3 not reached or not all put back.")]
pub(super) struct Args {
    /// The target to roll back
    #[arg(value_name = "TARGET")]
    target: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let project = context.load()?;
    let target = select_one(&project, &args.target)?;
    let surroundings = context.surroundings(&project)?;
    let lost = |source| CliError::Target { name: target.name.clone(), source };
    let mut connection = Connection::open(target, project.environment.shell, &surroundings).map_err(lost)?;
    let newest = rollback::newest(&mut connection, &project.environment)
        .map_err(lost)?
        .map_err(|why| CliError::Generations { name: target.name.clone(), why: why.to_string() })?;
    let Some(generation) = newest else {
        print(&format!("nothing to roll back on {}\n", target.name))?;
        return Ok(Exit::Fine);
    };
    print(&preview(&target.name, &generation))?;
    confirm(context, args.yes, &format!("Roll back {}?", target.name))?;
    let outcomes = rollback::rollback(&mut connection, &generation).map_err(lost)?;
    let mut text = String::new();
    for (entry, outcome) in generation.entries.iter().zip(&outcomes) {
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
        print(&text)?;
        return Ok(Exit::Unknown);
    }
    text.push_str(&format!("{} is back where it was; see with: trueup check {0}\n", target.name));
    print(&text)?;
    Ok(Exit::Fine)
}

fn preview(target: &str, generation: &Generation) -> String {
    let mut text = format!("{target}  generation {}\n", generation.name);
    for Entry { kind, subject, .. } in &generation.entries {
        let deed = match kind {
            EntryKind::Had | EntryKind::Setting => "put back",
            EntryKind::New | EntryKind::Clone => "remove",
            EntryKind::Mode => "mode back",
            EntryKind::Kept => "stays",
        };
        text.push_str(&format!("  {deed:9} {}\n", clean(subject)));
    }
    text
}
