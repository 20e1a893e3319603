//! Tools as they are really found: behind version managers, beside other copies, as other products, and never woken up
//! to fetch or write anything.

use std::time::Duration;

use crate::support::machine::Machine;
use crate::support::trueup::Project;

/// A spec for one machine that looks for tools in a folder of its home first.
fn spec(machine: &Machine, folder: &str, rest: &str) -> String {
    let (home, path) = (machine.home(), format!("{}:{}", machine.at(folder).display(), machine.path()));
    format!(
        "version = 1\nname = \"dev\"\nreference = \"vm\"\n[targets.vm]\nkind = \"local\"\nhome = {home:?}\npath = {path:?}\n\
         [shell]\nlogin = false\n{rest}\n"
    )
}

#[test]
fn what_a_version_manager_would_start_and_every_other_copy_are_told() {
    let machine = Machine::local();
    machine.says("python3", "Python 3.9.9");
    machine.file(".pyenv/shims/python3", "#!/bin/sh\nexport PYENV_ROOT=x\n# pyenv exec\necho Python 3.12.1\n");
    machine.file(".pyenv/bin/pyenv", "#!/bin/sh\n[ \"$1\" = which ] && echo \"/versions/3.12.1/bin/$2\"\n");
    machine.mode(".pyenv/shims/python3", 0o755).mode(".pyenv/bin/pyenv", 0o755);
    let project = Project::with_spec(&spec(&machine, ".pyenv/shims", "[tools]\npython3 = \"exact\""));
    project.capture();
    let report = project.check(&[], 0);
    let finding = report.finding("vm", "tool:python3");
    let detail = finding["detail"].as_str().unwrap();
    let shim = machine.at(".pyenv/shims/python3");
    let start = format!("{} -> /versions/3.12.1/bin/python3; also on PATH: ", shim.display());
    assert!(detail.starts_with(&start) && detail.contains("/bin/python3"), "{detail}");
    assert_eq!(finding["got"], "3.12.1");

    machine.file(
        ".pyenv/shims/python3",
        "#!/bin/sh\n# pyenv exec\necho 'pyenv: python3: command not found' >&2\nexit 127\n",
    );
    machine.file(".pyenv/bin/pyenv", "#!/bin/sh\nexit 1\n");
    let report = project.check(&[], 3);
    assert_eq!(
        report.finding("vm", "tool:python3")["reason"],
        "pyenv has no version of python3 set here: pyenv: python3: command not found"
    );
}

#[test]
fn a_tool_that_would_fetch_itself_is_not_let() {
    let machine = Machine::local();
    machine.tool(
        "yarn",
        "[ \"$COREPACK_ENABLE_NETWORK\" = 0 ] || touch \"$HOME/fetched\"\necho 'Network access disabled' >&2; exit 1",
    );
    machine.tool("rustc", "[ \"$RUSTUP_AUTO_INSTALL\" = 0 ] || touch \"$HOME/fetched\"\necho rustc 1.80.0");
    machine.tool("go", "[ \"$GOPROXY\" = off ] || touch \"$HOME/fetched\"\necho go version go1.23.1 linux/amd64");
    let project = Project::of(&[("vm", &machine)], "[tools]\nyarn = \"exact\"\nrustc = \"exact\"\ngo = \"exact\"");
    let before = machine.listing();
    let report = project.check(&[], 3);
    assert_eq!(machine.listing(), before);
    assert_eq!(report.finding("vm", "tool:go")["got"], "1.23.1");
    let reason = report.finding("vm", "tool:yarn")["reason"].as_str().unwrap().to_owned();
    assert!(reason.ends_with("Network access disabled"), "{reason}");
}

#[test]
fn a_product_without_a_version_matches_itself_alone() {
    let (mac, other_mac, linux) = (Machine::local(), Machine::local(), Machine::local());
    for machine in [&mac, &other_mac] {
        machine.tool("sed", "echo 'sed: illegal option -- -' >&2; exit 1").says("docker", "podman version 4.3.1");
    }
    linux.says("sed", "sed (GNU sed) 4.9").says("docker", "Docker version 4.3.1, build x");
    let machines = [("mac", &mac), ("other", &other_mac), ("linux", &linux)];
    for policy in ["exact", "major", "present"] {
        let project = Project::of(&machines, &format!("[tools]\nsed = \"{policy}\"\ndocker = \"{policy}\""));
        project.capture();
        project.check(&["other"], 0);
        let report = project.check(&["linux"], 1);
        let finding = report.finding("linux", "tool:sed");
        assert_eq!(finding["reason"], "it is the usual product, the reference has BSD sed");
        assert_eq!((&finding["want"], &finding["got"]), (&"BSD sed".into(), &"4.9".into()));
        assert_eq!(report.finding("linux", "tool:docker")["want"], "podman 4.3.1");
    }
    let project = Project::of(&machines, "[tools]\nsed = \">=4\"");
    project.capture();
    project.check(&["other"], 1);
}

/// Without a link that says so. BusyBox's sed claims to be a version of GNU's that is always the same.
#[test]
fn a_sed_that_is_another_name_of_busybox_tells_its_own_version() {
    let machine = Machine::local();
    machine.file(
        "box/busybox",
        "#!/bin/sh\n[ \"$1\" = --help ] && echo 'BusyBox v1.36.1 (Debian 1:1.36.1-9)' >&2\n\
        echo 'This is not GNU sed version 4.0'\n",
    );
    machine.mode("box/busybox", 0o755);
    std::fs::hard_link(machine.at("box/busybox"), machine.at("box/sed")).unwrap();
    let project = Project::with_spec(&spec(&machine, "box", "[tools]\nsed = \"exact\""));
    project.capture();
    assert_eq!(project.check(&[], 0).finding("vm", "tool:sed")["got"], "BusyBox 1.36.1");
    std::fs::remove_file(machine.at("box/sed")).unwrap();
    std::fs::copy(machine.at("box/busybox"), machine.at("box/sed")).unwrap();
    project.check(&[], 3);
}

/// Whichever of these are there: asking them for their version writes nothing.
#[test]
fn asking_real_tools_writes_nothing() {
    let machine = Machine::local();
    let names = [
        "svn",
        "nvim",
        "codex",
        "gemini",
        "biome",
        "java",
        "javac",
        "go",
        "cargo",
        "ruby",
        "php",
        "perl",
        "gpg",
        "ansible",
        "pip3",
        "corepack",
        "psql",
        "sqlite3",
        "hg",
        "vim",
        "hyperfine",
        "podman",
    ];
    let tools: Vec<String> = names.iter().map(|name| format!("{name} = \"present\"\n")).collect();
    let rest = format!("[limits]\nprobe = \"60s\"\n[tools]\n{}", tools.concat());
    let project = Project::of(&[("vm", &machine)], &rest);
    let before = machine.listing();
    // Without a lock nothing is known of how they should be.
    project.check(&[], 3);
    assert_eq!(machine.listing(), before);
    machine.falls_silent(Duration::from_secs(2));
}
