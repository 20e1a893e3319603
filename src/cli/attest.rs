//! `trueup attest`: audit a target and sign what was found.

use std::path::PathBuf;

use super::context::{Context, print, select_one};
use super::error::CliError;
use super::vouch::Records;
use super::{Exit, audit};
use crate::spec::load::replace_file;

/// Audit a target and record a signed attestation of what was found
#[derive(clap::Args)]
#[command(
    after_help = "The attestation is an in-toto Statement in a DSSE envelope, signed with the key that is made on \
    first use. Drift is attested too, and then the exit code is 1 (3 for unknown).\n\n\
    Example:\n  trueup attest vm --out vm.att.json && trueup verify vm.att.json\n\n\
    Exit codes: 0 parity, 1 drift, 2 usage or spec error, 3 something could not be observed."
)]
pub(super) struct Args {
    /// The target to attest
    #[arg(value_name = "TARGET")]
    target: String,
    /// Also write the attestation to a file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let project = context.load()?;
    let target = select_one(&project, &args.target)?;
    if let Some(path) = &args.out {
        super::formats::refuse_own_file(path, &project)?;
    }
    let records = Records::open(context)?;
    let report = audit::audit(&project, &[target], context)?;
    let attestation = records.attest(&project, &report)?;
    if let Some(path) = &args.out {
        replace_file(path, &attestation.envelope).map_err(|source| CliError::Write { path: path.clone(), source })?;
    }
    super::formats::write(&report, &[], context)?;
    let key = records.key.public().id();
    print(&format!("attested {} as number {}, signed by {}\n", target.name, attestation.counter, key.as_str()))?;
    Ok(report.verdict().into())
}
