//! What the runtime tells of paths, read: `tu_describe`'s list of a few paths, and `tu_tree`'s of many files.
//!
//! A description is kinds with names, then modes, then digests, each in the order of the paths; then, apart, those of files
//! that are too large to be hashed with others. What went wrong with one of those is that file's alone.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::time::Duration;

use super::dotfile::id;
use super::restore;
use crate::observe::Sighting;
use crate::spec::{Digest, Fact, FileFact, ItemId, LeadsTo, Mode, Observed, Special, Why};

/// A path as `tu_describe` tells it.
struct Entry {
    kind: char,
    name: String,
    /// Of a link: its text, and the kind of what it leads to.
    to: Option<String>,
    leads_to: Option<char>,
}

impl Entry {
    /// The kind of what is found there, links followed.
    fn end(&self) -> char {
        self.leads_to.unwrap_or(self.kind)
    }

    fn has_mode(&self) -> bool {
        matches!(self.end(), 'f' | 'd')
    }

    fn has_digest(&self) -> bool {
        self.end() == 'f'
    }
}

/// The kinds that are told, of paths and of what links lead to.
const KINDS: &str = "fduaspcbo";

/// What `tu_tree` printed about regular files: modes with names, then digests with names. A file that one of the two
/// lacks could not be read, or came or went meanwhile.
pub(super) fn read_tree<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Result<Vec<Sighting>, Why> {
    let mut files: BTreeMap<&str, (Option<&str>, Option<&str>)> = BTreeMap::new();
    let twice =
        |name: &str| Why::NotUnderstood(format!("`{name}` is the name of two files that differ in what is no text"));
    // A "!", with or without a name, stands for what is described elsewhere.
    for line in section(lines, "=sums")?.into_iter().filter(|line| !line.is_empty() && !line.starts_with('!')) {
        let (mode, name) = line.split_once(' ').ok_or_else(|| strange(line))?;
        if files.entry(name).or_default().0.replace(mode).is_some() {
            return Err(twice(name));
        }
    }
    for line in section(lines, "=end")?.into_iter().filter(|line| !line.is_empty()) {
        let (_, name) = line.split_once("  ").ok_or_else(|| strange(line))?;
        if files.entry(name).or_default().1.replace(line).is_some() {
            return Err(twice(name));
        }
    }
    let observed = |(told, sum): (Option<&str>, Option<&str>)| match (told, sum) {
        (Some(_), None) => Err(denied("reading it")),
        (None, _) => Err(Why::NotUnderstood("it came or went while the folder was looked at".to_owned())),
        (told, sum) => Ok(Observed::Present(Fact::File(FileFact::File { mode: mode(told)?, digest: digest(sum)? }))),
    };
    let sighting = |(name, told): (&str, _)| Sighting::Item(id(name), observed(told).unwrap_or_else(Observed::Unknown));
    Ok(files.into_iter().map(sighting).collect())
}

/// What `tu_describe` printed. `patience` is how long large files could take.
pub(super) fn read_described<'a>(
    lines: &mut impl Iterator<Item = &'a str>,
    patience: Duration,
) -> Result<Vec<Sighting>, Why> {
    let entries = entries(lines)?;
    let modes = section(lines, "=digests")?;
    let mut digests = section(lines, "=end")?;
    let large = match digests.iter().position(|line| *line == "=large") {
        Some(at) => read_large(&digests.split_off(at)[1..])?,
        None => BTreeMap::new(),
    };
    // Modes and digests stand in the order of the entries. Where one failed, it is not known whose the others are.
    let in_step = modes.len() == entries.iter().filter(|entry| entry.has_mode()).count()
        && digests.len() + large.len() == entries.iter().filter(|entry| entry.has_digest()).count();
    let (mut modes, mut digests) = (modes.into_iter(), digests.into_iter());
    let mut sighting = |(place, entry): (usize, Entry)| {
        let observed = if entry.has_mode() && !in_step {
            Err(Why::NotUnderstood("there are not as many modes and digests as files".to_owned()))
        } else {
            let mode = entry.has_mode().then(|| mode(modes.next()));
            let digest = entry.has_digest().then(|| match large.get(&(place + 1)) {
                Some(told) => large_digest(&entry, told, patience),
                None => digest(digests.next()),
            });
            observed(&entry, mode, digest)
        };
        Sighting::Item(id(&entry.name), observed.unwrap_or_else(Observed::Unknown))
    };
    Ok(entries.into_iter().enumerate().map(&mut sighting).collect())
}

/// What was looked at apart, because it may lie where nothing answers. `asked` are all paths of the question, in their
/// order.
pub(super) fn read_apart<'a>(
    lines: &mut Peekable<impl Iterator<Item = &'a str>>,
    asked: &[ItemId],
    patience: Duration,
) -> Result<Vec<Sighting>, Why> {
    let mut apart = BTreeMap::new();
    let mut told = Vec::new();
    while let Some(line) = lines.peek() {
        if let Some(place) = line.strip_prefix("? ") {
            let place: Option<usize> = place.parse().ok();
            let asked = place.and_then(|place| asked.get(place.checked_sub(1)?)).ok_or_else(|| strange(line))?;
            let late = Why::TookLonger { what: "looking at it".to_owned(), limit: patience };
            apart.insert(asked.clone(), Observed::Unknown(late));
        } else if line.starts_with("+ ") {
            break;
        } else if *line != "late" {
            told.extend(read_described(lines, patience)?);
            continue;
        }
        lines.next();
    }
    for sighting in told {
        let Sighting::Item(id, observed) = sighting else { continue };
        *apart.get_mut(&id).ok_or_else(|| strange(&id.name))? = observed;
    }
    Ok(apart.into_iter().map(|(id, observed)| Sighting::Item(id, observed)).collect())
}

fn entries<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Result<Vec<Entry>, Why> {
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let line = lines.next().ok_or_else(|| Why::NotUnderstood("the list of files ends in the middle".to_owned()))?;
        if line == "=modes" {
            return Ok(entries);
        }
        let (sign, rest) = line.split_once(' ').ok_or_else(|| strange(line))?;
        let mut signs = sign.chars();
        let (Some(sign), None) = (signs.next(), signs.next()) else { return Err(strange(line)) };
        match (sign, entries.last_mut()) {
            ('>', Some(Entry { kind: 'l', to: known @ None, .. })) => *known = Some(restore(rest)),
            ('>', _) => return Err(Why::NotUnderstood(format!("a link target without a link: `{line}`"))),
            ('~', Some(Entry { to: Some(_), leads_to, .. })) if rest.len() == 1 && KINDS.contains(rest) => {
                *leads_to = rest.chars().next();
            }
            (kind, _) if kind == 'l' || KINDS.contains(kind) => {
                entries.push(Entry { kind, name: restore(rest), to: None, leads_to: None });
            }
            _ => return Err(strange(line)),
        }
    }
}

/// What became of a large file.
enum Large<'a> {
    /// Nothing was heard in time.
    Late,
    Sum(&'a str),
    Failed(&'a str),
}

/// What `tu_apart` told, by the places of the files among the paths.
fn read_large<'a>(lines: &[&'a str]) -> Result<BTreeMap<usize, Large<'a>>, Why> {
    let mut large = BTreeMap::new();
    for line in lines.iter().filter(|line| **line != "late") {
        let mut words = line.splitn(3, ' ');
        let (sign, place) = (words.next(), words.next().and_then(|place| place.parse().ok()));
        let (sign, place) = sign.zip(place).ok_or_else(|| strange(line))?;
        let told = match (sign, words.next()) {
            ("?", None) => Large::Late,
            ("=", Some(sum)) => Large::Sum(sum),
            ("!", Some(message)) => Large::Failed(message),
            _ => return Err(strange(line)),
        };
        let is_new = matches!(told, Large::Late);
        if large.insert(place, told).is_none() != is_new {
            return Err(strange(line));
        }
    }
    Ok(large)
}

fn large_digest(entry: &Entry, told: &Large<'_>, patience: Duration) -> Result<Digest, Why> {
    let reading = if entry.kind == 'l' { "reading what it leads to" } else { "reading it" }.to_owned();
    match told {
        Large::Late => Err(Why::TookLonger { what: reading, limit: patience }),
        Large::Sum(sum) => digest(Some(sum)),
        Large::Failed(message) => {
            let message = super::first_line(restore(message).as_bytes());
            Err(Why::Failed { command: reading, code: 1, message })
        }
    }
}

/// What stands at a path; its mode and digest, where it has them.
fn observed(
    entry: &Entry,
    mode: Option<Result<Mode, Why>>,
    digest: Option<Result<Digest, Why>>,
) -> Result<Observed, Why> {
    let fact = match (entry.kind, &entry.to, entry.leads_to, mode.transpose()?, digest.transpose()?) {
        ('f', _, _, Some(mode), Some(digest)) => FileFact::File { mode, digest },
        ('d', _, _, Some(mode), None) => FileFact::Folder { mode },
        ('a', ..) => return Ok(Observed::Absent),
        ('u', ..) => return Err(denied("reading it")),
        ('l', Some(_), Some('u'), ..) => return Err(denied("reading what it leads to")),
        ('l', Some(to), Some(kind), mode, digest) => {
            let leads_to = match (kind, digest) {
                (_, Some(digest)) => LeadsTo::File(digest),
                ('d', None) => LeadsTo::Folder,
                ('a', None) => LeadsTo::Nowhere,
                (other, None) => special(other).map_or(LeadsTo::Other, LeadsTo::Special),
            };
            FileFact::Link { to: to.clone(), leads_to: Some(leads_to), mode }
        }
        ('l', ..) => return Err(Why::NotUnderstood("a link without a target".to_owned())),
        (other, ..) => FileFact::Other { special: special(other) },
    };
    Ok(Observed::Present(Fact::File(fact)))
}

/// None where there was no telling.
fn special(kind: char) -> Option<Special> {
    match kind {
        's' => Some(Special::Socket),
        'p' => Some(Special::Fifo),
        'c' => Some(Special::CharacterDevice),
        'b' => Some(Special::BlockDevice),
        _ => None,
    }
}

fn denied(command: &str) -> Why {
    Why::Failed { command: command.to_owned(), code: 1, message: "permission denied".to_owned() }
}

fn strange(line: &str) -> Why {
    Why::NotUnderstood(format!("unexpected line `{line}`"))
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

/// A mode, with the size behind it or without.
pub(super) fn mode(line: Option<&str>) -> Result<Mode, Why> {
    let line = line.unwrap_or("");
    let (mode, size) = line.split_once(' ').unwrap_or((line, "0"));
    let is_size = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
    let read = Mode::parse(mode).filter(|_| is_size);
    read.ok_or_else(|| Why::NotUnderstood(format!("`{line}` is not a file mode")))
}

fn digest(line: Option<&str>) -> Result<Digest, Why> {
    // A backslash in front says that the name was escaped; the name is not read here.
    let hex = line.and_then(|line| line.trim_start_matches('\\').split_once(' ')).map(|(hex, _)| hex);
    hex.and_then(Digest::from_hex)
        .ok_or_else(|| Why::NotUnderstood(format!("`{}` is not a digest", line.unwrap_or(""))))
}
