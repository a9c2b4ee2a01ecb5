//! Named places at which a test can make the process die, as a power cut would, or wait, as a slow disk would: `FLOWGATE_CRASH_AT=NAME` or
//! `NAME:N` for the N-th time that one comes by; `FLOWGATE_WAIT_AT=NAME:MS` for milliseconds each time. Only debug builds have them; in a
//! release build a place is nothing.

/// Every place, in the order in which a request passes them. `tests/server/crashes.rs` goes through them all.
pub const POINTS: [&str; 29] = [
    "request.authenticated",
    "request.key_reserved",
    "request.handled",
    "decide.before",
    "decide.after",
    "commit.accepted",
    "segment.taken",
    "log.written",
    "log.synced",
    "commit.handed_to_view",
    "commit.answered",
    "mark.before",
    "mark.after",
    "view.before",
    "view.after",
    "file.written_beside",
    "file.renamed",
    "release.before_effects",
    "release.before_answers",
    "call.before",
    "call.after",
    "follow.recorded",
    "delivery.sent",
    "trigger.due",
    "trigger.started",
    "purge.committed",
    "compact.past_kept",
    "compact.checkpointed",
    "compact.replaced",
];

/// Here the process may die, or wait.
#[cfg(debug_assertions)]
pub fn point(name: &'static str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    static DIES: OnceLock<Option<(String, AtomicU64)>> = OnceLock::new();
    static WAITS: OnceLock<Option<(String, Duration)>> = OnceLock::new();
    debug_assert!(POINTS.contains(&name), "`{name}` is not listed");
    let waits = WAITS.get_or_init(|| named("FLOWGATE_WAIT_AT").map(|(name, ms)| (name, Duration::from_millis(ms))));
    if let Some((wanted, pause)) = waits
        && wanted == name
    {
        std::thread::sleep(*pause);
    }
    let dies = DIES.get_or_init(|| named("FLOWGATE_CRASH_AT").map(|(name, times)| (name, AtomicU64::new(times))));
    if let Some((wanted, left)) = dies
        && wanted == name
        && left.fetch_sub(1, Ordering::Relaxed) == 1
    {
        // No destructor runs, nothing is flushed.
        std::process::abort();
    }
}

/// `NAME:NUMBER`, or `NAME` for 1.
#[cfg(debug_assertions)]
fn named(variable: &str) -> Option<(String, u64)> {
    let text = std::env::var(variable).ok()?;
    let (name, number) = text.split_once(':').unwrap_or((&text, "1"));
    Some((name.to_owned(), number.parse().unwrap_or(1)))
}

#[cfg(not(debug_assertions))]
pub fn point(_: &'static str) {}
