//! `…/triggers`: what starts agents without being asked. Here the routes; `view` has the shapes, `hook` the inbound address, and `running`,
//! `starts`, `starting` and `ends` make triggers run.
//!
//! A trigger decides what runs unattended, as a deployment does, and starts executions: changing one needs both scopes.

mod ends;
mod hook;
mod running;
mod starting;
mod starts;
mod view;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

pub use running::{Triggers, run};
use view::{ChangeTrigger, CreateTrigger, FireTrigger, Firing, FiringAnswer, TriggerRevision, TriggerShown, TriggerWithSecret};

use crate::api::answer::Answer;
use crate::api::blocking::blocking;
use crate::api::call::Call;
use crate::api::native::budgets::Origin;
use crate::api::page;
use crate::api::problem::Problem;
use crate::api::route::{Content, Route};
use crate::catalog::Catalog;
use crate::catalog::scopes::Scope;
use crate::catalog::triggers::rows::{API, Binding, FiringState, MANUAL, Schedule, Source, TriggerRow};
use crate::catalog::triggers::{Fired, Occurrence};
use crate::ids::{Tenant, TimeMs};

/// How long `:fire` waits for its executions to be durable.
const FIRE_WAIT: Duration = Duration::from_secs(10);
/// Due times that are shown where the request does not say, and at most.
const TIMES_DEFAULT: usize = 10;
const TIMES_MAX: usize = 100;
/// How long the old secret counts too, where a rotation does not say; and at most.
const OVERLAP_SECONDS_DEFAULT: u32 = 24 * 60 * 60;
const OVERLAP_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;
/// Payloads and parameters in a page of firings: it ends behind the one that goes over this.
const FIRINGS_BYTES_MAX: usize = 4 << 20;
/// Definitions in a list, or in a page of one.
const LIST_BYTES_MAX: usize = 8 << 20;
/// Rows that a list reads at once.
const ROWS_AT_ONCE: usize = 50;
/// The one network there is.
const NETWORK: &str = "default";

/// Which definition to take back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RestoreTrigger {
    /// The `id` of a revision.
    revision_id: String,
}

/// Where a bound agent runs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BindTrigger {
    /// Absent: `production`.
    #[serde(default)]
    environment_slug: Option<String>,
}

/// How long a schedule is held.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PauseTrigger {
    /// It goes on by itself then; absent: when it is resumed.
    #[serde(default)]
    until: Option<TimeMs>,
}

/// How a secret is replaced.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RotateTrigger {
    /// How long the old one counts too; absent: a day.
    #[serde(default)]
    #[schemars(range(max = 604_800))]
    overlap_seconds: Option<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TriggersQuery {
    /// Only those that start this agent.
    #[serde(default)]
    agent_id: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TimesQuery {
    /// How many; 10 where it does not say, 100 at most.
    #[serde(default)]
    count: Option<usize>,
}

/// A schedule that is not kept yet.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PlannedQuery {
    /// As in a schedule.
    #[schemars(length(min = 1, max = 200))]
    cron: String,
    /// Absent: `UTC`.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    time_zone: Option<String>,
    /// How many; 10 where it does not say, 100 at most.
    #[serde(default)]
    count: Option<usize>,
}

/// Due times of a schedule, before chance delays them.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FireTimes {
    times: Vec<TimeMs>,
}

/// A page, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Firings {
    items: Vec<Firing>,
    next_page_token: Option<String>,
}

/// A list, or a page of it where the request asks for one.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum Revisions {
    All(Vec<TriggerRevision>),
    #[serde(rename_all = "camelCase")]
    Page {
        items: Vec<TriggerRevision>,
        next_page_token: Option<String>,
    },
}

const ALL: &str = "/v1/tenants/{tenant}/triggers";
const ONE: &str = "/v1/tenants/{tenant}/triggers/{trigger}";
const BINDING: &str = "/v1/tenants/{tenant}/triggers/{trigger}/bindings/{agent}";

pub fn routes() -> Vec<Route> {
    let mut routes = reads();
    routes.extend(changes());
    routes.extend(actions());
    routes.extend(hook::routes());
    routes
}

fn reads() -> Vec<Route> {
    let read = |route: Route| route.scope(Scope::AgentsRead);
    vec![
        read(Route::get(ALL, "listTriggers", "Every trigger")).query::<TriggersQuery>().answers::<Vec<TriggerShown>>(200).to(list),
        read(Route::get(ONE, "getTrigger", "A trigger")).answers::<TriggerShown>(200).to(get),
        read(Route::get("/v1/tenants/{tenant}/triggers/{trigger}/revisions", "listTriggerRevisions", "Every definition, newest first"))
            .query::<page::PageQuery>()
            .answers::<Revisions>(200)
            .to(revisions),
        read(Route::get("/v1/tenants/{tenant}/triggers/{trigger}/revisions/{revision}", "getTriggerRevision", "A definition as it was"))
            .answers::<TriggerRevision>(200)
            .to(revision),
        read(Route::get("/v1/tenants/{tenant}/triggers/{trigger}/nextFireTimes", "listTriggerFireTimes", "When a schedule is due next"))
            .query::<TimesQuery>()
            .answers::<FireTimes>(200)
            .to(fire_times),
        read(Route::get(
            "/v1/tenants/{tenant}/triggers:fireTimes",
            "planTriggerFireTimes",
            "When a schedule that is not kept yet would be due",
        ))
        .query::<PlannedQuery>()
        .answers::<FireTimes>(200)
        .to(planned_times),
        Route::get("/v1/tenants/{tenant}/triggers/{trigger}/firings", "listTriggerFirings", "What it did, newest first; kept for 30 days")
            .scope(Scope::ExecutionsRead)
            .query::<page::PageQuery>()
            .answers::<Firings>(200)
            .to(firings),
    ]
}

fn changes() -> Vec<Route> {
    let write = |route: Route| route.scope(Scope::AgentsDeploy);
    let create_at = |path, operation| {
        write(Route::post(path, operation, "A new trigger; a webhook's secret is shown this once"))
            .takes::<CreateTrigger>()
            .answers::<TriggerWithSecret>(201)
            .creates_secret()
            .to(create)
    };
    vec![
        create_at(ALL, "createTrigger"),
        create_at("/v1/tenants/{tenant}/networks/{network}/triggers", "createNetworkTrigger"),
        write(Route::patch(ONE, "changeTrigger", "Another definition; it becomes a revision"))
            .takes::<ChangeTrigger>()
            .answers::<TriggerShown>(200)
            .to(change),
        write(Route::delete(ONE, "deleteTrigger", "Remove it; what it started goes on")).answers_with(204, Content::Nothing).to(remove),
        write(Route::put(BINDING, "bindTrigger", "Let it start this agent"))
            .may_take::<BindTrigger>()
            .answers::<TriggerShown>(200)
            .to(bind),
        write(Route::delete(BINDING, "unbindTrigger", "Let it start this agent no more")).answers_with(204, Content::Nothing).to(unbind),
    ]
}

fn actions() -> Vec<Route> {
    let write = |route: Route| route.scope(Scope::AgentsDeploy);
    vec![
        Route::post(
            "/v1/tenants/{tenant}/triggers/{trigger}:fire",
            "fireTrigger",
            "Fire it by hand; answers when its executions have begun",
        )
        .scope(Scope::ExecutionsRun)
        .may_take::<FireTrigger>()
        .answers::<FiringAnswer>(200)
        .creates()
        .to(fire),
        write(Route::post(
            "/v1/tenants/{tenant}/triggers/{trigger}:restoreFrom",
            "restoreTrigger",
            "An earlier definition, as a new revision",
        ))
        .takes::<RestoreTrigger>()
        .answers::<TriggerShown>(200)
        .to(restore),
        write(Route::post("/v1/tenants/{tenant}/triggers/{trigger}:enable", "enableTrigger", "Switch it on"))
            .answers::<TriggerShown>(200)
            .to(|call| switch(call, true)),
        write(Route::post(
            "/v1/tenants/{tenant}/triggers/{trigger}:disable",
            "disableTrigger",
            "Switch it off: nothing fires, nothing is caught up",
        ))
        .answers::<TriggerShown>(200)
        .to(|call| switch(call, false)),
        write(Route::post(
            "/v1/tenants/{tenant}/triggers/{trigger}:pause",
            "pauseTrigger",
            "Hold a schedule; what passes meanwhile is caught up",
        ))
        .may_take::<PauseTrigger>()
        .answers::<TriggerShown>(200)
        .to(pause),
        write(Route::post("/v1/tenants/{tenant}/triggers/{trigger}:resume", "resumeTrigger", "Let a paused schedule go on"))
            .answers::<TriggerShown>(200)
            .to(resume),
        write(Route::post(
            "/v1/tenants/{tenant}/triggers/{trigger}:rotateSecret",
            "rotateTriggerSecret",
            "Another secret; for a time both count",
        ))
        .may_take::<RotateTrigger>()
        .answers::<TriggerWithSecret>(200)
        .to(rotate),
    ]
}

/// Changes what starts by itself: as much as starting it.
fn may_start(call: &Call) -> Result<(), Problem> {
    call.caller()?.must(Scope::ExecutionsRun)
}

/// Reads of the catalog, beside the thread that answers.
async fn reading<T: Send + 'static>(
    call: &Call,
    read: impl FnOnce(&Catalog, &Tenant) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let (catalog, tenant) = (call.app.catalog.clone(), call.tenant.clone());
    blocking(move || read(&catalog, &tenant)).await
}

async fn shown(call: &Call, row: TriggerRow) -> Result<Answer, Problem> {
    call.app.triggers.wake();
    let now = call.now;
    Answer::json(&reading(call, move |catalog, tenant| TriggerShown::of(catalog, tenant, now, row)).await?)
}

async fn with_secret(call: &Call, row: TriggerRow, secret: Option<Zeroizing<String>>, status: u16) -> Result<Answer, Problem> {
    call.app.triggers.wake();
    let secret = secret.map(|secret| secret.to_string());
    let now = call.now;
    let trigger = reading(call, move |catalog, tenant| TriggerShown::of(catalog, tenant, now, row)).await?;
    Answer::json_as(status, &TriggerWithSecret { trigger, secret })
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let (TriggersQuery { agent_id }, now) = (call.query()?, call.now);
    let listed = reading(&call, move |catalog, tenant| {
        let is_wanted = |row: &TriggerRow| agent_id.as_ref().is_none_or(|agent| row.bindings.iter().any(|bound| bound.agent == *agent));
        let (mut shown, mut after, mut bytes) = (Vec::new(), None::<String>, 0);
        loop {
            let rows = catalog.triggers(tenant, after.as_deref(), ROWS_AT_ONCE)?;
            let Some(last) = rows.last() else { return Ok(shown) };
            after = Some(last.id.clone());
            for row in rows.into_iter().filter(is_wanted) {
                bytes += row.definition.bytes();
                if bytes > LIST_BYTES_MAX {
                    return Err(too_large("ask for those of one agent with `agentId`"));
                }
                shown.push(TriggerShown::of(catalog, tenant, now, row)?);
            }
        }
    });
    Answer::json(&listed.await?)
}

fn too_large(hint: &str) -> Problem {
    Problem::refused("list_too_large", format!("the definitions have more than {LIST_BYTES_MAX} bytes together; {hint}"))
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let (id, now) = (call.parameter("trigger")?.to_owned(), call.now);
    let read = reading(&call, move |catalog, tenant| TriggerShown::of(catalog, tenant, now, catalog.trigger(tenant, &id)?.value));
    Answer::json(&read.await?)
}

async fn create(call: Call) -> Result<Answer, Problem> {
    if let Ok(network) = call.parameter("network")
        && network != NETWORK
    {
        return Err(Problem::not_found("network", network));
    }
    let wanted: CreateTrigger = call.json()?;
    may_start(&call)?;
    let (row, secret) = call.app.vault.create_trigger(&call.tenant, wanted.into_new()?, &call.actor()?).await?;
    with_secret(&call, row, secret, 201).await
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let wanted: ChangeTrigger = call.json()?;
    may_start(&call)?;
    let (id, actor) = (call.parameter("trigger")?, call.actor()?);
    let row = call.app.catalog.change_trigger(&call.tenant, id, wanted.active, &actor, |definition| wanted.apply(definition)).await?;
    shown(&call, row).await
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    call.app.catalog.remove_trigger(&call.tenant, call.parameter("trigger")?, &call.actor()?).await?;
    Ok(Answer::empty(204))
}

async fn bind(call: Call) -> Result<Answer, Problem> {
    let BindTrigger { environment_slug } = call.json()?;
    may_start(&call)?;
    let binding = Binding { agent: call.parameter("agent")?.to_owned(), environment: environment_slug };
    let row = call.app.catalog.bind_trigger(&call.tenant, call.parameter("trigger")?, &binding, &call.actor()?).await?;
    shown(&call, row).await
}

async fn unbind(call: Call) -> Result<Answer, Problem> {
    let (trigger, agent) = (call.parameter("trigger")?, call.parameter("agent")?);
    call.app.catalog.unbind_trigger(&call.tenant, trigger, agent, &call.actor()?).await?;
    Ok(Answer::empty(204))
}

async fn switch(call: Call, is_active: bool) -> Result<Answer, Problem> {
    if is_active {
        may_start(&call)?;
    }
    let row = call.app.catalog.switch_trigger(&call.tenant, call.parameter("trigger")?, is_active, &call.actor()?).await?;
    shown(&call, row).await
}

async fn pause(call: Call) -> Result<Answer, Problem> {
    let PauseTrigger { until } = call.json()?;
    if until.is_some_and(|until| until <= call.now) {
        return Err(Problem::unfit("until", "it lies in the past; leave it out to pause until somebody resumes"));
    }
    let row = call.app.catalog.pause_trigger(&call.tenant, call.parameter("trigger")?, until, &call.actor()?).await?;
    shown(&call, row).await
}

async fn resume(call: Call) -> Result<Answer, Problem> {
    may_start(&call)?;
    let row = call.app.catalog.resume_trigger(&call.tenant, call.parameter("trigger")?, &call.actor()?).await?;
    shown(&call, row).await
}

async fn rotate(call: Call) -> Result<Answer, Problem> {
    let wanted: RotateTrigger = call.json()?;
    may_start(&call)?;
    let overlap_seconds = wanted.overlap_seconds.unwrap_or(OVERLAP_SECONDS_DEFAULT);
    if overlap_seconds > OVERLAP_SECONDS_MAX {
        return Err(Problem::invalid("overlapSeconds", format!("at most {OVERLAP_SECONDS_MAX}")));
    }
    let until = (overlap_seconds > 0).then(|| call.now.plus(u64::from(overlap_seconds) * 1_000));
    let (row, secret) = call.app.vault.rotate_trigger(&call.tenant, call.parameter("trigger")?, until, &call.actor()?).await?;
    with_secret(&call, row, Some(secret), 200).await
}

async fn revisions(call: Call) -> Result<Answer, Problem> {
    let (id, query): (_, page::PageQuery) = (call.parameter("trigger")?.to_owned(), call.query()?);
    let is_page = query.page_size.is_some() || query.page_token.is_some();
    let size = if is_page { page::size(query.page_size) } else { usize::MAX };
    let mut before = match page::read(query.page_token.as_deref())? {
        Some(token) => Some(token.parse().map_err(|_| Problem::unfit("pageToken", "it is not a token of this list"))?),
        None => None,
    };
    let (items, next) = reading(&call, move |catalog, tenant| {
        let current = catalog.trigger(tenant, &id)?.value.revision;
        let (mut items, mut bytes) = (Vec::new(), 0);
        while items.len() < size {
            let rows = catalog.trigger_revisions(tenant, &id, before, ROWS_AT_ONCE.min(size - items.len()))?;
            if rows.is_empty() {
                return Ok((items, None));
            }
            for row in rows {
                if bytes > LIST_BYTES_MAX {
                    return Ok((items, before));
                }
                bytes += row.definition.bytes();
                before = Some(row.revision);
                items.push(TriggerRevision::of(row, current));
            }
        }
        Ok((items, before))
    })
    .await?;
    if is_page {
        let next_page_token = next.map(|before| page::token(&before.to_string()));
        return Answer::json(&Revisions::Page { items, next_page_token });
    }
    if next.is_some() { Err(too_large("ask for a page with `pageSize`")) } else { Answer::json(&Revisions::All(items)) }
}

async fn revision(call: Call) -> Result<Answer, Problem> {
    let (id, named) = (call.parameter("trigger")?, call.parameter("revision")?);
    let current = call.app.catalog.trigger(&call.tenant, id)?.value.revision;
    let wanted = named.parse().map_err(|_| Problem::not_found("revision of the trigger", named))?;
    let row = call.app.catalog.trigger_revision(&call.tenant, id, wanted)?;
    Answer::json(&TriggerRevision::of(row, current))
}

async fn restore(call: Call) -> Result<Answer, Problem> {
    let RestoreTrigger { revision_id } = call.json()?;
    may_start(&call)?;
    let id = call.parameter("trigger")?;
    call.app.catalog.trigger(&call.tenant, id)?;
    let revision = revision_id.parse().map_err(|_| Problem::not_found("revision of the trigger", &revision_id))?;
    let row = call.app.catalog.restore_trigger(&call.tenant, id, revision, &call.actor()?).await?;
    shown(&call, row).await
}

async fn planned_times(call: Call) -> Result<Answer, Problem> {
    let PlannedQuery { cron, time_zone, count } = call.query()?;
    let (schedule, now) = (Schedule::at(cron, time_zone), call.now);
    let count = count.unwrap_or(TIMES_DEFAULT).clamp(1, TIMES_MAX);
    let times = blocking(move || Ok::<_, Problem>(schedule.due_after(now, count)?));
    Answer::json(&FireTimes { times: times.await? })
}

async fn fire_times(call: Call) -> Result<Answer, Problem> {
    let TimesQuery { count } = call.query()?;
    let (id, count) = (call.parameter("trigger")?.to_owned(), count.unwrap_or(TIMES_DEFAULT).clamp(1, TIMES_MAX));
    let times = reading(&call, move |catalog, tenant| {
        let row = catalog.trigger(tenant, &id)?.value;
        Ok(catalog.next_fire_times(tenant, &row, count)?)
    });
    Answer::json(&FireTimes { times: times.await? })
}

async fn firings(call: Call) -> Result<Answer, Problem> {
    let (id, query): (_, page::PageQuery) = (call.parameter("trigger")?.to_owned(), call.query()?);
    let (size, after) = (page::size(query.page_size), page::read(query.page_token.as_deref())?);
    let page = reading(&call, move |catalog, tenant| {
        catalog.trigger(tenant, &id)?;
        let rows = catalog.firings(tenant, &id, after.as_deref(), size)?;
        let (mut items, mut bytes, mut last, is_full) = (Vec::new(), 0, None, rows.len() == size);
        let mut rows = rows.into_iter();
        while bytes < FIRINGS_BYTES_MAX
            && let Some(row) = rows.next()
        {
            let occurrence = catalog.occurrence(tenant, &row.value)?;
            bytes += occurrence.bytes();
            items.push(Firing::of(occurrence, row.value));
            last = Some(row.key);
        }
        let goes_on = is_full || rows.len() > 0;
        Ok(Firings { items, next_page_token: last.filter(|_| goes_on).map(|last| page::token(&last)) })
    });
    Answer::json(&page.await?)
}

async fn fire(call: Call) -> Result<Answer, Problem> {
    let FireTrigger { sample_payload, origin } = call.json()?;
    if origin == Origin::Evaluation {
        return Err(Problem::unfit("origin", "evaluations are started with a dataset; fire it as TEST"));
    }
    let id = call.parameter("trigger")?.to_owned();
    let row = call.app.catalog.trigger(&call.tenant, &id)?.value;
    // A trigger that is there for programs is fired by one; every other is fired by hand here.
    let kind = if matches!(row.definition.source, Source::Api) { API } else { MANUAL };
    let occurrence = Occurrence {
        kind: kind.to_owned(),
        at: call.now,
        event_id: None,
        payload: sample_payload.map_or(Value::Null, |payload| payload.0),
        headers: Map::new(),
        purpose: origin.into(),
        by: Some(call.actor()?),
    };
    let fired = call.app.catalog.fire_trigger(&call.tenant, &id, &occurrence).await?;
    Answer::json(&answered(&call, &id, fired).await?)
}

/// What firing came to, once its executions have begun, or after a while.
async fn answered(call: &Call, id: &str, fired: Fired) -> Result<FiringAnswer, Problem> {
    let nothing = FiringAnswer { firing_id: None, filtered: false, duplicate: false, firings: Vec::new() };
    let (name, duplicate) = match fired {
        Fired::Filtered => return Ok(FiringAnswer { filtered: true, ..nothing }),
        Fired::Duplicate(name) => (name, true),
        Fired::Recorded(firings) => match firings.into_iter().next() {
            Some(firing) => (firing.id, false),
            None => return Ok(nothing),
        },
    };
    let named = async || {
        let (id, name) = (id.to_owned(), name.clone());
        reading(call, move |catalog, tenant| Ok(catalog.firings_named(tenant, &id, &name)?)).await
    };
    if !duplicate {
        let mut settled = call.app.triggers.settled();
        call.app.triggers.wake();
        let waiting = async {
            loop {
                settled.mark_unchanged();
                let is_over = named().await?.iter().all(|firing| firing.state != FiringState::Pending);
                if is_over || settled.changed().await.is_err() {
                    return Ok::<_, Problem>(());
                }
            }
        };
        // Where it takes longer, they are shown as they are.
        tokio::time::timeout(FIRE_WAIT, waiting).await.unwrap_or(Ok(()))?;
    }
    let rows = named().await?;
    let firings = reading(call, move |catalog, tenant| Firing::all(catalog, tenant, rows)).await?;
    Ok(FiringAnswer { firing_id: Some(name), duplicate, firings, ..nothing })
}
