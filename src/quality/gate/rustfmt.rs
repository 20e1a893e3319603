//! What rustfmt would apply, by its own account (`rustfmt --print-config current FILE`), and the edition, which it learns from
//! cargo. Where rustfmt is not installed, `rustfmt.toml` is read instead.

use std::collections::BTreeMap;

use serde_json::Value;

use super::config::Config;
use super::found;
use super::told::Told;
use super::{Asked, Gate, NOT_USED};
use crate::observe::Answer;
use crate::spec::{GateFact, Leaves, Why};
use crate::transport::quote;

pub(super) const GATE: Gate = Gate { name: "rustfmt", doc: "rustfmt's settings", script, read };

/// As it looks for them in a folder.
const NAMES: [&str; 2] = [".rustfmt.toml", "rustfmt.toml"];

fn script(asked: &Asked<'_>) -> String {
    let folders = found::by_folder(asked.with_extension(&["rs"]));
    if folders.is_empty() {
        return format!("return {NOT_USED}\n");
    }
    let folder_names = || folders.keys().map(String::as_str);
    let configs = found::candidates(folder_names(), &NAMES);
    let configs = quote::words(configs.iter().map(String::as_str));
    let manifests = found::candidates(folder_names(), &["Cargo.toml"]);
    let manifests = quote::words(manifests.iter().map(String::as_str));
    let mut script = found::functions(include_str!("rustfmt.sh"));
    script += &format!(
        "tu_seek rustfmt || tu_rustfmt_asked {configs} || return {NOT_USED}\ntu_places\ntu_files {configs} {manifests} || return\n\
         tu_above '{}' || return\n\
         for tu_home in ~ \"${{XDG_CONFIG_HOME:-$HOME/.config}}/rustfmt\" ~/Library/'Application Support'/rustfmt; do\n\
         tu_files \"$tu_home/.rustfmt.toml\" \"$tu_home/rustfmt.toml\" || return\ndone\ntu_rustfmt_version\n\
         [ -n \"${{tu_rustfmt-}}\" ] || return 0\n",
        NAMES.join(" ")
    );
    for (folder, files) in &folders {
        let words = quote::words(std::iter::once(folder).chain(files).map(String::as_str));
        script += &format!("tu_group '{}' tu_rustfmt_settings {words}\n", NAMES.join(" "));
    }
    script
}

fn read(asked: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    let told = Told::read(answer)?;
    let mut read = BTreeMap::new();
    let (mut manifests, mut configs) = (BTreeMap::new(), BTreeMap::new());
    for (place, text) in &told.files {
        let kept = if place.ends_with("Cargo.toml") { &mut manifests } else { &mut configs };
        kept.insert(place.as_str(), Config::toml(place, text)?);
    }
    let version = found::version(&told, "rustfmt")?;
    if version.is_some() {
        for section in told.all("settings") {
            let text = told.heard(section, "rustfmt --print-config current")?;
            read.insert(section.name.as_str(), Config::toml("what rustfmt told", &told.normal(text))?.leaves());
        }
    }
    let mut fact = version
        .as_ref()
        .map_or_else(|| found::asked_for("rustfmt"), |version| found::of_tool(&told, "rustfmt", version));
    let mut groups: BTreeMap<String, &str> = BTreeMap::new();
    for group in told.all("group") {
        groups.extend(group.body.lines().map(|file| (told.place(file), group.name.as_str())));
    }
    // In the home, or above it.
    let outside = configs.keys().find(|place| place.starts_with(['~', '/'])).copied();
    let mut of_files = Vec::new();
    for file in asked.with_extension(&["rs"]) {
        let inside = found::upward(file)
            .flat_map(|folder| NAMES.iter().map(move |name| found::joined(folder, name)))
            .find(|place| configs.contains_key(place.as_str()));
        let place = inside.or_else(|| outside.map(str::to_owned));
        let mut leaves = match (&version, groups.get(file).and_then(|group| read.get(group))) {
            (Some(_), Some(leaves)) => leaves.clone(),
            (Some(_), None) => Leaves::from([("file".to_owned(), "is not there".to_owned())]),
            (None, _) => place.as_ref().map_or_else(Leaves::new, |place| configs[place.as_str()].leaves()),
        };
        if let Some((edition, at)) = edition(&manifests, file) {
            leaves.insert("edition".to_owned(), edition);
            fact.decide("edition", at);
        }
        leaves.insert("configuration".to_owned(), place.unwrap_or_else(|| "none".to_owned()));
        of_files.push((file.to_owned(), leaves));
    }
    fact.of_files(of_files);
    found::decide_by_file(&mut fact, |place, leaf| configs.get(place)?.lines.get(leaf).copied());
    Ok(fact)
}

/// The edition that cargo hands over for a file, and where it stands: in the package's manifest or, where that says so, in
/// the workspace's.
fn edition(manifests: &BTreeMap<&str, Config>, file: &str) -> Option<(String, String)> {
    let above = || found::upward(file).map(|folder| found::joined(folder, "Cargo.toml"));
    let of = |key: &str, table: &str| {
        let place =
            above().find(|place| manifests.get(place.as_str()).is_some_and(|one| one.value.get(table).is_some()))?;
        let config = &manifests[place.as_str()];
        let value = key.split('.').try_fold(&config.value, |value, name| value.get(name));
        Some((value.cloned(), format!("{place}:{}", config.lines.get(key).copied().unwrap_or(1))))
    };
    match of("package.edition", "package")? {
        (Some(Value::String(edition)), place) => Some((edition, place)),
        (Some(_), _) => match of("workspace.package.edition", "workspace")? {
            (Some(Value::String(edition)), place) => Some((edition, place)),
            _ => None,
        },
        (None, place) => Some(("2015".to_owned(), place)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(told: &str, samples: &[&str]) -> Result<GateFact, Why> {
        found::tests::read(&GATE, "/home/jane/shop", told, samples)
    }

    const FILES: &str = "=there ./rustfmt.toml\n=there ./Cargo.toml\n=there ./crates/a/Cargo.toml\n=file ./rustfmt.toml\n|max_width = 120\n\
        =file ./Cargo.toml\n|[workspace]\n|members = [\"crates/a\"]\n|[workspace.package]\n|edition = \"2024\"\n\
        =file ./crates/a/Cargo.toml\n|[package]\n|name = \"a\"\n|edition.workspace = true\n";

    #[test]
    fn what_rustfmt_tells_and_the_edition_that_cargo_hands_over() {
        let told = "=from PATH\n=path /home/jane/.cargo/bin/rustfmt\n=version\n|rustfmt 1.8.0-stable (4a4ef493e3 2026-03-02)\n|\n|0\n\
                    =group ./rustfmt.toml\n|./crates/a/src/lib.rs\n=settings ./rustfmt.toml\n|max_width = 120\n|edition = \"2015\"\n|ignore = []\n|\n|0\n";
        let fact = fact(&format!("{FILES}{told}"), &["crates/a/src/lib.rs"]).unwrap();
        assert_eq!(fact.does, "is rustfmt 1.8.0-stable");
        assert_eq!(fact.path.as_deref(), Some("~/.cargo/bin/rustfmt"));
        for (leaf, value) in
            [("max_width", "120"), ("edition", "2024"), ("ignore", "[]"), ("configuration", "rustfmt.toml")]
        {
            assert_eq!(fact.leaves[leaf], value, "{leaf}");
        }
        assert_eq!(fact.decided["max_width"], "rustfmt.toml:1");
        assert_eq!(fact.decided["edition"], "Cargo.toml:4");
    }

    #[test]
    fn without_rustfmt_its_configuration_still_counts() {
        let fact_of = fact(&format!("{FILES}=missing\n"), &["crates/a/src/lib.rs"]).unwrap();
        assert_eq!(fact_of.does, "is asked for and not installed");
        assert_eq!(fact_of.leaves["max_width"], "120");
        // rustup's stand-in, of a toolchain without rustfmt.
        let lacks = "=from PATH\n=version\n|error: 'rustfmt' is not installed for the toolchain 'stable'\n|\n|1\n";
        assert_eq!(fact(&format!("{FILES}{lacks}"), &["crates/a/src/lib.rs"]).unwrap(), fact_of);
    }

    #[test]
    fn what_does_not_parse_or_fails_is_unknown() {
        let why = fact("=there ./rustfmt.toml\n=file ./rustfmt.toml\n|max_width\n=missing\n", &[]).unwrap_err();
        assert!(why.to_string().contains("rustfmt.toml:1"), "{why}");
        let fails =
            "=from PATH\n=version\n|rustfmt 1.8.0\n|\n|0\n=settings -\n|Error: Decoding config file failed\n|\n|1\n";
        assert!(matches!(fact(fails, &[]), Err(Why::Failed { .. })));
    }
}
