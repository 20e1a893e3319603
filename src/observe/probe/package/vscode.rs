//! Extensions of VS Code, read from the list that it keeps beside them; in a place that is worked in from elsewhere, they
//! are its server's. What it is about to remove stands in `.obsolete`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Installed, NO_MANAGER, questions, read_list, version};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::{Environment, Why};

pub(in crate::observe::probe) const PROBE: Probe =
    Probe { name: "package-vscode", doc: "extensions of VS Code", manager: Some("vscode"), ask, read };

const SCRIPT: &str = r#"
if [ -n "${VSCODE_EXTENSIONS-}" ]; then
  set -- "$VSCODE_EXTENSIONS"
else
  set -- "$HOME/.vscode/extensions" "$HOME/.vscode-server/extensions"
fi
for tu_folder; do
  tu_open "$tu_folder" || return
  if [ -f "$tu_folder/extensions.json" ]; then
    cat "$tu_folder/extensions.json" || return
    if [ -f "$tu_folder/.obsolete" ]; then cat "$tu_folder/.obsolete" || return; fi
    printf '\n=folders\n'
    for tu_extension in "$tu_folder"/*; do
      if [ -d "$tu_extension" ]; then printf '%s\n' "${tu_extension##*/}"; fi
    done
    return 0
  fi
  for tu_extension in "$tu_folder"/*/package.json; do
    if [ -f "$tu_extension" ]; then
      echo "$tu_folder has extensions and no list of them" >&2
      return 1
    fi
  done
done
echo '[]'
"#;

fn ask(environment: &Environment) -> Vec<Question> {
    questions(environment, "vscode", |_| {
        format!("{SCRIPT}tu_find code >/dev/null || [ -d \"$tu_folder\" ] || return {NO_MANAGER}\n")
    })
}

#[derive(Deserialize)]
struct Extension {
    identifier: Identifier,
    version: String,
    #[serde(rename = "relativeLocation")]
    folder: Option<String>,
}

#[derive(Deserialize)]
struct Identifier {
    id: String,
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    read_list("vscode", "reading VS Code's extensions", question, answer, |stdout| {
        let why = |error| Why::NotUnderstood(format!("the list of extensions is not the JSON expected: {error}"));
        let (stdout, folders) = match stdout.split_once("\n=folders\n") {
            Some((json, folders)) => (json, Some(folders.lines().collect::<Vec<_>>())),
            None => (stdout, None),
        };
        let mut files = serde_json::Deserializer::from_str(stdout);
        let list = Vec::<Extension>::deserialize(&mut files).map_err(why)?;
        let mut obsolete: BTreeMap<String, bool> = BTreeMap::new();
        for more in files.into_iter() {
            obsolete = more.map_err(why)?;
        }
        // One whose folder is gone is not installed, whatever the list says.
        let goes = |extension: &Extension| {
            extension.folder.as_ref().is_some_and(|folder| {
                let is_gone = folders.as_ref().is_some_and(|folders| !folders.contains(&folder.as_str()));
                is_gone || obsolete.get(folder).copied() == Some(true)
            })
        };
        let stays = list.into_iter().filter(|extension| !goes(extension));
        Ok(stays.map(|one| (one.identifier.id, version(one.version))).collect::<Installed>())
    })
}
