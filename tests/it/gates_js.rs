//! What linters and compilers of Node's would apply, with the real ones: what changes it is named, what only looks different
//! is not reported, and looking writes nothing.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::machine::{Machine, SYSTEM_PATH};
use crate::support::trueup::Project;

/// A repository as one sets it up, with all the tools; versions are exact, so that what is asserted stays true.
const SHOP: &str = r#"{
  "name": "shop",
  "private": true,
  "type": "module",
  "devDependencies": {
    "@commitlint/cli": "20.5.3",
    "@commitlint/config-conventional": "20.5.3",
    "@eslint/js": "9.39.5",
    "eslint": "9.39.5",
    "eslint-plugin-promise": "7.2.1",
    "jiti": "2.6.1",
    "lint-staged": "16.4.0",
    "prettier": "3.6.2",
    "typescript": "5.9.3"
  },
  "lint-staged": {
    "*.js": ["eslint --fix", "prettier --write"]
  }
}
"#;

/// The same with what came before, configured in package.json alone.
const OLD_SHOP: &str = r#"{
  "name": "shop",
  "private": true,
  "devDependencies": {
    "eslint": "8.57.1",
    "eslint-plugin-promise": "6.6.0",
    "prettier": "2.8.8"
  },
  "prettier": { "semi": false },
  "eslintConfig": {
    "root": true,
    "extends": ["eslint:recommended"],
    "plugins": ["promise"],
    "env": { "node": true },
    "parserOptions": { "ecmaVersion": 2022 },
    "rules": { "no-console": "error", "promise/catch-or-return": "warn" }
  }
}
"#;

const FILES: &[(&str, &str)] = &[
    (".gitignore", "node_modules\n"),
    (
        "eslint.config.js",
        "import js from '@eslint/js';\nimport promise from 'eslint-plugin-promise';\nimport shared from './config/shared.js';\n\
         console.log('what a configuration prints is no answer');\n\
         export default [\n  js.configs.recommended,\n  ...shared,\n  {\n    plugins: { promise },\n    rules: {\n      \
         'no-console': 'error',\n      'promise/catch-or-return': ['error', { allowFinally: true }],\n    },\n  },\n];\n",
    ),
    ("config/shared.js", "export default [{ rules: { eqeqeq: ['error', 'always'] } }];\n"),
    (".prettierrc.json", "{\n  \"semi\": false,\n  \"printWidth\": 100\n}\n"),
    (".editorconfig", "root = true\n[*]\nindent_style = space\nindent_size = 2\n"),
    (
        "commitlint.config.js",
        "export default { extends: ['@commitlint/config-conventional'], rules: { 'header-max-length': [2, 'always', 72] } };\n",
    ),
    (
        "tsconfig.base.json",
        "{\n  // for all\n  \"compilerOptions\": {\n    \"strict\": true,\n    \"target\": \"es2022\"\n  }\n}\n",
    ),
    (
        "tsconfig.json",
        "{ \"extends\": \"./tsconfig.base.json\", \"compilerOptions\": { \"outDir\": \"dist\" }, \"include\": [\"src\"] }\n",
    ),
    ("src/a.js", "export const a = 1;\n"),
    ("src/b.ts", "export const b = 1;\n"),
    ("src/deep/c.js", "export const c = 1;\n"),
];

/// A folder with what a package.json asks for installed, made once for all tests, with the real npm and the real registry.
fn installed(name: &str, about: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gates-js");
    fs::create_dir_all(&root).unwrap();
    // Each test is a process of its own.
    let lock = File::create(root.join("lock")).unwrap();
    lock.lock().unwrap();
    let folder = root.join(name);
    if fs::read_to_string(folder.join("installed")).is_ok_and(|done| done == about) {
        return folder;
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("package.json"), about).unwrap();
    let output = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional", "--cache"])
        .arg(root.join("npm"))
        .current_dir(&folder)
        .output()
        .expect("npm must be installed to run the tests");
    assert!(output.status.success(), "npm: {}", String::from_utf8_lossy(&output.stderr));
    fs::write(folder.join("installed"), about).unwrap();
    folder
}

/// The machine with Node on its PATH, which may live where no machine of the tests looks.
fn with_node(machine: &Machine) -> &Machine {
    if !SYSTEM_PATH.split(':').any(|folder| Path::new(folder).join("node").exists()) {
        let path = std::env::var("PATH").expect("tests are started with a PATH");
        let node = std::env::split_paths(&path).map(|folder| folder.join("node")).find(|node| node.is_file());
        machine.tool("node", &format!("exec '{}' \"$@\"", node.expect("node must be installed").display()));
    }
    machine
}

/// A machine with the repository in this folder of its home.
fn machine(at: &str, name: &str, about: &str, files: &[(&str, &str)]) -> Machine {
    let machine = Machine::local();
    with_node(&machine);
    let made = installed(name, about);
    fs::create_dir_all(machine.at(at)).unwrap();
    for part in ["package.json", "package-lock.json", "node_modules"] {
        let copied = Command::new("cp").args(["-a", "--"]).arg(made.join(part)).arg(machine.at(at)).status().unwrap();
        assert!(copied.success());
    }
    for (file, text) in files {
        machine.file(&format!("{at}/{file}"), text);
    }
    machine.git(&["init", "--quiet", "--initial-branch=main", at]);
    machine.git(&["-C", at, "add", "."]);
    machine.commit(at, &["-qm", "first"]);
    machine
}

fn project(laptop: &Machine, vm: &Machine) -> Project {
    let project = Project::of(&[("laptop", laptop), ("vm", vm)], "[repos.shop]\npath = \"~/shop\"\n");
    project.capture();
    project
}

/// Replaces a text in a file, which holds it.
fn replace(machine: &Machine, file: &str, from: &str, to: &str) {
    let text = machine.read(file);
    assert!(text.contains(from), "{file} does not hold {from:?}");
    machine.file(file, text.replace(from, to));
}

#[test]
fn what_changes_a_gate_is_named_and_what_does_not_is_not_reported() {
    let laptop = machine("shop", "shop", SHOP, FILES);
    let vm = machine("shop", "shop", SHOP, FILES);
    let project = project(&laptop, &vm);
    let before = vm.listing();
    let ids = project.check(&["vm"], 0);
    assert_eq!(vm.listing(), before, "looking wrote");
    for tool in ["commitlint", "editorconfig", "eslint", "lint-staged", "npm", "prettier", "tsc"] {
        ids.finding("vm", &format!("gate:shop/{tool}"));
    }
    let told = |id: &str| {
        let report = project.check(&["vm"], 1);
        assert_eq!(report.amiss("vm"), [format!("{id} drift changed")]);
        report.finding("vm", id)["reason"].as_str().unwrap().to_owned()
    };
    for (file, from, to, id, reason) in [
        (
            "eslint.config.js",
            "'no-console': 'error'",
            "'no-console': 'off'",
            "gate:shop/eslint",
            "rules.no-console: error on the reference, off on vm",
        ),
        (
            "config/shared.js",
            "['error', 'always']",
            "'warn'",
            "gate:shop/eslint",
            "rules.eqeqeq: error on the reference, warn on vm, and one more difference",
        ),
        (
            "node_modules/eslint-plugin-promise/package.json",
            "\"version\": \"7.2.1\"",
            "\"version\": \"7.2.0\"",
            "gate:shop/eslint",
            "plugins.promise (commitlint.config.js and 3 more): eslint-plugin-promise@7.2.1 on the reference, eslint-plugin-promise@7.2.0 on vm",
        ),
        (".prettierrc.json", "100", "80", "gate:shop/prettier", "options.printWidth: 100 on the reference, 80 on vm"),
        (
            "tsconfig.base.json",
            "\"strict\": true",
            "\"strict\": false",
            "gate:shop/tsc",
            "compilerOptions.strict: true on the reference, false on vm",
        ),
        (
            "commitlint.config.js",
            "72",
            "100",
            "gate:shop/commitlint",
            "rules.header-max-length.options: [\"always\",72] on the reference, [\"always\",100] on vm",
        ),
        (
            "package.json",
            "\"eslint --fix\", ",
            "",
            "gate:shop/lint-staged",
            "*.js: eslint --fix, then prettier --write on the reference, prettier --write on vm",
        ),
    ] {
        let path = format!("shop/{file}");
        let was = vm.read(&path);
        replace(&vm, &path, from, to);
        if file.starts_with("node_modules") {
            // What package.json asks for is looked at itself, so that it is out of step too.
            let report = project.check(&["vm"], 1);
            assert_eq!(report.amiss("vm"), [format!("{id} drift changed"), "gate:shop/npm drift changed".to_owned()]);
            assert_eq!(report.finding("vm", id)["reason"], reason);
        } else {
            assert_eq!(told(id), reason);
        }
        vm.file(&path, was);
    }
    // A file that is nearer takes the place of the others.
    vm.file("shop/src/deep/.prettierrc", "semi: true\n");
    assert_eq!(
        told("gate:shop/prettier"),
        "options.printWidth (src/deep/c.js): 100 on the reference, not set on vm, and 2 more differences"
    );
    fs::remove_file(vm.at("shop/src/deep/.prettierrc")).unwrap();
    // Only laid out otherwise, in another order, with comments, and newer.
    for (file, from, to) in [
        ("eslint.config.js", "    rules: {\n", "    // ours\n    rules: {\n"),
        ("config/shared.js", "eqeqeq: ['error', 'always']", "'eqeqeq': [2, \"always\"] /* the same */"),
        (".prettierrc.json", "\"semi\": false,\n  \"printWidth\": 100", "\"printWidth\": 100, \"semi\": false"),
        ("tsconfig.base.json", "// for all\n", "/* for all of us */ "),
        (".editorconfig", "[*]\n", "# all\n[*]\n"),
    ] {
        replace(&vm, &format!("shop/{file}"), from, to);
    }
    project.check(&["vm"], 0);
}

#[test]
fn an_explanation_names_the_line_on_each_machine_and_the_smallest_change() {
    let laptop = machine("shop", "shop", SHOP, FILES);
    let vm = machine("shop", "shop", SHOP, FILES);
    let project = project(&laptop, &vm);
    replace(&vm, "shop/eslint.config.js", "'no-console': 'error'", "'no-alert': 'off',\n      'no-console': 'off'");
    project
        .trueup(&["check", "vm", "--explain", "gate:shop/eslint"])
        .stdout_has("  decided    eslint.config.js:11 on the reference, eslint.config.js:12 on vm\n")
        .stdout_has("  fix        in eslint.config.js:12 on vm, set rules.no-console to error\n")
        .exits(1);
}

#[test]
fn what_is_not_installed_or_another_program_is_told_and_a_reinstall_is_not() {
    let laptop = machine("shop", "shop", SHOP, FILES);
    let vm = machine("shop", "shop", SHOP, FILES);
    let project = project(&laptop, &vm);
    let modules = vm.at("shop/node_modules");
    // Programs for other machines may be there or not.
    vm.file(
        "shop/node_modules/@esbuild/linux-arm64/package.json",
        "{\"name\":\"@esbuild/linux-arm64\",\"version\":\"1.0.0\"}",
    );
    fs::remove_dir_all(&modules).unwrap();
    let made = installed("shop", SHOP).join("node_modules");
    assert!(Command::new("cp").arg("-R").arg(&made).arg(&modules).status().unwrap().success());
    project.check(&["vm"], 0);

    fs::remove_file(modules.join(".bin/eslint")).unwrap();
    vm.file("shop/node_modules/.bin/eslint", "#!/bin/sh\nexit 0\n").mode("shop/node_modules/.bin/eslint", 0o755);
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["gate:shop/eslint drift changed"]);
    let reason = report.finding("vm", "gate:shop/eslint")["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("node_modules/.bin/eslint: eslint/bin/eslint.js on the reference, another program, "),
        "{reason}"
    );

    fs::remove_dir_all(modules.join("prettier")).unwrap();
    let report = project.check(&["vm"], 1);
    assert_eq!(
        report.finding("vm", "gate:shop/prettier")["reason"],
        "on vm it is asked for as 3.6.2 and not installed; on the reference it is prettier 3.6.2"
    );
    let npm = report.finding("vm", "gate:shop/npm");
    assert!(npm["detail"].as_str().unwrap().contains("out of step.prettier: "), "{npm}");

    fs::remove_dir_all(&modules).unwrap();
    let report = project.check(&["vm"], 1);
    let reason = report.finding("vm", "gate:shop/npm")["reason"].as_str().unwrap();
    assert!(reason.starts_with("on vm it is not installed: there is no node_modules; "), "{reason}");
}

#[test]
fn a_configuration_that_throws_is_unknown_with_its_first_line() {
    let laptop = machine("shop", "shop", SHOP, FILES);
    let vm = machine("shop", "shop", SHOP, FILES);
    let project = project(&laptop, &vm);
    vm.file("shop/eslint.config.js", "throw new Error('not here: ' + import.meta.dirname + '\\nsecond');\n");
    let report = project.check(&["vm"], 3);
    assert_eq!(report.amiss("vm"), ["gate:shop/eslint unknown -"]);
    assert_eq!(report.finding("vm", "gate:shop/eslint")["reason"], "eslint failed with exit code 1: not here: .");
}

/// In TypeScript, with functions and with values that hold themselves; and under another user's name.
#[test]
fn odd_configurations_are_told_alike_in_another_place_and_nothing_is_written() {
    let odd = "import js from '@eslint/js';\nconst self: any = { name: import.meta.dirname, act() { return 1; } };\nself.self = self;\n\
               export default [js.configs.recommended, { settings: { self }, plugins: { own: { rules: {} } },\n  \
               languageOptions: { parserOptions: { tsconfigRootDir: import.meta.dirname } } }];\n";
    let files: Vec<(&str, &str)> = FILES
        .iter()
        .filter(|(file, _)| *file != "eslint.config.js")
        .copied()
        .chain([("eslint.config.ts", odd)])
        .collect();
    let laptop = machine("shop", "shop", SHOP, &files);
    let vm = machine("src/of/another/shop", "shop", SHOP, &files);
    vm.link("shop", "src/of/another/shop");
    let project = project(&laptop, &vm);
    let before = vm.listing();
    project.check(&["vm"], 0);
    assert_eq!(vm.listing(), before, "looking wrote");
    replace(&vm, "src/of/another/shop/eslint.config.ts", "return 1", "return 2");
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["gate:shop/eslint drift changed"]);
    let reason = report.finding("vm", "gate:shop/eslint")["reason"].as_str().unwrap();
    assert!(reason.starts_with("settings.self.act (commitlint.config.js and 3 more): act(){return 1"), "{reason}");
}

#[test]
fn the_older_kind_of_configuration_is_told_with_all_files_that_bear_on_it() {
    let files = [
        (".gitignore", "node_modules\n"),
        ("a.js", "x\n"),
        ("src/b.js", "x\n"),
        (".prettierignore", "src\n"),
        ("src/.eslintrc.json", "{ \"rules\": { \"eqeqeq\": \"error\" } }\n"),
    ];
    let laptop = machine("shop", "old", OLD_SHOP, &files);
    let vm = machine("shop", "old", OLD_SHOP, &files);
    let project = project(&laptop, &vm);
    project.check(&["vm"], 0);
    let told = |id: &str| {
        let report = project.check(&["vm"], 1);
        assert_eq!(report.amiss("vm"), [format!("{id} drift changed")]);
        report.finding("vm", id)["reason"].as_str().unwrap().to_owned()
    };
    replace(&vm, "shop/package.json", "\"no-console\": \"error\"", "\"no-console\": \"warn\"");
    assert_eq!(told("gate:shop/eslint"), "rules.no-console: error on the reference, warn on vm");
    replace(&vm, "shop/package.json", "\"no-console\": \"warn\"", "\"no-console\": \"error\"");
    fs::remove_file(vm.at("shop/src/.eslintrc.json")).unwrap();
    assert_eq!(
        told("gate:shop/eslint"),
        "rules.eqeqeq (src/b.js): error on the reference, off on vm, and one more difference"
    );
    vm.file("shop/src/.eslintrc.json", files[4].1);
    fs::remove_file(vm.at("shop/.prettierignore")).unwrap();
    assert!(
        told("gate:shop/prettier")
            .starts_with("ignored (src/.eslintrc.json and 1 more): true on the reference, not set on vm")
    );
}

/// What editors read lies outside the repository too.
#[test]
fn an_editorconfig_of_the_home_bears_on_a_repository_without_a_root() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        machine.repo("shop").file("shop/.editorconfig", "[*]\nindent_size = 2\n");
    }
    let project = project(&laptop, &vm);
    project.check(&["vm"], 0);
    vm.file(".editorconfig", "[*]\nindent_style = tab\n");
    let report = project.check(&["vm"], 1);
    assert_eq!(report.amiss("vm"), ["gate:shop/editorconfig drift changed"]);
    assert_eq!(
        report.finding("vm", "gate:shop/editorconfig")["detail"],
        "indent_style: not set on the reference, tab on vm\n\
         configurations: .editorconfig on the reference, .editorconfig, ~/.editorconfig on vm\n"
    );
    vm.file("shop/.editorconfig", "root = true\n\n[*]\nindent_size = 2\n");
    project.check(&["vm"], 0);
}

#[test]
fn ordinary_files_stand_for_the_others() {
    let laptop = Machine::local();
    laptop.repo("shop");
    for file in [
        "package.json",
        "package-lock.json",
        "data.json",
        ".eslintrc.js",
        "z.js",
        "z.test.js",
        "a.min.js",
        "vite.config.js",
        "src/__init__.py",
        "src/x.py",
        "dist/y.ts",
        "src/it's odd.ts",
        "src/line\nbreak.rs",
    ] {
        laptop.file(&format!("shop/{file}"), if file.ends_with(".json") { "{}\n" } else { "x\n" });
    }
    laptop.link("shop/src/link.go", "x.py");
    laptop.git(&["-C", "shop", "add", "-f", "."]);
    let project = Project::of(&[("laptop", &laptop)], "[repos.shop]\npath = \"~/shop\"\n");
    project.capture();
    let lock = project.read("environments/dev.lock");
    let samples = lock.split("[samples]").nth(1).and_then(|rest| rest.split(']').next()).unwrap();
    let samples: Vec<&str> = samples.lines().filter_map(|line| line.trim().strip_suffix(',')).collect();
    assert_eq!(
        samples,
        [
            "\"README\"",
            "\"data.json\"",
            "\"dist/y.ts\"",
            "\"src/it's odd.ts\"",
            "\"src/x.py\"",
            "\"vite.config.js\"",
            "\"z.js\"",
            "\"z.test.js\"",
        ]
    );
}

/// A copy of what was installed may lack the account of it; then the packages are looked at themselves.
#[test]
fn workspaces_are_links_also_where_no_account_says_so() {
    let (laptop, vm) = (Machine::local(), Machine::local());
    for machine in [&laptop, &vm] {
        let about = "{\"name\":\"all\",\"workspaces\":[\"packages/*\"]}\n";
        let core = "{\"name\":\"core\",\"version\":\"1.0.0\"}\n";
        let lock = "{\"lockfileVersion\":3,\"packages\":{\"\":{\"workspaces\":[\"packages/*\"]},\"node_modules/core\":\
                    {\"resolved\":\"packages/core\",\"link\":true},\"packages/core\":{\"version\":\"1.0.0\"}}}\n";
        with_node(machine).repo("shop").file("shop/package.json", about).file("shop/package-lock.json", lock);
        machine.file("shop/packages/core/package.json", core).file("shop/node_modules/.package-lock.json", lock);
        machine.link("shop/node_modules/core", "../packages/core");
    }
    let project = project(&laptop, &vm);
    fs::remove_file(vm.at("shop/node_modules/.package-lock.json")).unwrap();
    project.check(&["vm"], 0);
    fs::remove_file(vm.at("shop/node_modules/core")).unwrap();
    vm.file("shop/node_modules/core/package.json", "{\"name\":\"core\",\"version\":\"1.0.0\"}\n");
    assert_eq!(project.check(&["vm"], 1).amiss("vm"), ["gate:shop/npm drift changed"]);
}

/// Each manager writes down in its own way what it installed. A package for other machines may be there or not.
#[test]
fn the_account_that_each_manager_leaves_is_held_against_its_lock_file() {
    let package = |name: &str, version: &str| format!("{{\"name\":\"{name}\",\"version\":\"{version}\"}}");
    let npm = |version: &str| {
        format!(
            "{{\"lockfileVersion\":3,\"packages\":{{\"node_modules/ms\":{{\"version\":\"{version}\"}},\
             \"node_modules/for-arm\":{{\"version\":\"1.0.0\",\"optional\":true,\"cpu\":[\"arm64\"]}}}}}}\n"
        )
    };
    let pnpm = |version: &str| {
        format!(
            "lockfileVersion: '9.0'\n\npackages:\n\n  ms@{version}:\n    resolution: {{integrity: x}}\n\n  for-arm@1.0.0:\n    \
             cpu: [arm64]\n\nsnapshots:\n\n  ms@{version}: {{}}\n\n  for-arm@1.0.0:\n    optional: true\n"
        )
    };
    let first_yarn = |version: &str| {
        format!(
            "# yarn lockfile v1\n\n\nms@^2.0.0:\n  version \"{version}\"\n  resolved \"https://r.example/ms-{version}.tgz#1\"\n"
        )
    };
    let yarn = |version: &str| {
        format!(
            "__metadata:\n  version: 8\n\n\"ms@npm:^2.0.0\":\n  version: {version}\n  resolution: \"ms@npm:{version}\"\n\n\
             \"for-arm@npm:1.0.0\":\n  version: 1.0.0\n  resolution: \"for-arm@npm:1.0.0\"\n  conditions: cpu=arm64\n"
        )
    };
    let bun = |version: &str| {
        format!(
            "{{\n  \"lockfileVersion\": 1,\n  \"packages\": {{\n    \"ms\": [\"ms@{version}\", \"\", {{}}, \"sha512-x\"],\n    \
             \"for-arm\": [\"for-arm@1.0.0\", \"\", {{ \"cpu\": \"arm64\" }}, \"sha512-y\"],\n  }},\n}}\n"
        )
    };
    let first_account = "{\"lockfileEntries\":{\"ms@^2.0.0\":\"https://r.example/ms-2.1.2.tgz#1\"}}\n".to_owned();
    let state = "__metadata:\n  version: 1\n\n\"ms@npm:2.1.2\":\n  locations:\n    - \"node_modules/ms\"\n".to_owned();
    for (lock, written, account, told, leaf) in [
        (
            "package-lock.json",
            &npm as &dyn Fn(&str) -> String,
            Some((".package-lock.json", npm("2.1.2"))),
            "npm ci",
            "ms: ",
        ),
        (
            "pnpm-lock.yaml",
            &pnpm,
            Some((".pnpm/lock.yaml", pnpm("2.1.2"))),
            "pnpm install --frozen-lockfile",
            "ms@2.1.3: ",
        ),
        ("yarn.lock", &first_yarn, Some((".yarn-integrity", first_account)), "yarn install --immutable", "ms@^2.0.0: "),
        ("yarn.lock", &yarn, Some((".yarn-state.yml", state)), "yarn install --immutable", "ms@npm:2.1.3: "),
        ("bun.lock", &bun, None, "bun install --frozen-lockfile", "ms: "),
    ] {
        let (laptop, vm) = (Machine::local(), Machine::local());
        for machine in [&laptop, &vm] {
            with_node(machine).repo("shop").file("shop/package.json", "{\"dependencies\":{\"ms\":\"^2.0.0\"}}\n");
            machine.file("shop/node_modules/ms/package.json", package("ms", "2.1.2"));
            machine.file(&format!("shop/{lock}"), written("2.1.2"));
            if let Some((name, text)) = &account {
                machine.file(&format!("shop/node_modules/{name}"), text);
            }
        }
        laptop.file("shop/node_modules/for-arm/package.json", package("for-arm", "1.0.0"));
        let project = project(&laptop, &vm);
        let report = project.check(&["vm"], 0);
        assert_eq!(report.finding("vm", "gate:shop/npm")["warning"], serde_json::Value::Null, "{lock}");
        vm.file(&format!("shop/{lock}"), written("2.1.3"));
        project
            .trueup(&["check", "vm", "--explain", "gate:shop/npm"])
            .stdout_has(&format!("on vm it is out of step with {lock}; on the reference it is in step with {lock}"))
            .stdout_has(&format!("out of step.{leaf}"))
            .stdout_has(&format!("run `{told}` in the repository on vm"))
            .exits(1);
    }
}
