//! The contents that the steps of services need, made by the spec's own templates. Pure.

use super::contents::Gathered;
use super::work::ServiceWork;
use super::{Plan, Work};
use crate::spec::{Digest, Environment};

/// Adds what a plan's services need.
pub(super) fn gather(gathered: &mut Gathered, plan: &Plan, environment: &Environment) {
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
    }
}
