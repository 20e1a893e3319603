//! What a waiver changes in a spec, and above all what it leaves alone.

use proptest::prelude::*;

use super::{Entry, until, waive};
use crate::observe::vocabulary;
use crate::spec::{Covers, Environment, Waiver, parse};

fn waiver(finding: &str, targets: &[&str]) -> Waiver {
    Waiver {
        finding: finding.parse().unwrap(),
        targets: targets.iter().map(|name| (*name).to_owned()).collect(),
        because: "BSD sed on the reference".to_owned(),
        until: Some(jiff::civil::date(2027, 3, 1)),
        covers: Covers::Got(Some("4.8".to_owned())),
    }
}

fn read(text: &str) -> Environment {
    parse("x", text, &vocabulary()).unwrap_or_else(|problems| panic!("{:?} in\n{text}", problems.problems))
}

const TARGETS: &str = "name = \"a\"\n[targets.vm]\nkind = \"local\"\n[targets.mini]\nkind = \"local\"\n";

#[test]
fn a_first_waiver_is_put_at_the_end() {
    let text = waive("name = \"a\"  # mine\n\n[tools]\nsed = \"exact\"", &waiver("tool:sed", &["vm"])).unwrap();
    insta::assert_snapshot!(text, @r#"
    name = "a"  # mine

    [tools]
    sed = "exact"

    [[waivers]]
    finding = "tool:sed"
    targets = ["vm"]
    because = "BSD sed on the reference"
    until = 2027-03-01
    got = "4.8"
    "#);
}

#[test]
fn a_further_waiver_follows_the_last_one_wherever_that_is() {
    let text = format!(
        "{TARGETS}[[waivers]]\nfinding = \"tool:a\" # why not\nbecause = \"x\" # so\n\n# the gate\n[gate]\nmax_age = \"1h\"\n"
    );
    let new = waive(&text, &waiver("tool:sed", &["vm"])).unwrap();
    assert!(new.contains("because = \"x\" # so\n\n[[waivers]]\nfinding = \"tool:sed\"\n"), "{new}");
    assert!(new.ends_with("got = \"4.8\"\n\n# the gate\n[gate]\nmax_age = \"1h\"\n"), "{new}");
    assert_eq!(read(&new).waivers[1], waiver("tool:sed", &["vm"]));
}

#[test]
fn waiving_again_brings_the_entry_up_to_date_and_touches_nothing_else() {
    let text = format!(
        "{TARGETS}[[waivers]]\n  # sed of BSD\n  finding = \"tool:sed\"\n  because   = 'old' # why\n  targets = [ \"vm\" ] # one\n  any = true\n\n\
         [gate]\nwarn = []\n"
    );
    let new = waive(&text, &waiver("tool:sed", &["vm"])).unwrap();
    let expected = format!(
        "{TARGETS}[[waivers]]\n  # sed of BSD\n  finding = \"tool:sed\"\n  because   = \"BSD sed on the reference\" # why\n  \
         targets = [ \"vm\" ] # one\n  until = 2027-03-01\n  got = \"4.8\"\n\n[gate]\nwarn = []\n"
    );
    assert_eq!(new, expected);
    assert_eq!(read(&new).waivers, [waiver("tool:sed", &["vm"])]);
}

#[test]
fn an_entry_for_other_targets_stays() {
    let text = waive(TARGETS, &waiver("tool:sed", &["mini"])).unwrap();
    let new = waive(&text, &waiver("tool:sed", &["vm"])).unwrap();
    assert_eq!(read(&new).waivers, [waiver("tool:sed", &["mini"]), waiver("tool:sed", &["vm"])]);
    // One for both takes the place of one for some of them.
    let both = waive(&text, &waiver("tool:sed", &["mini", "vm"])).unwrap();
    assert_eq!(read(&both).waivers, [waiver("tool:sed", &["mini", "vm"])]);
}

#[test]
fn a_list_of_inline_tables_is_understood() {
    for (list, count) in [
        ("waivers = []\n", 1),
        ("waivers = [{ finding = \"tool:a\", because = \"x\" }]\n", 2),
        ("waivers = [\n  { finding = \"tool:a\", because = \"x\" }, # one\n]\n", 2),
        ("waivers = [{ finding = \"tool:sed\", targets = \"vm\", because = \"x\" }]\n", 1),
    ] {
        let new = waive(&format!("{list}{TARGETS}"), &waiver("tool:sed", &["vm"])).unwrap();
        let waivers = read(&new).waivers;
        assert_eq!((waivers.len(), waivers.last()), (count, Some(&waiver("tool:sed", &["vm"]))), "{new}");
    }
    assert!(waive("waivers = 3", &waiver("tool:sed", &[])).is_err());
}

#[test]
fn line_ends_of_another_system_stay() {
    let text = TARGETS.replace('\n', "\r\n");
    let new = waive(&text, &waiver("tool:sed", &["vm"])).unwrap();
    assert!(new.starts_with(&text) && !new.replace("\r\n", "").contains('\n'), "{new:?}");
    assert_eq!(waive(&new, &waiver("tool:sed", &["vm"])).unwrap(), new);
}

/// Pieces of a spec in the ways in which people write them.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("# a comment\n".to_owned()),
        Just("\n".to_owned()),
        Just("   \n\t# indented\n".to_owned()),
        Just("[shell] # how\nlogin   =   true\n".to_owned()),
        Just("[tools]\nnode=\"exact\"   # pinned\n'git' = { policy = \"minor\" }\n".to_owned()),
        Just("[dotfiles]\nfiles = [\n  \".zshrc\", # mine\n\n  \".gitconfig\",\n]\n".to_owned()),
        Just("[gate]\nmax_age = '1h'\n".to_owned()),
        "[a-z]{1,5}".prop_map(|name| format!("[repos.{name}]\npath = \"~/{name}\"\n")),
        ("[a-z]{1,5}", any::<bool>()).prop_map(|(name, known)| {
            let finding = if known { "tool:sed".to_owned() } else { format!("tool:x{name}") };
            format!("[[waivers]]\nbecause = '''{name}'''\nfinding = \"{finding}\" # {name}\ntargets = [\"vm\"]\n")
        }),
    ]
}

proptest! {
    #[test]
    fn nothing_but_the_entry_changes(
        pieces in proptest::collection::vec(piece(), 0..8),
        because in "[!-~][ -~é\"'\\\\\n]{0,20}",
        got in proptest::option::of("[ -~\"'\\\\]{0,12}"),
        any in any::<bool>(),
    ) {
        let text = format!("{TARGETS}{}", pieces.concat());
        // A table that is there twice is no TOML.
        prop_assume!(parse("x", &text, &vocabulary()).is_ok());
        let covers = if any { Covers::Any } else { Covers::Got(got) };
        let waiver = Waiver { because, covers, ..waiver("tool:sed", &["vm"]) };
        let new = waive(&text, &waiver).unwrap();
        let (before, after) = (read(&text), read(&new));
        let place = before.waivers.iter().position(|old| old.finding == waiver.finding);
        let mut expected = before.clone();
        match place {
            Some(place) => expected.waivers[place] = waiver.clone(),
            None => expected.waivers.push(waiver.clone()),
        }
        prop_assert_eq!(&after, &expected);
        prop_assert_eq!(&waive(&new, &waiver).unwrap(), &new);
        // Every line of the old text is still there, in its order, but for reasons that were replaced.
        let mut lines = new.lines();
        let kept = text.lines().filter(|line| place.is_none() || !line.starts_with("because"));
        for line in kept {
            prop_assert!(lines.any(|new| new == line), "{line:?} of\n{text}\nin\n{new}");
        }
    }
}

#[test]
fn a_comment_in_a_list_stays_at_its_entry() {
    let old = "{ finding = \"tool:rg\", because = \"x\", any = true }";
    for (list, wanted) in [
        ("waivers = [\n  OLD # mine\n]\n", "waivers = [\n  OLD, # mine\n  NEW\n]\n"),
        ("waivers = [\n  OLD, # mine\n]\n", "waivers = [\n  OLD, # mine\n  NEW,\n]\n"),
        ("waivers = [OLD # mine\n]\n", "waivers = [OLD, # mine\n  NEW\n]\n"),
    ] {
        let list = list.replace("OLD", old);
        let new = waive(&format!("{list}{TARGETS}"), &waiver("tool:sed", &["vm"])).unwrap();
        let entry = Entry::of(&waiver("tool:sed", &["vm"])).inline();
        assert_eq!(new, format!("{}{TARGETS}", wanted.replace("OLD", old).replace("NEW", &entry)));
        assert_eq!(read(&new).waivers.len(), 2);
    }
}

#[test]
fn the_last_day_of_the_entry_is_known() {
    for list in [
        "waivers = [{ finding = \"tool:sed\", because = \"x\", until = 2027-03-01 }]\n",
        "[[waivers]]\nfinding = \"tool:sed\"\nbecause = \"x\"\nuntil = \"2027-03-01\"\n",
    ] {
        assert_eq!(until(list, &waiver("tool:sed", &[])).as_deref(), Some("2027-03-01"));
        assert_eq!(until(list, &waiver("tool:rg", &[])), None);
    }
}
