//! What machines, users and files throw at an audit: each gives a clear finding or error that names the item, the rest of
//! the report stays right, nothing is executed that should not be, and nothing is written on the target.

use std::fs;
use std::time::Duration;

use crate::support::machine::{Machine, SYSTEM_PATH};
use crate::support::trueup::Project;

/// A machine whose commands run in a root of their own, with its real home and tools in it; `disk` says, in sh, what is
/// odd about that root, which lies in /mnt.
#[cfg(target_os = "linux")]
struct Rooted {
    machine: Machine,
    script: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

#[cfg(target_os = "linux")]
impl Rooted {
    fn new() -> Self {
        let folder = tempfile::TempDir::with_prefix("rooted-").unwrap();
        let script = folder.path().join("enter");
        let line = format!("ForceCommand exec unshare -m /bin/sh {}", script.display());
        let rooted = Self { machine: Machine::behind(|server| server.option(&line)), script, _folder: folder };
        rooted.disk("");
        rooted
    }

    fn disk(&self, odd: &str) -> &Self {
        let bin = self.machine.path();
        let bin = bin.split(':').next().unwrap();
        let text = format!(
            "set -e\nmount --make-rprivate /\nmount -t tmpfs -o size=2m root /mnt\n\
             mkdir -p /mnt/usr /mnt/etc /mnt/dev /mnt/proc /mnt/home/me /mnt/opt/bin /mnt/run\n\
             for d in usr etc dev proc; do mount --rbind \"/$d\" \"/mnt/$d\"; done\n\
             for d in bin sbin lib lib64; do\n\
             if [ -L \"/$d\" ]; then cp -P \"/$d\" /mnt/; elif [ -d \"/$d\" ]; then mkdir \"/mnt/$d\"; mount --rbind \"/$d\" \"/mnt/$d\"; fi\n\
             done\nmount --bind '{bin}' /mnt/opt/bin\nmount --bind \"$HOME\" /mnt/home/me\n{odd}\n\
             HOME=/home/me PATH=/opt/bin:{SYSTEM_PATH}; export HOME PATH\n\
             exec /usr/sbin/chroot /mnt /bin/sh -c 'cd && exec /bin/sh -c \"$SSH_ORIGINAL_COMMAND\"'\n"
        );
        fs::write(&self.script, text).unwrap();
        self
    }
}

/// The home is copied where the odd disk is.
const COPIED: &str = "umount /mnt/home/me; cp -a \"$HOME/.\" /mnt/home/me/; mkdir -m 1777 /mnt/tmp";

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_read_only_or_without_tmp_makes_no_difference_to_a_check() {
    if !rustix::process::geteuid().is_root() {
        // Without root there is no other root folder to enter; the disks of containers are tested elsewhere.
        return;
    }
    let rooted = Rooted::new();
    let (laptop, machine) = (Machine::local(), &rooted.machine);
    for one in [&laptop, machine] {
        one.says("node", "v22.11.0").repo("shop").hook("shop", "pre-commit", "exit 0");
        one.file(".zshrc", "x\n").file(".config/a/b", "y\n").file(".k.json", "{\"a\": 1}\n");
    }
    let rest = "[tools]\nnode = \"exact\"\ngit = \"exact\"\n\
                [dotfiles]\nfiles = [\".zshrc\", \".config/**\"]\n\".k.json\" = { compare = \"keys\", keys = [\"a\"] }\n\
                [repos.shop]\npath = \"~/shop\"";
    let project = Project::of(&[("laptop", &laptop), ("vm", machine)], rest);
    project.capture();
    let before = machine.listing();
    let full = format!("{COPIED}; dd if=/dev/zero of=/mnt/fill bs=4096 2>/dev/null || :");
    let read_only = format!("{COPIED}; mount -o remount,ro /mnt");
    let noexec = "mkdir -m 1777 /mnt/tmp; mount -t tmpfs -o noexec,nosuid,nodev tmp /mnt/tmp";
    for (what, odd) in [
        ("no /tmp", ""),
        ("noexec /tmp", noexec),
        ("a full disk", full.as_str()),
        ("a read-only disk", read_only.as_str()),
    ] {
        rooted.disk(odd);
        let report = project.check(&[], 0);
        assert_eq!(report.finding("vm", "tool:node")["got"], "22.11.0", "{what}");
        assert_eq!(report.finding("vm", "hook:shop/pre-commit")["state"], "match", "{what}");
        assert_eq!(machine.listing(), before, "{what}: something was written");
    }
    // What cannot be written is said by name, and what was there stays.
    machine.file(".zshrc", "drifted\n");
    for odd in [&full, &read_only] {
        rooted.disk(odd);
        assert_eq!(project.check(&[], 1).amiss("vm"), ["dotfile:.zshrc drift changed"]);
        let output = project.trueup(&["apply", "vm", "--yes"]).whatever_comes();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        let skipped = "skipped change ~/.zshrc  cannot ";
        assert!(said.contains(skipped) && said.contains(" /home/me/.local/state/trueup/"), "{said}");
        assert_eq!(machine.read(".zshrc"), "drifted\n");
    }
}

/// A clock that is wrong by a year: a `date` before the real one on PATH says so.
#[test]
fn a_clock_a_year_off_is_named_and_changes_no_other_answer() {
    let machine = Machine::over_ssh();
    machine.says("node", "v22.11.0");
    let right = "[system]\nclock = \"<60 s\"\n[tools]\nnode = \"exact\"";
    let project = Project::of(&[("vm", &machine)], right);
    project.capture();
    project.check(&[], 0);
    machine.tool("date", "case $* in +%s) echo \"$(($(/bin/date +%s) - 31536000))\";; *) exec /bin/date \"$@\";; esac");
    let report = project.check(&[], 1);
    let clock = report.finding("vm", "system:clock");
    assert_eq!(clock["state"], "drift", "{clock}");
    let got: i64 = clock["got"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((got.abs() - 31_536_000).abs() < 60, "{clock}");
    assert_eq!(report.amiss("vm").len(), 1, "{:?}", report.amiss("vm"));
    let observed = report.target("vm")["observed_at"].as_str().unwrap().to_owned();
    // The verdict is dated by whoever checks, so a machine cannot make its own proof younger or older.
    let now = jiff::Timestamp::now().as_second();
    let dated = observed.parse::<jiff::Timestamp>().unwrap().as_second();
    assert!((0..60).contains(&(now - dated)), "{observed}");
    project.trueup(&["attest", "vm", "--out", "a.json"]).any_stdout().exits(1);
    project.trueup(&["verify", "a.json"]).stdout_has("valid\n").stdout_has("verdict   drift").exits(0);
    // A clock that says nothing sensible is unknown.
    machine.tool("date", "echo never");
    let report = project.check(&[], 3);
    assert_eq!(report.finding("vm", "system:clock")["state"], "unknown");
    assert_eq!(report.finding("vm", "tool:node")["state"], "match");
}

#[test]
fn a_banner_a_motd_and_chatty_start_up_files_disturb_nothing() {
    let banner = tempfile::NamedTempFile::new().unwrap();
    fs::write(banner.path(), "*** trueup-00 0 3 node 9.9.9 ***\n\u{1b}[31mAUTHORISED USE ONLY\n".repeat(200)).unwrap();
    let option = format!("Banner {}", banner.path().display());
    let machine = Machine::behind(|server| {
        let chatty = "echo motd 9.9.9; echo noise >&2; printf 'no newline'; cd \"$HOME\"; . ./.profile; . ./.bashrc";
        let force = format!("ForceCommand {chatty}; exec /bin/sh -c \"$SSH_ORIGINAL_COMMAND\"");
        server.option(&option).option(&force)
    });
    let noise = "echo node 8.8.8\necho tool 7.7.7 >&2\nprintf '\\000\\377 trueup end 0'\n";
    machine.file(".profile", noise).file(".bashrc", noise).says("node", "v22.11.0").file(".a", "a");
    let project = Project::of(&[("vm", &machine)], "[tools]\nnode = \"exact\"\n[dotfiles]\nfiles = [\".a\"]");
    project.capture();
    let report = project.check(&[], 0);
    assert_eq!(report.finding("vm", "tool:node")["got"], "22.11.0");
}

#[test]
fn a_login_shell_that_ends_or_talks_instead_of_running_the_program_is_unknown() {
    for (command, told) in [
        ("echo This account is currently not available.; exit 1", "This account is currently not available."),
        ("exit 0", "its shell ended with exit code 0"),
        ("kill -KILL $$", "SIGKILL"),
    ] {
        let machine = Machine::behind(|server| server.option(&format!("ForceCommand {command}")));
        let project = Project::of(&[("vm", &machine)], "[tools]\nnode = \"22.11.0\"");
        let report = project.check(&[], 3);
        assert_eq!(report.finding("vm", "tool:node")["state"], "unknown");
        let error = report.target("vm")["error"].as_str().unwrap();
        assert!(error.contains(told), "{command}: {error}");
    }
}

#[test]
fn a_session_that_floods_instead_of_answering_is_over_within_the_limit() {
    for flood in ["yes", "yes >&2", "yes & exec yes >&2"] {
        let machine = Machine::behind(|server| server.option(&format!("ForceCommand {flood}")));
        let project = Project::of(&[("vm", &machine)], "[limits]\nprobe = \"2s\"\n[tools]\nnode = \"22.11.0\"");
        let start = std::time::Instant::now();
        let report = project.check(&[], 3);
        assert!(start.elapsed().as_secs() < 15, "{flood}: {:?}", start.elapsed());
        assert_eq!(report.finding("vm", "tool:node")["state"], "unknown", "{flood}");
    }
}

/// The shell that sshd starts is the user's own; the line for it must mean the same in all of them.
#[test]
fn fish_and_tcsh_as_login_shells_answer_as_sh_does() {
    for (shell, file, sets) in [
        ("fish", ".config/fish/config.fish", "set -gx PATH $HOME/own $PATH\nset -gx ODD 'it''s set'\n"),
        ("tcsh", ".cshrc", "setenv PATH $HOME/own:$PATH\nsetenv ODD its-set\n"),
        ("tcsh", ".login", "setenv PATH $HOME/own:$PATH\nsetenv ODD its-set\n"),
        ("csh", ".tcshrc", "setenv PATH $HOME/own:$PATH\nsetenv ODD its-set\n"),
    ] {
        let line = format!(
            "ForceCommand cd \"$HOME\"; SHELL=/usr/bin/{shell}; export SHELL; exec \"$SHELL\" -c \"$SSH_ORIGINAL_COMMAND\""
        );
        let machine = Machine::behind(|server| server.option(&line));
        machine.file(file, format!("echo banner\nsh -c 'echo noise >&2'\n{sets}"));
        machine.file("own/odd", "#!/bin/sh\necho odd 3.2.1\n").mode("own/odd", 0o755);
        machine.file(".it's !a \\ $(x)", "a");
        let rest = "[tools]\nodd = \"exact\"\n[env]\nODD = \"exact\"\n[dotfiles]\nfiles = [\".it's !a \\\\ $(x)\"]";
        let project = Project::of(&[("vm", &machine)], rest);
        let spec = project.read("environments/dev.toml").replace("login = false", "login = true");
        project.spec(&spec);
        project.capture();
        let report = project.check(&[], 0);
        assert_eq!(report.finding("vm", "tool:odd")["got"], "3.2.1", "{shell} {file}");
        assert_eq!(report.finding("vm", "env:ODD")["state"], "match");
        let words = ["run", "vm", "--", "printf", "<%s>", "it's", "a!b", "c\\d\\\\", "two\nlines", "$(id)", "é", ""];
        let ran = project.trueup(&words).any_stdout().any_stderr().exits(0);
        assert!(ran.stdout.contains("<it's><a!b><c\\d\\\\><two\nlines><$(id)><é><>"), "{shell}: {}", ran.stdout);
    }
}

#[test]
fn a_tool_that_fails_and_prints_its_version_line_has_that_version() {
    let machine = Machine::local();
    machine.tool("grumpy", "echo grumpy 1.2.3\nexit 1").tool("bare", "echo v2.3.4\nexit 2");
    machine.tool("needy", "echo needy needs node 18.0.0\nexit 1").tool("dead", "echo dead 1.2.3\nkill -SEGV $$");
    machine.tool("wordy", "echo wordy: 1.2.3 is no command >&2\nexit 64");
    let rest = "[tools]\ngrumpy = \"exact\"\nbare = \"exact\"\nneedy = \"exact\"\ndead = \"exact\"\nwordy = \"exact\"";
    let report = Project::of(&[("vm", &machine)], rest).check(&[], 3);
    for (tool, version) in [("grumpy", "1.2.3"), ("bare", "2.3.4")] {
        assert_eq!(report.finding("vm", &format!("tool:{tool}"))["got"], version);
    }
    for (tool, told) in [("needy", "exit code 1"), ("dead", ""), ("wordy", "exit code 64")] {
        let finding = report.finding("vm", &format!("tool:{tool}"));
        assert_eq!((&finding["state"], &finding["got"]), (&"unknown".into(), &serde_json::Value::Null), "{finding}");
        assert!(finding["reason"].as_str().unwrap().contains(told), "{finding}");
    }
}

/// Names that would do something if a shell read them.
const NAMES: [&str; 12] = [
    "a b",
    "it's",
    "say \"hi\"",
    "two\nlines",
    "$(touch pwned)",
    "`touch pwned`",
    "a;touch pwned",
    "-rf",
    "--",
    "né日😀",
    "*",
    "a\\b",
];

fn toml(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

#[test]
fn odd_names_of_files_folders_and_hooks_are_only_names() {
    for machine in [Machine::local(), Machine::over_ssh()] {
        let mut rest = String::from("[dotfiles]\nfiles = [");
        for name in NAMES {
            machine.file(&format!("d/{name}"), name);
            rest += &format!("{}, ", toml(&if name == "*" { "d/[*]".to_owned() } else { format!("d/{name}") }));
        }
        rest += "]\n";
        for (number, name) in NAMES.iter().enumerate() {
            let folder = format!("r/{name}");
            fs::create_dir_all(machine.at(&folder)).unwrap();
            machine.git(&["init", "--quiet", "--", &folder]);
            machine.hook(&folder, "pre-commit", "exit 0").hook(&folder, "a b;touch pwned", "exit 0");
            rest += &format!("[repos.repo{number}]\npath = {}\n", toml(&format!("~/{folder}")));
        }
        let project = Project::of(&[("vm", &machine)], &rest);
        let before = machine.listing();
        project.capture();
        let report = project.check(&[], 0);
        for name in NAMES.iter().filter(|name| **name != "*") {
            let finding = report.finding("vm", &format!("dotfile:d/{name}"));
            assert_eq!(finding["state"], "match", "{finding}");
        }
        for number in 0..NAMES.len() {
            assert_eq!(report.finding("vm", &format!("hook:repo{number}/pre-commit"))["state"], "match");
        }
        assert_eq!(machine.listing(), before, "a name was executed or something written");
        // One of them changed is found by its own name, and in every format.
        machine.file("d/$(touch pwned)", "other");
        let report = project.check(&[], 1);
        assert_eq!(report.amiss("vm"), ["dotfile:d/$(touch pwned) drift changed"]);
        for format in ["human", "sarif", "junit", "github", "markdown"] {
            project.trueup(&["check", "--format", format]).any_stdout().exits(1);
        }
        assert!(!machine.at("pwned").exists() && !project.at("pwned").exists());
    }
}

#[test]
fn odd_names_of_tools_packages_and_variables_run_nothing() {
    let machine = Machine::over_ssh();
    machine.says("quick", "quick 1.0");
    for name in NAMES {
        let spec = |rest: &str| {
            let tables = machine.target("vm");
            format!("version = 1\nname = \"dev\"\nreference = \"vm\"\n{tables}[shell]\nlogin = false\n{rest}\n")
        };
        for rest in [
            format!("[tools]\n{} = \"present\"\nquick = \"exact\"", toml(name)),
            format!("[tools]\nquick = \"exact\"\n[packages]\napt = [{}]", toml(name)),
            format!("[tools]\nquick = \"exact\"\n[packages]\nnpm = [{}]", toml(name)),
            format!("[tools]\nquick = \"exact\"\n[env]\n{} = \"present\"", toml(name)),
        ] {
            let project = Project::with_spec(&spec(&rest));
            fs::write(project.known_hosts(), machine.server().known_hosts_line() + "\n").unwrap();
            let output = project.trueup(&["check", "--format", "json"]).whatever_comes();
            // A name that cannot be one is refused with the spec's own line; every other is asked about and not there.
            match output.status.code() {
                Some(2) => {
                    let told = String::from_utf8(output.stderr).unwrap();
                    assert!(told.contains("environments/dev.toml:"), "{name}: {told}");
                }
                Some(3) => {
                    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
                    let findings = report["targets"][0]["findings"].as_array().unwrap();
                    let quick = findings.iter().find(|finding| finding["id"] == "tool:quick").unwrap();
                    assert_eq!(quick["got"], "1.0", "{name} hid another");
                    assert_eq!(report["targets"][0]["error"], serde_json::Value::Null, "{name}");
                }
                other => panic!("{name}: {other:?}\n{}", String::from_utf8_lossy(&output.stderr)),
            }
        }
        assert!(!machine.at("pwned").exists(), "{name} was executed");
    }
}

#[test]
fn a_spec_that_is_empty_binary_huge_or_deep_is_refused_in_time() {
    let project = Project::with_spec("");
    for (what, content) in [
        ("empty", Vec::new()),
        ("binary", (0..=255).cycle().take(9000).collect::<Vec<u8>>()),
        ("huge", vec![b'a'; 10 << 20]),
        ("deep", [b"a = ".to_vec(), vec![b'['; 200_000]].concat()),
        ("deep tables", [b"[a".to_vec(), b".a".repeat(100_000), b"]\n".to_vec()].concat()),
        ("a deep key", format!("name = \"dev\"\n{}x = 1\n", "a.".repeat(100_000)).into_bytes()),
        ("one endless text", ("x = \"".to_owned() + &"é".repeat(10 << 19)).into_bytes()),
        ("deep inline tables", [b"a = ".to_vec(), b"{a = ".repeat(100_000)].concat()),
    ] {
        project.write("environments/dev.toml", content);
        let start = std::time::Instant::now();
        let ran = project.trueup(&["check"]).any_stderr().exits(2);
        assert!(ran.stderr.contains("environments/dev.toml"), "{what}: {}", ran.stderr);
        assert!(ran.stderr.len() < 20_000, "{what}: {} bytes of complaint", ran.stderr.len());
        assert!(start.elapsed().as_secs() < 10, "{what}: {:?}", start.elapsed());
    }
}

/// Bytes that are no text, and answers that are half wrong: the tool is named, its neighbours keep theirs.
#[test]
fn tools_that_answer_oddly_are_each_told_apart() {
    let machine = Machine::over_ssh();
    machine
        .tool("nul", "printf 'nul 1.0\\000\\n'")
        .tool("latin", "printf 'latin \\351\\377 2.0\\n'")
        .tool("fails", "echo 'fails 3.0'; exit 4")
        .tool("asks", "printf 'really? '; read -r yes </dev/tty || echo 'asks 4.0'")
        .tool("mute", ":")
        .says("plain", "plain 5.0");
    let names = ["nul", "latin", "fails", "asks", "mute", "plain"];
    let tools: String = names.map(|name| format!("{name} = \"exact\"\n")).concat();
    let project = Project::of(&[("vm", &machine)], &format!("[limits]\nprobe = \"8s\"\n[tools]\n{tools}"));
    let report = project.check(&[], 3);
    let got = names.map(|name| report.finding("vm", &format!("tool:{name}"))["got"].as_str().unwrap_or("-").to_owned());
    assert_eq!(got, ["1.0", "2.0", "3.0", "4.0", "-", "5.0"]);
    let mute = report.finding("vm", "tool:mute");
    assert!(mute["reason"].as_str().unwrap().contains("no version"), "{mute}");
    machine.falls_silent(Duration::from_secs(2));
}
