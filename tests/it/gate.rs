//! The gate and its attestations: what is absent, old, about something else or tampered with does not pass.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::machine::Machine;
use crate::support::trueup::{Project, spec_of};

const NODE: &str = "[tools]\nnode = \"exact\"\n";

/// A reference, a target that is true to it, and a captured project.
fn at_parity(rest: &str) -> (Machine, Machine, Project) {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine.says("node", "v22.11.0");
    }
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    (laptop, vm, project)
}

fn attest(project: &Project, code: i32) {
    project.trueup(&["attest", "vm", "--out", "vm.att.json"]).any_stdout().exits(code);
}

fn gate(project: &Project, code: i32) -> Value {
    let decision = project.trueup(&["gate", "vm", "--format", "json"]).any_stdout().exits(code).json();
    assert_eq!(decision["schema"], "trueup/gate/v1");
    assert_eq!(decision["decision"], if code == 0 { "allow" } else { "deny" });
    assert_eq!(decision["reasons"].as_array().unwrap().is_empty(), code == 0, "{decision}");
    decision
}

fn codes(decision: &Value) -> Vec<&str> {
    decision["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

#[test]
fn what_was_never_attested_does_not_pass() {
    let (_laptop, _vm, project) = at_parity(NODE);
    project
        .trueup(&["gate", "vm"])
        .stdout("vm  deny\n  x `vm` has no attestation; make one with `trueup attest vm`\n")
        .exits(3);
    assert!(!project.state().exists(), "a gate made a state folder");
    let decision = gate(&project, 3);
    assert_eq!((codes(&decision), &decision["attestation"]), (vec!["absent"], &Value::Null));
    // An attestation of another target is none of this one.
    project.trueup(&["attest", "laptop"]).any_stdout().exits(0);
    gate(&project, 3);
}

#[test]
fn the_gate_never_observes() {
    let (_laptop, vm, project) = at_parity(NODE);
    attest(&project, 0);
    vm.tool("node", "touch \"$HOME/asked\"");
    assert_eq!(gate(&project, 0)["warnings"], json!([]));
    assert!(!vm.at("asked").exists(), "the gate started a tool on the target");
}

#[test]
fn an_old_attestation_does_not_pass() {
    let (_laptop, _vm, project) = at_parity("[tools]\nnode = \"exact\"\n[gate]\nmax_age = \"1s\"");
    attest(&project, 0);
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(codes(&gate(&project, 3)), ["expired"]);
    project.trueup(&["verify", "vm.att.json"]).stdout_has("the attestation expired at ").exits(1);
    attest(&project, 0);
    project.trueup(&["verify", "vm.att.json"]).stdout_has("valid\n").exits(0);
}

#[test]
fn drift_does_not_pass_and_is_attested_as_such() {
    let (_laptop, vm, project) = at_parity(NODE);
    vm.says("node", "v20.1.0");
    attest(&project, 1);
    let decision = gate(&project, 1);
    assert_eq!(decision["reasons"], json!([{"code": "drift", "message": "tool:node has drifted"}]));
    assert_eq!(decision["attestation"]["verdict"], "drift");
    // A valid statement of drift is valid.
    project.trueup(&["verify", "vm.att.json"]).stdout_has("verdict   drift\n").exits(0);
    // What could not be observed is attested too, and passes as little.
    vm.tool("node", "exit 1");
    attest(&project, 3);
    assert_eq!(codes(&gate(&project, 3)), ["unknown"]);
}

#[test]
fn a_drift_that_the_spec_only_warns_of_passes() {
    let (_laptop, vm, project) = at_parity("[tools]\nnode = \"exact\"\n[gate]\nwarn = [\"tool:node\"]");
    vm.says("node", "v20.1.0");
    attest(&project, 1);
    let decision = gate(&project, 0);
    assert_eq!(decision["warnings"][0]["message"], "tool:node has drifted, and `[gate] warn` lets it pass");
    project.trueup(&["gate", "vm"]).stdout_has("  ~ tool:node has drifted, which [gate] warn lets pass\n").exits(0);
    project.trueup(&["run", "vm", "--", "echo", "hi"]).stdout("hi\n").any_stderr().exits(0);
    // An unknown is no drift, so no warning covers it.
    vm.tool("node", "exit 1");
    attest(&project, 3);
    assert_eq!(codes(&gate(&project, 3)), ["unknown"]);
}

#[test]
fn an_attestation_is_of_one_spec_and_one_lock() {
    let (laptop, vm, project) = at_parity(NODE);
    attest(&project, 0);
    let spec = project.read("environments/dev.toml");
    project.spec(&format!("{spec}# a comment more\n"));
    assert_eq!(codes(&gate(&project, 1)), ["spec-changed"]);
    project.trueup(&["verify", "vm.att.json"]).stdout_has("the spec has changed since").exits(1);
    project.spec(&spec);
    gate(&project, 0);
    for machine in [&laptop, &vm] {
        machine.says("node", "v23.0.0");
    }
    let lock = project.read("environments/dev.lock");
    project.capture();
    assert_eq!(codes(&gate(&project, 1)), ["lock-changed"]);
    project.trueup(&["verify", "vm.att.json"]).stdout_has("the lock has changed since").exits(1);
    project.write("environments/dev.lock", &lock);
    gate(&project, 0);
    fs::remove_file(project.at("environments/dev.lock")).unwrap();
    assert_eq!(codes(&gate(&project, 3)), ["no-lock"]);
}

#[test]
fn the_spec_digest_covers_the_files_that_the_spec_names() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine.file(".zshrc", "x\n");
    }
    let targets = [("laptop", &laptop), ("vm", &vm)];
    let project = Project::of(&targets, "[dotfiles]\nsource = \"dotfiles\"\nfiles = [\".zshrc\"]");
    project.write("dotfiles/.zshrc", "x\n");
    project.capture();
    attest(&project, 0);
    gate(&project, 0);
    project.write("dotfiles/.zshrc", "y\n");
    assert_eq!(codes(&gate(&project, 1)), ["spec-changed"]);
    // A file beside the spec that it does not name changes nothing.
    project.write("dotfiles/.zshrc", "x\n");
    project.write("dotfiles/.bashrc", "z\n");
    gate(&project, 0);
    project.spec(&spec_of(&targets, "[dotfiles]\nfiles = [\".zshrc\"]"));
    assert_eq!(codes(&gate(&project, 1)), ["spec-changed"]);
}

#[test]
fn an_edited_attestation_is_invalid() {
    let (_laptop, vm, project) = at_parity(NODE);
    vm.says("node", "v20.1.0");
    attest(&project, 1);
    let envelope: Value = serde_json::from_str(&project.read("vm.att.json")).unwrap();
    let decoded = |text: &Value| {
        use base64::Engine as _;
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(text.as_str().unwrap()).unwrap()).unwrap()
    };
    let statement = decoded(&envelope["payload"]);
    assert_eq!(serde_json::from_str::<Value>(&statement).unwrap()["_type"], "https://in-toto.io/Statement/v1");
    let mut edited = envelope.clone();
    edited["payload"] = Value::String({
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(statement.replace("drift", "match"))
    });
    project.write("edited.json", edited.to_string());
    let refused =
        project.trueup(&["verify", "edited.json"]).stdout_has("no key that is trusted here has signed").exits(1);
    assert!(refused.stdout.starts_with("invalid\n"), "{}", refused.stdout);
    project.write("cut.json", &project.read("vm.att.json")[..100]);
    project.trueup(&["verify", "cut.json"]).stdout_has("the file is not an attestation").exits(1);
    project.write("empty.json", "");
    project.trueup(&["verify", "empty.json"]).stdout_has("the file is not an attestation").exits(1);
    project.trueup(&["verify", "absent.json"]).stderr_has("cannot read absent.json").exits(2);
    project.trueup(&["verify", "vm.att.json"]).stdout_has("valid\n").exits(0);
}

#[test]
fn an_attestation_by_another_key_is_not_believed() {
    let (_laptop, _vm, project) = at_parity(NODE);
    attest(&project, 0);
    let elsewhere = project.home().join("other-state");
    project
        .trueup(&["verify", "vm.att.json", "--state", elsewhere.to_str().unwrap()])
        .stdout_has("no key that is trusted here has signed")
        .exits(1);
}

#[test]
fn an_older_attestation_is_not_the_newest() {
    let (_laptop, vm, project) = at_parity(NODE);
    attest(&project, 0);
    let old = project.read("vm.att.json");
    vm.says("node", "v20.1.0");
    attest(&project, 1);
    project.write("old.json", old);
    let replayed = project.trueup(&["verify", "old.json"]).any_stdout().exits(1);
    assert!(replayed.stdout.starts_with("invalid\n  because"), "{}", replayed.stdout);
    gate(&project, 1);
}

#[test]
fn the_key_is_the_users_alone() {
    let (_laptop, _vm, project) = at_parity(NODE);
    attest(&project, 0);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let keys = project.state().join("keys");
    assert_eq!(mode(&keys), 0o700);
    let mut private = 0;
    for entry in fs::read_dir(&keys).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && fs::read_to_string(&path).unwrap().contains("PRIVATE KEY") {
            private += 1;
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
    assert_eq!(private, 1);
    for name in ["trueup.db", ""] {
        assert_eq!(mode(&project.state().join(name)) & 0o077, 0, "others may read the state's {name:?}");
    }
}

#[test]
fn a_run_counts_for_the_gate_afterwards() {
    let (_laptop, vm, project) = at_parity(NODE);
    project.trueup(&["run", "vm", "--", "true"]).exits(0);
    gate(&project, 0);
    // Work that spoils its own machine ends unverified, and the gate knows at once.
    let bin = vm.path().split(':').next().unwrap().to_owned();
    let spoil = format!("printf '#!/bin/sh\\necho v1.0.0\\n' >{bin}/node");
    project
        .trueup(&["run", "vm", "--", "sh", "-c", &spoil])
        .stderr("warning: the run is unverified: vm drifted while the command ran: tool:node\n")
        .exits(0);
    assert_eq!(codes(&gate(&project, 1)), ["drift"]);
}
