//! Actors: loading, deciding, committing, releasing. What `engine/` does with threads and messages, here one step at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use flowgate::flow::compile;
use flowgate::flow::plan::Plan;
use flowgate::ids::{BootId, Digest, ExecutionId, QuestionId};
use flowgate::machine::effect::Effect;
use flowgate::machine::event::{CheckVerdict, Event, Recorded};
use flowgate::machine::input::{Body, Input};
use flowgate::machine::question::Person;
use flowgate::machine::summary::{Status, Summary};
use flowgate::machine::{Refusal, State, decide, outstanding, replay};
use flowgate::store::{Chain, CommitError, Entry, Pending, Position};
use futures::FutureExt as _;

use super::watch::Watch;
use super::world::{Failure, Tally, Ticket, World};

/// As the engine.
const COMMITS_IN_FLIGHT_MAX: usize = 2;
const EVENTS_PER_READ: usize = 4_096;

/// One live execution: a cache of its journal.
#[derive(Default)]
pub struct Actor {
    pub state: State,
    pub plan: Option<Arc<Plan>>,
    pub committed: Option<Summary>,
    pub commits: VecDeque<Commit>,
    pub chain: Chain,
    /// Inputs of its own, found again by whoever loads it next.
    pub own: VecDeque<Body>,
}

/// What a group of inputs led to, until it is durable.
pub struct Commit {
    pub pending: Option<Pending<Position>>,
    pub events: Vec<Recorded>,
    pub effects: Vec<Effect>,
    /// The input, and how it was taken.
    pub answers: Vec<(u64, Result<(), Refusal>)>,
}

impl World {
    /// An execution that has something to decide decides it; as a `stale` one on a copy that nobody listens to.
    pub fn decide_next(&mut self, stale: bool) -> Result<(), Failure> {
        let mut ready: Vec<ExecutionId> = self.mails.values().filter(|mail| !mail.taken).map(|mail| mail.to).collect();
        ready.extend(self.actors.iter().filter(|(_, actor)| !actor.own.is_empty()).map(|(id, _)| *id));
        ready.extend(self.wake.iter().copied());
        ready.sort();
        ready.dedup();
        if ready.is_empty() {
            return Ok(());
        }
        let id = ready[self.random.index(ready.len())];
        self.wake.remove(&id);
        if !self.actors.contains_key(&id) {
            self.load(id)?;
        }
        if self.actors.get(&id).is_none_or(|actor| actor.commits.len() >= COMMITS_IN_FLIGHT_MAX) {
            return Ok(());
        }
        if stale {
            return self.decide_stale(id);
        }
        self.decide_group(id)
    }

    /// Reads and replays; what is owed is found again.
    fn load(&mut self, id: ExecutionId) -> Result<(), Failure> {
        let events = self.journal(id)?;
        let Some(Recorded { event: Event::Started { start }, .. }) = events.first() else {
            self.actors.insert(id, Actor::default());
            return Ok(());
        };
        let plan = self.plan(&start.digest)?;
        let state = replay(&plan, &events).map_err(|error| format!("G13: {id} does not replay: {error}"))?;
        let watch = self.watches.get(&id).ok_or("G13: a journal that was never durable")?;
        if watch.state != state {
            return Err(format!("G13: {id}: what is replayed is not what was live"));
        }
        let store = self.reading()?;
        let committed = store.store().summary(&World::tenant(), id).map_err(|error| error.to_string())?;
        let folded = state.summary(&plan);
        match (&committed, &folded) {
            (Some(stored), Some(folded)) if stored.agrees(folded) => {}
            _ => return Err(format!("G13: {id}: row and journal disagree: {committed:?} {folded:?}")),
        }
        self.outside.abort_settled(id, |call| state.is_flying(call));
        let lost = if self.recording { Vec::new() } else { state.lost(self.boot_id()) };
        let mut owed = outstanding(&state);
        owed.retain(|effect| !matches!(effect, Effect::Perform { call, .. } if lost.contains(call)));
        let own = lost.into_iter().map(|call| Body::Lost { call }).collect();
        self.actors.insert(id, Actor { state, plan: Some(plan), committed, commits: VecDeque::new(), chain: Chain::default(), own });
        self.perform(id, owed)
    }

    fn boot_id(&self) -> BootId {
        if self.recording { BootId::HOLDING } else { BootId(self.boot) }
    }

    /// The store, with a view that has everything that is durable.
    pub fn reading(&mut self) -> Result<&mut flowgate::store::Stepped, Failure> {
        let store = self.store.as_mut().ok_or("no store")?;
        store.apply_all().map_err(|error| format!("the view does not follow: {error}"))?;
        Ok(store)
    }

    pub fn journal(&mut self, id: ExecutionId) -> Result<Vec<Recorded>, Failure> {
        let store = self.reading()?;
        let mut events = Vec::new();
        loop {
            let from = events.len() as u64;
            let more = store.store().events(&World::tenant(), id, from, EVENTS_PER_READ);
            let more = more.map_err(|error| format!("G13: the journal of {id} cannot be read: {error}"))?;
            let is_last = more.len() < EVENTS_PER_READ;
            events.extend(more);
            if is_last {
                return Ok(events);
            }
        }
    }

    /// The plan of a revision, from the text that the store holds.
    pub fn plan(&mut self, digest: &Digest) -> Result<Arc<Plan>, Failure> {
        let store = self.reading()?;
        let text = store.store().flow(&World::tenant(), digest).map_err(|error| format!("G12: a revision cannot be read: {error}"))?;
        let text = text.ok_or_else(|| format!("G12: revision {digest} is gone"))?;
        if self.specs.get(digest).is_none_or(|(known, _)| *known != text) {
            return Err(format!("G12: revision {digest} has become something else"));
        }
        if let Some(plan) = self.plans.get(digest) {
            return Ok(Arc::clone(plan));
        }
        let spec = serde_json::from_str(&text).map_err(|error| format!("G12: {error}"))?;
        let plan = compile::plan(&spec).map_err(|problems| format!("G12: a stored revision does not compile: {problems:?}"))?;
        if plan.digest != *digest {
            return Err(format!("G12: {digest} compiles to {}", plan.digest));
        }
        let plan = Arc::new(plan);
        self.plans.insert(*digest, Arc::clone(&plan));
        Ok(plan)
    }

    fn decide_group(&mut self, id: ExecutionId) -> Result<(), Failure> {
        let waiting: Vec<u64> = self.mails.iter().filter(|(_, mail)| mail.to == id && !mail.taken).map(|(number, _)| *number).collect();
        let count = 1 + self.random.index(3);
        let mut inputs: Vec<(Option<u64>, Body)> = Vec::new();
        if let Some(actor) = self.actors.get_mut(&id) {
            inputs.extend(actor.own.drain(..).map(|body| (None, body)));
        }
        for number in waiting.into_iter().take(count) {
            if let Some(mail) = self.mails.get_mut(&number) {
                mail.taken = true;
                inputs.push((Some(number), mail.body.clone()));
            }
        }
        if inputs.is_empty() {
            return Ok(());
        }
        let mut actor = self.actors.remove(&id).unwrap_or_default();
        let commit = self.decide_on(id, &mut actor, inputs)?;
        self.actors.insert(id, commit_to(actor, commit));
        Ok(())
    }

    /// A copy of the actor decides what the actor itself will decide too; at most one of them can become durable.
    fn decide_stale(&mut self, id: ExecutionId) -> Result<(), Failure> {
        let next = self.mails.values().find(|mail| mail.to == id && !mail.taken).map(|mail| mail.body.clone());
        let (Some(body), Some(actor)) = (next, self.actors.get(&id)) else { return Ok(()) };
        // It has read the journal, and so knows nothing that is not durable.
        if !actor.commits.is_empty() {
            return Ok(());
        }
        let mut copy =
            Actor { state: actor.state.clone(), plan: actor.plan.clone(), committed: actor.committed.clone(), ..Actor::default() };
        let commit = self.decide_on(id, &mut copy, vec![(None, body)])?;
        self.tell(|_| format!("{} a copy decides too", short(id)));
        self.orphans.push((id, commit));
        if self.random.one_in(2) {
            // The other, meanwhile, decides as far ahead as it may.
            self.decide_group(id)?;
            self.decide_group(id)?;
        }
        Ok(())
    }

    fn decide_on(&mut self, id: ExecutionId, actor: &mut Actor, inputs: Vec<(Option<u64>, Body)>) -> Result<Commit, Failure> {
        let mut commit = Commit { pending: None, events: Vec::new(), effects: Vec::new(), answers: Vec::new() };
        let (now, boot, expected_seq) = (self.wall(), self.boot_id(), actor.state.seq());
        for (number, body) in inputs {
            self.tell(|_| format!("{} {}", short(id), clip(&format!("{body:?}"))));
            let answer = match self.plan_for(actor, &body)? {
                Some(plan) => {
                    let input = Input { now, entropy: self.random.next(), boot, body };
                    decide(&mut actor.state, &plan, input).map(|turn| {
                        commit.events.extend(turn.events);
                        commit.effects.extend(turn.effects);
                    })
                }
                None => Err(Refusal::Unknown),
            };
            if let Some(number) = number {
                commit.answers.push((number, answer));
            }
        }
        let Some(last) = commit.events.last() else { return Ok(commit) };
        let latest = actor.plan.as_ref().and_then(|plan| actor.state.summary(plan));
        let changed = latest.filter(|latest| !actor.committed.as_ref().is_some_and(|before| before.says_same(latest)));
        if changed.is_some() {
            actor.committed.clone_from(&changed);
        }
        let entry = Entry::Execution {
            tenant: World::tenant(),
            execution: id,
            expected_seq,
            at: last.at,
            events: commit.events.iter().map(|recorded| recorded.event.clone()).collect(),
            summary: changed,
        };
        self.submitted.entry(id).or_default().extend(commit.events.iter().cloned());
        let store = self.store.as_ref().ok_or("no store")?;
        commit.pending = Some(store.store().commit_in(&actor.chain, vec![entry]));
        Ok(commit)
    }

    fn plan_for(&mut self, actor: &mut Actor, body: &Body) -> Result<Option<Arc<Plan>>, Failure> {
        if let (None, Body::Start(start)) = (&actor.plan, body) {
            actor.plan = Some(self.plan(&start.digest)?);
        }
        Ok(actor.plan.clone())
    }

    /// The committer makes what waits durable; everybody learns what became of theirs.
    pub fn commit(&mut self) -> Result<(), Failure> {
        let Some(store) = &mut self.store else { return Ok(()) };
        if self.random.one_in(4) {
            store.prepare();
        }
        if store.is_stopped() || !store.commit().map_err(|error| format!("the view does not follow: {error}"))? {
            return Ok(());
        }
        self.learn()
    }

    pub fn learn(&mut self) -> Result<(), Failure> {
        let (mut durable, mut doomed) = (Vec::new(), Vec::new());
        for (id, actor) in &mut self.actors {
            for (index, commit) in actor.commits.iter_mut().enumerate() {
                match outcome(commit) {
                    None => {}
                    Some(Ok(_)) => durable.push((*id, commit.events.clone())),
                    Some(Err(error)) => {
                        doomed.push((*id, index, error));
                        break;
                    }
                }
            }
        }
        for (id, commit) in &mut self.orphans {
            if let Some(Ok(_)) = outcome(commit) {
                durable.push((*id, commit.events.clone()));
            }
        }
        self.orphans.retain(|(_, commit)| commit.pending.is_some());
        durable.sort_by_key(|(id, events)| (*id, events.first().map(|event| event.seq)));
        for (id, events) in durable {
            self.see(id, &events)?;
        }
        for (id, index, error) in doomed {
            if let CommitError::Refused(reason) = &error {
                return Err(format!("the store refuses what {id} decided: {reason}"));
            }
            self.tell(|_| format!("{} {error}", short(id)));
            if let Some(actor) = self.actors.get_mut(&id) {
                actor.commits.truncate(index);
            }
            // What is durable before it is released first, as an actor does that is poisoned.
            while self.actors.get(&id).is_some_and(|actor| !actor.commits.is_empty()) {
                self.release(id)?;
            }
            self.drop_actor(id);
        }
        Ok(())
    }

    /// Durable events go to the watch of their execution.
    pub fn see(&mut self, id: ExecutionId, events: &[Recorded]) -> Result<(), Failure> {
        if !self.watches.contains_key(&id) {
            let Some(Recorded { event: Event::Started { start }, .. }) = events.first() else {
                return Err(format!("G1: {id} begins without a start"));
            };
            let plan = self.plans.get(&start.digest).cloned().ok_or("G12: a start of a revision that nobody published")?;
            self.watches.insert(id, Watch::new(id, plan));
            self.tally.started += 1;
        }
        for recorded in events {
            if recorded.at > self.latest {
                return Err("G9: an event is later than any clock has shown".to_owned());
            }
            self.tell(|_| format!("{} → {} {}", short(id), recorded.seq, clip(&format!("{:?}", recorded.event))));
            let Some(watch) = self.watches.get_mut(&id) else { continue };
            self.coverage.note(watch, &recorded.event);
            watch.wait_is_over(&recorded.event, recorded.at)?;
            watch.see(recorded).map_err(|reason| format!("{reason} (event {} of {id})", recorded.seq))?;
            self.tally.events += 1;
            if let Event::Ended { ended, .. } = &recorded.event {
                self.tally.ended += 1;
                self.tally.completed += u64::from(ended.status == Status::Completed);
            }
            self.count(&recorded.event);
        }
        self.watches.get(&id).map_or(Ok(()), |watch| watch.settle().map_err(|reason| format!("{reason} (after a commit of {id})")))
    }

    fn count(&mut self, event: &Event) {
        let Tally { verdicts, corrected, refused, yielded, .. } = &mut self.tally;
        match event {
            Event::Validated { verdict, .. } => {
                *verdicts += 1;
                *refused += u64::from(*verdict == CheckVerdict::Stop);
            }
            Event::Corrected { .. } => *corrected += 1,
            Event::Yielded if !self.recording => *yielded += 1,
            _ => {}
        }
    }

    pub fn release_some(&mut self) -> Result<(), Failure> {
        let ready = |actor: &Actor| actor.commits.front().is_some_and(|commit| commit.pending.is_none());
        let ready: Vec<ExecutionId> = self.actors.iter().filter(|(_, actor)| ready(actor)).map(|(id, _)| *id).collect();
        if ready.is_empty() {
            return Ok(());
        }
        let id = ready[self.random.index(ready.len())];
        // With nothing else under way; one whose commit has just failed is ahead of its journal, and goes.
        if let (Some(actor), Some(watch)) = (self.actors.get(&id), self.watches.get(&id))
            && actor.commits.len() == 1
            && watch.state.seq() == actor.state.seq()
            && watch.state != actor.state
        {
            return Err(format!("G13: {id}: the live state is not the fold of its journal"));
        }
        self.release(id)
    }

    /// Effects first, then answers.
    fn release(&mut self, id: ExecutionId) -> Result<(), Failure> {
        let Some(actor) = self.actors.get_mut(&id) else { return Ok(()) };
        let Some(commit) = actor.commits.pop_front() else { return Ok(()) };
        self.perform(id, commit.effects)?;
        for (number, answer) in commit.answers {
            if let Some(mail) = self.mails.remove(&number) {
                self.answer(id, &mail.ticket, &answer)?;
            }
        }
        Ok(())
    }

    fn perform(&mut self, id: ExecutionId, effects: Vec<Effect>) -> Result<(), Failure> {
        if self.recording {
            return Ok(());
        }
        for effect in effects {
            match effect {
                Effect::Perform { call, name, request } => self.outside.ensure(id, call, name, request),
                Effect::Abort { call } => self.outside.abort(id, call),
                Effect::Continue => {
                    if let Some(actor) = self.actors.get_mut(&id) {
                        actor.own.push_back(Body::Continue);
                    }
                }
                Effect::StartChild { child, mut start } => {
                    let plan = self.plan(&start.start.digest)?;
                    start.start.config = serde_json::Value::Object(plan.spec.config.clone());
                    self.post(child, Body::Start(Box::new(start.start)), Ticket::ChildStart(id));
                }
                Effect::CancelChild { child, reason } => {
                    let by = Person { user: "parent".to_owned(), roles: Vec::new(), every_role: false };
                    self.post(child, Body::Cancel { reason, by }, Ticket::ChildCancel(id));
                }
                Effect::TellParent { parent, ended } => self.post(parent, Body::ChildEnded { child: id, ended }, Ticket::ChildEnd(id)),
            }
        }
        Ok(())
    }

    /// What was asked for is durable, or refused.
    fn answer(&mut self, id: ExecutionId, ticket: &Ticket, answer: &Result<(), Refusal>) -> Result<(), Failure> {
        match ticket {
            Ticket::Nobody => {}
            Ticket::Start(client) => match answer {
                Ok(()) | Err(Refusal::Exists | Refusal::Ended) => {
                    if !self.watches.contains_key(&id) {
                        return Err(format!("G1: the start of {id} is acknowledged and not durable"));
                    }
                    self.clients[*client].acknowledged = true;
                }
                Err(refusal) => return Err(format!("a start is refused: {refusal}")),
            },
            Ticket::Decision(question, by, digest) => self.decision_answered(id, *question, (by, *digest), answer)?,
            Ticket::Call(call) => self.outside.forget(id, *call),
            Ticket::Cancel => {
                if answer.is_ok() {
                    self.cancel_acknowledged.insert(id);
                }
            }
            Ticket::ChildStart(parent) => {
                let body = match answer {
                    Ok(()) | Err(Refusal::Exists | Refusal::Ended) => Body::ChildAccepted { child: id },
                    Err(refusal) => Body::ChildRefused { child: id, code: "start_refused".to_owned(), message: refusal.to_string() },
                };
                self.post(*parent, body, Ticket::Nobody);
            }
            Ticket::ChildCancel(parent) => {
                if let Err(Refusal::Unknown) = answer {
                    let message = "it was cancelled before it was started".to_owned();
                    self.post(*parent, Body::ChildRefused { child: id, code: "cancelled".to_owned(), message }, Ticket::Nobody);
                }
            }
            Ticket::ChildEnd(child) => self.post(*child, Body::ParentTold, Ticket::Nobody),
        }
        Ok(())
    }

    /// G5: everybody is told the decision that took effect.
    fn decision_answered(
        &mut self,
        id: ExecutionId,
        question: QuestionId,
        (by, digest): (&str, Digest),
        answer: &Result<(), Refusal>,
    ) -> Result<(), Failure> {
        let stands = self.watches.get(&id).and_then(|watch| watch.decided(question));
        match answer {
            Ok(()) if !self.watches.get(&id).is_some_and(|watch| watch.rules.took(question, by, digest)) => {
                return Err(format!("G6: {by} is told that a decision is taken, and nothing was decided on what {by} saw"));
            }
            Ok(()) => self.tally.decisions += 1,
            Err(Refusal::Decided(told)) if stands != Some(&**told) => {
                return Err(format!("G5: somebody is told {told:?}, and what stands is {stands:?}"));
            }
            Err(_) => {}
        }
        Ok(())
    }

    /// The actor goes; what it has not answered is delivered again.
    pub fn drop_actor(&mut self, id: ExecutionId) {
        let Some(actor) = self.actors.remove(&id) else { return };
        self.orphans.extend(actor.commits.into_iter().filter(|commit| commit.pending.is_some()).map(|commit| (id, commit)));
        for mail in self.mails.values_mut().filter(|mail| mail.to == id) {
            mail.taken = false;
        }
        self.wake.insert(id);
    }

    pub fn passivate(&mut self) -> Result<(), Failure> {
        let ids: Vec<ExecutionId> = self.actors.keys().copied().collect();
        if let Some(id) = ids.get(self.random.index(ids.len())) {
            self.tell(|_| format!("{} is dropped from memory", short(*id)));
            self.drop_actor(*id);
        }
        Ok(())
    }
}

fn commit_to(mut actor: Actor, commit: Commit) -> Actor {
    actor.commits.push_back(commit);
    actor
}

/// The answer of the committer, once; a commit that has it is no longer pending.
fn outcome(commit: &mut Commit) -> Option<Result<Position, CommitError>> {
    let result = commit.pending.as_mut()?.now_or_never()?;
    commit.pending = None;
    Some(result)
}

pub fn short(id: ExecutionId) -> String {
    id.to_string()[24..30].to_owned()
}

pub fn clip(text: &str) -> String {
    text.chars().take(300).collect()
}
