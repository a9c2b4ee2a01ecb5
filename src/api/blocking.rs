//! Reads that may take a while, off the thread that answers requests.

use super::problem::{Problem, internal};

/// Runs `reading` on a thread that may block.
///
/// # Errors
/// What it says; 500 when it breaks.
pub async fn blocking<T, F>(reading: F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, Problem> + Send + 'static,
{
    actix_web::rt::task::spawn_blocking(reading).await.unwrap_or_else(|error| Err(internal(&format!("a read broke: {error}"))))
}
