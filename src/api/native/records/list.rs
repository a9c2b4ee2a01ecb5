//! Lists of records, by the contract's filters.

use super::{ALL, Record};
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::Route;
use crate::catalog::scopes::Scope;
use crate::engine::{EngineHandle, Filter, Listed};
use crate::ids::ExecutionId;

pub fn routes() -> Vec<Route> {
    vec![Route::get(ALL, "listExecutionRecords", "Records, newest first").scope(Scope::ExecutionsRead).answers::<Vec<Record>>(200).to(list)]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let agent = call.parameter("agent")?;
    call.app.catalog.agent(&call.tenant, agent)?;
    let engine = call.app.engine.of(&call.tenant);
    let rows = engine.list(Filter { flow: Some(agent.to_owned()), ..Filter::default() }).await?;
    let era = call.caller()?.era;
    let items: Vec<Record> = rows.iter().map(|row| Record::of(row.id, &row.summary, None, era)).collect();
    Answer::json(&items)
}

/// Every execution of a family, in the order of their starts.
pub(super) async fn family(engine: &EngineHandle, root: ExecutionId) -> Result<Vec<Listed>, Problem> {
    let snapshot = engine.snapshot(root).await?;
    Ok(vec![Listed { id: root, summary: snapshot.summary }])
}
