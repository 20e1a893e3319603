//! The reference's keys in settings files that others write too: brought in place, shown before, given back.

use std::collections::BTreeMap;
use std::fs;

use crate::support::machine::{Machine, contents};
use crate::support::trueup::{Project, Ran};

const SETTINGS: &str = ".claude/settings.json";

/// Two machines, over SSH or not, one of whose files are held by keys.
fn machines(over_ssh: bool, spec: &str) -> (Machine, Machine, Project) {
    let new = || if over_ssh { Machine::over_ssh() } else { Machine::local() };
    let (laptop, vm) = (new(), new());
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &format!("[dotfiles]\n{spec}"));
    (laptop, vm, project)
}

fn home(machine: &Machine) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut found = contents(&machine.home());
    found.retain(|name, _| !name.starts_with(".local") && !name.starts_with(".ssh") && !name.is_empty());
    found
}

fn plan(project: &Project, code: i32) -> Ran {
    project.trueup(&["plan", "vm"]).any_stdout().exits(code)
}

const OWNED: &str = "\".claude/settings.json\" = { compare = \"keys\", keys = [\"hooks\", \"permissions.allow\"] }\n";

#[test]
fn owned_keys_are_brought_and_all_else_stays_as_it_was() {
    for over_ssh in [false, true] {
        let (laptop, vm, project) = machines(over_ssh, OWNED);
        laptop.file(
            SETTINGS,
            "{\"hooks\":{\"Stop\":[1]},\"permissions\":{\"allow\":[\"a\"],\"deny\":[\"laptop\"]},\"theme\":\"dark\"}",
        );
        vm.file(SETTINGS, "{\n    \"theme\": \"light\",\n    \"permissions\": {\"deny\": [\"vm\"]},\n    \"hooks\": {\"Old\": []}\n}\n");
        vm.mode(SETTINGS, 0o600);
        project.capture();
        let before = home(&vm);
        let shown = plan(&project, 1).stdout;
        for part in [
            "1. change ~/.claude/settings.json",
            "only its owned keys, mode 0600",
            "-    \"hooks\": {\"Old\": []}",
            "+        \"Stop\": [",
        ] {
            assert!(shown.contains(part), "{shown}");
        }
        assert!(!shown.contains("dark") && !shown.contains("laptop\""), "{shown}");
        assert_eq!(home(&vm), before, "a plan changes nothing");
        project.apply("vm").check(&["vm"], 0);
        let after = vm.read(SETTINGS);
        let allowed = "{\n        \"deny\": [\"vm\"],\n        \"allow\": [\"a\"]\n    }";
        assert_eq!(
            after,
            format!(
                "{{\n    \"theme\": \"light\",\n    \"permissions\": {allowed},\n    \"hooks\": {{\n        \"Stop\": [1]\n    }}\n}}\n"
            )
        );
        assert_eq!(home(&vm)[SETTINGS].0 & 0o777, 0o600);
        project.trueup(&["plan", "vm"]).stdout_has("nothing to do").exits(0);
        project.trueup(&["rollback", "vm", "--yes"]).any_stdout().exits(0);
        assert_eq!(home(&vm), before);
    }
}

#[test]
fn every_format_is_brought_where_it_is_and_where_it_is_not() {
    let files = [
        ("a.jsonc", "jsonc", "{\"a\": 1}", "// mine\n{ \"b\": 2, }\n"),
        ("a.toml", "toml", "a = 1\n", "# mine\nb = 2\n"),
        ("a.yaml", "yaml", "a: 1\n", "# mine\nb: 2\n"),
        (
            "a.plist",
            "plist",
            "<plist version=\"1.0\"><dict><key>a</key><integer>1</integer></dict></plist>",
            "<plist version=\"1.0\"><dict><key>b</key><true/></dict></plist>",
        ),
    ];
    let mut spec = "\"set/git\" = { compare = \"keys\", format = \"git-config\", keys = [\"x.a\"] }\n".to_owned();
    for (name, format, ..) in files {
        spec.push_str(&format!("\"set/{name}\" = {{ compare = \"keys\", format = \"{format}\", keys = [\"a\"] }}\n"));
    }
    let (laptop, vm, project) = machines(false, &spec);
    laptop.file("set/git", "[x]\n\ta = 1\n\tc = laptop\n");
    for (name, _, there, _) in files {
        laptop.file(&format!("set/{name}"), there);
    }
    laptop.mode("set/a.toml", 0o640);
    project.capture().apply("vm").check(&["vm"], 0);
    assert_eq!(vm.read("set/git"), "[x]\n\ta = 1\n");
    assert_eq!(home(&vm)["set/a.toml"].0 & 0o777, 0o640);
    vm.file("set/git", "; mine\n[x]\n\tb = vm\n");
    for (name, _, _, here) in files {
        vm.file(&format!("set/{name}"), here);
    }
    project.apply("vm").check(&["vm"], 0);
    assert_eq!(vm.read("set/git"), "; mine\n[x]\n\tb = vm\n\ta = 1\n");
    assert_eq!(vm.read("set/a.toml"), "# mine\nb = 2\na = 1\n");
    assert_eq!(vm.read("set/a.yaml"), "# mine\nb: 2\na: 1\n");
    assert!(vm.read("set/a.jsonc").starts_with("// mine\n") && vm.read("set/a.plist").contains("<key>b</key>"));
    project.trueup(&["plan", "vm"]).stdout_has("nothing to do").exits(0);
}

#[test]
fn what_cannot_be_merged_says_why_and_the_rest_is_done() {
    let spec = "\".a.json\" = { compare = \"keys\", keys = [\"a.b\"] }\n\".l.json\" = { compare = \"keys\" }\n\
                \".g.json\" = { compare = \"keys\" }\n\".ok.json\" = { compare = \"keys\" }\n";
    let (laptop, vm, project) = machines(false, spec);
    for name in [".l.json", ".g.json", ".ok.json"] {
        laptop.file(name, "{\"a\": 1}");
    }
    laptop.file(".a.json", "{\"a\": {\"b\": 1}}");
    vm.file(".a.json", "{\"a\": 1}").file(".there.json", "{}").link(".l.json", ".there.json");
    project.capture();
    laptop.file(".g.json", "{\"a\": 2}");
    let shown = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1).stdout;
    for part in [
        "no step for dotfile:.a.json: a.b cannot be set, since what leads to it is no table there; set it by hand",
        "no step for dotfile:.l.json: it is a link to .there.json on the target; name that with these keys instead",
        "no step for dotfile:.g.json: the reference's keys are no longer what was captured; run `trueup capture`",
        "done    create ~/.ok.json",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    assert_eq!((vm.read(".a.json"), vm.read(".there.json")), ("{\"a\": 1}".to_owned(), "{}".to_owned()));
}

#[test]
fn a_saved_plan_does_not_hold_once_the_rest_of_the_file_has_moved_on() {
    let (laptop, vm, project) = machines(false, OWNED);
    laptop.file(SETTINGS, "{\"hooks\": 1}");
    vm.file(SETTINGS, "{\"theme\": \"light\"}");
    project.capture();
    project.trueup(&["plan", "vm", "--out", "p.json"]).any_stdout().exits(1);
    assert!(!project.read("p.json").contains("light"), "contents are not in saved plans");
    vm.file(SETTINGS, "{\"theme\": \"dark\"}");
    project.trueup(&["apply", "p.json", "--yes"]).any_stdout().stderr_has("has moved on since").exits(1);
    project.trueup(&["plan", "vm", "--out", "p.json"]).any_stdout().exits(1);
    project.trueup(&["apply", "p.json", "--yes"]).any_stdout().any_stderr().exits(0);
    assert_eq!(fs::read_to_string(vm.at(SETTINGS)).unwrap(), "{\n  \"theme\": \"dark\",\n  \"hooks\": 1\n}");
}

#[test]
fn a_secret_beside_the_keys_is_shown_to_nobody() {
    let (laptop, vm, project) = machines(false, OWNED);
    laptop.file(SETTINGS, "{\"hooks\": 1}");
    vm.file(SETTINGS, "{\"env\": {\"API_TOKEN\": \"hunter2hunter2\"}}");
    project.capture();
    let planned = plan(&project, 1).stdout;
    assert!(planned.contains("looks secret"), "{planned}");
    let applied = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(0);
    assert!(vm.read(SETTINGS).contains("hunter2hunter2"));
    for said in [planned, applied.stdout, applied.stderr] {
        assert!(!said.contains("hunter2"), "{said}");
    }
}
