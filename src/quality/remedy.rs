//! The smallest change on a machine that would make a quality gate what it is on the reference, as far as the facts tell.
//!
//! It is a phrase with the command in it, for a person to read: nothing here is ever run. Pure.

use super::hooks::installed_by;
use crate::spec::{Category, Environment, GateFact, ItemId};
use crate::transport::quote;

/// The change for a finding; none where the facts do not tell.
pub fn remedy(
    environment: &Environment,
    id: &ItemId,
    want: Option<&GateFact>,
    got: Option<&GateFact>,
) -> Option<String> {
    let (owner, name) = id.name.split_once('/')?;
    let folder = environment.repos.iter().find(|repo| repo.name == owner).map_or("~", |repo| repo.path.as_str());
    match id.category {
        Category::Hook if name == "claude" => agent(folder, want, got),
        Category::Hook => hook(folder, name, want, got),
        _ => None,
    }
}

/// A repository's folder as a shell takes it.
fn place(folder: &str) -> String {
    match folder.strip_prefix("~/") {
        Some(rest) => format!("~/{}", quote::word(rest)),
        None if folder.starts_with('/') || folder == "~" => folder.to_owned(),
        None => format!("~/{}", quote::word(folder)),
    }
}

/// A path of a fact, which is relative to the repository, as a shell takes it.
fn path(folder: &str, path: &str) -> String {
    if path.starts_with(['/', '~']) { path.to_owned() } else { format!("{}/{}", place(folder), quote::word(path)) }
}

fn run(command: impl std::fmt::Display) -> String {
    format!("run `{command}`")
}

fn hook(folder: &str, name: &str, want: Option<&GateFact>, got: Option<&GateFact>) -> Option<String> {
    let (name, is_worktree) = match name.strip_suffix("@worktree") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let Some(want) = want else {
        let extra = got?.path.as_ref()?;
        return Some(run(format!("rm {}", path(folder, extra))));
    };
    let Some(got) = got else { return install(folder, name, want) };
    // Where git looks decides what else is found there, and what can be installed.
    if !is_worktree && got.is_silent() && want.leaves.get("core.hooksPath") != got.leaves.get("core.hooksPath") {
        return by_leaf(folder, name, "core.hooksPath", want, got);
    }
    if want.does != got.does
        && let Some(change) = by_what_it_does(folder, name, is_worktree, want, got)
    {
        return Some(change);
    }
    // Where git looks decides what else is found there.
    let mut leaves: Vec<String> = want.differences(got).into_iter().map(|difference| difference.leaf).collect();
    leaves.sort_by_key(|leaf| leaf != "core.hooksPath");
    leaves.iter().find_map(|leaf| by_leaf(folder, name, leaf, want, got))
}

fn by_what_it_does(folder: &str, name: &str, is_worktree: bool, want: &GateFact, got: &GateFact) -> Option<String> {
    let does = got.does.as_str();
    let decides = got.decided.get("").map_or("", String::as_str);
    if let Some(variable) = decides.strip_suffix(" in the environment") {
        return Some(format!("{} in the shell in which agents work", run(format!("unset {variable}"))));
    }
    if does.starts_with("is not executable") {
        return Some(run(format!("chmod +x {}", path(folder, got.path.as_ref()?))));
    }
    if does.contains("the lack of lefthook") {
        return Some("install lefthook, where the hook looks for it".to_owned());
    }
    if does.contains("the git on PATH") {
        return Some(format!("take {decides} off PATH, or --no-verify out of it"));
    }
    if does.starts_with("is switched off by") {
        return Some(format!("take it out of {decides}"));
    }
    if does.contains("carriage return") {
        return Some(format!("give {} the line ends that it has on the reference", path(folder, got.path.as_ref()?)));
    }
    if let Some(rest) = does.strip_prefix("cannot start, since its interpreter ") {
        return Some(format!("install {}", rest.strip_suffix(" is not there").unwrap_or(rest)));
    }
    if is_worktree && does.starts_with("does not fire") && !want.leaves.contains_key("core.hooksPath") {
        return Some(run(format!("git -C {} config --unset core.hooksPath", place(folder))));
    }
    if is_worktree && does.starts_with("does not fire") {
        let setting = want.leaves.get("core.hooksPath")?;
        let folder = place(folder);
        return Some(run(format!("git -C {folder} config core.hooksPath \"$(cd {folder} && pwd -P)/{setting}\"")));
    }
    if got.is_silent() || does.starts_with("rejects everything") {
        return install(folder, name, want);
    }
    None
}

fn by_leaf(folder: &str, name: &str, leaf: &str, want: &GateFact, got: &GateFact) -> Option<String> {
    let decides = got.decided.get(leaf).map_or("", String::as_str);
    match leaf {
        "core.hooksPath" => Some(match want.leaves.get(leaf) {
            Some(value) => run(format!("git -C {} config core.hooksPath {}", place(folder), quote::word(value))),
            None => {
                let file = decides.split(':').next().filter(|file| file.starts_with(['/', '~']));
                let of = file.map_or(String::new(), |file| format!("--file {file} "));
                run(format!("git -C {} config {of}--unset-all core.hooksPath", place(folder)))
            }
        }),
        _ if leaf.ends_with(".skipped") => Some(format!("{} in the shell in which agents work", run("unset SKIP"))),
        _ if leaf.ends_with(".excluded") => {
            Some(format!("{} in the shell in which agents work", run("unset LEFTHOOK_EXCLUDE")))
        }
        _ if leaf.ends_with(".environment") => Some(run(format!("cd {} && pre-commit install-hooks", place(folder)))),
        _ if leaf.starts_with("alias.") && !want.leaves.contains_key(leaf) => {
            Some(run(format!("git config --file {} --unset {leaf}", path(folder, decides))))
        }
        "git on PATH" if !decides.is_empty() => Some(format!("take {decides} off PATH")),
        "manager" | "pre-commit" | "prek" | "configured" => install(folder, name, want),
        "commands" => None,
        _ => by_file(folder, name, leaf, want, got),
    }
}

/// A leaf that is a file.
fn by_file(folder: &str, name: &str, leaf: &str, want: &GateFact, got: &GateFact) -> Option<String> {
    if let Some(file) = leaf.strip_suffix(" is executable") {
        return Some(run(format!("chmod +x {}", path(folder, file))));
    }
    let is_generated = leaf.starts_with(".git/") || leaf.contains("/_/");
    if is_generated {
        return install(folder, name, want);
    }
    let file = got.decided.get(leaf).or_else(|| want.decided.get(leaf))?;
    let file = file.split(':').next().unwrap_or(file);
    if file.starts_with(['/', '~']) {
        return Some(format!("bring {file} as it is on the reference"));
    }
    Some(format!(
        "{}, where the reference has it from the commit",
        run(format!("git -C {} checkout -- {}", place(folder), quote::word(file)))
    ))
}

/// How the manager that the reference has it from brings a hook.
fn install(folder: &str, name: &str, want: &GateFact) -> Option<String> {
    let folder_text = place(folder);
    if let Some(command) = installed_by(name, want) {
        return Some(run(format!("cd {folder_text} && {}", quote::words(command.iter().map(String::as_str)))));
    }
    match want.leaves.get("core.hooksPath") {
        Some(value) => Some(run(format!("git -C {folder_text} config core.hooksPath {}", quote::word(value)))),
        None => Some(format!("bring {} as it is on the reference", path(folder, want.path.as_ref()?))),
    }
}

fn agent(folder: &str, want: Option<&GateFact>, got: Option<&GateFact>) -> Option<String> {
    let want = want?;
    let Some(got) = got else {
        let file = want.decided.values().next()?.split(':').next()?;
        return Some(format!("bring {} as it is on the reference", path(folder, file)));
    };
    if want.does != got.does && got.does.contains("disableAllHooks") {
        return Some(format!("take disableAllHooks out of {}", path(folder, got.decided.get("")?)));
    }
    want.differences(got).iter().find_map(|difference| {
        let leaf = difference.leaf.as_str();
        if let Some(program) = leaf.strip_prefix("program ") {
            return Some(match program.contains('/') {
                true => run(format!("chmod +x {}", path(folder, program))),
                false => format!("install {program}"),
            });
        }
        let file = got.decided.get(leaf).or_else(|| want.decided.get(leaf))?.split(':').next()?;
        Some(format!("bring {} as it is on the reference", path(folder, file)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(does: &str, leaves: &[(&str, &str)]) -> GateFact {
        let mut fact = GateFact::new(does);
        fact.path = Some(".githooks/pre-commit".to_owned());
        leaves.iter().for_each(|(leaf, value)| fact.leaf(*leaf, *value));
        fact
    }

    fn told(name: &str, want: Option<&GateFact>, got: Option<&GateFact>) -> String {
        hook("~/src/shop", name, want, got).unwrap()
    }

    #[test]
    fn where_git_looks_is_mended_before_anything_is_installed_there() {
        let want = fact("runs", &[("manager", "pre-commit")]);
        let mut got = fact("is not installed", &[("manager", "pre-commit"), ("core.hooksPath", "/dev/null")]);
        got.decide("core.hooksPath", ".git/config:6");
        assert_eq!(
            told("pre-commit", Some(&want), Some(&got)),
            "run `git -C ~/src/shop config --unset-all core.hooksPath`"
        );
        got.decide("core.hooksPath", "~/.gitconfig:3");
        assert_eq!(
            told("pre-commit", Some(&want), Some(&got)),
            "run `git -C ~/src/shop config --file ~/.gitconfig --unset-all core.hooksPath`"
        );
    }

    #[test]
    fn the_smallest_change_names_the_command() {
        let husky = fact("runs", &[("manager", "husky"), ("core.hooksPath", ".husky/_")]);
        let plain = fact("runs", &[("core.hooksPath", ".githooks")]);
        let made = fact("runs", &[("manager", "pre-commit"), ("ruff.environment", "there")]);
        assert_eq!(told("pre-commit", Some(&husky), None), "run `cd ~/src/shop && npm run prepare`");
        assert_eq!(
            told("commit-msg", Some(&made), None),
            "run `cd ~/src/shop && pre-commit install --hook-type commit-msg`"
        );
        assert_eq!(told("pre-commit", Some(&plain), None), "run `git -C ~/src/shop config core.hooksPath .githooks`");
        let idle = fact("is not executable, so git skips it", &[]);
        assert_eq!(told("pre-commit", Some(&plain), Some(&idle)), "run `chmod +x ~/src/shop/.githooks/pre-commit`");
        let mut off = fact("is switched off by HUSKY=0", &[]);
        off.decide("", "HUSKY in the environment");
        assert_eq!(told("pre-commit", Some(&husky), Some(&off)), "run `unset HUSKY` in the shell in which agents work");
        let moved = fact("runs", &[("manager", "husky"), ("core.hooksPath", "other")]);
        assert_eq!(
            told("pre-commit", Some(&husky), Some(&moved)),
            "run `git -C ~/src/shop config core.hooksPath .husky/_`"
        );
        let bare = fact("runs", &[("manager", "pre-commit"), ("ruff.environment", "not there")]);
        assert_eq!(told("pre-commit", Some(&made), Some(&bare)), "run `cd ~/src/shop && pre-commit install-hooks`");
        assert_eq!(told("post-merge", None, Some(&plain)), "run `rm ~/src/shop/.githooks/pre-commit`");
        let silent = fact("does not fire in a fresh worktree", &[]);
        assert_eq!(
            told("pre-commit@worktree", Some(&husky), Some(&silent)),
            "run `git -C ~/src/shop config core.hooksPath \"$(cd ~/src/shop && pwd -P)/.husky/_\"`"
        );
    }
}
