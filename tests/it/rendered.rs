//! `render`: what is written, that it is told when it is stale, and that nobody's own work goes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::machine::Machine;
use crate::support::sshd::{generate_key, public_key};
use crate::support::trueup::Project;

const SPEC: &str = "version = 1\nname = \"dev\"\n[targets.box]\nkind = \"devcontainer\"\n[targets.here]\nkind = \"local\"\n\
                    [shell]\nlogin = false\n[tools]\nnode = { policy = \"exact\", install = { apt = \"nodejs\" } }\n\
                    claude = { policy = \"exact\", install = { npm = \"@anthropic-ai/claude-code\" } }\n";

/// A project whose reference has these tools.
fn captured() -> (Machine, Project) {
    let machine = Machine::local();
    machine.says("node", "v22.11.0").says("claude", "2.0.1");
    let project = Project::with_spec(SPEC);
    capture(&project, &machine);
    (machine, project)
}

fn capture(project: &Project, machine: &Machine) {
    project.trueup(&["capture", "--yes"]).env("PATH", &machine.path()).any_stdout().any_stderr().exits(0);
}

#[test]
fn a_devcontainer_is_written_once_and_told_stale_when_the_reference_changed() {
    let (machine, project) = captured();
    let check = |code| project.trueup(&["render", "devcontainer", "box", "--check"]).any_stdout().exits(code).stdout;
    assert!(check(1).contains("+ARG IMAGE="));
    assert!(!project.at(".devcontainer").exists(), "a check writes nothing");
    let written = project.trueup(&["render", "devcontainer", "box"]).any_stdout().exits(0).stdout;
    assert!(written.contains("written: ") && !written.contains("up to date"), "{written}");
    let (json, dockerfile) = (".devcontainer/devcontainer.json", ".devcontainer/Dockerfile");
    let first = (project.read(json), project.read(dockerfile));
    assert!(first.1.contains("@anthropic-ai/claude-code@2.0.1\n"), "{}", first.1);
    let again = project.trueup(&["render", "devcontainer", "box"]).any_stdout().exits(0).stdout;
    assert!(again.contains("up to date: ") && !again.contains("written"), "{again}");
    assert_eq!((project.read(json), project.read(dockerfile)), first);
    assert_eq!(check(0), "");

    machine.says("claude", "2.0.2");
    capture(&project, &machine);
    let diff = check(1);
    assert!(
        diff.contains("-      @anthropic-ai/claude-code@2.0.1\n+      @anthropic-ai/claude-code@2.0.2\n"),
        "{diff}"
    );
    let shown = project.trueup(&["render", "devcontainer", "box", "--out", "-"]).any_stdout().exits(0).stdout;
    assert!(shown.starts_with("==> .devcontainer/devcontainer.json <==\n// Rendered by trueup"), "{shown}");
    assert_eq!(project.read(dockerfile), first.1, "what is printed is not written");
}

#[test]
fn a_configuration_that_somebody_wrote_is_amended_where_it_is() {
    let (_machine, project) = captured();
    for (path, dockerfile) in [
        (".devcontainer.json", ".devcontainer/Dockerfile"),
        (".devcontainer/devcontainer.json", ".devcontainer/Dockerfile"),
        (".devcontainer/web/devcontainer.json", ".devcontainer/web/Dockerfile"),
    ] {
        let folder = project.at(&format!("of{}", path.replace('/', "-")));
        fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
        fs::write(folder.join(path), "{\n  // ours\n  \"image\": \"node:20\",\n  \"forwardPorts\": [3000]\n}\n")
            .unwrap();
        let out = folder.to_str().unwrap();
        project.trueup(&["render", "devcontainer", "box", "--out", out]).any_stdout().exits(0);
        let amended = fs::read_to_string(folder.join(path)).unwrap();
        assert!(amended.contains("  // ours\n  \"build\": {") && amended.contains("[3000]"), "{amended}");
        assert!(fs::read_to_string(folder.join(dockerfile)).unwrap().contains("\nARG IMAGE=node:20\n"));
        project.trueup(&["render", "devcontainer", "box", "--out", out, "--check"]).exits(0);
    }
}

#[test]
fn what_cannot_be_rendered_says_why() {
    let (_machine, project) = captured();
    project
        .trueup(&["render", "devcontainer", "here"])
        .stderr("error: here is a local, and this is for a target of kind \"devcontainer\"\n")
        .exits(2);
    for name in ["a", "b"] {
        project.write(&format!(".devcontainer/{name}/devcontainer.json"), "{}");
    }
    project.trueup(&["render", "devcontainer", "box"]).stderr_has("there are several configurations").exits(2);
    let bare = Project::with_spec(SPEC);
    bare.trueup(&["render", "devcontainer", "box"])
        .stderr("error: there is no lock yet, so nobody has looked what the reference has; run: trueup capture\n")
        .exits(2);
    let odd = Project::with_spec(
        &SPEC.replace("kind = \"devcontainer\"", "kind = \"devcontainer\"\nimage = \"debian 12\"\nuser = \"Root!\""),
    );
    odd.trueup(&["render", "devcontainer", "box"])
        .stderr_has("`debian 12` is not an image")
        .stderr_has("`Root!` cannot name a user")
        .exits(2);
}

#[test]
fn user_data_brings_a_host_key_that_is_trusted_already_and_stays_the_same() {
    let project = Project::with_spec(
        "version = 1\nname = \"dev\"\n[targets.vm]\nkind = \"vm\"\nssh = \"me@vm.example.com:2222\"\n[targets.mini]\nkind = \
         \"mac\"\nssh = \"mini\"\n",
    );
    project.trueup(&["render", "cloud-init", "vm"]).stderr_has("no key is at hand with which to log in to vm").exits(2);
    generate_key("ed25519", &project.home().join(".ssh/id_ed25519"), "a passphrase");
    let ran = project.trueup(&["render", "cloud-init", "vm"]).any_stdout().any_stderr().exits(0);
    let place = project.state().join("hosts/dev/vm.user-data");
    assert_eq!(ran.stdout, format!("{}\n", place.display()));
    assert!(ran.stderr.contains("vm: its host key is recorded in "), "{}", ran.stderr);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&place), mode(&project.state().join("hosts/dev/vm.pem"))), (0o600, 0o600));
    let text = fs::read_to_string(&place).unwrap();
    let own = public_key(&project.home().join(".ssh/id_ed25519"));
    let own: Vec<&str> = own.split(' ').take(2).collect();
    assert!(text.contains(&format!("      - \"{}\"\n", own.join(" "))), "{text}");

    // OpenSSH reads the private half, and its public half is what known_hosts has.
    let line = |key: &str| {
        let found = text.lines().find_map(|line| line.trim().strip_prefix(key)).unwrap().trim();
        serde_json::from_str::<String>(found).unwrap()
    };
    let private = project.at("host_key");
    fs::write(&private, line("ed25519_private: ")).unwrap();
    fs::set_permissions(&private, fs::Permissions::from_mode(0o600)).unwrap();
    let told = Command::new("ssh-keygen").args(["-y", "-f"]).arg(&private).output().unwrap();
    let public = String::from_utf8(told.stdout).unwrap();
    assert_eq!(public.trim_end(), line("ed25519_public: "), "{}", String::from_utf8_lossy(&told.stderr));
    let known = fs::read_to_string(project.known_hosts()).unwrap();
    assert_eq!(known, format!("[vm.example.com]:2222 {public}"));

    let again = project.trueup(&["render", "cloud-init", "vm", "--out", "other"]).stdout("other\n").exits(0);
    assert_eq!((project.read("other"), again.stderr.as_str(), mode(&project.at("other"))), (text.clone(), "", 0o600));
    assert_eq!(fs::read_to_string(project.known_hosts()).unwrap(), known, "it is recorded once");
    let shown = project.trueup(&["render", "cloud-init", "vm", "--out", "-"]).any_stdout().exits(0);
    assert_eq!(shown.stdout, text);

    fs::write(project.known_hosts(), format!("[vm.example.com]:2222 {}\n", own.join(" "))).unwrap();
    project.trueup(&["render", "cloud-init", "vm"]).stderr_has("has CHANGED").exits(3);
    project
        .trueup(&["render", "cloud-init", "mini"])
        .stderr("error: mini is a mac, and this is for a target of kind \"vm\"\n")
        .exits(2);
}
