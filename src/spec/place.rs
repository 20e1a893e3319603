//! Where things stand in the files: the line of the spec that asks for an item, and the line of the lock that holds it.
//!
//! Input: both texts, which have been read without a problem. Output: [`Places`], asked by item id. A place only ever
//! helps a person to find the line, so what cannot be placed is answered with none and is no error.

use std::collections::BTreeMap;

use toml_edit::{Document, Item, TableLike};

use super::dotfile::glob_matches;
use super::item::{Category, ItemId};

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as reports name it: relative to the repository, with `/`.
    pub file: String,
    /// Counted from 1.
    pub line: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// The lines of one environment's spec and lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    spec_file: String,
    lock_file: String,
    /// Tables by name, and their entries by table and key.
    tables: BTreeMap<String, u32>,
    entries: BTreeMap<(String, String), u32>,
    /// Packages by manager and name.
    packages: BTreeMap<(String, String), u32>,
    /// Dotfile paths and globs, as written.
    dotfiles: Vec<(String, u32)>,
    waivers: Vec<u32>,
    locked: BTreeMap<ItemId, u32>,
}

impl Places {
    /// Reads the places of a spec and of its lock, each given by the name that reports use and its text.
    pub fn read(spec: (&str, &str), lock: Option<(&str, &str)>) -> Self {
        let mut places = Self { spec_file: spec.0.to_owned(), ..Self::default() };
        places.read_spec(spec.1);
        if let Some((file, text)) = lock {
            file.clone_into(&mut places.lock_file);
            places.read_lock(text);
        }
        places
    }

    /// The line of the spec that asks for an item.
    pub fn asked(&self, id: &ItemId) -> Option<Place> {
        let entry = |table: &str, key: &str| self.entries.get(&(table.to_owned(), key.to_owned())).copied();
        let table = |name: &str| self.tables.get(name).copied();
        let first = id.name.split(['/', '@']).next().unwrap_or(&id.name);
        let line = match id.category {
            Category::Tool => entry("tools", &id.name),
            Category::Package => id.name.split_once('/').and_then(|(manager, name)| {
                let named = self.packages.get(&(manager.to_owned(), name.to_owned())).copied();
                named.or_else(|| entry("packages", manager))
            }),
            Category::Dotfile => self.dotfile(&id.name).or_else(|| table("dotfiles")),
            Category::Env => entry("env", &id.name),
            Category::Service => entry("services", &id.name),
            Category::System => entry("system", &id.name).or_else(|| table("system")),
            Category::Auth => entry("auth", &id.name),
            Category::Git | Category::Repo | Category::Pin | Category::Hook | Category::Gate | Category::Check => {
                entry("repos", first).or_else(|| entry("git", &id.name)).or_else(|| table("git"))
            }
        };
        line.map(|line| self.in_spec(line))
    }

    /// The line of the lock that holds an item.
    pub fn locked(&self, id: &ItemId) -> Option<Place> {
        self.locked.get(id).map(|line| Place { file: self.lock_file.clone(), line: *line })
    }

    /// The line at which the waiver of this number begins, counted from 0 in the order of the spec.
    pub fn waiver(&self, number: usize) -> Option<Place> {
        self.waivers.get(number).map(|line| self.in_spec(*line))
    }

    /// The one line to show for an item: the lock's, else the spec's, else the beginning of the spec. None where no file
    /// is known.
    pub fn best(&self, id: &ItemId) -> Option<Place> {
        self.locked(id).or_else(|| self.asked(id)).or_else(|| self.start())
    }

    /// The line of the spec that names a target.
    pub fn target(&self, name: &str) -> Option<Place> {
        self.entries.get(&("targets".to_owned(), name.to_owned())).map(|line| self.in_spec(*line))
    }

    /// The beginning of the spec.
    pub fn start(&self) -> Option<Place> {
        (!self.spec_file.is_empty()).then(|| self.in_spec(1))
    }

    fn in_spec(&self, line: u32) -> Place {
        Place { file: self.spec_file.clone(), line }
    }

    /// The entry that names a path itself wins over one that covers it.
    fn dotfile(&self, name: &str) -> Option<u32> {
        let bare = |path: &str| path.strip_prefix("~/").unwrap_or(path).trim_end_matches('/').to_owned();
        let name = bare(name);
        let itself = self.dotfiles.iter().find(|(path, _)| bare(path) == name);
        let covers = |path: &str| {
            let path = bare(path);
            name.strip_prefix(&path).is_some_and(|rest| rest.starts_with('/')) || glob_matches(&path, &name)
        };
        itself.or_else(|| self.dotfiles.iter().find(|(path, _)| covers(path))).map(|(_, line)| *line)
    }

    fn read_spec(&mut self, text: &str) {
        let Ok(document) = Document::parse(text.to_owned()) else { return };
        let lines = Lines::of(text);
        for (name, item) in document.as_table() {
            if name == "waivers" {
                let tables = item.as_array_of_tables().into_iter().flatten();
                self.waivers = tables.map(|table| table.span().map_or(1, |span| lines.line(span.start))).collect();
                continue;
            }
            if let Some(line) = key_line(document.as_table(), name, &lines) {
                self.tables.insert(name.to_owned(), line);
            }
            let Some(table) = item.as_table_like() else { continue };
            for (key, item) in table.iter() {
                if let Some(line) = key_line(table, key, &lines) {
                    self.entries.insert((name.to_owned(), key.to_owned()), line);
                    match name {
                        "packages" => self.read_package(key, item, line, &lines),
                        "dotfiles" => self.read_dotfile(key, item, line, &lines),
                        _ => {}
                    }
                }
            }
        }
    }

    /// `npm = { names = ["prettier"] }`, or `ripgrep = { brew = "ripgrep", apt = "ripgrep" }`.
    fn read_package(&mut self, key: &str, item: &Item, line: u32, lines: &Lines) {
        let names = item.as_table_like().map_or(Some(item), |table| table.get("names"));
        for value in names.and_then(Item::as_array).into_iter().flatten() {
            if let Some(name) = value.as_str() {
                let line = value.span().map_or(line, |span| lines.line(span.start));
                self.packages.insert((key.to_owned(), name.to_owned()), line);
            }
        }
        for (manager, name) in item.as_table_like().into_iter().flat_map(TableLike::iter) {
            if let Some(name) = name.as_str() {
                self.packages.entry((manager.to_owned(), name.to_owned())).or_insert(line);
            }
        }
    }

    fn read_dotfile(&mut self, key: &str, item: &Item, line: u32, lines: &Lines) {
        if key.contains('/') || key.starts_with(['.', '~']) {
            self.dotfiles.push((key.to_owned(), line));
        }
        for value in item.as_array().into_iter().flatten() {
            if let Some(path) = value.as_str() {
                let line = value.span().map_or(line, |span| lines.line(span.start));
                self.dotfiles.push((path.to_owned(), line));
            }
        }
    }

    fn read_lock(&mut self, text: &str) {
        let Ok(document) = Document::parse(text.to_owned()) else { return };
        let lines = Lines::of(text);
        for category in Category::ALL {
            let Some(table) = document.as_table().get(category.word()).and_then(Item::as_table_like) else { continue };
            for (name, _) in table.iter() {
                if let Some(line) = key_line(table, name, &lines) {
                    self.locked.insert(ItemId::new(category, name), line);
                }
            }
        }
    }
}

fn key_line(table: &dyn TableLike, key: &str, lines: &Lines) -> Option<u32> {
    let span = table.key(key).and_then(toml_edit::Key::span);
    let span = span.or_else(|| table.get(key).and_then(Item::span))?;
    Some(lines.line(span.start))
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    fn line(&self, offset: usize) -> u32 {
        u32::try_from(self.0.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = "version = 1
name = \"t\"
[tools]
node = \"exact\"
git = { policy = \"minor\" }
[packages]
npm = { policy = \"exact\", names = [
  \"prettier\",
  \"@scope/pkg\",
] }
apt = \"all\"
ripgrep = { brew = \"ripgrep\", apt = \"ripgrep-bin\" }
[dotfiles]
files = [\".zshrc\",
  \".config/nvim/**\", \"~/.gitconfig\"]
\".claude/settings.json\" = { compare = \"keys\" }
[repos.carmenta]
path = \"~/src/carmenta\"
[[waivers]]
finding = \"tool:sed\"
because = \"x\"
[[waivers]]
finding = \"tool:awk\"
because = \"y\"
";

    fn asked(id: &str) -> Option<u32> {
        Places::read(("t.toml", SPEC), None).asked(&id.parse().unwrap()).map(|place| place.line)
    }

    #[test]
    fn the_line_that_asks_is_found_for_every_category() {
        let table = [
            ("tool:node", 4),
            ("tool:git", 5),
            ("package:npm/prettier", 8),
            ("package:npm/@scope/pkg", 9),
            ("package:apt/anything", 11),
            ("package:apt/ripgrep-bin", 12),
            ("dotfile:.zshrc", 14),
            ("dotfile:.config/nvim/lua/x.lua", 15),
            ("dotfile:.gitconfig", 15),
            ("dotfile:.claude/settings.json", 16),
            ("repo:carmenta", 17),
            ("hook:carmenta/pre-commit", 17),
            ("hook:carmenta/pre-commit@worktree", 17),
            ("pin:carmenta/node", 17),
        ];
        for (id, line) in table {
            assert_eq!(asked(id), Some(line), "{id}");
        }
        assert_eq!((asked("tool:sed"), asked("env:A")), (None, None));
    }

    #[test]
    fn the_line_that_holds_is_found_in_the_lock() {
        let lock =
            "version = 1\n[reference]\n[tool.node]\nversion = \"1\"\n\n[dotfile.\".a \\\"b\\\"\"]\nkind = \"other\"\n";
        let places = Places::read(("t.toml", SPEC), Some(("t.lock", lock)));
        let best = |id: &str| places.best(&id.parse().unwrap()).unwrap().to_string();
        assert_eq!(best("tool:node"), "t.lock:3");
        assert_eq!(best("dotfile:.a \"b\""), "t.lock:6");
        assert_eq!(best("tool:git"), "t.toml:5");
        assert_eq!(best("tool:none"), "t.toml:1");
        assert_eq!([0, 1, 2].map(|number| places.waiver(number).map(|place| place.line)), [Some(19), Some(22), None]);
    }

    #[test]
    fn what_is_no_toml_has_no_places() {
        let places = Places::read(("t.toml", "= ="), Some(("t.lock", "\0")));
        assert_eq!(places.asked(&"tool:node".parse().unwrap()), None);
        assert_eq!(places.locked(&"tool:node".parse().unwrap()), None);
    }
}
