//! Devcontainers from nothing: rendered, built and brought up by the real devcontainer CLI, and brought true inside. Building
//! images needs root and this machine's package sources, so this belongs to the long group: see `scripts/test --help`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::debian::DebianRoot;
use crate::support::engine::{Engine, Kind};
use crate::support::trueup::{Project, Trueup};

const IMAGE: &str = "localhost/trueup-devcontainer-base:1";
const CLI: &str = "@devcontainers/cli@0.89.0";

/// What is made once and kept below `target/`: the CLI, and a Debian to begin with.
struct Kept {
    cli: PathBuf,
    debian: PathBuf,
}

fn kept() -> Kept {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("devcontainer");
    fs::create_dir_all(&folder).unwrap();
    let lock = fs::File::create(folder.join("lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let kept = Kept { cli: folder.join("node_modules/.bin"), debian: folder.join("debian.tar") };
    if !kept.cli.join("devcontainer").exists() {
        let npm = Command::new("npm").args(["install", "--no-audit", "--no-fund", CLI]).current_dir(&folder).status();
        assert!(npm.unwrap().success(), "npm install {CLI}");
    }
    if !kept.debian.exists() {
        let unfinished = folder.join("debian.tar.new");
        DebianRoot::make().archive(&unfinished);
        fs::rename(unfinished, &kept.debian).unwrap();
    }
    kept
}

/// The engine with the image, and what has trueup find both and the CLI.
fn furnished(kind: Kind) -> (Engine, Kept) {
    let (kept, engine) = (kept(), Engine::new(kind));
    engine.import_archive(&kept.debian, IMAGE);
    (engine, kept)
}

fn within(trueup: Trueup, engine: &Engine, kept: &Kept) -> Trueup {
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", kept.cli.display());
    engine.env().iter().fold(trueup.env("PATH", &path), |trueup, (name, value)| trueup.env(name, value))
}

/// The only container that runs, as its engine tells.
fn container(engine: &Engine) -> String {
    let ids = engine.run(&["ps", "-q"]);
    let mut ids = ids.split_ascii_whitespace();
    let id = ids.next().expect("a container runs").to_owned();
    assert_eq!(ids.next(), None, "only one container runs");
    id
}

#[test]
fn an_empty_folder_becomes_a_devcontainer_at_parity_whose_gate_fires() {
    let (engine, kept) = furnished(Kind::Podman);
    let project = Project::empty();
    // The project is the repository in which people work.
    let shop = project.home().join("src/shop");
    let put = |name: &str, content: &str| {
        fs::create_dir_all(shop.join(name).parent().unwrap()).unwrap();
        fs::write(shop.join(name), content).unwrap();
    };
    put(
        "environments/shop.toml",
        &format!(
            "version = 1\nname = \"shop\"\n[shell]\nlogin = false\n[targets.dev]\nkind = \"devcontainer\"\nimage = {IMAGE:?}\n\
             engine = \"podman\"\nuser = \"root\"\n[tools]\ngit = {{ policy = \"present\", install = {{ apt = \"git\" }} }}\n\
             shellcheck = {{ policy = \"exact\", install = {{ apt = \"shellcheck\" }} }}\n[packages]\napt = [\"make\"]\n\
             [dotfiles]\nfiles = [\".gitconfig\"]\n[repos.shop]\npath = \"~/src/shop\"\n"
        ),
    );
    put(".githooks/pre-commit", "#!/bin/sh\nset -e\ngit diff --cached --name-only -- '*.sh' | xargs -r shellcheck\n");
    put("run.sh", "#!/bin/sh\necho run\n");
    fs::write(project.home().join(".gitconfig"), "[user]\n\tname = Me\n\temail = me@example.com\n").unwrap();
    let script = "git init -q -b main && chmod +x .githooks/pre-commit && git config core.hooksPath .githooks && \
                  git add . && git commit -qm one";
    let mut git = Command::new("sh");
    git.args(["-ec", script]).current_dir(&shop).env("HOME", project.home());
    assert!(git.status().unwrap().success());
    let trueup =
        |words: &[&str]| within(project.trueup(words).within(shop.clone()), &engine, &kept).any_stdout().any_stderr();
    trueup(&["capture", "--yes"]).exits(0);

    let refused = trueup(&["apply", "dev"]).exits(2);
    assert!(refused.stdout.contains("dev is not there. It is made by:\n  trueup render devcontainer dev\n"));
    assert!(refused.stderr.contains("Make 1 machine? Say --yes"), "{}", refused.stderr);
    assert!(!shop.join(".devcontainer").exists(), "nothing is made before it is agreed to");

    let applied = trueup(&["apply", "dev", "--yes"]).exits(0);
    assert!(applied.stdout.contains("done    create ~/.gitconfig"), "{}", applied.stdout);
    assert!(!applied.stdout.contains("apt package"), "what managers bring is in the image: {}", applied.stdout);
    trueup(&["check", "dev", "--behaviour"]).exits(0);
    let planned = trueup(&["plan", "dev"]).exits(0);
    assert!(planned.stdout.contains("nothing to do"), "{}", planned.stdout);
    trueup(&["render", "devcontainer", "dev", "--check"]).exits(0);

    let id = container(&engine);
    let commit = |content: &str| {
        let script = format!("cd ~/src/shop && echo '{content}' >run.sh && git add run.sh && git commit -qm two");
        Command::new("podman").args(["exec", &id, "sh", "-c", &script]).envs(engine.env()).output().unwrap()
    };
    let bad = commit("echo $1");
    assert!(!bad.status.success() && String::from_utf8_lossy(&bad.stderr).contains("SC2086"), "{bad:?}");
    assert!(commit("#!/bin/sh\necho good").status.success());

    // One that has stopped is started again; one that runs is left alone.
    engine.run(&["stop", "-t", "0", &id]);
    let again = trueup(&["apply", "dev", "--yes"]).exits(0);
    assert!(again.stdout.contains("dev is not there") && container(&engine) == id[..12], "{}", again.stdout);
    let left = trueup(&["apply", "dev", "--yes"]).exits(0);
    assert!(!left.stdout.contains("is not there"), "{}", left.stdout);
}

#[test]
fn a_configuration_that_somebody_wrote_is_built_and_heard_to_its_end() {
    let (engine, kept) = furnished(Kind::Docker);
    let project = Project::with_spec(
        "version = 1\nname = \"dev\"\n[shell]\nlogin = false\n[targets.dev]\nkind = \"devcontainer\"\nengine = \"docker\"\n\
         [tools]\njq = { policy = \"present\", install = { apt = \"jq\" } }\n[dotfiles]\nfiles = [\".rc\"]\n",
    );
    fs::write(project.home().join(".rc"), "rc\n").unwrap();
    let theirs = format!(
        "{{\n  // Containers have no network of their own here.\n  \"build\": {{ \"dockerfile\": \"Dockerfile\", \"args\": {{ \
         \"IMAGE\": {IMAGE:?} }}, \"options\": [\"--network=host\"] }},\n  \"runArgs\": [\"--network=host\"],\n  \
         \"remoteUser\": \"me\",\n  \"initializeCommand\": \"touch initialized\",\n  \
         \"postCreateCommand\": \"sleep 3; echo made >~/made\"\n}}\n"
    );
    project.write(".devcontainer/devcontainer.json", &theirs);
    let trueup = |words: &[&str]| within(project.trueup(words), &engine, &kept).any_stdout().any_stderr();
    trueup(&["capture", "--yes"]).exits(0);
    trueup(&["render", "devcontainer", "dev"]).exits(0);
    let amended = project.read(".devcontainer/devcontainer.json");
    assert!(
        amended.contains("// Containers have no network") && amended.contains("\"remoteUser\": \"me\""),
        "{amended}"
    );

    let mut cli = Command::new(kept.cli.join("devcontainer"));
    cli.args(["read-configuration", "--workspace-folder"]).arg(project.at("")).envs(engine.env());
    let read = cli.output().unwrap();
    let told: Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(told["configuration"]["waitFor"], "postCreateCommand");
    assert_eq!(told["configuration"]["build"]["args"]["IMAGE"], IMAGE);

    let applied = trueup(&["apply", "dev", "--yes"]).exits(0);
    let here = "  its initializeCommand, on this machine and not in the container: touch initialized\n";
    assert!(applied.stdout.contains(here), "{}", applied.stdout);
    assert!(project.at("initialized").exists());
    // It was waited for: what is created last is there, and belongs to who works there, as does what was applied.
    let id = container(&engine);
    assert_eq!(engine.sh(&id, "me", "cat ~/made ~/.rc; id -un; sudo -n id -un"), "made\nrc\nme\nroot\n");
}

#[test]
fn what_is_not_there_to_make_it_is_named_and_hides_no_other_target() {
    let (engine, kept) = furnished(Kind::Podman);
    let project = Project::with_spec(
        "version = 1\nname = \"dev\"\n[shell]\nlogin = false\n[targets.broken]\nkind = \"devcontainer\"\nengine = \"podman\"\n\
         workspace = \"broken\"\n[targets.other]\nkind = \"devcontainer\"\nengine = \"no-such-engine\"\n[targets.here]\nkind = \"local\"\n[dotfiles]\nfiles = [\".rc\"]\n",
    );
    fs::write(project.home().join(".rc"), "rc\n").unwrap();
    project.write("broken/.devcontainer/devcontainer.json", "{ \"build\": { \"dockerfile\": \"Dockerfile\" } }");
    project.write("broken/.devcontainer/Dockerfile", format!("FROM {IMAGE}\nRUN echo the-fault >&2; exit 7\n"));
    let trueup = |words: &[&str]| within(project.trueup(words), &engine, &kept).any_stdout().any_stderr();
    trueup(&["capture", "--yes"]).exits(0);
    let failed = trueup(&["apply", "broken", "here", "--yes"]).exits(3);
    assert!(failed.stderr.contains("the-fault"), "{}", failed.stderr);
    assert!(failed.stdout.contains("the devcontainer CLI could not bring it up: "), "{}", failed.stdout);
    assert!(failed.stdout.contains("here  parity"), "{}", failed.stdout);

    let none = trueup(&["apply", "other", "--yes"]).exits(3).stdout;
    assert!(none.contains("no engine for containers answers (no-such-engine is not installed); install"), "{none}");
    let none = trueup(&["apply", "broken", "--yes"]).env("PATH", "/usr/bin:/bin").exits(3).stdout;
    let told = "the devcontainer CLI, which brings it up, is not installed; install it with: npm install --global";
    assert!(none.contains(told), "{none}");
}
