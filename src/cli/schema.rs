//! `trueup schema`: the JSON Schema of the spec, for editors and checkers.

use super::Exit;
use super::context::print;
use super::error::CliError;
use crate::observe;
use crate::spec::schema;

/// Print the JSON Schema of the spec, from which editors complete and explain
#[derive(clap::Args)]
#[command(after_help = "Editors that know TOML read the schema's place from a spec's first line:\n  \
    #:schema ./trueup.schema.json\n\n\
    Example:\n  trueup schema > environments/trueup.schema.json\n\n\
    Exit codes: 0 printed, 2 a mistake in the command, 3 the result could not be written.")]
pub(super) struct Args {}

pub(super) fn run(_: &Args) -> Result<Exit, CliError> {
    print(&schema(&observe::vocabulary()))?;
    Ok(Exit::Fine)
}
