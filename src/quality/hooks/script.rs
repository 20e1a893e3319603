//! What a hook's text calls, as far as a look at it tells: files of the repository, scripts of `package.json`, commands.
//!
//! This is no shell: words that only running would tell are passed over. What a hook names with a path is found, and so is
//! what that names in turn.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::checkout::{Checkout, collapse};
use super::modules::{self, SCRIPTS};
use super::named;
use super::values::{get, text_of};
use crate::spec::{Format, GateFact, Value, Why};

/// How far calls are followed.
const DEEPEST: usize = 4;

/// Follows the calls of one hook.
#[derive(Debug)]
pub(super) struct Trail<'a> {
    checkout: Checkout<'a>,
    package: Option<(Value, &'a str)>,
    seen: BTreeSet<String>,
    commands: Vec<String>,
    /// The folder that it has gone into, from the top.
    folder: String,
}

impl<'a> Trail<'a> {
    pub(super) fn new(checkout: Checkout<'a>) -> Self {
        let text = checkout.find("package.json").and_then(|file| file.text);
        // What npm cannot read has no scripts.
        let package = text.and_then(|text| Some((Format::Json.value(text.as_bytes()).ok()?, text)));
        Self { checkout, package, seen: BTreeSet::new(), commands: Vec::new(), folder: String::new() }
    }

    /// Follows a text that stands in a file; `fact` gets a leaf for all that it leads to.
    pub(super) fn follow(&mut self, text: &str, file: &str, fact: &mut GateFact) -> Result<(), Why> {
        self.descend(text, file, 0, fact)
    }

    /// The same where it is run in a folder.
    pub(super) fn follow_in(&mut self, root: &str, text: &str, file: &str, fact: &mut GateFact) -> Result<(), Why> {
        self.folder = collapse(root);
        let followed = self.descend(text, file, 0, fact);
        self.folder.clear();
        followed
    }

    /// Follows a script that a manager starts by itself, whose own commands are told by its digest.
    pub(super) fn follow_script(&mut self, text: &str, file: &str, fact: &mut GateFact) -> Result<(), Why> {
        if self.seen.insert(file.to_owned()) { self.descend(text, file, 1, fact) } else { Ok(()) }
    }

    /// Follows a command that is given more arguments than stand in its text.
    pub(super) fn follow_with(
        &mut self,
        text: &str,
        arguments: &[&str],
        file: &str,
        fact: &mut GateFact,
    ) -> Result<(), Why> {
        let mut commands = commands(text, file);
        match commands.last_mut() {
            Some(last) => last.extend(arguments.iter().map(|word| (*word).to_owned())),
            None => commands.push(arguments.iter().map(|word| (*word).to_owned()).collect()),
        }
        commands.iter().try_for_each(|words| self.command(words, file, 0, fact))
    }

    /// Settings that stand among the arguments of a program that is none of the repository's.
    pub(super) fn settings(&mut self, words: &[String], fact: &mut GateFact) -> Result<(), Why> {
        for (option, value) in named::settings(words) {
            self.setting(option, value, fact)?;
        }
        Ok(())
    }

    /// The commands that it ended in.
    pub(super) fn end(self, fact: &mut GateFact) {
        if !self.commands.is_empty() {
            fact.leaf("commands", self.checkout.raw.anywhere(&self.commands.join("; ")));
        }
    }

    fn descend(&mut self, text: &str, file: &str, depth: usize, fact: &mut GateFact) -> Result<(), Why> {
        if depth > DEEPEST {
            return Ok(());
        }
        if !is_for_a_shell(text, file) {
            return self.program(text, file, depth, fact);
        }
        let folder = self.folder.clone();
        let followed = commands(text, file).iter().try_for_each(|words| self.command(words, file, depth, fact));
        self.folder = folder;
        followed
    }

    fn command(&mut self, words: &[String], file: &str, depth: usize, fact: &mut GateFact) -> Result<(), Why> {
        let is_prefix = |word: &String| {
            is_assignment(word)
                || matches!(word.as_str(), "exec" | "command" | "env" | "time" | "nice" | "sudo" | "!" | "eval")
        };
        let start = words.iter().position(|word| !is_prefix(word)).unwrap_or(words.len());
        let Some((program, arguments)) = words[start..].split_first() else { return Ok(()) };
        if program == "cd" {
            self.go_into(arguments);
            return Ok(());
        }
        if let Some(name) = self.package_script(program, arguments) {
            self.settings(arguments, fact)?;
            return self.package_scripts(&name, depth, fact);
        }
        if depth == 0 || file == "package.json" {
            self.commands.push(words[start..].join(" "));
        }
        self.settings(&words[start..], fact)?;
        let Some((program, arguments)) = named::without_runner(&words[start..]).split_first() else { return Ok(()) };
        let name = program.rsplit('/').next().unwrap_or(program);
        if let Some(build) = named::build(name, arguments) {
            return self.build(&build, depth, fact);
        }
        if INTERPRETERS.contains(&name) || program == "." {
            if let Some(module) = named::module(name, arguments) {
                return self.python_module(module, depth, fact);
            }
            let script = arguments.iter().find(|word| !word.starts_with('-') && (name != "deno" || *word != "run"));
            // To a shell, the other letter says to end at the first error.
            let letter = if SHELLS.contains(&name) || name.starts_with("python") { 'c' } else { 'e' };
            let is_inline = arguments
                .iter()
                .take_while(|word| word.starts_with('-'))
                .any(|word| !word.starts_with("--") && word.contains(letter));
            if is_inline && program != "." {
                let Some(text) = script.filter(|text| text.contains(' ')) else { return Ok(()) };
                if name.starts_with("python") {
                    let folder = self.here().to_owned();
                    return modules::imported(self.checkout, text, &folder)
                        .iter()
                        .try_for_each(|path| self.script(path, "", false, depth, fact));
                }
                return self.descend(&text.clone(), file, depth + 1, fact);
            }
            let Some(script) = script else { return Ok(()) };
            let module = modules::RUN_MODULES.contains(&name).then(|| self.module(script)).flatten();
            return self.script(module.as_ref().unwrap_or(script), file, false, depth, fact);
        }
        if program.contains('/') { self.script(program, file, true, depth, fact) } else { Ok(()) }
    }

    /// Goes into a folder, where a look tells which.
    fn go_into(&mut self, arguments: &[String]) {
        let Some(folder) = arguments.iter().find(|word| !word.starts_with('-')) else { return };
        let Some(folder) = self.checkout.named(folder) else { return };
        self.folder = if folder.starts_with('/') { folder } else { collapse(&format!("{}/{folder}", self.here())) };
    }

    fn here(&self) -> &str {
        if self.folder.is_empty() { "." } else { &self.folder }
    }

    /// The path that a word names: from the folder that was gone into where it is there, else from the top.
    fn path(&self, word: &str) -> Option<String> {
        let path = self.checkout.named(word)?;
        let from_here = collapse(&format!("{}/{path}", self.here()));
        let is_there = |path: &str| self.checkout.find(path).is_some() || self.checkout.is_shut(path);
        let is_of_here = !path.starts_with('/') && !self.folder.is_empty() && is_there(&from_here);
        Some(if is_of_here { from_here } else { path })
    }

    /// A script of JavaScript that is named without its ending.
    fn module(&self, word: &str) -> Option<String> {
        let path = self.path(word)?;
        let from_here = collapse(&format!("{}/{path}", self.here()));
        [from_here, path].iter().find_map(|path| modules::script(self.checkout, path))
    }

    /// What a program is told to take its settings from.
    fn setting(&mut self, option: &str, value: &str, fact: &mut GateFact) -> Result<(), Why> {
        let Some(path) = self.path(value).filter(|_| !value.contains("://") && !value.contains('{')) else {
            return Ok(());
        };
        let inside =
            matches!(option, "-p" | "--project").then(|| self.path(&format!("{value}/tsconfig.json"))).flatten();
        for path in [Some(&path), inside.as_ref()].into_iter().flatten() {
            if self.checkout.is_shut(path) {
                return Err(super::shut(&self.checkout.shown(path)));
            }
            if let Some(found) = self.checkout.find(path) {
                self.checkout.tell(path, &found, fact);
                return Ok(());
            }
        }
        if named::is_a_file(value) && !self.checkout.has_program(&path) {
            fact.leaf(self.checkout.shown(&path), "not there");
        }
        Ok(())
    }

    /// A file of recipes that a program looks for by itself, and what the recipes that are asked for start.
    fn build(&mut self, build: &named::Build<'_>, depth: usize, fact: &mut GateFact) -> Result<(), Why> {
        let folder = build.folder.map_or_else(String::new, |folder| format!("{folder}/"));
        let names: Vec<String> = match build.file {
            Some(file) => vec![format!("{folder}{file}"), file.to_owned()],
            None => build.names.iter().map(|name| format!("{folder}{name}")).collect(),
        };
        let paths: Vec<String> = names.iter().filter_map(|name| self.path(name)).collect();
        if let Some(shut) = paths.iter().find(|path| self.checkout.is_shut(path)) {
            return Err(super::shut(&self.checkout.shown(shut)));
        }
        let Some((path, found)) = paths.iter().find_map(|path| Some((path, self.checkout.find(path)?))) else {
            if let Some(path) = paths.last() {
                fact.leaf(self.checkout.shown(path), "not there");
            }
            return Ok(());
        };
        let shown = self.checkout.tell(path, &found, fact);
        let Some(text) = found.text.filter(|_| depth < DEEPEST) else { return Ok(()) };
        let key = format!("{shown} {}", build.targets.join(" "));
        if !build.has_rules || !self.seen.insert(key) {
            return Ok(());
        }
        let recipes = named::recipes(text, &build.targets);
        let leaf =
            format!("{shown} {}", if build.targets.is_empty() { "first".to_owned() } else { build.targets.join(" ") });
        let lines: Vec<&str> = recipes.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if !lines.is_empty() {
            fact.decide(leaf.clone(), shown.clone());
            fact.leaf(leaf, self.checkout.raw.anywhere(&lines.join("; ")));
        }
        let folder = std::mem::take(&mut self.folder);
        self.folder = build.folder.map_or_else(|| folder.clone(), |into| collapse(&format!("{folder}/{into}")));
        // The name of a file of recipes ends in nothing that a shell would not read.
        let followed = self.descend(&recipes, path, depth + 1, fact);
        self.folder = folder;
        followed
    }

    /// A module of Python's that is started by its name, with the packages on the way to it.
    fn python_module(&mut self, module: &str, depth: usize, fact: &mut GateFact) -> Result<(), Why> {
        let folder = self.here().to_owned();
        for path in modules::python(self.checkout, &folder, module) {
            self.script(&path, "", false, depth, fact)?;
        }
        Ok(())
    }

    /// A script that is called by its path: as a program, or read by an interpreter.
    fn script(&mut self, word: &str, file: &str, direct: bool, depth: usize, fact: &mut GateFact) -> Result<(), Why> {
        if word.starts_with("/usr/") || word.starts_with("/bin/") {
            return Ok(());
        }
        let Some(path) = self.path(word) else { return Ok(()) };
        if path == file || !self.seen.insert(path.clone()) {
            return Ok(());
        }
        if self.checkout.is_shut(&path) {
            return Err(super::shut(&self.checkout.shown(&path)));
        }
        match self.checkout.find(&path) {
            Some(found) => {
                let shown = self.checkout.tell(&path, &found, fact);
                if direct && !found.executable {
                    fact.leaf(format!("{shown} is executable"), "no");
                }
                found.text.map_or(Ok(()), |text| self.descend(text, &path, depth + 1, fact))
            }
            // What is installed is not looked into here.
            None if self.checkout.has_program(&path) => Ok(()),
            None if is_below_repository(&path) => {
                fact.leaf(self.checkout.shown(&path), "not there");
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// A program in another language: the modules that it reads, and what it names in quotes where that is a script of the
    /// repository.
    fn program(&mut self, text: &str, file: &str, depth: usize, fact: &mut GateFact) -> Result<(), Why> {
        static QUOTED: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r#"["'`]([\w@+~./-]*\w)["'`]"#).expect("a constant expression"));
        let folder = file.rsplit_once('/').map_or(".", |(folder, _)| folder);
        let modules =
            if modules::is_python(text, file) { modules::imported(self.checkout, text, folder) } else { Vec::new() };
        for path in modules {
            self.script(&path, file, false, depth, fact)?;
        }
        for named in QUOTED.captures_iter(text).filter_map(|found| found.get(1)) {
            let named = named.as_str();
            let beside = format!("{folder}/{named}");
            let is_script = |path: &&str| {
                let is_named_so = path.rsplit_once('.').is_some_and(|(_, end)| SCRIPTS.contains(&end));
                let found = self.checkout.find(path).filter(|_| is_below_repository(&collapse(path)));
                found.is_some_and(|found| is_named_so || found.executable || modules::is_data(named))
            };
            let path = [named, &beside].into_iter().find(is_script).map(str::to_owned);
            let path =
                path.or_else(|| modules::script(self.checkout, &beside).filter(|path| is_below_repository(path)));
            if let Some(path) = path {
                self.script(&path, file, false, depth, fact)?;
            }
        }
        Ok(())
    }

    /// The script of `package.json` that a command runs.
    fn package_script(&self, program: &str, arguments: &[String]) -> Option<String> {
        let scripts = get(&self.package.as_ref()?.0, "scripts")?;
        let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
        let name = match (program, words.as_slice()) {
            ("npm" | "pnpm" | "yarn" | "bun", ["run" | "run-script" | "rum", name, ..]) => name,
            ("npm" | "pnpm" | "yarn", ["test" | "t" | "tst", ..]) => "test",
            ("npm", [name @ ("start" | "stop" | "restart"), ..]) | ("pnpm" | "yarn", [name, ..]) => name,
            _ => return None,
        };
        get(scripts, name).map(|_| name.to_owned())
    }

    fn package_scripts(&mut self, name: &str, depth: usize, fact: &mut GateFact) -> Result<(), Why> {
        for name in [format!("pre{name}"), name.to_owned(), format!("post{name}")] {
            let Some((package, text)) = &self.package else { continue };
            let Some(command) = get(package, "scripts").and_then(|scripts| text_of(get(scripts, &name)?)) else {
                continue;
            };
            let (command, line) = (command.to_owned(), line_of_key(text, &name));
            if !self.seen.insert(format!("package.json {name}")) {
                continue;
            }
            let leaf = format!("scripts.{name}");
            fact.leaf(&leaf, self.checkout.raw.anywhere(&command));
            fact.decide(leaf, format!("package.json:{line}"));
            if depth < DEEPEST {
                self.descend(&command, "package.json", depth + 1, fact)?;
            }
        }
        Ok(())
    }
}

/// Programs that read a script whose path follows.
pub(super) const INTERPRETERS: [&str; 19] = [
    "sh", "bash", "dash", "zsh", "ksh", "node", "python", "python3", "ruby", "perl", "deno", "bun", "tsx", "ts-node",
    "php", "lua", "source", "busybox", "fish",
];

/// Whether a text is written for a shell: its first line says so, or else its name does not say otherwise.
fn is_for_a_shell(text: &str, file: &str) -> bool {
    let first = text.strip_prefix("#!").and_then(|rest| rest.lines().next());
    let mut words = first.unwrap_or("").split([' ', '/']).filter(|word| !word.is_empty() && !word.starts_with('-'));
    match words
        .by_ref()
        .find(|word| INTERPRETERS.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')))
    {
        Some(interpreter) => SHELLS.contains(&interpreter),
        None => file.rsplit_once('.').is_none_or(|(_, end)| SHELLS.contains(&end) || !SCRIPTS.contains(&end)),
    }
}

const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "ksh", "mksh", "busybox", "fish"];

/// The line, counted from 1, on which a word first stands; 1 where it does not.
pub(super) fn line_of(text: &str, word: &str) -> usize {
    text.lines().position(|line| line.contains(word)).map_or(1, |place| place + 1)
}

/// The line, counted from 1, on which a key of YAML, JSON or TOML stands, or an entry of that name.
pub(super) fn line_of_key(text: &str, key: &str) -> usize {
    let is_key = |line: &str| {
        let line = line.trim_start().trim_start_matches("- ").trim_start_matches(['"', '\'']);
        let after = line.strip_prefix(key).map(|rest| rest.trim_start_matches(['"', '\'']).trim_start());
        let named = line.strip_prefix("name:").or_else(|| line.strip_prefix("id:"));
        after.is_some_and(|rest| rest.starts_with([':', '=']))
            || line.starts_with('[') && line.contains(&format!("{key}]"))
            || named.is_some_and(|name| name.trim().trim_matches(['"', '\'']) == key)
    };
    text.lines().position(is_key).map_or_else(|| line_of(text, key), |place| place + 1)
}

fn is_below_repository(path: &str) -> bool {
    !path.starts_with('/') && !path.starts_with("../")
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
    })
}

/// The commands of a shell text, each as its words without quotes.
pub(super) fn commands(text: &str, file: &str) -> Vec<Vec<String>> {
    static OWN_FOLDER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"\$\(\s*dirname\s+(?:--\s+)?["']?\$(?:0|\{0\}|\{?BASH_SOURCE(?:\[0\])?\}?)["']?\s*\)|\$\{0%/\*\}"#)
            .expect("a constant expression")
    });
    static TOP: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\$\(\s*git rev-parse --show-toplevel\s*\)").expect("a constant expression"));
    let folder = file.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let text = text.replace("\\\n", " ").replace("\\\r\n", " ");
    let text = OWN_FOLDER.replace_all(&text, regex::NoExpand(folder));
    let text = TOP.replace_all(&text, ".");
    let mut commands = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('"'), '\\') => word.get_or_insert_default().extend(characters.next()),
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '\\') => word.get_or_insert_default().extend(characters.next()),
            (None, '#') if word.is_none() => while characters.next_if(|c| *c != '\n').is_some() {},
            (None, ';' | '&' | '|' | '\n' | '(' | ')' | '`') => {
                words.extend(word.take());
                commands.push(std::mem::take(&mut words));
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    commands.push(words);
    commands.into_iter().filter_map(without_keywords).collect()
}

/// A command without what only frames it; none where nothing is left, or it does nothing but set something.
fn without_keywords(words: Vec<String>) -> Option<Vec<String>> {
    const KEYWORDS: [&str; 14] =
        ["if", "then", "else", "elif", "fi", "do", "done", "while", "until", "{", "}", "!", "esac", "in"];
    let rest: Vec<String> = words.into_iter().skip_while(|word| KEYWORDS.contains(&word.as_str())).collect();
    let first = rest.first()?;
    let is_nothing = matches!(
        first.as_str(),
        "echo" | "printf" | "set" | "for" | "case" | "[" | "[[" | "test" | "export" | "local" | "true" | ":"
    ) || rest.iter().all(|word| is_assignment(word))
        || first.ends_with("()");
    (!is_nothing).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        commands(text, ".githooks/pre-commit").iter().map(|words| words.join(" ")).collect()
    }

    #[test]
    fn a_text_is_for_a_shell_by_its_first_line_or_its_name() {
        for (text, file, expected) in [
            ("#!/bin/sh\n", "x", true),
            ("#!/usr/bin/env -S bash -e\n", "x.py", true),
            ("#!/usr/bin/env node\n", "x", false),
            ("#!/usr/bin/python3.11\n", "x", false),
            ("x\n", "x.mjs", false),
            ("x\n", "scripts/check.sh", true),
            ("x\n", ".husky/pre-commit", true),
            ("x\n", "package.json", true),
        ] {
            assert_eq!(is_for_a_shell(text, file), expected, "{text} {file}");
        }
    }

    #[test]
    fn commands_are_told_as_far_as_a_look_tells() {
        assert_eq!(told("#!/bin/sh\nset -e\nnpm test && npx lint-staged # all\n"), ["npm test", "npx lint-staged"]);
        assert_eq!(
            told("sh \"$(dirname \"$0\")/../scripts/check.sh\" \"$@\""),
            ["sh .githooks/../scripts/check.sh $@"]
        );
        assert_eq!(told("if [ -f x ]; then\n  exec ./a 'b c' \\\n    d\nfi"), ["exec ./a b c d"]);
        assert_eq!(told("A=1\nA=1 make check; echo done"), ["A=1 make check"]);
        assert_eq!(told("\"$(git rev-parse --show-toplevel)/scripts/x.sh\""), ["./scripts/x.sh"]);
    }
}
