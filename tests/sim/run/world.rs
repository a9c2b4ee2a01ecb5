//! One run: a process with its store and actors, the disk under it, and the world around it, all on one thread. Each step does one thing that
//! could happen next, chosen by chance. The shell here keeps to the rules of `engine/`: what arrives is held until it is answered, and nothing
//! leaves before it is durable.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flowgate::flow::plan::Plan;
use flowgate::flow::spec::FlowSpec;
use flowgate::ids::{CallId, Digest, ExecutionId, QuestionId, Tenant, TimeMs};
use flowgate::machine::event::Recorded;
use flowgate::machine::input::Body;
use flowgate::store::{Entry, Error, Faults, MemoryDisk, Sizes, Stepped};

use super::case::{Case, Fault};
use super::coverage::Coverage;
use super::outside::Outside;
use super::random::Random;
use super::shell::Actor;
use super::watch::Watch;

/// Small segments, so that the log rolls within a run.
pub const SIZES: Sizes =
    Sizes { segment_bytes_min: 16 << 10, segment_bytes_max: 256 << 10, free_bytes_low: 12 << 10, free_bytes_stop: 4 << 10 };
/// When every run begins.
const BEGINNING: TimeMs = TimeMs(1_750_000_000_000);

/// Whom the answer to an input concerns.
#[derive(Clone, Debug, PartialEq)]
pub enum Ticket {
    Nobody,
    Start(usize),
    /// Who decides what, looking at which digest.
    Decision(QuestionId, String, Digest),
    Call(CallId),
    Cancel,
    ChildStart(ExecutionId),
    ChildCancel(ExecutionId),
    ChildEnd(ExecutionId),
}

/// An input that is held until it is answered.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: ExecutionId,
    pub body: Body,
    pub ticket: Ticket,
    /// An actor has it; if the actor goes, it is delivered again.
    pub taken: bool,
}

/// Somebody who wants an execution started and asks until they are told that it is.
pub struct Client {
    pub execution: ExecutionId,
    pub acknowledged: bool,
    pub refused: bool,
}

/// What a run achieved; too little of it is a failure too.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub steps: u64,
    pub started: u64,
    pub ended: u64,
    pub completed: u64,
    pub events: u64,
    pub decisions: u64,
    pub calls: u64,
    pub crashes: u64,
    pub judged: u64,
    /// Verdicts of validators, answers that had to be corrected, and results and steps that validators refused.
    pub verdicts: u64,
    pub corrected: u64,
    pub refused: u64,
    /// Turns that ended at their bound.
    pub yielded: u64,
    /// Lives of a process that only records.
    pub recorders: u64,
    /// Records that compactions took out of the log.
    pub dropped: u64,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.started += other.started;
        self.ended += other.ended;
        self.completed += other.completed;
        self.events += other.events;
        self.decisions += other.decisions;
        self.calls += other.calls;
        self.crashes += other.crashes;
        self.judged += other.judged;
        self.verdicts += other.verdicts;
        self.corrected += other.corrected;
        self.refused += other.refused;
        self.yielded += other.yielded;
        self.recorders += other.recorders;
        self.dropped += other.dropped;
    }
}

pub struct World {
    pub case: Case,
    pub random: Random,
    /// True time; the wall clock shows it with a skew.
    pub now: u64,
    pub skew_ms: i64,
    pub latest: TimeMs,
    pub boot: u64,
    pub disk: MemoryDisk,
    pub faults: Faults,
    pub store: Option<Stepped>,
    pub actors: BTreeMap<ExecutionId, Actor>,
    /// Commits of actors that are gone: nobody acts on them, and they may still become durable.
    pub orphans: Vec<(ExecutionId, super::shell::Commit)>,
    pub mails: BTreeMap<u64, Mail>,
    pub next_mail: u64,
    /// Executions whose actor went while something was still to be done.
    pub wake: BTreeSet<ExecutionId>,
    pub outside: Outside,
    pub watches: BTreeMap<ExecutionId, Watch>,
    /// Everything that was ever handed to the committer, by execution and number.
    pub submitted: BTreeMap<ExecutionId, Vec<Recorded>>,
    pub plans: BTreeMap<Digest, Arc<Plan>>,
    pub specs: BTreeMap<Digest, (String, FlowSpec)>,
    /// Published revisions of the flow, and the one that is current.
    pub published: Vec<Digest>,
    pub current: usize,
    pub child: Digest,
    pub clients: Vec<Client>,
    pub cancel_acknowledged: BTreeSet<ExecutionId>,
    pub healed: bool,
    /// The process only records: it decides what arrives, and performs nothing.
    pub recording: bool,
    pub tally: Tally,
    pub coverage: Coverage,
    /// What happened, for whoever reads a failure; none in bulk.
    pub story: Option<Vec<String>>,
}

/// Why a run failed: what broke, first words first.
pub type Failure = String;

/// How a run ended.
pub struct Report {
    pub result: Result<(), Failure>,
    pub tally: Tally,
    pub coverage: Coverage,
    pub story: Vec<String>,
    /// Of every journal, so that two runs can be compared.
    pub fingerprint: Digest,
}

/// Runs a case; with `tell` what happened is written down.
pub fn run(case: &Case, tell: bool) -> Report {
    let mut world = World::new(case, tell);
    let result = world.live();
    let mut all = String::new();
    for (id, watch) in &world.watches {
        all.extend([format!("{id} {:?}\n", watch.journal)]);
    }
    let (tally, coverage) = (world.tally, std::mem::take(&mut world.coverage));
    Report { result, tally, coverage, story: world.story.take().unwrap_or_default(), fingerprint: Digest::of(all.as_bytes()) }
}

impl World {
    fn new(case: &Case, tell: bool) -> Self {
        let mut random = Random::new(case.seed);
        let disk = MemoryDisk::new(Faults::default());
        let clients = (0..case.starts).map(|_| Client { execution: id(&mut random), acknowledged: false, refused: false }).collect();
        Self {
            case: case.clone(),
            random,
            now: BEGINNING.0,
            skew_ms: 0,
            latest: BEGINNING,
            boot: 1,
            disk,
            faults: Faults::default(),
            store: None,
            actors: BTreeMap::new(),
            orphans: Vec::new(),
            mails: BTreeMap::new(),
            next_mail: 0,
            wake: BTreeSet::new(),
            outside: Outside::default(),
            watches: BTreeMap::new(),
            submitted: BTreeMap::new(),
            plans: BTreeMap::new(),
            specs: BTreeMap::new(),
            published: Vec::new(),
            current: 0,
            child: Digest([0; 32]),
            clients,
            cancel_acknowledged: BTreeSet::new(),
            healed: false,
            recording: false,
            tally: Tally::default(),
            coverage: Coverage::default(),
            story: tell.then(Vec::new),
        }
    }

    pub fn tell(&mut self, line: impl FnOnce(&Self) -> String) {
        if self.story.is_some() {
            let line = format!("{:>6} {}", self.now - BEGINNING.0, line(self));
            self.story.get_or_insert_with(Vec::new).push(line);
        }
    }

    pub fn tenant() -> Tenant {
        Tenant::default()
    }

    /// What the wall clock shows.
    pub fn wall(&mut self) -> TimeMs {
        let wall = TimeMs(self.now.saturating_add_signed(self.skew_ms));
        self.latest = self.latest.max(wall);
        wall
    }

    pub fn post(&mut self, to: ExecutionId, body: Body, ticket: Ticket) {
        self.mails.insert(self.next_mail, Mail { to, body, ticket, taken: false });
        self.next_mail += 1;
    }

    fn live(&mut self) -> Result<(), Failure> {
        self.open()?;
        self.publish_first()?;
        for _ in 0..self.case.steps {
            self.tally.steps += 1;
            self.step()?;
        }
        self.heal()
    }

    /// One thing that could happen next.
    fn step(&mut self) -> Result<(), Failure> {
        self.now += self.random.below(40);
        let is_slow = self.case.has(Fault::SlowDisk);
        match self.random.below(100) {
            0..=29 => self.decide_next(false),
            30..=44 if is_slow && !self.random.one_in(5) => Ok(()),
            30..=44 => self.commit(),
            45..=59 => self.release_some(),
            60..=71 => self.send_call(),
            72..=81 => self.answer_call(),
            82..=85 => self.people(),
            86..=87 => self.start_client(),
            88..=90 => self.pass_time(),
            91 => self.signal(),
            92 => self.maintain(),
            93..=99 => self.go_wrong(),
            _ => Ok(()),
        }?;
        if self.store.as_ref().is_some_and(Stepped::is_stopped) {
            return self.crash();
        }
        Ok(())
    }

    fn maintain(&mut self) -> Result<(), Failure> {
        if let Some(store) = &mut self.store {
            match self.random.below(3) {
                0 => store.prepare(),
                1 => store.raise_mark(),
                _ => drop(store.apply().map_err(|error| format!("the view does not follow: {error}"))?),
            }
        }
        Ok(())
    }

    fn go_wrong(&mut self) -> Result<(), Failure> {
        let Some(fault) = self.case.faults.get(self.random.index(self.case.faults.len())).copied() else { return Ok(()) };
        match fault {
            Fault::Crash if self.random.one_in(2) => self.crash(),
            // It dies in the middle of one of the next writes, or before a sync is through.
            Fault::Crash if self.random.one_in(2) => {
                let number = Some(1 + self.random.below(3));
                *(if self.random.one_in(2) { &mut self.faults.fail_write } else { &mut self.faults.fail_sync }) = number;
                self.plan_faults();
                Ok(())
            }
            Fault::Restarts if self.random.one_in(3) => self.restart(),
            Fault::Recorders if self.random.one_in(3) => self.record(),
            Fault::FailedNames if self.random.one_in(4) => {
                self.faults.fail_names = Some(1 + self.random.below(4));
                self.plan_faults();
                Ok(())
            }
            Fault::FailedSync if self.random.one_in(4) => {
                self.faults.fail_sync = Some(1 + self.random.below(3));
                self.plan_faults();
                Ok(())
            }
            Fault::FailedWrite if self.random.one_in(4) => {
                self.faults.fail_write = Some(1 + self.random.below(3));
                self.plan_faults();
                Ok(())
            }
            Fault::FullDisk => {
                self.faults.capacity_bytes = match self.faults.capacity_bytes {
                    Some(_) => None,
                    None => Some([24 << 10, 64 << 10, 160 << 10][self.random.index(3)]),
                };
                self.plan_faults();
                Ok(())
            }
            Fault::ClockJumps => {
                let jump_ms = i64::try_from(self.random.below(7_200_000)).unwrap_or(0) - 3_600_000;
                self.skew_ms = if self.random.one_in(3) { 0 } else { jump_ms };
                self.tell(|world| format!("the clock is off by {} ms", world.skew_ms));
                Ok(())
            }
            Fault::Cancels => self.cancel(),
            Fault::Pauses => self.pause(),
            Fault::Publishes => self.publish(),
            Fault::Passivation => self.passivate(),
            Fault::StaleActors => self.decide_next(true),
            Fault::RepeatedOutcomes => self.repeat_outcome(),
            Fault::Compaction if self.random.one_in(2) => self.compact(),
            _ => Ok(()),
        }
    }

    /// Others leave something behind, and the log is compacted. Whatever fails meanwhile: the log is whole, and what was said stands.
    fn compact(&mut self) -> Result<(), Failure> {
        let Some(store) = &mut self.store else { return Ok(()) };
        for _ in 0..self.random.below(24) {
            let (key, length) = (self.random.next().to_string(), self.random.below(12_000));
            for (expected, length) in [(0, Some(length)), (1, None)] {
                let (tenant, collection) = (Tenant::default(), "litter".to_owned());
                let body = length.map(|length| "x".repeat(usize::try_from(length).unwrap_or(0)));
                drop(store.store().commit(Entry::Document { tenant, collection, key: key.clone(), expected, body }));
            }
        }
        let round = store.compact();
        match &round {
            Ok(report) => self.tally.dropped += report.records_dropped as u64,
            Err(Error::Io { .. } | Error::Full { .. } | Error::Stopped(_) | Error::Refused(_)) => {}
            Err(error) => return Err(format!("the log cannot be compacted: {error}")),
        }
        self.tell(|_| format!("compacted: {round:?}"));
        self.learn()
    }

    pub fn plan_faults(&mut self) {
        self.tell(|world| format!("planned: {:?}", world.faults));
        self.disk.set_faults(self.faults);
    }

    /// Time passes: a little, to the next deadline, or to a millisecond before it, where somebody asks too early. What is due is fed.
    pub fn pass_time(&mut self) -> Result<(), Failure> {
        match self.random.below(5) {
            0 => self.now += self.random.below(10_000),
            1 => self.now += self.random.below(4_000_000),
            choice => {
                if let Some(next) = self.next_deadline()? {
                    let wall = self.wall();
                    let early_ms = u64::from(choice == 2);
                    self.now += next.since(wall).saturating_sub(early_ms).min(3 * 86_400_000);
                    let unfinished = self.watches.iter().filter(|(_, watch)| choice == 2 && !watch.is_ended()).map(|(id, _)| *id);
                    for id in unfinished.collect::<Vec<_>>() {
                        self.post(id, Body::Timers, Ticket::Nobody);
                    }
                }
            }
        }
        self.feed_due()
    }

    pub fn next_deadline(&mut self) -> Result<Option<TimeMs>, Failure> {
        let Some(store) = &mut self.store else { return Ok(None) };
        store.apply_all().map_err(|error| error.to_string())?;
        if store.is_stopped() {
            return Ok(None);
        }
        store.store().next_deadline().map_err(|error| format!("deadlines cannot be read: {error}"))
    }

    pub fn feed_due(&mut self) -> Result<(), Failure> {
        let wall = self.wall();
        let Some(store) = &mut self.store else { return Ok(()) };
        store.apply_all().map_err(|error| error.to_string())?;
        if store.is_stopped() {
            return Ok(());
        }
        let due = store.store().due(wall, 256).map_err(|error| format!("deadlines cannot be read: {error}"))?;
        for (_, _, execution) in due {
            let is_fed = self.mails.values().any(|mail| mail.to == execution && matches!(mail.body, Body::Timers));
            if !is_fed {
                self.post(execution, Body::Timers, Ticket::Nobody);
            }
        }
        Ok(())
    }
}

pub fn id(random: &mut Random) -> ExecutionId {
    ExecutionId::derived(BEGINNING, &random.next().to_string())
}
