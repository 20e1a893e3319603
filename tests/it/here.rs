//! `check --here`, `--parallel` and the lines of progress.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::machine::Machine;
use crate::support::sshd::{SshServer, generate_key, user};
use crate::support::trueup::Project;

const WAIVER: &str =
    "[[waivers]]\nfinding = \"dotfile:.b\"\ntargets = [\"vm\"]\nbecause = \"the runner has its own\"\nany = true\n";

#[test]
fn here_holds_this_machine_as_the_target_named() {
    let laptop = Machine::local();
    laptop.file(".a", "a").file(".b", "b");
    let spec = format!(
        "version = 1\nname = \"dev\"\nreference = \"laptop\"\n{}[targets.vm]\nkind = \"vm\"\nssh = \"nobody@vm.invalid\"\n\
         [shell]\nlogin = false\n[dotfiles]\nfiles = [\".a\", \".b\"]\n{WAIVER}",
        laptop.target("laptop")
    );
    let project = Project::with_spec(&spec);
    project.capture();
    fs::write(project.home().join(".a"), "a").unwrap();
    let ran = project.trueup(&["check", "vm", "--here", "--format", "json"]).any_stdout().exits(0);
    let report = ran.json();
    let target = &report["targets"][0];
    assert_eq!((&target["target"], &target["kind"]), (&"vm".into(), &"vm".into()));
    assert_eq!((&target["round_trips"], &target["machine"]["host_key"]), (&1.into(), &serde_json::Value::Null));
    let states: Vec<&str> =
        target["findings"].as_array().unwrap().iter().map(|finding| finding["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["match", "waived"]);
    fs::write(project.home().join(".a"), "other").unwrap();
    project.trueup(&["check", "vm", "--here"]).any_stdout().exits(1);

    let usage = |which: &str| {
        format!(
            "error: --here holds this machine as one target, and {which} named: trueup check TARGET --here, where \
             TARGET is one of laptop, vm\n"
        )
    };
    project.trueup(&["check", "--here"]).stderr(&usage("none is")).exits(2);
    project.trueup(&["check", "vm", "laptop", "--here"]).stderr(&usage("2 are")).exits(2);
    project.trueup(&["check", "nobody", "--here"]).stderr_has("no target is named `nobody`").exits(2);
}

/// Hosts that fail in their several ways, and those in order, which must neither wait for them nor be hidden.
#[test]
fn hosts_that_hang_delay_no_others() {
    let (laptop, vm) = (Machine::local(), Machine::over_ssh());
    laptop.file(".a", "a");
    vm.file(".a", "a");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let closing = TcpListener::bind("127.0.0.1:0").unwrap();
    let (silent_port, closing_port) = (silent.local_addr().unwrap().port(), closing.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for client in closing.incoming() {
            // It says half of what a server says first, and is gone.
            drop(client.and_then(|mut client| client.write_all(b"SSH-2.0-Open")));
        }
    });
    let hosts = [("silent", silent_port), ("closing", closing_port)];
    let tables =
        hosts.map(|(name, port)| format!("[targets.{name}]\nkind = \"vm\"\nssh = \"{}@127.0.0.1:{port}\"\n", user()));
    let rest = format!("{}[limits]\nconnect = \"2s\"\n[dotfiles]\nfiles = [\".a\"]", tables.concat());
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &rest);
    project.capture();
    let start = Instant::now();
    let report = project.check(&[], 3);
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    assert_eq!(report.target("vm")["verdict"], "parity");
    assert_eq!(report.target("silent")["verdict"], "unknown");
    assert!(report.target("silent")["error"].as_str().unwrap().ends_with("it took longer than the time limit"));
    assert_eq!(report.target("closing")["verdict"], "unknown");

    // One at a time, the report is the same.
    let words = ["check", "--parallel", "1", "--format", "json"];
    let one = project.trueup(&words).any_stdout().exits(3).json();
    assert_eq!(one["targets"].as_array().unwrap().len(), 4);
    project.trueup(&["check", "--parallel", "0"]).stderr_has("write a number, 1 or more").exits(2);
}

#[test]
#[cfg(target_os = "linux")]
fn a_terminal_shows_a_line_for_each_target_that_ends_with_its_verdict() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(".a", "a");
    let rest = "[targets.gone]\nkind = \"vm\"\nssh = \"me@127.0.0.1:1\"\n[dotfiles]\nfiles = [\".a\"]";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    project
        .trueup(&["check"])
        .env("TERM", "xterm")
        .on_a_terminal()
        .stdout_has("✓ laptop: parity")
        .stdout_has("✗ vm: drift 1")
        .stdout_has("? gone: unknown: cannot connect to 127.0.0.1:1: ")
        .exits(3);
    // Elsewhere nothing but the report is printed, and nothing at all beside it.
    let plain = project.trueup(&["check", "laptop"]).any_stdout().exits(0);
    assert!(!plain.stdout.contains("✓ laptop: parity"), "{}", plain.stdout);
}

#[test]
#[cfg(target_os = "linux")]
fn a_passphrase_is_asked_for_on_the_terminal_once_for_all_targets() {
    let server = SshServer::start();
    let project = Project::empty();
    let key = project.home().join(".ssh/locked");
    generate_key("ed25519", &key, "open sesame");
    let authorized = server.identity().with_file_name("authorized_keys");
    fs::copy(key.with_extension("pub"), authorized).unwrap();
    fs::write(project.known_hosts(), server.known_hosts_line() + "\n").unwrap();
    fs::write(server.home().join(".a"), "a").unwrap();
    let target = |name: &str| {
        let port = server.address().1;
        format!(
            "[targets.{name}]\nkind = \"vm\"\nssh = \"{}@127.0.0.1:{port}\"\nidentity = \"~/.ssh/locked\"\n",
            user()
        )
    };
    project.spec(&format!(
        "version = 1\nname = \"dev\"\nreference = \"one\"\n{}{}[shell]\nlogin = false\n[dotfiles]\nfiles = [\".a\"]\n",
        target("one"),
        target("two")
    ));
    // Nobody is there to be asked: said by name, at once.
    project
        .trueup(&["capture", "--yes"])
        .stderr_has("~/.ssh/locked: needs a passphrase, and no agent holds it")
        .exits(3);
    let typed = |words: &str| {
        let mut script = Command::new("script");
        script.args(["-qec", &format!("{} {words}", env!("CARGO_BIN_EXE_trueup")), "/dev/null"]);
        script.current_dir(project.at("")).env_clear().env("HOME", project.home()).env("TRUEUP_STATE", project.state());
        script.env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").env("TERM", "xterm");
        let mut script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut keyboard = script.stdin.take().unwrap();
        // The terminal keeps what is typed ahead, but whoever asks for a secret throws that away.
        std::thread::sleep(Duration::from_secs(2));
        keyboard.write_all(b"open sesame\n").unwrap();
        let output = script.wait_with_output().unwrap();
        drop(keyboard);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, shown) = typed("capture --yes");
    assert_eq!(code, Some(0), "{shown}");
    let (code, shown) = typed("check");
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(shown.matches("Passphrase of ~/.ssh/locked: ").count(), 1, "{shown}");
    assert!(!shown.contains("open sesame"), "{shown}");
}
