//! What explains trueup to people and to their shells: help, manual pages, completions.

use std::fs;
use std::process::{Command, Stdio};

use crate::support::trueup::Project;

/// Every verb, as the program itself lists them.
fn verbs(project: &Project) -> Vec<String> {
    let help = project.trueup(&["--help"]).any_stdout().exits(0).stdout;
    let list = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|name| name != "help").collect()
}

#[test]
fn every_verb_explains_itself_with_examples_and_exit_codes() {
    let project = Project::empty();
    let verbs = verbs(&project);
    assert!(verbs.len() >= 15, "{verbs:?}");
    for verb in verbs {
        let help = project.trueup(&[&verb, "--help"]).any_stdout().exits(0).stdout;
        assert!(help.contains("Example") && help.contains(&format!("trueup {verb}")), "{verb} has no example:\n{help}");
        assert!(help.contains("Exit codes:"), "{verb} does not tell its exit codes:\n{help}");
    }
}

#[test]
fn there_is_a_manual_page_for_trueup_and_every_verb() {
    let project = Project::empty();
    let verbs = verbs(&project);
    project.trueup(&["man", "--out", "pages"]).exits(0);
    let mut pages: Vec<String> = fs::read_dir(project.at("pages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    let mut expected: Vec<String> = verbs.iter().map(|verb| format!("trueup-{verb}.1")).collect();
    expected.push("trueup.1".to_owned());
    expected.sort();
    assert_eq!(pages, expected);
    for verb in verbs {
        let page = project.trueup(&["man", &verb]).any_stdout().exits(0).stdout;
        assert_eq!(page, project.read(&format!("pages/trueup-{verb}.1")));
        assert!(page.starts_with(".ie \\n(.g") && page.contains(&format!(".TH trueup-{verb} 1")), "{page}");
        assert!(page.contains(".SH EXAMPLES") || page.contains("Example"), "{page}");
    }
    project.trueup(&["man", "chek"]).stderr_has("no verb is named `chek`").exits(2);
}

/// A completion script that its shell cannot read would break that shell's start.
#[test]
fn completion_scripts_are_read_by_their_shells() {
    let project = Project::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = project.trueup(&["completions", shell]).any_stdout().exits(0).stdout;
        assert!(script.contains("waive") && script.contains("doctor"), "{shell} does not know the verbs");
        project.write(&format!("script.{shell}"), &script);
    }
    // Those that the set-up of the tests brings have to be here; the others check where they are.
    for (shell, arguments, needed) in [
        ("bash", &["-n"][..], true),
        ("zsh", &["-n"], true),
        ("fish", &["--no-execute"], false),
        ("elvish", &["-compileonly"], false),
    ] {
        let checked = Command::new(shell)
            .args(arguments)
            .arg(project.at(&format!("script.{shell}")))
            .env("HOME", project.home())
            .stdin(Stdio::null())
            .output();
        match checked {
            Ok(output) => assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr)),
            Err(error) => assert!(!needed, "{shell} must be installed to run these tests: {error}"),
        }
    }
}
