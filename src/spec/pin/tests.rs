//! Every format on files as repositories really have them: `fixtures/pin/<case>/` holds a file under its own name and
//! what is read from it.
#![expect(clippy::disallowed_methods, reason = "tests are an IO edge: they read fixtures")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

fn shown(read: &Result<Vec<Pin>, String>) -> String {
    let mut text = String::new();
    match read {
        Ok(pins) if pins.is_empty() => text.push_str("nothing\n"),
        Ok(pins) => {
            for Pin { tool, wants, written, line, .. } in pins {
                writeln!(text, "{line}: {tool} = {written:?}: {}", meaning(wants)).unwrap();
            }
        }
        Err(why) => writeln!(text, "not understood: {why}").unwrap(),
    }
    text
}

fn meaning(wants: &Wants) -> String {
    match wants {
        Wants::Exact(version) => format!("exactly {version}"),
        Wants::Prefix(prefix) => format!("begins {prefix}"),
        Wants::Range(Range::Npm(range)) => format!("npm range {range}"),
        Wants::Range(Range::Pep440(range)) => format!("python range {range}"),
        Wants::Range(Range::AtLeast(least)) => format!("at least {least}"),
        Wants::Several(several) => several.iter().map(meaning).collect::<Vec<_>>().join(", else "),
        Wants::Channel { name, day: None } => format!("channel {name}"),
        Wants::Channel { name, day: Some(day) } => format!("channel {name} of {day}"),
        Wants::Vendor { vendor, version } => format!("of {vendor}: {}", meaning(version)),
        Wants::On { systems, wants } => format!("on {}: {}", systems.join(", "), meaning(wants)),
        Wants::OneOf { group, or_none: false, wants } => format!("one of {group}: {}", meaning(wants)),
        Wants::OneOf { group, or_none: true, wants } => format!("one of {group} or none: {}", meaning(wants)),
        Wants::System => "the system's".to_owned(),
        Wants::NotUnderstood(why) => format!("not understood: {why}"),
    }
}

#[test]
fn files_of_every_format_are_read_as_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pin");
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    let mut wrong = String::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for case in fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()) {
        let expected_path = case.join("expected");
        for path in files_below(&case).into_iter().filter(|path| *path != expected_path) {
            let name = path.strip_prefix(&case).unwrap().to_str().unwrap();
            let format = format_of(name).unwrap_or_else(|| panic!("{} is no pin file", path.display()));
            seen.insert(format.files[0]);
            let bytes = fs::read(&path).unwrap();
            let read = shown(&Source::of(name, &bytes).and_then(|source| (format.parse)(&source)));
            if update {
                fs::write(&expected_path, &read).unwrap();
            } else if fs::read_to_string(&expected_path).unwrap_or_else(|_| String::new()) != read {
                writeln!(wrong, "{}:\n{read}", path.display()).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "not read as expected:\n{wrong}");
    for format in FORMATS {
        assert!(seen.contains(format.files[0]), "fixtures/pin has no {}", format.files[0]);
    }
}

#[test]
fn bytes_that_are_no_text_are_said_to_be_none() {
    assert_eq!(Source::of(".nvmrc", b"\xef\xbb\xbf20\r\n").unwrap().text, "20\r\n");
    assert_eq!(
        Source::of(".nvmrc", b"\xff\xfe2\x000\x00").unwrap_err(),
        "it is UTF-16, which version managers do not read"
    );
    assert_eq!(Source::of(".nvmrc", b"20\x00").unwrap_err(), "it holds NUL bytes");
    assert_eq!(Source::of(".nvmrc", b"\xc3(").unwrap_err(), "it is not UTF-8");
}

fn word(tool: &str, word: &str) -> Wants {
    Wants::word(tool, word)
}

fn verdict(tool: &str, wants: &Wants, version: &str, product: Option<&str>) -> Verdict {
    hold(tool, wants, Told { version, product })
}

#[test]
fn pins_are_kept_and_broken_by_versions() {
    let npm = |range: &str| Wants::npm(range);
    for (tool, wants, version, expected) in [
        ("node", word("node", "20"), "20.11.0", Verdict::Kept),
        ("node", word("node", "20"), "2.0.0", Verdict::Broken),
        ("node", word("node", "v20.11.0"), "20.11.0", Verdict::Kept),
        ("node", word("node", "20.11.0"), "20.11.1", Verdict::Broken),
        ("node", word("node", "lts/iron"), "20.1.0", Verdict::Kept),
        ("node", word("node", "lts/jod"), "20.1.0", Verdict::Broken),
        ("node", npm(">=18 <21 || ^22"), "22.3.0", Verdict::Kept),
        ("node", npm(">=18 <21 || ^22"), "21.3.0", Verdict::Broken),
        ("python", word("python", "3.12"), "3.12.4", Verdict::Kept),
        ("python", word("python", "3.1"), "3.12.4", Verdict::Broken),
        ("python", Wants::pep440(">=3.9,!=3.9.7"), "3.9.7", Verdict::Broken),
        ("python", Wants::pep440("~=3.9"), "3.12.1", Verdict::Kept),
        ("go", Wants::Range(Range::AtLeast("1.21".to_owned())), "1.21.0", Verdict::Kept),
        ("go", Wants::Range(Range::AtLeast("1.22.1".to_owned())), "1.22rc1", Verdict::Broken),
        ("java", word("java", "1.8"), "1.8.0_192", Verdict::Kept),
        ("java", word("java", "8"), "1.8.0_192", Verdict::Kept),
        ("java", word("java", "21.0.1+12"), "21.0.1", Verdict::Kept),
        ("rust", word("rust", "1.75"), "1.75.0", Verdict::Kept),
        ("rust", word("rust", "1.75.0-x86_64-unknown-linux-gnu"), "1.75.0", Verdict::Kept),
        ("rust", word("rust", "stable"), "1.84.0-nightly", Verdict::Broken),
        ("node", word("node", "22"), "22.0.0-rc.1", Verdict::Broken),
        ("python", word("python", "3.13"), "3.13.0rc1", Verdict::Broken),
        ("ruby", word("ruby", "3.1.2"), "3.1.2p20", Verdict::Kept),
        ("ruby", word("ruby", "3.1.2"), "3.1.3p20", Verdict::Broken),
        ("ruby", word("ruby", "2.5.1p57"), "2.5.1p58", Verdict::Broken),
        ("rust", word("rust", "nightly-2024-01-01"), "1.84.0", Verdict::Broken),
        ("ruby", word("ruby", "ruby-3.2.2@shop"), "3.2.2", Verdict::Kept),
        ("terraform", word("terraform", "1.5.7"), "1.5.7", Verdict::Kept),
        ("node", word("node", "system"), "9.9.9", Verdict::Kept),
    ] {
        assert_eq!(verdict(tool, &wants, version, None), expected, "{tool} {wants:?} {version}");
    }
}

#[test]
fn what_mise_asks_on_some_systems_is_asked_there_alone() {
    let read = |text: &str| {
        let source = Source { file: ".config/mise/conf.d/own.toml", text };
        (format_of(source.file).unwrap().parse)(&source).unwrap().remove(0)
    };
    let pin = read("[tools]\nnode = { version = \"22\", os = [\"linux\", \"macos/arm64\"] }\n");
    assert_eq!(pin.written, "22 on linux, macos/arm64");
    assert_eq!(pin.wants.on(Some("linux")), Some(word("node", "22")));
    assert!(matches!(pin.wants.on(Some("macos")), Some(Wants::NotUnderstood(_))));
    assert_eq!(pin.wants.on(Some("freebsd")), None);
    assert_eq!(pin.wants.on(None), Some(word("node", "22")));
    let several = read("[[tools.node]]\nversion = \"20\"\nos = \"macos\"\n[[tools.node]]\nversion = \"22\"\n");
    assert_eq!(several.wants.on(Some("linux")), Some(word("node", "22")));
    assert!(format_of(".config/mise/conf.d/own.json").is_none());
}

#[test]
fn what_cannot_be_decided_is_neither_kept_nor_broken() {
    let undecided = |tool: &str, text: &str, version: &str| match verdict(tool, &word(tool, text), version, None) {
        Verdict::Undecided(why) => why,
        decided => panic!("{tool} {text}: {decided:?}"),
    };
    assert_eq!(undecided("node", "lts/*", "20.1.0"), "is an alias, and what it stands for changes");
    assert_eq!(undecided("node", "ref:main", "20.1.0"), "names a revision to build, which tells no version");
    assert_eq!(undecided("node", "{{env.NODE}}", "20.1.0"), "is a template, which only its tool renders");
    assert_eq!(undecided("node", "sub-2:latest", "20.1.0"), "is relative to the latest release, which changes");
    assert_eq!(undecided("python", "my-project", "3.12.1"), "is a name that tells no version");
    assert_eq!(undecided("rust", "nightly", "1.84.0-nightly"), "is a channel, whose releases change");
    assert_eq!(undecided("rust", "stable", "1.84.0"), "is a channel, whose releases change");
    assert_eq!(
        undecided("rust", "nightly-2024-01-01", "1.77.0-nightly"),
        "asks for the nightly of 2024-01-01, and a version tells no day"
    );
    let several = Wants::Several(vec![word("python", "3.12"), word("python", "3.11")]);
    assert!(matches!(verdict("python", &several, "3.12.1", None), Verdict::Undecided(_)));
    assert_eq!(verdict("python", &several, "3.11.1", None), Verdict::Broken);
}

#[test]
fn a_makers_build_is_kept_only_by_that_maker() {
    let temurin = word("java", "temurin-21.0.1+12");
    assert_eq!(verdict("java", &temurin, "21.0.1", Some("temurin")), Verdict::Kept);
    assert_eq!(verdict("java", &temurin, "21.0.2", Some("temurin")), Verdict::Broken);
    assert_eq!(verdict("java", &temurin, "21.0.1", Some("zulu")), Verdict::Broken);
    assert!(matches!(verdict("java", &temurin, "21.0.1", None), Verdict::Undecided(_)));
    assert_eq!(verdict("java", &word("java", "21"), "21.0.1", Some("zulu")), Verdict::Kept);
    // GraalVM's own numbers are not Java's.
    assert!(matches!(
        verdict("java", &word("java", "graalvm-22.3.0"), "17.0.5", Some("graalvm")),
        Verdict::Undecided(_)
    ));
    let pypy = word("python", "pypy3.10-7.3.12");
    assert_eq!(verdict("python", &pypy, "3.10.12", None), Verdict::Broken);
    assert!(matches!(verdict("python", &pypy, "3.10.12", Some("pypy")), Verdict::Undecided(_)));
    assert_eq!(verdict("python", &word("python", "3.10"), "3.10.12", Some("pypy")), Verdict::Broken);
    assert_eq!(maker("java", "OpenJDK Runtime Environment Temurin-21.0.1+12").as_deref(), Some("temurin"));
}

#[test]
fn pins_that_no_version_keeps_contradict_each_other() {
    let pin = |written: &str, wants: Wants| Pin {
        tool: "node".to_owned(),
        wants,
        written: written.to_owned(),
        file: ".nvmrc".to_owned(),
        line: 1,
    };
    let contradict = |one: (&str, Wants), other: (&str, Wants)| {
        let (one, other) = (pin(one.0, one.1), pin(other.0, other.1));
        contradiction("node", &[&one, &other]).is_some()
    };
    let of_word = |text: &'static str| (text, Wants::word("node", text));
    let of_range = |text: &'static str| (text, Wants::npm(text));
    assert!(contradict(of_word("20"), of_range(">=22")));
    assert!(contradict(of_word("20.1.0"), of_word("20.2.0")));
    assert!(contradict(of_range("<18"), of_range(">=18")));
    assert!(!contradict(of_word("20"), of_range(">=20.10.0")));
    assert!(!contradict(of_word("20"), of_range(">18 <=20.5")));
    assert!(!contradict(of_word("22.11.0"), of_range("^20 || ^22")));
    assert!(!contradict(of_word("lts/*"), of_range(">=22")));
    assert!(!contradict(of_range("<20"), of_range("<22")));
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever a file holds, reading it ends; and what was read can be held against any version.
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..FORMATS.len()) {
            read_and_hold(FORMATS[at].files[0], &bytes);
        }

        #[test]
        fn any_text_is_read_or_refused(
            text in "(\\[tools\\]\n)?([a-z:\\[\\]{}\"=.,0-9\\*/<>~^|@# \r\n-]{0,60})",
            at in 0..FORMATS.len(),
        ) {
            read_and_hold(FORMATS[at].files[0], text.as_bytes());
        }

        /// A line that says something becomes a pin.
        #[test]
        fn no_line_is_dropped(lines in proptest::collection::vec("[a-z]{1,5} [!-~]{1,8}", 1..6)) {
            let text = lines.join("\n");
            let source = Source { file: ".tool-versions", text: &text };
            prop_assert_eq!(asdf::parse(&source).unwrap().len(), lines.len());
        }

        #[test]
        fn no_tool_is_dropped(tools in proptest::collection::btree_map("[a-z]{1,6}(:[a-z]{1,5})?", "[ -~]{0,8}", 1..6)) {
            let body: String = tools.iter().map(|(tool, version)| format!("\"{tool}\" = {version:?}\n")).collect();
            // What Rust escapes and TOML does not know is not the subject.
            prop_assume!(!body.contains("\\'"));
            let text = format!("[tools]\n{body}");
            let source = Source { file: "mise.toml", text: &text };
            prop_assert_eq!(mise::parse(&source).unwrap().len(), tools.len());
            let json: Vec<String> = tools.iter().map(|(tool, version)| {
                format!("{}: {}", serde_json::to_string(tool).unwrap(), serde_json::to_string(version).unwrap())
            }).collect();
            let text = format!("{{\"engines\": {{{}}}}}", json.join(", "));
            let source = Source { file: "package.json", text: &text };
            prop_assert_eq!(package_json::parse(&source).unwrap().len(), tools.len());
        }
    }

    fn read_and_hold(file: &str, bytes: &[u8]) {
        let format = format_of(file).unwrap();
        let Ok(pins) = Source::of(file, bytes).and_then(|source| (format.parse)(&source)) else { return };
        for pin in &pins {
            assert!(!pin.tool.is_empty() || pin.written.is_empty() || !pin.file.is_empty());
            hold(&pin.tool, &pin.wants, Told { version: "1.2.3", product: None });
        }
        contradiction("node", &pins.iter().collect::<Vec<_>>());
    }
}
