//! Where git looks for hooks: in the checkout it has said so itself; in a fresh worktree it would decide by the same settings,
//! but for those that are included on a condition, and a relative folder is one of the worktree's own
//! (<https://git-scm.com/docs/git-config#Documentation/git-config.txt-corehooksPath>).

use globset::{GlobBuilder, GlobMatcher};

use super::checkout::collapse;
use super::raw::{Raw, Setting};

/// The folder in which git looks.
pub(super) fn of_checkout(raw: &Raw, fresh: bool) -> String {
    if !fresh {
        return raw.hooks.clone();
    }
    match setting_in_worktree(raw) {
        None => collapse(&format!("{}/hooks", raw.common)),
        Some(folder) => match folder.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                collapse(&format!("{}{rest}", raw.homes.first().map_or("", String::as_str)))
            }
            _ => collapse(&folder),
        },
    }
}

/// What `core.hooksPath` is in the checkout.
pub(super) fn setting(raw: &Raw) -> Option<&str> {
    raw.settings.iter().rfind(|setting| setting.key == HOOKS_PATH).map(|setting| setting.value.as_str())
}

const HOOKS_PATH: &str = "core.hookspath";

/// What it would be in a worktree made just now, whose own folder is below `worktrees` in the shared one, on a branch that is
/// none of those there are.
fn setting_in_worktree(raw: &Raw) -> Option<String> {
    let mut folder = None;
    let mut left_out: Vec<String> = Vec::new();
    for setting in &raw.settings {
        if let Some(condition) = setting.key.strip_prefix("includeif.").and_then(|key| key.strip_suffix(".path")) {
            let included = included_file(raw, setting);
            match (holds(raw, condition, setting, false), holds(raw, condition, setting, true)) {
                (Some(true), Some(false)) => left_out.push(included),
                (Some(false), Some(true)) => {
                    folder = raw.included.get(&setting.value).cloned().or(folder);
                }
                _ => {}
            }
        } else if setting.key == HOOKS_PATH && !left_out.contains(&collapse(&setting.origin)) {
            folder = Some(setting.value.clone());
        }
    }
    folder
}

fn included_file(raw: &Raw, setting: &Setting) -> String {
    let home = raw.homes.first().map_or("", String::as_str);
    collapse(&match setting.value.strip_prefix("~/") {
        Some(rest) => format!("{home}/{rest}"),
        None if setting.value.starts_with('/') => setting.value.clone(),
        None => match setting.origin.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{}", setting.value),
            None => setting.value.clone(),
        },
    })
}

/// Whether a condition holds in the checkout, or in a fresh worktree. None where it is about neither.
fn holds(raw: &Raw, condition: &str, setting: &Setting, fresh: bool) -> Option<bool> {
    let (kind, pattern) = condition.split_once(':')?;
    match kind {
        "gitdir" | "gitdir/i" => {
            let matcher = glob(&folder_pattern(raw, pattern, setting), kind == "gitdir/i")?;
            Some(raw.tops.iter().any(|top| matcher.is_match(own_folder(raw, top, fresh))))
        }
        "onbranch" if fresh => Some(matches!(pattern, "*" | "**")),
        // That it holds here is seen by what it includes.
        "onbranch" => {
            let file = included_file(raw, setting);
            Some(raw.settings.iter().any(|setting| collapse(&setting.origin) == file))
        }
        _ => None,
    }
}

fn own_folder(raw: &Raw, top: &str, fresh: bool) -> String {
    let absolute = |folder: &str| match folder.starts_with('/') {
        true => collapse(folder),
        false => collapse(&format!("{top}/{folder}")),
    };
    if fresh { absolute(&format!("{}/worktrees/fresh", raw.common)) } else { absolute(&raw.dir) }
}

/// As git completes it: a home in front, anything in front of what is relative, anything behind a slash.
fn folder_pattern(raw: &Raw, pattern: &str, setting: &Setting) -> String {
    let mut pattern = if let Some(rest) = pattern.strip_prefix("~/") {
        format!("{}/{rest}", raw.homes.first().map_or("", String::as_str))
    } else if let Some(rest) = pattern.strip_prefix("./") {
        format!("{}/{rest}", setting.origin.rsplit_once('/').map_or("", |(folder, _)| folder))
    } else if pattern.starts_with('/') {
        pattern.to_owned()
    } else {
        format!("**/{pattern}")
    };
    if pattern.ends_with('/') {
        pattern.push_str("**");
    }
    pattern
}

fn glob(pattern: &str, ignore_case: bool) -> Option<GlobMatcher> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).case_insensitive(ignore_case).build();
    Some(glob.ok()?.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(settings: &[(&str, &str, &str)], included: &[(&str, &str)]) -> Raw {
        let setting = |(origin, key, value): &(&str, &str, &str)| Setting {
            origin: (*origin).to_owned(),
            key: (*key).to_owned(),
            value: (*value).to_owned(),
        };
        Raw {
            homes: vec!["/h".to_owned()],
            tops: vec!["/h/src/shop".to_owned()],
            common: ".git".to_owned(),
            dir: ".git".to_owned(),
            hooks: ".git/hooks".to_owned(),
            settings: settings.iter().map(setting).collect(),
            included: included.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect(),
            ..Raw::default()
        }
    }

    #[test]
    fn a_worktree_has_the_settings_but_for_conditions_that_no_longer_hold() {
        let global = "/h/.gitconfig";
        for (condition, folder) in [
            ("includeif.gitdir:~/src/.path", "/h/work"),
            ("includeif.gitdir:~/src/shop/.path", "/h/work"),
            ("includeif.gitdir:~/src/shop/.git.path", ".git/hooks"),
            ("includeif.gitdir:shop/.git.path", ".git/hooks"),
            ("includeif.gitdir/i:**/SHOP/**.path", "/h/work"),
            ("includeif.onbranch:main.path", ".git/hooks"),
            ("includeif.onbranch:**.path", "/h/work"),
            ("includeif.hasconfig:remote.*.url:x.path", "/h/work"),
        ] {
            let raw = raw(&[(global, condition, "work.inc"), ("/h/work.inc", HOOKS_PATH, "/h/work")], &[]);
            assert_eq!(of_checkout(&raw, true), folder, "{condition}");
        }
        let only_there = raw(&[(global, "includeif.gitdir:**/worktrees/*.path", "wt.inc")], &[("wt.inc", "~/w/hooks")]);
        assert_eq!(of_checkout(&only_there, true), "/h/w/hooks");
        assert_eq!(of_checkout(&only_there, false), ".git/hooks");
    }

    #[test]
    fn the_last_setting_counts_and_none_is_the_shared_folder() {
        let raw = raw(&[("/h/.gitconfig", HOOKS_PATH, "~/hooks"), (".git/config", HOOKS_PATH, ".githooks/")], &[]);
        assert_eq!(of_checkout(&raw, true), ".githooks");
        assert_eq!(of_checkout(&Raw { common: "/srv/x/.git".to_owned(), ..Raw::default() }, true), "/srv/x/.git/hooks");
    }
}
