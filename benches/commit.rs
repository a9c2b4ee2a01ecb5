//! What a durable commit costs, by how many callers share it: the store, beside a bare append-and-`fdatasync` loop and beside bare sled
//! with a flush per batch, in one run on one disk. `cargo bench --bench commit [-- SECONDS_PER_ROW]`.
//!
//! Read the ratios, not the rates: the rates are the disk's. sled's flush is `sync_file_range`, which a power cut does not respect, so
//! its column is what one would pay for less.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a benchmark prints its table, and stops when its disk fails")]

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use flowgate::ids::{Digest, ExecutionId, NanoUsd, Tenant, TimeMs};
use flowgate::machine::event::Event;
use flowgate::machine::input::{Mode, Purpose, Signal};
use flowgate::machine::summary::{Status, Summary};
use flowgate::store::{Entry, Options, Store};

/// Callers that wait at the same time.
const BATCHES: [usize; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/// A turn as it is encoded here, about; what the bare loops write.
const RECORD_BYTES: usize = 250;
/// The bare loop's file: filled beforehand, like a segment.
const FILE_BYTES: u64 = 64 << 20;

/// Records per second.
type Rate = f64;

fn main() {
    let seconds = std::env::args().find_map(|argument| argument.parse::<f64>().ok()).unwrap_or(1.0);
    let budget = Duration::from_secs_f64(seconds);
    // Beside the build, because many systems keep their temporary files in memory.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    if cfg!(debug_assertions) {
        println!("This is an unoptimised build: its figures say nothing.");
    }
    println!("{RECORD_BYTES}-byte records, {seconds} s per figure, in {}", dir.path().display());
    println!(
        "{:>7} {:>12} {:>12} {:>12} {:>12} {:>11} {:>11}",
        "callers", "store/s", "append/s", "sled/s", "ms/commit", "vs append", "vs sled"
    );
    for batch in BATCHES {
        let store = store(&dir.path().join(format!("store-{batch}")), batch, budget);
        let append = append(&dir.path().join(format!("append-{batch}")), batch, budget);
        let sled = sled(&dir.path().join(format!("sled-{batch}")), batch, budget);
        #[expect(clippy::cast_precision_loss, reason = "at most 512")]
        let commit_ms = 1e3 * batch as f64 / store;
        println!(
            "{batch:>7} {store:>12.0} {append:>12.0} {sled:>12.0} {commit_ms:>12.3} {:>10.2}x {:>10.2}x",
            store / append,
            store / sled
        );
    }
}

/// Runs `round`, which writes `batch` records, until the budget is used up.
fn rate(batch: usize, budget: Duration, mut round: impl FnMut(u64)) -> Rate {
    let started = Instant::now();
    let mut rounds = 0_u32;
    while started.elapsed() < budget {
        round(u64::from(rounds));
        rounds += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 512")]
    let records = f64::from(rounds) * batch as f64;
    records / started.elapsed().as_secs_f64()
}

/// `batch` executions, each with one turn in flight; the view follows behind, as it does in production.
fn store(dir: &Path, batch: usize, budget: Duration) -> Rate {
    let store = Store::open(&Options { dir: dir.to_owned(), ..Options::default() }).expect("a store");
    let executions: Vec<ExecutionId> = (0..batch).map(|number| ExecutionId::derived(TimeMs(1), &number.to_string())).collect();
    let commit = |seq: u64| {
        let summary = (seq == 0).then(summary);
        let turn = |execution| Entry::Execution {
            tenant: Tenant::default(),
            execution,
            expected_seq: seq,
            at: TimeMs(1_700_000_000_000),
            events: vec![event()],
            summary: summary.clone(),
        };
        let pending: Vec<_> = executions.iter().map(|execution| store.commit(turn(*execution))).collect();
        for pending in pending {
            pending.wait().expect("a commit");
        }
    };
    let rate = rate(batch, budget, commit);
    store.close().expect("a clean close");
    rate
}

fn append(path: &Path, batch: usize, budget: Duration) -> Rate {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path).expect("a file");
    let zeros = vec![0; 1 << 20];
    for offset in (0..FILE_BYTES).step_by(zeros.len()) {
        file.write_all_at(&zeros, offset).expect("space");
    }
    file.sync_all().expect("a sync");
    let bytes = vec![b'x'; RECORD_BYTES * batch];
    let mut offset = 0;
    rate(batch, budget, |_| {
        if offset + bytes.len() as u64 > FILE_BYTES {
            offset = 0;
        }
        file.write_all_at(&bytes, offset).expect("a write");
        file.sync_data().expect("a sync");
        offset += bytes.len() as u64;
    })
}

fn sled(path: &Path, batch: usize, budget: Duration) -> Rate {
    let tree = sled::Config::new().path(path).flush_every_ms(None).cache_capacity(64 << 20).open().expect("sled");
    let value = vec![b'x'; RECORD_BYTES];
    rate(batch, budget, |round| {
        let mut writes = sled::Batch::default();
        for number in 0..batch as u64 {
            let key = [number.to_be_bytes(), round.to_be_bytes()].concat();
            writes.insert(key, value.as_slice());
        }
        tree.apply_batch(writes).expect("a batch");
        tree.flush().expect("a flush");
    })
}

fn event() -> Event {
    let payload = serde_json::Value::String("x".repeat(60));
    Event::SignalKept { signal: Signal { id: "s-1".to_owned(), name: "payment".to_owned(), payload } }
}

fn summary() -> Summary {
    Summary {
        flow: "bench".to_owned(),
        revision: 1,
        digest: Digest::of(b"bench"),
        status: Status::Running,
        started_at: TimeMs(1),
        updated_at: TimeMs(1),
        ended_at: None,
        deadline: None,
        owed: true,
        waiting_for: Vec::new(),
        error_code: None,
        tokens: 0,
        cost: NanoUsd(0),
        parent: None,
        purpose: Purpose::Production,
        mode: Mode::Production,
        session: None,
        environment: None,
        root: None,
        starter: String::new(),
        trigger: None,
        labels: std::collections::BTreeMap::new(),
        origin: None,
        input_tokens: 0,
        output_tokens: 0,
        cached_tokens: 0,
        input_cost: NanoUsd(0),
        output_cost: NanoUsd(0),
        tools: Vec::new(),
        tool_errors: false,
        paused: false,
    }
}
