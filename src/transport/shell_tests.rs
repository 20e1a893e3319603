//! Values that meet real shells come back byte for byte.
#![expect(clippy::disallowed_methods, reason = "tests are an IO edge: they write start-up files")]

use std::process::Command;

use proptest::collection::vec;
use proptest::prelude::*;

use super::test_shells::{Room, SHELLS, awkward, in_every_shell, run, which};
use super::{Aim, quote, shell};
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

    #[test]
    fn arguments_arrive_through_every_login_shell(arguments in vec(awkward(), 1..20), path in awkward()) {
        let path = format!("/nowhere/{}", path.replace('\0', ""));
        in_every_login_shell(|login, room| {
            for (context, override_path) in contexts().into_iter().flat_map(|c| [(c, None), (c, Some(path.as_str()))]) {
                let program = "printf '%s\\000' \"$0\" \"$@\"; [ -z \"$see_path\" ] || printf '%s' \"$PATH\"";
                let aim = Aim::Inline { program, arguments: &arguments };
                let line = shell::command_line(context, override_path, aim);
                let mut command = room.command(&SHELLS[0], &["-c", &line]);
                command.env("SHELL", login).env("see_path", if override_path.is_some() { "yes" } else { "" });
                let ran = run(command, b"", login);
                let told = [b"trueup\0".to_vec(), ended_by_nul(&arguments)].concat();
                let expected = [told, override_path.unwrap_or("").as_bytes().to_vec()].concat();
                // An interactive yash without start-up files welcomes its user first.
                assert!(
                    ran.stdout.ends_with(&expected),
                    "{context:?}: {} is not {}",
                    ran.stdout.escape_ascii(),
                    expected.escape_ascii()
                );
                assert_eq!(ran.code, 0, "{context:?}: {}", ran.stderr.escape_ascii());
            }
        });
    }
}

proptest! {
    #![proptest_config(few())]

    /// sshd gives the line to the user's login shell, whose quoting may be another than sh's.
    #[test]
    fn a_line_means_the_same_to_whatever_shell_reads_it_first(arguments in vec(awkward(), 1..20), path in awkward()) {
        let path = format!("/nowhere/{}", path.replace('\0', ""));
        in_every_login_shell(|first, room| {
            for program in ["printf '%s\\000' \"$0\" \"$@\"", "\nprintf '%s\\000' \"$0\" \\\n\"$@\" # it's !odd\n"] {
                let aim = Aim::Inline { program, arguments: &arguments };
                for context in contexts() {
                    let line = shell::command_line(context, Some(&path), aim);
                    let mut command = Command::new(first);
                    let made = room.command(&SHELLS[0], &[]);
                    let env = made.get_envs().filter_map(|(name, value)| Some((name, value?)));
                    command.args(["-c", &line]).env_clear().envs(env).env("SHELL", first).current_dir(room.home());
                    let ran = run(command, b"", first);
                    let expected = [b"trueup\0".to_vec(), ended_by_nul(&arguments)].concat();
                    let told = format!("{context:?}: {} {}", ran.stdout.escape_ascii(), ran.stderr.escape_ascii());
                    assert!(ran.stdout.ends_with(&expected) && ran.code == 0, "{told} is not {}", expected.escape_ascii());
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
            let line = shell::command_line(context, Some("/first:/usr/bin:/bin"), Aim::Program);
            let mut command = room.command(&SHELLS[0], &["-c", &line]);
            command.env("SHELL", login);
            let ran = run(command, b"{ echo \"path $PATH\"; exit 5; }\n", login);
            let told = ran.stdout_text();
            assert!(told.ends_with("path /first:/usr/bin:/bin\n"), "{context:?}: {told}");
            assert_eq!(ran.code, 5, "{context:?}: {}", ran.stderr.escape_ascii());
        }
    });
}
