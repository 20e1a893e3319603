//! Where a repository's remotes point, for fetching and for pushing.
//!
//! URLs are normalised to `host/path`, so that the ssh and the https form of one place are equal; userinfo is dropped
//! before it can reach a fact.

use std::collections::BTreeMap;

use super::{failed, restore, text};
use crate::observe::{Answer, Covers, Probe, Question, Sighting};
use crate::spec::{Category, Environment, Fact, ItemId, Observed, Remote, Repo, RepoFact, Why};
use crate::transport::quote;

pub(super) const PROBE: Probe =
    Probe { name: "repo", doc: "a repository's remotes, for fetch and push", manager: None, ask, read };

/// The exit code with which [`enter`] says that nothing is at the repository's place.
pub(in crate::observe) const NOTHING_THERE: i32 = 44;

/// sh commands that go into a repository, ending the question if there is none.
pub(in crate::observe) fn enter(repo: &Repo) -> String {
    let path = quote::word(&quote::place(&repo.path));
    format!(
        "cd || return\nif [ ! -e {path} ] && tu_gone {path}; then return {NOTHING_THERE}; fi\ncd {path} || return\n\
         tu_repository || return\n"
    )
}

/// The command by which git lists settings, a line each, and behind them `=` and git's own exit code: a pipe ends with
/// the code of its last command, and what git did not list would be taken for what is not set.
pub(super) fn settings(command: &str) -> String {
    format!("{{ {command}; printf '=%s\\000' \"$?\"; }} | tr '\\n\\0' '\\001\\n'")
}

/// What [`settings`] printed, without the exit code, which must be one of those that stand for a whole list.
pub(super) fn whole<'a>(stdout: &'a str, stderr: &[u8], codes: &[i32]) -> Result<Vec<&'a str>, Why> {
    let mut lines: Vec<&str> = stdout.lines().collect();
    let cut_off = || Why::NotUnderstood("git's list of settings has no end".to_owned());
    let code = lines.pop().and_then(|line| line.strip_prefix('=')?.parse().ok()).ok_or_else(cut_off)?;
    if codes.contains(&code) {
        return Ok(lines);
    }
    Err(failed("git", &Answer { code, stdout: Vec::new(), stderr: stderr.to_owned() }))
}

fn ask(environment: &Environment) -> Vec<Question> {
    let question = |repo: &Repo| {
        Question::new(
            &repo.name,
            enter(repo) + &settings("git config -z --get-regexp '^remote\\..*\\.(url|pushurl)$'"),
            environment.limits.probe,
            Covers { items: vec![ItemId::new(Category::Repo, &repo.name)], listings: Vec::new() },
        )
    };
    environment.repos.iter().map(question).collect()
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    let id = ItemId::new(Category::Repo, &question.subject);
    match answer.code {
        0 => {}
        NOTHING_THERE => return Ok(vec![Sighting::Item(id, Observed::Absent)]),
        _ => return Err(failed("git", answer)),
    }
    let mut remotes: BTreeMap<String, (Vec<String>, Vec<String>)> = BTreeMap::new();
    // 1 says that no setting is of that name.
    for line in whole(&text(&answer.stdout), &answer.stderr, &[0, 1])? {
        let setting = restore(line);
        let not_understood = || Why::NotUnderstood(format!("`{}` is not a remote's URL", line.escape_debug()));
        let (key, url) = setting.split_once('\n').ok_or_else(not_understood)?;
        let (name, kind) =
            key.strip_prefix("remote.").and_then(|rest| rest.rsplit_once('.')).ok_or_else(not_understood)?;
        let (fetch, push) = remotes.entry(name.to_owned()).or_default();
        match kind {
            "url" => fetch.push(normalise(url)),
            "pushurl" => push.push(normalise(url)),
            _ => return Err(not_understood()),
        }
    }
    let remotes = remotes
        .into_iter()
        .map(|(name, (fetch, push))| {
            let push = if push.is_empty() { fetch.clone() } else { push };
            (name, Remote { fetch, push })
        })
        .collect();
    Ok(vec![Sighting::Item(id, Observed::Present(Fact::Repo(RepoFact { remotes })))])
}

/// `host/path` of any URL form that git knows; a plain path stays one. What travels in clear text (`http`) is another way
/// than the others and keeps its scheme, and `host:/path` is not below the home that `host:path` is below.
pub(super) fn normalise(url: &str) -> String {
    let place = match url.split_once("://") {
        Some(("file", path)) => path.to_owned(),
        Some((scheme, rest)) => {
            let rest = without_userinfo(rest);
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            // `helper::address` names a program that knows what the address means; all of it counts.
            let helper = if scheme.contains("::") { format!("{scheme}://") } else { String::new() };
            let scheme = scheme.to_lowercase();
            let helper = if scheme == "http" { "http://".to_owned() } else { helper };
            format!("{helper}{}/{path}", without_default_port(authority, &scheme))
        }
        None if url.contains("@[") => {
            let (authority, path) = url.split_once("]:").unwrap_or((url, ""));
            format!("{}]/{path}", without_userinfo(authority).to_lowercase())
        }
        None => match url.split_once(':') {
            // `user@host:path`, unless a slash comes first: then the colon is part of a path.
            Some((authority, path)) if !authority.contains('/') => {
                format!("{}/{path}", without_userinfo(authority).to_lowercase())
            }
            _ => url.to_owned(),
        },
    };
    let place = place.trim_end_matches('/');
    place.strip_suffix(".git").unwrap_or(place).to_owned()
}

/// A URL behind its scheme, from the host on. A password may hold a slash although it should not; what stands before
/// the slash is then no host with a port, and is secret.
pub(super) fn without_userinfo(rest: &str) -> &str {
    let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
    let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
    let is_host = authority.contains('@') || authority.ends_with(']') || port.bytes().all(|byte| byte.is_ascii_digit());
    let searched = if is_host { authority } else { rest };
    searched.rfind('@').map_or(rest, |at| &rest[at + 1..])
}

/// A port counts unless it is the one that its own scheme would take.
fn without_default_port(authority: &str, scheme: &str) -> String {
    let authority = authority.to_lowercase();
    let port = match scheme {
        "ssh" | "git+ssh" | "ssh+git" => ":22",
        "https" => ":443",
        "http" => ":80",
        "git" => ":9418",
        _ => return authority,
    };
    authority.strip_suffix(port).map_or_else(|| authority.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn forms_of_one_place_are_equal_and_lose_their_userinfo() {
        for url in [
            "git@github.com:example/carmenta.git",
            "ssh://git@github.com/example/carmenta",
            "ssh://git@GitHub.com:22/example/carmenta.git",
            "https://user:s3cret@github.com/example/carmenta.git/",
        ] {
            assert_eq!(normalise(url), "github.com/example/carmenta", "{url}");
        }
        assert_eq!(normalise("http://github.com:80/example/carmenta"), "http://github.com/example/carmenta");
        assert_eq!(normalise("https://h.example:22/x"), "h.example:22/x");
        assert_eq!(normalise("ssh://h.example:443/x"), "h.example:443/x");
        assert_ne!(normalise("git@h:/srv/x"), normalise("git@h:srv/x"));
        assert_eq!(normalise("/srv/git/a.git"), "/srv/git/a");
        assert_eq!(normalise("file:///srv/git/a.git"), "/srv/git/a");
        assert_eq!(normalise("./a:b"), "./a:b");
        assert_eq!(normalise("https://example.com:8443/x"), "example.com:8443/x");
        assert_eq!(normalise("https://example.com:8443/@scope/x"), "example.com:8443/@scope/x");
        assert_eq!(normalise("https://jane:p/ss@example.com/x.git"), "example.com/x");
        assert_eq!(normalise("git@[2001:db8::1]:x.git"), "[2001:db8::1]/x");
        assert_eq!(normalise("ssh://git@[2001:db8::1]/x.git"), "[2001:db8::1]/x");
        assert_eq!(normalise("codecommit::eu-west-1://profile@x"), "codecommit::eu-west-1://x");
    }
}
