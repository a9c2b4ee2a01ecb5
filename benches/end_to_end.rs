//! Steps per second from start to durable end, by how many clients each have one execution at work, beside what a bare append + `fdatasync`
//! loop gives the same number of clients on the same disk in the same run. Each step is one durable record. Usage:
//! `cargo bench --bench end_to_end [-- RUNS [SECONDS]]`; results in docs/benchmarks.md.
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
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use embedded::{Embedded, execute};
use figures::Spread;
use flowgate::machine::summary::Status;

const STEPS: usize = 10;
const CONCURRENCIES: [usize; 4] = [1, 16, 64, 256];
/// How often each figure is taken, unless the first argument says; the rounds of all figures alternate.
const RUNS_DEFAULT: usize = 1;
/// How long each run of each figure takes, in seconds, unless the second argument says.
const SECONDS_DEFAULT: usize = 3;
/// What the floor's loop appends for each step; about what one step's record takes.
const RECORD_BYTES: usize = 512;

/// What one run found at one concurrency.
struct Found {
    steps: f64,
    floor: f64,
    /// Processor time of the whole process per step, in microseconds.
    processor_micros: f64,
}

fn main() {
    figures::warn_if_unoptimised();
    let runs = figures::argument(0, RUNS_DEFAULT);
    let measured = Duration::from_secs(figures::argument(1, SECONDS_DEFAULT) as u64);
    let dir = figures::directory();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut found: Vec<Vec<Found>> = CONCURRENCIES.iter().map(|_| Vec::new()).collect();
    for run in 0..runs {
        for (concurrency, found) in CONCURRENCIES.into_iter().zip(&mut found) {
            let floor = floor::records_per_second(dir.path(), concurrency, RECORD_BYTES, measured / 3);
            let store = dir.path().join(format!("{concurrency}-{run}"));
            let (steps, processor_micros) = runtime.block_on(steps_per_second(&store, concurrency, measured));
            std::fs::remove_dir_all(&store).unwrap();
            found.push(Found { steps, floor, processor_micros });
        }
    }
    println!("{runs} runs of {measured:?}: lowest, median, highest; {RECORD_BYTES} bytes per record of the floor");
    println!("{:>8} {:>26} {:>8} {:>32} {:>11} {:>11}", "clients", "steps/s", "exec/s", "floor, records/s", "steps/floor", "CPU µs/step");
    for (concurrency, found) in CONCURRENCIES.into_iter().zip(&found) {
        let of = |figure: fn(&Found) -> f64| Spread::of(found.iter().map(figure));
        let (steps, floor, ratio) = (of(|found| found.steps), of(|found| found.floor), of(|found| found.steps / found.floor));
        println!(
            "{concurrency:>8} {steps:>26} {:>8.0} {floor:>32} {:>11.2} {:>11.0}",
            steps.median / STEPS as f64,
            ratio.median,
            of(|found| found.processor_micros).median
        );
    }
}

/// Processor time that this process has used, in microseconds; 0 where the system does not tell.
fn processor_micros() -> f64 {
    // Fields 14 and 15 in hundredths of a second, counted after the name, which may hold anything but ends with the last parenthesis.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ').skip(11).take(2);
    fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() * 10_000.0
}

/// Steps per second, and the processor time that each took.
async fn steps_per_second(dir: &Path, concurrency: usize, measured: Duration) -> (f64, f64) {
    let embedded = Embedded::open(dir);
    let flow = embedded.publish(&flows::chain(STEPS, flows::TRIVIAL)).await;
    let processor_before = processor_micros();
    let (begun, done) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..concurrency {
        let (engine, flow, done) = (embedded.engine.clone(), flow.clone(), Arc::clone(&done));
        clients.spawn(async move {
            while begun.elapsed() < measured {
                let (_, summary) = execute(&engine, &flow).await;
                assert_eq!(summary.status, Status::Completed);
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    let steps = (done.load(Ordering::Relaxed) * STEPS) as f64;
    let rate = steps / begun.elapsed().as_secs_f64();
    let processor = (processor_micros() - processor_before) / steps;
    embedded.close().await;
    (rate, processor)
}
