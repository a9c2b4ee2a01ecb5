//! Where and how to open a store.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::log::supply::Sizes;

/// Where and how to open a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data directory; made if it is missing.
    pub dir: PathBuf,
    /// Memory that the view may use for its cache. sled takes about twice as much for it.
    pub view_cache_bytes: u64,
    /// Of log segments, and of what must stay free.
    pub sizes: Sizes,
    /// Called when nothing may be acknowledged any more.
    pub on_fatal: OnFatal,
}

impl Default for Options {
    fn default() -> Self {
        Self { dir: PathBuf::from(".flowgate"), view_cache_bytes: 8 << 20, sizes: Sizes::default(), on_fatal: OnFatal::default() }
    }
}

/// What happens when a write or a sync failed: nobody knows what is durable, so the process must end and find out by opening again.
/// The default aborts; tests replace it.
#[derive(Clone)]
pub struct OnFatal(pub Arc<dyn Fn(&str) + Send + Sync>);

impl Default for OnFatal {
    fn default() -> Self {
        Self(Arc::new(|reason| {
            tracing::error!(reason, "the store cannot go on; start again to recover");
            std::process::abort();
        }))
    }
}

impl OnFatal {
    /// Only says so; the store answers `Stopped` from then on.
    #[must_use]
    pub fn stop_only() -> Self {
        Self(Arc::new(|reason| tracing::error!(reason, "the store has stopped")))
    }
}

impl fmt::Debug for OnFatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnFatal")
    }
}
