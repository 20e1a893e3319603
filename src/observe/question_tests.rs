//! What probes ask, in real shells: the scripts of questions print the same whatever shell runs them, on machines that are odd
//! or do not answer.
#![expect(clippy::disallowed_methods, reason = "tests are an IO edge: they make the files that are asked about")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use proptest::collection::vec;
use proptest::prelude::*;

use super::frame::{self, Frames};
use super::program_tests::*;
use super::{PROBES, Program, Question, Reply, Sighting, audit, compile, samples};
use crate::spec::{Digest, Fact, Listed, Observed};
use crate::transport::test_shells::{RealShell, Room, SHELLS, YASH, awkward, run, run_attended, which};

/// What the scripts of the probes print must not hang on the shell, nor on whose commands they find.
#[test]
fn probes_that_use_no_tool_answer_alike_in_every_shell() {
    let room = Room::new();
    let home = room.home();
    let git = |arguments: &[&str]| {
        let mut git = Command::new(which("git"));
        git.args(arguments).current_dir(&home).env("HOME", &home);
        assert_eq!(run(git, b"", "git").code, 0);
    };
    let repo = home.join("src/car menta");
    fs::create_dir_all(&repo).unwrap();
    for name in [
        ".zshrc",
        "it's odd",
        ".config/a",
        ".config/sub/it's.toml",
        ".config/line\nbreak",
        ".config/back\\slash",
        ".config/ü",
    ] {
        fs::create_dir_all(home.join(name).parent().unwrap()).unwrap();
        fs::write(home.join(name), format!("{name} holds this")).unwrap();
    }
    symlink("sub/it's.toml", home.join(".config/link")).unwrap();
    git(&["init", "-q", "src/car menta"]);
    for setting in [
        ["alias.multi", "!f() {\n  echo \"x\\y\"\n}; f"],
        ["core.hooksPath", "hooks here/_"],
        ["remote.origin.url", "gh:a/b"],
    ] {
        git(&["-C", "src/car menta", "config", setting[0], setting[1]]);
    }
    fs::create_dir_all(repo.join("hooks here/_")).unwrap();
    for script in ["_/h", "pre-commit"] {
        fs::write(repo.join("hooks here").join(script), script).unwrap();
    }
    for (hook, mode) in [("pre-commit", 0o755), ("commit-msg", 0o644)] {
        fs::write(repo.join("hooks here/_").join(hook), "#!/bin/sh\n").unwrap();
        fs::set_permissions(repo.join("hooks here/_").join(hook), fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::write(home.join(".config/k.json"), "{\"a\": \"b\"}\n\n").unwrap();
    fs::write(home.join(".config/ü.toml"), "a = 'ü\\n%s'\n\n").unwrap();
    let mut environment = crate::spec::parse("alike.toml", SPEC, &super::vocabulary()).unwrap();
    environment.dotfiles.known = other_digests();
    fs::write(repo.join(".editorconfig"), "# ours\n[*.md]\nindent_size = 2\n").unwrap();
    for name in ["a.md", "package.json", "it's b.ts"] {
        fs::write(repo.join(name), "{}\n").unwrap();
    }
    git(&["-C", "src/car menta", "add", "."]);
    let chosen = samples::questions(&environment).into_iter().map(|(_, question)| question).collect::<Vec<_>>();
    let choose = compile(&chosen, NONCE);
    for repo in &mut environment.repos {
        repo.samples = Some(vec!["a.md".to_owned()]);
    }
    let asked: Vec<_> = PROBES
        .iter()
        .filter(|probe| ["dotfile", "repo", "git", "hook", "gate"].contains(&probe.name))
        .flat_map(|probe| (probe.ask)(&environment).into_iter().map(move |question| (probe, question)))
        // What other gates say is what their tools say.
        .filter(|(probe, asked)| {
            probe.name != "gate"
                || ["/editorconfig", "/eslint", "/npm"].iter().any(|gate| asked.subject.ends_with(gate))
        })
        .collect();
    let questions: Vec<Question> = asked.iter().map(|(_, question)| question.clone()).collect();
    let program = compile(&questions, NONCE);
    let seen = |shell: &RealShell| {
        drop(room.command(shell, &[]));
        if !room.path().join("applets/git").exists() {
            symlink(which("git"), room.path().join("applets/git")).unwrap();
        }
        let mut seen = Vec::new();
        for (number, _) in chosen.iter().enumerate() {
            let choices = frames(&room, shell, &choose);
            let Some(Reply::Answered(answer)) = choices.replies.get(&number) else {
                panic!("{}: {choices:?}", shell.name)
            };
            seen.push(format!("stands for others: {:?}", samples::read(answer).unwrap()));
        }
        let frames = frames(&room, shell, &program);
        for (number, (probe, question)) in asked.iter().enumerate() {
            let Some(Reply::Answered(answer)) = frames.replies.get(&number) else {
                panic!("{}: {frames:?}", shell.name)
            };
            let read = (probe.read)(question, answer).unwrap_or_else(|why| panic!("{}: {why}", shell.name));
            seen.extend(read.iter().map(|sighting| format!("{sighting:?}")));
        }
        seen.sort();
        seen
    };
    let first = seen(&SHELLS[0]);
    assert!(first.len() > 15, "{first:#?}");
    assert!(!first.iter().any(|sighting| sighting.contains("Unknown")), "{first:#?}");
    assert!(first.iter().any(|sighting| sighting.contains("hooks here/pre-commit\": \"sha256:")), "{first:#?}");
    assert!(first.iter().any(|sighting| sighting.contains("\"indent_size\": \"2\"")), "{first:#?}");
    let chosen = first.iter().find(|sighting| sighting.starts_with("stands")).map(String::as_str);
    assert!(chosen.is_some_and(|chosen| chosen.contains("\"it's b.ts\", \"package.json\"")), "{chosen:?}");
    let contents = first.iter().filter(|sighting| sighting.starts_with("Content(")).count();
    assert_eq!(contents, 2, "of the files, two do not have their known digest: {first:#?}");
    for shell in &SHELLS[1..] {
        assert_eq!(seen(shell), first, "{}", shell.name);
    }
}

/// What the dotfile probe sees, as lines.
fn dotfiles_seen(spec: &str, room: &Room, shell: &RealShell) -> Vec<String> {
    let environment = crate::spec::parse("odd.toml", spec, &super::vocabulary()).unwrap();
    let probe = PROBES.iter().find(|probe| probe.name == "dotfile").unwrap();
    let questions = (probe.ask)(&environment);
    let frames = frames(room, shell, &compile(&questions, NONCE));
    let mut seen = Vec::new();
    for (number, question) in questions.iter().enumerate() {
        let Some(Reply::Answered(answer)) = frames.replies.get(&number) else { continue };
        let read = (probe.read)(question, answer).unwrap_or_else(|why| panic!("{}: {why}", shell.name));
        seen.extend(read.iter().map(|sighting| format!("{sighting:?}")));
    }
    seen
}

#[test]
fn a_glob_whose_root_is_a_link_is_looked_into() {
    let room = Room::new();
    fs::create_dir_all(room.home().join("kept/nvim/lua")).unwrap();
    fs::write(room.home().join("kept/nvim/lua/a.lua"), "x").unwrap();
    symlink("kept/nvim", room.home().join("nvim")).unwrap();
    in_every_shell(|shell| {
        for entry in ["nvim", "nvim/**"] {
            let spec = format!("name = \"linked\"\n[dotfiles]\nfiles = [\"{entry}\"]\n");
            let seen = dotfiles_seen(&spec, &room, shell);
            let below = seen.iter().any(|one| one.contains("\"nvim/lua/a.lua\"") && one.contains("Present"));
            // A path that is named is the link itself; a glob names what is found there.
            assert_eq!(below, entry == "nvim/**", "{}: {entry}: {seen:#?}", shell.name);
            let link = seen.iter().any(|one| one.contains("to: \"kept/nvim\""));
            assert_eq!(link, entry == "nvim", "{}: {entry}: {seen:#?}", shell.name);
        }
    });
}

#[test]
fn a_file_that_takes_too_long_to_read_costs_its_own_item_alone() {
    let room = Room::new();
    let home = room.home();
    for name in ["small", "it's odd", "last"] {
        fs::write(home.join(name), name).unwrap();
    }
    for (name, size) in [("huge $x", 200_u64 << 30), ("large", (16 << 20) + 1), ("full", 16 << 20)] {
        fs::File::create(home.join(name)).unwrap().set_len(size).unwrap();
    }
    symlink("large", home.join("link")).unwrap();
    fs::create_dir(home.join("folder")).unwrap();
    let names = ["small", "huge $x", "folder", "link", "it's odd", "large", "full", "none", "last"];
    let spec = format!("name = \"huge\"\n[limits]\nprobe = \"9s\"\n[dotfiles]\nfiles = {names:?}\n");
    let mut environment = crate::spec::parse("huge.toml", &spec, &super::vocabulary()).unwrap();
    environment.dotfiles.known = names.map(|name| (name.to_owned(), Digest::of(b"other"))).into();
    let probe = PROBES.iter().find(|probe| probe.name == "dotfile").unwrap();
    let question = (probe.ask)(&environment).remove(0);
    let program = compile(std::slice::from_ref(&question), NONCE);
    let file = |digest: Digest| format!("file 0644 {digest}");
    let zeros = |size: usize| file(Digest::of(&vec![0; size]));
    let too_long = "took longer than 6 s";
    let mut expected = vec![
        ("small", file(Digest::of(b"small"))),
        ("huge $x", format!("reading it {too_long}")),
        ("folder", "folder 0755".to_owned()),
        ("link", format!("link to large, {}, 0644", Digest::of(&vec![0; (16 << 20) + 1]))),
        ("it's odd", file(Digest::of(b"it's odd"))),
        ("large", zeros((16 << 20) + 1)),
        ("full", zeros(16 << 20)),
        ("none", "absent".to_owned()),
        ("last", file(Digest::of(b"last"))),
    ];
    expected.sort();
    in_every_shell(|shell| {
        let frames = frames_and_nothing_else(&room, shell, &program);
        let Some(Reply::Answered(answer)) = frames.replies.get(&0) else { panic!("{}: {frames:?}", shell.name) };
        let read = (probe.read)(&question, answer).unwrap_or_else(|why| panic!("{}: {why}", shell.name));
        let mut brought = 0;
        let mut seen: Vec<(&str, String)> = Vec::new();
        for sighting in &read {
            match sighting {
                Sighting::Item(id, Observed::Present(fact)) => seen.push((&id.name, fact.shown())),
                Sighting::Item(id, Observed::Absent) => seen.push((&id.name, "absent".to_owned())),
                Sighting::Item(id, Observed::Unknown(why)) => seen.push((&id.name, why.to_string())),
                Sighting::Content(..) => brought += 1,
                other => panic!("{}: {other:?}", shell.name),
            }
        }
        seen.sort();
        assert_eq!(seen, expected, "{}: {answer:?}", shell.name);
        assert_eq!(brought, 3, "{}: {answer:?}", shell.name);
    });
    assert_eq!(fs::read_dir(room.tmp()).unwrap().count(), 0);
}

/// Below a named folder; where a glob matches, the same is done. They are more than are hashed at once.
#[test]
fn a_file_of_a_folder_that_takes_too_long_to_read_costs_its_own_item_alone() {
    let room = Room::new();
    let folder = room.home().join("d");
    fs::create_dir_all(folder.join("sub")).unwrap();
    fs::write(folder.join("small"), "small").unwrap();
    symlink("small", folder.join("link")).unwrap();
    fs::write(folder.join("huge $x *"), [0; 1001]).unwrap();
    let mut large: Vec<String> = (0..18).map(|number| format!("d/large{number}")).collect();
    large.push("d/sub/it's large".to_owned());
    for name in &large {
        fs::write(room.home().join(name), [0; 1001]).unwrap();
    }
    let probe = PROBES.iter().find(|probe| probe.name == "dotfile").unwrap();
    let spec = "name = \"huge\"\n[limits]\nprobe = \"9s\"\n[dotfiles]\nfiles = [\"d\", \"d/**\"]\n";
    let environment = crate::spec::parse("huge.toml", spec, &super::vocabulary()).unwrap();
    let mut questions: Vec<Question> = (probe.ask)(&environment);
    questions.retain(|question| question.script.contains("tu_tree"));
    assert_eq!(questions.len(), 2);
    // So that no gigabytes have to be hashed here beside other tests. By a process: one shell sleeps by itself.
    let slow = "tu_digest() { case $2 in *huge*) env sleep 300 ;; *) tu_put \"= $1 $(tu_sha256 <\"$2\")$tu_newline\" ;; esac; }";
    for question in &mut questions {
        assert!(question.script.contains("tu_together=16777216 "), "{}", question.script);
        question.script = format!("{slow}\n{}", question.script.replace("tu_together=16777216 ", "tu_together=1000 "));
    }
    let question = questions.remove(0);
    let program = compile(std::slice::from_ref(&question), NONCE);
    in_every_shell(|shell| {
        let frames = frames_and_nothing_else(&room, shell, &program);
        let Some(Reply::Answered(answer)) = frames.replies.get(&0) else { panic!("{}: {frames:?}", shell.name) };
        let read = (probe.read)(&question, answer).unwrap_or_else(|why| panic!("{}: {why}", shell.name));
        let told = |sighting: &Sighting| match sighting {
            Sighting::Item(id, Observed::Present(fact)) => (id.name.clone(), fact.shown()),
            Sighting::Item(id, Observed::Unknown(why)) => (id.name.clone(), why.to_string()),
            other => panic!("{}: {other:?}", shell.name),
        };
        let seen: BTreeMap<String, String> = read.iter().map(told).collect();
        assert_eq!((read.len(), seen.len()), (large.len() + 3, large.len() + 3), "{}: {seen:#?}", shell.name);
        assert_eq!(seen["d/small"], format!("file 0644 {}", Digest::of(b"small")), "{}", shell.name);
        assert!(seen["d/link"].starts_with("link to small, "), "{}: {}", shell.name, seen["d/link"]);
        assert_eq!(seen["d/huge $x *"], "reading it took longer than 6 s", "{}", shell.name);
        let hashed = format!("file 0644 {}", Digest::of(&[0; 1001]));
        let told = large.iter().filter(|name| seen[*name] == hashed).count();
        // One may stand in a row behind the huge one.
        assert!(told >= large.len() - 1, "{}: {seen:#?}", shell.name);
    });
}

/// The command in a mount namespace of its own, in which nothing that lies in `/mnt` ever answers: whoever asks for it
/// waits in the kernel.
#[cfg(target_os = "linux")]
fn beside_a_hanging_mount(command: &Command) -> Command {
    const MOUNT: &str = "exec 7<>/dev/fuse && \"$1\" -i -t fuse -o fd=7,rootmode=40000,user_id=0,group_id=0 hanging /mnt \
                         || exit; shift; \"$@\"";
    let mut beside = Command::new(which("unshare"));
    let own = if rustix::process::getuid().is_root() { "-m" } else { "-rm" };
    beside.arg(own).args(["/bin/sh", "-c", MOUNT, "sh"]).arg(which("mount"));
    beside.arg(command.get_program()).args(command.get_args()).env_clear();
    beside.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        beside.current_dir(folder);
    }
    beside
}

#[cfg(target_os = "linux")]
#[test]
fn a_path_on_a_mount_that_hangs_costs_its_own_item_alone() {
    let room = Room::new();
    for name in ["first", "last"] {
        fs::write(room.home().join(name), name).unwrap();
    }
    symlink("/mnt/y", room.home().join("linked")).unwrap();
    let spec = "name = \"hangs\"\n[limits]\nprobe = \"9s\"\n[dotfiles]\n\
                files = [\"first\", \"/mnt/x\", \"linked\", \"/proc/version\", \"/media/none\", \"last\"]\n";
    let mut environment = crate::spec::parse("hangs.toml", spec, &super::vocabulary()).unwrap();
    environment.dotfiles.known = ["first", "/mnt/x"].map(|name| (name.to_owned(), Digest::of(b"other"))).into();
    let probe = PROBES.iter().find(|probe| probe.name == "dotfile").unwrap();
    let questions = (probe.ask)(&environment);
    let program = compile(&questions, NONCE);
    let file = |mode: &str, content: &[u8]| format!("file {mode} {}", Digest::of(content));
    let mut expected = vec![
        ("/media/none".to_owned(), "absent".to_owned()),
        ("/mnt/x".to_owned(), "looking at it took longer than 6 s".to_owned()),
        ("/proc/version".to_owned(), file("0444", &fs::read("/proc/version").unwrap())),
        ("first".to_owned(), file("0644", b"first")),
        ("first".to_owned(), "first".to_owned()),
        ("last".to_owned(), file("0644", b"last")),
        ("linked".to_owned(), "looking at it took longer than 6 s".to_owned()),
    ];
    expected.sort();
    in_every_shell(|shell| {
        let command = beside_a_hanging_mount(&room.command(shell, &["-s"]));
        let frames = frame::read(&run_attended(command, program.text.as_bytes(), shell.name).stdout, NONCE);
        assert!(frames.complete, "{}: {frames:?}", shell.name);
        for (number, question) in questions.iter().enumerate().skip(1) {
            let is_cut = frames.replies.get(&number) == Some(&Reply::CutShort);
            assert_eq!(is_cut, question.subject == "/mnt/x", "{}: {}", shell.name, question.subject);
        }
        let Some(Reply::Answered(answer)) = frames.replies.get(&0) else { panic!("{}: {frames:?}", shell.name) };
        let read = (probe.read)(&questions[0], answer).unwrap_or_else(|why| panic!("{}: {why}", shell.name));
        let told = |sighting: &Sighting| match sighting {
            Sighting::Item(id, Observed::Present(fact)) => (id.name.clone(), fact.shown()),
            Sighting::Item(id, Observed::Absent) => (id.name.clone(), "absent".to_owned()),
            Sighting::Item(id, Observed::Unknown(why)) => (id.name.clone(), why.to_string()),
            Sighting::Content(id, content) => (id.name.clone(), String::from_utf8_lossy(content).into_owned()),
            other => panic!("{}: {other:?}", shell.name),
        };
        let mut seen: Vec<(String, String)> = read.iter().map(told).collect();
        seen.sort();
        assert_eq!(seen, expected, "{}: {answer:?}", shell.name);
    });
}

/// What the shell can settle by itself is settled before any limit holds.
#[cfg(target_os = "linux")]
#[test]
fn a_repository_on_a_mount_that_hangs_holds_nothing_else_up() {
    let room = Room::new();
    fs::create_dir(room.home().join("here")).unwrap();
    symlink("/mnt/shop", room.home().join("linked")).unwrap();
    symlink("/mnt", room.home().join("away")).unwrap();
    let spec = "name = \"hangs\"\n[limits]\nprobe = \"3s\"\n[dotfiles]\nfiles = [\"here/none\", \"away/z\"]\n\
                [repos.here]\npath = \"~/here\"\n[repos.far]\npath = \"/mnt/shop\"\n\
                [repos.linked]\npath = \"~/linked\"\n[repos.below]\npath = \"~/away/shop\"\n";
    let environment = crate::spec::parse("hangs.toml", spec, &super::vocabulary()).unwrap();
    let probes = PROBES.iter().filter(|probe| ["dotfile", "pin"].contains(&probe.name));
    let questions = probes.flat_map(|probe| (probe.ask)(&environment));
    let questions: Vec<Question> = questions.filter(|question| question.subject != "paths").collect();
    let program = compile(&questions, NONCE);
    in_every_shell(|shell| {
        let command = beside_a_hanging_mount(&room.command(shell, &["-s"]));
        let frames = frame::read(&run_attended(command, program.text.as_bytes(), shell.name).stdout, NONCE);
        assert!(frames.complete, "{}: {frames:?}", shell.name);
        for (number, question) in questions.iter().enumerate() {
            let is_cut = frames.replies.get(&number) == Some(&Reply::CutShort);
            assert_eq!(is_cut, !question.subject.starts_with("here"), "{}: {}", shell.name, question.subject);
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, max_shrink_iters: 32, ..ProptestConfig::default() })]

    /// Names in lists and in patterns come to the machine as they are, and what is there is found by them alone.
    #[test]
    fn files_and_patterns_of_any_name_are_found_in_every_shell(names in vec(awkward(), 1..16)) {
        // Byte 1 stands for a line break on the way: a name that has one itself stays unknown.
        let is_name = |name: &&String| !matches!(name.as_str(), "" | "." | "..") && !name.contains(['\0', '/', '\u{1}']);
        let mut names: Vec<String> = names.iter().filter(is_name).cloned().collect();
        names.sort();
        names.dedup();
        let quoted = |text: String| toml_edit::Value::from(text).to_string();
        let one = |c: char| if "*?[{\\".contains(c) { format!("[{c}]") } else { c.to_string() };
        let literal = |name: &str| name.chars().map(one).collect::<String>();
        // Some names cannot be written in a spec, which says so; each is tried alone.
        let writable = |line: &str| {
            let spec = format!("name = \"odd\"\n[dotfiles]\nfiles = [{line}]\n");
            crate::spec::parse("odd.toml", &spec, &super::vocabulary()).is_ok()
        };
        let lines: Vec<(String, String)> = names
            .iter()
            .map(|name| (name.clone(), quoted(format!("list/{}", literal(name)))))
            .filter(|(_, line)| writable(line))
            .collect();
        let list: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).collect();
        let spec = format!("name = \"odd\"\n[dotfiles]\nfiles = [{}, \"set/*\"]\n", list.join(", "));
        let room = Room::new();
        for folder in ["list", "set"] {
            fs::create_dir(room.home().join(folder)).unwrap();
            for (name, _) in &lines {
                fs::write(room.home().join(folder).join(name), "x").unwrap();
            }
        }
        in_every_shell(|shell| {
            let seen = dotfiles_seen(&spec, &room, shell);
            for (name, _) in &lines {
                for folder in ["list", "set"] {
                    let id = format!("{:?}", format!("{folder}/{name}"));
                    let found = seen.iter().any(|one| one.contains(&id) && one.contains("Present"));
                    assert!(found, "{}: {id} is not in {seen:#?}", shell.name);
                }
            }
            assert!(!seen.iter().any(|one| one.contains("Absent")), "{}: {seen:#?}", shell.name);
        });
    }

    /// A variable is named by what every shell takes for a name, so a spec with any other is refused.
    #[test]
    fn a_variable_that_no_shell_could_have_is_refused(name in awkward()) {
        let spec = format!("name = \"odd\"\n[env]\n{} = \"present\"\n", toml_edit::Value::from(name.clone()));
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_name = !name.is_empty() && name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit());
        let parsed = crate::spec::parse("odd.toml", &spec, &super::vocabulary());
        assert_eq!(parsed.is_ok(), is_name, "{name:?}");
    }
}

/// yash reads characters, and the locale of bytes has none for these names. Then it answers nothing at all, which is
/// unknown for everything asked: no file that is there may be called absent.
#[test]
fn yash_in_a_locale_without_the_characters_of_a_name_answers_rightly_or_not_at_all() {
    let room = Room::new();
    for name in ["né日", "plain"] {
        fs::write(room.home().join(name), "x").unwrap();
    }
    for locale in ["C", "POSIX", "en_XX.nonesuch", "C.UTF-8"] {
        for (names, answers) in [("\"plain\"", true), ("\"plain\", \"né日\"", locale == "C.UTF-8")] {
            let spec = format!("name = \"odd\"\n[dotfiles]\nfiles = [{names}]\n");
            let environment = crate::spec::parse("odd.toml", &spec, &super::vocabulary()).unwrap();
            let probe = PROBES.iter().find(|probe| probe.name == "dotfile").unwrap();
            let questions = (probe.ask)(&environment);
            let mut command = room.command(&YASH, &["-s"]);
            command.env("LC_ALL", locale);
            let ran = run_attended(command, compile(&questions, NONCE).text.as_bytes(), "yash");
            let frames = frame::read(&ran.stdout, NONCE);
            match frames.replies.get(&0) {
                Some(Reply::Answered(answer)) => {
                    let seen = (probe.read)(&questions[0], answer).unwrap();
                    let present = seen.iter().filter(|one| format!("{one:?}").contains("Present")).count();
                    assert_eq!(present, names.split(',').count(), "{locale}: {seen:?}");
                }
                Some(other) => panic!("{locale}: {other:?}"),
                None => assert!(!answers && ran.code != 0, "{locale} {names}: {ran:?}"),
            }
        }
    }
}

const SPEC: &str = "name = \"alike\"\n[dotfiles]\nsource = \"s\"\n\".config/k.json\" = { compare = \"keys\", mode = \"0600\" }\n\
                    \".config/ü.toml\" = { compare = \"keys\" }\n\".config/no.toml\" = { compare = \"keys\" }\n\
                    \".config/back\\\\slash\" = { template = true }\nfiles = [\".zshrc\", \"it's odd\", \".absent\", \".config\", \"**/*.toml\"]\n\
                    [repos.carmenta]\nurl = \"gh:a/b\"\npath = \"~/src/car menta\"\n";

/// Runs a program as a user whom modes hold back: root is not, so it gives itself up.
fn run_as_nobody(room: &Room, sh: &str, program: &Program) -> Frames {
    let mut command = Command::new(sh);
    if rustix::process::getuid().is_root() {
        let mut chown = Command::new("chown");
        chown.args(["-R", "65534:65534"]).arg(room.path());
        assert_eq!(run(chown, b"", "chown").code, 0);
        command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--", sh]);
    }
    command.arg("-s").env("HOME", room.home()).env_remove("XDG_CONFIG_HOME").current_dir(room.home());
    frame::read(&run_attended(command, program.text.as_bytes(), sh).stdout, NONCE)
}

#[test]
fn what_may_not_be_looked_at_is_unknown_and_not_absent() {
    let room = Room::new();
    let home = room.home();
    for folder in ["priv", "repo"] {
        fs::create_dir(home.join(folder)).unwrap();
    }
    fs::write(home.join("priv/x"), "x").unwrap();
    fs::write(home.join("file"), "x").unwrap();
    symlink("priv/deep", home.join("behind")).unwrap();
    symlink("/nowhere/at/all", home.join("dangling")).unwrap();
    let mut git = Command::new(which("git"));
    git.args(["init", "-q", "."]).current_dir(home.join("repo")).env("HOME", &home);
    assert_eq!(run(git, b"", "git").code, 0);
    for (hook, mode) in [("pre-commit", 0o100), ("commit-msg", 0o700)] {
        fs::create_dir_all(home.join("repo/.git/hooks")).unwrap();
        fs::write(home.join("repo/.git/hooks").join(hook), "x").unwrap();
        fs::set_permissions(home.join("repo/.git/hooks").join(hook), fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::set_permissions(home.join("priv"), fs::Permissions::from_mode(0o000)).unwrap();
    // Its names may be listed, and nothing more.
    fs::create_dir_all(home.join("half/names")).unwrap();
    fs::write(home.join("half/names/x"), "x").unwrap();
    fs::set_permissions(home.join("half/names"), fs::Permissions::from_mode(0o444)).unwrap();
    let spec = "name = \"shut\"\n[dotfiles]\nfiles = [\"priv/x\", \"priv/deep/x\", \"behind/x\", \"gone/x\", \"file/x\", \
                \"dangling/x\", \"priv/deep/*.c\", \"gone/*.c\", \"half/**\"]\n\
                \"priv/k.json\" = { compare = \"keys\" }\n\"gone/k.json\" = { compare = \"keys\" }\n[repos.repo]\npath = \"~/repo\"\n\
                [repos.shop]\npath = \"~/priv/shop\"\n[repos.gone]\npath = \"~/gone\"\n";
    let environment = crate::spec::parse("shut.toml", spec, &super::vocabulary()).unwrap();
    let asked: Vec<_> = PROBES
        .iter()
        .filter(|probe| ["dotfile", "repo", "hook"].contains(&probe.name))
        .flat_map(|probe| (probe.ask)(&environment).into_iter().map(move |question| (probe, question)))
        .collect();
    let program = compile(&asked.iter().map(|(_, question)| question.clone()).collect::<Vec<_>>(), NONCE);
    for sh in ["dash", "bash"] {
        let frames = run_as_nobody(&room, sh, &program);
        let mut facts = crate::spec::Facts::default();
        for (number, (probe, question)) in asked.iter().enumerate() {
            let Some(Reply::Answered(answer)) = frames.replies.get(&number) else { panic!("{sh}: {frames:?}") };
            audit::enter(&mut facts, question, (probe.read)(question, answer));
        }
        let state = |observed: &Observed| match observed {
            Observed::Present(_) => "present",
            Observed::Absent => "absent",
            Observed::Unknown(_) => "unknown",
        };
        let mut seen: Vec<String> =
            facts.items.iter().map(|(id, observed)| format!("{id} {}", state(observed))).collect();
        let unlisted = facts.listings.iter().filter(|(_, listed)| **listed != Listed::InFull);
        seen.extend(unlisted.map(|(listing, _)| format!("{listing} unlisted")));
        let expected = [
            "dotfile:behind/x unknown",
            "dotfile:dangling/x absent",
            "dotfile:file/x absent",
            "dotfile:gone/k.json absent",
            "dotfile:gone/x absent",
            "dotfile:priv/deep/x unknown",
            "dotfile:priv/k.json unknown",
            "dotfile:priv/x unknown",
            "repo:gone absent",
            "repo:repo present",
            "repo:shop unknown",
            "hook:repo/commit-msg present",
            "hook:repo/commit-msg@worktree present",
            "hook:repo/pre-commit unknown",
            "hook:repo/pre-commit@worktree unknown",
            "dotfile:behind/x/ unlisted",
            "dotfile:half/** unlisted",
            "dotfile:priv/deep/*.c unlisted",
            "dotfile:priv/deep/x/ unlisted",
            "dotfile:priv/x/ unlisted",
            "hook:shop/ unlisted",
        ];
        assert_eq!(seen, expected, "{sh}");
    }
}

/// What the runtime changes for its own sake must be kept as it was, or questions about it would be answered with the
/// runtime's own value.
#[test]
fn every_variable_that_the_runtime_changes_is_kept_as_it_was() {
    let runtime = include_str!("runtime.sh");
    let (kept, rest) = runtime.split_once("; do\n").unwrap();
    let kept: Vec<&str> = kept.split_once("for tu_name in").unwrap().1.split_whitespace().collect();
    let upper = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !word.starts_with("tu_");
    for line in rest.lines().filter(|line| line.starts_with("unset ") || line.starts_with("export ")) {
        for name in line.split_whitespace().skip(1).filter(|word| upper(word)) {
            assert!(kept.contains(&name), "{name} is changed and not kept");
        }
    }
}

#[test]
fn variables_are_those_of_before_the_runtime_in_every_shell() {
    let text = "version = 1\nname = \"a\"\n[env]\nLC_ALL = \"exact\"\nNO_COLOR = \"exact\"\nODD = \"exact\"\nBYTES = \"exact\"\n\
                GONE = \"exact\"\nHELD = \"present\"\nTERM = \"exact\"\nLINES = \"exact\"\n";
    let environment = crate::spec::parse("a", text, &super::vocabulary()).unwrap();
    let probe = PROBES.iter().find(|probe| probe.name == "env").unwrap();
    let questions = (probe.ask)(&environment);
    let program = compile(&questions, NONCE);
    let odd = " a\n\n$(echo x) `y` \\n %s *\n";
    let bytes = b"\xff\x80\x81\x88\x01\x7f\xc3".as_slice();
    let digest = |bytes: &[u8]| Digest::of(bytes).hex().to_owned();
    in_every_shell(|shell| {
        let room = Room::new();
        let mut command = room.command(shell, &["-s"]);
        command.env("LC_ALL", "C.UTF-8").env("NO_COLOR", "").env("ODD", odd).env("HELD", "x").env_remove("TERM");
        command.env("BYTES", std::os::unix::ffi::OsStrExt::from_bytes(bytes) as &std::ffi::OsStr);
        let ran = run_attended(command, program.text.as_bytes(), shell.name);
        let frames = frame::read(&ran.stdout, NONCE);
        let Some(Reply::Answered(answer)) = frames.replies.get(&0) else { panic!("{}: {ran:?}", shell.name) };
        // yash knows no variable that is no text in its locale, and is not to pass it off as absent.
        let told_bytes = if shell.name == "yash" { "mute".to_owned() } else { digest(bytes) };
        let expected = format!(
            "LC_ALL {}\nNO_COLOR empty\nODD {}\nBYTES {told_bytes}\nGONE unset\nHELD set\nTERM unset\nLINES unset\n",
            digest(b"C.UTF-8"),
            digest(odd.as_bytes()),
        );
        assert_eq!(
            String::from_utf8_lossy(&answer.stdout),
            expected,
            "{}: {}",
            shell.name,
            answer.stderr.escape_ascii()
        );
    });
}

#[test]
fn the_surroundings_are_told_in_every_shell() {
    let environment = crate::spec::parse("a", "version = 1\nname = \"a\"\n", &super::vocabulary()).unwrap();
    let probe = PROBES.iter().find(|probe| probe.name == "system").unwrap();
    let questions = (probe.ask)(&environment);
    let program = compile(&questions, NONCE);
    in_every_shell(|shell| {
        let room = Room::new();
        let mut command = room.command(shell, &["-s"]);
        command.env("TZ", "Europe/Berlin");
        let ran = run_attended(command, program.text.as_bytes(), shell.name);
        let mut frames = frame::read(&ran.stdout, NONCE);
        for (number, question) in questions.iter().enumerate() {
            let Some(Reply::Answered(answer)) = frames.replies.remove(&number) else {
                panic!("{} does not answer `{}`: {ran:?}", shell.name, question.subject)
            };
            let sightings = (probe.read)(question, &answer);
            let sightings = sightings.unwrap_or_else(|why| panic!("{}: {why}: {answer:?}", shell.name));
            for sighting in sightings {
                let Sighting::Item(id, observed) = sighting else { continue };
                let is_unknown = matches!(observed, Observed::Unknown(_)) && id.name != "hardware_uuid";
                assert!(!is_unknown, "{}: {id} {observed:?}", shell.name);
                if id.name == "timezone" {
                    assert_eq!(observed.present().unwrap().shown(), "Europe/Berlin", "{}", shell.name);
                }
            }
        }
    });
}

/// The zone is told by the link's name for it, which every system has; all names of UTC are one.
#[test]
fn a_time_zone_of_several_names_is_told_by_the_one_that_is_linked() {
    let environment = crate::spec::parse("a", "version = 1\nname = \"a\"\n", &super::vocabulary()).unwrap();
    let probe = PROBES.iter().find(|probe| probe.name == "system").unwrap();
    let is_asked = |question: &Question| question.script.contains("/etc/timezone");
    let question = (probe.ask)(&environment).into_iter().find(is_asked).unwrap();
    in_every_shell(|shell| {
        for (link, file, zone) in [
            (Some("Asia/Kolkata"), Some("Asia/Calcutta"), "Asia/Kolkata"),
            (Some("Asia/Kolkata"), None, "Asia/Kolkata"),
            (Some("Etc/UTC"), Some("Asia/Calcutta"), "UTC"),
            (None, Some("Asia/Calcutta"), "Asia/Calcutta"),
        ] {
            let room = Room::new();
            let root = room.path().display().to_string();
            fs::create_dir_all(room.path().join("etc")).unwrap();
            for name in ["UTC", "Asia/Kolkata"] {
                let path = room.path().join("usr/share/zoneinfo").join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, name).unwrap();
            }
            fs::create_dir_all(room.path().join("usr/share/zoneinfo/Etc")).unwrap();
            symlink("../UTC", room.path().join("usr/share/zoneinfo/Etc/UTC")).unwrap();
            symlink("Kolkata", room.path().join("usr/share/zoneinfo/Asia/Calcutta")).unwrap();
            let local = room.path().join("etc/localtime");
            match link {
                Some(to) => symlink(format!("{root}/usr/share/zoneinfo/{to}"), local).unwrap(),
                None => fs::write(local, "Asia/Kolkata").unwrap(),
            }
            if let Some(name) = file {
                fs::write(room.path().join("etc/timezone"), format!("{name}\n")).unwrap();
            }
            let mut question = question.clone();
            for path in ["/etc/timezone", "/etc/localtime", "/usr/share/zoneinfo"] {
                question.script = question.script.replace(path, &format!("{root}{path}"));
            }
            let frames = frames(&room, shell, &compile(std::slice::from_ref(&question), NONCE));
            let Some(Reply::Answered(answer)) = frames.replies.get(&0) else { panic!("{}: {frames:?}", shell.name) };
            let sightings = (probe.read)(&question, answer).unwrap_or_else(|why| panic!("{}: {why}", shell.name));
            let told = sightings.iter().find_map(|sighting| match sighting {
                Sighting::Item(id, Observed::Present(fact)) if id.name == "timezone" => Some(fact.shown()),
                _ => None,
            });
            assert_eq!(told.as_deref(), Some(zone), "{}: {link:?} {file:?}", shell.name);
        }
    });
}

/// Its commands may be links to it, or the same file under several names, as in its own image.
#[test]
fn every_sed_of_busybox_tells_its_version() {
    let spec = "version = 1\nname = \"a\"\n[tools]\nsed = \"exact\"\nbusybox = \"exact\"\n";
    let environment = crate::spec::parse("a", spec, &super::vocabulary()).unwrap();
    let probe = PROBES.iter().find(|probe| probe.name == "tool").unwrap();
    let questions = (probe.ask)(&environment);
    let program = compile(&questions, NONCE);
    in_every_shell(|shell| {
        let room = Room::new();
        let bin = room.path().join("bin");
        fs::create_dir(&bin).unwrap();
        // By another process: what this one is still writing while another test starts one could not be run.
        assert!(Command::new("cp").arg(which("busybox")).arg(bin.join("busybox")).status().unwrap().success());
        let told = || {
            let mut command = room.command(shell, &["-s"]);
            let path = command.get_envs().find_map(|(name, value)| if name == "PATH" { value } else { None });
            let path = format!("{}:{}", bin.display(), path.unwrap().to_str().unwrap());
            command.env("PATH", path);
            let ran = run_attended(command, program.text.as_bytes(), shell.name);
            let frames = frame::read(&ran.stdout, NONCE);
            let versions = questions.iter().enumerate().map(|(number, question)| {
                let Some(Reply::Answered(answer)) = frames.replies.get(&number) else {
                    panic!("{}: {frames:?}", shell.name)
                };
                match &(probe.read)(question, answer).unwrap_or_else(|why| panic!("{}: {why}", shell.name))[..] {
                    [Sighting::Item(_, Observed::Present(Fact::Version(fact)))] => fact.version.clone(),
                    other => panic!("{}: {other:?}", shell.name),
                }
            });
            versions.collect::<Vec<_>>()
        };
        fs::hard_link(bin.join("busybox"), bin.join("sed")).unwrap();
        let versions = told();
        assert!(!versions[0].is_empty() && versions[0] == versions[1], "{}: {versions:?}", shell.name);
        fs::remove_file(bin.join("sed")).unwrap();
        symlink("busybox", bin.join("sed")).unwrap();
        assert_eq!(told(), versions, "{}", shell.name);
    });
}

/// Files that pin tools come back byte for byte, and a tool is asked in the folder and only if a file names it.
#[test]
fn pins_are_read_and_their_tools_asked_alike_in_every_shell() {
    let room = Room::new();
    let repo = room.home().join("it's a shop");
    fs::create_dir_all(repo.join("rust-toolchain")).unwrap();
    fs::create_dir_all(repo.join(".config/mise")).unwrap();
    for (name, content) in [
        (".tool-versions", &b"sort 1.5\r\nnodeenv 2\ngrep 1\n"[..]),
        (".config/mise/config.toml", b"[tools]\nuniq = '\xc3\xbc'\n\"aqua:GNU/sed\" = '4'\n"),
        (".ruby-version", b"\xff\xfe3\x00"),
        (".java-version", b"\x01\xff\n\n\n"),
    ] {
        fs::write(repo.join(name), content).unwrap();
    }
    symlink("nowhere", repo.join(".go-version")).unwrap();
    let spec = "name = \"pins\"\n[tools]\nsort = { version = \"echo sort $(basename \\\"$PWD\\\")-1.5\", policy = \"exact\" }\n\
                uniq = { version = \"echo uniq 2.5\", policy = \"exact\" }\ncat = { version = \"echo 3.5\", policy = \"exact\" }\n\
                [repos.shop]\npath = \"~/it's a shop\"\n[repos.gone]\npath = \"~/gone\"\n";
    let environment = crate::spec::parse("pins.toml", spec, &super::vocabulary()).unwrap();
    let probe = PROBES.iter().find(|probe| probe.name == "pin").unwrap();
    let questions = (probe.ask)(&environment);
    let program = compile(&questions, NONCE);
    in_every_shell(|shell| {
        let frames = frames(&room, shell, &program);
        let mut seen = Vec::new();
        for (number, question) in questions.iter().enumerate() {
            let Some(Reply::Answered(answer)) = frames.replies.get(&number) else {
                panic!("{}: {}: {frames:?}", shell.name, question.subject)
            };
            // Java and Ruby are named by files of their own; whether this machine has them is not the subject.
            if ["shop/java", "shop/ruby"].contains(&question.subject.as_str()) {
                continue;
            }
            let read = (probe.read)(question, answer).unwrap_or_else(|why| panic!("{}: {why}", shell.name));
            // Nor is which grep and sed it has.
            if question.subject == "shop/*" {
                let told = |sighting: &Sighting| match sighting {
                    Sighting::Item(id, Observed::Present(_)) => id.to_string(),
                    other => format!("{other:?}"),
                };
                let told: Vec<String> = read.iter().map(told).collect();
                assert_eq!(told, ["tool:grep@shop", "tool:sed@shop"], "{}", shell.name);
                continue;
            }
            for sighting in read {
                match sighting {
                    Sighting::Item(id, Observed::Present(fact)) => seen.push(format!("{id} {}", fact.shown())),
                    Sighting::Pins(repo, pins) => {
                        seen.extend(pins.iter().map(|pin| format!("{repo} {} {}", pin.tool, pin.written)));
                    }
                    other => panic!("{}: {other:?}", shell.name),
                }
            }
        }
        let expected = [
            "shop sort 1.5",
            "shop nodeenv 2",
            "shop grep 1",
            "shop uniq ü",
            "shop aqua:GNU/sed 4",
            "shop .ruby-version sha256:2a1a7362fc16",
            "shop .java-version sha256:d8ff33dd6dd2",
            "tool:sort@shop 1.5",
            "tool:uniq@shop 2.5",
        ];
        assert_eq!(seen, expected, "{}", shell.name);
    });
}
