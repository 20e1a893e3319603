//! Whether a version keeps a pin, and whether a repository's pins of one tool can be kept at once.

use std::str::FromStr;

use super::{Pin, Range, Wants, command};
use crate::spec::version::Scheme;

/// What a tool told inside the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told<'a> {
    /// Its version token.
    pub version: &'a str,
    /// The product or maker, where it is not the usual one or the tool says it.
    pub product: Option<&'a str>,
}

/// Whether a pin is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Kept,
    /// It is not.
    Broken,
    /// It cannot be decided: why, as the end of a sentence that begins with the pin.
    Undecided(String),
}

/// Holds what a tool told against what a pin asks of it.
pub fn hold(tool: &str, wants: &Wants, told: Told<'_>) -> Verdict {
    // A JDK always tells its maker; elsewhere a product that is named is another one than was asked, unless it was named.
    let is_another = told.product != command::product(tool) && tool != "java";
    match wants {
        Wants::Exact(_) | Wants::Prefix(_) | Wants::Range(_) | Wants::Channel { .. } if is_another => Verdict::Broken,
        Wants::Exact(version) => {
            kept(told.version == version || equal(tool, version, as_released(tool, version, told.version)))
        }
        Wants::Prefix(prefix) => match begins(tool, prefix, told.version) {
            Some(begins) => kept(begins),
            None => not_read(told.version),
        },
        Wants::Range(range) => match within(tool, range, told.version) {
            Some(within) => kept(within),
            None => not_read(told.version),
        },
        Wants::On { .. } => Verdict::Undecided("is asked on some systems alone".to_owned()),
        Wants::Several(several) => match several.first().map(|first| hold(tool, first, told)) {
            Some(Verdict::Kept) => {
                Verdict::Undecided("names several versions, of which only the first is asked".to_owned())
            }
            Some(verdict) => verdict,
            None => Verdict::Undecided("names no version".to_owned()),
        },
        Wants::Channel { name, day } => {
            let is_of_it = match name.as_str() {
                "stable" => !told.version.contains('-'),
                name => told.version.contains(&format!("-{name}")),
            };
            match day {
                Some(day) if is_of_it => {
                    Verdict::Undecided(format!("asks for the {name} of {day}, and a version tells no day"))
                }
                None if is_of_it => Verdict::Undecided("is a channel, whose releases change".to_owned()),
                _ => Verdict::Broken,
            }
        }
        Wants::Vendor { vendor, version } => hold_vendor(tool, vendor, version, told),
        Wants::OneOf { wants, .. } => hold(tool, wants, told),
        Wants::System => Verdict::Kept,
        Wants::NotUnderstood(why) => Verdict::Undecided(why.clone()),
    }
}

fn kept(is_kept: bool) -> Verdict {
    if is_kept { Verdict::Kept } else { Verdict::Broken }
}

fn not_read(version: &str) -> Verdict {
    Verdict::Undecided(format!("cannot be compared with {version}"))
}

fn equal(tool: &str, one: &str, other: &str) -> bool {
    let scheme = Scheme::of_tool(tool);
    matches!((scheme.read(one), scheme.read(other)), (Some(one), Some(other)) if one.order(&other).is_eq())
}

/// Ruby's patch level (`3.1.2p20`) is the same release, unless the pin names one itself.
fn as_released<'a>(tool: &str, wanted: &str, told: &'a str) -> &'a str {
    match told.split_once('p') {
        Some((release, level)) if tool == "ruby" && !wanted.contains('p') && level.parse::<u32>().is_ok() => release,
        _ => told,
    }
}

/// Whether a version's first numbers are those of a prefix. What came before a release does not begin as it does.
fn begins(tool: &str, prefix: &str, version: &str) -> Option<bool> {
    let scheme = Scheme::of_tool(tool);
    let (wanted, got) = (scheme.read(prefix)?, scheme.read(version)?);
    if got.is_prerelease() && !wanted.is_prerelease() {
        return Some(false);
    }
    let (wanted, got) = (wanted.numbers(), got.numbers());
    // Some schemes fill up what is not written; Java's `1.8` is one number.
    let written = prefix.split('.').count().min(wanted.len());
    Some((0..written).all(|place| wanted.get(place).copied() == Some(got.get(place).copied().unwrap_or(0))))
}

fn within(tool: &str, range: &Range, version: &str) -> Option<bool> {
    match range {
        Range::Npm(range) => Some(range.contains(&semver::Version::parse(version).ok()?)),
        Range::Pep440(specifiers) => {
            let specifiers = pep440_rs::VersionSpecifiers::from_str(specifiers).ok()?;
            Some(specifiers.contains(&pep440_rs::Version::from_str(version).ok()?))
        }
        Range::AtLeast(least) => {
            let scheme = Scheme::of_tool(tool);
            Some(scheme.read(version)?.order(&scheme.read(least)?).is_ge())
        }
    }
}

/// JDK makers that number their builds as Java is numbered; the others have versions of their own.
const AS_JAVA: [&str; 12] = [
    "temurin",
    "adoptopenjdk",
    "corretto",
    "liberica",
    "openjdk",
    "openjdk64",
    "oracle",
    "microsoft",
    "sapmachine",
    "graalvm-community",
    "oracle-graalvm",
    "temurin64",
];

fn hold_vendor(tool: &str, vendor: &str, version: &Wants, told: Told<'_>) -> Verdict {
    let not_told = || Verdict::Undecided(format!("asks for a build of {vendor}, and which build it is was not told"));
    let is_of = |product: &str| vendor.starts_with(&product.to_lowercase());
    match (tool, told.product) {
        ("java", product) => {
            let numbers = |text: &str| Scheme::Java.read(text).map(|version| version.numbers());
            let wanted = match version {
                Wants::Exact(version) | Wants::Prefix(version) => numbers(version),
                _ => None,
            };
            // A fourth number is the maker's own.
            let agrees = match (wanted, numbers(told.version)) {
                (Some(wanted), Some(got)) if AS_JAVA.contains(&vendor) => {
                    Some(wanted.iter().take(3).enumerate().all(|(at, number)| got.get(at).unwrap_or(&0) == number))
                }
                _ => None,
            };
            match (agrees, product) {
                (Some(false), _) => Verdict::Broken,
                (Some(true), Some(product)) if is_of(product) => Verdict::Kept,
                (_, Some(product)) if MAKERS.contains(&vendor) && !is_of(product) => Verdict::Broken,
                _ => not_told(),
            }
        }
        // `pypy3.10-7.3.12`: the number of the language stands in the name, that of PyPy behind it.
        ("python", None) if vendor.starts_with("pypy") => Verdict::Broken,
        ("python", Some(_)) => not_told(),
        (_, Some(product)) if is_of(product) => hold("", version, Told { version: told.version, product: None }),
        (_, Some(_)) => Verdict::Broken,
        (_, None) => not_told(),
    }
}

/// Makers that are recognised by what their `java` prints ([`maker`]).
const MAKERS: [&str; 7] = ["temurin", "zulu", "corretto", "sapmachine", "microsoft", "liberica", "graalvm"];

/// The maker that a tool names beside its version: of a JDK, or `pypy` of a Python.
pub(crate) fn maker(tool: &str, said: &str) -> Option<String> {
    let said = said.to_lowercase();
    match tool {
        "java" => MAKERS.iter().find(|maker| said.contains(**maker)).map(|maker| (*maker).to_owned()),
        "python" => said.contains("[pypy ").then(|| "pypy".to_owned()),
        _ => None,
    }
}

/// Two pins that no version keeps both of, as far as can be told by trying versions around those that they name.
pub(crate) fn contradiction<'a>(tool: &str, pins: &[&'a Pin]) -> Option<(&'a Pin, &'a Pin)> {
    let decidable = |pin: &&&Pin| matches!(pin.wants, Wants::Exact(_) | Wants::Prefix(_) | Wants::Range(_));
    let pins: Vec<&Pin> = pins.iter().filter(decidable).copied().collect();
    let product = command::product(tool);
    let keeps = |pin: &Pin, version: &str| hold(tool, &pin.wants, Told { version, product }) == Verdict::Kept;
    for (at, one) in pins.iter().enumerate() {
        for other in &pins[at + 1..] {
            let tried = candidates(&one.written).chain(candidates(&other.written)).collect::<Vec<_>>();
            if !tried.iter().any(|version| keeps(one, version) && keeps(other, version)) {
                return Some((one, other));
            }
        }
    }
    None
}

/// Versions around those that a text names: each itself, the first and the last that begin so, and the next one.
fn candidates(text: &str) -> impl Iterator<Item = String> + use<'_> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '~')));
    let versions = words.filter_map(|word| {
        let begin = word.find(|c: char| c.is_ascii_digit())?;
        Some(word[begin..].trim_end_matches(|c: char| !c.is_ascii_alphanumeric()))
    });
    let around = versions.flat_map(|version| {
        let mut numbers: Vec<u64> = version.split('.').map_while(|part| part.parse().ok()).collect();
        let padded = |numbers: &[u64], with: u64| {
            let mut numbers = numbers.to_vec();
            numbers.resize(numbers.len().max(3), with);
            numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
        };
        let (first, last) = (padded(&numbers, 0), padded(&numbers, 9999));
        if let Some(number) = numbers.last_mut() {
            *number = number.saturating_add(1);
        }
        [version.to_owned(), first, last, padded(&numbers, 0)]
    });
    around.chain(["0.0.1".to_owned(), "9999.0.0".to_owned()])
}
