//! A kill at any moment does no harm: the next command understands what it finds, and nothing goes on unwatched.

use std::time::{Duration, Instant};

use crate::support::machine::{Machine, contents};
use crate::support::trueup::{Project, Trueup};

/// Moments within a time, the same parts of it in every test run.
fn moments(seed: u64, count: usize, within: Duration) -> Vec<Duration> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        within.mul_f64((state >> 40) as f64 / (1_u64 << 24) as f64)
    };
    (0..count).map(|_| next()).collect()
}

/// How long a command takes when nobody kills it.
fn time_of(command: Trueup) -> Duration {
    let start = Instant::now();
    command.any_stdout().any_stderr().exits(0);
    start.elapsed()
}

/// Kills a command after a time. Says whether it was still at work.
fn kill_after(command: Trueup, delay: Duration) -> bool {
    let mut child = command.start();
    std::thread::sleep(delay);
    let at_work = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    at_work
}

const FILES: usize = 12;

#[test]
fn an_apply_over_ssh_killed_at_any_moment_converges_when_run_again() {
    let (laptop, vm) = (Machine::over_ssh(), Machine::over_ssh());
    let name = |number: usize| format!(".set/{}/{number}", number % 4);
    let (old, new) = (|number| format!("old {number}\n"), |number| format!("new {number}\n").repeat(500));
    let spoil = || {
        for number in 0..FILES {
            vm.file(&name(number), old(number));
        }
    };
    for number in 0..FILES {
        laptop.file(&name(number), new(number));
    }
    for machine in [&laptop, &vm] {
        machine.repo("carmenta");
    }
    laptop.link(".set/link", "to");
    laptop.git(&["-C", "carmenta", "config", "core.hooksPath", ".hooks"]);
    let rest = "[dotfiles]\nfiles = [\".set\"]\n[repos.carmenta]\npath = \"~/carmenta\"";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    let apply = || project.trueup(&["apply", "vm", "--yes"]);
    spoil();
    let whole = time_of(apply());
    let mut interrupted = 0;
    for (round, delay) in moments(2, 4, whole).into_iter().enumerate() {
        spoil();
        interrupted += usize::from(kill_after(apply(), delay));
        // Every other time the machine goes down with it; else what was sent there is at the end of a step.
        if round % 2 == 1 {
            vm.loses_power();
        }
        let moment = format!("round {round}, killed after {delay:?}");
        for number in 0..FILES {
            let content = vm.read(&name(number));
            assert!(content == old(number) || content == new(number), "{moment}: {number} is neither old nor new");
        }
        project.apply("vm");
        vm.falls_silent(Duration::from_secs(5));
        assert_eq!(project.check(&["vm"], 0).amiss("vm"), Vec::<String>::new(), "{moment}");
        assert_eq!(vm.leftovers(), Vec::<String>::new(), "{moment}");
        project.trueup(&["apply", "vm"]).any_stdout().exits(0);
    }
    assert!(interrupted > 1, "too little was interrupted; the moments are too late");
}

/// Where the moments above are random, these are every other one that there is: right after a single change.
#[test]
fn an_apply_stopped_at_any_change_converges_when_run_again() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(".set/replaced", "new").file(".set/deep/er/made", "new").link(".set/link", "there").mode(".set", 0o750);
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[dotfiles]\nfiles = [\".set\"]");
    project.capture();
    for number in (1..).step_by(2) {
        let _absent = std::fs::remove_dir_all(vm.at(".set"));
        vm.file(".set/replaced", "old").link(".set/link", "elsewhere").mode(".set", 0o700).stands_still_at(number);
        let mut child = project.trueup(&["apply", "vm", "--yes"]).start();
        let ended = loop {
            if vm.stopped().exists() || child.try_wait().unwrap().is_some() {
                break !vm.stopped().exists();
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        child.kill().unwrap();
        child.wait().unwrap();
        vm.loses_power();
        vm.moves_on();
        if ended {
            assert!(number > 20, "only {number} changes were seen");
            break;
        }
        let replaced = vm.read(".set/replaced");
        assert!(replaced == "old" || replaced == "new", "stopped at change {number}: {replaced:?}");
        project.trueup(&["apply", "vm", "--yes"]).stdout_has("parity: 1 target true").any_stderr().exits(0);
        assert_eq!(vm.leftovers(), Vec::<String>::new(), "stopped at change {number}");
    }
}

fn a_run_is_killed(machine: &Machine) {
    machine.says("node", "v22.11.0");
    let project = Project::of(&[("vm", machine)], "[tools]\nnode = \"exact\"");
    project.capture();
    // All of it ignores the first signal.
    let work = "trap '' TERM; echo $$ >started; sleep 60 & (sleep 61; echo late >late) & while :; do sleep 1; done";
    project.trueup(&["run", "vm", "--", "sh", "-c", work]).killed_at_work(machine);
    machine.falls_silent(Duration::from_secs(15));
    let next = project
        .trueup(&["run", "vm", "--", "echo", "hi"])
        .stdout("hi\n")
        .stderr_has("note: a run of sh on vm, begun ")
        .exits(0);
    assert!(next.stderr.ends_with("was killed; it is recorded as lost\n"), "{}", next.stderr);
    // It is named once.
    project.trueup(&["run", "vm", "--", "echo", "hi"]).stdout("hi\n").exits(0);
}

/// The guard lost sight of a child as soon as its parent was gone: the command went with the first signal, and took the
/// guard's own watch with it before the second.
#[test]
fn a_child_that_outlives_its_killed_command_is_ended_too() {
    let machine = Machine::local();
    machine.says("node", "v22.11.0");
    let project = Project::of(&[("vm", &machine)], "[tools]\nnode = \"exact\"");
    project.capture();
    let work = "(trap '' TERM; echo >started; while :; do sleep 1; done) & wait";
    project.trueup(&["run", "vm", "--", "sh", "-c", work]).killed_at_work(&machine);
    machine.falls_silent(Duration::from_secs(15));
}

#[test]
fn a_killed_run_is_ended_on_the_machine_and_named_by_the_next() {
    a_run_is_killed(&Machine::local());
}

#[test]
fn a_killed_run_is_ended_on_the_machine_over_ssh_and_named_by_the_next() {
    a_run_is_killed(&Machine::over_ssh());
}

#[test]
fn a_rollback_killed_at_any_moment_is_finished_by_the_next() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for number in 0..FILES {
        laptop.file(&format!(".set/{number}"), "new");
        if number % 2 == 0 {
            vm.file(&format!(".set/{number}"), "old").mode(&format!(".set/{number}"), 0o640);
        }
    }
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[dotfiles]\nfiles = [\".set\"]");
    project.capture();
    let before = contents(&vm.at(".set"));
    let rollback = || project.trueup(&["rollback", "vm", "--yes"]);
    project.apply("vm");
    let whole = time_of(rollback());
    for (round, delay) in moments(3, 3, whole).into_iter().enumerate() {
        project.apply("vm");
        kill_after(rollback(), delay);
        if round % 2 == 1 {
            vm.loses_power();
        }
        vm.falls_silent(Duration::from_secs(5));
        rollback().any_stdout().exits(0);
        let after = contents(&vm.at(".set"));
        assert!(after == before, "round {round}, killed after {delay:?}: {:?}", after.keys());
    }
}

#[test]
fn two_applies_at_once_do_no_harm() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    let new = |number| format!("new {number}\n").repeat(500);
    for number in 0..FILES {
        laptop.file(&format!(".set/{number}"), new(number));
    }
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[dotfiles]\nfiles = [\".set\"]");
    project.capture();
    let both = [0, 1].map(|_| project.trueup(&["apply", "vm", "--yes"]).start());
    for output in both.map(|child| child.wait_with_output().unwrap()) {
        // One may find a step done by the other before its own; it then says so.
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    for number in 0..FILES {
        let path = vm.at(&format!(".set/{number}"));
        assert!(!path.exists() || vm.read(&format!(".set/{number}")) == new(number), "{number} is a part of a file");
    }
    project.apply("vm").check(&["vm"], 0);
    assert_eq!(vm.leftovers(), Vec::<String>::new());
}
