//! `trueup gate`: whether work may run on a target now. Never observes: it reads the newest attestation.

use std::fmt::Write as _;

use anstyle::AnsiColor;
use clap::ValueEnum;

use super::Exit;
use super::context::{Context, print, select_one};
use super::error::CliError;
use super::vouch::{now, question, say_what_was_lost};
use crate::parity::report::Look;
use crate::store::{Store, StoredAttestation};
use crate::trust::{Decision, Roots, Severity, gate};

/// Allow or deny work on a target, by its newest attestation
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 allow, 1 deny for drift or an invalid attestation, 2 usage or spec error, 3 deny because it is absent, \
    stale or unknown.\n\nExample:\n  trueup gate vm && ssh vm ./start-agent"
)]
pub(super) struct Args {
    /// The target to ask about
    #[arg(value_name = "TARGET")]
    target: String,
    /// Write the decision as human or json
    #[arg(long, value_name = "F", default_value = "human")]
    format: GateFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GateFormat {
    Human,
    Json,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let project = context.load()?;
    let target = select_one(&project, &args.target)?;
    // Whoever only asks needs no key of their own, and where nothing was ever recorded nothing is made.
    let state = context.state_dir()?;
    let roots = Roots::load(&state.join("keys"))?;
    let database = state.join("trueup.db");
    let store = database.exists().then(|| Store::open(&database)).transpose()?;
    let mut question = question(&project, &target.name, &roots);
    let mut newest = None;
    if let Some(store) = &store {
        newest = store.newest_attestation(&project.environment.name, &target.name)?;
        say_what_was_lost(store)?;
        question.unsettled = store.unsettled_run(&project.environment.name, &target.name)?;
    }
    let decision = gate::decide(newest.as_ref().map(StoredAttestation::recorded), &question, now());
    match args.format {
        GateFormat::Json => {
            let mut json = serde_json::to_string_pretty(&decision.view()).expect("every field has a JSON form");
            json.push('\n');
            print(&json)?;
        }
        GateFormat::Human => print(&shown(&decision, context.stdout_look()))?,
    }
    Ok(match decision.severity() {
        None => Exit::Fine,
        Some(Severity::Drift) => Exit::Drift,
        Some(Severity::Unknown) => Exit::Unknown,
    })
}

/// The decision for a person.
pub(super) fn shown(decision: &Decision, look: Look) -> String {
    const INFALLIBLE: &str = "writing to a string cannot fail";
    let (word, colour) = if decision.is_allowed() { ("allow", AnsiColor::Green) } else { ("deny", AnsiColor::Red) };
    let word = look.paint(colour.on_default().bold(), word);
    let mut text = format!("{}  {word}\n", decision.target);
    for reason in decision.reasons() {
        writeln!(text, "  x {reason}").expect(INFALLIBLE);
    }
    for warning in &decision.warnings {
        writeln!(text, "  ~ {warning} has drifted, which [gate] warn lets pass").expect(INFALLIBLE);
    }
    if let Some(attestation) = &decision.attestation {
        let (counter, observed, expires) = (attestation.counter, attestation.observed_at, attestation.expires_on);
        writeln!(text, "  by attestation {counter}, observed {observed:.0}, good until {expires:.0}")
            .expect(INFALLIBLE);
    }
    text
}
