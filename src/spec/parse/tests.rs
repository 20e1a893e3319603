//! What a person who mistypes a spec gets to read, and what a right one means.

use super::{Vocabulary, parse};
use crate::spec::{
    Compare, Covers, Environment, Format, MappedPackage, Mode, PackageNames, Policy, Reach, Reference, TargetKind,
    key_names,
};

fn vocabulary() -> Vocabulary {
    Vocabulary { managers: vec!["npm", "apt"], gates: vec!["eslint", "ruff"] }
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
    let text = include_str!("../../../environments/examples/carmenta.toml");
    let environment = parse("carmenta.toml", text, &crate::observe::vocabulary()).unwrap();
    assert_eq!(environment.name, "carmenta");
    assert_eq!(environment.reference, Reference::Local);
    assert_eq!(environment.targets.len(), 3);
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
    assert_eq!(shown, [("npm", &Policy::Major, &these(&["a", "b"])), ("apt", &Policy::Exact, &PackageNames::All),]);
    let names = [("apt", "rg"), ("npm", "ripgrep")].map(|(manager, name)| (manager.to_owned(), name.to_owned()));
    let ripgrep = MappedPackage { title: "ripgrep".to_owned(), policy: Policy::Exact, names: names.to_vec() };
    assert_eq!(environment.mapped, [ripgrep]);
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
fn system_facts_and_variables_are_held_as_written() {
    let environment = read(
        "name = \"a\"\n[system]\ntimezone = \"exact\"\numask = \"022\"\nnofile = 4096\ndisk_free = \">=10 GB\"\n\
         os_version = \">=12\"\nshell = { policy = \"/bin/zsh\", only = [\"macos\"] }\n\
         [env]\nNODE_ENV = \"exact\"\nANTHROPIC_API_KEY = { policy = \"present\", secret = \"env:KEY\" }\n\
         GH_TOKEN = { only = [\"linux\"] }\n",
    );
    let system: Vec<String> = environment
        .system
        .iter()
        .map(|item| format!("{} {:?} {:?}", item.name, item.policy.own_want(), item.only))
        .collect();
    assert_eq!(
        system,
        [
            "timezone None []",
            "umask Some(\"0022\") []",
            "nofile Some(\"4096\") []",
            "disk_free Some(\">=10 GB\") []",
            "os_version Some(\">=12\") []",
            "shell Some(\"/bin/zsh\") [\"macos\"]",
        ]
    );
    let env: Vec<_> = environment
        .env
        .iter()
        .map(|one| (one.name.as_str(), &one.policy, one.secret.as_ref().map(ToString::to_string)))
        .collect();
    assert_eq!(
        env,
        [
            ("NODE_ENV", &Policy::Exact, None),
            ("ANTHROPIC_API_KEY", &Policy::Present, Some("env:KEY".to_owned())),
            ("GH_TOKEN", &Policy::Present, None),
        ]
    );
    let ids: Vec<String> = environment.scope().items.iter().map(|item| item.id.to_string()).collect();
    assert_eq!(ids[3], "system:disk_free");
    assert_eq!(ids[6], "env:NODE_ENV");
}

#[test]
fn what_is_wrong_about_surroundings_is_told_with_what_to_write() {
    let text = r#"name = "a"
[system]
disk-free = ">=1 GB"
clock = "exact"
timezone = "presnt"
umask = 0o22
nofile = "-1"
hostname = ["a"]
shell = { only = ["macos"] }
[env]
API_TOKEN = "exact"
NODE_ENV = "exakt"
MODE = "production"
"A-B" = "exact"
PWD = "exact"
N = 3
KEY = { policy = "present", secret = "sk-abcdef0123456789abcdef" }
DSN = { policy = "exact", secret = "env:DSN" }
X = { polcy = "exact" }
"#;
    insta::assert_snapshot!(problems(text));
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
[services.agent]
run = "trueup worker"
[repos.a]
path = "a"
gates = ["eslnt"]
checks = ["lint error"]
commit = "newest"
"#
    ));
}

#[test]
fn states_of_a_working_copy_are_compared_where_the_spec_asks() {
    let environment = read("name = \"a\"\n[repos.a]\npath = \"a\"\ncommit = \"exact\"\nidentity = \"exact\"\n");
    assert_eq!(environment.repos[0].compared, ["commit", "identity"]);
    let ids: Vec<String> = environment.scope().items.iter().map(|item| item.id.to_string()).collect();
    assert_eq!(ids, ["repo:a", "repo:a/commit", "repo:a/identity"]);
}

#[test]
fn package_names_are_each_managers_own() {
    let fine = "name = \"a\"\n[packages]\nnpm = [\"@scope/pkg\"]\nx = { npm = \"y\", policy = \"minor\" }\n";
    assert_eq!(read(fine).mapped[0].policy, Policy::Minor);
    assert!(problems("name = \"a\"\n[packages]\nx = { policy = \"exact\" }\n").contains("names no package"));
    assert!(problems("name = \"a\"\n[packages]\nnpm = [\"@scope\"]\n").contains("`@scope/name`"));
}

#[test]
fn what_is_not_toml_is_told_at_its_place() {
    insta::assert_snapshot!(problems("name = \"a\"\n[tools\nnode = 1\n"));
    assert!(problems("").contains("the spec lacks `name`"), "{}", problems(""));
}

#[test]
fn an_item_that_is_named_twice_is_told_at_its_second_place() {
    let text = "name = \"a\"\n[packages]\nnpm = { policy = \"major\", names = [\"rg\"] }\nripgrep = { apt = \"x\", npm = \"rg\" }\n";
    assert_eq!(problems(text), "\"rg\": package:npm/rg is named more than once (keep one of them)\n");
    assert!(problems("name = \"a\"\n[tools]\nx = \"exact\"\nx = \"minor\"\n").contains("duplicate key"));
}

#[test]
fn every_fault_of_a_waiver_is_told() {
    insta::assert_snapshot!(problems(
        r#"name = "a"
[targets.vm]
kind = "local"
[[waivers]]
finding = "sed"
becuase = "x"
until = "2027-02-30"
[[waivers]]
finding = "tool:sed"
because = 3
targets = ["vn", 4]
until = 2027-03-01T12:00:00Z
[[waivers]]
because = ["x"]
until = 20270301
any = "yes"
got = 1
"#
    ));
}

#[test]
fn a_waiver_that_says_nothing_or_two_things_is_refused() {
    let of = |rest: &str| {
        problems(&format!(
            "name = \"a\"\n[targets.vm]\nkind = \"local\"\n[[waivers]]\nfinding = \"tool:sed\"\n{rest}\n"
        ))
    };
    for blank in ["", " "] {
        let said = of(&format!("because = \"{blank}\""));
        assert!(said.contains(": `because` says nothing (say why: because = \"BSD sed"), "{said}");
        assert_eq!(said.lines().count(), 1);
    }
    assert_eq!(
        of("because = \"x\"\ntargets = []"),
        "\"[]\": `targets` names no target (name the targets on which it holds, or leave `targets` out for all)\n"
    );
    assert_eq!(
        of("because = \"x\"\nany = true\ngot = \"4\""),
        "\"\\\"4\\\"\": `got` and `any = true` contradict each other (keep `got` for this value alone, or `any = true` for every \
         value)\n"
    );
}

#[test]
fn what_is_nested_too_deeply_or_wrong_all_over_is_told_shortly() {
    for text in [
        format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("a{} = 1", ".a".repeat(100_000)),
        format!("[a{}]", ".a".repeat(100_000)),
        format!("a = {}1{}", "{a=".repeat(50_000), "}".repeat(50_000)),
    ] {
        let problems = parse("x", &text, &vocabulary()).unwrap_err();
        assert_eq!(problems.problems[0].message, "tables or lists are nested too deeply to be read");
        let shown: Vec<String> = problems.diagnostics().map(|one| format!("{:?}", miette::Report::new(one))).collect();
        assert!(shown[0].len() < 4000, "{} bytes", shown[0].len());
    }
    let text: String = (0..20_000).map(|number| format!("t{number} = 1\n")).collect();
    let problems = parse("x", &text, &vocabulary()).unwrap_err();
    assert_eq!((problems.problems.len(), problems.to_string().as_str()), (100, "x cannot be used: 20001 problems"));
}

#[test]
fn what_is_wrong_about_a_service_is_said_at_its_place() {
    insta::assert_snapshot!(problems(
        r#"name = "a"
[services.watch-x]
run = "x"
[services.none]
[services.agent]
run = "a\nb"
keep_alife = true
scope = "sytem"
environment = { API_TOKEN = "abc", "A B" = "x", C = { secret = "value" }, D = "a\nb" }
working_directory = "src"
restart = "soon"
logs = "lots"
health = { rn = "x" }
only = ["windows"]
[services.machine]
run = "x"
user = "a b"
[services.home]
run = "x"
scope = "system"
working_directory = "~/src"
"#
    ));
}
