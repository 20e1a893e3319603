//! Effective hooks against git itself: what is foretold of a fresh worktree is held against worktrees that are made, and real
//! managers' hooks are broken in the ways in which they break.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::machine::{Machine, SYSTEM_PATH};
use crate::support::trueup::{Project, Report};

/// Runs sh in a machine's home as its user does.
fn sh(machine: &Machine, script: &str) -> Output {
    let path = std::env::var("PATH").expect("tests are started with a PATH");
    let output = Command::new("sh")
        .args(["-euc", script])
        .current_dir(machine.home())
        .env_clear()
        .env("PATH", format!("{}:{path}:{SYSTEM_PATH}", machine.tools().display()))
        .env("HOME", machine.home())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "Jane")))
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "jane@example.com")))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{script}: {said}");
    output
}

/// How hooks are set up in the repository `~/src/$R`, where a pre-commit hook of each place leaves its mark.
const SET_UPS: &[(&str, &str)] = &[
    ("own-folder", "put .git/hooks"),
    ("tracked", "put .githooks; keep; git config core.hooksPath .githooks"),
    ("untracked", "put .githooks; git config core.hooksPath .githooks"),
    ("absolute", "put .githooks; git config core.hooksPath \"$PWD/.githooks\""),
    ("tilde", "put ~/shared-hooks; git config core.hooksPath '~/shared-hooks'"),
    ("dev-null", "put .git/hooks; git config core.hooksPath /dev/null"),
    (
        "idle-in-head",
        "put .githooks; chmod -x .githooks/pre-commit; keep; chmod +x .githooks/pre-commit; git config core.fileMode false; git config core.hooksPath .githooks",
    ),
    ("idle-here", "put .githooks; keep; chmod -x .githooks/pre-commit; git config core.hooksPath .githooks"),
    ("gone-here", "put .githooks; keep; rm .githooks/pre-commit; git config core.hooksPath .githooks"),
    ("staged", "put .githooks; git add .; git config core.hooksPath .githooks"),
    (
        "hook-is-a-link",
        "put scripts; mkdir .githooks; ln -s ../scripts/pre-commit .githooks/pre-commit; keep; git config core.hooksPath .githooks",
    ),
    ("folder-is-a-link", "put .githooks; ln -s .githooks hooks; keep; git config core.hooksPath hooks"),
    ("slash-behind", "put .githooks; keep; git config core.hooksPath ./.githooks/"),
    ("beside", "put ../beside-hooks; git config core.hooksPath ../beside-hooks"),
    (
        "included-for-the-folder",
        "put ~/inc1-hooks; printf '[core]\\nhooksPath = ~/inc1-hooks\\n' >~/inc1; git config --global \"includeIf.gitdir:~/src/$R/.path\" ~/inc1",
    ),
    (
        "included-for-its-own-git-dir",
        "put ~/inc2-hooks; printf '[core]\\nhooksPath = ~/inc2-hooks\\n' >~/inc2; git config --global \"includeIf.gitdir:~/src/$R/.git.path\" ~/inc2",
    ),
    (
        "included-for-worktrees",
        "put ~/inc3-hooks; printf '[core]\\nhooksPath = ~/inc3-hooks\\n' >~/inc3; git config 'includeIf.gitdir:**/worktrees/**.path' ~/inc3",
    ),
    (
        "included-for-main",
        "put ~/inc4-hooks; printf '[core]\\nhooksPath = ~/inc4-hooks\\n' >~/inc4; git config includeIf.onbranch:main.path ~/inc4",
    ),
    (
        "included-for-any-branch",
        "put ~/inc5-hooks; printf '[core]\\nhooksPath = ~/inc5-hooks\\n' >~/inc5; git config 'includeIf.onbranch:**.path' ~/inc5",
    ),
    (
        "included-relative",
        "put ~/inc6-hooks; printf '[core]\\nhooksPath = ~/inc6-hooks\\n' >.git/inc6; git config 'includeIf.gitdir:**/.git.path' inc6",
    ),
    (
        "worktree-settings",
        "put ~/own-hooks; git config extensions.worktreeConfig true; git config --worktree core.hooksPath ~/own-hooks",
    ),
    (
        "worktree-settings-relative",
        "put .githooks; keep; git config extensions.worktreeConfig true; git config --worktree core.hooksPath .githooks",
    ),
    ("no-interpreter", "put .git/hooks; printf '#!/nowhere/sh\\n' >.git/hooks/pre-commit"),
    ("through-env", "put .git/hooks; sed -i '1s,.*,#!/usr/bin/env sh,' .git/hooks/pre-commit"),
    ("carriage-returns", "put .git/hooks; sed -i 's/$/\\r/' .git/hooks/pre-commit"),
    ("no-first-line", "put .git/hooks; sed -i 1d .git/hooks/pre-commit"),
    ("a-folder", "mkdir -p .git/hooks/pre-commit"),
    ("nothing", ":"),
];

const HELP: &str = "put() { mkdir -p \"$1\"; printf '#!/bin/sh\\ntouch ~/fired/%s.$WHERE\\n' \"$R\" >\"$1/pre-commit\"; chmod +x \"$1/pre-commit\"; }
keep() { git add .; git commit -qm kept; }\n";

/// What is foretold of a hook: that it fires, that it stops all commits, or neither.
fn foretold(report: &Report, id: &str) -> &'static str {
    let findings = report.target("vm")["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["id"] == id);
    match finding.and_then(|finding| finding["got"].as_str()) {
        Some(got) if got.starts_with("runs") => "fires",
        Some(got) if got.starts_with("cannot start") || got.contains("cannot start") => "stops",
        _ => "nothing",
    }
}

#[test]
fn what_is_foretold_of_a_fresh_worktree_is_what_git_does_there() {
    let machine = Machine::local();
    let mut rest = String::new();
    sh(&machine, "mkdir fired src");
    for (name, set_up) in SET_UPS {
        rest.push_str(&format!("[repos.{name}]\npath = \"~/src/{name}\"\ngates = []\n"));
        let repo = "git init -q -b main ~/src/$R; cd ~/src/$R; echo x >file; git add .; git commit -qm first";
        sh(&machine, &format!("R={name}; {repo}; {HELP}{set_up}"));
    }
    let project = Project::of(&[("vm", &machine)], &rest);
    project.capture();
    let before = machine.listing();
    let report = project.check(&["vm"], 0);
    assert_eq!(machine.listing(), before, "looking wrote");
    let mut wrong = Vec::new();
    for (name, _) in SET_UPS {
        let make = format!("cd ~/src/{name}; git worktree add -q -b fresh ~/src/{name}-fresh >/dev/null 2>&1");
        sh(&machine, &make);
        for (place, folder) in [("", name.to_string()), ("@worktree", format!("{name}-fresh"))] {
            let commit = format!(
                "export WHERE=x{place}; cd ~/src/{folder}; git commit -q --allow-empty -m try >/dev/null 2>&1 && echo made || echo stopped"
            );
            let said = String::from_utf8(sh(&machine, &commit).stdout).unwrap();
            let has_fired = machine.at(&format!("fired/{name}.x{place}")).exists();
            let really = match (has_fired, said.trim()) {
                (true, _) => "fires",
                (false, "stopped") => "stops",
                (false, _) => "nothing",
            };
            let foretold = foretold(&report, &format!("hook:{name}/pre-commit{place}"));
            if foretold != really {
                wrong.push(format!("{name}{place}: foretold {foretold}, really {really}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Where the managers are kept between runs; made once.
fn kept(name: &str, make: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if !folder.join("made").exists() {
        let _absent = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let output = Command::new("sh").args(["-euc", make]).current_dir(&folder).output().unwrap();
        assert!(output.status.success(), "{make}: {}", String::from_utf8_lossy(&output.stderr));
        std::fs::write(folder.join("made"), "").unwrap();
    }
    folder
}

fn npm() -> PathBuf {
    kept(
        "hooks-npm",
        "npm init -y >/dev/null; npm install --no-audit --no-fund --ignore-scripts --cache ../npm husky@9.1.7 lefthook@1.13.6 simple-git-hooks@2.13.1 >/dev/null",
    )
}

fn python() -> PathBuf {
    kept(
        "hooks-python",
        "python3 -m venv venv; venv/bin/pip install -q --cache-dir ../pip pre-commit==4.0.1 prek==0.5.11 uv==0.9.11",
    )
}

/// A machine with a repository of each manager, set up as their documentation says.
fn machine() -> Machine {
    let machine = Machine::local();
    let (npm, python) = (npm(), python());
    let modules = npm.join("node_modules").display().to_string();
    let start = "repo() { git init -q -b main ~/src/$1; cd ~/src/$1; echo node_modules >.gitignore; printf '%s\\n' \"$2\" >package.json; git add .; }
modules() { mkdir -p node_modules; for one in $2; do cp -r $1/$one node_modules/; done; }";
    sh(&machine, &format!(
        "{start}
        mkdir src
        repo shop '{{\"scripts\": {{\"test\": \"node check\", \"prepare\": \"husky\"}}}}'
        modules {modules} husky; node node_modules/husky/bin.js; echo 1 >check.js
        echo 'npm test' >.husky/pre-commit; echo 'sh scripts/message.sh \"$1\"; python3 -m tools.message -c .message.ini; make -s message' >.husky/commit-msg
        mkdir scripts tools; echo true | tee scripts/message.sh >scripts/deep.sh; echo 'import rules' >tools/message.py; echo 1 >tools/rules.py
        echo x >.message.ini; printf 'message:\\n\\t@sh scripts/deep.sh\\n' >Makefile
        git add .; git commit -q --no-verify -m first"
    ));
    sh(&machine, &format!(
        "{start}
        git init -q -b main ~/src/shared; cd ~/src/shared; printf 'pre-commit:\\n  jobs:\\n    - name: far\\n      run: \"true\"\\n' >lefthook.yml
        git add .; git commit -qm first
        repo forge '{{}}'
        printf 'rc: ./scripts/rc.sh\\nextends: [hooks/*.yml]\\nremotes:\\n  - git_url: %s/src/shared\\npre-commit:\\n  commands:\\n    lint:\\n      tags: [slow]\\n      run: sh scripts/lint.sh\\n    unit:\\n      run: \"true\"\\n' ~ >lefthook.yml
        mkdir scripts hooks; echo true | tee scripts/rc.sh >scripts/lint.sh
        printf 'extends: [deep/x.yml]\\n' >hooks/a.yml; mkdir deep; printf 'pre-commit:\\n  jobs:\\n    - name: deep\\n      run: \"true\"\\n' >deep/x.yml
        git add .; git commit -qm first
        modules {modules} 'lefthook lefthook-linux-*'; node node_modules/lefthook/bin/index.js install >/dev/null"
    ));
    sh(
        &machine,
        &format!(
            "{start}
        repo small '{{\"simple-git-hooks\": {{\"pre-commit\": \"npm test\"}}, \"scripts\": {{\"test\": \"true\"}}}}'
        git commit -qm first; modules {modules} simple-git-hooks; node node_modules/simple-git-hooks/cli.js >/dev/null"
        ),
    );
    sh(
        &machine,
        &format!(
            "{start}
        PATH={}/venv/bin:$PATH
        repo ledger '{{}}'
        cat >.pre-commit-config.yaml <<'E'
default_install_hook_types: [pre-commit, commit-msg]
repos:
  - repo: local
    hooks:
      - id: lint
        name: lint
        entry: ./lint.sh
        language: script
      - id: env
        name: env
        entry: python -c pass
        language: python
      - id: message
        name: message
        entry: grep .
        language: system
        stages: [commit-msg]
E
        printf '#!/bin/sh\\n' >lint.sh; chmod +x lint.sh; git add .; git commit -qm first
        pre-commit install >/dev/null; pre-commit install-hooks >/dev/null",
            python.display()
        ),
    );
    sh(
        &machine,
        &format!(
            "{start}
        PATH={}/venv/bin:$PATH
        git init -q -b main ~/src/rules; cd ~/src/rules
        printf '%s\\n' '- id: shared' '  name: shared' '  entry: shared.sh' '  language: script' >.pre-commit-hooks.yaml
        printf '#!/bin/sh\\n' >shared.sh; chmod +x shared.sh
        git add .; git commit -qm first; git tag v1
        repo mill '{{}}'
        cat >prek.toml <<'E'
default_install_hook_types = [\"pre-commit\", \"pre-push\"]
[[repos]]
repo = \"local\"
hooks = [
  {{ id = \"env\", name = \"env\", entry = \"python -c pass\", language = \"python\", stages = [\"pre-commit\"] }},
  {{ id = \"unit\", name = \"unit\", entry = \"./unit.py\", language = \"script\", stages = [\"pre-push\"] }},
]
[[repos]]
repo = \"../rules\"
rev = \"v1\"
hooks = [{{ id = \"shared\", stages = [\"pre-commit\"] }}]
E
        printf '#!/usr/bin/env python3\\nimport subprocess\\nsubprocess.run([\"sh\", \"tools/all.sh\"], check=True)\\n' >unit.py; chmod +x unit.py
        mkdir tools; echo true >tools/all.sh; git add .; git commit -qm first
        prek install --install-hooks >/dev/null; git commit -q --allow-empty -m fires",
            python.display()
        ),
    );
    machine
}

/// A mutation: in which repository, what is done, how it is undone, a variable, and the findings that are amiss.
type Row = (&'static str, &'static str, &'static str, (&'static str, &'static str), &'static [&'static str]);

const NO: (&str, &str) = ("", "");

const ROWS: &[Row] = &[
    (
        "shop",
        "git config core.hooksPath .git/hooks",
        "git config core.hooksPath .husky/_",
        NO,
        &["hook:shop/commit-msg", "hook:shop/pre-commit"],
    ),
    (
        "shop",
        "git config --unset core.hooksPath",
        "git config core.hooksPath .husky/_",
        NO,
        &["hook:shop/commit-msg", "hook:shop/pre-commit"],
    ),
    (
        "shop",
        "git config core.hooksPath \"$PWD/.husky/_\"",
        "git config core.hooksPath .husky/_",
        NO,
        &["hook:shop/commit-msg@worktree", "hook:shop/pre-commit@worktree"],
    ),
    ("shop", "chmod -x .husky/_/pre-commit", "chmod +x .husky/_/pre-commit", NO, &["hook:shop/pre-commit"]),
    ("shop", "mv .husky/_/h h", "mv h .husky/_/h", NO, &["hook:shop/commit-msg", "hook:shop/pre-commit"]),
    ("shop", "mv .husky/pre-commit x", "mv x .husky/pre-commit", NO, &["hook:shop/pre-commit"]),
    ("shop", "echo '# x' >>.husky/pre-commit", "git checkout -q .husky", NO, &["hook:shop/pre-commit"]),
    ("shop", "echo exit >scripts/message.sh", "git checkout -q scripts", NO, &["hook:shop/commit-msg"]),
    ("shop", "sed -i 's/node check/true/' package.json", "git checkout -q package.json", NO, &["hook:shop/pre-commit"]),
    (
        "shop",
        "mkdir -p ~/.config/husky; echo 'export HUSKY=0' >~/.config/husky/init.sh",
        "rm -r ~/.config/husky",
        NO,
        &["hook:shop/commit-msg", "hook:shop/pre-commit"],
    ),
    ("shop", ":", ":", ("HUSKY", "0"), &["hook:shop/commit-msg", "hook:shop/pre-commit"]),
    (
        "shop",
        "git config alias.ci 'commit --no-verify'",
        "git config --unset alias.ci",
        NO,
        &["hook:shop/commit-msg", "hook:shop/pre-commit"],
    ),
    ("shop", "echo 2 >check.js", "git checkout -q check.js", NO, &["hook:shop/pre-commit"]),
    ("shop", "echo 2 >tools/rules.py", "git checkout -q tools", NO, &["hook:shop/commit-msg"]),
    ("shop", "echo exit >scripts/deep.sh", "git checkout -q scripts", NO, &["hook:shop/commit-msg"]),
    ("shop", "echo '# x' >>Makefile", "git checkout -q Makefile", NO, &["hook:shop/commit-msg"]),
    ("shop", "echo y >.message.ini", "git checkout -q .message.ini", NO, &["hook:shop/commit-msg"]),
    ("forge", "echo 'export LEFTHOOK=0' >scripts/rc.sh", "git checkout -q scripts", NO, &["hook:forge/pre-commit"]),
    ("forge", "sed -i 's/true/false/' deep/x.yml", "git checkout -q deep", NO, &["hook:forge/pre-commit"]),
    ("forge", "sed s/deep/more/ deep/x.yml >hooks/.b.yml", "rm hooks/.b.yml", NO, &["hook:forge/pre-commit"]),
    (
        "forge",
        "mv .git/info/lefthook-remotes x",
        "mv x .git/info/lefthook-remotes",
        NO,
        &[
            "hook:forge/pre-commit",
            "hook:forge/pre-commit@worktree",
            "hook:forge/prepare-commit-msg",
            "hook:forge/prepare-commit-msg@worktree",
        ],
    ),
    (
        "forge",
        "sed -i 's/true/false/' .git/info/lefthook-remotes/shared/lefthook.yml",
        "git -C .git/info/lefthook-remotes/shared checkout -q .",
        NO,
        &["hook:forge/pre-commit", "hook:forge/pre-commit@worktree"],
    ),
    ("forge", ":", ":", ("LEFTHOOK", "0"), &["hook:forge/pre-commit", "hook:forge/pre-commit@worktree"]),
    ("forge", ":", ":", ("LEFTHOOK_EXCLUDE", "slow"), &["hook:forge/pre-commit", "hook:forge/pre-commit@worktree"]),
    (
        "forge",
        "printf 'pre-commit:\\n  commands:\\n    lint:\\n      skip: true\\n' >lefthook-local.yml",
        "rm lefthook-local.yml",
        NO,
        &["hook:forge/pre-commit"],
    ),
    (
        "forge",
        "mv .git/hooks/pre-commit x",
        "mv x .git/hooks/pre-commit",
        NO,
        &["hook:forge/pre-commit", "hook:forge/pre-commit@worktree"],
    ),
    ("forge", "echo '# x' >>lefthook.yml", "git checkout -q lefthook.yml", NO, &[]),
    ("forge", "echo exit >scripts/lint.sh", "git checkout -q scripts", NO, &["hook:forge/pre-commit"]),
    ("small", ":", ":", ("SKIP_SIMPLE_GIT_HOOKS", "1"), &["hook:small/pre-commit", "hook:small/pre-commit@worktree"]),
    (
        "small",
        "mv .git/hooks/pre-commit x",
        "mv x .git/hooks/pre-commit",
        NO,
        &["hook:small/pre-commit", "hook:small/pre-commit@worktree"],
    ),
    (
        "ledger",
        ":",
        ":",
        ("SKIP", "lint"),
        &[
            "hook:ledger/commit-msg",
            "hook:ledger/commit-msg@worktree",
            "hook:ledger/pre-commit",
            "hook:ledger/pre-commit@worktree",
        ],
    ),
    ("ledger", ":", ":", ("SKIP", "no-such"), &[]),
    (
        "ledger",
        "mv .git/hooks/commit-msg x",
        "mv x .git/hooks/commit-msg",
        NO,
        &["hook:ledger/commit-msg", "hook:ledger/commit-msg@worktree"],
    ),
    (
        "ledger",
        "mv ~/.cache/pre-commit x",
        "mv x ~/.cache/pre-commit",
        NO,
        &[
            "hook:ledger/commit-msg",
            "hook:ledger/commit-msg@worktree",
            "hook:ledger/pre-commit",
            "hook:ledger/pre-commit@worktree",
        ],
    ),
    (
        "ledger",
        "for f in ~/.cache/pre-commit/repo*/py_env-*; do mkdir ~/away; mv $f/.install_state_v* ~/away; done",
        "mv ~/away/.install_state_v* ~/.cache/pre-commit/repo*/py_env-*/; rmdir ~/away",
        NO,
        &[
            "hook:ledger/commit-msg",
            "hook:ledger/commit-msg@worktree",
            "hook:ledger/pre-commit",
            "hook:ledger/pre-commit@worktree",
        ],
    ),
    (
        "ledger",
        "sed -i 's,^INSTALL_PYTHON=.*,INSTALL_PYTHON=/gone/python3,' .git/hooks/*",
        "~/py/venv/bin/pre-commit install >/dev/null",
        NO,
        &[
            "hook:ledger/commit-msg",
            "hook:ledger/commit-msg@worktree",
            "hook:ledger/pre-commit",
            "hook:ledger/pre-commit@worktree",
        ],
    ),
    ("ledger", "chmod -x lint.sh", "chmod +x lint.sh", NO, &["hook:ledger/commit-msg", "hook:ledger/pre-commit"]),
    ("ledger", "echo '# x' >>.pre-commit-config.yaml", "git checkout -q .pre-commit-config.yaml", NO, &[]),
    (
        "mill",
        "mv ~/.cache/prek/hooks ~/away",
        "mv ~/away ~/.cache/prek/hooks",
        NO,
        &["hook:mill/pre-commit", "hook:mill/pre-commit@worktree"],
    ),
    (
        "mill",
        "mv ~/.cache/prek/repos ~/away",
        "mv ~/away ~/.cache/prek/repos",
        NO,
        &["hook:mill/pre-commit", "hook:mill/pre-commit@worktree"],
    ),
    (
        "mill",
        "for f in ~/.cache/prek/hooks/python-*; do mv $f/bin $f/away; break; done",
        "for f in ~/.cache/prek/hooks/python-*; do mv $f/away $f/bin; break; done",
        NO,
        &["hook:mill/pre-commit", "hook:mill/pre-commit@worktree"],
    ),
    (
        "mill",
        "sed -i 's,^PREK=.*,PREK=/gone/prek,' .git/hooks/pre-commit",
        "~/py/venv/bin/prek install >/dev/null",
        NO,
        &["hook:mill/pre-commit", "hook:mill/pre-commit@worktree"],
    ),
    (
        "mill",
        "mv .git/hooks/pre-push x",
        "mv x .git/hooks/pre-push",
        NO,
        &["hook:mill/pre-push", "hook:mill/pre-push@worktree"],
    ),
    ("mill", ":", ":", ("PREK_SKIP", "shared"), &["hook:mill/pre-commit", "hook:mill/pre-commit@worktree"]),
    ("mill", "sed -i '/unit/s/pre-push/manual/' prek.toml", "git checkout -q prek.toml", NO, &["hook:mill/pre-push"]),
    ("mill", "echo 'exit 0' >tools/all.sh", "git checkout -q tools", NO, &["hook:mill/pre-push"]),
    ("mill", "echo '# x' >>prek.toml", "git checkout -q prek.toml", NO, &[]),
    ("ledger", "touch .git/hooks/*; git gc -q; git stash list >/dev/null", ":", NO, &[]),
];

#[test]
fn hooks_of_real_managers_are_told_apart_in_the_ways_in_which_they_break() {
    let (laptop, vm) = (machine(), machine());
    for machine in [&laptop, &vm] {
        std::os::unix::fs::symlink(python(), machine.at("py")).unwrap();
    }
    let repos: String = ["shop", "forge", "small", "ledger", "mill"]
        .map(|name| format!("[repos.{name}]\npath = \"~/src/{name}\"\ngates = []\n"))
        .concat();
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &repos);
    project.capture();
    let before = vm.listing();
    assert_eq!(amiss(&project, NO), Vec::<String>::new(), "machines set up alike");
    assert!(vm.listing() == before, "looking wrote");
    let mut wrong = Vec::new();
    for (repo, change, undo, variable, expected) in ROWS {
        sh(&vm, &format!("cd ~/src/{repo}; {change}"));
        let seen = amiss(&project, *variable);
        if seen != *expected {
            wrong.push(format!("{repo}: {change} {}: {seen:?}, not {expected:?}", variable.0));
        }
        sh(&vm, &format!("cd ~/src/{repo}; {undo}"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(amiss(&project, NO), Vec::<String>::new(), "all was undone");
    let astray = amiss(&project, ("GIT_DIR", "/nonexistent"));
    assert!(astray.contains(&"hook:shop/pre-commit".to_owned()), "git goes elsewhere: {astray:?}");
}

/// The hooks that are amiss on the target, with a variable set.
fn amiss(project: &Project, (name, value): (&str, &str)) -> Vec<String> {
    let mut trueup = project.trueup(&["check", "vm", "--format", "json"]);
    if !name.is_empty() {
        trueup = trueup.env(name, value);
    }
    let output = trueup.whatever_comes();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["targets"][0]["findings"].as_array().unwrap().clone();
    let is_amiss = |finding: &&Value| finding["category"] == "hook" && finding["state"] != "match";
    findings.iter().filter(is_amiss).map(|finding| finding["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn odd_repositories_are_looked_at_or_said_to_be_unknown_and_stay_as_they_are() {
    let machine = Machine::local();
    sh(&machine, &format!(
        "{HELP}mkdir src fired; one() {{ R=$1; git init -q -b main ~/src/$R; cd ~/src/$R; echo x >file; git add .; git commit -qm first; }}
        one plain; put .git/hooks
        git clone -q --bare ~/src/plain ~/src/bare; cd ~/src/bare; put hooks
        R=shallow; git clone -q --depth 1 file://$HOME/src/plain ~/src/shallow; cd ~/src/shallow; put .git/hooks
        one detached; git checkout -q --detach; put .git/hooks
        one rebasing; git checkout -q -b b; echo y >file; git commit -qam b; git checkout -q main; echo z >file; git commit -qam c; git rebase b >/dev/null 2>&1 || true; put .git/hooks
        one dirty; echo y >file; echo z >new; put .git/hooks
        one modules; git -c protocol.file.allow=always submodule --quiet add ~/src/plain sub; git commit -qm sub; put .git/hooks
        one unborn; git update-ref -d HEAD; put .git/hooks
        one linked; put elsewhere; rm -rf .git/hooks; ln -s ../elsewhere .git/hooks
        one loops; rm -rf .git/hooks; ln -s hooks .git/hooks
        one fifo; mkfifo .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit
        one large; put .git/hooks; truncate -s 100M .git/hooks/pre-commit
        one empty; : >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit
        one binary; cp /bin/true .git/hooks/pre-commit
        one foreign; put .git/hooks; chown -R 65534 ."
    ));
    let names = [
        ("plain", "runs"),
        ("bare", "runs"),
        ("shallow", "runs"),
        ("detached", "runs"),
        ("rebasing", "runs"),
        ("dirty", "runs"),
        ("modules", "runs"),
        ("unborn", "runs"),
        ("linked", "runs"),
        ("loops", ""),
        ("fifo", "is neither a file nor a folder"),
        ("large", "runs"),
        ("empty", "runs"),
        ("binary", "runs"),
        ("missing", ""),
    ];
    let of = |name: &str| format!("[repos.{name}]\npath = \"~/src/{name}\"\ngates = []\n");
    let project = Project::of(&[("vm", &machine)], &names.map(|(name, _)| of(name)).concat());
    project.capture();
    let before = machine.listing();
    let report = project.check(&["vm"], 0);
    assert_eq!(machine.listing(), before, "looking wrote");
    for (name, starts) in names {
        let id = format!("hook:{name}/pre-commit");
        match starts {
            "" => assert!(!report.ids("vm").contains(&id.as_str()), "{id}"),
            starts => {
                let got = report.finding("vm", &id)["got"].as_str().unwrap().to_owned();
                assert!(got.starts_with(starts), "{id}: {got}");
            }
        }
    }
    let foreign = Project::of(&[("vm", &machine)], &of("foreign"));
    let report = foreign.check(&["vm"], 3);
    let reason = report.finding("vm", "hook:foreign")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("dubious ownership"), "{reason}");
}

#[test]
fn what_decides_and_what_would_fix_it_are_explained() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine
            .repo("shop")
            .file("shop/.githooks/pre-commit", "#!/bin/sh\nexit 0\n")
            .mode("shop/.githooks/pre-commit", 0o755);
        machine.git(&["-C", "shop", "config", "core.hooksPath", ".githooks"]);
    }
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[repos.shop]\npath = \"~/shop\"\ngates = []\n");
    project.capture();
    vm.mode("shop/.githooks/pre-commit", 0o644);
    let explained = |code| {
        project
            .trueup(&["check", "vm", "--explain", "hook:shop/pre-commit"])
            .any_stderr()
            .any_stdout()
            .exits(code)
            .stdout
    };
    let told = explained(1);
    assert!(told.contains("run `chmod +x ~/shop/.githooks/pre-commit`"), "{told}");
    let plan = project.trueup(&["plan", "vm"]).any_stdout().any_stderr().exits(1).stdout;
    assert!(plan.contains("change ~/shop/.githooks/pre-commit") && plan.contains("file, mode 0755"), "{plan}");
    vm.mode("shop/.githooks/pre-commit", 0o755)
        .file("other/pre-commit", "#!/bin/sh\nexit 0\n")
        .mode("other/pre-commit", 0o755);
    vm.git(&["-C", "shop", "config", "core.hooksPath", "~/other"]);
    let told = explained(1);
    assert!(told.contains("core.hooksPath: .git/config:"), "{told}");
    assert!(told.contains("run `git -C ~/shop config core.hooksPath .githooks`"), "{told}");
}

#[test]
fn an_agents_own_hooks_are_held_and_named() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine.repo("shop").file("shop/CLAUDE.md", "be good\n").file("shop/.claude/hooks/guard.sh", "#!/bin/sh\n");
        machine
            .mode("shop/.claude/hooks/guard.sh", 0o755)
            .file(".claude/settings.json", "{\"permissions\": {\"deny\": [\"Read(.env)\"]}}\n");
        machine.file(
            "shop/.claude/settings.json",
            "{\n  \"hooks\": {\"PreToolUse\": [{\"matcher\": \"Bash\", \"hooks\": [{\"type\": \"command\", \"command\": \"$CLAUDE_PROJECT_DIR/.claude/hooks/guard.sh\"}]}]}\n}\n",
        );
    }
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[repos.shop]\npath = \"~/shop\"\ngates = []\n");
    project.capture();
    let before = vm.listing();
    let report = project.check(&["vm"], 0);
    assert_eq!(vm.listing(), before, "looking wrote");
    assert_eq!(report.finding("vm", "hook:home/claude")["state"], "match");
    let both = ["hook:home/claude drift changed", "hook:shop/claude drift changed"];
    let one = ["hook:shop/claude drift changed"];
    vm.mode("shop/.claude/hooks/guard.sh", 0o644);
    assert_eq!(project.check(&["vm"], 1).amiss("vm"), one);
    vm.mode("shop/.claude/hooks/guard.sh", 0o755)
        .file("shop/.claude/settings.local.json", "{\"disableAllHooks\": true}");
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), one);
    let reason = report.finding("vm", "hook:shop/claude")["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("on vm it has all its hooks switched off by disableAllHooks"), "{reason}");
    std::fs::remove_file(vm.at("shop/.claude/settings.local.json")).unwrap();
    vm.file(".claude/settings.json", "{\"permissions\": {\"deny\": [\"Read(.envrc)\"]}}\n");
    assert_eq!(project.check(&["vm"], 1).amiss("vm"), both);
    vm.file(".claude/settings.json", "{ \"permissions\":{\"deny\":[\"Read(.env)\"]} }");
    assert_eq!(project.check(&["vm"], 0).amiss("vm"), Vec::<String>::new());
}
