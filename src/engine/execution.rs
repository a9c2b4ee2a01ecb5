//! One live execution: decides its inputs in order, makes what they led to durable, and only then performs and answers. It is a cache of
//! its journal and may be dropped at any moment; everything that it knows and the journal does not is held by the directory as well.
//!
//! Inputs that arrive together are decided together into one commit. Up to `COMMITS_IN_FLIGHT_MAX` commits wait for the disk at once while
//! the next inputs are decided on the state that they will have led to; if one fails, the actor is poisoned: it stops deciding, lets the
//! commits before it settle, and reports itself gone.

use std::collections::VecDeque;
use std::sync::Arc;

use actix::{Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, Handler, WrapFuture};

use super::deciding::{self, Commit, Decided, Waiting};
use super::directory::Directory;
use super::hydrate::{self, Life, Origin};
use super::messages::{Answer, Answers, Between, Cause, Drain, Feed, Generation, Gone, Key, Loaded, Resting, Shared, Ticket};
use super::notice::Notice;
use super::perform::Work;
use super::{family, shared};
use crate::clock;
use crate::crash;
use crate::ids::{BootId, TimeMs};
use crate::machine::effect::Effect;
use crate::machine::event::Recorded;
use crate::machine::input::Body;
use crate::machine::summary::Summary;
use crate::store::{self, Chain, CommitError, Entry, Kind, Pending};

/// Commits of one execution that wait for the disk at once. A second one lets deciding overlap the sync; more only make smaller commits.
const COMMITS_IN_FLIGHT_MAX: usize = 2;
/// Of the journal that is kept for who waits; who waits for more reads it.
const KEPT_COMMITS_MAX: usize = 64;
const KEPT_BYTES_MAX: usize = 64 << 10;

pub(super) struct ExecutionActor {
    key: Key,
    generation: Generation,
    origin: Origin,
    shared: Shared,
    directory: Addr<Directory>,
    /// None until loaded, and while a slow decision is made elsewhere.
    life: Option<Life>,
    inbox: VecDeque<Waiting>,
    /// In the order of the journal.
    commits: VecDeque<Commit>,
    chain: Chain,
    /// Numbers commits, so that an acknowledgement finds its own.
    next_commit: u64,
    /// Set: it decides nothing more and reports this once its commits are settled.
    doom: Option<Cause>,
    /// A `Drain` is on its way.
    draining: bool,
    kept: Option<Kept>,
}

/// The journal from its beginning on, for whoever has waited for the rest since then: most are short, and need not be read again then.
#[derive(Default)]
struct Kept {
    commits: Vec<Arc<Vec<Recorded>>>,
    /// As they went into the log.
    bytes: usize,
}

impl Kept {
    /// One more commit, unless it makes this too much to keep.
    fn with(mut self, events: &Arc<Vec<Recorded>>, bytes: usize) -> Option<Self> {
        self.commits.push(Arc::clone(events));
        self.bytes += bytes;
        (self.commits.len() <= KEPT_COMMITS_MAX && self.bytes <= KEPT_BYTES_MAX).then_some(self)
    }
}

impl ExecutionActor {
    pub(super) fn new(key: Key, generation: Generation, origin: Origin, shared: Shared, directory: Addr<Directory>) -> Self {
        Self {
            key,
            generation,
            origin,
            shared,
            directory,
            life: None,
            inbox: VecDeque::new(),
            commits: VecDeque::new(),
            chain: Chain::default(),
            next_commit: 0,
            doom: None,
            draining: false,
            kept: None,
        }
    }

    /// A fresh one has nothing to read; a journal is read and replayed on a thread that may block, so that neighbours go on.
    fn load(&mut self, ctx: &mut Context<Self>) {
        if self.origin == Origin::Fresh {
            self.loaded(Ok(Life::fresh(&self.key)), ctx);
            return;
        }
        let (shared, key, origin) = (Arc::clone(&self.shared), self.key.clone(), self.origin);
        let reading = self.shared.runtime.spawn_blocking(move || hydrate::load(&shared, &key, origin));
        let done = reading.into_actor(self).map(|result, actor, ctx| {
            let result = result.unwrap_or_else(|error| Err(Cause::Failed(format!("loading: {}", shared::panic_text(error)))));
            actor.loaded(result, ctx);
        });
        ctx.wait(done);
    }

    fn loaded(&mut self, result: Result<Life, Cause>, ctx: &mut Context<Self>) {
        let life = match result {
            Ok(life) => life,
            Err(cause) => {
                self.doom = Some(cause);
                self.settle(ctx);
                return;
            }
        };
        let root = life.lineage.last().unwrap_or(&self.key).clone();
        self.directory.do_send(Loaded { key: self.key.clone(), generation: self.generation, root });
        self.shared.performer.abort_settled(&self.key, |call| life.state.is_flying(call));
        let (lost, owed) = life.owed(&self.shared);
        let deadline = life.state.deadline();
        self.life = Some(life);
        if deadline.is_some() {
            self.answer(Vec::new(), deadline);
        }
        for call in lost.into_iter().rev() {
            self.inbox.push_front(Waiting { ticket: None, body: Body::Lost { call } });
        }
        self.perform(owed);
        self.settle(ctx);
    }

    /// Asks itself to decide, after everything that is in the mailbox already.
    fn schedule(&mut self, ctx: &mut Context<Self>) {
        if !self.draining && !self.inbox.is_empty() && self.doom.is_none() && self.commits.len() < COMMITS_IN_FLIGHT_MAX {
            self.draining = true;
            ctx.notify(Drain);
        }
    }

    /// Decides a group of inputs: here, or where a revision is known to take long on a thread that may be busy, so that neighbours go on.
    fn decide_group(&mut self, ctx: &mut Context<Self>) {
        let Some(life) = self.life.take() else { return };
        crash::point("decide.before");
        let (shared, key, inbox) = (Arc::clone(&self.shared), self.key.clone(), std::mem::take(&mut self.inbox));
        if !deciding::is_slow(&shared, &life, &inbox) {
            return self.decided(deciding::group(&shared, &key, life, inbox), ctx);
        }
        let deciding = self.shared.runtime.spawn_blocking(move || deciding::group(&shared, &key, life, inbox));
        ctx.wait(deciding.into_actor(self).map(|decided, actor, ctx| match decided {
            Ok(decided) => actor.decided(decided, ctx),
            Err(error) => {
                actor.doom = Some(Cause::Failed(format!("deciding: {}", shared::panic_text(error))));
                actor.settle(ctx);
            }
        }));
    }

    /// Hands what was decided to the committer.
    fn decided(&mut self, decided: Decided, ctx: &mut Context<Self>) {
        let Decided { life, inbox, expected_seq, outcome } = decided;
        self.inbox = inbox;
        self.life = Some(life);
        match outcome {
            Ok((commit, events, changed)) => self.submit(commit, events, changed, expected_seq, ctx),
            // The state may be half changed. The group is dropped; the directory still holds its inputs.
            Err(panic) => self.doom = Some(Cause::Failed(format!("deciding: {panic}"))),
        }
        self.settle(ctx);
    }

    fn submit(&mut self, mut commit: Commit, events: Vec<Recorded>, changed: Option<Summary>, expected_seq: u64, ctx: &mut Context<Self>) {
        let Some(life) = self.life.as_ref() else { return };
        crash::point("decide.after");
        commit.number = self.next_commit;
        self.next_commit += 1;
        if events.is_empty() {
            // Nothing to make durable, but the answers may rest on commits that are still on their way.
            commit.durable = true;
            commit.deadline = life.state.deadline();
            self.commits.push_back(commit);
            return;
        }
        if expected_seq == 0 && self.shared.hub.expects_rest(&self.key) {
            self.kept = Some(Kept::default());
        }
        if self.kept.is_some() || self.shared.hub.listens(&life.lineage) {
            commit.events = Some(Arc::new(events.clone()));
        }
        commit.deadline = life.state.deadline();
        let number = commit.number;
        let at = events.last().map_or_else(clock::now, |event| event.at);
        let entry = Entry::Execution {
            tenant: self.key.tenant.clone(),
            execution: self.key.execution,
            expected_seq,
            at,
            events: events.into_iter().map(|recorded| recorded.event).collect(),
            summary: changed,
        };
        self.commits.push_back(commit);
        let numbering = if expected_seq == 0 { self.numbering() } else { Ok(Vec::new()) };
        let acknowledged = match numbering {
            Ok(numbering) => self.shared.store.commit_in(&self.chain, std::iter::once(entry).chain(numbering).collect()),
            Err(error) => Pending::refused(CommitError::Stopped(error.to_string())),
        };
        if let Some(commit) = self.commits.back_mut() {
            commit.bytes = acknowledged.bytes;
        }
        let acknowledged = acknowledged.into_actor(self);
        ctx.spawn(acknowledged.map(move |result, actor, ctx| actor.acknowledged(number, result.map(|_| ()), ctx)));
    }

    /// The integer id of an execution becomes durable with its first event.
    fn numbering(&self) -> Result<Vec<Entry>, store::Error> {
        let (_, entries) = self.shared.store.next_number(Kind::Execution, &self.key.tenant, &self.key.execution.to_string())?;
        Ok(entries)
    }

    fn acknowledged(&mut self, number: u64, result: Result<(), CommitError>, ctx: &mut Context<Self>) {
        // One that is not there any more stood behind a failed one.
        let Some(index) = self.commits.iter().position(|commit| commit.number == number) else { return };
        match result {
            Ok(()) => self.commits[index].durable = true,
            Err(error) => {
                self.commits.truncate(index);
                self.doom = Some(cause(error));
            }
        }
        self.settle(ctx);
    }

    /// Releases what is durable, in order; then goes on, goes, or rests.
    fn settle(&mut self, ctx: &mut Context<Self>) {
        if self.life.is_none() && self.doom.is_none() {
            return;
        }
        while self.commits.front().is_some_and(|commit| commit.durable) {
            if let Some(commit) = self.commits.pop_front() {
                self.release(commit);
            }
        }
        if let Some(cause) = self.doom.clone() {
            if self.commits.is_empty() {
                self.directory.do_send(Gone { key: self.key.clone(), generation: self.generation, cause });
                ctx.stop();
            }
            return;
        }
        self.schedule(ctx);
        self.rest();
    }

    /// Effects first (a cancel's tokens are tripped before it is answered), then notices, then answers.
    fn release(&mut self, commit: Commit) {
        crash::point("release.before_effects");
        self.perform(commit.effects);
        crash::point("release.before_answers");
        let Some(life) = self.life.as_ref() else { return };
        if let Some(events) = &commit.events {
            self.kept = self.kept.take().and_then(|kept| kept.with(events, commit.bytes));
        }
        if commit.count > 0 {
            let (execution, count) = (self.key.execution, commit.count);
            self.shared.hub.publish(&life.lineage, || match commit.events {
                Some(events) => Notice::Committed { execution, events },
                None => Notice::Missed { count },
            });
        }
        if commit.count > 0 || !commit.answers.is_empty() {
            self.answer(commit.answers, commit.deadline);
        }
    }

    fn answer(&self, given: Vec<(Ticket, Answer)>, deadline: Option<TimeMs>) {
        self.directory.do_send(Answers { key: self.key.clone(), generation: self.generation, given, deadline });
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        let Some(life) = self.life.as_ref().filter(|_| self.shared.boot != BootId::HOLDING) else { return };
        for effect in effects {
            match effect {
                Effect::Perform { call, name, request } => {
                    let flow = life.state.start().map(|start| start.flow.clone()).unwrap_or_default();
                    let work = Work { call, flow, name, request };
                    self.shared.performer.ensure(&self.shared, &self.directory, &life.lineage, work);
                }
                Effect::Abort { call } => self.shared.performer.abort(&self.key, call),
                Effect::Continue => self.inbox.push_back(Waiting { ticket: None, body: Body::Continue }),
                Effect::StartChild { child, mut start } => {
                    family::complete(&self.shared, &life.state, life.plan.as_deref(), &mut start.start);
                    self.directory.do_send(Between { from: self.key.clone(), effect: Effect::StartChild { child, start } });
                }
                effect @ (Effect::CancelChild { .. } | Effect::TellParent { .. }) => {
                    self.directory.do_send(Between { from: self.key.clone(), effect });
                }
            }
        }
    }

    /// Tells the directory when nothing keeps this actor: the directory lets it go unless it has just sent something.
    fn rest(&self) {
        let Some(life) = self.life.as_ref() else { return };
        if !self.inbox.is_empty() || !self.commits.is_empty() {
            return;
        }
        let summary = life.latest.clone();
        if self.shared.boot != BootId::HOLDING && summary.as_ref().is_some_and(|summary| summary.owed) {
            return;
        }
        let kept = self.kept.as_ref().filter(|_| self.shared.hub.expects_rest(&self.key));
        let journal = kept.map(|kept| Arc::new(kept.commits.clone()));
        self.directory.do_send(Resting { key: self.key.clone(), generation: self.generation, summary: summary.map(Box::new), journal });
    }
}

fn cause(error: CommitError) -> Cause {
    match error {
        CommitError::Stale { .. } => Cause::Stale,
        CommitError::Full => Cause::Full(error.to_string()),
        CommitError::Refused(reason) => Cause::Hopeless(format!("the store refuses what it decided: {reason}")),
        CommitError::Stopped(_) => Cause::StoreStopped(error.to_string()),
    }
}

impl Actor for ExecutionActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.load(ctx);
    }
}

impl Drop for ExecutionActor {
    /// After an orderly end the directory has forgotten this generation and ignores the message.
    fn drop(&mut self) {
        let cause = Cause::Failed("its actor ended without a word".to_owned());
        self.directory.do_send(Gone { key: self.key.clone(), generation: self.generation, cause });
    }
}

impl Handler<Feed> for ExecutionActor {
    type Result = ();

    fn handle(&mut self, feed: Feed, ctx: &mut Self::Context) {
        self.inbox.push_back(Waiting { ticket: Some(feed.ticket), body: feed.body });
        self.schedule(ctx);
    }
}

impl Handler<Drain> for ExecutionActor {
    type Result = ();

    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) {
        self.draining = false;
        if self.doom.is_none() {
            self.decide_group(ctx);
        } else {
            self.settle(ctx);
        }
    }
}
