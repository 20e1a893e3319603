//! Programs that are kept running, by systemd or launchd.

use super::{Action, NOT_PRUNED, Need, Offer, Provider, Step, Work, step};
use crate::parity::Change;
use crate::provision::work::{Keep, SecretsFile, ServiceWork, Well};
use crate::spec::service::{ManagedFact, Manager, Service, ServiceFact};
use crate::spec::{Category, Digest, Fact, ItemId, Observed};

pub(super) const PROVIDER: Provider =
    Provider { name: "service", doc: "programs that are kept running, by systemd or launchd", offer };

fn offer(need: Need<'_>) -> Offer {
    let id = &need.finding.id;
    if id.category != Category::Service {
        return Offer::NotMine;
    }
    let name = id.name.strip_suffix("/health").unwrap_or(&id.name);
    // What is unwell is started again as what has another unit is, so that both are one step.
    let own = ItemId::new(Category::Service, name);
    let Some(finding) = need.report.findings.iter().find(|finding| finding.id == own) else { return Offer::NotMine };
    let got = match &finding.observed {
        Some(Observed::Present(Fact::Service(ServiceFact::Managed(got)))) => got,
        Some(Observed::Present(Fact::Service(ServiceFact::Unmanaged(why)))) => {
            return Offer::Cannot(format!(
                "{why}; have it run on another target, or name the systems where it is held: only = [\"…\"]"
            ));
        }
        _ => return Offer::Cannot("how it stands there is not known".to_owned()),
    };
    if finding.state.change() == Some(Change::Extra) {
        if !need.prune {
            return Offer::Cannot(NOT_PRUNED.to_owned());
        }
        let work = ServiceWork::RemoveService { service: name.to_owned(), manager: got.manager };
        return one(&need, Action::Remove, name, work, got.manager.is_roots());
    }
    let mut services = need.environment.services_on(need.report.machine.os.as_deref());
    let Some(service) = services.find(|service| service.name == name) else { return Offer::NotMine };
    if let Some(program) = &got.lacks
        && !is_brought(program, &need)
    {
        return Offer::Cannot(format!(
            "its command `{program}` is not found there; list it in [tools] with what installs it, or write its whole path \
             in `run`"
        ));
    }
    let keep = match keep(service, got, &need) {
        Ok(keep) => keep,
        Err(why) => return Offer::Cannot(why),
    };
    let root = keep.manager.is_roots() || keep.linger || keep.rotation.is_some();
    let action = if finding.state.change() == Some(Change::Missing) { Action::Create } else { Action::Change };
    one(&need, action, name, ServiceWork::KeepService(Box::new(keep)), root)
}

fn one(need: &Need<'_>, action: Action, name: &str, work: ServiceWork, root: bool) -> Offer {
    let step = step(&PROVIDER, need, action, format!("service {name}"), Work::Service(work));
    Offer::Step(Box::new(Step { root, ..step }))
}

/// Whether a tool that another provider may bring goes by this name.
fn is_brought(program: &str, need: &Need<'_>) -> bool {
    let tool = ItemId::new(Category::Tool, program);
    need.report.findings.iter().any(|finding| finding.id == tool && finding.state.change() == Some(Change::Missing))
}

fn keep(service: &Service, got: &ManagedFact, need: &Need<'_>) -> Result<Keep, String> {
    let (want, unit) =
        service.wanted(need.environment, &need.report.machine, got).map_err(|error| error.to_string())?;
    let has_unit = got.unit == want.unit && got.manager == want.manager;
    let secrets = service.secrets();
    let is_secretive = !secrets.is_empty();
    let has_secrets = has_unit && got.secrets;
    let secrets = unit.secrets.filter(|_| is_secretive && !has_secrets).map(|path| SecretsFile {
        path,
        variables: secrets.iter().map(|(name, from)| ((*name).to_owned(), (*from).to_owned())).collect(),
    });
    let is_launchds = matches!(want.manager, Manager::LaunchdAgent | Manager::LaunchdDaemon);
    Ok(Keep {
        service: service.name.clone(),
        manager: want.manager,
        unit: (!has_unit).then_some(want.unit).flatten().map(|digest| (unit.path, digest)),
        secrets,
        linger: !got.lingers,
        health: service.health.as_ref().map(|health| Well {
            run: health.run.clone(),
            limit_s: health.limit.as_secs().max(1),
            every_s: health.every.as_secs().max(1),
        }),
        rotation: (!has_unit)
            .then(|| service.rotation(&need.report.machine, want.manager))
            .flatten()
            .map(|(path, text)| (path, Digest::of(text.as_bytes()))),
        logs: is_launchds.then(|| service.log_folder()),
        program: service.program().map(str::to_owned),
    })
}
