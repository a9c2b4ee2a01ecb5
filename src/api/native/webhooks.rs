//! `…/webhooks` of a tenant and `…/agents/{agent}/webhooks`: who is called when something happens, and what came of the calls.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::page;
use crate::api::problem::Problem;
use crate::api::route::{Content, Route};
use crate::catalog::deliveries::{Attempt, DeliveryRow, DeliveryState};
use crate::catalog::scopes::Scope;
use crate::catalog::webhooks::{Happening, NewWebhook, Reach, WebhookChange, WebhookRow};
use crate::ids::TimeMs;

/// How long the old secret signs too, where a rotation does not say.
const OVERLAP_SECONDS_DEFAULT: u32 = 24 * 60 * 60;
/// Longest overlap of a rotation.
const OVERLAP_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;

/// A webhook, without its secret.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    id: String,
    /// None: it hears of every agent.
    agent_id: Option<String>,
    url: String,
    events: Vec<Happening>,
    description: String,
    is_active: bool,
    /// `user:NAME` or `role:NAME`: `approval.requested` carries a link with which that approver decides.
    links_for: Option<String>,
    created_at: TimeMs,
    created_by: String,
    updated_at: TimeMs,
    /// The old secret signs too until then.
    previous_secret_until: Option<TimeMs>,
}

/// A webhook with its secret, which is shown this once.
#[derive(Debug, Serialize, JsonSchema)]
struct WithSecret {
    #[serde(flatten)]
    webhook: Webhook,
    /// What calls are signed with, as Standard Webhooks has it.
    secret: String,
}

/// A new webhook.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateWebhook {
    /// `https://…`; the operator's address policy applies.
    #[schemars(length(min = 1, max = 2048))]
    url: String,
    /// Absent or empty: every one.
    #[serde(default)]
    events: Vec<Happening>,
    #[serde(default)]
    #[schemars(length(max = 500))]
    description: String,
    /// Absent: true.
    #[serde(default)]
    is_active: Option<bool>,
    /// `whsec_` and 24 to 64 bytes in base64; absent: a fresh one.
    #[serde(default)]
    secret: Option<String>,
    /// `user:NAME` or `role:NAME`; needs `admin`.
    #[serde(default)]
    links_for: Option<String>,
}

/// A change of a webhook; what is absent stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangeWebhook {
    #[serde(default)]
    #[schemars(length(min = 1, max = 2048))]
    url: Option<String>,
    #[serde(default)]
    events: Option<Vec<Happening>>,
    #[serde(default)]
    #[schemars(length(max = 500))]
    description: Option<String>,
    #[serde(default)]
    is_active: Option<bool>,
    /// The empty text takes it away.
    #[serde(default)]
    links_for: Option<String>,
}

/// How a secret is replaced.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RotateWebhook {
    /// Absent: a fresh one.
    #[serde(default)]
    secret: Option<String>,
    /// How long the old one signs too; absent: a day.
    #[serde(default)]
    #[schemars(range(max = 604_800))]
    overlap_seconds: Option<u32>,
}

/// Something that was, or is to be, sent to a webhook.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    /// The `webhook-id` header of every attempt.
    id: String,
    event: Happening,
    execution_record_id: String,
    approval_request_id: Option<String>,
    status: DeliveryState,
    /// Why it is over, where it was not delivered.
    note: Option<String>,
    created_at: TimeMs,
    /// When it is tried (again).
    next_attempt_at: Option<TimeMs>,
    /// The newest ones.
    attempts: Vec<DeliveryAttempt>,
    /// The JSON that is sent, without links.
    payload: String,
}

/// One attempt.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DeliveryAttempt {
    at: TimeMs,
    latency_ms: u64,
    /// The status that the receiver answered with.
    response_status: Option<u16>,
    /// The first 1024 bytes of the answer.
    response: String,
    /// Why there was no answer.
    error: Option<String>,
}

/// A page, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Deliveries {
    items: Vec<Delivery>,
    next_page_token: Option<String>,
}

impl Webhook {
    fn of(row: WebhookRow, reach: &Reach) -> Self {
        Self {
            id: row.id,
            agent_id: if let Reach::Agent(agent) = reach { Some(agent.clone()) } else { None },
            url: row.url.to_string(),
            events: row.events,
            description: row.description,
            is_active: row.is_active,
            links_for: row.links_for,
            created_at: row.created_at,
            created_by: row.created_by,
            updated_at: row.updated_at,
            previous_secret_until: row.previous.map(|previous| previous.until),
        }
    }
}

impl WithSecret {
    fn of((row, secret): (WebhookRow, Zeroizing<String>), reach: &Reach) -> Self {
        Self { webhook: Webhook::of(row, reach), secret: secret.to_string() }
    }
}

impl From<DeliveryRow> for Delivery {
    fn from(row: DeliveryRow) -> Self {
        let attempt = |attempt: Attempt| DeliveryAttempt {
            at: attempt.at,
            latency_ms: attempt.latency_ms,
            response_status: attempt.status,
            response: attempt.answer,
            error: attempt.error,
        };
        Self {
            id: row.id,
            event: row.event,
            execution_record_id: row.execution.to_string(),
            approval_request_id: row.question.map(|(question, _)| question.to_string()),
            status: row.state,
            note: row.note,
            created_at: row.created_at,
            next_attempt_at: row.due_at,
            attempts: row.attempts.into_iter().map(attempt).collect(),
            payload: row.body,
        }
    }
}

/// The collection under one of its two parents: paths and operations, and the scopes that reading and changing need.
struct Names {
    all: (&'static str, &'static str, &'static str),
    one: (&'static str, [&'static str; 3]),
    rotate: (&'static str, &'static str),
    deliveries: (&'static str, &'static str),
    delivery: (&'static str, &'static str),
    redeliver: (&'static str, &'static str),
    scopes: (Scope, Scope),
}

const OF_TENANT: Names = Names {
    all: ("/v1/tenants/{tenant}/webhooks", "listWebhooks", "createWebhook"),
    one: ("/v1/tenants/{tenant}/webhooks/{webhook}", ["getWebhook", "changeWebhook", "deleteWebhook"]),
    rotate: ("/v1/tenants/{tenant}/webhooks/{webhook}:rotate", "rotateWebhook"),
    deliveries: ("/v1/tenants/{tenant}/webhooks/{webhook}/deliveries", "listWebhookDeliveries"),
    delivery: ("/v1/tenants/{tenant}/webhooks/{webhook}/deliveries/{delivery}", "getWebhookDelivery"),
    redeliver: ("/v1/tenants/{tenant}/webhooks/{webhook}/deliveries/{delivery}:redeliver", "redeliverWebhookDelivery"),
    scopes: (Scope::Admin, Scope::Admin),
};

const OF_AGENT: Names = Names {
    all: ("/v1/tenants/{tenant}/agents/{agent}/webhooks", "listAgentWebhooks", "createAgentWebhook"),
    one: ("/v1/tenants/{tenant}/agents/{agent}/webhooks/{webhook}", ["getAgentWebhook", "changeAgentWebhook", "deleteAgentWebhook"]),
    rotate: ("/v1/tenants/{tenant}/agents/{agent}/webhooks/{webhook}:rotate", "rotateAgentWebhook"),
    deliveries: ("/v1/tenants/{tenant}/agents/{agent}/webhooks/{webhook}/deliveries", "listAgentWebhookDeliveries"),
    delivery: ("/v1/tenants/{tenant}/agents/{agent}/webhooks/{webhook}/deliveries/{delivery}", "getAgentWebhookDelivery"),
    redeliver: ("/v1/tenants/{tenant}/agents/{agent}/webhooks/{webhook}/deliveries/{delivery}:redeliver", "redeliverAgentWebhookDelivery"),
    scopes: (Scope::AgentsRead, Scope::AgentsWrite),
};

pub fn routes() -> Vec<Route> {
    [OF_TENANT, OF_AGENT].iter().flat_map(of_parent).collect()
}

fn of_parent(names: &Names) -> Vec<Route> {
    let (read, write) = names.scopes;
    let [get_one, change_one, delete_one] = names.one.1;
    vec![
        Route::get(names.all.0, names.all.1, "Every webhook, without secrets").scope(read).answers::<Vec<Webhook>>(200).to(list),
        Route::post(names.all.0, names.all.2, "A new webhook; its secret is shown this once")
            .scope(write)
            .takes::<CreateWebhook>()
            .answers::<WithSecret>(201)
            .creates_secret()
            .to(create),
        Route::get(names.one.0, get_one, "A webhook").scope(read).answers::<Webhook>(200).to(get),
        Route::patch(names.one.0, change_one, "Change a webhook").scope(write).takes::<ChangeWebhook>().answers::<Webhook>(200).to(change),
        Route::delete(names.one.0, delete_one, "Remove a webhook; what is not delivered yet is given up")
            .scope(write)
            .answers_with(204, Content::Nothing)
            .to(remove),
        Route::post(names.rotate.0, names.rotate.1, "A new secret; for a time calls are signed with both")
            .scope(write)
            .may_take::<RotateWebhook>()
            .answers::<WithSecret>(200)
            .to(rotate),
        Route::get(names.deliveries.0, names.deliveries.1, "What was and is to be sent, newest first; kept for 30 days")
            .scope(read)
            .query::<page::PageQuery>()
            .answers::<Deliveries>(200)
            .to(list_deliveries),
        Route::get(names.delivery.0, names.delivery.1, "One delivery and its attempts")
            .scope(read)
            .answers::<Delivery>(200)
            .to(get_delivery),
        Route::post(names.redeliver.0, names.redeliver.1, "Send it again, under the same id")
            .scope(write)
            .answers::<Delivery>(202)
            .to(redeliver),
    ]
}

/// What the path is about.
fn reach(call: &Call) -> Reach {
    call.parameter("agent").map_or(Reach::Tenant, |agent| Reach::Agent(agent.to_owned()))
}

/// What would be refused at every attempt is refused at once.
///
/// # Errors
/// 422.
pub fn check_url(call: &Call, url: Option<&str>) -> Result<(), Problem> {
    let Some(Ok(url)) = url.map(url::Url::parse) else { return Ok(()) };
    call.app.runner.check_url(&url).map_err(|message| Problem::unfit("url", message))
}

/// Links decide in somebody's name.
fn check_links(call: &Call, links_for: Option<&String>) -> Result<(), Problem> {
    if links_for.is_some() { call.caller()?.must(Scope::Admin) } else { Ok(()) }
}

/// An agent that does not exist has no webhooks and gets none.
fn must_exist(call: &Call) -> Result<(), Problem> {
    if let Ok(agent) = call.parameter("agent") {
        call.app.catalog.agent(&call.tenant, agent)?;
    }
    Ok(())
}

async fn list(call: Call) -> Result<Answer, Problem> {
    must_exist(&call)?;
    let reach = reach(&call);
    let rows = call.app.catalog.webhooks(&call.tenant, &reach)?;
    Answer::json(&rows.into_iter().map(|row| Webhook::of(row.value, &reach)).collect::<Vec<_>>())
}

async fn create(call: Call) -> Result<Answer, Problem> {
    must_exist(&call)?;
    let wanted: CreateWebhook = call.json()?;
    check_url(&call, Some(&wanted.url))?;
    check_links(&call, wanted.links_for.as_ref())?;
    let reach = reach(&call);
    let CreateWebhook { url, events, description, is_active, secret, links_for } = wanted;
    let new = NewWebhook { url, events, description, is_active, secret, links_for };
    let made = call.app.vault.create_webhook(&call.tenant, &reach, new, &call.actor()?).await?;
    Answer::json_as(201, &WithSecret::of(made, &reach))
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let reach = reach(&call);
    let row = call.app.catalog.webhook(&call.tenant, &reach, call.parameter("webhook")?)?;
    Answer::json(&Webhook::of(row.value, &reach))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let wanted: ChangeWebhook = call.json()?;
    check_url(&call, wanted.url.as_deref())?;
    check_links(&call, wanted.links_for.as_ref().filter(|approver| !approver.is_empty()))?;
    let reach = reach(&call);
    let id = call.parameter("webhook")?;
    let standing = call.app.catalog.webhook(&call.tenant, &reach, id)?;
    // Another address for links that decide in somebody's name is as much as the links themselves.
    if wanted.url.is_some() {
        check_links(&call, standing.value.links_for.as_ref())?;
    }
    let ChangeWebhook { url, events, description, is_active, links_for } = wanted;
    let change = WebhookChange { url, events, description, is_active, links_for };
    let row = call.app.catalog.change_webhook(&call.tenant, &reach, id, change, &call.actor()?).await?;
    Answer::json(&Webhook::of(row, &reach))
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    call.app.catalog.remove_webhook(&call.tenant, &reach(&call), call.parameter("webhook")?, &call.actor()?).await?;
    Ok(Answer::empty(204))
}

async fn rotate(call: Call) -> Result<Answer, Problem> {
    let wanted: RotateWebhook = call.json()?;
    let overlap_seconds = wanted.overlap_seconds.unwrap_or(OVERLAP_SECONDS_DEFAULT);
    if overlap_seconds > OVERLAP_SECONDS_MAX {
        return Err(Problem::invalid("overlapSeconds", format!("at most {OVERLAP_SECONDS_MAX}")));
    }
    let until = (overlap_seconds > 0).then(|| call.now.plus(u64::from(overlap_seconds) * 1_000));
    let reach = reach(&call);
    let id = call.parameter("webhook")?;
    let rotated = call.app.vault.rotate_webhook(&call.tenant, (&reach, id), wanted.secret, until, &call.actor()?).await?;
    Answer::json(&WithSecret::of(rotated, &reach))
}

async fn list_deliveries(call: Call) -> Result<Answer, Problem> {
    let query: page::PageQuery = call.query()?;
    let (reach, id) = (reach(&call), call.parameter("webhook")?);
    call.app.catalog.webhook(&call.tenant, &reach, id)?;
    let size = page::size(query.page_size);
    let after = page::read(query.page_token.as_deref())?;
    let rows = call.app.catalog.deliveries(&call.tenant, (&reach, id), after.as_deref(), size)?;
    let next_page_token = (rows.len() == size).then(|| rows.last().map(|row| page::token(&row.key))).flatten();
    Answer::json(&Deliveries { items: rows.into_iter().map(|row| Delivery::from(row.value)).collect(), next_page_token })
}

async fn get_delivery(call: Call) -> Result<Answer, Problem> {
    let (reach, id) = (reach(&call), call.parameter("webhook")?);
    let row = call.app.catalog.delivery(&call.tenant, (&reach, id), call.parameter("delivery")?)?;
    Answer::json(&Delivery::from(row.value))
}

async fn redeliver(call: Call) -> Result<Answer, Problem> {
    let (reach, id) = (reach(&call), call.parameter("webhook")?);
    call.app.catalog.webhook(&call.tenant, &reach, id)?;
    let row = call.app.catalog.redeliver(&call.tenant, (&reach, id), call.parameter("delivery")?, &call.actor()?).await?;
    Answer::json_as(202, &Delivery::from(row))
}
