//! A kill at any moment does no harm: the next command understands what it finds, and nothing goes on unwatched.

use std::time::Duration;

use crate::support::machine::Machine;
use crate::support::trueup::Project;

/// The moments at which a program is killed, in milliseconds: the same in every run.
fn moments(seed: u64, count: usize, below: u64) -> Vec<u64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    (0..count).map(|_| next()).collect()
}

const FILES: usize = 20;

fn killed_at_any_moment(new: fn() -> Machine, seed: u64) {
    let (laptop, vm) = (new(), new());
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
    let mut interrupted = 0;
    for (round, delay) in moments(seed, 6, 400).into_iter().enumerate() {
        spoil();
        let mut child = project.trueup(&["apply", "vm", "--yes"]).start();
        std::thread::sleep(Duration::from_millis(delay));
        interrupted += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        // Every other time the machine goes down with it; else what was sent there is at the end of a step.
        if round % 2 == 1 {
            vm.loses_power();
        }
        let moment = format!("round {round}, killed after {delay} ms");
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
    assert!(interrupted > 2, "too little was interrupted; the moments are too late");
}

#[test]
fn an_apply_killed_at_any_moment_converges_when_run_again() {
    killed_at_any_moment(Machine::local, 1);
}

#[test]
fn an_apply_over_ssh_killed_at_any_moment_converges_when_run_again() {
    killed_at_any_moment(Machine::over_ssh, 2);
}

fn a_run_is_killed(machine: &Machine) {
    machine.says("node", "v22.11.0");
    let project = Project::of(&[("vm", machine)], "[tools]\nnode = \"exact\"");
    project.capture();
    let work = "trap '' TERM; echo $$ >started; sleep 60 & (sleep 61; echo late >late) & while :; do sleep 1; done";
    let mut child = project.trueup(&["run", "vm", "--", "sh", "-c", work]).start();
    machine.shows("started");
    child.kill().unwrap();
    child.wait().unwrap();
    machine.falls_silent(Duration::from_secs(10));
    let next = project
        .trueup(&["run", "vm", "--", "echo", "hi"])
        .stdout("hi\n")
        .stderr_has("note: a run of sh on vm, begun ")
        .exits(0);
    assert!(next.stderr.ends_with("was killed; it is recorded as lost\n"), "{}", next.stderr);
    // It is named once.
    project.trueup(&["run", "vm", "--", "echo", "hi"]).stdout("hi\n").exits(0);
}

#[test]
fn a_killed_run_is_ended_on_the_machine_and_named_by_the_next() {
    a_run_is_killed(&Machine::local());
}

#[test]
fn a_killed_run_is_ended_on_the_machine_over_ssh_and_named_by_the_next() {
    a_run_is_killed(&Machine::over_ssh());
}
