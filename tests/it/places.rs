//! Places with odd names and machines that lack what one counts on.

use std::fs;

use crate::support::machine::Machine;
use crate::support::trueup::{Project, spec_of};

#[test]
fn a_home_that_is_not_there_is_unknown_and_nothing_is_made_there() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(".a", "a");
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[dotfiles]\nfiles = [\".a\", \".b/**\"]");
    project.capture();
    fs::remove_dir(vm.home()).unwrap();
    let report = project.check(&["vm"], 3);
    assert_eq!(report.finding("vm", "dotfile:.a")["state"], "unknown");
    project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(3);
    assert!(!vm.home().exists());
}

#[test]
fn homes_and_projects_may_have_odd_names() {
    let root = tempfile::TempDir::with_prefix("it's \"odd\" $(x) ").unwrap();
    let vm = root.path().join("home 'of' naïve");
    fs::create_dir(&vm).unwrap();
    let laptop = Machine::local();
    laptop
        .file(".a b", "a")
        .repo("my repo")
        .file("my repo/.hooks/pre-commit", "x")
        .mode("my repo/.hooks/pre-commit", 0o755);
    let target = format!("[targets.vm]\nkind = \"local\"\nhome = {vm:?}\npath = {:?}\n", laptop.path());
    let rest = format!("{target}[dotfiles]\nfiles = [\".a b\"]");
    let project = Project::with_spec(&spec_of(&[("laptop", &laptop)], &rest));
    project.capture().apply("vm").check(&["vm"], 0);
    assert_eq!(fs::read_to_string(vm.join(".a b")).unwrap(), "a");
    assert!(fs::read_dir(root.path()).unwrap().count() == 1);
}

#[test]
fn a_repository_may_have_an_odd_name_and_may_be_missing() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine
            .repo("it's a repo")
            .file("it's a repo/.my hooks/pre-commit", "x")
            .mode("it's a repo/.my hooks/pre-commit", 0o755);
    }
    laptop.git(&["-C", "it's a repo", "config", "core.hooksPath", ".my hooks"]);
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[repos.\"my repo\"]\npath = \"~/it's a repo\"");
    project.capture().apply("vm").check(&["vm"], 0);
    fs::remove_dir_all(vm.at("it's a repo")).unwrap();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.finding("vm", "repo:my repo")["change"], "missing");
    fs::create_dir(vm.at("it's a repo")).unwrap();
    let report = project.check(&["vm"], 3);
    assert_eq!(report.finding("vm", "repo:my repo")["state"], "unknown");
}

#[test]
fn absolute_dotfiles_and_folders_behind_links_are_reached() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    let elsewhere = tempfile::TempDir::new().unwrap();
    let absolute = elsewhere.path().join("etc/conf");
    fs::create_dir(elsewhere.path().join("etc")).unwrap();
    fs::write(&absolute, "x").unwrap();
    laptop.file("real/in", "a").link(".linked", "real");
    vm.file("real/other", "b").link(".linked", "real");
    let rest = format!("[dotfiles]\nfiles = [{absolute:?}, \".linked/in\"]");
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &rest);
    project.capture().apply("vm").check(&["vm"], 0);
    assert_eq!(vm.read("real/in"), "a");
    assert!(vm.at(".linked").is_symlink(), "a link to a folder became a folder");
    fs::write(&absolute, "changed").unwrap();
    assert_eq!(project.check(&["vm"], 1).amiss("vm"), [format!("dotfile:{} drift changed", absolute.display())]);
}

/// What had been put beside the place stayed there when the backup failed.
#[test]
fn a_name_with_a_line_break_is_compared_and_refused_for_writing() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(".set/a\nb", "x").file(".set/plain", "x").link(".set/c\nd", "plain");
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[dotfiles]\nfiles = [\".set\"]");
    project.capture();
    let ran = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1);
    assert!(ran.stdout.contains("a name with a line break in it cannot be backed up"), "{}", ran.stdout);
    assert_eq!(vm.read(".set/plain"), "x");
    assert_eq!(vm.leftovers(), Vec::<String>::new());
    vm.file(".set/a\nb", "x").link(".set/c\nd", "plain");
    project.check(&["vm"], 0);
}

#[test]
fn several_targets_are_planned_and_applied_at_once_and_one_lost_hides_no_other() {
    let (laptop, a, b) = (Machine::local(), Machine::local(), Machine::local());
    laptop.file(".a", "a");
    let gone = "[targets.gone]\nkind = \"vm\"\nssh = \"me@127.0.0.1:1\"\n[dotfiles]\nfiles = [\".a\"]";
    let project = Project::of(&[("laptop", &laptop), ("a", &a), ("b", &b)], gone);
    project.capture();
    project.trueup(&["plan", "a", "b"]).stdout_has("\nnext: trueup apply a b\n").exits(1);
    project.trueup(&["plan", "a", "gone", "b", "--out", "p.json"]).any_stdout().exits(3);
    project.trueup(&["apply", "a", "gone", "b", "--yes"]).any_stdout().any_stderr().exits(3);
    assert_eq!((a.read(".a"), b.read(".a")), ("a".to_owned(), "a".to_owned()));
    project.trueup(&["apply", "p.json", "--yes"]).any_stderr().exits(1);
}

#[test]
fn two_hosts_with_their_own_paths_tell_their_own_versions() {
    let (laptop, vm) = (Machine::over_ssh(), Machine::over_ssh());
    laptop.says("node", "v22.11.0");
    vm.says("node", "v20.1.0");
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[tools]\nnode = \"exact\"");
    project.capture();
    let report = project.check(&[], 1);
    assert_eq!(
        (&report.finding("laptop", "tool:node")["got"], &report.finding("vm", "tool:node")["got"]),
        (&"22.11.0".into(), &"20.1.0".into())
    );
    for (name, machine) in [("laptop", &laptop), ("vm", &vm)] {
        assert_eq!(report.target(name)["machine"]["host_key"], machine.server().fingerprint("ed25519"));
    }
}

/// An interactive shell in a background process group of trueup's own terminal was stopped by it, and never answered.
#[cfg(target_os = "linux")]
#[test]
fn an_interactive_shell_answers_when_trueup_itself_is_on_a_terminal() {
    let machine = Machine::local();
    machine.says("node", "v22.11.0").file(".bashrc", "echo hello; export FROM_BASHRC=yes\n");
    let spec = spec_of(&[("vm", &machine)], "[tools]\nnode = \"exact\"").replace("login = false", "interactive = true");
    let project = Project::with_spec(&spec);
    project.trueup(&["capture", "--yes"]).env("SHELL", "/bin/bash").on_a_terminal().any_stdout().exits(0);
    let checked = project.trueup(&["check"]).env("SHELL", "/bin/bash").on_a_terminal().any_stdout().exits(0);
    assert!(checked.stdout.contains("1 target true to the reference"), "{}", checked.stdout);
}
