//! `check --explain FINDING`: the chain of evidence behind a finding. Which line asks, which line holds, which machine
//! was the reference, what was seen where and how, which waivers were considered, and since when it is so.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;
use globset::Glob;

use super::super::{Finding, Report, State, TargetReport, Verdict};
use super::human::{age, machine_line, paint_diff, verdict_style};
use super::look::{View, printable};
use crate::quality::gate::smallest_change;
use crate::quality::remedy::remedy;
use crate::spec::{
    Bearing, Category, Covers, Environment, Fact, GateFact, ItemId, LeafDifference, Lock, Locked, Observed, Place,
    Reach, Reference, Waiver, suggest,
};

const INFALLIBLE: &str = "writing to a string cannot fail";

/// How many leaves of a gate are told where they are decided.
const DECIDED: usize = 12;

/// All that a finding rests on.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// The audit.
    pub report: &'a Report,
    /// The spec.
    pub environment: &'a Environment,
    /// The captured reference.
    pub lock: Option<&'a Lock>,
    /// What differs between contents, where they could be had: by target and finding.
    pub diffs: &'a BTreeMap<(String, ItemId), String>,
}

/// The findings that a pattern names: an id, or a glob over ids.
#[derive(Debug)]
pub struct Selected<'a> {
    /// Each with its target.
    pub findings: Vec<(&'a TargetReport, &'a Finding)>,
    /// How many that match the reference the glob names besides.
    pub left_out: usize,
}

/// Finds what a pattern names. The error is the nearest id, if one is near.
pub fn selected<'a>(report: &'a Report, pattern: &str) -> Result<Selected<'a>, Option<String>> {
    let all = || report.targets.iter().flat_map(|target| target.findings.iter().map(move |finding| (target, finding)));
    let named: Vec<_> = all().filter(|(_, finding)| finding.id.to_string() == pattern).collect();
    if !named.is_empty() {
        return Ok(Selected { findings: named, left_out: 0 });
    }
    let glob = pattern.contains(['*', '?', '[', '{']).then(|| Glob::new(pattern)).and_then(Result::ok);
    if let Some(matcher) = glob.map(|glob| glob.compile_matcher()) {
        let named: Vec<_> = all().filter(|(_, finding)| matcher.is_match(finding.id.to_string())).collect();
        let notable = |finding: &Finding| finding.state != State::Match || finding.warning.is_some();
        let amiss: Vec<_> = named.iter().copied().filter(|(_, finding)| notable(finding)).collect();
        match (named.len(), amiss.len()) {
            (0, _) => {}
            (_, 0) => return Ok(Selected { findings: named, left_out: 0 }),
            (all, some) => return Ok(Selected { findings: amiss, left_out: all - some }),
        }
    }
    let ids: Vec<String> = all().map(|(_, finding)| finding.id.to_string()).collect();
    Err(suggest::nearest(pattern, ids.iter().map(String::as_str)).map(str::to_owned))
}

/// The evidence behind the selected findings.
pub fn explain(evidence: &Evidence<'_>, selected: &Selected<'_>, view: View) -> String {
    let mut text = String::new();
    for (target, finding) in &selected.findings {
        one(&mut text, evidence, target, finding, view);
        text.push('\n');
    }
    if selected.left_out > 0 {
        writeln!(text, "and {} more that are as on the reference", selected.left_out).expect(INFALLIBLE);
    }
    text
}

fn one(text: &mut String, evidence: &Evidence<'_>, target: &TargetReport, finding: &Finding, view: View) {
    let style = match finding.state {
        State::Match | State::Waived(..) => verdict_style(Verdict::Parity),
        State::Drift(_) => verdict_style(Verdict::Drift),
        State::Unknown => verdict_style(Verdict::Unknown),
    };
    let id = view.look.paint(Style::new().bold(), &printable(&finding.id.to_string()));
    let word = match finding.state.change() {
        Some(change) => format!("{} ({})", finding.state.word(), change.word()),
        None => finding.state.word().to_owned(),
    };
    writeln!(text, "{id} on {}: {}", printable(&target.target), view.look.paint(style, &word)).expect(INFALLIBLE);
    for (label, values) in [
        ("because", vec![finding.reason.clone()]),
        ("warning", finding.warning.clone().into_iter().collect()),
        ("asked by", asked(evidence, finding)),
        ("wanted", wanted(evidence, finding)),
        ("reference", reference(evidence)),
        ("observed", observed(finding)),
        ("path", path(evidence, target, finding)),
        ("decided", decides(target, finding)),
        ("fix", fix(evidence, target, finding)),
        ("on", on(evidence, target)),
        ("waivers", waivers(evidence, target, finding)),
        ("since", since(evidence, target, finding)),
        ("next", next(evidence, target, finding)),
    ] {
        for (place, value) in values.iter().enumerate() {
            let label = view.look.paint(Style::new().dimmed(), &format!("{:10}", if place == 0 { label } else { "" }));
            writeln!(text, "  {label} {}", printable(value)).expect(INFALLIBLE);
        }
    }
    let key = (target.target.clone(), finding.id.clone());
    let detail = finding.detail.as_deref().filter(|detail| detail.lines().count() > 1);
    for line in evidence.diffs.get(&key).map(String::as_str).or(detail).into_iter().flat_map(str::lines) {
        writeln!(text, "    {}", paint_diff(&printable(&line.replace('\t', "    ")), view)).expect(INFALLIBLE);
    }
}

fn at(place: Option<&Place>) -> String {
    place.map_or_else(|| "(no line of a file)".to_owned(), ToString::to_string)
}

fn asked(evidence: &Evidence<'_>, finding: &Finding) -> Vec<String> {
    let place = evidence.report.background.places.asked(&finding.id);
    vec![format!("{}, policy {}", at(place.as_ref()), finding.policy)]
}

fn wanted(evidence: &Evidence<'_>, finding: &Finding) -> Vec<String> {
    let place = evidence.report.background.places.locked(&finding.id);
    let entry = evidence.lock.and_then(|lock| lock.items.get(&finding.id));
    let mut lines = Vec::new();
    if let Some(own) = finding.policy.own_want() {
        lines.push(format!("{own}, as the spec itself says"));
    }
    lines.push(match (evidence.lock, entry, &finding.locked) {
        (None, ..) => "nothing: there is no lock; run `trueup capture`".to_owned(),
        (_, Some(Locked::Present(fact)), _) => format!("{}  {}{}", at(place.as_ref()), fact.shown(), found_at(fact)),
        (_, Some(Locked::Absent), _) => format!("{}  the reference does not have it", at(place.as_ref())),
        (_, None, Some(Locked::Absent)) => "nothing: the reference was listed in full and does not have it".to_owned(),
        (_, None, _) => "nothing: the lock does not have it".to_owned(),
    });
    lines
}

fn found_at(fact: &Fact) -> String {
    let Some(evidence) = fact.evidence() else { return String::new() };
    match fact {
        Fact::Text(_) => format!("  (scope {evidence})"),
        _ => format!("  (at {evidence})"),
    }
}

fn reference(evidence: &Evidence<'_>) -> Vec<String> {
    let Some(lock) = evidence.lock else { return Vec::new() };
    let machine = &lock.reference;
    let name = match &evidence.environment.reference {
        Reference::Local => "the machine that captured".to_owned(),
        Reference::Target(name) => format!("the target {name}"),
    };
    let parts: Vec<&str> = [&machine.hostname, &machine.os, &machine.os_version, &machine.arch]
        .into_iter()
        .filter_map(|part| part.as_deref())
        .collect();
    vec![if parts.is_empty() { name } else { format!("{name}: {}", parts.join(", ")) }]
}

fn observed(finding: &Finding) -> Vec<String> {
    vec![match &finding.observed {
        Some(Observed::Present(fact)) => format!("{}{}", fact.shown(), found_at(fact)),
        Some(Observed::Absent) => "not there".to_owned(),
        Some(Observed::Unknown(why)) => format!("nothing: {why}"),
        None => "nothing".to_owned(),
    }]
}

/// The smallest change that would make it what it is on the reference.
fn fix(evidence: &Evidence<'_>, target: &TargetReport, finding: &Finding) -> Vec<String> {
    let (want, got) = gates(finding);
    match (&finding.state, finding.id.category, want, got) {
        (State::Unknown, ..) if finding.reason.contains("dubious ownership") => {
            vec!["run `git config --global --add safe.directory FOLDER` there, if the folder may be trusted".to_owned()]
        }
        (State::Match | State::Unknown, ..) => Vec::new(),
        // What keeps a hook from a fresh worktree altogether keeps it from the checkout too, where more is known.
        (_, Category::Hook, Some(_), None) if let Some(checkout) = of_checkout(target, finding) => {
            fix(evidence, target, checkout)
        }
        (_, Category::Gate, Some(want), Some(got)) => smallest_change(want, got, &target.target),
        _ => remedy(evidence.environment, &finding.id, want, got).into_iter().collect(),
    }
}

/// What drifted of the same hook in the checkout.
fn of_checkout<'a>(target: &'a TargetReport, finding: &Finding) -> Option<&'a Finding> {
    let name = finding.id.name.strip_suffix("@worktree")?;
    let mut same = target.findings.iter().filter(|one| one.id.category == finding.id.category && one.id.name == name);
    same.find(|one| matches!(one.state, State::Drift(_)))
}

/// Where a dotfile lies on the target.
fn path(evidence: &Evidence<'_>, target: &TargetReport, finding: &Finding) -> Vec<String> {
    let name = &finding.id.name;
    if finding.id.category != Category::Dotfile {
        return Vec::new();
    }
    if name.starts_with('/') {
        return vec![name.clone()];
    }
    let home = evidence.environment.target(&target.target).and_then(|target| match &target.reach {
        Reach::Local(sandbox) => sandbox.home.as_ref(),
        Reach::Ssh(_) | Reach::Devcontainer(_) => None,
    });
    vec![home.map_or_else(|| format!("~/{name}"), |home| home.join(name).display().to_string())]
}

/// What a gate amounts to on the reference and on the target, as far as each is known.
fn gates(finding: &Finding) -> (Option<&GateFact>, Option<&GateFact>) {
    let want = match &finding.locked {
        Some(Locked::Present(Fact::Gate(fact))) => Some(fact),
        _ => None,
    };
    let got = match &finding.observed {
        Some(Observed::Present(Fact::Gate(fact))) => Some(fact),
        _ => None,
    };
    (want, got)
}

/// Where a gate's difference is decided, on the reference and on the target: a line for each leaf, and one for the whole
/// where nothing differs. What neither of the two knows is not told.
fn decides(target: &TargetReport, finding: &Finding) -> Vec<String> {
    let (want, got) = gates(finding);
    let both = |leaf: &str, file: Option<&str>| {
        let machines = [(want, "the reference"), (got, target.target.as_str())];
        // What a linter does not apply is decided by its configuration; a script that a hook does not have, by nothing.
        let has_it = |fact: &&GateFact| finding.id.category == Category::Gate || leaf.is_empty() || fact.has(leaf);
        let told = machines
            .iter()
            .filter_map(|(fact, on)| Some(format!("{} on {on}", fact.filter(has_it)?.place(leaf, file)?)));
        told.collect::<Vec<String>>().join(", ")
    };
    let mut differences = match (want, got) {
        (Some(want), Some(got)) => want.differences(got),
        _ => Vec::new(),
    };
    if differences.is_empty() {
        return Some(both("", None)).filter(|places| !places.is_empty()).into_iter().collect();
    }
    // What it does is decided as the whole is.
    if want.map(|fact| &fact.does) != got.map(|fact| &fact.does) {
        let whole = LeafDifference { leaf: String::new(), want: None, got: None, files: Vec::new() };
        differences.insert(0, whole);
    }
    // Which file decides is what these say themselves.
    differences.retain(|difference| !matches!(difference.leaf.as_str(), "config file" | "configurations"));
    let mut lines: Vec<String> = Vec::new();
    for difference in &differences {
        let places = both(&difference.leaf, difference.files.first().map(String::as_str));
        let line = if differences.len() == 1 || difference.leaf.is_empty() {
            places.clone()
        } else {
            format!("{}: {places}", difference.leaf)
        };
        if !places.is_empty() && !lines.contains(&line) {
            lines.push(line);
        }
    }
    if lines.len() > DECIDED {
        let more = lines.len() - DECIDED;
        lines.truncate(DECIDED);
        lines.push(format!("and {more} more"));
    }
    lines
}

fn on(evidence: &Evidence<'_>, target: &TargetReport) -> Vec<String> {
    let shell = evidence.environment.shell;
    let login = if shell.login { "a login shell" } else { "a shell that is no login shell" };
    let interactive = if shell.interactive { "interactive" } else { "not interactive" };
    let machine = if target.error.is_some() { "(it did not answer)".to_owned() } else { machine_line(target) };
    let mut lines = vec![
        format!("{}: {machine}, at {:.0}", target.target, target.observed_at),
        format!("through {login}, {interactive}"),
    ];
    if let Some(id) = &target.machine.id {
        lines.push(format!("machine id {id}"));
    }
    if let Some(key) = &target.machine.host_key {
        lines.push(format!("host key {key}"));
    }
    lines
}

fn waivers(evidence: &Evidence<'_>, target: &TargetReport, finding: &Finding) -> Vec<String> {
    let about = evidence.environment.waivers.iter().enumerate().filter(|(_, waiver)| waiver.finding == finding.id);
    let told: Vec<String> = about
        .map(|(number, waiver)| {
            let place = evidence.report.background.places.waiver(number);
            let bearing = bearing(waiver, target, finding);
            format!("{}  \"{}\": {bearing}", at(place.as_ref()), waiver.because)
        })
        .collect();
    if told.is_empty() { vec!["none names it".to_owned()] } else { told }
}

fn bearing(waiver: &Waiver, target: &TargetReport, finding: &Finding) -> String {
    if !waiver.concerns(&finding.id, &target.target) {
        return format!("not considered, it is for {}", waiver.targets.join(", "));
    }
    if finding.state == State::Match {
        return "not needed".to_owned();
    }
    if finding.state == State::Unknown {
        return "no waiver covers what is unknown".to_owned();
    }
    let until = waiver.until.map(|until| until.to_string()).unwrap_or_default();
    match (waiver.bearing(finding.got().as_deref(), target.observed_at), &waiver.covers) {
        (Bearing::Holds, _) if until.is_empty() => "holds".to_owned(),
        (Bearing::Holds, _) => format!("holds until {until}"),
        (Bearing::Expired, _) => format!("expired, its last day was {until}"),
        (Bearing::MadeForAnother, Covers::Got(Some(got))) => format!("does not hold, it was made for {got}"),
        (Bearing::MadeForAnother, _) => {
            "does not hold: it names no `got` and not `any = true`, so it covers only what is missing".to_owned()
        }
    }
}

fn since(evidence: &Evidence<'_>, target: &TargetReport, finding: &Finding) -> Vec<String> {
    if finding.state == State::Match {
        return Vec::new();
    }
    let standing = evidence.report.background.standing(&target.target, &finding.id);
    vec![match standing.since {
        _ if standing.newly => "this audit: the one before saw it otherwise".to_owned(),
        Some(since) => format!("{:.0}, for {}", since, age(since, target.observed_at)),
        None => "not known: no audit was recorded; `trueup watch` records them".to_owned(),
    }]
}

fn next(evidence: &Evidence<'_>, target: &TargetReport, finding: &Finding) -> Vec<String> {
    let command = match finding.state {
        State::Drift(_) if evidence.report.background.here => return Vec::new(),
        // No plan brings these; the change stands above.
        State::Drift(_) if finding.is_of_a_gate() => return Vec::new(),
        State::Drift(_) => format!("trueup plan {}", target.target),
        State::Unknown if finding.awaits_capture() => "trueup capture".to_owned(),
        State::Match | State::Waived(..) | State::Unknown => return Vec::new(),
    };
    vec![command]
}

#[cfg(test)]
mod tests {
    use super::super::look::Look;
    use super::super::sample::report;
    use super::*;
    use crate::spec::{Vocabulary, parse};

    const SPEC: &str = "name = \"carmenta\"
[targets.vm]
kind = \"local\"
[targets.mini]
kind = \"local\"
[[waivers]]
finding = \"tool:node\"
targets = [\"mini\"]
because = \"elsewhere\"
any = true
[[waivers]]
finding = \"tool:node\"
because = \"made for an old one\"
got = \"18.0.0\"
[[waivers]]
finding = \"tool:node\"
because = \"long ago\"
until = 2020-01-01
any = true
";

    fn explained(pattern: &str) -> String {
        let environment = parse("t.toml", SPEC, &Vocabulary { managers: vec![], gates: vec![] }).unwrap();
        let text = "version = 1\nenvironment = \"carmenta\"\nlisted = []\n[reference]\nhostname = \"laptop\"\nos = \"macos\"\n\
                    [tool.node]\nversion = \"22.11.0\"\npath = \"/opt/homebrew/bin/node\"\n";
        let lock = Lock::parse("t.lock", text).unwrap();
        let report = report();
        let diff = "@@ -1 +1 @@\n-a\n+b\u{1b}[31m\n".to_owned();
        let diffs = [(("vm".to_owned(), "tool:node".parse().unwrap()), diff)].into();
        let evidence = Evidence { report: &report, environment: &environment, lock: Some(&lock), diffs: &diffs };
        explain(&evidence, &selected(&report, pattern).unwrap(), View::from(Look::Plain))
    }

    #[test]
    fn the_whole_chain_is_told() {
        insta::assert_snapshot!(explained("tool:node"));
    }

    #[test]
    fn a_glob_tells_of_what_is_amiss_and_counts_the_rest() {
        let text = explained("tool:*");
        assert!(text.ends_with("and 1 more that are as on the reference\n"), "{text}");
        let heads: Vec<&str> =
            text.lines().filter(|line| line.contains(" on ") && !line.starts_with([' ', 'a'])).collect();
        assert_eq!(heads.len(), 5, "{text}");
        assert!(!text.contains('\u{1b}'));
    }

    /// The line of the explanation about where a gate is decided.
    fn decided(want: &GateFact, got: Option<&GateFact>) -> Vec<String> {
        let mut report = report();
        let target = &mut report.targets[0];
        let mut finding = target.findings[0].clone();
        finding.id = ItemId::new(Category::Gate, "shop/eslint");
        finding.locked = Some(Locked::Present(Fact::Gate(want.clone())));
        finding.observed = got.map(|got| Observed::Present(Fact::Gate(got.clone())));
        decides(target, &finding)
    }

    #[test]
    fn a_gate_tells_on_each_machine_which_line_decides() {
        let mut want = GateFact::new("is eslint 9.17.0");
        want.leaf("rules.no-console", "error");
        want.leaf("rules.eqeqeq", "error");
        want.decide("rules.no-console", "eslint.config.js:4");
        want.decide("", "eslint.config.js");
        let mut got = want.clone();
        got.leaf("rules.no-console", "off");
        got.decide("rules.no-console", "eslint.config.js:7");
        assert_eq!(decided(&want, Some(&got)), ["eslint.config.js:4 on the reference, eslint.config.js:7 on vm"]);
        got.leaf("rules.eqeqeq", "off");
        got.leaf("rules.eqeqeq.options", "[1]");
        assert_eq!(
            decided(&want, Some(&got)),
            [
                "rules.eqeqeq: eslint.config.js on the reference, eslint.config.js on vm",
                "rules.eqeqeq.options: eslint.config.js on the reference, eslint.config.js on vm",
                "rules.no-console: eslint.config.js:4 on the reference, eslint.config.js:7 on vm",
            ]
        );
        assert_eq!(decided(&want, None), ["eslint.config.js on the reference"]);
        let nowhere = GateFact::new("runs");
        assert_eq!(decided(&nowhere, Some(&nowhere)), Vec::<String>::new());
    }

    #[test]
    fn what_names_nothing_is_answered_with_the_nearest_id() {
        let report = report();
        assert_eq!(selected(&report, "tool:nod").unwrap_err().as_deref(), Some("tool:node"));
        assert_eq!(selected(&report, "service:*").unwrap_err(), None);
        assert_eq!(selected(&report, "tool:git").unwrap().findings.len(), 2);
    }
}
