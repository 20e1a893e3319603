//! Files of the home: kind, mode, content digest or link target.
//!
//! A path that turns out to be a folder stands for everything below it, and a glob for what it matches; both are open
//! sets, so a file that only the target has is seen too. Contents never leave the machine here, only their digests.

use std::time::Duration;

use super::{failed, restore, text};
use crate::observe::{Answer, Context, Covers, Probe, Question, Sighting};
use crate::spec::{
    Category, Digest, Environment, Extent, Fact, FileFact, ItemId, LeadsTo, Listing, Mode, Observed, Why, glob_matches,
};
use crate::transport::quote;

pub(super) const PROBE: Probe = Probe {
    name: "dotfile",
    doc: "files, folders and links of the home, by digest and mode",
    manager: None,
    ask,
    read,
};

fn ask(environment: &Environment) -> Vec<Question> {
    let entries = &environment.dotfiles.entries;
    let paths: Vec<&str> =
        entries.iter().filter(|entry| entry.extent == Extent::Path).map(|entry| entry.name.as_str()).collect();
    let limit = environment.limits.probe;
    let mut questions = Vec::new();
    if !paths.is_empty() {
        questions.push(paths_question(&paths, limit));
        questions.extend(paths.iter().map(|path| folder_question(path, limit)));
    }
    for entry in entries {
        if let Extent::Glob { root } = &entry.extent {
            questions.push(glob_question(&entry.name, root, limit));
        }
    }
    questions
}

/// Ends a question whose place lies behind a folder that may not be searched.
const UNSEARCHABLE: &str = "echo 'a folder on the way to it may not be searched' >&2; return 1";

fn id(place: &str) -> ItemId {
    ItemId::new(Category::Dotfile, place.strip_prefix("./").unwrap_or(place))
}

/// What stands at each of the paths. What is below those that are folders is asked apart, so that a folder that is too
/// big costs no other path its answer.
fn paths_question(paths: &[&str], limit: Duration) -> Question {
    let places: Vec<String> = paths.iter().map(|path| quote::place(path)).collect();
    let places = quote::words(places.iter().map(String::as_str));
    Question::new(
        "paths",
        format!("cd || return\ntu_describe {places}"),
        limit,
        Covers { items: paths.iter().map(|path| id(path)).collect(), listings: Vec::new() },
    )
}

fn folder_question(path: &str, limit: Duration) -> Question {
    // Nothing is below a regular file, and most paths are one.
    let from_home = if path.starts_with('/') { quote::word(path) } else { format!("\"$HOME\"/{}", quote::word(path)) };
    let place = quote::word(&quote::place(path));
    // A listing that fails in one place says so on a line of its own, and what was found beside it keeps its answer.
    let script = format!(
        "cd || return\nif [ -L {place} ] || [ ! -d {place} ]; then\n\
         [ -L {place} ] || [ -e {place} ] || tu_gone {place} || {{ {UNSEARCHABLE}; }}\nreturn\nfi\n\
         find {place} ! -type d -exec /bin/sh -c \"$tu_library\"'tu_describe \"$@\"' sh {{}} + \
         || {{ printf '! '; tu_plain {place}; }}"
    );
    Question {
        subject: path.to_owned(),
        script,
        limit,
        covers: Covers { items: Vec::new(), listings: vec![Listing::below_path(path)] },
        context: Context::None,
        settled: Some(format!("[ -f {from_home} ] && [ ! -L {from_home} ]")),
    }
}

fn glob_question(glob: &str, root: &str, limit: Duration) -> Question {
    let root = if root.is_empty() { ".".to_owned() } else { quote::place(root) };
    let root = quote::word(&root);
    // find narrows the search with its own, wider patterns; which of the names really match is decided when reading.
    let depth = if glob.contains("**") {
        String::new()
    } else {
        let below_root = quote::place(glob).split('/').count() - root.split('/').count();
        format!("-maxdepth {below_root} ")
    };
    let wider = quote::word(&wider_pattern(&quote::place(glob)));
    let script = format!(
        "cd || return\nif [ ! -d {root} ]; then [ -e {root} ] || tu_gone {root} || {{ {UNSEARCHABLE}; }}; return; fi\n\
         find {root} {depth}! -type d -path {wider} -exec /bin/sh -c \"$tu_library\"'tu_describe \"$@\"' sh {{}} +"
    );
    Question {
        subject: glob.to_owned(),
        script,
        limit,
        covers: Covers { items: Vec::new(), listings: vec![Listing::of_glob(glob)] },
        context: Context::Pattern(glob.to_owned()),
        settled: None,
    }
}

/// The glob as `find -path` knows it, matching at least as much: there `*` crosses folders and braces mean nothing.
fn wider_pattern(glob: &str) -> String {
    let mut pattern = String::new();
    let mut in_braces = false;
    for c in glob.replace("**/", "*").chars() {
        match c {
            '{' => {
                in_braces = true;
                pattern.push('*');
            }
            '}' => in_braces = false,
            _ if in_braces => {}
            _ => pattern.push(c),
        }
    }
    pattern
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    let stdout = text(&answer.stdout);
    let mut sightings = Vec::new();
    // Not `lines`, which takes a carriage return at the end of a name for part of the line's end.
    let mut lines = stdout.split_terminator('\n').peekable();
    while let Some(line) = lines.peek() {
        if let Some(place) = line.strip_prefix("! ") {
            let listing = Listing::below_path(&id(&restore(place)).name);
            sightings.push(Sighting::Unlisted(listing, Why::NotUnderstood(super::first_line(&answer.stderr))));
            lines.next();
            continue;
        }
        sightings.extend(read_block(&mut lines)?);
    }
    // A folder may be empty and a glob match nothing; of paths that are named there is always something to say.
    let names_paths = !question.covers.items.is_empty();
    if names_paths && sightings.is_empty() {
        return Err(failed("listing dotfiles", answer));
    }
    if !names_paths && answer.code != 0 {
        return Err(failed("find", answer));
    }
    if let Context::Pattern(glob) = &question.context {
        sightings.retain(|sighting| !matches!(sighting, Sighting::Item(id, _) if !glob_matches(glob, &id.name)));
    }
    Ok(sightings)
}

/// A path as `tu_describe` tells it.
struct Entry {
    kind: char,
    name: String,
    /// Of a link: its text, and the kind of what it leads to.
    to: Option<String>,
    leads_to: Option<char>,
}

impl Entry {
    fn has_mode(&self) -> bool {
        matches!(self.kind, 'f' | 'd')
    }

    fn has_digest(&self) -> bool {
        self.kind == 'f' || self.leads_to == Some('f')
    }
}

/// What `tu_describe` printed: names with kinds, then modes, then digests.
fn read_block<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Result<Vec<Sighting>, Why> {
    let entries = entries(lines)?;
    let modes = section(lines, "=digests")?;
    let digests = section(lines, "=end")?;
    // Modes and digests stand in the order of the entries. Where one failed, it is not known whose the others are.
    let in_step = modes.len() == entries.iter().filter(|entry| entry.has_mode()).count()
        && digests.len() == entries.iter().filter(|entry| entry.has_digest()).count();
    let (mut modes, mut digests) = (modes.into_iter(), digests.into_iter());
    let sightings = entries
        .into_iter()
        .map(|entry| {
            let observed = if (entry.has_mode() || entry.has_digest()) && !in_step {
                Err(Why::NotUnderstood("there are not as many modes and digests as files".to_owned()))
            } else {
                observed(&entry, &mut modes, &mut digests)
            };
            Sighting::Item(id(&entry.name), observed.unwrap_or_else(Observed::Unknown))
        })
        .collect();
    Ok(sightings)
}

fn entries<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Result<Vec<Entry>, Why> {
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let line = lines.next().ok_or_else(|| Why::NotUnderstood("the list of files ends in the middle".to_owned()))?;
        match (line.split_once(' '), entries.last_mut()) {
            (None, _) if line == "=modes" => return Ok(entries),
            (Some((">", to)), Some(Entry { kind: 'l', to: known @ None, .. })) => *known = Some(restore(to)),
            (Some((">", _)), _) => {
                return Err(Why::NotUnderstood(format!("a link target without a link: `{line}`")));
            }
            (Some(("~", kind @ ("f" | "u" | "d" | "o" | "a"))), Some(Entry { to: Some(_), leads_to, .. })) => {
                *leads_to = kind.chars().next();
            }
            (Some((kind @ ("f" | "u" | "d" | "o" | "a" | "l"), name)), _) => {
                let kind = kind.chars().next().unwrap_or('?');
                entries.push(Entry { kind, name: restore(name), to: None, leads_to: None });
            }
            _ => return Err(Why::NotUnderstood(format!("unexpected line `{line}`"))),
        }
    }
}

fn observed<'a>(
    entry: &Entry,
    modes: &mut impl Iterator<Item = &'a str>,
    digests: &mut impl Iterator<Item = &'a str>,
) -> Result<Observed, Why> {
    let fact = match (entry.kind, &entry.to, entry.leads_to) {
        ('f', ..) => FileFact::File { mode: mode(modes.next())?, digest: digest(digests.next())? },
        ('d', ..) => FileFact::Folder { mode: mode(modes.next())? },
        ('o', ..) => FileFact::Other,
        ('a', ..) => return Ok(Observed::Absent),
        ('u', ..) => return Err(denied("reading it")),
        ('l', Some(_), Some('u')) => return Err(denied("reading what it leads to")),
        ('l', Some(to), Some(kind)) => {
            let leads_to = match kind {
                'f' => LeadsTo::File(digest(digests.next())?),
                'd' => LeadsTo::Folder,
                'a' => LeadsTo::Nowhere,
                _ => LeadsTo::Other,
            };
            FileFact::Link { to: to.clone(), leads_to: Some(leads_to) }
        }
        _ => return Err(Why::NotUnderstood("a link without a target".to_owned())),
    };
    Ok(Observed::Present(Fact::File(fact)))
}

fn denied(command: &str) -> Why {
    Why::Failed { command: command.to_owned(), code: 1, message: "permission denied".to_owned() }
}

fn section<'a>(lines: &mut impl Iterator<Item = &'a str>, end: &str) -> Result<Vec<&'a str>, Why> {
    let mut section = Vec::new();
    for line in lines {
        if line == end {
            return Ok(section);
        }
        section.push(line);
    }
    Err(Why::NotUnderstood(format!("no `{end}` in the list of files")))
}

fn mode(line: Option<&str>) -> Result<Mode, Why> {
    line.and_then(Mode::parse).ok_or_else(|| Why::NotUnderstood(format!("`{}` is not a file mode", line.unwrap_or(""))))
}

fn digest(line: Option<&str>) -> Result<Digest, Why> {
    // A backslash in front says that the name was escaped; the name is not read here.
    let hex = line.and_then(|line| line.trim_start_matches('\\').split_once(' ')).map(|(hex, _)| hex);
    hex.and_then(Digest::from_hex)
        .ok_or_else(|| Why::NotUnderstood(format!("`{}` is not a digest", line.unwrap_or(""))))
}
