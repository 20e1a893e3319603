//! `waive`: made for what is there now, written into the spec without touching the rest of it.

use crate::support::machine::Machine;
use crate::support::trueup::Project;

const TOOLS: &str =
    "# what matters\n[tools]   # few\nnode = \"exact\" # pinned\nsed = { version = \"sed-version\" }\n\n# the end";

/// Two machines beside the reference: on `b` both tools differ, on `c` one of them.
fn project() -> (Machine, Machine, Machine, Project) {
    let machines = [("22.11.0", "4.8"), ("20.10.0", "4.9"), ("20.10.0", "4.8")].map(|(node, sed)| {
        let machine = Machine::local();
        machine.says("node", &format!("v{node}")).says("sed-version", sed);
        // The spec's `sed` is asked by another command, so that the real one stays out of it.
        machine
    });
    let [a, b, c] = machines;
    let project = Project::of(&[("a", &a), ("b", &b), ("c", &c)], TOOLS);
    project.capture();
    (a, b, c, project)
}

#[test]
fn a_drift_is_accepted_for_what_it_is_now_and_no_longer() {
    let (_a, b, _c, project) = project();
    let before = project.read("environments/dev.toml");
    project
        .trueup(&["waive", "tool:node", "--target", "b", "--because", "moves in \"May\"", "--until", "2099-05-31"])
        .stdout_has("--- environments/dev.toml")
        .stdout_has("+[[waivers]]\n+finding = \"tool:node\"\n+targets = [\"b\"]\n")
        .stdout_has("+until = 2099-05-31\n+got = \"20.10.0\"\n")
        .exits(0);
    let after = project.read("environments/dev.toml");
    assert!(after.starts_with(&before), "{after}");
    let report = project.check(&["b"], 1);
    assert_eq!(report.finding("b", "tool:node")["state"], "waived");
    assert_eq!(report.finding("b", "tool:node")["waiver"]["because"], "moves in \"May\"");
    assert_eq!(report.finding("b", "tool:sed")["state"], "drift");
    // Another value is another drift.
    b.says("node", "v20.11.0");
    assert_eq!(project.check(&["b"], 1).finding("b", "tool:node")["state"], "drift");
    // Waiving again brings the entry up to date instead of adding one, and keeps its last day.
    project
        .trueup(&["waive", "tool:node", "--target", "b", "--because", "later"])
        .any_stdout()
        .stderr_has("note: until = 2099-05-31 stays; --until never removes it\n")
        .exits(0);
    assert!(project.read("environments/dev.toml").contains("until = 2099-05-31\n"));
    project
        .trueup(&["waive", "tool:node", "--target", "b", "--because", "later", "--until", "never"])
        .any_stdout()
        .exits(0);
    let again = project.read("environments/dev.toml");
    assert_eq!(again.matches("[[waivers]]").count(), 1, "{again}");
    assert!(again.contains("got = \"20.11.0\"") && !again.contains("until"), "{again}");
    project
        .trueup(&["waive", "tool:node", "--target", "b", "--because", "later"])
        .stdout("environments/dev.toml says so already\n")
        .exits(0);
}

#[test]
fn without_a_target_every_target_with_the_drift_is_meant() {
    let (_a, b, _c, project) = project();
    b.says("node", "v18.0.0");
    project.trueup(&["waive", "tool:node", "--because", "two values, two entries"]).any_stdout().exits(0);
    let spec = project.read("environments/dev.toml");
    assert!(spec.contains("targets = [\"b\"]") && spec.contains("targets = [\"c\"]"), "{spec}");
    project.trueup(&["waive", "tool:sed", "--because", "whatever it is", "--any"]).any_stdout().exits(0);
    project.check(&[], 0);
    b.says("sed-version", "5.0");
    project.check(&["b"], 0);
}

#[test]
fn what_matches_or_is_unknown_or_is_not_there_is_not_waived() {
    let (a, _b, _c, project) = project();
    let spec = project.read("environments/dev.toml");
    let refused = |arguments: &[&str], says: &str, code: i32| {
        let because = ["--because", "x"];
        project.trueup(&[&["waive"], arguments, &because].concat()).stderr_has(says).exits(code);
        assert_eq!(project.read("environments/dev.toml"), spec, "{arguments:?} changed the spec");
    };
    refused(&["tool:node", "--target", "a"], "tool:node was not waived: on a it matches", 2);
    refused(&["tool:sed", "--target", "b", "--target", "c"], "on c it matches", 2);
    refused(&["tool:nod"], "no finding is named tool:nod", 2);
    refused(&["tol:node"], "did you mean `tool`?", 2);
    refused(&["tool:node", "--target", "d"], "no target is named `d`; targets are: a, b, c", 2);
    refused(&["tool:node", "--until", "2027-02-30"], "no calendar has this day", 2);
    refused(&["tool:node", "--until", "2027-02-03T10:00"], "without a time", 2);
    refused(&["tool:node", "--until", "soon"], "not a date", 2);
    refused(&["tool:node", "--until", "2020-01-01"], "has passed already", 2);
    a.tool("node", "exit 3");
    refused(&["tool:node", "--target", "a"], "a waiver never covers that", 3);
    project.trueup(&["waive", "tool:node", "--target", "b"]).stderr_has("--because").exits(2);
    project.trueup(&["waive", "tool:node", "--because", " "]).stderr_has("a waiver needs a reason").exits(2);
}
