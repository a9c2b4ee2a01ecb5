//! An execution in the words of this dialect. Every field is there.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::media;
use crate::api::call::Call;
use crate::api::dialects::origin::Origin;
use crate::api::dialects::time;
use crate::api::native::execute::of_read_only;
use crate::api::problem::Problem;
use crate::api::route::Free;
use crate::catalog::numbers::Kind;
use crate::engine::Snapshot;
use crate::flow::definitions::DEFAULT;
use crate::machine::summary::Status;

/// Where an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgenticStatus {
    /// Taken; only in the answer to a start.
    Pending,
    InProgress,
    Finished,
    Failed,
}

/// An execution.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AgenticExecution {
    pub id: u64,
    /// The agent's integer id.
    pub agent: u64,
    /// The definition that it came in by.
    pub execution_key: String,
    /// The integer id of its session.
    pub conversation: Option<u64>,
    pub status: AgenticStatus,
    /// With its defaults.
    pub input: Free,
    /// What came out; null until it has finished.
    pub result: Free,
    /// Only of one that failed: `runtime_error`, `max_retries_exceeded`, `validation_failed`, `unknown`, or one of the definition's own.
    pub failure_code: Option<String>,
    pub failure_explanation: Option<String>,
    /// Its other id, which the native API has.
    pub celery_task_id: Uuid,
    pub started_at: String,
    pub finished_at: Option<String>,
    pub duration_seconds: Option<f64>,
    pub files: Vec<AgenticFile>,
    #[serde(flatten)]
    pub origin: Origin,
}

/// A file that came with it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AgenticFile {
    pub id: u64,
    pub filename: String,
    /// A path of this server; the same key may read it.
    pub file_url: String,
    pub content_type: String,
}

impl AgenticStatus {
    fn of(status: Status) -> Self {
        match status {
            Status::Running | Status::WaitingPerson | Status::WaitingAsync => Self::InProgress,
            Status::Completed => Self::Finished,
            Status::Failed | Status::TimedOut | Status::Cancelled | Status::Rejected => Self::Failed,
        }
    }

    /// What has this status; empty: nothing that is kept.
    #[must_use]
    pub fn held(self) -> &'static [Status] {
        match self {
            Self::Pending => &[],
            Self::InProgress => &[Status::Running, Status::WaitingPerson, Status::WaitingAsync],
            Self::Finished => &[Status::Completed],
            Self::Failed => &[Status::Failed, Status::TimedOut, Status::Cancelled, Status::Rejected],
        }
    }
}

/// The execution as it stands.
///
/// # Errors
/// When the store cannot be read, or a number not be given.
pub async fn of(call: &Call, snapshot: &Snapshot) -> Result<AgenticExecution, Problem> {
    let mut view = begun(call, snapshot).await?;
    let summary = &snapshot.summary;
    view.status = AgenticStatus::of(summary.status);
    if view.status == AgenticStatus::Finished {
        view.result = Free(snapshot.ended.as_ref().map_or(Value::Null, |ended| ended.output.clone()));
    }
    if let Some((code, explanation)) = &snapshot.failure {
        view.failure_code = Some(code.clone());
        view.failure_explanation = Some(explanation.clone()).filter(|text| !text.is_empty());
    }
    view.finished_at = summary.ended_at.map(time);
    view.duration_seconds = summary.duration_ms().map(|ms| std::time::Duration::from_millis(ms).as_secs_f64());
    Ok(view)
}

/// The execution as it was taken, before anything of it ran.
///
/// # Errors
/// As `of`.
pub async fn begun(call: &Call, snapshot: &Snapshot) -> Result<AgenticExecution, Problem> {
    let (catalog, tenant, start) = (&call.app.catalog, &call.tenant, &snapshot.start);
    let id = catalog.number_of(Kind::Execution, tenant, &snapshot.id.to_string()).await?;
    let conversation = match &start.session {
        Some(session) => Some(catalog.number_of(Kind::Session, tenant, &format!("{}/{session}", snapshot.summary.flow)).await?),
        None => None,
    };
    Ok(AgenticExecution {
        id,
        agent: catalog.agent(tenant, &snapshot.summary.flow)?.value.number,
        execution_key: start.entry.clone().unwrap_or_else(|| DEFAULT.to_owned()),
        conversation,
        status: AgenticStatus::Pending,
        input: Free(start.input.clone()),
        result: Free(Value::Null),
        failure_code: None,
        failure_explanation: None,
        celery_task_id: snapshot.id.0,
        started_at: time(snapshot.summary.started_at),
        finished_at: None,
        duration_seconds: None,
        files: files(call, snapshot, conversation).await?,
        origin: Origin::of(call, start).await?,
    })
}

async fn files(call: &Call, snapshot: &Snapshot, conversation: Option<u64>) -> Result<Vec<AgenticFile>, Problem> {
    let attachments = &snapshot.start.attachments;
    let is_own = snapshot.start.session.as_deref().is_some_and(|session| of_read_only(session) == Some(snapshot.id));
    let mut files = Vec::with_capacity(attachments.len());
    for file in attachments {
        let id = call.app.catalog.number_of(Kind::File, &call.tenant, &file.id).await?;
        files.push(AgenticFile {
            id,
            filename: file.name.clone(),
            // Without a conversation there is still the file's own number.
            file_url: media::url(conversation.unwrap_or_default(), &media::last_part(file, id, attachments, is_own)),
            content_type: file.content_type.clone(),
        });
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ids::TimeMs;

    #[test]
    fn every_status_has_its_word_and_is_found_by_it() {
        let words = [
            (Status::Running, "in_progress"),
            (Status::WaitingPerson, "in_progress"),
            (Status::WaitingAsync, "in_progress"),
            (Status::Completed, "finished"),
            (Status::Failed, "failed"),
            (Status::TimedOut, "failed"),
            (Status::Cancelled, "failed"),
            (Status::Rejected, "failed"),
        ];
        for (engines, word) in words {
            let shown = AgenticStatus::of(engines);
            assert_eq!(json!(shown), word, "{engines:?}");
            assert!(shown.held().contains(&engines), "{engines:?}");
        }
        assert_eq!(json!(AgenticStatus::Pending), "pending");
    }

    #[test]
    fn times_have_microseconds_and_a_z() {
        assert_eq!(time(TimeMs(1_744_293_600_007)), "2025-04-10T14:00:00.007000Z");
    }
}
