//! The product's version token in what a tool prints about itself.

use std::sync::LazyLock;

use regex_lite::Regex;

/// A version as the contract writes it: a leading `v`, `+build`, `:hash` and trailing punctuation dropped, attached
/// suffixes kept (`2.5.1p57`, `18.03.0-ce`, `1.8.0_192`). None if it does not begin with a number.
pub(super) fn clean(raw: &str) -> Option<String> {
    let bare = raw.strip_prefix('v').unwrap_or(raw);
    let end = bare.find(['+', ':', '(', ')', ',', ';', '"', '\'']).unwrap_or(bare.len());
    let token = bare[..end].trim_end_matches(['.', '-', '_']);
    token.starts_with(|c: char| c.is_ascii_digit()).then(|| token.to_owned())
}

/// The first version token of a text whose parentheses are dropped: one with a dot if there is any, preferably apart
/// from letters (`foo2 1.0`, but also `go1.22`), else a number that stands alone.
pub(super) fn first(text: &str) -> Option<String> {
    static PARENTHESES: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\([^)]*\)").expect("a constant expression"));
    static DOTTED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:^|[^0-9A-Za-z.]|\bv|[A-Za-z][-_/])([0-9]+(?:\.[0-9]+)+[0-9A-Za-z._~+:-]*)")
            .expect("a constant expression")
    });
    static ATTACHED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[A-Za-z]([0-9]+(?:\.[0-9]+)+[0-9A-Za-z._~+:-]*)").expect("a constant expression")
    });
    static ALONE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?:^|\s)v?([0-9]+)(?:$|[\s,;])").expect("a constant expression"));
    let text = PARENTHESES.replace_all(text, " ");
    let found = DOTTED.captures(&text).or_else(|| ATTACHED.captures(&text)).or_else(|| ALONE.captures(&text))?;
    clean(&found[1])
}

/// The version in the first line of `text` where that line is a version line of `tool` and nothing else: a version alone,
/// or the tool's name, perhaps the word `version`, the version, and at most a remark behind it.
pub(super) fn of_version_line(text: &str, tool: &str) -> Option<String> {
    static BEHIND_NAME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:,? +version)?[ /-]+(v?[0-9]+(?:\.[0-9]+)+[0-9A-Za-z._~+:-]*)(?: *[(,\[].*)?$")
            .expect("a constant expression")
    });
    static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(v?[0-9]+(?:\.[0-9]+)+[0-9A-Za-z._~+:-]*)(?: *[(,\[].*)?$").expect("a constant expression")
    });
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let named = line.split_at_checked(tool.len()).filter(|(name, _)| name.eq_ignore_ascii_case(tool));
    let found = named.and_then(|(_, behind)| BEHIND_NAME.captures(behind)).or_else(|| WHOLE.captures(line))?;
    clean(&found[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_the_contract() {
        for (raw, token) in [
            ("v22.11.0", "22.11.0"),
            ("2.5.1p57", "2.5.1p57"),
            ("1.8.0_192", "1.8.0_192"),
            ("18.03.0-ce,", "18.03.0-ce"),
            ("7.0.0-3", "7.0.0-3"),
            ("1.2.3+build5", "1.2.3"),
            ("1.2.3:abcdef", "1.2.3"),
            ("5.2.15(1)-release", "5.2.15"),
        ] {
            assert_eq!(clean(raw).as_deref(), Some(token));
        }
        assert_eq!(clean("banana"), None);
        assert_eq!(clean(""), None);
    }

    #[test]
    fn a_version_line_is_told_from_a_complaint_that_holds_a_number() {
        for line in [
            "odd 1.2.3",
            "1.2.3",
            "v1.2.3",
            "Odd version v1.2.3 (2026)",
            "\n odd/1.2.3\nmore",
            "odd, version 1.2.3, free",
        ] {
            assert_eq!(of_version_line(line, "odd").as_deref(), Some("1.2.3"), "{line}");
        }
        for line in [
            "",
            "odd",
            "odd: 1.2.3: no such file",
            "odd 1.2.3 is required",
            "error: odd 1.2.3",
            "127.0.0.1 refused",
            "even 1.2.3",
            "odd 12",
        ] {
            assert_eq!(of_version_line(line, "odd"), None, "{line}");
        }
        assert_eq!(of_version_line("g++ 1.2", "g++").as_deref(), Some("1.2"));
        assert_eq!(of_version_line("1.2.3", "1").as_deref(), Some("1.2.3"));
        assert_eq!(of_version_line("über 1.2.3", "\u{fc}be"), None);
    }

    #[test]
    fn the_first_token_of_what_tools_really_print() {
        for (text, token) in [
            ("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)", "5.2.15"),
            ("gcc (Debian 12.2.0-14+deb12u1) 12.2.0", "12.2.0"),
            ("OpenSSH_8.9p1 Ubuntu-3, OpenSSL 3.0.2", "8.9p1"),
            ("jq-1.7.1", "1.7.1"),
            ("curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.15", "7.88.1"),
            ("Version: ImageMagick 7.0.0-3 Q16 x86_64", "7.0.0-3"),
            ("less 590 (GNU regular expressions)", "590"),
            ("foo2 is 1.0", "1.0"),
            ("tool version go1.22.1 linux/amd64", "1.22.1"),
            ("sed (GNU sed) 4.9", "4.9"),
            ("tool v3.1.0-rc.2", "3.1.0-rc.2"),
        ] {
            assert_eq!(first(text).as_deref(), Some(token), "{text}");
        }
        assert_eq!(first("no version here"), None);
        assert_eq!(first(""), None);
    }
}
