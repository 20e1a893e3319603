use super::*;

fn places() -> Places {
    Places {
        home: "/home/jane".to_owned(),
        top: "/home/jane/src/shop".to_owned(),
        room: "/home/jane/src/.trueup-vm-1-2-3".to_owned(),
        subject: "feat: a first line".to_owned(),
        name: "Jane Doe".to_owned(),
        email: "jane@example.com".to_owned(),
        user: "jane".to_owned(),
    }
}

fn said(output: &str) -> Vec<String> {
    let leaf = |one: Diagnostic| {
        let (name, value) = one.into_leaf();
        format!("{name} = {value}")
    };
    diagnostics(output, &places()).into_iter().map(leaf).collect()
}

#[test]
fn each_tool_is_understood_in_its_own_words() {
    let room = places().room;
    let cases: &[(&str, &[&str])] = &[
        (
            "\n~/x\n\u{1b}[4m{room}/main/shop/src/a.ts\u{1b}[24m\n  3:5   error    Unexpected console  no-console\n  \
             4:1   error    'x' is unused  @typescript-eslint/no-unused-vars\n  1:1  error  Parsing error: no  \n\n✖ 2 problems",
            &[
                "eslint src/a.ts:1 cannot parse it = error",
                "eslint src/a.ts:3 no-console = error",
                "eslint src/a.ts:4 @typescript-eslint/no-unused-vars = error",
            ],
        ),
        ("src/a.js: line 3, col 1, Error - no (no-debugger)\n", &["eslint src/a.js:3 no-debugger = error"]),
        ("src/a.ts(1,44): error TS2355: no\n", &["tsc src/a.ts:1 TS2355 = error"]),
        ("src/a.ts:1:44 - error TS2355: no\n", &["tsc src/a.ts:1 TS2355 = error"]),
        (
            "Checking formatting...\n[warn] src/a.ts\n[warn] Code style issues found in the above file.\n",
            &["prettier src/a.ts = not formatted"],
        ),
        ("[error] src/b.json: SyntaxError: no (1:1)\n", &["prettier src/b.json SyntaxError = error"]),
        ("ledger/a.py:3:8: F401 [*] `os` imported\n", &["ruff ledger/a.py:3 F401 = error"]),
        (
            "F401 [*] `os` imported but unused\n --> ledger/a.py:3:8\n  |\nE722 Do not use bare `except`\n  --> ledger/a.py:12:5\n",
            &["ruff ledger/a.py:12 E722 = error", "ruff ledger/a.py:3 F401 = error"],
        ),
        ("Would reformat: ledger/a.py\n1 file would be reformatted\n", &["formatter ledger/a.py = would change it"]),
        (
            "ledger/a.py:3: error: Incompatible types in assignment  [assignment]\nFound 1 error in 1 file\n",
            &["mypy ledger/a.py:3 assignment = error"],
        ),
        (
            "⧗   input: Changed\n✖   subject may not be empty [subject-empty]\n✖   type may not be empty [type-empty]\n",
            &["commitlint subject-empty = error", "commitlint type-empty = error"],
        ),
        (
            "ruff....Failed\n- hook id: ruff\n- exit code: 1\n\nx\nblack...Failed\n- hook id: black\n- files were modified by this hook\n",
            &["pre-commit black = failed, and changed files", "pre-commit ruff = failed with exit code 1"],
        ),
        (
            "┃  rustfmt ❯ \n\nsummary: (done in 0.05 seconds)\n✔️ todo\n🥊 rustfmt\n🥊 shellcheck (0.01 seconds)\n",
            &["lefthook rustfmt = failed", "lefthook shellcheck = failed"],
        ),
        ("Diff in /home/jane/src/shop/src/x.rs:1:\n", &["rustfmt src/x.rs:1 = not formatted"]),
        (
            "error[E0308]: mismatched types\n --> src/bin/x.rs:2:29\n  |\nwarning: unneeded `return` statement\n --> src/x.rs:3:5\n  = \
             note: `-D clippy::needless-return` implied by `-D warnings`\n",
            &["rustc src/bin/x.rs:2 E0308 = error", "rustc src/x.rs:3 clippy::needless_return = warning"],
        ),
        ("TAP version 13\nnot ok 3 - test/x.test.mjs\n  ---\n", &["test test/x.test.mjs = failed"]),
        ("✖ test/x.test.mjs (45.2ms)\n", &["test test/x.test.mjs = failed"]),
        (" FAIL  src/x.test.ts > adds [ src/x.test.ts ]\n", &["test src/x.test.ts > adds = failed"]),
        (
            "FAILED tests/test_x.py::test_x - assert 1 == 2\nERROR tests/test_y.py\n",
            &["pytest tests/test_x.py::test_x = failed", "pytest tests/test_y.py = failed"],
        ),
        ("test tests::adds ... FAILED\n", &["cargo test tests::adds = failed"]),
        (
            "Secret Type: Private Key\nLocation:    trueup-canary.cfg:4\n",
            &["detect-secrets trueup-canary.cfg:4 Private Key = found"],
        ),
        ("RuleID:      aws\nEntropy:     3\nFile:        x.cfg\nLine:        2\n", &["gitleaks x.cfg:2 aws = found"]),
        ("Private key found: x.cfg\n", &["detect-private-key x.cfg = found"]),
        ("big.bin (11719 KB) exceeds 200 KB.\n", &["check-added-large-files big.bin = exceeds 200 KB"]),
        ("x.txt:1: Merge conflict string '<<<<<<< ' found\n", &["check-merge-conflict x.txt:1 = found"]),
        (
            "In src/x.sh line 3:\necho $1\n     ^-- SC2086 (info): Double quote.\n",
            &["shellcheck src/x.sh:3 SC2086 = info"],
        ),
    ];
    for (output, wanted) in cases {
        assert_eq!(said(&output.replace("{room}", &room)), *wanted, "{output}");
    }
}

#[test]
fn what_nobody_understands_is_the_same_on_every_machine() {
    let one = said("12:30:01 no way: /home/jane/src/.trueup-vm-1-2-3/main/shop/src/a.txt took 12 ms (abc1234)\r\n\n");
    let mut elsewhere = places();
    elsewhere.room = "/srv/agent/.trueup-box-9-9-9".to_owned();
    elsewhere.top = "/srv/agent/shop".to_owned();
    elsewhere.home = "/srv/agent".to_owned();
    let other = diagnostics(
        "09:00:59 no way: /srv/agent/.trueup-box-9-9-9/worktree/tree/shop/src/a.txt took 1.5 s (99ff012)\n",
        &elsewhere,
    );
    assert_eq!(one, ["output = <time> no way: src/a.txt took <time> (<id>)"]);
    assert_eq!(other[0].value, "<time> no way: src/a.txt took <time> (<id>)");
    assert_eq!(said(" \n"), ["output = nothing"]);
}

#[test]
fn who_runs_it_and_in_which_order_lines_come_is_not_what_is_said() {
    let elsewhere = Places { name: "J. Doe".to_owned(), email: "j@example.org".to_owned(), ..Places::default() };
    let elsewhere = Places { user: "ubuntu".to_owned(), ..elsewhere };
    let other = diagnostics("one\nby J. Doe <j@example.org>, ubuntu: not like that\n", &elsewhere);
    let here = diagnostics("by Jane Doe <jane@example.com>, jane: not\0 like that\none\n", &places());
    assert_eq!(here, other);
    assert_eq!(here[0].value, "by <name> <<email>>, <user>: not like that\none");
    assert_eq!(said("janet and jane-x"), ["output = janet and jane-x"]);
    assert_eq!(said("no\nhint: The hook was ignored\nhint:\n"), ["output = no"]);
    let root = Places { user: "root".to_owned(), ..Places::default() };
    assert_eq!(diagnostics("no root here", &root)[0].value, "no root here");
}
