//! The scripts that read the managers' own files, in real shells: homes as the managers leave them, with what is half
//! installed, linked or gone among the rest.
#![expect(clippy::disallowed_methods, reason = "tests are an IO edge: they make homes")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use super::super::{PROBES, vocabulary};
use crate::observe::{Probe, Question, Reply, Sighting, compile, frame};
use crate::spec::{Observed, parse};
use crate::transport::test_shells::{RealShell, Room, in_every_shell, run_attended};

const NONCE: &str = "trueup-0123456789abcdef";

/// A file below a folder, executable where it begins with `#!` or with a NUL.
fn put(root: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, &content).unwrap();
    if content.as_ref().starts_with(b"#!") || content.as_ref().starts_with(b"\0") {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

fn link(root: &Path, name: &str, to: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    symlink(to, path).unwrap();
}

/// Homebrew below `brew/`, with its own script on PATH.
fn brew(root: &Path) {
    let prefix = root.join("brew");
    let say = |folder: &str| format!("echo '{}'", prefix.join(folder).display());
    let (cellar, caskroom, repository) = (say("Cellar"), say("Caskroom"), say("."));
    put(
        root,
        "bin/brew",
        format!(
            "#!/bin/sh\ncase $1 in --cellar) {cellar} ;; --caskroom) {caskroom} ;; --repository) {repository} ;; *) exit 1 ;; esac\n"
        ),
    );
    for (name, version, tap) in
        [("jq", "1.7.1", "homebrew/core"), ("python@3.12", "3.12.4_1", "homebrew/core"), ("tf", "1.9.3", "acme/tap")]
    {
        let receipt = format!("{{\"source\":{{\"path\":null,\"tap\":\"{tap}\",\"spec\":\"stable\"}}}}");
        put(&prefix, &format!("Cellar/{name}/{version}/INSTALL_RECEIPT.json"), receipt);
        link(&prefix, &format!("opt/{name}"), &format!("../Cellar/{name}/{version}"));
    }
    // An older keg, one that was never finished, an alias and the old name of a renamed formula.
    put(&prefix, "Cellar/jq/1.6/bin/jq", "");
    put(&prefix, "Cellar/half/1.0/bin/half", "");
    link(&prefix, "opt/python3", "../Cellar/python@3.12/3.12.4_1");
    link(&prefix, "Cellar/jquery-like", "jq");
    link(&prefix, "opt/jquery-like", "../Cellar/jq/1.7.1");
    link(&prefix, "Caskroom/docker-before", "docker");
    for moment in ["20240101120000.100", "20240801120000.100"] {
        let version = if moment.starts_with("202408") { "4.33.0,160616" } else { "4.30.0,149282" };
        put(&prefix, &format!("Caskroom/docker/.metadata/{version}/{moment}/Casks/docker.json"), "{}");
    }
    put(&prefix, "Caskroom/docker/.metadata/config.json", "{}");
    put(
        &prefix,
        "Library/Taps/acme/homebrew-tap/.git/config",
        "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://me:s3cret@github.com/acme/homebrew-tap\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n[branch \"main\"]\n\tremote = origin\n",
    );
}

fn home(home: &Path) {
    // pipx: one that works, one whose Python is gone.
    for name in ["black", "gone"] {
        let metadata = format!("{{\"main_package\":{{\"package\":\"{name}\",\"package_version\":\"24.8.0\"}}}}");
        put(home, &format!(".local/pipx/venvs/{name}/pipx_metadata.json"), metadata);
    }
    put(home, ".local/pipx/venvs/black/bin/python", "#!/bin/sh\n");
    link(home, ".local/pipx/venvs/gone/bin/python", "/nowhere/python3.9");
    let tool = ".local/share/uv/tools/ruff";
    put(home, &format!("{tool}/uv-receipt.toml"), "[tool]\n");
    put(home, &format!("{tool}/bin/python"), "#!/bin/sh\n");
    put(home, &format!("{tool}/lib/python3.12/site-packages/ruff-0.6.0.dist-info/METADATA"), "");
    // One whose installation did not end, and one whose Python was taken away.
    put(home, ".local/share/uv/tools/half/bin/python", "#!/bin/sh\n");
    put(home, ".local/share/uv/tools/half/lib/python3.12/site-packages/half-1.0.dist-info/METADATA", "");
    put(home, ".local/share/uv/tools/gone/uv-receipt.toml", "[tool]\n");
    put(home, ".local/share/uv/tools/gone/lib/python3.12/site-packages/gone-1.0.dist-info/METADATA", "");
    link(home, ".local/share/uv/tools/gone/bin/python", "../../python/cpython-3.12.1-linux-x86_64-gnu/bin/python3.12");
    let node = ".local/share/mise/installs/node";
    put(home, &format!("{node}/22.11.0/bin/node"), "");
    put(home, &format!("{node}/20.1.0/bin/node"), "");
    put(home, &format!("{node}/24.0.0/half"), "");
    put(home, ".cache/mise/node/24.0.0/incomplete", "");
    link(home, &format!("{node}/22"), "./22.11.0");
    link(home, &format!("{node}/latest"), "./22.11.0");
    put(home, "own-node/bin/node", "");
    link(home, &format!("{node}/own"), "../../../../../own-node");
    let prettier = ".local/share/mise/installs/npm-prettier";
    put(home, &format!("{prettier}/.mise.backend.toml"), "short = \"npm:prettier\"\nfull = \"npm:prettier\"\n");
    put(home, &format!("{prettier}/3.3.3/bin/prettier"), "");
    // Nothing of it is there yet, or what is there is not all.
    put(home, ".cache/mise/npm-half/1.0.0/incomplete", "");
    put(home, ".local/share/mise/installs/npm-half/1.0.0/bin/half", "");
    fs::create_dir_all(home.join(".local/share/mise/installs/jq/1.7")).unwrap();
    let global = ".local/share/pnpm/global/5/node_modules";
    put(
        home,
        &format!("{global}/.pnpm/ms@2.1.3/node_modules/ms/package.json"),
        "{\"name\":\"ms\",\"version\":\"2.1.3\"}",
    );
    link(home, &format!("{global}/ms"), ".pnpm/ms@2.1.3/node_modules/ms");
    put(home, &format!("{global}/@scope/tool/package.json"), "{\"name\":\"@scope/tool\",\"version\":\"1.0.0-rc.1\"}");
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    put(
        home,
        ".cargo/.crates2.json",
        format!(
            "{{\"installs\":{{\"bat 0.24.0 ({registry})\":{{\"bins\":[\"bat\"]}},\"gone 1.0.0 ({registry})\":{{\"bins\":[\"gone\"]}}}}}}"
        ),
    );
    put(home, ".cargo/bin/bat", "#!/bin/sh\n");
    let extension =
        "{\"identifier\":{\"id\":\"Ms-Python.python\"},\"version\":\"2024.12.2\",\"relativeLocation\":\"x\"}";
    let gone = extension.replace("Ms-Python", "Gone").replace("\"x\"", "\"gone-1.0\"");
    put(home, ".vscode/extensions/extensions.json", format!("[{extension},{gone}]"));
    put(home, ".vscode/extensions/x/package.json", "{}");
    put(home, ".vscode/extensions/.obsolete", "{\"y\":true}");
    let program = b"\0\x01ELF\0\xff\xfe0w\xaf\x0c\x92t\x08\x02A\xe1\xc1\x07\xe6\xd6\x18\xe6path\tgolang.org/x/tools/cmd/stringer\nmod\tgolang.org/x/tools\tv0.24.0\th1:x=\n\0\0rest\0";
    put(home, "go/bin/stringer", program);
    put(home, "go/bin/script", "#!/bin/sh\necho no program of go\n");
}

const MANAGERS: [&str; 11] = ["apk", "brew", "cask", "tap", "pnpm", "pipx", "uv", "cargo", "go", "mise", "vscode"];

fn questions(spec: &str) -> Vec<(&'static Probe, Question)> {
    let environment = parse("t.toml", &format!("name = \"t\"\n[packages]\n{spec}"), &vocabulary()).unwrap();
    let managers = PROBES.iter().filter(|probe| probe.manager.is_some());
    managers.flat_map(|probe| (probe.ask)(&environment).into_iter().map(move |one| (*probe, one))).collect()
}

/// What is seen in a shell, a line a sighting.
fn seen(room: &Room, shell: &RealShell, bin: &Path, asked: &[(&'static Probe, Question)]) -> Vec<String> {
    let only: Vec<Question> = asked.iter().map(|(_, question)| question.clone()).collect();
    let mut command = room.command(shell, &["-s"]);
    let path =
        command.get_envs().find_map(|(name, value)| (name == "PATH").then(|| value.unwrap().to_owned())).unwrap();
    command.env("PATH", format!("{}:{}", bin.display(), path.to_str().unwrap()));
    let mut frames =
        frame::read(&run_attended(command, compile(&only, NONCE).text.as_bytes(), shell.name).stdout, NONCE);
    let mut lines = Vec::new();
    for (number, (probe, question)) in asked.iter().enumerate() {
        let Some(Reply::Answered(answer)) = frames.replies.remove(&number) else {
            panic!("{} has no answer", probe.name)
        };
        match (probe.read)(question, &answer) {
            Err(why) => lines.push(format!("{}: {why}", probe.name)),
            Ok(sightings) => lines.extend(sightings.iter().map(|sighting| match sighting {
                Sighting::Item(id, Observed::Present(fact)) => format!("{id} {}", fact.shown()),
                Sighting::Item(id, Observed::Absent) => format!("{id} absent"),
                other => format!("{other:?}"),
            })),
        }
    }
    lines
}

fn files(folder: &Path) -> Vec<(PathBuf, std::time::SystemTime)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let about = fs::symlink_metadata(entry.path()).unwrap();
        all.push((entry.path(), about.modified().unwrap()));
        if about.is_dir() {
            all.extend(files(&entry.path()));
        }
    }
    all.sort();
    all
}

#[test]
fn what_managers_left_is_read_alike_in_every_shell_and_nothing_is_written() {
    let all: String = MANAGERS.iter().map(|manager| format!("{manager} = \"all\"\n")).collect();
    let all = questions(&all.replace("\"all\"", "{ names = \"all\" }"));
    let named = questions(
        "brew = [\"Acme/homebrew-tap/tf\", \"homebrew/core/tf\", \"half\", \"JQ\", \"jquery-like\", \"python3\"]\ncask = [\"docker-before\"]\n",
    );
    let beside = questions(
        "brew = { names = \"all\" }\ncask = { names = \"all\" }\ntap = [\"Acme/homebrew-tap\"]\n\
         python = { policy = \"present\", brew = \"python3\" }\n\
         docker = { policy = \"present\", cask = \"docker-before\" }\n",
    );
    in_every_shell(|shell| {
        let room = Room::new();
        brew(room.path());
        home(&room.home());
        // A shim would not work without its home; what it stands for is not started.
        put(room.path(), "bin/shims/go", "#!/bin/sh\nexit 1\n");
        let bin = PathBuf::from(format!("{0}/shims:{0}", room.path().join("bin").display()));
        let before = (files(&room.home()), files(&room.path().join("brew")));
        assert_eq!(
            seen(&room, shell, &bin, &all),
            [
                "NoManager(\"apk\")",
                "package:brew/jq 1.7.1",
                "package:brew/python@3.12 3.12.4_1",
                "package:brew/tf 1.9.3",
                "package:cask/docker 4.33.0,160616",
                "package:tap/acme/tap github.com/acme/homebrew-tap",
                "package:pnpm/@scope/tool 1.0.0-rc.1",
                "package:pnpm/ms 2.1.3",
                "package:pipx/black 24.8.0",
                "package:uv/ruff 0.6.0",
                "package:cargo/bat 0.24.0",
                "package:go/golang.org/x/tools/cmd/stringer v0.24.0",
                "package:mise/node 22.11.0, 20.1.0, own",
                "package:mise/npm:prettier 3.3.3",
                "package:vscode/ms-python.python 2024.12.2",
            ],
            "{}",
            shell.name
        );
        // What was called otherwise before is there by its old name too, for whoever asks for that.
        let names = [
            "brew/half absent",
            "brew/homebrew/core/tf absent",
            "brew/acme/tap/tf 1.9.3",
            "brew/jq 1.7.1",
            "brew/jquery-like 1.7.1",
            "brew/python3 3.12.4_1",
            "cask/docker-before 4.33.0,160616",
        ];
        assert_eq!(seen(&room, shell, &bin, &named), names.map(|name| format!("package:{name}")), "{}", shell.name);
        // And so it is where everything is listed too.
        let names = [
            "brew/jq 1.7.1",
            "brew/python3 3.12.4_1",
            "brew/python@3.12 3.12.4_1",
            "brew/tf 1.9.3",
            "cask/docker 4.33.0,160616",
            "cask/docker-before 4.33.0,160616",
            "tap/acme/tap github.com/acme/homebrew-tap",
        ];
        assert_eq!(seen(&room, shell, &bin, &beside), names.map(|name| format!("package:{name}")), "{}", shell.name);
        assert_eq!((files(&room.home()), files(&room.path().join("brew"))), before, "{} wrote", shell.name);
    });
}

#[test]
fn a_folder_that_may_not_be_read_leaves_its_packages_unknown() {
    let asked =
        questions("pipx = [\"black\"]\nuv = [\"ruff\"]\nmise = [\"node\"]\nvscode = [\"a.b\"]\npnpm = [\"ms\"]\n");
    let shut = [
        ".local/pipx/venvs",
        ".local/share/uv/tools/ruff/lib/python3.12/site-packages",
        ".local/share/mise/installs/node",
        ".vscode/extensions",
        ".local/share/pnpm/global/5/node_modules",
    ];
    in_every_shell(|shell| {
        let room = Room::new();
        home(&room.home());
        let bin = room.path().join("bin");
        let set = |mode| {
            for folder in shut {
                fs::set_permissions(room.home().join(folder), fs::Permissions::from_mode(mode)).unwrap();
            }
        };
        set(0o000);
        // Of what the superuser may do, no bit tells.
        let is_shut = fs::read_dir(room.home().join(shut[0])).is_err();
        let lines = seen(&room, shell, &bin, &asked);
        set(0o755);
        if is_shut {
            assert_eq!(lines.len(), shut.len(), "{}: {lines:?}", shell.name);
            for line in lines {
                assert!(line.contains("may not be read"), "{}: {line}", shell.name);
            }
        }
    });
}

#[test]
fn settings_that_are_not_followed_leave_it_unknown() {
    let asked = questions("cargo = [\"bat\"]\npnpm = [\"ms\"]\nvscode = [\"a.b\"]\n");
    in_every_shell(|shell| {
        let room = Room::new();
        put(&room.home(), ".cargo/config.toml", "[build]\njobs = 1\n[install]\nroot = \"/opt/crates\"\n");
        put(&room.home(), ".npmrc", "global-dir=/opt/pnpm\n");
        put(&room.home(), ".vscode/extensions/a.b-1.0/package.json", "{}");
        let lines = seen(&room, shell, &room.path().join("bin"), &asked);
        assert_eq!(lines.len(), 3, "{}: {lines:?}", shell.name);
        let whys = ["global-dir is set in", "install.root is set in", "has extensions and no list of them"];
        for (line, why) in lines.iter().zip(whys) {
            assert!(line.contains("failed with exit code 1") && line.contains(why), "{}: {line}", shell.name);
        }
    });
}
