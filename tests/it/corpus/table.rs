//! The table of mutations: data in `rows/*.toml`, a few lines a row.
//!
//! What a row expects was written down as what its user would want to be told, and is no record of what trueup says.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// Where each row stands, by what catches it.
const TABLES: [(&str, Kind, &str); 7] = [
    ("hooks", Kind::Static, include_str!("rows/hooks.toml")),
    ("switches", Kind::Static, include_str!("rows/switches.toml")),
    ("gates", Kind::Static, include_str!("rows/gates.toml")),
    ("agents", Kind::Static, include_str!("rows/agents.toml")),
    ("around", Kind::Static, include_str!("rows/around.toml")),
    ("lies", Kind::Canary, include_str!("rows/lies.toml")),
    ("silent", Kind::Silent, include_str!("rows/silent.toml")),
];

/// What has to tell a row from an identical machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Facts: every audit does.
    Static,
    /// A canary alone: the facts are the same.
    Canary,
    /// Nothing: this is no drift.
    Silent,
}

/// One change to an identical machine.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The repository that it is about, and whose environment is audited.
    pub(crate) repo: String,
    /// What is done there: sh, as the target's user, in the repository.
    pub(crate) does: String,
    /// What is put into the environment of the audit. `~` at the beginning of a value is the target's home.
    pub(crate) env: BTreeMap<String, String>,
    /// `ID drift` or `ID unknown`, for each finding that every audit must have.
    pub(crate) finds: BTreeSet<String>,
    /// The same for those that come with `--behaviour`.
    pub(crate) fires: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    row: Vec<Written>,
}

/// A row as it is written. `{x,y}` in an id stands for several.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    repo: String,
    #[serde(default)]
    does: String,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    drift: Vec<String>,
    #[serde(default)]
    unknown: Vec<String>,
    /// Canaries that end otherwise.
    #[serde(default)]
    fires: Vec<String>,
    /// Canaries that cannot be fired.
    #[serde(default)]
    cannot_fire: Vec<String>,
}

/// All rows, in the order in which they are written.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, kind, text) in TABLES {
        let table: Table = toml::from_str(text).unwrap_or_else(|error| panic!("rows/{name}.toml: {error}"));
        rows.extend(table.row.into_iter().map(|written| row(kind, written)));
    }
    rows
}

/// For each repository a row that changes nothing.
pub(crate) fn unchanged() -> Vec<Row> {
    let row = |repo: &&str| Row {
        name: format!("{repo}-as-it-is"),
        kind: Kind::Silent,
        repo: (*repo).to_owned(),
        does: String::new(),
        env: BTreeMap::new(),
        finds: BTreeSet::new(),
        fires: BTreeSet::new(),
    };
    super::homes::REPOS.iter().map(row).collect()
}

fn row(kind: Kind, written: Written) -> Row {
    let states = |drift: &[String], unknown: &[String]| {
        let with = |ids: &[String], state: &str| -> Vec<String> {
            ids.iter().flat_map(|id| spelt_out(id)).map(|id| format!("{id} {state}")).collect()
        };
        with(drift, "drift").into_iter().chain(with(unknown, "unknown")).collect::<BTreeSet<String>>()
    };
    Row {
        kind,
        finds: states(&written.drift, &written.unknown),
        fires: states(&written.fires, &written.cannot_fire),
        name: written.name,
        repo: written.repo,
        does: written.does,
        env: written.env,
    }
}

/// The ids that one with `{x,y}` in it stands for; an empty part is one too.
fn spelt_out(id: &str) -> Vec<String> {
    let Some((before, rest)) = id.split_once('{') else { return vec![id.to_owned()] };
    let (choices, after) = rest.split_once('}').unwrap_or_else(|| panic!("no }} in {id}"));
    choices.split(',').flat_map(|choice| spelt_out(&format!("{before}{choice}{after}"))).collect()
}

#[test]
fn the_table_is_as_large_as_it_has_to_be_and_says_what_it_means() {
    let rows = rows();
    let count = |kind| rows.iter().filter(|row| row.kind == kind).count();
    assert!(count(Kind::Static) + count(Kind::Canary) >= 120, "too few mutations");
    assert!(count(Kind::Canary) >= 15, "too few that a canary alone catches");
    assert!(count(Kind::Silent) >= 40, "too few changes that are no drift");
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), rows.len(), "two rows have one name");
    for row in &rows {
        let found = match row.kind {
            Kind::Static => !row.finds.is_empty(),
            Kind::Canary => row.finds.is_empty() && !row.fires.is_empty(),
            Kind::Silent => row.finds.is_empty() && row.fires.is_empty(),
        };
        assert!(found, "{} stands in the wrong table", row.name);
        assert!(!row.does.is_empty() || !row.env.is_empty(), "{} changes nothing", row.name);
        assert!(super::homes::REPOS.contains(&row.repo.as_str()), "{}: no repository {}", row.name, row.repo);
    }
}
