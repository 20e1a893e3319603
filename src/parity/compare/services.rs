//! Services held against what the spec says of them: it says all, so the lock is not asked.

use crate::parity::{Change, Finding, State};
use crate::spec::service::{Service, ServiceFact};
use crate::spec::{Category, Environment, Fact, Facts, ItemId, Locked, Observed, Policy, Why};

/// What a service that is well is.
const HEALTHY: &str = "healthy";

/// The findings about services on one machine. Without a lock nothing is held true, these no more than others.
pub(super) fn judge_all(environment: &Environment, has_lock: bool, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in environment.services_on(facts.machine.os.as_deref()) {
        let id = ItemId::new(Category::Service, &service.name);
        findings.push(judge(environment, service, &id, facts));
        if service.health.is_some() {
            let id = ItemId::new(Category::Service, format!("{}/health", service.name));
            findings.push(judge_health(&id, facts.observed(&id)));
        }
    }
    let services = || environment.services.iter().flatten();
    let named = |id: &ItemId| services().any(|service| id.name.split('/').next() == Some(service.name.as_str()));
    let others = facts.items.iter().filter(|(id, _)| id.category == Category::Service && !named(id));
    findings.extend(others.map(|(id, observed)| extra(id, observed)));
    if !has_lock {
        for finding in &mut findings {
            finding.state = State::Unknown;
            if !matches!(finding.observed, Some(Observed::Unknown(_))) {
                "there is no lock to compare with; run `trueup capture`".clone_into(&mut finding.reason);
            }
        }
    }
    findings
}

fn finding(id: &ItemId, state: State, want: Option<Fact>, observed: Observed, reason: String) -> Finding {
    let detail = observed.present().and_then(Fact::evidence).map(str::to_owned);
    let locked = Some(want.map_or(Locked::Absent, Locked::Present));
    Finding {
        id: id.clone(),
        state,
        policy: Policy::Exact,
        locked,
        observed: Some(observed),
        reason,
        detail,
        warning: None,
    }
}

fn judge(environment: &Environment, service: &Service, id: &ItemId, facts: &Facts) -> Finding {
    let observed = facts.observed(id);
    let unknown =
        |observed: Observed, why: String| Finding { locked: None, ..finding(id, State::Unknown, None, observed, why) };
    let got = match &observed {
        Observed::Unknown(why) => {
            let why = why.to_string();
            return unknown(observed, why);
        }
        Observed::Present(Fact::Service(ServiceFact::Unmanaged(why))) => {
            let reason = format!("it cannot run there: {why}");
            return finding(id, State::Drift(Change::Missing), Some(running()), observed, reason);
        }
        Observed::Present(Fact::Service(ServiceFact::Managed(got))) => got.clone(),
        Observed::Present(_) | Observed::Absent => {
            let why = Why::NotUnderstood("what is told of it is of no service".to_owned()).to_string();
            return unknown(observed, why);
        }
    };
    let want = match service.wanted(environment, &facts.machine, &got) {
        Ok((want, _)) => want,
        Err(error) => return unknown(observed, error.to_string()),
    };
    let differences = got.differences(&want);
    let fact = Some(Fact::Service(ServiceFact::Managed(want)));
    match differences.as_slice() {
        [] => finding(id, State::Match, fact, observed, "as the spec says".to_owned()),
        _ if got.is_absent() => {
            let reason = got.lacks.as_ref().map_or("it is not there".to_owned(), |program| {
                format!("it is not there, and its command `{program}` is not found either")
            });
            finding(id, State::Drift(Change::Missing), fact, observed, reason)
        }
        several => finding(id, State::Drift(Change::Changed), fact, observed, several.join("; ")),
    }
}

/// What is wanted where nobody could keep it.
fn running() -> Fact {
    Fact::text("running")
}

/// One that takes too long is not well: its time is the spec's own.
fn judge_health(id: &ItemId, observed: Observed) -> Finding {
    let want = Some(Fact::text(HEALTHY));
    let (state, reason) = match &observed {
        Observed::Present(fact) if fact.shown() == HEALTHY => (State::Match, "it is well".to_owned()),
        Observed::Present(fact) => (State::Drift(Change::Changed), format!("it is {}", fact.shown())),
        Observed::Unknown(why @ Why::TimedOut(_)) => {
            (State::Drift(Change::Changed), format!("it is not healthy: {why}"))
        }
        Observed::Unknown(why) => (State::Unknown, why.to_string()),
        Observed::Absent => (State::Unknown, Why::NotAsked.to_string()),
    };
    finding(id, state, want, observed, reason)
}

fn extra(id: &ItemId, observed: &Observed) -> Finding {
    let reason = "trueup made a unit for it, and the spec does not name it any more".to_owned();
    finding(id, State::Drift(Change::Extra), None, observed.clone(), reason)
}
