use super::*;

const FILE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// What the probe prints for these files.
fn told(files: &[(&str, &str)], more: &str) -> String {
    let mut listing = "home /home/jane\nroot /home/jane/src/shop\n".to_owned();
    files.iter().for_each(|(path, _)| listing.push_str(&format!("file {path}\n")));
    listing.push_str("=digests\n");
    files.iter().for_each(|(path, text)| listing.push_str(&format!("{}  {path}\n", Digest::of(text.as_bytes()).hex())));
    for (path, text) in files {
        listing.push_str(&format!("=text {path}\n"));
        text.lines().for_each(|line| listing.push_str(&format!("|{line}\n")));
    }
    format!("{listing}=end\n{more}done\n")
}

fn fact(files: &[(&str, &str)], more: &str) -> GateFact {
    effective(Place::Repository, &told(files, more)).unwrap().unwrap()
}

const PROJECT: &str = ".claude/settings.json";
const USER: &str = "/home/jane/.claude/settings.json";

#[test]
fn the_order_of_keys_and_rules_is_no_difference() {
    let one = r#"{"permissions":{"allow":["a","b"],"deny":["c"]},"hooks":{"Stop":[{"hooks":[{"type":"command","command":"true"}]}]}}"#;
    let other = "{\n  \"hooks\": {\"Stop\": [{\"hooks\": [{\"command\": \"true\", \"type\": \"command\"}]}]},\n  \"permissions\": {\"deny\": [\"c\"], \"allow\": [\"b\", \"a\"]}\n}";
    let (one, other) = (fact(&[(PROJECT, one)], "have true\n"), fact(&[(PROJECT, other)], "have true\n"));
    assert_eq!(one.shown(), other.shown());
    assert_eq!(one.leaves["permissions.deny c"], "yes");
    assert_eq!(one.leaves["program true"], "there");
}

#[test]
fn what_counts_more_wins_and_lists_are_joined() {
    let fact = fact(
        &[
            (USER, r#"{"disableAllHooks": true, "permissions": {"defaultMode": "plan", "allow": ["x"]}}"#),
            (PROJECT, r#"{"disableAllHooks": false, "permissions": {"allow": ["y"]}}"#),
            (".claude/settings.local.json", r#"{"permissions": {"defaultMode": "ask"}}"#),
            ("/etc/claude-code/managed-settings.json", "{\n\"permissions\": {\n\"defaultMode\": \"managed\"}}"),
        ],
        "",
    );
    assert_eq!((fact.does.as_str(), &*fact.leaves["disableAllHooks"]), ("is set up", "false"));
    assert_eq!(fact.leaves["permissions.defaultMode"], "managed");
    assert_eq!(fact.decided["permissions.defaultMode"], "/etc/claude-code/managed-settings.json:3");
    assert!(fact.leaves.contains_key("permissions.allow x") && fact.leaves.contains_key("permissions.allow y"));
    assert_eq!(fact.decided["permissions.allow x"], "~/.claude/settings.json:1");
}

#[test]
fn hooks_that_are_switched_off_or_whose_program_is_gone_are_weak() {
    let hooks = r#""hooks":{"PreToolUse":[{"matcher":"Bash","hooks":[{"type":"command","command":"\"$CLAUDE_PROJECT_DIR\"/.claude/hooks/guard.sh --strict","timeout":5}]}]}"#;
    let files = [(PROJECT, format!("{{{hooks}}}"))];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let script = format!("file .claude/hooks/guard.sh\n=digests\n{FILE}  x\n=end\n");
    let idle = fact(&files, &script);
    assert_eq!(
        idle.weak.as_deref(),
        Some("a hook's program .claude/hooks/guard.sh is not there, or is not executable")
    );
    let able = fact(&files, &format!("able .claude/hooks/guard.sh\n{script}"));
    assert_eq!(able.weak, None);
    let differ: Vec<String> = able.differences(&idle).iter().map(|difference| difference.told("vm")).collect();
    assert_eq!(differ, ["program .claude/hooks/guard.sh: there on the reference, not there on vm"]);
    assert_eq!(able.leaves[".claude/hooks/guard.sh"], format!("sha256:{FILE}"));
    let leaf = able.leaves.keys().find(|leaf| leaf.starts_with("hooks.PreToolUse[Bash] ")).unwrap();
    assert!(able.leaves[leaf].ends_with(", timeout 5"), "{able:?}");
    let off = fact(&[(PROJECT, &format!("{{\"disableAllHooks\":true,{hooks}}}"))], "");
    assert_eq!(off.does, "has all its hooks switched off by disableAllHooks");
}

#[test]
fn a_variables_value_is_never_told() {
    let fact = fact(
        &[
            (PROJECT, r#"{"env":{"API_TOKEN":"hunter2"}}"#),
            (".mcp.json", r#"{"mcpServers":{"db":{"env":{"PASSWORD":"hunter2"}}}}"#),
        ],
        "",
    );
    assert_eq!(fact.leaves["env.API_TOKEN"], "set");
    assert_eq!(fact.leaves["mcpServers.db"], "set up");
    assert!(!format!("{fact:?}").contains("hunter2"));
}

#[test]
fn settings_that_are_no_json_count_for_nothing_and_are_named() {
    let fact = fact(&[(PROJECT, "{\"disableAllHooks\": true,,}")], "");
    assert_eq!(fact.leaves[PROJECT], "is not read");
    assert!(fact.weak.unwrap().starts_with(".claude/settings.json is no JSON (line 1: "));
}

#[test]
fn a_repository_without_files_of_its_own_is_the_homes_business() {
    assert_eq!(effective(Place::Repository, &told(&[(USER, "{\"disableAllHooks\":true}")], "")), Ok(None));
    assert!(effective(Place::Home, &told(&[(USER, "{\"disableAllHooks\":true}")], "")).unwrap().is_some());
    assert!(effective(Place::Home, "home /h\n").is_err());
    assert!(effective(Place::Home, "home /h\nshut /h/.claude.json\ndone\n").is_err());
}

#[test]
fn another_home_is_no_difference() {
    let of = |home: &str| {
        let text = format!(
            "{{\"hooks\":{{\"Stop\":[{{\"hooks\":[{{\"type\":\"command\",\"command\":\"{home}/bin/x\"}}]}}]}}}}"
        );
        let listing = told(&[(PROJECT, &text)], "").replace("/home/jane", home);
        effective(Place::Repository, &listing).unwrap().unwrap().shown()
    };
    assert_eq!(of("/home/jane"), of("/Users/joe"));
}

#[test]
fn variables_that_switch_hooks_off_stand_as_they_are_and_others_by_digest() {
    let of = |env: &str| fact(&[(PROJECT, &format!("{{\"env\": {{{env}}}}}"))], "");
    let off = of(r#""SKIP": "ruff", "API_TOKEN": "abc", "MODE": "/home/jane/x""#);
    assert_eq!(off.leaves["env.SKIP"], "ruff");
    assert_eq!(off.leaves["env.API_TOKEN"], "set");
    assert_eq!(off.leaves["env.MODE"], Digest::of(b"~/x").short());
    let weak = off.weak.unwrap();
    assert_eq!(weak, "SKIP=ruff in .claude/settings.json:1 switches git's hooks off, or some of them");
    assert_eq!(of(r#""HUSKY": "1", "LEFTHOOK": "true""#).weak, None);
    assert!(of(r#""HUSKY": "0""#).weak.is_some());
}

#[test]
fn instructions_below_the_top_and_those_that_are_taken_in_count() {
    let taken = format!("file docs/style.txt\n=digests\n{FILE}  docs/style.txt\n=end\n");
    let files = [("CLAUDE.md", "See @docs/style.txt, and ask jane@example.com\n"), ("src/CLAUDE.md", "x\n")];
    let fact = fact(&files, &taken);
    let leaves: Vec<&str> = fact.leaves.keys().map(String::as_str).collect();
    assert_eq!(leaves, ["CLAUDE.md", "docs/style.txt", "src/CLAUDE.md"]);
}
