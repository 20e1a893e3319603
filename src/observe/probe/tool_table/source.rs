//! Version control and editors.

use super::{LEADING, Row, other, row};

pub(super) const ROWS: &[Row] = &[
    row("git", "--version", r"(?m)^git version (\S+)"),
    row("git-lfs", "--version", r"(?m)^git-lfs/(\S+)"),
    row("gh", "--version", r"(?m)^gh version (\S+)"),
    row("glab", "--version", r"(?m)^(?:Current )?glab(?: version)?:? v?(\d\S*)"),
    row("hg", "--version", r"(?m)^Mercurial Distributed SCM \(version (\S+?)\)"),
    row("svn", "--version --config-dir /dev/null/none", r"(?m)^svn, version (\S+)"),
    row("jj", "--version", r"(?m)^jj (\S+)"),
    row("lazygit", "--version", r"\bversion=v?(\d[^,\s]*)"),
    row("delta", "--version", r"(?m)^delta (\S+)"),
    row("vim", "--version", r"(?m)^VIM - Vi IMproved (\S+)").or(&[other("Neovim", r"(?m)^NVIM (v\S+)")]),
    row("nvim", "--version", r"(?m)^NVIM (v\S+)").quietly("NVIM_LOG_FILE=/dev/null"),
    row("emacs", "--version", r"(?m)^GNU Emacs (\S+)"),
    row("code", "--version", LEADING),
    row("cursor", "--version", LEADING),
    row("nano", "--version", r"(?m)^ ?GNU nano,? version (\S+)").or(&[other("pico", r"(?m)^Pico (\d\S*)")]),
    row("hx", "--version", r"(?m)^helix (\d\S*)"),
];
