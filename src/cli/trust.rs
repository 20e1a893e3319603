//! `trueup trust`: record the host key of an SSH target, after its fingerprint was seen.

use super::Exit;
use super::ask::confirm;
use super::context::{Context, print, select_one};
use super::error::CliError;
use crate::spec::Reach;
use crate::transport::offered_key;

/// Record the SSH host key of a target in known_hosts
#[derive(clap::Args)]
#[command(after_help = "Without a terminal the fingerprint must be given: agreeing unseen would trust whoever \
    answers.\n\nExample:\n  trueup trust vm --fingerprint SHA256:…")]
pub(super) struct Args {
    /// The target whose key to record
    #[arg(value_name = "TARGET")]
    target: String,
    /// The fingerprint that the machine must show
    #[arg(long, value_name = "SHA256:…")]
    fingerprint: Option<String>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let project = context.load()?;
    let target = select_one(&project, &args.target)?;
    let Reach::Ssh(address) = &target.reach else { return Err(CliError::NoHostKey(target.name.clone())) };
    let surroundings = context.surroundings(&project)?;
    let lost = |source| CliError::Target { name: target.name.clone(), source };
    let mut fingerprint = args.fingerprint.as_deref();
    // The machines on the way come first, each to be agreed to by itself.
    loop {
        let key = offered_key(address, &target.name, &surroundings).map_err(lost)?;
        let shown = format!("{} {}", key.key_type, key.fingerprint);
        match fingerprint.take() {
            Some(expected) if *expected != key.fingerprint => {
                return Err(CliError::OtherFingerprint { address: key.address, shown, expected: expected.to_owned() });
            }
            _ if key.known => {
                print(&format!("{} is known already: {shown}\n", key.address))?;
                return Ok(Exit::Fine);
            }
            Some(_) => {}
            None if context.interactive => {
                confirm(context, false, &format!("{} shows {shown}. Is that the machine's own key?", key.address))?;
            }
            None => {
                let (address, key_type, fingerprint) = (key.address, key.key_type, key.fingerprint);
                return Err(CliError::NeedsFingerprint { address, key_type, fingerprint, target: target.name.clone() });
            }
        }
        key.trust().map_err(lost)?;
        print(&format!("{} is trusted from now on: {shown}, recorded in {}\n", key.address, key.file.display()))?;
        if key.last {
            return Ok(Exit::Fine);
        }
    }
}
