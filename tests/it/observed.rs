//! What is observed, and what must not be: secrets, half answers, places that may not be looked at.

use crate::support::machine::Machine;
use crate::support::trueup::Project;

const REPO: &str = "[repos.shop]\npath = \"~/shop\"\n";

/// The id of a finding holds a setting's key, and the key of `url.….insteadOf` holds whatever was written there.
#[test]
fn a_token_in_a_git_setting_reaches_neither_lock_nor_report() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for (machine, token) in [(&laptop, "ghp_0123456789abcdef0123"), (&vm, "ghp_zzzzzzzzzzzzzzzzzzzz")] {
        machine.repo("shop");
        let key = format!("url.https://oauth2:{token}@github.com/.insteadOf");
        machine.git(&["config", "--global", &key, "https://github.com/"]);
        machine.git(&["config", "--global", "alias.up", &format!("!curl -H 'Authorization: Bearer {token}'")]);
    }
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], REPO);
    project.capture();
    let lock = std::fs::read_to_string(project.at("environments/dev.lock")).unwrap();
    let report = project.check(&["vm"], 1);
    assert!(!lock.contains("ghp_") && !report.0.to_string().contains("ghp_"), "{lock}{}", report.0);
    assert_eq!(report.finding("vm", "git:shop/url.https://github.com/.insteadOf")["state"], "match");
    assert_eq!(report.amiss("vm"), ["git:shop/alias.up drift changed"]);
}
