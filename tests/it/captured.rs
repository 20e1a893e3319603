//! `capture`: what it says about the change, whom it asks, and what it keeps of a lock that people have written into.

use crate::support::machine::Machine;
use crate::support::trueup::Project;

fn project() -> (Machine, Project) {
    let machine = Machine::local();
    machine.says("node", "v20.10.0").says("quux", "quux 1.6").file(".zshrc", "a\n");
    let project = Project::of(
        &[("a", &machine)],
        "[tools]\nnode = \"exact\"\nquux = \"exact\"\n[dotfiles]\nfiles = [\".zshrc\"]",
    );
    project.capture();
    (machine, project)
}

#[test]
fn what_changed_is_told_in_words_before_it_is_overwritten() {
    let (machine, project) = project();
    let lock = project.read("environments/dev.lock");
    machine.says("node", "v22.11.0").without("quux").file(".zshrc", "b\n");
    let told = "since the last capture: 3 changed\n";
    let refused = project
        .trueup(&["capture"])
        .stdout_has(told)
        .stdout_has("  ~ tool:node       20.10.0 -> 22.11.0\n")
        .stdout_has("  ~ tool:quux       1.6 -> not there\n")
        .stdout_has("  ~ dotfile:.zshrc  file 0644 sha256:")
        .stderr_has("there is no terminal to ask on: Overwrite environments/dev.lock? Say --yes to agree beforehand.")
        .exits(2);
    assert!(!refused.stdout.contains("+++"), "{}", refused.stdout);
    assert_eq!(project.read("environments/dev.lock"), lock);
    project
        .trueup(&["capture", "--diff", "--yes"])
        .stdout_has("-version = \"20.10.0\"\n+version = \"22.11.0\"\n")
        .stdout_has("captured 3 items")
        .exits(0);
    project.trueup(&["capture"]).stdout("environments/dev.lock is up to date: 3 items\n").exits(0);
}

#[test]
fn comments_in_the_lock_stay_at_their_items() {
    let (machine, project) = project();
    let lock = project.read("environments/dev.lock");
    let commented = lock
        .replace("[tool.node]", "# held back until May\n[tool.node]")
        .replace("[tool.quux]", "# why quux\n[tool.quux]");
    project.write("environments/dev.lock", &commented);
    project.trueup(&["capture"]).stdout("environments/dev.lock is up to date: 3 items\n").exits(0);
    machine.says("node", "v22.11.0");
    let spec = project.read("environments/dev.toml");
    project.spec(&spec.replace("quux = \"exact\"\n", ""));
    project
        .trueup(&["capture", "--yes"])
        .stdout_has("  - tool:quux  1.6 (the spec no longer names it)\n")
        .stderr("note: what this comment stood at is gone, and so is the comment: # why quux\n")
        .exits(0);
    let new = project.read("environments/dev.lock");
    assert!(new.contains("\n# held back until May\n[tool.node]\nversion = \"22.11.0\"\n"), "{new}");
    project.trueup(&["capture"]).any_stdout().exits(0);
    assert_eq!(project.read("environments/dev.lock"), new);
}

#[test]
fn an_item_that_cannot_be_observed_keeps_the_old_lock() {
    let (machine, project) = project();
    let lock = project.read("environments/dev.lock");
    machine.tool("node", "exit 3").says("quux", "quux 1.7");
    project
        .trueup(&["capture", "--yes"])
        .stderr_has("1 listed item on the reference could not be observed; the old lock stays as it is")
        .stderr_has("tool:node")
        .exits(3);
    assert_eq!(project.read("environments/dev.lock"), lock);
}
