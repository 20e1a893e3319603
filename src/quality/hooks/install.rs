//! How the manager of a repository's hooks installs one.

use crate::spec::GateFact;

/// The command, run in the repository's top folder, that brings a hook as the reference has it; none where no manager does.
pub fn installed_by(hook: &str, want: &GateFact) -> Option<Vec<String>> {
    let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
    match want.leaves.get("manager").map(String::as_str)? {
        "husky" | "husky 8 or older" => words(&["npm", "run", "prepare"]),
        "pre-commit" => words(&["pre-commit", "install", "--hook-type", hook]),
        "prek" => words(&["prek", "install", "--hook-type", hook]),
        "lefthook" => words(&["lefthook", "install"]),
        "simple-git-hooks" => words(&["npx", "simple-git-hooks"]),
        _ => None,
    }
}
