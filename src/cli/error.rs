//! What can go wrong in a command, each with its words and its exit code. Printed once, by `main`.

use std::io;
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use miette::{GraphicalReportHandler, GraphicalTheme, ReportHandler};

use super::Exit;
use super::context::{Context, tell};
use crate::parity::report::{Look, printable};
use crate::provision::render::RenderError;
use crate::provision::schedule::ScheduleError;
use crate::spec::load::LoadError;
use crate::store::StoreError;
use crate::transport::TransportError;
use crate::trust::TrustError;

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("HOME is not set to an absolute path, so neither ~ nor the state folder can be found")]
    NoHome,
    #[error("the environment {0} has no targets; add one under [targets]")]
    NoTargets(String),
    #[error("no target is named `{}`; targets are: {}", printable(.name), .known.join(", "))]
    NoSuchTarget { name: String, known: Vec<String> },
    #[error("no verb is named `{}`; verbs are: {}", printable(.name), .known.join(", "))]
    NoSuchVerb { name: String, known: Vec<String> },
    #[error("{} is there already and stays as it is; choose another name with --name, or edit it", .0.display())]
    SpecExists(PathBuf),
    #[error(
        "`{}` cannot name an environment; use at most 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit",
        printable(.0)
    )]
    BadName(String),
    #[error("{0}")]
    BadArgument(String),
    #[error("{id} was not waived: {why}")]
    NotWaived { id: String, why: String, unknown: bool },
    #[error("{} has changed in the meantime; nothing was written, so try again", .0.display())]
    ChangedMeanwhile(PathBuf),
    #[error(
        "--here holds this machine as one target, and {} named: trueup check TARGET --here, where TARGET is one of {}",
        if *.named == 0 { "none is".to_owned() } else { format!("{named} are") },
        .known.join(", ")
    )]
    HereIsOneTarget { named: usize, known: Vec<String> },
    #[error("{doing} failed: {source}")]
    Io { doing: &'static str, source: io::Error },
    #[error("cannot write {}: {source}", .path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("there is no terminal to ask on: {question} Say --yes to agree beforehand.")]
    CannotAsk { question: String },
    #[error("not confirmed; nothing was changed")]
    Declined,
    #[error("{0} cannot both go to stdout; give one of them a file: --format json=report.json")]
    Formats(String),
    #[error("cannot read {}: {source}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} is not a plan that can be carried out: {why}")]
    NotAPlan { path: String, why: String },
    #[error("nothing is named by --only {0}; `trueup check` lists the findings")]
    NothingNamed(String),
    #[error("another trueup watches {environment} already with the state in {}: {holder}", .state.display())]
    AlreadyWatched { environment: String, state: PathBuf, holder: String },
    #[error("the webhook cannot be used: {0}")]
    Webhook(String),
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    #[error("no finding is named {name}{}", did_you_mean(.nearest.as_deref()))]
    NoSuchFinding { name: String, nearest: Option<String> },
    #[error("there is no finding {name} without firing canaries; add --behaviour")]
    NotFired { name: String },
    #[error("the saved plan no longer holds: {why}")]
    PlanOutdated { why: String },
    #[error("{0} is not reached over SSH, so there is no host key to trust")]
    NoHostKey(String),
    #[error("{address} shows {shown}, not {expected}; nothing was trusted")]
    OtherFingerprint { address: String, shown: String, expected: String },
    #[error(
        "{address} shows {key_type} {fingerprint}; compare it with the machine's own (ssh-keygen -lf \
         /etc/ssh/ssh_host_*_key.pub), then: trueup trust {target} --fingerprint {fingerprint}"
    )]
    NeedsFingerprint { address: String, key_type: String, fingerprint: String, target: String },
    #[error("{name} cannot be reached: {source}")]
    Target { name: String, source: TransportError },
    #[error("{name} was not ended: {why}")]
    NotEnded { name: String, why: String },
    #[error("the backups on {name} cannot be read: {why}")]
    Generations { name: String, why: String },
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the reference {name} cannot be observed: {source}")]
    Reference { name: String, source: TransportError },
    #[error(
        "{} on the reference could not be observed; {}",
        items(.unknown.len()),
        if *.had_lock { "the old lock stays as it is" } else { "no lock was written" }
    )]
    NotCaptured { unknown: Vec<(String, String)>, had_lock: bool },
}

fn items(count: usize) -> String {
    if count == 1 { "1 listed item".to_owned() } else { format!("{count} listed items") }
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "; `trueup check --format json` lists them all".to_owned(),
        |nearest| format!("; did you mean {nearest}?"),
    )
}

impl CliError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Reference { .. } | Self::NotCaptured { .. } | Self::NotWaived { unknown: true, .. } => Exit::Unknown,
            Self::Trust(_)
            | Self::Store(_)
            | Self::Io { .. }
            | Self::Write { .. }
            | Self::Target { .. }
            | Self::NotEnded { .. }
            | Self::Generations { .. } => Exit::Unknown,
            Self::PlanOutdated { .. } | Self::OtherFingerprint { .. } => Exit::Drift,
            Self::Load(_)
            | Self::NoHome
            | Self::NoTargets(_)
            | Self::NoSuchTarget { .. }
            | Self::HereIsOneTarget { .. }
            | Self::Formats(_)
            | Self::Read { .. }
            | Self::NoHostKey(_)
            | Self::NeedsFingerprint { .. }
            | Self::NotAPlan { .. }
            | Self::NothingNamed(_)
            | Self::NoSuchVerb { .. }
            | Self::SpecExists(_)
            | Self::BadName(_)
            | Self::NoSuchFinding { .. }
            | Self::NotFired { .. }
            | Self::AlreadyWatched { .. }
            | Self::Webhook(_)
            | Self::Schedule(_)
            | Self::Render(_)
            | Self::BadArgument(_)
            | Self::ChangedMeanwhile(_)
            | Self::NotWaived { unknown: false, .. }
            | Self::CannotAsk { .. }
            | Self::Declined => Exit::Usage,
        }
    }

    /// In one line, with the first of a spec's problems.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Load(LoadError::Spec(problems)) => {
                let first = problems.problems.first().map(|problem| format!(": {}", problem.message));
                format!("{self}{}", first.unwrap_or_default())
            }
            _ => self.to_string(),
        }
    }

    /// Says on stderr what went wrong: a spec's problems each with its place in the file.
    pub(super) fn print(&self, context: &Context) {
        let look = context.stderr_look();
        let label = look.paint(AnsiColor::Red.on_default().bold(), "error:");
        if let Self::Load(LoadError::Spec(problems)) = self {
            let theme =
                if look == Look::Coloured { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
            let handler = GraphicalReportHandler::new_themed(theme).with_width(120);
            for problem in problems.diagnostics() {
                tell(&Rendered(&handler, &problem).to_string());
            }
        }
        tell(&format!("{label} {self}"));
        if let Self::NotCaptured { unknown, .. } = self {
            for (id, why) in unknown {
                tell(&format!("  {} {id}  {why}", look.paint(Style::new().bold(), "?")));
            }
        }
    }
}

/// miette renders through `Debug`.
struct Rendered<'a>(&'a GraphicalReportHandler, &'a dyn miette::Diagnostic);

impl std::fmt::Display for Rendered<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        struct AsDebug<'a>(&'a Rendered<'a>);
        impl std::fmt::Debug for AsDebug<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.0.debug(self.0.1, f)
            }
        }
        write!(f, "{:?}", AsDebug(self))
    }
}
