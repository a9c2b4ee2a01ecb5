//! From what is asked to an execution that answers: a start, or answers to the tool calls that an execution waits for; and what it tells
//! on its way.

use futures::{Stream, StreamExt as _, future};
use serde_json::{Map, Value};

use super::conversation::{Answer, Asked, question};
use super::fields::wrong;
use super::model::Model;
use super::state::{self, Reader, Shown};
use crate::api::call::Call;
use crate::api::caller::Era;
use crate::api::native::execute::{self, ExecuteRequest, Following, Frame, Patience, Until};
use crate::api::problem::Problem;
use crate::engine::{Error, KnownQuestion};
use crate::ids::ExecutionId;
use crate::limits;
use crate::machine::Refusal;
use crate::machine::input::Purpose;
use crate::machine::question::{Decision, Verdict};

/// What a request wants.
pub struct Wanted {
    pub model: Model,
    pub asked: Asked,
    /// Inputs beside the message.
    pub parameters: Option<Map<String, Value>>,
    /// What the flow reads as `context`.
    pub context: Map<String, Value>,
    pub session: Option<String>,
}

/// Starts an execution, or lets one go on; durable when this returns.
///
/// # Errors
/// As a start, with 404 `model_not_found`; 400 for answers that answer nothing.
pub async fn begin(call: &mut Call, wanted: Wanted) -> Result<ExecutionId, Problem> {
    let Wanted { model, asked, parameters, context, session } = wanted;
    let said = match asked {
        Asked::Message(said) => *said,
        Asked::Answers(answers) => return answer(call, &model, answers).await,
    };
    call.parameters.insert("agent", model.agent.clone());
    let context = (!context.is_empty()).then_some(Value::Object(context));
    let environment_slug = model.environment();
    let request = ExecuteRequest { parameters, session_id: session, environment_slug, context, said, ..ExecuteRequest::default() };
    let started = execute::begin(call, model.origin(), request, Purpose::Production).await;
    started.map(|started| started.execution).map_err(|problem| model.or_unknown(problem))
}

/// Answers tool calls, all that are open at once: the model goes on when it has them all.
async fn answer(call: &Call, model: &Model, answers: Vec<Answer>) -> Result<ExecutionId, Problem> {
    let engine = call.app.engine.of(&call.tenant);
    if answers.len() > limits::AGENT_CALLS_MAX {
        return Err(refused(&format!("a model makes {} calls at once at most", limits::AGENT_CALLS_MAX)));
    }
    let mut known: Vec<(Answer, KnownQuestion)> = Vec::new();
    for answer in answers {
        if known.iter().any(|(other, _)| other.call_id == answer.call_id) {
            return Err(refused(&format!("`{}` is answered twice", answer.call_id)));
        }
        let asked = match question(&answer.call_id) {
            Some(id) => engine.question(id).await,
            None => return Err(unknown(&answer.call_id)),
        };
        match asked {
            Ok(asked) if asked.asked.question.caller_tool().is_some() => known.push((answer, asked)),
            Ok(_) | Err(Error::NotFound { .. }) => return Err(unknown(&answer.call_id)),
            Err(error) => return Err(error.into()),
        }
    }
    let Some(execution) = known.first().map(|(_, asked)| asked.asked.execution) else { return Err(unknown("")) };
    if known.iter().any(|(_, asked)| asked.asked.execution != execution) {
        return Err(refused("the tool calls belong to different answers; answer those of one at a time"));
    }
    let snapshot = engine.snapshot(execution).await?;
    if snapshot.summary.flow != model.agent {
        return Err(wrong("wrong_model", "model", format!("these tool calls were made by `{}`", snapshot.summary.flow)));
    }
    let is_answered = |id: &str| known.iter().any(|(answer, _)| answer.call_id == id);
    // Who only repeats is told how far it is by now, whatever the model has asked for since.
    let is_repetition = known.iter().all(|(_, asked)| asked.closing.is_some());
    let missing = state::calls(&snapshot).into_iter().find(|open| !is_answered(&open.id));
    if let Some(open) = missing.filter(|_| !is_repetition) {
        return Err(refused(&format!("`{}` must be answered as well: the model goes on when it has every answer", open.id)));
    }
    for (answer, asked) in known {
        let question = &asked.asked.question;
        let verdict = Verdict::Respond { response: Value::String(answer.text) };
        let decision = Decision { question: question.id, digest: question.digest, verdict, by: call.person()?, reason: None };
        match engine.decide(decision).await {
            Ok(_) => {}
            Err(Error::Refused(Refusal::Decided(_))) => {
                return Err(wrong("tool_call_answered", "tool_call_id", format!("`{}` has another answer already", answer.call_id)));
            }
            Err(Error::Refused(Refusal::NoQuestion | Refusal::Ended)) => {
                let detail = format!("`{}` is not waited for any more: what called it has ended", answer.call_id);
                return Err(wrong("tool_call_closed", "tool_call_id", detail));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(execution)
}

fn refused(detail: &str) -> Problem {
    wrong("tool_calls", "tool_call_id", detail.to_owned())
}

fn unknown(id: &str) -> Problem {
    wrong("unknown_tool_call", "tool_call_id", format!("no tool call `{id}` was made here"))
}

/// The execution once it has something to say.
///
/// # Errors
/// As reading; 503 while the server stops.
pub async fn settled(call: &Call, reader: &Reader, execution: ExecutionId, patience: Patience) -> Result<Shown, Problem> {
    let rest = execute::settle(call, &reader.engine, execution, patience).await?;
    state::of(reader, rest.snapshot).await
}

/// What happens on the way to an answer.
pub enum Step {
    /// More of the answer.
    Text(String),
    /// It has something to say, or cannot be followed any further.
    End(Box<Result<Shown, Problem>>),
}

/// What an execution tells from its beginning until it has ended or waits. Text that was told cannot be taken back on this wire: a model that
/// begins anew ends the stream.
///
/// # Errors
/// When the execution cannot be read.
pub async fn steps(reader: Reader, execution: ExecutionId) -> Result<impl Stream<Item = Step>, Problem> {
    let following = Following { execution, era: Era::Bearer, after: None, snapshot: false, journal: false, until: Until::Settled };
    let frames = execute::frames(&reader.engine, following).await?;
    let steps = frames.then(move |frame| {
        let reader = reader.clone();
        async move { step(&reader, execution, frame).await }
    });
    // Nothing follows an end.
    let ended = steps.filter_map(future::ready).scan(false, |over, step| {
        let next = (!*over).then_some(step);
        *over = matches!(next, Some(Step::End(_)) | None);
        future::ready(next)
    });
    Ok(ended)
}

async fn step(reader: &Reader, execution: ExecutionId, frame: Frame) -> Option<Step> {
    match frame.event {
        "text" => frame.data["chunk"].as_str().map(|chunk| Step::Text(chunk.to_owned())),
        "text_reset" => {
            let detail = "the model began its answer anew; the execution goes on, read it under its id";
            Some(Step::End(Box::new(Err(Problem::unavailable("answer_restarted", detail, 1)))))
        }
        "done" => {
            let shown = match reader.engine.snapshot(execution).await {
                Ok(snapshot) => state::of(reader, snapshot).await,
                Err(error) => Err(error.into()),
            };
            Some(Step::End(Box::new(shown)))
        }
        // Its own end follows, unless reading failed: then there is none.
        "error" if frame.id.is_none() => {
            let detail = frame.data["message"].as_str().unwrap_or("the execution cannot be read").to_owned();
            Some(Step::End(Box::new(Err(Problem::unavailable("unreadable", detail, 1)))))
        }
        _ => None,
    }
}
