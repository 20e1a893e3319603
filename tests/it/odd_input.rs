//! Input that no one in their right mind would write, and that machines produce all the same: each gives a clear finding or
//! error that names the item, the rest stays right, nothing is executed that should not be, nothing is written.

use std::time::{Duration, Instant};

use crate::support::machine::Machine;
use crate::support::trueup::Project;

/// A spec is read, or refused in a sentence, in under a second.
#[test]
fn a_spec_that_is_endless_or_nested_without_end_is_refused_at_once() {
    let project = Project::empty();
    let nested = format!("name = \"dev\"\nx = {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let dotted = format!("name = \"dev\"\n{}x = 1\n", "a.".repeat(100_000));
    for spec in [nested, dotted, "#".repeat(10 << 20), "x = \"".to_owned() + &"é".repeat(10 << 19)] {
        project.spec(&spec);
        let start = Instant::now();
        let ran = project.trueup(&["check"]).any_stderr().exits(2);
        assert!(ran.stderr.contains("environments/dev.toml"), "{}", &ran.stderr[..ran.stderr.len().min(2000)]);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}

/// Names in which a shell could find something to do.
const NAMES: [&str; 8] =
    ["a b", "it's", "say \"hi\"", "$(touch pwned)", "a;touch pwned", "`touch pwned`", "-rf", "naïve 日本"];

#[test]
fn names_that_a_shell_would_act_on_are_names() {
    let (laptop, vm) = (Machine::local(), Machine::over_ssh());
    for machine in [&laptop, &vm] {
        for name in NAMES {
            machine
                .file(&format!(".set/{name}"), "same")
                .file(&format!(".one/{name}"), "same")
                .repo(&format!("r {name}"));
        }
    }
    vm.file(".one/$(touch pwned)", "other").file(".set/-rf", "other");
    let files: Vec<String> = NAMES.iter().map(|name| format!("{:?}", format!(".one/{name}"))).collect();
    let repos = NAMES.iter().enumerate().map(|(n, name)| format!("[repos.r{n}]\npath = {:?}\n", format!("~/r {name}")));
    let rest = format!("[dotfiles]\nfiles = [\".set\", {}]\n{}", files.join(", "), repos.collect::<String>());
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &rest);
    let before = vm.listing();
    project.capture();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["dotfile:.one/$(touch pwned) drift changed", "dotfile:.set/-rf drift changed"]);
    assert!(before == vm.listing(), "something was written on the machine");
    assert!(!project.at("pwned").exists());
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
    assert_eq!(got, ["1.0", "2.0", "-", "4.0", "-", "5.0"]);
    for (name, word) in [("fails", "exit code 4"), ("mute", "no version")] {
        let finding = report.finding("vm", &format!("tool:{name}"));
        assert!(finding["reason"].as_str().unwrap().contains(word), "{finding}");
    }
    machine.falls_silent(Duration::from_secs(2));
}
