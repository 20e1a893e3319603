//! Comments that a person put into a lock, carried over into the next one.
//!
//! A lock is written whole from what was captured, so that the same machine gives the same bytes; what stood above or
//! behind an entry is then put back at the same entry. Pure.

use toml_edit::{Decor, DocumentMut, Item, Table};

/// The new lock's text with the comments of the old one, and the comments whose entries are gone.
pub fn keep_comments(old: &str, new: &str) -> (String, Vec<String>) {
    let (Ok(old_document), Ok(mut document)) = (old.parse::<DocumentMut>(), new.parse::<DocumentMut>()) else {
        // An old lock that is no TOML has no entries to find comments at.
        return (new.to_owned(), Vec::new());
    };
    if old_document.trailing().as_str().is_some_and(|text| text.contains('#')) {
        document.set_trailing(old_document.trailing().clone());
    }
    carry(old_document.as_table(), document.as_table_mut());
    let text = document.to_string();
    // Were a comment ever to change what the lock says, the comment would have to go.
    let same = toml_edit::de::from_str::<serde_json::Value>(&text).ok()
        == toml_edit::de::from_str::<serde_json::Value>(new).ok();
    let text = if same { text } else { new.to_owned() };
    let lost = comments(old).filter(|comment| !comments(&text).any(|kept| kept == *comment)).map(str::to_owned);
    let lost = lost.collect();
    (text, lost)
}

/// The lines that are comments as a whole.
fn comments(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| line.starts_with('#'))
}

fn carry(old: &Table, new: &mut Table) {
    carry_decor(old.decor(), new.decor_mut());
    let names: Vec<String> = new.iter().map(|(name, _)| name.to_owned()).collect();
    for name in names {
        let Some((old_key, old_item)) = old.get_key_value(&name) else { continue };
        let Some((mut key, item)) = new.get_key_value_mut(&name) else { continue };
        if !matches!((old_item, &*item), (Item::Table(_), _) | (_, Item::Table(_))) {
            carry_decor(old_key.leaf_decor(), key.leaf_decor_mut());
        }
        match (old_item, item) {
            (Item::Table(old), Item::Table(new)) => carry(old, new),
            (Item::Value(old), Item::Value(new)) => carry_decor(old.decor(), new.decor_mut()),
            _ => {}
        }
    }
}

fn carry_decor(old: &Decor, new: &mut Decor) {
    let comment = |text: Option<&toml_edit::RawString>| {
        text.and_then(toml_edit::RawString::as_str).filter(|text| text.contains('#')).map(str::to_owned)
    };
    if let Some(prefix) = comment(old.prefix()) {
        new.set_prefix(prefix);
    }
    if let Some(suffix) = comment(old.suffix()) {
        new.set_suffix(suffix);
    }
}

#[cfg(test)]
mod tests {
    use super::keep_comments;

    const OLD: &str = "# Header.\nversion = 1\nlisted = []\n\n# why this node\n[tool.node]\nversion = \"20.1.0\" # LTS\npath = \"/a\"\n\n\
                       [tool.sed]\n# gone soon\nversion = \"4.8\"\n# the end\n";

    #[test]
    fn comments_stay_at_their_entries_and_those_of_gone_entries_are_told() {
        let new = "# Header.\nversion = 1\nlisted = []\n\n[tool.git]\nversion = \"2.40\"\n\n[tool.node]\nversion = \"22.11.0\"\npath = \"/a\"\n";
        let (text, lost) = keep_comments(OLD, new);
        assert_eq!(
            text,
            "# Header.\nversion = 1\nlisted = []\n\n[tool.git]\nversion = \"2.40\"\n\n# why this node\n[tool.node]\n\
             version = \"22.11.0\" # LTS\npath = \"/a\"\n# the end\n"
        );
        assert_eq!(lost, ["# gone soon"]);
        assert_eq!(keep_comments(&text, new).0, text);
    }

    #[test]
    fn without_comments_nothing_changes() {
        let new = "version = 1\n\n[tool.node]\nversion = \"22.11.0\"\n";
        assert_eq!(keep_comments("version = 1\n\n\n[tool.node]\nversion = \"1\"\n", new), (new.to_owned(), Vec::new()));
        assert_eq!(keep_comments("<<<<<<<", new).0, new);
    }
}
