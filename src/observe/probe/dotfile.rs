//! Files of the home: kind, mode, content digest or link target.
//!
//! A path that turns out to be a folder stands for everything below it, and a glob for what it matches; both are open
//! sets, so a file that only the target has is seen too. Contents never leave the machine here, only their digests.

use super::{failed, restore, text};
use crate::observe::{Answer, Context, Covers, Probe, Question, Sighting};
use crate::spec::{
    Category, Digest, Environment, Extent, Fact, FileFact, ItemId, Listing, Mode, Observed, Why, glob_matches,
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

/// How the machine is given a path: below the home where it is relative, and never like an option.
fn place(name: &str) -> String {
    if name.starts_with('/') { name.to_owned() } else { format!("./{name}") }
}

fn id(place: &str) -> ItemId {
    ItemId::new(Category::Dotfile, place.strip_prefix("./").unwrap_or(place))
}

fn paths_question(paths: &[&str], limit: std::time::Duration) -> Question {
    let places: Vec<String> = paths.iter().map(|path| place(path)).collect();
    let places = quote::words(places.iter().map(String::as_str));
    // A listing that fails says so on a line of its own, and the other paths keep their answers.
    let script = format!(
        "cd || return\ntu_describe {places}\nfor tu_one in {places}; do\n\
         if [ -d \"$tu_one\" ] && [ ! -L \"$tu_one\" ]; then\n\
         find \"$tu_one\" ! -type d -exec /bin/sh -c \"$tu_library\"'tu_describe \"$@\"' sh {{}} + \
         || {{ printf '! '; tu_plain \"$tu_one\"; }}\nfi\ndone"
    );
    Question {
        subject: "paths".to_owned(),
        script,
        limit,
        covers: Covers {
            items: paths.iter().map(|path| id(path)).collect(),
            listings: paths.iter().map(|path| Listing::below_path(path)).collect(),
        },
        context: Context::None,
    }
}

fn glob_question(glob: &str, root: &str, limit: std::time::Duration) -> Question {
    let root = if root.is_empty() { ".".to_owned() } else { place(root) };
    let root = quote::word(&root);
    // find narrows the search with its own, wider patterns; which of the names really match is decided when reading.
    let depth = if glob.contains("**") {
        String::new()
    } else {
        let below_root = place(glob).split('/').count() - root.split('/').count();
        format!("-maxdepth {below_root} ")
    };
    let wider = quote::word(&wider_pattern(&place(glob)));
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
    // A glob may match nothing; of paths that are named there is always something to say.
    match question.context {
        Context::Pattern(_) if answer.code != 0 => return Err(failed("find", answer)),
        Context::None | Context::Names(_) if sightings.is_empty() => return Err(failed("listing dotfiles", answer)),
        _ => {}
    }
    if let Context::Pattern(glob) = &question.context {
        sightings.retain(|sighting| !matches!(sighting, Sighting::Item(id, _) if !glob_matches(glob, &id.name)));
    }
    Ok(sightings)
}

/// What `tu_describe` printed: names with kinds, then modes, then digests.
fn read_block<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Result<Vec<Sighting>, Why> {
    let mut entries: Vec<(char, String, Option<String>)> = Vec::new();
    let cut = || Why::NotUnderstood("the list of files ends in the middle".to_owned());
    loop {
        let line = lines.next().ok_or_else(cut)?;
        match line.split_once(' ') {
            None if line == "=modes" => break,
            Some((">", target)) => match entries.last_mut() {
                Some(('l', _, link)) => *link = Some(restore(target)),
                _ => return Err(Why::NotUnderstood(format!("a link target without a link: `{line}`"))),
            },
            Some((kind @ ("f" | "u" | "d" | "o" | "a" | "l"), name)) => {
                entries.push((kind.chars().next().unwrap_or('?'), restore(name), None));
            }
            _ => return Err(Why::NotUnderstood(format!("unexpected line `{line}`"))),
        }
    }
    let modes = section(lines, "=digests")?;
    let digests = section(lines, "=end")?;
    // Modes and digests stand in the order of the entries. Where one failed, it is not known whose the others are.
    let count = |kinds: &[char]| entries.iter().filter(|(kind, ..)| kinds.contains(kind)).count();
    let in_step = modes.len() == count(&['f', 'd']) && digests.len() == count(&['f']);
    let (mut modes, mut digests) = (modes.into_iter(), digests.into_iter());
    let sightings = entries
        .into_iter()
        .map(|(kind, name, link)| {
            let observed = match kind {
                'f' | 'd' if !in_step => {
                    Err(Why::NotUnderstood("there are not as many modes and digests as files".to_owned()))
                }
                'f' => file(modes.next(), digests.next()),
                'd' => mode(modes.next()).map(|mode| Observed::Present(Fact::File(FileFact::Folder { mode }))),
                'l' => link
                    .map(|to| Observed::Present(Fact::File(FileFact::Link { to })))
                    .ok_or_else(|| Why::NotUnderstood("a link without a target".to_owned())),
                'o' => Ok(Observed::Present(Fact::File(FileFact::Other))),
                'u' => Ok(Observed::Unknown(Why::Failed {
                    command: "reading it".to_owned(),
                    code: 1,
                    message: "permission denied".to_owned(),
                })),
                _ => Ok(Observed::Absent),
            };
            Sighting::Item(id(&name), observed.unwrap_or_else(Observed::Unknown))
        })
        .collect();
    Ok(sightings)
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

fn file(mode_line: Option<&str>, digest_line: Option<&str>) -> Result<Observed, Why> {
    let mode = mode(mode_line)?;
    // A backslash in front says that the name was escaped; the name is not read here.
    let hex = digest_line.and_then(|line| line.trim_start_matches('\\').split_once(' ')).map(|(hex, _)| hex);
    let digest = hex
        .and_then(Digest::from_hex)
        .ok_or_else(|| Why::NotUnderstood(format!("`{}` is not a digest", digest_line.unwrap_or(""))))?;
    Ok(Observed::Present(Fact::File(FileFact::File { mode, digest })))
}
