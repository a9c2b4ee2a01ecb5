//! A judge of a sample: an execution of the judge's flow, found by its id if it is there already.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::running::Driving;
use super::sampling::{self, Began};
use crate::api::budgeted;
use crate::api::problem::Problem;
use crate::api::unattended;
use crate::catalog::evaluations::judging as flows;
use crate::catalog::evaluations::rows::{Part, Reason, Sample, Score};
use crate::clock;
use crate::engine::{self, EngineHandle, FlowRef, Snapshot, StartRequest};
use crate::ids::{ExecutionId, NanoUsd};
use crate::machine::input::{Mode, Purpose, Trigger};

/// How long a judge may take, its retries included.
const JUDGING: Duration = Duration::from_secs(600);

/// What a judge came to.
pub enum Judged {
    Said {
        score: Score,
        cost: NanoUsd,
    },
    /// No other sample would be judged either.
    Stopped(Reason),
    Cancelled,
}

/// Asks the judge at this place among the scorers.
///
/// # Errors
/// When something cannot be read or started; the run is then taken up again.
pub async fn judge(driving: &Driving, number: u64, place: usize, sample: &Sample, output: &Value) -> Result<Judged, Problem> {
    let (row, tenant) = (&driving.row, &driving.tenant);
    let scorer = &row.scorers[place];
    let Some(flow) = row.judges.iter().find(|judge| judge.scorer == place) else {
        return Ok(Judged::Stopped(Reason::new("internal", "a judge has no flow")));
    };
    let engine = driving.app.engine.of(tenant);
    let flow = FlowRef { name: row.agent.clone(), revision: 0, digest: flow.digest };
    let execution = row.execution(tenant, number, Part::Judge(place));
    if !sampling::is_there(driving, execution)?
        && let Some(reason) = refusal(driving, &flow).await?
    {
        return Ok(Judged::Stopped(reason));
    }
    let is_rehearsed = unattended::is_rehearsed(&driving.app, &engine, &flow).await?;
    let request = StartRequest::new(flow, flows::question(scorer, sample, output), sampling::starter(driving));
    let request = StartRequest {
        execution: Some(execution),
        mode: if is_rehearsed { Mode::Rehearsal } else { Mode::Evaluation },
        environment: Some(row.options.environment.clone()),
        purpose: Purpose::Evaluation,
        trigger: Some(Trigger { kind: sampling::TRIGGER.to_owned(), id: Some(row.id.clone()) }),
        labels: sampling::labels(driving, number, "judge"),
        ..request
    };
    match sampling::started(driving, &engine, request).await? {
        Began::Yes => {}
        Began::Refused(reason) => return Ok(Judged::Said { score: scorer.scored(None, Some(reason.message)), cost: NanoUsd(0) }),
        Began::Stopped(reason) => return Ok(Judged::Stopped(reason)),
        Began::Cancelled => return Ok(Judged::Cancelled),
    }
    let Some(snapshot) = ended(driving, &engine, execution).await? else { return Ok(Judged::Cancelled) };
    let cost = snapshot.summary.cost;
    let check = engine.trace(execution).await?.checks.into_iter().next_back();
    let said = check.and_then(|check| Some((check.score?, check.feedback)));
    // A judge that nobody can ask, in a server for trying things out, has no score of its own: every answer passes.
    let score = match said {
        Some((score, feedback)) => scorer.scored(Some(score), feedback),
        None => {
            let error = snapshot.ended.and_then(|ended| ended.error).map(|error| format!("{}: {}", error.code, error.message));
            scorer.scored(None, Some(error.unwrap_or_else(|| "the judge took too long".to_owned())))
        }
    };
    Ok(Judged::Said { score, cost })
}

/// Why no judge may start now: the agent is switched off, or its budget is used up. Judges cost as much as what they judge.
async fn refusal(driving: &Driving, flow: &FlowRef) -> Result<Option<Reason>, Problem> {
    let Driving { app, tenant, row, .. } = driving;
    match unattended::enabled_agent(&app.catalog, tenant, &row.agent) {
        Ok(_) => {}
        Err(problem) if problem.status >= 500 => return Err(problem),
        Err(problem) => return Ok(Some(Reason::new(&problem.code, problem.detail))),
    }
    let resolver = unattended::resolver(&app.catalog, tenant, row.options.environment.clone());
    let refused = budgeted::refusal(app, tenant, &row.agent, Purpose::Evaluation, flow, &resolver, clock::now()).await?;
    Ok(refused.map(|error| Reason::new(&error.code, error.message)))
}

/// The judge's execution once it has ended, or took too long; none: the run was cancelled.
async fn ended(driving: &Driving, engine: &EngineHandle, execution: ExecutionId) -> Result<Option<Snapshot>, Problem> {
    let until = Instant::now() + JUDGING;
    let mut notices = engine.subscribe(execution);
    loop {
        let snapshot = engine.snapshot(execution).await?;
        if snapshot.summary.status.is_final() || snapshot.quarantined.is_some() {
            return Ok(Some(snapshot));
        }
        let is_cancelled = tokio::select! {
            rested = sampling::rested(&mut notices) => {
                rested?;
                continue;
            }
            () = driving.cancelled.cancelled() => true,
            () = tokio::time::sleep_until(until) => false,
        };
        match engine.cancel(execution, "its evaluation does not wait for it", sampling::starter(driving)).await {
            Ok(()) | Err(engine::Error::Refused(_) | engine::Error::Quarantined { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        return Ok(if is_cancelled { None } else { Some(snapshot) });
    }
}
