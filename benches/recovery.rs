//! How soon a server is back that was killed (SIGKILL) with many executions waiting for a person and some running: until it serves, and until
//! the last call that was cut is under way again. And what each that waits costs in memory and on disk.
//! Usage: `cargo bench --bench recovery [-- RUNS [WAITING [RUNNING]]]`; results in docs/benchmarks.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark: it prints its result and stops at the first fault"
)]

#[path = "support/figures.rs"]
mod figures;
#[path = "support/http.rs"]
mod http;
#[path = "support/served.rs"]
mod served;

use std::path::Path;
use std::time::{Duration, Instant};

use figures::{Spread, ms};
use http::Connection;
use served::{AGENTS, APPROVALS, Served, ask};

/// An attempt that the process lost is made again twenty times; each run loses one.
const RUNS_MAX: usize = 15;
const RUNS_DEFAULT: usize = 5;
const WAITING_DEFAULT: usize = 10_000;
const RUNNING_DEFAULT: usize = 1_000;
/// Nothing takes this long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(10);

/// What one start found, from the start of the process on.
struct Found {
    ready: Duration,
    resumed: Duration,
    /// On an empty store, in the same run.
    floor: Duration,
    listed: Duration,
    resident_kib: u64,
}

fn main() {
    figures::warn_if_unoptimised();
    let runs = figures::argument(0, RUNS_DEFAULT).min(RUNS_MAX);
    let (waiting, running) = (figures::argument(1, WAITING_DEFAULT), figures::argument(2, RUNNING_DEFAULT));
    let directory = figures::directory();
    let server = Served::start(directory.path()).with_agents();
    let empty = (server.resident_kib(), figures::bytes(directory.path()));
    let began = Instant::now();
    let count = ask(&server, waiting).len();
    println!("{count} wait for a person, begun at {:.0}/s", count as f64 / began.elapsed().as_secs_f64());
    costs("in the process that began them", waiting, empty, (server.resident_kib(), figures::bytes(directory.path())));
    begin(&server, running);
    drop(server);
    let mut found: Vec<Found> = (0..runs).map(|_| take(directory.path(), running)).collect();
    println!("\n{running} running beside them, {runs} kills: lowest / median / highest\n");
    let spread = |of: fn(&Found) -> f64| Spread::of(found.iter().map(of));
    println!("  ready, ms                  {:.0}  (at most 1,000)", spread(|found| ms(found.ready)));
    println!("  ready on an empty store    {:.0}", spread(|found| ms(found.floor)));
    println!("  ready / empty              {:.1}", spread(|found| ms(found.ready) / ms(found.floor)));
    println!("  all running again, ms      {:.0}  (at most 3,000)", spread(|found| ms(found.resumed)));
    println!("  the inbox's first page, ms {:.1}", spread(|found| ms(found.listed)));
    let last = found.pop().unwrap();
    costs("in a process that found them, with what runs", waiting, empty, (last.resident_kib, figures::bytes(directory.path())));
}

/// Memory and disk, for each that waits.
fn costs(place: &str, waiting: usize, before: (u64, u64), after: (u64, u64)) {
    let (kib, bytes) = (after.0.saturating_sub(before.0), after.1.saturating_sub(before.1));
    println!(
        "  {place}: {:.1} MiB resident, {:.2} KiB more for each; {:.0} MiB on disk, {:.2} KiB more for each",
        after.0 as f64 / 1024.0,
        kib as f64 / waiting as f64,
        after.1 as f64 / 1_048_576.0,
        bytes as f64 / 1024.0 / waiting as f64
    );
}

/// Starts so many that run, and waits until each has its call under way.
fn begin(server: &Served, running: usize) {
    let mut connection = server.connect();
    for _ in 0..running {
        let answer = connection.post_without_waiting(&format!("{AGENTS}/lasts:execute"), "{}").unwrap();
        assert_eq!(answer.status, 202, "{}", answer.json());
    }
    until_under_way(&mut connection, running);
}

fn until_under_way(connection: &mut Connection, running: usize) {
    let asked = Instant::now();
    loop {
        let answer = connection.get("/metrics").unwrap();
        let text = String::from_utf8(answer.body).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("flowgate_calls_running "));
        let count: usize = line.unwrap_or_else(|| panic!("no count of calls: {text}")).parse().unwrap();
        if count >= running {
            return;
        }
        assert!(asked.elapsed() < PATIENCE, "only {count} of {running} calls are under way");
        std::thread::sleep(LOOK);
    }
}

/// One start over what was left behind, killed again at the end.
fn take(directory: &Path, running: usize) -> Found {
    let floor = Served::start(figures::directory().path()).ready;
    let began = Instant::now();
    let server = Served::start(directory);
    let mut connection = server.connect();
    until_under_way(&mut connection, running);
    let resumed = began.elapsed();
    let asked = Instant::now();
    let answer = connection.get(&format!("{APPROVALS}?status=PENDING&pageSize=50")).unwrap();
    assert!(answer.json()["items"].as_array().is_some_and(|items| !items.is_empty()), "{}", answer.json());
    Found { ready: server.ready, resumed, floor, listed: asked.elapsed(), resident_kib: server.resident_kib() }
}
