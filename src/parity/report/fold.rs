//! Making a long list short: which findings get a line of their own, and which are counted behind the command that
//! shows them.

use super::super::{Finding, State};
use crate::spec::Category;
use crate::transport::quote;

/// What is left of a list of findings.
#[derive(Debug)]
pub(super) struct Folded<'a> {
    /// In their order.
    pub(super) shown: Vec<&'a Finding>,
    /// What is left out.
    pub(super) more: Vec<More>,
}

/// Findings that are left out.
#[derive(Debug)]
pub(super) struct More {
    /// Behind so many of the shown ones.
    pub(super) behind: usize,
    /// How many.
    pub(super) count: usize,
    /// The glob that names them, and possibly others.
    pub(super) pattern: String,
}

/// How many of a kind are shown of those that are folded.
const SHOWN_OF_A_KIND: usize = 2;

/// How many lines a target may take when so many are in trouble. None where there is no room for any.
pub(super) fn lines_for(troubled: usize) -> Option<usize> {
    match troubled {
        0..=1 => Some(14),
        2..=3 => Some(10),
        4..=8 => Some(3),
        _ => None,
    }
}

/// Folds kinds of which there are many, if the list is longer than `lines`; and cuts what is still too long.
pub(super) fn fold(rows: Vec<&Finding>, lines: usize) -> Folded<'_> {
    if rows.len() <= lines {
        return Folded { shown: rows, more: Vec::new() };
    }
    let mut folded = Folded { shown: Vec::new(), more: Vec::new() };
    let mut rest = rows.as_slice();
    while let Some((first, _)) = rest.split_first() {
        let of_a_kind = rest.iter().take_while(|finding| kind(finding) == kind(first)).count();
        let (these, others) = rest.split_at(of_a_kind);
        let taken = folded.shown.len() + folded.more.len();
        if taken >= lines {
            cut(&mut folded, rest.len());
            return folded;
        }
        let room = lines - taken;
        let few = these.len() <= SHOWN_OF_A_KIND + 1 && these.len() <= room;
        let some = if others.is_empty() { SHOWN_OF_A_KIND.max(room - 1) } else { SHOWN_OF_A_KIND };
        let shown = if few { these.len() } else { some.min(these.len()) };
        folded.shown.extend(&these[..shown]);
        if shown < these.len() {
            folded.more.push(More { behind: folded.shown.len(), count: these.len() - shown, pattern: pattern(first) });
        }
        rest = others;
    }
    folded
}

/// Counts the rest in one line, together with a count that stands at the same place.
fn cut(folded: &mut Folded<'_>, mut count: usize) {
    let behind = folded.shown.len();
    if let Some(last) = folded.more.pop_if(|last| last.behind == behind) {
        count += last.count;
    }
    folded.more.push(More { behind, count, pattern: "*".to_owned() });
}

/// Findings in the same state about things of the same manager, repository or category.
fn kind(finding: &Finding) -> (u8, Category, &str) {
    let state = match finding.state {
        State::Unknown => 0,
        State::Drift(_) => 1,
        State::Waived(..) => 2,
        State::Match => 3,
    };
    (state, finding.id.category, set_of(finding))
}

fn set_of(finding: &Finding) -> &str {
    match finding.id.category {
        Category::Package | Category::Git | Category::Pin | Category::Hook | Category::Gate | Category::Check => {
            finding.id.name.split_once('/').map_or("", |(set, _)| set)
        }
        _ => "",
    }
}

/// The glob that stands for the kind of a finding.
fn pattern(finding: &Finding) -> String {
    match set_of(finding) {
        "" => format!("{}:*", finding.id.category),
        set => format!("{}:{set}/*", finding.id.category),
    }
}

/// The command that shows all that is known about a finding.
pub(super) fn explain_command(target: &str, finding: &str) -> String {
    let behaviour = if finding.starts_with("check:") { "--behaviour " } else { "" };
    format!("trueup check {} {behaviour}--explain {}", quote::word(target), quote::word(finding))
}
