//! Deciding: `:respond` and `:cancel` in the contract's words, `:decide` with the whole policy, one by one or in bulk. Who decides comes
//! from the key; whether they may, whether it counts and what stands is the machine's answer, translated here.

use std::sync::Arc;

use futures::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::view::{Approval, DecisionWord, StandingDecision, status};
use super::{find, question_id, show};
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::Free;
use crate::engine::{Error, KnownQuestion};
use crate::flow::spec::DecisionKind;
use crate::ids::Digest;
use crate::machine::Refusal;
use crate::machine::question::{Decision, Question, QuestionKind, TAKEN_BACK, Verdict};

/// Characters of a reason or of a text that responds.
const TEXT_CHARACTERS_MAX: usize = 10_000;
/// Decisions in one request.
const BULK_MAX: usize = 100;
/// Of those, how many are under way at a time: enough to share the disk's syncs.
const BULK_AT_A_TIME: usize = 8;

/// `approve`, or anything else: the reason of a rejection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Respond {
    #[schemars(length(min = 1, max = 10_000))]
    text: String,
}

/// Why it is cancelled.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cancel {
    #[serde(default)]
    #[schemars(length(max = 10_000))]
    reason: Option<String>,
}

/// A decision on exactly what was shown.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decide {
    decision: DecisionWord,
    /// The digest that was shown; another one is refused with the present one.
    digest: Digest,
    /// Of `edit`.
    #[serde(default)]
    arguments: Option<Free>,
    /// Of `respond`.
    #[serde(default)]
    response: Option<Free>,
    /// Of `happened`; absent: nothing.
    #[serde(default)]
    result: Option<Free>,
    #[serde(default)]
    #[schemars(length(max = 10_000))]
    reason: Option<String>,
}

/// As one decision, with the approval that it is about.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DecideOneOf {
    id: String,
    decision: DecisionWord,
    /// The digest that was shown; another one is refused with the present one.
    digest: Digest,
    /// Of `edit`.
    #[serde(default)]
    arguments: Option<Free>,
    /// Of `respond`.
    #[serde(default)]
    response: Option<Free>,
    /// Of `happened`; absent: nothing.
    #[serde(default)]
    result: Option<Free>,
    #[serde(default)]
    #[schemars(length(max = 10_000))]
    reason: Option<String>,
}

impl DecideOneOf {
    fn split(self) -> (String, Decide) {
        let Self { id, decision, digest, arguments, response, result, reason } = self;
        (id, Decide { decision, digest, arguments, response, result, reason })
    }
}

/// Decisions that have nothing to do with each other.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DecideMany {
    #[schemars(length(min = 1, max = 100))]
    decisions: Vec<DecideOneOf>,
}

/// What became of one decision of several.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DecideResult {
    id: String,
    /// The HTTP status that it would have had alone.
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<Approval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// In the order of the request.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DecideResults {
    results: Vec<DecideResult>,
}

pub async fn respond(call: Call) -> Result<Answer, Problem> {
    let body: Respond = call.json()?;
    let text = body.text.trim();
    if text.is_empty() {
        return Err(Problem::unfit("text", "it must not be blank: `approve`, or why not"));
    }
    short("text", text)?;
    let known = find(&call).await?;
    let (verdict, reason) = of_text(&known.asked.question, text)?;
    // An approval's id stands for the action that was first shown under it. Who approves without a digest has not seen another one.
    if known.edits > 0 && known.closing.is_none() && verdict == Verdict::Approve {
        let detail = "the action was changed since it was asked; look again and approve its digest with :decide";
        return Err(Problem::conflict("digest", detail).with("digest", known.asked.question.digest));
    }
    let digest = known.asked.question.digest;
    Answer::json(&decided(&call, known, Said { verdict, digest, reason }).await?)
}

pub async fn cancel(call: Call) -> Result<Answer, Problem> {
    let body: Cancel = call.json()?;
    let known = find(&call).await?;
    let reason = match body.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty()) {
        Some(reason) => format!("{TAKEN_BACK}: {reason}"),
        None => TAKEN_BACK.to_owned(),
    };
    short("reason", &reason)?;
    let digest = known.asked.question.digest;
    Answer::json(&decided(&call, known, Said { verdict: Verdict::Reject, digest, reason: Some(reason) }).await?)
}

pub async fn decide(call: Call) -> Result<Answer, Problem> {
    let said = said(call.json()?)?;
    let known = find(&call).await?;
    Answer::json(&decided(&call, known, said).await?)
}

pub async fn decide_many(call: Call) -> Result<Answer, Problem> {
    let body: DecideMany = call.json()?;
    if body.decisions.is_empty() || body.decisions.len() > BULK_MAX {
        return Err(Problem::invalid("decisions", format!("it must hold 1 to {BULK_MAX} decisions")));
    }
    for reason in body.decisions.iter().filter_map(|item| item.reason.as_deref()) {
        short("decisions.reason", reason)?;
    }
    let call = Arc::new(call);
    let one = |item: DecideOneOf| {
        let call = Arc::clone(&call);
        async move {
            let (id, decision) = item.split();
            match decide_one(&call, &id, decision).await {
                Ok(approval) => DecideResult { id, status: 200, approval: Some(approval), problem: None },
                Err(problem) => DecideResult { id, status: problem.status, approval: None, problem: Some(problem) },
            }
        }
    };
    let results = stream::iter(body.decisions).map(one).buffered(BULK_AT_A_TIME).collect().await;
    Answer::json(&DecideResults { results })
}

async fn decide_one(call: &Call, id: &str, decision: Decide) -> Result<Approval, Problem> {
    let said = said(decision)?;
    let known = call.app.engine.of(&call.tenant).question(question_id(id)?).await?;
    decided(call, known, said).await
}

/// What a person says to a question.
struct Said {
    verdict: Verdict,
    digest: Digest,
    reason: Option<String>,
}

/// Every part that the decision needs, and none that it does not.
fn said(body: Decide) -> Result<Said, Problem> {
    let Decide { decision, digest, arguments, response, result, reason } = body;
    let mut given = [
        ("arguments", arguments, DecisionWord::Edit),
        ("response", response, DecisionWord::Respond),
        ("result", result, DecisionWord::Happened),
    ];
    if let Some((field, ..)) = given.iter().find(|(_, value, of)| value.is_some() && *of != decision) {
        return Err(Problem::unfit(field, "this decision does not take it"));
    }
    let mut take = |wanted: &'static str| given.iter_mut().find(|(field, ..)| *field == wanted).and_then(|(_, value, _)| value.take());
    let mut need = |field: &'static str| take(field).map(|value| value.0).ok_or_else(|| Problem::unfit(field, "this decision needs it"));
    let verdict = match decision {
        DecisionWord::Approve => Verdict::Approve,
        DecisionWord::Edit => Verdict::Edit { arguments: need("arguments")? },
        DecisionWord::Reject => Verdict::Reject,
        DecisionWord::Respond => Verdict::Respond { response: need("response")? },
        DecisionWord::Retry => Verdict::Retry,
        DecisionWord::Happened => Verdict::Happened { result: take("result").map_or(Value::Null, |value| value.0) },
        DecisionWord::Fail => Verdict::Fail,
    };
    if let Some(reason) = &reason {
        short("reason", reason)?;
    }
    Ok(Said { verdict, digest, reason })
}

fn short(field: &str, text: &str) -> Result<(), Problem> {
    if text.chars().count() > TEXT_CHARACTERS_MAX {
        return Err(Problem::invalid(field, format!("at most {TEXT_CHARACTERS_MAX} characters")));
    }
    Ok(())
}

/// The contract's way of answering: a text. `approve` approves; anything else is the reason of a rejection, except where a question wants
/// something else than yes or no.
fn of_text(question: &Question, text: &str) -> Result<(Verdict, Option<String>), Problem> {
    let says = |word: &str| text.eq_ignore_ascii_case(word);
    let reason = || (!says("reject")).then(|| text.to_owned());
    let allowed = |kind| question.decisions.contains(&kind);
    match question.kind {
        QuestionKind::Ask => Ok((Verdict::Respond { response: response(question, text) }, None)),
        QuestionKind::InDoubt if says("retry") => Ok((Verdict::Retry, None)),
        QuestionKind::InDoubt if says("fail") || says("reject") => Ok((Verdict::Fail, None)),
        QuestionKind::InDoubt => {
            let detail = "the call may have happened: `retry`, `fail`, or :decide with `happened` and its result";
            Err(Problem::bad_request("answer", detail))
        }
        _ if says("approve") => Ok((Verdict::Approve, None)),
        QuestionKind::Approval | QuestionKind::ToolApproval if !allowed(DecisionKind::Reject) && allowed(DecisionKind::Respond) => {
            Ok((Verdict::Respond { response: response(question, text) }, None))
        }
        QuestionKind::Approval | QuestionKind::ToolApproval | QuestionKind::Budget => Ok((Verdict::Reject, reason())),
    }
}

/// A text where the form wants one or there is none; JSON where it can be read as such.
fn response(question: &Question, text: &str) -> Value {
    let wants_text = question.form.as_ref().is_none_or(|form| form.get("type").is_none_or(|kind| kind == "string"));
    let read = if wants_text { None } else { serde_json::from_str(text).ok() };
    read.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Hands a decision to the engine; the approval as it stands then.
async fn decided(call: &Call, known: KnownQuestion, said: Said) -> Result<Approval, Problem> {
    let engine = call.app.engine.of(&call.tenant);
    let question = known.asked.question.id;
    let Said { verdict, digest, reason } = said;
    let decision = Decision { question, digest, verdict, by: call.person()?, reason };
    let Err(error) = engine.decide(decision).await else { return show(call, engine.question(question).await?) };
    match &error {
        Error::Refused(Refusal::Decided(decided)) => {
            let standing = StandingDecision::from(decided.as_ref());
            Err(Problem::from(error).with("decided", standing))
        }
        Error::Refused(Refusal::Digest) => {
            let present = engine.question(question).await?;
            Err(Problem::from(error).with("digest", present.asked.question.digest))
        }
        Error::Refused(Refusal::NoQuestion) => {
            let present = engine.question(question).await?;
            Err(Problem::from(error).with("approvalStatus", status(&present)))
        }
        _ => Err(error.into()),
    }
}
