//! `[targets]`: the machines to hold true, and how each is reached.

use std::path::PathBuf;

use super::super::environment::{
    ContainerMaking, Devcontainer, Making, MakingCommands, Reach, Sandbox, SshAddress, Target, TargetKind,
};
use super::super::problem::Problem;
use super::super::section::{Entry, Placed, Section, strings_of};
use super::super::suggest;
use super::{PLAIN_HELP, is_plain};

pub(super) fn check_target(at: &Section<'_>, name: &Placed<String>, names: &[String], role: &str) -> bool {
    let known = names.contains(&name.value);
    if !known {
        let names = names.iter().map(String::as_str);
        let problem = Problem::new(format!("no target is named `{}`", name.value), name.span.clone(), role.to_owned());
        at.problem(match suggest::nearest(&name.value, names.clone()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help(format!("targets are: {}", names.collect::<Vec<_>>().join(", "))),
        });
    }
    known
}

pub(super) fn read_targets(entries: Vec<Entry<'_>>) -> Vec<Target> {
    entries.into_iter().filter_map(|entry| read_target(&entry)).collect()
}

fn read_target(entry: &Entry<'_>) -> Option<Target> {
    if !is_plain(&entry.name) {
        let message = format!("`{}` cannot name a target", entry.name);
        entry.problem(Problem::new(message, entry.key_span.clone(), "here").help(PLAIN_HELP));
        return None;
    }
    let Some(mut table) = entry.section() else {
        entry.wrong_type("a table such as { kind = \"vm\", ssh = \"dev@vm.example.com\" }");
        return None;
    };
    let kind = table.required_string("kind", "a kind is \"mac\", \"vm\", \"devcontainer\" or \"local\"");
    let kind = kind.and_then(|kind| {
        let known = TargetKind::ALL.into_iter().find(|(word, _)| *word == kind.value).map(|(_, known)| known);
        if known.is_none() {
            let problem = Problem::new(format!("`{}` is not a kind of target", kind.value), kind.span, "unknown kind");
            let words = TargetKind::ALL.map(|(word, _)| word);
            table.problem(match suggest::nearest(&kind.value, words) {
                Some(near) => problem.help(format!("did you mean \"{near}\"?")),
                None => problem.help("a kind is \"mac\", \"vm\", \"devcontainer\" or \"local\""),
            });
        }
        known
    });
    let labels = table.strings("labels").unwrap_or_default().into_iter().map(|label| label.value).collect();
    let making = match kind {
        Some(TargetKind::Devcontainer) => Making::Container(read_container(&mut table)),
        Some(TargetKind::Vm) => read_commands(&mut table),
        _ => Making::Found,
    };
    let reach = match kind {
        Some(TargetKind::Local) => Some(Reach::Local(read_sandbox(&mut table))),
        Some(TargetKind::Devcontainer) => {
            let workspace = table.string("workspace").map_or_else(|| ".".to_owned(), |text| text.value);
            let container = table.string("container").map(|text| text.value);
            let engine = table.string("engine").map(|text| text.value);
            Some(Reach::Devcontainer(Devcontainer { workspace: PathBuf::from(workspace), container, engine }))
        }
        Some(TargetKind::Mac | TargetKind::Vm) => read_ssh(&mut table).map(Reach::Ssh),
        None => {
            // What no kind of target has is a mistake whatever the kind is, above all a misspelt `kind`.
            for key in [
                "ssh",
                "identity",
                "home",
                "path",
                "workspace",
                "container",
                "engine",
                "image",
                "user",
                "create",
                "destroy",
            ] {
                table.item(key);
            }
            None
        }
    };
    table.finish();
    Some(Target { name: entry.name.clone(), kind: kind?, reach: reach?, making, labels })
}

fn read_container(table: &mut Section<'_>) -> ContainerMaking {
    let image = table.string("image").and_then(|image| {
        let is_one = !image.value.is_empty()
            && !image.value.starts_with('-')
            && image.value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/@+".contains(c));
        if !is_one {
            let problem = Problem::new(format!("`{}` is not an image", image.value), image.span, "not an image");
            table.problem(problem.help("write it as the engine does: image = \"debian:12\""));
        }
        is_one.then_some(image.value)
    });
    let user = table.string("user").and_then(|user| {
        let is_one = is_account(&user.value);
        if !is_one {
            let problem = Problem::new(format!("`{}` cannot name a user", user.value), user.span, "not a user's name");
            table.problem(
                problem.help("a user is named by lower-case letters, digits, `-` and `_`, beginning with a letter"),
            );
        }
        is_one.then_some(user.value)
    });
    ContainerMaking { image, user }
}

fn read_commands(table: &mut Section<'_>) -> Making {
    let mut words = |key: &'static str| -> Vec<String> {
        table.strings(key).unwrap_or_default().into_iter().map(|word| word.value).collect()
    };
    let (create, destroy) = (words("create"), words("destroy"));
    if create.is_empty() { Making::Found } else { Making::Commands(MakingCommands { create, destroy }) }
}

/// What any Linux takes as the name of a user.
fn is_account(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_ascii_lowercase() || first == '_')
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
        && name.len() <= 32
}

fn read_sandbox(table: &mut Section<'_>) -> Sandbox {
    let home = table.string("home").map(|home| PathBuf::from(home.value));
    let path = table.item("path").and_then(|path| {
        let parts = strings_of(path.value, &path.span);
        if parts.is_none() {
            let message = "`path` must be a string such as \"~/bin:/usr/bin:/bin\" or a list of folders";
            table.problem(Problem::new(message, path.span.clone(), "not a search path"));
        }
        let parts = parts?.into_iter().map(|part| part.value).collect::<Vec<_>>();
        Some(parts.join(":"))
    });
    Sandbox { home, path }
}

fn read_ssh(table: &mut Section<'_>) -> Option<SshAddress> {
    let written =
        table.required_string("ssh", "write ssh = \"user@host\", \"user@host:port\" or a Host of ~/.ssh/config");
    let identity = table.string("identity").map(|path| PathBuf::from(path.value));
    let written = written?;
    match SshAddress::read(&written.value) {
        Ok(address) => Some(SshAddress { identity, ..address }),
        Err(message) => {
            table.problem(
                Problem::new(message, written.span, "not an SSH address")
                    .help("write user@host, user@host:port, user@[ipv6]:port or a Host of ~/.ssh/config"),
            );
            None
        }
    }
}
