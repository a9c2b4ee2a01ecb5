//! How far those who follow the log have read: they note it here, and the operator sees who lags behind.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::store::Position;

/// Followers by name.
#[derive(Debug, Default)]
pub struct Feeds(Mutex<BTreeMap<&'static str, Position>>);

impl Feeds {
    /// `follower` has read up to `position`.
    pub fn note(&self, follower: &'static str, position: Position) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(follower, position);
    }

    /// Everyone who ever noted something.
    #[must_use]
    pub fn all(&self) -> Vec<(&'static str, Position)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|(name, position)| (*name, *position)).collect()
    }
}
