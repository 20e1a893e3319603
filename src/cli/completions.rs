//! `trueup completions`: completion scripts for shells.

use clap_complete::Shell;

use super::Exit;
use super::context::print;
use super::error::CliError;

/// Print the completion script of a shell
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  trueup completions zsh > ~/.zfunc/_trueup\n\nExit codes: 0 printed, 2 no such shell, 3 the result could not be written."
)]
pub(super) struct Args {
    /// bash, zsh, fish, elvish or powershell
    shell: Shell,
}

pub(super) fn run(args: &Args, mut command: clap::Command) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "trueup", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Fine)
}
