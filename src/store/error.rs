//! What can go wrong when a store is opened, read or maintained. Commits answer with `CommitError`.

use std::path::PathBuf;

use super::entry::CommitError;
use crate::ids::ExecutionId;
use crate::journal;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "the data directory {dir} is in use by {holder}; if that is a server, use its address instead; otherwise wait for it, stop it, or choose another --data-dir"
    )]
    Locked { dir: PathBuf, holder: String },
    #[error("{path}: cannot {action}: {source}")]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{path} was written by a newer flowgate (format {found}, this one knows up to {known}); use that version or a later one")]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error("{path} is not a flowgate store: {message}")]
    NotAStore { path: PathBuf, message: String },
    /// The log lost something that had been acknowledged.
    #[error(
        "{path} is damaged: {message}; run `flowgate store check` to see what is lost, then restore a backup or `flowgate store rebuild`"
    )]
    Damaged { path: PathBuf, message: String },
    /// The view disagrees with itself or with the log; the log is the truth.
    #[error("the view is damaged ({0}); start again to rebuild it from the log, or run `flowgate store rebuild`")]
    ViewDamaged(String),
    #[error("the journal of execution {execution} is damaged: {message}; run `flowgate store check`")]
    JournalDamaged { execution: ExecutionId, message: String },
    #[error("a record cannot be read: {0}")]
    Record(#[from] journal::Error),
    #[error("the file {path} is damaged: {message}; restore it from a backup, or delete it")]
    FileDamaged { path: PathBuf, message: String },
    /// A file would take the space that the log and the view need.
    #[error("the disk is full: {path} cannot be written; make space in the data directory")]
    Full { path: PathBuf },
    #[error("the store has stopped: {0}")]
    Stopped(String),
    #[error("refused: {0}")]
    Refused(String),
}

impl From<CommitError> for Error {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Stopped(reason) => Self::Stopped(reason),
            CommitError::Full => Self::Full { path: PathBuf::from("the log") },
            refused => Self::Refused(refused.to_string()),
        }
    }
}

impl Error {
    /// For `map_err`: what was attempted on which path.
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
