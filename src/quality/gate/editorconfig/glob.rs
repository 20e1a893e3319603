//! The patterns of .editorconfig's sections (<https://spec.editorconfig.org/#glob-expressions>) as regular expressions.

use regex::Regex;

/// A section's pattern.
#[derive(Debug)]
pub(super) struct Glob {
    names: Regex,
    /// For each `{1..9}`, in the order of their groups.
    ranges: Vec<(i64, i64)>,
}

impl Glob {
    /// None where a pattern holds for nothing, as one that is too long.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        const LONGEST: usize = 1024;
        if pattern.is_empty() || pattern.len() > LONGEST {
            return None;
        }
        // Without a slash it holds in any folder; with one it starts at the file's own.
        let (start, rest) = match pattern.find('/') {
            None => ("(?:.*/)?", pattern),
            Some(0) => ("", &pattern[1..]),
            Some(_) => ("", pattern),
        };
        let mut ranges = Vec::new();
        let translated = translate(&rest.chars().collect::<Vec<_>>(), &mut ranges);
        let names = Regex::new(&format!("^{start}{translated}$")).ok()?;
        Some(Self { names, ranges })
    }

    /// Whether it holds for a path from the section's file on.
    pub(super) fn holds(&self, path: &str) -> bool {
        let Some(found) = self.names.captures(path) else { return false };
        self.ranges.iter().enumerate().all(|(number, (low, high))| {
            let group = found.get(number + 1);
            // One in an alternative that was not taken says nothing.
            group.is_none_or(|group| group.as_str().parse::<i64>().is_ok_and(|value| (*low..=*high).contains(&value)))
        })
    }
}

fn translate(pattern: &[char], ranges: &mut Vec<(i64, i64)>) -> String {
    let mut expression = String::new();
    let mut at = 0;
    while at < pattern.len() {
        let rest = &pattern[at..];
        match rest {
            ['/', '*', '*', '/', ..] => {
                expression.push_str("(?:/|/.*/)");
                at += 3;
            }
            ['*', '*', ..] => {
                expression.push_str(".*");
                at += 1;
            }
            ['*', ..] => expression.push_str("[^/]*"),
            ['?', ..] => expression.push_str("[^/]"),
            ['\\', escaped, ..] => {
                expression.push_str(&regex::escape(&escaped.to_string()));
                at += 1;
            }
            ['[', ..] => match rest.iter().position(|c| *c == ']').filter(|end| *end > 1) {
                Some(end) if !rest[..end].contains(&'/') => {
                    let inside: String = rest[1..end].iter().collect();
                    let (not, inside) = match inside.strip_prefix(['!', '^']) {
                        Some(others) => ("^", others),
                        None => ("", inside.as_str()),
                    };
                    let inside =
                        inside.replace('\\', r"\\").replace('[', r"\[").replace('^', r"\^").replace('&', r"\&");
                    expression.push_str(&format!("[{not}{inside}]"));
                    at += end;
                }
                _ => expression.push_str(r"\["),
            },
            ['{', ..] => match closing(rest) {
                Some(end) => {
                    braces(&rest[1..end], ranges, &mut expression);
                    at += end;
                }
                None => expression.push_str(r"\{"),
            },
            [c, ..] => expression.push_str(&regex::escape(&c.to_string())),
            [] => {}
        }
        at += 1;
    }
    expression
}

/// Where the brace that opens is closed.
fn closing(pattern: &[char]) -> Option<usize> {
    let mut depth = 0;
    for (place, c) in pattern.iter().enumerate() {
        match c {
            '\\' => {}
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(place);
                }
            }
            _ => {}
        }
    }
    None
}

/// `{a,b}` is one of these, `{1..9}` a number, and `{a}` just that.
fn braces(inside: &[char], ranges: &mut Vec<(i64, i64)>, expression: &mut String) {
    let text: String = inside.iter().collect();
    let range = text.split_once("..").and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
    if let Some((low, high)) = range {
        ranges.push(if low <= high { (low, high) } else { (high, low) });
        expression.push_str(r"([+-]?\d+)");
        return;
    }
    let mut parts: Vec<&[char]> = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (place, c) in inside.iter().enumerate() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inside[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&inside[start..]);
    let translated: Vec<String> = parts.iter().map(|part| translate(part, ranges)).collect();
    match translated.as_slice() {
        [one] => expression.push_str(&format!(r"\{{{one}\}}")),
        several => expression.push_str(&format!("(?:{})", several.join("|"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_hold_as_the_standard_has_it() {
        for (pattern, holds, not) in [
            ("*", &["a", "x/a.js", ".a"][..], &[][..]),
            ("*.js", &["a.js", "x/y/a.js"], &["a.jsx", "js"]),
            ("/*.js", &["a.js"], &["x/a.js"]),
            ("x/*.js", &["x/a.js"], &["x/y/a.js", "y/x/a.js"]),
            ("x/**.js", &["x/a.js", "x/y/a.js"], &["a.js"]),
            ("x/**/a", &["x/a", "x/y/a", "x/y/z/a"], &["xa", "a"]),
            ("*.{js,ts}", &["a.js", "x/a.ts"], &["a.tsx", "a.{js,ts}"]),
            ("{Makefile,*.{c,h}}", &["Makefile", "a.c", "x/a.h"], &["a.ch"]),
            ("{single}.b", &["{single}.b"], &["single.b"]),
            ("a{1..12}", &["a1", "a12"], &["a0", "a13", "a"]),
            ("{x,a{3..1}}", &["x", "a2"], &["a4"]),
            ("[ab].c", &["a.c", "b.c"], &["c.c", "ab.c"]),
            ("[!ab].c", &["c.c"], &["a.c"]),
            ("a?c", &["abc"], &["a/c", "ac"]),
            (r"a\*", &["a*"], &["ab"]),
            ("a[b", &["a[b"], &["ab"]),
            ("a{b", &["a{b"], &["ab"]),
            ("a.b", &["a.b"], &["axb"]),
        ] {
            let glob = Glob::new(pattern).unwrap();
            holds.iter().for_each(|path| assert!(glob.holds(path), "{pattern} does not hold for {path}"));
            not.iter().for_each(|path| assert!(!glob.holds(path), "{pattern} holds for {path}"));
        }
        assert!(Glob::new("").is_none());
    }
}
