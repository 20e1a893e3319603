//! Coding agents, and what serves models to them.

use super::{LEADING, Row, row};

pub(super) const ROWS: &[Row] = &[
    row("claude", "--version", r"(?m)^(\d\S*) \(Claude Code\)"),
    row("codex", "--version", r"(?m)^codex(?:-cli)? (\d\S*)").quietly("CODEX_HOME=/dev/null/none"),
    row("gemini", "--version", LEADING).quietly("GEMINI_CLI_HOME=/dev/null/none"),
    row("aider", "--version", r"(?m)^aider v?(\d\S*)"),
    row("opencode", "--version", LEADING),
    row("cursor-agent", "--version", r"(?m)^(\d{4}\.\d\d\.\d\d\S*)"),
    row("copilot", "--version", r"(?m)^(?:GitHub Copilot CLI )?v?(\d+\.\d\S*)"),
    row("amp", "--version", LEADING),
    row("goose", "--version", r"(?m)^\s*(?:goose )?v?(\d+\.\d\S*)"),
    row("qwen", "--version", LEADING),
    row("crush", "--version", r"(?m)^crush version (v?\d\S*)"),
    row("ollama", "--version", r"(?m)\bclient version is (\S+)|^ollama version is (\S+)"),
];
