//! The one client through which anything leaves the process: http steps under the operator's address policy, model providers and MCP
//! servers to the endpoints that the operator configured. Nothing else in the engine may open a connection.

pub mod address;
pub mod policy;
mod redirect;

use std::error::Error as StdError;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
pub use reqwest::header::{HeaderName, HeaderValue};
use tokio_util::sync::CancellationToken;
use tower_layer::Layer;
use tower_service::Service;
use url::Url;

use self::policy::OutboundPolicy;
use super::failure::{Failure, Stage};

/// The client that model providers and MCP servers are called with: no policy, because the operator named the endpoints, and no redirects.
pub type TrustedClient = reqwest::Client;
/// What it is answered, the body still to come.
pub type Response = reqwest::Response;

type BoxError = Box<dyn StdError + Send + Sync>;
type Looking = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;
/// Resolves a name; a test puts its own in.
pub type Lookup = Arc<dyn Fn(String) -> Looking + Send + Sync>;

/// Time to open a connection, handshake included; a host that is gone should cost seconds, not a step's whole time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Idle connections to models and MCP servers are kept this long.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// Why no client can be made.
#[derive(Debug, thiserror::Error)]
#[error("the outbound client cannot be set up: {0}")]
pub struct Error(#[from] reqwest::Error);

/// Both clients and the policy; cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// For http steps: under the policy, and one connection per request (see `flow_client`).
    flow: reqwest::Client,
    trusted: TrustedClient,
    policy: Arc<OutboundPolicy>,
}

/// One request of an http step, secrets in place. Never logged, never stored.
pub struct Exchange {
    pub method: String,
    pub url: Url,
    pub headers: Vec<Header>,
    pub body: Option<Payload>,
    /// The answer may have this many bytes, after decompression.
    pub answer_bytes_max: usize,
}

/// A header and whether its value may only go to the origin that the flow named.
#[derive(Clone)]
pub struct Header {
    pub name: String,
    pub value: zeroize::Zeroizing<String>,
    pub credential: bool,
}

/// A body and whether there is a secret in it.
#[derive(Clone)]
pub struct Payload {
    pub content_type: String,
    pub bytes: zeroize::Zeroizing<Vec<u8>>,
    pub credential: bool,
}

/// A complete answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub content_type: String,
    /// The `Retry-After` header.
    pub retry_after: Option<String>,
    pub body: Vec<u8>,
}

/// Watches one call: stops it before its first byte when it was cancelled, and knows afterwards whether a byte can have been sent.
#[derive(Clone, Debug)]
pub struct Wire {
    sent: Arc<AtomicBool>,
    cancel: CancellationToken,
}

impl Wire {
    #[must_use]
    pub fn new(cancel: CancellationToken) -> Self {
        Self { sent: Arc::default(), cancel }
    }

    /// Whether the request may have been received, in part or whole.
    #[must_use]
    pub fn sent(&self) -> bool {
        self.sent.load(Ordering::SeqCst)
    }

    /// Asked immediately before the first byte; false when the call was cancelled and nothing may be sent.
    #[must_use]
    pub fn open(&self) -> bool {
        if self.cancel.is_cancelled() {
            return false;
        }
        self.sent.store(true, Ordering::SeqCst);
        true
    }

    /// Completes when the call is cancelled.
    pub async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }
}

tokio::task_local! {
    /// The call on whose behalf this task opens a connection.
    static WIRE: Wire;
}

impl Outbound {
    /// # Errors
    /// When the TLS back end cannot be set up.
    pub fn new(policy: OutboundPolicy) -> Result<Self, Error> {
        Self::with_lookup(policy, Arc::new(system_lookup))
    }

    /// As `new`, with names resolved by `lookup`.
    ///
    /// # Errors
    /// As `new`.
    pub fn with_lookup(policy: OutboundPolicy, lookup: Lookup) -> Result<Self, Error> {
        let policy = Arc::new(policy);
        let resolver = PolicyResolver { policy: Arc::clone(&policy), lookup };
        Ok(Self { flow: client(|| flow_client(resolver.clone()))?, trusted: client(trusted_client)?, policy })
    }

    #[must_use]
    pub fn trusted(&self) -> &TrustedClient {
        &self.trusted
    }

    /// Sends the request and reads the whole answer, following redirects under the same rules.
    ///
    /// # Errors
    /// Everything but a complete answer. The caller bounds the time and drops the future to close the connection.
    pub async fn exchange(&self, exchange: Exchange, wire: &Wire) -> Result<Reply, Failure> {
        let answer_bytes_max = exchange.answer_bytes_max;
        let mut hop = redirect::Hop::first(exchange);
        loop {
            self.policy.check(&hop.url).map_err(|failure| failure.after(wire))?;
            let request = hop.request()?;
            let sending = WIRE.scope(wire.clone(), self.flow.execute(request));
            let response = sending.await.map_err(|error| connection_failure(&error, wire.sent()))?;
            match hop.next(response.status().as_u16(), response.headers())? {
                Some(next) => hop = next,
                None => return Self::read(response, answer_bytes_max, wire).await,
            }
        }
    }

    async fn read(mut response: reqwest::Response, answer_bytes_max: usize, wire: &Wire) -> Result<Reply, Failure> {
        let header = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
        let status = response.status().as_u16();
        let content_type = header(reqwest::header::CONTENT_TYPE).unwrap_or_default();
        let retry_after = header(reqwest::header::RETRY_AFTER);
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > answer_bytes_max => {
                    let message = format!("the answer of {} exceeds {answer_bytes_max} bytes", host_of(response.url()));
                    return Err(Failure::new(Stage::Unusable, "answer_too_large", message));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(Reply { status, content_type, retry_after, body }),
                // The status is known: an answer of 4xx or 5xx is an answer even when its body was cut.
                Err(_) if status >= 400 => return Ok(Reply { status, content_type, retry_after, body }),
                Err(error) => return Err(connection_failure(&error, wire.sent())),
            }
        }
    }
}

impl Failure {
    /// The same failure where an earlier request of the chain was sent: then it is no longer certain that nothing happened.
    fn after(mut self, wire: &Wire) -> Self {
        if self.stage == Stage::Refused && wire.sent() {
            self.stage = Stage::Unusable;
        }
        self
    }
}

/// What a failed request means; `sent` says whether its connection had been handed over.
#[must_use]
pub fn connection_failure(error: &(dyn StdError + 'static), sent: bool) -> Failure {
    let mut chain = causes(error);
    if let Some(refusal) = chain.find_map(|cause| cause.downcast_ref::<AddressRefused>()) {
        let failure = policy::refused(&refusal.host);
        return Failure { stage: if sent { Stage::Unusable } else { Stage::Refused }, ..failure };
    }
    let host = error.downcast_ref::<reqwest::Error>().and_then(reqwest::Error::url).map_or_else(|| "the host".to_owned(), host_of);
    if sent {
        let message = format!("the connection to {host} broke before the answer was complete: {}", reason(error));
        Failure::new(Stage::Sent, "connection_cut", message)
    } else {
        let message = format!("no connection to {host}: {}", reason(error));
        Failure::new(Stage::NotSent, "connect", message)
    }
}

/// The error, then what caused it, and so on.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let current = next?;
        next = current.source();
        Some(current)
    })
}

/// Whether a request reached the other side, for a client whose requests are not watched.
#[must_use]
pub fn was_connected(error: &(dyn StdError + 'static)) -> bool {
    let mut chain = causes(error);
    !chain.any(|cause| cause.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect))
}

/// The innermost cause; the outer ones repeat the URL, whose query may hold a secret.
#[must_use]
pub fn reason(error: &(dyn StdError + 'static)) -> String {
    let innermost = causes(error).last().unwrap_or(error);
    if innermost.is::<reqwest::Error>() { "request failed".to_owned() } else { innermost.to_string() }
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("the host");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// For http steps. Each request gets a connection of its own: a reused one may be closed by the other side at the moment of sending,
/// which would put every `once` call behind it in doubt; the address policy is asked for each request; and dropping the request closes it.
fn flow_client(resolver: PolicyResolver) -> reqwest::ClientBuilder {
    base().dns_resolver(resolver).pool_max_idle_per_host(0).http1_only().connector_layer(GuardLayer)
}

/// For endpoints that the operator named. Their answers are read by libraries that cap time and text but not the raw body, so nothing is unpacked.
fn trusted_client() -> reqwest::ClientBuilder {
    base().pool_idle_timeout(IDLE_TIMEOUT).gzip(false)
}

fn base() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .user_agent(concat!("flowgate/", env!("CARGO_PKG_VERSION")))
}

/// Builds with the system's certificate authorities; where there are none (a bare container), with Mozilla's, which come with the program.
///
/// # Errors
/// When the TLS back end cannot be set up.
pub fn client(builder: impl Fn() -> reqwest::ClientBuilder) -> Result<reqwest::Client, Error> {
    // A process has one provider; that another part installed the same one first is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    builder().build().or_else(|error| {
        tracing::debug!(%error, "no system certificate authorities; using the built-in list");
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|root| reqwest::Certificate::from_der(root).ok());
        Ok(builder().tls_certs_only(roots).build()?)
    })
}

fn system_lookup(name: String) -> Looking {
    Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
}

/// A name that resolves to nothing that may be called.
#[derive(Debug, thiserror::Error)]
#[error("the host {host} is not public")]
struct AddressRefused {
    host: String,
}

/// Resolves names and leaves out what the policy forbids, so that a name cannot be judged by one answer and connected by another.
#[derive(Clone)]
struct PolicyResolver {
    policy: Arc<OutboundPolicy>,
    lookup: Lookup,
}

impl Resolve for PolicyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let policy = Arc::clone(&self.policy);
        let looking = (self.lookup)(host.clone());
        Box::pin(async move {
            let mut addresses = looking.await?;
            if !addresses.is_empty() && !policy.lists_name(&host) {
                addresses.retain(|address| policy.allows_address(*address));
                if addresses.is_empty() {
                    return Err(Box::new(AddressRefused { host }) as BoxError);
                }
            }
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

/// Puts a `Guard` around the connector.
#[derive(Clone)]
struct GuardLayer;

impl<S> Layer<S> for GuardLayer {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard { inner }
    }
}

/// Stands between an open connection and the first byte on it.
#[derive(Clone)]
struct Guard<S> {
    inner: S,
}

impl<S, R> Service<R> for Guard<S>
where
    S: Service<R, Error = BoxError>,
    S::Future: Send + 'static,
    S::Response: 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, target: R) -> Self::Future {
        let connecting = self.inner.call(target);
        Box::pin(async move {
            let connection = connecting.await?;
            // Outside a scope there is no call to guard; only tests of the client itself get there.
            match WIRE.try_with(Wire::open) {
                Ok(true) | Err(_) => Ok(connection),
                Ok(false) => Err("cancelled before anything was sent".into()),
            }
        })
    }
}

/// Header names and values that the client accepts; the value is marked so that it never shows in a debug text.
///
/// # Errors
/// A name or a value that no header can have.
pub fn header_map(headers: &[Header]) -> Result<HeaderMap, Failure> {
    let mut map = HeaderMap::new();
    for header in headers {
        let invalid = || {
            let message =
                format!("the header `{}` has a name or a value that cannot be sent (line breaks, control characters)", header.name);
            Failure::new(Stage::Refused, "header_invalid", message)
        };
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| invalid())?;
        let mut value = HeaderValue::from_str(&header.value).map_err(|_| invalid())?;
        value.set_sensitive(header.credential);
        map.append(name, value);
    }
    Ok(map)
}
