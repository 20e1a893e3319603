//! `trueup render`: files from which machines are made, of the spec and the lock.

mod cloud_init;
mod devcontainer;

use std::path::PathBuf;

use super::Exit;
use super::context::Context;
use super::error::CliError;

pub(super) use cloud_init::put_private;
pub(super) use devcontainer::write as write_devcontainer;

/// Render the files from which a target is made
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    trueup render devcontainer dev            write .devcontainer/, or amend what is there\n  \
    trueup render devcontainer dev --check    tell whether it is what would be rendered, for CI\n  \
    trueup render cloud-init vm               user-data for a new VM, with a host key that is trusted already\n\n\
    Exit codes: 0 rendered, or up to date; 1 with --check, something would be rendered anew; 2 usage or spec error; \
    3 a file could not be written.")]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    Devcontainer(DevcontainerArgs),
    CloudInit(CloudInitArgs),
}

/// Render a devcontainer.json and the Dockerfile of its image
#[derive(clap::Args)]
#[command(
    after_help = "The image begins with the target's `image`, else with the one that the devcontainer.json there names, \
    else with one of the reference's system. It gets what an apply would bring from package managers, in the reference's \
    versions; `trueup apply` brings the rest. A devcontainer.json that is there is amended in place, its comments kept, and a \
    Dockerfile that somebody wrote stays as it is.\n\n\
    Examples:\n  \
    trueup render devcontainer dev\n  \
    trueup render devcontainer dev --out -\n  \
    trueup render devcontainer dev --check\n\n\
    Exit codes: 0 rendered, or up to date; 1 with --check, something would be rendered anew; 2 usage or spec error; \
    3 a file could not be written."
)]
struct DevcontainerArgs {
    /// The target, of kind devcontainer
    #[arg(value_name = "TARGET")]
    target: String,
    /// Take this for the target's workspace folder; `-` prints the files instead
    #[arg(long, value_name = "FOLDER|-")]
    out: Option<PathBuf>,
    /// Write nothing, and tell what differs from what is there
    #[arg(long)]
    check: bool,
}

/// Render user-data that takes a fresh VM to where an apply works
#[derive(clap::Args)]
#[command(
    after_help = "The VM gets the user of the target's `ssh`, who logs in with the target's `identity`, else with your own \
    keys, and may become root. It also gets a host key, kept with trueup's state and recorded in known_hosts, so that the first \
    connection is already strict. The private half stands in the user-data: the file has mode 0600 and is to be kept as a key \
    is. Where no file is named it lies with trueup's state, and its place is printed.\n\n\
    Examples:\n  \
    trueup render cloud-init vm\n  \
    hcloud server create --name vm --image debian-12 --type cx22 --user-data-from-file \"$(trueup render cloud-init vm)\"\n\n\
    Exit codes: 0 rendered; 2 usage or spec error; 3 a file could not be written, or another host key is recorded."
)]
struct CloudInitArgs {
    /// The target, of kind vm
    #[arg(value_name = "TARGET")]
    target: String,
    /// Write it here, with mode 0600; `-` prints it, with the private host key
    #[arg(long, value_name = "FILE|-")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    match &args.what {
        What::Devcontainer(args) => devcontainer::run(args, context),
        What::CloudInit(args) => cloud_init::run(args, context),
    }
}
