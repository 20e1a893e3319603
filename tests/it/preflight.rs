//! What only a person can do on a Mac: told by `doctor` and before an apply, and nowhere in the way.

use crate::support::mac::Mac;
use crate::support::machine::Machine;
use crate::support::shape::Shape;
use crate::support::trueup::{Project, spec_of};

fn project(laptop: &Machine, mini: &Machine, labels: &str) -> Project {
    let project = Project::of(&[("laptop", laptop), ("mini", mini)], "");
    let spec = spec_of(&[("laptop", laptop), ("mini", mini)], "[dotfiles]\nfiles = [\".rc\"]");
    project.spec(&spec.replace("kind = \"vm\"\n", &format!("kind = \"mac\"\nlabels = [{labels}]\n")));
    project
}

#[test]
fn what_a_person_has_to_do_on_a_mac_is_told_with_the_steps_and_stops_nothing() {
    let laptop = Machine::local();
    laptop.file(".rc", "rc\n");
    let mini = Machine::shaped(Shape::mac(Mac { developer_tools: false, old: false }));
    let shape = mini.shape().unwrap();
    shape.put("/.shape/filevault", "");
    shape.put("/.shape/no-full-disk-access", "");
    let project = project(&laptop, &mini, "\"imessage\"");
    project.capture();
    let ran = project.trueup(&["doctor", "mini"]).any_stdout().exits(0);
    let open = [
        ("command line tools: git, make and python3 are stand-ins", "on the Mac: xcode-select --install"),
        ("Full Disk Access for sshd: ", "on the Mac: System Settings, General, Sharing"),
        ("FileVault: it is on: ", "on the Mac: System Settings, Privacy & Security, FileVault"),
        ("automatic login: ", "on the Mac: System Settings, Users & Groups"),
        ("Apple ID: nobody is signed in", "on the Mac: System Settings, Sign in"),
    ];
    for (what, steps) in open {
        let line = ran.stdout.lines().position(|line| line.starts_with(&format!("warning  mini: {what}")));
        let next = line.and_then(|line| ran.stdout.lines().nth(line + 1));
        assert!(next.is_some_and(|next| next.contains(&format!("next: {steps}"))), "{what}:\n{}", ran.stdout);
    }
    let applied = project.trueup(&["apply", "mini", "--yes"]).any_stdout().any_stderr().exits(0);
    for (what, steps) in open {
        assert!(applied.stderr.contains(&format!("mini: for a person: {what}")), "{what}:\n{}", applied.stderr);
        assert!(applied.stderr.contains(&format!("\n  {steps}")), "{steps}:\n{}", applied.stderr);
    }
    let again = project.trueup(&["apply", "mini", "--yes"]).any_stdout().any_stderr().exits(0);
    assert!(!again.stderr.contains("for a person"), "where nothing is done nothing is asked: {}", again.stderr);
    // Looking has started no stand-in, which would have opened a dialog.
    assert!(!shape.at("/.shape/started").exists());
}

#[test]
fn on_a_mac_where_all_is_done_nothing_is_told() {
    let laptop = Machine::local();
    laptop.file(".rc", "rc\n");
    let mini = Machine::shaped(Shape::mac(Mac { developer_tools: true, old: false }));
    let shape = mini.shape().unwrap();
    shape.put("/Users/dev/Library/Application Support/com.apple.TCC/TCC.db", "");
    shape.put("/.shape/defaults/Library/Preferences/com.apple.loginwindow/autoLoginUser", "string\ndev\n");
    let project = project(&laptop, &mini, "");
    project.capture();
    let ran = project.trueup(&["doctor", "mini"]).any_stdout().exits(0);
    assert!(!ran.stdout.contains("warning  mini: "), "{}", ran.stdout);
    assert!(ran.stdout.contains("ok       mini: reached, its shell answers"), "{}", ran.stdout);
}
