//! `/decide/{token}`: an approver without a key looks at a question and decides it, once. GET shows and decides nothing, so that whoever
//! looks into mails for a living (scanners, previews) does no harm; POST decides.

mod page;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::answer::Answer;
use super::call::Call;
use super::problem::Problem;
use super::route::{Access, Content, Route};
use crate::catalog::links::{LinkRow, LinkUse};
use crate::catalog::{self, Stored};
use crate::engine::{self, Answered, EngineHandle, Snapshot};
use crate::ids::Tenant;
use crate::machine::Refusal;
use crate::machine::question::{Decision, Question, Verdict};

/// Reason and response together, in bytes.
const FORM_BYTES_MAX: usize = 64 << 10;
const PAGE: Content = Content::Other(page::CONTENT_TYPE);

/// What the page's form sends.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Form {
    /// One of those that the page offers.
    decision: Choice,
    /// Kept in the journal.
    #[serde(default)]
    reason: String,
    /// With `respond`: JSON, or text.
    #[serde(default)]
    response: String,
}

/// What can be decided on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    Approve,
    Reject,
    Respond,
    Retry,
    Fail,
}

impl Form {
    fn verdict(&self) -> Verdict {
        match self.decision {
            Choice::Approve => Verdict::Approve,
            Choice::Reject => Verdict::Reject,
            Choice::Retry => Verdict::Retry,
            Choice::Fail => Verdict::Fail,
            Choice::Respond => {
                let text = self.response.trim();
                let response = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
                Verdict::Respond { response }
            }
        }
    }
}

pub fn routes() -> Vec<Route> {
    let answers = |route: Route| [200, 404, 409, 410].into_iter().fold(route, |route, status| route.answers_with(status, PAGE));
    let path = "/decide/{token}";
    vec![
        answers(Route::get(path, "showDecision", "A page that shows a question to the holder of a link; decides nothing"))
            .access(Access::Public)
            .to(show),
        answers(Route::post(path, "postDecision", "Decides the question of a link; a link decides once"))
            .access(Access::Public)
            .takes_fields::<Form>()
            .body_bytes_max(FORM_BYTES_MAX)
            .answers_with(403, PAGE)
            .answers_with(422, PAGE)
            .to(decide),
    ]
}

/// The engine as the link's tenant sees it.
fn engine_of(call: &Call, tenant: &Tenant) -> EngineHandle {
    call.app.engine.of(tenant)
}

/// What a link leads to now.
enum Standing {
    Open(Box<Snapshot>, Box<Question>),
    /// A page that says why there is nothing to decide.
    Over(Answer),
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let Some(link) = link(&call)? else { return Ok(page::unknown()) };
    if link.value.used.is_some() {
        return used(&call, &link.value).await;
    }
    match standing(&call, &link.value).await? {
        Standing::Over(answer) => Ok(answer),
        Standing::Open(snapshot, question) => Ok(page::question(&snapshot, &question, &link.value)),
    }
}

async fn decide(call: Call) -> Result<Answer, Problem> {
    let form: Form = call.fields()?;
    let Some(mut link) = link(&call)? else { return Ok(page::unknown()) };
    let verdict = form.verdict();
    let question = match standing(&call, &link.value).await? {
        Standing::Open(_, question) => question,
        Standing::Over(answer) if link.value.used.is_none() => return Ok(answer),
        Standing::Over(_) => return used(&call, &link.value).await,
    };
    if let Some(before) = &link.value.used {
        // The process ended between the note and the decision: the same one may be finished, no other be made.
        let user = call.app.notify.known_person(&link.value.tenant, &link.value.approver).user;
        let has_counted = question.votes.iter().any(|vote| vote.by == user);
        if before.verdict != verdict || has_counted {
            return used(&call, &link.value).await;
        }
    } else {
        let reason = Some(form.reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        let using = LinkUse { at: call.now, verdict, reason };
        link = match call.app.catalog.use_link(&link, using).await {
            Ok(link) => link,
            Err(catalog::Error::Stale) => return raced(&call).await,
            Err(error) => return Err(error.into()),
        };
    }
    perform(&call, &link).await
}

/// Makes the decision that the link is noted as used for.
async fn perform(call: &Call, link: &Stored<LinkRow>) -> Result<Answer, Problem> {
    let row = &link.value;
    let Some(LinkUse { verdict, reason, .. }) = row.used.clone() else { return used(call, row).await };
    let by = call.app.notify.known_person(&row.tenant, &row.approver);
    let decision = Decision { question: row.question, digest: row.digest, verdict, by, reason };
    match engine_of(call, &row.tenant).decide(decision).await {
        Ok(Answered::Closed(decided)) => Ok(page::decided(&decided)),
        Ok(Answered::Open(question)) => Ok(page::counted(&question)),
        Err(engine::Error::Refused(Refusal::Decided(decided))) => Ok(page::too_late(&decided)),
        Err(engine::Error::Refused(Refusal::NoQuestion | Refusal::Ended)) => closed(call, row).await,
        Err(engine::Error::Refused(Refusal::Digest)) => Ok(page::changed()),
        Err(engine::Error::Refused(Refusal::NotAllowed(message))) => {
            call.app.catalog.release_link(link).await?;
            Ok(page::refused(403, &message))
        }
        Err(engine::Error::Refused(Refusal::Answer(message))) => {
            call.app.catalog.release_link(link).await?;
            Ok(page::refused(422, &message))
        }
        // It may have been decided: the link stays bound to this decision, which can be sent again.
        Err(error) => Err(error.into()),
    }
}

/// The link of this request; none for a token of nobody, which counts like a wrong key.
fn link(call: &Call) -> Result<Option<Stored<LinkRow>>, Problem> {
    match call.app.catalog.link(call.parameter("token")?) {
        Ok(link) => Ok(Some(link)),
        Err(catalog::Error::NotFound { .. }) => match call.address {
            Some(address) => call.app.limiter.failure(address).map(|()| None),
            None => Ok(None),
        },
        Err(error) => Err(error.into()),
    }
}

async fn standing(call: &Call, link: &LinkRow) -> Result<Standing, Problem> {
    let snapshot = match engine_of(call, &link.tenant).snapshot(link.execution).await {
        Ok(snapshot) => snapshot,
        Err(engine::Error::NotFound { .. }) => return Ok(Standing::Over(page::forgotten())),
        Err(error) => return Err(error.into()),
    };
    let Some(question) = snapshot.questions.iter().find(|question| question.id == link.question).cloned() else {
        return Ok(Standing::Over(closed(call, link).await?));
    };
    if question.digest != link.digest {
        return Ok(Standing::Over(page::changed()));
    }
    if call.now >= link.expires_at {
        return Ok(Standing::Over(page::expired(link.expires_at)));
    }
    Ok(Standing::Open(Box::new(snapshot), Box::new(question)))
}

/// The page of a question that is closed: how it was.
async fn closed(call: &Call, link: &LinkRow) -> Result<Answer, Problem> {
    match engine_of(call, &link.tenant).closed_question(&link.question.to_string()).await {
        Ok(closed) => Ok(page::closed(&closed)),
        Err(engine::Error::NotFound { .. }) => Ok(page::forgotten()),
        Err(error) => Err(error.into()),
    }
}

/// The page of a link that was used: what for, and what stands.
async fn used(call: &Call, link: &LinkRow) -> Result<Answer, Problem> {
    let closed = match engine_of(call, &link.tenant).closed_question(&link.question.to_string()).await {
        Ok(closed) => Some(closed),
        Err(engine::Error::NotFound { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(page::used(link, closed.as_ref()))
}

/// Another request used the link at the same moment.
async fn raced(call: &Call) -> Result<Answer, Problem> {
    match link(call)? {
        Some(link) => used(call, &link.value).await,
        None => Ok(page::unknown()),
    }
}
