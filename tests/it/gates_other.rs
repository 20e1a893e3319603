//! What the tools of Python, Rust, Go and the shell would apply, asked of real ruff, mypy, rustfmt, clippy and shellcheck: one
//! change at a time on a machine that is the reference's twin, and what must be said of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::machine::Machine;
use crate::support::trueup::Project;

/// A change to a machine: places in its home, and what they hold then; nothing for what is gone.
type Change<'a> = &'a [(&'a str, Option<&'a str>)];

/// A laptop and its twin, each with this repository, and the project that was captured of the first.
struct Twins {
    vm: Machine,
    laptop: Machine,
    project: Project,
}

/// The wheels of the tools, fetched once below the target folder.
fn wheels() -> PathBuf {
    let folder = PathBuf::from(concat!(env!("CARGO_TARGET_TMPDIR"), "/wheels-of-gates"));
    if folder.is_dir() {
        return folder;
    }
    let fetched = tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let wanted = ["ruff==0.8.4", "mypy==1.13.0", "iniconfig==2.0.0", "iniconfig==1.1.1", "pluggy==1.5.0"];
    for one in wanted {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", one]);
        let output = pip.arg("--dest").arg(fetched.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    // Another test may have been first.
    let _taken = fs::rename(fetched.path(), &folder);
    folder
}

/// An environment of Python's in a repository, with these packages in it.
fn venv(machine: &Machine, packages: &[&str]) {
    let place = machine.at("shop/.venv");
    let run = |command: &mut Command| {
        let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(Command::new("python3").args(["-m", "venv", "--without-pip"]).arg(&place));
    if !packages.is_empty() {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check", "--python"]).arg(place.join("bin/python"));
        pip.args(["install", "--no-index", "--no-compile", "--find-links"]).arg(wheels()).args(packages);
        run(&mut pip);
    }
}

/// Tools that lie where no machine of the tests looks.
fn rust_tools(machine: &Machine) {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    let sysroot = String::from_utf8(sysroot.stdout).unwrap();
    for tool in ["rustfmt", "cargo-clippy"] {
        machine.tool(tool, &format!("exec '{}/bin/{tool}' \"$@\"", sysroot.trim()));
    }
}

impl Twins {
    fn new(files: &[(&str, &str)], prepare: impl Fn(&Machine), rest: &str) -> Self {
        let (laptop, vm) = (Machine::local(), Machine::local());
        for machine in [&laptop, &vm] {
            for (name, content) in files {
                machine.file(&format!("shop/{name}"), content);
            }
            machine.file("shop/.gitignore", ".venv/\n").repo("shop");
            prepare(machine);
        }
        let project =
            Project::of(&[("laptop", &laptop), ("vm", &vm)], &format!("[repos.shop]\npath = \"~/shop\"\n{rest}"));
        project.capture();
        let before = vm.listing();
        project.check(&["laptop", "vm"], 0);
        assert_eq!(vm.listing(), before, "looking wrote");
        Self { vm, laptop, project }
    }

    /// Makes a change, looks, and undoes it.
    fn changed<T>(&self, change: Change<'_>, look: impl FnOnce() -> T) -> T {
        let before: Vec<_> = change
            .iter()
            .map(|(place, _)| {
                let place = self.vm.at(place);
                (fs::read(&place).ok(), fs::metadata(&place).map(|about| about.permissions().mode()).ok(), place)
            })
            .collect();
        for (place, content) in change {
            match content {
                Some(content) => {
                    self.vm.file(place, content);
                }
                None => fs::remove_file(self.vm.at(place)).unwrap(),
            }
        }
        let seen = look();
        for (content, mode, place) in before {
            match (content, mode) {
                (Some(content), Some(mode)) => {
                    fs::write(&place, content).unwrap();
                    fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
                }
                _ => fs::remove_file(place).unwrap(),
            }
        }
        seen
    }

    /// A change makes this item, and no other, drift for this reason.
    fn drifts(&self, change: Change<'_>, id: &str, reason: &str) {
        let report = self.changed(change, || self.project.check(&["vm"], 1));
        assert_eq!(report.amiss("vm"), [format!("{id} drift changed")], "{change:?}");
        let finding = report.finding("vm", id);
        let told =
            format!("{}\n{}", finding["reason"].as_str().unwrap(), finding["detail"].as_str().unwrap_or_default());
        assert!(told.contains(reason), "no `{reason}` after {change:?} in {told}");
    }

    /// A change that says the same in other words is none.
    fn is_silent(&self, change: Change<'_>) {
        let report = self.changed(change, || self.project.check(&["vm"], 0));
        assert_eq!(report.amiss("vm"), Vec::<String>::new(), "{change:?}");
    }

    /// After a change nothing is known of this item, for this reason.
    fn is_unknown(&self, change: Change<'_>, id: &str, reason: &str) {
        let report = self.changed(change, || self.project.check(&["vm"], 3));
        assert_eq!(report.amiss("vm"), [format!("{id} unknown -")], "{change:?}");
        let told = report.finding("vm", id)["reason"].as_str().unwrap();
        assert!(told.contains(reason), "no `{reason}` after {change:?} in {told}");
    }
}

const PYPROJECT: &str = "[project]\nname = \"shop\"\nversion = \"0.1.0\"\nrequires-python = \">=3.9\"\n\n[tool.ruff]\nline-length = 100\n\n\
    [tool.ruff.lint]\nselect = [\"E\", \"F\", \"I\"]\nignore = [\"E501\"]\n\n[tool.ruff.lint.per-file-ignores]\n\"tests/*\" = [\"F401\"]\n\n\
    [tool.mypy]\nstrict = true\nplugins = []\n\n[[tool.mypy.overrides]]\nmodule = [\"tests.*\"]\nignore_errors = true\n";

const UV_LOCK: &str = "version = 1\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\nsource = { virtual = \".\" }\n\
    dependencies = [{ name = \"iniconfig\" }, { name = \"colorama\", marker = \"sys_platform == 'win32'\" }]\n\n[package.dev-dependencies]\n\
    dev = [{ name = \"mypy\" }, { name = \"ruff\" }]\n\n[[package]]\nname = \"colorama\"\nversion = \"0.4.6\"\n\n\
    [[package]]\nname = \"iniconfig\"\nversion = \"2.0.0\"\n\n[[package]]\nname = \"mypy\"\nversion = \"1.13.0\"\n\
    dependencies = [{ name = \"mypy-extensions\" }, { name = \"typing-extensions\" }]\n\n[[package]]\nname = \"mypy-extensions\"\n\n\
    [[package]]\nname = \"ruff\"\nversion = \"0.8.4\"\n\n[[package]]\nname = \"typing-extensions\"\n";

fn python() -> Twins {
    let files = [
        ("pyproject.toml", PYPROJECT),
        ("uv.lock", UV_LOCK),
        ("shop/__init__.py", "import os\n"),
        ("shop/deep/er/x.py", "y = 1\n"),
        ("tests/test_shop.py", "import os\n"),
    ];
    Twins::new(
        &files,
        |machine| venv(machine, &["ruff==0.8.4", "mypy==1.13.0", "iniconfig==2.0.0"]),
        "[limits]\ndump = \"20s\"\n",
    )
}

#[test]
fn a_change_to_what_ruff_would_apply_is_said_by_its_name() {
    let twins = python();
    let changed = |from: &str, to: &str| PYPROJECT.replace(from, to);
    let ruff = "gate:shop/ruff";
    let pyproject = "shop/pyproject.toml";
    for (text, reason) in [
        (changed("\"F\", ", ""), "rules.F401: on on the reference, off on vm"),
        (changed("\"I\"]", "\"I\", \"B\"]"), "rules.B006: off on the reference, on on vm"),
        (changed("ignore = [\"E501\"]", "ignore = [\"E501\", \"F841\"]"), "rules.F841: on on the reference, off on vm"),
        (
            changed("ignore = [\"E501\"]", "ignore = [\"E501\"]\nunfixable = [\"F841\"]"),
            "rules.F841: on on the reference, on, never fixed on vm",
        ),
        (changed("length = 100", "length = 120"), "line-length: 100 on the reference, 120 on vm"),
        (
            changed("[\"F401\"]", "[\"F401\", \"F841\"]"),
            "lint.per-file-ignores.tests/*: F401 on the reference, F401, F841 on vm",
        ),
        (changed("\n[tool.ruff.lint]", "exclude = [\"shop\"]\n[tool.ruff.lint]"), "exclude: [\".bzr\""),
        (
            changed("\n[tool.ruff.lint]", "target-version = \"py312\"\n[tool.ruff.lint]"),
            "target-version: Py39 on the reference, Py312 on vm",
        ),
        (
            format!("{PYPROJECT}\n[tool.ruff.format]\nquote-style = \"single\"\n"),
            "format.quote-style: double on the reference, single on vm",
        ),
    ] {
        twins.drifts(&[(pyproject, Some(&text))], ruff, reason);
    }
    // A nearer one decides for what is below it, even where it says the same.
    let nearer = "configuration (shop/deep/er/x.py): pyproject.toml on the reference, shop/deep/ruff.toml on vm";
    twins.drifts(&[("shop/shop/deep/ruff.toml", Some("extend = \"../../pyproject.toml\"\n"))], ruff, nearer);
    twins.drifts(
        &[("shop/ruff.toml", Some("line-length = 100\n"))],
        ruff,
        "rules.I001: on on the reference, off on vm",
    );
}

#[test]
fn what_says_the_same_to_ruff_and_mypy_is_no_drift() {
    let twins = python();
    let rest = PYPROJECT.split_once("[tool.ruff]").unwrap().0;
    let other_words = format!(
        "{rest}# moved about\n[[tool.mypy.overrides]]\nmodule = \"tests.*\"\nignore_errors = true # why\n[tool.mypy]\nplugins = []\nstrict = true\n\
         [tool.ruff.lint]\nignore = [\n  'E501', # long\n]\nselect = ['I', 'F', 'E']\nper-file-ignores.'tests/*' = ['F401']\n[tool.ruff]\nline-length = 100\n"
    );
    twins.is_silent(&[("shop/pyproject.toml", Some(&other_words))]);
    // The user's own is not looked at where the repository has one.
    twins.is_silent(&[
        (".config/ruff/ruff.toml", Some("line-length = 7\n")),
        (".mypy.ini", Some("[mypy]\nstrict = False\n")),
    ]);
    twins.is_silent(&[("ruff.toml", Some("line-length = 7\n"))]);
}

#[test]
fn a_change_to_what_mypy_would_apply_is_said_by_its_name() {
    let twins = python();
    let changed = |from: &str, to: &str| PYPROJECT.replace(from, to);
    let (mypy, pyproject) = ("gate:shop/mypy", "shop/pyproject.toml");
    twins.drifts(
        &[(pyproject, Some(&changed("strict = true", "strict = false")))],
        mypy,
        "strict: true on the reference, false on vm",
    );
    let modules = changed("\"tests.*\"", "\"tests.*\", \"shop.*\"");
    twins.drifts(
        &[(pyproject, Some(&modules))],
        mypy,
        "overrides.shop.*.ignore_errors: not set on the reference, true on vm",
    );
    let nearer = "configuration: pyproject.toml on the reference, mypy.ini on vm";
    twins.drifts(&[("shop/mypy.ini", Some("[mypy]\nstrict = True\n"))], mypy, nearer);
    twins.is_unknown(&[("shop/mypy.ini", Some("[mypy]\nstrict\n"))], mypy, "mypy.ini:2: ");
}

#[test]
fn a_ruff_that_is_another_or_gone_or_lies_is_not_taken_for_the_references() {
    let twins = python();
    let (ruff, vm) = ("gate:shop/ruff", &twins.vm);
    let place = vm.at("shop/.venv/bin/ruff");
    let real = vm.at("shop/.venv/bin/ruff.real");
    fs::rename(&place, &real).unwrap();
    let said = |project: &Project, code| {
        project.check(&["vm"], code).finding("vm", ruff)["reason"].as_str().unwrap().to_owned()
    };
    let put = |script: &str| {
        vm.file("shop/.venv/bin/ruff", format!("#!/bin/sh\n{script}\n")).mode("shop/.venv/bin/ruff", 0o755);
    };
    let through = format!("exec '{}' \"$@\"", real.display());
    // A different version, which tells what the real one tells.
    put(&format!("case $1 in --version) echo 'ruff 0.8.3' ;; *) {through} ;; esac"));
    assert_eq!(said(&twins.project, 1), "on vm it is ruff 0.8.3; on the reference it is ruff 0.8.4");
    // One that was asked for and is not installed, while its configuration is there.
    fs::remove_file(&place).unwrap();
    let reason = said(&twins.project, 1);
    assert!(
        reason.starts_with("on vm it is asked for and not installed; on the reference it is ruff 0.8.4"),
        "{reason}"
    );
    // The same one, from elsewhere on PATH.
    vm.tool("ruff", &through);
    assert_eq!(said(&twins.project, 1), "taken from: .venv on the reference, PATH on vm");
    vm.without("ruff");
    put("exit 3");
    assert!(said(&twins.project, 3).contains("ruff --version failed with exit code 3"));
    put("case $1 in --version) echo 'ruff 0.8.4' ;; *) kill -9 $$ ;; esac");
    assert!(said(&twins.project, 3).contains("ruff check --show-settings failed with exit code 137"));
    put("case $1 in --version) echo 'ruff 0.8.4' ;; *) echo nothing of account ;; esac");
    assert!(said(&twins.project, 3).contains("not understood"));
    put("case $1 in --version) echo 'ruff 0.8.4' ;; *) yes | head -c 100000000 ;; esac");
    assert!(said(&twins.project, 3).contains("printed more than"));
    put("case $1 in --version) echo 'ruff 0.8.4' ;; *) sleep 60 ;; esac");
    assert!(said(&twins.project, 3).contains("did not answer within 20 s"));
    fs::rename(&real, &place).unwrap();
    twins.project.check(&["vm"], 0);
    twins.is_unknown(&[("shop/shop/ruff.toml", Some("line-length = \"x\"\n"))], ruff, "shop/ruff.toml");
}

#[test]
fn an_environment_out_of_step_with_its_lockfile_is_said_package_by_package() {
    let twins = python();
    let (python, vm) = ("gate:shop/python", &twins.vm);
    let site = fs::read_dir(vm.at("shop/.venv/lib")).unwrap().next().unwrap().unwrap().path().join("site-packages");
    let install = |packages: &[&str]| venv(vm, packages);
    install(&["iniconfig==1.1.1"]);
    let report = twins.project.check(&["vm"], 1);
    let finding = report.finding("vm", python);
    assert_eq!(report.amiss("vm"), ["gate:shop/python drift changed"]);
    let told = format!("{}\n{}", finding["reason"].as_str().unwrap(), finding["detail"].as_str().unwrap());
    assert!(
        told.starts_with("on vm it is not what uv.lock says; on the reference it holds what uv.lock says"),
        "{told}"
    );
    assert!(told.contains("iniconfig: not set on the reference, 1.1.1 installed, 2.0.0 locked on vm"), "{told}");
    install(&["iniconfig==2.0.0", "pluggy==1.5.0"]);
    let reason =
        |report: crate::support::trueup::Report| report.finding("vm", python)["reason"].as_str().unwrap().to_owned();
    let extra = reason(twins.project.check(&["vm"], 1));
    assert_eq!(extra, "pluggy: not set on the reference, 1.5.0 installed, not locked on vm");
    fs::remove_dir_all(site.join("pluggy-1.5.0.dist-info")).unwrap();
    twins.project.check(&["vm"], 0);
    // What a failed installation leaves is no package.
    fs::remove_file(site.join("iniconfig-2.0.0.dist-info/METADATA")).unwrap();
    assert!(reason(twins.project.check(&["vm"], 1)).starts_with("iniconfig: not set on the reference, not installed"));
    fs::remove_dir_all(vm.at("shop/.venv")).unwrap();
    let report = twins.project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm").len(), 3, "{:?}", report.amiss("vm"));
    assert!(reason(report).starts_with("on vm it has no .venv for uv.lock"));
}

const RUST: [(&str, &str); 6] = [
    (
        "Cargo.toml",
        "[workspace]\nmembers = [\"a\"]\n\n[workspace.package]\nedition = \"2024\"\n\n[workspace.lints.clippy]\nunwrap_used = \"deny\"\n",
    ),
    ("a/Cargo.toml", "[package]\nname = \"a\"\nedition.workspace = true\n\n[lints]\nworkspace = true\n"),
    ("a/src/lib.rs", "#![deny(missing_docs)]\n//! A library.\n"),
    ("rustfmt.toml", "max_width = 120\n"),
    ("clippy.toml", "too-many-lines-threshold = 70\n"),
    (".cargo/config.toml", "[build]\nrustflags = [\"-D\", \"warnings\"]\n"),
];

#[test]
fn a_change_to_what_rustfmt_and_clippy_would_apply_is_said_by_its_name() {
    let twins = Twins::new(&RUST, rust_tools, "");
    let (rustfmt, clippy) = ("gate:shop/rustfmt", "gate:shop/clippy");
    let changed = |number: usize, from: &str, to: &str| RUST[number].1.replace(from, to);
    twins.drifts(
        &[("shop/rustfmt.toml", Some("max_width = 80\n"))],
        rustfmt,
        "max_width: 120 on the reference, 80 on vm",
    );
    twins.drifts(&[("shop/rustfmt.toml", None)], rustfmt, "configuration: rustfmt.toml on the reference, none on vm");
    twins.drifts(
        &[("shop/a/.rustfmt.toml", Some("max_width = 120\n"))],
        rustfmt,
        "configuration: rustfmt.toml on the reference, a/.rustfmt.toml on vm",
    );
    twins.drifts(
        &[("shop/Cargo.toml", Some(&changed(0, "2024", "2021")))],
        rustfmt,
        "edition: 2024 on the reference, 2021 on vm",
    );
    twins.is_unknown(&[("shop/rustfmt.toml", Some("max_width = \n"))], rustfmt, "rustfmt.toml:1");
    twins.drifts(
        &[("shop/Cargo.toml", Some(&changed(0, "deny", "warn")))],
        clippy,
        "lints.clippy.unwrap_used: deny on the reference, warn on vm",
    );
    twins.drifts(
        &[(
            "shop/a/Cargo.toml",
            Some(&changed(
                1,
                "workspace = true\n\n[lints]",
                "workspace = true\n\n[lints.rust]\nunsafe_code = \"forbid\"\n[x]",
            )),
        )],
        clippy,
        "lints.clippy.unwrap_used: deny on the reference, not set on vm",
    );
    twins.drifts(
        &[("shop/a/src/lib.rs", Some("#![allow(missing_docs)]\n"))],
        clippy,
        "lints.rust.missing_docs: deny on the reference, allow on vm",
    );
    twins.drifts(
        &[("shop/clippy.toml", Some("too-many-lines-threshold = 700\n"))],
        clippy,
        "clippy.toml.too-many-lines-threshold: 70 on the reference, 700 on vm",
    );
    twins.drifts(
        &[("shop/.cargo/config.toml", Some("[build]\n"))],
        clippy,
        "build.rustflags: -D warnings on the reference, not set on vm",
    );
    // What is said in other words, and what is about no lints.
    twins.is_silent(&[(
        "shop/.cargo/config.toml",
        Some("[build]\nrustflags = \"-Dwarnings -C link-arg=-s\"\n[net]\noffline = true\n"),
    )]);
    twins.is_silent(&[
        ("shop/rustfmt.toml", Some("# wide\nmax_width=120\n")),
        ("shop/a/src/lib.rs", Some("// why\n#![deny(\n    missing_docs,\n)]\n")),
    ]);
    twins.is_silent(&[(".cargo/config.toml", Some("[target.x86_64-unknown-linux-gnu]\nlinker = \"clang\"\n"))]);
    twins.vm.without("rustfmt").tool("cargo-clippy", "echo 'clippy 0.1.60 (abc 2022-01-01)'");
    let report = twins.project.check(&["vm"], 1);
    let reason = |id: &str| report.finding("vm", id)["reason"].as_str().unwrap().to_owned();
    assert!(reason(rustfmt).starts_with("on vm it is asked for and not installed"), "{}", reason(rustfmt));
    assert!(reason(clippy).starts_with("on vm it is clippy 0.1.60"), "{}", reason(clippy));
}

#[test]
fn a_change_to_what_shellcheck_would_apply_is_said_by_its_name() {
    let files = [
        (".shellcheckrc", "disable=SC1090,SC2034\nenable=quote-safe-variables\n"),
        ("run.sh", "#!/bin/sh\necho hi\n"),
        ("bin/start", "#!/usr/bin/env bash\necho hi\n"),
        ("bin/data", "no script\n"),
    ];
    let twins = Twins::new(&files, |_| (), "");
    let (shellcheck, rc) = ("gate:shop/shellcheck", "shop/.shellcheckrc");
    assert!(Path::new("/usr/bin/shellcheck").exists(), "shellcheck must be installed to run the tests");
    twins.drifts(
        &[(rc, Some("disable=SC1090,SC2034,SC2086\nenable=quote-safe-variables\n"))],
        shellcheck,
        "SC2086: not set on the reference, disabled on vm",
    );
    twins.drifts(
        &[(rc, Some("disable=SC1090,SC2034\n"))],
        shellcheck,
        "optional.quote-safe-variables: enabled on the reference, not set on vm",
    );
    // Nothing asks for it any more.
    let gone = twins.changed(&[(rc, None)], || twins.project.check(&["vm"], 1));
    assert_eq!(gone.amiss("vm"), ["gate:shop/shellcheck drift missing"]);
    let nearer = "configuration (bin/start): .shellcheckrc on the reference, bin/.shellcheckrc on vm";
    twins.drifts(
        &[("shop/bin/.shellcheckrc", Some("disable=SC1090,SC2034\nenable=quote-safe-variables\n"))],
        shellcheck,
        nearer,
    );
    twins.is_silent(&[(rc, Some("# first\nenable=quote-safe-variables\ndisable=2034 # so\ndisable=SC1090\n"))]);
    twins.is_silent(&[(".shellcheckrc", Some("disable=all\n"))]);
    twins.is_unknown(&[(rc, Some("disable=SC1090\nSC2034\n"))], shellcheck, ".shellcheckrc:2");
}

#[test]
fn a_change_to_what_golangci_lint_would_apply_is_said_by_its_name() {
    let files = [
        ("go.mod", "module example.com/shop\n"),
        ("main.go", "package main\n"),
        (".golangci.yml", "linters:\n  enable: [revive, gosec]\nlinters-settings:\n  revive:\n    severity: error\n"),
    ];
    let version = |version: &str| {
        format!("golangci-lint has version {version} built with go1.23.3 from 89476e7a on 2024-11-25T14:16:01Z")
    };
    let twins = Twins::new(
        &files,
        |machine| {
            machine.says("golangci-lint", &version("1.62.2"));
        },
        "",
    );
    let (lint, file) = ("gate:shop/golangci-lint", "shop/.golangci.yml");
    twins.drifts(
        &[(file, Some(&files[2].1.replace(", gosec", "")))],
        lint,
        "linters.gosec: on on the reference, off on vm",
    );
    twins.drifts(
        &[(file, Some(&files[2].1.replace("error", "warning")))],
        lint,
        "linters-settings.revive.severity: error on the reference, warning on vm",
    );
    twins.is_silent(&[(
        file,
        Some(
            "# same\nlinters-settings: {revive: {severity: 'error'}}\nlinters:\n  enable:\n    - gosec\n    - revive\n",
        ),
    )]);
    twins.is_unknown(&[(file, Some("linters: [\n"))], lint, ".golangci.yml");
    twins.vm.says("golangci-lint", &version("1.60.0"));
    let report = twins.project.check(&["vm"], 1);
    assert_eq!(
        report.finding("vm", lint)["reason"],
        "on vm it is golangci-lint 1.60.0; on the reference it is golangci-lint 1.62.2"
    );
    twins.vm.without("golangci-lint");
    let report = twins.project.check(&["vm"], 1);
    assert!(report.finding("vm", lint)["reason"].as_str().unwrap().contains("on vm it is asked for and not installed"));
    // Installed on both, and used by neither, it is nothing.
    fs::remove_file(twins.laptop.at(file)).unwrap();
    fs::remove_file(twins.vm.at(file)).unwrap();
    twins.project.capture();
    assert!(!twins.project.check(&["vm"], 0).ids("vm").contains(&lint));
}
