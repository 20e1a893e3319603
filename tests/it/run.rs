//! `run`: a command's streams and its end are its own, it is ended when nobody listens any more, and runs side by side
//! do not take each other for lost.

use std::io::Read as _;
use std::process::Child;
use std::time::{Duration, Instant};

use crate::support::machine::Machine;
use crate::support::trueup::Project;

fn project(machine: &Machine) -> Project {
    machine.says("node", "v22.11.0");
    let project = Project::of(&[("vm", machine)], "[tools]\nnode = \"exact\"");
    project.capture();
    project
}

fn both(test: fn(&Machine, &Project)) {
    for machine in [Machine::local(), Machine::over_ssh()] {
        let project = project(&machine);
        test(&machine, &project);
    }
}

#[test]
fn bytes_come_out_as_they_are_and_stdin_is_empty() {
    both(|_, project| {
        let sh = |script: &str| project.trueup(&["run", "vm", "--", "sh", "-c", script]);
        sh("cat; echo done").stdout("done\n").exits(0);
        let length = 3_000_000;
        let flood = sh("head -c 3000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero | tr '\\0' y >&2")
            .any_stdout()
            .any_stderr()
            .exits(0);
        assert!(
            flood.stdout.len() == length && flood.stdout.bytes().all(|byte| byte == b'x'),
            "{}",
            flood.stdout.len()
        );
        assert!(
            flood.stderr.len() == length && flood.stderr.bytes().all(|byte| byte == b'y'),
            "{}",
            flood.stderr.len()
        );
        sh("exec >&- 2>&-; exit 9").exits(9);
        sh("exit 255").exits(255);
        sh("printf 'a b' >&2; exit 3").stderr("a b").exits(3);
    });
}

#[test]
fn output_comes_while_the_command_runs() {
    both(|machine, project| {
        let wait = "echo first; while [ ! -e go ]; do sleep 0.05; done; echo second";
        let mut child = project.trueup(&["run", "vm", "--", "sh", "-c", wait]).start();
        let mut stdout = child.stdout.take().unwrap();
        let mut first = [0; 6];
        stdout.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"first\n");
        machine.file("go", "");
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "second\n");
        assert_eq!(child.wait().unwrap().code(), Some(0));
    });
}

#[test]
fn a_command_whose_reader_is_gone_is_ended() {
    both(|machine, project| {
        let mut child = project
            .trueup(&["run", "vm", "--", "sh", "-c", "trap '' PIPE; while :; do echo y; sleep 0.1; done"])
            .start();
        let mut one = [0; 2];
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut one).unwrap();
        drop(stdout);
        let start = Instant::now();
        let status = child.wait().unwrap();
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        assert_ne!(status.code(), Some(0), "nobody knows how the command would have ended");
        machine.falls_silent(Duration::from_secs(10));
    });
}

#[test]
fn runs_side_by_side_do_not_take_each_other_for_lost() {
    let machine = Machine::local();
    let project = project(&machine);
    let mut long = project
        .trueup(&["run", "vm", "--", "sh", "-c", "echo >started; while [ ! -e go ]; do sleep 0.05; done"])
        .start();
    machine.shows("started");
    project.trueup(&["run", "vm", "--", "echo", "hi"]).stdout("hi\n").exits(0);
    machine.file("go", "");
    assert_eq!(long.wait().unwrap().code(), Some(0));
    let mut stderr = String::new();
    long.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(stderr, "");
}

#[test]
fn many_runs_at_once_each_get_their_own_end() {
    let machine = Machine::local();
    let project = project(&machine);
    let children: Vec<_> = (0..6)
        .map(|code| {
            (code, project.trueup(&["run", "vm", "--", "sh", "-c", &format!("echo {code}; exit {code}")]).start())
        })
        .collect();
    for (code, child) in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{code}\n"));
        assert_eq!(output.status.code(), Some(code));
    }
}

#[test]
fn a_machine_lost_in_the_middle_is_no_success() {
    let machine = Machine::over_ssh();
    let project = project(&machine);
    let mut child = project.trueup(&["run", "vm", "--", "sh", "-c", "echo >started; sleep 60"]).start();
    machine.shows("started");
    machine.server().hangs_up();
    let (code, stderr) = ends_soon(&mut child);
    assert_eq!(code, Some(255), "{stderr}");
    assert!(stderr.starts_with("warning: the run is unverified: "), "{stderr}");
    machine.falls_silent(Duration::from_secs(10));
    // Nobody saw the machine after that command, so what was attested before it opens no gate.
    project.trueup(&["gate", "vm"]).stdout_has("the machine was not verified after it").exits(3);
    project.trueup(&["run", "vm", "--", "echo", "hi"]).stdout("hi\n").any_stderr().exits(0);
    project.trueup(&["gate", "vm"]).stdout_has("vm  allow\n").exits(0);
}

/// The exit code and stderr of a command that has to end by itself soon.
fn ends_soon(child: &mut Child) -> (Option<i32>, String) {
    let limit = Instant::now() + Duration::from_secs(20);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < limit, "trueup does not end");
        std::thread::sleep(Duration::from_millis(20));
    };
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    (status.code(), stderr)
}

#[test]
fn a_command_that_leaves_something_behind_does_not_keep_the_run() {
    let machine = Machine::local();
    let start = Instant::now();
    project(&machine).trueup(&["run", "vm", "--", "sh", "-c", "sleep 20 & echo hi"]).stdout("hi\n").exits(0);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    machine.falls_silent(Duration::from_secs(1));
}

#[test]
fn what_a_command_detached_is_gone_when_the_run_is_over() {
    both(|machine, project| {
        project.trueup(&["run", "vm", "--", "sh", "-c", "setsid sleep 300 & echo hi"]).stdout("hi\n").exits(0);
        machine.falls_silent(Duration::from_secs(1));
    });
}

#[test]
fn what_a_command_detached_is_gone_when_trueup_is_killed() {
    both(|machine, project| {
        let work = "(setsid sleep 300 &); echo >started; sleep 300";
        project.trueup(&["run", "vm", "--", "sh", "-c", work]).killed_at_work(machine);
        machine.falls_silent(Duration::from_secs(15));
    });
}

#[test]
fn what_a_command_detached_is_gone_when_nobody_reads_any_more() {
    both(|machine, project| {
        let work = "(setsid sleep 300 &); while :; do echo y; sleep 0.1; done";
        let mut child = project.trueup(&["run", "vm", "--", "sh", "-c", work]).start();
        let mut one = [0; 2];
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut one).unwrap();
        drop(stdout);
        assert_ne!(child.wait().unwrap().code(), Some(0));
        machine.falls_silent(Duration::from_secs(10));
    });
}

#[test]
fn a_run_without_a_lock_is_denied() {
    let machine = Machine::local();
    machine.says("node", "v22.11.0");
    let project = Project::of(&[("vm", &machine)], "[tools]\nnode = \"exact\"");
    project.trueup(&["run", "vm", "--", "touch", "ran"]).stderr_has("there is no lock").exits(125);
    project.trueup(&["run", "vm", "--"]).any_stderr().exits(2);
    project.trueup(&["run", "mv", "--", "true"]).stderr_has("no target is named `mv`").exits(2);
    assert!(!machine.at("ran").exists());
}
