//! `environments/<name>.toml` into an [`Environment`].
//!
//! Input: the file's text and the [`Vocabulary`] of this build. Output: the environment, or every problem of the file
//! at once. Unknown keys are problems, and so are known ones that this version cannot honour: nothing that a spec says
//! is ignored.

mod dotfiles;
mod items;
mod services;
mod settings;
mod surroundings;
mod targets;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::SignedDuration;
use toml_edit::Document;

use self::dotfiles::read_dotfiles;
use self::items::{read_packages, read_tools};
use self::services::read_services;
use self::settings::read_settings;
use self::surroundings::{read_env, read_system};
use self::targets::{check_target, read_targets};
use super::environment::{
    Behaviour, Environment, GatePolicy, Limits, REPO_STATES, Reference, Repo, Selection, Shell, Target,
};
use super::item::{ItemId, ItemIdError};
use super::policy::Policy;
use super::problem::{Problem, SpecProblems};
use super::section::{Entry, Placed, Problems, Section};
use super::suggest;
use super::waiver::{Covers, Waiver};

/// The words that a spec may use because this build knows them: given by the tables of the other rooms.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    /// Package managers that can be asked what they have.
    pub managers: Vec<&'static str>,
    /// Tools whose effective configuration can be asked for.
    pub gates: Vec<&'static str>,
}

/// The largest spec that is read, in bytes.
pub(super) const MAX_SPEC_BYTES: usize = 1 << 20;

/// Reads a spec. `path` is used in messages alone.
pub fn parse(path: &str, text: &str, vocabulary: &Vocabulary) -> Result<Environment, SpecProblems> {
    let document = Document::parse(text.to_owned()).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let message = if error.message().contains("recurs") {
            // The library's words are about itself.
            "tables or lists are nested too deeply to be read".to_owned()
        } else {
            error.message().to_owned()
        };
        SpecProblems::new(path, text, vec![Problem::new(message, span, "here")])
    })?;
    let problems = Problems::default();
    let root = Section::new("the spec".to_owned(), document.as_table(), 0..0, &problems);
    let environment = read_environment(root, vocabulary);
    let problems = problems.into_inner();
    match environment {
        Some(environment) if problems.is_empty() => match named_twice(&environment, text).as_slice() {
            [] => Ok(environment),
            twice => Err(SpecProblems::new(path, text, twice.to_vec())),
        },
        _ => Err(SpecProblems::new(path, text, problems)),
    }
}

/// Items that the spec names more than once: which of two policies holds would be anybody's guess.
fn named_twice(environment: &Environment, text: &str) -> Vec<Problem> {
    let mut seen = BTreeSet::new();
    let scope = environment.scope();
    let mut twice: Vec<ItemId> =
        scope.items.into_iter().map(|item| item.id).filter(|id| !seen.insert(id.clone())).collect();
    // Two things may come with one package.
    let mapped = scope.mapped.into_iter().flat_map(|mapped| mapped.ids);
    twice.extend(mapped.filter(|id| seen.contains(id)));
    let problem = |id: ItemId| {
        let name = id.name.rsplit_once('/').map_or(id.name.as_str(), |(_, name)| name);
        let place = text.rfind(&format!("{name}\"")).map_or(0..0, |start| start..start + name.len());
        Problem::new(format!("{id} is named more than once"), place, "named again").help("keep one of them")
    };
    twice.into_iter().map(problem).collect()
}

fn read_environment(mut root: Section<'_>, vocabulary: &Vocabulary) -> Option<Environment> {
    read_format(&mut root);
    let name = root.required_string("name", "write a name for the environment, such as name = \"carmenta\"");
    if let Some(name) = name.as_ref().filter(|name| !is_plain(&name.value)) {
        root.problem(
            Problem::new(format!("`{}` cannot name an environment", name.value), name.span.clone(), "here")
                .help(PLAIN_HELP),
        );
    }
    let reference = root.string("reference");
    let entries = root.section("targets").map(|mut table| table.entries()).unwrap_or_default();
    // Also the ones that have problems of their own: naming them is no mistake.
    let names: Vec<String> = entries.iter().map(|entry| entry.name.clone()).collect();
    let targets: Vec<Target> = read_targets(entries);
    let shell = root.section("shell").map(read_shell).unwrap_or_default();
    let limits = root.section("limits").map(read_limits).unwrap_or_default();
    let tools = root.section("tools").map(|mut table| read_tools(table.entries(), vocabulary)).unwrap_or_default();
    let system = root.section("system").map(|mut table| read_system(table.entries())).unwrap_or_default();
    let env = root.section("env").map(|mut table| read_env(table.entries())).unwrap_or_default();
    let (packages, mapped) = root.section("packages").map(|table| read_packages(table, vocabulary)).unwrap_or_default();
    let dotfiles = root.section("dotfiles").map(read_dotfiles).unwrap_or_default();
    let repos = root.section("repos").map(|mut table| read_repos(table.entries(), vocabulary)).unwrap_or_default();
    let gate = root.section("gate").map(read_gate).unwrap_or_default();
    let waivers = root.sections("waivers").into_iter().filter_map(|table| read_waiver(table, &names)).collect();
    let settings = root.section("settings").map(read_settings).unwrap_or_default();
    let services = root.section("services").map(|mut table| read_services(table.entries()));
    let reference = match reference {
        None => Reference::Local,
        Some(word) if word.value == "local" && !names.iter().any(|name| name == "local") => Reference::Local,
        Some(word) => {
            check_target(&root, &word, &names, "reference");
            Reference::Target(word.value)
        }
    };
    root.finish();
    Some(Environment {
        name: name?.value,
        reference,
        targets,
        shell,
        limits,
        tools,
        system,
        env,
        packages,
        mapped,
        dotfiles,
        repos,
        services,
        settings,
        gate,
        waivers,
        checks: BTreeMap::new(),
        behaviour: Behaviour::Left,
    })
}

/// Whether a name is safe wherever names go: file names, ids, command lines.
pub fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    // A file name has room for 255 bytes, and more than the name goes into it.
    (1..=64).contains(&name.len()) && name.chars().all(plain) && !name.starts_with(['-', '.'])
}

/// What to write instead of a name that is not plain.
const PLAIN_HELP: &str = "use at most 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit";

fn read_format(root: &mut Section<'_>) {
    if let Some(version) = root.integer("version").filter(|version| version.value != 1) {
        let message = format!("spec version {} is not known to this version of trueup", version.value);
        root.problem(
            Problem::new(message, version.span, "only 1 is known").help("update trueup, or write version = 1"),
        );
    }
}

fn read_shell(mut table: Section<'_>) -> Shell {
    let default = Shell::default();
    let shell = Shell {
        login: table.boolean("login").unwrap_or(default.login),
        interactive: table.boolean("interactive").unwrap_or(default.interactive),
    };
    table.finish();
    shell
}

fn read_limits(mut table: Section<'_>) -> Limits {
    let default = Limits::default();
    let limits = Limits {
        probe: read_duration(&mut table, "probe").unwrap_or(default.probe),
        connect: read_duration(&mut table, "connect").unwrap_or(default.connect),
        dump: read_duration(&mut table, "dump").unwrap_or(default.dump),
        check: read_duration(&mut table, "check").unwrap_or(default.check),
        create: read_duration(&mut table, "create").unwrap_or(default.create),
    };
    table.finish();
    limits
}

pub(super) fn read_duration(table: &mut Section<'_>, key: &'static str) -> Option<Duration> {
    let text = table.string(key)?;
    let parsed = text.value.parse::<SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
    if parsed.is_none_or(|duration| duration.is_zero()) {
        let message = format!("`{}` is not a duration", text.value);
        table.problem(Problem::new(message, text.span, "not a duration").help("write it as 30s, 15m, 24h or 1h30m"));
        return None;
    }
    parsed
}

fn read_policy(at: &Section<'_>, text: Placed<String>) -> Option<Policy> {
    Policy::parse(&text.value)
        .map_err(|error| at.problem(Problem::new(error.message, text.span, "unknown policy").help(error.help)))
        .ok()
}

fn read_repos(entries: Vec<Entry<'_>>, vocabulary: &Vocabulary) -> Vec<Repo> {
    entries.into_iter().filter_map(|entry| read_repo(&entry, vocabulary)).collect()
}

fn read_repo(entry: &Entry<'_>, vocabulary: &Vocabulary) -> Option<Repo> {
    if entry.name == "home" {
        let message = "`home` cannot name a repository";
        let problem = Problem::new(message, entry.key_span.clone(), "here");
        entry.problem(problem.help("findings of the home itself go by that name; choose another"));
        return None;
    }
    if entry.name.is_empty() || entry.name.contains(['/', ':']) || entry.name.contains(char::is_control) {
        let message = format!("`{}` cannot name a repository", entry.name);
        entry.problem(
            Problem::new(message, entry.key_span.clone(), "here").help("use a plain word; the place goes in `path`"),
        );
        return None;
    }
    let Some(mut table) = entry.section() else {
        entry.wrong_type("a table such as { path = \"~/src/carmenta\" }");
        return None;
    };
    let url = table.string("url").map(|url| url.value);
    let filter = table.string("filter");
    if let Some(filter) = filter.as_ref().filter(|filter| !is_object_filter(&filter.value)) {
        let problem = Problem::new(
            format!("`{}` leaves out no objects that git knows", filter.value),
            filter.span.clone(),
            "here",
        );
        table.problem(problem.help("write blob:none, blob:limit=1m, or tree:0"));
    }
    let path = table.required_string("path", "write where the working copy lies, such as path = \"~/src/carmenta\"");
    let gates = read_selection(&mut table, "gates");
    if let Selection::These(names) = &gates {
        for name in names.iter().filter(|name| !vocabulary.gates.contains(&name.value.as_str())) {
            let problem = Problem::new(format!("trueup knows no gate `{}`", name.value), name.span.clone(), "unknown");
            let known = vocabulary.gates.iter().copied();
            table.problem(problem.help(suggest::nearest(&name.value, known.clone()).map_or_else(
                || format!("it knows {}", known.collect::<Vec<_>>().join(", ")),
                |nearest| format!("did you mean `{nearest}`?"),
            )));
        }
    }
    let checks = read_selection(&mut table, "checks");
    if let Selection::These(names) = &checks {
        for name in names.iter().filter(|name| !is_plain(&name.value)) {
            let message = format!("`{}` cannot name a check", name.value);
            table.problem(
                Problem::new(message, name.span.clone(), "here").help("write a plain word, such as lint-error"),
            );
        }
    }
    let compared = REPO_STATES.into_iter().filter(|state| is_compared(&mut table, state)).collect();
    table.finish();
    let (gates, checks) = (plain(gates), plain(checks));
    Some(Repo {
        name: entry.name.clone(),
        url,
        path: path?.value,
        filter: filter.map(|filter| filter.value),
        compared,
        gates,
        checks,
        samples: None,
    })
}

/// Whether git would take it for its `--filter`.
fn is_object_filter(text: &str) -> bool {
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once(':') {
        Some(("blob", "none")) => true,
        Some(("blob", limit)) => {
            let size = limit.strip_prefix("limit=");
            size.is_some_and(|size| is_number(size.strip_suffix(['k', 'm', 'g']).unwrap_or(size)))
        }
        Some(("tree", depth)) => is_number(depth),
        _ => false,
    }
}

/// "auto", or a list of names with their places.
fn read_selection(table: &mut Section<'_>, key: &'static str) -> Selection<Placed<String>> {
    match table.item(key) {
        None => Selection::Auto,
        Some(item) if item.value.as_str() == Some("auto") => Selection::Auto,
        Some(_) => Selection::These(table.strings(key).unwrap_or_default()),
    }
}

fn plain(selection: Selection<Placed<String>>) -> Selection {
    match selection {
        Selection::Auto => Selection::Auto,
        Selection::These(names) => Selection::These(names.into_iter().map(|name| name.value).collect()),
    }
}

/// Whether the spec asks that a state of a working copy be the reference's.
fn is_compared(table: &mut Section<'_>, state: &'static str) -> bool {
    let Some(policy) = table.string(state) else { return false };
    if policy.value != "exact" {
        let message = format!("`{}` is no way to hold `{state}`", policy.value);
        let problem = Problem::new(message, policy.span, "unknown");
        table.problem(problem.help("write \"exact\", or leave it out: then it is shown and not compared"));
    }
    true
}

fn read_gate(mut table: Section<'_>) -> GatePolicy {
    let default = GatePolicy::default();
    let max_age = read_duration(&mut table, "max_age").unwrap_or(default.max_age);
    let warn = table.strings("warn").unwrap_or_default();
    let warn = warn.into_iter().filter_map(|text| read_item_id(&table, &text)).collect();
    table.finish();
    GatePolicy { max_age, warn }
}

fn read_item_id(at: &Section<'_>, text: &Placed<String>) -> Option<ItemId> {
    text.value
        .parse()
        .map_err(|error: ItemIdError| {
            at.problem(Problem::new(error.to_string(), text.span.clone(), "not a finding id"));
        })
        .ok()
}

fn read_waiver(mut table: Section<'_>, known_targets: &[String]) -> Option<Waiver> {
    let finding = table.required_string("finding", "name the finding that is waived, such as finding = \"tool:sed\"");
    let finding = finding.and_then(|text| read_item_id(&table, &text));
    let because = table.required_string("because", "say why: because = \"BSD sed on the reference, GNU on Linux\"");
    // What a schema's pattern takes for blank: Unicode's spaces, and the mark that some editors begin a file with.
    let is_blank = |text: &str| text.chars().all(|c| c.is_whitespace() || c == '\u{feff}');
    if let Some(because) = because.as_ref().filter(|because| is_blank(&because.value)) {
        let help = "say why: because = \"BSD sed on the reference, GNU on Linux\"";
        table.problem(Problem::new("`because` says nothing", because.span.clone(), "is empty").help(help));
    }
    let targets = table.item("targets").map(|targets| targets.span);
    let names = table.strings("targets");
    if let (Some(targets), Some([])) = (targets, names.as_deref()) {
        let help = "name the targets on which it holds, or leave `targets` out for all";
        table.problem(Problem::new("`targets` names no target", targets, "is empty").help(help));
    }
    let names = names.unwrap_or_default();
    for name in &names {
        check_target(&table, name, known_targets, "waived here");
    }
    let until = table.item("until").and_then(|until| {
        let written =
            until.value.as_datetime().map(ToString::to_string).or_else(|| until.value.as_str().map(str::to_owned));
        let read = written.as_deref().map_or(Err(NotADay::Date), day);
        read.map_err(|problem| {
            let (message, label) = match problem {
                NotADay::Date => ("`until` is not a date", "not a date"),
                NotADay::Time => ("`until` is a day, without a time", "has a time"),
                NotADay::Absent => ("`until` is a day that no calendar has", "no such day"),
            };
            let help = "write the last day on which it holds: until = 2027-03-01";
            table.problem(Problem::new(message, until.span.clone(), label).help(help));
        })
        .ok()
    });
    let got = table.string("got");
    let any = table.boolean("any").unwrap_or(false);
    if let Some(got) = got.as_ref().filter(|_| any) {
        let help = "keep `got` for this value alone, or `any = true` for every value";
        table.problem(
            Problem::new("`got` and `any = true` contradict each other", got.span.clone(), "beside `any`").help(help),
        );
    }
    let got = got.map(|got| got.value);
    table.finish();
    let covers = if any { Covers::Any } else { Covers::Got(got) };
    let targets = names.into_iter().map(|name| name.value).collect();
    Some(Waiver { finding: finding?, targets, because: because?.value, until, covers })
}

/// Why a text is not a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotADay {
    /// It is nothing of the sort.
    Date,
    /// It has a time of day.
    Time,
    /// It is of the right form, but there is no such day.
    Absent,
}

/// Reads a day such as `2027-03-01`.
pub fn day(text: &str) -> Result<jiff::civil::Date, NotADay> {
    let of_form = |text: &str| {
        let bytes = text.as_bytes();
        bytes.len() == 10
            && bytes.iter().enumerate().all(|(place, byte)| match place {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            })
    };
    match text.get(..10) {
        Some(_) if of_form(text) => text.parse().map_err(|_| NotADay::Absent),
        Some(first) if of_form(first) => Err(NotADay::Time),
        Some(_) | None => Err(NotADay::Date),
    }
}

#[cfg(test)]
mod tests;
