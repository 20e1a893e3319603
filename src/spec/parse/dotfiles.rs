//! `[dotfiles]`: which files are held, and for some of them how.

use std::path::PathBuf;

use super::super::dotfile::{Compare, Dotfile, Extent};
use super::super::environment::Dotfiles;
use super::super::fact::Mode;
use super::super::keys::{Format, KeyPath, Keys};
use super::super::problem::Problem;
use super::super::section::{Entry, Placed, Section};
use super::super::suggest;

pub(super) fn read_dotfiles(mut table: Section<'_>) -> Dotfiles {
    let source = table.string("source").map(|path| PathBuf::from(path.value));
    let files = table.strings("files").unwrap_or_default();
    let keep = table.boolean("keep").unwrap_or(false);
    let mut entries = Vec::new();
    for file in files {
        match Dotfile::parse(&file.value) {
            Ok(entry) => entries.push(entry),
            Err(message) => table.problem(Problem::new(message, file.span, "here")),
        }
    }
    for entry in table.entries() {
        if !entry.name.contains('/') && !entry.name.starts_with(['.', '~']) {
            unknown_key(&entry);
        } else if let Some(dotfile) = read_dotfile(&entry, source.is_some()) {
            // A table says more about a path than the list.
            entries.retain(|known| known.name != dotfile.name);
            entries.push(dotfile);
        }
    }
    Dotfiles { source, entries, keep, ..Dotfiles::default() }
}

fn unknown_key(entry: &Entry<'_>) {
    let message = format!("unknown key `{}` in [dotfiles]", entry.name);
    let problem = Problem::new(message, entry.key_span.clone(), "not known here");
    entry.problem(match suggest::nearest(&entry.name, ["source", "files", "keep"]) {
        Some(known) => problem.help(format!("did you mean `{known}`?")),
        None => problem.help("known keys: source, files, keep, and paths such as \".claude/settings.json\""),
    });
}

fn read_dotfile(entry: &Entry<'_>, has_source: bool) -> Option<Dotfile> {
    let dotfile = Dotfile::parse(&entry.name)
        .map_err(|message| entry.problem(Problem::new(message, entry.key_span.clone(), "here")))
        .ok();
    let Some(mut table) = entry.section() else {
        entry.wrong_type("a table such as { compare = \"keys\", keys = [\"hooks\"] }");
        return None;
    };
    let keys = read_keys(&mut table, &entry.name);
    let template = table.item("template");
    let is_template = table.boolean("template").unwrap_or(false);
    let mode = table.string("mode");
    let literal = mode.as_ref().and_then(|mode| read_mode(&table, mode));
    let only = super::read_systems(&mut table);
    let keep = table.boolean("keep");
    let mut dotfile = dotfile?;
    let at = |placed: Option<std::ops::Range<usize>>| placed.unwrap_or_else(|| table.span.clone());
    if let (Extent::Glob { .. }, true) = (&dotfile.extent, keys.is_some() || is_template || mode.is_some()) {
        let message = format!("`{}` is a glob, of which only `only` and `keep` can be said", entry.name);
        table.problem(Problem::new(message, at(None), "a glob").help("name each file in a table of its own"));
    }
    if is_template && keys.is_some() {
        let message = format!("`{}` cannot be compared by its keys and be a template too", entry.name);
        table.problem(Problem::new(message, at(template.as_ref().map(|item| item.span.clone())), "a template here"));
    }
    if is_template && (!has_source || dotfile.name.starts_with('/')) {
        let message = format!("`{}` has no template", entry.name);
        let help = "write source = \"…\" under [dotfiles]: the template is the file of the same path below it, which \
                    belongs below the home";
        table.problem(Problem::new(message, at(template.map(|item| item.span)), "taken from the source").help(help));
    }
    table.finish();
    dotfile.compare = match keys {
        Some(keys) => Compare::Keys(keys?),
        None if is_template => Compare::Template(None),
        None => Compare::Content,
    };
    (dotfile.mode, dotfile.only, dotfile.keep) = (literal, only, keep);
    Some(dotfile)
}

fn read_mode(table: &Section<'_>, written: &Placed<String>) -> Option<Mode> {
    let mode = Mode::parse(&written.value);
    if mode.is_none() {
        let message = format!("`{}` is not a file mode", written.value);
        table.problem(Problem::new(message, written.span.clone(), "here").help("write octal digits: mode = \"0600\""));
    }
    mode
}

/// None where the content counts as a whole; of the inner option, none where there is a problem.
fn read_keys(table: &mut Section<'_>, path: &str) -> Option<Option<Keys>> {
    let compare = table.string("compare");
    let format = table.string("format");
    let owned = table.strings("keys");
    let word = compare.as_ref().map(|word| word.value.as_str());
    if let (Some(compare), Some(word)) = (&compare, word.filter(|word| !["keys", "content"].contains(word))) {
        let problem = Problem::new(format!("`{word}` is not a way to compare a file"), compare.span.clone(), "unknown");
        table.problem(problem.help("write compare = \"keys\" or compare = \"content\""));
        return Some(None);
    }
    if word != Some("keys") {
        for (key, span) in [
            ("format", format.map(|format| format.span)),
            ("keys", owned.and_then(|keys| keys.first().map(|key| key.span.clone()))),
        ] {
            if let Some(span) = span {
                let message = format!("`{key}` means nothing without compare = \"keys\"");
                table.problem(Problem::new(message, span, "here").help("add compare = \"keys\""));
            }
        }
        return None;
    }
    let format = read_format(table, format, path);
    let mut paths = Vec::new();
    for key in owned.unwrap_or_default() {
        match KeyPath::parse(&key.value) {
            Ok(path) => paths.push(path),
            Err(error) => {
                let problem = Problem::new(error.to_string(), key.span, "not a key");
                table.problem(
                    problem.help("write keys with dots between them, such as 'mcpServers.\"my.server\".args'"),
                );
            }
        }
    }
    Some(format.map(|format| Keys { format, owned: paths }))
}

fn read_format(table: &Section<'_>, written: Option<Placed<String>>, path: &str) -> Option<Format> {
    let words = Format::ALL.map(|(word, _)| word);
    let Some(written) = written else {
        let guessed = Format::of_name(path);
        if guessed.is_none() {
            let message = format!("the format of `{path}` cannot be told from its name");
            let problem = Problem::new(message, table.span.clone(), "here");
            table.problem(problem.help(format!("add format = \"…\", one of {}", words.join(", "))));
        }
        return guessed;
    };
    let known = Format::ALL.into_iter().find(|(word, _)| *word == written.value).map(|(_, format)| format);
    if known.is_none() {
        let problem = Problem::new(format!("`{}` is not a format", written.value), written.span, "unknown format");
        table.problem(match suggest::nearest(&written.value, words) {
            Some(near) => problem.help(format!("did you mean \"{near}\"?")),
            None => problem.help(format!("formats are {}", words.join(", "))),
        });
    }
    known
}
