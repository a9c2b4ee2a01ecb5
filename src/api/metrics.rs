//! What `/metrics` shows, in Prometheus' text form. Labels have few values: routes by operation, never ids.

use std::sync::Mutex;
use std::sync::PoisonError;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Seconds; from a read in memory to a long wait.
const BUCKETS: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    operation: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

/// The counters of this process.
pub struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<Answered, Counter>,
    seconds: Family<Operation, Histogram>,
    /// Requests that are being answered, streams among them.
    pub in_flight: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("flowgate");
        let requests = Family::<Answered, Counter>::default();
        let seconds = Family::<Operation, Histogram>::new_with_constructor(|| Histogram::new(BUCKETS));
        let in_flight = Gauge::default();
        registry.register("http_requests", "Answered requests", requests.clone());
        registry.register_with_unit("http_request_duration", "Until the answer begins", Unit::Seconds, seconds.clone());
        registry.register("http_in_flight", "Requests that are being answered", in_flight.clone());
        Self { registry: Mutex::new(registry), requests, seconds, in_flight }
    }
}

impl Metrics {
    pub fn answered(&self, operation: &'static str, status: u16, seconds: f64) {
        self.requests.get_or_create(&Answered { operation, status }).inc();
        self.seconds.get_or_create(&Operation { operation }).observe(seconds);
    }

    /// The text form.
    ///
    /// # Errors
    /// When it cannot be written, which the library does not do for text.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry.lock().unwrap_or_else(PoisonError::into_inner))?;
        Ok(text)
    }
}
