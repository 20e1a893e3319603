//! `trueup history`: what recorded audits saw change, newest first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde::Serialize;

use super::Exit;
use super::context::{Context, print};
use super::error::CliError;
use super::vouch::now;
use crate::parity::Verdict;
use crate::parity::history::{Event, Marked, Noted, events};
use crate::parity::report::{View, printable};
use crate::spec::ItemId;
use crate::store::Store;

/// Show when targets stopped being as they were, and what changed
#[derive(clap::Args)]
#[command(
    after_help = "`trueup watch`, `attest` and `run` record their audits; `check` does not. Audits in a row that \
    found the same are one entry.\n\n\
    Examples:\n  \
    trueup history\n  \
    trueup history vm --since 7d\n  \
    trueup history --since 2026-05-01T00:00:00Z --format json\n\n\
    Exit codes: 0 shown, 2 usage or spec error, 3 the history could not be read."
)]
pub(super) struct Args {
    /// The target to show; all when none is named
    #[arg(value_name = "TARGET")]
    target: Option<String>,
    /// Only what was seen since: 90m, 12h, 7d, 2w, or a time such as 2026-05-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<Since>,
    /// At most so many entries for each target
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Write the timeline as human or json
    #[arg(long, value_name = "F", default_value = "human")]
    format: TimelineFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TimelineFormat {
    Human,
    Json,
}

/// A moment, or how long ago it was.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Since {
    At(Timestamp),
    Ago(SignedDuration),
}

impl std::str::FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self::At(at));
        }
        let span = text.parse::<Span>().ok();
        let ago = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
        ago.filter(SignedDuration::is_positive)
            .map(Self::Ago)
            .ok_or_else(|| "write it as 90m, 12h, 7d, 2w or 2026-05-01T00:00:00Z".to_owned())
    }
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let environment = context.load()?.environment;
    let store = Store::open_to_read(&context.state_dir()?.join("trueup.db"))?;
    let recorded = store.as_ref().map_or(Ok(Vec::new()), |store| store.audited_targets(&environment.name))?;
    let targets: Vec<String> = match &args.target {
        None => recorded,
        Some(name) if recorded.contains(name) => vec![name.clone()],
        Some(name) if environment.target(name).is_some() => Vec::new(),
        Some(name) => {
            let mut known: Vec<String> = environment.targets.iter().map(|target| target.name.clone()).collect();
            known.extend(recorded.into_iter().filter(|name| environment.target(name).is_none()));
            return Err(CliError::NoSuchTarget { name: name.clone(), known });
        }
    };
    let since = args.since.map(|since| match since {
        Since::At(at) => at,
        Since::Ago(ago) => now().checked_sub(ago).unwrap_or(Timestamp::MIN),
    });
    let mut timelines = Vec::new();
    for target in targets {
        let periods = store.as_ref().map_or(Ok(Vec::new()), |store| store.periods(&environment.name, &target))?;
        let mut events = events(&periods);
        events.retain(|event| since.is_none_or(|since| event.until >= since));
        events.reverse();
        let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
        let left_out = events.len().saturating_sub(limit);
        events.truncate(limit);
        timelines.push(Timeline { target, events, left_out });
    }
    match args.format {
        TimelineFormat::Json => print(&to_json(&environment.name, &timelines))?,
        TimelineFormat::Human => print(&human(&timelines, context.stdout_view()))?,
    }
    Ok(Exit::Fine)
}

/// One target's events, newest first.
struct Timeline {
    target: String,
    events: Vec<Event>,
    left_out: usize,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    environment: &'a str,
    targets: Vec<TargetEntry<'a>>,
}

#[derive(Serialize)]
struct TargetEntry<'a> {
    target: &'a str,
    events: Vec<EventEntry<'a>>,
}

#[derive(Serialize)]
struct EventEntry<'a> {
    at: Timestamp,
    until: Timestamp,
    audits: u64,
    verdict: &'static str,
    was: Option<&'static str>,
    error: Option<&'a str>,
    changed: &'a [Marked],
    appeared: &'a BTreeMap<ItemId, Noted>,
    gone: &'a BTreeMap<ItemId, Noted>,
}

fn to_json(environment: &str, timelines: &[Timeline]) -> String {
    let targets = timelines
        .iter()
        .map(|timeline| TargetEntry { target: &timeline.target, events: timeline.events.iter().map(entry).collect() });
    let document = Document { schema: "trueup/history/v1", environment, targets: targets.collect() };
    let mut text = serde_json::to_string_pretty(&document).expect("every field has a JSON form");
    text.push('\n');
    text
}

fn entry(event: &Event) -> EventEntry<'_> {
    EventEntry {
        at: event.at,
        until: event.until,
        audits: event.audits,
        verdict: event.verdict.word(),
        was: event.was.map(Verdict::word),
        error: event.error.as_deref(),
        changed: &event.changed,
        appeared: &event.appeared,
        gone: &event.gone,
    }
}

const INFALLIBLE: &str = "writing to a string cannot fail";

/// So many findings of an entry are shown; `--format json` has them all.
const SHOWN: usize = 8;

fn human(timelines: &[Timeline], view: View) -> String {
    if timelines.iter().all(|timeline| timeline.events.is_empty()) {
        return "no audit is recorded here; `trueup watch` records them\n".to_owned();
    }
    let mut text = String::new();
    for timeline in timelines.iter().filter(|timeline| !timeline.events.is_empty()) {
        let name = view.look.paint(Style::new().bold(), &printable(&timeline.target));
        writeln!(text, "{name}").expect(INFALLIBLE);
        for event in &timeline.events {
            render_event(&mut text, event, view);
        }
        if timeline.left_out > 0 {
            writeln!(text, "  … and {} earlier: --limit shows more", timeline.left_out).expect(INFALLIBLE);
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn render_event(text: &mut String, event: &Event, view: View) {
    let colour = match event.verdict {
        Verdict::Parity => AnsiColor::Green,
        Verdict::Drift => AnsiColor::Red,
        Verdict::Unknown => AnsiColor::Yellow,
    };
    let word = view.look.paint(colour.on_default().bold(), &format!("{:7}", event.verdict.word()));
    let audits = if event.audits == 1 { "1 audit".to_owned() } else { format!("{} audits", event.audits) };
    let changed: Vec<&str> = event.changed.iter().map(|marked| marked.word()).collect();
    let changed = if changed.is_empty() { String::new() } else { format!("; another {}", changed.join(", another ")) };
    let until = if event.audits == 1 { String::new() } else { format!(" to {:.0}", event.until) };
    writeln!(text, "  {:.0}  {word}  {audits}{until}{changed}", event.at).expect(INFALLIBLE);
    if let Some(error) = &event.error {
        writeln!(text, "    ! {}", view.fit(&printable(error), 6)).expect(INFALLIBLE);
        return;
    }
    let appeared = event.appeared.iter().map(|(id, noted)| {
        let got = noted.got.as_ref().map(|got| format!(": {got}")).unwrap_or_default();
        (AnsiColor::Red, "+", format!("{id} {}{got}", noted.state))
    });
    let gone = event.gone.iter().map(|(id, noted)| (AnsiColor::Green, "-", format!("{id} {}", noted.state)));
    let lines: Vec<_> = appeared.chain(gone).collect();
    for (colour, mark, line) in lines.iter().take(SHOWN) {
        let mark = view.look.paint(colour.on_default(), mark);
        writeln!(text, "    {mark} {}", view.fit(&printable(line), 6)).expect(INFALLIBLE);
    }
    if lines.len() > SHOWN {
        writeln!(text, "    … and {} more", lines.len() - SHOWN).expect(INFALLIBLE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_moment_or_an_age() {
        assert_eq!("7d".parse(), Ok(Since::Ago(SignedDuration::from_hours(168))));
        assert_eq!("2w".parse(), Ok(Since::Ago(SignedDuration::from_hours(336))));
        assert_eq!("90m".parse(), Ok(Since::Ago(SignedDuration::from_mins(90))));
        assert_eq!("2026-05-01T00:00:00Z".parse(), Ok(Since::At("2026-05-01T00:00:00Z".parse().unwrap())));
        for text in ["", "7", "-7d", "soon", "1 month"] {
            assert!(text.parse::<Since>().is_err(), "{text}");
        }
    }
}
