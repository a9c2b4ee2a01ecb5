//! What one run is made of: flows, a seed, and which faults are switched on. A case is all that a failure needs to be seen again.

use flowgate::flow::spec::FlowSpec;
use serde::{Deserialize, Serialize};

use super::generate;
use super::random::Random;

/// Which things go wrong. Each seed switches a random subset on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The process dies at any step.
    Crash,
    /// What was not synced survives a crash sector by sector, in no order.
    TornWrites,
    /// What was not synced all survives, as after SIGKILL.
    KeptWrites,
    /// A sync fails.
    FailedSync,
    /// A write fails half way.
    FailedWrite,
    /// Creating, renaming or removing a file fails, or making that durable.
    FailedNames,
    /// Reading fails while the store is opened.
    FailedRead,
    /// The disk is full for a while.
    FullDisk,
    /// Commits wait.
    SlowDisk,
    /// Calls fail, are cut, are busy.
    FailingCalls,
    /// Outcomes come twice, or long after.
    RepeatedOutcomes,
    /// The wall clock jumps by up to an hour, both ways.
    ClockJumps,
    /// Several people decide at once, and change what they approve.
    RacingDeciders,
    /// Somebody cancels.
    Cancels,
    /// Somebody holds executions and lets them go on.
    Pauses,
    /// Revisions are published and taken back while executions run.
    Publishes,
    /// Executions are dropped from memory at any moment.
    Passivation,
    /// Two copies of an execution decide at once.
    StaleActors,
    /// The process ends in an orderly way and starts again.
    Restarts,
    /// The process ends, and another one records what people say, and performs nothing, before it starts again.
    Recorders,
    /// The process dies again while it opens its store, or cannot write there.
    CrashedOpenings,
    /// Documents come and go between the turns, and what is left of them is taken out of the log.
    Compaction,
}

impl Fault {
    pub const ALL: [Self; 22] = [
        Self::Crash,
        Self::TornWrites,
        Self::KeptWrites,
        Self::FailedSync,
        Self::FailedWrite,
        Self::FailedNames,
        Self::FailedRead,
        Self::FullDisk,
        Self::SlowDisk,
        Self::FailingCalls,
        Self::RepeatedOutcomes,
        Self::ClockJumps,
        Self::RacingDeciders,
        Self::Cancels,
        Self::Pauses,
        Self::Publishes,
        Self::Passivation,
        Self::StaleActors,
        Self::Restarts,
        Self::Recorders,
        Self::CrashedOpenings,
        Self::Compaction,
    ];
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Everything that is left to chance in the run.
    pub seed: u64,
    /// Revisions of the flow that clients start; the first is published at the beginning.
    pub flows: Vec<FlowSpec>,
    /// The flow that `flow` steps start.
    pub child: FlowSpec,
    pub faults: Vec<Fault>,
    /// Executions that clients start.
    pub starts: u32,
    /// Steps before everything heals.
    pub steps: u32,
}

impl Case {
    /// The case of a seed.
    pub fn of(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0xf10f_6a7e);
        // Every eighth seed has no faults at all: what goes wrong there is no matter of recovery.
        let quiet = random.one_in(8);
        let faults = Fault::ALL.into_iter().filter(|_| random.one_in(3) && !quiet).collect();
        let flows = (0..3).map(|number| generate::flow(&bytes(&mut random, 180), "flow", number)).collect();
        let child = generate::leaf_flow(&bytes(&mut random, 60), "other");
        let (starts, steps) = (1 + u32::try_from(random.below(4)).unwrap_or(0), 60 + u32::try_from(random.below(260)).unwrap_or(0));
        Self { seed: random.next(), flows, child, faults, starts, steps }
    }

    pub fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }
}

fn bytes(random: &mut Random, length_max: usize) -> Vec<u8> {
    let length = 8 + random.index(length_max);
    std::iter::repeat_with(|| random.next().to_le_bytes()[0]).take(length).collect()
}
