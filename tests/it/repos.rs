//! Working copies in real git: what is shown of their state, and what is compared where the spec asks.

use crate::support::machine::Machine;
use crate::support::trueup::Project;

fn pair() -> (Machine, Machine) {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine.repo("shop");
        machine.git(&["config", "--global", "user.name", "Jane"]);
        machine.git(&["config", "--global", "user.email", "jane@example.com"]);
    }
    (laptop, vm)
}

#[test]
fn the_state_of_a_working_copy_is_shown_and_looking_leaves_the_index_alone() {
    let (laptop, vm) = pair();
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[repos.shop]\npath = \"~/shop\"\n");
    project.capture();
    vm.git(&["-C", "shop", "stash", "list"]);
    vm.file("shop/README", "changed\n").file("shop/new", "");
    vm.git(&["-C", "shop", "checkout", "-q", "-b", "feature/a=b"]);
    let before = vm.listing();
    let report = project.check(&["vm"], 0);
    assert_eq!(vm.listing(), before, "looking wrote");
    let shown = &report.0["targets"][0]["shown"];
    for (state, value) in [
        ("branch", "feature/a=b"),
        ("dirty", "1 changed, 1 untracked"),
        ("stashes", "0"),
        ("submodules", "none"),
        ("lfs", "not needed"),
        ("identity", "Jane <jane@example.com>"),
    ] {
        assert!(shown.to_string().contains(&format!("repo:shop/{state}")), "{state} is not in {shown}");
        assert!(shown.to_string().contains(value), "{value} is not in {shown}");
    }
}

#[test]
fn states_are_drift_where_the_spec_asks() {
    let (laptop, vm) = pair();
    laptop.git(&["config", "--global", "user.signingkey", "0123456789ABCDEF"]);
    vm.git(&["config", "--global", "user.signingkey", "FEDCBA9876543210"]);
    let rest = "[repos.shop]\npath = \"~/shop\"\nbranch = \"exact\"\ndirty = \"exact\"\nidentity = \"exact\"\n\
                signing = \"exact\"\nsubmodules = \"exact\"\nlfs = \"exact\"\n";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    project.check(&["laptop"], 0);
    vm.file("shop/new", "").file("shop/.gitattributes", "*.bin filter=lfs\n");
    vm.git(&["-C", "shop", "add", ".gitattributes"]);
    vm.git(&["config", "--global", "user.email", "jane@work.example"]);
    vm.git(&["-C", "shop", "checkout", "-q", "--detach"]);
    let report = project.check(&["vm"], 1);
    let amiss =
        ["branch", "dirty", "identity", "lfs", "signing"].map(|state| format!("repo:shop/{state} drift changed"));
    assert_eq!(report.amiss("vm"), amiss);
    assert_eq!(report.finding("vm", "repo:shop/branch")["got"], "detached");
    assert_eq!(report.finding("vm", "repo:shop/identity")["got"], "Jane <jane@work.example>");
    assert!(!report.0.to_string().contains("FEDCBA98"), "a signing key is told");
}

/// husky's own hook is the same line everywhere, so the script behind it is what counts.
#[test]
fn another_script_behind_a_hook_of_huskys_is_drift() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine.repo("shop").git(&["-C", "shop", "config", "core.hooksPath", ".husky/_"]);
        machine.file("shop/.husky/_/h", "").file("shop/.husky/_/pre-commit", ". \"$(dirname \"$0\")/h\"\n");
        machine.mode("shop/.husky/_/pre-commit", 0o755).file("shop/.husky/pre-commit", "npm test\n");
    }
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[repos.shop]\npath = \"~/shop\"\n");
    project.capture();
    project.check(&["vm"], 0);
    vm.file("shop/.husky/pre-commit", "exit 0\n");
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["hook:shop/pre-commit drift changed"]);
    let reason = &report.finding("vm", "hook:shop/pre-commit")["reason"];
    assert_eq!(reason, "commands: npm test on the reference, exit 0 on vm, and one more difference");
}

/// As husky leaves it: git looks in a folder of hooks that each start the script of their name, if there is one.
#[test]
fn a_hook_of_huskys_without_its_script_does_nothing() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine.repo("shop").git(&["-C", "shop", "config", "core.hooksPath", ".husky/_"]);
        machine.file(
            "shop/.husky/_/h",
            "s=$(dirname \"$(dirname \"$0\")\")/$(basename \"$0\")\n[ ! -f \"$s\" ] && exit 0\n",
        );
        for name in ["pre-commit", "commit-msg", "pre-push"] {
            let wrapper = format!("shop/.husky/_/{name}");
            machine.file(&wrapper, "#!/usr/bin/env sh\n. \"$(dirname \"$0\")/h\"").mode(&wrapper, 0o755);
        }
        machine.file("shop/.husky/pre-commit", "npm test\n").file("shop/.husky/commit-msg", "npm run message\n");
    }
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[repos.shop]\npath = \"~/shop\"\n");
    project.capture();
    let report = project.check(&["vm"], 0);
    // A hook that nobody wrote a script for is nothing to warn of.
    assert_eq!(report.finding("vm", "hook:shop/pre-push")["warning"], serde_json::Value::Null);
    std::fs::remove_file(vm.at("shop/.husky/pre-commit")).unwrap();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["hook:shop/pre-commit drift changed"]);
    let reason =
        "on vm it does nothing, since the script that husky would start for it is not there; on the reference it runs";
    let told = report.finding("vm", "hook:shop/pre-commit")["reason"].as_str().unwrap().to_owned();
    assert!(told.starts_with(reason), "{told}");
    // Where there is none at all, on the reference too, that is no drift, and named.
    for machine in [&laptop, &vm] {
        let _absent = std::fs::remove_file(machine.at("shop/.husky/pre-commit"));
        std::fs::remove_file(machine.at("shop/.husky/commit-msg")).unwrap();
    }
    project.capture();
    let warning = "it does nothing, since husky finds no script to start for any hook";
    assert_eq!(project.check(&["vm"], 0).finding("vm", "hook:shop/pre-commit")["warning"], warning);
    vm.file("shop/.husky/pre-commit", "npm test\n");
    let told = project.check(&["vm"], 1).finding("vm", "hook:shop/pre-commit")["reason"].as_str().unwrap().to_owned();
    assert!(told.starts_with("on vm it runs; on the reference it does nothing"), "{told}");
}
