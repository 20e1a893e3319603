//! Machines that commands of the user's own make and end.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::machine::Machine;
use crate::support::sshd::{public_key, user};
use crate::support::trueup::Project;

/// A project whose target `vm` is made by a command that answers with this.
fn project(machine: &Machine, answer: &str, destroy: &str) -> Project {
    let project = Project::with_spec(&format!(
        "version = 1\nname = \"dev\"\n[shell]\nlogin = false\n[targets.vm]\nkind = \"vm\"\nssh = \"nobody@vm.invalid:1\"\nidentity = \
         {:?}\ncreate = [\"sh\", \"-c\", \"echo made >>made; echo making >&2; cat answer\"]\n{destroy}\n[dotfiles]\nfiles = [\".rc\"]\n",
        machine.server().identity()
    ));
    project.write("answer", answer);
    fs::write(project.home().join(".rc"), "rc\n").unwrap();
    // The reference is who types this, and the target a machine that is yet to be made.
    project.trueup(&["capture", "--yes"]).any_stdout().any_stderr().exits(0);
    project
}

#[test]
fn a_machine_is_made_once_trusted_remembered_and_ended() {
    let machine = Machine::over_ssh();
    let (host, port) = machine.server().address();
    let key = public_key(&machine.server().host_key("ed25519"));
    let answer =
        format!("{{\"host\":{{\"value\":{host:?}}},\"port\":{port},\"user\":{:?},\"host_key\":{key:?}}}", user());
    let project = project(&machine, &answer, "destroy = [\"sh\", \"-c\", \"echo ended >>made\"]");
    let refused = project.trueup(&["apply", "vm"]).any_stdout().any_stderr().exits(2);
    assert!(refused.stdout.contains("vm is not there. It is made by:\n  sh -c "), "{}", refused.stdout);
    assert!(!project.at("made").exists(), "nothing is made before it is agreed to");
    let nothing = project.trueup(&["rollback", "vm", "--destroy", "--yes"]).any_stdout().exits(0);
    assert_eq!(nothing.stdout, "nothing that was made is remembered for vm\n");

    project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(0);
    assert_eq!(fs::read_to_string(machine.at(".rc")).unwrap(), "rc\n");
    let known = fs::read_to_string(project.known_hosts()).unwrap();
    assert!(known.starts_with(&format!("[{host}]:{port} ssh-ed25519 ")), "{known}");
    let kept = project.state().join("hosts/dev/vm.json");
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    // From now on it is a machine as any other, and is not made again.
    project.trueup(&["check", "vm"]).any_stdout().exits(0);
    project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(0);
    assert_eq!(project.read("made"), "made\n");

    let asked = project.trueup(&["rollback", "vm", "--destroy"]).any_stdout().any_stderr().exits(2);
    assert!(
        asked.stdout.starts_with(&format!("vm, at {host}, is ended with all that is on it by:\n")),
        "{}",
        asked.stdout
    );
    project.trueup(&["rollback", "vm", "--destroy", "--yes"]).any_stdout().any_stderr().exits(0);
    assert_eq!(project.read("made"), "made\nended\n");
    assert!(!kept.exists());
    project.trueup(&["check", "vm"]).any_stdout().exits(3);
}

#[test]
fn what_cannot_be_made_or_ended_is_told_and_nothing_is_forgotten() {
    let machine = Machine::over_ssh();
    let (host, port) = machine.server().address();
    let odd = project(&machine, "no JSON", "");
    let ran = odd.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(3);
    assert!(ran.stdout.contains("cannot be made: what create answered is no JSON"), "{}", ran.stdout);
    assert!(ran.stderr.contains("vm: making\n"), "what it said is told: {}", ran.stderr);
    let told = odd.trueup(&["rollback", "vm", "--destroy", "--yes"]).any_stderr().exits(2);
    assert!(told.stderr.contains("vm has no `create` and `destroy` in the spec"), "{}", told.stderr);

    // Without a host key the machine is remembered, and stays a stranger until somebody trusts it.
    let answer = format!("{{\"host\":{host:?},\"port\":{port},\"user\":{:?}}}", user());
    let stranger = project(&machine, &answer, "destroy = [\"false\"]");
    let ran = stranger.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(3);
    assert!(ran.stdout.contains("trueup trust vm"), "{}", ran.stdout);
    let failed = stranger.trueup(&["rollback", "vm", "--destroy", "--yes"]).any_stdout().any_stderr().exits(3);
    assert!(failed.stderr.contains("vm was not ended: false ended with exit code 1"), "{}", failed.stderr);
    assert!(stranger.state().join("hosts/dev/vm.json").exists());
}
