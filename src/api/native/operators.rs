//! What an operator looks after: executions that were set aside, effects of which nobody knows whether they happened, backups, and how
//! much there is to do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::of_agent;
use super::records::{QuarantineAction, QuarantineView};
use crate::api::answer::Answer;
use crate::api::blocking::blocking;
use crate::api::call::Call;
use crate::api::page;
use crate::api::problem::{Problem, internal};
use crate::api::route::{Access, Route};
use crate::catalog;
use crate::catalog::audit::Actor;
use crate::catalog::scopes::Scope;
use crate::catalog::{Catalog, Changes};
use crate::ids::{Digest, ExecutionId, QuestionId, Tenant, TimeMs};
use crate::machine::question::QuestionKind;
use crate::machine::summary::WaitingFor;
use crate::notify;
use crate::store::{self, QuestionFilter, QuestionRow, Store};

/// A backup's name in characters.
const BACKUP_NAME_LENGTH_MAX: usize = 100;
/// Open questions read at a time, and how often for one page: a page may end short.
const QUESTIONS_AT_ONCE: usize = 500;
const READS_PER_PAGE_MAX: usize = 20;

/// An execution that was set aside because it could not go on.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Quarantined {
    #[schemars(with = "String")]
    id: ExecutionId,
    agent_id: Option<String>,
    agent_revision: Option<u32>,
    start_time: Option<TimeMs>,
    reason: String,
    /// What resolves it.
    actions: Vec<QuarantineAction>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct QuarantinedPage {
    items: Vec<Quarantined>,
    next_page_token: Option<String>,
}

/// An execution that goes on.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Released {
    #[schemars(with = "String")]
    id: ExecutionId,
    /// Why it had been set aside.
    reason: String,
}

/// An effect of which nobody knows whether it happened; a person decides.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct InDoubt {
    /// The approval to decide.
    #[schemars(with = "String")]
    approval_request_id: QuestionId,
    #[schemars(with = "String")]
    execution_record_id: ExecutionId,
    agent_id: Option<String>,
    agent_revision: Option<u32>,
    step: String,
    title: String,
    digest: Digest,
    created_at: TimeMs,
    expires_at: Option<TimeMs>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct InDoubtPage {
    items: Vec<InDoubt>,
    next_page_token: Option<String>,
}

/// Where the backup goes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BackupRequest {
    /// A name, not a path: the backup becomes a directory of this name where the operator keeps backups. It must not exist or be empty.
    #[schemars(regex(pattern = "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$"))]
    directory: String,
}

/// What a backup holds.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Backup {
    /// The directory that was written.
    directory: String,
    /// Of the store.
    id: String,
    /// Everything up to here, and nothing after.
    position: u64,
    segments: usize,
    bytes: u64,
    /// Records of every kind together.
    records: u64,
}

/// How much there is to do. Of this process, at this moment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Status {
    version: &'static str,
    /// Executions that are in memory because something moves them.
    live_executions: usize,
    /// Inputs that wait for their answer.
    held_inputs: usize,
    /// Calls of models, tools and services under way.
    running_calls: usize,
    /// Starts and signals that wait for their answer, and how many may.
    intake_used: usize,
    intake_max: usize,
    /// The last commit that is durable.
    log_position: u64,
    /// Commits that the view does not have yet.
    view_lag: u64,
    /// Those who follow the log, and how far they are behind. Places are recorded from time to time, so a lag of some thousand is none.
    feeds: Vec<FeedLag>,
    /// On the disk of the data directory.
    free_bytes: u64,
    tenants: usize,
    closing: bool,
}

/// What a round of compaction did. The server begins one by itself when enough was deleted.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Compacted {
    /// Of the log, all but the newest.
    segments: usize,
    segments_rewritten: usize,
    records_dropped: usize,
    /// On the disk of the data directory.
    bytes_freed: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FeedLag {
    name: String,
    position: u64,
    lag: u64,
}

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/tenants/{tenant}/quarantined", "listQuarantined", "Executions that were set aside, with the reason")
            .scope(Scope::ExecutionsRead)
            .query::<page::PageQuery>()
            .answers::<QuarantinedPage>(200)
            .to(quarantined),
        Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:release",
            "releaseExecution",
            "Give an execution that was set aside one more attempt",
        )
        .scope(Scope::ExecutionsRun)
        .answers::<Released>(200)
        .to(release),
        Route::get("/v1/tenants/{tenant}/inDoubt", "listInDoubt", "Effects of which nobody knows whether they happened, oldest first")
            .scope(Scope::ApprovalsRead)
            .query::<page::PageQuery>()
            .answers::<InDoubtPage>(200)
            .to(in_doubt),
        Route::post("/v1/backup", "backup", "Back the store up while it is in use")
            .access(Access::Root)
            .takes::<BackupRequest>()
            .answers::<Backup>(200)
            .to(backup),
        Route::post("/v1/compact", "compact", "Give back what deleted executions take of the log, now")
            .access(Access::Root)
            .answers::<Compacted>(200)
            .to(compact),
        Route::get("/v1/status", "status", "How much there is to do").access(Access::Root).answers::<Status>(200).to(status),
    ]
}

fn store_failed(error: store::Error) -> Problem {
    catalog::Error::from(error).into()
}

async fn quarantined(call: Call) -> Result<Answer, Problem> {
    let query: page::PageQuery = call.query()?;
    let (size, after) = (page::size(query.page_size), page::read(query.page_token.as_deref())?);
    let (store, tenant) = (call.app.catalog.store().clone(), call.tenant.clone());
    let found = blocking(move || {
        let all = store.quarantine(&tenant).map_err(store_failed)?;
        let rest = all.into_iter().filter(|(id, _)| after.as_ref().is_none_or(|after| id.to_string() > *after));
        let some: Vec<(ExecutionId, String)> = rest.take(size).collect();
        let rows = some.into_iter().map(|(id, reason)| {
            let summary = store.summary(&tenant, id).map_err(store_failed)?;
            let QuarantineView { reason, actions } = QuarantineView::of(reason, summary.as_ref());
            Ok(Quarantined {
                id,
                agent_id: summary.as_ref().map(|summary| summary.flow.clone()),
                agent_revision: summary.as_ref().map(|summary| summary.revision),
                start_time: summary.as_ref().map(|summary| summary.started_at),
                reason,
                actions,
            })
        });
        rows.collect::<Result<Vec<_>, Problem>>()
    });
    let items = found.await?;
    let next_page_token = items.last().filter(|_| items.len() == size).map(|last| page::token(&last.id.to_string()));
    Answer::json(&QuarantinedPage { items, next_page_token })
}

async fn release(call: Call) -> Result<Answer, Problem> {
    let (id, _) = of_agent(&call).await?;
    let (store, tenant) = (call.app.catalog.store().clone(), call.tenant.clone());
    let reason = blocking(move || store.quarantined(&tenant, id).map_err(store_failed)).await?;
    let reason = reason.ok_or_else(|| Problem::conflict("not_quarantined", "it was not set aside"))?;
    call.app.engine.of(&call.tenant).resume(id).await?;
    let mut changes = Changes::default();
    changes.audit(&call.tenant, &call.actor()?, "execution.released", &format!("execution:{id}"), Some(reason.clone()));
    call.app.catalog.commit(changes).await?;
    Answer::json(&Released { id, reason })
}

async fn in_doubt(call: Call) -> Result<Answer, Problem> {
    let query: page::PageQuery = call.query()?;
    let size = page::size(query.page_size);
    let after = page::read(query.page_token.as_deref())?.map(|text| place(&text)).transpose()?;
    let (store, tenant) = (call.app.catalog.store().clone(), call.tenant.clone());
    Answer::json(&blocking(move || doubts(&store, &tenant, after, size)).await?)
}

/// `asked at/question`, as tokens hold it.
fn place(text: &str) -> Result<(TimeMs, QuestionId), Problem> {
    let parsed = text.split_once('/').and_then(|(at, id)| Some((TimeMs(at.parse().ok()?), id.parse().ok()?)));
    parsed.ok_or_else(|| Problem::unfit("pageToken", "it is not a token of this list"))
}

fn doubts(store: &Store, tenant: &Tenant, mut after: Option<(TimeMs, QuestionId)>, size: usize) -> Result<InDoubtPage, Problem> {
    let token = |(at, id): (TimeMs, QuestionId)| page::token(&format!("{}/{id}", at.0));
    let mut items = Vec::new();
    for _ in 0..READS_PER_PAGE_MAX {
        let page = store.questions(tenant, &QuestionFilter::default(), after, QUESTIONS_AT_ONCE).map_err(store_failed)?;
        for row in page.rows {
            after = Some((row.asked_at, row.question));
            items.extend(doubt(row));
            if items.len() == size {
                return Ok(InDoubtPage { items, next_page_token: after.map(token) });
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(InDoubtPage { items, next_page_token: None });
        }
    }
    Ok(InDoubtPage { items, next_page_token: after.map(token) })
}

fn doubt(row: QuestionRow) -> Option<InDoubt> {
    let WaitingFor::Question { id, question: QuestionKind::InDoubt, step, title, digest, asked_at, expires_at, .. } = row.waiting_for
    else {
        return None;
    };
    Some(InDoubt {
        approval_request_id: id,
        execution_record_id: row.execution,
        agent_id: Some(row.flow),
        agent_revision: Some(row.revision),
        step,
        title,
        digest,
        created_at: asked_at,
        expires_at,
    })
}

/// The directory of a backup; a name that could leave the operator's place is refused.
fn backup_path(place: Option<&Path>, name: &str) -> Result<PathBuf, Problem> {
    let place = place.ok_or_else(|| {
        Problem::conflict(
            "no_backup_dir",
            "the operator names no place for backups; set `backup_dir` in the settings, or FLOWGATE_BACKUP_DIR",
        )
    })?;
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if !plain || name.is_empty() || name.starts_with('.') || name.len() > BACKUP_NAME_LENGTH_MAX {
        let message = format!("a name of letters, digits, `.`, `_` and `-`, at most {BACKUP_NAME_LENGTH_MAX}; it is not a path");
        return Err(Problem::unfit("directory", message));
    }
    Ok(place.join(name))
}

async fn backup(call: Call) -> Result<Answer, Problem> {
    let wanted: BackupRequest = call.json()?;
    let path = backup_path(call.app.settings.backup_dir.as_deref(), &wanted.directory)?;
    let (store, target) = (call.app.catalog.store().clone(), path.clone());
    let report = blocking(move || {
        store.backup(&target).map_err(|error| match error {
            store::Error::Refused(reason) => Problem::conflict("backup_refused", reason),
            error => internal(&format!("the backup failed: {error}")),
        })
    });
    let report = report.await?;
    note(&call.app.catalog, &call.actor()?, "store.backed_up", &wanted.directory).await?;
    Answer::json(&Backup {
        directory: path.display().to_string(),
        id: report.id.0.to_string(),
        position: report.position.0,
        segments: report.segments,
        bytes: report.bytes,
        records: report.records.values().map(|sum| sum.count).sum(),
    })
}

async fn compact(call: Call) -> Result<Answer, Problem> {
    let (catalog, followed, closing) = (call.app.catalog.clone(), Arc::clone(&call.app.deliveries), call.app.closing.clone());
    let report = blocking(move || {
        catalog.store().compact(followed.followed_until(), |_| !closing.is_cancelled()).map_err(|error| match error {
            store::Error::Refused(reason) => Problem::conflict("compaction_refused", reason),
            error => store_failed(error),
        })
    });
    let report = report.await?;
    let detail = format!("{} records, {} bytes", report.records_dropped, report.bytes_freed);
    note(&call.app.catalog, &call.actor()?, "store.compacted", &detail).await?;
    Answer::json(&Compacted {
        segments: report.segments,
        segments_rewritten: report.segments_rewritten,
        records_dropped: report.records_dropped,
        bytes_freed: report.bytes_freed,
    })
}

/// A line in the audit of the installation.
async fn note(catalog: &Catalog, actor: &Actor, action: &str, detail: &str) -> Result<(), Problem> {
    let mut changes = Changes::default();
    changes.audit(&Catalog::system(), actor, action, "store", Some(detail.to_owned()));
    Ok(catalog.commit(changes).await.map(drop)?)
}

async fn status(call: Call) -> Result<Answer, Problem> {
    let (app, catalog) = (&call.app, call.app.catalog.clone());
    let activity = app.engine.activity().await?;
    let reading = blocking(move || {
        let free = catalog.store().free_bytes().map_err(store_failed)?;
        Ok((catalog.tenants()?.len(), free, notify::followers(&catalog)?))
    });
    let (tenants, free_bytes, followers) = reading.await?;
    let store = app.catalog.store();
    // In this order: the view cannot be ahead.
    let (applied, position) = (store.applied_position(), store.position());
    let lag = |of: store::Position| position.0.saturating_sub(of.0);
    Answer::json(&Status {
        version: env!("CARGO_PKG_VERSION"),
        live_executions: activity.executions,
        held_inputs: activity.inputs,
        running_calls: activity.calls,
        intake_used: activity.intake,
        intake_max: activity.intake_max,
        log_position: position.0,
        view_lag: lag(applied),
        feeds: followers.into_iter().map(|(name, at)| FeedLag { name, position: at.0, lag: lag(at) }).collect(),
        free_bytes,
        tenants,
        closing: app.closing.is_cancelled(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_stays_where_the_operator_keeps_them() {
        let place = Path::new("/backups");
        assert_eq!(backup_path(Some(place), "2026-11-25.a_b").ok(), Some(place.join("2026-11-25.a_b")));
        assert_eq!(backup_path(None, "monday").unwrap_err().code, "no_backup_dir");
        for name in ["", "..", ".", ".hidden", "a/b", "/etc", "a\\b", "ü", "a b", "a\0", &"a".repeat(101)] {
            assert_eq!(backup_path(Some(place), name).unwrap_err().status, 422, "{name}");
        }
    }
}
