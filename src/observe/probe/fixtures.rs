//! The runner of recorded answers: every folder of `fixtures/probe/<probe>/` is a test case, and needs no code.
//! `fixtures/README.md` says what a case holds and how to record one.
#![expect(clippy::disallowed_methods, reason = "tests are an IO edge: they read fixtures")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{PROBES, vocabulary};
use crate::observe::{Answer, Probe, Question, Reply, Sighting, compile, frame};
use crate::spec::pin::Pin;
use crate::spec::{self, Observed, Why};
use crate::transport::test_shells;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/probe")
}

fn folders(parent: &Path) -> Vec<(String, PathBuf)> {
    let mut folders: Vec<(String, PathBuf)> = fs::read_dir(parent)
        .unwrap_or_else(|error| panic!("{}: {error}", parent.display()))
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .collect();
    folders.sort();
    folders
}

fn optional(path: &Path) -> Option<Vec<u8>> {
    match fs::read(path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// The question that the probe asks for the part of a spec that the case holds: where it asks several, the one whose
/// subject stands in the case's file `subject`, else the first.
fn question(probe: &Probe, case: &Path) -> Question {
    let asked = optional(&case.join("case.toml")).unwrap_or_default();
    let text = format!("version = 1\nname = \"fixture\"\n{}", String::from_utf8(asked).unwrap());
    let mut environment =
        spec::parse("case.toml", &text, &vocabulary()).unwrap_or_else(|error| panic!("{}: {error:?}", case.display()));
    let samples = optional(&case.join("samples")).map(|samples| String::from_utf8(samples).unwrap());
    let samples: Option<Vec<String>> = samples.map(|samples| samples.lines().map(str::to_owned).collect());
    environment.repos.iter_mut().for_each(|repo| repo.samples.clone_from(&samples));
    let subject = optional(&case.join("subject")).map(|subject| String::from_utf8(subject).unwrap().trim().to_owned());
    let mut questions = (probe.ask)(&environment).into_iter();
    let found = questions.find(|question| subject.as_ref().is_none_or(|subject| question.subject == *subject));
    found.unwrap_or_else(|| panic!("{}: case.toml makes the {} probe ask no such question", case.display(), probe.name))
}

fn answer(case: &Path) -> Answer {
    let stdout = fs::read(case.join("stdout")).unwrap_or_else(|error| panic!("{}/stdout: {error}", case.display()));
    let status = fs::read_to_string(case.join("status"));
    let status = status.unwrap_or_else(|error| panic!("{}/status: {error}", case.display()));
    let code = status.trim().parse().unwrap_or_else(|error| panic!("{}/status: {error}", case.display()));
    Answer { code, stdout, stderr: optional(&case.join("stderr")).unwrap_or_default() }
}

/// What an answer was read as, one line a sighting.
fn readable(read: &Result<Vec<Sighting>, Why>) -> String {
    let mut text = String::new();
    match read {
        Ok(sightings) if sightings.is_empty() => text.push_str("nothing\n"),
        Ok(sightings) => sightings.iter().for_each(|sighting| writeln!(text, "{}", visible(&line(sighting))).unwrap()),
        Err(why) => writeln!(text, "all unknown: {}", visible(&why.to_string())).unwrap(),
    }
    text
}

fn line(sighting: &Sighting) -> String {
    match sighting {
        Sighting::Item(id, Observed::Present(fact)) => {
            let evidence = fact.evidence().map(|path| format!(" ({path})")).unwrap_or_default();
            format!("{id} = {}{evidence}", fact.shown())
        }
        Sighting::Item(id, Observed::Absent) => format!("{id} absent"),
        Sighting::Item(id, Observed::Unknown(why)) => format!("{id} unknown: {why}"),
        Sighting::NotThere(id) => format!("{id} is nothing here"),
        Sighting::Unlisted(listing, why) => format!("{listing} unlisted, unknown: {why}"),
        Sighting::Pins(repo, pins) if pins.is_empty() => format!("{repo} pins nothing"),
        Sighting::Pins(repo, pins) => {
            let pin = |pin: &Pin| format!("{repo} pins {} to {} ({}:{})", pin.tool, pin.written, pin.file, pin.line);
            pins.iter().map(pin).collect::<Vec<_>>().join("; ")
        }
        Sighting::Account(account) => format!("account {} at {}", account.user, account.home),
        Sighting::Content(id, bytes) => format!("{id} holds {:?}", String::from_utf8_lossy(bytes)),
        Sighting::Clock(seconds) => format!("clock {seconds}"),
        Sighting::NoManager(manager) => format!("no {manager} on this machine"),
        Sighting::Machine(machine) => {
            let told =
                |value: &Option<String>| value.as_ref().map_or_else(|| "-".to_owned(), |value| format!("`{value}`"));
            format!(
                "machine os {} version {} arch {} host {} id {}",
                told(&machine.os),
                told(&machine.os_version),
                told(&machine.arch),
                told(&machine.hostname),
                told(&machine.id)
            )
        }
    }
}

/// Control characters and backslashes escaped, so that a sighting is one line.
fn visible(text: &str) -> String {
    let mut visible = String::new();
    for c in text.chars() {
        if c.is_control() || c == '\\' { visible.extend(c.escape_default()) } else { visible.push(c) }
    }
    visible
}

/// Whether a tool says a number on stdout, behind the two lines about where it lies.
fn tells_a_number(answer: &Answer) -> bool {
    let told = answer.stdout.splitn(3, |byte| *byte == b'\n').nth(2).unwrap_or_default();
    told.iter().any(u8::is_ascii_digit)
}

/// A tool is heard on stdout alone where it succeeds and says a number there.
#[test]
fn what_a_succeeding_tool_says_on_stderr_changes_nothing() {
    let tool = PROBES.iter().find(|probe| probe.name == "tool").unwrap();
    let mut seen = 0;
    for (name, case) in folders(&root().join("tool")) {
        let (question, answer) = (question(tool, &case), answer(&case));
        if question.command.is_some() && answer.code == 0 && tells_a_number(&answer) {
            let without = Answer { stderr: Vec::new(), ..answer.clone() };
            assert_eq!(
                readable(&(tool.read)(&question, &without)),
                readable(&(tool.read)(&question, &answer)),
                "{name}"
            );
            seen += usize::from(!answer.stderr.is_empty());
        }
    }
    assert!(seen > 3, "few recorded tools say something on both streams: {seen}");
}

/// What a tool tells on stderr as a rule, it is not asked twice for; and a command takes the place of its shell.
#[test]
fn tools_that_tell_on_stderr_are_known() {
    let is_one = |row: &&super::tool_table::Row| row.arguments.contains(['&', ';', '|', '<', '>', '`', '\n']);
    let several = super::tool_table::TABLES.iter().flat_map(|rows| rows.iter()).filter(is_one);
    several.for_each(|row| assert!(row.needs_both, "{}", row.name));
    let tool = PROBES.iter().find(|probe| probe.name == "tool").unwrap();
    let twice: Vec<String> = folders(&root().join("tool"))
        .into_iter()
        .filter(|(name, case)| {
            let (question, answer) = (question(tool, case), answer(case));
            let is_recorded = name.ends_with("recorded");
            is_recorded && question.command.is_some() && answer.code == 0 && !tells_a_number(&answer)
        })
        .map(|(name, _)| name)
        .collect();
    assert_eq!(twice, Vec::<String>::new());
}

#[test]
fn every_recorded_answer_is_read_as_expected() {
    if let Ok(case) = std::env::var("RECORD_FIXTURE") {
        record(&case);
    }
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    let mut wrong = String::new();
    for (name, folder) in folders(&root()) {
        let probe = PROBES.iter().find(|probe| probe.name == name);
        let probe = probe.unwrap_or_else(|| panic!("fixtures/probe/{name} names no probe"));
        for (case_name, case) in folders(&folder) {
            let question = question(probe, &case);
            let text = readable(&(probe.read)(&question, &answer(&case)));
            if case_name.starts_with("broken") && !text.contains("unknown: ") {
                writeln!(wrong, "{name}/{case_name}: a broken output was taken for an answer:\n{text}").unwrap();
            }
            if update {
                fs::write(case.join("expected"), &text).unwrap();
                continue;
            }
            let expected = optional(&case.join("expected")).unwrap_or_default();
            let expected = String::from_utf8(expected).unwrap();
            if text != expected {
                writeln!(wrong, "{name}/{case_name}: expected\n{expected}but read\n{text}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}UPDATE_FIXTURES=1 accepts what was read");
}

#[test]
fn every_probe_has_an_empty_an_odd_and_a_broken_answer() {
    for probe in PROBES {
        let cases: BTreeSet<String> = folders(&root().join(probe.name)).into_iter().map(|(name, _)| name).collect();
        for kind in ["empty", "odd", "broken"] {
            assert!(
                cases.iter().any(|case| case.starts_with(kind)),
                "fixtures/probe/{}/ has no case named {kind}…",
                probe.name
            );
        }
        assert!(cases.len() > 3, "fixtures/probe/{}/ has no ordinary case", probe.name);
    }
}

/// `RECORD_FIXTURE=<probe>/<case>` asks the case's question on this machine and keeps the answer.
fn record(case: &str) {
    let (probe, _) = case.split_once('/').expect("RECORD_FIXTURE is <probe>/<case>");
    let probe = PROBES.iter().find(|known| known.name == probe).unwrap_or_else(|| panic!("no probe is named {probe}"));
    let case = root().join(case);
    let program = compile(&[question(probe, &case)], "recording");
    let mut shell = Command::new("/bin/sh");
    shell.arg("-s");
    let ran = test_shells::run_attended(shell, program.text.as_bytes(), "/bin/sh");
    let Some(Reply::Answered(answer)) = frame::read(&ran.stdout, "recording").replies.remove(&0) else {
        panic!("no answer: {ran:?}");
    };
    fs::write(case.join("stdout"), &answer.stdout).unwrap();
    fs::write(case.join("status"), format!("{}\n", answer.code)).unwrap();
    if answer.stderr.is_empty() {
        return;
    }
    fs::write(case.join("stderr"), &answer.stderr).unwrap();
}
