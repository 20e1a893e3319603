//! Variables of the environment that agents' commands get.

use super::{Action, Need, Offer, Provider, Work, step};
use crate::parity::Change;
use crate::provision::work::{START_UP, ValueFrom, VariableWork};
use crate::spec::variable::{EMPTY, SET};
use crate::spec::{Category, Digest, Environment, Fact, ItemId, Locked};

pub(super) const PROVIDER: Provider =
    Provider { name: "variable", doc: "variables of the environment, secrets among them", offer };

fn offer(need: Need<'_>) -> Offer {
    let id = &need.finding.id;
    if id.category != Category::Env {
        return Offer::NotMine;
    }
    let Some(variable) = need.environment.env.iter().find(|variable| variable.name == id.name) else {
        return Offer::NotMine;
    };
    if need.finding.state.change() == Some(Change::Extra) {
        return Offer::Cannot("the reference does not have it; unset it where the target sets it".to_owned());
    }
    let shell = need.environment.shell;
    if !shell.login && !shell.interactive {
        return Offer::Cannot(
            "with login = false in [shell] no start-up file is read, so it is set by whatever starts the agents"
                .to_owned(),
        );
    }
    let wanted = match &need.finding.locked {
        Some(Locked::Present(Fact::Text(text))) => text.value.as_str(),
        _ => return Offer::NotMine,
    };
    let value = match (&variable.secret, wanted) {
        (Some(from), _) => ValueFrom::Secret(from.to_string()),
        (None, EMPTY) => ValueFrom::Nothing,
        (None, SET) => {
            return Offer::Cannot(
                "only that it is set is known of it; say where its value is had from: secret = \"env:NAME\", \"file:PATH\" \
                 or \"cmd:COMMAND\""
                    .to_owned(),
            );
        }
        (None, digest) => match Digest::parse(digest) {
            Some(digest) => ValueFrom::Reference(digest),
            None => return Offer::NotMine,
        },
    };
    let action = if need.finding.state.change() == Some(Change::Missing) { Action::Create } else { Action::Change };
    let held = START_UP.iter().filter(|path| is_held(need.environment, path)).map(|path| (*path).to_owned()).collect();
    let work = Work::Variable(VariableWork { name: id.name.clone(), value, login: shell.login, held });
    Offer::Step(Box::new(step(&PROVIDER, &need, action, format!("${}", id.name), work)))
}

/// Whether the spec holds a file, by its name or among others.
fn is_held(environment: &Environment, path: &str) -> bool {
    let id = ItemId::new(Category::Dotfile, path);
    environment.dotfile(&id).is_some()
        || environment.dotfiles.entries.iter().any(|entry| entry.listing().is_some_and(|listing| listing.holds(&id)))
}
