//! Names of environment variables: which can be held, and which look like those of secrets.

/// What a variable that is set to nothing shows as.
pub(crate) const EMPTY: &str = "empty";
/// What a variable shows as of which only presence is asked.
pub(crate) const SET: &str = "set";

/// Variables that a shell sets by itself: what they hold says nothing about the machine.
const OF_THE_SHELL: [&str; 24] = [
    "PWD",
    "OLDPWD",
    "SHLVL",
    "IFS",
    "PS1",
    "PS2",
    "PS3",
    "PS4",
    "PPID",
    "LINENO",
    "RANDOM",
    "SECONDS",
    "OPTIND",
    "OPTARG",
    "OPTERR",
    "UID",
    "EUID",
    "GID",
    "EGID",
    "HISTCMD",
    "EPOCHSECONDS",
    "EPOCHREALTIME",
    "SRANDOM",
    "_",
];

/// Words that stand for a secret where they are a whole part of a name.
const SECRET_PARTS: [&str; 14] = [
    "KEY", "KEYS", "TOKEN", "TOKENS", "SECRET", "SECRETS", "PASSWORD", "PASSWD", "PASS", "PAT", "PWD", "AUTH",
    "COOKIE", "BEARER",
];

/// Words that stand for a secret wherever they are within a name.
const SECRET_ANYWHERE: [&str; 9] =
    ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "APIKEY", "ACCESSKEY", "PRIVATEKEY"];

/// Whether this can be a variable's name in every shell.
pub(crate) fn is_name(name: &str) -> bool {
    let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    first && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Why a variable cannot be held, with what to do about it.
pub(crate) fn name_problem(name: &str) -> Option<(String, &'static str)> {
    if !is_name(name) {
        return Some((
            format!("`{name}` cannot name a variable"),
            "use letters, digits and `_`, not beginning with a digit",
        ));
    }
    let of_the_shell = OF_THE_SHELL.contains(&name) || name.starts_with("BASH") || name.starts_with("tu_");
    of_the_shell
        .then(|| (format!("`{name}` is set by shells themselves"), "remove it: it says nothing about a machine"))
}

/// Whether a name looks like that of a secret, whose value must leave no trace.
pub(crate) fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    name.split('_').any(|part| SECRET_PARTS.contains(&part)) || SECRET_ANYWHERE.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_their_names() {
        for name in [
            "ANTHROPIC_API_KEY",
            "GITHUB_TOKEN",
            "GH_PAT",
            "DB_PASSWORD",
            "PGPASSWORD",
            "npm_config__authToken",
            "AWS_SECRET_ACCESS_KEY",
            "OPENAI_APIKEY",
            "SSH_AUTH_SOCK",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "secret",
        ] {
            assert!(looks_secret(name), "{name}");
        }
        for name in ["NODE_ENV", "PATH", "KEYBOARD", "MONKEY", "EDITOR", "COMPASS", "GOFLAGS", "PATTERN", "LANG"] {
            assert!(!looks_secret(name), "{name}");
        }
    }

    #[test]
    fn only_what_every_shell_takes_is_a_name() {
        assert!(name_problem("NODE_ENV").is_none() && name_problem("_x1").is_none());
        for name in ["", "1A", "A-B", "A B", "A=B", "É", "A\nB", "PWD", "_", "BASH_VERSION", "tu_cap"] {
            assert!(name_problem(name).is_some(), "{name}");
        }
    }
}
