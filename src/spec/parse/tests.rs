//! What a person who mistypes a spec gets to read, and what a right one means.

use super::{Vocabulary, parse};
use crate::spec::{
    Compare, Covers, Environment, Format, Mode, PackageNames, Policy, Reach, Reference, TargetKind, key_names,
};

fn vocabulary() -> Vocabulary {
    Vocabulary { managers: vec!["npm", "apt"] }
}

fn read(text: &str) -> Environment {
    parse("environments/test.toml", text, &vocabulary()).unwrap()
}

/// Every problem as "text it points at: message (help)".
fn problems(text: &str) -> String {
    let problems = parse("environments/test.toml", text, &vocabulary()).unwrap_err().problems;
    let line = |problem: &crate::spec::Problem| {
        let at = text[problem.span.clone()].lines().next().unwrap_or_default().to_owned();
        let help = problem.help.as_deref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{at:?}: {}{help}\n", problem.message)
    };
    problems.iter().map(line).collect()
}

#[test]
fn the_worked_example_is_true_for_this_version() {
    let environment = read(include_str!("../../../environments/examples/carmenta.toml"));
    assert_eq!(environment.name, "carmenta");
    assert_eq!(environment.reference, Reference::Local);
    assert_eq!(environment.targets.len(), 2);
    assert_eq!(environment.targets[0].kind, TargetKind::Mac);
    assert_eq!(environment.tools.len(), 6);
    assert_eq!(environment.waivers[0].covers, Covers::Any);
}

#[test]
fn a_minimal_spec_has_sensible_defaults() {
    let environment = read("name = \"a\"\n[targets.box]\nkind = \"local\"\n");
    assert_eq!(environment.reference, Reference::Local);
    assert!(environment.shell.login && !environment.shell.interactive);
    assert_eq!(environment.limits.probe.as_secs(), 10);
    assert_eq!(environment.gate.max_age.as_secs(), 15 * 60);
}

#[test]
fn packages_are_grouped_by_manager_or_mapped_to_managers() {
    let environment = read(
        "name = \"a\"\n[packages]\nnpm = { policy = \"major\", names = [\"a\", \"b\"] }\napt = { names = \"all\" }\n\
         ripgrep = { apt = \"rg\", npm = \"ripgrep\" }\n",
    );
    let shown: Vec<_> =
        environment.packages.iter().map(|one| (one.manager.as_str(), &one.policy, &one.names)).collect();
    let these = |names: &[&str]| PackageNames::These(names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(
        shown,
        [
            ("npm", &Policy::Major, &these(&["a", "b"])),
            ("apt", &Policy::Exact, &PackageNames::All),
            ("apt", &Policy::Exact, &these(&["rg"])),
            ("npm", &Policy::Exact, &these(&["ripgrep"])),
        ]
    );
}

#[test]
fn ssh_addresses_in_every_form() {
    for (written, user, host, port) in [
        ("mini", None, "mini", None),
        ("dev@vm.example.com", Some("dev"), "vm.example.com", None),
        ("dev@vm:2222", Some("dev"), "vm", Some(2222)),
        ("dev@[::1]:2222", Some("dev"), "::1", Some(2222)),
        ("fe80::1", None, "fe80::1", None),
    ] {
        let text = format!("name = \"a\"\n[targets.t]\nkind = \"vm\"\nssh = \"{written}\"\n");
        let Reach::Ssh(address) = &read(&text).targets[0].reach else { panic!("{written} is reached over SSH") };
        assert_eq!((address.user.as_deref(), address.host.as_str(), address.port), (user, host, port), "{written}");
    }
    for written in ["", "dev@", "vm:0", "vm:99999", "-oProxyCommand=x", "a b", "@host"] {
        let text = format!("name = \"a\"\n[targets.t]\nkind = \"vm\"\nssh = \"{written}\"\n");
        assert!(parse("x", &text, &vocabulary()).is_err(), "{written}");
    }
}

#[test]
fn every_problem_of_a_file_is_told_at_once_each_at_its_place() {
    insta::assert_snapshot!(problems(
        r#"
version = 2
nam = "x"
reference = "mnii"
[targets.mini]
kind = "mack"
ssh = "dev@mini"
[targets.vm]
kind = "vm"
[targets.box]
kind = "local"
hom = "/tmp/x"
path = 3
[shell]
login = "yes"
[tols]
[tools]
node = "exakt"
git = ["exact"]
go = { policy = ">=20 <23", only = ["windows"], patern = "x" }
jq = { policy = "exact", pattern = "([" }
yq = { pattern = "no group" }
[packages]
nmp = { names = ["x"] }
npm = { policy = "exact" }
apt = ["-y", "lib*", "jq"]
eslint = { npm = "eslint@9" }
[dotfiles]
files = ["../x", 3]
fils = []
[repos.a]
url = "x"
[gate]
max_age = "soon"
warn = ["tol:node"]
[[waivers]]
finding = "tool:sed"
targets = ["vn"]
until = "never"
"#
    ));
}

#[test]
fn a_dotfile_may_have_a_table_of_its_own() {
    let environment = read(
        "name = \"a\"\n[dotfiles]\nsource = \"dots\"\nkeep = true\nfiles = [\".a\", \".s/t.json\"]\n\
         \"~/.s/t.json\" = { compare = \"keys\", keys = [\"hooks\", 'x.\"a.b\"'], only = [\"linux\"] }\n\
         \".rc\" = { compare = \"keys\", format = \"jsonc\", mode = \"600\" }\n\".t\" = { template = true }\n\
         \".d/**\" = { keep = false, only = \"macos\" }\n[dotfiles.\".k\"]\nkeep = true\n",
    );
    let names: Vec<&str> = environment.dotfiles.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, [".a", ".s/t.json", ".rc", ".t", ".d/**", ".k"]);
    let [a, settings, rc, template, folder, kept] = environment.dotfiles.entries.as_slice() else {
        panic!("{names:?}")
    };
    let Compare::Keys(keys) = &settings.compare else { panic!("{settings:?}") };
    assert_eq!((keys.format, key_names(keys)), (Format::Json, vec!["hooks".to_owned(), "x.\"a.b\"".to_owned()]));
    assert_eq!(settings.only, ["linux"]);
    assert!(matches!(&rc.compare, Compare::Keys(keys) if keys.format == Format::Jsonc && keys.owned.is_empty()));
    assert_eq!(rc.mode, Some(Mode(0o600)));
    assert_eq!(template.compare, Compare::Template(None));
    assert!(environment.dotfiles.keep && a.keep.is_none());
    assert_eq!((folder.keep, kept.keep), (Some(false), Some(true)));
}

#[test]
fn what_is_wrong_with_the_table_of_a_dotfile() {
    insta::assert_snapshot!(problems(
        r#"name = "a"
[dotfiles]
fils = []
".a" = "x"
"../b" = { compare = "keys" }
".c.json" = { compare = "key", keys = ["a"] }
".d" = { compare = "keys" }
".e" = { compare = "keys", format = "jsno" }
".f.json" = { compare = "keys", keys = ["a..b", '"x', 3], kep = true }
".g.json" = { compare = "keys", keys = ["", 'a"b'] }
".h" = { keys = ["a"], format = "json" }
".i/*" = { compare = "keys", format = "json", mode = "0600", template = true }
".j" = { template = true }
".k" = { mode = "rw", only = ["windows"] }
".l.json" = { compare = "keys", keep = true }
"#
    ));
}

#[test]
fn what_this_version_cannot_honour_is_refused_by_name() {
    insta::assert_snapshot!(problems(
        r#"name = "a"
[dotfiles]
keep = true
".claude/settings.json" = { compare = "keys" }
[env]
NODE_ENV = "exact"
[services.agent]
run = "trueup worker"
[repos.a]
path = "a"
checks = ["lint-error"]
commit = "exact"
"#
    ));
}

#[test]
fn what_is_not_toml_is_told_at_its_place() {
    insta::assert_snapshot!(problems("name = \"a\"\n[tools\nnode = 1\n"));
    assert!(problems("").contains("the spec lacks `name`"), "{}", problems(""));
}
