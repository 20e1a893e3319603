//! Links and special files: what is compared of them, what a lock of before cannot know, and what is said of folders.

use super::{environment, facts, lock, now};
use crate::parity::compare::findings;
use crate::parity::{Finding, State};
use crate::spec::{Digest, Fact, FileFact, LeadsTo, Listed, Locked, Mode, Observed, Special};

/// The finding about `.a`, where the spec has these dotfiles.
fn judged(dotfiles: &str, want: Fact, got: Fact) -> Finding {
    let environment = environment(&format!("[dotfiles]\n{dotfiles}\n"));
    let listed = |listing| (listing, Listed::InFull);
    let listings: Vec<_> = environment.scope().listings.into_iter().map(|(listing, _)| listed(listing)).collect();
    let captured: Vec<String> = listings.iter().map(|(listing, _)| listing.to_string()).collect();
    let captured: Vec<&str> = captured.iter().map(String::as_str).collect();
    let lock = lock(&[("dotfile:.a", Locked::Present(want))], &captured);
    let facts = facts(&[("dotfile:.a", Observed::Present(got))], &listings);
    let mut findings = findings(&environment, Some(&lock), "vm", &facts, now());
    findings.retain(|finding| finding.id.name == ".a");
    findings.remove(0)
}

fn reason(want: Fact, got: Fact) -> String {
    judged("files = [\".a\"]", want, got).reason
}

fn link(leads_to: LeadsTo, mode: Option<u16>) -> Fact {
    Fact::File(FileFact::Link { to: "b".to_owned(), leads_to: Some(leads_to), mode: mode.map(Mode) })
}

fn to_file(content: &str, mode: Option<u16>) -> Fact {
    link(LeadsTo::File(Digest::of(content.as_bytes())), mode)
}

fn other(special: Option<Special>) -> Fact {
    Fact::File(FileFact::Other { special })
}

#[test]
fn the_mode_of_what_a_link_leads_to_counts() {
    let usual = || to_file("x", Some(0o644));
    assert_eq!(reason(usual(), usual()), "as on the reference");
    let finding = judged("files = [\".a\"]", usual(), to_file("x", Some(0o600)));
    assert!(matches!(finding.state, State::Drift(_)));
    assert_eq!(finding.reason, "what it leads to has mode 0600, 0644 on the reference");
    assert_eq!(finding.got().unwrap(), format!("link to b, {}, 0600", Digest::of(b"x")));
    let folder = |mode| link(LeadsTo::Folder, Some(mode));
    assert_eq!(reason(folder(0o700), folder(0o755)), "what it leads to has mode 0755, 0700 on the reference");
    assert_eq!(reason(usual(), to_file("x", None)), "the mode of what it leads to was not observed");
}

#[test]
fn a_lock_of_before_compares_as_before() {
    let finding = judged("files = [\".a\"]", to_file("x", None), to_file("x", Some(0o600)));
    assert_eq!((finding.state.clone(), finding.want()), (State::Match, finding.got()));
    // What a waiver was made for is shown as it was then.
    let finding = judged("files = [\".a\"]", to_file("x", None), to_file("y", Some(0o600)));
    assert_eq!(finding.got().unwrap(), format!("link to b, {}", Digest::of(b"y")));
    for special in [Special::Socket, Special::Fifo, Special::CharacterDevice, Special::BlockDevice] {
        assert_eq!(reason(other(None), other(Some(special))), "as on the reference");
        assert_eq!(reason(link(LeadsTo::Other, None), link(LeadsTo::Special(special), None)), "as on the reference");
    }
    // A lock of today knows more.
    let fifo = || link(LeadsTo::Special(Special::Fifo), None);
    assert_eq!(
        reason(other(Some(Special::Socket)), other(Some(Special::Fifo))),
        "it is a FIFO, the reference has a socket"
    );
    assert_eq!(
        reason(link(LeadsTo::Special(Special::CharacterDevice), None), fifo()),
        "it leads to a FIFO, on the reference to a character device"
    );
    assert_eq!(reason(to_file("x", None), fifo()), "it leads to a FIFO, on the reference to a file");
}

#[test]
fn a_mode_that_the_spec_names_counts_through_a_link() {
    let named = "\".a\" = { mode = \"0600\" }";
    for captured in [None, Some(0o644), Some(0o600)] {
        let judged = |mode| judged(named, to_file("x", captured), to_file("x", Some(mode)));
        assert_eq!(judged(0o600).state, State::Match, "{captured:?}");
        assert!(matches!(judged(0o644).state, State::Drift(_)), "{captured:?}");
        assert_eq!(judged(0o644).want().unwrap(), format!("link to b, {}, 0600", Digest::of(b"x")));
    }
    let nowhere = || link(LeadsTo::Nowhere, None);
    assert_eq!(judged(named, nowhere(), nowhere()).state, State::Match);
}

#[test]
fn who_names_a_link_to_a_folder_is_told_that_it_is_not_looked_into() {
    let folder = || link(LeadsTo::Folder, Some(0o755));
    let told = |dotfiles: &str| {
        let finding = judged(dotfiles, folder(), folder());
        assert_eq!(finding.state, State::Match);
        (finding.reason, finding.warning)
    };
    let (reason, warning) = told("files = [\".a\"]");
    let warning = warning.unwrap();
    assert_eq!(warning, "a link to a folder (what lies in it is not compared: name `.a/**` for that)");
    assert_eq!(reason, format!("as on the reference; it is {warning}"));
    // Who has it looked into, or has not named it, is told nothing.
    for dotfiles in ["files = [\".a\", \".a/**\"]", "files = [\".a\", \".a/lua/*\"]", "files = [\".*\"]"] {
        assert_eq!(told(dotfiles), ("as on the reference".to_owned(), None), "{dotfiles}");
    }
    assert!(told("files = [\".a\", \".ab/**\"]").1.is_some());
    assert_eq!(judged("files = [\".a\"]", to_file("x", None), folder()).warning, None);
}

#[test]
fn who_names_a_folder_is_told_once_which_links_in_it_are_not_looked_into() {
    let told = |files: &str, links: &[(&str, &str)]| {
        let environment = environment(&format!("[dotfiles]\nfiles = [{files}]\n"));
        let link = |to: &str| {
            let leads_to = Some(LeadsTo::Folder);
            Fact::File(FileFact::Link { to: to.to_owned(), leads_to, mode: Some(Mode(0o755)) })
        };
        let folder = || Fact::File(FileFact::Folder { mode: Mode(0o755) });
        let mut there: Vec<_> =
            environment.scope().items.into_iter().map(|item| (item.id.to_string(), folder())).collect();
        there.extend(links.iter().map(|(name, to)| (format!("dotfile:{name}"), link(to))));
        let locked: Vec<_> = there.iter().map(|(id, fact)| (id.as_str(), Locked::Present(fact.clone()))).collect();
        let seen: Vec<_> = there.iter().map(|(id, fact)| (id.as_str(), Observed::Present(fact.clone()))).collect();
        let listings: Vec<_> =
            environment.scope().listings.into_iter().map(|(listing, _)| (listing, Listed::InFull)).collect();
        let captured: Vec<String> = listings.iter().map(|(listing, _)| listing.to_string()).collect();
        let lock = lock(&locked, &captured.iter().map(String::as_str).collect::<Vec<_>>());
        let findings = findings(&environment, Some(&lock), "vm", &facts(&seen, &listings), now());
        assert!(findings.iter().all(|finding| finding.state == State::Match), "{findings:#?}");
        let told: Vec<Finding> = findings.into_iter().filter(|finding| finding.warning.is_some()).collect();
        assert!(told.iter().all(|finding| finding.id.name == ".a"), "{told:#?}");
        let both = told.first().map(|finding| (finding.reason.clone(), finding.warning.clone().unwrap()));
        both.inspect(|(reason, warning)| assert_eq!(*reason, format!("as on the reference; it holds {warning}")))
            .map(|(_, warning)| warning)
    };
    let stowed = [(".a/kitty", "../.dots/kitty"), (".a/nvim", "../.dots/nvim")];
    let one = "1 link to a folder (what lies in it is not compared: name `.a/kitty/**` for that)";
    assert_eq!(told("\".a\"", &stowed[..1]).as_deref(), Some(one));
    let both = "2 links to folders (what lies in those is not compared: name `.a/kitty/**`, `.a/nvim/**` for that)";
    assert_eq!(told("\".a\"", &stowed).as_deref(), Some(both));
    assert_eq!(told("\".a\", \".a/nvim/**\"", &stowed).as_deref(), Some(one));
    let many: Vec<String> = (0..7).map(|number| format!(".a/{number}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "/srv/x")).collect();
    let many = told("\".a\"", &many).unwrap();
    assert!(many.starts_with("7 links") && many.contains("`.a/4/**` and 2 more for that"), "{many}");
    // What is compared where it really lies needs no word.
    for files in ["\".a\", \".dots\"", "\".a\", \".dots/**\"", "\".a\", \".dots/kitty\", \".dots/nvim/*.lua\""] {
        assert_eq!(told(files, &stowed), None, "{files}");
    }
    assert_eq!(told("\".a\"", &[(".a/current", "releases/1")]), None);
}
