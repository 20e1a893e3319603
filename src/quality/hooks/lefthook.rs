//! lefthook (<https://lefthook.dev>): a generated hook that looks for the program in many places, and lets everything pass where it
//! is in none; and a configuration (`lefthook_config`) that says what runs. Before
//! anything the hook reads the file that `rc` names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::checkout::Checkout;
use super::lefthook_config::{Configuration, Flaw, configuration};
use super::script::{Trail, line_of_key};
use super::values::{get, leaves, list, text_of, texts};
use super::{Hook, startup};
use crate::spec::{Value, Why};

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

pub(super) fn describe(hook: &mut Hook<'_>, text: &str) -> Result<(), Why> {
    let checkout = hook.checkout;
    let vars = &checkout.raw.vars;
    hook.fact.leaf("manager", "lefthook");
    let configuration = configuration(checkout);
    if let Ok(Some(found)) = &configuration
        && get(&found.whole, hook.name).is_none()
    {
        // It installs one more than it needs. What is lacking might ask for it.
        hook.fact.does = format!("does nothing, since {} has nothing for it", found.files[0]);
        if let Some(lacks) = &found.lacks {
            found.told.iter().for_each(|(leaf, value)| hook.fact.leaf(leaf, value));
            hook.is_weak(lacks.clone());
        }
        return Ok(());
    }
    let rc = configuration.as_ref().ok().and_then(|found| text_of(get(&found.as_ref()?.whole, "rc")?));
    let mut excluded = vars.get("LEFTHOOK_EXCLUDE").map(|value| (value.clone(), "the environment".to_owned()));
    if let Some(value) = vars.get("LEFTHOOK").filter(|value| OFF.contains(&value.as_str())) {
        hook.is_off(&format!("LEFTHOOK={value}"), "LEFTHOOK in the environment");
    }
    let read: BTreeSet<&str> = sourced(text).into_iter().chain(rc).collect();
    for word in read {
        excluded = startup_file(hook, word)?.or(excluded);
    }
    let Configuration { whole: config, files, clones, told, lacks } = match configuration {
        Ok(Some(found)) => found,
        Ok(None) => {
            hook.fails("rejects everything, since lefthook has no configuration".to_owned());
            return Ok(());
        }
        Err(Flaw::Rejects(why)) => {
            hook.fails(format!("rejects everything, since {why}"));
            return Ok(());
        }
        Err(Flaw::Unknown(why)) => return Err(why),
    };
    told.into_iter().for_each(|(leaf, value)| hook.fact.leaf(leaf, value));
    lacks.into_iter().for_each(|lacks| hook.is_weak(lacks));
    if !is_found(checkout, text) {
        hook.is_off("the lack of lefthook itself, which its hook is content with", "PATH");
    }
    hook.fact.decide("", &files[0]);
    for key in OF_ALL {
        if let Some(value) = get(&config, key) {
            leaves(key, value, &mut hook.fact);
        }
    }
    let Some(of_hook) = get(&config, hook.name) else { return Ok(()) };
    let mut folders: Vec<String> = ["source_dir", "source_dir_local"]
        .into_iter()
        .zip([".lefthook", ".lefthook-local"])
        .map(|(key, usual)| get(&config, key).and_then(text_of).unwrap_or(usual).to_owned())
        .collect();
    let of_clones: Vec<String> = clones.iter().map(|clone| format!("{clone}/{}", folders[0])).collect();
    folders.extend(of_clones);
    let (list, place) = excluded.unwrap_or_default();
    let excluded: Vec<&str> = list.split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
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
            hook.fact.decide(&name, format!("{}:{}", checkout.shown(file), line_of_key(text, &short)));
        }
        let tags = texts(get(&value, "tags"));
        if excluded.iter().any(|one| *one == short || tags.contains(one)) {
            hook.fact.leaf(format!("{name}.excluded"), "by LEFTHOOK_EXCLUDE");
            hook.fact.decide(format!("{name}.excluded"), format!("LEFTHOOK_EXCLUDE in {place}"));
            hook.is_weak(format!("LEFTHOOK_EXCLUDE leaves out {short}"));
        }
        if let (Value::Text(command), "files") = (&value, name.as_str()) {
            trail.follow(command, &files[0], &mut hook.fact)?;
        }
        started(&value, name.strip_prefix("scripts."), hook, &mut trail, &folders, &files[0])?;
    }
    trail.end(&mut hook.fact);
    Ok(())
}

/// Values of LEFTHOOK that switch it off.
const OFF: [&str; 2] = ["0", "false"];

/// Keys of the whole configuration that bear on every hook.
const OF_ALL: [&str; 7] =
    ["rc", "lefthook", "source_dir", "source_dir_local", "templates", "skip_lfs", "assert_lefthook_installed"];

/// What a generated hook reads before anything, as it was installed.
fn sourced(text: &str) -> Vec<&str> {
    static READS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?m)^\[ -f .+? \] && \. (.+?)\r?$").expect("a constant expression"));
    READS.captures_iter(text).filter_map(|found| Some(found.get(1)?.as_str().trim())).collect()
}

/// The file that a hook reads before anything, and what it leaves out, with the place.
fn startup_file(hook: &mut Hook<'_>, word: &str) -> Result<Option<(String, String)>, Why> {
    let checkout = hook.checkout;
    let not_understood =
        |what: &str| Err(Why::NotUnderstood(format!("{what}, which lefthook's hook reads before anything")));
    let Some(path) = checkout.named(word.trim_matches(['"', '\''])) else { return not_understood(word) };
    let shown = checkout.shown(&path);
    if checkout.is_shut(&path) {
        return Err(super::shut(&shown));
    }
    let Some(file) = checkout.find(&path) else {
        hook.fact.leaf(&shown, "not there");
        return Ok(None);
    };
    hook.fact.leaf(&shown, checkout.digest(&file, str::to_owned));
    hook.fact.decide(&shown, &shown);
    let startup = startup::read(file.text.unwrap_or(""));
    if let Some((line, how)) = startup.switches_off("LEFTHOOK", &OFF) {
        hook.is_off(&format!("{how} in {shown}"), &format!("{shown}:{line}"));
    }
    if startup.value("LEFTHOOK_CONFIG").is_some() {
        return not_understood(&format!("{shown} names another configuration"));
    }
    Ok(startup.value("LEFTHOOK_EXCLUDE").map(|(value, line)| (value.to_owned(), format!("{shown}:{line}"))))
}

/// Follows what a command, script or job starts, and a group of them.
fn started(
    value: &Value,
    script: Option<&str>,
    hook: &mut Hook<'_>,
    trail: &mut Trail<'_>,
    folders: &[String],
    file: &str,
) -> Result<(), Why> {
    let root = get(value, "root").and_then(text_of).unwrap_or("");
    for command in ["run", "files"].into_iter().filter_map(|key| text_of(get(value, key)?)) {
        trail.follow_in(root, command, file, &mut hook.fact)?;
    }
    if let Some(script) = script.or_else(|| get(value, "script").and_then(text_of)) {
        let script = script.trim_matches('"');
        let checkout = hook.checkout;
        let paths: Vec<String> = folders.iter().map(|folder| format!("{folder}/{}/{script}", hook.name)).collect();
        if let Some(shut) = paths.iter().find(|path| checkout.is_shut(path)) {
            return Err(super::shut(&checkout.shown(shut)));
        }
        let found = paths.iter().find_map(|path| Some((path, checkout.find(path)?)));
        match found {
            Some((path, found)) => {
                checkout.tell(path, &found, &mut hook.fact);
                if let Some(text) = found.text {
                    trail.follow_script(text, path, &mut hook.fact)?;
                }
            }
            None => hook.fact.leaf(checkout.shown(&paths[0]), "not there"),
        }
    }
    let jobs = list(Some(value)).iter().chain(list(get(value, "group").and_then(|group| get(group, "jobs"))));
    jobs.into_iter().try_for_each(|job| started(job, None, hook, trail, folders, file))
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
    let found = configuration(checkout).ok().flatten()?;
    get(&found.whole, name).map(|_| found.files[0].clone())
}
