//! Where a repository's remotes point, for fetching and for pushing.
//!
//! URLs are normalised to `host/path`, so that the ssh and the https form of one place are equal; userinfo is dropped
//! before it can reach a fact.

use std::collections::BTreeMap;

use super::{failed, restore, text};
use crate::observe::{Answer, Covers, Probe, Question, Sighting};
use crate::spec::redact::looks_secret;
use crate::spec::remote_url::{normalise, without_secret};
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
    let mut written = None;
    // 1 says that no setting is of that name.
    for line in whole(&text(&answer.stdout), &answer.stderr, &[0, 1])? {
        let setting = restore(line);
        let not_understood = || Why::NotUnderstood(format!("`{}` is not a remote's URL", line.escape_debug()));
        let (key, url) = setting.split_once('\n').ok_or_else(not_understood)?;
        let (name, kind) =
            key.strip_prefix("remote.").and_then(|rest| rest.rsplit_once('.')).ok_or_else(not_understood)?;
        let (fetch, push) = remotes.entry(name.to_owned()).or_default();
        if kind == "url" && (name == "origin" || written.is_none()) {
            written = Some(without_secret(url)).filter(|url| !url.starts_with('/') && !looks_secret(url));
        }
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
    Ok(vec![Sighting::Item(id, Observed::Present(Fact::Repo(RepoFact { remotes, written })))])
}
