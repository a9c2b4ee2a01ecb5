//! What people say to each other about an approval: comments, and who is looking at it. Nothing of it decides or prevents a decision.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{find, show};
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::page;
use crate::api::problem::Problem;
use crate::catalog::approvals::{CommentRow, Release};
use crate::catalog::scopes::Scope;
use crate::ids::TimeMs;

const COMMENT_CHARACTERS_MAX: usize = 4_000;
const CLAIM_SECONDS_DEFAULT: u32 = 15 * 60;
const CLAIM_SECONDS_MAX: u32 = 24 * 60 * 60;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewComment {
    #[schemars(length(min = 1, max = 4_000))]
    text: String,
}

/// What somebody said about an approval.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    id: String,
    created_at: TimeMs,
    created_by: String,
    text: String,
}

impl Comment {
    fn of(key: &str, row: CommentRow) -> Self {
        let id = key.rsplit('/').next().unwrap_or(key).to_owned();
        Self { id, created_at: row.at, created_by: row.by, text: row.text }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentsQuery {
    #[serde(default)]
    page_size: Option<usize>,
    #[serde(default)]
    page_token: Option<String>,
}

/// Comments, oldest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comments {
    items: Vec<Comment>,
    next_page_token: Option<String>,
}

/// For how long.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claim {
    /// A quarter of an hour where it is absent.
    #[serde(default)]
    #[schemars(range(min = 1, max = 86_400))]
    seconds: Option<u32>,
}

pub async fn comments(call: Call) -> Result<Answer, Problem> {
    let query: CommentsQuery = call.query()?;
    let known = find(&call).await?;
    let size = page::size(query.page_size);
    let after = page::read(query.page_token.as_deref())?;
    let rows = call.app.catalog.comments(&call.tenant, known.asked.question.id, after.as_deref(), size)?;
    let next_page_token = rows.last().filter(|_| rows.len() == size).map(|row| page::token(&row.key));
    let items = rows.into_iter().map(|row| Comment::of(&row.key, row.value)).collect();
    Answer::json(&Comments { items, next_page_token })
}

pub async fn comment(call: Call) -> Result<Answer, Problem> {
    let body: NewComment = call.json()?;
    let text = body.text.trim();
    if text.is_empty() || text.chars().count() > COMMENT_CHARACTERS_MAX {
        return Err(Problem::invalid("text", format!("it must have 1 to {COMMENT_CHARACTERS_MAX} characters")));
    }
    let known = find(&call).await?;
    let stored = call.app.catalog.comment(&call.tenant, known.asked.question.id, text, &call.actor()?).await?;
    Answer::json_as(201, &Comment::of(&stored.key, stored.value))
}

pub async fn claim(call: Call) -> Result<Answer, Problem> {
    let body: Claim = call.json()?;
    let seconds = body.seconds.unwrap_or(CLAIM_SECONDS_DEFAULT);
    if seconds == 0 || seconds > CLAIM_SECONDS_MAX {
        return Err(Problem::invalid("seconds", format!("it must lie between 1 and {CLAIM_SECONDS_MAX}")));
    }
    let known = find(&call).await?;
    if known.closing.is_some() {
        return Err(Problem::conflict("question_closed", "it is closed; there is nothing left to look at"));
    }
    call.app.catalog.claim(&call.tenant, known.asked.question.id, u64::from(seconds) * 1_000, &call.actor()?).await?;
    Answer::json(&show(&call, known)?)
}

pub async fn release(call: Call) -> Result<Answer, Problem> {
    let known = find(&call).await?;
    let release = if call.caller()?.key.may(Scope::Admin) { Release::Anybodys } else { Release::Own };
    call.app.catalog.release_claim(&call.tenant, known.asked.question.id, release, &call.actor()?).await?;
    Answer::json(&show(&call, known)?)
}
