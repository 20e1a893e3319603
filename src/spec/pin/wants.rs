//! What a pin asks of a tool, and how single words of pins are read.

use std::str::FromStr;

use super::npm_range::NpmRange;
use crate::spec::version::{Scheme, Version};

/// What a pin asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wants {
    /// This version, and no other: `22.11.0`.
    Exact(String),
    /// Any version that begins with these numbers: `20`, `3.12`.
    Prefix(String),
    /// A version within a range.
    Range(Range),
    /// Several versions, of which the first is used and all must be installed.
    Several(Vec<Wants>),
    /// A release channel: `stable`, `nightly`.
    Channel {
        /// Its name.
        name: String,
        /// Which day's, where it says.
        day: Option<String>,
    },
    /// Another maker's build: `temurin-21.0.1+12`, `pypy3.10-7.3.12`.
    Vendor {
        /// The maker or product, in lower case.
        vendor: String,
        /// What is asked of its version.
        version: Box<Wants>,
    },
    /// What is asked on some systems alone.
    On {
        /// Their names, as `uname` tells them to mise, and some with a processor behind a slash.
        systems: Vec<String>,
        /// What is asked there.
        wants: Box<Wants>,
    },
    /// One of several tools, of which one will do: `devEngines` of package.json.
    OneOf {
        /// Which several: what is pinned in one place for one purpose.
        group: String,
        /// Whether nothing will do as well, which the file asks for by `"onFail": "ignore"`.
        or_none: bool,
        /// What is asked of this one.
        wants: Box<Wants>,
    },
    /// Whatever the system provides.
    System,
    /// What cannot be decided from the file: the reason, as the end of a sentence that begins with the pin.
    NotUnderstood(String),
}

/// A range in the grammar of the file that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    /// npm's: `>=18 <21 || ^22`.
    Npm(NpmRange),
    /// Python's version specifiers: `>=3.9,!=3.9.7`.
    Pep440(String),
    /// At least this one, as in go.mod.
    AtLeast(String),
}

impl Wants {
    /// What is asked on a system; none where nothing is. Without a system all is asked.
    pub fn on(&self, os: Option<&str>) -> Option<Self> {
        match self {
            Self::On { systems, wants } => {
                let is_this = |system: &&String| {
                    let name = system.split('/').next().unwrap_or(system);
                    let name = if name == "darwin" { "macos" } else { name };
                    os.is_none_or(|os| os == name)
                };
                let here: Vec<&String> = systems.iter().filter(is_this).collect();
                if here.is_empty() {
                    return None;
                }
                if here.iter().all(|system| system.contains('/')) {
                    return Some(Self::NotUnderstood("is for some processors alone".to_owned()));
                }
                wants.on(os)
            }
            Self::Several(several) => {
                let mut here: Vec<Self> = several.iter().filter_map(|wants| wants.on(os)).collect();
                match here.len() {
                    0 if !several.is_empty() => None,
                    1 => Some(here.remove(0)),
                    _ => Some(Self::Several(here)),
                }
            }
            wants => Some(wants.clone()),
        }
    }

    /// An npm range; one that is a single version is that version.
    pub fn npm(text: &str) -> Self {
        let text = text.trim();
        if semver::Version::parse(text.strip_prefix('v').unwrap_or(text)).is_ok() {
            return Self::Exact(text.strip_prefix('v').unwrap_or(text).to_owned());
        }
        match NpmRange::parse(text) {
            Some(range) => Self::Range(Range::Npm(range)),
            None => Self::NotUnderstood("is no range that npm knows".to_owned()),
        }
    }

    /// Python's version specifiers.
    pub fn pep440(text: &str) -> Self {
        match pep440_rs::VersionSpecifiers::from_str(text) {
            Ok(_) if text.trim().is_empty() => Self::NotUnderstood("is empty".to_owned()),
            Ok(_) => Self::Range(Range::Pep440(text.trim().to_owned())),
            Err(_) => Self::NotUnderstood("is no version specifier of Python".to_owned()),
        }
    }

    /// One word as version managers read it: a version, the beginning of one, a vendor's, an alias, a way to install.
    pub fn word(tool: &str, word: &str) -> Self {
        let unknown = |why: &str| Self::NotUnderstood(why.to_owned());
        if word.contains("{{") || word.contains("{%") {
            return unknown("is a template, which only its tool renders");
        }
        if let Some((way, rest)) = word.split_once(':') {
            return match way {
                "prefix" => Self::word(tool, rest),
                "ref" | "tag" | "branch" | "rev" => unknown("names a revision to build, which tells no version"),
                "path" => unknown("names a folder, which tells no version"),
                "file" | "http" | "https" | "url" => unknown("names a download, which tells no version"),
                _ if way.starts_with("sub-") => unknown("is relative to the latest release, which changes"),
                _ => unknown("is not understood"),
            };
        }
        match word {
            "system" => return Self::System,
            "latest" | "lts" | "lts/*" | "lts-latest" | "node" | "newest" | "current" | "iojs" => {
                return unknown("is an alias, and what it stands for changes");
            }
            _ => {}
        }
        if matches!(tool, "rust" | "rustc") {
            return channel(word);
        }
        if let Some(name) = word.strip_prefix("lts/").or_else(|| word.strip_prefix("lts-")) {
            return long_term(name);
        }
        if tool == "node" && LONG_TERM.iter().any(|(name, _)| *name == word) {
            return long_term(word);
        }
        let number = |word: &str| word.strip_prefix('v').unwrap_or(word).to_owned();
        let bare = match tool {
            "go" => word.strip_prefix("go").unwrap_or(word).to_owned(),
            _ => number(word),
        };
        if bare.starts_with(|c: char| c.is_ascii_digit()) {
            return numbers(tool, &bare);
        }
        vendor(tool, word)
    }
}

/// The majors of Node's long-term releases, by their names.
const LONG_TERM: &[(&str, u64)] = &[
    ("argon", 4),
    ("boron", 6),
    ("carbon", 8),
    ("dubnium", 10),
    ("erbium", 12),
    ("fermium", 14),
    ("gallium", 16),
    ("hydrogen", 18),
    ("iron", 20),
    ("jod", 22),
    ("krypton", 24),
];

fn long_term(name: &str) -> Wants {
    let name = name.to_ascii_lowercase();
    match LONG_TERM.iter().find(|(known, _)| *known == name) {
        Some((_, major)) => Wants::Prefix(major.to_string()),
        None => Wants::NotUnderstood("is an alias, and what it stands for changes".to_owned()),
    }
}

/// A version in full, or the beginning of one.
fn numbers(tool: &str, text: &str) -> Wants {
    let text = text.trim_end_matches(".x").trim_end_matches(".*");
    let Some(version) = Scheme::of_tool(tool).read(text) else {
        return Wants::NotUnderstood("is not understood".to_owned());
    };
    let plain = text.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_' | '~');
    match (plain, text.split('.').count()) {
        (true, 0..=2) => Wants::Prefix(text.to_owned()),
        (true, _) => Wants::Exact(text.to_owned()),
        // `3.13-dev` of pyenv, `3.13t`: builds that tell another version than they are named.
        (false, _) if matches!(tool, "python") && !is_of_scheme(&version) => {
            Wants::NotUnderstood("names a build, which tells another version".to_owned())
        }
        (false, _) if text.chars().all(known) => Wants::Exact(text.to_owned()),
        (false, _) => Wants::NotUnderstood("is not understood".to_owned()),
    }
}

/// Whether Python itself would call it a version; `-dev` is one for it, but not one that a Python tells.
fn is_of_scheme(version: &Version) -> bool {
    let text = version.text();
    pep440_rs::Version::from_str(text).is_ok() && !text.ends_with("-dev")
}

/// rustup's channels: a version, `stable`, `beta`, `nightly`, each with a day or a host behind it.
fn channel(word: &str) -> Wants {
    let mut parts = word.splitn(2, '-');
    let (name, rest) = (parts.next().unwrap_or(word), parts.next().unwrap_or(""));
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        let is_stage = rest.starts_with("beta");
        return numbers("rust", if is_stage { word } else { name });
    }
    if !matches!(name, "stable" | "beta" | "nightly") {
        return Wants::NotUnderstood("is a toolchain of its own, which tells no version".to_owned());
    }
    let looks_like_a_day =
        rest.len() >= 10 && rest[..10.min(rest.len())].chars().all(|c| c.is_ascii_digit() || c == '-');
    Wants::Channel { name: name.to_owned(), day: looks_like_a_day.then(|| rest[..10].to_owned()) }
}

/// `temurin-21.0.1+12`, `pypy3.10-7.3.12`, `jruby-9.4.5.0`, `openjdk64-17.0.1`; or a name that means something to its
/// owner alone.
fn vendor(tool: &str, word: &str) -> Wants {
    let own = match tool {
        "ruby" => "ruby-",
        "python" => "cpython-",
        "node" => "node-",
        _ => "",
    };
    if let Some(rest) = word.strip_prefix(own).filter(|_| !own.is_empty()) {
        // rvm: `ruby-3.2.2@gemset`; uv: `cpython-3.12.1-linux-x86_64-gnu`.
        let version = rest.split(['@', '-']).next().unwrap_or(rest);
        return if version.starts_with(|c: char| c.is_ascii_digit()) {
            numbers(tool, version)
        } else {
            Wants::NotUnderstood("is not understood".to_owned())
        };
    }
    let begins_a_version = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    let split = word.match_indices('-').map(|(at, _)| at).find(|at| begins_a_version(&word[at + 1..]));
    match split {
        Some(at) => {
            let version = numbers("", &word[at + 1..]);
            let is_name = word[..at].chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+'));
            match version {
                Wants::NotUnderstood(_) => Wants::NotUnderstood("is not understood".to_owned()),
                _ if !is_name => Wants::NotUnderstood("is not understood".to_owned()),
                version => Wants::Vendor { vendor: word[..at].to_ascii_lowercase(), version: Box::new(version) },
            }
        }
        None => Wants::NotUnderstood("is a name that tells no version".to_owned()),
    }
}
