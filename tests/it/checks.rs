//! Canaries: what the gates of a repository must reject is tried on both machines, in clones that leave nothing behind,
//! whatever hooks do.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::machine::{Machine, contents, listing};
use crate::support::trueup::{Project, Report};

/// A canary of the project's own: two kinds of changes, of which the hook below rejects the bad.
const MARKED: &str = "name = \"marked\"\ndoc = \"a mark\"\n\n[[fixture]]\nfile = \"docs/marked.txt\"\nbad = \"a MARK\\n\"\ngood = \
                      \"nothing\\n\"\n";

/// The same, tried by pushing it.
fn pushed() -> String {
    let pushed = MARKED.replace("\"marked\"", "\"pushed\"");
    pushed.replace("doc =", "hook = \"pre-push\"\ncommand = \"git push\"\ndoc =")
}

/// Another, for telling that one canary's trouble is not another's.
const OTHER: &str =
    "name = \"other\"\n\n[[fixture]]\nfile = \"other.txt\"\nbad = \"an OTHER\\n\"\ngood = \"nothing\\n\"\n";

/// A hook that asks a tool about what is staged.
const SCAN: &str = "git diff --cached | scan";

/// The tool.
const TOOL: &str = "if grep -E 'MARK|OTHER'; then echo 'scan: a mark' >&2; exit 1; fi";

fn pair() -> (Machine, Machine) {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine.repo("shop").hook("shop", "pre-commit", SCAN).tool("scan", TOOL);
    }
    (laptop, vm)
}

fn project(laptop: &Machine, vm: &Machine, checks: &str) -> Project {
    let rest = format!("[limits]\ncheck = \"5s\"\n[repos.shop]\npath = \"~/shop\"\nchecks = {checks}\n");
    let project = Project::of(&[("laptop", laptop), ("vm", vm)], &rest);
    project.write("parity-checks/marked.toml", MARKED);
    project.write("parity-checks/other.toml", OTHER);
    project
}

fn capture(project: &Project) {
    project.trueup(&["capture", "--yes"]).any_stdout().any_stderr().exits(0);
}

fn behaviour(project: &Project, code: i32) -> Report {
    let ran = project.trueup(&["check", "vm", "--behaviour", "--format", "json"]).any_stdout().any_stderr().exits(code);
    Report(ran.json())
}

fn reason(report: &Report, id: &str) -> String {
    report.finding("vm", id)["reason"].as_str().unwrap().to_owned()
}

/// What hooks did on the target alone, with what is known beforehand to differ by that.
fn with_hook(script: &str, checks: &str, code: i32, look: impl Fn(&Report, &Machine)) {
    let (laptop, vm) = pair();
    let project = project(&laptop, &vm, checks);
    capture(&project);
    vm.tool("scan", script);
    let before = contents(&vm.home());
    let report = behaviour(&project, code);
    vm.falls_silent(Duration::from_secs(5));
    look(&report, &vm);
    let after = contents(&vm.home());
    let rooms: Vec<&String> = after.keys().filter(|path| path.contains(".trueup-")).collect();
    assert_eq!(rooms, Vec::<&String>::new(), "left behind");
    if !script.contains("$HOME/") {
        assert_eq!(after, before);
    }
}

const BOTH: &str = "[\"marked\", \"other\"]";

#[test]
fn gates_that_work_alike_are_silent_and_nothing_is_left_behind() {
    let (laptop, vm) = pair();
    let project = project(&laptop, &vm, BOTH);
    capture(&project);
    let lock = project.read("environments/dev.lock");
    assert!(lock.contains("[check.\"shop/marked\"]\ndoes = \"rejects it (output)\"\n"), "{lock}");
    let (before, home) = (listing(&vm.at("shop")), contents(&vm.home()));
    let report = behaviour(&project, 0);
    assert_eq!(report.finding("vm", "check:shop/marked@worktree")["state"], "match");
    assert_eq!(listing(&vm.at("shop")), before, "the repository was touched");
    assert_eq!(contents(&vm.home()), home, "something was left behind");
    vm.falls_silent(Duration::from_secs(5));
    // Without being asked nothing is tried, and nothing is said about it.
    let report = project.check(&["vm"], 0);
    assert!(!report.ids("vm").iter().any(|id| id.starts_with("check:")));
    // A second capture has nothing to add.
    project.trueup(&["capture"]).stdout_has("is up to date").any_stderr().exits(0);
}

#[test]
fn a_tool_that_lies_and_one_that_is_missing_are_drift_that_only_a_canary_finds() {
    with_hook("cat >/dev/null", "[\"marked\"]", 1, |report, _| {
        let amiss = ["check:shop/marked", "check:shop/marked@worktree"].map(|id| format!("{id} drift changed"));
        assert_eq!(report.amiss("vm"), amiss);
        let reason = reason(report, "check:shop/marked");
        assert!(reason.contains("lets it pass") && reason.contains("rejects it"), "{reason}");
    });
    let (laptop, vm) = pair();
    let project = project(&laptop, &vm, "[\"marked\"]");
    capture(&project);
    vm.without("scan");
    let report = behaviour(&project, 1);
    let reason = reason(&report, "check:shop/marked");
    assert!(reason.contains("the good change too"), "rejecting everything is no guarantee: {reason}");
}

#[test]
fn a_hook_that_hangs_costs_its_own_canary_only_and_what_it_started_ends() {
    let script = "staged=$(cat); case $staged in *MARK*) sleep 600 & sleep 601;; *OTHER*) echo 'scan: a mark' >&2; exit 1;; esac";
    let started = Instant::now();
    with_hook(script, BOTH, 3, |report, _| {
        assert_eq!(report.finding("vm", "check:shop/marked")["state"], "unknown");
        let reason = reason(report, "check:shop/marked");
        assert!(reason.contains("took longer than 5 s"), "{reason}");
        assert_ne!(report.finding("vm", "check:shop/other")["state"], "unknown");
    });
    assert!(started.elapsed() < Duration::from_secs(90), "{:?}", started.elapsed());
}

#[test]
fn hooks_that_ask_somebody_get_no_answer_and_do_not_wait() {
    with_hook(
        "cat >/dev/null; read -r answer </dev/tty || { echo nobody >&2; exit 1; }",
        "[\"marked\"]",
        1,
        |report, _| {
            assert!(reason(report, "check:shop/marked").contains("the good change too"));
        },
    );
    let (laptop, vm) = pair();
    for machine in [&laptop, &vm] {
        machine.hook("shop", "pre-commit", "if read -r answer; then exit 0; fi; echo 'no answer'; exit 1");
    }
    let project = project(&laptop, &vm, "[\"marked\"]");
    capture(&project);
    behaviour(&project, 0);
}

#[test]
fn a_hook_that_kills_its_parent_or_floods_spoils_nothing_else() {
    with_hook("cat >/dev/null; kill -9 $(ps -o ppid= -p $PPID)", BOTH, 1, |report, _| {
        assert!(report.amiss("vm").iter().all(|line| line.ends_with("drift changed")), "{:?}", report.amiss("vm"));
    });
    let flood = format!("yes 'a line of a flood' | head -c 100000000\n{TOOL}");
    with_hook(&flood, BOTH, 1, |report, _| {
        assert!(report.amiss("vm").iter().all(|line| line.ends_with("drift changed")), "{:?}", report.amiss("vm"));
    });
}

#[test]
fn a_hook_that_deletes_its_folder_is_named_and_the_next_canary_has_a_new_one() {
    let script = format!(
        "staged=$(cat); case $staged in *MARK*) rm -rf \"$(git rev-parse --show-toplevel)\"; exit 1;; esac; echo \"$staged\" | {{ {TOOL}; }}"
    );
    with_hook(&script, BOTH, 1, |report, _| {
        let detail = report.finding("vm", "check:shop/marked").to_string();
        assert!(detail.contains("deleted"), "{detail}");
        assert_eq!(report.finding("vm", "check:shop/other")["state"], "match");
    });
}

#[test]
fn what_a_hook_changes_in_the_repository_itself_is_named_and_not_undone() {
    let script = format!(
        "unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE GIT_PREFIX; (cd \"$HOME/shop\"; git config x.y z; git update-ref \
         refs/heads/seen HEAD; git checkout -q --detach; echo new >NEW; git add NEW)\n{TOOL}"
    );
    with_hook(&script, "[\"marked\"]", 1, |report, vm| {
        let detail = report.finding("vm", "check:shop/marked").to_string();
        for part in ["HEAD", "the index", "its config", "its refs", "NEW"] {
            assert!(detail.contains(part), "{part}: {detail}");
        }
        assert!(vm.at("shop/NEW").exists());
    });
}

#[test]
fn what_a_hook_writes_beside_the_repository_and_at_home_is_named() {
    let script =
        format!("echo seen >>../seen\necho leaked >>\"$HOME/.leaked\"\necho used >>\"$HOME/.tool_history\"\n{TOOL}");
    with_hook(&script, "[\"marked\"]", 1, |report, _| {
        for id in ["check:shop/marked", "check:shop/marked@worktree"] {
            let finding = report.finding("vm", id).to_string();
            assert!(finding.contains("not set on the reference, ../seen, ~/.leaked on vm"), "{finding}");
        }
    });
}

#[test]
fn work_in_the_repository_meanwhile_is_not_blamed_on_its_hooks() {
    let (laptop, vm) = pair();
    let project = project(&laptop, &vm, BOTH);
    capture(&project);
    vm.file("shop/.git/info/exclude", "dist\n").file("shop/dist/x", "");
    // Somebody who saves, and commits, once while the first change is tried; a server that writes without end.
    let once = "mkdir \"$HOME/seen\" 2>/dev/null && { echo saved | tee \"$HOME/shop/README\" >\"$HOME/.saved\"; (cd \"$HOME/shop\"; unset GIT_DIR \
                GIT_INDEX_FILE; git add README; git -c core.hooksPath=/dev/null commit -qm mine) >/dev/null 2>&1; }";
    vm.tool("scan", &format!("{once}\necho more >>\"$HOME/shop/dist/x\"\n{TOOL}"));
    let report = behaviour(&project, 0);
    assert!(vm.at("seen").exists() && vm.read("shop/README") == "saved\n");
    assert_eq!(report.amiss("vm"), Vec::<String>::new());
}

#[test]
fn what_the_hook_of_a_commit_does_is_not_blamed_on_that_of_a_push() {
    let (laptop, vm) = pair();
    for machine in [&laptop, &vm] {
        machine.hook("shop", "pre-push", "cat >/dev/null; ! git show HEAD | grep MARK");
    }
    let project = project(&laptop, &vm, "[\"marked\", \"pushed\"]");
    project.write("parity-checks/pushed.toml", pushed());
    capture(&project);
    let tags = "(unset GIT_DIR GIT_INDEX_FILE; cd \"$HOME/shop\"; git tag \"seen-$$\")";
    vm.tool("scan", &format!("{tags}\n{TOOL}"));
    let report = behaviour(&project, 1);
    assert_eq!(report.finding("vm", "check:shop/pushed")["state"], "match");
    let reason = reason(&report, "check:shop/marked");
    assert!(reason.contains("its refs") || report.finding("vm", "check:shop/marked").to_string().contains("its refs"));
}

#[test]
fn subjects_branches_and_names_of_users_may_differ() {
    let (laptop, vm) = pair();
    for machine in [&laptop, &vm] {
        machine.hook(
            "shop",
            "pre-commit",
            &format!("case $(git symbolic-ref --short HEAD) in main) echo no; exit 1;; esac\n{SCAN}"),
        );
        machine.hook(
            "shop",
            "commit-msg",
            "test \"$(head -n 1 \"$1\" | wc -c)\" -lt 50 || { echo 'too long'; exit 1; }\n\
             git diff --cached | grep -q OTHER || exit 0\n\
             echo \"$(git config user.name) <$(git config user.email)> may not\"; exit 1",
        );
    }
    for machine in [&laptop, &vm] {
        machine.tool("scan", "if grep MARK; then echo 'scan: a mark' >&2; exit 1; fi");
    }
    laptop.file(".gitconfig", "[user]\nname = Jane Doe\nemail = jane@example.com\n");
    vm.file(".gitconfig", "[user]\nname = J. Doe\nemail = j@example.org\n");
    laptop.git(&["-C", "shop", "checkout", "-q", "-b", "feature/x"]);
    vm.git(&["-C", "shop", "commit", "--no-verify", "-q", "--allow-empty", "-m", &"a long subject ".repeat(10)]);
    let project = project(&laptop, &vm, BOTH);
    capture(&project);
    let lock = project.read("environments/dev.lock");
    assert!(lock.contains("feature/x") && lock.contains("<name>"), "{lock}");
    let report = behaviour(&project, 0);
    assert_eq!(report.finding("vm", "check:shop/other")["state"], "match");
    vm.git(&["-C", "shop", "branch", "feature"]);
    vm.git(&["-C", "shop", "checkout", "-q", "--detach"]);
    behaviour(&project, 0);
}

#[test]
fn pushes_are_tried_from_shallow_clones_and_with_settings_that_are_hard_on_them() {
    let (laptop, vm) = pair();
    for machine in [&laptop, &vm] {
        machine.hook("shop", "pre-push", "cat; ! git show HEAD | grep MARK || { printf 'a\\0b\\n'; exit 1; }");
        machine.file("shop/README", "second\n");
        machine.commit("shop", &["--no-verify", "-qam", "second"]);
    }
    let project = project(&laptop, &vm, "[\"pushed\"]");
    project.write("parity-checks/pushed.toml", pushed());
    capture(&project);
    let same = |code| {
        let report = behaviour(&project, code);
        for id in ["check:shop/pushed", "check:shop/pushed@worktree"] {
            assert_eq!(report.finding("vm", id)["state"], "match", "{id}");
        }
    };
    vm.git(&["clone", "-q", "--depth", "1", &format!("file://{}", vm.at("shop").display()), "shallow"]);
    fs::remove_dir_all(vm.at("shallow/.git/hooks")).unwrap();
    fs::rename(vm.at("shop/.git/hooks"), vm.at("shallow/.git/hooks")).unwrap();
    fs::remove_dir_all(vm.at("shop")).unwrap();
    fs::rename(vm.at("shallow"), vm.at("shop")).unwrap();
    vm.git(&["-C", "shop", "remote", "set-url", "origin", "git@github.com:example/carmenta.git"]);
    vm.file(".gitconfig", "[safe]\nbareRepository = explicit\n[push]\ngpgSign = true\n[commit]\ngpgSign = true\n");
    // The settings themselves are drift.
    same(1);
    // Another kind of objects.
    fs::rename(vm.at("shop/.git/hooks"), vm.at("hooks")).unwrap();
    fs::remove_dir_all(vm.at("shop")).unwrap();
    fs::remove_file(vm.at(".gitconfig")).unwrap();
    vm.git(&["init", "-q", "-b", "main", "--object-format=sha256", "shop"]);
    vm.git(&["-C", "shop", "remote", "add", "origin", "git@github.com:example/carmenta.git"]);
    vm.commit("shop", &["-q", "--allow-empty", "-m", "first"]);
    fs::remove_dir_all(vm.at("shop/.git/hooks")).unwrap();
    fs::rename(vm.at("hooks"), vm.at("shop/.git/hooks")).unwrap();
    same(0);
}

#[test]
fn a_push_whose_hook_cannot_start_is_refused_at_once() {
    let (laptop, vm) = pair();
    for machine in [&laptop, &vm] {
        machine.hook("shop", "pre-push", "! git show HEAD | grep MARK");
    }
    let project = project(&laptop, &vm, "[\"pushed\"]");
    project.write("parity-checks/pushed.toml", pushed());
    capture(&project);
    vm.file("shop/.git/hooks/pre-push", "#! /opt/bin/sh -e\n");
    let report = behaviour(&project, 1);
    for id in ["check:shop/pushed", "check:shop/pushed@worktree"] {
        let reason = reason(&report, id);
        assert!(reason.contains("good"), "{reason}");
    }
}

#[test]
fn a_gate_that_what_is_not_committed_has_broken_is_found_in_the_checkout_alone() {
    let (laptop, vm) = pair();
    for machine in [&laptop, &vm] {
        machine.file("shop/scan.sh", format!("{TOOL}\n"));
        machine.git(&["-C", "shop", "add", "."]);
        machine.commit("shop", &["--no-verify", "-qm", "second"]);
        machine.hook("shop", "pre-commit", "git diff --cached | sh scan.sh; test $? = 0 || { echo no; exit 1; }");
    }
    let project = project(&laptop, &vm, "[\"marked\"]");
    capture(&project);
    vm.file("shop/scan.sh", "cat >/dev/null\n").file("shop/README", "carriage\r\n\0returns\n");
    let before = listing(&vm.at("shop"));
    let report = behaviour(&project, 1);
    assert_eq!(listing(&vm.at("shop")), before, "the repository was touched");
    assert_eq!(report.finding("vm", "check:shop/marked@worktree")["state"], "match");
    assert!(reason(&report, "check:shop/marked").contains("lets it pass"));
    vm.file("shop/scan.sh", format!("{TOOL}\n"));
    behaviour(&project, 0);
}

#[test]
fn what_lefthook_reads_first_is_carried_although_git_ignores_it() {
    let (laptop, vm) = pair();
    for machine in [&laptop, &vm] {
        machine.file("shop/lefthook.yml", "rc: './env/rc.sh' # first\n").file("shop/env/rc.sh", "MARKS=MARK\n");
        machine.file("shop/.git/info/exclude", "env\n");
        machine.git(&["-C", "shop", "add", "."]);
        machine.commit("shop", &["--no-verify", "-qm", "second"]);
        machine.hook("shop", "pre-commit", ". ./env/rc.sh; ! git diff --cached | grep \"$MARKS\" || exit 1");
    }
    let project = project(&laptop, &vm, "[\"marked\"]");
    capture(&project);
    let lock = project.read("environments/dev.lock");
    assert!(lock.contains("[check.\"shop/marked\"]\ndoes = \"rejects it (output)\""), "{lock}");
    behaviour(&project, 0);
}

#[test]
fn files_that_are_no_checks_are_told_with_their_line_and_nothing_runs() {
    let (laptop, vm) = pair();
    let told = |name: &str, text: &str, part: &str| {
        let project = project(&laptop, &vm, "\"auto\"");
        project.write(&format!("parity-checks/{name}.toml"), text);
        project.trueup(&["check"]).stderr_has(&format!("parity-checks/{name}.toml")).stderr_has(part).exits(2);
    };
    told("bad", "name = \"bad\"\nfixtures = [\n", "");
    told(
        "bad",
        "name = \"bad\"\n[[fixture]]\nfile = \"../out\"\nbad = \"x\"\ngood = \"y\"\n",
        "leads out of the repository",
    );
    told("bad", "name = \"bad\"\n[[fixture]]\nfile = \"a\"\nbda = \"x\"\ngood = \"y\"\n", "did you mean `bad`?");
    let project = project(&laptop, &vm, "[\"markt\"]");
    project.trueup(&["check"]).stderr_has("there is no check `markt`").exits(2);
    let project = project_linked(&laptop, &vm);
    project.trueup(&["check"]).stderr_has("is no plain file").exits(2);
}

fn project_linked(laptop: &Machine, vm: &Machine) -> Project {
    let project = project(laptop, vm, "\"auto\"");
    project.write("elsewhere.toml", "name = \"linked\"\n");
    std::os::unix::fs::symlink("../elsewhere.toml", project.at("parity-checks/linked.toml")).unwrap();
    project
}

#[test]
fn a_canary_is_not_written_through_a_link_that_leads_out() {
    let (laptop, vm) = pair();
    let project = project(&laptop, &vm, "[\"marked\"]");
    capture(&project);
    vm.file("outside/kept", "").link("shop/docs", "../outside");
    vm.git(&["-C", "shop", "add", "docs"]);
    vm.commit("shop", &["-qnm", "link"]);
    let report = behaviour(&project, 3);
    let reason = reason(&report, "check:shop/marked");
    assert!(reason.contains("written through a link, docs"), "{reason}");
    assert_eq!(fs::read_dir(vm.at("outside")).unwrap().count(), 1);
}

#[test]
fn a_change_of_a_check_belongs_to_the_spec() {
    let (laptop, vm) = pair();
    let project = project(&laptop, &vm, "[\"marked\"]");
    capture(&project);
    let digest = |project: &Project| project.check(&["vm"], 0).0["spec_digest"].clone();
    let before = digest(&project);
    project.write("parity-checks/marked.toml", MARKED.replace("a MARK", "one MARK"));
    assert_ne!(digest(&project), before);
}

#[test]
fn a_repository_in_any_state_is_tried_and_stays_in_it() {
    let (laptop, vm) = pair();
    let commit = |arguments: &[&str]| {
        let who =
            ["-C", "shop", "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "core.hooksPath=/dev/null"];
        vm.git(&[&who, arguments].concat());
    };
    let project = project(&laptop, &vm, "[\"marked\"]");
    capture(&project);
    let silent = |state: &str| {
        let before = listing(&vm.at("shop"));
        let report = behaviour(&project, 0);
        assert_eq!(report.amiss("vm"), Vec::<String>::new(), "{state}");
        assert_eq!(listing(&vm.at("shop")), before, "{state}: the repository was touched");
    };
    // Dirty, with a stash and a worktree.
    vm.file("shop/README", "stashed\n");
    commit(&["stash", "-q"]);
    vm.file("shop/README", "changed\n").file("shop/new", "x\n");
    vm.git(&["-C", "shop", "add", "new"]);
    vm.git(&["-C", "shop", "worktree", "add", "-q", "../beside"]);
    silent("dirty");
    commit(&["reset", "-q", "--hard"]);
    // On a detached head, in the midst of a rebase.
    vm.file("shop/README", "one\n");
    commit(&["commit", "-qam", "one"]);
    commit(&["checkout", "-q", "-b", "topic", "HEAD~1"]);
    vm.file("shop/README", "two\n");
    commit(&["commit", "-qam", "two"]);
    let rebase = "git -C shop -c user.name=t -c user.email=t@e rebase -q main >/dev/null 2>&1";
    let status =
        Command::new("sh").args(["-c", rebase]).current_dir(vm.home()).env("HOME", vm.home()).status().unwrap();
    assert!(!status.success() && vm.at("shop/.git/rebase-merge").exists());
    silent("in a rebase");
    // A shallow clone with a submodule.
    vm.git(&["clone", "-q", "--depth", "1", &format!("file://{}", vm.at("shop").display()), "shallow"]);
    fs::rename(vm.at("shop/.git/hooks"), vm.at("hooks")).unwrap();
    fs::remove_dir_all(vm.at("shop")).unwrap();
    fs::rename(vm.at("shallow"), vm.at("shop")).unwrap();
    fs::remove_dir_all(vm.at("shop/.git/hooks")).unwrap();
    fs::rename(vm.at("hooks"), vm.at("shop/.git/hooks")).unwrap();
    vm.git(&["-C", "shop", "remote", "set-url", "origin", "git@github.com:example/carmenta.git"]);
    vm.repo("inner");
    let inner = vm.at("inner");
    let inner = inner.to_str().unwrap();
    vm.git(&["-C", "shop", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner, "inner"]);
    commit(&["commit", "-qm", "a submodule"]);
    let report = behaviour(&project, 0);
    assert_eq!(report.finding("vm", "check:shop/marked")["state"], "match");
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_read_only_disk_canaries_have_the_folder_for_temporary_files() {
    let (laptop, vm) = pair();
    let project = project(&laptop, &vm, "[\"marked\"]");
    capture(&project);
    let behaviour = |code| {
        let words = ["check", "vm", "--behaviour", "--format", "json"];
        let ran = project.trueup(&words).with_read_only(&vm.home()).any_stdout().any_stderr().exits(code);
        Report(ran.json())
    };
    assert_eq!(behaviour(0).finding("vm", "check:shop/marked@worktree")["state"], "match");
    vm.tool("scan", "cat >/dev/null");
    assert_eq!(behaviour(1).finding("vm", "check:shop/marked")["state"], "drift");
    vm.falls_silent(Duration::from_secs(5));
}

#[test]
fn a_repository_where_nothing_can_be_tried_says_why() {
    let (laptop, vm) = pair();
    let project = project(&laptop, &vm, "[\"marked\"]");
    capture(&project);
    let told = |report: &Report| report.finding("vm", "check:shop/marked").to_string();
    // Its files need a filter that is not there.
    vm.file("shop/.gitattributes", "*.bin filter=lfs\n").file("shop/a.bin", "x");
    vm.git(&["-C", "shop", "add", "."]);
    vm.commit("shop", &["-qnm", "lfs"]);
    vm.file(".gitconfig", "[filter \"lfs\"]\nsmudge = git-lfs-that-is-not-there smudge\nrequired = true\n");
    let report = behaviour(&project, 3);
    assert!(told(&report).contains("could not be tried"), "{}", told(&report));
    fs::remove_file(vm.at(".gitconfig")).unwrap();
    // Another user's.
    vm.tool("git", "GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec /usr/bin/git \"$@\"");
    let report = behaviour(&project, 3);
    assert_eq!(report.finding("vm", "check:shop/marked")["state"], "unknown");
    vm.without("git");
    // Without a commit.
    fs::remove_dir_all(vm.at("shop")).unwrap();
    vm.git(&["init", "-q", "-b", "main", "shop"]);
    let report = behaviour(&project, 1);
    assert!(told(&report).contains("no commit yet"), "{}", told(&report));
    // Bare, and not there at all.
    fs::remove_dir_all(vm.at("shop")).unwrap();
    vm.git(&["init", "-q", "--bare", "shop"]);
    let report = behaviour(&project, 1);
    assert!(told(&report).contains("bare"), "{}", told(&report));
    fs::remove_dir_all(vm.at("shop")).unwrap();
    let report = behaviour(&project, 1);
    assert_eq!(report.finding("vm", "check:shop/marked")["change"], "missing");
}

#[test]
fn a_clone_has_the_settings_that_hold_where_the_repository_lies() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine.repo("shop").tool("scan", TOOL);
        machine.file(".gitconfig", "[includeIf \"gitdir:~/shop/\"]\npath = ~/shop.gitconfig\n");
        machine.file(
            "shop.gitconfig",
            "[core]\nhooksPath = .kept\n[x \"a \\\"b\\\" c\"]\ny = \"\\\\ \\ttab\"\ny = two\nz\n",
        );
        machine.file(
            "shop/.kept/pre-commit",
            format!("#!/bin/sh\ntest \"$(git config x.'a \"b\" c'.y)\" = two || exit 0\n{SCAN}\n"),
        );
        machine.mode("shop/.kept/pre-commit", 0o755);
        machine.git(&["-C", "shop", "add", ".kept"]);
        machine.commit("shop", &["--no-verify", "-qm", "hooks"]);
    }
    let project = project(&laptop, &vm, "[\"marked\"]");
    capture(&project);
    let lock = project.read("environments/dev.lock");
    assert!(lock.contains("[check.\"shop/marked\"]\ndoes = \"rejects it"), "{lock}");
    behaviour(&project, 0);
}

#[test]
fn hooks_that_a_fresh_worktree_lacks_are_a_weakness_there() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine.repo("shop").tool("scan", TOOL);
        machine.git(&["-C", "shop", "config", "core.hooksPath", ".hooks"]);
        machine.file("shop/.git/info/exclude", ".hooks\n");
        machine.file("shop/.hooks/pre-commit", format!("#!/bin/sh\n{SCAN}\n")).mode("shop/.hooks/pre-commit", 0o755);
    }
    let project = project(&laptop, &vm, "[\"marked\"]");
    capture(&project);
    let report = behaviour(&project, 0);
    assert!(reason(&report, "check:shop/marked@worktree").contains("it lets the canary pass"));
    assert!(!reason(&report, "check:shop/marked").contains("pass"));
}

#[test]
fn messages_and_pushes_are_tried_where_their_hooks_act() {
    let (laptop, vm) = pair();
    for machine in [&laptop, &vm] {
        machine.file("shop/scripts/run.sh", "#!/bin/sh\ntrue\n");
        machine.git(&["-C", "shop", "add", "."]);
        machine.commit("shop", &["-qnm", "fix: a script"]);
        machine.hook(
            "shop",
            "commit-msg",
            "head -n 1 \"$1\" | grep -q '^[a-z]*: ' || { echo 'say which kind'; exit 1; }",
        );
        machine.hook("shop", "pre-push", "cat >/dev/null; ! git grep -q trueup_unused || { echo 'not that'; exit 1; }");
    }
    let project = project(&laptop, &vm, "\"auto\"");
    capture(&project);
    let lock = project.read("environments/dev.lock");
    for (check, does) in
        [("commit-message", "rejects it"), ("pre-push", "rejects it"), ("pre-push@worktree", "rejects it")]
    {
        assert!(lock.contains(&format!("[check.\"shop/{check}\"]\ndoes = \"{does}")), "{check}: {lock}");
    }
    assert!(lock.contains("[check.\"shop/marked\"]"), "the project's own canaries apply wherever their hook acts");
    assert!(!lock.contains("shop/secret"), "a canary of which no hook speaks");
    behaviour(&project, 0);
    vm.hook("shop", "pre-push", "cat >/dev/null");
    let report = behaviour(&project, 1);
    let amiss = report.amiss("vm");
    assert!(amiss.contains(&"check:shop/pre-push drift changed".to_owned()), "{amiss:?}");
    assert!(!amiss.iter().any(|line| line.contains("commit-message")), "{amiss:?}");
}

#[test]
fn what_a_killed_run_left_goes_on_the_next_and_a_living_one_keeps_its_own() {
    let (laptop, vm) = pair();
    let project = project(&laptop, &vm, "[\"marked\"]");
    capture(&project);
    vm.tool("scan", ": >\"$HOME/started\"; sleep 60");
    project.trueup(&["check", "vm", "--behaviour"]).killed_at_work(&vm);
    vm.loses_power();
    fs::remove_file(vm.at("started")).unwrap();
    let rooms = || -> Vec<String> {
        let entries = fs::read_dir(vm.home()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        entries.filter(|name| name.starts_with(".trueup-")).collect()
    };
    // Somebody else's, who still runs: this very test.
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let started = stat.rsplit_once(") ").unwrap().1.split(' ').nth(19).unwrap().to_owned();
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let living = format!(".trueup-{}-{}-{started}-x", host.trim(), std::process::id());
    let dead = format!(".trueup-{}-{}-1-x", host.trim(), std::process::id());
    vm.file(&format!("{living}/kept"), "").file(&format!("{dead}/kept"), "");
    vm.tool("scan", TOOL);
    behaviour(&project, 0);
    assert_eq!(rooms(), [living]);
}

#[test]
fn a_trueup_that_is_gone_takes_its_clones_along() {
    let (laptop, vm) = pair();
    let project = project(&laptop, &vm, "[\"marked\"]");
    capture(&project);
    vm.tool("scan", ": >\"$HOME/started\"; sleep 60");
    project.trueup(&["check", "vm", "--behaviour"]).killed_at_work(&vm);
    vm.falls_silent(Duration::from_secs(10));
    let left = |home: &Path| contents(home).keys().any(|path| path.contains(".trueup-"));
    let limit = Instant::now() + Duration::from_secs(5);
    while left(&vm.home()) && Instant::now() < limit {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!left(&vm.home()));
}

/// A command that tells of its tests in the Test Anything Protocol.
const TESTS: &str = "name = \"tests\"\nkind = \"behaviour\"\ncommand = \"run-tests\"\n";

fn tap(first: &str) -> String {
    format!(
        "echo run >>\"$HOME/runs\"; echo TAP version 13; echo '{first} 1 - adds'; echo 'ok 2 - subtracts'; echo 1..2"
    )
}

#[test]
fn the_same_tests_have_the_same_outcomes_and_do_not_run_again_for_nothing() {
    let (laptop, vm) = pair();
    let project = project(&laptop, &vm, "[\"tests\"]");
    project.write("parity-checks/tests.toml", TESTS);
    laptop.tool("run-tests", &tap("ok"));
    vm.tool("run-tests", &format!("{}; exit 1", tap("not ok")));
    capture(&project);
    let lock = project.read("environments/dev.lock");
    assert!(lock.contains("does = \"passes\"") && lock.contains("\"test adds\" = \"passed\""), "{lock}");
    fs::remove_dir_all(vm.at("shop")).unwrap();
    vm.git(&["clone", "-q", laptop.at("shop").to_str().unwrap(), "shop"]);
    vm.git(&["-C", "shop", "remote", "set-url", "origin", "git@github.com:example/carmenta.git"]);
    vm.hook("shop", "pre-commit", SCAN);
    // Their newest commit differs; that of the lock is what is tested.
    vm.file("shop/README", "newer\n");
    vm.commit("shop", &["-qanm", "newer"]);
    let report = behaviour(&project, 1);
    let detail = report.finding("vm", "check:shop/tests").to_string();
    assert!(detail.contains("fails in 1 of 2 tests") && detail.contains("test adds"), "{detail}");
    assert_eq!(vm.read("runs").lines().count(), 2, "it runs again where it fails");
    behaviour(&project, 1);
    assert_eq!(vm.read("runs").lines().count(), 2, "nothing can have changed");
    capture(&project);
    vm.tool("run-tests", &tap("ok"));
    project.write("parity-checks/tests.toml", format!("{TESTS}retries = 2\n"));
    behaviour(&project, 0);
    assert_eq!(vm.read("runs").lines().count(), 3, "another check is another key");
}

#[test]
fn a_flaky_test_is_named_and_a_missing_commit_too() {
    let (laptop, vm) = pair();
    let project = project(&laptop, &vm, "[\"tests\"]");
    project.write("parity-checks/tests.toml", TESTS);
    laptop.tool("run-tests", &tap("ok"));
    vm.tool("run-tests", &format!("if [ -e \"$HOME/runs\" ]; then {}; else {}; exit 1; fi", tap("ok"), tap("not ok")));
    laptop.file("shop/README", "newer\n");
    laptop.commit("shop", &["--no-verify", "-qam", "newer"]);
    capture(&project);
    // The lock's commit is one that only the reference has.
    let report = behaviour(&project, 3);
    let missing = report.finding("vm", "check:shop/tests").to_string();
    assert!(missing.contains("does not have the commit"), "{missing}");
    fs::remove_dir_all(vm.at("shop")).unwrap();
    vm.git(&["clone", "-q", laptop.at("shop").to_str().unwrap(), "shop"]);
    vm.git(&["-C", "shop", "remote", "set-url", "origin", "git@github.com:example/carmenta.git"]);
    vm.hook("shop", "pre-commit", SCAN);
    let report = behaviour(&project, 0);
    let flaky = report.finding("vm", "check:shop/tests").to_string();
    assert!(flaky.contains("flaky: adds passed only when run again"), "{flaky}");
}

#[test]
fn watch_runs_the_checks_on_an_interval_of_their_own_and_tells_of_them_in_between() {
    let (laptop, vm) = pair();
    let project = project(&laptop, &vm, "[\"marked\"]");
    capture(&project);
    vm.tool("scan", "cat >/dev/null; echo run >>\"$HOME/runs\"");
    let round = || {
        let arguments = ["watch", "--once", "vm", "--behaviour-every", "24h"];
        project.trueup(&arguments).any_stdout().any_stderr().exits(1)
    };
    let first = round();
    assert!(first.stderr.contains("drift (2 drift"), "{}", first.stderr);
    let runs = vm.read("runs").lines().count();
    let second = round();
    assert_eq!(vm.read("runs").lines().count(), runs, "they ran again");
    assert!(second.stderr.contains("drift (2 drift"), "{}", second.stderr);
    project.trueup(&["history", "vm"]).any_stdout().any_stderr().exits(0);
}
