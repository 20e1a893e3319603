//! Tools that mise installed, read from its folder of them: a folder a tool, in it one a version.
//!
//! Links beside the versions are mise's short cuts (`22`, `latest`), unless they lead elsewhere: then `mise link` made
//! them. The folder's name is made from the tool's (`npm-prettier`); a file beside tells the true one. A version whose
//! installation did not end has a mark in mise's cache, and counts as not there.

use std::collections::{BTreeMap, BTreeSet};

use super::{NO_MANAGER, not_understood, questions, read_list, several};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::{Environment, Why};

pub(in crate::observe::probe) const PROBE: Probe =
    Probe { name: "package-mise", doc: "tools that mise has installed", manager: Some("mise"), ask, read };

/// Prints the tool, then a line for each of its versions.
const SCRIPT: &str = r#"
tu_data=${MISE_DATA_DIR:-${XDG_DATA_HOME:-$HOME/.local/share}/mise}
tu_cache=${MISE_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/mise}
tu_installs=${MISE_INSTALLS_DIR:-$tu_data/installs}
tu_open "$tu_installs" "$tu_installs"/* "$tu_installs"/*/* || return
for tu_tool in "$tu_installs"/*; do
  cd -P "$tu_tool" 2>/dev/null || continue
  tu_tool=$PWD
  tu_name=${tu_tool##*/}
  if [ -f .mise.backend.toml ]; then
    while IFS= read -r tu_line || [ -n "$tu_line" ]; do
      case $tu_line in
        'short = "'*'"')
          tu_name=${tu_line#short = ?}
          tu_name=${tu_name%?}
          ;;
      esac
    done <.mise.backend.toml
  elif [ -f .mise.backend ]; then
    IFS= read -r tu_name <.mise.backend
  fi
  printf 'tool %s\n' "$tu_name"
  for tu_version in *; do
    cd -P "$tu_tool/$tu_version" 2>/dev/null || continue
    if [ -L "$tu_tool/$tu_version" ] && [ "${PWD%/*}" = "$tu_tool" ]; then continue; fi
    for tu_mark in "$tu_cache" "$HOME/Library/Caches/mise"; do
      if [ -e "$tu_mark/${tu_tool##*/}/$tu_version/incomplete" ]; then continue 2; fi
    done
    set -- *
    if [ -e "$1" ]; then printf 'has %s\n' "$tu_version"; fi
  done
done
"#;

fn ask(environment: &Environment) -> Vec<Question> {
    questions(environment, "mise", |_| {
        format!("{SCRIPT}[ -d \"$tu_data\" ] || tu_find mise >/dev/null || return {NO_MANAGER}\n")
    })
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    read_list("mise", "reading mise's folder", question, answer, |stdout| {
        let mut installed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut tool = None;
        for line in stdout.lines() {
            match (line.split_once(' '), tool) {
                (Some(("tool", name)), _) if !name.is_empty() => tool = Some(name),
                (Some(("has", version)), Some(tool)) => {
                    installed.entry(tool.to_owned()).or_default().insert(version.to_owned());
                }
                _ => return Err(not_understood("the list of mise's tools", line)),
            }
        }
        Ok(several(installed))
    })
}
