//! What the `hook` probe printed, as it was printed: settings, what stands where git looks, the files of a walk from there, as
//! they lie and as HEAD has them.

use std::collections::{BTreeMap, BTreeSet};

use crate::spec::{Digest, Why};

/// The raw material of one repository's hooks.
#[derive(Debug, Default)]
pub(super) struct Raw {
    /// The home, by each of its names.
    pub homes: Vec<String>,
    /// The repository's top folder, by each of its names.
    pub tops: Vec<String>,
    /// The folder that all worktrees share, and this checkout's own.
    pub common: String,
    pub dir: String,
    /// Where git looks for hooks here: relative to the top, or absolute.
    pub hooks: String,
    /// Variables that say something to hooks or their managers.
    pub vars: BTreeMap<String, String>,
    pub settings: Vec<Setting>,
    /// What git says of its version, where that decides about settings.
    pub version: Option<String>,
    /// File and line of `core.hooksPath`.
    pub origin: Option<String>,
    /// What files that are included on a condition say of `core.hooksPath`, by their path as settings have it.
    pub included: BTreeMap<String, String>,
    /// What stands at the paths where git looks.
    pub standing: BTreeMap<String, Standing>,
    /// Hooks whose interpreter is not there, and which that is.
    pub lacks: BTreeMap<String, String>,
    /// The `git` on PATH, where it is a script.
    pub wrapper: Option<String>,
    pub able: BTreeSet<String>,
    pub have: BTreeSet<String>,
    pub shut: BTreeSet<String>,
    /// Patterns of which all that they match was looked for.
    pub globbed: BTreeSet<String>,
    pub files: BTreeMap<String, Lying>,
    pub tree: BTreeMap<String, Tracked>,
    pub store: Store,
}

/// A setting of git's.
#[derive(Debug)]
pub(super) struct Setting {
    pub origin: String,
    pub key: String,
    pub value: String,
}

/// What stands at a path where git looks for a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Runs,
    Idle,
    Folder,
    Special,
    Shut,
}

/// A file as it lies there.
#[derive(Debug)]
pub(super) struct Lying {
    pub digest: Digest,
    /// None where it is too large to be read.
    pub text: Option<String>,
}

/// A file as HEAD has it.
#[derive(Debug)]
pub(super) struct Tracked {
    pub mode: String,
    pub id: String,
    pub size: usize,
    /// None where it is too large to be read.
    pub text: Option<String>,
}

/// What pre-commit has made.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub rows: String,
    pub made: BTreeSet<String>,
    /// Environments, and whether each is complete.
    pub environments: BTreeMap<String, bool>,
}

/// What a setting's origin begins with, as git prints it.
const ORIGINS: [&str; 4] = ["file:", "command line:", "standard input:", "blob:"];

/// Reads what was printed.
pub(super) fn read(listing: &str) -> Result<Raw, Why> {
    let cut_off = || Why::NotUnderstood("the list of hooks is cut off".to_owned());
    let (settings, look) = listing.split_once("\n=look\n").ok_or_else(cut_off)?;
    let mut raw = Raw { settings: read_settings(settings)?, ..Raw::default() };
    // A return before the line break is part of a line here.
    let mut lines = look.split('\n');
    let mut level: Vec<String> = Vec::new();
    let mut ended = false;
    while let Some(line) = lines.next() {
        let not_understood =
            || Why::NotUnderstood(format!("unexpected line `{}` in the list of hooks", line.escape_debug()));
        if ended && line.is_empty() {
            continue;
        } else if ended {
            return Err(not_understood());
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let value = rest.to_owned();
        match word {
            "home" => raw.homes.push(value.replace('\u{1}', "\n")),
            "top" => raw.tops.push(value.replace('\u{1}', "\n")),
            "common" => raw.common = value,
            "dir" => raw.dir = value,
            "hooks" => raw.hooks = value,
            "head" => {}
            "var" => {
                let (name, value) = rest.split_once('=').ok_or_else(not_understood)?;
                raw.vars.insert(name.to_owned(), value.to_owned());
            }
            "origin" => raw.origin = Some(value.trim_end_matches(':').to_owned()),
            "included" => {
                let (path, value) = rest.split_once('\t').ok_or_else(not_understood)?;
                raw.included.insert(path.to_owned(), value.to_owned());
            }
            "runs" => drop(raw.standing.insert(value, Standing::Runs)),
            "idle" => drop(raw.standing.insert(value, Standing::Idle)),
            "folder" => drop(raw.standing.insert(value, Standing::Folder)),
            "special" => drop(raw.standing.insert(value, Standing::Special)),
            "shut" => {
                raw.standing.insert(value.clone(), Standing::Shut);
                raw.shut.insert(value);
            }
            "lacks" => {
                let (interpreter, path) = rest.rsplit_once('\t').ok_or_else(not_understood)?;
                raw.lacks.insert(path.to_owned(), interpreter.to_owned());
            }
            "wrapper" => raw.wrapper = Some(value),
            "able" => drop(raw.able.insert(plain(rest))),
            "have" => drop(raw.have.insert(value)),
            "version" => raw.version = Some(value),
            "globbed" => drop(raw.globbed.insert(plain(rest))),
            "file" => level.push(plain(rest)),
            "=modes" => {
                // Modes and sizes are for the script; what they decide stands in other lines.
                let told = lines.by_ref().take_while(|line| *line != "=digests").count();
                let digests: Vec<&str> = lines.by_ref().take_while(|line| *line != "=end").collect();
                if told != level.len() || digests.len() != level.len() {
                    return Err(Why::NotUnderstood("not all files of the hooks have a digest".to_owned()));
                }
                for (path, line) in level.drain(..).zip(digests) {
                    let hex = line.trim_start_matches('\\').split(' ').next().unwrap_or(line);
                    let digest = Digest::from_hex(hex).ok_or_else(not_understood)?;
                    raw.files.insert(path, Lying { digest, text: None });
                }
            }
            "=text" => read_texts(plain(rest), &mut lines, &mut raw)?,
            "=tree" => {
                for line in lines.by_ref().take_while(|line| *line != "=end") {
                    let not_understood = || Why::NotUnderstood(format!("`{line}` is no line of git's list of a tree"));
                    let (about, path) = line.split_once('\t').ok_or_else(not_understood)?;
                    let words: Vec<&str> = about.split_whitespace().collect();
                    let [mode, kind, id, size] = words[..] else { return Err(not_understood()) };
                    if kind == "blob" {
                        let size = size.parse().map_err(|_| not_understood())?;
                        let tracked = Tracked { mode: mode.to_owned(), id: id.to_owned(), size, text: None };
                        raw.tree.insert(path.to_owned(), tracked);
                    }
                }
            }
            "=blob" => read_blobs(rest, &mut lines, &mut raw)?,
            "=store" => {
                let rows = lines.by_ref().take_while(|line| *line != "=end");
                raw.store.rows = rows.map(|line| line.trim_start_matches('|')).collect::<Vec<_>>().join("\n");
            }
            "=end" | "" => {}
            "made" => drop(raw.store.made.insert(value)),
            "complete" => drop(raw.store.environments.insert(value, true)),
            "incomplete" => drop(raw.store.environments.insert(value, false)),
            "done" => ended = true,
            _ => return Err(not_understood()),
        }
    }
    if !ended || raw.hooks.is_empty() || raw.homes.is_empty() || raw.tops.is_empty() {
        return Err(cut_off());
    }
    Ok(raw)
}

/// Paths in the repository stand without the dot that keeps them from being taken for options.
fn plain(path: &str) -> String {
    path.strip_prefix("./").unwrap_or(path).to_owned()
}

/// As git lists them: the home, then scope, origin, key and value; see the `git` probe.
fn read_settings(listed: &str) -> Result<Vec<Setting>, Why> {
    let not_whole = || Why::NotUnderstood("git's list of settings has no end".to_owned());
    let mut lines: Vec<&str> = listed.lines().skip(1).collect();
    if lines.pop() != Some("=0") {
        return Err(not_whole());
    }
    let mut settings = Vec::new();
    let mut lines = lines.into_iter();
    while let Some(_scope) = lines.next() {
        let mut line = lines.next().ok_or_else(not_whole)?;
        let mut origin = "";
        if let Some(file) = ORIGINS.iter().find_map(|origin| line.strip_prefix(origin)) {
            origin = file;
            line = lines.next().ok_or_else(not_whole)?;
        }
        let setting = line.replace('\u{1}', "\n");
        let (key, value) = setting.split_once('\n').unwrap_or((&setting, "true"));
        settings.push(Setting { origin: origin.to_owned(), key: key.to_owned(), value: value.to_owned() });
    }
    Ok(settings)
}

/// The texts of one level, behind a bar a line. Whether the last line of a file ends is told by its digest.
fn read_texts<'a>(first: String, lines: &mut impl Iterator<Item = &'a str>, raw: &mut Raw) -> Result<(), Why> {
    let mut path = first;
    let mut text = String::new();
    let mut keep = |path: &str, text: String| {
        if let Some(file) = raw.files.get_mut(path) {
            let without = text.strip_suffix('\n').unwrap_or(&text);
            let is_without = Digest::of(without.as_bytes()) == file.digest;
            file.text = Some(if is_without { without.to_owned() } else { text });
        }
    };
    for line in lines {
        if let Some(shown) = line.strip_prefix('|') {
            text.push_str(shown);
            text.push('\n');
        } else if let Some(next) = line.strip_prefix("=text ") {
            keep(&path, std::mem::take(&mut text));
            path = plain(next);
        } else if line == "=end" {
            keep(&path, text);
            return Ok(());
        } else {
            return Err(Why::NotUnderstood(format!("unexpected line `{}` in a hook's text", line.escape_debug())));
        }
    }
    Err(Why::NotUnderstood("a hook's text has no end".to_owned()))
}

/// The same of what HEAD has, where each line break of a file stands.
fn read_blobs<'a>(first: &str, lines: &mut impl Iterator<Item = &'a str>, raw: &mut Raw) -> Result<(), Why> {
    let mut path = first.to_owned();
    let mut text: Vec<&str> = Vec::new();
    let mut keep = |path: &str, text: &[&str]| {
        if let Some(file) = raw.tree.get_mut(path) {
            file.text = Some(text.join("\n")).filter(|text| text.len() == file.size);
        }
    };
    for line in lines {
        if let Some(shown) = line.strip_prefix('|') {
            text.push(shown);
        } else if let Some(next) = line.strip_prefix("=blob ") {
            keep(&path, &text);
            text.clear();
            next.clone_into(&mut path);
        } else if line == "=end" {
            keep(&path, &text);
            return Ok(());
        } else {
            return Err(Why::NotUnderstood(format!("unexpected line `{}` in a hook's text", line.escape_debug())));
        }
    }
    Err(Why::NotUnderstood("a hook's text has no end".to_owned()))
}
