//! A report in which everything occurs, for the tests of the formats.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::parity::history::Standing;
use crate::parity::{AppliedWaiver, Background, Change, Finding, Report, State, TargetReport};
use crate::spec::{Digest, Fact, ItemId, Locked, Machine, Observed, Places, Policy, TargetKind, VersionFact, Why};

const SPEC: &str = "version = 1
name = \"carmenta\"
[tools]
git = \"exact\"
node = \"exact\"
rg = \"exact\"
sed = \"present\"
";

const LOCK: &str = "version = 1
[tool.git]
version = \"2.5.1\"
[tool.node]
version = \"22.11.0\"
";

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn finding(id: &str, state: State, want: &str, got: Option<&str>, reason: &str) -> Finding {
    let path = Some("/opt/<b>in/x".to_owned());
    let observed = match got {
        Some(got) => Observed::Present(Fact::Version(VersionFact { version: got.to_owned(), product: None, path })),
        None if state == State::Unknown => Observed::Unknown(Why::NoAnswer),
        None => Observed::Absent,
    };
    Finding {
        id: id.parse().unwrap(),
        detail: observed.present().and_then(Fact::evidence).map(str::to_owned),
        state,
        policy: Policy::Exact,
        locked: Some(Locked::Present(Fact::version(want))),
        observed: Some(observed),
        reason: reason.to_owned(),
        warning: None,
    }
}

/// A target that answered, with these findings.
pub(super) fn target(name: &str, findings: Vec<Finding>) -> TargetReport {
    TargetReport {
        target: name.to_owned(),
        kind: TargetKind::Vm,
        observed_at: at("2026-05-01T12:00:00.25Z"),
        duration: Duration::from_millis(412),
        round_trips: 1,
        error: None,
        machine: Machine {
            id: Some("4c4c".to_owned()),
            hostname: Some("vm-1".to_owned()),
            os: Some("linux".to_owned()),
            os_version: Some("12".to_owned()),
            arch: Some("x86_64".to_owned()),
            host_key: Some("SHA256:host".to_owned()),
            account: None,
        },
        findings,
        shown: BTreeMap::new(),
    }
}

/// Every state on one target, and another target that could not be reached.
pub(super) fn report() -> Report {
    let waiver = AppliedWaiver { because: "BSD sed & \"GNU\"".to_owned(), until: Some(jiff::civil::date(2027, 3, 1)) };
    let mut weak = finding("hook:carmenta/pre-commit", State::Match, "1", Some("1"), "as on the reference");
    weak.warning = Some("it is not executable, so git skips it".to_owned());
    let drift = |change| State::Drift(change);
    let vm = target(
        "vm",
        vec![
            finding("tool:git", State::Match, "2.5.1", Some("2.5.1"), "as on the reference"),
            finding(
                "tool:node",
                drift(Change::Changed),
                "22.11.0",
                Some("20.10.0"),
                "it is 20.10.0, the reference has 22.11.0",
            ),
            finding("tool:rg", drift(Change::Missing), "14.0", None, "it is not there, the reference has it"),
            finding(
                "tool:sed",
                State::Waived(Change::Changed, waiver),
                "4.8",
                Some("9.0"),
                "it is 9.0, the reference has 4.8",
            ),
            finding(
                "tool:swift",
                State::Unknown,
                "6",
                None,
                "swift failed with exit code 1: \u{1b}[31mno\n::error::<x>",
            ),
            weak,
        ],
    );
    let mut mini = target(
        "mini",
        vec![finding("tool:git", State::Unknown, "2.5.1", None, "cannot connect to mini.local, port 22: refused")],
    );
    mini.error = Some("cannot connect to mini.local, port 22: refused".to_owned());
    mini.machine = Machine::default();
    let standings: BTreeMap<ItemId, Standing> = [
        ("tool:node".parse().unwrap(), Standing { since: Some(at("2026-04-28T12:00:00Z")), newly: false }),
        ("tool:rg".parse().unwrap(), Standing { since: Some(at("2026-05-01T12:00:00Z")), newly: true }),
    ]
    .into();
    Report {
        environment: "carmenta".to_owned(),
        spec_digest: Digest::of(b"spec"),
        lock_digest: Some(Digest::of(b"lock")),
        targets: vec![vm, mini],
        background: Background {
            places: Places::read(("environments/carmenta.toml", SPEC), Some(("environments/carmenta.lock", LOCK))),
            standings: [("vm".to_owned(), standings)].into(),
            here: false,
        },
    }
}
