//! One process at a time in a data directory. The lock is the operating system's, so a process that died does not hold it; the file's
//! text only says who does.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::Error;
use crate::clock;

pub const NAME: &str = "lock";

/// Held until dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Who holds the directory.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    command: String,
    since: jiff::Timestamp,
}

impl Lock {
    /// Takes the directory, or says who has it.
    ///
    /// # Errors
    /// `Locked` when another process holds it.
    pub fn take(dir: &Path) -> Result<Self, Error> {
        let path = dir.join(NAME);
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = open.map_err(Error::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Locked { dir: dir.to_owned(), holder: holder(&mut file) }),
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.write_all(&serde_json::to_vec(&own())?)
        };
        write(&mut file).map_err(Error::io("write", &path))?;
        Ok(Self { _file: file })
    }
}

fn own() -> Holder {
    let since = jiff::Timestamp::try_from(clock::system()).unwrap_or_default();
    Holder { pid: std::process::id(), command: command(), since }
}

/// Program and subcommand; what follows may hold inputs that are nobody else's business.
fn command() -> String {
    let mut arguments = std::env::args();
    let program = arguments.next().unwrap_or_default();
    let program = Path::new(&program).file_name().map_or(program.clone(), |name| name.to_string_lossy().into_owned());
    arguments.take_while(|argument| !argument.starts_with('-')).take(1).fold(program, |command, word| format!("{command} {word}"))
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let holder = file.read_to_string(&mut text).ok().and_then(|_| serde_json::from_str::<Holder>(&text).ok());
    holder.map_or_else(
        || "another process".to_owned(),
        |Holder { pid, command, since }| format!("process {pid} (`{command}`, since {since:.0})"),
    )
}
