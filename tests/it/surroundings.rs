//! What agents' commands find around them: variables by digest, facts about the system, thresholds.

use sha2::{Digest as _, Sha256};

use crate::support::machine::Machine;
use crate::support::trueup::{Project, Report, Trueup};

/// A spec with machines whose login profile decides what commands get.
fn spec(machines: &[(&str, &Machine)], rest: &str) -> String {
    let target = |(name, machine): &(&str, &Machine)| {
        format!("[targets.{name}]\nkind = \"local\"\nhome = {:?}\n", machine.home())
    };
    let targets: String = machines.iter().map(target).collect();
    let reference = machines[0].0;
    format!("version = 1\nname = \"dev\"\nreference = \"{reference}\"\n{targets}[shell]\nlogin = true\n{rest}\n")
}

/// trueup whose user has a plain sh for a login shell.
fn run(project: &Project, arguments: &[&str]) -> Trueup {
    project.trueup(arguments).env("SHELL", "/bin/sh").env("USER", "me")
}

fn check(project: &Project, target: &str, code: i32) -> Report {
    Report(run(project, &["check", target, "--format", "json"]).any_stdout().exits(code).json())
}

fn sha256(value: &str) -> String {
    format!("sha256:{}", Sha256::digest(value.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

const VARIABLES: &str = "[env]\nNODE_ENV = \"exact\"\nLC_ALL = \"exact\"\nNO_COLOR = \"exact\"\nSAME = \"exact\"\n\
                         EMPTY = \"exact\"\nGONE = \"exact\"\nAPI_TOKEN = \"present\"\nGH_TOKEN = \"present\"\n\
                         GIT_DIR = \"exact\"";

#[test]
fn variables_of_the_login_profile_are_compared_by_digest_and_shown_as_such() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    let same = "export SAME='two\nlines with \\ '\\''quotes'\\'' and $(echo no) é'\n";
    laptop.file(
        ".profile",
        format!(
            "{same}export NODE_ENV=production-7531 LC_ALL=C.UTF-8 NO_COLOR= EMPTY= GONE=here API_TOKEN=hunter-24680 GH_TOKEN=x\n\
             NOT_EXPORTED=1\n"
        ),
    );
    vm.file(
        ".profile",
        format!("{same}export NODE_ENV=development-7531 API_TOKEN=other-24680 GH_TOKEN= GIT_DIR=/nowhere\n"),
    );
    let project = Project::with_spec(&spec(&[("laptop", &laptop), ("vm", &vm)], VARIABLES));
    run(&project, &["capture"]).any_stdout().exits(0);
    let lock = project.read("environments/dev.lock");
    check(&project, "laptop", 0);
    let report = check(&project, "vm", 1);
    assert_eq!(
        report.amiss("vm"),
        [
            "env:EMPTY drift missing",
            "env:GH_TOKEN drift changed",
            "env:GIT_DIR drift extra",
            "env:GONE drift missing",
            "env:LC_ALL drift missing",
            "env:NODE_ENV drift changed",
            "env:NO_COLOR drift missing",
        ]
    );
    let finding = report.finding("vm", "env:NODE_ENV");
    assert_eq!(finding["want"], sha256("production-7531"));
    assert_eq!(finding["got"], sha256("development-7531"));
    let same = report.finding("vm", "env:SAME");
    assert_eq!(same["got"], sha256("two\nlines with \\ 'quotes' and $(echo no) é"));
    assert_eq!(
        (&report.finding("vm", "env:EMPTY")["want"], &report.finding("vm", "env:API_TOKEN")["got"]),
        (&"empty".into(), &"set".into())
    );
    assert_eq!(report.finding("vm", "env:GH_TOKEN")["reason"], "it is empty, the reference has set");
    for text in [&lock, &report.0.to_string()] {
        assert!(!text.contains("7531") && !text.contains("24680"), "a value is shown: {text}");
    }
}

#[test]
fn without_a_login_variables_are_those_of_trueup_itself() {
    let spec = "version = 1\nname = \"dev\"\nreference = \"local\"\n[shell]\nlogin = false\n[targets.me]\nkind = \"local\"\n\
                [env]\nMODE = \"exact\"\nPS4 = \"exact\"";
    let project = Project::with_spec(spec);
    project.trueup(&["check"]).any_stderr().exits(2);
    project.spec(&spec.replace("PS4 = \"exact\"", "NOT_THERE = \"exact\""));
    project.trueup(&["capture"]).env("MODE", "one").any_stdout().exits(0);
    project.trueup(&["check"]).env("MODE", "one").any_stdout().exits(0);
    project.trueup(&["check"]).env("MODE", "two").any_stdout().exits(1);
    let ran = project.trueup(&["check", "--format", "json"]).env("MODE", "").any_stdout().exits(1);
    assert_eq!(Report(ran.json()).finding("me", "env:MODE")["got"], "empty");
}

#[test]
fn a_value_never_stands_in_the_process_list() {
    let machine = Machine::local();
    let seen = machine.at("seen");
    let spy = format!("ps -A -o args >>{seen:?} 2>&1; exec /usr/bin/sha256sum \"$@\"");
    machine.tool("sha256sum", &spy);
    let path = machine.path();
    machine.file(".profile", format!("PATH={path}; export PATH\nexport MODE=needle-$((40000+2))\n"));
    let project = Project::with_spec(&spec(&[("vm", &machine)], "[env]\nMODE = \"exact\""));
    run(&project, &["capture"]).any_stdout().exits(0);
    let seen = machine.read("seen");
    assert!(seen.contains("sha256sum") && !seen.contains("needle-40002"), "{seen}");
    assert_eq!(check(&project, "vm", 0).finding("vm", "env:MODE")["got"], sha256("needle-40002"));
}

#[test]
fn system_facts_are_shown_and_compared_only_where_they_are_named() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(".profile", "export TZ=Europe/Berlin LANG=C.UTF-8\numask 022\nulimit -n 512\n");
    vm.file(".profile", "export TZ=Etc/UTC LANG=C.UTF-8\numask 077\nulimit -n 256\n");
    let machines = [("laptop", &laptop), ("vm", &vm)];
    let project = Project::with_spec(&spec(&machines, "[env]\nLANG = \"exact\""));
    run(&project, &["capture"]).any_stdout().exits(0);
    let report = check(&project, "vm", 0);
    let shown = report.0["targets"][0]["shown"].to_string();
    for told in ["system:timezone", "UTC", "system:umask", "0077", "system:disk_free", "system:clock", "0 s", "256"] {
        assert!(shown.contains(told), "{told} is not shown: {shown}");
    }
    let named = "[system]\ntimezone = \"exact\"\numask = \"0077\"\nlocale = \"exact\"\nos = \"exact\"\nnofile = \">=300\"\n\
                 libc = \"exact\"\nclock = \"<5 s\"\ndisk_free = \">=1 KB\"\ndisk_free_tmp = \">=9000 TB\"\narch = \"exact\"";
    project.spec(&spec(&machines, named));
    run(&project, &["capture", "--yes"]).any_stdout().exits(0);
    let report = check(&project, "vm", 1);
    assert_eq!(
        report.amiss("vm"),
        ["system:disk_free_tmp drift changed", "system:nofile drift changed", "system:timezone drift changed"]
    );
    let timezone = report.finding("vm", "system:timezone");
    assert_eq!((&timezone["want"], &timezone["got"]), (&"Europe/Berlin".into(), &"UTC".into()));
    assert_eq!(report.finding("vm", "system:nofile")["reason"], "it is 256, the spec says >=300");
    assert_eq!(report.finding("vm", "system:umask")["want"], "0077");
    // The reference itself breaks what the spec says.
    assert_eq!(
        check(&project, "laptop", 1).amiss("laptop"),
        ["system:disk_free_tmp drift changed", "system:umask drift changed"]
    );
}

#[test]
fn what_changes_all_the_time_does_not_change_the_lock() {
    let machine = Machine::local();
    let rest = "[system]\nclock = \"<1 h\"\ndisk_free = \">=1 MB\"\ndisk_free_tmp = \">=1MB\"";
    let project = Project::with_spec(&spec(&[("vm", &machine)], rest));
    run(&project, &["capture"]).any_stdout().exits(0);
    let first = project.read("environments/dev.lock");
    assert!(first.contains("value = \">=1 MB\"") && !first.contains(" GB"), "{first}");
    machine.file("ballast", vec![b'x'; 3_000_000]);
    let ran = run(&project, &["capture"]).any_stdout().exits(0);
    assert!(ran.stdout.contains("is up to date"), "{}", ran.stdout);
    assert_eq!(project.read("environments/dev.lock"), first);
    check(&project, "vm", 0);
}

#[test]
fn a_clock_that_is_a_year_off_is_told() {
    let machine = Machine::local();
    machine.tool("date", "echo 1000000000");
    let project = Project::of(&[("vm", &machine)], "[system]\nclock = \"<5 s\"");
    project.capture();
    let report = project.check(&[], 1);
    let got = report.finding("vm", "system:clock")["got"].as_str().unwrap().to_owned();
    assert!(got.starts_with('-') && got.ends_with(" s") && got.len() > 9, "{got}");
}
