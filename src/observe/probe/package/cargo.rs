//! Programs that `cargo install` brought, read from its own record: a `cargo` that is rustup's may fetch a toolchain
//! before it lists anything.
//!
//! A crate's key is `NAME VERSION (SOURCE)`. Where the source is not the registry, it goes with the fact as evidence.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::repo::normalise;
use super::{Installed, NO_MANAGER, not_understood, questions, read_list};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::{Environment, Fact, Observed, VersionFact, Why};

pub(in crate::observe::probe) const PROBE: Probe =
    Probe { name: "package-cargo", doc: "programs that cargo has installed", manager: Some("cargo"), ask, read };

const SCRIPT: &str = r#"
tu_home=${CARGO_HOME:-$HOME/.cargo}
tu_root=${CARGO_INSTALL_ROOT-}
if [ -z "$tu_root" ]; then
  tu_root=$tu_home
  for tu_config in "$tu_home/config.toml" "$tu_home/config"; do
    if [ -f "$tu_config" ] && grep -e '^[[:blank:]]*\[install\]' -e '^[[:blank:]]*install\.root' "$tu_config" >/dev/null
    then
      echo "install.root is set in $tu_config, which is not followed" >&2
      return 1
    fi
  done
fi
for tu_file in "$tu_root/.crates2.json" "$tu_root/.crates.toml"; do
  if [ -f "$tu_file" ]; then
    cat "$tu_file"
    return
  fi
done
"#;

fn ask(environment: &Environment) -> Vec<Question> {
    questions(environment, "cargo", |_| {
        format!("{SCRIPT}[ -d \"$tu_home\" ] || tu_find cargo >/dev/null || return {NO_MANAGER}\n")
    })
}

#[derive(Deserialize)]
struct Json {
    installs: BTreeMap<String, IgnoredAny>,
}

/// What cargo wrote before 1.41, and still writes beside the other.
#[derive(Deserialize)]
struct Toml {
    v1: BTreeMap<String, IgnoredAny>,
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    read_list("cargo", "reading cargo's record", question, answer, |stdout| {
        let record = stdout.trim();
        if record.is_empty() {
            return Ok(Installed::new());
        }
        let is_json = record.starts_with('{');
        let keys = if is_json {
            serde_json::from_str::<Json>(record).map(|json| json.installs).map_err(|error| error.to_string())
        } else {
            toml_edit::de::from_str::<Toml>(record).map(|toml| toml.v1).map_err(|error| error.to_string())
        };
        let keys = keys.map_err(|error| Why::NotUnderstood(format!("cargo's record: {}", error.trim_end())))?;
        keys.into_keys().map(|key| crate_of(&key).ok_or_else(|| not_understood("cargo's record", &key))).collect()
    })
}

fn crate_of(key: &str) -> Option<(String, Observed)> {
    let (name, rest) = key.split_once(' ')?;
    let (version, source) = rest.split_once(" (")?;
    let source = source.strip_suffix(')')?;
    let path = match source.split_once('+') {
        Some(("registry" | "sparse", url)) if url.contains("crates.io") => None,
        Some((kind, url)) => Some(format!("from {kind} {}", normalise(url))),
        None => return None,
    };
    let fact = VersionFact { version: version.to_owned(), product: None, path };
    Some((name.to_owned(), Observed::Present(Fact::Version(fact))))
}
