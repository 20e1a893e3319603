//! Packages in the user's own site folder of Python, as pip lists them. Which Python that is only pip knows, so it is
//! started.

use serde::Deserialize;

use super::{Installed, NO_MANAGER, questions, read_list, version};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::{Environment, Why};

pub(in crate::observe::probe) const PROBE: Probe =
    Probe { name: "package-pip", doc: "packages that pip installed for the user", manager: Some("pip"), ask, read };

/// Where there is no pip, packages in a user's site folder may still be imported.
const SCRIPT: &str = r#"
if tu_tool pip3 >/dev/null || tu_tool pip >/dev/null; then
  PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 "$tu_path" list --user --format json
  return
fi
for tu_info in "$HOME"/.local/lib/python*/site-packages/*.dist-info \
  "$HOME"/Library/Python/*/lib/python/site-packages/*.dist-info; do
  if [ -d "$tu_info" ]; then
    echo "pip is not on PATH, and ${tu_info%/*} has packages" >&2
    return 1
  fi
done
"#;

fn ask(environment: &Environment) -> Vec<Question> {
    questions(environment, "pip", |_| format!("{SCRIPT}return {NO_MANAGER}\n"))
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    read_list("pip", "pip list --user", question, answer, |stdout| {
        let list: Vec<Package> = serde_json::from_str(stdout)
            .map_err(|error| Why::NotUnderstood(format!("pip's list is not the JSON expected: {error}")))?;
        Ok(list.into_iter().map(|package| (package.name, version(package.version))).collect::<Installed>())
    })
}
