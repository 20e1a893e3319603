//! What each format's files say, odd and broken ones too.
#![expect(clippy::disallowed_methods, reason = "tests are an IO edge: they ask git")]

use std::fmt::Write as _;
use std::process::Command;

use proptest::prelude::*;

use super::{Format, KeyPath, Keys};

fn keys(format: Format, owned: &[&str]) -> Keys {
    Keys { format, owned: owned.iter().map(|key| KeyPath::parse(key).unwrap()).collect() }
}

/// One line a key, or why there are none.
fn read(format: Format, owned: &[&str], text: impl AsRef<[u8]>) -> String {
    match keys(format, owned).read(text.as_ref()) {
        Ok(found) => found.iter().fold(String::new(), |mut text, (key, value)| {
            writeln!(text, "{key} = {}", value.canonical()).unwrap();
            text
        }),
        Err(error) => error.to_string(),
    }
}

#[test]
fn keys_are_written_with_dots_and_quotes() {
    for (written, dotted, shown) in [
        ("a.b", "a.b", "a.b"),
        ("a.\"b.c\".d", "a.b.c.d", "a.\"b.c\".d"),
        ("\"a b\"", "a b", "\"a b\""),
        (r#""say \"x\"""#, "say \"x\"", r#""say \"x\"""#),
        ("\"\".x", ".x", "\"\".x"),
    ] {
        let path = KeyPath::parse(written).unwrap();
        assert_eq!((path.dotted().as_str(), path.to_string().as_str()), (dotted, shown));
    }
    for wrong in ["", ".", "a.", ".a", "a..b", "\"a", "\"a\"b", "a\"b"] {
        assert!(KeyPath::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_format_is_guessed_from_the_name() {
    for (name, format) in [
        (".claude/settings.json", Some(Format::Json)),
        (".config/Code/User/settings.json", Some(Format::Jsonc)),
        ("src/tsconfig.base.json", Some(Format::Jsonc)),
        (".config/mise/config.toml", Some(Format::Toml)),
        (".config/gh/config.yml", Some(Format::Yaml)),
        ("Library/Preferences/com.apple.dock.plist", Some(Format::Plist)),
        (".gitconfig", Some(Format::GitConfig)),
        (".config/git/config", Some(Format::GitConfig)),
        (".zshrc", None),
        (".ssh/config", None),
    ] {
        assert_eq!(Format::of_name(name), format, "{name}");
    }
}

#[test]
fn json_tells_its_owned_keys_and_nothing_else() {
    let text =
        "\u{feff}{\"b\": {\"y\": 1.0, \"x\": [1, {\"k\": null}]}, \"a.b\": \"\\u00e9\", \"n\": {}, \"b2\": 1}\r\n";
    assert_eq!(read(Format::Json, &["b"], text), "b.x = [1,{\"k\":null}]\nb.y = 1\n");
    assert_eq!(read(Format::Json, &["b.y", "\"a.b\"", "n", "absent"], text), "\"a.b\" = \"é\"\nb.y = 1\nn = {}\n");
    assert_eq!(read(Format::Json, &[], "{}"), "");
    assert_eq!(read(Format::Json, &[], "[1]"), "the whole file = [1]\n");
    assert_eq!(read(Format::Json, &[], "{\"a\": 1, \"a\": 2}"), "a = 2\n");
}

#[test]
fn json_that_is_none_says_where() {
    assert_eq!(
        read(Format::Json, &[], "{\n\"a\": 1,\n}"),
        "line 2: Trailing commas are not allowed; write format = \"jsonc\" if that is meant"
    );
    assert_eq!(
        read(Format::Json, &[], "{\n\"a\" 1}"),
        "line 2: Expected colon after the string or word in object property"
    );
    assert_eq!(read(Format::Json, &[], " \n"), "line 1: it is empty");
    assert_eq!(read(Format::Json, &[], b"{\n\"a\": \"\xff\"}"), "line 2: it is not UTF-8 text");
    let deep = "[".repeat(100_000);
    assert_eq!(read(Format::Json, &[], deep), "line 1: Maximum nesting depth exceeded");
    let deepest = format!("{}{}", "{\"a\":".repeat(150), "1".to_owned() + &"}".repeat(150));
    assert!(read(Format::Json, &[], deepest).ends_with(".a = 1\n"));
}

#[test]
fn jsonc_has_comments_and_trailing_commas() {
    let text = "// one\n{ \"a\": [1, 2,], /* two */ \"b\": true, }";
    assert_eq!(read(Format::Jsonc, &[], text), "a = [1,2]\nb = true\n");
    assert_eq!(read(Format::Jsonc, &[], "// nothing\n"), "");
    assert_eq!(read(Format::Jsonc, &[], "{\n\n\"a\": }"), "line 3: Unexpected close brace");
}

#[test]
fn toml_is_the_same_however_its_tables_are_written() {
    let long = "x = 1\n[a]\nb.c = 0x10\nd = 1979-05-27\n[[a.e]]\nf = 'g'\n";
    let short = "# other\na = { d = 1979-05-27, e = [{ f = \"g\" }], b = { c = 16 } }\n\nx = 1.0\n";
    let told = "a.b.c = 16\na.d = date \"1979-05-27\"\na.e = [{\"f\":\"g\"}]\nx = 1\n";
    assert_eq!(read(Format::Toml, &[], long), told);
    assert_eq!(read(Format::Toml, &[], short), told);
    assert!(read(Format::Toml, &[], "a = 1\n[b\n").starts_with("line 2: "));
    let deep = format!("x = {}", "[".repeat(100_000));
    assert!(read(Format::Toml, &[], deep).starts_with("line 1: "));
    let dotted = format!("a{} = 1", ".a".repeat(100_000));
    let said = read(Format::Toml, &[], dotted);
    assert!(said.contains("recursion limit"), "{said}");
}

#[test]
fn yaml_follows_aliases_within_limits() {
    let text = "# c\nbase: &b {x: 1, y: [a, 'b']}\nuse: *b\n1: yes\nwhen: 2001-12-14\nnothing:\n";
    let told = "1 = \"yes\"\nbase.x = 1\nbase.y = [\"a\",\"b\"]\nnothing = null\nuse.x = 1\nuse.y = [\"a\",\"b\"]\nwhen = \"2001-12-14\"\n";
    let read_so = read(Format::Yaml, &[], text);
    assert_eq!(read_so.replace("1 = true", "1 = \"yes\""), told);
    assert_eq!(read(Format::Yaml, &[], "# nothing\n\n"), "");
    let broken = read(Format::Yaml, &[], "a: 1\nb: [1, 2\nc: hunter2\n");
    assert!(broken.starts_with("line ") && !broken.contains("hunter2"), "{broken}");
    assert!(read(Format::Yaml, &[], "a: 1\n---\nb: 2\n").contains("document"));
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        writeln!(bomb, "a{level}: &a{level} [{}]", vec![alias; 10].join(", ")).unwrap();
    }
    assert!(!read(Format::Yaml, &[], bomb).contains(" = "));
    assert!(!read(Format::Yaml, &[], "[".repeat(100_000)).contains(" = "));
    assert!(
        !read(Format::Yaml, &[], (0..500).map(|deep| format!("{}a:\n", " ".repeat(deep))).collect::<String>())
            .contains(" = ")
    );
}

const PLIST: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict><key>b</key><array><integer>1</integer>\
    <real>1.0</real></array><key>a</key><true/><key>d</key><data>AQI=</data><key>t</key><date>2020-01-01T00:00:00Z</date></dict></plist>";

#[test]
fn a_property_list_is_the_same_as_xml_and_as_binary() {
    let told = "a = true\nb = [1,1]\nd = data \"0102\"\nt = \"2020-01-01T00:00:00Z\"\n";
    assert_eq!(read(Format::Plist, &[], PLIST), told);
    let mut binary = Vec::new();
    plist::Value::from_reader(std::io::Cursor::new(PLIST)).unwrap().to_writer_binary(&mut binary).unwrap();
    assert!(binary.starts_with(b"bplist00"));
    assert_eq!(read(Format::Plist, &[], &binary), told);
    for broken in [&PLIST[..200], "", "<plist><dict><key>a</key></dict></plist>"] {
        assert!(!read(Format::Plist, &[], broken).contains(" = "), "{broken}");
    }
    assert!(!read(Format::Plist, &[], &binary[..binary.len() - 10]).contains(" = "));
    let deep = format!("<plist>{}", "<array>".repeat(100_000));
    assert_eq!(read(Format::Plist, &[], deep), "its values lie deeper than is read");
}

const GITCONFIG: &str = "; c\n[User]\n\tName = A \"B  \" # c\n[url \"https://me:pw@x.example/\"]\n\tinsteadOf = x:\n\tinsteadOf = \"y;\"\n\
    [core]\n\tbare\n\teditor = a \\\n  b\\tc \\\"d\\\"\n[alias \"a.b\"] k=v\n[old.Style]\r\n\tx = 1\r\n";

#[test]
fn git_configuration_is_read_as_git_names_it() {
    let told = "alias.a.b.k = \"v\"\ncore.bare = null\ncore.editor = \"a   b\\tc \\\"d\\\"\"\nold.style.x = \"1\"\n\
        url.https://[redacted]@x.example/.insteadof = [\"x:\",\"y;\"]\nuser.name = \"A B  \"\n";
    assert_eq!(read(Format::GitConfig, &[], GITCONFIG), told);
    assert_eq!(
        read(Format::GitConfig, &["User.NAME", "alias.a.b"], GITCONFIG),
        "alias.a.b.k = \"v\"\nuser.name = \"A B  \"\n"
    );
    for (broken, line) in
        [("[a\n", 2), ("[a]\nb = \"x\n", 2), ("[a]\n\n= 1", 3), ("[a]\nb = \\q", 2), ("[a \"x\n\"]", 2)]
    {
        let said = read(Format::GitConfig, &[], broken);
        assert!(said.starts_with(&format!("line {line}: ")), "{broken}: {said}");
    }
}

/// What git itself lists of a file; none if it refuses it.
fn asked_of_git(text: &str) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, text).unwrap();
    let output = Command::new("git").args(["config", "--list", "-z", "--file"]).arg(&path).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut keys: Vec<String> = text.split_terminator('\0').map(str::to_owned).collect();
    keys.sort();
    output.status.success().then_some(keys)
}

fn read_like_git(text: &str) -> Option<Vec<String>> {
    let mut keys = Vec::new();
    for (key, value) in super::git_config::parse(text).ok()? {
        let values = if let super::Value::List(values) = value { values } else { vec![value] };
        keys.extend(values.iter().map(|value| match value {
            super::Value::Text(text) => format!("{key}\n{text}"),
            _ => key.clone(),
        }));
    }
    keys.sort();
    Some(keys)
}

#[test]
fn git_reads_the_same() {
    assert_eq!(read_like_git(GITCONFIG), asked_of_git(GITCONFIG));
}

#[test]
fn of_a_file_whose_path_is_a_secrets_no_value_is_shown() {
    let found = keys(Format::Json, &[]).read(b"{\"user\": \"jane\", \"pin\": 1234}").unwrap();
    assert_eq!(super::shown_values(".config/app/settings.json", &found).len(), 2);
    for path in [".config/app/credentials.json", ".docker/config.json", ".kube/config"] {
        assert!(super::shown_values(path, &found).is_empty(), "{path}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn git_reads_the_same_of_any_file(lines in prop::collection::vec("(\\[a\\]|\\[B \"c\\\\\\\\[.x ]D\"\\]|[ab]-?[Cd0]? ?= ?[a \"\\\\;#=n\t]{0,8}|[#;] x|k|)", 0..6)) {
        let text = lines.join("\n");
        // What git refuses is refused, and nothing is read otherwise than git reads it.
        prop_assert_eq!(read_like_git(&text), asked_of_git(&text), "{:?}", text);
    }

    #[test]
    fn no_file_makes_a_reader_fail(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[{}\\[\\]\":,a-c0-9 \n<>/&*=-]{0,60}") {
        for (_, format) in Format::ALL {
            let _ = keys(format, &[]).read(&bytes).is_ok();
            let _ = keys(format, &[]).read(text.as_bytes()).is_ok();
        }
    }

    /// Whatever the secret, whatever stands around it: neither a key's name nor a shown value holds it.
    #[test]
    fn no_secret_is_in_what_is_shown(
        secret in "[a-z][A-Za-z0-9]{11,29}[0-9]",
        key in "(api_key|apiKey|ANTHROPIC_AUTH_TOKEN|password|db_pass|client-secret|Authorization|_authToken|auth)",
        token in "(ghp_|sk-ant-|npm_|xoxb-)[A-Za-z0-9]{20,30}",
        plain in "[a-z]{1,8}",
    ) {
        let text = serde_json::json!({
            "a": { (&key): &secret, "b": { (format!("my.{key}")): [&secret] } },
            (&plain): [format!("--password {secret}"), &token],
            "url": format!("https://me:{secret}@h.example/"),
            "l": { (format!("https://me:{secret}@h.example/")): 1 },
            "header": format!("Bearer {token}"),
            "n": { (&plain): { "x": &token } },
        });
        let found = keys(Format::Json, &[]).read(text.to_string().as_bytes()).unwrap();
        let shown = format!("{:?} {:?}", super::shown_values(".x", &found), super::key_digests(&found));
        prop_assert!(!shown.contains(&secret) && !shown.contains(&token), "{}", shown);
        prop_assert!(crate::spec::secrets::of_file(".x", text.to_string().as_bytes()).is_some());
    }
}
