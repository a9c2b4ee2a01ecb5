//! From a firing to an execution. The firing carries the execution's id, so that it starts once however often it is tried; what cannot
//! work is recorded as refused, what may work later is tried again.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::ends;
use crate::api::app::App;
use crate::api::blocking::blocking;
use crate::api::budgeted;
use crate::api::native::execute;
use crate::api::problem::{Problem, internal};
use crate::api::unattended;
use crate::catalog::environments::PRODUCTION;
use crate::catalog::triggers::Settled;
use crate::catalog::triggers::rows::{FiringRow, OpenRow, StartDueRow, TriggerRow};
use crate::catalog::{self, Stored};
use crate::clock;
use crate::crash;
use crate::engine::{self, FlowRef, Resolver, StartRequest};
use crate::ids::Tenant;
use crate::machine::Refusal;
use crate::machine::call::CallError;
use crate::machine::input::{Mode, Trigger};
use crate::machine::question::Person;

/// Attempts at a start before it counts as refused; the pauses between them make about half an hour.
const TRIES_MAX: u32 = 12;
const PAUSE_FIRST_MS: u64 = 500;
const PAUSE_MAX_MS: u64 = 5 * 60_000;

/// Makes the start that is owed, and records what became of it.
///
/// # Errors
/// When that cannot be recorded.
pub(super) async fn settle(app: &Arc<App>, due: &Stored<StartDueRow>) -> Result<(), catalog::Error> {
    let tenant = &due.value.tenant;
    let (settled, begun) = match app.catalog.owed_start(&due.value)? {
        // Settled already; its entry in the index goes.
        None => (Settled::Started, None),
        Some(firing) => {
            crash::point("trigger.due");
            let begun = begin(app, tenant, &firing).await;
            crash::point("trigger.started");
            begun.map_or_else(|problem| (refused_or_again(&firing, &problem), None), |open| (Settled::Started, Some(open)))
        }
    };
    record(app, due, &settled).await?;
    // It, or an earlier attempt, may have ended or been purged already, and that may have passed by while it still counted as owed.
    match begun {
        Some(open) => ends::end_if_over(app, tenant, &open).await,
        None => Ok(()),
    }
}

/// Records that making it broke, as an attempt that failed.
///
/// # Errors
/// When that cannot be recorded.
pub(super) async fn record_broken(app: &App, due: &Stored<StartDueRow>) -> Result<(), catalog::Error> {
    let broken = internal("a start of a trigger broke");
    let settled = app.catalog.owed_start(&due.value)?.map_or(Settled::Started, |firing| refused_or_again(&firing, &broken));
    record(app, due, &settled).await
}

async fn record(app: &App, due: &Stored<StartDueRow>, settled: &Settled) -> Result<(), catalog::Error> {
    if let Settled::Refused { note } = settled {
        tracing::warn!(firing = due.value.key, tenant = %due.value.tenant, note, "a trigger cannot start its agent");
    }
    if app.catalog.settle_start(due, settled).await? || matches!(settled, Settled::Again { .. }) {
        app.triggers.wake_starts();
    }
    app.triggers.note_settled();
    Ok(())
}

fn refused_or_again(firing: &FiringRow, problem: &Problem) -> Settled {
    let is_passing = problem.status >= 500 || problem.status == 429;
    if !is_passing || firing.tries + 1 >= TRIES_MAX {
        return Settled::Refused { note: format!("{}: {}", problem.code, problem.detail) };
    }
    let pause_ms = PAUSE_FIRST_MS.saturating_mul(1 << firing.tries.min(20)).min(PAUSE_MAX_MS);
    Settled::Again { at: clock::now().plus(pause_ms) }
}

async fn begin(app: &Arc<App>, tenant: &Tenant, firing: &FiringRow) -> Result<OpenRow, Problem> {
    let (Some(name), Some(execution)) = (firing.agent.clone(), firing.execution) else {
        return Err(internal("a firing without an agent owes a start"));
    };
    let open = OpenRow { trigger: firing.trigger.clone(), agent: name.clone(), execution, firing: firing.key() };
    // Before it can end, so that its end is seen.
    app.triggers.open().insert((tenant.clone(), execution), open.clone());
    if let Err(problem) = start(app, tenant, firing, &name).await {
        app.triggers.open().remove(&(tenant.clone(), execution));
        return Err(problem);
    }
    Ok(open)
}

async fn start(app: &Arc<App>, tenant: &Tenant, firing: &FiringRow, name: &str) -> Result<(), Problem> {
    let (catalog, engine) = (&app.catalog, app.engine.of(tenant));
    let is_there = firing.execution.map(|execution| catalog.store().summary(tenant, execution)).transpose();
    if is_there.map_err(catalog::Error::from)?.flatten().is_some() {
        return Ok(());
    }
    let agent = unattended::enabled_agent(catalog, tenant, name)?;
    let environment = catalog.usable_environment(tenant, firing.environment.as_deref().unwrap_or(PRODUCTION))?;
    let session = Uuid::now_v7().to_string();
    let chosen = catalog.choose(tenant, &agent.id, &environment.slug, Some(&session), clock::entropy())?;
    let flow = FlowRef { name: agent.id.clone(), revision: chosen.revision, digest: chosen.digest };
    let occurrence = catalog.occurrence(tenant, firing)?;
    let parameters = app.parameters.of(catalog, tenant, &agent.id, chosen.revision)?;
    let input = execute::input(&parameters, &occurrence.parameters)?;
    let config = unattended::config(&engine, &flow, &environment).await?;
    let is_rehearsed = unattended::is_rehearsed(app, &engine, &flow).await?;
    let mode = if is_rehearsed { Mode::Rehearsal } else { Mode::Production };
    let script = is_rehearsed.then(|| unattended::script(app, &agent.id)).flatten();
    let resolver = unattended::resolver(catalog, tenant, environment.slug.clone());
    let of_agent = budgeted::refusal(app, tenant, &agent.id, firing.purpose, &flow, &resolver, clock::now()).await?;
    let refused = match of_agent {
        None => of_trigger(app, tenant, firing, &flow, &resolver).await?,
        refused => refused,
    };
    let person = Person { user: firing.by.clone(), ..Person::default() };
    let request = StartRequest {
        execution: firing.execution,
        config,
        mode,
        script,
        environment: Some(environment.slug.clone()),
        session: Some(session),
        context: Some(context(firing, &occurrence.payload)),
        purpose: firing.purpose,
        trigger: Some(Trigger { kind: firing.kind.clone(), id: Some(firing.trigger.clone()) }),
        resolver: Some(resolver),
        refused,
        ..StartRequest::new(flow, Value::Object(input), person)
    };
    match engine.start(request).await {
        Ok(_) | Err(engine::Error::Refused(Refusal::Exists)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What flows read as `context.trigger`, and what the execution records of why it is there.
fn context(firing: &FiringRow, payload: &Value) -> Value {
    json!({"trigger": {
        "id": firing.trigger,
        "type": firing.kind,
        "revision": firing.revision,
        "firingId": firing.id,
        "firedAt": firing.at,
        "scheduledFor": firing.due,
        "eventId": firing.event_id,
        "payload": payload,
    }})
}

/// Why the trigger's own budget does not let it start anything; tests are not counted.
async fn of_trigger(
    app: &App,
    tenant: &Tenant,
    firing: &FiringRow,
    flow: &FlowRef,
    resolver: &Resolver,
) -> Result<Option<CallError>, Problem> {
    // Removed meanwhile: what it owed before is still started.
    let row = app.catalog.get::<TriggerRow>(tenant, &firing.trigger)?;
    let budget = row.and_then(|row| row.value.definition.budget).filter(|budget| budget.enforced && firing.purpose.is_production());
    let Some(budget) = budget else { return Ok(None) };
    let (catalog, of, trigger) = (app.catalog.clone(), tenant.clone(), firing.trigger.clone());
    let cost = blocking(move || Ok(catalog.trigger_cost(&of, &trigger, clock::now())?)).await?;
    if cost >= budget.amount {
        let message = format!(
            "trigger `{}` has cost {} of its {} US dollars this month; raise its budget or wait",
            firing.trigger,
            cost.usd(),
            budget.amount.usd()
        );
        return Ok(Some(CallError::new(budgeted::EXCEEDED, message)));
    }
    let models = app.engine.of(tenant).models(flow, Some(resolver.clone())).await?;
    Ok(models.iter().find(|model| app.runner.price(model).is_none()).map(|model| {
        let message =
            format!("model `{model}` has no known price, and trigger `{}` has an enforced budget; give its price", firing.trigger);
        CallError::new(budgeted::NO_PRICE, message)
    }))
}
