//! The comparison, on values alone: what each pair of lock entry and fact amounts to.

mod links;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{findings, unobserved};
use crate::parity::{Change, Finding, State};
use crate::spec::{
    Behaviour, Category, Digest, Environment, Fact, Facts, FileFact, GateFact, ItemId, LeadsTo, Listed, Listing, Lock,
    Locked, Machine, Mode, Observed, VersionFact, Vocabulary, Why, built_in_checks, parse,
};

fn environment(body: &str) -> Environment {
    let text = format!("name = \"t\"\n[targets.vm]\nkind = \"local\"\n{body}");
    parse("t.toml", &text, &Vocabulary { managers: vec!["npm", "apt"], gates: vec!["eslint", "ruff"] }).unwrap()
}

fn lock(items: &[(&str, Locked)], listed: &[&str]) -> Lock {
    Lock {
        environment: "t".to_owned(),
        reference: Machine::default(),
        items: items.iter().map(|(id, locked)| (id.parse().unwrap(), locked.clone())).collect(),
        listed: listed.iter().map(|listing| (*listing).to_owned()).collect::<BTreeSet<_>>(),
        samples: BTreeMap::new(),
    }
}

fn facts(items: &[(&str, Observed)], listings: &[(Listing, Listed)]) -> Facts {
    let items: BTreeMap<ItemId, Observed> =
        items.iter().map(|(id, observed)| (id.parse().unwrap(), observed.clone())).collect();
    let machine = Machine { os: Some("linux".to_owned()), ..Machine::default() };
    Facts { machine, items, listings: listings.iter().cloned().collect(), ..Facts::default() }
}

fn locked(version: &str) -> Locked {
    Locked::Present(Fact::version(version))
}

fn seen(version: &str) -> Observed {
    Observed::Present(Fact::version(version))
}

fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn judge_tool(policy: &str, want: Option<Locked>, got: Observed) -> Finding {
    let environment = environment(&format!("[tools]\nx = \"{policy}\"\n"));
    let items: Vec<_> = want.into_iter().map(|want| ("tool:x", want)).collect();
    let lock = lock(&items, &[]);
    findings(&environment, Some(&lock), "vm", &facts(&[("tool:x", got)], &[]), now()).remove(0)
}

#[test]
fn versions_by_policy() {
    let table = [
        ("exact", "22.11.0", "22.11.0", true),
        ("exact", "22.11.0", "22.11.1", false),
        ("exact", "2.5.1p57", "2.5.1p58", false),
        ("minor", "22.11.0", "22.11.9", true),
        ("minor", "22.11.0", "22.12.0", false),
        ("minor", "22.11.0", "23.11.0", false),
        ("major", "22.11.0", "22.0.1", true),
        ("major", "22.11.0", "20.11.0", false),
        ("present", "22.11.0", "1.0", true),
        (">=20, <23", "1.0", "22.11.0", true),
        (">=20, <23", "22.11.0", "23.0.0", false),
        ("20.10.0", "22.11.0", "20.10.0", true),
        ("20.10.0", "22.11.0", "22.11.0", false),
    ];
    for (policy, want, got, matches) in table {
        let finding = judge_tool(policy, Some(locked(want)), seen(got));
        let expected = if matches { State::Match } else { State::Drift(Change::Changed) };
        assert_eq!(finding.state, expected, "{policy}: {want} and {got}: {}", finding.reason);
    }
}

#[test]
fn absence_is_a_fact_on_either_side() {
    let missing = judge_tool("exact", Some(locked("1.0")), Observed::Absent);
    assert_eq!(missing.state, State::Drift(Change::Missing));
    assert_eq!((missing.want().as_deref(), missing.got()), (Some("1.0"), None));
    let extra = judge_tool("exact", Some(Locked::Absent), seen("1.0"));
    assert_eq!(extra.state, State::Drift(Change::Extra));
    assert_eq!((extra.want(), extra.got().as_deref()), (None, Some("1.0")));
    assert_eq!(judge_tool("exact", Some(Locked::Absent), Observed::Absent).state, State::Match);
    assert_eq!(judge_tool(">=1", Some(Locked::Absent), Observed::Absent).state, State::Drift(Change::Missing));
    assert_eq!(judge_tool("1.0", Some(Locked::Absent), Observed::Absent).state, State::Drift(Change::Missing));
}

#[test]
fn another_product_under_the_same_name_is_drift_whatever_the_version() {
    let podman = VersionFact { version: "4.3.1".to_owned(), product: Some("podman".to_owned()), path: None };
    let finding = judge_tool("present", Some(locked("4.3.1")), Observed::Present(Fact::Version(podman)));
    assert_eq!(finding.state, State::Drift(Change::Changed));
    assert_eq!(finding.got().as_deref(), Some("podman 4.3.1"));
}

#[test]
fn what_the_lock_does_not_say_is_unknown_but_shown() {
    let finding = judge_tool("exact", None, seen("1.0"));
    assert_eq!(finding.state, State::Unknown);
    assert_eq!((finding.want(), finding.got().as_deref()), (None, Some("1.0")));
    for policy in ["1.0", ">=1"] {
        let finding = judge_tool(policy, None, seen("1.0"));
        assert_eq!((finding.state.clone(), finding.want()), (State::Unknown, None), "{policy}");
    }
    let without =
        findings(&environment("[tools]\nx = \"exact\"\n"), None, "vm", &facts(&[("tool:x", seen("1"))], &[]), now());
    assert_eq!(without[0].reason, "there is no lock to compare with; run `trueup capture`");
}

#[test]
fn an_unknown_is_never_a_match_and_never_waived() {
    let body = "[tools]\nx = \"exact\"\n[[waivers]]\nfinding = \"tool:x\"\nbecause = \"b\"\nany = true\n";
    let lock = lock(&[("tool:x", locked("1"))], &[]);
    let unknown = facts(&[("tool:x", Observed::Unknown(Why::NoAnswer))], &[]);
    assert_eq!(findings(&environment(body), Some(&lock), "vm", &unknown, now())[0].state, State::Unknown);
    let unasked = findings(&environment(body), Some(&lock), "vm", &facts(&[], &[]), now());
    assert_eq!(unasked[0].state, State::Unknown);
    let waived = findings(&environment(body), Some(&lock), "vm", &facts(&[("tool:x", seen("2"))], &[]), now());
    assert!(matches!(waived[0].state, State::Waived(Change::Changed, _)));
}

#[test]
fn a_waiver_that_no_longer_holds_says_so() {
    let body =
        |rest: &str| format!("[tools]\nx = \"exact\"\n[[waivers]]\nfinding = \"tool:x\"\nbecause = \"b\"\n{rest}\n");
    let lock = lock(&[("tool:x", locked("1"))], &[]);
    let judged = |rest: &str| {
        findings(&environment(&body(rest)), Some(&lock), "vm", &facts(&[("tool:x", seen("2"))], &[]), now()).remove(0)
    };
    assert!(matches!(judged("got = \"2\"").state, State::Waived(..)));
    assert!(judged("got = \"3\"").reason.ends_with("its waiver was made for another value"));
    assert!(judged("any = true\nuntil = 2026-05-31").reason.ends_with("its waiver has expired"));
    assert!(matches!(judged("any = true\nuntil = 2026-06-01").state, State::Waived(..)));
}

#[test]
fn an_item_is_held_only_on_its_systems() {
    let environment = environment("[tools]\nx = { policy = \"exact\", only = [\"macos\"] }\n");
    assert_eq!(findings(&environment, None, "vm", &facts(&[], &[]), now()), []);
    // A machine that did not say what it is may be one of them.
    let nameless = Facts { machine: Machine::default(), ..facts(&[], &[]) };
    assert_eq!(findings(&environment, None, "vm", &nameless, now()).len(), 1);
}

fn hook(content: &str, runs: bool) -> Fact {
    let does = if runs { "runs" } else { "is not executable, so git skips it" };
    let mut fact = GateFact::new(does);
    fact.leaf(".git/hooks/x", Digest::of(content.as_bytes()).as_str());
    fact.weak = (!runs).then(|| "it is not executable, so git skips it".to_owned());
    Fact::Gate(fact)
}

fn hooks() -> Listing {
    Listing::below(Category::Hook, "r/")
}

#[test]
fn hooks_are_an_open_set() {
    let environment = environment("[repos.r]\npath = \"r\"\n");
    let lock = lock(
        &[
            ("hook:r/pre-commit", Locked::Present(hook("a", true))),
            ("hook:r/commit-msg", Locked::Present(hook("a", true))),
            ("hook:r/pre-push", Locked::Present(hook("a", false))),
        ],
        &["hook:r/"],
    );
    let found = facts(
        &[
            ("hook:r/pre-commit", Observed::Present(hook("a", false))),
            ("hook:r/post-merge", Observed::Present(hook("b", true))),
            ("hook:r/pre-push", Observed::Present(hook("a", false))),
        ],
        &[(hooks(), Listed::InFull)],
    );
    let by_id: BTreeMap<String, Finding> = findings(&environment, Some(&lock), "vm", &found, now())
        .into_iter()
        .map(|finding| (finding.id.to_string(), finding))
        .collect();
    assert_eq!(by_id["hook:r/commit-msg"].state, State::Drift(Change::Missing));
    assert_eq!(by_id["hook:r/post-merge"].state, State::Drift(Change::Extra));
    assert_eq!(
        by_id["hook:r/pre-commit"].reason,
        "on vm it is not executable, so git skips it; on the reference it runs"
    );
    // A weakness that the reference shares is a match, and named.
    assert_eq!(by_id["hook:r/pre-push"].state, State::Match);
    assert_eq!(by_id["hook:r/pre-push"].warning.as_deref(), Some("it is not executable, so git skips it"));
}

#[test]
fn a_set_that_could_not_be_listed_is_unknown_as_a_whole() {
    let environment = environment("[repos.r]\npath = \"r\"\n");
    let unlisted = facts(&[], &[(hooks(), Listed::Unknown(Why::NoAnswer))]);
    let ids = |lock: &Lock| {
        findings(&environment, Some(lock), "vm", &unlisted, now())
            .into_iter()
            .filter(|finding| finding.id.category == Category::Hook && finding.id.name != "home")
            .map(|finding| (finding.id.to_string(), finding.state))
            .collect::<Vec<_>>()
    };
    let empty = lock(&[], &["hook:r/"]);
    assert_eq!(ids(&empty), [("hook:r".to_owned(), State::Unknown)]);
    let one = lock(&[("hook:r/pre-commit", Locked::Present(hook("a", true)))], &["hook:r/"]);
    assert_eq!(ids(&one), [("hook:r/pre-commit".to_owned(), State::Unknown)]);
}

#[test]
fn a_set_that_the_reference_was_never_asked_about_is_unknown_not_extra() {
    let environment = environment("[repos.r]\npath = \"r\"\n");
    let found = facts(&[("hook:r/pre-commit", Observed::Present(hook("a", true)))], &[(hooks(), Listed::InFull)]);
    let hook = |lock: &Lock| {
        let findings = findings(&environment, Some(lock), "vm", &found, now());
        findings.into_iter().find(|finding| finding.id.to_string() == "hook:r/pre-commit").unwrap().state
    };
    assert_eq!(hook(&lock(&[], &[])), State::Unknown);
    assert_eq!(hook(&lock(&[], &["hook:r/"])), State::Drift(Change::Extra));
}

#[test]
fn files_say_in_which_way_they_differ() {
    let environment = environment("[dotfiles]\nfiles = [\".a\"]\n");
    let file =
        |mode, content: &str| Fact::File(FileFact::File { mode: Mode(mode), digest: Digest::of(content.as_bytes()) });
    let reason = |want: Fact, got: Fact| {
        let lock = lock(&[("dotfile:.a", Locked::Present(want))], &[]);
        let listing = (Listing::below_path(".a"), Listed::InFull);
        let facts = facts(&[("dotfile:.a", Observed::Present(got))], &[listing]);
        findings(&environment, Some(&lock), "vm", &facts, now()).remove(0).reason
    };
    assert_eq!(reason(file(0o644, "x"), file(0o644, "x")), "as on the reference");
    assert_eq!(reason(file(0o644, "x"), file(0o644, "y")), "its content differs");
    assert_eq!(reason(file(0o644, "x"), file(0o600, "x")), "its mode is 0600, 0644 on the reference");
    let link = |leads_to| Fact::File(FileFact::Link { to: "b".to_owned(), leads_to, mode: None });
    assert_eq!(
        reason(link(None), Fact::File(FileFact::Other { special: None })),
        "it is neither file, folder nor link, the reference has link to b"
    );
    let to = |content: &str| link(Some(LeadsTo::File(Digest::of(content.as_bytes()))));
    assert_eq!(reason(to("x"), to("x")), "as on the reference");
    assert_eq!(reason(to("x"), to("y")), "it leads to other content");
    let (folder, nowhere) = (link(Some(LeadsTo::Folder)), link(Some(LeadsTo::Nowhere)));
    assert_eq!(reason(to("x"), nowhere.clone()), "it leads nowhere, on the reference it does not");
    assert_eq!(reason(nowhere, to("x")), "it leads somewhere, on the reference it leads nowhere");
    assert_eq!(reason(folder, to("x")), "it leads to a file, on the reference to a folder");
    assert_eq!(reason(link(None), to("x")), "the lock does not say what it leads to; run `trueup capture`");
}

#[test]
fn a_machine_that_was_not_reached_is_unknown_in_everything() {
    let environment = environment("[tools]\nx = \"exact\"\ny = \">=1\"\n[repos.r]\npath = \"r\"\n");
    let lock = lock(&[("tool:x", locked("1")), ("hook:r/pre-commit", Locked::Present(hook("a", true)))], &["hook:r/"]);
    let why = Why::Unreachable("cannot connect".to_owned());
    let findings = unobserved(&environment, Some(&lock), &why);
    let ids: Vec<String> = findings.iter().map(|finding| finding.id.to_string()).collect();
    assert_eq!(ids, ["tool:x", "tool:y", "git:r", "repo:r", "pin:r", "hook:home", "hook:r/pre-commit", "gate:r"]);
    assert!(findings.iter().all(|finding| finding.state == State::Unknown && finding.got().is_none()));
}

#[test]
fn a_set_of_which_only_a_part_was_seen_is_unknown_beside_that_part() {
    let environment = environment("[repos.r]\npath = \"r\"\n");
    let lock = lock(&[("hook:r/pre-commit", Locked::Present(hook("a", true)))], &["hook:r/"]);
    let seen = ("hook:r/pre-commit", Observed::Present(hook("a", true)));
    let partly = facts(&[seen], &[(hooks(), Listed::Unknown(Why::NoAnswer))]);
    let states: Vec<(String, State)> = findings(&environment, Some(&lock), "vm", &partly, now())
        .into_iter()
        .filter(|finding| finding.id.category == Category::Hook && finding.id.name != "home")
        .map(|finding| (finding.id.to_string(), finding.state))
        .collect();
    assert_eq!(states, [("hook:r".to_owned(), State::Unknown), ("hook:r/pre-commit".to_owned(), State::Match)]);
}

#[test]
fn a_set_that_was_not_captured_is_unknown_even_where_nothing_is_in_it() {
    for spec in ["[dotfiles]\nfiles = [\".new/**\"]\n", "[packages]\nnpm = { names = \"all\" }\n"] {
        let environment = environment(spec);
        let (listing, _) = environment.scope().listings.remove(0);
        let listings = [(listing.clone(), Listed::InFull)];
        let facts = facts(&[], &listings);
        let judged = |lock: Option<&Lock>| findings(&environment, lock, "vm", &facts, now());
        let old = lock(&[], &[]);
        let found = judged(Some(&old)).into_iter().find(|finding| finding.id == listing.id()).unwrap();
        assert_eq!(found.state, State::Unknown);
        assert_eq!(found.reason, "the lock does not have it yet; run `trueup capture`");
        assert!(judged(None).iter().any(|finding| finding.state == State::Unknown));
        let captured = lock(&[], &[&listing.to_string()]);
        assert!(judged(Some(&captured)).is_empty());
    }
}

#[test]
fn gates_and_checks_that_the_spec_chooses_are_held_and_no_others() {
    let mut environment = environment("[repos.r]\npath = \"r\"\ngates = [\"eslint\"]\nchecks = [\"large-file\"]\n");
    environment.checks = built_in_checks().unwrap();
    environment.behaviour = Behaviour::Chosen;
    let of_both = [Category::Gate, Category::Check].map(|category| (Listing::below(category, "r/"), Listed::InFull));
    let facts = facts(&[("gate:r/eslint", Observed::Present(hook("a", true)))], &of_both);
    let states = |lock: &Lock| -> Vec<(String, State, String)> {
        let judged = findings(&environment, Some(lock), "vm", &facts, now()).into_iter();
        let chosen = judged.filter(|finding| matches!(finding.id.category, Category::Gate | Category::Check));
        chosen.map(|finding| (finding.id.to_string(), finding.state, finding.reason)).collect()
    };
    let present = |body: &str| Locked::Present(hook(body, true));
    let all = lock(
        &[
            ("gate:r/eslint", present("a")),
            ("gate:r/ruff", present("a")),
            ("check:r/large-file", present("a")),
            ("check:r/large-file@worktree", present("a")),
            ("check:r/secret", present("a")),
        ],
        &["gate:r/", "check:r/"],
    );
    let not_there = "it is not there, the reference has it".to_owned();
    let missing = |id: &str| (id.to_owned(), State::Drift(Change::Missing), not_there.clone());
    let eslint = ("gate:r/eslint".to_owned(), State::Match, "as on the reference".to_owned());
    let expected = [missing("check:r/large-file"), missing("check:r/large-file@worktree"), eslint];
    let mut got = states(&all);
    got.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(got, expected);
    // What has been chosen since the last capture is unknown, and not what nobody tries.
    let of_others = lock(&[("gate:r/ruff", present("a"))], &[]);
    assert!(states(&of_others).iter().all(|(_, state, _)| *state == State::Unknown));
    assert_eq!(states(&of_others).len(), 3);
    assert!(states(&of_others)[0].2.contains("the lock does not have it yet"), "{:?}", states(&of_others));
}

#[test]
fn an_expired_waiver_beside_a_live_one_is_not_told() {
    let waiver = |rest: &str| format!("[[waivers]]\nfinding = \"tool:x\"\nbecause = \"b\"\n{rest}\n");
    let judged = |waivers: &str| {
        let environment = environment(&format!("[tools]\nx = \"exact\"\n{waivers}"));
        let lock = lock(&[("tool:x", locked("1"))], &[]);
        findings(&environment, Some(&lock), "vm", &facts(&[("tool:x", seen("2"))], &[]), now()).remove(0)
    };
    let (expired, live) = (waiver("until = 2026-01-01\nany = true"), waiver("any = true"));
    let finding = judged(&format!("{expired}{live}"));
    assert_eq!((finding.state.word(), finding.reason.as_str()), ("waived", "it is 2, the reference has 1"));
    assert!(judged(&expired).reason.ends_with("; its waiver has expired"));
    let other = judged(&format!("{expired}{}", waiver("got = \"3\"")));
    assert_eq!(other.reason, "it is 2, the reference has 1; its waiver was made for another value");
}

mod pins {
    use super::*;
    use crate::spec::pin::{Holds, PinFact, Pinned};

    fn pin(wants: &str, got: Option<&str>, holds: Holds) -> Fact {
        let pinned = vec![Pinned { wants: wants.to_owned(), file: ".nvmrc".to_owned(), line: 1 }];
        let because = (holds != Holds::Kept).then(|| format!("it has {got:?}"));
        Fact::Pin(PinFact { pinned, holds, got: got.map(str::to_owned), because, path: None })
    }

    fn judged(want: Fact, got: Fact) -> Finding {
        let environment = environment("[repos.r]\npath = \"r\"\n");
        let lock = lock(&[("pin:r/node", Locked::Present(want))], &["pin:r/"]);
        let facts = facts(&[("pin:r/node", Observed::Present(got))], &[]);
        let mut findings = findings(&environment, Some(&lock), "vm", &facts, now()).into_iter();
        findings.find(|finding| finding.id.to_string() == "pin:r/node").unwrap()
    }

    #[test]
    fn what_the_reference_keeps_a_machine_must_keep_too() {
        let (drift, fine) = (State::Drift(Change::Changed), State::Match);
        let (kept, broken, unchecked) = (Holds::Kept, Holds::Broken, Holds::Unchecked);
        for (want, got, expected) in [
            (pin(">=20", Some("22.1.0"), kept), pin(">=20", Some("20.0.0"), kept), &fine),
            (pin("22", Some("22.1.0"), kept), pin("22", Some("20.0.0"), broken), &drift),
            (pin("22", Some("22.1.0"), kept), pin("22", None, broken), &drift),
            (pin("22", Some("20.0.0"), broken), pin("22", Some("18.0.0"), broken), &fine),
            (pin("22", Some("20.0.0"), broken), pin("22", None, broken), &drift),
            (pin("22", None, broken), pin("22", None, broken), &fine),
            (pin("22", None, broken), pin("22", Some("22.1.0"), kept), &fine),
            (pin("lts/*", Some("22.1.0"), unchecked), pin("lts/*", Some("20.0.0"), unchecked), &drift),
            (pin("lts/*", Some("22.1.0"), unchecked), pin("lts/*", Some("22.1.0"), unchecked), &fine),
            (pin("lts/*", None, unchecked), pin("lts/*", Some("22.1.0"), unchecked), &fine),
            (pin("lts/*", Some("22.1.0"), unchecked), pin("lts/*", None, unchecked), &drift),
            (pin("t-21", Some("21"), kept), pin("t-21", Some("21"), unchecked), &drift),
            (pin("22", Some("22.1.0"), kept), pin("20", Some("20.0.0"), kept), &drift),
        ] {
            let finding = judged(want.clone(), got.clone());
            assert_eq!(finding.state, *expected, "{want:?} {got:?}: {}", finding.reason);
            let is_weak = finding.state == State::Match && got.weakness().is_some();
            assert_eq!(finding.warning.is_some(), is_weak, "{want:?} {got:?}");
        }
    }

    #[test]
    fn what_is_not_decided_on_either_is_held_by_what_both_tell() {
        let told = |version| pin("lts/*", Some(version), Holds::Unchecked);
        let finding = judged(told("22.11.0"), told("12.0.0"));
        assert_eq!(
            finding.reason,
            "pinned to lts/*, which is not decided here; it has 12.0.0, the reference has 22.11.0"
        );
        assert_eq!(finding.got().as_deref(), Some("lts/* (has 12.0.0)"));
        assert_eq!(finding.want().as_deref(), Some("lts/* (has 22.11.0)"));
    }

    #[test]
    fn a_pin_reads_back_from_the_lock_as_it_was_written() {
        let lock = lock(&[("pin:r/node", Locked::Present(pin(">=20 in 1:2", None, Holds::Broken)))], &["pin:r/"]);
        assert_eq!(Lock::parse("x", &lock.to_text()).unwrap(), lock);
        assert!(lock.to_text().contains("pinned = [\">=20 in 1:2 in .nvmrc:1\"]"), "{}", lock.to_text());
        assert!(Lock::parse("x", &lock.to_text().replace(" in ", " at ")).is_err());
    }
}
