//! The simulation at a small budget, and what failed once. By hand with more seeds: `cargo bench --bench sim -- --seeds N`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test binary: it reports by panicking")]
#![allow(dead_code, reason = "the command uses the rest")]

mod run;

use std::path::Path;

use flowgate::flow::problem::Severity;
use run::batch;
use run::case::Case;
use run::{shrink, world};

/// Seeds of one run of the tests; `FLOWGATE_SIM_SEEDS` asks for more, `FLOWGATE_SIM_SEED` for others. A failure is made smaller and written to
/// the file that `FLOWGATE_SIM_KEEP` names.
const SEEDS: u64 = 500;
const JOBS: usize = 2;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Every guarantee holds after every event, everything ends once nothing goes wrong any more, and enough happened to prove something.
#[test]
fn every_seed_keeps_the_guarantees() {
    let (first, count) = (number("FLOWGATE_SIM_SEED", 0), number("FLOWGATE_SIM_SEEDS", SEEDS));
    println!("seeds {first} to {} (FLOWGATE_SIM_SEED, FLOWGATE_SIM_SEEDS)", first + count - 1);
    let sum = batch::seeds(first, count, JOBS, 3, |_| {});
    println!("{:?}; never seen: {:?}", sum.tally, sum.coverage.unseen_events());
    for (event, states) in sum.coverage.unseen_pairs() {
        println!("  {event}: never in {}", states.join(", "));
    }
    if let (Some((seed, reason)), Ok(path)) = (sum.failures.first(), std::env::var("FLOWGATE_SIM_KEEP")) {
        let small = shrink::shrink(&Case::of(*seed), reason);
        std::fs::write(path, serde_json::to_string_pretty(&small).unwrap()).unwrap();
    }
    assert!(sum.failures.is_empty(), "{:#?}\nagain: cargo bench --bench sim -- --seed {}", sum.failures, sum.failures[0].0);
    assert_eq!(sum.coverage.impossible(), Vec::<String>::new());
    assert_eq!(sum.too_little(), None);
}

#[test]
fn every_generated_flow_compiles() {
    for seed in 0..150 {
        let case = Case::of(seed);
        for spec in case.flows.iter().chain([&case.child]) {
            if let Err(problems) = flowgate::flow::compile::plan(spec) {
                let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
                panic!("seed {seed}: {errors:#?}\n{}", serde_json::to_string_pretty(spec).unwrap());
            }
        }
    }
}

/// A seed and a commit are a bug report only if the same seed gives the same run.
#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in [1, 7, 23, 77] {
        let case = Case::of(seed);
        let (one, other) = (world::run(&case, true), world::run(&case, true));
        let differs = one.story.iter().zip(&other.story).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(one.fingerprint, other.fingerprint, "seed {seed}");
    }
}

/// Cases that failed once, made small.
#[test]
fn what_failed_once_does_not_fail_again() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sim/regressions");
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "json")) {
        let case: Case = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let report = batch::run(&case, true);
        assert_eq!(report.result, Ok(()), "{}\n{}", file.display(), report.story.join("\n"));
    }
}
