//! `action.yml`: its steps run for real, in bash, with the files and variables that a runner gives them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::machine::{Machine, SYSTEM_PATH};
use crate::support::trueup::Project;

fn action() -> Value {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml")).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

/// A runner's folder, and the inputs of one use of the action.
struct Runner<'a> {
    project: &'a Project,
    inputs: BTreeMap<&'a str, &'a str>,
    path: String,
}

struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

impl<'a> Runner<'a> {
    fn new(project: &'a Project, inputs: &[(&'a str, &'a str)]) -> Self {
        for name in ["output", "path", "summary"] {
            project.write(&format!("runner/{name}"), "");
        }
        let trueup = Path::new(env!("CARGO_BIN_EXE_trueup")).parent().unwrap();
        let path = format!("{}:{SYSTEM_PATH}", trueup.display());
        Self { project, inputs: inputs.iter().copied().collect(), path }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.project.at("runner").join(name)
    }

    /// Expressions are only ever whole values: of an input, its default included, or of the runner.
    fn value(&self, action: &Value, expression: &str) -> String {
        let Some(inner) = expression.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}")) else {
            return expression.to_owned();
        };
        match inner.split_once('.').unwrap() {
            ("inputs", name) => {
                let default = action["inputs"][name]["default"].as_str().unwrap_or_else(|| panic!("no input {name}"));
                self.inputs.get(name).copied().unwrap_or(default).to_owned()
            }
            ("github", "action_repository") => "example/trueup".to_owned(),
            ("github", "action_path") => env!("CARGO_MANIFEST_DIR").to_owned(),
            ("github", "server_url") => "https://github.example".to_owned(),
            _ => panic!("{expression} is not known here"),
        }
    }

    fn step(&self, name: &str) -> Ended {
        let action = action();
        let steps = action["runs"]["steps"].as_array().unwrap();
        let step = steps.iter().find(|step| step["name"] == name).unwrap();
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"].as_str().unwrap()]);
        command.env_clear().env("PATH", &self.path).env("HOME", self.project.home()).env("LANG", "C.UTF-8");
        command.env("TRUEUP_STATE", self.project.state()).env("RUNNER_TEMP", self.file("temp"));
        command.env("GITHUB_OUTPUT", self.file("output")).env("GITHUB_PATH", self.file("path"));
        command.env("GITHUB_STEP_SUMMARY", self.file("summary"));
        for (name, value) in step["env"].as_object().unwrap() {
            command.env(name, self.value(&action, value.as_str().unwrap()));
        }
        let folder = step["working-directory"].as_str().map_or_else(String::new, |folder| self.value(&action, folder));
        let output = command.current_dir(self.project.at("").join(folder)).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    fn output(&self) -> String {
        fs::read_to_string(self.file("output")).unwrap()
    }
}

fn drifted() -> (Machine, Machine, Project) {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.says("node", "v22.11.0");
    vm.says("node", "v20.1.0");
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[tools]\nnode = \"exact\"");
    project.capture();
    (laptop, vm, project)
}

#[test]
fn a_drift_is_annotated_summed_up_and_fails_the_step_with_its_code() {
    let (_laptop, _vm, project) = drifted();
    let runner = Runner::new(&project, &[("target", "vm\n laptop"), ("version", "installed"), ("environment", "dev")]);
    assert!(runner.step("Install trueup").stdout.starts_with("trueup "));
    let ended = runner.step("Check");
    assert_eq!(ended.code, 1, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("::error file=environments/dev.lock,line="), "{}", ended.stdout);
    assert_eq!(runner.output(), "verdict=drift\nexit-code=1\nsarif=trueup.sarif\n");
    assert!(fs::read_to_string(runner.file("summary")).unwrap().contains("| tool:node |"));
    let sarif: Value = serde_json::from_str(&project.read("trueup.sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 1);
}

#[test]
fn parity_passes_and_what_an_input_says_is_never_a_command() {
    let (laptop, vm, project) = drifted();
    let runner = Runner::new(&project, &[("target", "laptop"), ("sarif", ""), ("json", "report.json")]);
    assert_eq!(runner.step("Check").code, 0);
    assert_eq!(runner.output(), "verdict=parity\nexit-code=0\n");
    assert!(project.read("report.json").contains("trueup/report/v1"));
    let evil = "$(touch owned) `touch owned` ; touch owned * --help";
    let runner = Runner::new(&project, &[("target", evil)]);
    let ended = runner.step("Check");
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("no target is named `$(touch`"), "{}", ended.stderr);
    assert_eq!(runner.output(), "verdict=\nexit-code=2\n");
    assert!(!project.at("owned").exists());
    drop((laptop, vm));
    for step in action()["runs"]["steps"].as_array().unwrap() {
        assert!(!step["run"].as_str().unwrap().contains("${{"), "an input becomes part of a script");
        assert_eq!(step["shell"], "bash");
    }
}

/// A `curl` that takes what it is asked for from a folder.
fn releases(project: &Project, runner: &mut Runner<'_>) -> PathBuf {
    let bin = project.at("fake");
    let curl = "#!/bin/sh\nwhile [ $# -gt 1 ]; do [ \"$1\" = -o ] && out=$2; shift; done\n\
                echo \"$1\" >>\"${0%/*}/asked\"\nexec cp \"${0%/*}/releases/${1##*/}\" \"$out\"\n";
    project.write("fake/curl", curl);
    fs::set_permissions(bin.join("curl"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir_all(bin.join("releases")).unwrap();
    runner.path = format!("{}:{SYSTEM_PATH}", bin.display());
    bin
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn a_release_is_installed_only_if_its_digest_is_the_pinned_one() {
    let (_laptop, _vm, project) = drifted();
    project.write("fake/releases/trueup-1.2.3/trueup", "#!/bin/sh\necho trueup 1.2.3\n");
    let archive = "trueup-1.2.3-x86_64-unknown-linux-gnu.tar.gz";
    let folder = project.at("fake/releases");
    fs::set_permissions(folder.join("trueup-1.2.3/trueup"), fs::Permissions::from_mode(0o755)).unwrap();
    let made = Command::new("tar").args(["-czf", archive, "trueup-1.2.3"]).current_dir(&folder).status().unwrap();
    assert!(made.success());
    let summed = Command::new("sha256sum").arg(archive).current_dir(&folder).output().unwrap();
    let published = String::from_utf8(summed.stdout).unwrap();
    let digest = published.split(' ').next().unwrap().to_owned();
    fs::write(folder.join(format!("{archive}.sha256")), &published).unwrap();

    let install = |inputs: &[(&str, &str)]| {
        let mut runner = Runner::new(&project, inputs);
        let bin = releases(&project, &mut runner);
        let ended = runner.step("Install trueup");
        (ended, fs::read_to_string(runner.file("path")).unwrap(), bin)
    };
    let (ended, path, bin) = install(&[("version", "v1.2.3"), ("sha256", &digest)]);
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "trueup 1.2.3\n"), "{}", ended.stderr);
    assert_eq!(path, format!("{}\n", project.at("runner/temp/trueup/bin").display()));
    let asked = fs::read_to_string(bin.join("asked")).unwrap();
    assert_eq!(asked, format!("https://github.example/example/trueup/releases/download/v1.2.3/{archive}\n"));
    assert_eq!(install(&[("version", "1.2.3")]).0.code, 0, "the published digest is taken where none is pinned");

    let (ended, path, _) = install(&[("version", "1.2.3"), ("sha256", &"0".repeat(64))]);
    assert_eq!((ended.code, path.as_str()), (2, ""));
    assert!(ended.stdout.ends_with("; nothing was installed\n"), "{}", ended.stdout);
    let (ended, ..) = install(&[("version", "1.2.3/../../evil")]);
    assert_eq!(ended.code, 2);
}
