//! A disk in memory that does to its user what real disks do: what was not synced is lost or torn at a crash, a sync fails, space runs
//! out. For tests and simulation.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::disk::{Disk, DiskFile};

/// What survives of a write that was not synced is decided sector by sector.
const SECTOR_BYTES: usize = 512;

/// What goes wrong, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// The n-th sync from the opening on (counted from 1) fails, and with it every later one.
    pub fail_sync: Option<u64>,
    /// The n-th write from the opening on fails, and with it every later one; half of the bytes of the first may be there.
    pub fail_write: Option<u64>,
    /// The n-th change of the names from the opening on (create, rename, remove, making them durable) fails, and with it every later one.
    pub fail_names: Option<u64>,
    /// The n-th reading of a file from the opening on fails, once.
    pub fail_read: Option<u64>,
    /// Bytes that all files together may take.
    pub capacity_bytes: Option<u64>,
    /// What a crash leaves of writes that were not synced.
    pub unsynced: Unsynced,
}

/// The fate of what was not synced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unsynced {
    /// Gone.
    #[default]
    Lost,
    /// Each sector, and each change of a name, by the throw of a seeded coin.
    Torn,
    /// All there, as after SIGKILL.
    Kept,
}

/// The disk; clones share it.
#[derive(Clone)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
    /// In front of every name: the directory that this handle looks into, empty for the root.
    directory: String,
}

struct State {
    faults: Faults,
    files: Vec<Arc<Mutex<Content>>>,
    /// Names as a program sees them, and as a crash would leave them.
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// What makes the one of the other, in order.
    unsynced_names: Vec<NameChange>,
    syncs: u64,
    writes: u64,
    renames: u64,
    reads: u64,
    /// After a crash the old handles only get errors.
    crashed: bool,
}

/// A change of full names that may be lost for itself.
enum NameChange {
    Created { name: String, file: usize },
    Renamed { from: String, to: String },
    Removed { name: String },
}

impl NameChange {
    fn name(&self) -> &str {
        let (Self::Created { name, .. } | Self::Renamed { to: name, .. } | Self::Removed { name }) = self;
        name
    }

    /// Without what it rests on it changes nothing.
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Created { name, file } => drop(names.insert(name.clone(), *file)),
            Self::Renamed { from, to } => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
            Self::Removed { name } => drop(names.remove(name)),
        }
    }
}

#[derive(Clone, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
    /// Offset and length of writes since the last sync.
    unsynced: Vec<(usize, usize)>,
}

impl MemoryDisk {
    /// An empty disk.
    #[must_use]
    pub fn new(faults: Faults) -> Self {
        Self::with(faults, Vec::new(), BTreeMap::new())
    }

    fn with(faults: Faults, files: Vec<Arc<Mutex<Content>>>, names: BTreeMap<String, usize>) -> Self {
        let (durable_names, unsynced_names) = (names.clone(), Vec::new());
        let state =
            State { faults, files, names, durable_names, unsynced_names, syncs: 0, writes: 0, renames: 0, reads: 0, crashed: false };
        Self { state: Arc::new(Mutex::new(state)), directory: String::new() }
    }

    /// Cuts the power: what is left is on the disk that is returned, and every handle to this one gets errors from now on.
    #[must_use]
    pub fn crash(&self, seed: u64, faults: Faults) -> Self {
        let mut coin = Coin(seed | 1);
        let mut state = self.lock();
        state.crashed = true;
        let unsynced = state.faults.unsynced;
        let mut names = state.durable_names.clone();
        for change in &state.unsynced_names {
            if unsynced == Unsynced::Kept || (unsynced == Unsynced::Torn && coin.flip()) {
                change.apply(&mut names);
            }
        }
        let after = |content: &Arc<Mutex<Content>>| {
            let content = content.lock().unwrap_or_else(PoisonError::into_inner).after(unsynced, &mut coin);
            Arc::new(Mutex::new(Content { durable: content.clone(), now: content, unsynced: Vec::new() }))
        };
        Self::with(faults, state.files.iter().map(after).collect(), names)
    }

    /// Changes what goes wrong; syncs, writes, changes of names and reads are counted from here.
    pub fn set_faults(&self, faults: Faults) {
        let mut state = self.lock();
        (state.faults, state.syncs, state.writes, state.renames, state.reads) = (faults, 0, 0, 0, 0);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn full(&self, name: &str) -> String {
        format!("{}{name}", self.directory)
    }

    /// The name as this handle's, if it is of its directory.
    fn own<'a>(&self, full: &'a str) -> Option<&'a str> {
        full.strip_prefix(self.directory.as_str()).filter(|name| !name.contains('/'))
    }

    fn alive(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.lock();
        if state.crashed { Err(io::Error::other("the power is off")) } else { Ok(state) }
    }

    /// For a change of names.
    fn renaming(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.alive()?;
        state.renames += 1;
        let fails = state.faults.fail_names.is_some_and(|failing| state.renames >= failing);
        if fails { Err(io::Error::other("planned fault: the directory cannot be changed")) } else { Ok(state) }
    }
}

impl Content {
    /// What was written is durable now.
    fn settle(&mut self) {
        self.durable.resize(self.now.len(), 0);
        for (offset, length) in std::mem::take(&mut self.unsynced) {
            self.durable[offset..offset + length].copy_from_slice(&self.now[offset..offset + length]);
        }
    }

    fn after(&self, fate: Unsynced, coin: &mut Coin) -> Vec<u8> {
        let mut left = self.durable.clone();
        left.resize(self.now.len().max(left.len()), 0);
        for (offset, length) in &self.unsynced {
            let first = offset / SECTOR_BYTES * SECTOR_BYTES;
            for sector in (first..offset + length).step_by(SECTOR_BYTES) {
                let survives = match fate {
                    Unsynced::Lost => false,
                    Unsynced::Torn => coin.flip(),
                    Unsynced::Kept => true,
                };
                if survives {
                    let range = sector.max(*offset)..(sector + SECTOR_BYTES).min(offset + length);
                    left[range.clone()].copy_from_slice(&self.now[range]);
                }
            }
        }
        left
    }
}

/// xorshift; the seed is the test's.
struct Coin(u64);

impl Coin {
    fn flip(&mut self) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 & 0x100 != 0
    }
}

struct MemoryFile {
    disk: MemoryDisk,
    content: Arc<Mutex<Content>>,
}

impl MemoryFile {
    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DiskFile for MemoryFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        {
            let mut state = self.disk.lock();
            state.reads += 1;
            if state.faults.fail_read == Some(state.reads) {
                return Err(io::Error::other("planned fault: read failed"));
            }
        }
        let content = self.content();
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let bytes = content.now.get(start..start + buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let fails = {
            let mut state = self.disk.alive()?;
            state.writes += 1;
            state.faults.fail_write.is_some_and(|failing| state.writes >= failing)
        };
        let bytes = if fails { &bytes[..bytes.len() / 2] } else { bytes };
        let mut content = self.content();
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let end = start + bytes.len();
        if content.now.len() < end {
            content.now.resize(end, 0);
        }
        content.now[start..end].copy_from_slice(bytes);
        content.unsynced.push((start, bytes.len()));
        if fails { Err(io::Error::other("planned fault: write failed")) } else { Ok(()) }
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.alive()?;
        state.syncs += 1;
        if state.faults.fail_sync.is_some_and(|failing| state.syncs >= failing) {
            return Err(io::Error::other("planned fault: sync failed"));
        }
        let mut content = self.content();
        content.settle();
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.content().now.len() as u64)
    }
}

impl Disk for MemoryDisk {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.alive()?.names.keys().filter_map(|name| self.own(name)).map(str::to_owned).collect())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let state = self.alive()?;
        let file = *state.names.get(&self.full(name)).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(MemoryFile { disk: self.clone(), content: Arc::clone(&state.files[file]) }))
    }

    fn create(&self, name: &str, size: u64) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.renaming()?;
        let zeros = vec![0; usize::try_from(size).map_err(io::Error::other)?];
        if let Some(capacity) = state.faults.capacity_bytes
            && state.used_bytes() + size > capacity
        {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let content = Arc::new(Mutex::new(Content { durable: zeros.clone(), now: zeros, unsynced: Vec::new() }));
        state.files.push(Arc::clone(&content));
        let file = state.files.len() - 1;
        state.rename(NameChange::Created { name: self.full(name), file });
        Ok(Arc::new(MemoryFile { disk: self.clone(), content }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (mut state, from) = (self.renaming()?, self.full(from));
        state.names.get(&from).ok_or(io::ErrorKind::NotFound)?;
        state.rename(NameChange::Renamed { from, to: self.full(to) });
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let (mut state, name) = (self.renaming()?, self.full(name));
        state.names.get(&name).ok_or(io::ErrorKind::NotFound)?;
        state.rename(NameChange::Removed { name });
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut state = self.renaming()?;
        let others = |(name, _): &(&String, &usize)| self.own(name).is_none();
        let own = |(name, _): &(&String, &usize)| self.own(name).is_some();
        let kept = state.durable_names.iter().filter(others);
        let synced = state.names.iter().filter(own);
        state.durable_names = kept.chain(synced).map(|(name, file)| (name.clone(), *file)).collect();
        state.unsynced_names.retain(|change| self.own(change.name()).is_none());
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let state = self.alive()?;
        Ok(state.faults.capacity_bytes.map_or(u64::MAX, |capacity| capacity.saturating_sub(state.used_bytes())))
    }

    fn beneath(&self, name: &'static str) -> io::Result<Arc<dyn Disk>> {
        Ok(Arc::new(Self { state: Arc::clone(&self.state), directory: format!("{}{name}/", self.directory) }))
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("memory:").join(self.full(name))
    }
}

impl State {
    fn rename(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.unsynced_names.push(change);
    }

    fn used_bytes(&self) -> u64 {
        let size = |file: &usize| self.files[*file].lock().unwrap_or_else(PoisonError::into_inner).now.len() as u64;
        self.names.values().map(size).sum()
    }
}
