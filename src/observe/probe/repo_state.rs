//! The state of a working copy: its commit, branch, stashes and working changes, its submodules, whether it needs
//! git-lfs. Shown, and compared only where the spec asks.
//!
//! Each state is a block of lines behind `=<state> <exit code>`; one that git fails to tell is unknown, and hides no other.
//! What has to look at every file is a question of its own, so that a big repository costs only that.

use super::repo::{NOTHING_THERE, enter};
use super::{failed, text};
use crate::observe::{Answer, Covers, Probe, Question, Sighting};
use crate::spec::{Category, Environment, Fact, ItemId, Observed, Repo, Why};

pub(super) const PROBE: Probe =
    Probe { name: "repo-state", doc: "commit, branch and changes of a working copy", manager: None, ask, read };

const QUICK: [&str; 5] = ["branch", "commit", "default_branch", "lfs", "stashes"];
const SLOW: [&str; 2] = ["dirty", "submodules"];

/// `tu_say STATE COMMAND…` runs a command and prints its block. What it says on stderr goes there, for all blocks.
const SAY: &str = r#"
tu_say() {
  tu_state=$1
  shift
  tu_said=$("$@")
  printf '=%s %s\n%s\n' "$tu_state" "$?" "$tu_said"
}
"#;

/// Exit code 1 stands for what is not there: a detached HEAD, an unborn branch, no remote's HEAD, no stash.
const QUICK_SCRIPT: &str = r#"
tu_stashes() {
  git rev-parse --verify --quiet refs/stash >/dev/null || { echo 0; return 0; }
  git rev-list --walk-reflogs --count refs/stash
}
tu_lfs() {
  git grep --quiet -e 'filter=lfs' -- .gitattributes '*/.gitattributes'
  case $? in
    0) ;;
    1) echo 'not needed'; return 0 ;;
    *) return 2 ;;
  esac
  if ! tu_find git-lfs >/dev/null; then
    echo 'needed, and git-lfs is not on PATH'
  elif [ -z "$(git config filter.lfs.process || git config filter.lfs.smudge)" ]; then
    echo 'needed, and its filter is not set up'
  else
    echo 'needed and set up'
  fi
}
tu_say branch git symbolic-ref --quiet --short HEAD
tu_say commit git rev-parse --verify --quiet HEAD
tu_say default_branch git symbolic-ref --quiet --short refs/remotes/origin/HEAD
tu_say stashes tu_stashes
tu_say lfs tu_lfs
"#;

/// A file system monitor would be started by the question. Behind the changes stands git's own exit code, since a pipe
/// has that of its last command.
const SLOW_SCRIPT: &str = r#"
tu_changes() {
  { git -c core.fsmonitor=false status --porcelain; printf '=%s\n' "$?"; } |
    awk '/^=/ { code = substr($0, 2) } /^[?][?]/ { untracked++ } /^[^=?]/ { changed++ }
      END { printf "%d %d\n", changed, untracked; exit code }'
}
tu_say dirty tu_changes
tu_say submodules git -c core.fsmonitor=false submodule status
"#;

fn ask(environment: &Environment) -> Vec<Question> {
    let question = |repo: &Repo, subject: String, script: &str, states: &[&str]| {
        let items = states.iter().map(|state| id(&repo.name, state)).collect();
        let script = enter(repo) + SAY + script;
        Question::new(subject, script, environment.limits.probe, Covers { items, listings: Vec::new() })
    };
    let both = |repo: &Repo| {
        [
            question(repo, repo.name.clone(), QUICK_SCRIPT, &QUICK),
            question(repo, format!("{}/files", repo.name), SLOW_SCRIPT, &SLOW),
        ]
    };
    environment.repos.iter().flat_map(both).collect()
}

fn id(repo: &str, state: &str) -> ItemId {
    ItemId::new(Category::Repo, format!("{repo}/{state}"))
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    match answer.code {
        0 => {}
        NOTHING_THERE => {
            let absent = |id: &ItemId| Sighting::Item(id.clone(), Observed::Absent);
            return Ok(question.covers.items.iter().map(absent).collect());
        }
        _ => return Err(failed("git", answer)),
    }
    let repo = question.subject.split('/').next().unwrap_or(&question.subject);
    let stdout = text(&answer.stdout);
    let mut sightings = Vec::new();
    let mut lines = stdout.lines().peekable();
    while let Some(line) = lines.next() {
        let not_understood = || Why::NotUnderstood(format!("`{}` is no state of git's", line.escape_debug()));
        let (state, code) = head(line).ok_or_else(not_understood)?;
        let mut body: Vec<&str> = Vec::new();
        while let Some(more) = lines.next_if(|line| head(line).is_none()) {
            body.push(more);
        }
        let body = body.join("\n");
        let observed = match code {
            0 => match shown(state, body.trim_end_matches('\n')) {
                Some(value) => Observed::Present(Fact::text(value)),
                None => Observed::Unknown(Why::NotUnderstood(format!("git says `{}`", body.escape_debug()))),
            },
            1 if state == "branch" => Observed::Present(Fact::text("detached")),
            1 if matches!(state, "commit" | "default_branch") => Observed::Absent,
            _ => Observed::Unknown(failed("git", &Answer { code, stdout: Vec::new(), stderr: answer.stderr.clone() })),
        };
        sightings.push(Sighting::Item(id(repo, state), observed));
    }
    Ok(sightings)
}

/// The state and the exit code, where a line begins a block. No name that git knows has a space in it.
fn head(line: &str) -> Option<(&str, i32)> {
    let (state, code) = line.strip_prefix('=')?.split_once(' ')?;
    Some((state, code.parse().ok()?))
}

/// What is shown of a state that git told; none if it is not understood.
fn shown(state: &str, told: &str) -> Option<String> {
    match state {
        "dirty" => {
            let (changed, untracked) = told.split_once(' ')?;
            let (changed, untracked): (u64, u64) = (changed.parse().ok()?, untracked.parse().ok()?);
            Some(match (changed, untracked) {
                (0, 0) => "clean".to_owned(),
                (changed, 0) => format!("{changed} changed"),
                (0, untracked) => format!("{untracked} untracked"),
                _ => format!("{changed} changed, {untracked} untracked"),
            })
        }
        "submodules" if told.is_empty() => Some("none".to_owned()),
        "submodules" => told.lines().map(submodule).collect::<Option<Vec<_>>>().map(|all| all.join(", ")),
        "default_branch" => told.strip_prefix("origin/").map(str::to_owned),
        "commit" => is_commit(told).then(|| told.to_owned()),
        "stashes" => told.parse::<u64>().ok().map(|count| count.to_string()),
        _ => (!told.is_empty() && !told.contains('\n')).then(|| told.to_owned()),
    }
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A line of `git submodule status`: a mark, the commit, the path, and for those that are there a description.
fn submodule(line: &str) -> Option<String> {
    let mark = line.chars().next()?;
    let (commit, rest) = line.get(1..)?.split_once(' ')?;
    let path = match rest.rsplit_once(" (") {
        Some((path, description)) if description.ends_with(')') => path,
        _ => rest,
    };
    let state = match mark {
        ' ' => "",
        '-' => " not initialised",
        '+' => " at another commit than recorded",
        'U' => " with conflicts",
        _ => return None,
    };
    is_commit(commit).then(|| format!("{path} {commit}{state}"))
}
