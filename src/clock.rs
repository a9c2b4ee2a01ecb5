//! The only place that reads the time or makes randomness. Everything pure gets both passed in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::{NoContext, Timestamp, Uuid};

use crate::ids::{BootId, ExecutionId, FileId, TimeMs};

/// The wall clock, in milliseconds. Before 1970: 0.
#[must_use]
pub fn now() -> TimeMs {
    TimeMs(u64::try_from(since_epoch().as_millis()).unwrap_or(u64::MAX))
}

/// The wall clock, for who counts in the system's own terms.
#[must_use]
pub fn system() -> SystemTime {
    let (now, moved_ms) = (SystemTime::now(), moved_ms());
    let by = Duration::from_millis(moved_ms.unsigned_abs());
    let moved = if moved_ms < 0 { now.checked_sub(by) } else { now.checked_add(by) };
    moved.unwrap_or(now)
}

fn since_epoch() -> Duration {
    system().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// How far a test has moved the clock: the file that `FLOWGATE_CLOCK_FILE` names holds milliseconds. It is read each time, so that the clock
/// moves while the process runs. Only debug builds look.
#[cfg(debug_assertions)]
fn moved_ms() -> i64 {
    use std::path::PathBuf;
    use std::sync::OnceLock;

    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let file = FILE.get_or_init(|| std::env::var_os("FLOWGATE_CLOCK_FILE").map(PathBuf::from));
    let text = file.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

#[cfg(not(debug_assertions))]
fn moved_ms() -> i64 {
    0
}

/// The processor time that this thread has used. Differs from the time that passed by what others were given meanwhile.
#[cfg(unix)]
#[must_use]
pub fn thread_time() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(used.tv_sec.unsigned_abs(), used.tv_nsec.unsigned_abs().try_into().unwrap_or(0))
}

/// Where the system does not tell: the time that passed.
#[cfg(not(unix))]
#[must_use]
pub fn thread_time() -> Duration {
    since_epoch()
}

/// 64 random bits, for jitter and ids.
#[must_use]
pub fn entropy() -> u64 {
    Uuid::new_v4().as_u64_pair().1
}

/// A fresh name for this life of the process.
#[must_use]
pub fn boot_id() -> BootId {
    BootId(entropy())
}

/// A fresh, time-ordered execution id.
#[must_use]
pub fn execution_id() -> ExecutionId {
    ExecutionId(ordered())
}

/// A fresh, time-ordered file id.
#[must_use]
pub fn file_id() -> FileId {
    FileId(ordered())
}

fn ordered() -> Uuid {
    if moved_ms() == 0 {
        return Uuid::now_v7();
    }
    let since = since_epoch();
    Uuid::new_v7(Timestamp::from_unix(NoContext, since.as_secs(), since.subsec_nanos()))
}
