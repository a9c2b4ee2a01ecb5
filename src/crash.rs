//! Named places at which a test can make the process die, as a power cut would: `FLOWGATE_CRASH_AT=NAME` or `NAME:N` for the N-th time that
//! one comes by. Only debug builds have them; in a release build a place is nothing.

/// Every place, in the order in which a request passes them. `tests/server/crashes.rs` goes through them all.
pub const POINTS: [&str; 26] = [
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
];

/// Here the process may die.
#[cfg(debug_assertions)]
pub fn point(name: &'static str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static AT: OnceLock<Option<(String, AtomicU64)>> = OnceLock::new();
    debug_assert!(POINTS.contains(&name), "`{name}` is not listed");
    let at = AT.get_or_init(|| {
        let text = std::env::var("FLOWGATE_CRASH_AT").ok()?;
        let (name, times) = text.split_once(':').map_or((text.as_str(), "1"), |(name, times)| (name, times));
        Some((name.to_owned(), AtomicU64::new(times.parse().unwrap_or(1))))
    });
    if let Some((wanted, left)) = at
        && wanted == name
        && left.fetch_sub(1, Ordering::Relaxed) == 1
    {
        // No destructor runs, nothing is flushed.
        std::process::abort();
    }
}

#[cfg(not(debug_assertions))]
pub fn point(_: &'static str) {}
