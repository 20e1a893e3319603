//! `package.json`: `packageManager` (corepack), `engines`, `devEngines` and `volta`.
//!
//! Formats: <https://docs.npmjs.com/cli/configuring-npm/package-json>, <https://nodejs.org/api/packages.html>,
//! <https://docs.volta.sh/guide/understanding>. The `cpu`, `os` and `libc` of `devEngines` are no tools.

use jsonc_parser::ast::{Object, ObjectProp, Value};

use super::json::{line, object, written};
use super::{Pin, Source, Wants};

pub(super) fn parse(source: &Source<'_>) -> Result<Vec<Pin>, String> {
    let object = object(source)?;
    let mut pins = Vec::new();
    for property in &object.properties {
        match property.name.as_str() {
            "packageManager" => pins.push(package_manager(source, property)),
            "engines" => tools(source, property, &mut pins, Wants::npm),
            "volta" => tools(source, property, &mut pins, volta),
            "devEngines" => dev_engines(source, property, &mut pins),
            _ => {}
        }
    }
    Ok(pins)
}

fn unknown(source: &Source<'_>, tool: &str, property: &ObjectProp<'_>, why: &str) -> Pin {
    let written = written(source, &property.value);
    source.pin(tool, Wants::NotUnderstood(why.to_owned()), written, line(source, property))
}

/// `pnpm@9.1.0+sha512.…`
fn package_manager(source: &Source<'_>, property: &ObjectProp<'_>) -> Pin {
    let Value::StringLit(text) = &property.value else {
        return unknown(source, "packageManager", property, "is not a text");
    };
    let Some((name, version)) = text.value.split_once('@').filter(|(name, _)| !name.is_empty()) else {
        return unknown(source, "packageManager", property, "is not written as name@version");
    };
    // The hash says which file, not which version.
    let version = version.split_once('+').map_or(version, |(version, _)| version);
    let wants = if version.contains("://") {
        Wants::NotUnderstood("names a download, which tells no version".to_owned())
    } else {
        Wants::npm(version)
    };
    source.pin(name, wants, version, line(source, property))
}

/// An object from tool to version.
fn tools(source: &Source<'_>, property: &ObjectProp<'_>, pins: &mut Vec<Pin>, read: fn(&str) -> Wants) {
    let name = property.name.as_str();
    let Value::Object(object) = &property.value else {
        pins.push(unknown(source, name, property, "is not an object"));
        return;
    };
    for tool in &object.properties {
        pins.push(match (&tool.value, tool.name.as_str()) {
            (_, "extends") if name == "volta" => {
                unknown(source, "volta", tool, "extends another file, which is not read")
            }
            (Value::StringLit(version), tool_name) => {
                source.pin(tool_name, read(&version.value), &version.value, line(source, tool))
            }
            (_, tool_name) => unknown(source, tool_name, tool, "is not a text"),
        });
    }
}

/// Volta pins versions in full.
fn volta(version: &str) -> Wants {
    match Wants::npm(version) {
        exact @ Wants::Exact(_) => exact,
        _ => Wants::NotUnderstood("is not a version in full, which volta wants".to_owned()),
    }
}

/// `runtime` and `packageManager`, each an object or a list of them, of which one will do. What npm does where none does is
/// what the last one says: <https://docs.npmjs.com/cli/configuring-npm/package-json#devengines>. To warn and to fail both
/// say that something is asked.
fn dev_engines(source: &Source<'_>, property: &ObjectProp<'_>, pins: &mut Vec<Pin>) {
    let Value::Object(kinds) = &property.value else {
        pins.push(unknown(source, "devEngines", property, "is not an object"));
        return;
    };
    let of_tools = |kind: &&ObjectProp<'_>| matches!(kind.name.as_str(), "runtime" | "packageManager");
    for kind in kinds.properties.iter().filter(of_tools) {
        let engines: Vec<&Value<'_>> = match &kind.value {
            Value::Array(several) => several.elements.iter().collect(),
            one => vec![one],
        };
        let on_fail = |engine: &&Value<'_>| match engine {
            Value::Object(engine) => engine.get_string("onFail").map(|text| text.value.clone().into_owned()),
            _ => None,
        };
        let or_none = engines.last().and_then(on_fail).as_deref() == Some("ignore");
        let is_choice = engines.len() > 1 || or_none;
        for engine in engines {
            let mut pin = match engine {
                Value::Object(engine) => dev_engine(source, kind, engine),
                _ => unknown(source, kind.name.as_str(), kind, "is not an object"),
            };
            // One that is not understood is in the list all the same: it may be the one that will do.
            if is_choice {
                let group = format!("devEngines.{}", kind.name.as_str());
                pin.wants = Wants::OneOf { group, or_none, wants: Box::new(pin.wants) };
            }
            pins.push(pin);
        }
    }
}

fn dev_engine(source: &Source<'_>, kind: &ObjectProp<'_>, engine: &Object<'_>) -> Pin {
    let Some(name) = engine.get_string("name") else {
        return unknown(source, kind.name.as_str(), kind, "names no tool");
    };
    if let Some(property) = engine.get("onFail") {
        let known = |text: &str| matches!(text, "ignore" | "warn" | "error" | "download");
        if !engine.get_string("onFail").is_some_and(|text| known(&text.value)) {
            return unknown(source, &name.value, property, "is no `onFail` that npm knows");
        }
    }
    match (engine.get("version"), engine.get_string("version")) {
        (Some(property), Some(version)) => {
            source.pin(&name.value, Wants::npm(&version.value), &version.value, line(source, property))
        }
        (Some(property), None) => unknown(source, &name.value, property, "is not a text"),
        // Any version of it will do.
        (None, _) => source.pin(&name.value, Wants::npm("*"), "*", line(source, kind)),
    }
}
