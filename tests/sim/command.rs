//! The simulation by hand: `cargo bench --bench sim -- --seeds N [--seed S] [--jobs N]`. Exits with 1 when a seed fails, and says how to see it again.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "a command of the developers; it prints what it found")]
#![allow(dead_code, reason = "the tests use the rest")]

mod run;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use run::batch::{self, Sum};
use run::case::Case;
use run::shrink;

/// Runs random flows in a simulated world where everything goes wrong, and checks every guarantee after every event.
#[derive(Parser)]
struct Options {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed; alone, the only one, whose story is told.
    #[arg(long)]
    seed: Option<u64>,
    /// Threads.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// A case that was written down, instead of seeds.
    #[arg(long)]
    case: Option<std::path::PathBuf>,
    /// Failures after which it stops.
    #[arg(long, default_value_t = 5)]
    failures: usize,
    /// Which (state, event) pairs can be and were never seen.
    #[arg(long)]
    unseen: bool,
    /// Where the smallest case of a failure is written.
    #[arg(long, default_value = "sim-failure.json")]
    out: std::path::PathBuf,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    std::panic::set_hook(Box::new(|_| {}));
    if let Some(path) = &options.case {
        let text = std::fs::read_to_string(path).expect("the case can be read");
        return tell(&serde_json::from_str(&text).expect("it is a case"), &options);
    }
    let is_alone = options.seed.is_some() && !std::env::args().any(|argument| argument.starts_with("--seeds"));
    if let (true, Some(seed)) = (is_alone, options.seed) {
        return tell(&Case::of(seed), &options);
    }
    let first = options.seed.unwrap_or(0);
    let bar = ProgressBar::new(options.seeds);
    if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} {wide_bar} {pos}/{len} seeds, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    let begun = Instant::now();
    let sum = batch::seeds(first, options.seeds, options.jobs, options.failures, |_| bar.inc(1));
    bar.finish_and_clear();
    report(&sum, begun.elapsed().as_secs_f64(), options.unseen);
    let Some((seed, _)) = sum.failures.first() else {
        let is_wrong = sum.too_little().is_some() || !sum.coverage.impossible().is_empty();
        return if is_wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    };
    println!("again: cargo bench --bench sim -- --seed {seed}");
    ExitCode::FAILURE
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
fn report(sum: &Sum, seconds: f64, unseen: bool) {
    println!("{} seeds in {seconds:.1} s ({:.0} a minute), {} failed", sum.seeds, sum.seeds as f64 * 60.0 / seconds, sum.failures.len());
    println!("{:?}", sum.tally);
    println!("{} pairs of state and event; events never seen: {:?}", sum.coverage.count(), sum.coverage.unseen_events());
    for pair in sum.coverage.impossible() {
        println!("seen: {pair}");
    }
    if unseen {
        for (event, states) in sum.coverage.unseen_pairs() {
            println!("  {event}: never in {}", states.join(", "));
        }
    }
    for (seed, reason) in &sum.failures {
        println!("seed {seed}: {reason}");
    }
    if let Some(reason) = sum.too_little() {
        println!("too little happened: {reason}");
    }
}

/// One case, with its story, and made as small as it gets if it fails.
fn tell(case: &Case, options: &Options) -> ExitCode {
    let report = batch::run(case, true);
    let Err(reason) = &report.result else {
        for line in &report.story {
            println!("{line}");
        }
        println!("{:?}\n{}", report.tally, report.fingerprint);
        return ExitCode::SUCCESS;
    };
    println!("fails: {reason}\nmaking it smaller …");
    let small = shrink::shrink(case, reason);
    let report = batch::run(&small, true);
    println!("{}", serde_json::to_string_pretty(&small).unwrap_or_default());
    for line in &report.story {
        println!("{line}");
    }
    println!("fails: {}", report.result.err().unwrap_or_default());
    if let Ok(text) = serde_json::to_string_pretty(&small) {
        let _ = std::fs::write(&options.out, text);
        println!("written to {}; again: cargo bench --bench sim -- --case {}", options.out.display(), options.out.display());
    }
    ExitCode::FAILURE
}
