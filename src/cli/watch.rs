//! `trueup watch`: audits again and again, remembers what they found, and tells when something changed.
//!
//! A round runs on a thread of its own, so that a signal ends the command at once whatever the round is doing; all that
//! it leaves behind is in transactions. Rounds never overlap: the next one is planned when the last one has ended. A
//! machine that slept makes up for the rounds it missed by one.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::audit::Parallel;
use super::context::{Context, PARALLEL, select, tell};
use super::error::CliError;
use super::kept_checks::{self, Kept};
use super::notify::{Channel, Running, Webhook};
use super::unit::{self, UnitKind};
use super::vouch::now;
use super::watch_lock::WatchLock;
use super::{Exit, audit, background};
use crate::parity::notice::Notice;
use crate::parity::report::printable;
use crate::parity::{Report, TargetReport, Verdict};
use crate::spec::{Behaviour, Target};
use crate::store::{StateId, Store};

/// Audit targets again and again, record what is found, and tell when it changes
#[derive(clap::Args, Clone)]
#[command(
    after_help = "Each audit is a line on stderr and a short row in the history (see `trueup history`). A notice goes \
    out when a target's verdict changes, or which of its findings are drifted or unknown: one JSON document \
    (trueup/notice/v1) on the command's stdin, or as the body of a POST. What could not be delivered is tried again after \
    the next audit.\n\n\
    Examples:\n  \
    trueup watch --every 5m\n  \
    trueup watch --every 5m --behaviour-every 24h\n  \
    trueup watch --every 15m vm mini --webhook env:HOOK_URL\n  \
    trueup watch --every 5m --notify 'jq -r .text | mail -s drift me@example.com'\n  \
    trueup watch --every 5m --print-unit systemd-timer > ~/.config/systemd/user/trueup-watch-dev.timer\n\n\
    Exit codes: 2 usage or spec error; with --once those of check: 0 parity, 1 drift, 3 something could not be observed."
)]
pub(super) struct Args {
    /// The targets to audit; all when none is named
    #[arg(value_name = "TARGET")]
    pub(super) targets: Vec<String>,
    /// How long from the start of one audit to the next, such as 30s, 5m or 1h
    #[arg(long, value_name = "TIME", value_parser = interval, required_unless_present = "once")]
    pub(super) every: Option<Duration>,
    /// Vary that time by up to so much, so that many watchers do not act at once
    #[arg(long, value_name = "PERCENT", value_parser = percent, default_value = "10%")]
    pub(super) jitter: u32,
    /// Also run the checks of behaviour, so often; what they brought last is told in between
    #[arg(long, value_name = "TIME", value_parser = interval)]
    pub(super) behaviour_every: Option<Duration>,
    /// Audit once and end with the exit code of `check`; for timers
    #[arg(long, conflicts_with = "print_unit")]
    once: bool,
    /// Run a command line with sh and the notice on its stdin
    #[arg(long, value_name = "COMMAND")]
    pub(super) notify: Option<String>,
    /// POST the notice to an address; `env:NAME` takes it from a variable, which keeps it out of the process list
    #[arg(long, value_name = "URL")]
    pub(super) webhook: Option<String>,
    /// Print what makes a scheduler of the system do this, instead of doing it
    #[arg(long, value_name = "KIND", requires = "every")]
    print_unit: Option<UnitKind>,
}

fn interval(text: &str) -> Result<Duration, String> {
    let duration = text.parse::<SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
    let duration = duration.ok_or_else(|| "write it as 30s, 5m or 1h30m".to_owned())?;
    if duration < Duration::from_secs(1) { Err("it must be at least 1s".to_owned()) } else { Ok(duration) }
}

fn percent(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse::<u32>();
    number.ok().filter(|percent| *percent <= 50).ok_or_else(|| "write it as 10%, and at most 50%".to_owned())
}

/// What the waiting thread hears.
enum Heard {
    Signal(&'static str),
    Round(Result<Verdict, CliError>),
}

/// How long to sleep at most before the clock is looked at again: a monotonic wait does not count the time that the
/// machine sleeps.
const GLANCE: Duration = Duration::from_secs(10);

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    if let (Some(kind), Some(every)) = (args.print_unit, args.every) {
        return unit::print(kind, every, args, context);
    }
    let running = Running::default();
    let channels = channels(args, &running)?;
    let _lock = WatchLock::take(&context.state_dir()?, &context.load()?.environment.name)?;
    let (hear, heard) = mpsc::channel();
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])
        .map_err(|source| CliError::Io { doing: "listening for signals", source })?;
    let tell_signal = hear.clone();
    std::thread::spawn(move || {
        for signal in signals.forever() {
            // Nobody listens any more once the command is about to end.
            let _unheard = tell_signal.send(Heard::Signal(signal_name(signal)));
        }
    });
    let mut first = true;
    loop {
        let started = now();
        let (args_of_round, context_of_round) = (args.clone(), context.clone());
        let (hear, channels) = (hear.clone(), channels.clone());
        let round = std::thread::spawn(move || {
            let _unheard = hear.send(Heard::Round(round(&args_of_round, &context_of_round, &channels)));
        });
        let verdict = match wait_for_round(&heard, &round)? {
            Heard::Signal(name) => return Ok(stop(name, &running)),
            Heard::Round(Err(error)) if first || args.once => return Err(error),
            Heard::Round(Err(error)) => {
                tell(&printable(&format!("{:.0} error: {}", now(), error.sentence())));
                Verdict::Unknown
            }
            Heard::Round(Ok(verdict)) => verdict,
        };
        let Some(every) = args.every.filter(|_| !args.once) else { return Ok(verdict.into()) };
        first = false;
        let due = due(started, every, args.jitter, random());
        if let Some(name) = wait_until(due, &heard) {
            return Ok(stop(name, &running));
        }
    }
}

fn channels(args: &Args, running: &Running) -> Result<Vec<Channel>, CliError> {
    let command = args.notify.clone().map(|command| Channel::Command(command, running.clone()));
    let webhook = args.webhook.as_deref().map(Webhook::parse).transpose().map_err(CliError::Webhook)?;
    Ok(command.into_iter().chain(webhook.map(Channel::Webhook)).collect())
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        SIGINT => "SIGINT",
        SIGHUP => "SIGHUP",
        _ => "SIGTERM",
    }
}

fn stop(name: &str, running: &Running) -> Exit {
    running.end();
    tell(&format!("{:.0} stopped by {name}", now()));
    Exit::Fine
}

/// A round that ended without a word has panicked, which was printed already.
fn wait_for_round(heard: &Receiver<Heard>, round: &std::thread::JoinHandle<()>) -> Result<Heard, CliError> {
    loop {
        let finished = round.is_finished();
        match heard.recv_timeout(Duration::from_secs(1)) {
            Ok(heard) => return Ok(heard),
            Err(RecvTimeoutError::Timeout) if !finished => {}
            Err(_) => {
                let source = std::io::Error::other("it broke off");
                return Err(CliError::Io { doing: "auditing", source });
            }
        }
    }
}

/// Waits for a time of the clock; a signal ends the waiting.
fn wait_until(due: Timestamp, heard: &Receiver<Heard>) -> Option<&'static str> {
    loop {
        let left = Duration::try_from(due.duration_since(now())).unwrap_or_default();
        if left.is_zero() {
            return None;
        }
        if let Ok(Heard::Signal(name)) = heard.recv_timeout(left.min(GLANCE)) {
            return Some(name);
        }
    }
}

/// When the next round is due: `every` after the start of the last one, give or take the jitter; `random` is 0 to 1.
fn due(started: Timestamp, every: Duration, jitter: u32, random: f64) -> Timestamp {
    let most = every.as_secs_f64() * f64::from(jitter) / 100.0;
    let wait = every.as_secs_f64() + most * (2.0 * random - 1.0);
    started.checked_add(SignedDuration::from_secs_f64(wait)).unwrap_or(Timestamp::MAX)
}

/// Where the system has no randomness, there is no jitter.
fn random() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}

/// One look at all targets. The spec and the lock are read anew, because they may have changed.
fn round(args: &Args, context: &Context, channels: &[Channel]) -> Result<Verdict, CliError> {
    let mut project = context.load()?;
    let targets: Vec<Target> = select(&project, &args.targets)?.into_iter().cloned().collect();
    let targets: Vec<&Target> = targets.iter().collect();
    let store = Store::open(&context.state_dir()?.join("trueup.db"))?;
    let mut kept = Kept::new();
    let mut fresh = false;
    if let Some(every) = args.behaviour_every {
        match kept_checks::of_last_round(&project, &targets, &store, every, now())? {
            Some(last) => {
                project.environment.behaviour = Behaviour::Kept;
                kept = last;
            }
            None => {
                project.run_checks(false)?;
                fresh = true;
            }
        }
    }
    let started = now();
    let mut report = audit::audit_beside(&project, &targets, Parallel { parallel: PARALLEL }, &kept, context)?;
    if fresh {
        kept_checks::record(&project, &report, &store, started)?;
    }
    let mut background = report.background.clone();
    background::add_standings(&mut background, &report, &store)?;
    report.background = background;
    for part in &report.targets {
        let state = store.record_audit(&report, part)?;
        tell(&line(&report, part));
        for channel in channels {
            hand_on(channel, state, &report, part, &store)?;
        }
    }
    Ok(report.verdict())
}

/// Tells a channel what is new to it. What could not be delivered stays new.
fn hand_on(
    channel: &Channel,
    state: StateId,
    report: &Report,
    part: &TargetReport,
    store: &Store,
) -> Result<(), CliError> {
    let was = store.last_told(&report.environment, &part.target, channel.name())?;
    match Notice::of(was.as_ref(), report, part).map(|notice| channel.deliver(&notice.to_json())) {
        None if was.is_some() => {}
        None | Some(Ok(())) => store.set_told(channel.name(), state)?,
        Some(Err(why)) => tell(&format!("{:.0} {} the {} was not told: {why}", now(), part.target, channel.name())),
    }
    Ok(())
}

/// `2026-05-01T12:00:00Z vm drift (1 drift, 29 match) new: tool:node, 412 ms`
fn line(report: &Report, part: &TargetReport) -> String {
    let counts: Vec<String> = ["drift", "unknown", "waived", "match"]
        .into_iter()
        .map(|state| (part.count(state), state))
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| format!("{count} {state}"))
        .collect();
    let new: Vec<String> = part
        .findings
        .iter()
        .filter(|finding| part.error.is_none() && report.background.standing(&part.target, &finding.id).newly)
        .map(|finding| finding.id.to_string())
        .collect();
    let more = match (&part.error, new.as_slice()) {
        (Some(error), _) => format!(" {error},"),
        (None, []) => String::new(),
        (None, new) => format!(" new: {},", new.join(" ")),
    };
    let (at, target, verdict) = (part.observed_at, &part.target, part.verdict().word());
    printable(&format!("{at:.0} {target} {verdict} ({}){more} {} ms", counts.join(", "), part.duration.as_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_round_is_due_within_the_jitter_and_counted_from_the_start() {
        let started: Timestamp = "2026-05-01T12:00:00Z".parse().unwrap();
        let after = |random| due(started, Duration::from_secs(300), 10, random).duration_since(started).as_secs();
        assert_eq!([after(0.0), after(0.5), after(1.0)], [270, 300, 330]);
        assert!((0..1000).all(|_| (0.0..=1.0).contains(&random())));
    }

    #[test]
    fn a_time_that_has_passed_is_not_waited_for() {
        let (_hear, heard) = mpsc::channel();
        assert_eq!(wait_until(now() - SignedDuration::from_hours(9), &heard), None);
    }

    #[test]
    fn times_and_percentages_are_read_as_people_write_them() {
        assert_eq!(interval("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(interval("1h30m"), Ok(Duration::from_secs(5400)));
        assert!(interval("0s").is_err() && interval("-5m").is_err() && interval("soon").is_err());
        assert_eq!((percent("10%"), percent("0")), (Ok(10), Ok(0)));
        assert!(percent("51%").is_err() && percent("-1%").is_err());
    }
}
