//! The JSON Schema of the spec (draft 2020-12), from which editors complete and explain.
//!
//! Input: the description of every table and key in `tables`, and the [`Vocabulary`] of this build. Output: one JSON
//! document. The reader is hand-written, because it points at the place of a mistake; a test asks it which keys it knows
//! in every table and holds the answer against the description, so that the two cannot disagree. Pure.

mod tables;

use serde_json::{Map, Value, json};

use super::item::Category;
use super::keys::Format;
use super::package;
use super::parse::Vocabulary;
use super::system::{self, SYSTEM_FACTS, SystemFact};

/// A table of the spec whose keys are known.
struct Table {
    /// What it is, for the person who hovers over it.
    doc: &'static str,
    keys: &'static [Key],
}

/// One key.
struct Key {
    name: &'static str,
    /// What a person reads who completes it.
    doc: &'static str,
    holds: Holds,
    need: Need,
    /// JSON; empty where there is no default.
    default: &'static str,
    /// The kinds of target that have it; none named means all.
    kinds: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Optional,
    Required,
}

/// What a value may be.
enum Holds {
    Text,
    /// Text of a form, with examples; an empty expression is any text.
    Like(&'static str, &'static [&'static str]),
    /// One of these words, each with what it means.
    Word(&'static [(&'static str, &'static str)]),
    /// One of the finding categories, a colon and a name.
    FindingId,
    /// A table with a key for each fact about a machine, each this or a text.
    SystemFacts(&'static Holds),
    /// How a settings file is written.
    SettingsFormat,
    /// The number of the format.
    FormatVersion,
    Flag,
    /// A whole number.
    Number,
    Duration,
    Policy,
    /// A package's name, as the manager lists it whose table this is in.
    PackageName,
    /// A list of such names, or "all".
    PackageNames,
    /// A tool whose effective configuration can be asked for.
    Gate,
    /// "auto" for what looking finds, or a list, or one value standing for a list of one.
    AutoOr(&'static Holds),
    /// A list, or one value standing for a list of one.
    ListOf(&'static Holds),
    /// A table with known keys.
    Of(&'static Table),
    /// `[[key]]`.
    ListOfTables(&'static Table),
    /// A table whose keys are names.
    Named {
        like: &'static str,
        each: &'static Holds,
    },
    /// A table with a key for each package manager of this build; any other key is a name for something else.
    ByManager {
        each: &'static Holds,
        rest: Option<&'static Holds>,
    },
    /// A table of this, whose other keys are paths, each with a table of its own.
    WithPaths(&'static Table, &'static Table),
    /// A table of this, whose other keys are package managers with a package's name there.
    NamesByManager(&'static Table),
    Either(&'static [Holds]),
}

/// The schema as text, ready for a file: indented, with a newline at its end.
pub fn schema(vocabulary: &Vocabulary) -> String {
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!("trueup environment"));
    if let Value::Object(root) = of_table(&tables::ROOT, vocabulary) {
        schema.extend(root);
    }
    format!("{:#}\n", Value::Object(schema))
}

fn of_table(table: &Table, vocabulary: &Vocabulary) -> Value {
    let mut properties = Map::new();
    for key in table.keys {
        properties.insert(key.name.to_owned(), of_key(key, vocabulary));
    }
    let mut schema = json!({
        "type": "object", "description": table.doc, "properties": properties, "additionalProperties": false,
    });
    let required: Vec<&str> = needed(table, None).collect();
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    let cases = by_kind(table);
    if !cases.is_empty() {
        schema["allOf"] = json!(cases);
    }
    schema
}

/// The required keys: those of every kind, or those that only this kind of target has.
fn needed<'a>(table: &'a Table, kind: Option<&'a str>) -> impl Iterator<Item = &'a str> {
    let applies = move |key: &&Key| match kind {
        None => key.kinds.is_empty(),
        Some(kind) => key.kinds.contains(&kind),
    };
    table.keys.iter().filter(|key| key.need == Need::Required).filter(applies).map(|key| key.name)
}

/// What each kind of target lacks of the keys that some kind has, and what it needs.
fn by_kind(table: &Table) -> Vec<Value> {
    let mut kinds: Vec<&str> = table.keys.iter().flat_map(|key| key.kinds.iter().copied()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let case = |kind: &str| {
        let others = table.keys.iter().filter(|key| !key.kinds.is_empty() && !key.kinds.contains(&kind));
        let others: Map<String, Value> = others.map(|key| (key.name.to_owned(), json!(false))).collect();
        let required: Vec<&str> = needed(table, Some(kind)).collect();
        json!({
            "if": { "properties": { "kind": { "const": kind } }, "required": ["kind"] },
            "then": { "properties": others, "required": required },
        })
    };
    kinds.into_iter().map(case).collect()
}

fn of_key(key: &Key, vocabulary: &Vocabulary) -> Value {
    let mut schema = of(&key.holds, vocabulary);
    schema["description"] = json!(key.doc);
    if !key.default.is_empty() {
        schema["default"] = serde_json::from_str(key.default).expect("defaults are written as JSON");
    }
    schema
}

fn of(holds: &Holds, vocabulary: &Vocabulary) -> Value {
    match holds {
        Holds::Text => json!({ "type": "string" }),
        Holds::Like(pattern, examples) => {
            let mut schema = json!({ "type": "string" });
            if !pattern.is_empty() {
                schema["pattern"] = json!(pattern);
            }
            if !examples.is_empty() {
                schema["examples"] = json!(examples);
            }
            schema
        }
        Holds::Word(words) => one_word(words),
        Holds::FindingId => {
            let words = Category::ALL.map(Category::word).join("|");
            json!({ "type": "string", "pattern": format!("^({words}):[\\s\\S]"), "examples": ["tool:node", "dotfile:.zshrc"] })
        }
        Holds::SystemFacts(each) => {
            let each = of(each, vocabulary);
            let fact = |fact: &SystemFact| {
                let number = (fact.holds == system::Holds::Count).then(|| json!({ "type": "integer", "minimum": 0 }));
                let ways: Vec<Value> = [json!({ "type": "string" }), each.clone()].into_iter().chain(number).collect();
                (fact.name.to_owned(), json!({ "description": fact.doc, "anyOf": ways }))
            };
            let facts: Map<String, Value> = SYSTEM_FACTS.iter().map(fact).collect();
            json!({ "type": "object", "properties": facts, "additionalProperties": false })
        }
        Holds::SettingsFormat => {
            json!({ "type": "string", "enum": Format::ALL.map(|(word, _)| word) })
        }
        Holds::FormatVersion => json!({ "const": 1 }),
        Holds::Flag => json!({ "type": "boolean" }),
        Holds::Number => json!({ "type": "integer" }),
        Holds::Duration => json!({
            "type": "string",
            "pattern": "^(?:[+Pp0-9].*)?[1-9].*(?:[a-zA-Z]|:[0-9]+)$",
            "examples": ["30s", "15m", "24h", "1h30m"],
        }),
        Holds::Policy => policy(),
        // Which manager's is said where the manager is known.
        Holds::PackageName => json!({ "type": "string", "pattern": ANY_PACKAGE }),
        Holds::PackageNames => json!({
            "anyOf": [
                { "type": "array", "items": { "type": "string", "pattern": ANY_PACKAGE } },
                { "const": "all", "description": "all that the reference has; extras are drift" },
            ],
        }),
        Holds::Gate => json!({ "enum": vocabulary.gates }),
        Holds::AutoOr(one) => {
            let one = of(one, vocabulary);
            let auto = json!({ "const": "auto", "description": "those that looking finds" });
            json!({ "anyOf": [auto, { "type": "array", "items": one }, one] })
        }
        Holds::ListOf(one) => {
            let one = of(one, vocabulary);
            json!({ "anyOf": [{ "type": "array", "items": one }, one] })
        }
        Holds::Of(table) => of_table(table, vocabulary),
        Holds::ListOfTables(table) => json!({ "type": "array", "items": of_table(table, vocabulary) }),
        Holds::Named { like, each } => json!({
            "type": "object", "propertyNames": { "pattern": like }, "additionalProperties": of(each, vocabulary),
        }),
        Holds::ByManager { each, rest } => {
            let managers = managers(vocabulary, &of(each, vocabulary));
            let rest = rest.map_or(json!(false), |rest| of(rest, vocabulary));
            json!({ "type": "object", "properties": managers, "additionalProperties": rest })
        }
        Holds::WithPaths(table, each) => {
            let mut schema = of_table(table, vocabulary);
            schema["patternProperties"] = json!({ tables::PATH: of_table(each, vocabulary) });
            schema
        }
        Holds::NamesByManager(table) => {
            let mut schema = of_table(table, vocabulary);
            let names = managers(vocabulary, &of(&Holds::PackageName, vocabulary));
            // At least one of them.
            schema["anyOf"] = names.keys().map(|manager| json!({ "required": [manager] })).collect();
            if let Some(properties) = schema["properties"].as_object_mut() {
                properties.extend(names);
            }
            schema
        }
        Holds::Either(ways) => {
            let ways: Vec<Value> = ways.iter().map(|way| of(way, vocabulary)).collect();
            json!({ "anyOf": ways })
        }
    }
}

/// Stands for the pattern of a manager that is not known yet.
const ANY_PACKAGE: &str = "a package's name";

/// A key for each manager, with what a package is called there.
fn managers(vocabulary: &Vocabulary, each: &Value) -> Map<String, Value> {
    let of_manager = |manager: &&str| {
        let mut schema = each.clone();
        name_packages(&mut schema, manager);
        ((*manager).to_owned(), schema)
    };
    vocabulary.managers.iter().map(of_manager).collect()
}

fn name_packages(schema: &mut Value, manager: &str) {
    match schema {
        Value::Object(keys) => {
            for (key, value) in keys {
                if key == "pattern" && value == ANY_PACKAGE {
                    *value = json!(package::pattern(manager));
                } else {
                    name_packages(value, manager);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| name_packages(value, manager)),
        _ => {}
    }
}

fn one_word(words: &[(&str, &str)]) -> Value {
    let consts: Vec<Value> = words.iter().map(|(word, doc)| json!({ "const": word, "description": doc })).collect();
    json!({ "type": "string", "anyOf": consts })
}

/// A word, a range or a version.
fn policy() -> Value {
    let mut schema = one_word(tables::POLICIES);
    if let Some(ways) = schema["anyOf"].as_array_mut() {
        ways.push(json!({
            "pattern": "^[<>=^~]", "description": "a range: bounds separated by commas", "examples": [">=20, <23"],
        }));
        ways.push(
            json!({ "pattern": "^v?[0-9][^\\s\\x85]*$", "description": "this very version", "examples": ["22.11.0"] }),
        );
    }
    schema
}

#[cfg(test)]
mod tests;
