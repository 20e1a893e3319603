//! Odd names of targets and environments: refused in words, or working wherever a name goes.

use std::fs;

use proptest::prelude::*;
use trueup::observe::vocabulary;
use trueup::spec::parse;

use crate::support::machine::{Machine, contents};
use crate::support::trueup::{Project, spec_of};

/// Names that some place they go to would act upon, or not take.
const REFUSED: [&str; 24] = [
    "",
    " ",
    "a b",
    " a",
    "it's",
    "\"a\"",
    "a\nb",
    "a\r",
    "a\tb",
    "\u{1b}[31mred",
    "$(touch touched)",
    "`touch touched`",
    "a;touch touched",
    "a|b",
    "-a",
    "--",
    ".",
    "..",
    "../a",
    "a/b",
    "/a",
    "né",
    "日本",
    "a\u{202e}b",
];

/// Odd, and allowed.
const ALLOWED: [&str; 5] = ["0", "_", "a..b", "plan.json", "CON"];

fn quoted(name: &str) -> String {
    let escaped = name.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

fn spec(target: &str) -> String {
    format!("version = 1\nname = \"dev\"\n[targets.{}]\nkind = \"local\"\n[tools]\nsh = \"present\"\n", quoted(target))
}

/// What is printed has nothing in it that a terminal acts upon.
fn is_plain_text(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && c != '\n')
}

#[test]
fn a_name_that_some_place_would_act_upon_is_refused_by_the_spec() {
    let long = "x".repeat(65);
    for name in REFUSED.iter().copied().chain([long.as_str()]) {
        let project = Project::with_spec(&spec(name));
        let ran = project.trueup(&["check"]).any_stderr().exits(2);
        assert!(ran.stderr.contains(" cannot name a target"), "{name:?}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("help: use at most 64 letters, digits, `-`, `_` and `.`, beginning with"),
            "{name:?}"
        );
        assert!(is_plain_text(&ran.stderr), "{name:?}: {:?}", ran.stderr);
        project.spec(&format!("version = 1\nname = {}\n[targets.a]\nkind = \"local\"\n", quoted(name)));
        let ran = project.trueup(&["check"]).any_stderr().exits(2);
        assert!(
            ran.stderr.contains(" cannot name an environment") && is_plain_text(&ran.stderr),
            "{name:?}: {}",
            ran.stderr
        );
        assert!(!project.at("touched").exists() && !project.state().exists(), "{name:?} was acted upon");
    }
}

#[test]
fn a_name_that_no_target_has_is_told_by_every_verb_and_acted_upon_by_none() {
    let project = Project::with_spec(&spec("a"));
    let before = contents(&project.at(""));
    for name in REFUSED {
        for words in [
            vec!["check", "--", name],
            vec!["plan", "--", name],
            vec!["apply", "--yes", "--", name],
            vec!["attest", "--", name],
            vec!["gate", "--", name],
            vec!["history", "--", name],
            vec!["rollback", "--yes", "--", name],
            vec!["trust", "--", name],
            vec!["watch", "--once", "--", name],
            vec!["waive", "tool:sh", "--because", "x", &format!("--target={name}")],
        ] {
            let output = project.trueup(&words).whatever_comes();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_ne!(output.status.code(), Some(0), "{words:?}: {said}");
            assert!(!said.is_empty() && is_plain_text(&said), "{words:?}: {said:?}");
        }
    }
    assert_eq!(contents(&project.at("")), before, "a name was acted upon");
}

#[test]
fn an_odd_name_works_in_every_verb_format_and_file() {
    let long = "x".repeat(64);
    for name in ALLOWED.iter().copied().chain([long.as_str()]) {
        let (laptop, odd) = (Machine::local(), Machine::local());
        laptop.says("node", "v22.11.0").file(".a", "a\n");
        odd.says("node", "v20.1.0");
        let project = Project::empty();
        // A target's name is written bare where it can be; these cannot all.
        let spec = spec_of(
            &[("laptop", &laptop), ("PLACE", &odd)],
            "[tools]\nnode = \"exact\"\n[dotfiles]\nfiles = [\".a\"]\n",
        );
        let spec = spec.replace("[targets.PLACE]", &format!("[targets.{}]", quoted(name)));
        assert!(spec.contains(&quoted(name)), "{spec}");
        project.write(
            &format!("environments/{name}.toml"),
            spec.replace("name = \"dev\"", &format!("name = {}", quoted(name))),
        );
        project.capture();
        let formats = ["human", "json", "sarif", "junit", "github", "markdown"];
        let to_files: Vec<String> = formats.iter().map(|format| format!("--format={format}={format}.out")).collect();
        let words: Vec<&str> = ["check", name].into_iter().chain(to_files.iter().map(String::as_str)).collect();
        project.trueup(&words).any_stdout().any_stderr().exits(1);
        for format in formats {
            let report = project.read(&format!("{format}.out"));
            assert!(report.contains(name), "{name} is not in the {format} report:\n{report}");
        }
        project
            .trueup(&["waive", "tool:node", "--target", name, "--because", "older"])
            .any_stdout()
            .any_stderr()
            .exits(0);
        project.trueup(&["plan", name, "--out", "saved"]).any_stdout().exits(1);
        project.trueup(&["apply", "saved", "--yes"]).any_stdout().any_stderr().exits(0);
        assert_eq!(odd.read(".a"), "a\n");
        project.trueup(&["rollback", name, "--yes"]).any_stdout().any_stderr().exits(0);
        project.trueup(&["apply", name, "--yes"]).any_stdout().any_stderr().exits(0);
        project.trueup(&["watch", name, "--once"]).stderr_has(&format!(" {name} parity ")).exits(0);
        project.trueup(&["history", name]).stdout_has(name).exits(0);
        project
            .trueup(&["attest", name, "--out", "att.json"])
            .stdout_has(&format!("attested {name} as number "))
            .exits(0);
        project.trueup(&["verify", "att.json"]).stdout_has(&format!("{name} of {name}\n")).exits(0);
        project.trueup(&["gate", name]).stdout_has(&format!("{name}  allow\n")).exits(0);
        project.trueup(&["run", name, "--", "printf", "%s", "in"]).stdout("in").any_stderr().exits(0);
        for unit in ["systemd-service", "systemd-timer", "launchd", "cron"] {
            let printed = project
                .trueup(&["watch", name, "--every", "5m", "--print-unit", unit])
                .any_stdout()
                .any_stderr()
                .exits(0);
            assert!(printed.stdout.contains(name), "{unit}: {}", printed.stdout);
        }
        fs::remove_file(project.at("saved")).unwrap();
    }
}

proptest! {
    /// Of any name, the spec's reader says that it can be one exactly if nothing acts upon it.
    #[test]
    fn any_name_is_taken_or_refused_by_its_letters(name in "[ -~\n\t\u{7f}é\u{202e}/.-]{0,4}|[a-zA-Z0-9_.-]{1,80}") {
        let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let plain = letters && (1..=64).contains(&name.len()) && !name.starts_with(['-', '.']);
        let read = parse("dev.toml", &spec(&name), &vocabulary());
        prop_assert_eq!(read.is_ok(), plain);
        if let Err(problems) = read {
            let messages: Vec<&str> = problems.problems.iter().map(|problem| problem.message.as_str()).collect();
            prop_assert!(messages.iter().any(|message| message.contains("cannot name a target")), "{:?}", messages);
            prop_assert!(messages.iter().all(|message| !message.contains(char::is_control)), "{:?}", messages);
        }
    }
}
