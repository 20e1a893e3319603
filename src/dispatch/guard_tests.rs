//! The guard in real shells: it tells the command's code, and outlives neither the command nor trueup.
#![expect(clippy::disallowed_methods, reason = "tests are an IO edge: they start processes and watch the clock")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Command};
use std::time::{Duration, Instant};

use super::execute;
use crate::transport::test_shells::{Ran, RealShell, Room, in_every_shell, processes_marked, run, run_attended, start};

/// The shell that is to read the program, and the program.
fn guarded(room: &Room, shell: &RealShell, command: &[&str]) -> (Command, String) {
    // The room's name is as good as a random one, and of this test alone.
    let mark = room.path().file_name().unwrap().to_str().unwrap();
    let argv: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    let mut reader = room.command(shell, &["-s"]);
    reader.env("TRUEUP_TEST_MARK", room.path());
    (reader, execute::guarded("w0rd", mark, &argv))
}

/// Starts it. What is returned holds its stdin open, as trueup does while it lives.
fn begin(room: &Room, shell: &RealShell, command: &[&str]) -> (Child, ChildStdin) {
    let (reader, program) = guarded(room, shell, command);
    let mut child = start(reader, shell.name);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(program.as_bytes()).unwrap();
    (child, stdin)
}

/// Starts it and hears it out.
fn attended(room: &Room, shell: &RealShell, command: &[&str]) -> Ran {
    let (reader, program) = guarded(room, shell, command);
    run_attended(reader, program.as_bytes(), shell.name)
}

fn mark(room: &Room) -> String {
    format!("TRUEUP_TEST_MARK={}", room.path().display())
}

/// What is left of a run after it had some time to end.
fn left_behind(room: &Room) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let left = processes_marked(&mark(room));
        if left.is_empty() || Instant::now() > deadline {
            return left;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn the_command_gets_its_arguments_and_its_code_comes_back() {
    in_every_shell(|shell| {
        for (script, code) in
            [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -TERM $$", 143), ("kill -9 $$", 137)]
        {
            let room = Room::new();
            let script = format!("cat; printf '%s,' \"$@\"; echo warning >&2; {script}");
            let command = ["/bin/sh", "-c", &script, "name", "a b", "", "-n", "it's $x\\"];
            let (child, stdin) = begin(&room, shell, &command);
            let output = child.wait_with_output().unwrap();
            drop(stdin);
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), "a b,,-n,it's $x\\,", "{}", shell.name);
            assert!(told.starts_with("warning\n"), "{}: {told}", shell.name);
            // A signal's number is not the same in every shell: ksh93 adds 256 to it.
            if code < 128 || code == 255 || shell.name != "ksh93" {
                assert!(told.ends_with(&format!("w0rd {code}\n")), "{}: {told}", shell.name);
                assert_eq!(output.status.code(), Some(code), "{}", shell.name);
            }
            let left = left_behind(&room);
            assert!(left.is_empty(), "{} left behind: {left:#?}", shell.name);
        }
    });
}

#[test]
fn a_command_that_is_not_there_is_told_as_shells_tell_it() {
    in_every_shell(|shell| {
        let room = Room::new();
        let (child, stdin) = begin(&room, shell, &["/nowhere/at-all"]);
        let output = child.wait_with_output().unwrap();
        drop(stdin);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.ends_with("w0rd 127\n"), "{}: {told}", shell.name);
    });
}

/// What a shell starts in the background ignores interrupts, and so would all that the command starts.
#[test]
fn the_command_may_be_interrupted_and_is_no_builtin() {
    in_every_shell(|shell| {
        let room = Room::new();
        for signal in ["INT", "QUIT"] {
            let script = format!("(kill -{signal} $(exec /bin/sh -c 'echo $PPID'); sleep 1; echo lives); echo $?");
            let ran = attended(&room, shell, &["/bin/sh", "-c", &format!("ulimit -c 0; {script}")]);
            let code = if signal == "INT" { "130" } else { "131" };
            assert_eq!(ran.stdout_text().trim(), code, "{} {signal}", shell.name);
        }
        // mksh takes its own commands and functions first.
        let names: &[&str] = if shell.name == "mksh" { &[] } else { &["exit", "shift", "tu_table"] };
        for name in names {
            assert_eq!(attended(&room, shell, &[*name, "0"]).code, 127, "{name} in {}", shell.name);
        }
    });
}

#[test]
fn when_stdin_ends_nothing_of_the_command_is_left() {
    // One has a child that outlives its parent and others deep below it, one does not heed TERM itself.
    let orphan = "(trap '' TERM INT HUP; sleep 300) & /bin/sh -c 'sleep 300 & sleep 300' & echo ready; wait";
    let stubborn = "trap '' TERM INT HUP; sleep 300 & echo ready; wait; sleep 300";
    in_every_shell(|shell| {
        for script in [orphan, stubborn] {
            let room = Room::new();
            let (mut child, stdin) = begin(&room, shell, &["/bin/sh", "-c", script]);
            let mut stdout = BufReader::new(child.stdout.take().unwrap());
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            assert_eq!(line, "ready\n", "{}", shell.name);
            assert!(!processes_marked(&mark(&room)).is_empty(), "the mark is seen");
            drop(stdin);
            let left = left_behind(&room);
            assert!(left.is_empty(), "{} left behind: {left:#?}", shell.name);
            let mut rest = String::new();
            stdout.read_to_string(&mut rest).unwrap();
            assert_ne!(child.wait().unwrap().code(), Some(0), "{}", shell.name);
        }
    });
}

/// Double forks, sessions of their own, children that go on starting others: all of it leaves the process tree.
const DETACHED: &str = "(setsid sleep 300 &) ; (setsid /bin/sh -c 'trap \"\" TERM HUP; while :; do sleep 1; done' &) ; \
                        (cd / && nohup sleep 300 >/dev/null 2>&1 &)";

#[test]
fn what_the_command_detached_ends_after_it() {
    in_every_shell(|shell| {
        let room = Room::new();
        let script = format!("{DETACHED}; echo done; exit 3");
        let ran = attended(&room, shell, &["/bin/sh", "-c", &script]);
        let left = processes_marked(&mark(&room));
        assert!(left.is_empty(), "{} left behind: {left:#?}", shell.name);
        assert_eq!(ran.stdout_text(), "done\n", "{}", shell.name);
        assert_eq!(String::from_utf8(ran.stderr).unwrap(), "w0rd 3\n", "{}", shell.name);
    });
}

#[test]
fn what_the_command_detached_ends_with_it_when_stdin_ends() {
    in_every_shell(|shell| {
        let room = Room::new();
        let script = format!("{DETACHED}; echo ready; while :; do /bin/sh -c 'sleep 0.2' & sleep 0.01; done");
        let (mut child, stdin) = begin(&room, shell, &["/bin/sh", "-c", &script]);
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "{}", shell.name);
        drop(stdin);
        let left = left_behind(&room);
        assert!(left.is_empty(), "{} left behind: {left:#?}", shell.name);
        assert_ne!(child.wait().unwrap().code(), Some(0), "{}", shell.name);
    });
}

/// It is asked to end before it is ended, and nobody waits for those that do not.
#[test]
fn what_the_command_left_may_tidy_up() {
    in_every_shell(|shell| {
        let room = Room::new();
        let tidy = room.home().join("tidy");
        let tidying = format!("trap 'echo yes >{}; exit' TERM; echo >set; while :; do sleep 0.1; done", tidy.display());
        let script = format!("setsid /bin/sh -c \"{tidying}\" & while [ ! -e set ]; do sleep 0.05; done");
        assert_eq!(attended(&room, shell, &["/bin/sh", "-c", &script]).code, 0);
        assert_eq!(std::fs::read_to_string(&tidy).unwrap(), "yes\n", "{}", shell.name);
        let left = processes_marked(&mark(&room));
        assert!(left.is_empty(), "{} left behind: {left:#?}", shell.name);
    });
}

/// Some shells stop reading after that many seconds where somebody exports it, and the guard reads as long as it lives.
#[test]
fn a_time_limit_of_the_shells_own_is_the_commands_alone() {
    in_every_shell(|shell| {
        let room = Room::new();
        let (mut reader, program) = guarded(&room, shell, &["/bin/sh", "-c", "sleep 2; echo \"$TMOUT\""]);
        reader.env("TMOUT", "1");
        let ran = run_attended(reader, program.as_bytes(), shell.name);
        assert_eq!((ran.stdout_text().as_str(), ran.code), ("1\n", 0), "{}", shell.name);
    });
}

#[test]
fn shellcheck_finds_nothing_in_the_guard() {
    let room = Room::new();
    let file = room.path().join("guard.sh");
    std::fs::write(&file, execute::guarded("w0rd", "mark", &["true".to_owned()])).unwrap();
    let mut shellcheck = Command::new("shellcheck");
    shellcheck.args(["--shell=sh", "--exclude=SC2034,SC2317"]).arg(&file);
    assert_eq!(run(shellcheck, b"", "shellcheck").stdout_text(), "");
}
