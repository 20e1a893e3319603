//! Compiled programs in real shells: what each question prints comes back as its answer, and nothing that a question
//! does reaches another one.
#![expect(clippy::disallowed_methods, reason = "tests are an IO edge: they write what questions are to print")]

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use rustix::process::{Pid, Signal, kill_process};

use super::frame::{self, Frames};
use super::program::{BRIEF_CAP, OUTPUT_CAP};
use super::{Answer, Covers, PROBES, Program, Question, Reply, audit, compile};
use crate::spec::{Category, Digest, ItemId, Sandbox, Shell};
use crate::transport::test_shells::{RealShell, Room, SHELLS, YASH, processes_marked, run, run_attended, which};
use crate::transport::{Connection, Surroundings, quote};

pub(super) const NONCE: &str = "trueup-0123456789abcdef";

pub(super) fn ask(script: &str, limit_s: u64) -> Question {
    Question::new("test", script.to_owned(), Duration::from_secs(limit_s), Covers::default())
}

/// The same as one whose answer is a few lines as a rule, and which has a stage of another kind.
fn ask_briefly(script: &str, limit_s: u64) -> Question {
    let items = vec![ItemId::new(Category::Tool, "test")];
    Question { covers: Covers { items, listings: Vec::new() }, ..ask(script, limit_s) }
}

/// How questions are asked.
const WAYS: [fn(&str, u64) -> Question; 2] = [ask, ask_briefly];

pub(super) fn program(questions: &[(&str, u64)]) -> Program {
    programs(questions)[0].clone()
}

/// These questions as each kind, and taking turns.
pub(super) fn programs(questions: &[(&str, u64)]) -> Vec<Program> {
    let asked = |way: &dyn Fn(usize) -> usize| {
        let asked = |(number, (script, limit)): (usize, &(&str, u64))| WAYS[way(number)](script, *limit);
        compile(&questions.iter().enumerate().map(asked).collect::<Vec<_>>(), NONCE)
    };
    vec![asked(&|_| 0), asked(&|_| 1), asked(&|number| number % 2), asked(&|number| (number + 1) % 2)]
}

pub(super) fn frames(room: &Room, shell: &RealShell, program: &Program) -> Frames {
    frame::read(&run_attended(room.command(shell, &["-s"]), program.text.as_bytes(), shell.name).stdout, NONCE)
}

/// What is left of a program after it had some time to end.
pub(super) fn left_behind(mark: &str) -> Vec<String> {
    let mut left = processes_marked(mark);
    for _ in 0..300 {
        if left.is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
        left = processes_marked(mark);
    }
    left
}

/// The frames of a program that leaves no process behind. Several shells may share the room.
pub(super) fn frames_and_nothing_else(room: &Room, shell: &RealShell, program: &Program) -> Frames {
    let mut command = room.command(shell, &["-s"]);
    let mark = format!("{}/{};", room.path().display(), shell.name);
    command.env("TRUEUP_TEST_MARK", &mark);
    let frames = frame::read(&run_attended(command, program.text.as_bytes(), shell.name).stdout, NONCE);
    assert_eq!(left_behind(&format!("TRUEUP_TEST_MARK={mark}")), Vec::<String>::new(), "{}", shell.name);
    frames
}

/// Runs a test in every shell that an audit may meet.
pub(super) fn in_every_shell(test: impl Fn(&'static RealShell) + Sync) {
    std::thread::scope(|scope| {
        let yash = scope.spawn(|| test(&YASH));
        crate::transport::test_shells::in_every_shell(&test);
        assert!(yash.join().is_ok(), "failed in: yash");
    });
}

pub(super) fn answer(stdout: &str, stderr: &str, code: i32) -> Reply {
    Reply::Answered(Answer { code, stdout: stdout.into(), stderr: stderr.into() })
}

pub(super) fn readable(reply: Option<&Reply>) -> String {
    match reply {
        Some(Reply::Answered(Answer { code, stdout, stderr })) => {
            format!("{code} stdout \"{}\" stderr \"{}\"", stdout.escape_ascii(), stderr.escape_ascii())
        }
        other => format!("{other:?}"),
    }
}

/// Bytes without NUL, many of them such as frames are made of or shells use for their own marks.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => 1..=255_u8,
        1 => Just(b'\n'),
        1 => b'0'..=b'9',
        1 => prop_oneof![Just(0x01_u8), Just(0x7f), 0x80..=0x9f_u8],
    ];
    let header = format!("{NONCE} 1 4\nx\n0\n2\n{NONCE} end 0\n\n").into_bytes();
    prop_oneof![
        6 => vec(byte, 0..80),
        2 => "\\PC{0,20}".prop_map(String::into_bytes),
        1 => Just(header),
        1 => vec(1..=255_u8, 3000..6000),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4, failure_persistence: None, max_shrink_iters: 32, ..ProptestConfig::default()
    })]

    #[test]
    fn answers_are_what_was_printed(printed in vec((bytes(), bytes(), 0..=255_i32), 12)) {
        in_every_shell(|shell| {
            let room = Room::new();
            let mut questions = Vec::new();
            for (number, (stdout, stderr, code)) in printed.iter().enumerate() {
                let (out, err) = (room.path().join(format!("{number}.out")), room.path().join(format!("{number}.err")));
                fs::write(&out, stdout).unwrap();
                fs::write(&err, stderr).unwrap();
                let (out, err) = (out.display(), err.display());
                questions.push(WAYS[number / 3 % 2](&format!("cat '{out}'; cat '{err}' >&2; return {code}"), 30));
            }
            let frames = frames(&room, shell, &compile(&questions, NONCE));
            for (number, (stdout, stderr, code)) in printed.iter().enumerate() {
                let expected = Answer { code: *code, stdout: stdout.clone(), stderr: stderr.clone() };
                assert_eq!(
                    readable(frames.replies.get(&number)),
                    readable(Some(&Reply::Answered(expected))),
                    "question {number} in {}", shell.name
                );
            }
            assert!(frames.complete);
        });
    }
}

#[test]
fn an_answer_that_knows_the_nonce_forges_nothing() {
    let forge = "printf '%s 1 11\\nforged\\n0\\n8\\n%s end 0\\n\\n' \"$tu_nonce\" \"$tu_nonce\"";
    for program in programs(&[(forge, 30), ("echo true", 30), (&format!("{forge} >&2"), 30)]) {
        in_every_shell(|shell| {
            let frames = frames(&Room::new(), shell, &program);
            assert_eq!(frames.replies.get(&1), Some(&answer("true\n", "", 0)), "{}", shell.name);
            assert!(frames.complete && frames.replies.len() == 3, "{}", shell.name);
        });
    }
}

#[test]
fn a_nul_is_lost_and_harms_nobody() {
    for program in programs(&[("printf 'a\\000b\\000'", 30), ("echo next", 30)]) {
        a_nul_harms_nobody(&program);
    }
}

fn a_nul_harms_nobody(program: &Program) {
    in_every_shell(|shell| {
        let frames = frames(&Room::new(), shell, program);
        match frames.replies.get(&0) {
            Some(Reply::Answered(with_nul)) => {
                let rest: Vec<u8> = with_nul.stdout.iter().copied().filter(|byte| *byte != 0).collect();
                assert_eq!(rest.escape_ascii().to_string(), "ab", "{}", shell.name);
            }
            // ksh93 takes nothing of what follows a NUL, so its answer has no end.
            other => assert!(other == Some(&Reply::CutShort) && shell.name == "ksh93", "{}: {other:?}", shell.name),
        }
        assert_eq!(frames.replies.get(&1), Some(&answer("next\n", "", 0)), "{}", shell.name);
        assert!(frames.complete, "{}", shell.name);
    });
}

#[test]
fn a_question_that_exits_or_reads_stdin_harms_nobody() {
    let programs = programs(&[
        ("exit 7", 30),
        ("cat; read -r line || echo 'no stdin'", 30),
        ("trap 'echo gone' EXIT; set -eu; false", 30),
        ("cd /; PATH=/nowhere; IFS=x; unset tu_nonce tu_cap; set -f; echo spoilt", 30),
        ("eval '( '", 30),
        ("exec echo replaced", 30),
        ("echo $(( 1 + 1 ))$IFS", 30),
    ]);
    for program in programs {
        in_every_shell(|shell| {
            let frames = frames(&Room::new(), shell, &program);
            let told = |number| readable(frames.replies.get(&number));
            assert_eq!(told(1), readable(Some(&answer("no stdin\n", "", 0))), "{}", shell.name);
            assert!(!told(3).contains("None"), "{}: {}", shell.name, told(3));
            assert!(!told(4).starts_with("0 "), "{}: {}", shell.name, told(4));
            assert_eq!(told(6), readable(Some(&answer("2\n", "", 0))), "{}", shell.name);
            assert!(frames.complete && frames.replies.len() == 7, "{}: {frames:?}", shell.name);
        });
    }
}

#[test]
fn a_flood_on_either_stream_is_too_much() {
    let asked = |stderr, big: usize| {
        let fits = format!("head -c {big} /dev/zero | tr '\\000' x; echo end");
        programs(&[("yes", 6), (stderr, 6), (&fits, 60), ("echo beside", 6)])
    };
    a_flood_is_too_much(&asked("yes >&2", OUTPUT_CAP / 2)[0], OUTPUT_CAP / 2);
    a_flood_is_too_much(&asked("yes >&2", BRIEF_CAP / 2)[1], BRIEF_CAP / 2);
}

fn a_flood_is_too_much(program: &Program, big: usize) {
    in_every_shell(|shell| {
        let frames = frames(&Room::new(), shell, program);
        for (number, stream) in ["stdout", "stderr"].into_iter().enumerate() {
            let reply = frames.replies.get(&number);
            // On a busy machine its time may be over before it was too much, or before the flood was let pass.
            let is_cut = matches!(reply, Some(Reply::TooMuch | Reply::CutShort) | None);
            assert!(is_cut, "{stream} in {}: {}", shell.name, readable(reply));
        }
        let Some(Reply::Answered(whole)) = frames.replies.get(&2) else { panic!("half the cap in {}", shell.name) };
        assert_eq!(whole.stdout.len(), big + 4, "{}", shell.name);
        assert_eq!(frames.replies.get(&3), Some(&answer("beside\n", "", 0)), "{}", shell.name);
        assert!(frames.complete, "{}", shell.name);
    });
}

#[test]
fn a_hanging_question_is_cut_short_with_all_that_it_started() {
    let stubborn = "echo before\n/bin/sh -c 'trap \"\" TERM INT HUP; sleep 300 & (trap \"\" TERM; sleep 300) & wait'";
    let asked = [("echo first", 1), (stubborn, 1), ("echo last", 1), ("sleep 2; echo late", 6), ("sleep 300", 3)];
    for program in &programs(&asked)[..2] {
        a_hanging_question_is_cut_short(program);
    }
}

fn a_hanging_question_is_cut_short(program: &Program) {
    in_every_shell(|shell| {
        let room = Room::new();
        let mark = format!("TRUEUP_TEST_MARK={}", room.path().display());
        let mut command = room.command(shell, &["-s"]);
        command.env("TRUEUP_TEST_MARK", room.path());
        let started = Instant::now();
        let ran = run_attended(command, program.text.as_bytes(), shell.name);
        let frames = frame::read(&ran.stdout, NONCE);
        let expected = [
            answer("first\n", "", 0),
            Reply::CutShort,
            answer("last\n", "", 0),
            answer("late\n", "", 0),
            Reply::CutShort,
        ];
        let replies: Vec<String> = (0..5).map(|number| readable(frames.replies.get(&number))).collect();
        assert_eq!(replies, expected.each_ref().map(|reply| readable(Some(reply))), "{}", shell.name);
        assert!(frames.complete, "{}", shell.name);
        assert!(started.elapsed() < Duration::from_secs(80), "{} took {:?}", shell.name, started.elapsed());
        let left = left_behind(&mark);
        assert!(left.is_empty(), "{} left behind: {left:#?}", shell.name);
    });
}

/// An answer of more than a few lines is there long before a slow one in front of it is given up.
#[test]
fn a_hanging_question_costs_no_long_answer_behind_it() {
    let long = "head -c 30000 /dev/zero | tr '\\000' x | fold -w 60";
    for program in programs(&[("sleep 300", 3), (long, 3), ("echo short", 3), (long, 3)]) {
        in_every_shell(|shell| {
            let frames = frames(&Room::new(), shell, &program);
            assert_eq!(frames.replies.get(&0), Some(&Reply::CutShort), "{}", shell.name);
            for number in [1, 3] {
                let told = readable(frames.replies.get(&number));
                assert!(told.starts_with("0 stdout \"xxx") && told.len() > 30_000, "{}: {told:.80}", shell.name);
            }
            assert_eq!(frames.replies.get(&2), Some(&answer("short\n", "", 0)), "{}", shell.name);
            assert!(frames.complete, "{}", shell.name);
        });
    }
}

/// Some shells read with a time limit of their own where somebody exports one.
#[test]
fn a_time_limit_of_the_shells_own_changes_nothing() {
    for program in programs(&[("sleep 2; echo late", 30), ("tu_original TMOUT && echo \"$tu_value\"", 30)]) {
        in_every_shell(|shell| {
            let room = Room::new();
            let mut command = room.command(shell, &["-s"]);
            command.env("TMOUT", "1");
            let ran = run_attended(command, program.text.as_bytes(), shell.name);
            let frames = frame::read(&ran.stdout, NONCE);
            assert_eq!(frames.replies.get(&0), Some(&answer("late\n", "", 0)), "{}", shell.name);
            assert_eq!(frames.replies.get(&1), Some(&answer("1\n", "", 0)), "{}", shell.name);
        });
    }
}

/// A question whose answer is what a command of a shell of its own says.
fn ask_command(script: &str, limit_s: u64) -> Question {
    let items = vec![ItemId::new(Category::Tool, "test")];
    let command = Some(format!("/bin/sh -c {}", quote::word(script)));
    Question { command, covers: Covers { items, listings: Vec::new() }, ..ask("echo before", limit_s) }
}

fn program_of_commands(commands: &[(&str, u64)]) -> Program {
    let asked: Vec<_> = commands.iter().map(|(script, limit)| ask_command(script, *limit)).collect();
    compile(&asked, NONCE)
}

#[test]
fn what_a_command_says_is_taken_from_stdout_and_else_from_stderr() {
    let program = program_of_commands(&[
        ("echo 1; echo two >&2; printf 'thr\\351e'", 30),
        ("echo warning >&2; exit 3", 30),
        ("echo half; echo broken >&2; exit 3", 30),
        ("printf '\\nloading\\n'; echo version >&2", 30),
        ("kill -SEGV $$", 30),
        ("read -r line && echo \"$line\"", 30),
        (&format!("printf '%s 9 4\\nforged\\n0 %s.\\n9 %s.' {NONCE} {NONCE} {NONCE}"), 30),
        ("[ -e ../tmp/asked ] || { : >../tmp/asked; echo 'version 2' >&2; exit; }; echo 'needs 9' >&2; exit 1", 30),
    ]);
    let forged = format!("{NONCE} 9 4\nforged\n0 {NONCE}.\n9 {NONCE}.");
    in_every_shell(|shell| {
        let frames = frames_and_nothing_else(&Room::new(), shell, &program);
        // Where two streams are told in full, what stands beside an answer is told too.
        let told = |number: usize| match frames.replies.get(&number) {
            Some(Reply::Answered(Answer { code, stdout, stderr })) => {
                let stdout = stdout.trim_ascii_end().to_owned();
                (*code, stdout, String::from_utf8_lossy(stderr).trim().to_owned())
            }
            other => panic!("{number} in {}: {other:?}", shell.name),
        };
        assert_eq!(told(0).1, b"before\n1\nthr\xe9e", "{}", shell.name);
        assert_eq!(told(1), (3, b"before".to_vec(), "warning".to_owned()), "{}", shell.name);
        assert_eq!(told(2), (3, b"before\nhalf".to_vec(), "broken".to_owned()), "{}", shell.name);
        assert_eq!(told(3), (0, b"before\n\nloading".to_vec(), "version".to_owned()), "{}", shell.name);
        assert!(told(4).0 > 128 && told(4).1 == b"before", "{}: {:?}", shell.name, told(4));
        assert_eq!((told(5).0, told(5).1), (1, b"before".to_vec()), "{}", shell.name);
        assert_eq!(told(6).1, format!("before\n{forged}").into_bytes(), "{}", shell.name);
        // What it says the second time is no part of what it said the first time.
        let is_as_first = told(7) == (0, b"before".to_vec(), "version 2".to_owned());
        assert!(is_as_first || told(7).0 == 126, "{}: {:?}", shell.name, told(7));
        assert!(frames.complete && frames.replies.len() == 8, "{}", shell.name);
    });
}

#[test]
fn the_bound_on_a_shells_memory_is_not_what_it_starts_has() {
    let limits = "echo \"$(ulimit -S -d) $(ulimit -S -c)\"";
    let question = Question { script: limits.to_owned(), ..ask_command(limits, 30) };
    let program = compile(&[question], NONCE);
    in_every_shell(|shell| {
        let frames = frames(&Room::new(), shell, &program);
        let Some(Reply::Answered(told)) = frames.replies.get(&0) else { panic!("{}", shell.name) };
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        let lines: Vec<&str> = told.lines().collect();
        let outside = run(Room::new().command(shell, &["-c", limits]), b"", shell.name).stdout_text();
        assert_eq!(lines[0], outside.trim_end(), "{}", shell.name);
        // Asked by the shell that this machine has for sh, which may count in another unit.
        let by_sh = run(Room::new().command(&SHELLS[0], &["-c", limits]), b"", shell.name).stdout_text();
        assert_eq!(lines[1], by_sh.trim_end(), "{}", shell.name);
    });
}

#[test]
fn a_command_that_cannot_be_started_says_why() {
    let missing = Question { command: Some("/nowhere/tool --version".to_owned()), ..ask_command("", 30) };
    let program = compile(&[missing, ask_command("echo next", 30)], NONCE);
    in_every_shell(|shell| {
        let frames = frames_and_nothing_else(&Room::new(), shell, &program);
        let Some(Reply::Answered(why)) = frames.replies.get(&0) else { panic!("{}", shell.name) };
        assert!((126..=127).contains(&why.code), "{}: {}", shell.name, why.code);
        assert!(String::from_utf8_lossy(&why.stderr).contains("/nowhere/tool"), "{}: {why:?}", shell.name);
        assert_eq!(frames.replies.get(&1), Some(&answer("before\nnext\n", "", 0)), "{}", shell.name);
    });
}

#[test]
fn a_command_that_floods_or_hangs_costs_itself_alone() {
    let half = format!("head -c {} /dev/zero | tr '\\000' x", BRIEF_CAP / 2);
    let program = program_of_commands(&[
        ("yes", 6),
        ("yes >&2", 6),
        ("trap '' TERM; sleep 300 & sleep 300", 2),
        ("echo partial; sleep 300", 2),
        // It has moved to another parent, and holds what was its stdout; that costs the answer, where one shell holds it.
        ("/bin/sh -c 'sleep 100 &'; echo started", 2),
        (&half, 60),
        ("echo beside", 6),
    ]);
    in_every_shell(|shell| {
        let started = Instant::now();
        let frames = frames_and_nothing_else(&Room::new(), shell, &program);
        for number in 0..5 {
            let reply = frames.replies.get(&number);
            let has_ended = number == 4 && reply == Some(&answer("before\nstarted\n", "", 0));
            let is_none = matches!(reply, Some(Reply::TooMuch | Reply::CutShort) | None);
            assert!(is_none || has_ended, "{number} in {}: {}", shell.name, readable(reply));
        }
        let Some(Reply::Answered(whole)) = frames.replies.get(&5) else { panic!("half the cap in {}", shell.name) };
        assert_eq!(whole.stdout.trim_ascii_end().len(), "before\n".len() + BRIEF_CAP / 2, "{}", shell.name);
        assert_eq!(frames.replies.get(&6), Some(&answer("before\nbeside\n", "", 0)), "{}", shell.name);
        assert!(frames.complete, "{}", shell.name);
        assert!(started.elapsed() < Duration::from_secs(80), "{} took {:?}", shell.name, started.elapsed());
    });
}

/// What a question printed before it was ended is no answer, whatever it looks like.
#[test]
fn half_an_answer_that_looks_like_a_whole_is_none() {
    for program in &programs(&[("echo partial; printf 'x\n0' >&2; sleep 300; echo more", 2)])[..2] {
        in_every_shell(|shell| {
            let frames = frames(&Room::new(), shell, program);
            assert_eq!(frames.replies.get(&0), Some(&Reply::CutShort), "{}", shell.name);
        });
    }
}

#[test]
fn a_daemon_that_holds_stdout_stops_only_its_own_question() {
    // The daemon has moved to another parent, where the watch does not look for it.
    let asked = [("echo first", 2), ("/bin/sh -c 'sleep 100 &'; echo started", 2), ("echo last", 2)];
    for program in &programs(&asked)[..2] {
        a_daemon_stops_only_its_own_question(program);
    }
}

fn a_daemon_stops_only_its_own_question(program: &Program) {
    in_every_shell(|shell| {
        let started = Instant::now();
        let room = Room::new();
        let mut command = room.command(shell, &["-s"]);
        command.env("TRUEUP_TEST_MARK", room.path());
        let frames = frame::read(&run_attended(command, program.text.as_bytes(), shell.name).stdout, NONCE);
        for left in processes_marked(&format!("TRUEUP_TEST_MARK={}", room.path().display())) {
            let pid = left.split_whitespace().next().and_then(|pid| Pid::from_raw(pid.parse().unwrap()));
            let _gone = kill_process(pid.unwrap(), Signal::KILL);
        }
        assert_eq!(frames.replies.get(&0), Some(&answer("first\n", "", 0)), "{}", shell.name);
        // Where what reads the answer is no process of its own, it lives to see the daemon ended.
        let told = readable(frames.replies.get(&1));
        let as_told = [readable(Some(&Reply::CutShort)), readable(Some(&answer("started\n", "", 0)))];
        assert!(as_told.contains(&told), "{}: {told}", shell.name);
        assert_eq!(frames.replies.get(&2), Some(&answer("last\n", "", 0)), "{}", shell.name);
        assert!(frames.complete, "{}", shell.name);
        assert!(started.elapsed() < Duration::from_secs(80), "{} waited for the daemon", shell.name);
    });
}

#[test]
fn nothing_is_written_and_no_temporary_folder_is_needed() {
    let program = program(&[("echo one", 30), ("tu_describe /etc/passwd /nowhere", 30), ("tu_find cat", 30)]);
    // A here-document is a temporary file in some shells.
    assert!(!program.text.contains("<<"));
    in_every_shell(|shell| {
        let room = Room::new();
        assert!(frames(&room, shell, &program).complete, "{}", shell.name);
        for folder in [room.home(), room.tmp()] {
            let found: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert!(found.is_empty(), "{} wrote {found:?}", shell.name);
        }
        let mut command = room.command(shell, &["-s"]);
        command.env("TMPDIR", "/nowhere").env("HOME", "/nowhere");
        let ran = run_attended(command, program.text.as_bytes(), shell.name);
        let without = frame::read(&ran.stdout, NONCE);
        assert_eq!(without.replies.get(&0), Some(&answer("one\n", "", 0)), "{}", shell.name);
        assert!(without.complete, "{}", shell.name);
    });
}

#[test]
fn shellcheck_finds_nothing_in_a_program() {
    let room = Room::new();
    let file = room.path().join("program.sh");
    fs::write(&file, every_question().text).unwrap();
    let mut shellcheck = Command::new("shellcheck");
    // The runtime says at its own top what it is excused from; within a program that is no longer the top. Questions
    // are called by name, which shellcheck cannot follow, and dpkg-query has a `${…}` of its own.
    shellcheck.args(["--shell=sh", "--exclude=SC2154,SC2034,SC2317,SC2016"]).arg(&file);
    let ran = run(shellcheck, b"", "shellcheck");
    assert_eq!(ran.stdout_text(), "");
    assert_eq!(ran.code, 0);
}

#[test]
fn start_up_files_that_talk_read_or_give_up_are_told_from_answers() {
    let questions = [ask("echo answer", 10)];
    for login in ["dash", "bash", "zsh", "mksh", "ksh93"] {
        let through = |startup: &str| {
            let room = Room::new();
            for file in [".profile", ".bash_profile", ".zprofile"] {
                fs::write(room.home().join(file), startup).unwrap();
            }
            let surroundings = Surroundings {
                home: room.home(),
                user: "dev".to_owned(),
                ssh_agent: None,
                env: [("SHELL", which(login).into()), ("HOME", room.home().into_os_string())]
                    .map(|(name, value)| (name.into(), value))
                    .to_vec(),
                connect_limit: Duration::from_secs(10),
                system_ssh: room.home(),
                passphrases: std::sync::Arc::default(),
            };
            let shell = Shell { login: true, interactive: false };
            audit::ask(&mut Connection::local(&Sandbox::default(), shell, &surroundings), &questions)
        };
        let expected = [Ok(Answer { code: 0, stdout: b"answer\n".to_vec(), stderr: Vec::new() })];
        let talks = "printf 'welcome, no newline'; echo warning >&2; read -r line; cat; false\n";
        assert_eq!(through(talks).unwrap(), expected, "{login}");
        let told = through("echo 'this machine is retired'; exit 3\n").unwrap_err().to_string();
        assert!(told.contains("exit code 3") && told.contains("this machine is retired"), "{login}: {told}");
        let told = through("exit 0\n").unwrap_err().to_string();
        assert!(told.contains("exit code 0"), "{login}: {told}");
    }
}

/// One program with a question of every probe.
pub(super) fn every_question() -> Program {
    let mut spec = "name = \"all\"\n[tools]\ngit = \"exact\"\njava = \"exact\"\n\"it's\" = \"exact\"\n".to_owned();
    spec += "[packages]\nnpm = { policy = \"exact\", names = [\"prettier\"] }\napt = { policy = \"exact\", names = \"all\" }\n";
    for manager in super::vocabulary().managers.into_iter().filter(|manager| !["npm", "apt"].contains(manager)) {
        spec += &format!("{manager} = {{ names = \"all\" }}\n");
    }
    spec += "of-a-tap = { brew = \"acme/tap/tf\" }\n";
    spec += "[dotfiles]\nsource = \"s\"\nfiles = [\".zshrc\", \"it's odd\", \".config/**\", \".x/*.{a,b}\"]\n";
    spec += "\".it's.json\" = { compare = \"keys\", mode = \"0600\" }\n\".profile\" = { template = true }\n";
    spec += "[repos.carmenta]\nurl = \"git@github.com:example/carmenta.git\"\npath = \"~/src/car menta\"\n";
    let mut environment = crate::spec::parse("all.toml", &spec, &super::vocabulary()).unwrap();
    environment.dotfiles.known = other_digests();
    let questions: Vec<Question> = PROBES.iter().flat_map(|probe| (probe.ask)(&environment)).collect();
    assert!(questions.len() >= PROBES.len());
    compile(&questions, NONCE)
}

/// Digests that some of the files do not have: their contents are asked for.
pub(super) fn other_digests() -> BTreeMap<String, Digest> {
    [".zshrc", "it's odd", ".absent"].map(|name| (name.to_owned(), Digest::of(b"other"))).into()
}
