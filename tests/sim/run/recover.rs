//! Ends and beginnings: a crash, an orderly restart, what must then be found, and the healing at the end of a run.

use std::collections::BTreeSet;

use flowgate::ids::{ExecutionId, TimeMs};
use flowgate::machine::event::Recorded;
use flowgate::machine::replay;
use flowgate::store::{Error, Faults, Stepped, Unsynced};

use super::case::Fault;
use super::oracle;
use super::shell::{Actor, short};
use super::world::{Failure, SIZES, World};

/// Steps after which something that has not ended never will.
const HEALING_MAX: usize = 60_000;
/// Rounds in which people answer everything that is open.
const ROUNDS_MAX: usize = 300;
/// A store that can be opened is, within so many tries.
const OPENINGS_MAX: usize = 6;
/// Turns in which a process that only records takes in what arrived.
const RECORDED_MAX: usize = 4;
/// In the first part of healing nobody decides, and time does not pass beyond this.
const CALM_MS: u64 = 3_600_000;

impl World {
    /// Opens the store. Where the disk fails, it is tried again, by a process that begins anew; anything else that is not whole is a failure of the run.
    pub fn open(&mut self) -> Result<(), Failure> {
        for number in 1..=OPENINGS_MAX {
            match Stepped::open(&self.disk, SIZES) {
                Ok(store) => {
                    self.store = Some(store);
                    self.disk.set_faults(self.faults);
                    return Ok(());
                }
                Err(error @ Error::Io { .. }) => {
                    self.tell(|_| format!("opening: {error}"));
                    if self.case.has(Fault::CrashedOpenings) {
                        let planned = if number + 1 < OPENINGS_MAX { self.faults_of_opening() } else { Faults::default() };
                        self.disk = self.disk.crash(self.random.next(), planned);
                    } else {
                        // It was said, and somebody has made the directory one that can be changed.
                        self.faults.fail_names = None;
                        self.disk.set_faults(self.faults);
                    }
                }
                Err(error) => return Err(format!("G1: the store cannot be opened: {error}")),
            }
        }
        Err("G1: the store cannot be opened".to_owned())
    }

    /// What becomes of writes that were not synced.
    fn fate(&mut self) -> Unsynced {
        let fates = [(Fault::TornWrites, Unsynced::Torn), (Fault::KeptWrites, Unsynced::Kept)];
        let mut fates: Vec<Unsynced> = fates.into_iter().filter(|(fault, _)| self.case.has(*fault)).map(|(_, fate)| fate).collect();
        fates.push(Unsynced::Lost);
        fates[self.random.index(fates.len())]
    }

    /// What goes wrong while the store is opened.
    fn faults_of_opening(&mut self) -> Faults {
        if self.healed {
            return Faults::default();
        }
        let fail_read = self.case.has(Fault::FailedRead).then(|| 1 + self.random.below(12));
        let mut planned = Faults { fail_read, ..Faults::default() };
        if self.case.has(Fault::CrashedOpenings) && self.random.one_in(2) {
            planned.unsynced = self.fate();
            let number = Some(1 + self.random.below(6));
            match self.random.below(3) {
                0 => planned.fail_write = number,
                1 => planned.fail_sync = number,
                _ => planned.fail_names = number,
            }
        }
        planned
    }

    /// The process is gone, at once.
    pub fn crash(&mut self) -> Result<(), Failure> {
        self.tally.crashes += 1;
        let unsynced = self.fate();
        self.tell(|_| format!("crash, what was not synced is {unsynced:?}"));
        self.disk.set_faults(Faults { unsynced, ..Faults::default() });
        self.store = None;
        self.forget();
        self.faults = Faults::default();
        let planned = self.faults_of_opening();
        self.disk = self.disk.crash(self.random.next(), planned);
        self.begin()
    }

    /// The process ends in an orderly way, and starts again.
    pub fn restart(&mut self) -> Result<(), Failure> {
        self.tell(|_| "restart".to_owned());
        if !self.close() {
            return self.crash();
        }
        self.begin()
    }

    /// An orderly end; false where the store has failed before.
    fn close(&mut self) -> bool {
        let is_closed = self.store.take().is_none_or(|store| store.close().is_ok());
        if is_closed {
            self.forget();
        }
        is_closed
    }

    /// The process ends, and one that only records does what people want: it decides, and performs nothing. Then the first starts again.
    pub fn record(&mut self) -> Result<(), Failure> {
        if !self.close() {
            return self.crash();
        }
        self.tell(|_| "somebody records what people say".to_owned());
        self.tally.recorders += 1;
        self.recording = true;
        let recorded = self.open().and_then(|()| self.recovered()).and_then(|()| self.record_some());
        self.recording = false;
        recorded?;
        if self.random.one_in(2) { self.crash() } else { self.restart() }
    }

    fn record_some(&mut self) -> Result<(), Failure> {
        for _ in 0..=self.random.below(3) {
            match self.random.below(6) {
                0..=2 => self.people()?,
                3 => self.signal()?,
                4 => self.cancel()?,
                _ => self.pause()?,
            }
            for _ in 0..RECORDED_MAX {
                self.decide_next(false)?;
                self.commit()?;
                self.release_some()?;
            }
        }
        Ok(())
    }

    /// What only the process knew.
    fn forget(&mut self) {
        self.actors.clear();
        self.orphans.clear();
        self.mails.clear();
        self.wake.clear();
        self.outside.crash();
        self.boot += 1;
    }

    fn begin(&mut self) -> Result<(), Failure> {
        self.open()?;
        self.recovered()?;
        let store = self.reading()?;
        let owed = store.store().owed().map_err(|error| format!("what is owed cannot be read: {error}"))?;
        self.wake.extend(owed.into_iter().map(|(_, id)| id));
        Ok(())
    }

    /// What was acknowledged is there; what else is there was decided, in that order.
    fn recovered(&mut self) -> Result<(), Failure> {
        let ids: BTreeSet<ExecutionId> = self.watches.keys().chain(self.submitted.keys()).copied().collect();
        for id in ids {
            let found = self.journal(id)?;
            let known = self.watches.get(&id).map_or(&[] as &[Recorded], |watch| &watch.journal);
            if found.len() < known.len() || found[..known.len()] != *known {
                return Err(format!("G1: {id} had {} durable events, and {} are found", known.len(), found.len()));
            }
            let more = found[known.len()..].to_vec();
            let submitted = self.submitted.get(&id).map_or(&[] as &[Recorded], Vec::as_slice);
            if let Some(strange) = more.iter().find(|event| !submitted.contains(event)) {
                return Err(format!("G13: {id} has an event that nobody decided: {strange:?}"));
            }
            if !more.is_empty() {
                self.tell(|_| format!("{} had {} more durable events than anybody was told", short(id), more.len()));
                self.see(id, &more)?;
            }
        }
        Ok(())
    }

    /// Nothing goes wrong any more. First everything must end or wait for somebody; then people answer, and everything must end.
    pub fn heal(&mut self) -> Result<(), Failure> {
        self.tell(|_| "everything heals".to_owned());
        (self.healed, self.skew_ms, self.faults) = (true, 0, Faults::default());
        self.now = self.now.max(self.latest.0);
        self.plan_faults();
        if self.store.as_ref().is_none_or(Stepped::is_stopped) {
            self.crash()?;
        }
        if let Some(store) = &self.store {
            store.prepare();
            store.prepare();
        }
        self.let_go(0, false);
        let calm_until = TimeMs(self.now + CALM_MS);
        self.settle(Some(calm_until))?;
        self.each_waits()?;
        for number in 1..ROUNDS_MAX {
            if self.is_over() {
                return self.judge();
            }
            let open: Vec<_> = self
                .watches
                .iter()
                .flat_map(|(id, watch)| watch.state.questions().into_iter().map(|question| (*id, question.clone())))
                .collect();
            for (id, question) in open {
                self.decide_question(id, &question);
            }
            self.let_go(number, number % 4 == 1);
            self.settle(None)?;
        }
        let left = self.watches.iter().filter(|(_, watch)| !watch.is_ended());
        let left: Vec<String> = left
            .map(|(id, watch)| format!("{} {:?}", short(*id), watch.state.summary(&watch.plan).map(|summary| summary.waiting_for)))
            .collect();
        Err(format!("G4: after everything healed, something does not end: {left:?}"))
    }

    /// Until nothing more happens by itself; with `until`, deadlines up to then pass too, otherwise the next one does.
    fn settle(&mut self, until: Option<TimeMs>) -> Result<(), Failure> {
        let mut passed = false;
        for _ in 0..HEALING_MAX {
            if self.is_busy() {
                self.work()?;
                continue;
            }
            let next = self.next_deadline()?;
            let Some(next) = next.filter(|next| until.map_or(!passed, |until| *next <= until)) else { return Ok(()) };
            passed = true;
            self.now = self.now.max(next.0);
            self.feed_due()?;
        }
        let actors: Vec<String> =
            self.actors.iter().map(|(id, actor)| format!("{} own {:?} commits {}", short(*id), actor.own, actor.commits.len())).collect();
        let next = self.next_deadline()?;
        Err(format!(
            "G4: it never comes to rest: now {} next {next:?} mails {:?} wake {:?} idle {} actors {actors:?}",
            self.now,
            self.mails.values().next(),
            self.wake,
            self.outside.is_idle()
        ))
    }

    fn is_busy(&self) -> bool {
        let clients = self.clients.iter().any(|client| !client.acknowledged && !client.refused);
        let actors = self.actors.values().any(|actor: &Actor| !actor.own.is_empty() || !actor.commits.is_empty());
        clients || actors || !self.mails.is_empty() || !self.wake.is_empty() || !self.outside.is_idle()
    }

    fn work(&mut self) -> Result<(), Failure> {
        self.start_client()?;
        self.decide_next(false)?;
        self.commit()?;
        self.release_some()?;
        self.send_call()?;
        self.answer_call()
    }

    fn is_over(&self) -> bool {
        self.watches.values().all(super::watch::Watch::is_ended)
    }

    /// G4: who has not ended waits for a person, a signal, a time, or a child that does.
    fn each_waits(&mut self) -> Result<(), Failure> {
        let unfinished: Vec<ExecutionId> = self.watches.iter().filter(|(_, watch)| !watch.is_ended()).map(|(id, _)| *id).collect();
        let store = self.reading()?;
        for id in unfinished {
            let summary = store.store().summary(&World::tenant(), id).map_err(|error| error.to_string())?;
            let waits = summary.is_some_and(|summary| !summary.waiting_for.is_empty() || summary.deadline.is_some() || summary.paused);
            if !waits {
                return Err(format!("G4: {id} has not ended and waits for nothing"));
            }
        }
        Ok(())
    }

    /// The last look: every journal replays to what was live, also from a store that was closed and opened; and the naive model agrees.
    fn judge(&mut self) -> Result<(), Failure> {
        self.restart()?;
        for (id, watch) in &self.watches {
            let replayed = replay(&watch.plan, &watch.journal).map_err(|error| format!("G13: {id} does not replay: {error}"))?;
            if replayed != watch.state {
                return Err(format!("G13: {id} replays to something else"));
            }
            if oracle::judge(&watch.plan.spec, &watch.journal).map_err(|reason| format!("oracle: {reason} (execution {id})"))? {
                self.tally.judged += 1;
            }
        }
        match self.clients.iter().find(|client| !client.acknowledged) {
            Some(client) => Err(format!("G1: nobody ever acknowledged the start of {}", client.execution)),
            None => Ok(()),
        }
    }
}
