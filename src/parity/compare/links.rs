//! Links: in which way they differ, and what is not compared of them.

use super::{Finding, State};
use crate::spec::{Environment, Extent, Fact, FileFact, LeadsTo, Mode, Observed};

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
/// items, `apply` would put files elsewhere. A match of such a link says so, unless a glob of the spec looks into it.
pub(super) fn say_what_is_not_compared(finding: &mut Finding, environment: &Environment) {
    let Some(Observed::Present(Fact::File(FileFact::Link { leads_to: Some(LeadsTo::Folder), .. }))) = &finding.observed
    else {
        return;
    };
    let name = &finding.id.name;
    let is_in_it =
        |root: &str| root.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let looked_into = environment
        .dotfiles
        .entries
        .iter()
        .any(|entry| matches!(&entry.extent, Extent::Glob { root } if is_in_it(root)));
    if finding.state != State::Match || environment.dotfile(&finding.id).is_none() || looked_into {
        return;
    }
    let told = format!("a link to a folder (what lies in it is not compared: name `{name}/**` for that)");
    finding.reason = format!("{}; it is {told}", finding.reason);
    finding.warning = Some(told);
}
