//! A Mac as the reference and a Debian machine as the target: what each has from its own manager.

use std::process::Command;

use crate::support::machine::Machine;
use crate::support::trueup::Project;

/// A machine that takes itself for a Mac, with Homebrew and these formulae.
fn mac(formulae: &[(&str, &str)]) -> Machine {
    let machine = Machine::local();
    machine.tool("uname", "echo 'Darwin mini arm64'");
    let prefix = machine.at("homebrew");
    let folder = |name: &str| prefix.join(name).display().to_string();
    machine.tool(
        "brew",
        &format!(
            "case $1 in --cellar) echo '{}' ;; --caskroom) echo '{}' ;; --repository) echo '{}' ;; *) exit 1 ;; esac",
            folder("Cellar"),
            folder("Caskroom"),
            folder("")
        ),
    );
    for (name, version) in formulae {
        machine.file(&format!("homebrew/Cellar/{name}/{version}/INSTALL_RECEIPT.json"), "{}");
        machine.link(&format!("homebrew/opt/{name}"), &format!("../Cellar/{name}/{version}"));
    }
    machine
}

/// The upstream version of this machine's bash, as Debian's package tells it.
fn debians_bash() -> String {
    let output = Command::new("dpkg-query").args(["-W", "-f", "${Version}", "bash"]).output().unwrap();
    let version = String::from_utf8(output.stdout).unwrap();
    version.rsplit_once('-').unwrap().0.to_owned()
}

#[test]
fn one_thing_is_held_by_the_manager_of_each_machine() {
    let bash = debians_bash();
    let laptop = mac(&[("bash", &format!("{bash}_1")), ("ripgrep", "14.1.0")]);
    let vm = Machine::local();
    let rest = "[packages]\nshell = { brew = \"bash\", apt = \"bash\" }\n\
                search = { brew = \"ripgrep\", apt = \"no-such-package\" }\n\
                font = { cask = \"font-fira-code\", brew = \"ripgrep\" }\n";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    let lock = project.read("environments/dev.lock");
    assert!(lock.contains("brew/bash") && !lock.contains("apt/"), "{lock}");
    project.check(&["laptop"], 0);
    let report = project.check(&["vm"], 1);
    let shell = report.finding("vm", "package:apt/bash");
    assert_eq!((&shell["state"], &shell["want"]), (&"match".into(), &format!("{bash}_1").into()), "{shell}");
    assert_eq!(report.amiss("vm"), ["package:apt/no-such-package drift missing", "package:brew/ripgrep drift missing"]);
    let detail = report.finding("vm", "package:brew/ripgrep")["detail"].as_str().unwrap();
    assert!(detail.starts_with("[[waivers]]\nfinding = \"package:brew/ripgrep\"\n"), "{detail}");
}

#[test]
fn what_homebrew_brought_is_one_finding_on_debian_and_one_waiver_covers_it() {
    let laptop = mac(&[("bat", "0.24.0"), ("fd", "10.1.0"), ("python@3.12", "3.12.4")]);
    let vm = Machine::local();
    let rest = "[packages]\nbrew = { names = \"all\" }\ntap = [\"acme/tap\"]\n";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["package:brew drift missing"]);
    let brew = report.finding("vm", "package:brew");
    assert_eq!(brew["want"], "3 packages: bat, fd, python@3.12");
    let waiver = brew["detail"].as_str().unwrap().split_once("\n\n").unwrap().1;
    let spec = project.read("environments/dev.toml");
    project.spec(&format!("{spec}\n{waiver}"));
    assert_eq!(project.check(&["vm"], 0).finding("vm", "package:brew")["state"], "waived");
}
