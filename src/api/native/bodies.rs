//! Bodies of revisions and drafts: our own flow, or the vendor's shape. Read here into a flow that compiles, or into every problem.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::api::problem::Problem;
use crate::api::route::Free;
use crate::catalog::revisions::NewRevision;
use crate::flow::problem::Severity;
use crate::flow::vendor::parameters::{self, Parameter};
use crate::flow::{compile, parse, problem, vendor};

/// A new revision: our flow in `flow` (an object, or a text as it stands in a file), or the vendor's shape. What a server stamped into
/// an earlier answer is ignored, so that what was fetched can be edited and sent again.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateAgentRevision {
    /// Why this revision exists.
    #[serde(default)]
    pub comment: Option<String>,
    /// A flow of ours, or the vendor's `{steps, edges}`.
    #[serde(default)]
    pub flow: Option<Free>,
    /// The vendor's later shape: one agent without edges.
    #[serde(default)]
    pub definition: Option<Free>,
    #[serde(default)]
    pub parameters_metadata: Option<Free>,
    /// Whatever else the vendor's shape knows; content without a meaning here is refused by name.
    #[serde(flatten)]
    pub more: BTreeMap<String, Value>,
}

/// A draft's content: as a revision's body; it need not be sound before it is tested or becomes a revision.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AgentDraftPayload(pub CreateAgentRevision);

impl JsonSchema for AgentDraftPayload {
    fn schema_name() -> Cow<'static, str> {
        "AgentDraftPayload".into()
    }

    /// With its properties in place: the vendor's command line shows them and follows no reference at the top.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        CreateAgentRevision::json_schema(generator)
    }
}

/// One thing that is wrong with a flow.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct FlowProblem {
    code: String,
    message: String,
    hint: String,
    /// JSON pointer into the body.
    pointer: String,
    /// 1-based; where the flow was sent as a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

/// A body as a revision of `agent`.
///
/// # Errors
/// 422 with every problem; 400 for a body that is no object.
pub fn read(agent: &str, body: &Value, tool: Option<String>) -> Result<NewRevision, Problem> {
    let Some(fields) = body.as_object() else { return Err(Problem::invalid("$", "a JSON object is needed")) };
    let comment = match fields.get("comment") {
        None | Some(Value::Null) => None,
        Some(Value::String(comment)) => Some(comment.clone()),
        Some(_) => return Err(Problem::invalid("comment", "it must be a text")),
    };
    let sent = Value::Object(without_stamps(fields));
    let spec = if vendor::is_vendor_body(body) {
        vendor::translate(agent, &sent).map_err(|problems| refused(problems.into_iter().map(of_vendor).collect()))?.spec
    } else {
        own(agent, fields)?
    };
    Ok(NewRevision { spec, sent, comment, tool })
}

/// What keeps a body from being a revision of `agent`; empty: nothing.
#[must_use]
pub fn problems(agent: &str, body: &Value) -> Vec<FlowProblem> {
    let Err(refusal) = read(agent, body, None) else { return Vec::new() };
    let listed = refusal.more.get("problems").cloned().and_then(|problems| serde_json::from_value(problems).ok());
    listed.unwrap_or_else(|| {
        let field = refusal.errors.keys().next().filter(|field| *field != "$");
        let pointer = field.map(|field| format!("/{field}")).unwrap_or_default();
        vec![FlowProblem { code: refusal.code, message: refusal.detail, hint: String::new(), pointer, line: None, column: None }]
    })
}

fn without_stamps(fields: &Map<String, Value>) -> Map<String, Value> {
    let kept = fields.iter().filter(|(name, _)| !vendor::STAMPED.contains(&name.as_str()) && !STAMPED.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// What our answers add to a revision's body, beside the vendor's.
const STAMPED: [&str; 2] = ["digest", "unfinished"];

/// A flow in our own format, under `flow`.
fn own(agent: &str, fields: &Map<String, Value>) -> Result<crate::flow::spec::FlowSpec, Problem> {
    let known = |name: &str| ["comment", "flow"].contains(&name) || vendor::STAMPED.contains(&name) || STAMPED.contains(&name);
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    let unknown = fields.iter().filter(|(name, value)| !known(name) && !is_empty(value));
    let problems: Vec<FlowProblem> = unknown
        .map(|(name, _)| FlowProblem {
            code: "unsupported".to_owned(),
            message: format!("`{name}` has no meaning beside a flow in Flowgate's own format"),
            hint: "leave it out".to_owned(),
            pointer: format!("/{name}"),
            line: None,
            column: None,
        })
        .collect();
    if !problems.is_empty() {
        return Err(refused(problems));
    }
    let (text, is_text) = match fields.get("flow") {
        Some(Value::String(text)) => (text.clone(), true),
        Some(Value::Object(flow)) => {
            let mut flow = flow.clone();
            flow.entry("flow").or_insert_with(|| agent.into());
            (Value::Object(flow).to_string(), false)
        }
        _ => return Err(Problem::unfit("flow", "a flow is needed: an object, or a text as in a file")),
    };
    let read = parse::read(&text);
    let name = read.spec.as_ref().map(|spec| spec.flow.clone()).unwrap_or_default();
    let (plan, _) =
        compile::load(&text).map_err(|problems| refused(problems.iter().filter_map(|problem| of_own(problem, is_text)).collect()))?;
    if name != agent {
        return Err(Problem::refused("flow_name", format!("the flow is called `{name}` and the agent `{agent}`; give both the same name")));
    }
    Ok((*plan.spec).clone())
}

fn of_own(problem: &problem::Problem, is_text: bool) -> Option<FlowProblem> {
    (problem.severity == Severity::Error).then(|| FlowProblem {
        code: problem.code.to_owned(),
        message: problem.message.clone(),
        hint: problem.hint.clone(),
        pointer: format!("/flow{}", problem.pointer),
        line: is_text.then_some(problem.line),
        column: is_text.then_some(problem.column),
    })
}

fn of_vendor(problem: vendor::Problem) -> FlowProblem {
    let vendor::Problem { pointer, code, message, hint } = problem;
    FlowProblem { code: code.to_owned(), message, hint, pointer, line: None, column: None }
}

/// 422 with every problem: as a list for programs, by pointer for the vendor's clients.
fn refused(problems: Vec<FlowProblem>) -> Problem {
    let count = problems.len();
    let first = problems.first().map(|problem| format!("{} ({})", problem.message, problem.pointer)).unwrap_or_default();
    let more = if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
    let mut problem = Problem::refused("flow_refused", format!("the flow has {count} problem(s): {first}{more}"));
    for found in &problems {
        problem.errors.entry(found.pointer.clone()).or_default().push(found.message.clone());
    }
    problem.with("problems", problems)
}

/// Problems of a flow that was accepted once, in the shape of a refusal.
#[must_use]
pub fn no_longer_sound(problems: &[problem::Problem]) -> Problem {
    refused(problems.iter().filter_map(|problem| of_own(problem, false)).collect())
}

/// The parameters of a revision: as its body declares them, or as its input schema says.
#[must_use]
pub fn parameters_of(agent: &str, sent: &Value) -> Vec<Parameter> {
    if vendor::is_vendor_body(sent) {
        return vendor::translate(agent, sent).map(|translated| translated.parameters).unwrap_or_default();
    }
    let input = match sent.get("flow") {
        Some(Value::String(text)) => parse::read(text).spec.and_then(|spec| spec.input).unwrap_or_default(),
        Some(flow) => flow.get("input").cloned().unwrap_or_default(),
        None => json!({}),
    };
    parameters::from_schema(&input)
}
