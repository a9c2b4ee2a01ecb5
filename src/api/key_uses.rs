//! When keys were last used, written down at most once a minute each, so that reading a list does not write.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::app::App;
use crate::catalog::keys::KeyRow;
use crate::ids::TimeMs;

/// Between two notes about one key.
const NOTE_EVERY_MS: u64 = 60_000;

/// How a key was used; one kind of note does not stand in for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    Valid,
    Revoked,
}

/// When each key was last noted by this process.
#[derive(Debug, Default)]
pub struct KeyUses {
    noted: Mutex<HashMap<(Use, String), TimeMs>>,
}

impl KeyUses {
    /// Whether it is time to write something about the key again; then it counts as written.
    pub fn is_due(&self, kind: Use, key_id: &str, now: TimeMs) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        match noted.get(&(kind, key_id.to_owned())) {
            Some(before) if now.since(*before) < NOTE_EVERY_MS => false,
            _ => {
                noted.insert((kind, key_id.to_owned()), now);
                true
            }
        }
    }

    /// Forgets what makes no difference any more.
    pub fn forget(&self, now: TimeMs) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.retain(|_, at| now.since(*at) < NOTE_EVERY_MS);
    }

    /// Writes down that a key was used, behind the request's back.
    pub fn note(&self, app: &Arc<App>, key: &KeyRow, now: TimeMs) {
        if !self.is_due(Use::Valid, &key.id, now) {
            return;
        }
        let (app, key) = (Arc::clone(app), key.clone());
        actix_web::rt::spawn(async move {
            if let Err(error) = app.catalog.key_used(&key, now).await {
                tracing::debug!(%error, "the use of a key was not noted");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_forgotten_once_the_next_is_due() {
        let uses = KeyUses::default();
        assert!(uses.is_due(Use::Valid, "a", TimeMs(1)) && !uses.is_due(Use::Valid, "a", TimeMs(NOTE_EVERY_MS)));
        uses.forget(TimeMs(NOTE_EVERY_MS));
        assert_eq!(uses.noted.lock().unwrap().len(), 1);
        uses.forget(TimeMs(NOTE_EVERY_MS + 1));
        assert!(uses.noted.lock().unwrap().is_empty());
    }
}
