//! Deadlines. They are rows in the store; this actor holds the near ones and sleeps until the nearest. A due one is fed once, at most
//! `FED_MAX` at a time, and never early: the wall clock decides, however long the sleep took.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Recipient, SpawnHandle, WrapFuture};

use super::messages::{Deadline, Deliver, Key, Shared, Sink};
use super::request::Resume;
use crate::clock;
use crate::ids::{ExecutionId, Tenant, TimeMs};
use crate::machine::input::Body;

/// Due deadlines that are fed and not yet answered.
const FED_MAX: usize = 256;
/// How far ahead deadlines are held in memory (ten minutes); later ones stay in the store until then.
const HORIZON_MS: u64 = 600_000;
/// Deadlines read from the store at a time.
const ROWS_PER_READ: usize = 10_000;
/// The longest sleep, so that a wall clock that jumps ahead is noticed soon.
const SLEEP_MAX: Duration = Duration::from_secs(10);
/// Before a deadline that was fed and still stands is fed again.
const AGAIN_AFTER_MS: u64 = 1_000;

pub(super) struct Timers {
    shared: Shared,
    directory: Recipient<Deliver>,
    resume: Resume,
    /// Nearest first.
    near: BTreeSet<(TimeMs, Key)>,
    /// The same, to replace one.
    at: HashMap<Key, TimeMs>,
    /// Fed, not yet answered.
    fed: HashSet<Key>,
    /// With `Resume::All`: everything up to here is in `near`.
    horizon: TimeMs,
    sleep: Option<SpawnHandle>,
    reading: bool,
}

impl Timers {
    pub(super) fn new(shared: Shared, directory: Recipient<Deliver>, resume: Resume) -> Self {
        Self {
            shared,
            directory,
            resume,
            near: BTreeSet::new(),
            at: HashMap::new(),
            fed: HashSet::new(),
            horizon: TimeMs(0),
            sleep: None,
            reading: false,
        }
    }

    fn set(&mut self, key: Key, deadline: Option<TimeMs>) {
        if let Some(before) = self.at.remove(&key) {
            self.near.remove(&(before, key.clone()));
        }
        // What lies beyond the horizon is read from the store when its time comes; without a scan of the store there is no horizon.
        if let Some(deadline) = deadline.filter(|deadline| self.resume == Resume::Asked || *deadline <= self.horizon) {
            self.at.insert(key.clone(), deadline);
            self.near.insert((deadline, key));
        }
    }

    /// Feeds what is due, then sleeps until the next.
    fn turn(&mut self, ctx: &mut Context<Self>) {
        let now = clock::now();
        while self.fed.len() < FED_MAX
            && let Some((deadline, key)) = self.near.first().cloned()
            && deadline <= now
        {
            self.set(key.clone(), None);
            if self.fed.insert(key.clone()) {
                self.directory.do_send(Deliver { key, body: Body::Timers, sink: Sink::Timers });
            }
        }
        if self.resume == Resume::All && !self.reading && now.plus(HORIZON_MS / 2) > self.horizon {
            self.read(now, ctx);
        }
        if let Some(sleep) = self.sleep.take() {
            ctx.cancel_future(sleep);
        }
        if self.fed.len() < FED_MAX {
            let until = self.near.first().map_or(SLEEP_MAX, |(deadline, _)| Duration::from_millis(deadline.since(now)));
            self.sleep = Some(ctx.run_later(until.min(SLEEP_MAX), Self::turn));
        }
    }

    /// Moves the horizon on.
    fn read(&mut self, now: TimeMs, ctx: &mut Context<Self>) {
        self.reading = true;
        let (shared, horizon) = (Shared::clone(&self.shared), now.plus(HORIZON_MS));
        // From here on what changes is told; what is told and read twice is the same.
        let before = std::mem::replace(&mut self.horizon, horizon);
        let rows = self.shared.runtime.spawn_blocking(move || shared.store.due(horizon, ROWS_PER_READ));
        let done = rows.into_actor(self).map(move |rows, timers, ctx| {
            timers.reading = false;
            match rows {
                Ok(Ok(rows)) => timers.take(rows),
                Ok(Err(error)) => {
                    tracing::error!(%error, "deadlines cannot be read; trying again");
                    timers.horizon = before;
                }
                Err(error) => {
                    tracing::error!(%error, "reading deadlines broke; trying again");
                    timers.horizon = before;
                }
            }
            if timers.horizon == before {
                ctx.run_later(Duration::from_millis(AGAIN_AFTER_MS), Self::turn);
            } else {
                timers.turn(ctx);
            }
        });
        ctx.spawn(done);
    }

    fn take(&mut self, rows: Vec<(TimeMs, Tenant, ExecutionId)>) {
        if rows.len() == ROWS_PER_READ
            && let Some((last, _, _)) = rows.last()
        {
            // There are more: they are read once these are through.
            self.horizon = *last;
        }
        for (deadline, tenant, execution) in rows {
            let key = Key { tenant, execution };
            if !self.at.contains_key(&key) && !self.fed.contains(&key) {
                self.set(key, Some(deadline));
            }
        }
    }
}

impl Actor for Timers {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.turn(ctx);
    }
}

impl Handler<Deadline> for Timers {
    type Result = ();

    fn handle(&mut self, message: Deadline, ctx: &mut Self::Context) {
        let Deadline { key, mut due, fed } = message;
        if fed {
            self.fed.remove(&key);
            // The machine did not take it (a quarantined execution, a clock that was set back): not at once again.
            let soonest = clock::now().plus(AGAIN_AFTER_MS);
            due = due.map(|due| if due <= clock::now() { soonest } else { due });
        }
        self.set(key, due);
        self.turn(ctx);
    }
}
