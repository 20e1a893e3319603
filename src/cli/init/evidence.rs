//! Which files in a repository tell that it uses a tool, and whether they pin it: one row a file.

/// A file, the commands that it stands for, and how strictly to hold them.
pub(super) struct Row {
    pub(super) file: &'static str,
    pub(super) tools: &'static [&'static str],
    /// Whether the file names a version, so that another one would be a mistake.
    pub(super) pins: bool,
}

const fn uses(file: &'static str, tools: &'static [&'static str]) -> Row {
    Row { file, tools, pins: false }
}

const fn pins(file: &'static str, tools: &'static [&'static str]) -> Row {
    Row { file, tools, pins: true }
}

/// The rows, in the order in which the spec lists their tools.
pub(super) const ROWS: &[Row] = &[
    uses(".git", &["git"]),
    pins(".nvmrc", &["node"]),
    pins(".node-version", &["node"]),
    uses("package.json", &["node"]),
    uses("package-lock.json", &["npm"]),
    uses("pnpm-lock.yaml", &["pnpm"]),
    uses("yarn.lock", &["yarn"]),
    uses("bun.lock", &["bun"]),
    uses("bun.lockb", &["bun"]),
    uses("deno.json", &["deno"]),
    uses("deno.jsonc", &["deno"]),
    pins(".python-version", &["python3"]),
    uses("pyproject.toml", &["python3"]),
    uses("requirements.txt", &["python3"]),
    uses("setup.py", &["python3"]),
    uses("uv.lock", &["uv"]),
    uses("poetry.lock", &["poetry"]),
    pins("rust-toolchain.toml", &["rustc", "cargo"]),
    pins("rust-toolchain", &["rustc", "cargo"]),
    uses("Cargo.toml", &["rustc", "cargo"]),
    pins(".go-version", &["go"]),
    uses("go.mod", &["go"]),
    pins(".ruby-version", &["ruby"]),
    uses("Gemfile", &["ruby", "bundle"]),
    pins(".java-version", &["java"]),
    uses("pom.xml", &["java"]),
    uses("build.gradle", &["java"]),
    uses("build.gradle.kts", &["java"]),
    uses("mix.exs", &["elixir"]),
    uses("composer.json", &["php", "composer"]),
    uses("Package.swift", &["swift"]),
    uses("CMakeLists.txt", &["cmake"]),
    uses("Makefile", &["make"]),
    uses("justfile", &["just"]),
    uses("Dockerfile", &["docker"]),
    uses("compose.yaml", &["docker"]),
    uses("docker-compose.yml", &["docker"]),
    uses("main.tf", &["terraform"]),
    uses("Chart.yaml", &["helm"]),
    uses("flake.nix", &["nix"]),
    uses(".envrc", &["direnv"]),
    uses("mise.toml", &["mise"]),
    uses(".mise.toml", &["mise"]),
    uses(".config/mise.toml", &["mise"]),
    uses(".pre-commit-config.yaml", &["pre-commit"]),
    uses("lefthook.yml", &["lefthook"]),
    uses(".shellcheckrc", &["shellcheck"]),
    uses("CLAUDE.md", &["claude"]),
    uses(".claude", &["claude"]),
    uses(".codex", &["codex"]),
    uses("GEMINI.md", &["gemini"]),
    uses(".aider.conf.yml", &["aider"]),
];

/// Tools that version managers call by another name than their command.
pub(super) const COMMANDS: &[(&str, &str)] =
    &[("nodejs", "node"), ("python", "python3"), ("golang", "go"), ("rust", "rustc"), ("awscli", "aws")];

/// What a developer's machine usually has, for a folder that says nothing about tools.
pub(super) const BASICS: &[&str] = &["git", "bash", "ssh", "curl", "python3"];

/// Dotfiles that people set up by hand and agents depend on. None of them is a place for secrets.
pub(super) const DOTFILES: &[&str] = &[
    ".profile",
    ".bash_profile",
    ".bashrc",
    ".bash_aliases",
    ".zshenv",
    ".zprofile",
    ".zshrc",
    ".inputrc",
    ".config/fish/config.fish",
    ".gitconfig",
    ".config/git/config",
    ".config/git/ignore",
    ".gitignore_global",
    ".editorconfig",
    ".vimrc",
    ".config/nvim",
    ".tmux.conf",
    ".config/tmux/tmux.conf",
    ".config/starship.toml",
    ".config/mise/config.toml",
    ".tool-versions",
    ".claude/settings.json",
    ".claude/CLAUDE.md",
    ".codex/config.toml",
    ".gemini/settings.json",
];

/// Places where git hooks come from, with the tool that manages them.
pub(super) const HOOKS: &[(&str, &str)] = &[
    (".husky", "husky"),
    (".pre-commit-config.yaml", "pre-commit"),
    ("lefthook.yml", "lefthook"),
    (".lefthook.yml", "lefthook"),
    ("lefthook.yaml", "lefthook"),
    (".overcommit.yml", "overcommit"),
];

/// The places where devcontainer.json may be; a folder below `.devcontainer` is the third.
pub(super) const DEVCONTAINERS: &[&str] = &[".devcontainer/devcontainer.json", ".devcontainer.json"];
