//! simple-git-hooks (<https://github.com/toplenboren/simple-git-hooks>): a hook that is nothing but its command, written once from
//! the configuration and again only when somebody asks for it.

use super::Hook;
use super::checkout::Checkout;
use super::script::Trail;
use super::values::{get, text_of};
use crate::spec::{Format, Value, Why};

/// Whether a hook is one that it made.
pub(super) fn is_one(text: &str) -> bool {
    text.contains("SKIP_SIMPLE_GIT_HOOKS")
}

/// What the configuration has for a hook, and the file.
pub(super) fn configured(checkout: Checkout<'_>, name: &str) -> Option<(String, &'static str)> {
    for file in [".simple-git-hooks.json", "simple-git-hooks.json", "package.json"] {
        let Some(text) = checkout.find(file).and_then(|file| file.text) else { continue };
        let Ok(whole) = Format::Json.value(text.as_bytes()) else { continue };
        let config: Option<&Value> =
            if file == "package.json" { get(&whole, "simple-git-hooks") } else { Some(&whole) };
        if let Some(command) = config.and_then(|config| text_of(get(config, name)?)) {
            return Some((command.to_owned(), file));
        }
    }
    None
}

pub(super) fn describe(hook: &mut Hook<'_>, text: &str) -> Result<(), Why> {
    let checkout = hook.checkout;
    hook.fact.leaf("manager", "simple-git-hooks");
    if checkout.raw.vars.get("SKIP_SIMPLE_GIT_HOOKS").map(String::as_str) == Some("1") {
        hook.is_off("SKIP_SIMPLE_GIT_HOOKS=1", "SKIP_SIMPLE_GIT_HOOKS in the environment");
    }
    if let Some(path) = checkout.raw.vars.get("SIMPLE_GIT_HOOKS_RC")
        && let Some(file) = checkout.find(path)
    {
        let shown = checkout.shown(path);
        hook.fact.leaf(&shown, checkout.digest(&file, str::to_owned));
    }
    match configured(checkout, hook.name) {
        Some((command, file)) => {
            let installed = text.trim_end().ends_with(command.trim());
            hook.fact.leaf("configured", command);
            hook.fact.decide("configured", file);
            if !installed {
                hook.is_weak(format!("it is not what {file} has for it; it has to be installed anew"));
            }
        }
        None => {
            let names = [".simple-git-hooks", "simple-git-hooks"];
            for path in names.iter().flat_map(|name| ["js", "cjs", "mjs"].map(|ending| format!("{name}.{ending}"))) {
                if let Some(file) = checkout.find(&path) {
                    hook.fact.leaf(&path, checkout.digest(&file, str::to_owned));
                }
            }
        }
    }
    let own = text.rsplit_once("\nfi\n").map_or(text, |(_, own)| own);
    let path = hook.path.clone();
    let mut trail = Trail::new(checkout);
    trail.follow(own, &path, &mut hook.fact)?;
    trail.end(&mut hook.fact);
    Ok(())
}
