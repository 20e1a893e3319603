//! What .editorconfig files say of each file, by their own rules (<https://spec.editorconfig.org>): every one from the file's
//! folder up to the root of the file system, the home's too, unless one below calls itself the root.

mod glob;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Asked, Gate, NOT_USED, node};
use crate::observe::Answer;
use crate::spec::{GateFact, Leaves, Why};
use crate::transport::quote;

pub(super) const GATE: Gate =
    Gate { name: "editorconfig", doc: "what .editorconfig files say of each kind of file", script, read };

/// Prints the repository's place, the home, and every file with its lines, each behind a space.
fn script(asked: &Asked<'_>) -> String {
    let files: Vec<String> = node::folders(asked).iter().map(|folder| format!("./{folder}.editorconfig")).collect();
    let mut script = "set --\ntu_up=$PWD\nwhile tu_up=${tu_up%/*} && [ -n \"$tu_up\" ]; do\n\
        if [ -f \"$tu_up/.editorconfig\" ]; then set -- \"$@\" \"$tu_up/.editorconfig\"; fi\ndone\n"
        .to_owned();
    let files = quote::words(files.iter().map(String::as_str));
    writeln!(script, "for tu_file in /.editorconfig {files}; do").expect(INFALLIBLE);
    script.push_str("if [ -f \"$tu_file\" ]; then set -- \"$@\" \"$tu_file\"; fi\ndone\n");
    writeln!(script, "[ $# -gt 0 ] || return {NOT_USED}").expect(INFALLIBLE);
    script.push_str("printf 'top %s\\nhome %s\\n' \"$PWD\" \"${HOME-}\"\n");
    script.push_str("awk 'FNR == 1 { print \"file \" FILENAME } { print \" \" $0 }' \"$@\"\n");
    script
}

const INFALLIBLE: &str = "writing to a string cannot fail";

/// One line that says something: in which section, and where.
#[derive(Debug)]
struct Property {
    section: usize,
    key: String,
    value: String,
    line: usize,
}

/// One .editorconfig file.
#[derive(Debug, Default)]
struct File {
    /// Its folder, absolute, without a slash at its end.
    folder: String,
    /// As it is told of.
    name: String,
    /// How many lines were read.
    lines: usize,
    root: bool,
    sections: Vec<Option<glob::Glob>>,
    properties: Vec<Property>,
}

fn read(asked: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    let not_understood = |why: String| Why::NotUnderstood(format!("editorconfig: {why}"));
    let stdout = String::from_utf8_lossy(&answer.stdout);
    let mut lines = stdout.lines();
    let mut place = |name: &str| {
        let line = lines.next().unwrap_or_default();
        line.strip_prefix(name)
            .map(str::to_owned)
            .ok_or_else(|| not_understood(format!("{line:?} tells of no {}", name.trim())))
    };
    let (top, home) = (place("top ")?, place("home ")?);
    let mut files: BTreeMap<String, File> = BTreeMap::new();
    let mut file = None;
    for line in lines {
        if let Some(path) = line.strip_prefix("file ") {
            let absolute = path.strip_prefix("./").map_or_else(|| path.to_owned(), |inside| format!("{top}/{inside}"));
            let folder = absolute.strip_suffix("/.editorconfig").unwrap_or_default().to_owned();
            let name = match (path.strip_prefix("./"), absolute.strip_prefix(&home)) {
                (Some(inside), _) => inside.to_owned(),
                (None, Some(below)) if !home.is_empty() && below.starts_with('/') => format!("~{below}"),
                (None, _) => absolute.clone(),
            };
            file = Some(files.entry(absolute).or_insert(File { folder, name, ..File::default() }));
            continue;
        }
        let (Some(file), Some(text)) = (file.as_mut(), line.strip_prefix(' ')) else {
            return Err(not_understood(format!("{line:?} is of no file")));
        };
        file.read_line(text);
    }
    Ok(fact(asked, &top, &files))
}

impl File {
    /// Reads the next line. What is no section and no property says nothing, as the standard has it.
    fn read_line(&mut self, text: &str) {
        self.lines += 1;
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.starts_with(['#', ';']) {
            return;
        }
        if let Some(header) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            self.sections.push(glob::Glob::new(header));
        } else if let Some((key, value)) = text.split_once('=') {
            let (key, value) = (key.trim().to_lowercase(), value.trim().to_lowercase());
            match self.sections.len().checked_sub(1) {
                None => self.root |= key == "root" && value == "true",
                Some(section) => self.properties.push(Property { section, key, value, line: self.lines }),
            }
        }
    }
}

fn fact(asked: &Asked<'_>, top: &str, files: &BTreeMap<String, File>) -> GateFact {
    let mut fact = GateFact::new("applies");
    let mut in_force: BTreeMap<&str, ()> = BTreeMap::new();
    let mut applied: Vec<(String, Leaves)> = Vec::new();
    let mut decided: BTreeMap<String, String> = BTreeMap::new();
    for sample in asked.samples {
        let path = format!("{top}/{sample}");
        // From the nearest up to one that is the root.
        let mut chain: Vec<&File> =
            files.values().filter(|file| path.starts_with(&format!("{}/", file.folder))).collect();
        chain.sort_by_key(|file| std::cmp::Reverse(file.folder.len()));
        let end = chain.iter().position(|file| file.root).map_or(chain.len(), |root| root + 1);
        chain.truncate(end);
        let mut leaves = Leaves::new();
        for file in chain.iter().rev() {
            in_force.insert(&file.name, ());
            let below = &path[file.folder.len() + 1..];
            let holds: Vec<bool> = file
                .sections
                .iter()
                .map(|section| section.as_ref().is_some_and(|section| section.holds(below)))
                .collect();
            for property in &file.properties {
                if holds.get(property.section).copied().unwrap_or(false) {
                    leaves.insert(property.key.clone(), property.value.clone());
                    decided.insert(property.key.clone(), format!("{}:{}", file.name, property.line));
                }
            }
        }
        leaves.retain(|_, value| value != "unset");
        implied(&mut leaves);
        applied.push((sample.clone(), leaves));
    }
    fact.leaf("configurations", in_force.into_keys().collect::<Vec<_>>().join(", "));
    fact.path = files.get(&format!("{top}/.editorconfig")).or(files.values().next()).map(|file| file.name.clone());
    fact.of_files(applied);
    fact.decided = decided;
    fact
}

/// What the standard derives from what is said.
fn implied(leaves: &mut Leaves) {
    if leaves.get("indent_style").is_some_and(|style| style == "tab") && !leaves.contains_key("indent_size") {
        leaves.insert("indent_size".to_owned(), "tab".to_owned());
    }
    if let Some(size) = leaves.get("indent_size").cloned() {
        match leaves.get("tab_width").cloned() {
            None if size != "tab" => drop(leaves.insert("tab_width".to_owned(), size)),
            Some(width) if size == "tab" => drop(leaves.insert("indent_size".to_owned(), width)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effective(files: &[(&str, &str)], sample: &str) -> Vec<String> {
        let mut stdout = "top /home/ada/shop\nhome /home/ada\n".to_owned();
        for (name, text) in files {
            stdout.push_str(&format!("file {name}\n"));
            text.lines().for_each(|line| stdout.push_str(&format!(" {line}\n")));
        }
        let answer = Answer { code: 0, stdout: stdout.into_bytes(), stderr: Vec::new() };
        let samples = [sample.to_owned()];
        let fact = read(&Asked { samples: &samples }, &answer).unwrap();
        fact.leaves.iter().map(|(name, value)| format!("{name} = {value}")).collect()
    }

    #[test]
    fn the_nearest_says_last_and_a_root_ends_the_search() {
        let home = ("/home/ada/.editorconfig", "[*]\ncharset = latin1\nmax_line_length = 80");
        let top =
            ("./.editorconfig", "# ours\n[*]\nIndent_Style = Space\nindent_size=2\n[*.md]\nindent_size = unset\n");
        let near = ("./src/.editorconfig", "; near\n[*.js]\nindent_size = 4\n");
        assert_eq!(
            effective(&[home, top, near], "src/a.js"),
            [
                "charset = latin1",
                "configurations = .editorconfig, src/.editorconfig, ~/.editorconfig",
                "indent_size = 4",
                "indent_style = space",
                "max_line_length = 80",
                "tab_width = 4",
            ]
        );
        let root = ("./.editorconfig", "root = TRUE\n[*]\nindent_style = tab\n[docs/**.md]\ntab_width = 8\n");
        assert_eq!(
            effective(&[home, root], "docs/x/a.md"),
            ["configurations = .editorconfig", "indent_size = 8", "indent_style = tab", "tab_width = 8"]
        );
        assert_eq!(effective(&[root], "a.md")[1..], ["indent_size = tab", "indent_style = tab"]);
    }

    #[test]
    fn a_value_is_decided_by_the_line_that_says_it_last() {
        let stdout =
            b"top /h/s\nhome /h\nfile ./.editorconfig\n # one\n [*]\n tab_width = 3\n\x20\n [*.js]\n tab_width = 4\n";
        let answer = Answer { code: 0, stdout: stdout.to_vec(), stderr: Vec::new() };
        let fact = read(&Asked { samples: &["a.js".to_owned()] }, &answer).unwrap();
        assert_eq!(fact.decided["tab_width"], ".editorconfig:6");
        assert_eq!(fact.path.as_deref(), Some(".editorconfig"));
    }

    #[test]
    fn what_is_of_no_file_is_not_understood() {
        for stdout in ["", "top /h\n", "top /h\nhome /h\n [*]\n", "top /h\nhome /h\nfile ./.editorconfig\nx\n"] {
            let answer = Answer { code: 0, stdout: stdout.as_bytes().to_vec(), stderr: Vec::new() };
            assert!(matches!(read(&Asked { samples: &[] }, &answer), Err(Why::NotUnderstood(_))), "{stdout:?}");
        }
    }
}
