//! What shellcheck would apply to each script: the first configuration that it finds from the script's folder upwards, else
//! the user's own (<https://github.com/koalaman/shellcheck/blob/master/shellcheck.1.md>), and `SHELLCHECK_OPTS`.

use std::collections::BTreeMap;

use super::found;
use super::told::Told;
use super::{Asked, Gate};
use crate::observe::Answer;
use crate::spec::{GateFact, Leaves, Why};
use crate::transport::quote;

pub(super) const GATE: Gate = Gate { name: "shellcheck", doc: "what shellcheck warns of in each script", script, read };

const EXTENSIONS: &[&str] = &["sh", "bash", "dash", "ksh", "bats"];

/// As it looks for them in a folder.
const NAMES: &[&str] = &[".shellcheckrc", "shellcheckrc"];

/// Files that are scripts by their names, and those that may be by their first lines.
fn scripts<'a>(asked: &Asked<'a>) -> (Vec<&'a str>, Vec<&'a str>) {
    let name = |file: &&str| file.rsplit_once('/').map_or(*file, |(_, name)| name).to_owned();
    let bare = asked.samples.iter().map(String::as_str).filter(|file| !name(file).contains('.'));
    (asked.with_extension(EXTENSIONS).collect(), bare.collect())
}

fn script(asked: &Asked<'_>) -> String {
    let (named, bare) = scripts(asked);
    let folders = found::by_folder(named.iter().chain(&bare).copied());
    let configs = found::candidates(folders.keys().map(String::as_str), NAMES);
    let configs = quote::words(configs.iter().map(String::as_str));
    let bare: Vec<String> = bare.iter().map(|file| format!("./{file}")).collect();
    let named = named.is_empty();
    let some = if named { "false" } else { "true" };
    found::functions(include_str!("shellcheck.sh"))
        + &format!(
            "tu_shellcheck_used {configs} || return {unused}\ntu_found=$(tu_scripts {bare})\n\
             {some} || [ -n \"$tu_found\" ] || return {unused}\n\
             tu_places\n[ -z \"$tu_found\" ] || printf '%s\\n' \"$tu_found\"\ntu_files {configs} || return\n\
             tu_above '{names}' || return\n\
             tu_files ~/.shellcheckrc \"${{XDG_CONFIG_HOME:-$HOME/.config}}/shellcheckrc\" || return\n\
             tu_variables SHELLCHECK_OPTS\ntu_hush\nif tu_inside shellcheck; then tu_hear version \"$tu_path\" --version; fi\n",
            unused = super::NOT_USED,
            names = NAMES.join(" "),
            bare = quote::words(bare.iter().map(String::as_str)),
        )
}

fn read(asked: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    let told = Told::read(answer)?;
    let mut fact = match version(&told)? {
        Some(version) => found::of_tool(&told, "shellcheck", &version),
        None => found::asked_for("shellcheck"),
    };
    if let Some(options) = told.variable("SHELLCHECK_OPTS") {
        fact.leaf("SHELLCHECK_OPTS", told.normal(&options.split_whitespace().collect::<Vec<_>>().join(" ")));
    }
    let mut read: BTreeMap<&str, Leaves> = BTreeMap::new();
    let mut lines_of: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    for (place, text) in &told.files {
        let (leaves, lines) = directives(place, text)?;
        lines_of.insert(place, lines.into_iter().collect());
        read.insert(place, leaves);
    }
    let (named, _) = scripts(asked);
    let scripts = named.into_iter().map(str::to_owned);
    let scripts: Vec<String> = scripts.chain(told.all("script").map(|script| told.place(&script.name))).collect();
    // Outside the repository the longest way leads to the nearest, and the home comes behind all of them.
    let mut outside: Vec<&str> = read.keys().copied().filter(|place| place.starts_with(['/', '~'])).collect();
    outside.sort_by_key(|place| {
        let user = ["~/.shellcheckrc", "~/.config/shellcheckrc"].iter().position(|one| one == place);
        (user, std::cmp::Reverse(place.matches('/').count()), !place.ends_with("/.shellcheckrc"))
    });
    fact.of_files(scripts.into_iter().map(|script| {
        let inside = found::upward(&script)
            .flat_map(|folder| NAMES.iter().map(move |name| found::joined(folder, name)))
            .find(|place| read.contains_key(place.as_str()));
        let place = inside.or_else(|| outside.first().map(|place| (*place).to_owned()));
        let mut leaves = place.as_ref().map_or_else(Leaves::new, |place| read[place.as_str()].clone());
        leaves.insert("configuration".to_owned(), place.unwrap_or_else(|| "none".to_owned()));
        (script, leaves)
    }));
    found::decide_by_file(&mut fact, |place, leaf| lines_of.get(place)?.get(leaf).copied());
    Ok(fact)
}

/// `version: 0.10.0` among what it says of itself.
fn version(told: &Told) -> Result<Option<String>, Why> {
    let Some(section) = told.all("version").next() else { return Ok(None) };
    let said = match told.heard(section, "shellcheck --version") {
        Err(Why::Failed { code: 127, .. }) => return Ok(None),
        said => said?,
    };
    let version = said.lines().find_map(|line| line.strip_prefix("version: "));
    version
        .map(|version| Some(version.trim().to_owned()))
        .ok_or_else(|| Why::NotUnderstood("shellcheck told no version".to_owned()))
}

/// What a configuration says, and the lines of it. Several pairs may stand in a line; what is off is a leaf a code.
fn directives(place: &str, text: &str) -> Result<(Leaves, Vec<(String, usize)>), Why> {
    let (mut leaves, mut lines) = (Leaves::new(), Vec::new());
    for (number, line) in text.lines().enumerate().map(|(number, line)| (number + 1, line.trim())) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        for pair in words(line) {
            let malformed = || Why::NotUnderstood(format!("{place}:{number}: `{pair}` is no key with a value"));
            let (key, value) = pair.split_once('=').ok_or_else(malformed)?;
            if key.is_empty() || !key.chars().all(|c| c.is_ascii_lowercase() || c == '-') {
                return Err(malformed());
            }
            let each: Vec<(String, &str)> = match key {
                "disable" => value.split(',').map(|code| (code_of(code), "disabled")).collect(),
                "enable" => value.split(',').map(|check| (format!("optional.{}", check.trim()), "enabled")).collect(),
                "source-path" => vec![(format!("source-path.{value}"), "searched")],
                _ => vec![(key.to_owned(), value)],
            };
            for (leaf, value) in each {
                lines.push((leaf.clone(), number));
                leaves.insert(leaf, value.to_owned());
            }
        }
    }
    Ok((leaves, lines))
}

/// The words of a line: quotes may hold blanks, and a `#` behind a blank begins a comment.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in line.chars() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            ('#', None) if word.is_empty() => break,
            (c, None) if c.is_whitespace() => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            (c, _) => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// `SC2086` however it is written.
fn code_of(code: &str) -> String {
    let code = code.trim();
    if code.starts_with(|c: char| c.is_ascii_digit()) { format!("SC{code}") } else { code.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(told: &str, samples: &[&str]) -> Result<GateFact, Why> {
        found::tests::read(&GATE, "/home/jane/w/shop", told, samples)
    }

    const VERSION: &str = "=from PATH\n=path /usr/bin/shellcheck\n=version\n|ShellCheck - shell script analysis tool\n|version: 0.10.0\n|license: GPL\n|\n|0\n";

    #[test]
    fn the_nearest_configuration_decides_for_each_script() {
        let told = "=script ./bin/run\n=there ./.shellcheckrc\n=there ./bin/.shellcheckrc\n=there /home/jane/.shellcheckrc\n\
             =file ./.shellcheckrc\n|# house style\n|disable=2086,SC1090 # sources\n|enable=all shell=bash\n|source-path=SCRIPTDIR\n\
             =file ./bin/.shellcheckrc\n|external-sources=true\n=file /home/jane/.shellcheckrc\n|disable=all\n=variable SHELLCHECK_OPTS\n|-e  SC1091\n";
        let fact = fact(&format!("{told}{VERSION}"), &["a.sh", "bin/run", "x.py"]).unwrap();
        assert_eq!(fact.does, "is shellcheck 0.10.0");
        let of = |file: &str, leaf: &str| fact.files[file].get(leaf).map_or("-", String::as_str).to_owned();
        assert_eq!(of("a.sh", "SC2086"), "disabled");
        assert_eq!(of("a.sh", "optional.all"), "enabled");
        assert_eq!(of("a.sh", "shell"), "bash");
        assert_eq!(of("a.sh", "source-path.SCRIPTDIR"), "searched");
        assert_eq!(of("bin/run", "external-sources"), "true");
        assert_eq!(of("bin/run", "SC2086"), "-");
        assert_eq!(fact.leaves["SHELLCHECK_OPTS"], "-e SC1091");
        assert_eq!(fact.decided["SC2086 (a.sh)"], ".shellcheckrc:2");
        assert_eq!(fact.files.len(), 2);
    }

    #[test]
    fn above_the_repository_the_nearest_decides_and_the_home_comes_last() {
        let files = "=there /home/jane/w/shellcheckrc\n=there /.shellcheckrc\n=there /home/jane/.config/shellcheckrc\n\
                     =file /home/jane/w/shellcheckrc\n|shell=sh\n=file /.shellcheckrc\n|shell=ksh\n=file /home/jane/.config/shellcheckrc\n|shell=dash\n";
        let fact_of = fact(&format!("{files}=missing\n"), &["a.sh"]).unwrap();
        assert_eq!(fact_of.leaves["configuration"], "~/w/shellcheckrc");
        assert_eq!(fact_of.does, "is asked for and not installed");
        assert_eq!(fact(VERSION, &["a.sh"]).unwrap().leaves["configuration"], "none");
    }

    #[test]
    fn what_is_no_directive_is_unknown_with_its_line() {
        let why =
            fact("=there ./.shellcheckrc\n=file ./.shellcheckrc\n|shell=sh\n|disable\n=missing\n", &[]).unwrap_err();
        assert!(why.to_string().contains(".shellcheckrc:2"), "{why}");
        assert!(fact("=from PATH\n=version\n|?\n|\n|0\n", &[]).is_err());
    }
}
