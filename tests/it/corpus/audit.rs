//! One row, driven through the real program: pristine machines, the mutation, an audit.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::homes::{Homes, REPOS, shown};
use super::table::Row;

/// The code of a row whose own mutation fails. None of trueup's.
const MUTATION_FAILED: i32 = 97;

/// Does the mutation as the user of a machine (`$1` home, `$2` search path, `$3` repository, `$4` what to do) and goes on
/// to the audit.
const MUTATE: &str = r#"
cd "$1/src/$3"
env -i HOME="$1" PATH="$2" LANG=C.UTF-8 sh -euc "$4" >/dev/null || exit 97
cd "$5"
shift 5
exec "$@"
"#;

/// How an audit looks at a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Static,
    Behaviour,
}

/// A project whose reference has been captured, and the machines that it holds true.
pub(super) struct Corpus {
    pub(super) homes: Homes,
    project: TempDir,
}

/// What an audit found.
pub(super) struct Found {
    /// `ID drift` or `ID unknown`, for all that does not match.
    pub(super) amiss: BTreeSet<String>,
    pub(super) took: Duration,
    report: Value,
}

impl Corpus {
    /// Furnishes the homes, and captures the reference: an environment for each repository.
    pub(super) fn captured() -> Self {
        let corpus = Self { homes: Homes::furnished(), project: TempDir::with_prefix("corpus-").unwrap() };
        fs::create_dir(corpus.project.path().join("environments")).unwrap();
        for repo in REPOS {
            fs::write(corpus.at(&format!("environments/{repo}.toml")), corpus.homes.spec(repo)).unwrap();
        }
        std::thread::scope(|scope| {
            for repos in REPOS.chunks(REPOS.len().div_ceil(2)) {
                let corpus = &corpus;
                scope.spawn(move || repos.iter().for_each(|repo| corpus.capture(repo)));
            }
        });
        corpus
    }

    fn at(&self, name: &str) -> PathBuf {
        self.project.path().join(name)
    }

    fn capture(&self, repo: &str) {
        let state = self.at("state").display().to_string();
        let words = [env!("CARGO_BIN_EXE_trueup"), "capture", "--yes", "--env", repo, "--state", &state];
        let output = self.homes.pristine(&words).current_dir(self.project.path()).output().unwrap();
        assert!(output.status.success(), "{repo} cannot be captured:\n{}", shown(&output));
    }

    /// What an audit finds once a row's mutation has been done.
    pub(super) fn audit(&self, row: &Row, mode: Mode) -> Result<Found, String> {
        let began = Instant::now();
        let output = self.command(row, mode).output().unwrap();
        let took = began.elapsed();
        read(&output, took)
    }

    fn command(&self, row: &Row, mode: Mode) -> Command {
        let home = self.homes.target();
        let (home, path) = (home.to_str().unwrap(), self.homes.path(&home));
        let project = self.project.path().to_str().unwrap();
        let mut words = vec!["sh", "-ec", MUTATE, "sh", home, &path, &row.repo, &row.does, project];
        words.extend([env!("CARGO_BIN_EXE_trueup"), "check", "b", "--env", &row.repo, "--format", "json"]);
        words.extend(["--state", "/nonexistent/state"]);
        if mode == Mode::Behaviour {
            words.push("--behaviour");
        }
        let mut command = self.homes.pristine(&words);
        for (name, value) in &row.env {
            let value = value.strip_prefix('~').map_or_else(|| value.clone(), |rest| format!("{home}{rest}"));
            command.env(name, value);
        }
        command
    }
}

fn read(output: &Output, took: Duration) -> Result<Found, String> {
    if output.status.code() == Some(MUTATION_FAILED) {
        return Err(format!("the mutation itself fails: {}", shown(output)));
    }
    let report: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{} and no report ({error}): {}", output.status, shown(output)))?;
    let findings = report["targets"][0]["findings"].as_array().ok_or_else(|| format!("no findings in {report}"))?;
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let amiss: BTreeSet<String> = findings
        .iter()
        .filter(|finding| finding["state"] != "match")
        .map(|finding| format!("{} {}", word(finding, "id"), word(finding, "state")))
        .collect();
    let verdict = match output.status.code() {
        Some(0) => "parity",
        Some(1) => "drift",
        Some(3) => "unknown",
        _ => return Err(format!("{}: {}", output.status, shown(output))),
    };
    if report["verdict"] != verdict || amiss.is_empty() != (verdict == "parity") {
        return Err(format!("the verdict {}, the {} and {amiss:?} disagree", report["verdict"], output.status));
    }
    Ok(Found { amiss, took, report })
}

impl Found {
    /// Why a finding is what it is, for people who look at a failed row.
    pub(super) fn reason(&self, amiss: &str) -> String {
        let id = amiss.split(' ').next().unwrap_or(amiss);
        let findings = self.report["targets"][0]["findings"].as_array().into_iter().flatten();
        let reason = findings.filter(|finding| finding["id"] == id).find_map(|finding| finding["reason"].as_str());
        reason.unwrap_or_default().to_owned()
    }
}
