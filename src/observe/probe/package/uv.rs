//! Tools that uv installed, read from its folder of them: each is a venv with a receipt, in which the package's own
//! `.dist-info` names the version. One whose Python is gone does not start, and counts as not there.

use std::collections::BTreeMap;

use super::{NO_MANAGER, not_understood, questions, read_list, version};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::package::canonical;
use crate::spec::{Environment, Observed, Why};

pub(in crate::observe::probe) const PROBE: Probe =
    Probe { name: "package-uv", doc: "tools that uv has installed", manager: Some("uv"), ask, read };

/// Prints the tool, then a line for each package in its venv.
const SCRIPT: &str = r#"
tu_tools=${UV_TOOL_DIR:-${XDG_DATA_HOME:-$HOME/.local/share}/uv/tools}
tu_open "$tu_tools" "$tu_tools"/* "$tu_tools"/*/bin "$tu_tools"/*/lib "$tu_tools"/*/lib/python*/site-packages || return
for tu_tool in "$tu_tools"/*; do
  if [ -x "$tu_tool/bin/python" ] && [ -f "$tu_tool/uv-receipt.toml" ]; then
    printf 'tool %s\n' "${tu_tool##*/}"
    for tu_info in "$tu_tool"/lib/python*/site-packages/*.dist-info; do
      printf 'has %s\n' "${tu_info##*/}"
    done
  fi
done
"#;

fn ask(environment: &Environment) -> Vec<Question> {
    questions(environment, "uv", |_| {
        format!("{SCRIPT}[ -d \"$tu_tools\" ] || tu_find uv >/dev/null || return {NO_MANAGER}\n")
    })
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    read_list("uv", "reading uv's tools", question, answer, |stdout| {
        let mut found: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        let mut tool = None;
        for line in stdout.lines() {
            match (line.split_once(' '), tool) {
                (Some(("tool", name)), _) => {
                    tool = Some(name);
                    found.insert(name, None);
                }
                (Some(("has", info)), Some(tool)) => {
                    let package = info.strip_suffix(".dist-info").and_then(|info| info.rsplit_once('-'));
                    if let Some((_, version)) =
                        package.filter(|(name, _)| canonical("uv", name) == canonical("uv", tool))
                    {
                        found.insert(tool, Some(version));
                    }
                }
                _ => return Err(not_understood("the list of uv's tools", line)),
            }
        }
        let observed = |name: &str, found: Option<&str>| {
            let unknown = || Observed::Unknown(Why::NotUnderstood(format!("its venv does not have {name}")));
            found.map_or_else(unknown, version)
        };
        Ok(found.into_iter().map(|(name, found)| (name.to_owned(), observed(name, found))).collect())
    })
}
