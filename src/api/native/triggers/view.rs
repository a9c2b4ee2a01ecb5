//! Triggers as they are shown, and as they are sent.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::api::problem::Problem;
use crate::api::route::Free;
use crate::catalog::Catalog;
use crate::catalog::triggers::rows::{
    Allowed, Binding, Definition, FiringRow, FiringState, Inbound, OccurrenceRow, Overlap, Schedule, Source, TriggerRevisionRow, TriggerRow,
};
use crate::ids::{NanoUsd, Tenant, TimeMs};

use super::super::budgets::Origin;

/// What makes a trigger fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// Times.
    Schedule,
    /// Events that come in over HTTP.
    Webhook,
    /// A person.
    Manual,
    /// A program with a key.
    Api,
}

/// What its executions may cost in a calendar month (UTC).
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TriggerBudget {
    /// In US dollars.
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub amount: f64,
    /// Starts are refused once it is used up.
    #[serde(default)]
    pub enforce_limit: bool,
}

impl TriggerBudget {
    fn allowed(self) -> Result<Allowed, Problem> {
        if !(0.0..=1e9).contains(&self.amount) {
            return Err(Problem::unfit("budget.amount", "it must lie between 0 and 1000000000 US dollars"));
        }
        Ok(Allowed { amount: NanoUsd::from_usd(self.amount), enforced: self.enforce_limit })
    }
}

impl From<Allowed> for TriggerBudget {
    fn from(allowed: Allowed) -> Self {
        Self { amount: allowed.amount.usd(), enforce_limit: allowed.enforced }
    }
}

/// A trigger.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TriggerShown {
    id: String,
    #[serde(flatten)]
    definition: DefinitionShown,
    /// The definition's; counts from 1.
    revision: u32,
    active: bool,
    paused: bool,
    paused_until: Option<TimeMs>,
    /// The agents that it starts.
    agent_ids: Vec<String>,
    bindings: Vec<BindingShown>,
    /// The path of the inbound address, of a webhook.
    inbound_path: Option<String>,
    /// When it last started something.
    last_fired_at: Option<TimeMs>,
    /// The next due time, of a schedule that is switched on.
    next_fire_at: Option<TimeMs>,
    /// What its executions have cost in this calendar month, in US dollars; where it has a budget.
    current_monthly_cost: Option<f64>,
    created_at: TimeMs,
    created_by: String,
    updated_at: TimeMs,
    /// In whose name it starts what it starts by itself.
    updated_by: String,
}

/// What a trigger is, and what has a history.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DefinitionShown {
    display_name: String,
    description: Option<String>,
    kind: Kind,
    schedule: Option<Schedule>,
    webhook: Option<Inbound>,
    /// The type of events that fire, of a webhook that is particular.
    event_type: Option<String>,
    parameters: Map<String, Value>,
    mapping: Option<BTreeMap<String, String>>,
    filter: Option<String>,
    overlap: Overlap,
    budget: Option<TriggerBudget>,
}

impl From<Definition> for DefinitionShown {
    fn from(definition: Definition) -> Self {
        let (kind, schedule, webhook) = match definition.source {
            Source::Schedule(schedule) => (Kind::Schedule, Some(schedule), None),
            Source::Webhook(inbound) => (Kind::Webhook, None, Some(inbound)),
            Source::Manual => (Kind::Manual, None, None),
            Source::Api => (Kind::Api, None, None),
        };
        Self {
            display_name: definition.display_name,
            description: definition.description,
            kind,
            schedule,
            event_type: webhook.as_ref().and_then(|inbound| inbound.event_type.clone()),
            webhook,
            parameters: definition.parameters,
            mapping: definition.mapping,
            filter: definition.filter,
            overlap: definition.overlap,
            budget: definition.budget.map(TriggerBudget::from),
        }
    }
}

/// An agent that a trigger starts.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct BindingShown {
    agent_id: String,
    environment_slug: Option<String>,
}

impl TriggerShown {
    /// Blocking.
    ///
    /// # Errors
    /// When what belongs to it cannot be read.
    pub fn of(catalog: &Catalog, tenant: &Tenant, now: TimeMs, row: TriggerRow) -> Result<Self, Problem> {
        let cost = row.definition.budget.map(|_| catalog.trigger_cost(tenant, &row.id, now)).transpose()?;
        let pause = row.pause.as_ref().filter(|_| row.is_paused(now));
        let binding = |binding: &Binding| BindingShown { agent_id: binding.agent.clone(), environment_slug: binding.environment.clone() };
        Ok(Self {
            last_fired_at: catalog.trigger_last_fired(tenant, &row.id)?,
            next_fire_at: catalog.trigger_cursor(tenant, &row.id)?.map(|cursor| cursor.due),
            current_monthly_cost: cost.map(NanoUsd::usd),
            paused: pause.is_some(),
            paused_until: pause.and_then(|pause| pause.until),
            agent_ids: row.bindings.iter().map(|binding| binding.agent.clone()).collect(),
            bindings: row.bindings.iter().map(binding).collect(),
            inbound_path: row.secret.as_ref().map(|secret| format!("/hooks/{}", secret.hook)),
            definition: row.definition.into(),
            id: row.id,
            revision: row.revision,
            active: row.is_active,
            created_at: row.created_at,
            created_by: row.created_by,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
        })
    }
}

/// A trigger with its secret, which is shown this once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TriggerWithSecret {
    #[serde(flatten)]
    pub trigger: TriggerShown,
    /// Of a webhook: what senders sign with (HMAC), or send along (TOKEN).
    pub secret: Option<String>,
}

/// A new trigger.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateTrigger {
    #[schemars(length(min = 1, max = 100))]
    display_name: String,
    #[serde(default)]
    #[schemars(length(max = 500))]
    description: Option<String>,
    kind: Kind,
    /// Of a schedule, which needs it.
    #[serde(default)]
    schedule: Option<Schedule>,
    /// Of a webhook; absent: signed by HMAC.
    #[serde(default)]
    webhook: Option<Inbound>,
    /// The same as `webhook.eventType`.
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    event_type: Option<String>,
    /// Constant parameters of what it starts.
    #[serde(default)]
    parameters: Map<String, Value>,
    /// Parameters by CEL over `payload`, `headers`, `trigger` and `firing`. Absent: a payload that is an object is the parameters.
    #[serde(default)]
    mapping: Option<BTreeMap<String, String>>,
    /// CEL that is true for what fires.
    #[serde(default)]
    #[schemars(length(min = 1, max = 4096))]
    filter: Option<String>,
    /// Absent: `skip`.
    #[serde(default)]
    overlap: Overlap,
    #[serde(default)]
    budget: Option<TriggerBudget>,
    /// Absent: true.
    #[serde(default)]
    active: Option<bool>,
    /// Agents that it starts, in production; others by a binding.
    #[serde(default)]
    agent_ids: Vec<String>,
}

impl CreateTrigger {
    /// # Errors
    /// 422 for parts that do not belong together.
    pub fn into_new(self) -> Result<crate::catalog::triggers::NewTrigger, Problem> {
        let source = source(self.kind, self.schedule, self.webhook, self.event_type)?;
        let definition = Definition {
            display_name: self.display_name,
            description: self.description,
            source,
            parameters: self.parameters,
            mapping: self.mapping,
            filter: self.filter,
            overlap: self.overlap,
            budget: self.budget.map(TriggerBudget::allowed).transpose()?,
        };
        let bindings = self.agent_ids.into_iter().map(|agent| Binding { agent, environment: None }).collect();
        Ok(crate::catalog::triggers::NewTrigger { definition, is_active: self.active.unwrap_or(true), bindings })
    }
}

fn source(kind: Kind, schedule: Option<Schedule>, webhook: Option<Inbound>, event_type: Option<String>) -> Result<Source, Problem> {
    match (kind, schedule, webhook) {
        (Kind::Schedule, Some(schedule), None) if event_type.is_none() => Ok(Source::Schedule(schedule)),
        (Kind::Schedule, None, None) => Err(Problem::unfit("schedule", "a schedule needs its times: {\"cron\": …}")),
        (Kind::Webhook, None, webhook) => {
            let mut inbound = webhook.unwrap_or_default();
            inbound.event_type = event_type.or(inbound.event_type);
            Ok(Source::Webhook(inbound))
        }
        (Kind::Manual, None, None) if event_type.is_none() => Ok(Source::Manual),
        (Kind::Api, None, None) if event_type.is_none() => Ok(Source::Api),
        _ => Err(Problem::unfit("kind", "`schedule` belongs to SCHEDULE alone, `webhook` and `eventType` to WEBHOOK")),
    }
}

/// A change; what is absent stays, `null` takes away.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeTrigger {
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    display_name: Option<String>,
    #[serde(default)]
    #[schemars(with = "Option<String>", length(max = 500))]
    description: Part<String>,
    #[serde(default)]
    schedule: Option<Schedule>,
    #[serde(default)]
    webhook: Option<Inbound>,
    #[serde(default)]
    #[schemars(with = "Option<String>", length(min = 1, max = 200))]
    event_type: Part<String>,
    #[serde(default)]
    parameters: Option<Map<String, Value>>,
    #[serde(default)]
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    mapping: Part<BTreeMap<String, String>>,
    #[serde(default)]
    #[schemars(with = "Option<String>", length(min = 1, max = 4096))]
    filter: Part<String>,
    #[serde(default)]
    overlap: Option<Overlap>,
    #[serde(default)]
    #[schemars(with = "Option<TriggerBudget>")]
    budget: Part<TriggerBudget>,
    /// As `:enable` and `:disable`.
    #[serde(default)]
    pub active: Option<bool>,
}

/// One part of a change.
#[derive(Clone, Debug, Default)]
enum Part<T> {
    /// Absent.
    #[default]
    Stays,
    /// `null`.
    Goes,
    Becomes(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Part<T> {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(source)?.map_or(Self::Goes, Self::Becomes))
    }
}

impl<T: Clone> Part<T> {
    fn apply(&self, value: &mut Option<T>) {
        match self {
            Self::Stays => {}
            Self::Goes => *value = None,
            Self::Becomes(wanted) => *value = Some(wanted.clone()),
        }
    }
}

impl ChangeTrigger {
    /// # Errors
    /// 422 for what the trigger's kind does not have.
    pub fn apply(&self, definition: &mut Definition) -> Result<(), crate::catalog::Error> {
        use crate::catalog::Error;
        let invalid = |field, message: &str| Error::Invalid { field, message: message.to_owned() };
        if let Some(name) = &self.display_name {
            definition.display_name.clone_from(name);
        }
        self.description.apply(&mut definition.description);
        match (&mut definition.source, &self.schedule, &self.webhook, &self.event_type) {
            (_, None, None, Part::Stays) => {}
            (Source::Schedule(schedule), Some(wanted), None, Part::Stays) => schedule.clone_from(wanted),
            (Source::Webhook(inbound), None, wanted, event_type) => {
                if let Some(wanted) = wanted {
                    inbound.clone_from(wanted);
                }
                event_type.apply(&mut inbound.event_type);
            }
            _ => return Err(invalid("kind", "`schedule` belongs to SCHEDULE alone, `webhook` and `eventType` to WEBHOOK")),
        }
        if let Some(parameters) = &self.parameters {
            definition.parameters.clone_from(parameters);
        }
        self.mapping.apply(&mut definition.mapping);
        self.filter.apply(&mut definition.filter);
        definition.overlap = self.overlap.unwrap_or(definition.overlap);
        match &self.budget {
            Part::Stays => {}
            Part::Goes => definition.budget = None,
            Part::Becomes(budget) => {
                let allowed = budget.allowed();
                let allowed = allowed.map_err(|problem| Error::Invalid { field: "budget.amount", message: problem.detail });
                definition.budget = Some(allowed?);
            }
        }
        Ok(())
    }
}

/// Why there is a revision.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeReason {
    Created,
    Updated,
    Restored,
}

/// A definition as it was.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TriggerRevision {
    /// What `:restoreFrom` takes.
    id: String,
    trigger_id: String,
    revision: u32,
    /// The same; the vendor's clients read it.
    version: u32,
    change_reason: ChangeReason,
    #[serde(flatten)]
    definition: DefinitionShown,
    created_at: TimeMs,
    created_by: String,
    restored_from: Option<String>,
    is_current: bool,
}

impl TriggerRevision {
    #[must_use]
    pub fn of(row: TriggerRevisionRow, current: u32) -> Self {
        let change_reason = match (row.revision, row.restored_from) {
            (_, Some(_)) => ChangeReason::Restored,
            (1, None) => ChangeReason::Created,
            (_, None) => ChangeReason::Updated,
        };
        Self {
            id: row.revision.to_string(),
            trigger_id: row.trigger,
            version: row.revision,
            change_reason,
            revision: row.revision,
            definition: row.definition.into(),
            created_at: row.created_at,
            created_by: row.created_by,
            restored_from: row.restored_from.map(|revision| revision.to_string()),
            is_current: row.revision == current,
        }
    }
}

/// How to fire by hand.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FireTrigger {
    /// What the event would carry.
    #[serde(default)]
    pub sample_payload: Option<Free>,
    /// Absent: `PRODUCTION`. `TEST` leaves lists, statistics and budgets of production alone.
    #[serde(default)]
    pub origin: Origin,
}

/// What firing came to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FiringAnswer {
    /// None: the filter left it out.
    pub firing_id: Option<String>,
    /// The filter, or the type of event, left it out.
    pub filtered: bool,
    /// This event has fired before; it does not again.
    pub duplicate: bool,
    /// One per agent.
    pub firings: Vec<Firing>,
}

/// What a trigger did, or did not do, for one agent.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Firing {
    /// The same for every agent of one occurrence.
    firing_id: String,
    /// How it came about.
    kind: Kind,
    trigger_revision: u32,
    agent_id: Option<String>,
    state: FiringState,
    /// Why nothing started, or how the execution ended.
    note: Option<String>,
    execution_record_id: Option<String>,
    at: TimeMs,
    /// The due time, of a schedule.
    scheduled_for: Option<TimeMs>,
    event_id: Option<String>,
    fired_by: String,
    origin: Origin,
    payload: Free,
    parameters: Map<String, Value>,
}

impl Firing {
    /// With what they fired with. Blocking.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn all(catalog: &Catalog, tenant: &Tenant, rows: Vec<FiringRow>) -> Result<Vec<Self>, Problem> {
        rows.into_iter().map(|row| Ok(Self::of(catalog.occurrence(tenant, &row)?, row))).collect()
    }

    #[must_use]
    pub fn of(occurrence: OccurrenceRow, row: FiringRow) -> Self {
        let kind = serde_json::from_value(Value::String(row.kind)).unwrap_or(Kind::Api);
        Self {
            firing_id: row.id,
            kind,
            trigger_revision: row.revision,
            agent_id: row.agent,
            state: row.state,
            note: row.note,
            execution_record_id: row.execution.map(|id| id.to_string()),
            at: row.at,
            scheduled_for: row.due,
            event_id: row.event_id,
            fired_by: row.by,
            origin: row.purpose.into(),
            payload: Free(occurrence.payload),
            parameters: occurrence.parameters,
        }
    }
}
