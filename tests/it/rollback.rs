//! Rolling back: what was replaced comes back, and nothing that was done since is lost.

use std::fs;

use crate::support::machine::{Machine, contents};
use crate::support::trueup::Project;

fn sandboxes(files: &str, furnish: impl Fn(&Machine)) -> (Machine, Machine, Project) {
    let (laptop, vm) = (Machine::local(), Machine::local());
    furnish(&laptop);
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &format!("[dotfiles]\nfiles = [{files}]"));
    project.capture();
    (laptop, vm, project)
}

/// What the newest generation keeps of later work.
fn kept(vm: &Machine) -> Vec<String> {
    let kept = contents(&vm.at(".local/state/trueup/generations"));
    let later = kept.into_iter().filter(|(name, _)| name.contains(".later"));
    later.map(|(_, (_, content))| String::from_utf8(content).unwrap()).collect()
}

#[test]
fn what_was_edited_after_the_apply_is_kept_and_named() {
    let (_laptop, vm, project) = sandboxes("\".had\", \".new\", \".link\", \".same\"", |machine| {
        machine.file(".had", "applied").file(".new", "applied").link(".link", "applied").file(".same", "applied");
    });
    vm.file(".had", "old").file(".same", "old");
    project.apply("vm");
    vm.file(".had", "later 1").file(".new", "later 2");
    fs::remove_file(vm.at(".link")).unwrap();
    vm.link(".link", "later");
    let ran = project.trueup(&["rollback", "vm", "--yes"]).any_stdout().exits(0);
    assert_eq!(ran.stdout.matches("was changed after the apply; what it was then is kept as ").count(), 3);
    assert_eq!((vm.read(".had"), vm.read(".same")), ("old".to_owned(), "old".to_owned()));
    assert!(!vm.at(".new").exists() && vm.at(".link").symlink_metadata().is_err());
    let kept = kept(&vm);
    assert!(kept.len() == 3 && kept[..].contains(&"later 1".to_owned()) && kept.contains(&"later 2".to_owned()));
}

#[test]
fn a_setting_is_undone_without_what_was_done_to_the_file_since() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine.repo("carmenta");
    }
    laptop.git(&["-C", "carmenta", "config", "core.hooksPath", ".hooks"]);
    laptop.git(&["-C", "carmenta", "config", "alias.new", "log"]);
    vm.git(&["-C", "carmenta", "config", "core.hooksPath", "it's old"]);
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[repos.carmenta]\npath = \"~/carmenta\"");
    project.capture().apply("vm");
    vm.git(&["-C", "carmenta", "config", "user.name", "later"]);
    project.trueup(&["rollback", "vm", "--yes"]).stdout_has("only core.hooksPath was put back").exits(0);
    let config = vm.read("carmenta/.git/config");
    assert!(config.contains("name = later") && config.contains("hooksPath = it's old"), "{config}");
    assert!(!config.contains("new = log"), "{config}");
    assert_eq!(vm.leftovers(), Vec::<String>::new());
}

#[test]
fn a_folder_that_is_gone_is_made_again() {
    let (_laptop, vm, project) = sandboxes("\".dir/deep/had\", \".dir/deep/new\"", |machine| {
        machine.file(".dir/deep/had", "applied").file(".dir/deep/new", "applied");
    });
    vm.file(".dir/deep/had", "old");
    project.apply("vm");
    fs::remove_dir_all(vm.at(".dir")).unwrap();
    project.trueup(&["rollback", "vm", "--yes"]).stdout_has("vm is back where it was").exits(0);
    assert_eq!(vm.read(".dir/deep/had"), "old");
}

#[test]
fn sandboxes_that_are_given_one_state_folder_do_not_undo_each_other() {
    let (laptop, a, b) = (Machine::local(), Machine::local(), Machine::local());
    laptop.file(".x", "applied");
    for machine in [&a, &b] {
        machine.file(".x", "old");
    }
    let rest = "[dotfiles]\nfiles = [\".x\"]";
    let project = Project::of(&[("laptop", &laptop), ("a", &a), ("b", &b)], rest);
    let shared = laptop.at("shared");
    project.capture();
    let trueup = |arguments: &[&str]| project.trueup(arguments).env("XDG_STATE_HOME", shared.to_str().unwrap());
    trueup(&["apply", "a", "--yes"]).any_stdout().any_stderr().exits(0);
    trueup(&["rollback", "b", "--yes"]).stdout("nothing to roll back on b\n").exits(0);
    assert_eq!(a.read(".x"), "applied");
    trueup(&["rollback", "a", "--yes"]).any_stdout().exits(0);
    assert_eq!(a.read(".x"), "old");
}

#[test]
fn an_apply_that_changed_nothing_does_not_stand_before_the_one_that_did() {
    let (_laptop, vm, project) = sandboxes("\".a\", \".dir/b\"", |machine| {
        machine.file(".a", "applied").file(".dir/b", "applied");
    });
    vm.file(".a", "old").file(".dir", "in the way");
    project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1);
    project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1);
    project.trueup(&["rollback", "vm", "--yes"]).any_stdout().exits(0);
    assert_eq!(vm.read(".a"), "old");
}

#[test]
fn a_setting_is_not_written_into_the_repository_around_the_folder() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.repo("outer/carmenta");
    laptop.git(&["-C", "outer/carmenta", "config", "core.hooksPath", ".hooks"]);
    vm.repo("outer");
    let rest = "[repos.carmenta]\npath = \"~/outer/carmenta\"";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    fs::create_dir(vm.at("outer/carmenta")).unwrap();
    let before = vm.read("outer/.git/config");
    let _whatever = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().start().wait().unwrap();
    assert_eq!(vm.read("outer/.git/config"), before);
}

#[test]
fn a_machine_goes_back_to_how_it_was_after_any_apply() {
    let (laptop, vm, project) = sandboxes("\".a\"", |machine| {
        machine.file(".a", "0");
    });
    vm.file(".a", "before");
    for content in ["1", "2", "3", "4"] {
        laptop.file(".a", content);
        project.capture().apply("vm");
    }
    project.trueup(&["rollback", "vm"]).stdout_has("vm  generation 4, applied 20").any_stderr().exits(2);
    let ran = project.trueup(&["rollback", "vm", "--to", "2", "--yes"]).any_stdout().exits(0);
    assert!(ran.stdout.contains("generation 4") && ran.stdout.contains("generation 3"), "{}", ran.stdout);
    assert_eq!(vm.read(".a"), "2");
    project.trueup(&["rollback", "vm", "--to", "2", "--yes"]).stdout("nothing to roll back on vm\n").exits(0);
    project.trueup(&["rollback", "vm", "--to", "0", "--yes"]).any_stdout().exits(0);
    assert_eq!(vm.read(".a"), "before");
}
