//! Containers as targets, in real ones, of docker and of podman: a test is a function of an engine. Starting containers
//! needs root, so this belongs to the long group: see `scripts/test --help`.

use std::fs;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use trueup::spec::{Devcontainer, Making, Reach, Shell, Target, TargetKind};
use trueup::transport::{Connection, Ended, Run, StdinAfter, Stream, Surroundings, TransportError};

use crate::support::engine::{Engine, Kind};
use crate::support::trueup::{Project, Trueup};

const FOLDER: &str = "devcontainer.local_folder";
const METADATA: &str = "devcontainer.metadata";

fn open(engine: &Engine, devcontainer: Devcontainer, login: bool) -> Result<Connection, TransportError> {
    let mut env: Vec<_> = engine.env().into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    env.push(("PATH".into(), "/usr/local/bin:/usr/bin:/bin:/usr/sbin".into()));
    let surroundings = Surroundings {
        home: engine.at("nobody"),
        user: "me".to_owned(),
        ssh_agent: None,
        env,
        connect_limit: Duration::from_secs(30),
        system_ssh: engine.at("nobody"),
        passphrases: std::sync::Arc::default(),
    };
    let reach = Reach::Devcontainer(devcontainer);
    let target = Target {
        name: "dev".to_owned(),
        kind: TargetKind::Devcontainer,
        reach,
        making: Making::Found,
        labels: Vec::new(),
    };
    Connection::open(&target, Shell { login, interactive: false }, &surroundings)
}

fn of(engine: &Engine) -> Devcontainer {
    Devcontainer { workspace: engine.at("project"), container: None, engine: Some(engine.name().to_owned()) }
}

fn heard(connection: &mut Connection, command_line: &str, stdin: &[u8], limit: Duration) -> (Ended, Vec<u8>) {
    let mut stdout = Vec::new();
    let run = Run { command_line, stdin, stdin_after: StdinAfter::Ends, limit: Some(limit) };
    let ended = connection.run(&run, &mut |stream, bytes| {
        if stream == Stream::Stdout {
            stdout.extend_from_slice(bytes);
        }
        ControlFlow::Continue(())
    });
    (ended.unwrap(), stdout)
}

fn says(connection: &mut Connection, program: &str) -> String {
    let command_line = connection.command_line();
    let (ended, stdout) = heard(connection, &command_line, program.as_bytes(), Duration::from_secs(60));
    assert_eq!(ended, Ended::Exited(0), "{program}");
    String::from_utf8(stdout).unwrap()
}

fn commands_run_as_the_user_of_the_devcontainer_in_the_home_and_shell_there(engine: &Engine) {
    let folder = engine.at("project").display().to_string();
    engine.start("older", &[(FOLDER, &folder)]);
    engine.start("newest", &[(FOLDER, &folder), (METADATA, r#"[{"remoteUser":"dev"}]"#)]);
    engine.start("other", &[(FOLDER, "/elsewhere")]);
    engine.sh("newest", "dev", "echo 'FROM_PROFILE=yes; export FROM_PROFILE' >~/.profile; touch ~/here");
    let mut connection = open(engine, of(engine), true).unwrap();
    assert_eq!(
        says(&mut connection, "id -un; pwd; echo $HOME $SHELL $FROM_PROFILE; ls"),
        "dev\n/home/dev\n/home/dev /bin/ash yes\nhere\n"
    );
    let stdin: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_be_bytes).collect();
    let (ended, stdout) = heard(&mut connection, "cat", &stdin, Duration::from_secs(60));
    assert_eq!(ended, Ended::Exited(0));
    assert!(stdout == stdin, "{} bytes", stdout.len());
    assert_eq!(heard(&mut connection, "sh -c 'exit 7'", b"", Duration::from_secs(60)).0, Ended::Exited(7));

    // A run past its limit is ended there too, with what it has started.
    let start = Instant::now();
    let (ended, _) =
        heard(&mut connection, "sh -c 'sleep 301 & (sleep 302 & wait) & sleep 303'", b"", Duration::from_secs(2));
    assert_eq!(ended, Ended::TimedOut);
    assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
    let left = engine.sh("newest", "root", "ps -o args | grep 'sleep 30[123]' | grep -v grep; true");
    assert_eq!(left, "");

    // The configuration in the folder counts more than the label; a name leaves the folder aside.
    fs::create_dir_all(engine.at("project/.devcontainer/web")).unwrap();
    let file = engine.at("project/.devcontainer/web/devcontainer.json");
    fs::write(file, "{ // JSON with comments\n \"remoteUser\": \"root\", }").unwrap();
    assert_eq!(says(&mut open(engine, of(engine), false).unwrap(), "id -un; pwd"), "root\n/root\n");
    let named = Devcontainer { container: Some("older".to_owned()), ..of(engine) };
    assert!(open(engine, named, false).is_ok());
}

fn a_container_that_does_not_run_is_named_with_what_would_start_it(engine: &Engine) {
    let name = engine.name();
    let folder = engine.at("project").display().to_string();
    engine.start("gone", &[(FOLDER, &folder)]);
    engine.run(&["stop", "-t", "0", "gone"]);
    let error = open(engine, of(engine), false).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "there is no running container with the label {FOLDER}={folder} ({name} has none); start it with: \
             devcontainer up --workspace-folder {folder}"
        )
    );
    let named = |it: &str| Devcontainer { container: Some(it.to_owned()), ..of(engine) };
    let error = open(engine, named("gone"), false).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("there is no running container gone ({name} has none); start it with: {name} start gone")
    );
    let error = open(engine, named("absent"), false).unwrap_err().to_string();
    // What each engine calls it differs, from version to version too.
    assert!(error.contains(&format!("{name} says `")) && error.to_lowercase().contains("no such "), "{error}");
    let none = Some("no-such-engine".to_owned());
    let error = open(engine, Devcontainer { engine: none, ..of(engine) }, false).unwrap_err().to_string();
    assert!(error.contains("(no-such-engine is not installed)"), "{error}");
}

fn within(trueup: Trueup, engine: &Engine) -> Trueup {
    engine.env().iter().fold(trueup, |trueup, (name, value)| trueup.env(name, value))
}

fn a_devcontainer_is_captured_checked_and_brought_true(engine: &Engine) {
    let project = Project::with_spec(
        "version = 1\nname = \"dev\"\nreference = \"one\"\n[targets.one]\nkind = \"devcontainer\"\ncontainer = \"one\"\n\
         [targets.dev]\nkind = \"devcontainer\"\nworkspace = \".\"\n[dotfiles]\nfiles = [\".a\"]\n",
    );
    let folder = project.at("environments").parent().unwrap().display().to_string();
    engine.start("one", &[]);
    engine.start("two", &[(FOLDER, &folder), (METADATA, r#"[{"remoteUser":"dev"}]"#)]);
    engine.sh("one", "root", "echo a >~/.a");
    let trueup = |words: &[&str]| within(project.trueup(words), engine).any_stdout().any_stderr();
    trueup(&["capture", "--yes"]).exits(0);
    let report = trueup(&["check", "dev", "--format", "json"]).exits(1).json();
    let target = &report["targets"][0];
    assert_eq!((&target["kind"], &target["round_trips"]), (&"devcontainer".into(), &1.into()));
    trueup(&["apply", "dev", "--yes"]).exits(0);
    trueup(&["check"]).exits(0);
    assert_eq!(engine.sh("two", "dev", "cat ~/.a"), "a\n");
    engine.run(&["stop", "-t", "0", "two"]);
    let report = trueup(&["check", "--format", "json"]).exits(3).json();
    assert_eq!(report["targets"][0]["verdict"], "parity", "one target's container hides no other's");
}

macro_rules! on_every_engine {
    ($($test:ident)*) => {
        mod docker {
            $(#[test]
            fn $test() {
                super::$test(&super::Engine::new(super::Kind::Docker));
            })*
        }
        mod podman {
            $(#[test]
            fn $test() {
                super::$test(&super::Engine::new(super::Kind::Podman));
            })*
        }
    };
}

on_every_engine! {
    commands_run_as_the_user_of_the_devcontainer_in_the_home_and_shell_there
    a_container_that_does_not_run_is_named_with_what_would_start_it
    a_devcontainer_is_captured_checked_and_brought_true
}
