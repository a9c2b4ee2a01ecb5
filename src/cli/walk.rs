//! Walks an execution in this process until it ends, waits, or is interrupted: shows progress, asks questions, says how to go on.
//! What `run`, `exec resume`, `exec retry` and `exec fork` share.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;

use super::args::Context;
use super::ask::{self, Reply};
use super::error::{Error, Exit};
use super::output::{Accent, Format, dollars, duration};
use super::progress::Progress;
use super::session::Session;
use super::view;
use crate::clock;
use crate::engine::{self, Answered, Notice, Notices, QuestionRef, Snapshot};
use crate::flow::spec;
use crate::ids::{ExecutionId, QuestionId, TimeMs};
use crate::machine::Refusal;
use crate::machine::event::{Event, Recorded};
use crate::machine::question::{Decision, QuestionKind, Verdict};
use crate::machine::summary::{Status, WaitingFor};
use crate::present::visible::{one_line, visible};

/// Calls that are running when the process is interrupted get this long to end; what does not is lost, or in doubt.
const INTERRUPTED_GRACE: Duration = Duration::from_secs(2);
/// Events read at once when catching up.
const EVENTS_PAGE: usize = 1_000;
/// How long after a timer was due we look again without having heard anything.
const TIMER_SLACK_MS: u64 = 500;

/// Who answers questions while the execution walks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Approve {
    /// Ask in the terminal; without one, as `none`
    #[default]
    Ask,
    /// Approve every approval; other questions stay open
    All,
    /// Leave every question open
    None,
}

/// Flags of the commands that walk.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Who answers questions
    #[arg(long, value_enum, default_value_t, value_name = "WHO")]
    pub approve: Approve,
    /// Wait this long for a timer; for a later one the execution is parked
    #[arg(long, default_value = "60s", value_name = "DURATION")]
    pub wait: spec::Duration,
}

/// An execution that is about to move, and what we know of it.
pub struct Watched {
    pub id: ExecutionId,
    pub notices: Notices,
    pub progress: Progress,
}

/// How a walk came to rest.
enum Rest {
    Settled,
    Interrupted,
}

struct Walk<'a> {
    context: &'a Context,
    session: &'a Session,
    root: ExecutionId,
    options: &'a Options,
    progress: Progress,
    notices: Notices,
    interrupt: Interrupt,
    /// Questions that nobody here will answer.
    left_open: HashSet<QuestionId>,
}

/// The execution and its children, as far as they wait.
struct Standing {
    root: Snapshot,
    questions: Vec<QuestionRef>,
    /// When a timer moves something next.
    due: Option<TimeMs>,
}

/// Walks `id` until it rests, prints the result, ends the session. `notices` must have been subscribed to before the execution moved;
/// `progress` knows what happened before that.
///
/// # Errors
/// When the engine or the store fails.
pub async fn walk(context: &Context, session: Session, watched: Watched, options: &Options) -> Result<Exit, Error> {
    let Watched { id, notices, progress } = watched;
    let interrupt = Interrupt::new()?;
    let mut walk = Walk { context, session: &session, root: id, options, progress, notices, interrupt, left_open: HashSet::new() };
    let rest = walk.until_rest().await;
    walk.progress.pause();
    let Walk { progress, mut interrupt, .. } = walk;
    let rest = rest?;
    let Standing { root: snapshot, questions, .. } = standing(&session.engine, id).await?;
    let grace = match rest {
        Rest::Interrupted => INTERRUPTED_GRACE,
        Rest::Settled => Duration::ZERO,
    };
    if matches!(rest, Rest::Interrupted) {
        context.output.note("\nstopping …  (Ctrl-C again: at once)");
    }
    let parked = tokio::select! {
        parked = session.close(grace) => Some(parked),
        () = interrupt.next() => None,
    };
    result(context, &snapshot, &questions, &progress);
    if let Rest::Interrupted = rest {
        let cut = parked.map_or(0, |parked| parked.calls_cut);
        if cut > 0 {
            context.output.note(&format!("{cut} running calls were cut off"));
        }
        let resume = context.command(&format!("exec resume {id}"));
        context.output.note(&format!("parked {id}; nothing is lost. Go on with:\n  {resume}"));
        return Ok(Exit::Interrupted);
    }
    Ok(exit(&snapshot))
}

/// The exit code that tells how an execution stands.
#[must_use]
pub fn exit(snapshot: &Snapshot) -> Exit {
    match snapshot.summary.status {
        _ if snapshot.quarantined.is_some() => Exit::Failed,
        Status::Completed => Exit::Completed,
        Status::Failed | Status::TimedOut | Status::Rejected => Exit::Failed,
        Status::Cancelled => Exit::Cancelled,
        Status::Running | Status::WaitingPerson | Status::WaitingAsync => Exit::Waiting,
    }
}

impl Walk<'_> {
    async fn until_rest(&mut self) -> Result<Rest, Error> {
        loop {
            let standing = standing(&self.session.engine, self.root).await?;
            if standing.root.summary.status.is_final() || standing.root.quarantined.is_some() {
                self.drain();
                return Ok(Rest::Settled);
            }
            if let Some(asked) = standing.questions.iter().find(|asked| !self.left_open.contains(&asked.question.id)) {
                self.drain();
                if matches!(self.answer(asked).await?, Rest::Interrupted) {
                    return Ok(Rest::Interrupted);
                }
                continue;
            }
            let patience_ms = match (standing.root.live, standing.due) {
                (true, _) => None,
                (false, Some(due)) if due.since(clock::now()) <= self.options.wait.ms => Some(due.since(clock::now()) + TIMER_SLACK_MS),
                (false, _) => {
                    self.drain();
                    return Ok(Rest::Settled);
                }
            };
            if matches!(self.listen(patience_ms).await?, Rest::Interrupted) {
                return Ok(Rest::Interrupted);
            }
        }
    }

    /// Shows what happens until something may have changed how the execution stands, or the patience is over.
    async fn listen(&mut self, patience_ms: Option<u64>) -> Result<Rest, Error> {
        let limit = Duration::from_millis(patience_ms.unwrap_or(u64::MAX / 4));
        let over = tokio::time::sleep(limit);
        tokio::pin!(over);
        loop {
            let notice = tokio::select! {
                notice = self.notices.next() => notice,
                () = self.interrupt.next() => return Ok(Rest::Interrupted),
                () = &mut over => return Ok(Rest::Settled),
            };
            let Some(notice) = notice else { return Err(Error::from(engine::Error::Stopped)) };
            if self.take(notice).await? {
                return Ok(Rest::Settled);
            }
        }
    }

    /// Shows one notice; true when the execution has to be looked at again.
    async fn take(&mut self, notice: Notice) -> Result<bool, Error> {
        match notice {
            Notice::Committed { execution, events } => {
                self.show(execution, &events);
                Ok(events.iter().any(|recorded| matches!(recorded.event, Event::Asked { .. } | Event::Ended { .. })))
            }
            Notice::Chunk { execution, name, text, .. } => {
                self.progress.chunk(execution, &name, &text);
                Ok(false)
            }
            Notice::Missed { .. } => {
                self.read_missed().await?;
                Ok(true)
            }
            Notice::Idle { .. } | Notice::Quarantined { .. } => Ok(true),
        }
    }

    fn show(&mut self, execution: ExecutionId, events: &[Recorded]) {
        let new = self.progress.committed(execution, events);
        if self.context.output.format == Format::Ndjson {
            for recorded in new {
                self.context.output.json_line(&event_line(execution, recorded));
            }
        }
    }

    /// What was committed before we looked is shown before we ask or end.
    fn drain(&mut self) {
        while let Some(notice) = self.notices.try_next() {
            match notice {
                Notice::Committed { execution, events } => self.show(execution, &events),
                Notice::Chunk { execution, name, text, .. } => self.progress.chunk(execution, &name, &text),
                Notice::Idle { .. } | Notice::Quarantined { .. } | Notice::Missed { .. } => {}
            }
        }
        self.progress.pause();
    }

    async fn read_missed(&mut self) -> Result<(), Error> {
        let mut executions: Vec<ExecutionId> = self.progress.executions().collect();
        executions.push(self.root);
        for execution in executions {
            loop {
                let next = self.progress.next_seq(execution);
                let events = self.session.engine.events(execution, next, EVENTS_PAGE).await;
                // A child that is announced but not yet created has no events.
                let Ok(events) = events else { break };
                self.show(execution, &events);
                if events.len() < EVENTS_PAGE {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Answers a question, as `--approve` says, or leaves it open.
    async fn answer(&mut self, asked: &QuestionRef) -> Result<Rest, Error> {
        let id = asked.question.id;
        let is_approval = matches!(asked.question.kind, QuestionKind::Approval | QuestionKind::ToolApproval);
        let reply = match self.options.approve {
            Approve::All if is_approval => Reply::Decide { verdict: Verdict::Approve, reason: Some("--approve all".to_owned()) },
            Approve::Ask if ask::can_ask() => {
                let spent = self.progress.spent();
                tokio::select! {
                    reply = ask::ask(self.context.output, asked, spent) => reply,
                    () = self.interrupt.next() => return Ok(Rest::Interrupted),
                }
            }
            Approve::All | Approve::Ask | Approve::None => Reply::Later,
        };
        let Reply::Decide { verdict, reason } = reply else {
            self.left_open.insert(id);
            return Ok(Rest::Settled);
        };
        let decision = Decision { question: id, digest: asked.question.digest, verdict, by: self.context.person.clone(), reason };
        match self.session.engine.decide(decision).await {
            Ok(Answered::Closed(_)) => {}
            Ok(Answered::Open(question)) => {
                let count = question.votes.len();
                self.context
                    .output
                    .note(&format!("counted; {count} of {} votes. Others have to decide too.", question.approvers.quorum.max(1)));
                self.left_open.insert(id);
            }
            Err(engine::Error::Refused(refusal)) => self.refused(asked, &refusal),
            Err(error) => return Err(error.into()),
        }
        Ok(Rest::Settled)
    }

    /// A decision that was not taken. Where asking again makes sense, the question stays in line.
    fn refused(&mut self, asked: &QuestionRef, refusal: &Refusal) {
        self.context.output.error(&refusal.to_string());
        let ask_again = matches!(refusal, Refusal::Answer(_) | Refusal::Digest | Refusal::NoQuestion | Refusal::Decided(_));
        if !ask_again || self.options.approve != Approve::Ask {
            self.left_open.insert(asked.question.id);
        }
    }
}

/// Looks at an execution and at every child that it waits for.
async fn standing(engine: &engine::EngineHandle, root: ExecutionId) -> Result<Standing, Error> {
    let snapshot = engine.snapshot(root).await.map_err(Error::from)?;
    let mut standing = Standing { root: snapshot.clone(), questions: Vec::new(), due: None };
    let mut timers: Vec<TimeMs> = Vec::new();
    let mut deadlines: Vec<TimeMs> = Vec::new();
    let mut looking = vec![snapshot];
    while let Some(snapshot) = looking.pop() {
        let flow = snapshot.summary.flow.clone();
        let execution = snapshot.id;
        standing.questions.extend(snapshot.questions.into_iter().map(|question| QuestionRef { execution, flow: flow.clone(), question }));
        deadlines.extend(snapshot.summary.deadline);
        for waiting in &snapshot.summary.waiting_for {
            match waiting {
                WaitingFor::Timer { due, .. } => timers.push(*due),
                // A child that does not exist yet is about to be created.
                WaitingFor::Child { execution, .. } => looking.extend(engine.snapshot(*execution).await.ok()),
                WaitingFor::Question { .. } | WaitingFor::Event { .. } => {}
            }
        }
    }
    // With a question open the deadline may be its own expiry, which nobody should sit and wait for.
    let dues = if standing.questions.is_empty() { deadlines } else { timers };
    standing.due = dues.into_iter().min();
    Ok(standing)
}

/// The line of one event in `-o ndjson`.
#[must_use]
pub fn event_line(execution: ExecutionId, recorded: &Recorded) -> Value {
    let mut line = serde_json::json!({"id": execution, "seq": recorded.seq, "at_ms": recorded.at});
    if let (Some(line), Ok(Value::Object(fields))) = (line.as_object_mut(), serde_json::to_value(&recorded.event)) {
        line.extend(fields);
    }
    line
}

/// Prints how the execution stands: data first, then what a person may want to do next.
fn result(context: &Context, snapshot: &Snapshot, questions: &[QuestionRef], progress: &Progress) {
    let output = context.output;
    match output.format {
        Format::Json => output.json(&view::execution(snapshot)),
        Format::Ndjson => output.json_line(&view::execution(snapshot)),
        Format::Text => {
            if let (Status::Completed, Some(ended)) = (snapshot.summary.status, &snapshot.ended) {
                output.data(&crate::present::action::pretty(&ended.output));
            }
        }
    }
    let summary = &snapshot.summary;
    if let Some(error) = snapshot.ended.as_ref().and_then(|ended| ended.error.as_ref()) {
        output.error(&format!("{}: {}", error.code, error.message));
    }
    if let Some(reason) = &snapshot.quarantined {
        output.error(&format!("set aside after repeated failures: {reason}"));
    }
    for waiting in &summary.waiting_for {
        output.note(&format!("{} {}", output.accent(Accent::Attention, "waiting:"), view::waiting_text(waiting)));
        next_commands(context, snapshot, waiting);
    }
    for asked in questions.iter().filter(|asked| asked.execution != snapshot.id) {
        let command = context.command(&format!("approval show {}", asked.question.id));
        let asks = super::tree::question_word(asked.question.kind);
        context.output.note(&format!("its child {} {asks}: {}\n  {command}", visible(&asked.flow), one_line(&asked.question.title, 80)));
    }
    let elapsed = summary.ended_at.map(|at| format!(" after {}", duration(at.since(summary.started_at)))).unwrap_or_default();
    let (tokens, cost) = (summary.tokens.max(progress.spent().0), summary.cost.max(progress.spent().1));
    let status = output.accent(view::status_accent(summary.status.native()), summary.status.native());
    output.note(&format!("{status}{elapsed} · {tokens} tokens · {}", dollars(cost.usd())));
    output.note(&format!("trace: {}", context.command(&format!("exec trace {}", snapshot.id))));
}

fn next_commands(context: &Context, snapshot: &Snapshot, waiting: &WaitingFor) {
    let id = snapshot.id;
    let mut commands = Vec::new();
    match waiting {
        WaitingFor::Question { id: question, question: QuestionKind::InDoubt, .. } => {
            commands.push(format!("approval resolve {question} --retry | --happened JSON | --fail"));
        }
        WaitingFor::Question { id: question, question: QuestionKind::Ask, .. } => {
            commands.push(format!("approval respond {question} JSON"));
        }
        WaitingFor::Question { id: question, .. } => {
            commands.push(format!("approval show {question}"));
            commands.push(format!("approval approve {question}"));
        }
        WaitingFor::Event { names, .. } => commands.extend(names.iter().map(|name| format!("signal {id} {name} --payload JSON"))),
        WaitingFor::Timer { .. } | WaitingFor::Child { .. } => {}
    }
    commands.push(format!("exec resume {id}"));
    for command in commands {
        context.output.note(&format!("  {}", context.command(&command)));
    }
}

/// Ctrl-C and SIGTERM, from the moment it is made: neither ends the process by itself any more.
pub struct Interrupt {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

impl Interrupt {
    /// # Errors
    /// When the handlers cannot be installed.
    #[cfg(unix)]
    pub fn new() -> Result<Self, Error> {
        use tokio::signal::unix::{SignalKind, signal};
        let install = |kind| signal(kind).map_err(|error| Error::Failed(format!("cannot listen for signals: {error}")));
        Ok(Self { signals: [install(SignalKind::interrupt())?, install(SignalKind::terminate())?] })
    }

    /// # Errors
    /// None on this platform.
    #[cfg(not(unix))]
    pub fn new() -> Result<Self, Error> {
        Ok(Self {})
    }

    /// The next one.
    #[cfg(unix)]
    pub async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }

    /// The next one.
    #[cfg(not(unix))]
    pub async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Reads what happened before this process, so that new lines know their place.
///
/// # Errors
/// When the journal cannot be read.
pub async fn history(session: &Session, id: ExecutionId, progress: &mut Progress) -> Result<(), Error> {
    let mut left = vec![id];
    let mut seen = HashSet::new();
    while let Some(execution) = left.pop() {
        if !seen.insert(execution) {
            continue;
        }
        loop {
            let events = session.engine.events(execution, progress.next_seq(execution), EVENTS_PAGE).await;
            let Ok(events) = events else { break };
            progress.catch_up(execution, &events);
            if events.len() < EVENTS_PAGE {
                break;
            }
        }
        left.extend(progress.executions().filter(|child| !seen.contains(child)));
    }
    Ok(())
}
