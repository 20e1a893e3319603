//! Services: the units that keep them, whether these are enabled, what they do, and whether the service is well. One question
//! for all, and one for each command that tells of its health.

use std::collections::BTreeMap;

use super::{failed, first_line, text};
use crate::observe::{Answer, Context, Covers, Probe, Question, Sighting};
use crate::spec::service::{Activity, ManagedFact, Manager, Service, ServiceFact, ServiceScope};
use crate::spec::{Account, Category, Digest, Environment, Fact, ItemId, Observed, Why};
use crate::transport::quote;

pub(super) const PROBE: Probe =
    Probe { name: "service", doc: "services, their units and their health", manager: None, ask, read };

const SCRIPT: &str = include_str!("service.sh");
const ALL: &str = "services";
const HEALTH: &str = "/health";

/// What a service that is well is.
const HEALTHY: &str = "healthy";

/// Of how many starts a service is taken for one that ends soon after each, where it has run for less than this.
const OFTEN: u64 = 3;
const SOON_SECONDS: u64 = 60;

fn ask(environment: &Environment) -> Vec<Question> {
    let Some(services) = &environment.services else { return Vec::new() };
    let mut script = format!("{SCRIPT}\ntu_services || return\n");
    for service in services {
        script.push_str(&ask_one(service));
    }
    script.push_str(&quote::words(["tu_others", &environment.name]));
    script.push_str("\ntu_states\n");
    let id = |name: &str| ItemId::new(Category::Service, name);
    let covers = Covers { items: services.iter().map(|service| id(&service.name)).collect(), listings: Vec::new() };
    let names = services.iter().map(|service| service.name.clone()).collect();
    let all = Question::new(ALL, script, environment.limits.probe, covers);
    let mut questions = vec![Question { context: Context::Names(names), ..all }];
    for service in services {
        let Some(health) = &service.health else { continue };
        let name = format!("{}{HEALTH}", service.name);
        let covers = Covers { items: vec![id(&name)], listings: Vec::new() };
        let script = format!("{SCRIPT}\n{}", quote::words(["tu_health", &health.run]));
        questions.push(Question::new(name, script, health.limit, covers));
    }
    questions
}

fn ask_one(service: &Service) -> String {
    let name = service.name.as_str();
    let mut lines = String::new();
    let mut line = |words: &[&str]| {
        lines.push_str(&quote::words(words.iter().copied()));
        lines.push('\n');
    };
    let has_secrets = !service.secrets().is_empty();
    let managers: &[Manager] = match service.scope {
        ServiceScope::User => &[Manager::SystemdUser, Manager::LaunchdAgent, Manager::LaunchdDaemon],
        ServiceScope::System { .. } => &[Manager::SystemdSystem, Manager::LaunchdDaemon],
    };
    for manager in managers {
        let path = Service::unit_path(name, *manager);
        let secrets = if has_secrets { service.secrets_path(*manager) } else { String::new() };
        match manager {
            Manager::SystemdUser | Manager::SystemdSystem => {
                let link = Service::enabling_link(name, *manager);
                line(&["tu_systemd", manager.word(), name, &path, &link, &secrets]);
            }
            Manager::LaunchdAgent | Manager::LaunchdDaemon => {
                line(&["tu_launchd", manager.word(), name, &path, &secrets]);
            }
        }
    }
    if let Some(program) = service.program() {
        line(&["tu_program", name, program]);
    }
    lines
}

/// What is told of one unit.
#[derive(Debug, Default)]
struct Told<'a> {
    unit: Option<&'a str>,
    lacks_secrets: bool,
    enabled: bool,
    /// systemd's properties, or launchd's words.
    words: BTreeMap<&'a str, &'a str>,
}

/// All that the answer tells.
#[derive(Debug, Default)]
struct Answered<'a> {
    keeper: &'a str,
    first: &'a str,
    account: Option<Account>,
    lingers: bool,
    on_screen: bool,
    up: f64,
    units: BTreeMap<(Manager, &'a str), Told<'a>>,
    lacks: BTreeMap<&'a str, &'a str>,
    others: Vec<(Manager, &'a str, Digest)>,
    /// Of a manager that does not answer, what is said instead.
    mute: BTreeMap<Manager, String>,
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    if let Some(name) = question.subject.strip_suffix(HEALTH) {
        return read_health(name, answer);
    }
    let Context::Names(names) = &question.context else {
        return Err(Why::NotUnderstood("no service was asked for".to_owned()));
    };
    let stdout = text(&answer.stdout);
    let answered = lines(&stdout).ok_or_else(|| failed("sh", answer))??;
    let mut sightings: Vec<Sighting> = answered.account.clone().map(Sighting::Account).into_iter().collect();
    let mut tell = |name: &str, observed| {
        sightings.push(Sighting::Item(ItemId::new(Category::Service, name), observed));
    };
    for name in names {
        tell(name, observed(name, &answered));
    }
    for (manager, name, digest) in &answered.others {
        if !names.iter().any(|known| known == name) {
            let fact = ManagedFact { unit: Some(digest.clone()), ..nothing(*manager, &answered) };
            tell(name, Observed::Present(Fact::Service(ServiceFact::Managed(fact))));
        }
    }
    Ok(sightings)
}

/// The lines of the answer; none where it was not told to its end.
fn lines(stdout: &str) -> Option<Result<Answered<'_>, Why>> {
    if stdout.lines().next_back() != Some("end") {
        return None;
    }
    let mut answered = Answered::default();
    let mut lines = stdout.lines();
    while let Some(line) = lines.next() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let understood = match word {
            "end" => Some(()),
            "show" => Manager::of_word(rest).map(|manager| read_shown(manager, &mut lines, &mut answered)),
            _ => enter(word, rest, &mut answered),
        };
        if understood.is_none() {
            return Some(Err(Why::NotUnderstood(format!("unexpected line `{}`", first_line(line.as_bytes())))));
        }
    }
    Some(Ok(answered))
}

/// One line: what it is about and what it says.
fn enter<'a>(word: &str, rest: &'a str, answered: &mut Answered<'a>) -> Option<()> {
    let yes = |text: &str| match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let of_unit = || {
        let (manager, rest) = rest.split_once(' ')?;
        let (name, value) = rest.split_once(' ')?;
        Some(((Manager::of_word(manager)?, name), value))
    };
    match word {
        "account" => {
            let (user, home) = rest.split_once(' ')?;
            answered.account = Some(Account { user: user.to_owned(), home: home.to_owned() });
        }
        "keeper" => answered.keeper = rest,
        "first" => answered.first = rest,
        "up" => answered.up = rest.parse().ok()?,
        "lingers" => answered.lingers = yes(rest)?,
        "screen" => answered.on_screen = yes(rest)?,
        "lacks" => drop(answered.lacks.insert(rest.split_once(' ')?.0, rest.split_once(' ')?.1)),
        "other" => {
            let (hex, path) = rest.split_once(' ')?;
            let (manager, name) = of_path(path)?;
            answered.others.push((manager, name, Digest::from_hex(hex)?));
        }
        "unit" => {
            let (unit, digest) = of_unit()?;
            answered.units.entry(unit).or_default().unit = Some(digest);
        }
        "secrets" => {
            let (unit, value) = of_unit()?;
            answered.units.entry(unit).or_default().lacks_secrets = !yes(value)?;
        }
        "enabled" => {
            let (unit, value) = of_unit()?;
            answered.units.entry(unit).or_default().enabled = yes(value)?;
        }
        "state" | "runs" | "exit" => {
            let key = ["state", "runs", "exit"].into_iter().find(|key| *key == word)?;
            let (unit, value) = of_unit()?;
            answered.units.entry(unit).or_default().words.insert(key, value);
        }
        _ => return None,
    }
    Some(())
}

/// What a manager of systemd tells of several units, a block each; or what it says instead.
fn read_shown<'a>(manager: Manager, lines: &mut std::str::Lines<'a>, answered: &mut Answered<'a>) {
    let mut block: BTreeMap<&str, &str> = BTreeMap::new();
    let mut said = String::new();
    let mut finish = |block: &mut BTreeMap<&'a str, &'a str>| {
        let words = std::mem::take(block);
        let name = words.get("Id").and_then(|id| id.strip_prefix("trueup-")?.strip_suffix(".service"));
        if let Some(told) = name.and_then(|name| answered.units.get_mut(&(manager, name))) {
            told.words = words;
        }
    };
    for line in lines {
        if line.strip_prefix("shown ").is_some() {
            break;
        }
        match line.split_once('=') {
            _ if line.is_empty() => finish(&mut block),
            Some((key, value)) if !key.contains(' ') => drop(block.insert(key, value)),
            _ if said.is_empty() => said = first_line(line.as_bytes()),
            _ => {}
        }
    }
    finish(&mut block);
    if !said.is_empty() {
        answered.mute.insert(manager, said);
    }
}

/// Whose unit a file is.
fn of_path(path: &str) -> Option<(Manager, &str)> {
    let file = path.rsplit('/').next()?;
    let is_roots = path.starts_with('/');
    match file.strip_suffix(".service") {
        Some(unit) => {
            let manager = if is_roots { Manager::SystemdSystem } else { Manager::SystemdUser };
            Some((manager, unit.strip_prefix("trueup-")?))
        }
        None => {
            let manager = if is_roots { Manager::LaunchdDaemon } else { Manager::LaunchdAgent };
            Some((manager, file.strip_suffix(".plist")?.strip_prefix("dev.trueup.")?))
        }
    }
}

fn nothing(manager: Manager, answered: &Answered<'_>) -> ManagedFact {
    ManagedFact {
        manager,
        on_screen: answered.on_screen,
        unit: None,
        secrets: true,
        enabled: false,
        lingers: true,
        activity: Activity::Stopped("not loaded".to_owned()),
        lacks: None,
        told: String::new(),
    }
}

fn observed(name: &str, answered: &Answered<'_>) -> Observed {
    if answered.keeper == "none" {
        let why = format!("neither systemd nor launchd runs there: its first process is {}", answered.first);
        return Observed::Present(Fact::Service(ServiceFact::Unmanaged(why)));
    }
    let of_name: Vec<(&Manager, &Told<'_>)> = answered
        .units
        .iter()
        .filter(|((_, known), _)| *known == name)
        .map(|((manager, _), told)| (manager, told))
        .collect();
    // On a Mac either of two may keep it: the one that has it, else the one that would.
    let is_there = |told: &Told<'_>| told.unit.is_some_and(|unit| unit != "none");
    let would = |manager: Manager| manager != Manager::LaunchdAgent || answered.on_screen;
    let chosen = of_name
        .iter()
        .find(|(_, told)| is_there(told))
        .or_else(|| of_name.iter().find(|(manager, _)| would(**manager)));
    let Some((manager, told)) = chosen else {
        return Observed::Unknown(Why::NotUnderstood("nothing is told about it".to_owned()));
    };
    let unit = match told.unit {
        Some("none") | None => None,
        Some("denied") => return Observed::Unknown(Why::NotUnderstood("its unit may not be read".to_owned())),
        Some(hex) => match Digest::from_hex(hex) {
            Some(digest) => Some(digest),
            None => return Observed::Unknown(Why::NotUnderstood(format!("`{hex}` is no digest"))),
        },
    };
    let (activity, since) = match manager {
        Manager::SystemdUser | Manager::SystemdSystem => match answered.mute.get(manager) {
            Some(said) => (Activity::Stopped(format!("its manager does not answer: {said}")), String::new()),
            None => of_systemd(&told.words, answered.up),
        },
        Manager::LaunchdAgent | Manager::LaunchdDaemon => of_launchd(&told.words),
    };
    Observed::Present(Fact::Service(ServiceFact::Managed(ManagedFact {
        unit,
        secrets: !told.lacks_secrets,
        enabled: told.enabled,
        lingers: **manager != Manager::SystemdUser || answered.lingers,
        activity,
        lacks: answered.lacks.get(name).map(|program| (*program).to_owned()),
        told: since,
        ..nothing(**manager, answered)
    })))
}

/// What a unit of systemd does, and since when.
fn of_systemd(words: &BTreeMap<&str, &str>, up: f64) -> (Activity, String) {
    let word = |key: &str| words.get(key).copied().unwrap_or_default();
    let number = |key: &str| word(key).parse::<u64>().unwrap_or(0);
    let restarts = number("NRestarts");
    // What code 1 ends is ended by itself, with a status; else by a signal.
    let ended = match word("ExecMainCode") {
        "1" => format!("its last exit code was {}", word("ExecMainStatus")),
        "2" | "3" => format!("signal {} ended it", word("ExecMainStatus")),
        _ => word("SubState").to_owned(),
    };
    let again = match restarts {
        0 => String::new(),
        1 => ", started again once".to_owned(),
        many => format!(", started again {many} times"),
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "microseconds of an uptime are far below what a double holds exactly"
    )]
    let began = number("ActiveEnterTimestampMonotonic") as f64 / 1e6;
    let age = (up - began).max(0.0);
    let alone = again.trim_start_matches(", ").to_owned();
    match (word("ActiveState"), word("SubState")) {
        (_, "auto-restart") => (Activity::Restarting(ended), alone),
        #[expect(clippy::cast_precision_loss, reason = "it is a small constant")]
        ("active" | "reloading" | "activating", _) if restarts >= OFTEN && age < SOON_SECONDS as f64 => {
            let how = format!("{restarts} times, the last {} ago", span(age));
            (Activity::Restarting(how), String::new())
        }
        ("active" | "reloading" | "activating", _) => (Activity::Running, format!("for {}{again}", span(age))),
        ("inactive", _) if word("Result") == "success" && word("ExecMainCode") == "1" => (Activity::Done, alone),
        ("inactive", _) => (Activity::Stopped("inactive".to_owned()), alone),
        _ => (Activity::Stopped(ended), alone),
    }
}

/// What a job of launchd does. It tells no times.
fn of_launchd(words: &BTreeMap<&str, &str>) -> (Activity, String) {
    let word = |key: &str| words.get(key).copied().unwrap_or_default();
    let runs = word("runs").parse::<u64>().unwrap_or(0);
    let exit = word("exit");
    let told = match runs {
        0 | 1 => String::new(),
        2 => "started again once".to_owned(),
        many => format!("started again {} times", many - 1),
    };
    match word("state") {
        "running" => (Activity::Running, told),
        "" => (Activity::Stopped("not loaded".to_owned()), String::new()),
        "spawn scheduled" => (Activity::Restarting(format!("its last exit code was {exit}")), told),
        _ if exit == "0" => (Activity::Done, told),
        _ if exit.is_empty() || exit == "(never exited)" => (Activity::Stopped("never started".to_owned()), told),
        _ => (Activity::Stopped(format!("its last exit code was {exit}")), told),
    }
}

/// A span of time as a person says it, in its two largest units at most.
fn span(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "uptimes are small, and not below 0")]
    let seconds = seconds as u64;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

fn read_health(name: &str, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    let stdout = text(&answer.stdout);
    let (said, code) = stdout.trim_end().rsplit_once("\nexit ").ok_or_else(|| failed("sh", answer))?;
    let code: i32 = code.parse().map_err(|_| Why::NotUnderstood(format!("`{code}` is no exit code")))?;
    let state = match (code, said.trim()) {
        (0, _) => HEALTHY.to_owned(),
        (code, "") => format!("not healthy (exit code {code})"),
        (code, said) => format!("not healthy (exit code {code}: {})", first_line(said.as_bytes())),
    };
    let id = ItemId::new(Category::Service, format!("{name}{HEALTH}"));
    Ok(vec![Sighting::Item(id, Observed::Present(Fact::text(state)))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_two_units_at_most() {
        let said = [0.9, 59.0, 60.0, 3599.0, 3600.0, 90_000.0].map(span);
        assert_eq!(said, ["0 s", "59 s", "1 min", "59 min", "1 h 0 min", "1 d 1 h"]);
    }
}
