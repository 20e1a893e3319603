//! Effective git settings of a repository that change how it behaves: system, global, local and included files, as
//! git itself merges them, each with where it comes from. Beside them, who commits and how commits are signed.
//!
//! Userinfo in URLs is dropped before it can reach a fact, from keys (`url.https://token@host/.insteadOf`) as from
//! values; of a value that looks secret in another way the fact holds the digest.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::repo::{NOTHING_THERE, enter, settings, whole};
use super::{failed, restore, text};
use crate::observe::{Answer, Covers, Probe, Question, Sighting};
use crate::spec::redact::{looks_secret, redact};
use crate::spec::remote_url::without_userinfo;
use crate::spec::{Category, Digest, Environment, Fact, ItemId, Listing, Observed, Repo, TextFact, Why};

pub(super) const PROBE: Probe =
    Probe { name: "git", doc: "effective git settings that change behaviour", manager: None, ask, read };

/// The sections whose settings change behaviour. Where a remote points, which branch tracks what and who the user is
/// are other categories' business.
const SECTIONS: [&str; 9] = ["core", "commit", "filter", "merge", "diff", "alias", "url", "include", "includeif"];

/// How a clone is stored, which a partial one does otherwise: nothing behaves differently for it.
const FORMAT: &str = "core.repositoryformatversion";

/// Where git says that a setting comes from.
const SCOPES: [&str; 7] = ["system", "global", "local", "worktree", "command", "submodule", "unknown"];

/// git lowers the names of settings when it lists them; findings spell them as git's documentation does.
const DOCUMENTED: [&str; 37] = [
    "core.attributesFile",
    "core.autocrlf",
    "core.bigFileThreshold",
    "core.checkStat",
    "core.commentChar",
    "core.deltaBaseCacheLimit",
    "core.excludesFile",
    "core.fileMode",
    "core.fsmonitor",
    "core.fsyncMethod",
    "core.gitProxy",
    "core.hooksPath",
    "core.ignoreCase",
    "core.ignoreStat",
    "core.logAllRefUpdates",
    "core.notesRef",
    "core.precomposeUnicode",
    "core.preloadIndex",
    "core.protectHFS",
    "core.protectNTFS",
    "core.quotePath",
    "core.sharedRepository",
    "core.sparseCheckout",
    "core.sparseCheckoutCone",
    "core.sshCommand",
    "core.trustctime",
    "core.untrackedCache",
    "core.warnAmbiguousRefs",
    "commit.gpgSign",
    "merge.conflictStyle",
    "merge.renameLimit",
    "diff.colorMoved",
    "diff.ignoreSubmodules",
    "diff.mnemonicPrefix",
    "diff.noPrefix",
    "diff.renameLimit",
    "diff.submodule",
];

/// What a setting's origin begins with, as git prints it. No key does: they have no colon before their first dot.
const ORIGINS: [&str; 4] = ["file:", "command line:", "standard input:", "blob:"];

/// Prints the home, then three lines a setting: its scope, the file it stands in, and its key and value; at last git's
/// exit code. A git older than 2.26 knows no scopes, and then the file is left out too.
pub(super) fn list() -> String {
    let (scoped, plain) =
        ("git config --list --includes --show-scope --show-origin -z", "git config --list --includes -z");
    format!(
        "printf '%s\\n' \"$HOME\"\ntu_listed=$({{ {}; }} 2>/dev/null)\ncase $tu_listed in\n\
         *=0) printf '%s\\n' \"$tu_listed\" ;;\n*) {} | awk '!/^=/ {{ print \"unknown\" }} {{ print }}' ;;\nesac",
        settings(scoped),
        settings(plain)
    )
}

fn ask(environment: &Environment) -> Vec<Question> {
    let question = |repo: &Repo| {
        Question::new(
            &repo.name,
            enter(repo) + &list(),
            environment.limits.probe,
            Covers { items: beside(&repo.name).to_vec(), listings: vec![listing(&repo.name)] },
        )
    };
    environment.repos.iter().map(question).collect()
}

fn listing(repo: &str) -> Listing {
    Listing::below(Category::Git, format!("{repo}/"))
}

/// Who commits, and how commits are signed: shown, and compared only where the spec asks.
fn beside(repo: &str) -> [ItemId; 2] {
    ["identity", "signing"].map(|fact| ItemId::new(Category::Repo, format!("{repo}/{fact}")))
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    match answer.code {
        0 => {}
        NOTHING_THERE => {
            return Ok(beside(&question.subject).map(|id| Sighting::Item(id, Observed::Absent)).to_vec());
        }
        _ => return Err(failed("git", answer)),
    }
    let stdout = text(&answer.stdout);
    let empty = || Why::NotUnderstood("git's list of settings is empty".to_owned());
    let (home, listed) = stdout.split_once('\n').ok_or_else(empty)?;
    let mut lines = whole(listed, &answer.stderr, &[0])?.into_iter();
    let mut settings: BTreeMap<String, (Vec<String>, String)> = BTreeMap::new();
    let mut person: BTreeMap<String, (String, String)> = BTreeMap::new();
    while let Some(scope) = lines.next() {
        let not_a_scope = || Why::NotUnderstood(format!("`{}` is not a scope of git's settings", scope.escape_debug()));
        let mut line = lines.next().filter(|_| SCOPES.contains(&scope)).ok_or_else(not_a_scope)?;
        let mut source = scope.to_owned();
        if let Some(file) = ORIGINS.iter().find_map(|origin| line.strip_prefix(origin)) {
            if !file.is_empty() {
                source = format!("{scope}, {}", below_home(&restore(file), home));
            }
            line = lines.next().ok_or_else(not_a_scope)?;
        }
        let setting = restore(line);
        // A key without a value stands for true.
        let (key, value) = setting.split_once('\n').unwrap_or((&setting, "true"));
        let section = key.split('.').next().unwrap_or(key);
        if SECTIONS.contains(&section) && key != FORMAT {
            let (values, last_scope) = settings.entry(below_home(&documented(&public_key(key)), home)).or_default();
            values.push(if must_be_hidden(key, value) {
                Digest::of(value.as_bytes()).to_string()
            } else {
                meant(key, public_value(value, home))
            });
            source.clone_into(last_scope);
        }
        if PERSON.contains(&key) {
            person.insert(key.to_owned(), (value.to_owned(), source));
        }
    }
    let fact = |(key, (mut values, scope)): (String, (Vec<String>, String))| {
        // git takes the last value of a plain setting; those below are lists, and all of their values count.
        let is_list = ["url.", "include.", "includeif."].iter().any(|section| key.starts_with(section));
        let value = if is_list { list_of(values) } else { values.pop().unwrap_or_default() };
        let id = ItemId::new(Category::Git, format!("{}/{key}", question.subject));
        Sighting::Item(id, Observed::Present(Fact::Text(TextFact { value, scope: Some(scope) })))
    };
    let [identity, signing] = beside(&question.subject);
    let mut sightings: Vec<Sighting> = settings.into_iter().map(fact).collect();
    sightings.push(Sighting::Item(identity, identity_of(&person)));
    sightings.push(Sighting::Item(signing, signing_of(&person, home)));
    Ok(sightings)
}

/// The settings that say who commits, and how commits are signed.
const PERSON: [&str; 6] = ["user.name", "user.email", "user.signingkey", "gpg.format", "commit.gpgsign", "tag.gpgsign"];

fn identity_of(person: &BTreeMap<String, (String, String)>) -> Observed {
    let (name, email) = (person.get("user.name"), person.get("user.email"));
    let Some((_, source)) = email.or(name) else { return Observed::Absent };
    let text = |setting: Option<&(String, String)>, none: &str| {
        setting.map_or_else(|| none.to_owned(), |(value, _)| redact(&without_any_userinfo(value)))
    };
    let value = format!("{} <{}>", text(name, "no name"), text(email, "no email"));
    Observed::Present(Fact::Text(TextFact { value, scope: Some(source.clone()) }))
}

/// How commits are signed. Which key it is can be compared without telling it.
fn signing_of(person: &BTreeMap<String, (String, String)>, home: &str) -> Observed {
    let mut parts = Vec::new();
    let mut source = None;
    for (key, shown) in
        [("commit.gpgsign", "commit.gpgSign"), ("tag.gpgsign", "tag.gpgSign"), ("gpg.format", "gpg.format")]
    {
        if let Some((value, from)) = person.get(key) {
            parts.push(format!("{shown} {}", redact(value)));
            source.get_or_insert_with(|| from.clone());
        }
    }
    if let Some((key, from)) = person.get("user.signingkey") {
        parts.push(format!("key {}", Digest::of(below_home(key, home).as_bytes())));
        source.get_or_insert_with(|| from.clone());
    }
    if parts.is_empty() {
        return Observed::Absent;
    }
    Observed::Present(Fact::Text(TextFact { value: parts.join(", "), scope: source }))
}

fn documented(key: &str) -> String {
    if let Some(known) = DOCUMENTED.iter().find(|known| known.eq_ignore_ascii_case(key)) {
        return (*known).to_owned();
    }
    for known in ["insteadOf", "pushInsteadOf"] {
        if let Some(front) = key.strip_suffix(&format!(".{}", known.to_lowercase())) {
            return format!("{front}.{known}");
        }
    }
    key.to_owned()
}

/// Settings that are yes or no, or take some other word beside.
const YES_OR_NO: [&str; 24] = [
    "commit.gpgsign",
    "core.autocrlf",
    "core.bare",
    "core.commitgraph",
    "core.filemode",
    "core.fsmonitor",
    "core.ignorecase",
    "core.ignorestat",
    "core.logallrefupdates",
    "core.longpaths",
    "core.multipackindex",
    "core.precomposeunicode",
    "core.preloadindex",
    "core.protecthfs",
    "core.protectntfs",
    "core.quotepath",
    "core.sparsecheckout",
    "core.sparsecheckoutcone",
    "core.symlinks",
    "core.trustctime",
    "core.untrackedcache",
    "core.warnambiguousrefs",
    "diff.mnemonicprefix",
    "diff.noprefix",
];

/// The value by what git takes it for: `yes`, `on` and `1` are `true`, and an empty value is `false`.
fn meant(key: &str, value: String) -> String {
    if !YES_OR_NO.contains(&key) {
        return value;
    }
    match value.to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => "true".to_owned(),
        "false" | "no" | "off" | "0" | "" => "false".to_owned(),
        _ => value,
    }
}

/// Values of a list as one text that no other list has.
fn list_of(values: Vec<String>) -> String {
    match <[String; 1]>::try_from(values) {
        Ok([value]) if !value.starts_with('[') => value,
        Ok(values) => format!("{values:?}"),
        Err(values) => format!("{values:?}"),
    }
}

/// Whether a setting is a command that hands somebody a secret, or has a name that says that it is one.
fn must_be_hidden(key: &str, value: &str) -> bool {
    static HANDED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)authorization|sshpass|passw|passphrase|secret|token|api[_-]?key|\s(?:-u|--user|-p|--pass)[\s=]*\S",
        )
        .expect("a constant expression")
    });
    let last = key.rsplit('.').next().unwrap_or(key);
    let is_command = (key.starts_with("alias.") && value.starts_with('!'))
        || ["filter.", "credential."].iter().any(|section| key.starts_with(section))
        || key == "core.sshcommand"
        || (key.starts_with("diff.") && ["command", "textconv"].contains(&last))
        || (key.starts_with("merge.") && last == "driver");
    (is_command && HANDED.is_match(value)) || ["token", "password", "secret"].iter().any(|word| last.contains(word))
}

fn public_key(key: &str) -> String {
    redact(&without_any_userinfo(key))
}

/// The value as it may be seen. Two secrets are still told apart, by their digests.
fn public_value(value: &str, home: &str) -> String {
    let public = without_any_userinfo(value);
    if looks_secret(&public) { Digest::of(value.as_bytes()).to_string() } else { below_home(&public, home) }
}

fn without_any_userinfo(text: &str) -> String {
    static URL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"://(\S+)").expect("a constant expression"));
    URL.replace_all(text, |url: &Captures<'_>| format!("://{}", without_userinfo(&url[1]))).into_owned()
}

/// A path below the home is the same setting in another user's home, wherever in the text it stands.
fn below_home(value: &str, home: &str) -> String {
    if home.len() < 2 {
        return value.to_owned();
    }
    let of_a_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    let mut told = String::new();
    let mut rest = value;
    while let Some(at) = rest.find(home) {
        let (before, behind) = (&rest[..at], &rest[at + home.len()..]);
        let is_home = !before.ends_with(of_a_name) && !behind.starts_with(of_a_name);
        told.push_str(before);
        told.push_str(if is_home { "~" } else { home });
        rest = behind;
    }
    told + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_a_setting_is_kept() {
        for (key, public) in [
            ("url.https://oauth2:ghp_0123456789abcdef@github.com/.insteadof", "url.https://github.com/.insteadof"),
            ("url.https://me:p/s@s@github.com/.insteadof", "url.https://github.com/.insteadof"),
            ("url.git@github.com:.insteadof", "url.git@github.com:.insteadof"),
            ("url.https://h.example:8443/.insteadof", "url.https://h.example:8443/.insteadof"),
        ] {
            assert_eq!(public_key(key), public);
        }
        assert_eq!(public_value("https://ghp_0123456789abcdef0123@github.com/x", "/h"), "https://github.com/x");
        assert_eq!(
            public_value("!git push https://me:pw@h.example/x main", "/h"),
            "!git push https://h.example/x main"
        );
        for secret in ["!curl -H 'Authorization: Bearer abcdef'", "!TOKEN=abc gh x", "!x ghp_0123456789abcdef0123"] {
            assert_eq!(public_value(secret, "/h"), Digest::of(secret.as_bytes()).to_string());
        }
        assert_eq!(public_value("/h/.gitignore", "/h"), "~/.gitignore");
        for (key, value) in [
            ("alias.up", "!curl -u me:s3cret https://h.example"),
            ("core.sshcommand", "sshpass -p s3cret ssh"),
            ("filter.x.clean", "enc --password s3cret"),
            ("credential.token", "s3cret"),
        ] {
            assert!(must_be_hidden(key, value), "{key}");
        }
        assert!(!must_be_hidden("filter.lfs.clean", "git-lfs clean -- %f") && !must_be_hidden("alias.co", "checkout"));
    }

    #[test]
    fn values_are_compared_by_what_git_makes_of_them() {
        let list = |values: &[&str]| list_of(values.iter().map(|value| (*value).to_owned()).collect());
        assert_eq!(list(&["x:, y:"]), "x:, y:");
        assert_ne!(list(&["x:, y:"]), list(&["x:", "y:"]));
        assert_ne!(list(&[&list(&["x:", "y:"])]), list(&["x:", "y:"]));
        assert_eq!(meant("core.filemode", "Yes".to_owned()), "true");
        assert_eq!(meant("core.autocrlf", "input".to_owned()), "input");
        assert_eq!(meant("core.filemode", String::new()), "false");
        assert_eq!(meant("alias.yes", "yes".to_owned()), "yes");
        assert_eq!(below_home("includeif.gitdir:/h/me/work/.path", "/h/me"), "includeif.gitdir:~/work/.path");
        assert_eq!(below_home("a /h/me, /h/mean and /x/h/me", "/h/me"), "a ~, /h/mean and /x/h/me");
    }
}
