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
        Self { message: harmless(message), span, label: harmless(label), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(harmless(help));
        self
    }
}

/// What it repeats of the file is not for a terminal to act upon.
fn harmless(text: impl Into<String>) -> String {
    text.into().chars().map(|c| if misleads(c) { '\u{fffd}' } else { c }).collect()
}

/// Whether a terminal or a viewer acts upon a character: controls, and the signs that turn the order of what follows,
/// which make a text read as another.
pub fn misleads(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// All problems of one spec file.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be used: {}", .source_code.name(), count(.problems.len() + .more))]
pub struct SpecProblems {
    source_code: NamedSource<String>,
    /// In the order of the file.
    pub problems: Vec<Problem>,
    /// How many more there are than are kept.
    more: usize,
}

/// How many problems of a file are told: whoever has more has one cause for most of them.
const MOST: usize = 100;

/// How long a line is shown, in bytes, and how much of it before a problem.
const LONGEST_LINE: usize = 400;
const BEFORE: usize = 100;

fn count(problems: usize) -> String {
    if problems == 1 { "1 problem".to_owned() } else { format!("{problems} problems") }
}

impl SpecProblems {
    /// Problems of the file at `path`, whose text is given.
    pub fn new(path: &str, text: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.span.start);
        let more = problems.len().saturating_sub(MOST);
        problems.truncate(MOST);
        Self { source_code: NamedSource::new(path, text.to_owned()).with_language("toml"), problems, more }
    }

    /// Each problem on its own, with the source beside it, ready to be rendered.
    pub fn diagnostics(&self) -> impl Iterator<Item = ProblemInSource> {
        let text = self.source_code.inner();
        let has_long_lines = text.lines().any(|line| line.len() > LONGEST_LINE);
        self.problems.iter().map(move |problem| {
            let mut problem = problem.clone();
            let mut source_code = self.source_code.clone();
            if has_long_lines {
                let (shown, span) = shortened(text, problem.span);
                problem.span = span;
                source_code = NamedSource::new(self.source_code.name(), shown).with_language("toml");
            }
            ProblemInSource { problem, source_code }
        })
    }
}

/// The text with its long lines cut around a problem, and the problem's place in it.
fn shortened(text: &str, span: Range<usize>) -> (String, Range<usize>) {
    let mut shown = String::new();
    let mut place = 0..0;
    let mut begins = 0;
    for line in text.split_inclusive('\n') {
        let ends = begins + line.len();
        let is_here = (begins..ends).contains(&span.start) || (span.start == text.len() && ends == text.len());
        let first = if is_here { (span.start - begins).saturating_sub(BEFORE) } else { 0 };
        let first = line.floor_char_boundary(first);
        let last = line.floor_char_boundary(line.trim_end_matches('\n').len().min(first + LONGEST_LINE));
        if is_here {
            let start = shown.len() + (span.start - begins - first);
            place = start..(start + span.len()).min(shown.len() + (last - first)).max(start);
        }
        shown.push_str(&line[first..last]);
        if line.ends_with('\n') {
            shown.push('\n');
        }
        begins = ends;
    }
    (shown, place)
}

/// A problem together with the file it is in.
#[derive(Debug, thiserror::Error)]
#[error("{}", .problem.message)]
pub struct ProblemInSource {
    problem: Problem,
    source_code: NamedSource<String>,
}

impl Diagnostic for ProblemInSource {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.problem.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source_code)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.problem.span.clone();
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some(self.problem.label.clone()), span))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_problem_is_for_a_terminal_to_act_upon() {
        let odd = "a\u{1b}[2J\u{202e}b\u{2066}\n";
        let problem = Problem::new(odd, 0..0, odd).help(odd);
        for part in [&problem.message, &problem.label, problem.help.as_ref().unwrap()] {
            assert_eq!(part, "a\u{fffd}[2J\u{fffd}b\u{fffd}\u{fffd}");
        }
    }
}
