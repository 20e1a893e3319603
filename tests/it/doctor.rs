//! `doctor`: a line for each thing that may keep trueup from working, with what to do.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::machine::Machine;
use crate::support::trueup::Project;

fn healthy() -> (Machine, Machine, Project) {
    let (near, far) = (Machine::local(), Machine::over_ssh());
    near.says("node", "v22.11.0");
    let project = Project::of(&[("near", &near), ("far", &far)], "[tools]\nnode = \"exact\"");
    project.capture();
    (near, far, project)
}

#[test]
fn where_all_is_well_it_says_so_and_writes_nothing() {
    let (_near, _far, project) = healthy();
    let ran = project
        .trueup(&["doctor"])
        .stdout_has("ok       spec: environments/dev.toml is understood; targets: near, far\n")
        .stdout_has("ok       lock: environments/dev.lock covers the spec, 1 items\n")
        .stdout_has("host key known (ssh-ed25519)\n")
        .stdout_has("ok       near: reached, its shell answers, ")
        .stdout_has("ok       far: reached, its shell answers, ")
        .stdout_has("warning  ssh agent: none (SSH_AUTH_SOCK is not set); key files alone are used\n")
        .stdout_has("\nno problem, 1 warning\n")
        .exits(0);
    assert!(!ran.stdout.contains("problem  "), "{}", ran.stdout);
    assert!(!project.state().exists(), "the state folder was made");
}

#[test]
fn without_a_project_the_next_command_is_init() {
    let project = Project::empty();
    project
        .trueup(&["doctor"])
        .stdout_has("problem  project: no environments/ folder")
        .stdout_has("next: trueup init\n")
        .exits(1);
    project.spec("name = \"dev\"\n[tols]\n");
    project
        .trueup(&["doctor"])
        .stdout_has("problem  spec: environments/dev.toml cannot be used: 1 problem\n")
        .stderr_has("did you mean `tools`?")
        .exits(1);
}

#[test]
fn what_is_wrong_here_is_named_with_the_way_out() {
    let (_near, _far, project) = healthy();
    let spec = project.read("environments/dev.toml");
    project.spec(&format!("{spec}jq = \"exact\"\n"));
    project
        .trueup(&["doctor", "--offline"])
        .stdout_has("warning  lock: environments/dev.lock is older than the spec: it lacks tool:jq\n         next: trueup capture\n")
        .exits(0);
    fs::remove_file(project.at("environments/dev.lock")).unwrap();
    project.trueup(&["doctor", "--offline"]).stdout_has("the reference has not been captured yet").exits(0);
    fs::write(project.home().join(".ssh/config"), "Host *\n  Frobnicate yes\n").unwrap();
    project.trueup(&["doctor", "--offline"]).stdout_has("problem  far: ").stdout_has(".ssh/config:2").exits(1);
    fs::remove_file(project.home().join(".ssh/config")).unwrap();
    let keys = project.state().join("keys");
    fs::create_dir_all(&keys).unwrap();
    fs::write(keys.join("verifier.pem"), "x").unwrap();
    fs::set_permissions(keys.join("verifier.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    project
        .trueup(&["doctor", "--offline"])
        .stdout_has("is open to others (644)")
        .stdout_has("next: chmod 600 ")
        .exits(1);
    project.trueup(&["doctor", "nowhere"]).any_stdout().stderr_has("no target is named `nowhere`").exits(2);
}

#[test]
fn a_target_that_cannot_be_reached_hides_no_other() {
    let (_near, far, project) = healthy();
    fs::remove_file(project.known_hosts()).unwrap();
    project
        .trueup(&["doctor"])
        .stdout_has("warning  far: no host key is known for ")
        .stdout_has("next: trueup trust far\n")
        .stdout_has("ok       near: reached")
        .stdout_has("problem  far: the host key of ")
        .stdout_has("\n1 problem\n")
        .exits(3);
    project.trueup(&["doctor", "near"]).any_stdout().exits(0);
    drop(far);
}

#[test]
fn a_path_without_tools_and_a_history_that_is_none_are_named() {
    let machine = Machine::local();
    let bare = format!("[targets.vm]\nkind = \"local\"\nhome = {:?}\npath = \"/nowhere\"\n", machine.home());
    let project =
        Project::with_spec(&format!("name = \"dev\"\n{bare}[shell]\nlogin = false\n[tools]\nnode = \"exact\"\n"));
    project
        .trueup(&["doctor"])
        .stdout_has("see that `path` in the spec, or its start-up files, lead to awk, cat")
        .exits(3);
    fs::create_dir_all(project.state()).unwrap();
    fs::write(project.state().join("trueup.db"), "no database at all, and long enough to be looked at as one").unwrap();
    project.trueup(&["doctor", "--offline"]).stdout_has("trueup.db cannot be read as the history: ").exits(1);
}
