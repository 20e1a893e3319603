//! `--format F[=FILE]`: which reports to write, and where.
#![expect(clippy::disallowed_methods, reason = "IO edge: looks where the files that the user names lie")]

use std::path::{Path, PathBuf};

use super::context::{self, Context};
use super::error::CliError;
use super::step_summary;
use crate::parity::Report;
use crate::parity::report::{FORMATS, Format, Look, View};
use crate::spec::load::{Project, replace_file};

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

/// A report that overwrites another, or what trueup itself reads, would be a loss in silence.
pub(super) fn refuse_lost_files(wanted: &[Wanted], project: &Project) -> Result<(), CliError> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in wanted.iter().filter_map(|one| one.file.as_deref()) {
        refuse_own_file(path, project)?;
        let file = same_place(path);
        if files.contains(&file) && !std::fs::metadata(&file).is_ok_and(|there| !there.is_file()) {
            let why = format!("two formats would be written to {}; give each a file of its own", path.display());
            return Err(CliError::BadArgument(why));
        }
        files.push(file);
    }
    Ok(())
}

/// Refuses to write a result over the project's own spec or lock.
pub(super) fn refuse_own_file(path: &Path, project: &Project) -> Result<(), CliError> {
    let own = [(&project.spec_path, "spec"), (&project.lock_path, "lock")];
    match own.into_iter().find(|(file, _)| same_place(file) == same_place(path)) {
        Some((_, what)) => {
            Err(CliError::BadArgument(format!("{} is the project's {what}; name another file", path.display())))
        }
        None => Ok(()),
    }
}

/// Where a file is or will be, whatever links lead there.
fn same_place(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    std::fs::canonicalize(&path).unwrap_or_else(|_| match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => {
            std::fs::canonicalize(folder).map_or_else(|_| path.clone(), |folder| folder.join(name))
        }
        _ => path.clone(),
    })
}

/// Two reports on one stdout could not be told apart, nor a report from an explanation.
pub(super) fn at_most_one_on_stdout(wanted: &[Wanted], explained: bool) -> Result<(), CliError> {
    let formats = wanted.iter().filter(|one| one.file.is_none()).map(|one| one.format.name);
    let on_stdout: Vec<&str> = explained.then_some("--explain").into_iter().chain(formats).collect();
    if on_stdout.len() > 1 {
        return Err(CliError::Formats(on_stdout.join(" and ")));
    }
    Ok(())
}
