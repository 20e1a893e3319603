//! All questions of an audit as one sh program.
//!
//! Questions with the same time limit form a ring of stages that run side by side (see `runtime.sh`); the rings run
//! side by side too. The program is one brace group, so that a shell reads it whole before it starts. A question that the
//! shell can settle by itself has its frame printed before the rings start, and has no stage.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Context, Covers, Question};
use crate::quality::gate;
use crate::spec::{Category, Digest};
use crate::transport::{PROCESSES, lines_for_shells};

/// The stages, and what questions about tools and about files use.
const RUNTIME: [&str; 3] = [include_str!("runtime.sh"), include_str!("tools.sh"), include_str!("files.sh")];

/// How many bytes a question may print on each stream whose answer is a few lines as a rule.
pub(super) const BRIEF_CAP: usize = 1 << 18;

/// How many any other may print.
pub(super) const OUTPUT_CAP: usize = 1 << 20;

/// How many a question may print that lists a whole set: a folder of ten thousand files, all packages.
const LIST_CAP: usize = 4 << 20;

/// How many bytes a question may print on each stream.
pub(super) fn cap(question: &Question) -> usize {
    match question {
        _ if question.command.is_some() || is_brief(question) => BRIEF_CAP,
        Question { covers: Covers { listings, .. }, .. } if listings.is_empty() => OUTPUT_CAP,
        _ => LIST_CAP,
    }
}

/// A program, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// For `sh -s`.
    pub text: String,
    /// What frames begin with.
    pub nonce: String,
    /// When all of it should be over.
    pub limit: Duration,
}

/// Compiles questions; their numbers are their places in the slice. The nonce must be new for each program.
///
/// The program's stdin must stay open until it has answered: its end tells the program that nobody listens any more.
pub fn compile(questions: &[Question], nonce: &str) -> Program {
    let mark = Digest::of(format!("mark of {nonce}").as_bytes());
    let mark = &mark.as_str()[mark.as_str().len() - 16..];
    let mut text = format!("{{\ntu_nonce={nonce}\ntu_mark={mark}\n");
    for line in [PROCESSES].into_iter().chain(RUNTIME).flat_map(lines_for_shells) {
        writeln!(text, "{line}").expect(INFALLIBLE);
    }
    text.push_str(&gate::before(questions.iter().map(|question| question.script.as_str())));
    for (number, question) in questions.iter().enumerate() {
        let script = question.script.trim_end();
        match &question.command {
            None => writeln!(text, "tu_ask{number}() {{\n{script}\n}}"),
            Some(command) => writeln!(
                text,
                "tu_run{number}() {{\nexec {command}\n}}\ntu_ask{number}() {{\n{script}\ntu_listen tu_run{number}\n}}"
            ),
        }
        .expect(INFALLIBLE);
    }
    text.push_str("cd || cd /\nexec 8<&0 9>&1 </dev/null\n");
    let mut limits: Vec<u64> = questions.iter().map(|question| whole_seconds(question.limit)).collect();
    limits.sort_unstable();
    limits.dedup();
    // What is first in a ring starts first, and lists take longest. The very first is about the machine's clock, which is
    // read when its frame comes.
    let mut order: Vec<(usize, &Question)> = questions.iter().enumerate().collect();
    order.sort_by_key(|(number, question)| *number > 0 && question.covers.listings.is_empty());
    for (number, question) in order {
        let kind = match question {
            Question { command: Some(_), .. } => "tu_glance",
            _ if is_brief(question) => "tu_brief",
            _ => "tu_long",
        };
        let stage = format!("{kind} {} {number} {}", whole_seconds(question.limit), cap(question));
        match &question.settled {
            None => writeln!(text, "{stage}"),
            Some(test) => writeln!(text, "if {test}; then tu_frame {number} \"$tu_nothing\" ''; else {stage}; fi"),
        }
        .expect(INFALLIBLE);
    }
    text.push_str("tu_guard <&8 >/dev/null 2>&1 8<&- 9>&- &\ntu_keeper=$!\nprintf '\\n' |\n");
    for limit in &limits {
        writeln!(text, "tu_group {limit} \"${{tu_ring{limit}-}}\" |").expect(INFALLIBLE);
    }
    text.push_str("{ read -r tu_token; }\ntu_sweep \"$tu_mark.\" 9>&-\n");
    text.push_str("printf '%s end 0\\n\\n' \"$tu_nonce\" >&9\nkill \"$tu_keeper\" 2>/dev/null\nexit 0\n}\n");
    let slowest = limits.last().copied().unwrap_or(0);
    Program { text, nonce: nonce.to_owned(), limit: Duration::from_secs(slowest + 5) }
}

/// Of how many things a question may be about whose answer is a few lines as a rule.
const FEW: usize = 16;

/// Whether the answer is a few lines as a rule: what a few things have to say about themselves. Two processes less count
/// more than the bytes that the shell then reads one by one. Repositories and settings files may have a lot to say.
fn is_brief(question: &Question) -> bool {
    let Covers { items, listings } = &question.covers;
    let terse = |category| {
        matches!(category, Category::Tool | Category::System | Category::Env | Category::Dotfile | Category::Package)
    };
    listings.is_empty()
        && (1..=FEW).contains(&items.len())
        && items.iter().all(|item| terse(item.category))
        && !matches!(question.context, Context::Keys(_))
}

const INFALLIBLE: &str = "writing to a string cannot fail";

fn whole_seconds(limit: Duration) -> u64 {
    limit.as_secs() + u64::from(limit.subsec_nanos() > 0)
}
