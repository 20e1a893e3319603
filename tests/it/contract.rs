//! The public contract of `capture` and `check`: exit codes, the JSON report, states and reasons, what is written where.

use std::fs;
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::support::machine::Machine;
use crate::support::trueup::{Project, spec_of};

/// A reference and a target, each with these tools on its PATH.
fn pair(laptop: &[(&str, &str)], vm: &[(&str, &str)]) -> (Machine, Machine) {
    let furnish = |tools: &[(&str, &str)]| {
        let machine = Machine::local();
        for (name, text) in tools {
            machine.says(name, text);
        }
        machine
    };
    (furnish(laptop), furnish(vm))
}

fn keys(value: &str) -> Vec<String> {
    // serde_json sorts keys, so their order is taken from the text.
    value
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\":"))
        .map(|(key, _)| key.to_owned())
        // What is shown beside stands under ids, which differ from machine to machine.
        .filter(|key| !key.contains(':'))
        .collect()
}

#[test]
fn the_json_report_has_the_documented_fields_in_their_order() {
    let (laptop, vm) = pair(&[("node", "v22.11.0")], &[("node", "v20.10.0")]);
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[tools]\nnode = \"exact\"");
    project.capture();
    let ran = project.trueup(&["check", "vm", "--format", "json"]).any_stdout().exits(1);
    assert_eq!(
        keys(&ran.stdout),
        [
            "schema",
            "environment",
            "spec_digest",
            "lock_digest",
            "verdict",
            "targets",
            "target",
            "kind",
            "verdict",
            "observed_at",
            "duration_ms",
            "round_trips",
            "error",
            "machine",
            "id",
            "hostname",
            "os",
            "os_version",
            "arch",
            "host_key",
            "counts",
            "drift",
            "match",
            "unknown",
            "waived",
            "findings",
            "id",
            "category",
            "name",
            "state",
            "change",
            "want",
            "got",
            "policy",
            "reason",
            "detail",
            "waiver",
            "warning",
            "since",
            "newly",
            "shown",
        ]
    );
    let report = ran.json();
    assert_eq!(report["schema"], "trueup/report/v1");
    assert_eq!(report["environment"], "dev");
    let target = &report["targets"][0];
    assert_eq!(target["round_trips"], 1);
    assert_eq!((&target["error"], &target["machine"]["host_key"]), (&Value::Null, &Value::Null));
    assert_eq!(target["kind"], "local");
    let at = target["observed_at"].as_str().unwrap();
    assert!(at.parse::<jiff::Timestamp>().is_ok() && at.ends_with('Z'), "{at}");
    let os = if cfg!(target_os = "macos") { "macos" } else { "linux" };
    assert_eq!(target["machine"]["os"], os);
    let node = vm.path().split(':').next().unwrap().to_owned() + "/node";
    // Whatever copies this machine itself has stand behind it.
    let detail = target["findings"][0]["detail"].as_str().unwrap();
    assert_eq!(detail.split("; also on PATH: ").next(), Some(node.as_str()));
    assert_eq!(
        target["findings"][0],
        json!({
            "id": "tool:node", "category": "tool", "name": "node", "state": "drift", "change": "changed",
            "want": "22.11.0", "got": "20.10.0", "policy": "exact",
            "reason": "it is 20.10.0, the reference has 22.11.0", "detail": detail, "waiver": null,
            "warning": null, "since": null, "newly": false,
        })
    );
}

#[test]
fn missing_extra_and_changed_are_told_apart() {
    let (laptop, vm) = pair(&[("node", "v22.11.0"), ("zzz", "zzz 1.0")], &[("node", "v20.1.0"), ("yyy", "yyy 1.0")]);
    let rest = "[tools]\nnode = \"exact\"\nzzz = \"exact\"\nyyy = \"exact\"\nneither = \"exact\"";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["tool:node drift changed", "tool:yyy drift extra", "tool:zzz drift missing"]);
    assert_eq!(report.finding("vm", "tool:zzz")["got"], Value::Null);
    assert_eq!(report.finding("vm", "tool:yyy")["want"], Value::Null);
    let neither = report.finding("vm", "tool:neither");
    assert_eq!((&neither["state"], &neither["want"], &neither["got"]), (&json!("match"), &Value::Null, &Value::Null));
    assert_eq!(report.target("vm")["counts"], json!({"match": 1, "drift": 3, "unknown": 0, "waived": 0}));
}

#[test]
fn an_unreachable_host_is_unknown_and_hides_no_other() {
    let (laptop, vm) = pair(&[("node", "v22.11.0")], &[("node", "v20.1.0")]);
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let gone = format!("[targets.gone]\nkind = \"vm\"\nssh = \"me@127.0.0.1:{port}\"\n[tools]\nnode = \"exact\"");
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &gone);
    project.capture();
    let report = project.check(&[], 3);
    assert_eq!(report.target("laptop")["verdict"], "parity");
    assert_eq!(report.target("vm")["verdict"], "drift");
    let gone = report.target("gone");
    assert_eq!(gone["verdict"], "unknown");
    assert_eq!(gone["round_trips"], 0);
    let error = gone["error"].as_str().unwrap();
    assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
    for field in ["id", "hostname", "os", "os_version", "arch", "host_key"] {
        assert_eq!(gone["machine"][field], Value::Null, "{field}");
    }
    let finding = report.finding("gone", "tool:node");
    assert_eq!((&finding["state"], &finding["got"]), (&json!("unknown"), &Value::Null));
    assert_eq!(finding["want"], "22.11.0");
    assert_eq!(report.ids("gone").len(), 1);
    project.check(&["gone"], 3);
}

#[test]
fn a_mistaken_command_is_a_usage_error() {
    let machine = Machine::local();
    let project = Project::of(&[("laptop", &machine), ("vm", &machine)], "");
    project.trueup(&["check", "mv"]).stderr("error: no target is named `mv`; targets are: laptop, vm\n").exits(2);
    project
        .trueup(&["check", "--format", "human", "--format", "json"])
        .stderr("error: human and json cannot both go to stdout; give one of them a file: --format json=report.json\n")
        .exits(2);
    project.trueup(&["check", "--format", "yaml"]).stderr_has("the formats are").exits(2);
    project.trueup(&["chek"]).stderr_has("check").exits(2);
    project.spec("version = 1\nname = \"dev\"\n");
    project.trueup(&["check"]).stderr("error: the environment dev has no targets; add one under [targets]\n").exits(2);
}

#[test]
fn without_a_lock_what_is_there_is_shown_and_nothing_is_true() {
    let (laptop, vm) = pair(&[("node", "v22.11.0")], &[("node", "v20.1.0")]);
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[tools]\nnode = \"exact\"\nnpm = \"20.0.0\"");
    vm.says("npm", "20.0.0");
    let report = project.check(&["vm"], 3);
    assert_eq!(report.0["lock_digest"], Value::Null);
    let node = report.finding("vm", "tool:node");
    assert_eq!((&node["state"], &node["want"], &node["got"]), (&json!("unknown"), &Value::Null, &json!("20.1.0")));
    assert_eq!(node["reason"], "there is no lock to compare with; run `trueup capture`");
    // Nor is a version that the spec itself names held against anything before the reference was looked at.
    let npm = report.finding("vm", "tool:npm");
    assert_eq!((&npm["state"], &npm["want"], &npm["got"]), (&json!("unknown"), &Value::Null, &json!("20.0.0")));
    let written: Vec<_> =
        fs::read_dir(project.at("environments")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(written, ["dev.toml"]);
    assert!(!project.state().exists(), "check made a state folder");
}

#[test]
fn an_item_that_the_lock_lacks_is_unknown_until_it_is_captured() {
    let (laptop, vm) = pair(&[("node", "v22.11.0")], &[("node", "v22.11.0")]);
    let targets = [("laptop", &laptop), ("vm", &vm)];
    let project = Project::of(&targets, "[tools]\nnode = \"exact\"");
    project.capture();
    project.check(&["vm"], 0);
    project.spec(&spec_of(&targets, "[tools]\nnode = \"exact\"\nnpm = \"exact\"\n"));
    for machine in [&laptop, &vm] {
        machine.says("npm", "10.9.0");
    }
    let report = project.check(&["vm"], 3);
    let npm = report.finding("vm", "tool:npm");
    assert_eq!((&npm["state"], &npm["want"], &npm["got"]), (&json!("unknown"), &Value::Null, &json!("10.9.0")));
    assert_eq!(npm["reason"], "the lock does not have it yet; run `trueup capture`");
    assert_eq!(report.finding("vm", "tool:node")["state"], "match");
    project.capture().check(&["vm"], 0);
}

#[test]
fn what_cannot_be_observed_is_not_captured_and_the_old_lock_stays() {
    let (laptop, _) = pair(&[("node", "v22.11.0"), ("zzz", "zzz 1.0")], &[]);
    let rest = "[limits]\nprobe = \"1s\"\n[tools]\nnode = \"exact\"\nzzz = \"exact\"";
    let project = Project::of(&[("laptop", &laptop)], rest);
    laptop.tool("zzz", "exec sleep 60");
    let unlocked = "error: 1 listed item on the reference could not be observed; no lock was written\n  \
                    ? tool:zzz  did not answer within 1 s\n";
    project.trueup(&["capture", "--yes"]).stderr(unlocked).exits(3);
    assert!(!project.at("environments/dev.lock").exists());
    laptop.says("zzz", "zzz 1.0");
    project.capture();
    let lock = project.read("environments/dev.lock");
    laptop.tool("zzz", "exec sleep 60").says("node", "v23.0.0");
    let kept = unlocked.replace("no lock was written", "the old lock stays as it is");
    project.trueup(&["capture", "--yes"]).stderr(&kept).exits(3);
    assert_eq!(project.read("environments/dev.lock"), lock);
    // Absence is a fact.
    laptop.without("zzz");
    project.trueup(&["capture", "--yes"]).any_stdout().exits(0);
    assert!(project.read("environments/dev.lock") != lock);
}

#[test]
fn a_second_capture_says_the_same_bytes_and_a_changed_one_asks_first() {
    let laptop = Machine::local();
    laptop.says("node", "v22.11.0").repo("carmenta").file(".zshrc", "x").file(".config/a/b", "y");
    let rest = "[tools]\nnode = \"exact\"\n[dotfiles]\nfiles = [\".zshrc\", \".config/**\"]\n[repos.carmenta]\npath = \"carmenta\"";
    let project = Project::of(&[("laptop", &laptop)], rest);
    project.capture();
    let lock = project.read("environments/dev.lock");
    let again = project.trueup(&["capture"]).stdout_has("environments/dev.lock is up to date: ").exits(0);
    assert!(!again.stdout.contains("captured"), "{}", again.stdout);
    fs::remove_file(project.at("environments/dev.lock")).unwrap();
    project.capture();
    assert_eq!(project.read("environments/dev.lock"), lock, "the same reference gave another lock");
    laptop.says("node", "v23.0.0");
    project
        .trueup(&["capture"])
        .stdout_has("  ~ tool:node  22.11.0 -> 23.0.0\n")
        .stderr(
            "error: there is no terminal to ask on: Overwrite environments/dev.lock? Say --yes to agree beforehand.\n",
        )
        .exits(2);
    assert_eq!(project.read("environments/dev.lock"), lock);
}

#[test]
fn policies_hold_what_they_say() {
    let (laptop, vm) = pair(
        &[("a", "a 1.2.3"), ("b", "b 1.2.3"), ("c", "c 1.2.3"), ("d", "d 1.2.3"), ("e", "e 1.2.3"), ("f", "f 9")],
        &[("a", "a 1.9.0"), ("b", "b 1.3.0"), ("c", "c 7"), ("d", "d 2.1"), ("e", "e 2.0.0"), ("f", "f 9.1.0")],
    );
    let rest =
        "[tools]\na = \"major\"\nb = \"minor\"\nc = \"present\"\nd = \">=2, <2.1\"\ne = \"2.0.0\"\nf = \">=9, <10\"";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["tool:b drift changed", "tool:d drift changed"]);
    let wants = ["a", "b", "d", "e", "f"].map(|name| report.finding("vm", &format!("tool:{name}"))["want"].clone());
    assert_eq!(wants, ["1.2.3", "1.2.3", ">=2, <2.1", "2.0.0", ">=9, <10"]);
    // A version of the spec's own binds the reference too.
    assert_eq!(project.check(&["laptop"], 1).amiss("laptop"), ["tool:d drift changed", "tool:e drift changed"]);
}

#[test]
fn a_waiver_covers_its_drift_and_nothing_else() {
    let (laptop, vm) = pair(&[("node", "v22.11.0"), ("npm", "10.9.0")], &[("node", "v20.1.0"), ("npm", "10.9.0")]);
    let other = Machine::local();
    other.says("node", "v20.1.0").says("npm", "10.9.0");
    let targets = [("laptop", &laptop), ("vm", &vm), ("other", &other)];
    let tools = "[limits]\nprobe = \"1s\"\n[tools]\nnode = \"exact\"\nnpm = \"exact\"";
    let project = Project::of(&targets, tools);
    let waived = |how: &str| {
        let waiver = format!("{tools}\n[[waivers]]\nfinding = \"tool:node\"\nbecause = \"it has to be\"\n{how}");
        project.spec(&spec_of(&targets, &waiver));
    };
    project.capture();
    waived("any = true\ntargets = [\"vm\"]");
    let report = project.check(&["vm"], 0);
    let node = report.finding("vm", "tool:node");
    assert_eq!((&node["state"], &node["change"]), (&json!("waived"), &json!("changed")));
    assert_eq!(node["waiver"]["because"], "it has to be");
    assert_eq!(project.check(&["other"], 1).amiss("other"), ["tool:node drift changed"]);
    waived("got = \"20.1.0\"\nuntil = 2999-01-01");
    assert_eq!(project.check(&["vm", "other"], 0).amiss("vm"), ["tool:node waived changed"]);
    project.trueup(&["check", "vm"]).stdout_has("(waived: it has to be, until 2999-01-01)").exits(0);
    waived("got = \"20.0.0\"");
    let reason = |report: &crate::support::trueup::Report| report.finding("vm", "tool:node")["reason"].clone();
    let because = "it is 20.1.0, the reference has 22.11.0; its waiver was made for another value";
    assert_eq!(reason(&project.check(&["vm"], 1)), because);
    waived("any = true\nuntil = 2020-01-01");
    let expired = "it is 20.1.0, the reference has 22.11.0; its waiver has expired";
    assert_eq!(reason(&project.check(&["vm"], 1)), expired);
    // What was not seen is not waived.
    waived("any = true");
    vm.tool("node", "exec sleep 60");
    assert_eq!(project.check(&["vm"], 3).amiss("vm"), ["tool:node unknown -"]);
}

#[test]
fn an_item_of_another_system_is_not_held() {
    let (laptop, vm) = pair(&[("zzz", "zzz 1.0")], &[]);
    let elsewhere = if cfg!(target_os = "macos") { "linux" } else { "macos" };
    let rest =
        format!("[tools]\nzzz = {{ policy = \"exact\", only = [\"{elsewhere}\"] }}\nsh = {{ version = \"echo 1.0\" }}");
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &rest);
    project.capture();
    assert_eq!(project.check(&["vm"], 0).ids("vm"), ["tool:sh"]);
}

#[test]
fn tools_tell_their_version_in_many_ways() {
    let machine = Machine::local();
    machine
        .says("docker", "podman version 4.3.1")
        .tool("java", "echo 'openjdk version \"1.8.0_192\" 2018-10-16' >&2")
        .tool("noisy", "printf 'a banner 9.9.9' >&2; printf 'noisy 1.2.3'")
        .tool("odd", "if [ \"$1\" = about ]; then echo 'release r77 of odd'; else exit 3; fi")
        .says("claude", "2.0.14 (Claude Code)")
        .says("plain", "Plain v3.1.0-rc.2+build.7 (2024)")
        .tool("broken", "echo 'no libfoo.so' >&2; exit 127")
        .says("mute", "hello");
    let rest = "[tools]\ndocker = \"present\"\njava = \"present\"\nnoisy = \"present\"\nclaude = \"present\"\n\
                plain = \"present\"\nbroken = \"present\"\nmute = \"present\"\nabsent = \"present\"\n\
                odd = { policy = \"present\", version = \"odd about\", pattern = 'release r(\\d+)' }";
    let project = Project::of(&[("vm", &machine)], rest);
    let report = project.check(&["vm"], 3);
    let got = |name: &str| report.finding("vm", &format!("tool:{name}"))["got"].clone();
    let named = ["docker", "java", "noisy", "odd", "claude", "plain"].map(got);
    assert_eq!(named, ["podman 4.3.1", "1.8.0_192", "1.2.3", "77", "2.0.14", "3.1.0-rc.2"]);
    let reason = |name: &str| report.finding("vm", &format!("tool:{name}"))["reason"].clone();
    assert_eq!(reason("broken"), "broken failed with exit code 127: no libfoo.so");
    assert_eq!(reason("mute"), "answer not understood: no version in `hello`");
}

#[test]
fn a_tool_is_reported_with_the_path_it_really_resolves_to() {
    let machine = Machine::local();
    machine.file("tools/real", "#!/bin/sh\necho 1.0\n").mode("tools/real", 0o755);
    let bin = machine.path().split(':').next().unwrap().to_owned();
    std::os::unix::fs::symlink(machine.at("tools/real"), format!("{bin}/shim")).unwrap();
    let project = Project::of(&[("vm", &machine)], "[tools]\nshim = \"exact\"");
    project.capture();
    let report = project.check(&["vm"], 0);
    let real = fs::canonicalize(machine.at("tools/real")).unwrap();
    assert_eq!(report.finding("vm", "tool:shim")["detail"], format!("{bin}/shim -> {}", real.display()));
}

#[test]
fn the_formats_of_one_check_agree() {
    let (laptop, vm) = pair(&[("node", "v22.11.0"), ("npm", "10.9.0")], &[("node", "v20.1.0"), ("npm", "10.9.0")]);
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[tools]\nnode = \"exact\"\nnpm = \"exact\"");
    project.capture();
    let bin = vm.path().split(':').next().unwrap().to_owned();
    project
        .trueup(&["check", "vm", "--format", "human", "--format", "json=report.json"])
        .mask_machines()
        .hide(&bin, "[bin]")
        .mask(r"; also on PATH: [^\]\n]*", "")
        .stdout(
            "vm  drift  1 drift, 1 match  (machine)\n  \
             x tool:node  changed: it is 20.1.0, the reference has 22.11.0  [[bin]/node]\n\n\
             drift: 1 of 1 target not true to the reference\nnext: see what would change: trueup plan vm\n",
        )
        .exits(1);
    let report: Value = serde_json::from_str(&project.read("report.json")).unwrap();
    assert_eq!(report["verdict"], "drift");
    assert_eq!(report["targets"][0]["counts"], json!({"match": 1, "drift": 1, "unknown": 0, "waived": 0}));
    project.trueup(&["check", "vm", "--format", "json=a.json"]).exits(1);
    project
        .trueup(&["check", "vm", "--format", "json=no/such/folder.json"])
        .stderr_has("cannot write no/such/folder.json")
        .exits(3);
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let (laptop, vm) = pair(&[("node", "v22.11.0")], &[("node", "v20.1.0")]);
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[tools]\nnode = \"exact\"");
    project.capture();
    let escape = |ran: &crate::support::trueup::Ran| ran.stdout.contains('\u{1b}');
    let check = |more: &[&str]| project.trueup(&[&["check", "vm"], more].concat()).any_stdout();
    assert!(!escape(&check(&[]).exits(1)), "not a terminal");
    assert!(!escape(&check(&["--color", "never"]).exits(1)), "--color never");
    assert!(!escape(&check(&[]).env("NO_COLOR", "1").exits(1)), "NO_COLOR");
    assert!(escape(&check(&["--color", "always"]).exits(1)), "--color always");
    let file = check(&["--color", "always", "--format", "human=report.txt"]).exits(1);
    assert!(file.stdout.is_empty() && !project.read("report.txt").contains('\u{1b}'), "a file got escapes");
    // What a machine says must not paint the terminal either.
    vm.tool("node", "printf 'v\\033[31m20\\n' >&2; exit 1");
    assert!(!escape(&check(&[]).exits(3)));
}

#[test]
fn a_project_is_found_from_below_it_and_by_dir() {
    let machine = Machine::local();
    let project = Project::of(&[("vm", &machine)], "[tools]\nsh = { version = \"echo 1.0\", policy = \"exact\" }");
    project.capture();
    fs::create_dir_all(project.at("deep/down")).unwrap();
    project.trueup(&["check"]).within(project.at("deep/down")).any_stdout().exits(0);
    project
        .trueup(&["check", "--dir", project.at("deep").to_str().unwrap()])
        .within(project.home())
        .any_stdout()
        .exits(0);
}
