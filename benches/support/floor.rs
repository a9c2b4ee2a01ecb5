//! What the disk does when nothing but the disk is used: the figure that every rate is held against. Measured in the same run, because it
//! differs by a factor between machines and from one hour to the next on a shared one.
#![allow(dead_code, reason = "each bench takes what it needs of it")]

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Filled beforehand, as a segment of the log is: growing a file costs a second write per sync.
const FILE_BYTES: u64 = 64 << 20;

/// Records per second that a bare loop makes durable when it appends `batch` of them and then calls `fdatasync`: what `batch` clients get
/// at best when each waits for its own record and the sync is shared without loss.
pub fn records_per_second(dir: &Path, batch: usize, record_bytes: usize, budget: Duration) -> f64 {
    let mut rounds = 0_u32;
    let elapsed = each_sync(dir, batch * record_bytes, budget, |_| rounds += 1);
    f64::from(rounds) * batch as f64 / elapsed.as_secs_f64()
}

/// How long a write of so many bytes and its `fdatasync` take, at the median.
pub fn sync_median(dir: &Path, record_bytes: usize, budget: Duration) -> Duration {
    let mut taken = Vec::new();
    each_sync(dir, record_bytes, budget, |round| taken.push(round));
    taken.sort();
    taken[taken.len() / 2]
}

/// Appends and syncs as long as the budget lasts; each round's time goes to `done`. How long all of them took.
fn each_sync(dir: &Path, bytes: usize, budget: Duration, mut done: impl FnMut(Duration)) -> Duration {
    let file = filled(&dir.join("floor"));
    let records = vec![b'x'; bytes];
    let (mut offset, began) = (0, Instant::now());
    while began.elapsed() < budget {
        let round = Instant::now();
        if offset + records.len() as u64 > FILE_BYTES {
            offset = 0;
        }
        file.write_all_at(&records, offset).expect("a write");
        file.sync_data().expect("a sync");
        offset += records.len() as u64;
        done(round.elapsed());
    }
    began.elapsed()
}

fn filled(path: &Path) -> File {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path).expect("a file");
    let zeros = vec![0; 1 << 20];
    for offset in (0..FILE_BYTES).step_by(zeros.len()) {
        file.write_all_at(&zeros, offset).expect("space");
    }
    file.sync_all().expect("a sync");
    file
}
