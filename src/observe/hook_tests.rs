//! The walk from a repository's hooks to what they call, in every shell: real git, and scripts that name each other.
#![expect(clippy::disallowed_methods, reason = "tests are an IO edge: they make repositories")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use super::{Question, Reply, Sighting, compile, frame, probe::PROBES};
use crate::spec::{Fact, GateFact, Observed};
use crate::transport::test_shells::{RealShell, Room, SHELLS, run, run_attended, which};

const NONCE: &str = "0123456789abcdef0123456789abcdef";

fn git(repo: &Path, arguments: &[&str]) {
    let mut git = Command::new(which("git"));
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "core.hooksPath=/dev/null"];
    git.args(identity).args(arguments).current_dir(repo).env("HOME", repo);
    assert_eq!(run(git, b"", "git").code, 0, "{arguments:?}");
}

fn script(path: &Path, text: &str, mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A repository whose hooks are tracked, of which one and what it calls was changed since.
fn repository(room: &Room) {
    let repo = room.home().join("src/sh op");
    fs::create_dir_all(&repo).unwrap();
    git(&repo, &["init", "-q", "."]);
    git(&repo, &["config", "core.hooksPath", ".git hooks"]);
    let hook = "#!/bin/sh\nset -e\nsh \"$(dirname \"$0\")/../scripts/check.sh\"\nnpm run lint\n";
    script(&repo.join(".git hooks/pre-commit"), hook, 0o755);
    script(&repo.join(".git hooks/commit-msg"), "#!/bin/sh\r\nexit 1\r\n", 0o755);
    script(&repo.join("scripts/check.sh"), ". ./scripts/lib.sh\n\\ back%s\\n\n", 0o644);
    script(&repo.join("scripts/lib.sh"), "echo 'ü' \u{1}\n\n|x\n=end", 0o644);
    script(&repo.join("package.json"), "{\n  \"scripts\": {\n    \"lint\": \"node tools/lint.js\"\n  }\n}\n", 0o644);
    script(&repo.join("tools/lint.js"), "one", 0o644);
    git(&repo, &["add", "."]);
    git(&repo, &["commit", "-qm", "first"]);
    script(&repo.join("scripts/lib.sh"), "changed\n", 0o644);
    fs::write(repo.join("tools/lint.js"), "a\0b").unwrap();
    fs::set_permissions(repo.join(".git hooks/commit-msg"), fs::Permissions::from_mode(0o644)).unwrap();
}

fn seen(room: &Room, shell: &RealShell) -> Vec<(String, GateFact)> {
    let spec = "name = \"walk\"\n[repos.shop]\npath = \"~/src/sh op\"\n";
    let environment = crate::spec::parse("walk.toml", spec, &super::vocabulary()).unwrap();
    let probe = PROBES.iter().find(|probe| probe.name == "hook").unwrap();
    let questions: Vec<Question> = (probe.ask)(&environment);
    drop(room.command(shell, &[]));
    if !room.path().join("applets/git").exists() {
        symlink(which("git"), room.path().join("applets/git")).unwrap();
    }
    let program = compile(&questions, NONCE);
    let ran = run_attended(room.command(shell, &["-s"]), program.text.as_bytes(), shell.name);
    let frames = frame::read(&ran.stdout, NONCE);
    let Some(Reply::Answered(answer)) = frames.replies.get(&0) else {
        panic!("{}: {}", shell.name, ran.stdout.escape_ascii())
    };
    let read = (probe.read)(&questions[0], answer).unwrap_or_else(|why| panic!("{}: {why}: {answer:?}", shell.name));
    let fact = |sighting| match sighting {
        Sighting::Item(id, Observed::Present(Fact::Gate(fact))) => (id.name, fact),
        other => panic!("{}: {other:?}", shell.name),
    };
    read.into_iter().map(fact).collect()
}

#[test]
fn what_hooks_call_is_found_alike_in_every_shell() {
    let room = Room::new();
    repository(&room);
    let first = seen(&room, &SHELLS[0]);
    let names: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["shop/pre-commit", "shop/pre-commit@worktree", "shop/commit-msg", "shop/commit-msg@worktree"]);
    let leaves = |place: usize| first[place].1.leaves.keys().map(String::as_str).collect::<Vec<_>>();
    let all = [
        ".git hooks/pre-commit",
        "commands",
        "core.hooksPath",
        "scripts.lint",
        "scripts/check.sh",
        "scripts/lib.sh",
        "tools/lint.js",
    ];
    assert_eq!((leaves(0), leaves(1)), (all.to_vec(), all.to_vec()));
    let differ: Vec<String> =
        first[0].1.differences(&first[1].1).into_iter().map(|difference| difference.leaf).collect();
    assert_eq!(differ, ["scripts/lib.sh", "tools/lint.js"], "what was changed since is not in a worktree");
    assert_eq!(first[2].1.does, "is not executable, so git skips it");
    assert!(first[3].1.does.starts_with("runs") || first[3].1.does.starts_with("cannot start"), "{:?}", first[3]);
    for shell in &SHELLS[1..] {
        assert_eq!(seen(&room, shell), first, "{}", shell.name);
    }
}
