//! A line of progress for each target: drawn over and over on a terminal, written once for each step elsewhere.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressStyle};

use super::context::{Context, TICK, tell};
use crate::parity::report::printable;
use crate::spec::Target;

/// The lines of some targets; gone with their value.
pub(super) struct Lines(BTreeMap<String, ProgressBar>);

impl Lines {
    pub(super) fn new(targets: &[&Target], context: &Context) -> Self {
        if !io::stderr().is_terminal() {
            return Self(BTreeMap::new());
        }
        let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}").expect("the template is a constant");
        let line = |target: &&Target| {
            let line = context.progress.add(ProgressBar::new_spinner().with_style(style.clone()));
            line.set_message(format!("{}: waiting", target.name));
            line.enable_steady_tick(TICK);
            (target.name.clone(), line)
        };
        Self(targets.iter().map(line).collect())
    }

    /// What a target is at, for who watches.
    pub(super) fn say(&self, target: &Target, doing: &str) {
        if let Some(line) = self.0.get(&target.name) {
            line.reset_elapsed();
            line.set_message(printable(&format!("{}: {doing}", target.name)));
        }
    }

    /// The same, told also where nobody watches.
    pub(super) fn tell(&self, target: &Target, doing: &str) {
        self.say(target, doing);
        if !self.0.contains_key(&target.name) {
            tell(&format!("{}: {doing}", target.name));
        }
    }

    /// A target is done.
    pub(super) fn end(&self, target: &Target) {
        if let Some(line) = self.0.get(&target.name) {
            line.finish_and_clear();
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.0.values().for_each(ProgressBar::finish_and_clear);
    }
}
