//! What the tools share that have configuration files of their own: the sh functions that bring them, the tool's version,
//! where a file's configuration can stand, and where leaves are decided.

use std::collections::{BTreeMap, BTreeSet};

use super::told::Told;
use crate::spec::{GateFact, Why};
use crate::transport::lines_for_shells;

/// The sh functions of the questions about tools with files of their own, and those of one tool.
pub(super) fn functions(of_tool: &str) -> String {
    lines_for_shells(include_str!("found.sh"))
        .chain(lines_for_shells(of_tool))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// A tool that the repository asks for and the machine does not have.
pub(super) fn asked_for(tool: &str) -> GateFact {
    let mut fact = GateFact::new("is asked for and not installed");
    fact.weak = Some(format!("{tool} is asked for and not installed"));
    fact
}

/// Reads the version that `tu_hear version` heard: the word behind the tool's name. A version manager's stand-in that has
/// nothing to start is no tool, and neither is one that its toolchain lacks.
pub(super) fn version(told: &Told, tool: &str) -> Result<Option<String>, Why> {
    let Some(section) = told.all("version").next() else { return Ok(None) };
    let said = match told.heard(section, &format!("{tool} --version")) {
        Err(Why::Failed { code: 127, .. }) => return Ok(None),
        Err(Why::Failed { message, .. }) if message.contains("is not installed") => return Ok(None),
        said => said?,
    };
    let mut words = said.split_whitespace().skip_while(|word| !word.eq_ignore_ascii_case(tool)).skip(1);
    let is_number = |word: &&str| word.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    let version =
        words.find(is_number).map(|word| word.trim_start_matches('v').trim_end_matches([',', ';']).to_owned());
    version.map(Some).ok_or_else(|| Why::NotUnderstood(format!("{tool} told no version")))
}

/// A fact about a tool that is there.
pub(super) fn of_tool(told: &Told, tool: &str, version: &str) -> GateFact {
    let mut fact = GateFact::new(format!("is {tool} {version}"));
    fact.path = told.one("path").map(|path| told.place(path));
    fact.leaf("taken from", told.one("from").unwrap_or_default());
    fact
}

/// Says where leaves are decided: for each file in the configuration that its leaf of this name tells. What knows the lines of
/// leaves in a configuration is handed in.
pub(super) fn decide_by_file(fact: &mut GateFact, line: impl Fn(&str, &str) -> Option<usize>) {
    const NAME: &str = "configuration";
    let at = |place: &str, leaf: &str| line(place, leaf).map(|line| format!("{place}:{line}"));
    let told = fact.leaves.get(NAME).into_iter().chain(fact.files.values().filter_map(|leaves| leaves.get(NAME)));
    let mut places: Vec<&str> = told.map(String::as_str).filter(|place| *place != "none").collect();
    places.sort_by_key(|place| (place.matches('/').count(), *place));
    places.dedup();
    let mut decided: Vec<(String, String)> = Vec::new();
    decided.extend(places.first().map(|place| (String::new(), (*place).to_owned())));
    for leaf in fact.leaves.keys() {
        decided.extend(places.iter().find_map(|place| at(place, leaf)).map(|at| (leaf.clone(), at)));
    }
    for (file, leaves) in &fact.files {
        let Some(place) = fact.value(file, NAME) else { continue };
        decided.extend(leaves.keys().filter_map(|leaf| Some((format!("{leaf} ({file})"), at(place, leaf)?))));
    }
    decided.into_iter().for_each(|(leaf, at)| fact.decide(leaf, at));
}

/// Files by their folders, as words that no program takes for an option: `./a.py`, and `.` or `./pkg`.
pub(super) fn by_folder<'a>(files: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, Vec<String>> {
    let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files {
        let file = format!("./{file}");
        let folder = file.rsplit_once('/').map_or(".", |(folder, _)| folder);
        folders.entry(folder.to_owned()).or_default().push(file);
    }
    folders
}

/// Files of these names in the folders and all those that they lie in, within the repository.
pub(super) fn candidates<'a>(folders: impl IntoIterator<Item = &'a str>, names: &[&str]) -> Vec<String> {
    let mut above: BTreeSet<&str> = BTreeSet::from(["."]);
    for folder in folders {
        above.extend(std::iter::successors(Some(folder), |folder| folder.rsplit_once('/').map(|(up, _)| up)));
    }
    above.iter().flat_map(|folder| names.iter().map(move |name| format!("{folder}/{name}"))).collect()
}

/// The folders that a file lies in, the nearest first and the repository's own, which is empty, last.
pub(super) fn upward(file: &str) -> impl Iterator<Item = &str> + Clone {
    let nearest = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    std::iter::successors(Some(nearest), |folder| {
        (!folder.is_empty()).then(|| folder.rsplit_once('/').map_or("", |(up, _)| up))
    })
}

/// A name in a folder of the repository.
pub(super) fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{Asked, Gate};
    use crate::observe::Answer;
    use crate::spec::{GateFact, Why};

    /// What a tool is read as where its script tells this of a repository in a home.
    pub(in super::super) fn read(gate: &Gate, repo: &str, told: &str, samples: &[&str]) -> Result<GateFact, Why> {
        let stdout = format!("=repo {repo}\n=home /home/jane\n{told}");
        let samples: Vec<String> = samples.iter().map(|file| (*file).to_owned()).collect();
        (gate.read)(&Asked { samples: &samples }, &Answer { code: 0, stdout: stdout.into(), stderr: Vec::new() })
    }
}
