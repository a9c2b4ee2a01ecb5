//! Segments prepared ahead by a thread of their own, so that a commit never waits for zeros to be written: one to use next, and one in
//! reserve, so that what runs can still end when the disk is full. The thread also watches free space, for the view's sake.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::segment;
use crate::store::disk::{Disk, DiskFile};

/// The next one and the reserve.
const READY: usize = 2;
/// How often free space is looked at, and a failed preparation tried again.
const LOOK: Duration = Duration::from_secs(1);

/// How large segments are, and how much space must stay free.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Of the first segment; each is twice the one before, so that a small store stays small.
    pub segment_bytes_min: u64,
    pub segment_bytes_max: u64,
    /// Below this nothing new is accepted.
    pub free_bytes_low: u64,
    /// Below this nothing is accepted: the view must never meet a full disk.
    pub free_bytes_stop: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { segment_bytes_min: 1 << 20, segment_bytes_max: 64 << 20, free_bytes_low: 128 << 20, free_bytes_stop: 32 << 20 }
    }
}

/// What the disk still allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    Plenty,
    /// Outcomes, decisions and cancels only.
    Low,
    None,
}

/// A prepared segment.
pub struct Taken {
    pub number: u64,
    pub file: Arc<dyn DiskFile>,
    pub size: u64,
}

/// Shared by the committer, which takes, and the thread, which prepares.
pub struct Supply {
    disk: Arc<dyn Disk>,
    sizes: Sizes,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    ready: VecDeque<Taken>,
    next_number: u64,
    next_size: u64,
    failed: bool,
    free_bytes: u64,
    closed: bool,
}

impl State {
    /// There is nothing to do for now.
    fn rests(&self) -> bool {
        self.ready.len() >= READY || self.failed
    }
}

impl Supply {
    /// `largest` is the size of the largest segment so far; `ready` are those that an earlier process prepared.
    pub fn new(disk: Arc<dyn Disk>, sizes: Sizes, next_number: u64, largest: u64, ready: VecDeque<Taken>) -> Self {
        let free_bytes = disk.free_bytes().unwrap_or(u64::MAX);
        let largest = ready.iter().map(|taken| taken.size).max().unwrap_or(0).max(largest);
        let next_size = (2 * largest).clamp(sizes.segment_bytes_min, sizes.segment_bytes_max);
        let state = State { ready, next_number, next_size, failed: false, free_bytes, closed: false };
        Self { disk, sizes, state: Mutex::new(state), changed: Condvar::new() }
    }

    pub fn space(&self) -> Space {
        let state = self.lock();
        match state.free_bytes {
            free if free < self.sizes.free_bytes_stop => Space::None,
            free if free < self.sizes.free_bytes_low => Space::Low,
            _ if state.failed => Space::Low,
            _ => Space::Plenty,
        }
    }

    /// A segment of at least `size` bytes; none when the disk is full and the reserve is used up.
    pub fn take(&self, size: u64) -> Option<Taken> {
        let mut state = self.lock();
        while state.ready.is_empty() && !state.failed && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let fits = state.ready.iter().position(|taken| taken.size >= size);
        if let Some(taken) = fits.and_then(|index| state.ready.remove(index)) {
            self.changed.notify_all();
            return Some(taken);
        }
        // A batch or a record larger than what was prepared: it gets a segment of its own, made here.
        let number = state.next_number;
        state.next_number += 1;
        drop(state);
        let name = segment::name(number);
        let size = size.max(self.sizes.segment_bytes_min);
        self.made(number, size, self.disk.create(&name, size)).ok()
    }

    /// Prepares until closed; runs on its own thread.
    pub fn run(&self) {
        while !self.lock().closed {
            self.stock_up();
            // Looked at again under the lock that is waited with: one may have been taken in between.
            let state = self.lock();
            if !state.closed && state.rests() {
                drop(self.changed.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner));
            }
        }
    }

    /// Prepares one segment if there are too few, and looks at free space.
    pub fn stock_up(&self) {
        let mut state = self.lock();
        if state.ready.len() < READY {
            let (number, size) = (state.next_number, state.next_size);
            state.next_number += 1;
            let free_bytes = state.free_bytes;
            drop(state);
            let made = self.prepare(number, size, free_bytes);
            state = self.lock();
            match made {
                Ok(taken) => {
                    state.ready.push_back(taken);
                    state.next_size = (2 * size).min(self.sizes.segment_bytes_max);
                    state.failed = false;
                }
                Err(error) => {
                    if !state.failed {
                        tracing::error!(%error, "a log segment cannot be prepared: nothing new is accepted until this works again");
                    }
                    state.failed = true;
                }
            }
            self.changed.notify_all();
        }
        state.free_bytes = self.disk.free_bytes().unwrap_or(u64::MAX);
    }

    /// Nothing is prepared, and nothing can be.
    pub fn is_out(&self) -> bool {
        let state = self.lock();
        state.ready.is_empty() && state.failed
    }

    /// Nothing is prepared: who needs a segment now waits for one.
    pub fn is_empty(&self) -> bool {
        let state = self.lock();
        state.ready.is_empty() && !state.failed
    }

    /// Whether so many bytes more leave what must stay free.
    pub fn leaves_enough(&self, bytes: u64) -> bool {
        self.lock().free_bytes.saturating_sub(bytes) >= self.sizes.free_bytes_stop
    }

    /// Ends the thread.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// A segment in stock, unless it would itself take the space without which nothing is accepted any more: what is prepared already,
    /// and small segments made when they are needed, then serve what runs.
    fn prepare(&self, number: u64, size: u64, free_bytes: u64) -> std::io::Result<Taken> {
        if free_bytes.saturating_sub(size) < self.sizes.free_bytes_stop {
            return Err(std::io::Error::new(std::io::ErrorKind::StorageFull, format!("only {free_bytes} bytes are free")));
        }
        self.made(number, size, self.disk.create_gently(&segment::name(number), size))
    }

    /// The segment that was created, with a durable name; nothing is left of one that was not.
    fn made(&self, number: u64, size: u64, created: std::io::Result<Arc<dyn DiskFile>>) -> std::io::Result<Taken> {
        let name = segment::name(number);
        let made = created.and_then(|file| {
            self.disk.sync_names()?;
            Ok(Taken { number, file, size })
        });
        if made.is_err() {
            // Half a segment helps nobody, least of all a full disk.
            let _ = self.disk.remove(&name);
        }
        made
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory_disk::{Faults, MemoryDisk};

    /// What is prepared in stock must not itself bring the disk to the point where not even what runs can end.
    #[test]
    fn preparing_never_takes_the_space_below_which_nothing_is_accepted() {
        let sizes = Sizes { segment_bytes_min: 4 << 20, segment_bytes_max: 4 << 20, free_bytes_low: 6 << 20, free_bytes_stop: 2 << 20 };
        let disk = MemoryDisk::new(Faults { capacity_bytes: Some(9 << 20), ..Faults::default() });
        let supply = Arc::new(Supply::new(Arc::new(disk.clone()), sizes, 1, 0, VecDeque::new()));
        let preparing = Arc::clone(&supply);
        let thread = std::thread::spawn(move || preparing.run());
        // The first fits; a second one of 4 MiB would leave 1 MiB.
        let is_settled = || {
            let state = supply.lock();
            state.failed || state.ready.len() > 1
        };
        while !is_settled() {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(supply.lock().ready.len(), 1);
        assert!(disk.free_bytes().unwrap() >= sizes.free_bytes_stop);
        assert_eq!(supply.space(), Space::Low, "outcomes are still accepted");
        supply.close();
        thread.join().unwrap();
    }
}
