//! `--format F[=FILE]`: which reports to write, and where.

use std::path::PathBuf;

use super::context::{self, Context};
use super::error::CliError;
use super::step_summary;
use crate::parity::Report;
use crate::parity::report::{FORMATS, Format, Look, View};
use crate::spec::load::replace_file;

/// One `--format`.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    format: &'static Format,
    file: Option<PathBuf>,
}

impl std::str::FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("a file name must follow the `=`".to_owned()),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = FORMATS.iter().find(|format| format.name == name).ok_or_else(|| {
            let rows: Vec<String> =
                FORMATS.iter().map(|format| format!("  {:9} {}", format.name, format.doc)).collect();
            format!("the formats are\n{}", rows.join("\n"))
        })?;
        Ok(Self { format, file })
    }
}

/// Whether any of the formats points at lines of files.
pub(super) fn point_at_files(wanted: &[Wanted]) -> bool {
    wanted.iter().any(|one| one.format.placed)
}

/// Writes a report in every format asked for; none asked for means the human one.
pub(super) fn write(report: &Report, wanted: &[Wanted], context: &Context) -> Result<(), CliError> {
    if wanted.is_empty() {
        return context::print(&(FORMATS[0].render)(report, context.stdout_view()));
    }
    write_files(report, wanted, context)
}

/// Writes a report in the formats asked for, and in no other.
pub(super) fn write_files(report: &Report, wanted: &[Wanted], context: &Context) -> Result<(), CliError> {
    for Wanted { format, file } in wanted {
        match file {
            None => context::print(&(format.render)(report, context.stdout_view()))?,
            Some(path) => replace_file(path, (format.render)(report, View::from(Look::Plain)).as_bytes())
                .map_err(|source| CliError::Write { path: path.clone(), source })?,
        }
    }
    if wanted.iter().any(|one| one.format.name == GITHUB) {
        step_summary::append(report)?;
    }
    Ok(())
}

/// The format whose readers expect a job summary beside it.
const GITHUB: &str = "github";

/// Two reports on one stdout could not be told apart, nor a report from an explanation.
pub(super) fn at_most_one_on_stdout(wanted: &[Wanted], explained: bool) -> Result<(), CliError> {
    let formats = wanted.iter().filter(|one| one.file.is_none()).map(|one| one.format.name);
    let on_stdout: Vec<&str> = explained.then_some("--explain").into_iter().chain(formats).collect();
    if on_stdout.len() > 1 {
        return Err(CliError::Formats(on_stdout.join(" and ")));
    }
    Ok(())
}
