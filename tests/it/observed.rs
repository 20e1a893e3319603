//! What is observed, and what must not be: secrets, half answers, places that may not be looked at.

use crate::support::machine::Machine;
use crate::support::trueup::Project;

const REPO: &str = "[repos.shop]\npath = \"~/shop\"\n";

/// The id of a finding holds a setting's key, and the key of `url.….insteadOf` holds whatever was written there.
#[test]
fn a_token_in_a_git_setting_reaches_neither_lock_nor_report() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for (machine, token) in [(&laptop, "ghp_0123456789abcdef0123"), (&vm, "ghp_zzzzzzzzzzzzzzzzzzzz")] {
        machine.repo("shop");
        let key = format!("url.https://oauth2:{token}@github.com/.insteadOf");
        machine.git(&["config", "--global", &key, "https://github.com/"]);
        machine.git(&["config", "--global", "alias.up", &format!("!curl -H 'Authorization: Bearer {token}'")]);
    }
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], REPO);
    project.capture();
    let lock = std::fs::read_to_string(project.at("environments/dev.lock")).unwrap();
    let report = project.check(&["vm"], 1);
    assert!(!lock.contains("ghp_") && !report.0.to_string().contains("ghp_"), "{lock}{}", report.0);
    assert_eq!(report.finding("vm", "git:shop/url.https://github.com/.insteadOf")["state"], "match");
    assert_eq!(report.amiss("vm"), ["git:shop/alias.up drift changed"]);
}

#[test]
fn a_folder_inside_another_repository_is_not_that_repository() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.repo("shop");
    vm.repo(".").file("shop/README", "unpacked, not cloned");
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], REPO);
    project.capture();
    let report = project.check(&["vm"], 3);
    for id in ["repo:shop", "git:shop/core.bare"] {
        let finding = report.finding("vm", id);
        assert_eq!(finding["state"], "unknown", "{finding}");
        assert!(finding["reason"].as_str().unwrap().ends_with("is inside another repository"), "{finding}");
    }
}

/// git hands its hooks variables that lead every git below them to the hook's own repository.
#[test]
fn within_a_hook_the_named_repository_is_observed_and_not_the_hooks_own() {
    let laptop = Machine::local();
    laptop.repo("shop").repo("other");
    laptop.git(&["-C", "other", "remote", "set-url", "origin", "git@github.com:example/other.git"]);
    let spec =
        "version = 1\nname = \"dev\"\nreference = \"local\"\n[shell]\nlogin = false\n[targets.me]\nkind = \"local\"\n";
    let project = Project::with_spec(&format!("{spec}[repos.shop]\npath = {:?}\n", laptop.at("shop")));
    let other = laptop.at("other/.git").display().to_string();
    project.trueup(&["capture", "--yes"]).env("GIT_DIR", &other).any_stdout().exits(0);
    let lock = std::fs::read_to_string(project.at("environments/dev.lock")).unwrap();
    assert!(lock.contains("example/carmenta") && !lock.contains("example/other"), "{lock}");
}

#[test]
fn a_git_that_fails_while_it_lists_is_unknown() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.repo("shop");
    vm.repo("shop");
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], REPO);
    project.capture();
    vm.tool("git", "case \"$*\" in config*) echo 'fatal: no' >&2; exit 128 ;; esac\nexec /usr/bin/env PATH=/usr/local/bin:/usr/bin:/bin git \"$@\"");
    let report = project.check(&["vm"], 3);
    for id in ["repo:shop", "git:shop/core.bare"] {
        assert_eq!(report.finding("vm", id)["reason"], "git failed with exit code 128: fatal: no");
    }
}

#[test]
fn a_link_is_compared_by_what_it_leads_to_as_well() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for (machine, content) in [(&laptop, "one"), (&vm, "two")] {
        machine.file(".df/x", content).file(".df/same", "same");
        machine.link(".x", ".df/x").link(".same", ".df/same").link(".lost", ".df/lost").link(".folder", ".df");
    }
    laptop.file(".df/lost", "found");
    let rest = "[dotfiles]\nfiles = [\".x\", \".same\", \".lost\", \".folder\"]";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["dotfile:.lost drift changed", "dotfile:.x drift changed"]);
    assert_eq!(report.finding("vm", "dotfile:.x")["reason"], "it leads to other content");
    assert_eq!(report.finding("vm", "dotfile:.lost")["reason"], "it leads nowhere, on the reference it does not");
    project.check(&["laptop"], 0);
}

#[test]
fn a_folder_of_ten_thousand_files_is_compared() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        for number in 0..10_000 {
            machine
                .file(&format!(".config/some-application/{}/setting-{number}.conf", number % 50), number.to_string());
        }
    }
    vm.file(".config/some-application/7/setting-7.conf", "changed").file(".config/some-application/new", "");
    vm.mode(".config/some-application/8/setting-8.conf", 0o600);
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[dotfiles]\nfiles = [\".config\"]");
    project.capture();
    let amiss = project.check(&["vm"], 1).amiss("vm");
    let named = ["7/setting-7.conf drift changed", "8/setting-8.conf drift changed", "new drift extra"];
    assert_eq!(amiss, named.map(|name| format!("dotfile:.config/some-application/{name}")));
}

#[test]
fn a_folder_that_is_too_big_costs_no_other_file_its_answer() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine.file(".a", "a").file(".small/b", "b").file(".big/one", "");
    }
    let project =
        Project::of(&[("laptop", &laptop), ("vm", &vm)], "[dotfiles]\nfiles = [\".a\", \".big\", \".small\"]");
    project.capture();
    let long = "x".repeat(200);
    for number in 0..12_000 {
        vm.file(&format!(".big/{long}{number}"), "");
    }
    let report = project.check(&["vm"], 3);
    for (id, state) in [(".a", "match"), (".small/b", "match"), (".big", "match"), (".big/one", "unknown")] {
        assert_eq!(report.finding("vm", &format!("dotfile:{id}"))["state"], state, "{id}");
    }
}
