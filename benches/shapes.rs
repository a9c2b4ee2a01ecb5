//! One execution alone, by its shape: a chain of durable steps, steps that only compute, a fan-out with its join, a map; beside a bare
//! `fdatasync` on the same disk in the same run. Syncs are those that the store counts itself, its mark included.
//! Usage: `cargo bench --bench shapes [-- RUNS]`; results in docs/benchmarks.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark: it prints its result and stops at the first fault"
)]

#[path = "support/embedded.rs"]
mod embedded;
#[path = "support/figures.rs"]
mod figures;
#[path = "support/floor.rs"]
mod floor;
#[path = "support/flows.rs"]
mod flows;

use std::path::Path;
use std::time::{Duration, Instant};

use embedded::{Embedded, execute};
use figures::{Spread, micros, ms, percentile};
use flowgate::engine::FlowRef;
use flowgate::machine::summary::Status;

/// How often each figure is taken, unless the argument says; the runs of all figures alternate.
const RUNS_DEFAULT: usize = 5;
/// What one step's record takes, about; what the bare loop appends.
const RECORD_BYTES: usize = 512;
/// How long the bare loop runs each time.
const FLOOR_TIME: Duration = Duration::from_millis(500);
/// Steps of the chain, and how many executions of it make a run.
const CHAIN: (usize, usize) = (100, 20);
/// Steps of the chains that only compute, and executions of each.
const PURE: ([usize; 2], usize) = ([2, 100], 50);
/// Branches of the fan-out, and executions of it.
const FAN: (usize, usize) = (100, 50);
const ITEMS: [usize; 3] = [1_000, 3_000, 10_000];
/// The maps: what they do per item, and for how many at once. The first is what a flow gets that says nothing.
const MAPS: [(&str, &str, usize); 3] = [
    ("durable, 8 at once", flows::TRIVIAL, 8),
    ("durable, 64 at once", flows::TRIVIAL, 64),
    ("computed, 8 at once", "{set: {twice: 'item * 2'}}", 8),
];

/// Executions of one flow, one after the other.
struct Found {
    /// Of each execution, the shortest first.
    taken: Vec<Duration>,
    /// Per execution.
    syncs: f64,
    /// A bare write with its `fdatasync`.
    floor: Duration,
}

impl Found {
    fn median(&self) -> Duration {
        percentile(&self.taken, 50)
    }
}

fn main() {
    figures::warn_if_unoptimised();
    let runs = figures::argument(0, RUNS_DEFAULT);
    println!("{runs} runs: lowest / median / highest; the floor is a write of {RECORD_BYTES} bytes and its fdatasync\n");
    let directory = figures::directory();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let embedded = Embedded::open(&directory.path().join("store"));
        let dir = directory.path();
        chain(&embedded, dir, runs).await;
        pure(&embedded, dir, runs).await;
        fan(&embedded, dir, runs).await;
        for (name, body, concurrency) in MAPS {
            map(&embedded, dir, runs, (name, body, concurrency)).await;
        }
        embedded.close().await;
    });
}

/// Runs `flow` so often, and the floor before it.
async fn take(embedded: &Embedded, dir: &Path, flow: &FlowRef, executions: usize) -> Found {
    let floor = floor::sync_median(dir, RECORD_BYTES, FLOOR_TIME);
    let syncs_before = embedded.store.meters().syncs();
    let mut taken = Vec::new();
    for _ in 0..executions {
        let began = Instant::now();
        let (_, summary) = execute(&embedded.engine, flow).await;
        taken.push(began.elapsed());
        assert_eq!(summary.status, Status::Completed);
    }
    taken.sort();
    let syncs = (embedded.store.meters().syncs() - syncs_before) as f64 / executions as f64;
    Found { taken, syncs, floor }
}

async fn take_all(embedded: &Embedded, dir: &Path, runs: usize, yaml: &str, executions: usize) -> Vec<Found> {
    let flow = embedded.publish(yaml).await;
    let mut found = Vec::new();
    for _ in 0..runs {
        found.push(take(embedded, dir, &flow, executions).await);
    }
    found
}

fn spread(found: &[Found], of: impl Fn(&Found) -> f64) -> Spread {
    Spread::of(found.iter().map(of))
}

async fn chain(embedded: &Embedded, dir: &Path, runs: usize) {
    let (steps, executions) = CHAIN;
    let per_step = |found: &Found| micros(found.median()) / steps as f64;
    let found = take_all(embedded, dir, runs, &flows::chain(steps, flows::TRIVIAL), executions).await;
    println!("one execution alone, {steps} durable steps (median of {executions} each):");
    println!("  per step, µs        {:.0}", spread(&found, per_step));
    println!("  a bare sync, µs     {:.0}", spread(&found, |found| micros(found.floor)));
    println!("  step / bare sync    {:.2}  (at most 2)", spread(&found, |found| per_step(found) / micros(found.floor)));
    println!("  syncs per step      {:.2}\n", spread(&found, |found| found.syncs / steps as f64));
}

async fn pure(embedded: &Embedded, dir: &Path, runs: usize) {
    let (lengths, executions) = PURE;
    println!("steps that compute and branch (median of {executions} each):");
    for steps in lengths {
        let found = take_all(embedded, dir, runs, &flows::branches(steps), executions).await;
        let (time, syncs) = (spread(&found, |found| micros(found.median())), spread(&found, |found| found.syncs));
        println!("  {steps:>3} steps, µs       {time:.0}, syncs per execution {syncs:.2}");
    }
    println!();
}

async fn fan(embedded: &Embedded, dir: &Path, runs: usize) {
    let (width, executions) = FAN;
    let found = take_all(embedded, dir, runs, &flows::fan(width), executions).await;
    println!("a fan-out of {width} and its join ({executions} each):");
    println!("  p50, ms             {:.2}  (at most 10)", spread(&found, |found| ms(found.median())));
    println!("  p99, ms             {:.2}", spread(&found, |found| ms(percentile(&found.taken, 99))));
    println!("  syncs               {:.1}", spread(&found, |found| found.syncs));
    let of_syncs = |found: &Found| ms(found.median()) / (found.syncs * ms(found.floor));
    println!("  p50 / as many syncs {:.2}\n", spread(&found, of_syncs));
}

async fn map(embedded: &Embedded, dir: &Path, runs: usize, (name, body, concurrency): (&str, &str, usize)) {
    println!("a map, {name}; the floor is {concurrency} records per fdatasync:");
    let mut shortest = None;
    for items in ITEMS {
        let flow = embedded.publish(&flows::map(items, concurrency, body)).await;
        let (mut rates, mut ratios, mut syncs) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..runs {
            let floor = floor::records_per_second(dir, concurrency, RECORD_BYTES, FLOOR_TIME);
            let found = take(embedded, dir, &flow, 1).await;
            let rate = items as f64 / found.median().as_secs_f64();
            rates.push(rate);
            ratios.push(rate / floor);
            syncs.push(found.syncs / items as f64);
        }
        let (rates, ratios, syncs) = (Spread::of(rates), Spread::of(ratios), Spread::of(syncs));
        let shortest = *shortest.get_or_insert(rates.median);
        let (times, synced) = (shortest / rates.median, syncs.median);
        println!(
            "  {items:>6} items: {rates:.0} items/s, / floor {ratios:.2}, an item costs {times:.2} of the first row's, {synced:.3} syncs"
        );
    }
    println!();
}
