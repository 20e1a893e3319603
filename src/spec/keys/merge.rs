//! Owned keys brought into a settings file that has others: the owned ones become what they are in the reference's file, and
//! all else stays as it is written, comments too.
//!
//! Each format has its own way of changing a text; none of them is believed. What comes out is read again, and unless the
//! owned keys are the reference's and all others are what they were, nothing comes out at all. Pure.

mod git_config;
mod json;
mod property_list;
mod toml;
mod yaml;

use std::collections::BTreeMap;

use super::json::Dialect;
use super::{Format, KeyPath, Keys, Malformed, Value, text};

/// One change to what a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Edit {
    /// The keys that lead there; of git's configuration the one name that git has for it.
    path: Vec<String>,
    /// What is to stand there; none if nothing is.
    value: Option<Value>,
}

/// Why keys are not brought into a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmerged {
    /// What is there cannot be read.
    #[error("what is there cannot be read: {0}")]
    Present(Malformed),
    /// The reference's file cannot be read.
    #[error("the reference's file cannot be read: {0}")]
    Reference(Malformed),
    /// The format's text cannot be changed so.
    #[error("{0}")]
    Cannot(String),
    /// Changing it would change something else.
    #[error("{0} could not be brought in without changing something else in it; set it by hand")]
    Spoilt(String),
}

/// What a file of a format holds before it holds anything.
pub fn blank(format: Format) -> &'static [u8] {
    match format {
        Format::Json | Format::Jsonc => b"{}\n",
        Format::Plist => property_list::BLANK,
        Format::Toml | Format::Yaml | Format::GitConfig => b"",
    }
}

impl Keys {
    /// What `present` becomes by having the owned keys of `reference`.
    pub fn merge(&self, present: &[u8], reference: &[u8]) -> Result<Vec<u8>, Unmerged> {
        let want = self.format.value(reference).map_err(Unmerged::Reference)?;
        let got = self.format.value(present).map_err(Unmerged::Present)?;
        let edits = self.edits(&want, &got);
        if edits.is_empty() {
            return Ok(present.to_vec());
        }
        if edits.iter().any(|edit| edit.path.is_empty()) {
            return Err(Unmerged::Cannot("it is no table of keys on both machines; set it by hand".to_owned()));
        }
        let merged = if self.format == Format::Plist {
            property_list::merge(present, reference, &edits)?
        } else {
            let bom: &[u8] = if present.starts_with(b"\xef\xbb\xbf") { b"\xef\xbb\xbf" } else { b"" };
            let present = text(present).map_err(Unmerged::Present)?;
            let reference = text(reference).map_err(Unmerged::Reference)?;
            let merged = match self.format {
                Format::Json => json::merge(present, reference, &edits, Dialect::Strict)?,
                Format::Jsonc => json::merge(present, reference, &edits, Dialect::WithComments)?,
                Format::Toml => toml::merge(present, reference, &edits)?,
                Format::Yaml => yaml::merge(present, &got, &edits)?,
                Format::GitConfig => git_config::merge(present, &edits)?,
                Format::Plist => unreachable!("it was dealt with above"),
            };
            [bom, merged.as_bytes()].concat()
        };
        match self.format.value(&merged) {
            Ok(now) if self.is_merged(&now, &want, &got) => Ok(merged),
            _ => {
                let named = edits.first().map(|edit| KeyPath(edit.path.clone()).to_string());
                Err(Unmerged::Spoilt(named.unwrap_or_default()))
            }
        }
    }

    /// The changes that make the owned keys of `got` those of `want`.
    fn edits(&self, want: &Value, got: &Value) -> Vec<Edit> {
        let mut edits = Vec::new();
        if self.format == Format::GitConfig {
            let owned = |value: &Value| -> BTreeMap<String, Value> {
                let Value::Table(settings) = value else { return BTreeMap::new() };
                settings.clone().into_iter().filter(|(name, _)| self.owns_setting(name)).collect()
            };
            differences(&[], Some(&Value::Table(owned(want))), Some(&Value::Table(owned(got))), &mut edits);
        } else if self.owned.is_empty() {
            differences(&[], Some(want), Some(got), &mut edits);
        } else {
            for (place, owned) in self.owned.iter().enumerate() {
                let path: Vec<&str> = owned.0.iter().map(String::as_str).collect();
                let is_covered = |(other_place, other): (usize, &KeyPath)| {
                    other.holds(&path) && (other != owned || other_place < place)
                };
                if !self.owned.iter().enumerate().any(is_covered) {
                    differences(&owned.0, at(want, &owned.0), at(got, &owned.0), &mut edits);
                }
            }
        }
        edits
    }

    fn is_merged(&self, now: &Value, want: &Value, got: &Value) -> bool {
        let (owned, others) = self.parted(now);
        owned == self.parted(want).0 && others == self.parted(got).1
    }

    /// The leaves that are owned, and the others. A table that is empty but for owned keys counts as neither.
    fn parted<'a>(&self, value: &'a Value) -> (Leaves<'a>, Leaves<'a>) {
        let is_owned = |path: &[&str]| match path {
            [name] if self.format == Format::GitConfig => self.owns_setting(name),
            path => self.owns(path),
        };
        let (owned, others): (Leaves<'a>, Leaves<'a>) =
            value.leaves().into_iter().partition(|(path, _)| is_owned(path));
        let leads_to_owned = |path: &[&str]| {
            self.owned.iter().any(|owned| owned.0.len() > path.len() && owned.0.iter().zip(path).all(|(a, b)| a == b))
        };
        let is_empty = |value: &Value| matches!(value, Value::Table(inside) if inside.is_empty());
        let others = others.into_iter().filter(|(path, value)| !(is_empty(value) && leads_to_owned(path))).collect();
        (owned, others)
    }
}

type Leaves<'a> = Vec<(Vec<&'a str>, &'a Value)>;

/// The least changes by which one value becomes the other.
fn differences(path: &[String], want: Option<&Value>, got: Option<&Value>, edits: &mut Vec<Edit>) {
    match (want, got) {
        (want, got) if want == got => {}
        (Some(Value::Table(want)), Some(Value::Table(got))) if !want.is_empty() || path.is_empty() => {
            let others = got.keys().filter(|key| !want.contains_key(*key));
            for key in want.keys().chain(others) {
                let path = [path, std::slice::from_ref(key)].concat();
                differences(&path, want.get(key), got.get(key), edits);
            }
        }
        (want, _) => edits.push(Edit { path: path.to_vec(), value: want.cloned() }),
    }
}

/// What stands at a place.
fn at<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| match value {
        Value::Table(inside) => inside.get(key),
        _ => None,
    })
}

/// Why a key is not brought to where no table is.
fn no_table(path: &[String]) -> Unmerged {
    let path = KeyPath(path.to_vec());
    Unmerged::Cannot(format!("{path} cannot be set, since what leads to it is no table there; set it by hand"))
}

#[cfg(test)]
mod tests;
