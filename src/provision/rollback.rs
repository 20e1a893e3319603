//! Putting back what the generations of backups on a target hold, the newest first.

use super::apply::{Fate, carry_out};
use super::program::{self, Event, STATE};
use super::root::Means;
use crate::observe::audit::{self, new_nonce};
use crate::observe::{Covers, Question};
use crate::spec::{Environment, Why};
use crate::transport::{Connection, TransportError};

/// What one apply changed, and was not yet rolled back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Its number on the target: they count up.
    pub number: u32,
    /// When it began, RFC 3339; none where that was not noted.
    pub began: Option<String>,
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
    /// Whether it takes root to undo it.
    pub root: bool,
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
    /// A repository in which a commit was made, which goes unless there are others behind it.
    Commit,
    /// A working copy in which something else was checked out, which is checked out again.
    CheckedOut,
    /// Its mode was changed, and is changed back.
    Mode,
    /// A setting of a repository, which gets back the value that it had.
    Setting,
    /// A service, which stands as it did.
    Service,
    /// A service that was started, and is stopped.
    Started,
    /// A package: it is not rolled back.
    Kept,
}

/// Which generations are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// What the newest apply made.
    Newest,
    /// All behind this one; 0 stands for the machine before the first.
    Behind(u32),
}

// The folder of entries tells that a generation was begun; one without any has changed nothing.
const SCRIPT: &str = r#"
tu_found=
for tu_dir in "$tu_state"/*; do
  if [ -d "$tu_dir/entries" ] && [ ! -e "$tu_dir/rolled-back" ] && [ "$(cat "$tu_dir/home")" = "$HOME" ]; then
    for tu_entry in "$tu_dir"/entries/*; do
      if [ -f "$tu_entry" ]; then tu_found="$tu_found ${tu_dir##*/}" && break; fi
    done
  fi
done
tu_newest=${tu_found##* }
tu_apply=$(cat "$tu_state/$tu_newest/apply" 2>/dev/null)
for tu_name in $tu_found; do
  case $tu_behind in
    '')
      if [ "$tu_name" != "$tu_newest" ]; then
        if [ -z "$tu_apply" ] || [ "$(cat "$tu_state/$tu_name/apply" 2>/dev/null)" != "$tu_apply" ]; then continue; fi
      fi
      ;;
    *) if [ "${tu_name#"${tu_name%%[!0]*}"}" -le "$tu_behind" ]; then continue; fi ;;
  esac
  printf 'generation\n%s\n%s\n' "$tu_name" "$(cat "$tu_state/$tu_name/began" 2>/dev/null)"
  for tu_entry in "$tu_state/$tu_name"/entries/*; do
    if [ -f "$tu_entry" ]; then printf '%s\n' "${tu_entry##*/}" && sed 2q "$tu_entry"; fi
  done
done
"#;

/// The generations on a target that can be rolled back, the oldest first.
pub fn generations(
    connection: &mut Connection,
    environment: &Environment,
    which: Which,
) -> Result<Result<Vec<Generation>, Why>, TransportError> {
    let behind = match which {
        Which::Newest => String::new(),
        Which::Behind(number) => number.to_string(),
    };
    let script = format!("{STATE}\ntu_behind={behind}\n{SCRIPT}");
    let question = Question::new("generations", script, environment.limits.probe, Covers::default());
    let answer = audit::ask(connection, &[question])?.remove(0);
    Ok(answer.and_then(|answer| match answer.code {
        0 => read(&String::from_utf8_lossy(&answer.stdout)),
        code => {
            let message = String::from_utf8_lossy(&answer.stderr).trim().to_owned();
            Err(Why::Failed { command: "listing generations".to_owned(), code, message })
        }
    }))
}

fn read(listing: &str) -> Result<Vec<Generation>, Why> {
    let mut lines = listing.lines();
    let mut generations: Vec<Generation> = Vec::new();
    while let Some(first) = lines.next() {
        let cut_off = || Why::NotUnderstood(format!("the list of generations is cut off behind `{first}`"));
        let (second, third) = (lines.next().ok_or_else(cut_off)?, lines.next().ok_or_else(cut_off)?);
        if first == "generation" {
            let number =
                second.parse().map_err(|_| Why::NotUnderstood(format!("generation `{second}` has no number")))?;
            let began = Some(third.to_owned()).filter(|began| !began.is_empty());
            generations.push(Generation { number, began, entries: Vec::new() });
            continue;
        }
        let Some(generation) = generations.last_mut() else {
            return Err(Why::NotUnderstood(format!("entry {first} belongs to no generation")));
        };
        generation.entries.push(entry(first, second, third)?);
    }
    Ok(generations)
}

fn entry(number: &str, kind: &str, subject: &str) -> Result<Entry, Why> {
    let mut subject = subject.to_owned();
    // What is root's own, and users' managers that were not there without their user.
    let root = ["root ", "service system ", "service-stop system", "service daemon ", "service-stop daemon"]
        .iter()
        .any(|roots| kind.starts_with(roots))
        || (kind.starts_with("service user ") && kind.ends_with(" no"))
        || (kind.starts_with("setting ") && !kind.starts_with("setting default "));
    let kind = match kind {
        "had" | "root had" | "moved" => EntryKind::Had,
        "new" | "root new" => EntryKind::New,
        "clone" => EntryKind::Clone,
        "kept" => EntryKind::Kept,
        commit if commit.starts_with("commit ") => EntryKind::Commit,
        at if ["branch ", "at ", "submodule "].iter().any(|state| at.starts_with(state)) => EntryKind::CheckedOut,
        head if head.starts_with("origin-head") => {
            subject = format!("the default branch of origin in {subject}");
            EntryKind::Setting
        }
        mode if mode.starts_with("mode ") => EntryKind::Mode,
        service if service.starts_with("service ") => EntryKind::Service,
        stop if stop.starts_with("service-stop ") => EntryKind::Started,
        setting if setting.starts_with("setting ") => {
            let name = setting["setting ".len()..].split(' ').next().unwrap_or_default();
            subject = format!("setting {name} ({subject})");
            EntryKind::Setting
        }
        setting if setting.starts_with("git ") => {
            subject = format!("{} in {subject}", &setting["git ".len()..]);
            EntryKind::Setting
        }
        other => return Err(Why::NotUnderstood(format!("entry {number} says `{other}`"))),
    };
    Ok(Entry { number: number.to_owned(), kind, subject, root })
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
pub fn rollback(
    connection: &mut Connection,
    generation: &Generation,
    means: &Means,
) -> Result<Vec<Outcome>, TransportError> {
    let nonce = new_nonce();
    let numbers: Vec<&str> = generation.entries.iter().rev().map(|entry| entry.number.as_str()).collect();
    let root = generation.entries.iter().any(|entry| entry.root);
    let text = program::rollback(&format!("{:06}", generation.number), &numbers, root, means, &nonce);
    let mut outcomes = vec![Outcome { fate: Fate::Unclear, note: String::new() }; numbers.len()];
    let mut refused = None;
    let ended = carry_out(connection, &text, &nonce, &mut |event| match event {
        Event::Ended(number, 0, said) => outcomes[number] = Outcome { fate: Fate::Done, note: said },
        Event::Ended(number, code, said) => {
            outcomes[number] = Outcome { fate: Fate::Failed { code, said }, note: String::new() };
        }
        Event::Fatal(why) => refused = Some(why),
        Event::Started(_) | Event::Skipped(..) | Event::Done => {}
    });
    if let Some(why) = refused {
        outcomes.iter_mut().for_each(|outcome| outcome.fate = Fate::Skipped(why.clone()));
    }
    outcomes.reverse();
    match ended {
        Err(error) if outcomes.iter().all(|outcome| outcome.fate != Fate::Done) => Err(error),
        Ok(()) | Err(_) => Ok(outcomes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_that_a_program_makes_is_understood() {
        let programs = program::texts();
        let mut kinds: Vec<String> = Vec::new();
        for line in programs.lines().filter(|line| !line.trim_start().starts_with('#')) {
            for recorded in line.split("tu_record ").skip(1) {
                let quote = recorded.chars().next().filter(|first| ['"', '\''].contains(first));
                let kind =
                    recorded.trim_start_matches(['"', '\'']).split(quote.unwrap_or(' ')).next().unwrap_or_default();
                // What is put in while it runs is some word.
                kinds.push(
                    kind.split(' ')
                        .map(|word| if word.starts_with('$') { "x" } else { word })
                        .collect::<Vec<_>>()
                        .join(" "),
                );
            }
        }
        assert!(kinds.len() > 20, "{kinds:?}");
        for kind in kinds {
            assert!(entry("000000.0001", &kind, "subject").is_ok(), "{kind}");
        }
    }
}
