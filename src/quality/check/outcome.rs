//! What became of the canaries of one check: the fact that stands in the lock, and is compared.
//!
//! That a change is rejected is no guarantee: a linter that is missing rejects everything. So the fact holds what the gates
//! said about it, and what became of the good twin.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Pair;
use super::diagnostics::{Diagnostic, Places, diagnostics};
use crate::spec::{GateFact, Why};

/// What the machine told of one try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The exit code; none where its time was over.
    pub code: Option<i32>,
    /// Whether a commit was made, or arrived.
    pub moved: bool,
    /// Whether the folder that it was tried in is gone.
    pub gone: bool,
    /// What was committed in place of what was staged: the file and the object.
    pub changed: BTreeMap<String, String>,
    /// What was printed.
    pub output: String,
}

/// What became of one try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It ran to its end, or to that of its time.
    Told(Told),
    /// It passed together with others.
    Passed,
    /// It could not be tried.
    Not(Why),
}

/// Reads what `check.sh` says of a try.
pub fn read_told(bytes: &[u8]) -> Result<Told, Why> {
    let text = String::from_utf8_lossy(bytes);
    let not_understood = || Why::NotUnderstood("what became of a canary was not told whole".to_owned());
    let (head, output) = text.split_once("\n\n").ok_or_else(not_understood)?;
    let mut lines = head.lines();
    let code = match lines.next().ok_or_else(not_understood)? {
        "late" => None,
        line => Some(line.strip_prefix("ended ").and_then(|code| code.parse().ok()).ok_or_else(not_understood)?),
    };
    let moved = match lines.next() {
        Some("moved") => true,
        Some("stayed") => false,
        _ => return Err(not_understood()),
    };
    let mut told = Told { code, moved, gone: false, changed: BTreeMap::new(), output: output.to_owned() };
    for line in lines {
        match line.strip_prefix(':').and_then(|raw| raw.split_once('\t')) {
            Some((raw, path)) => {
                let object = raw.split(' ').nth(3).ok_or_else(not_understood)?;
                told.changed.insert(path.to_owned(), object.to_owned());
            }
            None if line == "gone" => told.gone = true,
            None => return Err(not_understood()),
        }
    }
    Ok(told)
}

impl Tried {
    fn passed(&self) -> bool {
        match self {
            Self::Told(told) => told.code == Some(0) && told.moved,
            Self::Passed => true,
            Self::Not(_) => false,
        }
    }
}

/// How many words about the gates stand in what a canary's fact says it does.
const NAMED: usize = 8;

/// The fact of one check, of its pairs with what became of each: the bad change and the good. `outside` is what its tries
/// write in the repository itself, and `blamed` what may do that: "the pre-commit hook".
pub fn outcome(
    tried: &[(&Pair, Tried, Tried)],
    places: &Places,
    blamed: &str,
    outside: &[String],
    limit: Duration,
) -> Result<GateFact, Why> {
    let mut leaves: BTreeMap<String, String> = BTreeMap::new();
    let mut weak: Vec<String> = Vec::new();
    let mut named: BTreeSet<(String, String)> = BTreeSet::new();
    let (mut rejected, mut changed, mut refused_twins) = (0, 0, 0);
    let mut strange: BTreeSet<String> = BTreeSet::new();
    for (pair, bad, good) in tried {
        let late = |what: &str| Why::TookLonger { what: format!("{what}, {},", pair.label), limit };
        let told = match bad {
            Tried::Told(Told { code: None, .. }) => return Err(late("the canary")),
            Tried::Told(told) => told,
            Tried::Not(why) => return Err(why.clone()),
            Tried::Passed => return Err(Why::NoAnswer),
        };
        let (value, found) = verdict(told, places);
        leaves.insert(pair.label.clone(), value);
        if bad.passed() {
            changed += usize::from(!told.changed.is_empty());
        } else {
            rejected += 1;
            if !is_expected(pair, &found, told) {
                strange.extend(pair.expect.iter().cloned());
            }
        }
        if told.gone {
            leaves.insert("the clone".to_owned(), "deleted".to_owned());
            weak.push(format!("{blamed}, or what it starts, deletes the folder that it runs in"));
        }
        named.extend(found.iter().map(|one| (one.tool.clone(), one.rule.clone())));
        leaves.extend(found.into_iter().map(Diagnostic::into_leaf));
        match good {
            Tried::Told(Told { code: None, .. }) => return Err(late("the good change")),
            Tried::Told(told) if !good.passed() => {
                refused_twins += 1;
                let (value, found) = verdict(told, places);
                leaves.insert(format!("the good change of {}", pair.label), value);
                leaves.extend(found.into_iter().map(|one| {
                    let (name, value) = one.into_leaf();
                    (format!("the good change: {name}"), value)
                }));
            }
            Tried::Told(_) | Tried::Passed => {}
            Tried::Not(why) => return Err(why.clone()),
        }
    }
    if !outside.is_empty() {
        let listed = outside.join(", ");
        weak.push(format!("{blamed}, or what it starts, reaches outside the clone: each time {listed} changed"));
        leaves.insert("outside the clone".to_owned(), listed);
    }
    let by = by(&named);
    let does = match (rejected == tried.len(), refused_twins) {
        (true, 0) => format!("rejects it{by}"),
        (true, _) => format!("rejects it and the good change too{by}"),
        (false, _) if rejected > 0 => format!("lets part of it pass{by}"),
        (false, 0) if changed > 0 => "lets it pass, changed".to_owned(),
        (false, 0) => "lets it pass".to_owned(),
        (false, _) => "lets it pass, and rejects the good change".to_owned(),
    };
    if rejected < tried.len() && changed + rejected < tried.len() {
        let what = if rejected + changed > 0 { "part of it" } else { "the canary" };
        weak.push(format!("it lets {what} pass"));
    }
    if refused_twins > 0 {
        weak.push("it rejects a good change too".to_owned());
    }
    if !strange.is_empty() {
        weak.push(format!("not {} rejects the canary", strange.into_iter().collect::<Vec<_>>().join(" or ")));
    }
    let mut fact = GateFact::new(does);
    leaves.into_iter().for_each(|(name, value)| fact.leaf(name, value));
    fact.weak = (!weak.is_empty()).then(|| weak.join("; "));
    Ok(fact)
}

/// What became of a try in a few words, and what the gates said where it was rejected.
fn verdict(told: &Told, places: &Places) -> (String, Vec<Diagnostic>) {
    match told.code {
        Some(0) if told.moved && told.changed.is_empty() => ("let pass".to_owned(), Vec::new()),
        Some(0) if told.moved => {
            let objects: Vec<&str> = told.changed.values().map(String::as_str).collect();
            (format!("let pass as {}", objects.join(" ")), Vec::new())
        }
        Some(0) => ("said to be done, and not done".to_owned(), diagnostics(&told.output, places)),
        Some(code) if told.moved => (format!("done, with exit code {code}"), diagnostics(&told.output, places)),
        Some(code) => (format!("rejected with exit code {code}"), diagnostics(&told.output, places)),
        None => ("not done in its time".to_owned(), Vec::new()),
    }
}

fn is_expected(pair: &Pair, found: &[Diagnostic], told: &Told) -> bool {
    let names = |word: &String| {
        let word = word.to_lowercase();
        found.iter().any(|one| format!("{} {}", one.tool, one.rule).to_lowercase().contains(&word))
            || told.output.to_lowercase().contains(&word)
    };
    pair.expect.is_empty() || pair.expect.iter().any(names)
}

/// ` (eslint eqeqeq, no-console; prettier)`
fn by(named: &BTreeSet<(String, String)>) -> String {
    let mut tools: Vec<(&str, Vec<&str>)> = Vec::new();
    for (tool, rule) in named.iter().take(NAMED) {
        if tools.last().is_none_or(|(last, _)| last != tool) {
            tools.push((tool, Vec::new()));
        }
        if let Some((_, rules)) = tools.last_mut().filter(|_| !rule.is_empty()) {
            rules.push(rule);
        }
    }
    let told: Vec<String> = tools
        .into_iter()
        .map(|(tool, rules)| if rules.is_empty() { tool.to_owned() } else { format!("{tool} {}", rules.join(", ")) })
        .collect();
    match named.len() {
        0 => String::new(),
        few if few <= NAMED => format!(" ({})", told.join("; ")),
        _ => format!(" ({} …)", told.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Change, Trial};
    use super::*;
    use crate::spec::CanaryCommand;

    fn pair(expect: &[&str]) -> Pair {
        let change = Change::Patch(String::new());
        let trial = Trial { change, message: None, setup: None, command: CanaryCommand::Commit };
        Pair {
            check: "lint-error".to_owned(),
            label: "src/x.js".to_owned(),
            expect: expect.iter().map(|word| (*word).to_owned()).collect(),
            bad: trial.clone(),
            good: trial,
        }
    }

    fn told(text: &str) -> Tried {
        Tried::Told(read_told(text.as_bytes()).unwrap())
    }

    fn fact(bad: &str, good: Tried) -> Result<GateFact, Why> {
        let pair = pair(&["eslint"]);
        let places = Places::default();
        outcome(&[(&pair, told(bad), good)], &places, "the pre-commit hook", &[], Duration::from_secs(300))
    }

    const LINT: &str = "ended 1\nstayed\n\n/src/x.js\n  3:5  error  Unexpected console statement  no-console\n";

    #[test]
    fn a_rejection_tells_by_what_and_the_twin_passes() {
        let fact = fact(LINT, Tried::Passed).unwrap();
        assert_eq!(fact.does, "rejects it (eslint no-console)");
        assert_eq!(fact.weak, None);
        let leaves: Vec<(&str, &str)> = fact.leaves.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(leaves, [("eslint /src/x.js:3 no-console", "error"), ("src/x.js", "rejected with exit code 1")]);
    }

    #[test]
    fn what_passes_in_part_is_not_called_the_canary() {
        let (pair, places) = (pair(&["eslint"]), Places::default());
        let pass = || (&pair, told("ended 0\nmoved\n\n"), Tried::Passed);
        let weak = |tried: &[(&Pair, Tried, Tried)]| {
            outcome(tried, &places, "the pre-commit hook", &[], Duration::from_secs(300)).unwrap().weak.unwrap()
        };
        assert_eq!(weak(&[(&pair, told(LINT), Tried::Passed), pass()]), "it lets part of it pass");
        assert_eq!(weak(&[pass()]), "it lets the canary pass");
    }

    #[test]
    fn a_missing_linter_rejects_for_another_reason() {
        let missing = "ended 1\nstayed\n\nsh: eslint: not found\n";
        let fact = fact(missing, told(missing)).unwrap();
        assert!(fact.does.starts_with("rejects it and the good change too"), "{}", fact.does);
        assert_eq!(fact.weak.as_deref(), Some("it rejects a good change too"));
        assert!(!fact.leaves.keys().any(|name| name.starts_with("eslint ")));
    }

    #[test]
    fn what_passes_is_told_as_such_also_where_it_was_changed_or_only_said_to_be_done() {
        let does = |bad: &str| fact(bad, Tried::Passed).unwrap().does;
        assert_eq!(does("ended 0\nmoved\n\n"), "lets it pass");
        assert_eq!(does("ended 0\nmoved\n:100644 100644 a b M\tsrc/x.js\n\n"), "lets it pass, changed");
        assert_eq!(does("ended 0\nstayed\n\n"), "rejects it (output)");
    }

    #[test]
    fn what_took_too_long_or_is_not_told_whole_is_unknown() {
        assert!(matches!(fact("late\nstayed\n\n", Tried::Passed), Err(Why::TookLonger { .. })));
        assert!(matches!(fact(LINT, Tried::Not(Why::NoAnswer)), Err(Why::NoAnswer)));
        for broken in ["", "ended 1\n", "ended x\nstayed\n\n", "ended 1\nelse\n\n", "ended 1\nstayed\n:x\n\n"] {
            assert!(read_told(broken.as_bytes()).is_err(), "{broken:?}");
        }
    }
}
