//! What passes hooks over although they are there: a `git` on PATH that is a script, and aliases, that add `--no-verify`, and
//! variables that lead git to another repository.

use super::Hook;
use super::script::line_of;
use crate::spec::Digest;

/// The commands whose hooks `--no-verify` passes over (<https://git-scm.com/docs/githooks>).
const PASSED_OVER: [(&str, &[&str]); 5] = [
    ("commit", &["pre-commit", "commit-msg"]),
    ("merge", &["pre-merge-commit", "commit-msg"]),
    ("push", &["pre-push"]),
    ("rebase", &["pre-rebase"]),
    ("am", &["applypatch-msg", "pre-applypatch"]),
];

const OPTION: &str = "--no-verify";

/// Variables by which git goes elsewhere than to the repository that somebody is in.
const ASTRAY: [&str; 6] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_NAMESPACE"];

pub(super) fn describe(hook: &mut Hook<'_>) {
    for name in ASTRAY {
        if let Some(value) = hook.checkout.raw.vars.get(name) {
            hook.fact.leaf(name, hook.checkout.shown(value));
            hook.is_off(&format!("{name}, by which git goes elsewhere"), &format!("{name} in the environment"));
        }
    }
    let commands: Vec<&str> =
        PASSED_OVER.iter().filter(|(_, hooks)| hooks.contains(&hook.name)).map(|(command, _)| *command).collect();
    let raw = hook.checkout.raw;
    if let Some(path) = &raw.wrapper {
        let file = raw.files.get(path);
        let text = file.and_then(|file| file.text.as_deref()).unwrap_or("");
        let text = raw.anywhere(text);
        hook.fact.leaf("git on PATH", format!("a script, {}", Digest::of(text.as_bytes())));
        let shown = hook.checkout.shown(path);
        hook.fact.decide("git on PATH", &shown);
        let named = |command: &&&str| text.contains(**command);
        if text.contains(OPTION)
            && (commands.iter().any(|command| named(&command)) || !names_a_command(&text))
            && !commands.is_empty()
        {
            hook.is_off(
                &format!("the git on PATH, which adds {OPTION}"),
                &format!("{shown}:{}", line_of(&text, OPTION)),
            );
        }
    }
    for setting in &raw.settings {
        let Some(alias) = setting.key.strip_prefix("alias.") else { continue };
        let value = setting.value.as_str();
        let passes_over = |command: &&str| {
            let mut words = value.split_whitespace().skip_while(|word| word.rsplit('!').next() != Some(*command));
            words.any(|word| word == OPTION || (*command == "commit" && is_short_no_verify(word)))
        };
        if commands.iter().any(passes_over) {
            let leaf = format!("alias.{alias}");
            hook.fact.leaf(&leaf, value);
            hook.fact.decide(&leaf, hook.checkout.shown(&setting.origin));
            hook.is_weak(format!("`git {alias}` passes it over"));
        }
    }
}

/// Whether a script tells git's commands apart.
fn names_a_command(text: &str) -> bool {
    PASSED_OVER.iter().any(|(command, _)| text.contains(command))
}

/// `-n` of `git commit`, also among other short options without a value in front of it.
fn is_short_no_verify(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|options| {
        !options.starts_with('-')
            && options.split(['m', 'F', 'C', 'c', 't', 'u', 'S']).next().is_some_and(|front| front.contains('n'))
    })
}
