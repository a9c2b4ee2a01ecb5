//! The control-flow patterns: each flow here walks as the `#>` lines on top of it promise, and the same steps as a plain sequence do not.
//! docs/patterns.md tells them to people.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test binary: a panic is its way of reporting")]

mod expectation;
mod sequence;
mod walk;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use expectation::Expectation;
use flowgate::flow::problem::Severity;
use flowgate::flow::{compile, parse};

const PATTERNS: u32 = 43;
const SUPPORTED_MIN: usize = 33;

struct Shown {
    name: String,
    text: String,
}

fn shown() -> Vec<Shown> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/patterns");
    let mut found: Vec<Shown> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| Shown { name: path.file_name().unwrap().to_string_lossy().into_owned(), text: fs::read_to_string(&path).unwrap() })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

#[test]
fn every_pattern_walks_as_promised() {
    let mut failures = Vec::new();
    for Shown { name, text } in shown() {
        let expectation = Expectation::read(&text);
        let plan = match compile::load(&text) {
            Ok((plan, _)) => plan,
            Err(problems) => {
                failures.extend(problems.iter().map(|problem| format!("{name}:{problem}")));
                continue;
            }
        };
        for (number, run) in expectation.runs.iter().enumerate() {
            failures.extend(run.misses(&walk::walk(&plan, run)).iter().map(|miss| format!("{name}, run {number}: {miss}")));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// Otherwise a promise would hold for any graph, and prove nothing.
#[test]
fn no_promise_is_kept_by_a_plain_sequence() {
    let mut failures = Vec::new();
    for Shown { name, text } in shown() {
        let expectation = Expectation::read(&text);
        let spec = parse::read(&text).spec.unwrap();
        let plan = compile::plan(&sequence::of(&spec)).unwrap_or_else(|problems| panic!("{name} as a sequence: {problems:?}"));
        for (number, run) in expectation.runs.iter().enumerate() {
            let course = walk::walk(&plan, &sequence::run_of(run));
            if run.misses(&course).is_empty() {
                failures.push(format!("{name}, run {number}: holds for a plain sequence too"));
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn a_walk_is_the_same_every_time() {
    for Shown { name, text } in shown() {
        let Ok((plan, _)) = compile::load(&text) else { continue };
        for run in &Expectation::read(&text).runs {
            assert_eq!(walk::walk(&plan, run).journal(), walk::walk(&plan, run).journal(), "{name}");
        }
    }
}

#[test]
fn the_flows_are_free_of_errors() {
    for Shown { name, text } in shown() {
        let (_, warnings) = compile::load(&text).unwrap_or_else(|problems| panic!("{name}: {problems:#?}"));
        assert!(warnings.iter().all(|problem| problem.severity == Severity::Warning), "{name}");
    }
}

#[test]
fn the_document_and_the_flows_agree() {
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/patterns.md")).unwrap();
    let mut supported = BTreeSet::new();
    for Shown { name, text } in shown() {
        let expectation = Expectation::read(&text);
        assert!(!expectation.runs.is_empty(), "{name} promises nothing");
        let number: u32 = name[..2].parse().unwrap();
        assert_eq!(expectation.patterns, [number], "{name}");
        assert!(document.contains(&format!("](../tests/patterns/{name})")), "docs/patterns.md does not name {name}");
        supported.insert(number);
    }
    assert!(supported.len() >= SUPPORTED_MIN, "{} patterns are supported", supported.len());
    for number in 1..=PATTERNS {
        let row = document.lines().find(|line| line.starts_with(&format!("| {number} |")));
        let row = row.unwrap_or_else(|| panic!("docs/patterns.md says nothing about pattern {number}"));
        assert_eq!(row.contains("**not supported**: "), !supported.contains(&number), "{row}");
    }
}

#[test]
fn a_misspelt_promise_is_refused() {
    let read = |line: &str| std::panic::catch_unwind(|| Expectation::read(&format!("#> patterns: [1]\n#> runs:\n#>   - {line}")));
    assert!(read("ran: [a]").is_ok());
    assert!(read("rann: [a]").is_err());
}
