//! `retry` and `fork`: starts that take over what another execution completed. Which results stand is the machine's to say.

use super::error::Error;
use super::read::{self, Journal};
use super::request::ForkRequest;
use super::shared::Shared;
use crate::clock;
use crate::flow::plan::{Kind, Plan};
use crate::ids::{ExecutionId, Tenant};
use crate::machine::event::{Event, Recorded};
use crate::machine::given;
use crate::machine::input::{Given, Origin, OriginKind, Start};
use crate::machine::question::Person;
use crate::machine::summary::Status;
use crate::store;

/// The port of a step that simply did its work.
const OK: &str = "ok";

/// A start like that of `id`, from the step that failed. Blocking.
pub(super) fn retry(shared: &Shared, tenant: &Tenant, id: ExecutionId, starter: Person) -> Result<Start, Error> {
    let Journal { events, start, plan } = whole(shared, tenant, id)?;
    match ended(&events) {
        None => return Err(Error::Unfit(format!("execution {id} has not ended; `flowgate exec resume {id}` lets it go on"))),
        Some(Status::Completed) => {
            return Err(Error::Unfit(format!("execution {id} completed; `flowgate exec fork` starts from one of its attempts")));
        }
        Some(Status::Rejected) => {
            return Err(Error::Unfit(format!("execution {id} was refused at its start and nothing of it ran; start it anew")));
        }
        Some(_) => {}
    }
    let (attempt, given) = given::collect(&plan, &events, None).map_err(unfit)?;
    Ok(departing(start, id, starter, Origin { execution: id, attempt, kind: OriginKind::Retry, given }))
}

/// A start like that of the named execution, with another output for one attempt. Blocking.
pub(super) fn fork(shared: &Shared, tenant: &Tenant, request: ForkRequest) -> Result<Start, Error> {
    let id = request.from;
    let Journal { events, start, plan } = whole(shared, tenant, id)?;
    let (attempt, mut given) = given::collect(&plan, &events, Some(&request.attempt)).map_err(unfit)?;
    let visit = visit(&attempt).to_owned();
    let port = port(&plan, &visit)?;
    given.retain(|given| given.visit != visit);
    given.push(Given { visit, port, output: request.output });
    Ok(departing(start, id, request.starter, Origin { execution: id, attempt, kind: OriginKind::Fork, given }))
}

/// The journal of an execution, refused where events are lost: what is taken over would be less than what it has done.
fn whole(shared: &Shared, tenant: &Tenant, id: ExecutionId) -> Result<Journal, Error> {
    match shared.store.quarantined(tenant, id).map_err(read::failed)? {
        Some(reason) if store::has_lost_events(&reason) => Err(Error::Quarantined { id, reason }),
        _ => read::journal(shared, tenant, id),
    }
}

/// A root execution of its own, whatever the other one was: same revision, configuration, pins and mode.
fn departing(start: Start, from: ExecutionId, starter: Person, origin: Origin) -> Start {
    debug_assert_eq!(start.execution, from, "the journal is that of the execution it departs from");
    Start { execution: clock::execution_id(), starter, parent: None, allowance: None, origin: Some(origin), refused: None, ..start }
}

fn ended(events: &[Recorded]) -> Option<Status> {
    events.iter().rev().find_map(|recorded| match &recorded.event {
        Event::Ended { ended, .. } => Some(ended.status),
        _ => None,
    })
}

/// `path/step#visit.attempt` without the attempt.
fn visit(attempt: &str) -> &str {
    let after_step = attempt.rfind('#').unwrap_or(0);
    attempt[after_step..].rfind('.').map_or(attempt, |dot| &attempt[..after_step + dot])
}

/// The port by which the step goes on with the output it is given.
fn port(plan: &Plan, visit: &str) -> Result<String, Error> {
    let step = visit.rsplit('/').next().unwrap_or(visit);
    let step = step.split('#').next().unwrap_or(step);
    let kind = plan.scopes.iter().flat_map(|scope| &scope.steps).find(|known| known.id.as_str() == step).map(|step| &step.kind);
    match kind {
        Some(Kind::Approval(_)) => Err(Error::Unfit(format!(
            "`{step}` is an approval: nobody approves by forking; fork from a step before it, and it is asked again"
        ))),
        Some(Kind::Event(event)) if event.ports => {
            Err(Error::Unfit(format!("`{step}` waits for one of several events; fork from a step before it and send the event")))
        }
        _ => Ok(OK.to_owned()),
    }
}

fn unfit(error: given::Error) -> Error {
    match error {
        given::Error::NoSuchAttempt(name) => Error::NotFound { what: "attempt", name },
        given::Error::NothingFailed => Error::Unfit(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_is_an_attempt_without_its_last_number() {
        for (attempt, expected) in [("a#1.2", "a#1"), ("a#1", "a#1"), ("m[3]/a.b#2.1", "m[3]/a.b#2"), ("m[3]/a.b#2", "m[3]/a.b#2")] {
            assert_eq!(visit(attempt), expected);
        }
    }
}
