//! Putting back what the newest generation of backups on a target holds.

use super::apply::{Fate, carry_out};
use super::program::{self, Event, STATE};
use crate::observe::audit::{self, new_nonce};
use crate::observe::{Covers, Question};
use crate::spec::{Environment, Why};
use crate::transport::{Connection, TransportError};

/// The newest generation that was not yet rolled back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Its name on the target.
    pub name: String,
    /// What it holds, in the order in which it was changed.
    pub entries: Vec<Entry>,
}

/// One thing that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    number: String,
    /// What happened to it.
    pub kind: EntryKind,
    /// Its path, or for a package its name.
    pub subject: String,
}

/// What happened to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// It was replaced or removed, and comes back.
    Had,
    /// It was made, and goes.
    New,
    /// A repository that was cloned, and goes unless there is work in it.
    Clone,
    /// Its mode was changed, and is changed back.
    Mode,
    /// A setting of a repository, which gets back the value that it had.
    Setting,
    /// A package: it is not rolled back.
    Kept,
}

/// The exit code with which the question says that there is nothing to roll back.
const NOTHING: i32 = 44;

const SCRIPT: &str = r#"
tu_newest=
for tu_dir in "$tu_state"/*; do
  if [ -d "$tu_dir/entries" ] && [ ! -e "$tu_dir/rolled-back" ] && [ "$(cat "$tu_dir/home")" = "$HOME" ]; then
    for tu_entry in "$tu_dir"/entries/*; do
      if [ -f "$tu_entry" ]; then tu_newest=$tu_dir && break; fi
    done
  fi
done
[ -n "$tu_newest" ] || return 44
printf '%s\n' "${tu_newest##*/}"
for tu_entry in "$tu_newest"/entries/*; do
  if [ -f "$tu_entry" ]; then printf '%s\n' "${tu_entry##*/}" && sed 2q "$tu_entry"; fi
done
"#;

/// The newest generation on a target; none if there is nothing to roll back.
pub fn newest(
    connection: &mut Connection,
    environment: &Environment,
) -> Result<Result<Option<Generation>, Why>, TransportError> {
    let question =
        Question::new("generations", format!("{STATE}\n{SCRIPT}"), environment.limits.probe, Covers::default());
    let answer = audit::ask(connection, &[question])?.remove(0);
    Ok(answer.and_then(|answer| match answer.code {
        0 => read(&String::from_utf8_lossy(&answer.stdout)).map(Some),
        NOTHING => Ok(None),
        code => {
            let message = String::from_utf8_lossy(&answer.stderr).trim().to_owned();
            Err(Why::Failed { command: "listing generations".to_owned(), code, message })
        }
    }))
}

fn read(listing: &str) -> Result<Generation, Why> {
    let mut lines = listing.lines();
    let name = lines.next().ok_or_else(|| Why::NotUnderstood("the list of generations is empty".to_owned()))?;
    let mut entries = Vec::new();
    while let Some(number) = lines.next() {
        let (Some(kind), Some(subject)) = (lines.next(), lines.next()) else {
            return Err(Why::NotUnderstood(format!("entry {number} of generation {name} is cut off")));
        };
        let mut subject = subject.to_owned();
        let kind = match kind {
            "had" => EntryKind::Had,
            "new" => EntryKind::New,
            "clone" => EntryKind::Clone,
            "kept" => EntryKind::Kept,
            mode if mode.starts_with("mode ") => EntryKind::Mode,
            setting if setting.starts_with("git ") => {
                subject = format!("{} in {subject}", &setting["git ".len()..]);
                EntryKind::Setting
            }
            other => return Err(Why::NotUnderstood(format!("entry {number} says `{other}`"))),
        };
        entries.push(Entry { number: number.to_owned(), kind, subject });
    }
    Ok(Generation { name: name.to_owned(), entries })
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it was undone.
    pub fate: Fate,
    /// What there is to know about it: where later work was put, or what stays.
    pub note: String,
}

/// Puts a generation back, the newest change first. The outcomes have the order of the entries.
pub fn rollback(connection: &mut Connection, generation: &Generation) -> Result<Vec<Outcome>, TransportError> {
    let nonce = new_nonce();
    let numbers: Vec<&str> = generation.entries.iter().rev().map(|entry| entry.number.as_str()).collect();
    let text = program::rollback(&generation.name, &numbers, &nonce);
    let mut outcomes = vec![Outcome { fate: Fate::Unclear, note: String::new() }; numbers.len()];
    let ended = carry_out(connection, &text, &nonce, &mut |event| {
        if let Event::Ended(number, code, said) = event {
            outcomes[number] = match code {
                0 => Outcome { fate: Fate::Done, note: said },
                _ => Outcome { fate: Fate::Failed { code, said }, note: String::new() },
            };
        }
    });
    outcomes.reverse();
    match ended {
        Err(error) if outcomes.iter().all(|outcome| outcome.fate != Fate::Done) => Err(error),
        Ok(()) | Err(_) => Ok(outcomes),
    }
}
