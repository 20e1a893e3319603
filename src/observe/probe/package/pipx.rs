//! Applications that pipx installed, read from the `pipx_metadata.json` of each venv. One whose Python is gone does not
//! start, and counts as not there.

use serde::Deserialize;

use super::{Installed, NO_MANAGER, questions, read_list, version};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::{Environment, Why};

pub(in crate::observe::probe) const PROBE: Probe =
    Probe { name: "package-pipx", doc: "applications that pipx has installed", manager: Some("pipx"), ask, read };

/// pipx has moved its home twice.
const SCRIPT: &str = r#"
if [ -n "${PIPX_HOME-}" ]; then
  set -- "$PIPX_HOME"
else
  set -- "$HOME/.local/pipx" "${XDG_DATA_HOME:-$HOME/.local/share}/pipx" "$HOME/Library/Application Support/pipx"
fi
tu_some=
for tu_home; do
  tu_open "$tu_home/venvs" "$tu_home"/venvs/* "$tu_home"/venvs/*/bin || return
  if [ ! -d "$tu_home/venvs" ]; then continue; fi
  tu_some=1
  for tu_venv in "$tu_home"/venvs/*; do
    if [ -x "$tu_venv/bin/python" ] && [ -f "$tu_venv/pipx_metadata.json" ]; then
      cat "$tu_venv/pipx_metadata.json" || return
    fi
  done
done
"#;

fn ask(environment: &Environment) -> Vec<Question> {
    questions(environment, "pipx", |_| {
        format!("{SCRIPT}[ -n \"$tu_some\" ] || tu_find pipx >/dev/null || return {NO_MANAGER}\n")
    })
}

#[derive(Deserialize)]
struct Metadata {
    main_package: Main,
}

#[derive(Deserialize)]
struct Main {
    package: Option<String>,
    package_version: String,
    #[serde(default)]
    suffix: String,
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    read_list("pipx", "reading pipx's venvs", question, answer, |stdout| {
        let mut installed = Installed::new();
        // One file behind the other.
        for metadata in serde_json::Deserializer::from_str(stdout).into_iter::<Metadata>() {
            let metadata = metadata.map_err(|error| Why::NotUnderstood(format!("a pipx_metadata.json: {error}")))?;
            let Main { package, package_version, suffix } = metadata.main_package;
            let package = package.ok_or_else(|| Why::NotUnderstood("a venv of pipx names no package".to_owned()))?;
            installed.insert(package + &suffix, version(package_version));
        }
        Ok(installed)
    })
}
