//! Steps per second from start to durable end, at several concurrencies, beside a bare append + `fdatasync` loop on the same disk in the
//! same run. The loop appends to a file that was filled with zeros before, as the log does: growing a file costs a second write per sync.
//! Usage: `cargo bench --bench end_to_end`; results in docs/benchmarks.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark: it prints its result and stops at the first fault"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, Write};
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
/// Each concurrency runs at least this long.
const MEASURED: Duration = Duration::from_secs(3);
/// Room for more than the bare loop can fill.
const BARE_FILE_BYTES: usize = 64 << 20;
/// What the bare loop appends; about what one step's events take.
const RECORD_BYTES: usize = 512;

fn main() {
    let dir = tempfile::tempdir_in(std::env::var("FLOWGATE_BENCH_DIR").unwrap_or_else(|_| ".".to_owned())).unwrap();
    let bare = bare_syncs_per_second(dir.path());
    println!("bare append + fdatasync, one writer, {RECORD_BYTES} bytes: {bare:.0} per second");
    println!("{:>11} {:>12} {:>14} {:>18}", "concurrency", "steps/s", "executions/s", "steps per fdatasync");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for concurrency in CONCURRENCIES {
        let steps = runtime.block_on(steps_per_second(&dir.path().join(concurrency.to_string()), concurrency));
        let executions = steps / STEPS as f64;
        println!("{concurrency:>11} {steps:>12.0} {executions:>14.0} {:>18.2}", steps / bare);
    }
}

fn bare_syncs_per_second(dir: &Path) -> f64 {
    let mut file = File::create(dir.join("bare")).unwrap();
    file.write_all(&vec![0_u8; BARE_FILE_BYTES]).unwrap();
    file.sync_all().unwrap();
    file.rewind().unwrap();
    let record = [7_u8; RECORD_BYTES];
    let begun = Instant::now();
    let mut count = 0_u32;
    while begun.elapsed() < MEASURED && count as usize * RECORD_BYTES < BARE_FILE_BYTES {
        file.write_all(&record).unwrap();
        file.sync_data().unwrap();
        count += 1;
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}

async fn steps_per_second(dir: &Path, concurrency: usize) -> f64 {
    let options = store::Options { dir: dir.to_owned(), ..store::Options::default() };
    let runner = Runner::new(Settings::new(&BTreeMap::new(), settings::File::default()).unwrap()).unwrap();
    let options = (Store::open(&options).unwrap(), Options { resume: Resume::Asked, ..Options::default() });
    let engine = EngineHandle::spawn(options.0, runner, options.1).unwrap();
    let (plan, _) = compile::load(&flow()).unwrap();
    let flow = engine.register(plan.spec.as_ref().clone()).await.unwrap();
    let (begun, done) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..concurrency {
        let (engine, flow, done) = (engine.clone(), flow.clone(), Arc::clone(&done));
        clients.spawn(async move {
            while begun.elapsed() < MEASURED {
                execute(&engine, &flow).await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    let rate = (done.load(Ordering::Relaxed) * STEPS) as f64 / begun.elapsed().as_secs_f64();
    engine.shutdown(Duration::from_secs(5)).await;
    rate
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

fn flow() -> String {
    let steps: String = (0..STEPS).map(|step| format!("  s{step}: {{builtin: noop}}\n")).collect();
    let edges: String = (1..STEPS).map(|step| format!("  - {{from: s{}, to: s{step}}}\n", step - 1)).collect();
    format!("flow: ten\nsteps:\n{steps}edges:\n{edges}")
}
