//! What a newcomer reads when something is wrong: whole messages, each naming the place and the way out.

use std::fs;
use std::net::TcpListener;

use crate::support::machine::Machine;
use crate::support::sshd::{SshServer, user};
use crate::support::trueup::{Project, Trueup};

#[test]
fn a_misspelt_key_is_shown_at_its_place_with_what_was_meant() {
    let project = Project::with_spec(
        "version = 1\nname = \"dev\"\n[targets.vm]\nkind = \"vm\"\nssh = \"me@vm\"\nidentiti = \"~/.ssh/key\"\n[tools]\n",
    );
    project
        .trueup(&["check"])
        .stderr(&shown(
            "  × unknown key `identiti` in [targets.vm]
               |   ╭─[environments/dev.toml:6:1]
               | 5 │ ssh = \"me@vm\"
               | 6 │ identiti = \"~/.ssh/key\"
               |   · ────┬───
               |   ·     ╰── not known here
               | 7 │ [tools]
               |   ╰────
               |  help: did you mean `identity`?
               |
               |error: environments/dev.toml cannot be used: 1 problem
               |",
        ))
        .exits(2);
}

/// A picture in the source, its left edge at the bars.
fn shown(picture: &str) -> String {
    let lines = picture.lines().map(|line| line.trim_start_matches(' ').strip_prefix('|').unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// Without a kind the reader gave up on the table, and the misspelt key was not named at all.
#[test]
fn a_misspelt_key_that_is_required_is_named_too() {
    let project = Project::with_spec("version = 1\nname = \"dev\"\n[targets.vm]\nknid = \"vm\"\nssh = \"me@vm\"\n");
    project
        .trueup(&["check"])
        .stderr_has("[targets.vm] lacks `kind`")
        .stderr_has("unknown key `knid` in [targets.vm]")
        .stderr_has("did you mean `kind`?")
        .stderr_has("2 problems\n")
        .exits(2);
}

#[test]
fn all_problems_of_a_file_are_told_at_once() {
    let project = Project::with_spec(
        "version = 1\nname = \"dev\"\nreference = \"lptop\"\n[targets.laptop]\nkind = \"lokal\"\n[tools]\nnode = \"exakt\"\n\
         [gate]\nwarn = [\"tol:sed\"]\nmax_age = \"soon\"\n[dotfile]\nfiles = []\n",
    );
    let ran = project.trueup(&["check"]).any_stderr().exits(2);
    for part in [
        "`exakt` is not a policy",
        "did you mean \"exact\"?",
        "`lokal` is not a kind of target",
        "did you mean \"local\"?",
        "`tol` is not a finding category; did you mean `tool`?",
        "`soon` is not a duration",
        "unknown key `dotfile` in the spec",
        "did you mean `dotfiles`?",
        "environments/dev.toml:7:8",
    ] {
        assert!(ran.stderr.contains(part), "no `{part}` in\n{}", ran.stderr);
    }
    assert!(ran.stderr.ends_with("problems\n"), "{}", ran.stderr);
    let places: Vec<usize> =
        ran.stderr.lines().filter_map(|line| line.split_once("dev.toml:")?.1.split(':').next()?.parse().ok()).collect();
    assert!(places.is_sorted(), "not in the order of the file: {places:?}");
}

#[test]
fn what_is_no_toml_is_shown_at_its_place() {
    let project = Project::with_spec("version = 1\nname = \"dev\n");
    project.trueup(&["check"]).stderr_has("[environments/dev.toml:2:").stderr_has("cannot be used: 1 problem").exits(2);
}

#[test]
fn a_spec_that_is_no_text_is_refused_in_a_sentence() {
    let project = Project::with_spec("");
    project.trueup(&["check"]).stderr_has("name").stderr_has("environments/dev.toml cannot be used").exits(2);
    let spec = project.at("environments/dev.toml").display().to_string();
    let refused = |content: &[u8], what: &str| {
        project.write("environments/dev.toml", content);
        project.trueup(&["check"]).stderr(&format!("error: {spec} cannot be a spec: {what}\n")).exits(2);
    };
    refused(b"\x7fELF\x02\xff\xfe\x00\x00", "it is not UTF-8 text");
    refused(&vec![b'#'; 2 << 20], "it is larger than 1 MiB");
    project.write("environments/dev.toml", b"name = \"dev\"\n\0\0\0");
    project.trueup(&["check"]).stderr_has("environments/dev.toml cannot be used: 1 problem").exits(2);
}

#[test]
fn a_broken_lock_is_named() {
    let machine = Machine::local();
    let project = Project::of(&[("vm", &machine)], "[tools]\nsh = { version = \"echo 1.0\" }");
    project.capture();
    let lock = project.read("environments/dev.lock");
    project.write("environments/dev.lock", &lock[..lock.len() / 2]);
    project.trueup(&["check"]).stderr_has("environments/dev.lock").exits(2);
    project.write("environments/dev.lock", lock.replace("environment = \"dev\"", "environment = \"other\""));
    project.trueup(&["check"]).stderr_has("dev.lock is the lock of the environment other; restore its own").exits(2);
    project.write("environments/dev.lock", lock.replace("version = 1", "version = 2"));
    project.trueup(&["check"]).stderr_has("a newer trueup wrote it; update trueup").exits(2);
    project.write("environments/dev.lock", format!("<<<<<<< ours\n{lock}=======\n{lock}>>>>>>> theirs\n"));
    project.trueup(&["check"]).stderr_has("from line 1 on; take either side and run: trueup capture\n").exits(2);
    project.trueup(&["capture"]).stdout_has("the old lock could not be read").any_stderr().exits(2);
    project.trueup(&["capture", "--yes"]).stdout_has("the old lock could not be read").exits(0);
    assert_eq!(project.read("environments/dev.lock"), lock);
}

#[test]
fn a_project_that_is_not_there_is_named() {
    let project = Project::empty();
    let here = project.at("").display().to_string();
    let here = here.trim_end_matches('/');
    project
        .trueup(&["check"])
        .stderr(&format!("error: no environments/ folder in {here} or any folder above it\n"))
        .exits(2);
    fs::create_dir(project.at("environments")).unwrap();
    project
        .trueup(&["check"])
        .stderr(&format!(
            "error: {here}/environments holds no environment; write one as {here}/environments/<name>.toml\n"
        ))
        .exits(2);
    for name in ["a", "b"] {
        project.write(&format!("environments/{name}.toml"), "version = 1\n");
    }
    project.trueup(&["check"]).stderr("error: there are several environments (a, b); choose one with --env\n").exits(2);
    project.trueup(&["check", "--env", "c"]).stderr("error: there is no environment `c`; there are: a, b\n").exits(2);
    project.trueup(&["check"]).env("HOME", "").stderr_has("HOME is not set to an absolute path").exits(2);
}

/// A server that this project's user does not know yet.
fn stranger() -> (Machine, Project) {
    let machine = Machine::over_ssh();
    machine.says("node", "v22.11.0");
    let project = Project::of(&[("vm", &machine)], "[tools]\nnode = \"22.11.0\"");
    fs::remove_file(project.known_hosts()).unwrap();
    (machine, project)
}

fn address(server: &SshServer) -> String {
    let (host, port) = server.address();
    format!("{host}:{port}")
}

fn with_names(trueup: Trueup, machine: &Machine) -> Trueup {
    let server = machine.server();
    trueup.hide(&address(server), "[address]").hide(&server.fingerprint("ed25519"), "[fingerprint]").mask_machines()
}

#[test]
fn an_unknown_host_is_refused_until_its_fingerprint_is_vouched_for() {
    let (machine, project) = stranger();
    let fingerprint = machine.server().fingerprint("ed25519");
    let unknown = "vm  unknown  1 unknown  (time)\n  \
        ! the host key of [address] is not known: it shows ssh-ed25519 [fingerprint]; if that is the machine's own, trust \
        it with: trueup trust vm\n\n\
        unknown: 1 of 1 target could not be verified\nnext: capture the reference first: trueup capture\n";
    with_names(project.trueup(&["check"]), &machine).stdout(unknown).exits(3);
    with_names(project.trueup(&["capture"]), &machine)
        .stderr(
            "error: the reference vm cannot be observed: the host key of [address] is not known: it shows ssh-ed25519 \
             [fingerprint]; if that is the machine's own, trust it with: trueup trust vm\n",
        )
        .exits(3);
    // Without a terminal, agreeing unseen is not enough.
    let needed = "error: [address] shows ssh-ed25519 [fingerprint]; compare it with the machine's own (ssh-keygen -lf \
        /etc/ssh/ssh_host_*_key.pub), then: trueup trust vm --fingerprint [fingerprint]\n";
    with_names(project.trueup(&["trust", "vm"]), &machine).stderr(needed).exits(2);
    let other = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    with_names(project.trueup(&["trust", "vm", "--fingerprint", other]), &machine)
        .stderr(&format!("error: [address] shows ssh-ed25519 [fingerprint], not {other}; nothing was trusted\n"))
        .exits(1);
    assert!(!project.known_hosts().exists(), "something was trusted");
    let known_hosts = project.known_hosts().display().to_string();
    with_names(project.trueup(&["trust", "vm", "--fingerprint", &fingerprint]), &machine)
        .stdout(&format!("[address] is trusted from now on: ssh-ed25519 [fingerprint], recorded in {known_hosts}\n"))
        .exits(0);
    with_names(project.trueup(&["trust", "vm"]), &machine)
        .stdout("[address] is known already: ssh-ed25519 [fingerprint]\n")
        .exits(0);
    let report = project.capture().check(&["vm"], 0);
    assert_eq!(report.target("vm")["machine"]["host_key"], fingerprint);
}

#[test]
fn a_changed_host_key_is_refused_and_trust_does_not_paper_over_it() {
    let (machine, project) = stranger();
    let other = SshServer::start();
    let key = other.known_hosts_line();
    let key = key.split_once(' ').unwrap().1;
    let (host, port) = machine.server().address();
    fs::write(project.known_hosts(), format!("[{host}]:{port} {key}\n")).unwrap();
    let report = project.check(&["vm"], 3);
    let error = report.target("vm")["error"].as_str().unwrap();
    for part in ["has CHANGED", &machine.server().fingerprint("ed25519"), "known_hosts:1", "ssh-keygen", "-R"] {
        assert!(error.contains(part), "no `{part}` in {error}");
    }
    let fingerprint = machine.server().fingerprint("ed25519");
    project.trueup(&["trust", "vm", "--fingerprint", &fingerprint]).stderr_has("has CHANGED").exits(3);
    assert_eq!(fs::read_to_string(project.known_hosts()).unwrap(), format!("[{host}]:{port} {key}\n"));
    project.trueup(&["run", "vm", "--", "touch", "ran"]).stderr_has("has CHANGED").exits(125);
    assert!(!machine.at("ran").exists(), "work ran on a machine that is not the known one");
}

#[test]
fn a_key_that_the_server_does_not_take_is_named() {
    let (machine, project) = stranger();
    fs::write(project.known_hosts(), machine.server().known_hosts_line() + "\n").unwrap();
    let stranger = SshServer::start();
    let spec = project.read("environments/dev.toml");
    let identity = machine.server().identity().display().to_string();
    project.spec(&spec.replace(&identity, &stranger.identity().display().to_string()));
    let error = project.check(&["vm"], 3).target("vm")["error"].as_str().unwrap().to_owned();
    assert!(error.contains(&format!("{}@{} accepts none of these:", user(), address(machine.server()))), "{error}");
    assert!(error.contains(&stranger.identity().display().to_string()), "{error}");
}

#[test]
fn a_machine_that_cannot_be_reached_is_named_with_what_happened() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // Open, but nobody answers on it.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let mute_port = mute.local_addr().unwrap().port();
    let project = Project::with_spec(&format!(
        "version = 1\nname = \"dev\"\n[limits]\nconnect = \"1s\"\n[targets.closed]\nkind = \"vm\"\nssh = \"me@127.0.0.1:{port}\"\n\
         [targets.mute]\nkind = \"vm\"\nssh = \"me@127.0.0.1:{mute_port}\"\n\
         [targets.nowhere]\nkind = \"mac\"\nssh = \"me@no-such-host.invalid\"\n[tools]\nnode = \"22.11.0\"\n"
    ));
    let start = std::time::Instant::now();
    let report = project.check(&[], 3);
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    let error = |name: &str| report.target(name)["error"].as_str().unwrap().to_owned();
    assert!(
        error("closed").starts_with(&format!("cannot connect to 127.0.0.1:{port}: Connection refused")),
        "{}",
        error("closed")
    );
    assert!(error("mute").contains(&format!("127.0.0.1:{mute_port}")), "{}", error("mute"));
    assert!(error("nowhere").starts_with("cannot find the address of no-such-host.invalid: "), "{}", error("nowhere"));
    drop(mute);
    project.trueup(&["run", "closed", "--", "true"]).stderr_has("cannot connect to").exits(125);
    project
        .trueup(&["rollback", "closed", "--yes"])
        .stderr_has("error: closed cannot be reached: cannot connect")
        .exits(3);
    project.trueup(&["plan", "closed"]).stdout_has("? cannot connect to").exits(3);
    project.trueup(&["apply", "closed", "--yes"]).stdout_has("! cannot connect to").exits(3);
    project.trueup(&["attest", "closed"]).stdout_has("! cannot connect to").exits(3);
}

#[test]
fn a_hanging_tool_is_named_with_its_limit() {
    let machine = Machine::local();
    machine.tool("node", "exec sleep 60");
    let project = Project::of(&[("vm", &machine)], "[limits]\nprobe = \"1s\"\n[tools]\nnode = \"22.11.0\"");
    project
        .trueup(&["check"])
        .mask_machines()
        .stdout(
            "vm  unknown  1 unknown  (machine)\n  ? tool:node  did not answer within 1 s\n\n\
             unknown: 1 of 1 target could not be verified\nnext: capture the reference first: trueup capture\n",
        )
        .exits(3);
}

#[test]
fn a_spec_is_called_as_its_file_is() {
    let project = Project::with_spec("name = \"other\"\n[tools]\n");
    project
        .trueup(&["check"])
        .stderr_has("`name` says \"other\", the file is dev.toml")
        .stderr_has("1 │ name = \"other\"")
        .stderr_has("write name = \"dev\", or rename the file")
        .exits(2);
}

#[test]
fn a_word_is_no_list_of_packages() {
    for packages in ["npm = { names = \"al\" }", "npm = \"al\""] {
        let project = Project::with_spec(&format!("name = \"dev\"\n[packages]\n{packages}\n"));
        project.trueup(&["check"]).stderr_has("did you mean \"all\"? `names` is a list: names = [\"al\"]").exits(2);
    }
}

#[test]
fn a_home_that_is_not_there_is_said_once() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.says("node", "v22.11.0");
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[tools]\nnode = \"exact\"");
    project.capture();
    fs::remove_dir_all(vm.home()).unwrap();
    let said = format!("the home {} does not exist", vm.home().display());
    let check = project.trueup(&["check", "vm"]).stdout_has(&said).exits(3);
    assert_eq!(check.stdout.matches("does not exist").count(), 1, "{}", check.stdout);
    project.trueup(&["doctor"]).stdout_has(&format!("problem  vm: {said}\n")).exits(3);
}
