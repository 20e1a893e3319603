//! The contents that the steps of services need: units are made by the spec's own templates, secrets are had from where the
//! spec says, once, before anything is changed. Pure: the environment in which trueup was started is given.

use super::contents::Gathered;
use super::work::{SecretsFile, ServiceWork};
use super::{Plan, Work};
use crate::spec::service::secrets_file;
use crate::spec::{Digest, Environment};
use crate::transport::Surroundings;

/// Adds what a plan's services need, or why it is not at hand.
pub(super) fn gather(gathered: &mut Gathered, plan: &Plan, environment: &Environment, surroundings: &Surroundings) {
    for step in &plan.steps {
        let Work::Service(ServiceWork::KeepService(keep)) = &step.work else { continue };
        let mut services = environment.services.iter().flatten();
        let Some(service) = services.find(|service| service.name == keep.service) else { continue };
        // One that cannot be rendered wants nothing either: its finding is unknown.
        if let Ok(unit) = service.unit(environment, &plan.machine, keep.manager) {
            let text = unit.text.into_bytes();
            gathered.contents.insert(Digest::of(&text), text);
        }
        if let Some((_, text)) = service.rotation(&plan.machine, keep.manager) {
            let text = text.into_bytes();
            gathered.contents.insert(Digest::of(&text), text);
        }
        if let Some(secrets) = &keep.secrets {
            match resolved(secrets, surroundings) {
                Ok(content) => drop(gathered.contents.insert(secrets.ticket(), content.into_bytes())),
                Err(why) => drop(gathered.refused.insert(secrets.path.clone(), why)),
            }
        }
    }
}

/// The file of some secrets. The error is a sentence, and names no value.
fn resolved(secrets: &SecretsFile, surroundings: &Surroundings) -> Result<String, String> {
    let mut variables = Vec::new();
    for (name, from) in &secrets.variables {
        let source = from.strip_prefix("env:").unwrap_or(from);
        let found = surroundings.env.iter().find(|(known, _)| known.to_str() == Some(source));
        let Some((_, value)) = found else {
            return Err(format!("its secret {name} is to be had from {from}, and {source} is not set here"));
        };
        let value = value.to_str().ok_or_else(|| format!("its secret {name}, from {from}, is no text"))?;
        variables.push((name.as_str(), value));
    }
    Ok(secrets_file(variables))
}
