//! `init`: a first spec that works at once, says why each line is there, and takes nobody's work away.

use std::fs;

use crate::support::machine::Machine;
use crate::support::trueup::Project;

/// A project with a repository's files in it and no spec.
fn repository() -> Project {
    let project = Project::empty();
    for (name, content) in [
        (
            ".git/config",
            "[core]\n\thooksPath = .husky/_\n[remote \"origin\"]\n\turl = https://me:hunter2@example.com/shop.git\n",
        ),
        (".git/HEAD", "ref: refs/heads/main\n"),
        (".git/objects/.keep", ""),
        (".git/refs/.keep", ""),
        (".nvmrc", "22\n"),
        ("package.json", "{ \"packageManager\": \"pnpm@9.1.0\" }\n"),
        (".husky/pre-commit", "npm test\n"),
        (".tool-versions", "python 3.12.1\nquux 5.4\n"),
        (".devcontainer/devcontainer.json", "{}\n"),
    ] {
        project.write(name, content);
    }
    project
}

#[test]
fn init_then_capture_then_check_is_parity_at_once() {
    let machine = Machine::local();
    machine.says("node", "v22.11.0").says("pnpm", "9.1.0").says("git-lfs", "x");
    let project = repository();
    for (name, content) in [(".gitconfig", "[alias]\n  st = status\n"), (".zshrc", "x\n"), (".netrc", "secret\n")] {
        fs::write(project.home().join(name), content).unwrap();
    }
    fs::write(project.home().join(".ssh/config"), "Host mini *.example.com\n  User me\nHost github.com\n").unwrap();
    let path = machine.path();
    project
        .trueup(&["init", "--name", "shop"])
        .env("PATH", &path)
        .stdout_has("wrote environments/shop.toml: ")
        .stdout_has("2 dotfiles, 1 repository")
        .stdout_has("trueup capture")
        .exits(0);
    let spec = project.read("environments/shop.toml");
    for line in [
        "name = \"shop\"",
        "node = \"exact\"                          # pinned by .nvmrc",
        "pnpm = \"exact\"                          # pinned by package.json",
        "# quux = \"minor\"                        # .tool-versions, but it is not on PATH here",
        "    \".zshrc\",",
        "url = \"https://example.com/shop.git\"",
        "# [targets.mini]",
        "# workspace = \".\"",
    ] {
        assert!(spec.lines().any(|found| found.starts_with(line)), "no `{line}` in\n{spec}");
    }
    assert!(spec.contains("its hooks: husky, core.hooksPath = .husky/_"), "{spec}");
    for word in ["hunter2", ".netrc", "github.com", "*.example.com", "git-lfs"] {
        assert!(!spec.contains(word), "{word} in\n{spec}");
    }
    project.trueup(&["capture"]).env("PATH", &path).stdout_has("captured ").exits(0);
    project.trueup(&["check"]).env("PATH", &path).mask_machines().stdout_has("here  parity").exits(0);
}

#[test]
fn what_is_there_is_never_overwritten() {
    let project = Project::with_spec("version = 1\n");
    let path = project.at("environments/dev.toml").canonicalize().unwrap().display().to_string();
    project
        .trueup(&["init", "--name", "dev"])
        .stderr(&format!(
            "error: {path} is there already and stays as it is; choose another name with --name, or edit it\n"
        ))
        .exits(2);
    assert_eq!(project.read("environments/dev.toml"), "version = 1\n");
    project.trueup(&["init", "--name", "../x"]).stderr_has("`../x` cannot name an environment").exits(2);
    project.trueup(&["init", "--dir", "absent"]).stderr_has("is no folder").exits(2);
    project.trueup(&["init", "--name", "other"]).stdout_has("trueup capture --env other").exits(0);
}

#[test]
fn it_is_written_at_the_top_of_the_repository() {
    let project = repository();
    fs::create_dir_all(project.at("src/deep")).unwrap();
    project.trueup(&["init", "--name", "shop"]).within(project.at("src/deep")).any_stdout().exits(0);
    assert!(project.at("environments/shop.toml").is_file());
}

#[test]
fn on_a_machine_that_has_nothing_it_says_what_to_do() {
    let project = Project::empty();
    project
        .trueup(&["init", "--name", "bare"])
        .env("PATH", "/nowhere")
        .stdout(
            "wrote environments/bare.toml; nothing was found that it could hold true\n\
             next: name a tool or a file in it, then: trueup capture\n",
        )
        .exits(0);
}
