//! The program of the canaries in every shell that it may meet: the same is told, and nothing is left.
#![expect(clippy::disallowed_methods, reason = "tests are an IO edge: they make repositories and start shells")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::compile::{Command as Check, Lane, Plan, compile};
use super::stream::{Frames, Word};
use crate::quality::check::{Change, Content, Pair, Trial, Written, read_told};
use crate::spec::{BehaviourCheck, CanaryCommand, Repo, Selection};
use crate::transport::test_shells::{RealShell, Room, SHELLS, YASH, run, run_attended, which};

const HOOK: &str = "#!/bin/sh\ncase $(git diff --cached) in *hang*) sleep 30;; *MARK*) echo 'a mark'; exit 3;; esac\n";

/// A repository below a folder with an odd name, with settings that are hard to carry.
fn furnish(room: &Room) {
    let home = room.home();
    let git = |arguments: &[&str]| {
        let mut git = Command::new(which("git"));
        git.args(["-c", "user.name=t", "-c", "user.email=t@example.com"]).args(arguments);
        git.current_dir(&home).env("HOME", &home);
        assert_eq!(run(git, b"", "git").code, 0);
    };
    git(&["init", "-q", "-b", "main", "it's all/shop"]);
    fs::write(home.join("it's all/shop/a"), "a\n").unwrap();
    git(&["-C", "it's all/shop", "add", "."]);
    git(&["-C", "it's all/shop", "commit", "-qm", "it's \"first\" $HOME"]);
    git(&["-C", "it's all/shop", "config", "alias.x y\"z\\.b", "one\n\ttwo \\ \"three\" # four"]);
    let hook = home.join("it's all/shop/.git/hooks/pre-commit");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, HOOK).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
}

fn pair(path: &str, bad: Content, message: Option<&str>) -> Pair {
    let trial = |content, message: Option<&str>| Trial {
        change: Change::Files(vec![Written { path: path.to_owned(), content }]),
        message: message.map(str::to_owned),
        setup: None,
        command: CanaryCommand::Commit,
    };
    let (check, label, expect) = ("x".to_owned(), path.to_owned(), Vec::new());
    let good = trial(Content::Text("fine\n".to_owned()), None);
    Pair { check, label, expect, bad: trial(bad, message), good }
}

fn told(room: &Room, shell: &RealShell) -> BTreeMap<String, String> {
    let text = |text: &str| Content::Text(text.to_owned());
    let repo = Repo {
        name: "shop".to_owned(),
        url: None,
        path: "it's all/shop".to_owned(),
        filter: None,
        compared: Vec::new(),
        gates: Selection::Auto,
        checks: Selection::Auto,
        samples: None,
    };
    let pairs = || {
        vec![
            pair("new folder/it's.txt", text("a MARK 'quoted' \\n $x `y`\n"), None),
            pair("large", Content::Size(100_000), Some("a 'message' with $signs\nand lines")),
            pair("slow", text("hang\n"), None),
        ]
    };
    let behaviour = BehaviourCheck {
        command: "echo \"1..1\"; cat a; exit 4".to_owned(),
        junit: Some("a".to_owned()),
        retries: 1,
        limit: None,
    };
    let mut next = 0;
    let (main, worktree) = (Lane::new(pairs(), &mut next), Lane::new(pairs(), &mut next));
    let runs = vec![Check { check: "tests", behaviour: &behaviour, commit: None, first: next + 1 }];
    let (message, branch) = (None, Some("it's/a-branch".to_owned()));
    let plan = Plan { repo: &repo, main, worktree, runs, message, branch };
    let program = compile(&[plan], Duration::from_secs(2), "trueup-0123456789abcdef");
    let ran = run_attended(room.command(shell, &["-s"]), program.as_bytes(), shell.name);
    assert_eq!(ran.code, 0, "{}: {}", shell.name, String::from_utf8_lossy(&ran.stderr));
    let mut frames = Frames::new("trueup-0123456789abcdef");
    let mut all = BTreeMap::new();
    for event in frames.feed(&ran.stdout) {
        let body = String::from_utf8_lossy(&event.body).into_owned();
        match event.word {
            // Where the room lies differs.
            Word::Place | Word::Begins => {}
            Word::Told => {
                let told = read_told(&event.body).unwrap();
                let output = if told.code == Some(3) { told.output.clone() } else { String::new() };
                all.insert(event.number, format!("{:?} {} {:?} {output}", told.code, told.moved, told.changed));
            }
            word => drop(all.insert(format!("{word:?} {}", event.number), body)),
        }
    }
    all
}

#[test]
fn the_same_is_told_in_every_shell_and_nothing_is_left() {
    let room = Room::new();
    furnish(&room);
    // Busybox's own commands have no git.
    let applets = room.path().join("applets");
    symlink(which("git"), applets.join("git")).unwrap();
    let first = told(&room, &SHELLS[0]);
    assert!(first.contains_key("End 0"), "{first:#?}");
    let count = |part: &str| first.values().filter(|told| told.starts_with(part)).count();
    assert_eq!(count("Some(1) false"), 2, "the marks: {first:#?}");
    assert_eq!(count("None false"), 2, "what hangs: {first:#?}");
    assert_eq!(count("Some(0) true {}"), 4, "the large files and the good changes: {first:#?}");
    assert_eq!(count("Some(4) false"), 2, "the run, and its retry: {first:#?}");
    for shell in SHELLS[1..].iter().chain([&YASH]) {
        assert_eq!(told(&room, shell), first, "{}", shell.name);
    }
    let left: Vec<_> = rooms(&room.home().join("it's all"));
    assert!(left.is_empty(), "{left:?}");
}

fn rooms(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.filter(|name| name.starts_with(".trueup-")).collect()
}
