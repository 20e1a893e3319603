//! Repositories brought to a machine that has none: cloned with all remotes, set up by their own managers, and gone again
//! after a rollback unless somebody has worked in them.

use std::fs;

use crate::support::machine::{Machine, contents};
use crate::support::trueup::Project;

/// A repository with hooks that it tracks, cloned on the laptop from one that others can reach, with a second remote.
fn furnished() -> (Machine, Machine, Project) {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.repo("made").file("made/.hooks/pre-commit", "#!/bin/sh\nexit 0\n").mode("made/.hooks/pre-commit", 0o755);
    laptop.git(&["-C", "made", "add", "."]);
    laptop.commit("made", &["-qm", "hooks"]);
    for place in ["origin.git", "mirror.git"] {
        laptop.git(&["clone", "-q", "--bare", "made", place]);
    }
    fs::remove_dir_all(laptop.at("made")).unwrap();
    let (origin, mirror) = (laptop.at("origin.git"), laptop.at("mirror.git"));
    laptop.git(&["clone", "-q", origin.to_str().unwrap(), "src/shop"]);
    laptop.git(&["-C", "src/shop", "remote", "add", "mirror", mirror.to_str().unwrap()]);
    laptop.git(&["-C", "src/shop", "remote", "set-url", "--push", "mirror", "git@example.com:shop.git"]);
    laptop.git(&["-C", "src/shop", "config", "core.hooksPath", ".hooks"]);
    let rest = "[repos.shop]\npath = \"~/src/shop\"\nurl = \"git@example.com:other.git\"";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    (laptop, vm, project)
}

#[test]
fn a_repository_that_is_not_there_is_cloned_and_its_hooks_run() {
    let (_laptop, vm, project) = furnished();
    let before = contents(&vm.home());
    let plan = project.trueup(&["plan", "vm"]).any_stdout().exits(1).stdout;
    assert!(plan.contains("2 to create") && !plan.contains("left as it is"), "{plan}");
    project.apply("vm").check(&["vm"], 0);
    assert_eq!(vm.read("src/shop/README"), "hello\n");
    project.trueup(&["plan", "vm"]).stdout_has("nothing to do").exits(0);
    // A second apply writes nothing.
    let applied = vm.listing();
    project.apply("vm");
    assert_eq!(vm.listing(), applied);
    project.trueup(&["rollback", "vm", "--yes"]).any_stdout().exits(0);
    let mut after = contents(&vm.home());
    after.retain(|name, _| name.is_empty() || !name.starts_with(".local"));
    assert_eq!(after.into_keys().collect::<Vec<_>>(), before.into_keys().collect::<Vec<_>>());
}

#[test]
fn what_only_the_clone_shows_is_brought_by_the_same_apply_and_goes_with_it() {
    let (laptop, vm, project) = furnished();
    // Nobody has pushed it.
    laptop.file("src/shop/.hooks/pre-commit", "#!/bin/sh\nexec make check\n").mode("src/shop/.hooks/pre-commit", 0o755);
    laptop.commit("src/shop", &["-qnam", "more"]);
    project.capture();
    let before = contents(&vm.home());
    let ran = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(0);
    assert!(ran.stdout.contains("what could be seen only now:\n"), "{}", ran.stdout);
    assert_eq!(vm.read("src/shop/.hooks/pre-commit"), "#!/bin/sh\nexec make check\n");
    project.check(&["vm"], 0);
    project.trueup(&["plan", "vm"]).stdout_has("nothing to do").exits(0);
    let ran = project.trueup(&["rollback", "vm", "--yes"]).any_stdout().exits(0);
    assert!(ran.stdout.contains("generation 2") && ran.stdout.contains("generation 1"), "{}", ran.stdout);
    let mut after = contents(&vm.home());
    after.retain(|name, _| name.is_empty() || !name.starts_with(".local"));
    assert_eq!(after.into_keys().collect::<Vec<_>>(), before.into_keys().collect::<Vec<_>>());
    project.trueup(&["rollback", "vm", "--yes"]).stdout("nothing to roll back on vm\n").exits(0);
}

#[test]
fn a_clone_in_which_somebody_has_worked_stays() {
    let work: [fn(&Machine); 4] = [
        |vm| {
            vm.file("src/shop/new", "x");
        },
        |vm| {
            vm.commit("src/shop", &["-qn", "--allow-empty", "-m", "mine"]);
        },
        |vm| {
            vm.git(&["-C", "src/shop", "checkout", "-q", "--detach"]);
            vm.commit("src/shop", &["-qn", "--allow-empty", "-m", "on no branch"]);
        },
        |vm| {
            vm.file("src/shop/README", "changed\n");
            vm.git(&["-C", "src/shop", "-c", "user.name=t", "-c", "user.email=t@e", "stash", "-q"]);
        },
    ];
    for done in work {
        let (_laptop, vm, project) = furnished();
        project.apply("vm");
        done(&vm);
        project.trueup(&["rollback", "vm", "--yes"]).stdout_has("has work in it that is nowhere else").exits(0);
        assert!(vm.at("src/shop/.git").exists());
    }
}

#[test]
fn remotes_are_mended_and_nothing_else_in_a_repository_is_touched() {
    let (_laptop, vm, project) = furnished();
    project.apply("vm");
    vm.git(&["-C", "src/shop", "remote", "set-url", "origin", "https://example.com/elsewhere"]);
    vm.git(&["-C", "src/shop", "remote", "remove", "mirror"]);
    vm.git(&["-C", "src/shop", "remote", "add", "own", "https://example.com/own"]);
    vm.file("src/shop/README", "changed\n").file("src/shop/new", "x");
    let config = vm.read("src/shop/.git/config");
    project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1);
    assert!(vm.read("src/shop/.git/config").contains("[remote \"own\"]"), "an extra one goes with --prune alone");
    project.trueup(&["apply", "vm", "--yes", "--prune"]).any_stdout().any_stderr().exits(0);
    assert_eq!((vm.read("src/shop/README"), vm.read("src/shop/new")), ("changed\n".to_owned(), "x".to_owned()));
    for _ in 0..2 {
        project.trueup(&["rollback", "vm", "--yes"]).any_stdout().exits(0);
    }
    assert_eq!(vm.read("src/shop/.git/config"), config);
}

#[test]
fn what_comes_after_a_clone_that_failed_is_left_out_and_nothing_else() {
    let (laptop, vm, project) = furnished();
    laptop.file(".a", "a");
    project.spec(&(project.read("environments/dev.toml") + "[dotfiles]\nfiles = [\".a\"]\n"));
    project.capture();
    fs::rename(laptop.at("origin.git"), laptop.at("moved.git")).unwrap();
    let ran = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1);
    assert!(ran.stdout.contains("failed  create repository ~/src/shop"), "{}", ran.stdout);
    assert!(ran.stdout.contains("it comes after `repository ~/src/shop`, which was not done"), "{}", ran.stdout);
    assert_eq!(vm.read(".a"), "a");
    assert!(!vm.at("src/shop").exists());
    assert_eq!(vm.leftovers(), Vec::<String>::new());
    fs::rename(laptop.at("moved.git"), laptop.at("origin.git")).unwrap();
    project.apply("vm").check(&["vm"], 0);
}

#[test]
fn what_a_hook_is_decided_by_is_brought_as_it_is_on_the_reference_and_comes_back() {
    let (_laptop, vm, project) = furnished();
    project.apply("vm");
    let own = "#!/bin/sh\nexit 1 # mine\n";
    vm.file("src/shop/.hooks/pre-commit", own).mode("src/shop/.hooks/pre-commit", 0o700);
    let plan = project.trueup(&["plan", "vm"]).any_stdout().exits(1).stdout;
    assert!(plan.contains("~ ") && plan.contains("~/src/shop/.hooks/pre-commit") && plan.contains("-exit 1"), "{plan}");
    project.apply("vm").check(&["vm"], 0);
    assert_eq!(vm.read("src/shop/.hooks/pre-commit"), "#!/bin/sh\nexit 0\n");
    project.trueup(&["rollback", "vm", "--yes"]).any_stdout().exits(0);
    assert_eq!(vm.read("src/shop/.hooks/pre-commit"), own);
}

#[test]
fn a_hook_that_the_reference_does_not_have_goes_only_when_asked_to() {
    let (_laptop, vm, project) = furnished();
    project.apply("vm");
    vm.file("src/shop/.hooks/post-commit", "#!/bin/sh\n").mode("src/shop/.hooks/post-commit", 0o755);
    project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1);
    assert!(vm.at("src/shop/.hooks/post-commit").exists());
    project.trueup(&["apply", "vm", "--yes", "--prune"]).any_stdout().any_stderr().exits(0);
    assert!(!vm.at("src/shop/.hooks/post-commit").exists());
}
