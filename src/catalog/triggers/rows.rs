//! What is kept of triggers: the documents and the keys they stand under. Every field is a format on disk.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::timetable::CatchUp;
use crate::catalog::Kept;
use crate::catalog::signing::SigningSecret;
use crate::ids::{Digest, ExecutionId, NanoUsd, Tenant, TimeMs};
use crate::machine::input::Purpose;

/// What makes a trigger fire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    Schedule(Schedule),
    Webhook(Inbound),
    /// A person, by hand.
    Manual,
    /// A program, with a key.
    Api,
}

/// Times at which a trigger fires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Schedule {
    /// Five fields (minute, hour, day of month, month, day of week), six with seconds in front, or a macro such as `@daily`.
    #[schemars(length(min = 1, max = 200))]
    pub cron: String,
    /// An IANA name; absent: `UTC`.
    #[serde(default = "utc")]
    #[schemars(length(min = 1, max = 100))]
    pub time_zone: String,
    /// Each due time is delayed by chance, by this much at most.
    #[serde(default)]
    #[schemars(range(max = 3600))]
    pub jitter_seconds: u32,
    /// What is done about due times that passed while the server was down, or the schedule paused.
    #[serde(default)]
    pub catch_up: CatchUp,
    /// With `all`: firings that are caught up at most, the newest ones.
    #[serde(default = "catch_up_max")]
    #[schemars(range(min = 1, max = 100))]
    pub catch_up_max: u32,
    /// A due time that is no later than this counts as met.
    #[serde(default = "grace_seconds")]
    #[schemars(range(min = 1, max = 3600))]
    pub grace_seconds: u32,
}

impl Schedule {
    /// With everything else as where a definition does not say.
    #[must_use]
    pub fn at(cron: String, time_zone: Option<String>) -> Self {
        let time_zone = time_zone.unwrap_or_else(utc);
        Self {
            cron,
            time_zone,
            jitter_seconds: 0,
            catch_up: CatchUp::default(),
            catch_up_max: catch_up_max(),
            grace_seconds: grace_seconds(),
        }
    }
}

fn utc() -> String {
    "UTC".to_owned()
}

fn catch_up_max() -> u32 {
    10
}

fn grace_seconds() -> u32 {
    10
}

/// How a caller of the inbound address shows who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Proof {
    /// It signs the id, the time and the body, as Standard Webhooks has it.
    #[default]
    Hmac,
    /// It sends the secret along.
    Token,
}

/// Events that come in over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inbound {
    #[serde(default)]
    pub auth: Proof,
    /// With `HMAC`: how far the sender's clock may be from ours; what is older is refused.
    #[serde(default = "replay_window_seconds")]
    #[schemars(range(min = 1, max = 86_400))]
    pub replay_window_seconds: u32,
    /// CEL over `payload` and `headers`: the event's id, where it is not the header `webhook-id`. The same id fires once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub event_id: Option<String>,
    /// Only events of this type (the payload's `type`, as Standard Webhooks has it) fire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub event_type: Option<String>,
}

fn replay_window_seconds() -> u32 {
    300
}

impl Default for Inbound {
    fn default() -> Self {
        Self { auth: Proof::Hmac, replay_window_seconds: replay_window_seconds(), event_id: None, event_type: None }
    }
}

/// What happens when a trigger fires while an execution that it started for the same agent still runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It does not start another one.
    #[default]
    Skip,
    /// The next one starts when that one has ended.
    Queue,
    /// They run side by side.
    Parallel,
}

/// What a trigger's executions may cost in a calendar month (UTC), tests aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    pub amount: NanoUsd,
    /// Nothing starts any more once it is used up.
    pub enforced: bool,
}

/// Everything of a trigger that has a history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    pub display_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub source: Source,
    /// Constant parameters of what it starts.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
    /// Parameters by CEL. Absent: a payload that is an object is the parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<BTreeMap<String, String>>,
    /// CEL that is true for what fires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    #[serde(default)]
    pub overlap: Overlap,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Allowed>,
}

impl Definition {
    /// As it is written down.
    #[must_use]
    pub fn bytes(&self) -> usize {
        serde_json::to_vec(self).map_or(0, |body| body.len())
    }
}

/// An agent that a trigger starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    pub agent: String,
    /// None: production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

/// A schedule that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub at: TimeMs,
    pub by: String,
    /// It goes on by itself then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<TimeMs>,
}

/// What the callers of an inbound address show. It has to be known to check signatures, so it is kept; it is shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    pub value: SigningSecret,
    /// The one before the last rotation, and until when it still counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<(SigningSecret, TimeMs)>,
    /// The last part of the inbound address.
    pub hook: String,
}

/// A trigger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TriggerRow {
    pub id: String,
    /// The definition's; counts from 1.
    pub revision: u32,
    pub definition: Definition,
    pub is_active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bindings: Vec<Binding>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    pub created_at: TimeMs,
    pub created_by: String,
    pub updated_at: TimeMs,
    /// In whose name it starts what it starts.
    pub updated_by: String,
}

impl Kept for TriggerRow {
    const COLLECTION: &'static str = "triggers";
}

impl TriggerRow {
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.definition.source {
            Source::Schedule(_) => SCHEDULE,
            Source::Webhook(_) => WEBHOOK,
            Source::Manual => MANUAL,
            Source::Api => API,
        }
    }

    #[must_use]
    pub fn is_paused(&self, now: TimeMs) -> bool {
        self.pause.as_ref().is_some_and(|pause| pause.until.is_none_or(|until| now < until))
    }
}

/// Kinds, as executions record and lists filter them.
pub const SCHEDULE: &str = "SCHEDULE";
pub const WEBHOOK: &str = "WEBHOOK";
pub const MANUAL: &str = "MANUAL";
pub const API: &str = "API";

/// A definition as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TriggerRevisionRow {
    pub trigger: String,
    pub revision: u32,
    pub definition: Definition,
    pub created_at: TimeMs,
    pub created_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_from: Option<u32>,
}

impl Kept for TriggerRevisionRow {
    const COLLECTION: &'static str = "trigger_revisions";
}

pub(super) fn revision_key(trigger: &str, revision: u32) -> String {
    format!("{trigger}/{revision:08}")
}

/// How far a schedule has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CursorRow {
    /// The oldest due time that nothing was decided about.
    pub due: TimeMs,
    /// The same with the delay that chance gave it.
    pub fires_at: TimeMs,
    /// Where it stands in the index of what is due; none while it is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indexed_at: Option<TimeMs>,
}

impl Kept for CursorRow {
    const COLLECTION: &'static str = "trigger_cursors";
}

/// Schedules of every tenant in the order in which they are due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggerDueRow {
    pub at: TimeMs,
    pub tenant: Tenant,
    pub trigger: String,
}

impl Kept for TriggerDueRow {
    const COLLECTION: &'static str = "triggers_due";
}

impl TriggerDueRow {
    pub(super) fn key(at: TimeMs, tenant: &Tenant, trigger: &str) -> String {
        format!("{:014x}/{tenant}/{trigger}", at.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FiringState {
    /// It is about to start its execution.
    Pending,
    /// It waits until the execution before it has ended.
    Queued,
    /// Its execution is durable.
    Started,
    /// Its execution has ended.
    Ended,
    /// It starts nothing; `note` says why.
    Skipped,
    /// Nobody was there when it was due, and the schedule does not catch up.
    Missed,
    /// Its execution was refused; `note` says why.
    Failed,
}

/// What a trigger did, or did not do, for one agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FiringRow {
    /// Unique within the trigger.
    pub id: String,
    pub trigger: String,
    /// The trigger's at that time.
    pub revision: u32,
    /// How it came about: of `SCHEDULE`, `WEBHOOK`, `MANUAL`, `API`.
    pub kind: String,
    /// None where it never came to an agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    pub at: TimeMs,
    /// The due time, of a schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<TimeMs>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// In whose name it starts.
    pub by: String,
    #[serde(default, skip_serializing_if = "Purpose::is_production")]
    pub purpose: Purpose,
    /// Of rows that are older than occurrences, as `parameters`; empty in others. `Catalog::occurrence` reads both.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub payload: Value,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
    /// The id that its execution has or will have: fixed here, so that however often it is tried, it starts once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<ExecutionId>,
    pub state: FiringState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Attempts at the start that may still work later.
    #[serde(default)]
    pub tries: u32,
    /// Where it stands in the index of starts that are owed; only while pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indexed_at: Option<TimeMs>,
}

impl Kept for FiringRow {
    const COLLECTION: &'static str = "trigger_firings";
}

impl FiringRow {
    /// One that has come to no agent yet, in the name of who answers for the trigger.
    pub(super) fn blank(row: &TriggerRow, id: String, kind: &str, at: TimeMs) -> Self {
        Self {
            id,
            trigger: row.id.clone(),
            revision: row.revision,
            kind: kind.to_owned(),
            agent: None,
            environment: None,
            at,
            due: None,
            event_id: None,
            by: row.updated_by.clone(),
            purpose: Purpose::Production,
            payload: Value::Null,
            parameters: Map::new(),
            execution: None,
            state: FiringState::Pending,
            note: None,
            tries: 0,
            indexed_at: None,
        }
    }

    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.trigger, self.id, self.agent.as_deref().unwrap_or("-"))
    }
}

/// What a trigger fired with: once for all the agents that it came to, and never changed. What of it is empty needs no row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OccurrenceRow {
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub payload: Value,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
}

impl Kept for OccurrenceRow {
    const COLLECTION: &'static str = "trigger_occurrences";
}

impl OccurrenceRow {
    /// Its size as JSON.
    #[must_use]
    pub fn bytes(&self) -> usize {
        serde_json::to_vec(self).map_or(0, |body| body.len())
    }
}

pub(super) fn occurrence_key(trigger: &str, firing: &str) -> String {
    format!("{trigger}/{firing}")
}

/// Starts that are owed, of every tenant, in the order in which they are tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartDueRow {
    pub at: TimeMs,
    pub tenant: Tenant,
    /// The firing's.
    pub key: String,
}

impl Kept for StartDueRow {
    const COLLECTION: &'static str = "trigger_starts_due";
}

impl StartDueRow {
    pub(crate) fn key(at: TimeMs, tenant: &Tenant, firing: &str) -> String {
        format!("{:014x}/{tenant}/{firing}", at.0)
    }
}

/// An execution that a trigger started, or is about to start, and that has not ended as far as is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRow {
    pub trigger: String,
    pub agent: String,
    pub execution: ExecutionId,
    /// The firing's key.
    pub firing: String,
}

impl Kept for OpenRow {
    const COLLECTION: &'static str = "trigger_open";
}

pub(super) fn lane_key(trigger: &str, agent: &str) -> String {
    format!("{trigger}/{agent}")
}

pub(super) fn open_key(trigger: &str, agent: &str, execution: ExecutionId) -> String {
    format!("{trigger}/{agent}/{execution}")
}

/// What waits behind the open executions of one trigger and agent. Every start that must not overlap another one changes it, so of two at
/// once one reads again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneRow {
    /// Keys of firings, the next one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<String>,
}

impl Kept for LaneRow {
    const COLLECTION: &'static str = "trigger_lanes";
}

/// An event that has fired: the same id does not fire again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    pub at: TimeMs,
    pub firing: String,
}

impl Kept for EventRow {
    const COLLECTION: &'static str = "trigger_events";
}

pub(super) fn event_key(trigger: &str, event: &str) -> String {
    format!("{trigger}/{}", Digest::of(event.as_bytes()).hex())
}

/// The trigger behind an inbound address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookRow {
    pub tenant: Tenant,
    pub trigger: String,
}

impl Kept for HookRow {
    const COLLECTION: &'static str = "trigger_hooks";
}

/// What a trigger's ended executions that began in one month have cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpentRow {
    pub cost: NanoUsd,
}

impl Kept for SpentRow {
    const COLLECTION: &'static str = "trigger_spent";
}

/// A trigger that was removed, and whose history still has to go.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Remains {}

impl Kept for Remains {
    const COLLECTION: &'static str = "trigger_remains";
}
