//! The tools that trueup knows how to ask: a row each.

/// How one tool tells its version.
#[derive(Debug)]
pub(super) struct Row {
    /// The command.
    pub(super) name: &'static str,
    /// The arguments that make it tell.
    pub(super) arguments: &'static str,
    /// What it prints, on either stream; the first group is the version token.
    pub(super) pattern: &'static str,
    /// Other products that are known to answer under this name.
    pub(super) others: &'static [Other],
}

/// Another product under a tool's name.
#[derive(Debug)]
pub(super) struct Other {
    /// As reports name it.
    pub(super) product: &'static str,
    /// What it prints; the first group is the version token.
    pub(super) pattern: &'static str,
}

const fn row(name: &'static str, arguments: &'static str, pattern: &'static str) -> Row {
    Row { name, arguments, pattern, others: &[] }
}

/// The rows, in the order in which a person would look for them.
pub(super) const ROWS: &[Row] = &[
    row("git", "--version", r"(?m)^git version (\S+)"),
    row("gh", "--version", r"(?m)^gh version (\S+)"),
    row("ssh", "-V", r"(?m)^OpenSSH_(?:for_Windows_)?([^\s,]+)"),
    Row {
        name: "openssl",
        arguments: "version",
        pattern: r"(?m)^OpenSSL (\S+)",
        others: &[Other { product: "LibreSSL", pattern: r"(?m)^LibreSSL (\S+)" }],
    },
    row("node", "--version", r"(?m)^(v\d\S*)$"),
    row("npm", "--version", r"(?m)^(\d+\.\S+)$"),
    row("python3", "--version", r"(?m)^Python (\S+)"),
    row("rustc", "--version", r"(?m)^rustc (\S+)"),
    row("cargo", "--version", r"(?m)^cargo (\S+)"),
    row("go", "version", r"(?m)^go version (?:devel )?go(\S+)"),
    row("java", "-version", r#"(?m)^\S+ version "([^"]+)""#),
    Row {
        name: "docker",
        arguments: "--version",
        pattern: r"(?m)^Docker version ([^\s,]+)",
        others: &[Other { product: "podman", pattern: r"(?m)^podman version (\S+)" }],
    },
    row("claude", "--version", r"(?m)^(\d\S*) \(Claude Code\)"),
];
