//! The only door to executions: finds or wakes the actor of an execution, holds every input until it is answered, brings answers to whom
//! they concern, lets actors go as soon as nothing keeps them, and starts them again when they die.
//!
//! Its mailbox has no bound (actix's `do_send` ignores one anyway): what may be refused is bounded before it gets here (`EngineHandle`), and
//! outcomes, decisions, cancels and timers must never be refused.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use actix::{Actor, ActorFutureExt, Addr, ArbiterHandle, AsyncContext, Context, Handler, WrapFuture};

use super::error::Error;
use super::execution::ExecutionActor;
use super::family;
use super::hydrate::Origin;
use super::messages::{
    Answer, Answers, Between, Cause, Close, Deadline, Deliver, Feed, Generation, Gone, IsLive, Key, Load, Loaded, Measure, Quiet, Restart,
    Resting, Shared, Sink, Ticket,
};
use super::notice::{Commits, Notice};
use super::supervisor::{Supervisor, Verdict};
use super::timers::Timers;
use crate::ids::{ExecutionId, TimeMs};
use crate::machine::input::Body;
use crate::machine::summary::Summary;
use crate::store::{self, Entry};

/// Between two attempts to write when the disk is full.
const FULL_RETRY_DELAY: Duration = Duration::from_secs(1);

pub(super) struct Directory {
    shared: Shared,
    arbiters: Vec<ArbiterHandle>,
    timers: Addr<Timers>,
    /// Executions that have an actor or are about to get one.
    slots: HashMap<Key, Slot>,
    /// How many slots the family of a root has; absent: none.
    families: HashMap<Key, usize>,
    supervisor: Supervisor,
    next_ticket: Ticket,
    next_generation: Generation,
    /// Callers are turned away.
    closed: bool,
}

struct Slot {
    /// None: it died and waits for its restart.
    addr: Option<Addr<ExecutionActor>>,
    generation: Generation,
    /// Known from the relative that woke it, otherwise once loaded; counted in `families` from then on.
    root: Option<Key>,
    /// What it has been sent and has not answered.
    held: BTreeMap<Ticket, Held>,
    /// What the timers were last told.
    deadline: Option<TimeMs>,
    standing: Standing,
}

/// What the directory thinks of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Good,
    /// It was set aside, and somebody asked for one more attempt.
    Probation,
    /// It was set aside because events of it are lost, and is being cancelled: it stays aside whatever becomes of that.
    Ending,
}

struct Held {
    body: Body,
    sink: Sink,
}

impl Directory {
    pub(super) fn new(shared: Shared, arbiters: Vec<ArbiterHandle>, timers: Addr<Timers>) -> Self {
        Self {
            shared,
            arbiters,
            timers,
            slots: HashMap::new(),
            families: HashMap::new(),
            supervisor: Supervisor::default(),
            next_ticket: 0,
            next_generation: 0,
            closed: false,
        }
    }

    fn deliver(&mut self, deliver: Deliver, ctx: &mut Context<Self>) {
        let Deliver { key, body, sink } = deliver;
        if self.closed
            && let Sink::Caller(caller) = sink
        {
            // Fails when the caller has gone.
            let _ = caller.send(Err(Error::Stopped));
            return;
        }
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let is_start = matches!(body, Body::Start(_));
        if let Some(slot) = self.slots.get_mut(&key) {
            if let Some(addr) = &slot.addr {
                addr.do_send(Feed { ticket, body: body.clone() });
            }
            slot.held.insert(ticket, Held { body, sink });
            return;
        }
        // Its relative is still here and knows the root: without a gap, the family does not seem at rest in between.
        let root = relative(&body, &sink).and_then(|relative| self.slots.get(&key.of(relative))).and_then(|slot| slot.root.clone());
        if let Some(root) = root.clone() {
            *self.families.entry(root).or_default() += 1;
        }
        let held = BTreeMap::from([(ticket, Held { body, sink })]);
        self.slots.insert(key.clone(), Slot { addr: None, generation: 0, root, held, deadline: None, standing: Standing::Good });
        self.wake(&key, if is_start { Origin::Fresh } else { Origin::Journal }, ctx);
    }

    /// Gives a slot an actor and everything that it holds.
    fn wake(&mut self, key: &Key, origin: Origin, ctx: &mut Context<Self>) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        self.next_generation += 1;
        let generation = self.next_generation;
        let (low, high) = key.execution.0.as_u64_pair();
        let spread = usize::try_from((low ^ high) % self.arbiters.len().max(1) as u64).unwrap_or(0);
        let Some(arbiter) = self.arbiters.get(spread) else { return };
        let (shared, directory, own) = (Shared::clone(&self.shared), ctx.address(), key.clone());
        let addr = ExecutionActor::start_in_arbiter(arbiter, move |_| ExecutionActor::new(own, generation, origin, shared, directory));
        for (ticket, held) in &slot.held {
            addr.do_send(Feed { ticket: *ticket, body: held.body.clone() });
        }
        slot.generation = generation;
        slot.addr = Some(addr);
    }

    /// The slot, if the message is from its present actor.
    fn slot(&mut self, key: &Key, generation: Generation) -> Option<&mut Slot> {
        self.slots.get_mut(key).filter(|slot| slot.generation == generation)
    }

    fn resolve(&mut self, key: &Key, sink: Sink, answer: Answer, deadline: Option<TimeMs>, ctx: &mut Context<Self>) {
        let next = match sink {
            Sink::Caller(caller) => {
                // Fails when the caller has gone; what it asked for has happened all the same.
                let _ = caller.send(answer);
                None
            }
            Sink::Call(call) => {
                match answer {
                    Err(Error::Quarantined { .. }) => self.shared.performer.turn_away(key, call),
                    _ => self.shared.performer.forget(key, call),
                }
                None
            }
            Sink::ChildStart { parent } => family::child_started(parent, key, &answer),
            Sink::ChildCancel { parent } => family::child_cancelled(parent, key, &answer),
            Sink::ChildEnd { child } => family::parent_told(key.of(child), &answer),
            Sink::Timers => {
                self.timers.do_send(Deadline { key: key.clone(), due: deadline, fed: true });
                None
            }
            Sink::Boot(answered) => {
                // Fails when the scan has gone.
                let _ = answered.send(());
                None
            }
            Sink::Nobody => None,
        };
        if let Some(next) = next {
            self.deliver(next, ctx);
        }
    }

    /// Forgets a slot, and says so to those who wait for the execution, or for its whole family, to come to rest.
    fn close_slot(&mut self, key: &Key, (summary, journal): (Option<Box<Summary>>, Option<Commits>), ctx: &mut Context<Self>) {
        let Some(slot) = self.slots.remove(key) else { return };
        let family_rests = self.leave_family(slot.root.as_ref());
        let root = slot.root.unwrap_or_else(|| key.clone());
        let is_root = root == *key;
        if family_rests && !is_root {
            self.family_rests(root, ctx);
        }
        let Some(summary) = summary else { return };
        self.shared.hub.publish_rest(if is_root && !family_rests { &[] } else { std::slice::from_ref(key) }, || Notice::Idle {
            execution: key.execution,
            summary,
            journal,
        });
    }

    /// The last of a root's children has come to rest, the root itself long before: says so to those who listen to it.
    fn family_rests(&self, root: Key, ctx: &mut Context<Self>) {
        if !self.shared.hub.awaits(std::slice::from_ref(&root)) {
            return;
        }
        let (shared, directory) = (Shared::clone(&self.shared), ctx.address());
        self.shared.runtime.spawn_blocking(move || {
            if let Ok(Some(summary)) = shared.store.summary(&root.tenant, root.execution) {
                directory.do_send(Quiet { root, summary: Box::new(summary) });
            }
        });
    }

    /// True when that was the family's last slot.
    fn leave_family(&mut self, root: Option<&Key>) -> bool {
        let Some(root) = root else { return true };
        let Some(count) = self.families.get_mut(root) else { return true };
        *count -= 1;
        if *count == 0 {
            self.families.remove(root);
        }
        !self.families.contains_key(root)
    }

    /// Its actor is dead; the slot stays until it is up again.
    fn restart_after(&mut self, key: &Key, delay: Duration, ctx: &mut Context<Self>) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        slot.addr = None;
        let generation = slot.generation;
        ctx.notify_later(Restart { key: key.clone(), generation }, delay);
    }

    fn failed(&mut self, key: &Key, reason: String, hopeless: bool, ctx: &mut Context<Self>) {
        if self.closed {
            // The engine is stopping and takes its actors along; the next start goes on from the journals.
            tracing::debug!(execution = %key, reason, "an execution's actor is gone while the engine stops");
            if let Some(slot) = self.slots.remove(key) {
                self.leave_family(slot.root.as_ref());
            }
            return;
        }
        match self.supervisor.failed(key) {
            Verdict::Restart { after } if !hopeless => {
                tracing::warn!(execution = %key, reason, "execution failed inside the engine; it is started again from its journal");
                self.restart_after(key, after, ctx);
            }
            Verdict::Restart { .. } | Verdict::Quarantine => self.set_aside(key, reason, ctx),
        }
    }

    /// Makes the quarantine durable, then answers everyone who waits.
    fn set_aside(&mut self, key: &Key, reason: String, ctx: &mut Context<Self>) {
        tracing::error!(execution = %key, reason, "execution is set aside");
        self.supervisor.rested(key);
        // That it lost events is what people must know of it, whatever failed since.
        if let Ok(Some(standing)) = self.shared.store.quarantined(&key.tenant, key.execution)
            && store::has_lost_events(&standing)
        {
            return self.turn_away(key, &standing, ctx);
        }
        let entry = Entry::Quarantine { tenant: key.tenant.clone(), execution: key.execution, reason: reason.clone() };
        let (recorded, key) = (self.shared.store.commit(entry).into_actor(self), key.clone());
        ctx.spawn(recorded.map(move |result, directory, ctx| {
            if let Err(error) = result {
                tracing::error!(execution = %key, %error, "the quarantine could not be recorded");
            }
            directory.turn_away(&key, &reason, ctx);
        }));
    }

    /// Ends the slot of a quarantined execution.
    fn turn_away(&mut self, key: &Key, reason: &str, ctx: &mut Context<Self>) {
        let Some(slot) = self.slots.remove(key) else { return };
        let family_rests = self.leave_family(slot.root.as_ref());
        let execution = key.execution;
        let mut heard_by = vec![key.clone()];
        heard_by.extend(slot.root.filter(|root| root != key));
        self.shared.hub.publish_rest(&heard_by, || Notice::Quarantined { execution, reason: reason.to_owned() });
        if let (true, [_, root]) = (family_rests, heard_by.as_slice()) {
            self.family_rests(root.clone(), ctx);
        }
        for held in slot.held.into_values() {
            let answer = Err(Error::Quarantined { id: key.execution, reason: reason.to_owned() });
            self.resolve(key, held.sink, answer, None, ctx);
        }
    }

    /// Someone asks for a quarantined execution by name: it gets one more attempt. Everyone else is turned away. One that has lost
    /// events does not know what it has done already; it can only be cancelled.
    fn quarantined(&mut self, key: &Key, reason: &str, ctx: &mut Context<Self>) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        let has_lost_events = store::has_lost_events(reason);
        let is_asked = |held: &Held| match held.body {
            Body::Cancel { .. } => true,
            Body::Timers => !has_lost_events && matches!(held.sink, Sink::Caller(_)),
            _ => false,
        };
        if slot.standing != Standing::Good || !slot.held.values().any(is_asked) {
            self.turn_away(key, reason, ctx);
            return;
        }
        let mut others = Vec::new();
        if has_lost_events {
            slot.standing = Standing::Ending;
            others.extend(slot.held.extract_if(.., |_, held| !matches!(held.body, Body::Cancel { .. })));
        } else {
            slot.standing = Standing::Probation;
        }
        self.supervisor.on_probation(key.clone());
        self.wake(key, Origin::Quarantined, ctx);
        for (_, held) in others {
            let answer = Err(Error::Quarantined { id: key.execution, reason: reason.to_owned() });
            self.resolve(key, held.sink, answer, None, ctx);
        }
    }

    /// Nothing can be made durable any more.
    fn store_stopped(&mut self, key: &Key, reason: &str, ctx: &mut Context<Self>) {
        let Some(slot) = self.slots.remove(key) else { return };
        self.leave_family(slot.root.as_ref());
        for held in slot.held.into_values() {
            // Only callers: everything else is owed by a journal and comes again after the next start.
            if matches!(held.sink, Sink::Caller(_)) {
                self.resolve(key, held.sink, Err(Error::Store(reason.to_owned())), None, ctx);
            }
        }
    }

    /// New work is refused; what runs is kept and tried again.
    fn disk_full(&mut self, key: &Key, reason: &str, ctx: &mut Context<Self>) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        let refused =
            slot.held.extract_if(.., |_, held| matches!((&held.body, &held.sink), (Body::Start(_) | Body::Signal(_), Sink::Caller(_))));
        let refused: Vec<Held> = refused.map(|(_, held)| held).collect();
        for held in refused {
            self.resolve(key, held.sink, Err(Error::Store(reason.to_owned())), None, ctx);
        }
        self.restart_after(key, FULL_RETRY_DELAY, ctx);
    }

    /// An attempt on probation went well.
    fn reprieve(&mut self, key: &Key) {
        let Some(slot) = self.slots.get_mut(key).filter(|slot| slot.standing == Standing::Probation) else { return };
        slot.standing = Standing::Good;
        // Dropping the answer does not take the commit back.
        drop(self.shared.store.commit(Entry::Release { tenant: key.tenant.clone(), execution: key.execution }));
    }
}

/// The execution of the same family that a message comes from.
fn relative(body: &Body, sink: &Sink) -> Option<ExecutionId> {
    match (body, sink) {
        (Body::ChildAccepted { child } | Body::ChildRefused { child, .. } | Body::ChildEnded { child, .. }, _) => Some(*child),
        (_, Sink::ChildStart { parent } | Sink::ChildCancel { parent }) => Some(*parent),
        _ => None,
    }
}

impl Actor for Directory {
    type Context = Context<Self>;
}

impl Handler<Deliver> for Directory {
    type Result = ();

    fn handle(&mut self, deliver: Deliver, ctx: &mut Self::Context) {
        self.deliver(deliver, ctx);
    }
}

impl Handler<Between> for Directory {
    type Result = ();

    fn handle(&mut self, between: Between, ctx: &mut Self::Context) {
        if let Some(deliver) = family::deliver(&between.from, between.effect) {
            self.deliver(deliver, ctx);
        }
    }
}

impl Handler<Loaded> for Directory {
    type Result = ();

    fn handle(&mut self, loaded: Loaded, _: &mut Self::Context) {
        let Some(slot) = self.slot(&loaded.key, loaded.generation) else { return };
        // A child that is just being started does not know its root yet; who woke it did.
        if slot.root.is_none() {
            slot.root = Some(loaded.root.clone());
            *self.families.entry(loaded.root).or_default() += 1;
        }
    }
}

impl Handler<Answers> for Directory {
    type Result = ();

    fn handle(&mut self, message: Answers, ctx: &mut Self::Context) {
        let Answers { key, generation, given, deadline } = message;
        let Some(slot) = self.slot(&key, generation) else { return };
        let changed = slot.deadline != deadline;
        slot.deadline = deadline;
        let answers: Vec<(Held, Answer)> =
            given.into_iter().filter_map(|(ticket, answer)| Some((slot.held.remove(&ticket)?, answer))).collect();
        if changed {
            self.timers.do_send(Deadline { key: key.clone(), due: deadline, fed: false });
        }
        if !answers.is_empty() {
            self.reprieve(&key);
        }
        for (held, answer) in answers {
            self.resolve(&key, held.sink, answer, deadline, ctx);
        }
    }
}

impl Handler<Resting> for Directory {
    type Result = ();

    fn handle(&mut self, resting: Resting, ctx: &mut Self::Context) {
        let key = resting.key;
        let Some(slot) = self.slot(&key, resting.generation) else { return };
        // It does not know yet what has just been sent to it; it rests again after that.
        if !slot.held.is_empty() {
            return;
        }
        self.reprieve(&key);
        self.supervisor.rested(&key);
        self.close_slot(&key, (resting.summary, resting.journal), ctx);
    }
}

impl Handler<Gone> for Directory {
    type Result = ();

    fn handle(&mut self, gone: Gone, ctx: &mut Self::Context) {
        let key = gone.key;
        // The last word of an actor that the directory let go, or has replaced.
        let Some(slot) = self.slot(&key, gone.generation) else { return };
        if slot.addr.take().is_none() {
            return;
        }
        match gone.cause {
            Cause::Stale => self.restart_after(&key, Duration::ZERO, ctx),
            Cause::Full(reason) => self.disk_full(&key, &reason, ctx),
            Cause::StoreStopped(reason) => self.store_stopped(&key, &reason, ctx),
            Cause::Failed(reason) => self.failed(&key, reason, false, ctx),
            Cause::Hopeless(reason) => self.failed(&key, reason, true, ctx),
            Cause::Quarantined(reason) => self.quarantined(&key, &reason, ctx),
        }
    }
}

impl Handler<Restart> for Directory {
    type Result = ();

    fn handle(&mut self, restart: Restart, ctx: &mut Self::Context) {
        let Some(slot) = self.slot(&restart.key, restart.generation) else { return };
        if slot.addr.is_none() {
            let origin = if slot.standing == Standing::Good { Origin::Journal } else { Origin::Quarantined };
            self.wake(&restart.key, origin, ctx);
        }
    }
}

impl Handler<Quiet> for Directory {
    type Result = ();

    fn handle(&mut self, quiet: Quiet, _: &mut Self::Context) {
        // It moves again: another one follows.
        if !self.families.contains_key(&quiet.root) {
            let execution = quiet.root.execution;
            self.shared.hub.publish_rest(&[quiet.root], || Notice::Idle { execution, summary: quiet.summary, journal: None });
        }
    }
}

impl Handler<IsLive> for Directory {
    type Result = bool;

    fn handle(&mut self, asked: IsLive, _: &mut Self::Context) -> bool {
        self.slots.contains_key(&asked.key) || self.families.contains_key(&asked.key)
    }
}

impl Handler<Close> for Directory {
    type Result = ();

    fn handle(&mut self, _: Close, _: &mut Self::Context) {
        self.closed = true;
    }
}

impl Handler<Measure> for Directory {
    type Result = Load;

    fn handle(&mut self, _: Measure, _: &mut Self::Context) -> Load {
        Load { live: self.slots.len(), held: self.slots.values().map(|slot| slot.held.len()).sum() }
    }
}
