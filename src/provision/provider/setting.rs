//! What a machine is set to: its time zone, name, locale and limits as `[system]` has them, and what `[settings]` gives.

use super::{Action, Need, Offer, Provider, Step, Work, step};
use crate::parity::Change;
use crate::provision::work::SettingWork;
use crate::spec::settings::Setting;
use crate::spec::{Category, Fact, Locked, Policy};

pub(super) const PROVIDER: Provider =
    Provider { name: "setting", doc: "time zone, name, locale, limits, and what [settings] gives", offer };

fn offer(need: Need<'_>) -> Offer {
    let id = &need.finding.id;
    if id.category != Category::System {
        return Offer::NotMine;
    }
    let mut asked = need.environment.settings.asked(need.report.machine.os.as_deref()).into_iter();
    if let Some(asked) = asked.find(|asked| asked.id == *id) {
        let (name, words, root) = match asked.setting {
            Setting::Keys(keys) => ("authorized_keys", keys, false),
            Setting::Sshd(text) => ("sshd", vec![text], true),
            Setting::Pmset(key, value) => ("pmset", vec![key, value.to_string()], true),
            Setting::Preference(preference) => {
                let (kind, value) = preference.value.words();
                ("default", vec![preference.domain, preference.key, kind.to_owned(), value], false)
            }
        };
        return set(&need, name, words, root);
    }
    if !["timezone", "hostname", "locale", "nofile"].contains(&id.name.as_str()) {
        return Offer::NotMine;
    }
    let value = match (&need.finding.policy, &need.finding.locked) {
        (Policy::Literal(value), _) => value.clone(),
        (Policy::Exact, Some(Locked::Present(Fact::Text(text)))) => text.value.clone(),
        (policy, _) => {
            return Offer::Cannot(format!("{policy} does not say to what it is to be set; write the value itself"));
        }
    };
    match (need.report.machine.os.as_deref(), id.name.as_str()) {
        (Some("linux"), "locale") if value.contains(',') => {
            Offer::Cannot("on the reference it is several locales; write the one that is meant".to_owned())
        }
        (Some("linux"), _) | (Some("macos"), "hostname") => set(&need, &id.name, vec![value], true),
        (Some("macos"), "timezone") => Offer::Cannot(format!(
            "macOS lets nobody but a person change it: System Settings, or sudo systemsetup -settimezone {value}"
        )),
        (os, _) => Offer::Cannot(format!("it is not set on {} by this version of trueup", os.unwrap_or("this system"))),
    }
}

fn set(need: &Need<'_>, name: &str, words: Vec<String>, root: bool) -> Offer {
    let action = if need.finding.state.change() == Some(Change::Missing) { Action::Create } else { Action::Change };
    let work = Work::Setting(SettingWork::Set { setting: name.to_owned(), words });
    let step = step(&PROVIDER, need, action, need.finding.id.name.clone(), work);
    Offer::Step(Box::new(Step { root, ..step }))
}
