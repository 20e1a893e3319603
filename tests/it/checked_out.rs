//! What is checked out in a repository, where the spec asks that it be as on the reference: brought, taken back, and nobody's
//! work lost on either way.

use crate::support::machine::Machine;
use crate::support::trueup::Project;

/// A repository on the laptop and the machine, cloned from one that both can reach. `states` is what the spec asks of it.
fn cloned(states: &str) -> (Machine, Machine, Project) {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.repo("made").git(&["-C", "made", "branch", "next"]);
    laptop.git(&["clone", "-q", "--bare", "made", "origin.git"]);
    let origin = format!("file://{}", laptop.at("origin.git").display());
    for machine in [&laptop, &vm] {
        machine.git(&["config", "--global", "protocol.file.allow", "always"]);
        machine.git(&["clone", "-q", &origin, "shop"]);
    }
    let rest = format!("[repos.shop]\npath = \"~/shop\"\n{states}");
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &rest);
    (laptop, vm, project)
}

/// Puts a file into the laptop's working copy, commits and pushes it.
fn push(laptop: &Machine, file: &str, content: &str) {
    laptop.file(&format!("shop/{file}"), content).git(&["-C", "shop", "add", "."]);
    laptop.commit("shop", &["-qm", file]);
    laptop.git(&["-C", "shop", "push", "-q", "origin", "HEAD"]);
}

fn head(machine: &Machine) -> String {
    machine.read("shop/.git/HEAD").trim().to_owned()
}

#[test]
fn the_branch_and_commit_of_the_reference_are_checked_out_and_changes_stay() {
    let (laptop, vm, project) = cloned("branch = \"exact\"\ncommit = \"exact\"");
    laptop.git(&["-C", "shop", "checkout", "-q", "next"]);
    push(&laptop, "new", "of next\n");
    for machine in [&laptop, &vm] {
        machine.hook("shop", "post-checkout", "echo ran >~/hook-ran");
    }
    project.capture();
    vm.file("shop/README", "hello\nmy own line\n");
    let plan = project.trueup(&["plan", "vm"]).any_stdout().exits(1).stdout;
    assert!(plan.contains("git -C ~/shop checkout next") && plan.contains("git -C ~/shop reset --keep "), "{plan}");
    project.apply("vm").check(&["vm"], 0);
    assert_eq!(head(&vm), "ref: refs/heads/next");
    assert_eq!((vm.read("shop/README").as_str(), vm.read("shop/new").as_str()), ("hello\nmy own line\n", "of next\n"));
    assert!(!vm.at("hook-ran").exists());
    project.trueup(&["rollback", "vm", "--yes"]).any_stdout().exits(0);
    assert_eq!(head(&vm), "ref: refs/heads/main");
    assert_eq!(vm.read("shop/README"), "hello\nmy own line\n");
    assert!(!vm.at("shop/new").exists() && !vm.at("shop/.git/refs/heads/next").exists());
}

#[test]
fn commits_and_changes_that_would_be_lost_are_named_and_stay() {
    let (laptop, vm, project) = cloned("branch = \"exact\"\ncommit = \"exact\"");
    push(&laptop, "README", "hello\nfrom the laptop\n");
    project.capture();
    vm.commit("shop", &["-qn", "--allow-empty", "-m", "mine"]);
    let own = vm.read("shop/.git/refs/heads/main");
    let told = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1).stdout;
    let why = "commits here that no remote has would be left behind: 1; push them, or move them to another branch";
    assert!(told.contains(why), "{told}");
    assert_eq!(vm.read("shop/.git/refs/heads/main"), own);

    vm.git(&["-C", "shop", "reset", "-q", "--hard", "HEAD~1"]);
    vm.file("shop/README", "hello\nmine\n");
    let told = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1).stdout;
    assert!(told.contains("README"), "{told}");
    assert_eq!(vm.read("shop/README"), "hello\nmine\n");

    // What nobody has pushed cannot be had.
    vm.git(&["-C", "shop", "checkout", "-q", "."]);
    laptop.commit("shop", &["-qn", "--allow-empty", "-m", "not pushed"]);
    laptop.git(&["-C", "shop", "checkout", "-q", "-b", "mine"]);
    project.capture();
    let told = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1).stdout;
    assert!(told.contains("there is no branch mine here, nor at origin; push it from the reference"), "{told}");
    assert!(told.contains("it comes after `branch mine in ~/shop`, which was not done"), "{told}");
    assert_eq!(head(&vm), "ref: refs/heads/main");
}

#[test]
fn submodules_and_the_default_branch_come_as_they_are_recorded_and_go_back() {
    let (laptop, vm, project) =
        cloned("commit = \"exact\"\ndefault_branch = \"exact\"\nsubmodules = \"exact\"\nstashes = \"exact\"");
    laptop.repo("lib").git(&["clone", "-q", "--bare", "lib", "lib.git"]);
    laptop.git(&["-C", "shop", "submodule", "--quiet", "add", laptop.at("lib.git").to_str().unwrap(), "vendor/my lib"]);
    push(&laptop, "new", "1\n");
    laptop.git(&["-C", "shop", "remote", "set-head", "origin", "next"]);
    laptop.file("shop/new", "2\n").git(&["-C", "shop", "-c", "user.name=t", "-c", "user.email=t@e", "stash", "-q"]);
    project.capture();
    let told = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1).stdout;
    assert!(told.contains("it is somebody's work, which nobody but a person brings or removes"), "{told}");
    assert_eq!(project.check(&["vm"], 1).amiss("vm"), ["repo:shop/stashes drift changed"]);
    assert_eq!(vm.read("shop/vendor/my lib/README"), "hello\n");
    assert_eq!(vm.read("shop/.git/refs/remotes/origin/HEAD"), "ref: refs/remotes/origin/next\n");

    // A submodule in which somebody has committed to no branch stays where it is.
    vm.git(&["-C", "shop/vendor/my lib", "checkout", "-q", "--detach"]);
    vm.commit("shop/vendor/my lib", &["-qn", "--allow-empty", "-m", "mine"]);
    let told = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1).stdout;
    assert!(told.contains("has commits that are on no branch; give them one"), "{told}");
    vm.git(&["-C", "shop/vendor/my lib", "checkout", "-q", "main"]);

    project.trueup(&["rollback", "vm", "--yes"]).any_stdout().exits(0);
    assert!(!vm.at("shop/vendor/my lib/README").exists());
    assert_eq!(vm.read("shop/.git/refs/remotes/origin/HEAD"), "ref: refs/remotes/origin/main\n");
}

#[test]
fn files_of_git_lfs_are_there_and_not_their_pointers() {
    let (laptop, vm, project) = cloned("commit = \"exact\"\nlfs = \"exact\"\nfilter = \"blob:none\"");
    laptop.git(&["-C", "shop", "lfs", "install", "--local"]);
    laptop.file("shop/.gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    push(&laptop, "big.bin", "what is big\n");
    project.capture();
    project.apply("vm").check(&["vm"], 0);
    assert_eq!(vm.read("shop/big.bin"), "what is big\n");
    project.trueup(&["rollback", "vm", "--yes"]).any_stdout().exits(0);
    assert!(!vm.read("shop/.git/config").contains("lfs"), "{}", vm.read("shop/.git/config"));

    // A new clone has them at once, and of all else only what is checked out.
    std::fs::remove_dir_all(vm.at("shop")).unwrap();
    laptop.git(&["-C", "origin.git", "config", "uploadpack.allowFilter", "true"]);
    let plan = project.trueup(&["plan", "vm"]).any_stdout().exits(1).stdout;
    assert!(plan.contains("git clone --filter=blob:none --origin origin "), "{plan}");
    project.apply("vm").check(&["vm"], 0);
    assert_eq!(vm.read("shop/big.bin"), "what is big\n");
    assert!(vm.read("shop/.git/config").contains("partialclonefilter = blob:none"));
}
