//! `watch`, `history`, and what reports say of the past: audits are recorded, told once, and remembered.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::machine::Machine;
use crate::support::trueup::Project;

fn drifted() -> (Machine, Machine, Project) {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.says("node", "v22.11.0").says("npm", "10.9.0");
    vm.says("node", "v22.11.0").says("npm", "10.9.0");
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], "[tools]\nnode = \"exact\"\nnpm = \"exact\"");
    project.capture();
    (laptop, vm, project)
}

/// One audit by `watch`, with what comes after its time on the line.
fn watched(project: &Project, more: &[&str], code: i32) -> String {
    let arguments = [&["watch", "--once", "vm"], more].concat();
    let ran = project.trueup(&arguments).mask(r"\d{4}-\S+Z ", "").mask(r"\d+ ms", "(time)").any_stderr().exits(code);
    ran.stderr
}

#[test]
fn a_check_says_what_is_new_and_since_when_and_makes_no_history_itself() {
    let (_laptop, vm, project) = drifted();
    vm.says("npm", "9.0.0");
    let report = project.check(&["vm"], 1);
    let npm = report.finding("vm", "tool:npm");
    assert_eq!((&npm["since"], &npm["newly"]), (&Value::Null, &json!(false)), "nothing is recorded yet");
    assert!(!project.state().exists(), "a check made a store");

    assert_eq!(watched(&project, &[], 1), "vm drift (1 drift, 1 match) (time)\n");
    vm.says("node", "v20.1.0");
    let report = project.check(&["vm"], 1);
    let (node, npm) = (report.finding("vm", "tool:node"), report.finding("vm", "tool:npm"));
    assert_eq!(node["newly"], true);
    assert_eq!(node["since"], report.target("vm")["observed_at"]);
    assert_eq!(npm["newly"], false);
    assert!(npm["since"].as_str().unwrap() < node["since"].as_str().unwrap());
    project.trueup(&["check", "vm"]).stdout_has("  x tool:node  changed, new: it is 20.1.0").exits(1);
    assert_eq!(watched(&project, &[], 1), "vm drift (2 drift) new: tool:node, (time)\n");
    let report = project.check(&["vm"], 1);
    assert_eq!(report.finding("vm", "tool:node")["newly"], false, "it is recorded now");
}

#[test]
fn the_timeline_tells_what_came_and_went_and_marks_another_lock() {
    let (laptop, vm, project) = drifted();
    project.trueup(&["history"]).stdout("no audit is recorded here; `trueup watch` records them\n").exits(0);
    watched(&project, &[], 0);
    watched(&project, &[], 0);
    vm.says("node", "v20.1.0");
    watched(&project, &[], 1);
    laptop.says("node", "v20.1.0");
    project.capture();
    watched(&project, &[], 0);
    project
        .trueup(&["history", "vm"])
        .mask(r"\d{4}-\d\d-\d\dT\S+Z", "(time)")
        .stdout(
            "vm\n  (time)  parity   1 audit; another lock\n    - tool:node drift\n  \
             (time)  drift    1 audit\n    + tool:node drift: 20.1.0\n  \
             (time)  parity   2 audits to (time)\n",
        )
        .exits(0);
    let json = project.trueup(&["history", "--format", "json", "--limit", "1"]).any_stdout().exits(0).json();
    assert_eq!(json["schema"], "trueup/history/v1");
    let event = &json["targets"][0]["events"][0];
    assert_eq!((&event["verdict"], &event["was"]), (&json!("parity"), &json!("drift")));
    assert_eq!((&event["changed"], &event["gone"]["tool:node"]["got"]), (&json!(["lock"]), &json!("20.1.0")));
    project.trueup(&["history", "--since", "1h"]).stdout_has("2 audits").exits(0);
    project.trueup(&["history", "laptop"]).stdout_has("no audit is recorded here").exits(0);
    project
        .trueup(&["history", "nowhere"])
        .stderr("error: no target is named `nowhere`; targets are: laptop, vm\n")
        .exits(2);
    project.trueup(&["history", "--since", "soon"]).stderr_has("write it as 90m, 12h, 7d").exits(2);
}

#[test]
fn a_command_is_told_of_changes_alone() {
    let (_laptop, vm, project) = drifted();
    let told = project.at("told");
    let notify = format!("cat >> {}", told.display());
    let notices = || -> Vec<Value> {
        let text = std::fs::read_to_string(&told).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    watched(&project, &["--notify", &notify], 0);
    assert!(notices().is_empty(), "parity at the first look is no news");
    vm.says("node", "v20.1.0");
    // Somebody else's record of it does not keep the watch from telling.
    project.trueup(&["attest", "vm"]).any_stdout().exits(1);
    watched(&project, &["--notify", &notify], 1);
    watched(&project, &["--notify", &notify], 1);
    vm.says("node", "v20.2.0");
    watched(&project, &["--notify", &notify], 1);
    assert_eq!(notices().len(), 1, "{:?}", notices());
    vm.tool("node", "echo 'no libfoo.so' >&2; exit 127");
    watched(&project, &["--notify", &notify], 3);
    vm.says("node", "v22.11.0");
    watched(&project, &["--notify", &notify], 0);
    let changes: Vec<Value> = notices().iter().map(|notice| notice["change"].clone()).collect();
    assert_eq!(changes, ["lost", "unknown", "regained"]);
    let lost = &notices()[0];
    assert_eq!(lost["text"], "vm is no longer true to the reference: tool:node");
    assert_eq!(lost["appeared"][0]["reason"], "it is 20.1.0, the reference has 22.11.0");
    assert_eq!((&lost["schema"], &lost["was"]), (&json!("trueup/notice/v1"), &json!("parity")));
}

#[test]
fn what_could_not_be_told_is_told_with_the_next_audit() {
    let (_laptop, vm, project) = drifted();
    vm.says("node", "v20.1.0");
    let said = watched(&project, &["--notify", "exit 7"], 1);
    assert!(said.contains("vm the command was not told: it ended with exit status: 7\n"), "{said}");
    let told = project.at("told");
    watched(&project, &["--notify", &format!("cat > {}", told.display())], 1);
    assert!(std::fs::read_to_string(&told).unwrap().contains("\"change\":\"lost\""));
}

/// A server that answers each POST with the next of `statuses`, and gives back what it was sent.
fn webhook(statuses: &'static [u16]) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://user:hunter2@127.0.0.1:{}/hooks/T0KEN", listener.local_addr().unwrap().port());
    let server = thread::spawn(move || {
        let answer = |status: &u16| {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut head, mut length) = (String::new(), 0);
            while !head.ends_with("\r\n\r\n") {
                let start = head.len();
                reader.read_line(&mut head).unwrap();
                let line = head[start..].to_lowercase();
                length = line.strip_prefix("content-length:").map_or(length, |value| value.trim().parse().unwrap());
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let mut stream = reader.into_inner();
            write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            format!("{head}{}", String::from_utf8(body).unwrap())
        };
        statuses.iter().map(answer).collect()
    });
    (url, server)
}

#[test]
fn a_webhook_is_tried_again_and_its_address_is_never_shown() {
    let (_laptop, vm, project) = drifted();
    vm.says("node", "v20.1.0");
    let (url, server) = webhook(&[503, 200]);
    assert_eq!(watched(&project, &["--webhook", &url], 1), "vm drift (1 drift, 1 match) (time)\n");
    let requests = server.join().unwrap();
    assert!(requests[1].starts_with("POST /hooks/T0KEN HTTP/1.1\r\n"), "{}", requests[1]);
    let body = requests[1].split_once("\r\n\r\n").unwrap().1;
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["change"], "lost");

    vm.says("node", "v22.11.0");
    let (url, server) = webhook(&[404]);
    let said = watched(&project, &["--webhook", &url], 0);
    server.join().unwrap();
    let place = url.rsplit_once('@').unwrap().1.replace("/hooks/T0KEN", "/…");
    assert!(said.ends_with(&format!("vm the webhook was not told: http://{place} answered 404\n")), "{said}");
    assert!(!said.contains("T0KEN") && !said.contains("hunter2"), "{said}");

    project
        .trueup(&["watch", "--once", "--webhook", "http://example.com/T0KEN"])
        .stderr("error: the webhook cannot be used: http://example.com/…: http would send it unencrypted; use https\n")
        .exits(2);
}

fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn it_watches_until_it_is_told_to_stop_and_nobody_watches_beside_it() {
    let (_laptop, vm, project) = drifted();
    let mut child = project.trueup(&["watch", "--every", "1s", "--jitter", "0", "vm"]).start();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert!(next().contains(" vm parity (2 match) "));
    project
        .trueup(&["watch", "--every", "5m"])
        .stderr_has(&format!(
            "error: another trueup watches dev already with the state in {}: process {}, since ",
            project.state().display(),
            child.id()
        ))
        .exits(2);
    vm.says("node", "v20.1.0");
    let until = Instant::now() + Duration::from_secs(60);
    while !next().contains(" vm drift (1 drift, 1 match) new: tool:node, ") {
        assert!(Instant::now() < until, "the drift was never seen");
    }
    // In the middle of an audit: the tool hangs.
    vm.tool("node", "exec sleep 60");
    thread::sleep(Duration::from_millis(1500));
    let told = Instant::now();
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(3), "it took {:?} to stop", told.elapsed());
    assert!(lines.map(Result::unwrap).last().unwrap().ends_with(" stopped by SIGTERM"));
    let timeline = project.trueup(&["history", "vm"]).any_stdout().exits(0).stdout;
    assert!(timeline.contains("+ tool:node drift: 20.1.0"), "{timeline}");
}

/// A machine that sleeps stops its processes, and its clock goes on.
#[test]
fn rounds_missed_in_sleep_are_made_up_for_by_one() {
    let (_laptop, _vm, project) = drifted();
    let mut child = project.trueup(&["watch", "--every", "2s", "--jitter", "0", "vm"]).start();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut next = || {
        assert!(lines.next().unwrap().unwrap().contains(" vm parity (2 match) "));
        Instant::now()
    };
    next();
    signal(&child, "STOP");
    thread::sleep(Duration::from_secs(9));
    let woken = Instant::now();
    signal(&child, "CONT");
    let (made_up, after, later) = (next(), next(), next());
    assert!(made_up - woken < Duration::from_secs(2), "nothing was made up for within {:?}", made_up - woken);
    // Made up for one by one, four rounds would follow each other at once.
    assert!(after - made_up > Duration::from_secs(1), "the next came after {:?}", after - made_up);
    assert!(later - after > Duration::from_secs(1), "the one after that came after {:?}", later - after);
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_mistake_in_the_spec_ends_the_first_round_and_not_a_later_one() {
    let (_laptop, _vm, project) = drifted();
    let good = project.read("environments/dev.toml");
    project.spec("version = 1\nnmae = \"dev\"\n");
    project.trueup(&["watch", "--every", "1s"]).stderr_has("cannot be used").exits(2);
    project.spec(&good);
    let mut child = project.trueup(&["watch", "--every", "1s", "vm"]).start();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert!(next().contains(" vm parity "));
    project.spec("version = 1\nnmae = \"dev\"\n");
    let until = Instant::now() + Duration::from_secs(60);
    while !next().contains(" error: environments/dev.toml cannot be used") {
        assert!(Instant::now() < until, "the mistake was never told");
    }
    project.spec(&good);
    while !next().contains(" vm parity ") {
        assert!(Instant::now() < until, "it did not go on");
    }
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn units_for_schedulers_name_this_very_watch() {
    let (_laptop, _vm, project) = drifted();
    let unit = |kind: &str, more: &[&str]| {
        let arguments = [&["watch", "vm", "--every", "5m", "--print-unit", kind], more].concat();
        project.trueup(&arguments).any_stdout().exits(0).stdout
    };
    let words = format!("watch --once --env dev --state {} vm", project.state().display());
    let service = unit("systemd-service", &[]);
    assert!(service.contains(&format!("\nExecStart={} {words}\n", env!("CARGO_BIN_EXE_trueup"))), "{service}");
    assert!(unit("systemd-timer", &[]).contains("\nOnUnitActiveSec=300s\nRandomizedDelaySec=30s\n"));
    let cron = unit("cron", &["--webhook", "env:HOOK"]);
    let line = cron.lines().last().unwrap();
    assert!(line.starts_with("*/5 * * * * mkdir -p /") && line.contains(" --webhook env:HOOK vm >>/"), "{line}");
    // What cron hands to sh, once its own % is taken care of.
    let command = line.strip_prefix("*/5 * * * * ").unwrap().replace("\\%", "%");
    let command = command.replace(" --webhook env:HOOK", "");
    let ran = std::process::Command::new("sh").args(["-c", &command]).env_clear().env("HOME", project.home()).status();
    assert_eq!(ran.unwrap().code(), Some(0));
    let log = std::fs::read_to_string(project.state().join("watch-dev.log")).unwrap();
    assert!(log.contains(" vm parity (2 match) "), "{log}");
    std::fs::remove_dir_all(project.state()).unwrap();
    let list = unit("launchd", &[]);
    assert!(list.contains("<string>--once</string>"), "{list}");
    project
        .trueup(&["watch", "--every", "5m", "--print-unit", "cron", "--webhook", "https://example.com/T0KEN"])
        .stderr_has("name the variable that holds the address, --webhook env:NAME")
        .exits(2);
    assert!(!project.state().exists(), "printing a unit made a store");
}

/// systemd's own check of both units.
#[test]
#[cfg(target_os = "linux")]
fn systemd_understands_its_units() {
    let (_laptop, _vm, project) = drifted();
    std::fs::create_dir_all(project.state()).unwrap();
    for (name, kind) in [("trueup-watch-dev.service", "systemd-service"), ("trueup-watch-dev.timer", "systemd-timer")] {
        let text = project
            .trueup(&["watch", "--every", "5m", "--notify", "logger \"50% of $HOME\"", "--print-unit", kind])
            .any_stdout()
            .exits(0)
            .stdout;
        project.write(name, text);
    }
    let mut verify = std::process::Command::new("systemd-analyze");
    verify
        .args(["verify", "--user", "--man=no"])
        .arg(project.at("trueup-watch-dev.service"))
        .arg(project.at("trueup-watch-dev.timer"));
    let verified =
        verify.env("XDG_RUNTIME_DIR", project.state()).output().expect("scripts/test installs systemd-analyze");
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && !said.contains("trueup-watch"), "{said}");
}
