//! The server under a mixed load for a long time: 64 clients execute, stream, approve and cancel at a bounded rate. Any answer that is
//! not the expected one is a fault; memory, descriptors and disk are printed over time, and at the end the memory of a new process with the same
//! store: what that does not have was not kept for the store. Usage: `cargo bench --bench soak`;
//! `FLOWGATE_SOAK_SECONDS` (60; by hand 1,200), `FLOWGATE_SOAK_PER_SECOND` (300 executions); results in docs/benchmarks.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark: it prints its result"
)]

#[path = "support/figures.rs"]
mod figures;
#[path = "support/http.rs"]
mod http;
#[path = "support/served.rs"]
mod served;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use figures::{bytes, percentile};
use http::Connection;
use serde_json::Value;
use served::{AGENTS, APPROVALS, Served};

const CLIENTS: u64 = 64;
const SECONDS_DEFAULT: u64 = 60;
const PER_SECOND_DEFAULT: u64 = 300;
/// Lines of figures over the whole time.
const LINES: u32 = 20;
/// Faults that are shown.
const SHOWN_MAX: usize = 10;
/// How long an execution may take to end once nothing keeps it.
const PATIENCE: Duration = Duration::from_secs(30);

const KINDS: [&str; 4] = ["execute", "stream", "approve", "cancel"];

/// What happened so far.
#[derive(Default)]
struct Tally {
    done: [AtomicU64; 4],
    taken: [Mutex<Vec<Duration>>; 4],
    faults: Mutex<Vec<String>>,
}

fn main() -> std::process::ExitCode {
    figures::warn_if_unoptimised();
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let duration = Duration::from_secs(number("FLOWGATE_SOAK_SECONDS", SECONDS_DEFAULT));
    let per_second = number("FLOWGATE_SOAK_PER_SECOND", PER_SECOND_DEFAULT).max(1);
    let directory = figures::directory();
    let server = Served::start(directory.path()).with_agents();
    let tally = Tally::default();
    println!("{CLIENTS} clients, at most {per_second} executions/s, {} s\n", duration.as_secs());
    println!("{:>6} {:>10} {:>10} {:>8} {:>9} {:>7}", "s", "executions", "memory KiB", "files", "disk MiB", "faults");
    let began = Instant::now();
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (server, tally) = (&server, &tally);
            scope.spawn(move || {
                let pace = Duration::from_secs_f64(CLIENTS as f64 / per_second as f64);
                work(server, client, tally, began, duration, pace);
            });
        }
        for line in 0..=LINES {
            std::thread::sleep((duration * line / LINES).saturating_sub(began.elapsed()));
            let done: u64 = tally.done.iter().map(|done| done.load(Ordering::Relaxed)).sum();
            let (faults, disk) = (tally.faults.lock().unwrap().len(), bytes(&directory.path().join("data")) >> 20);
            let (memory, files) = (server.resident_kib(), server.descriptors());
            println!("{:>6} {done:>10} {memory:>10} {files:>8} {disk:>9} {faults:>7}", began.elapsed().as_secs());
        }
    });
    check_nothing_is_left(&server, &tally);
    let before = server.resident_kib();
    drop(server);
    let server = Served::start(directory.path());
    check_nothing_is_left(&server, &tally);
    println!(
        "\nmemory, KiB: {before}; a new process with that store: {}, ready after {} ms\n",
        server.resident_kib(),
        server.ready.as_millis()
    );
    for (kind, taken) in KINDS.iter().zip(tally.taken) {
        let mut taken = taken.into_inner().unwrap();
        taken.sort();
        let ms = |percent| percentile(&taken, percent).as_secs_f64() * 1_000.0;
        println!("{kind:>8}: {} times, p50 {:.2} ms, p99 {:.2} ms", taken.len(), ms(50), ms(99));
    }
    let faults = tally.faults.into_inner().unwrap();
    for fault in faults.iter().take(SHOWN_MAX) {
        println!("fault: {fault}");
    }
    println!("{} faults", faults.len());
    if faults.is_empty() { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

/// One client, one thing after the other, each at its time.
fn work(server: &Served, client: u64, tally: &Tally, began: Instant, duration: Duration, pace: Duration) {
    let mut connection = server.connect();
    let mut next = began + pace.mul_f64(client as f64 / CLIENTS as f64);
    let mut turn = client;
    while began.elapsed() < duration {
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        // One that is late does not catch up: the rate is a bound.
        next = (next + pace).max(Instant::now());
        // Of twenty: eight execute, five stream, four approve, three cancel.
        let kind = match turn * 7 % 20 {
            0..8 => 0,
            8..13 => 1,
            13..17 => 2,
            _ => 3,
        };
        turn += 1;
        let asked = Instant::now();
        let result = match kind {
            0 => execute(&mut connection),
            1 => stream(&mut connection),
            2 => approve(&mut connection),
            _ => cancel(&mut connection),
        };
        match result {
            Ok(()) => {
                tally.done[kind].fetch_add(1, Ordering::Relaxed);
                tally.taken[kind].lock().unwrap().push(asked.elapsed());
            }
            Err(fault) => {
                tally.faults.lock().unwrap().push(format!("{}: {fault}", KINDS[kind]));
                connection = server.connect();
            }
        }
    }
}

fn expect(answer: std::io::Result<http::Answer>, statuses: &[u16]) -> Result<http::Answer, String> {
    let answer = answer.map_err(|error| error.to_string())?;
    let body = || String::from_utf8_lossy(&answer.body).chars().take(300).collect::<String>();
    if statuses.contains(&answer.status) { Ok(answer) } else { Err(format!("{} {}", answer.status, body())) }
}

fn is(value: &Value, name: &str, wanted: &str) -> Result<(), String> {
    if value[name] == wanted { Ok(()) } else { Err(format!("{name} is {}, not {wanted}", value[name])) }
}

fn execute(connection: &mut Connection) -> Result<(), String> {
    let answer = expect(connection.post(&format!("{AGENTS}/short:execute"), "{}"), &[200])?;
    is(&answer.json(), "status", "COMPLETED")
}

fn stream(connection: &mut Connection) -> Result<(), String> {
    let answer = expect(connection.post(&format!("{AGENTS}/short:stream"), "{}"), &[200])?;
    let text = String::from_utf8_lossy(&answer.body);
    let done = text.rsplit_once("event: done").and_then(|(_, rest)| rest.lines().find_map(|line| line.strip_prefix("data: ")));
    let done: Value = serde_json::from_str(done.ok_or_else(|| format!("no `done`: {text}"))?).map_err(|error| error.to_string())?;
    if done["status"].as_str().is_some_and(|status| status.eq_ignore_ascii_case("completed")) { Ok(()) } else { Err(done.to_string()) }
}

/// Starts one that asks; its id and its question's.
fn ask(connection: &mut Connection) -> Result<(String, String), String> {
    let started = expect(connection.post(&format!("{AGENTS}/gate:execute"), "{}"), &[200])?.json();
    let text = |name: &str| started[name].as_str().map(str::to_owned).ok_or_else(|| format!("no {name}: {started}"));
    Ok((text("executionRecordId")?, text("humanApprovalRequestId")?))
}

/// Until it has ended, and how.
fn ends_as(connection: &mut Connection, execution: &str, wanted: &str) -> Result<(), String> {
    let asked = Instant::now();
    loop {
        let record = expect(connection.get(&format!("{AGENTS}/gate/executionRecords/{execution}")), &[200])?.json();
        if record["endTime"].is_number() || asked.elapsed() > PATIENCE {
            return is(&record, "status", wanted);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn approve(connection: &mut Connection) -> Result<(), String> {
    let (execution, question) = ask(connection)?;
    expect(connection.post(&format!("{APPROVALS}/{question}:respond"), r#"{"text": "approve"}"#), &[200])?;
    ends_as(connection, &execution, "COMPLETED")
}

fn cancel(connection: &mut Connection) -> Result<(), String> {
    let (execution, _) = ask(connection)?;
    expect(connection.post(&format!("{AGENTS}/gate/executionRecords/{execution}:cancelRun"), "{}"), &[202, 204])?;
    ends_as(connection, &execution, "CANCELLED")
}

/// Every execution has ended, and every question is closed.
fn check_nothing_is_left(server: &Served, tally: &Tally) {
    let mut connection = server.connect();
    for path in [
        format!("{APPROVALS}?status=PENDING"),
        format!("{AGENTS}/short/executionRecords?status=IN_PROGRESS"),
        format!("{AGENTS}/gate/executionRecords?status=IN_PROGRESS"),
    ] {
        let left = expect(connection.get(&path), &[200]).map(|answer| answer.json()["items"].as_array().map_or(1, Vec::len));
        if left != Ok(0) {
            tally.faults.lock().unwrap().push(format!("left behind: {path}: {left:?}"));
        }
    }
}
