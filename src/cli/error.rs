//! How a command ends: the exit codes, and the errors that stop a command. Messages are written here or below, printed by `output`.

use std::process::ExitCode;

/// The exit codes of every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The execution completed, or the command did what it was asked.
    Completed,
    /// The execution failed, or the command could not do what it was asked.
    Failed,
    /// The command line is wrong.
    Usage,
    /// The execution waits: for a person, or it was parked.
    Waiting,
    /// The flow or its input is refused.
    Refused,
    /// The execution was cancelled.
    Cancelled,
    /// Ctrl-C or SIGTERM.
    Interrupted,
}

impl Exit {
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Completed => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Waiting => 3,
            Self::Refused => 4,
            Self::Cancelled => 5,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What stops a command, split by how the process then exits.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The arguments do not make sense together.
    #[error("{0}")]
    Usage(String),
    /// The flow or its input is not accepted.
    #[error("{0}")]
    Refused(String),
    /// Everything else: not found, locked, damaged, not allowed, decided before.
    #[error("{0}")]
    Failed(String),
}

impl Error {
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Refused(_) => Exit::Refused,
            Self::Failed(_) => Exit::Failed,
        }
    }

    /// For errors of other modules that only need to be said.
    pub fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}
