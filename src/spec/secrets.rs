//! Telling what looks secret, so that it is neither kept nor shown: by a file's path, by what it holds, and by a key's
//! name together with its value. In doubt something is secret: what is not kept is fetched when it is needed.

use std::sync::LazyLock;

use regex::Regex;

use super::redact::looks_secret;

/// Why a file looks secret, one clause; none if it does not.
pub(crate) fn of_file(path: &str, content: &[u8]) -> Option<String> {
    if is_secret_path(path) {
        return Some("its path is one where secrets are".to_owned());
    }
    // What is not text still shows the letters of a key that is embedded in it.
    in_text(&String::from_utf8_lossy(content)).map(|line| format!("line {line} looks like a secret"))
}

/// The first line that looks like a secret, counted from 1.
pub(crate) fn in_text(text: &str) -> Option<usize> {
    let found = text.lines().position(|line| {
        looks_secret(line)
            || line.contains("PRIVATE KEY")
            || keyed(line).is_some_and(|(_, value)| is_random(value))
            || line.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '=')).any(is_token)
    });
    found.map(|line| line + 1)
}

/// Whether a value may not be shown under its key.
pub(crate) fn is_secret_value(key: &str, value: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key).trim_matches('"');
    looks_secret(&format!("{last}={value}\n"))
        || looks_secret(&format!("{key}={value}\n"))
        || in_text(value).is_some()
        || sounds_secret(key)
        || value.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '=')).any(is_random)
}

/// Whether a file is taken for a secret by its path, however it is written: nothing of it is fetched to be shown, or kept.
pub(crate) fn is_secret_path(path: &str) -> bool {
    let path = path.to_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    let is_at = |place: &&str| path == **place || path.ends_with(&format!("/{place}"));
    let in_folder = |folder: &&str| path.starts_with(&format!("{folder}/")) || path.contains(&format!("/{folder}/"));
    let places = [".docker/config.json", ".config/gh/hosts.yml", ".kube/config"];
    let folders = [".gnupg", ".password-store", ".aws/sso", "keyrings", "keychains"];
    let names = [".npmrc", ".pypirc", ".netrc", ".pgpass", ".env", "auth.json"];
    let words = ["token", "secret", "credential", "passw"];
    let endings =
        [".env", ".pem", ".key", ".p12", ".pfx", ".kdbx", ".jks", ".keystore", ".ppk", ".asc", ".gpg", ".age"];
    places.iter().any(is_at)
        || folders.iter().any(in_folder)
        || names.contains(&name)
        || name.starts_with(".env.")
        || (name.starts_with("id_") && !name.ends_with(".pub"))
        || words.iter().any(|word| name.contains(word))
        || endings.iter().any(|ending| name.ends_with(ending))
}

/// Whether a key's name says that its value is a secret.
fn sounds_secret(key: &str) -> bool {
    static SOUND: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)(?:token|secret|passw|passphrase|api[_-]?key|apikey|access[_-]?key|account[_-]?key|private[_-]?key|credential|(?:^|[._-])(?:auth|authorization|bearer|pat|pass|pwd|pw|cookie|session)$)",
        )
        .expect("a constant expression")
    });
    SOUND.is_match(key)
}

/// A key that sounds as if it led to something that is not for everyone, and its value.
fn keyed(line: &str) -> Option<(&str, &str)> {
    let at = line.find([':', '='])?;
    let key = line[..at].trim().trim_matches(['"', '\'']);
    let value = line[at + 1..].trim().trim_end_matches([',', ';']).trim_matches(['"', '\'']);
    let key = key.rsplit([' ', '\t']).next().unwrap_or(key);
    let lower = key.to_lowercase();
    ["key", "auth", "cred", "cert", "sign", "salt", "hash", "session", "cookie", "jwt", "dsn", "webhook"]
        .iter()
        .any(|word| lower.contains(word))
        .then_some((key, value))
}

/// Tokens that give themselves away beside those that are redacted anywhere.
fn is_token(word: &str) -> bool {
    static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^(?:ASIA[0-9A-Z]{16}|sk-ant-[\w-]{10,}|hf_[A-Za-z0-9]{20,}|dop_v1_[0-9a-f]{32,}|SG\.[\w-]{16,}\.[\w-]{16,}|https://hooks\.slack\.com/services/\S+|pypi-[\w-]{20,}|glrt-[\w-]{16,}|ya29\.[\w-]{20,}|age-secret-key-1\w{20,}|AGE-SECRET-KEY-1\w{20,})",
        )
        .expect("a constant expression")
    });
    TOKEN.is_match(word)
}

/// Whether a word is long and as mixed as only random text is.
fn is_random(word: &str) -> bool {
    const SHORTEST: usize = 20;
    let letters: Vec<char> = word.chars().collect();
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-' | '.' | '~');
    if letters.len() < SHORTEST || !letters.iter().all(plain) || word.starts_with(['/', '~', '.']) {
        return false;
    }
    let digits = letters.iter().filter(|c| c.is_ascii_digit()).count();
    let hexadecimal = letters.iter().all(char::is_ascii_hexdigit);
    let bits = entropy(&letters);
    digits > 0 && (bits > 4.2 || (hexadecimal && letters.len() >= 32 && bits > 3.0))
}

/// Of the letters, in bits a letter.
fn entropy(letters: &[char]) -> f64 {
    let mut counts = std::collections::BTreeMap::new();
    for letter in letters {
        *counts.entry(letter).or_insert(0_u32) += 1;
    }
    let total = f64::from(u32::try_from(letters.len()).unwrap_or(u32::MAX));
    counts.values().map(|count| f64::from(*count) / total).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_secret_by_their_path() {
        for path in [
            ".netrc",
            ".npmrc",
            ".pypirc",
            ".git-credentials",
            "x/server.key",
            "/home/me/.kube/config",
            ".config/gh/hosts.yml",
            ".ssh/id_ed25519",
            ".aws/credentials",
            ".kube/config",
            ".env",
            ".env.local",
            "prod.env",
            ".config/tool/token.json",
            "certs/server.PEM",
            ".docker/config.json",
            ".pgpass",
            ".gnupg/pubring.kbx",
            ".config/x/secrets.yml",
            ".password-store/a.gpg",
        ] {
            assert!(of_file(path, b"").is_some(), "{path}");
        }
        for path in [
            ".zshrc",
            ".gitconfig",
            ".ssh/config",
            ".config/nvim/config",
            ".environment",
            ".ssh/id_rsa.pub",
            "my.docker/config.json",
        ] {
            assert_eq!(of_file(path, b"plain\n"), None, "{path}");
        }
    }

    #[test]
    fn files_are_secret_by_what_they_hold() {
        for text in [
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "x AKIAIOSFODNN7EXAMPLE y",
            "GITHUB=ghp_0123456789abcdef0123",
            "slack xoxb-12345678901-abcdef",
            "export A=sk-ant-api03-abcdefghijk",
            "OPENAI sk-abcdefghij0123456789",
            "password = hunter2",
            "//r.example/:_authToken=abc",
            "signing_key: q7Xk2Lp9Vb4Nm8Rt3Wz6Yc1Hd5Jf0Gs",
            "session = 9f86d081884c7d659a2feaa0c55ad015",
            "curl https://me:pw@h.example/",
        ] {
            assert_eq!(
                of_file(".x", format!("a\n{text}\n").as_bytes()).as_deref(),
                Some("line 2 looks like a secret"),
                "{text}"
            );
        }
        for text in [
            "export PATH=/usr/local/bin:$PATH",
            "bindkey '^R' history-incremental-search-backward",
            "signingkey = ~/.ssh/id_ed25519.pub",
            "keymap = emacs-with-many-improvements",
            "set keyboard.layout=us-international-dead-keys",
            "alias k='kubectl'",
        ] {
            assert_eq!(in_text(text), None, "{text}");
        }
    }

    #[test]
    fn a_value_is_hidden_by_its_key_or_by_itself() {
        for (key, value) in [
            ("a.apiKey", "x"),
            ("env.ANTHROPIC_AUTH_TOKEN", "x"),
            ("a", "ghp_0123456789abcdef0123"),
            ("a.b", "q7Xk2Lp9Vb4Nm8Rt3Wz6Yc1Hd5Jf0Gs"),
            ("url", "https://me:pw@h.example/"),
            ("passwords.mail", "x"),
        ] {
            assert!(is_secret_value(key, value), "{key}");
        }
        for (key, value) in [("theme", "dark"), ("permissions.allow", "[\"Bash(ls)\"]"), ("editor.tabSize", "4")] {
            assert!(!is_secret_value(key, value), "{key}");
        }
    }
}
