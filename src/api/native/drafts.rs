//! `…/revisions/{revision}/draft`: what the next revision may become, with undo and redo. Trying a draft out is in `execute`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::bodies::{self, AgentDraftPayload, FlowProblem};
use super::revisions::{self, Revision};
use crate::api::answer::{Answer, Body};
use crate::api::call::Call;
use crate::api::draft_changes::ChangeKind;
use crate::api::problem::{Problem, internal};
use crate::api::route::{Content, Free, Route};
use crate::api::sse;
use crate::catalog;
use crate::catalog::Stored;
use crate::catalog::drafts::history::{Line, Source};
use crate::catalog::drafts::{CONTENT_BYTES_MAX, DraftPlace, DraftRow, Edit, Editor};
use crate::catalog::revisions::NewRevision;
use crate::catalog::scopes::Scope;
use crate::ids::TimeMs;

/// A draft.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Draft {
    /// The content, byte for byte as it was sent. First: `answer` puts it in.
    #[serde(serialize_with = "placeholder")]
    #[schemars(with = "Free")]
    head_data: String,
    agent_id: String,
    /// The revision that it departs from; 0: the agent had none.
    base_revision: u32,
    /// Rises with every change; name it in `If-Match` to change this version and no other.
    version: u64,
    /// Contents that are kept, oldest first.
    history: Vec<HistoryLine>,
    /// What keeps it from becoming a revision; empty: nothing.
    problems: Vec<FlowProblem>,
    created_at: TimeMs,
    updated_at: TimeMs,
    updated_by: String,
}

const PLACEHOLDER: &[u8] = br#"{"headData":null"#;

/// Text of JSON cannot be written as such by serde; see `answer`.
fn placeholder<S: Serializer>(_: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_unit()
}

/// One content of a draft's history.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct HistoryLine {
    /// The draft's version when this content came.
    version: u64,
    source: Source,
    bytes: usize,
    created_at: TimeMs,
    created_by: String,
    /// The program that it was written with, where that said so.
    actor: Option<String>,
    /// It is the present content; those behind it can be redone.
    is_head: bool,
}

/// A draft in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DraftLine {
    agent_id: String,
    base_revision: u32,
    version: u64,
    history_length: usize,
    created_at: TimeMs,
    updated_at: TimeMs,
    updated_by: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PublishBody {
    /// Why the revision exists; without it, what the draft says.
    #[serde(default)]
    comment: Option<String>,
    /// Let `production` run it at once; an agent's first revision does so anyway.
    #[serde(default)]
    deploy: bool,
}

const ALL: &str = "/v1/tenants/{tenant}/agents/{agent}/drafts";
const ONE: &str = "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft";
const HEADERS: &[&str] = &["If-Match", "X-Fruxon-Actor"];

pub fn routes() -> Vec<Route> {
    let (read, write) = (Scope::AgentsRead, Scope::AgentsWrite);
    let mut routes = actions();
    routes.extend([
        Route::get(ALL, "listDrafts", "An agent's drafts, without their contents").scope(read).answers::<Vec<DraftLine>>(200).to(list),
        Route::get(ONE, "getDraft", "The draft that departs from this revision (0: the agent has none); 204: there is none")
            .scope(read)
            .answers::<Draft>(200)
            .answers_with(204, Content::Nothing)
            .to(get),
        Route::put(ONE, "putDraft", "Its content from now on; need not be sound, `problems` says what is wrong")
            .scope(write)
            .takes::<AgentDraftPayload>()
            .body_bytes_max(CONTENT_BYTES_MAX)
            .answers::<Draft>(200)
            .headers(HEADERS)
            .to(put),
        Route::delete(ONE, "deleteDraft", "Discard it with its history")
            .scope(write)
            .answers_with(204, Content::Nothing)
            .headers(HEADERS)
            .to(delete),
    ]);
    routes
}

fn actions() -> Vec<Route> {
    let (read, write) = (Scope::AgentsRead, Scope::AgentsWrite);
    let action = |path: &'static str, operation: &'static str, summary: &'static str, edit: Edit, kind: ChangeKind| {
        Route::post(path, operation, summary)
            .scope(write)
            .answers::<Draft>(200)
            .headers(HEADERS)
            .to(move |call| change(call, edit.clone(), kind))
    };
    vec![
        action(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:undo",
            "undoDraft",
            "Back to the content before",
            Edit::Undo,
            ChangeKind::Undo,
        ),
        action(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:redo",
            "redoDraft",
            "Forward to what was undone",
            Edit::Redo,
            ChangeKind::Redo,
        ),
        action(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:reset",
            "resetDraft",
            "The base revision's body again; can be undone",
            Edit::Reset,
            ChangeKind::Reset,
        ),
        Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:publish",
            "publishDraft",
            "Make it the next revision; the draft is gone then",
        )
        .scope(write)
        .may_take::<PublishBody>()
        .answers::<Revision>(200)
        .headers(HEADERS)
        .creates()
        .to(publish),
        Route::get(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:subscribe",
            "subscribeDraft",
            "Events `draft` with `{version, changeKind}`: `sync` first, then every change",
        )
        .scope(read)
        .answers_with(200, Content::Events)
        .to(subscribe),
    ]
}

/// The draft that the path names, whether it is there or not.
///
/// # Errors
/// 404 for what is no number.
pub fn place(call: &Call) -> Result<DraftPlace, Problem> {
    let (tenant, agent) = (call.tenant.clone(), call.parameter("agent")?.to_owned());
    Ok(DraftPlace { tenant, agent, base_revision: revisions::number(call, "revision")? })
}

/// `If-Match`: a bare integer, as the vendor's clients send it; in quotes, as HTTP writes it; or `*`, which any version fits.
fn known_version(call: &Call) -> Result<Option<u64>, Problem> {
    let Some(text) = call.header("if-match").map(str::trim).filter(|text| *text != "*") else { return Ok(None) };
    let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    bare.parse().map(Some).map_err(|_| Problem::unfit("If-Match", format!("it must be the draft's version, an integer; got `{text}`")))
}

/// Nothing to undo is no race with somebody else, so it is not answered like one.
fn refused(error: catalog::Error) -> Problem {
    match error {
        catalog::Error::Conflict { code, message } if code.starts_with("nothing_to_") => Problem::refused(code, message),
        catalog::Error::Stale => Problem::conflict("stale", "the draft has another version meanwhile, or is gone; read it again"),
        error => error.into(),
    }
}

fn answer(stored: Stored<DraftRow>) -> Result<Answer, Problem> {
    let Stored { version, value: row, .. } = stored;
    let head_data = row.content.unwrap_or_else(|| "null".to_owned());
    let sound = serde_json::from_str::<Value>(&head_data).map_err(|error| internal(&format!("a draft is not JSON: {error}")))?;
    let problems = bodies::problems(&row.agent, &sound);
    let head = row.history.head;
    let history = row.history.lines.into_iter().enumerate().map(|(index, line)| HistoryLine::of(line, index == head)).collect();
    let (agent_id, base_revision, created_at, updated_at, updated_by) =
        (row.agent, row.base_revision, row.created_at, row.updated_at, row.updated_by);
    let draft = Draft { head_data, agent_id, base_revision, version, history, problems, created_at, updated_at, updated_by };
    let written = serde_json::to_vec(&draft).unwrap_or_default();
    let rest = written.strip_prefix(PLACEHOLDER).ok_or_else(|| internal("a draft cannot be written"))?;
    let bytes = [br#"{"headData":"#, draft.head_data.as_bytes(), rest].concat();
    Ok(Answer { status: 200, headers: Vec::new(), body: Body::Json(bytes) }.header("etag", format!("\"{version}\"")))
}

impl HistoryLine {
    fn of(line: Line, is_head: bool) -> Self {
        let Line { version, bytes, source, at, by, tool } = line;
        Self { version, source, bytes, created_at: at, created_by: by, actor: tool, is_head }
    }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let agent = call.parameter("agent")?;
    call.app.catalog.agent(&call.tenant, agent)?;
    let drafts = call.app.catalog.drafts(&call.tenant, agent)?.into_iter().map(|Stored { version, value: row, .. }| DraftLine {
        agent_id: row.agent,
        base_revision: row.base_revision,
        version,
        history_length: row.history.lines.len(),
        created_at: row.created_at,
        updated_at: row.updated_at,
        updated_by: row.updated_by,
    });
    Answer::json(&drafts.collect::<Vec<_>>())
}

/// Where the path leads has to exist: an agent, and a revision of it unless its draft is older than its revisions.
fn existing_place(call: &Call) -> Result<DraftPlace, Problem> {
    let place = place(call)?;
    call.app.catalog.agent(&place.tenant, &place.agent)?;
    if place.base_revision > 0 {
        call.app.catalog.revision(&place.tenant, &place.agent, place.base_revision)?;
    }
    Ok(place)
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let DraftPlace { tenant, agent, base_revision } = existing_place(&call)?;
    match call.app.catalog.draft(&tenant, &agent, base_revision)? {
        Some(stored) => answer(stored),
        None => Ok(Answer::empty(204)),
    }
}

async fn put(call: Call) -> Result<Answer, Problem> {
    let Value::Object(_) = call.json::<Value>()? else { return Err(Problem::invalid("$", "a JSON object is needed")) };
    let text = std::str::from_utf8(&call.body).map_err(|error| Problem::invalid("$", error.to_string()))?;
    let edit = Edit::Put(text.trim().to_owned());
    change(call, edit, ChangeKind::Put).await
}

async fn change(call: Call, edit: Edit, kind: ChangeKind) -> Result<Answer, Problem> {
    let (place, version, actor) = (place(&call)?, known_version(&call)?, call.actor()?);
    let editor = Editor { version, tool: call.header("x-fruxon-actor"), actor: &actor };
    let stored = call.app.catalog.edit_draft(&place, &edit, &editor).await.map_err(refused)?;
    call.app.drafts.tell(&place, stored.version, kind);
    answer(stored)
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let place = place(&call)?;
    call.app.catalog.agent(&place.tenant, &place.agent)?;
    let ended = call.app.catalog.remove_draft(&place, known_version(&call)?, &call.actor()?).await.map_err(refused)?;
    call.app.drafts.tell(&place, ended, ChangeKind::Removed);
    Ok(Answer::empty(204))
}

/// The draft as the revision that it would be, with its version: of the version that `If-Match` names, if it names one.
///
/// # Errors
/// 404 without a draft, 409 for another version, 422 with what is wrong with its content.
pub fn sound(call: &Call, place: &DraftPlace) -> Result<(u64, NewRevision), Problem> {
    let catalog = &call.app.catalog;
    catalog.living_agent(&place.tenant, &place.agent)?;
    let found = catalog.draft(&place.tenant, &place.agent, place.base_revision)?;
    let missing = || Problem::not_found("draft", &format!("{}@{}", place.agent, place.base_revision));
    let stored = found.ok_or_else(missing)?;
    if known_version(call)?.is_some_and(|known| known != stored.version) {
        return Err(refused(catalog::Error::Stale));
    }
    let text = stored.value.content.unwrap_or_default();
    let content: Value = serde_json::from_str(&text).map_err(|error| internal(&format!("a draft is not JSON: {error}")))?;
    let new = bodies::read(&place.agent, &content, call.header("x-fruxon-actor").map(str::to_owned))?;
    Ok((stored.version, new))
}

async fn publish(call: Call) -> Result<Answer, Problem> {
    let body: PublishBody = call.json()?;
    if body.deploy {
        call.caller()?.must(Scope::AgentsDeploy)?;
    }
    let place = place(&call)?;
    let catalog = &call.app.catalog;
    let (version, mut new) = sound(&call, &place)?;
    new.comment = body.comment.or(new.comment);
    let published = catalog.publish_draft(&place, version, new, body.deploy, &call.actor()?).await;
    let (row, ended) = published.map_err(refused)?;
    call.app.drafts.tell(&place, ended, ChangeKind::Published);
    let current = catalog.agent(&place.tenant, &place.agent)?.value.current_revision;
    Answer::json(&Revision::of(row, current))
}

async fn subscribe(call: Call) -> Result<Answer, Problem> {
    use futures::StreamExt as _;
    let place = existing_place(&call)?;
    let told = call.app.drafts.watch(call.app.catalog.clone(), place);
    let frames = told.map(|told| sse::frame(None, "draft", &told));
    Ok(Answer::events(sse::stream(frames, call.app.closing.clone())))
}
