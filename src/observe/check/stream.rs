//! What the program of the canaries prints, frame by frame as it comes: "NONCE WORD NUMBER LENGTH", LENGTH bytes, a newline.
//!
//! Before the first frame anything may stand, such as what start-up files print. What is cut off is not told.

/// What a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Word {
    /// A try begins.
    Begins,
    /// What became of a try.
    Told,
    /// What a run left in a file.
    Left,
    /// Why a try could not be.
    Broken,
    /// Where a repository lies.
    Place,
    /// A repository is not there.
    Absent,
    /// Why nothing can be tried in a repository.
    Refused,
    /// Why nothing can be tried in one of its lanes.
    Stuck,
    /// What changed in the repository itself.
    Outside,
    /// All is told.
    End,
}

impl Word {
    const ALL: [(&'static str, Self); 10] = [
        ("begins", Self::Begins),
        ("told", Self::Told),
        ("left", Self::Left),
        ("broken", Self::Broken),
        ("place", Self::Place),
        ("absent", Self::Absent),
        ("refused", Self::Refused),
        ("stuck", Self::Stuck),
        ("outside", Self::Outside),
        ("end", Self::End),
    ];
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) word: Word,
    /// What it is about.
    pub(super) number: String,
    pub(super) body: Vec<u8>,
}

/// The frames of a stream.
pub(super) struct Frames {
    begins: Vec<u8>,
    held: Vec<u8>,
}

impl Frames {
    pub(super) fn new(nonce: &str) -> Self {
        Self { begins: format!("{nonce} ").into_bytes(), held: Vec::new() }
    }

    /// The frames that these bytes complete.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.held.extend_from_slice(bytes);
        let mut events = Vec::new();
        while let Some((event, length)) = self.next() {
            self.held.drain(..length);
            events.extend(event);
        }
        events
    }

    /// The first whole frame with how many bytes there are up to its end; what is no frame ends at its newline.
    fn next(&self) -> Option<(Option<Event>, usize)> {
        let start = memchr::memmem::find(&self.held, &self.begins)?;
        let line = &self.held[start..];
        let line_end = line.iter().position(|byte| *byte == b'\n')?;
        let Some((word, number, length)) = head(&line[self.begins.len()..line_end]) else {
            return Some((None, start + line_end + 1));
        };
        let body = line_end + 1;
        let end = body.checked_add(length)?;
        let bytes = line.get(body..end)?.to_owned();
        line.get(end)?;
        Some((Some(Event { word, number, body: bytes }), start + end + 1))
    }
}

fn head(bytes: &[u8]) -> Option<(Word, String, usize)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut parts = text.split(' ');
    let word = parts.next()?;
    let (_, word) = *Word::ALL.iter().find(|(name, _)| *name == word)?;
    let number = parts.next()?.to_owned();
    let length = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some((word, number, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(word: Word, number: &str, body: &str) -> Event {
        Event { word, number: number.to_owned(), body: body.as_bytes().to_owned() }
    }

    #[test]
    fn frames_are_taken_out_whatever_the_pieces() {
        let text =
            "a banner\nn0nce begins 1 0\n\nn0nce told 1 12\nn0nce end 0\n\nn0nce stuck 0-main 1\nx\nn0nce end 0 0\n\n";
        let wanted = vec![
            event(Word::Begins, "1", ""),
            event(Word::Told, "1", "n0nce end 0\n"),
            event(Word::Stuck, "0-main", "x"),
            event(Word::End, "0", ""),
        ];
        for piece in [1, 2, 7, 1000] {
            let mut frames = Frames::new("n0nce");
            let events: Vec<Event> = text.as_bytes().chunks(piece).flat_map(|bytes| frames.feed(bytes)).collect();
            assert_eq!(events, wanted, "in pieces of {piece}");
        }
    }

    #[test]
    fn what_is_cut_off_or_no_frame_is_not_told() {
        let mut frames = Frames::new("n0nce");
        assert_eq!(frames.feed(b"n0nce told 1 5\nabc"), []);
        let mut frames = Frames::new("n0nce");
        assert_eq!(frames.feed(b"n0nce wrong 1 5\nn0nce told x\nn0nce place 0 1\nx\n"), [event(Word::Place, "0", "x")]);
    }
}
