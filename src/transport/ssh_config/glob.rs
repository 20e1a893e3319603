//! The files that an `Include` names, as glob(3) finds them: sorted, and hidden ones only where the pattern's own dot
//! says so.
#![expect(clippy::disallowed_methods, reason = "IO edge: lists the folders that a pattern goes through")]

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use globset::GlobBuilder;

/// The paths that match. A pattern without wildcards names its file, whether it is there or not.
pub(in crate::transport) fn expand(pattern: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let Component::Normal(name) = component else {
            found.iter_mut().for_each(|path| path.push(component));
            continue;
        };
        let text = name.to_str().ok_or("the pattern is not UTF-8")?;
        if !text.contains(['*', '?', '[']) {
            found.iter_mut().for_each(|path| path.push(text));
            continue;
        }
        // Braces mean nothing to glob(3).
        let escaped = text.replace('{', "\\{").replace('}', "\\}");
        let glob = GlobBuilder::new(&escaped).literal_separator(true).backslash_escape(true).build();
        let matcher = glob.map_err(|error| error.to_string())?.compile_matcher();
        let mut next = Vec::new();
        for folder in found {
            // What is no folder, or cannot be listed, holds no match.
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
            next.extend(names.filter(|name| shown(name, text) && matcher.is_match(name)).map(|name| folder.join(name)));
        }
        found = next;
    }
    found.sort();
    Ok(found)
}

fn shown(name: &OsStr, pattern: &str) -> bool {
    pattern.starts_with('.') || !name.as_encoded_bytes().starts_with(b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_find_what_glob_finds() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.conf", "a.conf", ".hidden.conf", "c.txt", "{x}.conf"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        for name in ["d1", "d2"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join("in"), "").unwrap();
        }
        let names = |pattern: &str| -> Vec<String> {
            let found = expand(&folder.path().join(pattern)).unwrap();
            found.iter().map(|path| path.strip_prefix(folder.path()).unwrap().display().to_string()).collect()
        };
        assert_eq!(names("*.conf"), ["a.conf", "b.conf", "{x}.conf"]);
        assert_eq!(names(".*.conf"), [".hidden.conf"]);
        assert_eq!(names("d?/in"), ["d1/in", "d2/in"]);
        assert_eq!(names("[ab].conf"), ["a.conf", "b.conf"]);
        assert_eq!(names("absent"), ["absent"]);
        assert_eq!(names("absent/*"), Vec::<String>::new());
    }
}
