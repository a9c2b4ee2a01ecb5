//! What a pattern's flow promises, in the `#>` lines on top of its file, and how a walk is held against it.

use std::collections::BTreeSet;

use flowgate::flow::spec::Duration;
use serde::Deserialize;
use serde_json::Value;

use super::walk::{Happened, Walk};

/// All `#>` lines of a file, as YAML.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The numbers of the patterns that the flow shows.
    pub patterns: Vec<u32>,
    pub runs: Vec<Run>,
}

/// One walk: what it is given, what happens to it, and what must come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    #[serde(default)]
    pub input: Option<Value>,
    #[serde(default)]
    pub acts: Vec<Act>,
    #[serde(default = "completed")]
    pub status: String,
    #[serde(flatten)]
    pub course: Course,
    /// Child executions, in the order in which they were started.
    #[serde(default)]
    pub children: Vec<Course>,
}

/// The course of one execution. Steps are named `path/step#visit`; `#1` and an empty path are left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Course {
    /// Exactly the steps that were completed.
    pub ran: Vec<String>,
    /// Exactly the steps that were cancelled, while they ran or before they began.
    pub cancelled: Vec<String>,
    /// Steps that are recorded as dead.
    pub dead: Vec<String>,
    /// Steps that never began.
    pub not_run: Vec<String>,
    /// The first has ended before, or at the moment in which, the second starts; also in the journal's order.
    pub before: Vec<(String, String)>,
    /// Both ran at the same moment.
    pub overlap: Vec<(String, String)>,
}

/// Something from outside at a moment after the start.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    pub at: Duration,
    /// Which execution: 0 is the root, children are numbered in the order of their start.
    #[serde(default)]
    pub to: usize,
    #[serde(default)]
    pub signal: Option<String>,
    #[serde(default)]
    pub cancel: Option<String>,
}

fn completed() -> String {
    "completed".to_owned()
}

impl Expectation {
    pub fn read(text: &str) -> Self {
        let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("#>")).collect();
        let lines: Vec<&str> = lines.into_iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        serde_saphyr::from_str(&lines.join("\n")).unwrap_or_else(|error| panic!("the `#>` lines do not read: {error}"))
    }
}

impl Run {
    /// Everything about the walk that is not as promised; empty when all is.
    pub fn misses(&self, walk: &Walk) -> Vec<String> {
        let mut misses = Vec::new();
        if walk.status() != self.status {
            misses.push(format!("status is {}, not {}", walk.status(), self.status));
        }
        if walk.courses.len() != self.children.len() + 1 {
            misses.push(format!("{} child executions, not {}", walk.courses.len() - 1, self.children.len()));
        }
        for (course, happened) in std::iter::once(&self.course).chain(&self.children).zip(&walk.courses) {
            course.add_misses(happened, &mut misses);
        }
        misses
    }
}

impl Course {
    fn add_misses(&self, happened: &Happened, misses: &mut Vec<String>) {
        for (status, expected) in [("completed", &self.ran), ("cancelled", &self.cancelled)] {
            let found: BTreeSet<&str> = happened.with_status(status).collect();
            let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
            if found != expected {
                misses.push(format!("{status}: {found:?}, not {expected:?}"));
            }
        }
        let dead: BTreeSet<&str> = happened.with_status("dead").collect();
        for name in self.dead.iter().filter(|name| !dead.contains(name.as_str())) {
            misses.push(format!("`{name}` is not dead"));
        }
        for name in self.not_run.iter().filter(|name| happened.span(name).is_some()) {
            misses.push(format!("`{name}` began"));
        }
        for (first, second) in &self.before {
            let held = happened.span(first).zip(happened.span(second)).is_some_and(|(a, b)| a.ended <= b.started);
            if !held {
                misses.push(format!("`{first}` did not end before `{second}` began"));
            }
        }
        for (one, other) in &self.overlap {
            let held = happened.span(one).zip(happened.span(other)).is_some_and(|(a, b)| a.started < b.ended && b.started < a.ended);
            if !held {
                misses.push(format!("`{one}` and `{other}` did not run at the same moment"));
            }
        }
    }
}
