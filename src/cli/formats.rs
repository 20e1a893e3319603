//! `--format F[=FILE]`: which reports to write, and where.

use std::path::PathBuf;

use super::context::{self, Context};
use super::error::CliError;
use crate::parity::Report;
use crate::parity::report::{FORMATS, Format, Look};
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

/// Writes a report in every format asked for; none asked for means the human one.
pub(super) fn write(report: &Report, wanted: &[Wanted], context: &Context) -> Result<(), CliError> {
    let look = context.stdout_look();
    if wanted.iter().all(|one| one.file.is_some()) && wanted.is_empty() {
        let human = FORMATS[0];
        return context::print(&(human.render)(report, look));
    }
    for Wanted { format, file } in wanted {
        match file {
            None => context::print(&(format.render)(report, look))?,
            Some(path) => replace_file(path, (format.render)(report, Look::Plain).as_bytes())
                .map_err(|source| CliError::Write { path: path.clone(), source })?,
        }
    }
    Ok(())
}

/// Two reports on one stdout could not be told apart.
pub(super) fn at_most_one_on_stdout(wanted: &[Wanted]) -> Result<(), CliError> {
    let on_stdout: Vec<&str> = wanted.iter().filter(|one| one.file.is_none()).map(|one| one.format.name).collect();
    if on_stdout.len() > 1 {
        return Err(CliError::Formats(on_stdout.join(" and ")));
    }
    Ok(())
}
