//! Formats for other programs, and `check --explain`, as the program writes them.

use serde_json::{Value, json};

use crate::support::machine::Machine;
use crate::support::trueup::Project;

fn drifted() -> (Machine, Machine, Project) {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.says("node", "v22.11.0").file(".zshrc", "alias a=b\nexport API_TOKEN=hunter2\nsame\n");
    vm.says("node", "v20.1.0").file(".zshrc", "alias a=c\nexport API_TOKEN=hunter3\nsame\n");
    let rest = "[tools]\nnode = \"exact\"\n[dotfiles]\nfiles = [\".zshrc\"]";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    (laptop, vm, project)
}

/// The line of a file that begins so, counted from 1.
fn line_of(project: &Project, file: &str, start: &str) -> usize {
    project.read(file).lines().position(|line| line.starts_with(start)).unwrap() + 1
}

#[test]
fn annotations_and_results_point_at_the_lines_of_the_repository() {
    let (_laptop, _vm, project) = drifted();
    let line = line_of(&project, "environments/dev.lock", "[tool.node]");
    let annotation = format!(
        "::error file=environments/dev.lock,line={line},title=vm%3A tool%3Anode drift::changed: it is 20.1.0, the \
         reference has 22.11.0\n"
    );
    let check = || project.trueup(&["check", "vm", "--format", "github", "--format", "sarif=drift.sarif"]);
    check().stdout_has(&annotation).exits(1);
    let sarif: Value = serde_json::from_str(&project.read("drift.sarif")).unwrap();
    let physical = |result: &Value| result["locations"][0]["physicalLocation"].clone();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let node = results.iter().find(|result| result["properties"]["id"] == "tool:node").unwrap();
    let expected = json!({
        "artifactLocation": { "uri": "environments/dev.lock", "uriBaseId": "SRCROOT" }, "region": { "startLine": line },
    });
    assert_eq!(physical(node), expected);
    let asked = line_of(&project, "environments/dev.toml", "node = ");
    assert_eq!(node["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], asked);
    // In a repository, files are named from its root.
    std::fs::create_dir(project.at("../.git")).unwrap();
    check().stdout_has("::error file=work/environments/dev.lock,line=").exits(1);
}

#[test]
fn a_job_summary_is_appended_where_the_runner_asks_for_one() {
    let (_laptop, _vm, project) = drifted();
    project.write("summary.md", "before\n");
    let summary = project.at("summary.md");
    let check = |format: &str| {
        let check = project.trueup(&["check", "vm", "--format", format]).any_stdout();
        check.env("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()).exits(1);
    };
    check("json");
    assert_eq!(project.read("summary.md"), "before\n");
    check("github");
    let text = project.read("summary.md");
    assert!(
        text.starts_with("before\n## ") && text.contains("| tool:node | drift (changed) | 22.11.0 | 20.1.0 |"),
        "{text}"
    );
}

#[test]
fn an_explanation_names_every_file_line_and_machine_and_shows_no_secret() {
    let (laptop, vm, project) = drifted();
    let text = project.trueup(&["check", "vm", "--explain", "tool:node"]).any_stdout().exits(1).stdout;
    let locked = line_of(&project, "environments/dev.lock", "[tool.node]");
    let asked = line_of(&project, "environments/dev.toml", "node = ");
    let bin = vm.path().split(':').next().unwrap().to_owned();
    for part in [
        "tool:node on vm: drift (changed)\n".to_owned(),
        format!("asked by   environments/dev.toml:{asked}, policy exact\n"),
        format!("wanted     environments/dev.lock:{locked}  22.11.0  (at /"),
        format!("observed   20.1.0  (at {bin}/node"),
        "through a shell that is no login shell, not interactive\n".to_owned(),
        "waivers    none names it\n".to_owned(),
        "next       trueup plan vm\n".to_owned(),
    ] {
        assert!(text.contains(&part), "no `{part}` in\n{text}");
    }
    let text = project.trueup(&["check", "vm", "--explain", "dotfile:*"]).any_stdout().exits(1).stdout;
    assert!(text.contains("\n    what it holds looks secret, so no difference is shown\n"), "{text}");
    assert!(text.contains(&format!("path       {}\n", vm.at(".zshrc").display())), "{text}");
    assert!(!text.contains("hunter"), "{text}");
    let text = project.trueup(&["plan", "vm"]).any_stdout().exits(1).stdout;
    assert!(text.contains("looks secret") && !text.contains("hunter") && !text.contains("alias"), "{text}");
    vm.file(".zshrc", "alias a=c\n");
    laptop.file(".zshrc", "alias a=b\n");
    project.capture();
    let text = project.trueup(&["check", "vm", "--explain", "dotfile:*"]).any_stdout().exits(1).stdout;
    assert!(text.contains("\n    -alias a=b\n    +alias a=c\n"), "{text}");
    project
        .trueup(&["check", "vm", "--explain", "tool:nod"])
        .stderr("error: no finding is named tool:nod; did you mean tool:node?\n")
        .exits(2);
    project
        .trueup(&["check", "vm", "--explain", "tool:node", "--format", "json"])
        .stderr_has("--explain and json cannot both go to stdout")
        .exits(2);
    project.trueup(&["check", "vm", "--explain", "tool:node", "--format", "json=r.json"]).any_stdout().exits(1);
    assert!(project.read("r.json").contains("trueup/report/v1"));
}

#[test]
fn a_report_overwrites_neither_another_nor_the_project() {
    let (_laptop, _vm, project) = drifted();
    let before = (project.read("environments/dev.toml"), project.read("environments/dev.lock"));
    project
        .trueup(&["check", "vm", "--format", "json=r", "--format", "junit=./r"])
        .stderr("error: two formats would be written to ./r; give each a file of its own\n")
        .exits(2);
    for (file, what) in [("environments/dev.toml", "spec"), ("./environments/../environments/dev.lock", "lock")] {
        let said = format!("error: {file} is the project's {what}; name another file\n");
        project.trueup(&["check", "vm", "--format", &format!("json={file}")]).stderr(&said).exits(2);
        project.trueup(&["attest", "vm", "--out", file]).stderr(&said).exits(2);
        project.trueup(&["plan", "vm", "--out", file]).stderr(&said).exits(2);
    }
    assert_eq!((project.read("environments/dev.toml"), project.read("environments/dev.lock")), before);
    project.trueup(&["check", "vm", "--format", "json=/dev/null", "--format", "junit=/dev/null"]).exits(1);
    project.trueup(&["check", "vm", "--format", "json=/dev/stdout"]).stdout_has("trueup/report/v1").exits(1);
}

#[test]
#[cfg(target_os = "linux")]
fn on_a_terminal_no_line_is_wider_than_it() {
    let (_laptop, _vm, project) = drifted();
    let ran = project.trueup(&["check", "vm", "--color", "never"]).on_a_terminal().any_stdout().exits(1);
    assert!(ran.stdout.contains("tool:node"), "{}", ran.stdout);
}
