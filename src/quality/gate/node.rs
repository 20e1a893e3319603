//! Asking tools that Node runs: whether a repository uses one, the program that asks it, and what all their answers share.
//!
//! The program runs inside the tool's own process (`node.js` says how), so that a tool is started once for all files. Whether
//! a repository uses a tool at all is settled before, without Node: by the names in the folders of the files that are asked
//! about, and by what their package.json files name.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::{Asked, NOT_USED};
use crate::observe::Answer;
use crate::spec::redact::redact;
use crate::spec::{GateFact, Leaves, Why};
use crate::transport::quote;

const SHARED: &str = include_str!("node.js");

/// What loading a configuration could write or print, closed; and Yarn's way of finding packages without node_modules.
const QUIET: &str = "tu_hush\n\
    export JITI_FS_CACHE=false JITI_CACHE=false TSX_DISABLE_CACHE=1 BABEL_DISABLE_CACHE=1 ESLINT_D_NO_DAEMON=1\n\
    export NODE_NO_WARNINGS=1 FORCE_COLOR=0\n\
    unset NODE_COMPILE_CACHE NODE_V8_COVERAGE\n\
    set --\n\
    if [ -f .pnp.cjs ]; then\n\
    set -- -r ./.pnp.cjs\n\
    if [ -f .pnp.loader.mjs ]; then set -- \"$@\" --experimental-loader ./.pnp.loader.mjs; fi\n\
    fi\n";

/// How a repository is told to use a tool, and how the tool is asked.
pub(super) struct Tool<'a> {
    /// What a line of the list of a folder's files looks like that is the tool's configuration, as an extended expression.
    pub configured: &'a str,
    /// The keys of a package.json that are about it, in the same notation.
    pub keys: &'a str,
    /// The program.
    pub program: &'a str,
}

/// The name of the shell's variable that holds what all programs share.
const SHARED_PROGRAM: &str = "tu_node";

/// What has to stand before questions of which some use the shared program, which is longer than all the others together:
/// nothing where none does.
pub(crate) fn before<'a>(scripts: impl IntoIterator<Item = &'a str>) -> String {
    let use_of = format!("${SHARED_PROGRAM}\"");
    if scripts.into_iter().any(|script| script.contains(&use_of)) {
        format!("{SHARED_PROGRAM}={}\n", quote::word(&bare(SHARED)))
    } else {
        String::new()
    }
}

/// A program without its comments and indentation.
fn bare(program: &str) -> String {
    let lines = program.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.fold(String::new(), |text, line| text + line + "\n")
}

/// The folders of the files that are asked about, and those above, the repository's own first.
pub(super) fn folders(asked: &Asked<'_>) -> BTreeSet<String> {
    let mut folders = BTreeSet::from([String::new()]);
    for file in asked.samples {
        for (end, _) in file.match_indices('/') {
            folders.insert(file[..=end].to_owned());
        }
    }
    folders
}

/// The commands that ask a tool about these files.
pub(super) fn script<'a>(tool: &Tool<'_>, asked: &Asked<'_>, files: impl IntoIterator<Item = &'a str>) -> String {
    let folders = folders(asked);
    let places: Vec<String> = folders.iter().map(|folder| format!("./{folder}")).collect();
    let packages: Vec<String> = folders.iter().map(|folder| format!("./{folder}package.json")).collect();
    let pattern = format!("^({})$|\"({})\"[[:space:]]*:", tool.configured, tool.keys);
    format!(
        "{{ ls -a {}; cat {}; }} 2>/dev/null | grep -E -q {} || return {NOT_USED}\n\
         command -v node >/dev/null || {{ echo '{{\"lacks\":\"node\"}}'; return 0; }}\n\
         {QUIET}node \"$@\" -e \"${SHARED_PROGRAM}\"{} -- {} 3>&1 >/dev/null",
        quote::words(places.iter().map(String::as_str)),
        quote::words(packages.iter().map(String::as_str)),
        quote::word(&pattern),
        quote::word(&bare(tool.program)),
        quote::words(files),
    )
}

/// What the programs print.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Told {
    /// Why it could not be asked.
    #[serde(default)]
    pub error: Option<String>,
    /// What is missing on the machine, without which it does not run.
    #[serde(default)]
    pub lacks: Option<String>,
    /// The tool, in each folder that it is started in.
    #[serde(default)]
    pub tools: Vec<Installed>,
    /// What it would apply.
    #[serde(default)]
    pub configs: Vec<Value>,
    /// To which file, by the place in `configs`.
    #[serde(default)]
    pub files: BTreeMap<String, usize>,
    /// Where leaves are decided.
    #[serde(default)]
    pub decided: BTreeMap<String, String>,
    /// What holds for no file in particular.
    #[serde(default)]
    pub whole: Option<Value>,
}

/// A tool in one folder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Installed {
    /// The folder, relative to the repository.
    at: String,
    /// The version that a package.json asks for.
    asked: Option<String>,
    /// The version that is there.
    version: Option<String>,
    /// The name of its command.
    #[serde(default)]
    bin: Option<String>,
    /// What that starts.
    #[serde(default)]
    command: Option<String>,
}

/// An answer as the programs print it; those of a tool that could not be asked are none.
pub(super) fn told(tool: &str, answer: &Answer) -> Result<Told, Why> {
    let told: Told =
        serde_json::from_slice(&answer.stdout).map_err(|error| Why::NotUnderstood(format!("{tool}: {error}")))?;
    match told.error {
        Some(message) => Err(Why::Failed { command: tool.to_owned(), code: 1, message: redact(&message) }),
        None => Ok(told),
    }
}

/// The fact about a tool, without what it would apply.
pub(super) fn fact(name: &str, told: &Told) -> GateFact {
    if let Some(lacks) = &told.lacks {
        let mut fact = GateFact::new(format!("cannot run, since there is no {lacks}"));
        fact.weak = Some(format!("{name} cannot run, since there is no {lacks}"));
        return fact;
    }
    let versions: BTreeSet<&str> = told.tools.iter().filter_map(|tool| tool.version.as_deref()).collect();
    let wanting: Vec<&Installed> = told.tools.iter().filter(|tool| tool.version.is_none()).collect();
    let versions: Vec<&str> = versions.into_iter().collect();
    let mut fact = match (versions.as_slice(), wanting.first()) {
        ([], Some(tool)) => match &tool.asked {
            Some(range) => GateFact::new(format!("is asked for as {range} and not installed")),
            None => GateFact::new("is configured and not installed"),
        },
        ([], None) => GateFact::new("is not installed"),
        (versions, _) => GateFact::new(format!("is {name} {}", versions.join(" and "))),
    };
    let weak = wanting.first().map(|tool| {
        let place = if tool.at == "." { String::new() } else { format!(" in {}", tool.at) };
        match &tool.asked {
            Some(range) => format!("{name} {range} is asked for and not installed{place}"),
            None => format!("{name} is configured and not installed{place}"),
        }
    });
    fact.weak = weak;
    let first = told.tools.first().and_then(|tool| tool.command.as_ref());
    for (number, tool) in told.tools.iter().enumerate() {
        let place = if tool.at == "." { String::new() } else { format!("{}/", tool.at) };
        if versions.len() > 1 || (!versions.is_empty() && tool.version.is_none()) {
            fact.leaf(format!("{place}{name}"), tool.version.as_deref().unwrap_or("not installed"));
        }
        // What is the same everywhere is told once.
        let as_first = number > 0 && tool.command.as_ref() == first;
        if let (Some(bin), Some(command), false) = (&tool.bin, &tool.command, as_first) {
            fact.leaf(format!("{place}node_modules/.bin/{bin}"), command);
        }
    }
    for (leaf, place) in &told.decided {
        fact.decide(leaf, place);
    }
    fact
}

/// The fact about a tool as its program tells it. What one that is not installed would apply is nothing.
pub(super) fn gate(name: &str, answer: &Answer, read: impl Fn(&Value) -> Leaves) -> Result<GateFact, Why> {
    let told = told(name, answer)?;
    let mut fact = fact(name, &told);
    fact.path = told.decided.get("").cloned();
    if told.tools.iter().all(|tool| tool.version.is_none()) {
        return Ok(fact);
    }
    if let Some(whole) = &told.whole {
        read(whole).into_iter().for_each(|(leaf, value)| fact.leaf(leaf, value));
    }
    fact.of_files(of_files(&told, read)?);
    Ok(fact)
}

/// What is applied to each file, each of the configurations read once.
fn of_files(told: &Told, read: impl Fn(&Value) -> Leaves) -> Result<Vec<(String, Leaves)>, Why> {
    let configs: Vec<Leaves> = told.configs.iter().map(read).collect();
    let config = |(file, number): (&String, &usize)| {
        let leaves = configs.get(*number);
        let leaves = leaves.ok_or_else(|| Why::NotUnderstood(format!("{file} has configuration {number} of none")))?;
        Ok((file.clone(), leaves.clone()))
    };
    told.files.iter().map(config).collect()
}

/// One file of each folder, for tools whose configuration is a folder's.
pub(super) fn one_of_each_folder<'a>(asked: &Asked<'a>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    let folder = |file: &str| file.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    asked.samples.iter().map(String::as_str).filter(|file| seen.insert(folder(file))).collect()
}
