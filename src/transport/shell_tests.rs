//! Values that meet real shells come back byte for byte.
#![expect(clippy::disallowed_methods, reason = "tests are an IO edge: they write start-up files")]

use std::process::Command;

use proptest::collection::vec;
use proptest::prelude::*;

use super::test_shells::{Room, SHELLS, awkward, in_every_shell, run, which};
use super::{quote, shell};
use crate::spec::Shell;

/// Few cases, each of many values: starting shells is what takes the time.
fn few() -> ProptestConfig {
    ProptestConfig { cases: 4, failure_persistence: None, max_shrink_iters: 64, ..ProptestConfig::default() }
}

/// What the shell is to print: each value with a NUL behind it. NUL cannot be part of an argument.
fn ended_by_nul(values: &[String]) -> Vec<u8> {
    values.iter().flat_map(|value| [value.replace('\0', "").as_bytes(), b"\0"].concat()).collect()
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn quoted_words_are_what_they_were(values in vec(awkward(), 1..60)) {
        let script = format!("set -- {}\nprintf '%s\\000' \"$@\"\n", quote::words(values.iter().map(String::as_str)));
        in_every_shell(|shell| {
            let room = Room::new();
            for ran in [room.run(shell, &["-s"], script.as_bytes()), room.run(shell, &["-c", &script], b"")] {
                assert_eq!(ran.stdout.escape_ascii().to_string(), ended_by_nul(&values).escape_ascii().to_string());
            }
        });
    }

    #[test]
    fn printf_prints_exactly_these_bytes(values in vec(vec(any::<u8>(), 0..40), 1..20), text in vec(awkward(), 1..20)) {
        let all: Vec<Vec<u8>> = values.into_iter().chain(text.into_iter().map(String::into_bytes)).collect();
        let script: String = all.iter().map(|bytes| quote::printf_of(bytes) + "\n").collect();
        in_every_shell(|shell| {
            let ran = Room::new().run(shell, &["-s"], script.as_bytes());
            assert_eq!(ran.stdout.escape_ascii().to_string(), all.concat().escape_ascii().to_string());
        });
    }

    /// Below the home with and without `~/`, and never an option, whatever it is called.
    #[test]
    fn places_are_found_whatever_they_are_called(names in vec(awkward(), 1..20)) {
        let is_name = |name: &&String| !matches!(name.as_str(), "" | "." | ".." | "~") && !name.contains(['\0', '/']);
        let names: Vec<String> = names.iter().filter(is_name).filter(|name| name.len() < 200).cloned().collect();
        in_every_shell(|shell| {
            let room = Room::new();
            let mut script = String::from("cd\n");
            let mut expected = Vec::new();
            for (number, name) in names.iter().enumerate() {
                let folder = room.home().join(format!("{number}"));
                std::fs::create_dir(&folder).unwrap();
                std::fs::write(folder.join(name), format!("{number} ")).unwrap();
                std::fs::write(room.home().join(name), name).unwrap();
                let absolute = folder.join(name).to_str().unwrap().to_owned();
                for place in [format!("{number}/{name}"), format!("~/{number}/{name}"), absolute] {
                    script += &format!("cat {}\n", quote::word(&quote::place(&place)));
                    expected.extend(format!("{number} ").bytes());
                }
                for place in [name.clone(), format!("~/{name}")] {
                    script += &format!("[ -f {0} ] && cat {0}\n", quote::word(&quote::place(&place)));
                    expected.extend(name.bytes());
                }
            }
            let ran = room.run(shell, &["-s"], script.as_bytes());
            assert_eq!(ran.stdout.escape_ascii().to_string(), expected.escape_ascii().to_string(), "{ran:?}");
        });
    }

    /// sshd gives the line to the user's login shell, whose quoting may be another than sh's.
    #[test]
    fn a_line_means_the_same_to_whatever_shell_reads_it_first(paths in vec(awkward(), 1..8)) {
        in_every_login_shell(|first, room| {
            for path in paths.iter().map(|path| format!("/nowhere/{}", path.replace('\0', ""))) {
                for context in contexts() {
                    let line = shell::command_line(context, Some(&path));
                    let mut command = Command::new(first);
                    let made = room.command(&SHELLS[0], &[]);
                    let env = made.get_envs().filter_map(|(name, value)| Some((name, value?)));
                    command.args(["-c", &line]).env_clear().envs(env).env("SHELL", first).current_dir(room.home());
                    let ran = run(command, b"printf '%s' \"$PATH\"; exit 5\n", first);
                    let told = format!("{context:?}: {} {}", ran.stdout.escape_ascii(), ran.stderr.escape_ascii());
                    let as_meant = ran.stdout.ends_with(path.as_bytes()) && ran.code == 5;
                    assert!(as_meant, "{told} is not {}", path.escape_debug());
                }
            }
        });
    }
}

fn contexts() -> [Shell; 4] {
    [(false, false), (true, false), (false, true), (true, true)]
        .map(|(login, interactive)| Shell { login, interactive })
}

/// The shells that people have as their login shell, each as SHELL would name it.
fn in_every_login_shell(test: impl Fn(&str, &Room) + Sync) {
    let failed: Vec<&str> = std::thread::scope(|scope| {
        let one = |name| {
            let test = &test;
            (name, scope.spawn(move || test(which(name).to_str().unwrap(), &Room::new())))
        };
        let runs = ["dash", "bash", "zsh", "mksh", "ksh93", "yash", "fish", "tcsh", "csh"].map(one);
        runs.into_iter().filter_map(|(name, run)| run.join().is_err().then_some(name)).collect()
    });
    assert!(failed.is_empty(), "failed with the login shell {}", failed.join(", "));
}

#[test]
fn a_program_comes_over_stdin_whatever_the_start_up_files_do() {
    let startup = "echo banner\nread -r stolen\ncat >/dev/null\n";
    in_every_login_shell(|login, room| {
        for file in
            [".profile", ".bash_profile", ".bashrc", ".zprofile", ".zshenv", ".zshrc", ".yash_profile", ".yashrc"]
        {
            std::fs::write(room.home().join(file), startup).unwrap();
        }
        let fish = room.home().join(".config/fish");
        std::fs::create_dir_all(&fish).unwrap();
        std::fs::write(fish.join("config.fish"), "echo banner\nread -l stolen\ncat >/dev/null\n").unwrap();
        // csh cannot keep its start-up files from stdin; see `shell`.
        for file in [".cshrc", ".login"] {
            std::fs::write(room.home().join(file), "echo banner\nsh -c 'echo noise >&2'\nset odd = `false`\n").unwrap();
        }
        for context in contexts() {
            let line = shell::command_line(context, Some("/first:/usr/bin:/bin"));
            let mut command = room.command(&SHELLS[0], &["-c", &line]);
            command.env("SHELL", login);
            let ran = run(command, b"{ echo \"path $PATH\"; exit 5; }\n", login);
            let told = ran.stdout_text();
            assert!(told.ends_with("path /first:/usr/bin:/bin\n"), "{context:?}: {told}");
            assert_eq!(ran.code, 5, "{context:?}: {}", ran.stderr.escape_ascii());
        }
    });
}
