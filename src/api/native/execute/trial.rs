//! Trying a flow out before it is a revision: a stored draft, or one that comes with the request. Its executions have the origin TEST and
//! the revision -1.

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::{ExecuteRequest, ModeName, Origin, Started, begin, begun};
use crate::api::attachments::AttachmentRequest;
use crate::api::call::Call;
use crate::api::native::{bodies, drafts};
use crate::api::problem::Problem;
use crate::api::route::Free;
use crate::catalog::revisions::NewRevision;
use crate::machine::input::Purpose;

/// What says how to run, beside what says what to run.
const RUN_FIELDS: [&str; 7] = ["parameters", "attachments", "chatUser", "sessionId", "environmentSlug", "mode", "entry"];

/// A flow as in a revision's body, and what to run it with.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is used: the body is taken apart as it was sent")]
pub struct TestRequest {
    #[serde(default)]
    comment: Option<String>,
    /// A flow of ours, or the vendor's `{steps, edges}`.
    #[serde(default)]
    flow: Option<Free>,
    /// The vendor's later shape: one agent without edges.
    #[serde(default)]
    definition: Option<Free>,
    #[serde(default)]
    parameters_metadata: Option<Free>,
    /// The agent's input, by parameter.
    #[serde(default)]
    parameters: Option<Map<String, Value>>,
    #[serde(default)]
    attachments: Option<Vec<AttachmentRequest>>,
    #[serde(default)]
    chat_user: Option<Map<String, Value>>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    session_id: Option<String>,
    #[serde(default)]
    environment_slug: Option<String>,
    #[serde(default)]
    mode: Option<ModeName>,
    #[serde(default)]
    #[schemars(length(max = 200))]
    entry: Option<String>,
}

/// Where the flow comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The draft that the path names.
    Draft,
    /// The body.
    Body,
}

/// Starts what is to be tried out.
///
/// # Errors
/// As `drafts::sound`, or 422 with what is wrong with the body's flow; as `begin`.
pub async fn start(call: &Call, source: Source) -> Result<Started, Problem> {
    // A repetition finds its execution, whatever became of the draft.
    if let Some(started) = begun(call).await? {
        return Ok(started);
    }
    let (request, new) = match source {
        Source::Draft => {
            let request = call.json()?;
            let (_, new) = drafts::sound(call, &drafts::place(call)?)?;
            (request, new)
        }
        Source::Body => in_body(call)?,
    };
    let origin = Origin::Draft { spec: Box::new(new.spec), sent: new.sent };
    begin(call, origin, request, Purpose::Test).await
}

fn in_body(call: &Call) -> Result<(ExecuteRequest, NewRevision), Problem> {
    let Value::Object(mut fields) = call.json::<Value>()? else { return Err(Problem::invalid("$", "a JSON object is needed")) };
    let taken = RUN_FIELDS.into_iter().filter_map(|name| Some((name.to_owned(), fields.remove(name)?)));
    let wanted: Map<String, Value> = taken.collect();
    let request = serde_path_to_error::deserialize(Value::Object(wanted))
        .map_err(|error| Problem::invalid(&error.path().to_string(), error.inner().to_string()))?;
    let agent = call.parameter("agent")?;
    call.app.catalog.living_agent(&call.tenant, agent)?;
    let new = bodies::read(agent, &Value::Object(fields), call.header("x-fruxon-actor").map(str::to_owned))?;
    Ok((request, new))
}
