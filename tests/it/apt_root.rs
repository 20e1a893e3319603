//! Debian packages on real bare Debian machines over SSH, with the real apt and the real archive. Making the machines
//! takes longer than all other tests together, so this belongs to the long group: see `scripts/test --help`.

use crate::support::debian::{Debian, DebianRoot};
use crate::support::trueup::Project;

/// A package that the archive does not have, and the way to have it all the same.
const OWN_PACKAGE: &str = "mkdir -p /tmp/own/DEBIAN && printf 'Package: made-at-home\\nVersion: 1.0\\n\
     Architecture: all\\nMaintainer: t <t@example.com>\\nDescription: in no archive\\n' >/tmp/own/DEBIAN/control \
     && dpkg-deb --build /tmp/own /tmp/own.deb && dpkg --install /tmp/own.deb && rm -r /tmp/own /tmp/own.deb";

/// The spec that holds these machines' packages true.
fn spec(laptop: &Debian, vm: &Debian, packages: &str) -> String {
    let tables = [laptop.target("laptop"), vm.target("vm")].concat();
    format!(
        "version = 1\nname = \"dev\"\nreference = \"laptop\"\n{tables}[shell]\nlogin = false\n[packages]\napt = {packages}\n"
    )
}

/// What dpkg itself says about a package.
fn status(machine: &Debian, package: &str) -> String {
    machine.sh(&format!("dpkg-query -W -f '${{db:Status-Abbrev}}${{Version}}' {package} 2>/dev/null || true"))
}

/// Whether apt has the lists of what there is to install.
fn has_lists(machine: &Debian) -> bool {
    let lists = std::fs::read_dir(machine.at("var/lib/apt/lists")).unwrap();
    lists.map(|entry| entry.unwrap().file_name()).any(|name| name.to_string_lossy().contains("_Packages"))
}

#[test]
fn apt_brings_a_bare_debian_true_and_prunes_it() {
    let root = DebianRoot::make();
    let (vm, laptop) = (root.twin().start(), root.start());
    laptop.sh("apt-get update && apt-get install --yes hello");
    let project = Project::with_spec(&spec(&laptop, &vm, "[\"hello\"]"));
    std::fs::write(project.known_hosts(), laptop.known_hosts_line() + &vm.known_hosts_line()).unwrap();
    project.capture();
    missing_is_installed(&project, &laptop, &vm);
    project.spec(&spec(&laptop, &vm, "{ names = \"all\" }"));
    laptop.sh(OWN_PACKAGE);
    vm.sh("apt-get install --yes tree");
    project.capture();
    failure_stops_no_other_and_says_why(&project, &vm);
    laptop.sh("dpkg --purge made-at-home");
    project.capture();
    extra_is_pruned(&project, &vm);
}

fn missing_is_installed(project: &Project, laptop: &Debian, vm: &Debian) {
    assert!(!has_lists(vm), "the test is about a machine that has never fetched the package lists");
    let version = status(laptop, "hello");
    let version = version.strip_prefix("ii ").unwrap();
    let drift = project.check(&["vm"], 1);
    assert_eq!(drift.amiss("vm"), ["package:apt/hello drift missing"]);
    assert_eq!(drift.finding("vm", "package:apt/hello")["want"], version);
    project
        .trueup(&["plan", "vm"])
        .stdout_has(&format!("create apt package hello {version}  (root)\n"))
        .stdout_has(&format!(" hello={version}; not undone by rollback\n"))
        .exits(1);
    assert!(!has_lists(vm), "planning changed something");
    let done = format!("  done    create apt package hello {version}\n");
    project.trueup(&["apply", "vm", "--yes"]).stdout_has(&done).any_stderr().exits(0);
    assert!(has_lists(vm), "a package came without lists");
    assert_eq!(status(vm, "hello"), format!("ii {version}"));
    assert!(vm.sh("hello").contains("world"));
    assert_eq!(project.check(&["vm"], 0).amiss("vm"), Vec::<String>::new());
    project.trueup(&["plan", "vm"]).stdout("vm  nothing to do\n").exits(0);
}

fn failure_stops_no_other_and_says_why(project: &Project, vm: &Debian) {
    vm.sh("apt-get remove --yes hello");
    let amiss =
        ["package:apt/hello drift missing", "package:apt/made-at-home drift missing", "package:apt/tree drift extra"];
    assert_eq!(project.check(&["vm"], 1).amiss("vm"), amiss);
    let ran = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1);
    for part in [
        "  done    create apt package hello ",
        "  failed  create apt package made-at-home 1.0  exit code 100: ",
        "E: Unable to locate package made-at-home",
        "no step for package:apt/tree: the reference does not have it; extras are removed only with --prune\n",
    ] {
        assert!(ran.stdout.contains(part), "no `{part}` in\n{}", ran.stdout);
    }
    assert!(status(vm, "tree").starts_with("ii "), "an extra went without --prune");
    assert_eq!(project.check(&["vm"], 1).amiss("vm"), amiss[1..]);
}

fn extra_is_pruned(project: &Project, vm: &Debian) {
    let plan = project.trueup(&["plan", "vm", "--prune"]).any_stdout().exits(1);
    assert!(plan.stdout.contains("remove apt package tree  (root)\n"), "{}", plan.stdout);
    project.trueup(&["apply", "vm", "--prune", "--yes"]).any_stdout().any_stderr().exits(0);
    assert!(!status(vm, "tree").starts_with("ii "));
    assert!(status(vm, "hello").starts_with("ii "), "another package went too");
    project.check(&["vm"], 0);
    project.trueup(&["plan", "vm", "--prune"]).stdout("vm  nothing to do\n").exits(0);
}
