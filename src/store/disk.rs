//! The seam between the log and what keeps its files: one flat directory. Two implementations, the real one here and one in memory
//! with planned faults (`memory_disk`), so that recovery is tested on the code that runs.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::Error;
use crate::crash;

/// Written at a time when a new file is filled with zeros.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
/// Filled with zeros before they are synced: a commit that syncs meanwhile waits for them.
const FILLED_BYTES: u64 = 1 << 20;
/// After each of these, the disk is left to others for as long as it took, or so long.
const REST_MAX: Duration = Duration::from_millis(5);
/// Read at a time when a file is searched for what is not zero.
const PIECE_BYTES: usize = 256 << 10;

/// What a file system gives to a file at a time.
pub const BLOCK_BYTES: usize = 4096;

/// A file of the directory. Shared by writer and readers.
pub trait DiskFile: Send + Sync {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// What was written is durable when this returns `Ok` (`fdatasync`).
    fn sync(&self) -> io::Result<()>;
    fn size(&self) -> io::Result<u64>;
}

/// One flat directory of files.
pub trait Disk: Send + Sync {
    fn names(&self) -> io::Result<Vec<String>>;
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// A new file of `size` zeros: written, not only allocated, and synced. The name is durable after `sync_names`.
    fn create(&self, name: &str, size: u64) -> io::Result<Arc<dyn DiskFile>>;
    /// The same a piece at a time, with rests in which others have the disk, for who has time.
    fn create_gently(&self, name: &str, size: u64) -> io::Result<Arc<dyn DiskFile>> {
        self.create(name, size)
    }
    /// A new file that holds `bytes`, synced. The name is durable after `sync_names`.
    fn create_with(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let file = self.create(name, bytes.len() as u64)?;
        file.write_at(bytes, 0)?;
        file.sync()
    }
    /// A new file of `size` zeros, for which the file system need not give any space before something else is written; not synced.
    fn create_sparse(&self, name: &str, size: u64) -> io::Result<Arc<dyn DiskFile>> {
        self.create(name, size)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Every creation, renaming and removal so far is durable when this returns `Ok`.
    fn sync_names(&self) -> io::Result<()>;
    fn free_bytes(&self) -> io::Result<u64>;
    /// The directory `name` inside this one, made if it is missing. Its files are not among `names`.
    fn beneath(&self, name: &'static str) -> io::Result<Arc<dyn Disk>>;
    /// For messages.
    fn path(&self, name: &str) -> PathBuf;
}

/// A directory of the file system.
pub struct RealDisk {
    dir: PathBuf,
}

impl RealDisk {
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// A file of zeros, not synced; `between` its pieces.
    fn filled(&self, name: &str, size: u64, mut between: impl FnMut(&File) -> io::Result<()>) -> io::Result<File> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(self.path(name))?;
        let mut written = 0;
        while written < size {
            let end = size.min(written + FILLED_BYTES);
            while written < end {
                let length = usize::try_from(end - written).map_or(ZEROS.len(), |rest| rest.min(ZEROS.len()));
                file.write_all_at(&ZEROS[..length], written)?;
                written += length as u64;
            }
            if written < size {
                between(&file)?;
            }
        }
        Ok(file)
    }
}

struct RealFile(File);

impl DiskFile for RealFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
}

impl Disk for RealDisk {
    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.dir)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.extend(entry.file_name().into_string().ok());
            }
        }
        names.sort();
        Ok(names)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).open(self.path(name))?;
        Ok(Arc::new(RealFile(file)))
    }

    fn create(&self, name: &str, size: u64) -> io::Result<Arc<dyn DiskFile>> {
        let file = self.filled(name, size, |_| Ok(()))?;
        file.sync_all()?;
        Ok(Arc::new(RealFile(file)))
    }

    fn create_gently(&self, name: &str, size: u64) -> io::Result<Arc<dyn DiskFile>> {
        let mut begun = Instant::now();
        let file = self.filled(name, size, |file| {
            file.sync_data()?;
            std::thread::sleep(begun.elapsed().min(REST_MAX));
            begun = Instant::now();
            Ok(())
        })?;
        file.sync_all()?;
        Ok(Arc::new(RealFile(file)))
    }

    /// Without the zeros first: what is to be there is known, and each sync of a segment's copy delays an opening.
    fn create_with(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(self.path(name))?;
        file.write_all_at(bytes, 0)?;
        file.sync_all()
    }

    fn create_sparse(&self, name: &str, size: u64) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(self.path(name))?;
        file.set_len(size)?;
        Ok(Arc::new(RealFile(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path(name))
    }

    fn sync_names(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }

    fn free_bytes(&self) -> io::Result<u64> {
        fs4::available_space(&self.dir)
    }

    fn beneath(&self, name: &'static str) -> io::Result<Arc<dyn Disk>> {
        let dir = self.path(name);
        if !dir.is_dir() {
            std::fs::create_dir_all(&dir)?;
            self.sync_names()?;
        }
        Ok(Arc::new(Self { dir }))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// The whole of a file; none when there is no such file.
pub fn read(disk: &dyn Disk, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let file = match disk.open(name) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("open", disk.path(name))(error)),
    };
    read_file(file.as_ref()).map(Some).map_err(Error::io("read", disk.path(name)))
}

/// The whole of an open file.
pub fn read_file(file: &dyn DiskFile) -> io::Result<Vec<u8>> {
    let size = usize::try_from(file.size()?).map_err(io::Error::other)?;
    let mut bytes = vec![0; size];
    file.read_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// Whether these are all zeros.
pub fn is_zero(bytes: &[u8]) -> bool {
    bytes.chunks(ZEROS.len()).all(|piece| *piece == ZEROS[..piece.len()])
}

/// Whether an open file holds nothing but zeros from `offset` on. A piece at a time: prepared segments are large, and every opening looks.
pub fn is_zero_from(file: &dyn DiskFile, mut offset: u64) -> io::Result<bool> {
    let size = file.size()?;
    let mut piece = vec![0; PIECE_BYTES];
    while offset < size {
        let length = usize::try_from(size - offset).map_or(PIECE_BYTES, |rest| rest.min(PIECE_BYTES));
        file.read_at(&mut piece[..length], offset)?;
        if !is_zero(&piece[..length]) {
            return Ok(false);
        }
        offset += length as u64;
    }
    Ok(true)
}

/// What a file is called until it is whole.
pub const BESIDE: &str = ".new";

/// Replaces a file whole: written beside it, synced, renamed, directory synced.
pub fn replace(disk: &dyn Disk, name: &str, bytes: &[u8]) -> Result<(), Error> {
    replace_by(disk, name, |beside| disk.create_with(beside, bytes))
}

/// The same by a file of so many zeros, but for what `write` puts there.
pub fn replace_sparse(disk: &dyn Disk, name: &str, size: u64, write: impl FnOnce(&dyn DiskFile) -> io::Result<()>) -> Result<(), Error> {
    replace_by(disk, name, |beside| {
        let file = disk.create_sparse(beside, size)?;
        write(file.as_ref())?;
        file.sync()
    })
}

fn replace_by(disk: &dyn Disk, name: &str, create: impl FnOnce(&str) -> io::Result<()>) -> Result<(), Error> {
    let beside = format!("{name}{BESIDE}");
    let created = create(&beside).and_then(|()| {
        crash::point("file.written_beside");
        disk.rename(&beside, name)
    });
    if created.is_err() {
        // Half a file helps nobody, least of all a full disk.
        let _ = disk.remove(&beside);
    }
    let replaced = created.and_then(|()| {
        crash::point("file.renamed");
        disk.sync_names()
    });
    replaced.map_err(Error::io("write", disk.path(name)))
}

/// Removes a file if it is there, durably.
pub fn remove(disk: &dyn Disk, name: &str) -> Result<(), Error> {
    match disk.remove(name) {
        Ok(()) => disk.sync_names().map_err(Error::io("remove", disk.path(name))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("remove", disk.path(name))(error)),
    }
}
