//! What a request presented, kept for as long as its answer goes on: a stream ends when whoever reads it may read no longer.

use std::time::Duration;

use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use futures::stream::{LocalBoxStream, StreamExt as _};
use tokio::time::{Interval, MissedTickBehavior};

use super::caller::{self, Caller, Era, Known};
use super::problem::Problem;
use super::route::{Access, Method};
use super::{sign_in, sse};
use crate::catalog::Catalog;
use crate::clock;
use crate::ids::{Tenant, TimeMs};

/// Between two looks at whether a reader still may: what is revoked ends within this time.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How a stream that may not go on says so, for programs.
const REASON: &str = "unauthorized";

/// The tenant that a request of `caller` is about. A foreign one looks like one that does not exist.
///
/// # Errors
/// 404.
pub fn tenant(catalog: &Catalog, caller: &Caller, named: Option<&str>) -> Result<Tenant, Problem> {
    match named {
        None => Ok(caller.key.tenant.clone()),
        Some(name) if name == caller.key.tenant.as_str() => Ok(caller.key.tenant.clone()),
        Some(name) if caller.key.is_root => Ok(catalog.known_tenant(name)?),
        Some(name) => Err(Problem::not_found("tenant", name)),
    }
}

/// Whether `caller` may call a route with this access.
///
/// # Errors
/// 403 that says what is missing.
pub fn allow(access: Access, caller: &Caller) -> Result<(), Problem> {
    match access {
        Access::Scope(scope) => caller.must(scope),
        Access::Root if !caller.key.is_root => {
            Err(Problem::new(403, "root_only", "Only with the root key", "this concerns the whole installation"))
        }
        Access::Public | Access::Key | Access::Root => Ok(()),
    }
}

/// Who reads a stream, to be asked for again and again.
pub struct Reader {
    pub catalog: Catalog,
    /// Of the request: the key or the cookie is among them.
    pub headers: HeaderMap,
    pub access: Access,
    /// The tenant in the path.
    pub named: Option<String>,
}

impl Reader {
    /// Whether a request with the same headers would be let in now. A store that cannot be read is no reason to end a stream.
    fn may_read(&self, now: TimeMs) -> bool {
        let caller = match caller::presented(&self.headers) {
            Ok(Some(presented)) => match caller::look_up(&self.catalog, &presented, now) {
                Ok(Known::Valid(key)) => Caller { key: *key, era: Era::Bearer },
                Ok(Known::Revoked(..) | Known::No(_)) => return false,
                Err(error) => {
                    tracing::warn!(%error, "the key of a stream's reader cannot be looked up");
                    return true;
                }
            },
            Ok(None) => match sign_in::caller(&self.catalog, &self.headers, Method::Get, now) {
                Ok(Some(caller)) => caller,
                Ok(None) => return false,
                Err(problem) => return problem.status >= 500,
            },
            Err(_) => return false,
        };
        let let_in = tenant(&self.catalog, &caller, self.named.as_deref()).and_then(|_| allow(self.access, &caller));
        let_in.is_ok_and(|()| true)
    }
}

/// What goes with a stream until its end.
struct Guarded<P> {
    frames: LocalBoxStream<'static, Bytes>,
    reader: Reader,
    looks: Interval,
    /// Among the requests at once: a stream counts as long as it goes on.
    _place: P,
}

/// `frames` as long as `reader` may read them, then an event `closing` that says so. `place` is held until the stream ends.
pub fn guarded<P: 'static>(frames: LocalBoxStream<'static, Bytes>, reader: Reader, place: P) -> LocalBoxStream<'static, Bytes> {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let guarded = Guarded { frames, reader, looks, _place: place };
    let steps = futures::stream::unfold(Some(guarded), |guarded| async move {
        let mut guarded = guarded?;
        loop {
            tokio::select! {
                biased;
                _ = guarded.looks.tick() => {
                    if !guarded.reader.may_read(clock::now()) {
                        let message = "the key or the sign-in that this stream was opened with counts no longer";
                        return Some((sse::closing(REASON, message), None));
                    }
                }
                next = guarded.frames.next() => return next.map(|bytes| (bytes, Some(guarded))),
            }
        }
    });
    steps.boxed_local()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::catalog::audit::Actor;
    use crate::catalog::keys::NewKey;
    use crate::catalog::scopes::Scope;
    use crate::store::{Faults, Store};

    async fn watched(scopes: Vec<Scope>) -> (Catalog, String, HeaderMap) {
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        let new = NewKey { name: "watcher".to_owned(), scopes, ..NewKey::default() };
        let minted = catalog.mint_key(&Tenant::default(), new, &actor()).await.unwrap();
        let mut headers = HeaderMap::new();
        headers.append(HeaderName::from_static("x-api-key"), HeaderValue::from_str(&minted.value).unwrap());
        (catalog, minted.row.id, headers)
    }

    fn actor() -> Actor {
        Actor { at: clock::now(), entropy: clock::entropy(), ..Actor::without_key("ana") }
    }

    fn reader(catalog: &Catalog, headers: &HeaderMap) -> Reader {
        let access = Access::Scope(Scope::ExecutionsRead);
        Reader { catalog: catalog.clone(), headers: headers.clone(), access, named: Some(Tenant::default().to_string()) }
    }

    #[tokio::test]
    async fn a_stream_says_that_its_reader_may_read_no_longer_and_gives_its_place_back() {
        let (catalog, key, headers) = watched(vec![Scope::ExecutionsRead]).await;
        let place = Arc::new(());
        let frames = futures::stream::iter([Bytes::from_static(b"a")]).chain(futures::stream::pending()).boxed_local();
        let mut stream = guarded(frames, reader(&catalog, &headers), Arc::clone(&place));
        assert_eq!(stream.next().await.unwrap(), "a");
        assert_eq!(Arc::strong_count(&place), 2, "the place is taken");
        catalog.revoke_key(&Tenant::default(), &key, &actor()).await.unwrap();
        let said = stream.next().await.unwrap();
        assert!(said.starts_with(b"event: closing") && String::from_utf8_lossy(&said).contains(REASON), "{said:?}");
        assert_eq!(Arc::strong_count(&place), 1, "the place is free");
        assert!(stream.next().await.is_none());
    }

    #[tokio::test]
    async fn a_reader_is_let_in_as_a_request_would_be() {
        let (catalog, key, headers) = watched(vec![Scope::ExecutionsRead]).await;
        let now = clock::now();
        assert!(reader(&catalog, &headers).may_read(now));
        let foreign = Reader { named: Some("acme".to_owned()), ..reader(&catalog, &headers) };
        assert!(!foreign.may_read(now), "another tenant");
        let mightier = Reader { access: Access::Scope(Scope::Admin), ..reader(&catalog, &headers) };
        assert!(!mightier.may_read(now), "a scope that it does not have");
        assert!(!reader(&catalog, &HeaderMap::new()).may_read(now), "nobody");
        catalog.rotate_key(&Tenant::default(), &key, Some(now.plus(1_000)), &actor()).await.unwrap();
        assert!(reader(&catalog, &headers).may_read(now.plus(999)) && !reader(&catalog, &headers).may_read(now.plus(1_000)));
    }
}
