//! Which scheme the versions of a thing follow: one table, by tool and by package manager.

use super::debian::Debian;
use super::dotted::Dotted;
use super::gem::Gem;
use super::go::Go;
use super::java::Java;
use super::{Parts, Version};
use crate::spec::item::{Category, ItemId};

/// A way of writing and ordering versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Semantic Versioning 2.0.0.
    Semver,
    /// Python's, PEP 440.
    Pep440,
    /// Debian's, with epoch, tilde and revision.
    Debian,
    /// Dates: `2024.10.1`, `2024-10-01`.
    Calendar,
    /// Numbers with whatever is attached: `9.2p1`, `1.1.1w`. The scheme of all that is not in the table.
    Dotted,
    /// Go's releases: `1.22rc1`, `1.22.0`.
    Go,
    /// Java's: `1.8.0_192`, `21.0.1+12`.
    Java,
    /// `RubyGems`'.
    Gem,
}

/// The tools whose versions are more than dotted numbers.
const TOOLS: &[(Scheme, &[&str])] = &[
    (
        Scheme::Semver,
        &[
            "node",
            "nodejs",
            "npm",
            "npx",
            "pnpm",
            "yarn",
            "bun",
            "deno",
            "corepack",
            "volta",
            "tsc",
            "typescript",
            "eslint",
            "prettier",
            "biome",
            "claude",
            "codex",
            "gemini",
            "rust",
            "rustc",
            "cargo",
            "rustup",
            "rustfmt",
            "clippy",
            "kubectl",
            "helm",
            "terraform",
            "tofu",
            "opentofu",
            "gh",
            "lefthook",
            "husky",
            "just",
            "ripgrep",
            "rg",
            "fd",
            "bat",
            "jj",
        ],
    ),
    (
        Scheme::Pep440,
        &[
            "python",
            "python3",
            "pip",
            "pip3",
            "pipx",
            "uv",
            "poetry",
            "ruff",
            "black",
            "mypy",
            "pytest",
            "tox",
            "ansible",
            "aider",
            "pre-commit",
        ],
    ),
    (Scheme::Go, &["go", "gofmt", "golang"]),
    (Scheme::Java, &["java", "javac", "jar", "jshell", "jdk", "jre"]),
    (Scheme::Gem, &["gem", "bundle", "bundler", "rake", "rubocop"]),
    (Scheme::Calendar, &["mise", "yt-dlp", "watchman"]),
];

/// What the packages of a manager follow. Those of `mise` are tools.
const MANAGERS: &[(Scheme, &[&str])] = &[
    (Scheme::Semver, &["npm", "pnpm", "yarn", "bun", "cargo", "go", "vscode"]),
    (Scheme::Pep440, &["pip", "pipx", "uv"]),
    (Scheme::Debian, &["apt", "dpkg", "rpm", "dnf", "yum"]),
    (Scheme::Gem, &["gem"]),
];

fn find(table: &[(Scheme, &[&str])], name: &str) -> Option<Scheme> {
    table.iter().find(|(_, names)| names.contains(&name)).map(|(scheme, _)| *scheme)
}

impl Scheme {
    /// The scheme of an item of the environment.
    pub fn of(id: &ItemId) -> Self {
        match (id.category, id.name.split_once('/')) {
            (Category::Package, Some(("mise", tool))) => Self::of_tool(tool),
            (Category::Package, Some((manager, _))) => find(MANAGERS, manager).unwrap_or(Self::Dotted),
            (Category::Pin, Some((_, tool))) => Self::of_tool(tool),
            _ => Self::of_tool(&id.name),
        }
    }

    /// The scheme of a tool, by its command or by the name that version managers have for it. `python3.12` is Python.
    pub fn of_tool(name: &str) -> Self {
        // Backends of mise: `npm:prettier`, `pipx:black`, `core:node`.
        if let Some((backend, tool)) = name.split_once(':') {
            return find(MANAGERS, backend).unwrap_or_else(|| Self::of_tool(tool));
        }
        let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        find(TOOLS, name).or_else(|| find(TOOLS, bare)).unwrap_or(Self::Dotted)
    }

    /// Reads a version token. What does not follow the scheme is read as dotted numbers; none if it does not begin with
    /// a number. A leading `v` is no part of a version.
    pub fn read(self, text: &str) -> Option<Version> {
        let text = text.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let parts = match self {
            Self::Semver => semver(text).map(Parts::Semver),
            Self::Pep440 => text.parse().ok().map(|version| Parts::Pep440(Box::new(version))),
            Self::Debian => Debian::parse(text).map(Parts::Debian),
            Self::Calendar => Dotted::separated(text, &['.', '-']).map(Parts::Dotted),
            Self::Dotted => None,
            Self::Go => Go::parse(text).map(Parts::Go),
            Self::Java => Java::parse(text).map(Parts::Java),
            Self::Gem => Gem::parse(text).map(Parts::Gem),
        };
        let parts = parts.or_else(|| Dotted::parse(text).map(Parts::Dotted))?;
        Some(Version { text: text.to_owned(), parts })
    }
}

/// A semantic version, in which the last numbers may be missing.
fn semver(text: &str) -> Option<semver::Version> {
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let missing = 3_usize.checked_sub(text[..end].split('.').count())?;
    semver::Version::parse(&format!("{}{}{}", &text[..end], ".0".repeat(missing), &text[end..])).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_that_of_what_is_compared() {
        for (id, scheme) in [
            ("tool:node", Scheme::Semver),
            ("tool:python3.12", Scheme::Pep440),
            ("tool:go", Scheme::Go),
            ("tool:javac", Scheme::Java),
            ("tool:ssh", Scheme::Dotted),
            ("tool:docker", Scheme::Dotted),
            ("tool:made-at-home", Scheme::Dotted),
            ("package:apt/node", Scheme::Debian),
            ("package:npm/@scope/pkg", Scheme::Semver),
            ("package:uv/ruff", Scheme::Pep440),
            ("package:brew/openssl@3", Scheme::Dotted),
            ("package:mise/java", Scheme::Java),
            ("pin:shop/go", Scheme::Go),
            ("pin:shop/npm:prettier", Scheme::Semver),
            ("pin:shop/core:java", Scheme::Java),
        ] {
            assert_eq!(Scheme::of(&id.parse().unwrap()), scheme, "{id}");
        }
    }
}
