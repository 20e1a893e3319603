//! All questions of an audit as one sh program.
//!
//! Questions with the same time limit form a ring of stages that run side by side (see `runtime.sh`); the rings run
//! side by side too. The program is one brace group, so that a shell reads it whole before it starts.

use std::fmt::Write as _;
use std::time::Duration;

use super::Question;
use crate::transport::PROCESSES;

const RUNTIME: &str = include_str!("runtime.sh");

/// How many bytes one question may print on each stream.
pub(super) const OUTPUT_CAP: usize = 1 << 20;

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
pub fn compile(questions: &[Question], nonce: &str) -> Program {
    let mut text = format!("{{\ntu_nonce={nonce}\ntu_cap={OUTPUT_CAP}\n{PROCESSES}\n{RUNTIME}\n");
    let mut limits: Vec<u64> = questions.iter().map(|question| whole_seconds(question.limit)).collect();
    for (number, question) in questions.iter().enumerate() {
        write!(text, "tu_ask{number}() {{\n{}\n}}\n", question.script.trim_end()).expect(INFALLIBLE);
    }
    let members = |limit: u64| (0..questions.len()).filter(move |n| whole_seconds(questions[*n].limit) == limit);
    limits.sort_unstable();
    limits.dedup();
    for limit in &limits {
        writeln!(text, "tu_ring{limit}() {{").expect(INFALLIBLE);
        for number in members(*limit) {
            match &questions[number].settled {
                None => writeln!(text, "tu_stage {number} tu_ask{number} |"),
                Some(test) => writeln!(
                    text,
                    "if {test}; then tu_deliver {number} \"$tu_nothing\"; else tu_stage {number} tu_ask{number}; fi |"
                ),
            }
            .expect(INFALLIBLE);
        }
        text.push_str("{ read -r tu_token; printf '%s\\n' \"$tu_token\"; }\n}\n");
    }
    text.push_str("cd || cd /\nexec 9>&1 </dev/null\nprintf '\\n' |\n");
    for limit in &limits {
        writeln!(text, "tu_group {limit} tu_ring{limit} |").expect(INFALLIBLE);
    }
    text.push_str("{ read -r tu_token; }\nprintf '%s end 0\\n\\n' \"$tu_nonce\" >&9\nexit 0\n}\n");
    let slowest = limits.last().copied().unwrap_or(0);
    Program { text, nonce: nonce.to_owned(), limit: Duration::from_secs(slowest + 5) }
}

const INFALLIBLE: &str = "writing to a string cannot fail";

fn whole_seconds(limit: Duration) -> u64 {
    limit.as_secs() + u64::from(limit.subsec_nanos() > 0)
}
