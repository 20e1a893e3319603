//! Files of the home: kind, mode, content digest or link target.
//!
//! A path that turns out to be a folder stands for everything below it, and a glob for what it matches; both are open
//! sets, so a file that only the target has is seen too. Contents leave the machine only where they are not the lock's and
//! can be shown, or where keys count; of all others the digests do.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::dotfile_told::{read_apart, read_described, read_tree};
use super::{dotfile_keys, failed, restore, text};
use crate::observe::digits::from_digits;
use crate::observe::{Answer, Context, Covers, Probe, Question, Sighting};
use crate::spec::{
    Account, Category, Compare, Digest, Dotfile, Dotfiles, Environment, Extent, ItemId, Listing, Why, glob_matcher,
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
    let Dotfiles { entries, known, .. } = &environment.dotfiles;
    let whole = |entry: &&Dotfile| entry.extent == Extent::Path && !matches!(entry.compare, Compare::Keys(_));
    let paths: Vec<&str> = entries.iter().filter(whole).map(|entry| entry.name.as_str()).collect();
    let limit = environment.limits.probe;
    let mut questions = Vec::new();
    if !paths.is_empty() {
        questions.push(paths_question(&paths, known, limit));
        questions.extend(paths.iter().map(|path| folder_question(path, limit)));
    }
    for entry in entries {
        if let Extent::Glob { root } = &entry.extent {
            questions.push(glob_question(&entry.name, root, limit));
        }
    }
    if entries.iter().any(|entry| matches!(entry.compare, Compare::Template(_))) {
        let script = "tu_user=$(id -un) || return\nprintf '%s\\n%s' \"$tu_user\" \"$HOME\"".to_owned();
        questions.push(Question::new(ACCOUNT, script, limit, Covers::default()));
    }
    // Last, since a folder or glob may have seen the same files as a whole.
    questions.extend(entries.iter().filter_map(|entry| dotfile_keys::question(entry, limit)));
    questions
}

/// The subject of the question about who the user is.
const ACCOUNT: &str = "(account)";

/// How large a file may be to be brought for showing the difference, in bytes.
const LARGEST_SHOWN: usize = 64 << 10;

/// How large a file may be to be hashed together with others, in bytes. One that is larger has a process of its own, and
/// where that takes too long it is unknown and the others keep their facts.
const MOST_TOGETHER: u64 = 16 << 20;

/// How long what is done apart may take, of the time that its question has: the rest is for ending it and for telling.
pub(super) fn patience(limit: Duration) -> Duration {
    match limit.as_secs() {
        0 | 1 => Duration::from_millis(500),
        seconds => Duration::from_secs(seconds - (seconds / 3).max(1)),
    }
}

/// Tells the runtime what is large and how long that may take.
fn large_files(limit: Duration) -> String {
    format!("tu_together={MOST_TOGETHER} tu_patience={}", patience(limit).as_secs_f64())
}

/// Ends a question whose place lies behind a folder that may not be searched.
pub(super) const UNSEARCHABLE: &str = "echo 'a folder on the way to it may not be searched' >&2; return 1";

pub(super) fn id(place: &str) -> ItemId {
    ItemId::new(Category::Dotfile, place.strip_prefix("./").unwrap_or(place))
}

/// What stands at each of the paths. What is below those that are folders is asked apart, so that a folder that is too
/// big costs no other path its answer.
fn paths_question(paths: &[&str], known: &BTreeMap<String, Digest>, limit: Duration) -> Question {
    let places: Vec<String> = paths.iter().map(|path| quote::place(path)).collect();
    let places = quote::words(places.iter().map(String::as_str));
    let described = format!("tu_describe {places}");
    let shown: Vec<(&str, &Digest)> = paths
        .iter()
        .filter_map(|path| known.get_key_value(*path))
        .map(|(path, digest)| (path.as_str(), digest))
        .collect();
    let script = if shown.is_empty() { described } else { and_what_differs(&described, &shown) };
    Question::new(
        "paths",
        format!("cd || return\n{}\n{script}", large_files(limit)),
        limit,
        Covers { items: paths.iter().map(|path| id(path)).collect(), listings: Vec::new() },
    )
}

/// How many bytes description and contents may have together, digits and all.
const ROOM: usize = crate::observe::BRIEF_CAP / 4 * 3;

/// The description, and behind it the contents of those files that do not have their known digest, as far as there is
/// room for them. Where all have it, this starts no process.
fn and_what_differs(described: &str, known: &[(&str, &Digest)]) -> String {
    let mut script = format!(
        "tu_told=$({described})\nprintf '%s\\n' \"$tu_told\"\ntu_room=$(({ROOM} - ${{#tu_told}}))\n\
         tu_bring() {{\ncase $tu_told in *\"$2\"*) return ;; esac\n\
         case $1 in /*) case $tu_told in *\"${{tu_newline}}late\"*) return ;; esac ;; esac\n\
         if [ -L \"$1\" ] || [ ! -f \"$1\" ] || [ ! -r \"$1\" ]; then return; fi\n\
         [ -n \"$(find \"$1\" -prune -size -{}c)\" ] || return\n\
         tu_size=$(wc -c <\"$1\") || return\n\
         if [ \"$((tu_size * 2))\" -gt \"$tu_room\" ]; then return; fi\n\
         tu_room=$((tu_room - tu_size * 2))\n\
         printf '+ '; tu_plain \"$1\"; od -An -v -tx1 <\"$1\" | tr -d ' \\n'; echo\n}}\n",
        LARGEST_SHOWN + 1
    );
    for (path, digest) in known {
        script.push_str(&quote::words(["tu_bring", &quote::place(path), digest.hex()]));
        script.push('\n');
    }
    script + "return 0"
}

fn folder_question(path: &str, limit: Duration) -> Question {
    // Nothing is below a regular file, and most paths are one.
    let from_home = quote::from_home(path);
    let place = quote::word(&quote::place(path));
    // A listing that fails in one place says so on a line of its own, and what was found beside it keeps its answer.
    let script = format!(
        "cd || return\nif [ -L {place} ] || [ ! -d {place} ]; then\n\
         [ -L {place} ] || [ -e {place} ] || tu_gone {place} || {{ {UNSEARCHABLE}; }}\nreturn\nfi\n\
         {}\ntu_tree {place} || {{ printf '! '; tu_plain {place}; }}",
        large_files(limit)
    );
    Question {
        subject: path.to_owned(),
        script,
        command: None,
        limit,
        covers: Covers { items: Vec::new(), listings: vec![Listing::below_path(path)] },
        context: Context::None,
        // Asked before any limit holds, so that nothing is asked here of a place that may hang.
        settled: Some(format!("tu_near {from_home} && [ -f {from_home} ]")),
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
         {}\ntu_tree {root} {depth}-path {wider}",
        large_files(limit)
    );
    Question {
        subject: glob.to_owned(),
        script,
        command: None,
        limit,
        covers: Covers { items: Vec::new(), listings: vec![Listing::of_glob(glob)] },
        context: Context::Pattern(glob.to_owned()),
        settled: None,
    }
}

/// The glob as `find -path` knows it, matching at least as much: there `*` crosses folders and braces mean nothing. What
/// stands for one character here may be several bytes there, and find's brackets know escapes, so both become stars.
fn wider_pattern(glob: &str) -> String {
    let mut pattern = String::new();
    let mut depth = 0_usize;
    let glob = glob.replace("**/", "*");
    let mut chars = glob.chars();
    while let Some(c) = chars.next() {
        match c {
            '[' => {
                // A bracket that closes at once is one of the class.
                let first = chars.next();
                if matches!(first, Some('!' | '^')) {
                    chars.next();
                }
                chars.find(|c| *c == ']');
                pattern.push('*');
            }
            '\\' => {
                chars.next();
                pattern.push('*');
            }
            '{' => {
                depth += 1;
                pattern.push('*');
            }
            '}' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            '?' => pattern.push('*'),
            _ => pattern.push(c),
        }
    }
    pattern
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    match &question.context {
        Context::Keys(keys) => return dotfile_keys::read(question, keys, answer).map(|sighting| vec![sighting]),
        _ if question.subject == ACCOUNT => {
            return read_account(answer).map(|account| vec![Sighting::Account(account)]);
        }
        _ => {}
    }
    let stdout = lossless(&answer.stdout);
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
        if let Some(place) = line.strip_prefix("+ ") {
            let id = id(&restore(place));
            lines.next();
            let digits = lines.next().ok_or_else(|| Why::NotUnderstood("a content is missing".to_owned()))?;
            sightings.push(Sighting::Content(id, hexadecimal(digits.as_bytes())?));
            continue;
        }
        if *line == "=tree" {
            lines.next();
            sightings.extend(read_tree(&mut lines)?);
            continue;
        }
        if *line == "=apart" {
            lines.next();
            sightings.extend(read_apart(&mut lines, &question.covers.items, patience(question.limit))?);
            continue;
        }
        sightings.extend(read_described(&mut lines, patience(question.limit))?);
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
        let matches = glob_matcher(glob);
        sightings.retain(|sighting| !matches!(sighting, Sighting::Item(id, _) if !matches(&id.name)));
    }
    Ok(sightings)
}

/// What was printed, with bytes that are no text spelt out behind the sign that stands for them: two names that differ only
/// in those are two names.
fn lossless(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            write!(text, "\u{fffd}\\x{byte:02x}").expect("writing to a string cannot fail");
        }
    }
    text
}

fn read_account(answer: &Answer) -> Result<Account, Why> {
    let stdout = text(&answer.stdout);
    match stdout.split_once('\n') {
        Some((user, home)) if answer.code == 0 => Ok(Account { user: user.to_owned(), home: home.to_owned() }),
        _ => Err(failed("id", answer)),
    }
}

/// Bytes that came as pairs of hexadecimal digits.
pub(super) fn hexadecimal(digits: &[u8]) -> Result<Vec<u8>, Why> {
    from_digits(digits).ok_or_else(|| Why::NotUnderstood("a content is not hexadecimal".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A narrowing that left something out would make files that are there missing.
    #[test]
    fn what_find_is_given_is_as_wide_as_the_glob_and_known_to_every_find() {
        for (glob, wider) in [
            ("./a/*.toml", "./a/*.toml"),
            ("./**/x", "./*x"),
            ("./a?b", "./a*b"),
            ("./{a,b{c,d}}e", "./**e"),
            ("./[{]x}", "./*x}"),
            ("./[]a]b[!]]c", "./*b*c"),
            (r"./a\*b[\]c", "./a*b*c"),
        ] {
            assert_eq!(wider_pattern(glob), wider, "{glob}");
        }
    }

    #[test]
    fn names_that_differ_in_what_is_no_text_stay_apart() {
        assert_eq!(lossless("café".as_bytes()), "café");
        assert_eq!(lossless(b"caf\xe9"), "caf\u{fffd}\\xe9");
        assert_ne!(lossless(b"caf\xe9"), lossless(b"caf\xe8"));
    }
}
