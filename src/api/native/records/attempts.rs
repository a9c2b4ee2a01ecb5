//! `…/executionRecords/{execution}/attempts`: what the trace tells, in pages that cost as much for a large execution as for a small one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::execute::{Step, attempt};
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::page;
use crate::api::problem::Problem;
use crate::api::route::{Free, Route};
use crate::catalog::scopes::Scope;
use crate::engine::{AttemptRow, AttemptsRequest};

/// Rows of a page of attempts without what went in and out of them: each takes a few hundred bytes.
const BRIEF_SIZE_MAX: usize = 1_000;
/// Attempts that one request may name.
const NAMES_MAX: usize = 50;

/// Which attempts. They stand in the order in which they began.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct AttemptsQuery {
    /// At most 200; with `brief` 1,000. A page with much in it ends earlier.
    page_size: Option<usize>,
    page_token: Option<String>,
    /// Without what went in and came out: `input`, `result`, `checks` and the three traces stay empty.
    brief: Option<bool>,
    /// Only attempts that changed since an earlier answer said this `seq`.
    since: Option<u64>,
    /// Only the attempts of these names, at most 50.
    id: Vec<String>,
}

/// A page of attempts.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Attempts {
    items: Vec<AttemptView>,
    next_page_token: Option<String>,
    /// Attempts that the execution has up to now.
    total: u64,
    /// How far its journal was read: `since` for whoever reads on.
    seq: u64,
}

/// One attempt, as in the trace, but not within the one that it belongs to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AttemptView {
    /// The attempt that it belongs to.
    parent_id: Option<String>,
    /// The step's kind (`llm`, `agent`, `map`, `flow`, …), of an agent's calls `model` and `tool`; also `check` and `undo`.
    kind: String,
    /// What went in, rendered. Secrets are masked.
    input: Free,
    child_execution_id: Option<Uuid>,
    #[serde(flatten)]
    step: Step,
}

pub fn route() -> Route {
    Route::get(
        "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}/attempts",
        "listExecutionAttempts",
        "What the trace tells, attempt by attempt, in pages",
    )
    .scope(Scope::ExecutionsRead)
    .query::<AttemptsQuery>()
    .answers::<Attempts>(200)
    .to(list)
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: AttemptsQuery = call.query()?;
    if query.id.len() > NAMES_MAX {
        return Err(Problem::unfit("id", format!("at most {NAMES_MAX} attempts can be named at once")));
    }
    let is_brief = query.brief.unwrap_or(false);
    let limit = if is_brief {
        query.page_size.map_or(page::SIZE_DEFAULT, |size| size.clamp(1, BRIEF_SIZE_MAX))
    } else {
        page::size(query.page_size)
    };
    let unfit = || Problem::unfit("pageToken", "it is not a token of this list; leave it out to begin at the first page");
    let from = page::read(query.page_token.as_deref())?.map(|text| text.parse().map_err(|_| unfit())).transpose()?.unwrap_or_default();
    let id = super::id_of(&call)?;
    let request = AttemptsRequest { from, limit, since: query.since, names: query.id, whole: !is_brief };
    let page = call.app.engine.of(&call.tenant).attempts(id, request).await.map_err(|error| super::unknown_or(&call, error))?;
    super::of_the_path(&call, &page.flow)?;
    Answer::json(&Attempts {
        items: page.rows.into_iter().map(view).collect(),
        next_page_token: page.next.map(|next| page::token(&next.to_string())),
        total: page.total as u64,
        seq: page.seq,
    })
}

fn view(row: AttemptRow) -> AttemptView {
    let AttemptRow { attempt: of, parent, what, child } = row;
    let step = attempt(&of, what);
    AttemptView { parent_id: parent, kind: of.kind, input: Free(of.input), child_execution_id: child.map(|child| child.0), step }
}
