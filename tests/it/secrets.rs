//! Variables that agents' commands get, secrets among them: had by reference, set for the user's own shell, taken back, and shown
//! to nobody.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::machine::{Machine, contents};
use crate::support::trueup::{Project, Trueup};

const SECRET: &str = "pl4nted-it's-$HOME-\\n-\"x\"-!1";

/// A spec with machines whose login profile decides what commands get.
fn project(machines: &[(&str, &Machine)], rest: &str) -> Project {
    let target = |(name, machine): &(&str, &Machine)| {
        format!("[targets.{name}]\nkind = \"local\"\nhome = {:?}\n", machine.home())
    };
    let targets: String = machines.iter().map(target).collect();
    let reference = machines[0].0;
    Project::with_spec(&format!("version = 1\nname = \"dev\"\nreference = \"{reference}\"\n{targets}{rest}\n"))
}

fn run(project: &Project, shell: &str, arguments: &[&str]) -> Trueup {
    project.trueup(arguments).env("SHELL", shell).env("USER", "me").env("MY_KEY", SECRET)
}

fn home(machine: &Machine) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut found = contents(&machine.home());
    found.retain(|name, _| !name.starts_with(".local") && !name.is_empty());
    found
}

const ALL: &str = "[env]\nAPI_KEY = { secret = \"env:MY_KEY\" }\nFILE_TOKEN = { secret = \"file:~/token\" }\n\
                   CMD_TOKEN = { secret = \"cmd:cat ~/token | tr a-z A-Z; echo complaint >&2\" }\nNODE_ENV = \"exact\"\nEMPTY = \"exact\"\n";

#[test]
fn variables_are_had_once_set_for_each_shell_and_taken_back() {
    let shells: Vec<&str> = ["/bin/sh", "/bin/bash", "/bin/zsh", "/usr/bin/zsh", "/usr/bin/fish", "/usr/bin/mksh"]
        .into_iter()
        .filter(|shell| Path::new(shell).exists())
        .collect();
    for shell in shells {
        let (laptop, vm) = (Machine::local(), Machine::local());
        let own = "export API_KEY=other FILE_TOKEN=x CMD_TOKEN=x NODE_ENV='it'\\''s a \\ $x' EMPTY=";
        if shell.ends_with("fish") {
            laptop.file(".config/fish/config.fish", format!("{}\n", own.replace("a \\ ", "a \\\\ ")));
        } else {
            laptop.file(if shell.ends_with("zsh") { ".zshenv" } else { ".profile" }, format!("{own}\n"));
        }
        let profile = "# mine\nNODE_ENV=development\nexport NODE_ENV";
        if shell.ends_with("fish") {
            // It makes its folder itself.
            vm.file(".config/fish/config.fish", "# mine\n");
        } else {
            vm.file(if shell.ends_with("zsh") { ".zshenv" } else { ".profile" }, profile);
        }
        let before = home(&vm);
        let project = project(&[("laptop", &laptop), ("vm", &vm)], ALL);
        fs::write(project.home().join("token"), "from-a-file\n").unwrap();
        run(&project, shell, &["capture", "--yes"]).any_stdout().exits(0);
        let planned = run(&project, shell, &["plan", "vm"]).any_stdout().exits(1);
        assert!(
            planned.stdout.contains("create $API_KEY")
                && planned.stdout.contains("set from env:MY_KEY, in ~/.config/trueup/environment, mode 0600"),
            "{}",
            planned.stdout
        );
        run(&project, shell, &["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(0);
        run(&project, shell, &["check", "vm"]).any_stdout().exits(0);
        let after = home(&vm);
        let (mode, assignments) = &after[".config/trueup/environment"];
        assert_eq!(mode & 0o7777, 0o600);
        let assignments = String::from_utf8(assignments.clone()).unwrap();
        assert!(assignments.contains("FROM-A-FILE") && assignments.lines().count() == 5, "{shell}: {assignments}");
        // The value that a command gets is the one that was sent.
        let ask = std::process::Command::new(shell)
            .args(["-lc", "printenv API_KEY"])
            .env_clear()
            .envs([("HOME", vm.home().to_str().unwrap()), ("PATH", "/usr/bin:/bin")])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(ask.stdout).unwrap(), format!("{SECRET}\n"), "{shell}");
        run(&project, shell, &["plan", "vm"]).stdout_has("nothing to do").exits(0);
        run(&project, shell, &["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(0);
        assert_eq!(home(&vm), after, "{shell}: a second apply writes nothing");
        run(&project, shell, &["rollback", "vm", "--yes"]).any_stdout().exits(0);
        assert_eq!(home(&vm), before, "{shell}");
    }
}

#[test]
fn a_secret_that_is_missing_stops_what_needs_it_and_nothing_else() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(".profile", "export A_TOKEN=x B_TOKEN=x C_TOKEN=x D_TOKEN=x MODE=m API_KEY=x\n").file(".vimrc", "v");
    let rest = "[dotfiles]\nfiles = [\".vimrc\"]\n[env]\nAPI_KEY = { secret = \"env:MY_KEY\" }\nA_TOKEN = { secret = \"env:NOT_SET\" }\n\
                B_TOKEN = { secret = \"file:~/nowhere\" }\nC_TOKEN = { secret = \"cmd:echo pl4nted; echo pl4nted >&2; exit 7\" }\nD_TOKEN = \"present\"\n";
    let project = project(&[("laptop", &laptop), ("vm", &vm)], rest);
    run(&project, "/bin/sh", &["capture", "--yes"]).any_stdout().exits(0);
    let ran = run(&project, "/bin/sh", &["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1);
    for part in [
        "done    create ~/.vimrc",
        "done    create $API_KEY",
        "skipped create $A_TOKEN  it is to be had from env:NOT_SET, and NOT_SET is not set here",
        "skipped create $B_TOKEN  it is to be had from file:~/nowhere, which cannot be read here: No such file",
        "skipped create $C_TOKEN  it is to be had from cmd:echo pl4nted; echo pl4nted >&2; exit 7, which failed (exit status: 7)",
        "no step for env:D_TOKEN: only that it is set is known of it; say where its value is had from",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.stdout);
    }
}

#[test]
fn what_a_plan_needs_is_not_had_before_somebody_agrees() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(".profile", "export A_TOKEN=x\n");
    let project = project(
        &[("laptop", &laptop), ("vm", &vm)],
        "[env]\nA_TOKEN = { secret = \"cmd:echo x >>~/asked; echo v\" }\n",
    );
    run(&project, "/bin/sh", &["capture", "--yes"]).any_stdout().exits(0);
    run(&project, "/bin/sh", &["plan", "vm"]).any_stdout().exits(1);
    run(&project, "/bin/sh", &["apply", "vm"]).any_stdout().any_stderr().exits(2);
    assert!(!project.home().join("asked").exists());
    run(&project, "/bin/sh", &["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(0);
    assert_eq!(fs::read_to_string(project.home().join("asked")).unwrap(), "x\n", "it is had once");
}

#[test]
fn a_start_up_file_that_is_held_or_a_link_is_not_written_into() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(".profile", "export A_TOKEN=x\n");
    let rest = "[env]\nA_TOKEN = { secret = \"env:MY_KEY\" }\n";
    let project = project(
        &[("laptop", &laptop), ("vm", &vm)],
        &format!("[dotfiles]\nfiles = [\".profile\", \".bash*\"]\n{rest}"),
    );
    vm.file(".profile", "# vm\n");
    run(&project, "/bin/sh", &["capture", "--yes"]).any_stdout().exits(0);
    let only = ["apply", "vm", "--yes", "--only", "env"];
    let ran = run(&project, "/bin/sh", &only).any_stdout().any_stderr().exits(1);
    assert!(
        ran.stdout.contains(
            ".profile is held as the reference has it; put this line into the reference's and capture: if [ -r"
        ),
        "{}",
        ran.stdout
    );
    assert_eq!(vm.read(".profile"), "# vm\n");
    let spec = project.read("environments/dev.toml");
    project.spec(&spec.replace("files = [\".profile\", \".bash*\"]", "files = []"));
    fs::remove_file(vm.at(".profile")).unwrap();
    vm.file("elsewhere", "# vm\n").link(".profile", "elsewhere");
    run(&project, "/bin/sh", &["capture", "--yes"]).any_stdout().any_stderr().exits(0);
    let ran = run(&project, "/bin/sh", &only).any_stdout().any_stderr().exits(1);
    assert!(ran.stdout.contains(".profile is a link; put this line into what it leads to"), "{}", ran.stdout);
    assert_eq!(vm.read("elsewhere"), "# vm\n");
}

/// Everybody may read the command lines of all processes; so somebody does, as fast as can be, while secrets are set.
#[cfg(target_os = "linux")]
#[test]
fn a_secret_is_in_no_process_list_no_output_and_no_file_but_its_own() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(".profile", "export API_KEY=x FILE_TOKEN=x CMD_TOKEN=x NODE_ENV=n EMPTY=\n");
    let project = project(&[("laptop", &laptop), ("vm", &vm)], ALL);
    fs::write(project.home().join("token"), "pl4nted-in-a-file\n").unwrap();
    run(&project, "/bin/sh", &["capture", "--yes"]).any_stdout().exits(0);
    let (watching, seen) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let watcher = std::thread::spawn({
        let (watching, seen) = (Arc::clone(&watching), Arc::clone(&seen));
        move || {
            let mut rounds = 0;
            while watching.load(Ordering::Relaxed) {
                for entry in fs::read_dir("/proc").unwrap().flatten() {
                    let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
                    let line = String::from_utf8_lossy(&line).to_ascii_lowercase();
                    if line.contains("pl4nted") {
                        seen.store(true, Ordering::Relaxed);
                    }
                }
                rounds += 1;
            }
            rounds
        }
    });
    let mut said = String::new();
    for arguments in [
        &["plan", "vm", "--out", "plan.json"][..],
        &["plan", "vm", "--format", "json"],
        &["apply", "vm", "--yes"],
        &["check", "vm", "--format", "human", "--format", "json=report.json"],
        &["attest", "vm", "--out", "vm.att.json"],
    ] {
        let code = i32::from(arguments[0] == "plan");
        let ran = run(&project, "/bin/sh", arguments).any_stdout().any_stderr().exits(code);
        said.push_str(&format!("{}{}", ran.stdout, ran.stderr));
    }
    std::thread::sleep(Duration::from_millis(50));
    watching.store(false, Ordering::Relaxed);
    assert!(watcher.join().unwrap() > 3);
    assert!(!seen.load(Ordering::Relaxed), "a command line held a secret");
    assert!(!said.to_ascii_lowercase().contains("pl4nted"), "{said}");
    let holds = |folder: &Path| -> Vec<String> {
        let files = contents(folder)
            .into_iter()
            .filter(|(_, (_, bytes))| String::from_utf8_lossy(bytes).to_ascii_lowercase().contains("pl4nted"));
        files.map(|(name, _)| name).collect()
    };
    assert_eq!(holds(&project.at("")), Vec::<String>::new());
    assert_eq!(holds(&project.state()), Vec::<String>::new());
    assert_eq!(holds(&vm.at(".config")), ["trueup/environment"]);
    // Backups of it are for its owner alone.
    let generations = contents(&vm.at(".local"));
    for (name, (mode, bytes)) in &generations {
        if String::from_utf8_lossy(bytes).to_ascii_lowercase().contains("pl4nted") {
            assert_eq!(mode & 0o077, 0, "{name}");
        }
    }
}
