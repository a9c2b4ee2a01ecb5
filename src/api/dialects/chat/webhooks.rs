//! `/api/agents/{id}/webhooks` and `/api/webhooks`: who is called when an execution of an agent ends. Webhooks of a whole workspace are
//! none of this dialect's.

use std::collections::HashMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::files::Deleted;
use super::pages::{Page, Picked, Picker, Wanted};
use super::view::time;
use crate::api::answer::Answer;
use crate::api::app::App;
use crate::api::blocking::blocking;
use crate::api::call::Call;
use crate::api::native::webhooks::check_url;
use crate::api::problem::Problem;
use crate::api::route::Route;
use crate::catalog::Stored;
use crate::catalog::deliveries::{DeliveryRow, DeliveryState};
use crate::catalog::numbers::Kind;
use crate::catalog::scopes::Scope;
use crate::catalog::webhooks::{Happening, NewWebhook, Reach, WebhookRow};
use crate::ids::Tenant;

/// Webhooks read at a time.
const CHUNK: usize = 500;
/// Deliveries of one webhook that are shown, and that are counted.
const LOG_SHOWN: usize = 10;
const LOG_COUNTED: usize = 100;
/// What a webhook hears of that is made here.
const ENDS: [Happening; 3] = [Happening::ExecutionCompleted, Happening::ExecutionFailed, Happening::ExecutionCancelled];

/// Whether it is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum WebhookStatus {
    #[default]
    Active,
    Inactive,
}

/// A webhook, without its secret.
#[derive(Debug, Serialize, JsonSchema)]
struct ChatWebhook {
    id: u64,
    /// The agent.
    template_id: u64,
    /// Who made it.
    user_id: u64,
    url: String,
    /// Always `POST`.
    method: &'static str,
    /// Among its newest 100 deliveries.
    success_count: usize,
    failure_count: usize,
    status: WebhookStatus,
    created_at: String,
    updated_at: String,
    /// Always null: a webhook that is deleted is gone.
    deleted_at: Option<String>,
    /// The newest 10.
    deliveries: Vec<ChatDelivery>,
}

/// A webhook with its secret, which is shown this once.
#[derive(Debug, Serialize, JsonSchema)]
struct NewChatWebhook {
    #[serde(flatten)]
    webhook: ChatWebhook,
    /// What calls are signed with, as Standard Webhooks has it.
    secret: String,
}

/// One call, with its repetitions.
#[derive(Debug, Serialize, JsonSchema)]
struct ChatDelivery {
    /// The `webhook-id` header of every attempt.
    id: String,
    event: Happening,
    /// The response that it is about; null once that is gone.
    response_id: Option<u64>,
    status: DeliveryState,
    attempts: u32,
    /// What the receiver answered last.
    response_status: Option<u16>,
    error: Option<String>,
    created_at: String,
    next_attempt_at: Option<String>,
}

/// A new webhook. Read as texts, so that what is wrong is said of its own field.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateWebhook {
    /// `https://…`; the operator's address policy applies.
    #[serde(default)]
    #[schemars(with = "String")]
    url: Option<String>,
    /// `POST`, also where it is absent.
    #[serde(default)]
    method: Option<String>,
    /// `active`, also where it is absent, or `inactive`.
    #[serde(default)]
    status: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    #[serde(default)]
    #[schemars(with = "Option<u64>")]
    page: Option<String>,
    /// 15 where it is absent, 100 at most.
    #[serde(default)]
    #[schemars(with = "Option<u64>")]
    per_page: Option<String>,
}

pub fn routes() -> Vec<Route> {
    let (read, write) = (Scope::AgentsRead, Scope::AgentsWrite);
    vec![
        Route::get("/api/agents/{agent}/webhooks", "chatListAgentWebhooks", "Webhooks of an agent, with their newest deliveries")
            .scope(read)
            .query::<ListQuery>()
            .answers::<Page<ChatWebhook>>(200)
            .to(list_of_agent),
        Route::post("/api/agents/{agent}/webhooks", "chatCreateWebhook", "A new webhook; its secret is shown this once")
            .scope(write)
            .takes::<CreateWebhook>()
            .answers::<NewChatWebhook>(201)
            .creates_secret()
            .to(create),
        Route::get("/api/webhooks", "chatListWebhooks", "Webhooks of every agent, with their newest deliveries")
            .scope(read)
            .query::<ListQuery>()
            .answers::<Page<ChatWebhook>>(200)
            .to(list),
        Route::delete("/api/webhooks/{webhook}", "chatDeleteWebhook", "Remove a webhook; what is not delivered yet is given up")
            .scope(write)
            .answers::<Deleted>(200)
            .to(remove),
    ]
}

/// A webhook and its agent, with the newest of its log.
struct Found {
    agent: String,
    webhook: Stored<WebhookRow>,
    log: Vec<DeliveryRow>,
}

fn with_log(app: &App, tenant: &Tenant, (agent, webhook): (String, Stored<WebhookRow>)) -> Result<Found, Problem> {
    let reach = Reach::Agent(agent.clone());
    let log = app.catalog.deliveries(tenant, (&reach, &webhook.value.id), None, LOG_COUNTED)?;
    Ok(Found { agent, webhook, log: log.into_iter().map(|row| row.value).collect() })
}

/// Those of one agent, or of all.
fn picked(app: &App, tenant: &Tenant, agent: Option<&str>, wanted: Wanted) -> Result<Picked<Found>, Problem> {
    let mut picker = Picker::new(wanted);
    if let Some(agent) = agent {
        let rows = app.catalog.webhooks(tenant, &Reach::Agent(agent.to_owned()))?;
        for webhook in rows {
            picker.see((agent.to_owned(), webhook));
        }
    } else {
        let mut after: Option<String> = None;
        loop {
            let rows = app.catalog.webhooks_of_agents(tenant, after.as_deref(), CHUNK)?;
            let Some((_, last)) = rows.last().filter(|_| !picker.is_full()) else { break };
            after = Some(last.key.clone());
            for row in rows {
                picker.see(row);
            }
        }
    }
    picker.picked().map(|row| with_log(app, tenant, row))
}

async fn list_of_agent(call: Call) -> Result<Answer, Problem> {
    let agent = call.app.catalog.living_agent(&call.tenant, call.parameter("agent")?)?.value.id;
    page(&call, Some(agent)).await
}

async fn list(call: Call) -> Result<Answer, Problem> {
    page(&call, None).await
}

async fn page(call: &Call, agent: Option<String>) -> Result<Answer, Problem> {
    let query: ListQuery = call.query()?;
    let wanted = Wanted::read(query.page.as_ref(), query.per_page.as_ref())?;
    let (app, tenant) = (Arc::clone(&call.app), call.tenant.clone());
    let picked = blocking(move || picked(&app, &tenant, agent.as_deref(), wanted)).await?;
    let mut users = HashMap::new();
    let mut data = Vec::with_capacity(picked.rows.len());
    for found in &picked.rows {
        data.push(shown(call, found, &mut users).await?);
    }
    Answer::json(&Page::of(call, &picked, data))
}

async fn shown(call: &Call, found: &Found, users: &mut HashMap<String, u64>) -> Result<ChatWebhook, Problem> {
    let (catalog, tenant, row) = (&call.app.catalog, &call.tenant, &found.webhook.value);
    let user_id = match users.get(&row.created_by) {
        Some(number) => *number,
        None => catalog.number_of(Kind::User, tenant, &row.created_by).await?,
    };
    users.insert(row.created_by.clone(), user_id);
    let count = |state: DeliveryState| found.log.iter().filter(|delivery| delivery.state == state).count();
    let deliveries = found.log.iter().take(LOG_SHOWN).map(|delivery| delivered(call, delivery)).collect::<Result<_, _>>()?;
    Ok(ChatWebhook {
        id: catalog.number_of(Kind::Webhook, tenant, &found.webhook.key).await?,
        template_id: catalog.agent(tenant, &found.agent)?.value.number,
        user_id,
        url: row.url.to_string(),
        method: "POST",
        success_count: count(DeliveryState::Delivered),
        failure_count: count(DeliveryState::Failed),
        status: if row.is_active { WebhookStatus::Active } else { WebhookStatus::Inactive },
        created_at: time(row.created_at),
        updated_at: time(row.updated_at),
        deleted_at: None,
        deliveries,
    })
}

fn delivered(call: &Call, delivery: &DeliveryRow) -> Result<ChatDelivery, Problem> {
    let store = call.app.catalog.store();
    let number = store.number_of(Kind::Execution, &call.tenant, &delivery.execution.to_string());
    let last = delivery.attempts.iter().max_by_key(|attempt| attempt.at);
    Ok(ChatDelivery {
        id: delivery.id.clone(),
        event: delivery.event,
        response_id: number.map_err(crate::catalog::Error::from)?,
        status: delivery.state,
        attempts: delivery.tries,
        response_status: last.and_then(|attempt| attempt.status),
        error: last.and_then(|attempt| attempt.error.clone()).or_else(|| delivery.note.clone()),
        created_at: time(delivery.created_at),
        next_attempt_at: delivery.due_at.map(time),
    })
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let agent = call.app.catalog.living_agent(&call.tenant, call.parameter("agent")?)?.value.id;
    let wanted: CreateWebhook = call.json()?;
    let url = wanted.url.filter(|url| !url.is_empty()).ok_or_else(|| Problem::unfit("url", "The url field is required."))?;
    if wanted.method.is_some_and(|method| !method.eq_ignore_ascii_case("post")) {
        return Err(Problem::unfit("method", "it must be `POST`"));
    }
    let is_active = match wanted.status.as_deref() {
        None | Some("active") => true,
        Some("inactive") => false,
        Some(_) => return Err(Problem::unfit("status", "it must be `active` or `inactive`")),
    };
    check_url(&call, Some(&url))?;
    let new = NewWebhook { url, events: ENDS.to_vec(), is_active: Some(is_active), ..NewWebhook::default() };
    let reach = Reach::Agent(agent.clone());
    let (row, secret): (WebhookRow, Zeroizing<String>) = call.app.vault.create_webhook(&call.tenant, &reach, new, &call.actor()?).await?;
    let webhook = Stored { key: reach.key(&row.id), version: 1, value: row };
    let webhook = shown(&call, &Found { agent, webhook, log: Vec::new() }, &mut HashMap::new()).await?;
    Answer::json_as(201, &NewChatWebhook { webhook, secret: secret.to_string() })
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    let (app, tenant, id) = (Arc::clone(&call.app), call.tenant.clone(), call.parameter("webhook")?.to_owned());
    let (agent, webhook) = blocking(move || Ok(app.catalog.webhook_of_any_agent(&tenant, &id)?)).await?;
    let number = call.app.catalog.number_of(Kind::Webhook, &call.tenant, &webhook.key).await?;
    call.app.catalog.remove_webhook(&call.tenant, &Reach::Agent(agent), &webhook.value.id, &call.actor()?).await?;
    Answer::json(&Deleted { id: number, object: "webhook", deleted: true })
}
