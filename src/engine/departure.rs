//! `retry` and `fork`: starts that take over what another execution completed. Which results stand is the machine's to say.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::error::Error;
use super::messages;
use super::read::{self, Journal};
use super::request::{FlowRef, ForkRequest, RetryRequest, StartRequest};
use super::shared::Shared;
use super::starting;
use crate::clock;
use crate::flow::plan::{Kind, Plan};
use crate::ids::{ExecutionId, Tenant};
use crate::machine::event::{Event, Recorded};
use crate::machine::given;
use crate::machine::input::{Given, Origin, OriginKind, Start};
use crate::machine::question::Person;
use crate::machine::summary::Status;
use crate::machine::trace;
use crate::store;

/// The port of a step that simply did its work.
const OK: &str = "ok";

/// A start like that of the named execution, from the step that failed. Blocking.
pub(super) fn retry(shared: &Shared, tenant: &Tenant, request: RetryRequest) -> Result<Start, Error> {
    let id = request.from;
    let journal = whole(shared, tenant, id)?;
    let (attempt, given) = failed(&journal, id)?;
    let origin = Origin { execution: id, attempt, kind: OriginKind::Retry, given };
    Ok(departing(journal.start, request.execution, request.starter, origin))
}

/// As `retry`, on another revision of the flow: configuration, pins, tools and prices are that revision's, and of the results those stand whose
/// step it still has.
pub(super) async fn retry_on(shared: &messages::Shared, tenant: &Tenant, request: RetryRequest, revision: FlowRef) -> Result<Start, Error> {
    let id = request.from;
    let (reader, owner, wanted) = (Arc::clone(shared), tenant.clone(), revision.clone());
    let reading = shared.runtime.spawn_blocking(move || {
        let journal = whole(&reader, &owner, id)?;
        let plan = reader.revisions.plan(&owner, &wanted.digest, &wanted.name)?;
        let (attempt, given) = failed(&journal, id)?;
        let given = on_revision(&journal, &plan, &wanted, &attempt, given)?;
        Ok::<_, Error>((journal, plan, Origin { execution: id, attempt, kind: OriginKind::Retry, given }))
    });
    let (journal, plan, origin) = reading.await.map_err(|_| Error::Stopped)??;
    let Journal { start, plan: before, .. } = journal;
    let start = StartRequest {
        execution: request.execution,
        entry: start.entry,
        config: overrides(&start.config, &before, &plan),
        mode: start.mode,
        script: start.script,
        environment: start.environment,
        session: start.session,
        context: start.context,
        purpose: start.purpose,
        trigger: start.trigger,
        labels: start.labels,
        history: start.history,
        guidance: start.guidance,
        attachments: start.attachments,
        ..StartRequest::new(revision, start.input, request.starter)
    };
    Ok(Start { origin: Some(origin), ..starting::complete(shared, tenant, start).await? })
}

/// What was given for the start's configuration beside the old defaults, as far as the new revision declares it.
fn overrides(config: &Value, before: &Plan, after: &Plan) -> Map<String, Value> {
    let given = config.as_object().into_iter().flatten();
    let given = given.filter(|(name, value)| before.spec.config.get(*name) != Some(*value) && after.spec.config.contains_key(*name));
    given.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The results that another revision can take over.
fn on_revision(journal: &Journal, plan: &Plan, wanted: &FlowRef, attempt: &str, mut given: Vec<Given>) -> Result<Vec<Given>, Error> {
    if wanted.name != journal.start.flow {
        return Err(Error::Unfit(format!(
            "`{}` is another flow than `{}`; a retry runs a revision of the same",
            wanted.name, journal.start.flow
        )));
    }
    let (before, after) = (kinds(&journal.plan), kinds(plan));
    if let Some(missing) = steps_of(attempt).find(|step| !after.contains_key(step)) {
        return Err(Error::Unfit(format!(
            "revision {} of `{}` has no step `{missing}`, from which the retry would go on; start it anew",
            wanted.revision, wanted.name
        )));
    }
    // A step of the same name that does something else gave nothing that could stand for its result.
    given.retain(|given| steps_of(&given.visit).all(|step| after.get(step).is_some_and(|kind| before.get(step) == Some(kind))));
    Ok(given)
}

/// Every step of a flow, at any depth, with the word for its kind.
fn kinds(plan: &Plan) -> BTreeMap<&str, &'static str> {
    let steps = plan.scopes.iter().flat_map(|scope| &scope.steps);
    steps.map(|step| (step.id.as_str(), trace::kind_name(&step.kind))).collect()
}

/// The steps that a name goes through: `m[3]/a#2.1` → m, a.
fn steps_of(name: &str) -> impl Iterator<Item = &str> {
    name.split('/').map(|part| part.split(['#', '[']).next().unwrap_or(part))
}

/// Where an execution that ended without completing goes on: the attempt that failed, and the results that stand.
fn failed(journal: &Journal, id: ExecutionId) -> Result<(String, Vec<Given>), Error> {
    match ended(&journal.events) {
        None => return Err(Error::Unfit(format!("execution {id} has not ended; `flowgate exec resume {id}` lets it go on"))),
        Some(Status::Completed) => {
            return Err(Error::Unfit(format!("execution {id} completed; `flowgate exec fork` starts from one of its attempts")));
        }
        Some(Status::Rejected) => {
            return Err(Error::Unfit(format!("execution {id} was refused at its start and nothing of it ran; start it anew")));
        }
        Some(_) => {}
    }
    given::collect(&journal.plan, &journal.events, None).map_err(unfit)
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
    let origin = Origin { execution: id, attempt, kind: OriginKind::Fork, given };
    Ok(departing(start, request.execution, request.starter, origin))
}

/// The journal of an execution, refused where events are lost: what is taken over would be less than what it has done.
fn whole(shared: &Shared, tenant: &Tenant, id: ExecutionId) -> Result<Journal, Error> {
    match shared.store.quarantined(tenant, id).map_err(read::failed)? {
        Some(reason) if store::has_lost_events(&reason) => Err(Error::Quarantined { id, reason }),
        _ => read::journal(shared, tenant, id),
    }
}

/// A root execution of its own, whatever the other one was: same revision, configuration, pins and mode.
fn departing(start: Start, execution: Option<ExecutionId>, starter: Person, origin: Origin) -> Start {
    debug_assert_eq!(start.execution, origin.execution, "the journal is that of the execution it departs from");
    Start {
        execution: execution.unwrap_or_else(clock::execution_id),
        starter,
        parent: None,
        allowance: None,
        origin: Some(origin),
        refused: None,
        ..start
    }
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
    fn a_name_goes_through_its_steps() {
        let steps = |name| steps_of(name).collect::<Vec<_>>();
        assert_eq!((steps("m[3]/a#2.1"), steps("h#2/a#1"), steps("a#1")), (vec!["m", "a"], vec!["h", "a"], vec!["a"]));
    }

    #[test]
    fn a_visit_is_an_attempt_without_its_last_number() {
        for (attempt, expected) in [("a#1.2", "a#1"), ("a#1", "a#1"), ("m[3]/a.b#2.1", "m[3]/a.b#2"), ("m[3]/a.b#2", "m[3]/a.b#2")] {
            assert_eq!(visit(attempt), expected);
        }
    }
}
