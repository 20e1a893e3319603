//! The report formats: one file each, and this table. All derive from one [`super::Report`].

mod human;
mod json;
mod markdown;

use super::Report;

pub use human::{Look, printable};

/// A report format. Adding one is a file and a line in [`FORMATS`].
#[derive(Debug)]
pub struct Format {
    /// As `--format` names it.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// The whole text of a report.
    pub render: fn(&Report, Look) -> String,
}

/// Every format.
pub const FORMATS: &[&Format] = &[&human::FORMAT, &json::FORMAT, &markdown::FORMAT];
