//! What length costs: one long execution, alone, up to its question. A step at the end of it beside one at its beginning; waking it in a new
//! process's store by an approval; the first and the last page of its trace. Usage: `cargo bench --bench length [-- RUNS [LONGEST]]`; results
//! in docs/benchmarks.md.
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

use embedded::{Embedded, execute, operator, rest};
use figures::{Spread, micros, ms};
use flowgate::engine::{AttemptsRequest, EngineHandle};
use flowgate::ids::ExecutionId;
use flowgate::machine::question::{Decision, Verdict};
use flowgate::machine::summary::{Status, Summary, WaitingFor};

const RUNS_DEFAULT: usize = 1;
/// Steps of the longest, unless the second argument says.
const LONGEST_DEFAULT: usize = 100_000;
const LENGTHS: [usize; 3] = [1_000, 10_000, 100_000];
/// What one step's record takes, about; what the bare loop appends.
const RECORD_BYTES: usize = 512;
const FLOOR_TIME: Duration = Duration::from_millis(500);
/// Attempts on a page.
const PAGE: usize = 100;

/// What one run found of one length.
struct Found {
    step: Duration,
    floor: Duration,
    /// The store, with that execution in it.
    opened: Duration,
    /// From the approval to the end, the whole journal read and replayed in between.
    woken: Duration,
    /// Reading and folding the journal for the first page, the same page again, the last page.
    pages: [Duration; 3],
}

fn main() {
    figures::warn_if_unoptimised();
    let (runs, longest) = (figures::argument(0, RUNS_DEFAULT), figures::argument(1, LONGEST_DEFAULT));
    let lengths: Vec<usize> = LENGTHS.into_iter().filter(|length| *length < longest).chain([longest]).collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let directory = figures::directory();
    let mut found: Vec<Vec<Found>> = lengths.iter().map(|_| Vec::new()).collect();
    for run in 0..runs {
        for (length, found) in lengths.iter().zip(&mut found) {
            let dir = directory.path().join(format!("{length}-{run}"));
            std::fs::create_dir(&dir).unwrap();
            found.push(runtime.block_on(take(&dir, *length)));
            std::fs::remove_dir_all(&dir).unwrap();
        }
    }
    println!("{runs} runs: lowest / median / highest; the floor is a write of {RECORD_BYTES} bytes and its fdatasync\n");
    let mut shortest = None;
    for (length, found) in lengths.iter().zip(&found) {
        let spread = |of: fn(&Found) -> f64| Spread::of(found.iter().map(of));
        let step = spread(|found| micros(found.step));
        let times = step.median / *shortest.get_or_insert(step.median);
        println!("{length} steps:");
        println!("  per step, µs          {step:.0}, {times:.2} of the first's  (0.8 to 1.2)");
        println!("  step / bare sync      {:.2}", spread(|found| micros(found.step) / micros(found.floor)));
        println!("  store opened, ms      {:.1}", spread(|found| ms(found.opened)));
        println!("  woken and ended, ms   {:.1}  (below 1,000)", spread(|found| ms(found.woken)));
        println!("  per step of it, µs    {:.2}", Spread::of(found.iter().map(|found| micros(found.woken) / *length as f64)));
        for (place, name) in ["first page, cold, ms  ", "first page, again, ms ", "last page, ms         "].iter().enumerate() {
            println!("  {name} {:.1}", Spread::of(found.iter().map(|found| ms(found.pages[place]))));
        }
    }
}

async fn take(dir: &Path, steps: usize) -> Found {
    let floor = floor::sync_median(dir, RECORD_BYTES, FLOOR_TIME);
    let store = dir.join("store");
    let embedded = Embedded::open(&store);
    let flow = embedded.publish(&flows::long(steps)).await;
    let began = Instant::now();
    let (id, summary) = execute(&embedded.engine, &flow).await;
    let step = began.elapsed() / u32::try_from(steps).unwrap();
    assert_eq!(summary.status, Status::WaitingPerson);
    embedded.close().await;
    // Nothing of it is in memory any more.
    let began = Instant::now();
    let embedded = Embedded::open(&store);
    let opened = began.elapsed();
    let woken = approve(&embedded.engine, id, &summary).await;
    let pages = pages(&embedded.engine, id, steps).await;
    embedded.close().await;
    Found { step, floor, opened, woken, pages }
}

async fn approve(engine: &EngineHandle, id: ExecutionId, asked: &Summary) -> Duration {
    let Some(WaitingFor::Question { id: question, digest, .. }) = asked.waiting_for.first() else { panic!("{asked:?}") };
    let notices = engine.subscribe_rest(id);
    let began = Instant::now();
    let decision = Decision { question: *question, digest: *digest, verdict: Verdict::Approve, by: operator(), reason: None };
    engine.decide(decision).await.unwrap();
    assert_eq!(rest(notices).await.status, Status::Completed);
    began.elapsed()
}

async fn pages(engine: &EngineHandle, id: ExecutionId, steps: usize) -> [Duration; 3] {
    let mut taken = Vec::new();
    for from in [0, 0, steps.saturating_sub(PAGE / 2)] {
        let request = AttemptsRequest { from, limit: PAGE, whole: false, ..AttemptsRequest::default() };
        let began = Instant::now();
        let page = engine.attempts(id, request).await.unwrap();
        taken.push(began.elapsed());
        assert!(page.total > steps && !page.rows.is_empty(), "{} of {}", page.rows.len(), page.total);
    }
    [taken[0], taken[1], taken[2]]
}
