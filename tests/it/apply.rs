//! Provisioning: contents arrive byte for byte whatever they hold, a second apply has nothing to do, what was replaced
//! comes back, a saved plan is what is carried out, and secrets stay secret.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::machine::{Machine, contents};
use crate::support::trueup::{Project, spec_of};

/// Two sandboxes whose dotfiles are held.
fn sandboxes(files: &str, furnish: impl Fn(&Machine)) -> (Machine, Machine, Project) {
    let (laptop, vm) = (Machine::local(), Machine::local());
    furnish(&laptop);
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &format!("[dotfiles]\nfiles = [{files}]"));
    project.capture();
    (laptop, vm, project)
}

/// What is in a home, but for trueup's own backups.
fn home(machine: &Machine) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut found = contents(&machine.home());
    found.retain(|name, _| !name.starts_with(".local"));
    // The home itself is no dotfile.
    found.remove("");
    found
}

/// Contents that some way of carrying files would spoil.
const HARD: [(&str, &[u8]); 14] = [
    ("empty", b""),
    ("newline", b"\n"),
    ("newlines", b"a\n\n\n"),
    ("no-newline", b"a\nb"),
    ("quotes", b"it's \"quoted\" `here`\n"),
    ("percent", b"%s %d %% 100%\n%"),
    ("backslash", b"\\n \\000 \\\\ \\"),
    ("shell", b"$(touch touched) ${HOME} `touch touched` ; touch touched\n"),
    ("here", b"EOF\n'EOF'\n.\n"),
    ("binary", b"\x00\x01\xff\xfe%s\\\x7f\n\x00"),
    ("only-nul", b"\0\0\0"),
    ("dash", b"-n -e\n"),
    ("crlf", b"a\r\nb\r\n"),
    ("latin", b"caf\xe9\n"),
];

#[test]
fn contents_names_and_modes_arrive_as_they_are() {
    let names = [
        "a b",
        "-rf",
        "--",
        "it's",
        "\"q\"",
        "$(touch touched)",
        "naïve-日本",
        "*",
        "%s",
        "a\\b",
        "#x",
        "~",
        "!",
        "{a,b}",
        ";",
        " lead",
        "trail ",
    ];
    let everything = |machine: &Machine| {
        for (name, content) in HARD {
            machine.file(&format!(".set/{name}"), content);
        }
        for name in names {
            machine.file(&format!(".set/names/{name}"), name).file(&format!(".set/{name}/in"), name);
        }
        machine.file(".set/long", vec![b'x'; 300_000]);
        for (name, mode) in [("private", 0o600), ("script", 0o755), ("read-only", 0o444), ("odd", 0o4711)] {
            machine.file(&format!(".set/{name}"), name).mode(&format!(".set/{name}"), mode);
        }
        machine
            .link(".set/link", "no where")
            .link(".set/absolute", "/etc/hosts")
            .link(".set/-l", "-x")
            .link(".linked", ".set");
    };
    for over_ssh in [false, true] {
        let new = || if over_ssh { Machine::over_ssh() } else { Machine::local() };
        let (laptop, vm) = (new(), new());
        everything(&laptop);
        let rest = "[dotfiles]\nfiles = [\".set\", \".linked\"]";
        let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
        project.capture().apply("vm").check(&["vm"], 0);
        assert_eq!(home(&vm), home(&laptop));
        assert!(!vm.at("touched").exists() && !laptop.at("touched").exists(), "a name or content was run");
    }
}

#[test]
fn folders_and_globs_name_their_files_and_an_extra_one_is_drift() {
    let (laptop, vm, project) = sandboxes("\".config/nvim/**\", \".bin/\", \".*rc\"", |machine| {
        machine.file(".config/nvim/init.lua", "a").file(".config/nvim/lua/b.lua", "b").file(".config/other", "no");
        machine
            .file(".bin/tool", "t")
            .mode(".bin/tool", 0o755)
            .file(".zshrc", "z")
            .file(".bashrc", "b")
            .file("rc", "no");
    });
    project.apply("vm").check(&["vm"], 0);
    let mut wanted = home(&laptop);
    wanted.retain(|name, _| name != ".config/other" && name != "rc");
    assert_eq!(home(&vm), wanted);
    vm.file(".config/nvim/lua/extra.lua", "x").file(".bin/extra", "x").file(".xrc", "x").file(".config/beside", "x");
    let extras = [
        "dotfile:.bin/extra drift extra",
        "dotfile:.config/nvim/lua/extra.lua drift extra",
        "dotfile:.xrc drift extra",
    ];
    assert_eq!(project.check(&["vm"], 1).amiss("vm"), extras);
    // Extras go only when asked to, and come back.
    let spared = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1);
    assert!(!spared.stdout.contains("remove ~"), "{}", spared.stdout);
    assert!(vm.at(".xrc").exists());
    project.trueup(&["plan", "vm"]).stdout_has("extras are removed only with --prune").exits(1);
    project.trueup(&["apply", "vm", "--yes", "--prune"]).any_stdout().any_stderr().exits(0);
    assert!(!vm.at(".xrc").exists() && !vm.at(".bin/extra").exists() && vm.at(".config/beside").exists());
    project.trueup(&["rollback", "vm", "--yes"]).any_stdout().exits(0);
    assert_eq!(vm.read(".bin/extra"), "x");
}

#[test]
fn a_second_apply_has_nothing_to_do_and_writes_nothing() {
    let (laptop, vm, project) = sandboxes("\".set\", \".zshrc\"", |machine| {
        machine.file(".set/a", "a").link(".set/l", "a").file(".zshrc", "z").mode(".zshrc", 0o600);
    });
    laptop.repo("carmenta");
    vm.repo("carmenta");
    laptop.git(&["-C", "carmenta", "config", "core.hooksPath", ".hooks"]);
    let rest = "[dotfiles]\nfiles = [\".set\", \".zshrc\"]\n[repos.carmenta]\npath = \"~/carmenta\"";
    project.spec(&spec_of(&[("laptop", &laptop), ("vm", &vm)], rest));
    project.capture().apply("vm");
    let before = vm.listing();
    project.trueup(&["apply", "vm", "--yes"]).stdout_has("parity: 1 target true to the reference\n").exits(0);
    project.trueup(&["apply", "vm"]).stdout_has("parity: 1 target true to the reference\n").exits(0);
    assert_eq!(vm.listing(), before);
}

#[test]
fn what_was_replaced_comes_back_byte_for_byte() {
    let (_laptop, vm, project) =
        sandboxes("\".set\", \".zshrc\", \".link\", \".was-link\", \".new/deep/er\"", |machine| {
            machine.file(".set/changed", "new").file(".set/made", "new").file(".zshrc", "z").link(".link", "there");
            machine.file(".was-link", "now a file").file(".new/deep/er/file", "new").mode(".set", 0o750);
        });
    vm.file(".set/changed", b"\x00old\xff").mode(".set/changed", 0o640).mode(".set", 0o700).file(".zshrc", "old zshrc");
    vm.mode(".zshrc", 0o400).file(".link", "was a file").link(".was-link", "a b").file(".set/extra", "extra");
    let before = home(&vm);
    project.trueup(&["apply", "vm", "--yes", "--prune"]).any_stdout().any_stderr().exits(0);
    assert!(home(&vm) != before && !vm.at(".set/extra").exists());
    let after = home(&vm);
    let preview = project
        .trueup(&["rollback", "vm"])
        .stdout_has("vm  generation 1, applied 20")
        .stderr_has("there is no terminal to ask on: Roll back vm?")
        .exits(2);
    assert!(preview.stdout.contains("put back  ") && preview.stdout.contains("remove    "), "{}", preview.stdout);
    assert_eq!(home(&vm), after, "a rollback that was not agreed to changed something");
    project
        .trueup(&["rollback", "vm", "--yes"])
        .stdout_has("vm is back where it was; see with: trueup check vm\n")
        .exits(0);
    assert_eq!(home(&vm), before);
    project.trueup(&["rollback", "vm", "--yes"]).stdout("nothing to roll back on vm\n").exits(0);
    assert_eq!(home(&vm), before);
    // Two applies are rolled back one after the other.
    project.trueup(&["apply", "vm", "--yes", "--only", "dotfile:.zshrc"]).any_stdout().any_stderr().exits(1);
    let between = home(&vm);
    project.trueup(&["apply", "vm", "--yes", "--prune"]).any_stdout().any_stderr().exits(0);
    for then in [&between, &before] {
        project.trueup(&["rollback", "vm", "--yes"]).any_stdout().exits(0);
        assert_eq!(&home(&vm), then);
    }
    // What rolled back can be applied again.
    project.trueup(&["apply", "vm", "--yes", "--prune"]).any_stdout().any_stderr().exits(0);
    assert_eq!(home(&vm), after);
}

#[test]
fn only_and_skip_choose_what_is_done() {
    let furnish = |machine: &Machine| {
        machine.file(".a", "a").file(".b", "b").file(".c/d", "d");
    };
    let (_laptop, vm, project) = sandboxes("\".a\", \".b\", \".c\"", furnish);
    let apply = |more: &[&str], code: i32| {
        project.trueup(&[&["apply", "vm", "--yes"], more].concat()).any_stdout().any_stderr().exits(code);
        let there = [".a", ".b", ".c/d"].map(|name| vm.at(name).exists());
        for name in [".a", ".b"] {
            let _absent = fs::remove_file(vm.at(name));
        }
        there
    };
    assert_eq!(apply(&["--only", "dotfile:.a"], 1), [true, false, false]);
    assert_eq!(apply(&["--skip", "dotfile:.c*"], 1), [true, true, false]);
    project.trueup(&["apply", "vm", "--yes", "--only", "tool"]).stderr_has("nothing is named by --only tool").exits(2);
    assert_eq!(apply(&["--only", "dotfile", "--skip", "dotfile:.b"], 1), [true, false, true]);
    assert_eq!(apply(&[], 0), [true, true, true]);
}

#[test]
fn git_settings_are_set_with_their_hooks_and_come_back() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine
            .repo("carmenta")
            .file("carmenta/.hooks/pre-commit", "#!/bin/sh\nexit 0\n")
            .mode("carmenta/.hooks/pre-commit", 0o755);
    }
    for (key, value) in
        [("core.hooksPath", ".hooks"), ("commit.gpgSign", "false"), ("alias.st", "status -s; echo 'a b'")]
    {
        laptop.git(&["-C", "carmenta", "config", key, value]);
    }
    vm.git(&["-C", "carmenta", "config", "core.hooksPath", "/dev/null"]);
    vm.git(&["-C", "carmenta", "config", "alias.extra", "log"]);
    let config = vm.read("carmenta/.git/config");
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[repos.carmenta]\npath = \"~/carmenta\"");
    project.capture();
    let amiss = project.check(&["vm"], 1).amiss("vm");
    assert_eq!(
        amiss,
        [
            "git:carmenta/alias.extra drift extra",
            "git:carmenta/alias.st drift missing",
            "git:carmenta/commit.gpgSign drift missing",
            "git:carmenta/core.hooksPath drift changed",
            "hook:carmenta/pre-commit drift missing"
        ]
    );
    project.trueup(&["apply", "vm", "--yes", "--prune"]).any_stdout().any_stderr().exits(0);
    project.check(&["vm"], 0);
    project.trueup(&["rollback", "vm", "--yes"]).any_stdout().exits(0);
    assert_eq!(vm.read("carmenta/.git/config"), config);
}

#[test]
fn a_hook_that_differs_or_is_extra_or_does_not_run_is_drift() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine.repo("carmenta");
        for name in ["pre-commit", "pre-push", "commit-msg"] {
            machine.hook("carmenta", name, "exit 0");
        }
    }
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[repos.carmenta]\npath = \"~/carmenta\"");
    project.capture().check(&["vm"], 0);
    vm.hook("carmenta", "pre-commit", "exit 1")
        .hook("carmenta", "post-merge", "curl example.com")
        .mode("carmenta/.git/hooks/pre-push", 0o644);
    fs::remove_file(vm.at("carmenta/.git/hooks/commit-msg")).unwrap();
    vm.git(&["-C", "carmenta", "remote", "set-url", "origin", "https://me:pw@github.com/example/carmenta"]);
    let report = project.check(&["vm"], 1);
    assert_eq!(
        report.amiss("vm"),
        [
            "hook:carmenta/commit-msg drift missing",
            "hook:carmenta/commit-msg@worktree drift missing",
            "hook:carmenta/post-merge drift extra",
            "hook:carmenta/post-merge@worktree drift extra",
            "hook:carmenta/pre-commit drift changed",
            "hook:carmenta/pre-commit@worktree drift changed",
            "hook:carmenta/pre-push drift changed",
            "hook:carmenta/pre-push@worktree drift changed"
        ]
    );
    assert_eq!(
        report.finding("vm", "hook:carmenta/pre-push")["reason"],
        "on vm it is not executable, so git skips it; on the reference it runs, and one more difference"
    );
    vm.git(&["-C", "carmenta", "remote", "set-url", "--push", "origin", "https://github.com/elsewhere/carmenta"]);
    assert!(project.check(&["vm"], 1).amiss("vm").contains(&"repo:carmenta drift changed".to_owned()));
}

#[test]
fn a_saved_plan_is_what_is_carried_out() {
    let (laptop, vm, project) = sandboxes("\".a\", \".b\"", |machine| {
        machine.file(".a", "a").file(".b", "b");
    });
    project.trueup(&["plan", "vm", "--out", "p.json"]).any_stdout().exits(1);
    let plan: Value = serde_json::from_str(&project.read("p.json")).unwrap();
    assert_eq!(plan["schema"], "trueup/plan/v1");
    assert_eq!(plan["plans"][0]["steps"].as_array().unwrap().len(), 2);
    let printed = project.trueup(&["plan", "vm", "--format", "json"]).any_stdout().exits(1);
    assert_eq!(printed.json(), plan);
    // It is not carried out unasked, nor otherwise than it is.
    project.trueup(&["apply", "p.json"]).any_stdout().stderr_has("Carry out 2 steps?").exits(2);
    project
        .trueup(&["apply", "p.json", "--yes", "--prune"])
        .stderr_has("a saved plan is carried out as it is")
        .exits(2);
    assert!(!vm.at(".a").exists());
    let refused = |code: i32, part: &str| {
        let ran = project.trueup(&["apply", "p.json", "--yes"]).stderr_has(part).exits(code);
        assert!(ran.stdout.is_empty() && !vm.at(".a").exists(), "{}", ran.stdout);
    };
    // The target has moved on.
    vm.file(".b", "b");
    refused(1, "vm has moved on since; plan again: trueup plan vm");
    fs::remove_file(vm.at(".b")).unwrap();
    // The spec or the lock has changed.
    let spec = project.read("environments/dev.toml");
    project.spec(&format!("{spec}\n# more\n"));
    refused(1, "the spec or the lock has changed since");
    project.spec(&spec);
    let lock = project.read("environments/dev.lock");
    laptop.file(".b", "bb");
    project.capture();
    refused(1, "the spec or the lock has changed since");
    laptop.file(".b", "b");
    project.write("environments/dev.lock", &lock);
    // It was edited.
    let text = project.read("p.json");
    project.write("p.json", text.replace("\"path\": \".b\"", "\"path\": \".ssh/authorized_keys\""));
    refused(2, "the plan for vm was edited after it was made");
    project.write("p.json", text.replace("trueup/plan/v1", "trueup/plan/v9"));
    refused(2, "its schema is trueup/plan/v9");
    project.write("p.json", &text[..200]);
    refused(2, "p.json is not a plan that can be carried out");
    project.write("p.json", &text);
    project.trueup(&["apply", "p.json", "--yes"]).stdout_has("parity: 1 target").any_stderr().exits(0);
    assert_eq!((vm.read(".a"), vm.read(".b")), ("a".to_owned(), "b".to_owned()));
    refused_when_done(&project);
}

/// A plan that was carried out is no longer what would be done.
fn refused_when_done(project: &Project) {
    project.trueup(&["apply", "p.json", "--yes"]).stderr_has("vm has moved on since").exits(1);
}

#[test]
fn without_sudo_what_needs_none_is_still_applied() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(".a", "a");
    for machine in [&laptop, &vm] {
        // Nobody is root here, and sudo wants a password.
        machine.tool("id", "case $* in -u) echo 1000 ;; *) exec /usr/bin/id \"$@\" ;; esac").tool("sudo", "exit 1");
    }
    let dpkg = |lines: &str| format!("printf '%b' '{lines}'");
    laptop.tool("dpkg-query", &dpkg("zzz-no-such amd64 installed 1.0\\n"));
    vm.tool("dpkg-query", &dpkg("other amd64 installed 1.0\\n"));
    let rest = "[packages]\napt = [\"zzz-no-such\"]\n[dotfiles]\nfiles = [\".a\"]";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    let ran = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1);
    assert!(ran.stdout.contains("skipped create apt package zzz-no-such 1.0  it needs root"), "{}", ran.stdout);
    assert_eq!(vm.read(".a"), "a");
}

/// Two machines of a user who is not root, the second of which lacks a package that the first has: what apt-get is asked is
/// noted, by a stand-in, and so is what sudo is asked, by one that behaves as sudo does.
fn behind_sudo(sudo: &str) -> (Machine, Machine, Project) {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(".a", "a");
    for machine in [&laptop, &vm] {
        machine.tool("id", "case $* in -u) echo ${AS_ROOT-1000} ;; *) exec /usr/bin/id \"$@\" ;; esac");
        machine.tool("sudo", sudo);
    }
    laptop.tool("dpkg-query", "printf '%b' 'zzz amd64 installed 1.0\\n'");
    vm.tool("dpkg-query", "printf '%b' 'other amd64 installed 1.0\\n'; cat ~/installed 2>/dev/null; :");
    vm.tool(
        "apt-get",
        "[ \"${AS_ROOT-}\" = 0 ] && echo zzz amd64 installed 1.0 >>~/installed; ps -ww -o args= -e >~/seen",
    );
    let rest = "[packages]\napt = [\"zzz\"]\n[dotfiles]\nfiles = [\".a\"]";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    (laptop, vm, project)
}

/// A sudo that takes the password `opensesame` on its stdin, once for each command, as sudo does without a terminal.
const ASKING_SUDO: &str = "case $1 in -n) echo 'sudo: a password is required' >&2; exit 1 ;; esac\n\
    read -r typed; [ \"$typed\" = opensesame ] || { echo 'sudo: 1 incorrect password attempt' >&2; exit 1; }\n\
    while [ \"$1\" != -- ]; do shift; done; shift; AS_ROOT=0 exec \"$@\"";

#[cfg(target_os = "linux")]
#[test]
fn a_password_for_sudo_is_asked_once_and_is_nowhere_to_be_seen() {
    let (_laptop, vm, project) = behind_sudo(ASKING_SUDO);
    let ran =
        project.trueup(&["apply", "vm", "--yes"]).on_a_terminal().typing("password for sudo on vm", "opensesame\n");
    let ran = ran.any_stdout().exits(0);
    assert_eq!(ran.stdout.matches("password for sudo on vm").count(), 1, "{}", ran.stdout);
    assert!(!ran.stdout.contains("opensesame") && !vm.read("seen").contains("opensesame"), "{}", ran.stdout);
    assert!(vm.read("seen").contains("apt-get"), "nobody looked while it ran");
    project.check(&["vm"], 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_wrong_password_costs_only_what_needs_root() {
    let (_laptop, vm, project) = behind_sudo(ASKING_SUDO);
    let ran = project.trueup(&["apply", "vm", "--yes"]).on_a_terminal().typing("password for sudo on vm", "sesame\n");
    let ran = ran.any_stdout().exits(1);
    assert!(ran.stdout.contains("sudo refused: sudo: 1 incorrect password attempt"), "{}", ran.stdout);
    assert_eq!(vm.read(".a"), "a");
    assert!(!vm.at("seen").exists());
}

#[test]
fn where_nobody_can_type_a_password_it_is_told_before_anything_is_changed() {
    let (_laptop, vm, project) = behind_sudo(ASKING_SUDO);
    let ran = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1);
    let told = ran.stderr.find("vm: sudo wants a password there").expect("it is told");
    assert!(told < ran.stderr.find("vm: 1/2").or_else(|| ran.stderr.find("vm: 2/2")).expect("a step is told"));
    assert!(
        ran.stdout.contains("1 not done; when what stood in the way is mended: trueup apply vm --only package:apt/zzz")
    );
    assert_eq!(vm.read(".a"), "a");
}

#[test]
fn a_large_file_arrives_and_one_too_large_is_named() {
    let mut state = 7_u32;
    let bytes: Vec<u8> = (0..2_500_001)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .collect();
    let (_laptop, vm, project) = sandboxes("\".large\", \".huge\", \".small\"", |machine| {
        machine.file(".large", &bytes).file(".huge", vec![b'x'; (16 << 20) + 1]).file(".small", "s");
    });
    let ran = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1);
    assert!(ran.stdout.contains("skipped create ~/.huge") && ran.stdout.contains("it is larger than 16 MiB"));
    assert!(fs::read(vm.at(".large")).unwrap() == bytes, "a large file arrived otherwise");
    assert_eq!(vm.read(".small"), "s");
}

#[test]
fn a_saved_plan_is_refused_when_what_it_was_made_for_was_edited() {
    let (_laptop, vm, project) = sandboxes("\".a\"", |machine| {
        machine.file(".a", "a");
    });
    vm.file(".a", "old");
    project.trueup(&["plan", "vm", "--out", "p.json"]).any_stdout().exits(1);
    vm.file(".a", "my later work");
    project
        .trueup(&["apply", "p.json", "--yes"])
        .stderr_has("vm has moved on since; plan again: trueup plan vm")
        .exits(1);
    assert_eq!(vm.read(".a"), "my later work");
    let mut plan: Value = serde_json::from_str(&project.read("p.json")).unwrap();
    assert!(plan["plans"][0]["steps"][0].get("diff").is_none(), "a saved plan holds the text of files");
    plan["plans"] = Value::Array(Vec::new());
    project.write("p.json", plan.to_string());
    project.trueup(&["apply", "p.json", "--yes"]).stderr_has("it holds no plan for any target").exits(2);
}

#[test]
fn a_content_that_is_no_longer_the_locks_is_not_put_in_place() {
    let (laptop, vm, project) = sandboxes("\".a\", \".b\"", |machine| {
        machine.file(".a", "a").file(".b", "b");
    });
    laptop.file(".a", "changed since");
    let ran = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1);
    let why = "skipped create ~/.a  the reference's file is no longer what was captured; run `trueup capture`";
    assert!(ran.stdout.contains(why), "{}", ran.stdout);
    assert!(!vm.at(".a").exists());
    assert_eq!(vm.read(".b"), "b", "one refused step stopped another");
    project.capture().apply("vm");
    assert_eq!(vm.read(".a"), "changed since");
}

#[test]
fn contents_come_from_the_source_that_the_spec_names() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(".a", "a").file(".b", "b");
    let rest = "[dotfiles]\nsource = \"dotfiles\"\nfiles = [\".a\", \".b\"]";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    project.write("dotfiles/.a", "a");
    // The source's other file is not what was captured, the reference's own is.
    project.write("dotfiles/.b", "another");
    fs::remove_file(laptop.at(".a")).unwrap();
    project.apply("vm");
    assert_eq!((vm.read(".a"), vm.read(".b")), ("a".to_owned(), "b".to_owned()));
}

#[test]
fn one_failing_step_stops_no_other_and_is_named() {
    let (_laptop, vm, project) = sandboxes("\".a\", \".b\", \".c/d\"", |machine| {
        machine.file(".a", "a").file(".b", "b").file(".c/d", "d");
    });
    // A folder where a file should be cannot be helped; a file where a folder should be makes the step fail.
    fs::create_dir(vm.at(".a")).unwrap();
    vm.file(".c", "in the way");
    let ran = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1);
    assert!(
        ran.stdout.contains("no step for dotfile:.a: a folder stands where a file should be; move it away"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("failed  create ~/.c/d"), "{}", ran.stdout);
    assert_eq!(vm.read(".b"), "b");
    assert_eq!(vm.read(".c"), "in the way");
    assert_eq!(vm.leftovers(), Vec::<String>::new());
}

#[test]
fn without_agreement_nothing_is_applied() {
    let (_laptop, vm, project) = sandboxes("\".a\"", |machine| {
        machine.file(".a", "a\n");
    });
    let before = vm.listing();
    project
        .trueup(&["apply", "vm"])
        .stdout_has("create ~/.a")
        .stdout_has("       +a\n")
        .stderr("error: there is no terminal to ask on: Carry out 1 step? Say --yes to agree beforehand.\n")
        .exits(2);
    assert_eq!(vm.listing(), before);
}

#[test]
fn secrets_are_nowhere_but_in_their_file() {
    const SECRET: &str = "s3cr3t-v4lue-0123456789";
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop
        .file(".zshrc", format!("export A=1\nexport API_TOKEN={SECRET}\n"))
        .file(".netrc", format!("machine x password {SECRET}\n"));
    laptop.file(".npmrc", format!("//registry.example/:_authToken={SECRET}\n")).mode(".netrc", 0o600);
    vm.file(".zshrc", format!("export A=2\nexport API_TOKEN=old-{SECRET}\n"));
    for machine in [&laptop, &vm] {
        machine.repo("carmenta");
        machine.git(&[
            "-C",
            "carmenta",
            "remote",
            "set-url",
            "origin",
            &format!("https://me:{SECRET}@github.com/example/x"),
        ]);
    }
    let rest = "[dotfiles]\nfiles = [\".zshrc\", \".netrc\", \".npmrc\"]\n[repos.carmenta]\npath = \"~/carmenta\"";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    let quiet = |arguments: &[&str], code: i32| {
        let ran = project.trueup(arguments).any_stdout().any_stderr().exits(code);
        for (stream, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
            assert!(!text.contains(SECRET), "{arguments:?} printed the secret on {stream}:\n{text}");
        }
        ran
    };
    quiet(&["capture", "--yes"], 0);
    quiet(&["check", "vm", "--format", "human", "--format", "json=report.json"], 1);
    let plan = quiet(&["plan", "vm", "--out", "p.json"], 1);
    let withheld = "what it holds looks secret, so no difference is shown";
    assert!(plan.stdout.contains(withheld) && !plan.stdout.contains("+export A=1"), "{}", plan.stdout);
    quiet(&["plan", "vm", "--format", "json"], 1);
    quiet(&["apply", "vm", "--yes"], 0);
    assert_eq!(vm.read(".netrc"), laptop.read(".netrc"));
    quiet(&["attest", "vm", "--out", "vm.att.json"], 0);
    quiet(&["run", "vm", "--", "true", &format!("--token={SECRET}")], 0);
    // What the command itself says is the user's own business; what is written down of it is not.
    let command = format!("TOKEN={SECRET} true");
    project.trueup(&["run", "vm", "--", &command]).any_stderr().exits(127);
    vm.file(".zshrc", "spoilt");
    quiet(&["run", "vm", "--", "true", SECRET], 125);
    for folder in [project.at(""), project.state()] {
        for (name, (_, content)) in contents(&folder) {
            assert!(!holds(&content, SECRET.as_bytes()), "{name} holds the secret");
        }
    }
    // The spec of this project is in the folder that was searched, so it was searched at all.
    assert!(
        contents(&project.at("")).contains_key("environments/dev.lock") && project.state().join("trueup.db").exists()
    );
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn a_tool_without_a_provider_is_named_as_left_as_it_is() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.says("zzz", "zzz 1.0");
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[tools]\nzzz = \"exact\"");
    project.capture();
    let plan = project.trueup(&["plan", "vm"]).any_stdout().exits(1);
    assert!(
        plan.stdout.starts_with("vm  nothing that can be done, 1 left as it is\n  ! no step for tool:zzz: "),
        "{}",
        plan.stdout
    );
}

#[test]
fn two_applies_at_once_are_kept_apart_and_the_second_is_told_of_the_first() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(".a", "a").tool("npm", "echo '{\"dependencies\": {\"slow\": {\"version\": \"1.0.0\"}}}'");
    // An installation that waits until it is told to go on.
    vm.tool(
        "npm",
        "case $* in *install*) : >~/begun; while [ ! -e ~/go ]; do sleep 0.05; done; : >~/installed ;; \
         *) if [ -e ~/installed ]; then echo '{\"dependencies\": {\"slow\": {\"version\": \"1.0.0\"}}}'; else echo '{}'; fi ;; esac",
    );
    let rest = "[packages]\nnpm = [\"slow\"]\n[dotfiles]\nfiles = [\".a\"]";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    let mut first = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().start();
    vm.shows("begun");
    let second = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1);
    assert!(second.stdout.contains("is changing this machine since 20"), "{}", second.stdout);
    assert!(second.stdout.contains(" skipped create "), "{}", second.stdout);
    project.trueup(&["rollback", "vm", "--yes"]).stdout_has("nothing was put back").exits(3);
    vm.file("go", "");
    assert!(first.wait().unwrap().success());
    assert!(!vm.at(".local/state/trueup/applying").is_symlink(), "the lock is still there");
    project.check(&["vm"], 0);
}

#[test]
fn a_plan_can_be_made_of_some_findings_and_is_carried_out_as_such() {
    let (_laptop, vm, project) = sandboxes("\".a\", \".b\", \".c\"", |machine| {
        machine.file(".a", "a").file(".b", "b").file(".c", "c");
    });
    project
        .trueup(&["plan", "vm", "--skip", "dotfile:.b", "--only", "dotfile:.*", "--out", "p.json"])
        .any_stdout()
        .exits(1);
    project.trueup(&["apply", "p.json", "--yes"]).any_stdout().any_stderr().exits(1);
    assert!(vm.at(".a").exists() && !vm.at(".b").exists() && vm.at(".c").exists());
    project.trueup(&["plan", "vm", "--only", "dotfile:.a"]).stdout_has("nothing to do").exits(0);
    project.trueup(&["plan", "vm", "--only", "dotfile:.z"]).stderr_has("dotfile:.z").exits(2);
}

#[test]
fn several_targets_are_brought_true_at_once_and_one_that_is_lost_stops_no_other() {
    let machines: Vec<Machine> = (0..4).map(|_| Machine::local()).collect();
    machines[0].file(".a", "a");
    let names = ["laptop", "one", "two", "three"];
    let targets: Vec<(&str, &Machine)> = names.into_iter().zip(&machines).collect();
    let project = Project::of(&targets, "[dotfiles]\nfiles = [\".a\"]");
    project.capture();
    fs::remove_dir_all(machines[2].home()).unwrap();
    let ran = project.trueup(&["apply", "one", "two", "three", "--yes"]).any_stdout().any_stderr().exits(3);
    assert_eq!((machines[1].read(".a"), machines[3].read(".a")), ("a".to_owned(), "a".to_owned()));
    assert!(ran.stdout.contains("one  parity") && ran.stdout.contains("three  parity"), "{}", ran.stdout);
}
