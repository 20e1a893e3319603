//! Programs that `go install` brought: Go writes into each which package and version it was built from.
//!
//! `go version -m` reads that. Where there is no go, or one that is a shim and would not work without its home, the same
//! lines are found in the programs themselves. One that was built from a working copy has no version that says what it
//! is: unknown.

use super::{Installed, NO_MANAGER, not_understood, questions, read_list, version};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::{Environment, Why};

pub(in crate::observe::probe) const PROBE: Probe =
    Probe { name: "package-go", doc: "programs that go has installed", manager: Some("go"), ask, read };

/// Go counts its own use below the home, and its settings may lie there too; it needs neither to read a program.
const SCRIPT: &str = r#"
tu_gobin=${GOBIN-}
tu_gopath=${GOPATH-}
for tu_file in "${GOENV:-${XDG_CONFIG_HOME:-$HOME/.config}/go/env}" "$HOME/Library/Application Support/go/env"; do
  if [ ! -f "$tu_file" ]; then continue; fi
  while IFS= read -r tu_line || [ -n "$tu_line" ]; do
    case $tu_line in
      GOBIN=*) tu_gobin=${tu_gobin:-${tu_line#GOBIN=}} ;;
      GOPATH=*) tu_gopath=${tu_gopath:-${tu_line#GOPATH=}} ;;
    esac
  done <"$tu_file"
done
tu_gopath=${tu_gopath:-$HOME/go}
tu_bin=${tu_gobin:-${tu_gopath%%:*}/bin}
tu_open "$tu_bin" || return
tu_go=
if tu_find go >/dev/null; then
  tu_go=$tu_path
  case $tu_go in
    */shims/*) ;;
    *)
      if [ -d "$tu_bin" ]; then
        HOME=/dev/null XDG_CONFIG_HOME=/dev/null GOENV=off GOPATH=/dev/null GOTOOLCHAIN=local GOFLAGS='' "$tu_go" version -m "$tu_bin"
      fi
      return
      ;;
  esac
fi
tu_mark=$(printf '\346path\t')
for tu_file in "$tu_bin"/*; do
  if [ -f "$tu_file" ] && [ -x "$tu_file" ]; then
    tr '\000' '\n' <"$tu_file" | grep -a -F -m 1 -A 1 "$tu_mark"
  fi
done
"#;

fn ask(environment: &Environment) -> Vec<Question> {
    questions(environment, "go", |_| {
        format!("{SCRIPT}[ -n \"$tu_go\" ] || [ -d \"$tu_bin\" ] || return {NO_MANAGER}\nreturn 0\n")
    })
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    read_list("go", "go version -m", question, answer, |stdout| {
        let mut installed = Installed::new();
        let mut path = None;
        for line in stdout.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            match fields.iter().position(|field| field.ends_with("path") || *field == "mod") {
                Some(at) if fields[at] == "mod" => {
                    let found = fields.get(at + 2).filter(|found| !found.is_empty());
                    let found = found.ok_or_else(|| not_understood("go version -m", line))?;
                    if let Some(path) = path.take() {
                        installed.insert(path, observed(found));
                    }
                }
                Some(at) => {
                    let found = fields.get(at + 1).filter(|found| !found.is_empty());
                    path = Some((*found.ok_or_else(|| not_understood("go version -m", line))?).to_owned());
                }
                None => {}
            }
        }
        Ok(installed)
    })
}

fn observed(found: &str) -> crate::spec::Observed {
    if found == "(devel)" {
        let why = "it was built from a working copy and does not tell its version".to_owned();
        return crate::spec::Observed::Unknown(Why::NotUnderstood(why));
    }
    version(found)
}
