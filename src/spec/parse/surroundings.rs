//! `[system]` and `[env]`: what agents' commands find around them.

use super::super::environment::{EnvVariable, SystemItem};
use super::super::policy::Policy;
use super::super::problem::Problem;
use super::super::secret_ref::SecretRef;
use super::super::section::{Entry, Placed, Section};
use super::super::suggest;
use super::super::system::{Holds, SYSTEM_FACTS, SystemFact};
use super::super::variable;

pub(super) fn read_system(entries: Vec<Entry<'_>>) -> Vec<SystemItem> {
    entries.into_iter().filter_map(|entry| read_system_item(&entry)).collect()
}

fn read_system_item(entry: &Entry<'_>) -> Option<SystemItem> {
    let Some(fact) = SYSTEM_FACTS.iter().find(|fact| fact.name == entry.name) else {
        let message = format!("unknown key `{}` in [system]", entry.name);
        let problem = Problem::new(message, entry.key_span.clone(), "not known here");
        let names = || SYSTEM_FACTS.iter().map(|fact| fact.name);
        entry.problem(match suggest::nearest(&entry.name, names()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help(format!("known keys: {}", names().collect::<Vec<_>>().join(", "))),
        });
        return None;
    };
    let number = entry.item.as_integer().filter(|number| *number >= 0 && fact.holds == Holds::Count);
    let word = entry.item.as_str().map(str::to_owned).or_else(|| number.map(|number| number.to_string()));
    if let Some(value) = word {
        let policy = policy_of(fact, &Placed { value, span: entry.span.clone() }, |problem| entry.problem(problem))?;
        return Some(SystemItem { name: fact.name, policy, only: Vec::new() });
    }
    let Some(mut table) = entry.section() else {
        entry.wrong_type("a string such as \"exact\" or a table such as { policy = \"exact\", only = [\"linux\"] }");
        return None;
    };
    let text = table.required_string("policy", "write what it is held to, such as policy = \"exact\"");
    let only = read_only(&mut table);
    let policy = text.and_then(|text| policy_of(fact, &text, |problem| table.problem(problem)));
    table.finish();
    Some(SystemItem { name: fact.name, policy: policy?, only })
}

fn policy_of(fact: &SystemFact, text: &Placed<String>, tell: impl Fn(Problem)) -> Option<Policy> {
    let policy = fact.policy(&text.value);
    policy.map_err(|error| tell(Problem::new(error.message, text.span.clone(), "here").help(error.help))).ok()
}

/// `only`: the systems on which an item is held.
pub(super) fn read_only(table: &mut Section<'_>) -> Vec<String> {
    let only = table.strings("only").unwrap_or_default();
    for system in only.iter().filter(|system| !["linux", "macos"].contains(&system.value.as_str())) {
        let message = format!("`{}` is not a system", system.value);
        table.problem(Problem::new(message, system.span.clone(), "unknown").help("write \"linux\" or \"macos\""));
    }
    only.into_iter().map(|system| system.value).collect()
}

pub(super) fn read_env(entries: Vec<Entry<'_>>) -> Vec<EnvVariable> {
    entries.into_iter().filter_map(|entry| read_variable(&entry)).collect()
}

fn read_variable(entry: &Entry<'_>) -> Option<EnvVariable> {
    if let Some((message, help)) = variable::name_problem(&entry.name) {
        entry.problem(Problem::new(message, entry.key_span.clone(), "here").help(help));
        return None;
    }
    if let Some(word) = entry.item.as_str() {
        let text = Placed { value: word.to_owned(), span: entry.span.clone() };
        let policy = variable_policy(&entry.name, &text, |problem| entry.problem(problem))?;
        return Some(EnvVariable { name: entry.name.clone(), policy, secret: None, only: Vec::new() });
    }
    let Some(mut table) = entry.section() else {
        entry.wrong_type("\"exact\", \"present\" or a table such as { policy = \"present\", secret = \"env:NAME\" }");
        return None;
    };
    let text = table.string("policy");
    let secret = table.string("secret");
    let only = read_only(&mut table);
    let policy = match &text {
        Some(text) => variable_policy(&entry.name, text, |problem| table.problem(problem)),
        None if secret.is_some() || variable::looks_secret(&entry.name) => Some(Policy::Present),
        None => Some(Policy::Exact),
    };
    if let (Some(Policy::Exact), Some(text), Some(_)) = (&policy, &text, &secret) {
        let message = format!("`{}` has a secret, so its value is not compared", entry.name);
        let problem = Problem::new(message, text.span.clone(), "cannot be \"exact\"");
        table.problem(problem.help("write policy = \"present\""));
    }
    let secret = secret.and_then(|text| read_secret(&table, &text));
    table.finish();
    Some(EnvVariable { name: entry.name.clone(), policy: policy?, secret, only })
}

fn variable_policy(name: &str, text: &Placed<String>, tell: impl Fn(Problem)) -> Option<Policy> {
    let problem = match text.value.as_str() {
        "present" => return Some(Policy::Present),
        "exact" if !variable::looks_secret(name) => return Some(Policy::Exact),
        "exact" => {
            let message = format!("`{name}` looks like a secret, and no trace of a secret's value is kept");
            Problem::new(message, text.span.clone(), "cannot be \"exact\"")
                .help("write \"present\", which asks that it is set")
        }
        other => {
            // What was written may be the value itself, so it is not repeated.
            let guess = suggest::nearest(other, ["exact", "present"]).map(|word| format!("did you mean \"{word}\"? "));
            let message = format!("this is not a policy for the variable `{name}`");
            let help = "values do not stand in a spec: write \"exact\" (as on the reference) or \"present\"";
            Problem::new(message, text.span.clone(), "unknown policy")
                .help(format!("{}{help}", guess.unwrap_or_default()))
        }
    };
    tell(problem);
    None
}

/// Where the value may be had from: only ever a reference.
pub(super) fn read_secret(table: &Section<'_>, text: &Placed<String>) -> Option<SecretRef> {
    let reference = SecretRef::parse(&text.value);
    if reference.is_none() {
        // It may be the secret itself, so it is not repeated.
        let problem = Problem::new("`secret` does not say where the secret is".to_owned(), text.span.clone(), "here");
        table.problem(problem.help(
            "name a variable of trueup's own environment, a file or a command: \"env:NAME\", \"file:~/PATH\", \"cmd:COMMAND\"",
        ));
    }
    reference
}
