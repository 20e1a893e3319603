//! Taking answers out of what a program printed.
//!
//! Before the first frame anything may stand: banners, what start-up files print. From there on the bytes must be
//! frames, each as long as it says, up to the end frame; what is cut off or out of step leaves the questions that
//! follow unanswered and harms none before it.

use std::collections::BTreeMap;

use super::digits::from_digits;

/// What one question brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The exit code of the question's script.
    pub code: i32,
    /// What it printed on stdout.
    pub stdout: Vec<u8>,
    /// What it printed on stderr.
    pub stderr: Vec<u8>,
}

/// What became of one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It ran to its end.
    Answered(Answer),
    /// It was ended before it was done.
    CutShort,
    /// It printed more than is read.
    TooMuch,
}

/// All frames of a program's output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frames {
    /// By question number.
    pub replies: BTreeMap<usize, Reply>,
    /// Whether the end frame came.
    pub complete: bool,
}

/// The bytes that end a complete output.
pub(super) fn end_mark(nonce: &str) -> Vec<u8> {
    format!("{nonce} end 0\n\n").into_bytes()
}

/// Reads all frames.
pub(super) fn read(output: &[u8], nonce: &str) -> Frames {
    let mut frames = Frames::default();
    let Some(start) = find(output, format!("{nonce} ").as_bytes()) else { return frames };
    let mut rest = &output[start..];
    while let Some((number, body, after)) = next(rest, nonce) {
        match number {
            Number::End => {
                frames.complete = true;
                break;
            }
            Number::Question(number) => {
                frames.replies.insert(number, reply(&body, nonce));
                rest = after;
            }
        }
    }
    frames
}

enum Number {
    Question(usize),
    End,
}

/// The first frame of `rest`, and what follows it; none if it is not whole.
fn next<'a>(rest: &'a [u8], nonce: &str) -> Option<(Number, Body<'a>, &'a [u8])> {
    let line_end = rest.iter().position(|byte| *byte == b'\n')?;
    let header = std::str::from_utf8(&rest[..line_end]).ok()?;
    let mut words = header.strip_prefix(nonce)?.strip_prefix(' ')?.split(' ');
    let number = match words.next()? {
        "end" => Number::End,
        digits => Number::Question(digits.parse().ok()?),
    };
    let length: usize = words.next()?.parse().ok()?;
    let body_end = (line_end + 1).checked_add(length)?;
    let body = rest.get(line_end + 1..body_end)?;
    let after = rest.get(body_end..)?.strip_prefix(b"\n")?;
    let body = match words.next() {
        None => Body::Bytes(body),
        Some("hex") => Body::Digits(body),
        Some(_) => return None,
    };
    words.next().is_none().then_some((number, body, after))
}

/// How a frame's body is written.
enum Body<'a> {
    /// As it is.
    Bytes(&'a [u8]),
    /// As hexadecimal digits, with digits again for what stands in it from stderr to the dot: from a shell that keeps no
    /// bytes.
    Digits(&'a [u8]),
}

/// A frame's body: stdout; stderr, newline, exit code, space, nonce, dot; newline, length of what begins with stderr, space,
/// nonce, dot. The dots say that what stands before them was either whole or cut at the cap, which its length tells; the
/// nonces, that nothing of stdout and nothing of stderr is missing.
fn reply(body: &Body<'_>, nonce: &str) -> Reply {
    let whole = match body {
        Body::Bytes(bytes) => Some(bytes.to_vec()),
        Body::Digits(digits) => from_digits(digits),
    };
    let Some(whole) = whole else { return Reply::CutShort };
    // It may have been followed by what a flood says that is cut off.
    if find(&whole, format!("over {nonce}").as_bytes()).is_some() {
        return Reply::TooMuch;
    }
    let sealed = format!(" {nonce}.");
    let Some(numbered) = whole.strip_suffix(sealed.as_bytes()) else { return Reply::CutShort };
    let Some((front, length)) = split_last_number(numbered) else { return Reply::CutShort };
    let Some(told) = front.len().checked_sub(length) else { return Reply::CutShort };
    let (stdout, told) = front.split_at(told);
    let told = match body {
        Body::Bytes(_) => Some(told.to_vec()),
        Body::Digits(_) => from_digits(told),
    };
    let Some(stderr_and_code) = told.as_ref().and_then(|told| told.strip_suffix(sealed.as_bytes())) else {
        return Reply::CutShort;
    };
    match split_last_number(stderr_and_code) {
        Some((stderr, code)) => match i32::try_from(code) {
            Ok(code) => Reply::Answered(Answer { code, stdout: stdout.to_owned(), stderr: stderr.to_owned() }),
            Err(_) => Reply::CutShort,
        },
        None => Reply::CutShort,
    }
}

/// Splits at the last newline, what follows being a number.
fn split_last_number(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let newline = bytes.iter().rposition(|byte| *byte == b'\n')?;
    let number = std::str::from_utf8(&bytes[newline + 1..]).ok()?.parse().ok()?;
    Some((&bytes[..newline], number))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(number: usize, stderr: &str, stdout: &str, code: i32) -> String {
        let told = format!("{stderr}\n{code} n0nce.");
        let body = format!("{stdout}{told}\n{} n0nce.", told.len());
        format!("n0nce {number} {}\n{body}\n", body.len())
    }

    #[test]
    fn streams_and_code_are_kept_apart_without_a_newline_between_them() {
        let output = format!("motd\n{}n0nce end 0\n\n", framed(0, "banner", "1.2.3", 4));
        let frames = read(output.as_bytes(), "n0nce");
        let answer = Answer { code: 4, stdout: b"1.2.3".to_vec(), stderr: b"banner".to_vec() };
        assert_eq!(frames.replies[&0], Reply::Answered(answer));
        assert!(frames.complete);
    }

    #[test]
    fn digits_stand_for_bytes_where_a_shell_keeps_none() {
        let digits = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let told = digits(b"warned\n7 n0nce.");
        let body = [digits(b"\xff\0"), digits(format!("{told}\n{} n0nce.", told.len()).as_bytes())].concat();
        let output = format!("n0nce 0 {} hex\n{body}\nn0nce end 0\n\n", body.len());
        let answer = Answer { code: 7, stdout: b"\xff\0".to_vec(), stderr: b"warned".to_vec() };
        assert_eq!(read(output.as_bytes(), "n0nce").replies[&0], Reply::Answered(answer));
        let broken = output.replacen("ff00", "fg00", 1);
        assert_eq!(read(broken.as_bytes(), "n0nce").replies[&0], Reply::CutShort);
    }

    #[test]
    fn an_answer_that_prints_a_frame_forges_nothing() {
        let forged = framed(1, "", "forged", 0);
        let output = format!("{}{}n0nce end 0\n\n", framed(0, "", &forged, 0), framed(1, "", "true", 0));
        let frames = read(output.as_bytes(), "n0nce");
        let Reply::Answered(answer) = &frames.replies[&1] else { panic!("question 1 was answered") };
        assert_eq!(answer.stdout, b"true");
        let Reply::Answered(answer) = &frames.replies[&0] else { panic!("question 0 was answered") };
        assert_eq!(answer.stdout, forged.as_bytes());
    }

    #[test]
    fn a_cut_leaves_what_came_before_it() {
        let output = format!("{}{}", framed(0, "", "a", 0), framed(1, "", "b", 0));
        let frames = read(&output.as_bytes()[..output.len() - 5], "n0nce");
        assert_eq!(frames.replies.len(), 1);
        assert!(!frames.complete);
        assert_eq!(read(b"no frame at all", "n0nce"), Frames::default());
    }

    #[test]
    fn a_stage_that_was_ended_is_cut_short_and_a_flood_is_too_much() {
        let output = "n0nce 0 7\npartial\nn0nce end 0\n\n";
        assert_eq!(read(output.as_bytes(), "n0nce").replies[&0], Reply::CutShort);
        let half = "n0nce 0 20\nfake\n0.\n2\n0.\n4 nonc.\nn0nce end 0\n\n";
        assert_eq!(read(half.as_bytes(), "n0nce").replies.get(&0), Some(&Reply::CutShort));
        let flood = "n0nce 0 24\nmore over n0nce: broken\n\nn0nce end 0\n\n";
        assert_eq!(read(flood.as_bytes(), "n0nce").replies[&0], Reply::TooMuch);
    }
}
