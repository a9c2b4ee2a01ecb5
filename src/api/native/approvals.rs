//! `…/pendingApprovals`: questions to people, of one agent and of the whole tenant. The same operations stand under both; under an agent
//! only its own questions are found.

mod decide;
mod list;
mod talk;
mod view;

use self::decide::{Cancel, Decide, DecideMany, DecideResults, Respond};
use self::list::{Approvals, Counts, OfAgent, OfTenant};
use self::talk::{Claim, Comment, Comments, CommentsQuery, NewComment};
use self::view::{Approval, Around};
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::Route;
use crate::catalog::scopes::Scope;
use crate::engine::KnownQuestion;
use crate::ids::QuestionId;

/// One approval under one of its two paths.
struct Names {
    one: (&'static str, &'static str),
    respond: (&'static str, &'static str),
    cancel: (&'static str, &'static str),
    decide: (&'static str, &'static str),
    claim: (&'static str, &'static str),
    release: (&'static str, &'static str),
    comments: (&'static str, &'static str, &'static str),
}

const OF_AGENT: Names = Names {
    one: ("/v1/tenants/{tenant}/agents/{agent}/pendingApprovals/{approval}", "getAgentApproval"),
    respond: ("/v1/tenants/{tenant}/agents/{agent}/pendingApprovals/{approval}:respond", "respondAgentApproval"),
    cancel: ("/v1/tenants/{tenant}/agents/{agent}/pendingApprovals/{approval}:cancel", "cancelAgentApproval"),
    decide: ("/v1/tenants/{tenant}/agents/{agent}/pendingApprovals/{approval}:decide", "decideAgentApproval"),
    claim: ("/v1/tenants/{tenant}/agents/{agent}/pendingApprovals/{approval}:claim", "claimAgentApproval"),
    release: ("/v1/tenants/{tenant}/agents/{agent}/pendingApprovals/{approval}:release", "releaseAgentApproval"),
    comments: (
        "/v1/tenants/{tenant}/agents/{agent}/pendingApprovals/{approval}/comments",
        "listAgentApprovalComments",
        "commentAgentApproval",
    ),
};

const OF_TENANT: Names = Names {
    one: ("/v1/tenants/{tenant}/pendingApprovals/{approval}", "getApproval"),
    respond: ("/v1/tenants/{tenant}/pendingApprovals/{approval}:respond", "respondApproval"),
    cancel: ("/v1/tenants/{tenant}/pendingApprovals/{approval}:cancel", "cancelApproval"),
    decide: ("/v1/tenants/{tenant}/pendingApprovals/{approval}:decide", "decideApproval"),
    claim: ("/v1/tenants/{tenant}/pendingApprovals/{approval}:claim", "claimApproval"),
    release: ("/v1/tenants/{tenant}/pendingApprovals/{approval}:release", "releaseApproval"),
    comments: ("/v1/tenants/{tenant}/pendingApprovals/{approval}/comments", "listApprovalComments", "commentApproval"),
};

pub fn routes() -> Vec<Route> {
    let (read, write) = (Scope::ApprovalsRead, Scope::ApprovalsDecide);
    let mut routes = vec![
        Route::get("/v1/tenants/{tenant}/pendingApprovals", "listApprovals", "Approvals of every agent: open ones first, oldest first")
            .scope(read)
            .query::<OfTenant>()
            .answers::<Approvals>(200)
            .to(list::of_tenant),
        Route::get("/v1/tenants/{tenant}/pendingApprovals/counts", "countApprovals", "How many are open, for whom, and since when")
            .scope(read)
            .answers::<Counts>(200)
            .to(list::counts),
        Route::post("/v1/tenants/{tenant}/pendingApprovals:decide", "decideApprovals", "Several decisions, each for itself")
            .scope(write)
            .takes::<DecideMany>()
            .answers::<DecideResults>(200)
            .settles()
            .to(decide::decide_many),
        Route::get("/v1/tenants/{tenant}/agents/{agent}/pendingApprovals", "listAgentApprovals", "Approvals of one agent")
            .scope(read)
            .query::<OfAgent>()
            .answers::<Approvals>(200)
            .to(list::of_agent),
    ];
    routes.extend(shared(&OF_AGENT));
    routes.extend(shared(&OF_TENANT));
    routes
}

fn shared(names: &Names) -> Vec<Route> {
    let (read, write) = (Scope::ApprovalsRead, Scope::ApprovalsDecide);
    vec![
        Route::get(names.one.0, names.one.1, "An approval, open or not, with exactly what would be done")
            .scope(read)
            .answers::<Approval>(200)
            .to(get),
        Route::post(names.respond.0, names.respond.1, "`approve`, or the reason of a rejection")
            .scope(write)
            .takes::<Respond>()
            .answers::<Approval>(200)
            .settles()
            .to(decide::respond),
        Route::post(names.cancel.0, names.cancel.1, "Take it back: a rejection that says so; its execution goes on from there")
            .scope(write)
            .may_take::<Cancel>()
            .answers::<Approval>(200)
            .settles()
            .to(decide::cancel),
        Route::post(names.decide.0, names.decide.1, "Decide on exactly the digest that was shown")
            .scope(write)
            .takes::<Decide>()
            .answers::<Approval>(200)
            .settles()
            .to(decide::decide),
        Route::post(names.claim.0, names.claim.1, "Tell the others that you are looking; nobody is kept from deciding")
            .scope(write)
            .may_take::<Claim>()
            .answers::<Approval>(200)
            .to(talk::claim),
        Route::post(names.release.0, names.release.1, "Give a claim back").scope(write).answers::<Approval>(200).to(talk::release),
        Route::get(names.comments.0, names.comments.1, "What people said about it, oldest first")
            .scope(read)
            .query::<CommentsQuery>()
            .answers::<Comments>(200)
            .to(talk::comments),
        Route::post(names.comments.0, names.comments.2, "Say something about it")
            .scope(write)
            .takes::<NewComment>()
            .answers::<Comment>(201)
            .creates()
            .to(talk::comment),
    ]
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let known = find(&call).await?;
    Answer::json(&show(&call, known)?)
}

/// The approval that the path names. Under an agent, one of another agent's is as unknown as one that does not exist.
async fn find(call: &Call) -> Result<KnownQuestion, Problem> {
    let name = call.parameter("approval")?;
    let known = call.app.engine.of(&call.tenant).question(question_id(name)?).await.map_err(|error| match error {
        crate::engine::Error::NotFound { .. } => unknown(name),
        error => error.into(),
    })?;
    match call.parameters.get("agent") {
        Some(agent) if *agent != known.asked.flow => Err(unknown(name)),
        _ => Ok(known),
    }
}

fn question_id(name: &str) -> Result<QuestionId, Problem> {
    name.parse().map_err(|_| unknown(name))
}

fn unknown(name: &str) -> Problem {
    Problem::not_found("approval", name)
}

/// An approval as the caller may see it.
fn show(call: &Call, known: KnownQuestion) -> Result<Approval, Problem> {
    let summary = call.app.catalog.store().summary(&call.tenant, known.asked.execution).map_err(crate::catalog::Error::from)?;
    let summary = summary.ok_or_else(|| unknown(&known.asked.question.id.to_string()))?;
    let claim = call.app.catalog.claim_of(&call.tenant, known.asked.question.id, call.now)?;
    let can_decide = call.caller()?.key.may(Scope::ApprovalsDecide);
    Ok(Approval::of(known, Around { summary: &summary, claim, viewer: &call.person()?, can_decide }))
}
