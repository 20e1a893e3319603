//! `trueup man`: the manual pages, made from what `--help` is made from.
#![expect(clippy::disallowed_methods, reason = "IO edge: writes the pages where the user says")]

use std::path::{Path, PathBuf};

use clap_mangen::Man;

use super::Exit;
use super::context::print;
use super::error::CliError;

/// Print a manual page, or write all of them into a folder
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    trueup man | man -l -                      read the page about trueup\n  \
    trueup man check | man -l -                the page about a verb\n  \
    trueup man --out ~/.local/share/man/man1   all pages, where man finds them\n\n\
    Exit codes: 0 done, 2 no such verb, 3 a page could not be written.")]
pub(super) struct Args {
    /// The verb to print the page of; the page about trueup itself when none is named
    #[arg(value_name = "VERB", conflicts_with = "out")]
    verb: Option<String>,
    /// Write a page for trueup and one for every verb into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args, mut command: clap::Command) -> Result<Exit, CliError> {
    // Gives every verb its full name and the options that all verbs take.
    command.build();
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder).map_err(|source| CliError::Write { path: folder.clone(), source })?;
        write_page(folder, &command)?;
        for verb in verbs(&command) {
            write_page(folder, verb)?;
        }
        return Ok(Exit::Fine);
    }
    let page = match &args.verb {
        None => &command,
        Some(name) => verbs(&command).find(|verb| verb.get_name() == name).ok_or_else(|| CliError::NoSuchVerb {
            name: name.clone(),
            known: verbs(&command).map(|verb| verb.get_name().to_owned()).collect(),
        })?,
    };
    print(&String::from_utf8_lossy(&render(page)?))?;
    Ok(Exit::Fine)
}

fn verbs(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    command.get_subcommands().filter(|verb| verb.get_name() != "help" && !verb.is_hide_set())
}

/// `trueup-check`: as the page is called and found.
fn page_name(command: &clap::Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn render(command: &clap::Command) -> Result<Vec<u8>, CliError> {
    let mut page = Vec::new();
    let man = Man::new(command.clone().version(env!("CARGO_PKG_VERSION")))
        .title(page_name(command))
        .source(concat!("trueup ", env!("CARGO_PKG_VERSION")));
    man.render(&mut page).map_err(|source| CliError::Io { doing: "making the manual page", source })?;
    Ok(page)
}

fn write_page(folder: &Path, command: &clap::Command) -> Result<(), CliError> {
    let path = folder.join(format!("{}.1", page_name(command)));
    std::fs::write(&path, render(command)?).map_err(|source| CliError::Write { path, source })
}
