//! What is wrong with a spec: every problem of a file at once, each at its place with a way out.

use std::ops::Range;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, one sentence.
    pub message: String,
    /// Where, in bytes.
    pub span: Range<usize>,
    /// The few words beside the caret.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>, span: Range<usize>, label: impl Into<String>) -> Self {
        Self { message: message.into(), span, label: label.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// All problems of one spec file.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be used: {}", .source_code.name(), count(.problems.len()))]
pub struct SpecProblems {
    source_code: NamedSource<String>,
    /// In the order of the file.
    pub problems: Vec<Problem>,
}

fn count(problems: usize) -> String {
    if problems == 1 { "1 problem".to_owned() } else { format!("{problems} problems") }
}

impl SpecProblems {
    /// Problems of the file at `path`, whose text is given.
    pub fn new(path: &str, text: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.span.start);
        Self { source_code: NamedSource::new(path, text.to_owned()).with_language("toml"), problems }
    }

    /// Each problem on its own, with the source beside it, ready to be rendered.
    pub fn diagnostics(&self) -> impl Iterator<Item = ProblemInSource<'_>> {
        self.problems.iter().map(|problem| ProblemInSource { problem, source_code: &self.source_code })
    }
}

/// A problem together with the file it is in.
#[derive(Debug, thiserror::Error)]
#[error("{}", .problem.message)]
pub struct ProblemInSource<'a> {
    problem: &'a Problem,
    source_code: &'a NamedSource<String>,
}

impl Diagnostic for ProblemInSource<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.problem.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.source_code)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.problem.span.clone();
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some(self.problem.label.clone()), span))))
    }
}
