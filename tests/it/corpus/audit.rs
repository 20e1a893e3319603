//! One row, driven through the real program: pristine machines, the mutation, an audit.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::homes::{Homes, REPOS, shown};
use super::table::Row;

/// The code of a row whose own mutation fails. None of trueup's.
const MUTATION_FAILED: i32 = 97;

/// Does the mutation as the user of a machine (`$1` home, `$2` search path, `$3` repository, `$4` what to do) and goes on
/// with what follows, in the folder `$5`.
const MUTATE: &str = r#"
cd "$1/src/$3"
env -i HOME="$1" PATH="$2" LANG=C.UTF-8 sh -euc "$4" >/dev/null || exit 97
cd "$5"
shift 5
exec "$@"
"#;

/// Brings the target true (`$1` trueup, `$2` environment, `$3` state, what follows chooses the canaries), plans once more,
/// and checks. Tells the codes of the first two in a line before the report; what they say is on stderr.
const CONVERGE: &str = r#"
trueup=$1 environment=$2 state=$3
shift 3
"$trueup" apply b --env "$environment" --state "$state" --yes --prune "$@" >&2 && applied=0 || applied=$?
"$trueup" plan b --env "$environment" --state "$state" --prune "$@" >&2 && planned=0 || planned=$?
echo "$applied $planned"
exec "$trueup" check b --env "$environment" --state "$state" --format json "$@"
"#;

/// How an audit looks at a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// By facts alone.
    Static,
    /// With those canaries that the row says end otherwise, and one that does not.
    Some,
    /// With all canaries that the repository's gates should catch.
    All,
}

/// A canary that every repository has, and few mutations concern.
const BESIDE: &str = "commit-message";

/// A project whose reference has been captured, and the machines that it holds true.
pub(crate) struct Corpus {
    pub(super) homes: Homes,
    project: TempDir,
}

/// What an audit found.
pub(crate) struct Found {
    /// `ID drift` or `ID unknown`, for all that does not match.
    pub(crate) amiss: BTreeSet<String>,
    pub(crate) took: Duration,
    report: Value,
}

impl Corpus {
    /// Furnishes the homes.
    pub(crate) fn uncaptured() -> Self {
        Self { homes: Homes::furnished(), project: TempDir::with_prefix("corpus-").unwrap() }
    }

    /// Furnishes the homes, and captures the reference: an environment for each repository that these audits are about.
    pub(crate) fn captured_for(audits: &[(&Row, Mode)]) -> Self {
        let corpus = Self::uncaptured();
        fs::create_dir(corpus.project.path().join("environments")).unwrap();
        let about = |repo: &&str| audits.iter().any(|(row, _)| row.repo == **repo);
        let repos: Vec<&str> = REPOS.into_iter().filter(about).collect();
        super::tally::side_by_side(repos.len(), |number| corpus.capture(repos[number]));
        corpus
    }

    fn at(&self, name: &str) -> PathBuf {
        self.project.path().join(name)
    }

    fn capture(&self, repo: &str) {
        fs::write(self.at(&format!("environments/{repo}.toml")), self.homes.spec(repo)).unwrap();
        let state = self.at("state").display().to_string();
        let words = [env!("CARGO_BIN_EXE_trueup"), "capture", "--yes", "--env", repo, "--state", &state];
        let output = self.homes.pristine(&words).current_dir(self.project.path()).output().unwrap();
        assert!(output.status.success(), "{repo} cannot be captured:\n{}", shown(&output));
    }

    /// What an audit finds once a row's mutation has been done.
    pub(crate) fn audit(&self, row: &Row, mode: Mode) -> Result<Found, String> {
        let began = Instant::now();
        let output = self.command(row, mode).output().unwrap();
        let took = began.elapsed();
        read(&output, took)
    }

    /// What is still amiss once a row's mutation has been done and one apply has mended it, with what was said on the way
    /// if anything is.
    pub(crate) fn converged(&self, row: &Row, mode: Mode) -> Result<(), String> {
        let project = if mode == Mode::Some { self.with_some_checks(row) } else { self.project.path().to_owned() };
        let words = ["sh", "-euc", CONVERGE, "sh", env!("CARGO_BIN_EXE_trueup"), &row.repo, "/media/tmp/state"];
        let behaviour: &[&str] = if mode == Mode::Static { &[] } else { &["--behaviour"] };
        let mut output = self.after(row, &project, &[&words, behaviour].concat()).output().unwrap();
        let end = output.stdout.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let rest = output.stdout.split_off(end);
        let codes = String::from_utf8(std::mem::replace(&mut output.stdout, rest)).unwrap();
        let found = read(&output, Duration::ZERO)?;
        let said = || String::from_utf8_lossy(&output.stderr).into_owned();
        match (codes.trim(), found.amiss.is_empty()) {
            ("0 0", true) => Ok(()),
            (codes, _) => Err(format!("apply and plan ended with {codes}; amiss: {:?}\n{}", found.amiss, said())),
        }
    }

    fn command(&self, row: &Row, mode: Mode) -> Command {
        let mut words = vec![env!("CARGO_BIN_EXE_trueup"), "check", "b", "--env", &row.repo, "--format", "json"];
        words.extend(["--state", "/nonexistent/state"]);
        if mode != Mode::Static {
            words.push("--behaviour");
        }
        let project = if mode == Mode::Some { self.with_some_checks(row) } else { self.project.path().to_owned() };
        self.after(row, &project, &words)
    }

    /// A project whose spec has just some of the canaries.
    fn with_some_checks(&self, row: &Row) -> PathBuf {
        let project = self.at("some").join(&row.name);
        fs::create_dir_all(project.join("environments")).unwrap();
        let name = |finding: &String| finding.split(['/', '@', ' ']).nth(1).map(str::to_owned);
        let mut checks: BTreeSet<String> = row.fires.iter().filter_map(name).collect();
        checks.insert(BESIDE.to_owned());
        let checks: Vec<String> = checks.into_iter().collect();
        let spec = format!("{}checks = {checks:?}\n", self.homes.spec(&row.repo));
        fs::write(project.join(format!("environments/{}.toml", row.repo)), spec).unwrap();
        let lock = format!("environments/{}.lock", row.repo);
        fs::copy(self.at(&lock), project.join(lock)).unwrap();
        project
    }

    /// A command in a row's repository once its mutation has been done, as the target's user.
    pub(crate) fn changed(&self, row: &Row, words: &[&str]) -> Command {
        let home = self.homes.target();
        let mut command = self.after(row, &home.join("src").join(&row.repo), words);
        command.env("HOME", &home).env("PATH", self.homes.path(&home));
        command
    }

    /// A piece of sh in a repository of a pristine machine, as its user.
    pub(crate) fn unchanged(&self, home: &Path, repo: &str, script: &str) -> Command {
        let words = ["sh", "-euc", &format!("cd \"$HOME/src/{repo}\"\n{script}")];
        let mut command = self.homes.pristine(&words);
        command.env("HOME", home).env("PATH", self.homes.path(home));
        command
    }

    /// A command in a folder once a row's mutation has been done, in the environment that the row asks for.
    fn after(&self, row: &Row, folder: &Path, words: &[&str]) -> Command {
        let home = self.homes.target();
        let (home, path) = (home.to_str().unwrap(), self.homes.path(&home));
        let before = ["sh", "-ec", MUTATE, "sh", home, &path, &row.repo, &row.does, folder.to_str().unwrap()];
        let mut command = self.homes.pristine(&[&before, words].concat());
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
    pub(crate) fn reason(&self, amiss: &str) -> String {
        let id = amiss.split(' ').next().unwrap_or(amiss);
        let findings = self.report["targets"][0]["findings"].as_array().into_iter().flatten();
        let reason = findings.filter(|finding| finding["id"] == id).find_map(|finding| finding["reason"].as_str());
        reason.unwrap_or_default().to_owned()
    }
}
