//! An approval as callers read it: the question, where it stands, exactly what would be done, and who said what. Never a secret's value:
//! names stand where values will.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::api::route::Free;
use crate::catalog::approvals::ClaimRow;
use crate::engine::{Closing, KnownQuestion};
use crate::flow::spec::{DecisionKind, EffectClass};
use crate::flow::template::{MASK, Part, Text};
use crate::ids::{Digest, TimeMs};
use crate::machine::call::{Call, HttpRequest, Request};
use crate::machine::question::{Decided, Person, Question, QuestionKind, Verdict};
use crate::machine::summary::Summary;
use crate::machine::{self};

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GateType {
    /// An `approval` step.
    Approval,
    /// The gate before a tool call of an agent's step.
    ToolApproval,
    /// An `ask` step: it wants an answer.
    Ask,
    /// A call that may have happened.
    InDoubt,
    /// A budget is used up; approving grants the same amount again.
    Budget,
}

impl From<QuestionKind> for GateType {
    fn from(kind: QuestionKind) -> Self {
        match kind {
            QuestionKind::Approval => Self::Approval,
            QuestionKind::ToolApproval => Self::ToolApproval,
            QuestionKind::Ask => Self::Ask,
            QuestionKind::InDoubt => Self::InDoubt,
            QuestionKind::Budget => Self::Budget,
        }
    }
}

/// Where an approval stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Pending,
    /// Decided by a person.
    Responded,
    /// Cancelled by `:cancel`, or its step or execution ended before.
    Cancelled,
    /// Nobody answered in time.
    Expired,
}

/// What repeating the action would do: `once` effects are HIGH, idempotent ones MEDIUM, reads and questions without an action LOW.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Risk {
    Low,
    Medium,
    High,
}

impl Risk {
    pub fn of(question: &Question) -> Self {
        match question.action.as_ref().map(|action| action.call.effect) {
            Some(EffectClass::Once) => Self::High,
            Some(EffectClass::Idempotent) => Self::Medium,
            Some(EffectClass::Read) | None => Self::Low,
        }
    }
}

/// What a person can say to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionWord {
    Approve,
    /// Approve with other arguments; counts as the editor's vote for the changed action.
    Edit,
    Reject,
    Respond,
    /// In doubt: do it again.
    Retry,
    /// In doubt: it happened.
    Happened,
    /// In doubt: give the step up.
    Fail,
}

impl From<&Verdict> for DecisionWord {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Approve => Self::Approve,
            Verdict::Edit { .. } => Self::Edit,
            Verdict::Reject => Self::Reject,
            Verdict::Respond { .. } => Self::Respond,
            Verdict::Retry => Self::Retry,
            Verdict::Happened { .. } => Self::Happened,
            Verdict::Fail => Self::Fail,
        }
    }
}

/// Whether what was asked for goes ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    Approve,
    Reject,
}

/// The decision that took effect.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StandingDecision {
    pub decision: DecisionWord,
    pub by: String,
    pub at: TimeMs,
    /// Of the action that was decided on.
    pub digest: Digest,
    pub reason: Option<String>,
    /// Of an edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Free>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Free>,
    /// Of a call in doubt that did happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Free>,
}

impl From<&Decided> for StandingDecision {
    fn from(decided: &Decided) -> Self {
        let free = |value: &Value| Some(Free(value.clone()));
        let (arguments, response, result) = match &decided.verdict {
            Verdict::Edit { arguments } => (free(arguments), None, None),
            Verdict::Respond { response } => (None, free(response), None),
            Verdict::Happened { result } => (None, None, free(result)),
            Verdict::Approve | Verdict::Reject | Verdict::Retry | Verdict::Fail => (None, None, None),
        };
        Self {
            decision: (&decided.verdict).into(),
            by: decided.by.clone(),
            at: decided.at,
            digest: decided.digest,
            reason: decided.reason.clone(),
            arguments,
            response,
            result,
        }
    }
}

/// A name and its value, or the name of the secret that stands there.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pair {
    name: String,
    /// Dots where a secret's value will be.
    value: String,
    /// The secret's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl Pair {
    fn of((name, value): &(String, Text)) -> Self {
        match value {
            Text::Plain(text) => Self { name: name.clone(), value: text.clone(), secret: None },
            Text::Secret { prefix, secret } => Self { name: name.clone(), value: format!("{prefix}{MASK}"), secret: Some(secret.clone()) },
        }
    }
}

/// A body as it will be sent.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionBody {
    content_type: String,
    /// Byte for byte, with dots where a secret's value will be.
    text: String,
    /// Names of the secrets, in order.
    secrets: Vec<String>,
}

/// Exactly what would be done.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionView {
    /// The step or tool that does it.
    step: String,
    /// `http`, `mcp`, `builtin` or `model`.
    kind: &'static str,
    /// What repeating it would do: `read`, `idempotent` or `once`.
    effect: EffectClass,
    /// What an edit replaces.
    arguments: Free,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    query: Vec<Pair>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    headers: Vec<Pair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<ActionBody>,
    /// Of an MCP tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<String>,
    /// A script answers; nothing leaves the server.
    rehearsed: bool,
}

impl ActionView {
    fn of(step: &str, arguments: &Value, call: &Call) -> Self {
        let mut view = Self {
            step: step.to_owned(),
            kind: "builtin",
            effect: call.effect,
            arguments: Free(arguments.clone()),
            method: None,
            url: None,
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            server: None,
            tool: None,
            idempotency_key: call.idempotency_key.clone(),
            rehearsed: call.script.is_some(),
        };
        match &call.request {
            Request::Http(request) => view.http(request),
            Request::Mcp(request) => {
                (view.kind, view.server, view.tool) = ("mcp", Some(request.server.clone()), Some(request.tool.clone()));
            }
            Request::Builtin { name, .. } => view.tool = Some(name.clone()),
            Request::Llm(request) => (view.kind, view.tool) = ("model", Some(request.model.clone())),
        }
        view
    }

    fn http(&mut self, request: &HttpRequest) {
        self.kind = "http";
        (self.method, self.url) = (Some(request.method.clone()), Some(request.url.clone()));
        self.query = request.query.iter().map(Pair::of).collect();
        self.headers = request.headers.iter().map(Pair::of).collect();
        self.body = request.body.as_ref().map(|body| {
            let (mut text, mut secrets) = (String::new(), Vec::new());
            for part in &body.parts {
                match part {
                    Part::Bytes(bytes) => text.push_str(bytes),
                    Part::Secret { secret } => {
                        text.push_str(MASK);
                        secrets.push(secret.clone());
                    }
                }
            }
            ActionBody { content_type: body.content_type.clone(), text, secrets }
        });
    }
}

/// One piece of evidence.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Evidence {
    /// The expression in the flow.
    name: String,
    value: Free,
}

/// One approval of several that are needed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VoteView {
    by: String,
    digest: Digest,
    at: TimeMs,
    reason: Option<String>,
}

/// Somebody is looking at it; others may decide all the same.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ClaimView {
    by: String,
    at: TimeMs,
    /// It ends by itself.
    until: TimeMs,
}

impl From<ClaimRow> for ClaimView {
    fn from(ClaimRow { by, at, until }: ClaimRow) -> Self {
        Self { by, at, until }
    }
}

/// A question to people.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    pub id: Uuid,
    pub agent_id: String,
    agent_revision: u32,
    session_id: Option<String>,
    execution_record_id: Uuid,
    gate_type: GateType,
    step_identifier: String,
    /// The attempt that waits, where it is a tool call.
    tool_call_id: Option<String>,
    /// The tool, or the step, that would run.
    tool_key: Option<String>,
    /// What people are asked.
    outbound_message: String,
    /// What an edit replaces; a value that is no object stands in `value`.
    proposed_parameters: Map<String, Value>,
    /// `role:NAME` or `user:NAME`; empty: every key that may decide approvals.
    authorized_approvers: Vec<String>,
    pub status: Status,
    expires_at: Option<TimeMs>,
    responded_at: Option<TimeMs>,
    responded_by: Option<String>,
    decision: Option<Outcome>,
    created_at: TimeMs,
    /// What a decision must name.
    pub digest: Digest,
    action: Option<ActionView>,
    evidence: Vec<Evidence>,
    /// JSON Schema of the response.
    form: Option<Free>,
    /// What can be said to it.
    decisions: Vec<DecisionWord>,
    editable: bool,
    /// How often its action was changed; each time the digest changed with it.
    edits: u32,
    quorum: u32,
    votes: Vec<VoteView>,
    /// Users who may not decide it.
    excluded: Vec<String>,
    pub risk: Risk,
    environment: Option<String>,
    started_by: String,
    /// Dollars that its execution has used.
    cost_so_far: f64,
    tokens_so_far: u64,
    /// Whether the caller's key may decide it as it stands.
    pub may_decide: bool,
    claim: Option<ClaimView>,
    /// The decision that took effect.
    decided: Option<StandingDecision>,
}

/// What stands around a question.
pub struct Around<'a> {
    pub summary: &'a Summary,
    pub claim: Option<ClaimRow>,
    pub viewer: &'a Person,
    /// The viewer's key has the scope to decide.
    pub can_decide: bool,
}

impl Approval {
    pub fn of(known: KnownQuestion, around: Around<'_>) -> Self {
        let Around { summary, claim, viewer, can_decide } = around;
        let status = status(&known);
        let (closing, edits, asked) = (known.closing, known.edits, known.asked);
        let question = asked.question;
        let decided = match &closing {
            Some(Closing::Decided(decided)) => Some(decided),
            Some(Closing::Expired { .. } | Closing::Withdrawn { .. }) | None => None,
        };
        let arguments = question.action.as_ref().map_or(Value::Null, |action| action.arguments.clone());
        Self {
            id: question.id.0,
            agent_id: asked.flow,
            agent_revision: summary.revision,
            session_id: summary.session.clone(),
            execution_record_id: asked.execution.0,
            gate_type: question.kind.into(),
            tool_call_id: (question.kind == QuestionKind::ToolApproval).then(|| question.place.clone()),
            tool_key: question.action.as_ref().map(|action| action.step.clone()),
            proposed_parameters: parameters(arguments),
            authorized_approvers: question.approvers.any_of.clone(),
            status,
            expires_at: question.expires_at,
            responded_at: closing.as_ref().map(Closing::at),
            responded_by: decided.map(|decided| decided.by.clone()),
            decision: decided.map(|decided| outcome(question.kind, &decided.verdict)),
            created_at: question.asked_at,
            digest: question.digest,
            action: question.action.as_ref().map(|action| ActionView::of(&action.step, &action.arguments, &action.call)),
            decisions: words(&question),
            editable: question.action.is_some() && question.decisions.contains(&DecisionKind::Edit),
            edits,
            quorum: question.approvers.quorum.max(1),
            risk: Risk::of(&question),
            environment: summary.environment.clone(),
            started_by: summary.starter.clone(),
            cost_so_far: summary.cost.usd(),
            tokens_so_far: summary.tokens,
            may_decide: can_decide && closing.is_none() && machine::may_decide(&question, viewer).is_ok(),
            claim: claim.filter(|_| closing.is_none()).map(ClaimView::from),
            decided: decided.map(StandingDecision::from),
            evidence: question.show.into_iter().map(|shown| Evidence { name: shown.name, value: Free(shown.value) }).collect(),
            form: question.form.map(Free),
            votes: question
                .votes
                .into_iter()
                .map(|vote| VoteView { by: vote.by, digest: vote.digest, at: vote.at, reason: vote.reason })
                .collect(),
            excluded: question.excluded,
            step_identifier: question.step,
            outbound_message: question.title,
        }
    }
}

/// Where a question stands, in the contract's words.
pub fn status(known: &KnownQuestion) -> Status {
    match &known.closing {
        None => Status::Pending,
        Some(Closing::Decided(decided)) if decided.takes_back() => Status::Cancelled,
        Some(Closing::Decided(_)) => Status::Responded,
        Some(Closing::Expired { .. }) => Status::Expired,
        Some(Closing::Withdrawn { .. }) => Status::Cancelled,
    }
}

/// An answer to an `ask` step is what it wants; to any other question it stands in the way of the action.
fn outcome(kind: QuestionKind, verdict: &Verdict) -> Outcome {
    match verdict {
        Verdict::Approve | Verdict::Edit { .. } | Verdict::Retry | Verdict::Happened { .. } => Outcome::Approve,
        Verdict::Respond { .. } if kind == QuestionKind::Ask => Outcome::Approve,
        Verdict::Respond { .. } | Verdict::Reject | Verdict::Fail => Outcome::Reject,
    }
}

fn words(question: &Question) -> Vec<DecisionWord> {
    if question.kind == QuestionKind::InDoubt {
        return vec![DecisionWord::Retry, DecisionWord::Happened, DecisionWord::Fail];
    }
    let word = |kind: &DecisionKind| match kind {
        DecisionKind::Approve => DecisionWord::Approve,
        DecisionKind::Edit => DecisionWord::Edit,
        DecisionKind::Reject => DecisionWord::Reject,
        DecisionKind::Respond => DecisionWord::Respond,
    };
    question.decisions.iter().filter(|kind| **kind != DecisionKind::Edit || question.action.is_some()).map(word).collect()
}

fn parameters(arguments: Value) -> Map<String, Value> {
    match arguments {
        Value::Object(fields) => fields,
        Value::Null => Map::new(),
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}
