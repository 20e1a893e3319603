//! Packages of one machine held against another that has other managers.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::parity::compare::{findings, unobserved};
use crate::parity::{Change, Finding, State};
use crate::spec::{
    Environment, Fact, Facts, Listed, Listing, Lock, Locked, Machine, Observed, VersionFact, Vocabulary, Why, parse,
};

const RIPGREP: &str =
    "[packages]\nripgrep = { brew = \"ripgrep\", apt = \"rg\", apk = \"ripgrep\", cargo = \"ripgrep\" }\n";

fn environment(body: &str) -> Environment {
    let text = format!("name = \"t\"\n[targets.vm]\nkind = \"local\"\n[targets.mini]\nkind = \"local\"\n{body}");
    let managers = vec!["npm", "apt", "apk", "rpm", "brew", "cask", "tap", "cargo"];
    parse("t.toml", &text, &Vocabulary { managers, gates: vec![] }).unwrap()
}

fn machine(os: &str) -> Machine {
    Machine { os: Some(os.to_owned()), ..Machine::default() }
}

/// A lock captured on a system; what stands for a version of `-` is absent.
fn lock(os: &str, items: &[(&str, &str)], listed: &[&str]) -> Lock {
    let entry = |version: &str| match version {
        "-" => Locked::Absent,
        version => Locked::Present(Fact::version(version)),
    };
    Lock {
        environment: "t".to_owned(),
        reference: machine(os),
        items: items.iter().map(|(id, version)| (id.parse().unwrap(), entry(version))).collect(),
        listed: listed.iter().map(|one| (*one).to_owned()).collect(),
        samples: BTreeMap::new(),
    }
}

/// A machine of a system without some managers.
fn facts(os: &str, items: &[(&str, &str)], without: &[&str]) -> Facts {
    let observed = |version: &str| match version {
        "-" => Observed::Absent,
        "?" => Observed::Unknown(Why::NoAnswer),
        version => Observed::Present(Fact::version(version)),
    };
    Facts {
        machine: machine(os),
        items: items.iter().map(|(id, version)| (id.parse().unwrap(), observed(version))).collect(),
        listings: BTreeMap::new(),
        contents: BTreeMap::new(),
        pins: BTreeMap::new(),
        samples: BTreeMap::new(),
        without: without.iter().map(|one| (*one).to_owned()).collect(),
    }
}

fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn held(environment: &Environment, lock: &Lock, facts: &Facts) -> Vec<Finding> {
    findings(environment, Some(lock), "vm", facts, now())
}

fn only(environment: &Environment, lock: &Lock, facts: &Facts) -> Finding {
    let mut all = held(environment, lock, facts);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn one_thing_is_held_by_each_machines_own_manager_and_by_its_upstream_version() {
    let lock = lock("macos", &[("package:brew/ripgrep", "14.1.0_1")], &[]);
    let linux = |version: &str| {
        let items = [("package:brew/ripgrep", "-"), ("package:apt/rg", version), ("package:cargo/ripgrep", "-")];
        facts("linux", &items, &["brew", "apk", "cargo"])
    };
    for (policy, version, state) in [
        ("exact", "14.1.0-1+b2", State::Match),
        ("exact", "1:14.1.0-1~bpo12+1", State::Match),
        ("exact", "14.1.1-1", State::Drift(Change::Changed)),
        ("exact", "14.1.0~rc1-1", State::Drift(Change::Changed)),
        ("minor", "1:14.1.9-1", State::Match),
        ("major", "13.0.0-4", State::Drift(Change::Changed)),
        (">=14, <15", "1:14.0.3-1", State::Match),
        ("present", "1.0-1", State::Match),
        ("exact", "-", State::Drift(Change::Missing)),
        ("exact", "?", State::Unknown),
    ] {
        let spec = RIPGREP.replace("{ brew", &format!("{{ policy = \"{policy}\", brew"));
        let finding = only(&environment(&spec), &lock, &linux(version));
        assert_eq!(finding.id.to_string(), "package:apt/rg");
        assert_eq!(finding.state, state, "{policy} {version}: {}", finding.reason);
    }
    let finding = only(&environment(RIPGREP), &lock, &linux("13.0.0-4"));
    assert_eq!((finding.want().as_deref(), finding.got().as_deref()), (Some("14.1.0_1"), Some("13.0.0-4")));
    assert_eq!(finding.reason, "it is 13.0.0, the reference has 14.1.0 (apt 13.0.0-4 here, brew 14.1.0_1 there)");
}

#[test]
fn the_same_manager_is_held_by_its_whole_versions() {
    let lock = lock("linux", &[("package:apt/rg", "14.1.0-1")], &[]);
    let facts = |version| facts("linux", &[("package:apt/rg", version)], &["brew", "apk", "rpm"]);
    assert_eq!(only(&environment(RIPGREP), &lock, &facts("14.1.0-1")).state, State::Match);
    assert_eq!(only(&environment(RIPGREP), &lock, &facts("14.1.0-2")).state, State::Drift(Change::Changed));
}

#[test]
fn the_same_managers_versions_are_held_by_its_own_order_as_precisely_as_is_asked() {
    for (manager, policy, want, got, holds) in [
        ("apt", ">=2.39.5-0+deb12u3", "1", "2.39.5-0+deb12u5", true),
        ("apt", ">=2.39.5-0+deb12u3", "1", "2.39.5-0+deb12u2", false),
        ("apt", ">=2.39", "1", "1:2.39.5-0+deb12u5", true),
        ("apt", ">=2.39, <=2.39.5", "1", "1:2.39.5-0+deb12u5", true),
        ("apt", ">=2:2.39", "1", "1:2.39.5-0+deb12u5", false),
        ("apt", "<1:3", "1", "2:2.39-1", false),
        ("apt", ">=3.0.0", "1", "3.0.0~rc1-1", false),
        ("apt", ">=1.6", "1", "1.6~deb12u1", true),
        ("apt", ">=2.0+dfsg", "1", "2.0+dfsg-3", true),
        ("rpm", ">=4.0", "1", "4.0-0.1.rc1.fc40", false),
        ("rpm", ">=4.0-2", "1", "4.0-10.fc40", true),
        ("apk", ">=1.7.1-r2", "1", "1.7.1-r4", true),
        ("apk", "<=1.7.1", "1", "1.7.1-r4", true),
        ("brew", ">=1.7.1_2", "1", "1.7.1_1", false),
        ("brew", "<=1.7.1", "1", "1.7.1_1", true),
        ("apt", "minor", "1:2.39.5-0+deb12u3", "1:2.39.9-1", true),
        ("apt", "minor", "1:2.39.5-0+deb12u3", "2:2.39.5-1", false),
        ("apt", "major", "1.7.1-3", "1.7~rc1-1", false),
        ("npm", "minor", "2.0.0", "2.0.0-alpha.1", false),
    ] {
        let spec = format!("[packages]\n{manager} = {{ policy = \"{policy}\", names = [\"x\"] }}\n");
        let id = format!("package:{manager}/x");
        let (lock, facts) = (lock("linux", &[(&id, want)], &[]), facts("linux", &[(&id, got)], &[]));
        let finding = only(&environment(&spec), &lock, &facts);
        assert_eq!(finding.state == State::Match, holds, "{manager} {policy} {got}: {}", finding.reason);
    }
}

#[test]
fn the_manager_that_has_it_counts_before_one_that_could() {
    let lock = lock("macos", &[("package:brew/ripgrep", "14.1.0")], &[]);
    let by_cargo = facts("linux", &[("package:apt/rg", "-"), ("package:cargo/ripgrep", "14.1.0")], &["brew", "apk"]);
    let finding = only(&environment(RIPGREP), &lock, &by_cargo);
    assert_eq!((finding.id.to_string().as_str(), finding.state), ("package:cargo/ripgrep", State::Match));
    let none = facts("linux", &[("package:apt/rg", "-"), ("package:cargo/ripgrep", "-")], &["brew", "apk"]);
    assert_eq!(only(&environment(RIPGREP), &lock, &none).id.to_string(), "package:apt/rg");
}

#[test]
fn a_machine_with_none_of_the_managers_is_told_so_with_the_waiver_to_paste() {
    let spec = "[packages]\nripgrep = { brew = \"ripgrep\", apt = \"rg\" }\n";
    let lock = lock("macos", &[("package:brew/ripgrep", "14.1.0")], &[]);
    let alpine = facts("linux", &[("package:apt/rg", "-"), ("package:brew/ripgrep", "-")], &["apt", "brew"]);
    let finding = only(&environment(spec), &lock, &alpine);
    assert_eq!(finding.id.to_string(), "package:brew/ripgrep");
    assert_eq!(finding.state, State::Drift(Change::Missing));
    let waiver = finding.detail.unwrap();
    let waived = only(&environment(&format!("{spec}{waiver}")), &lock, &alpine);
    assert!(matches!(waived.state, State::Waived(Change::Missing, _)), "{waived:?}");
    // Nothing is missing where the reference has none either.
    let bare = self::lock("macos", &[("package:brew/ripgrep", "-")], &[]);
    assert_eq!(only(&environment(spec), &bare, &alpine).state, State::Match);
}

#[test]
fn an_unreachable_machine_leaves_it_unknown_once() {
    let lock = lock("macos", &[("package:brew/ripgrep", "14.1.0")], &[]);
    let findings = unobserved(&environment(RIPGREP), Some(&lock), &Why::NoAnswer);
    assert_eq!(findings.iter().map(|finding| finding.state.clone()).collect::<Vec<_>>(), [State::Unknown]);
}

#[test]
fn what_a_macs_own_managers_brought_is_one_finding_on_linux() {
    let spec = "[packages]\nbrew = { names = \"all\" }\ncask = [\"docker\", \"iterm2\"]\nnpm = [\"ms\"]\n";
    let mac = [
        ("package:brew/bat", "0.24.0"),
        ("package:brew/fd", "10.1.0"),
        ("package:brew/jq", "1.7.1"),
        ("package:brew/rg", "14.1.0"),
        ("package:brew/wget", "1.24.5"),
        ("package:brew/yq", "4.44.2"),
        ("package:cask/docker", "4.33.0,160616"),
        ("package:cask/iterm2", "-"),
        ("package:npm/ms", "2.1.3"),
    ];
    let lock = lock("macos", &mac, &["package:brew/"]);
    let mut linux = facts(
        "linux",
        &[("package:cask/docker", "-"), ("package:cask/iterm2", "-"), ("package:npm/ms", "-")],
        &["brew", "cask"],
    );
    linux.listings.insert(Listing::below(crate::spec::Category::Package, "brew/"), Listed::InFull);
    let found = held(&environment(spec), &lock, &linux);
    let shown: Vec<_> = found.iter().map(|finding| format!("{} {}", finding.id, finding.state.word())).collect();
    assert_eq!(
        shown,
        ["package:brew drift", "package:cask drift", "package:cask/iterm2 match", "package:npm/ms drift"]
    );
    let brew = &found[0];
    assert_eq!(
        brew.reason,
        "this machine (linux) has no brew, from which the reference (macos) has 6 packages: bat, fd, jq, rg, wget and \
         1 more"
    );
    let detail = brew.detail.as_deref().unwrap();
    assert!(detail.starts_with("package:brew/bat 0.24.0\npackage:brew/fd 10.1.0\n"), "{detail}");
    let waiver = detail.split_once("\n\n").unwrap().1;
    let waived = held(&environment(&format!("{spec}{waiver}")), &lock, &linux);
    assert_eq!(waived[0].state.word(), "waived");
}

#[test]
fn a_manager_that_could_be_there_and_is_not_is_no_excuse() {
    let spec = "[packages]\nbrew = [\"jq\", \"fd\"]\n";
    let lock = lock("macos", &[("package:brew/jq", "1.7.1"), ("package:brew/fd", "10.1.0")], &[]);
    let bare_mac = facts("macos", &[("package:brew/jq", "-"), ("package:brew/fd", "-")], &["brew"]);
    let ids: Vec<_> = held(&environment(spec), &lock, &bare_mac).iter().map(|one| one.id.to_string()).collect();
    assert_eq!(ids, ["package:brew/fd", "package:brew/jq"]);
    // Nor is a Homebrew on Linux that has something else.
    let linuxbrew = facts("linux", &[("package:brew/jq", "1.6"), ("package:brew/fd", "-")], &[]);
    assert_eq!(held(&environment(spec), &lock, &linuxbrew).len(), 2);
}

#[test]
fn a_mac_cannot_say_what_debian_packages_should_be() {
    let spec = "[packages]\napt = [\"jq\", \"fd-find\"]\n";
    let lock = lock("macos", &[("package:apt/jq", "-"), ("package:apt/fd-find", "-"), ("package:apt/git", "-")], &[]);
    let vm = facts("linux", &[("package:apt/jq", "1.6-2.1"), ("package:apt/fd-find", "8.6.0-3")], &[]);
    let finding = only(&environment(spec), &lock, &vm);
    assert_eq!((finding.id.to_string().as_str(), finding.state.word()), ("package:apt", "drift"));
    let versions = "[packages]\napt = { policy = \">=1.5, <9\", names = [\"jq\", \"fd-find\"] }\n";
    assert!(held(&environment(versions), &lock, &vm).iter().all(|finding| finding.state == State::Match));
    // What only has to be there is missing where it is not.
    let present = "[packages]\napt = { policy = \"present\", names = [\"jq\", \"git\"] }\n";
    let vm = facts("linux", &[("package:apt/jq", "1.6-2.1"), ("package:apt/git", "-")], &[]);
    let shown: Vec<_> =
        held(&environment(present), &lock, &vm).iter().map(|one| format!("{} {}", one.id, one.state.word())).collect();
    assert_eq!(shown, ["package:apt/git drift", "package:apt/jq match"]);
}

#[test]
fn another_product_of_another_system_comes_with_the_waiver_to_paste() {
    let spec = "[tools]\nsed = \"present\"\n";
    let product = |product: Option<&str>, version: &str| {
        Fact::Version(VersionFact {
            version: version.to_owned(),
            product: product.map(str::to_owned),
            path: Some("/usr/bin/sed".to_owned()),
        })
    };
    let mut lock = lock("macos", &[], &[]);
    lock.items.insert("tool:sed".parse().unwrap(), Locked::Present(product(Some("BSD sed"), "1.0")));
    let mut linux = facts("linux", &[], &[]);
    linux.items.insert("tool:sed".parse().unwrap(), Observed::Present(product(None, "4.9")));
    let finding = only(&environment(spec), &lock, &linux);
    let detail = finding.detail.unwrap();
    assert!(
        detail.starts_with("/usr/bin/sed\n\n[[waivers]]\nfinding = \"tool:sed\"\ntargets = [\"vm\"]\n"),
        "{detail}"
    );
    let waiver = detail.split_once("\n\n").unwrap().1;
    assert_eq!(only(&environment(&format!("{spec}{waiver}")), &lock, &linux).state.word(), "waived");
}
