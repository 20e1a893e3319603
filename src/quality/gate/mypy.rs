//! What mypy would apply: its configuration, found as mypy finds it (<https://mypy.readthedocs.io/en/stable/config_file.html>):
//! the first of `mypy.ini`, `.mypy.ini`, `pyproject.toml` and `setup.cfg` that has something for it, else the user's own.
//!
//! mypy cannot say what it would apply, and takes long to start; it is not started where its version stands beside it. INI
//! and TOML that say the same become the same leaves: `overrides.tests.*.ignore_errors` is of a section for modules.

use std::collections::BTreeSet;

use serde_json::Value;

use super::config::Config;
use super::found;
use super::told::Told;
use super::{Asked, Gate};
use crate::observe::Answer;
use crate::spec::{GateFact, Why};

pub(super) const GATE: Gate = Gate { name: "mypy", doc: "mypy's strictness, by module", script, read };

/// In the repository, in the order in which mypy tries them.
const NAMES: [&str; 4] = ["mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg"];

fn script(_: &Asked<'_>) -> String {
    let names = NAMES.map(|name| format!("./{name}")).join(" ");
    found::functions(include_str!("mypy.sh"))
        + &format!(
            "tu_mypy_used || return {}\ntu_places\ntu_files {names} || return\n\
             tu_files \"${{XDG_CONFIG_HOME:-$HOME/.config}}/mypy/config\" ~/.config/mypy/config ~/.mypy.ini || return\n\
             tu_variables MYPYPATH\ntu_mypy_version || :\n",
            super::NOT_USED
        )
}

fn read(_: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    let told = Told::read(answer)?;
    let distribution = told.one("distribution").and_then(|name| name.strip_suffix(".dist-info")?.strip_prefix("mypy-"));
    let version = match distribution {
        Some(version) => Some(version.to_owned()),
        None => found::version(&told, "mypy")?,
    };
    let mut fact = version.map_or_else(|| found::asked_for("mypy"), |version| found::of_tool(&told, "mypy", &version));
    if let Some(path) = told.variable("MYPYPATH") {
        fact.leaf("MYPYPATH", told.normal(path));
    }
    let user = told.files.keys().map(String::as_str).filter(|place| !NAMES.contains(place));
    for place in NAMES.into_iter().chain(user) {
        let Some(text) = told.files.get(place) else { continue };
        if let Some(sections) = sections(place, text)? {
            apply(&mut fact, &told, place, &sections);
            return Ok(fact);
        }
    }
    fact.leaf("configuration", "none");
    Ok(fact)
}

/// A section: the modules that it is for, none for all, and what it says, each with its line.
struct Section {
    modules: Vec<String>,
    values: Vec<(String, Value, Option<usize>)>,
}

/// What a file says to mypy, if anything.
fn sections(place: &str, text: &str) -> Result<Option<Vec<Section>>, Why> {
    let keyed = |config: &Config, table: &Value| -> Vec<(String, Value, Option<usize>)> {
        let keys =
            table.as_object().into_iter().flatten().filter(|(key, _)| !["overrides", "module"].contains(&key.as_str()));
        keys.map(|(key, value)| (key.clone(), value.clone(), config.lines.get(key).copied())).collect()
    };
    if place.ends_with(".toml") {
        let Some(config) = Config::toml(place, text)?.below(&["tool", "mypy"]) else { return Ok(None) };
        let mut sections = vec![Section { modules: Vec::new(), values: keyed(&config, &config.value) }];
        let overrides = config.value.get("overrides").and_then(Value::as_array);
        for table in overrides.into_iter().flatten() {
            let modules = match &table["module"] {
                Value::String(module) => vec![module.clone()],
                Value::Array(modules) => modules.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                _ => return Err(Why::NotUnderstood(format!("{place}: an override of mypy's names no module"))),
            };
            let line = config.lines.get("overrides").copied();
            let values = keyed(&config, table).into_iter().map(|(key, value, _)| (key, value, line)).collect();
            sections.push(Section { modules, values });
        }
        return Ok(Some(sections));
    }
    let config = Config::ini(place, text)?;
    if place == "setup.cfg" && config.value.get("mypy").is_none() {
        return Ok(None);
    }
    let mut sections = Vec::new();
    for (name, table) in config.value.as_object().into_iter().flatten() {
        let modules = match name.strip_prefix("mypy-") {
            Some(modules) => modules.split(',').map(|module| module.trim().to_owned()).collect(),
            None if name == "mypy" => Vec::new(),
            None => continue,
        };
        let of_section = config.below(&[name]).unwrap_or_default();
        sections.push(Section { modules, values: keyed(&of_section, table) });
    }
    Ok(Some(sections))
}

/// Options that are lists, in INI too; of the others of these only the order counts.
const LISTS: &[&str] = &[
    "plugins",
    "mypy_path",
    "files",
    "modules",
    "packages",
    "exclude",
    "enable_error_code",
    "disable_error_code",
    "always_true",
    "always_false",
    "enable_incomplete_feature",
    "untyped_calls_exclude",
    "deprecated_calls_exclude",
];

const ORDERED: &[&str] = &["plugins", "mypy_path"];

fn apply(fact: &mut GateFact, told: &Told, place: &str, sections: &[Section]) {
    fact.leaf("configuration", place);
    fact.decide("", place);
    for section in sections {
        let prefixes: Vec<String> = match section.modules.as_slice() {
            [] => vec![String::new()],
            modules => modules.iter().map(|module| format!("overrides.{module}.")).collect(),
        };
        for (key, value, line) in &section.values {
            let value = told.normal(&written(key, value));
            for prefix in &prefixes {
                fact.leaf(format!("{prefix}{key}"), &value);
                if let Some(line) = line {
                    fact.decide(format!("{prefix}{key}"), format!("{place}:{line}"));
                }
            }
            if key == "plugins" && !told.is_missing() {
                plugins(fact, told, &value);
            }
        }
    }
}

/// A value in one way of writing it.
fn written(key: &str, value: &Value) -> String {
    let mut items: Vec<String> = match value {
        Value::Array(items) => {
            items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
        }
        Value::String(text) if LISTS.contains(&key) && key != "exclude" => {
            text.split([',', '\n']).map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
        }
        Value::String(text) => match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => return "true".to_owned(),
            "false" | "no" | "off" | "0" => return "false".to_owned(),
            _ => return text.clone(),
        },
        other => return other.to_string(),
    };
    if !ORDERED.contains(&key) {
        items.sort();
    }
    items.join(", ")
}

/// Plugins whose package has another name than their module.
const PACKAGES: &[(&str, &str)] = &[
    ("mypy_django_plugin", "django_stubs"),
    ("mypy_drf_plugin", "djangorestframework_stubs"),
    ("sqlmypy", "sqlalchemy_stubs"),
];

/// The versions of the plugins that are packages beside mypy; a plugin may be a file of the repository too.
fn plugins(fact: &mut GateFact, told: &Told, plugins: &str) {
    let beside: BTreeSet<(String, String)> = told
        .all("beside")
        .filter_map(|section| section.name.strip_suffix(".dist-info")?.rsplit_once('-'))
        .map(|(name, version)| (name.to_lowercase().replace(['-', '.'], "_"), version.to_owned()))
        .collect();
    for plugin in plugins.split(", ").filter(|plugin| !plugin.contains('/') && !plugin.ends_with(".py")) {
        let module = plugin.split(['.', ':']).next().unwrap_or(plugin);
        let package = PACKAGES.iter().find(|(of, _)| *of == module).map_or(module, |(_, package)| package);
        let version = beside.iter().find(|(name, _)| name == package).map(|(_, version)| version.clone());
        fact.leaf(
            format!("plugins.{plugin}"),
            version.unwrap_or_else(|| "no package of its name beside mypy".to_owned()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(told: &str) -> Result<GateFact, Why> {
        found::tests::read(&GATE, "/home/jane/shop", told, &[])
    }

    const INSTALLED: &str = "=from .venv\n=distribution mypy-1.13.0.dist-info\n=beside mypy-1.13.0.dist-info\n=beside Pydantic-2.9.2.dist-info\n";

    #[test]
    fn ini_and_toml_that_say_the_same_are_the_same() {
        let ini = "=there ./mypy.ini\n=file ./mypy.ini\n|[mypy]\n|Strict = yes\n|plugins =\n|  pydantic.mypy,\n|mypy_path = /home/jane/shop/stubs\n\
                   |disable_error_code = b, a\n|[mypy-tests.*,docs]\n|ignore_errors = True\n";
        let toml = "=there ./mypy.ini\n=file ./mypy.ini\n|# moved\n|[mypy]\n|disable_error_code = a,\n|  b\n|mypy_path = /home/jane/shop/stubs\n|strict: True\n\
                    |plugins = pydantic.mypy\n|[mypy-docs]\n|ignore_errors = 1\n|[mypy-tests.*]\n|ignore_errors = on\n";
        let (one, other) = (fact(&format!("{ini}{INSTALLED}")).unwrap(), fact(&format!("{toml}{INSTALLED}")).unwrap());
        assert_eq!(one.leaves, other.leaves);
        let toml = "=there ./pyproject.toml\n=file ./pyproject.toml\n|[tool.mypy]\n|strict = true\n|disable_error_code = [\"a\", \"b\"]\n\
                    |plugins = [\"pydantic.mypy\"]\n|mypy_path = \"stubs\"\n|[[tool.mypy.overrides]]\n|module = [\"tests.*\", \"docs\"]\n|ignore_errors = true\n";
        let mut other = fact(&format!("{toml}{INSTALLED}")).unwrap();
        other.leaf("configuration", "mypy.ini");
        assert_eq!(one.leaves, other.leaves);
        assert_eq!(one.does, "is mypy 1.13.0");
        assert_eq!(one.leaves["overrides.tests.*.ignore_errors"], "true");
        assert_eq!(one.leaves["plugins.pydantic.mypy"], "2.9.2");
        assert_eq!(one.decided["strict"], "mypy.ini:2");
        assert_eq!(other.decided["strict"], "pyproject.toml:2");
    }

    #[test]
    fn the_first_file_that_says_something_to_mypy_decides() {
        let both = "=there ./pyproject.toml\n=there ./setup.cfg\n=there /home/jane/.mypy.ini\n=file ./pyproject.toml\n|[project]\n\
                    =file ./setup.cfg\n|[metadata]\n|[mypy]\n|strict = no\n=file /home/jane/.mypy.ini\n|[mypy]\n|strict = yes\n=missing\n";
        let fact_of = fact(both).unwrap();
        assert_eq!(fact_of.leaves["configuration"], "setup.cfg");
        assert_eq!(fact_of.does, "is asked for and not installed");
        let user = "=there ./setup.cfg\n=there /home/jane/.mypy.ini\n=file ./setup.cfg\n|[metadata]\n=file /home/jane/.mypy.ini\n|[mypy]\n|strict = yes\n=missing\n";
        assert_eq!(fact(user).unwrap().leaves["configuration"], "~/.mypy.ini");
        assert_eq!(fact("=missing\n").unwrap().leaves["configuration"], "none");
    }

    #[test]
    fn what_does_not_parse_is_unknown_with_its_line() {
        let why = fact("=there ./mypy.ini\n=file ./mypy.ini\n|[mypy]\n|strict\n=missing\n").unwrap_err();
        assert!(why.to_string().contains("mypy.ini:2"), "{why}");
        assert!(fact("=from PATH\n=version\n|Traceback\n|\n|1\n").is_err());
    }
}
