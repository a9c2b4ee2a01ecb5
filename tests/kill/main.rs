//! The KILL test: the real binary, SIGKILLed while a step runs, goes on with `exec resume`. What the outside world received tells
//! whether a completed step ran again and whether an effect of class `once` was repeated. And the order of system calls: what is
//! acknowledged was synced before.
//!
//! `FLOWGATE_KILL_ROUNDS` sets the number of rounds (60 by default), `FLOWGATE_KILL_SEED` the seed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test binary: a panic is its way of reporting")]
#![cfg(unix)]

mod recorder;
mod syscalls;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use recorder::Recorder;
use serde_json::{Value, json};

const ROUNDS_DEFAULT: u64 = 60;
/// Two rounds at a time: on two cores more would only make each slower.
const WORKERS: u64 = 2;
/// How long the world takes to answer; the window in which a step is interrupted.
const DELAY: Duration = Duration::from_millis(150);
/// Nothing here takes this long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(30);
const STEPS: [&str; 5] = ["look", "put", "peek", "pay", "note"];
const FLOW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kill/flow.yaml");

/// What one round found.
#[derive(Debug, Default)]
struct Round {
    kills: u64,
    /// Kills with at least one request that was received and not answered.
    interrupted: u64,
    in_doubt: u64,
}

#[test]
fn a_killed_process_repeats_nothing_that_must_not_be_repeated() {
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (rounds, seed) = (number("FLOWGATE_KILL_ROUNDS", ROUNDS_DEFAULT), number("FLOWGATE_KILL_SEED", 1));
    let next = AtomicU64::new(0);
    let results: Vec<Round> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut done = Vec::new();
                    loop {
                        let round = next.fetch_add(1, Ordering::SeqCst);
                        if round >= rounds {
                            return done;
                        }
                        done.push(play(round, seed));
                    }
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let sum = |of: fn(&Round) -> u64| results.iter().map(of).sum::<u64>();
    let (kills, interrupted, in_doubt) = (sum(|round| round.kills), sum(|round| round.interrupted), sum(|round| round.in_doubt));
    eprintln!("{rounds} rounds, seed {seed}: {kills} kills, {interrupted} interrupted a running step, {in_doubt} left a call in doubt");
    assert!(kills >= rounds.min(50), "only {kills} kills");
    assert!(interrupted * 100 >= kills * 80, "only {interrupted} of {kills} kills interrupted a running step");
    assert!(in_doubt * 10 >= rounds, "only {in_doubt} of {rounds} rounds left a call in doubt");
}

/// Runs the flow, kills it once or twice, goes on until it completes, and checks what the world saw.
fn play(round: u64, seed: u64) -> Round {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9).wrapping_add(round));
    let directory = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(DELAY);
    let mut found = Round::default();
    let set = format!("config.world={}", recorder.address);
    let context = format!("round {round}, seed {seed}, data in {}", directory.path().display());

    // Every step is the first target in turn; in every third round the walk that goes on is killed as well.
    let first = STEPS[usize::try_from(round).unwrap() % STEPS.len()];
    let mut targets = vec![first];
    if round.is_multiple_of(3) && first != "note" {
        targets.push("note");
    }
    let mut walking: Vec<&str> = vec!["run", FLOW, "--set", &set, "-o", "json", "--approve", "none"];
    for target in targets {
        let mut child = spawn(directory.path(), &walking);
        let before = recorder.received().iter().filter(|request| request.path == format!("/{target}")).count();
        if !reaches(&mut child, &recorder, &format!("/{target}"), before + 1) {
            // It came to rest before: a call in doubt has to be settled first.
            break;
        }
        // Somewhere in the answer's delay; now and then just after it.
        std::thread::sleep(Duration::from_millis(random.below(165)));
        found.kills += 1;
        found.interrupted += u64::from(kill(&mut child, &recorder));
        let completed = completed_steps(directory.path(), &context);
        let received = recorder.received().len();
        found.in_doubt += settle_doubt(directory.path(), &recorder, &context);
        check_not_repeated(&recorder, received, &completed, &context);
        walking = vec!["exec", "resume", "last", "-o", "json", "--approve", "none"];
        if status(directory.path()) == "COMPLETED" {
            break;
        }
    }
    finish(directory.path(), &recorder, &mut found, &context);
    check_world(&recorder, &found, &context);
    found
}

/// Waits until the world has seen the request; false when the process ends without it.
fn reaches(child: &mut Child, recorder: &Recorder, path: &str, count: usize) -> bool {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if recorder.wait_for(path, count, Duration::from_millis(20)) {
            return true;
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
    }
    child.kill().unwrap();
    panic!("{path} was not requested within {PATIENCE:?}");
}

/// SIGKILL; whether a request was under way.
fn kill(child: &mut Child, recorder: &Recorder) -> bool {
    let is_running = child.try_wait().unwrap().is_none();
    let is_interrupted = is_running && recorder.received().iter().any(|request| !request.answered);
    child.kill().unwrap();
    child.wait().unwrap();
    is_interrupted
}

/// Where a `once` call is in doubt, says what happened (the world knows), once. Looking at it needs a walk: the loss is found on the way.
fn settle_doubt(directory: &Path, recorder: &Recorder, context: &str) -> u64 {
    let questions = json_of(&flowgate(directory, &["approval", "list", "-o", "json"]), context);
    let Some(question) = questions.as_array().unwrap().first() else { return 0 };
    assert_eq!(question["kind"], "in_doubt", "{context}: {question}");
    let paid = recorder.received().iter().filter(|request| request.path == "/pay").count();
    // Killed between its decision and its first byte it did not happen, and only the world can tell.
    let what_happened: &[&str] = match paid {
        0 => &["--retry"],
        1 => &["--happened", r#"{"path": "/pay"}"#],
        _ => panic!("{context}: the world saw {paid} calls"),
    };
    let id = question["id"].as_str().unwrap();
    let refused = flowgate(directory, &["approval", "approve", id]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("approval resolve"), "{context}: {refused:?}");
    let resolved = flowgate(directory, &[&["approval", "resolve", id], what_happened].concat());
    assert_eq!(resolved.status.code(), Some(0), "{context}: {}", text(&resolved.stderr));
    1
}

/// Goes on until the execution completes, settling what is in doubt.
fn finish(directory: &Path, recorder: &Recorder, found: &mut Round, context: &str) {
    for _ in 0..4 {
        let resumed = flowgate(directory, &["exec", "resume", "last", "-o", "json", "--approve", "none"]);
        let result = json_of(&resumed, context);
        match resumed.status.code() {
            Some(0) => {
                let expected = json!({"look": "/look", "put": "/put", "peek": "/peek", "pay": "/pay", "note": "/note"});
                assert_eq!((&result["status"], &result["output"]), (&json!("COMPLETED"), &expected), "{context}");
                return;
            }
            Some(3) => {
                assert_eq!(result["status"], "WAITING_FOR_HUMAN", "{context}: {result}");
                assert_eq!(result["waiting_for"][0]["kind"], "in_doubt", "{context}: {result}");
                found.in_doubt += settle_doubt(directory, recorder, context);
            }
            other => panic!("{context}: exit {other:?}: {}", text(&resumed.stderr)),
        }
    }
    panic!("{context}: does not come to an end");
}

/// Steps that the journal calls completed, as a person sees them.
fn completed_steps(directory: &Path, context: &str) -> BTreeSet<String> {
    let trace = json_of(&flowgate(directory, &["exec", "trace", "last", "-o", "json"]), context);
    let attempts = trace["attempts"].as_array().unwrap().iter();
    attempts.filter(|attempt| attempt["status"] == "completed").map(|attempt| attempt["step"].as_str().unwrap().to_owned()).collect()
}

fn check_not_repeated(recorder: &Recorder, received: usize, completed: &BTreeSet<String>, context: &str) {
    for request in &recorder.received()[received..] {
        assert!(!completed.contains(request.path.trim_start_matches('/')), "{context}: {} ran again after it was completed", request.path);
    }
}

/// What the world saw in all.
fn check_world(recorder: &Recorder, found: &Round, context: &str) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for request in recorder.received() {
        *counts.entry(request.path.clone()).or_default() += 1;
        keys.entry(request.path).or_default().extend(request.idempotency_key);
    }
    assert!(counts["/pay"] == 1, "{context}: the once step ran {} times", counts["/pay"]);
    for step in STEPS {
        let count = counts[&format!("/{step}")] as u64;
        assert!(count <= 1 + found.kills, "{context}: {step} ran {count} times over {} kills", found.kills);
    }
    let mut seen = BTreeSet::new();
    for path in ["/put", "/note", "/pay"] {
        let of_step = keys.get(path).cloned().unwrap_or_default();
        assert_eq!(of_step.len(), 1, "{context}: {path} was sent with the keys {of_step:?}");
        assert!(seen.insert(of_step), "{context}: {path} shares its key with another step");
    }
}

fn status(directory: &Path) -> String {
    let listed = flowgate(directory, &["exec", "list", "-o", "json"]);
    json_of(&listed, "list")[0]["status"].as_str().unwrap_or_default().to_owned()
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowgate"));
    command.args(arguments).current_dir(directory).env_clear();
    command.env("FLOWGATE_OUTBOUND_ALLOW", "127.0.0.1").env("FLOWGATE_DATA_DIR", directory.join("data")).env("PATH", "/usr/bin:/bin");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn spawn(directory: &Path, arguments: &[&str]) -> Child {
    command(directory, arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn flowgate(directory: &Path, arguments: &[&str]) -> Output {
    command(directory, arguments).output().unwrap()
}

fn json_of(output: &Output, context: &str) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{context}: {error}: {}\n{}", text(&output.stdout), text(&output.stderr)))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A small generator of our own: the same seed, the same rounds.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
