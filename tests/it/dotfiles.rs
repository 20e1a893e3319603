//! Dotfiles beyond whole files: keys of settings files, templates, kept contents, differences that are shown.

use crate::support::machine::Machine;
use crate::support::trueup::Project;

const SETTINGS: &str = ".claude/settings.json";

fn keyed(rest: &str) -> String {
    format!("[dotfiles]\n\"{SETTINGS}\" = {{ compare = \"keys\"{rest} }}\n")
}

#[test]
fn only_the_owned_keys_of_a_settings_file_count() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(
        SETTINGS,
        "{\"hooks\": {\"Stop\": [1]}, \"permissions\": {\"allow\": [\"a\"], \"deny\": []}, \"theme\": \"dark\"}\n",
    );
    vm.file(SETTINGS, "{\n  \"theme\": \"light\",\n  \"permissions\": {\"deny\": [], \"allow\": [\"a\"]},\n  \"hooks\": {\"Stop\": [1.0]}\n}\n");
    vm.mode(SETTINGS, 0o600);
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &keyed(", keys = [\"hooks\", \"permissions\"]"));
    project.capture();
    assert_eq!(project.check(&["vm"], 0).finding("vm", "dotfile:.claude/settings.json")["state"], "match");
    let lock = project.read("environments/dev.lock");
    assert!(lock.contains("\"hooks.Stop\" = \"sha256:") && !lock.contains("dark"), "{lock}");

    vm.file(
        SETTINGS,
        "{\"hooks\": {\"Stop\": [2]}, \"permissions\": {\"allow\": [\"a\"], \"ask\": \"x\", \"deny\": []}}",
    );
    let report = project.check(&["vm"], 1);
    let finding = report.finding("vm", "dotfile:.claude/settings.json");
    assert_eq!(finding["reason"], "hooks.Stop and 1 more key differ");
    let detail = finding["detail"].as_str().unwrap();
    assert!(detail.contains("hooks.Stop: ") && detail.contains(" on the reference, [2] here\n"), "{detail}");
    assert!(detail.ends_with("permissions.ask: not there on the reference, \"x\" here"), "{detail}");

    vm.file(SETTINGS, "{\n\"hooks\": {,\n}");
    let report = project.check(&["vm"], 3);
    let reason = report.finding("vm", "dotfile:.claude/settings.json")["reason"].as_str().unwrap();
    assert!(reason.starts_with("answer not understood: line 2: "), "{reason}");
    std::fs::remove_file(vm.at(SETTINGS)).unwrap();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["dotfile:.claude/settings.json drift missing"]);
}

#[test]
fn other_keys_than_were_captured_are_no_match() {
    let laptop = Machine::local();
    laptop.file(SETTINGS, "{\"a\": 1, \"b\": 2}");
    let targets = [("laptop", &laptop)];
    let project = Project::of(&targets, &keyed(", keys = [\"a\"]"));
    project.capture();
    project.spec(&crate::support::trueup::spec_of(&targets, &keyed("")));
    let report = project.check(&["laptop"], 3);
    let reason = report.finding("laptop", "dotfile:.claude/settings.json")["reason"].as_str().unwrap().to_owned();
    assert_eq!(reason, "the lock has other keys of it than the spec names now; run `trueup capture`");
    project.spec(&crate::support::trueup::spec_of(&targets, &format!("[dotfiles]\nfiles = [\"{SETTINGS}\"]\n")));
    let report = project.check(&["laptop"], 3);
    assert_eq!(report.amiss("laptop"), ["dotfile:.claude/settings.json unknown -"]);
    project.capture();
    project.check(&["laptop"], 0);
}

/// Every format once, over a glob that sees the same files as a whole, with names that want quoting.
#[test]
fn every_format_is_compared_by_its_keys() {
    let files = [
        ("a b.json", "json", "{\"k\": \"é\", \"o\": 1}", "{\"o\":1,\"k\":\"\\u00e9\"}", "{\"k\":\"e\",\"o\":1}"),
        ("it's.jsonc", "jsonc", "{\"k\": 1, }", "// c\n{\"k\": 1}", "{\"k\": 2}"),
        ("$(x).toml", "toml", "[k]\na = 1\n", "k.a = 1", "k.a = 2"),
        ("-n.yaml", "yaml", "k: {a: x}\n", "# c\nk:\n  a: 'x'\n", "k:\n  a: y\n"),
        ("git", "git-config", "[user]\n\tname = A\n", "; c\n[User] NAME = \"A\"", "[user]\n\tname = B\n"),
        (
            "p.plist",
            "plist",
            "<plist><dict><key>k</key><integer>1</integer></dict></plist>",
            "<plist><dict>\n<key>k</key><integer>1</integer></dict></plist>",
            "<plist><dict><key>k</key><integer>2</integer></dict></plist>",
        ),
    ];
    let (laptop, vm) = (Machine::local(), Machine::local());
    let mut spec = "[dotfiles]\nfiles = [\"set/*\"]\n".to_owned();
    for (name, format, reference, same, _) in files {
        laptop.file(&format!("set/{name}"), reference);
        vm.file(&format!("set/{name}"), same);
        spec.push_str(&format!("\"set/{name}\" = {{ compare = \"keys\", format = \"{format}\" }}\n"));
    }
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &spec);
    project.capture();
    assert_eq!(project.check(&["vm"], 0).ids("vm").len(), files.len());
    for (name, _, _, _, other) in files {
        vm.file(&format!("set/{name}"), other);
    }
    let report = project.check(&["vm"], 1);
    for (name, ..) in files {
        let finding = report.finding("vm", &format!("dotfile:set/{name}"));
        assert_eq!(finding["state"], "drift", "{finding}");
        assert!(finding["reason"].as_str().unwrap().ends_with(" differs"), "{finding}");
    }
}

/// Large, binary, unreadable, a folder: never a match.
#[test]
fn a_settings_file_that_cannot_be_read_is_unknown() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(SETTINGS, "{\"a\": 1}");
    vm.file(SETTINGS, format!("{{\"a\": \"{}\"}}", "x".repeat(1 << 20)));
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &keyed(""));
    project.capture();
    let reason = |project: &Project| {
        let report = project.check(&["vm"], 3);
        report.finding("vm", "dotfile:.claude/settings.json")["reason"].as_str().unwrap().to_owned()
    };
    assert!(reason(&project).ends_with("bytes, more than are read of a settings file"), "{}", reason(&project));
    // A text of nearly that size comes whole.
    vm.file(SETTINGS, format!("{{\"a\": 1{}}}\n\n", " ".repeat(900_000)));
    project.check(&["vm"], 0);
    vm.file(SETTINGS, b"\x00\xff{");
    assert_eq!(reason(&project), "answer not understood: line 1: it is not UTF-8 text");
    std::fs::remove_file(vm.at(SETTINGS)).unwrap();
    vm.file(&format!("{SETTINGS}/x"), "");
    assert_eq!(reason(&project), "answer not understood: it is a folder, and has no keys");
}

#[test]
fn a_secret_in_a_settings_file_reaches_neither_lock_nor_report() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    let text = |secret: &str| {
        format!(
            "{{\"env\": {{\"ANTHROPIC_AUTH_TOKEN\": \"{secret}\"}}, \"url\": \"https://me:{secret}@h.example\", \"list\": \
             [\"--password {secret}\"], \"x\": {{\"https://me:{secret}@h.example/\": 1}}}}"
        )
    };
    laptop.file(SETTINGS, text("hunter2-reference"));
    vm.file(SETTINGS, text("hunter2-target"));
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &keyed(""));
    project.capture();
    let report = project.check(&["vm"], 1);
    let human = project.trueup(&["check", "vm"]).any_stdout().exits(1);
    let all = format!("{}{}{}{}", project.read("environments/dev.lock"), report.0, human.stdout, human.stderr);
    assert!(!all.contains("hunter2"), "{all}");
    let finding = report.finding("vm", "dotfile:.claude/settings.json");
    assert_eq!(finding["reason"], "env.ANTHROPIC_AUTH_TOKEN and 2 more keys differ", "{finding}");
}

#[test]
fn a_mode_that_the_spec_names_stands_in_place_of_the_references() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine.file(".a", "x").mode(".a", 0o644).file(".b.json", "{}").mode(".b.json", 0o644);
    }
    let spec = "[dotfiles]\n\".a\" = { mode = \"0600\" }\n\".b.json\" = { compare = \"keys\", mode = \"0600\" }\n";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], spec);
    project.capture();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.finding("vm", "dotfile:.b.json")["reason"], "its mode is 0644, 0600 is asked");
    assert_eq!(report.amiss("vm"), ["dotfile:.a drift changed", "dotfile:.b.json drift changed"]);
    vm.mode(".b.json", 0o600);
    project.apply("vm");
    project.check(&["vm"], 0);
}

#[test]
fn a_dotfile_is_held_only_on_the_systems_that_the_spec_names() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(".a", "x").file("d/y", "1");
    vm.file(".a", "y").file("d/y", "2");
    let elsewhere = if cfg!(target_os = "macos") { "linux" } else { "macos" };
    let spec = format!(
        "[dotfiles]\nfiles = [\".c\", \"d/*\"]\n\".a\" = {{ only = [\"{elsewhere}\"] }}\n\"d/y\" = {{ only = [\"{elsewhere}\"] }}\n"
    );
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &spec);
    project.trueup(&["capture", "--yes"]).any_stdout().exits(0);
    assert_eq!(project.check(&["vm"], 0).ids("vm"), ["dotfile:.c"]);
}
