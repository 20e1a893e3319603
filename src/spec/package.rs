//! Names of packages: what each manager calls one, and the one spelling of those that may be spelt in several ways.
//!
//! A name that the manager would never list is looked for to the letter, is found on neither side, and passes for a
//! match; so the spec is checked for it. Spec, lock and probe all use [`canonical`], so that `Ruamel.YAML` and
//! `ruamel-yaml` are one thing.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;

/// The managers that belong to a system: a machine of another system cannot have them.
pub(crate) const SYSTEM_MANAGERS: [&str; 6] = ["apt", "rpm", "apk", "brew", "cask", "tap"];

/// Whether a manager can exist on a system (`linux`, `macos`) at all. Homebrew's formulae and taps exist on both.
pub(crate) fn can_exist(manager: &str, os: &str) -> bool {
    match manager {
        "apt" | "rpm" | "apk" => os != "macos",
        "cask" => os == "macos",
        "brew" | "tap" => os == "macos" || os == "linux",
        _ => true,
    }
}

/// The spelling under which a package is known: for managers that know several, the one that stands for all.
pub(crate) fn canonical(manager: &str, name: &str) -> String {
    match manager {
        "pip" | "pipx" | "uv" => pep_503(name),
        "vscode" | "cask" => name.to_lowercase(),
        "tap" => tap(name),
        "brew" => match name.rsplit_once('/') {
            Some((of, formula)) => format!("{}/{formula}", tap(of)),
            None => name.to_lowercase(),
        },
        "mise" => match name {
            "nodejs" => "node".to_owned(),
            "golang" => "go".to_owned(),
            _ => name.to_owned(),
        },
        _ => name.to_owned(),
    }
}

/// Homebrew's name for a tap, `user/repository`: in lower case, and without what begins the names of such repositories.
pub(crate) fn tap(name: &str) -> String {
    let name = name.to_lowercase();
    let Some((user, repository)) = name.split_once('/') else { return name };
    let short = ["homebrew-", "linuxbrew-"].iter().find_map(|prefix| repository.strip_prefix(prefix));
    format!("{user}/{}", short.unwrap_or(repository))
}

/// Lower case, and each run of `-`, `_` and `.` a single `-`, as Python's package index has it.
fn pep_503(name: &str) -> String {
    let mut spelt = String::new();
    for c in name.chars() {
        if !matches!(c, '-' | '_' | '.') {
            spelt.extend(c.to_lowercase());
        } else if !spelt.ends_with('-') {
            spelt.push('-');
        }
    }
    spelt
}

/// What a package's name may be, as a regular expression that JSON Schema understands as well: what each manager lists,
/// and neither an option, a pattern nor a list of several.
pub(super) fn pattern(manager: &str) -> String {
    // In no name at all: blanks, control characters, and what shells make patterns of.
    const NEVER: &str = r"\s\x00-\x1f\x7f-\x9f*?\[,";
    let not = |also: &str| format!("[^{also}{NEVER}]");
    // A word between slashes, the first of them no option.
    let words = |also: &str| (not(&format!(r"\-/{also}")), not(&format!("/{also}")));
    let (first, word) = match manager {
        "apt" | "apk" | "pip" | "pipx" | "uv" => words("@="),
        "brew" | "cask" => words(""),
        _ => words("@"),
    };
    match manager {
        "npm" | "pnpm" => format!("^(?:@{word}+/{word}+|{first}{word}*)$"),
        "brew" => format!("^{first}{word}*(?:/{word}+/{word}+)?$"),
        "tap" => format!("^{first}{word}*/{word}+$"),
        "vscode" => format!(r"^{}{}*\.{word}+$", not(r"\-/@."), not("/@.")),
        "go" => format!(r"^{}{}*\.{word}*(?:/{word}+)*$", not(r"\-/@."), not("/@.")),
        "mise" => format!("^{}{}*(?::@?{word}+)?(?:/{word}+)*$", not(r"\-/@:"), not("/@:")),
        _ => format!("^{first}{word}*$"),
    }
}

/// Compiled once a manager: a spec may name hundreds of packages.
fn is_name(manager: &str, name: &str) -> bool {
    static KNOWN: LazyLock<Mutex<BTreeMap<String, Regex>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let regex = known
        .entry(manager.to_owned())
        .or_insert_with(|| Regex::new(&pattern(manager)).expect("a pattern of ours is a regular expression"));
    regex.is_match(name)
}

/// What is wrong with a name, and what to write instead.
pub(super) fn problem(manager: &str, name: &str) -> Option<String> {
    if let Some(help) = with_version(manager, name) {
        return Some(help);
    }
    if is_name(manager, name) {
        return None;
    }
    let help = match manager {
        "npm" | "pnpm" => "write `name` or `@scope/name`",
        "tap" => "write `user/repository`, such as `homebrew/cask-fonts`",
        "brew" => "write `name` or `user/repository/name`",
        "cask" => "write the name alone, as `brew list --cask` has it",
        "vscode" => "write `publisher.name`",
        "go" => "write the package's whole path, such as `golang.org/x/tools/cmd/goimports`",
        _ => "name each package as the manager lists it",
    };
    Some(help.to_owned())
}

/// A version that was written behind the name. An `@` is part of a formula's name (`python@3.12`), and of an npm scope.
fn with_version(manager: &str, name: &str) -> Option<String> {
    let (bare, version) = match manager {
        "brew" | "cask" => return None,
        "pip" | "pipx" | "uv" => name.split_once("==").or_else(|| name.split_once('@'))?,
        "apt" | "apk" => name.split_once('=').or_else(|| name.split_once('@'))?,
        _ => {
            // Behind a colon (`npm:@scope/tool`) it begins a scope.
            let is_version = |at: usize| at > 0 && !name[..at].ends_with(':');
            let at = name.match_indices('@').map(|(at, _)| at).find(|at| is_version(*at))?;
            (&name[..at], &name[at + 1..])
        }
    };
    Some(format!("the version goes into the policy: {{ policy = \"{version}\", names = [\"{bare}\"] }}"))
}

/// The version that the authors of the program gave it, without what a manager made of it: Debian's epoch, revision and
/// tilde, rpm's release, apk's `-r1`, Homebrew's `_1`, a cask's build. What names a pre-release stays.
pub(crate) fn upstream(manager: &str, version: &str) -> String {
    // Where several are installed, the newest comes first, and is the one that counts.
    let newest = version.split(", ").next().unwrap_or(version);
    match manager {
        "apt" | "rpm" => of_distribution(newest),
        "apk" => match newest.rsplit_once("-r") {
            Some((upstream, revision)) if is_number(revision) => upstream.replace('_', "-"),
            _ => newest.to_owned(),
        },
        "brew" => match newest.rsplit_once('_') {
            // `2024_07` is a version, not the seventh revision of one.
            Some((upstream, revision)) if is_number(revision) && !revision.starts_with('0') => upstream.to_owned(),
            _ => newest.to_owned(),
        },
        // A version of a cask is asked for by its first field, as it stands in spec and lock: `4.35.1,173168`.
        "cask" => newest.split(',').next().unwrap_or(newest).to_owned(),
        _ => newest.strip_prefix('v').unwrap_or(newest).to_owned(),
    }
}

fn of_distribution(version: &str) -> String {
    match released(version) {
        (release, Some(stage)) => format!("{release}-{stage}"),
        (release, None) => release,
    }
}

/// What of an installed version is held against a bound: no epoch where the bound has none, no revision where it has
/// none, and nothing of what a distribution added where the bound names nothing of the sort.
pub(crate) fn as_precise_as(bound: &str, manager: &str, version: &str) -> String {
    let newest = version.split(", ").next().unwrap_or(version);
    if !matches!(manager, "apt" | "rpm") {
        let is_plain = upstream(manager, bound) == bound;
        return if is_plain { upstream(manager, newest) } else { newest.to_owned() };
    }
    let (epoch, rest) = newest.split_at(newest.len() - without_epoch(newest).len());
    let epoch = if bound.contains(':') { epoch } else { "" };
    let rest = match (bound.contains('-'), bound.contains(['+', '~', '^'])) {
        (true, _) => rest.to_owned(),
        (false, true) => rest.rsplit_once('-').map_or(rest, |(upstream, _)| upstream).to_owned(),
        (false, false) => match released(rest) {
            (release, Some(stage)) => format!("{release}~{stage}"),
            (release, None) => release,
        },
    };
    format!("{epoch}{rest}")
}

/// What makes a distribution's version a pre-release: `rc1` of `1.7~rc1-2`; none of a release or its rebuild.
pub(crate) fn prerelease(version: &str) -> Option<String> {
    released(version).1
}

fn without_epoch(version: &str) -> &str {
    match version.split_once(':') {
        Some((epoch, rest)) if is_number(epoch) => rest,
        _ => version,
    }
}

/// A distribution's version as its authors released it, and what makes it a pre-release.
fn released(version: &str) -> (String, Option<String>) {
    let version = without_epoch(version);
    let (upstream, revision) = version.rsplit_once('-').unwrap_or((version, ""));
    // `5.0+really4.2` is 4.2 under a number that sorts above 5.0.
    let upstream = upstream.rsplit_once("+really").map_or(upstream, |(_, really)| really);
    let mut release = String::new();
    let mut stage = None;
    let mut rest = upstream;
    while !rest.is_empty() {
        let end =
            rest.char_indices().skip(1).find(|(_, c)| matches!(c, '+' | '~' | '^')).map_or(rest.len(), |(at, _)| at);
        let (part, after) = rest.split_at(end);
        match part.strip_prefix(['+', '~', '^']) {
            None => release.push_str(part.split_once(".dfsg").map_or(part, |(part, _)| part)),
            Some(addition) if is_rebuild(addition) || (part.starts_with("+b") && is_number(&part[2..])) => {}
            // What is not known to be a rebuild came before the release, as its tilde says.
            Some(addition) if part.starts_with('~') && stage.is_none() => stage = Some(addition.to_owned()),
            Some(_) => release.push_str(part),
        }
        rest = after;
    }
    // rpm's older way: `4.0-0.1.rc1.fc40`.
    let old_way = || revision.strip_prefix("0.")?.split(['.', '~', '^']).find(|part| names_a_stage(part));
    let stage = stage.or_else(|| old_way().map(str::to_owned));
    (release, stage)
}

/// Words by which distributions mark their own rebuilds and repacks, and the releases that some name instead.
const REBUILDS: [&str; 31] = [
    "deb", "debian", "bpo", "ubuntu", "dfsg", "ds", "repack", "nmu", "rhel", "el", "fc", "amzn", "mga", "suse", "rpt",
    "esm", "build", "buster", "bullseye", "bookworm", "trixie", "forky", "sid", "xenial", "bionic", "focal", "jammy",
    "noble", "oracular", "plucky", "questing",
];

/// Whether an addition is a distribution's own: a known word with whatever numbers, or a release such as `22.04`.
fn is_rebuild(addition: &str) -> bool {
    let numbered = addition.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let word = numbered.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or(numbered);
    let is_release = || {
        let year = addition.split_once('.').filter(|(year, _)| year.len() == 2 && is_number(year));
        year.is_some_and(|(_, month)| month.len() >= 2 && is_number(&month[..2.min(month.len())]))
    };
    REBUILDS.contains(&word) || (word.is_empty() && is_release())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a part of a version names what comes before a release, with a number or without.
fn names_a_stage(part: &str) -> bool {
    ["rc", "beta", "alpha", "pre", "dev", "a", "b"]
        .iter()
        .any(|stage| part.strip_prefix(stage).is_some_and(|rest| rest.is_empty() || is_number(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_manager_has_its_own_names() {
        let fine = [
            ("npm", "@anthropic-ai/claude-code"),
            ("npm", "prettier"),
            ("go", "golang.org/x/tools/cmd/goimports"),
            ("tap", "homebrew/cask-fonts"),
            ("vscode", "ms-python.python"),
            ("brew", "python@3.12"),
            ("brew", "openssl@3"),
            ("brew", "hashicorp/tap/terraform"),
            ("apt", "libc6:amd64"),
            ("apt", "g++"),
            ("mise", "npm:@scope/tool"),
            ("mise", "github:sharkdp/fd"),
            ("pip", "ruamel.yaml"),
        ];
        for (manager, name) in fine {
            assert_eq!(problem(manager, name), None, "{manager} {name}");
        }
        let wrong = [
            ("npm", "eslint@9"),
            ("npm", "@scope"),
            ("npm", "a/b"),
            ("go", "goimports"),
            ("go", "golang.org/x/tools/cmd/goimports@latest"),
            ("tap", "fonts"),
            ("vscode", "python"),
            ("brew", "a/b"),
            ("apt", "jq=1.6"),
            ("pip", "black==24.1"),
            ("cargo", "-y"),
            ("gem", "lib*"),
            ("rpm", ""),
        ];
        for (manager, name) in wrong {
            assert!(problem(manager, name).is_some(), "{manager} {name}");
        }
    }

    #[test]
    fn spellings_of_one_package_are_one() {
        assert_eq!(canonical("pip", "Ruamel__.YAML"), "ruamel-yaml");
        assert_eq!(canonical("vscode", "MS-Python.Python"), "ms-python.python");
        assert_eq!(canonical("mise", "nodejs"), "node");
        assert_eq!(canonical("cargo", "cargo_x"), "cargo_x");
        assert_eq!(canonical("brew", "JQ"), "jq");
        assert_eq!(canonical("brew", "Shopify/shopify/themekit"), "shopify/shopify/themekit");
        assert_eq!(canonical("brew", "acme/homebrew-tap/Tf"), "acme/tap/Tf");
        assert_eq!(canonical("tap", "Acme/homebrew-tap"), "acme/tap");
        assert_eq!(canonical("tap", "acme/linuxbrew-homebrew"), "acme/homebrew");
        assert_eq!(canonical("cask", "Docker"), "docker");
    }

    #[test]
    fn upstream_versions() {
        for (manager, version, upstream_version) in [
            ("apt", "2:9.0.1378-2+deb12u2", "9.0.1378"),
            ("apt", "14.1.0-1~bpo12+1", "14.1.0"),
            ("apt", "1:1.2.13.dfsg-1", "1.2.13"),
            ("apt", "3.0.0~rc1-1", "3.0.0-rc1"),
            ("apt", "1.6~deb12u1", "1.6"),
            ("apt", "5.0+really4.2-1", "4.2"),
            ("apt", "2.0+dfsg-3", "2.0"),
            ("apt", "2.0+ds1~rc2-3", "2.0-rc2"),
            ("apt", "2.0~jammy-1", "2.0"),
            ("apt", "2.0~22.04-1", "2.0"),
            ("apt", "2.0~0ubuntu1-1", "2.0"),
            ("apt", "2.0+b1", "2.0"),
            ("apt", "2.0~b1-1", "2.0-b1"),
            ("apt", "2.0~M5-1", "2.0-M5"),
            ("apt", "2.0~snapshot-1", "2.0-snapshot"),
            ("apt", "2.0~20240101-1", "2.0-20240101"),
            ("apt", "2.0+git20240101.abc-1", "2.0+git20240101.abc"),
            ("rpm", "4.0-0.1.rc1.fc41", "4.0-rc1"),
            ("rpm", "4.0-0.1.fc41", "4.0"),
            ("rpm", "2:1.2.3-4.fc40", "1.2.3"),
            ("rpm", "4.0~rc2-1.fc41", "4.0-rc2"),
            ("apk", "1.7.1-r0", "1.7.1"),
            ("apk", "3.0_rc1-r2", "3.0-rc1"),
            ("brew", "1.7.1_1", "1.7.1"),
            ("brew", "2024_07", "2024_07"),
            ("cask", "4.35.1,173168", "4.35.1"),
            ("go", "v0.29.0", "0.29.0"),
            ("mise", "22.11.0, 20.1.0", "22.11.0"),
        ] {
            assert_eq!(upstream(manager, version), upstream_version, "{manager} {version}");
        }
    }

    #[test]
    fn managers_of_one_system() {
        assert!(!can_exist("apt", "macos") && can_exist("apt", "linux"));
        assert!(!can_exist("cask", "linux") && can_exist("brew", "linux") && can_exist("npm", "macos"));
    }
}
