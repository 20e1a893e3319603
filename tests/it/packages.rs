//! Packages that npm installs globally, with the real npm and the real registry: small ones that depend on nothing.

use std::path::Path;
use std::process::Command;

use crate::support::machine::Machine;
use crate::support::trueup::{Project, Ran};

/// A machine whose npm installs into its home, the way to have global packages without root.
fn machine(packages: &[&str]) -> Machine {
    let machine = Machine::local();
    machine.file(".npmrc", "prefix=~/.npm-global\n").tool("npm", &npm());
    if !packages.is_empty() {
        npm_on(&machine, &[&["install", "--global", "--no-audit", "--no-fund"], packages].concat());
    }
    machine
}

/// The npm that the tests find, as it reaches the network here and without this user's own files. It may live where
/// no machine of the tests looks, and its node with it.
fn npm() -> String {
    let npm = Path::new(&npm_path()).to_owned();
    let mut words = format!("PATH=$PATH:{}", npm.parent().unwrap_or(Path::new("/")).display());
    for name in ["NODE_EXTRA_CA_CERTS", "http_proxy", "https_proxy", "no_proxy"] {
        if let Ok(value) = std::env::var(name) {
            words.push_str(&format!(" {name}='{value}'"));
        }
    }
    for (key, name) in [("registry", "npm_config_registry"), ("cafile", "npm_config_cafile")] {
        // It makes its cache and a log wherever it is asked anything.
        let cache = concat!(env!("CARGO_TARGET_TMPDIR"), "/npm");
        let output = Command::new(&npm).args(["config", "get", key, "--cache", cache]).output().unwrap();
        let value = String::from_utf8(output.stdout).unwrap();
        if !["", "null", "undefined"].contains(&value.trim()) {
            words.push_str(&format!(" {name}='{}'", value.trim()));
        }
    }
    format!("{words} exec {} \"$@\"", npm.display())
}

/// Where the npm of the tests lies.
fn npm_path() -> String {
    let path = std::env::var("PATH").expect("tests are started with a PATH");
    let npm = std::env::split_paths(&path).map(|folder| folder.join("npm")).find(|npm| npm.is_file());
    npm.expect("npm must be installed to run the tests").display().to_string()
}

/// Runs npm as the machine's user does.
fn npm_on(machine: &Machine, arguments: &[&str]) -> String {
    let output = Command::new("npm")
        .args(arguments)
        .current_dir(machine.home())
        .env_clear()
        .env("HOME", machine.home())
        .env("PATH", machine.path())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert!(output.status.success(), "npm {arguments:?}: {}", text(output.stderr));
    text(output.stdout)
}

/// The version of a global package that its own files tell, whatever npm says.
fn installed(machine: &Machine, name: &str) -> Option<String> {
    let about =
        std::fs::read_to_string(machine.at(&format!(".npm-global/lib/node_modules/{name}/package.json"))).ok()?;
    let about: serde_json::Value = serde_json::from_str(&about).unwrap();
    about["version"].as_str().map(str::to_owned)
}

fn project(laptop: &Machine, vm: &Machine, rest: &str) -> Project {
    let project = Project::of(&[("laptop", laptop), ("vm", vm)], rest);
    project.capture();
    project
}

fn apply(project: &Project, arguments: &[&str], code: i32) -> Ran {
    project.trueup(&[&["apply", "vm", "--yes"], arguments].concat()).any_stdout().any_stderr().exits(code)
}

#[test]
fn npm_packages_come_in_exactly_the_references_versions() {
    let laptop = machine(&["is-number@6.0.0", "ms@2.1.3", "@types/ms@0.7.33"]);
    let vm = machine(&["is-number@7.0.0", "isarray@2.0.5"]);
    let project = project(&laptop, &vm, "[packages]\nnpm = { names = \"all\" }");
    project.check(&["laptop"], 0);
    let drift = project.check(&["vm"], 1);
    let amiss = [
        "package:npm/@types/ms drift missing",
        "package:npm/is-number drift changed",
        "package:npm/isarray drift extra",
        "package:npm/ms drift missing",
    ];
    assert_eq!(drift.amiss("vm"), amiss);
    let changed = drift.finding("vm", "package:npm/is-number");
    assert_eq!((&changed["want"], &changed["got"]), (&"6.0.0".into(), &"7.0.0".into()));
    let plan = project.trueup(&["plan", "vm"]).any_stdout().exits(1).stdout;
    for part in [
        "vm  2 to create, 1 to change, 1 left as it is\n",
        " create npm package @types/ms@0.7.33\n",
        " change npm package is-number@6.0.0\n",
        " create npm package ms@2.1.3\n",
        "npm install --global --no-audit --no-fund ms@2.1.3; not undone by rollback\n",
        "no step for package:npm/isarray: the reference does not have it; extras are removed only with --prune\n",
    ] {
        assert!(plan.contains(part), "no `{part}` in\n{plan}");
    }
    assert_eq!(installed(&vm, "is-number").as_deref(), Some("7.0.0"), "planning changed something");
    // What the reference lacks stays, and is all that remains.
    apply(&project, &[], 1);
    assert_eq!(project.check(&["vm"], 1).amiss("vm"), ["package:npm/isarray drift extra"]);
    for (name, version) in [("is-number", "6.0.0"), ("ms", "2.1.3"), ("@types/ms", "0.7.33"), ("isarray", "2.0.5")] {
        assert_eq!(installed(&vm, name).as_deref(), Some(version), "{name}");
    }
    // Unless it is to go.
    apply(&project, &["--prune"], 0);
    assert_eq!(installed(&vm, "isarray"), None);
    assert_eq!(project.check(&["vm"], 0).amiss("vm"), Vec::<String>::new());
    project.trueup(&["plan", "vm", "--prune"]).stdout("vm  nothing to do\n").exits(0);
}

/// A bug: as long as the folder of its prefix is not there, as on a machine where nothing was ever installed, npm ends
/// with an error in place of a list. Taken for one, it left a new machine unknown, and so without a plan.
#[test]
fn a_prefix_that_is_not_there_yet_holds_no_packages_and_is_made() {
    let (laptop, vm) = (machine(&["is-number@7.0.0"]), machine(&[]));
    let project = project(&laptop, &vm, "[packages]\nnpm = [\"is-number\"]");
    let before = vm.listing();
    assert_eq!(project.check(&["vm"], 1).amiss("vm"), ["package:npm/is-number drift missing"]);
    assert_eq!(vm.listing(), before, "looking made something");
    apply(&project, &[], 0);
    assert_eq!(installed(&vm, "is-number").as_deref(), Some("7.0.0"));
    project.check(&["vm"], 0);
}

/// A bug: npm reports an error as JSON too, and without a list in it; that was taken for an empty list, so packages
/// that nobody had looked for were reported as absent.
#[test]
fn npms_error_is_not_an_empty_list() {
    let (laptop, vm) = (machine(&["is-number@7.0.0"]), machine(&["is-number@7.0.0"]));
    let project = project(&laptop, &vm, "[packages]\nnpm = { names = \"all\" }");
    // A link to itself can be followed by nobody, not even by root.
    vm.file(".npmrc", "prefix=~/.loop\n").link(".loop", ".loop");
    let unknown = project.check(&["vm"], 3);
    let finding = unknown.finding("vm", "package:npm/is-number");
    assert_eq!((&finding["state"], &finding["got"]), (&"unknown".into(), &serde_json::Value::Null));
    let reason = finding["reason"].as_str().unwrap();
    assert!(reason.contains("npm ls --global failed with exit code ") && reason.contains("ELOOP"), "{reason}");
}

#[test]
fn a_version_that_the_registry_lacks_fails_with_npms_reason_and_stops_no_other() {
    let laptop = machine(&["is-number@7.0.0", "ms@2.1.3"]);
    // As after an own build, or with a version that was withdrawn.
    let about = ".npm-global/lib/node_modules/is-number/package.json";
    let doctored = laptop.read(about).replace("\"7.0.0\"", "\"77.0.0\"");
    laptop.file(about, doctored);
    let vm = machine(&["is-number@6.0.0"]);
    let project = project(&laptop, &vm, "[packages]\nnpm = { names = \"all\" }");
    let ran = apply(&project, &[], 1);
    for part in [
        "  failed  change npm package is-number@77.0.0  exit code 1: ",
        "No matching version found for is-number@77.0.0.",
        "  done    create npm package ms@2.1.3\n",
    ] {
        assert!(ran.stdout.contains(part), "no `{part}` in\n{}", ran.stdout);
    }
    assert_eq!(project.check(&["vm"], 1).amiss("vm"), ["package:npm/is-number drift changed"]);
    assert_eq!(installed(&vm, "is-number").as_deref(), Some("6.0.0"), "a failed step took away what was there");
}

#[test]
fn a_tool_comes_with_the_npm_package_that_the_spec_names() {
    let laptop = machine(&["mkdirp@3.0.1"]);
    let vm = machine(&["mkdirp@3.0.0"]);
    let bare = machine(&[]);
    let tables = [("laptop", &laptop), ("vm", &vm), ("bare", &bare)].map(|(name, machine)| {
        let bin = machine.at(".npm-global/bin");
        machine.target(name).replace(&machine.path(), &format!("{}:{}", bin.display(), machine.path()))
    });
    let project = Project::with_spec(&format!(
        "version = 1\nname = \"dev\"\nreference = \"laptop\"\n{}[shell]\nlogin = false\n[tools]\n\
         mkdirp = {{ policy = \"exact\", install = {{ npm = \"mkdirp\" }} }}\n",
        tables.concat()
    ));
    project.capture();
    let drift = project.check(&["vm", "bare"], 1);
    assert_eq!(drift.finding("vm", "tool:mkdirp")["change"], "changed");
    assert_eq!(drift.finding("bare", "tool:mkdirp")["change"], "missing");
    // The tool and its package are one thing to bring.
    let plan = project.trueup(&["plan", "bare"]).stdout_has("bare  1 to create\n").exits(1);
    assert!(plan.stdout.contains("create npm package mkdirp@3.0.1\n"), "{}", plan.stdout);
    project.trueup(&["apply", "vm", "bare", "--yes"]).any_stdout().any_stderr().exits(0);
    let report = project.check(&["vm", "bare"], 0);
    for target in ["vm", "bare"] {
        assert_eq!(report.finding(target, "tool:mkdirp")["got"], "3.0.1");
    }
    project.trueup(&["plan", "vm", "bare"]).stdout_has("vm  nothing to do\n").exits(0);
}

/// One thing by two managers: the real pnpm on one machine, npm on the other.
#[test]
fn pnpms_global_packages_are_read_from_its_own_folder_and_are_one_thing_with_npms() {
    let laptop = machine(&["pnpm@10.34.4"]);
    let vm = machine(&["is-number@7.0.0"]);
    let home = laptop.home();
    let own_npm = std::fs::read_to_string(home.parent().unwrap().join("bin/npm")).unwrap();
    let pnpm = home.join(".npm-global/bin/pnpm");
    laptop.tool("pnpm", &own_npm.replace(&npm_path(), &pnpm.display().to_string()));
    let global = home.join(".local/share/pnpm");
    let output = Command::new("pnpm")
        .args(["add", "--global", "is-number@7.0.0", "@types/ms@0.7.33"])
        .current_dir(&home)
        .env_clear()
        .env("HOME", &home)
        .env("PNPM_HOME", &global)
        .env("PATH", format!("{}:{}", global.display(), laptop.path()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let rest = "[packages]\npnpm = [\"@types/ms\"]\nnumber = { npm = \"is-number\", pnpm = \"is-number\" }\n";
    let project = project(&laptop, &vm, rest);
    let before = laptop.listing();
    project.check(&["laptop"], 0);
    assert_eq!(laptop.listing(), before, "looking wrote");
    let lock = project.read("environments/dev.lock");
    assert!(lock.contains("[package.\"pnpm/is-number\"]\nversion = \"7.0.0\"") && !lock.contains("npm/pnpm"), "{lock}");
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["package:pnpm/@types/ms drift missing"]);
    assert_eq!(report.finding("vm", "package:npm/is-number")["state"], "match");
}
