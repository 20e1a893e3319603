//! Packages that pnpm installed globally, read from the `package.json` of each: below `global/` is a folder for each
//! version of pnpm's layout, in newer ones with a folder in it for each installation. What is linked right into its
//! `node_modules` was asked for; what came with it lies in `.pnpm`.

use serde::Deserialize;

use super::{Installed, NO_MANAGER, questions, read_list, version};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::{Environment, Observed, Why};

pub(in crate::observe::probe) const PROBE: Probe =
    Probe { name: "package-pnpm", doc: "packages that pnpm installed globally", manager: Some("pnpm"), ask, read };

const SCRIPT: &str = r#"
for tu_rc in "$HOME/.npmrc" "${XDG_CONFIG_HOME:-$HOME/.config}/pnpm/rc" "$HOME/Library/Preferences/pnpm/rc"; do
  if [ -f "$tu_rc" ] && grep -e '^[[:blank:]]*global-dir[[:blank:]]*=' "$tu_rc" >/dev/null; then
    echo "global-dir is set in $tu_rc, which is not followed" >&2
    return 1
  fi
done
if [ -n "${PNPM_HOME-}" ]; then
  set -- "$PNPM_HOME/global"
elif [ -n "${XDG_DATA_HOME-}" ]; then
  set -- "$XDG_DATA_HOME/pnpm/global"
else
  set -- "$HOME/Library/pnpm/global" "$HOME/.local/share/pnpm/global"
fi
tu_some=
for tu_global; do
  tu_open "$tu_global" "$tu_global"/* "$tu_global"/*/node_modules "$tu_global"/*/node_modules/* \
    "$tu_global"/*/node_modules/@*/* "$tu_global"/*/* "$tu_global"/*/*/node_modules "$tu_global"/*/*/node_modules/* \
    "$tu_global"/*/*/node_modules/@*/* || return
  if [ ! -d "$tu_global" ]; then continue; fi
  tu_some=1
  for tu_file in "$tu_global"/*/node_modules/*/package.json "$tu_global"/*/node_modules/@*/*/package.json \
    "$tu_global"/*/*/node_modules/*/package.json "$tu_global"/*/*/node_modules/@*/*/package.json; do
    case $tu_file in "$tu_global"/*/node_modules/*/node_modules/*) continue ;; esac
    if [ -f "$tu_file" ]; then cat "$tu_file" || return; fi
  done
done
"#;

fn ask(environment: &Environment) -> Vec<Question> {
    questions(environment, "pnpm", |_| {
        format!("{SCRIPT}[ -n \"$tu_some\" ] || tu_find pnpm >/dev/null || return {NO_MANAGER}\n")
    })
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: Option<String>,
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    read_list("pnpm", "reading pnpm's global folder", question, answer, |stdout| {
        let mut installed = Installed::new();
        // One file behind the other.
        for package in serde_json::Deserializer::from_str(stdout).into_iter::<Package>() {
            let package =
                package.map_err(|error| Why::NotUnderstood(format!("a global package.json of pnpm: {error}")))?;
            // One that was linked from a working copy may have none.
            let unknown = || Observed::Unknown(Why::NotUnderstood("its package.json names no version".to_owned()));
            installed.insert(package.name, package.version.map_or_else(unknown, version));
        }
        Ok(installed)
    })
}
