//! Attached files: a directory beside the log, one file per id. A file is durable before the record that names it, and goes after the
//! record that takes its name away, so a record never points at nothing; a file without a record is swept by whoever knows the records.
//! Names are ids that we made, never a client's text.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::disk::{self, Disk};
use super::error::Error;
use super::handle::Store;
use crate::ids::{Digest, FileId, TimeMs};
use crate::journal::Record;

/// The collection whose documents name files: the key is the file's id, the body holds its [`Fingerprint`] beside other fields. Also
/// the directory's name.
pub const FILES: &str = "files";

/// What a file must still be when it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    pub bytes: u64,
    pub sha256: Digest,
}

impl Fingerprint {
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len() as u64, sha256: Digest::of(bytes) }
    }
}

/// The directory of a running store.
pub struct Attachments {
    disk: Arc<dyn Disk>,
    /// What a new file must leave free: log and view come first.
    free_bytes_min: u64,
    removals: Mutex<Removals>,
}

/// Removals wait while a backup copies.
#[derive(Default)]
struct Removals {
    holders: usize,
    waiting: Vec<FileId>,
}

/// Nothing is removed as long as this lives.
pub struct Held<'a>(&'a Attachments);

impl Attachments {
    pub fn open(beside: &dyn Disk, free_bytes_min: u64) -> Result<Self, Error> {
        let disk = beside.beneath(FILES).map_err(Error::io("make", beside.path(FILES)))?;
        Ok(Self { disk, free_bytes_min, removals: Mutex::default() })
    }

    pub fn hold(&self) -> Held<'_> {
        self.removals.lock().unwrap_or_else(PoisonError::into_inner).holders += 1;
        Held(self)
    }

    fn write(&self, id: FileId, bytes: &[u8]) -> Result<Fingerprint, Error> {
        let name = id.to_string();
        let free = self.disk.free_bytes().map_err(Error::io("look at", self.disk.path("")))?;
        if free < self.free_bytes_min.saturating_add(bytes.len() as u64) {
            return Err(Error::Full { path: self.disk.path(&name) });
        }
        match replace(self.disk.as_ref(), &name, bytes) {
            Ok(()) => Ok(Fingerprint::of(bytes)),
            Err(error) => {
                // What is half written has no record; the next start would sweep it too.
                let _ = self.disk.remove(&format!("{name}{}", disk::BESIDE));
                match error.kind() {
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Err(Error::Full { path: self.disk.path(&name) }),
                    _ => Err(Error::io("write", self.disk.path(&name))(error)),
                }
            }
        }
    }

    fn remove(&self, id: FileId) -> Result<(), Error> {
        {
            let mut removals = self.removals.lock().unwrap_or_else(PoisonError::into_inner);
            if removals.holders > 0 {
                removals.waiting.push(id);
                return Ok(());
            }
        }
        disk::remove(self.disk.as_ref(), &id.to_string())
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let waiting = {
            let mut removals = self.0.removals.lock().unwrap_or_else(PoisonError::into_inner);
            removals.holders -= 1;
            if removals.holders > 0 { Vec::new() } else { std::mem::take(&mut removals.waiting) }
        };
        for id in waiting {
            if let Err(error) = self.0.remove(id) {
                tracing::warn!(%error, "a file without a record stays until the next sweep");
            }
        }
    }
}

/// Written beside, synced, renamed, directory synced. Not zero-filled first: nobody writes into a file twice.
fn replace(disk: &dyn Disk, name: &str, bytes: &[u8]) -> io::Result<()> {
    let beside = format!("{name}{}", disk::BESIDE);
    let file = disk.create(&beside, 0)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    disk.rename(&beside, name)?;
    disk.sync_names()
}

/// The whole file, if it is still what was written.
fn read(disk: &dyn Disk, id: FileId, expected: &Fingerprint) -> Result<Vec<u8>, Error> {
    let name = id.to_string();
    let damaged = |message: &str| Error::FileDamaged { path: disk.path(&name), message: message.to_owned() };
    let bytes = disk::read(disk, &name)?.ok_or_else(|| damaged("it is missing"))?;
    if Fingerprint::of(&bytes) != *expected {
        return Err(damaged("it is not what was written"));
    }
    Ok(bytes)
}

impl Store {
    /// Makes a file durable; only then may a record name it. Blocking.
    ///
    /// # Errors
    /// `Full` when the disk is too full, `Io`.
    pub fn write_file(&self, id: FileId, bytes: &[u8]) -> Result<Fingerprint, Error> {
        self.inner.attachments.write(id, bytes)
    }

    /// The bytes of a file. Blocking.
    ///
    /// # Errors
    /// `FileDamaged` when it is missing or not what was written.
    pub fn read_file(&self, id: FileId, expected: &Fingerprint) -> Result<Vec<u8>, Error> {
        read(self.inner.attachments.disk.as_ref(), id, expected)
    }

    /// Removes a file that no record names any more; after a running backup, if there is one. Blocking.
    ///
    /// # Errors
    /// `Io`.
    pub fn remove_file(&self, id: FileId) -> Result<(), Error> {
        self.inner.attachments.remove(id)
    }

    /// Every file in the directory, whatever the records say; also those that were only half written.
    ///
    /// # Errors
    /// `Io`.
    pub fn file_ids(&self) -> Result<Vec<FileId>, Error> {
        let disk = &self.inner.attachments.disk;
        let names = disk.names().map_err(Error::io("list", disk.path("")))?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// Removes what writes that never ended have left, older than `before`.
    ///
    /// # Errors
    /// `Io`.
    pub fn remove_half_written(&self, before: TimeMs) -> Result<usize, Error> {
        let disk = &self.inner.attachments.disk;
        let mut removed = 0;
        for name in disk.names().map_err(Error::io("list", disk.path("")))? {
            let id = name.strip_suffix(disk::BESIDE).and_then(|id| id.parse::<FileId>().ok());
            if id.and_then(|id| id.made_at()).is_some_and(|made_at| made_at < before) {
                disk::remove(disk.as_ref(), &name)?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// The files that a log names, gathered while it is read from the beginning.
#[derive(Default)]
pub struct Named {
    files: BTreeMap<FileId, Fingerprint>,
}

impl Named {
    /// # Errors
    /// What is wrong with a record that should name a file.
    pub fn follow(&mut self, record: &Record) -> Result<(), String> {
        let Record::Document(document) = record else { return Ok(()) };
        if document.collection != FILES {
            return Ok(());
        }
        let id: FileId = document.key.parse().map_err(|_| format!("file `{}` has no id", document.key))?;
        match &document.body {
            Some(body) => {
                let fingerprint = serde_json::from_str(body).map_err(|error| format!("file {id} has no fingerprint: {error}"))?;
                self.files.insert(id, fingerprint);
            }
            None => {
                self.files.remove(&id);
            }
        }
        Ok(())
    }

    /// Copies every file, checked; returns how many, and their bytes.
    pub fn copy(&self, from: &dyn Disk, to: &dyn Disk) -> Result<(u64, u64), Error> {
        if self.files.is_empty() {
            return Ok((0, 0));
        }
        let open = |disk: &dyn Disk| disk.beneath(FILES).map_err(Error::io("open", disk.path(FILES)));
        let (from, to) = (open(from)?, open(to)?);
        let mut total = 0;
        for (id, fingerprint) in &self.files {
            let bytes = read(from.as_ref(), *id, fingerprint)?;
            let name = id.to_string();
            replace(to.as_ref(), &name, &bytes).map_err(Error::io("write", to.path(&name)))?;
            total += fingerprint.bytes;
        }
        Ok((self.files.len() as u64, total))
    }
}
