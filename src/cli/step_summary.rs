//! The summary of a GitHub Actions step: the report as Markdown, appended to the file that the runner names.
#![expect(clippy::disallowed_methods, reason = "IO edge: the runner names the file in a variable")]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use super::error::CliError;
use crate::parity::Report;
use crate::parity::report::{FORMATS, Look};

/// The runner refuses a summary of more than 1 MiB; other steps need some of it too.
const LARGEST: usize = 512 << 10;

/// Appends the report where the runner asks for summaries; elsewhere does nothing.
pub(super) fn append(report: &Report) -> Result<(), CliError> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()).map(PathBuf::from) else {
        return Ok(());
    };
    let markdown = FORMATS.iter().find(|format| format.name == "markdown").expect("the table has it");
    let mut text = (markdown.render)(report, Look::Plain.into());
    cut(&mut text);
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| CliError::Write { path, source })
}

/// Whole lines, as many as there is room for.
fn cut(text: &mut String) {
    if text.len() <= LARGEST {
        return;
    }
    let end = text.as_bytes()[..LARGEST].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    text.truncate(end);
    text.push_str("\nThe rest is left out here; the log has it.\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_summary_ends_with_a_whole_line() {
        let mut text = "| é |\n".repeat(200_000);
        cut(&mut text);
        assert!(text.len() < LARGEST + 100);
        assert!(text.ends_with("| é |\n\nThe rest is left out here; the log has it.\n"));
        let mut short = "short".to_owned();
        cut(&mut short);
        assert_eq!(short, "short");
    }
}
