//! What a repository pins, on a machine that keeps it and on one that does not.

use crate::support::machine::Machine;
use crate::support::trueup::{Project, Report};

const REPO: &str = "[repos.shop]\npath = \"~/shop\"\n";

fn pair(files: &[(&str, &str)]) -> (Machine, Machine) {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine.repo("shop");
        for (name, content) in files {
            machine.file(&format!("shop/{name}"), content);
        }
    }
    (laptop, vm)
}

fn project(laptop: &Machine, vm: &Machine) -> Project {
    Project::of(&[("laptop", laptop), ("vm", vm)], REPO)
}

fn text<'a>(report: &'a Report, id: &str, key: &str) -> &'a str {
    let value = &report.finding("vm", id)[key];
    value.as_str().unwrap_or_else(|| panic!("{id} has no {key}: {value}"))
}

#[test]
fn a_machine_that_breaks_its_repositorys_pin_drifts() {
    let (laptop, vm) = pair(&[(".nvmrc", "v22.11.0\n")]);
    laptop.says("node", "v22.11.0");
    vm.says("node", "v20.10.0");
    let project = project(&laptop, &vm);
    project.capture();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["pin:shop/node drift changed"]);
    assert_eq!(text(&report, "pin:shop/node", "want"), "v22.11.0");
    assert_eq!(text(&report, "pin:shop/node", "got"), "20.10.0 (pinned v22.11.0 in .nvmrc)");
    let reason = "it has 20.10.0, which breaks `v22.11.0` in .nvmrc:1; the reference has 22.11.0";
    assert_eq!(text(&report, "pin:shop/node", "reason"), reason);
    vm.says("node", "v22.11.0");
    project.check(&["vm"], 0);
    vm.without("node").tool("node", "echo 'asdf: version 22.11.0 is not installed' >&2; exit 126");
    let report = project.check(&["vm"], 1);
    assert_eq!(text(&report, "pin:shop/node", "got"), "not there (pinned v22.11.0 in .nvmrc)");
}

#[test]
fn a_pin_that_the_reference_breaks_too_is_a_match_with_a_warning() {
    let (laptop, vm) = pair(&[(".tool-versions", "nodejs 22.11.0 # as in production\n")]);
    laptop.says("node", "v20.10.0");
    vm.says("node", "v20.10.0");
    let project = project(&laptop, &vm);
    let captured = project.trueup(&["capture", "--yes"]).any_stdout().exits(0).stdout;
    let weakness = "it has 20.10.0, which breaks `22.11.0` in .tool-versions:1";
    assert!(captured.contains(&format!("the reference itself is weak in pin:shop/node: {weakness}\n")), "{captured}");
    let report = project.check(&["vm"], 0);
    assert_eq!(text(&report, "pin:shop/node", "warning"), weakness);
    let reason = format!("as on the reference, which shares its weakness: {weakness}");
    assert_eq!(text(&report, "pin:shop/node", "reason"), reason);
    // The machine may be better than the reference.
    vm.says("node", "v22.11.0");
    let report = project.check(&["vm"], 0);
    assert_eq!(text(&report, "pin:shop/node", "reason"), "it keeps the pin, which the reference breaks with 20.10.0");
}

#[test]
fn pins_that_differ_are_missing_or_are_extra_drift() {
    let (laptop, vm) = pair(&[(".python-version", "3\n")]);
    for machine in [&laptop, &vm] {
        machine
            .says("python3", "Python 3.12.1")
            .says("ruby", "ruby 3.2.2 (2023) [x86_64-linux]")
            .says("node", "v20.1.0");
    }
    laptop.file("shop/.ruby-version", "3.2.2\n").file("shop/.nvmrc", "20\n");
    vm.file("shop/.node-version", "v20.1.0\n")
        .file("shop/go.mod", "module x\n\ngo 1.18\n")
        .says("go", "go version go1.22.0 linux/amd64");
    let project = project(&laptop, &vm);
    project.capture();
    let report = project.check(&["vm"], 1);
    assert_eq!(
        report.amiss("vm"),
        ["pin:shop/go drift extra", "pin:shop/node drift changed", "pin:shop/ruby drift missing"]
    );
    let reason = "it is pinned to v20.1.0 in .node-version:1, on the reference to 20 in .nvmrc:1";
    assert_eq!(text(&report, "pin:shop/node", "reason"), reason);
}

/// The same name answers with another version by folder, as the shims of mise, asdf and pyenv do.
#[test]
fn tools_are_asked_inside_the_repository() {
    let (laptop, vm) = pair(&[("mise.toml", "[tools]\n\"core:node\" = \"22\"\n")]);
    let shim = "case $PWD in */shop) echo v22.3.0 ;; *) echo v18.0.0 ;; esac";
    laptop.tool("node", shim);
    vm.tool("node", shim);
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &format!("[tools]\nnode = \"exact\"\n{REPO}"));
    project.capture();
    let report = project.check(&["vm"], 0);
    assert_eq!(text(&report, "tool:node", "got"), "18.0.0");
    assert_eq!(report.finding("vm", "pin:shop/node")["state"], "match");
    assert_eq!(report.finding("vm", "pin:shop/node")["warning"], serde_json::Value::Null);
    vm.tool("node", "echo v18.0.0");
    assert_eq!(project.check(&["vm"], 1).amiss("vm"), ["pin:shop/node drift changed"]);
}

/// Any tool that the spec names, and so knows how to ask, is asked there too.
#[test]
fn a_tool_of_the_spec_is_asked_inside_the_repository() {
    let (laptop, vm) = pair(&[(".tool-versions", "made.here 1.5.7\n")]);
    for (machine, version) in [(&laptop, "1.5.7"), (&vm, "1.5.8")] {
        machine.says("made.here", &format!("made {version}"));
    }
    let tool = "[tools]\n\"made.here\" = \"minor\"\n";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &format!("{tool}{REPO}"));
    project.capture();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["pin:shop/made.here drift changed"]);
    assert_eq!(text(&report, "pin:shop/made.here", "got"), "1.5.8 (pinned 1.5.7 in .tool-versions)");
}

#[test]
fn what_is_not_understood_is_said_and_compared_as_text() {
    let (laptop, vm) =
        pair(&[(".nvmrc", "lts/*\n"), ("mise.toml", "[tools\n"), (".tool-versions", "made-up 1.16.0\n")]);
    laptop.says("node", "v22.11.0");
    vm.says("node", "v12.0.0");
    let project = project(&laptop, &vm);
    project.capture();
    // What was not decided on either is no match where they tell different versions.
    let report = project.check(&["vm"], 1);
    let reason = "pinned to lts/*, which is not decided here; it has 12.0.0, the reference has 22.11.0";
    assert_eq!(text(&report, "pin:shop/node", "reason"), reason);
    vm.says("node", "v22.11.0");
    let report = project.check(&["vm"], 0);
    let why = "whether it is kept was not checked: `lts/*` in .nvmrc:1 is an alias, and what it stands for changes";
    assert_eq!(text(&report, "pin:shop/node", "warning"), why);
    assert!(
        text(&report, "pin:shop/made-up", "warning").ends_with("trueup knows no way to ask made-up for its version")
    );
    assert!(text(&report, "pin:shop/mise.toml", "warning").contains("is not understood: it is not TOML"));
    vm.file("shop/mise.toml", "[tool\n")
        .file("shop/.nvmrc", "lts/jod\n")
        .file("shop/.tool-versions", "made-up 1.17.0\n");
    let report = project.check(&["vm"], 1);
    assert_eq!(
        report.amiss("vm"),
        ["pin:shop/made-up drift changed", "pin:shop/mise.toml drift changed", "pin:shop/node drift changed"]
    );
}

#[test]
fn pins_that_contradict_each_other_are_named() {
    let (laptop, vm) = pair(&[(".nvmrc", "20\n"), ("package.json", "{\n  \"engines\": { \"node\": \">=22\" }\n}\n")]);
    for machine in [&laptop, &vm] {
        machine.says("node", "v20.10.0");
    }
    let project = project(&laptop, &vm);
    project.capture();
    let warning = "`20` in .nvmrc:1 and `>=22` in package.json:2 contradict each other";
    assert_eq!(text(&project.check(&["vm"], 0), "pin:shop/node", "warning"), warning);
}

#[test]
fn a_tool_or_file_that_does_not_answer_leaves_its_pin_unknown_and_no_other() {
    let (laptop, vm) = pair(&[(".nvmrc", "20\n"), (".ruby-version", "3.2.2\n")]);
    for machine in [&laptop, &vm] {
        machine.says("node", "v20.10.0").says("ruby", "ruby 3.2.2 (2023) [x86_64-linux]");
    }
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &format!("[limits]\nprobe = \"1s\"\n{REPO}"));
    project.capture();
    vm.tool("node", "exec sleep 60");
    let report = project.check(&["vm"], 3);
    assert_eq!(report.finding("vm", "pin:shop/node")["reason"], "did not answer within 1 s");
    assert_eq!(report.finding("vm", "pin:shop/ruby")["state"], "match");
    // A file too large to be read may pin anything.
    vm.says("node", "v20.10.0").file("shop/mise.toml", " ".repeat(200_000));
    let report = project.check(&["vm"], 3);
    assert_eq!(report.finding("vm", "pin:shop/node")["state"], "match");
    assert!(text(&report, "pin:shop", "reason").ends_with("mise.toml is larger than 128 KiB"));
}

#[test]
fn looking_at_pins_writes_nothing_and_installs_nothing() {
    let machine = Machine::local();
    machine
        .repo("shop")
        .file("shop/package.json", "{ \"packageManager\": \"pnpm@8.0.0\", \"engines\": { \"node\": \"20\" } }\n");
    machine.file("shop/rust-toolchain", "1.70.0\n").file("shop/go.mod", "module x\n\ngo 1.99\n");
    machine.says("node", "v20.10.0");
    // As corepack does: it makes a folder in its cache before it finds that it may not download.
    machine.file(
        "corepack/pnpm",
        "#!/bin/sh\nmkdir -p \"$HOME/.cache/node/corepack/v1/tmp\"; echo 'Network access disabled' >&2; exit 1\n",
    );
    machine.mode("corepack/pnpm", 0o755);
    machine.tool("pnpm", "exec \"$HOME/corepack/pnpm\" \"$@\"");
    machine.tool("go", "test \"$GOPROXY\" = off || touch \"$HOME/downloaded\"\necho 'go: download go1.99 for linux/amd64: toolchain not available' >&2; exit 1");
    machine.tool("rustc", "test \"$RUSTUP_AUTO_INSTALL\" = 0 || touch \"$HOME/installed\"\necho \"error: toolchain '1.70.0' is not installed\" >&2; exit 1");
    let pnpm = machine.at("../bin/pnpm");
    std::fs::remove_file(&pnpm).unwrap();
    std::os::unix::fs::symlink(machine.at("corepack/pnpm"), &pnpm).unwrap();
    let project = Project::of(&[("vm", &machine)], REPO);
    let before = machine.listing();
    project.capture();
    let report = project.check(&[], 0);
    assert_eq!(machine.listing(), before);
    for tool in ["pnpm", "go", "rust"] {
        assert!(text(&report, &format!("pin:shop/{tool}"), "got").starts_with("not there (pinned"), "{tool}");
    }
}

/// Any tool that trueup knows how to ask is asked where a file pins it, each by its own arguments.
#[test]
fn tools_of_the_table_are_asked_where_a_file_pins_them() {
    let (laptop, vm) = pair(&[
        (".tool-versions", "terraform 1.5.7\n"),
        ("mise.toml", "[tools]\n\"helm\" = \"3.15.0\"\n[tools.kubectl]\nversion = \"1.30\"\n"),
    ]);
    let kubectl = "[ \"$1\" = version ] && echo 'Client Version: v1.30.2'";
    for machine in [&laptop, &vm] {
        machine.says("terraform", "Terraform v1.5.7").tool("kubectl", kubectl);
        machine.tool("ruff", "touch \"$HOME/ruff-was-started\"");
    }
    laptop.says("helm", "v3.15.0+gc4e37b3");
    let project = project(&laptop, &vm);
    project.capture();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["pin:shop/helm drift changed"]);
    assert_eq!(text(&report, "pin:shop/helm", "got"), "not there (pinned 3.15.0 in mise.toml)");
    assert_eq!(report.finding("vm", "pin:shop/kubectl")["warning"], serde_json::Value::Null);
    vm.says("terraform", "Terraform v1.9.0");
    assert_eq!(
        project.check(&["vm"], 1).amiss("vm"),
        ["pin:shop/helm drift changed", "pin:shop/terraform drift changed"]
    );
    assert!(!vm.home().join("ruff-was-started").exists());
}

/// However many tools are found in the files and asked by one question.
#[test]
fn a_pinned_tool_that_hangs_or_talks_without_end_costs_its_own_pin_alone() {
    let (laptop, vm) = pair(&[(".tool-versions", "helm 3.15.0\nkubectl 1.30\nterraform 1.5.7\n")]);
    let kubectl = "printf '= terraform 0 1.5.7\\nlate\\n=end\\nClient Version: v1.30.2'";
    for machine in [&laptop, &vm] {
        machine.tool("kubectl", kubectl).says("helm", "v3.15.0+gc4e37b3").says("terraform", "Terraform v1.5.7");
    }
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &format!("[limits]\nprobe = \"6s\"\n{REPO}"));
    project.capture();
    project.check(&["vm"], 0);
    vm.tool("helm", "exec sleep 60").tool("terraform", "while echo 'Terraform v1.5.7'; do :; done");
    let report = project.check(&["vm"], 3);
    assert_eq!(report.finding("vm", "pin:shop/kubectl")["state"], "match");
    assert_eq!(text(&report, "pin:shop/helm", "reason"), "asking it took longer than 4 s");
    let reason = "answer not understood: it says more than 3500 bytes";
    assert_eq!(text(&report, "pin:shop/terraform", "reason"), reason);
}

/// Version managers have other names for some tools than these have themselves, and mise names where they come from.
#[test]
fn tools_are_asked_by_their_commands_under_whatever_name_they_are_pinned() {
    let (laptop, vm) = pair(&[
        (".tool-versions", "ripgrep 14.1.1\nawscli 2.15.0\n"),
        ("mise.toml", "tools = { \"npm:prettier\" = \"3.3.3\", terraform = { version = \"1.5.7\" } }\n"),
        (
            ".mise.toml",
            "[tools]\n\"ubi:cli/cli[exe=gh]\" = \"2.40.1\"\n\"aqua:helm/helm\" = [\"3.15.0\"]\n\"http:jq\" = \"1.7\"\n\"cargo:made-up\" = \"1\"\n",
        ),
    ]);
    for machine in [&laptop, &vm] {
        machine
            .says("rg", "ripgrep 14.1.1")
            .says("aws", "aws-cli/2.15.0 Python/3.11.6 Linux/6.1.0")
            .says("prettier", "3.3.3")
            .says("terraform", "Terraform v1.5.7")
            .says("gh", "gh version 2.40.1 (2023-12-13)")
            .says("helm", "v3.15.0+gc4e37b3")
            .tool("jq", "touch \"$HOME/jq-was-started\"");
    }
    let project = project(&laptop, &vm);
    project.capture();
    let report = project.check(&["vm"], 0);
    let pins = ["ripgrep", "awscli", "npm:prettier", "terraform", "ubi:cli/cli", "aqua:helm/helm"];
    for pin in pins {
        assert_eq!(report.finding("vm", &format!("pin:shop/{pin}"))["warning"], serde_json::Value::Null, "{pin}");
    }
    for pin in ["http:jq", "cargo:made-up"] {
        let end = format!("trueup knows no way to ask {pin} for its version");
        assert!(text(&report, &format!("pin:shop/{pin}"), "warning").ends_with(&end), "{pin}");
    }
    assert!(!vm.home().join("jq-was-started").exists());
    vm.says("rg", "ripgrep 13.0.0")
        .says("aws", "aws-cli/2.14.0 Python/3.11.6 Linux/6.1.0")
        .says("prettier", "3.3.2")
        .says("terraform", "Terraform v1.5.6")
        .says("gh", "gh version 2.40.0 (2023-12-13)")
        .says("helm", "v3.14.0+gc4e37b3");
    let mut drifted = pins.map(|pin| format!("pin:shop/{pin} drift changed"));
    drifted.sort();
    assert_eq!(project.check(&["vm"], 1).amiss("vm"), drifted);
}

/// A package may have a version of its own, or be another product under the same name.
#[test]
fn packages_whose_versions_are_not_their_commands_are_not_held_against_these() {
    let (laptop, vm) = pair(&[(
        "mise.toml",
        "[tools]\n\"pipx:ansible\" = \"9.2.0\"\n\"pipx:yq\" = \"3.2.3\"\n\"npm:shellcheck\" = \"3.0.0\"\n",
    )]);
    for machine in [&laptop, &vm] {
        machine.tool("ansible", "touch \"$HOME/ansible-was-started\"").says("yq", "yq 3.2.3");
        machine.says("shellcheck", "version: 0.10.0");
    }
    let project = project(&laptop, &vm);
    project.capture();
    let report = project.check(&["vm"], 0);
    assert_eq!(report.finding("vm", "pin:shop/pipx:yq")["warning"], serde_json::Value::Null);
    for pin in ["pipx:ansible", "npm:shellcheck"] {
        let end = format!("trueup knows no way to ask {pin} for its version");
        assert!(text(&report, &format!("pin:shop/{pin}"), "warning").ends_with(&end), "{pin}");
    }
    assert!(!vm.home().join("ansible-was-started").exists());
    vm.says("yq", "yq (https://github.com/mikefarah/yq/) version v3.2.3");
    assert_eq!(project.check(&["vm"], 1).amiss("vm"), ["pin:shop/pipx:yq drift changed"]);
}

/// As npm has it: of a list one will do, and which one is each machine's own business.
#[test]
fn of_a_list_of_engines_one_will_do() {
    let engines = r#"[{ "name": "pnpm", "version": "9.x" }, { "name": "npm", "version": ">=10" }]"#;
    let (laptop, vm) =
        pair(&[("package.json", &format!("{{ \"devEngines\": {{ \"packageManager\": {engines} }} }}\n"))]);
    laptop.says("pnpm", "9.1.0").says("npm", "8.0.0");
    vm.says("npm", "10.8.2").tool("pnpm", "echo 'pnpm 9 is not installed' >&2; exit 1");
    let project = project(&laptop, &vm);
    project.capture();
    let report = project.check(&["vm"], 0);
    for pin in ["pin:shop/pnpm", "pin:shop/npm"] {
        assert_eq!(report.finding("vm", pin)["warning"], serde_json::Value::Null, "{pin}");
    }
    vm.says("npm", "9.0.0");
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["pin:shop/npm drift changed", "pin:shop/pnpm drift changed"]);
    assert_eq!(text(&report, "pin:shop/npm", "got"), "9.0.0 (pinned >=10 in package.json)");
}
