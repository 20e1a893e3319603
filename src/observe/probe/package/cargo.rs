//! Programs that `cargo install` brought, read from its own record: a `cargo` that is rustup's may fetch a toolchain
//! before it lists anything.
//!
//! A crate's key is `NAME VERSION (SOURCE)`. What comes from another source than the registry is another product, and
//! says which.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Installed, NO_MANAGER, not_understood, questions, read_list};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::remote_url::normalise;
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
tu_open "$tu_root" || return
for tu_file in "$tu_root/.crates2.json" "$tu_root/.crates.toml"; do
  if [ -f "$tu_file" ]; then
    tu_open "$tu_root/bin" || return
    cat "$tu_file" || return
    printf '\n=bins\n'
    for tu_bin in "$tu_root"/bin/*; do
      if [ -x "$tu_bin" ]; then printf '%s\n' "${tu_bin##*/}"; fi
    done
    return 0
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
    installs: BTreeMap<String, Install>,
}

#[derive(Deserialize)]
struct Install {
    #[serde(default)]
    bins: Vec<String>,
}

/// What cargo wrote before 1.41, and still writes beside the other.
#[derive(Deserialize)]
struct Toml {
    v1: BTreeMap<String, Vec<String>>,
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    read_list("cargo", "reading cargo's record", question, answer, |stdout| {
        let (record, there) = stdout.split_once("\n=bins\n").unwrap_or((stdout, ""));
        let there: Option<Vec<&str>> = stdout.contains("\n=bins\n").then(|| there.lines().collect());
        let record = record.trim();
        if record.is_empty() {
            return Ok(Installed::new());
        }
        let is_json = record.starts_with('{');
        let keys = if is_json {
            serde_json::from_str::<Json>(record)
                .map(|json| {
                    json.installs.into_iter().map(|(key, install)| (key, install.bins)).collect::<BTreeMap<_, _>>()
                })
                .map_err(|error| error.to_string())
        } else {
            toml_edit::de::from_str::<Toml>(record).map(|toml| toml.v1).map_err(|error| error.to_string())
        };
        let keys = keys.map_err(|error| Why::NotUnderstood(format!("cargo's record: {}", error.trim_end())))?;
        // What the record lists and the folder of programs lacks was removed by hand, and is not installed.
        let is_whole = |(_, bins): &(String, Vec<String>)| {
            there.as_ref().is_none_or(|there| bins.iter().all(|bin| there.contains(&bin.as_str())))
        };
        keys.into_iter()
            .filter(is_whole)
            .map(|(key, _)| crate_of(&key).ok_or_else(|| not_understood("cargo's record", &key)))
            .collect()
    })
}

fn crate_of(key: &str) -> Option<(String, Observed)> {
    let (name, rest) = key.split_once(' ')?;
    let (version, source) = rest.split_once(" (")?;
    let source = source.strip_suffix(')')?;
    let product = match source.split_once('+') {
        Some(("registry" | "sparse", url)) if url.contains("crates.io") => None,
        // The same folder lies elsewhere on another machine.
        Some(("path", _)) => Some(format!("{name} from a folder")),
        Some((kind, url)) => Some(format!("{name} from {kind} {}", normalise(url))),
        None => return None,
    };
    let fact = VersionFact { version: version.to_owned(), product, path: None };
    Some((name.to_owned(), Observed::Present(Fact::Version(fact))))
}
