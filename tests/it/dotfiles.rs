//! Dotfiles beyond whole files: keys of settings files, templates, kept contents, differences that are shown.

use crate::support::machine::Machine;
use crate::support::trueup::Project;

const SETTINGS: &str = ".claude/settings.json";

fn keyed(rest: &str) -> String {
    format!("[dotfiles]\n\"{SETTINGS}\" = {{ compare = \"keys\"{rest} }}\n")
}

#[test]
fn only_the_owned_keys_of_a_settings_file_count() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(
        SETTINGS,
        "{\"hooks\": {\"Stop\": [1]}, \"permissions\": {\"allow\": [\"a\"], \"deny\": []}, \"theme\": \"dark\"}\n",
    );
    vm.file(SETTINGS, "{\n  \"theme\": \"light\",\n  \"permissions\": {\"deny\": [], \"allow\": [\"a\"]},\n  \"hooks\": {\"Stop\": [1.0]}\n}\n");
    vm.mode(SETTINGS, 0o600);
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &keyed(", keys = [\"hooks\", \"permissions\"]"));
    project.capture();
    assert_eq!(project.check(&["vm"], 0).finding("vm", "dotfile:.claude/settings.json")["state"], "match");
    let lock = project.read("environments/dev.lock");
    assert!(lock.contains("\"hooks.Stop\" = \"sha256:") && !lock.contains("dark"), "{lock}");

    vm.file(
        SETTINGS,
        "{\"hooks\": {\"Stop\": [2]}, \"permissions\": {\"allow\": [\"a\"], \"ask\": \"x\", \"deny\": []}}",
    );
    let report = project.check(&["vm"], 1);
    let finding = report.finding("vm", "dotfile:.claude/settings.json");
    assert_eq!(finding["reason"], "hooks.Stop and 1 more key differ");
    let detail = finding["detail"].as_str().unwrap();
    assert!(detail.contains("hooks.Stop: ") && detail.contains(" on the reference, [2] here\n"), "{detail}");
    assert!(detail.ends_with("permissions.ask: not there on the reference, \"x\" here"), "{detail}");

    vm.file(SETTINGS, "{\n\"hooks\": {,\n}");
    let report = project.check(&["vm"], 3);
    let reason = report.finding("vm", "dotfile:.claude/settings.json")["reason"].as_str().unwrap();
    assert!(reason.starts_with("answer not understood: line 2: "), "{reason}");
    std::fs::remove_file(vm.at(SETTINGS)).unwrap();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["dotfile:.claude/settings.json drift missing"]);
}

/// What such a file holds looks like a secret to nobody but who knows its path.
#[test]
fn of_a_settings_file_where_secrets_are_no_value_is_shown() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for (machine, pin) in [(&laptop, "1234"), (&vm, "5678")] {
        machine.file(".config/app/credentials.json", format!("{{\"pin\": {pin}}}"));
    }
    let rest = "[dotfiles]\n\".config/app/credentials.json\" = { compare = \"keys\" }\n";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], rest);
    project.capture();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["dotfile:.config/app/credentials.json drift changed"]);
    let detail = report.finding("vm", "dotfile:.config/app/credentials.json").to_string();
    assert!(detail.contains("pin") && !detail.contains("1234") && !detail.contains("5678"), "{detail}");
}

#[test]
fn other_keys_than_were_captured_are_no_match() {
    let laptop = Machine::local();
    laptop.file(SETTINGS, "{\"a\": 1, \"b\": 2}");
    let targets = [("laptop", &laptop)];
    let project = Project::of(&targets, &keyed(", keys = [\"a\"]"));
    project.capture();
    project.spec(&crate::support::trueup::spec_of(&targets, &keyed("")));
    let report = project.check(&["laptop"], 3);
    let reason = report.finding("laptop", "dotfile:.claude/settings.json")["reason"].as_str().unwrap().to_owned();
    assert_eq!(reason, "the lock has other keys of it than the spec names now; run `trueup capture`");
    project.spec(&crate::support::trueup::spec_of(&targets, &format!("[dotfiles]\nfiles = [\"{SETTINGS}\"]\n")));
    let report = project.check(&["laptop"], 3);
    assert_eq!(report.amiss("laptop"), ["dotfile:.claude/settings.json unknown -"]);
    project.capture();
    project.check(&["laptop"], 0);
}

/// Every format once, over a glob that sees the same files as a whole, with names that want quoting.
#[test]
fn every_format_is_compared_by_its_keys() {
    let files = [
        ("a b.json", "json", "{\"k\": \"é\", \"o\": 1}", "{\"o\":1,\"k\":\"\\u00e9\"}", "{\"k\":\"e\",\"o\":1}"),
        ("it's.jsonc", "jsonc", "{\"k\": 1, }", "// c\n{\"k\": 1}", "{\"k\": 2}"),
        ("$(x).toml", "toml", "[k]\na = 1\n", "k.a = 1", "k.a = 2"),
        ("-n.yaml", "yaml", "k: {a: x}\n", "# c\nk:\n  a: 'x'\n", "k:\n  a: y\n"),
        ("git", "git-config", "[user]\n\tname = A\n", "; c\n[User] NAME = \"A\"", "[user]\n\tname = B\n"),
        (
            "p.plist",
            "plist",
            "<plist><dict><key>k</key><integer>1</integer></dict></plist>",
            "<plist><dict>\n<key>k</key><integer>1</integer></dict></plist>",
            "<plist><dict><key>k</key><integer>2</integer></dict></plist>",
        ),
    ];
    let (laptop, vm) = (Machine::local(), Machine::local());
    let mut spec = "[dotfiles]\nfiles = [\"set/*\"]\n".to_owned();
    for (name, format, reference, same, _) in files {
        laptop.file(&format!("set/{name}"), reference);
        vm.file(&format!("set/{name}"), same);
        spec.push_str(&format!("\"set/{name}\" = {{ compare = \"keys\", format = \"{format}\" }}\n"));
    }
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &spec);
    project.capture();
    assert_eq!(project.check(&["vm"], 0).ids("vm").len(), files.len());
    for (name, _, _, _, other) in files {
        vm.file(&format!("set/{name}"), other);
    }
    let report = project.check(&["vm"], 1);
    for (name, ..) in files {
        let finding = report.finding("vm", &format!("dotfile:set/{name}"));
        assert_eq!(finding["state"], "drift", "{finding}");
        assert!(finding["reason"].as_str().unwrap().ends_with(" differs"), "{finding}");
    }
}

/// Large, binary, unreadable, a folder: never a match.
#[test]
fn a_settings_file_that_cannot_be_read_is_unknown() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(SETTINGS, "{\"a\": 1}");
    vm.file(SETTINGS, format!("{{\"a\": \"{}\"}}", "x".repeat(1 << 20)));
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &keyed(""));
    project.capture();
    let reason = |project: &Project| {
        let report = project.check(&["vm"], 3);
        report.finding("vm", "dotfile:.claude/settings.json")["reason"].as_str().unwrap().to_owned()
    };
    assert!(reason(&project).ends_with("bytes, more than are read of a settings file"), "{}", reason(&project));
    // A text of nearly that size comes whole.
    vm.file(SETTINGS, format!("{{\"a\": 1{}}}\n\n", " ".repeat(900_000)));
    project.check(&["vm"], 0);
    vm.file(SETTINGS, b"\x00\xff{");
    assert_eq!(reason(&project), "answer not understood: line 1: it is not UTF-8 text");
    std::fs::remove_file(vm.at(SETTINGS)).unwrap();
    vm.file(&format!("{SETTINGS}/x"), "");
    assert_eq!(reason(&project), "answer not understood: it is a folder, and has no keys");
}

#[test]
fn a_secret_in_a_settings_file_reaches_neither_lock_nor_report() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    let text = |secret: &str| {
        format!(
            "{{\"env\": {{\"ANTHROPIC_AUTH_TOKEN\": \"{secret}\"}}, \"url\": \"https://me:{secret}@h.example\", \"list\": \
             [\"--password {secret}\"], \"x\": {{\"https://me:{secret}@h.example/\": 1}}}}"
        )
    };
    laptop.file(SETTINGS, text("hunter2-reference"));
    vm.file(SETTINGS, text("hunter2-target"));
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &keyed(""));
    project.capture();
    let report = project.check(&["vm"], 1);
    let human = project.trueup(&["check", "vm"]).any_stdout().exits(1);
    let all = format!("{}{}{}{}", project.read("environments/dev.lock"), report.0, human.stdout, human.stderr);
    assert!(!all.contains("hunter2"), "{all}");
    let finding = report.finding("vm", "dotfile:.claude/settings.json");
    assert_eq!(finding["reason"], "env.ANTHROPIC_AUTH_TOKEN and 2 more keys differ", "{finding}");
}

#[test]
fn a_mode_that_the_spec_names_stands_in_place_of_the_references() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine.file(".a", "x").mode(".a", 0o644).file(".b.json", "{}").mode(".b.json", 0o644);
    }
    let spec = "[dotfiles]\n\".a\" = { mode = \"0600\" }\n\".b.json\" = { compare = \"keys\", mode = \"0600\" }\n";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], spec);
    project.capture();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.finding("vm", "dotfile:.b.json")["reason"], "its mode is 0644, 0600 is asked");
    assert_eq!(report.amiss("vm"), ["dotfile:.a drift changed", "dotfile:.b.json drift changed"]);
    vm.mode(".b.json", 0o600);
    project.apply("vm");
    project.check(&["vm"], 0);
}

/// Most who name it mean what lies in it, which is somewhere else: they are told how to say so.
#[test]
fn who_names_a_link_to_a_folder_hears_that_it_is_not_looked_into() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for (machine, content) in [(&laptop, "a"), (&vm, "b")] {
        machine.file("kept/init.lua", content).link(".config/nvim", "../kept");
    }
    let targets = [("laptop", &laptop), ("vm", &vm)];
    let spec = |files: &str| crate::support::trueup::spec_of(&targets, &format!("[dotfiles]\nfiles = [{files}]\n"));
    let project = Project::of(&targets, "[dotfiles]\nfiles = [\".config/nvim\"]\n");
    project.capture();
    let told = "a link to a folder (what lies in it is not compared: name `.config/nvim/**` for that)";
    let report = project.check(&["vm"], 0);
    let finding = report.finding("vm", "dotfile:.config/nvim");
    assert_eq!(finding["warning"], told, "{finding}");
    assert_eq!(finding["reason"], format!("as on the reference; it is {told}"));
    let human = project.trueup(&["check", "vm"]).any_stdout().exits(0);
    assert!(human.stdout.contains(&format!("dotfile:.config/nvim  {told}")), "{}", human.stdout);
    project.spec(&spec("\".config/nvim\", \".config/nvim/**\""));
    project.capture();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["dotfile:.config/nvim/init.lua drift changed"]);
    assert_eq!(report.finding("vm", "dotfile:.config/nvim")["reason"], "as on the reference");
    project.apply("vm");
    assert_eq!(vm.read("kept/init.lua"), "a");
    assert!(vm.at(".config/nvim").is_symlink());
    project.check(&["vm"], 0);
}

/// As GNU stow leaves it: the folder is real, what is in it are links to where the files are kept.
#[test]
fn who_names_a_folder_hears_which_links_in_it_are_not_looked_into() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for (machine, content) in [(&laptop, "a"), (&vm, "b")] {
        machine.file(".dotfiles/nvim/init.lua", content).link(".config/nvim", "../.dotfiles/nvim");
    }
    let targets = [("laptop", &laptop), ("vm", &vm)];
    let project = Project::of(&targets, "[dotfiles]\nfiles = [\".config\"]\n");
    project.capture();
    let told = "1 link to a folder (what lies in it is not compared: name `.config/nvim/**` for that)";
    let report = project.check(&["vm"], 0);
    assert_eq!(report.finding("vm", "dotfile:.config")["warning"], told);
    assert_eq!(report.finding("vm", "dotfile:.config/nvim")["warning"], serde_json::Value::Null);
    let human = project.trueup(&["check", "vm"]).any_stdout().exits(0);
    assert!(human.stdout.contains(&format!("dotfile:.config  {told}")), "{}", human.stdout);
    project
        .spec(&crate::support::trueup::spec_of(&targets, "[dotfiles]\nfiles = [\".config\", \".config/nvim/**\"]\n"));
    project.capture();
    assert_eq!(project.check(&["vm"], 1).amiss("vm"), ["dotfile:.config/nvim/init.lua drift changed"]);
}

#[test]
fn a_dotfile_is_held_only_on_the_systems_that_the_spec_names() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(".a", "x").file("d/y", "1");
    vm.file(".a", "y").file("d/y", "2");
    let elsewhere = if cfg!(target_os = "macos") { "linux" } else { "macos" };
    let spec = format!(
        "[dotfiles]\nfiles = [\".c\", \"d/*\"]\n\".a\" = {{ only = [\"{elsewhere}\"] }}\n\"d/y\" = {{ only = [\"{elsewhere}\"] }}\n"
    );
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &spec);
    project.trueup(&["capture", "--yes"]).any_stdout().exits(0);
    assert_eq!(project.check(&["vm"], 0).ids("vm"), ["dotfile:.c"]);
}

/// A target's template is rendered with its own facts, and applied as such.
#[test]
fn a_template_is_made_for_each_target() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    let template = "# {{ target }} <{{ os }}>\nexport HOME2='{{ home }}'\n{% if \"x\" in labels %}x{% endif %}\n";
    let made = |name: &str, machine: &Machine| {
        let os = if cfg!(target_os = "macos") { "macos" } else { "linux" };
        format!("# {name} <{os}>\nexport HOME2='{}'\n\n", machine.home().display())
    };
    laptop.file(".zshrc", made("laptop", &laptop)).mode(".zshrc", 0o600);
    vm.file(".zshrc", made("laptop", &laptop)).mode(".zshrc", 0o600);
    let spec =
        "[dotfiles]\nsource = \"dots\"\nfiles = [\".zshrc\"]\n\".profile\" = { template = true, mode = \"0640\" }\n";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], spec);
    project.write("dots/.zshrc.tera", template);
    project.write("dots/.profile", "user {{ user }}\n");
    project.trueup(&["capture", "--yes"]).any_stdout().exits(0);
    let lock = project.read("environments/dev.lock");
    assert!(lock.contains("kind = \"template\"") && !lock.contains("kind = \"file\""), "{lock}");
    let report = project.check(&["laptop", "vm"], 1);
    assert_eq!(report.amiss("laptop"), ["dotfile:.profile drift missing"]);
    assert_eq!(report.amiss("vm"), ["dotfile:.profile drift missing", "dotfile:.zshrc drift changed"]);
    project.apply("vm");
    assert_eq!(vm.read(".zshrc"), made("vm", &vm));
    assert!(vm.read(".profile").starts_with("user ") && vm.read(".profile").len() > 6);
    project.check(&["vm"], 0);
    project.trueup(&["plan", "vm"]).stdout("vm  nothing to do\n").exits(0);
    // Another template is another want.
    project.write("dots/.zshrc.tera", "{{ target }}\n");
    let report = project.check(&["vm"], 3);
    let reason = &report.finding("vm", "dotfile:.zshrc")["reason"];
    assert_eq!(reason, "its template has changed since the capture; run `trueup capture`");
    // What a machine does not tell is an error, and no empty word.
    project.write("dots/.zshrc.tera", "a\n{{ hostname2 }}\n");
    project.capture();
    let report = project.check(&["vm"], 3);
    let reason = report.finding("vm", "dotfile:.zshrc")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("dots/.zshrc.tera, line 2: "), "{reason}");
    project.write("dots/.zshrc.tera", "a\n\n{% if %}\n");
    let refused = project.trueup(&["check"]).any_stderr().exits(2);
    assert!(refused.stderr.contains("the template of .zshrc cannot be used: "), "{}", refused.stderr);
    assert!(refused.stderr.contains("dots/.zshrc.tera, line 3: "), "{}", refused.stderr);
}

const KEEPS: &str = "[dotfiles]\nkeep = true\nfiles = [\".zshrc\", \".netrc\", \".tool\", \"d/*\"]\n\".npmrc\" = { keep = true }\n\
    \".vimrc\" = { keep = false }\n";

fn kept(project: &Project) -> Vec<String> {
    let folder = project.at("environments/dev.contents/sha256");
    let mut kept: Vec<String> = std::fs::read_dir(folder)
        .map(|entries| entries.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect())
        .unwrap_or_default();
    kept.sort();
    kept
}

#[test]
fn contents_are_kept_beside_the_lock_unless_they_look_secret() {
    let (laptop, vm) = (Machine::over_ssh(), Machine::local());
    laptop.file(".zshrc", "a\n").file("d/x y", "b\n").file(".netrc", "machine x\n").file(".vimrc", "v\n");
    laptop.file(".tool", "x\nkey ghp_0123456789abcdef0123\n").file(".npmrc", "//r/:_authToken=hunter2\n");
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], KEEPS);
    let captured = project.trueup(&["capture"]).any_stdout().exits(0);
    assert_eq!(kept(&project), ["//r/:_authToken=hunter2\n", "a\n", "b\n"]);
    for line in [
        "kept 3 contents in environments/dev.contents\n",
        "not kept: .netrc (its path is one where secrets are)\n",
        "not kept: .tool (line 2 looks like a secret)\n",
    ] {
        assert!(captured.stdout.contains(line), "{line}: {}", captured.stdout);
    }
    assert!(!captured.stdout.contains("hunter2") && !captured.stdout.contains("ghp_"), "{}", captured.stdout);
    project.trueup(&["capture"]).stdout_has("dev.lock is up to date").exits(0);
    // The reference may be gone, or have changed: what was captured is brought.
    laptop.file(".zshrc", "later\n");
    project.trueup(&["apply", "vm", "--yes", "--only", "dotfile:.zshrc"]).any_stdout().any_stderr().exits(1);
    assert_eq!(vm.read(".zshrc"), "a\n");
    // What nothing refers to any more goes.
    project.capture();
    assert_eq!(kept(&project), ["//r/:_authToken=hunter2\n", "b\n", "later\n"]);
    project.spec(&crate::support::trueup::spec_of(
        &[("laptop", &laptop), ("vm", &vm)],
        "[dotfiles]\nfiles = [\".zshrc\"]\n",
    ));
    project.capture();
    assert!(!project.at("environments/dev.contents").exists());
}

#[test]
fn a_kept_content_that_was_changed_is_refused_and_kept_contents_belong_to_the_lock() {
    let laptop = Machine::local();
    laptop.file(".zshrc", "a\n");
    let spec = "[dotfiles]\nkeep = true\nfiles = [\".zshrc\"]\n";
    let project = Project::of(&[("laptop", &laptop)], spec);
    project.capture();
    let digest = |project: &Project| project.check(&["laptop"], 0).0["lock_digest"].as_str().unwrap().to_owned();
    let whole = digest(&project);
    let folder = project.at("environments/dev.contents/sha256");
    let path = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&path, "evil\n").unwrap();
    let refused = project.trueup(&["check"]).any_stderr().exits(2);
    assert!(refused.stderr.contains("is not the content that was kept under that name"), "{}", refused.stderr);
    std::fs::remove_file(&path).unwrap();
    assert_ne!(digest(&project), whole);
    project.capture();
    assert_eq!(digest(&project), whole);
}

#[test]
fn what_differs_in_a_text_is_shown_where_the_references_is_at_hand() {
    let (laptop, vm) = (Machine::local(), Machine::over_ssh());
    laptop
        .file(".zshrc", "one\ntwo\nthree\n")
        .file("-odd 'name'\n", "a\n")
        .file(".bin", "\x01\0x")
        .file(".netrc", "a\n");
    vm.file(".zshrc", "one\n2\x1b[31m\nthree\n")
        .file("-odd 'name'\n", "b\n")
        .file(".bin", b"\xff\0y")
        .file(".netrc", "b\n");
    laptop.file(".big", "x\n").file(".secret", "a\n").file(".plain", "a\n").file(".long", "");
    vm.file(".big", "y\n".repeat(50_000))
        .file(".secret", "a b\n")
        .file(".plain", "password = hunter2\n")
        .file(".long", "z\n".repeat(500));
    let spec = "[dotfiles]\nfiles = [\".zshrc\", \"-odd 'name'\\n\", \".bin\", \".netrc\", \".big\", \".secret\", \".plain\", \".long\"]\n";
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], spec);
    project.capture();
    let report = project.check(&["vm"], 1);
    assert_eq!(report.target("vm")["round_trips"], 1);
    let detail = |name: &str| report.finding("vm", &format!("dotfile:{name}"))["detail"].as_str().map(str::to_owned);
    assert_eq!(
        detail(".zshrc").unwrap(),
        "--- reference/.zshrc\n+++ vm/.zshrc\n@@ -1,3 +1,3 @@\n one\n-two\n+2\u{fffd}[31m\n three"
    );
    assert!(detail("-odd 'name'\n").unwrap().ends_with("\n@@ -1 +1 @@\n-a\n+b"));
    assert_eq!(detail(".bin").unwrap(), "it is not text, so no difference is shown");
    for name in [".netrc", ".secret"] {
        assert_eq!(detail(name).unwrap(), "its path is one where secrets are, so no difference is shown");
    }
    assert_eq!(detail(".big"), None);
    assert_eq!(detail(".plain").unwrap(), "what it holds looks secret, so no difference is shown");
    let long = detail(".long").unwrap();
    assert_eq!(long.lines().count(), 61);
    assert!(long.ends_with("… and 443 more lines"), "{long}");
    assert!(!report.0.to_string().contains("hunter2"));
}

#[test]
fn the_references_values_are_shown_beside_the_targets_where_they_are_at_hand() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    laptop.file(SETTINGS, "{\"theme\": \"dark\", \"apiKey\": \"abc\"}");
    vm.file(SETTINGS, "{\"theme\": \"light\", \"apiKey\": \"def\"}");
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &keyed(""));
    project.capture();
    let report = project.check(&["vm"], 1);
    let detail = report.finding("vm", "dotfile:.claude/settings.json")["detail"].as_str().unwrap().to_owned();
    assert!(detail.ends_with("\ntheme: \"dark\" on the reference, \"light\" here"), "{detail}");
    assert!(!detail.contains("abc") && !detail.contains("def\"") && detail.starts_with("apiKey: sha256:"), "{detail}");
    // A reference that has changed since is not what was captured.
    laptop.file(SETTINGS, "{\"theme\": \"dim\", \"apiKey\": \"abc\"}");
    let report = project.check(&["vm"], 1);
    let detail = report.finding("vm", "dotfile:.claude/settings.json")["detail"].as_str().unwrap().to_owned();
    assert!(!detail.contains("dim"), "{detail}");
}

/// Secrets of every shape in files of every sort: in nothing that is printed or written is one of them.
#[test]
fn a_planted_secret_appears_nowhere() {
    let shapes = [
        "password = PLANTED",
        "export DB_PASS='PLANTED'",
        "//r.example/:_authToken=PLANTED",
        "https://me:PLANTED@h.example/x",
        "Authorization: Bearer PLANTED",
        "-----BEGIN RSA PRIVATE KEY-----\nPLANTED\n-----END RSA PRIVATE KEY-----",
        "curl --token PLANTED",
    ];
    let (laptop, vm) = (Machine::local(), Machine::local());
    let mut spec = "[dotfiles]\nkeep = true\nfiles = [\".netrc\", \"d/*\"".to_owned();
    for (number, shape) in shapes.iter().enumerate() {
        laptop.file(&format!(".f{number}"), format!("a\n{}\nb\n", shape.replace("PLANTED", "pl4nted-one-secret")));
        vm.file(&format!(".f{number}"), format!("a\n{}\nc\n", shape.replace("PLANTED", "pl4nted-two-secret")));
        laptop.file(&format!("d/{number}"), shape.replace("PLANTED", "pl4nted-one-secret"));
        spec.push_str(&format!(", \".f{number}\""));
    }
    spec.push_str("]\n\".s.json\" = { compare = \"keys\" }\n\".s.toml\" = { compare = \"keys\" }\n\".s.ini\" = { compare = \"keys\", format = \"git-config\" }\n");
    for (machine, word) in [(&laptop, "pl4nted-one-secret"), (&vm, "pl4nted-two-secret")] {
        machine.file(".netrc", format!("machine x password {word}\n"));
        machine.file(".s.json", format!("{{\"env\": {{\"API_KEY\": \"{word}\"}}, \"a\": [\"--password {word}\"]}}"));
        machine.file(".s.toml", format!("[auth]\ntoken = \"{word}\"\n[x]\ny = {{ secret = \"{word}\" }}\n"));
        machine.file(
            ".s.ini",
            format!("[http]\nextraHeader = Authorization: Basic {word}\n[url \"https://{word}@h/\"]\ninsteadOf = x\n"),
        );
    }
    let project = Project::of(&[("laptop", &laptop), ("vm", &vm)], &spec);
    let mut said = String::new();
    for (arguments, code) in [
        (vec!["capture", "--yes"], 0),
        (vec!["check", "vm", "--format", "human", "--format", "json=report.json"], 1),
        (vec!["plan", "vm", "--out", "plan.json"], 1),
        (vec!["attest", "vm", "--out", "vm.att.json"], 1),
        (vec!["apply", "vm", "--yes"], 0),
    ] {
        let ran = project.trueup(&arguments).any_stdout().any_stderr().exits(code);
        said.push_str(&format!("{}{}", ran.stdout, ran.stderr));
    }
    assert_eq!(kept(&project), Vec::<String>::new());
    for name in ["environments/dev.lock", "report.json", "plan.json", "vm.att.json"] {
        said.push_str(&project.read(name));
    }
    said.push_str(&String::from_utf8_lossy(&std::fs::read(project.state().join("trueup.db")).unwrap()));
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("pl4nted")).collect();
    assert!(lines.is_empty(), "{lines:#?}");
}
