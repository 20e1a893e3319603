//! The smallest change that makes a tool apply on a target what it applies on the reference, in words that name the file and
//! the line.

use std::collections::{BTreeMap, BTreeSet};

use crate::quality::lock_files::installs;
use crate::spec::{GateFact, LeafDifference};

/// How many changes are told.
const TOLD: usize = 8;

/// What to change on a target, where its facts differ from the reference's. What is installed comes first: the rest may follow
/// from it.
pub fn smallest_change(want: &GateFact, got: &GateFact, target: &str) -> Vec<String> {
    let differences = want.differences(got);
    if let Some(path) = want.path.as_deref() {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if let Some(installs) = installs(name) {
            let commands: Vec<String> = installs.missing.iter().map(|words| words.join(" ")).collect();
            return installation(path, folder, &commands.join(" && "), &differences, target);
        }
    }
    let mut changes = Vec::new();
    if want.does != got.does {
        changes.push(match want.does.strip_prefix("is ") {
            Some(version) if !version.contains("not installed") => {
                format!("install {version} in the repository on {target}, as its lock file or pin has it")
            }
            _ => format!("make it so on {target} that it {}", want.does),
        });
    }
    let mut by_file: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for difference in &differences {
        if difference.leaf.starts_with("config file") || difference.leaf == "configurations" {
            changes.extend(files(difference, target));
            continue;
        }
        if difference.leaf.contains("node_modules/.bin/") {
            changes.push(format!("install the repository's packages anew on {target}: {} is another", difference.leaf));
            continue;
        }
        let file = difference.files.first().map(String::as_str);
        let place = got.place(&difference.leaf, file).or_else(|| want.place(&difference.leaf, file));
        by_file.entry(place.unwrap_or_default()).or_default().push(setting(difference));
    }
    // Where another file decides, or another version, what it says follows.
    if changes.is_empty() {
        for (place, settings) in by_file {
            let settings = settings.join(", ");
            changes.push(match place {
                "" => format!("on {target}, {settings}"),
                place if place.contains("node_modules/") => {
                    format!("install the repository's packages anew on {target}: {place} decides ({settings})")
                }
                place => format!("in {place} on {target}, {settings}"),
            });
        }
    }
    let more = changes.len().saturating_sub(TOLD);
    changes.truncate(TOLD);
    if more > 0 {
        changes.push(format!("and {more} more"));
    }
    changes
}

fn installation(file: &str, folder: &str, command: &str, differences: &[LeafDifference], target: &str) -> Vec<String> {
    let mut changes = Vec::new();
    if differences.iter().any(|difference| difference.leaf == file) {
        changes.push(format!("bring {file} to {target} as it is on the reference"));
    }
    if differences.iter().any(|difference| difference.leaf.contains("asked for.")) {
        changes.push(format!("bring package.json to {target} as it is on the reference"));
    }
    let place = if folder.is_empty() { "the repository" } else { folder };
    changes.push(format!("run `{command}` in {place} on {target}"));
    changes
}

/// What to do about configuration files that only one of the two has.
fn files(difference: &LeafDifference, target: &str) -> Vec<String> {
    fn list(value: Option<&str>) -> BTreeSet<&str> {
        value.into_iter().flat_map(|value| value.split(", ")).filter(|file| *file != "none").collect()
    }
    let (want, got) = (list(difference.want.as_deref()), list(difference.got.as_deref()));
    let extra: Vec<&str> = got.difference(&want).copied().collect();
    if !extra.is_empty() {
        return extra.iter().map(|file| format!("remove {file} on {target}")).collect();
    }
    want.difference(&got).map(|file| format!("bring {file} to {target}")).collect()
}

fn setting(difference: &LeafDifference) -> String {
    let leaf = &difference.leaf;
    let about = match difference.files.first() {
        Some(file) => format!(" for {file}"),
        None => String::new(),
    };
    match &difference.want {
        Some(want) if want.starts_with("sha256:") => format!("make {leaf}{about} what it is on the reference"),
        Some(want) => format!("set {leaf}{about} to {want}"),
        None if leaf.starts_with("rules.") && !leaf.ends_with(".options") => format!("set {leaf}{about} to off"),
        None => format!("take {leaf}{about} away"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(does: &str, leaves: &[(&str, &str)], decided: &[(&str, &str)]) -> GateFact {
        let mut fact = GateFact::new(does);
        leaves.iter().for_each(|(leaf, value)| fact.leaf(*leaf, *value));
        decided.iter().for_each(|(leaf, place)| fact.decide(*leaf, *place));
        fact
    }

    #[test]
    fn a_rule_is_set_where_the_target_decides_it() {
        let want = fact(
            "is eslint 9.17.0",
            &[("rules.no-console", "error")],
            &[("", "eslint.config.js"), ("rules.no-console", "eslint.config.js:4")],
        );
        let off = fact("is eslint 9.17.0", &[], &[("", "eslint.config.js")]);
        assert_eq!(smallest_change(&want, &off, "vm"), ["in eslint.config.js on vm, set rules.no-console to error"]);
        assert_eq!(smallest_change(&off, &want, "vm"), ["in eslint.config.js:4 on vm, set rules.no-console to off"]);
        let package = fact(
            "is eslint 9.17.0",
            &[("rules.no-console", "warn")],
            &[("rules.no-console", "node_modules/eslint-config-shop/index.js:2")],
        );
        assert_eq!(
            smallest_change(&want, &package, "vm"),
            ["install the repository's packages anew on vm: node_modules/eslint-config-shop/index.js:2 decides \
                 (set rules.no-console to error)"]
        );
    }

    #[test]
    fn what_is_installed_and_which_file_decides_come_before_what_follows_from_them() {
        let want = fact("is eslint 9.17.0", &[("config file", "eslint.config.js"), ("rules.x", "error")], &[]);
        let other = fact("is eslint 9.16.0", &[("config file", "eslint.config.js")], &[]);
        assert_eq!(
            smallest_change(&want, &other, "vm"),
            ["install eslint 9.17.0 in the repository on vm, as its lock file or pin has it"]
        );
        let nearer = fact("is eslint 9.17.0", &[("config file", "src/eslint.config.js")], &[]);
        assert_eq!(smallest_change(&want, &nearer, "vm"), ["remove src/eslint.config.js on vm"]);
        assert_eq!(
            smallest_change(
                &want,
                &fact("is eslint 9.17.0", &[("config file", "none"), ("rules.x", "error")], &[]),
                "vm"
            ),
            ["bring eslint.config.js to vm"]
        );
    }

    #[test]
    fn packages_out_of_step_are_installed_as_their_lock_file_has_it() {
        let mut want = fact("is in step with pnpm-lock.yaml", &[("pnpm-lock.yaml", "1")], &[]);
        want.path = Some("pnpm-lock.yaml".to_owned());
        let mut got = want.clone();
        got.does = "is out of step with pnpm-lock.yaml".to_owned();
        let command = "run `pnpm install --frozen-lockfile` in the repository on vm";
        assert_eq!(smallest_change(&want, &got, "vm"), [command]);
        got.leaf("pnpm-lock.yaml", "2");
        assert_eq!(
            smallest_change(&want, &got, "vm"),
            ["bring pnpm-lock.yaml to vm as it is on the reference", command]
        );
    }
}
