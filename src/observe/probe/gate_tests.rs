//! The scripts that ask linters and read their files, in real shells: a repository with all of their configurations, and tools
//! that tell what the real ones tell.
#![expect(clippy::disallowed_methods, reason = "tests are an IO edge: they make repositories")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use super::{PROBES, vocabulary};
use crate::observe::program_tests::in_every_shell;
use crate::observe::{Question, Reply, Sighting, compile, frame};
use crate::spec::{Fact, GateFact, Observed, parse};
use crate::transport::test_shells::{RealShell, Room, run, run_attended, which};

const NONCE: &str = "trueup-0123456789abcdef";

/// The tools of files of their own.
const TOOLS: [&str; 7] = ["ruff", "mypy", "python", "rustfmt", "clippy", "golangci-lint", "shellcheck"];

/// Names that a shell would stumble over, if it could.
const SAMPLES: [&str; 9] = [
    "-x/a b.py",
    "a.py",
    "crates/o'neill/src/lib.rs",
    "deep/er/$HOME/b.py",
    "main.go",
    "run.sh",
    "bin/start",
    "src/main.rs",
    "x=y/c.py",
];

const FILES: [(&str, &str); 18] = [
    ("pyproject.toml", "[tool.ruff]\nline-length = 100\n[tool.mypy]\nstrict = true\nplugins = [\"pydantic.mypy\"]\n"),
    ("x=y/ruff.toml", "line-length = 80\n"),
    ("requirements.txt", "click==8.1.7\n=missing==1.0\n"),
    (".venv/pyvenv.cfg", "home = /usr/bin\nversion = 3.11.7\n"),
    (".venv/bin/python", "#!/bin/sh\n"),
    (".venv/lib/python3.11/site-packages/click-8.1.8.dist-info/METADATA", ""),
    (".venv/lib/python3.11/site-packages/mypy-1.13.0.dist-info/METADATA", ""),
    (".venv/lib/python3.11/site-packages/pydantic-2.9.2.dist-info/METADATA", ""),
    (".venv/bin/mypy", "#!/bin/sh\necho mypy is not to be started >&2\nexit 1\n"),
    ("Cargo.toml", "[package]\nname = \"a\"\nedition = \"2024\"\n[lints.clippy]\nall = \"warn\"\n"),
    ("crates/o'neill/Cargo.toml", "[package]\nname = \"b\"\n"),
    ("rustfmt.toml", ""),
    ("clippy.toml", "msrv = \"1.70\""),
    (".cargo/config.toml", "[build]\nrustflags = [\"-Dwarnings\"]\n"),
    (".golangci.yml", "linters:\n  enable: [gosec]\n"),
    (".shellcheckrc", "disable=SC2086\n|=missing\n=missing=1\n"),
    ("bin/start", "#!/usr/bin/env bash\n"),
    ("src/main.rs", "#![deny(clippy::todo)]\nfn main() {}\n"),
];

fn put(root: &Path, name: &str, content: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    let mode = if content.starts_with("#!/bin/sh") { 0o755 } else { 0o644 };
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The repository `shop` in the home, and the tools in a folder beside it.
fn machine(room: &Room) {
    let shop = room.home().join("shop");
    for (name, content) in FILES {
        put(&shop, name, content);
    }
    for sample in SAMPLES.iter().filter(|sample| !shop.join(sample).exists()) {
        put(&shop, sample, "");
    }
    let mut git = Command::new("git");
    git.args(["init", "--quiet"]).arg(&shop);
    assert_eq!(run(git, b"", "git").code, 0);
    // A tool is to be told of a file that is there, and tells where its settings come from.
    let there = "for last; do :; done; [ -f \"$last\" ] || exit 9";
    let ruff = format!(
        "#!/bin/sh\n[ \"$1\" != --version ] || {{ echo ruff 0.8.4; exit; }}\n{there}\necho a warning >&2\n\
         printf 'Settings path: \"%s\"\\nlinter.rules.enabled = [\\n\\tunused-import (F401),\\n]\\nlinter.line_length = %s\\nlinter.src = [\\n\\t\"%s\",\\n]\\n' \
         \"$HOME/shop/x\" \"${{last##*/}}\" \"$PWD\"\n"
    );
    let rustfmt = format!(
        "#!/bin/sh\n[ \"$1\" != --version ] || {{ echo rustfmt 1.8.0-stable; exit; }}\n{there}\necho 'max_width = 100'\n"
    );
    let bin = room.path().join("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(which("git"), bin.join("git")).unwrap();
    for (name, script) in [
        ("ruff", ruff.as_str()),
        ("rustfmt", &rustfmt),
        ("cargo-clippy", "#!/bin/sh\necho 'clippy 0.1.95 (59807616e1 2026-04-14)'\n"),
        ("golangci-lint", "#!/bin/sh\necho 'golangci-lint has version v2.1.6 built with go1.24'\n"),
        ("shellcheck", "#!/bin/sh\nprintf 'ShellCheck - shell script analysis tool\\nversion: 0.10.0\\n'\n"),
    ] {
        put(&bin, name, script);
    }
}

fn questions() -> Vec<Question> {
    let mut environment = parse("t.toml", "name = \"t\"\n[repos.shop]\npath = \"shop\"\n", &vocabulary()).unwrap();
    environment.repos.iter_mut().for_each(|repo| repo.samples = Some(SAMPLES.map(str::to_owned).to_vec()));
    let probe = PROBES.iter().find(|probe| probe.name == "gate").unwrap();
    let asked = (probe.ask)(&environment).into_iter();
    asked.filter(|question| TOOLS.iter().any(|tool| question.subject == format!("shop/{tool}"))).collect()
}

/// What is seen in a shell, by tool.
fn seen(room: &Room, shell: &RealShell) -> BTreeMap<String, Result<GateFact, String>> {
    let probe = PROBES.iter().find(|probe| probe.name == "gate").unwrap();
    let asked = questions();
    assert_eq!(asked.len(), TOOLS.len());
    let mut command = room.command(shell, &["-s"]);
    let path =
        command.get_envs().find_map(|(name, value)| (name == "PATH").then(|| value.unwrap().to_owned())).unwrap();
    command.env("PATH", format!("{}:{}", room.path().join("bin").display(), path.to_str().unwrap()));
    let ran = run_attended(command, compile(&asked, NONCE).text.as_bytes(), shell.name);
    let mut frames = frame::read(&ran.stdout, NONCE);
    let mut seen = BTreeMap::new();
    for (number, question) in asked.iter().enumerate() {
        let Some(Reply::Answered(answer)) = frames.replies.remove(&number) else {
            panic!("{}: {} has no answer", shell.name, question.subject)
        };
        let read = (probe.read)(question, &answer).map_err(|why| why.to_string());
        let fact = read.and_then(|sightings| match sightings.as_slice() {
            [Sighting::Item(_, Observed::Present(Fact::Gate(fact)))] => Ok(fact.clone()),
            other => Err(format!("{other:?}")),
        });
        seen.insert(question.subject.clone(), fact);
    }
    seen
}

#[test]
fn what_linters_would_apply_is_told_alike_in_every_shell() {
    let first = Mutex::new(None);
    in_every_shell(|shell| {
        let room = Room::new();
        machine(&room);
        let mut seen = seen(&room, shell);
        for fact in seen.values_mut().flatten() {
            // Evidence; the folder of a shell's own tests is one of its own.
            fact.path = None;
        }
        let of =
            |tool: &str| seen[&format!("shop/{tool}")].as_ref().unwrap_or_else(|why| panic!("{}: {why}", shell.name));
        let ruff = of("ruff");
        assert_eq!(ruff.does, "is ruff 0.8.4", "{}", shell.name);
        assert_eq!(ruff.leaves["lint.src"], "[\".\"]", "{}", shell.name);
        // By the first file of each group: that of the top folder's configuration and that of its own.
        assert_eq!(ruff.files["-x/a b.py"]["line-length"], "a.py", "{}", shell.name);
        assert_eq!(ruff.files["deep/er/$HOME/b.py"]["line-length"], "a.py", "{}", shell.name);
        assert_eq!(ruff.files["x=y/c.py"]["line-length"], "c.py", "{}", shell.name);
        assert_eq!(ruff.files["x=y/c.py"]["configuration"], "x=y/ruff.toml", "{}", shell.name);
        assert_eq!(of("mypy").does, "is mypy 1.13.0", "{}", shell.name);
        assert_eq!(of("mypy").leaves["plugins.pydantic.mypy"], "2.9.2", "{}", shell.name);
        assert_eq!(of("python").leaves["click"], "8.1.8 installed, 8.1.7 locked", "{}", shell.name);
        assert_eq!(of("rustfmt").files["crates/o'neill/src/lib.rs"]["edition"], "2015", "{}", shell.name);
        assert_eq!(of("clippy").files["Cargo.toml"]["lints.clippy.todo"], "deny", "{}", shell.name);
        assert_eq!(of("golangci-lint").leaves["linters.gosec"], "on", "{}", shell.name);
        // What looks like a section in a file is a line of the file.
        let odd = seen["shop/shellcheck"].as_ref().unwrap_err();
        assert!(odd.contains(".shellcheckrc:2: `|=missing`"), "{}: {odd}", shell.name);
        let mut first = first.lock().unwrap();
        let first: &mut Option<BTreeMap<_, _>> = &mut first;
        match first {
            Some(first) => assert_eq!(*first, seen, "{}", shell.name),
            None => *first = Some(seen),
        }
    });
}
