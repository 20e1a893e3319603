//! husky (<https://typicode.github.io/husky>): since version 9 git looks in `.husky/_`, where each hook does no more than to
//! start husky's own `h`; that starts the script of the hook's name beside the folder by `sh -e`, if there is one, after
//! the user's `init.sh`, and unless `HUSKY` is 0. Before, git looked in `.husky`, where each script began by reading `_/husky.sh`.

use super::checkout::{Checkout, collapse};
use super::script::Trail;
use super::{Hook, startup};
use crate::spec::{Digest, Why};

/// Whether a hook is one that husky 9 made.
pub(super) fn is_one(checkout: Checkout<'_>, folder: &str, text: &str) -> bool {
    let is_its_own = || checkout.find(&format!("{folder}/h")).is_some() || text.contains("/h\"");
    folder.rsplit('/').next() == Some("_") && is_its_own()
}

/// Whether it is a script of before version 9.
pub(super) fn is_old(text: &str) -> bool {
    text.contains("_/husky.sh")
}

fn beside(folder: &str, name: &str) -> String {
    collapse(&format!("{}/{name}", folder.strip_suffix('_').unwrap_or(folder)))
}

/// Whether any of these hooks has a script, so that somebody has said which are meant.
pub(super) fn has_scripts(checkout: Checkout<'_>, folder: &str, names: &[&str]) -> bool {
    names.iter().any(|name| checkout.find(&beside(folder, name)).is_some())
}

pub(super) fn describe(hook: &mut Hook<'_>, folder: &str) -> Result<(), Why> {
    let checkout = hook.checkout;
    hook.fact.leaf("manager", "husky");
    let script = beside(folder, hook.name);
    if checkout.is_shut(&script) {
        return Err(super::shut(&checkout.shown(&script)));
    }
    let Some(file) = checkout.find(&script) else {
        hook.fact.does = super::NO_SCRIPT.to_owned();
        return Ok(());
    };
    let own = format!("{folder}/h");
    match checkout.find(&own) {
        Some(file) => hook.fact.leaf(checkout.shown(&own), checkout.digest(&file, str::to_owned)),
        None => {
            let own = checkout.shown(&own);
            hook.fails(format!("rejects everything, since husky's {own} is not there"));
            return Ok(());
        }
    }
    let shown = checkout.tell(&script, &file, &mut hook.fact);
    hook.fact.decide("", shown);
    switches(hook);
    if let Some(text) = file.text {
        let mut trail = Trail::new(checkout);
        trail.follow(text, &script, &mut hook.fact)?;
        trail.end(&mut hook.fact);
    }
    Ok(())
}

pub(super) fn describe_old(hook: &mut Hook<'_>, folder: &str, text: &str) -> Result<(), Why> {
    let checkout = hook.checkout;
    hook.fact.leaf("manager", "husky 8 or older");
    let own = format!("{folder}/_/husky.sh");
    match checkout.find(&own) {
        Some(file) => hook.fact.leaf(checkout.shown(&own), checkout.digest(&file, str::to_owned)),
        None => {
            let own = checkout.shown(&own);
            hook.fails(format!("rejects everything, since {own}, which it reads, is not there"));
        }
    }
    switches(hook);
    let path = hook.path.clone();
    let mut trail = Trail::new(checkout);
    // What is husky's own was said.
    let text: String = text.split_inclusive('\n').filter(|line| !line.contains("_/husky.sh")).collect();
    trail.follow(&text, &path, &mut hook.fact)?;
    trail.end(&mut hook.fact);
    Ok(())
}

/// What the user's own files and variables make of it.
fn switches(hook: &mut Hook<'_>) {
    let raw = hook.checkout.raw;
    let home = raw.homes.first().map_or("", String::as_str);
    let config = raw.vars.get("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty());
    let config = config.cloned().unwrap_or_else(|| format!("{home}/.config"));
    for path in [format!("{config}/husky/init.sh"), format!("{home}/.huskyrc")] {
        let Some(file) = raw.files.get(&path) else { continue };
        let shown = hook.checkout.shown(&path);
        let anywhere = file.text.as_deref().map(|text| raw.anywhere(text));
        let digest = anywhere.map_or_else(|| file.digest.clone(), |text| Digest::of(text.as_bytes()));
        hook.fact.leaf(&shown, digest.as_str());
        hook.fact.decide(&shown, &shown);
        let text = file.text.as_deref().unwrap_or("");
        if let Some((line, how)) = startup::read(text).switches_off("HUSKY", &["0"]) {
            hook.is_off(&format!("{how} in {shown}"), &format!("{shown}:{line}"));
        }
    }
    if raw.vars.get("HUSKY").map(String::as_str) == Some("0") {
        hook.is_off("HUSKY=0", "HUSKY in the environment");
    }
}
