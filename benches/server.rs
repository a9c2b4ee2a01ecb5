//! The server over HTTP, as a process of its own with its defaults: how soon it is ready; executions per second and how long one takes for
//! 64 clients that keep their connections, beside a static route of the same HTTP library in the same run; how long it takes from an
//! approval to the end while many wait, and the lists with that many. Usage: `cargo bench --bench server [-- RUNS [SECONDS]]`,
//! `FLOWGATE_BENCH_WAITING` says how many wait (2,000); results in docs/benchmarks.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::similar_names,
    reason = "a benchmark: it prints its result and stops at the first fault"
)]

#[path = "support/figures.rs"]
mod figures;
#[path = "support/http.rs"]
mod http;
#[path = "support/served.rs"]
mod served;

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use figures::{directory, percentile};
use http::Connection;
use served::{AGENTS, APPROVALS, CLIENTS, KEY, Served, ask};

const RUNS_DEFAULT: usize = 3;
const SECONDS_DEFAULT: usize = 5;
const WAITING_DEFAULT: usize = 2_000;
/// How often the server is started to see how soon it is ready.
const STARTS: usize = 9;
/// Approvals, and reads of each list, one after the other.
const SAMPLES: usize = 500;
/// Given to this program, it is the static route.
const STATIC: &str = "--static-route";
/// As large as an answer of `:execute` for the one-step flow.
const STATIC_BYTES: usize = 900;

fn main() {
    if std::env::args().any(|argument| argument == STATIC) {
        return serve_static();
    }
    figures::warn_if_unoptimised();
    let runs = figures::argument(0, RUNS_DEFAULT);
    let measured = Duration::from_secs(figures::argument(1, SECONDS_DEFAULT) as u64);
    let waiting = std::env::var("FLOWGATE_BENCH_WAITING").ok().and_then(|text| text.parse().ok()).unwrap_or(WAITING_DEFAULT);
    starts();
    execute(runs, measured);
    approve(waiting);
}

fn starts() {
    let mut ready: Vec<Duration> = (0..STARTS)
        .map(|_| {
            let directory = directory();
            Served::start(directory.path()).ready
        })
        .collect();
    ready.sort();
    println!("ready on an empty store, ms: median {}, slowest of {STARTS} {}", ms(ready[STARTS / 2]), ms(ready[STARTS - 1]));
}

/// A route that answers the same bytes to everybody, with the library's defaults.
fn serve_static() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    println!("static on {}", listener.local_addr().unwrap());
    let body = format!("{{\"filler\":\"{}\"}}", "x".repeat(STATIC_BYTES));
    let server = HttpServer::new(move || {
        let body = web::Bytes::from(body.clone());
        // It takes the body: a connection whose request was not read to its end is closed.
        let answer = move |_: web::Bytes| std::future::ready(HttpResponse::Ok().content_type("application/json").body(body.clone()));
        App::new().route("/static", web::post().to(answer))
    });
    actix_web::rt::System::new().block_on(server.listen(listener).unwrap().run()).unwrap();
}

/// What one run of many clients found.
struct Found {
    per_second: f64,
    median: Duration,
    slow: Duration,
}

/// Every client asks again as soon as it has its answer.
fn load(address: SocketAddr, path: &str, measured: Duration) -> Found {
    let began = Instant::now();
    let taken: Vec<Vec<Duration>> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = Connection::open(address, KEY).unwrap();
                    let mut taken = Vec::new();
                    while began.elapsed() < measured {
                        let asked = Instant::now();
                        let answer = connection.post(path, "{}").unwrap();
                        assert_eq!(answer.status, 200, "{}", answer.json());
                        taken.push(asked.elapsed());
                    }
                    taken
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let elapsed = began.elapsed().as_secs_f64();
    let mut taken = taken.concat();
    taken.sort();
    Found { per_second: taken.len() as f64 / elapsed, median: percentile(&taken, 50), slow: percentile(&taken, 99) }
}

fn execute(runs: usize, measured: Duration) {
    let directory = directory();
    let server = Served::start(directory.path()).with_agents();
    let mut route = Command::new(std::env::current_exe().unwrap()).arg(STATIC).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(route.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address: SocketAddr = line.trim().trim_start_matches("static on ").parse().unwrap();
    // Not measured: what is only done once.
    let warming = Duration::from_millis(500);
    load(address, "/static", warming);
    load(server.address, &format!("{AGENTS}/short:execute"), warming);
    println!("\n{CLIENTS} clients, {} s each: executions of one step and a static route\n", measured.as_secs());
    println!(
        "{:>12} {:>8} {:>8} {:>14} {:>8} {:>8} {:>7}",
        "executions/s", "p50 ms", "p99 ms", "static route/s", "p50 ms", "p99 ms", "ratio"
    );
    for _ in 0..runs {
        let plain = load(address, "/static", measured);
        let found = load(server.address, &format!("{AGENTS}/short:execute"), measured);
        println!(
            "{:>12.0} {:>8} {:>8} {:>14.0} {:>8} {:>8} {:>7.3}",
            found.per_second,
            ms(found.median),
            ms(found.slow),
            plain.per_second,
            ms(plain.median),
            ms(plain.slow),
            found.per_second / plain.per_second
        );
    }
    println!("the server's memory afterwards: {} KiB", server.resident_kib());
    route.kill().unwrap();
    route.wait().unwrap();
}

fn approve(waiting: usize) {
    let directory = directory();
    let server = Served::start(directory.path()).with_agents();
    let began = Instant::now();
    let asked = ask(&server, waiting);
    let seconds = began.elapsed().as_secs_f64();
    println!("\n{waiting} wait for a person (begun at {:.0}/s); memory {} KiB\n", waiting as f64 / seconds, server.resident_kib());
    let mut connection = server.connect();
    let step = (asked.len() / SAMPLES).max(1);
    let decided: Vec<Duration> = asked
        .iter()
        .step_by(step)
        .take(SAMPLES)
        .map(|(execution, question)| {
            let begun = Instant::now();
            let answer = connection.post(&format!("{APPROVALS}/{question}:respond"), r#"{"text": "approve"}"#).unwrap();
            assert_eq!(answer.status, 200, "{}", answer.json());
            let record = format!("{AGENTS}/gate/executionRecords/{execution}");
            while connection.get(&record).unwrap().json()["status"] != "COMPLETED" {}
            begun.elapsed()
        })
        .collect();
    report("from the approval to the end", decided);
    for (what, path) in [
        ("the inbox's first page of 50", format!("{APPROVALS}?status=PENDING&pageSize=50")),
        ("50 records that wait", format!("{AGENTS}/gate/executionRecords?status=WAITING_FOR_HUMAN&pageSize=50")),
        ("50 records that completed", format!("{AGENTS}/gate/executionRecords?status=COMPLETED&pageSize=50")),
    ] {
        let taken = (0..SAMPLES).map(|_| {
            let begun = Instant::now();
            let answer = connection.get(&path).unwrap();
            assert_eq!(answer.json()["items"].as_array().map(Vec::len), Some(50.min(waiting / 2)), "{}", answer.json());
            begun.elapsed()
        });
        report(what, taken.collect());
    }
}

fn report(what: &str, mut taken: Vec<Duration>) {
    taken.sort();
    println!("{what:>30}: p50 {} ms, p99 {} ms ({} times)", ms(percentile(&taken, 50)), ms(percentile(&taken, 99)), taken.len());
}

fn ms(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1_000.0)
}
