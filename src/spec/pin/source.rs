//! A file of a repository as its format's reader is given it.

use super::{Pin, Wants, canonical};

/// A file's text and name.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Relative to the repository.
    pub file: &'a str,
    /// Its text, without byte order mark.
    pub text: &'a str,
}

impl<'a> Source<'a> {
    /// From a file's bytes; the error says why they are no text that version managers read.
    pub fn of(file: &'a str, bytes: &'a [u8]) -> Result<Self, String> {
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err("it is UTF-16, which version managers do not read".to_owned());
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.contains(&0) {
            return Err("it holds NUL bytes".to_owned());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        Ok(Self { file, text })
    }

    /// Its lines with their numbers, from 1 on, without what ends them, be it LF, CRLF or CR.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &'a str)> {
        // A lone CR ends no line of its own number, so that numbers are those of editors for LF and CRLF.
        let lines = self.text.split('\n').zip(1..);
        lines.flat_map(|(line, number)| line.split('\r').map(move |part| (number, part)))
    }

    /// The number of the line in which a byte stands.
    pub(super) fn line_at(&self, byte: usize) -> usize {
        1 + self.text.bytes().take(byte).filter(|byte| *byte == b'\n').count()
    }

    /// A pin that stands in this file.
    pub(super) fn pin(&self, tool: &str, wants: Wants, written: &str, line: usize) -> Pin {
        Pin { tool: canonical(tool), wants, written: written.to_owned(), file: self.file.to_owned(), line }
    }
}
