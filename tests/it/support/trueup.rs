//! The real program in a project of its own: run with an environment that holds nothing but what is given here, its
//! exit code, stdout and stderr compared with what a test says it expects. Unspecified means empty.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use regex::Regex;
use serde_json::Value;
use tempfile::TempDir;

use super::machine::{Machine, SYSTEM_PATH};
#[cfg(target_os = "linux")]
use super::mounts::own_mounts;

/// A project folder with one environment, the user's home and trueup's state.
pub(crate) struct Project {
    folder: TempDir,
}

impl Project {
    /// A project with nothing in it.
    pub(crate) fn empty() -> Self {
        let folder = TempDir::with_prefix("project-").unwrap();
        for name in ["work", "home/.ssh"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    /// A project with this spec.
    pub(crate) fn with_spec(spec: &str) -> Self {
        let project = Self::empty();
        project.spec(spec);
        project
    }

    /// A project that holds `targets` true to the first of them, which its user knows and trusts.
    pub(crate) fn of(targets: &[(&str, &Machine)], rest: &str) -> Self {
        let project = Self::with_spec(&spec_of(targets, rest));
        let known: Vec<String> = targets
            .iter()
            .filter(|(_, machine)| machine.target("x").contains("ssh = "))
            .map(|(_, machine)| machine.server().known_hosts_line() + "\n")
            .collect();
        fs::write(project.known_hosts(), known.concat()).unwrap();
        project
    }

    /// Writes the spec.
    pub(crate) fn spec(&self, spec: &str) {
        self.write("environments/dev.toml", spec);
    }

    /// Writes a file into the project.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// A place in the project.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    /// The user's home.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub(crate) fn known_hosts(&self) -> PathBuf {
        self.home().join(".ssh/known_hosts")
    }

    /// Where trueup keeps what it remembers.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// A command, to be run with its expectations.
    pub(crate) fn trueup(&self, arguments: &[&str]) -> Trueup {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trueup"));
        command
            .args(arguments)
            .current_dir(self.at(""))
            .env_clear()
            .env("PATH", SYSTEM_PATH)
            .env("HOME", self.home())
            .env("TRUEUP_STATE", self.state())
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let whole = || Expected::Whole(String::new());
        Trueup { command, masks: Vec::new(), stdout: whole(), stderr: whole(), typing: None }
    }

    /// Captures the reference, for tests about what comes after.
    pub(crate) fn capture(&self) -> &Self {
        // How long canaries take is told on the way.
        let tried = r"(?m)^  \S+: \S+/\S+: .*, \d+\.\d s\n";
        self.trueup(&["capture", "--yes"]).any_stdout().mask(tried, "").exits(0);
        self
    }

    /// The report of a check that ends with this code.
    pub(crate) fn check(&self, targets: &[&str], code: i32) -> Report {
        let arguments = [&["check", "--format", "json"], targets].concat();
        let ran = self.trueup(&arguments).any_stdout().exits(code);
        let report = Report(ran.json());
        let verdict = match code {
            0 => "parity",
            1 => "drift",
            _ => "unknown",
        };
        assert_eq!(report.0["verdict"], verdict, "the exit code and the report disagree");
        report
    }

    /// Brings a target true.
    pub(crate) fn apply(&self, target: &str) -> &Self {
        self.trueup(&["apply", target, "--yes"]).any_stdout().any_stderr().exits(0);
        self
    }
}

/// A spec that holds `targets` true to the first of them.
pub(crate) fn spec_of(targets: &[(&str, &Machine)], rest: &str) -> String {
    let tables: Vec<String> = targets.iter().map(|(name, machine)| machine.target(name)).collect();
    let (reference, tables) = (targets[0].0, tables.concat());
    format!("version = 1\nname = \"dev\"\nreference = \"{reference}\"\n{tables}[shell]\nlogin = false\n{rest}\n")
}

/// What a stream should hold.
enum Expected {
    Whole(String),
    Parts(Vec<String>),
    Anything,
}

/// A command and what it should do.
#[must_use = "nothing runs before `exits` or `start`"]
pub(crate) struct Trueup {
    command: Command,
    masks: Vec<(Regex, String)>,
    stdout: Expected,
    stderr: Expected,
    typing: Option<(String, String)>,
}

/// A command that did what it should.
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Trueup {
    /// Runs it on a terminal of its own, by `script` of util-linux. Both streams are then one.
    #[cfg(target_os = "linux")]
    pub(crate) fn on_a_terminal(self) -> Self {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        let words: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
        let mut script = Command::new("script");
        script.args(["-qec", &words.join(" "), "/dev/null"]);
        self.started_by(script)
    }

    /// Once it has asked for this on its terminal, this is typed.
    #[cfg(target_os = "linux")]
    pub(crate) fn typing(mut self, question: &str, answer: &str) -> Self {
        self.command.stdin(Stdio::piped());
        self.typing = Some((question.to_owned(), answer.to_owned()));
        self
    }

    /// Runs it where nothing below a folder can be written, as on a disk that is mounted so.
    #[cfg(target_os = "linux")]
    pub(crate) fn with_read_only(self, folder: &Path) -> Self {
        const ENTER: &str = "mount --bind \"$1\" \"$1\"; mount -o remount,bind,ro \"$1\"; shift; exec \"$@\"";
        let mut within = own_mounts(ENTER, folder);
        within.arg(self.command.get_program()).args(self.command.get_args());
        self.started_by(within)
    }

    /// Has another program start it, in the same folder and environment.
    #[cfg(target_os = "linux")]
    fn started_by(mut self, mut other: Command) -> Self {
        other.current_dir(self.command.get_current_dir().unwrap());
        other.env_clear().envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        other.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command = other;
        self
    }

    /// One more variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it in another folder.
    pub(crate) fn within(mut self, folder: PathBuf) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Writes `name` for what differs from run to run, before anything is compared.
    pub(crate) fn mask(mut self, pattern: &str, name: &str) -> Self {
        self.masks.push((Regex::new(pattern).unwrap(), name.to_owned()));
        self
    }

    /// Writes `name` for a text that differs from run to run.
    pub(crate) fn hide(self, text: &str, name: &str) -> Self {
        self.mask(&regex::escape(text), name)
    }

    /// Masks who the machine is and how long it took.
    pub(crate) fn mask_machines(self) -> Self {
        self.mask(r"\S+, (linux|macos)( \S+)?, \w+, \d+ ms", "(machine)").mask(r"\d+ ms", "(time)")
    }

    /// All of stdout.
    pub(crate) fn stdout(mut self, whole: &str) -> Self {
        self.stdout = Expected::Whole(whole.to_owned());
        self
    }

    /// A part of stdout; may be repeated.
    pub(crate) fn stdout_has(mut self, part: &str) -> Self {
        add(&mut self.stdout, part);
        self
    }

    /// stdout is for the test to look at.
    pub(crate) fn any_stdout(mut self) -> Self {
        self.stdout = Expected::Anything;
        self
    }

    /// All of stderr.
    pub(crate) fn stderr(mut self, whole: &str) -> Self {
        self.stderr = Expected::Whole(whole.to_owned());
        self
    }

    /// A part of stderr; may be repeated.
    pub(crate) fn stderr_has(mut self, part: &str) -> Self {
        add(&mut self.stderr, part);
        self
    }

    /// stderr is for the test to look at.
    pub(crate) fn any_stderr(mut self) -> Self {
        self.stderr = Expected::Anything;
        self
    }

    /// Runs it and compares.
    pub(crate) fn exits(mut self, code: i32) -> Ran {
        let shown = format!("{:?}", self.command.get_args().collect::<Vec<_>>());
        let output = match self.typing.take() {
            Some((question, answer)) => answered(self.command.spawn().unwrap(), &question, &answer),
            None => self.command.output().unwrap(),
        };
        let masked = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            self.masks.iter().fold(text, |text, (pattern, name)| pattern.replace_all(&text, name).into_owned())
        };
        let (stdout, stderr) = (masked(output.stdout), masked(output.stderr));
        let ended = output.status;
        assert_eq!(ended.code(), Some(code), "{shown} ended with {ended}\n-- stdout\n{stdout}\n-- stderr\n{stderr}");
        compare(&self.stdout, &stdout, "stdout", &shown);
        compare(&self.stderr, &stderr, "stderr", &shown);
        Ran { stdout, stderr }
    }

    /// Runs it, for tests of which several ends are right.
    pub(crate) fn whatever_comes(mut self) -> Output {
        self.command.output().unwrap()
    }

    /// Starts it, for tests that end it themselves.
    pub(crate) fn start(mut self) -> Child {
        self.command.spawn().unwrap()
    }

    /// Kills it once the file `started` is on the machine, which its work has written.
    pub(crate) fn killed_at_work(self, machine: &Machine) {
        let mut child = self.start();
        machine.shows("started");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// Hears a program to its end, and answers its question.
fn answered(mut child: Child, question: &str, answer: &str) -> Output {
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut heard = Vec::new();
    let mut piece = [0; 4096];
    let mut asked = false;
    while let Ok(length @ 1..) = stdout.read(&mut piece) {
        heard.extend_from_slice(&piece[..length]);
        if !asked && String::from_utf8_lossy(&heard).contains(question) {
            asked = true;
            // The question is there a moment before the terminal stops showing what is typed; nobody types that fast.
            std::thread::sleep(Duration::from_secs(1));
            stdin.write_all(answer.as_bytes()).unwrap();
        }
    }
    let rest = child.wait_with_output().unwrap();
    Output { status: rest.status, stdout: heard, stderr: rest.stderr }
}

fn add(expected: &mut Expected, part: &str) {
    match expected {
        Expected::Parts(parts) => parts.push(part.to_owned()),
        Expected::Whole(_) | Expected::Anything => *expected = Expected::Parts(vec![part.to_owned()]),
    }
}

fn compare(expected: &Expected, found: &str, stream: &str, shown: &str) {
    match expected {
        Expected::Whole(whole) => {
            let diff = similar::TextDiff::from_lines(whole.as_str(), found);
            let diff = diff.unified_diff().header("expected", "found").to_string();
            assert!(diff.is_empty(), "{shown} printed something else on {stream}:\n{diff}");
        }
        Expected::Parts(parts) => {
            for part in parts {
                assert!(found.contains(part), "{shown}: no `{part}` on {stream}:\n{found}");
            }
        }
        Expected::Anything => {}
    }
}

impl Ran {
    /// stdout as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in\n{}", self.stdout))
    }
}

/// A report as programs read it.
pub(crate) struct Report(pub(crate) Value);

impl Report {
    /// One target's part.
    pub(crate) fn target(&self, name: &str) -> &Value {
        let targets = self.0["targets"].as_array().unwrap();
        targets.iter().find(|target| target["target"] == name).unwrap_or_else(|| panic!("{name} is not in {}", self.0))
    }

    /// One finding about a target.
    pub(crate) fn finding(&self, target: &str, id: &str) -> &Value {
        let findings = self.target(target)["findings"].as_array().unwrap();
        let found = findings.iter().find(|finding| finding["id"] == id);
        found.unwrap_or_else(|| panic!("no {id} among {:?}", self.ids(target)))
    }

    /// The ids of all findings about a target.
    pub(crate) fn ids(&self, target: &str) -> Vec<&str> {
        self.target(target)["findings"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
    }

    /// State and change of all findings about a target that are no match.
    pub(crate) fn amiss(&self, target: &str) -> Vec<String> {
        let findings = self.target(target)["findings"].as_array().unwrap();
        let amiss = findings.iter().filter(|finding| finding["state"] != "match");
        amiss
            .map(|finding| {
                let word = |key: &str| finding[key].as_str().unwrap_or("-").to_owned();
                format!("{} {} {}", word("id"), word("state"), word("change"))
            })
            .collect()
    }
}
