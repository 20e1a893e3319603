//! Settings files of which only certain keys count: their contents come as answers and are read here, whatever the
//! machine has or lacks to read them with. Into facts go digests, and such values as may be shown.

use std::collections::BTreeMap;
use std::time::Duration;

use super::dotfile::{UNSEARCHABLE, hexadecimal, id};
use super::dotfile_told::mode;
use super::{failed, text};
use crate::observe::{Answer, Context, Covers, Question, Sighting};
use crate::spec::{Compare, Dotfile, Fact, FileFact, Keys, Observed, Why, key_digests, key_names, shown_values};
use crate::transport::quote;

/// How large a text may be, in bytes: it comes as it is.
const LARGEST_TEXT: usize = 1_000_000;

/// How large anything else may be, in bytes: it comes as hexadecimal digits.
const LARGEST: usize = 500_000;

/// The question about an entry that is compared by its keys.
pub(super) fn question(entry: &Dotfile, limit: Duration) -> Option<Question> {
    let Compare::Keys(keys) = &entry.compare else { return None };
    let place = quote::word(&quote::place(&entry.name));
    let mode = if entry.mode.is_some() {
        format!("tu_modes {place} || return\necho \"$tu_stats\"")
    } else {
        "echo any".to_owned()
    };
    // Printable ASCII passes every shell and stream unchanged; anything else is spelt out.
    let script = format!(
        "cd || return\nif [ -f {place} ]; then\ntu_size=$(wc -c <{place}) || return\necho f\n{mode}\n\
         if [ \"$((tu_size))\" -gt {LARGEST_TEXT} ]; then echo \"large $((tu_size))\"\n\
         elif [ \"$(tr -d '\\011\\012\\015\\040-\\176' <{place} | wc -c)\" -eq 0 ]; then echo text; cat {place}\n\
         elif [ \"$((tu_size))\" -gt {LARGEST} ]; then echo \"large $((tu_size))\"\n\
         else echo hex; od -An -v -tx1 <{place} | tr -d ' \\n'\nfi\n\
         elif [ -d {place} ]; then echo d\nelif [ -e {place} ]; then echo o\nelif tu_gone {place}; then echo a\n\
         else {UNSEARCHABLE}\nfi"
    );
    Some(Question {
        subject: entry.name.clone(),
        script,
        command: None,
        limit,
        covers: Covers { items: vec![id(&entry.name)], listings: Vec::new() },
        context: Context::Keys(keys.clone()),
        settled: None,
    })
}

/// What an answer says.
pub(super) fn read(question: &Question, keys: &Keys, answer: &Answer) -> Result<Sighting, Why> {
    if answer.code != 0 {
        return Err(failed("reading it", answer));
    }
    Ok(Sighting::Item(id(&question.subject), observed(&question.subject, keys, &answer.stdout)?))
}

fn observed(path: &str, keys: &Keys, stdout: &[u8]) -> Result<Observed, Why> {
    let (kind, rest) = line(stdout);
    match kind.as_str() {
        "f" => {}
        "a" => return Ok(Observed::Absent),
        "d" => return Err(Why::NotUnderstood("it is a folder, and has no keys".to_owned())),
        "o" => return Err(Why::NotUnderstood("it is neither file nor folder, and has no keys".to_owned())),
        _ => return Err(Why::NotUnderstood(format!("`{kind}` is no kind of file"))),
    }
    let (written, rest) = line(rest);
    let mode = if written == "any" { None } else { Some(mode(Some(&written))?) };
    let (form, content) = line(rest);
    let content = match form.split_once(' ') {
        None if form == "text" => content.to_owned(),
        None if form == "hex" => hexadecimal(content)?,
        Some(("large", size)) => {
            return Err(Why::NotUnderstood(format!("it holds {size} bytes, more than are read of a settings file")));
        }
        _ => return Err(Why::NotUnderstood("what the file holds is missing".to_owned())),
    };
    let found = keys.read(&content).map_err(|why| Why::NotUnderstood(why.to_string()))?;
    let values: BTreeMap<String, String> = shown_values(path, &found);
    let fact = FileFact::Keys { owned: key_names(keys), mode, keys: key_digests(&found), values };
    Ok(Observed::Present(Fact::File(fact)))
}

/// The first line, and what follows it.
fn line(bytes: &[u8]) -> (String, &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => (text(&bytes[..end]), &bytes[end + 1..]),
        None => (text(bytes), &[]),
    }
}
