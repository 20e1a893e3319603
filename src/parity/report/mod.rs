//! The report formats: one file each, and this table. All derive from one [`super::Report`].

mod explain;
mod fold;
mod github;
mod human;
mod json;
mod junit;
mod look;
mod markdown;
#[cfg(test)]
mod sample;
mod sarif;

use super::Report;

pub use explain::{Evidence, Selected, explain, selected};
pub use look::{Look, View, misleads, printable};

/// A report format. Adding one is a file and a line in [`FORMATS`].
#[derive(Debug)]
pub struct Format {
    /// As `--format` names it.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Whether it points at lines of files, so that these must be looked up.
    pub placed: bool,
    /// The whole text of a report.
    pub render: fn(&Report, View) -> String,
}

/// Every format.
pub const FORMATS: &[&Format] =
    &[&human::FORMAT, &json::FORMAT, &sarif::FORMAT, &junit::FORMAT, &github::FORMAT, &markdown::FORMAT];

/// A text as one line without control characters.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split(['\n', '\r', '\t']).collect();
    printable(&words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::sample::report;
    use super::{FORMATS, Look, View};

    #[test]
    fn every_format_says_each_drift_and_prints_no_escape() {
        for format in FORMATS {
            let text = (format.render)(&report(), View::from(Look::Plain));
            assert!(text.contains("node") && text.contains("rg") && text.contains("mini"), "{}: {text}", format.name);
            assert!(!text.contains('\u{1b}'), "{} passes an escape on", format.name);
        }
    }
}
