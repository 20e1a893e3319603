//! `trueup verify`: whether an attestation may be believed now.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::Exit;
use super::context::{Context, print, read_bytes};
use super::error::CliError;
use super::vouch::{Records, now};
use crate::trust::{Counters, Expected, Verification, verify};

/// Check an attestation's signature, freshness, spec, lock and number
#[derive(clap::Args)]
#[command(after_help = "Example:\n  trueup verify vm.att.json\n\n\
    Exit codes: 0 valid, 1 invalid, 2 it cannot be read. A valid attestation may still say drift: it is then a valid \
    statement of drift.")]
pub(super) struct Args {
    /// The attestation, as written by `trueup attest --out`
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let project = context.load()?;
    let envelope = read_bytes(&args.file)?;
    let records = Records::open(context)?;
    let history = records.store.known_counters(&project.environment.name)?;
    let expected = Expected {
        environment: &project.environment.name,
        target: None,
        spec_digest: &project.spec_digest,
        lock_digest: project.lock.as_ref().map(|loaded| &loaded.digest),
        counters: Counters::History(&history),
    };
    let verification = verify(&envelope, &records.roots, &expected, now());
    print(&shown(&verification))?;
    Ok(if verification.is_valid() { Exit::Fine } else { Exit::Drift })
}

fn shown(verification: &Verification) -> String {
    let mut text = String::from(if verification.is_valid() { "valid\n" } else { "invalid\n" });
    let mut line = |name: &str, value: &str| {
        writeln!(text, "  {name:9} {value}").expect("writing to a string cannot fail");
    };
    for reason in &verification.reasons {
        line("because", &reason.to_string());
    }
    if let Some(statement) = &verification.statement {
        let predicate = &statement.predicate;
        line("target", &format!("{} of {}", predicate.target, predicate.environment));
        line("machine", predicate.machine.hostname.as_deref().unwrap_or("(it did not say)"));
        line("verdict", predicate.verdict.word());
        line("observed", &format!("{:.0}", predicate.observed_at));
        line("expires", &format!("{:.0}", predicate.expires_on));
        line("number", &predicate.counter.to_string());
    }
    for signer in &verification.signers {
        line("signed by", signer.id().as_str());
    }
    text
}
