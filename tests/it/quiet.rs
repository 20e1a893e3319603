//! Looking at a machine changes nothing there, leaves nothing running, and no tool can make it hang, flood or lie.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::machine::{Machine, listing};
use crate::support::trueup::Project;

/// What one audit may take beyond the limit of its slowest probe.
const SLACK: Duration = Duration::from_secs(3);

#[test]
fn a_check_leaves_no_trace_on_the_machine() {
    let machine = Machine::over_ssh();
    machine.repo("carmenta").hook("carmenta", "pre-commit", "exit 0").file(".zshrc", "x\n").file(".config/a/b", "y\n");
    machine.file(".k.json", "{\"a\": \"ü\"}\n").mode(".k.json", 0o644);
    // A file that git would refresh the index for, if it were let.
    machine.file("carmenta/README", "hello\n");
    let prefix = machine.at("npm-prefix/lib/node_modules/@scope/pkg");
    fs::create_dir_all(&prefix).unwrap();
    fs::write(prefix.join("package.json"), "{\"name\": \"@scope/pkg\", \"version\": \"1.0.0-rc.1\"}\n").unwrap();
    machine.file(".npmrc", format!("prefix={}\n", machine.at("npm-prefix").display()));
    let rest = "[tools]\ngit = \"exact\"\nnpm = \"exact\"\nnode = \"exact\"\npython3 = \"exact\"\n[packages]\nnpm = \"all\"\napt = [\"bash\"]\n\
                [dotfiles]\nfiles = [\".zshrc\", \".config/**\", \".npmrc\"]\n\
                \".k.json\" = { compare = \"keys\", mode = \"0644\" }\n[repos.carmenta]\npath = \"~/carmenta\"";
    let project = Project::of(&[("vm", &machine)], rest);
    let before = machine.listing();
    project.capture();
    let report = project.check(&[], 0);
    assert_eq!(report.finding("vm", "package:npm/@scope/pkg")["got"], "1.0.0-rc.1");
    project.trueup(&["plan", "vm"]).stdout("vm  nothing to do\n").exits(0);
    assert_same(&before, &machine.listing());
    machine.falls_silent(Duration::from_secs(2));
}

fn assert_same(
    before: &std::collections::BTreeMap<String, String>,
    after: &std::collections::BTreeMap<String, String>,
) {
    for (path, about) in after {
        assert_eq!(before.get(path), Some(about), "{path} was written or touched");
    }
    assert_eq!(before.len(), after.len(), "something is gone");
}

#[test]
fn a_check_leaves_no_trace_on_the_controller() {
    let machine = Machine::local();
    let project = Project::of(&[("vm", &machine)], "[tools]\nsh = { version = \"echo 1.0\", policy = \"exact\" }");
    project.capture();
    let (before, home) = (listing(&project.at("")), listing(&project.home()));
    project.check(&[], 0);
    assert_same(&before, &listing(&project.at("")));
    assert_same(&home, &listing(&project.home()));
    assert!(!project.state().exists(), "check made a state folder");
}

/// One hanging tool, of a kind, among tools that answer: it is ended with all that it started.
fn hang(machine: &Machine, script: &str) {
    hang_among_others(machine, script);
    machine.falls_silent(Duration::from_secs(2));
}

fn hang_among_others(machine: &Machine, script: &str) {
    machine.says("quick", "quick 1.0").tool("stuck", script).says("zlast", "zlast 2.0");
    let rest = "[limits]\nprobe = \"1s\"\n[tools]\nquick = \"exact\"\nstuck = \"exact\"\nzlast = \"exact\"";
    let project = Project::of(&[("vm", machine)], rest);
    let start = Instant::now();
    let report = project.check(&[], 3);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(1) + SLACK, "one hanging tool delayed the audit to {took:?}");
    let stuck = report.finding("vm", "tool:stuck");
    assert_eq!(stuck["reason"], "did not answer within 1 s");
    for (name, version) in [("quick", "1.0"), ("zlast", "2.0")] {
        assert_eq!(report.finding("vm", &format!("tool:{name}"))["got"], version, "{name} was hidden");
    }
}

#[test]
fn a_hanging_tool_delays_and_hides_nothing() {
    hang(&Machine::local(), "exec sleep 60");
    hang(&Machine::over_ssh(), "exec sleep 60");
}

#[test]
fn a_tool_that_ignores_signals_and_has_children_is_ended_with_them() {
    let stubborn = "trap '' TERM INT HUP\nsleep 61 &\n(trap '' TERM; sleep 62) &\nwhile :; do sleep 1; done";
    hang(&Machine::local(), stubborn);
    hang(&Machine::over_ssh(), stubborn);
}

#[test]
fn a_tool_whose_child_has_a_session_of_its_own_is_ended_with_it() {
    let escaping = "setsid sleep 63 &\nsleep 64";
    hang(&Machine::local(), escaping);
    hang(&Machine::over_ssh(), escaping);
}

#[test]
fn a_tool_whose_grandchild_left_the_process_tree_is_ended_with_it() {
    let escaping = "(setsid sleep 65 &)\nsleep 66";
    hang(&Machine::local(), escaping);
    hang(&Machine::over_ssh(), escaping);
}

/// It left the process tree and let go of every stream, so that nothing waits for it: only its mark tells whose it is.
#[test]
fn a_tool_that_answers_and_leaves_a_daemon_behind_leaves_none() {
    for machine in [Machine::local(), Machine::over_ssh()] {
        machine.tool("odd", "(setsid sleep 68 </dev/null >/dev/null 2>&1 3>&- &)\necho odd 1.0");
        // What was there before the audit, and what is started beside it, is none of its business.
        let mut beside = std::process::Command::new("sleep").arg("69").spawn().unwrap();
        let project = Project::of(&[("vm", &machine)], "[tools]\nodd = \"exact\"");
        project.capture();
        assert_eq!(project.check(&[], 0).finding("vm", "tool:odd")["got"], "1.0");
        machine.falls_silent(Duration::from_secs(2));
        assert!(beside.try_wait().unwrap().is_none(), "a process of somebody else was ended");
        beside.kill().unwrap();
        beside.wait().unwrap();
    }
}

/// Whoever asked is gone: nobody will read the answers, so nothing goes on for them.
#[test]
fn an_audit_whose_controller_is_killed_ends_within_seconds() {
    for machine in [Machine::local(), Machine::over_ssh()] {
        machine.tool("stuck", "echo x >>\"$HOME/started\"\n(setsid sleep 70 >/dev/null 2>&1 &)\nsleep 71");
        let project = Project::of(&[("vm", &machine)], "[tools]\nstuck = \"exact\"\n[limits]\nprobe = \"50s\"");
        let mut check = project.trueup(&["check"]).start();
        machine.shows("started");
        check.kill().unwrap();
        check.wait().unwrap();
        machine.falls_silent(Duration::from_secs(8));
    }
}

#[test]
fn an_audit_whose_connection_is_cut_ends_within_seconds() {
    let machine = Machine::over_ssh();
    machine.tool("stuck", "echo x >>\"$HOME/started\"\n(setsid sleep 72 >/dev/null 2>&1 &)\nsleep 73");
    let project = Project::of(&[("vm", &machine)], "[tools]\nstuck = \"exact\"\n[limits]\nprobe = \"50s\"");
    let mut check = project.trueup(&["check"]).start();
    machine.shows("started");
    machine.server().hangs_up();
    assert_eq!(check.wait().unwrap().code(), Some(3));
    machine.falls_silent(Duration::from_secs(8));
}

#[test]
fn a_tool_that_leaves_a_daemon_behind_delays_nothing() {
    let machine = Machine::local();
    machine.tool("odd", "(setsid sleep 67 &)\necho odd 1.0");
    let project = Project::of(&[("vm", &machine)], "[tools]\nodd = \"exact\"\n[limits]\nprobe = \"1s\"");
    let start = Instant::now();
    project.trueup(&["check"]).any_stdout().exits(3);
    assert!(start.elapsed() < Duration::from_secs(1) + SLACK, "{:?}", start.elapsed());
}

/// A tool among others that answer.
fn odd(script: &str) -> serde_json::Value {
    let machine = Machine::local();
    machine.says("quick", "quick 1.0").tool("odd", script).says("zlast", "zlast 2.0");
    let rest = "[limits]\nprobe = \"4s\"\n[tools]\nquick = \"exact\"\nodd = \"exact\"\nzlast = \"exact\"";
    let project = Project::of(&[("vm", &machine)], rest);
    let ran = project.trueup(&["check", "--format", "json"]).any_stdout().exits(3);
    let report = crate::support::trueup::Report(ran.json());
    for (name, version) in [("quick", "1.0"), ("zlast", "2.0")] {
        assert_eq!(report.finding("vm", &format!("tool:{name}"))["got"], version, "{name} was hidden");
    }
    machine.falls_silent(Duration::from_secs(2));
    report.finding("vm", "tool:odd").clone()
}

#[test]
fn a_tool_that_prints_without_end_is_cut_off() {
    let start = Instant::now();
    // Where a busy machine does not get as far, its time is over first.
    let reasons = ["printed more than 262144 bytes", "did not answer within 4 s"];
    let endless = "head -c 100000000 /dev/zero | tr '\\0' x";
    for flood in ["yes 1.2.3 | head -c 100000000", "yes 1.2.3 >&2", endless] {
        let finding = odd(flood);
        assert!(reasons.contains(&finding["reason"].as_str().unwrap()), "{finding}");
    }
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[test]
fn a_tool_that_reads_stdin_gets_nothing_and_harms_none() {
    let finding = odd("cat; echo odd 3.0");
    assert_eq!(finding["got"], "3.0");
}

#[test]
fn a_tool_that_prints_what_looks_like_a_frame_forges_nothing() {
    // The nonce is random, so the tool has to look for it where it could: in its environment and among the processes.
    let forge = "for n in $(env; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'); do case $n in trueup-*) \
                 printf '%s 3 9\\n\\nzlast 9\\n0\\n8\\n%s end 0\\n\\n' \"$n\" \"$n\";; esac; done; echo 'trueup-00 1 3'; echo odd 3.0; \
                 printf '\\n0\\n999999'";
    assert_eq!(odd(forge)["got"], "3.0");
}

#[test]
fn start_up_files_that_talk_read_and_fail_disturb_nothing() {
    let machine = Machine::local();
    machine
        .file(".profile", "echo 'welcome to 9.9.9'\necho noise >&2\ncat\nset -- a b\nIFS=x\nexport LANG=xx\nfalse\n");
    machine.says("node", "v22.11.0");
    let path = machine.path();
    machine.file(".profile", format!("{}PATH={path}; export PATH\n", machine.read(".profile")));
    let home = machine.home();
    let spec = format!(
        "version = 1\nname = \"dev\"\nreference = \"vm\"\n[targets.vm]\nkind = \"local\"\nhome = {home:?}\n[shell]\nlogin = true\n\
         [tools]\nnode = \"exact\"\n"
    );
    let project = Project::with_spec(&spec);
    // The login shell is this user's own; a plain one reads ~/.profile.
    let run = |arguments: &[&str]| project.trueup(arguments).env("SHELL", "/bin/sh").env("USER", "me");
    run(&["capture"]).any_stdout().exits(0);
    let report = run(&["check", "--format", "json"]).any_stdout().exits(0).json();
    assert_eq!(report["targets"][0]["findings"][0]["got"], "22.11.0");
}
