//! Settings that the spec gives: who may log in and how, what keeps a Mac awake, its preferences.

use super::{failed, first_line, text};
use crate::observe::{Answer, Context, Covers, Probe, Question, Sighting};
use crate::spec::settings::Setting;
use crate::spec::{Category, Environment, Fact, ItemId, Observed, Why};
use crate::transport::quote;

pub(super) const PROBE: Probe = Probe {
    name: "setting",
    doc: "who may log in and how, what keeps a Mac awake, its preferences",
    manager: None,
    ask,
    read,
};

const SCRIPT: &str = include_str!("setting.sh");

/// One question for what every system has, one for what only a Mac has.
fn ask(environment: &Environment) -> Vec<Question> {
    let asked = environment.settings.asked(None);
    let is_macs = |setting: &Setting| matches!(setting, Setting::Pmset(..) | Setting::Preference(_));
    let mut questions = Vec::new();
    for (subject, of_mac) in [("settings", false), ("settings of a Mac", true)] {
        let mut script = format!("{SCRIPT}\n");
        if of_mac {
            script.push_str("command -v defaults >/dev/null || { echo end; return 0; }\n");
        }
        let mut items = Vec::new();
        for one in asked.iter().filter(|one| is_macs(&one.setting) == of_mac) {
            let number = items.len().to_string();
            let value;
            let mut words: Vec<&str> = Vec::new();
            match &one.setting {
                Setting::Keys(keys) => {
                    words.extend(["tu_keys", &number]);
                    words.extend(keys.iter().map(|key| without_comment(key)));
                }
                Setting::Sshd(_) => words.extend(["tu_sshd", &number]),
                Setting::Pmset(key, _) => words.extend(["tu_pmset", &number, key]),
                Setting::Preference(preference) => {
                    value = preference;
                    words.extend(["tu_default", &number, &value.domain, &value.key]);
                }
            }
            script.push_str(&quote::words(words));
            script.push('\n');
            items.push(one.id.clone());
        }
        if items.is_empty() {
            continue;
        }
        script.push_str("echo end\n");
        let names = items.iter().map(|id| id.name.clone()).collect();
        let covers = Covers { items, listings: Vec::new() };
        let question = Question::new(subject, script, environment.limits.probe, covers);
        questions.push(Question { context: Context::Names(names), ..question });
    }
    questions
}

/// A key is itself, whatever is said about it.
fn without_comment(key: &str) -> &str {
    key.match_indices(' ').nth(1).map_or(key, |(at, _)| &key[..at])
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    let Context::Names(names) = &question.context else {
        return Err(Why::NotUnderstood("no setting was asked for".to_owned()));
    };
    let stdout = text(&answer.stdout);
    let Some(told) = stdout.strip_suffix("end\n") else { return Err(failed("sh", answer)) };
    let mut sightings = Vec::new();
    for line in told.lines() {
        let strange = || Why::NotUnderstood(format!("unexpected line `{}`", first_line(line.as_bytes())));
        let (number, value) = line.split_once(' ').ok_or_else(strange)?;
        let name = number.parse::<usize>().ok().and_then(|number| names.get(number)).ok_or_else(strange)?;
        let observed = match value.strip_prefix("unknown ") {
            Some(why) => Observed::Unknown(Why::NotUnderstood(why.to_owned())),
            None if value == "absent" => Observed::Absent,
            None => Observed::Present(Fact::text(value)),
        };
        sightings.push(Sighting::Item(ItemId::new(Category::System, name), observed));
    }
    Ok(sightings)
}
