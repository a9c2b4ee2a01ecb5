//! What a handler answers: plain data, turned into a response by `dispatch`.

use actix_web::web::Bytes;
use futures::stream::LocalBoxStream;
use serde::Serialize;

use super::problem::{Problem, internal};

/// A response before it is sent.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
}

pub enum Body {
    Empty,
    Json(Vec<u8>),
    /// Something else, whole.
    Bytes {
        content_type: String,
        bytes: Bytes,
    },
    /// Server-sent events until the stream ends.
    Events(LocalBoxStream<'static, Bytes>),
}

impl Answer {
    /// 200 with `value`.
    ///
    /// # Errors
    /// 500, when it cannot be written as JSON.
    pub fn json<T: Serialize>(value: &T) -> Result<Self, Problem> {
        Self::json_as(200, value)
    }

    /// As `json`, with another status.
    ///
    /// # Errors
    /// As `json`.
    pub fn json_as<T: Serialize>(status: u16, value: &T) -> Result<Self, Problem> {
        let bytes = serde_json::to_vec(value).map_err(|error| internal(&format!("an answer cannot be written: {error}")))?;
        Ok(Self { status, headers: Vec::new(), body: Body::Json(bytes) })
    }

    /// No content.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Empty }
    }

    #[must_use]
    pub fn bytes(content_type: &str, bytes: impl Into<Bytes>) -> Self {
        Self { status: 200, headers: Vec::new(), body: Body::Bytes { content_type: content_type.to_owned(), bytes: bytes.into() } }
    }

    #[must_use]
    pub fn events(stream: LocalBoxStream<'static, Bytes>) -> Self {
        Self { status: 200, headers: Vec::new(), body: Body::Events(stream) }
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
