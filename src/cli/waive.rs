//! `trueup waive`: accept a drift, for a reason, in the spec.
//!
//! The targets are audited first, because a waiver is made for what is there now: it records that value, and holds only
//! while it stays. It does not ask: it changes a few lines of a file that is under version control, and shows them.
#![expect(clippy::disallowed_methods, reason = "IO edge: edits the spec")]

use jiff::civil::Date;
use similar::TextDiff;

use super::context::{Context, print, read_file, select, tell};
use super::error::CliError;
use super::{Exit, audit};
use crate::observe;
use crate::parity::{Finding, Report, State};
use crate::spec::load::replace_file;
use crate::spec::{Covers, ItemId, NotADay, Waiver, day, edit, parse, suggest};

/// Accept a drift for a reason: audits the targets and writes a waiver into the spec
#[derive(clap::Args)]
#[command(
    after_help = "The waiver holds while what is there stays what it is now, unless --any is given. Waiving the \
    same finding again brings its entry up to date, and keeps its last day. What matches, and what could not be observed, is not waived. The \
    change is shown and made without a question; comments and layout of the spec stay.\n\n\
    Examples:\n  \
    trueup waive tool:sed --target vm --because \"BSD sed on the reference, GNU on Linux\" --any\n  \
    trueup waive dotfile:.zshrc --target mini --because \"until it is migrated\" --until 2027-03-01\n\n\
    Exit codes: 0 waived, 2 nothing there to waive or a mistake in the command, 3 it could not be observed."
)]
pub(super) struct Args {
    /// The finding, as `trueup check` names it
    #[arg(value_name = "FINDING")]
    finding: ItemId,
    /// The target on which it is accepted; may be repeated. Without one: every target that has the drift
    #[arg(long = "target", short, value_name = "TARGET")]
    targets: Vec<String>,
    /// Why it is accepted
    #[arg(long, value_name = "TEXT")]
    because: String,
    /// The last day on which it is accepted (to its end, UTC), such as 2027-03-01; `never` takes away the one that an
    /// entry has, which else stays
    #[arg(long, value_name = "DATE", value_parser = read_until)]
    until: Option<Until>,
    /// Accept whatever is there, also when it changes
    #[arg(long)]
    any: bool,
}

/// How long a waiver holds.
#[derive(Clone, Copy, Debug)]
enum Until {
    Day(Date),
    Never,
}

fn read_until(text: &str) -> Result<Until, String> {
    if text == "never" {
        return Ok(Until::Never);
    }
    day(text).map(Until::Day).map_err(|problem| {
        let what = match problem {
            NotADay::Date => "not a date",
            NotADay::Time => "a day is wanted, without a time",
            NotADay::Absent => "no calendar has this day",
        };
        format!("{what}; write it as 2027-03-01, or never")
    })
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let because = args.because.trim();
    if because.is_empty() {
        return Err(CliError::BadArgument("a waiver needs a reason: --because \"…\"".to_owned()));
    }
    let project = context.load()?;
    let targets = select(&project, &args.targets)?;
    let old = read_file(&project.spec_path)?;
    refuse_a_day_that_has_passed(args)?;
    let report = audit::audit(&project, &targets, context)?;
    let accepted = accepted(args, &report)?;
    let mut new = old.clone();
    for (got, targets) in accepted {
        let covers = if args.any { Covers::Any } else { Covers::Got(got) };
        let finding = args.finding.clone();
        let mut waiver = Waiver { finding, targets, because: because.to_owned(), until: None, covers };
        waiver.until = match args.until {
            Some(Until::Day(until)) => Some(until),
            Some(Until::Never) => None,
            None => kept_until(&new, &waiver)?,
        };
        new = edit::waive(&new, &waiver).map_err(|error| CliError::NotWaived {
            id: waiver.finding.to_string(),
            why: error.to_string(),
            unknown: false,
        })?;
    }
    let shown = format!("environments/{}", project.spec_path.file_name().unwrap_or_default().display());
    if new == old {
        print(&format!("{shown} says so already\n"))?;
        return Ok(Exit::Fine);
    }
    // What was written must read back, or nothing is written.
    parse(&shown, &new, &observe::vocabulary()).map_err(|problems| {
        let why = format!("the edited spec would not be understood: {problems}");
        CliError::NotWaived { id: args.finding.to_string(), why, unknown: false }
    })?;
    if read_file(&project.spec_path)? != old {
        return Err(CliError::ChangedMeanwhile(project.spec_path));
    }
    replace_file(&project.spec_path, new.as_bytes())
        .map_err(|source| CliError::Write { path: project.spec_path.clone(), source })?;
    print(&TextDiff::from_lines(&old, &new).unified_diff().context_radius(2).header(&shown, &shown).to_string())?;
    Ok(Exit::Fine)
}

/// A waiver that has expired before it is made would do nothing, in silence.
fn refuse_a_day_that_has_passed(args: &Args) -> Result<(), CliError> {
    match args.until {
        Some(Until::Day(until)) if until < today() => {
            Err(CliError::BadArgument(format!("--until {until} has passed already; today is {} (UTC)", today())))
        }
        Some(_) | None => Ok(()),
    }
}

/// The last day that somebody set before stays until it is changed by name.
fn kept_until(spec: &str, waiver: &Waiver) -> Result<Option<Date>, CliError> {
    let Some(until) = edit::until(spec, waiver).and_then(|written| day(&written).ok()) else { return Ok(None) };
    if until < today() {
        let why = format!("the waiver there expired on {until}; say --until DATE, or --until never");
        return Err(CliError::BadArgument(why));
    }
    tell(&format!("note: until = {until} stays; --until never removes it"));
    Ok(Some(until))
}

fn today() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// What is there, and on which targets: an entry each, since a waiver holds for one value.
type Accepted = Vec<(Option<String>, Vec<String>)>;

fn accepted(args: &Args, report: &Report) -> Result<Accepted, CliError> {
    let named = !args.targets.is_empty();
    let mut accepted: Accepted = Vec::new();
    let mut refusals: Vec<(String, bool)> = Vec::new();
    for part in &report.targets {
        let name = &part.target;
        match part.findings.iter().find(|finding| finding.id == args.finding) {
            Some(Finding { state: State::Unknown, reason, .. }) => {
                refusals.push((format!("on {name} it is unknown ({reason}), and a waiver never covers that"), true));
            }
            None if part.error.is_some() => {
                let error = part.error.as_deref().unwrap_or_default();
                refusals.push((format!("{name} could not be observed: {error}"), true));
            }
            Some(Finding { state: State::Match, .. }) => refusals.push((format!("on {name} it matches"), false)),
            Some(finding) => {
                let got = finding.got();
                match accepted.iter_mut().find(|(known, _)| args.any || *known == got) {
                    Some((_, targets)) => targets.push(name.clone()),
                    None => accepted.push((got, vec![name.clone()])),
                }
            }
            None => refusals.push((format!("{name} has no such finding"), false)),
        }
    }
    let nowhere = report.targets.iter().all(|part| part.findings.iter().all(|finding| finding.id != args.finding));
    if nowhere && refusals.iter().all(|(_, unknown)| !unknown) {
        return Err(no_such_finding(&args.finding, report));
    }
    // Targets that were named must all have the drift; of all targets, those that do not are merely told.
    if (named && !refusals.is_empty()) || accepted.is_empty() {
        let unknown = refusals.iter().any(|(_, unknown)| *unknown);
        let why = refusals.into_iter().map(|(why, _)| why).collect::<Vec<_>>().join("; ");
        return Err(CliError::NotWaived { id: args.finding.to_string(), why, unknown });
    }
    for (why, _) in refusals.iter().filter(|(_, unknown)| *unknown) {
        tell(&format!("note: {why}"));
    }
    Ok(accepted)
}

fn no_such_finding(finding: &ItemId, report: &Report) -> CliError {
    let name = finding.to_string();
    let ids: Vec<String> =
        report.targets.iter().flat_map(|part| part.findings.iter().map(|finding| finding.id.to_string())).collect();
    let nearest = suggest::nearest(&name, ids.iter().map(String::as_str)).map(str::to_owned);
    CliError::NoSuchFinding { name, nearest }
}
