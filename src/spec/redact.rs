//! Keeping secrets out of what is shown and kept of files and settings.
//!
//! A value is hidden when its key, option or header looks like a secret's, when it looks like a known kind of token, or
//! when it stands as userinfo in a URL; a private key is hidden from its first line to its last.

use std::sync::LazyLock;

use regex::Regex;

const HIDDEN: &str = "[redacted]";

/// Files that are secrets as a whole: nothing of them is shown.
pub(crate) fn is_secret_path(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let key_file = name.starts_with("id_") && !name.ends_with(".pub");
    let places =
        [".docker/config.json", ".aws/credentials", ".config/gh/hosts.yml", ".kube/config"].map(|place| (place, path));
    let placed = places
        .iter()
        .any(|(place, path)| path.strip_suffix(place).is_some_and(|before| before.is_empty() || before.ends_with('/')));
    let known = [
        ".npmrc",
        ".pypirc",
        ".netrc",
        ".pgpass",
        ".git-credentials",
        "credentials",
        "credentials.json",
        ".env",
        "auth.json",
    ];
    let ending = [".pem", ".key", ".p12", ".pfx", ".kdbx"];
    key_file || placed || known.contains(&name) || ending.iter().any(|ending| name.ends_with(ending))
}

/// Whether a text holds anything that [`redact`] would hide.
pub(crate) fn looks_secret(text: &str) -> bool {
    redact(text) != text
}

/// The text with every value hidden that looks like a secret.
pub(crate) fn redact(text: &str) -> String {
    static KEYED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?i)([\w.-]*(?:token|secret|passwd|password|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|credential)[\w.-]*["']?\s*[:=]\s*)(\S.*)"#,
        )
        .expect("a constant expression")
    });
    // Short words are a secret's only where they stand alone: not in PATH, author or compass.
    static WORD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i)((?:[\w.-]*[_.-]|\b)(?:auth|authorization|bearer|pat|pass|pwd)\d*["']?\s*[:=]\s*)(\S.*)"#)
            .expect("a constant expression")
    });
    static BEARER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(bearer\s+)(?:[\w.~+/-]*\d[\w.~+/-]*=*|[\w.~+/-]{16,}=*)").expect("a constant expression")
    });
    static OPTION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(--[\w-]*(?:token|secret|passwd|password|passphrase|api-key)\s+)([^\s-]\S*)")
            .expect("a constant expression")
    });
    static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|npm_[A-Za-z0-9]{16,}|[rs]k_(?:live|test)_[A-Za-z0-9]{8,}|sk-[\w-]{16,}|xox[a-z]-[\w-]{10,}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)",
        )
        .expect("a constant expression")
    });
    static USERINFO: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(://)[^/\s@]+@").expect("a constant expression"));
    let mut shown = String::with_capacity(text.len());
    let mut in_private_key = false;
    for line in text.split_inclusive('\n') {
        let begins = line.contains("-----BEGIN") && line.contains("PRIVATE KEY");
        if begins || in_private_key {
            in_private_key = !line.contains("-----END");
            shown.push_str(HIDDEN);
            shown.push('\n');
            continue;
        }
        let line = KEYED.replace(line, format!("${{1}}{HIDDEN}").as_str());
        let line = WORD.replace(&line, format!("${{1}}{HIDDEN}").as_str());
        let line = BEARER.replace_all(&line, format!("${{1}}{HIDDEN}").as_str());
        let line = OPTION.replace_all(&line, format!("${{1}}{HIDDEN}").as_str());
        let line = TOKEN.replace_all(&line, HIDDEN);
        shown.push_str(&USERINFO.replace_all(&line, format!("${{1}}{HIDDEN}@").as_str()));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_look_secret_are_hidden_and_the_rest_stays() {
        let text =
            "registry=https://r.example\n//r.example/:_authToken=npm_abc\nexport API_KEY='x y'\nalias ll='ls -l'\n";
        let shown = redact(text);
        assert_eq!(
            shown,
            "registry=https://r.example\n//r.example/:_authToken=[redacted]\nexport API_KEY=[redacted]\nalias ll='ls -l'\n"
        );
        assert!(!redact("url = https://me:pw@example.com/x\n").contains("pw"));
        assert_eq!(redact("!curl -H 'Authorization: Basic eDp5'"), "!curl -H 'Authorization: [redacted]");
        assert_eq!(redact("!gh --auth-token abc -x"), "!gh --auth-token [redacted] -x");
        assert!(!looks_secret("log --author me") && !looks_secret("!bearer up"));
        assert!(!redact("x ghp_0123456789abcdef0123 y\n").contains("ghp_"));
    }

    #[test]
    fn short_words_are_secret_only_where_they_stand_alone() {
        for line in [
            "_auth=c2VjcmV0Og==",
            "//r.example/:_auth = c2VjcmV0Og==",
            "\"auth\": \"c2VjcmV0Og==\"",
            "Authorization: Basic c2VjcmV0Og==",
            "curl -H 'X: Bearer c2VjcmV0Og9'",
            "GITHUB_PAT=c2VjcmV0Og==",
            "export DB_PASS=c2VjcmV0Og==",
            "pass: c2VjcmV0Og==",
            "MYSQL_PWD='c2VjcmV0Og=='",
            "key sk_live_c2VjcmV0Og9",
        ] {
            let shown = redact(line);
            assert!(shown.contains(HIDDEN) && !shown.contains("c2VjcmV0"), "{shown}");
        }
        for line in [
            "export PATH=/usr/bin:$PATH",
            "path = ~/src",
            "author: me",
            "compass=north",
            "SSH_AUTH_SOCK=/tmp/s",
            "bypass = true",
            "pattern = x",
            "the bearer of this",
            "[user] name = Pat",
        ] {
            assert_eq!(redact(line), line);
        }
    }

    #[test]
    fn a_private_key_is_hidden_whole() {
        let text = "a\n-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\nb\n";
        assert_eq!(redact(text), "a\n[redacted]\n[redacted]\n[redacted]\nb\n");
    }

    #[test]
    fn files_that_are_secrets_as_a_whole_are_known() {
        assert!(is_secret_path(".ssh/id_ed25519") && is_secret_path(".netrc") && is_secret_path("x/server.key"));
        for path in [".npmrc", ".docker/config.json", "/home/me/.kube/config", ".config/gh/hosts.yml", ".pypirc"] {
            assert!(is_secret_path(path), "{path}");
        }
        assert!(!is_secret_path(".config/nvim/config") && !is_secret_path("my.docker/config.json"));
        assert!(!is_secret_path(".ssh/id_ed25519.pub") && !is_secret_path(".gitconfig"));
    }
}
