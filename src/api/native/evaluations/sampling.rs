//! One sample of a run: its execution is started, watched to its end and scored. Every step can be done again: what is there already is
//! found by its id.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::judging;
use super::running::Driving;
use crate::api::blocking::blocking;
use crate::api::budgeted;
use crate::api::native::execute;
use crate::api::problem::Problem;
use crate::api::unattended;
use crate::catalog;
use crate::catalog::evaluations::rows::{Canned, Outcome, Part, PinnedRow, Reason, ResultRow, ResultState, Sample, Score};
use crate::catalog::evaluations::scoring::{self, Observed};
use crate::clock;
use crate::engine::{self, Answered, EngineHandle, FlowRef, Notice, Notices, Snapshot, StartRequest};
use crate::ids::{ExecutionId, NanoUsd, QuestionId, TimeMs};
use crate::machine::Refusal;
use crate::machine::call::CallError;
use crate::machine::input::{Mode, Purpose, Trigger};
use crate::machine::question::{Decision, Person, QuestionKind, Verdict};
use crate::machine::summary::{Ended, Status, Summary, WaitingFor};

/// What began the executions of a run.
pub const TRIGGER: &str = "EVALUATION";
/// Labels of an execution: its run, its sample, and what it is for.
pub const LABEL_RUN: &str = "evaluationRun";
pub const LABEL_DATASET: &str = "evaluationDataset";
pub const LABEL_SAMPLE: &str = "evaluationSample";
pub const LABEL_ROLE: &str = "evaluationRole";
/// The role of the flow that is measured.
pub const ROLE_SAMPLE: &str = "sample";
/// Attempts at a start that may work later; the pauses between them make some minutes.
const TRIES_MAX: u32 = 12;
const PAUSE_FIRST_MS: u64 = 250;
const PAUSE_MAX_MS: u64 = 60_000;
/// How long an execution that was told to stop may take to do so.
const STOPPING: Duration = Duration::from_secs(60);
/// People that a quorum may ask for.
const VOTERS_MAX: u32 = 20;
/// Of an output, in a result.
const OUTPUT_BYTES_MAX: usize = 4 << 10;
/// Children that are looked into for what they wait for.
const DEPTH_MAX: usize = 16;

/// What became of a sample.
pub enum Settled {
    Done(Box<Outcome>),
    /// The run was cancelled before it began.
    NotRun,
    /// No other sample would fare better.
    Stopped(Reason),
}

/// What became of a start.
pub enum Began {
    Yes,
    /// This one cannot.
    Refused(Reason),
    /// None can.
    Stopped(Reason),
    Cancelled,
}

/// Brings a sample to its end.
///
/// # Errors
/// When something cannot be read or written; the run is then taken up again.
pub async fn settle(driving: &Driving, number: u64) -> Result<Settled, Problem> {
    let (catalog, tenant, run) = (&driving.app.catalog, &driving.tenant, &driving.row.id);
    let result = catalog.result(tenant, run, number)?.value;
    if let Some(outcome) = result.outcome {
        return Ok(Settled::Done(Box::new(outcome)));
    }
    let execution = driving.row.execution(tenant, number, Part::Flow);
    if result.state == ResultState::Pending {
        if driving.cancelled.is_cancelled() {
            return Ok(Settled::NotRun);
        }
        if let Some(reason) = result.halt {
            return Ok(Settled::Done(Box::new(broken(reason, None))));
        }
        catalog.begin_sample(tenant, run, number, execution).await?;
    }
    let pinned = catalog.pinned(tenant, run, number)?;
    match begin(driving, number, &pinned, execution).await? {
        Began::Yes => {}
        Began::Refused(reason) => return Ok(Settled::Done(Box::new(broken(reason, None)))),
        Began::Stopped(reason) => return Ok(Settled::Stopped(reason)),
        Began::Cancelled => return Ok(Settled::NotRun),
    }
    let result = catalog.result(tenant, run, number)?.value;
    let Some((snapshot, halt)) = Watch::new(driving, &result, &pinned.sample, execution).until_over().await? else {
        return Ok(Settled::Done(Box::new(broken(Reason::new("purged", "its execution is not kept any more"), None))));
    };
    let ended = snapshot.ended.clone().unwrap_or_else(|| unfinished(&snapshot.summary));
    if halt.is_some() || ended.status != Status::Completed {
        let reason = halt.unwrap_or_else(|| of_error(ended.error.as_ref(), ended.status));
        return Ok(Settled::Done(Box::new(broken(reason, Some((&ended, &snapshot.summary))))));
    }
    scored(driving, number, pinned, &ended, &snapshot.summary).await
}

fn unfinished(summary: &Summary) -> Ended {
    let (tokens, cost) = (summary.tokens, summary.cost);
    Ended { status: summary.status, output: Value::Null, error: None, tokens, cost, used: crate::machine::call::Used::default() }
}

fn of_error(error: Option<&CallError>, status: Status) -> Reason {
    match error {
        Some(error) => Reason::new(&error.code, error.message.clone()),
        None => Reason::new(&status.native().to_lowercase(), format!("the execution ended as {}", status.native())),
    }
}

/// A sample whose execution did not complete scores nothing; where the run was cancelled there is no score at all.
fn broken(reason: Reason, ended: Option<(&Ended, &Summary)>) -> Outcome {
    let is_cancelled = reason.code == CANCELLED;
    Outcome {
        score: (!is_cancelled).then_some(0.0),
        passed: false,
        scores: Vec::new(),
        error: Some(reason),
        output: Value::Null,
        output_cut: false,
        cost: ended.map_or(NanoUsd(0), |(ended, _)| ended.cost),
        judge_cost: NanoUsd(0),
        judge_calls: 0,
        tokens: ended.map_or(0, |(ended, _)| ended.tokens),
        duration_ms: ended.and_then(|(_, summary)| summary.duration_ms()).unwrap_or(0),
    }
}

/// The code of a sample that was stopped with its run.
const CANCELLED: &str = "run_cancelled";

/// Starts an execution unless it is there, and tries again what may work later.
async fn begin(driving: &Driving, number: u64, pinned: &PinnedRow, execution: ExecutionId) -> Result<Began, Problem> {
    let engine = driving.app.engine.of(&driving.tenant);
    if is_there(driving, execution)? {
        // With its children, so that what it waits for is seen as it is. One that has ended is left as it is.
        return match engine.resume(execution).await {
            Ok(()) | Err(engine::Error::Refused(_) | engine::Error::Quarantined { .. }) => Ok(Began::Yes),
            Err(error) => Err(error.into()),
        };
    }
    let request = match request(driving, &engine, number, pinned, execution).await {
        Ok(Ok(request)) => request,
        Ok(Err(error)) => return Ok(Began::Stopped(Reason::new(&error.code, error.message))),
        Err(problem) if problem.status >= 500 => return Err(problem),
        Err(problem) => return Ok(Began::Stopped(Reason::new(&problem.code, problem.detail))),
    };
    started(driving, &engine, request).await
}

/// Whether an execution has begun already.
///
/// # Errors
/// When the store cannot be read.
pub fn is_there(driving: &Driving, execution: ExecutionId) -> Result<bool, Problem> {
    let summary = driving.app.catalog.store().summary(&driving.tenant, execution).map_err(catalog::Error::from)?;
    Ok(summary.is_some())
}

/// Hands a start to the engine until it is taken or refused for good.
///
/// # Errors
/// When the server stops, or the store cannot do it.
pub async fn started(driving: &Driving, engine: &EngineHandle, request: StartRequest) -> Result<Began, Problem> {
    for tries in 0..TRIES_MAX {
        if driving.cancelled.is_cancelled() {
            return Ok(Began::Cancelled);
        }
        let problem = match engine.start(request.clone()).await {
            Ok(_) | Err(engine::Error::Refused(Refusal::Exists)) => return Ok(Began::Yes),
            Err(engine::Error::Refused(Refusal::Input(message))) => return Ok(Began::Refused(Reason::new("bad_input", message))),
            Err(error @ (engine::Error::Busy { .. } | engine::Error::Tools { .. })) => Problem::from(error),
            Err(error @ (engine::Error::Stopped | engine::Error::Store(_) | engine::Error::Spawn(_))) => return Err(error.into()),
            Err(error) => {
                let problem = Problem::from(error);
                return Ok(Began::Stopped(Reason::new(&problem.code, problem.detail)));
            }
        };
        if tries + 1 == TRIES_MAX {
            return Ok(Began::Stopped(Reason::new(&problem.code, problem.detail)));
        }
        let pause_ms = PAUSE_FIRST_MS.saturating_mul(1 << tries.min(20)).min(PAUSE_MAX_MS);
        tokio::select! {
            () = driving.cancelled.cancelled() => {}
            () = tokio::time::sleep(Duration::from_millis(pause_ms)) => {}
        }
    }
    Ok(Began::Cancelled)
}

/// The start of a sample; or why the agent may not start now.
async fn request(
    driving: &Driving,
    engine: &EngineHandle,
    number: u64,
    pinned: &PinnedRow,
    execution: ExecutionId,
) -> Result<Result<StartRequest, CallError>, Problem> {
    let (app, row, tenant) = (&driving.app, &driving.row, &driving.tenant);
    let agent = unattended::enabled_agent(&app.catalog, tenant, &row.agent)?;
    let environment = app.catalog.usable_environment(tenant, &row.options.environment)?;
    let flow = FlowRef { name: agent.id.clone(), revision: row.revision, digest: row.digest };
    let is_rehearsed = unattended::is_rehearsed(app, engine, &flow).await?;
    let mut script = pinned.sample.effects.clone().unwrap_or_default();
    if is_rehearsed {
        for (step, answer) in unattended::script(app, &agent.id).unwrap_or_default() {
            script.entry(step).or_insert(answer);
        }
    }
    let resolver = unattended::resolver(&app.catalog, tenant, environment.slug.clone());
    let refused = budgeted::refusal(app, tenant, &agent.id, Purpose::Evaluation, &flow, &resolver, clock::now()).await?;
    if let Some(error) = refused {
        return Ok(Err(error));
    }
    let config = unattended::config(engine, &flow, &environment).await?;
    let request = StartRequest::new(flow, Value::Object(pinned.input.clone()), starter(driving));
    Ok(Ok(StartRequest {
        execution: Some(execution),
        config,
        mode: if is_rehearsed { Mode::Rehearsal } else { Mode::Evaluation },
        script: (!script.is_empty()).then_some(script),
        environment: Some(environment.slug),
        session: Some(Uuid::now_v7().to_string()),
        purpose: Purpose::Evaluation,
        trigger: Some(Trigger { kind: TRIGGER.to_owned(), id: Some(row.id.clone()) }),
        labels: labels(driving, number, ROLE_SAMPLE),
        resolver: Some(resolver),
        ..request
    }))
}

/// In whose name executions of a run start.
pub fn starter(driving: &Driving) -> Person {
    Person { user: driving.row.created_by.clone(), ..Person::default() }
}

pub fn labels(driving: &Driving, number: u64, role: &str) -> std::collections::BTreeMap<String, String> {
    let (run, dataset) = (driving.row.id.clone(), driving.row.dataset.clone());
    let labels = [(LABEL_RUN, run), (LABEL_DATASET, dataset), (LABEL_SAMPLE, number.to_string()), (LABEL_ROLE, role.to_owned())];
    labels.map(|(name, value)| (name.to_owned(), value)).into()
}

/// An execution that is waited for.
struct Watch<'a> {
    driving: &'a Driving,
    number: u64,
    sample: &'a Sample,
    execution: ExecutionId,
    engine: EngineHandle,
    notices: Notices,
    /// Why it is being stopped.
    halt: Option<Reason>,
    /// When waiting for that is over.
    gives_up: Option<Instant>,
}

/// What keeps an execution from going on.
enum Obstacle {
    None,
    /// It was removed.
    Removed,
    Stands(Reason),
}

impl<'a> Watch<'a> {
    fn new(driving: &'a Driving, result: &ResultRow, sample: &'a Sample, execution: ExecutionId) -> Self {
        let engine = driving.app.engine.of(&driving.tenant);
        // Before it is read, so that nothing falls in between.
        let notices = engine.subscribe(execution);
        Self { driving, number: result.sample, sample, execution, engine, notices, halt: result.halt.clone(), gives_up: None }
    }

    /// Until it has ended, or does not in spite of being stopped; none: it is gone.
    async fn until_over(mut self) -> Result<Option<(Snapshot, Option<Reason>)>, Problem> {
        if let Some(reason) = self.halt.clone() {
            self.stop(reason).await?;
        }
        loop {
            let snapshot = match self.engine.snapshot(self.execution).await {
                // Somebody purged it, so that nobody can say what came of it.
                Err(engine::Error::NotFound { .. }) => return Ok(None),
                snapshot => snapshot?,
            };
            if snapshot.summary.status.is_final() || self.gives_up.is_some_and(|until| Instant::now() >= until) {
                return Ok(Some((snapshot, self.halt)));
            }
            if self.halt.is_none() {
                match self.obstacle(&snapshot).await? {
                    Obstacle::None => {}
                    Obstacle::Removed => continue,
                    Obstacle::Stands(reason) => {
                        self.stop(reason).await?;
                        continue;
                    }
                }
            }
            self.pause(snapshot.summary.started_at).await?;
        }
    }

    /// Until something may have changed.
    async fn pause(&mut self, started_at: TimeMs) -> Result<(), Problem> {
        let allowed_ms = self.driving.row.options.sample_ms_max;
        let left = Duration::from_millis(started_at.plus(allowed_ms).since(clock::now()));
        let until = self.gives_up.unwrap_or_else(|| Instant::now() + left);
        let is_stopping = self.halt.is_some();
        tokio::select! {
            rested = rested(&mut self.notices) => rested,
            () = self.driving.cancelled.cancelled(), if !is_stopping => self.stop(Reason::new(CANCELLED, "the run was cancelled")).await,
            () = tokio::time::sleep_until(until) => {
                if is_stopping {
                    return Ok(());
                }
                let message = format!("it took longer than {} seconds", allowed_ms / 1_000);
                self.stop(Reason::new("sample_timed_out", message)).await
            }
        }
    }

    /// The reason is durable before anything of it is done.
    async fn stop(&mut self, reason: Reason) -> Result<(), Problem> {
        let Driving { app, tenant, row, .. } = self.driving;
        let reason = app.catalog.halt_sample(tenant, &row.id, self.number, &reason).await?;
        let stopped = self.engine.cancel(self.execution, &format!("{}: {}", reason.code, reason.message), stand_in(1)).await;
        self.halt = Some(reason);
        self.gives_up = Some(Instant::now() + STOPPING);
        match stopped {
            Ok(()) | Err(engine::Error::Refused(_) | engine::Error::Quarantined { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn obstacle(&self, snapshot: &Snapshot) -> Result<Obstacle, Problem> {
        if let Some(reason) = &snapshot.quarantined {
            return Ok(Obstacle::Stands(Reason::new("quarantined", reason.clone())));
        }
        if !execute::is_settled(&snapshot.summary, snapshot.live) {
            return Ok(Obstacle::None);
        }
        if let Some(question) = execute::open_question(&self.engine, snapshot).await? {
            return self.answer(question).await;
        }
        match self.awaited_event(&snapshot.summary)? {
            Some(step) => {
                let message = format!("step `{step}` waits for a signal, which nobody sends in an evaluation");
                Ok(Obstacle::Stands(Reason::new("needs_event", message)))
            }
            None => Ok(Obstacle::None),
        }
    }

    /// The step that waits for a signal, here or in a child.
    fn awaited_event(&self, summary: &Summary) -> Result<Option<String>, Problem> {
        let mut open = summary.waiting_for.clone();
        let mut looked_at = 0;
        while let Some(waiting) = open.pop() {
            match waiting {
                WaitingFor::Event { step, .. } => return Ok(Some(step)),
                WaitingFor::Child { execution, .. } if looked_at < DEPTH_MAX => {
                    looked_at += 1;
                    let child = self.driving.app.catalog.store().summary(&self.driving.tenant, execution);
                    open.extend(child.map_err(catalog::Error::from)?.into_iter().flat_map(|child| child.waiting_for));
                }
                WaitingFor::Child { .. } | WaitingFor::Question { .. } | WaitingFor::Timer { .. } => {}
            }
        }
        Ok(None)
    }

    /// Answers a question as the sample says; as many times as its quorum wants.
    async fn answer(&self, id: QuestionId) -> Result<Obstacle, Problem> {
        let question = match self.engine.question(id).await {
            Ok(known) => known.asked.question,
            // It was withdrawn meanwhile.
            Err(engine::Error::NotFound { .. }) => return Ok(Obstacle::Removed),
            Err(error) => return Err(error.into()),
        };
        let canned = self.sample.decisions.get(&question.step).or_else(|| self.sample.decisions.get("*"));
        let is_for_people = !matches!(question.kind, QuestionKind::InDoubt | QuestionKind::Budget);
        let Some(canned) = canned.filter(|_| is_for_people) else {
            let message = format!("step `{}` asks people (\"{}\"), and the sample has no decision for it", question.step, question.title);
            return Ok(Obstacle::Stands(Reason::new("needs_person", message)));
        };
        let verdict = match canned {
            Canned::Approve => Verdict::Approve,
            Canned::Reject => Verdict::Reject,
            Canned::Respond(response) => Verdict::Respond { response: response.clone() },
        };
        let mut digest = question.digest;
        for voter in 1..=VOTERS_MAX {
            let reason = Some("the dataset says so".to_owned());
            let decision = Decision { question: id, digest, verdict: verdict.clone(), by: stand_in(voter), reason };
            match self.engine.decide(decision).await {
                Ok(Answered::Closed(_)) | Err(engine::Error::Refused(Refusal::Decided(_) | Refusal::NoQuestion)) => {
                    return Ok(Obstacle::Removed);
                }
                Ok(Answered::Open(open)) => digest = open.digest,
                // This one has voted before the last restart.
                Err(engine::Error::Refused(Refusal::NotAllowed(_))) if voter < VOTERS_MAX => {}
                Err(engine::Error::Refused(refusal)) => {
                    let message = format!("step `{}` does not take the sample's decision: {refusal}", question.step);
                    return Ok(Obstacle::Stands(Reason::new("bad_decision", message)));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let message = format!("step `{}` asks for more than {VOTERS_MAX} people", question.step);
        Ok(Obstacle::Stands(Reason::new("bad_decision", message)))
    }
}

/// Who decides in the place of people.
fn stand_in(voter: u32) -> Person {
    Person { user: format!("evaluation-{voter}"), roles: Vec::new(), every_role: true }
}

/// Waits until nothing moves it for now.
///
/// # Errors
/// 503 while the server stops.
pub async fn rested(notices: &mut Notices) -> Result<(), Problem> {
    loop {
        match notices.next().await {
            Some(Notice::Committed { .. } | Notice::Chunk { .. }) => {}
            Some(Notice::Idle { .. } | Notice::Quarantined { .. } | Notice::Missed { .. }) => return Ok(()),
            None => return Err(engine::Error::Stopped.into()),
        }
    }
}

/// The score of a completed execution: what can be told from the output, then what judges say.
async fn scored(driving: &Driving, number: u64, pinned: PinnedRow, ended: &Ended, summary: &Summary) -> Result<Settled, Problem> {
    let duration_ms = summary.duration_ms().unwrap_or(0);
    let execution = json!({"durationMs": duration_ms, "cost": ended.cost.usd(), "tokens": ended.tokens});
    let (scorers, output, kept) = (driving.row.scorers.clone(), ended.output.clone(), pinned.clone());
    let told: Vec<Option<Score>> = blocking(move || {
        let PinnedRow { sample, input } = &kept;
        let observed = Observed { output: &output, input, sample, execution };
        Ok(scorers.iter().map(|scorer| scorer.applies(sample).then(|| scoring::score(scorer, &observed)).flatten()).collect())
    })
    .await?;
    let (mut said, mut judge_cost, mut judge_calls) = (Vec::new(), NanoUsd(0), 0);
    for ((place, scorer), told) in driving.row.scorers.iter().enumerate().zip(told) {
        if let Some(score) = told {
            said.push(score);
        } else if scorer.applies(&pinned.sample) {
            match judging::judge(driving, number, place, &pinned.sample, &ended.output).await? {
                judging::Judged::Said { score, cost } => {
                    judge_cost = judge_cost.plus(cost);
                    judge_calls += 1;
                    said.push(score);
                }
                judging::Judged::Stopped(reason) => return Ok(Settled::Stopped(reason)),
                judging::Judged::Cancelled => {
                    let reason = Reason::new(CANCELLED, "the run was cancelled before it was judged");
                    let outcome = Outcome { judge_cost, judge_calls, ..broken(reason, Some((ended, summary))) };
                    return Ok(Settled::Done(Box::new(outcome)));
                }
            }
        }
    }
    let (score, passed) = scoring::total(&driving.row.scorers, &said);
    let (output, output_cut) = excerpt(&ended.output);
    let (cost, tokens) = (ended.cost, ended.tokens);
    let outcome =
        Outcome { score, passed, scores: said, error: None, output, output_cut, cost, judge_cost, judge_calls, tokens, duration_ms };
    Ok(Settled::Done(Box::new(outcome)))
}

fn excerpt(output: &Value) -> (Value, bool) {
    let text = crate::machine::validate::text_of(output);
    if text.len() <= OUTPUT_BYTES_MAX {
        return (output.clone(), false);
    }
    (Value::String(crate::machine::clipped(text, OUTPUT_BYTES_MAX)), true)
}
