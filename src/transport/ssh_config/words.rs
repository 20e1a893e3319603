//! One line of a configuration: its keyword and its values, as ssh_config(5) has them. Pure.

/// A line that says something.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// As written.
    pub(super) keyword: &'a str,
    /// The values, without their quotes.
    pub(super) values: Vec<String>,
    /// Everything behind the keyword as it stands: what commands are taken from.
    pub(super) rest: &'a str,
}

/// Takes a line apart; none if it is empty or a comment.
pub(super) fn split(line: &str) -> Result<Option<Line<'_>>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let end = line.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(line.len());
    let (keyword, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start();
    // A command is the shell's to understand, whatever quotes it holds.
    let values =
        if is_raw(keyword) { rest.split_ascii_whitespace().map(str::to_owned).collect() } else { values(rest)? };
    Ok(Some(Line { keyword, values, rest }))
}

/// Whether the whole rest of the line is the value.
fn is_raw(keyword: &str) -> bool {
    ["proxycommand", "localcommand", "remotecommand", "knownhostscommand"]
        .iter()
        .any(|raw| keyword.eq_ignore_ascii_case(raw))
}

/// Splits at blanks; quotes hold a value together, and `#` at the beginning of a value starts a comment.
fn values(rest: &str) -> Result<Vec<String>, String> {
    let mut values = Vec::new();
    let mut rest = rest.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let mut value = String::new();
        let mut quote = None;
        let mut end = rest.len();
        let mut characters = rest.char_indices().peekable();
        while let Some((index, character)) = characters.next() {
            match (quote, character) {
                (None, '"' | '\'') => quote = Some(character),
                (Some(open), _) if open == character => quote = None,
                (None, _) if character.is_ascii_whitespace() => {
                    end = index;
                    break;
                }
                (_, '\\') => match characters.next_if(|(_, next)| matches!(next, '"' | '\'' | '\\')) {
                    Some((_, escaped)) => value.push(escaped),
                    None => value.push('\\'),
                },
                _ => value.push(character),
            }
        }
        if quote.is_some() {
            return Err("a quote is not closed".to_owned());
        }
        values.push(value);
        rest = rest[end..].trim_start();
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_keyword_and_its_values() {
        for (line, keyword, expected) in [
            ("User dev", "User", vec!["dev"]),
            ("\tHostName = mini.local # the Mac", "HostName", vec!["mini.local"]),
            ("IdentityFile=\"~/with space\" 'x y'", "IdentityFile", vec!["~/with space", "x y"]),
            ("ProxyCommand sh -c 'nc \"%h", "ProxyCommand", vec!["sh", "-c", "'nc", "\"%h"]),
            ("User", "User", vec![]),
        ] {
            let line = split(line).unwrap().unwrap();
            assert_eq!((line.keyword, line.values), (keyword, expected.into_iter().map(str::to_owned).collect()));
        }
        assert_eq!(split("ProxyCommand  ssh -W '%h:%p' b ").unwrap().unwrap().rest, "ssh -W '%h:%p' b");
        assert_eq!((split("  "), split("# a")), (Ok(None), Ok(None)));
        assert_eq!(split("User \"dev"), Err("a quote is not closed".to_owned()));
    }
}
