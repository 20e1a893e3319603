//! The shell texts that enter a container and leave it, in real shells on this machine.
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "tests are an IO edge: they start processes")]

use super::container::{ENTER, leave};
use super::test_shells::{Room, in_every_shell, processes_marked, run, start};

#[test]
fn home_and_shell_come_from_the_users_entry_where_the_engine_gives_none() {
    in_every_shell(|shell| {
        let room = Room::new();
        let program = format!("{ENTER}\nprintf '%s\\n' \"$HOME\" \"$SHELL\"; pwd");
        let mut command = room.command(shell, &["-c", &program]);
        command.env_remove("HOME").env_remove("SHELL").current_dir("/");
        let ran = run(command, b"", shell.name);
        let text = ran.stdout_text();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() == 3 && lines[0] == lines[2] && lines[0].len() > 1, "{text}");
        assert!(lines[1].starts_with('/'), "{text}");
        assert_eq!(ran.stderr, b"");

        // What is set already stays.
        let mut command = room.command(shell, &["-c", &program]);
        command.env("SHELL", "/bin/mine");
        let text = run(command, b"", shell.name).stdout_text();
        let home = room.home().display().to_string();
        assert_eq!(text.lines().take(2).collect::<Vec<_>>(), [home.as_str(), "/bin/mine"]);
    });
}

#[test]
fn leaving_ends_a_command_by_its_name_with_all_that_it_started() {
    in_every_shell(|shell| {
        let (room, other) = (Room::new(), Room::new());
        let name = format!("trueup-{}", room.path().file_name().unwrap().display());
        let program = "sleep 311 & (sleep 312 & wait) & echo up; wait\nexit $?";
        let mut command = start(room.command(shell, &["-c", program, &name]), shell.name);
        let bystander_name = format!("{name}-not");
        let mut bystander =
            start(room.command(shell, &["-c", "echo up; sleep 313; exit", &bystander_name]), shell.name);
        for child in [&mut command, &mut bystander] {
            use std::io::Read as _;
            child.stdout.as_mut().unwrap().read_exact(&mut [0; 3]).unwrap();
        }
        let left = other.run(shell, &["-s"], leave(&name).as_bytes());
        assert_eq!((left.code, left.stdout_text().as_str()), (0, ""), "{:?}", String::from_utf8_lossy(&left.stderr));
        assert!(!command.wait().unwrap().success());
        let marked = processes_marked(&format!("HOME={}", room.home().display()));
        assert!(marked.iter().all(|line| line.contains("313")), "{marked:?}");
        assert!(bystander.try_wait().unwrap().is_none(), "a command of another name was ended");
        other.run(shell, &["-s"], leave(&bystander_name).as_bytes());
        bystander.wait().unwrap();
    });
}

#[test]
fn shellcheck_finds_nothing() {
    let room = Room::new();
    for (name, text) in [("enter", ENTER.to_owned()), ("leave", leave("trueup-1"))] {
        let file = room.path().join(name);
        std::fs::write(&file, text).unwrap();
        let mut shellcheck = std::process::Command::new("shellcheck");
        shellcheck.arg("--shell=sh").arg(&file);
        let ran = run(shellcheck, b"", "shellcheck");
        assert_eq!((ran.stdout_text().as_str(), ran.code), ("", 0), "{name}");
    }
}
