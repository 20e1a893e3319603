//! The tools that trueup knows how to ask: a row each, in a file for each sort.
//!
//! Arguments are such that a tool tells its version and does nothing else: it fetches nothing, writes nothing and needs
//! no project around it. A pattern is looked for in stdout, then in stderr, and its first group that takes part is the
//! version token; lines may end in a carriage return.

mod agents;
mod data;
mod infrastructure;
mod languages;
mod packaging;
mod quality;
mod source;
mod system;

/// How one tool tells its version.
#[derive(Debug)]
pub(super) struct Row {
    /// The command.
    pub(super) name: &'static str,
    /// Variables that keep it from writing, as sh sets them before a command.
    pub(super) quietly: &'static str,
    /// What follows the tool in the command line that makes it tell.
    pub(super) arguments: &'static str,
    /// What it prints, on either stream.
    pub(super) pattern: &'static str,
    /// Whether both streams are heard at once: it tells on stderr as a rule, or is asked by more than one command.
    pub(super) needs_both: bool,
    /// Other products that are known to answer under this name; they are looked for first.
    pub(super) others: &'static [Other],
}

/// Another product under a tool's name.
#[derive(Debug)]
pub(super) struct Other {
    /// As reports name it.
    pub(super) product: &'static str,
    /// What it prints. Without a group the product has no version to tell, and is known by its name alone.
    pub(super) pattern: &'static str,
    /// Whether it says so by refusing the option, and so fails.
    pub(super) refuses: bool,
}

const fn row(name: &'static str, arguments: &'static str, pattern: &'static str) -> Row {
    Row { name, quietly: "", arguments, pattern, needs_both: false, others: &[] }
}

impl Row {
    const fn or(self, others: &'static [Other]) -> Self {
        Self { others, ..self }
    }

    const fn on_both(self) -> Self {
        Self { needs_both: true, ..self }
    }

    const fn quietly(self, quietly: &'static str) -> Self {
        Self { quietly, ..self }
    }
}

const fn other(product: &'static str, pattern: &'static str) -> Other {
    Other { product, pattern, refuses: false }
}

const fn refusing(product: &'static str, pattern: &'static str) -> Other {
    Other { product, pattern, refuses: true }
}

/// A version that stands alone on a line.
const ALONE: &str = r"(?m)^v?(\d+\.\d\S*)\r?$";
/// A version that begins a line, and is followed by whatever.
const LEADING: &str = r"(?m)^v?(\d+\.\d\S*)";

/// What BusyBox says of itself where it does not know an option.
const BUSYBOX: Other = refusing("BusyBox", r"(?m)^BusyBox v(\S+)");

/// The tables, a file each.
pub(super) const TABLES: &[&[Row]] = &[
    languages::ROWS,
    packaging::ROWS,
    source::ROWS,
    infrastructure::ROWS,
    data::ROWS,
    quality::ROWS,
    agents::ROWS,
    system::ROWS,
];

/// The row of a tool, if it is known.
pub(super) fn find(name: &str) -> Option<&'static Row> {
    TABLES.iter().flat_map(|rows| rows.iter()).find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex_lite::Regex;

    use super::*;

    #[test]
    fn every_tool_has_one_row_whose_patterns_are_expressions() {
        let mut names = BTreeSet::new();
        for row in TABLES.iter().flat_map(|rows| rows.iter()) {
            assert!(names.insert(row.name), "{} has two rows", row.name);
            let pattern = Regex::new(row.pattern).unwrap();
            assert!(pattern.captures_len() > 1, "{} has no group for its version", row.name);
            for other in row.others {
                assert!(Regex::new(other.pattern).is_ok(), "{} as {}", other.product, row.name);
            }
        }
        assert!(names.len() >= 60, "only {} tools are known", names.len());
    }

    #[test]
    fn every_row_and_every_other_product_has_a_recorded_answer() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/probe/tool");
        #[expect(clippy::disallowed_methods, reason = "tests are an IO edge: they read fixtures")]
        let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap_or_default();
        #[expect(clippy::disallowed_methods, reason = "tests are an IO edge: they read fixtures")]
        let cases = std::fs::read_dir(folder).unwrap();
        let told: Vec<String> = cases.map(|case| read(&case.unwrap().path().join("expected"))).collect();
        let mut without = Vec::new();
        for row in TABLES.iter().flat_map(|rows| rows.iter()) {
            let own = format!("tool:{} = ", row.name);
            let is_version = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
            if !told.iter().any(|line| line.strip_prefix(&own).is_some_and(is_version)) {
                without.push(row.name.to_owned());
            }
            for other in row.others {
                if !told.iter().any(|line| line.starts_with(&format!("{own}{}", other.product))) {
                    without.push(format!("{} as {}", other.product, row.name));
                }
            }
        }
        assert!(without.is_empty(), "no recorded answer: {}", without.join(", "));
    }
}
