//! This project's own environment, which `.ci/run` holds the machine against that it runs on.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// Checks `environments/trueup.toml` with a PATH on which all is that is on this one, but for one tool.
fn check_without(missing: Option<&str>) -> (Option<i32>, String) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = std::env::var_os("PATH").unwrap();
    let folders = std::env::split_paths(&own).chain(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(Into::into));
    let bin = tempfile::tempdir().unwrap();
    for file in folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flatten() {
        let file = file.unwrap();
        if missing.is_none_or(|missing| file.file_name() != missing) {
            // What comes first on PATH counts.
            drop(symlink(file.path(), bin.path().join(file.file_name())));
        }
    }
    let output = Command::new(env!("CARGO_BIN_EXE_trueup"))
        .args(["check", "here", "--env", "trueup"])
        .current_dir(project)
        .env("PATH", bin.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), told)
}

#[test]
fn a_machine_with_all_tools_is_at_parity_and_one_that_lacks_a_tool_is_not() {
    let (code, told) = check_without(None);
    assert_eq!(code, Some(0), "{told}");
    let (code, told) = check_without(Some("shellcheck"));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("tool:shellcheck  missing: it is not there, the reference has it"), "{told}");
}
