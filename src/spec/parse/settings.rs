//! `[settings]`: what a machine is set to.

use toml_edit::Item;

use super::super::problem::Problem;
use super::super::section::{Entry, Placed, Section};
use super::super::settings::{Preference, PreferenceValue, Settings, Sshd};

/// The kinds of keys that sshd takes.
const KEYS: [&str; 4] = ["ssh-ed25519 ", "ssh-rsa ", "ecdsa-sha2-", "sk-"];

pub(super) fn read_settings(mut table: Section<'_>) -> Settings {
    let keys = table.strings("authorized_keys").unwrap_or_default();
    let authorized_keys = keys.into_iter().filter_map(|key| read_key(&table, key)).collect();
    let sshd = table.section("sshd").map(|mut sshd| {
        let read = Sshd { passwords: sshd.boolean("passwords"), root_login: sshd.boolean("root_login") };
        sshd.finish();
        read
    });
    let pmset = table.section("pmset").map(|mut pmset| pmset.entries()).unwrap_or_default();
    let pmset = pmset.into_iter().filter_map(|entry| read_pmset(&entry)).collect();
    let domains = table.section("defaults").map(|mut defaults| defaults.entries()).unwrap_or_default();
    let defaults = domains.into_iter().flat_map(|domain| read_domain(&domain)).collect();
    table.finish();
    Settings { authorized_keys, sshd, pmset, defaults }
}

fn read_key(at: &Section<'_>, key: Placed<String>) -> Option<String> {
    let words = key.value.split(' ').filter(|word| !word.is_empty()).count();
    let is_one = KEYS.iter().any(|kind| key.value.starts_with(kind));
    if is_one && words >= 2 && !key.value.contains(char::is_control) {
        return Some(key.value);
    }
    let problem = Problem::new("this is no public key", key.span, "here");
    at.problem(problem.help("write the line of its .pub file: \"ssh-ed25519 AAAA… me@laptop\""));
    None
}

fn read_pmset(entry: &Entry<'_>) -> Option<(String, u32)> {
    let is_name = !entry.name.is_empty() && entry.name.chars().all(|c| c.is_ascii_alphanumeric());
    let number = entry.item.as_integer().and_then(|number| u32::try_from(number).ok());
    if !is_name {
        let problem = Problem::new(format!("`{}` is no setting of pmset", entry.name), entry.key_span.clone(), "here");
        entry.problem(problem.help("write a name that `pmset -g` lists, such as sleep"));
        return None;
    }
    if number.is_none() {
        entry.wrong_type("a number, 0 or more");
    }
    Some((entry.name.clone(), number?))
}

fn read_domain(domain: &Entry<'_>) -> Vec<Preference> {
    let Some(mut keys) = domain.section() else {
        domain.wrong_type("a table of keys and values");
        return Vec::new();
    };
    let strange = |name: &str| {
        name.is_empty() || name.starts_with('-') || name.contains(|c: char| c.is_control() || c.is_whitespace())
    };
    let read = |entry: Entry<'_>| {
        for name in [&domain.name, &entry.name] {
            if strange(name) {
                let problem = Problem::new(format!("`{name}` names no preference"), entry.key_span.clone(), "here");
                entry.problem(problem);
                return None;
            }
        }
        let value = read_value(entry.item);
        if value.is_none() {
            entry.wrong_type("true or false, a whole number or a text");
        }
        Some(Preference { domain: domain.name.clone(), key: entry.name.clone(), value: value? })
    };
    keys.entries().into_iter().filter_map(read).collect()
}

fn read_value(item: &Item) -> Option<PreferenceValue> {
    let text = || item.as_str().filter(|text| !text.contains(char::is_control)).map(str::to_owned);
    item.as_bool()
        .map(PreferenceValue::Flag)
        .or_else(|| item.as_integer().map(PreferenceValue::Number))
        .or_else(|| text().map(PreferenceValue::Text))
}
