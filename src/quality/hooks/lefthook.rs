//! lefthook (<https://lefthook.dev>): a generated hook that looks for the program in many places, and lets everything pass where it
//! is in none; and a configuration of several possible names, to which `lefthook-local` adds.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::Hook;
use super::checkout::Checkout;
use super::script::{Trail, line_of_key};
use super::values::{get, leaves, list, text_of, texts};
use crate::spec::{Format, Value, Why};

/// Whether a hook is one that lefthook made.
pub(super) fn is_one(text: &str) -> bool {
    text.contains("call_lefthook")
}

/// A generated hook without the place of the program that made it, which differs by home and by processor.
pub(super) fn without_program(text: &str) -> String {
    program().replace_all(text, "${1}lefthook").into_owned()
}

fn program() -> &'static Regex {
    static PROGRAM: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?m)(^|\s)((?:/|~|\./)[^\s"'$]*/lefthook(?:\.exe)?)\b"#).expect("a constant expression")
    });
    &PROGRAM
}

/// Names of the configuration, and of what adds to it, in the order in which lefthook tries them.
fn names(local: &str) -> Vec<String> {
    let endings = ["yml", "yaml", "json", "jsonc", "toml"];
    let stems = ["lefthook", ".lefthook", ".config/lefthook"];
    stems.iter().flat_map(|stem| endings.map(|ending| format!("{stem}{local}.{ending}"))).collect()
}

/// The configuration as lefthook merges it, and the files that it stands in.
pub(super) fn configuration(checkout: Checkout<'_>) -> Result<Option<(Value, Vec<String>)>, String> {
    let first = |local: &str| names(local).into_iter().find(|name| checkout.find(name).is_some());
    let own = checkout.raw.vars.get("LEFTHOOK_CONFIG").filter(|path| checkout.find(path).is_some()).cloned();
    let Some(main) = own.or_else(|| first("")) else { return Ok(None) };
    let mut files = vec![main.clone()];
    let mut whole = read(checkout, &main)?;
    for name in texts(get(&whole, "extends")).into_iter().map(str::to_owned).collect::<Vec<_>>() {
        if checkout.find(&name).is_some() {
            whole = merged(whole, read(checkout, &name)?);
            files.push(name);
        }
    }
    if let Some(local) = first("-local") {
        whole = merged(whole, read(checkout, &local)?);
        files.push(local);
    }
    Ok(Some((whole, files)))
}

fn read(checkout: Checkout<'_>, path: &str) -> Result<Value, String> {
    let text = checkout.find(path).and_then(|file| file.text).ok_or_else(|| format!("{path} is too large"))?;
    let format = match path.rsplit('.').next() {
        Some("toml") => Format::Toml,
        Some("json" | "jsonc") => Format::Jsonc,
        _ => Format::Yaml,
    };
    format.value(text.as_bytes()).map_err(|malformed| format!("{path} cannot be read: {malformed}"))
}

/// Tables key by key, jobs by their name; else the later one counts.
fn merged(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Table(mut first), Value::Table(second)) => {
            for (key, value) in second {
                let value = match (first.remove(&key), value) {
                    (Some(Value::List(jobs)), Value::List(more)) if key == "jobs" => {
                        Value::List(merged_jobs(jobs, more))
                    }
                    (Some(known), value) => merged(known, value),
                    (None, value) => value,
                };
                first.insert(key, value);
            }
            Value::Table(first)
        }
        (_, second) => second,
    }
}

fn merged_jobs(mut jobs: Vec<Value>, more: Vec<Value>) -> Vec<Value> {
    for job in more {
        let name = get(&job, "name").and_then(text_of).map(str::to_owned);
        let same = |known: &&mut Value| name.is_some() && get(known, "name").and_then(text_of) == name.as_deref();
        match jobs.iter_mut().find(same) {
            Some(known) => *known = merged(known.clone(), job),
            None => jobs.push(job),
        }
    }
    jobs
}

pub(super) fn describe(hook: &mut Hook<'_>, text: &str) -> Result<(), Why> {
    let checkout = hook.checkout;
    let vars = &checkout.raw.vars;
    hook.fact.leaf("manager", "lefthook");
    if let Ok(Some((config, files))) = configuration(checkout)
        && get(&config, hook.name).is_none()
    {
        // It installs one more than it needs.
        hook.fact.does = format!("does nothing, since {} has nothing for it", files[0]);
        return Ok(());
    }
    if let Some(value) = vars.get("LEFTHOOK").filter(|value| matches!(value.as_str(), "0" | "false")) {
        hook.is_off(&format!("LEFTHOOK={value}"), "LEFTHOOK in the environment");
    }
    if !is_found(checkout, text) {
        hook.is_off("the lack of lefthook itself, which its hook is content with", "PATH");
    }
    let (config, files) = match configuration(checkout) {
        Ok(Some(found)) => found,
        Ok(None) => {
            hook.fails("rejects everything, since lefthook has no configuration".to_owned());
            return Ok(());
        }
        Err(why) => {
            hook.fails(format!("rejects everything, since {why}"));
            return Ok(());
        }
    };
    hook.fact.decide("", &files[0]);
    for key in ["rc", "lefthook", "source_dir", "assert_lefthook_installed"] {
        if let Some(value) = get(&config, key) {
            leaves(key, value, &mut hook.fact);
        }
    }
    let Some(of_hook) = get(&config, hook.name) else { return Ok(()) };
    let excluded: Vec<&str> =
        vars.get("LEFTHOOK_EXCLUDE").map(|value| value.split(',').map(str::trim).collect()).unwrap_or_default();
    let mut trail = Trail::new(checkout);
    for (name, value) in parts(of_hook) {
        leaves(&name, &value, &mut hook.fact);
        let short = name.rsplit('.').next().unwrap_or(&name).to_owned();
        if let Some(file) = files
            .iter()
            .rev()
            .find(|file| checkout.find(file).and_then(|file| file.text).is_some_and(|text| text.contains(&short)))
        {
            let text = checkout.find(file).and_then(|file| file.text).unwrap_or("");
            hook.fact.decide(&name, format!("{file}:{}", line_of_key(text, &short)));
        }
        let tags = texts(get(&value, "tags"));
        if excluded.iter().any(|one| *one == short || tags.contains(one)) {
            hook.fact.leaf(format!("{name}.excluded"), "by LEFTHOOK_EXCLUDE");
            hook.fact.decide(format!("{name}.excluded"), "LEFTHOOK_EXCLUDE in the environment");
            hook.is_weak(format!("LEFTHOOK_EXCLUDE leaves out {short}"));
        }
        if let Some(run) = get(&value, "run").and_then(text_of) {
            trail.follow(run, &files[0], &mut hook.fact)?;
        }
        if let Some(script) = name.strip_prefix("scripts.").or_else(|| get(&value, "script").and_then(text_of)) {
            let folder = get(&config, "source_dir").and_then(text_of).unwrap_or(".lefthook");
            let path = format!("{folder}/{}/{}", hook.name, script.trim_matches('"'));
            match checkout.find(&path) {
                Some(file) => hook.fact.leaf(&path, checkout.digest(&file, str::to_owned)),
                None => hook.fact.leaf(&path, "not there"),
            }
        }
    }
    trail.end(&mut hook.fact);
    Ok(())
}

/// What a hook consists of: its commands and scripts by name, its jobs by name or number, and the rest.
fn parts(of_hook: &Value) -> BTreeMap<String, Value> {
    let mut parts = BTreeMap::new();
    let Value::Table(table) = of_hook else { return parts };
    for (key, value) in table {
        match (key.as_str(), value) {
            ("commands" | "scripts", Value::Table(named)) => {
                parts.extend(named.iter().map(|(name, value)| (format!("{key}.{name}"), value.clone())));
            }
            ("jobs", value) => {
                for (place, job) in list(Some(value)).iter().enumerate() {
                    let name =
                        get(job, "name").and_then(text_of).map_or_else(|| (place + 1).to_string(), str::to_owned);
                    parts.insert(format!("jobs.{name}"), job.clone());
                }
            }
            _ => drop(parts.insert(key.clone(), value.clone())),
        }
    }
    parts
}

/// Whether the generated hook would find the program.
fn is_found(checkout: Checkout<'_>, text: &str) -> bool {
    let raw = checkout.raw;
    let in_modules = |path: &String| {
        path.starts_with("node_modules/lefthook")
            && (path.ends_with("/bin/lefthook") || path.ends_with("/bin/index.js"))
    };
    raw.vars.get("LEFTHOOK_BIN").is_some_and(|program| checkout.has_program(program))
        || checkout.has_program("lefthook")
        || program()
            .captures_iter(text)
            .filter_map(|found| found.get(2))
            .any(|found| checkout.has_program(found.as_str()))
        || (!checkout.fresh && raw.able.iter().any(in_modules))
}

/// Whether the configuration says something of this hook.
pub(super) fn asks(checkout: Checkout<'_>, name: &str) -> Option<String> {
    let (config, files) = configuration(checkout).ok().flatten()?;
    get(&config, name).map(|_| files[0].clone())
}
