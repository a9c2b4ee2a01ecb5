//! From a request to an execution: which revision, with what input, in whose name. Everything that can be refused is refused here,
//! before anything is recorded.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{ExecuteRequest, ModeName, Reading, Talk, kept, session};
use crate::api::budgeted;
use crate::api::call::Call;
use crate::api::idempotency::Reserved;
use crate::api::native::bodies;
use crate::api::problem::Problem;
use crate::api::unattended;
use crate::catalog::agents::AgentRow;
use crate::catalog::environments::{EnvironmentRow, PRODUCTION};
use crate::catalog::files::{Attached, AttachmentLimits};
use crate::catalog::{self, Catalog};
use crate::clock;
use crate::engine::{self, EngineHandle, FlowRef, Notices, Resolver, StartRequest};
use crate::flow::definitions::{self, Definition};
use crate::flow::spec::FlowSpec;
use crate::flow::vendor::{self, Parameter};
use crate::ids::{ExecutionId, Tenant};
use crate::machine::Refusal;
use crate::machine::call::CallError;
use crate::machine::input::{Attachment, Mode, Purpose, Trigger};

/// What started an execution that a request started.
const TRIGGER: &str = "API";
/// Labels of one execution, and the length of a name or value.
const LABELS_MAX: usize = 32;
const LABEL_BYTES_MAX: usize = 200;
/// Parameter lists kept in memory.
const PARAMETERS_KEPT: usize = 1_000;

/// Which flow a start runs.
#[derive(Clone, Debug)]
pub enum Origin {
    /// What the environment's deployment says.
    Deployed,
    Revision(u32),
    /// A draft: the flow, and its body as it was sent.
    Draft {
        spec: Box<FlowSpec>,
        sent: Value,
    },
}

/// An execution that is durable.
pub struct Started {
    pub engine: EngineHandle,
    pub execution: ExecutionId,
    pub agent: String,
    pub session: String,
    /// What calls to the webhook of this execution are signed with; known to the request that started it alone.
    pub webhook_secret: Option<String>,
    /// Listened to since before the start, for who waits until it rests.
    pub rest: Option<Notices>,
}

/// What each revision takes, so that a start need not read its body anew.
#[derive(Default)]
pub struct ParameterCache {
    known: Mutex<HashMap<RevisionKey, Arc<Vec<Parameter>>>>,
}

/// Tenant, agent, revision.
type RevisionKey = (Tenant, String, u32);

impl ParameterCache {
    /// What a revision of an agent takes.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub fn of(&self, catalog: &Catalog, tenant: &Tenant, agent: &str, revision: u32) -> Result<Arc<Vec<Parameter>>, catalog::Error> {
        let key = (tenant.clone(), agent.to_owned(), revision);
        if let Some(found) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(found));
        }
        let row = catalog.revision(tenant, agent, revision)?.value;
        let parameters = Arc::new(bodies::parameters_of(agent, &row.sent));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= PARAMETERS_KEPT {
            known.clear();
        }
        known.insert(key, Arc::clone(&parameters));
        Ok(parameters)
    }
}

/// Starts an execution; durable when this returns.
///
/// # Errors
/// 404, 400, 409, 422, 429 as the contract says; nothing is left behind then.
pub async fn begin(call: &Call, origin: Origin, mut request: ExecuteRequest, purpose: Purpose) -> Result<Started, Problem> {
    if let Some(started) = begun(call).await? {
        return Ok(started);
    }
    let agent = unattended::enabled_agent(&call.app.catalog, &call.tenant, call.parameter("agent")?)?;
    let environment = environment(call, request.environment_slug.as_deref())?;
    let fresh = || request.execution.unwrap_or_else(clock::execution_id);
    let execution = call.reserved.map_or_else(fresh, |reserved| reserved.execution);
    let (session, is_new) = session(&mut request, execution)?;
    let (flow, parameters) = flow(call, &agent, &origin, &environment, &session).await?;
    let engine = call.app.engine.of(&call.tenant);
    let (entry, input) = entered(&engine, &flow, &parameters, &mut request).await?;
    let config = unattended::config(&engine, &flow, &environment).await?;
    // Nobody else knows the name of a session that begins.
    let turn = if is_new { None } else { Some(session::admit(call, &engine, &agent, &session, purpose).await?) };
    // An earlier attempt at the same request may have begun while this one waited for its turn.
    if let Some(started) = begun(call).await? {
        return Ok(started);
    }
    let mode = mode(call, &engine, &flow, request.mode).await?;
    let resolver = unattended::resolver(&call.app.catalog, &call.tenant, environment.slug.clone());
    let refused = refusal(call, &flow, purpose, &resolver, request.said.guidance.model.as_deref()).await?;
    let context = request.context.or_else(|| request.chat_user.map(|user| json!({"chatUser": user})));
    let labels = labels(call)?;
    let standing = call.app.catalog.agent_files(&call.tenant, &agent.id, call.now)?;
    let wanted = (request.attachments.as_deref().unwrap_or_default(), standing);
    let kept = kept::keep(call, &AttachmentLimits::from(&agent.settings), wanted, execution, call.actor()?).await?;
    let start = StartRequest {
        execution: Some(execution),
        entry,
        attachments: kept.files.attachments.iter().map(attachment).collect(),
        config,
        mode,
        script: (mode == Mode::Rehearsal).then(|| unattended::script(&call.app, &flow.name)).flatten(),
        environment: Some(environment.slug.clone()),
        session: Some(session.clone()),
        context,
        purpose,
        trigger: Some(Trigger { kind: TRIGGER.to_owned(), id: None }),
        labels,
        resolver: Some(resolver),
        refused: refused.clone(),
        history: request.said.history(turn.as_ref().map(|turn| turn.history.clone()).unwrap_or_default()),
        guidance: request.said.guidance,
        ..StartRequest::new(flow, Value::Object(input), call.person()?)
    };
    let rest = Some(engine.subscribe_rest(execution));
    match engine.start(start).await {
        Ok(execution) => match refused {
            Some(error) => Err(budgeted::problem(&error, execution)),
            None => Ok(Started { engine, execution, agent: agent.id, session, webhook_secret: kept.secret(), rest }),
        },
        Err(error) => {
            kept.discard(call).await;
            // Another attempt under the same key was faster.
            match begun(call).await? {
                Some(started) if matches!(error, engine::Error::Refused(Refusal::Exists)) => Ok(started),
                _ => Err(error.into()),
            }
        }
    }
}

/// Why the agent's budget does not let it start, with the model that the caller wants, if any.
async fn refusal(
    call: &Call,
    flow: &FlowRef,
    purpose: Purpose,
    resolver: &Resolver,
    model: Option<&str>,
) -> Result<Option<CallError>, Problem> {
    let (app, tenant) = (&call.app, &call.tenant);
    match (budgeted::refusal(app, tenant, &flow.name, purpose, flow, resolver, call.now).await?, model) {
        (None, Some(model)) => budgeted::without_price(app, tenant, &flow.name, purpose, model),
        (refused, _) => Ok(refused),
    }
}

/// What an earlier attempt under the same `Idempotency-Key` has started.
///
/// # Errors
/// When the execution cannot be read.
pub async fn begun(call: &Call) -> Result<Option<Started>, Problem> {
    let Some(Reserved { execution }) = call.reserved else { return Ok(None) };
    let engine = call.app.engine.of(&call.tenant);
    match engine.snapshot(execution).await {
        Ok(snapshot) => {
            let session = snapshot.start.session.clone().unwrap_or_default();
            Ok(Some(Started { engine, execution, agent: snapshot.summary.flow, session, webhook_secret: None, rest: None }))
        }
        Err(engine::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn attachment(file: &Attached) -> Attachment {
    let Attached { id, name, content_type, bytes, text } = file.clone();
    Attachment { id: id.to_string(), name, content_type, bytes, text }
}

/// Unknown is 400 here: the path was right, a field was not.
fn environment(call: &Call, slug: Option<&str>) -> Result<EnvironmentRow, Problem> {
    let slug = slug.unwrap_or(PRODUCTION);
    call.app.catalog.usable_environment(&call.tenant, slug).map_err(|error| match error {
        catalog::Error::NotFound { .. } => Problem::invalid("environmentSlug", format!("there is no environment `{slug}`")),
        error => error.into(),
    })
}

/// The session, and whether it begins with this execution.
fn session(request: &mut ExecuteRequest, execution: ExecutionId) -> Result<(String, bool), Problem> {
    let is_own = |session: &String| request.execution.is_some_and(|execution| execution.to_string() == *session);
    let is_new = request.session_id.as_ref().is_none_or(is_own);
    let session = match (request.session_id.take(), request.talk) {
        (Some(session), _) => session::named(session)?,
        (None, Talk::Open) => Uuid::now_v7().to_string(),
        (None, Talk::ReadOnly) => session::read_only(execution),
    };
    Ok((session, is_new))
}

/// The entry that the execution comes in by, and its input.
async fn entered(
    engine: &EngineHandle,
    flow: &FlowRef,
    parameters: &[Parameter],
    request: &mut ExecuteRequest,
) -> Result<(Option<String>, Map<String, Value>), Problem> {
    let definition = definition(engine, flow, request.entry.as_deref()).await?;
    let own = definition.as_ref().filter(|definition| definition.entry.is_some());
    let own = own.map(|definition| vendor::parameters::from_schema(&definition.input_schema));
    let parameters = own.as_deref().unwrap_or(parameters);
    let given = request.parameters.take().unwrap_or_default();
    if let Some(demands) = request.demands {
        demands(parameters, &request.said, &given)?;
    }
    let given = request.said.input(&flow.name, parameters, given)?;
    let input = match (&definition, request.reading) {
        (Some(definition), Reading::Exact) => exact_input(definition, given)?,
        (_, Reading::Exact | Reading::Lenient) => input(parameters, &given)?,
    };
    Ok((definition.and_then(|definition| definition.entry), input))
}

/// What a start comes in by; none where it names nothing.
async fn definition(engine: &EngineHandle, flow: &FlowRef, key: Option<&str>) -> Result<Option<Definition>, Problem> {
    let Some(key) = key else { return Ok(None) };
    let mut all = definitions::of(&*engine.spec(flow).await?);
    if let Some(at) = all.iter().position(|definition| definition.key == key) {
        return Ok(Some(all.swap_remove(at)));
    }
    let known: Vec<&str> = all.iter().map(|definition| definition.key.as_str()).collect();
    let message = format!("agent `{}` has no entry `{key}`; it has {}", flow.name, known.join(", "));
    let mut problem = Problem::refused("no_such_entry", message.clone());
    problem.errors.insert("entry".to_owned(), vec![message]);
    Err(problem)
}

/// Values as they stand.
fn exact_input(definition: &Definition, given: Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    definition.complete(given).map_err(|unfit| {
        let detail = unfit.iter().map(|one| one.message.clone()).collect::<Vec<_>>().join("; ");
        let mut problem = Problem::bad_request("parameters", detail);
        for one in unfit {
            // Only the first name is the caller's to look up; what is deeper is said by the message.
            let place = one.path.first().map_or_else(|| "parameters".to_owned(), |property| format!("parameters.{property}"));
            let message = if one.path.len() > 1 { format!("{}: {}", one.path.join("."), one.message) } else { one.message };
            problem.errors.entry(place).or_default().push(message);
        }
        problem
    })
}

async fn flow(
    call: &Call,
    agent: &AgentRow,
    origin: &Origin,
    environment: &EnvironmentRow,
    session: &str,
) -> Result<(FlowRef, Arc<Vec<Parameter>>), Problem> {
    let catalog = &call.app.catalog;
    let chosen = match origin {
        Origin::Deployed => catalog.choose(&call.tenant, &agent.id, &environment.slug, Some(session), clock::entropy())?,
        Origin::Revision(revision) => catalog.revision_of(&call.tenant, &agent.id, *revision)?,
        Origin::Draft { spec, sent } => {
            let digest = catalog.keep_draft_flow(&call.tenant, &agent.id, spec).await?;
            let flow = FlowRef { name: agent.id.clone(), revision: 0, digest };
            return Ok((flow, Arc::new(bodies::parameters_of(&agent.id, sent))));
        }
    };
    let flow = FlowRef { name: agent.id.clone(), revision: chosen.revision, digest: chosen.digest };
    Ok((flow, call.app.parameters.of(catalog, &call.tenant, &agent.id, chosen.revision)?))
}

/// Values as their parameters want them: a command line sends texts, and what is missing is said by name.
///
/// # Errors
/// 400 with every value that does not fit.
pub fn input(parameters: &[Parameter], given: &Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    vendor::read_values(parameters, given).map_err(|problems| {
        let detail = problems.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>().join("; ");
        let mut problem = Problem::bad_request("parameters", detail);
        for found in problems {
            problem.errors.entry(format!("parameters.{}", found.parameter)).or_default().push(found.message);
        }
        problem
    })
}

/// In a server for trying things out, a flow whose models cannot be reached is rehearsed.
async fn mode(call: &Call, engine: &EngineHandle, flow: &FlowRef, asked: Option<ModeName>) -> Result<Mode, Problem> {
    let mode = match asked {
        None | Some(ModeName::Unspecified | ModeName::Production) => Mode::Production,
        Some(ModeName::Sandbox) => Mode::Sandbox,
    };
    Ok(if unattended::is_rehearsed(&call.app, engine, flow).await? { Mode::Rehearsal } else { mode })
}

/// `X-Flowgate-Labels: team=support, run=7`.
fn labels(call: &Call) -> Result<BTreeMap<String, String>, Problem> {
    let invalid = |message: String| Problem::unfit("X-Flowgate-Labels", message);
    let mut labels = BTreeMap::new();
    for pair in call.header("x-flowgate-labels").unwrap_or_default().split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(|| invalid(format!("`{pair}` is not written as name=value")))?;
        if name.is_empty() || name.len() > LABEL_BYTES_MAX || value.len() > LABEL_BYTES_MAX {
            return Err(invalid(format!("`{pair}`: a name has 1 to {LABEL_BYTES_MAX} bytes, a value at most that")));
        }
        labels.insert(name.to_owned(), value.to_owned());
    }
    if labels.len() > LABELS_MAX {
        return Err(invalid(format!("an execution has at most {LABELS_MAX} labels")));
    }
    Ok(labels)
}
