//! `/api/files`, and `/api/agents/{id}/files`: files of a workspace, and those that every execution of an agent gets.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pages::{Page, Picked, Picker, Wanted};
use super::request::file_ids;
use super::view::time;
use crate::api::answer::Answer;
use crate::api::app::App;
use crate::api::blocking::blocking;
use crate::api::call::Call;
use crate::api::form::{self, FORM_BYTES};
use crate::api::problem::Problem;
use crate::api::route::Route;
use crate::catalog::agent_files::Processing;
use crate::catalog::files::{FILE_BYTES_MAX, FileRow, Lifetime, NewFile};
use crate::catalog::numbers::Kind;
use crate::catalog::scopes::Scope;
use crate::clock;
use crate::ids::Tenant;

/// The form's part that holds the file, and the one that says what to do with it.
const PART: &str = "file";
const PROCESS: &str = "process";
/// Files read at a time.
const CHUNK: usize = 500;

/// Whether agents can read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum FileStatus {
    /// Nobody has looked.
    Waiting,
    Completed,
    /// It is no text: agents get its name and type alone.
    Failed,
}

impl From<Processing> for FileStatus {
    fn from(processing: Processing) -> Self {
        match processing {
            Processing::Waiting => Self::Waiting,
            Processing::Completed => Self::Completed,
            Processing::Failed => Self::Failed,
        }
    }
}

/// A file.
#[derive(Debug, Serialize, JsonSchema)]
struct ChatFile {
    id: u64,
    /// Always `file`.
    object: &'static str,
    bytes: u64,
    created_at: String,
    filename: String,
    /// What processing it has cost: nothing.
    credits: f64,
    status: FileStatus,
}

/// What is left of a file, or of a webhook, that was deleted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Deleted {
    pub id: u64,
    /// `file` or `webhook`.
    pub object: &'static str,
    pub deleted: bool,
}

/// The files of an agent.
#[derive(Debug, Serialize, JsonSchema)]
struct AgentFiles {
    /// The agent.
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    files_count: Option<FilesCount>,
    files: Vec<ChatFile>,
    /// `completed`, or `processing` while one has not been looked at.
    status: &'static str,
}

/// How many files an agent has.
#[derive(Debug, Serialize, JsonSchema)]
struct FilesCount {
    total: usize,
    completed: usize,
    failed: usize,
    in_progress: usize,
}

/// A file that was taken away from an agent.
#[derive(Debug, Serialize, JsonSchema)]
struct RemovedFile {
    /// The agent.
    id: u64,
    file: ChatFile,
    removed: bool,
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

/// Files to link.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LinkFiles {
    #[schemars(with = "Vec<u64>")]
    file_ids: Option<Value>,
}

pub fn routes() -> Vec<Route> {
    let (read, write) = (Scope::ExecutionsRead, Scope::ExecutionsRun);
    let mut routes = vec![
        Route::get("/api/files", "chatListFiles", "Files, newest first")
            .scope(read)
            .query::<ListQuery>()
            .answers::<Page<ChatFile>>(200)
            .to(list),
        Route::post("/api/files", "chatUploadFile", "A new file; the part `process` says whether to process it")
            .scope(write)
            .takes_form(PART)
            .body_bytes_max(FILE_BYTES_MAX + FORM_BYTES)
            .answers::<ChatFile>(201)
            .creates()
            .to(upload),
        Route::get("/api/files/{file}", "chatGetFile", "A file").scope(read).answers::<ChatFile>(200).to(get),
        Route::delete("/api/files/{file}", "chatDeleteFile", "Delete a file").scope(write).answers::<Deleted>(200).to(remove),
        Route::post("/api/files/{file}/process", "chatProcessFile", "Find out whether agents can read a file")
            .scope(write)
            .answers::<ChatFile>(200)
            .to(process),
    ];
    routes.extend(of_agents());
    routes
}

fn of_agents() -> Vec<Route> {
    let (read, write) = (Scope::AgentsRead, Scope::AgentsWrite);
    vec![
        Route::get("/api/agents/{agent}/files", "chatListAgentFiles", "The files that executions of an agent get")
            .scope(read)
            .answers::<AgentFiles>(200)
            .to(list_of_agent),
        Route::post("/api/agents/{agent}/files", "chatLinkAgentFiles", "Give an agent files")
            .scope(write)
            .takes::<LinkFiles>()
            .answers::<AgentFiles>(200)
            .to(link),
        Route::delete("/api/agents/{agent}/files/{file}", "chatUnlinkAgentFile", "Take a file away from an agent")
            .scope(write)
            .answers::<RemovedFile>(200)
            .to(unlink),
    ]
}

async fn shown(call: &Call, row: &FileRow) -> Result<ChatFile, Problem> {
    Ok(ChatFile {
        id: call.app.catalog.number_of(Kind::File, &call.tenant, &row.id.to_string()).await?,
        object: "file",
        bytes: row.fingerprint.bytes,
        created_at: time(row.created_at),
        filename: row.name.clone(),
        credits: 0.0,
        status: row.processing.into(),
    })
}

async fn all_shown(call: &Call, rows: &[FileRow]) -> Result<Vec<ChatFile>, Problem> {
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        all.push(shown(call, row).await?);
    }
    Ok(all)
}

fn picked(app: &App, tenant: &Tenant, wanted: Wanted) -> Result<Picked<FileRow>, Problem> {
    let (mut picker, mut after) = (Picker::new(wanted), None::<String>);
    loop {
        let rows = app.catalog.files(tenant, after.as_deref(), CHUNK, clock::now())?;
        let Some(last) = rows.last().filter(|_| !picker.is_full()) else { return Ok(picker.picked()) };
        after = Some(last.id.to_string());
        for row in rows {
            picker.see(row);
        }
    }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: ListQuery = call.query()?;
    let wanted = Wanted::read(query.page.as_ref(), query.per_page.as_ref())?;
    let (app, tenant) = (Arc::clone(&call.app), call.tenant.clone());
    let picked = blocking(move || picked(&app, &tenant, wanted)).await?;
    let data = all_shown(&call, &picked.rows).await?;
    Answer::json(&Page::of(&call, &picked, data))
}

async fn upload(call: Call) -> Result<Answer, Problem> {
    let sent = form::read(&call, PART, &[PROCESS]).await?;
    let is_processed = match sent.texts.get(PROCESS).map(|text| text.trim().to_ascii_lowercase()).as_deref() {
        None | Some("" | "false" | "0") => false,
        Some("true" | "1") => true,
        Some(_) => return Err(Problem::unfit(PROCESS, "it must be true or false")),
    };
    let new = NewFile { name: sent.name, declared_type: sent.content_type, bytes: sent.bytes, lifetime: Lifetime::Kept };
    let mut row = call.app.catalog.add_file(&call.tenant, new, &call.actor()?).await?;
    if is_processed {
        row = call.app.catalog.process_file(&call.tenant, &row.id.to_string(), &call.actor()?).await?;
    }
    Ok(Answer { status: 201, ..Answer::json(&shown(&call, &row).await?)? })
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let row = call.app.catalog.file(&call.tenant, call.parameter("file")?, call.now)?.value;
    Answer::json(&shown(&call, &row).await?)
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    let file = call.parameter("file")?;
    call.app.catalog.file(&call.tenant, file, call.now)?;
    let id = call.app.catalog.number_of(Kind::File, &call.tenant, file).await?;
    call.app.catalog.remove_file(&call.tenant, file, &call.actor()?).await?;
    Answer::json(&Deleted { id, object: "file", deleted: true })
}

async fn process(call: Call) -> Result<Answer, Problem> {
    let row = call.app.catalog.process_file(&call.tenant, call.parameter("file")?, &call.actor()?).await?;
    Answer::json(&shown(&call, &row).await?)
}

fn status(rows: &[FileRow]) -> &'static str {
    if rows.iter().any(|row| row.processing == Processing::Waiting) { "processing" } else { "completed" }
}

/// The path's agent, by its number and its name.
fn agent(call: &Call) -> Result<(u64, String), Problem> {
    let row = call.app.catalog.living_agent(&call.tenant, call.parameter("agent")?)?.value;
    Ok((row.number, row.id))
}

async fn list_of_agent(call: Call) -> Result<Answer, Problem> {
    let (id, name) = agent(&call)?;
    let rows = call.app.catalog.agent_files(&call.tenant, &name, call.now)?;
    Answer::json(&AgentFiles { id, files_count: None, files: all_shown(&call, &rows).await?, status: status(&rows) })
}

async fn link(call: Call) -> Result<Answer, Problem> {
    let wanted: LinkFiles = call.json()?;
    let (id, name) = agent(&call)?;
    let given = wanted.file_ids.ok_or_else(|| Problem::unfit("file_ids", "The file_ids field is required."))?;
    let files = file_ids(&call, &given)?;
    call.app.catalog.link_files(&call.tenant, &name, &files, &call.actor()?).await?;
    let rows = call.app.catalog.agent_files(&call.tenant, &name, call.now)?;
    let count = |processing: Processing| rows.iter().filter(|row| row.processing == processing).count();
    let files_count = Some(FilesCount {
        total: rows.len(),
        completed: count(Processing::Completed),
        failed: count(Processing::Failed),
        in_progress: count(Processing::Waiting),
    });
    Answer::json(&AgentFiles { id, files_count, files: all_shown(&call, &rows).await?, status: status(&rows) })
}

async fn unlink(call: Call) -> Result<Answer, Problem> {
    let (id, name) = agent(&call)?;
    let row = call.app.catalog.unlink_file(&call.tenant, &name, call.parameter("file")?, &call.actor()?).await?;
    Answer::json(&RemovedFile { id, file: shown(&call, &row).await?, removed: true })
}
