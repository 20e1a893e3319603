//! Hooks that stand in git's settings and in no folder, as git has them since 2.54 (<https://git-scm.com/docs/git-hook>): each
//! has a name, an event and a command, and is started beside what stands where git looks. An older git makes nothing of them.

use super::checkout::Checkout;
use super::script::Trail;
use super::{RUNS, raw::Raw};
use crate::spec::{Fact, GateFact, Observed, Why};

/// A hook with what the settings have for an event added; none where there is neither.
pub(super) fn add(checkout: Checkout<'_>, event: &str, observed: Option<Observed>) -> Option<Observed> {
    let names = of(checkout.raw, event);
    if names.is_empty() {
        return observed;
    }
    let fact = match observed {
        None => GateFact::new(RUNS),
        Some(Observed::Present(Fact::Gate(fact))) => fact,
        other => return other,
    };
    Some(match is_known(checkout.raw).and_then(|known| described(checkout, fact, &names, known)) {
        Ok(Some(fact)) => Observed::Present(Fact::Gate(fact)),
        Ok(None) => return None,
        Err(why) => Observed::Unknown(why),
    })
}

/// The names of the hooks for an event, in git's order: where one is named for it again the later place counts, and an empty
/// event takes back those before it.
fn of<'a>(raw: &'a Raw, event: &str) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for setting in &raw.settings {
        let Some(name) = setting.key.strip_prefix("hook.").and_then(|key| key.strip_suffix(".event")) else { continue };
        if setting.value == event || setting.value.is_empty() {
            names.retain(|known| *known != name);
        }
        if setting.value == event {
            names.push(name);
        }
    }
    names
}

fn last<'a>(raw: &'a Raw, name: &str, key: &str) -> Option<(&'a str, &'a str)> {
    let key = format!("hook.{name}.{key}");
    let found = raw.settings.iter().rfind(|setting| setting.key == key)?;
    Some((found.value.as_str(), found.origin.as_str()))
}

/// Whether the machine's git makes something of such settings.
fn is_known(raw: &Raw) -> Result<bool, Why> {
    let number = raw.version.as_deref().and_then(|version| version.strip_prefix("git version "));
    let mut parts = number.unwrap_or("").split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok((major, minor) >= (2, 54)),
        _ => Err(Why::NotUnderstood(
            "the version of git, which decides about hooks in its settings, is not told".to_owned(),
        )),
    }
}

fn described(checkout: Checkout<'_>, mut fact: GateFact, names: &[&str], known: bool) -> Result<Option<GateFact>, Why> {
    let stood = fact != GateFact::new(RUNS);
    if !known {
        return Ok(stood.then_some(fact));
    }
    let is_off = |name: &str| {
        last(checkout.raw, name, "enabled")
            .is_some_and(|(value, _)| matches!(value.to_ascii_lowercase().as_str(), "false" | "no" | "off" | "0" | ""))
    };
    let mut trail = Trail::new(checkout);
    let mut starts = false;
    for name in names {
        let leaf = format!("hook.{name}.command");
        let Some((command, origin)) = last(checkout.raw, name, "command") else {
            fact.leaf(&leaf, "not set");
            fact.weak.get_or_insert_with(|| format!("git ends, since hook.{name} has no command"));
            continue;
        };
        fact.leaf(&leaf, checkout.raw.anywhere(command));
        fact.decide(&leaf, checkout.shown(origin));
        if is_off(name) {
            fact.leaf(format!("hook.{name}.enabled"), "no");
            fact.weak.get_or_insert_with(|| format!("hook.{name} is switched off in git's settings"));
            continue;
        }
        starts = true;
        trail.follow(command, "", &mut fact)?;
    }
    if starts && fact.is_silent() {
        RUNS.clone_into(&mut fact.does);
    } else if !starts && !stood {
        "does nothing, since all of it is switched off in git's settings".clone_into(&mut fact.does);
    }
    Ok(Some(fact))
}
