//! `[services]`: programs that are kept running.

use std::time::Duration;

use super::super::problem::Problem;
use super::super::section::{Entry, Placed, Section};
use super::super::service::{Health, Service, ServiceScope, ServiceValue};
use super::super::suggest;
use super::super::threshold::Measure;
use super::super::variable;
use super::surroundings::{read_only, read_secret};
use super::{is_plain, read_duration};

/// How long after its end a service is started again.
const RESTART: Duration = Duration::from_secs(10);
const HEALTH_LIMIT: Duration = Duration::from_secs(10);
const HEALTH_EVERY: Duration = Duration::from_secs(1);

pub(super) fn read_services(entries: Vec<Entry<'_>>) -> Vec<Service> {
    entries.into_iter().filter_map(|entry| read_service(&entry)).collect()
}

fn read_service(entry: &Entry<'_>) -> Option<Service> {
    // Units of `watch` are called so.
    if !is_plain(&entry.name) || entry.name.starts_with("watch-") {
        let message = format!("`{}` cannot name a service", entry.name);
        let help =
            "use at most 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit, not with `watch-`";
        entry.problem(Problem::new(message, entry.key_span.clone(), "here").help(help));
        return None;
    }
    let Some(mut table) = entry.section() else {
        entry.wrong_type("a table such as { run = \"trueup worker\" }");
        return None;
    };
    let run = table.required_string("run", "write the command line, such as run = \"trueup worker\"");
    let run = run.and_then(|run| one_line(&table, "run", run));
    let keep_alive = table.boolean("keep_alive").unwrap_or(true);
    let scope = read_scope(&mut table);
    let environment = read_variables(&mut table);
    let working_directory = read_directory(&mut table, scope.as_ref());
    let restart = read_duration(&mut table, "restart").unwrap_or(RESTART);
    let logs = read_size(&mut table, "logs");
    let health = table.section("health").and_then(read_health);
    let only = read_only(&mut table);
    table.finish();
    let name = entry.name.clone();
    let scope = scope?;
    Some(Service { name, run: run?, scope, keep_alive, restart, environment, working_directory, logs, health, only })
}

/// What goes into a line of a unit: with a line break it would be two.
fn one_line(at: &Section<'_>, key: &str, text: Placed<String>) -> Option<String> {
    let problem = if text.value.trim().is_empty() {
        Some("is empty")
    } else if text.value.contains(char::is_control) {
        Some("holds a line break or another control character")
    } else {
        None
    };
    match problem {
        None => Some(text.value),
        Some(what) => {
            let problem = Problem::new(format!("`{key}` {what}"), text.span, "here");
            at.problem(problem.help("write it on one line; what needs several belongs into a script"));
            None
        }
    }
}

fn read_scope(table: &mut Section<'_>) -> Option<ServiceScope> {
    let scope = table.string("scope");
    let user = table.string("user");
    match scope.as_ref().map(|scope| scope.value.as_str()) {
        Some("user") | None if user.is_none() => Some(ServiceScope::User),
        Some("user") => {
            let span = user.map_or(table.span.clone(), |user| user.span);
            let problem = Problem::new("`user` is said of a service of the user's own", span, "here");
            table.problem(problem.help("leave it out, or write scope = \"system\""));
            None
        }
        Some("system") | None => {
            let named = user.as_ref().map_or("root", |user| user.value.as_str());
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if !named.is_empty() && named.chars().all(plain) && !named.starts_with('-') {
                return Some(ServiceScope::System { user: named.to_owned() });
            }
            let message = format!("`{named}` is not a login name");
            let span = user.map_or(table.span.clone(), |user| user.span);
            table.problem(Problem::new(message, span, "here"));
            None
        }
        Some(other) => {
            let span = scope.as_ref().map_or(table.span.clone(), |scope| scope.span.clone());
            let problem = Problem::new(format!("`{other}` is no scope of a service"), span, "unknown");
            table.problem(problem.help(suggest::nearest(other, ["user", "system"]).map_or_else(
                || "write \"user\" or \"system\"".to_owned(),
                |nearest| format!("did you mean \"{nearest}\"?"),
            )));
            None
        }
    }
}

fn read_directory(table: &mut Section<'_>, scope: Option<&ServiceScope>) -> Option<String> {
    let path = table.string("working_directory")?;
    let help = match scope {
        Some(ServiceScope::System { .. }) if !path.value.starts_with('/') => {
            Some("write an absolute path: the machine's own manager knows no home of its user's")
        }
        _ if !path.value.starts_with('/') && !path.value.starts_with("~/") => {
            Some("write an absolute path, or one in the home: ~/…")
        }
        _ => None,
    };
    if let Some(help) = help {
        let message = format!("`{}` is no place for a service to run in", path.value);
        table.problem(Problem::new(message, path.span, "here").help(help));
        return None;
    }
    one_line(table, "working_directory", path)
}

fn read_variables(table: &mut Section<'_>) -> Vec<(String, ServiceValue)> {
    let entries = table.section("environment").map(|mut table| table.entries()).unwrap_or_default();
    entries.into_iter().filter_map(|entry| read_variable(&entry)).collect()
}

fn read_variable(entry: &Entry<'_>) -> Option<(String, ServiceValue)> {
    if !variable::is_name(&entry.name) {
        let message = format!("`{}` is not a variable's name", entry.name);
        entry.problem(Problem::new(message, entry.key_span.clone(), "here"));
        return None;
    }
    if let Some(value) = entry.item.as_str() {
        let help = if variable::looks_secret(&entry.name) {
            // It may be the secret itself, so it is not repeated.
            Some((
                format!("`{}` looks like a secret, and its value stands in the spec", entry.name),
                "say where it is had from: { secret = \"env:NAME\" }",
            ))
        } else if value.contains(char::is_control) {
            let message = format!("the value of `{}` holds a line break or another control character", entry.name);
            Some((message, "write it on one line, or as a secret"))
        } else {
            None
        };
        if let Some((message, help)) = help {
            entry.problem(Problem::new(message, entry.span.clone(), "here").help(help));
            return None;
        }
        return Some((entry.name.clone(), ServiceValue::Plain(value.to_owned())));
    }
    let Some(mut table) = entry.section() else {
        entry.wrong_type("a text or a table such as { secret = \"env:NAME\" }");
        return None;
    };
    let reference = table.required_string("secret", "say where it is had from: secret = \"env:NAME\"");
    let reference = reference.and_then(|text| read_secret(&table, &text));
    table.finish();
    Some((entry.name.clone(), ServiceValue::Secret(reference?.to_string())))
}

fn read_size(table: &mut Section<'_>, key: &'static str) -> Option<u64> {
    let text = table.string(key)?;
    let digits = text.value.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.value.len());
    let unit = text.value[digits..].strip_prefix(' ').unwrap_or(&text.value[digits..]);
    let is_written_so = (1..=10).contains(&digits)
        && !text.value.starts_with('0')
        && ["B", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"].contains(&unit);
    let size = Measure::Bytes.amount(&text.value).filter(|_| is_written_so);
    if size.is_none() {
        let problem = Problem::new(format!("`{}` is not a size", text.value), text.span, "here");
        table.problem(problem.help("write a number and a unit, such as \"10 MB\""));
    }
    size
}

fn read_health(mut table: Section<'_>) -> Option<Health> {
    let run = table.required_string("run", "write a command that succeeds where the service is well");
    let run = run.and_then(|run| one_line(&table, "run", run));
    let limit = read_duration(&mut table, "limit").unwrap_or(HEALTH_LIMIT);
    let every = read_duration(&mut table, "every").unwrap_or(HEALTH_EVERY);
    table.finish();
    Some(Health { run: run?, limit, every })
}
