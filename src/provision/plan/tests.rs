//! Plans from findings alone: no machine is asked.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{Selection, plan};
use crate::parity::compare::{Circumstances, target_report};
use crate::parity::report::Look;
use crate::provision::work::RepoWork;
use crate::provision::{Plan, Work, view};
use crate::spec::{
    Category, Digest, Environment, Fact, Facts, FileFact, GateFact, LeadsTo, Listed, Listing, Lock, Locked, Machine,
    Mode, Observed, RepoFact, TextFact, VersionFact, Vocabulary, parse,
};

const SPEC: &str = r#"
name = "t"
[targets.vm]
kind = "local"
[tools]
node = "exact"
tidy = "exact"
claude = { policy = "exact", install = { npm = "@anthropic-ai/claude-code" } }
[packages]
npm = { names = "all", policy = "exact" }
apt = ["jq"]
[dotfiles]
files = [".a", ".gitconfig", ".dir", "bin/tidy", ".extra"]
[repos.r]
path = "~/src/r"
url = "https://me:pw@example.com/r"
"#;

fn environment() -> Environment {
    parse("t.toml", SPEC, &Vocabulary { managers: vec!["npm", "apt"], gates: vec![] }).unwrap()
}

fn file(content: &str) -> Fact {
    Fact::File(FileFact::File { mode: Mode(0o644), digest: Digest::of(content.as_bytes()) })
}

fn version(version: &str, path: &str) -> Fact {
    Fact::Version(VersionFact { version: version.to_owned(), product: None, path: Some(path.to_owned()) })
}

fn setting(value: &str, scope: &str) -> Fact {
    Fact::Text(TextFact { value: value.to_owned(), scope: Some(scope.to_owned()) })
}

fn repo() -> Fact {
    Fact::Repo(RepoFact { remotes: [].into(), written: None })
}

/// What the reference has.
fn wanted() -> Vec<(&'static str, Option<Fact>)> {
    let mut hook = GateFact::new("runs");
    hook.path = Some(".githooks/pre-commit".to_owned());
    vec![
        ("tool:node", Some(version("22.11.0", "/usr/bin/node"))),
        ("tool:tidy", Some(version("2.1.0", "/home/me/bin/tidy"))),
        ("tool:claude", Some(version("2.0.1", "/usr/bin/claude"))),
        ("package:npm/prettier", Some(Fact::version("3.3.3"))),
        ("package:npm/@anthropic-ai/claude-code", Some(Fact::version("2.0.1"))),
        ("package:apt/jq", Some(Fact::version("1.6-2.1"))),
        ("dotfile:.a", Some(file("a"))),
        ("dotfile:.gitconfig", Some(file("g"))),
        ("dotfile:.dir", Some(Fact::File(FileFact::Folder { mode: Mode(0o700) }))),
        ("dotfile:.dir/link", Some(Fact::File(FileFact::Link { to: "x".to_owned(), leads_to: None, mode: None }))),
        ("dotfile:bin/tidy", Some(file("tidy 2"))),
        ("dotfile:.extra", None),
        ("repo:r", Some(repo())),
        ("git:r/core.hooksPath", Some(setting(".githooks", "local"))),
        ("git:r/merge.conflictStyle", Some(setting("diff3", "global"))),
        ("hook:r/pre-commit", Some(Fact::Gate(hook))),
    ]
}

fn planned(found: &[(&str, Fact)], selection: &Selection) -> Plan {
    planned_in(&environment(), found, selection)
}

fn planned_in(environment: &Environment, found: &[(&str, Fact)], selection: &Selection) -> Plan {
    planned_against(environment, &wanted(), found, selection)
}

fn planned_against(
    environment: &Environment,
    wanted: &[(&str, Option<Fact>)],
    found: &[(&str, Fact)],
    selection: &Selection,
) -> Plan {
    let listings = environment.scope().listings;
    let entry =
        |(id, fact): &(&str, Option<Fact>)| (id.parse().unwrap(), fact.clone().map_or(Locked::Absent, Locked::Present));
    let lock = Lock {
        environment: "t".to_owned(),
        reference: Machine::default(),
        items: wanted.iter().map(entry).collect(),
        listed: listings.iter().map(|(listing, _)| listing.to_string()).collect(),
        samples: BTreeMap::new(),
    };
    let mut facts =
        Facts { machine: Machine { os: Some("linux".to_owned()), ..Machine::default() }, ..Facts::default() };
    for item in environment.scope().items {
        facts.items.insert(item.id, Observed::Absent);
    }
    facts.items.extend(found.iter().map(|(id, fact)| (id.parse().unwrap(), Observed::Present(fact.clone()))));
    facts.listings = listings.into_iter().map(|(listing, _): (Listing, _)| (listing, Listed::InFull)).collect();
    let circumstances = Circumstances { observed_at: Timestamp::UNIX_EPOCH, duration: Duration::ZERO, round_trips: 1 };
    let target = environment.target("vm").unwrap();
    let report = target_report(environment, Some(&lock), target, circumstances, Ok(&facts));
    plan(environment, &report, selection)
}

#[test]
fn a_bare_machine_gets_everything_in_order() {
    let plan = planned(&[("repo:r", repo())], &Selection::default());
    insta::assert_snapshot!(view::human(&plan, Look::Plain));
}

#[test]
fn what_the_reference_does_not_have_goes_only_with_prune() {
    let found = [("dotfile:.extra", file("e")), ("package:npm/left-pad", Fact::version("1.0.0"))];
    let kept =
        planned(&found, &Selection { only: vec!["*extra".to_owned(), "*left-pad".to_owned()], ..Selection::default() });
    assert_eq!((kept.steps.len(), kept.unmet.len()), (0, 2));
    let pruned = planned(
        &found,
        &Selection { only: vec!["*extra".to_owned(), "*left-pad".to_owned()], prune: true, ..Selection::default() },
    );
    let subjects: Vec<&str> = pruned.steps.iter().map(|step| step.subject.as_str()).collect();
    assert_eq!(subjects, ["npm package left-pad", "~/.extra"]);
    assert!(pruned.steps.iter().all(|step| step.action == crate::provision::Action::Remove));
}

#[test]
fn a_link_is_not_put_again_for_what_it_leads_to() {
    let other = Fact::File(FileFact::Link { to: "x".to_owned(), leads_to: Some(LeadsTo::Nowhere), mode: None });
    let folder = Fact::File(FileFact::Folder { mode: Mode(0o700) });
    let found = [("dotfile:.dir", folder), ("dotfile:.dir/link", other)];
    let plan = planned(&found, &Selection { only: vec!["dotfile:.dir*".to_owned()], ..Selection::default() });
    assert_eq!(plan.steps, []);
    assert_eq!(
        plan.unmet[0].why,
        "the link is as it should be; what it leads to is not: list `.dir/x` as a dotfile too"
    );
}

#[test]
fn a_folder_is_never_replaced_by_a_file() {
    let found = [("dotfile:.a", Fact::File(FileFact::Folder { mode: Mode(0o755) }))];
    let plan = planned(&found, &Selection { only: vec!["dotfile:.a".to_owned()], ..Selection::default() });
    assert_eq!(plan.steps, []);
    assert_eq!(plan.unmet[0].why, "a folder stands where a file should be; move it away");
}

#[test]
fn only_and_skip_choose_by_id_category_and_star() {
    let count = |only: &[&str], skip: &[&str]| {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        planned(&[], &Selection { only: owned(only), skip: owned(skip), ..Selection::default() }).steps.len()
    };
    assert_eq!(count(&["dotfile"], &[]), 5);
    assert_eq!(count(&["dotfile:.dir*"], &[]), 2);
    assert_eq!(count(&["dotfile:.a"], &[]), 1);
    assert_eq!(count(&["dotfile"], &["dotfile:.a"]), 4);
    assert_eq!(count(&["tool:nothing"], &[]), 0);
}

#[test]
fn the_digest_names_what_is_done_and_to_whom_not_how_it_is_worded() {
    let plan = planned(&[], &Selection::default());
    let mut reworded = plan.clone();
    reworded.steps[0].why = "another reason".to_owned();
    reworded.steps[0].diff = Some("a diff".to_owned());
    assert_eq!(plan.digest(), reworded.digest());
    let mut other = plan.clone();
    other.machine.id = Some("another".to_owned());
    assert_ne!(plan.digest(), other.digest());
    let mut otherwise = plan.clone();
    otherwise.steps[0].seen[0].1 = Some(Digest::of(b"edited since"));
    assert_ne!(plan.digest(), otherwise.digest());
    let mut fewer = plan.clone();
    fewer.steps.pop();
    assert_ne!(plan.digest(), fewer.digest());
}

#[test]
fn nothing_is_set_in_a_repository_that_is_not_there() {
    let plan = planned(&[], &Selection { only: vec!["git".to_owned(), "hook".to_owned()], ..Selection::default() });
    assert_eq!(plan.steps, []);
    let whys: Vec<&str> = plan.unmet.iter().map(|unmet| unmet.why.as_str()).collect();
    assert_eq!(whys, ["the repository is not there; clone it first"; 3]);
}

#[test]
fn a_missing_repository_is_cloned_without_a_password_and_what_is_in_it_comes_after() {
    let plan = planned(&[], &Selection::default());
    let place = |id: &str| {
        plan.steps.iter().position(|step| step.findings.iter().any(|finding| finding.to_string() == id)).unwrap()
    };
    let cloned = place("repo:r");
    let Work::Repo(RepoWork::Clone { remotes, .. }) = &plan.steps[cloned].work else {
        panic!("{:?}", plan.steps[cloned])
    };
    assert_eq!(remotes[0].fetch, ["https://example.com/r"]);
    assert!(plan.steps[place("git:r/core.hooksPath")].after.contains(&cloned));
    let text = serde_json::to_string(&plan).unwrap() + &view::human(&plan, Look::Plain);
    assert!(!text.contains("pw"), "{text}");
}

#[test]
fn only_what_the_reference_has_from_its_global_file_comes_with_that_file() {
    let found = [("repo:r", repo()), ("git:r/core.bare", setting("true", "local"))];
    let there =
        planned(&found, &Selection { only: vec!["git".to_owned(), "*.gitconfig".to_owned()], ..Selection::default() });
    let config = there.steps.iter().find(|step| step.subject == "~/.gitconfig").unwrap();
    let brought: Vec<String> = config.findings.iter().map(ToString::to_string).collect();
    assert_eq!(brought, ["dotfile:.gitconfig", "git:r/merge.conflictStyle"]);
}

#[test]
fn gits_own_structure_is_left_alone_and_a_setting_is_mended_where_it_stands() {
    let found = [
        ("repo:r", repo()),
        ("git:r/core.bare", setting("true", "local")),
        ("git:r/alias.x", setting("log", "global, ~/.config/git/aliases")),
        ("git:r/alias.y", setting("log", "command")),
        ("git:r/merge.conflictStyle", setting("merge", "system, /etc/gitconfig")),
        ("git:r/core.hooksPath", setting("elsewhere", "local, .git/config")),
    ];
    let plan = planned(&found, &Selection { only: vec!["git:*".to_owned()], prune: true, ..Selection::default() });
    let why = |id: &str| &plan.unmet.iter().find(|unmet| unmet.finding.to_string() == id).unwrap().why;
    assert!(why("git:r/core.bare").starts_with("git itself writes core.bare"));
    assert!(why("git:r/alias.y").starts_with("alias.y comes from the environment"));
    let deeds: Vec<(String, bool)> = plan.steps.iter().map(|step| (step.work.deed(), step.root)).collect();
    let deed = |deed: &str, root| (deed.to_owned(), root);
    assert_eq!(
        deeds,
        [
            deed("git -C ~/src/r config core.hooksPath .githooks", false),
            deed("git config --file /etc/gitconfig merge.conflictStyle diff3", true),
            deed("git config --file ~/.config/git/aliases --unset-all alias.x", false),
        ]
    );
}

#[test]
fn what_git_finds_about_the_filesystem_is_left_to_git() {
    let found = [("repo:r", repo()), ("git:r/core.fileMode", setting("false", "local"))];
    let environment = environment();
    let mut wanted = wanted();
    wanted.push(("git:r/core.fileMode", Some(setting("true", "local"))));
    let plan = planned_against(&environment, &wanted, &found, &Selection::default());
    let work =
        RepoWork::AsGitFinds { repo: "~/src/r".to_owned(), key: "core.fileMode".to_owned(), value: "true".to_owned() };
    assert!(plan.steps.iter().any(|step| step.work == Work::Repo(work.clone())), "{:?}", plan.steps);
}

#[test]
fn nothing_is_put_through_a_link_where_a_folder_should_be() {
    let found =
        [("dotfile:.dir", Fact::File(FileFact::Link { to: "elsewhere".to_owned(), leads_to: None, mode: None }))];
    for only in ["dotfile:.dir*", "dotfile:.dir/link"] {
        let plan = planned(&found, &Selection { only: vec![only.to_owned()], ..Selection::default() });
        assert_eq!(plan.steps, [], "{only}");
        let last = plan.unmet.last().unwrap();
        assert_eq!(last.finding.to_string(), "dotfile:.dir/link");
        assert_eq!(last.why, "its folder .dir is a link on the target; move it away");
    }
}

#[test]
fn the_specs_own_version_is_what_is_brought() {
    let subject = |policy: &str| {
        let spec = SPEC.replace("policy = \"exact\" }\napt", &format!("policy = \"{policy}\" }}\napt"));
        let environment = parse("t.toml", &spec, &Vocabulary { managers: vec!["npm", "apt"], gates: vec![] }).unwrap();
        let only = vec!["package:npm/prettier".to_owned()];
        let plan = planned_in(&environment, &[], &Selection { only, ..Selection::default() });
        plan.steps.first().map_or_else(|| plan.unmet[0].why.clone(), |step| step.subject.clone())
    };
    assert_eq!(subject("exact"), "npm package prettier@3.3.3");
    assert_eq!(subject("3.0.0"), "npm package prettier@3.0.0");
    assert_eq!(subject(">=3, <4"), "npm package prettier@3.3.3");
    assert!(subject(">=4").starts_with("the spec asks for >=4, and the reference's is 3.3.3"), "{}", subject(">=4"));
}

#[test]
fn a_package_that_two_findings_ask_for_is_brought_once() {
    let only = vec!["tool:claude".to_owned(), "*claude-code".to_owned()];
    let plan = planned(&[], &Selection { only, ..Selection::default() });
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(plan.steps[0].findings.len(), 2);
}

#[test]
fn hooks_in_another_folder_do_not_come_with_hooks_path() {
    let plan = planned(&[("repo:r", repo())], &Selection::default());
    let step = plan.steps.iter().find(|step| step.subject.starts_with("core.hooksPath")).unwrap();
    assert!(step.findings.iter().any(|id| id.category == Category::Hook));
    let elsewhere = planned(
        &[("repo:r", repo()), ("git:r/core.hooksPath", setting(".githooks", "local"))],
        &Selection { only: vec!["hook".to_owned()], ..Selection::default() },
    );
    // The file itself may differ: the two machines are asked before the plan is shown.
    let drafts: Vec<&str> = elsewhere.steps.iter().map(|step| step.subject.as_str()).collect();
    assert_eq!(drafts, ["~/src/r/.githooks/pre-commit"]);
    assert_eq!(elsewhere.unmet, []);
}
