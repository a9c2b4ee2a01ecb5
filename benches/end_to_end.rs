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

#[path = "support/floor.rs"]
mod floor;
#[path = "support/flows.rs"]
mod flows;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flowgate::engine::{EngineHandle, FlowRef, Notice, Options, Resume, StartRequest};
use flowgate::flow::compile;
use flowgate::machine::question::Person;
use flowgate::machine::summary::Status;
use flowgate::runner::{Runner, Settings, settings};
use flowgate::store::{self, Store};
use serde_json::json;

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
    if cfg!(debug_assertions) {
        println!("This is an unoptimised build: its figures say nothing.");
    }
    let arguments: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let runs = arguments.first().copied().unwrap_or(RUNS_DEFAULT).max(1);
    let measured = Duration::from_secs(arguments.get(1).copied().unwrap_or(SECONDS_DEFAULT) as u64);
    // Beside the build, because many systems keep their temporary files in memory.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
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
    println!("{:>8} {:>26} {:>8} {:>26} {:>11} {:>11}", "clients", "steps/s", "exec/s", "floor, records/s", "steps/floor", "CPU µs/step");
    for (concurrency, found) in CONCURRENCIES.into_iter().zip(&found) {
        let (steps, floor) = (spread(found, |found| found.steps), spread(found, |found| found.floor));
        let ratio = spread(found, |found| found.steps / found.floor);
        let processor = spread(found, |found| found.processor_micros);
        let text = |[low, middle, high]: [f64; 3]| format!("{low:.0} {middle:.0} {high:.0}");
        println!(
            "{concurrency:>8} {:>26} {:>8.0} {:>26} {:>11.2} {:>11.0}",
            text(steps),
            steps[1] / STEPS as f64,
            text(floor),
            ratio[1],
            processor[1]
        );
    }
}

/// The lowest, the median and the highest.
fn spread(found: &[Found], of: impl Fn(&Found) -> f64) -> [f64; 3] {
    let mut figures: Vec<f64> = found.iter().map(of).collect();
    figures.sort_by(f64::total_cmp);
    [figures[0], figures[figures.len() / 2], figures[figures.len() - 1]]
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
    let options = store::Options { dir: dir.to_owned(), ..store::Options::default() };
    let runner = Runner::new(Settings::new(&BTreeMap::new(), settings::File::default()).unwrap()).unwrap();
    let options = (Store::open(&options).unwrap(), Options { resume: Resume::Asked, ..Options::default() });
    let engine = EngineHandle::spawn(options.0, runner, options.1).unwrap();
    let (plan, _) = compile::load(&flows::chain(STEPS, "{builtin: noop}")).unwrap();
    let flow = engine.register(plan.spec.as_ref().clone()).await.unwrap();
    let processor_before = processor_micros();
    let (begun, done) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..concurrency {
        let (engine, flow, done) = (engine.clone(), flow.clone(), Arc::clone(&done));
        clients.spawn(async move {
            while begun.elapsed() < measured {
                execute(&engine, &flow).await;
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
    engine.shutdown(Duration::from_secs(5)).await;
    (rate, processor)
}

/// One execution, to its durable end.
async fn execute(engine: &EngineHandle, flow: &FlowRef) {
    let operator = Person { user: "bench".to_owned(), roles: Vec::new(), every_role: true };
    let id = flowgate::clock::execution_id();
    let mut notices = engine.subscribe(id);
    engine.start(StartRequest { execution: Some(id), ..StartRequest::new(flow.clone(), json!({}), operator) }).await.unwrap();
    loop {
        match notices.next().await.unwrap() {
            Notice::Idle { summary, .. } => {
                assert_eq!(summary.status, Status::Completed);
                return;
            }
            Notice::Quarantined { reason, .. } => panic!("{reason}"),
            Notice::Committed { .. } | Notice::Chunk { .. } | Notice::Missed { .. } => {}
        }
    }
}
