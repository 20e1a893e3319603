//! What merging keys into files of each format leaves as it was, and what it refuses.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::{Format, KeyPath, Keys};
use super::Unmerged;

fn keys(format: Format, owned: &[&str]) -> Keys {
    Keys { format, owned: owned.iter().map(|key| KeyPath::parse(key).unwrap()).collect() }
}

fn merged(format: Format, owned: &[&str], present: &str, reference: &str) -> String {
    let merged = keys(format, owned).merge(present.as_bytes(), reference.as_bytes());
    String::from_utf8(merged.unwrap_or_else(|why| panic!("{why}\n{present}"))).unwrap()
}

fn refused(format: Format, owned: &[&str], present: &str, reference: &str) -> String {
    keys(format, owned).merge(present.as_bytes(), reference.as_bytes()).unwrap_err().to_string()
}

#[test]
fn json_keeps_its_layout_and_the_keys_of_others() {
    let present =
        "{\n    \"model\": \"x\",\n    \"hooks\": {\"Old\": []},\n    \"gone\": 1,\n    \"theme\":   \"dark\"\n}\n";
    let reference =
        "{\"theme\": \"light\", \"hooks\": {\"Stop\": [{\"type\": \"command\", \"command\": \"a \\\"b\\\"\"}]}}";
    assert_eq!(
        merged(Format::Json, &["hooks", "gone", "absent"], present, reference),
        "{\n    \"model\": \"x\",\n    \"hooks\": {\n        \"Stop\": [\n            {\n                \"type\": \"command\",\n                \
         \"command\": \"a \\\"b\\\"\"\n            }\n        ]\n    },\n    \"theme\":   \"dark\"\n}\n"
    );
    assert_eq!(
        merged(Format::Json, &["a.b"], "{}\n", "{\"a\": {\"b\": 1, \"c\": 2}}"),
        "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n"
    );
    assert_eq!(merged(Format::Json, &[], "{\"a\": 1, \"b\": 2}", "{\"a\": 1}"), "{\"a\": 1}");
    assert_eq!(
        merged(Format::Json, &["a"], "\u{feff}{\"a\": 1}", "{\"a\": 2}"),
        "\u{feff}{\n  \"a\": 2\n}".replace("\n  ", "").replace('\n', "")
    );
    assert_eq!(refused(Format::Json, &["a.b"], "{\"a\": 1}", "{\"a\": {\"b\": 2}}"), NO_TABLE);
    assert!(
        refused(Format::Json, &["a"], "{\"a\": ", "{\"a\": 2}").starts_with("what is there cannot be read: line 1: ")
    );
    assert!(refused(Format::Json, &["a"], "{}", "{").starts_with("the reference's file cannot be read: line 1: "));
    assert!(refused(Format::Json, &[], "[1]", "{\"a\": 2}").contains("no table of keys"));
}

const NO_TABLE: &str = "a.b cannot be set, since what leads to it is no table there; set it by hand";

#[test]
fn jsonc_keeps_comments_and_trailing_commas() {
    let present = "// mine\n{\n  // why\n  \"a\": 1, // one\n  /* two */ \"b\": [1, 2,],\n}\n";
    assert_eq!(
        merged(Format::Jsonc, &["a", "c"], present, "{\"a\": true, \"c\": null}"),
        "// mine\n{\n  // why\n  \"a\": true, // one\n  /* two */ \"b\": [1, 2,],\n  \"c\": null,\n}\n"
    );
    assert_eq!(merged(Format::Jsonc, &["a"], "// nothing\n", "{\"a\": 1}"), "// nothing\n{\n  \"a\": 1\n}\n");
}

#[test]
fn toml_keeps_comments_and_the_order_of_its_tables() {
    let present = "# mine\nx = 1 # one\n\n[b]\ny = 'q' # two\n\n[a]\nz = 1\n";
    let reference = "x = 2\n[a]\nz = 3\n[a.deep]\nd = 1979-05-27\n[[c]]\nn = 1.0\n[[c]]\nn = 2\n";
    assert_eq!(
        merged(Format::Toml, &["x", "a", "c"], present, reference),
        "# mine\nx = 2 # one\n\n[b]\ny = 'q' # two\n\n[a]\nz = 3\n\n[a.deep]\nd = 1979-05-27\n\n[[c]]\nn = 1.0\n\n[[c]]\nn = 2\n"
    );
    assert_eq!(merged(Format::Toml, &["b"], present, ""), "# mine\nx = 1 # one\n\n[a]\nz = 1\n");
    assert_eq!(
        merged(Format::Toml, &["a.b"], "a = { c = 1 }\n", "[a]\nb = [1, # x\n 2]\n"),
        "a = { c = 1 , b = [1, # x\n 2] }\n"
    );
    assert_eq!(refused(Format::Toml, &["a.b"], "a = 1\n", "[a]\nb = 1\n"), NO_TABLE);
}

#[test]
fn yaml_keeps_every_line_that_is_not_of_an_owned_key() {
    let present = "# mine\n---\neditor: vim # why\n\n# about aliases\naliases:\n    co: pr checkout\n    # kept\n    x: |\n      a: 1\n      b\nlist:\n- 1\n- 2\nflow: {a: 1, b: [2]}\n\n# the end\n";
    let reference =
        "editor: \"no\"\naliases:\n  co: other\n  new: {deep: [1, {k: v, l: w}]}\nlist: [3]\nflow: {b: 3}\n";
    assert_eq!(
        merged(Format::Yaml, &["editor", "aliases.co", "aliases.new", "list", "flow.b"], present, reference),
        "# mine\n---\neditor: \"no\" # why\n\n# about aliases\naliases:\n    co: other\n    # kept\n    x: |\n      a: 1\n      b\n    new:\n      deep:\n        - 1\n        - k: v\n          l: w\nlist:\n  - 3\nflow:\n  a: 1\n  b: 3\n\n# the end\n"
    );
    assert_eq!(merged(Format::Yaml, &["a"], "", "a:\n  b: 1\n"), "a:\n  b: 1\n");
    assert_eq!(merged(Format::Yaml, &["a.b"], "a:\n  b: 1\nc: 2", "c: 1"), "a: {}\nc: 2");
    assert_eq!(refused(Format::Yaml, &["a.b"], "a: 1\n", "a: {b: 1}\n"), NO_TABLE);
    // What others refer to is not changed under them.
    let anchored = "a: &x 1\nb: *x\n";
    assert!(keys(Format::Yaml, &["a"]).merge(anchored.as_bytes(), b"a: 2\n").is_err());
}

#[test]
fn git_configuration_keeps_comments_and_other_settings() {
    let present =
        "; mine\n[user]\n\tname = A # me\n\temail = a@x\n[alias \"X.y\"] k=v\n[core]\n\teditor = vi\n\teditor = ed\n";
    let reference = "[user]\nname = \"B;\"\n[alias \"X.y\"]\nk = w\n[core]\neditor = nano\nbare\n[url \"a\\\"b\"]\ninsteadOf = x\ninsteadOf = y \\\\ z\n";
    let owned = ["user.name", "alias.\"X.y\".k", "core", "url"];
    assert_eq!(
        merged(Format::GitConfig, &owned, present, reference),
        "; mine\n[user]\n\tname = \"B;\" # me\n\temail = a@x\n[alias \"X.y\"]\n\tk = w\n[core]\n\teditor = nano\n\tbare\n[url \"a\\\"b\"]\n\tinsteadof = x\n\tinsteadof = y \\\\ z\n"
    );
    assert_eq!(merged(Format::GitConfig, &["user.name"], present, ""), present.replace("\tname = A # me\n", ""));
}

#[test]
fn a_property_list_is_written_as_apple_writes_it_and_a_binary_one_is_not() {
    let list = |inside: &str| {
        String::from_utf8(super::blank(Format::Plist).to_vec())
            .unwrap()
            .replace("<dict/>", &format!("<dict>\n{inside}</dict>"))
    };
    let present = list("\t<key>b</key>\n\t<integer>1</integer>\n\t<key>a</key>\n\t<string>x &amp; y</string>\n");
    let reference = list("<key>b</key><dict><key>c</key><true/></dict><key>d</key><date>2020-01-01T00:00:00Z</date>");
    assert_eq!(
        merged(Format::Plist, &["b", "d"], &present, &reference),
        list(
            "\t<key>b</key>\n\t<dict>\n\t\t<key>c</key>\n\t\t<true/>\n\t</dict>\n\t<key>a</key>\n\t<string>x &amp; y</string>\n\t<key>d</key>\n\t<date>2020-01-01T00:00:00Z</date>\n"
        )
    );
    assert!(
        refused(Format::Plist, &["b"], &present.replace("<dict>", "<dict><!-- c -->"), &reference).contains("comments")
    );
    let mut binary = Vec::new();
    plist::Value::from_reader(std::io::Cursor::new(&present)).unwrap().to_writer_binary(&mut binary).unwrap();
    let why = keys(Format::Plist, &["b"]).merge(&binary, reference.as_bytes()).unwrap_err();
    assert!(matches!(&why, Unmerged::Cannot(why) if why.contains("plutil")), "{why}");
}

#[test]
fn a_file_that_has_the_keys_already_stays_as_it_is() {
    for (format, text) in [
        (Format::Json, "{ \"a\":1 }"),
        (Format::Jsonc, "{ // c\n\"a\":1, }"),
        (Format::Toml, "a=1 # c"),
        (Format::Yaml, "a:   1 # c"),
        (Format::GitConfig, "[x]a=1"),
    ] {
        let owned: &[&str] = if format == Format::GitConfig { &["x.a"] } else { &["a"] };
        assert_eq!(merged(format, owned, text, text), text);
    }
}

/// Settings as any format may hold them.
fn settings() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Bool(true)),
        (-3i64..3).prop_map(serde_json::Value::from),
        "[a-c #:'\"\\\\{}*&|é-]{0,6}".prop_map(serde_json::Value::from),
        Just(serde_json::json!([])),
        Just(serde_json::json!({})),
    ];
    let inner = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(serde_json::Value::from),
            prop::collection::btree_map(KEY, inner, 0..4).prop_map(|map| serde_json::json!(map)),
        ]
    });
    prop::collection::btree_map(KEY, inner, 0..4).prop_map(|map| serde_json::json!(map))
}

const KEY: &str = "[abc]|x y|k: v|#d|é";

fn owned() -> impl Strategy<Value = Vec<KeyPath>> {
    prop::collection::vec(prop::collection::vec(KEY, 1..3).prop_map(KeyPath), 0..3)
}

/// The same settings in TOML.
fn in_toml(value: &serde_json::Value) -> String {
    toml_edit::ser::to_string_pretty(value).unwrap()
}

/// In YAML's blocks, with a comment before each key of the first level.
fn in_yaml(value: &serde_json::Value) -> String {
    let mut text = String::new();
    for (number, (key, value)) in value.as_object().unwrap().iter().enumerate() {
        let value = super::super::json::parse(&value.to_string(), super::Dialect::Strict).unwrap();
        writeln!(text, "# comment {number}").unwrap();
        text.extend(super::yaml::written(key, &value, 0, "\n"));
    }
    text
}

fn in_jsonc(value: &serde_json::Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap();
    text.lines().enumerate().fold(String::new(), |mut all, (number, line)| {
        writeln!(all, "{line} // comment {number}").unwrap();
        all
    })
}

/// Merging refuses only where a table would have to take the place of something that is not owned.
fn is_refused_with_reason(why: &Unmerged) -> bool {
    matches!(why, Unmerged::Cannot(why) if why.contains("no table"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Merging believes no format's own way: what comes out was read again. So that anything comes out is what is to be seen.
    #[test]
    fn any_keys_go_into_any_file(present in settings(), reference in settings(), owned in owned()) {
        for (format, write) in [
            (Format::Json, (|value| serde_json::to_string_pretty(value).unwrap()) as fn(&serde_json::Value) -> String),
            (Format::Jsonc, in_jsonc),
            (Format::Toml, in_toml),
            (Format::Yaml, in_yaml),
        ] {
            let keys = Keys { format, owned: owned.clone() };
            let (present, reference) = (write(&present), write(&reference));
            match keys.merge(present.as_bytes(), reference.as_bytes()) {
                Ok(merged) => {
                    let again = keys.merge(&merged, reference.as_bytes());
                    prop_assert_eq!(again.as_ref(), Ok(&merged), "merged twice");
                    let merged = String::from_utf8(merged).unwrap();
                    // Comments beside keys that nobody owns.
                    if format == Format::Yaml {
                        let lost = present.lines().find(|line| line.starts_with("# comment") && !merged.contains(*line));
                        prop_assert!(lost.is_none(), "{:?} of\n{}\nin\n{}", lost, present, merged);
                    }
                }
                Err(why) => prop_assert!(is_refused_with_reason(&why), "{:?} {} {:?}\n{}\n{}", format, why, owned, present, reference),
            }
        }
    }

    #[test]
    fn any_settings_go_into_gits_configuration(
        present in prop::collection::vec(("[a-b]", "[k-m]", "[a-c #;\"\\\\\t]{0,5}"), 0..6),
        reference in prop::collection::vec(("[a-b]", "[k-m]", "[a-c #;\"\\\\\t]{0,5}"), 0..6),
        owned in prop::collection::vec("[ab]\\.[klm]|[ab]", 0..3),
    ) {
        let write = |settings: &[(String, String, String)], layout: &str| settings.iter().fold(String::new(), |mut text, (section, key, value)| {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            writeln!(text, "[{section}]{layout}{key} = \"{value}\" # comment").unwrap();
            text
        });
        let owned: Vec<&str> = owned.iter().map(String::as_str).collect();
        let keys = keys(Format::GitConfig, &owned);
        let merged = keys.merge(write(&present, " ").as_bytes(), write(&reference, "\n").as_bytes());
        prop_assert!(merged.is_ok(), "{:?}", merged);
    }

    #[test]
    fn no_file_makes_merging_fail(present in "[{}\\[\\]\":,a-c0-9 \n<>/&*=#-]{0,60}", reference in "[{}\\[\\]\":,a-c0-9 \n<>/&*=#-]{0,60}") {
        for (_, format) in Format::ALL {
            let _ = keys(format, &["a"]).merge(present.as_bytes(), reference.as_bytes()).is_ok();
            let _ = keys(format, &[]).merge(present.as_bytes(), reference.as_bytes()).is_ok();
        }
    }
}
