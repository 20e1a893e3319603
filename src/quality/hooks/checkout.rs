//! A repository's files as hooks find them: in the checkout that was looked at, or in a worktree made from HEAD just now, which
//! has what git tracks and nothing else. Files outside of it are the same for both.

use super::raw::{Lying, Raw, Standing, Tracked};
use crate::spec::{Digest, GateFact};

/// The place in which a hook runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checkout<'a> {
    pub raw: &'a Raw,
    pub fresh: bool,
}

/// A file as it is found from there.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub path: String,
    pub text: Option<&'a str>,
    digest: String,
    pub executable: bool,
}

impl<'a> Checkout<'a> {
    /// A file by its path, absolute or relative to the top.
    pub(super) fn find(&self, path: &str) -> Option<Found<'a>> {
        let path = collapse(path);
        if self.fresh && is_of_checkout(&path) { self.tracked(&path, 0) } else { self.lying(&path) }
    }

    /// Whether a file may not be read, so that nothing is known of it.
    pub(super) fn is_shut(&self, path: &str) -> bool {
        let path = collapse(path);
        !(self.fresh && is_of_checkout(&path)) && self.raw.shut.contains(&path)
    }

    /// The path that a word of a shell names, with a home in front and relative to the top where it lies below; none where only
    /// running would tell.
    pub(super) fn named(&self, word: &str) -> Option<String> {
        let home = self.raw.homes.first().map_or("", String::as_str);
        let path = ["~/", "$HOME/", "${HOME}/"].iter().find_map(|start| word.strip_prefix(start));
        let path = path.map_or_else(|| word.to_owned(), |rest| format!("{home}/{rest}"));
        if path.contains(['$', '`', '*', '\n']) {
            return None;
        }
        let within = |top: &String| path.strip_prefix(top.as_str())?.strip_prefix('/').map(str::to_owned);
        let relative = self.raw.tops.iter().find_map(within).filter(|_| !self.fresh);
        Some(collapse(&relative.unwrap_or(path)))
    }

    /// Whether a program is there: by its path, or by its name on PATH.
    pub(super) fn has_program(&self, program: &str) -> bool {
        if !program.contains('/') {
            return self.raw.have.contains(program);
        }
        let path = collapse(program);
        match self.fresh && is_of_checkout(&path) {
            true => self.find(&path).is_some_and(|file| file.executable),
            false => self.raw.able.contains(&path),
        }
    }

    fn lying(&self, path: &str) -> Option<Found<'a>> {
        let (path, Lying { digest, text }) = self.raw.files.get_key_value(path)?;
        Some(Found {
            path: path.clone(),
            text: text.as_deref(),
            digest: digest.to_string(),
            executable: self.raw.able.contains(path),
        })
    }

    fn tracked(&self, path: &str, links: usize) -> Option<Found<'a>> {
        const LINKS: usize = 8;
        let Some(Tracked { mode, id, text, .. }) = self.raw.tree.get(path) else {
            // A folder on the way may be a link.
            let (folder, name) = path.rsplit_once('/').filter(|_| links < LINKS)?;
            let link = self.raw.tree.get(folder).filter(|link| link.mode == "120000")?;
            let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
            let to = collapse(&format!("{above}/{}/{name}", link.text.as_deref()?));
            let to = if above.is_empty() { to.trim_start_matches('/').to_owned() } else { to };
            return self.tracked(&to, links + 1);
        };
        if mode == "120000" && links < LINKS {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let to = text.as_deref()?;
            let to = match folder {
                _ if to.starts_with('/') => to.to_owned(),
                "" => collapse(to),
                folder => collapse(&format!("{folder}/{to}")),
            };
            let found = if is_of_checkout(&to) { self.tracked(&to, links + 1) } else { self.lying(&to) };
            if found.is_some() {
                return found;
            }
        }
        Some(Found {
            path: path.to_owned(),
            text: text.as_deref(),
            digest: text.as_ref().map_or_else(|| format!("git:{id}"), |text| Digest::of(text.as_bytes()).to_string()),
            executable: mode == "100755",
        })
    }

    /// What stands at a path where git looks for a hook.
    pub(super) fn standing(&self, path: &str) -> Option<Standing> {
        let path = collapse(path);
        if self.fresh && is_of_checkout(&path) {
            let found = self.tracked(&path, 0)?;
            return Some(if found.executable { Standing::Runs } else { Standing::Idle });
        }
        self.raw.standing.get(&path).copied()
    }

    /// The digest of a file, absolute paths in it normalised by `also` and as they would be on any machine.
    pub(super) fn digest(&self, file: &Found<'_>, also: impl Fn(&str) -> String) -> String {
        let Some(text) = file.text else { return file.digest.clone() };
        let anywhere = also(&self.raw.anywhere(text));
        if anywhere == text { file.digest.clone() } else { Digest::of(anywhere.as_bytes()).to_string() }
    }

    /// Adds a file as a leaf that it decides itself, and tells its name.
    pub(super) fn tell(&self, path: &str, file: &Found<'_>, fact: &mut GateFact) -> String {
        let shown = self.shown(path);
        fact.leaf(&shown, self.digest(file, str::to_owned));
        fact.decide(&shown, &shown);
        shown
    }

    /// A path as it is named on any machine.
    pub(super) fn shown(&self, path: &str) -> String {
        collapse(&self.raw.anywhere(&collapse(path)))
    }
}

impl Raw {
    /// A text with the home as `~` and the repository's folder as `.`.
    pub(super) fn anywhere(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let mut places: Vec<(&String, &str)> = self.tops.iter().map(|top| (top, ".")).collect();
        places.extend(self.homes.iter().map(|home| (home, "~")));
        for (place, short) in places.into_iter().filter(|(place, _)| place.len() > 1) {
            text = replace_path(&text, place, short);
        }
        text
    }
}

/// Replaces a folder's path where it stands as a whole, and not as the beginning of a longer name.
fn replace_path(text: &str, path: &str, short: &str) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(place) = rest.find(path) {
        let (before, from) = rest.split_at(place);
        let after = &from[path.len()..];
        let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let is_whole = !after.starts_with(goes_on) && !before.ends_with(|c: char| goes_on(c) || c == '/');
        replaced.push_str(before);
        replaced.push_str(if is_whole { short } else { path });
        rest = after;
    }
    replaced.push_str(rest);
    replaced
}

/// Whether a path lies in the checkout itself, as each worktree has one of its own.
pub(super) fn is_of_checkout(path: &str) -> bool {
    !path.starts_with(['/', '~']) && !path.starts_with("../") && !path.starts_with(".git/")
}

/// A path without `.` and `x/..`.
pub(super) fn collapse(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let collapsed = parts.join("/");
    if path.starts_with('/') { format!("/{collapsed}") } else { collapsed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_as_on_any_machine() {
        let raw = Raw {
            homes: vec!["/home/jane".to_owned()],
            tops: vec!["/home/jane/src/shop".to_owned()],
            ..Raw::default()
        };
        for (path, shown) in [
            ("/home/jane/src/shop/.husky/_/pre-commit", "./.husky/_/pre-commit"),
            ("cd /home/jane && x", "cd ~ && x"),
            ("/home/janet/x", "/home/janet/x"),
            ("/home/jane/src/shop-2/x", "~/src/shop-2/x"),
            ("/mnt/home/jane/x", "/mnt/home/jane/x"),
        ] {
            assert_eq!(raw.anywhere(path), shown);
        }
        let checkout = Checkout { raw: &raw, fresh: false };
        assert_eq!(checkout.shown("/home/jane/src/shop/.husky/_/../pre-commit"), ".husky/pre-commit");
        assert_eq!(collapse("a/./b//../c"), "a/c");
        assert_eq!(collapse("../../a"), "../../a");
    }
}
