//! Ruby gems, as `gem list` has them. Where they lie depends on the Ruby that answers, so it is asked.
//!
//! All versions of a gem count, the newest first. Gems that come with Ruby count where they are named, and are no
//! part of the whole list: their versions are Ruby's.

use super::{Installed, NO_MANAGER, not_understood, questions, read_list, version};
use crate::observe::{Answer, Probe, Question, Sighting};
use crate::spec::{Environment, Why};

pub(in crate::observe::probe) const PROBE: Probe =
    Probe { name: "package-gem", doc: "gems that RubyGems has installed", manager: Some("gem"), ask, read };

const SCRIPT: &str = r#"
if tu_find gem >/dev/null; then
  "$tu_path" list --local
  return
fi
for tu_spec in "$HOME"/.gem/ruby/*/specifications/*.gemspec "$HOME"/.local/share/gem/ruby/*/specifications/*.gemspec; do
  if [ -f "$tu_spec" ]; then
    echo "gem is not on PATH, and ${tu_spec%/*} has gems" >&2
    return 1
  fi
done
"#;

fn ask(environment: &Environment) -> Vec<Question> {
    questions(environment, "gem", |_| format!("{SCRIPT}return {NO_MANAGER}\n"))
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    let names = super::asked(question)?;
    read_list("gem", "gem list", question, answer, |stdout| {
        let mut installed = Installed::new();
        for line in stdout.lines().filter(|line| !line.is_empty() && *line != "*** LOCAL GEMS ***") {
            let gem = line.split_once(" (").and_then(|(name, rest)| Some((name, rest.strip_suffix(')')?)));
            let (name, list) = gem.ok_or_else(|| not_understood("gem list", line))?;
            let comes_with_ruby = list.split(", ").all(|one| one.starts_with("default: "));
            if comes_with_ruby && !names.iter().any(|asked| asked == name) {
                continue;
            }
            // `1.15.4 x86_64-linux`: which build of it is the machine's affair.
            let versions: Vec<&str> = list
                .split(", ")
                .map(|one| one.trim_start_matches("default: "))
                .filter_map(|one| one.split(' ').next())
                .collect();
            if versions.iter().any(|one| !one.starts_with(|c: char| c.is_ascii_digit())) {
                return Err(not_understood("gem list", line));
            }
            installed.insert(name.to_owned(), version(versions.join(", ")));
        }
        Ok(installed)
    })
}
