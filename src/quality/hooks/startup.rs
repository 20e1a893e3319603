//! What a file of the user's own does to the hooks that read it before anything: husky's `init.sh`, lefthook's `rc`. A variable
//! that it sets or an exit ends a hook without a word.

use std::sync::LazyLock;

use regex::Regex;

/// What such a file says, by line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Startup<'a> {
    /// What it sets: name, value without quotes, and the line.
    pub set: Vec<(&'a str, &'a str, usize)>,
    /// The line on which it ends the hook as if all were well.
    pub exits: Option<usize>,
}

/// Reads such a file as far as a look at it tells: what stands at a line's beginning.
pub(super) fn read(text: &str) -> Startup<'_> {
    static SETS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"^\s*(?:export\s+(?:\w+=\S*\s+)*)?(\w+)=(?:"([^"$`]*)"|'([^']*)'|([^\s;#&|"'$`(]*))\s*(?:[;#&]|$)"#,
        )
        .expect("a constant expression")
    });
    static EXITS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\s*exit(?:\s+0)?\s*(?:[;#]|$)").expect("a constant expression"));
    let mut startup = Startup { set: Vec::new(), exits: None };
    for (line, number) in text.lines().zip(1..) {
        if let Some(found) = SETS.captures(line) {
            let value = [2, 3, 4].into_iter().find_map(|group| found.get(group)).map_or("", |value| value.as_str());
            startup.set.extend(found.get(1).map(|name| (name.as_str(), value, number)));
        } else if startup.exits.is_none() && EXITS.is_match(line) {
            startup.exits = Some(number);
        }
    }
    startup
}

impl Startup<'_> {
    /// What it sets a variable to at last, and where.
    pub(super) fn value(&self, name: &str) -> Option<(&str, usize)> {
        self.set.iter().rfind(|(set, ..)| *set == name).map(|(_, value, line)| (*value, *line))
    }

    /// The line on which it switches a manager off, and how: by one of these values of its variable, or by an exit.
    pub(super) fn switches_off(&self, variable: &str, values: &[&str]) -> Option<(usize, String)> {
        let set = self.set.iter().find(|(name, value, _)| *name == variable && values.contains(value));
        let set = set.map(|(_, value, line)| (*line, format!("{variable}={value}")));
        let exits = self.exits.map(|line| (line, "an exit".to_owned()));
        [set, exits].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_switches_husky_off_is_known() {
        for (text, line) in [
            ("export NVM_DIR=x\nexport HUSKY=0\n", Some(2)),
            ("export NVM_DIR=x HUSKY=0\n", Some(1)),
            ("HUSKY=0\n", Some(1)),
            ("HUSKY='0' # off", Some(1)),
            ("# HUSKY=0\n", None),
            ("HUSKY=1", None),
            ("HUSKY=0x", None),
            ("exit 0", Some(1)),
            ("command -v nvm || exit 0 && x", None),
        ] {
            assert_eq!(read(text).switches_off("HUSKY", &["0"]).map(|(line, _)| line), line, "{text}");
        }
    }

    #[test]
    fn the_last_value_of_a_variable_counts() {
        let startup = read("LEFTHOOK_EXCLUDE=a\nexport LEFTHOOK_EXCLUDE=\"slow, big\"\nLEFTHOOK=$X\n");
        assert_eq!(startup.value("LEFTHOOK_EXCLUDE"), Some(("slow, big", 2)));
        assert_eq!(startup.value("LEFTHOOK"), None);
    }
}
