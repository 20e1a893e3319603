//! Links: in which way they differ, and what is not compared of them.

use std::collections::BTreeMap;

use super::{Finding, State};
use crate::spec::{
    Category, Dotfile, Environment, Extent, Fact, FileFact, ItemId, LeadsTo, Mode, Observed, glob_matches, link_end,
};

/// What a link leads to, and the mode of that; each where it is known.
type End<'a> = (Option<&'a LeadsTo>, Option<Mode>);

/// In which way links of the same text, which are known to differ, lead to something else.
pub(super) fn difference((want, want_mode): End<'_>, (got, got_mode): End<'_>) -> String {
    match (want, got) {
        (None, _) => "the lock does not say what it leads to; run `trueup capture`".to_owned(),
        (_, None) => "what it leads to was not observed".to_owned(),
        (Some(want), Some(got)) if want == got => match (want_mode, got_mode) {
            (Some(want), Some(got)) => format!("what it leads to has mode {got}, {want} on the reference"),
            _ => "the mode of what it leads to was not observed".to_owned(),
        },
        (_, Some(LeadsTo::Nowhere)) => "it leads nowhere, on the reference it does not".to_owned(),
        (Some(LeadsTo::Nowhere), _) => "it leads somewhere, on the reference it leads nowhere".to_owned(),
        (Some(LeadsTo::File(_)), Some(LeadsTo::File(_))) => "it leads to other content".to_owned(),
        (Some(want), Some(got)) => format!("it leads to {}, on the reference to {}", kind(got), kind(want)),
    }
}

fn kind(leads_to: &LeadsTo) -> String {
    match leads_to {
        LeadsTo::Nowhere => "nothing".to_owned(),
        LeadsTo::Folder => "a folder".to_owned(),
        LeadsTo::Other => "neither file nor folder".to_owned(),
        LeadsTo::Special(special) => special.to_string(),
        LeadsTo::File(_) => "a file".to_owned(),
    }
}

/// Who names a folder means what lies in it, but a link is followed only by a glob: through a link that is one of its own
/// items, `apply` would put files elsewhere. A match of such a link says so where the spec names it; of links that lie in a
/// folder that the spec names, the folder says it, once for all of them.
pub(super) fn say_what_is_not_compared(findings: &mut BTreeMap<ItemId, Finding>, environment: &Environment) {
    let mut in_folders: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for finding in findings.values_mut() {
        if finding.state != State::Match || !leads_into_the_unseen(finding, environment) {
            continue;
        }
        if environment.dotfile(&finding.id).is_none() {
            if let Some(folder) = folder_of(&finding.id.name, environment) {
                in_folders.entry(folder).or_default().push(format!("`{}/**`", finding.id.name));
            }
            continue;
        }
        let name = &finding.id.name;
        let told = format!("a link to a folder (what lies in it is not compared: name `{name}/**` for that)");
        finding.reason = format!("{}; it is {told}", finding.reason);
        finding.warning = Some(told);
    }
    for (folder, globs) in in_folders {
        let Some(finding) = findings.get_mut(&ItemId::new(Category::Dotfile, folder)) else { continue };
        let told = told_of_links(&globs);
        if finding.state == State::Match {
            finding.reason = format!("{}; it holds {told}", finding.reason);
        }
        finding.warning = Some(told);
    }
}

/// How many globs are listed.
const LISTED: usize = 5;

fn told_of_links(globs: &[String]) -> String {
    let listed = globs.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match globs.len() {
        1 => format!("1 link to a folder (what lies in it is not compared: name {listed} for that)"),
        count => {
            let more = if count > LISTED { format!(" and {} more", count - LISTED) } else { String::new() };
            format!("{count} links to folders (what lies in those is not compared: name {listed}{more} for that)")
        }
    }
}

/// The nearest folder around a path that the spec names.
fn folder_of<'a>(name: &str, environment: &'a Environment) -> Option<&'a str> {
    let folders = environment.dotfiles.entries.iter().filter(|entry| entry.extent == Extent::Path);
    let around = folders.map(|entry| entry.name.as_str()).filter(|folder| is_below(name, folder));
    around.max_by_key(|folder| folder.len())
}

/// Whether it is a link to a folder that the spec looks into neither through the link nor where it really lies.
fn leads_into_the_unseen(finding: &Finding, environment: &Environment) -> bool {
    let Some(Observed::Present(Fact::File(FileFact::Link { to, leads_to: Some(LeadsTo::Folder), .. }))) =
        &finding.observed
    else {
        return false;
    };
    let name = &finding.id.name;
    let end = link_end(name, to);
    let holds = |folder: &str, path: &str| path == folder || is_below(path, folder);
    let looks_into = |entry: &Dotfile| match (&entry.extent, &end) {
        (Extent::Glob { root }, _) if holds(name, root) => true,
        (Extent::Glob { root }, Some(end)) => holds(end, root) || glob_matches(&entry.name, &format!("{end}/x")),
        (Extent::Path, Some(end)) => holds(&entry.name, end),
        (_, None) => false,
    };
    !environment.dotfiles.entries.iter().any(looks_into)
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
