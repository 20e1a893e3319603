//! What prek (<https://prek.j178.dev>) does otherwise than pre-commit, whose configuration it reads: a file of its own may stand in
//! for that one, and its store tells each clone and each environment by a file of JSON beside it.

use serde_json::Value as Json;

use super::checkout::{Checkout, collapse};
use super::pre_commit::{WITHOUT, language_of, program_state};
use super::values::{get, text_of, texts};
use crate::spec::Value;

/// The names of its configuration, in the order in which it looks.
pub(super) const CONFIGS: [&str; 3] = ["prek.toml", super::pre_commit::CONFIG, ".pre-commit-config.yml"];

/// Hooks of this repository it mostly runs by itself, without anything to install.
const OF_ITS_OWN: &str = "https://github.com/pre-commit/pre-commit-hooks";

/// Whether what a hook runs in is there.
pub(super) fn environment(checkout: Checkout<'_>, url: &str, rev: &str, one: &Value) -> Option<&'static str> {
    if matches!(url, "meta" | "builtin") {
        return None;
    }
    let is_local = url == "local";
    let clone = checkout.raw.store.made.iter().find(|folder| {
        let about = json(checkout, &format!("{folder}/.prek-repo.json"));
        about.is_some_and(|about| is_url(checkout, &about["repo"], url) && about["rev"] == rev)
    });
    let language = get(one, "language").and_then(text_of).map(str::to_owned);
    let language = language.or_else(|| language_of(checkout, clone?, get(one, "id").and_then(text_of)?));
    if let Some(language) = language.as_deref().filter(|language| WITHOUT.contains(language)) {
        return if is_local { program_state(checkout, language, one) } else { Some("there") };
    }
    let mut asked = texts(get(one, "additional_dependencies"));
    asked.sort_unstable();
    let is_meant = |about: &Json| {
        let mut has: Vec<&str> =
            about["dependencies"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        has.sort_unstable();
        let repo = &about["repo"];
        let same_repo =
            if is_local { repo.is_null() } else { is_url(checkout, &repo["url"], url) && repo["rev"] == rev };
        same_repo && has == asked && language.as_ref().is_none_or(|language| about["language"] == language.as_str())
    };
    let meant = checkout.raw.store.environments.iter().filter(|(folder, _)| {
        json(checkout, &format!("{folder}/.prek-hook.json")).is_some_and(|about| is_meant(&about))
    });
    match meant.map(|(_, complete)| *complete).max() {
        Some(true) => Some("there"),
        Some(false) => Some("not complete"),
        None if url == OF_ITS_OWN => None,
        None => Some("not there"),
    }
}

/// Whether the store means what a configuration has as an address; a path is kept there from the root.
fn is_url(checkout: Checkout<'_>, kept: &Json, url: &str) -> bool {
    let from_here = |top: &String| *kept == collapse(&format!("{top}/{url}"));
    *kept == url || (url.starts_with('.') && checkout.raw.tops.iter().any(from_here))
}

fn json(checkout: Checkout<'_>, file: &str) -> Option<Json> {
    serde_json::from_str(checkout.raw.files.get(file)?.text.as_ref()?).ok()
}
