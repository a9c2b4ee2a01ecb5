//! What is on disk: the log and the view beside the bytes of the records in them, before and after a compaction; a rebuild of the view beside
//! bare sled taking the same rows; and whether churn stays flat: short executions that are purged when they have ended, round after round, in
//! two processes one after the other. Usage: `cargo bench --bench disk [-- RUNS [EXECUTIONS [ROUNDS [CHURNED]]]]`; results in docs/benchmarks.md.
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
#[path = "support/flows.rs"]
mod flows;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use embedded::{Embedded, execute};
use figures::Spread;
use flowgate::catalog::Catalog;
use flowgate::ids::{ExecutionId, Tenant};
use flowgate::journal;
use flowgate::store::{self, CompactReport, OnDamage, Options, Position};

const RUNS_DEFAULT: usize = 3;
const EXECUTIONS_DEFAULT: usize = 20_000;
const ROUNDS_DEFAULT: usize = 5;
/// Executions of a round of churn.
const CHURNED_DEFAULT: usize = 20_000;
/// Steps of each execution; of one that is purged.
const STEPS: usize = 10;
const SHORT_STEPS: usize = 2;
/// As a sweep of the server takes them.
const PURGED_AT_ONCE: usize = 500;
/// Processes that churn, one after the other.
const LIVES: usize = 2;
/// Starts one of them, with a directory, how many executions a round has, and how many rounds there are.
const LIFE: &str = "--life";
const AT_ONCE: usize = 64;
/// Of the log, read at a time.
const FRAMES: usize = 1_024;
/// Records that a rebuild puts into one write.
const RECORDS_PER_WRITE: usize = 1_024;
/// As the server's.
const VIEW_CACHE_BYTES: u64 = 8 << 20;

fn main() {
    figures::warn_if_unoptimised();
    let mut arguments = std::env::args().skip_while(|argument| argument != LIFE).skip(1);
    if let Some(dir) = arguments.next() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return runtime.block_on(life(dir.as_ref(), figures::argument(0, CHURNED_DEFAULT), figures::argument(1, ROUNDS_DEFAULT)));
    }
    let (runs, executions) = (figures::argument(0, RUNS_DEFAULT), figures::argument(1, EXECUTIONS_DEFAULT));
    let rounds = figures::argument(2, ROUNDS_DEFAULT);
    let directory = figures::directory();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = directory.path().join("kept");
    let (ended, records) = runtime.block_on(async {
        let embedded = Embedded::open(&dir);
        let ended = churn(&embedded, STEPS, executions).await;
        let records = Records::of(&embedded);
        embedded.close().await;
        (ended, records)
    });
    let average = records.bytes / records.count;
    println!("{executions} executions of {STEPS} steps: {} records of {average} bytes on average\n", records.count);
    sizes("as they were written", &dir, records.kept_bytes);
    let options = Options { dir: dir.clone(), ..Options::default() };
    rebuild(&options, directory.path(), runs, &records);
    compact(&runtime, &options, &ended);
    let churned = figures::argument(3, CHURNED_DEFAULT);
    let dir = directory.path().join("churned");
    for number in 1..=LIVES {
        println!("\nchurn, process {number} on the same store, rounds of {churned} executions that are purged:");
        let mut process = Command::new(std::env::current_exe().unwrap());
        process.arg(LIFE).arg(&dir).args([churned.to_string(), rounds.to_string()]);
        assert!(process.status().unwrap().success());
    }
}

/// A third is purged, so that a compaction has something to do.
fn compact(runtime: &tokio::runtime::Runtime, options: &Options, ended: &[ExecutionId]) {
    let records = runtime.block_on(async {
        let embedded = Embedded::open(&options.dir);
        for id in ended.iter().step_by(3) {
            embedded.store.purge(&Tenant::default(), *id).await.unwrap();
        }
        let records = Records::of(&embedded);
        embedded.close().await;
        records
    });
    println!("\na third of them purged:");
    sizes("before a compaction", &options.dir, records.kept_bytes);
    let began = Instant::now();
    let report = store::compact(options, |_| Ok(Position(u64::MAX))).unwrap();
    println!("  ({} segments compacted in {:.1} s)", report.log.segments_rewritten, began.elapsed().as_secs_f64());
    sizes("after it  (at most 4)", &options.dir, records.kept_bytes);
}

/// What the log holds.
struct Records {
    count: usize,
    bytes: usize,
    /// Without those of purged executions.
    kept_bytes: usize,
}

impl Records {
    fn of(embedded: &Embedded) -> Self {
        let mut feed = embedded.store.feed(Position(0));
        let (mut count, mut bytes, mut purged) = (0, 0, 0);
        let mut by_execution: BTreeMap<ExecutionId, usize> = BTreeMap::new();
        loop {
            let read = feed.read(FRAMES, usize::MAX).unwrap();
            if read.is_empty() {
                return Self { count, bytes, kept_bytes: bytes - purged };
            }
            for record in read.iter().flat_map(|fed| &fed.records) {
                let size = journal::encode(record).unwrap().len();
                (count, bytes) = (count + 1, bytes + size);
                let Some(execution) = record.execution() else { continue };
                *by_execution.entry(execution).or_default() += size;
                if matches!(record, journal::Record::Purged(_)) {
                    purged += by_execution.remove(&execution).unwrap_or_default();
                }
            }
        }
    }
}

fn sizes(when: &str, dir: &Path, record_bytes: usize) {
    let info = store::info(dir).unwrap();
    let mib = |bytes: u64| bytes as f64 / 1_048_576.0;
    let both = info.log_bytes + info.view_bytes;
    println!(
        "  {when}: log {:.1} MiB, view {:.1} MiB, records that are kept {:.1} MiB: {:.2} times",
        mib(info.log_bytes),
        mib(info.view_bytes),
        mib(record_bytes as u64),
        both as f64 / record_bytes as f64
    );
}

/// So many executions to their ends, some at a time.
async fn churn(embedded: &Embedded, steps: usize, executions: usize) -> Vec<ExecutionId> {
    let flow = embedded.publish(&flows::chain(steps, flows::TRIVIAL)).await;
    let next = Arc::new(AtomicUsize::new(0));
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let (engine, flow, next) = (embedded.engine.clone(), flow.clone(), Arc::clone(&next));
        clients.spawn(async move {
            let mut ended = Vec::new();
            while next.fetch_add(1, Ordering::Relaxed) < executions {
                ended.push(execute(&engine, &flow).await.0);
            }
            ended
        });
    }
    clients.join_all().await.concat()
}

/// The view made again from the log, beside its rows written into an empty sled in the order in which a log brings them.
fn rebuild(options: &Options, dir: &Path, runs: usize, records: &Records) {
    let (mut ours, mut bare, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let rows = rows(&options.dir.join("view"));
    for _ in 0..runs {
        let floor = sled_takes(&dir.join("bare"), &rows, records.count.div_ceil(RECORDS_PER_WRITE));
        let began = Instant::now();
        let report = store::rebuild(options, OnDamage::Refuse).unwrap();
        let taken = began.elapsed();
        assert!(report.quarantined.is_empty());
        let rate = |taken: Duration| rows.len() as f64 / taken.as_secs_f64();
        ours.push(rate(taken));
        bare.push(rate(floor));
        ratios.push(rate(taken) / rate(floor));
    }
    println!("\n  a view of {} rows, {runs} runs:", rows.len());
    println!("  a rebuild, rows/s  {:.0}", Spread::of(ours));
    println!("  bare sled, rows/s  {:.0}", Spread::of(bare));
    println!("  ratio              {:.2}  (at least 0.8)", Spread::of(ratios));
}

type Row = (sled::IVec, sled::IVec);

/// Every row of a view, each kind in its own order and all kinds in step, as the log of many executions brings them.
fn rows(view: &Path) -> Vec<Row> {
    let tree = open(view);
    let mut kinds: BTreeMap<Vec<u8>, Vec<Row>> = BTreeMap::new();
    for row in tree.iter() {
        let row = row.unwrap();
        // The tenant's name, with its length before it, and the kind.
        let kind = row.0.get(..2 + usize::from(*row.0.get(1).unwrap_or(&0)) + 1).unwrap_or(&row.0).to_vec();
        kinds.entry(kind).or_default().push(row);
    }
    let mut placed: Vec<(f64, Row)> = Vec::new();
    for rows in kinds.into_values() {
        let count = rows.len() as f64;
        placed.extend(rows.into_iter().enumerate().map(|(place, row)| (place as f64 / count, row)));
    }
    placed.sort_by(|left, right| left.0.total_cmp(&right.0));
    placed.into_iter().map(|(_, row)| row).collect()
}

fn open(dir: &Path) -> sled::Db {
    sled::Config::new().path(dir).cache_capacity(VIEW_CACHE_BYTES).flush_every_ms(None).open().unwrap()
}

/// How long sled takes for the rows in so many writes and a flush, as the view asks it to.
fn sled_takes(dir: &Path, rows: &[Row], writes: usize) -> Duration {
    let began = Instant::now();
    let tree = open(dir);
    for some in rows.chunks(rows.len().div_ceil(writes)) {
        let mut batch = sled::Batch::default();
        for (key, value) in some {
            batch.insert(key, value);
        }
        tree.apply_batch(batch).unwrap();
    }
    tree.flush().unwrap();
    drop(tree);
    let taken = began.elapsed();
    std::fs::remove_dir_all(dir).unwrap();
    taken
}

/// One process that lives so many rounds: short executions, purged and compacted as the server does it.
async fn life(dir: &Path, executions: usize, rounds: usize) {
    let embedded = Embedded::open(dir);
    let catalog = Catalog::new(embedded.store.clone());
    for round in 1..=rounds {
        let began = Instant::now();
        let ended = churn(&embedded, SHORT_STEPS, executions).await;
        let ran = began.elapsed();
        let families: Vec<Vec<ExecutionId>> = ended.into_iter().map(|id| vec![id]).collect();
        for some in families.chunks(PURGED_AT_ONCE) {
            catalog.purge_families(&Tenant::default(), some).await.unwrap();
        }
        let purged = began.elapsed().saturating_sub(ran);
        let (grown, compacting) = (store::info(dir).unwrap(), Instant::now());
        let store = embedded.store.clone();
        let round_of_compaction = move || {
            if store.is_worth_compacting().unwrap() {
                store.compact(Position(u64::MAX), |_| true).unwrap()
            } else {
                CompactReport::default()
            }
        };
        let report = tokio::task::spawn_blocking(round_of_compaction).await.unwrap();
        let (compacted, info) = (compacting.elapsed(), store::info(dir).unwrap());
        println!(
            "  round {round:>3}: {:>5.1} s, purged in {:>5.1} s, compacted in {:>4.1} s: log {:>5} -> {:>4} MiB in {:>3} segments ({} looked at, {} \
             rewritten, {} records dropped); resident {:>4} MiB, view {:>4} MiB",
            ran.as_secs_f64(),
            purged.as_secs_f64(),
            compacted.as_secs_f64(),
            grown.log_bytes >> 20,
            info.log_bytes >> 20,
            info.segments,
            report.segments,
            report.segments_rewritten,
            report.records_dropped,
            figures::resident_kib(std::process::id()) >> 10,
            info.view_bytes >> 20,
        );
    }
    drop(catalog);
    embedded.close().await;
}
