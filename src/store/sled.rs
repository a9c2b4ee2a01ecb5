//! The view in sled 0.34.7. The only file that knows sled. Nothing here is relied on to survive a power cut: the checkpoint decides
//! whether what is on disk may be used, and the log replaces it when not.
//!
//! Banned: `flush_async` (deadlocks with more than about six callers), background flushing, `watch_prefix`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::Error;
use super::view::{Order, Range, Row, View, Write};

/// How long sled's own lock is waited for. The data directory's lock is held by then, so the only one who can have it is a child of the process
/// before, between its fork and its exec.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// An open sled database.
pub struct SledView {
    tree: ::sled::Db,
    dir: PathBuf,
}

impl SledView {
    /// Opens the database in `dir`, or makes one.
    pub fn open(dir: &Path, cache_bytes: u64) -> Result<Self, Error> {
        let open = || ::sled::Config::new().path(dir).cache_capacity(cache_bytes).flush_every_ms(None).open();
        // sled panics on some kinds of damage instead of answering.
        let open = || std::panic::catch_unwind(open).map_err(|_| Error::ViewDamaged("sled gave up on its files".to_owned()));
        let (mut opened, began) = (open()?, Instant::now());
        while opened.as_ref().is_err_and(is_locked) && began.elapsed() < LOCK_PATIENCE {
            std::thread::sleep(LOCK_PAUSE);
            opened = open()?;
        }
        Ok(Self { tree: opened.map_err(damaged)?, dir: dir.to_owned() })
    }
}

/// Whether somebody holds sled's own lock.
fn is_locked(error: &::sled::Error) -> bool {
    matches!(error, ::sled::Error::Io(source) if source.to_string().contains("could not acquire lock"))
}

fn damaged(error: ::sled::Error) -> Error {
    match error {
        ::sled::Error::Io(source) => Error::Io { action: "use", path: PathBuf::from("view"), source },
        other => Error::ViewDamaged(other.to_string()),
    }
}

fn row((key, value): (::sled::IVec, ::sled::IVec)) -> Row {
    (key.to_vec(), value.to_vec())
}

impl View for SledView {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.tree.get(key).map_err(damaged)?.map(|value| value.to_vec()))
    }

    fn scan(&self, range: &Range, order: Order, limit: usize) -> Result<Vec<Row>, Error> {
        if range.start >= range.end {
            return Ok(Vec::new());
        }
        let rows = self.tree.range(range.start.as_slice()..range.end.as_slice());
        let rows: Result<Vec<Row>, ::sled::Error> = match order {
            Order::Ascending => rows.take(limit).map(|found| found.map(row)).collect(),
            Order::Descending => rows.rev().take(limit).map(|found| found.map(row)).collect(),
        };
        rows.map_err(damaged)
    }

    fn apply(&self, writes: Vec<Write>) -> Result<(), Error> {
        let mut batch = ::sled::Batch::default();
        for (key, value) in writes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.tree.apply_batch(batch).map_err(damaged)
    }

    fn flush(&self) -> Result<(), Error> {
        self.tree.flush().map_err(damaged)?;
        // sled syncs with `sync_file_range`, which does not reach the medium.
        sync_tree(&self.dir).map_err(Error::io("sync", &self.dir))
    }
}

/// `fsync` of every file and directory under `dir`, and of the directory that holds it.
fn sync_tree(dir: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(dir)?.sync_all()?;
    dir.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}
