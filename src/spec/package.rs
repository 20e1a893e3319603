//! Names of packages: what each manager calls one, and the one spelling of those that may be spelt in several ways.
//!
//! A name that the manager would never list is looked for to the letter, is found on neither side, and passes for a
//! match; so the spec is checked for it. Spec, lock and probe all use [`canonical`], so that `Ruamel.YAML` and
//! `ruamel-yaml` are one thing.

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
        "vscode" | "tap" => name.to_lowercase(),
        "mise" => match name {
            "nodejs" => "node".to_owned(),
            "golang" => "go".to_owned(),
            _ => name.to_owned(),
        },
        _ => name.to_owned(),
    }
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

/// What is wrong with a name, and what to write instead.
pub(super) fn problem(manager: &str, name: &str) -> Option<String> {
    if let Some(help) = with_version(manager, name) {
        return Some(help);
    }
    if name.is_empty() || name.starts_with('-') || name.contains(['*', '?', '[', ' ', '\t', '\n', '\0', ',']) {
        return Some("name each package as the manager lists it".to_owned());
    }
    let parts: Vec<&str> = name.split('/').collect();
    let help = match manager {
        _ if parts.iter().any(|part| part.is_empty()) => "name each package as the manager lists it",
        "npm" | "pnpm" if !is_npm_name(&parts) => "write `name` or `@scope/name`",
        "tap" if parts.len() != 2 => "write `user/repository`, such as `homebrew/cask-fonts`",
        "brew" if parts.len() != 1 && parts.len() != 3 => "write `name` or `user/repository/name`",
        "cask" if parts.len() != 1 => "write the name alone, as `brew list --cask` has it",
        "vscode" if name.split('.').count() < 2 || parts.len() != 1 => "write `publisher.name`",
        "go" if !parts[0].contains('.') => "write the package's whole path, such as `golang.org/x/tools/cmd/goimports`",
        "apt" | "rpm" | "apk" | "pip" | "pipx" | "uv" | "cargo" | "gem" if parts.len() != 1 => {
            "name each package as the manager lists it"
        }
        _ => return None,
    };
    Some(help.to_owned())
}

fn is_npm_name(parts: &[&str]) -> bool {
    match parts {
        [name] => !name.starts_with('@'),
        [scope, _] => scope.starts_with('@') && scope.len() > 1,
        _ => false,
    }
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
    let without_epoch = match version.split_once(':') {
        Some((epoch, rest)) if is_number(epoch) => rest,
        _ => version,
    };
    let upstream = without_epoch.rsplit_once('-').map_or(without_epoch, |(upstream, _)| upstream);
    // `5.0+really4.2` is 4.2 under a number that sorts above 5.0.
    let upstream = upstream.rsplit_once("+really").map_or(upstream, |(_, really)| really);
    let upstream = upstream.split(['+', '^']).next().unwrap_or(upstream);
    let upstream = upstream.split_once(".dfsg").map_or(upstream, |(upstream, _)| upstream);
    match upstream.split_once('~') {
        Some((release, suffix)) if is_prerelease(suffix) => format!("{release}-{suffix}"),
        Some((release, _)) => release.to_owned(),
        None => upstream.to_owned(),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether what stands behind a tilde names a pre-release, not a distribution's own rebuild (`~deb12u1`, `~bpo12`).
fn is_prerelease(suffix: &str) -> bool {
    ["rc", "beta", "alpha", "pre", "dev", "a", "b"].iter().any(|stage| {
        suffix.strip_prefix(stage).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
    })
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
