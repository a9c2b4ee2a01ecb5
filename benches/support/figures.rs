//! What every bench does with figures: the arguments they are taken by, and the lowest, the median and the highest of several runs.
#![allow(dead_code, reason = "each bench takes what it needs of it")]

use std::fmt;
use std::time::Duration;

/// What several runs found, in order.
pub struct Spread {
    pub lowest: f64,
    pub median: f64,
    pub highest: f64,
}

impl Spread {
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        Self { lowest: figures[0], median: figures[figures.len() / 2], highest: figures[figures.len() - 1] }
    }
}

impl fmt::Display for Spread {
    /// The precision is that of each figure, the width that of all three together.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = f.precision().unwrap_or(0);
        let text = format!("{:.precision$} / {:.precision$} / {:.precision$}", self.lowest, self.median, self.highest);
        write!(f, "{text:>width$}", width = f.width().unwrap_or(0))
    }
}

/// The number that the argument at this place says, or the default. Cargo's own arguments are no numbers.
pub fn argument(place: usize, default: usize) -> usize {
    std::env::args().filter_map(|argument| argument.parse().ok()).nth(place).unwrap_or(default).max(1)
}

/// Says so where the figures mean nothing.
pub fn warn_if_unoptimised() {
    if cfg!(debug_assertions) {
        println!("This is an unoptimised build: its figures say nothing.");
    }
}

/// A directory beside the build, because many systems keep their temporary files in memory.
pub fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory")
}

/// The value below which so many of a hundred lie.
pub fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted.get(sorted.len() * percent / 100).or(sorted.last()).copied().unwrap_or_default()
}

pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

pub fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// What the kernel holds in memory for a process, in KiB; 0 where the system does not tell.
pub fn resident_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// Bytes of all files below.
pub fn bytes(directory: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.metadata().map_or(0, |kind| if kind.is_dir() { bytes(&entry.path()) } else { kind.len() })).sum()
}
