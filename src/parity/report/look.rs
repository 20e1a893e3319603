//! How a text may look: colours, and the width of the terminal that shows it.

use anstyle::Style;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

pub use crate::spec::misleads;

/// How a text may look: whether it may use colour. It reads well without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// No escape sequences.
    Plain,
    /// ANSI colours.
    Coloured,
}

impl Look {
    /// `text` in a style, where colours are welcome.
    pub fn paint(self, style: Style, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Coloured => format!("{style}{text}{style:#}"),
        }
    }
}

/// What a report is shown on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Whether it may use colour.
    pub look: Look,
    /// The columns of the terminal. None where lines may be as long as they are, as in a file.
    pub width: Option<usize>,
}

impl From<Look> for View {
    fn from(look: Look) -> Self {
        Self { look, width: None }
    }
}

impl View {
    /// What fits of a text when `taken` columns of its line are taken; an ellipsis says that something is left out.
    pub fn fit(self, text: &str, taken: usize) -> String {
        let Some(room) = self.width.map(|width| width.saturating_sub(taken)) else { return text.to_owned() };
        if text.width() <= room {
            return text.to_owned();
        }
        let mut columns = 0;
        let kept: String = text
            .chars()
            .take_while(|c| {
                columns += c.width().unwrap_or(0);
                columns < room
            })
            .collect();
        format!("{}…", kept.trim_end())
    }
}

/// What machines say, file names included, may hold anything; a terminal gets to see none of its control characters.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if misleads(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_shown_turns_its_order_around() {
        assert_eq!(printable("a\u{202e}b\u{2066}c\u{1b}[1m\u{200f}"), "a\u{fffd}b\u{fffd}c\u{fffd}[1m\u{200f}");
    }

    #[test]
    fn a_line_is_cut_to_the_columns_that_it_has() {
        let view = View { look: Look::Plain, width: Some(10) };
        assert_eq!(view.fit("0123456789", 0), "0123456789");
        assert_eq!(view.fit("0123456789a", 0), "012345678…");
        assert_eq!(view.fit("0123 5678", 4), "0123…");
        // Each of these takes two columns.
        assert_eq!(view.fit("測測測測測測", 0), "測測測測…");
        assert_eq!(View::from(Look::Plain).fit(&"x".repeat(500), 0).len(), 500);
    }
}
