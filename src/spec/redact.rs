//! Keeping secrets out of what is shown and kept of files and settings.
//!
//! A value is hidden when its key, option or header looks like a secret's, when it looks like a known kind of token, or
//! when it stands as userinfo in a URL; a private key is hidden from its first line to its last.

use std::sync::LazyLock;

use regex::Regex;

const HIDDEN: &str = "[redacted]";

/// Whether a text holds anything that [`redact`] would hide.
pub(crate) fn looks_secret(text: &str) -> bool {
    redact(text) != text
}

/// The text with every value hidden that looks like a secret.
pub(crate) fn redact(text: &str) -> String {
    static KEYED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?i)([\w.-]*(?:token|secret|passwd|password|passphrase|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|credential)[\w.-]*["']?\s*[:=]\s*)(\S.*)"#,
        )
        .expect("a constant expression")
    });
    // Short words are a secret's only where they stand alone: not in PATH, author or compass.
    static WORD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i)((?:[\w.-]*[_.-]|\b)(?:auth|authorization|bearer|pat|pass|pwd|pw)\d*["']?\s*[:=]\s*)(\S.*)"#)
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
    // `password X` at a line's start, a netrc's wherever it stands, and what fish and csh set.
    static SPACED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?ix)(
                ^\s*["']?[\w.-]*(?:token|secret|passwd|password|passphrase|api[_-]?key|access[_-]?key)["']?\s+
              | \b(?:machine\s+\S+|default|login\s+\S+|account\s+\S+)\s+(?:(?:login|user|account)\s+\S+\s+)*password\s+
              | \bset(?:env)?(?:\s+-\S+)*\s+(?:\w*(?:token|secret|passw|passphrase|api_?key|access_?key)\w*|(?:\w*_)?(?:auth|pat|pass|pwd|pw))\s+
            )([^\s:=].*)"#,
        )
        .expect("a constant expression")
    });
    // Commands that take a password as the value of a short option.
    static COMMAND: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?x)(
                \bcurl\b.*?\s(?:-[A-Za-z]*[uU]|--user|--proxy-user)[\s=]*["']?[^\s:"']*:
              | \bsshpass\s.*?-p\s*
              | \b(?:mysql|mariadb)[\w-]*\s(?:.*\s)?-p
            )([^\s].*)"#,
        )
        .expect("a constant expression")
    });
    // Addresses that are secrets, and hashes of passwords.
    static GIVEN_AWAY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"https://hooks\.slack\.com/\w+/[^\s\x22']+|https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/[^\s\x22']+|\$(?:apr1|2[abxy]|5|6|y)\$[\w./$]{8,}",
        )
        .expect("a constant expression")
    });
    static USERINFO: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(://)[^/\s@]+@").expect("a constant expression"));
    let mut shown = String::with_capacity(text.len());
    let mut in_private_key = false;
    let mut below: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let begins = line.contains("-----BEGIN") && line.contains("PRIVATE KEY");
        if begins || in_private_key {
            in_private_key = !line.contains("-----END");
            shown.push_str(HIDDEN);
            shown.push('\n');
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        if let Some(key) = below {
            if line.trim().is_empty() {
                shown.push_str(line);
                continue;
            }
            if indent > key {
                shown.push_str(&line[..indent]);
                shown.push_str(HIDDEN);
                shown.push('\n');
                continue;
            }
            below = None;
        }
        if [&KEYED, &WORD].into_iter().any(|keyed| keyed.captures(line).is_some_and(|found| is_block(&found[2]))) {
            below = Some(indent);
        }
        let line = KEYED.replace(line, format!("${{1}}{HIDDEN}").as_str());
        let line = WORD.replace(&line, format!("${{1}}{HIDDEN}").as_str());
        let line = BEARER.replace_all(&line, format!("${{1}}{HIDDEN}").as_str());
        let line = OPTION.replace_all(&line, format!("${{1}}{HIDDEN}").as_str());
        let line = SPACED.replace(&line, format!("${{1}}{HIDDEN}").as_str());
        let line = COMMAND.replace(&line, format!("${{1}}{HIDDEN}").as_str());
        let line = TOKEN.replace_all(&line, HIDDEN);
        let line = GIVEN_AWAY.replace_all(&line, HIDDEN);
        shown.push_str(&USERINFO.replace_all(&line, format!("${{1}}{HIDDEN}@").as_str()));
    }
    shown
}

/// Whether a value is YAML's sign that the lines below are the value.
fn is_block(value: &str) -> bool {
    let sign = value.split('#').next().unwrap_or("").trim();
    sign.starts_with(['|', '>']) && sign[1..].chars().all(|c| matches!(c, '+' | '-') || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::secrets;
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Every way in which a tool is told a secret: it is neither shown, nor does the file pass for harmless.
        #[test]
        fn no_shape_lets_a_secret_through(secret in "[a-z][A-Za-z0-9]{7,29}[0-9]", word in "[a-z]{1,8}") {
            for shape in [
                "password HIDDEN_THING",
                "  passphrase HIDDEN_THING",
                "machine A_WORD.example login A_WORD password HIDDEN_THING",
                "default login A_WORD password HIDDEN_THING",
                "curl -u A_WORD:HIDDEN_THING https://h.example/",
                "curl -sSu 'A_WORD:HIDDEN_THING' https://h.example/",
                "curl --user=A_WORD:HIDDEN_THING https://h.example/",
                "alias x=\"sshpass -p HIDDEN_THING ssh A_WORD\"",
                "sshpass -pHIDDEN_THING ssh A_WORD",
                "mysql -u A_WORD -pHIDDEN_THING",
                "mysqldump -pHIDDEN_THING A_WORD",
                "set -x OPENAI_API_KEY HIDDEN_THING",
                "set -gx A_WORD_TOKEN HIDDEN_THING",
                "setenv DB_PASSWORD HIDDEN_THING",
                "hook https://hooks.slack.com/services/T0/B0/HIDDEN_THING",
                "DefaultEndpointsProtocol=https;AccountName=A_WORD;AccountKey=HIDDEN_THING==",
                "a:\n  password: |\n    HIDDEN_THING\n\n    HIDDEN_THING",
                "client_secret: >-\n  HIDDEN_THING",
                "A_WORD:$apr1$abcdefgh$HIDDEN_THING",
                "A_WORD:$2y$05$HIDDEN_THING",
                "PW=HIDDEN_THING",
                "export FTP_PW='HIDDEN_THING'",
            ] {
                let text = format!("# A_WORD\n{shape}\nlast = 1\n").replace("HIDDEN_THING", &secret).replace("A_WORD", &word);
                let shown = redact(&text);
                prop_assert!(!shown.contains(&secret) && shown.ends_with("\nlast = 1\n"), "{}", shown);
                prop_assert!(secrets::of_file(".x", text.as_bytes()).is_some(), "{}", text);
            }
        }
    }

    #[test]
    fn words_about_secrets_are_no_secrets() {
        for line in [
            "PasswordAuthentication no",
            "# the password is asked for, by default a login needs a password to be typed",
            "set -x",
            "set -gx EDITOR vim",
            "curl -fsSL https://h.example/",
            "curl -u me https://h.example/",
            "mysql -u me -p",
            "mkdir -p a",
            "ssh -p 22 h",
            "summary: |",
            "echo $2 $5",
        ] {
            assert_eq!(redact(line), line);
        }
    }

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
}
