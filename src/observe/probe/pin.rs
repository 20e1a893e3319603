//! What the files of a repository pin, and what the pinned tools tell inside it, where shims answer by folder.
//!
//! One question brings the files; one for each tool that a file can name, or the spec does, asks it there, only if a file
//! names it. What the answers amount to together is for `quality` to say. A tool that is asked inside a repository may want
//! to install what is pinned there, so that every way to the network and every automatic installation is closed first.

use std::collections::BTreeMap;

use super::dotfile::patience;
use super::repo::NOTHING_THERE;
use super::{failed, restore, text, tool, tool_table};
use crate::observe::{Answer, Covers, Probe, Question, Sighting, from_od};
use crate::quality::pins::{ASKED, not_understood, told_in};
use crate::spec::pin::command::{BACKENDS, NAMES, OWN_VERSIONS, WHOLE, names_of};
use crate::spec::pin::{About, FORMATS, Format, Pin, Source, format_of, maker};
use crate::spec::{Category, Digest, Environment, Fact, Listing, Observed, Policy, Repo, Tool, VersionFact, Why};
use crate::transport::quote;

pub(super) const PROBE: Probe = Probe {
    name: "pin",
    doc: "versions that a repository's files pin, and whether they are kept",
    manager: None,
    ask,
    read,
};

/// Files larger than this are not read.
const LARGEST: usize = 128 << 10;

/// Those that hold much beside pins may be larger; in digits one still fits what a question may print.
const LARGE: [&str; 4] = ["package.json", "pyproject.toml", "mise.lock", "mise.local.lock"];

/// Their limit.
const LARGEST_OF_THOSE: usize = 1 << 20;

fn largest(file: &str) -> usize {
    if LARGE.contains(&file) { LARGEST_OF_THOSE } else { LARGEST }
}

/// What sh finds mise's drop-in files by.
const DROP_INS: &str = ".config/mise/conf.d/*.toml";

fn ask(environment: &Environment) -> Vec<Question> {
    let mut questions = Vec::new();
    for repo in &environment.repos {
        questions.push(files_question(repo, environment));
        questions.extend(ASKED.iter().map(|(tool, command)| tool_question(repo, tool, command, environment)));
        let known = |tool: &&Tool| ASKED.iter().any(|(name, command)| tool.name == *name || tool.name == *command);
        let others = environment.tools.iter().filter(|tool| !known(tool));
        questions.extend(others.map(|tool| tool_question(repo, &tool.name, &tool.name, environment)));
        questions.push(known_question(repo, environment));
    }
    questions
}

fn listing(repo: &str) -> Listing {
    Listing::below(Category::Pin, format!("{repo}/"))
}

/// sh commands that go into a repository's folder.
fn enter(repo: &Repo) -> String {
    let place = quote::word(&quote::place(&repo.path));
    format!(
        "cd || return\nif [ ! -e {place} ] && tu_gone {place}; then return {NOTHING_THERE}; fi\ncd {place} || return\n"
    )
}

/// Prints `= FILE` and its bytes in hexadecimal digits for each file, `! FILE` for one that cannot be read, then `=end`.
fn files_question(repo: &Repo, environment: &Environment) -> Question {
    let files = quote::words(FORMATS.iter().flat_map(|format| format.files).copied());
    let script = enter(repo)
        + &format!(
            "for tu_one in {files} {DROP_INS}; do\n\
             case $tu_one in {}) tu_most={} ;; *) tu_most={} ;; esac\n\
             if [ -f \"$tu_one\" ] && [ -r \"$tu_one\" ]; then\n\
             printf '= %s\\n' \"$tu_one\"\nhead -c \"$tu_most\" <\"$tu_one\" | od -An -v -tx1\n\
             elif [ ! -d \"$tu_one\" ] && {{ [ -e \"$tu_one\" ] || ! tu_gone \"$tu_one\"; }}; then\n\
             printf '! %s\\n' \"$tu_one\"\nfi\ndone\necho '=end'",
            LARGE.join(" | "),
            LARGEST_OF_THOSE + 1,
            LARGEST + 1
        );
    let covers = Covers { items: Vec::new(), listings: vec![listing(&repo.name)] };
    Question::new(&repo.name, script, environment.limits.probe, covers)
}

/// Other names of a tool in the files that name it.
fn names(tool: &str) -> String {
    match tool {
        "node" => "node|nodejs",
        "python" => "python|python3|cpython",
        "go" => "go|golang",
        "rust" => "rust|rustc",
        "mise" => "mise|min_version",
        own => {
            let others: String = names_of(own).map(|name| format!("|{}", literal(name))).collect();
            return literal(own) + &others;
        }
    }
    .to_owned()
}

/// A text as an extended regular expression of grep that matches just it.
fn literal(text: &str) -> String {
    let special =
        |c: char| matches!(c, '.' | '[' | ']' | '(' | ')' | '{' | '}' | '*' | '+' | '?' | '|' | '^' | '$' | '\\');
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// That a repository has none of these files, and no drop-in either: then no file names a tool. Asked before any limit
/// holds, so that nothing is asked here of a place that may hang.
fn settled(repo: &Repo, files: &str) -> String {
    let place = quote::from_home(&quote::place(&repo.path));
    let drop_ins = format!("{place}/.config/mise/conf.d");
    format!("tu_near {drop_ins} && tu_lacks {place} {files} && [ ! -d {drop_ins} ]")
}

/// Asks a tool as the `tool` probe would, in the repository's folder, if one of the files there is about it.
fn tool_question(repo: &Repo, name: &str, command: &str, environment: &Environment) -> Question {
    let files = |holds: &dyn Fn(About) -> bool| {
        let files = FORMATS.iter().filter(|format| holds(format.about)).flat_map(|format| format.files);
        quote::words(files.copied())
    };
    let own = files(&|about| matches!(about, About::One(tool) if tool == name));
    let named = files(&|about| about == About::Named);
    let shared = format!("{named} {DROP_INS}");
    let mention = quote::word(&format!("(^|[^[:alnum:]_])({})([^[:alnum:]_]|$)", names(name)));
    let begin = format!(
        "{}if tu_lacks . {own}; then tu_mention {mention} {shared} || return 0; fi\ntu_nothing_new\n{}",
        enter(repo),
        if CORE_PACKED.contains(&name) { only_if_corepack_has(name) } else { String::new() }
    );
    let settled = settled(repo, &format!("{own} {named}"));
    let tool = environment.tools.iter().find(|tool| tool.name == command).cloned().unwrap_or_else(|| Tool {
        name: command.to_owned(),
        policy: Policy::Present,
        ask: None,
        install: Vec::new(),
        only: Vec::new(),
    });
    let question = tool::question(&tool, environment.limits.probe);
    // What is said before the tool is asked counts too, so that both streams are heard.
    let ask = question.script + &question.command.unwrap_or_default();
    Question {
        subject: format!("{}/{name}", repo.name),
        script: format!("{begin}{ask}"),
        command: None,
        covers: Covers { items: vec![told_in(&repo.name, name)], listings: Vec::new() },
        settled: Some(settled),
        limit: question.limit,
        context: question.context,
    }
}

/// The subject's last word of the question that asks whichever other tools are known and pinned.
const KNOWN: &str = "*";

/// Files whose lines begin with the tools that they pin.
fn listed_files() -> impl Iterator<Item = &'static str> {
    let is_list = |format: &&Format| {
        format.about == About::Named && !matches!(format.files[0], "package.json" | "pyproject.toml")
    };
    FORMATS.iter().filter(is_list).flat_map(|format| format.files).copied()
}

/// sed commands that leave of a line the command that answers for the tool which the line begins with, as
/// [`crate::spec::pin::command`] has it.
fn to_command() -> String {
    let of_whole = |(name, command): &(&str, &str)| format!("s|^[a-z]*:{name}\\([^[:alnum:]_-]\\)|{command}\\1|;");
    let own: String = OWN_VERSIONS.iter().map(|package| format!("/^{package}[^[:alnum:]_-]/d;")).collect();
    let whole: String = WHOLE.iter().map(of_whole).collect();
    let of_backend = |backend: &&str| format!("s|^{backend}:\\([^]\"'=[[:space:]]*/\\)*||;");
    let last: String = BACKENDS.iter().map(of_backend).collect();
    let names: String = NAMES.iter().map(|(name, command)| format!("s/^{name}$/{command}/;")).collect();
    // A backend that is not known brings no command that is. busybox wants the classes last within brackets.
    quote::word(&format!(
        "s/^[[\"'[:space:]]*//;s/^tools[.][\"']*//;{own}{whole}{last}/^[a-z]*:/d;s/[^[:alnum:]_+-].*//;{names}/./p"
    ))
}

/// How much of what a tool says is heard, in bytes: lines that come side by side stay whole up to 4 KiB.
const HEARD: usize = 3500;

/// Asks each tool of the tool table that a line of the files begins with; a question each would make programs long for
/// what few repositories pin. They are asked side by side, so that one that hangs costs its own pin alone. Tables in a line
/// count as lines. Prints `? TOOL` for each, `= TOOL CODE` and what the tool said in a line, or `! TOOL` where that was too
/// much.
fn known_question(repo: &Repo, environment: &Environment) -> Question {
    let is_asked = |name: &str| {
        ASKED.iter().any(|(tool, command)| name == *tool || name == *command)
            || environment.tools.iter().any(|tool| tool.name == name)
    };
    let mut by_command: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for row in tool_table::TABLES.iter().flat_map(|rows| rows.iter()).filter(|row| !is_asked(row.name)) {
        let command = format!("{} \"$tu_path\" {}", row.quietly, row.arguments).trim().to_owned();
        by_command.entry(command).or_default().push(row.name);
    }
    let told = by_command.values().flatten().map(|name| told_in(&repo.name, name)).collect();
    let arms: String = by_command
        .iter()
        .map(|(command, names)| {
            let names: Vec<String> = names.iter().map(|name| quote::word(name)).collect();
            format!("({}) tu_tool \"$1\" || return\n{command} ;;\n", names.join("|"))
        })
        .collect();
    let files = quote::words(listed_files());
    let limit = environment.limits.probe;
    let script = enter(repo)
        + &format!(
            "tu_nothing_new\ntu_pinned() {{\ncase $1 in\n{arms}esac\n}}\n\
             tu_known() {{\n\
             tu_said=$({{ tu_pinned \"$1\" 2>&1; tu_put \"$tu_newline$tu_nonce$?.\"; }} | head -c {HEARD})\n\
             case $tu_said in\n\
             *\"$tu_newline$tu_nonce\"*.)\ntu_code=${{tu_said##*\"$tu_nonce\"}}\n\
             tu_said=$(tu_plain \"${{tu_said%\"$tu_newline$tu_nonce\"*}}\")\n\
             tu_put \"= $1 ${{tu_code%.}} $tu_said$tu_newline\" ;;\n\
             *) tu_put \"! $1$tu_newline\" ;;\nesac\n}}\n\
             set --\nfor tu_word in $(for tu_one in {files} {DROP_INS}; do\n\
             if [ -f \"$tu_one\" ]; then cat <\"$tu_one\"; echo; fi\ndone |\n\
             tr '{{,' '\\n' | sed -n {} | sort -u); do\nset -- \"$@\" \"$tu_word\" \"$tu_word\"\ndone\n\
             if [ \"$#\" -gt 0 ]; then\ntu_patience={}\n\
             {{ tu_apart tu_known \"$@\" </dev/null 2>/dev/null & }} | tu_heed\nfi\necho '=end'",
            to_command(),
            patience(limit).as_secs_f64()
        );
    Question {
        settled: Some(settled(repo, &files)),
        ..Question::new(format!("{}/{KNOWN}", repo.name), script, limit, Covers { items: told, listings: Vec::new() })
    }
}

fn read_known(question: &Question, answer: &Answer, repo: &str) -> Result<Vec<Sighting>, Why> {
    if answer.code != 0 {
        return Err(failed("asking the tools that the files pin", answer));
    }
    let wrong = || Why::NotUnderstood("what the pinned tools said cannot be told apart".to_owned());
    let stdout = text(&answer.stdout);
    let listed = stdout.strip_suffix("=end\n").ok_or_else(wrong)?;
    let mut told = BTreeMap::new();
    for line in listed.split_terminator('\n').filter(|line| *line != "late") {
        let mut words = line.splitn(4, ' ');
        let (Some(sign), Some(name)) = (words.next(), words.next()) else { return Err(wrong()) };
        let id = told_in(repo, name);
        let unknown = |why| vec![Sighting::Item(id.clone(), Observed::Unknown(why))];
        let sightings = match (sign, words.next(), words.next()) {
            ("?", None, None) => {
                unknown(Why::TookLonger { what: "asking it".to_owned(), limit: patience(question.limit) })
            }
            ("!", None, None) => unknown(Why::NotUnderstood(format!("it says more than {HEARD} bytes"))),
            ("=", Some(code), Some(said)) => {
                let code = code.parse().map_err(|_| wrong())?;
                let answer = Answer { code, stdout: restore(said).into_bytes(), stderr: Vec::new() };
                read_tool(question, &answer, repo, name, name).unwrap_or_else(unknown)
            }
            _ => return Err(wrong()),
        };
        // Lines begin with words of all sorts.
        if question.covers.items.contains(&id) {
            told.insert(id, sightings);
        }
    }
    Ok(told.into_values().flatten().collect())
}

/// The tools that corepack stands in for.
const CORE_PACKED: [&str; 3] = ["npm", "pnpm", "yarn"];

/// corepack makes a folder in its cache for a version that it does not have, even where it may not download. So what it
/// would run is looked for first: the project's, else the one that it ran last.
fn only_if_corepack_has(tool: &str) -> String {
    let version = |key: &str, before: &str| {
        quote::word(&format!("s/.*\"{key}\"[[:space:]]*:[[:space:]]*\"{before}\\([^\"+]*\\).*/\\1/p"))
    };
    let (pinned, last) = (version("packageManager", &format!("{tool}@")), version(tool, ""));
    format!(
        "case $(tu_find {tool}) in *corepack*)\n\
         tu_cache=${{COREPACK_HOME:-${{XDG_CACHE_HOME:-$HOME/.cache}}/node/corepack}}\n\
         tu_wants=$(sed -n {pinned} package.json 2>/dev/null)\n\
         [ -n \"$tu_wants\" ] || tu_wants=$(sed -n {last} \"$tu_cache/lastKnownGood.json\" 2>/dev/null)\n\
         if [ -z \"$tu_wants\" ] || [ ! -d \"$tu_cache/v1/{tool}/$tu_wants\" ]; then\n\
         echo 'the version that corepack would run is not installed' >&2\nreturn 1\nfi ;;\nesac\n"
    )
}

/// What version managers say of a version that a file asks for and that they do not have.
const NOT_INSTALLED: [&str; 6] = [
    "not installed",
    "no version is set",
    "no preset version",
    "toolchain not available",
    "could not download",
    "network access disabled",
];

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    let of_tool = question.subject.rsplit_once('/').filter(|_| question.covers.listings.is_empty());
    let of_tool = of_tool.map(|(repo, tool)| {
        let command = ASKED.iter().find(|(name, _)| *name == tool).map_or(tool, |(_, command)| *command);
        (repo, tool, command)
    });
    match (of_tool, answer.code) {
        (Some(_), NOTHING_THERE) => Ok(Vec::new()),
        // No file names it.
        (Some(_), 0) if answer.stdout.is_empty() => Ok(Vec::new()),
        (Some((repo, KNOWN, _)), _) => read_known(question, answer, repo),
        (Some((repo, name, command)), _) => read_tool(question, answer, repo, name, command),
        (None, 0) => read_files(&question.subject, answer),
        (None, NOTHING_THERE) => Ok(Vec::new()),
        (None, _) => Err(failed("reading the files that pin tools", answer)),
    }
}

fn read_tool(
    question: &Question,
    answer: &Answer,
    repo: &str,
    name: &str,
    command: &str,
) -> Result<Vec<Sighting>, Why> {
    let asked = Question { subject: command.to_owned(), ..question.clone() };
    let said = format!("{}{}", text(&answer.stdout), text(&answer.stderr));
    let told = said.to_lowercase();
    if answer.code != 0 && NOT_INSTALLED.iter().any(|words| told.contains(words)) {
        return Ok(vec![Sighting::Item(told_in(repo, name), Observed::Absent)]);
    }
    let observed = |sighting| match sighting {
        Sighting::Item(_, Observed::Present(Fact::Version(version))) => {
            let product = version.product.or_else(|| maker(name, &said));
            Some(Observed::Present(Fact::Version(VersionFact { product, ..version })))
        }
        Sighting::Item(_, observed) => Some(observed),
        // The tool probe tells of nothing else.
        _ => None,
    };
    let sightings = (tool::PROBE.read)(&asked, answer)?.into_iter().filter_map(observed);
    Ok(sightings.map(|observed| Sighting::Item(told_in(repo, name), observed)).collect())
}

fn read_files(repo: &str, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    let stdout = text(&answer.stdout);
    let listed = stdout
        .strip_suffix("=end\n")
        .ok_or_else(|| Why::NotUnderstood("the list of files that pin tools has no end".to_owned()))?;
    let mut files: Vec<(&str, Vec<u8>)> = Vec::new();
    let mut sightings = Vec::new();
    for line in listed.lines() {
        match (line.split_once(' '), files.last_mut()) {
            (Some(("=", file)), _) => files.push((file, Vec::new())),
            (Some(("!", file)), _) => {
                let why = Why::Failed {
                    command: format!("reading {file}"),
                    code: 1,
                    message: "permission denied".to_owned(),
                };
                sightings.push(Sighting::Unlisted(listing(repo), why));
            }
            (_, Some((_, bytes))) => bytes.extend(hexadecimal(line)?),
            _ => return Err(unexpected(line)),
        }
    }
    let mut pins: Vec<Pin> = Vec::new();
    for (file, bytes) in &files {
        if bytes.len() > largest(file) {
            let why = Why::NotUnderstood(format!("{file} is larger than {} KiB", largest(file) >> 10));
            sightings.push(Sighting::Unlisted(listing(repo), why));
            continue;
        }
        let format = format_of(file).ok_or_else(|| unexpected(file))?;
        match Source::of(file, bytes).and_then(|source| (format.parse)(&source)) {
            Ok(read) => pins.extend(read),
            Err(why) => pins.push(not_understood(file, Digest::of(bytes).short(), &why)),
        }
    }
    sightings.push(Sighting::Pins(repo.to_owned(), pins));
    Ok(sightings)
}

fn unexpected(line: &str) -> Why {
    Why::NotUnderstood(format!("unexpected `{line}` among the files that pin tools"))
}

fn hexadecimal(line: &str) -> Result<Vec<u8>, Why> {
    from_od(line.as_bytes()).ok_or_else(|| unexpected(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_about_known_tools_is_short() {
        let spec = "name = \"a\"\n[repos.shop]\npath = \"~/shop\"\n";
        let environment = crate::spec::parse("x", spec, &crate::observe::vocabulary()).unwrap();
        let question = known_question(&environment.repos[0], &environment);
        assert!(question.script.len() < 8 << 10, "{} bytes", question.script.len());
        assert!(question.covers.items.contains(&told_in("shop", "terraform")));
        assert!(!question.covers.items.contains(&told_in("shop", "node")));
    }

    /// What is in the table and cannot be asked would be there for nothing; and a tool's own name leads to no other.
    #[test]
    fn every_command_of_the_table_is_known_and_every_name_is_not() {
        for (name, command) in NAMES.iter().chain(WHOLE) {
            assert!(tool_table::find(command).is_some(), "{command}");
            assert!(tool_table::find(name).is_none(), "{name}");
        }
    }
}
