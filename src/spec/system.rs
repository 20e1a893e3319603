//! The facts about a machine as a whole that a spec may hold: their names, which are also those of their findings, and
//! what may be written for each.

use super::item::{Category, ItemId};
use super::policy::{Policy, PolicyError};
use super::suggest;
use super::threshold::{Measure, Threshold};

/// One fact about a machine.
#[derive(Debug)]
pub struct SystemFact {
    /// Its key in `[system]` and its name in findings.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// What may be asked of it.
    pub holds: Holds,
}

/// What may be asked of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// `exact`, `present` or the value itself, which must be of this form.
    Word(Form),
    /// As for a tool: `exact`, `major`, `minor`, a range or a version.
    Version,
    /// `exact`, a number or a bound.
    Count,
    /// A bound alone: the value changes all the time.
    Bound(Measure),
}

/// The forms of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `linux`, `macos`.
    Os,
    /// `x86_64`, `aarch64`.
    Arch,
    /// `glibc 2.36`, `musl 1.2.4`, `none`.
    Libc,
    /// `en_US.UTF-8`.
    Locale,
    /// `Europe/Berlin`, or a POSIX rule.
    Timezone,
    /// Octal digits.
    Umask,
    /// An absolute path.
    Path,
    /// One word.
    Name,
    /// A machine's name, as the domain name system has it.
    Hostname,
}

const fn fact(name: &'static str, doc: &'static str, holds: Holds) -> SystemFact {
    SystemFact { name, doc, holds }
}

/// All of them.
pub const SYSTEM_FACTS: &[SystemFact] = &[
    fact("os", "operating system", Holds::Word(Form::Os)),
    fact("os_version", "version of the operating system", Holds::Version),
    fact("arch", "processor architecture", Holds::Word(Form::Arch)),
    fact("libc", "C library with its version", Holds::Word(Form::Libc)),
    fact("hostname", "the machine's own name", Holds::Word(Form::Hostname)),
    fact("machine_id", "id of the installation", Holds::Word(Form::Name)),
    fact("hardware_uuid", "id of the hardware, where it may be read", Holds::Word(Form::Name)),
    fact("locale", "locale of agents' commands", Holds::Word(Form::Locale)),
    fact("timezone", "time zone of agents' commands", Holds::Word(Form::Timezone)),
    fact("umask", "umask of agents' commands", Holds::Word(Form::Umask)),
    fact("nofile", "how many files one process may open", Holds::Count),
    fact("shell", "login shell", Holds::Word(Form::Path)),
    fact("container", "what sort of container it is", Holds::Word(Form::Name)),
    fact("vm", "what sort of virtual machine it is", Holds::Word(Form::Name)),
    fact("disk_free", "free space in the home", Holds::Bound(Measure::Bytes)),
    fact("disk_free_tmp", "free space for temporary files", Holds::Bound(Measure::Bytes)),
    fact("clock", "how far its clock is from that of the machine that audits", Holds::Bound(Measure::Seconds)),
];

/// Whether an item is different each time it is looked at, so that a changed value says nothing.
pub fn is_volatile(id: &ItemId) -> bool {
    let bound = |fact: &SystemFact| matches!(fact.holds, Holds::Bound(_)) && fact.name == id.name;
    id.category == Category::System && SYSTEM_FACTS.iter().any(bound)
}

impl SystemFact {
    /// Reads what a spec asks of this fact.
    pub fn policy(&self, text: &str) -> Result<Policy, PolicyError> {
        match self.holds {
            Holds::Version => Policy::parse(text),
            Holds::Bound(measure) => Threshold::parse(text, measure).map(Policy::Threshold).map_err(|error| {
                let help = format!("`{}` changes all the time: {}", self.name, error.help);
                PolicyError { message: error.message, help }
            }),
            Holds::Count => self.count(text),
            Holds::Word(form) => self.word(form, text),
        }
    }

    fn count(&self, text: &str) -> Result<Policy, PolicyError> {
        match text {
            "exact" => Ok(Policy::Exact),
            "unlimited" => Ok(Policy::Literal(text.to_owned())),
            _ if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Policy::Literal(text.to_owned()))
            }
            _ => Threshold::parse(text, Measure::Count).map(Policy::Threshold).map_err(|_| self.unknown(text, "4096")),
        }
    }

    fn word(&self, form: Form, text: &str) -> Result<Policy, PolicyError> {
        match text {
            "exact" => return Ok(Policy::Exact),
            "present" => return Ok(Policy::Present),
            _ => {}
        }
        let looks_like_a_word = suggest::nearest(text, ["exact", "present"]).is_some();
        match form.read(text).filter(|_| !looks_like_a_word) {
            Some(value) => Ok(Policy::Literal(value)),
            None => Err(self.unknown(text, form.example())),
        }
    }

    fn unknown(&self, text: &str, example: &str) -> PolicyError {
        let words: &[&str] = if self.holds == Holds::Count { &["exact"] } else { &["exact", "present"] };
        let guess = suggest::nearest(text, words.iter().copied());
        let guess = guess.map(|word| format!("did you mean \"{word}\"? ")).unwrap_or_default();
        let bound = if self.holds == Holds::Count { ", a bound such as \">=4096\"" } else { "" };
        PolicyError {
            message: format!("`{text}` is nothing that `{}` can be held to", self.name),
            help: format!("{guess}write \"exact\"{bound} or a value such as \"{example}\""),
        }
    }
}

impl Form {
    fn example(self) -> &'static str {
        match self {
            Self::Os => "linux",
            Self::Arch => "x86_64",
            Self::Libc => "glibc 2.36",
            Self::Locale => "en_US.UTF-8",
            Self::Timezone => "Europe/Berlin",
            Self::Umask => "0022",
            Self::Path => "/bin/zsh",
            Self::Name => "none",
            Self::Hostname => "mini.example",
        }
    }

    /// A value of this form as facts write it, or none if it is not of the form.
    fn read(self, text: &str) -> Option<String> {
        let plain = |extra: &'static str| {
            let known = |c: char| c.is_ascii_alphanumeric() || extra.contains(c);
            !text.is_empty() && text.chars().all(known)
        };
        match self {
            Self::Os => ["linux", "macos", "freebsd", "openbsd", "netbsd"].contains(&text).then(|| text.to_owned()),
            Self::Arch => plain("_").then(|| arch(text)),
            Self::Libc => {
                (text == "none" || text.starts_with("glibc ") || text.starts_with("musl ")).then(|| text.to_owned())
            }
            Self::Locale => plain("_.@-").then(|| locale(text)),
            Self::Timezone => plain("/_+-,.<>:").then(|| timezone(text)),
            Self::Umask => umask(text),
            Self::Path => text.starts_with('/').then(|| text.to_owned()),
            Self::Hostname => is_hostname(text).then(|| text.to_owned()),
            Self::Name => (!text.is_empty() && !text.contains(char::is_whitespace)).then(|| text.to_owned()),
        }
    }
}

/// Labels of letters, digits and hyphens between dots, as RFC 1123 has it.
fn is_hostname(text: &str) -> bool {
    let is_label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && plain && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// An architecture by its most usual name.
pub fn arch(text: &str) -> String {
    match text {
        "arm64" => "aarch64",
        "amd64" => "x86_64",
        other => other,
    }
    .to_owned()
}

/// A locale with its character set written in one way: `C.utf8` is `C.UTF-8`.
pub fn locale(text: &str) -> String {
    let (name, modifier) = text.split_once('@').map_or((text, None), |(name, modifier)| (name, Some(modifier)));
    let name = match name.split_once('.') {
        Some((language, set)) if set.eq_ignore_ascii_case("utf8") || set.eq_ignore_ascii_case("utf-8") => {
            format!("{language}.UTF-8")
        }
        _ if name == "POSIX" => "C".to_owned(),
        _ => name.to_owned(),
    };
    modifier.map_or_else(|| name.clone(), |modifier| format!("{name}@{modifier}"))
}

/// A time zone by its name in the database: what TZ holds, or where a link to the database leads.
pub fn timezone(text: &str) -> String {
    let text = text.strip_prefix(':').unwrap_or(text);
    let name = text.rsplit_once("zoneinfo/").map_or(text, |(_, name)| name);
    let name = name.strip_prefix("posix/").unwrap_or(name);
    match name {
        "" | "Etc/UTC" | "Etc/UCT" | "Etc/Universal" | "Etc/Zulu" | "UCT" | "Universal" | "Zulu" | "UTC0" => "UTC",
        other => other,
    }
    .to_owned()
}

/// A umask as four octal digits.
pub fn umask(text: &str) -> Option<String> {
    let octal = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    octal.then(|| format!("{text:0>4}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(name: &str, text: &str) -> Result<Policy, PolicyError> {
        SYSTEM_FACTS.iter().find(|fact| fact.name == name).unwrap().policy(text)
    }

    #[test]
    fn values_are_written_in_one_way() {
        let literal = |name, text| match policy(name, text) {
            Ok(Policy::Literal(value)) => value,
            other => panic!("{name} {text}: {other:?}"),
        };
        assert_eq!(literal("arch", "arm64"), "aarch64");
        assert_eq!(literal("locale", "C.utf8"), "C.UTF-8");
        assert_eq!(literal("locale", "de_DE.utf8@euro"), "de_DE.UTF-8@euro");
        assert_eq!(literal("timezone", "Etc/UTC"), "UTC");
        assert_eq!(literal("umask", "22"), "0022");
        assert_eq!(literal("nofile", "4096"), "4096");
        assert_eq!(timezone("/var/db/timezone/zoneinfo/Europe/Berlin"), "Europe/Berlin");
        assert_eq!(timezone(":/usr/share/zoneinfo/posix/Asia/Tokyo"), "Asia/Tokyo");
        assert_eq!(timezone("CET-1CEST,M3.5.0,M10.5.0/3"), "CET-1CEST,M3.5.0,M10.5.0/3");
    }

    #[test]
    fn a_bad_policy_is_met_with_what_may_be_written() {
        let told = |name, text| {
            let error = policy(name, text).unwrap_err();
            format!("{}: {}", error.message, error.help)
        };
        assert_eq!(
            told("timezone", "exakt"),
            "`exakt` is nothing that `timezone` can be held to: did you mean \"exact\"? write \"exact\" or a value such \
             as \"Europe/Berlin\""
        );
        assert_eq!(
            told("nofile", "lots"),
            "`lots` is nothing that `nofile` can be held to: write \"exact\", a bound such as \">=4096\" or a value such \
             as \"4096\""
        );
        assert_eq!(
            told("disk_free", "exact"),
            "`exact` is not a bound: `disk_free` changes all the time: write a bound such as \">=10 GB\""
        );
        for (name, text) in [
            ("umask", "0o22"),
            ("umask", "999"),
            ("os", "Linux"),
            ("shell", "zsh"),
            ("libc", "gnu"),
            ("hostname", "mini_1"),
            ("hostname", "-a.b"),
        ] {
            assert!(policy(name, text).is_err(), "{name} = {text}");
        }
    }

    #[test]
    fn names_are_unique_and_bounded_ones_are_volatile() {
        let names: std::collections::BTreeSet<&str> = SYSTEM_FACTS.iter().map(|fact| fact.name).collect();
        assert_eq!(names.len(), SYSTEM_FACTS.len());
        assert!(is_volatile(&ItemId::new(Category::System, "clock")));
        assert!(!is_volatile(&ItemId::new(Category::System, "os")));
        assert!(!is_volatile(&ItemId::new(Category::Tool, "clock")));
    }
}
