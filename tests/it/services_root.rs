//! Services and settings on real Debian hosts with systemd: units, lingering, restarts and health, brought and rolled back.
//! Starting the hosts needs root, so this belongs to the long group: see `scripts/test --help`.

use crate::support::systemd::DebianHost;
use crate::support::trueup::{Project, Ran, Report};

const AGENT: &str = "[services.agent]\nrun = \"sleep 100000\"\nrestart = \"1s\"\n";

/// What is there of services: the units, who lingers, what the managers know.
const STANDING: &str = "find /home/dev /etc/systemd/system /etc/trueup /var/lib/systemd/linger -path /home/dev/.local -prune \
     -o -printf '%p %l %m %u\\n' 2>/dev/null | sort; pgrep -a -x sleep | cut -d' ' -f2-";

fn check(host: &DebianHost, project: &Project, code: i32) -> Report {
    let trueup = project.trueup(&["check", "host", "--format", "json"]).any_stdout();
    Report(host.within(trueup).exits(code).json())
}

fn run(host: &DebianHost, project: &Project, words: &[&str], code: i32) -> Ran {
    host.within(project.trueup(words)).any_stdout().any_stderr().exits(code)
}

/// A host with a lock that holds nothing: the spec itself says all.
fn captured(test: &str, rest: &str) -> (DebianHost, Project) {
    let host = DebianHost::start(test);
    let project = host.project(rest);
    run(&host, &project, &["capture", "--yes"], 0);
    (host, project)
}

/// Both plans and audits agree that there is nothing to do.
fn is_true(host: &DebianHost, project: &Project) {
    assert_eq!(check(host, project, 0).amiss("host"), Vec::<String>::new());
    assert_eq!(run(host, project, &["plan", "host"], 0).stdout, "host  nothing to do\n");
}

#[test]
fn services_of_user_and_machine_are_kept_and_rolled_back() {
    let machine = "[services.machine]\nrun = \"exec sleep 100001\"\nscope = \"system\"\nuser = \"dev\"\n";
    let (host, project) = captured("kept", &format!("{AGENT}{machine}"));
    let before = host.sh(STANDING);
    let report = check(&host, &project, 1);
    assert_eq!(report.amiss("host"), ["service:agent drift missing", "service:machine drift missing"]);
    assert_eq!(report.finding("host", "service:agent")["reason"], "it is not there");
    let want = report.finding("host", "service:machine")["want"].as_str().unwrap().to_owned();
    assert!(want.starts_with("system unit sha256:") && want.ends_with(", enabled, running"), "{want}");
    let plan = run(&host, &project, &["plan", "host"], 1).stdout;
    for part in
        ["create service agent  (root)\n", "kept while its user is away (linger)", "+RestartSec=1\n", "+User=dev\n"]
    {
        assert!(plan.contains(part), "no `{part}` in\n{plan}");
    }
    assert_eq!(host.sh(STANDING), before, "a plan has changed something");

    run(&host, &project, &["apply", "host", "--yes"], 0);
    is_true(&host, &project);
    assert_eq!(host.sh("pgrep -u dev -af '^sleep 10000' | cut -d' ' -f2- | sort"), "sleep 100000\nsleep 100001\n");
    assert_eq!(host.sh("ls /var/lib/systemd/linger"), "dev\n");

    // Killed, it is started again by its manager, and the audit tells.
    host.sh("pkill -f '^sleep 100000'");
    host.comes_to("pgrep -f '^sleep 100000'");
    let report = check(&host, &project, 0);
    let detail = report.finding("host", "service:agent")["detail"].as_str().unwrap();
    assert!(detail.starts_with("for ") && detail.ends_with(", started again once"), "{detail}");

    // Stopped, disabled, edited: each is drift, and each is mended.
    let user = "su dev -c 'XDG_RUNTIME_DIR=/run/user/1000 systemctl --user";
    for (does, reason) in [
        (format!("{user} stop trueup-agent'"), "it is not running (inactive)"),
        (format!("{user} disable -q trueup-agent'"), "it is not enabled"),
        (
            "echo '# mine' >>/home/dev/.config/systemd/user/trueup-agent.service".to_owned(),
            "its unit says something else",
        ),
        ("loginctl disable-linger dev".to_owned(), "it runs only while its user is logged in"),
    ] {
        host.sh(&does);
        let report = check(&host, &project, 1);
        assert_eq!(report.amiss("host"), ["service:agent drift changed"], "{does}");
        let told = report.finding("host", "service:agent")["reason"].as_str().unwrap().to_owned();
        assert!(told.contains(reason), "{does}: {told}");
        run(&host, &project, &["apply", "host", "--yes"], 0);
        is_true(&host, &project);
    }

    run(&host, &project, &["rollback", "host", "--to", "0", "--yes"], 0);
    assert_eq!(host.sh(STANDING), before);
    assert_eq!(
        check(&host, &project, 1).amiss("host"),
        ["service:agent drift missing", "service:machine drift missing"]
    );
}

#[test]
fn what_was_there_before_comes_back_as_it_was() {
    let (host, project) = captured("before", AGENT);
    run(&host, &project, &["apply", "host", "--yes"], 0);
    let before = host.sh(STANDING);
    project.spec(&host.spec(&AGENT.replace("100000", "100002")));
    run(&host, &project, &["apply", "host", "--yes"], 0);
    assert_eq!(host.sh("pgrep -u dev -af '^sleep 10000' | cut -d' ' -f2-"), "sleep 100002\n");
    let told = run(&host, &project, &["rollback", "host", "--yes"], 0).stdout;
    assert!(told.contains("  stop      trueup-agent.service\n"), "{told}");
    assert_eq!(host.sh(STANDING), before);

    // One that the spec does not name any more goes with --prune alone.
    project.spec(&host.spec("[services]\n"));
    assert_eq!(check(&host, &project, 1).amiss("host"), ["service:agent drift extra"]);
    let plan = run(&host, &project, &["plan", "host"], 1).stdout;
    assert!(
        plan.contains(
            "no step for service:agent: the reference does not have it; extras are removed only with --prune"
        ),
        "{plan}"
    );
    run(&host, &project, &["apply", "host", "--prune", "--yes"], 0);
    assert_eq!(host.sh("pgrep -f '^sleep 10000' || echo none"), "none\n");
    run(&host, &project, &["rollback", "host", "--yes"], 0);
    assert_eq!(host.sh("pgrep -u dev -af '^sleep 10000' | cut -d' ' -f2-"), "sleep 100000\n");
}

#[test]
fn health_is_a_finding_and_waited_for_after_a_start() {
    let service = "[services.web]\nrun = \"sleep 2; touch ~/up; sleep 100003\"\n\
                   health = { run = \"test -e ~/up\", limit = \"20s\" }\n";
    let (host, project) = captured("health", service);
    assert_eq!(
        check(&host, &project, 1).amiss("host"),
        ["service:web drift missing", "service:web/health drift changed"]
    );
    let plan = run(&host, &project, &["plan", "host"], 1).stdout;
    assert!(plan.contains("host  1 to create") && plan.contains("service:web, service:web/health"), "{plan}");
    run(&host, &project, &["apply", "host", "--yes"], 0);
    is_true(&host, &project);
    host.sh("rm /home/dev/up");
    let report = check(&host, &project, 1);
    assert_eq!(report.finding("host", "service:web/health")["reason"], "it is not healthy (exit code 1)");
    assert_eq!(report.finding("host", "service:web")["state"], "match");
    run(&host, &project, &["apply", "host", "--yes"], 0);
    is_true(&host, &project);

    // What never comes to be well fails its step, and says so.
    project.spec(&host.spec(&service.replace("~/up\", ", "~/never\", ").replace("20s", "2s")));
    let told = run(&host, &project, &["apply", "host", "--yes"], 1).stdout;
    assert!(told.contains("it runs, and is not well after 2 s"), "{told}");
}

#[test]
fn secrets_stand_in_a_file_of_their_own() {
    let service = "[services.agent]\nrun = \"echo $GREETING $TOKEN >~/said; sleep 100004\"\n\
                   environment = { GREETING = \"50% of $x\", TOKEN = { secret = \"env:THE_TOKEN\" } }\n\
                   [services.machine]\nrun = \"echo $TOKEN >/said; sleep 100005\"\nscope = \"system\"\n\
                   environment = { TOKEN = { secret = \"env:THE_TOKEN\" } }\n";
    let (host, project) = captured("secrets", service);
    let told = run(&host, &project, &["apply", "host", "--yes"], 1).stdout;
    assert!(
        told.contains("its secret TOKEN: it is to be had from env:THE_TOKEN, and THE_TOKEN is not set here"),
        "{told}"
    );
    let secret = "s3\"c'r`e$t \\x";
    let plan = project.trueup(&["plan", "host"]).env("THE_TOKEN", secret).any_stdout();
    let plan = host.within(plan).exits(1).stdout;
    let applied = project.trueup(&["apply", "host", "--yes"]).env("THE_TOKEN", secret).any_stdout().any_stderr();
    let applied = host.within(applied).exits(0);
    for text in [plan, applied.stdout, applied.stderr] {
        assert!(!text.contains("s3\""), "the secret is told:\n{text}");
    }
    host.comes_to("test -s /said && test -s /home/dev/said");
    assert_eq!(host.sh("cat /home/dev/said"), format!("50% of $x {secret}\n"));
    assert_eq!(host.sh("cat /said"), format!("{secret}\n"));
    let places = "/home/dev/.config/trueup/services/agent.env /etc/trueup/services/machine.env";
    assert_eq!(host.sh(&format!("stat -c '%a %U' {places}")), "600 dev\n600 root\n");
    assert_eq!(
        host.sh(
            "grep -rl 's[3]\"c' /home/dev/.config/systemd /etc/systemd /proc/*/cmdline 2>/dev/null | grep -v $$ || true"
        ),
        ""
    );
    is_true(&host, &project);
    host.sh("chmod 644 /home/dev/.config/trueup/services/agent.env");
    let report = check(&host, &project, 1);
    assert_eq!(report.finding("host", "service:agent")["reason"], "its secrets are not there for its user alone");
    run(&host, &project, &["rollback", "host", "--yes"], 0);
    assert_eq!(host.sh(&format!("ls -d {places} /etc/trueup 2>/dev/null || true")), "");
}

#[test]
fn what_cannot_be_kept_is_said_with_its_reason() {
    let services =
        "[services.absent]\nrun = \"no-such-program --serve\"\n[services.dies]\nrun = \"exit 3\"\nrestart = \"1s\"\n";
    let (host, project) = captured("cannot", services);
    let plan = run(&host, &project, &["plan", "host"], 1).stdout;
    let why = "no step for service:absent: its command `no-such-program` is not found there; list it in [tools]";
    assert!(plan.contains(why), "{plan}");
    run(&host, &project, &["apply", "host", "--yes"], 1);
    host.comes_to("su dev -c 'XDG_RUNTIME_DIR=/run/user/1000 systemctl --user show -P NRestarts trueup-dies' | grep -qv '^[012]$'");
    let report = check(&host, &project, 1);
    let reason = report.finding("host", "service:dies")["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("it is restarting over and over ("), "{reason}");

    // Without sudo nobody can have the user's manager stay.
    run(&host, &project, &["rollback", "host", "--yes"], 0);
    host.sh("rm /etc/sudoers.d/dev");
    project.spec(&host.spec(AGENT));
    let told = run(&host, &project, &["apply", "host", "--yes"], 1).stdout;
    assert!(told.contains("it needs root, and sudo wants a password"), "{told}");
}

/// What settings are made of on the host.
const SET: &str = "cd /etc; ls -l localtime | sed 's/.*-> //'; cat timezone hostname hosts default/locale locale.gen; uname -n; \
     find security/limits.d systemd/*.conf.d ssh/sshd_config.d /home/dev/.ssh -printf '%p %m\\n' 2>/dev/null | sort; \
     cat ssh/sshd_config.d/* /home/dev/.ssh/authorized_keys 2>/dev/null; locale -a; systemctl show -P DefaultLimitNOFILE; true";

#[test]
fn settings_of_the_machine_are_brought_and_rolled_back() {
    let host = DebianHost::start("settings");
    // Of the container's, which nobody could replace.
    host.sh("umount /etc/hostname /etc/hosts; echo before >/etc/hostname; hostname before; echo '127.0.1.1 before' >>/etc/hosts; \
             echo Etc/UTC >/etc/timezone");
    let settings =
        "timezone = \"Europe/Berlin\"\nhostname = \"mini.example\"\nlocale = \"de_DE.UTF-8\"\nnofile = 1500\n";
    let project = host.project_over_ssh(settings);
    run(&host, &project, &["capture", "--yes"], 0);
    let before = host.sh(SET);
    let names = ["hostname", "locale", "nofile", "timezone"].map(|name| format!("system:{name} drift changed"));
    assert_eq!(check(&host, &project, 1).amiss("host"), names);
    run(&host, &project, &["apply", "host", "--yes"], 0);
    is_true(&host, &project);
    assert_eq!(
        host.sh("uname -n; readlink /etc/localtime; cat /etc/timezone"),
        "mini.example\n/usr/share/zoneinfo/Europe/Berlin\nEurope/Berlin\n"
    );
    assert_eq!(host.sh("LC_ALL=de_DE.UTF-8 locale charmap; tail -n 1 /etc/hosts"), "UTF-8\n127.0.1.1\tmini.example\n");
    run(&host, &project, &["rollback", "host", "--yes"], 0);
    assert_eq!(host.sh(SET), before);

    project.spec(
        &project.read("environments/dev.toml").replace("Europe/Berlin", "Europe/Nowhere").replace("de_DE.UTF-8", "C"),
    );
    let told = run(&host, &project, &["apply", "host", "--yes", "--only", "system:timezone"], 1).stdout;
    assert!(told.contains("there is no time zone Europe/Nowhere there"), "{told}");
    assert_eq!(host.sh(SET), before);
}

#[test]
fn who_may_log_in_is_set_and_nobody_locks_himself_out() {
    let host = DebianHost::start("sshd");
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9YbY7bYqY8m6m7JtC2VwGz7nD0dE4o0mM7u3kQ1x2y you@desk";
    let settings =
        format!("[settings]\nauthorized_keys = [\"{key}\"]\nsshd = {{ passwords = false, root_login = false }}\n");
    let project = host.project_over_ssh(&settings);
    run(&host, &project, &["capture", "--yes"], 0);
    let before = host.sh(SET);
    assert_eq!(
        check(&host, &project, 1).amiss("host"),
        ["system:authorized_keys drift missing", "system:sshd drift missing"]
    );
    run(&host, &project, &["apply", "host", "--yes"], 0);
    is_true(&host, &project);
    assert_eq!(
        host.sh("wc -l </home/dev/.ssh/authorized_keys; tail -n 1 /home/dev/.ssh/authorized_keys"),
        format!("2\n{key}\n")
    );
    let effective =
        host.sh("sshd -T -C user=dev,host=x,addr=10.0.0.1 | grep -E '^(permitrootlogin|passwordauthentication) '");
    assert_eq!(effective, "permitrootlogin no\npasswordauthentication no\n");
    assert_eq!(host.sh("systemctl is-active ssh"), "active\n");
    run(&host, &project, &["rollback", "host", "--yes"], 0);
    assert_eq!(host.sh(SET), before);

    // Whoever is at it as root would not come in again.
    host.sh("mkdir -p -m 0700 /root/.ssh; cp /home/dev/.ssh/authorized_keys /root/.ssh/");
    let config = project.home().join(".ssh/config");
    std::fs::write(&config, std::fs::read_to_string(&config).unwrap().replace("User dev", "User root")).unwrap();
    let told = run(&host, &project, &["apply", "host", "--yes", "--only", "system:sshd"], 1).stdout;
    assert!(told.contains("it would keep out root, who is at it now: PermitRootLogin no"), "{told}");
    assert_eq!(host.sh("ls /etc/ssh/sshd_config.d"), "");
}
