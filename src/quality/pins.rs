//! Pins held against what the machine has: what the files of a repository ask, with what the tools told inside it.
//!
//! The files and the tools are asked by questions of their own, side by side; here their answers come together. A pin of
//! a tool that did not answer is unknown; one that cannot be decided is unchecked, with its reason.

use std::collections::BTreeMap;

use crate::spec::pin::command::command;
use crate::spec::pin::{self, Holds, Pin, PinFact, Pinned, Told, Verdict, Wants};
use crate::spec::{Category, Fact, Facts, ItemId, Observed, Repo, VersionFact, Why};

/// The tools that are asked inside any repository, by the names of pins, and the commands that answer for them.
pub const ASKED: &[(&str, &str)] = &[
    ("node", "node"),
    ("npm", "npm"),
    ("pnpm", "pnpm"),
    ("yarn", "yarn"),
    ("bun", "bun"),
    ("deno", "deno"),
    ("python", "python3"),
    ("uv", "uv"),
    ("ruby", "ruby"),
    ("java", "java"),
    ("go", "go"),
    ("rust", "rustc"),
    ("mise", "mise"),
];

/// The id under which a tool's answer inside a repository waits for its pin.
pub fn told_in(repo: &str, tool: &str) -> ItemId {
    ItemId::new(Category::Tool, format!("{tool}@{repo}"))
}

/// Turns the pins that were read, and what the tools told, into the facts `pin:<repo>/<tool>`. What the tools of other
/// folders than `repos` told stays as it is.
pub fn settle(facts: &mut Facts, repos: &[Repo]) {
    let read = std::mem::take(&mut facts.pins);
    for (repo, pins) in &read {
        let mut by_tool: BTreeMap<&str, Vec<&Pin>> = BTreeMap::new();
        for pin in pins {
            by_tool.entry(&pin.tool).or_default().push(pin);
        }
        let choices = choices(pins, |tool| told_of(facts, repo, tool));
        let mut settled = Vec::new();
        for (tool, pins) in by_tool {
            let told = told_of(facts, repo, tool);
            let os = facts.machine.os.as_deref();
            let here = |pin: &&Pin| Some(Pin { wants: chosen(pin.wants.on(os)?, told, &choices)?, ..(*pin).clone() });
            let here: Vec<Pin> = pins.iter().filter_map(here).collect();
            let here: Vec<&Pin> = here.iter().collect();
            let is_asked = ASKED.iter().any(|(asked, _)| *asked == tool);
            let observed = match told {
                None if is_asked && here.iter().any(|pin| is_decidable(pin)) => Observed::Unknown(Why::NoAnswer),
                Some(Observed::Unknown(why)) if here.iter().any(|pin| is_decidable(pin)) => {
                    Observed::Unknown(why.clone())
                }
                told => Observed::Present(Fact::Pin(fact(tool, &pins, &here, told))),
            };
            settled.push((ItemId::new(Category::Pin, format!("{repo}/{tool}")), observed));
        }
        facts.items.extend(settled);
    }
    let inside: Vec<String> = repos.iter().map(|repo| told_in(&repo.name, "").name).collect();
    facts.items.retain(|id, _| id.category != Category::Tool || !inside.iter().any(|repo| id.name.ends_with(repo)));
}

/// What a tool told inside a repository, under its own name or that of the command that answers for it.
fn told_of<'a>(facts: &'a Facts, repo: &str, tool: &str) -> Option<&'a Observed> {
    let told_by = |name: &str| facts.items.get(&told_in(repo, name));
    told_by(tool).or_else(|| told_by(command(tool)))
}

/// For each group of tools of which one will do, whether one does: kept if any does, broken if none can.
fn choices<'a>(pins: &[Pin], told: impl Fn(&str) -> Option<&'a Observed>) -> BTreeMap<String, Verdict> {
    let mut choices = BTreeMap::new();
    for pin in pins {
        let Wants::OneOf { group, or_none, wants } = &pin.wants else { continue };
        let verdict = match told(&pin.tool) {
            _ if *or_none => Verdict::Kept,
            Some(Observed::Present(Fact::Version(version))) => {
                let product = version.product.as_deref();
                pin::hold(&pin.tool, wants, Told { version: &version.version, product })
            }
            Some(Observed::Absent) => Verdict::Broken,
            _ => Verdict::Undecided("is not known".to_owned()),
        };
        let so_far = choices.entry(group.clone()).or_insert(Verdict::Broken);
        *so_far = match (&*so_far, verdict) {
            (Verdict::Kept, _) | (_, Verdict::Kept) => Verdict::Kept,
            (Verdict::Broken, verdict) => verdict,
            (undecided, _) => undecided.clone(),
        };
    }
    choices
}

/// What is asked of one tool, given what came of the others of which one will do; none where another does already, or it
/// does itself. What is not understood is said in any case.
fn chosen(wants: Wants, told: Option<&Observed>, choices: &BTreeMap<String, Verdict>) -> Option<Wants> {
    let Wants::OneOf { group, or_none, wants } = wants else { return Some(wants) };
    if let Wants::NotUnderstood(_) = *wants {
        return Some(*wants);
    }
    let is_mute = matches!(told, None | Some(Observed::Unknown(_)));
    match choices.get(&group) {
        Some(Verdict::Kept) => None,
        Some(Verdict::Undecided(_)) if !is_mute => {
            let why = format!("is one of {group}, of which one will do, and whether one does is not decided");
            Some(Wants::NotUnderstood(why))
        }
        // None does, or this is the one that did not answer. It stays one of several, which contradict nothing.
        _ => Some(Wants::OneOf { group, or_none, wants }),
    }
}

fn is_decidable(pin: &Pin) -> bool {
    !matches!(pin.wants, Wants::NotUnderstood(_))
}

/// `here` are the pins as they are asked on the machine's system; where none is, there is nothing to break.
fn fact(tool: &str, pins: &[&Pin], here: &[&Pin], told: Option<&Observed>) -> PinFact {
    let version = match told {
        Some(Observed::Present(Fact::Version(version))) => Some(version),
        _ => None,
    };
    let (holds, because) = match (pin::contradiction(tool, here), told) {
        _ if here.is_empty() => (Holds::Kept, None),
        (Some((one, other)), _) => {
            (Holds::Broken, Some(format!("{} and {} contradict each other", place(one), place(other))))
        }
        (None, Some(Observed::Absent)) => absent(here),
        (None, _) => version.map_or_else(|| unasked(tool, here), |version| held(tool, here, version)),
    };
    let pinned = pins.iter().map(|pin| Pinned { wants: pin.written.clone(), file: pin.file.clone(), line: pin.line });
    PinFact {
        pinned: pinned.collect(),
        holds,
        got: version.map(|version| Fact::Version(version.clone()).shown()),
        because,
        path: version.and_then(|version| version.path.clone()),
    }
}

fn place(pin: &Pin) -> String {
    format!("`{}` in {}:{}", pin.written, pin.file, pin.line)
}

fn absent(pins: &[&Pin]) -> (Holds, Option<String>) {
    match pins.iter().find(|pin| is_decidable(pin)) {
        Some(pin) => (Holds::Broken, Some(format!("it is not there, and {} asks for it", place(pin)))),
        None => undecided(pins, |pin| match &pin.wants {
            Wants::NotUnderstood(why) => Some(why.clone()),
            _ => None,
        }),
    }
}

fn unasked(tool: &str, pins: &[&Pin]) -> (Holds, Option<String>) {
    undecided(pins, |pin| match &pin.wants {
        Wants::NotUnderstood(why) => Some(why.clone()),
        _ => Some(format!("is compared as text alone, since trueup knows no way to ask {tool} for its version")),
    })
}

fn held(tool: &str, pins: &[&Pin], version: &VersionFact) -> (Holds, Option<String>) {
    let told = Told { version: &version.version, product: version.product.as_deref() };
    let verdict = |pin: &Pin| pin::hold(tool, &pin.wants, told);
    if let Some(pin) = pins.iter().find(|pin| verdict(pin) == Verdict::Broken) {
        let has = Fact::Version(version.clone()).shown();
        return (Holds::Broken, Some(format!("it has {has}, which breaks {}", place(pin))));
    }
    undecided(pins, |pin| match verdict(pin) {
        Verdict::Undecided(why) => Some(why),
        Verdict::Kept | Verdict::Broken => None,
    })
}

/// Unchecked because of the first pin for which `why` gives a reason; kept if there is none.
fn undecided(pins: &[&Pin], why: impl Fn(&Pin) -> Option<String>) -> (Holds, Option<String>) {
    match pins.iter().find_map(|pin| Some((pin, why(pin)?))) {
        Some((pin, why)) => {
            (Holds::Unchecked, Some(format!("whether it is kept was not checked: {} {why}", place(pin))))
        }
        None => (Holds::Kept, None),
    }
}

/// What stands for a file that is not understood as a whole: a pin of its own, under the file's name, whose wish is the
/// digest of its content.
pub fn not_understood(file: &str, digest: &str, why: &str) -> Pin {
    Pin {
        tool: file.to_owned(),
        wants: Wants::NotUnderstood(format!("is not understood: {why}")),
        written: digest.to_owned(),
        file: file.to_owned(),
        line: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Selection;

    fn shop_repo() -> Repo {
        let (gates, checks) = (Selection::Auto, Selection::Auto);
        let (name, path) = ("shop".to_owned(), "~/shop".to_owned());
        Repo { name, url: None, path, filter: None, compared: Vec::new(), gates, checks, samples: None }
    }

    fn pin(tool: &str, written: &str, file: &str) -> Pin {
        let wants = if file == "package.json" { Wants::npm(written) } else { Wants::word(tool, written) };
        Pin { tool: tool.to_owned(), wants, written: written.to_owned(), file: file.to_owned(), line: 1 }
    }

    fn settled(pins: Vec<Pin>, told: Option<Observed>) -> Observed {
        let mut facts = Facts::default();
        let tool = pins[0].tool.clone();
        facts.items.extend(told.map(|told| (told_in("shop", &tool), told)));
        facts.pins.insert("shop".to_owned(), pins);
        let shop = shop_repo();
        settle(&mut facts, &[shop]);
        assert_eq!(facts.items.len(), 1, "{facts:?}");
        facts.items.remove(&ItemId::new(Category::Pin, format!("shop/{tool}"))).unwrap()
    }

    fn node(version: &str) -> Option<Observed> {
        Some(Observed::Present(Fact::version(version)))
    }

    fn shown(pins: Vec<Pin>, told: Option<Observed>) -> (String, Option<String>) {
        match settled(pins, told) {
            Observed::Present(fact) => (fact.shown(), fact.weakness()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_pin_is_kept_broken_or_unchecked() {
        let nvmrc = |written: &str| vec![pin("node", written, ".nvmrc")];
        assert_eq!(shown(nvmrc("22.11.0"), node("22.11.0")), ("22.11.0".to_owned(), None));
        let (broken, weakness) = shown(nvmrc("22.11.0"), node("20.10.0"));
        assert_eq!(broken, "20.10.0 (pinned 22.11.0 in .nvmrc)");
        assert_eq!(weakness.unwrap(), "it has 20.10.0, which breaks `22.11.0` in .nvmrc:1");
        let (gone, weakness) = shown(nvmrc("22.11.0"), Some(Observed::Absent));
        assert_eq!(gone, "not there (pinned 22.11.0 in .nvmrc)");
        assert_eq!(weakness.unwrap(), "it is not there, and `22.11.0` in .nvmrc:1 asks for it");
        let (alias, weakness) = shown(nvmrc("lts/*"), node("20.10.0"));
        assert_eq!(alias, "lts/* (has 20.10.0)");
        let why = "whether it is kept was not checked: `lts/*` in .nvmrc:1 is an alias, and what it stands for changes";
        assert_eq!(weakness.unwrap(), why);
    }

    #[test]
    fn a_tool_that_did_not_answer_leaves_its_pin_unknown() {
        let unknown = || Some(Observed::Unknown(Why::NoAnswer));
        assert_eq!(settled(vec![pin("node", "22", ".nvmrc")], unknown()), Observed::Unknown(Why::NoAnswer));
        assert_eq!(settled(vec![pin("node", "22", ".nvmrc")], None), Observed::Unknown(Why::NoAnswer));
        assert!(matches!(settled(vec![pin("node", "lts/*", ".nvmrc")], unknown()), Observed::Present(_)));
    }

    #[test]
    fn a_tool_that_nobody_can_ask_is_compared_as_text() {
        let (text, weakness) = shown(vec![pin("elixir", "1.16.0", ".tool-versions")], None);
        assert_eq!(text, "1.16.0");
        assert!(weakness.unwrap().ends_with("since trueup knows no way to ask elixir for its version"));
    }

    #[test]
    fn a_tool_is_held_against_what_its_command_told() {
        let mut facts = Facts::default();
        facts.items.insert(told_in("shop", "rg"), node("14.1.1").unwrap());
        let pins = [("ripgrep", "14.1.1"), ("aqua:BurntSushi/ripgrep", "14.1.0"), ("cargo:fd-find", "10")];
        facts.pins.insert("shop".to_owned(), pins.map(|(tool, wants)| pin(tool, wants, "mise.toml")).to_vec());
        let shop = shop_repo();
        settle(&mut facts, &[shop]);
        let holds = |tool: &str| match &facts.items[&ItemId::new(Category::Pin, format!("shop/{tool}"))] {
            Observed::Present(Fact::Pin(pin)) => pin.holds,
            other => panic!("{other:?}"),
        };
        assert_eq!(holds("ripgrep"), Holds::Kept);
        assert_eq!(holds("aqua:BurntSushi/ripgrep"), Holds::Broken);
        assert_eq!(holds("cargo:fd-find"), Holds::Unchecked);
    }

    #[test]
    fn of_several_tools_one_will_do() {
        let of = |tool: &str, written: &str, or_none| {
            let wants = Box::new(Wants::npm(written));
            let group = "devEngines.packageManager".to_owned();
            Pin { wants: Wants::OneOf { group, or_none, wants }, ..pin(tool, written, "package.json") }
        };
        let settled = |or_none, pnpm: Option<Observed>, npm: Option<Observed>| {
            let mut facts = Facts::default();
            facts.items.extend(pnpm.map(|told| (told_in("shop", "pnpm"), told)));
            facts.items.extend(npm.map(|told| (told_in("shop", "npm"), told)));
            facts.pins.insert("shop".to_owned(), vec![of("pnpm", "9.x", or_none), of("npm", ">=10", or_none)]);
            let shop = shop_repo();
            settle(&mut facts, &[shop]);
            ["pnpm", "npm"].map(|tool| match &facts.items[&ItemId::new(Category::Pin, format!("shop/{tool}"))] {
                Observed::Present(Fact::Pin(pin)) => Some(pin.holds),
                _ => None,
            })
        };
        let has = node;
        let gone = || Some(Observed::Absent);
        let kept = [Some(Holds::Kept), Some(Holds::Kept)];
        assert_eq!(settled(false, has("9.1.0"), has("9.0.0")), kept);
        assert_eq!(settled(false, gone(), has("10.1.0")), kept);
        assert_eq!(settled(false, Some(Observed::Unknown(Why::NoAnswer)), has("10.1.0")), kept);
        assert_eq!(settled(false, has("8.0.0"), gone()), [Some(Holds::Broken), Some(Holds::Broken)]);
        assert_eq!(settled(true, has("8.0.0"), gone()), kept);
        // One that did not answer may be the one that does.
        assert_eq!(
            settled(false, Some(Observed::Unknown(Why::NoAnswer)), has("9.0.0")),
            [None, Some(Holds::Unchecked)]
        );
        assert_eq!(settled(false, None, gone()), [None, Some(Holds::Unchecked)]);
        assert_eq!(settled(false, has("strange"), gone()), [Some(Holds::Unchecked), Some(Holds::Unchecked)]);
    }

    #[test]
    fn one_of_several_that_is_not_understood_may_be_the_one_that_will_do() {
        let one_of = |pin: Pin| {
            let group = "devEngines.runtime".to_owned();
            Pin { wants: Wants::OneOf { group, or_none: false, wants: Box::new(pin.wants) }, ..pin }
        };
        let odd = Pin { wants: Wants::NotUnderstood("is odd".to_owned()), ..pin("bun", "?", "package.json") };
        let settled = |version: &str| {
            let mut facts = Facts::default();
            let told = [(told_in("shop", "node"), version), (told_in("shop", "bun"), "1.1.0")];
            facts.items.extend(told.map(|(id, version)| (id, node(version).unwrap())));
            let pins = vec![one_of(pin("node", ">=22", "package.json")), one_of(odd.clone())];
            facts.pins.insert("shop".to_owned(), pins);
            let shop = shop_repo();
            settle(&mut facts, &[shop]);
            ["node", "bun"].map(|tool| match &facts.items[&ItemId::new(Category::Pin, format!("shop/{tool}"))] {
                Observed::Present(Fact::Pin(pin)) => pin.holds,
                other => panic!("{other:?}"),
            })
        };
        assert_eq!(settled("20.1.0"), [Holds::Unchecked, Holds::Unchecked]);
        assert_eq!(settled("22.1.0"), [Holds::Kept, Holds::Unchecked]);
    }

    #[test]
    fn two_of_which_one_will_do_do_not_contradict_each_other() {
        let of = |written: &str| {
            let wants = Box::new(Wants::npm(written));
            let group = "devEngines.runtime".to_owned();
            Pin { wants: Wants::OneOf { group, or_none: false, wants }, ..pin("node", written, "package.json") }
        };
        let told = |version: &str| shown(vec![of("20.x"), of("22.x")], node(version)).1;
        assert_eq!(told("22.1.0"), None);
        assert_eq!(told("18.1.0").unwrap(), "it has 18.1.0, which breaks `20.x` in package.json:1");
    }

    /// Else it would be said that the reference does not have what it has.
    #[test]
    fn what_the_machine_has_is_kept_where_nothing_is_asked_of_it() {
        let of = |tool: &str, written: &str| {
            let wants = Box::new(Wants::npm(written));
            let group = "devEngines.packageManager".to_owned();
            Pin { wants: Wants::OneOf { group, or_none: false, wants }, ..pin(tool, written, "package.json") }
        };
        let shop = shop_repo();
        let npm = |pnpm: Observed, npm: &str| {
            let mut facts = Facts::default();
            facts.items.extend([(told_in("shop", "pnpm"), pnpm), (told_in("shop", "npm"), node(npm).unwrap())]);
            facts.pins.insert("shop".to_owned(), vec![of("pnpm", "9.x"), of("npm", ">=10")]);
            settle(&mut facts, std::slice::from_ref(&shop));
            match facts.items.remove(&ItemId::new(Category::Pin, "shop/npm")) {
                Some(Observed::Present(Fact::Pin(pin))) => pin,
                other => panic!("{other:?}"),
            }
        };
        let reference = npm(node("9.1.0").unwrap(), "8.0.0");
        assert_eq!((reference.holds, reference.got.as_deref()), (Holds::Kept, Some("8.0.0")));
        let difference = reference.difference(&npm(Observed::Absent, "9.0.0")).unwrap();
        assert_eq!(difference, "it has 9.0.0, which breaks `>=10` in package.json:1; the reference has 8.0.0");
    }

    #[test]
    fn what_is_asked_on_another_system_alone_is_no_wish_here() {
        let on = |system: &str| Pin {
            wants: Wants::On { systems: vec![system.to_owned()], wants: Box::new(Wants::word("node", "22")) },
            ..pin("node", "22", "mise.toml")
        };
        let settled = |pins: Vec<Pin>, version: &str| {
            let mut facts = Facts::default();
            facts.machine.os = Some("linux".to_owned());
            facts.items.insert(told_in("shop", "node"), node(version).unwrap());
            facts.pins.insert("shop".to_owned(), pins);
            settle(&mut facts, &[]);
            match facts.items.remove(&ItemId::new(Category::Pin, "shop/node")).unwrap() {
                Observed::Present(Fact::Pin(pin)) => pin.holds,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(settled(vec![on("macos")], "18.0.0"), Holds::Kept);
        assert_eq!(settled(vec![on("linux")], "18.0.0"), Holds::Broken);
        assert_eq!(settled(vec![on("linux")], "22.1.0"), Holds::Kept);
    }

    #[test]
    fn pins_that_contradict_each_other_are_named() {
        let pins = vec![pin("node", "20", ".nvmrc"), pin("node", ">=22", "package.json")];
        let (text, weakness) = shown(pins, node("20.1.0"));
        assert_eq!(text, "20.1.0 (pinned 20 in .nvmrc, >=22 in package.json)");
        assert_eq!(weakness.unwrap(), "`20` in .nvmrc:1 and `>=22` in package.json:1 contradict each other");
    }
}
