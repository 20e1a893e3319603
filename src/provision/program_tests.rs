//! Programs of apply and rollback in real shells: what they put in place, what they give back, and what is left when
//! they are killed at any of their commands.
#![expect(clippy::disallowed_methods, reason = "tests are an IO edge: they make files and start processes")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::program::{Contents, Event, Events, apply, rollback};
use super::root::Means;
use super::work::{
    CommandWork, CommittedFile, Executable, FileWork, Keep, RepoWork, SecretsFile, ServiceWork, SettingWork, ValueFrom,
    VariableWork, Well,
};
use super::{Action, Step, Work};
use crate::spec::service::Manager;
use crate::spec::{Digest, Mode};
use crate::transport::test_shells::{RealShell, Room, SHELLS, in_every_shell, run, start, which};

const NONCE: &str = "n0nce";

fn step(work: Work) -> Step {
    Step {
        provider: "test".to_owned(),
        action: Action::Change,
        subject: "something".to_owned(),
        findings: Vec::new(),
        seen: Vec::new(),
        why: String::new(),
        work,
        root: false,
        undone_by_rollback: true,
        after: Vec::new(),
        at_last: false,
        tentative: false,
        diff: None,
    }
}

fn put(contents: &mut Contents, path: &str, mode: u16, content: &[u8]) -> Step {
    let digest = Digest::of(content);
    contents.insert(digest.clone(), content.to_owned());
    step(Work::File(FileWork::PutFile { path: path.to_owned(), mode: Mode(mode), digest }))
}

fn link(path: &str, to: &str) -> Step {
    step(Work::File(FileWork::PutLink { path: path.to_owned(), to: to.to_owned() }))
}

fn program(steps: &[Step], contents: &Contents) -> String {
    apply(steps, &(0..steps.len()).collect::<Vec<_>>(), contents, &Means::default(), NONCE, NONCE)
}

fn events(room: &Room, shell: &RealShell, program: &str) -> Vec<Event> {
    Events::new(NONCE).hear(&room.run(shell, &["-s"], program.as_bytes()).stdout)
}

/// The exit codes of the steps, and that the program came to its end.
fn codes(events: &[Event]) -> Vec<i32> {
    assert_eq!(events.last(), Some(&Event::Done), "{events:?}");
    let code = |event: &Event| if let Event::Ended(_, code, _) = event { Some(*code) } else { None };
    events.iter().filter_map(code).collect()
}

fn generations(room: &Room) -> std::path::PathBuf {
    room.home().join(".local/state/trueup/generations")
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn roll_back(room: &Room, shell: &RealShell, generation: &str) -> Vec<Event> {
    let mut entries = names(&generations(room).join(generation).join("entries"));
    entries.reverse();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    events(room, shell, &rollback(generation, &entries, false, &Means::default(), NONCE))
}

/// Everything in the home but trueup's own state: kind, mode and content by path.
fn snapshot(room: &Room) -> BTreeMap<String, String> {
    fn walk(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
        for name in names(folder) {
            let path = folder.join(&name);
            let name = format!("{prefix}{name}");
            let metadata = fs::symlink_metadata(&path).unwrap();
            let mode = metadata.permissions().mode() & 0o7777;
            if metadata.is_symlink() {
                found.insert(name, format!("link to {}", fs::read_link(&path).unwrap().display()));
            } else if metadata.is_dir() {
                if name != ".local" {
                    found.insert(name.clone(), format!("folder {mode:o}"));
                    walk(&path, &format!("{name}/"), found);
                }
            } else {
                found.insert(name, format!("file {mode:o} {}", fs::read(&path).unwrap().escape_ascii()));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&room.home(), "", &mut found);
    found
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A home with something at most of the places that are going to change.
fn lived_in() -> Room {
    let room = Room::new();
    let home = room.home();
    fs::write(home.join(".zshrc"), "old zshrc\n").unwrap();
    set_mode(&home.join(".zshrc"), 0o640);
    fs::create_dir(home.join("folder")).unwrap();
    set_mode(&home.join("folder"), 0o700);
    fs::write(home.join("folder/inside"), "kept\n").unwrap();
    symlink("folder", home.join(".linked")).unwrap();
    symlink(".zshrc", home.join(".profile")).unwrap();
    fs::write(home.join(".extra"), "to be removed\n").unwrap();
    room
}

const ODD: &str = "it's \"odd\" $x `y` *?[a] \\n %s ü日";

fn steps(contents: &mut Contents) -> Vec<Step> {
    let mode = Mode(0o750);
    vec![
        put(contents, ".zshrc", 0o600, b"new zshrc\n"),
        put(contents, ".linked", 0o644, b"a file where a link to a folder was\n"),
        link(".profile", "folder"),
        put(contents, &format!(".config/deep/{ODD}"), 0o755, b"\x00\xff%s\\n'$x\n\n"),
        put(contents, "-dash", 0o644, b""),
        link(&format!("-link {ODD}"), ODD),
        step(Work::File(FileWork::PutFolder { path: "folder".to_owned(), mode })),
        step(Work::File(FileWork::PutFolder { path: ".cache/new".to_owned(), mode })),
        step(Work::File(FileWork::Remove { path: ".extra".to_owned() })),
    ]
}

fn wanted() -> BTreeMap<String, String> {
    let mut wanted: BTreeMap<String, String> = [
        (".zshrc", "file 600 new zshrc\\n"),
        (".linked", "file 644 a file where a link to a folder was\\n"),
        (".profile", "link to folder"),
        (".config", "folder 755"),
        (".config/deep", "folder 755"),
        ("-dash", "file 644 "),
        ("folder", "folder 750"),
        ("folder/inside", "file 644 kept\\n"),
        (".cache", "folder 755"),
        (".cache/new", "folder 750"),
    ]
    .map(|(path, what)| (path.to_owned(), what.to_owned()))
    .into();
    wanted.insert(format!(".config/deep/{ODD}"), "file 755 \\x00\\xff%s\\\\n\\'$x\\n\\n".to_owned());
    wanted.insert(format!("-link {ODD}"), format!("link to {ODD}"));
    wanted
}

#[test]
fn everything_is_put_in_place_and_given_back() {
    let mut contents = Contents::new();
    let steps = steps(&mut contents);
    let program = program(&steps, &contents);
    in_every_shell(|shell| {
        let room = lived_in();
        let before = snapshot(&room);
        assert_eq!(codes(&events(&room, shell, &program)), vec![0; steps.len()], "{}", shell.name);
        assert_eq!(snapshot(&room), wanted(), "{}", shell.name);
        // What goes back is what was there, even after a second apply that had nothing to do but did it.
        assert_eq!(codes(&events(&room, shell, &program))[..8], [0; 8], "{}", shell.name);
        assert_eq!(snapshot(&room), wanted(), "{}", shell.name);
        for generation in ["000002", "000001", "000001"] {
            let codes = codes(&roll_back(&room, shell, generation));
            assert!(codes.iter().all(|code| *code == 0), "{}: {codes:?}", shell.name);
        }
        assert_eq!(snapshot(&room), before, "{}", shell.name);
    });
}

#[test]
fn what_cannot_be_done_changes_nothing_and_leaves_nothing() {
    let mut contents = Contents::new();
    let mut damaged = put(&mut contents, ".zshrc", 0o600, b"as sent\n");
    contents.insert(Digest::of(b"as sent\n"), b"as arrived\n".to_vec());
    damaged.subject = "damaged on the way".to_owned();
    let steps = [
        damaged,
        put(&mut contents, "folder", 0o600, b"over a folder\n"),
        link("folder", "over a folder"),
        put(&mut contents, "line\nbreak", 0o600, b"x\n"),
        link("another\nbreak", "x"),
        put(&mut contents, ".zshrc/below-a-file", 0o600, b"x\n"),
        step(Work::Command(CommandWork::Command {
            arguments: vec!["/nowhere/at-all".to_owned()],
            refresh: Vec::new(),
        })),
        step(Work::Command(CommandWork::Command {
            arguments: vec!["/bin/sh".to_owned(), "-c".to_owned(), "cat; exit 3".to_owned()],
            refresh: Vec::new(),
        })),
    ];
    let program = program(&steps, &contents);
    in_every_shell(|shell| {
        let room = lived_in();
        let before = snapshot(&room);
        let codes = codes(&events(&room, shell, &program));
        assert!(codes.len() == steps.len() && !codes.contains(&0), "{}: {codes:?}", shell.name);
        assert_eq!(codes[6..], [127, 3], "{}", shell.name);
        assert_eq!(snapshot(&room), before, "{}", shell.name);
    });
}

#[test]
fn what_was_made_of_a_file_takes_its_place_only_as_long_as_it_is_that_file() {
    let mut contents = Contents::new();
    let mut over = |path: &str, seen: Option<&[u8]>| {
        let Step { work: Work::File(FileWork::PutFile { path, mode, digest }), .. } =
            put(&mut contents, path, 0o600, b"new\n")
        else {
            unreachable!("it puts a file");
        };
        step(Work::File(FileWork::MergeKeys { path, mode, over: seen.map(Digest::of), digest }))
    };
    let steps = [
        over("a", Some(b"old\n")),
        over("b", Some(b"other\n")),
        over("c", None),
        over("folder/d", None),
        over("a link", Some(b"old\n")),
        over("b", None),
    ];
    let program = program(&steps, &contents);
    in_every_shell(|shell| {
        let room = Room::new();
        for name in ["a", "b"] {
            fs::write(room.home().join(name), "old\n").unwrap();
        }
        symlink("a", room.home().join("a link")).unwrap();
        let before = snapshot(&room);
        assert_eq!(codes(&events(&room, shell, &program)), [0, 1, 0, 0, 1, 1], "{}", shell.name);
        let after = snapshot(&room);
        for (name, is) in [
            ("a", "file 600 new\\n"),
            ("c", "file 600 new\\n"),
            ("folder/d", "file 600 new\\n"),
            ("a link", "link to a"),
        ] {
            assert_eq!(after[name], is, "{}", shell.name);
        }
        assert_eq!(after["b"], before["b"], "{}", shell.name);
        assert_eq!(codes(&roll_back(&room, shell, "000001")), [0; 4], "{}", shell.name);
        assert_eq!(snapshot(&room), before, "{}", shell.name);
    });
}

#[test]
fn variables_are_set_one_after_the_other_and_taken_back() {
    let mut contents = Contents::new();
    let variable = |contents: &mut Contents, name: &str, value: &str| {
        let value_from = ValueFrom::Secret(format!("env:{name}"));
        let work = VariableWork { name: name.to_owned(), value: value_from, login: true, held: Vec::new() };
        contents.insert(work.ticket(), value.as_bytes().to_vec());
        step(Work::Variable(work))
    };
    let odd = "it's \\n %s $HOME `x` \"q\" TU_END !x -n";
    let steps =
        [variable(&mut contents, "A_B", odd), variable(&mut contents, "A", "-e"), variable(&mut contents, "EMPTY", "")];
    let first = program(&steps, &contents);
    let changed = variable(&mut contents, "A", "changed");
    let again = program(&[changed], &contents);
    in_every_shell(|shell| {
        let room = Room::new();
        fs::write(room.home().join(".profile"), "# no end of line").unwrap();
        fs::set_permissions(room.home().join(".profile"), fs::Permissions::from_mode(0o640)).unwrap();
        let before = snapshot(&room);
        assert_eq!(codes(&events(&room, shell, &first)), [0; 3], "{}", shell.name);
        let ask = ". ./.profile; for tu_name in A_B A EMPTY; do printenv \"$tu_name\"; done";
        let said = |room: &Room| {
            let output =
                Command::new("sh").args(["-c", ask]).current_dir(room.home()).env("HOME", room.home()).output();
            String::from_utf8(output.unwrap().stdout).unwrap()
        };
        assert_eq!(said(&room), format!("{odd}\n-e\n\n"), "{}", shell.name);
        assert_eq!(codes(&events(&room, shell, &again)), [0], "{}", shell.name);
        assert_eq!(said(&room), format!("{odd}\nchanged\n\n"), "{}", shell.name);
        assert!(snapshot(&room)[".profile"].starts_with("file 640 # no end of line\\n"), "{}", shell.name);
        assert!(snapshot(&room)[".config/trueup/environment"].starts_with("file 600 "), "{}", shell.name);
        for generation in ["000002", "000001"] {
            assert!(codes(&roll_back(&room, shell, generation)).iter().all(|code| *code == 0), "{}", shell.name);
        }
        assert_eq!(snapshot(&room), before, "{}", shell.name);
    });
}

#[test]
fn a_git_setting_is_set_removed_and_given_back() {
    let steps = [
        step(Work::Repo(RepoWork::GitSetting {
            repo: "car menta".to_owned(),
            key: "core.hooksPath".to_owned(),
            values: vec!["it's here".to_owned()],
            file: None,
        })),
        step(Work::Repo(RepoWork::GitSetting {
            repo: "car menta".to_owned(),
            key: "alias.old".to_owned(),
            values: Vec::new(),
            file: None,
        })),
    ];
    let program = program(&steps, &Contents::new());
    in_every_shell(|shell| {
        let room = Room::new();
        let git = |arguments: &[&str]| git(&room, arguments);
        git(&["init", "-q", "car menta"]);
        git(&["-C", "car menta", "config", "alias.old", "status"]);
        let config = room.home().join("car menta/.git/config");
        let before = fs::read(&config).unwrap();
        // Makes the folder of busybox's commands, to which git is added for the shell that has nothing else.
        drop(room.command(shell, &[]));
        symlink(which("git"), room.path().join("applets/git")).unwrap();
        assert_eq!(codes(&events(&room, shell, &program)), [0, 0], "{}", shell.name);
        assert_eq!(git(&["-C", "car menta", "config", "core.hooksPath"]), "it's here\n", "{}", shell.name);
        assert_eq!(git(&["-C", "car menta", "config", "alias.old"]), "", "{}", shell.name);
        roll_back(&room, shell, "000001");
        assert_eq!(fs::read(&config).unwrap(), before, "{}", shell.name);
    });
}

/// Runs git in the room's home.
fn git(room: &Room, arguments: &[&str]) -> String {
    let mut git = Command::new(which("git"));
    git.args(arguments).current_dir(room.home()).env("HOME", room.home());
    run(git, b"", "git").stdout_text()
}

#[test]
fn settings_are_mended_in_the_file_that_they_stand_in() {
    let setting = |file: &str, key: &str, values: &[&str]| {
        step(Work::Repo(RepoWork::GitSetting {
            repo: "repo".to_owned(),
            key: key.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            file: Some(file.to_owned()),
        }))
    };
    let finds = |key: &str, value: &str| {
        let (key, value) = (key.to_owned(), value.to_owned());
        step(Work::Repo(RepoWork::AsGitFinds { repo: "repo".to_owned(), key, value }))
    };
    let steps = [
        setting("~/.gitconfig", "alias.st", &["status --short"]),
        setting("~/.gitconfig", "alias.none", &[]),
        setting("~/.config/git/shared", "url.https://m/.insteadOf", &["git@a:", "git@b:"]),
        setting(".git/config.worktree", "core.abbrev", &["9"]),
        finds("core.fileMode", "true"),
        finds("core.ignoreCase", "true"),
    ];
    let program = program(&steps, &Contents::new());
    in_every_shell(|shell| {
        let room = Room::new();
        git(&room, &["init", "-q", "repo"]);
        git(&room, &["-C", "repo", "config", "core.fileMode", "false"]);
        fs::create_dir(room.home().join("kept")).unwrap();
        fs::write(room.home().join("kept/gitconfig"), "# mine\n[alias]\n\tst = status -uno\n").unwrap();
        symlink("kept/gitconfig", room.home().join(".gitconfig")).unwrap();
        let before = snapshot(&room);
        drop(room.command(shell, &[]));
        symlink(which("git"), room.path().join("applets/git")).unwrap();
        assert_eq!(codes(&events(&room, shell, &program)), [0, 0, 0, 0, 0, 1], "{}", shell.name);
        let kept = fs::read_to_string(room.home().join("kept/gitconfig")).unwrap();
        assert_eq!(kept, "# mine\n[alias]\n\tst = status --short\n", "{}", shell.name);
        let list = ["config", "--file", ".config/git/shared", "--get-all", "url.https://m/.insteadOf"];
        assert_eq!(git(&room, &list), "git@a:\ngit@b:\n", "{}", shell.name);
        assert_eq!(git(&room, &["-C", "repo", "config", "core.fileMode"]), "true\n", "{}", shell.name);
        roll_back(&room, shell, "000001");
        assert_eq!(snapshot(&room), before, "{}", shell.name);
    });
}

#[test]
fn a_commit_holds_what_it_is_to_hold_and_nothing_else_that_somebody_was_at() {
    let file = |path: &str, content: Option<(bool, &[u8])>| CommittedFile {
        path: path.to_owned(),
        content: content.map(|(executable, content)| (Executable(executable), Digest::of(content))),
    };
    let commit = |files: Vec<CommittedFile>| step(Work::Repo(RepoWork::Commit { repo: "repo".to_owned(), files }));
    let good = [file("a hook", Some((true, b"new"))), file("gone", None)];
    let steps = [commit(vec![file("other", Some((false, b"not this")))]), commit(good.to_vec())];
    let program = program(&steps, &Contents::new());
    in_every_shell(|shell| {
        let room = Room::new();
        let repo = room.home().join("repo");
        git(&room, &["init", "-q", "repo"]);
        for (name, content) in [("a hook", "old"), ("gone", "x"), ("other", "y")] {
            fs::write(repo.join(name), content).unwrap();
        }
        git(&room, &["-C", "repo", "add", "."]);
        let me = ["-c", "user.name=me", "-c", "user.email=me@example.com"];
        git(&room, &[&["-C", "repo"], &me[..], &["commit", "-qm", "first"]].concat());
        // What the hook is to be is there already; somebody is at work in another file.
        fs::write(repo.join("a hook"), "new").unwrap();
        set_mode(&repo.join("a hook"), 0o755);
        fs::remove_file(repo.join("gone")).unwrap();
        fs::write(repo.join("other"), "staged").unwrap();
        git(&room, &["-C", "repo", "add", "other"]);
        // No hook has a say in it.
        fs::create_dir_all(repo.join(".git/hooks")).unwrap();
        for hook in ["reference-transaction", "pre-commit"] {
            fs::write(repo.join(".git/hooks").join(hook), "#!/bin/sh\nexit 1\n").unwrap();
            set_mode(&repo.join(".git/hooks").join(hook), 0o755);
        }
        let head = git(&room, &["-C", "repo", "rev-parse", "HEAD"]);
        drop(room.command(shell, &[]));
        symlink(which("git"), room.path().join("applets/git")).unwrap();
        assert_eq!(codes(&events(&room, shell, &program)), [1, 0], "{}", shell.name);
        let changed = git(&room, &["-C", "repo", "diff", "--raw", "--no-abbrev", "HEAD^", "HEAD"]);
        let changed: Vec<&str> = changed.lines().filter_map(|line| line.split('\t').next_back()).collect();
        assert_eq!(changed, ["a hook", "gone"], "{}", shell.name);
        assert_eq!(git(&room, &["-C", "repo", "ls-tree", "HEAD", "a hook"]).split(' ').next(), Some("100755"));
        assert_eq!(git(&room, &["-C", "repo", "status", "--porcelain"]), "M  other\n", "{}", shell.name);
        roll_back(&room, shell, "000001");
        assert_eq!(git(&room, &["-C", "repo", "rev-parse", "HEAD"]), head, "{}", shell.name);
        let status = git(&room, &["-C", "repo", "status", "--porcelain"]);
        assert_eq!(status, " M \"a hook\"\n D gone\nM  other\n", "{}", shell.name);
    });
}

#[test]
fn a_folder_in_the_way_is_kept_whole_and_comes_back() {
    let mut contents = Contents::new();
    let aside = step(Work::File(FileWork::MoveAside { path: "hooks/pre push".to_owned() }));
    let steps = [aside, put(&mut contents, "hooks/pre push", 0o755, b"#!/bin/sh\n")];
    let program = program(&steps, &contents);
    in_every_shell(|shell| {
        let room = Room::new();
        fs::create_dir_all(room.home().join("hooks/pre push/deep")).unwrap();
        fs::write(room.home().join("hooks/pre push/deep/work"), "mine").unwrap();
        let before = snapshot(&room);
        assert_eq!(codes(&events(&room, shell, &program)), [0, 0], "{}", shell.name);
        assert!(room.home().join("hooks/pre push").is_file(), "{}", shell.name);
        roll_back(&room, shell, "000001");
        assert_eq!(snapshot(&room), before, "{}", shell.name);
    });
}

/// The commands that change something, each replaced by one that hangs when its turn has come.
const CHANGERS: [&str; 9] = ["mkdir", "cp", "mv", "chmod", "ln", "rm", "cat", "sha256sum", "rmdir"];

fn hanging_commands(room: &Room) -> String {
    let folder = room.path().join("hanging");
    fs::create_dir(&folder).unwrap();
    for name in CHANGERS {
        let real = which(name);
        let script = format!(
            "#!/bin/sh\necho x >>\"$CALLS\"\nif [ \"$(wc -l <\"$CALLS\")\" -eq \"$HANG_AT\" ]; then\n\
             : >\"$CALLS.hung\"; exec sleep 300\nfi\nexec {} \"$@\"\n",
            real.display()
        );
        fs::write(folder.join(name), script).unwrap();
        set_mode(&folder.join(name), 0o755);
    }
    folder.to_str().unwrap().to_owned()
}

/// Starts the program and kills it, and all that it started, at the given call. False if it ended before that.
/// busybox does not look on PATH for its own commands, so there the calls are milliseconds.
fn killed_at(room: &Room, shell: &RealShell, program: &str, call: usize) -> bool {
    let calls = room.path().join("calls");
    let hung = room.path().join("calls.hung");
    let mut command = room.command(shell, &["-s"]);
    let path = format!("{}:{}", hanging_commands(room), std::env::var("PATH").unwrap());
    command.env("PATH", path).env("CALLS", &calls).env("HANG_AT", call.to_string());
    let mut child = start(command, shell.name);
    let group = Pid::from_child(&child);
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, program.as_bytes()).unwrap();
    drop(stdin);
    let started = Instant::now();
    let died = loop {
        if hung.exists() || shell.name.starts_with("busybox") && started.elapsed().as_millis() >= call as u128 {
            break true;
        }
        if child.try_wait().unwrap().is_some() {
            break false;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{} neither hung nor ended", shell.name);
        std::thread::sleep(Duration::from_millis(1));
    };
    if died {
        // It may just have ended by itself.
        let _gone = kill_process_group(group, Signal::KILL);
        child.wait().unwrap();
    }
    died
}

#[test]
fn killed_at_any_command_and_run_again_it_converges_and_gives_back_what_was_there() {
    let mut contents = Contents::new();
    let all = steps(&mut contents);
    let steps = [&all[0], &all[1], &all[2], &all[6], &all[8]].map(Clone::clone);
    let program = program(&steps, &contents);
    let done = |shell: &RealShell| {
        let room = lived_in();
        events(&room, shell, &program);
        snapshot(&room)
    };
    std::thread::scope(|scope| {
        // Every command is tried in one shell, and some of them in others, to save time.
        for (name, stride) in [("dash", 1), ("bash", 5), ("busybox sh", 6)] {
            let Some(shell) = SHELLS.iter().find(|shell| shell.name == name) else { continue };
            let (program, done) = (&program, &done);
            scope.spawn(move || {
                let after = done(shell);
                let (mut call, mut kills) = (1, 0);
                loop {
                    let room = lived_in();
                    let before = snapshot(&room);
                    if !killed_at(&room, shell, program, call) {
                        break;
                    }
                    for (path, what) in snapshot(&room).iter().filter(|(path, _)| !path.contains(".trueup-new.")) {
                        let known = before.get(path) == Some(what) || after.get(path) == Some(what);
                        assert!(known, "{} killed at call {call}: {path} is {what}", shell.name);
                    }
                    // A removed file is removed once: the plan that is made after a kill has no such step any more.
                    let again = events(&room, shell, program);
                    assert_eq!(again.last(), Some(&Event::Done), "{} after call {call}", shell.name);
                    assert_eq!(snapshot(&room), after, "{} killed at call {call} and run again", shell.name);
                    for generation in names(&generations(&room)).iter().rev() {
                        if generations(&room).join(generation).join("entries").exists() {
                            roll_back(&room, shell, generation);
                        }
                    }
                    assert_eq!(snapshot(&room), before, "{} killed at call {call}, run again, undone", shell.name);
                    call += stride;
                    kills += 1;
                }
                assert!(kills * stride > 12, "{} was killed only {kills} times", shell.name);
            });
        }
    });
}

#[test]
fn shellcheck_finds_nothing_in_a_program() {
    let mut contents = Contents::new();
    let mut all = steps(&mut contents);
    let arguments = ["apt-get", "install", "--yes", "git=1:2"].map(str::to_owned).to_vec();
    let refresh = ["apt-get", "update"].map(str::to_owned).to_vec();
    all.push(Step { root: true, ..step(Work::Command(CommandWork::Command { arguments, refresh })) });
    let room = Room::new();
    for (name, text) in [
        ("apply", program(&all, &contents)),
        ("rollback", rollback("000001", &["000002", "000001"], false, &Means::default(), NONCE)),
    ] {
        let file = room.path().join(name);
        fs::write(&file, text).unwrap();
        let mut shellcheck = Command::new("shellcheck");
        // Steps are called by name, which shellcheck cannot follow, and quoted text is not to be expanded.
        shellcheck.args(["--shell=sh", "--exclude=SC2154,SC2034,SC2317,SC2016"]).arg(&file);
        assert_eq!(run(shellcheck, b"", "shellcheck").stdout_text(), "");
    }
}

/// Stands for systemd's control: what is enabled and what runs are files beside the home's.
const SYSTEMCTL: &str = "#!/bin/sh\nwhile :; do case ${1-} in -*) shift ;; *) break ;; esac; done\nat=$HOME/../systemd\nmkdir -p \"$at\"\n\
     case $1 in\n  enable | restart) : >\"$at/$1.$2\" ;;\n  disable) rm -f \"$at/enable.$3\" \"$at/restart.$3\" ;;\n\
     is-enabled) [ -e \"$at/enable.$2\" ] ;;\n  is-active) [ -e \"$at/restart.$2\" ] ;;\nesac\n";

fn keep(contents: &mut Contents, text: &str) -> Step {
    let digest = Digest::of(text.as_bytes());
    contents.insert(digest.clone(), text.as_bytes().to_vec());
    let secrets =
        SecretsFile { path: ".config/s.env".to_owned(), variables: vec![("A".to_owned(), "env:A".to_owned())] };
    contents.insert(secrets.ticket(), b"A=\"it's\"\n".to_vec());
    step(Work::Service(ServiceWork::KeepService(Box::new(Keep {
        service: "agent".to_owned(),
        manager: Manager::SystemdUser,
        unit: Some((".config/systemd/user/trueup-agent.service".to_owned(), digest)),
        secrets: Some(secrets),
        linger: false,
        health: Some(Well {
            run: "test -e ../systemd/restart.trueup-agent.service".to_owned(),
            limit_s: 1,
            every_s: 1,
        }),
        logs: None,
        rotation: None,
        program: None,
    }))))
}

#[test]
fn services_and_keys_are_brought_and_undone_in_every_shell() {
    in_every_shell(|shell| {
        let room = &Room::new();
        let bin = room.home().join("../bin");
        fs::create_dir_all(&bin).unwrap();
        fs::write(bin.join("systemctl"), SYSTEMCTL).unwrap();
        fs::set_permissions(bin.join("systemctl"), fs::Permissions::from_mode(0o755)).unwrap();
        let run = |program: &str| events(room, shell, &format!("PATH=$HOME/../bin:$PATH\n{program}"));
        let mut contents = Contents::new();
        let keys = ["ssh-ed25519 AAAA 'me'", "ssh-ed25519 BBBB you"].map(str::to_owned).to_vec();
        let keys = step(Work::Setting(SettingWork::Set { setting: "authorized_keys".to_owned(), words: keys }));
        let steps = [keep(&mut contents, "one\n"), keys];
        let before = listing(&room.home());
        assert_eq!(codes(&run(&program(&steps, &contents))), [0, 0], "{}", shell.name);
        let at = |name: &str| fs::read_to_string(room.home().join(name)).unwrap();
        assert_eq!(at(".config/systemd/user/trueup-agent.service"), "one\n");
        assert_eq!(at(".config/s.env"), "A=\"it's\"\n");
        assert_eq!(fs::metadata(room.home().join(".config/s.env")).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(at(".ssh/authorized_keys"), "ssh-ed25519 AAAA 'me'\nssh-ed25519 BBBB you\n");
        assert_eq!(
            names(&room.home().join("../systemd")),
            ["enable.trueup-agent.service", "restart.trueup-agent.service"]
        );
        let generation = "000001";
        let mut entries = names(&generations(room).join(generation).join("entries"));
        entries.reverse();
        let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
        let undone = run(&rollback(generation, &entries, false, &Means::default(), NONCE));
        assert!(codes(&undone).iter().all(|code| *code == 0), "{}: {undone:?}", shell.name);
        assert_eq!(names(&room.home().join("../systemd")), Vec::<String>::new(), "{}", shell.name);
        assert_eq!(listing(&room.home()), before, "{}", shell.name);
    });
}

/// All that is in a home but trueup's own state.
fn listing(home: &Path) -> Vec<String> {
    let entries = walkdir::WalkDir::new(home).sort_by_file_name().into_iter().map(|entry| entry.unwrap());
    let paths = entries.map(|entry| entry.path().strip_prefix(home).unwrap().display().to_string());
    paths.filter(|path| !path.starts_with(".local")).collect()
}
