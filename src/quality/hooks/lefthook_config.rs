//! lefthook's configuration as lefthook merges it (<https://lefthook.dev/configuration/extends/>): the main file, what it extends by
//! path or pattern and what that extends in turn, what clones of other repositories add, and the local file last. What was not
//! looked for is not understood, never taken for nothing.

use std::collections::{BTreeMap, BTreeSet};

use globset::GlobBuilder;

use super::checkout::{Checkout, collapse, is_of_checkout};
use super::values::{get, list, text_of, texts};
use crate::spec::{Format, Value, Why};

/// What came of it.
#[derive(Debug)]
pub(super) struct Configuration {
    pub whole: Value,
    /// The files that it stands in, in the order in which they count.
    pub files: Vec<String>,
    /// The clones whose configuration is merged, as folders.
    pub clones: Vec<String>,
    /// What is to be said of parts that stand elsewhere.
    pub told: BTreeMap<String, String>,
    /// What it names and does not have.
    pub lacks: Option<String>,
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum Flaw {
    /// lefthook cannot read it, and ends.
    Rejects(String),
    Unknown(Why),
}

/// How far settings that extend settings are followed: as far as the probe goes.
const DEEPEST: usize = 4;

const OF_REMOTES: &str = "lefthook.yml";

/// Names of the configuration, and of what adds to it, in the order in which lefthook tries them.
fn names(local: &str) -> Vec<String> {
    let endings = ["yml", "yaml", "json", "jsonc", "toml"];
    let stems = ["lefthook", ".lefthook", ".config/lefthook"];
    endings.iter().flat_map(|ending| stems.map(|stem| format!("{stem}{local}.{ending}"))).collect()
}

/// The configuration as lefthook merges it; none where it has no file.
pub(super) fn configuration(checkout: Checkout<'_>) -> Result<Option<Configuration>, Flaw> {
    let first = |local: &str| names(local).into_iter().find(|name| checkout.find(name).is_some());
    let named = checkout.raw.vars.get("LEFTHOOK_CONFIG").filter(|path| !path.is_empty());
    let (main, local) = match named {
        Some(path) => (checkout.find(path).map(|_| path.clone()), first("-local")),
        None => match first("") {
            Some(main) => (Some(main), first("-local")),
            None => (first("-local"), None),
        },
    };
    let Some(main) = main else { return Ok(None) };
    let mut reader = Reader {
        checkout,
        files: Vec::new(),
        clones: Vec::new(),
        told: BTreeMap::new(),
        lacks: None,
        seen: BTreeSet::new(),
    };
    let own = reader.read(&main)?;
    let extends = extended_by(&own);
    let mut more = reader.extend(Value::Table(BTreeMap::new()), "", &extends, 0)?;
    let remotes: Vec<Value> = [&own, &more]
        .into_iter()
        .flat_map(|part| list(get(part, "remotes")).iter().chain(get(part, "remote")))
        .cloned()
        .collect();
    for remote in &remotes {
        more = reader.remote(more, remote)?;
    }
    if let Some(local) = local {
        let own = reader.read(&local)?;
        let again = extended_by(&own);
        more = merged(more, own);
        if again != extends {
            reader.seen.clear();
            more = reader.extend(more, "", &again, 0)?;
        }
    }
    let Reader { files, clones, told, lacks, .. } = reader;
    Ok(Some(Configuration { whole: merged(own, more), files, clones, told, lacks }))
}

fn extended_by(config: &Value) -> Vec<String> {
    texts(get(config, "extends")).into_iter().map(str::to_owned).collect()
}

#[derive(Debug)]
struct Reader<'a> {
    checkout: Checkout<'a>,
    files: Vec<String>,
    clones: Vec<String>,
    told: BTreeMap<String, String>,
    lacks: Option<String>,
    seen: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    fn read(&mut self, path: &str) -> Result<Value, Flaw> {
        let unknown = |why: String| Flaw::Unknown(Why::NotUnderstood(why));
        let checkout = self.at(path);
        if checkout.is_shut(path) {
            return Err(Flaw::Unknown(super::shut(&checkout.shown(path))));
        }
        let shown = checkout.shown(path);
        let text = checkout.find(path).and_then(|file| file.text);
        let text = text.ok_or_else(|| unknown(format!("{shown} is too large to be read")))?;
        let format = match path.rsplit('.').next() {
            Some("toml") => Format::Toml,
            Some("json" | "jsonc") => Format::Jsonc,
            Some("yml" | "yaml") => Format::Yaml,
            _ => return Err(Flaw::Rejects(format!("{shown} ends in nothing that it reads"))),
        };
        self.files.push(path.to_owned());
        format.value(text.as_bytes()).map_err(|malformed| Flaw::Rejects(format!("{shown} cannot be read: {malformed}")))
    }

    /// An absolute path names the same file from everywhere.
    fn at(&self, path: &str) -> Checkout<'a> {
        Checkout { raw: self.checkout.raw, fresh: self.checkout.fresh && is_of_checkout(path) }
    }

    /// Settings with what they extend, each of which counts for more than what was before it.
    fn extend(&mut self, mut config: Value, root: &str, extends: &[String], depth: usize) -> Result<Value, Flaw> {
        for entry in extends {
            let from_here = entry.starts_with('/') || root.is_empty();
            let pattern = collapse(&if from_here { entry.clone() } else { format!("{root}/{entry}") });
            for path in self.matching(&pattern, entry)? {
                if !self.seen.insert(path.clone()) {
                    return Err(Flaw::Rejects(format!("its configuration extends {path} more than once")));
                }
                if depth >= DEEPEST {
                    let why = format!("lefthook's configuration extends others further than to {entry}");
                    return Err(Flaw::Unknown(Why::NotUnderstood(why)));
                }
                let one = self.read(&path)?;
                let nested = extended_by(&one);
                let one = self.extend(one, root, &nested, depth + 1)?;
                config = merged(config, one);
            }
        }
        Ok(config)
    }

    /// The files that a path or pattern means.
    fn matching(&mut self, pattern: &str, entry: &str) -> Result<Vec<String>, Flaw> {
        let raw = self.checkout.raw;
        let of_top = |top: &String| pattern.strip_prefix(top.as_str())?.strip_prefix('/');
        let looked_for = raw.tops.iter().find_map(of_top).unwrap_or(pattern);
        if !raw.globbed.contains(looked_for) {
            let why = format!("what lefthook's configuration extends as {entry} was not looked for");
            return Err(Flaw::Unknown(Why::NotUnderstood(why)));
        }
        let is_fresh = self.checkout.fresh && looked_for == pattern && is_of_checkout(pattern);
        let matches: Vec<String> = if looked_for.contains(['*', '?']) {
            let glob = GlobBuilder::new(&looked_for.replace("**", "*")).literal_separator(true).build();
            let glob = glob.map_err(|error| Flaw::Unknown(Why::NotUnderstood(error.to_string())))?.compile_matcher();
            if let Some(shut) = raw.shut.iter().find(|path| glob.is_match(path)) {
                return Err(Flaw::Unknown(super::shut(shut)));
            }
            let known: Vec<&String> = if is_fresh { raw.tree.keys().collect() } else { raw.files.keys().collect() };
            known.into_iter().filter(|path| glob.is_match(path)).cloned().collect()
        } else {
            let checkout = Checkout { raw, fresh: is_fresh };
            if checkout.is_shut(looked_for) {
                return Err(Flaw::Unknown(super::shut(&checkout.shown(looked_for))));
            }
            checkout.find(looked_for).map(|_| looked_for.to_owned()).into_iter().collect()
        };
        if matches.is_empty() {
            self.told.insert(format!("extends.{entry}"), "not there".to_owned());
            if !entry.contains(['*', '?']) {
                self.lacks.get_or_insert_with(|| format!("its configuration extends {entry}, which is not there"));
            }
        }
        Ok(matches)
    }

    /// Settings with those of a clone, which lefthook makes when it is installed, and goes on without.
    fn remote(&mut self, mut config: Value, remote: &Value) -> Result<Value, Flaw> {
        let Some(url) = get(remote, "git_url").and_then(text_of).filter(|url| !url.is_empty()) else {
            return Ok(config);
        };
        let reference = get(remote, "ref").and_then(text_of).unwrap_or("");
        let name = clone_name(url, reference);
        let folder = collapse(&format!("{}/info/lefthook-remotes/{name}", self.checkout.raw.common));
        let mut configs = texts(get(remote, "configs"));
        configs.extend(get(remote, "config").and_then(text_of));
        if configs.is_empty() {
            configs.push(OF_REMOTES);
        }
        let leaf = format!("remotes.{}", self.checkout.raw.anywhere(url));
        if !reference.is_empty() {
            self.told.insert(format!("{leaf}.ref"), reference.to_owned());
        }
        let mut lacking = Vec::new();
        for named in configs {
            let path = collapse(&format!("{folder}/{named}"));
            if self.checkout.find(&path).is_none() && !self.checkout.is_shut(&path) {
                if named != OF_REMOTES && !self.checkout.raw.globbed.contains(&collapse(named)) {
                    let why =
                        format!("what lefthook's configuration takes from elsewhere as {named} was not looked for");
                    return Err(Flaw::Unknown(Why::NotUnderstood(why)));
                }
                lacking.push(named);
                continue;
            }
            let one = self.read(&path)?;
            let extends = extended_by(&one);
            config = merged(config, one);
            let above = path.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
            self.seen.clear();
            config = self.extend(config, &above, &extends, 1)?;
        }
        if lacking.is_empty() {
            self.told.entry(leaf).or_insert_with(|| "there".to_owned());
        } else {
            self.told.insert(leaf, "not there".to_owned());
            let lacking = lacking.join(", ");
            self.lacks.get_or_insert_with(|| {
                format!("lefthook goes on without {lacking} of its remote {name}, which is not there")
            });
        }
        self.clones.push(folder);
        Ok(config)
    }
}

/// The name that lefthook gives a clone.
fn clone_name(url: &str, reference: &str) -> String {
    let last = url.rsplit('/').next().unwrap_or(url);
    let url = last.rfind('.').map_or(url, |place| &url[..url.len() - last.len() + place]);
    let name = url.trim_end_matches('/').rsplit('/').next().unwrap_or(url);
    if reference.is_empty() { name.to_owned() } else { format!("{name}-{reference}") }
}

/// Tables key by key, jobs by their name, set-ups one behind the other; a command that names the one before it keeps it; else
/// the later one counts.
fn merged(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Table(mut first), Value::Table(second)) => {
            for (key, value) in second {
                let value = match (first.remove(&key), value) {
                    (Some(Value::List(jobs)), Value::List(more)) if key == "jobs" => {
                        Value::List(merged_jobs(jobs, more))
                    }
                    (Some(Value::List(mut steps)), Value::List(more)) if key == "setup" => {
                        steps.extend(more);
                        Value::List(steps)
                    }
                    (Some(Value::Text(before)), Value::Text(run)) if key == "run" => {
                        Value::Text(run.replace("{cmd}", &before))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_is_called_as_lefthook_calls_it() {
        for (url, reference, name) in [
            ("git@github.com:evilmartians/lefthook", "v1.0.0", "lefthook-v1.0.0"),
            ("https://example.com/team/rules.git", "", "rules"),
            ("file:///srv/rules/", "", "rules"),
            ("/srv/rules.v2.git", "main", "rules.v2-main"),
        ] {
            assert_eq!(clone_name(url, reference), name);
        }
    }
}
