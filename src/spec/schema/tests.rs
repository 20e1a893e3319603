//! The schema held against the reader: the same keys in every table, and no spec that one takes and the other does not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::Value;

use super::tables::{
    DOTFILE, DOTFILES, GATE, HEALTH, LIMITS, MANAGED, REPO, ROOT, SERVICE, SERVICE_VARIABLE, SETTINGS, SHELL, SSHD,
    SYSTEM_ITEM, TARGET, TOOL_TABLE, VARIABLE, WAIVER,
};
use super::{Table, schema};
use crate::observe::vocabulary;
use crate::spec::parse;

/// A table at a place in a spec that is right as it stands.
struct Place {
    table: &'static Table,
    /// What comes before its keys.
    before: &'static str,
    /// The keys that it needs there.
    keys: &'static [(&'static str, &'static str)],
    /// The kind of target, where the keys depend on it.
    kind: Option<&'static str>,
}

impl Place {
    const fn new(table: &'static Table, before: &'static str, keys: &'static [(&'static str, &'static str)]) -> Self {
        Self { table, before, keys, kind: None }
    }

    const fn of_kind(keys: &'static [(&'static str, &'static str)], kind: &'static str) -> Self {
        Self { table: &TARGET, before: "name = \"a\"\n[targets.box]\n", keys, kind: Some(kind) }
    }

    /// The spec with one key in this table set.
    fn with(&self, key: &str, value: &str) -> String {
        let others = self.keys.iter().filter(|(known, _)| *known != key);
        let lines: String = others.map(|(key, value)| format!("{key} = {value}\n")).collect();
        format!("{}{lines}{key} = {value}\n", self.before)
    }

    fn described(&self) -> BTreeSet<&str> {
        let here = |kinds: &[&str]| kinds.is_empty() || self.kind.is_some_and(|kind| kinds.contains(&kind));
        self.table.keys.iter().filter(|key| here(key.kinds)).map(|key| key.name).collect()
    }
}

const PLACES: &[Place] = &[
    Place::new(&ROOT, "", &[("name", "\"a\"")]),
    Place::of_kind(&[("kind", "\"local\"")], "local"),
    Place::of_kind(&[("kind", "\"vm\""), ("ssh", "\"me@vm\"")], "vm"),
    Place::of_kind(&[("kind", "\"mac\""), ("ssh", "\"me@mini\"")], "mac"),
    Place::of_kind(&[("kind", "\"devcontainer\"")], "devcontainer"),
    Place::new(&SHELL, "name = \"a\"\n[shell]\n", &[]),
    Place::new(&LIMITS, "name = \"a\"\n[limits]\n", &[]),
    Place::new(&TOOL_TABLE, "name = \"a\"\n[tools.x]\n", &[]),
    Place::new(&SYSTEM_ITEM, "name = \"a\"\n[system.timezone]\n", &[("policy", "\"exact\"")]),
    Place::new(&VARIABLE, "name = \"a\"\n[env.X]\n", &[]),
    Place::new(&MANAGED, "name = \"a\"\n[packages.npm]\n", &[("names", "[\"a\"]")]),
    Place::new(&DOTFILES, "name = \"a\"\n[dotfiles]\n", &[]),
    Place::new(&DOTFILE, "name = \"a\"\n[dotfiles]\nsource = \"s\"\n[dotfiles.\".zshrc\"]\n", &[]),
    Place::new(&REPO, "name = \"a\"\n[repos.x]\n", &[("path", "\"x\"")]),
    Place::new(&SERVICE, "name = \"a\"\n[services.x]\n", &[("run", "\"x\"")]),
    Place::new(
        &SERVICE_VARIABLE,
        "name = \"a\"\n[services.x]\nrun = \"x\"\n[services.x.environment.A]\n",
        &[("secret", "\"env:A\"")],
    ),
    Place::new(&HEALTH, "name = \"a\"\n[services.x]\nrun = \"x\"\n[services.x.health]\n", &[("run", "\"x\"")]),
    Place::new(&SETTINGS, "name = \"a\"\n[settings]\n", &[]),
    Place::new(&SSHD, "name = \"a\"\n[settings.sshd]\n", &[]),
    Place::new(&GATE, "name = \"a\"\n[gate]\n", &[]),
    Place::new(&WAIVER, "name = \"a\"\n[[waivers]]\n", &[("finding", "\"tool:x\""), ("because", "\"y\"")]),
];

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(&schema(&vocabulary())).unwrap();
    assert!(jsonschema::meta::is_valid(&schema), "the schema itself is no valid JSON Schema");
    jsonschema::draft202012::new(&schema).unwrap()
}

/// TOML as a validator sees it: dates are text.
fn as_json(text: &str) -> Value {
    fn dates_as_text(value: Value) -> Value {
        match value {
            Value::Object(table) => match table.get("$__toml_private_datetime") {
                Some(date) => date.clone(),
                None => table.into_iter().map(|(key, value)| (key, dates_as_text(value))).collect(),
            },
            Value::Array(values) => values.into_iter().map(dates_as_text).collect(),
            other => other,
        }
    }
    dates_as_text(toml_edit::de::from_str(text).unwrap())
}

fn complaints(text: &str) -> Vec<String> {
    match parse("x", text, &vocabulary()) {
        Ok(_) => Vec::new(),
        Err(problems) => problems
            .problems
            .iter()
            .map(|problem| format!("{} ({})", problem.message, problem.help.as_deref().unwrap_or_default()))
            .collect(),
    }
}

/// The keys that the reader names to somebody who wrote one that it does not know.
fn known_to_the_reader(place: &Place) -> BTreeSet<String> {
    let complaints = complaints(&place.with("zzzzzzzzzzzzzzzzzzzz", "1"));
    let known = complaints.iter().find_map(|text| text.split_once("(known keys: ")?.1.strip_suffix(')'));
    let known = known.unwrap_or_else(|| panic!("the reader names no known keys: {complaints:?}"));
    known.split(", ").filter(|key| !key.starts_with("and ")).map(str::to_owned).collect()
}

#[test]
fn the_schema_and_the_reader_know_the_same_keys() {
    for place in PLACES {
        let described: BTreeSet<String> = place.described().into_iter().map(str::to_owned).collect();
        assert_eq!(
            described,
            known_to_the_reader(place),
            "src/spec/schema/tables.rs and the reader differ at:\n{}",
            place.before
        );
    }
}

#[test]
fn the_schema_takes_what_the_reader_takes_and_refuses_the_types_that_it_refuses() {
    let validator = validator();
    let texts = [
        "\"\"",
        "\"x\"",
        "\"exact\"",
        "\"major\"",
        "\">=20, <23\"",
        "\"22.1\"",
        "\"10s\"",
        "\"1h 30m\"",
        "\"0s\"",
        "\"auto\"",
        "\"keys\"",
        "\"env:X\"",
        "\"present\"",
        "\"json\"",
        "\"0644\"",
        "\"local\"",
        "\"vm\"",
        "\"linux\"",
        "\"tool:sed\"",
        "\"a (b)\"",
        "\"2027-03-01\"",
        // In JSON a date is text.
        "2027-03-01",
        "\"all\"",
        "\"-y\"",
        "\"~/x\"",
        "\"me@host:22\"",
        "[\"x\"]",
        "[\"tool:x\", \"env:y\"]",
        "[\"macos\"]",
        "[\".zshrc\", \"~/a/**\"]",
        "[]",
    ];
    let others = ["1", "2", "true", "[1]", "[[\"x\"]]", "{ x = 1 }", "1.5"];
    for place in PLACES {
        for key in place.table.keys {
            for (value, is_text) in texts.map(|one| (one, true)).into_iter().chain(others.map(|one| (one, false))) {
                let spec = place.with(key.name, value);
                let read = complaints(&spec);
                let valid = validator.is_valid(&as_json(&spec));
                assert!(valid || !read.is_empty(), "the schema refuses what the reader takes:\n{spec}");
                assert!(
                    is_text || !valid || read.is_empty(),
                    "the schema takes what the reader refuses ({read:?}):\n{spec}"
                );
            }
        }
    }
}

fn specs_in(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.unwrap().into_path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "reads the specs of this repository")]
fn the_specs_of_this_repository_are_valid_and_name_the_schema() {
    let validator = validator();
    let specs = specs_in("environments");
    assert!(!specs.is_empty());
    for path in specs {
        let text = std::fs::read_to_string(&path).unwrap();
        let errors: Vec<String> = validator.iter_errors(&as_json(&text)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        assert_eq!(complaints(&text), Vec::<String>::new(), "{}", path.display());
        let named = text.lines().next().and_then(|line| line.strip_prefix("#:schema "));
        let named = named.unwrap_or_else(|| panic!("{} does not name its schema", path.display()));
        assert!(path.parent().unwrap().join(named).is_file(), "{} names {named}", path.display());
    }
}

#[test]
fn what_is_wrong_is_wrong_to_both() {
    let validator = validator();
    for spec in [
        "",
        "nam = \"a\"",
        "name = \"-a\"",
        "name = \"a\"\nversion = 2",
        "name = \"a\"\n[tols]\nx = \"exact\"",
        "name = \"a\"\n[tools]\nnode = \"exakt\"",
        "name = \"a\"\n[tools]\nnode = { polcy = \"exact\" }",
        "name = \"a\"\n[tools]\nnode = { only = [\"windows\"] }",
        "name = \"a\"\n[tools]\nnode = { install = { nmp = \"node\" } }",
        "name = \"a\"\n[tools]\nnode = { pattern = \"v.*\" }",
        "name = \"a\"\n[targets.vm]\nkind = \"vm\"",
        "name = \"a\"\n[targets.vm]\nkind = \"vm\"\nssh = \"me@vm\"\nhome = \"/x\"",
        "name = \"a\"\n[targets.vm]\nkind = \"lokal\"",
        "name = \"a\"\n[targets.vm]\nssh = \"me@vm\"",
        "name = \"a\"\n[targets.box]\nkind = \"local\"\nssh = \"me@vm\"",
        "name = \"a\"\n[packages]\nnpm = { policy = \"exact\" }",
        "name = \"a\"\n[packages]\nnpm = [\"-g\"]",
        "name = \"a\"\n[packages]\nripgrep = { brw = \"ripgrep\" }",
        "name = \"a\"\n[gate]\nmax_age = \"soon\"",
        "name = \"a\"\n[gate]\nwarn = [\"tol:node\"]",
        "name = \"a\"\n[[waivers]]\nfinding = \"tool:sed\"",
        "name = \"a\"\n[[waivers]]\nfinding = \"tool:sed\"\nbecause = \"x\"\nuntil = \"never\"",
        "name = \"a\"\n[[waivers]]\nfinding = \"tool:sed\"\nbecause = \"x\"\nuntil = 2027-03-01T12:00:00Z",
    ] {
        assert!(!complaints(spec).is_empty(), "the reader takes\n{spec}");
        assert!(!validator.is_valid(&as_json(spec)), "the schema takes\n{spec}");
    }
}

/// Pieces that names, versions, addresses, paths and times are made of, and what breaks them.
fn a_text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "node",
        "x-y",
        "B",
        "7",
        "22",
        "11.0",
        ".",
        "-",
        "_",
        "/",
        "@",
        ":",
        "=",
        "==",
        "~",
        "*",
        "?",
        "[",
        "]",
        ",",
        " ",
        "\t",
        "\n",
        "\u{85}",
        "\u{a0}",
        "é",
        "日",
        "(",
        ")",
        "|",
        "+",
        "$",
        "env:",
        "tool:",
        "s",
        "m",
        "h",
        "10",
        "0",
        "06",
        "44",
        ">=",
        "<",
        "^",
        "v",
        "..",
        "~/",
        "all",
        "exact",
        "2027-03-01",
        "\\d",
        "\u{7f}",
        "#",
    ]);
    prop_oneof![prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat()), "[ -_a-~]{0,8}"]
}

/// What only the reader can tell: it needs another part of the file, a parser, a calendar or a list of its own.
const BEYOND_A_SCHEMA: &[&str] = &[
    "no target is named ",
    " means nothing without compare = ",
    "is not a glob: ",
    "is not a regular expression: ",
    "is not a version bound",
    "is not a duration",
    "is not a port",
    "is not an SSH address",
    "is a day that no calendar has",
    "is nothing that `timezone` can be held to",
    "is set by shells themselves",
    "names another user's home",
    "leaves the home with `..`",
    "names no file",
    "the whole home cannot be a dotfile",
    "the format of `",
];

/// A spec with `text` at one of the places for texts: values of every key that holds any, keys that are names, and lists.
fn a_spec(place: usize, text: &str, listed: bool) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    let quoted = format!("\"{escaped}\"");
    let value = if listed { format!("[{quoted}]") } else { quoted.clone() };
    let managers = vocabulary().managers;
    let keys: Vec<(&Place, &str)> =
        PLACES.iter().flat_map(|place| place.table.keys.iter().map(move |key| (place, key.name))).collect();
    let named = ["tools", "env", "packages", "dotfiles", "repos", "targets", "system"];
    match place % (keys.len() + 4 * managers.len() + named.len() + 2) {
        at if at < keys.len() => keys[at].0.with(keys[at].1, &value),
        at => match at - keys.len() {
            at if at < 4 * managers.len() => {
                let manager = managers[at / 4];
                match at % 4 {
                    0 => format!("name = \"a\"\n[packages]\n{manager} = {value}\n"),
                    1 => format!("name = \"a\"\n[packages]\n{manager} = {{ names = {value} }}\n"),
                    2 => format!("name = \"a\"\n[packages]\nx = {{ {manager} = {quoted} }}\n"),
                    _ => format!("name = \"a\"\n[tools]\nx = {{ install = {{ {manager} = {quoted} }} }}\n"),
                }
            }
            at => match at - 4 * managers.len() {
                0 => format!("name = \"a\"\n[tools]\nx = {quoted}\n"),
                1 => format!("name = \"a\"\n[env]\nX = {quoted}\n"),
                at => match named[at - 2] {
                    table @ ("tools" | "env" | "system") => {
                        format!("name = \"a\"\n[{table}]\n{quoted} = \"present\"\n")
                    }
                    "packages" => format!("name = \"a\"\n[packages]\n{quoted} = {{ npm = \"x\" }}\n"),
                    "dotfiles" => format!("name = \"a\"\n[dotfiles]\n{quoted} = {{ keep = false }}\n"),
                    "repos" => format!("name = \"a\"\n[repos]\n{quoted} = {{ path = \"x\" }}\n"),
                    _ => format!("name = \"a\"\n[targets]\n{quoted} = {{ kind = \"local\" }}\n"),
                },
            },
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    /// Whatever is written at whatever place, schema and reader agree about it.
    #[test]
    fn the_schema_and_the_reader_agree_about_any_text(place: usize, text in a_text(), listed: bool) {
        let spec = a_spec(place, &text, listed);
        let read = complaints(&spec);
        let valid = VALIDATOR.with(|validator| validator.is_valid(&as_json(&spec)));
        prop_assert!(valid || !read.is_empty(), "the schema refuses what the reader takes:\n{}", spec);
        let unsaid = |complaint: &String| BEYOND_A_SCHEMA.iter().any(|part| complaint.contains(part));
        prop_assert!(
            !valid || read.iter().all(unsaid),
            "the schema takes what the reader refuses ({:?}):\n{}", read, spec
        );
    }
}

thread_local! {
    static VALIDATOR: Validator = validator();
}

#[test]
#[expect(clippy::disallowed_methods, reason = "reads and, when asked to, writes the schema of this repository")]
fn the_schema_in_the_repository_is_this_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("environments/trueup.schema.json");
    let schema = schema(&vocabulary());
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(&path, &schema).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == schema,
        "write it anew: UPDATE_FIXTURES=1 cargo nextest run -E 'test(the_schema_in_the_repository)'"
    );
}
