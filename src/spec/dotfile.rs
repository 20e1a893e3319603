//! Paths of dotfiles: how they are named in findings, which files a folder or glob stands for, and how each is compared.

use globset::{GlobBuilder, GlobMatcher};

use super::fact::{Listing, Mode};
use super::keys::Keys;
use super::template::Template;

/// One entry of `[dotfiles]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dotfile {
    /// The path as findings name it: relative to the home, or absolute outside it.
    pub name: String,
    /// What the entry covers.
    pub extent: Extent,
    /// What of it counts.
    pub compare: Compare,
    /// The mode that the spec asks for in place of the reference's.
    pub mode: Option<Mode>,
    /// Compare only on these systems (`linux`, `macos`); none named means everywhere.
    pub only: Vec<String>,
    /// Whether `capture` keeps its content; none means as for all dotfiles.
    pub keep: Option<bool>,
}

/// Whether an entry stands for one path or for a set of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// A file, a link, or a folder with everything below it: which of them, the machine tells.
    Path,
    /// Every file below `root` whose name the glob matches.
    Glob {
        /// The longest leading folder without a wildcard; empty for the home itself.
        root: String,
    },
}

/// What of a dotfile is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compare {
    /// All of it.
    Content,
    /// Some keys of a settings file, or all of them, whatever their order.
    Keys(Keys),
    /// What a template makes for the machine; none before it is loaded.
    Template(Option<Template>),
}

impl Dotfile {
    /// Reads an entry as written in the spec. The error is a sentence.
    pub fn parse(written: &str) -> Result<Self, String> {
        let trimmed = written.strip_prefix("~/").or_else(|| written.strip_prefix("./")).unwrap_or(written);
        let name = trimmed.trim_end_matches('/');
        if name.is_empty() || name == "~" || name == "." {
            return Err("the whole home cannot be a dotfile; name the files in it".to_owned());
        }
        if name.split('/').any(|part| part == "..") {
            return Err(format!("`{written}` leaves the home with `..`; write an absolute path instead"));
        }
        if name.starts_with('~') {
            return Err(format!("`{written}` names another user's home; write an absolute path instead"));
        }
        if name.trim_matches(['.', '/', '~']).is_empty() {
            return Err(format!("`{written}` names no file"));
        }
        if !name.contains(['*', '?', '[', '{']) {
            return Ok(Self::of(name, Extent::Path));
        }
        compile(name).map_err(|error| format!("`{written}` is not a glob: {error}"))?;
        let root: Vec<&str> = name.split('/').take_while(|part| !part.contains(['*', '?', '[', '{'])).collect();
        Ok(Self::of(name, Extent::Glob { root: root.join("/") }))
    }

    fn of(name: &str, extent: Extent) -> Self {
        let name = name.to_owned();
        Self { name, extent, compare: Compare::Content, mode: None, only: Vec::new(), keep: None }
    }

    /// The open set that the entry stands for: what a glob matches, or what is below a path if it is a folder.
    pub fn listing(&self) -> Option<Listing> {
        match (&self.extent, &self.compare) {
            (_, Compare::Keys(_)) => None,
            (Extent::Path, _) => Some(Listing::below_path(&self.name)),
            (Extent::Glob { .. }, _) => Some(Listing::of_glob(&self.name)),
        }
    }

    /// Whether it is held on a system; on one that did not say what it is, everything is.
    pub fn is_held_on(&self, os: Option<&str>) -> bool {
        self.only.is_empty() || os.is_none_or(|os| self.only.iter().any(|only| only == os))
    }
}

pub(super) fn compile(glob: &str) -> Result<GlobMatcher, globset::Error> {
    GlobBuilder::new(glob).literal_separator(true).build().map(|glob| glob.compile_matcher())
}

/// Whether a glob of the spec covers a path. `*` stays within a folder, `**` crosses folders.
pub fn glob_matches(glob: &str, name: &str) -> bool {
    glob_matcher(glob)(name)
}

/// As [`glob_matches`], for many paths: compiling a glob takes longer than a thousand answers.
pub fn glob_matcher(glob: &str) -> impl Fn(&str) -> bool + use<> {
    let matcher = compile(glob);
    move |name| matcher.as_ref().is_ok_and(|matcher| matcher.is_match(name))
}

/// Where a link leads, named as a dotfile: `to` is its text, seen from the folder that `name` stands in. None where that
/// is outside the home, or the home itself, which only the machine can name.
pub fn link_end(name: &str, to: &str) -> Option<String> {
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = if to.starts_with('/') { to.to_owned() } else { format!("{folder}/{to}") };
    let is_absolute = to.starts_with('/') || name.starts_with('/');
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            // What is above the root is the root.
            ".." if parts.pop().is_none() && !is_absolute => return None,
            ".." => {}
            part => parts.push(part),
        }
    }
    let root = if is_absolute { "/" } else { "" };
    (!parts.is_empty()).then(|| format!("{root}{}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_link_leads_is_named_as_a_dotfile() {
        for (name, to, end) in [
            (".config/nvim", "../.dotfiles/nvim", Some(".dotfiles/nvim")),
            (".zshrc", ".dotfiles/zshrc", Some(".dotfiles/zshrc")),
            (".config/a/b", "./c//../d/", Some(".config/a/d")),
            (".config/a", "/opt/x/../y", Some("/opt/y")),
            ("/etc/a", "../../srv/b", Some("/srv/b")),
            (".config/a", "../../other/x", None),
            (".here", ".", None),
        ] {
            assert_eq!(link_end(name, to).as_deref(), end, "{name} -> {to}");
            assert!(end.is_none_or(|end| Dotfile::parse(end).unwrap().name == end), "{name} -> {to}");
        }
    }

    #[test]
    fn names_are_relative_to_the_home_or_absolute() {
        assert_eq!(Dotfile::parse("~/.zshrc").unwrap().name, ".zshrc");
        assert_eq!(Dotfile::parse(".config/nvim/").unwrap().name, ".config/nvim");
        assert_eq!(Dotfile::parse("/etc/hosts").unwrap().name, "/etc/hosts");
        assert!(Dotfile::parse("../secrets").is_err());
        assert!(Dotfile::parse("~other/x").is_err());
        assert!(Dotfile::parse("~").is_err() && Dotfile::parse("").is_err());
    }

    #[test]
    fn a_glob_knows_the_folder_to_search() {
        let entry = Dotfile::parse(".config/nvim/**").unwrap();
        assert_eq!(entry.extent, Extent::Glob { root: ".config/nvim".to_owned() });
        assert!(glob_matches(&entry.name, ".config/nvim/lua/a.lua"));
        assert!(!glob_matches(".config/*.toml", ".config/nvim/a.toml"));
    }
}
