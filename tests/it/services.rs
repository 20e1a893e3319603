//! Services on a Mac, by launchd's recorded behaviour, and where nobody keeps services at all.

use std::fs;

use crate::support::mac::Mac;
use crate::support::machine::Machine;
use crate::support::shape::Shape;
use crate::support::trueup::Project;

const AGENT: &str = "[services.agent]\nrun = \"sleep 100\"\nkeep_alive = true\n";
const PLIST: &str = "/Library/LaunchDaemons/dev.trueup.agent.plist";

fn mac() -> Machine {
    Machine::shaped(Shape::mac(Mac { developer_tools: true, old: false }))
}

fn project(laptop: &Machine, mini: &Machine, services: &str) -> Project {
    let project =
        Project::of(&[("laptop", laptop), ("mini", mini)], &format!("[system]\nclock = \"<1 h\"\n{services}"));
    project.capture();
    project
}

fn put(machine: &Machine, place: &str) -> std::path::PathBuf {
    machine.shape().unwrap().at(place)
}

fn launchctl(machine: &Machine) -> Vec<String> {
    let Ok(jobs) = fs::read_dir(put(machine, "/.shape/launchd")) else { return Vec::new() };
    let mut names: Vec<String> = jobs.map(|job| job.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn plan_of(project: &Project) -> String {
    project
        .trueup(&["plan", "mini"])
        .any_stdout()
        .whatever_comes()
        .stdout
        .iter()
        .map(|byte| char::from(*byte))
        .collect()
}

#[test]
fn on_a_mac_that_nobody_sits_at_a_daemon_keeps_it_as_its_user() {
    let (laptop, mini) = (Machine::local(), mac());
    let project = project(&laptop, &mini, AGENT);
    assert_eq!(project.check(&["mini"], 1).amiss("mini"), ["service:agent drift missing"]);
    assert!(
        plan_of(&project).contains("  + create service agent  (root)\n")
            || plan_of(&project).contains("create service agent  (root)\n")
    );
    project.apply("mini");
    let list = plist::Value::from_file(put(&mini, PLIST)).unwrap();
    let list = list.as_dictionary().unwrap();
    assert_eq!(list["UserName"].as_string(), Some("dev"));
    assert_eq!(list["StandardOutPath"].as_string(), Some("/Users/dev/Library/Logs/trueup/agent.log"));
    assert!(put(&mini, "/Users/dev/Library/Logs/trueup").is_dir(), "launchd makes no folder for a log");
    assert_eq!(launchctl(&mini), ["system:dev.trueup.agent"]);
    assert_eq!(project.check(&["mini"], 0).amiss("mini"), Vec::<String>::new());
    project.trueup(&["plan", "mini"]).stdout("mini  nothing to do\n").exits(0);

    // Unloaded, or not to be loaded any more: both are mended.
    fs::remove_file(put(&mini, "/.shape/launchd/system:dev.trueup.agent")).unwrap();
    let report = project.check(&["mini"], 1);
    assert_eq!(report.finding("mini", "service:agent")["reason"], "it is not running (not loaded)");
    project.apply("mini");
    fs::write(put(&mini, "/.shape/launchd/disabled:system:dev.trueup.agent"), "").unwrap();
    let report = project.check(&["mini"], 1);
    assert_eq!(report.finding("mini", "service:agent")["reason"], "it is not enabled");
    project.apply("mini");
    assert_eq!(launchctl(&mini), ["system:dev.trueup.agent"]);

    project.trueup(&["rollback", "mini", "--to", "0", "--yes"]).any_stdout().exits(0);
    assert!(!put(&mini, PLIST).exists());
    assert_eq!(launchctl(&mini), Vec::<String>::new());
    assert!(!put(&mini, "/Users/dev/Library").exists(), "a folder stays that was not there before");
}

#[test]
fn an_agent_keeps_it_where_its_user_is_at_the_screen() {
    let (laptop, mini) = (Machine::local(), mac());
    mini.shape().unwrap().put("/.shape/screen", "");
    let project = project(&laptop, &mini, AGENT);
    let plan = plan_of(&project);
    assert!(plan.contains("create service agent\n") && plan.contains("agent dev.trueup.agent, sha256:"), "{plan}");
    project.apply("mini");
    let list = plist::Value::from_file(mini.at("Library/LaunchAgents/dev.trueup.agent.plist")).unwrap();
    assert!(list.as_dictionary().unwrap().get("UserName").is_none(), "an agent is its user's already");
    assert_eq!(launchctl(&mini), [format!("gui:{}:dev.trueup.agent", 0)]);
    project.check(&["mini"], 0);
    // With another unit it is loaded anew; a rollback has the old one again.
    let before = fs::read(mini.at("Library/LaunchAgents/dev.trueup.agent.plist")).unwrap();
    let spec = project.read("environments/dev.toml").replace("sleep 100", "sleep 200");
    project.spec(&spec);
    project.apply("mini");
    project.check(&["mini"], 0);
    project.trueup(&["rollback", "mini", "--yes"]).any_stdout().exits(0);
    assert_eq!(fs::read(mini.at("Library/LaunchAgents/dev.trueup.agent.plist")).unwrap(), before);
    assert_eq!(launchctl(&mini), ["gui:0:dev.trueup.agent"]);
}

#[test]
fn logs_of_a_mac_begin_anew_by_newsyslog() {
    let (laptop, mini) = (Machine::local(), mac());
    let project = project(&laptop, &mini, &AGENT.replace("keep_alive = true", "logs = \"10 MB\""));
    project.apply("mini");
    let told = fs::read_to_string(put(&mini, "/etc/newsyslog.d/dev.trueup.agent.conf")).unwrap();
    let line = "/Users/dev/Library/Logs/trueup/agent.log\tdev:\t640\t5\t10000\t*\tJ\n";
    assert!(told.ends_with(line), "{told}");
    project.check(&["mini"], 0);
    project.trueup(&["rollback", "mini", "--yes"]).any_stdout().exits(0);
    assert!(!put(&mini, "/etc/newsyslog.d").exists());
}

#[test]
fn without_a_manager_of_services_the_finding_and_the_plan_say_so() {
    let (laptop, vm) = (Machine::local(), Machine::shaped(Shape::busybox()));
    let project = project(&laptop, &vm, AGENT);
    let report = project.check(&["mini"], 1);
    let reason = report.finding("mini", "service:agent")["reason"].as_str().unwrap().to_owned();
    assert!(
        reason.starts_with("it cannot run there: neither systemd nor launchd runs there: its first process is "),
        "{reason}"
    );
    let plan = plan_of(&project);
    assert!(plan.contains("no step for service:agent: neither systemd nor launchd runs there"), "{plan}");
}

#[test]
fn a_mac_stays_awake_and_has_its_preferences_and_names() {
    let (laptop, mini) = (Machine::local(), mac());
    let settings = "[system.hostname]\npolicy = \"agents.local\"\nonly = [\"macos\"]\n[settings]\npmset = { sleep = 0, autorestart = 1 }\n\
                    [settings.defaults.\"com.apple.dock\"]\nautohide = true\ntilesize = 36\norientation = \"left\"\n";
    let project = project(&laptop, &mini, settings);
    let dock = |key: &str| format!("/.shape/defaults/com.apple.dock/{key}");
    mini.shape().unwrap().put(&dock("tilesize"), "integer\n64\n");
    let report = project.check(&["mini"], 1);
    assert_eq!(
        report.amiss("mini"),
        [
            "system:defaults/com.apple.dock/autohide drift missing",
            "system:defaults/com.apple.dock/orientation drift missing",
            "system:defaults/com.apple.dock/tilesize drift changed",
            "system:hostname drift changed",
            "system:pmset/autorestart drift changed",
            "system:pmset/sleep drift changed",
        ]
    );
    assert_eq!(report.finding("mini", "system:pmset/sleep")["reason"], "it is 1, the spec says 0");
    let applied = project.trueup(&["apply", "mini", "--yes"]).any_stdout().any_stderr().whatever_comes();
    let applied = String::from_utf8(applied.stdout).unwrap();
    // What the kernel calls itself follows the names that are set, which is not recorded.
    assert!(applied.contains("  done    change pmset/sleep\n") && applied.contains("change hostname"), "{applied}");
    let report = project.check(&["mini"], 1);
    assert_eq!(report.amiss("mini"), ["system:hostname drift changed"]);
    let set = |place: &str| fs::read_to_string(put(&mini, place)).unwrap();
    assert_eq!(set(&dock("autohide")), "boolean\n1\n");
    assert_eq!(set(&dock("tilesize")), "integer\n36\n");
    assert_eq!(
        (set("/.shape/names/LocalHostName"), set("/.shape/names/ComputerName")),
        ("agents\n".into(), "agents.local\n".into())
    );
    project.trueup(&["rollback", "mini", "--yes"]).any_stdout().exits(0);
    assert!(!put(&mini, &dock("autohide")).exists(), "a preference stays that was not there before");
    assert_eq!(set(&dock("tilesize")), "integer\n64\n");
    assert_eq!((set("/.shape/pmset.sleep"), set("/.shape/names/LocalHostName")), ("1\n".into(), "mini\n".into()));
    assert_eq!(set("/.shape/names/HostName"), "\n", "it had none before");
}
